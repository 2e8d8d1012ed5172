/* shrink.c: see shrink.h. */
#include "property/shrink.h"
#include "support/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shrinking {
    uint64_t seed;
    struct trial_options options;
    struct trial_cut cut;
    unsigned kind;       /* the fault to keep, */
    char row[12];        /* and what kind of row differs first */
    struct trial *trial; /* of the last try; shared with the process that made it */
    unsigned tries;
};

/* The fault that the fewest runs show comes first: its tries are quick. Or the one that KIND names. */
static unsigned kind_to_keep(unsigned faults)
{
    unsigned asked = (unsigned)from_environment("KIND", FAULT_ANY);

    static const unsigned order[] = {FAULT_CRASH, FAULT_MODEL,     FAULT_CLEAN, FAULT_ARRIVAL,
                                     FAULT_LAW,   FAULT_REORDERED, FAULT_STORES};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (faults & asked & order[i])
            return order[i];
    return 0;
}

static unsigned runs_for(unsigned kind, unsigned allowed)
{
    switch (kind) {
    case FAULT_MODEL: return 0;
    case FAULT_CLEAN: return allowed & TRIAL_CLEAN;
    case FAULT_ARRIVAL:
    case FAULT_REORDERED: return allowed & TRIAL_REORDERED;
    case FAULT_STORES: return allowed & TRIAL_SQLITE;
    default: return allowed;
    }
}

static unsigned try(struct shrinking *s, unsigned show)
{
    s->tries++;
    s->options.show = show;
    s->options.cut = &s->cut;
    *s->trial = (struct trial){.faults = FAULT_CRASH};
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (show == SHOW_NOTHING && freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        (void)setvbuf(stdout, NULL, _IOLBF, 0); /* what a history that stops the program has shown */
        struct bench *bench = bench_new();
        struct trial trial;
        trial_run(bench, s->seed, &s->options, NULL, &trial);
        *s->trial = trial;
        bench_free(bench);
        fflush(NULL);
        _exit(0);
    }
    int status = 0;
    must(child > 0 && waitpid(child, &status, 0) == child);
    if (status != 0)
        bench_forget(child);
    return s->trial->faults;
}

/* "outcome" of "...\nwanted outcome receipt ...": what differs first. */
static void first_row(const struct trial *trial, char out[12])
{
    const char *line = strchr(trial->text, '\n');
    out[0] = 0;
    if (line != NULL)
        (void)sscanf(line, "\n%*s %11s", out);
}

static bool stays(struct shrinking *s)
{
    char row[12];
    if (!(try(s, SHOW_NOTHING) & s->kind))
        return false;
    first_row(s->trial, row);
    return strcmp(row, s->row) == 0;
}

/* Leaves out runs of flags, halves first, as long as the fault stays; true when any went. */
static bool shrink_flags(struct shrinking *s, bool *flags, size_t first, size_t count)
{
    bool any = false;
    bool kept[256];
    for (size_t width = (count - first + 1) / 2; width > 0; width /= 2) {
        for (size_t from = first; from < count; from += width) {
            size_t end = from + width < count ? from + width : count;
            bool all_gone = true;
            memcpy(kept, flags, count * sizeof *flags);
            for (size_t i = from; i < end; i++) {
                all_gone = all_gone && flags[i];
                flags[i] = true;
            }
            if (all_gone)
                continue;
            if (stays(s))
                any = true;
            else
                memcpy(flags, kept, count * sizeof *flags);
        }
    }
    return any;
}

static unsigned show_for(unsigned kind)
{
    switch (kind) {
    case FAULT_CLEAN: return SHOW_IN_ORDER;
    case FAULT_ARRIVAL:
    case FAULT_REORDERED: return SHOW_REORDERED;
    default: return SHOW_AS_MADE;
    }
}

bool shrink(uint64_t seed, const struct trial_options *options)
{
    struct shrinking s = {.seed = seed, .options = *options};
    s.trial = mmap(NULL, sizeof *s.trial, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(s.trial != MAP_FAILED);
    s.kind = kind_to_keep(try(&s, SHOW_NOTHING));
    if (s.kind != 0) {
        s.options.runs = runs_for(s.kind, options->runs);
        size_t documents = s.trial->documents ? s.trial->documents : sizeof s.cut.document;
        size_t settings = s.trial->documents ? s.trial->settings : sizeof s.cut.setting;
        size_t definitions = s.trial->definitions;
        first_row(s.trial, s.row);
        while (shrink_flags(&s, s.cut.document, definitions, documents) ||
               shrink_flags(&s, s.cut.setting, 0, settings)) {
        }
        (void)try(&s, options->show != SHOW_NOTHING ? options->show : show_for(s.kind));
        printf("seed %llu %s; %zu documents are enough (%u tries)\n%s\n", (unsigned long long)seed, fault_name(s.kind),
               s.trial->documents, s.tries, s.trial->text);
    }
    bool failed = s.kind != 0;
    (void)munmap(s.trial, sizeof *s.trial);
    return failed;
}
