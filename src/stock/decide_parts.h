/* decide_parts.h: what the deciding of movements is made of; private to stock/. */
#ifndef TIEOUT_STOCK_DECIDE_PARTS_H
#define TIEOUT_STOCK_DECIDE_PARTS_H

#include "base/decimal.h"
#include "stock/decide.h"

/* In-transit units are counted under this name; no location code holds a control character. */
#define TRANSIT_NAME SPAN("\x01transit")

/* Units with one lot on their way between a pool and somewhere else. */
struct slice {
    movement_id lot;
    uint32_t place; /* where it stood; 0: nowhere yet (put_in gives a new place) */
    int64_t qty_micro, value_minor;
    bool owed;          /* lot is the owed slice of the movement itself */
    struct where owner; /* of consigned units: who gets what they cost */
};
struct slices {
    struct slice *at;
    size_t count, room;
    int64_t value_minor; /* sum */
};

void emit(struct decision *d, struct step step);
void refuse(struct decision *d, enum book_refusal refusal, int64_t held_micro);
void slices_add(struct decision *d, struct slices *slices, struct slice slice);
struct span own_pool_name(const struct movement *movement, struct span location);
int open_pool(struct decision *d, enum pool_kind kind, struct span name);
int open_own_pool(struct decision *d, struct span location);
void count_by(struct decision *d, struct span location, enum unit_status status, int64_t qty_micro);
/* Posts value to `where`, tagged; nothing for zero. */
void post_to(struct decision *d, const struct where *where, int64_t value_minor, struct span tag);
/* The same on another day; about another item than the book's where `sku` is not empty. */
void post_on(struct decision *d, const struct where *where, int64_t value_minor, struct span tag, int32_t day,
             struct span sku);
void post_role(struct decision *d, enum role role, int64_t value_minor, struct span tag);
/* Takes up to `wanted` from layer `at` of a pool. */
struct slice take_from_layer(struct decision *d, int pool, size_t at, int64_t wanted_micro);
/* The same under average: its share of a draw valued once, `*draw_minor` of which is left for `wanted` units. */
struct slice take_share(struct decision *d, int pool, size_t at, int64_t wanted_micro, int64_t *draw_minor);
/* An issue by the movement's method; what the pool lacks is owed (or refused). */
struct slices take_out(struct decision *d, int pool, int64_t qty_micro);
/* Takes units to where the movement sends them: own ones, then consigned ones, then it owes. */
void issue(struct decision *d, int pool, int64_t qty_micro);
/* Up to so many consigned units of a location, those that `transfer` ships (0: those that lie there), leave it for nowhere. */
struct slices take_consigned(struct decision *d, struct span location, movement_id transfer, movement_id only_lot,
                             int64_t wanted_micro);
/* Consigned units come to a location. */
void consign(struct decision *d, struct span location, movement_id transfer, const struct slice *slice,
             const struct where *owner);
/* Of so many units that leave a location, how many are consigned ones: what the pool lacks, as far as there are any. */
int64_t consigned_part(const struct decision *d, int pool, int64_t qty_micro);
const struct lot_account *lot_account(const struct item_state *state, movement_id lot);
/* Whether a lot's units are those a pick names. */
bool pick_names(const struct decision *d, const struct movement_pick *pick, movement_id lot);
/* Notes the slices as gone with the movement; `where` NULL: the movement's own. */
void note_gone(struct decision *d, int pool, const struct slices *slices, const struct where *where);
/* An inflow: settles what the pool owes, the rest becomes a layer (at slice.place if given). */
void put_in(struct decision *d, int pool, struct slice slice);
/* What units that enter a pool are worth there: under standard cost their standard, the rest is price difference. */
int64_t at_standard(struct decision *d, int64_t qty_micro, int64_t value_minor);
int64_t gain_value(struct decision *d, int pool, int64_t qty_micro);
/* Spreads value over positions from..from+length of the lot's row; `tag` marks the lines. length < 0: to its end. */
void spread_over_row(struct decision *d, movement_id lot, int64_t from_micro, int64_t length_micro, int64_t value_minor,
                     struct span tag);
/* The units of an owed slice that are in several places are of `lot` now: the first qty of the slice's row. */
void settle_elsewhere(struct decision *d, movement_id owed, movement_id lot, uint32_t place, int64_t qty_micro,
                      int64_t difference_minor);

void decide_sold(struct decision *d);
/* An inflow from a supplier who billed such units before: so many of them are billed. */
void bill_arrived(struct decision *d);
/* Whether the supplier of a receipt line has billed units of the item that have not come yet. */
bool is_billed_ahead(const struct item_state *state, const struct movement *movement);
void decide_return(struct decision *d);
void decide_deliver(struct decision *d);
void decide_bill(struct decision *d);
void decide_landed(struct decision *d);
void decide_supplier_return(struct decision *d);

#endif
