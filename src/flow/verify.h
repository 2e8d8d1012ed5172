/* verify.h: proves a company's books, or says which row is wrong.
 *
 * In this order, because each step leans on the ones before: the chain of seals over rows and raw records (J-2), every row
 * and entry (J-1, J-4, J-5), every view against a rebuild, every item book decided again (C-1 to C-5), and the
 * control accounts against what they stand for (J-3, J-6). Where truth itself is damaged nothing is rebuilt from it;
 * its documents are decided again from their raw records instead, to find the row. Nothing is ever repaired here. */
#ifndef TIEOUT_FLOW_VERIFY_H
#define TIEOUT_FLOW_VERIFY_H

#include "port/store.h"

struct verify_finding {
    const char *check; /* "guards", "chain", "truth", "views", "books", "accounts" */
    const char *table; /* as it is called in the database */
    struct span key;   /* printable; absent: the whole table */
    struct span detail;
};
struct verify_options {
    struct span (*zone_bytes)(struct span name, struct arena *arena);
    struct store *(*scratch_store)(struct err *err); /* an empty store that takes what is made again */
    void (*report)(void *context, const struct verify_finding *finding);
    void (*progress)(void *context, const char *what, uint64_t done, uint64_t total); /* may be NULL */
    void *context;
    bool deep; /* decide every document again, damaged or not */
};
struct verify_counts {
    uint64_t findings, rows, raw_blocks, raw_records, seals, entries, view_rows, item_books, movements, order_books;
    struct seal last_seal;
};

/* False only when it could not look. Findings are reported and counted, not failures. */
NODISCARD bool verify_guards(struct store *store, const struct verify_options *options, struct verify_counts *counts,
                             struct err *err);
NODISCARD bool verify_company(struct store *store, uint32_t company, const struct verify_options *options,
                              struct verify_counts *counts, struct err *err);

#endif
