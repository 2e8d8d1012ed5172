/* truth.c: numbered rows: truth, raw blocks, seals. Appends check the number here and the triggers check it again. */
#include "store/sqlite/sqlite_internal.h"

static struct seal seal_of(sqlite3_stmt *statement)
{
    struct seal seal = {
        .number = (uint64_t)sqlite3_column_int64(statement, 0) & NUMBER_MAX,
        .last_seq = (uint64_t)sqlite3_column_int64(statement, 1),
        .last_raw_block = (uint64_t)sqlite3_column_int64(statement, 2),
    };
    struct span hash = sqlite_blob(statement, 3);
    memcpy(seal.hash.bytes, hash.ptr, hash.len < HASH_BYTES ? hash.len : HASH_BYTES);
    return seal;
}

static struct truth_row row_of(sqlite3_stmt *statement)
{
    return (struct truth_row){
        .seq = (uint64_t)sqlite3_column_int64(statement, 0) & NUMBER_MAX,
        .kind = (enum truth_kind)sqlite3_column_int(statement, 1),
        .day = sqlite3_column_int(statement, 2),
        .recorded_at_us = sqlite3_column_int64(statement, 3),
        .type = sqlite3_column_int(statement, 4),
        .version = sqlite3_column_int64(statement, 5),
        .outcome = (enum outcome)sqlite3_column_int(statement, 6),
        .refusal = sqlite3_column_int(statement, 7),
        .source = sqlite_text(statement, 8),
        .id = sqlite_text(statement, 9),
        .raw_block = (uint64_t)sqlite3_column_int64(statement, 10),
        .raw_index = (uint32_t)sqlite3_column_int64(statement, 11),
        .body = sqlite_blob(statement, 12),
    };
}

static struct raw_block block_of(sqlite3_stmt *statement)
{
    return (struct raw_block){
        .number = (uint64_t)sqlite3_column_int64(statement, 0) & NUMBER_MAX,
        .count = (uint32_t)sqlite3_column_int64(statement, 1),
        .frame = sqlite_blob(statement, 2),
    };
}

/* Fetching a long value may run out of memory after the row itself was found. */
static bool was_fetched(const struct sqlite_store *store, struct err *err)
{
    return sqlite3_errcode(store->db) != SQLITE_NOMEM || sqlite_fail_memory(store, err);
}

static bool highest(struct sqlite_store *store, enum statement which, uint32_t company, uint64_t *out, struct err *err)
{
    sqlite3_stmt *statement = sqlite_fixed(store, which, err);
    int64_t key = 0;
    if (!statement)
        return false;
    (void)sqlite3_bind_int64(statement, 1, sqlite_key(company, 0));
    (void)sqlite3_bind_int64(statement, 2, sqlite_key(company, NUMBER_MAX));
    if (!sqlite_number(store, statement, &key, err))
        return false;
    *out = (uint64_t)key & NUMBER_MAX;
    return true;
}

bool sqlite_last_numbers(struct store *port, uint32_t company, uint64_t *out_seq, uint64_t *out_raw_block,
                         struct seal *out_last_seal, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    uint64_t seq = 0, raw_block = 0;
    sqlite3_stmt *statement = sqlite_fixed(store, STATEMENT_SEAL_LAST, err);
    if (!statement || !highest(store, STATEMENT_TRUTH_LAST, company, &seq, err) ||
        !highest(store, STATEMENT_RAW_LAST, company, &raw_block, err))
        return false;
    (void)sqlite3_bind_int64(statement, 1, sqlite_key(company, 0));
    (void)sqlite3_bind_int64(statement, 2, sqlite_key(company, NUMBER_MAX));
    int step = sqlite3_step(statement);
    struct seal seal = step == SQLITE_ROW ? seal_of(statement) : (struct seal){0};
    bool good = step == SQLITE_ROW || step == SQLITE_DONE || sqlite_fail(store, err);
    (void)sqlite3_reset(statement);
    if (good) {
        *out_seq = seq;
        *out_raw_block = raw_block;
        *out_last_seal = seal;
    }
    return good;
}

