/* item_state.c: one door into an item's state: item_state_apply; see item_state.h. */
#include "stock/item_state.h"

#include "base/calendar.h"
#include "base/decimal.h"

#include <string.h>

struct item_state item_state_make(struct arena *arena, bool average, bool whole)
{
    return (struct item_state){.arena = arena, .average = average, .whole = whole, .next_place = 1};
}

static void *copy_array(struct arena *arena, const void *from, size_t count, size_t size)
{
    if (count == 0)
        return NULL;
    void *to = arena_array(arena, count, size);
    must(to != NULL);
    memcpy(to, from, count * size);
    return to;
}

struct item_state item_state_clone(const struct item_state *state, struct arena *arena)
{
    struct item_state copy = *state;
    copy.arena = arena;
    copy.pools = copy_array(arena, state->pools, state->pool_count, sizeof *state->pools);
    copy.pool_room = state->pool_count;
    for (size_t i = 0; i < copy.pool_count; i++) {
        struct pool *pool = &copy.pools[i];
        pool->layers = copy_array(arena, pool->layers, pool->layer_count, sizeof *pool->layers);
        pool->layer_room = pool->layer_count;
        pool->owed = copy_array(arena, pool->owed, pool->owed_count, sizeof *pool->owed);
        pool->owed_room = pool->owed_count;
    }
    copy.counts = copy_array(arena, state->counts, state->count_count, sizeof *state->counts);
    copy.count_room = state->count_count;
    copy.sold = copy_array(arena, state->sold, state->sold_count, sizeof *state->sold);
    copy.sold_room = state->sold_count;
    copy.consigned = copy_array(arena, state->consigned, state->consigned_count, sizeof *state->consigned);
    copy.consigned_room = state->consigned_count;
    copy.advances = copy_array(arena, state->advances, state->advance_count, sizeof *state->advances);
    copy.advance_room = state->advance_count;
    copy.gone = copy_array(arena, state->gone, state->gone_count, sizeof *state->gone);
    copy.gone_room = state->gone_count;
    copy.lots = copy_array(arena, state->lots, state->lot_count, sizeof *state->lots);
    copy.lot_room = state->lot_count;
    return copy;
}

static struct span keep_text(struct arena *arena, struct span text)
{
    return text.len ? arena_copy(arena, text) : text;
}

static void where_keep(struct where *where, struct arena *arena)
{
    struct span *const texts[] = {&where->channel,    &where->location, &where->order,
                                  &where->order_line, &where->party,    &where->tag};
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
        *texts[t] = keep_text(arena, *texts[t]);
}

struct item_state item_state_keep(const struct item_state *state, struct arena *arena)
{
    struct item_state light = *state;
    light.gone_count = light.lot_count = 0;
    struct item_state copy = item_state_clone(&light, arena);
    copy.whole = false;
    copy.gone = NULL;
    copy.lots = NULL;
    copy.gone_room = copy.lot_room = 0;
    for (size_t i = 0; i < copy.pool_count; i++) {
        struct pool *pool = &copy.pools[i];
        pool->name = keep_text(arena, pool->name);
        for (size_t o = 0; o < pool->owed_count; o++)
            where_keep(&pool->owed[o].where, arena);
    }
    for (size_t i = 0; i < copy.advance_count; i++)
        copy.advances[i].party = keep_text(arena, copy.advances[i].party);
    for (size_t i = 0; i < copy.consigned_count; i++) {
        copy.consigned[i].location = keep_text(arena, copy.consigned[i].location);
        where_keep(&copy.consigned[i].where, arena);
    }
    for (size_t i = 0; i < copy.count_count; i++)
        copy.counts[i].location = keep_text(arena, copy.counts[i].location);
    for (size_t i = 0; i < copy.sold_count; i++) {
        copy.sold[i].order_line = keep_text(arena, copy.sold[i].order_line);
        copy.sold[i].location = keep_text(arena, copy.sold[i].location);
    }
    return copy;
}

