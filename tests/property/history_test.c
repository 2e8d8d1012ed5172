/* history_test.c: random histories through the engine, on both stores and in several orders of arrival, and through the slow
 * second model; all must agree to the cent on stock, layers, owed units, slices, daily balances by role, SKU, location,
 * order and line, and outcomes (property/trial.h says which runs are compared with which).
 *
 * What is tested, by number (docs/invariants.md): J-3 the stock accounts against layers and owed slices, C-1 and C-2 units
 * and values that come in and go out, C-3 slices that come back, C-4 layers or owed slices and never both: by the model's
 * own checks and by comparing with it. C-5 a run of what posted in the order of keys, with the dates that were frozen, and
 * each item's book decided again from its first movement. I-2 documents taken again, at once or much later. I-3 another
 * order of arrival, other batches, the road closed and opened in between. J-5 the date of each entry, closed periods
 * included. R-1 the views of both stores, byte for byte, and against a rebuild.
 *
 * HISTORIES and DOCUMENTS set how many and how long (the proof uses 100,000 of up to 200); SEED replays one. A failure
 * prints seed, settings and the differing rows; with SHOW=1 (2: reordered, 3: in key order) the documents of that run as
 * they arrived. FEATURES and MORE are masks of model/history.h, PARTS of model/model.h, RUNS of property/trial.h; every
 * VERIFYth history is verified and rebuilt. SHRINK=1 cuts each failing history down to the documents it takes, KIND of a
 * fault of that kind alone (a mask of enum trial_fault: 8 a clean run, 16 another arrival, 32 a law). COVERAGE=FOLDER
 * writes there which outcomes occurred (tools/coverage). */
#include "property/shrink.h"
#include "support/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* One run over many seeds; what it covered is printed. */
struct tally {
    int64_t histories, differing, kinds[FAULT_KINDS], us;
    uint64_t documents, unsupported, unreadable, left_out, left_out_later;
};

/* Writes what occurred into the folder COVERAGE names, one file for the range of seeds (tools/coverage adds them up). */
static void write_coverage(const struct coverage *coverage, int64_t first, int64_t histories)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%lld+%lld.jsonl", getenv("COVERAGE"), (long long)first, (long long)histories);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        fail_msg("%s cannot be written", path);
    coverage_write(coverage, file);
    fclose(file);
}

struct shared { /* with the process that tries the histories */
    struct tally tally;
    int64_t seed; /* under way */
    struct coverage *coverage;
};

static void try_one(struct shared *shared, struct bench *bench, const struct trial_options *options)
{
    struct trial trial;
    struct tally *tally = &shared->tally;
    trial_run(bench, (uint64_t)shared->seed, options, shared->coverage, &trial);
    tally->documents += trial.documents;
    tally->unsupported += trial.unsupported;
    tally->unreadable += trial.unreadable;
    tally->left_out += trial.left_out;
    tally->left_out_later += trial.left_out_later;
    tally->differing += trial.faults != 0;
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        tally->kinds[kind] += (trial.faults >> kind & 1) != 0;
    if (trial.faults == 0)
        return;
    printf("seed %llu: %s", (unsigned long long)shared->seed, trial.text);
    if (from_environment("SHRINK", 0) != 0)
        (void)shrink((uint64_t)shared->seed, options);
}

/* From the seed under way to the last, in a process of its own: one that stops at a bug is counted, and the next ones are
 * tried all the same. */
static void try_until(struct shared *shared, int64_t last, const struct trial_options *options)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct bench *bench = bench_new();
        for (; shared->seed <= last; shared->seed++)
            try_one(shared, bench, options);
        bench_free(bench);
        fflush(NULL);
        _exit(0);
    }
    int status = 0;
    must(child > 0 && waitpid(child, &status, 0) == child);
    if (shared->seed > last)
        return;
    bench_forget(child);
    printf("seed %lld: %s with status %d\n", (long long)shared->seed, fault_name(FAULT_CRASH), status);
    if (from_environment("SHRINK", 0) != 0)
        (void)shrink((uint64_t)shared->seed, options);
    shared->tally.differing++;
    shared->tally.kinds[FAULT_KINDS - 1]++;
    shared->seed++;
}

static void *shared_memory(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(at != MAP_FAILED);
    return at;
}

