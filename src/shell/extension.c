/* extension.c: SQLite's side of the tables of tables.h. They are eponymous: there once the extension is loaded, nothing
 * is created. A query walks rows of truth in the order of their keys and, in each, the table's nested lists. */
#include "shell/tables.h"

#include "base/map.h"
#include "order/document.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

SQLITE_EXTENSION_INIT1

/* As docs/formats/store.md has it. */
enum { NEWEST_STORE = 1, KEY_SHIFT = 40 };
static const int64_t number_max = (INT64_C(1) << KEY_SHIFT) - 1;
static const int64_t company_max = (INT64_C(1) << 23) - 1;
/* What one decision may unpack to. */
static const size_t ruling_bytes_max = (size_t)4 << 30;

#define ROWS                                                                                                          \
    "SELECT key, kind, day, recorded_at_us, type, version, outcome, refusal, source, id, raw_block, raw_index, body " \
    "FROM main.truth WHERE key BETWEEN ?1 AND ?2 ORDER BY key"
#define SETTINGS "SELECT body FROM main.truth WHERE key > ?1 << 40 AND key < (?1 + 1) << 40 AND kind = 3 ORDER BY key"
#define ITEMS                                                                                                    \
    "SELECT substr(body, 1, 10), id FROM main.truth WHERE key > ?1 << 40 AND key < (?1 + 1) << 40 AND kind = 1 " \
    "AND type = ?2 ORDER BY key"

struct shell_vtab {
    sqlite3_vtab base; /* first: SQLite's pointer is this one's */
    sqlite3 *db;
    const struct shell_table *table;
};
struct shell_cursor {
    sqlite3_vtab_cursor base; /* first */
    sqlite3_stmt *rows;
    struct ruling ruling;
    struct place place;
    struct arena arena;
    bool at_end;
    int64_t place_number; /* rowid */
    /* The range asked for: numbers of each company. */
    int64_t company, last_company, first, last;
    /* What was looked up once: the currency of one company, the SKUs of its items. */
    int64_t money_of, items_of;
    currency money;
    struct map *skus; /* document number, 4 bytes → place in sku_texts */
    struct arena sku_texts;
};

static struct shell_vtab *vtab_of(const struct shell_cursor *cursor) { return (struct shell_vtab *)cursor->base.pVtab; }

/* Leaves the sentence where SQLite looks for it. */
static int fail(struct shell_cursor *cursor, int code, char *sentence)
{
    sqlite3_free(cursor->base.pVtab->zErrMsg);
    cursor->base.pVtab->zErrMsg = sentence;
    return code;
}

static int fail_sqlite(struct shell_cursor *cursor, int code)
{
    return fail(cursor, code, sqlite3_mprintf("%s", sqlite3_errmsg(vtab_of(cursor)->db)));
}

static int prepare(struct shell_cursor *cursor, const char *sql, sqlite3_stmt **out)
{
    int code = sqlite3_prepare_v2(vtab_of(cursor)->db, sql, -1, out, NULL);
    return code == SQLITE_OK ? code : fail_sqlite(cursor, code);
}

static struct span blob_of(sqlite3_stmt *row, int column)
{
    const void *bytes = sqlite3_column_blob(row, column);
    return (struct span){bytes, bytes ? (size_t)sqlite3_column_bytes(row, column) : 0};
}

static struct span text_of(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    return (struct span){(const char *)text, text ? (size_t)sqlite3_column_bytes(row, column) : 0};
}

/* --- what a place asks about the rest of truth ------------------------------------------------------------------ */

static currency money_read(struct shell_cursor *cursor, int64_t company)
{
    sqlite3_stmt *rows = NULL;
    currency money = 0;
    if (prepare(cursor, SETTINGS, &rows) != SQLITE_OK)
        return 0;
    sqlite3_bind_int64(rows, 1, company);
    struct arena arena = arena_make(ruling_bytes_max);
    while (money == 0 && sqlite3_step(rows) == SQLITE_ROW) {
        struct truth_row row = {.kind = TRUTH_POLICY, .body = blob_of(rows, 0)};
        struct ruling ruling;
        arena_reset(&arena);
        if (ruling_unpack(&row, &arena, &ruling) && span_eq(ruling.key, SPAN("currency")))
            money = currency_find(ruling.value);
    }
    arena_done(&arena);
    (void)sqlite3_finalize(rows);
    return money;
}

