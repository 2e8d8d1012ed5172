/* trial.c: see trial.h. */
#include "property/trial.h"
#include "base/prng.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Companies in one SQLite file before it is begun anew. */
enum { COMPANIES_A_FILE = 100 };

struct bench {
    struct arena arena;
    char path[200];
    struct store *sqlite;
    unsigned companies;
};

static void remove_file(const char *base)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-lock"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char path[220];
        snprintf(path, sizeof path, "%s%s", base, tails[i]);
        (void)unlink(path);
    }
}

static void path_for(pid_t process, char out[200])
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL)
        folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(out, 200, "%s/tieout-histories-%ld.db", folder, (long)process);
}

void bench_forget(pid_t process)
{
    char path[200];
    path_for(process, path);
    remove_file(path);
}

struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    must(bench != NULL);
    path_for(getpid(), bench->path);
    bench->arena = arena_make((size_t)1 << 31);
    return bench;
}

struct bench *bench_free(struct bench *bench)
{
    if (bench == NULL)
        return NULL;
    if (bench->sqlite != NULL)
        bench->sqlite->ops->close(bench->sqlite);
    remove_file(bench->path);
    arena_done(&bench->arena);
    free(bench);
    return NULL;
}

static struct store *sqlite_of_bench(struct bench *bench)
{
    struct err err;
    if (bench->sqlite != NULL && bench->companies++ < COMPANIES_A_FILE)
        return bench->sqlite;
    if (bench->sqlite != NULL)
        bench->sqlite->ops->close(bench->sqlite);
    remove_file(bench->path);
    bench->companies = 1;
    bench->sqlite = sqlite_store_open(bench->path, STORE_CREATE, &err);
    if (bench->sqlite == NULL) {
        fprintf(stderr, "no SQLite store: %s\n", err.text);
        abort();
    }
    return bench->sqlite;
}

/* ---- one history ---- */

struct one {
    struct bench *bench;
    struct arena *arena;
    uint64_t seed;
    const struct trial_options *options;
    struct m_generated generated;
    struct trial *out;
};
/* One way to put it in, and what came of it. */
struct run {
    const char *name;
    struct arrival arrival;
    struct accepted accepted;
    struct m_answer answer;
};

const char *fault_name(unsigned fault)
{
    switch (fault) {
    case FAULT_MODEL: return "differs from the model";
    case FAULT_STORES: return "differs between the stores";
    case FAULT_REORDERED: return "differs from the model, reordered";
    case FAULT_CLEAN: return "differs from a clean run in key order";
    case FAULT_ARRIVAL: return "differs between two orders of arrival";
    case FAULT_LAW: return "breaks a law";
    case FAULT_CRASH: return "stops the process";
    default: return "?";
    }
}

static void fault(struct one *one, unsigned kind, const char *run, const char *text)
{
    size_t used = strlen(one->out->text);
    if ((one->out->faults & kind) == 0 && used < sizeof one->out->text)
        snprintf(one->out->text + used, sizeof one->out->text - used, "%s: %s\n%.1500s\n", run, fault_name(kind), text);
    one->out->faults |= kind;
}

static void compare(struct one *one, unsigned kind, const char *run, const struct m_answer *wanted,
                    const struct m_answer *found)
{
    static char text[4000];
    if (!m_answer_equal(wanted, found, one->options->parts, text, sizeof text))
        fault(one, kind, run, text);
}

static void look_at_laws(struct one *one, const struct engine *engine, const char *run)
{
    if (engine->broken != NULL)
        fault(one, FAULT_LAW, run, engine->broken);
}

/* Definitions, and rates, come first, as the promise on arrival says (docs/formats/order-of-movements.md). */
static bool defines(const struct m_document *document)
{
    return document->type == M_ITEM || document->type == M_LOCATION || document->type == M_RATE;
}

static const struct m_document **definitions_first(struct one *one, const struct m_document *const *documents,
                                                   size_t count, size_t *out_definitions)
{
    const struct m_document **sorted = arena_array(one->arena, count + 1, sizeof *sorted);
    size_t at = 0;
    must(sorted != NULL);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count; i++)
            if (defines(documents[i]) == (pass == 0))
                sorted[at++] = documents[i];
        *out_definitions = pass == 0 ? at : *out_definitions;
    }
    return sorted;
}

static bool names_order(const struct m_document *opening, const struct m_document *order)
{
    for (size_t i = 0; opening->type == M_OPENING && order->type == M_ORDER && i < opening->orders.count; i++)
        if (strcmp(opening->orders.at[i].order.id, order->id) == 0)
            return true;
    return false;
}

/* In the order of keys, but for orders that an opening names: it waits for them, whatever their dates, and what leaves its
 * stock in the meantime would be refused where nothing may be short. */
