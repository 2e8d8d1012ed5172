/* decide.c: see decide.h. The steps, in order: order books, item books (again where one item's cost is another's input),
 * entries. Everything lies in the plan's arena; nothing is installed before all of it was accepted. */
#include "flow/decide.h"

#include <stdlib.h>

/* Lines per document and accounting date, before and after. */
struct difference {
    uint32_t document;
    int32_t day;
    const struct key *key; /* of the document: source, type, id */
    struct lines lines;    /* after − before; the plan's own document: after only */
};
struct assembly_base {
    uint32_t document;
    int64_t value_minor;
};
enum { FOLLOW_LEG = 5 }; /* and, for what goes on from there, the legs behind it */
/* A later cost that one movement sent into an assembly's output. */
struct follow {
    movement_id cause, id;
    uint32_t cause_item, item;
    bool said; /* by the cause as it is planned now */
};
struct work {
    struct follow *follows;
    size_t follow_count, follow_room;
    struct plan *plan;
    struct assembly_base *bases;
    size_t base_count, base_room;
    struct decided *out;
    struct difference *differences;
    size_t difference_count, difference_room;
};

static struct lines *difference_lines(struct work *work, uint32_t document, int32_t day, const struct key *key)
{
    /* The last one is nearly always the right one: books hand out their changes document by document. */
    for (size_t i = work->difference_count; i-- > 0;)
        if (work->differences[i].document == document && work->differences[i].day == day)
            return &work->differences[i].lines;
    ARENA_GROW(work->plan->arena, work->differences, work->difference_count, work->difference_room);
    struct difference *added = &work->differences[work->difference_count++];
    *added = (struct difference){.document = document, .day = day, .key = key, .lines = lines_make(work->plan->arena)};
    return &added->lines;
}

static uint32_t subject(const struct plan *plan) { return plan->removes ? plan->voided : plan->number; }

static void add_lines(struct lines *to, const struct lines *from, struct span sku, bool minus)
{
    for (size_t i = 0; i < from->count; i++) {
        struct line line = from->at[i];
        if (line.sku.len == 0 && line.role != ROLE_PRODUCTION_COSTS_ABSORBED)
            line.sku = sku;
        if (minus)
            lines_subtract(to, line);
        else
            lines_add(to, line);
    }
}

/* Nothing but an item's book posts to a stock control account: no sale, no bill, no person. */
static void check_free_of_stock(const struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        must(role_control(lines->at[i].role) != CONTROL_STOCK); /* J-3 */
}

/* ---- items ---- */

static struct item_group *group_of(struct work *work, uint32_t item, bool average)
{
    struct decided *out = work->out;
    for (size_t i = 0; i < out->group_count; i++)
        if (out->groups[i].item == item)
            return &out->groups[i];
    ARENA_GROW(work->plan->arena, out->groups, out->group_count, out->group_room);
    struct item_group *group = &out->groups[out->group_count++];
    *group = (struct item_group){.item = item, .average = average};
    return group;
}

/* The document replaces what it posted before. Versions of a definition or an order stand beside one another instead. */
static bool is_again(const struct plan *plan)
{
    enum document_type type = plan->document->type;
    bool history = type == DOCUMENT_ORDER || type == DOCUMENT_ITEM || type == DOCUMENT_LOCATION;
    return plan->record != NULL && plan->record->current != 0 && !history;
}

/* Some version of the document was accepted before. */
static bool was_posted(const struct plan *plan) { return plan->record != NULL && plan->record->current != 0; }

static bool edit_same(const struct book_edit *a, const struct book_edit *b)
{
    struct buf left = buf_make(1 << 20);
    struct buf right = buf_make(1 << 20);
    movement_pack(&a->movement, &left);
    movement_pack(&b->movement, &right);
    bool same = a->remove == b->remove && span_eq(buf_span(&left), buf_span(&right));
    buf_done(&left);
    buf_done(&right);
    return same;
}

/* An edit that changes nothing makes nothing stale: so two items that go into one another come to rest. */
static void group_edit(struct work *work, struct item_group *group, struct book_edit edit)
{
    edit.replaces = movement_document(edit.movement.id) != work->plan->number || was_posted(work->plan);
    for (size_t i = 0; i < group->edit_count; i++)
        if (group->edits[i].movement.id == edit.movement.id) {
            if (edit_same(&group->edits[i], &edit))
                return;
            group->edits[i] = edit;
            group->stale = true;
            return;
        }
    group->stale = true;
    ARENA_GROW(work->plan->arena, group->edits, group->edit_count, group->edit_room);
    group->edits[group->edit_count++] = edit;
}

/* ---- orders ---- */

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
        if (order->slot->documents[i] != subject(plan) || joins)
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
static void enter_event(const struct plan *plan, struct ruling_event *event)
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
    enter_event(plan, change->events);
    if (!another)
        *order = *first;
    return another;
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
        struct item_group *group = group_of(work, item, movement.costing.method == METHOD_AVERAGE);
        group_edit(work, group, (struct book_edit){.remove = remove, .movement = movement});
        if (sale_follows(&movement, event, &result->effects[i], first + i, &follows))
            group_edit(work, group, (struct book_edit){.remove = remove, .movement = follows});
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
        struct lines *lines = difference_lines(work, order->documents[i], event->day, &event->key);
        check_free_of_stock(&order->results[i].lines);
        add_lines(lines, &order->results[i].lines, (struct span){NULL, 0}, false);
        /* A version's day may move with what comes before it. */
        if (before != NULL && (!own || own_again))
            add_lines(difference_lines(work, order->documents[i], order->slot->events[old].day, &event->key),
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

static void decide_order(struct work *work, struct plan_order *change, struct ruling_order *out)
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
    check_results(work, &order);
    if (!plan_goes_on(plan))
        return;
    collect_order(work, &order);
    order_summary(work, &order, change, out);
}

