/* shell_read_test.c: the tables for the sqlite3 shell over rows made here: what they show, and that no damaged row does more
 * than fail the query. tests/e2e/sqlite3_shell.sh has the real shell and the real program's rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "order/document_fields.h"
#include "state/ruling.h"
#include "support/random_document.h"
#include <sqlite3.h>
#include <stdio.h>

int sqlite3_tieoutread_init(sqlite3 *db, char **out_error, const void *api);

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
static const char *const tables[] = {"tieout_decisions", "tieout_entries", "tieout_lines", "tieout_movements",
                                     "tieout_slices"};
static sqlite3 *db;

static void run(const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_auto_extension((void (*)(void))sqlite3_tieoutread_init), SQLITE_OK);
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    run("CREATE TABLE truth(key INTEGER PRIMARY KEY, kind, day, recorded_at_us, type, version, outcome, refusal, "
        "source, "
        "id, raw_block, raw_index, body)");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    sqlite3_reset_auto_extension();
    return 0;
}

static void row_put(uint32_t company, struct truth_row row)
{
    sqlite3_stmt *insert;
    assert_int_equal(
        sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO truth VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", -1, &insert, NULL),
        SQLITE_OK);
    const int64_t numbers[] = {(int64_t)((uint64_t)company << 40 | row.seq),
                               (int64_t)row.kind,
                               row.day,
                               row.recorded_at_us,
                               row.type,
                               row.version,
                               (int64_t)row.outcome,
                               row.refusal};
    for (int i = 0; i < (int)COUNT_OF(numbers); i++)
        sqlite3_bind_int64(insert, i + 1, numbers[i]);
    sqlite3_bind_text(insert, 9, row.source.ptr, (int)row.source.len, SQLITE_STATIC);
    sqlite3_bind_text(insert, 10, row.id.ptr, (int)row.id.len, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 11, (int64_t)row.raw_block);
    sqlite3_bind_int64(insert, 12, row.raw_index);
    sqlite3_bind_blob(insert, 13, row.body.ptr, (int)row.body.len, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
    sqlite3_finalize(insert);
}

static void ruling_put(uint32_t company, const struct ruling *ruling)
{
    struct buf body = buf_make((size_t)1 << 20);
    ruling_pack(ruling, &body);
    struct truth_row row = ruling->row;
    row.body = buf_span(&body);
    row_put(company, row);
    buf_done(&body);
}

/* A decision with two entries, a movement with steps of several kinds, one removed, and a packed order. */
static struct ruling ruling_make(uint64_t seq, struct arena *arena)
{
    static struct line lines[] = {
        {.role = ROLE_COGS, .amount_minor = 1250, .sku = {"MUG", 3}, .order = {"1001", 4}},
        {.role = ROLE_INVENTORY, .amount_minor = -1250, .sku = {"MUG", 3}, .tag = {"owed", 4}},
    };
    static struct ruling_entry entries[] = {
        {.day = 20000, .event_day = 20000, .document = 9, .lines = lines, .line_count = 2},
        {.day = 20001,
         .event_day = 19990,
         .document = 4,
         .kind = ENTRY_DELTA,
         .type = DOCUMENT_ORDER,
         .source = {"web", 3},
         .id = {"1000", 4},
         .lines = lines,
         .line_count = 1},
    };
    static struct step steps[] = {
        {.kind = STEP_POOL},
        {.kind = STEP_TAKE, .lot = 77, .place = 2, .qty_micro = 3000000, .value_minor = 1250},
        {.kind = STEP_POST, .value_minor = 1250},
        {.kind = STEP_COUNT, .name = {"main", 4}, .qty_micro = -3000000},
    };
    static struct book_record puts[] = {
        {.movement = {.id = UINT64_C(9) << 32 | 1 << 16,
                      .key = {.at_us = 1, .type = {"shipment", 8}, .id = {"S1", 2}},
                      .day = 20000,
                      .kind = MOVE_OUT,
                      .location = {"main", 4},
                      .qty_micro = 3000000,
                      .value_minor = ABSENT,
                      .where = {.role = ROLE_COGS, .order = {"1001", 4}}},
         .steps = steps,
         .step_count = COUNT_OF(steps)},
    };
    static const movement_id removes[] = {UINT64_C(8) << 32 | 3 << 16 | 2 << 4 | 1};
    static struct ruling_item items[] = {
        {.item = 3, .puts = puts, .put_count = 1, .removes = removes, .remove_count = 1}};
    struct prng prng = prng_make(seq);
    struct document document;
    random_document(&prng, DOCUMENT_ORDER, currency_find(SPAN("USD")), arena, &document);
    struct buf packed = buf_make((size_t)1 << 20);
    document_pack(&document, &packed);
    struct ruling ruling = {
        .row = {.seq = seq,
                .kind = TRUTH_DOCUMENT,
                .day = 20000,
                .type = DOCUMENT_SHIPMENT,
                .version = 1,
                .outcome = OUTCOME_POSTED,
                .source = SPAN("web"),
                .id = SPAN("S1")},
        .document = 9,
        .document_seq = seq,
        .packed = arena_copy(arena, buf_span(&packed)),
        .detail = SPAN("said"),
        .items = items,
        .item_count = 1,
        .entries = entries,
        .entry_count = 2,
    };
    buf_done(&packed);
    return ruling;
}

