/* store_contract_test.c: what port/store.h promises, asked of every store: each test runs on store/memory and on
 * store/sqlite. What only a file can do (locks, damage, full disks) is in store_sqlite_test.c. SEED=n in the environment
 * repeats the random test with another seed. */
#include "base/buf.h"
#include "base/prng.h"
#include "port/store.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The suite takes no interest in what the spaces are for. */
#define SPACE_A ((enum view_space)1)
#define SPACE_B ((enum view_space)2)
#define SPACE_C ((enum view_space)3)
/* A span that may stand in a static table. */
#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

enum store_sort { MEMORY, SQLITE };
struct fixture {
    enum store_sort sort;
    char folder[40];
    char path[60];
    struct store *store;
    struct arena arena;
};
static struct fixture on_memory = {.sort = MEMORY}, on_sqlite = {.sort = SQLITE};

/* --- helpers ------------------------------------------------------------------------------------ */

static void succeeds(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->text);
}

static struct store *open_store(const struct fixture *fixture)
{
    struct err err = {0};
    struct store *store =
        fixture->sort == MEMORY ? memory_store_new() : sqlite_store_open(fixture->path, STORE_CREATE, &err);
    succeeds(store != NULL, &err);
    return store;
}

static int set_up(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->sort == SQLITE) {
        (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/tieout-contract-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        (void)snprintf(fixture->path, sizeof fixture->path, "%s/store", fixture->folder);
    }
    fixture->arena = arena_make(64 << 20);
    fixture->store = open_store(fixture);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-lock"};
    struct fixture *fixture = *state;
    arena_done(&fixture->arena);
    if (fixture->store)
        fixture->store = fixture->store->ops->close(fixture->store);
    for (size_t i = 0; fixture->sort == SQLITE && i < 4; i++) {
        char path[80];
        (void)snprintf(path, sizeof path, "%s%s", fixture->path, tails[i]);
        (void)unlink(path);
    }
    return fixture->sort == SQLITE ? rmdir(fixture->folder) : 0;
}

/* Where a store outlives its process, closes it and opens it again; what is read next was on disk. */
static void reopen(struct fixture *fixture)
{
    if (fixture->sort == MEMORY)
        return;
    fixture->store = fixture->store->ops->close(fixture->store);
    fixture->store = open_store(fixture);
}

static uint32_t create(struct store *store, const char *code)
{
    struct err err = {0};
    uint32_t company = 0;
    succeeds(store->ops->company_create(store, span_of(code), &company, &err), &err);
    return company;
}
static void begin(struct store *store, uint32_t company)
{
    struct err err = {0};
    succeeds(store->ops->begin(store, company, &err), &err);
}
static void commit(struct store *store)
{
    struct err err = {0};
    succeeds(store->ops->commit(store, &err), &err);
}
static void rollback(struct store *store) { store->ops->rollback(store); }
static void put(struct store *store, uint32_t company, enum view_space space, struct span key, struct span value)
{
    struct err err = {0};
    succeeds(store->ops->view_put(store, company, space, key, value, &err), &err);
}
static void delete (struct store *store, uint32_t company, enum view_space space, struct span key)
{
    struct err err = {0};
    succeeds(store->ops->view_delete(store, company, space, key, &err), &err);
}
static void clear(struct store *store, uint32_t company, enum view_space space)
{
    struct err err = {0};
    succeeds(store->ops->view_clear(store, company, space, &err), &err);
}
static bool get(struct fixture *fixture, uint32_t company, enum view_space space, struct span key, struct span *out)
{
    struct err err = {0};
    bool found = false;
    succeeds(fixture->store->ops->view_get(fixture->store, company, space, key, &fixture->arena, out, &found, &err),
             &err);
    return found;
}
static void append_row(struct store *store, uint64_t seq, const char *body)
{
    struct err err = {0};
    struct truth_row row = {.seq = seq,
                            .kind = TRUTH_DOCUMENT,
                            .day = 20000,
                            .recorded_at_us = 1,
                            .type = 1,
                            .version = 1,
                            .outcome = OUTCOME_POSTED,
                            .source = SPAN("shop"),
                            .id = SPAN("1"),
                            .body = span_of(body)};
    succeeds(store->ops->truth_append(store, &row, &err), &err);
}
static void append_block(struct store *store, uint64_t number, const char *frame)
{
    struct err err = {0};
    struct raw_block block = {.number = number, .count = 1, .frame = span_of(frame)};
    succeeds(store->ops->raw_append(store, &block, &err), &err);
}
static void append_seal(struct store *store, uint64_t number, uint64_t last_seq, uint64_t last_raw_block)
{
    struct err err = {0};
    struct seal seal = {number, last_seq, last_raw_block, hash_of(SPAN("seal"))};
    succeeds(store->ops->seal_append(store, &seal, &err), &err);
}

struct numbers {
    uint64_t seq, raw_block;
    struct seal seal;
};
static struct numbers numbers_of(struct store *store, uint32_t company)
{
    struct err err = {0};
    struct numbers n = {99, 99, {.number = 99}};
    succeeds(store->ops->last_numbers(store, company, &n.seq, &n.raw_block, &n.seal, &err), &err);
    return n;
}
static void has_numbers(struct store *store, uint32_t company, uint64_t seq, uint64_t raw_block, uint64_t seal)
{
    struct numbers n = numbers_of(store, company);
    assert_int_equal(n.seq, seq);
    assert_int_equal(n.raw_block, raw_block);
    assert_int_equal(n.seal.number, seal);
}

static void same_text(struct span got, struct span want)
{
    assert_true((got.ptr == NULL) == (want.ptr == NULL));
    assert_int_equal(got.len, want.len);
    if (want.len > 0)
        assert_memory_equal(got.ptr, want.ptr, want.len);
}
static void same_row(const struct truth_row *got, const struct truth_row *want)
{
    assert_int_equal(got->seq, want->seq);
    assert_int_equal(got->kind, want->kind);
    assert_int_equal(got->day, want->day);
    assert_true(got->recorded_at_us == want->recorded_at_us);
    assert_int_equal(got->type, want->type);
    assert_true(got->version == want->version);
    assert_int_equal(got->outcome, want->outcome);
    assert_int_equal(got->refusal, want->refusal);
    assert_int_equal(got->raw_block, want->raw_block);
    assert_int_equal(got->raw_index, want->raw_index);
    same_text(got->source, want->source);
    same_text(got->id, want->id);
    same_text(got->body, want->body.ptr ? want->body : SPAN(""));
}

