/* decide_parts.c: taking out, putting in, and what both need; see decide_parts.h. */
#include "stock/decide_parts.h"

#include <string.h>

void emit(struct decision *d, struct step step)
{
    ARENA_GROW(d->arena, d->steps, d->step_count, d->step_room);
    d->steps[d->step_count++] = step;
    item_state_apply(d->state, d->movement, &step);
}

void refuse(struct decision *d, enum book_refusal refusal, int64_t held_micro)
{
    if (d->refusal != BOOK_OK)
        return;
    d->refusal = refusal;
    d->held_micro = held_micro;
}

void slices_add(struct decision *d, struct slices *slices, struct slice slice)
{
    ARENA_GROW(d->arena, slices->at, slices->count, slices->room);
    slices->at[slices->count++] = slice;
    slices->value_minor += slice.value_minor;
}

struct span own_pool_name(const struct movement *movement, struct span location)
{
    return movement->costing.company_pool ? SPAN("") : location;
}

int open_pool(struct decision *d, enum pool_kind kind, struct span name)
{
    int found = item_state_pool(d->state, kind, name);
    if (found >= 0)
        return found;
    emit(d, (struct step){.kind = STEP_POOL, .name = name, .status = (enum unit_status)kind});
    return (int)d->state->pool_count - 1;
}

int open_own_pool(struct decision *d, struct span location)
{
    return open_pool(d, POOL_STOCK, own_pool_name(d->movement, location));
}

void count_by(struct decision *d, struct span location, enum unit_status status, int64_t qty_micro)
{
    if (qty_micro != 0)
        emit(d, (struct step){.kind = STEP_COUNT, .name = location, .status = status, .qty_micro = qty_micro});
}

void post_to(struct decision *d, const struct where *where, int64_t value_minor, struct span tag)
{
    if (value_minor == 0)
        return;
    struct step step = {.kind = STEP_POST, .value_minor = value_minor};
    if (where != &d->movement->where || !span_eq(tag, where->tag)) {
        struct where *copy = ARENA_NEW(d->arena, struct where);
        must(copy != NULL);
        *copy = *where;
        copy->tag = tag;
        step.where = copy;
    }
    emit(d, step);
}

void post_on(struct decision *d, const struct where *where, int64_t value_minor, struct span tag, int32_t day,
             struct span sku)
{
    struct where *copy = ARENA_NEW(d->arena, struct where);
    must(copy != NULL);
    *copy = *where;
    copy->tag = tag;
    if (value_minor != 0)
        emit(d,
             (struct step){.kind = STEP_POST_ON, .value_minor = value_minor, .day = day, .name = sku, .where = copy});
}

void post_role(struct decision *d, enum role role, int64_t value_minor, struct span tag)
{
    struct where where = d->movement->where;
    where.role = role;
    post_to(d, &where, value_minor, tag);
}

/* Takes up to `wanted` from a layer, at that much of `value` as `of` units share. */
static struct slice take(struct decision *d, int pool_index, size_t at, int64_t wanted_micro, int64_t value_minor,
                         int64_t of_micro)
{
    const struct layer *layer = &d->state->pools[pool_index].layers[at];
    struct slice slice = {.lot = layer->lot, .place = layer->place};
    slice.qty_micro = wanted_micro < layer->qty_micro ? wanted_micro : layer->qty_micro;
    slice.value_minor = partial_draw(value_minor, slice.qty_micro, of_micro);
    emit(d, (struct step){.kind = STEP_TAKE,
                          .pool = pool_index,
                          .lot = slice.lot,
                          .place = slice.place,
                          .qty_micro = slice.qty_micro,
                          .value_minor = slice.value_minor});
    return slice;
}

struct slice take_from_layer(struct decision *d, int pool_index, size_t at, int64_t wanted_micro)
{
    const struct layer *layer = &d->state->pools[pool_index].layers[at];
    return take(d, pool_index, at, wanted_micro, layer->value_minor, layer->qty_micro);
}

struct slice take_share(struct decision *d, int pool_index, size_t at, int64_t wanted_micro, int64_t *draw_minor)
{
    struct slice slice = take(d, pool_index, at, wanted_micro, *draw_minor, wanted_micro);
    *draw_minor -= slice.value_minor;
    return slice;
}