static void setting_put(uint32_t company, uint64_t seq, struct span key, struct span value)
{
    struct ruling ruling = {.row = {.seq = seq, .kind = TRUTH_POLICY}, .key = key, .value = value};
    ruling_put(company, &ruling);
}

static void fill(struct arena *arena)
{
    run("DELETE FROM truth");
    for (uint32_t company = 1; company <= 3; company++) {
        setting_put(company, 1, SPAN("cost_method"), SPAN("fifo"));
        setting_put(company, 2, SPAN("currency"), company == 2 ? SPAN("JPY") : SPAN("USD"));
        struct ruling item = {.row = {.seq = 3, .kind = TRUTH_DOCUMENT, .type = DOCUMENT_ITEM, .id = SPAN("MUG")},
                              .document = 3};
        ruling_put(company, &item);
        for (uint64_t seq = 4; seq < 10; seq++) {
            struct ruling ruling = ruling_make(seq, arena);
            ruling_put(company, &ruling);
        }
    }
}

static void says(const char *sql, const char *wanted)
{
    sqlite3_stmt *statement;
    char found[2000] = "";
    size_t len = 0;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *text = (const char *)sqlite3_column_text(statement, i);
            len += (size_t)snprintf(found + len, sizeof found - len, "%s%s", len ? "|" : "", text ? text : "-");
            assert_true(len < sizeof found);
        }
    if (code != SQLITE_DONE)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    assert_string_equal(found, wanted);
}

static void test_shows_what_was_packed(void **state)
{
    (void)state;
    struct arena arena = arena_make((size_t)1 << 28);
    fill(&arena);
    says("SELECT count(*), count(json) FROM tieout_decisions", "27|18");
    says("SELECT company, seq, id, date, event_date, kind, corrects_source, corrects_type, corrects_document, lines "
         "FROM tieout_entries WHERE company = 1 AND seq = 4",
         "1|4|4-1|2024-10-04|2024-10-04|original|-|-|-|2|1|4|4-2|2024-10-05|2024-09-24|delta|web|order|1000|1");
    says("SELECT entry, line, role, currency, amount, amount_minor, sku, order_id, tag FROM tieout_lines WHERE seq = 5 "
         "AND company = 1",
         "1|1|cogs|USD|12.50|1250|MUG|1001|-|1|2|inventory|USD|-12.50|-1250|MUG|-|owed|2|1|cogs|USD|12.50|1250|MUG|"
         "1001|-");
    says("SELECT currency, amount FROM tieout_lines WHERE seq = 5 AND company = 2 LIMIT 1", "JPY|1250");
    says("SELECT removed, item, sku, document_number, line, part, leg, kind, type, document, qty_micro, value_minor, "
         "to_role, "
         "slices FROM tieout_movements WHERE seq = 6 AND company = 3",
         "0|3|MUG|9|1|0|0|out|shipment|S1|3000000|-|cogs|4|1|3|MUG|8|3|2|1|-|-|-|-|-|-|-");
    says("SELECT slice, kind, pool, lot, place, name, qty_micro, value_minor, to_role, order_id FROM tieout_slices "
         "WHERE seq = 6 AND company = 3",
         "1|pool|-|-|-|-|-|-|-|-|2|take|0|77|2|-|3000000|1250|-|-|3|post|-|-|-|-|-|1250|cogs|1001|"
         "4|count|-|-|-|main|-3000000|-|-|-");
    arena_done(&arena);
}

