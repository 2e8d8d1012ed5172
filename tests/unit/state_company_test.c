/* state_company_test.c: what rulings make of a company's views. The views lie in a sorted list here; every look is taken
 * twice, the second time by a company that was opened anew and read all of it back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/company.h"
#include "support/machine.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
#define ALL ((struct span){NULL, 0})
enum { ENTRIES_MAX = 4000, ROWS_MAX = 400 };

static struct {
    struct arena arena;
    struct entry {
        enum view_space space;
        struct span key, value;
    } entries[ENTRIES_MAX]; /* in the order of space and key */
    size_t entry_count;
    struct truth_row rows[ROWS_MAX];
    size_t row_count;
    struct company *company;
} f;

/* ---- views ---- */

static size_t place(enum view_space space, struct span key, bool *out_found)
{
    size_t at = 0;
    while (at < f.entry_count &&
           (f.entries[at].space < space || (f.entries[at].space == space && span_cmp(f.entries[at].key, key) < 0)))
        at++;
    *out_found = at < f.entry_count && f.entries[at].space == space && span_eq(f.entries[at].key, key);
    return at;
}

static bool get(void *context, enum view_space space, struct span key, struct arena *arena, struct span *out_value,
                bool *out_found, struct err *err)
{
    (void)context;
    (void)err;
    size_t at = place(space, key, out_found);
    if (*out_found)
        *out_value = arena_copy(arena, f.entries[at].value);
    return true;
}

static bool put(void *context, enum view_space space, struct span key, struct span value, struct err *err)
{
    (void)context;
    (void)err;
    bool found = false;
    size_t at = place(space, key, &found);
    if (!found) {
        assert_true(f.entry_count < ENTRIES_MAX);
        memmove(&f.entries[at + 1], &f.entries[at], (f.entry_count - at) * sizeof f.entries[0]);
        f.entry_count++;
    }
    f.entries[at] = (struct entry){space, arena_copy(&f.arena, key), arena_copy(&f.arena, value)};
    return true;
}

static bool drop(void *context, enum view_space space, struct span key, struct err *err)
{
    (void)context;
    (void)err;
    bool found = false;
    size_t at = place(space, key, &found);
    if (found) {
        f.entry_count--;
        memmove(&f.entries[at], &f.entries[at + 1], (f.entry_count - at) * sizeof f.entries[0]);
    }
    return true;
}

static bool scan(void *context, enum view_space space, struct span prefix, struct span from,
                 bool (*each)(void *each_context, struct span key, struct span value), void *each_context,
                 struct err *err)
{
    (void)context;
    (void)err;
    for (size_t i = 0; i < f.entry_count; i++) {
        struct entry entry = f.entries[i];
        bool fits = entry.space == space && entry.key.len >= prefix.len &&
                    (prefix.len == 0 || memcmp(entry.key.ptr, prefix.ptr, prefix.len) == 0) &&
                    (from.len == 0 || span_cmp(entry.key, from) >= 0);
        if (fits && !each(each_context, entry.key, entry.value))
            return true;
    }
    return true;
}

static bool truth_read(void *context, uint64_t seq, struct arena *arena, struct truth_row *out_row, bool *out_found,
                       struct err *err)
{
    (void)context;
    (void)arena;
    (void)err;
    *out_found = seq >= 1 && seq <= f.row_count;
    if (*out_found)
        *out_row = f.rows[seq - 1];
    return true;
}

static void open_company(void)
{
    struct err err;
    struct views views = {.get = get, .put = put, .drop = drop, .scan = scan, .truth_read = truth_read};
    f.company = company_open(views, zone_file, &err);
    if (f.company == NULL)
        fail_msg("%s", err.text);
}

static void open_anew(void)
{
    struct err err;
    assert_true(company_flush(f.company, &err));
    company_close(f.company);
    open_company();
}

/* ---- rulings ---- */

static struct ruling apply_with(struct ruling ruling, bool items_installed)
{
    struct err err;
    assert_true(f.row_count < ROWS_MAX);
    ruling.row.seq = f.row_count + 1;
    if (ruling.packed.len > 0)
        ruling.document_seq = ruling.row.seq;
    struct buf body = buf_make(1 << 20);
    ruling_pack(&ruling, &body);
    ruling.row.body = arena_copy(&f.arena, buf_span(&body));
    buf_done(&body);
    f.rows[f.row_count++] = ruling.row;
    if (!company_apply(f.company, &ruling, items_installed, &err))
        fail_msg("%s", err.text);
    return ruling;
}

static struct ruling apply(struct ruling ruling) { return apply_with(ruling, false); }

static void set(int32_t day, const char *key, const char *value)
{
    apply((struct ruling){.row = {.kind = TRUTH_POLICY, .day = day, .outcome = OUTCOME_POSTED},
                          .key = span_of(key),
                          .value = span_of(value)});
}

static struct span packed(const struct document *document)
{
    struct buf form = buf_make(1 << 20);
    document_pack(document, &form);
    struct span kept = arena_copy(&f.arena, buf_span(&form));
    buf_done(&form);
    return kept;
}

static struct document *new_document(enum document_type type, const char *source, const char *id, int64_t version)
{
    struct document *document = ARENA_NEW(&f.arena, struct document);
    document_clear(document, type);
    document->type = type;
    document->version = version;
    document->source = span_of(source);
    document->id = span_of(id);
    document->money = f.company->money;
    document->at = (struct moment){.form = TIME_INSTANT, .at_us = 1};
    return document;
}

