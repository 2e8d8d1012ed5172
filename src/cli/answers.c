/* answers.c: balances, outcomes, margin and companies: one report each, as a table or as JSON. */
#include "cli/internal.h"

#include "base/json_out.h"
#include "report/balances.h"
#include "report/margin.h"
#include "report/names.h"
#include "report/outcomes.h"

#include <string.h>

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

static struct buf answer_buf(void) { return buf_make((size_t)4 << 30); }

static bool put_json(struct cli *cli, struct buf *out)
{
    bool good = cli_put_line(cli, out);
    buf_done(out);
    return good;
}

/* ---- balances ---- */

static bool balances_table(struct cli *cli, const struct balances *balances)
{
    static const struct column columns[] = {{"ACCOUNT", false}, {"KIND", false}, {"DEBIT", true}, {"CREDIT", true}};
    struct table *table = table_new(cli, COLUMNS(columns));
    int64_t debit_minor = 0, credit_minor = 0;
    for (int role = 1; role < ROLE_LIMIT; role++) {
        int64_t minor = balances->minor[role];
        if (!balances->used[role] || (minor == 0 && !cli->given[OPTION_ALL]))
            continue;
        struct span amount = text_money(cli, minor < 0 ? -minor : minor);
        struct span none = {NULL, 0};
        table_row(table, (const struct span[]){span_of(role_name((enum role)role)),
                                               span_of(role_kind_name(role_kind((enum role)role))),
                                               minor >= 0 ? amount : none, minor < 0 ? amount : none});
        *(minor > 0 ? &debit_minor : &credit_minor) += minor > 0 ? minor : -minor;
    }
    table_sum(table, (const struct span[]){SPAN("total"), SPAN(""), text_money(cli, debit_minor),
                                           text_money(cli, credit_minor)});
    bool good = table_print(table, cli);
    table_free(table);
    return good;
}

int run_balances(struct cli *cli)
{
    int32_t as_of = AS_OF_NOW;
    struct balances balances;
    if (!cli_no_words(cli) || !cli_day_option(cli, OPTION_AS_OF, AS_OF_NOW, &as_of) || !cli_read(cli) ||
        !report_balances(&cli->reader, as_of, &balances, &cli->err))
        return cli_fail(cli);
    struct buf out = answer_buf();
    bool good;
    if (cli->given[OPTION_JSON]) {
        balances_write_json(&balances, cli->reader.company->money, &out);
        good = put_json(cli, &out);
    } else {
        good = balances_table(cli, &balances);
    }
    return good ? 0 : cli_fail(cli);
}

/* ---- outcomes ---- */

static bool outcomes_table(struct cli *cli, const struct outcome_answers *answers)
{
    static const struct column columns[] = {{"SOURCE", false}, {"TYPE", false},  {"OUTCOME", false},
                                            {"COUNT", true},   {"AMOUNT", true}, {"REASON", false}};
    struct table *table = table_new(cli, COLUMNS(columns));
    for (size_t i = 0; i < answers->count; i++) {
        const struct outcome_answer *answer = &answers->at[i];
        table_row(table,
                  (const struct span[]){answer->source, span_of(type_name(answer->type)),
                                        span_of(outcome_name(answer->outcome)), text_count(cli, answer->count),
                                        text_money(cli, answer->amount_minor), outcome_reason(answer, &cli->arena)});
    }
    bool good = table_print(table, cli);
    table_free(table);
    return good;
}

static bool outcome_find(const char *name, enum outcome *out)
{
    for (int outcome = OUTCOME_POSTED; outcome <= OUTCOME_FAILED; outcome++)
        if (strcmp(name, outcome_name((enum outcome)outcome)) == 0) {
            *out = (enum outcome)outcome;
            return true;
        }
    return false;
}

/* Each document of one outcome; JSON goes out document by document, so that a long list needs no memory. */
struct listing {
    struct cli *cli;
    struct table *table;
    struct buf line;
    size_t shown, limit;
    bool failed;
};

static bool listing_row(void *context, const struct outcome_document *document)
{
    struct listing *listing = context;
    struct cli *cli = listing->cli;
    if (listing->shown++ >= listing->limit)
        return true;
    if (listing->table != NULL) {
        table_row(listing->table, (const struct span[]){span_of(type_name(document->type)), document->id,
                                                        document->source, text_money(cli, document->amount_minor),
                                                        span_of(reason_name(document->refusal)), document->detail});
        return true;
    }
    buf_reset(&listing->line);
    buf_print(&listing->line, listing->shown == 1 ? "[" : ",\n");
    outcome_document_write_json(document, cli->reader.company->money, &listing->line);
    listing->failed = !cli_put(cli, &listing->line);
    return !listing->failed;
}

