/* verify.c: tieout verify and tieout rebuild. */
#include "cli/internal.h"

#include "base/json_out.h"
#include "flow/rebuild.h"
#include "flow/verify.h"

#include <string.h>

struct verify_view {
    struct cli *cli;
    struct progress progress;
    const char *phase;
    struct verify_counts counts;
    struct buf findings; /* as JSON */
    struct json_out json;
    struct company_list companies;
    struct seal *seals; /* the last of each company */
};

static void verify_report(void *context, const struct verify_finding *finding)
{
    struct verify_view *view = context;
    if (!view->cli->given[OPTION_JSON]) {
        progress_end(&view->progress);
        (void)printf("%s: %s%s%.*s: %.*s\n", finding->check, finding->table, finding->key.len ? ", " : "",
                     SPAN_ARG(finding->key), SPAN_ARG(finding->detail));
        return;
    }
    json_open_object(&view->json);
    json_key(&view->json, "check");
    json_text(&view->json, span_of(finding->check));
    json_key(&view->json, "table");
    json_text(&view->json, span_of(finding->table));
    json_key(&view->json, "key");
    json_text(&view->json, finding->key.len ? finding->key : (struct span){NULL, 0});
    json_key(&view->json, "detail");
    json_text(&view->json, finding->detail);
    json_close_object(&view->json);
}

static void verify_progress(void *context, const char *what, uint64_t done, uint64_t total)
{
    struct verify_view *view = context;
    if (view->phase != what) { /* a phase has a rate of its own */
        progress_end(&view->progress);
        view->phase = what;
        int64_t waited_us = view->progress.patience_from_us;
        view->progress = progress_start(view->cli, what);
        view->progress.patience_from_us = waited_us;
    }
    progress_tell(&view->progress, done, done, total);
}

/* All companies of the store, or the one that is named. */
static bool companies_read(struct cli *cli, struct company_list *list)
{
    uint32_t number = 0;
    if (!cli->given[OPTION_COMPANY])
        return cli_companies(cli, list);
    if (!cli_company(cli, &number))
        return false;
    struct named_company *named = ARENA_NEW(&cli->arena, struct named_company);
    must(named != NULL);
    *named = (struct named_company){number, cli_company_code(cli)};
    *list = (struct company_list){.at = named, .count = 1};
    return true;
}

static bool verify_all(struct verify_view *view)
{
    struct cli *cli = view->cli;
    struct verify_options options = {.zone_bytes = cli->world->zone_bytes,
                                     .scratch_store = cli->world->scratch_store,
                                     .report = verify_report,
                                     .progress = verify_progress,
                                     .context = view,
                                     .deep = cli->given[OPTION_DEEP]};
    if (!companies_read(cli, &view->companies) || !verify_guards(cli->store, &options, &view->counts, &cli->err))
        return false;
    view->seals = ARENA_ARRAY(&cli->arena, struct seal, view->companies.count + 1);
    must(view->seals != NULL);
    for (size_t i = 0; i < view->companies.count; i++) {
        if (!verify_company(cli->store, view->companies.at[i].number, &options, &view->counts, &cli->err))
            return false;
        view->seals[i] = view->counts.last_seal;
    }
    return true;
}

static void count_write(struct json_out *json, const char *key, uint64_t count)
{
    json_key(json, key);
    json_int(json, (int64_t)count);
}

static void seals_json(const struct verify_view *view, struct json_out *json)
{
    char hash[65];
    json_key(json, "last_seals");
    json_open_array(json);
    for (size_t i = 0; i < view->companies.count; i++) {
        json_open_object(json);
        json_key(json, "company");
        json_text(json, view->companies.at[i].code);
        count_write(json, "number", view->seals[i].number);
        json_key(json, "hash");
        json_text(json, span_of(hash_write(view->seals[i].hash, hash)));
        json_close_object(json);
    }
    json_close_array(json);
}

static bool verdict_json(struct verify_view *view)
{
    const struct verify_counts *counts = &view->counts;
    struct buf out = buf_make((size_t)1 << 30);
    struct json_out json = json_out_make(&out);
    json_close_array(&view->json);
    json_open_object(&json);
    json_key(&json, "sound");
    json_bool(&json, counts->findings == 0);
    count_write(&json, "companies", view->companies.count);
    count_write(&json, "rows", counts->rows);
    count_write(&json, "raw_blocks", counts->raw_blocks);
    count_write(&json, "raw_records", counts->raw_records);
    count_write(&json, "seals", counts->seals);
    count_write(&json, "entries", counts->entries);
    count_write(&json, "view_rows", counts->view_rows);
    count_write(&json, "item_books", counts->item_books);
    count_write(&json, "movements", counts->movements);
    count_write(&json, "order_books", counts->order_books);
    seals_json(view, &json);
    json_key(&json, "findings");
    json_raw(&json, buf_span(&view->findings));
    json_close_object(&json);
    bool good = cli_put_line(view->cli, &out);
    buf_done(&out);
    return good;
}