/* Collects keys of a scan as "a=1 b=2 "; stops after `stop_after` rows when that is not 0. */
struct listing {
    char text[4000];
    size_t len;
    int rows, stop_after;
};
static bool list_pair(void *context, struct span key, struct span value)
{
    struct listing *list = context;
    list->len += (size_t)snprintf(list->text + list->len, sizeof list->text - list->len, "%.*s=%.*s ", SPAN_ARG(key),
                                  SPAN_ARG(value));
    return ++list->rows != list->stop_after;
}
static bool list_row(void *context, const struct truth_row *row)
{
    struct listing *list = context;
    list->len += (size_t)snprintf(list->text + list->len, sizeof list->text - list->len, "%" PRIu64 "=%.*s ", row->seq,
                                  SPAN_ARG(row->body));
    return ++list->rows != list->stop_after;
}
static bool list_block(void *context, const struct raw_block *block)
{
    return list_row(context, &(struct truth_row){.seq = block->number, .body = block->frame});
}
static bool list_seal(void *context, const struct seal *seal)
{
    return list_row(context, &(struct truth_row){.seq = seal->number});
}
static bool list_company(void *context, uint32_t company, struct span code)
{
    return list_row(context, &(struct truth_row){.seq = company, .body = code});
}

static const char *scan_pairs(struct fixture *fixture, uint32_t company, enum view_space space, struct span prefix,
                              struct span from)
{
    static struct listing list;
    struct err err = {0};
    list = (struct listing){0};
    succeeds(fixture->store->ops->view_scan(fixture->store, company, space, prefix, from, list_pair, &list, &err),
             &err);
    return list.text;
}
static const char *scan_rows(struct store *store, uint32_t company, uint64_t from, uint64_t to)
{
    static struct listing list;
    struct err err = {0};
    list = (struct listing){0};
    succeeds(store->ops->truth_scan(store, company, from, to, list_row, &list, &err), &err);
    return list.text;
}
#define ALL ((struct span){0})

static void on_finding(void *context, const struct store_finding *finding)
{
    int *count = context;
    ++*count;
    print_message("finding: %s %.*s: %.*s\n", finding->table, SPAN_ARG(finding->key), SPAN_ARG(finding->detail));
}
static void guards_find_nothing(struct store *store)
{
    struct err err = {0};
    int findings = 0;
    succeeds(store->ops->check_guards(store, on_finding, &findings, &err), &err);
    assert_int_equal(findings, 0);
}

/* True when the call aborts, as a must() does. */
static bool aborts(void (*call)(struct store *store), struct store *store)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        call(store);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) || (WIFEXITED(status) && WEXITSTATUS(status) == 70);
}

/* --- companies ---------------------------------------------------------------------------------- */

static void companies_are_numbered_from_1_and_found_by_their_code(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    uint32_t company = 9;
    succeeds(f->store->ops->company_find(f->store, SPAN("acme"), &company, &err), &err);
    assert_int_equal(company, 0);
    assert_int_equal(create(f->store, "acme"), 1);
    assert_int_equal(create(f->store, "Acme"), 2);
    assert_int_equal(create(f->store, "Ütopia GmbH / 2"), 3);
    reopen(f);
    succeeds(f->store->ops->company_find(f->store, SPAN("Ütopia GmbH / 2"), &company, &err), &err);
    assert_int_equal(company, 3);
    succeeds(f->store->ops->company_find(f->store, SPAN("acm"), &company, &err), &err);
    assert_int_equal(company, 0);
    succeeds(f->store->ops->company_find(f->store, (struct span){0}, &company, &err), &err);
    assert_int_equal(company, 0);
}

static void a_code_is_given_once(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    uint32_t company = 77;
    create(f->store, "acme");
    assert_false(f->store->ops->company_create(f->store, SPAN("acme"), &company, &err));
    assert_int_equal(err.code, FAILURE_USAGE);
    assert_non_null(strstr(err.text, "acme"));
    assert_int_equal(company, 77);
    assert_int_equal(create(f->store, "next"), 2);
}

static void companies_are_walked_in_order_until_the_callback_says_stop(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct listing all = {0}, two = {.stop_after = 2};
    create(f->store, "c");
    create(f->store, "a");
    create(f->store, "b");
    succeeds(f->store->ops->company_scan(f->store, list_company, &all, &err), &err);
    assert_string_equal(all.text, "1=c 2=a 3=b ");
    succeeds(f->store->ops->company_scan(f->store, list_company, &two, &err), &err);
    assert_string_equal(two.text, "1=c 2=a ");
}

static void a_company_created_in_a_transaction_shares_its_fate(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    uint32_t company = 0;
    create(f->store, "first");
    begin(f->store, 1);
    assert_int_equal(create(f->store, "second"), 2);
    rollback(f->store);
    succeeds(f->store->ops->company_find(f->store, SPAN("second"), &company, &err), &err);
    assert_int_equal(company, 0);
    begin(f->store, 1);
    assert_int_equal(create(f->store, "third"), 2);
    commit(f->store);
    reopen(f);
    succeeds(f->store->ops->company_find(f->store, SPAN("third"), &company, &err), &err);
    assert_int_equal(company, 2);
}

/* --- truth -------------------------------------------------------------------------------------- */

static void rows_come_back_as_they_were_appended(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    static char large[1 << 20];
    memset(large, 0xA7, sizeof large);
    const struct truth_row rows[] = {
        {1, TRUTH_DOCUMENT, 20454, 1767225600123456, 7, 1, OUTCOME_POSTED, 0, SPAN("shop"), SPAN("#1001"), 1, 0,
         SPAN("body")},
        {2, TRUTH_SET_ASIDE, 0, INT64_MAX, INT32_MAX, INT64_MAX, OUTCOME_NONE, INT32_MAX, {0}, {0}, 0, UINT32_MAX, {0}},
        {3, TRUTH_POLICY, INT32_MIN, INT64_MIN, INT32_MIN, INT64_MIN, OUTCOME_EXCLUDED, INT32_MIN, SPAN(""), SPAN(""),
         UINT64_C(1099511627775), 63, SPAN("")},
        {4, TRUTH_PERIOD, INT32_MAX, -1, -1, -1, OUTCOME_WAITING, -1, SPAN("\xc3\xa4 \xe2\x82\xac"),
         SPAN("with \0 inside"), 1, 1, SPAN("\0\xff\0")},
        {5,
         TRUTH_DOCUMENT,
         -1,
         0,
         0,
         0,
         OUTCOME_FAILED,
         12,
         SPAN("not utf-8: \xff\xfe"),
         SPAN("'; drop table truth"),
         2,
         1,
         {large, sizeof large}},
    };
    create(f->store, "acme");
    begin(f->store, 1);
    for (size_t i = 0; i < 5; i++)
        succeeds(f->store->ops->truth_append(f->store, &rows[i], &err), &err);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 5; i++) {
            struct truth_row row = {0};
            bool found = false;
            succeeds(f->store->ops->truth_read(f->store, 1, i + 1, &f->arena, &row, &found, &err), &err);
            assert_true(found);
            same_row(&row, &rows[i]);
        }
        if (round == 0) {
            commit(f->store);
            reopen(f);
        }
    }
}