bool sqlite_truth_append(struct store *port, const struct truth_row *row, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite_check_open(store);
    must(row->seq == store->last_seq + 1);
    must(row->seq <= NUMBER_MAX);
    sqlite3_stmt *statement = sqlite_fixed(store, STATEMENT_TRUTH_APPEND, err);
    if (!statement)
        return false;
    (void)sqlite3_bind_int64(statement, 1, sqlite_key(store->company, row->seq));
    (void)sqlite3_bind_int(statement, 2, (int)row->kind);
    (void)sqlite3_bind_int(statement, 3, row->day);
    (void)sqlite3_bind_int64(statement, 4, row->recorded_at_us);
    (void)sqlite3_bind_int(statement, 5, row->type);
    (void)sqlite3_bind_int64(statement, 6, row->version);
    (void)sqlite3_bind_int(statement, 7, (int)row->outcome);
    (void)sqlite3_bind_int(statement, 8, row->refusal);
    sqlite_bind_text(statement, 9, row->source);
    sqlite_bind_text(statement, 10, row->id);
    (void)sqlite3_bind_int64(statement, 11, (int64_t)row->raw_block);
    (void)sqlite3_bind_int64(statement, 12, row->raw_index);
    sqlite_bind_blob(statement, 13, row->body);
    if (!sqlite_run(store, statement, err))
        return false;
    store->last_seq = row->seq;
    return true;
}

bool sqlite_raw_append(struct store *port, const struct raw_block *block, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite_check_open(store);
    must(block->number == store->last_raw_block + 1);
    must(block->number <= NUMBER_MAX);
    sqlite3_stmt *statement = sqlite_fixed(store, STATEMENT_RAW_APPEND, err);
    if (!statement)
        return false;
    (void)sqlite3_bind_int64(statement, 1, sqlite_key(store->company, block->number));
    (void)sqlite3_bind_int64(statement, 2, block->count);
    sqlite_bind_blob(statement, 3, block->frame);
    if (!sqlite_run(store, statement, err))
        return false;
    store->last_raw_block = block->number;
    return true;
}

bool sqlite_seal_append(struct store *port, const struct seal *seal, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite_check_open(store);
    must(seal->number == store->last_seal + 1);
    must(seal->number <= NUMBER_MAX);
    sqlite3_stmt *statement = sqlite_fixed(store, STATEMENT_SEAL_APPEND, err);
    if (!statement)
        return false;
    (void)sqlite3_bind_int64(statement, 1, sqlite_key(store->company, seal->number));
    (void)sqlite3_bind_int64(statement, 2, (int64_t)seal->last_seq);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)seal->last_raw_block);
    sqlite_bind_blob(statement, 4, (struct span){(const char *)seal->hash.bytes, HASH_BYTES});
    if (!sqlite_run(store, statement, err))
        return false;
    store->last_seal = seal->number;
    return true;
}

static bool was_copied(const struct sqlite_store *store, const struct arena *arena, struct err *err)
{
    return !arena_is_exhausted(arena) || sqlite_fail_memory(store, err);
}

bool sqlite_truth_read(struct store *port, uint32_t company, uint64_t seq, struct arena *arena,
                       struct truth_row *out_row, bool *out_found, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite3_stmt *statement = sqlite_fixed(store, STATEMENT_TRUTH_READ, err);
    if (!statement)
        return false;
    (void)sqlite3_bind_int64(statement, 1, sqlite_key(company, seq));
    int step = sqlite3_step(statement);
    bool good = step == SQLITE_ROW || step == SQLITE_DONE || sqlite_fail(store, err);
    if (step == SQLITE_ROW) {
        struct truth_row row = row_of(statement);
        good = was_fetched(store, err);
        row.source = arena_copy(arena, row.source);
        row.id = arena_copy(arena, row.id);
        row.body = arena_copy(arena, row.body);
        good = good && was_copied(store, arena, err);
        if (good)
            *out_row = row;
    }
    (void)sqlite3_reset(statement);
    if (good)
        *out_found = step == SQLITE_ROW;
    return good;
}

