/* policy.c: tieout policy: shows the settings with their history, or changes them from a date on. */
#include "cli/internal.h"

#include "flow/road.h"
#include "order/policy.h"
#include "report/policies.h"

#include <string.h>

static void history_text(struct cli *cli, const struct settings *settings, const char *key, struct buf *out)
{
    char day[11];
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->at[i];
        if (!span_eq(setting->key, span_of(key)))
            continue;
        buf_print(out, "%s%.*s", out->len ? ", " : "", SPAN_ARG(setting->value));
        if (setting->from != DAY_MIN)
            buf_print(out, " from %s", day_write(setting->from, day));
    }
    (void)cli;
}

static bool show_table(struct cli *cli, const struct settings *settings, int32_t today)
{
    static const struct column columns[] = {
        {"POLICY", false}, {"NOW", false}, {"DEFAULT", false}, {"SET", false}, {"WHAT IT IS", false}};
    const struct company *company = cli->reader.company;
    const struct policy *policy = company_policy(company, today);
    char code[4], day[11];
    (void)printf("Currency %s, time zone %.*s", currency_code(company->money, code),
                 SPAN_ARG(company->zone_name.len ? company->zone_name : SPAN("UTC")));
    if (company->lock_day != INT32_MIN)
        (void)printf(", closed up to and with %s", day_write(company->lock_day, day));
    (void)printf(".\n\n");
    struct table *table = table_new(cli, columns, sizeof columns / sizeof columns[0]);
    for (const struct policy_key *key = policy_keys(); key->name != NULL; key++) {
        struct buf history = buf_make(1 << 16);
        history_text(cli, settings, key->name, &history);
        table_row(table, (const struct span[]){span_of(key->name), policy_get(policy, span_of(key->name), &cli->arena),
                                               span_of(key->default_value), buf_span(&history), span_of(key->help)});
        buf_done(&history);
    }
    bool good = table_print(table, cli);
    table_free(table);
    return good;
}

static bool policy_show(struct cli *cli)
{
    struct settings settings;
    int64_t now_us = 0;
    if (!cli_read(cli) || !cli_now(cli, &now_us) || !report_settings(&cli->reader, &cli->arena, &settings, &cli->err))
        return false;
    int32_t today = company_day(cli->reader.company, now_us);
    if (!cli->given[OPTION_JSON])
        return show_table(cli, &settings, today);
    struct buf out = buf_make((size_t)1 << 24);
    policies_write_json(&cli->reader, &settings, today, &cli->arena, &out);
    bool good = cli_put_line(cli, &out);
    buf_done(&out);
    return good;
}

/* What was counted by one method cannot go on by another: that wants opening layers, and a new company today. */
static bool change_is_allowed(struct cli *cli, const struct company *company, struct span key)
{
    if (span_eq(key, SPAN("currency")) || span_eq(key, SPAN("company")) || span_eq(key, SPAN("time_zone")))
        return cli_wrong(cli, "%.*s is settled by init and cannot change", SPAN_ARG(key));
    bool counts = span_eq(key, SPAN("cost_method")) || span_eq(key, SPAN("cost_scope"));
    return !counts || company->last_document == 0 ||
           cli_wrong(cli, "%.*s cannot change once there are documents: begin another company with it", SPAN_ARG(key));
}

/* The change must fit everything that holds on that day and later, as the company will read it. */
static bool change_fits(struct cli *cli, const struct company *company, int32_t day, struct span key, struct span value)
{
    struct span detail = {NULL, 0};
    struct policy policy = *company_policy(company, day);
    bool good = policy_set(&policy, key, value, &cli->arena, &detail);
    const struct policy_table *now = company_policies(company);
    for (size_t i = 0; i < now->count && good; i++)
        if (now->at[i].day > day) {
            policy = now->at[i].policy;
            good = policy_set(&policy, key, value, &cli->arena, &detail);
        }
    return good || cli_wrong(cli, "%.*s=%.*s: %.*s", SPAN_ARG(key), SPAN_ARG(value), SPAN_ARG(detail));
}

/* What was placed by date cannot stand behind what is placed by entry: the rule changes on a day without documents. */
static bool day_is_free(struct cli *cli, const struct company *company, struct span key, int32_t day)
{
    char text[11];
    int32_t last = company_day(company, company->last_at_us);
    if (!span_eq(key, SPAN("backdated")) || company->last_document == 0 || day > last)
        return true;
    return cli_wrong(cli, "--from: backdated changes on a day after the last document's, %s", day_write(last, text));
}

static bool change_all(struct cli *cli, struct road *road, int32_t day)
{
    struct company *company = road_company(road);
    char text[11];
    if (company->lock_day != INT32_MIN && day <= company->lock_day)
        return cli_wrong(cli, "--from: the books are closed up to and with %s", day_write(company->lock_day, text));
    if (!road_begin(road, &cli->err))
        return false;
    for (size_t i = 1; i < cli->word_count; i++) {
        struct span key, value;
        if (!cli_pair(cli, cli->words[i], &key, &value) || !change_is_allowed(cli, company, key) ||
            !day_is_free(cli, company, key, day) || !change_fits(cli, company, day, key, value) ||
            !road_setting(road, day, key, value, &cli->err))
            return false;
    }
    return road_commit(road, &cli->err);
}

static bool policy_change(struct cli *cli)
{
    int32_t day = 0;
    uint32_t number = 0;
    if (cli->word_count < 2 || !cli->given[OPTION_FROM])
        return cli_wrong(cli, "write it as: tieout policy set KEY=VALUE --from 2026-04-01");
    if (!cli_day_option(cli, OPTION_FROM, 0, &day) || !cli_store_open(cli, CLI_OPEN_WRITE) ||
        !cli_company(cli, &number))
        return false;
    struct road *road = cli_road(cli, number);
    bool good = road != NULL && change_all(cli, road, day);
    road_close(road);
    cli_close(cli);
    return good && policy_show(cli);
}

int run_policy(struct cli *cli)
{
    bool good = false;
    if (cli->word_count == 0)
        good = policy_show(cli);
    else if (strcmp(cli->words[0], "set") == 0)
        good = policy_change(cli);
    else
        cli_wrong(cli, "policy takes nothing, or set KEY=VALUE; see tieout policy --help");
    return good ? 0 : cli_fail(cli);
}
