/* chain.h: the hash chain over a company's truth: one seal a commit, over the seal before, and every row and raw block since. */
#ifndef TIEOUT_FLOW_CHAIN_H
#define TIEOUT_FLOW_CHAIN_H

#include "base/hash.h"
#include "state/truth.h"

void chain_start(struct hasher *hasher, const struct seal *before);
void chain_row(struct hasher *hasher, const struct truth_row *row);
void chain_raw(struct hasher *hasher, const struct raw_block *block);
struct hash chain_end(struct hasher *hasher, uint64_t last_seq, uint64_t last_raw_block);

#endif
