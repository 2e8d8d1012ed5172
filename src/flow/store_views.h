/* store_views.h: a company's views over a store, for those who do not go the road: readers, the rebuild, verify.
 *
 * Truth may lie in another store than the views: verify builds views in memory from the truth of the store it checks. */
#ifndef TIEOUT_FLOW_STORE_VIEWS_H
#define TIEOUT_FLOW_STORE_VIEWS_H

#include "port/store.h"
#include "state/views.h"

struct store_views {
    struct store *views; /* where views are read and written */
    uint32_t views_company;
    struct store *truth; /* where truth is read */
    uint32_t truth_company;
    bool read_only; /* what state would write back is dropped: a reader has nothing to say */
};

/* The wiring; `context` must outlive the company that uses it. */
struct views store_views_wire(struct store_views *context);
/* A reader's, of one store. */
struct store_views store_views_reader(struct store *store, uint32_t company);

#endif
