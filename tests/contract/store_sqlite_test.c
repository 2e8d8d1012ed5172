/* store_sqlite_test.c: what only a store in a file can promise: guards against strangers, locks between processes, damage,
 * rights, full disks. The contract it shares with other stores is in store_contract_test.c. A test that needs rights
 * or a file system it cannot get is skipped by name. */
#include "port/store.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_store.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SPACE_A ((enum view_space)1)
enum { NOBODY = 65534 };

struct fixture {
    char folder[60];
    char path[80];
};

/* --- helpers ------------------------------------------------------------------------------------ */

static int set_up(void **state)
{
    static struct fixture fixture;
    (void)snprintf(fixture.folder, sizeof fixture.folder, "/tmp/tieout-sqlite-XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    assert_int_equal(chmod(fixture.folder, 0755), 0);
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/store", fixture.folder);
    *state = &fixture;
    return 0;
}
static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[100];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    return system(command);
}

static void succeeds(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->text);
}
static struct store *open_as(const char *path, enum store_open_mode mode)
{
    struct err err = {0};
    struct store *store = sqlite_store_open(path, mode, &err);
    succeeds(store != NULL, &err);
    sqlite_store_set_patience(store, 0);
    return store;
}
/* The sentence must name the file and, where given, say `word`. */
static void does_not_open(const char *path, enum store_open_mode mode, enum failure code, const char *word)
{
    struct err err = {0};
    struct store *store = sqlite_store_open(path, mode, &err);
    if (store || err.code != code || !strstr(err.text, path) || (word && !strstr(err.text, word)))
        fail_msg("%s: %s, code %d, not %d with \"%s\": %s", path, store ? "opened" : "failed", err.code, code,
                 word ? word : "", err.text);
    assert_true(strlen(err.text) < sizeof err.text - 1);
    assert_int_equal(err_exit_code(&err), 4);
    print_message("  %s\n", err.text);
}

static bool try_write(struct store *store, int rows, size_t body_len, struct err *err)
{
    static char body[100000];
    uint64_t seq = 0, block = 0;
    struct seal seal;
    if (!store->ops->last_numbers(store, 1, &seq, &block, &seal, err) || !store->ops->begin(store, 1, err))
        return false;
    bool good = true;
    for (int i = 0; good && i < rows; i++) {
        struct truth_row row = {.seq = ++seq,
                                .kind = TRUTH_DOCUMENT,
                                .day = 20454,
                                .recorded_at_us = 1767225600123456,
                                .type = 3,
                                .version = 1,
                                .outcome = OUTCOME_POSTED,
                                .source = SPAN("shop"),
                                .id = SPAN("#1"),
                                .raw_block = block + 1,
                                .body = {body, body_len}};
        good = store->ops->truth_append(store, &row, err);
    }
    good = good && store->ops->raw_append(store, &(struct raw_block){block + 1, 1, SPAN("frame")}, err);
    good = good && store->ops->view_put(store, 1, SPACE_A, SPAN("key"), (struct span){body, body_len}, err);
    good = good && store->ops->seal_append(store, &(struct seal){seal.number + 1, seq, block + 1, seal.hash}, err);
    good = good && store->ops->commit(store, err);
    if (!good)
        store->ops->rollback(store);
    return good;
}
static void write_rows(struct store *store, int rows)
{
    struct err err = {0};
    succeeds(try_write(store, rows, 100, &err), &err);
}
static uint64_t rows_in(struct store *store)
{
    struct err err = {0};
    uint64_t seq = 0, block = 0;
    struct seal seal;
    succeeds(store->ops->last_numbers(store, 1, &seq, &block, &seal, &err), &err);
    return seq;
}
/* A store with one company and two commits of `rows` rows. */
static void make_store(const char *path, int rows)
{
    struct err err = {0};
    uint32_t company = 0;
    struct store *store = open_as(path, STORE_CREATE);
    succeeds(store->ops->company_create(store, SPAN("acme"), &company, &err), &err);
    write_rows(store, rows);
    write_rows(store, rows);
    store->ops->close(store);
}

/* --- strangers: a second connection that knows nothing of tieout ------------------------------------- */

static sqlite3 *raw_open(const char *path)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}
static void raw_does(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}
static void raw_change(const char *path, const char *sql)
{
    sqlite3 *db = raw_open(path);
    raw_does(db, sql);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
/* All rows of a query, columns by | and rows by ; */
static const char *raw_reads(sqlite3 *db, const char *sql)
{
    static char text[4000];
    size_t len = 0;
    sqlite3_stmt *rows = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    text[0] = 0;
    while (sqlite3_step(rows) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            const char *value = (const char *)sqlite3_column_text(rows, i);
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? "|" : "", value ? value : "null");
        }
        len += (size_t)snprintf(text + len, sizeof text - len, ";");
    }
    (void)sqlite3_finalize(rows);
    return text;
}

static const char all_of_it[] =
    "SELECT group_concat(company || code) FROM company UNION ALL "
    "SELECT group_concat(key || kind || day || source || id || hex(body)) FROM truth UNION ALL "
    "SELECT group_concat(key || count || hex(frame)) FROM raw UNION ALL "
    "SELECT group_concat(key || last_seq || last_raw_block || hex(hash)) FROM seal";

