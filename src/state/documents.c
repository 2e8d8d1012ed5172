/* documents.c: which documents are known, under which number, with which versions and outcome; see company.h. */
#include "state/internal.h"

static struct view_key identity_key(int type, struct span id, struct span source)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, (uint8_t)type);
    view_key_text(&key, id);
    view_key_tail(&key, source);
    return key;
}

struct identity_scan {
    uint32_t number;
    size_t matches;
};

static bool identity_row(void *context, struct span key, struct span value)
{
    struct identity_scan *scan = context;
    struct cursor cursor = cursor_of(value);
    (void)key;
    scan->number = (uint32_t)cursor_varint(&cursor);
    return ++scan->matches < 2;
}

bool company_find_document(struct company *company, enum document_type type, struct span source, struct span id,
                           uint32_t *out_number, bool *out_several, struct err *err)
{
    *out_number = 0;
    *out_several = false;
    if (source.ptr != NULL) {
        struct view_key key = identity_key((int)type, id, source);
        struct arena arena = arena_make(4096);
        struct span value;
        bool found = false;
        bool good =
            company->views.get(company->views.context, VIEW_IDENTITY, view_key_span(&key), &arena, &value, &found, err);
        if (good && found) {
            struct cursor cursor = cursor_of(value);
            *out_number = (uint32_t)cursor_varint(&cursor);
        }
        arena_done(&arena);
        return good;
    }
    struct view_key prefix;
    view_key_start(&prefix);
    view_key_u8(&prefix, (uint8_t)type);
    view_key_text(&prefix, id);
    struct identity_scan scan = {0};
    if (!company->views.scan(company->views.context, VIEW_IDENTITY, view_key_span(&prefix), (struct span){NULL, 0},
                             identity_row, &scan, err))
        return false;
    *out_several = scan.matches > 1;
    *out_number = scan.matches == 1 ? scan.number : 0;
    return true;
}

static struct view_key number_key(uint32_t number)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u32(&key, number);
    return key;
}

static void record_pack(const struct document_record *record, struct buf *out)
{
    buf_put_u8(out, (uint8_t)record->type);
    buf_put_bytes(out, record->source);
    buf_put_bytes(out, record->id);
    buf_put_varint(out, record->entered);
    buf_put_signed(out, record->current);
    buf_put_varint(out, record->version_count);
    for (size_t i = 0; i < record->version_count; i++) {
        const struct document_version *version = &record->versions[i];
        buf_put_signed(out, version->version);
        buf_put_u64_be(out, version->content);
        buf_put_varint(out, version->seq);
        buf_put_varint(out, version->document_seq);
        buf_put_u8(out, (uint8_t)version->outcome);
        buf_put_varint(out, (uint64_t)version->refusal);
        buf_put_signed(out, version->amount_minor);
        buf_put_bytes(out, version->waits_on);
    }
    buf_put_varint(out, record->order_count);
    for (size_t i = 0; i < record->order_count; i++)
        buf_put_varint(out, record->orders[i]);
    buf_put_varint(out, record->move_count);
    for (size_t i = 0; i < record->move_count; i++) {
        buf_put_varint(out, record->moves[i].item);
        buf_put_varint(out, record->moves[i].id);
    }
    buf_put_varint(out, record->seq_count);
    for (size_t i = 0; i < record->seq_count; i++)
        buf_put_varint(out, record->seqs[i]);
}

