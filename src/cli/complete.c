/* complete.c: completion for bash and zsh, from the table of commands. tools/completion holds what this prints. */
#include "cli/internal.h"

#include "ledger/role.h"
#include "order/policy.h"
#include "report/margin.h"

#include <string.h>

/* What an option's value, or a command's words, may be: words to choose from; NULL where the shell's own files are meant. */
static void choices(const char *kind, struct buf *out)
{
    if (strcmp(kind, "format") == 0) {
        buf_print(out, "documents");
    } else if (strcmp(kind, "outcome") == 0) {
        buf_print(out, "posted excluded waiting failed");
    } else if (strcmp(kind, "by") == 0) {
        for (int by = MARGIN_BY_CHANNEL; by <= MARGIN_BY_MONTH; by++)
            buf_print(out, "%s%s", by ? " " : "", margin_by_name((enum margin_by)by));
    } else if (strcmp(kind, "role") == 0) {
        const char *space = "";
        for (int role = 1; role < ROLE_LIMIT; role++)
            if (role_name((enum role)role)[0] != '\0') {
                buf_print(out, "%s%s", space, role_name((enum role)role));
                space = " ";
            }
    } else if (strcmp(kind, "policy") == 0) {
        const char *space = "";
        for (const struct policy_key *key = policy_keys(); key->name != NULL; key++) {
            for (size_t i = 0; key->values != NULL && key->values[i] != NULL; i++, space = " ")
                buf_print(out, "%s%s=%s", space, key->name, key->values[i]);
            if (key->values == NULL)
                buf_print(out, "%s%s=", space, key->name);
            space = " ";
        }
    } else if (strcmp(kind, "subject") == 0) {
        buf_print(out, "order: document: entry: sku: account:");
    } else if (strcmp(kind, "set") == 0) {
        buf_print(out, "set ");
        choices("policy", out);
    }
}

static void option_words(uint64_t options, struct buf *out)
{
    const char *space = "";
    for (int id = 0; id < OPTION_COUNT; id++)
        if (options & UINT64_C(1) << id) {
            buf_print(out, "%s--%s", space, option_rows[id].name);
            space = " ";
        }
}

static void command_words(struct buf *out)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        buf_print(out, "%s%s", command == commands ? "" : " ", command->name);
}

static bool takes_words(const char *kind)
{
    return kind != NULL && strcmp(kind, "file") != 0 && strcmp(kind, "zone") != 0;
}

static void bash_values(struct buf *out)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option_row *row = &option_rows[id];
        if (row->argument == NULL)
            continue;
        buf_print(out, "        --%s)\n", row->name);
        if (takes_words(row->completes)) {
            buf_print(out, "            COMPREPLY=($(compgen -W '");
            choices(row->completes, out);
            buf_print(out, "' -- \"$word\"))\n");
        } else if (row->completes && strcmp(row->completes, "file") == 0) {
            buf_print(out, "            COMPREPLY=($(compgen -f -- \"$word\"))\n");
        } else if (row->completes) {
            buf_print(out,
                      "            COMPREPLY=($(cd /usr/share/zoneinfo 2>/dev/null && compgen -f -- \"$word\"))\n");
        } else {
            buf_print(out, "            COMPREPLY=()\n");
        }
        buf_print(out, "            return ;;\n");
    }
}

static void bash_commands(struct buf *out)
{
    for (const struct command *command = commands; command->name != NULL; command++) {
        buf_print(out, "        %s)\n            options='", command->name);
        option_words(command->options, out);
        buf_print(out, "'\n");
        if (takes_words(command->completes)) {
            buf_print(out, "            words='");
            choices(command->completes, out);
            buf_print(out, "'\n");
        } else if (command->completes) {
            buf_print(out, "            files=yes\n");
        }
        buf_print(out, "            ;;\n");
    }
}

