/* order_fold.h: an order's book while it is folded: what the files behind order_book.h share. Nobody else includes it.
 *
 * An event is judged before it changes anything: a handler returns a refusal with the book untouched, or changes it
 * and posts. Quantities here are stock units (millionths), so that an event may count in any unit of the item; amounts
 * are the order's currency unless a name says company. */
#ifndef TIEOUT_ORDER_ORDER_FOLD_H
#define TIEOUT_ORDER_ORDER_FOLD_H

#include "base/hash.h"
#include "order/order_book.h"
#include <stddef.h>

/* An amount that is earned as its units are: total = earned + cancelled + left. */
struct share {
    int64_t total_minor, earned_minor, cancelled_minor, left_minor;
};

/* What ships in a quantity of its own: a line, or one component of a bundle. */
struct book_unit {
    struct span sku;
    enum item_kind kind;
    int part;             /* place of the component, from 1; 0: the line itself */
    int64_t per_micro;    /* units of it in one of the line */
    int64_t weight_micro; /* of a component, for splitting the line's value */
    int64_t ordered_micro, shipped_micro;
    int64_t cancel_named_micro; /* by all cancels; a new version may leave room for fewer */
    int64_t cancelled_micro;
    int64_t earned_micro;
    int64_t returned_micro;
    int64_t returned_unearned_micro; /* of them, came back before they were earned */
    int64_t sold_micro;              /* earned and not shipped (revenue_at payment) */
    int64_t delivered_micro;         /* proof of delivery seen */
    int64_t asked_micro;             /* by the event being judged; zero between events */
    size_t shipped_in, shipped_item; /* number of the event that shipped it last, and the item there */
    struct share sales, discount;
};

/* Which units of a line a refund is for. */
enum refund_of { REFUND_OF_CANCELLED, REFUND_OF_EARNED, REFUND_OF_OPEN, REFUND_OF_COUNT };

struct book_tax {
    struct span jurisdiction;
    enum tax_kind kind;
    bool of_marketplace;
    bool of_shipping;
    bool taken_over; /* while a version is applied */
    struct share share;
    int64_t due_minor;           /* of share.left: payable already (tax_point payment) */
    int64_t due_cancelled_minor; /* the same of cancelled units, until refunded */
    int64_t refunded_minor[REFUND_OF_COUNT];
    int64_t refunded_held_minor; /* of what counts as refunded of earned units: as below */
    int64_t most_minor;          /* the largest total of any version: units an edit took off can still be refunded */
};

/* An amount in both currencies; they are the same where the order is in the company's. */
struct balance {
    int64_t minor, company_minor;
};

struct book_line {
    struct span id, sku;
    const struct order_line *terms;       /* in force, or the last there were */
    const struct order_line_facts *facts; /* of the first version that had the line */
    size_t place;                         /* in the version in force, from 1; 0: no longer listed */
    int64_t factor_micro;                 /* stock units in one of the line's own unit */
    bool is_bundle, is_dropship;
    struct span supplier;

    struct book_unit *units;
    size_t unit_count;
    struct book_unit self; /* units of a line that is no bundle */
    /* The line as a whole; for a bundle in bundles completed. */
    int64_t ordered_micro, shipped_micro, cancel_named_micro, cancelled_micro, earned_micro;
    struct share shipping, shipping_discount, rounding;
    struct book_tax *taxes; /* the line's, then its part of shipping's */
    size_t tax_count;

    struct share cost, accrual;                          /* dropship: cost of sales, and what the supplier is owed */
    int64_t cost_done_micro, accrual_done_micro;         /* units these have been drawn for */
    struct balance deferred;                             /* accrued and not cost of sales yet */
    int64_t cost_back_minor, cost_back_micro;            /* given back by the supplier */
    int64_t catch_up_accrued_minor, catch_up_cost_minor; /* of the edit being applied */

    int64_t refunded_micro[REFUND_OF_COUNT], refunded_minor[REFUND_OF_COUNT];
    int64_t refunded_held_minor;    /* of earned units: refunded while they were open, out of the customer's money */
    int64_t most_micro, most_minor; /* the largest quantity and net value of any version */
    size_t touched;                 /* number of the event that touched it last */
    int32_t passed_to;              /* a service by days: the first day that has not passed; INT32_MIN: none has */
};

