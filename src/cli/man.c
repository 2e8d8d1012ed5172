/* man.c: the man pages, from the table of commands. docs/man holds what this prints; a test holds the two together. */
#include "cli/internal.h"

#include <ctype.h>
#include <string.h>

/* Text in roff: hyphens that are minus signs, and no line that begins with a control character. */
static void roff(struct buf *out, const char *text)
{
    bool line_begins = true;
    for (; *text != '\0'; text++) {
        if (line_begins && (*text == '.' || *text == '\''))
            buf_print(out, "\\&");
        line_begins = *text == '\n';
        if (*text == '\\')
            buf_print(out, "\\e");
        else if (*text == '-')
            buf_print(out, "\\-");
        else
            buf_put_char(out, *text);
    }
}

static void paragraphs(struct buf *out, const char *text)
{
    const char *rest = text;
    for (const char *end; (end = strstr(rest, "\n\n")) != NULL; rest = end + 2) {
        char part[2000];
        (void)snprintf(part, sizeof part, "%.*s", (int)(end - rest), rest);
        roff(out, part);
        buf_print(out, "\n.PP\n");
    }
    roff(out, rest);
    buf_put_char(out, '\n');
}

static void heading(struct buf *out, const char *page, const char *what)
{
    char upper[64];
    size_t len = 0;
    for (; page[len] != '\0' && len + 1 < sizeof upper; len++)
        upper[len] = (char)toupper((unsigned char)page[len]);
    upper[len] = '\0';
    buf_print(out, ".\\\" Made by `tieout --man` from src/cli/commands.c.\n.TH ");
    roff(out, upper);
    buf_print(out, " 1 \"\" \"tieout %s\" \"tieout\"\n.SH NAME\n", TIEOUT_VERSION);
    roff(out, page);
    buf_print(out, " \\- ");
    roff(out, what);
    buf_put_char(out, '\n');
}

static void options_list(struct buf *out, uint64_t options)
{
    buf_print(out, ".SH OPTIONS\n");
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option_row *row = &option_rows[id];
        if (!(options & UINT64_C(1) << id))
            continue;
        buf_print(out, ".TP\n");
        if (row->letter)
            buf_print(out, ".BR \\-%c \", \" \\-\\-", row->letter);
        else
            buf_print(out, ".BR \\-\\-");
        roff(out, row->name);
        if (row->argument) {
            buf_print(out, " \" \\fI");
            roff(out, row->argument);
            buf_print(out, "\\fR\"");
        }
        buf_put_char(out, '\n');
        roff(out, row->help);
        buf_put_char(out, '\n');
    }
}

static void exits(struct buf *out)
{
    buf_print(out, ".SH EXIT STATUS\n");
    for (const struct exit_row *row = exit_rows; row->text != NULL; row++) {
        buf_print(out, ".TP\n.B %d\n", row->code);
        roff(out, row->text);
        buf_put_char(out, '\n');
    }
}

static void examples(struct buf *out, const char *text)
{
    buf_print(out, ".SH EXAMPLES\n.nf\n");
    roff(out, text);
    buf_print(out, "\n.fi\n");
}

void man_command(const struct command *command, struct buf *out)
{
    char page[64];
    (void)snprintf(page, sizeof page, "tieout-%s", command->name);
    heading(out, page, command->what);
    buf_print(out, ".SH SYNOPSIS\n.B tieout ");
    roff(out, command->name);
    if (command->words[0]) {
        buf_print(out, "\n.RI ");
        buf_put_char(out, '"');
        roff(out, command->words);
        buf_put_char(out, '"');
    }
    buf_print(out, "\n.SH DESCRIPTION\n");
    paragraphs(out, command->text);
    options_list(out, command->options);
    exits(out);
    examples(out, command->examples);
    buf_print(out, ".SH SEE ALSO\n.BR tieout (1)\n");
}

void man_program(struct buf *out)
{
    heading(out, "tieout", "keeps the stock and the books of a shop that sells in many places");
    buf_print(out, ".SH SYNOPSIS\n.B tieout\n.RI [options] \" command \" [words] \" \" [options]\n.SH DESCRIPTION\n");
    roff(out, "Orders, payments, shipments, refunds, returns, receipts and bills go in, from any number of channels "
              "and in any order "
              "of arrival. Out comes one perpetual record in which every source record is in exactly one bucket, every "
              "unit is "
              "somewhere, and every cent has a reason that can be followed back to the bytes it came from.\n");
    buf_print(out, ".SH COMMANDS\n");
    for (const struct command *command = commands; command->name != NULL; command++) {
        buf_print(out, ".TP\n.BR tieout\\-%s (1)\n", command->name);
        roff(out, command->what);
        buf_put_char(out, '\n');
    }
    options_list(out, COMMON_OPTIONS | OPT(VERSION));
    buf_print(out, ".SH ENVIRONMENT\n.TP\n.B TIEOUT_STORE\nthe store's file where \\-\\-store names none\n"
                   ".TP\n.B NO_COLOR\nno colour, whatever the terminal\n");
    exits(out);
}