static bool record_unpack(struct span value, uint32_t number, struct arena *arena, struct document_record *record)
{
    struct cursor cursor = cursor_of(value);
    *record = (struct document_record){.number = number, .type = (enum document_type)cursor_u8(&cursor)};
    record->source = keep_span(arena, cursor_bytes(&cursor));
    record->id = keep_span(arena, cursor_bytes(&cursor));
    record->entered = cursor_varint(&cursor);
    record->current = cursor_signed(&cursor);
    record->version_count = cursor_varint(&cursor);
    if (cursor.bad || record->version_count > value.len)
        return false;
    record->versions = ARENA_ARRAY(arena, struct document_version, record->version_count + 1);
    for (size_t i = 0; i < record->version_count; i++) {
        struct document_version *version = &record->versions[i];
        version->version = cursor_signed(&cursor);
        version->content = cursor_u64_be(&cursor);
        version->seq = cursor_varint(&cursor);
        version->document_seq = cursor_varint(&cursor);
        version->outcome = (enum outcome)cursor_u8(&cursor);
        version->refusal = (int)cursor_varint(&cursor);
        version->amount_minor = cursor_signed(&cursor);
        version->waits_on = keep_span(arena, cursor_bytes(&cursor));
    }
    record->order_count = cursor_varint(&cursor);
    if (cursor.bad || record->order_count > value.len)
        return false;
    record->orders = ARENA_ARRAY(arena, uint32_t, record->order_count + 1);
    for (size_t i = 0; i < record->order_count; i++)
        record->orders[i] = (uint32_t)cursor_varint(&cursor);
    record->move_count = cursor_varint(&cursor);
    if (cursor.bad || record->move_count > value.len)
        return false;
    record->moves = ARENA_ARRAY(arena, struct document_move, record->move_count + 1);
    for (size_t i = 0; i < record->move_count; i++) {
        record->moves[i].item = (uint32_t)cursor_varint(&cursor);
        record->moves[i].id = cursor_varint(&cursor);
    }
    record->seq_count = cursor_varint(&cursor);
    if (cursor.bad || record->seq_count > value.len)
        return false;
    record->seqs = ARENA_ARRAY(arena, uint64_t, record->seq_count + 1);
    for (size_t i = 0; i < record->seq_count; i++)
        record->seqs[i] = cursor_varint(&cursor);
    return !cursor.bad && cursor_at_end(&cursor);
}

bool company_document(struct company *company, uint32_t number, struct arena *arena, struct document_record *out_record,
                      bool *out_found, struct err *err)
{
    struct view_key key = number_key(number);
    struct span value;
    if (!company->views.get(company->views.context, VIEW_DOCUMENT, view_key_span(&key), arena, &value, out_found, err))
        return false;
    if (*out_found && !record_unpack(value, number, arena, out_record))
        return err_set(err, FAILURE_STORE_DAMAGED,
                       "the view `document` is damaged at document %u: run `tieout rebuild`", number);
    return true;
}

bool company_read_document(struct company *company, uint64_t seq, struct arena *arena, struct document *out_document,
                           struct err *err)
{
    struct truth_row row;
    bool found = false;
    if (!company->views.truth_read(company->views.context, seq, arena, &row, &found, err))
        return false;
    struct cursor cursor = cursor_of(found ? row.body : (struct span){NULL, 0});
    (void)cursor_varint(&cursor);
    (void)cursor_varint(&cursor);
    struct span packed = cursor_bytes(&cursor);
    if (!found || cursor.bad || !document_unpack(packed, arena, out_document))
        return err_set(err, FAILURE_STORE_DAMAGED, "truth row %llu holds no readable document: run `tieout verify`",
                       (unsigned long long)seq);
    return true;
}

const struct document_version *document_current(const struct document_record *record)
{
    const struct document_version *highest = NULL;
    for (size_t i = 0; i < record->version_count; i++) { /* ascending */
        if (record->versions[i].version == record->current)
            return &record->versions[i];
        if (highest == NULL || highest->outcome != OUTCOME_WAITING || record->versions[i].outcome == OUTCOME_WAITING)
            highest = &record->versions[i];
    }
    return highest;
}

