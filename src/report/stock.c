/* stock.c: see stock.h. One item's book at a time; its figures come from the book's counters, pools and owed slices, so
 * that nothing is computed twice in two ways. */
#include "report/stock.h"

#include "report/internal.h"
#include "stock/decide_parts.h"

#include <stdlib.h>

/* Books loaded between two clearings of the reader's memory. */
enum { ITEMS_KEPT = 64 };

struct named_item {
    struct span sku;
    uint32_t number;
};
struct item_list {
    struct arena *arena;
    struct named_item *at;
    size_t count, room;
    bool bad;
};
struct reservation {
    struct span location;
    int64_t qty_micro;
};
/* One item at work. */
struct stock_work {
    const struct reader *reader;
    const struct stock_options *options;
    struct arena *arena;
    struct err *err;
    struct span sku;
    const struct item_state *state;
    bool company_pool;
    struct stock_row *rows;
    size_t row_count, row_room;
    bool broken;
};

static bool item_row(void *context, struct span key, struct span value)
{
    struct item_list *list = context;
    struct cursor cursor = cursor_of(value);
    ARENA_GROW(list->arena, list->at, list->count, list->room);
    list->at[list->count++] = (struct named_item){arena_copy(list->arena, key), (uint32_t)cursor_varint(&cursor)};
    list->bad |= cursor.bad;
    return !list->bad;
}

static bool items_list(const struct reader *reader, struct span sku, struct arena *arena, struct item_list *out,
                       struct err *err)
{
    *out = (struct item_list){.arena = arena};
    const struct span all = {NULL, 0};
    struct store *store = reader->store;
    if (sku.len > 0) {
        struct span value;
        bool found = false;
        if (!store->ops->view_get(store, reader->number, VIEW_ITEM, sku, arena, &value, &found, err))
            return false;
        if (found)
            item_row(out, sku, value);
    } else if (!store->ops->view_scan(store, reader->number, VIEW_ITEM, all, all, item_row, out, err)) {
        return false;
    }
    return !out->bad || err_set(err, FAILURE_STORE_DAMAGED, "the view `item` is damaged: run `tieout rebuild`");
}

bool item_is_average(const struct reader *reader, const struct definition *item)
{
    const struct document *document = definition_at(item, INT64_MAX);
    if (document != NULL && document->item.cost_method != COST_METHOD_ABSENT)
        return document->item.cost_method == COST_AVERAGE;
    return company_policy(reader->company, DAY_MAX)->cost_method == COST_AVERAGE;
}

static struct stock_row *row_of(struct stock_work *work, struct span location)
{
    for (size_t i = 0; i < work->row_count; i++)
        if (span_eq(work->rows[i].location, location))
            return &work->rows[i];
    ARENA_GROW(work->arena, work->rows, work->row_count, work->row_room);
    work->rows[work->row_count] = (struct stock_row){.sku = work->sku, .location = location};
    return &work->rows[work->row_count++];
}

/* ---- layers ---- */

static struct span document_id(struct stock_work *work, movement_id lot)
{
    struct document_record record;
    bool found = false;
    if (!company_document(work->reader->company, movement_document(lot), work->arena, &record, &found, work->err))
        work->broken = true;
    return found ? record.id : SPAN("?");
}

static void layer_add(struct stock_work *work, struct stock_row *row, struct stock_layer layer)
{
    ARENA_GROW(work->arena, row->layers, row->layer_count, row->layer_room);
    row->layers[row->layer_count++] = layer;
}

/* Under average a pool has one value: each layer shows its share by quantity. */
static void pool_layers(struct stock_work *work, struct stock_row *row, const struct pool *pool)
{
    if (!work->options->layers || pool->layer_count == 0)
        return;
    bool shared = work->state->average && pool->kind == POOL_STOCK;
    int64_t *weights = ARENA_ARRAY(work->arena, int64_t, pool->layer_count);
    int64_t *parts = ARENA_ARRAY(work->arena, int64_t, pool->layer_count);
    must(weights && parts);
    for (size_t i = 0; i < pool->layer_count; i++)
        weights[i] = pool->layers[i].qty_micro;
    if (shared)
        split_by_weight(pool->value_minor, weights, pool->layer_count, parts);
    for (size_t i = 0; i < pool->layer_count; i++)
        layer_add(work, row,
                  (struct stock_layer){.document = document_id(work, pool->layers[i].lot),
                                       .qty_micro = pool->layers[i].qty_micro,
                                       .value_minor = shared ? parts[i] : pool->layers[i].value_minor});
}

