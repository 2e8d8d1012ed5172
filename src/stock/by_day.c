/* by_day.c: what an item had at the end of a day where its movements are not queued by date (backdated entry_order).
 *
 * The sums by date are what counts: units and value of all movements dated up to the day, in whatever order they were
 * decided. Units that left by then, of a layer that came in later by date, are owed at the value they took; units that
 * came in by then to settle what leaves later are held. */
#include "stock/item_book.h"

#include <string.h>

struct loose {
    struct arena *arena;
    struct item_state state;
};

static struct layer *layer_of(struct loose *loose, struct pool *pool, movement_id lot, uint32_t place)
{
    size_t at = 0;
    while (at < pool->layer_count && !(pool->layers[at].lot == lot && pool->layers[at].place == place))
        at++;
    if (at == pool->layer_count) {
        ARENA_GROW(loose->arena, pool->layers, pool->layer_count, pool->layer_room);
        pool->layers[pool->layer_count++] = (struct layer){.lot = lot, .place = place};
    }
    return &pool->layers[at];
}

static struct owed_slice *owed_of(struct loose *loose, struct pool *pool, movement_id issue)
{
    size_t at = 0;
    while (at < pool->owed_count && pool->owed[at].issue != issue)
        at++;
    if (at == pool->owed_count) {
        ARENA_GROW(loose->arena, pool->owed, pool->owed_count, pool->owed_room);
        pool->owed[pool->owed_count++] = (struct owed_slice){.issue = issue};
    }
    return &pool->owed[at];
}

static void layer_add(struct loose *loose, int pool, movement_id lot, uint32_t place, int64_t qty_micro,
                      int64_t value_minor)
{
    struct layer *layer = layer_of(loose, &loose->state.pools[pool], lot, place);
    layer->qty_micro += qty_micro;
    if (loose->state.average)
        loose->state.pools[pool].value_minor += value_minor;
    else
        layer->value_minor += value_minor;
}

static void owed_add(struct loose *loose, int pool, movement_id issue, int64_t qty_micro, int64_t value_minor)
{
    struct owed_slice *owed = owed_of(loose, &loose->state.pools[pool], issue);
    owed->qty_micro += qty_micro;
    owed->value_minor += value_minor;
}

static void bill_add(struct loose *loose, const struct step *step)
{
    for (size_t i = 0; i < loose->state.lot_count; i++) {
        struct lot_account *lot = &loose->state.lots[i];
        if (lot->lot != step->target)
            continue;
        if (step->kind != STEP_SENT_BACK) {
            lot->unbilled_micro -= step->qty_micro;
            lot->grni_minor -= step->value_minor;
        }
        if (step->kind != STEP_UNBILLED)
            lot->billed_micro += step->kind == STEP_BILLED ? step->qty_micro : -step->qty_micro;
    }
}

static void add_step(struct loose *loose, const struct movement *movement, const struct step *step)
{
    switch ((int)step->kind) {
    case STEP_TAKE: layer_add(loose, step->pool, step->lot, step->place, -step->qty_micro, -step->value_minor); return;
    case STEP_ADD: layer_add(loose, step->pool, step->lot, step->place, step->qty_micro, step->value_minor); return;
    case STEP_VALUE: layer_add(loose, step->pool, step->lot, step->place, 0, step->value_minor); return;
    case STEP_RELOT:
        layer_add(loose, step->pool, step->target, step->place, -step->qty_micro, -step->value_minor);
        layer_add(loose, step->pool, step->lot, step->place, step->qty_micro, step->value_minor);
        return;
    case STEP_OWE: owed_add(loose, step->pool, movement->id, step->qty_micro, step->value_minor); return;
    case STEP_SETTLE:
    case STEP_UNOWE: owed_add(loose, step->pool, step->target, -step->qty_micro, -step->value_minor); return;
    case STEP_BILLED:
    case STEP_UNBILLED:
    case STEP_SENT_BACK: bill_add(loose, step); return;
    case STEP_COUNT: item_state_apply(&loose->state, movement, step); return;
    default: return;
    }
}

/* Goods out are told from what the real state had before and after a movement. */
static void goods_out_add(struct loose *loose, const struct item_state *real, int sign)
{
    for (size_t i = 0; i < real->gone_count; i++) {
        const struct gone *gone = &real->gone[i];
        size_t at = 0;
        if (gone->where.role != ROLE_GOODS_OUT)
            continue;
        while (at < loose->state.gone_count && !span_eq(loose->state.gone[at].where.location, gone->where.location))
            at++;
        if (at == loose->state.gone_count) {
            ARENA_GROW(loose->arena, loose->state.gone, loose->state.gone_count, loose->state.gone_room);
            loose->state.gone[loose->state.gone_count++] = (struct gone){.lot = gone->lot, .where = gone->where};
        }
        loose->state.gone[at].qty_micro += sign * gone->qty_micro;
        loose->state.gone[at].value_minor += sign * gone->value_minor;
    }
}

/* What came out below zero stands on the other side. */
static void settle_sides(struct loose *loose, struct pool *pool)
{
    const struct pool sums = *pool;
    *pool = (struct pool){.name = sums.name, .kind = sums.kind, .value_minor = sums.value_minor};
    for (size_t i = 0; i < sums.layer_count; i++) {
        const struct layer layer = sums.layers[i];
        if (layer.qty_micro < 0)
            owed_add(loose, (int)(pool - loose->state.pools), layer.lot, -layer.qty_micro, -layer.value_minor);
        else if (layer.qty_micro > 0 || layer.value_minor != 0)
            *layer_of(loose, pool, layer.lot, layer.place) = layer;
    }
    for (size_t i = 0; i < sums.owed_count; i++) {
        const struct owed_slice owed = sums.owed[i];
        if (owed.qty_micro < 0)
            layer_add(loose, (int)(pool - loose->state.pools), owed.issue, 0, -owed.qty_micro, -owed.value_minor);
        else if (owed.qty_micro > 0 || owed.value_minor != 0)
            owed_add(loose, (int)(pool - loose->state.pools), owed.issue, owed.qty_micro, owed.value_minor);
    }
}

struct item_state state_by_day(const struct item_book *book, int32_t day, struct arena *arena)
{
    struct loose loose = {.arena = arena, .state = item_state_make(arena, book->average, true)};
    struct item_state real = item_state_make(arena, book->average, true);
    for (size_t i = 0; i < book->record_count; i++) {
        const struct book_record *record = &book->records[i];
        bool counts = record->movement.day <= day;
        if (counts)
            goods_out_add(&loose, &real, -1);
        item_state_begin(&real, &record->movement);
        if (counts)
            item_state_begin(&loose.state, &record->movement);
        for (size_t s = 0; s < record->step_count; s++) {
            item_state_apply(&real, &record->movement, &record->steps[s]);
            if (record->steps[s].kind == STEP_POOL)
                item_state_apply(&loose.state, &record->movement, &record->steps[s]);
            else if (counts)
                add_step(&loose, &record->movement, &record->steps[s]);
        }
        if (counts)
            goods_out_add(&loose, &real, 1);
    }
    for (size_t i = 0; i < loose.state.pool_count; i++)
        settle_sides(&loose, &loose.state.pools[i]);
    return loose.state;
}