static uint32_t number_of(enum document_type type, const char *source, const char *id)
{
    struct err err;
    uint32_t number = 0;
    bool several = false;
    assert_true(company_find_document(f.company, type, span_of(source), span_of(id), &number, &several, &err));
    return number;
}

static struct ruling ruling_of(const struct document *document, enum outcome outcome, int refusal, int64_t at_us)
{
    uint32_t number = 0;
    struct err err;
    bool several = false;
    assert_true(
        company_find_document(f.company, document->type, document->source, document->id, &number, &several, &err));
    return (struct ruling){.row = {.kind = TRUTH_DOCUMENT,
                                   .type = (int)document->type,
                                   .version = document->version,
                                   .outcome = outcome,
                                   .refusal = refusal,
                                   .source = document->source,
                                   .id = document->id},
                           .document = number ? number : f.company->last_document + 1,
                           .packed = packed(document),
                           .at_us = at_us};
}

static void begin(void)
{
    f.entry_count = f.row_count = 0;
    open_company();
    set(DAY_MIN, "currency", "USD");
    set(DAY_MIN, "time_zone", "America/New_York");
    open_anew();
}

static int set_up(void **state)
{
    (void)state;
    f.arena = arena_make((size_t)1 << 28);
    begin();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    company_close(f.company);
    arena_done(&f.arena);
    return 0;
}

/* ---- settings ---- */

static void settings_hold_from_their_day_whatever_order_they_came_in(void **state)
{
    (void)state;
    static const struct {
        int32_t day;
        const char *revenue_at, *shortage, *returned_layer;
    } rows[] = {
        {-1000, "shipment", "owed", "original"}, {99, "shipment", "owed", "original"},
        {100, "delivery", "owed", "last"},       {199, "delivery", "owed", "last"},
        {200, "payment", "owed", "last"},        {299, "payment", "owed", "last"},
        {300, "payment", "refuse", "last"},      {5000, "payment", "refuse", "last"},
    };
    set(300, "shortage", "refuse");
    set(100, "revenue_at", "shipment");
    set(100, "revenue_at", "delivery"); /* the same day again: the later row stands */
    set(200, "revenue_at", "payment");
    set(100, "returned_layer", "last"); /* comes late, and holds in all days after */
    for (int anew = 0; anew < 2; anew++, open_anew())
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            const struct policy *policy = company_policy(f.company, rows[i].day);
            assert_string_equal(policy_get(policy, SPAN("revenue_at"), &f.arena).ptr, rows[i].revenue_at);
            assert_string_equal(policy_get(policy, SPAN("shortage"), &f.arena).ptr, rows[i].shortage);
            assert_string_equal(policy_get(policy, SPAN("returned_layer"), &f.arena).ptr, rows[i].returned_layer);
        }
}

static void the_lock_is_kept(void **state)
{
    (void)state;
    assert_int_equal(f.company->lock_day, INT32_MIN);
    apply((struct ruling){.row = {.kind = TRUTH_PERIOD, .day = 77, .outcome = OUTCOME_POSTED}, .key = SPAN("lock")});
    assert_int_equal(f.company->lock_day, 77);
    open_anew();
    assert_int_equal(f.company->lock_day, 77);
    assert_true(f.company->born);
    assert_int_equal(f.company->applied_seq, 3);
}

/* New York, 2026-03-08: the day has 23 hours; noon is 16:00 UTC from then on. */
static void a_date_without_a_time_is_an_instant_by_its_rank(void **state)
{
    (void)state;
    const int64_t hour_us = INT64_C(3600000000);
    const int32_t day = day_from_civil(2026, 3, 8);
    const int64_t midnight_us = (int64_t)day * US_PER_DAY + 5 * hour_us;
    const struct {
        enum rank rank;
        int64_t at_us;
    } rows[] = {
        {RANK_DEFINITION, midnight_us},
        {RANK_RECEIPT, midnight_us},
        {RANK_TRANSFER, midnight_us},
        {RANK_ISSUE, midnight_us + 11 * hour_us},
        {RANK_RETURN, midnight_us + 11 * hour_us},
        {RANK_MONEY, midnight_us + 11 * hour_us},
        {RANK_COUNT, midnight_us + 23 * hour_us - 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct moment moment = {.form = TIME_DATE, .day = day};
        assert_int_equal(company_instant(f.company, moment, rows[i].rank), rows[i].at_us);
        assert_int_equal(company_day(f.company, rows[i].at_us), day);
        moment = (struct moment){.form = TIME_INSTANT, .at_us = 12345};
        assert_int_equal(company_instant(f.company, moment, rows[i].rank), 12345);
    }
    assert_int_equal(company_day(f.company, midnight_us - 1), day - 1);
    assert_int_equal(company_day(f.company, midnight_us + 23 * hour_us), day + 1);
}

/* ---- documents ---- */

static int64_t outcome_count(enum outcome outcome)
{
    struct err err;
    int64_t sum = 0;
    assert_true(company_flush(f.company, &err));
    for (size_t i = 0; i < f.entry_count; i++) {
        const struct entry *entry = &f.entries[i];
        if (entry->space != VIEW_OUTCOME)
            continue;
        size_t type = strlen(entry->key.ptr) + 1;
        if (entry->key.ptr[type + 1] == (char)outcome) {
            struct cursor cursor = cursor_of(entry->value);
            sum += cursor_signed(&cursor);
        }
    }
    return sum;
}

static void assert_buckets(int64_t posted, int64_t excluded, int64_t waiting, int64_t failed)
{
    assert_int_equal(outcome_count(OUTCOME_POSTED), posted);
    assert_int_equal(outcome_count(OUTCOME_EXCLUDED), excluded);
    assert_int_equal(outcome_count(OUTCOME_WAITING), waiting);
    assert_int_equal(outcome_count(OUTCOME_FAILED), failed);
}

static size_t waiters(struct span key, uint32_t *out_first)
{
    struct err err;
    uint32_t *documents = NULL;
    size_t count = 0;
    assert_true(company_waiting(f.company, key, &f.arena, &documents, &count, &err));
    *out_first = count ? documents[0] : 0;
    return count;
}

static struct document_record record_of(uint32_t number)
{
    struct err err;
    struct document_record record;
    bool found = false;
    assert_true(company_document(f.company, number, &f.arena, &record, &found, &err));
    assert_true(found);
    return record;
}

static void documents_are_found_by_source_or_by_the_one_match(void **state)
{
    (void)state;
    static const struct {
        const char *source, *id;
        uint32_t number;
        bool several;
    } rows[] = {{"web", "1", 1, false}, {"amz", "1", 2, false}, {"web", "12", 3, false}, {NULL, "1", 0, true},
                {NULL, "12", 3, false}, {NULL, "2", 0, false},  {"web", "2", 0, false},  {"amz", "12", 0, false}};
    apply(ruling_of(new_document(DOCUMENT_PAYMENT, "web", "1", 1), OUTCOME_POSTED, 0, 5));
    apply(ruling_of(new_document(DOCUMENT_PAYMENT, "amz", "1", 1), OUTCOME_POSTED, 0, 4));
    apply(ruling_of(new_document(DOCUMENT_PAYMENT, "web", "12", 1), OUTCOME_POSTED, 0, 9));
    for (int anew = 0; anew < 2; anew++, open_anew()) {
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            struct err err;
            uint32_t number = 99;
            bool several = false;
            struct span source = rows[i].source ? span_of(rows[i].source) : ALL;
            assert_true(company_find_document(f.company, DOCUMENT_PAYMENT, source, span_of(rows[i].id), &number,
                                              &several, &err));
            assert_int_equal(number, rows[i].number);
            assert_int_equal(several, rows[i].several);
        }
        assert_int_equal(number_of(DOCUMENT_REFUND, "web", "1"), 0);
        assert_int_equal(f.company->last_document, 3);
        assert_int_equal(f.company->last_at_us, 9);
    }
}

