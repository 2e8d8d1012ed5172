/* movement.h: what a document does to one item, frozen; and the steps it was decided to be.
 *
 * A movement is the part of an accepted document that concerns one item. Everything in it was settled when the document
 * was accepted: quantities in stock units, money in the company's minor units, the costing rules in force, where the
 * other side of the entry goes. Only its steps are decided by the item's state at its key, and decided again in a
 * replay. Steps are elementary and complete: applying them to the state before gives the state after, and each
 * step that carries value is one journal line (docs/formats/truth.md). */
#ifndef TIEOUT_STOCK_MOVEMENT_H
#define TIEOUT_STOCK_MOVEMENT_H

#include "base/buf.h"
#include "ledger/line.h"
#include "stock/key.h"
#include <stdbool.h>
#include <stdint.h>

/* Names a movement for ever: document number (32 bits), line (16), part (12), leg (4). */
typedef uint64_t movement_id;
enum { MOVEMENT_LINE_MAX = 65535, MOVEMENT_PART_MAX = 4095, MOVEMENT_LEG_MAX = 15 };
static inline movement_id movement_id_make(uint32_t document, int line, int part, int leg)
{
    return (uint64_t)document << 32 | (uint64_t)(unsigned)line << 16 | (uint64_t)(unsigned)part << 4 |
           (uint64_t)(unsigned)leg;
}
static inline uint32_t movement_document(movement_id id) { return (uint32_t)(id >> 32); }
static inline int movement_line(movement_id id) { return (int)(id >> 16 & 0xffff); }
static inline int movement_leg(movement_id id) { return (int)(id & 0xf); }

/* Stored: values never change meaning. */
enum movement_kind {
    MOVE_IN = 1,      /* receipt, opening layer, found, assembly output: value_minor, or ABSENT for a gain */
    MOVE_OUT = 2,     /* shipment, adjustment out, assembly input, to damaged */
    MOVE_SHIP = 3,    /* a transfer leaves `location` */
    MOVE_ARRIVE = 4,  /* what `refers` shipped enters `location` */
    MOVE_RETURN = 5,  /* a customer's units come back to `location` */
    MOVE_DELIVER = 6, /* units shipped without revenue earn it now; of the shipment `refers`, 0: of any */
    MOVE_BILL =
        7, /* value_minor billed for qty_micro of the receipt line `refers`; 0: of where.party's, as they come */
    MOVE_LANDED = 8,    /* value_minor of later cost on the receipt line `refers` */
    MOVE_COUNT = 9,     /* qty_micro was found */
    MOVE_STATUS = 10,   /* a counter changes, nothing else */
    MOVE_VALUE = 11,    /* value_minor is spread over the pool's layers by value */
    MOVE_STANDARD = 12, /* a new standard cost */
    MOVE_SUPPLIER_RETURN = 13,
    MOVE_FOLLOW = 14,  /* later cost of units consumed arrives at the assembly output `refers` */
    MOVE_CORRECT = 15, /* the receipt line `refers` was worth value_minor: it is read there, nothing happens here */
    MOVE_SOLD =
        16, /* qty_micro of an order line are sold before they ship; negative: shipped now, or not sold any more */
    MOVE_PURCHASE =
        17, /* at the cut-over: qty of the old receipt's lot `refers` (0: none is left) is not billed, at value */
};

/* The costing rules in force for a movement, frozen. */
struct costing {
    uint8_t method;          /* enum cost_method's numbers: 1 fifo, 2 average, 3 lifo, 4 standard, 5 specific */
    bool company_pool;       /* cost_scope company */
    bool return_current;     /* return_cost current */
    bool returned_last;      /* returned_layer last */
    bool refuse_short;       /* shortage refuse */
    bool difference_account; /* price_difference account */
    bool exchange_to_stock;  /* fx_difference stock */
    bool back_any_year;      /* framework ifrs: a write-down is taken back up to cost, not only within its year */
    uint8_t exponent;        /* decimals of the company's currency */
    uint8_t supplier_return; /* enum sent_back */
};
enum sent_back { SENT_BACK_ORIGINAL, SENT_BACK_OLDEST, SENT_BACK_CURRENT }; /* as the policy counts them */
enum costing_method { METHOD_FIFO = 1, METHOD_AVERAGE, METHOD_LIFO, METHOD_STANDARD, METHOD_SPECIFIC };

/* Where a value goes or went, apart from the pools: a role and its dimensions. */
struct where {
    enum role role;
    struct span channel, location, order, order_line, party, tag;
};

enum unit_status { UNITS_OWN = 0, UNITS_QUARANTINED = 1, UNITS_DAMAGED = 2, UNITS_CONSIGNED = 3 };

struct movement_pick {
    movement_id receipt; /* 0: by lot text */
    struct span lot;
    int64_t qty_micro;
};

/* True_up origin_if_open: a share of the difference on cost recognised before is dated when that was. */
struct movement_origin {
    int32_t open_from; /* the first day that was open when it was accepted */
    struct where grni; /* FOLLOW: what answers the shares dated back, and of which item */
    struct span sku;
};

