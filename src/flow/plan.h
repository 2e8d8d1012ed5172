/* plan.h: what one document is about to do: gathered by the file of its business event, decided by decide.c. Nothing in a
 * plan has changed anything yet.
 *
 * A resolve function reads the document and the company's state and either fills the plan or says why not: plan_refuse,
 * plan_wait, plan_exclude; the first of these stands. A failure of the store sets `broken` (and err). */
#ifndef TIEOUT_FLOW_PLAN_H
#define TIEOUT_FLOW_PLAN_H

#include "state/company.h"

struct plan_edit {
    uint32_t item;
    bool average;
    struct book_edit edit;
};
struct plan_order {
    uint32_t order;
    struct ruling_event *events;
    size_t event_count;
};
struct plan_dated {
    uint32_t document;
    const struct key *key; /* of another document than the plan's */
    int32_t day;
    struct lines lines;
};
struct plan {
    const struct plan *within; /* resolved again because of another plan's change: that plan; else NULL */
    struct company *company;
    struct arena *arena;
    struct err *err;
    bool broken;
    const struct document *document;
    const struct document_record *record; /* NULL: never seen */
    uint32_t number;
    uint64_t document_seq;
    uint64_t seq; /* of the decision to be */
    /* settled by plan_start */
    enum rank rank;
    int64_t at_us; /* may be raised by what it refers to */
    int32_t day;
    const struct policy *policy;
    int64_t rate_e10; /* 0: none is known on the day of rate_at_us, see plan_need_rate */
    int64_t rate_at_us;
    bool has_money; /* its rate was looked for */
    /* what came of it */
    enum outcome outcome;
    enum refusal refusal;
    struct span detail, waits_on;
    int64_t amount_minor;
    struct plan_edit *edits;
    size_t edit_count, edit_room;
    struct plan_order *orders;
    size_t order_count, order_room;
    struct plan_dated *dated;
    size_t dated_count, dated_room;
    const struct item_group *groups; /* of the items whose books it changes; settled by plan_decide */
    size_t group_count;
    bool removes;    /* a void: what the document named did is taken back */
    uint32_t voided; /* its number */
};

void plan_refuse(struct plan *plan, enum refusal refusal, const char *format, ...) PRINTF_LIKE(3, 4);
void plan_wait(struct plan *plan, enum refusal refusal, struct span waits_on, const char *format, ...)
    PRINTF_LIKE(4, 5);
void plan_exclude(struct plan *plan, enum refusal refusal, const char *format, ...) PRINTF_LIKE(3, 4);
static inline bool plan_goes_on(const struct plan *plan) { return !plan->broken && plan->outcome == OUTCOME_NONE; }

/* Time, rank, day, policy and rate of the plan's document.
 *
 * A resolve function judges in this order (docs/formats/order-of-movements.md): what the document says by itself; the
 * documents, items and locations it names; its rate (plan_need_rate); what it says about what it names. */
void plan_start(struct plan *plan, enum rank rank);
/* The plan waits for a rate that plan_start did not find: told once all that it refers to is there. */
void plan_need_rate(struct plan *plan);
/* The plan happens no earlier than `at_us` (a cause comes first). */
void plan_not_before(struct plan *plan, int64_t at_us);
/* Where a movement or event dated `day` stands: at its instant, or (backdated entry_order) where its document was entered. */
void plan_place(const struct plan *plan, struct key *key, int32_t day);
/* The decision that entered the plan's document: a version keeps its document's place; versions that are a history have
 * their own. */
uint64_t plan_entered(const struct plan *plan);
/* Gives all movements gathered so far the plan's final instant: the later of those of all it refers to. */
void plan_raise(struct plan *plan);
/* The amount in the company's currency. */
int64_t plan_money(struct plan *plan, int64_t amount_minor);
int64_t plan_amount(struct plan *plan, int64_t qty_micro, int64_t unit_micro, const char *what);

/* Looks a document up: of the same source, else the one match in the company. False only when the store failed. */
bool plan_lookup(struct plan *plan, enum document_type type, struct reference reference,
                 struct document_record *out_record, bool *out_found, bool *out_several);
/* The document referred to: its record; false when it waits. A posted one is needed. */
bool plan_reference(struct plan *plan, enum document_type type, struct reference reference,
                    struct document_record *out_record, struct document *out_document);