/* I-1: whatever comes first, each version is in one bucket, and of a type without history only the highest counts. */
static void versions_are_each_in_one_bucket(void **state)
{
    (void)state;
    struct ruling first =
        ruling_of(new_document(DOCUMENT_REFUND, "web", "R", 1), OUTCOME_WAITING, REFUSAL_WAITS_DOCUMENT, 1);
    first.waits_on = waiting_for_document(DOCUMENT_ORDER, SPAN("7"), &f.arena);
    first.amount_minor = 500;
    apply(first);
    uint32_t who = 0;
    assert_buckets(0, 0, 1, 0);
    assert_int_equal(waiters(first.waits_on, &who), 1);
    assert_int_equal(who, 1);
    struct ruling other =
        ruling_of(new_document(DOCUMENT_REFUND, "web", "S", 1), OUTCOME_WAITING, REFUSAL_WAITS_DOCUMENT, 1);
    other.waits_on = first.waits_on;
    apply(other);
    open_anew();
    assert_int_equal(waiters(first.waits_on, &who), 2);
    /* A higher version that is posted: the one that waited is excluded, and waits for nothing. */
    apply(ruling_of(new_document(DOCUMENT_REFUND, "web", "R", 3), OUTCOME_POSTED, 0, 1));
    assert_buckets(1, 1, 1, 0);
    assert_int_equal(waiters(first.waits_on, &who), 1);
    assert_int_equal(who, 2);
    /* A lower one that comes late, and one that fails: the highest that is read stays. */
    apply(ruling_of(new_document(DOCUMENT_REFUND, "web", "R", 2), OUTCOME_EXCLUDED, REFUSAL_SUPERSEDED, 1));
    apply(ruling_of(new_document(DOCUMENT_REFUND, "web", "R", 4), OUTCOME_FAILED, REFUSAL_OVERFLOW, 1));
    assert_buckets(1, 2, 1, 1);
    open_anew();
    struct document_record record = record_of(1);
    assert_int_equal(record.version_count, 4);
    assert_int_equal(record.current, 3);
    assert_int_equal(document_current(&record)->version, 3);
    for (size_t i = 0; i < record.version_count; i++)
        assert_int_equal(record.versions[i].version, (int64_t)i + 1);
    assert_int_equal(record.versions[0].outcome, OUTCOME_EXCLUDED);
    assert_int_equal(record.versions[0].refusal, REFUSAL_SUPERSEDED);
    assert_int_equal(record.versions[0].amount_minor, 500);
    assert_int_equal(record.versions[2].document_seq, record.versions[2].seq);
    assert_int_equal(record.seq_count, 4);
    /* What waited goes on: the same version, decided again, by a row that holds no document. */
    struct ruling again = ruling_of(new_document(DOCUMENT_REFUND, "web", "S", 1), OUTCOME_POSTED, 0, 1);
    again.packed = ALL;
    again.document_seq = 4;
    apply(again);
    assert_buckets(2, 2, 0, 1);
    assert_int_equal(waiters(first.waits_on, &who), 0);
    record = record_of(2);
    assert_int_equal(record.version_count, 1);
    assert_int_equal(record.versions[0].document_seq, 4);
    assert_int_equal(record.versions[0].seq, f.row_count);
    assert_int_equal(record.versions[0].waits_on.len, 0);
}

