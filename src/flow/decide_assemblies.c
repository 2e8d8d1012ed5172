/* decide_assemblies.c: one item's cost is another's: what components cost goes into the output, then and later. */
#include "flow/decide_work.h"

static bool is_assembly(const struct key *key) { return span_eq(key->type, SPAN("assembly")); }

/* The output movement that the plan puts of an assembly. */
static bool output_in_edits(struct work *work, uint32_t document, struct item_group **out_group,
                            struct movement *out_movement)
{
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
    return false;
}

static bool is_removed(const struct item_group *group, movement_id id)
{
    for (size_t e = 0; e < group->edit_count; e++)
        if (group->edits[e].movement.id == id)
            return group->edits[e].remove;
    return false;
}

/* The output movement of an assembly as it stands in its item's book. */
static bool output_in_book(struct work *work, uint32_t document, struct item_group **out_group,
                           struct movement *out_movement)
{
    struct plan *plan = work->plan;
    struct document_record record;
    bool found = false;
    if (!company_document(plan->company, document, plan->arena, &record, &found, plan->err)) {
        plan->broken = true;
        return false;
    }
    /* The output is the assembly's last line; what it sends on to other outputs has a leg beside it. */
    const struct document_move *last = NULL;
    for (size_t i = 0; found && i < record.move_count; i++)
        if (movement_leg(record.moves[i].id) == 0 &&
            (last == NULL || movement_line(record.moves[i].id) > movement_line(last->id)))
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
    *out_group = work_group(work, last->item, book->average);
    *out_movement = at->movement;
    if ((*out_group)->planned && (*out_group)->plan.book != book) {
        /* It was planned on the tail that the whole book has just replaced: again, then. */
        (*out_group)->plan = (struct book_plan){0};
        (*out_group)->planned = false;
        (*out_group)->stale = true;
    }
    return true;
}