/* Under average a draw is valued once, then cut by draws in queue order. */
static void take_average(struct decision *d, int pool_index, int64_t qty_micro, struct slices *slices)
{
    const struct pool *pool = &d->state->pools[pool_index];
    int64_t draw_minor = partial_draw(pool->value_minor, qty_micro, pool_qty(pool));
    int64_t left_minor = draw_minor;
    for (int64_t left_micro = qty_micro; left_micro > 0;) {
        struct slice slice = take_share(d, pool_index, 0, left_micro, &left_minor);
        slices_add(d, slices, slice);
        left_micro -= slice.qty_micro;
    }
    emit(d, (struct step){.kind = STEP_LAST, .pool = pool_index, .qty_micro = qty_micro, .value_minor = draw_minor});
}

bool pick_names(const struct decision *d, const struct movement_pick *pick, movement_id lot)
{
    if (pick->receipt != 0)
        return movement_document(pick->receipt) == movement_document(lot) &&
               (movement_line(pick->receipt) == 0 || pick->receipt == lot);
    for (size_t i = 0; i < d->state->lot_count; i++)
        if (d->state->lots[i].lot == lot)
            return span_eq(d->state->lots[i].text, pick->lot);
    return false;
}

/* Shipments, transfers and adjustments must name the lots, all of what leaves. A count, a status change, an assembly or a
 * return to a supplier names none and takes the front of the queue. */
static bool goes_by_lots(const struct movement *movement)
{
    bool sold = movement->kind == MOVE_OUT && movement->order != 0;
    return movement->costing.method == METHOD_SPECIFIC && (movement->pick_count > 0 || sold);
}

static void take_picks(struct decision *d, int pool_index, struct slices *slices)
{
    const struct movement *movement = d->movement;
    int64_t picked_micro = 0;
    for (size_t p = 0; p < movement->pick_count; p++)
        picked_micro += movement->picks[p].qty_micro;
    if (picked_micro != movement->qty_micro) {
        refuse(d, BOOK_PICKS_REQUIRED, picked_micro);
        return;
    }
    for (size_t p = 0; p < movement->pick_count; p++) {
        int64_t wanted_micro = movement->picks[p].qty_micro;
        for (size_t at = 0; wanted_micro > 0 && at < d->state->pools[pool_index].layer_count;) {
            if (!pick_names(d, &movement->picks[p], d->state->pools[pool_index].layers[at].lot)) {
                at++;
                continue;
            }
            struct slice slice = take_from_layer(d, pool_index, at, wanted_micro);
            slices_add(d, slices, slice);
            wanted_micro -= slice.qty_micro;
        }
        if (wanted_micro > 0) {
            refuse(d, BOOK_LOT_NOT_HELD, movement->picks[p].qty_micro - wanted_micro);
            return;
        }
    }
}

static int64_t at_unit_cost(struct decision *d, int64_t qty_micro, int64_t unit_micro)
{
    int64_t value_minor = 0;
    if (!amount_of(qty_micro, unit_micro, d->movement->costing.exponent, &value_minor))
        refuse(d, BOOK_OVERFLOW, 0);
    return value_minor;
}

/* What units cost when no layer tells: last cost of this pool, the item's stated last cost, standard, zero. */
static int64_t cost_without_layers(struct decision *d, int pool_index, int64_t qty_micro)
{
    const struct pool *pool = &d->state->pools[pool_index];
    int64_t value_minor = 0;
    if (pool->last_qty_micro > 0) {
        if (!mul_div(pool->last_value_minor, qty_micro, pool->last_qty_micro, &value_minor))
            refuse(d, BOOK_OVERFLOW, 0);
        return value_minor;
    }
    if (d->movement->last_micro != INT64_MIN)
        return at_unit_cost(d, qty_micro, d->movement->last_micro);
    if (d->movement->standard_micro != INT64_MIN)
        return at_unit_cost(d, qty_micro, d->movement->standard_micro);
    return 0;
}

int64_t gain_value(struct decision *d, int pool_index, int64_t qty_micro)
{
    const struct pool *pool = &d->state->pools[pool_index];
    int64_t held_micro = pool_qty(pool);
    if (held_micro <= 0)
        return cost_without_layers(d, pool_index, qty_micro);
    int64_t value_minor = 0;
    if (!mul_div(pool_value(d->state, pool), qty_micro, held_micro, &value_minor))
        refuse(d, BOOK_OVERFLOW, 0);
    return value_minor;
}

