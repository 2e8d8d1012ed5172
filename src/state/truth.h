/* truth.h: the rows of truth, as values (docs/formats/truth.md). A store keeps them; state and flow give them meaning. */
#ifndef TIEOUT_STATE_TRUTH_H
#define TIEOUT_STATE_TRUTH_H

#include "base/hash.h"
#include "base/span.h"
#include <stdint.h>

enum truth_kind {
    TRUTH_DOCUMENT = 1,  /* a document decided: posted, excluded, waiting or failed */
    TRUTH_SET_ASIDE = 2, /* a record that could not be read as a document */
    TRUTH_POLICY = 3,    /* a policy value from a date; also the company's birth */
    TRUTH_PERIOD = 4,    /* a period closed or reopened */
};
enum outcome { OUTCOME_NONE, OUTCOME_POSTED, OUTCOME_EXCLUDED, OUTCOME_WAITING, OUTCOME_FAILED };

/* One packed row. `type` is enum document_type, `refusal` enum refusal; the store does not interpret them. */
struct truth_row {
    uint64_t seq; /* 1, 2, ... per company */
    enum truth_kind kind;
    int32_t day; /* accounting date; 0 where there is none */
    int64_t recorded_at_us;
    int type;
    int64_t version;
    enum outcome outcome;
    int refusal;
    struct span source, id;
    uint64_t raw_block; /* 0: none */
    uint32_t raw_index; /* place in the block, from 0 */
    struct span body;   /* docs/formats/truth.md */
};
/* Up to some tens of raw records in one compressed frame. `first_seq` is the first truth row that refers to it. */
struct raw_block {
    uint64_t number; /* 1, 2, ... per company */
    uint32_t count;
    struct span frame; /* zstd */
};
/* One link of the hash chain per commit: over the seals before, and the rows and raw blocks since. */
struct seal {
    uint64_t number; /* 1, 2, ... per company */
    uint64_t last_seq;
    uint64_t last_raw_block;
    struct hash hash;
};

#endif