/* The output movement of an assembly as it would be now: as the plan puts it, else as it stands and stays. */
static bool output_now(struct work *work, uint32_t document, struct item_group **out_group,
                       struct movement *out_movement)
{
    return output_in_edits(work, document, out_group, out_movement) ||
           (output_in_book(work, document, out_group, out_movement) && !is_removed(*out_group, out_movement->id));
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
    work_edit(work, group, (struct book_edit){.movement = output});
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

/* The movement of this key that stands in an item's book or that the plan puts there: 0 none. */
static movement_id id_of_key(const struct item_group *group, const struct item_book *book, const struct key *key)
{
    for (size_t e = 0; e < group->edit_count; e++)
        if (!group->edits[e].remove && key_compare(&group->edits[e].movement.key, key) == 0)
            return group->edits[e].movement.id;
    const struct book_record *record = item_book_find_key(book, key);
    return record ? record->movement.id : 0;
}

static bool is_taken(const struct item_group *group, const struct item_book *book, movement_id id)
{
    for (size_t e = 0; e < group->edit_count; e++)
        if (group->edits[e].movement.id == id)
            return true;
    return item_book_find(book, id) != NULL;
}

/* The nth cost that a cause sends on is told by its key: behind the cause, by the places it has come through. The id is
 * that of the movement which has this key already, else any that is free. */
static void follow_name(struct work *work, struct item_group *group, const struct movement *cause, int nth,
                        struct movement *follow)
{
    int leg = cause->kind == MOVE_FOLLOW ? movement_leg(cause->id) + 1 : FOLLOW_LEG;
    struct item_book *book = NULL;
    follow->key = cause->key;
    follow->key.part = (cause->key.part + 1) * (MOVEMENT_PART_MAX + 1) + nth;
    if (nth > MOVEMENT_PART_MAX || leg > MOVEMENT_LEG_MAX)
        plan_refuse(work->plan, REFUSAL_OVERFLOW, "a later cost goes through more assemblies than can be kept");
    if (!company_item_book(work->plan->company, group->item, group->average, true, &book, work->plan->err))
        work->plan->broken = true;
    if (!plan_goes_on(work->plan))
        return;
    follow->id = id_of_key(group, book, &follow->key);
    for (int part = nth; follow->id == 0; part++) {
        movement_id id =
            movement_id_make(movement_document(cause->id), movement_line(cause->id), part & MOVEMENT_PART_MAX, leg);
        follow->id = is_taken(group, book, id) ? 0 : id;
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
    if (taker == NULL || !(before ? output_in_book : output_now)(work, movement_document(taker->id), &group, &output))
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
    struct item_group *group = work_group(work, follow->item, false);
    struct item_book *book = NULL;
    if (!company_item_book(work->plan->company, group->item, group->average, true, &book, work->plan->err)) {
        work->plan->broken = true;
        return;
    }
    const struct book_record *record = item_book_find(book, follow->id);
    if (record != NULL)
        work_edit(work, group, (struct book_edit){.remove = true, .movement = record->movement});
    else
        forget_edit(group, follow->id);
}

/* Whether a movement that the plan leaves as it stands sends something on into the plan's own assembly: a new version of that
 * may have another output. */
static bool sends_into_own(const struct work *work, const struct item_group *group, size_t record)
{
    const struct book_plan *plan = &group->plan;
    if (work->plan->document->type != DOCUMENT_ASSEMBLY || plan->in_place || !plan->same[record])
        return false;
    for (size_t s = 0; s < plan->records[record].step_count; s++) {
        const struct movement *taker = consuming_assembly(group, &plan->records[record].steps[s], false);
        if (taker != NULL && movement_document(taker->id) == work->plan->number)
            return true;
    }
    return false;
}

static bool sends_by(const struct work *work, const struct item_group *group, movement_id cause)
{
    for (size_t i = 0; i < group->plan.change_count; i++)
        if (group->plan.changes[i].id == cause)
            return true;
    for (size_t i = 0; i < group->plan.record_count; i++)
        if (group->plan.records[i].movement.id == cause)
            return sends_into_own(work, group, i);
    return false;
}

/* A cause that a later round finds unchanged: whatever it has sent on is as it stood before. */
static void settle_follows(struct work *work, size_t group_index)
{
    for (size_t i = 0; i < work->follow_count; i++) {
        const struct item_group *group = &work->out->groups[group_index];
        if (work->follows[i].cause_item == group->item && !sends_by(work, group, work->follows[i].cause))
            forget_edit(work_group(work, work->follows[i].item, false), work->follows[i].id);
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
                work_edit(work, work_group(work, item, false), (struct book_edit){.movement = follow});
        }
    }
    for (size_t i = 0; i < work->follow_count; i++)
        if (!work->follows[i].said && work->follows[i].cause == change->id && work->follows[i].cause_item == cause_item)
            drop_follow(work, &work->follows[i]);
}

bool cross_effects(const struct book_plan *book_plan)
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
void send_across(struct work *work, size_t group_index)
{
    for (size_t i = 0; i < work->out->groups[group_index].plan.change_count && !work->plan->broken; i++) {
        const struct book_change *change = &work->out->groups[group_index].plan.changes[i];
        const struct movement *movement = change->movement ? change->movement : change->movement_before;
        if (is_assembly(&movement->key) && movement->kind == MOVE_OUT)
            assembly_value(work, movement_document(movement->id));
        assembly_follow(work, change, group_index);
    }
    for (size_t i = 0; i < work->out->groups[group_index].plan.record_count && !work->plan->broken; i++) {
        const struct item_group *group = &work->out->groups[group_index];
        const struct book_record *record = &group->plan.records[i];
        if (sends_into_own(work, group, i))
            assembly_follow(work,
                            &(struct book_change){.id = record->movement.id,
                                                  .movement = &record->movement,
                                                  .movement_before = &record->movement,
                                                  .steps = record->steps,
                                                  .step_count = record->step_count,
                                                  .steps_before = record->steps,
                                                  .step_count_before = record->step_count},
                            group_index);
    }
    for (size_t i = 0; i < work->base_count && !work->plan->broken; i++)
        assembly_value(work, work->bases[i].document);
    if (!work->out->groups[group_index].stale)
        settle_follows(work, group_index);
}