static struct document_version *version_of(struct document_record *record, int64_t number, struct arena *arena)
{
    size_t at = 0;
    while (at < record->version_count && record->versions[at].version < number)
        at++;
    if (at < record->version_count && record->versions[at].version == number)
        return &record->versions[at];
    struct document_version *grown = ARENA_ARRAY(arena, struct document_version, record->version_count + 1);
    must(grown != NULL);
    if (record->version_count > 0) {
        memcpy(grown, record->versions, at * sizeof *grown);
        memcpy(grown + at + 1, record->versions + at, (record->version_count - at) * sizeof *grown);
    }
    grown[at] = (struct document_version){.version = number};
    record->versions = grown;
    record->version_count++;
    return &record->versions[at];
}

static void moves_put(struct document_record *record, struct document_move move, struct arena *arena)
{
    for (size_t i = 0; i < record->move_count; i++)
        if (record->moves[i].id == move.id && record->moves[i].item == move.item)
            return;
    struct document_move *grown = ARENA_ARRAY(arena, struct document_move, record->move_count + 1);
    must(grown != NULL);
    if (record->move_count > 0)
        memcpy(grown, record->moves, record->move_count * sizeof *grown);
    grown[record->move_count++] = move;
    record->moves = grown;
}

static void moves_remove(struct document_record *record, struct document_move move)
{
    size_t kept = 0;
    for (size_t i = 0; i < record->move_count; i++)
        if (record->moves[i].id != move.id || record->moves[i].item != move.item)
            record->moves[kept++] = record->moves[i];
    record->move_count = kept;
}

static void moves_apply(struct document_record *record, const struct ruling *ruling, struct arena *arena)
{
    size_t room = record->move_count;
    for (size_t i = 0; i < ruling->item_count; i++)
        room += ruling->items[i].put_count;
    bool fresh = record->move_count == 0;
    struct document_move *moves = ARENA_ARRAY(arena, struct document_move, room + 1);
    must(moves != NULL);
    if (record->move_count > 0)
        memcpy(moves, record->moves, record->move_count * sizeof *moves);
    record->moves = moves;
    for (size_t i = 0; i < ruling->item_count; i++) {
        const struct ruling_item *item = &ruling->items[i];
        for (size_t p = 0; p < item->put_count; p++) {
            struct document_move move = {item->item, item->puts[p].movement.id};
            if (movement_document(move.id) != record->number)
                continue;
            if (fresh)
                record->moves[record->move_count++] = move;
            else
                moves_put(record, move, arena);
        }
        for (size_t r = 0; r < item->remove_count; r++)
            if (movement_document(item->removes[r]) == record->number)
                moves_remove(record, (struct document_move){item->item, item->removes[r]});
    }
}

static void orders_of_record(struct document_record *record, const struct ruling *ruling, struct arena *arena)
{
    uint32_t *orders = ARENA_ARRAY(arena, uint32_t, record->order_count + ruling->order_count + 1);
    must(orders != NULL);
    size_t count = 0;
    for (size_t i = 0; i < record->order_count; i++) {
        bool gone = false;
        for (size_t o = 0; o < ruling->order_count; o++)
            gone |= ruling->orders[o].order == record->orders[i];
        if (!gone)
            orders[count++] = record->orders[i];
    }
    for (size_t o = 0; o < ruling->order_count; o++)
        if (ruling->orders[o].event_count > 0)
            orders[count++] = ruling->orders[o].order;
    record->orders = orders;
    record->order_count = count;
}

/* The waiting list names a document once for what it waits for, however many of its versions do. */
static bool version_waits(struct company *company, const struct document_record *record,
                          const struct document_version *version, bool waits, struct err *err)
{
    for (size_t i = 0; i < record->version_count; i++)
        if (&record->versions[i] != version && span_eq(record->versions[i].waits_on, version->waits_on))
            return true;
    return waiting_apply(company, version->waits_on, record->number, waits, err);
}

