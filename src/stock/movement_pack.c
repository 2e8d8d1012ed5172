/* movement_pack.c: the packed form of movements, steps and checkpoints (docs/formats/truth.md). */
#include "stock/item_state.h"

static void where_pack(const struct where *where, struct buf *out)
{
    buf_put_varint(out, (uint64_t)where->role);
    buf_put_text(out, where->channel);
    buf_put_text(out, where->location);
    buf_put_text(out, where->order);
    buf_put_text(out, where->order_line);
    buf_put_text(out, where->party);
    buf_put_text(out, where->tag);
}

static struct where where_unpack(struct cursor *cursor, struct arena *arena)
{
    struct where where = {0};
    where.role = (enum role)cursor_varint(cursor);
    where.channel = cursor_text(cursor, arena);
    where.location = cursor_text(cursor, arena);
    where.order = cursor_text(cursor, arena);
    where.order_line = cursor_text(cursor, arena);
    where.party = cursor_text(cursor, arena);
    where.tag = cursor_text(cursor, arena);
    return where;
}

bool where_same(const struct where *a, const struct where *b)
{
    return a->role == b->role && span_eq(a->channel, b->channel) && span_eq(a->location, b->location) &&
           span_eq(a->order, b->order) && span_eq(a->order_line, b->order_line) && span_eq(a->party, b->party) &&
           span_eq(a->tag, b->tag);
}

enum { KEY_ENTERED = 0x80 };

static void key_pack(const struct key *key, struct buf *out)
{
    buf_put_signed(out, key->at_us);
    buf_put_u8(out, (uint8_t)((unsigned)key->rank | (key->entered ? KEY_ENTERED : 0)));
    if (key->entered != 0) {
        buf_put_varint(out, key->entered);
        buf_put_signed(out, key->since_us);
    }
    buf_put_text(out, key->source);
    buf_put_text(out, key->type);
    buf_put_text(out, key->id);
    buf_put_u8(out, (uint8_t)key->leg);
    buf_put_varint(out, (uint64_t)key->line);
    buf_put_varint(out, (uint64_t)key->part);
}

static struct key key_unpack(struct cursor *cursor, struct arena *arena)
{
    struct key key = {0};
    key.at_us = cursor_signed(cursor);
    uint8_t rank = cursor_u8(cursor);
    key.rank = (enum rank)(rank & ~KEY_ENTERED);
    if (rank & KEY_ENTERED) {
        key.entered = cursor_varint(cursor);
        key.since_us = cursor_signed(cursor);
    }
    key.source = cursor_text(cursor, arena);
    key.type = cursor_text(cursor, arena);
    key.id = cursor_text(cursor, arena);
    key.leg = cursor_u8(cursor);
    key.line = (int)cursor_varint(cursor);
    key.part = (int64_t)cursor_varint(cursor);
    return key;
}

enum {
    COSTING_COMPANY = 1,
    COSTING_CURRENT = 2,
    COSTING_LAST = 4,
    COSTING_REFUSE = 8,
    COSTING_ACCOUNT = 16,
    COSTING_EXCHANGE = 128
};
enum { COSTING_SUPPLIER_SHIFT = 5, COSTING_SUPPLIER_MASK = 3 };
enum { MOVEMENT_WHOLE = 1, MOVEMENT_LOST = 2, MOVEMENT_FOREIGN = 4, MOVEMENT_ORIGIN = 8 };

enum { COSTING_ANY_YEAR = 0x80 }; /* beside the decimals */

static void costing_pack(const struct costing *costing, struct buf *out)
{
    buf_put_u8(out, costing->method);
    buf_put_u8(
        out, (uint8_t)((costing->company_pool ? COSTING_COMPANY : 0) | (costing->return_current ? COSTING_CURRENT : 0) |
                       (costing->returned_last ? COSTING_LAST : 0) | (costing->refuse_short ? COSTING_REFUSE : 0) |
                       (costing->difference_account ? COSTING_ACCOUNT : 0) |
                       costing->supplier_return << COSTING_SUPPLIER_SHIFT |
                       (costing->exchange_to_stock ? COSTING_EXCHANGE : 0)));
    buf_put_u8(out, (uint8_t)(costing->exponent | (costing->back_any_year ? COSTING_ANY_YEAR : 0)));
}

