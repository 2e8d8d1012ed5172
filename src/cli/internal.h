/* internal.h: what the files of this folder share. */
#ifndef TIEOUT_CLI_INTERNAL_H
#define TIEOUT_CLI_INTERNAL_H

#include "cli/cli.h"
#include "flow/store_views.h"
#include "report/reader.h"

#include <stdio.h>

/* ---- the one table of commands and options: parsing, help, completion and man pages are made from it ---- */

/*      NAME, "long name", letter (0 none), "ARGUMENT" (NULL none), "completes" (NULL none), "help" */
#define OPTIONS(ROW)                                                                                                 \
    ROW(STORE, "store", 's', "FILE", "file", "the store's file; else the variable TIEOUT_STORE, else tieout.db")     \
    ROW(COMPANY, "company", 'c', "CODE", NULL, "the company in that store; main unless said")                        \
    ROW(JSON, "json", 'j', NULL, NULL, "answer as JSON; its schema lies in docs/formats/json")                       \
    ROW(HELP, "help", 'h', NULL, NULL, "explain the command, with an example")                                       \
    ROW(VERSION, "version", 0, NULL, NULL, "print the version")                                                      \
    ROW(AS_OF, "as-of", 0, "DATE", NULL, "at the end of that accounting date, by all that is known now")             \
    ROW(CURRENCY, "currency", 0, "CODE", NULL, "the currency of the books, by ISO 4217, such as USD")                \
    ROW(TIME_ZONE, "time-zone", 0, "ZONE", "zone",                                                                   \
        "the IANA zone whose days are the accounting dates; UTC unless said")                                        \
    ROW(SET, "set", 0, "KEY=VALUE", "policy", "a policy other than its default; may be given several times")         \
    ROW(FORMAT, "format", 'f', "NAME", "format",                                                                     \
        "what the files hold: documents (JSON Lines, docs/formats/documents.md)")                                    \
    ROW(SOURCE, "source", 0, "CODE", NULL, "the source of documents that name none; file unless said")               \
    ROW(SHOW, "show", 0, "COUNT", NULL, "how many records that failed are shown one by one; 20 unless said")         \
    ROW(PROGRESS, "progress", 0, NULL, NULL, "show progress also where the error output is no terminal")             \
    ROW(NOW, "now", 0, "INSTANT", NULL, "the time it is taken to be (RFC 3339), instead of the clock's")             \
    ROW(FROM, "from", 0, "DATE", NULL, "from that accounting date on")                                               \
    ROW(TO, "to", 0, "DATE", NULL, "up to and with that accounting date")                                            \
    ROW(BY, "by", 0, "KEY", "by", "what to divide by: channel, sku, order, line or month; channel unless said")      \
    ROW(LIST, "list", 'l', "OUTCOME", "outcome",                                                                     \
        "each document of that outcome by name: posted, excluded, waiting or failed")                                \
    ROW(LAYERS, "layers", 0, NULL, NULL, "with the cost layers of each item and place")                              \
    ROW(BRIDGE, "bridge", 0, NULL, NULL, "only the sums, from what is free to what is billed, against the accounts") \
    ROW(SKU, "sku", 0, "SKU", NULL, "only that item")                                                                \
    ROW(DOCUMENT, "document", 0, "ID", NULL, "only entries of decisions about the document with that id")            \
    ROW(ACCOUNT, "account", 0, "ROLE", "role", "only entries with a line on that account")                           \
    ROW(ALL, "all", 'a', NULL, NULL, "also what came to nothing")                                                    \
    ROW(LIMIT, "limit", 'n', "COUNT", NULL, "how many movements or entries to show; 20 unless said")                 \
    ROW(REASON, "reason", 0, "TEXT", NULL, "why, kept with the decision")                                            \
    ROW(DEEP, "deep", 0, NULL, NULL, "also decide every document again from its raw record and compare")

enum option_id {
#define ROW(id, name, letter, argument, completes, help) OPTION_##id,
    OPTIONS(ROW)
#undef ROW
        OPTION_COUNT,
};
struct option_row {
    const char *name;
    char letter;
    const char *argument, *completes, *help;
};
extern const struct option_row option_rows[OPTION_COUNT];

#define OPT(id) (UINT64_C(1) << OPTION_##id)
/* What every command takes. */
#define COMMON_OPTIONS (OPT(STORE) | OPT(COMPANY) | OPT(JSON) | OPT(HELP))

struct cli;
struct command {
    const char *name;
    const char *words;    /* the usage behind the name */
    const char *what;     /* one line: what it does */
    const char *text;     /* some sentences more; paragraphs parted by \n\n */
    const char *examples; /* lines of a shell */
    uint64_t options;
    const char *exits;     /* codes beside 0, 2 and 4, as "1 3" */
    const char *completes; /* what its words may be: "file", "subject", "command", "set"; NULL none */
    int (*run)(struct cli *cli);
};
extern const struct command commands[]; /* ends with name == NULL */
const struct command *command_find(const char *name);
/* The exit codes and what they mean, 0 first; ends with text == NULL. */
struct exit_row {
    int code;
    const char *text;
};
extern const struct exit_row exit_rows[];

/* ---- one run ---- */

