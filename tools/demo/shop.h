/* shop.h: the demo merchant at work. Time runs forward once: orders come in by the season's rhythm, each makes
 * what follows from it happen later, and every day the stockroom looks around. Whatever happens is written down as
 * a document dated when it happened, which arrives in the file then or later.
 *
 * The merchant knows what is on its shelves, so that counts find almost what should be there, and knows what each order
 * was paid, shipped and refunded, so that no document asks for more than is open. Quantities are millionths, amounts
 * cents. Memory holds what is open: orders not finished, goods on their way, lines not yet arrived. */
#ifndef TIEOUT_DEMO_SHOP_H
#define TIEOUT_DEMO_SHOP_H

#include "base/decimal.h"
#include "base/prng.h"
#include "catalogue.h"
#include "localtime.h"
#include "pile.h"
#include "queue.h"
#include <stdbool.h>

enum happening {
    DAY_BREAKS,
    /* of an order */
    PARCEL_LEAVES, /* arg: the leg */
    PARCEL_ARRIVES,
    MONEY_COMES, /* arg: the amount */
    ORDER_IS_CANCELLED,
    ORDER_IS_EDITED,
    MONEY_GOES_BACK, /* arg: enum refund_form, plus the amount of a plain one */
    GOODS_COME_BACK,
    ORDER_IS_REPLACED,
    DEBT_IS_GIVEN_UP,
    /* of a purchase */
    GOODS_ARRIVE,
    COST_IS_CORRECTED,
    BILL_COMES,   /* arg: the part, 0 whole, 1 first, 2 second */
    CREDIT_COMES, /* arg: 0 the credit note, 1 the right bill */
    FREIGHT_IS_BILLED,
    GOODS_GO_BACK,
    /* of the stockroom */
    TRANSFER_LEAVES,
    TRANSFER_ARRIVES,
    STOCK_IS_LOOKED_OVER,
    SETS_ARE_MADE,
    HAPPENING_COUNT
};

/* What events point at: freed when nothing more will happen to it. */
struct matter {
    int pending;
};

enum { LINES_MAX = 6, TAXES_MAX = 2, PAYMENTS_MAX = 2 };
enum line_by { BY_STOCK, BY_SUPPLIER, BY_WIRE /* digital */ };
struct sale_line {
    int good;
    enum line_by by;
    enum place place, planned; /* where it leaves from; what the order says of it */
    int leg;                   /* which parcel: 0 the first, 1 the second, 2 a supplier's, 3 by wire; more: put off */
    int bundle_version;
    bool in_cases, states_fulfil, in_pieces;
    /* In the line's own unit. `first` go with the first parcel, where not all do; `going` with the one at hand. */
    int64_t qty, first, going, shipped, cancelled, coming_back;
    int64_t unit_price_micro, cost_micro;
    int64_t discount;
    /* Worth, what is taken off it by line and order, and the taxes. */
    int64_t value, less, tax[TAXES_MAX];
    /* What was cancelled of them, and what may still be refunded of the rest, for how many units. */
    int64_t cancelled_net, cancelled_tax[TAXES_MAX];
    int64_t refundable, refundable_tax[TAXES_MAX], refundable_qty;
    bool part_comes_back; /* only the first part of a bundle */
};
struct sale_payment {
    int64_t number, at_us, amount;
    bool authorised;
};
/* What becomes of an order besides being shipped and paid. */
enum fate {
    ENDS_WELL,
    CANCELLED,
    PART_CANCELLED,
    EDITED_UP,
    EDITED_DOWN,
    RELABELLED, /* a new version that only changes its state */
    RETURNED,
    GOODWILL,
    ALLOWANCE,
    REPLACED,
    OVERPAID,
    NEVER_PAID,
    WRITTEN_OFF
};
struct sale {
    struct matter matter;
    enum channel channel;
    int64_t number, replaces;
    int64_t at_us, updated_us;
    int version;
    int64_t customer;
    enum fate fate;
    const char *status;
    const struct tax_place *taxed; /* NULL: none */
    struct sale_line lines[LINES_MAX];
    int line_count;
    int64_t shipping, shipping_discount, shipping_tax[TAXES_MAX];
    int64_t discount, tip, rounding, total;
    struct sale_payment payments[PAYMENTS_MAX];
    int payment_count;
    int64_t paid;
    bool was_moved;     /* some of it leaves from elsewhere than planned */
    bool is_in_several; /* what leaves now leaves in several parcels */
    bool is_shipped;
};