/* While no version can be read, the highest speaks for the document. */
static void of_failed_versions_the_highest_is_shown(void **state)
{
    (void)state;
    static const int64_t come[] = {2, 3, 1};
    for (size_t i = 0; i < COUNT_OF(come); i++)
        apply(ruling_of(new_document(DOCUMENT_REFUND, "web", "R", come[i]), OUTCOME_FAILED, REFUSAL_OVERFLOW, 1));
    struct document_record record = record_of(1);
    assert_int_equal(record.current, 0);
    assert_int_equal(document_current(&record)->version, 3);
    assert_buckets(0, 0, 0, 3);
}

static bool has_move(uint32_t document, uint32_t item, movement_id id)
{
    struct document_record record = record_of(document);
    for (size_t i = 0; i < record.move_count; i++)
        if (record.moves[i].item == item && record.moves[i].id == id)
            return true;
    return false;
}

/* A row may move the stock of other documents: what is decided again is theirs as before, what an order, a complete count
 * or a changed receipt makes of them is theirs from now on, and what it takes out is theirs no more. */
static void movements_stand_with_the_document_they_are_of(void **state)
{
    (void)state;
    static const struct {
        enum movement_kind kind;
        int line;
        uint32_t order;
        bool is_new;
    } rows[] = {
        {MOVE_IN, 1, 0, false},       {MOVE_OUT, 1, 0, false},    {MOVE_OUT, 1, 7, true},
        {MOVE_RETURN, 1, 7, true},    {MOVE_COUNT, 0, 0, true},   {MOVE_COUNT, 1, 0, false},
        {MOVE_BILL, 1, 0, true},      {MOVE_LANDED, 1, 0, true},  {MOVE_CORRECT, 1, 0, true},
        {MOVE_VALUE, 1, 0, false},    {MOVE_STATUS, 1, 0, false}, {MOVE_SUPPLIER_RETURN, 1, 0, true},
        {MOVE_STANDARD, 1, 0, false}, {MOVE_ARRIVE, 1, 0, false}, {MOVE_FOLLOW, 1, 0, false},
    };
    enum { OF_FIRST = 2 };
    struct book_record own[OF_FIRST] = {{.movement = {.id = movement_id_make(1, 1, 0, 0), .kind = MOVE_IN}},
                                        {.movement = {.id = movement_id_make(1, 2, 0, 0), .kind = MOVE_IN}}};
    struct ruling_item item = {.item = 5, .puts = own, .put_count = OF_FIRST};
    struct ruling first = ruling_of(new_document(DOCUMENT_RECEIPT, "file", "1", 1), OUTCOME_POSTED, 0, 1);
    first.items = &item;
    first.item_count = 1;
    apply_with(first, true);
    assert_true(has_move(1, 5, own[0].movement.id) && has_move(1, 5, own[1].movement.id));
    first.packed = ALL; /* decided again: the same movements, once each */
    first.document_seq = first.row.seq;
    first.document = 1;
    apply_with(first, true);
    assert_int_equal(record_of(1).move_count, OF_FIRST);
    struct book_record puts[COUNT_OF(rows)];
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        puts[i] = (struct book_record){.movement = {.id = movement_id_make(1, rows[i].line, (int)i + 1, 0),
                                                    .kind = rows[i].kind,
                                                    .order = rows[i].order}};
    const movement_id removes[] = {own[0].movement.id, movement_id_make(1, 9, 0, 0)};
    const struct ruling_item items[] = {
        {.item = 4, .removes = removes + 1, .remove_count = 1},
        {.item = 5, .puts = puts, .put_count = COUNT_OF(rows), .removes = removes, .remove_count = 1}};
    struct ruling second = ruling_of(new_document(DOCUMENT_RECEIPT, "file", "2", 1), OUTCOME_POSTED, 0, 1);
    second.items = items;
    second.item_count = COUNT_OF(items);
    apply_with(second, true);
    for (int anew = 0; anew < 2; anew++, open_anew()) {
        for (size_t i = 0; i < COUNT_OF(rows); i++)
            if (has_move(1, 5, puts[i].movement.id) != rows[i].is_new)
                fail_msg("row %zu", i);
        assert_false(has_move(1, 5, removes[0]));
        assert_true(has_move(1, 5, own[1].movement.id));
        assert_int_equal(record_of(2).move_count, 0);
    }
}

static void versions_of_a_definition_all_stand(void **state)
{
    (void)state;
    static const struct {
        int64_t version, from_us;
    } come[] = {{3, 300}, {1, 100}, {4, 300}, {2, 200}};
    static const struct {
        int64_t at_us, version;
    } rows[] = {{-5, 1}, {99, 1}, {100, 1}, {199, 1}, {200, 2}, {299, 2}, {300, 4}, {1000, 4}};
    struct err err;
    const struct definition *item = NULL;
    assert_true(company_definition(f.company, DOCUMENT_ITEM, SPAN("MUG"), &item, &err));
    assert_null(item);
    assert_null(definition_at(NULL, 5));
    for (size_t i = 0; i < COUNT_OF(come); i++) {
        apply(
            ruling_of(new_document(DOCUMENT_ITEM, "file", "MUG", come[i].version), OUTCOME_POSTED, 0, come[i].from_us));
        if (i == 1)
            open_anew();
    }
    assert_buckets(4, 0, 0, 0);
    for (int anew = 0; anew < 2; anew++, open_anew()) {
        assert_true(company_definition(f.company, DOCUMENT_ITEM, SPAN("MUG"), &item, &err));
        assert_int_equal(item->count, 4);
        assert_int_equal(item->number, 1);
        for (size_t i = 0; i < COUNT_OF(rows); i++)
            assert_int_equal(definition_at(item, rows[i].at_us)->version, rows[i].version);
        const struct definition *same = NULL;
        assert_true(company_item_by_number(f.company, 1, &same, &err));
        assert_ptr_equal(same, item);
        assert_true(company_item_by_number(f.company, 9, &same, &err));
        assert_null(same);
        assert_true(company_definition(f.company, DOCUMENT_LOCATION, SPAN("MUG"), &same, &err));
        assert_null(same);
    }
}

