/* cli.c: reads the command line and runs the command. Options may stand before the command (git's manner) and after it. */
#include "cli/internal.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cli_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("tieout: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

int cli_fail(struct cli *cli)
{
    must(cli->err.code != FAILURE_NONE); /* whoever fails says why */
    cli_note("%s", cli->err.text);
    return err_exit_code(&cli->err);
}

bool cli_wrong(struct cli *cli, const char *format, ...)
{
    char text[sizeof cli->err.text];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(&cli->err, FAILURE_USAGE, "%s", text);
}

bool cli_put(struct cli *cli, const struct buf *answer)
{
    if (answer->failed)
        return err_set(&cli->err, FAILURE_MEMORY, "out of memory for the answer");
    if (fwrite(answer->ptr, 1, answer->len, stdout) == answer->len)
        return true;
    return err_set(&cli->err, FAILURE_STORE_OTHER, "the answer could not be written: %s", strerror(errno));
}

bool cli_put_line(struct cli *cli, struct buf *answer)
{
    buf_put_char(answer, '\n');
    return cli_put(cli, answer);
}

/* ---- options ---- */

struct getopt_table {
    struct option longs[OPTION_COUNT + 1];
    char letters[2 * OPTION_COUNT + 4];
};

/* `stop`: end at the first word that is no option, which is the command. */
static struct getopt_table table_for(uint64_t options, bool stop)
{
    struct getopt_table table = {0};
    size_t longs = 0, letters = 0;
    table.letters[letters++] = stop ? '+' : ':';
    if (stop)
        table.letters[letters++] = ':';
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option_row *row = &option_rows[id];
        if (!(options & UINT64_C(1) << id))
            continue;
        int argument = row->argument ? required_argument : no_argument;
        table.longs[longs++] = (struct option){row->name, argument, NULL, 1000 + id};
        if (row->letter) {
            table.letters[letters++] = row->letter;
            if (row->argument)
                table.letters[letters++] = ':';
        }
    }
    return table;
}

static int option_of(int got)
{
    if (got >= 1000)
        return got - 1000;
    for (int id = 0; id < OPTION_COUNT; id++)
        if (option_rows[id].letter != 0 && option_rows[id].letter == got)
            return id;
    return -1;
}

static const char *option_candidate(void *context, size_t index)
{
    uint64_t options = *(uint64_t *)context;
    for (size_t id = 0; id < OPTION_COUNT; id++)
        if (options & UINT64_C(1) << id && index-- == 0)
            return option_rows[id].name;
    return NULL;
}

static bool option_unknown(struct cli *cli, const char *word, uint64_t options)
{
    char bare[64];
    const char *name = word + strspn(word, "-");
    (void)snprintf(bare, sizeof bare, "%.*s", (int)strcspn(name, "="), name);
    const char *near = strlen(bare) > 1 ? suggest(bare, option_candidate, &options) : NULL;
    const char *command = cli->command ? cli->command->name : "";
    const char *space = cli->command ? " " : "";
    if (near != NULL)
        return cli_wrong(cli, "%s has no option %s; did you mean --%s?", cli->command ? command : "tieout", word, near);
    return cli_wrong(cli, "%s has no option %s; see tieout %s%s--help", cli->command ? command : "tieout", word,
                     command, space);
}

/* getopt leaves the option's value, its letter, or nothing (a long name that none has) in optopt. */
static bool option_wrong(struct cli *cli, int got, const char *word, uint64_t options)
{
    char letter[3] = {'-', (char)optopt, 0};
    int id = optopt ? option_of(optopt) : -1;
    if (got == ':')
        return cli_wrong(cli, "--%s wants a value: --%s %s", option_rows[id].name, option_rows[id].name,
                         option_rows[id].argument);
    if (id >= 0 && optopt >= 1000)
        return cli_wrong(cli, "--%s takes no value", option_rows[id].name);
    return option_unknown(cli, optopt ? letter : word, options);
}

static bool option_take(struct cli *cli, int id)
{
    cli->given[id] = true;
    cli->value[id] = optarg;
    if (id != OPTION_SET)
        return true;
    if (cli->set_count == SETS_MAX)
        return cli_wrong(cli, "more than %d --set", SETS_MAX);
    cli->sets[cli->set_count++] = optarg;
    return true;
}

/* Reads options from words[0..count), words[0] being the program or command; the other words move to the end. */
static bool options_read(struct cli *cli, int count, char **words, uint64_t options, bool stop, int *out_next)
{
    struct getopt_table table = table_for(options, stop);
    optind = 0;
    opterr = 0;
    for (;;) {
        int got = getopt_long(count, words, table.letters, table.longs, NULL);
        if (got == -1)
            break;
        if (got == ':' || got == '?')
            return option_wrong(cli, got, words[optind - 1], options);
        if (!option_take(cli, option_of(got)))
            return false;
    }
    *out_next = optind;
    return true;
}

/* ---- the program's own words ---- */