int item_state_pool(const struct item_state *state, enum pool_kind kind, struct span name)
{
    for (size_t i = 0; i < state->pool_count; i++)
        if (state->pools[i].kind == kind && span_eq(state->pools[i].name, name))
            return (int)i;
    return -1;
}

const struct location_count *item_state_count(const struct item_state *state, struct span location)
{
    for (size_t i = 0; i < state->count_count; i++)
        if (span_eq(state->counts[i].location, location))
            return &state->counts[i];
    return NULL;
}

int64_t consigned_qty(const struct item_state *state, struct span location, movement_id transfer)
{
    int64_t qty_micro = 0;
    for (size_t i = 0; i < state->consigned_count; i++)
        if (state->consigned[i].transfer == transfer && span_eq(state->consigned[i].location, location))
            qty_micro += state->consigned[i].qty_micro;
    return qty_micro;
}

int64_t pool_qty(const struct pool *pool)
{
    int64_t qty_micro = 0;
    for (size_t i = 0; i < pool->layer_count; i++)
        qty_micro += pool->layers[i].qty_micro;
    return qty_micro;
}

int64_t pool_value(const struct item_state *state, const struct pool *pool)
{
    if (state->average)
        return pool->value_minor;
    int64_t value_minor = 0;
    for (size_t i = 0; i < pool->layer_count; i++)
        value_minor += pool->layers[i].value_minor;
    return value_minor;
}

int64_t pool_owed_qty(const struct pool *pool)
{
    int64_t qty_micro = 0;
    for (size_t i = 0; i < pool->owed_count; i++)
        qty_micro += pool->owed[i].qty_micro;
    return qty_micro;
}

int64_t pool_owed_value(const struct pool *pool)
{
    int64_t value_minor = 0;
    for (size_t i = 0; i < pool->owed_count; i++)
        value_minor += pool->owed[i].value_minor;
    return value_minor;
}

/* Under average a pool's value is one figure; elsewhere each layer has its own. */
static int64_t *value_of(struct item_state *state, struct pool *pool, struct layer *layer)
{
    return state->average ? &pool->value_minor : &layer->value_minor;
}

static size_t layer_find(const struct pool *pool, movement_id lot, uint32_t place)
{
    for (size_t i = 0; i < pool->layer_count; i++)
        if (pool->layers[i].place == place && pool->layers[i].lot == lot)
            return i;
    return SIZE_MAX;
}

static void layer_remove(struct pool *pool, size_t at)
{
    pool->layer_count--;
    memmove(&pool->layers[at], &pool->layers[at + 1], (pool->layer_count - at) * sizeof pool->layers[0]);
}

static void layer_insert(struct item_state *state, struct pool *pool, struct layer layer)
{
    ARENA_GROW(state->arena, pool->layers, pool->layer_count, pool->layer_room);
    size_t at = pool->layer_count;
    while (at > 0 && pool->layers[at - 1].place > layer.place)
        at--;
    memmove(&pool->layers[at + 1], &pool->layers[at], (pool->layer_count - at) * sizeof pool->layers[0]);
    pool->layers[at] = layer;
    pool->layer_count++;
}

static void gone_insert(struct item_state *state, size_t at, struct gone gone)
{
    ARENA_GROW(state->arena, state->gone, state->gone_count, state->gone_room);
    memmove(&state->gone[at + 1], &state->gone[at], (state->gone_count - at) * sizeof gone);
    state->gone[at] = gone;
    state->gone_count++;
}

static void gone_remove(struct item_state *state, size_t at)
{
    state->gone_count--;
    memmove(&state->gone[at], &state->gone[at + 1], (state->gone_count - at) * sizeof state->gone[0]);
}

static const struct where *where_of(const struct movement *movement, const struct step *step)
{
    return step->where ? step->where : &movement->where;
}

static int year_of(int32_t day)
{
    int year = 0;
    int month = 0;
    int of_month = 0;
    day_to_civil(day, &year, &month, &of_month);
    return year;
}

