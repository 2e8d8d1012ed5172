/* hash.h: hashes. The chain and content identity use BLAKE2b (libsodium); hash tables use a fast 64-bit mix. */
#ifndef TIEOUT_BASE_HASH_H
#define TIEOUT_BASE_HASH_H

#include "base/span.h"
#include <stddef.h>
#include <stdint.h>

enum { HASH_BYTES = 32 };
struct hash {
    unsigned char bytes[HASH_BYTES];
};
/* A running BLAKE2b-256. */
struct hasher {
    _Alignas(64) unsigned char state[384];
};

void hasher_init(struct hasher *hasher);
void hasher_put(struct hasher *hasher, struct span bytes);       /* the bytes only */
void hasher_put_u64(struct hasher *hasher, uint64_t value);      /* 8 bytes little-endian */
void hasher_put_field(struct hasher *hasher, struct span bytes); /* length, then bytes: unambiguous */
struct hash hasher_end(struct hasher *hasher);
struct hash hash_of(struct span bytes);
/* The first eight bytes of BLAKE2b: stable, may be stored. */
uint64_t hash64_of(struct span bytes);
/* Fast, in-process only; never stored. */
uint64_t hash_mix(struct span bytes);
/* 64 lower-case hex digits and a NUL. */
const char *hash_write(struct hash hash, char out[65]);

#endif