/* Finds texts; values are given by the maker. */
struct index_slot {
    struct span key;
    uint32_t value_plus_1; /* 0: free */
    bool is_repeated;
};
struct span_index {
    struct index_slot *slots; /* NULL: none was made */
    size_t slot_count;
};

/* Units of one line or component that an event names. */
struct move {
    struct book_line *line;
    struct book_unit *unit;
    int64_t qty_micro;
    int place; /* in the event's document */
    const struct shipment_line *from;
    const struct return_line *back;
    int64_t earned_micro; /* of a shipment: earned with it */
};
struct moves {
    struct move *at;
    size_t count, room;
    int64_t line_micro; /* what moves_name read last, in the line as a whole (bundles) */
};

/* A shipment that stands, for its deliveries. */
struct shipped_item {
    struct book_line *line;
    struct book_unit *unit;
    int64_t qty_micro, delivered_micro, recognised_micro;
    int64_t earned_micro, back_micro; /* of the recognised ones; came back before they were earned */
    int64_t asked_micro;              /* by the delivery being judged; zero between events */
};
struct book_shipment {
    struct span source, id;
    struct span location;
    struct shipped_item *items;
    size_t item_count;
};
struct book_capture {
    struct span id, gateway, gift_card;
    bool is_listed; /* in an order document */
};

struct book {
    struct arena *arena;
    currency home, money; /* the company's; the order's, 0 until known */
    bool is_foreign, failed;
    struct span order, channel; /* as the first event said */
    struct span customer;       /* the account is no order's: it holds this customer's money */
    const struct document *version;
    int64_t rate_e10; /* of the order's money, as it last was */

    struct book_line **lines;
    size_t line_count, line_room;
    struct span_index by_id, by_sku; /* only when there are many lines */
    struct book_line **touched;      /* lines the event at hand changed */
    size_t touched_count;

    struct balance deposit, receivable, refunds_due;
    int64_t open_minor;                                    /* still to be earned, less tax already due */
    int64_t earned_left_minor;                             /* earned and not refunded */
    int64_t tax_due_minor;                                 /* payable, not earned, not refunded */
    int64_t total_minor, marketplace_tax_minor, tip_minor; /* of the version in force */
    int64_t shipping_most_minor, shipping_tax_most_minor, shipping_marketplace_tax_most_minor; /* of any version */
    int64_t captured_minor, marketplace_taken_minor, marketplace_refunded_minor, tip_taken_minor;
    int64_t shipping_earned_minor, shipping_tax_earned_minor;
    int64_t shipping_refunded_minor, shipping_refunded_earned_minor;
    int64_t shipping_tax_refunded_minor, shipping_tax_refunded_earned_minor;
    int64_t shipping_marketplace_refunded_minor;
    int64_t received_minor, given_back_minor, recognised_minor; /* P-2 */

    struct book_capture *captures;
    size_t capture_count, capture_room;
    bool keeps_shipments;
    struct book_shipment *shipments;
    size_t shipment_count, shipment_room;
    struct span_index by_shipment;

    /* The event at hand. */
    const struct order_event *event;
    struct order_result *result;
    size_t number;                   /* of the event, from 1 */
    int64_t net_minor;               /* earned by it so far and not yet taken from the deposit or the receivable */
    bool takes_back;                 /* units sold before they ship are not sold after all */
    struct balance posted_elsewhere; /* to this order's deposit, by the order it was exchanged for */
};

/* What a line is about, besides order and channel. */
struct about {
    struct span sku, order_line, party, tag;
};

/* ---- order_value.c: what an order is worth, line by line ---- */

struct order_terms {
    size_t count;
    int64_t *value_minor, *discount_minor;             /* per line; the order discount is in */
    int64_t *shipping_minor, *shipping_discount_minor; /* per line */
    int64_t *shipping_tax_minor;                       /* tax t of line i at [t * count + i] */
    int64_t rounding_minor, total_minor, tip_minor, marketplace_tax_minor;
    int64_t shipping_net_minor, shipping_merchant_tax_minor, shipping_marketplace_tax_minor;
};
NODISCARD enum refusal order_terms_make(const struct order_event *event, struct arena *arena,
                                        struct order_terms *out_terms, struct span *out_detail);