int64_t written_down_open(const struct written_down *written, const struct movement *movement)
{
    bool open = movement->costing.back_any_year || written->year == year_of(movement->day);
    return open ? written->down_minor : 0;
}

static struct written_down *written_of(struct item_state *state, struct pool *pool, struct layer *layer)
{
    return state->average ? &pool->written : &layer->written;
}

/* What leaves a pool takes its share of a write-down along. */
static void written_take(struct written_down *written, int64_t qty_micro, int64_t of_micro)
{
    if (written->down_minor != 0)
        written->down_minor -= partial_draw(written->down_minor, qty_micro, of_micro);
}

static void written_change(struct written_down *written, const struct movement *movement, int64_t value_minor)
{
    written->down_minor = written_down_open(written, movement) - value_minor;
    written->year = year_of(movement->day);
}

static void apply_take(struct item_state *state, const struct step *step)
{
    struct pool *pool = &state->pools[step->pool];
    size_t at = layer_find(pool, step->lot, step->place);
    must(at != SIZE_MAX);
    struct layer *layer = &pool->layers[at];
    int64_t *value = value_of(state, pool, layer);
    written_take(written_of(state, pool, layer), step->qty_micro, state->average ? pool_qty(pool) : layer->qty_micro);
    layer->qty_micro -= step->qty_micro;
    *value -= step->value_minor;
    must(layer->qty_micro >= 0 && *value >= 0); /* C-4 */
    if (layer->qty_micro == 0) {
        if (value == &layer->value_minor)
            must(*value == 0); /* C-4 */
        layer_remove(pool, at);
        must(pool->layer_count > 0 || pool->value_minor == 0); /* C-4 */
    }
    if (!state->average && pool->kind == POOL_STOCK) {
        pool->last_value_minor = step->value_minor;
        pool->last_qty_micro = step->qty_micro;
    }
}

static void apply_add(struct item_state *state, const struct step *step)
{
    struct pool *pool = &state->pools[step->pool];
    must(pool->owed_count == 0); /* C-4 */
    must(step->qty_micro > 0);
    must(step->value_minor >= (state->average ? -pool->value_minor : 0)); /* C-4 */
    size_t at = layer_find(pool, step->lot, step->place);
    if (at != SIZE_MAX) {
        pool->layers[at].qty_micro += step->qty_micro;
        *value_of(state, pool, &pool->layers[at]) += step->value_minor;
        return;
    }
    struct layer layer = {
        .lot = step->lot, .place = step->place, .qty_micro = step->qty_micro, .transfer = step->target};
    if (state->average)
        pool->value_minor += step->value_minor;
    else
        layer.value_minor = step->value_minor;
    layer_insert(state, pool, layer);
    if (step->place >= state->next_place)
        state->next_place = step->place + 1;
}

static void apply_value(struct item_state *state, const struct movement *movement, const struct step *step)
{
    struct pool *pool = &state->pools[step->pool];
    size_t at = layer_find(pool, step->lot, step->place);
    must(at != SIZE_MAX);
    int64_t *value = value_of(state, pool, &pool->layers[at]);
    *value += step->value_minor;
    must(*value >= 0); /* C-4 */
    if (state->whole && movement->kind == MOVE_VALUE && movement->where.role == ROLE_INVENTORY_WRITE_DOWN)
        written_change(written_of(state, pool, &pool->layers[at]), movement, step->value_minor);
}

static void apply_owe(struct item_state *state, const struct movement *movement, const struct step *step)
{
    struct pool *pool = &state->pools[step->pool];
    must(pool->layer_count == 0); /* C-4 */
    ARENA_GROW(state->arena, pool->owed, pool->owed_count, pool->owed_room);
    pool->owed[pool->owed_count++] = (struct owed_slice){
        .issue = movement->id,
        .qty_micro = step->qty_micro,
        .value_minor = step->value_minor,
        .where = *where_of(movement, step),
        .elsewhere = movement->kind == MOVE_SHIP || where_of(movement, step)->role == ROLE_PRODUCTION_COSTS_ABSORBED,
    };
}

