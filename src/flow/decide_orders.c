/* decide_orders.c: a plan's events in the books of its orders: what each posts, what it asks of items, what moves with it. */
#include "flow/decide_work.h"

#include <stdlib.h>

struct order_work {
    uint32_t order;
    struct order_slot *slot;
    struct order_event *events;
    uint32_t *documents;
    size_t count;
    struct order_result *results;
    struct order_state state;
    int64_t own_us; /* the plan's instant when it was folded */
};

struct sortable {
    struct order_event event;
    uint32_t document;
};

static int compare_sortable(const void *a, const void *b)
{
    return key_compare(&((const struct sortable *)a)->event.key, &((const struct sortable *)b)->event.key);
}

/* The order's events as they would be: the old ones without what the plan replaces, and the plan's own. */
static void gather_events(struct work *work, struct order_work *order, const struct plan_order *change)
{
    struct plan *plan = work->plan;
    bool joins = plan->document->type == DOCUMENT_ORDER;
    size_t old = order->slot ? order->slot->count : 0;
    struct sortable *all = ARENA_ARRAY(plan->arena, struct sortable, old + change->event_count + 1);
    must(all != NULL);
    for (size_t i = 0; i < old; i++)
        if (order->slot->documents[i] != plan_subject(plan) || joins)
            all[order->count++] = (struct sortable){order->slot->events[i], order->slot->documents[i]};
    for (size_t i = 0; i < change->event_count; i++) {
        struct order_event event = order_event_of(plan->company, plan->document, &change->events[i]);
        order_event_settle_match(
            &event, order->slot ? order_events_document(order->slot->events, order->slot->count) : plan->document,
            plan->arena);
        all[order->count++] = (struct sortable){event, plan->number};
    }
    order->events = ARENA_ARRAY(plan->arena, struct order_event, order->count + 1);
    order->documents = ARENA_ARRAY(plan->arena, uint32_t, order->count + 1);
    order->results = ARENA_ARRAY(plan->arena, struct order_result, order->count + 1);
    must(order->events && order->documents && order->results);
    for (size_t i = 0; i < order->count; i++)
        order->events[i] = all[i].event;
    if (!order_events_settle_versions(plan->company, order->events, order->count, plan->err))
        plan->broken = true;
    for (size_t i = 0; i < order->count; i++)
        all[i].event = order->events[i];
    qsort(all, order->count, sizeof *all, compare_sortable);
    for (size_t i = 0; i < order->count; i++) {
        order->events[i] = all[i].event;
        order->documents[i] = all[i].document;
    }
}

/* What is queued as it was entered carries its place. */
void plan_enter_event(const struct plan *plan, struct ruling_event *event)
{
    struct key key;
    plan_place(plan, &key, event->day);
    event->entered = key.entered;
}

/* The plan's own return, where it asks for more than has left at its instant; SIZE_MAX otherwise. */
static size_t early_return(const struct work *work, const struct order_work *order)
{
    for (size_t i = 0; i < order->count && work->plan->document->type == DOCUMENT_RETURN; i++)
        if (order->documents[i] == work->plan->number &&
            (order->results[i].refusal == REFUSAL_EXCEEDS_OPEN || order->results[i].refusal == REFUSAL_EXCEEDS_ORDERED))
            return i;
    return SIZE_MAX;
}

/* A return comes no earlier than the shipment, in key order, that issued the last of its units. So it is tried at its own
 * instant and then at that of each later shipment; where none of them has issued enough, it stays at its own (`first`)
 * and waits. True when there is another to try. */
static bool return_moves_on(struct work *work, struct order_work *order, struct order_work *first,
                            struct plan_order *change)
{
    struct plan *plan = work->plan;
    size_t at = early_return(work, order);
    if (at == SIZE_MAX)
        return false;
    if (first->results == NULL && order->events[at].key.entered != 0)
        return false; /* queued as it was entered it stays where it is, whatever its date */
    if (first->results == NULL)
        *first = *order;
    must(change->event_count == 1);
    while (at < order->count &&
           (order->events[at].kind != EVENT_SHIPMENT || order->events[at].key.at_us <= change->events[0].at_us))
        at++;
    bool another = at < order->count;
    plan->at_us = another ? order->events[at].key.at_us : first->own_us;
    plan->day = company_day(plan->company, plan->at_us);
    plan->policy = company_policy(plan->company, plan->day);
    plan_event_at(plan, order->order, change->events, plan->at_us);
    plan_enter_event(plan, change->events);
    if (!another)
        *order = *first;
    return another;
}

