/* verify_truth.c: each row of truth in itself: it can be read, says what its columns say, and its entries balance. */
#include "flow/verify_internal.h"

struct truth_walk {
    struct verify *verify;
    struct arena arena;
    int32_t lock_day;
    uint32_t last_document;
    uint64_t raw_block; /* where the next raw record must stand */
    uint32_t raw_index;
    bool strayed; /* the last one stood elsewhere */
    bool lost;    /* the row before was wrong: what is counted may have jumped */
};

#define FIND(walk, row, ...) verify_find_row((walk)->verify, "truth", "truth", (row)->seq, __VA_ARGS__)

static bool columns_are_possible(const struct truth_row *row)
{
    bool kind = row->kind >= TRUTH_DOCUMENT && row->kind <= TRUTH_PERIOD;
    bool outcome = row->outcome >= OUTCOME_POSTED && row->outcome <= OUTCOME_FAILED;
    bool typed = row->type == DOCUMENT_NONE || (row->type > 0 && row->type < DOCUMENT_TYPE_LIMIT &&
                                                document_fields((enum document_type)row->type) != NULL);
    bool day = row->day >= DAY_MIN && row->day <= DAY_MAX;
    bool period = row->kind == TRUTH_PERIOD && row->day == INT32_MIN;
    return kind && outcome && typed && (day || period) && (row->kind == TRUTH_DOCUMENT) == (row->type != DOCUMENT_NONE);
}

/* The packed document is of the row's own type, source, id and version. */
static void document_look(struct truth_walk *walk, const struct ruling *ruling)
{
    const struct truth_row *row = &ruling->row;
    struct document *document = ARENA_NEW(&walk->arena, struct document);
    must(document != NULL);
    if (ruling->packed.len == 0)
        return;
    if (!document_unpack(ruling->packed, &walk->arena, document)) {
        FIND(walk, row, "the document in it cannot be read");
        return;
    }
    if ((int)document->type != row->type || document->version != row->version ||
        !span_eq(document->source, row->source) || !span_eq(document->id, row->id))
        FIND(walk, row, "its columns name another document than the one in it");
}

/* J-1, J-4, J-5: checked again on what is stored. */
static void entry_look(struct truth_walk *walk, const struct truth_row *row, const struct ruling_entry *entry,
                       size_t number)
{
    struct lines lines = {.at = (struct line *)(uintptr_t)entry->lines, .count = entry->line_count};
    walk->verify->counts->entries++;
    if (!lines_balance(&lines))
        FIND(walk, row, "J-1: entry %zu does not balance", number);
    for (size_t i = 0; i < entry->line_count; i++)
        if (role_name(entry->lines[i].role)[0] == '\0')
            FIND(walk, row, "entry %zu names no account", number);
    if (entry->document == 0 || entry->id.len == 0)
        FIND(walk, row, "J-4: entry %zu names no document", number);
    if (entry->day <= walk->lock_day)
        FIND(walk, row, "J-5: entry %zu is dated in a period that was closed", number);
    if (entry->day < entry->event_day)
        FIND(walk, row, "J-5: entry %zu is dated before its event", number);
}

/* Records are kept one after the other, block by block. One row that strays is the wrong one; when the next strays too, the
 * count begins anew there. */
static void raw_place_look(struct truth_walk *walk, const struct ruling *ruling)
{
    const struct truth_row *row = &ruling->row;
    bool brings_one = row->kind == TRUTH_SET_ASIDE || ruling->packed.len > 0;
    if (!brings_one)
        return;
    bool next = row->raw_block == walk->raw_block && row->raw_index == walk->raw_index;
    bool next_block = row->raw_block == walk->raw_block + 1 && row->raw_index == 0;
    if (!next && !next_block && !walk->lost)
        FIND(walk, row, "its raw record stands at %llu, %u, not at %llu, %u where the one before ends",
             (unsigned long long)row->raw_block, row->raw_index, (unsigned long long)walk->raw_block, walk->raw_index);
    if (next || next_block || walk->strayed || walk->lost) {
        walk->raw_block = row->raw_block;
        walk->raw_index = row->raw_index;
    }
    walk->strayed = !next && !next_block;
    walk->raw_index++;
}

static void ruling_look(struct truth_walk *walk, const struct ruling *ruling)
{
    const struct truth_row *row = &ruling->row;
    bool about_document = row->kind == TRUTH_DOCUMENT || row->kind == TRUTH_SET_ASIDE;
    /* After a row that was wrong the count is unknown, once. */
    bool jumps = ruling->document > walk->last_document + 1 && !walk->lost;
    if (about_document && (ruling->document == 0 || jumps))
        FIND(walk, row, "it is about document %u, and %u were known before it", ruling->document, walk->last_document);
    if (about_document && ruling->document > walk->last_document)
        walk->last_document = ruling->document;
    if (about_document && (row->id.len == 0 || row->source.len == 0 || row->raw_block == 0) &&
        row->refusal != REFUSAL_VOIDED)
        FIND(walk, row, "it names no document, or no raw record");
    document_look(walk, ruling);
    raw_place_look(walk, ruling);
    walk->lost = false;
    for (size_t i = 0; i < ruling->entry_count; i++)
        entry_look(walk, row, &ruling->entries[i], i + 1);
    if (row->kind == TRUTH_PERIOD)
        walk->lock_day = row->day;
}

static bool truth_each(void *context, const struct truth_row *row)
{
    struct truth_walk *walk = context;
    struct ruling ruling;
    uint64_t found = walk->verify->counts->findings;
    arena_reset(&walk->arena);
    if (!columns_are_possible(row))
        FIND(walk, row, "its columns cannot have been written by tieout");
    else if (!ruling_unpack(row, &walk->arena, &ruling))
        FIND(walk, row, "its body cannot be read");
    else
        ruling_look(walk, &ruling);
    walk->lost |= walk->verify->counts->findings != found;
    if (row->seq % 1024 == 0)
        verify_tell(walk->verify, "decisions", row->seq, walk->verify->last_seq);
    return true;
}

bool verify_truth(struct verify *verify)
{
    struct truth_walk walk = {
        .verify = verify, .arena = arena_make((size_t)4 << 30), .lock_day = INT32_MIN, .raw_block = 1};
    bool good = verify->store->ops->truth_scan(verify->store, verify->company, 1, verify->last_seq, truth_each, &walk,
                                               verify->err);
    arena_done(&walk.arena);
    return good;
}
