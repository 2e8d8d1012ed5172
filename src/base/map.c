/* map.c: entries in the order they came, and an index of slots that finds them (linear probing,
 * at most half full). A slot keeps 32 bits of the hash, so a probe rarely looks at a wrong key
 * and growing never hashes again. A removed entry leaves a hole in the order, closed when the
 * entries are next full; in the index later slots move back into the gap, so that no tombstones
 * are needed. */
#include "base/map.h"

#include "base/hash.h"
#include <stdlib.h>

enum { FIRST_SLOTS = 16 };
#define NO_KEY SIZE_MAX

struct entry {
    uint64_t value;
    size_t key_at; /* where its key begins in `keys`; NO_KEY once removed */
    uint32_t key_len;
    uint32_t tag;
};
struct slot {
    uint32_t entry; /* index + 1; 0 when free */
    uint32_t tag;
};
struct map {
    struct slot *slots;
    size_t slot_count; /* a power of two, or 0 before the first put */
    struct entry *entries;
    size_t entry_count; /* removed ones included */
    size_t live_count;
    char *keys;
    size_t keys_len;
    size_t keys_capacity;
};

struct map *map_new(void)
{
    struct map *map = calloc(1, sizeof *map);
    if (!map) {
        out_of_memory("a map");
    }
    return map;
}

struct map *map_free(struct map *map)
{
    if (map) {
        free(map->slots);
        free(map->entries);
        free(map->keys);
        free(map);
    }
    return NULL;
}

static inline struct span key_of(const struct map *map, const struct entry *entry)
{
    return (struct span){map->keys + entry->key_at, entry->key_len};
}

/* The slot that holds `key`, or the free slot where it would go. Needs slots. */
static inline struct slot *slot_of(const struct map *map, struct span key, uint32_t tag)
{
    size_t mask = map->slot_count - 1;
    for (size_t at = tag & mask;; at = (at + 1) & mask) {
        struct slot *slot = &map->slots[at];
        if (slot->entry == 0) {
            return slot;
        }
        if (slot->tag == tag && span_eq(key_of(map, &map->entries[slot->entry - 1]), key)) {
            return slot;
        }
    }
}

static uint32_t tag_of(struct span key) { return (uint32_t)hash_mix(key); }

uint64_t *map_find(const struct map *map, struct span key)
{
    if (map->live_count == 0) {
        return NULL;
    }
    const struct slot *slot = slot_of(map, key, tag_of(key));
    return slot->entry ? &map->entries[slot->entry - 1].value : NULL;
}

/* Closes the holes that removals left, keys included. */
static void close_holes(struct map *map)
{
    size_t kept = 0;
    size_t keys_len = 0;
    for (size_t i = 0; i < map->entry_count; i++) {
        struct entry entry = map->entries[i];
        if (entry.key_at == NO_KEY) {
            continue;
        }
        memmove(map->keys + keys_len, map->keys + entry.key_at, entry.key_len);
        entry.key_at = keys_len;
        keys_len += entry.key_len;
        map->entries[kept++] = entry;
    }
    map->entry_count = kept;
    map->keys_len = keys_len;
}

static void fill_slots(struct map *map)
{
    memset(map->slots, 0, map->slot_count * sizeof *map->slots);
    size_t mask = map->slot_count - 1;
    for (size_t i = 0; i < map->entry_count; i++) {
        size_t at = map->entries[i].tag & mask;
        while (map->slots[at].entry != 0) {
            at = (at + 1) & mask;
        }
        map->slots[at] = (struct slot){(uint32_t)(i + 1), map->entries[i].tag};
    }
}

/* Makes room for one more entry: by closing holes when they are many, else by doubling. */
static void make_room(struct map *map)
{
    bool many_holes = map->entry_count - map->live_count > map->slot_count / 8;
    if (map->live_count < map->entry_count) {
        close_holes(map);
    }
    if (!many_holes) {
        size_t slot_count = map->slot_count ? map->slot_count * 2 : FIRST_SLOTS;
        must(slot_count / 2 < UINT32_MAX);
        struct slot *slots = realloc(map->slots, slot_count * sizeof *slots);
        if (!slots) {
            out_of_memory("a map");
        }
        map->slots = slots;
        struct entry *entries = realloc(map->entries, slot_count / 2 * sizeof *entries);
        if (!entries) {
            out_of_memory("a map");
        }
        map->entries = entries;
        map->slot_count = slot_count;
    }
    fill_slots(map);
}

static size_t keep_key(struct map *map, struct span key)
{
    if (key.len > map->keys_capacity - map->keys_len) {
        size_t needed = map->keys_len + key.len;
        size_t capacity = map->keys_capacity ? map->keys_capacity * 2 : 256;
        capacity = capacity < needed ? needed : capacity;
        char *keys = realloc(map->keys, capacity);
        if (!keys) {
            out_of_memory("the keys of a map");
        }
        map->keys = keys;
        map->keys_capacity = capacity;
    }
    size_t at = map->keys_len;
    if (key.len > 0) {
        memcpy(map->keys + at, key.ptr, key.len);
    }
    map->keys_len += key.len;
    return at;
}

bool map_put(struct map *map, struct span key, uint64_t value)
{
    must(key.len <= UINT32_MAX);
    uint32_t tag = tag_of(key);
    if (map->slot_count == 0) {
        make_room(map);
    }
    struct slot *slot = slot_of(map, key, tag);
    if (slot->entry) {
        map->entries[slot->entry - 1].value = value;
        return false;
    }
    if (map->entry_count == map->slot_count / 2) {
        make_room(map);
        slot = slot_of(map, key, tag);
    }
    size_t key_at = keep_key(map, key);
    map->entries[map->entry_count] = (struct entry){value, key_at, (uint32_t)key.len, tag};
    map->entry_count++;
    map->live_count++;
    *slot = (struct slot){(uint32_t)map->entry_count, tag};
    return true;
}

/* Frees the slot at `gap` and moves later slots of the same run back, so that each stays reachable
 * from its home. */
static void close_gap(struct map *map, size_t gap)
{
    size_t mask = map->slot_count - 1;
    for (size_t at = (gap + 1) & mask; map->slots[at].entry != 0; at = (at + 1) & mask) {
        size_t home = map->slots[at].tag & mask;
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            map->slots[gap] = map->slots[at];
            gap = at;
        }
    }
    map->slots[gap] = (struct slot){0};
}

bool map_remove(struct map *map, struct span key)
{
    if (map->live_count == 0) {
        return false;
    }
    struct slot *slot = slot_of(map, key, tag_of(key));
    if (slot->entry == 0) {
        return false;
    }
    map->entries[slot->entry - 1].key_at = NO_KEY;
    map->live_count--;
    close_gap(map, (size_t)(slot - map->slots));
    return true;
}

void map_clear(struct map *map)
{
    if (map->slot_count > 0) {
        memset(map->slots, 0, map->slot_count * sizeof *map->slots);
    }
    map->entry_count = 0;
    map->live_count = 0;
    map->keys_len = 0;
}

size_t map_count(const struct map *map) { return map->live_count; }

bool map_next(const struct map *map, size_t *at, struct span *out_key, uint64_t *out_value)
{
    while (*at < map->entry_count) {
        const struct entry *entry = &map->entries[(*at)++];
        if (entry->key_at != NO_KEY) {
            *out_key = key_of(map, entry);
            *out_value = entry->value;
            return true;
        }
    }
    return false;
}