static struct tally run(int64_t first, int64_t histories, int64_t documents, struct m_features allowed)
{
    struct shared *shared = shared_memory(sizeof *shared);
    bool covers = getenv("COVERAGE") != NULL;
    int64_t started_us = now_us();
    struct trial_options options = {.documents = (size_t)documents,
                                    .allowed = allowed,
                                    .parts = (unsigned)from_environment("PARTS", M_COMPARE_OUTCOMES | M_COMPARE_STOCK |
                                                                                     M_COMPARE_OWED | M_COMPARE_SLICES |
                                                                                     M_COMPARE_MOVES),
                                    .verify_every = (uint64_t)from_environment("VERIFY", 20),
                                    .runs = (unsigned)from_environment("RUNS", TRIAL_ALL),
                                    .show = (unsigned)from_environment("SHOW", SHOW_NOTHING)};
    shared->coverage = covers ? coverage_in(shared_memory(coverage_size())) : NULL;
    shared->seed = first;
    while (shared->seed < first + histories)
        try_until(shared, first + histories - 1, &options);
    struct tally tally = shared->tally;
    tally.histories = histories;
    tally.us = now_us() - started_us;
    if (covers) {
        write_coverage(shared->coverage, first, histories);
        (void)munmap(shared->coverage, coverage_size());
    }
    (void)munmap(shared, sizeof *shared);
    return tally;
}

static void say(const struct tally *tally)
{
    printf("%lld histories, %llu documents, %lld differ; %llu documents of forms that are not posted yet, %llu that "
           "are none, %llu refused by their order of arrival, %llu more when reordered\n",
           (long long)tally->histories, (unsigned long long)tally->documents, (long long)tally->differing,
           (unsigned long long)tally->unsupported, (unsigned long long)tally->unreadable,
           (unsigned long long)tally->left_out, (unsigned long long)tally->left_out_later);
    printf("    %lld ms, %lld us a history\n", (long long)(tally->us / 1000),
           (long long)(tally->us / tally->histories));
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        printf("    %6lld %s\n", (long long)tally->kinds[kind], fault_name(1u << kind));
}

/* Runs that a person steers: SEED or FIRST and HISTORIES, DOCUMENTS, FEATURES and MORE as masks of model/history.h. */
static void histories_asked_for_agree(void **state)
{
    (void)state;
    int64_t seed = from_environment("SEED", 0);
    struct m_features allowed = m_features_all();
    if (getenv("HISTORIES") == NULL && seed == 0)
        skip();
    allowed.on &= (unsigned)from_environment("FEATURES", 0xffffffff);
    allowed.more = (unsigned)from_environment("MORE", (int64_t)allowed.more);
    struct tally tally = run(seed ? seed : from_environment("FIRST", 1), seed ? 1 : from_environment("HISTORIES", 1),
                             from_environment("DOCUMENTS", 60), allowed);
    say(&tally);
    assert_int_equal(tally.differing, 0);
}

