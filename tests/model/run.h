/* run.h: what the model's own files share while it reads one history from its first key to its last.
 *
 * Orders, items and locations are numbered once; everything else lies in plain arrays that are walked from end to end.
 * -1 stands for none. */
#ifndef TIEOUT_TESTS_MODEL_RUN_H
#define TIEOUT_TESTS_MODEL_RUN_H

#include "base/must.h"
#include "model/model.h"

__extension__ typedef __int128 wide;

/* A growing array in the run's arena. */
#define LIST_OF(type)    \
    struct {             \
        type *at;        \
        int count, room; \
    }
void *m_list_grown(struct arena *arena, void *at, int count, int *room, size_t size);
#define LIST_ADD(arena, list)                                                                            \
    ((list).count == (list).room                                                                         \
         ? ((list).at = m_list_grown((arena), (list).at, (list).count, &(list).room, sizeof *(list).at)) \
         : (list).at,                                                                                    \
     &(list).at[(list).count++])

typedef LIST_OF(int) places; /* of pieces, in an order */

enum standing {
    STANDS,    /* read */
    REPEATED,  /* the same bytes again: not counted */
    SET_ASIDE, /* left out, superseded, voided, or waiting for something that is not there */
};

/* One document, resolved once before the reading. */
struct paper {
    const struct m_document *d;
    struct m_given given;
    enum standing standing;
    const char *outcome, *refusal; /* of those set aside; else set by each reading */
    bool wrong;                    /* refused for what it says by itself */
    int order;                     /* its order (also of an order itself), by number */
    int other_order;               /* exchange */
    int item;                      /* of an item */
    int location;                  /* the location it names, else main */
    int to;                        /* a transfer's destination */
    int target;                    /* the paper it refers to: shipment, receipt, bill's receipt, voided */
    int second_target;             /* payment, bill */
    int *items;                    /* per line: the item, -1 */
    int *targets;                  /* per line (or per receipt of a landed cost): the paper or order referred to */
    int64_t instant;               /* the effective one */
    bool instant_known;
    int rank;
};

struct key {
    int64_t entered; /* 0, but under entry_order */
    int64_t instant;
    int rank;
    const char *source, *type, *id;
    int leg, line;
};
enum { DAY_OF_SERVICE = 1 << 30 };
struct movement {
    struct key key;
    int paper;
    int payment; /* of an order's payments: its place; a day on which services by days are earned: DAY_OF_SERVICE; else -1 */
};

struct item {
    const char *sku;
    LIST_OF(int) papers; /* its versions, rising */
};
struct order_names {
    const char *source, *id;
    LIST_OF(int) papers; /* its versions, rising */
    int64_t instant;
};

/* --- stock ------------------------------------------------------------------------------------- */

enum lot_kind { LOT_RECEIPT, LOT_OTHER, LOT_OWED };
/* The inflow that brought units; for LOT_OWED the slice that is owed until an inflow settles it. */
struct lot {
    enum lot_kind kind;
    int item, paper, line;
    int pool;           /* LOT_OWED: who owes */
    int64_t qty, value; /* LOT_OWED: still owed, at provisional cost */
};

enum whereabouts { NOWHERE, GONE, IN_TRANSIT, HELD };
/* Where units that left went. */
struct destination {
    const char *role;
    int order, line, part; /* of a sale */
    int location;
    int shipment; /* the paper */
    int output;   /* of an assembly: the lot made */
};
/* Some units of one lot that are together. */
struct piece {
    int item, lot;
    int64_t qty, value; /* value: 0 while held under average, where the pool has it */
    enum whereabouts where;
    int pool;      /* HELD: the pool */
    int64_t place; /* HELD, IN_TRANSIT: in its queue */
    int64_t turn;  /* of pieces in one place, or that went in one slice, which is first */
    int transfer, transfer_line;
    int64_t gone_at; /* GONE: number of the movement that took it */
    int gone_part;   /* and of the slice within it */
    int32_t gone_day;
    struct destination to;
    int from_pool;      /* the pool it left */
    int64_t from_place; /* its place there; 0: it was never there, the pool owed it */
    bool delivered;
    int64_t down;       /* HELD: written down by so much, */
    int down_year;      /* ... last in this year */
    bool kept;          /* lost or kept by the customer: it will not come back */
    int64_t settled_at; /* 1 + number of the movement that settled it, where it was owed */
};
struct pool {
    int64_t value; /* average only */
    int64_t down;  /* average only: as of a piece */
    int down_year;
    int64_t last_value, last_qty;
};
struct receipt_line {
    int paper, line, item, lot, location;
    int64_t qty, value;
    int64_t unbilled, grni;         /* not billed yet, and what GRNI carries for it */
    int64_t billed, billed_carried; /* billed and not sent back; what GRNI carried for that */
    currency money;
    int64_t grni_foreign, billed_foreign; /* the same in the receipt's own currency */
    int64_t sent_back;
    bool consigned; /* billed as the units go: unbilled and grni are those of accrued purchases */
};
/* Units that a supplier billed and that no receipt of theirs has brought yet. */
struct advance {
    int item;
    const char *supplier;
    int64_t qty, value;
};
/* Units that are not ours, and what their owner gets for them when they go. */
struct consigned_lot {
    int item, location;
    int receipt;  /* its place in receipts */
    int transfer; /* in transit: the paper, else -1 */
    int transfer_line;
    int64_t place, qty, value;
};

