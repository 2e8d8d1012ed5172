/* texts.h: a table of the texts that occur in one packed thing, so that each is written once and from then on named by its
 * place. The writer's and the reader's table grow alike; both borrow. Wire form: buf_put_text, cursor_text in buf.h. */
#ifndef TIEOUT_BASE_TEXTS_H
#define TIEOUT_BASE_TEXTS_H

#include "base/arena.h"
#include "base/span.h"
#include <stdint.h>

enum { TEXTS_SMALL = 64 };
struct texts {
    struct arena *arena; /* of what grows */
    struct span *at;
    size_t count, room;
    uint32_t *slots; /* writer: places + 1 by hash */
    size_t slot_count;
    /* The first of each: few texts need no memory. */
    uint32_t small_slots[TEXTS_SMALL];
    struct span small[TEXTS_SMALL / 2];
};

/* Fills a table that lies where it will stay: it points into itself. */
void texts_start(struct texts *texts, struct arena *arena);
/* Adds a text that is not there yet; empty ones are not counted. Memory that runs out shows in the arena. */
void texts_add(struct texts *texts, struct span text);
/* Its place, or `count` when it is not there. */
size_t texts_find(const struct texts *texts, struct span text);

#endif