/* ---- item books ---- */

static void book_said_no(struct work *work, const struct item_group *group)
{
    struct plan *plan = work->plan;
    const struct movement *movement = group->plan.refused_movement;
    char held[24];
    decimal_write(group->plan.held_micro, MICRO_PLACES, 0, held);
    const struct definition *item = NULL;
    if (!company_item_by_number(plan->company, group->item, &item, plan->err)) {
        plan->broken = true;
        return;
    }
    struct span sku = item ? item->versions[0].document->id : SPAN("?");
    if (movement_document(group->plan.refused) != plan->number) {
        plan_refuse(plan, REFUSAL_WOULD_BREAK_LATER, "%.*s %.*s would no longer be possible for item %.*s",
                    SPAN_ARG(movement->key.type), SPAN_ARG(movement->key.id), SPAN_ARG(sku));
        return;
    }
    switch (group->plan.refusal) {
    case BOOK_SHORT:
        plan_refuse(plan, REFUSAL_SHORT, "item %.*s: only %s held at %.*s", SPAN_ARG(sku), held,
                    SPAN_ARG(movement->location));
        return;
    case BOOK_LOT_NOT_HELD:
        plan_refuse(plan, REFUSAL_LOT_NOT_HELD, "item %.*s: only %s of what was picked is held at %.*s", SPAN_ARG(sku),
                    held, SPAN_ARG(movement->location));
        return;
    case BOOK_PICKS_REQUIRED:
        plan_refuse(plan, REFUSAL_PICKS_REQUIRED, "item %.*s: picks must name %s what leaves", SPAN_ARG(sku),
                    "exactly");
        return;
    case BOOK_EXCEEDS:
        plan_wait(plan, REFUSAL_EXCEEDS_OPEN, waiting_for_item(group->item, plan->arena), "item %.*s: only %s is open",
                  SPAN_ARG(sku), movement->kind == MOVE_VALUE ? "less value" : held);
        return;
    case BOOK_OVERFLOW:
        plan_refuse(plan, REFUSAL_OVERFLOW, "item %.*s: a value is too large to keep", SPAN_ARG(sku));
        return;
    case BOOK_OK:
    case BOOK_NEEDS_WHOLE: break;
    }
    must(!"a refusal of a book");
}

static bool plan_group(struct work *work, struct item_group *group, bool careful)
{
    struct plan *plan = work->plan;
    struct item_book *book = NULL;
    if (!company_item_book(plan->company, group->item, group->average, false, &book, plan->err)) {
        plan->broken = true;
        return false;
    }
    group->plan = item_book_plan(book, group->edits, group->edit_count, careful, plan->arena);
    if (group->plan.refusal == BOOK_NEEDS_WHOLE) {
        if (!company_item_book(plan->company, group->item, group->average, true, &book, plan->err)) {
            plan->broken = true;
            return false;
        }
        group->plan = item_book_plan(book, group->edits, group->edit_count, careful, plan->arena);
    }
    group->planned = true;
    group->stale = false;
    if (group->plan.refusal != BOOK_OK)
        book_said_no(work, group);
    return plan_goes_on(plan);
}

static bool all_certain(struct work *work)
{
    struct decided *out = work->out;
    for (size_t i = 0; i < out->group_count; i++) {
        struct item_book *book = NULL;
        if (!company_item_book(work->plan->company, out->groups[i].item, out->groups[i].average, false, &book,
                               work->plan->err)) {
            work->plan->broken = true;
            return false;
        }
        if (!item_book_is_certain(book, out->groups[i].edits, out->groups[i].edit_count))
            return false;
    }
    return true;
}

/* ---- complete counts: what they do not list is zero, also of items that come later ---- */

/* A count, as it is read now, puts its movement into the book of an item that it does not list. */
static void count_joins(struct work *work, struct item_group *group, const struct definition *item, uint32_t number,
                        struct span location)
{
    struct plan *plan = work->plan;
    struct document_record record;
    struct document count;
    bool found = false;
    if (number == subject(plan) || number == plan->number)
        return;
    if (!company_document(plan->company, number, plan->arena, &record, &found, plan->err)) {
        plan->broken = true;
        return;
    }
    must(found);
    const struct document_version *version = document_current(&record);
    if (version->outcome != OUTCOME_POSTED)
        return;
    if (!company_read_document(plan->company, version->document_seq, plan->arena, &count, plan->err)) {
        plan->broken = true;
        return;
    }
    struct plan as_count = {.company = plan->company,
                            .arena = plan->arena,
                            .err = plan->err,
                            .document = &count,
                            .record = &record,
                            .number = number};
    struct movement movement;
    plan_start(&as_count, RANK_COUNT);
    if (count.count.complete == TRUTH_TRUE && span_eq(count.count.location, location) &&
        complete_count_says(&as_count, definition_at(item, as_count.at_us), &movement) && movement.pick_count == 0)
        group_edit(work, group, (struct book_edit){.movement = movement});
    if (as_count.broken)
        plan->broken = true;
}

