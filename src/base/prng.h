/* prng.h: a small seeded generator (xoshiro256**, seeded by splitmix64) for tests, simulation and demo data.
 * The same seed gives the same numbers on every machine. Never for secrets. */
#ifndef TIEOUT_BASE_PRNG_H
#define TIEOUT_BASE_PRNG_H

#include <stdint.h>

struct prng {
    uint64_t s[4];
};
struct prng prng_make(uint64_t seed);
uint64_t prng_next(struct prng *prng);
/* 0 <= result < bound, unbiased; bound > 0. */
uint64_t prng_below(struct prng *prng, uint64_t bound);
/* low <= result <= high. */
int64_t prng_range(struct prng *prng, int64_t low, int64_t high);
/* True once in `one_in` on average. */
int prng_chance(struct prng *prng, uint64_t one_in);

#endif
