/* explain.c: finds what explain.h shows: one document, one order with all its documents, one entry. */
#include "format/frame.h"
#include "report/internal.h"

#include <stdlib.h>

void entries_add(struct entry_answers *entries, const struct entry_answer *entry, struct arena *arena)
{
    ARENA_GROW(arena, entries->at, entries->count, entries->room);
    entries->at[entries->count++] = *entry;
}

/* The decision of a row, in the arena; *out_found false when there is no such row. */
static bool ruling_read(const struct reader *reader, uint64_t seq, struct arena *arena, struct ruling *out,
                        bool *out_found, struct err *err)
{
    struct truth_row row;
    if (!reader->store->ops->truth_read(reader->store, reader->number, seq, arena, &row, out_found, err))
        return false;
    return !*out_found || ruling_unpack(&row, arena, out) ||
           err_set(err, FAILURE_STORE_DAMAGED, "truth row %llu cannot be read: run `tieout verify`",
                   (unsigned long long)seq);
}

/* The bytes a document came as. Damage here is verify's business: then there is nothing to show. */
static bool record_read(const struct reader *reader, struct explained_document *out, struct arena *arena,
                        struct err *err)
{
    struct raw_block block;
    bool found = false;
    if (out->raw_block == 0)
        return true;
    if (!reader->store->ops->raw_read(reader->store, reader->number, out->raw_block, arena, &block, &found, err))
        return false;
    if (found && (out->raw_index >= block.count || !frame_read(block.frame, out->raw_index, arena, &out->record)))
        out->record = (struct span){NULL, 0};
    return true;
}

static bool own_rows(const struct reader *reader, const struct document_record *record, struct arena *arena,
                     struct explained_document *out, struct err *err)
{
    for (size_t i = 0; i < record->seq_count; i++) {
        struct ruling ruling;
        bool found = false;
        if (!ruling_read(reader, record->seqs[i], arena, &ruling, &found, err))
            return false;
        if (!found)
            continue;
        out->seq = ruling.row.seq;
        out->detail = ruling.detail;
        out->recorded_at_us = ruling.row.recorded_at_us;
        if (ruling.row.raw_block != 0) {
            out->raw_block = ruling.row.raw_block;
            out->raw_index = ruling.row.raw_index;
        }
        if (ruling.row.version == out->version || out->version == 0) {
            out->at_us = ruling.at_us;
            out->day = ruling.row.day;
        }
        for (size_t e = 0; e < ruling.entry_count; e++) {
            struct entry_answer entry = entry_of(&ruling, e);
            entries_add(&out->entries, &entry, arena);
        }
    }
    return true;
}

struct delta_scan {
    struct arena *arena;
    uint64_t *seqs;
    size_t count, room;
};

static bool delta_row(void *context, struct span key, struct span value)
{
    struct delta_scan *scan = context;
    (void)value;
    ARENA_GROW(scan->arena, scan->seqs, scan->count, scan->room);
    struct cursor cursor = cursor_of((struct span){key.ptr + 4, key.len - 4});
    scan->seqs[scan->count++] = cursor_u64_be(&cursor) ^ (UINT64_C(1) << 63);
    return true;
}

/* Entries that later decisions posted about this document. */
static bool later_rows(const struct reader *reader, uint32_t number, struct arena *arena,
                       struct explained_document *out, struct err *err)
{
    const unsigned char key[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                  (unsigned char)(number >> 8), (unsigned char)number};
    struct delta_scan scan = {.arena = arena};
    struct store *store = reader->store;
    if (!store->ops->view_scan(store, reader->number, VIEW_DELTA, (struct span){(const char *)key, sizeof key},
                               (struct span){NULL, 0}, delta_row, &scan, err))
        return false;
    for (size_t i = 0; i < scan.count; i++) {
        struct ruling ruling;
        bool found = false;
        if (!ruling_read(reader, scan.seqs[i], arena, &ruling, &found, err))
            return false;
        for (size_t e = 0; found && e < ruling.entry_count; e++) {
            struct entry_answer entry = entry_of(&ruling, e);
            if (ruling.entries[e].document == number)
                entries_add(&out->deltas, &entry, arena);
        }
    }
    return true;
}

static void versions_of(const struct document_record *record, struct arena *arena, struct explained_document *out)
{
    out->versions = ARENA_ARRAY(arena, struct explained_version, record->version_count + 1);
    must(out->versions != NULL);
    for (size_t i = 0; i < record->version_count; i++) {
        const struct document_version *version = &record->versions[i];
        out->versions[out->version_count++] =
            (struct explained_version){version->version, version->outcome, version->refusal, version->seq};
    }
}