/* An item that comes to a location for the first time, at whatever date, brings the complete counts of that location. */
static void bring_counts(struct work *work, struct item_group *group, struct span location)
{
    struct plan *plan = work->plan;
    struct item_book *book = NULL;
    const struct definition *item = NULL;
    uint32_t *counts = NULL;
    size_t count = 0;
    if (!company_complete_counts(plan->company, location, plan->arena, &counts, &count, plan->err) ||
        (count > 0 && !company_item_book(plan->company, group->item, group->average, false, &book, plan->err)) ||
        !company_item_by_number(plan->company, group->item, &item, plan->err)) {
        plan->broken = true;
        return;
    }
    for (size_t i = 0; i < count && item_state_count(&book->state, location) == NULL && !plan->broken; i++)
        count_joins(work, group, item, counts[i], location);
}

static void complete_counts(struct work *work)
{
    struct plan *plan = work->plan;
    for (size_t g = 0; plan->company->counts_completely && g < work->out->group_count; g++) {
        size_t own = work->out->groups[g].edit_count;
        for (size_t e = 0; e < own && !plan->broken; e++) {
            const struct book_edit *edit = &work->out->groups[g].edits[e];
            bool seen = edit->remove || edit->movement.location.len == 0;
            for (size_t i = 0; i < e && !seen; i++)
                seen = span_eq(work->out->groups[g].edits[i].movement.location, edit->movement.location);
            if (!seen)
                bring_counts(work, &work->out->groups[g], edit->movement.location);
        }
    }
}

/* ---- assemblies: one item's cost is another's ---- */

static bool is_assembly(const struct key *key) { return span_eq(key->type, SPAN("assembly")); }

/* The output movement of an assembly as it would be now: in a group's edits, else in its item's book. */
static bool output_now(struct work *work, uint32_t document, struct item_group **out_group,
                       struct movement *out_movement, bool *out_goes)
{
    struct plan *plan = work->plan;
    for (size_t g = 0; g < work->out->group_count; g++)
        for (size_t e = 0; e < work->out->groups[g].edit_count; e++) {
            const struct movement *movement = &work->out->groups[g].edits[e].movement;
            if (movement_document(movement->id) == document && movement->kind == MOVE_IN &&
                !work->out->groups[g].edits[e].remove) {
                *out_group = &work->out->groups[g];
                *out_movement = *movement;
                *out_goes = false;
                return true;
            }
        }
    struct document_record record;
    bool found = false;
    if (!company_document(plan->company, document, plan->arena, &record, &found, plan->err)) {
        plan->broken = true;
        return false;
    }
    /* The output is the assembly's last line. */
    const struct document_move *last = NULL;
    for (size_t i = 0; found && i < record.move_count; i++)
        if (last == NULL || movement_line(record.moves[i].id) > movement_line(last->id))
            last = &record.moves[i];
    struct item_book *book = NULL;
    if (last == NULL)
        return false;
    if (!company_item_book(plan->company, last->item, false, true, &book, plan->err)) {
        plan->broken = true;
        return false;
    }
    const struct book_record *at = item_book_find(book, last->id);
    if (at == NULL || at->movement.kind != MOVE_IN)
        return false;
    *out_goes = false;
    for (size_t g = 0; g < work->out->group_count; g++)
        for (size_t e = 0; work->out->groups[g].item == last->item && e < work->out->groups[g].edit_count; e++)
            *out_goes |= work->out->groups[g].edits[e].movement.id == last->id && work->out->groups[g].edits[e].remove;
    *out_group = group_of(work, last->item, book->average);
    *out_movement = at->movement;
    if ((*out_group)->planned && (*out_group)->plan.book != book) {
        /* It was planned on the tail that the whole book has just replaced: again, then. */
        (*out_group)->plan = (struct book_plan){0};
        (*out_group)->planned = false;
        (*out_group)->stale = true;
    }
    return true;
}

/* Value that a movement put on the account where the two sides of an assembly meet. */
static int64_t absorbed(const struct day_lines *days, size_t count)
{
    int64_t sum_minor = 0;
    for (size_t d = 0; d < count; d++)
        for (size_t i = 0; i < days[d].lines.count; i++)
            if (days[d].lines.at[i].role == ROLE_PRODUCTION_COSTS_ABSORBED)
                sum_minor += days[d].lines.at[i].amount_minor;
    return sum_minor;
}

/* What the output of an assembly was worth before this plan (the plan's own assembly: its added cost alone). */
static struct assembly_base *base_of(struct work *work, uint32_t document, const struct movement *output)
{
    for (size_t i = 0; i < work->base_count; i++)
        if (work->bases[i].document == document)
            return &work->bases[i];
    ARENA_GROW(work->plan->arena, work->bases, work->base_count, work->base_room);
    work->bases[work->base_count] = (struct assembly_base){document, output->value_minor};
    return &work->bases[work->base_count++];
}

