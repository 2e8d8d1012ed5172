/* period.c: tieout close and tieout reopen: where the lock stands. */
#include "cli/internal.h"

#include "base/json_out.h"
#include "flow/road.h"

static bool say_lock(struct cli *cli, int32_t lock_day)
{
    char day[11];
    struct buf out = buf_make(1024);
    if (cli->given[OPTION_JSON]) {
        struct json_out json = json_out_make(&out);
        json_open_object(&json);
        json_key(&json, "company");
        json_text(&json, cli_company_code(cli));
        json_key(&json, "locked_until");
        if (lock_day == INT32_MIN)
            json_null(&json);
        else
            json_day(&json, lock_day);
        json_close_object(&json);
    } else if (lock_day == INT32_MIN) {
        buf_print(&out, "The books are open.");
    } else {
        buf_print(&out, "The books are closed up to and with %s.", day_write(lock_day, day));
    }
    bool good = cli_put_line(cli, &out);
    buf_done(&out);
    return good;
}

static bool lock_move(struct cli *cli, struct road *road, int32_t day, bool closing)
{
    char text[11];
    int32_t lock_day = road_company(road)->lock_day;
    if (closing && day < lock_day)
        return cli_wrong(cli, "the books are closed up to and with %s already; tieout reopen opens them",
                         day_write(lock_day, text));
    if (!closing && lock_day == INT32_MIN)
        return cli_wrong(cli, "the books are open: nothing was closed");
    if (!closing && day > lock_day)
        return cli_wrong(cli, "the books are open from %s on already", day_write(lock_day + 1, text));
    int32_t wanted = closing ? day : day - 1;
    if (wanted == lock_day)
        return say_lock(cli, lock_day);
    struct span reason = cli->given[OPTION_REASON] ? span_of(cli->value[OPTION_REASON]) : SPAN("");
    return road_begin(road, &cli->err) && road_lock(road, wanted, reason, &cli->err) && road_commit(road, &cli->err) &&
           say_lock(cli, wanted);
}

static int period_run(struct cli *cli, bool closing)
{
    int32_t day = 0;
    uint32_t number = 0;
    if (cli->word_count != 1) {
        cli_wrong(cli, "%s wants one date: tieout %s 2026-01-31", cli->command->name, cli->command->name);
        return cli_fail(cli);
    }
    if (!cli_day_word(cli, cli->words[0], cli->command->name, &day) || !cli_store_open(cli, CLI_OPEN_WRITE) ||
        !cli_company(cli, &number))
        return cli_fail(cli);
    struct road *road = cli_road(cli, number);
    bool good = road != NULL && lock_move(cli, road, day, closing);
    road_close(road);
    return good ? 0 : cli_fail(cli);
}

int run_close(struct cli *cli) { return period_run(cli, true); }
int run_reopen(struct cli *cli) { return period_run(cli, false); }