static struct owed_slice *owed_find(struct pool *pool, movement_id issue)
{
    size_t at = 0;
    while (at < pool->owed_count && pool->owed[at].issue != issue)
        at++;
    must(at < pool->owed_count);
    return &pool->owed[at];
}

/* Takes qty and value off the owed slice of `issue`. */
static void owed_shrink(struct pool *pool, movement_id issue, int64_t qty_micro, int64_t value_minor)
{
    struct owed_slice *owed = owed_find(pool, issue);
    owed->qty_micro -= qty_micro;
    owed->value_minor -= value_minor;
    must(owed->qty_micro >= 0 && owed->value_minor >= 0);
    if (owed->qty_micro == 0) {
        must(owed->value_minor == 0); /* C-4 */
        pool->owed_count--;
        memmove(owed, owed + 1, (pool->owed_count - (size_t)(owed - pool->owed)) * sizeof *owed);
    }
}

/* The gone units of an owed slice that are settled now carry their real lot and cost, in the owed ones' place. */
static void gone_settle(struct item_state *state, const struct movement *movement, const struct step *step)
{
    size_t at = 0;
    while (at < state->gone_count &&
           !(state->gone[at].owed && state->gone[at].lot == step->target && state->gone[at].movement == step->target))
        at++;
    must(at < state->gone_count);
    struct gone settled = state->gone[at];
    state->gone[at].qty_micro -= step->qty_micro;
    state->gone[at].value_minor -= step->value_minor;
    settled.lot = step->lot;
    settled.qty_micro = step->qty_micro;
    settled.value_minor = step->cost_minor;
    settled.place = step->place;
    settled.owed = false;
    settled.settled = movement->id;
    bool emptied = state->gone[at].qty_micro == 0;
    if (emptied)
        state->gone[at] = settled;
    else
        gone_insert(state, at, settled);
}

static void apply_settle(struct item_state *state, const struct movement *movement, const struct step *step)
{
    struct pool *pool = &state->pools[step->pool];
    bool elsewhere = owed_find(pool, step->target)->elsewhere;
    owed_shrink(pool, step->target, step->qty_micro, step->value_minor);
    pool->last_value_minor = step->cost_minor;
    pool->last_qty_micro = step->qty_micro;
    if (step->place >= state->next_place)
        state->next_place = step->place + 1;
    if (state->whole && !elsewhere)
        gone_settle(state, movement, step);
}

static void apply_count(struct item_state *state, const struct step *step)
{
    size_t at = 0;
    while (at < state->count_count && !span_eq(state->counts[at].location, step->name))
        at++;
    if (at == state->count_count) {
        ARENA_GROW(state->arena, state->counts, state->count_count, state->count_room);
        state->counts[state->count_count++] = (struct location_count){.location = arena_copy(state->arena, step->name)};
    }
    state->counts[at].units[step->status] += step->qty_micro;
}

static size_t consigned_find(const struct item_state *state, const struct step *step)
{
    for (size_t i = 0; i < state->consigned_count; i++)
        if (state->consigned[i].lot == step->lot && state->consigned[i].place == step->place &&
            state->consigned[i].transfer == step->target && span_eq(state->consigned[i].location, step->name))
            return i;
    return SIZE_MAX;
}

static void apply_consign(struct item_state *state, const struct movement *movement, const struct step *step)
{
    must(step->qty_micro > 0 && step->value_minor >= 0);
    size_t at = consigned_find(state, step);
    if (at == SIZE_MAX) {
        ARENA_GROW(state->arena, state->consigned, state->consigned_count, state->consigned_room);
        at = state->consigned_count++;
        for (; at > 0 && state->consigned[at - 1].place > step->place; at--)
            state->consigned[at] = state->consigned[at - 1];
        state->consigned[at] = (struct consigned){.lot = step->lot,
                                                  .place = step->place,
                                                  .location = arena_copy(state->arena, step->name),
                                                  .transfer = step->target,
                                                  .where = *where_of(movement, step)};
        if (step->place >= state->next_place)
            state->next_place = step->place + 1;
    }
    state->consigned[at].qty_micro += step->qty_micro;
    state->consigned[at].value_minor += step->value_minor;
}

