/* hash.c: the only file that knows libsodium. */
#include "base/hash.h"

#include "base/must.h"
#include <sodium.h>
#include <stdatomic.h>

__extension__ typedef unsigned __int128 uint128;

_Static_assert(sizeof(crypto_generichash_state) <= sizeof((struct hasher *)0)->state,
               "a hasher has room for libsodium's state");
_Static_assert(_Alignof(crypto_generichash_state) <= _Alignof(struct hasher),
               "a hasher is aligned for libsodium's state");

/* libsodium chooses its fastest code when it starts; without that it would use the portable one. */
static void start_sodium(void)
{
    static atomic_bool started;
    if (!atomic_load_explicit(&started, memory_order_acquire)) {
        must(sodium_init() >= 0);
        atomic_store_explicit(&started, true, memory_order_release);
    }
}

static crypto_generichash_state *state_of(struct hasher *hasher)
{
    return (crypto_generichash_state *)(void *)hasher->state;
}

void hasher_init(struct hasher *hasher)
{
    start_sodium();
    must(crypto_generichash_init(state_of(hasher), NULL, 0, HASH_BYTES) == 0);
}

void hasher_put(struct hasher *hasher, struct span bytes)
{
    if (bytes.len > 0) {
        must(crypto_generichash_update(state_of(hasher), (const unsigned char *)bytes.ptr, bytes.len) == 0);
    }
}

void hasher_put_u64(struct hasher *hasher, uint64_t value)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
    must(crypto_generichash_update(state_of(hasher), bytes, sizeof bytes) == 0);
}

void hasher_put_field(struct hasher *hasher, struct span bytes)
{
    hasher_put_u64(hasher, bytes.len);
    hasher_put(hasher, bytes);
}

struct hash hasher_end(struct hasher *hasher)
{
    struct hash hash;
    must(crypto_generichash_final(state_of(hasher), hash.bytes, sizeof hash.bytes) == 0);
    return hash;
}

struct hash hash_of(struct span bytes)
{
    start_sodium();
    struct hash hash;
    must(crypto_generichash(hash.bytes, sizeof hash.bytes, (const unsigned char *)bytes.ptr, bytes.len, NULL, 0) == 0);
    return hash;
}

uint64_t hash64_of(struct span bytes)
{
    struct hash hash = hash_of(bytes);
    /* Most significant first, so that its hex form is the beginning of the whole hash's. */
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value = value << 8 | hash.bytes[i];
    }
    return value;
}

/* Arbitrary odd numbers with about as many ones as zeros. */
#define MIX_A UINT64_C(0x8f1bbcdcbfa53e0b)
#define MIX_B UINT64_C(0xd6e8feb86659fd93)
#define MIX_C UINT64_C(0xa0b428db2c7f5e19)

static inline uint64_t load64(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t load32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* Both halves of the full product: every input bit reaches every output bit. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
    uint128 product = (uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_mix(struct span bytes)
{
    const char *at = bytes.ptr;
    size_t len = bytes.len;
    uint64_t state = MIX_A ^ fold(len ^ MIX_B, MIX_C);
    for (; len > 16; at += 16, len -= 16) {
        state = fold(load64(at) ^ MIX_B, load64(at + 8) ^ state);
    }
    /* Of the last 1 to 16 bytes the two halves may overlap; the length above tells them apart. */
    uint64_t first = 0;
    uint64_t second = 0;
    if (len >= 8) {
        first = load64(at);
        second = load64(at + len - 8);
    } else if (len >= 4) {
        first = load32(at);
        second = load32(at + len - 4);
    } else if (len > 0) {
        const unsigned char *byte = (const unsigned char *)at;
        first = (uint64_t)byte[0] << 16 | (uint64_t)byte[len / 2] << 8 | byte[len - 1];
    }
    return fold(fold(first ^ MIX_B, second ^ state) ^ MIX_C, state ^ MIX_A);
}

const char *hash_write(struct hash hash, char out[65])
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < HASH_BYTES; i++) {
        out[2 * i] = DIGITS[hash.bytes[i] >> 4];
        out[2 * i + 1] = DIGITS[hash.bytes[i] & 15];
    }
    out[2 * HASH_BYTES] = '\0';
    return out;
}