static struct span item_key(const uint32_t *item) { return (struct span){(const char *)item, sizeof *item}; }

static void skus_forget(struct shell_cursor *cursor)
{
    cursor->skus = map_free(cursor->skus);
    arena_done(&cursor->sku_texts);
    cursor->items_of = 0;
}

/* Items by the number of their document, which their rows begin with; the first row of a number names it. */
static void skus_read(struct shell_cursor *cursor, int64_t company)
{
    sqlite3_stmt *rows = NULL;
    skus_forget(cursor);
    cursor->items_of = company;
    cursor->skus = map_new();
    cursor->sku_texts = arena_make((size_t)1 << 30);
    if (prepare(cursor, ITEMS, &rows) != SQLITE_OK)
        return;
    sqlite3_bind_int64(rows, 1, company);
    sqlite3_bind_int(rows, 2, DOCUMENT_ITEM);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        struct cursor bytes = cursor_of(blob_of(rows, 0));
        uint32_t item = (uint32_t)cursor_varint(&bytes);
        struct span *sku = ARENA_NEW(&cursor->sku_texts, struct span);
        if (bytes.bad || sku == NULL || map_find(cursor->skus, item_key(&item)))
            continue;
        *sku = arena_copy(&cursor->sku_texts, text_of(rows, 1));
        map_put(cursor->skus, item_key(&item), (uint64_t)(uintptr_t)sku);
    }
    (void)sqlite3_finalize(rows);
}

static struct span sku_of(void *context, uint32_t company, uint32_t item)
{
    struct shell_cursor *cursor = context;
    if (cursor->items_of != company)
        skus_read(cursor, company);
    uint64_t *found = map_find(cursor->skus, item_key(&item));
    return found ? *(struct span *)(uintptr_t)*found : (struct span){NULL, 0};
}

/* --- the walk --------------------------------------------------------------------------------------------------- */

/* Moves on to the next place that exists, or says that the decision has no more. */
static bool place_settle(const struct shell_table *table, struct place *place)
{
    int level = 0;
    while (level < table->depth) {
        if (place->at[level] < table->count(place, level)) {
            level++;
            continue;
        }
        if (level == 0)
            return false;
        place->at[level] = 0;
        level--;
        place->at[level]++;
    }
    return true;
}

static struct truth_row row_read(sqlite3_stmt *rows)
{
    return (struct truth_row){
        .seq = (uint64_t)(sqlite3_column_int64(rows, 0) & number_max),
        .kind = (enum truth_kind)sqlite3_column_int(rows, 1),
        .day = sqlite3_column_int(rows, 2),
        .recorded_at_us = sqlite3_column_int64(rows, 3),
        .type = sqlite3_column_int(rows, 4),
        .version = sqlite3_column_int64(rows, 5),
        .outcome = (enum outcome)sqlite3_column_int(rows, 6),
        .refusal = sqlite3_column_int(rows, 7),
        .source = text_of(rows, 8),
        .id = text_of(rows, 9),
        .raw_block = (uint64_t)sqlite3_column_int64(rows, 10),
        .raw_index = (uint32_t)sqlite3_column_int64(rows, 11),
        .body = blob_of(rows, 12),
    };
}

static int row_take(struct shell_cursor *cursor)
{
    struct truth_row row = row_read(cursor->rows);
    int64_t company = sqlite3_column_int64(cursor->rows, 0) >> KEY_SHIFT;
    arena_reset(&cursor->arena);
    if (!ruling_unpack(&row, &cursor->arena, &cursor->ruling))
        return fail(cursor, SQLITE_CORRUPT_VTAB,
                    sqlite3_mprintf("row %lld of company %lld cannot be read: run tieout verify", (long long)row.seq,
                                    (long long)company));
    if (cursor->money_of != company) {
        cursor->money = money_read(cursor, company);
        cursor->money_of = company;
    }
    cursor->place = (struct place){.ruling = &cursor->ruling,
                                   .company = (uint32_t)company,
                                   .money = cursor->money,
                                   .arena = &cursor->arena,
                                   .sku = sku_of,
                                   .context = cursor};
    return SQLITE_OK;
}

