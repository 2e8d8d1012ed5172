/* port/store.h: where truth and views lie. Two implementations hold to this contract and pass one suite
 * (tests/contract): store/sqlite and store/memory. A store knows bytes and keys; it decides nothing.
 *
 * Truth: rows, raw blocks and seals, append-only, numbered per company from 1 without gaps. A store refuses to change or
 * remove truth in the database itself (triggers), whoever asks. Views: key → value in named spaces; may be dropped
 * and rebuilt. All calls come from one thread. Writes happen between begin and commit of one company; what a failed
 * or absent commit wrote is gone whole. Reads see the open transaction's own writes.
 *
 * Every call returns false after filling `err`; "absent" is not a failure. Spans handed out are copied into the
 * caller's arena, except in scans, where they hold only during the callback. A callback may read, scan, and write
 * anything but the space being scanned. */
#ifndef TIEOUT_PORT_STORE_H
#define TIEOUT_PORT_STORE_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/span.h"
#include "state/space.h"
#include "state/truth.h"
#include <stdbool.h>
#include <stdint.h>

/* A finding of check_guards: what is wrong, where. */
struct store_finding {
    const char *table;
    struct span key;    /* printable; absent when the whole table is meant */
    struct span detail; /* one sentence */
};

struct store;
struct store_ops {
    /* Companies: small numbers from 1, each with a unique code, not empty. find: *out_company 0 when absent. create:
     * FAILURE_USAGE when the code is taken. */
    bool (*company_find)(struct store *store, struct span code, uint32_t *out_company, struct err *err);
    bool (*company_create)(struct store *store, struct span code, uint32_t *out_company, struct err *err);
    /* Calls back in order of number; a callback's false ends the walk (not a failure). */
    bool (*company_scan)(struct store *store, bool (*each)(void *context, uint32_t company, struct span code),
                         void *context, struct err *err);

    /* One write transaction at a time. begin also takes the writer's lock (FAILURE_STORE_IN_USE when another process
     * holds it). rollback after a failed call or instead of commit; harmless when nothing is open. company_create needs no
     * begin; in one it shares its fate. */
    bool (*begin)(struct store *store, uint32_t company, struct err *err);
    bool (*commit)(struct store *store, struct err *err);
    void (*rollback)(struct store *store);

    /* Truth. An append must carry the next number, else it is a bug. */
    bool (*truth_append)(struct store *store, const struct truth_row *row, struct err *err);
    bool (*raw_append)(struct store *store, const struct raw_block *block, struct err *err);
    bool (*seal_append)(struct store *store, const struct seal *seal, struct err *err);
    /* The highest numbers so far (0: none) of `company`. */
    bool (*last_numbers)(struct store *store, uint32_t company, uint64_t *out_seq, uint64_t *out_raw_block,
                         struct seal *out_last_seal, struct err *err);
    /* *out_found false when absent. */
    bool (*truth_read)(struct store *store, uint32_t company, uint64_t seq, struct arena *arena,
                       struct truth_row *out_row, bool *out_found, struct err *err);
    bool (*raw_read)(struct store *store, uint32_t company, uint64_t number, struct arena *arena,
                     struct raw_block *out_block, bool *out_found, struct err *err);
    /* In order of number, from..to inclusive; a callback's false ends the walk. */
    bool (*truth_scan)(struct store *store, uint32_t company, uint64_t from, uint64_t to,
                       bool (*each)(void *context, const struct truth_row *row), void *context, struct err *err);
    bool (*raw_scan)(struct store *store, uint32_t company, uint64_t from, uint64_t to,
                     bool (*each)(void *context, const struct raw_block *block), void *context, struct err *err);
    bool (*seal_scan)(struct store *store, uint32_t company, bool (*each)(void *context, const struct seal *seal),
                      void *context, struct err *err);

    /* Views. put inserts or replaces; delete of an absent key is fine. scan: keys with `prefix` in byte order, starting
     * at the first key >= from (absent: the first). */
    bool (*view_get)(struct store *store, uint32_t company, enum view_space space, struct span key, struct arena *arena,
                     struct span *out_value, bool *out_found, struct err *err);
    bool (*view_put)(struct store *store, uint32_t company, enum view_space space, struct span key, struct span value,
                     struct err *err);
    bool (*view_delete)(struct store *store, uint32_t company, enum view_space space, struct span key, struct err *err);
    bool (*view_scan)(struct store *store, uint32_t company, enum view_space space, struct span prefix,
                      struct span from, bool (*each)(void *context, struct span key, struct span value), void *context,
                      struct err *err);
    /* Drops every key of a company's space (for a rebuild). */
    bool (*view_clear)(struct store *store, uint32_t company, enum view_space space, struct err *err);

    /* Looks at the store's own protection: schema and triggers exactly as this version makes them, rows' forms,
     * gaps in the numbers. Reports each finding; false only when it could not look. */
    bool (*check_guards)(struct store *store, void (*report)(void *context, const struct store_finding *finding),
                         void *context, struct err *err);
    /* NULL-safe; returns NULL. */
    struct store *(*close)(struct store *store);
};
struct store {
    const struct store_ops *ops;
};

#endif
