/* decide.c: the movements that look at pools only: in, out, transfers, counts, statuses, values; see decide.h. What also
 * looks at units that are gone is in decide_later.c; the shared parts are in decide_parts.c. */
#include "stock/decide_parts.h"

static void decide_out(struct decision *d)
{
    const struct movement *movement = d->movement;
    issue(d, open_own_pool(d, movement->location), movement->qty_micro);
    if (d->refusal == BOOK_OK && movement->status == UNITS_DAMAGED)
        count_by(d, movement->location, UNITS_DAMAGED, movement->qty_micro);
}

/* Consigned units travel as what they are. */
static void move_consigned(struct decision *d, struct span from, movement_id from_transfer, struct span to,
                           movement_id to_transfer, int64_t qty_micro)
{
    struct slices slices = take_consigned(d, from, from_transfer, 0, qty_micro);
    for (size_t i = 0; i < slices.count; i++)
        consign(d, to, to_transfer, &slices.at[i], &slices.at[i].owner);
}

static void decide_ship(struct decision *d)
{
    const struct movement *movement = d->movement;
    if (movement->costing.company_pool) {
        count_by(d, movement->location, UNITS_OWN, -movement->qty_micro);
        count_by(d, TRANSIT_NAME, UNITS_OWN, movement->qty_micro);
        return;
    }
    int pool = open_own_pool(d, movement->location);
    int64_t consigned_micro = consigned_part(d, pool, movement->qty_micro);
    int64_t own_micro = movement->qty_micro - consigned_micro;
    struct slices slices = own_micro > 0 ? take_out(d, pool, own_micro) : (struct slices){0};
    if (d->refusal != BOOK_OK)
        return;
    count_by(d, movement->location, UNITS_OWN, -own_micro);
    count_by(d, TRANSIT_NAME, UNITS_OWN, own_micro);
    move_consigned(d, movement->location, 0, TRANSIT_NAME, movement->id, consigned_micro);
    int transit = open_pool(d, POOL_TRANSIT, TRANSIT_NAME);
    int64_t freight_minor = movement->value_minor == INT64_MIN ? 0 : movement->value_minor;
    post_to(d, &movement->where, -freight_minor, movement->where.tag);
    int64_t *shares = ARENA_ARRAY(d->arena, int64_t, slices.count);
    int64_t *weights = ARENA_ARRAY(d->arena, int64_t, slices.count);
    must(slices.count == 0 || (shares && weights));
    for (size_t i = 0; i < slices.count; i++)
        weights[i] = slices.at[i].qty_micro;
    if (slices.count > 0)
        split_by_weight(freight_minor, weights, slices.count, shares);
    else /* goods that are not ours bear no cost */
        post_role(d, ROLE_SHIPPING_COST, freight_minor, movement->where.tag);
    for (size_t i = 0; i < slices.count; i++)
        emit(d, (struct step){.kind = STEP_ADD,
                              .pool = transit,
                              .lot = slices.at[i].lot,
                              .place = d->state->next_place,
                              .target = movement->id,
                              .qty_micro = slices.at[i].qty_micro,
                              .value_minor = slices.at[i].value_minor + shares[i]});
}

/* Own units that the transfer has in transit. */
static int64_t shipped_own(const struct decision *d, int transit)
{
    const struct pool *pool = &d->state->pools[transit];
    int64_t qty_micro = 0;
    for (size_t i = 0; i < pool->layer_count; i++)
        if (pool->layers[i].transfer == d->movement->refers)
            qty_micro += pool->layers[i].qty_micro;
    return qty_micro;
}

/* The next of the transfer's units in transit: first in, first out; what this very arrival has settled comes last, or they
 * would settle one another in ever smaller parts. SIZE_MAX: none is left. */
static size_t next_to_arrive(const struct decision *d, const struct pool *transit)
{
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < transit->layer_count; i++) {
        if (transit->layers[i].transfer != d->movement->refers)
            continue;
        if (transit->layers[i].settled != d->movement->id)
            return i;
        if (last == SIZE_MAX)
            last = i;
    }
    return last;
}