/* The output's value follows what the components cost by all plans made so far. */
static void assembly_value(struct work *work, uint32_t document)
{
    struct item_group *group = NULL;
    struct movement output;
    bool goes = false;
    if (!output_now(work, document, &group, &output, &goes) || goes)
        return;
    bool own = document == work->plan->number;
    int64_t value_minor = base_of(work, document, &output)->value_minor;
    for (size_t g = 0; g < work->out->group_count; g++)
        for (size_t i = 0; i < work->out->groups[g].plan.change_count; i++) {
            const struct book_change *other = &work->out->groups[g].plan.changes[i];
            const struct movement *taker = other->movement ? other->movement : other->movement_before;
            if (movement_document(other->id) == document && taker->kind == MOVE_OUT)
                value_minor += absorbed(other->after, other->after_count) -
                               (own ? 0 : absorbed(other->before, other->before_count));
        }
    if (value_minor == output.value_minor)
        return;
    output.value_minor = value_minor;
    group_edit(work, group, (struct book_edit){.movement = output});
}

/* A movement as it stands by a group's plan, or before it (`before`); NULL where it does not. */
static const struct movement *movement_in(const struct item_group *group, movement_id id, bool before)
{
    const struct book_plan *plan = &group->plan;
    for (size_t i = 0; !before && !plan->in_place && i < plan->record_count; i++)
        if (plan->records[i].movement.id == id)
            return &plan->records[i].movement;
    /* Without a book the group is to be planned again, and all of this with it. */
    const struct book_record *record = plan->book ? item_book_find(plan->book, id) : NULL;
    return record ? &record->movement : NULL;
}

static const struct movement *consuming_assembly(const struct item_group *group, const struct step *step, bool before)
{
    const struct movement *taker = step->kind == STEP_COST ? movement_in(group, step->target, before) : NULL;
    return taker != NULL && is_assembly(&taker->key) && taker->kind == MOVE_OUT ? taker : NULL;
}

/* Shares of a bill's difference that an output's units take further may stand earlier: against the bill's own GRNI. */
static const struct movement_origin *follow_origin(struct work *work, const struct movement *cause, size_t group_index)
{
    const struct definition *item = NULL;
    if (cause->origin == NULL || cause->kind != MOVE_BILL)
        return cause->origin;
    struct movement_origin *origin = ARENA_NEW(work->plan->arena, struct movement_origin);
    must(origin != NULL);
    if (!company_item_by_number(work->plan->company, work->out->groups[group_index].item, &item, work->plan->err)) {
        work->plan->broken = true;
        return NULL;
    }
    *origin = *cause->origin;
    origin->grni = cause->where;
    origin->sku = item->versions[0].document->id;
    return origin;
}

/* The lots that a cost has come through, the one it is about last: one that it meets again ends there. */
static void follow_path(struct work *work, const struct movement *cause, struct movement *follow)
{
    bool is_about = cause->kind == MOVE_FOLLOW || cause->kind == MOVE_BILL || cause->kind == MOVE_LANDED;
    size_t count = cause->kind == MOVE_FOLLOW ? cause->pick_count : 0;
    follow->picks = ARENA_ARRAY(work->plan->arena, struct movement_pick, count + 2);
    must(follow->picks != NULL);
    for (size_t i = 0; i < count; i++)
        follow->picks[i] = cause->picks[i];
    if (cause->kind != MOVE_FOLLOW) /* the lot that came in, where the cause is an inflow */
        follow->picks[count++] = (struct movement_pick){.receipt = cause->id};
    if (is_about)
        follow->picks[count++] = (struct movement_pick){.receipt = cause->refers};
    follow->pick_count = count;
}

static const struct movement *with_id(struct work *work, struct item_group *group, movement_id id)
{
    for (size_t e = 0; e < group->edit_count; e++)
        if (group->edits[e].movement.id == id)
            return &group->edits[e].movement;
    struct item_book *book = NULL;
    if (!company_item_book(work->plan->company, group->item, group->average, true, &book, work->plan->err)) {
        work->plan->broken = true;
        return NULL;
    }
    const struct book_record *record = item_book_find(book, id);
    return record ? &record->movement : NULL;
}

/* The nth cost that a cause sends on is told by its key: behind the cause, by the places it has come through. The id is
 * any that is free. */
static void follow_name(struct work *work, struct item_group *group, const struct movement *cause, int nth,
                        struct movement *follow)
{
    int leg = cause->kind == MOVE_FOLLOW ? movement_leg(cause->id) + 1 : FOLLOW_LEG;
    follow->key = cause->key;
    follow->key.part = (cause->key.part + 1) * (MOVEMENT_PART_MAX + 1) + nth;
    if (nth > MOVEMENT_PART_MAX || leg > MOVEMENT_LEG_MAX)
        plan_refuse(work->plan, REFUSAL_OVERFLOW, "a later cost goes through more assemblies than can be kept");
    for (int part = nth; plan_goes_on(work->plan); part++) {
        follow->id = movement_id_make(movement_document(cause->id), movement_line(cause->id), part & MOVEMENT_PART_MAX,
                                      leg & MOVEMENT_LEG_MAX);
        const struct movement *there = with_id(work, group, follow->id);
        if (there == NULL || key_compare(&there->key, &follow->key) == 0)
            return;
    }
}

