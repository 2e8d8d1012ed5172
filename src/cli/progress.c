/* progress.c: how far a long command is, with rate and time left, on the error output. */
#include "cli/internal.h"

/* Nothing is drawn before this, and not more often than that. */
enum { PATIENCE_US = 2000000, REDRAW_US = 200000 };

struct progress progress_start(const struct cli *cli, const char *what)
{
    int64_t now_us = cli->world->monotonic_us();
    return (struct progress){.cli = cli, .what = what, .start_us = now_us, .patience_from_us = now_us};
}

int64_t progress_elapsed_us(const struct progress *progress)
{
    return progress->cli->world->monotonic_us() - progress->start_us;
}

static void time_write(int64_t seconds, char text[48])
{
    if (seconds < 60)
        (void)snprintf(text, 48, "%lld s", (long long)seconds);
    else
        (void)snprintf(text, 48, "%lld min %02lld s", (long long)(seconds / 60), (long long)(seconds % 60));
}

void progress_tell(struct progress *progress, uint64_t count, uint64_t part, uint64_t whole)
{
    bool forced = progress->cli->given[OPTION_PROGRESS];
    int64_t elapsed_us = progress_elapsed_us(progress);
    if ((!progress->cli->err_is_terminal && !forced) ||
        (elapsed_us + progress->start_us - progress->patience_from_us < PATIENCE_US && !forced) ||
        (progress->drawn && elapsed_us - progress->drawn_us < REDRAW_US))
        return;
    uint64_t rate = elapsed_us > 0 ? count * 1000000 / (uint64_t)elapsed_us : 0;
    char left[48] = "";
    (void)fprintf(stderr, "%s%llu %s, %llu a second", progress->cli->err_is_terminal ? "\r\033[K" : "",
                  (unsigned long long)count, progress->what, (unsigned long long)rate);
    if (whole > 0 && part > 0) {
        uint64_t hundredths = part < whole ? part * 100 / whole : 100;
        time_write((int64_t)((uint64_t)(elapsed_us / 1000) * (whole - (part < whole ? part : whole)) / part / 1000),
                   left);
        (void)fprintf(stderr, ", %llu %%, %s left", (unsigned long long)hundredths, left);
    }
    if (!progress->cli->err_is_terminal)
        (void)fputc('\n', stderr);
    (void)fflush(stderr);
    progress->drawn = true;
    progress->drawn_us = elapsed_us;
}

void progress_end(struct progress *progress)
{
    if (progress->drawn && progress->cli->err_is_terminal)
        (void)fputs("\r\033[K", stderr);
}
