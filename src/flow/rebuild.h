/* rebuild.h: makes a company's views again from its truth. Nothing is decided: each row says what was decided. */
#ifndef TIEOUT_FLOW_REBUILD_H
#define TIEOUT_FLOW_REBUILD_H

#include "flow/store_views.h"
#include "state/company.h"

struct rebuild_options {
    struct span (*zone_bytes)(struct span name, struct arena *arena);
    /* Told now and then how many of how many rows are done; may be NULL. */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
    /* Looks at each row before it is applied; may be NULL. False after filling err stops the rebuild. */
    bool (*look)(void *context, const struct ruling *ruling, struct err *err);
    /* Views were written back: a store that is thrown away may commit here, to forget how to undo; may be NULL. */
    bool (*flushed)(void *context, struct err *err);
};

/* Applies all of truth to empty views, inside an open transaction of the store that takes them, and hands the company
 * over as it stands then; NULL after filling err. `wiring` must outlive it. A row that cannot be read fails with
 * FAILURE_STORE_DAMAGED and its number in *out_bad_seq. */
struct company *rebuild_views(struct store_views *wiring, const struct rebuild_options *options, uint64_t *out_bad_seq,
                              struct err *err);
/* Drops a company's views and makes them again, in one transaction. */
NODISCARD bool rebuild_company(struct store *store, uint32_t company, const struct rebuild_options *options,
                               uint64_t *out_rows, struct err *err);

#endif