static struct costing costing_unpack(struct cursor *cursor)
{
    struct costing costing = {.method = cursor_u8(cursor)};
    uint8_t bits = cursor_u8(cursor);
    costing.company_pool = bits & COSTING_COMPANY;
    costing.return_current = bits & COSTING_CURRENT;
    costing.returned_last = bits & COSTING_LAST;
    costing.refuse_short = bits & COSTING_REFUSE;
    costing.difference_account = bits & COSTING_ACCOUNT;
    costing.supplier_return = bits >> COSTING_SUPPLIER_SHIFT & COSTING_SUPPLIER_MASK;
    costing.exchange_to_stock = bits & COSTING_EXCHANGE;
    uint8_t exponent = cursor_u8(cursor);
    costing.exponent = (uint8_t)(exponent & (COSTING_ANY_YEAR - 1));
    costing.back_any_year = exponent & COSTING_ANY_YEAR;
    return costing;
}

void movement_pack(const struct movement *movement, struct buf *out)
{
    buf_put_varint(out, movement->id);
    key_pack(&movement->key, out);
    buf_put_signed(out, movement->day);
    buf_put_u8(out, (uint8_t)movement->kind);
    costing_pack(&movement->costing, out);
    buf_put_text(out, movement->location);
    buf_put_micro(out, movement->qty_micro);
    buf_put_known(out, movement->value_minor);
    buf_put_known(out, movement->standard_micro);
    buf_put_known(out, movement->last_micro);
    where_pack(&movement->where, out);
    buf_put_varint(out, movement->refers);
    buf_put_varint(out, movement->order);
    buf_put_varint(out, (uint64_t)movement->order_part);
    buf_put_u8(out, (uint8_t)movement->status);
    buf_put_u8(out, (uint8_t)((movement->whole ? MOVEMENT_WHOLE : 0) | (movement->lost ? MOVEMENT_LOST : 0) |
                              (movement->money ? MOVEMENT_FOREIGN : 0) | (movement->origin ? MOVEMENT_ORIGIN : 0)));
    if (movement->money != 0) {
        buf_put_varint(out, movement->money);
        buf_put_signed(out, movement->original_minor);
        buf_put_signed(out, movement->rate_e10);
    }
    if (movement->origin != NULL) {
        buf_put_signed(out, movement->origin->open_from);
        where_pack(&movement->origin->grni, out);
        buf_put_text(out, movement->origin->sku);
    }
    buf_put_text(out, movement->lot);
    buf_put_varint(out, movement->pick_count);
    for (size_t i = 0; i < movement->pick_count; i++) {
        buf_put_varint(out, movement->picks[i].receipt);
        buf_put_text(out, movement->picks[i].lot);
        buf_put_micro(out, movement->picks[i].qty_micro);
    }
}

static const struct movement_origin *origin_unpack(struct cursor *cursor, struct arena *arena)
{
    struct movement_origin *origin = ARENA_NEW(arena, struct movement_origin);
    if (origin == NULL)
        return NULL;
    origin->open_from = (int32_t)cursor_signed(cursor);
    origin->grni = where_unpack(cursor, arena);
    origin->sku = cursor_text(cursor, arena);
    return origin;
}

