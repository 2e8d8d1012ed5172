/* chain.c: see chain.h. Columns are hashed with the body, so that no part of a row can change unseen. */
#include "flow/chain.h"

void chain_start(struct hasher *hasher, const struct seal *before)
{
    hasher_init(hasher);
    hasher_put_u64(hasher, before->number);
    hasher_put(hasher, (struct span){(const char *)before->hash.bytes, HASH_BYTES});
}

void chain_row(struct hasher *hasher, const struct truth_row *row)
{
    hasher_put_u64(hasher, row->seq);
    hasher_put_u64(hasher, (uint64_t)row->kind);
    hasher_put_u64(hasher, (uint64_t)(int64_t)row->day);
    hasher_put_u64(hasher, (uint64_t)row->recorded_at_us);
    hasher_put_u64(hasher, (uint64_t)row->type);
    hasher_put_u64(hasher, (uint64_t)row->version);
    hasher_put_u64(hasher, (uint64_t)row->outcome);
    hasher_put_u64(hasher, (uint64_t)row->refusal);
    hasher_put_field(hasher, row->source);
    hasher_put_field(hasher, row->id);
    hasher_put_u64(hasher, row->raw_block);
    hasher_put_u64(hasher, row->raw_index);
    hasher_put_field(hasher, row->body);
}

void chain_raw(struct hasher *hasher, const struct raw_block *block)
{
    hasher_put_u64(hasher, block->number);
    hasher_put_u64(hasher, block->count);
    hasher_put_field(hasher, block->frame);
}

struct hash chain_end(struct hasher *hasher, uint64_t last_seq, uint64_t last_raw_block)
{
    hasher_put_u64(hasher, last_seq);
    hasher_put_u64(hasher, last_raw_block);
    return hasher_end(hasher);
}
