/* init.c: tieout init. Everything is checked before anything is made. */
#include "cli/internal.h"

#include "base/json_out.h"
#include "flow/road.h"
#include "order/policy.h"

#include <string.h>

struct birth {
    currency money;
    struct span zone;
    struct span keys[SETS_MAX], values[SETS_MAX];
};

static bool code_is_fine(struct cli *cli)
{
    struct span code = cli_company_code(cli);
    bool fine = code.len > 0 && code.len <= 64;
    for (size_t i = 0; i < code.len && fine; i++)
        fine = (code.ptr[i] >= 'a' && code.ptr[i] <= 'z') || (code.ptr[i] >= 'A' && code.ptr[i] <= 'Z') ||
               (code.ptr[i] >= '0' && code.ptr[i] <= '9') || strchr("._-", code.ptr[i]) != NULL;
    return fine || cli_wrong(cli, "--company %.*s: a code is 1 to 64 letters, digits, points, hyphens and underscores",
                             SPAN_ARG(code));
}

static bool currency_read(struct cli *cli, struct birth *birth)
{
    if (!cli->given[OPTION_CURRENCY])
        return cli_wrong(cli, "init wants the currency of the books: tieout init --currency USD");
    birth->money = currency_find(span_of(cli->value[OPTION_CURRENCY]));
    return birth->money != 0 ||
           cli_wrong(cli, "--currency %s: ISO 4217 has no such code; write it as USD", cli->value[OPTION_CURRENCY]);
}

static bool zone_read(struct cli *cli, struct birth *birth)
{
    birth->zone = cli->given[OPTION_TIME_ZONE] ? span_of(cli->value[OPTION_TIME_ZONE]) : SPAN("UTC");
    struct span bytes = cli->world->zone_bytes(birth->zone, &cli->arena);
    if (bytes.ptr != NULL && zone_parse(bytes, &cli->arena) != NULL)
        return true;
    return cli_wrong(
        cli,
        "--time-zone %.*s: no such zone on this machine; use an IANA name such as Europe/London, or install tzdata",
        SPAN_ARG(birth->zone));
}

/* All together, because one may forbid another. */
static bool policies_read(struct cli *cli, struct birth *birth)
{
    struct policy policy = policy_default();
    for (size_t i = 0; i < cli->set_count; i++) {
        struct span detail = {NULL, 0};
        if (!cli_pair(cli, cli->sets[i], &birth->keys[i], &birth->values[i]))
            return false;
        if (!policy_set(&policy, birth->keys[i], birth->values[i], &cli->arena, &detail))
            return cli_wrong(cli, "--set %s: %.*s", cli->sets[i], SPAN_ARG(detail));
    }
    return true;
}

static bool company_make(struct cli *cli, uint32_t *out_number)
{
    struct span code = cli_company_code(cli);
    if (!cli->store->ops->company_find(cli->store, code, out_number, &cli->err))
        return false;
    if (*out_number == 0)
        return cli->store->ops->company_create(cli->store, code, out_number, &cli->err);
    if (!cli_reader_open(cli, *out_number))
        return false;
    bool born = cli->reader.company->born;
    cli_reader_close(cli);
    return !born || cli_wrong(cli, "company %.*s was begun already in %s; tieout policy shows its settings",
                              SPAN_ARG(code), cli_store_path(cli));
}

static bool settings_write(struct cli *cli, struct road *road, const struct birth *birth)
{
    char code[4];
    bool good = road_begin(road, &cli->err) &&
                road_setting(road, DAY_MIN, SPAN("company"), cli_company_code(cli), &cli->err) &&
                road_setting(road, DAY_MIN, SPAN("currency"), span_of(currency_code(birth->money, code)), &cli->err) &&
                road_setting(road, DAY_MIN, SPAN("time_zone"), birth->zone, &cli->err);
    for (size_t i = 0; i < cli->set_count && good; i++)
        good = road_setting(road, DAY_MIN, birth->keys[i], birth->values[i], &cli->err);
    return good && road_commit(road, &cli->err);
}

static bool say_done(struct cli *cli, const struct birth *birth)
{
    char code[4];
    struct buf out = buf_make(4096);
    currency_code(birth->money, code);
    if (cli->given[OPTION_JSON]) {
        struct json_out json = json_out_make(&out);
        json_open_object(&json);
        json_key(&json, "store");
        json_text(&json, span_of(cli_store_path(cli)));
        json_key(&json, "company");
        json_text(&json, cli_company_code(cli));
        json_key(&json, "currency");
        json_text(&json, span_of(code));
        json_key(&json, "time_zone");
        json_text(&json, birth->zone);
        json_close_object(&json);
    } else {
        buf_print(&out, "%s: company %.*s is begun, in %s, with the days of %.*s.", cli_store_path(cli),
                  SPAN_ARG(cli_company_code(cli)), code, SPAN_ARG(birth->zone));
    }
    bool good = cli_put_line(cli, &out);
    buf_done(&out);
    return good;
}

int run_init(struct cli *cli)
{
    struct birth birth = {0};
    uint32_t number = 0;
    int64_t now_us = 0;
    if (!cli_no_words(cli) || !code_is_fine(cli) || !currency_read(cli, &birth) || !zone_read(cli, &birth) ||
        !policies_read(cli, &birth) || !cli_now(cli, &now_us))
        return cli_fail(cli);
    if (!cli_store_open(cli, CLI_OPEN_CREATE) || !company_make(cli, &number))
        return cli_fail(cli);
    struct road *road = cli_road(cli, number);
    bool good = road != NULL && settings_write(cli, road, &birth);
    road_close(road);
    return good && say_done(cli, &birth) ? 0 : cli_fail(cli);
}
