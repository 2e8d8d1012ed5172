/* decide_later.c: what acts on units wherever they are by now: returns, deliveries, bills, later costs, returns to the
 * supplier. All of it needs the whole state; see decide.h. */
#include "stock/decide_parts.h"

__extension__ typedef __int128 wide;

/* One place of a lot's row: gone units, or a layer. */
struct row_place {
    bool is_gone;
    size_t index; /* of gone, or of the layer in its pool */
    int pool;
    uint32_t place;
    int64_t qty_micro;
};
struct row {
    struct row_place *at;
    size_t count;
};

static int place_order(const struct row_place *a, const struct row_place *b, const struct item_state *state)
{
    bool a_stock = state->pools[a->pool].kind == POOL_STOCK;
    bool b_stock = state->pools[b->pool].kind == POOL_STOCK;
    if (a_stock != b_stock)
        return a_stock ? 1 : -1;
    return (a->place > b->place) - (a->place < b->place);
}

/* Gone units in the order they went, then in transit, then layers by place. */
static struct row row_of(const struct decision *d, movement_id lot)
{
    const struct item_state *state = d->state;
    size_t room = state->gone_count;
    for (size_t p = 0; p < state->pool_count; p++)
        room += state->pools[p].layer_count;
    struct row row = {.at = ARENA_ARRAY(d->arena, struct row_place, room ? room : 1)};
    must(row.at != NULL);
    for (size_t i = 0; i < state->gone_count; i++)
        if (state->gone[i].lot == lot && !state->gone[i].to_supplier)
            row.at[row.count++] =
                (struct row_place){.is_gone = true, .index = i, .qty_micro = state->gone[i].qty_micro};
    size_t first_layer = row.count;
    for (size_t p = 0; p < state->pool_count; p++)
        for (size_t i = 0; i < state->pools[p].layer_count; i++) {
            const struct layer *layer = &state->pools[p].layers[i];
            if (layer->lot != lot)
                continue;
            struct row_place place = {.index = i, .pool = (int)p, .place = layer->place, .qty_micro = layer->qty_micro};
            size_t at = row.count++;
            while (at > first_layer && place_order(&row.at[at - 1], &place, state) > 0) {
                row.at[at] = row.at[at - 1];
                at--;
            }
            row.at[at] = place;
        }
    return row;
}

/* Each place's share by quantity, cut toward zero; the odd cents go to the first place. What is left for units that are in
 * no place any more: sent back to a supplier (docs/formats/stock-postings.md, row of a lot). */
static int64_t cut_shares(int64_t value_minor, int64_t total_micro, const struct row_place *places, size_t count,
                          int64_t *out_shares)
{
    wide product = value_minor;
    int64_t nowhere_micro = total_micro;
    int64_t odd_minor = value_minor;
    for (size_t i = 0; i < count; i++) {
        out_shares[i] = (int64_t)(product * places[i].qty_micro / total_micro);
        odd_minor -= out_shares[i];
        nowhere_micro -= places[i].qty_micro;
    }
    int64_t nowhere_minor = (int64_t)(product * nowhere_micro / total_micro);
    out_shares[0] += odd_minor - nowhere_minor;
    return nowhere_minor;
}

static bool is_undelivered(enum role role) { return role == ROLE_GOODS_OUT || role == ROLE_DEFERRED_DROPSHIP_COST; }

/* Where their cost stands once they are. */
static enum role delivered_role(enum role role)
{
    return role == ROLE_GOODS_OUT                ? ROLE_COGS
           : role == ROLE_DEFERRED_DROPSHIP_COST ? ROLE_COST_OF_SALES_DROPSHIP
                                                 : role;
}

/* The day on which a share of later cost on gone units stands: under true_up origin_if_open the day since which their cost
 * is recognised, if that was open; what lies in goods out or in an assembly's output is not recognised yet. */
static int32_t share_day(const struct decision *d, const struct gone *gone)
{
    const struct movement_origin *origin = d->movement->origin;
    bool recognised = !is_undelivered(gone->where.role) && gone->where.role != ROLE_PRODUCTION_COSTS_ABSORBED;
    return origin != NULL && recognised && gone->day >= origin->open_from ? gone->day : d->movement->day;
}