bool movement_unpack(struct cursor *cursor, struct arena *arena, struct movement *out_movement)
{
    struct movement movement = {0};
    movement.id = cursor_varint(cursor);
    movement.key = key_unpack(cursor, arena);
    movement.day = (int32_t)cursor_signed(cursor);
    movement.kind = (enum movement_kind)cursor_u8(cursor);
    movement.costing = costing_unpack(cursor);
    movement.location = cursor_text(cursor, arena);
    movement.qty_micro = cursor_micro(cursor);
    movement.value_minor = cursor_known(cursor);
    movement.standard_micro = cursor_known(cursor);
    movement.last_micro = cursor_known(cursor);
    movement.where = where_unpack(cursor, arena);
    movement.refers = cursor_varint(cursor);
    movement.order = (uint32_t)cursor_varint(cursor);
    movement.order_part = (int)cursor_varint(cursor);
    movement.status = (enum unit_status)cursor_u8(cursor);
    uint8_t bits = cursor_u8(cursor);
    movement.whole = bits & MOVEMENT_WHOLE;
    movement.lost = bits & MOVEMENT_LOST;
    if (bits & MOVEMENT_FOREIGN) {
        movement.money = (currency)cursor_varint(cursor);
        movement.original_minor = cursor_signed(cursor);
        movement.rate_e10 = cursor_signed(cursor);
    }
    if (bits & MOVEMENT_ORIGIN)
        movement.origin = origin_unpack(cursor, arena);
    movement.lot = cursor_text(cursor, arena);
    movement.pick_count = cursor_varint(cursor);
    if (cursor->bad || movement.pick_count > (size_t)(cursor->end - cursor->at))
        return false;
    if (movement.pick_count > 0) {
        movement.picks = ARENA_ARRAY(arena, struct movement_pick, movement.pick_count);
        if (movement.picks == NULL)
            return false;
    }
    for (size_t i = 0; i < movement.pick_count; i++) {
        movement.picks[i].receipt = cursor_varint(cursor);
        movement.picks[i].lot = cursor_text(cursor, arena);
        movement.picks[i].qty_micro = cursor_micro(cursor);
    }
    if (cursor->bad || movement.kind < MOVE_IN || movement.kind > MOVE_PURCHASE)
        return false;
    *out_movement = movement;
    return true;
}

unsigned step_members(enum step_kind kind)
{
    switch (kind) {
    case STEP_POOL: return STEP_HAS_NAME;
    case STEP_TAKE: return STEP_HAS_POOL | STEP_HAS_LAYER | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_ADD: return STEP_HAS_POOL | STEP_HAS_LAYER | STEP_HAS_TARGET | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_VALUE: return STEP_HAS_POOL | STEP_HAS_LAYER | STEP_HAS_VALUE;
    case STEP_OWE: return STEP_HAS_POOL | STEP_HAS_QTY | STEP_HAS_VALUE | STEP_HAS_WHERE;
    case STEP_SETTLE:
        return STEP_HAS_POOL | STEP_HAS_LAYER | STEP_HAS_TARGET | STEP_HAS_QTY | STEP_HAS_VALUE | STEP_HAS_COST;
    case STEP_UNOWE: return STEP_HAS_POOL | STEP_HAS_TARGET | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_LAST: return STEP_HAS_POOL | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_COUNT: return STEP_HAS_NAME | STEP_HAS_QTY;
    case STEP_POST: return STEP_HAS_VALUE | STEP_HAS_WHERE;
    case STEP_POST_ON: return STEP_HAS_NAME | STEP_HAS_VALUE | STEP_HAS_WHERE | STEP_HAS_DAY;
    case STEP_BACK:
    case STEP_KEPT: return STEP_HAS_INDEX | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_COST: return STEP_HAS_INDEX | STEP_HAS_TARGET | STEP_HAS_VALUE;
    case STEP_GONE: return STEP_HAS_POOL | STEP_HAS_LAYER | STEP_HAS_QTY | STEP_HAS_VALUE | STEP_HAS_WHERE;
    case STEP_BILLED: return STEP_HAS_TARGET | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_RELOT: return STEP_HAS_POOL | STEP_HAS_LAYER | STEP_HAS_TARGET | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_ELSEWHERE: return STEP_HAS_POOL | STEP_HAS_TARGET;
    case STEP_WHERE: return STEP_HAS_INDEX | STEP_HAS_QTY | STEP_HAS_VALUE | STEP_HAS_WHERE;
    case STEP_RELOT_GONE: return STEP_HAS_INDEX | STEP_HAS_LAYER | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_SENT_BACK: return STEP_HAS_TARGET | STEP_HAS_QTY;
    case STEP_SOLD: return STEP_HAS_NAME | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_UNBILLED: return STEP_HAS_TARGET | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_CONSIGN:
        return STEP_HAS_LAYER | STEP_HAS_TARGET | STEP_HAS_NAME | STEP_HAS_QTY | STEP_HAS_VALUE | STEP_HAS_WHERE;
    case STEP_UNCONSIGN: return STEP_HAS_LAYER | STEP_HAS_TARGET | STEP_HAS_NAME | STEP_HAS_QTY | STEP_HAS_VALUE;
    case STEP_ADVANCE: return STEP_HAS_TARGET | STEP_HAS_QTY | STEP_HAS_VALUE | STEP_HAS_WHERE;
    case STEP_ACCRUE: return STEP_HAS_TARGET | STEP_HAS_QTY | STEP_HAS_VALUE;
    }
    return 0;
}