/* --- orders ------------------------------------------------------------------------------------ */

struct bucket {
    int64_t total, left, earned; /* cancelled units took the rest */
};
struct tax {
    struct bucket amount;
    int64_t moved, moved_cancelled;             /* payable already (tax_point payment): of left, of cancelled units */
    int64_t largest, refunded, refunded_earned; /* in any version; given back in all, and of earned units */
    int64_t refunded_open, refunded_early;      /* of open units; of units earned now that were open then */
    bool marketplace, seen;
    const char *kind, *jurisdiction;
};
struct part { /* a component of a bundle, or the whole of a plain line */
    int item;
    const char *sku;
    int64_t per; /* units in one of the line */
    int64_t weight;
    int64_t qty, shipped, cancelled, earned, returned;
    int64_t cancel_named;     /* by all cancels, whatever a version left room for */
    int64_t asked;            /* by the shipment being judged */
    int64_t returned_earned;  /* of those returned: earned before */
    int64_t sold, sold_value; /* revenue_at payment: earned and not shipped, and what COGS took for them */
    struct bucket sales, discount;
};
struct account {
    int64_t order, company; /* in the order's currency; as it is carried */
};
enum line_kind { LINE_STOCK, LINE_DROPSHIP, LINE_SERVICE, LINE_GIFT_CARD };
enum { MOST_TAXES = 8, MOST_PARTS = 8 };
struct order_line {
    const char *id, *sku;
    int item;
    int64_t factor; /* stock units in one of the line's own unit */
    enum line_kind kind;
    bool bundle;
    int location; /* where it is to be shipped from; -1: anywhere */
    const char *supplier;
    int64_t qty, largest_qty, cancelled, cancel_named, earned; /* units of the line */
    struct part parts[MOST_PARTS];
    int part_count;
    struct tax taxes[MOST_TAXES], shipping_taxes[MOST_TAXES];
    int tax_count, shipping_tax_count;
    struct bucket shipping, shipping_discount, rounding;
    struct bucket accrual, sold_cost;       /* dropship: what the supplier is owed, and cost of sales */
    int64_t accrued_units, sold_cost_units; /* drawn for so many */
    int64_t dropship_back, dropship_credited;
    struct account dropship_deferred;
    int64_t refunded_cancelled, refunded_earned, refunded_open; /* units */
    int64_t refunded_amount;                                    /* of the goods' value that the line earned */
    int64_t refunded_open_amount, refunded_early; /* of it while open; of units earned now that were open then */
    int64_t refunded_value, largest_value;        /* all that was refunded of its goods; their value in any version */
    int32_t passed;                               /* a service by days: the first day that has not passed; INT32_MIN */
};
struct order {
    bool known;
    int paper; /* the version in force */
    currency money;
    int64_t rate; /* of its money, at the last of its events that was no day of a service */
    LIST_OF(struct order_line) lines;
    struct account deposit, receivable, refunds_due;
    int64_t captured_total, total;
    int64_t tips, marketplace_tax; /* credited at captures */
    int64_t marketplace_refunded, fees_kept;
    int64_t refunded_shipping, refunded_shipping_tax, refunded_earned; /* amounts: of what was earned */
    int64_t shipping_given, shipping_tax_given,
        shipping_facilitated; /* refunded in all: net, merchant's, marketplace's */
    int64_t shipping_largest, shipping_tax_largest, shipping_facilitated_largest; /* the same in any version */
    bool gateway_captured, card_captured;
};
struct shipped { /* what a shipment shipped of a part of an order line */
    int paper, order, line, part;
    int64_t qty, delivered, earned, back; /* back: returned before it was earned */
};
struct captured { /* a payment that was taken, so that no version takes it again */
    int order;
    const char *gateway, *id;
};