/* Puts `value` on one place; what a layer cannot bear goes to price difference. */
static void value_on_place(struct decision *d, const struct row_place *place, movement_id lot, int64_t value_minor,
                           struct span tag)
{
    if (value_minor == 0)
        return;
    if (place->is_gone) {
        const struct where where = d->state->gone[place->index].where;
        int32_t day = share_day(d, &d->state->gone[place->index]);
        emit(d, (struct step){.kind = STEP_COST,
                              .index = (uint32_t)place->index,
                              .target = d->state->gone[place->index].movement,
                              .value_minor = value_minor});
        if (day == d->movement->day)
            post_to(d, &where, value_minor, tag);
        else
            post_on(d, &where, value_minor, tag, day, SPAN(""));
        return;
    }
    const struct pool *pool = &d->state->pools[place->pool];
    bool pooled = d->state->average;
    int64_t held_minor = pool->value_minor;
    for (size_t i = 0; !pooled && i < pool->layer_count; i++)
        if (pool->layers[i].lot == lot && pool->layers[i].place == place->place)
            held_minor = pool->layers[i].value_minor;
    int64_t borne_minor = held_minor + value_minor < 0 ? -held_minor : value_minor;
    if (d->movement->costing.method == METHOD_STANDARD)
        borne_minor = 0; /* layers stay at standard */
    if (borne_minor != 0)
        emit(d, (struct step){.kind = STEP_VALUE,
                              .pool = place->pool,
                              .lot = lot,
                              .place = place->place,
                              .value_minor = borne_minor});
    post_role(d, ROLE_PRICE_DIFFERENCE, value_minor - borne_minor, tag);
}

void spread_over_row(struct decision *d, movement_id lot, int64_t from_micro, int64_t length_micro, int64_t value_minor,
                     struct span tag)
{
    if (value_minor == 0)
        return;
    if (d->movement->costing.method == METHOD_STANDARD) {
        post_role(d, ROLE_PRICE_DIFFERENCE, value_minor, tag);
        return;
    }
    struct row row = row_of(d, lot);
    int64_t covered_micro = 0;
    int64_t position_micro = 0;
    int64_t end_micro = length_micro < 0 ? INT64_MAX : from_micro + length_micro;
    size_t kept = 0;
    for (size_t i = 0; i < row.count; i++) {
        int64_t start = position_micro > from_micro ? position_micro : from_micro;
        position_micro += row.at[i].qty_micro;
        int64_t stop = position_micro < end_micro ? position_micro : end_micro;
        if (stop <= start)
            continue;
        row.at[kept] = row.at[i];
        row.at[kept].qty_micro = stop - start;
        covered_micro += row.at[kept++].qty_micro;
    }
    if (covered_micro == 0) {
        post_role(d, ROLE_PRICE_DIFFERENCE, value_minor, tag);
        return;
    }
    int64_t *shares = ARENA_ARRAY(d->arena, int64_t, kept);
    must(shares != NULL);
    int64_t nowhere_minor =
        cut_shares(value_minor, length_micro < 0 ? covered_micro : length_micro, row.at, kept, shares);
    for (size_t i = 0; i < kept; i++)
        value_on_place(d, &row.at[i], lot, shares[i], tag);
    post_role(d, ROLE_PRICE_DIFFERENCE, nowhere_minor, tag);
}

void settle_elsewhere(struct decision *d, movement_id owed, movement_id lot, uint32_t place, int64_t qty_micro,
                      int64_t difference_minor)
{
    /* First the units become units of the inflow, place by place; then the difference follows them. */
    struct row row = row_of(d, owed);
    int64_t left_micro = qty_micro;
    struct row_place *moved = ARENA_ARRAY(d->arena, struct row_place, row.count ? row.count : 1);
    int64_t *shares = ARENA_ARRAY(d->arena, int64_t, row.count ? row.count : 1);
    must(moved && shares);
    size_t count = 0;
    for (size_t i = 0; i < row.count && left_micro > 0; i++) {
        moved[count] = row.at[i];
        if (moved[count].qty_micro > left_micro)
            moved[count].qty_micro = left_micro;
        left_micro -= moved[count++].qty_micro;
    }
    if (count == 0) {
        post_role(d, ROLE_PRICE_DIFFERENCE, difference_minor, SPAN("owed"));
        return;
    }
    post_role(d, ROLE_PRICE_DIFFERENCE, cut_shares(difference_minor, qty_micro, moved, count, shares), SPAN("owed"));
    size_t inserted = 0; /* a split of gone units puts its part in front and moves the later ones up */
    for (size_t i = 0; i < count; i++) {
        struct row_place *at = &moved[i];
        if (at->is_gone) {
            size_t index = at->index + inserted;
            const struct gone gone = d->state->gone[index];
            int64_t value_minor = partial_draw(gone.value_minor, at->qty_micro, gone.qty_micro);
            inserted += at->qty_micro < gone.qty_micro;
            emit(d, (struct step){.kind = STEP_RELOT_GONE,
                                  .index = (uint32_t)index,
                                  .lot = lot,
                                  .place = place,
                                  .qty_micro = at->qty_micro,
                                  .value_minor = value_minor});
            at->index = index;
        } else {
            const struct pool *pool = &d->state->pools[at->pool];
            size_t layer = 0;
            while (pool->layers[layer].lot != owed || pool->layers[layer].place != at->place)
                layer++;
            int64_t value_minor =
                partial_draw(pool->layers[layer].value_minor, at->qty_micro, pool->layers[layer].qty_micro);
            emit(d, (struct step){.kind = STEP_RELOT,
                                  .pool = at->pool,
                                  .lot = lot,
                                  .place = at->place,
                                  .target = owed,
                                  .qty_micro = at->qty_micro,
                                  .value_minor = value_minor});
        }
        value_on_place(d, at, lot, shares[i], SPAN("owed"));
    }
}

