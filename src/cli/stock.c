/* stock.c: tieout stock and tieout status: what there is, and the bridge from one figure to the next. */
#include "cli/internal.h"

#include "report/balances.h"
#include "report/names.h"
#include "report/status.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

struct stock_view {
    struct cli *cli;
    struct stock_options options;
    struct table *table;
    struct buf line;
    struct stock_figures sum;
    size_t rows;
    bool failed;
};

static bool is_nothing(const struct stock_figures *figures)
{
    return figures->on_hand == 0 && figures->owned == 0 && figures->reserved == 0 && figures->owed == 0 &&
           figures->value_minor == 0 && figures->consigned == 0;
}

static void stock_cells(struct stock_view *view, const struct stock_row *row)
{
    struct cli *cli = view->cli;
    const struct stock_figures *figures = &row->figures;
    bool now = view->options.as_of == AS_OF_NOW;
    const struct span none = {NULL, 0};
    table_row(view->table,
              (const struct span[]){row->sku, row->location, now ? text_micro(cli, figures->available) : none,
                                    now ? text_micro(cli, figures->reserved) : none, text_micro(cli, figures->sellable),
                                    text_micro(cli, figures->on_hand), text_micro(cli, figures->owned),
                                    figures->owed ? text_micro(cli, figures->owed) : none,
                                    text_money(cli, figures->value_minor), none});
    for (size_t i = 0; i < row->layer_count; i++)
        table_row(view->table,
                  (const struct span[]){none, none, none, none, none, none, text_micro(cli, row->layers[i].qty_micro),
                                        none, text_money(cli, row->layers[i].value_minor), row->layers[i].document});
}

static bool stock_row(void *context, const struct stock_row *row)
{
    struct stock_view *view = context;
    stock_figures_add(&view->sum, &row->figures);
    if (view->cli->given[OPTION_BRIDGE] ||
        (view->table != NULL && is_nothing(&row->figures) && !view->cli->given[OPTION_ALL]))
        return true;
    if (view->table != NULL) {
        stock_cells(view, row);
        return true;
    }
    buf_reset(&view->line);
    buf_print(&view->line, view->rows++ == 0 ? "[" : ",\n");
    stock_write_json(row, &view->options, view->cli->reader.company->money, &view->line);
    view->failed = !cli_put(view->cli, &view->line);
    return !view->failed;
}

/* ---- the bridge ---- */

static void step(struct cli *cli, struct table *table, const char *sign, const char *what, int64_t micro)
{
    table_row(table, (const struct span[]){span_of(sign), text_micro(cli, micro), span_of(what)});
}

static bool bridge_print(struct stock_view *view, int64_t accounts_minor)
{
    static const struct column columns[] = {{"", false}, {"UNITS", true}, {"", false}};
    struct cli *cli = view->cli;
    const struct stock_figures *sum = &view->sum;
    struct table *table = table_new(cli, COLUMNS(columns));
    if (view->options.as_of == AS_OF_NOW) {
        step(cli, table, "", "free (below zero: oversold)", sum->available);
        step(cli, table, "+", "reserved", sum->reserved);
        step(cli, table, "=", "sellable", sum->sellable);
    } else {
        step(cli, table, "", "sellable", sum->sellable);
    }
    step(cli, table, "+", "quarantined", sum->quarantined);
    step(cli, table, "+", "damaged", sum->damaged);
    step(cli, table, "=", "on hand", sum->on_hand);
    step(cli, table, "-", "consigned to us", sum->consigned);
    step(cli, table, "+", "in transit", sum->in_transit);
    step(cli, table, "+", "goods out", sum->goods_out);
    step(cli, table, "=", "owned", sum->owned);
    step(cli, table, "-", "damaged", sum->damaged);
    step(cli, table, "+", "owed (sold before received)", sum->owed);
    step(cli, table, "=", "valued", sum->valued);
    if (view->options.whole) {
        step(cli, table, "-", "not billed", sum->unbilled);
        step(cli, table, "=", "billed, or came without a bill", sum->valued - sum->unbilled);
    }
    bool good = table_print(table, cli);
    table_free(table);
    (void)printf("\nStock value     %20.*s\nControl accounts%20.*s\nDifference      %20.*s\n",
                 SPAN_ARG(text_money(cli, sum->value_minor)), SPAN_ARG(text_money(cli, accounts_minor)),
                 SPAN_ARG(text_money(cli, sum->value_minor - accounts_minor)));
    return good;
}

static bool stock_table_print(struct stock_view *view, int64_t accounts_minor)
{
    struct cli *cli = view->cli;
    if (!cli->given[OPTION_BRIDGE]) {
        if (!table_print(view->table, cli))
            return false;
        (void)fputs("\n", stdout);
    }
    /* Of one item the accounts say nothing. */
    return cli->given[OPTION_SKU] ? true : bridge_print(view, accounts_minor);
}

static bool stock_json_end(struct stock_view *view, int64_t accounts_minor)
{
    struct cli *cli = view->cli;
    if (!cli->given[OPTION_BRIDGE])
        return fputs(view->rows ? "]\n" : "[]\n", stdout) >= 0;
    buf_reset(&view->line);
    stock_bridge_write_json(&view->sum, &view->options, accounts_minor, cli->reader.company->money, &view->line);
    return cli_put_line(cli, &view->line);
}

