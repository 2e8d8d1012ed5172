/* proof_test.c: what must be true of every store, tried on random histories and without the second model: the company is
 * opened anew between documents, so that everything is read back from its views; then verify looks at all of it, the same
 * documents come again, and the views are made again from truth. HISTORIES, FIRST and DOCUMENTS set how many, from which
 * seed and how long. */
#include "flow/rebuild.h"
#include "flow/road.h"
#include "flow/verify.h"
#include "model/history.h"
#include "order/refusal.h"
#include "report/balances.h"
#include "report/stock.h"
#include "store/memory/memory_store.h"
#include "support/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* One history under way. */
struct proof {
    uint64_t seed;
    struct m_generated generated;
    struct store *store;
    uint32_t company;
    struct road_counts counts; /* summed over all roads */
    uint64_t findings;
};

#define good(call)                                                                \
    do {                                                                          \
        if (!(call))                                                              \
            fail_msg("seed %llu: %s", (unsigned long long)proof->seed, err.text); \
    } while (0)

static struct road *road_of(struct proof *proof)
{
    struct err err;
    struct road_options options = {.default_source = SPAN("file"), .now_us = 1, .zone_bytes = zone_file};
    struct road *road = road_open(proof->store, proof->company, options, &err);
    good(road != NULL);
    good(road_begin(road, &err));
    return road;
}

static void close_road(struct proof *proof, struct road *road)
{
    struct err err;
    good(road_commit(road, &err));
    const struct road_counts *counts = road_counted(road);
    proof->counts.records += counts->records;
    proof->counts.known += counts->known;
    proof->counts.failed += counts->failed;
    road_close(road);
}

static void begin_company(struct proof *proof)
{
    struct err err;
    char code[4];
    proof->store = memory_store_new();
    good(proof->store->ops->company_create(proof->store, SPAN("main"), &proof->company, &err));
    struct road *road = road_of(proof);
    good(road_setting(road, DAY_MIN, SPAN("currency"),
                      span_of(currency_code(proof->generated.history.settings.company, code)), &err));
    good(road_setting(road, DAY_MIN, SPAN("time_zone"), span_of(proof->generated.zone), &err));
    for (size_t i = 0; i < proof->generated.setting_count; i++) {
        const struct m_setting *setting = &proof->generated.settings[i];
        good(road_setting(road, setting->from, span_of(setting->key), span_of(setting->value), &err));
    }
    close_road(proof, road);
}

/* The documents as they arrive, the company opened anew every few of them. Halfway through every third history a period is
 * closed in the middle of it, so that what comes late finds its day locked (J-5). */
static void import(struct proof *proof, size_t every, bool closes, bool again)
{
    struct err err;
    struct buf line = buf_make(1 << 20);
    size_t middle = proof->generated.history.count / 2;
    struct road *road = road_of(proof);
    for (size_t i = 0; i < proof->generated.history.count; i++) {
        const struct m_document *document = proof->generated.history.documents[i];
        struct road_answer answer;
        buf_reset(&line);
        m_document_write((struct m_document *)(uintptr_t)document, proof->generated.history.settings.company, &line);
        good(road_take(road, buf_span(&line), SPAN("history"), i + 1, &answer, &err));
        assert_int_not_equal(answer.outcome, OUTCOME_NONE);
        if (again && !answer.known)
            print_error("seed %llu: not known: %.*s: %s %.*s\n", (unsigned long long)proof->seed,
                        SPAN_ARG(buf_span(&line)), refusal_name(answer.refusal), SPAN_ARG(answer.detail));
        if (closes && i == middle)
            good(road_lock(road, company_day(road_company(road), road_company(road)->last_at_us) - 3, SPAN("proof"),
                           &err));
        if ((i + 1) % every == 0) {
            close_road(proof, road);
            road = road_of(proof);
        }
    }
    close_road(proof, road);
    buf_done(&line);
}

static void show_finding(void *context, const struct verify_finding *finding)
{
    struct proof *proof = context;
    if (proof->findings++ < 3)
        print_error("seed %llu: %s: %s %.*s: %.*s\n", (unsigned long long)proof->seed, finding->check, finding->table,
                    SPAN_ARG(finding->key), SPAN_ARG(finding->detail));
}

static struct store *scratch_store(struct err *err)
{
    (void)err;
    return memory_store_new();
}

/* What verify proves of every store: J-1, J-2, J-3, J-4, J-5, J-6, C-1, C-2, C-4, C-5 and R-1. */
static void verify(struct proof *proof)
{
    struct err err;
    struct verify_counts counts = {0};
    struct verify_options options = {.zone_bytes = zone_file,
                                     .scratch_store = scratch_store,
                                     .report = show_finding,
                                     .context = proof,
                                     .deep = true};
    good(verify_guards(proof->store, &options, &counts, &err));
    good(verify_company(proof->store, proof->company, &options, &counts, &err));
}

struct outcome_sum {
    int64_t count;
};

static bool outcome_row_sum(void *context, struct span key, struct span value)
{
    struct outcome_sum *sum = context;
    struct cursor cursor = cursor_of(value);
    (void)key;
    sum->count += cursor_signed(&cursor);
    return true;
}