/* ---- places ---- */

static void count_units(struct stock_work *work)
{
    for (size_t i = 0; i < work->state->count_count; i++) {
        const struct location_count *count = &work->state->counts[i];
        bool transit = span_eq(count->location, TRANSIT_NAME);
        if (transit) {
            row_of(work, STOCK_IN_TRANSIT)->figures.in_transit += count->units[UNITS_OWN];
            continue;
        }
        struct stock_figures *figures = &row_of(work, count->location)->figures;
        figures->quarantined = count->units[UNITS_QUARANTINED];
        figures->damaged = count->units[UNITS_DAMAGED];
        figures->consigned = count->units[UNITS_CONSIGNED];
        figures->on_hand = count->units[UNITS_OWN] + figures->damaged + figures->consigned;
        figures->sellable = figures->on_hand - figures->damaged - figures->quarantined;
    }
}

/* One cost pool per place: its own value and its own owed slices. */
static void place_pools(struct stock_work *work)
{
    for (size_t i = 0; i < work->state->pool_count; i++) {
        const struct pool *pool = &work->state->pools[i];
        if (pool->kind == POOL_STOCK && work->company_pool)
            continue;
        struct stock_row *row = row_of(work, pool->kind == POOL_TRANSIT ? STOCK_IN_TRANSIT : pool->name);
        row->figures.owed += pool_owed_qty(pool);
        row->figures.value_minor += pool_value(work->state, pool) - pool_owed_value(pool);
        pool_layers(work, row, pool);
    }
}

/* The units of the pool that lie at a place; places that are short carry the owed units. */
static int64_t weight_of(const struct stock_figures *figures, bool owed)
{
    int64_t qty_micro = figures->on_hand - figures->damaged - figures->consigned + figures->in_transit;
    return owed ? (qty_micro < 0 ? -qty_micro : 0) : qty_micro > 0 ? qty_micro : 0;
}

/* One cost pool in the company: each place shows its share by quantity. */
static void shared_pool(struct stock_work *work)
{
    const struct pool *pool = &work->state->pools[item_state_pool(work->state, POOL_STOCK, SPAN(""))];
    size_t count = work->row_count;
    if (count == 0)
        return;
    int64_t *weights = ARENA_ARRAY(work->arena, int64_t, count);
    int64_t *parts = ARENA_ARRAY(work->arena, int64_t, count);
    must(weights && parts);
    bool owes = pool->owed_count > 0;
    for (size_t i = 0; i < count; i++)
        weights[i] = weight_of(&work->rows[i].figures, owes);
    split_by_weight(owes ? -pool_owed_value(pool) : pool_value(work->state, pool), weights, count, parts);
    for (size_t i = 0; i < count; i++)
        work->rows[i].figures.value_minor += parts[i];
    split_by_weight(pool_owed_qty(pool), weights, count, parts);
    for (size_t i = 0; i < count && owes; i++)
        work->rows[i].figures.owed += parts[i];
    pool_layers(work, count == 1 ? &work->rows[0] : row_of(work, STOCK_COMPANY), pool);
}

static void goods_out(struct stock_work *work)
{
    for (size_t i = 0; work->state->whole && i < work->state->gone_count; i++) {
        const struct gone *gone = &work->state->gone[i];
        if (gone->where.role != ROLE_GOODS_OUT)
            continue;
        struct stock_row *row = row_of(work, STOCK_GOODS_OUT);
        row->figures.goods_out += gone->qty_micro;
        row->figures.value_minor += gone->value_minor;
        if (work->options->layers)
            layer_add(work, row,
                      (struct stock_layer){document_id(work, gone->lot), gone->qty_micro, gone->value_minor});
    }
}