static void blocks_and_seals_come_back_as_they_were_appended(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    create(f->store, "acme");
    begin(f->store, 1);
    const struct raw_block blocks[] = {
        {1, 64, SPAN("\x28\xb5\x2f\xfd \0 frame")}, {2, 0, {0}}, {3, UINT32_MAX, SPAN("")}};
    for (size_t i = 0; i < 3; i++)
        succeeds(f->store->ops->raw_append(f->store, &blocks[i], &err), &err);
    const struct seal seals[] = {{1, 0, 0, hash_of(SPAN("a"))}, {2, 0, 3, hash_of(SPAN("b"))}};
    for (size_t i = 0; i < 2; i++)
        succeeds(f->store->ops->seal_append(f->store, &seals[i], &err), &err);
    commit(f->store);
    reopen(f);
    for (size_t i = 0; i < 3; i++) {
        struct raw_block block = {0};
        bool found = false;
        succeeds(f->store->ops->raw_read(f->store, 1, i + 1, &f->arena, &block, &found, &err), &err);
        assert_true(found);
        assert_int_equal(block.number, blocks[i].number);
        assert_int_equal(block.count, blocks[i].count);
        same_text(block.frame, blocks[i].frame.ptr ? blocks[i].frame : SPAN(""));
    }
    struct numbers n = numbers_of(f->store, 1);
    assert_int_equal(n.raw_block, 3);
    assert_int_equal(n.seal.number, 2);
    assert_int_equal(n.seal.last_seq, 0);
    assert_int_equal(n.seal.last_raw_block, 3);
    assert_memory_equal(n.seal.hash.bytes, seals[1].hash.bytes, HASH_BYTES);
}

static void what_is_absent_is_not_a_failure(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct truth_row row;
    struct raw_block block;
    struct span value;
    bool found = true;
    create(f->store, "acme");
    for (uint32_t company = 1; company <= 2; company++) { /* the second does not exist */
        for (uint64_t number = 0; number < 3; number++) {
            succeeds(f->store->ops->truth_read(f->store, company, number, &f->arena, &row, &found, &err), &err);
            assert_false(found);
            succeeds(f->store->ops->raw_read(f->store, company, number, &f->arena, &block, &found, &err), &err);
            assert_false(found);
        }
        assert_false(get(f, company, SPACE_A, SPAN("key"), &value));
        assert_string_equal(scan_pairs(f, company, SPACE_A, ALL, ALL), "");
        assert_string_equal(scan_rows(f->store, company, 0, UINT64_MAX), "");
        has_numbers(f->store, company, 0, 0, 0);
    }
}

static void scans_go_from_to_inclusive_and_stop_when_told(void **state)
{
    static const struct {
        uint64_t from, to;
        const char *want;
    } table[] = {
        {0, UINT64_MAX, "1=a 2=b 3=c 4=d "},
        {1, 4, "1=a 2=b 3=c 4=d "},
        {2, 3, "2=b 3=c "},
        {3, 3, "3=c "},
        {4, 100, "4=d "},
        {5, UINT64_MAX, ""},
        {3, 2, ""},
        {0, 0, ""},
    };
    struct fixture *f = *state;
    struct err err = {0};
    create(f->store, "before");
    create(f->store, "acme");
    create(f->store, "behind");
    for (uint32_t company = 1; company <= 3; company++) {
        begin(f->store, company);
        for (uint64_t number = 1; number <= 4; number++) {
            char text[2] = {(char)((company == 2 ? 'a' : 'A') + (int)number - 1), 0};
            append_row(f->store, number, text);
            append_block(f->store, number, text);
            append_seal(f->store, number, number, number);
        }
        commit(f->store);
    }
    reopen(f);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct listing blocks = {0};
        assert_string_equal(scan_rows(f->store, 2, table[i].from, table[i].to), table[i].want);
        succeeds(f->store->ops->raw_scan(f->store, 2, table[i].from, table[i].to, list_block, &blocks, &err), &err);
        assert_string_equal(blocks.text, table[i].want);
    }
    struct listing rows = {.stop_after = 2}, blocks = {.stop_after = 1}, seals = {0}, two_seals = {.stop_after = 2};
    succeeds(f->store->ops->truth_scan(f->store, 2, 2, 4, list_row, &rows, &err), &err);
    assert_string_equal(rows.text, "2=b 3=c ");
    succeeds(f->store->ops->raw_scan(f->store, 2, 1, 4, list_block, &blocks, &err), &err);
    assert_string_equal(blocks.text, "1=a ");
    succeeds(f->store->ops->seal_scan(f->store, 2, list_seal, &seals, &err), &err);
    assert_string_equal(seals.text, "1= 2= 3= 4= ");
    succeeds(f->store->ops->seal_scan(f->store, 2, list_seal, &two_seals, &err), &err);
    assert_string_equal(two_seals.text, "1= 2= ");
}

static void reads_see_the_open_transaction_and_numbers_go_on_after_it(void **state)
{
    struct fixture *f = *state;
    create(f->store, "acme");
    has_numbers(f->store, 1, 0, 0, 0);
    begin(f->store, 1);
    append_row(f->store, 1, "a");
    append_row(f->store, 2, "b");
    append_block(f->store, 1, "x");
    append_seal(f->store, 1, 2, 1);
    has_numbers(f->store, 1, 2, 1, 1);
    assert_string_equal(scan_rows(f->store, 1, 1, 9), "1=a 2=b ");
    commit(f->store);
    reopen(f);
    has_numbers(f->store, 1, 2, 1, 1);
    begin(f->store, 1);
    append_row(f->store, 3, "c");
    commit(f->store);
    has_numbers(f->store, 1, 3, 1, 1);
}

/* --- transactions ------------------------------------------------------------------------------- */