enum { SETS_MAX = 64 };
struct cli {
    const struct cli_world *world;
    const struct command *command;
    bool given[OPTION_COUNT];
    const char *value[OPTION_COUNT];
    const char *sets[SETS_MAX]; /* --set, in order */
    size_t set_count;
    char **words; /* what is no option */
    size_t word_count;
    bool colour;          /* of the answer */
    bool err_is_terminal; /* progress may be drawn */
    struct arena arena;   /* for the run */
    struct err err;
    /* opened by cli_read and cli_write */
    struct store *store;
    struct store_views wiring;
    struct reader reader;
};

/* Says the failure and hands back its exit code. */
int cli_fail(struct cli *cli);
/* Fills cli->err with a failure of usage and returns false. */
bool cli_wrong(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* A remark on the error output. */
void cli_note(const char *format, ...) PRINTF_LIKE(1, 2);
/* Writes a finished answer to the output; false after filling err. */
bool cli_put(struct cli *cli, const struct buf *answer);
/* The same with a line's end. */
bool cli_put_line(struct cli *cli, struct buf *answer);

/* open.c: opens the store; with the company begun, its views too (cli->reader). */
const char *cli_store_path(const struct cli *cli);
struct span cli_company_code(const struct cli *cli);
bool cli_read(struct cli *cli);
bool cli_store_open(struct cli *cli, enum cli_open mode);
/* The number of the company named; false when there is none such. */
bool cli_company(struct cli *cli, uint32_t *out_number);
bool cli_reader_open(struct cli *cli, uint32_t number);
void cli_reader_close(struct cli *cli);
void cli_close(struct cli *cli);
/* The companies of the open store, by number. */
struct named_company {
    uint32_t number;
    struct span code;
};
struct company_list {
    struct arena *arena;
    struct named_company *at;
    size_t count, room;
};
bool cli_companies(struct cli *cli, struct company_list *out);
/* A road for writing, opened on the company; NULL after filling err. */
struct road;
struct road *cli_road(struct cli *cli, uint32_t number);

/* values.c: what options say. False after filling err. */
bool cli_day_option(struct cli *cli, enum option_id option, int32_t otherwise, int32_t *out);
bool cli_day_word(struct cli *cli, const char *word, const char *what, int32_t *out);
bool cli_count_option(struct cli *cli, enum option_id option, size_t otherwise, size_t *out);
bool cli_now(struct cli *cli, int64_t *out_us);
/* Splits KEY=VALUE. */
bool cli_pair(struct cli *cli, const char *text, struct span *out_key, struct span *out_value);
/* No words beyond those expected. */
bool cli_no_words(struct cli *cli);

/* suggest.c: the candidate that was probably meant; NULL when none is near. */
const char *suggest(const char *word, const char *(*candidate)(void *context, size_t index), void *context);

/* progress.c: a line on the error output, drawn again and again. */
struct progress {
    const struct cli *cli;
    const char *what; /* "records", "rows" */
    int64_t start_us, drawn_us;
    int64_t patience_from_us; /* since when nothing was said */
    bool drawn;
};
struct progress progress_start(const struct cli *cli, const char *what);
/* `part` of `whole` says how far; whole 0: unknown. `count` is what the rate counts. */
void progress_tell(struct progress *progress, uint64_t count, uint64_t part, uint64_t whole);
/* Wipes the line. */
void progress_end(struct progress *progress);
int64_t progress_elapsed_us(const struct progress *progress);

/* table.c: aligned columns. */
struct table;
struct column {
    const char *name;
    bool right; /* numbers */
};
struct table *table_new(const struct cli *cli, const struct column *columns, size_t count);
/* Cells are copied; an absent or empty one stays blank. */
void table_row(struct table *table, const struct span *cells);
/* A blank line before the last row is drawn: a sum. */
void table_sum(struct table *table, const struct span *cells);
bool table_print(struct table *table, struct cli *cli);
size_t table_rows(const struct table *table);
struct table *table_free(struct table *table);
/* Figures as text in the run's arena: amounts with thousands separated for people. */
struct span text_money(struct cli *cli, int64_t minor);
struct span text_micro(struct cli *cli, int64_t micro);
struct span text_count(struct cli *cli, int64_t count);
struct span text_day(struct cli *cli, int32_t day);

/* help.c, man.c, complete.c */
void help_program(struct buf *out);
void help_command(const struct command *command, struct buf *out);
void man_program(struct buf *out);
void man_command(const struct command *command, struct buf *out);
void completion_bash(struct buf *out);
void completion_zsh(struct buf *out);
/* docs/formats/cli.md */
void help_markdown(struct buf *out);

/* The commands. */
int run_init(struct cli *cli);
int run_import(struct cli *cli);
int run_status(struct cli *cli);
int run_outcomes(struct cli *cli);
int run_stock(struct cli *cli);
int run_balances(struct cli *cli);
int run_journal(struct cli *cli);
int run_margin(struct cli *cli);
int run_explain(struct cli *cli);
int run_policy(struct cli *cli);
int run_verify(struct cli *cli);
int run_rebuild(struct cli *cli);
int run_close(struct cli *cli);
int run_reopen(struct cli *cli);
int run_companies(struct cli *cli);

#endif