/* The rows of one company after the other; where all of it is wanted, of all companies in one go. */
static void range_bind(struct shell_cursor *cursor)
{
    bool whole = cursor->first == 0 && cursor->last == number_max;
    int64_t last_company = whole ? cursor->last_company : cursor->company;
    sqlite3_bind_int64(cursor->rows, 1, cursor->company << KEY_SHIFT | cursor->first);
    sqlite3_bind_int64(cursor->rows, 2, last_company << KEY_SHIFT | cursor->last);
    cursor->company = last_company + 1;
}

static int next_row(struct shell_cursor *cursor)
{
    for (;;) {
        int code = sqlite3_step(cursor->rows);
        if (code == SQLITE_ROW)
            return row_take(cursor);
        if (code != SQLITE_DONE)
            return fail_sqlite(cursor, code);
        sqlite3_reset(cursor->rows);
        cursor->at_end = cursor->company > cursor->last_company;
        if (cursor->at_end)
            return SQLITE_OK;
        range_bind(cursor);
    }
}

static int next_place(struct shell_cursor *cursor)
{
    while (!cursor->at_end && !place_settle(vtab_of(cursor)->table, &cursor->place)) {
        int code = next_row(cursor);
        if (code != SQLITE_OK)
            return code;
    }
    cursor->place_number++;
    return SQLITE_OK;
}

/* --- SQLite's calls ----------------------------------------------------------------------------------------------- */

static int connect_table(sqlite3 *db, void *context, int argc, const char *const *argv, sqlite3_vtab **out,
                         char **out_error)
{
    (void)argc;
    (void)argv;
    (void)out_error;
    const struct shell_table *table = context;
    int code = sqlite3_declare_vtab(db, table->columns);
    if (code != SQLITE_OK)
        return code;
    struct shell_vtab *vtab = sqlite3_malloc(sizeof *vtab);
    if (vtab == NULL)
        return SQLITE_NOMEM;
    *vtab = (struct shell_vtab){.db = db, .table = table};
    *out = &vtab->base;
    return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *vtab)
{
    sqlite3_free(vtab);
    return SQLITE_OK;
}

/* What of a query narrows the range; SQLite looks at every row again, so a wide range is never wrong. One letter of the
 * plan says what one argument is: c company =, and of seq = e, >= or > g, <= or < l. */
static char plan_letter(const struct sqlite3_index_constraint *constraint)
{
    if (!constraint->usable)
        return 0;
    if (constraint->iColumn == 0)
        return constraint->op == SQLITE_INDEX_CONSTRAINT_EQ ? 'c' : 0;
    if (constraint->iColumn != 1)
        return 0;
    switch (constraint->op) {
    case SQLITE_INDEX_CONSTRAINT_EQ: return 'e';
    case SQLITE_INDEX_CONSTRAINT_GE:
    case SQLITE_INDEX_CONSTRAINT_GT: return 'g';
    case SQLITE_INDEX_CONSTRAINT_LE:
    case SQLITE_INDEX_CONSTRAINT_LT: return 'l';
    default: return 0;
    }
}

static int best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    (void)vtab;
    enum { LETTERS_MAX = 16 };
    char plan[LETTERS_MAX + 1] = {0};
    int letters = 0;
    info->estimatedCost = 1e9;
    info->estimatedRows = 1000000;
    for (int i = 0; i < info->nConstraint && letters < LETTERS_MAX; i++) {
        char letter = plan_letter(&info->aConstraint[i]);
        if (letter == 0)
            continue;
        plan[letters++] = letter;
        info->aConstraintUsage[i].argvIndex = letters;
        if (letter == 'e') {
            info->estimatedCost = 100;
            info->estimatedRows = 10;
        } else if (letter != 'c' && info->estimatedCost > 1e8) {
            info->estimatedCost = 1e8;
        }
    }
    info->idxStr = sqlite3_mprintf("%s", plan);
    info->needToFreeIdxStr = 1;
    return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