const struct lot_account *lot_account(const struct item_state *state, movement_id lot)
{
    for (size_t i = state->lot_count; i-- > 0;)
        if (state->lots[i].lot == lot)
            return &state->lots[i];
    return NULL;
}

static bool is_units_of_line(const struct gone *gone, const struct movement *movement)
{
    return gone->order != 0 && gone->order == movement->order && gone->order_part == movement->order_part &&
           span_eq(gone->where.order_line, movement->where.order_line);
}

/* The pool that owes these units, or -1. */
static int owing_pool(const struct item_state *state, movement_id issue)
{
    for (size_t p = 0; p < state->pool_count; p++)
        for (size_t i = 0; i < state->pools[p].owed_count; i++)
            if (state->pools[p].owed[i].issue == issue)
                return (int)p;
    return -1;
}

/* Units of an owed slice come back: into the pool that owes they only shrink it, elsewhere they are a layer of it. */
static void return_owed(struct decision *d, size_t index, int64_t qty_micro, int pool, bool comes_in)
{
    const struct gone gone = d->state->gone[index];
    int64_t value_minor = partial_draw(gone.value_minor, qty_micro, gone.qty_micro);
    int owing = owing_pool(d->state, gone.lot);
    must(owing >= 0);
    emit(d, (struct step){
                .kind = STEP_BACK, .index = (uint32_t)index, .qty_micro = qty_micro, .value_minor = value_minor});
    post_to(d, &gone.where, -value_minor, SPAN("return"));
    if (comes_in && owing == pool) {
        emit(d, (struct step){.kind = STEP_UNOWE,
                              .pool = owing,
                              .target = gone.lot,
                              .qty_micro = qty_micro,
                              .value_minor = value_minor});
        return;
    }
    emit(d, (struct step){.kind = STEP_ELSEWHERE, .pool = owing, .target = gone.lot});
    if (comes_in) {
        put_in(d, pool, (struct slice){.lot = gone.lot, .qty_micro = qty_micro, .value_minor = value_minor});
        return;
    }
    struct where where = gone.where;
    where.role = ROLE_DAMAGED_GOODS_WRITE_OFF;
    struct where *kept = ARENA_NEW(d->arena, struct where);
    must(kept != NULL);
    *kept = where;
    emit(d, (struct step){.kind = STEP_GONE,
                          .pool = owing,
                          .lot = gone.lot,
                          .qty_micro = qty_micro,
                          .value_minor = value_minor,
                          .where = kept});
    post_to(d, kept, value_minor, SPAN("return"));
}

/* Units that come back under return_cost current, and what they had cost. */
struct returned_at_current {
    int64_t qty_micro, value_minor;
    struct where where; /* where the last of them had gone */
};

/* The least that units may be worth which come into a pool: no layer goes below zero, under average not the pool. */
static int64_t least_that_enters(const struct decision *d, int pool)
{
    return d->state->average ? -d->state->pools[pool].value_minor : 0;
}

