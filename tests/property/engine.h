/* engine.h: the engine's side of a random history: a company on one of the two stores, documents put in as some arrival
 * would have it, and everything that can be asked afterwards, as the second model's answer. */
#ifndef TIEOUT_TESTS_PROPERTY_ENGINE_H
#define TIEOUT_TESTS_PROPERTY_ENGINE_H

#include "flow/road.h"
#include "model/history.h"

struct engine {
    struct store *store;
    uint32_t company;
    struct road *road;
    const char *broken; /* the first thing that may never happen, in words; NULL */
    char broken_text[400];
};

/* How documents come in. */
struct arrival {
    const struct m_document **documents;
    size_t count;
    uint64_t seed;       /* of all that is random here; the same arrival is the same truth, row for row */
    size_t most_a_batch; /* documents between two commits: 1 to so many */
    bool reopens; /* the road is closed and opened again after some commits: nothing hangs on what is in memory */
    bool repeats; /* some documents come again, at once or much later */
    const int32_t *locks; /* beside the documents: everything up to that day is closed before the document comes;
                           * INT32_MIN: nothing is. NULL: never */
    bool show;            /* print documents and what became of them */
};

/* A new company with the history's settings in `store`, which stays the caller's. */
void engine_start(struct engine *engine, struct store *store, const char *code, const struct m_generated *generated);
void engine_import(struct engine *engine, const struct arrival *arrival, currency company);
void engine_stop(struct engine *engine);

/* Of an arrival, the documents both sides read, without those that were no document at all or of a form this version
 * does not post; and what hung on the order of arrival: which were refused because of it, and the dates of returns. In
 * key order nothing hangs on it. */
struct accepted {
    struct m_history history;
    struct m_given *given;
    size_t left_out, frozen, unsupported, unreadable;
};
struct accepted engine_accepted(struct engine *engine, const struct m_generated *generated,
                                const struct arrival *arrival, bool in_key_order, struct arena *arena);
/* Everything the model tells, told by the engine. Books are decided again from their first movement on the way (C-5). */
struct m_answer engine_answer(struct engine *engine, const struct m_generated *generated, struct arena *arena);

/* True when both stores hold the same truth and the same views, byte for byte. */
bool engine_same_bytes(struct engine *a, struct engine *b);
/* Verifies the company; then drops its views, makes them again from truth and looks whether they are what they were. */
bool engine_verifies(struct engine *engine);

#endif
