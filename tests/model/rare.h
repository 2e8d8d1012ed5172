/* rare.h: documents that seldom come about by chance, so that every outcome occurs often enough to be compared. */
#ifndef TIEOUT_TESTS_MODEL_RARE_H
#define TIEOUT_TESTS_MODEL_RARE_H

#include "base/prng.h"
#include "model/document.h"

struct m_rare {
    struct prng prng;
    struct arena *arena;
    const struct m_document **documents; /* the history so far; new ones are added at its end */
    size_t count, room;
    size_t definition_count; /* so many at the start are definitions; those added later are not looked at */
    const char *cost_method; /* of items that name none */
    int32_t first_day;
    int days;
    int made; /* ids */
};

/* Adds a document of some rare kind, or two that belong together; nothing where the history has nothing it could be about. */
void m_rare_make(struct m_rare *rare);

#endif
