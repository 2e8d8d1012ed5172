/* json.h: reads one JSON value into a tree of nodes. Numbers stay text; nothing is ever a double. Behind it stands
 * simdjson (json_simdjson.cpp, the only C++ in the tree); replacing it touches that file alone. Bounded: depth 32,
 * text length as the caller's bytes. Duplicate keys of one object, bad UTF-8 and trailing bytes are errors. */
#ifndef TIEOUT_FORMAT_JSON_H
#define TIEOUT_FORMAT_JSON_H

#include "base/arena.h"
#include "base/span.h"

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

struct json_node {
    enum json_kind kind;
    struct span key;         /* inside an object */
    struct span text;        /* NUMBER: its token; TEXT: unescaped */
    struct json_node *first; /* ARRAY, OBJECT: first child */
    struct json_node *next;  /* next sibling */
    size_t count;            /* children */
};

enum json_error { JSON_OK, JSON_MALFORMED, JSON_BAD_UTF8, JSON_DUPLICATE_KEY, JSON_TOO_DEEP, JSON_NO_MEMORY };

struct json_parser; /* keeps buffers between documents */
struct json_parser *json_parser_new(void);
struct json_parser *json_parser_free(struct json_parser *parser);
/* The parser's own arena: for nodes that live no longer than the next json_read. json_read never resets it. */
struct arena *json_parser_scratch(struct json_parser *parser);
/* Parses `bytes` into nodes of `arena` (texts are copied there). On an error *out_detail names the key or place. */
enum json_error json_read(struct json_parser *parser, struct span bytes, struct arena *arena,
                          struct json_node **out_root, struct span *out_detail);
/* Writes `node` back as compact JSON (for members that are kept unread): keys sorted by bytes. */
struct buf;
void json_write_node(const struct json_node *node, struct buf *out);

#endif