static bool note_sku(void *context, struct span sku)
{
    struct buf *skus = context;
    buf_print(skus, "%.*s ", SPAN_ARG(sku));
    return sku.len != 2; /* one of two letters ends the walk */
}

static void every_item_is_walked_once_in_the_order_of_skus(void **state)
{
    (void)state;
    static const struct {
        const char *sku, *walked;
    } rows[] = {{"C", "C "}, {"A", "A C "}, {"B", "A B C "}, {"BB", "A B BB "}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        apply(ruling_of(new_document(DOCUMENT_ITEM, "file", rows[i].sku, 1), OUTCOME_POSTED, 0, 1));
        apply(ruling_of(new_document(DOCUMENT_ITEM, "file", rows[i].sku, 2), OUTCOME_POSTED, 0, 2));
        struct buf skus = buf_make(100);
        assert_int_equal(company_items(f.company, note_sku, &skus, &err), i < 3);
        assert_true(span_eq(buf_span(&skus), span_of(rows[i].walked)));
        buf_done(&skus);
    }
}

/* ---- rates and sales ---- */

static void the_rate_is_the_latest_on_or_before(void **state)
{
    (void)state;
    static const struct {
        const char *id, *from, *to;
        int64_t day, rate_e10, hour; /* hour in UTC: 17 is noon in New York, 4 the midnight of a summer's day */
    } come[] = {{"a", "EUR", "USD", 200, 2, 17}, {"b", "EUR", "USD", -100, 1, 17}, {"c", "GBP", "USD", 150, 7, 17},
                {"d", "EUR", "GBP", 250, 8, 17}, {"e", "EUR", "USD", 300, 3, 17},  {"f", "GBP", "USD", 160, 9, 4}};
    static const struct {
        const char *from;
        int64_t day, rate_e10; /* asked for an hour or two after its midnight; 0: none */
    } rows[] = {{"EUR", -101, 0}, {"EUR", -100, 1}, {"EUR", 199, 1}, {"EUR", 200, 2}, {"EUR", 299, 2}, {"EUR", 300, 3},
                {"EUR", 900, 3},  {"GBP", 149, 0},  {"GBP", 150, 7}, {"GBP", 159, 7}, {"GBP", 160, 9}, {"JPY", 900, 0}};
    for (size_t i = 0; i < COUNT_OF(come); i++) {
        struct document *document = new_document(DOCUMENT_RATE, "file", come[i].id, 1);
        document->rate.from = span_of(come[i].from);
        document->rate.to = span_of(come[i].to);
        document->rate.rate_e10 = come[i].rate_e10;
        apply(ruling_of(document, OUTCOME_POSTED, 0, come[i].day * US_PER_DAY + US_PER_DAY / 24 * come[i].hour));
    }
    for (int anew = 0; anew < 2; anew++, open_anew())
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            struct err err;
            int64_t rate_e10 = 0;
            bool found = false;
            assert_true(company_rate(f.company, currency_find(span_of(rows[i].from)),
                                     rows[i].day * US_PER_DAY + US_PER_DAY / 4, &rate_e10, &found, &err));
            assert_int_equal(found, rows[i].rate_e10 != 0);
            assert_int_equal(found ? rate_e10 : 0, rows[i].rate_e10);
        }
}

static void sales_of_a_customer_come_newest_first_up_to_an_instant(void **state)
{
    (void)state;
    static const struct {
        const char *id, *customer;
        int64_t at_us;
    } come[] = {{"1", "ann", 200}, {"2", "ann", -100}, {"3", "anna", 150}, {"4", "ann", 300}, {"5", NULL, 250}};
    static const struct {
        const char *customer;
        int64_t at_us;
        uint32_t orders[3];
    } rows[] = {{"ann", -101, {0}},   {"ann", -100, {2}},      {"ann", 199, {2}},  {"ann", 200, {1, 2}},
                {"ann", 299, {1, 2}}, {"ann", 300, {4, 1, 2}}, {"anna", 900, {3}}, {"bob", 900, {0}}};
    for (size_t i = 0; i < COUNT_OF(come); i++) {
        struct document *document = new_document(DOCUMENT_ORDER, "web", come[i].id, 1);
        document->order.customer = come[i].customer ? span_of(come[i].customer) : ALL;
        document->order.lines.at = ARENA_ARRAY(&f.arena, struct order_line, 2);
        document->order.lines.at[0] = (struct order_line){.sku = SPAN("A")};
        document->order.lines.at[1] = (struct order_line){.sku = SPAN("B")};
        document->order.lines.count = 1 + i % 2;
        struct ruling ruling = ruling_of(document, OUTCOME_POSTED, 0, come[i].at_us);
        ruling.customer = document->order.customer;
        apply(ruling);
    }
    for (int anew = 0; anew < 2; anew++, open_anew())
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            struct err err;
            struct sale *sales = NULL;
            size_t count = 0;
            assert_true(
                company_sales(f.company, span_of(rows[i].customer), rows[i].at_us, &f.arena, &sales, &count, &err));
            for (size_t s = 0; s < 3; s++) {
                assert_int_equal(s < count ? sales[s].order : 0, rows[i].orders[s]);
                if (s >= count)
                    continue;
                assert_int_equal(sales[s].line_count, 1 + (sales[s].order - 1) % 2);
                assert_int_equal(sales[s].sku_hashes[0], sale_hash(SPAN("A")));
                if (sales[s].line_count > 1)
                    assert_int_equal(sales[s].sku_hashes[1], sale_hash(SPAN("B")));
                assert_int_equal(sales[s].at_us, come[sales[s].order - 1].at_us);
            }
            assert_true(count <= 3);
        }
}