/* In transit is a pool as well: under average its draw is valued once, whichever transfer its units are of, and leaves it
 * before its units do. */
static int64_t draw_transit(struct decision *d, int transit, int64_t qty_micro)
{
    const struct pool *pool = &d->state->pools[transit];
    int64_t held_micro = pool_qty(pool);
    if (!d->state->average || qty_micro == 0)
        return 0;
    int64_t draw_minor = partial_draw(pool->value_minor, qty_micro, held_micro);
    if (draw_minor != 0)
        emit(d, (struct step){.kind = STEP_VALUE,
                              .pool = transit,
                              .lot = pool->layers[0].lot,
                              .place = pool->layers[0].place,
                              .value_minor = -draw_minor});
    return draw_minor;
}

/* A slice of that draw. What comes to the pool while its last units arrive goes with the last of them. */
static struct slice take_drawn(struct decision *d, int transit, size_t at, int64_t wanted_micro, int64_t *draw_minor)
{
    const struct pool *pool = &d->state->pools[transit];
    struct slice slice = {.lot = pool->layers[at].lot, .place = pool->layers[at].place};
    slice.qty_micro = wanted_micro < pool->layers[at].qty_micro ? wanted_micro : pool->layers[at].qty_micro;
    int64_t share_minor = partial_draw(*draw_minor, slice.qty_micro, wanted_micro);
    int64_t rest_minor = slice.qty_micro == pool_qty(pool) ? pool->value_minor : 0;
    *draw_minor -= share_minor;
    slice.value_minor = share_minor + rest_minor;
    emit(d, (struct step){.kind = STEP_TAKE,
                          .pool = transit,
                          .lot = slice.lot,
                          .place = slice.place,
                          .qty_micro = slice.qty_micro,
                          .value_minor = rest_minor});
    return slice;
}

static void decide_arrive(struct decision *d)
{
    const struct movement *movement = d->movement;
    int transit = movement->costing.company_pool ? -1 : open_pool(d, POOL_TRANSIT, TRANSIT_NAME);
    int64_t own_micro = transit < 0 ? movement->qty_micro : shipped_own(d, transit);
    if (own_micro > movement->qty_micro)
        own_micro = movement->qty_micro;
    count_by(d, TRANSIT_NAME, UNITS_OWN, -own_micro);
    count_by(d, movement->location, UNITS_OWN, own_micro);
    if (transit < 0)
        return;
    if (movement->qty_micro > own_micro + consigned_qty(d->state, TRANSIT_NAME, movement->refers)) {
        refuse(d, BOOK_EXCEEDS, own_micro + consigned_qty(d->state, TRANSIT_NAME, movement->refers));
        return;
    }
    move_consigned(d, TRANSIT_NAME, movement->refers, movement->location, 0, movement->qty_micro - own_micro);
    int pool = open_own_pool(d, movement->location);
    int64_t draw_minor = draw_transit(d, transit, own_micro);
    for (int64_t wanted_micro = own_micro; wanted_micro > 0 && d->refusal == BOOK_OK;) {
        size_t at = next_to_arrive(d, &d->state->pools[transit]);
        must(at != SIZE_MAX);
        struct slice slice = d->state->average ? take_drawn(d, transit, at, wanted_micro, &draw_minor)
                                               : take_from_layer(d, transit, at, wanted_micro);
        wanted_micro -= slice.qty_micro;
        slice.place = 0;
        put_in(d, pool, slice);
    }
}

static int64_t counted_before(const struct decision *d)
{
    const struct location_count *count = item_state_count(d->state, d->movement->location);
    if (count == NULL)
        return 0;
    if (d->movement->whole)
        return count->units[UNITS_OWN] + count->units[UNITS_DAMAGED] + count->units[UNITS_CONSIGNED];
    if (d->movement->status == UNITS_OWN)
        return count->units[UNITS_OWN] + count->units[UNITS_CONSIGNED] - count->units[UNITS_QUARANTINED];
    return count->units[d->movement->status];
}