/* Each feature beside receipts, orders, payments and shipments, with the cost methods taking turns. */
static void every_feature_alone_agrees_with_the_second_model(void **state)
{
    (void)state;
    if (getenv("HISTORIES") != NULL || getenv("SEED") != NULL)
        skip();
    static const struct {
        const char *name;
        unsigned on, more;
        int64_t known; /* differing ones that docs/acceptance.md owns up to; never to grow */
    } rows[] = {
        {"nothing else", 0, 0, 0},
        {"returns", M_WITH_RETURNS, 0, 0},
        {"refunds", M_WITH_REFUNDS, 0, 0},
        {"cancels", M_WITH_CANCELS, 0, 0},
        {"transfers", M_WITH_TRANSFERS, 0, 0},
        {"counts", M_WITH_COUNTS, 0, 0},
        {"adjustments", M_WITH_ADJUSTMENTS, 0, 0},
        {"discounts, shipping, taxes, tips", M_WITH_DISCOUNTS | M_WITH_SHIPPING | M_WITH_TAXES | M_WITH_TIPS, 0, 0},
        {"odd quantities and prices", M_WITH_FRACTIONS, 0, 0},
        {"any order of arrival", M_WITH_DISORDER, 0, 0},
        {"strangers", M_WITH_STRANGERS, 0, 0},
        {"dates only", M_WITH_DATES_ONLY, 0, 0},
        {"cost methods by item", M_WITH_METHODS, 0, 0},
        {"bills", M_WITH_BILLS, 0, 0},
        {"landed cost", M_WITH_LANDED_COST, 0, 0},
        {"cost corrections", M_WITH_CORRECTIONS, 0, 0},
        {"supplier returns", M_WITH_SUPPLIER_RETURNS, 0, 0},
        {"status changes", M_WITH_STATUS_CHANGES, 0, 0},
        {"bundles", M_WITH_BUNDLES, 0, 0},
        {"services", M_WITH_SERVICES, 0, 0},
        {"versions", M_WITH_VERSIONS, 0, 0},
        {"order edits", M_WITH_EDITS, 0, 0},
        {"voids", M_WITH_VOIDS, 0, 0},
        {"entries", M_WITH_ENTRIES, 0, 0},
        {"duplicates", M_WITH_DUPLICATES, 0, 0},
        {"value changes", M_WITH_VALUE_CHANGES, 0, 0},
        {"dropship", M_WITH_DROPSHIP, 0, 0},
        {"purchases in another currency", M_WITH_BILLS | M_WITH_CORRECTIONS | M_WITH_SUPPLIER_RETURNS,
         M_WITH_FOREIGN_PURCHASES | M_WITH_CREDIT_NOTES, 0},
        {"consigned goods",
         M_WITH_CONSIGNMENT | M_WITH_RETURNS | M_WITH_BILLS | M_WITH_TRANSFERS | M_WITH_COUNTS | M_WITH_DISORDER, 0, 0},
        {"openings", M_WITH_BILLS | M_WITH_SUPPLIER_RETURNS | M_WITH_REFUNDS | M_WITH_DISORDER, M_WITH_OPENING, 0},
        {"bills that name no receipt", M_WITH_BILLS | M_WITH_RETURNS | M_WITH_DISORDER, M_WITH_LOOSE_BILLS, 0},
        {"counts by lot", M_WITH_COUNTS | M_WITH_DISORDER, M_WITH_LOTS, 0},
        {"true-up at the origin",
         M_WITH_BILLS | M_WITH_ADJUSTMENTS | M_WITH_TRANSFERS | M_WITH_RETURNS | M_WITH_DELIVERIES, M_WITH_TRUE_UP, 0},
        {"services by days", M_WITH_SERVICES | M_WITH_DISORDER | M_WITH_REFUNDS | M_WITH_EDITS | M_WITH_TAXES,
         M_WITH_DAYS, 0},
        {"money on account", M_WITH_DISORDER | M_WITH_CANCELS | M_WITH_REFUNDS | M_WITH_VOIDS,
         M_WITH_ON_ACCOUNT | M_WITH_AT_PAYMENT, 0},
        {"settings changed in the midst", 0, M_WITH_LATER_POLICIES, 0},
        {"the same, with what they change",
         M_WITH_RETURNS | M_WITH_TRANSFERS | M_WITH_COUNTS | M_WITH_ADJUSTMENTS | M_WITH_DATES_ONLY | M_WITH_BILLS |
             M_WITH_SUPPLIER_RETURNS,
         M_WITH_LATER_POLICIES | M_WITH_POLICIES, 0},
        {"revenue and tax at payment", 0, M_WITH_AT_PAYMENT, 0},
        {"the same, returned, refunded, edited",
         M_WITH_RETURNS | M_WITH_REFUNDS | M_WITH_CANCELS | M_WITH_EDITS | M_WITH_TAXES | M_WITH_DISCOUNTS |
             M_WITH_SHIPPING,
         M_WITH_AT_PAYMENT, 0},
        {"queued as entered: sales", M_WITH_RETURNS | M_WITH_REFUNDS | M_WITH_DELIVERIES | M_WITH_DISORDER,
         M_WITH_ENTRY_ORDER, 0},
        {"queued as entered: stock",
         M_WITH_TRANSFERS | M_WITH_COUNTS | M_WITH_ADJUSTMENTS | M_WITH_BILLS | M_WITH_LANDED_COST | M_WITH_METHODS |
             M_WITH_SUPPLIER_RETURNS | M_WITH_DISORDER,
         M_WITH_ENTRY_ORDER, 0},
        {"queued as entered: corrections",
         M_WITH_VERSIONS | M_WITH_EDITS | M_WITH_VOIDS | M_WITH_CORRECTIONS | M_WITH_RETURNS | M_WITH_VALUE_CHANGES,
         M_WITH_ENTRY_ORDER, 0},
    };
    int64_t differing = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tally tally = run(1, 40, 60, (struct m_features){.on = rows[i].on, .more = rows[i].more});
        printf("%-34s %3lld histories %5llu documents %lld differ\n", rows[i].name, (long long)tally.histories,
               (unsigned long long)tally.documents, (long long)tally.differing);
        differing += tally.differing > rows[i].known;
    }
    assert_int_equal(differing, 0);
}

/* Everything at once still differs now and then (docs/acceptance.md has the rate). This keeps it from growing. */
static void all_features_together_differ_no_more_than_they_did(void **state)
{
    (void)state;
    if (getenv("HISTORIES") != NULL || getenv("SEED") != NULL)
        skip();
    const int64_t known_differing = 1;
    struct tally tally = run(1, 200, 60, (struct m_features){.on = m_features_all().on});
    printf("%lld histories, %llu documents, %lld differ\n", (long long)tally.histories,
           (unsigned long long)tally.documents, (long long)tally.differing);
    assert_true(tally.differing <= known_differing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histories_asked_for_agree),
        cmocka_unit_test(every_feature_alone_agrees_with_the_second_model),
        cmocka_unit_test(all_features_together_differ_no_more_than_they_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