struct slices take_out(struct decision *d, int pool_index, int64_t qty_micro)
{
    struct slices slices = {0};
    int64_t held_micro = pool_qty(&d->state->pools[pool_index]);
    int64_t drawn_micro = qty_micro < held_micro ? qty_micro : held_micro;
    int64_t short_micro = qty_micro - drawn_micro;
    if (goes_by_lots(d->movement)) {
        take_picks(d, pool_index, &slices);
        return slices;
    }
    if (short_micro > 0 && d->movement->costing.refuse_short) {
        refuse(d, BOOK_SHORT, held_micro);
        return slices;
    }
    if (d->state->average) {
        if (drawn_micro > 0)
            take_average(d, pool_index, drawn_micro, &slices);
    } else {
        while (drawn_micro > 0) {
            const struct pool *pool = &d->state->pools[pool_index];
            /* What goes back to the supplier goes from the front, whatever the method. */
            bool from_back = d->movement->costing.method == METHOD_LIFO && d->movement->kind != MOVE_SUPPLIER_RETURN;
            size_t at = from_back ? pool->layer_count - 1 : 0;
            struct slice slice = take_from_layer(d, pool_index, at, drawn_micro);
            slices_add(d, &slices, slice);
            drawn_micro -= slice.qty_micro;
        }
    }
    if (short_micro > 0) {
        struct slice owed = {.lot = d->movement->id, .qty_micro = short_micro, .owed = true};
        owed.value_minor = cost_without_layers(d, pool_index, short_micro);
        if (d->refusal != BOOK_OK)
            return slices;
        emit(d, (struct step){
                    .kind = STEP_OWE, .pool = pool_index, .qty_micro = short_micro, .value_minor = owed.value_minor});
        slices_add(d, &slices, owed);
    }
    return slices;
}

void note_gone(struct decision *d, int pool, const struct slices *slices, const struct where *where)
{
    for (size_t i = 0; i < slices->count; i++)
        emit(d, (struct step){.kind = STEP_GONE,
                              .pool = pool,
                              .lot = slices->at[i].lot,
                              .place = slices->at[i].place,
                              .qty_micro = slices->at[i].qty_micro,
                              .value_minor = slices->at[i].value_minor,
                              .where = where});
}

int64_t consigned_part(const struct decision *d, int pool, int64_t qty_micro)
{
    int64_t held_micro = pool_qty(&d->state->pools[pool]);
    int64_t lacks_micro = qty_micro > held_micro ? qty_micro - held_micro : 0;
    /* An item costed by lot is picked, and picks name layers. */
    int64_t there_micro =
        d->movement->costing.method == METHOD_SPECIFIC ? 0 : consigned_qty(d->state, d->movement->location, 0);
    return lacks_micro < there_micro ? lacks_micro : there_micro;
}

struct slices take_consigned(struct decision *d, struct span location, movement_id transfer, movement_id only_lot,
                             int64_t wanted_micro)
{
    struct slices slices = {0};
    for (size_t at = 0; wanted_micro > 0 && at < d->state->consigned_count;) {
        const struct consigned *from = &d->state->consigned[at];
        if (from->transfer != transfer || !span_eq(from->location, location) ||
            (only_lot != 0 && from->lot != only_lot)) {
            at++;
            continue;
        }
        struct slice slice = {.lot = from->lot, .place = from->place, .owner = from->where};
        slice.qty_micro = wanted_micro < from->qty_micro ? wanted_micro : from->qty_micro;
        slice.value_minor = partial_draw(from->value_minor, slice.qty_micro, from->qty_micro);
        wanted_micro -= slice.qty_micro;
        slices_add(d, &slices, slice);
        emit(d, (struct step){.kind = STEP_UNCONSIGN,
                              .lot = slice.lot,
                              .place = slice.place,
                              .target = transfer,
                              .name = location,
                              .qty_micro = slice.qty_micro,
                              .value_minor = slice.value_minor});
        count_by(d, location, UNITS_CONSIGNED, -slice.qty_micro);
    }
    return slices;
}

void consign(struct decision *d, struct span location, movement_id transfer, const struct slice *slice,
             const struct where *owner)
{
    struct where *kept = ARENA_NEW(d->arena, struct where);
    must(kept != NULL);
    *kept = *owner;
    emit(d, (struct step){.kind = STEP_CONSIGN,
                          .lot = slice->lot,
                          .place = slice->place ? slice->place : d->state->next_place,
                          .target = transfer,
                          .name = location,
                          .qty_micro = slice->qty_micro,
                          .value_minor = slice->value_minor,
                          .where = kept});
    count_by(d, location, UNITS_CONSIGNED, slice->qty_micro);
}

