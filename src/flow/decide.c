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
struct work {
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
        order_event_settle_match(&event, order->slot ? order->slot->events[0].document : plan->document, plan->arena);
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
                       struct movement *out_movement)
{
    struct plan *plan = work->plan;
    for (size_t g = 0; g < work->out->group_count; g++)
        for (size_t e = 0; e < work->out->groups[g].edit_count; e++) {
            const struct movement *movement = &work->out->groups[g].edits[e].movement;
            if (movement_document(movement->id) == document && movement->kind == MOVE_IN &&
                !work->out->groups[g].edits[e].remove) {
                *out_group = &work->out->groups[g];
                *out_movement = *movement;
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
static void assembly_value(struct work *work, const struct book_change *change)
{
    const struct movement *movement = change->movement ? change->movement : change->movement_before;
    if (!is_assembly(&movement->key) || movement->kind != MOVE_OUT)
        return;
    uint32_t document = movement_document(movement->id);
    struct item_group *group = NULL;
    struct movement output;
    if (!output_now(work, document, &group, &output))
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

/* The movement that carries one step's later cost from a component's book into its assembly's output. */
static movement_id follow_id(const struct movement *cause, size_t step)
{
    return movement_id_make(movement_document(cause->id), movement_line(cause->id), (int)(step + 1) & MOVEMENT_PART_MAX,
                            2);
}

static const struct movement *consuming_assembly(const struct work *work, const struct step *step, size_t group_index)
{
    const struct book_record *taker = item_book_find(work->out->groups[group_index].plan.book, step->target);
    bool consumes = taker != NULL && is_assembly(&taker->movement.key) && taker->movement.kind == MOVE_OUT;
    return step->kind == STEP_COST && consumes ? &taker->movement : NULL;
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

static void follow_steps(struct work *work, const struct movement *cause, const struct step *steps, size_t count,
                         size_t group_index, const struct book_change *goes_on, bool remove)
{
    for (size_t s = 0; s < count; s++) {
        const struct movement *taker = consuming_assembly(work, &steps[s], group_index);
        struct item_group *group = NULL;
        struct movement output;
        if (taker == NULL || (remove && goes_on && s < goes_on->step_count && goes_on->movement != NULL &&
                              consuming_assembly(work, &goes_on->steps[s], group_index) != NULL))
            continue;
        if (!output_now(work, movement_document(taker->id), &group, &output))
            continue;
        struct movement follow = output;
        follow.id = follow_id(cause, s);
        follow.key = cause->key;
        follow.key.leg = 2;
        follow.key.part = (int)s + 1;
        follow.day = cause->day;
        follow.kind = MOVE_FOLLOW;
        follow.refers = output.id;
        follow.value_minor = steps[s].value_minor;
        follow.lot = (struct span){NULL, 0};
        follow.origin = follow_origin(work, cause, group_index);
        /* Its other side answers, line for line, the one that the component's book posted right after the step. */
        bool posted = s + 1 < count && steps[s + 1].kind == STEP_POST && steps[s + 1].where != NULL;
        follow.where = posted ? *steps[s + 1].where
                              : (struct where){.role = ROLE_PRODUCTION_COSTS_ABSORBED, .tag = SPAN("assembly")};
        group_edit(work, group, (struct book_edit){.remove = remove, .movement = follow});
    }
}

/* Later cost of units that went into an assembly follows them into its output; what a step no longer says is taken back,
 * unless the step at its place says it anew. */
static void assembly_follow(struct work *work, const struct book_change *change, size_t group_index)
{
    if (change->movement_before != NULL)
        follow_steps(work, change->movement_before, change->steps_before, change->step_count_before, group_index,
                     change, true);
    if (change->movement != NULL)
        follow_steps(work, change->movement, change->steps, change->step_count, group_index, NULL, false);
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
    }
    return false;
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
        if (!cross_effects(&work->out->groups[at].plan))
            continue;
        for (size_t i = 0; i < work->out->groups[at].plan.change_count && !plan->broken; i++) {
            assembly_value(work, &work->out->groups[at].plan.changes[i]);
            assembly_follow(work, &work->out->groups[at].plan.changes[i], at);
        }
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
        add_lines(difference_lines(work, plan->number, plan->dated[i].day, NULL), &plan->dated[i].lines,
                  (struct span){NULL, 0}, false);
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
            if (movement->refers == record->moves[i].id && movement_document(movement->id) != record->number) {
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

bool plan_decide(struct plan *plan, struct decided *out)
{
    struct work work = {.plan = plan, .out = out};
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