static int open_cursor(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out)
{
    (void)vtab;
    struct shell_cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    *cursor = (struct shell_cursor){.arena = arena_make(ruling_bytes_max)};
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    struct shell_cursor *cursor = (struct shell_cursor *)base;
    (void)sqlite3_finalize(cursor->rows);
    skus_forget(cursor);
    arena_done(&cursor->arena);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int check_store(struct shell_cursor *cursor)
{
    sqlite3_stmt *pragma = NULL;
    int code = prepare(cursor, "PRAGMA main.user_version", &pragma);
    if (code != SQLITE_OK)
        return code;
    int version = sqlite3_step(pragma) == SQLITE_ROW ? sqlite3_column_int(pragma, 0) : 0;
    (void)sqlite3_finalize(pragma);
    if (version <= NEWEST_STORE)
        return SQLITE_OK;
    return fail(cursor, SQLITE_ERROR,
                sqlite3_mprintf("this store has layout %d, made by a newer tieout: use the extension that came with it",
                                version));
}

static void narrow(struct shell_cursor *cursor, char letter, int64_t value)
{
    if (letter == 'c') {
        cursor->company = value < 0 || value > company_max ? company_max + 1 : value;
        cursor->last_company = cursor->company;
        return;
    }
    int64_t number = value < 0 ? 0 : value > number_max ? number_max : value;
    if (letter != 'l' && number > cursor->first)
        cursor->first = number;
    if (letter != 'g' && number < cursor->last)
        cursor->last = number;
}

static int64_t last_company(struct shell_cursor *cursor)
{
    sqlite3_stmt *statement = NULL;
    if (prepare(cursor, "SELECT max(key) FROM main.truth", &statement) != SQLITE_OK)
        return 0;
    int64_t key = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_finalize(statement);
    return key < 0 ? 0 : key >> KEY_SHIFT;
}

static int filter_rows(sqlite3_vtab_cursor *base, int number, const char *plan, int argc, sqlite3_value **argv)
{
    (void)number;
    struct shell_cursor *cursor = (struct shell_cursor *)base;
    if (cursor->rows == NULL) {
        int code = check_store(cursor);
        code = code == SQLITE_OK ? prepare(cursor, ROWS, &cursor->rows) : code;
        if (code != SQLITE_OK)
            return code;
    }
    sqlite3_reset(cursor->rows);
    cursor->company = 0;
    cursor->last_company = last_company(cursor);
    cursor->first = 0;
    cursor->last = number_max;
    for (int i = 0; i < argc; i++)
        if (sqlite3_value_type(argv[i]) == SQLITE_INTEGER)
            narrow(cursor, plan[i], sqlite3_value_int64(argv[i]));
    cursor->place_number = 0;
    cursor->at_end = cursor->company > cursor->last_company || cursor->company > company_max;
    if (cursor->at_end)
        return SQLITE_OK;
    range_bind(cursor);
    int code = next_row(cursor);
    return code == SQLITE_OK ? next_place(cursor) : code;
}

static int next_call(sqlite3_vtab_cursor *base)
{
    struct shell_cursor *cursor = (struct shell_cursor *)base;
    cursor->place.at[vtab_of(cursor)->table->depth - 1]++;
    return next_place(cursor);
}

static int is_at_end(sqlite3_vtab_cursor *base) { return ((struct shell_cursor *)base)->at_end; }

static int put_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
    struct shell_cursor *cursor = (struct shell_cursor *)base;
    if (column == 0)
        sqlite3_result_int64(out, cursor->place.company);
    else if (column == 1)
        sqlite3_result_int64(out, (int64_t)cursor->ruling.row.seq);
    else
        vtab_of(cursor)->table->put(&cursor->place, column, out);
    return SQLITE_OK;
}

static int put_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = ((struct shell_cursor *)base)->place_number;
    return SQLITE_OK;
}

static const sqlite3_module shell_module = {
    .iVersion = 1,
    .xConnect = connect_table, /* and no xCreate: eponymous only */
    .xBestIndex = best_index,
    .xDisconnect = disconnect_table,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter_rows,
    .xNext = next_call,
    .xEof = is_at_end,
    .xColumn = put_column,
    .xRowid = put_rowid,
};

/* The name that SQLite makes of the file's. */
__attribute__((visibility("default"))) int sqlite3_tieoutread_init(sqlite3 *db, char **out_error,
                                                                   const sqlite3_api_routines *api);
int sqlite3_tieoutread_init(sqlite3 *db, char **out_error, const sqlite3_api_routines *api)
{
    (void)out_error;
    SQLITE_EXTENSION_INIT2(api);
    int code = SQLITE_OK;
    for (size_t i = 0; code == SQLITE_OK && i < shell_table_count; i++)
        code = sqlite3_create_module(db, shell_tables[i].name, &shell_module, (void *)(uintptr_t)&shell_tables[i]);
    return code;
}
