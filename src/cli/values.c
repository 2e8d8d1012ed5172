/* values.c: what options and words say, as values. */
#include "cli/internal.h"

#include <string.h>

bool cli_day_word(struct cli *cli, const char *word, const char *what, int32_t *out)
{
    return day_read(span_of(word), out) || cli_wrong(cli, "%s: %s is no date; write it as 2026-01-31", what, word);
}

bool cli_day_option(struct cli *cli, enum option_id option, int32_t otherwise, int32_t *out)
{
    *out = otherwise;
    return !cli->given[option] || cli_day_word(cli, cli->value[option], option_rows[option].name, out);
}

bool cli_count_option(struct cli *cli, enum option_id option, size_t otherwise, size_t *out)
{
    int64_t count = 0;
    *out = otherwise;
    if (!cli->given[option])
        return true;
    if (decimal_read(span_of(cli->value[option]), 0, &count) != DECIMAL_OK || count < 0 || count > 1000000)
        return cli_wrong(cli, "--%s: %s is no count", option_rows[option].name, cli->value[option]);
    *out = (size_t)count;
    return true;
}

bool cli_now(struct cli *cli, int64_t *out_us)
{
    int32_t day = 0;
    if (!cli->given[OPTION_NOW]) {
        *out_us = cli->world->now_us();
        return true;
    }
    return time_read(span_of(cli->value[OPTION_NOW]), out_us, &day) == TIME_INSTANT ||
           cli_wrong(cli, "--now: %s is no instant; write it as 2026-01-31T12:00:00Z", cli->value[OPTION_NOW]);
}

bool cli_pair(struct cli *cli, const char *text, struct span *out_key, struct span *out_value)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return cli_wrong(cli, "%s: write it as KEY=VALUE", text);
    *out_key = (struct span){text, (size_t)(equals - text)};
    *out_value = span_of(equals + 1);
    return true;
}

bool cli_no_words(struct cli *cli)
{
    return cli->word_count == 0 || cli_wrong(cli, "%s takes no %s; see tieout %s --help", cli->command->name,
                                             cli->words[0], cli->command->name);
}

struct span text_count(struct cli *cli, int64_t count)
{
    char digits[24], grouped[40];
    size_t len = decimal_write(count, 0, 0, digits), at = 0;
    for (size_t i = 0; i < len; i++) {
        grouped[at++] = digits[i];
        if (digits[i] != '-' && i + 1 < len && (len - i - 1) % 3 == 0)
            grouped[at++] = ',';
    }
    return arena_copy(&cli->arena, (struct span){grouped, at});
}

/* The whole part in groups of three, the rest as it is. */
static struct span grouped(struct cli *cli, const char *digits, size_t len)
{
    char text[48];
    size_t whole = strcspn(digits, "."), at = 0;
    for (size_t i = 0; i < len; i++) {
        text[at++] = digits[i];
        if (digits[i] != '-' && i + 1 < whole && (whole - i - 1) % 3 == 0)
            text[at++] = ',';
    }
    return arena_copy(&cli->arena, (struct span){text, at});
}

struct span text_money(struct cli *cli, int64_t minor)
{
    char digits[24];
    int exponent = cli->reader.company ? cli->reader.company->exponent : 2;
    return grouped(cli, digits, decimal_write(minor, exponent, exponent, digits));
}

struct span text_micro(struct cli *cli, int64_t micro)
{
    char digits[24];
    return grouped(cli, digits, decimal_write(micro, MICRO_PLACES, 0, digits));
}

struct span text_day(struct cli *cli, int32_t day)
{
    char text[11];
    return arena_copy(&cli->arena, span_of(day_write(day, text)));
}
