/* ordered.c: one node in four reaches the next higher level. A walk goes along each level as far as it may, then one level
 * down; linking and unlinking alter the link where the walk left each level. */
#include "store/memory/ordered.h"
#include <stdlib.h>

struct ordered_node *ordered_at_or_after(const struct ordered *list, struct span key)
{
    struct ordered_node *const *links = list->first;
    for (int level = list->height - 1; level >= 0; level--) {
        while (links[level] && span_cmp(links[level]->key, key) < 0)
            links = links[level]->next;
    }
    return list->height > 0 ? links[0] : NULL;
}

struct ordered_node *ordered_find(const struct ordered *list, struct span key)
{
    struct ordered_node *node = ordered_at_or_after(list, key);
    return node && span_eq(node->key, key) ? node : NULL;
}

/* splitmix64. */
static uint64_t next_random(struct ordered *list)
{
    uint64_t x = list->random += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static int next_height(struct ordered *list)
{
    uint64_t bits = next_random(list);
    int height = 1;
    while (height < ORDERED_HEIGHT_MAX && (bits & 3) == 0) {
        height++;
        bits >>= 2;
    }
    return height;
}

struct ordered_node *ordered_node_new(struct ordered *list, struct span key)
{
    int height = next_height(list);
    size_t links = (size_t)height * sizeof(struct ordered_node *);
    struct ordered_node *node = malloc(sizeof *node + links + key.len);
    if (!node)
        return NULL;
    char *own_key = (char *)node + sizeof *node + links;
    if (key.len > 0)
        memcpy(own_key, key.ptr, key.len);
    *node = (struct ordered_node){.key = {own_key, key.len}, .height = height};
    return node;
}

struct ordered_node *ordered_node_free(struct ordered_node *node)
{
    if (node)
        free(node->value);
    free(node);
    return NULL;
}

void ordered_link(struct ordered *list, struct ordered_node *node)
{
    while (list->height < node->height)
        list->first[list->height++] = NULL;
    struct ordered_node **links = list->first;
    for (int level = list->height - 1; level >= 0; level--) {
        while (links[level] && span_cmp(links[level]->key, node->key) < 0)
            links = links[level]->next;
        if (level < node->height) {
            node->next[level] = links[level];
            links[level] = node;
        }
    }
}

void ordered_unlink(struct ordered *list, struct ordered_node *node)
{
    struct ordered_node **links = list->first;
    for (int level = list->height - 1; level >= 0; level--) {
        while (links[level] && span_cmp(links[level]->key, node->key) < 0)
            links = links[level]->next;
        if (links[level] == node)
            links[level] = node->next[level];
    }
}

void ordered_clear(struct ordered *list)
{
    struct ordered_node *node = list->height > 0 ? list->first[0] : NULL;
    while (node) {
        struct ordered_node *next = node->next[0];
        (void)ordered_node_free(node);
        node = next;
    }
    list->height = 0;
}
