/* verify_chain.c: recomputes every seal. A seal covers the rows and raw blocks since the one before it, in the order in
 * which road.c wrote them: a raw block is full, and hashed, right before the first row of the next block, or at the end. */
#include "flow/chain.h"
#include "flow/verify_internal.h"
#include "format/frame.h"

enum { RECORDS_MAX = 65536 };

struct chain_walk {
    struct verify *verify;
    struct arena arena;
    struct hasher hasher, other; /* `other`: as if the last seal had the hash that was computed for it */
    bool doubted;                /* the last seal did not fit its own rows */
    size_t seal;                 /* index of the one that is open */
    uint64_t first_seq, next_seq, first_block, next_block;
    bool failed;
};

static void seal_open(struct chain_walk *walk, const struct seal *before, const struct hash *computed)
{
    struct seal as_computed = *before;
    chain_start(&walk->hasher, before);
    walk->doubted = computed != NULL;
    if (computed != NULL) {
        as_computed.hash = *computed;
        chain_start(&walk->other, &as_computed);
    }
}

/* How many records a frame holds is counted by reading it; a count that no road ever wrote is not worth the reading. */
static bool frame_is_whole(struct chain_walk *walk, const struct raw_block *block)
{
    struct span record;
    struct arena_mark mark = arena_mark(&walk->arena);
    bool good = block->count > 0 && block->count <= RECORDS_MAX &&
                frame_read(block->frame, block->count - 1, &walk->arena, &record);
    arena_rewind(&walk->arena, mark);
    if (good && frame_read(block->frame, block->count, &walk->arena, &record))
        good = false;
    return good;
}

static bool block_take(struct chain_walk *walk)
{
    struct verify *verify = walk->verify;
    struct raw_block block;
    bool found = false;
    uint64_t number = walk->next_block++;
    arena_reset(&walk->arena);
    if (!verify->store->ops->raw_read(verify->store, verify->company, number, &walk->arena, &block, &found,
                                      verify->err))
        return false;
    if (!found) {
        verify_find_row(verify, "chain", "raw", number, "the raw block is missing");
        return true;
    }
    chain_raw(&walk->hasher, &block);
    if (walk->doubted)
        chain_raw(&walk->other, &block);
    verify->counts->raw_blocks++;
    verify->counts->raw_records += block.count;
    if (!frame_is_whole(walk, &block))
        verify_find_row(verify, "chain", "raw", number, "its frame does not hold %u readable records", block.count);
    return true;
}

static void seal_compare(struct chain_walk *walk, const struct seal *seal, const struct hash *computed)
{
    struct verify *verify = walk->verify;
    bool fits = memcmp(computed, &seal->hash, sizeof *computed) == 0;
    if (fits)
        return;
    if (walk->doubted) {
        struct hash other = chain_end(&walk->other, seal->last_seq, seal->last_raw_block);
        if (memcmp(&other, &seal->hash, sizeof other) == 0) {
            verify_find_row(verify, "chain", "seal", seal->number - 1,
                            "the seal itself was altered: the next one still fits the rows it stood for");
            return;
        }
    }
    verify_find_row(verify, "chain", "seal", seal->number,
                    "the chain breaks here: truth %llu to %llu and raw %llu to %llu do not hash to it",
                    (unsigned long long)walk->first_seq, (unsigned long long)(walk->next_seq - 1),
                    (unsigned long long)walk->first_block, (unsigned long long)(walk->next_block - 1));
}

static bool seal_close(struct chain_walk *walk)
{
    struct verify *verify = walk->verify;
    const struct seal *seal = &verify->seals[walk->seal];
    while (walk->next_block <= seal->last_raw_block && walk->next_block <= verify->last_raw_block)
        if (!block_take(walk))
            return false;
    struct hash computed = chain_end(&walk->hasher, seal->last_seq, seal->last_raw_block);
    seal_compare(walk, seal, &computed);
    bool fits = memcmp(&computed, &seal->hash, sizeof computed) == 0;
    verify->counts->seals++;
    walk->seal++;
    walk->first_seq = walk->next_seq;
    walk->first_block = walk->next_block;
    seal_open(walk, seal, fits ? NULL : &computed);
    return true;
}