/* Whether the plan's own shipment picks what it must hangs on no other document: that is judged before what there is. */
static void check_picks(struct work *work, const struct order_work *order)
{
    struct plan *plan = work->plan;
    for (size_t i = 0; i < order->count && plan->document->type == DOCUMENT_SHIPMENT; i++) {
        const struct order_result *result = &order->results[i];
        bool stands = result->state == EVENT_STANDS;
        if (order->documents[i] != plan->number || order->events[i].kind != EVENT_SHIPMENT)
            continue;
        for (size_t e = 0; e < (stands ? result->effect_count : result->asked_count) && plan_goes_on(plan); e++)
            sale_picks_all(plan, &order->events[i], stands ? &result->effects[e] : &result->asked[e]);
    }
}

/* Each of the plan's own events must stand; none that stood before may fall. */
static void check_results(struct work *work, const struct order_work *order)
{
    struct plan *plan = work->plan;
    for (size_t i = 0; i < order->count; i++) {
        const struct order_result *result = &order->results[i];
        if (result->state == EVENT_STANDS)
            continue;
        if (order->documents[i] != plan->number) {
            const struct document *later = order->events[i].document;
            plan_refuse(plan, REFUSAL_WOULD_BREAK_LATER, "%s %.*s would no longer be possible: %.*s",
                        document_type_name(later->type), SPAN_ARG(later->id), SPAN_ARG(result->detail));
        } else if (result->state == EVENT_WAITS) {
            plan_wait(plan, result->refusal, waiting_for_order(order->order, plan->arena), "%.*s",
                      SPAN_ARG(result->detail));
        } else {
            plan_refuse(plan, result->refusal, "%.*s", SPAN_ARG(result->detail));
        }
        return;
    }
}

/* The place of an event in the old fold; SIZE_MAX when it is new. */
static size_t old_place(const struct order_work *order, size_t at)
{
    const struct order_event *event = &order->events[at];
    for (size_t i = 0; order->slot != NULL && i < order->slot->count; i++) {
        const struct order_event *old = &order->slot->events[i];
        if (order->slot->documents[i] == order->documents[at] && old->kind == event->kind &&
            old->index == event->index &&
            (event->kind == EVENT_RETURN || event->kind == EVENT_REFUND ||
             old->document->version == event->document->version))
            return i;
    }
    return SIZE_MAX;
}

/* How many effects the document of an event has in events before it: only an order's document has several events. */
static size_t effects_before(const uint32_t *documents, const struct order_event *events,
                             const struct order_result *results, size_t at)
{
    size_t count = 0;
    for (size_t i = 0; i < at && events[at].document->type == DOCUMENT_ORDER; i++)
        count += documents[i] == documents[at] ? results[i].effect_count : 0;
    return count;
}

/* The movements of an event's stock effects join the edits of their items; `remove` takes them out. */
static void effect_edits(struct work *work, const struct order_work *order, const struct order_event *event,
                         uint32_t document, const struct order_result *result, size_t first, bool remove)
{
    const struct order_slot *frame = order->slot;
    struct order_slot fresh = {.events = order->events};
    for (size_t i = 0; i < result->effect_count; i++) {
        uint32_t item = 0;
        bool valued = false;
        struct movement movement = sale_movement(work->plan, event, document, order->order, frame ? frame : &fresh,
                                                 &result->effects[i], first + i, &item, &valued);
        struct movement follows;
        if (!valued)
            continue;
        struct item_group *group = work_group(work, item, movement.costing.method == METHOD_AVERAGE);
        work_edit(work, group, (struct book_edit){.remove = remove, .movement = movement});
        if (sale_follows(&movement, event, &result->effects[i], first + i, &follows))
            work_edit(work, group, (struct book_edit){.remove = remove, .movement = follows});
    }
}

static bool effects_same(const struct order_result *a, const struct order_result *b)
{
    if (a->effect_count != b->effect_count)
        return false;
    for (size_t i = 0; i < a->effect_count; i++) {
        const struct stock_effect *x = &a->effects[i];
        const struct stock_effect *y = &b->effects[i];
        if (x->kind != y->kind || x->line != y->line || x->part != y->part || x->qty_micro != y->qty_micro ||
            x->earned_micro != y->earned_micro || x->disposition != y->disposition ||
            !span_eq(x->order_line, y->order_line) || !span_eq(x->sku, y->sku) || !span_eq(x->location, y->location))
            return false;
    }
    return true;
}

/* What an event had posted, where the fold before knew it; NULL when it is new. */
static const struct order_result *result_before(const struct order_work *order, size_t at, size_t *out_old)
{
    *out_old = old_place(order, at);
    return *out_old == SIZE_MAX ? NULL : &order->slot->results[*out_old];
}

