/* import.c: tieout import: files or standard input, record by record, onto the road; a commit every 5,000 records. */
#include "cli/internal.h"

#include "base/json_out.h"
#include "flow/road.h"
#include "format/stream.h"
#include "report/names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COMMIT_RECORDS = 5000, TELL_RECORDS = 64 };

struct import {
    struct cli *cli;
    struct road *road;
    struct progress progress;
    uint64_t committed; /* records of commits that stand */
    uint64_t failed_seen;
    size_t show;
    bool unreadable;        /* a file ended before its end */
    struct err input;       /* why */
    uint64_t whole, before; /* bytes of all files, and of those that are done; whole 0: unknown */
};
struct input {
    const char *name;
    int fd;
};

static long input_read(void *context, char *into, size_t room, struct err *err)
{
    const struct input *input = context;
    ssize_t len;
    do
        len = read(input->fd, into, room);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        err_set(err, FAILURE_INPUT, "%s cannot be read: %s", input->name, strerror(errno));
    return len;
}

static bool is_blank(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] != ' ' && line.ptr[i] != '\t' && line.ptr[i] != '\r')
            return false;
    return true;
}

/* A record that failed is shown with its place; the rest of them stand in `tieout outcomes`. */
static void show_failed(struct import *import, const struct input *input, uint64_t line,
                        const struct road_answer *answer)
{
    if (import->failed_seen++ >= import->show)
        return;
    progress_end(&import->progress);
    const char *type = answer->type ? type_name((int)answer->type) : "";
    (void)fprintf(stderr, "%s:%llu: %s%s%.*s%s%s: %.*s\n", input->name, (unsigned long long)line, type,
                  type[0] ? " " : "", SPAN_ARG(answer->id), answer->id.len || type[0] ? ": " : "",
                  reason_name((int)answer->refusal), SPAN_ARG(answer->detail));
}

static bool next_batch(struct import *import)
{
    if (!road_commit(import->road, &import->cli->err))
        return false;
    import->committed = road_counted(import->road)->records;
    return road_begin(import->road, &import->cli->err);
}

static bool take(struct import *import, const struct input *input, struct line_stream *stream, struct span line)
{
    struct road_answer answer;
    uint64_t number = line_stream_number(stream);
    if (is_blank(line))
        return true;
    if (!road_take(import->road, line, span_of(input->name), number, &answer, &import->cli->err))
        return false;
    if (answer.outcome == OUTCOME_FAILED && !answer.known)
        show_failed(import, input, number, &answer);
    uint64_t records = road_counted(import->road)->records;
    if (records % TELL_RECORDS == 0)
        progress_tell(&import->progress, records, import->before + line_stream_consumed(stream), import->whole);
    return records % COMMIT_RECORDS != 0 || next_batch(import);
}

static bool take_lines(struct import *import, struct input *input)
{
    struct line_stream *stream = line_stream_open((struct byte_source){input, input_read}, input->name);
    struct span line;
    enum line_result result = LINE_OK;
    bool good = true;
    while (good && (result = line_stream_next(stream, &line, &import->input)) == LINE_OK)
        good = take(import, input, stream, line);
    import->unreadable = good && result == LINE_FAILED;
    import->before += line_stream_consumed(stream);
    line_stream_close(stream);
    return good;
}

static bool take_file(struct import *import, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    struct input input = {.name = standard ? "standard input" : name, .fd = STDIN_FILENO};
    if (!standard)
        input.fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (input.fd < 0 || (fstat(input.fd, &status) == 0 && S_ISDIR(status.st_mode))) {
        int error = input.fd < 0 ? errno : EISDIR;
        import->unreadable = true;
        err_set(&import->input, FAILURE_INPUT, "%s cannot be read: %s", name, strerror(error));
        if (input.fd >= 0)
            (void)close(input.fd);
        return true;
    }
    bool good = take_lines(import, &input);
    if (!standard)
        (void)close(input.fd);
    return good;
}

/* The bytes to come, so that time left can be told; 0 when one of them is a pipe. */
static uint64_t bytes_of(struct cli *cli)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < cli->word_count; i++) {
        struct stat status;
        int code = strcmp(cli->words[i], "-") == 0 ? fstat(STDIN_FILENO, &status) : stat(cli->words[i], &status);
        if (code != 0 || !S_ISREG(status.st_mode))
            return 0;
        sum += (uint64_t)status.st_size;
    }
    return sum;
}

static void count_write(struct json_out *json, const char *key, uint64_t count)
{
    json_key(json, key);
    json_int(json, (int64_t)count);
}