/* Draws qty of the qty_left units not drawn yet: earned, or cancelled. Returns the amount. */
int64_t share_earn(struct share *share, int64_t qty_micro, int64_t qty_left_micro);
int64_t share_cancel(struct share *share, int64_t qty_micro, int64_t qty_left_micro);
/* Takes qty of the earned units back; their amount counts as cancelled then. */
int64_t share_unearn(struct share *share, int64_t qty_micro, int64_t earned_micro);
/* New terms: `total` over qty units, of which `earned` and `cancelled` are. Returns what earned grows by. */
int64_t share_retotal(struct share *share, int64_t total_minor, int64_t qty_micro, int64_t earned_micro,
                      int64_t cancelled_micro);

/* ---- order_lines.c: finding lines, counting units ---- */

enum { FEW = 16 }; /* so many texts are compared one by one */
bool index_make(struct span_index *index, size_t count, struct arena *arena);
void index_put(struct span_index *index, struct span key, size_t value);
const struct index_slot *index_find(const struct span_index *index, struct span key);

/* Ids of `order`'s lines, defaults filled in; false when one stands twice (`*out_again`), or memory ran out. */
bool order_line_ids(const struct order *order, struct arena *arena, struct span **out_ids, struct span *out_again);
void book_index_lines(struct book *book);
struct book_line *book_line_by_id(const struct book *book, struct span id);
NODISCARD enum refusal book_line_find(struct book *book, struct span id, struct span sku, struct book_line **out_line);
/* Adds the moves of one line of an event's document to `moves`; without `component` all units of the line. */
struct named {
    struct span line, sku, component, uom;
    int64_t qty_micro;
    int place;
    const struct shipment_line *from;
    const struct return_line *back;
};
NODISCARD enum refusal moves_name(struct book *book, struct moves *moves, const struct named *named);
void moves_add(struct book *book, struct moves *moves, const struct move *move);
void book_touch(struct book *book, struct book_line *line);
bool unit_moves_stock(const struct book_line *line, const struct book_unit *unit);
/* How many bundles so many units of a component make, cut at six places. */
int64_t bundles_in(int64_t qty_micro, int64_t per_micro);
/* Bundles completed by a quantity of its units, as `which` says. */
enum unit_count { UNITS_SHIPPED, UNITS_EARNED, UNITS_EARNED_AND_SHIPPED };
int64_t line_least(const struct book_line *line, enum unit_count which);
/* The same, but all that is not cancelled once every component is used up. */
int64_t line_complete(const struct book_line *line, enum unit_count which);
static inline int64_t unit_open(const struct book_unit *unit)
{
    return unit->ordered_micro - unit->shipped_micro - unit->cancelled_micro;
}
int64_t line_open(const struct book_line *line);
/* Sold before they ship; of a bundle, earned ones of which not all has left. */
int64_t line_sold(const struct book_line *line);
/* Came back before they were earned, and never will be. */
int64_t line_back_unearned(const struct book_line *line);
/* Shipped, still with the customer or on the way there, and not earned. */
int64_t unit_awaiting(const struct book_unit *unit);
/* `qty` of a line in its own unit. */
int64_t line_own_units(const struct book_line *line, int64_t qty_micro);

/* One sentence into the result. */
enum refusal book_say(struct book *book, enum refusal refusal, const char *format, ...) PRINTF_LIKE(3, 4);
enum refusal book_need_version(struct book *book);
/* "2.5" of a quantity, "12.00" of an amount in the order's currency. */
struct text {
    char at[24];
};
struct text qty_text(int64_t qty_micro);
struct text money_text(const struct book *book, int64_t minor);

/* ---- order_account.c: lines, and the three accounts of the order ---- */

void book_post(struct book *book, enum role role, struct balance amount, const struct about *about);
/* The first event with money says which currency the order is in. */
void book_set_money(struct book *book, currency money);
/* At the order's rate of this event. */
int64_t book_at_rate(struct book *book, int64_t minor);
int64_t sum_of(struct book *book, int64_t a, int64_t b);
/* Draws `minor`, not more than there is; returns it with what it carried. */
struct balance balance_take(struct book *book, struct balance *balance, int64_t minor);
void balance_give(struct book *book, struct balance *balance, struct balance amount);
struct balance negative(struct balance amount);
/* Gives the lines from `first` on their company amounts: they sum to company_minor (debit positive) as they sum in the
 * order's currency. */
