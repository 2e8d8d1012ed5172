/* model_test.c: proves the model: every golden case, whose figures are those of examples.md or were worked out by hand,
 * holds for it; and over random histories it keeps its own conservation laws and does not look at the order of arrival.
 *
 *   model_test                 all of it
 *   model_test FILE.case...    these cases only, every figure shown
 *   model_test --seed N [DOCUMENTS [sorted|made [ON MORE]]]
 *                              one random history as a case, and what the model makes of it; sorted: in the order of
 *                              its keys; ON, MORE: the features allowed, as the numbers of history.h
 *   model_test --answer FILE.case           what the model makes of all documents of a case at once
 *   model_test --speed N [DOCUMENTS [FIRST]]   N histories: the time they take, and which outcomes occurred */
#include "base/decimal.h"
#include "model/case.h"
#include "model/history.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int passed, failed, skipped;

static void report(bool ok, const char *where, const char *what)
{
    passed += ok;
    failed += !ok;
    if (!ok)
        printf("not ok - %s: %s\n", where, what);
}

static struct span read_file(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct span text = {NULL, 0};
    if (!file)
        return text;
    size_t room = 1 << 20;
    char *bytes = arena_alloc(arena, room);
    must(bytes);
    text = (struct span){bytes, fread(bytes, 1, room, file)};
    (void)fclose(file);
    return text;
}

/* The documents of the case go out as JSON and come back the same, else the model reads another case than the engine. */
static void check_round_trip(struct arena *arena, const struct m_document *document, currency company, const char *path)
{
    struct buf once = buf_make(1 << 16), twice = buf_make(1 << 16);
    const char *why = NULL;
    m_document_write(document, company, &once);
    struct m_document *again = m_document_read(arena, buf_span(&once), company, &why);
    if (again)
        m_document_write(again, company, &twice);
    report(again && span_eq(buf_span(&once), buf_span(&twice)), path, "a document does not survive its JSON");
    buf_done(&once);
    buf_done(&twice);
}

static void run_case(const char *path, bool show)
{
    struct arena arena = arena_make(64 << 20);
    struct m_case c;
    const char *why = "it cannot be read";
    int line = 0;
    struct span text = read_file(&arena, path);
    if (!text.ptr || !m_case_read(&arena, text, &c, &why, &line)) {
        printf("# %s:%d: %s\n", path, line, why);
        report(false, path, "not a case");
        arena_done(&arena);
        return;
    }
    if (show)
        printf("# %s:%s\n", path, c.title);
    struct m_history history = {.settings = c.settings};
    history.documents = arena_array(&arena, c.count + 1, sizeof *history.documents);
    must(history.documents);
    bool closed = false, fresh = false;
    struct m_answer answer = {0};
    for (size_t step = 0; step < c.count; step++) {
        if (c.steps[step].kind == M_STEP_DOCUMENT) {
            history.documents[history.count++] = c.steps[step].document;
            check_round_trip(&arena, c.steps[step].document, c.settings.company, path);
            fresh = false;
            continue;
        }
        if (c.steps[step].kind == M_STEP_CLOSE) {
            closed = true;
            continue;
        }
        if (!fresh)
            answer = m_model_answer(&history, &arena);
        fresh = true;
        int number = c.steps[step].number;
        struct m_check check = m_case_check(&c, &step, &answer, closed);
        skipped += check.skipped;
        if (check.skipped)
            continue;
        if (show || !check.passed)
            printf("%s line %d of %s: wanted %s, found %s\n", check.passed ? "#" : "!", number, path, check.wanted,
                   check.found);
        report(check.passed, path, c.steps[step].words[0]);
    }
    arena_done(&arena);
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static void run_all_cases(void)
{
    const char *root = getenv("TIEOUT_SOURCE");
    char folder[2048], path[4096];
    (void)snprintf(folder, sizeof folder, "%s/tests/golden/cases", root ? root : ".");
    DIR *dir = opendir(folder);
    const char *names[1024];
    int count = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL && count < 1024;) {
        size_t len = strlen(entry->d_name);
        if (len > 5 && strcmp(entry->d_name + len - 5, ".case") == 0)
            names[count++] = strdup(entry->d_name);
    }
    if (dir)
        (void)closedir(dir);
    qsort(names, (size_t)count, sizeof names[0], by_name);
    for (int i = 0; i < count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        run_case(path, false);
        free((void *)(uintptr_t)names[i]);
    }
    report(count > 0, folder, "no cases are there");
    printf("# %d golden cases\n", count);
}

/* --- random histories ------------------------------------------------------------------------------- */

struct tally {
    const char *type, *outcome, *refusal;
    long count;
};
static struct tally tallies[400];
static int tally_count;

static void count_outcomes(const struct m_answer *answer)
{
    for (size_t i = 0; i < answer->outcome_count; i++) {
        const struct m_outcome_row *row = &answer->outcomes[i];
        int at = 0;
        while (at < tally_count &&
               (strcmp(tallies[at].type, row->type) != 0 || strcmp(tallies[at].outcome, row->outcome) != 0 ||
                strcmp(tallies[at].refusal, row->refusal) != 0))
            at++;
        if (at == tally_count && tally_count < 400)
            tallies[tally_count++] = (struct tally){row->type, row->outcome, row->refusal, 0};
        tallies[at].count++;
    }
}

static int tally_order(const void *left, const void *right)
{
    const struct tally *a = left, *b = right;
    int order = strcmp(a->type, b->type);
    order = order ? order : strcmp(a->outcome, b->outcome);
    return order ? order : strcmp(a->refusal, b->refusal);
}

