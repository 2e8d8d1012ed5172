/* order_book.h: the customer account of one order: which events it has seen, and what each of them posts.
 *
 * An order book is the set of accepted events of one order in key order. order_fold reads them from the first to the
 * last and says, for each, whether it stands at its key and which lines and stock effects it then has. It is pure and
 * total: the same events give the same results, and nothing here knows what was posted before. The caller compares the
 * results with those of the last fold and posts the differences.
 *
 * Knows money and quantities of the order; knows nothing of cost layers: a stock effect says how many units of which
 * item leave or come back, and the item's own book (stock/) decides their cost. */
#ifndef TIEOUT_ORDER_ORDER_BOOK_H
#define TIEOUT_ORDER_ORDER_BOOK_H

#include "ledger/line.h"
#include "order/document.h"
#include "order/policy.h"
#include "order/refusal.h"
#include "stock/key.h"

enum order_event_kind {
    EVENT_VERSION = 1, /* an order document; the lowest version opens the book */
    EVENT_PAYMENT =
        2, /* a payment document, one of order.payments, or another order's refund that is exchanged for this one */
    EVENT_CANCEL = 3,
    EVENT_SHIPMENT = 4,
    EVENT_DELIVERY = 5, /* a delivery document, or the shipment itself once delivered_after days have gone by */
    EVENT_REFUND = 6,
    EVENT_RETURN = 7,
    EVENT_ENTRY = 8,    /* a person's entry whose line names this order (bad debt, a correction of its account) */
    EVENT_OPENING = 9,  /* the cut-over: deposit or receivable brought in */
    EVENT_SERVICE = 10, /* a day at whose end services by days are earned; index: the day */
};

/* What a component of a bundle is, frozen when the line was first read. */
struct order_component {
    struct span sku;
    int64_t qty_micro;    /* in one bundle, stock units */
    int64_t weight_micro; /* its part of the revenue: stand-alone price × quantity (fallback: cost) */
    enum item_kind kind;  /* of the component: supply, service, ... move no valued stock */
};
/* What the definitions said of one order line when it was first read; frozen. Parallel to document->order.lines. */
struct order_line_facts {
    enum item_kind kind;
    int64_t uom_factor_micro;                 /* stock units in one of the line's unit; MICRO when none was named */
    const struct order_component *components; /* bundles only */
    size_t component_count;
    struct span stock_uom;  /* code of the stock unit, and the item's other units: for events that name one */
    const struct uom *uoms; /* may be none */
    size_t uom_count;
};

struct order_event {
    struct key key;
    enum order_event_kind kind;
    const struct document *document;
    size_t
        index; /* EVENT_PAYMENT from an order document: place in its payments; EVENT_ENTRY, EVENT_OPENING: the line's place */
    int32_t day;      /* accounting date */
    int64_t rate_e10; /* company currency for one unit of document->money; 10^10 when they are the same */
    int64_t
        order_rate_e10; /* the same for the order's money, where document->money is another (a shipment that states no
                             * currency); 0: as it last was */
    const struct policy *policy; /* in force at `day`, by the first `settings` settings made */
    const struct policy *stated; /* EVENT_VERSION: in force when the version was made, the lowest as well */
    uint32_t settings;
    const struct order_line_facts *facts; /* EVENT_VERSION: one per line */
};

/* DELIVER: units that were shipped are earned now. SELL: units are earned before they ship (revenue_at payment); UNSELL:
 * units so sold ship now, or were cancelled. */
enum stock_effect_kind { EFFECT_ISSUE, EFFECT_DELIVER, EFFECT_RETURN, EFFECT_SELL, EFFECT_UNSELL };
/* Units of one item that an event moves. */
struct stock_effect {
    enum stock_effect_kind kind;
    int line; /* place of the line in the event's document, from 1 (whole-order shipments: place of the order line) */
    int part; /* place of the component, from 1; 0: no bundle */
    struct span order_line; /* the order line's id */
    struct span sku;
    int64_t qty_micro;    /* > 0, stock units */
    int64_t earned_micro; /* EFFECT_ISSUE: so many of them are earned, by now or before */
    struct span location; /* as given by the event, else by the line's fulfil.location; absent: the default location */
    const struct shipment_line *picks_of; /* EFFECT_ISSUE: where picks stand; may be NULL */
    enum disposition disposition;         /* EFFECT_RETURN */
    int64_t unit_cost_micro;              /* EFFECT_RETURN: stated cost or ABSENT */
    int64_t revenue_minor;                /* ISSUE, DELIVER: sales less discounts recognised with these units, company
                                           * currency (a memo for margins; the lines carry the truth) */
};

/* A service with dates: its units pass by days. */
static inline bool order_runs_by_days(const struct order_line *line) { return moment_is_present(line->service.from); }
/* The last day of `day`'s month. */
int32_t order_month_end(int32_t day);

/* Whose money an event of an account without an order moves; else empty. */
struct span order_event_customer(const struct order_event *event);
/* An account begins with a version of its order or with the cut-over; a customer's with anything that moves it. */
bool order_event_opens(const struct order_event *event);
/* The order as it was first written, wherever in its book that stands: what was open at a cut-over comes before it. Of an
 * account without an order, the document that opened it. */
const struct document *order_events_document(const struct order_event *events, size_t count);

/* Whether an order's total is not what its lines come to: what the document says by itself, whatever becomes of its items. */
bool order_total_differs(const struct document *order, const struct policy *policy, struct arena *arena,
                         struct span *out_detail);

struct order_result {
    enum outcome_of_event { EVENT_STANDS, EVENT_WAITS, EVENT_REFUSED } state;
    enum refusal refusal; /* WAITS, REFUSED */
    struct span detail;   /* one sentence naming line and quantities; in the arena */
    struct lines lines;   /* STANDS: settled and balanced in themselves, dated event.day. Of a person's entry only its
                           * own line (and its exchange difference): they sum to that line, the entry balances as a whole. */
    struct stock_effect *effects;
    size_t effect_count;
    struct stock_effect *asked; /* of a shipment beyond what is ordered or open: what it would take */
    size_t asked_count;
};

/* One order line after the last event. */
struct order_line_state {
    struct span id, sku;
    enum item_kind kind;
    bool dropship;
    int64_t ordered_micro, shipped_micro, cancelled_micro, returned_micro, delivered_micro,
        refunded_micro; /* in the line's own unit */
    int64_t open_micro; /* ordered − shipped − cancelled, never negative */
    int64_t unit_price_micro;
    int64_t refundable_minor; /* recognised or cancelled and not refunded yet, order currency */
};
/* Units of one item that the order still wants from one location (bundles as components). */
struct order_reservation {
    struct span sku, location; /* location absent: the default one */
    int64_t qty_micro;
};
struct order_state {
    const struct document *version; /* in force last */
    struct order_line_state *lines;
    size_t line_count;
    struct order_reservation *reservations; /* merged by sku and location; none of zero */
    size_t reservation_count;
    int64_t deposit_minor, receivable_minor, refunds_due_minor; /* company currency, each >= 0 in its own sense */
    bool finished;                                              /* nothing open to ship, nothing owed either way */
};

/* Folds events[0..count), which must be in key order, the first of them one that opens.
 * Fills out_results[0..count) and *out_state from `arena`. False only when the arena is exhausted or a sum overflows. */
NODISCARD bool order_fold(const struct order_event *events, size_t count, currency company_currency,
                          struct arena *arena, struct order_result *out_results, struct order_state *out_state);

#endif