static bool waiting_row(void *context, const struct waiting_document *waiting)
{
    struct listing *listing = context;
    struct cli *cli = listing->cli;
    const struct outcome_document *document = &waiting->document;
    const struct company *company = cli->reader.company;
    if (listing->shown++ >= listing->limit)
        return true;
    if (listing->table != NULL) {
        struct span until = text_day(cli, company_day(company, waiting->until_us));
        table_row(listing->table,
                  (const struct span[]){span_of(type_name(document->type)), document->id, document->source,
                                        text_money(cli, document->amount_minor),
                                        text_day(cli, company_day(company, waiting->since_us)), until,
                                        waiting->overdue ? SPAN("overdue") : SPAN(""), document->detail});
        return true;
    }
    buf_reset(&listing->line);
    buf_print(&listing->line, listing->shown == 1 ? "[" : ",\n");
    waiting_document_write_json(waiting, company->money, &listing->line);
    listing->failed = !cli_put(cli, &listing->line);
    return !listing->failed;
}

static bool outcomes_list(struct cli *cli, enum outcome outcome)
{
    static const struct column columns[] = {{"TYPE", false},  {"ID", false},     {"SOURCE", false},
                                            {"AMOUNT", true}, {"REASON", false}, {"DETAIL", false}};
    static const struct column of_waiting[] = {{"TYPE", false},  {"ID", false},    {"SOURCE", false},
                                               {"AMOUNT", true}, {"SINCE", false}, {"UNTIL", false},
                                               {"", false},      {"DETAIL", false}};
    struct listing listing = {.cli = cli, .line = answer_buf()};
    bool json = cli->given[OPTION_JSON];
    bool waits = outcome == OUTCOME_WAITING;
    int64_t now_us = 0;
    if (!cli_count_option(cli, OPTION_LIMIT, SIZE_MAX, &listing.limit) || !cli_now(cli, &now_us))
        return false;
    if (!json)
        listing.table = waits ? table_new(cli, COLUMNS(of_waiting)) : table_new(cli, COLUMNS(columns));
    bool good = waits ? report_waiting(&cli->reader, now_us, waiting_row, &listing, &cli->err)
                      : report_outcome_documents(&cli->reader, outcome, listing_row, &listing, &cli->err);
    good = good && !listing.failed;
    if (good && json)
        good = fputs(listing.shown ? "]\n" : "[]\n", stdout) >= 0;
    else if (good)
        good = table_print(listing.table, cli);
    if (good && listing.shown > listing.limit)
        cli_note("%zu of %zu shown", listing.limit, listing.shown);
    table_free(listing.table);
    buf_done(&listing.line);
    return good;
}

int run_outcomes(struct cli *cli)
{
    struct outcome_answers answers;
    enum outcome outcome = OUTCOME_NONE;
    if (!cli_no_words(cli))
        return cli_fail(cli);
    if (cli->given[OPTION_LIST] && !outcome_find(cli->value[OPTION_LIST], &outcome)) {
        cli_wrong(cli, "--list %s: an outcome is posted, excluded, waiting or failed", cli->value[OPTION_LIST]);
        return cli_fail(cli);
    }
    if (!cli_read(cli))
        return cli_fail(cli);
    if (outcome != OUTCOME_NONE)
        return outcomes_list(cli, outcome) ? 0 : cli_fail(cli);
    if (!report_outcomes(&cli->reader, &cli->arena, &answers, &cli->err))
        return cli_fail(cli);
    if (!cli->given[OPTION_JSON])
        return outcomes_table(cli, &answers) ? 0 : cli_fail(cli);
    struct buf out = answer_buf();
    outcomes_write_json(&answers, cli->reader.company->money, &cli->arena, &out);
    return put_json(cli, &out) ? 0 : cli_fail(cli);
}

/* ---- margin ---- */

static void margin_cells(struct cli *cli, const struct margin_row *row, struct span key, struct span cells[8])
{
    const int64_t minors[] = {row->revenue_minor, row->discounts_minor, row->shipping_minor, row->refunds_minor,
                              row->fees_minor,    row->cogs_minor,      margin_minor(row)};
    cells[0] = key;
    for (size_t i = 0; i < sizeof minors / sizeof minors[0]; i++)
        cells[i + 1] = text_money(cli, minors[i]);
}

