/* explain_figures.c: finds what explain.h shows of an item's stock and of an account's balance. */
#include "report/internal.h"

static bool last_movements(const struct reader *reader, const struct item_book *book, size_t limit, struct arena *arena,
                           struct explained_sku *out, struct err *err)
{
    out->movement_total = book->record_count;
    size_t first = book->record_count > limit ? book->record_count - limit : 0;
    out->movements = ARENA_ARRAY(arena, struct explained_movement, book->record_count - first + 1);
    must(out->movements != NULL);
    for (size_t i = first; i < book->record_count; i++)
        if (!record_explain(reader, book, out->definition.id, &book->records[i], arena,
                            &out->movements[out->movement_count++], err))
            return false;
    return true;
}

bool explain_sku(const struct reader *reader, struct span sku, size_t movement_limit, struct arena *arena,
                 struct explained_sku *out, bool *out_found, struct err *err)
{
    const struct definition *definition = NULL;
    struct item_book *book = NULL;
    *out = (struct explained_sku){0};
    *out_found = false;
    if (!company_definition(reader->company, DOCUMENT_ITEM, sku, &definition, err))
        return false;
    if (definition == NULL)
        return true;
    return explain_document_number(reader, definition->number, arena, &out->definition, out_found, err) &&
           company_item_book(reader->company, definition->number, item_is_average(reader, definition), true, &book,
                             err) &&
           last_movements(reader, book, movement_limit, arena, out, err);
}

/* Walks the journal once; of the lines on the account it keeps the last few entries in a ring. */
struct account_walk {
    int32_t as_of;
    struct explained_account *out;
    struct arena *ring; /* one arena per kept entry */
    struct entry_answer *kept;
    size_t limit;
    uint64_t seen;
    bool overflow;
};

/* A copy in `arena`, with only the lines on `role`. */
static struct entry_answer entry_copy(const struct entry_answer *entry, enum role role, struct arena *arena)
{
    struct entry_answer copy = *entry;
    struct line *lines = ARENA_ARRAY(arena, struct line, entry->line_count + 1);
    must(lines != NULL);
    copy.line_count = 0;
    for (size_t i = 0; i < entry->line_count; i++) {
        if (entry->lines[i].role != role)
            continue;
        struct line *line = &lines[copy.line_count++];
        *line = entry->lines[i];
        struct span *const texts[] = {&line->sku,        &line->channel, &line->location, &line->order,
                                      &line->order_line, &line->party,   &line->tag};
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
            if (texts[t]->len > 0)
                *texts[t] = arena_copy(arena, *texts[t]);
    }
    struct span *const names[] = {&copy.cause.source, &copy.cause.id, &copy.subject.source, &copy.subject.id};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        *names[n] = arena_copy(arena, *names[n]);
    copy.lines = lines;
    return copy;
}

static void keep_entry(struct account_walk *walk, const struct entry_answer *entry)
{
    if (walk->limit == 0)
        return;
    size_t at = walk->seen++ % walk->limit;
    arena_reset(&walk->ring[at]);
    walk->kept[at] = entry_copy(entry, walk->out->role, &walk->ring[at]);
}

static bool account_entry(void *context, const struct entry_answer *entry)
{
    struct account_walk *walk = context;
    struct explained_account *out = walk->out;
    bool touched = false;
    int type = entry->cause.type > 0 && entry->cause.type < DOCUMENT_TYPE_LIMIT ? entry->cause.type : DOCUMENT_NONE;
    for (size_t i = 0; i < entry->line_count && entry->day <= walk->as_of; i++) {
        int64_t minor = entry->lines[i].amount_minor;
        if (entry->lines[i].role != out->role)
            continue;
        touched = true;
        int64_t *side = minor > 0 ? &out->movers[type].debit_minor : &out->movers[type].credit_minor;
        walk->overflow |= __builtin_add_overflow(*side, minor > 0 ? minor : -minor, side);
        walk->overflow |= __builtin_add_overflow(out->balance_minor, minor, &out->balance_minor);
    }
    if (touched) {
        out->entry_count++;
        out->movers[type].entry_count++;
        keep_entry(walk, entry);
    }
    return !walk->overflow;
}

/* Oldest first, into the caller's arena. */
static void unroll(struct account_walk *walk, struct arena *arena)
{
    uint64_t count = walk->seen < walk->limit ? walk->seen : walk->limit;
    for (uint64_t i = walk->seen - count; i < walk->seen; i++) {
        struct entry_answer entry = entry_copy(&walk->kept[i % walk->limit], walk->out->role, arena);
        entries_add(&walk->out->last, &entry, arena);
    }
}

bool explain_account(const struct reader *reader, enum role role, int32_t as_of, size_t entry_limit,
                     struct arena *arena, struct explained_account *out, struct err *err)
{
    *out = (struct explained_account){.role = role};
    struct account_walk walk = {.as_of = as_of, .out = out, .limit = entry_limit};
    walk.ring = ARENA_ARRAY(arena, struct arena, entry_limit + 1);
    walk.kept = ARENA_ARRAY(arena, struct entry_answer, entry_limit + 1);
    must(walk.ring && walk.kept);
    for (size_t i = 0; i < entry_limit; i++)
        walk.ring[i] = arena_make((size_t)64 << 20);
    bool good = report_journal(reader, 1, reader->company->applied_seq, account_entry, &walk, err);
    if (good && walk.overflow)
        good = err_set(err, FAILURE_STORE_OTHER, "the balance of %s leaves 63 bits", role_name(role));
    if (good)
        unroll(&walk, arena);
    for (size_t i = 0; i < entry_limit; i++)
        arena_done(&walk.ring[i]);
    return good;
}