static void step_pack(const struct step *step, struct buf *out)
{
    unsigned members = step_members(step->kind);
    bool own = (members & STEP_HAS_WHERE) && step->where == NULL;
    buf_put_u8(out, (uint8_t)((unsigned)step->kind | (own ? 0x80u : 0)));
    if (members & STEP_HAS_POOL)
        buf_put_varint(out, (uint64_t)step->pool);
    if (members & STEP_HAS_LAYER) {
        buf_put_varint(out, step->lot);
        buf_put_varint(out, step->place);
    }
    if (members & STEP_HAS_TARGET)
        buf_put_varint(out, step->target);
    if (members & STEP_HAS_INDEX)
        buf_put_varint(out, step->index);
    if (members & STEP_HAS_NAME) {
        buf_put_text(out, step->name);
        buf_put_u8(out, (uint8_t)step->status);
    }
    if (members & STEP_HAS_QTY)
        buf_put_micro(out, step->qty_micro);
    if (members & STEP_HAS_VALUE)
        buf_put_signed(out, step->value_minor);
    if (members & STEP_HAS_COST)
        buf_put_signed(out, step->cost_minor);
    if ((members & STEP_HAS_WHERE) && !own)
        where_pack(step->where, out);
    if (members & STEP_HAS_DAY)
        buf_put_signed(out, step->day);
}

void steps_pack(const struct step *steps, size_t count, struct buf *out)
{
    buf_put_varint(out, count);
    for (size_t i = 0; i < count; i++)
        step_pack(&steps[i], out);
}

static bool step_unpack(struct cursor *cursor, struct arena *arena, struct step *step)
{
    uint8_t head = cursor_u8(cursor);
    step->kind = (enum step_kind)(head & 0x7f);
    unsigned members = step_members(step->kind);
    if (members == 0)
        return false;
    if (members & STEP_HAS_POOL)
        step->pool = (int)cursor_varint(cursor);
    if (members & STEP_HAS_LAYER) {
        step->lot = cursor_varint(cursor);
        step->place = (uint32_t)cursor_varint(cursor);
    }
    if (members & STEP_HAS_TARGET)
        step->target = cursor_varint(cursor);
    if (members & STEP_HAS_INDEX)
        step->index = (uint32_t)cursor_varint(cursor);
    if (members & STEP_HAS_NAME) {
        step->name = cursor_text(cursor, arena);
        step->status = (enum unit_status)cursor_u8(cursor);
    }
    if (members & STEP_HAS_QTY)
        step->qty_micro = cursor_micro(cursor);
    if (members & STEP_HAS_VALUE)
        step->value_minor = cursor_signed(cursor);
    if (members & STEP_HAS_COST)
        step->cost_minor = cursor_signed(cursor);
    if ((members & STEP_HAS_WHERE) && !(head & 0x80)) {
        struct where *where = ARENA_NEW(arena, struct where);
        if (where == NULL)
            return false;
        *where = where_unpack(cursor, arena);
        step->where = where;
    }
    if (members & STEP_HAS_DAY)
        step->day = (int32_t)cursor_signed(cursor);
    return !cursor->bad;
}

bool steps_unpack(struct cursor *cursor, struct arena *arena, struct step **out_steps, size_t *out_count)
{
    uint64_t count = cursor_varint(cursor);
    if (cursor->bad || count > (uint64_t)(cursor->end - cursor->at))
        return false;
    struct step *steps = count ? ARENA_ARRAY(arena, struct step, count) : NULL;
    if (count > 0 && steps == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!step_unpack(cursor, arena, &steps[i]))
            return false;
    *out_steps = steps;
    *out_count = count;
    return true;
}