static void apply_advance(struct item_state *state, const struct movement *movement, const struct step *step)
{
    size_t at = 0;
    while (at < state->advance_count && state->advances[at].bill != step->target)
        at++;
    if (at == state->advance_count) {
        ARENA_GROW(state->arena, state->advances, state->advance_count, state->advance_room);
        state->advances[state->advance_count++] =
            (struct advance){.bill = step->target, .party = where_of(movement, step)->party};
    }
    struct advance *advance = &state->advances[at];
    advance->qty_micro += step->qty_micro;
    advance->value_minor += step->value_minor;
    must(advance->qty_micro >= 0 && (advance->qty_micro > 0 || advance->value_minor == 0));
    if (advance->qty_micro == 0) {
        state->advance_count--;
        memmove(advance, advance + 1, (state->advance_count - at) * sizeof *advance);
    }
}

static void apply_unconsign(struct item_state *state, const struct step *step)
{
    size_t at = consigned_find(state, step);
    must(at != SIZE_MAX);
    struct consigned *consigned = &state->consigned[at];
    consigned->qty_micro -= step->qty_micro;
    consigned->value_minor -= step->value_minor;
    must(consigned->qty_micro >= 0 && consigned->value_minor >= 0);
    if (consigned->qty_micro > 0)
        return;
    must(consigned->value_minor == 0);
    state->consigned_count--;
    memmove(consigned, consigned + 1, (state->consigned_count - at) * sizeof *consigned);
}

/* Splits qty and value off gone[index], in front of the rest, and hands the part back for change. */
static struct gone *gone_split(struct item_state *state, const struct step *step)
{
    must(step->index < state->gone_count);
    struct gone part = state->gone[step->index];
    state->gone[step->index].qty_micro -= step->qty_micro;
    state->gone[step->index].value_minor -= step->value_minor;
    must(state->gone[step->index].qty_micro >= 0);
    part.qty_micro = step->qty_micro;
    part.value_minor = step->value_minor;
    if (state->gone[step->index].qty_micro == 0)
        state->gone[step->index] = part;
    else
        gone_insert(state, step->index, part);
    return &state->gone[step->index];
}

static void apply_gone(struct item_state *state, const struct movement *movement, const struct step *step)
{
    if (!state->whole)
        return;
    if (step->kind == STEP_WHERE) {
        struct gone *part = gone_split(state, step);
        part->where = *where_of(movement, step);
        part->day = movement->day;
        return;
    }
    if (step->kind == STEP_KEPT) {
        gone_split(state, step)->kept = true;
        return;
    }
    if (step->kind == STEP_RELOT_GONE) {
        struct gone *part = gone_split(state, step);
        part->lot = step->lot;
        if (part->owed) /* it stands where the inflow that settles it does; others keep the place they left */
            part->place = step->place;
        part->owed = false;
        part->settled = movement->id;
        return;
    }
    if (step->kind == STEP_BACK || step->kind == STEP_COST) {
        must(step->index < state->gone_count);
        struct gone *gone = &state->gone[step->index];
        if (step->kind == STEP_COST) {
            gone->value_minor += step->value_minor;
            return;
        }
        gone->qty_micro -= step->qty_micro;
        gone->value_minor -= step->value_minor;
        must(gone->qty_micro >= 0); /* C-3: no slice comes back twice, */
        if (gone->qty_micro == 0)
            must(gone->value_minor == 0); /* C-3: and all of it at what it cost by now */
        if (gone->qty_micro == 0)
            gone_remove(state, step->index);
        return;
    }
    gone_insert(state, state->gone_count,
                (struct gone){
                    .movement = movement->id,
                    .lot = step->lot,
                    .pool = step->pool,
                    .place = step->place,
                    .qty_micro = step->qty_micro,
                    .value_minor = step->value_minor,
                    .where = *where_of(movement, step),
                    .day = movement->day,
                    .order = movement->kind == MOVE_OUT ? movement->order : 0,
                    .order_part = movement->order_part,
                    .owed = step->place == 0 && step->lot == movement->id,
                    .to_supplier = movement->kind == MOVE_SUPPLIER_RETURN,
                });
}