int run_stock(struct cli *cli)
{
    static const struct column columns[] = {{"SKU", false},     {"PLACE", false},  {"FREE", true},  {"RESERVED", true},
                                            {"SELLABLE", true}, {"ON HAND", true}, {"OWNED", true}, {"OWED", true},
                                            {"VALUE", true},    {"LAYER", false}};
    struct stock_view view = {.cli = cli, .line = buf_make((size_t)1 << 30)};
    struct balances balances;
    bool json = cli->given[OPTION_JSON];
    if (!cli_no_words(cli) || !cli_day_option(cli, OPTION_AS_OF, AS_OF_NOW, &view.options.as_of) || !cli_read(cli) ||
        !report_balances(&cli->reader, view.options.as_of, &balances, &cli->err))
        return cli_fail(cli);
    view.options.layers = cli->given[OPTION_LAYERS];
    view.options.whole = cli->given[OPTION_BRIDGE];
    view.options.sku = cli->given[OPTION_SKU] ? span_of(cli->value[OPTION_SKU]) : (struct span){NULL, 0};
    if (!json)
        view.table = table_new(cli, columns, sizeof columns / sizeof columns[0] - !view.options.layers);
    bool good = report_stock(&cli->reader, &view.options, stock_row, &view, &cli->err) && !view.failed;
    if (good)
        good = (json ? stock_json_end : stock_table_print)(&view, balances_stock_minor(&balances));
    table_free(view.table);
    buf_done(&view.line);
    return good ? 0 : cli_fail(cli);
}

/* ---- status ---- */

static void status_reasons(struct cli *cli, const struct status *status, enum outcome outcome)
{
    static const struct column columns[] = {
        {"  COUNT", true}, {"AMOUNT", true}, {"WHAT", false}, {"SOURCE", false}, {"WHY", false}};
    struct table *table = table_new(cli, COLUMNS(columns));
    for (size_t i = 0; i < status->outcomes.count; i++) {
        const struct outcome_answer *answer = &status->outcomes.at[i];
        if (answer->outcome == outcome)
            table_row(table,
                      (const struct span[]){text_count(cli, answer->count), text_money(cli, answer->amount_minor),
                                            span_of(type_name(answer->type)), answer->source,
                                            outcome_reason(answer, &cli->arena)});
    }
    (void)printf("\n%s:\n", outcome == OUTCOME_WAITING ? "What waits, and for what" : "What failed, and why");
    (void)table_print(table, cli);
    table_free(table);
}

static void status_words(struct cli *cli, const struct status *status)
{
    const struct company *company = cli->reader.company;
    char code[4];
    (void)printf("Company %.*s, in %s, days of %.*s\n", SPAN_ARG(cli_company_code(cli)),
                 currency_code(company->money, code),
                 SPAN_ARG(company->zone_name.len ? company->zone_name : SPAN("UTC")));
    if (company->last_document > 0)
        (void)printf("Last day %.*s", SPAN_ARG(text_day(cli, company_day(company, company->last_at_us))));
    else
        (void)printf("No documents yet");
    if (company->lock_day != INT32_MIN)
        (void)printf(", closed up to and with %.*s\n\n", SPAN_ARG(text_day(cli, company->lock_day)));
    else
        (void)printf(", nothing closed\n\n");
    for (int outcome = OUTCOME_POSTED; outcome <= OUTCOME_FAILED; outcome++)
        (void)printf("%-10s%14.*s documents\n", outcome_name((enum outcome)outcome),
                     SPAN_ARG(text_count(cli, status->counts[outcome])));
    if (status->counts[OUTCOME_WAITING] > 0)
        status_reasons(cli, status, OUTCOME_WAITING);
    if (status->overdue > 0)
        (void)printf("%.*s of them, worth %.*s, wait longer than is normal: tieout outcomes --list waiting\n",
                     SPAN_ARG(text_count(cli, status->overdue)), SPAN_ARG(text_money(cli, status->overdue_minor)));
    if (status->counts[OUTCOME_FAILED] > 0)
        status_reasons(cli, status, OUTCOME_FAILED);
    (void)printf("\nOwed            %20.*s units of %.*s items (sold before they were received)\n",
                 SPAN_ARG(text_micro(cli, status->stock.owed)), SPAN_ARG(text_count(cli, status->items_owed)));
    if (status->items_oversold > 0)
        (void)printf("Oversold        %20.*s items and places have less than nothing free\n",
                     SPAN_ARG(text_count(cli, status->items_oversold)));
    (void)printf("Stock value     %20.*s\nControl accounts%20.*s\nDifference      %20.*s\n",
                 SPAN_ARG(text_money(cli, status->stock.value_minor)),
                 SPAN_ARG(text_money(cli, status->accounts_minor)),
                 SPAN_ARG(text_money(cli, status->stock.value_minor - status->accounts_minor)));
}

int run_status(struct cli *cli)
{
    struct status status;
    int64_t now_us = 0;
    if (!cli_no_words(cli) || !cli_now(cli, &now_us) || !cli_read(cli) ||
        !report_status(&cli->reader, now_us, &cli->arena, &status, &cli->err))
        return cli_fail(cli);
    if (!cli->given[OPTION_JSON]) {
        status_words(cli, &status);
        return 0;
    }
    struct buf out = buf_make((size_t)1 << 26);
    status_write_json(&status, &cli->reader, cli_company_code(cli), &cli->arena, &out);
    bool good = cli_put_line(cli, &out);
    buf_done(&out);
    return good ? 0 : cli_fail(cli);
}