static void pool_pack(const struct pool *pool, struct buf *out)
{
    buf_put_text(out, pool->name);
    buf_put_u8(out, (uint8_t)pool->kind);
    buf_put_signed(out, pool->value_minor);
    buf_put_signed(out, pool->last_value_minor);
    buf_put_signed(out, pool->last_qty_micro);
    buf_put_varint(out, pool->layer_count);
    for (size_t i = 0; i < pool->layer_count; i++) {
        const struct layer *layer = &pool->layers[i];
        buf_put_varint(out, layer->lot);
        buf_put_varint(out, layer->place);
        buf_put_signed(out, layer->qty_micro);
        buf_put_signed(out, layer->value_minor);
        buf_put_varint(out, layer->transfer);
    }
    buf_put_varint(out, pool->owed_count);
    for (size_t i = 0; i < pool->owed_count; i++) {
        const struct owed_slice *owed = &pool->owed[i];
        buf_put_varint(out, owed->issue);
        buf_put_signed(out, owed->qty_micro);
        buf_put_signed(out, owed->value_minor);
        buf_put_u8(out, owed->elsewhere);
        where_pack(&owed->where, out);
    }
}

void item_state_pack(const struct item_state *state, struct buf *out)
{
    buf_put_u8(out, state->average);
    buf_put_varint(out, state->next_place);
    buf_put_varint(out, state->pool_count);
    for (size_t i = 0; i < state->pool_count; i++)
        pool_pack(&state->pools[i], out);
    buf_put_varint(out, state->count_count);
    for (size_t i = 0; i < state->count_count; i++) {
        buf_put_text(out, state->counts[i].location);
        for (int status = 0; status < 4; status++)
            buf_put_signed(out, state->counts[i].units[status]);
    }
    buf_put_varint(out, state->sold_count);
    for (size_t i = 0; i < state->sold_count; i++) {
        const struct sold *sold = &state->sold[i];
        buf_put_varint(out, sold->order);
        buf_put_varint(out, (uint64_t)sold->order_part);
        buf_put_text(out, sold->order_line);
        buf_put_text(out, sold->location);
        buf_put_signed(out, sold->qty_micro);
        buf_put_signed(out, sold->value_minor);
    }
    buf_put_varint(out, state->consigned_count);
    for (size_t i = 0; i < state->consigned_count; i++) {
        const struct consigned *consigned = &state->consigned[i];
        buf_put_varint(out, consigned->lot);
        buf_put_varint(out, consigned->place);
        buf_put_text(out, consigned->location);
        buf_put_varint(out, consigned->transfer);
        buf_put_signed(out, consigned->qty_micro);
        buf_put_signed(out, consigned->value_minor);
        where_pack(&consigned->where, out);
    }
    buf_put_varint(out, state->advance_count);
    for (size_t i = 0; i < state->advance_count; i++) {
        buf_put_varint(out, state->advances[i].bill);
        buf_put_text(out, state->advances[i].party);
        buf_put_signed(out, state->advances[i].qty_micro);
        buf_put_signed(out, state->advances[i].value_minor);
    }
}

static bool plausible(struct cursor *cursor, uint64_t count)
{
    return !cursor->bad && count <= (uint64_t)(cursor->end - cursor->at);
}

static bool pool_unpack(struct cursor *cursor, struct arena *arena, struct pool *pool)
{
    pool->name = cursor_text(cursor, arena);
    pool->kind = (enum pool_kind)cursor_u8(cursor);
    pool->value_minor = cursor_signed(cursor);
    pool->last_value_minor = cursor_signed(cursor);
    pool->last_qty_micro = cursor_signed(cursor);
    uint64_t layers = cursor_varint(cursor);
    if (!plausible(cursor, layers))
        return false;
    pool->layer_count = pool->layer_room = layers;
    pool->layers = layers ? ARENA_ARRAY(arena, struct layer, layers) : NULL;
    for (size_t i = 0; i < layers; i++) {
        struct layer *layer = &pool->layers[i];
        layer->lot = cursor_varint(cursor);
        layer->place = (uint32_t)cursor_varint(cursor);
        layer->qty_micro = cursor_signed(cursor);
        layer->value_minor = cursor_signed(cursor);
        layer->transfer = cursor_varint(cursor);
    }
    uint64_t owed_count = cursor_varint(cursor);
    if (!plausible(cursor, owed_count))
        return false;
    pool->owed_count = pool->owed_room = owed_count;
    pool->owed = owed_count ? ARENA_ARRAY(arena, struct owed_slice, owed_count) : NULL;
    for (size_t i = 0; i < owed_count; i++) {
        struct owed_slice *owed = &pool->owed[i];
        owed->issue = cursor_varint(cursor);
        owed->qty_micro = cursor_signed(cursor);
        owed->value_minor = cursor_signed(cursor);
        owed->elsewhere = cursor_u8(cursor);
        owed->where = where_unpack(cursor, arena);
    }
    return !cursor->bad;
}

