/* arena.h: memory by lifetime. A caller makes one arena per batch or document, hands it down, and
 * resets it; nothing allocated in it is freed one by one. An arena has a maximum: beyond it
 * arena_alloc returns NULL and the arena remembers (arena_is_exhausted), so a long chain of small
 * allocations can be checked once at its end. Under -DARENA_DEBUG each allocation is its own malloc,
 * so that valgrind and ASan see every object. */
#ifndef TIEOUT_BASE_ARENA_H
#define TIEOUT_BASE_ARENA_H

#include "base/must.h"
#include "base/span.h"
#include <stdbool.h>
#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *head; /* the block in use; older blocks behind it */
    size_t used;              /* bytes handed out since the last reset, each object rounded up to 16 */
    size_t max;               /* the most it may hand out */
    bool exhausted;
};
struct arena_mark {
    struct arena_block *head;
    size_t block_used;
    size_t used;
    bool exhausted;
};

/* An arena that never hands out more than `max` bytes. Allocates nothing yet. */
struct arena arena_make(size_t max);
/* `size` zeroed bytes aligned for any object, or NULL when the maximum or the machine's memory is reached. */
void *arena_alloc(struct arena *arena, size_t size);
/* `count` zeroed objects of `size`, refusing overflow; as arena_alloc. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy of `text` (NUL-terminated behind its end); the absent span when memory ran out. */
struct span arena_copy(struct arena *arena, struct span text);
/* printf into the arena. */
struct span arena_print(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
bool arena_is_exhausted(const struct arena *arena);
struct arena_mark arena_mark(const struct arena *arena);
/* Frees everything allocated since `mark`, and forgets an exhaustion that came after it. */
void arena_rewind(struct arena *arena, struct arena_mark mark);
/* Empties it for reuse (keeps one block). */
void arena_reset(struct arena *arena);
/* Gives all memory back; the arena may be used again. */
void arena_done(struct arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))
/* Makes room for one more in an arena's array that holds `count` of `room`: doubles it when it is full. Memory that runs
 * out is a bug of whoever chose the arena's maximum; the old array stays in the arena. */
#define ARENA_GROW(arena, array, count, room)                                           \
    do {                                                                                \
        if ((count) == (room))                                                          \
            (array) = arena_grown((arena), (array), (count), &(room), sizeof *(array)); \
    } while (0)
void *arena_grown(struct arena *arena, const void *from, size_t count, size_t *room, size_t size);

#endif