void book_price_lines(struct book *book, size_t first, int64_t company_minor);
void book_fx(struct book *book, int64_t debit_company_minor);
/* Takes what the event earned from the deposit, then makes it receivable; prices the lines from `first` on. */
void book_settle_earned(struct book *book, size_t first);
/* Deposits beyond what is still to be earned become refunds due. */
void book_release_excess(struct book *book);
/* Settles and checks the event's lines (J-1, J-6, P-2). */
struct account_mark {
    struct balance deposit, receivable, refunds_due;
};
void book_check_event(struct book *book, const struct account_mark *before);

/* ---- order_earn.c: units earned, cancelled, costed ---- */

/* Earns q units; returns sales less discount. book_earn_rest follows at once, for what concerns the line as a whole. */
int64_t unit_earn(struct book *book, struct book_line *line, struct book_unit *unit, int64_t qty_micro);
void book_earn_rest(struct book *book, struct book_line *line);
/* Cancels open units; those sold before they ship (revenue_at payment) are taken back. Returns how many were. */
int64_t unit_cancel(struct book *book, struct book_line *line, struct book_unit *unit, int64_t qty_micro);
void book_cancel_rest(struct book *book, struct book_line *line, int64_t qty_micro);
/* Posts a dropship line's cost up to the units shipped and earned; what came back unearned is cost as well. */
void book_settle_cost(struct book *book, struct book_line *line);
void book_post_cost(struct book *book, struct book_line *line, int64_t accrued_minor, int64_t cost_minor);
/* On the day of the event we are the supplier's agent (revenue_gross net). */
bool line_is_commission(const struct book *book, const struct book_line *line);
void post_sales(struct book *book, struct book_line *line, const struct book_unit *unit, int64_t minor);
void post_discount(struct book *book, struct book_line *line, const struct book_unit *unit, int64_t minor);
void post_shipping(struct book *book, struct book_line *line, int64_t minor);
void post_shipping_discount(struct book *book, struct book_line *line, int64_t minor);
void post_rounding(struct book *book, int64_t minor);
void post_tax(struct book *book, struct book_line *line, const struct book_tax *tax, int64_t minor);
/* Everything unearned, where captures have reached the total (revenue_at payment). */
void book_earn_paid(struct book *book);
/* `back` units of a line that were sold before they ship are taken back: so is what was refunded of them. */
void book_keep_refunded(struct book *book, struct book_line *line, int64_t back_micro);
/* Open units that were refunded and that an edit took off count as cancelled ones. */
void book_refunds_taken_off(struct book_line *line);
/* Taking units back leaves no less earned than was refunded. */
void book_keep_earned(struct book *book);
/* What went to tax payable before it was earned: up to `minor` of it for units that will not be earned, cancelled ones
 * first. Posts it and returns what it took. */
int64_t tax_take_due(struct book *book, struct book_line *line, struct book_tax *tax, int64_t minor);

/* Earned or cancelled value of a line, with its taxes, that was not refunded yet. */
int64_t line_refundable(const struct book_line *line);

/* ---- order_days.c: services whose units pass by days ---- */

/* Units of the line that pass up to the end of `through`; nothing where it does not run by days. */
int64_t days_due(const struct book_line *line, int32_t through);
/* They pass: shipped and, unless they wait for their payment, earned. What concerns the line as a whole follows. */
void days_pass(struct book *book, struct book_line *line, int32_t through);
/* What had passed by the last month's end, or its own, before a version that says so. */
void book_days_caught_up(struct book *book);

/* What concerns the touched lines as a whole, then the account, then their cost. */
void book_settle_touched(struct book *book, size_t first);

/* ---- one handler per kind of event ---- */

NODISCARD enum refusal book_version(struct book *book);
NODISCARD enum refusal book_payment(struct book *book);
NODISCARD enum refusal book_customer(struct book *book);
NODISCARD enum refusal book_cancel(struct book *book);
NODISCARD enum refusal book_shipment(struct book *book);
NODISCARD enum refusal book_delivery(struct book *book);
NODISCARD enum refusal book_refund(struct book *book);
NODISCARD enum refusal book_return(struct book *book);
NODISCARD enum refusal book_entry(struct book *book);
NODISCARD enum refusal book_opening(struct book *book);
NODISCARD enum refusal book_service(struct book *book);

#endif
