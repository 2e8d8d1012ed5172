/* decide.c: see decide.h. The steps, in order: order books, item books (again where one item's cost is another's input),
 * entries. Everything lies in the plan's arena; nothing is installed before all of it was accepted. */
#include "flow/decide.h"

#include "flow/decide_work.h"

/* ---- items ---- */

struct item_group *work_group(struct work *work, uint32_t item, bool average)
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
void work_edit(struct work *work, struct item_group *group, struct book_edit edit)
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

/* ---- what the document had before ---- */

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
        if (put_again || is_follow(record->moves[i].id))
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
            if (movement->refers == record->moves[i].id && movement->kind != MOVE_FOLLOW && !goes_too) {
                plan_refuse(work->plan, REFUSAL_REFERRED_TO, "%.*s %.*s refers to it", SPAN_ARG(movement->key.type),
                            SPAN_ARG(movement->key.id));
                return;
            }
        }
        work_edit(work, work_group(work, record->moves[i].item, book->average),
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
            plan_enter_event(plan, &plan->orders[i].events[e]);
}

bool plan_decide(struct plan *plan, struct decided *out)
{
    struct work work = {.plan = plan, .out = out};
    enter_events(plan);
    if (plan_is_again(plan) && plan_goes_on(plan))
        dates_hold(plan);
    *out = (struct decided){0};
    if (plan_goes_on(plan) && plan->removes)
        take_back(&work);
    if (plan_goes_on(plan) && plan_is_again(plan) && !plan->removes)
        leave_orders(plan);
    for (size_t i = 0; i < plan->edit_count; i++)
        work_edit(&work, work_group(&work, plan->edits[i].item, plan->edits[i].average), plan->edits[i].edit);
    struct ruling_order *orders = ARENA_ARRAY(plan->arena, struct ruling_order, plan->order_count + 1);
    must(orders != NULL);
    for (size_t i = 0; i < plan->order_count && plan_goes_on(plan); i++)
        decide_order(&work, &plan->orders[i], &orders[i]);
    if (plan_goes_on(plan) && plan_is_again(plan) && !plan->removes)
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
