/* prng.c: xoshiro256** by Blackman and Vigna, its state filled by splitmix64 so that near seeds
 * give unrelated streams. */
#include "base/prng.h"

#include "base/must.h"

__extension__ typedef unsigned __int128 uint128;

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct prng prng_make(uint64_t seed)
{
    struct prng prng;
    for (int i = 0; i < 4; i++) {
        prng.s[i] = splitmix64(&seed);
    }
    return prng;
}

static uint64_t rotate_left(uint64_t x, int bits) { return (x << bits) | (x >> (64 - bits)); }

uint64_t prng_next(struct prng *prng)
{
    uint64_t *s = prng->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t prng_below(struct prng *prng, uint64_t bound)
{
    must(bound > 0);
    /* The high half of a product is uniform once the few low halves that would favour some results
     * are drawn again. */
    uint64_t unfair = (0 - bound) % bound;
    for (;;) {
        uint128 product = (uint128)prng_next(prng) * bound;
        if ((uint64_t)product >= unfair) {
            return (uint64_t)(product >> 64);
        }
    }
}

int64_t prng_range(struct prng *prng, int64_t low, int64_t high)
{
    must(low <= high);
    uint64_t width = (uint64_t)high - (uint64_t)low;
    uint64_t step = width == UINT64_MAX ? prng_next(prng) : prng_below(prng, width + 1);
    return (int64_t)((uint64_t)low + step);
}

int prng_chance(struct prng *prng, uint64_t one_in) { return prng_below(prng, one_in) == 0; }