/* A payment that names a customer and no order. */
static inline bool plan_is_on_account(const struct document *document)
{
    return document->type == DOCUMENT_PAYMENT && !reference_is_present(document->payment.order);
}
/* The order book referred to. */
struct order_slot *plan_order_book(struct plan *plan, struct reference reference, uint32_t *out_order);
/* The item's version in force at the plan's instant; NULL when it waits. */
const struct document *plan_item(struct plan *plan, struct span sku, uint32_t *out_number);
/* Waits unless every line of a list names an item that is known. */
#define PLAN_KNOWS_ITEMS(plan, list)                                            \
    for (size_t named = 0; named < (list).count && plan_goes_on(plan); named++) \
    (void)plan_item(plan, (list).at[named].sku, &(uint32_t){0})
/* A location's code: the default one when absent; waits for one not seen. */
struct span plan_location(struct plan *plan, struct span code);
/* Stock units in one of the line's unit; refuses an unknown unit. */
int64_t plan_factor(struct plan *plan, const struct document *item, struct span uom);
int64_t plan_stock_qty(struct plan *plan, int64_t qty_micro, int64_t factor_micro);
enum costing_method costing_method_of(const struct document *item, const struct policy *policy);
/* A movement of this plan's document on an item, everything but its own part filled in. */
struct movement plan_movement(struct plan *plan, enum movement_kind kind, const struct document *item, int line,
                              int part, int leg);
void plan_edit(struct plan *plan, uint32_t item, struct movement movement);
/* Takes a movement that stands in an item's book out of it. */
void plan_remove(struct plan *plan, uint32_t item, bool average, movement_id id);
/* A line that no book decides, on a day. */
void plan_line(struct plan *plan, int32_t day, struct line line);
/* The same for another document. */
void plan_line_of(struct plan *plan, uint32_t document, const struct key *key, int32_t day, struct line line);
/* Events of the document in an order's book, at the plan's instant; their kind is the caller's to say. */
struct ruling_event *plan_events(struct plan *plan, uint32_t order, size_t count);
/* Gives an event another instant, with its day and the rates of that day. */
void plan_event_at(struct plan *plan, uint32_t order, struct ruling_event *event, int64_t at_us);
/* From now on the plan converts at the rates of the day it has come to. */
void plan_rate_of_day(struct plan *plan);

/* One per document type: each fills the plan. */
void resolve_item(struct plan *plan);
void resolve_location(struct plan *plan);
void resolve_order(struct plan *plan);
void resolve_payment(struct plan *plan);
void resolve_cancel(struct plan *plan);
void resolve_shipment(struct plan *plan);
void resolve_delivery(struct plan *plan);
void resolve_refund(struct plan *plan);
void resolve_return(struct plan *plan);
void resolve_receipt(struct plan *plan);
void resolve_bill(struct plan *plan);
void resolve_landed_cost(struct plan *plan);
void resolve_cost_correction(struct plan *plan);
void resolve_transfer(struct plan *plan);
void resolve_count(struct plan *plan);
void resolve_adjustment(struct plan *plan);
void resolve_status_change(struct plan *plan);
void resolve_assembly(struct plan *plan);
void resolve_supplier_return(struct plan *plan);
void resolve_entry(struct plan *plan);
void resolve_void(struct plan *plan);
void resolve_rate(struct plan *plan);
void resolve_opening(struct plan *plan);

/* Whether items of its kind lie in layers. */
bool item_is_kept(const struct document *item);
/* What a complete count says of an item at its location: nothing where a line lists it, else a movement that finds none. */
bool complete_count_says(struct plan *as_count, const struct document *item, struct movement *out_movement);
/* amend.c: what was posted about the receipts that the plan changes is resolved again, as after the change. */
void plan_amend(struct plan *plan);

/* Leg of what an order's book earns or takes back apart from a line of the event's document. */
enum { SALE_LEG = 4 };
/* Leg of a later cost that a movement sends into an assembly's output; what goes on from there has the legs behind it. It
 * comes and goes with that movement, which document resolves it again or not. */
enum { FOLLOW_LEG = 5 };
static inline bool is_follow(movement_id id) { return movement_leg(id) >= FOLLOW_LEG; }
/* The movement of an order's stock effect (also used when an order is folded again). `number`: of the effect, among all
 * that the event's document has in this order. */
struct movement sale_movement(struct plan *plan, const struct order_event *event, uint32_t event_document,
                              uint32_t order, const struct order_slot *slot, const struct stock_effect *effect,
                              size_t number, uint32_t *out_item, bool *out_valued);
/* Refuses the plan where what its shipment takes of an item costed by lot is not named by picks, all of it. */
void sale_picks_all(struct plan *plan, const struct order_event *event, const struct stock_effect *effect);
/* Of units that leave together only some may be earned: the movement that makes those cost of sales. False: none needed. */
bool sale_follows(const struct movement *issue, const struct order_event *event, const struct stock_effect *effect,
                  size_t number, struct movement *out_movement);

#endif
