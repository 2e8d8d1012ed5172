/* trial.h: one random history through everything that must agree.
 *
 *   as made    in its order of arrival (of one in three the order of keys), on the store in memory; compared with the model
 *   on SQLite  the same arrival: the same truth and the same views, byte for byte, and the same answer; now and then
 *              verified, and its views made again from truth
 *   reordered  the same documents in another order, other batches, some of them twice, the road closed and opened again;
 *              compared with the model's answer to the set it accepted, and with the first run where that is the same set
 *   in order   what posted, in the order of keys: equal to the first run in everything */
#ifndef TIEOUT_TESTS_PROPERTY_TRIAL_H
#define TIEOUT_TESTS_PROPERTY_TRIAL_H

#include "property/coverage.h"
#include <sys/types.h>

enum trial_fault {
    FAULT_MODEL = 1 << 0,     /* as made, the engine differs from the model */
    FAULT_STORES = 1 << 1,    /* the two stores differ */
    FAULT_REORDERED = 1 << 2, /* reordered, the engine differs from the model */
    FAULT_CLEAN = 1 << 3,     /* it differs from a run of what posted in the order of keys (C-5) */
    FAULT_ARRIVAL = 1 << 4,   /* two runs over one accepted set differ (I-3) */
    FAULT_LAW = 1 << 5,       /* something that may never happen: I-2, C-5, J-5, R-1, verify */
    FAULT_CRASH = 1 << 6,     /* the process stopped */
    FAULT_KINDS = 7,
    FAULT_ANY = (1 << FAULT_KINDS) - 1,
};
/* What is left out of a history, by index. */
struct trial_cut {
    bool setting[M_MOST_SETTINGS];
    bool document[256];
};
struct trial_options {
    size_t documents; /* at most so many a history */
    struct m_features allowed;
    unsigned parts;        /* enum m_compare */
    uint64_t verify_every; /* of so many histories one is verified and rebuilt; 0: none */
    unsigned runs;         /* TRIAL_... */
    enum { SHOW_NOTHING, SHOW_AS_MADE, SHOW_REORDERED, SHOW_IN_ORDER } show; /* the documents of that run */
    const struct trial_cut *cut;                                             /* NULL: the whole history */
};
enum { TRIAL_SQLITE = 1, TRIAL_REORDERED = 2, TRIAL_CLEAN = 4, TRIAL_ALL = 7 };

struct trial {
    unsigned faults; /* enum trial_fault */
    size_t documents, unsupported, unreadable, left_out;
    size_t left_out_later; /* by the reordered run, of what the first one accepted */
    size_t definitions, settings;
    char text[6000]; /* the first differences, for people */
};

/* Memory and a SQLite file that many histories share. */
struct bench;
/* A new file in the folder TMPDIR, else /dev/shm, else /tmp. */
struct bench *bench_new(void);
struct bench *bench_free(struct bench *bench);
/* Removes the file of a process that stopped. */
void bench_forget(pid_t process);
/* Runs the history of one seed; `coverage` may be NULL. */
void trial_run(struct bench *bench, uint64_t seed, const struct trial_options *options, struct coverage *coverage,
               struct trial *out);
const char *fault_name(unsigned fault);

#endif