static void show_tallies(void)
{
    qsort(tallies, (size_t)tally_count, sizeof tallies[0], tally_order);
    for (int i = 0; i < tally_count; i++)
        printf("# %8ld %-16s %-9s %s\n", tallies[i].count, tallies[i].type, tallies[i].outcome, tallies[i].refusal);
}

/* The set decides, not the order of arrival; and every document is one JSON line that reads back as itself. */
static void try_seed(uint64_t seed, size_t documents, struct m_features features, bool thorough)
{
    struct arena arena = arena_make(256 << 20);
    struct m_generated made = m_history_make(seed, documents, features, &arena);
    struct m_answer answer = m_model_answer(&made.history, &arena);
    char where[64], text[4096];
    (void)snprintf(where, sizeof where, "seed %llu of %zu", (unsigned long long)seed, documents);
    count_outcomes(&answer);
    if (thorough) {
        for (size_t i = 0; i < made.history.count; i++)
            check_round_trip(&arena, made.history.documents[i], made.history.settings.company, where);
        m_history_shuffle(&made, seed + 1);
        struct m_answer again = m_model_answer(&made.history, &arena);
        bool equal = m_answer_equal(&answer, &again, M_COMPARE_ALL, text, sizeof text);
        report(equal, where, "another order of arrival gives another answer");
        if (!equal)
            printf("%s", text);
    }
    arena_done(&arena);
}

static void show_answer(const struct m_history *history, struct arena *arena)
{
    static const struct m_answer nothing = {0};
    static char text[1 << 20];
    struct m_answer answer = m_model_answer(history, arena);
    (void)m_answer_equal(&answer, &nothing, M_COMPARE_ALL, text, sizeof text);
    printf("%s", text);
}

/* All documents of a case at once, and what the model makes of them. */
static int show_case(const char *path)
{
    struct arena arena = arena_make(256 << 20);
    struct m_case c;
    const char *why = "it cannot be read";
    int line = 0;
    struct span text = read_file(&arena, path);
    if (!text.ptr || !m_case_read(&arena, text, &c, &why, &line)) {
        printf("# %s:%d: %s\n", path, line, why);
        return 1;
    }
    struct m_history history = {.settings = c.settings};
    history.documents = arena_array(&arena, c.count + 1, sizeof *history.documents);
    must(history.documents);
    for (size_t i = 0; i < c.count; i++)
        if (c.steps[i].kind == M_STEP_DOCUMENT)
            history.documents[history.count++] = c.steps[i].document;
    show_answer(&history, &arena);
    arena_done(&arena);
    return 0;
}

static void show_seed(uint64_t seed, size_t documents, bool sorted, struct m_features features)
{
    struct arena arena = arena_make(256 << 20);
    struct m_generated made = m_history_make(seed, documents, features, &arena);
    struct buf json = buf_make(1 << 20);
    if (sorted)
        m_history_sort(&made.history, &arena);
    printf("init currency=USD time_zone=UTC");
    for (size_t i = 0; i < made.setting_count; i++)
        if (made.settings[i].from == DAY_MIN)
            printf(" %s=%s", made.settings[i].key, made.settings[i].value);
    printf("\n");
    for (size_t i = 0; i < made.history.count; i++) {
        buf_reset(&json);
        m_document_write(made.history.documents[i], made.history.settings.company, &json);
        printf("%.*s\n", (int)json.len, json.ptr);
    }
    (void)fflush(stdout);
    show_answer(&made.history, &arena);
    buf_done(&json);
    arena_done(&arena);
}

static void measure(uint64_t histories, size_t documents, uint64_t first)
{
    struct timespec start, end;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint64_t seed = first; seed < first + histories; seed++)
        try_seed(seed, documents, m_features_all(), false);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    long ms = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
    show_tallies();
    printf("# %llu histories of %zu documents in %ld ms\n", (unsigned long long)histories, documents, ms);
}

static uint64_t number_of(const char *text)
{
    int64_t number = 0;
    return decimal_read(span_of(text), 0, &number) == DECIMAL_OK && number >= 0 ? (uint64_t)number : 1;
}

int main(int argc, char **argv);
/* Weak, so that the archive of tests/model, which holds this file too, links into a program of its own. */
__attribute__((weak)) int main(int argc, char **argv)
{
    size_t documents = argc > 3 ? (size_t)number_of(argv[3]) : 100;
    if (argc > 2 && strcmp(argv[1], "--seed") == 0) {
        struct m_features features = m_features_all();
        if (argc > 6)
            features = (struct m_features){(unsigned)number_of(argv[5]), (unsigned)number_of(argv[6])};
        show_seed(number_of(argv[2]), documents, argc > 4 && strcmp(argv[4], "sorted") == 0, features);
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "--answer") == 0)
        return show_case(argv[2]);
    if (argc > 2 && strcmp(argv[1], "--speed") == 0) {
        measure(number_of(argv[2]), documents, argc > 4 ? number_of(argv[4]) : 1);
        return 0;
    }
    for (int i = 1; i < argc; i++)
        run_case(argv[i], true);
    if (argc == 1) {
        run_all_cases();
        for (uint64_t seed = 1; seed <= 300; seed++)
            try_seed(seed, 10 + seed % 4 * 30, seed % 3 == 0 ? m_features_first() : m_features_all(), true);
    }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed ? 1 : 0;
}