/* Units that a count found beyond what is known, at the stated cost or the current one. */
static void count_gain(struct decision *d, int pool, int64_t qty_micro)
{
    const struct movement *movement = d->movement;
    int64_t value_minor = movement->value_minor;
    if (value_minor == INT64_MIN)
        value_minor = gain_value(d, pool, qty_micro);
    else if (!amount_of(qty_micro, value_minor, movement->costing.exponent, &value_minor))
        refuse(d, BOOK_OVERFLOW, 0);
    if (d->refusal != BOOK_OK)
        return;
    post_to(d, &movement->where, -value_minor, movement->where.tag);
    put_in(d, pool, (struct slice){.lot = movement->id, .qty_micro = qty_micro, .value_minor = value_minor});
    count_by(d, movement->location, UNITS_OWN, qty_micro);
}

/* All that is on hand was counted and less was found: own units are missing first, then consigned ones, then damaged ones,
 * which are not valued; and no more can be in quarantine than what was found beside the damaged ones. */
static void whole_loss(struct decision *d, int pool, int64_t qty_micro)
{
    const struct movement *movement = d->movement;
    const struct location_count before = *item_state_count(d->state, movement->location);
    int64_t held_micro = (before.units[UNITS_OWN] > 0 ? before.units[UNITS_OWN] : 0) + before.units[UNITS_CONSIGNED];
    int64_t taken_micro = qty_micro < held_micro ? qty_micro : held_micro;
    if (taken_micro > 0)
        issue(d, pool, taken_micro);
    if (d->refusal != BOOK_OK)
        return;
    count_by(d, movement->location, UNITS_DAMAGED, taken_micro - qty_micro);
    int64_t sound_micro = movement->qty_micro - (before.units[UNITS_DAMAGED] + taken_micro - qty_micro);
    if (sound_micro < 0)
        sound_micro = 0;
    if (before.units[UNITS_QUARANTINED] > sound_micro)
        count_by(d, movement->location, UNITS_QUARANTINED, sound_micro - before.units[UNITS_QUARANTINED]);
}

/* Whether a layer's lot is the one that is counted, or none of those counted by other lines. */
static bool is_counted(const struct decision *d, movement_id lot)
{
    const struct movement *movement = d->movement;
    if (movement->lot.len > 0)
        return pick_names(d, &(struct movement_pick){.lot = movement->lot}, lot);
    for (size_t i = 0; i < movement->pick_count; i++)
        if (pick_names(d, &movement->picks[i], lot))
            return false;
    return true;
}

static void lot_loss(struct decision *d, int pool_index, int64_t qty_micro)
{
    struct slices slices = {0};
    const struct pool *pool = &d->state->pools[pool_index];
    int64_t draw_minor = d->state->average ? partial_draw(pool->value_minor, qty_micro, pool_qty(pool)) : 0;
    int64_t worth_minor = draw_minor;
    int64_t left_micro = qty_micro;
    for (size_t at = 0; left_micro > 0 && at < d->state->pools[pool_index].layer_count;) {
        if (!is_counted(d, d->state->pools[pool_index].layers[at].lot)) {
            at++;
            continue;
        }
        struct slice slice = d->state->average ? take_share(d, pool_index, at, left_micro, &draw_minor)
                                               : take_from_layer(d, pool_index, at, left_micro);
        slices_add(d, &slices, slice);
        left_micro -= slice.qty_micro;
    }
    if (d->state->average)
        emit(d,
             (struct step){.kind = STEP_LAST, .pool = pool_index, .qty_micro = qty_micro, .value_minor = worth_minor});
    note_gone(d, pool_index, &slices, NULL);
    post_to(d, &d->movement->where, slices.value_minor, d->movement->where.tag);
    count_by(d, d->movement->location, UNITS_OWN, -qty_micro);
}