static const char *command_candidate(void *context, size_t index)
{
    (void)context;
    return commands[index].name;
}

static int print_and_free(struct cli *cli, struct buf *text)
{
    bool good = cli_put(cli, text);
    buf_done(text);
    if (good && fflush(stdout) != 0)
        good = err_set(&cli->err, FAILURE_STORE_OTHER, "the answer could not be written: %s", strerror(errno));
    return good ? 0 : cli_fail(cli);
}

static struct buf page(void) { return buf_make((size_t)1 << 20); }

static int command_unknown(struct cli *cli, const char *word)
{
    const char *near = suggest(word, command_candidate, NULL);
    if (near != NULL)
        cli_wrong(cli, "there is no command %s; did you mean %s?", word, near);
    else
        cli_wrong(cli, "there is no command %s; tieout --help lists them", word);
    return cli_fail(cli);
}

/* tieout help COMMAND, and what builds documentation: tieout --man [COMMAND], --completion SHELL, --reference. */
static int say_about(struct cli *cli, const char *what, const char *word)
{
    const struct command *command = word ? command_find(word) : NULL;
    struct buf text = page();
    if (strcmp(what, "--completion") == 0) {
        bool bash = word && strcmp(word, "bash") == 0;
        if (!bash && !(word && strcmp(word, "zsh") == 0)) {
            buf_done(&text);
            cli_wrong(cli, "completion is made for bash and zsh");
            return cli_fail(cli);
        }
        (bash ? completion_bash : completion_zsh)(&text);
        return print_and_free(cli, &text);
    }
    if (word != NULL && command == NULL) {
        buf_done(&text);
        return command_unknown(cli, word);
    }
    if (strcmp(what, "--reference") == 0)
        help_markdown(&text);
    else if (strcmp(what, "--man") == 0)
        command ? man_command(command, &text) : man_program(&text);
    else
        command ? help_command(command, &text) : help_program(&text);
    return print_and_free(cli, &text);
}

static bool is_about(const char *word)
{
    static const char *const abouts[] = {"help", "--man", "--completion", "--reference"};
    for (size_t i = 0; i < sizeof abouts / sizeof abouts[0]; i++)
        if (strcmp(word, abouts[i]) == 0)
            return true;
    return false;
}

/* ---- running ---- */

static int command_run(struct cli *cli)
{
    struct buf text = page();
    if (cli->given[OPTION_HELP]) {
        help_command(cli->command, &text);
        return print_and_free(cli, &text);
    }
    buf_done(&text);
    int code = cli->command->run(cli);
    if (fflush(stdout) != 0 && code == 0) {
        err_set(&cli->err, FAILURE_STORE_OTHER, "the answer could not be written: %s", strerror(errno));
        code = cli_fail(cli);
    }
    return code;
}

static int program_run(struct cli *cli, int argc, char **argv)
{
    int next = argc;
    if (argc > 1 && is_about(argv[1]))
        return say_about(cli, argv[1], argc > 2 ? argv[2] : NULL);
    if (!options_read(cli, argc, argv, COMMON_OPTIONS | OPT(VERSION), true, &next))
        return cli_fail(cli);
    struct buf text = page();
    if (cli->given[OPTION_VERSION]) {
        buf_print(&text, "tieout %s\n", TIEOUT_VERSION);
        return print_and_free(cli, &text);
    }
    if (next < argc && !cli->given[OPTION_HELP]) {
        buf_done(&text);
        cli->command = command_find(argv[next]);
        if (cli->command == NULL)
            return is_about(argv[next]) ? say_about(cli, argv[next], argv[next + 1]) : command_unknown(cli, argv[next]);
        int words = argc - next, first = 0;
        if (!options_read(cli, words, argv + next, cli->command->options, false, &first))
            return cli_fail(cli);
        cli->words = argv + next + first;
        cli->word_count = (size_t)(words - first);
        return command_run(cli);
    }
    if (next < argc) {
        buf_done(&text);
        return say_about(cli, "help", argv[next]);
    }
    help_program(&text);
    int code = print_and_free(cli, &text);
    return cli->given[OPTION_HELP] ? code : 2;
}

/* Colour is for people: never in a file, never where they said they do not want it. */
static bool wants_colour(void)
{
    const char *none = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && none[0]) && !(term && strcmp(term, "dumb") == 0);
}

int cli_main(int argc, char **argv, const struct cli_world *world)
{
    /* Widths of characters are those of UTF-8 whatever the machine's habits are; nothing else of a locale is used. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (utf8 != (locale_t)0)
        (void)uselocale(utf8);
    struct cli cli = {.world = world,
                      .arena = arena_make((size_t)4 << 30),
                      .colour = wants_colour(),
                      .err_is_terminal = isatty(STDERR_FILENO) != 0};
    int code = program_run(&cli, argc, argv);
    cli_close(&cli);
    arena_done(&cli.arena);
    (void)uselocale(LC_GLOBAL_LOCALE);
    if (utf8 != (locale_t)0)
        freelocale(utf8);
    return code;
}