static void rollback_takes_everything_back(void **state)
{
    struct fixture *f = *state;
    create(f->store, "acme");
    begin(f->store, 1);
    append_row(f->store, 1, "kept");
    append_block(f->store, 1, "kept");
    append_seal(f->store, 1, 1, 1);
    put(f->store, 1, SPACE_A, SPAN("stays"), SPAN("1"));
    put(f->store, 1, SPACE_A, SPAN("changes"), SPAN("2"));
    put(f->store, 1, SPACE_A, SPAN("goes"), SPAN("3"));
    put(f->store, 1, SPACE_B, SPAN("b"), SPAN("4"));
    commit(f->store);

    begin(f->store, 1);
    append_row(f->store, 2, "lost");
    append_block(f->store, 2, "lost");
    append_seal(f->store, 2, 2, 2);
    put(f->store, 1, SPACE_A, SPAN("changes"), SPAN("a longer value"));
    put(f->store, 1, SPACE_A, SPAN("changes"), SPAN(""));
    put(f->store, 1, SPACE_A, SPAN("new"), SPAN("5"));
    delete (f->store, 1, SPACE_A, SPAN("new"));
    delete (f->store, 1, SPACE_A, SPAN("goes"));
    put(f->store, 1, SPACE_A, SPAN("goes"), SPAN("back"));
    delete (f->store, 1, SPACE_A, SPAN("goes"));
    put(f->store, 1, SPACE_B, SPAN("c"), SPAN("6"));
    clear(f->store, 1, SPACE_B);
    put(f->store, 1, SPACE_B, SPAN("d"), SPAN("7"));
    clear(f->store, 1, SPACE_B);
    put(f->store, 1, SPACE_B, SPAN("e"), SPAN("8"));
    assert_string_equal(scan_pairs(f, 1, SPACE_A, ALL, ALL), "changes= stays=1 ");
    assert_string_equal(scan_pairs(f, 1, SPACE_B, ALL, ALL), "e=8 ");
    rollback(f->store);

    for (int round = 0; round < 2; round++) {
        has_numbers(f->store, 1, 1, 1, 1);
        assert_string_equal(scan_rows(f->store, 1, 1, 9), "1=kept ");
        assert_string_equal(scan_pairs(f, 1, SPACE_A, ALL, ALL), "changes=2 goes=3 stays=1 ");
        assert_string_equal(scan_pairs(f, 1, SPACE_B, ALL, ALL), "b=4 ");
        reopen(f);
    }
    begin(f->store, 1);
    append_row(f->store, 2, "second");
    append_block(f->store, 2, "second");
    append_seal(f->store, 2, 2, 2);
    commit(f->store);
    assert_string_equal(scan_rows(f->store, 1, 1, 9), "1=kept 2=second ");
    guards_find_nothing(f->store);
}

static void rollback_with_nothing_open_is_harmless(void **state)
{
    struct fixture *f = *state;
    rollback(f->store);
    create(f->store, "acme");
    begin(f->store, 1);
    append_row(f->store, 1, "a");
    commit(f->store);
    rollback(f->store);
    rollback(f->store);
    has_numbers(f->store, 1, 1, 0, 0);
    begin(f->store, 1);
    rollback(f->store);
    begin(f->store, 1);
    commit(f->store);
    has_numbers(f->store, 1, 1, 0, 0);
}

static void closing_drops_an_open_transaction(void **state)
{
    struct fixture *f = *state;
    create(f->store, "acme");
    begin(f->store, 1);
    append_row(f->store, 1, "a");
    put(f->store, 1, SPACE_A, SPAN("k"), SPAN("v"));
    put(f->store, 1, SPACE_A, SPAN("k"), SPAN("w"));
    clear(f->store, 1, SPACE_A);
    if (f->sort == MEMORY)
        return; /* tear_down closes; a sanitizer sees what is left over */
    reopen(f);
    has_numbers(f->store, 1, 0, 0, 0);
    assert_string_equal(scan_pairs(f, 1, SPACE_A, ALL, ALL), "");
}

/* --- views -------------------------------------------------------------------------------------- */

static void a_view_keeps_the_last_value_of_each_key(void **state)
{
    struct fixture *f = *state;
    struct span value = {0};
    create(f->store, "acme");
    begin(f->store, 1);
    put(f->store, 1, SPACE_A, SPAN("key"), SPAN("one"));
    put(f->store, 1, SPACE_A, SPAN("key"), SPAN("a longer one"));
    put(f->store, 1, SPACE_A, SPAN("key\0"), SPAN("\0\xff"));
    put(f->store, 1, SPACE_A, SPAN(""), SPAN("of the empty key"));
    put(f->store, 1, SPACE_A, SPAN("empty"), (struct span){0});
    put(f->store, 1, SPACE_B, SPAN("key"), SPAN("elsewhere"));
    delete (f->store, 1, SPACE_A, SPAN("never there"));
    commit(f->store);
    reopen(f);
    assert_true(get(f, 1, SPACE_A, SPAN("key"), &value));
    same_text(value, SPAN("a longer one"));
    assert_true(get(f, 1, SPACE_A, SPAN("key\0"), &value));
    same_text(value, SPAN("\0\xff"));
    assert_true(get(f, 1, SPACE_A, (struct span){0}, &value));
    same_text(value, SPAN("of the empty key"));
    assert_true(get(f, 1, SPACE_A, SPAN("empty"), &value));
    same_text(value, SPAN(""));
    assert_false(get(f, 1, SPACE_A, SPAN("ke"), &value));
    begin(f->store, 1);
    delete (f->store, 1, SPACE_A, SPAN("key"));
    assert_false(get(f, 1, SPACE_A, SPAN("key"), &value));
    commit(f->store);
    assert_false(get(f, 1, SPACE_A, SPAN("key"), &value));
    assert_true(get(f, 1, SPACE_B, SPAN("key"), &value));
    same_text(value, SPAN("elsewhere"));
}

static void a_scan_gives_the_keys_with_a_prefix_in_byte_order(void **state)
{
    static const struct {
        struct span prefix, from;
        const char *want;
    } table[] = {
        {{0}, {0}, "=0 a=1 aa=2 ab=3 ac=4 b=5 \x7f=6 \x80=7 \xff=8 \xff\xff=9 \xff\xff\xff=10 "},
        {TEXT("a"), {0}, "a=1 aa=2 ab=3 ac=4 "},
        {TEXT("a"), TEXT("a"), "a=1 aa=2 ab=3 ac=4 "},
        {TEXT("a"), TEXT("aa"), "aa=2 ab=3 ac=4 "},
        {TEXT("a"), TEXT("aab"), "ab=3 ac=4 "},
        {TEXT("a"), TEXT("ad"), ""},
        {TEXT("a"), TEXT("b"), ""},
        {TEXT("a"), TEXT(""), "a=1 aa=2 ab=3 ac=4 "},
        {TEXT("b"), TEXT("aa"), "b=5 "},
        {TEXT("aa"), {0}, "aa=2 "},
        {TEXT("aaa"), {0}, ""},
        {{0}, TEXT("ac"), "ac=4 b=5 \x7f=6 \x80=7 \xff=8 \xff\xff=9 \xff\xff\xff=10 "},
        {TEXT("\xff"), {0}, "\xff=8 \xff\xff=9 \xff\xff\xff=10 "},
        {TEXT("\xff\xff"), {0}, "\xff\xff=9 \xff\xff\xff=10 "},
        {TEXT("\xff\xff\xff\xff"), {0}, ""},
        {{0}, TEXT("\xff\xff\xff\xff"), ""},
        {TEXT("\x80"), {0}, "\x80=7 "},
    };
    struct fixture *f = *state;
    create(f->store, "acme");
    create(f->store, "other");
    begin(f->store, 2);
    put(f->store, 2, SPACE_A, SPAN("a"), SPAN("not this"));
    commit(f->store);
    begin(f->store, 1);
    const struct span keys[] = {SPAN("\xff\xff"), SPAN("b"),    SPAN("aa"),   SPAN("\x7f"),         SPAN(""),
                                SPAN("ac"),       SPAN("\x80"), SPAN("\xff"), SPAN("\xff\xff\xff"), SPAN("ab"),
                                SPAN("a")};
    const char *const values[] = {"9", "5", "2", "6", "0", "4", "7", "8", "10", "3", "1"};
    for (size_t i = 0; i < 11; i++)
        put(f->store, 1, SPACE_A, keys[i], span_of(values[i]));
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
            assert_string_equal(scan_pairs(f, 1, SPACE_A, table[i].prefix, table[i].from), table[i].want);
        if (round == 0)
            commit(f->store);
    }
    struct err err = {0};
    struct listing three = {.stop_after = 3};
    succeeds(f->store->ops->view_scan(f->store, 1, SPACE_A, SPAN("a"), SPAN("a"), list_pair, &three, &err), &err);
    assert_string_equal(three.text, "a=1 aa=2 ab=3 ");
}