/* What one step of a cause sends on; false: nothing. */
static bool follow_of(struct work *work, const struct movement *cause, const struct step *steps, size_t count,
                      size_t at, int nth, size_t group_index, bool before, uint32_t *out_item,
                      struct movement *out_follow)
{
    const struct movement *taker = consuming_assembly(&work->out->groups[group_index], &steps[at], before);
    struct item_group *group = NULL;
    struct movement output;
    bool goes = false;
    if (taker == NULL || !output_now(work, movement_document(taker->id), &group, &output, &goes) || (goes && !before))
        return false;
    *out_item = group->item;
    *out_follow = output;
    follow_name(work, group, cause, nth, out_follow);
    out_follow->day = cause->day;
    out_follow->kind = MOVE_FOLLOW;
    out_follow->refers = output.id;
    out_follow->value_minor = steps[at].value_minor;
    out_follow->lot = (struct span){NULL, 0};
    out_follow->origin = follow_origin(work, cause, group_index);
    follow_path(work, cause, out_follow);
    /* Its other side answers, line for line, the one that the component's book posted right after the step. */
    bool posted = at + 1 < count && steps[at + 1].kind == STEP_POST && steps[at + 1].where != NULL;
    out_follow->where =
        posted ? *steps[at + 1].where : (struct where){.role = ROLE_PRODUCTION_COSTS_ABSORBED, .tag = SPAN("assembly")};
    return plan_goes_on(work->plan);
}

/* The plan leaves a movement as it stands in the book, or out of it. */
static void forget_edit(struct item_group *group, movement_id id)
{
    size_t kept = 0;
    for (size_t e = 0; e < group->edit_count; e++)
        if (group->edits[e].movement.id != id)
            group->edits[kept++] = group->edits[e];
    group->stale |= kept != group->edit_count;
    group->edit_count = kept;
}

/* Takes a movement out of an item's book, and out of what the plan was about to put there. */
static void drop_follow(struct work *work, const struct follow *follow)
{
    struct item_group *group = group_of(work, follow->item, false);
    struct item_book *book = NULL;
    if (!company_item_book(work->plan->company, group->item, group->average, true, &book, work->plan->err)) {
        work->plan->broken = true;
        return;
    }
    const struct book_record *record = item_book_find(book, follow->id);
    if (record != NULL)
        group_edit(work, group, (struct book_edit){.remove = true, .movement = record->movement});
    else
        forget_edit(group, follow->id);
}

/* A cause that a later round finds unchanged: whatever it has sent on is as it stood before. */
static void settle_follows(struct work *work, size_t group_index)
{
    for (size_t i = 0; i < work->follow_count; i++) {
        const struct item_group *group = &work->out->groups[group_index];
        bool changed = work->follows[i].cause_item != group->item;
        for (size_t c = 0; c < group->plan.change_count; c++)
            changed |= group->plan.changes[c].id == work->follows[i].cause;
        if (!changed)
            forget_edit(group_of(work, work->follows[i].item, false), work->follows[i].id);
    }
}

/* Notes what a cause has sent on so far in this decision, so that a later round can take it back. */
static void note_follow(struct work *work, movement_id cause, uint32_t cause_item, uint32_t item, movement_id id)
{
    for (size_t i = 0; i < work->follow_count; i++)
        if (work->follows[i].id == id && work->follows[i].item == item) {
            work->follows[i].said = true;
            return;
        }
    ARENA_GROW(work->plan->arena, work->follows, work->follow_count, work->follow_room);
    work->follows[work->follow_count++] =
        (struct follow){.cause = cause, .cause_item = cause_item, .item = item, .id = id, .said = true};
}

/* Later cost of units that went into an assembly follows them into its output; what a cause no longer says, of what stood
 * or of what an earlier round put, is taken back. */
static void assembly_follow(struct work *work, const struct book_change *change, size_t group_index)
{
    uint32_t cause_item = work->out->groups[group_index].item;
    uint32_t item = 0;
    struct movement follow;
    for (int now = 0; now < 2; now++) {
        const struct movement *cause = now ? change->movement : change->movement_before;
        const struct step *steps = now ? change->steps : change->steps_before;
        size_t count = now ? change->step_count : change->step_count_before;
        int nth = 0;
        for (size_t i = 0; i < work->follow_count && now; i++)
            work->follows[i].said &= work->follows[i].cause != change->id || work->follows[i].cause_item != cause_item;
        for (size_t s = 0; cause != NULL && s < count; s++) {
            if (consuming_assembly(&work->out->groups[group_index], &steps[s], !now) == NULL)
                continue;
            if (!follow_of(work, cause, steps, count, s, ++nth, group_index, !now, &item, &follow))
                continue;
            note_follow(work, change->id, cause_item, item, follow.id);
            if (now)
                group_edit(work, group_of(work, item, false), (struct book_edit){.movement = follow});
        }
    }
    for (size_t i = 0; i < work->follow_count; i++)
        if (!work->follows[i].said && work->follows[i].cause == change->id && work->follows[i].cause_item == cause_item)
            drop_follow(work, &work->follows[i]);
}