/* Of each receipt, what is held and not billed: units that are gone are taken to be billed first. */
static void unbilled(struct stock_work *work)
{
    for (size_t r = 0; work->options->whole && r < work->state->lot_count; r++) {
        const struct lot_account *lot = &work->state->lots[r];
        int64_t held_micro = 0;
        for (size_t p = 0; p < work->state->pool_count; p++)
            for (size_t i = 0; i < work->state->pools[p].layer_count; i++)
                if (work->state->pools[p].layers[i].lot == lot->lot)
                    held_micro += work->state->pools[p].layers[i].qty_micro;
        int64_t billed_micro = lot->billed_micro - (lot->qty_micro - held_micro);
        billed_micro = billed_micro < 0 ? 0 : billed_micro > held_micro ? held_micro : billed_micro;
        if (lot->where.role == ROLE_GRNI && held_micro > billed_micro)
            row_of(work, work->row_count ? work->rows[0].location : SPAN("main"))->figures.unbilled +=
                held_micro - billed_micro;
    }
}

struct reserved_scan {
    struct stock_work *work;
    bool bad;
};

static bool reserved_row(void *context, struct span key, struct span value)
{
    struct reserved_scan *scan = context;
    struct cursor cursor = cursor_of(value);
    int64_t qty_micro = cursor_signed(&cursor);
    scan->bad = cursor.bad || key.len < 4;
    if (!scan->bad)
        row_of(scan->work, arena_copy(scan->work->arena, (struct span){key.ptr + 4, key.len - 4}))->figures.reserved +=
            qty_micro;
    return !scan->bad;
}

static bool reservations(struct stock_work *work, uint32_t item)
{
    const unsigned char key[4] = {(unsigned char)(item >> 24), (unsigned char)(item >> 16), (unsigned char)(item >> 8),
                                  (unsigned char)item};
    struct reserved_scan scan = {.work = work};
    struct store *store = work->reader->store;
    if (work->options->as_of != AS_OF_NOW)
        return true;
    return store->ops->view_scan(store, work->reader->number, VIEW_RESERVED,
                                 (struct span){(const char *)key, sizeof key}, (struct span){NULL, 0}, reserved_row,
                                 &scan, work->err) &&
           (!scan.bad ||
            err_set(work->err, FAILURE_STORE_DAMAGED, "the view `reserved` is damaged: run `tieout rebuild`"));
}

static int compare_rows(const void *a, const void *b)
{
    return span_cmp(((const struct stock_row *)a)->location, ((const struct stock_row *)b)->location);
}

/* What follows from the figures that were counted. */
static void derive(struct stock_figures *figures)
{
    figures->available = figures->sellable - figures->reserved;
    figures->owned = figures->on_hand - figures->consigned + figures->in_transit + figures->goods_out;
    figures->valued = figures->owned - figures->damaged + figures->owed;
}

static bool item_load(struct stock_work *work, const struct named_item *item, struct item_state *at_day)
{
    struct company *company = work->reader->company;
    const struct definition *definition = NULL;
    struct item_book *book = NULL;
    bool whole = work->options->whole || work->options->as_of != AS_OF_NOW;
    if (!company_definition(company, DOCUMENT_ITEM, item->sku, &definition, work->err) ||
        !company_item_book(company, item->number, item_is_average(work->reader, definition), whole, &book, work->err))
        return false;
    work->state = &book->state;
    if (whole) { /* a book keeps only what is open; what is gone is folded again */
        *at_day = item_book_state_at(book, work->options->as_of, work->arena);
        work->state = at_day;
    }
    work->company_pool = item_state_pool(work->state, POOL_STOCK, SPAN("")) >= 0;
    return true;
}

static bool item_report(struct stock_work *work, const struct named_item *item,
                        bool (*each)(void *context, const struct stock_row *row), void *context, bool *out_go_on)
{
    struct item_state at_day;
    work->sku = item->sku;
    if (!item_load(work, item, &at_day))
        return false;
    count_units(work);
    if (work->company_pool)
        shared_pool(work);
    place_pools(work);
    goods_out(work);
    unbilled(work);
    if (!reservations(work, item->number) || work->broken)
        return false;
    if (work->row_count > 1)
        qsort(work->rows, work->row_count, sizeof *work->rows, compare_rows);
    *out_go_on = true;
    for (size_t i = 0; i < work->row_count && *out_go_on; i++) {
        derive(&work->rows[i].figures);
        *out_go_on = each(context, &work->rows[i]);
    }
    return true;
}

/* Goods out are known to books read whole only; a company that always sold at shipment has none. */
static bool sells_apart_from_shipment(const struct company *company)
{
    bool other = false;
    for (size_t t = 1; t <= company->setting_count; t++)
        for (size_t i = 0; i < company->policies[t].count; i++)
            other |= company->policies[t].at[i].policy.revenue_at != REVENUE_AT_SHIPMENT;
    return other;
}

