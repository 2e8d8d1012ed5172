/* span.h: a borrowed run of bytes. Owns nothing; lives as long as what it points into (an arena, a
 * raw record, a literal). An absent text is the span with ptr == NULL; an empty one has len == 0. */
#ifndef TIEOUT_BASE_SPAN_H
#define TIEOUT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *ptr;
    size_t len;
};

/* A span of a string literal. */
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})
/* For printf("%.*s"). */
#define SPAN_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct span span_of(const char *text) { return (struct span){text, text ? strlen(text) : 0}; }
static inline bool span_is_empty(struct span s) { return s.len == 0; }
static inline bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
/* Byte order, as memcmp, the shorter first among equals: negative, zero or positive. */
static inline int span_cmp(struct span a, struct span b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

#endif