static bool cross_effects(const struct book_plan *book_plan)
{
    for (size_t i = 0; i < book_plan->change_count; i++) {
        const struct book_change *change = &book_plan->changes[i];
        const struct movement *movement = change->movement ? change->movement : change->movement_before;
        if (is_assembly(&movement->key))
            return true;
        for (size_t s = 0; s < change->step_count; s++)
            if (change->steps[s].kind == STEP_COST)
                return true;
        for (size_t s = 0; s < change->step_count_before; s++)
            if (change->steps_before[s].kind == STEP_COST)
                return true;
    }
    return false;
}

/* What a group's plan does to other items by way of assemblies. An earlier round may have done more: that is gone over
 * again too. */
static void send_across(struct work *work, size_t group_index)
{
    for (size_t i = 0; i < work->out->groups[group_index].plan.change_count && !work->plan->broken; i++) {
        const struct book_change *change = &work->out->groups[group_index].plan.changes[i];
        const struct movement *movement = change->movement ? change->movement : change->movement_before;
        if (is_assembly(&movement->key) && movement->kind == MOVE_OUT)
            assembly_value(work, movement_document(movement->id));
        assembly_follow(work, change, group_index);
    }
    for (size_t i = 0; i < work->base_count && !work->plan->broken; i++)
        assembly_value(work, work->bases[i].document);
    if (!work->out->groups[group_index].stale)
        settle_follows(work, group_index);
}

static bool decide_items(struct work *work)
{
    struct plan *plan = work->plan;
    bool assembles = plan->document->type == DOCUMENT_ASSEMBLY || plan->removes;
    bool careful = assembles || (work->out->group_count > 1 && !all_certain(work));
    if (plan->broken)
        return false;
    /* An assembly's output is planned after its components: they were put before it. Each round plans what is stale;
     * effects only go to later keys, so it ends. */
    for (int round = 0; round < 1000000; round++) {
        size_t at = 0;
        while (at < work->out->group_count && !work->out->groups[at].stale)
            at++;
        if (at == work->out->group_count)
            return true;
        if (!plan_group(work, &work->out->groups[at], careful))
            return false;
        if (work->base_count > 0 || work->follow_count > 0 || cross_effects(&work->out->groups[at].plan))
            send_across(work, at);
        if (!plan_goes_on(plan))
            return false;
    }
    must(!"a replay that ends");
    return false;
}

static void add_days(struct work *work, const struct movement *movement, const struct day_lines *days, size_t count,
                     struct span sku, bool minus)
{
    for (size_t i = 0; i < count; i++)
        add_lines(difference_lines(work, movement_document(movement->id), days[i].day, &movement->key), &days[i].lines,
                  sku, minus);
}

static void collect_items(struct work *work)
{
    struct plan *plan = work->plan;
    struct decided *out = work->out;
    struct ruling_item *items = ARENA_ARRAY(plan->arena, struct ruling_item, out->group_count + 1);
    must(items != NULL);
    for (size_t g = 0; g < out->group_count; g++) {
        const struct book_plan *book = &out->groups[g].plan;
        const struct definition *item = NULL;
        if (!company_item_by_number(plan->company, out->groups[g].item, &item, plan->err)) {
            plan->broken = true;
            return;
        }
        struct span sku = item->versions[0].document->id;
        struct book_record *puts = ARENA_ARRAY(plan->arena, struct book_record, book->change_count + 1);
        movement_id *removes = ARENA_ARRAY(plan->arena, movement_id, book->change_count + 1);
        must(puts && removes);
        items[g] = (struct ruling_item){.item = out->groups[g].item, .puts = puts, .removes = removes};
        for (size_t i = 0; i < book->change_count; i++) {
            const struct book_change *change = &book->changes[i];
            uint32_t document = movement_document(change->id);
            bool own = document == subject(plan) && (plan->document->type != DOCUMENT_ORDER || plan->removes);
            if (change->movement != NULL) {
                add_days(work, change->movement, change->after, change->after_count, sku, false);
                puts[items[g].put_count++] = (struct book_record){
                    *change->movement, (struct step *)(uintptr_t)change->steps, change->step_count};
            } else {
                removes[items[g].remove_count++] = change->id;
            }
            if (change->movement_before != NULL && !own)
                add_days(work, change->movement_before, change->before, change->before_count, sku, true);
        }
    }
    out->ruling.items = items;
    out->ruling.item_count = out->group_count;
}

/* ---- entries ---- */

/* Everything that was posted about the plan's subject so far is taken off what it posts now. */
struct posted_scan {
    struct work *work;
    uint64_t *seqs;
    size_t count, room;
};

static bool delta_row(void *context, struct span key, struct span value)
{
    struct posted_scan *scan = context;
    (void)value;
    struct cursor cursor = cursor_of((struct span){key.ptr + 4, key.len - 4});
    uint64_t seq = cursor_u64_be(&cursor) ^ (UINT64_C(1) << 63);
    ARENA_GROW(scan->work->plan->arena, scan->seqs, scan->count, scan->room);
    scan->seqs[scan->count++] = seq;
    return true;
}