static void return_slice(struct decision *d, size_t index, int64_t qty_micro, int pool, bool comes_in,
                         struct returned_at_current *current)
{
    const struct movement *movement = d->movement;
    const struct gone gone = d->state->gone[index];
    int64_t value_minor = partial_draw(gone.value_minor, qty_micro, gone.qty_micro);
    emit(d, (struct step){
                .kind = STEP_BACK, .index = (uint32_t)index, .qty_micro = qty_micro, .value_minor = value_minor});
    if (!comes_in) {
        struct where *kept = ARENA_NEW(d->arena, struct where);
        must(kept != NULL);
        *kept = gone.where;
        kept->role = ROLE_DAMAGED_GOODS_WRITE_OFF;
        emit(d, (struct step){.kind = STEP_GONE,
                              .pool = gone.pool,
                              .lot = gone.lot,
                              .place = gone.place,
                              .qty_micro = qty_micro,
                              .value_minor = value_minor,
                              .where = kept});
        post_to(d, kept, value_minor, SPAN("return"));
        post_to(d, &gone.where, -value_minor, SPAN("return"));
        return;
    }
    struct slice slice = {.lot = gone.lot, .qty_micro = qty_micro, .value_minor = value_minor};
    post_to(d, &gone.where, -value_minor, SPAN("return"));
    if (movement->costing.return_current) {
        current->qty_micro += qty_micro;
        current->value_minor += value_minor;
        current->where = gone.where;
        return;
    }
    if (pool == gone.pool && !movement->costing.returned_last)
        slice.place = gone.place;
    /* Later costs may have taken off more than the units had cost: what the pool cannot bear of that is price difference. */
    if (value_minor < least_that_enters(d, pool))
        slice.value_minor = least_that_enters(d, pool);
    post_role(d, ROLE_PRICE_DIFFERENCE, value_minor - slice.value_minor, SPAN("return"));
    put_in(d, pool, slice);
}

/* Units that were consigned and are not billed yet go back to what they were: the accrual of so many is undone, and what the
 * line's units are worth beyond it (a bill's difference) is price difference. What was billed is ours. */
static int64_t return_consigned(struct decision *d, size_t index, int64_t qty_micro)
{
    const struct gone gone = d->state->gone[index];
    const struct lot_account *found = lot_account(d->state, gone.lot);
    must(found != NULL);
    const struct lot_account lot = *found;
    int64_t back_micro = qty_micro < lot.unbilled_micro ? qty_micro : lot.unbilled_micro;
    if (back_micro == 0)
        return 0;
    int64_t value_minor = partial_draw(gone.value_minor, back_micro, gone.qty_micro);
    struct slice slice = {.lot = gone.lot, .qty_micro = back_micro};
    slice.value_minor = partial_draw(lot.grni_minor, back_micro, lot.unbilled_micro);
    slice.place = d->movement->costing.returned_last ? 0 : gone.place;
    emit(d, (struct step){
                .kind = STEP_BACK, .index = (uint32_t)index, .qty_micro = back_micro, .value_minor = value_minor});
    emit(d, (struct step){
                .kind = STEP_ACCRUE, .target = gone.lot, .qty_micro = -back_micro, .value_minor = -slice.value_minor});
    post_to(d, &gone.where, -value_minor, SPAN("return"));
    post_to(d, &lot.where, slice.value_minor, SPAN("return"));
    post_role(d, ROLE_PRICE_DIFFERENCE, value_minor - slice.value_minor, SPAN("return"));
    consign(d, d->movement->location, 0, &slice, &lot.where);
    return back_micro;
}

static bool was_consigned(const struct item_state *state, movement_id lot)
{
    const struct lot_account *account = lot_account(state, lot);
    return account != NULL && account->consigned;
}

/* return_cost current: all of them are one new layer at today's cost. What that is not stays sold, in cost of sales even
 * where they were not delivered yet: goods out hold slices only. */
static void return_at_current(struct decision *d, const struct returned_at_current *current, int pool)
{
    const struct movement *movement = d->movement;
    const struct pool *into = &d->state->pools[pool];
    bool known = into->layer_count > 0 || into->last_qty_micro > 0 || movement->last_micro != INT64_MIN ||
                 movement->standard_micro != INT64_MIN;
    int64_t value_minor = known ? gain_value(d, pool, current->qty_micro) : current->value_minor;
    if (value_minor < least_that_enters(d, pool))
        value_minor = least_that_enters(d, pool);
    struct where where = current->where;
    where.role = delivered_role(where.role);
    post_to(d, &where, current->value_minor - value_minor, SPAN("return"));
    put_in(d, pool, (struct slice){.lot = movement->id, .qty_micro = current->qty_micro, .value_minor = value_minor});
}

/* Lost or kept: the units stay where they are and cost what they cost; they only will not come back any more. */
static void keep_slice(struct decision *d, size_t index, int64_t qty_micro)
{
    const struct gone gone = d->state->gone[index];
    emit(d, (struct step){.kind = STEP_KEPT,
                          .index = (uint32_t)index,
                          .qty_micro = qty_micro,
                          .value_minor = partial_draw(gone.value_minor, qty_micro, gone.qty_micro)});
    if (gone.owed)
        emit(d, (struct step){.kind = STEP_ELSEWHERE, .pool = owing_pool(d->state, gone.lot), .target = gone.lot});
}