static bool version_outcome(struct company *company, struct document_record *record, struct document_version *version,
                            enum outcome outcome, int refusal, struct span waits_on, int64_t amount_minor,
                            struct err *err)
{
    if (version->outcome != OUTCOME_NONE &&
        !outcome_add(company, record->source, (int)record->type, version->outcome, version->refusal, version->waits_on,
                     -1, version->amount_minor, err))
        return false;
    if (!version_waits(company, record, version, false, err))
        return false;
    version->waits_on = waits_on;
    if (!version_waits(company, record, version, true, err))
        return false;
    version->outcome = outcome;
    version->refusal = refusal;
    version->amount_minor = amount_minor;
    return outcome_add(company, record->source, (int)record->type, outcome, refusal, waits_on, 1, amount_minor, err);
}

static bool record_save(struct company *company, const struct document_record *record, struct err *err)
{
    struct buf value = buf_make((size_t)64 << 20);
    struct view_key key = number_key(record->number);
    record_pack(record, &value);
    bool good = !value.failed ? company->views.put(company->views.context, VIEW_DOCUMENT, view_key_span(&key),
                                                   buf_span(&value), err)
                              : err_set(err, FAILURE_MEMORY, "out of memory while keeping document %u", record->number);
    buf_done(&value);
    return good;
}

static bool record_start(struct company *company, const struct ruling *ruling, struct arena *arena,
                         struct document_record *record, struct err *err)
{
    bool found = false;
    if (!company_document(company, ruling->document, arena, record, &found, err))
        return false;
    if (found)
        return true;
    must(ruling->document == company->last_document + 1);
    company->last_document = ruling->document;
    *record = (struct document_record){.number = ruling->document,
                                       .type = (enum document_type)ruling->row.type,
                                       .source = ruling->row.source,
                                       .id = ruling->row.id};
    struct view_key key = identity_key(ruling->row.type, ruling->row.id, ruling->row.source);
    struct buf value = buf_make(16);
    buf_put_varint(&value, ruling->document);
    bool good = company->views.put(company->views.context, VIEW_IDENTITY, view_key_span(&key), buf_span(&value), err);
    buf_done(&value);
    return good;
}

/* A movement that another document's row may put for the first time: of an order's event folded again, of a complete count
 * that an item came to later, or of what was posted about a receipt that changed. */
static bool may_be_new(const struct movement *movement)
{
    return movement->order != 0 || (movement->kind == MOVE_COUNT && movement_line(movement->id) == 0) ||
           movement->kind == MOVE_BILL || movement->kind == MOVE_LANDED || movement->kind == MOVE_CORRECT ||
           movement->kind == MOVE_SUPPLIER_RETURN;
}

/* Deltas about other documents: the row is noted for them, and their movements follow an order's new fold. */
static bool others_apply(struct company *company, const struct ruling *ruling, struct arena *arena, struct err *err)
{
    for (size_t i = 0; i < ruling->entry_count; i++) {
        if (ruling->entries[i].document == ruling->document)
            continue;
        struct view_key key = number_key(ruling->entries[i].document);
        view_key_i64(&key, (int64_t)ruling->row.seq);
        if (!company->views.put(company->views.context, VIEW_DELTA, view_key_span(&key), SPAN("d"), err))
            return false;
    }
    for (size_t i = 0; i < ruling->item_count; i++) {
        const struct ruling_item *item = &ruling->items[i];
        for (size_t p = 0; p < item->put_count + item->remove_count; p++) {
            bool put = p < item->put_count;
            movement_id id = put ? item->puts[p].movement.id : item->removes[p - item->put_count];
            uint32_t other = movement_document(id);
            if (other == ruling->document || (put && !may_be_new(&item->puts[p].movement)))
                continue;
            struct document_record record;
            bool found = false;
            if (!company_document(company, other, arena, &record, &found, err))
                return false;
            must(found);
            size_t before = record.move_count;
            if (put)
                moves_put(&record, (struct document_move){item->item, id}, arena);
            else
                moves_remove(&record, (struct document_move){item->item, id});
            if (record.move_count != before && !record_save(company, &record, err))
                return false;
        }
    }
    return true;
}

