/* key.h: the one order of all movements (docs/formats/order-of-movements.md). A key is made only of what documents say;
 * arrival enters it only where a company chose `backdated` entry_order. */
#ifndef TIEOUT_STOCK_KEY_H
#define TIEOUT_STOCK_KEY_H

#include "base/span.h"
#include <stdint.h>

/* Ranks at one instant. */
enum rank {
    RANK_DEFINITION = 0, /* opening, policy, item and order versions */
    RANK_RECEIPT = 1,
    RANK_TRANSFER = 2, /* and assembly */
    RANK_ISSUE = 3,    /* adjustment, status change and supplier return too */
    RANK_RETURN = 4,
    RANK_MONEY = 5, /* delivery, bill, landed cost, cost correction and money */
    RANK_COUNT = 6,
};

struct key {
    int64_t at_us;
    uint64_t entered; /* backdated entry_order: the decision that entered it; 0: it stands at its instant */
    int64_t since_us; /* ... since when that rule has been in force: behind all that is older */
    enum rank rank;
    struct span source;
    struct span type; /* the type's name */
    struct span id;
    int leg;      /* 0, or 1 for what arrives of a transfer */
    int line;     /* place of the line, from 1; 0 for what concerns the whole document */
    int64_t part; /* place of a component within a bundle's line, from 1; else 0 */
};

/* Negative, zero or positive. */
static inline int key_compare(const struct key *a, const struct key *b)
{
    int64_t a_us = a->entered ? a->since_us : a->at_us;
    int64_t b_us = b->entered ? b->since_us : b->at_us;
    if (a_us != b_us)
        return a_us < b_us ? -1 : 1;
    if (a->entered != b->entered)
        return a->entered < b->entered ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    int order = span_cmp(a->source, b->source);
    if (order == 0)
        order = span_cmp(a->type, b->type);
    if (order == 0)
        order = span_cmp(a->id, b->id);
    if (order != 0)
        return order;
    if (a->leg != b->leg)
        return a->leg < b->leg ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->part > b->part) - (a->part < b->part);
}

#endif
