/* open.c: opens the store, and the company in it, as a command needs them. */
#include "cli/internal.h"

#include "flow/road.h"

#include <stdlib.h>

const char *cli_store_path(const struct cli *cli)
{
    if (cli->given[OPTION_STORE])
        return cli->value[OPTION_STORE];
    const char *path = getenv("TIEOUT_STORE");
    return path && path[0] ? path : "tieout.db";
}

struct span cli_company_code(const struct cli *cli)
{
    return cli->given[OPTION_COMPANY] ? span_of(cli->value[OPTION_COMPANY]) : SPAN("main");
}

bool cli_store_open(struct cli *cli, enum cli_open mode)
{
    cli->store = cli->world->store_open(cli_store_path(cli), mode, &cli->err);
    return cli->store != NULL;
}

bool cli_company(struct cli *cli, uint32_t *out_number)
{
    struct span code = cli_company_code(cli);
    if (!cli->store->ops->company_find(cli->store, code, out_number, &cli->err))
        return false;
    return *out_number != 0 || err_set(&cli->err, FAILURE_STORE_MISSING,
                                       "%s has no company %.*s: tieout companies lists them, tieout init begins one",
                                       cli_store_path(cli), SPAN_ARG(code));
}

bool cli_reader_open(struct cli *cli, uint32_t number)
{
    cli->wiring = store_views_reader(cli->store, number);
    cli->reader = (struct reader){.store = cli->store, .number = number};
    cli->reader.company = company_open(store_views_wire(&cli->wiring), cli->world->zone_bytes, &cli->err);
    return cli->reader.company != NULL;
}

void cli_reader_close(struct cli *cli) { cli->reader.company = company_close(cli->reader.company); }

bool cli_read(struct cli *cli)
{
    uint32_t number = 0;
    if (!cli_store_open(cli, CLI_OPEN_READ) || !cli_company(cli, &number) || !cli_reader_open(cli, number))
        return false;
    return cli->reader.company->born ||
           err_set(&cli->err, FAILURE_STORE_MISSING, "company %.*s was never begun: tieout init begins it",
                   SPAN_ARG(cli_company_code(cli)));
}

struct road *cli_road(struct cli *cli, uint32_t number)
{
    struct road_options options = {.zone_bytes = cli->world->zone_bytes};
    options.default_source = cli->given[OPTION_SOURCE] ? span_of(cli->value[OPTION_SOURCE]) : SPAN("file");
    if (!cli_now(cli, &options.now_us))
        return NULL;
    return road_open(cli->store, number, options, &cli->err);
}

void cli_close(struct cli *cli)
{
    cli_reader_close(cli);
    if (cli->store != NULL)
        cli->store = cli->store->ops->close(cli->store);
}

static bool company_each(void *context, uint32_t number, struct span code)
{
    struct company_list *list = context;
    ARENA_GROW(list->arena, list->at, list->count, list->room);
    list->at[list->count++] = (struct named_company){number, arena_copy(list->arena, code)};
    return true;
}

bool cli_companies(struct cli *cli, struct company_list *out)
{
    *out = (struct company_list){.arena = &cli->arena};
    return cli->store->ops->company_scan(cli->store, company_each, out, &cli->err);
}