struct held { /* a customer's money without an order */
    const char *customer;
    int64_t amount;
};

/* A later cost that consumed units have sent on into the lot they went into. */
struct following {
    int lot;
    int64_t amount;
    places through; /* the lots it came through */
};
struct posted {
    int32_t day;
    int paper;
    const char *role;
    int item, location, order, line;
    int64_t amount;
};

struct run {
    const struct m_history *history;
    const struct m_settings *settings; /* in force on the day being read */
    struct arena *arena;
    struct paper *papers;
    int paper_count;
    struct item *items;
    int item_count;
    const char **locations; /* [0] is main */
    int location_count;
    struct order_names *order_names;
    int order_count;
    int exponent;
    const char **refused; /* per paper: an earlier reading refused it, so that a lower version is read */
    bool *waits;          /* ... or let it wait */

    /* from here on set anew by each reading */
    LIST_OF(struct movement) movements;
    int at;        /* the movement being read */
    int64_t now;   /* its instant */
    int32_t day;   /* its accounting date */
    int paper;     /* the document being read */
    int next_part; /* slices taken so far by this movement */
    struct about {
        int location, order, line;
    } about; /* what its other side is about: price difference says the same */
    LIST_OF(struct lot) lots;
    LIST_OF(struct piece) pieces;
    struct pool *pools; /* [item × (locations + 1) + pool]; the last of each item is in transit */
    int64_t *own, *damaged, *quarantined, *consigned, *moving; /* [item × locations + location] */
    LIST_OF(struct receipt_line) receipts;
    LIST_OF(struct consigned_lot) consigned_lots;
    LIST_OF(struct advance) advances;
    int64_t next_place, next_turn;
    struct order *orders;
    LIST_OF(struct shipped) shipments;
    LIST_OF(struct captured) captures;
    LIST_OF(struct held) held;
    LIST_OF(int) late_returns; /* papers waiting for a shipment that issues the last of their units */
    LIST_OF(int) spreading;    /* lots a difference is on its way through */
    LIST_OF(struct following) followings;
    int followed; /* so many of them went on */
    LIST_OF(struct posted) posted;
    bool again; /* a document was refused half-way: read everything again without it */
    struct {
        const char *outcome, *refusal;
        struct key key;
    } * forced; /* per paper: what an earlier reading found out */
};

const struct m_settings *m_settings_on(const struct run *run, int32_t day);
/* On the day a version of an order was made, also of the lowest. */
const struct m_settings *m_settings_when_made(const struct run *run, const struct m_document *order);

int m_key_compare(const struct key *a, const struct key *b);
/* Of a paper under entry_order, the number of its commit; else 0. */
int64_t m_entered(const struct run *run, int paper);

/* The document being read is refused (outcome "waiting" or "failed"). Nothing has been changed yet. */
bool m_refuse(struct run *run, const char *outcome, const char *refusal);
/* The same, after something was changed already: everything is read again without the document. */
bool m_refuse_late(struct run *run, const char *outcome, const char *refusal);
bool m_wait_for_open(struct run *run);

void m_post(struct run *run, const char *role, int64_t amount, int item, int location, int order, int line);
/* The amount of qty at unit in the document's currency, then in the company's at its rate. */
int64_t m_cost_of(struct run *run, int64_t qty, int64_t unit);
int64_t m_in_company(struct run *run, int64_t amount);
bool m_has_rate(struct run *run);
currency m_money_of(const struct run *run);             /* of the document being read */
bool m_same_money(const struct run *run, int a, int b); /* of two papers */
/* Of `money` on the day being read, by the document's own rate or the table; 0 when there is none. */
int64_t m_rate_of(struct run *run, currency money);

/* The version in force of an item at the movement being read; NULL where it is not known. */
const struct m_document *m_item_now(const struct run *run, int item);
enum m_cost_method m_method_of(const struct run *run, int item);
bool m_is_stocked(const struct run *run, int item);
/* Stock units in one `uom` of an item, in millionths; 0: it has no such unit. */
int64_t m_factor(const struct run *run, int item, const char *uom);

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
int64_t m_draw(int64_t value, int64_t qty, int64_t of);
int64_t m_rounded(int64_t a, int64_t b, int64_t c); /* half-up(a × b ÷ c) */

