/* texts.c: see texts.h. Open addressing, at most half full. */
#include "base/texts.h"

void texts_start(struct texts *texts, struct arena *arena)
{
    texts->arena = arena;
    texts->at = texts->small;
    texts->count = 0;
    texts->room = TEXTS_SMALL / 2;
    texts->slots = memset(texts->small_slots, 0, sizeof texts->small_slots);
    texts->slot_count = TEXTS_SMALL;
}

static uint64_t eight_at(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* Both ends and the length: texts of one document differ there. */
static size_t hash_text(struct span text)
{
    uint64_t head = 0, tail = 0;
    if (text.len >= 8) {
        head = eight_at(text.ptr);
        tail = eight_at(text.ptr + text.len - 8);
    } else {
        memcpy(&head, text.ptr, text.len);
    }
    uint64_t mixed = (head ^ (tail << 1 | tail >> 63) ^ text.len) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(mixed >> 32);
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t slot_of(const struct texts *texts, struct span text)
{
    size_t slot = hash_text(text) & (texts->slot_count - 1);
    while (texts->slots[slot] != 0 && !span_eq(texts->at[texts->slots[slot] - 1], text))
        slot = (slot + 1) & (texts->slot_count - 1);
    return slot;
}

static bool slots_grow(struct texts *texts)
{
    uint32_t *grown = ARENA_ARRAY(texts->arena, uint32_t, texts->slot_count * 4);
    if (grown == NULL)
        return false;
    texts->slots = grown;
    texts->slot_count *= 4;
    for (size_t i = 0; i < texts->count; i++)
        texts->slots[slot_of(texts, texts->at[i])] = (uint32_t)i + 1;
    return true;
}

void texts_add(struct texts *texts, struct span text)
{
    if (text.len == 0 || texts->count >= UINT32_MAX - 1)
        return;
    if (texts->count == texts->room) {
        struct span *grown = ARENA_ARRAY(texts->arena, struct span, texts->room * 2);
        if (grown == NULL)
            return;
        memcpy(grown, texts->at, texts->count * sizeof *grown);
        texts->at = grown;
        texts->room *= 2;
    }
    if ((texts->count + 1) * 2 > texts->slot_count && !slots_grow(texts))
        return;
    size_t slot = slot_of(texts, text);
    if (texts->slots[slot] != 0)
        return;
    texts->at[texts->count++] = text;
    texts->slots[slot] = (uint32_t)texts->count;
}

size_t texts_find(const struct texts *texts, struct span text)
{
    uint32_t place = texts->slots[slot_of(texts, text)];
    return place ? place - 1 : texts->count;
}
