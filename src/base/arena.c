/* arena.c: a chain of blocks, the newest at its head. Blocks double up to a limit, so a small
 * document costs one small block and a large batch few large ones. Under ARENA_DEBUG every
 * object is a block of its own; marks work the same, because a mark is a block and a place in
 * it. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { ALIGNMENT = _Alignof(max_align_t), FIRST_BLOCK = 8 * 1024, LARGEST_BLOCK = 1024 * 1024 };

struct arena_block {
    struct arena_block *older;
    size_t capacity;
    size_t used;
    _Alignas(max_align_t) unsigned char data[];
};

struct arena arena_make(size_t max) { return (struct arena){.max = max}; }

static void *refuse(struct arena *arena)
{
    arena->exhausted = true;
    return NULL;
}

/* How large the next block is, when an object of `needed` bytes does not fit in the present one. */
static size_t next_capacity(const struct arena *arena, size_t needed)
{
#ifdef ARENA_DEBUG
    (void)arena;
    return needed;
#else
    size_t capacity = arena->head ? arena->head->capacity * 2 : FIRST_BLOCK;
    if (capacity > LARGEST_BLOCK) {
        capacity = LARGEST_BLOCK;
    }
    /* A block beyond what may still be handed out would never be filled. */
    size_t left = arena->max - arena->used;
    if (capacity > left) {
        capacity = left;
    }
    return capacity < needed ? needed : capacity;
#endif
}

static bool add_block(struct arena *arena, size_t needed)
{
    size_t capacity = next_capacity(arena, needed);
    struct arena_block *block = malloc(sizeof *block + capacity);
    if (!block) {
        return false;
    }
    block->older = arena->head;
    block->capacity = capacity;
    block->used = 0;
    arena->head = block;
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(struct arena_block) - ALIGNMENT) {
        return refuse(arena);
    }
    /* Even an object of no bytes has an address of its own. */
    size_t rounded = ((size ? size : 1) + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded > arena->max - arena->used) {
        return refuse(arena);
    }
    struct arena_block *block = arena->head;
    if (!block || rounded > block->capacity - block->used) {
        if (!add_block(arena, rounded)) {
            return refuse(arena);
        }
        block = arena->head;
    }
    void *object = block->data + block->used;
    block->used += rounded;
    arena->used += rounded;
    return memset(object, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return refuse(arena);
    }
    return arena_alloc(arena, bytes);
}

struct span arena_copy(struct arena *arena, struct span text)
{
    if (!text.ptr) {
        return text;
    }
    char *copy = text.len < SIZE_MAX ? arena_alloc(arena, text.len + 1) : refuse(arena);
    if (!copy) {
        return (struct span){0};
    }
    memcpy(copy, text.ptr, text.len);
    return (struct span){copy, text.len};
}

struct span arena_print(struct arena *arena, const char *format, ...)
{
    char small[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    must(length >= 0);

    size_t count = (size_t)length;
    if (count < sizeof small) {
        return arena_copy(arena, (struct span){small, count});
    }
    char *text = arena_alloc(arena, count + 1);
    if (!text) {
        return (struct span){0};
    }
    va_start(args, format);
    int again = vsnprintf(text, count + 1, format, args);
    va_end(args);
    must(again == length);
    return (struct span){text, count};
}

bool arena_is_exhausted(const struct arena *arena) { return arena->exhausted; }

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){
        .head = arena->head,
        .block_used = arena->head ? arena->head->used : 0,
        .used = arena->used,
        .exhausted = arena->exhausted,
    };
}

static void drop_head(struct arena *arena)
{
    struct arena_block *block = arena->head;
    arena->head = block->older;
    free(block);
}

/* Drops every block behind the head, which is the largest. */
static void keep_only_head(struct arena *arena)
{
    struct arena_block *kept = arena->head;
    if (!kept) {
        return;
    }
    arena->head = kept->older;
    while (arena->head) {
        drop_head(arena);
    }
#ifdef ARENA_DEBUG
    free(kept);
#else
    kept->older = NULL;
    kept->used = 0;
    arena->head = kept;
#endif
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    must(mark.used <= arena->used);
    if (!mark.head) {
        /* The mark was taken before the first block: what is left is an empty arena. */
        keep_only_head(arena);
    } else {
        while (arena->head != mark.head) {
            must(arena->head != NULL);
            drop_head(arena);
        }
        arena->head->used = mark.block_used;
    }
    arena->used = mark.used;
    arena->exhausted = mark.exhausted;
}

void arena_reset(struct arena *arena)
{
    keep_only_head(arena);
    arena->used = 0;
    arena->exhausted = false;
}

void arena_done(struct arena *arena)
{
    while (arena->head) {
        drop_head(arena);
    }
    arena->used = 0;
    arena->exhausted = false;
}

void *arena_grown(struct arena *arena, const void *from, size_t count, size_t *room, size_t size)
{
    enum { FIRST_ROOM = 4 };
    *room = *room > 0 ? *room * 2 : FIRST_ROOM;
    void *to = arena_array(arena, *room, size);
    must(to != NULL);
    if (count > 0)
        memcpy(to, from, count * size);
    return to;
}