/* ---- the events of an order ---- */

static struct moment noon_of(int32_t day)
{
    return (struct moment){.form = TIME_INSTANT, .at_us = day * US_PER_DAY + US_PER_DAY / 24 * 17};
}

/* The lowest version holds from when the order was placed, whatever it says of being updated; the others from when they were
 * made. What a version lists as paid comes no earlier than it. Queued as entered, a lower version that came late stands where
 * the next higher one does. */
static void versions_of_an_order_hold_from_their_making(void **state)
{
    (void)state;
    static const struct {
        int64_t version;
        int32_t updated, paid; /* days; 0: not said */
        uint64_t entered;
        int32_t from, paid_from; /* days */
        uint64_t stands;         /* queued as entered */
    } rows[] = {
        {3, 30, 40, 7, 30, 40, 6}, {1, 25, 5, 9, 10, 10, 6}, {2, 20, 0, 8, 20, 20, 6}, {4, 28, 29, 6, 28, 29, 6}};
    enum { VERSIONS = COUNT_OF(rows), ALL_EVENTS = 2 * VERSIONS };
    for (int as_entered = 0; as_entered < 2; as_entered++) {
        struct order_event events[ALL_EVENTS + 1] = {0};
        for (size_t i = 0; i < VERSIONS; i++) {
            struct document *document = new_document(DOCUMENT_ORDER, "web", "O", rows[i].version);
            document->at = noon_of(10);
            if (rows[i].updated != 0)
                document->updated = noon_of(rows[i].updated);
            document->order.payments.at = ARENA_NEW(&f.arena, struct order_payment);
            document->order.payments.count = 1;
            document->order.payments.at[0] = (struct order_payment){0};
            if (rows[i].paid != 0)
                document->order.payments.at[0].at = noon_of(rows[i].paid);
            events[i] = (struct order_event){.kind = EVENT_VERSION,
                                             .document = document,
                                             .settings = (uint32_t)f.company->setting_count,
                                             .key.entered = rows[i].entered};
            events[VERSIONS + i] = (struct order_event){.kind = EVENT_PAYMENT,
                                                        .document = document,
                                                        .settings = (uint32_t)f.company->setting_count,
                                                        .key.entered = 50 + rows[i].entered};
        }
        struct order_event *other = &events[ALL_EVENTS]; /* of another order */
        *other = (struct order_event){.kind = EVENT_VERSION, .document = events[1].document, .key.entered = 99};
        struct err err;
        assert_true(order_events_settle_versions(f.company, events, ALL_EVENTS, &err));
        for (size_t i = 0; i < VERSIONS; i++) {
            const struct order_event *version = &events[i], *paid = &events[VERSIONS + i];
            assert_int_equal(version->key.at_us, noon_of(rows[i].from).at_us);
            assert_int_equal(version->day, rows[i].from);
            assert_int_equal(version->key.line, rows[i].version);
            assert_int_equal(paid->key.at_us, noon_of(rows[i].paid_from).at_us);
            assert_int_equal(version->key.entered, as_entered ? rows[i].stands : 0);
            assert_int_equal(paid->key.entered, as_entered ? 50 + rows[i].entered : 0);
        }
        assert_int_equal(other->key.entered, 99);
        set(DAY_MIN, "backdated", "entry_order");
    }
}

/* ---- sums ---- */

static void balances_add_up_by_role_and_day(void **state)
{
    (void)state;
    const struct line lines[] = {{.role = ROLE_CUSTOMER_DEPOSITS, .amount_minor = -5},
                                 {.role = ROLE_BANK, .amount_minor = 5}};
    for (int round = 0; round < 4; round++) {
        struct ruling_entry entry = {
            .day = 10 + round / 2, .event_day = 10, .document = (uint32_t)round + 1, .lines = lines, .line_count = 2};
        char id[2] = {(char)('a' + round), 0};
        struct ruling ruling = ruling_of(new_document(DOCUMENT_PAYMENT, "web", arena_print(&f.arena, "%s", id).ptr, 1),
                                         OUTCOME_POSTED, 0, 1);
        ruling.entries = &entry;
        ruling.entry_count = 1;
        apply(ruling);
        if (round == 2)
            open_anew();
    }
    open_anew();
    static const struct {
        enum role role;
        int32_t day;
        int64_t minor;
    } rows[] = {
        {ROLE_BANK, 10, 10}, {ROLE_BANK, 11, 10}, {ROLE_CUSTOMER_DEPOSITS, 10, -10}, {ROLE_CUSTOMER_DEPOSITS, 11, -10}};
    size_t balances = 0;
    for (size_t i = 0; i < f.entry_count; i++) {
        if (f.entries[i].space != VIEW_BALANCE)
            continue;
        balances++;
        struct cursor key = cursor_of(f.entries[i].key);
        enum role role = (enum role)cursor_u8(&key);
        int32_t day = (int32_t)(cursor_u64_be(&key) ^ (UINT64_C(1) << 63));
        struct cursor value = cursor_of(f.entries[i].value);
        int64_t minor = cursor_signed(&value);
        bool found = false;
        for (size_t r = 0; r < COUNT_OF(rows); r++)
            found |= rows[r].role == role && rows[r].day == day && rows[r].minor == minor;
        assert_true(found);
    }
    assert_int_equal(balances, COUNT_OF(rows));
    struct err err;
    assert_true(company_balance_add(f.company, ROLE_BANK, 12, INT64_MAX, &err));
    assert_false(company_balance_add(f.company, ROLE_BANK, 12, 1, &err));
}

