/* map.h: a hash table from byte strings to 64-bit values. Keys are copied. Iteration order is insertion
 * order as long as nothing was removed. */
#ifndef TIEOUT_BASE_MAP_H
#define TIEOUT_BASE_MAP_H

#include "base/must.h"
#include "base/span.h"
#include <stdbool.h>
#include <stdint.h>

struct map; /* opaque */

struct map *map_new(void);
struct map *map_free(struct map *map); /* accepts NULL; returns NULL */
/* Points at the value of `key`, or NULL. Valid until the next put or remove. */
uint64_t *map_find(const struct map *map, struct span key);
/* Sets the value; true when the key was new. */
bool map_put(struct map *map, struct span key, uint64_t value);
bool map_remove(struct map *map, struct span key);
void map_clear(struct map *map);
size_t map_count(const struct map *map);
/* Walks: *at starts at 0; false at the end. No change to the map while walking. */
bool map_next(const struct map *map, size_t *at, struct span *out_key, uint64_t *out_value);

#endif