/* The next of the line's units to come back: owed ones first, then in the order they went; what this very return has settled
 * comes last. */
static size_t next_to_return(const struct decision *d)
{
    const struct item_state *state = d->state;
    size_t first = SIZE_MAX;
    size_t settled = SIZE_MAX;
    for (size_t i = 0; i < state->gone_count; i++) {
        if (!is_units_of_line(&state->gone[i], d->movement) || state->gone[i].kept)
            continue;
        if (state->gone[i].owed)
            return i;
        size_t *found = state->gone[i].settled == d->movement->id ? &settled : &first;
        *found = *found == SIZE_MAX ? i : *found;
    }
    return first == SIZE_MAX ? settled : first;
}

void decide_return(struct decision *d)
{
    const struct movement *movement = d->movement;
    bool damaged = movement->status == UNITS_DAMAGED;
    int pool = movement->lost ? -1 : open_own_pool(d, movement->location);
    int64_t wanted_micro = movement->qty_micro;
    struct returned_at_current current = {0};
    int64_t consigned_micro = 0;
    while (wanted_micro > 0) {
        size_t index = next_to_return(d);
        if (index == SIZE_MAX) {
            refuse(d, BOOK_EXCEEDS, movement->qty_micro - wanted_micro);
            return;
        }
        const struct gone *gone = &d->state->gone[index];
        int64_t qty_micro = wanted_micro < gone->qty_micro ? wanted_micro : gone->qty_micro;
        if (movement->lost) {
            keep_slice(d, index, qty_micro);
        } else if (!gone->owed && !damaged && was_consigned(d->state, gone->lot)) {
            int64_t back_micro = return_consigned(d, index, qty_micro);
            consigned_micro += back_micro;
            if (back_micro > 0)
                qty_micro = back_micro;
            else
                return_slice(d, index, qty_micro, pool, true, &current);
        } else if (gone->owed) {
            return_owed(d, index, qty_micro, pool, !damaged);
        } else {
            return_slice(d, index, qty_micro, pool, !damaged, &current);
        }
        wanted_micro -= qty_micro;
    }
    if (movement->lost)
        return;
    if (current.qty_micro > 0)
        return_at_current(d, &current, pool);
    if (!damaged)
        count_by(d, movement->location, UNITS_OWN, movement->qty_micro - consigned_micro);
    if (movement->status != UNITS_OWN)
        count_by(d, movement->location, movement->status, movement->qty_micro);
}

/* Units of a gone fragment reach the customer: their cost is cost of sales from now on. */
static void deliver_slice(struct decision *d, size_t index, int64_t qty_micro)
{
    const struct gone gone = d->state->gone[index];
    int64_t value_minor = partial_draw(gone.value_minor, qty_micro, gone.qty_micro);
    struct where *where = ARENA_NEW(d->arena, struct where);
    must(where != NULL);
    *where = gone.where;
    where->role = delivered_role(gone.where.role);
    emit(d, (struct step){.kind = STEP_WHERE,
                          .index = (uint32_t)index,
                          .qty_micro = qty_micro,
                          .value_minor = value_minor,
                          .where = where});
    if (gone.owed)
        emit(d, (struct step){.kind = STEP_ELSEWHERE, .pool = owing_pool(d->state, gone.lot), .target = gone.lot});
    post_to(d, where, value_minor, where->tag);
    post_to(d, &gone.where, -value_minor, gone.where.tag);
}

/* Slices of the shipment still in goods out, in the order they went, lost and kept ones last. There may be fewer than
 * were delivered: a return takes the line's oldest slices, whichever units the customer had. */
void decide_deliver(struct decision *d)
{
    const struct movement *movement = d->movement;
    int64_t wanted_micro = movement->qty_micro;
    for (int kept = 0; kept < 2; kept++)
        for (size_t i = 0; i < d->state->gone_count && wanted_micro > 0; i++) {
            const struct gone *gone = &d->state->gone[i];
            bool of_shipment =
                movement->refers == 0 || movement_document(gone->movement) == movement_document(movement->refers);
            if (!of_shipment || !is_units_of_line(gone, movement) || !is_undelivered(gone->where.role) ||
                gone->kept != (kept == 1))
                continue;
            int64_t qty_micro = wanted_micro < gone->qty_micro ? wanted_micro : gone->qty_micro;
            wanted_micro -= qty_micro;
            deliver_slice(d, i, qty_micro);
        }
}