static void summary_json(const struct import *import, const struct road_counts *counts, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    count_write(&json, "records", counts->records);
    count_write(&json, "known", counts->known);
    count_write(&json, "posted", counts->posted);
    count_write(&json, "excluded", counts->excluded);
    count_write(&json, "waiting", counts->waiting);
    count_write(&json, "failed", counts->failed);
    count_write(&json, "set_aside", counts->set_aside);
    count_write(&json, "released", counts->released);
    json_key(&json, "complete");
    json_bool(&json, !import->unreadable);
    count_write(&json, "elapsed_ms", (uint64_t)(progress_elapsed_us(&import->progress) / 1000));
    json_close_object(&json);
}

static void summary_words(struct import *import, const struct road_counts *counts, struct buf *out)
{
    struct cli *cli = import->cli;
    int64_t elapsed_us = progress_elapsed_us(&import->progress);
    const struct {
        uint64_t count;
        const char *what;
    } rows[] = {
        {counts->records, "records read"},
        {counts->known, "known already"},
        {counts->posted, "posted"},
        {counts->excluded, "excluded by a rule"},
        {counts->waiting, "waiting"},
        {counts->failed, "failed"},
        {counts->released, "that had waited went on"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (i == 0 || rows[i].count > 0)
            buf_print(out, "%12.*s %s\n", SPAN_ARG(text_count(cli, (int64_t)rows[i].count)), rows[i].what);
    int64_t rate = elapsed_us > 0 ? (int64_t)counts->records * 1000000 / elapsed_us : 0;
    buf_print(out, "in %lld.%01lld s, %.*s a second\n", (long long)(elapsed_us / 1000000),
              (long long)(elapsed_us / 100000 % 10), SPAN_ARG(text_count(cli, rate)));
    if (counts->waiting > 0 || counts->failed > 0)
        buf_print(out, "tieout outcomes says what waits and what failed, and why.\n");
}

static bool summary(struct import *import)
{
    const struct road_counts *counts = road_counted(import->road);
    struct buf out = buf_make(4096);
    if (import->cli->given[OPTION_JSON]) {
        summary_json(import, counts, &out);
        buf_put_char(&out, '\n');
    } else {
        summary_words(import, counts, &out);
    }
    if (import->failed_seen > import->show && import->show > 0)
        cli_note("%llu more failed", (unsigned long long)(import->failed_seen - import->show));
    bool good = cli_put(import->cli, &out);
    buf_done(&out);
    return good;
}

/* Puts all files through; false after a failure of the store. */
static bool import_all(struct import *import)
{
    struct cli *cli = import->cli;
    if (!road_begin(import->road, &cli->err))
        return false;
    for (size_t i = 0; i < cli->word_count && !import->unreadable; i++)
        if (!take_file(import, cli->words[i]))
            return false;
    progress_end(&import->progress);
    return road_commit(import->road, &cli->err);
}

static bool words_are_fine(struct cli *cli, size_t *out_show)
{
    if (!cli->given[OPTION_FORMAT])
        return cli_wrong(cli, "import wants to know what the files hold: --format documents");
    if (strcmp(cli->value[OPTION_FORMAT], "documents") != 0)
        return cli_wrong(cli, "--format %s is not known; documents is", cli->value[OPTION_FORMAT]);
    if (cli->word_count == 0)
        return cli_wrong(cli, "import wants files, or - for the standard input");
    if (cli->given[OPTION_SOURCE] && (cli->value[OPTION_SOURCE][0] == '\0' || strlen(cli->value[OPTION_SOURCE]) > 200))
        return cli_wrong(cli, "--source is a code of 1 to 200 bytes");
    return cli_count_option(cli, OPTION_SHOW, 20, out_show);
}

static int import_run(struct cli *cli, struct import *import)
{
    bool good = import_all(import);
    if (!good) {
        progress_end(&import->progress);
        cli_note("%llu records were committed before this; what came after is not in",
                 (unsigned long long)import->committed);
        return cli_fail(cli);
    }
    const struct road_counts *counts = road_counted(import->road);
    int code = counts->waiting > 0 || counts->failed > 0 ? 1 : 0;
    if (!summary(import))
        return cli_fail(cli);
    if (!import->unreadable)
        return code;
    cli_note("%s; what came before is in", import->input.text);
    return err_exit_code(&import->input);
}

int run_import(struct cli *cli)
{
    struct import import = {.cli = cli};
    uint32_t number = 0;
    if (!words_are_fine(cli, &import.show) || !cli_store_open(cli, CLI_OPEN_WRITE) || !cli_company(cli, &number))
        return cli_fail(cli);
    import.road = cli_road(cli, number);
    if (import.road == NULL)
        return cli_fail(cli);
    int code = 0;
    if (!road_company(import.road)->born) {
        err_set(&cli->err, FAILURE_STORE_MISSING, "company %.*s was never begun: tieout init begins it",
                SPAN_ARG(cli_company_code(cli)));
        code = cli_fail(cli);
    } else {
        import.whole = bytes_of(cli);
        import.progress = progress_start(cli, "records");
        code = import_run(cli, &import);
    }
    road_close(import.road);
    return code;
}