/* I-1: every record that is stored is in one bucket: those that were not known already. */
static void check_buckets(struct proof *proof)
{
    struct err err;
    struct outcome_sum sum = {0};
    const struct span all = {NULL, 0};
    good(proof->store->ops->view_scan(proof->store, proof->company, VIEW_OUTCOME, all, all, outcome_row_sum, &sum,
                                      &err));
    if (sum.count != (int64_t)(proof->counts.records - proof->counts.known)) {
        print_error("seed %llu: I-1: %lld in buckets, %llu records and %llu of them known already\n",
                    (unsigned long long)proof->seed, (long long)sum.count, (unsigned long long)proof->counts.records,
                    (unsigned long long)proof->counts.known);
        proof->findings++;
    }
}

/* on hand, sellable, free, owned and valued lead into one another, row by row, and the value is that of the accounts. */
static bool bridge_row(void *context, const struct stock_row *row)
{
    struct stock_figures *sum = context;
    const struct stock_figures *f = &row->figures;
    bool holds = f->sellable + f->quarantined + f->damaged == f->on_hand &&
                 f->on_hand - f->consigned + f->in_transit + f->goods_out == f->owned &&
                 f->owned - f->damaged + f->owed == f->valued;
    if (!holds)
        print_error("A-1: %.*s at %.*s\n", SPAN_ARG(row->sku), SPAN_ARG(row->location));
    stock_figures_add(sum, f);
    sum->available += holds ? 0 : INT64_MAX / 1000000; /* shows below */
    return true;
}

static void check_bridge(struct proof *proof)
{
    struct err err;
    struct stock_figures sum = {0};
    struct balances balances;
    struct stock_options options = {.as_of = AS_OF_NOW, .whole = true};
    struct road *road = road_of(proof);
    struct reader reader = {proof->store, proof->company, road_company(road)};
    good(report_stock(&reader, &options, bridge_row, &sum, &err));
    good(report_balances(&reader, AS_OF_NOW, &balances, &err));
    int64_t accounts_minor = balances_stock_minor(&balances);
    if (sum.available + sum.reserved != sum.sellable || sum.value_minor != accounts_minor) {
        print_error("seed %llu: A-1: free %lld and reserved %lld, sellable %lld; value %lld, accounts %lld\n",
                    (unsigned long long)proof->seed, (long long)sum.available, (long long)sum.reserved,
                    (long long)sum.sellable, (long long)sum.value_minor, (long long)accounts_minor);
        proof->findings++;
    }
    close_road(proof, road);
}

static uint64_t last_seq(struct proof *proof)
{
    struct err err;
    uint64_t seq = 0;
    uint64_t block = 0;
    struct seal seal;
    good(proof->store->ops->last_numbers(proof->store, proof->company, &seq, &block, &seal, &err));
    return seq;
}

/* I-2: the same records again change nothing. In the runs they came in: lines that are no documents are told apart by how
 * many equal ones a run had. */
static void import_again(struct proof *proof, size_t every)
{
    uint64_t before = last_seq(proof);
    struct road_counts counts = proof->counts;
    import(proof, every, false, true);
    uint64_t known = proof->counts.known - counts.known;
    if (last_seq(proof) != before || known != proof->generated.history.count) {
        print_error("seed %llu: I-2: %llu of %zu known, %llu rows more\n", (unsigned long long)proof->seed,
                    (unsigned long long)known, proof->generated.history.count,
                    (unsigned long long)(last_seq(proof) - before));
        proof->findings++;
    }
}

static void rebuild(struct proof *proof)
{
    struct err err;
    uint64_t rows = 0;
    struct rebuild_options options = {.zone_bytes = zone_file};
    good(rebuild_company(proof->store, proof->company, &options, &rows, &err));
    assert_int_equal(rows, last_seq(proof));
}

static uint64_t prove(uint64_t seed, int64_t documents, size_t every)
{
    struct arena arena = arena_make((size_t)1 << 30);
    struct proof proof = {.seed = seed};
    struct m_features allowed = m_features_all();
    if (seed % 2 == 0) /* its queue as entered, and shares of bills dated back */
        allowed.more |= M_WITH_ENTRY_ORDER | M_WITH_TRUE_UP;
    proof.generated = m_history_make(seed, (size_t)documents, allowed, &arena);
    begin_company(&proof);
    import(&proof, every, seed % 3 == 0, false);
    check_buckets(&proof);
    check_bridge(&proof);
    verify(&proof);
    import_again(&proof, every);
    rebuild(&proof);
    verify(&proof);
    proof.store->ops->close(proof.store);
    arena_done(&arena);
    return proof.findings;
}

static void every_history_stands_up_to_verify(void **state)
{
    (void)state;
    int64_t first = from_environment("FIRST", 1);
    int64_t histories = from_environment("HISTORIES", 80);
    int64_t longest = from_environment("DOCUMENTS", 60);
    uint64_t with_findings = 0;
    for (int64_t seed = first; seed < first + histories; seed++)
        with_findings += prove((uint64_t)seed, 1 + seed * 7919 % longest, 1 + (size_t)seed % 3) > 0;
    print_message("%lld histories, %llu with findings\n", (long long)histories, (unsigned long long)with_findings);
    assert_int_equal(with_findings, 0);
}

/* Long enough that an item's book takes several chunks. */
static void long_histories_stand_up_to_verify(void **state)
{
    (void)state;
    if (getenv("HISTORIES") != NULL)
        skip();
    uint64_t with_findings = 0;
    for (uint64_t seed = 9001; seed < 9005; seed++)
        with_findings += prove(seed, 200, 7) > 0;
    assert_int_equal(with_findings, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_history_stands_up_to_verify),
        cmocka_unit_test(long_histories_stand_up_to_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