/* What the rate alone changed between receipt and bill: the foreign amount that GRNI carries for the units, at the bill's
 * rate, less what it carries for them. Price is all of the rest. */
static int64_t exchange_part(struct decision *d, const struct lot_account *lot, int64_t qty_micro,
                             int64_t carried_minor)
{
    const struct movement *bill = d->movement;
    int64_t now_minor = 0;
    if (bill->costing.exchange_to_stock || bill->money == 0 || bill->money != lot->money)
        return 0;
    if (!amount_at_rate(lot_original_part(lot, qty_micro), currency_exponent(bill->money), bill->rate_e10,
                        bill->costing.exponent, &now_minor))
        refuse(d, BOOK_OVERFLOW, 0);
    return now_minor - carried_minor;
}

/* Each share dated back is answered by GRNI on its day. Hands back their sum. */
static int64_t answer_dated(struct decision *d, size_t first, const struct where *grni, struct span sku)
{
    int64_t sum_minor = 0;
    size_t last = d->step_count;
    for (size_t i = first; i < last; i++) {
        const struct step share = d->steps[i];
        if (share.kind != STEP_POST_ON)
            continue;
        post_on(d, grni, -share.value_minor, grni->tag, share.day, sku);
        sum_minor += share.value_minor;
    }
    return sum_minor;
}

/* Units of a receipt line are billed that no bill named: the difference follows them. */
static void bill_units(struct decision *d, movement_id lot_id, int64_t qty_micro, int64_t amount_minor)
{
    const struct lot_account *found = lot_account(d->state, lot_id);
    must(found != NULL);
    const struct lot_account lot = *found;
    int64_t carried_minor = partial_draw(lot.grni_minor, qty_micro, lot.unbilled_micro);
    emit(d,
         (struct step){.kind = STEP_BILLED, .target = lot.lot, .qty_micro = qty_micro, .value_minor = carried_minor});
    size_t first = d->step_count;
    int64_t difference_minor = amount_minor - carried_minor;
    if (d->movement->costing.difference_account)
        post_role(d, ROLE_PRICE_DIFFERENCE, difference_minor, SPAN("bill"));
    else
        spread_over_row(d, lot.lot, lot.billed_micro, qty_micro, difference_minor, SPAN("bill"));
    int64_t dated_minor = answer_dated(d, first, &lot.where, SPAN(""));
    post_to(d, &lot.where, dated_minor - difference_minor, lot.where.tag);
}

/* A bill that names no receipt: its supplier's units that are not billed, in the order they came; what has not come yet
 * waits on GRNI, a debit. */
static void bill_supplier(struct decision *d)
{
    const struct movement *movement = d->movement;
    int64_t left_micro = movement->qty_micro;
    int64_t left_minor = movement->value_minor;
    for (size_t i = 0; i < d->state->lot_count && left_micro > 0; i++) {
        const struct lot_account lot = d->state->lots[i];
        if (lot.where.role != ROLE_GRNI || lot.unbilled_micro <= 0 || !span_eq(lot.where.party, movement->where.party))
            continue;
        int64_t qty_micro = left_micro < lot.unbilled_micro ? left_micro : lot.unbilled_micro;
        int64_t amount_minor = partial_draw(left_minor, qty_micro, left_micro);
        bill_units(d, lot.lot, qty_micro, amount_minor);
        left_micro -= qty_micro;
        left_minor -= amount_minor;
    }
    if (left_micro > 0)
        emit(d, (struct step){
                    .kind = STEP_ADVANCE, .target = movement->id, .qty_micro = left_micro, .value_minor = left_minor});
}

bool is_billed_ahead(const struct item_state *state, const struct movement *movement)
{
    for (size_t i = 0; movement->where.role == ROLE_GRNI && i < state->advance_count; i++)
        if (span_eq(state->advances[i].party, movement->where.party))
            return true;
    return false;
}

void bill_arrived(struct decision *d)
{
    const struct movement *movement = d->movement;
    for (size_t i = 0; is_billed_ahead(d->state, movement) && i < d->state->advance_count;) {
        const struct advance advance = d->state->advances[i];
        const struct lot_account *lot = lot_account(d->state, movement->id);
        must(lot != NULL);
        if (lot->unbilled_micro == 0)
            return;
        if (!span_eq(advance.party, movement->where.party)) {
            i++;
            continue;
        }
        int64_t qty_micro = advance.qty_micro < lot->unbilled_micro ? advance.qty_micro : lot->unbilled_micro;
        int64_t amount_minor = partial_draw(advance.value_minor, qty_micro, advance.qty_micro);
        emit(d,
             (struct step){
                 .kind = STEP_ADVANCE, .target = advance.bill, .qty_micro = -qty_micro, .value_minor = -amount_minor});
        bill_units(d, movement->id, qty_micro, amount_minor);
    }
}

