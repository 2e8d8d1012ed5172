/* memory_internal.h: what the files of this folder share. */
#ifndef TIEOUT_STORE_MEMORY_INTERNAL_H
#define TIEOUT_STORE_MEMORY_INTERNAL_H

#include "store/memory/memory_store.h"
#include "store/memory/ordered.h"

/* Rows, blocks and seals stand in order of number, number n at n - 1. `bytes` owns what the spans beside it point into. */
struct memory_row {
    struct truth_row row;
    char *bytes;
};
struct memory_block {
    struct raw_block block;
    char *bytes;
};
struct memory_company {
    struct span code; /* owned */
    struct memory_row *rows;
    struct memory_block *blocks;
    struct seal *seals;
    size_t row_count, row_capacity;
    size_t block_count, block_capacity;
    size_t seal_count, seal_capacity;
    struct ordered views[VIEW_SPACE_LIMIT];
};

/* How to take one change of a view back. */
struct undo {
    enum { UNDO_ADDED, UNDO_REPLACED, UNDO_TAKEN, UNDO_CLEARED } kind;
    enum view_space space;
    struct ordered_node *node; /* the one added, given another value, or taken out of its list */
    char *value;               /* UNDO_REPLACED: the one before */
    size_t value_len;
    struct ordered *cleared; /* UNDO_CLEARED: all there was */
};

struct memory_store {
    struct store port;                /* first, so that the port's pointer is this one's */
    struct memory_company *companies; /* number n at n - 1 */
    size_t company_count, company_capacity;

    bool in_transaction;
    uint32_t company; /* of the transaction, and how much there was at its beginning */
    size_t company_count_before, row_count_before, block_count_before, seal_count_before;
    struct undo *undos;
    size_t undo_count, undo_capacity;
    unsigned scans[VIEW_SPACE_LIMIT]; /* scans going on: such a space must not be written */
};

static inline struct memory_store *memory_of(struct store *store) { return (struct memory_store *)store; }
/* NULL when there is no such company. */
struct memory_company *memory_company(struct memory_store *store, uint32_t company);
/* Makes room for `count` elements; false after filling `err`. */
bool memory_reserve(void **elements, size_t *capacity, size_t count, size_t size, struct err *err);
bool memory_fail(struct err *err);

/* memory_truth.c */
bool memory_last_numbers(struct store *port, uint32_t company, uint64_t *out_seq, uint64_t *out_raw_block,
                         struct seal *out_last_seal, struct err *err);
bool memory_truth_append(struct store *port, const struct truth_row *row, struct err *err);
bool memory_raw_append(struct store *port, const struct raw_block *block, struct err *err);
bool memory_seal_append(struct store *port, const struct seal *seal, struct err *err);
bool memory_truth_read(struct store *port, uint32_t company, uint64_t seq, struct arena *arena,
                       struct truth_row *out_row, bool *out_found, struct err *err);
bool memory_raw_read(struct store *port, uint32_t company, uint64_t number, struct arena *arena,
                     struct raw_block *out_block, bool *out_found, struct err *err);
bool memory_truth_scan(struct store *port, uint32_t company, uint64_t from, uint64_t to,
                       bool (*each)(void *context, const struct truth_row *row), void *context, struct err *err);
bool memory_raw_scan(struct store *port, uint32_t company, uint64_t from, uint64_t to,
                     bool (*each)(void *context, const struct raw_block *block), void *context, struct err *err);
bool memory_seal_scan(struct store *port, uint32_t company, bool (*each)(void *context, const struct seal *seal),
                      void *context, struct err *err);
/* Forgets what lies beyond these counts. */
void memory_truth_cut(struct memory_company *company, size_t rows, size_t blocks, size_t seals);

/* memory_view.c */
bool memory_view_get(struct store *port, uint32_t company, enum view_space space, struct span key, struct arena *arena,
                     struct span *out_value, bool *out_found, struct err *err);
bool memory_view_put(struct store *port, uint32_t company, enum view_space space, struct span key, struct span value,
                     struct err *err);
bool memory_view_delete(struct store *port, uint32_t company, enum view_space space, struct span key, struct err *err);
bool memory_view_scan(struct store *port, uint32_t company, enum view_space space, struct span prefix, struct span from,
                      bool (*each)(void *context, struct span key, struct span value), void *context, struct err *err);
bool memory_view_clear(struct store *port, uint32_t company, enum view_space space, struct err *err);
/* Takes the transaction's changes back, last first. */
void memory_view_undo(struct memory_store *store);
/* Lets them stand, and frees what undoing would have needed. */
void memory_view_forget(struct memory_store *store);

#endif