static void sort_by_key(struct one *one, struct m_history *history)
{
    m_history_sort(history, one->arena);
    for (size_t at = 0; at < history->count; at++) {
        const struct m_document *opening = history->documents[at];
        for (size_t i = at + 1; i < history->count; i++) {
            const struct m_document *order = history->documents[i];
            if (!names_order(opening, order))
                continue;
            memmove(&history->documents[at + 1], &history->documents[at], (i - at) * sizeof *history->documents);
            history->documents[at++] = order;
        }
    }
}

/* Where a document comes hangs on it and the seed alone: of fewer documents the rest keep their order. */
static uint64_t place_of(uint64_t seed, const struct m_document *document)
{
    uint64_t hash = seed ^ ((uint64_t)document->type << 32) ^ (uint64_t)m_version(document);
    for (const char *at = document->id; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3; /* FNV-1a */
    struct prng prng = prng_make(hash);
    return prng_next(&prng);
}

struct placed {
    uint64_t place;
    const struct m_document *document;
};

static int by_place(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

static void shuffle(struct one *one, const struct m_document **documents, size_t count)
{
    struct placed *placed = ARENA_ARRAY(one->arena, struct placed, count + 1);
    must(placed != NULL);
    for (size_t i = 0; i < count; i++)
        placed[i] = (struct placed){place_of(one->seed + 1, documents[i]), documents[i]};
    qsort(placed, count, sizeof *placed, by_place);
    for (size_t i = 0; i < count; i++)
        documents[i] = placed[i].document;
}

static void in_memory(struct one *one, struct run *run, bool in_key_order, struct engine *out_engine,
                      struct store **out_store)
{
    *out_store = memory_store_new();
    must(*out_store != NULL);
    engine_start(out_engine, *out_store, "main", &one->generated);
    engine_import(out_engine, &run->arrival, one->generated.history.settings.company);
    run->answer = engine_answer(out_engine, &one->generated, one->arena);
    run->accepted = engine_accepted(out_engine, &one->generated, &run->arrival, in_key_order, one->arena);
    look_at_laws(one, out_engine, run->name);
}

static void on_sqlite(struct one *one, const struct run *as_made, struct engine *memory, const struct m_answer *wanted)
{
    struct engine engine;
    char code[32];
    snprintf(code, sizeof code, "h%llu", (unsigned long long)one->seed);
    engine_start(&engine, sqlite_of_bench(one->bench), code, &one->generated);
    engine_import(&engine, &as_made->arrival, one->generated.history.settings.company);
    struct m_answer answer = engine_answer(&engine, &one->generated, one->arena);
    if (!engine_same_bytes(memory, &engine))
        fault(one, FAULT_STORES, "on SQLite", engine.broken);
    compare(one, FAULT_STORES, "on SQLite", &as_made->answer, &answer);
    compare(one, FAULT_MODEL, "on SQLite", wanted, &answer);
    if (one->options->verify_every && one->seed % one->options->verify_every == 0)
        (void)engine_verifies(&engine);
    look_at_laws(one, &engine, "on SQLite");
    engine_stop(&engine);
}

/* True when two runs read the same set, with the same settled dates: `later` got what `first` accepted. */
static bool same_set(const struct accepted *first, const struct accepted *later)
{
    if (later->left_out > 0 || later->history.count != first->history.count - first->left_out)
        return false;
    for (size_t i = 0; i < later->history.count; i++)
        for (size_t k = 0; k < first->history.count; k++)
            if (later->history.documents[i] == first->history.documents[k] &&
                later->given[i].frozen_at != first->given[k].frozen_at)
                return false;
    return true;
}

/* The answer to what a run accepted: without the outcomes of those that were refused because of their arrival. */
static struct m_answer of_accepted(struct one *one, const struct m_answer *answer, const struct accepted *accepted)
{
    struct m_answer out = *answer;
    out.outcomes = ARENA_ARRAY(one->arena, struct m_outcome_row, answer->outcome_count + 1);
    out.outcome_count = 0;
    must(out.outcomes != NULL);
    for (size_t i = 0; i < answer->outcome_count; i++) {
        const struct m_outcome_row *row = &answer->outcomes[i];
        bool left_out = false;
        for (size_t k = 0; k < accepted->history.count && !left_out; k++) {
            const struct m_document *document = accepted->history.documents[k];
            left_out = accepted->given[k].left_out != NULL && m_version(document) == row->version &&
                       strcmp(document->id, row->id) == 0 && strcmp(m_source(document), row->source) == 0 &&
                       strcmp(m_type_name(document->type), row->type) == 0;
        }
        if (!left_out)
            out.outcomes[out.outcome_count++] = *row;
    }
    return out;
}

/* What a run accepted, as an arrival of its own; returns how many are definitions. */
static size_t arrival_of(struct one *one, const struct accepted *accepted, struct arrival *out)
{
    size_t count = 0, definitions = 0;
    const struct m_document **documents = arena_array(one->arena, accepted->history.count + 1, sizeof *documents);
    must(documents != NULL);
    for (size_t i = 0; i < accepted->history.count; i++)
        if (accepted->given[i].left_out == NULL)
            documents[count++] = accepted->history.documents[i];
    out->documents = definitions_first(one, documents, count, &definitions);
    out->count = count;
    return definitions;
}

/* Without left-out ones the model's answer, or another run's, stands for another arrival of the same set as well. */
static void reordered(struct one *one, const struct run *as_made, const struct m_answer *model)
{
    struct run run = {.name = "reordered"};
    struct prng prng = prng_make(one->seed + 1);
    struct engine engine;
    struct store *store;
    size_t definitions = arrival_of(one, &as_made->accepted, &run.arrival);
    shuffle(one, run.arrival.documents, definitions);
    shuffle(one, run.arrival.documents + definitions, run.arrival.count - definitions);
    run.arrival.seed = one->seed + 2;
    run.arrival.most_a_batch = 1 + (size_t)prng_below(&prng, 40);
    run.arrival.reopens = run.arrival.repeats = true;
    run.arrival.show = one->options->show == SHOW_REORDERED;
    in_memory(one, &run, false, &engine, &store);
    engine_stop(&engine);
    store->ops->close(store);
    one->out->left_out_later = run.accepted.left_out;
    struct m_answer wanted;
    if (same_set(&as_made->accepted, &run.accepted)) {
        wanted = of_accepted(one, &as_made->answer, &as_made->accepted);
        compare(one, FAULT_ARRIVAL, run.name, &wanted, &run.answer);
        wanted = of_accepted(one, model, &as_made->accepted);
    } else {
        wanted = m_model_answer(&run.accepted.history, one->arena);
    }
    compare(one, FAULT_REORDERED, run.name, &wanted, &run.answer);
}

static const struct m_outcome_row *outcome_of(const struct m_answer *answer, const struct m_document *document)
{
    for (size_t i = 0; i < answer->outcome_count; i++) {
        const struct m_outcome_row *row = &answer->outcomes[i];
        if (row->version == m_version(document) && strcmp(row->id, document->id) == 0 &&
            strcmp(row->source, m_source(document)) == 0 && strcmp(row->type, m_type_name(document->type)) == 0)
            return row;
    }
    return NULL;
}

/* A return with the date that was settled for it: the clean run is given the frozen values. */
static const struct m_document *as_frozen(struct one *one, const struct m_document *document, struct m_given given)
{
    if (given.frozen_at == M_NONE)
        return document;
    struct m_document *dated = ARENA_NEW(one->arena, struct m_document);
    must(dated != NULL);
    *dated = *document;
    dated->at = (struct m_time){M_INSTANT, 0, given.frozen_at};
    return dated;
}

/* The documents that posted and were not voided, in the order of their keys (C-5). Only they add up to the state; so
 * each of them must post again, and nothing may differ. */
static void clean(struct one *one, const struct run *as_made)
{
    struct run run = {.name = "in key order"};
    struct engine engine;
    struct store *store;
    const struct accepted *accepted = &as_made->accepted;
    struct m_history posted = {.settings = accepted->history.settings,
                               .later = accepted->history.later,
                               .later_count = accepted->history.later_count};
    struct m_answer wanted = as_made->answer;
    posted.documents = arena_array(one->arena, accepted->history.count + 1, sizeof *posted.documents);
    wanted.outcomes = ARENA_ARRAY(one->arena, struct m_outcome_row, accepted->history.count + 1);
    wanted.outcome_count = 0;
    must(posted.documents != NULL && wanted.outcomes != NULL);
    for (size_t i = 0; i < accepted->history.count; i++) {
        const struct m_document *document = accepted->history.documents[i];
        const struct m_outcome_row *row = outcome_of(&as_made->answer, document);
        if (row == NULL || strcmp(row->outcome, "posted") != 0 || document->type == M_VOID ||
            outcome_of(&wanted, document) != NULL)
            continue;
        posted.documents[posted.count++] = as_frozen(one, document, accepted->given[i]);
        wanted.outcomes[wanted.outcome_count++] = *row;
    }
    sort_by_key(one, &posted);
    run.arrival = (struct arrival){.documents = posted.documents,
                                   .count = posted.count,
                                   .seed = one->seed,
                                   .most_a_batch = 20,
                                   .show = one->options->show == SHOW_IN_ORDER};
    in_memory(one, &run, true, &engine, &store);
    engine_stop(&engine);
    store->ops->close(store);
    m_answer_sort(&wanted);
    compare(one, FAULT_CLEAN, run.name, &wanted, &run.answer);
}

static void whole_trial(struct one *one, struct coverage *coverage)
{
    struct engine engine;
    struct store *store;
    size_t definitions = 0;
    struct run as_made = {.name = "as made"};
    struct m_history *history = &one->generated.history;
    /* The queue as it was entered: no order of arrival is like another. */
    bool by_entry = history->settings.entry_order;
    bool in_key_order = one->seed % 3 == 0 && !by_entry;
    if (in_key_order)
        sort_by_key(one, history);
    as_made.arrival =
        (struct arrival){.documents = definitions_first(one, history->documents, history->count, &definitions),
                         .count = history->count,
                         .seed = one->seed,
                         .most_a_batch = 1 + (size_t)(one->seed % 9),
                         .repeats = one->seed % 4 == 0,
                         .show = one->options->show == SHOW_AS_MADE};
    in_memory(one, &as_made, in_key_order, &engine, &store);
    if (coverage != NULL)
        coverage_count(coverage, &engine, one->arena);
    struct m_answer wanted = m_model_answer(&as_made.accepted.history, one->arena);
    compare(one, FAULT_MODEL, as_made.name, &wanted, &as_made.answer);
    if (one->options->runs & TRIAL_SQLITE)
        on_sqlite(one, &as_made, &engine, &wanted);
    engine_stop(&engine);
    store->ops->close(store);
    if ((one->options->runs & TRIAL_REORDERED) && !by_entry)
        reordered(one, &as_made, &wanted);
    if ((one->options->runs & TRIAL_CLEAN) && !by_entry)
        clean(one, &as_made);
    one->out->documents = history->count;
    one->out->unsupported = as_made.accepted.unsupported;
    one->out->unreadable = as_made.accepted.unreadable;
    one->out->left_out = as_made.accepted.left_out;
}

static void say_settings(struct one *one)
{
    for (size_t i = 0; i < one->generated.setting_count; i++) {
        const struct m_setting *setting = &one->generated.settings[i];
        size_t used = strlen(one->out->text);
        char day[11] = "the start";
        if (setting->from != DAY_MIN)
            day_write(setting->from, day);
        snprintf(one->out->text + used, sizeof one->out->text - used, "  %s=%s from %s\n", setting->key, setting->value,
                 day);
    }
}

/* The settings that are kept, from the start and from later days. */
static void cut_settings(struct m_generated *generated, const bool *left_out, struct arena *arena)
{
    struct m_history *history = &generated->history;
    struct m_settings settings = m_settings_default();
    struct m_settings_from *later = ARENA_ARRAY(arena, struct m_settings_from, generated->setting_count + 1);
    size_t kept = 0, later_count = 0;
    must(later != NULL);
    settings.company = history->settings.company;
    settings.zone = history->settings.zone;
    history->settings = settings;
    for (size_t i = 0; i < generated->setting_count; i++) {
        struct m_setting setting = generated->settings[i];
        if (left_out[i])
            continue;
        must(m_settings_set(&settings, setting.key, setting.value));
        if (setting.from == DAY_MIN)
            history->settings = settings;
        else
            later[later_count++] = (struct m_settings_from){setting.from, settings};
        generated->settings[kept++] = setting;
    }
    generated->setting_count = kept;
    history->later = later;
    history->later_count = later_count;
}

static void cut(struct m_generated *generated, const struct trial_cut *cut, struct arena *arena)
{
    struct m_history *history = &generated->history;
    size_t kept = 0;
    must(history->count <= sizeof cut->document);
    for (size_t i = 0; i < history->count; i++)
        if (!cut->document[i])
            history->documents[kept++] = history->documents[i];
    history->count = kept;
    cut_settings(generated, cut->setting, arena);
}

void trial_run(struct bench *bench, uint64_t seed, const struct trial_options *options, struct coverage *coverage,
               struct trial *out)
{
    arena_reset(&bench->arena);
    *out = (struct trial){0};
    struct one one = {.bench = bench, .arena = &bench->arena, .seed = seed, .options = options, .out = out};
    one.generated = m_history_make(seed, 1 + (size_t)(seed * 7919 % options->documents), options->allowed, one.arena);
    if (options->cut != NULL)
        cut(&one.generated, options->cut, one.arena);
    whole_trial(&one, coverage);
    out->definitions = one.generated.definition_count;
    out->settings = one.generated.setting_count;
    if (out->faults != 0)
        say_settings(&one);
}
