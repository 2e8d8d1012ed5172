/* decide_entries.c: from what changed in books to entries: the difference per document and accounting date. */
#include "flow/decide_work.h"

#include <stdlib.h>

struct lines *work_lines(struct work *work, uint32_t document, int32_t day, const struct key *key)
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

void work_add_lines(struct lines *to, const struct lines *from, struct span sku, bool minus)
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
void must_be_free_of_stock(const struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        must(role_control(lines->at[i].role) != CONTROL_STOCK); /* J-3 */
}

static void add_days(struct work *work, const struct movement *movement, const struct day_lines *days, size_t count,
                     struct span sku, bool minus)
{
    for (size_t i = 0; i < count; i++)
        work_add_lines(work_lines(work, movement_document(movement->id), days[i].day, &movement->key), &days[i].lines,
                       sku, minus);
}

void collect_items(struct work *work)
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
            bool own =
                document == plan_subject(plan) && (!document_keeps_versions(plan->document->type) || plan->removes);
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
            work_add_lines(work_lines(work, document, entry->event_day, NULL), &posted, (struct span){NULL, 0}, true);
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

void collect_entries(struct work *work)
{
    struct plan *plan = work->plan;
    for (size_t i = 0; i < plan->dated_count; i++) {
        must_be_free_of_stock(&plan->dated[i].lines);
        work_add_lines(work_lines(work, plan->dated[i].document, plan->dated[i].day, plan->dated[i].key),
                       &plan->dated[i].lines, (struct span){NULL, 0}, false);
    }
    if (plan->removes) {
        struct document_record record;
        bool found = false;
        if (!company_document(plan->company, plan->voided, plan->arena, &record, &found, plan->err))
            plan->broken = true;
        else
            subtract_posted(work, plan->voided, &record);
    } else if (plan_is_again(plan)) {
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
        bool own = difference->document == plan_subject(plan);
        struct ruling_entry *entry = &entries[count++];
        *entry = (struct ruling_entry){
            .day = difference->day > plan->company->lock_day ? difference->day : plan->company->lock_day + 1,
            .event_day = difference->day,
            .document = difference->document,
            .kind = !own                                   ? ENTRY_DELTA
                    : plan_is_again(plan) || plan->removes ? ENTRY_CORRECTION
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