static void subtract_posted(struct work *work, uint32_t document, const struct document_record *record)
{
    struct plan *plan = work->plan;
    struct posted_scan scan = {.work = work};
    for (size_t i = 0; i < record->seq_count; i++) {
        ARENA_GROW(work->plan->arena, scan.seqs, scan.count, scan.room);
        scan.seqs[scan.count++] = record->seqs[i];
    }
    unsigned char prefix[4] = {(unsigned char)(document >> 24), (unsigned char)(document >> 16),
                               (unsigned char)(document >> 8), (unsigned char)document};
    struct views *views = &plan->company->views;
    if (!views->scan(views->context, VIEW_DELTA, (struct span){(const char *)prefix, 4}, (struct span){NULL, 0},
                     delta_row, &scan, plan->err))
        plan->broken = true;
    for (size_t i = 0; i < scan.count && !plan->broken; i++) {
        struct truth_row row;
        bool found = false;
        struct ruling ruling;
        if (!views->truth_read(views->context, scan.seqs[i], plan->arena, &row, &found, plan->err)) {
            plan->broken = true;
            return;
        }
        must(found && ruling_unpack(&row, plan->arena, &ruling));
        for (size_t e = 0; e < ruling.entry_count; e++) {
            const struct ruling_entry *entry = &ruling.entries[e];
            if (entry->document != document)
                continue;
            struct lines posted = {.at = (struct line *)(uintptr_t)entry->lines, .count = entry->line_count};
            add_lines(difference_lines(work, document, entry->event_day, NULL), &posted, (struct span){NULL, 0}, true);
        }
    }
}

static int compare_differences(const void *a, const void *b)
{
    const struct difference *x = a;
    const struct difference *y = b;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return (x->document > y->document) - (x->document < y->document);
}

static void collect_entries(struct work *work)
{
    struct plan *plan = work->plan;
    for (size_t i = 0; i < plan->dated_count; i++) {
        check_free_of_stock(&plan->dated[i].lines);
        add_lines(difference_lines(work, plan->dated[i].document, plan->dated[i].day, plan->dated[i].key),
                  &plan->dated[i].lines, (struct span){NULL, 0}, false);
    }
    if (plan->removes) {
        struct document_record record;
        bool found = false;
        if (!company_document(plan->company, plan->voided, plan->arena, &record, &found, plan->err))
            plan->broken = true;
        else
            subtract_posted(work, plan->voided, &record);
    } else if (is_again(plan)) {
        subtract_posted(work, plan->number, plan->record);
    }
    struct ruling_entry *entries = ARENA_ARRAY(plan->arena, struct ruling_entry, work->difference_count + 1);
    must(entries != NULL);
    if (work->difference_count > 1)
        qsort(work->differences, work->difference_count, sizeof *work->differences, compare_differences);
    size_t count = 0;
    for (size_t i = 0; i < work->difference_count && !plan->broken; i++) {
        struct difference *difference = &work->differences[i];
        lines_settle(&difference->lines);
        if (difference->lines.overflow) {
            plan_refuse(plan, REFUSAL_OVERFLOW, "an entry's sums are too large to keep");
            return;
        }
        if (difference->lines.count == 0)
            continue;
        must(lines_balance(&difference->lines)); /* J-1 */
        bool own = difference->document == subject(plan);
        struct ruling_entry *entry = &entries[count++];
        *entry = (struct ruling_entry){
            .day = difference->day > plan->company->lock_day ? difference->day : plan->company->lock_day + 1,
            .event_day = difference->day,
            .document = difference->document,
            .kind = !own                              ? ENTRY_DELTA
                    : is_again(plan) || plan->removes ? ENTRY_CORRECTION
                                                      : ENTRY_ORIGINAL,
            .lines = difference->lines.at,
            .line_count = difference->lines.count,
        };
        must(entry->day > plan->company->lock_day); /* J-5 */
        if (!own) {
            must(difference->key != NULL); /* J-4 */
            entry->source = difference->key->source;
            entry->id = difference->key->id;
            entry->type = (int)document_type_find(difference->key->type);
        }
    }
    work->out->ruling.entries = entries;
    work->out->ruling.entry_count = count;
}

/* What the document (or the one that is voided) had in books before and does not have any more. */
static void remove_old_moves(struct work *work, const struct document_record *record)
{
    for (size_t i = 0; i < record->move_count; i++) {
        struct item_group *group = NULL;
        bool put_again = false;
        for (size_t g = 0; g < work->out->group_count; g++)
            if (work->out->groups[g].item == record->moves[i].item)
                group = &work->out->groups[g];
        for (size_t e = 0; group != NULL && e < group->edit_count; e++)
            put_again |= group->edits[e].movement.id == record->moves[i].id;
        if (put_again)
            continue;
        struct item_book *book = NULL;
        if (!company_item_book(work->plan->company, record->moves[i].item, false, true, &book, work->plan->err)) {
            work->plan->broken = true;
            return;
        }
        for (size_t r = 0; r < book->record_count; r++) {
            const struct movement *movement = &book->records[r].movement;
            bool goes_too = movement_document(movement->id) == record->number;
            for (size_t e = 0; group != NULL && e < group->edit_count; e++)
                goes_too |= group->edits[e].movement.id == movement->id;
            if (movement->refers == record->moves[i].id && !goes_too) {
                plan_refuse(work->plan, REFUSAL_REFERRED_TO, "%.*s %.*s refers to it", SPAN_ARG(movement->key.type),
                            SPAN_ARG(movement->key.id));
                return;
            }
        }
        group_edit(work, group_of(work, record->moves[i].item, book->average),
                   (struct book_edit){.remove = true, .movement = {.id = record->moves[i].id}});
    }
}