static void collect_effects(struct work *work, const struct order_work *order, size_t at, bool remove)
{
    size_t old = 0;
    const struct order_event *event = &order->events[at];
    const struct order_result *result = &order->results[at];
    const struct order_result *before = result_before(order, at, &old);
    size_t first = effects_before(order->documents, order->events, order->results, at);
    size_t first_before =
        before ? effects_before(order->slot->documents, order->slot->events, order->slot->results, old) : 0;
    /* A version of an order stands beside the earlier ones: what these moved is moved anew. Of any other document that
     * comes again, remove_old_moves takes out what is not put again. */
    bool again = order->documents[at] != work->plan->number || work->plan->document->type == DOCUMENT_ORDER;
    if (before != NULL && again && first == first_before && effects_same(before, result))
        return;
    if (remove && before != NULL && again)
        effect_edits(work, order, &order->slot->events[old], order->documents[at], before, first_before, true);
    if (!remove)
        effect_edits(work, order, event, order->documents[at], result, first, false);
}

static void collect_order(struct work *work, const struct order_work *order)
{
    struct plan *plan = work->plan;
    for (size_t i = 0; i < order->count; i++) {
        const struct order_event *event = &order->events[i];
        size_t old = 0;
        const struct order_result *before = result_before(order, i, &old);
        bool own = order->documents[i] == plan->number;
        /* Of an order, only the version that comes now is the plan's own: the earlier ones keep what they posted. */
        bool own_again = own && before != NULL && plan->document->type == DOCUMENT_ORDER;
        struct lines *lines = work_lines(work, order->documents[i], event->day, &event->key);
        must_be_free_of_stock(&order->results[i].lines);
        work_add_lines(lines, &order->results[i].lines, (struct span){NULL, 0}, false);
        /* A version's day may move with what comes before it. */
        if (before != NULL && (!own || own_again))
            work_add_lines(work_lines(work, order->documents[i], order->slot->events[old].day, &event->key),
                           &before->lines, (struct span){NULL, 0}, true);
    }
    /* Numbers of movements may pass from one event to another: all that goes goes first. */
    for (int removes = 1; removes >= 0; removes--)
        for (size_t i = 0; i < order->count; i++)
            collect_effects(work, order, i, removes);
}

static void order_summary(struct work *work, const struct order_work *order, const struct plan_order *change,
                          struct ruling_order *out)
{
    struct plan *plan = work->plan;
    *out = (struct ruling_order){.order = order->order, .events = change->events, .event_count = change->event_count};
    if (order->count == 0) {
        out->finished = true;
        return;
    }
    out->finished = order->state.finished;
    out->reservation_count = order->state.reservation_count;
    struct ruling_reservation *reservations =
        ARENA_ARRAY(plan->arena, struct ruling_reservation, out->reservation_count + 1);
    must(reservations != NULL);
    for (size_t i = 0; i < out->reservation_count; i++) {
        const struct order_reservation *from = &order->state.reservations[i];
        reservations[i] =
            (struct ruling_reservation){from->sku, from->location.len ? from->location : SPAN("main"), from->qty_micro};
    }
    out->reservations = reservations;
}

/* What opened the account still stands: a version of its order or the cut-over; of a customer's, some payment. */
static bool has_its_opening(const struct order_work *order)
{
    bool of_customer = order_event_customer(&order->events[0]).len > 0;
    for (size_t i = 0; of_customer && i < order->count; i++)
        if (order->events[i].kind == EVENT_PAYMENT)
            return true;
    return !of_customer && order_event_opens(&order->events[0]);
}

void decide_order(struct work *work, struct plan_order *change, struct ruling_order *out)
{
    struct plan *plan = work->plan;
    struct order_slot *slot = NULL;
    struct order_work order, first = {0};
    if (!company_order(plan->company, change->order, &slot, plan->err)) {
        plan->broken = true;
        return;
    }
    do {
        order = (struct order_work){.order = change->order, .slot = slot, .own_us = plan->at_us};
        gather_events(work, &order, change);
        if (order.count > 0 && !has_its_opening(&order)) {
            plan_refuse(plan, REFUSAL_REFERRED_TO, "%s %.*s refers to it",
                        document_type_name(order.events[0].document->type), SPAN_ARG(order.events[0].document->id));
            return;
        }
        if (order.count > 0 &&
            !order_fold(order.events, order.count, plan->company->money, plan->arena, order.results, &order.state)) {
            plan_refuse(plan, REFUSAL_OVERFLOW, "the order's sums are too large to keep");
            return;
        }
    } while (return_moves_on(work, &order, &first, change));
    check_picks(work, &order);
    if (plan_goes_on(plan))
        check_results(work, &order);
    if (!plan_goes_on(plan))
        return;
    collect_order(work, &order);
    order_summary(work, &order, change, out);
}