static bool movements_of(const struct reader *reader, const struct document_record *record, struct arena *arena,
                         struct explained_document *out, struct err *err)
{
    out->movements = ARENA_ARRAY(arena, struct explained_movement, record->move_count + 1);
    must(out->movements != NULL);
    for (size_t i = 0; i < record->move_count; i++) {
        struct explained_movement *movement = &out->movements[out->movement_count];
        if (!movement_explain(reader, record->moves[i].item, record->moves[i].id, arena, movement, err))
            return false;
        out->movement_count += movement->heading.len > 0;
    }
    return true;
}

bool explain_document_number(const struct reader *reader, uint32_t number, struct arena *arena,
                             struct explained_document *out, bool *out_found, struct err *err)
{
    struct document_record record;
    *out = (struct explained_document){.number = number};
    if (!company_document(reader->company, number, arena, &record, out_found, err))
        return false;
    if (!*out_found)
        return true;
    const struct document_version *current = document_current(&record);
    out->type = (int)record.type;
    out->source = record.source;
    out->id = record.id;
    if (current != NULL) {
        out->version = current->version;
        out->outcome = current->outcome;
        out->refusal = current->refusal;
        out->amount_minor = current->amount_minor;
    }
    if (out->outcome == OUTCOME_WAITING)
        out->waits_for = waiting_describe(current->waits_on, arena);
    versions_of(&record, arena, out);
    return own_rows(reader, &record, arena, out, err) && record_read(reader, out, arena, err) &&
           later_rows(reader, number, arena, out, err) && movements_of(reader, &record, arena, out, err);
}

bool explain_document(const struct reader *reader, struct document_name name, struct arena *arena,
                      struct explained_document *out, bool *out_found, bool *out_several, struct err *err)
{
    uint32_t number = 0;
    *out_found = false;
    if (!company_find_document(reader->company, name.type, name.source, name.id, &number, out_several, err))
        return false;
    return number == 0 || explain_document_number(reader, number, arena, out, out_found, err);
}

/* The other documents of the order's book, each once, in key order. */
static bool book_documents(const struct reader *reader, const struct order_slot *slot, uint32_t order,
                           struct arena *arena, struct explained_order *out, struct err *err)
{
    for (size_t i = 0; i < slot->count; i++) {
        bool known = slot->documents[i] == order;
        for (size_t d = 0; d < out->document_count && !known; d++)
            known = out->documents[d].number == slot->documents[i];
        bool found = false;
        if (!known && !explain_document_number(reader, slot->documents[i], arena, &out->documents[out->document_count],
                                               &found, err))
            return false;
        out->document_count += found;
    }
    return true;
}

bool explain_order(const struct reader *reader, struct span source, struct span id, struct arena *arena,
                   struct explained_order *out, bool *out_found, bool *out_several, struct err *err)
{
    uint32_t number = 0;
    *out = (struct explained_order){0};
    *out_found = false;
    if (!company_find_document(reader->company, DOCUMENT_ORDER, source, id, &number, out_several, err))
        return false;
    if (number == 0)
        return true;
    struct order_slot *slot = NULL;
    if (!company_order(reader->company, number, &slot, err))
        return false;
    out->documents = ARENA_ARRAY(arena, struct explained_document, (slot ? slot->count : 0) + 1);
    must(out->documents != NULL);
    if (!explain_document_number(reader, number, arena, &out->documents[0], out_found, err))
        return false;
    out->document_count = 1;
    if (slot == NULL)
        return true;
    out->has_book = true;
    out->state = slot->state;
    return book_documents(reader, slot, number, arena, out, err);
}

bool explain_entry(const struct reader *reader, uint64_t seq, size_t number, struct arena *arena,
                   struct explained_one_entry *out, bool *out_found, struct err *err)
{
    struct ruling ruling;
    *out = (struct explained_one_entry){0};
    if (!ruling_read(reader, seq, arena, &ruling, out_found, err))
        return false;
    *out_found = *out_found && number >= 1 && number <= ruling.entry_count;
    if (!*out_found)
        return true;
    out->entry = entry_of(&ruling, number - 1);
    bool cause_found = false;
    return explain_document_number(reader, ruling.document, arena, &out->cause, &cause_found, err);
}