static bool sold_unpack(struct cursor *cursor, struct arena *arena, struct item_state *state)
{
    uint64_t count = cursor_varint(cursor);
    if (!plausible(cursor, count))
        return false;
    state->sold_count = state->sold_room = count;
    state->sold = count ? ARENA_ARRAY(arena, struct sold, count) : NULL;
    if (count > 0 && state->sold == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct sold *sold = &state->sold[i];
        sold->order = (uint32_t)cursor_varint(cursor);
        sold->order_part = (int)cursor_varint(cursor);
        sold->order_line = cursor_text(cursor, arena);
        sold->location = cursor_text(cursor, arena);
        sold->qty_micro = cursor_signed(cursor);
        sold->value_minor = cursor_signed(cursor);
    }
    return !cursor->bad;
}

bool item_state_unpack(struct cursor *cursor, struct arena *arena, struct item_state *out_state)
{
    struct item_state state = item_state_make(arena, cursor_u8(cursor), false);
    state.next_place = (uint32_t)cursor_varint(cursor);
    uint64_t pools = cursor_varint(cursor);
    if (!plausible(cursor, pools))
        return false;
    state.pool_count = state.pool_room = pools;
    state.pools = pools ? ARENA_ARRAY(arena, struct pool, pools) : NULL;
    for (size_t i = 0; i < pools; i++)
        if (!pool_unpack(cursor, arena, &state.pools[i]))
            return false;
    uint64_t counts = cursor_varint(cursor);
    if (!plausible(cursor, counts))
        return false;
    state.count_count = state.count_room = counts;
    state.counts = counts ? ARENA_ARRAY(arena, struct location_count, counts) : NULL;
    for (size_t i = 0; i < counts; i++) {
        state.counts[i].location = cursor_text(cursor, arena);
        for (int status = 0; status < 4; status++)
            state.counts[i].units[status] = cursor_signed(cursor);
    }
    if (!sold_unpack(cursor, arena, &state))
        return false;
    uint64_t consigned_count = cursor_varint(cursor);
    if (!plausible(cursor, consigned_count))
        return false;
    state.consigned_count = state.consigned_room = consigned_count;
    state.consigned = consigned_count ? ARENA_ARRAY(arena, struct consigned, consigned_count) : NULL;
    for (size_t i = 0; i < consigned_count; i++) {
        struct consigned *consigned = &state.consigned[i];
        consigned->lot = cursor_varint(cursor);
        consigned->place = (uint32_t)cursor_varint(cursor);
        consigned->location = cursor_text(cursor, arena);
        consigned->transfer = cursor_varint(cursor);
        consigned->qty_micro = cursor_signed(cursor);
        consigned->value_minor = cursor_signed(cursor);
        consigned->where = where_unpack(cursor, arena);
    }
    uint64_t advance_count = cursor_varint(cursor);
    if (!plausible(cursor, advance_count))
        return false;
    state.advance_count = state.advance_room = advance_count;
    state.advances = advance_count ? ARENA_ARRAY(arena, struct advance, advance_count) : NULL;
    for (size_t i = 0; i < advance_count; i++) {
        state.advances[i].bill = cursor_varint(cursor);
        state.advances[i].party = cursor_text(cursor, arena);
        state.advances[i].qty_micro = cursor_signed(cursor);
        state.advances[i].value_minor = cursor_signed(cursor);
    }
    if (cursor->bad || arena_is_exhausted(arena))
        return false;
    *out_state = state;
    return true;
}