/* Where the cost of consigned units goes that leave: sold, as a supplier's own shipment; else to the movement's account. */
static struct where *consigned_where(struct decision *d)
{
    struct where *where = ARENA_NEW(d->arena, struct where);
    must(where != NULL);
    *where = d->movement->where;
    if (d->movement->order != 0)
        where->role = where->role == ROLE_GOODS_OUT ? ROLE_DEFERRED_DROPSHIP_COST : ROLE_COST_OF_SALES_DROPSHIP;
    return where;
}

/* With their going they are bought: their owner gets a bill's worth of them. */
static void issue_consigned(struct decision *d, int pool, int64_t qty_micro)
{
    struct slices slices = take_consigned(d, d->movement->location, 0, 0, qty_micro);
    const struct where *where = consigned_where(d);
    note_gone(d, pool, &slices, where);
    for (size_t i = 0; i < slices.count; i++) {
        const struct slice *slice = &slices.at[i];
        emit(d, (struct step){.kind = STEP_ACCRUE,
                              .target = slice->lot,
                              .qty_micro = slice->qty_micro,
                              .value_minor = slice->value_minor});
        post_to(d, where, slice->value_minor, where->tag);
        post_to(d, &slice->owner, -slice->value_minor, slice->owner.tag);
    }
}

void issue(struct decision *d, int pool, int64_t qty_micro)
{
    const struct movement *movement = d->movement;
    int64_t consigned_micro = consigned_part(d, pool, qty_micro);
    if (qty_micro > consigned_micro) {
        struct slices slices = take_out(d, pool, qty_micro - consigned_micro);
        if (d->refusal != BOOK_OK)
            return;
        note_gone(d, pool, &slices, NULL);
        post_to(d, &movement->where, slices.value_minor, movement->where.tag);
        count_by(d, movement->location, UNITS_OWN, consigned_micro - qty_micro);
    }
    if (consigned_micro > 0)
        issue_consigned(d, pool, consigned_micro);
}

static void settle_one(struct decision *d, int pool_index, struct slice *slice, uint32_t place)
{
    const struct owed_slice owed = d->state->pools[pool_index].owed[0];
    int64_t qty_micro = slice->qty_micro < owed.qty_micro ? slice->qty_micro : owed.qty_micro;
    int64_t cost_minor = partial_draw(slice->value_minor, qty_micro, slice->qty_micro);
    int64_t provisional_minor = partial_draw(owed.value_minor, qty_micro, owed.qty_micro);
    emit(d, (struct step){.kind = STEP_SETTLE,
                          .pool = pool_index,
                          .lot = slice->lot,
                          .place = place,
                          .target = owed.issue,
                          .qty_micro = qty_micro,
                          .value_minor = provisional_minor,
                          .cost_minor = cost_minor});
    slice->qty_micro -= qty_micro;
    slice->value_minor -= cost_minor;
    int64_t difference_minor = cost_minor - provisional_minor;
    /* The units that settle are the owed ones themselves, come back: nothing is left to follow. */
    if (slice->lot == owed.issue)
        post_role(d, ROLE_PRICE_DIFFERENCE, difference_minor, SPAN("owed"));
    else if (owed.elsewhere)
        settle_elsewhere(d, owed.issue, slice->lot, place, qty_micro, difference_minor);
    else
        post_to(d, &owed.where, difference_minor, SPAN("owed"));
}

int64_t at_standard(struct decision *d, int64_t qty_micro, int64_t value_minor)
{
    if (d->movement->costing.method != METHOD_STANDARD || d->movement->standard_micro == INT64_MIN)
        return value_minor;
    int64_t standard_minor = at_unit_cost(d, qty_micro, d->movement->standard_micro);
    post_role(d, ROLE_PRICE_DIFFERENCE, value_minor - standard_minor, SPAN("standard"));
    return standard_minor;
}

void put_in(struct decision *d, int pool_index, struct slice slice)
{
    slice.value_minor = at_standard(d, slice.qty_micro, slice.value_minor);
    uint32_t place = slice.place ? slice.place : d->state->next_place;
    while (slice.qty_micro > 0 && d->state->pools[pool_index].owed_count > 0)
        settle_one(d, pool_index, &slice, place);
    if (slice.qty_micro > 0)
        emit(d, (struct step){.kind = STEP_ADD,
                              .pool = pool_index,
                              .lot = slice.lot,
                              .place = place,
                              .qty_micro = slice.qty_micro,
                              .value_minor = slice.value_minor});
    else
        must(slice.value_minor == 0); /* C-2 */
}