static void truth_refuses_whoever_changes_it(void **state)
{
    static const char *const attempts[] = {
        "UPDATE truth SET day = 1",
        "UPDATE truth SET key = key + 100 WHERE key = 1 << 40 | 2",
        "UPDATE OR REPLACE truth SET key = 1 << 40 | 1 WHERE key = 1 << 40 | 2",
        "UPDATE OR IGNORE truth SET body = x'00'",
        "UPDATE raw SET frame = x''",
        "UPDATE seal SET hash = zeroblob(32)",
        "UPDATE company SET code = 'other'",
        "DELETE FROM truth",
        "DELETE FROM truth WHERE key = 1 << 40 | 2",
        "DELETE FROM raw",
        "DELETE FROM seal",
        "DELETE FROM company",
        "INSERT OR REPLACE INTO truth SELECT key, 3, day, recorded_at_us, type, version, outcome, refusal, source, id, "
        "raw_block, raw_index, body FROM truth",
        "REPLACE INTO truth SELECT 1 << 40 | 2, 3, day, recorded_at_us, type, version, outcome, refusal, source, id, "
        "raw_block, raw_index, body FROM truth LIMIT 1",
        "INSERT INTO truth SELECT * FROM truth WHERE true ON CONFLICT DO UPDATE SET day = 7",
        "INSERT OR IGNORE INTO truth SELECT * FROM truth",
        "REPLACE INTO raw VALUES (1 << 40 | 1, 9, x'00')",
        "INSERT INTO raw VALUES (1 << 40 | 1, 9, x'00') ON CONFLICT DO UPDATE SET count = 9",
        "REPLACE INTO seal VALUES (1 << 40 | 1, 9, 9, zeroblob(32))",
        "REPLACE INTO company VALUES (1, 'other')",
        "REPLACE INTO company VALUES (2, 'acme')",
        "INSERT INTO company VALUES (2, 'acme') ON CONFLICT DO UPDATE SET company = 2",
        "UPDATE OR REPLACE company SET company = 1",
        /* numbers: gaps, none, zero, of no company, of another */
        "INSERT INTO raw VALUES (1 << 40 | 4, 9, x'00')",
        "INSERT INTO raw VALUES (NULL, 9, x'00')",
        "INSERT INTO raw(count, frame) VALUES (9, x'00')",
        "INSERT INTO raw VALUES (1 << 40, 9, x'00')",
        "INSERT INTO raw VALUES (1, 9, x'00')",
        "INSERT INTO raw VALUES (0, 9, x'00')",
        "INSERT INTO raw VALUES (-1, 9, x'00')",
        "INSERT INTO raw VALUES (2 << 40, 9, x'00')",
        "INSERT INTO raw VALUES (2 << 40 | 2, 9, x'00')",
        "INSERT INTO seal VALUES (1 << 40 | 9, 9, 9, zeroblob(32))",
        "INSERT INTO truth SELECT key + 1, kind, day, recorded_at_us, type, version, outcome, refusal, source, id, "
        "raw_block, raw_index, body FROM truth WHERE key = 1 << 40 | 1",
        "INSERT INTO company VALUES (3, 'third')",
        "INSERT INTO company VALUES (NULL, 'third')",
        /* forms */
        "INSERT INTO seal VALUES (1 << 40 | 3, 9, 9, zeroblob(31))",
        "INSERT INTO raw VALUES (1 << 40 | 3, 1.5, x'00')",
        "INSERT INTO raw VALUES (1 << 40 | 3, 'many', x'00')",
        "INSERT INTO raw VALUES (1 << 40 | 3, 1, 'text')",
        "INSERT INTO raw VALUES (1 << 40 | 3, 1, NULL)",
    };
    static const char *const settings[] = {"", "PRAGMA recursive_triggers = ON", "PRAGMA recursive_triggers = OFF",
                                           "PRAGMA foreign_keys = ON", "PRAGMA ignore_check_constraints = OFF"};
    struct fixture *f = *state;
    char before[4000];
    int refused = 0;
    make_store(f->path, 1);
    for (size_t s = 0; s < sizeof settings / sizeof settings[0]; s++) {
        sqlite3 *db = raw_open(f->path);
        raw_does(db, settings[s]);
        (void)snprintf(before, sizeof before, "%s", raw_reads(db, all_of_it));
        for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
            if (sqlite3_exec(db, attempts[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT)
                fail_msg("not refused: %s (%s)", attempts[i], sqlite3_errmsg(db));
            if (strcmp(raw_reads(db, all_of_it), before) != 0)
                fail_msg("refused, but changed something: %s", attempts[i]);
            refused++;
        }
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
    }
    print_message("%d attempts refused\n", refused);
}

/* A refused INSERT rolls the stranger's transaction back; what it wrote before, well-formed or not, is gone. */
static void a_refused_insert_takes_its_transaction_with_it(void **state)
{
    struct fixture *f = *state;
    make_store(f->path, 1);
    sqlite3 *db = raw_open(f->path);
    raw_does(db, "BEGIN; INSERT INTO raw VALUES (1 << 40 | 3, 1, x'00')");
    assert_int_equal(sqlite3_exec(db, "REPLACE INTO raw VALUES (1 << 40 | 3, 2, x'00')", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_true(sqlite3_get_autocommit(db));
    assert_string_equal(raw_reads(db, "SELECT count(*) FROM raw"), "2;");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void truth_is_readable_in_the_shell(void **state)
{
    struct fixture *f = *state;
    make_store(f->path, 1);
    sqlite3 *db = raw_open(f->path);
    assert_string_equal(
        raw_reads(db, "SELECT company, seq, kind, day, recorded_at, type, version, outcome, refusal, source, id, "
                      "raw_block, raw_index, body_length FROM truth_readable"),
        "acme|1|document|2026-01-01|2026-01-01T00:00:00.123456Z|3|1|posted|null|shop|#1|1|0|100;"
        "acme|2|document|2026-01-01|2026-01-01T00:00:00.123456Z|3|1|posted|null|shop|#1|2|0|100;");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* --- guards ------------------------------------------------------------------------------------- */

struct findings {
    char text[6000];
    size_t len;
};
static void on_finding(void *context, const struct store_finding *finding)
{
    struct findings *all = context;
    all->len += (size_t)snprintf(all->text + all->len, sizeof all->text - all->len, "%s|%.*s|%.*s\n", finding->table,
                                 SPAN_ARG(finding->key), SPAN_ARG(finding->detail));
}
static const char *guards_find(const char *path)
{
    static struct findings all;
    struct err err = {0};
    struct store *store = open_as(path, STORE_READ_ONLY);
    all = (struct findings){0};
    succeeds(store->ops->check_guards(store, on_finding, &all, &err), &err);
    store->ops->close(store);
    return all.text;
}

/* Each tampering is done by a stranger with all rights on the file, and each is named. */
static void guards_name_what_was_tampered_with(void **state)
{
#define WITHOUT_TRIGGER(name, change) \
    "CREATE TEMP TABLE saved AS SELECT sql FROM sqlite_schema WHERE name = '" name "'; DROP TRIGGER " name "; " change
#define SCHEMA(change) "PRAGMA writable_schema = ON; " change "; PRAGMA writable_schema = RESET"
    static const struct {
        const char *change, *finding;
    } table[] = {
        {"DROP TRIGGER truth_is_never_changed",
         "truth_is_never_changed||The trigger truth_is_never_changed is missing.\n"},
        {"DROP TRIGGER seal_takes_the_next_number",
         "seal_takes_the_next_number||The trigger seal_takes_the_next_number is missing.\n"},
        {"DROP TRIGGER raw_is_never_removed; CREATE TRIGGER raw_is_never_removed BEFORE DELETE ON raw BEGIN SELECT 1; "
         "END",
         "raw_is_never_removed||The trigger raw_is_never_removed was altered"},
        {"CREATE TRIGGER more AFTER INSERT ON truth BEGIN SELECT 1; END", "more||The trigger more was added"},
        {"CREATE TRIGGER skip BEFORE INSERT ON view_head BEGIN SELECT RAISE(IGNORE); END",
         "skip||The trigger skip was added"},
        {"CREATE TABLE notes(text)", "notes||The table notes was added"},
        {"CREATE INDEX by_day ON truth(day)", "by_day||The index by_day was added"},
        {"CREATE VIEW mine AS SELECT 1", "mine||The view mine was added"},
        {"DROP VIEW truth_readable", "truth_readable||The view truth_readable is missing.\n"},
        {"DROP TABLE view_head", "view_head||The table view_head is missing.\n"},
        {"ALTER TABLE truth ADD COLUMN more TEXT", "truth||The table truth was altered"},
        {"ALTER TABLE seal RENAME TO seals", "seal||The table seal is missing.\n"},
        {SCHEMA("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'raw'"),
         "raw||The table raw was altered"},
        {WITHOUT_TRIGGER("truth_is_never_removed", "DELETE FROM truth WHERE key = 1 << 40 | 3"),
         "truth|company 1, number 4|There is no 3 before it: rows are missing.\n"},
        {WITHOUT_TRIGGER("truth_is_never_removed", "DELETE FROM truth WHERE key = 1 << 40 | 4"),
         "seal|company 1, number 2|It seals rows up to 4, which are not there.\n"},
        {WITHOUT_TRIGGER("truth_is_never_removed", "DELETE FROM truth WHERE key = 1 << 40 | 1"),
         "truth|company 1, number 2|There is no 1 before it"},
        {WITHOUT_TRIGGER("raw_is_never_removed", "DELETE FROM raw WHERE key = 1 << 40 | 1"),
         "truth|company 1, number 1|The raw block 1 it refers to is not there.\n"},
        {WITHOUT_TRIGGER("raw_is_never_removed", "DELETE FROM raw WHERE key = 1 << 40 | 2"),
         "seal|company 1, number 2|It seals raw blocks up to 2, which are not there.\n"},
        {WITHOUT_TRIGGER("seal_is_never_removed", "DELETE FROM seal WHERE key = 1 << 40 | 1"),
         "seal|company 1, number 2|There is no 1 before it: seals are missing.\n"},
        {WITHOUT_TRIGGER("seal_is_never_changed", "UPDATE seal SET last_seq = 5 WHERE key = 1 << 40 | 1"),
         "seal|company 1, number 2|It seals less than the seal before it.\n"},
        {WITHOUT_TRIGGER("truth_is_never_changed", "UPDATE truth SET kind = 9 WHERE key = 1 << 40 | 2"),
         "truth|company 1, number 2|Its kind is not a whole number from 1 to 4.\n"},
        {WITHOUT_TRIGGER("truth_is_never_changed", "UPDATE truth SET outcome = -1 WHERE key = 1 << 40 | 2"),
         "truth|company 1, number 2|Its outcome is not a whole number from 0 to 4.\n"},
        {WITHOUT_TRIGGER("truth_is_never_changed", "UPDATE truth SET key = 5 WHERE key = 1 << 40 | 4"),
         "truth|company 0, number 5|The key is not a company and a number from 1.\n"},
        {WITHOUT_TRIGGER("company_is_never_removed", "DELETE FROM company"),
         "truth|company 1, number 1|There is no company 1.\n"},
        {WITHOUT_TRIGGER("company_is_never_changed", "UPDATE company SET company = 2"),
         "company|company 2|There is no company 1 before it.\n"},
        {"PRAGMA ignore_check_constraints = ON; INSERT INTO seal VALUES (1 << 40 | 3, 4, 2, x'00')",
         "seal|company 1, number 3|Its hash is not a blob of 32 bytes.\n"},
    };
    struct fixture *f = *state;
    make_store(f->path, 2);
    assert_string_equal(guards_find(f->path), "");
    char copy[100], command[200];
    (void)snprintf(copy, sizeof copy, "%s.copy", f->path);
    (void)snprintf(command, sizeof command, "cp %s %s", f->path, copy);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(system(command), 0);
        raw_change(copy, table[i].change);
        if (!strstr(guards_find(copy), table[i].finding))
            fail_msg("after %s\nno \"%s\" among:\n%s", table[i].change, table[i].finding, guards_find(copy));
    }
    print_message("%zu tamperings named\n", sizeof table / sizeof table[0]);
}

/* Types that STRICT would refuse, smuggled in while the table was not strict; the schema looks whole again. */
static void guards_name_a_value_of_the_wrong_type(void **state)
{
    struct fixture *f = *state;
    make_store(f->path, 2);
    sqlite3 *db = raw_open(f->path);
    raw_does(db, "CREATE TEMP TABLE saved AS SELECT sql FROM sqlite_schema WHERE name = 'truth_is_never_changed';"
                 "DROP TRIGGER truth_is_never_changed; PRAGMA writable_schema = ON;"
                 "UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'truth';"
                 "PRAGMA writable_schema = RESET; PRAGMA writable_schema = ON;"
                 "UPDATE truth SET day = 'yesterday' WHERE key = 1 << 40 | 2; UPDATE truth SET body = 'text' WHERE key "
                 "= 1 << 40 | 3;"
                 "UPDATE sqlite_schema SET sql = sql || ' STRICT' WHERE name = 'truth';"
                 "PRAGMA writable_schema = RESET");
    char trigger[600];
    (void)snprintf(trigger, sizeof trigger, "%s", raw_reads(db, "SELECT sql FROM saved"));
    raw_does(db, trigger);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    const char *found = guards_find(f->path);
    assert_null(strstr(found, "altered"));
    assert_null(strstr(found, "missing"));
    assert_non_null(strstr(found, "truth|company 1, number 2|Its day is not a whole number from "));
    assert_non_null(strstr(found, "truth|company 1, number 3|Its body is not a blob.\n"));
}

static void a_shape_of_its_own_is_left_alone(void **state)
{
    struct fixture *f = *state;
    make_store(f->path, 2);
    raw_change(f->path, "ANALYZE");
    assert_string_equal(guards_find(f->path), "");
    struct store *store = open_as(f->path, STORE_READ_WRITE);
    write_rows(store, 1);
    store->ops->close(store);
}

static void overwrite(const char *path, long at, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}
static long size_of(const char *path)
{
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    return (long)file.st_size;
}

/* Every page in turn is overwritten: the store does not open, or the guards find it. */
static void a_damaged_page_is_found_and_never_crashes(void **state)
{
    struct fixture *f = *state;
    static char rubbish[16384];
    char copy[100], command[200];
    int closed = 0, found = 0, unused = 0;
    make_store(f->path, 500);
    memset(rubbish, 0x5A, sizeof rubbish);
    (void)snprintf(copy, sizeof copy, "%s.copy", f->path);
    (void)snprintf(command, sizeof command, "cp %s %s", f->path, copy);
    for (long at = 0; at < size_of(f->path); at += (long)sizeof rubbish) {
        struct err err = {0};
        struct findings all = {0};
        assert_int_equal(system(command), 0);
        long header = at == 0 ? 100 : 0; /* or it would be no database at all */
        overwrite(copy, at + header, rubbish, sizeof rubbish - (size_t)header);
        struct store *store = sqlite_store_open(copy, STORE_READ_ONLY, &err);
        if (!store) {
            assert_int_equal(err.code, FAILURE_STORE_DAMAGED);
            closed++;
            continue;
        }
        if (!store->ops->check_guards(store, on_finding, &all, &err))
            assert_int_equal(err.code, FAILURE_STORE_DAMAGED);
        found += all.len > 0 || err.code != FAILURE_NONE;
        unused += all.len == 0 && err.code == FAILURE_NONE;
        store->ops->close(store);
    }
    print_message("pages: %d do not open, %d found, %d without effect\n", closed, found, unused);
    assert_true(closed >= 1);
    assert_true(found > 20);
    assert_int_equal(unused, 0);
}

/* --- opening what is no store ------------------------------------------------------------------------ */

static void write_file(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static void what_is_no_store_is_named_and_left_as_it_was(void **state)
{
    struct fixture *f = *state;
    static char garbage[50000];
    char other[100], inside[100];
    (void)snprintf(other, sizeof other, "%s/other", f->folder);
    (void)snprintf(inside, sizeof inside, "%s/no/store", f->folder);
    does_not_open(f->path, STORE_READ_WRITE, FAILURE_STORE_MISSING, "no store at");
    does_not_open(f->path, STORE_READ_ONLY, FAILURE_STORE_MISSING, "tieout init");
    assert_int_equal(access(f->path, F_OK), -1);
    does_not_open(f->folder, STORE_CREATE, FAILURE_STORE_MISSING, "folder");
    does_not_open(inside, STORE_CREATE, FAILURE_STORE_MISSING, "folder");
    does_not_open("/dev/null", STORE_READ_WRITE, FAILURE_STORE_MISSING, "no regular file");

    memset(garbage, 0x42, sizeof garbage);
    for (int mode = STORE_CREATE; mode <= STORE_READ_ONLY; mode++) {
        write_file(other, garbage, sizeof garbage);
        does_not_open(other, (enum store_open_mode)mode, FAILURE_STORE_MISSING, "not a tieout store");
        assert_int_equal(size_of(other), (long)sizeof garbage);
        write_file(other, "date,amount\n", 12);
        does_not_open(other, (enum store_open_mode)mode, FAILURE_STORE_MISSING, "not a tieout store");
        (void)unlink(other);
        raw_change(other, "CREATE TABLE photos(name)");
        does_not_open(other, (enum store_open_mode)mode, FAILURE_STORE_MISSING, "another program");
        sqlite3 *db = raw_open(other);
        assert_string_equal(raw_reads(db, "SELECT name FROM sqlite_schema"), "photos;");
        assert_string_equal(raw_reads(db, "PRAGMA journal_mode"), "delete;");
        (void)sqlite3_close(db);
        (void)unlink(other);
    }
    write_file(other, "", 0);
    does_not_open(other, STORE_READ_WRITE, FAILURE_STORE_MISSING, "empty file");
    raw_change(other, "PRAGMA journal_mode = WAL");
    does_not_open(other, STORE_READ_WRITE, FAILURE_STORE_MISSING, "empty database");
    /* ... as a crash in the middle of creating leaves it; creating again finishes the work. */
    make_store(other, 1);
    assert_string_equal(guards_find(other), "");
}

static void creating_opens_what_is_there(void **state)
{
    struct fixture *f = *state;
    make_store(f->path, 3);
    struct store *store = open_as(f->path, STORE_CREATE);
    assert_int_equal(rows_in(store), 6);
    store->ops->close(store);
}

static void a_path_is_a_path_and_nothing_more(void **state)
{
    static const char *const names[] = {":memory:", "file:x?mode=memory", "with 'quotes' and %41"};
    struct fixture *f = *state;
    char here[1000];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(f->folder), 0);
    for (size_t i = 0; i < 3; i++) {
        make_store(names[i], 1);
        assert_true(size_of(names[i]) > 0);
        assert_string_equal(guards_find(names[i]), "");
    }
    assert_int_equal(chdir(here), 0);
}

static void a_newer_store_is_refused_unchanged(void **state)
{
    struct fixture *f = *state;
    make_store(f->path, 1);
    raw_change(f->path, "PRAGMA user_version = 99");
    for (int mode = STORE_CREATE; mode <= STORE_READ_ONLY; mode++)
        does_not_open(f->path, (enum store_open_mode)mode, FAILURE_STORE_NEWER, "version 99");
    raw_change(f->path, "PRAGMA user_version = 0");
    does_not_open(f->path, STORE_READ_WRITE, FAILURE_STORE_DAMAGED, "version 0");
    raw_change(f->path, "PRAGMA user_version = 1");
    assert_string_equal(guards_find(f->path), "");
}

/* Cut at every page and inside the first: damaged or no store, never a crash, never opened. */
static void a_truncated_store_does_not_open(void **state)
{
    struct fixture *f = *state;
    make_store(f->path, 200);
    int opened = 0, damaged = 0, foreign = 0;
    for (long at = size_of(f->path) - 16384; at > 0; at -= at > 16384 ? 16384 : 4000) {
        assert_int_equal(truncate(f->path, at), 0);
        struct err err = {0};
        struct store *store = sqlite_store_open(f->path, STORE_READ_ONLY, &err);
        opened += store != NULL;
        damaged += err.code == FAILURE_STORE_DAMAGED;
        foreign += err.code == FAILURE_STORE_MISSING;
        if (store)
            store->ops->close(store);
        else
            assert_non_null(strstr(err.text, f->path));
    }
    print_message("%d damaged, %d no store\n", damaged, foreign);
    assert_int_equal(opened, 0);
    assert_int_equal(foreign, 0);
    assert_true(damaged > 10);
}

static void a_store_without_a_table_says_it_is_damaged(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    make_store(f->path, 1);
    raw_change(f->path, "DROP TABLE view_head");
    struct store *store = open_as(f->path, STORE_READ_WRITE);
    assert_false(try_write(store, 1, 10, &err));
    assert_int_equal(err.code, FAILURE_STORE_DAMAGED);
    assert_non_null(strstr(err.text, "view_head"));
    assert_int_equal(rows_in(store), 2);
    store->ops->close(store);
}

/* --- other processes ---------------------------------------------------------------------------- */

/* A second process at the other end of two pipes: it does a step for each letter sent and answers with one. SQLite
 * must not be carried over a fork, so it is started before this process opens anything. */
struct second {
    pid_t pid;
    int ask, answer;
};
static void step(struct store **store, const char *path, char letter, int answer)
{
    struct err err = {0};
    bool good = true;
    if (letter == 'o')
        *store = sqlite_store_open(path, STORE_READ_WRITE, &err);
    else if (letter == 'w')
        good = try_write(*store, 1, 100, &err);
    else if (letter == 'b')
        good = (*store)->ops->begin(*store, 1, &err) &&
               (*store)->ops->view_put(*store, 1, SPACE_A, SPAN("half"), SPAN("done"), &err);
    else if (letter == 'c')
        *store = (*store)->ops->close(*store);
    char reply = good && (letter != 'o' || *store) ? 'y' : err.code == FAILURE_STORE_IN_USE ? 'u' : 'n';
    if (write(answer, &reply, 1) != 1)
        _exit(1);
}
static struct second start_second(const char *path)
{
    int ask[2], answer[2];
    assert_int_equal(pipe2(ask, O_CLOEXEC), 0);
    assert_int_equal(pipe2(answer, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *store = NULL;
        char letter;
        (void)close(ask[1]);
        while (read(ask[0], &letter, 1) == 1)
            step(&store, path, letter, answer[1]);
        _exit(0);
    }
    (void)close(ask[0]);
    (void)close(answer[1]);
    return (struct second){pid, ask[1], answer[0]};
}
static char tell(struct second second, char letter)
{
    char reply = 0;
    assert_int_equal(write(second.ask, &letter, 1), 1);
    assert_int_equal(read(second.answer, &reply, 1), 1);
    return reply;
}
static void end_second(struct second second, bool by_force)
{
    if (by_force)
        assert_int_equal(kill(second.pid, SIGKILL), 0);
    (void)close(second.ask);
    assert_int_equal(waitpid(second.pid, NULL, 0), second.pid);
    (void)close(second.answer);
}

static void one_process_writes_and_others_read(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    char number[20];
    make_store(f->path, 1);
    struct second second = start_second(f->path);
    assert_int_equal(tell(second, 'o'), 'y');
    (void)snprintf(number, sizeof number, "%ld", (long)second.pid);
    does_not_open(f->path, STORE_READ_WRITE, FAILURE_STORE_IN_USE, number);
    does_not_open(f->path, STORE_CREATE, FAILURE_STORE_IN_USE, "only one may");

    struct store *reader = open_as(f->path, STORE_READ_ONLY);
    assert_int_equal(rows_in(reader), 2);
    assert_int_equal(tell(second, 'w'), 'y');
    assert_int_equal(rows_in(reader), 2); /* one report, one commit */
    succeeds(sqlite_store_refresh(reader, &err), &err);
    assert_int_equal(rows_in(reader), 3);
    assert_int_equal(tell(second, 'b'), 'y'); /* an open transaction of the writer is nobody else's business */
    succeeds(sqlite_store_refresh(reader, &err), &err);
    assert_int_equal(rows_in(reader), 3);
    reader->ops->close(reader);

    end_second(second, true); /* killed inside its transaction */
    struct store *store = open_as(f->path, STORE_READ_WRITE);
    bool found = true;
    struct span value;
    struct arena arena = arena_make(1000);
    assert_int_equal(rows_in(store), 3);
    succeeds(store->ops->view_get(store, 1, SPACE_A, SPAN("half"), &arena, &value, &found, &err), &err);
    assert_false(found);
    write_rows(store, 1);
    store->ops->close(store);
    arena_done(&arena);
    assert_string_equal(guards_find(f->path), "");
}

static void the_lock_goes_with_closing(void **state)
{
    struct fixture *f = *state;
    make_store(f->path, 1);
    struct second second = start_second(f->path);
    struct store *store = open_as(f->path, STORE_READ_WRITE);
    assert_int_equal(tell(second, 'o'), 'u');
    does_not_open(f->path, STORE_READ_WRITE, FAILURE_STORE_IN_USE, NULL); /* in the same process as well */
    write_rows(store, 1);                                                 /* and the failed attempt did no harm */
    store->ops->close(store);
    assert_int_equal(tell(second, 'o'), 'y');
    assert_int_equal(tell(second, 'w'), 'y');
    assert_int_equal(tell(second, 'c'), 'y');
    store = open_as(f->path, STORE_READ_WRITE);
    assert_int_equal(rows_in(store), 4);
    store->ops->close(store);
    end_second(second, false);
}

/* A foreign program has a write transaction open on the file. */
static void a_foreign_lock_is_waited_for_only_so_long(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    uint32_t company;
    make_store(f->path, 1);
    struct store *store = open_as(f->path, STORE_READ_WRITE);
    sqlite3 *db = raw_open(f->path);
    raw_does(db, "BEGIN IMMEDIATE");
    assert_false(store->ops->begin(store, 1, &err));
    assert_int_equal(err.code, FAILURE_STORE_IN_USE);
    assert_non_null(strstr(err.text, f->path));
    sqlite_store_set_patience(store, 30);
    assert_false(store->ops->company_create(store, SPAN("other"), &company, &err));
    assert_int_equal(err.code, FAILURE_STORE_IN_USE);
    assert_int_equal(rows_in(store), 2);
    raw_does(db, "ROLLBACK");
    write_rows(store, 1);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    store->ops->close(store);
}

static void a_store_replaced_under_its_writer_is_not_written(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    char away[100];
    uint32_t company;
    make_store(f->path, 1);
    struct store *store = open_as(f->path, STORE_READ_WRITE);
    (void)snprintf(away, sizeof away, "%s/away", f->folder);
    assert_int_equal(rename(f->path, away), 0);
    assert_false(store->ops->begin(store, 1, &err));
    assert_non_null(strstr(err.text, "moved"));
    write_file(f->path, "another", 7);
    assert_false(store->ops->company_create(store, SPAN("other"), &company, &err));
    assert_int_equal(err.code, FAILURE_STORE_OTHER);
    assert_int_equal(err_exit_code(&err), 4);
    store->ops->close(store);
}

static void a_store_opened_for_reading_does_not_write(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    uint32_t company;
    make_store(f->path, 1);
    struct store *store = open_as(f->path, STORE_READ_ONLY);
    assert_false(store->ops->begin(store, 1, &err));
    assert_int_equal(err.code, FAILURE_STORE_READ_ONLY);
    assert_false(store->ops->company_create(store, SPAN("other"), &company, &err));
    assert_int_equal(err.code, FAILURE_STORE_READ_ONLY);
    store->ops->rollback(store);
    assert_int_equal(rows_in(store), 2);
    store->ops->close(store);
}

/* --- rights ------------------------------------------------------------------------------------- */

/* Runs in a process that is an ordinary user, whoever runs the tests; the checks there end the process. */
static void as_nobody(void (*check)(const struct fixture *), const struct fixture *f)
{
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
            _exit(2);
        check(f);
        (void)fflush(NULL);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}
/* cmocka cannot fail a test from another process, so this says it and ends with a number. */
static void expect(const char *path, enum store_open_mode mode, enum failure code)
{
    struct err err = {0};
    struct store *store = sqlite_store_open(path, mode, &err);
    print_message("  %s\n", store ? "opened" : err.text);
    if ((store ? FAILURE_NONE : err.code) != code || (!store && !strstr(err.text, path)))
        _exit(3);
    if (store)
        store->ops->close(store);
}
static void in_a_readable_folder(const struct fixture *f)
{
    char new[100];
    (void)snprintf(new, sizeof new, "%s/new", f->folder);
    expect(f->path, STORE_READ_WRITE, FAILURE_STORE_READ_ONLY);
    expect(f->path, STORE_CREATE, FAILURE_STORE_READ_ONLY);
    expect(f->path, STORE_READ_ONLY, FAILURE_STORE_READ_ONLY);
    expect(new, STORE_CREATE, FAILURE_STORE_READ_ONLY);
}
static void with_a_readable_file(const struct fixture *f)
{
    expect(f->path, STORE_READ_WRITE, FAILURE_STORE_READ_ONLY);
    expect(f->path, STORE_READ_ONLY, FAILURE_NONE);
}
static void with_nothing_readable(const struct fixture *f)
{
    expect(f->path, STORE_READ_WRITE, FAILURE_STORE_READ_ONLY);
    expect(f->path, STORE_READ_ONLY, FAILURE_STORE_READ_ONLY);
}
static void with_all_rights(const struct fixture *f) { expect(f->path, STORE_READ_WRITE, FAILURE_NONE); }

static void rights_that_lack_are_named(void **state)
{
    struct fixture *f = *state;
    make_store(f->path, 1);
    assert_int_equal(chmod(f->path, 0666), 0);
    assert_int_equal(chmod(f->folder, 0555), 0);
    as_nobody(in_a_readable_folder, f);
    assert_int_equal(chmod(f->path, 0444), 0);
    assert_int_equal(chmod(f->folder, 0777), 0);
    as_nobody(with_a_readable_file, f);
    assert_int_equal(chmod(f->path, 0000), 0);
    as_nobody(with_nothing_readable, f);
    assert_int_equal(chmod(f->path, 0666), 0);
    assert_int_equal(chmod(f->folder, 0000), 0);
    as_nobody(with_nothing_readable, f);
    assert_int_equal(chmod(f->folder, 0777), 0);
}

/* root ran a command on the service's store; the service must still be able to take the lock. */
static void the_lock_belongs_to_whom_the_store_belongs(void **state)
{
    struct fixture *f = *state;
    if (geteuid() != 0) {
        print_message("skipped: only root can give a file away\n");
        skip();
    }
    make_store(f->path, 1);
    assert_int_equal(chown(f->path, NOBODY, NOBODY), 0);
    assert_int_equal(chmod(f->folder, 0777), 0);
    struct store *store = open_as(f->path, STORE_READ_WRITE);
    write_rows(store, 1);
    store->ops->close(store);
    as_nobody(with_all_rights, f);
}

/* --- full disks --------------------------------------------------------------------------------- */

/* Writes until the disk is full, and says how far that came. The failure must be the right one. */
static int fill(struct store *store, int rows, size_t body_len)
{
    struct err err = {0};
    int commits = 0;
    while (try_write(store, rows, body_len, &err))
        commits++;
    if (err.code != FAILURE_STORE_FULL)
        fail_msg("after %d commits: code %d: %s", commits, err.code, err.text);
    return commits;
}

/* A limit on a file's size stands in for a full disk where no small file system can be had. */
static void a_file_that_may_not_grow_is_a_full_disk(void **state)
{
    struct fixture *f = *state;
    make_store(f->path, 1);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct store *store = open_as(f->path, STORE_READ_WRITE);
    small = (struct rlimit){.rlim_cur = 3000000, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int commits = fill(store, 10, 20000);
    uint64_t rows = rows_in(store);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(rows, 2 + 10 * commits);
    write_rows(store, 10);
    assert_int_equal(rows_in(store), rows + 10);
    store->ops->close(store);
    assert_string_equal(guards_find(f->path), "");
    print_message("full after %d commits\n", commits);
}

/* Takes all but `left` bytes of the file system. */
static bool take_space(const char *folder, long left)
{
    char path[100];
    (void)snprintf(path, sizeof path, "%s/ballast", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    static char block[4096];
    memset(block, 1, sizeof block);
    off_t taken = 0;
    for (ssize_t n; (n = write(fd, block, sizeof block)) > 0;)
        taken += n;
    bool good = errno == ENOSPC && ftruncate(fd, taken > left ? taken - left : 0) == 0;
    return close(fd) == 0 && good;
}
static void give_space(const char *folder)
{
    char path[100];
    (void)snprintf(path, sizeof path, "%s/ballast", folder);
    (void)unlink(path);
}

/* With every amount of room left, page by page, a commit is kept or refused as a whole, and opening is refused or works. */
static void try_with_room(const char *folder, const char *path, long left, int *full, int *kept)
{
    struct err err = {0};
    (void)unlink(path);
    make_store(path, 1);
    assert_true(take_space(folder, left));
    struct store *store = sqlite_store_open(path, STORE_READ_WRITE, &err);
    bool wrote = store && try_write(store, 20, 2000, &err);
    if (!wrote && err.code != FAILURE_STORE_FULL)
        fail_msg("%ld bytes left: code %d: %s", left, err.code, err.text);
    *full += !wrote;
    *kept += wrote;
    give_space(folder);
    if (!store)
        store = open_as(path, STORE_READ_WRITE);
    assert_int_equal(rows_in(store), wrote ? 22 : 2);
    write_rows(store, 1); /* with room again it goes on where it was */
    assert_int_equal(rows_in(store), wrote ? 23 : 3);
    store->ops->close(store);
    assert_string_equal(guards_find(path), "");
}

static void on_a_small_disk(const char *folder)
{
    char path[100];
    int full = 0, kept = 0;
    (void)snprintf(path, sizeof path, "%s/store", folder);
    assert_true(take_space(folder, 0));
    does_not_open(path, STORE_CREATE, FAILURE_STORE_FULL, "make room");
    give_space(folder);
    for (long left = 0; left < 60 * 4096; left += 4096)
        try_with_room(folder, path, left, &full, &kept);
    struct store *store = open_as(path, STORE_READ_WRITE);
    int commits = fill(store, 10, 20000);
    assert_int_equal(rows_in(store), (kept ? 23 : 3) + 10 * commits);
    store->ops->close(store);
    assert_string_equal(guards_find(path), "");
    print_message("room for 0 to 59 blocks: %d times full, %d times kept; then full after %d commits of 200 KB\n", full,
                  kept, commits);
    assert_true(full > 10 && kept > 0 && commits > 3);
}

static void a_full_disk_is_named_and_nothing_is_lost(void **state)
{
    struct fixture *f = *state;
    /* The mount is this process's own and ends with the test. */
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", f->folder, "tmpfs", 0, "size=4m") != 0) {
        print_message("skipped: no right to mount a small file system\n");
        skip();
    }
    on_a_small_disk(f->folder);
    assert_int_equal(umount2(f->folder, MNT_DETACH), 0);
}

/* More than SQLite's cache holds, so that it spills. */
static void a_scratch_store_holds_what_memory_would_not_and_leaves_no_file(void **state)
{
    struct fixture *f = *state;
    enum { ROWS = 6000, LEN = 10000 };
    struct err err = {0};
    struct rusage usage;
    static char value[LEN];
    assert_int_equal(setenv("SQLITE_TMPDIR", f->folder, 1), 0);
    struct store *store = sqlite_store_scratch(&err);
    succeeds(store != NULL, &err);
    uint32_t company = 0;
    succeeds(store->ops->company_create(store, SPAN("again"), &company, &err), &err);
    succeeds(store->ops->begin(store, company, &err), &err);
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    long before_kb = usage.ru_maxrss;
    for (uint32_t i = 0; i < ROWS; i++) {
        value[0] = (char)i;
        struct span key = {(const char *)&i, sizeof i};
        succeeds(store->ops->view_put(store, company, SPACE_A, key, (struct span){value, LEN}, &err), &err);
        if (i % 1000 == 999) {
            succeeds(store->ops->commit(store, &err), &err);
            succeeds(store->ops->begin(store, company, &err), &err);
        }
    }
    struct arena arena = arena_make((size_t)1 << 30);
    for (uint32_t i = 0; i < ROWS; i += 100) {
        struct span found;
        bool there = false;
        succeeds(store->ops->view_get(store, company, SPACE_A, (struct span){(const char *)&i, sizeof i}, &arena,
                                      &found, &there, &err),
                 &err);
        assert_true(there && found.len == LEN && found.ptr[0] == (char)i);
    }
    arena_done(&arena);
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    print_message("60 MB in a scratch store took %ld KB of memory\n", usage.ru_maxrss - before_kb);
    store->ops->rollback(store);
    store->ops->close(store);
    assert_int_equal(rmdir(f->folder), 0); /* so it was empty */
    assert_int_equal(mkdir(f->folder, 0755), 0);
    assert_int_equal(unsetenv("SQLITE_TMPDIR"), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(truth_refuses_whoever_changes_it),
        TEST(a_refused_insert_takes_its_transaction_with_it),
        TEST(truth_is_readable_in_the_shell),
        TEST(guards_name_what_was_tampered_with),
        TEST(guards_name_a_value_of_the_wrong_type),
        TEST(a_shape_of_its_own_is_left_alone),
        TEST(a_damaged_page_is_found_and_never_crashes),
        TEST(what_is_no_store_is_named_and_left_as_it_was),
        TEST(creating_opens_what_is_there),
        TEST(a_path_is_a_path_and_nothing_more),
        TEST(a_newer_store_is_refused_unchanged),
        TEST(a_truncated_store_does_not_open),
        TEST(a_store_without_a_table_says_it_is_damaged),
        TEST(one_process_writes_and_others_read),
        TEST(the_lock_goes_with_closing),
        TEST(a_foreign_lock_is_waited_for_only_so_long),
        TEST(a_store_replaced_under_its_writer_is_not_written),
        TEST(a_store_opened_for_reading_does_not_write),
        TEST(rights_that_lack_are_named),
        TEST(the_lock_belongs_to_whom_the_store_belongs),
        TEST(a_file_that_may_not_grow_is_a_full_disk),
        TEST(a_full_disk_is_named_and_nothing_is_lost),
        TEST(a_scratch_store_holds_what_memory_would_not_and_leaves_no_file),
    };
    return cmocka_run_group_tests_name("store in a SQLite file", tests, NULL, NULL);
}