/* Replaced versions of a type that keeps no history are excluded, whichever came first. */
static bool supersede(struct company *company, struct document_record *record, struct err *err)
{
    for (size_t i = 0; i < record->version_count && !document_keeps_versions(record->type); i++) {
        struct document_version *old = &record->versions[i];
        bool stands = old->outcome != OUTCOME_EXCLUDED || old->refusal != REFUSAL_VOIDED;
        bool replaced = old->outcome == OUTCOME_EXCLUDED && old->refusal == REFUSAL_SUPERSEDED;
        if (old->version < record->current && stands && !replaced &&
            !version_outcome(company, record, old, OUTCOME_EXCLUDED, REFUSAL_SUPERSEDED, (struct span){NULL, 0},
                             old->amount_minor, err))
            return false;
    }
    return true;
}

/* With a document its versions are voided that were not excluded before: all of an order, which stood beside one another;
 * of other types those above the one that was read, what is below is superseded. */
static bool void_versions(struct company *company, struct document_record *record, struct err *err)
{
    for (size_t i = 0; i < record->version_count; i++)
        if (record->versions[i].outcome != OUTCOME_EXCLUDED &&
            (document_keeps_versions(record->type) || record->versions[i].version > record->current) &&
            !version_outcome(company, record, &record->versions[i], OUTCOME_EXCLUDED, REFUSAL_VOIDED,
                             (struct span){NULL, 0}, record->versions[i].amount_minor, err))
            return false;
    return true;
}

static bool outcome_apply(struct company *company, struct document_record *record, const struct ruling *ruling,
                          struct arena *arena, struct err *err)
{
    struct document_version *version = version_of(record, ruling->row.version, arena);
    if (!version_outcome(company, record, version, ruling->row.outcome, ruling->row.refusal, ruling->waits_on,
                         ruling->amount_minor, err))
        return false;
    version->seq = ruling->row.seq;
    if (ruling->packed.len > 0) {
        version->document_seq = ruling->row.seq;
        version->content = hash64_of(ruling->packed);
    }
    bool is_voided = ruling->row.outcome == OUTCOME_EXCLUDED && ruling->row.refusal == REFUSAL_VOIDED;
    bool is_read = ruling->row.outcome == OUTCOME_POSTED ||
                   (ruling->row.outcome == OUTCOME_EXCLUDED && ruling->row.refusal != REFUSAL_SUPERSEDED);
    if (is_read && ruling->row.version > record->current)
        record->current = ruling->row.version;
    return (!is_voided || void_versions(company, record, err)) && supersede(company, record, err);
}

static void seqs_add(struct document_record *record, uint64_t seq, struct arena *arena)
{
    uint64_t *seqs = ARENA_ARRAY(arena, uint64_t, record->seq_count + 1);
    must(seqs != NULL);
    if (record->seq_count > 0)
        memcpy(seqs, record->seqs, record->seq_count * sizeof *seqs);
    seqs[record->seq_count++] = seq;
    record->seqs = seqs;
}

bool documents_apply(struct company *company, const struct ruling *ruling, struct err *err)
{
    struct arena arena = arena_make((size_t)256 << 20);
    struct document_record record;
    bool good = record_start(company, ruling, &arena, &record, err);
    if (good && ruling->at_us > company->last_at_us)
        company->last_at_us = ruling->at_us;
    good = good && outcome_apply(company, &record, ruling, &arena, err);
    if (good) {
        seqs_add(&record, ruling->row.seq, &arena);
        if (record.entered == 0 && ruling->row.outcome == OUTCOME_POSTED)
            record.entered = ruling->row.seq;
        moves_apply(&record, ruling, &arena);
        orders_of_record(&record, ruling, &arena);
    }
    good = good && record_save(company, &record, err) && others_apply(company, ruling, &arena, err);
    arena_done(&arena);
    return good;
}