static void clearing_drops_one_space_of_one_company(void **state)
{
    struct fixture *f = *state;
    create(f->store, "acme");
    create(f->store, "other");
    for (uint32_t company = 1; company <= 2; company++) {
        begin(f->store, company);
        put(f->store, company, SPACE_A, SPAN("a"), SPAN("1"));
        put(f->store, company, SPACE_A, SPAN("\xff\xff"), SPAN("2"));
        put(f->store, company, SPACE_B, SPAN("b"), SPAN("3"));
        commit(f->store);
    }
    begin(f->store, 1);
    clear(f->store, 1, SPACE_A);
    clear(f->store, 1, SPACE_C);
    assert_string_equal(scan_pairs(f, 1, SPACE_A, ALL, ALL), "");
    put(f->store, 1, SPACE_A, SPAN("new"), SPAN("4"));
    commit(f->store);
    reopen(f);
    assert_string_equal(scan_pairs(f, 1, SPACE_A, ALL, ALL), "new=4 ");
    assert_string_equal(scan_pairs(f, 1, SPACE_B, ALL, ALL), "b=3 ");
    assert_string_equal(scan_pairs(f, 2, SPACE_A, ALL, ALL), "a=1 \xff\xff=2 ");
}

static void every_space_is_its_own(void **state)
{
    struct fixture *f = *state;
    create(f->store, "acme");
    begin(f->store, 1);
    for (int space = 1; space < VIEW_SPACE_LIMIT; space++)
        put(f->store, 1, (enum view_space)space, SPAN("name"), span_of(view_space_name((enum view_space)space)));
    commit(f->store);
    reopen(f);
    for (int space = 1; space < VIEW_SPACE_LIMIT; space++) {
        struct span value = {0};
        assert_true(get(f, 1, (enum view_space)space, SPAN("name"), &value));
        same_text(value, span_of(view_space_name((enum view_space)space)));
    }
}

static void an_exhausted_arena_is_a_failure_and_the_store_goes_on(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    static const char large[10000];
    create(f->store, "acme");
    begin(f->store, 1);
    append_row(f->store, 1, "small");
    struct truth_row row = {.seq = 2, .kind = TRUTH_DOCUMENT, .body = {large, sizeof large}};
    struct raw_block block = {1, 1, {large, sizeof large}};
    succeeds(f->store->ops->truth_append(f->store, &row, &err), &err);
    succeeds(f->store->ops->raw_append(f->store, &block, &err), &err);
    put(f->store, 1, SPACE_A, SPAN("large"), (struct span){large, sizeof large});
    commit(f->store);
    struct arena small[3] = {arena_make(5000), arena_make(5000), arena_make(5000)};
    struct span value;
    bool found = false;
    assert_false(f->store->ops->truth_read(f->store, 1, 2, &small[0], &row, &found, &err));
    assert_int_equal(err.code, FAILURE_MEMORY);
    assert_false(f->store->ops->raw_read(f->store, 1, 1, &small[1], &block, &found, &err));
    assert_int_equal(err.code, FAILURE_MEMORY);
    assert_false(f->store->ops->view_get(f->store, 1, SPACE_A, SPAN("large"), &small[2], &value, &found, &err));
    assert_int_equal(err.code, FAILURE_MEMORY);
    for (int i = 0; i < 3; i++)
        arena_done(&small[i]);
    assert_true(get(f, 1, SPACE_A, SPAN("large"), &value));
    assert_int_equal(value.len, sizeof large);
}

/* --- several companies, scans within scans ------------------------------------------------------ */

/* 300 of them: a SQLite view key begins with one byte of company up to 239, and with four from 240 on. */
static void companies_do_not_see_one_another(void **state)
{
    enum { COMPANIES = 300 };
    struct fixture *f = *state;
    char code[20], body[20], want[40];
    for (uint32_t company = 1; company <= COMPANIES; company++) {
        (void)snprintf(code, sizeof code, "company %u", company);
        assert_int_equal(create(f->store, code), company);
        begin(f->store, company);
        for (uint64_t seq = 1; seq <= 1 + company % 2; seq++) {
            (void)snprintf(body, sizeof body, "%u", company);
            append_row(f->store, seq, body);
        }
        put(f->store, company, SPACE_A, SPAN(""), span_of(body));
        put(f->store, company, SPACE_A, SPAN("\xff"), span_of(body));
        commit(f->store);
    }
    reopen(f);
    for (uint32_t company = 1; company <= COMPANIES; company++) {
        (void)snprintf(want, sizeof want, company % 2 ? "1=%u 2=%u " : "1=%u ", company, company);
        assert_string_equal(scan_rows(f->store, company, 0, UINT64_MAX), want);
        (void)snprintf(want, sizeof want, "=%u \xff=%u ", company, company);
        assert_string_equal(scan_pairs(f, company, SPACE_A, ALL, ALL), want);
        has_numbers(f->store, company, 1 + company % 2, 0, 0);
    }
    static const uint32_t cleared[] = {1, 239, 240, 255, 256, 300};
    for (size_t i = 0; i < 6; i++) {
        begin(f->store, cleared[i]);
        clear(f->store, cleared[i], SPACE_A);
        commit(f->store);
    }
    int left = 0;
    for (uint32_t company = 1; company <= COMPANIES; company++)
        left += *scan_pairs(f, company, SPACE_A, ALL, ALL) != 0;
    assert_int_equal(left, COMPANIES - 6);
    guards_find_nothing(f->store);
}