static void apply_relot(struct item_state *state, const struct movement *movement, const struct step *step)
{
    struct pool *pool = &state->pools[step->pool];
    size_t at = layer_find(pool, step->target, step->place);
    must(at != SIZE_MAX && !(state->average && step->value_minor != 0));
    struct layer part = pool->layers[at];
    part.lot = step->lot;
    part.settled = movement->id;
    part.qty_micro = step->qty_micro;
    part.value_minor = step->value_minor;
    written_take(&pool->layers[at].written, part.qty_micro, pool->layers[at].qty_micro);
    part.written.down_minor -= pool->layers[at].written.down_minor;
    pool->layers[at].qty_micro -= part.qty_micro;
    pool->layers[at].value_minor -= part.value_minor;
    must(pool->layers[at].qty_micro >= 0 && pool->layers[at].value_minor >= 0);
    if (pool->layers[at].qty_micro == 0)
        layer_remove(pool, at);
    size_t same = layer_find(pool, part.lot, part.place);
    if (same != SIZE_MAX) {
        pool->layers[same].qty_micro += part.qty_micro;
        pool->layers[same].value_minor += part.value_minor;
        pool->layers[same].written.down_minor += part.written.down_minor;
        return;
    }
    /* In front of what is left of the slice it was part of, or in its place: settled units come first. */
    ARENA_GROW(state->arena, pool->layers, pool->layer_count, pool->layer_room);
    memmove(&pool->layers[at + 1], &pool->layers[at], (pool->layer_count - at) * sizeof pool->layers[0]);
    pool->layers[at] = part;
    pool->layer_count++;
}

bool is_sold_of(const struct sold *sold, const struct movement *movement)
{
    return sold->order == movement->order && sold->order_part == movement->order_part &&
           span_eq(sold->order_line, movement->where.order_line);
}

static struct lot_account *lot_find(struct item_state *state, movement_id lot)
{
    for (size_t i = state->lot_count; i-- > 0;)
        if (state->lots[i].lot == lot)
            return &state->lots[i];
    return NULL;
}

int64_t lot_original_part(const struct lot_account *lot, int64_t qty_micro)
{
    if (qty_micro < 0)
        return -partial_draw(lot->billed_original_minor, -qty_micro, lot->billed_micro);
    return qty_micro == 0 ? 0 : partial_draw(lot->grni_original_minor, qty_micro, lot->unbilled_micro);
}

static void apply_billed(struct item_state *state, const struct step *step)
{
    if (!state->whole)
        return;
    struct lot_account *lot = lot_find(state, step->target);
    must(lot != NULL);
    if (step->kind == STEP_ACCRUE) {
        lot->unbilled_micro += step->qty_micro;
        lot->grni_minor += step->value_minor;
        must(lot->unbilled_micro >= 0 && (lot->unbilled_micro > 0 || lot->grni_minor == 0));
        return;
    }
    if (step->kind == STEP_SENT_BACK) {
        lot->billed_minor -= partial_draw(lot->billed_minor, step->qty_micro, lot->billed_micro);
        lot->billed_original_minor += lot_original_part(lot, -step->qty_micro);
        lot->billed_micro -= step->qty_micro;
        lot->sent_back_micro += step->qty_micro;
        return;
    }
    int64_t original_minor = lot_original_part(lot, step->qty_micro);
    lot->grni_original_minor -= original_minor;
    lot->unbilled_micro -= step->qty_micro;
    lot->grni_minor -= step->value_minor;
    if (step->kind == STEP_BILLED) {
        lot->billed_micro += step->qty_micro;
        lot->billed_minor += step->value_minor;
        lot->billed_original_minor += original_minor;
    } else {
        lot->sent_back_micro += step->qty_micro;
    }
}

