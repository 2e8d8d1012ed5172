/* item_state.h: what one item has, at one point of its history: pools with layers or owed slices, counters by location,
 * and, when it was built from the first movement on (`whole`), the units that are gone and what was billed of each receipt.
 *
 * Invariants (docs/invariants.md): C-4 a pool has layers or owed slices, never both; no layer has a negative quantity or
 * value; quantity zero means value zero. The one way to change a state is item_state_apply. */
#ifndef TIEOUT_STOCK_ITEM_STATE_H
#define TIEOUT_STOCK_ITEM_STATE_H

#include "base/arena.h"
#include "stock/movement.h"

enum pool_kind { POOL_STOCK = 0, POOL_TRANSIT = 1 };

/* How far value stands below cost because it was written down; known in a whole state. */
struct written_down {
    int64_t down_minor;
    int year; /* of the last write-down */
};
struct layer {
    movement_id lot;
    uint32_t place;
    int64_t qty_micro;
    int64_t value_minor;         /* average: always 0, the pool has the value */
    movement_id transfer;        /* in transit: the movement that shipped it */
    struct written_down written; /* average: the pool has it */
    movement_id settled; /* the movement that gave it its lot, where it was owed before; not part of a checkpoint */
};
struct owed_slice {
    movement_id issue;
    int64_t qty_micro, value_minor;
    struct where where; /* where its units went */
    bool elsewhere;     /* its units are layers or in several places: settling needs the whole state */
};
struct pool {
    struct span name; /* location; "" for the company's */
    enum pool_kind kind;
    struct layer *layers;
    size_t layer_count, layer_room;
    struct owed_slice *owed;
    size_t owed_count, owed_room;
    int64_t value_minor;                      /* average only */
    struct written_down written;              /* average only */
    int64_t last_value_minor, last_qty_micro; /* last cost; qty 0: none yet */
};
struct location_count {
    struct span location;
    int64_t units[4]; /* by enum unit_status; UNITS_OWN: own sellable or quarantined units, negative when owed */
};
/* Units that are not ours: counted, in no pool; what their owner gets for them when they go. */
struct consigned {
    movement_id lot;
    uint32_t place;
    struct span location;
    movement_id transfer; /* in transit: the movement that shipped them */
    int64_t qty_micro, value_minor;
    struct where where; /* accrued purchases of the owner */
};
/* Units that a supplier billed and that no receipt of theirs has brought yet. */
struct advance {
    movement_id bill;
    struct span party;
    int64_t qty_micro, value_minor;
};
/* Units that left, where their value is, and what they cost by now. */
struct gone {
    movement_id movement; /* that took them */
    movement_id lot;
    int pool;
    uint32_t place;
    int64_t qty_micro, value_minor;
    struct where where;
    int32_t day;    /* since which it is there */
    uint32_t order; /* the movement's order line, to find a line's units */
    int order_part;
    bool owed; /* lot is the owed slice itself */
    bool to_supplier;
    movement_id settled; /* the movement that gave it its lot, where it was owed before */
    bool kept;           /* lost or kept by the customer: no return brings them back */
};
/* Units of an order line sold before they ship (revenue_at payment), and what cost of sales took for them. */
struct sold {
    uint32_t order;
    int order_part;
    struct span order_line, location;
    int64_t qty_micro, value_minor;
};
/* What is known of a receipt line's bill. */
struct lot_account {
    movement_id lot;
    int32_t day;
    struct span text;
    struct where where; /* its GRNI; accrued purchases where the goods are consigned */
    bool consigned;     /* billed as they go */
    int64_t qty_micro, value_minor;
    int64_t billed_micro, billed_minor; /* billed, and the GRNI that was released for it */
    int64_t sent_back_micro;            /* back to the supplier, billed or not */
    int64_t unbilled_micro, grni_minor; /* not billed yet, and what GRNI carries for it */
    currency money;                     /* of the receipt, where it is not the company's; the same two in it: */
    int64_t grni_original_minor, billed_original_minor;
};

struct item_state {
    struct arena *arena;
    bool average;
    bool whole;
    struct pool *pools;
    size_t pool_count, pool_room;
    struct location_count *counts;
    size_t count_count, count_room;
    struct advance *advances; /* in the order they were billed */
    size_t advance_count, advance_room;
    struct consigned *consigned; /* by place */
    size_t consigned_count, consigned_room;
    uint32_t next_place;
    struct sold *sold; /* in the order in which they were sold first */
    size_t sold_count, sold_room;
    struct gone *gone;
    size_t gone_count, gone_room;
    struct lot_account *lots;
    size_t lot_count, lot_room;
};

struct item_state item_state_make(struct arena *arena, bool average, bool whole);
/* A copy that shares nothing changeable, in `arena`. */
struct item_state item_state_clone(const struct item_state *state, struct arena *arena);
/* Pools, counters and units sold alone, names and all, in `arena`: what a book keeps of a state. */
struct item_state item_state_keep(const struct item_state *state, struct arena *arena);
/* Applies one decided step of `movement`. Steps that do not fit the state are a bug. */
void item_state_apply(struct item_state *state, const struct movement *movement, const struct step *step);
/* What a whole state notes of a movement before its steps (the account of a receipt line). */
void item_state_begin(struct item_state *state, const struct movement *movement);
/* Of what GRNI carries for a receipt line in its own currency, the part of `qty` units more billed (negative: fewer). */
int64_t lot_original_part(const struct lot_account *lot, int64_t qty_micro);
/* The journal line of a step, without SKU; false when the step carries no value. */
bool step_line(const struct item_state *state, const struct movement *movement, const struct step *step,
               struct line *out_line);

/* How much of a write-down the movement may take back. */
int64_t written_down_open(const struct written_down *written, const struct movement *movement);

/* Finds; -1 when absent. */
int item_state_pool(const struct item_state *state, enum pool_kind kind, struct span name);
const struct location_count *item_state_count(const struct item_state *state, struct span location);
/* Whether these units are of the order line that `movement` is about. */
bool is_sold_of(const struct sold *sold, const struct movement *movement);
/* Consigned units at a location, those that `transfer` ships there (0: those that lie there). */
int64_t consigned_qty(const struct item_state *state, struct span location, movement_id transfer);
int64_t pool_qty(const struct pool *pool);
int64_t pool_value(const struct item_state *state, const struct pool *pool);
int64_t pool_owed_qty(const struct pool *pool);
int64_t pool_owed_value(const struct pool *pool);

/* The checkpoint form: pools, counters and units sold (not what is gone). Equal states give equal bytes. */
void item_state_pack(const struct item_state *state, struct buf *out);
NODISCARD bool item_state_unpack(struct cursor *cursor, struct arena *arena, struct item_state *out_state);

#endif