struct nest {
    struct fixture *fixture;
    int depth;
    char text[400];
};
static bool nested_pair(void *context, struct span key, struct span value)
{
    struct nest *nest = context;
    struct err err = {0};
    struct span again = {0};
    assert_true(get(nest->fixture, 1, SPACE_A, key, &again));
    same_text(again, value);
    (void)strncat(nest->text, key.ptr, key.len);
    if (nest->depth < 2) {
        struct nest inner = {nest->fixture, nest->depth + 1, ""};
        succeeds(
            nest->fixture->store->ops->view_scan(nest->fixture->store, 1, SPACE_A, ALL, ALL, nested_pair, &inner, &err),
            &err);
        (void)strcat(strcat(strcat(nest->text, "("), inner.text), ")");
    }
    return true;
}
static void a_scan_may_read_and_scan_further(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct nest nest = {f, 0, ""};
    create(f->store, "acme");
    begin(f->store, 1);
    put(f->store, 1, SPACE_A, SPAN("a"), SPAN("1"));
    put(f->store, 1, SPACE_A, SPAN("b"), SPAN("2"));
    succeeds(f->store->ops->view_scan(f->store, 1, SPACE_A, ALL, ALL, nested_pair, &nest, &err), &err);
    assert_string_equal(nest.text, "a(a(ab)b(ab))b(a(ab)b(ab))");
    commit(f->store);
}

static bool scan_every_row_again(void *context, const struct truth_row *row)
{
    struct nest *nest = context;
    struct err err = {0};
    struct listing list = {0};
    succeeds(nest->fixture->store->ops->truth_scan(nest->fixture->store, 1, row->seq, 9, list_row, &list, &err), &err);
    (void)strcat(strcat(nest->text, list.text), "| ");
    struct truth_row read = {0};
    bool found = false;
    succeeds(nest->fixture->store->ops->truth_read(nest->fixture->store, 1, row->seq, &nest->fixture->arena, &read,
                                                   &found, &err),
             &err);
    same_row(&read, row);
    return true;
}
static void a_scan_of_truth_may_scan_truth(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct nest nest = {f, 0, ""};
    create(f->store, "acme");
    begin(f->store, 1);
    append_row(f->store, 1, "a");
    append_row(f->store, 2, "b");
    append_row(f->store, 3, "c");
    commit(f->store);
    succeeds(f->store->ops->truth_scan(f->store, 1, 1, 9, scan_every_row_again, &nest, &err), &err);
    assert_string_equal(nest.text, "1=a 2=b 3=c | 2=b 3=c | 3=c | ");
}

/* A rebuild reads truth from its beginning and commits views on the way. */
static bool rebuild_step(void *context, const struct truth_row *row)
{
    struct fixture *f = context;
    char key[20];
    (void)snprintf(key, sizeof key, "%" PRIu64, row->seq);
    put(f->store, 1, SPACE_A, span_of(key), row->body);
    if (row->seq % 2 == 0) {
        commit(f->store);
        begin(f->store, 1);
    }
    return true;
}
static void views_may_be_written_and_committed_while_truth_is_read(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    create(f->store, "acme");
    begin(f->store, 1);
    for (uint64_t seq = 1; seq <= 5; seq++)
        append_row(f->store, seq, "x");
    commit(f->store);
    begin(f->store, 1);
    succeeds(f->store->ops->truth_scan(f->store, 1, 1, UINT64_MAX, rebuild_step, f, &err), &err);
    rollback(f->store);
    assert_string_equal(scan_pairs(f, 1, SPACE_A, ALL, ALL), "1=x 2=x 3=x 4=x ");
}

/* --- bugs --------------------------------------------------------------------------------------- */

static bool overwrite_scanned(void *context, struct span key, struct span value)
{
    put(context, 1, SPACE_A, key, value);
    return true;
}
static void skip_a_row(struct store *store) { append_row(store, 3, ""); }
static void repeat_a_row(struct store *store) { append_row(store, 1, ""); }
static void skip_a_block(struct store *store) { append_block(store, 2, ""); }
static void skip_a_seal(struct store *store) { append_seal(store, 2, 0, 0); }
static void begin_twice(struct store *store) { begin(store, 1); }
static void write_for_another(struct store *store) { put(store, 2, SPACE_A, SPAN("k"), SPAN("v")); }
static void write_while_scanned(struct store *store)
{
    struct err err = {0};
    (void)store->ops->view_scan(store, 1, SPACE_A, ALL, ALL, overwrite_scanned, store, &err);
}
static void append_unasked(struct store *store) { append_row(store, 2, ""); }
static void put_unasked(struct store *store) { put(store, 1, SPACE_A, SPAN("k"), SPAN("v")); }
static void clear_unasked(struct store *store) { clear(store, 1, SPACE_A); }
static void commit_unasked(struct store *store) { commit(store); }
static void begin_for_nobody(struct store *store) { begin(store, 7); }

static void a_caller_who_breaks_the_rules_is_a_bug(void **state)
{
    static void (*const inside[])(struct store *) = {skip_a_row,  repeat_a_row,      skip_a_block,       skip_a_seal,
                                                     begin_twice, write_for_another, write_while_scanned};
    static void (*const outside[])(struct store *) = {append_unasked, put_unasked, clear_unasked, commit_unasked,
                                                      begin_for_nobody};
    struct fixture *f = *state;
    create(f->store, "acme");
    create(f->store, "other");
    begin(f->store, 1);
    append_row(f->store, 1, "a");
    put(f->store, 1, SPACE_A, SPAN("k"), SPAN("v"));
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        assert_true(aborts(inside[i], f->store));
    commit(f->store);
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        assert_true(aborts(outside[i], f->store));
    assert_string_equal(scan_rows(f->store, 1, 1, 9), "1=a ");
}

static void closing_nothing_is_fine(void **state)
{
    struct fixture *f = *state;
    assert_null(f->store->ops->close(NULL));
}

/* --- random operations against a plain model, and the stores against one another ------------------------------ */

enum { COMPANIES = 3, SPACES = 3, KEYS_MAX = 120, ROWS_MAX = 4000 };
struct pair {
    char key[4];
    size_t key_len;
    uint64_t value; /* stands for its bytes: seed of value_of */
    bool there;
};
struct world { /* plain enough to be copied whole at begin */
    struct {
        uint32_t rows, blocks, seals;
        uint64_t row[ROWS_MAX]; /* seeds of their contents */
        struct pair pairs[SPACES][KEYS_MAX];
    } companies[COMPANIES];
};
struct play {
    struct fixture *fixtures[2];
    struct world now, before;
    struct prng prng;
    struct buf value;
    uint32_t company; /* of the open transaction; 0: none */
    unsigned long puts, deletes, clears, rows, blocks, seals, commits, rollbacks, gets, scans, scanned, reopened,
        compared;
};