static void test_conditions_narrow_and_never_lose(void **state)
{
    (void)state;
    struct arena arena = arena_make((size_t)1 << 28);
    fill(&arena);
    says("SELECT count(*), min(seq), max(seq) FROM tieout_slices", "72|4|9");
    says("SELECT count(*) FROM tieout_slices WHERE seq = 9", "12"); /* of every company */
    says("SELECT count(*) FROM tieout_slices WHERE seq BETWEEN 5 AND 7 AND company = 2", "12");
    says("SELECT count(*) FROM tieout_slices WHERE seq > 5 AND seq < 7 AND company >= 2", "8");
    says("SELECT count(*) FROM tieout_slices WHERE company = 1 AND company = 2", "0");
    says("SELECT count(*) FROM tieout_slices WHERE company = 99 OR company = -1", "0");
    says("SELECT count(*) FROM tieout_slices WHERE seq = -1 OR seq = 9223372036854775807", "0");
    says("SELECT count(*) FROM tieout_slices WHERE company = 8388608 AND seq = 4", "0");
    says("SELECT count(*) FROM tieout_slices WHERE seq = 4.5 OR seq = 'x' OR seq IS NULL", "0");
    says("SELECT count(*) FROM tieout_slices WHERE seq = 4.0 AND company = '1'", "4");
    says("SELECT count(*) FROM tieout_entries e JOIN tieout_lines l ON l.company = e.company AND l.seq = e.seq AND "
         "l.entry = e.entry",
         "54");
    run("DELETE FROM truth");
    says("SELECT count(*) FROM tieout_slices", "0");
    arena_done(&arena);
}

/* Walks every column of every row; the process lives and no other error than the named ones comes. */
static bool survives(const char *table)
{
    char sql[80];
    (void)snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        continue;
    if (code != SQLITE_DONE && strstr(sqlite3_errmsg(db), "run tieout verify") == NULL)
        fail_msg("%s: %d %s", table, code, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    return code == SQLITE_DONE;
}

static void mutate(struct prng *prng, char *bytes, size_t *len)
{
    for (uint64_t times = 1 + prng_below(prng, 3); times > 0 && *len > 0; times--) {
        size_t at = prng_below(prng, *len);
        switch (prng_below(prng, 4)) {
        case 0: bytes[at] = (char)prng_next(prng); break;
        case 1: bytes[at] = (char)(bytes[at] ^ (char)(1 << prng_below(prng, 8))); break;
        case 2: *len = at; break;
        default:
            memmove(bytes + at, bytes + at + 1, *len - at - 1);
            *len -= 1;
            break;
        }
    }
}

static void test_damage_is_an_error_of_the_query(void **state)
{
    (void)state;
    enum { ROUNDS = 1500 };
    struct arena arena = arena_make((size_t)1 << 28);
    struct prng prng = prng_make(1);
    struct buf body = buf_make((size_t)1 << 20);
    int read = 0;
    run("DELETE FROM truth");
    setting_put(1, 1, SPAN("currency"), SPAN("USD"));
    for (int round = 0; round < ROUNDS; round++) {
        arena_reset(&arena);
        buf_reset(&body);
        struct ruling ruling = ruling_make(2, &arena);
        /* Whatever the document is, the parts behind it get their share of damage. */
        if (round % 2)
            ruling.packed = (struct span){NULL, 0};
        ruling_pack(&ruling, &body);
        mutate(&prng, body.ptr, &body.len);
        struct truth_row row = ruling.row;
        row.body = buf_span(&body);
        if (round % 5 == 0) {
            row.kind = (enum truth_kind)prng_range(&prng, 0, 9);
            row.day = (int32_t)prng_next(&prng);
            row.recorded_at_us = (int64_t)prng_next(&prng);
            row.type = (int)prng_next(&prng);
            row.outcome = (enum outcome)prng_range(&prng, 0, 9);
            row.refusal = (int)prng_range(&prng, -9, 99);
        }
        row_put(1, row);
        for (size_t i = 0; i < COUNT_OF(tables); i++)
            read += survives(tables[i]);
    }
    print_message("%d of %d walks over damaged rows were read to the end\n", read, ROUNDS * (int)COUNT_OF(tables));
    assert_in_range(read, 1, ROUNDS * COUNT_OF(tables) - 1);
    buf_done(&body);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shows_what_was_packed),
        cmocka_unit_test(test_conditions_narrow_and_never_lose),
        cmocka_unit_test(test_damage_is_an_error_of_the_query),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