static bool margin_table(struct cli *cli, const struct margin_rows *rows, enum margin_by by)
{
    static const char *const headings[] = {"CHANNEL", "SKU", "ORDER", "LINE", "MONTH"};
    const struct column columns[] = {{headings[by], false}, {"REVENUE", true}, {"DISCOUNTS", true}, {"SHIPPING", true},
                                     {"REFUNDS", true},     {"FEES", true},    {"COGS", true},      {"MARGIN", true}};
    struct table *table = table_new(cli, COLUMNS(columns));
    struct margin_row sum = {0};
    struct span cells[8];
    for (size_t i = 0; i < rows->count; i++) {
        const struct margin_row *row = &rows->at[i];
        struct span key = row->key.len ? row->key : arena_print(&cli->arena, "(no %s)", margin_by_name(by));
        if (row->line.len > 0)
            key = arena_print(&cli->arena, "%.*s %.*s", SPAN_ARG(key), SPAN_ARG(row->line));
        margin_cells(cli, row, key, cells);
        table_row(table, cells);
        sum.revenue_minor += row->revenue_minor;
        sum.discounts_minor += row->discounts_minor;
        sum.shipping_minor += row->shipping_minor;
        sum.refunds_minor += row->refunds_minor;
        sum.fees_minor += row->fees_minor;
        sum.cogs_minor += row->cogs_minor;
    }
    margin_cells(cli, &sum, SPAN("total"), cells);
    table_sum(table, cells);
    bool good = table_print(table, cli);
    table_free(table);
    return good;
}

int run_margin(struct cli *cli)
{
    struct margin_options options = {.by = MARGIN_BY_CHANNEL};
    struct margin_rows rows;
    if (cli->given[OPTION_BY] && !margin_by_find(span_of(cli->value[OPTION_BY]), &options.by)) {
        cli_wrong(cli, "--by %s: it is channel, sku, order, line or month", cli->value[OPTION_BY]);
        return cli_fail(cli);
    }
    if (!cli_no_words(cli) || !cli_day_option(cli, OPTION_FROM, DAY_MIN, &options.from) ||
        !cli_day_option(cli, OPTION_TO, DAY_MAX, &options.to) || !cli_read(cli) ||
        !report_margin(&cli->reader, &options, &cli->arena, &rows, &cli->err))
        return cli_fail(cli);
    if (!cli->given[OPTION_JSON])
        return margin_table(cli, &rows, options.by) ? 0 : cli_fail(cli);
    struct buf out = answer_buf();
    margin_write_json(&rows, options.by, cli->reader.company->money, &out);
    return put_json(cli, &out) ? 0 : cli_fail(cli);
}

/* ---- companies ---- */

static void company_json(struct json_out *json, struct span code, const struct company *company)
{
    char money[4];
    json_open_object(json);
    json_key(json, "company");
    json_text(json, code);
    json_key(json, "currency");
    json_text(json, company->born ? span_of(currency_code(company->money, money)) : (struct span){NULL, 0});
    json_key(json, "time_zone");
    json_text(json, company->zone_name.len ? company->zone_name : (struct span){NULL, 0});
    json_key(json, "documents");
    json_int(json, company->last_document);
    json_key(json, "last_day");
    if (company->last_document == 0)
        json_null(json);
    else
        json_day(json, company_day(company, company->last_at_us));
    json_key(json, "locked_until");
    if (company->lock_day == INT32_MIN)
        json_null(json);
    else
        json_day(json, company->lock_day);
    json_close_object(json);
}

static void company_row(struct cli *cli, struct table *table, struct span code, const struct company *company)
{
    char money[4];
    const struct span none = {NULL, 0};
    table_row(table, (const struct span[]){
                         code, company->born ? span_of(currency_code(company->money, money)) : SPAN("not begun"),
                         company->zone_name, text_count(cli, company->last_document),
                         company->last_document ? text_day(cli, company_day(company, company->last_at_us)) : none,
                         company->lock_day == INT32_MIN ? none : text_day(cli, company->lock_day)});
}

int run_companies(struct cli *cli)
{
    static const struct column columns[] = {{"COMPANY", false},  {"CURRENCY", false}, {"TIME ZONE", false},
                                            {"DOCUMENTS", true}, {"LAST DAY", false}, {"CLOSED UNTIL", false}};
    struct company_list list;
    if (!cli_no_words(cli) || !cli_store_open(cli, CLI_OPEN_READ) || !cli_companies(cli, &list))
        return cli_fail(cli);
    struct buf out = answer_buf();
    struct json_out json = json_out_make(&out);
    struct table *table = table_new(cli, COLUMNS(columns));
    json_open_array(&json);
    bool good = true;
    for (size_t i = 0; i < list.count && good; i++) {
        good = cli_reader_open(cli, list.at[i].number);
        if (good) {
            company_json(&json, list.at[i].code, cli->reader.company);
            company_row(cli, table, list.at[i].code, cli->reader.company);
        }
        cli_reader_close(cli);
    }
    json_close_array(&json);
    if (good)
        good = cli->given[OPTION_JSON] ? cli_put_line(cli, &out) : table_print(table, cli);
    table_free(table);
    buf_done(&out);
    return good ? 0 : cli_fail(cli);
}