struct purchase_line {
    int good;
    bool in_cases, by_total;
    int64_t qty, unit_cost_micro, total; /* in the line's unit */
    int64_t billed_qty, billed;
};
enum { PURCHASE_LINES_MAX = 12 };
struct purchase {
    struct matter matter;
    enum supplier supplier;
    enum place place;
    int64_t number, bill_number;
    struct purchase_line lines[PURCHASE_LINES_MAX];
    int line_count;
    bool is_dated; /* by its day only */
    bool is_billed_early;
};

struct moved_line {
    int good;
    int64_t qty, received;
};
enum { MOVED_LINES_MAX = 8 };
struct transfer {
    struct matter matter;
    enum place from, to;
    int64_t number, shipped_us, freight;
    bool capitalise, told_twice;
    struct moved_line lines[MOVED_LINES_MAX];
    int line_count;
};

struct shelf {
    int64_t on_hand, damaged, quarantined; /* on hand holds the other two */
    int64_t coming;
    int64_t last_receipt;           /* the purchase that filled it last */
    int64_t used_today, used_daily; /* today so far; and what a usual day takes */
};

struct shop {
    int64_t orders, order_index;
    uint64_t seed;
    int months;
    bool clean; /* no dirt, nothing that waits for ever */
    struct prng prng;
    struct pile pile;
    struct queue queue;
    int32_t first_day, end_day, day;
    int64_t now_us;
    /* When orders come: the weight of each hour, summed up to the hour at hand. */
    int64_t season_total, season_before;
    int64_t season_hour;
    struct shelf shelves[GOODS_MAX][PLACE_COUNT];
    int64_t cost_micro[GOODS_MAX]; /* what a unit costs today */
    int32_t want[CHANNEL_COUNT][GOODS_MAX], want_total[CHANNEL_COUNT];
    int64_t numbers[24]; /* the last used, by enum numbered */
    int64_t last_receipt[SUPPLIER_COUNT][PLACE_COUNT];
    int64_t carriage[2]; /* owed to each parcel carrier this month */
};

/* ---- shop.c: time, chance and names ---- */

enum numbered {
    NUMBER_WEB,
    NUMBER_MARKET,
    NUMBER_WHOLESALE,
    NUMBER_PAYMENT,
    NUMBER_CANCEL,
    NUMBER_SHIPMENT,
    NUMBER_DELIVERY,
    NUMBER_REFUND,
    NUMBER_RETURN,
    NUMBER_RECEIPT,
    NUMBER_BILL,
    NUMBER_LANDED,
    NUMBER_CORRECTION,
    NUMBER_TRANSFER,
    NUMBER_COUNT,
    NUMBER_ADJUSTMENT,
    NUMBER_STATUS,
    NUMBER_ASSEMBLY,
    NUMBER_SUPPLIER_RETURN,
    NUMBER_ENTRY,
    NUMBER_VOID,
};
int64_t number_next(struct shop *shop, enum numbered what);
bool chance(struct shop *shop, int in_100);
bool rarely(struct shop *shop, uint64_t one_in);
int64_t between(struct shop *shop, int64_t low, int64_t high);
/* `matter` may be NULL. */
void later(struct shop *shop, int64_t at_us, enum happening what, struct matter *matter, int64_t arg);
/* Some time in working hours, not before `from_us`. */
int64_t in_working_hours(struct shop *shop, int64_t from_us);
/* When a document that is made now gets here: soon, or, once in a while, days late. */
int64_t arrival(struct shop *shop, int late_in_1000, int late_days);
/* A number that looks like none, yet is another for each `number` below 2^40. */
int64_t scrambled(int64_t number);
void shop_run(struct shop *shop);