/* Counts by lot look at layers: what the pool holds of the lot. */
static void decide_lot_count(struct decision *d)
{
    int pool = item_state_pool(d->state, POOL_STOCK, d->movement->location);
    int64_t held_micro = 0;
    for (size_t i = 0; pool >= 0 && i < d->state->pools[pool].layer_count; i++)
        if (is_counted(d, d->state->pools[pool].layers[i].lot))
            held_micro += d->state->pools[pool].layers[i].qty_micro;
    if (d->movement->qty_micro > held_micro)
        count_gain(d, open_own_pool(d, d->movement->location), d->movement->qty_micro - held_micro);
    else if (d->movement->qty_micro < held_micro)
        lot_loss(d, pool, held_micro - d->movement->qty_micro);
}

static bool is_by_lot(const struct movement *movement) { return movement->lot.len > 0 || movement->pick_count > 0; }

static void decide_count(struct decision *d)
{
    const struct movement *movement = d->movement;
    if (is_by_lot(movement)) {
        decide_lot_count(d);
        return;
    }
    int64_t difference_micro = movement->qty_micro - counted_before(d);
    if (difference_micro == 0)
        return;
    if (!movement->whole && movement->status == UNITS_DAMAGED) {
        count_by(d, movement->location, UNITS_DAMAGED, difference_micro);
        return;
    }
    int pool = open_own_pool(d, movement->location);
    if (difference_micro > 0)
        count_gain(d, pool, difference_micro);
    else if (movement->whole)
        whole_loss(d, pool, -difference_micro);
    else
        issue(d, pool, -difference_micro);
    if (d->refusal == BOOK_OK && !movement->whole && movement->status == UNITS_QUARANTINED)
        count_by(d, movement->location, UNITS_QUARANTINED, difference_micro);
}

/* No more can leave a status than its counter holds; sellable units have none and may be owed. */
static bool leaves_status(struct decision *d, enum unit_status status, int64_t qty_micro)
{
    const struct location_count *count = item_state_count(d->state, d->movement->location);
    int64_t held_micro = count ? count->units[status] : 0;
    if (qty_micro <= held_micro)
        return true;
    refuse(d, BOOK_EXCEEDS, held_micro);
    return false;
}

static void decide_in(struct decision *d)
{
    const struct movement *movement = d->movement;
    if (movement->status == UNITS_DAMAGED && !leaves_status(d, UNITS_DAMAGED, movement->qty_micro))
        return;
    if (movement->status == UNITS_CONSIGNED) {
        struct slice slice = {
            .lot = movement->id, .qty_micro = movement->qty_micro, .value_minor = movement->value_minor};
        consign(d, movement->location, 0, &slice, &movement->where);
        return;
    }
    int pool = open_own_pool(d, movement->location);
    int64_t value_minor = movement->value_minor;
    if (value_minor == INT64_MIN)
        value_minor = gain_value(d, pool, movement->qty_micro);
    post_to(d, &movement->where, -value_minor, movement->where.tag);
    put_in(d, pool,
           (struct slice){.lot = movement->refers ? movement->refers : movement->id,
                          .qty_micro = movement->qty_micro,
                          .value_minor = value_minor});
    count_by(d, movement->location, UNITS_OWN, movement->qty_micro);
    if (movement->status == UNITS_DAMAGED)
        count_by(d, movement->location, UNITS_DAMAGED, -movement->qty_micro);
    bill_arrived(d);
}

/* Goods received before the cut-over and not billed. Those of them that are in no layer any more went before it, and stand
 * first in the row: what a bill adds to their cost has nobody to follow. */