bool report_stock(const struct reader *reader, const struct stock_options *options,
                  bool (*each)(void *context, const struct stock_row *row), void *context, struct err *err)
{
    struct arena names = arena_make((size_t)4 << 30), arena = arena_make((size_t)4 << 30);
    struct stock_options wanted = *options;
    wanted.whole |= sells_apart_from_shipment(reader->company);
    struct item_list items;
    bool good = items_list(reader, options->sku, &names, &items, err);
    bool go_on = true;
    for (size_t i = 0; good && go_on && i < items.count; i++) {
        arena_reset(&arena);
        struct stock_work work = {.reader = reader, .options = &wanted, .arena = &arena, .err = err};
        good = item_report(&work, &items.at[i], each, context, &go_on);
        if (good && i % ITEMS_KEPT == ITEMS_KEPT - 1)
            good = company_flush(reader->company, err);
    }
    arena_done(&names);
    arena_done(&arena);
    return good;
}

void stock_figures_add(struct stock_figures *sum, const struct stock_figures *figures)
{
    sum->available += figures->available;
    sum->reserved += figures->reserved;
    sum->sellable += figures->sellable;
    sum->quarantined += figures->quarantined;
    sum->damaged += figures->damaged;
    sum->on_hand += figures->on_hand;
    sum->consigned += figures->consigned;
    sum->in_transit += figures->in_transit;
    sum->goods_out += figures->goods_out;
    sum->owned += figures->owned;
    sum->owed += figures->owed;
    sum->valued += figures->valued;
    sum->unbilled += figures->unbilled;
    sum->value_minor += figures->value_minor;
}

static void put_micro(struct json_out *json, const char *key, int64_t micro)
{
    json_key(json, key);
    json_micro(json, micro);
}

/* What was reserved at a past day is not known: null, not zero. */
static void put_open(struct json_out *json, const char *key, int64_t micro, bool known)
{
    json_key(json, key);
    if (known)
        json_micro(json, micro);
    else
        json_null(json);
}

static void figures_write(struct json_out *json, const struct stock_figures *figures, bool now, currency money)
{
    put_micro(json, "on_hand", figures->on_hand);
    put_micro(json, "owned", figures->owned);
    put_open(json, "reserved", figures->reserved, now);
    put_open(json, "available", figures->available, now);
    put_micro(json, "owed", figures->owed);
    json_key(json, "value");
    json_amount(json, figures->value_minor, money);
    put_micro(json, "sellable", figures->sellable);
    put_micro(json, "quarantined", figures->quarantined);
    put_micro(json, "damaged", figures->damaged);
    put_micro(json, "consigned", figures->consigned);
    put_micro(json, "in_transit", figures->in_transit);
    put_micro(json, "goods_out", figures->goods_out);
    put_micro(json, "valued", figures->valued);
}

void stock_write_json(const struct stock_row *row, const struct stock_options *options, currency money, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    json_key(&json, "sku");
    json_text(&json, row->sku);
    json_key(&json, "location");
    json_text(&json, row->location);
    figures_write(&json, &row->figures, options->as_of == AS_OF_NOW, money);
    if (options->layers) {
        json_key(&json, "layers");
        json_open_array(&json);
        for (size_t i = 0; i < row->layer_count; i++) {
            json_open_object(&json);
            json_key(&json, "document");
            json_text(&json, row->layers[i].document);
            json_key(&json, "qty");
            json_micro(&json, row->layers[i].qty_micro);
            json_key(&json, "value");
            json_amount(&json, row->layers[i].value_minor, money);
            json_close_object(&json);
        }
        json_close_array(&json);
    }
    json_close_object(&json);
}

void stock_bridge_write_json(const struct stock_figures *sum, const struct stock_options *options,
                             int64_t accounts_minor, currency money, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    figures_write(&json, sum, options->as_of == AS_OF_NOW, money);
    put_micro(&json, "not_billed", sum->unbilled);
    put_micro(&json, "billed", sum->valued - sum->unbilled);
    json_key(&json, "accounts");
    json_amount(&json, accounts_minor, money);
    json_key(&json, "difference");
    json_amount(&json, sum->value_minor - accounts_minor, money);
    json_close_object(&json);
}