bool sqlite_raw_read(struct store *port, uint32_t company, uint64_t number, struct arena *arena,
                     struct raw_block *out_block, bool *out_found, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite3_stmt *statement = sqlite_fixed(store, STATEMENT_RAW_READ, err);
    if (!statement)
        return false;
    (void)sqlite3_bind_int64(statement, 1, sqlite_key(company, number));
    int step = sqlite3_step(statement);
    bool good = step == SQLITE_ROW || step == SQLITE_DONE || sqlite_fail(store, err);
    if (step == SQLITE_ROW) {
        struct raw_block block = block_of(statement);
        good = was_fetched(store, err);
        block.frame = arena_copy(arena, block.frame);
        good = good && was_copied(store, arena, err);
        if (good)
            *out_block = block;
    }
    (void)sqlite3_reset(statement);
    if (good)
        *out_found = step == SQLITE_ROW;
    return good;
}

/* A scan's statement, bound to from..to of a company. NULL after a failure. */
static sqlite3_stmt *scan_start(struct sqlite_store *store, sqlite3_stmt *kept, uint32_t company, uint64_t from,
                                uint64_t to, struct err *err)
{
    sqlite3_stmt *statement = sqlite_borrow(store, kept, err);
    if (!statement)
        return NULL;
    (void)sqlite3_bind_int64(statement, 1, sqlite_key(company, from));
    (void)sqlite3_bind_int64(statement, 2, sqlite_key(company, to));
    return statement;
}

static bool scan_end(struct sqlite_store *store, sqlite3_stmt *kept, sqlite3_stmt *statement, int step, struct err *err)
{
    bool good = step == SQLITE_ROW || step == SQLITE_DONE || sqlite_fail(store, err);
    sqlite_give_back(kept, statement);
    return good;
}

bool sqlite_truth_scan(struct store *port, uint32_t company, uint64_t from, uint64_t to,
                       bool (*each)(void *context, const struct truth_row *row), void *context, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite3_stmt *kept = sqlite_fixed(store, STATEMENT_TRUTH_SCAN, err);
    sqlite3_stmt *statement = scan_start(store, kept, company, from, to, err);
    if (!statement)
        return false;
    int step;
    bool fetched = true;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        struct truth_row row = row_of(statement);
        fetched = was_fetched(store, err);
        if (!fetched || !each(context, &row))
            break;
    }
    return scan_end(store, kept, statement, step, err) && fetched;
}

bool sqlite_raw_scan(struct store *port, uint32_t company, uint64_t from, uint64_t to,
                     bool (*each)(void *context, const struct raw_block *block), void *context, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite3_stmt *kept = sqlite_fixed(store, STATEMENT_RAW_SCAN, err);
    sqlite3_stmt *statement = scan_start(store, kept, company, from, to, err);
    if (!statement)
        return false;
    int step;
    bool fetched = true;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        struct raw_block block = block_of(statement);
        fetched = was_fetched(store, err);
        if (!fetched || !each(context, &block))
            break;
    }
    return scan_end(store, kept, statement, step, err) && fetched;
}

bool sqlite_seal_scan(struct store *port, uint32_t company, bool (*each)(void *context, const struct seal *seal),
                      void *context, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite3_stmt *kept = sqlite_fixed(store, STATEMENT_SEAL_SCAN, err);
    sqlite3_stmt *statement = scan_start(store, kept, company, 1, NUMBER_MAX, err);
    if (!statement)
        return false;
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        struct seal seal = seal_of(statement);
        if (!each(context, &seal))
            break;
    }
    return scan_end(store, kept, statement, step, err);
}