static void take_back(struct work *work)
{
    struct plan *plan = work->plan;
    struct document_record record;
    bool found = false;
    if (!company_document(plan->company, plan->voided, plan->arena, &record, &found, plan->err)) {
        plan->broken = true;
        return;
    }
    must(found);
    for (size_t i = 0; i < record.order_count && plan_goes_on(plan); i++) {
        struct order_slot *slot = NULL;
        if (!company_order(plan->company, record.orders[i], &slot, plan->err)) {
            plan->broken = true;
            return;
        }
        for (size_t e = 0;
             slot != NULL && record.type == DOCUMENT_ORDER && record.number == record.orders[i] && e < slot->count; e++)
            if (slot->documents[e] != record.number)
                plan_refuse(plan, REFUSAL_REFERRED_TO, "%s %.*s refers to it",
                            document_type_name(slot->events[e].document->type), SPAN_ARG(slot->events[e].document->id));
        plan_events(plan, record.orders[i], 0);
    }
    remove_old_moves(work, &record);
}

/* An order that the document had events in and names no more: a payment that turns out to be for another. */
static void leave_orders(struct plan *plan)
{
    for (size_t i = 0; i < plan->record->order_count; i++)
        plan_events(plan, plan->record->orders[i], 0);
}

static void dated_before(struct plan *plan, const struct key *later)
{
    plan_refuse(plan, REFUSAL_WOULD_BREAK_LATER, "%.*s %.*s is dated before it", SPAN_ARG(later->type),
                SPAN_ARG(later->id));
}

static void dates_of_orders_hold(struct plan *plan)
{
    for (size_t i = 0; i < plan->order_count && plan_goes_on(plan); i++) {
        struct order_slot *slot = NULL;
        if (!company_order(plan->company, plan->orders[i].order, &slot, plan->err))
            plan->broken = true;
        for (size_t e = 0; slot != NULL && e < slot->count; e++) {
            const struct order_event *later = &slot->events[e];
            bool refers = later->kind == EVENT_RETURN || later->kind == EVENT_DELIVERY;
            if (refers && slot->documents[e] != plan->number && later->key.entered > plan_entered(plan) &&
                later->key.at_us < plan->at_us)
                dated_before(plan, &later->key);
        }
    }
}

/* Queued by date, a version that moves its document behind what refers to it breaks that; queued as it was entered it would
 * stay in front of it, dated later than its own effects. */
static void dates_hold(struct plan *plan)
{
    for (size_t i = 0; i < plan->edit_count && plan_goes_on(plan); i++) {
        const struct movement *own = &plan->edits[i].edit.movement;
        struct item_book *book = NULL;
        if (own->key.entered == 0 || movement_document(own->id) != plan->number)
            continue;
        if (!company_item_book(plan->company, plan->edits[i].item, plan->edits[i].average, true, &book, plan->err)) {
            plan->broken = true;
            return;
        }
        for (size_t r = 0; r < book->record_count; r++) {
            const struct movement *later = &book->records[r].movement;
            if (later->refers == own->id && movement_document(later->id) != plan->number && later->day < own->day)
                dated_before(plan, &later->key);
        }
    }
    dates_of_orders_hold(plan);
}

static void enter_events(struct plan *plan)
{
    for (size_t i = 0; i < plan->order_count; i++)
        for (size_t e = 0; e < plan->orders[i].event_count; e++)
            enter_event(plan, &plan->orders[i].events[e]);
}

bool plan_decide(struct plan *plan, struct decided *out)
{
    struct work work = {.plan = plan, .out = out};
    enter_events(plan);
    if (is_again(plan) && plan_goes_on(plan))
        dates_hold(plan);
    *out = (struct decided){0};
    if (plan_goes_on(plan) && plan->removes)
        take_back(&work);
    if (plan_goes_on(plan) && is_again(plan) && !plan->removes)
        leave_orders(plan);
    for (size_t i = 0; i < plan->edit_count; i++)
        group_edit(&work, group_of(&work, plan->edits[i].item, plan->edits[i].average), plan->edits[i].edit);
    struct ruling_order *orders = ARENA_ARRAY(plan->arena, struct ruling_order, plan->order_count + 1);
    must(orders != NULL);
    for (size_t i = 0; i < plan->order_count && plan_goes_on(plan); i++)
        decide_order(&work, &plan->orders[i], &orders[i]);
    if (plan_goes_on(plan) && is_again(plan) && !plan->removes)
        remove_old_moves(&work, plan->record);
    if (plan_goes_on(plan))
        complete_counts(&work);
    if (plan_goes_on(plan) && decide_items(&work))
        collect_items(&work);
    if (plan_goes_on(plan))
        collect_entries(&work);
    if (plan_goes_on(plan)) {
        plan->outcome = OUTCOME_POSTED;
        out->ruling.orders = orders;
        out->ruling.order_count = plan->order_count;
        plan->groups = out->groups;
        plan->group_count = out->group_count;
    }
    return !plan->broken;
}

void decide_install(struct decided *decided)
{
    for (size_t i = 0; i < decided->group_count; i++)
        if (decided->groups[i].planned)
            item_book_install(&decided->groups[i].plan);
}
