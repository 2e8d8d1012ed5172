/* journal.c: tieout journal. Entries go out one by one: a long journal needs no memory. */
#include "cli/entries.h"

#include "base/json_out.h"
#include "report/names.h"

enum { ACCOUNT_WIDTH = 26, AMOUNT_WIDTH = 16 };

static void put_if(const char *what, struct span text)
{
    if (text.len > 0)
        (void)printf("  %s%.*s", what, SPAN_ARG(text));
}

static void line_print(struct cli *cli, const struct line *line, const char *indent)
{
    char code[4], amount[24];
    int exponent = cli->reader.company->exponent;
    decimal_write(line->amount_minor, exponent, exponent, amount);
    (void)printf("%s  %-*s%*s", indent, ACCOUNT_WIDTH, role_name(line->role), AMOUNT_WIDTH, amount);
    put_if("", line->sku);
    put_if("at ", line->location);
    put_if("on ", line->channel);
    put_if("order ", line->order);
    put_if("line ", line->order_line);
    put_if("of ", line->party);
    if (line->tag.len > 0)
        (void)printf("  (%.*s)", SPAN_ARG(line->tag));
    if (line->original_currency != 0) {
        exponent = currency_exponent(line->original_currency);
        decimal_write(line->original_minor, exponent, exponent, amount);
        (void)printf("  %s %s", amount, currency_code(line->original_currency, code));
    }
    (void)fputc('\n', stdout);
}

void entry_print(struct cli *cli, const struct entry_answer *entry, const char *indent)
{
    char day[11];
    (void)printf("%s%s  %llu-%zu  %s %.*s of %.*s", indent, day_write(entry->day, day), (unsigned long long)entry->seq,
                 entry->number, type_name(entry->cause.type), SPAN_ARG(entry->cause.id), SPAN_ARG(entry->cause.source));
    if (entry->kind != ENTRY_ORIGINAL)
        (void)printf(", %s", entry_kind_name(entry->kind));
    if (entry->about_other)
        (void)printf(" about %s %.*s", type_name(entry->subject.type), SPAN_ARG(entry->subject.id));
    if (entry->event_day != entry->day)
        (void)printf(", for %s", day_write(entry->event_day, day));
    (void)fputc('\n', stdout);
    for (size_t i = 0; i < entry->line_count; i++)
        line_print(cli, &entry->lines[i], indent);
}

struct journal_view {
    struct cli *cli;
    int32_t from, to;
    enum role role; /* ROLE_NONE: all */
    struct span document, sku;
    struct buf line;
    size_t shown;
    bool failed;
};

static bool is_wanted(const struct journal_view *view, const struct entry_answer *entry)
{
    if (entry->day < view->from || entry->day > view->to)
        return false;
    if (view->document.len > 0 && !span_eq(view->document, entry->cause.id) &&
        !span_eq(view->document, entry->subject.id))
        return false;
    bool role = view->role == ROLE_NONE, sku = view->sku.len == 0;
    for (size_t i = 0; i < entry->line_count; i++) {
        role |= entry->lines[i].role == view->role;
        sku |= span_eq(entry->lines[i].sku, view->sku);
    }
    return role && sku;
}

static bool journal_each(void *context, const struct entry_answer *entry)
{
    struct journal_view *view = context;
    struct cli *cli = view->cli;
    if (!is_wanted(view, entry))
        return true;
    if (!cli->given[OPTION_JSON]) {
        if (view->shown++ > 0)
            (void)fputc('\n', stdout);
        entry_print(cli, entry, "");
        return !ferror(stdout);
    }
    buf_reset(&view->line);
    struct json_out json = json_out_make(&view->line);
    entry_write_json(&json, entry, cli->reader.company->money);
    view->failed = !cli_put_line(cli, &view->line);
    return !view->failed;
}

int run_journal(struct cli *cli)
{
    struct journal_view view = {.cli = cli, .line = buf_make((size_t)1 << 30)};
    if (cli->given[OPTION_ACCOUNT]) {
        view.role = role_find(span_of(cli->value[OPTION_ACCOUNT]));
        if (view.role == ROLE_NONE) {
            cli_wrong(cli, "--account %s: no account has that role; tieout balances lists them",
                      cli->value[OPTION_ACCOUNT]);
            return cli_fail(cli);
        }
    }
    view.document = cli->given[OPTION_DOCUMENT] ? span_of(cli->value[OPTION_DOCUMENT]) : (struct span){NULL, 0};
    view.sku = cli->given[OPTION_SKU] ? span_of(cli->value[OPTION_SKU]) : (struct span){NULL, 0};
    bool good = cli_no_words(cli) && cli_day_option(cli, OPTION_FROM, DAY_MIN, &view.from) &&
                cli_day_option(cli, OPTION_TO, DAY_MAX, &view.to) && cli_read(cli) &&
                report_journal(&cli->reader, 1, cli->reader.company->applied_seq, journal_each, &view, &cli->err) &&
                !view.failed;
    buf_done(&view.line);
    return good ? 0 : cli_fail(cli);
}