static void apply_sold(struct item_state *state, const struct movement *movement, const struct step *step)
{
    size_t at = 0;
    while (at < state->sold_count &&
           !(is_sold_of(&state->sold[at], movement) && span_eq(state->sold[at].location, step->name)))
        at++;
    if (at == state->sold_count) {
        ARENA_GROW(state->arena, state->sold, state->sold_count, state->sold_room);
        state->sold[state->sold_count++] = (struct sold){.order = movement->order,
                                                         .order_part = movement->order_part,
                                                         .order_line = movement->where.order_line,
                                                         .location = step->name};
    }
    struct sold *sold = &state->sold[at];
    sold->qty_micro += step->qty_micro;
    sold->value_minor += step->value_minor;
    must(sold->qty_micro >= 0 && sold->value_minor >= 0);
    if (sold->qty_micro == 0) {
        must(sold->value_minor == 0);
        state->sold_count--;
        memmove(sold, sold + 1, (state->sold_count - at) * sizeof *sold);
    }
}

static struct lot_account *lot_open(struct item_state *state, const struct movement *movement)
{
    ARENA_GROW(state->arena, state->lots, state->lot_count, state->lot_room);
    struct lot_account *lot = &state->lots[state->lot_count++];
    *lot = (struct lot_account){
        .lot = movement->id,
        .day = movement->day,
        .text = movement->lot,
        .where = movement->where,
        .qty_micro = movement->qty_micro,
        .value_minor = movement->value_minor,
    };
    return lot;
}

/* What an old receipt left is billed, but for what its purchase says. */
static void begin_opening(struct item_state *state, const struct movement *movement)
{
    struct lot_account *lot = movement->refers ? lot_find(state, movement->refers) : NULL;
    bool shares = lot != NULL;
    if (!shares)
        lot = lot_open(state, movement);
    if (movement->kind == MOVE_PURCHASE) {
        lot->where = movement->where;
        if (lot->qty_micro < movement->qty_micro)
            lot->qty_micro = movement->qty_micro;
        lot->unbilled_micro = movement->qty_micro;
        lot->grni_minor = movement->value_minor;
    } else if (shares) {
        lot->qty_micro += movement->qty_micro;
        lot->value_minor += movement->value_minor;
    }
    lot->billed_micro = lot->qty_micro - lot->unbilled_micro;
    lot->billed_minor = lot->billed_micro > 0 ? partial_draw(lot->value_minor, lot->billed_micro, lot->qty_micro) : 0;
}

void item_state_begin(struct item_state *state, const struct movement *movement)
{
    if (!state->whole)
        return;
    if (movement->kind == MOVE_PURCHASE || (movement->kind == MOVE_IN && movement->where.role == ROLE_OPENING_EQUITY))
        begin_opening(state, movement);
    else if (movement->kind == MOVE_COUNT && movement->lot.len > 0)
        (void)lot_open(state, movement);
    else if (movement->kind == MOVE_IN) {
        struct lot_account *lot = lot_open(state, movement);
        lot->consigned = movement->status == UNITS_CONSIGNED;
        if (lot->consigned)
            return;
        lot->unbilled_micro = movement->qty_micro;
        lot->grni_minor = movement->value_minor;
        lot->money = movement->money;
        lot->grni_original_minor = movement->original_minor;
    }
}

