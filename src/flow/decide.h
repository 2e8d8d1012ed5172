/* decide.h: from a resolved plan to a ruling: folds the order and item books it touches and takes the differences. */
#ifndef TIEOUT_FLOW_DECIDE_H
#define TIEOUT_FLOW_DECIDE_H

#include "flow/plan.h"

/* One item that a plan touches, with everything it changes there. */
struct item_group {
    uint32_t item;
    bool average;
    struct book_edit *edits;
    size_t edit_count, edit_room;
    struct book_plan plan;
    bool planned, stale;
};
struct decided {
    struct item_group *groups;
    size_t group_count, group_room;
    struct ruling ruling; /* body; the row's header is the road's business */
};

/* Decides the plan. False when the store failed (plan->err). On return plan->outcome says what came of it; when it is
 * POSTED, `out` holds the ruling and the item plans that decide_install makes real. */
NODISCARD bool plan_decide(struct plan *plan, struct decided *out);
void decide_install(struct decided *decided);

#endif