static struct span value_of(struct play *play, uint64_t seed)
{
    struct prng prng = prng_make(seed);
    size_t len = prng_chance(&prng, 50) ? prng_below(&prng, 30000) : prng_below(&prng, 60);
    buf_reset(&play->value);
    for (size_t i = 0; i < len; i++)
        buf_put_u8(&play->value, (uint8_t)prng_next(&prng));
    return buf_span(&play->value);
}

/* Few different bytes, so that keys meet, are prefixes of one another and sort at the edges. */
static struct span key_of(struct play *play, char out[4])
{
    static const unsigned char bytes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    size_t len = prng_below(&play->prng, 4);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)bytes[prng_below(&play->prng, sizeof bytes)];
    return (struct span){out, len};
}

static struct pair *pair_of(struct world *world, uint32_t company, int space, struct span key)
{
    struct pair *pairs = world->companies[company - 1].pairs[space - 1], *vacant = NULL;
    for (int i = 0; i < KEYS_MAX; i++) {
        if (pairs[i].there && span_eq((struct span){pairs[i].key, pairs[i].key_len}, key))
            return &pairs[i];
        if (!pairs[i].there && !vacant)
            vacant = &pairs[i];
    }
    return vacant;
}

static void play_put(struct play *play, int space)
{
    char bytes[4];
    struct span key = key_of(play, bytes);
    struct pair *pair = pair_of(&play->now, play->company, space, key);
    if (!pair)
        return;
    *pair = (struct pair){.key_len = key.len, .value = prng_next(&play->prng), .there = true};
    memcpy(pair->key, bytes, key.len);
    for (int i = 0; i < 2; i++)
        put(play->fixtures[i]->store, play->company, (enum view_space)space, key, value_of(play, pair->value));
    play->puts++;
}

static void play_delete(struct play *play, int space)
{
    char bytes[4];
    struct span key = key_of(play, bytes);
    struct pair *pair = pair_of(&play->now, play->company, space, key);
    if (pair)
        pair->there = false;
    for (int i = 0; i < 2; i++)
        delete (play->fixtures[i]->store, play->company, (enum view_space)space, key);
    play->deletes++;
}

static void play_clear(struct play *play, int space)
{
    memset(play->now.companies[play->company - 1].pairs[space - 1], 0, sizeof play->now.companies[0].pairs[0]);
    for (int i = 0; i < 2; i++)
        clear(play->fixtures[i]->store, play->company, (enum view_space)space);
    play->clears++;
}

/* A row made of nothing but its seed. */
static struct truth_row row_of(struct play *play, uint64_t seq, uint64_t seed)
{
    return (struct truth_row){.seq = seq,
                              .kind = (enum truth_kind)(1 + seed % 4),
                              .day = (int32_t)(seed >> 47),
                              .recorded_at_us = (int64_t)(seed >> 1),
                              .type = (int)(seed >> 50),
                              .version = -(int64_t)(seed >> 3),
                              .outcome = (enum outcome)(seed % 5),
                              .refusal = (int)(seed >> 44),
                              .source = seed % 7 ? SPAN("shop") : (struct span){0},
                              .id = seed % 11 ? SPAN("id") : SPAN(""),
                              .raw_index = (uint32_t)seed,
                              .body = value_of(play, seed)};
}

static void play_append(struct play *play)
{
    struct err err = {0};
    uint32_t *rows = &play->now.companies[play->company - 1].rows;
    if (*rows == ROWS_MAX)
        return;
    uint64_t seed = prng_next(&play->prng);
    play->now.companies[play->company - 1].row[(*rows)++] = seed;
    struct truth_row row = row_of(play, *rows, seed);
    for (int i = 0; i < 2; i++)
        succeeds(play->fixtures[i]->store->ops->truth_append(play->fixtures[i]->store, &row, &err), &err);
    play->rows++;
    if (prng_chance(&play->prng, 5)) {
        uint64_t block = ++play->now.companies[play->company - 1].blocks;
        for (int i = 0; i < 2; i++)
            append_block(play->fixtures[i]->store, block, "frame");
        play->blocks++;
    }
    if (prng_chance(&play->prng, 5)) {
        uint64_t seal = ++play->now.companies[play->company - 1].seals;
        for (int i = 0; i < 2; i++)
            append_seal(play->fixtures[i]->store, seal, *rows, play->now.companies[play->company - 1].blocks);
        play->seals++;
    }
}

static void play_get(struct play *play, uint32_t company, int space)
{
    char bytes[4];
    struct span key = key_of(play, bytes), value = {0};
    const struct pair *pair = pair_of(&play->now, company, space, key);
    for (int i = 0; i < 2; i++) {
        bool found = get(play->fixtures[i], company, (enum view_space)space, key, &value);
        assert_int_equal(found, pair && pair->there);
        if (found)
            same_text(value, value_of(play, pair->value));
        arena_reset(&play->fixtures[i]->arena);
    }
    play->gets++;
}

struct walk {
    struct play *play;
    struct pair expected[KEYS_MAX];
    int count, at;
};
static bool walk_pair(void *context, struct span key, struct span value)
{
    struct walk *walk = context;
    assert_true(walk->at < walk->count);
    const struct pair *pair = &walk->expected[walk->at++];
    same_text(key, (struct span){pair->key, pair->key_len});
    same_text(value, value_of(walk->play, pair->value));
    walk->play->scanned++;
    return true;
}
static int by_key(const void *a, const void *b)
{
    const struct pair *first = a, *second = b;
    return span_cmp((struct span){first->key, first->key_len}, (struct span){second->key, second->key_len});
}
static void play_scan(struct play *play, uint32_t company, int space, struct span prefix, struct span from)
{
    struct walk walk = {.play = play};
    struct err err = {0};
    const struct pair *pairs = play->now.companies[company - 1].pairs[space - 1];
    for (int i = 0; i < KEYS_MAX; i++) {
        struct span key = {pairs[i].key, pairs[i].key_len};
        bool fits = key.len >= prefix.len && memcmp(key.ptr, prefix.ptr ? prefix.ptr : "", prefix.len) == 0;
        if (pairs[i].there && fits && span_cmp(key, from) >= 0)
            walk.expected[walk.count++] = pairs[i];
    }
    qsort(walk.expected, (size_t)walk.count, sizeof walk.expected[0], by_key);
    for (int i = 0; i < 2; i++) {
        struct store *store = play->fixtures[i]->store;
        walk.at = 0;
        succeeds(store->ops->view_scan(store, company, (enum view_space)space, prefix, from, walk_pair, &walk, &err),
                 &err);
        assert_int_equal(walk.at, walk.count);
    }
    play->scans++;
}
static void play_some_scan(struct play *play, uint32_t company, int space)
{
    char prefix_bytes[4], from_bytes[4];
    struct span prefix = key_of(play, prefix_bytes), from = key_of(play, from_bytes);
    if (prefix.len > 2)
        prefix.len = 1;
    play_scan(play, company, space, prefix, prng_chance(&play->prng, 2) ? (struct span){0} : from);
}

