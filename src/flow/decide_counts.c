/* decide_counts.c: complete counts: what they do not list is zero, also of items that come later. */
#include "flow/decide_work.h"

/* A count, as it is read now, puts its movement into the book of an item that it does not list. */
static void count_joins(struct work *work, struct item_group *group, const struct definition *item, uint32_t number,
                        struct span location)
{
    struct plan *plan = work->plan;
    struct document_record record;
    struct document count;
    bool found = false;
    if (number == plan_subject(plan) || number == plan->number)
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
        work_edit(work, group, (struct book_edit){.movement = movement});
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

void complete_counts(struct work *work)
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
