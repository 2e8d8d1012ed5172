/* ordered.h: byte keys to byte values in the order of the keys: a skip list. A node taken out can be linked in again
 * without memory, which is what undoing lives on. */
#ifndef TIEOUT_STORE_MEMORY_ORDERED_H
#define TIEOUT_STORE_MEMORY_ORDERED_H

#include "base/span.h"
#include <stdbool.h>
#include <stdint.h>

enum { ORDERED_HEIGHT_MAX = 20 };

struct ordered_node {
    struct span key; /* behind the links */
    char *value;     /* from malloc; the node's */
    size_t value_len;
    int height;
    struct ordered_node *next[]; /* one for each level it reaches */
};
struct ordered {
    struct ordered_node *first[ORDERED_HEIGHT_MAX];
    int height;      /* levels in use */
    uint64_t random; /* where the generator of heights stands: the same calls make the same list */
};

/* The first node whose key is not before `key`; NULL: none. */
struct ordered_node *ordered_at_or_after(const struct ordered *list, struct span key);
struct ordered_node *ordered_find(const struct ordered *list, struct span key);
/* A node outside any list, with a copy of `key` and no value; NULL when memory ran out. */
struct ordered_node *ordered_node_new(struct ordered *list, struct span key);
struct ordered_node *ordered_node_free(struct ordered_node *node); /* accepts NULL; returns NULL */
/* Puts a node with a key that is not in the list into it. */
void ordered_link(struct ordered *list, struct ordered_node *node);
/* Takes a node of this list out of it. */
void ordered_unlink(struct ordered *list, struct ordered_node *node);
/* Frees all nodes. */
void ordered_clear(struct ordered *list);

#endif