static void decide_purchase(struct decision *d)
{
    const struct movement *movement = d->movement;
    movement_id lot = movement->refers ? movement->refers : movement->id;
    int64_t missing_micro = movement->qty_micro;
    for (size_t i = 0; i < d->state->gone_count; i++)
        if (d->state->gone[i].lot == lot)
            missing_micro -= d->state->gone[i].qty_micro;
    for (size_t p = 0; p < d->state->pool_count; p++)
        for (size_t i = 0; i < d->state->pools[p].layer_count; i++)
            if (d->state->pools[p].layers[i].lot == lot)
                missing_micro -= d->state->pools[p].layers[i].qty_micro;
    post_to(d, &movement->where, -movement->value_minor, SPAN("opening"));
    post_role(d, ROLE_OPENING_EQUITY, movement->value_minor, SPAN("opening"));
    if (missing_micro <= 0)
        return;
    struct where *nobody = ARENA_NEW(d->arena, struct where);
    must(nobody != NULL);
    *nobody = (struct where){.role = ROLE_PRICE_DIFFERENCE};
    emit(d, (struct step){.kind = STEP_GONE, .lot = lot, .place = 1, .qty_micro = missing_micro, .where = nobody});
}

static void decide_status(struct decision *d)
{
    if (d->movement->qty_micro < 0 && !leaves_status(d, d->movement->status, -d->movement->qty_micro))
        return;
    count_by(d, d->movement->location, d->movement->status, d->movement->qty_micro);
}

enum spread { BY_VALUE, BY_QTY, BY_WRITTEN_DOWN };

static int64_t layer_weight(const struct decision *d, const struct layer *layer, enum spread by)
{
    return by == BY_QTY     ? layer->qty_micro
           : by == BY_VALUE ? layer->value_minor
                            : written_down_open(&layer->written, d->movement);
}

/* Spreads value over the layers of a pool by their values, quantities or what they are written down by, none below zero.
 * What they took. */
static int64_t spread_over_layers(struct decision *d, int pool_index, int64_t value_minor, enum spread by)
{
    const struct pool *pool = &d->state->pools[pool_index];
    size_t count = pool->layer_count;
    if (count == 0)
        return 0;
    if (d->state->average) {
        emit(d, (struct step){.kind = STEP_VALUE,
                              .pool = pool_index,
                              .lot = pool->layers[0].lot,
                              .place = pool->layers[0].place,
                              .value_minor = value_minor});
        return value_minor;
    }
    int64_t *weights = ARENA_ARRAY(d->arena, int64_t, count);
    int64_t *parts = ARENA_ARRAY(d->arena, int64_t, count);
    must(weights && parts);
    for (size_t i = 0; i < count; i++)
        weights[i] = layer_weight(d, &pool->layers[i], by);
    split_by_weight(value_minor, weights, count, parts);
    int64_t taken_minor = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t part_minor = parts[i] < -pool->layers[i].value_minor ? -pool->layers[i].value_minor : parts[i];
        taken_minor += part_minor;
        if (part_minor != 0)
            emit(d, (struct step){.kind = STEP_VALUE,
                                  .pool = pool_index,
                                  .lot = pool->layers[i].lot,
                                  .place = pool->layers[i].place,
                                  .value_minor = part_minor});
    }
    return taken_minor;
}

/* A write-down is taken back up to cost: under us_gaap only within the (calendar) year in which it was made. */
static bool takes_write_down_back(const struct movement *movement)
{
    return movement->value_minor > 0 && movement->where.role == ROLE_INVENTORY_WRITE_DOWN;
}

static int64_t written_down_of(const struct decision *d, const struct pool *pool)
{
    int64_t open_minor = written_down_open(&pool->written, d->movement);
    for (size_t i = 0; i < pool->layer_count; i++)
        open_minor += written_down_open(&pool->layers[i].written, d->movement);
    return open_minor;
}