/* ---- shelves.c: what lies where ---- */

static inline struct shelf *shelf_of(struct shop *shop, int good, enum place place)
{
    return &shop->shelves[good][place];
}
static inline int64_t shelf_sellable(const struct shelf *shelf)
{
    return shelf->on_hand - shelf->damaged - shelf->quarantined;
}
bool good_is_stocked(const struct good *good);
/* Stock units in one of the line's own unit. */
int64_t line_factor(const struct sale_line *line);
/* Whether the place holds `qty` of the line, a bundle's parts each; and taking it, or so much of one part. */
bool shelf_holds(struct shop *shop, const struct sale_line *line, enum place place, int64_t qty);
void shelf_take(struct shop *shop, const struct sale_line *line, enum place place, int64_t qty);

/* ---- orders ---- */

/* sale_make.c: a new order, and its amounts. */
void order_comes_in(struct shop *shop);
void sale_value(struct sale *sale);
struct sale *sale_replacement(struct shop *shop, const struct sale *of);
struct sale *sale_begin(struct shop *shop, enum channel channel);
/* sale_paper.c: the order's document. */
struct word sale_id(const struct sale *sale);
void sale_write(struct shop *shop, const struct sale *sale, int64_t arrives_us);
void put_taxes(struct json_out *json, const struct sale *sale, const int64_t tax[TAXES_MAX]);
struct word payment_id(enum channel channel, int64_t number);
/* sale_ship.c */
void parcel_leaves(struct shop *shop, struct event *event);
void parcel_arrives(struct shop *shop, struct event *event);
/* sale_after.c: money, cancels, edits, returns. */
void sale_follow(struct shop *shop, struct sale *sale);  /* an order was placed */
void sale_shipped(struct shop *shop, struct sale *sale); /* all of it has left */
void money_comes(struct shop *shop, struct event *event);
void order_is_cancelled(struct shop *shop, struct event *event);
void order_is_edited(struct shop *shop, struct event *event);
void money_goes_back(struct shop *shop, struct event *event);
void goods_come_back(struct shop *shop, struct event *event);
void order_is_replaced(struct shop *shop, struct event *event);
void debt_is_given_up(struct shop *shop, struct event *event);

/* ---- purchase.c ---- */

/* Orders what runs low, from the suppliers whose turn it is. */
void purchases_review(struct shop *shop);
void purchases_first(struct shop *shop);
void goods_arrive(struct shop *shop, struct event *event);
void cost_is_corrected(struct shop *shop, struct event *event);
void bill_comes(struct shop *shop, struct event *event);
void credit_comes(struct shop *shop, struct event *event);
void freight_is_billed(struct shop *shop, struct event *event);
void goods_go_back(struct shop *shop, struct event *event);
void month_is_billed(struct shop *shop);

/* ---- stockroom.c ---- */

void transfer_leaves(struct shop *shop, struct event *event);
void transfer_arrives(struct shop *shop, struct event *event);
void stock_is_looked_over(struct shop *shop, struct event *event);
void sets_are_made(struct shop *shop, struct event *event);
void stock_is_counted(struct shop *shop); /* as yesterday ended */

/* ---- dirt.c: what no file from outside is without ---- */

void dirt_strew(struct shop *shop);
/* Another order under an id and version that are known. */
void dirt_conflict(struct shop *shop, const struct sale *sale);

/* ---- definitions.c: items and locations ---- */

void definitions_write(struct shop *shop);

/* ---- plain.c: the growth workload ---- */

/* At least PLAIN_ITEMS_LEAST items. */
enum { PLAIN_ITEMS_LEAST = 6 };
void plain_write(struct pile *pile, int64_t orders, int64_t items, uint64_t seed);

#endif