/* --- model_stock.c ------------------------------------------------------------------------------ */

struct issued {
    int64_t held, owed, consigned; /* values */
    int64_t total;                 /* of them, where the units went to */
};
int m_pool_of(const struct run *run, int location);
struct pool *m_pool_at(const struct run *run, int item, int pool);
int64_t m_held_qty(const struct run *run, int item, int pool);
int64_t m_held_value(const struct run *run, int item, int pool);
places m_layers_of(struct run *run, int item, int pool); /* in queue order */
int64_t *m_counter(const struct run *run, int64_t *counters, int item, int location);
/* Takes the units and posts the credits (inventory, inventory owed); the caller posts issued.total where they went.
 * False: short under shortage refuse, or a lot that is not held; refused already. */
bool m_issue(struct run *run, int item, int location, int64_t qty, struct destination to, const struct m_lines *picks,
             struct issued *out);
/* What came in without a document of its own: a new lot. Posts inventory and owed; the caller posts -value. */
void m_inflow(struct run *run, int item, int location, enum lot_kind kind, int line, int64_t qty, int64_t value,
              int *out_lot);
int64_t m_gain_value(struct run *run, int item, int location, int64_t qty, bool *out_known);
bool m_return_units(struct run *run, int order, int line, int part, int64_t qty, const char *disposition, int location,
                    int return_line);
void m_deliver_units(struct run *run, int order, int line, int part, int shipment, int64_t qty);
/* Adds an amount to units a..a+qty of a lot's row, and posts it where they are. */
void m_spread(struct run *run, int lot, int64_t from, int64_t qty, int64_t amount);
int64_t m_row_qty(const struct run *run, int lot);

bool m_read_receipt(struct run *run);
bool m_read_transfer(struct run *run, int leg);
bool m_read_count(struct run *run);
bool m_read_adjustment(struct run *run);
bool m_read_status_change(struct run *run);
bool m_read_supplier_return(struct run *run);
bool m_read_bill(struct run *run, int leg, int line);
bool m_read_landed_cost(struct run *run);
bool m_read_assembly(struct run *run);
bool m_read_opening(struct run *run);
bool m_open_order(struct run *run, int line);
bool m_read_item(struct run *run);
void m_check_stock(const struct run *run);
struct receipt_line *m_receipt_line_of(struct run *run, int paper, int line);
/* The place of a receipt's line that `line` or `sku` names; -1 none, -2 several. */
int m_receipt_line_named(const struct run *run, int paper, const char *receipt, const char *line, const char *sku);
int m_receipt_line_find(const struct m_document *receipt, const char *line, const char *sku);

/* --- model_order.c ------------------------------------------------------------------------------ */

bool m_read_order(struct run *run);
bool m_order_adds_up(struct run *run, const struct m_document *d);
bool m_read_payment(struct run *run, int payment);
bool m_read_payment_on_account(struct run *run);
bool m_read_day_of_service(struct run *run);
/* What was read is an event of these orders: its rate is what later days of a service are earned at. */
void m_remember_rates(struct run *run);
/* The days a line's service runs; false: it does not run by days. */
bool m_service_days(const struct m_line *line, int32_t *out_from, int32_t *out_to);
bool m_is_month_end(int32_t day);
bool m_read_cancel(struct run *run);
bool m_read_shipment(struct run *run);
bool m_read_delivery(struct run *run);
bool m_read_refund(struct run *run);
bool m_read_return(struct run *run);
bool m_read_entry(struct run *run);
/* What it says wrong by itself, whatever else there is: the refusal; NULL: nothing. */
const char *m_entry_by_itself(const struct run *run, const struct m_document *d);
const char *m_bill_by_itself(const struct m_document *d);
bool m_bill_names(const struct m_document *d);
const char *m_opening_by_itself(const struct m_document *d);
const char *m_refund_by_itself(const struct m_document *d);
const char *m_return_by_itself(const struct m_document *d);
bool m_return_is_covered(struct run *run, int paper);
int64_t m_return_instant(struct run *run, int paper);
void m_check_orders(const struct run *run);
int64_t m_reserved_at(const struct run *run, int item, int location);

#endif