void decide_bill(struct decision *d)
{
    const struct movement *movement = d->movement;
    if (movement->refers == 0) {
        bill_supplier(d);
        return;
    }
    const struct lot_account *found = lot_account(d->state, movement->refers);
    if (found == NULL) {
        refuse(d, BOOK_EXCEEDS, 0);
        return;
    }
    const struct lot_account lot = *found;
    /* Without a quantity a bill bills all that is not billed yet. */
    int64_t qty_micro = movement->qty_micro == INT64_MIN ? lot.unbilled_micro : movement->qty_micro;
    if (movement->qty_micro == INT64_MIN && qty_micro == 0) {
        refuse(d, BOOK_EXCEEDS, 0);
        return;
    }
    int64_t held_micro = qty_micro >= 0 ? lot.unbilled_micro : lot.billed_micro;
    if ((qty_micro >= 0 ? qty_micro : -qty_micro) > held_micro) {
        refuse(d, BOOK_EXCEEDS, held_micro);
        return;
    }
    int64_t carried_minor = 0;
    int64_t from_micro = lot.billed_micro;
    int64_t length_micro = qty_micro;
    if (qty_micro > 0)
        carried_minor = partial_draw(lot.grni_minor, qty_micro, lot.unbilled_micro);
    if (qty_micro < 0) {
        carried_minor = -partial_draw(lot.billed_minor, -qty_micro, lot.billed_micro);
        from_micro = lot.billed_micro + qty_micro;
        length_micro = -qty_micro;
    }
    if (qty_micro == 0) {
        from_micro = 0;
        length_micro = lot.billed_micro;
    } else {
        emit(d, (struct step){
                    .kind = STEP_BILLED, .target = lot.lot, .qty_micro = qty_micro, .value_minor = carried_minor});
    }
    int64_t exchange_minor = exchange_part(d, &lot, qty_micro, carried_minor);
    int64_t difference_minor = movement->value_minor - carried_minor - exchange_minor;
    size_t first = d->step_count;
    post_role(d, ROLE_REALISED_FX, exchange_minor, SPAN("bill"));
    if (movement->costing.difference_account)
        post_role(d, ROLE_PRICE_DIFFERENCE, difference_minor, SPAN("bill"));
    else
        spread_over_row(d, lot.lot, from_micro, length_micro, difference_minor, SPAN("bill"));
    int64_t dated_minor = answer_dated(d, first, &lot.where, SPAN(""));
    post_to(d, &lot.where, -difference_minor - exchange_minor + dated_minor, lot.where.tag);
}

/* A cost that comes back to a lot it came through (two assemblies that feed each other) ends there. */
static bool goes_in_a_ring(const struct movement *movement)
{
    for (size_t i = 0; movement->kind == MOVE_FOLLOW && i < movement->pick_count; i++)
        if (movement->picks[i].receipt == movement->refers)
            return true;
    return false;
}

void decide_landed(struct decision *d)
{
    const struct movement *movement = d->movement;
    const struct movement_origin *origin = movement->origin;
    size_t first = d->step_count;
    post_to(d, &movement->where, -movement->value_minor, movement->where.tag);
    bool ends_here = was_consigned(d->state, movement->refers) || /* goods that are not ours bear no cost */
                     goes_in_a_ring(movement);
    if (ends_here)
        post_role(d, ROLE_PRICE_DIFFERENCE, movement->value_minor, SPAN("landed"));
    else
        spread_over_row(d, movement->refers, 0, -1, movement->value_minor, SPAN("landed"));
    if (origin == NULL)
        return;
    /* What the component's book credited to GRNI on the bill's day for shares that stand earlier moves there with them. */
    int64_t dated_minor = answer_dated(d, first, &origin->grni, origin->sku);
    post_on(d, &origin->grni, dated_minor, origin->grni.tag, movement->day, origin->sku);
}

/* What the supplier owes for the units: those of the receipt not billed yet release its GRNI first, the rest is credited:
 * as stated, else as the receipt cost, else as they are worth. What left the layers beyond that is price difference. */