struct movement {
    movement_id id;
    struct key key;
    int32_t day; /* accounting date */
    enum movement_kind kind;
    struct costing costing;
    struct span location;
    int64_t qty_micro;
    int64_t value_minor;
    int64_t standard_micro, last_micro; /* the item's standard and stated last cost per stock unit, ABSENT if none */
    struct where where;                 /* the other side */
    movement_id refers;                 /* what it acts on; IN: the layer of an opening whose lot it shares */
    uint32_t order;          /* document number of the order whose line the units left or came back for; 0 none */
    int order_part;          /* place of the bundle's component, 0 none; with where.order_line it names the sold unit */
    enum unit_status status; /* RETURN: OWN, QUARANTINED or DAMAGED; COUNT, STATUS: which counter; IN: CONSIGNED too */
    bool whole;              /* COUNT: status none: all that is on hand */
    bool lost;               /* RETURN: lost or kept: nothing comes back */
    currency money;          /* IN, BILL, CORRECT: the document's own where it is not the company's, else 0 */
    int64_t original_minor;  /* IN, CORRECT: the value in it; of a CORRECT it alone counts then */
    int64_t rate_e10;        /* IN, BILL: units of the company's currency for one of it */
    const struct movement_origin *origin; /* BILL, and FOLLOW of one; NULL: all of it on its own day */
    struct span lot;                      /* IN: the lot's text; COUNT: the lot counted */
    struct movement_pick *picks; /* COUNT: the lots that other lines count: what is none of them is counted here */
    size_t pick_count;
};

/* Stored: values never change meaning. */
enum step_kind {
    STEP_POOL = 1,        /* a pool is opened: `name` ("" company, else location), `status` = enum pool_kind */
    STEP_TAKE = 2,        /* − qty, value of layer (lot, place) of pool */
    STEP_ADD = 3,         /* + qty, value to layer (lot, place) of pool; a new one where place says */
    STEP_VALUE = 4,       /* + value on layer (lot, place) */
    STEP_OWE = 5,         /* an owed slice of this movement: qty at provisional value */
    STEP_SETTLE = 6,      /* owed slice `target`: − qty, value; its units now are of `lot` and cost `cost` */
    STEP_UNOWE = 7,       /* owed slice `target`: − qty, value: its units came back */
    STEP_LAST = 8,        /* last cost of the pool is value for qty */
    STEP_COUNT = 9,       /* counter `status` of location `name` changes by qty */
    STEP_POST = 10,       /* value to `where` */
    STEP_BACK = 11,       /* gone fragment `index`: − qty, value: the units are elsewhere now */
    STEP_COST = 12,       /* gone fragment `index` of movement `target`: + value */
    STEP_GONE = 13,       /* a gone fragment of this movement: qty, value of lot that stood at place of pool */
    STEP_BILLED = 14,     /* receipt line `target`: qty billed, value of its GRNI released */
    STEP_RELOT = 15,      /* layer (target, place) of pool: qty, value of it are now of `lot` */
    STEP_ELSEWHERE = 16,  /* owed slice `target` of pool: its units are not all alike, where they went first */
    STEP_WHERE = 17,      /* gone fragment `index`: qty, value of it are now at `where` */
    STEP_RELOT_GONE = 18, /* gone fragment `index`: qty, value of it are now of `lot` */
    STEP_UNBILLED = 19,   /* receipt line `target`: qty not billed goes back, value of its GRNI with it */
    STEP_SENT_BACK = 20,  /* receipt line `target`: qty that was billed goes back */
    STEP_POST_ON = 21,    /* value to `where` on `day`, about the item `name` where that is not empty */
    STEP_SOLD = 22,      /* units of the movement's order line sold at location `name` before they ship: + qty, value */
    STEP_CONSIGN = 23,   /* + qty of `lot`, not ours, at location `name`, owed to `where` at value when they go */
    STEP_UNCONSIGN = 24, /* - the same */
    STEP_ADVANCE =
        26,           /* billed by `target` before any receipt of its supplier: + qty, value that GRNI stands debited */
    STEP_ACCRUE = 25, /* consigned receipt line `target`: + qty to be billed, at value */
    STEP_KEPT = 27,   /* gone fragment `index`: qty, value of it are lost or kept and will not come back */
};

struct step {
    enum step_kind kind;
    int pool;
    uint32_t place;
    int32_t day;
    movement_id lot, target;
    int64_t qty_micro, value_minor, cost_minor;
    uint32_t index;
    enum unit_status status;
    struct span name;
    const struct where *where; /* NULL: the movement's own */
};

void movement_pack(const struct movement *movement, struct buf *out);
NODISCARD bool movement_unpack(struct cursor *cursor, struct arena *arena, struct movement *out_movement);
/* Which members a step kind uses: only those are written. 0 when there is no such kind. */
enum {
    STEP_HAS_POOL = 1,
    STEP_HAS_LAYER = 2,
    STEP_HAS_TARGET = 4,
    STEP_HAS_QTY = 8,
    STEP_HAS_VALUE = 16,
    STEP_HAS_COST = 32,
    STEP_HAS_INDEX = 64,
    STEP_HAS_NAME = 128,
    STEP_HAS_WHERE = 256,
    STEP_HAS_DAY = 512
};
unsigned step_members(enum step_kind kind);
void steps_pack(const struct step *steps, size_t count, struct buf *out);
NODISCARD bool steps_unpack(struct cursor *cursor, struct arena *arena, struct step **out_steps, size_t *out_count);
bool where_same(const struct where *a, const struct where *b);

#endif