static void decide_value(struct decision *d)
{
    const struct movement *movement = d->movement;
    int pool = item_state_pool(d->state, POOL_STOCK, own_pool_name(movement, movement->location));
    int64_t held_minor = pool < 0 ? 0 : pool_value(d->state, &d->state->pools[pool]);
    bool has_layers = pool >= 0 && d->state->pools[pool].layer_count > 0;
    if (!has_layers || held_minor + movement->value_minor < 0) {
        refuse(d, BOOK_EXCEEDS, held_minor);
        return;
    }
    bool back = takes_write_down_back(movement);
    if (back && written_down_of(d, &d->state->pools[pool]) < movement->value_minor) {
        refuse(d, BOOK_EXCEEDS, written_down_of(d, &d->state->pools[pool]));
        return;
    }
    int64_t taken_minor = spread_over_layers(d, pool, movement->value_minor, back ? BY_WRITTEN_DOWN : BY_VALUE);
    post_to(d, &movement->where, -taken_minor, movement->where.tag);
}

static void decide_standard(struct decision *d)
{
    const struct movement *movement = d->movement;
    for (size_t i = 0; i < d->state->pool_count; i++) {
        const struct pool *pool = &d->state->pools[i];
        int64_t change_minor = 0;
        if (pool->layer_count == 0)
            continue;
        if (!amount_of(pool_qty(pool), movement->standard_micro - movement->last_micro, movement->costing.exponent,
                       &change_minor)) {
            refuse(d, BOOK_OVERFLOW, 0);
            return;
        }
        int64_t held_minor = pool_value(d->state, pool);
        if (held_minor + change_minor < 0)
            change_minor = -held_minor;
        post_to(d, &movement->where, -spread_over_layers(d, (int)i, change_minor, BY_QTY), movement->where.tag);
    }
}

/* Cost of sales of so many units of the order line, against goods sold and not shipped, at `location`. */
static void post_sold(struct decision *d, struct span location, int64_t qty_micro, int64_t value_minor)
{
    emit(d, (struct step){.kind = STEP_SOLD, .name = location, .qty_micro = qty_micro, .value_minor = value_minor});
    struct where where = d->movement->where;
    where.location = location;
    post_to(d, &where, value_minor, where.tag);
    where.role = ROLE_GOODS_SOLD_NOT_SHIPPED;
    post_to(d, &where, -value_minor, where.tag);
}

/* Units sold before they ship cost what the pool's units cost then; they leave later. What stands for units that do ship,
 * or are not sold after all, is taken back where it stands. */
void decide_sold(struct decision *d)
{
    const struct movement *movement = d->movement;
    if (movement->qty_micro > 0) {
        int pool = open_own_pool(d, movement->location);
        int64_t value_minor = gain_value(d, pool, movement->qty_micro);
        if (d->refusal == BOOK_OK)
            post_sold(d, movement->location, movement->qty_micro, value_minor);
        return;
    }
    int64_t wanted_micro = -movement->qty_micro;
    for (size_t at = 0; at < d->state->sold_count && wanted_micro > 0;) {
        const struct sold sold = d->state->sold[at];
        if (!is_sold_of(&sold, movement)) {
            at++;
            continue;
        }
        int64_t qty_micro = wanted_micro < sold.qty_micro ? wanted_micro : sold.qty_micro;
        post_sold(d, sold.location, -qty_micro, -partial_draw(sold.value_minor, qty_micro, sold.qty_micro));
        wanted_micro -= qty_micro;
    }
    must(wanted_micro == 0); /* the order's book counts the same units */
}

void decide(struct decision *d)
{
    if (!d->state->whole && decide_needs_whole(d->state, d->movement)) {
        refuse(d, BOOK_NEEDS_WHOLE, 0);
        return;
    }
    item_state_begin(d->state, d->movement);
    switch (d->movement->kind) {
    case MOVE_IN: decide_in(d); return;
    case MOVE_OUT: decide_out(d); return;
    case MOVE_SHIP: decide_ship(d); return;
    case MOVE_ARRIVE: decide_arrive(d); return;
    case MOVE_COUNT: decide_count(d); return;
    case MOVE_STATUS: decide_status(d); return;
    case MOVE_VALUE: decide_value(d); return;
    case MOVE_STANDARD: decide_standard(d); return;
    case MOVE_CORRECT: return;
    case MOVE_SOLD: decide_sold(d); return;
    case MOVE_PURCHASE: decide_purchase(d); return;
    case MOVE_RETURN: decide_return(d); return;
    case MOVE_DELIVER: decide_deliver(d); return;
    case MOVE_BILL: decide_bill(d); return;
    case MOVE_LANDED:
    case MOVE_FOLLOW: decide_landed(d); return;
    case MOVE_SUPPLIER_RETURN: decide_supplier_return(d); return;
    }
    must(!"a known movement");
}

