/* memory_view.c: one ordered list per company and space, and the log that takes a transaction's changes back. A change
 * is logged before it is made, with all memory it may need, so that undoing needs none and cannot fail. */
#include "store/memory/memory_internal.h"
#include <stdlib.h>

static struct ordered *space_of(struct memory_store *store, uint32_t number, enum view_space space)
{
    must(space >= 1 && space < VIEW_SPACE_LIMIT);
    struct memory_company *company = memory_company(store, number);
    return company ? &company->views[space] : NULL;
}

static struct ordered *space_to_write(struct memory_store *store, uint32_t number, enum view_space space)
{
    must(store->in_transaction);
    must(store->company == number);
    must(store->scans[space] == 0);
    struct ordered *list = space_of(store, number, space);
    must(list);
    return list;
}

bool memory_view_get(struct store *port, uint32_t number, enum view_space space, struct span key, struct arena *arena,
                     struct span *out_value, bool *out_found, struct err *err)
{
    struct ordered *list = space_of(memory_of(port), number, space);
    const struct ordered_node *node = list ? ordered_find(list, key) : NULL;
    *out_found = node != NULL;
    if (!node)
        return true;
    struct span value = arena_copy(arena, (struct span){node->value, node->value_len});
    if (!value.ptr)
        return memory_fail(err);
    *out_value = value;
    return true;
}

/* A fresh entry at the end of the log; NULL after a failure. */
static struct undo *log_change(struct memory_store *store, struct undo change, struct err *err)
{
    void *undos = store->undos;
    if (!memory_reserve(&undos, &store->undo_capacity, store->undo_count + 1, sizeof *store->undos, err))
        return NULL;
    store->undos = undos;
    store->undos[store->undo_count] = change;
    return &store->undos[store->undo_count++];
}

/* The node of `key`, new ones linked in and logged; NULL after a failure. */
static struct ordered_node *node_to_write(struct memory_store *store, struct ordered *list, enum view_space space,
                                          struct span key, struct err *err)
{
    struct ordered_node *node = ordered_find(list, key);
    if (node) {
        struct undo replaced = {
            .kind = UNDO_REPLACED, .space = space, .node = node, .value = node->value, .value_len = node->value_len};
        return log_change(store, replaced, err) ? node : NULL;
    }
    node = ordered_node_new(list, key);
    if (!node) {
        memory_fail(err);
        return NULL;
    }
    if (!log_change(store, (struct undo){.kind = UNDO_ADDED, .space = space, .node = node}, err))
        return ordered_node_free(node);
    ordered_link(list, node);
    return node;
}

bool memory_view_put(struct store *port, uint32_t number, enum view_space space, struct span key, struct span value,
                     struct err *err)
{
    struct memory_store *store = memory_of(port);
    struct ordered *list = space_to_write(store, number, space);
    char *copy = malloc(value.len + 1);
    if (!copy)
        return memory_fail(err);
    if (value.len > 0)
        memcpy(copy, value.ptr, value.len);
    struct ordered_node *node = node_to_write(store, list, space, key, err);
    if (!node) {
        free(copy);
        return false;
    }
    node->value = copy; /* the value before, if any, is the log's now */
    node->value_len = value.len;
    return true;
}

bool memory_view_delete(struct store *port, uint32_t number, enum view_space space, struct span key, struct err *err)
{
    struct memory_store *store = memory_of(port);
    struct ordered *list = space_to_write(store, number, space);
    struct ordered_node *node = ordered_find(list, key);
    if (!node)
        return true;
    if (!log_change(store, (struct undo){.kind = UNDO_TAKEN, .space = space, .node = node}, err))
        return false;
    ordered_unlink(list, node);
    return true;
}

bool memory_view_clear(struct store *port, uint32_t number, enum view_space space, struct err *err)
{
    struct memory_store *store = memory_of(port);
    struct ordered *list = space_to_write(store, number, space);
    struct ordered *cleared = malloc(sizeof *cleared);
    if (!cleared)
        return memory_fail(err);
    *cleared = *list;
    if (!log_change(store, (struct undo){.kind = UNDO_CLEARED, .space = space, .cleared = cleared}, err)) {
        free(cleared);
        return false;
    }
    list->height = 0;
    return true;
}

static void undo_one(struct ordered *list, struct undo *undo)
{
    switch (undo->kind) {
    case UNDO_ADDED:
        ordered_unlink(list, undo->node);
        (void)ordered_node_free(undo->node);
        break;
    case UNDO_REPLACED:
        free(undo->node->value);
        undo->node->value = undo->value;
        undo->node->value_len = undo->value_len;
        break;
    case UNDO_TAKEN: ordered_link(list, undo->node); break;
    case UNDO_CLEARED:
        ordered_clear(list);
        *list = *undo->cleared;
        free(undo->cleared);
        break;
    }
}

void memory_view_undo(struct memory_store *store)
{
    while (store->undo_count > 0) {
        struct undo *undo = &store->undos[--store->undo_count];
        must(store->scans[undo->space] == 0);
        undo_one(space_of(store, store->company, undo->space), undo);
    }
}

void memory_view_forget(struct memory_store *store)
{
    for (size_t i = 0; i < store->undo_count; i++) {
        struct undo *undo = &store->undos[i];
        if (undo->kind == UNDO_TAKEN)
            (void)ordered_node_free(undo->node);
        free(undo->value);
        if (undo->cleared)
            ordered_clear(undo->cleared);
        free(undo->cleared);
    }
    store->undo_count = 0;
}

static bool begins_with(struct span key, struct span prefix)
{
    return key.len >= prefix.len && (prefix.len == 0 || memcmp(key.ptr, prefix.ptr, prefix.len) == 0);
}

bool memory_view_scan(struct store *port, uint32_t number, enum view_space space, struct span prefix, struct span from,
                      bool (*each)(void *context, struct span key, struct span value), void *context, struct err *err)
{
    (void)err;
    struct memory_store *store = memory_of(port);
    const struct ordered *list = space_of(store, number, space);
    if (!list)
        return true;
    const struct ordered_node *node = ordered_at_or_after(list, span_cmp(from, prefix) > 0 ? from : prefix);
    store->scans[space]++;
    while (node && begins_with(node->key, prefix)) {
        if (!each(context, node->key, (struct span){node->value, node->value_len}))
            break;
        node = node->next[0];
    }
    store->scans[space]--;
    return true;
}