struct row_walk {
    struct play *play;
    uint32_t company;
    uint64_t at;
};
static bool walk_row(void *context, const struct truth_row *row)
{
    struct row_walk *walk = context;
    struct truth_row want =
        row_of(walk->play, walk->at + 1, walk->play->now.companies[walk->company - 1].row[walk->at]);
    same_row(row, &want);
    walk->at++;
    return true;
}
static void play_compare_all(struct play *play)
{
    struct err err = {0};
    for (uint32_t company = 1; company <= COMPANIES; company++) {
        for (int space = 1; space <= SPACES; space++)
            play_scan(play, company, space, ALL, ALL);
        for (int i = 0; i < 2; i++) {
            struct store *store = play->fixtures[i]->store;
            struct row_walk walk = {play, company, 0};
            succeeds(store->ops->truth_scan(store, company, 0, UINT64_MAX, walk_row, &walk, &err), &err);
            assert_int_equal(walk.at, play->now.companies[company - 1].rows);
            has_numbers(store, company, play->now.companies[company - 1].rows, play->now.companies[company - 1].blocks,
                        play->now.companies[company - 1].seals);
        }
    }
    play->compared++;
}

static void play_end(struct play *play)
{
    bool keep = !prng_chance(&play->prng, 3);
    for (int i = 0; i < 2; i++) {
        if (keep)
            commit(play->fixtures[i]->store);
        else
            rollback(play->fixtures[i]->store);
    }
    if (!keep)
        play->now = play->before;
    play->commits += keep;
    play->rollbacks += !keep;
    play->company = 0;
    if (prng_chance(&play->prng, 10)) {
        reopen(play->fixtures[1]);
        play->reopened++;
    }
    if (prng_chance(&play->prng, 5))
        play_compare_all(play);
}

static void play_begin(struct play *play)
{
    play->company = (uint32_t)(1 + prng_below(&play->prng, COMPANIES));
    play->before = play->now;
    for (int i = 0; i < 2; i++)
        begin(play->fixtures[i]->store, play->company);
}

static void play_step(struct play *play)
{
    int space = (int)(1 + prng_below(&play->prng, SPACES));
    uint32_t any = (uint32_t)(1 + prng_below(&play->prng, COMPANIES));
    uint64_t dice = prng_below(&play->prng, 100);
    if (dice < 15)
        play_get(play, any, space);
    else if (dice < 20)
        play_some_scan(play, any, space);
    else if (!play->company)
        play_begin(play);
    else if (dice < 60)
        play_put(play, space);
    else if (dice < 75)
        play_delete(play, space);
    else if (dice < 94)
        play_append(play);
    else if (dice < 95)
        play_clear(play, space);
    else
        play_end(play);
}

static void both_stores_do_what_a_plain_model_does(void **state)
{
    static struct play play;
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20260101;
    void *states[2] = {&on_memory, &on_sqlite};
    (void)state;
    play = (struct play){.fixtures = {&on_memory, &on_sqlite}, .prng = prng_make(seed), .value = buf_make(40000)};
    for (int i = 0; i < 2; i++) {
        set_up(&states[i]);
        for (int company = 1; company <= COMPANIES; company++)
            create(play.fixtures[i]->store, (const char *[]){"", "one", "two", "three"}[company]);
    }
    for (int step = 0; step < 20000; step++)
        play_step(&play);
    if (play.company)
        play_end(&play);
    play_compare_all(&play);
    guards_find_nothing(on_memory.store);
    guards_find_nothing(on_sqlite.store);
    print_message("seed %" PRIu64
                  ": %lu puts, %lu deletes, %lu clears, %lu rows, %lu blocks, %lu seals in %lu commits and "
                  "%lu rollbacks; %lu gets, %lu scans with %lu pairs, %lu reopenings, %lu whole comparisons\n",
                  seed, play.puts, play.deletes, play.clears, play.rows, play.blocks, play.seals, play.commits,
                  play.rollbacks, play.gets, play.scans, play.scanned, play.reopened, play.compared);
    assert_true(play.commits > 100 && play.rollbacks > 50 && play.clears > 20 && play.scanned > 1000);
    buf_done(&play.value);
    for (int i = 0; i < 2; i++)
        tear_down(&states[i]);
}

#define ON_BOTH(test) \
    {#test " (memory)", test, set_up, tear_down, &on_memory}, { #test " (sqlite)", test, set_up, tear_down, &on_sqlite }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(companies_are_numbered_from_1_and_found_by_their_code),
        ON_BOTH(a_code_is_given_once),
        ON_BOTH(companies_are_walked_in_order_until_the_callback_says_stop),
        ON_BOTH(a_company_created_in_a_transaction_shares_its_fate),
        ON_BOTH(rows_come_back_as_they_were_appended),
        ON_BOTH(blocks_and_seals_come_back_as_they_were_appended),
        ON_BOTH(what_is_absent_is_not_a_failure),
        ON_BOTH(scans_go_from_to_inclusive_and_stop_when_told),
        ON_BOTH(reads_see_the_open_transaction_and_numbers_go_on_after_it),
        ON_BOTH(rollback_takes_everything_back),
        ON_BOTH(rollback_with_nothing_open_is_harmless),
        ON_BOTH(closing_drops_an_open_transaction),
        ON_BOTH(a_view_keeps_the_last_value_of_each_key),
        ON_BOTH(a_scan_gives_the_keys_with_a_prefix_in_byte_order),
        ON_BOTH(clearing_drops_one_space_of_one_company),
        ON_BOTH(every_space_is_its_own),
        ON_BOTH(an_exhausted_arena_is_a_failure_and_the_store_goes_on),
        ON_BOTH(companies_do_not_see_one_another),
        ON_BOTH(a_scan_may_read_and_scan_further),
        ON_BOTH(a_scan_of_truth_may_scan_truth),
        ON_BOTH(views_may_be_written_and_committed_while_truth_is_read),
        ON_BOTH(a_caller_who_breaks_the_rules_is_a_bug),
        ON_BOTH(closing_nothing_is_fine),
        cmocka_unit_test(both_stores_do_what_a_plain_model_does),
    };
    return cmocka_run_group_tests_name("store contract", tests, NULL, NULL);
}