static bool settles_elsewhere(const struct item_state *state, const struct movement *movement)
{
    int pool = item_state_pool(state, POOL_STOCK, own_pool_name(movement, movement->location));
    if (pool < 0)
        return false;
    for (size_t i = 0; i < state->pools[pool].owed_count; i++)
        if (state->pools[pool].owed[i].elsewhere)
            return true;
    return false;
}

bool decide_needs_whole(const struct item_state *state, const struct movement *movement)
{
    switch (movement->kind) {
    case MOVE_COUNT: return is_by_lot(movement) || settles_elsewhere(state, movement);
    case MOVE_IN: return settles_elsewhere(state, movement) || is_billed_ahead(state, movement);
    case MOVE_ARRIVE: return settles_elsewhere(state, movement);
    case MOVE_OUT:
    case MOVE_SHIP: return movement->pick_count > 0;
    case MOVE_VALUE: return takes_write_down_back(movement);
    case MOVE_STATUS:
    case MOVE_CORRECT:
    case MOVE_SOLD:
    case MOVE_STANDARD: return false;
    case MOVE_RETURN:
    case MOVE_DELIVER:
    case MOVE_BILL:
    case MOVE_LANDED:
    case MOVE_FOLLOW:
    case MOVE_PURCHASE:
    case MOVE_SUPPLIER_RETURN: return true;
    }
    return true;
}

/* Figures of an ordinary size: no product of them comes near 63 bits, so nothing can overflow on the way. */
static bool is_ordinary(const struct item_state *state, const struct movement *movement)
{
    const int64_t ordinary = INT64_C(1000000000000); /* a million units; ten billion in cents */
    int pool = item_state_pool(state, POOL_STOCK, own_pool_name(movement, movement->location));
    int64_t last_minor = pool >= 0 ? state->pools[pool].last_value_minor : 0;
    int64_t last_micro = pool >= 0 ? state->pools[pool].last_qty_micro : 0;
    bool unit_fits = last_micro == 0 || last_minor / (last_micro / MICRO + 1) < 1000000000;
    if (last_micro > 0 && last_micro < MICRO / 1000)
        unit_fits = last_minor < 1000;
    return movement->qty_micro < ordinary && (movement->value_minor == INT64_MIN || movement->value_minor < ordinary) &&
           unit_fits && movement->last_micro < ordinary && movement->standard_micro < ordinary;
}

bool decide_is_certain(const struct item_state *state, const struct movement *movement)
{
    switch (movement->kind) {
    case MOVE_STATUS: return movement->qty_micro >= 0;
    case MOVE_CORRECT: return true;
    case MOVE_IN: return movement->status != UNITS_DAMAGED && is_ordinary(state, movement);
    case MOVE_OUT:
        return !movement->costing.refuse_short && movement->costing.method != METHOD_SPECIFIC &&
               is_ordinary(state, movement);
    case MOVE_RETURN:
    case MOVE_DELIVER:
    case MOVE_LANDED:
    case MOVE_FOLLOW:
    case MOVE_SHIP:
    case MOVE_ARRIVE:
    case MOVE_COUNT:
    case MOVE_SOLD:
    case MOVE_VALUE:
    case MOVE_STANDARD:
    case MOVE_BILL:
    case MOVE_PURCHASE:
    case MOVE_SUPPLIER_RETURN: return false;
    }
    return false;
}