void completion_bash(struct buf *out)
{
    buf_print(out, "# Made by `tieout --completion bash` from src/cli/commands.c.\n"
                   "_tieout() {\n"
                   "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' options "
                   "words='' files='' i\n"
                   "    if [[ $word == : ]]; then word=''; fi\n"
                   "    case $before in\n");
    bash_values(out);
    buf_print(out, "    esac\n"
                   "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                   "        case ${COMP_WORDS[i]} in\n"
                   "        --store | --company | -s | -c) ((i++)) ;;\n"
                   "        -*) ;;\n"
                   "        *)\n"
                   "            command=${COMP_WORDS[i]}\n"
                   "            break ;;\n"
                   "        esac\n"
                   "    done\n"
                   "    options='");
    option_words(COMMON_OPTIONS | OPT(VERSION), out);
    buf_print(out, "'\n    case $command in\n        '') words='");
    command_words(out);
    buf_print(out, "' ;;\n");
    bash_commands(out);
    buf_print(out, "    esac\n"
                   "    if [[ $word == -* ]]; then words=$options; files=''; fi\n"
                   "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                   "    if [[ -n $files ]]; then COMPREPLY+=($(compgen -f -- \"$word\")); fi\n"
                   "    if [[ ${COMPREPLY[0]-} == *[:=] ]]; then compopt -o nospace; fi\n"
                   "}\n"
                   "complete -o filenames -F _tieout tieout\n");
}

/* Text within single quotes of zsh, in which _arguments reads brackets and colons. */
static void zsh_text(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buf_print(out, "'\\''");
        else if (*text == '[' || *text == ']' || *text == ':')
            buf_print(out, "\\%c", *text);
        else
            buf_put_char(out, *text);
    }
}

/* The space keeps _arguments from adding words of its own. */
static void zsh_words(const char *kind, struct buf *out)
{
    buf_print(out, " _tieout_words ");
    choices(kind, out);
}

static void zsh_options(uint64_t options, struct buf *out)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option_row *row = &option_rows[id];
        if (!(options & UINT64_C(1) << id))
            continue;
        buf_print(out, "                '%s--%s%s[", id == OPTION_SET ? "*" : "", row->name, row->argument ? "=" : "");
        zsh_text(out, row->help);
        buf_print(out, "]");
        if (row->argument) {
            buf_print(out, ":%s:", row->argument);
            if (takes_words(row->completes)) {
                zsh_words(row->completes, out);
            } else if (row->completes) {
                buf_print(out, strcmp(row->completes, "file") == 0 ? "_files" : "_time_zone");
            }
        }
        buf_print(out, "' \\\n");
    }
}

void completion_zsh(struct buf *out)
{
    buf_print(
        out,
        "#compdef tieout\n# Made by `tieout --completion zsh` from src/cli/commands.c.\n"
        "# One of the words given; behind one that ends in : or = more is to be typed, so no space comes after it.\n"
        "_tieout_words() {\n"
        "    local -a whole begun\n"
        "    whole=(${@:#*[:=]})\n"
        "    begun=(${(M)@:#*[:=]})\n"
        "    compadd -a whole\n"
        "    compadd -S '' -a begun\n"
        "    return $((compstate[nmatches] == 0))\n"
        "}\n"
        "_tieout() {\n    local -a commands\n    commands=(\n");
    for (const struct command *command = commands; command->name != NULL; command++) {
        buf_print(out, "        '%s:", command->name);
        zsh_text(out, command->what);
        buf_print(out, "'\n");
    }
    buf_print(out, "    )\n    local line state\n    _arguments -C \\\n");
    zsh_options(COMMON_OPTIONS | OPT(VERSION), out);
    buf_print(out, "        '1: :->command' '*:: :->words'\n    case $state in\n"
                   "    command) _describe 'command' commands ;;\n    words)\n        case $line[1] in\n");
    for (const struct command *command = commands; command->name != NULL; command++) {
        buf_print(out, "        %s)\n            _arguments \\\n", command->name);
        zsh_options(command->options, out);
        if (takes_words(command->completes)) {
            buf_print(out, "                '*: :");
            zsh_words(command->completes, out);
            buf_print(out, "' ;;\n");
        } else {
            buf_print(out,
                      command->completes ? "                '*:file:_files' ;;\n" : "                && return ;;\n");
        }
    }
    buf_print(out, "        esac ;;\n    esac\n}\n_tieout \"$@\"\n");
}