static void what_is_waited_for_is_said_in_words(void **state)
{
    (void)state;
    const struct {
        struct span key;
        const char *words;
    } rows[] = {
        {waiting_for_document(DOCUMENT_ORDER, SPAN("1001"), &f.arena), "order 1001"},
        {waiting_for_match(SPAN("ann"), SPAN("MUG"), &f.arena), "a sale of MUG to customer ann"},
        {waiting_for_rate(currency_find(SPAN("EUR")), &f.arena), "a rate of EUR"},
        {waiting_for_order(7, &f.arena), "a shipment, payment or new version of its order"},
        {waiting_for_item(7, &f.arena), "a movement of its item"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct span words = waiting_describe(rows[i].key, &f.arena);
        if (!span_eq(words, span_of(rows[i].words)))
            fail_msg("found %.*s, wanted %s", SPAN_ARG(words), rows[i].words);
        for (size_t other = 0; other < i; other++)
            assert_false(span_eq(rows[i].key, rows[other].key));
    }
    assert_int_equal(waiting_describe(ALL, &f.arena).len, 0);
    /* A damaged key is read no further than it goes. */
    assert_true(span_eq(waiting_describe((struct span){"Mannabel", 4}, &f.arena), SPAN("a sale of  to customer ann")));
}

/* ---- rulings as bytes ---- */

static struct ruling full_ruling(void)
{
    static const struct order_component components[] = {
        {.sku = {"A", 1}, .qty_micro = 2, .weight_micro = 3, .kind = ITEM_STOCKED},
        {.sku = {"B", 1}, .qty_micro = 4, .weight_micro = 5, .kind = ITEM_SUPPLY}};
    static const struct order_line_facts facts[] = {
        {.kind = ITEM_BUNDLE, .uom_factor_micro = 6, .components = components, .component_count = 2},
        {.kind = ITEM_SERVICE, .uom_factor_micro = 7}};
    static const struct ruling_event events[] = {
        {.kind = EVENT_VERSION,
         .index = 1,
         .at_us = -2,
         .rank = RANK_DEFINITION,
         .day = -3,
         .rate_e10 = 4,
         .order_rate_e10 = 5,
         .facts = facts,
         .fact_count = 2},
        {.kind = EVENT_REFUND, .index = 2, .at_us = 3, .rank = RANK_MONEY, .day = 4, .rate_e10 = 6}};
    static const struct ruling_reservation reservations[] = {{{"A", 1}, {"main", 4}, 9}, {{"B", 1}, {"shop", 4}, -8}};
    static const struct ruling_order orders[] = {{.order = 11,
                                                  .events = events,
                                                  .event_count = 2,
                                                  .reservations = reservations,
                                                  .reservation_count = 2,
                                                  .finished = true},
                                                 {.order = 12}};
    static struct step steps[] = {{.kind = STEP_COUNT, .name = {"main", 4}, .status = UNITS_DAMAGED, .qty_micro = 5}};
    static const struct book_record puts[] = {{.movement = {.id = 77,
                                                            .kind = MOVE_STATUS,
                                                            .location = {"main", 4},
                                                            .qty_micro = 5,
                                                            .standard_micro = INT64_MIN,
                                                            .last_micro = INT64_MIN,
                                                            .where = {.role = ROLE_SCRAP}},
                                               .steps = steps,
                                               .step_count = 1}};
    static const movement_id removes[] = {5, 6};
    static const struct ruling_item items[] = {
        {.item = 21, .puts = puts, .put_count = 1, .removes = removes, .remove_count = 2}, {.item = 22}};
    static const struct line lines[] = {{.role = ROLE_SALES,
                                         .amount_minor = -5,
                                         .original_currency = 3,
                                         .original_minor = -7,
                                         .sku = {"s", 1},
                                         .channel = {"c", 1},
                                         .location = {"l", 1},
                                         .order = {"o", 1},
                                         .order_line = {"1", 1},
                                         .party = {"p", 1},
                                         .tag = {"t", 1}},
                                        {.role = ROLE_BANK, .amount_minor = 5}};
    static const struct ruling_entry entries[] = {
        {.day = 31,
         .event_day = 30,
         .document = 41,
         .kind = ENTRY_DELTA,
         .source = {"web", 3},
         .id = {"X", 1},
         .type = DOCUMENT_RECEIPT,
         .lines = lines,
         .line_count = 2},
        {.day = 32, .event_day = 32, .document = 51, .kind = ENTRY_ORIGINAL, .lines = lines, .line_count = 1}};
    return (struct ruling){.row = {.seq = 9,
                                   .kind = TRUTH_DOCUMENT,
                                   .type = DOCUMENT_REFUND,
                                   .version = 2,
                                   .outcome = OUTCOME_POSTED,
                                   .source = SPAN("web"),
                                   .id = SPAN("R")},
                           .document = 51,
                           .document_seq = 9,
                           .packed = SPAN("packed bytes"),
                           .waits_on = SPAN("D"),
                           .detail = SPAN("a sentence"),
                           .at_us = -61,
                           .amount_minor = -62,
                           .customer = SPAN("ann"),
                           .orders = orders,
                           .order_count = 2,
                           .items = items,
                           .item_count = 2,
                           .entries = entries,
                           .entry_count = 2};
}

static struct span ruling_bytes(const struct ruling *ruling)
{
    struct buf out = buf_make(1 << 20);
    ruling_pack(ruling, &out);
    struct span kept = arena_copy(&f.arena, buf_span(&out));
    buf_done(&out);
    return kept;
}

static void a_ruling_is_read_back_as_it_was_packed(void **state)
{
    (void)state;
    struct ruling ruling = full_ruling();
    ruling.row.body = ruling_bytes(&ruling);
    struct ruling found;
    assert_true(ruling_unpack(&ruling.row, &f.arena, &found));
    assert_true(span_eq(ruling_bytes(&found), ruling.row.body));
    assert_int_equal(found.document, 51);
    assert_int_equal(found.document_seq, 9);
    assert_int_equal(found.at_us, -61);
    assert_int_equal(found.amount_minor, -62);
    assert_true(span_eq(found.customer, SPAN("ann")) && span_eq(found.detail, SPAN("a sentence")));
    assert_int_equal(found.order_count, 2);
    assert_true(found.orders[0].finished && !found.orders[1].finished);
    assert_int_equal(found.orders[0].events[0].facts[0].components[1].weight_micro, 5);
    assert_int_equal(found.orders[0].events[1].index, 2);
    assert_int_equal(found.orders[0].reservations[1].qty_micro, -8);
    assert_int_equal(found.items[0].removes[1], 6);
    assert_int_equal(found.items[0].puts[0].steps[0].status, UNITS_DAMAGED);
    assert_int_equal(found.entries[0].type, DOCUMENT_RECEIPT);
    assert_int_equal(found.entries[0].document, 41);
    assert_int_equal(found.entries[1].document, 51);
    assert_true(line_same_place(&found.entries[0].lines[0], &ruling.entries[0].lines[0]));
    assert_int_equal(found.entries[0].lines[0].original_minor, -7);
    assert_int_equal(found.entries[0].lines[1].original_currency, 0);
}

static void a_ruling_cut_short_is_refused(void **state)
{
    (void)state;
    struct ruling ruling = full_ruling();
    struct span whole = ruling_bytes(&ruling);
    for (size_t len = 0; len < whole.len; len++) {
        struct arena arena = arena_make(1 << 20);
        char *bytes = malloc(len ? len : 1); /* its own, so that reading beyond shows */
        memcpy(bytes, whole.ptr, len);
        ruling.row.body = (struct span){bytes, len};
        struct ruling found;
        if (ruling_unpack(&ruling.row, &arena, &found))
            fail_msg("%zu of %zu bytes were taken", len, whole.len);
        free(bytes);
        arena_done(&arena);
    }
    /* And without memory nothing is taken either. */
    for (size_t room = 0; room < 6000; room += 40) {
        struct arena arena = arena_make(room);
        ruling.row.body = whole;
        struct ruling found;
        if (ruling_unpack(&ruling.row, &arena, &found))
            assert_true(span_eq(ruling_bytes(&found), whole));
        arena_done(&arena);
    }
}

/* Damaged truth: whatever is still taken can be read to its end and packed again. */
static void a_ruling_that_promises_more_than_follows_is_refused(void **state)
{
    (void)state;
    static const struct ruling_item items[] = {{.item = 21}, {.item = 22}};
    static const struct line lines[] = {{.role = ROLE_BANK, .amount_minor = 5}};
    static const struct ruling_entry entry = {
        .day = 3, .event_day = 3, .document = 51, .lines = lines, .line_count = 1};
    struct ruling ruling = {
        .row = {.kind = TRUTH_DOCUMENT, .type = DOCUMENT_REFUND, .source = SPAN("w"), .id = SPAN("R")},
        .document = 51,
        .items = items,
        .item_count = COUNT_OF(items),
        .entries = &entry};
    for (size_t entries = 0; entries < 2; entries++) {
        ruling.entry_count = entries;
        const struct span whole = ruling_bytes(&ruling);
        for (size_t at = 0; at < whole.len; at++)
            for (int value = 0; value < 256; value++)
                for (size_t cut = 0; cut < 3; cut++) {
                    struct arena arena = arena_make(1 << 18);
                    struct ruling found;
                    char bytes[200];
                    memcpy(bytes, whole.ptr, whole.len);
                    bytes[at] = (char)value;
                    ruling.row.body = (struct span){bytes, whole.len - cut};
                    struct buf out = buf_make(1 << 18);
                    if (ruling_unpack(&ruling.row, &arena, &found))
                        ruling_pack(&found, &out);
                    assert_false(out.failed);
                    buf_done(&out);
                    arena_done(&arena);
                }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(settings_hold_from_their_day_whatever_order_they_came_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_lock_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_date_without_a_time_is_an_instant_by_its_rank, set_up, tear_down),
        cmocka_unit_test_setup_teardown(documents_are_found_by_source_or_by_the_one_match, set_up, tear_down),
        cmocka_unit_test_setup_teardown(versions_are_each_in_one_bucket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_failed_versions_the_highest_is_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(movements_stand_with_the_document_they_are_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(versions_of_a_definition_all_stand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_item_is_walked_once_in_the_order_of_skus, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_rate_is_the_latest_on_or_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sales_of_a_customer_come_newest_first_up_to_an_instant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(versions_of_an_order_hold_from_their_making, set_up, tear_down),
        cmocka_unit_test_setup_teardown(balances_add_up_by_role_and_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_waited_for_is_said_in_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ruling_is_read_back_as_it_was_packed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ruling_cut_short_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ruling_that_promises_more_than_follows_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