static void settle_with_supplier(struct decision *d, int64_t left_minor, int64_t worth_minor)
{
    const struct movement *movement = d->movement;
    const struct lot_account *found = movement->refers ? lot_account(d->state, movement->refers) : NULL;
    int64_t qty_micro = movement->qty_micro;
    int64_t unbilled_micro = found == NULL ? 0 : qty_micro < found->unbilled_micro ? qty_micro : found->unbilled_micro;
    int64_t credited_micro = qty_micro - unbilled_micro;
    int64_t grni_minor = 0;
    int64_t credit_minor = 0;
    if (credited_micro > 0 && movement->value_minor != INT64_MIN)
        credit_minor = partial_draw(movement->value_minor, credited_micro, qty_micro);
    else if (credited_micro > 0 && found != NULL)
        credit_minor = partial_draw(found->value_minor, credited_micro, found->qty_micro);
    else if (credited_micro > 0)
        credit_minor = partial_draw(worth_minor, credited_micro, qty_micro);
    if (unbilled_micro > 0) {
        const struct where grni = found->where;
        grni_minor = partial_draw(found->grni_minor, unbilled_micro, found->unbilled_micro);
        emit(d, (struct step){.kind = STEP_UNBILLED,
                              .target = movement->refers,
                              .qty_micro = unbilled_micro,
                              .value_minor = grni_minor});
        post_to(d, &grni, grni_minor, SPAN("supplier_return"));
    }
    if (credited_micro > 0 && found != NULL)
        emit(d, (struct step){.kind = STEP_SENT_BACK, .target = movement->refers, .qty_micro = credited_micro});
    post_role(d, ROLE_ACCOUNTS_PAYABLE, credit_minor, SPAN("supplier_return"));
    post_role(d, ROLE_PRICE_DIFFERENCE, left_minor - grni_minor - credit_minor, SPAN("supplier_return"));
}

static int64_t consigned_of_lot(const struct decision *d, movement_id lot)
{
    int64_t qty_micro = 0;
    for (size_t i = 0; i < d->state->consigned_count; i++)
        if (d->state->consigned[i].lot == lot && d->state->consigned[i].transfer == 0 &&
            span_eq(d->state->consigned[i].location, d->movement->location))
            qty_micro += d->state->consigned[i].qty_micro;
    return qty_micro;
}

void decide_supplier_return(struct decision *d)
{
    const struct movement *movement = d->movement;
    const struct lot_account *receipt = movement->refers ? lot_account(d->state, movement->refers) : NULL;
    if (movement->refers != 0 &&
        (receipt == NULL || movement->qty_micro > receipt->qty_micro - receipt->sent_back_micro)) {
        refuse(d, BOOK_EXCEEDS, receipt ? receipt->qty_micro - receipt->sent_back_micro : 0);
        return;
    }
    if (receipt != NULL && receipt->consigned) {
        int64_t held_micro = consigned_of_lot(d, movement->refers);
        if (movement->qty_micro > held_micro)
            refuse(d, BOOK_EXCEEDS, held_micro);
        else
            take_consigned(d, movement->location, 0, movement->refers, movement->qty_micro);
        return;
    }
    int pool = open_own_pool(d, movement->location);
    struct slices slices = {0};
    int64_t wanted_micro = movement->qty_micro;
    int64_t held_micro = pool_qty(&d->state->pools[pool]);
    int64_t drawn_micro = wanted_micro < held_micro ? wanted_micro : held_micro;
    int64_t current_minor = drawn_micro > 0 ? gain_value(d, pool, drawn_micro) : 0;
    bool original =
        movement->costing.supplier_return == SENT_BACK_ORIGINAL && movement->refers != 0 && !d->state->average;
    for (size_t at = 0; original && wanted_micro > 0 && at < d->state->pools[pool].layer_count;) {
        if (d->state->pools[pool].layers[at].lot != movement->refers) {
            at++;
            continue;
        }
        struct slice slice = take_from_layer(d, pool, at, wanted_micro);
        slices_add(d, &slices, slice);
        wanted_micro -= slice.qty_micro;
    }
    if (wanted_micro > 0) {
        struct slices rest = take_out(d, pool, wanted_micro);
        if (d->refusal != BOOK_OK)
            return;
        for (size_t i = 0; i < rest.count; i++)
            slices_add(d, &slices, rest.at[i]);
    }
    note_gone(d, pool, &slices, NULL);
    int64_t worth_minor = 0; /* held units: as they were taken, or at the pool's current cost */
    bool at_current = movement->costing.supplier_return == SENT_BACK_CURRENT && !d->state->average;
    for (size_t i = 0; i < slices.count; i++)
        worth_minor += at_current && !slices.at[i].owed ? 0 : slices.at[i].value_minor;
    settle_with_supplier(d, slices.value_minor, worth_minor + (at_current ? current_minor : 0));
    count_by(d, movement->location, UNITS_OWN, -movement->qty_micro);
}
