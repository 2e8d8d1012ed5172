/* decide.h: decides one movement on an item's state: which layers, which cost, where differences go. Pure; the rules are
 * those of docs/formats/stock-postings.md. */
#ifndef TIEOUT_STOCK_DECIDE_H
#define TIEOUT_STOCK_DECIDE_H

#include "stock/item_book.h"

struct decision {
    struct item_state *state; /* changed as steps are decided */
    const struct movement *movement;
    struct arena *arena; /* steps */
    struct step *steps;
    size_t step_count, step_room;
    enum book_refusal refusal;
    int64_t held_micro; /* BOOK_SHORT, BOOK_EXCEEDS: what there was */
};

/* Decides `movement` at the end of `state`. On a refusal the state is left half-changed: drop it. */
void decide(struct decision *decision);
/* Whether it can be decided without the units that are gone, in this state. */
bool decide_needs_whole(const struct item_state *state, const struct movement *movement);
/* Whether nothing in it can refuse. */
bool decide_is_certain(const struct item_state *state, const struct movement *movement);

#endif