static bool row_take(struct chain_walk *walk, const struct truth_row *row)
{
    struct verify *verify = walk->verify;
    while (walk->seal < verify->seal_count && row->seq > verify->seals[walk->seal].last_seq)
        if (!seal_close(walk))
            return false;
    if (row->seq != walk->next_seq)
        verify_find_row(verify, "chain", "truth", row->seq, "there is no row %llu before it",
                        (unsigned long long)(row->seq - 1));
    walk->next_seq = row->seq + 1;
    verify->counts->rows++;
    if (walk->seal == verify->seal_count) {
        verify_find_row(verify, "chain", "truth", row->seq, "no seal covers the row");
        return true;
    }
    uint64_t last_block = verify->seals[walk->seal].last_raw_block;
    while (row->raw_block > walk->next_block && walk->next_block <= last_block &&
           walk->next_block <= verify->last_raw_block)
        if (!block_take(walk))
            return false;
    if (row->raw_block > last_block)
        verify_find_row(verify, "chain", "truth", row->seq, "it names raw block %llu, which its seal does not cover",
                        (unsigned long long)row->raw_block);
    chain_row(&walk->hasher, row);
    if (walk->doubted)
        chain_row(&walk->other, row);
    return true;
}

static bool chain_row_each(void *context, const struct truth_row *row)
{
    struct chain_walk *walk = context;
    walk->failed = !row_take(walk, row);
    if (row->seq % 1024 == 0)
        verify_tell(walk->verify, "rows of the chain", row->seq, walk->verify->last_seq);
    return !walk->failed;
}

/* Numbers of seals and what they say of themselves; hashes would tell too, but not in words. */
static void seals_look(struct verify *verify)
{
    struct seal before = {0};
    for (size_t i = 0; i < verify->seal_count; i++) {
        const struct seal *seal = &verify->seals[i];
        if (seal->number != before.number + 1)
            verify_find_row(verify, "chain", "seal", seal->number, "there is no seal %llu before it",
                            (unsigned long long)(seal->number - 1));
        if (seal->last_seq <= before.last_seq || seal->last_raw_block < before.last_raw_block)
            verify_find_row(verify, "chain", "seal", seal->number, "it reaches no further than the seal before");
        before = *seal;
    }
    if (before.last_seq > verify->last_seq)
        verify_find_row(verify, "chain", "seal", before.number,
                        "it covers truth up to %llu, but the last row is %llu: the tail was cut off",
                        (unsigned long long)before.last_seq, (unsigned long long)verify->last_seq);
    if (before.last_raw_block > verify->last_raw_block)
        verify_find_row(verify, "chain", "seal", before.number,
                        "it covers raw blocks up to %llu, but the last one is %llu",
                        (unsigned long long)before.last_raw_block, (unsigned long long)verify->last_raw_block);
    for (uint64_t block = before.last_raw_block + 1; block <= verify->last_raw_block; block++)
        verify_find_row(verify, "chain", "raw", block, "no seal covers the raw block");
}

bool verify_chain(struct verify *verify)
{
    struct chain_walk walk = {.verify = verify,
                              .arena = arena_make((size_t)4 << 30),
                              .first_seq = 1,
                              .next_seq = 1,
                              .first_block = 1,
                              .next_block = 1};
    const struct seal none = {0};
    seals_look(verify);
    seal_open(&walk, &none, NULL);
    bool good = verify->store->ops->truth_scan(verify->store, verify->company, 1, verify->last_seq, chain_row_each,
                                               &walk, verify->err) &&
                !walk.failed;
    while (good && walk.seal < verify->seal_count)
        good = seal_close(&walk);
    arena_done(&walk.arena);
    return good;
}
