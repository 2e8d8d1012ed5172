/* help.c: what --help says, and docs/formats/cli.md, from the table of commands. */
#include "cli/internal.h"

#include <string.h>

enum { WIDTH = 80 };

/* Breaks text at spaces, each line after `indent` spaces; \n\n starts a new paragraph. */
static void wrapped(struct buf *out, const char *text, size_t indent)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t word = strcspn(text, " \n");
        if (column == 0)
            buf_print(out, "%*s", (int)indent, "");
        else if (indent + column + 1 + word > WIDTH) {
            buf_print(out, "\n%*s", (int)indent, "");
            column = 0;
        } else {
            buf_put_char(out, ' ');
            column++;
        }
        buf_put(out, text, word);
        column += word;
        text += word;
        if (strncmp(text, "\n\n", 2) == 0) {
            buf_print(out, "\n\n");
            column = 0;
            text += 2;
        }
        text += strspn(text, " ");
    }
    buf_put_char(out, '\n');
}

static void lines_indented(struct buf *out, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        buf_print(out, "  %.*s\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static void option_name(const struct option_row *row, struct buf *out)
{
    buf_print(out, row->letter ? "-%c, " : "    ", row->letter);
    buf_print(out, "--%s%s%s", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
}

static void options_list(uint64_t options, struct buf *out)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        if (!(options & UINT64_C(1) << id))
            continue;
        struct buf name = buf_make(200);
        option_name(&option_rows[id], &name);
        buf_print(out, "  %.*s\n", SPAN_ARG(buf_span(&name)));
        wrapped(out, option_rows[id].help, 10);
        buf_done(&name);
    }
}

/* Whether the command can end with the code: 0, 2, 4 and 70 always. */
static bool ends_with(const struct command *command, int code)
{
    char digits[4];
    (void)snprintf(digits, sizeof digits, "%d", code);
    return code == 0 || code == 2 || code == 4 || code == 70 || strstr(command->exits, digits) != NULL;
}

void help_command(const struct command *command, struct buf *out)
{
    buf_print(out, "tieout %s: %s\n\nUsage: tieout %s%s%s\n\n", command->name, command->what, command->name,
              command->words[0] ? " " : "", command->words);
    wrapped(out, command->text, 0);
    buf_print(out, "\n%s:\n", strchr(command->examples, '\n') ? "Examples" : "Example");
    lines_indented(out, command->examples);
    buf_print(out, "\nOptions:\n");
    options_list(command->options, out);
    buf_print(out, "\nExit codes:\n");
    for (const struct exit_row *row = exit_rows; row->text != NULL; row++)
        if (ends_with(command, row->code))
            buf_print(out, "  %-3d %s\n", row->code, row->text);
}

void help_program(struct buf *out)
{
    buf_print(
        out, "tieout keeps the stock and the books of a shop that sells in many places, and proves that they agree.\n\n"
             "Usage: tieout [--store FILE] [--company CODE] COMMAND [WORDS] [OPTIONS]\n\nCommands:\n");
    for (const struct command *command = commands; command->name != NULL; command++)
        buf_print(out, "  %-10s %s\n", command->name, command->what);
    buf_print(out, "\nBegin with:\n"
                   "  tieout init --currency USD --time-zone America/New_York\n"
                   "  tieout import --format documents documents.jsonl.xz\n"
                   "  tieout status\n\n"
                   "tieout COMMAND --help explains one, with examples, options and exit codes.\n");
}

/* A table's cell must not end at a bar of the text itself. */
static void cell(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            buf_put_char(out, '\\');
        buf_put_char(out, *text);
    }
}

static void command_markdown(const struct command *command, struct buf *out)
{
    buf_print(out, "\n## tieout %s\n\n%c%s.\n\n```\ntieout %s%s%s\n```\n\n", command->name, command->what[0] & ~0x20,
              command->what + 1, command->name, command->words[0] ? " " : "", command->words);
    buf_print(out, "%s\n\n```\n%s\n```\n\n| option | |\n|---|---|\n", command->text, command->examples);
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option_row *row = &option_rows[id];
        if (!(command->options & ~COMMON_OPTIONS & UINT64_C(1) << id))
            continue;
        buf_print(out, "| `--%s%s%s` | ", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
        cell(out, row->help);
        buf_print(out, " |\n");
    }
    if (command->options & OPT(JSON))
        buf_print(out, "| `--json` | [schema](json/%s.schema.json) |\n", command->name);
}

void help_markdown(struct buf *out)
{
    buf_print(
        out,
        "<!-- Made by `tieout --reference` from src/cli/commands.c; a test holds the two together. -->\n"
        "# The command line\n\n"
        "`tieout [--store FILE] [--company CODE] COMMAND [WORDS] [OPTIONS]`; options may stand before the command and "
        "after it.\n\nEvery command takes:\n\n| option | |\n|---|---|\n");
    for (int id = 0; id < OPTION_COUNT; id++)
        if (COMMON_OPTIONS & UINT64_C(1) << id)
            buf_print(out, "| `--%s%s%s` | %s |\n", option_rows[id].name, option_rows[id].argument ? " " : "",
                      option_rows[id].argument ? option_rows[id].argument : "", option_rows[id].help);
    buf_print(out,
              "\nTables are for people and may change. JSON is for programs: members may be added, none is renamed. "
              "Money and "
              "quantities are strings there, counts are integers, dates are `YYYY-MM-DD`, instants RFC 3339 in UTC. "
              "Colour appears on terminals only, and not where `NO_COLOR` is set.\n\n"
              "What the [exit codes](../operating/exit-codes.md) mean is fixed.\n");
    for (const struct command *command = commands; command->name != NULL; command++)
        command_markdown(command, out);
}