static struct span count_text(const struct verify_view *view, uint64_t count)
{
    return text_count(view->cli, (int64_t)count);
}

/* One line says it; the last seal of each company is for keeping apart from the store. */
static void verdict_words(const struct verify_view *view)
{
    char hash[65];
    const struct verify_counts *counts = &view->counts;
    const char *on = view->cli->colour ? counts->findings ? "\033[1;31m" : "\033[1;32m" : "";
    const char *off = view->cli->colour ? "\033[0m" : "";
    if (counts->findings > 0) {
        (void)printf("%sDamaged%s: %.*s findings in %.*s rows of truth; docs/operating/recover.md says what to do.\n",
                     on, off, SPAN_ARG(count_text(view, counts->findings)), SPAN_ARG(count_text(view, counts->rows)));
        return;
    }
    (void)printf("%sThe books tie out%s: %.*s decisions, %.*s entries, %.*s raw records, %.*s seals, %.*s rows of "
                 "views, %.*s movements of %.*s "
                 "items, %.*s orders.\n",
                 on, off, SPAN_ARG(count_text(view, counts->rows)), SPAN_ARG(count_text(view, counts->entries)),
                 SPAN_ARG(count_text(view, counts->raw_records)), SPAN_ARG(count_text(view, counts->seals)),
                 SPAN_ARG(count_text(view, counts->view_rows)), SPAN_ARG(count_text(view, counts->movements)),
                 SPAN_ARG(count_text(view, counts->item_books)), SPAN_ARG(count_text(view, counts->order_books)));
    for (size_t i = 0; i < view->companies.count; i++)
        (void)printf("Last seal of %.*s: %llu %s\n", SPAN_ARG(view->companies.at[i].code),
                     (unsigned long long)view->seals[i].number, hash_write(view->seals[i].hash, hash));
}

int run_verify(struct cli *cli)
{
    struct verify_view view = {.cli = cli, .findings = buf_make((size_t)1 << 30)};
    if (!cli_no_words(cli) || !cli_store_open(cli, CLI_OPEN_READ))
        return cli_fail(cli);
    view.json = json_out_make(&view.findings);
    view.progress = progress_start(cli, "rows");
    json_open_array(&view.json);
    bool good = verify_all(&view);
    progress_end(&view.progress);
    if (good && cli->given[OPTION_JSON])
        good = verdict_json(&view);
    else if (good)
        verdict_words(&view);
    buf_done(&view.findings);
    if (!good)
        return cli_fail(cli);
    return view.counts.findings > 0 ? 5 : 0;
}

/* ---- rebuild ---- */

static void rebuild_progress(void *context, uint64_t done, uint64_t total)
{
    progress_tell(context, done, done, total);
}

int run_rebuild(struct cli *cli)
{
    uint32_t number = 0;
    uint64_t rows = 0;
    if (!cli_no_words(cli) || !cli_store_open(cli, CLI_OPEN_WRITE) || !cli_company(cli, &number))
        return cli_fail(cli);
    struct progress progress = progress_start(cli, "rows");
    struct rebuild_options options = {
        .zone_bytes = cli->world->zone_bytes, .progress = rebuild_progress, .context = &progress};
    bool good = rebuild_company(cli->store, number, &options, &rows, &cli->err);
    progress_end(&progress);
    if (!good)
        return cli_fail(cli);
    struct buf out = buf_make(1024);
    if (cli->given[OPTION_JSON]) {
        struct json_out json = json_out_make(&out);
        json_open_object(&json);
        count_write(&json, "rows", rows);
        count_write(&json, "elapsed_ms", (uint64_t)(progress_elapsed_us(&progress) / 1000));
        json_close_object(&json);
    } else {
        buf_print(&out, "Views made again from %.*s rows of truth.", SPAN_ARG(text_count(cli, (int64_t)rows)));
    }
    good = cli_put_line(cli, &out);
    buf_done(&out);
    return good ? 0 : cli_fail(cli);
}