void item_state_apply(struct item_state *state, const struct movement *movement, const struct step *step)
{
    switch (step->kind) {
    case STEP_POOL:
        ARENA_GROW(state->arena, state->pools, state->pool_count, state->pool_room);
        state->pools[state->pool_count++] =
            (struct pool){.name = arena_copy(state->arena, step->name), .kind = (enum pool_kind)step->status};
        return;
    case STEP_TAKE: apply_take(state, step); return;
    case STEP_ADD: apply_add(state, step); return;
    case STEP_VALUE: apply_value(state, movement, step); return;
    case STEP_OWE: apply_owe(state, movement, step); return;
    case STEP_SETTLE: apply_settle(state, movement, step); return;
    case STEP_UNOWE: owed_shrink(&state->pools[step->pool], step->target, step->qty_micro, step->value_minor); return;
    case STEP_LAST:
        state->pools[step->pool].last_value_minor = step->value_minor;
        state->pools[step->pool].last_qty_micro = step->qty_micro;
        return;
    case STEP_COUNT: apply_count(state, step); return;
    case STEP_POST:
    case STEP_POST_ON: return;
    case STEP_BACK:
    case STEP_COST:
    case STEP_GONE:
    case STEP_WHERE:
    case STEP_KEPT:
    case STEP_RELOT_GONE: apply_gone(state, movement, step); return;
    case STEP_CONSIGN: apply_consign(state, movement, step); return;
    case STEP_UNCONSIGN: apply_unconsign(state, step); return;
    case STEP_ADVANCE: apply_advance(state, movement, step); return;
    case STEP_ACCRUE:
    case STEP_BILLED:
    case STEP_SENT_BACK:
    case STEP_UNBILLED: apply_billed(state, step); return;
    case STEP_ELSEWHERE: owed_find(&state->pools[step->pool], step->target)->elsewhere = true; return;
    case STEP_RELOT: apply_relot(state, movement, step); return;
    case STEP_SOLD: apply_sold(state, movement, step); return;
    }
    must(!"a known step");
}

static enum role pool_role(const struct pool *pool)
{
    return pool->kind == POOL_TRANSIT ? ROLE_INVENTORY_IN_TRANSIT : ROLE_INVENTORY;
}

bool step_line(const struct item_state *state, const struct movement *movement, const struct step *step,
               struct line *out_line)
{
    struct line line = {0};
    switch (step->kind) {
    case STEP_TAKE:
    case STEP_ADD:
    case STEP_VALUE: {
        const struct pool *pool = &state->pools[step->pool];
        line.role = pool_role(pool);
        if (pool->kind == POOL_STOCK)
            line.location = pool->name;
        line.amount_minor = step->kind == STEP_TAKE ? -step->value_minor : step->value_minor;
        break;
    }
    case STEP_OWE:
    case STEP_SETTLE:
    case STEP_UNOWE:
        line.role = ROLE_INVENTORY_OWED;
        line.location = state->pools[step->pool].name;
        line.amount_minor = step->kind == STEP_OWE ? -step->value_minor : step->value_minor;
        break;
    case STEP_POST:
    case STEP_POST_ON: {
        const struct where *where = where_of(movement, step);
        line = (struct line){.role = where->role,
                             .amount_minor = step->value_minor,
                             .sku = step->name,
                             .channel = where->channel,
                             .location = where->location,
                             .order = where->order,
                             .order_line = where->order_line,
                             .party = where->party,
                             .tag = where->tag};
        break;
    }
    case STEP_POOL:
    case STEP_LAST:
    case STEP_COUNT:
    case STEP_BACK:
    case STEP_COST:
    case STEP_GONE:
    case STEP_BILLED:
    case STEP_SENT_BACK:
    case STEP_RELOT:
    case STEP_ELSEWHERE:
    case STEP_WHERE:
    case STEP_KEPT:
    case STEP_RELOT_GONE:
    case STEP_UNBILLED:
    case STEP_CONSIGN:
    case STEP_UNCONSIGN:
    case STEP_ADVANCE:
    case STEP_ACCRUE:
    case STEP_SOLD: return false;
    }
    *out_line = line;
    return line.amount_minor != 0;
}
