/* stockroom.c: what happens to goods between coming and going: transfers, counts, breakage, inspections, samples, sets
 * made up in advance. */
#include "shop.h"

#include "base/must.h"
#include <inttypes.h>
#include <stdlib.h>

/* A good that holds `good_is_stocked`, from a place in the list on. */
static int stocked_from(int64_t start, size_t step)
{
    for (size_t i = 0; i < GOODS_COUNT; i++) {
        size_t at = ((size_t)start + step + i) % GOODS_COUNT;
        if (good_is_stocked(&GOODS_LIST[at])) {
            return (int)at;
        }
    }
    must(!"something is stocked");
    return 0;
}

static int any_stocked(struct shop *shop) { return stocked_from(between(shop, 0, (int64_t)GOODS_COUNT - 1), 0); }

static enum place any_warehouse(struct shop *shop) { return chance(shop, 60) ? EAST : WEST; }

static void open_lines(struct json_out *json)
{
    json_key(json, "lines");
    json_open_array(json);
}

/* ---- transfers ---- */

static int64_t whole(int64_t qty) { return qty / MICRO * MICRO; }

/* How many should move, 0 when the one can do without or the other cannot spare any. */
static int64_t choose_moved(struct shop *shop, int good, enum place from, enum place to)
{
    const struct shelf *giver = shelf_of(shop, good, from);
    const struct shelf *taker = shelf_of(shop, good, to);
    int64_t has = shelf_sellable(taker) + taker->coming;
    int64_t low = to == DOWNTOWN ? taker->used_daily * 10 + MICRO : taker->used_daily * 9;
    int64_t wanted = whole(taker->used_daily * 24) + 2 * MICRO;
    if (shop->day >= shop->end_day) { /* only what is owed */
        low = 0;
        wanted = 2 * MICRO - whole(has);
    }
    if (has >= low) {
        return 0;
    }
    int64_t spare = whole((shelf_sellable(giver) - giver->used_daily * 12) / 2);
    int64_t qty = wanted < spare ? wanted : spare;
    return qty >= 2 * MICRO ? qty : 0;
}

static void choose_moved_lines(struct shop *shop, struct transfer *transfer)
{
    int64_t start = between(shop, 0, (int64_t)GOODS_COUNT - 1);
    for (size_t i = 0; i < GOODS_COUNT && transfer->line_count < MOVED_LINES_MAX; i++) {
        int good = (int)(((size_t)start + i) % GOODS_COUNT);
        int64_t qty = good_is_stocked(&GOODS_LIST[good]) ? choose_moved(shop, good, transfer->from, transfer->to) : 0;
        if (qty == 0) {
            continue;
        }
        bool is_one_lost = qty >= 4 * MICRO && rarely(shop, 30);
        transfer->lines[transfer->line_count++] =
            (struct moved_line){.good = good, .qty = qty, .received = is_one_lost ? qty - MICRO : qty};
    }
}

static void write_transfer(struct shop *shop, const struct transfer *transfer, bool has_arrived)
{
    const char *from = PLACES[transfer->from].code;
    struct word id = word_print("TR-%05" PRId64, transfer->number);
    struct json_out *json = pile_begin(&shop->pile, "transfer", from, id.at);
    put_time(json, "at", transfer->shipped_us, IN_LOCAL);
    if (has_arrived && transfer->told_twice) {
        json_key(json, "version");
        json_int(json, 2);
        put_time(json, "updated", shop->now_us, IN_LOCAL);
    }
    put_text(json, "from", from);
    put_text(json, "to", PLACES[transfer->to].code);
    put_time(json, "shipped", transfer->shipped_us, IN_LOCAL);
    if (has_arrived) {
        put_time(json, "received", shop->now_us, IN_LOCAL);
    }
    open_lines(json);
    for (int i = 0; i < transfer->line_count; i++) {
        const struct moved_line *line = &transfer->lines[i];
        json_open_object(json);
        put_text(json, "sku", GOODS_LIST[line->good].sku);
        put_qty(json, "qty", line->qty);
        if (has_arrived && line->received != line->qty) {
            put_qty(json, "received_qty", line->received);
        }
        json_close_object(json);
    }
    json_close_array(json);
    if (transfer->freight > 0) {
        put_amount(json, "freight", transfer->freight);
        json_key(json, "capitalise");
        json_bool(json, transfer->capitalise);
    }
    pile_end(&shop->pile, arrival(shop, 60, 5));
}

static struct transfer *transfer_begin(struct shop *shop)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) {
        out_of_memory("a transfer of the demo merchant");
    }
    bool is_to_shop = weekday_of(shop->day) == 4;
    bool is_homeward = shop->day / 7 % 3 == 0;
    transfer->from = !is_to_shop && is_homeward ? WEST : EAST;
    transfer->to = is_to_shop ? DOWNTOWN : is_homeward ? EAST : WEST;
    transfer->shipped_us = shop->now_us;
    return transfer;
}

void transfer_leaves(struct shop *shop, struct event *event)
{
    (void)event;
    struct transfer *transfer = transfer_begin(shop);
    choose_moved_lines(shop, transfer);
    if (transfer->line_count == 0) {
        free(transfer);
        return;
    }
    int64_t units = 0;
    for (int i = 0; i < transfer->line_count; i++) {
        const struct moved_line *line = &transfer->lines[i];
        shelf_of(shop, line->good, transfer->from)->on_hand -= line->qty;
        shelf_of(shop, line->good, transfer->to)->coming += line->qty;
        units += line->qty / MICRO;
    }
    transfer->number = number_next(shop, NUMBER_TRANSFER);
    transfer->freight = transfer->to == DOWNTOWN ? 0 : 3500 + units * 35;
    transfer->capitalise = chance(shop, 60);
    transfer->told_twice = chance(shop, 40);
    shop->carriage[1] += transfer->freight;
    if (transfer->told_twice) {
        write_transfer(shop, transfer, false);
    }
    int64_t hours = transfer->to == DOWNTOWN ? between(shop, 3, 20) : between(shop, 60, 130);
    later(shop, in_working_hours(shop, shop->now_us + hours * US_PER_HOUR), TRANSFER_ARRIVES, &transfer->matter, 0);
}

void transfer_arrives(struct shop *shop, struct event *event)
{
    struct transfer *transfer = event->what;
    for (int i = 0; i < transfer->line_count; i++) {
        const struct moved_line *line = &transfer->lines[i];
        struct shelf *shelf = shelf_of(shop, line->good, transfer->to);
        shelf->on_hand += line->received;
        shelf->coming -= line->qty;
    }
    write_transfer(shop, transfer, true);
}

/* ---- counts ---- */

static void put_counted(struct json_out *json, int good, int64_t qty)
{
    put_text(json, "sku", GOODS_LIST[good].sku);
    put_qty(json, "qty", qty);
}

/* A shelf is found as it should be, or one short, or, seldom, one over. Damaged goods are thrown away meanwhile. */
static bool count_shelf(struct shop *shop, struct json_out *json, int good, enum place place)
{
    struct shelf *shelf = shelf_of(shop, good, place);
    if (shelf_sellable(shelf) < 2 * MICRO) {
        return false;
    }
    json_open_object(json);
    if (shelf->damaged > 0 && chance(shop, 60)) {
        shelf->on_hand -= shelf->damaged;
        shelf->damaged = 0;
        put_counted(json, good, 0);
        put_text(json, "status", "damaged");
        json_close_object(json);
        return true;
    }
    int64_t at = between(shop, 1, 100);
    shelf->on_hand += at <= 14 ? -MICRO : at <= 17 ? MICRO : 0;
    put_counted(json, good, shelf->on_hand);
    if (at > 14 && at <= 17) {
        put_price(json, "unit_cost", shop->cost_micro[good] / 10000 * 10000);
    }
    json_close_object(json);
    return true;
}

static struct json_out *begin_count(struct shop *shop, enum place place)
{
    struct word id = word_print("CT-%04" PRId64, number_next(shop, NUMBER_COUNT));
    struct json_out *json = pile_begin(&shop->pile, "count", PLACES[place].code, id.at);
    put_time(json, "at", shop->now_us - US_PER_SECOND, AS_A_DATE);
    put_text(json, "location", PLACES[place].code);
    return json;
}

static void count_some(struct shop *shop, enum place place)
{
    enum { COUNTED = 8 };
    struct json_out *json = begin_count(shop, place);
    int64_t start = between(shop, 0, (int64_t)GOODS_COUNT - 1);
    int counted = 0;
    open_lines(json);
    for (size_t i = 0; i < GOODS_COUNT && counted < COUNTED; i++) {
        int good = (int)(((size_t)start + i) % GOODS_COUNT);
        if (good_is_stocked(&GOODS_LIST[good])) {
            counted += count_shelf(shop, json, good, place);
        }
    }
    json_close_array(json);
    if (counted > 0) {
        pile_end(&shop->pile, arrival(shop, 50, 4));
    }
}

/* The whole shop, what is not there any more as well. */
static void count_all(struct shop *shop, enum place place)
{
    struct json_out *json = begin_count(shop, place);
    open_lines(json);
    for (size_t i = 0; i < GOODS_COUNT; i++) {
        struct shelf *shelf = shelf_of(shop, (int)i, place);
        if (good_is_stocked(&GOODS_LIST[i]) && shelf->on_hand >= 0) {
            shelf->on_hand -= shelf_sellable(shelf) > MICRO && rarely(shop, 20) ? MICRO : 0;
            json_open_object(json);
            put_counted(json, (int)i, shelf->on_hand);
            json_close_object(json);
        }
    }
    json_close_array(json);
    pile_end(&shop->pile, arrival(shop, 0, 1));
}

void stock_is_counted(struct shop *shop)
{
    if (shop->day >= shop->end_day) {
        return;
    }
    if (weekday_of(shop->day) == 1) {
        count_some(shop, shop->day / 7 % 2 == 0 ? EAST : WEST);
    }
    if (month_of(shop->day) != month_of(shop->day - 1) && month_of(shop->day) % 3 == 1) {
        count_all(shop, DOWNTOWN);
    }
}

/* ---- breakage and inspection ---- */

static void change_status(struct shop *shop, int good, enum place place, int64_t qty, const char *from, const char *to)
{
    struct word id = word_print("ST-%05" PRId64, number_next(shop, NUMBER_STATUS));
    struct json_out *json = pile_begin(&shop->pile, "status_change", PLACES[place].code, id.at);
    put_time(json, "at", shop->now_us, IN_LOCAL);
    put_text(json, "location", PLACES[place].code);
    open_lines(json);
    json_open_object(json);
    put_text(json, "sku", GOODS_LIST[good].sku);
    put_qty(json, "qty", qty);
    put_text(json, "from", from);
    put_text(json, "to", to);
    json_close_object(json);
    json_close_array(json);
    pile_end(&shop->pile, arrival(shop, 30, 4));
}

/* What came back to be looked at is, most of it, as good as new. */
static void inspect(struct shop *shop, enum place place)
{
    int64_t start = between(shop, 0, (int64_t)GOODS_COUNT - 1);
    for (size_t i = 0; i < GOODS_COUNT; i++) {
        int good = (int)(((size_t)start + i) % GOODS_COUNT);
        struct shelf *shelf = shelf_of(shop, good, place);
        if (shelf->quarantined > 0) {
            bool is_good = chance(shop, 72);
            change_status(shop, good, place, shelf->quarantined, "quarantined", is_good ? "sellable" : "damaged");
            shelf->damaged += is_good ? 0 : shelf->quarantined;
            shelf->quarantined = 0;
            return;
        }
    }
}

static void break_or_set_aside(struct shop *shop, bool is_broken)
{
    enum place place = any_warehouse(shop);
    int good = any_stocked(shop);
    struct shelf *shelf = shelf_of(shop, good, place);
    int64_t qty = between(shop, 1, 2) * MICRO;
    if (shelf_sellable(shelf) < qty + 2 * MICRO) {
        return;
    }
    change_status(shop, good, place, qty, "sellable", is_broken ? "damaged" : "quarantined");
    shelf->damaged += is_broken ? qty : 0;
    shelf->quarantined += is_broken ? 0 : qty;
}

static void mend(struct shop *shop)
{
    enum place place = any_warehouse(shop);
    int good = any_stocked(shop);
    struct shelf *shelf = shelf_of(shop, good, place);
    if (shelf->damaged >= MICRO) {
        change_status(shop, good, place, MICRO, "damaged", "sellable");
        shelf->damaged -= MICRO;
    }
}

/* ---- adjustments ---- */

static struct json_out *begin_adjustment(struct shop *shop, enum place place, const char *reason, struct word *out_id)
{
    *out_id = word_print("AD-%05" PRId64, number_next(shop, NUMBER_ADJUSTMENT));
    struct json_out *json = pile_begin(&shop->pile, "adjustment", PLACES[place].code, out_id->at);
    put_time(json, "at", shop->now_us, IN_LOCAL);
    put_text(json, "location", PLACES[place].code);
    put_text(json, "reason", reason);
    open_lines(json);
    json_open_object(json);
    return json;
}

static void end_adjustment(struct shop *shop, struct json_out *json)
{
    json_close_object(json);
    json_close_array(json);
    pile_end(&shop->pile, arrival(shop, 30, 4));
}

static void adjust(struct shop *shop)
{
    static const char *const REASONS[] = {"samples", "scrap", "own_use", "found", "photo shoot", "lost"};
    enum place place = any_warehouse(shop);
    int good = any_stocked(shop);
    struct shelf *shelf = shelf_of(shop, good, place);
    const char *reason = REASONS[between(shop, 0, 5)];
    bool is_found = strcmp(reason, "found") == 0;
    int64_t qty = is_found ? MICRO : -between(shop, 1, 3) * MICRO;
    if (shelf_sellable(shelf) + qty < 2 * MICRO) {
        return;
    }
    struct word id;
    struct json_out *json = begin_adjustment(shop, place, reason, &id);
    put_text(json, "sku", GOODS_LIST[good].sku);
    put_qty(json, "qty", qty);
    if (is_found && chance(shop, 50)) {
        put_price(json, "unit_cost", shop->cost_micro[good] / 10000 * 10000);
    }
    end_adjustment(shop, json);
    shelf->on_hand += qty;
}

/* Goods that nobody wants any more are worth less than they cost. */
static void write_down(struct shop *shop)
{
    int good = any_stocked(shop);
    const struct shelf *shelf = shelf_of(shop, good, EAST);
    int64_t worth = shelf_sellable(shelf) / MICRO * GOODS_LIST[good].cost_minor;
    bool is_standard = GOODS_LIST[good].method != NULL && strcmp(GOODS_LIST[good].method, "standard") == 0;
    if (worth < 5000 || is_standard) {
        return;
    }
    struct word id;
    struct json_out *json = begin_adjustment(shop, EAST, "write_down", &id);
    put_text(json, "sku", GOODS_LIST[good].sku);
    put_amount(json, "value", -(worth / 10));
    end_adjustment(shop, json);
}

/* Somebody takes stock out a second time, sees it and takes that back: nothing happened. */
static void adjust_by_mistake(struct shop *shop)
{
    enum place place = any_warehouse(shop);
    int good = any_stocked(shop);
    if (shelf_sellable(shelf_of(shop, good, place)) < 6 * MICRO) {
        return;
    }
    struct word id;
    struct json_out *json = begin_adjustment(shop, place, "scrap", &id);
    put_text(json, "sku", GOODS_LIST[good].sku);
    put_qty(json, "qty", -2 * MICRO);
    end_adjustment(shop, json);
    struct word void_id = word_print("VO-%04" PRId64, number_next(shop, NUMBER_VOID));
    json = pile_begin(&shop->pile, "void", PLACES[place].code, void_id.at);
    put_time(json, "at", shop->now_us + between(shop, 600, 7200) * US_PER_SECOND, IN_LOCAL);
    json_key(json, "document");
    json_open_object(json);
    put_text(json, "type", "adjustment");
    put_text(json, "source", PLACES[place].code);
    put_text(json, "id", id.at);
    json_close_object(json);
    put_text(json, "reason", "entered twice");
    pile_end(&shop->pile, shop->now_us + between(shop, 3, 30) * US_PER_HOUR);
}

void stock_is_looked_over(struct shop *shop, struct event *event)
{
    (void)event;
    if (chance(shop, 45)) {
        inspect(shop, (enum place)between(shop, EAST, DOWNTOWN));
    }
    if (chance(shop, 28)) {
        break_or_set_aside(shop, true);
    }
    if (chance(shop, 8)) {
        break_or_set_aside(shop, false);
    }
    if (chance(shop, 6)) {
        mend(shop);
    }
    if (chance(shop, 22)) {
        adjust(shop);
    }
    if (rarely(shop, 60)) {
        write_down(shop);
    }
    if (rarely(shop, 60)) {
        adjust_by_mistake(shop);
    }
}

/* ---- sets ---- */

static int64_t sets_possible(struct shop *shop, const struct good *good)
{
    int64_t most = INT64_MAX;
    for (int i = 0; i < good_part_count(good, 1); i++) {
        struct part part = good_part(good, i);
        const struct shelf *shelf = shelf_of(shop, good_find(part.sku), EAST);
        int64_t sets = shelf_sellable(shelf) / MICRO * 2 / 3 / part.qty;
        most = sets < most ? sets : most;
    }
    return most;
}

static void put_consumed(struct shop *shop, struct json_out *json, const struct good *good, int64_t sets)
{
    json_key(json, "consume");
    json_open_array(json);
    for (int i = 0; i < good_part_count(good, 1); i++) {
        struct part part = good_part(good, i);
        struct sale_line taken = {.good = good_find(part.sku)};
        shelf_take(shop, &taken, EAST, sets * part.qty * MICRO);
        json_open_object(json);
        put_text(json, "sku", part.sku);
        put_qty(json, "qty", sets * part.qty * MICRO);
        json_close_object(json);
    }
    json_close_array(json);
}

static void make_sets(struct shop *shop, int number, int64_t sets)
{
    const struct good *good = &GOODS_LIST[number];
    struct word id = word_print("AS-%04" PRId64, number_next(shop, NUMBER_ASSEMBLY));
    struct json_out *json = pile_begin(&shop->pile, "assembly", PLACES[EAST].code, id.at);
    put_time(json, "at", shop->now_us, IN_LOCAL);
    put_text(json, "location", PLACES[EAST].code);
    put_consumed(shop, json, good, sets);
    json_key(json, "produce");
    json_open_object(json);
    put_text(json, "sku", good->sku);
    put_qty(json, "qty", sets * MICRO);
    json_close_object(json);
    put_amount(json, "added_cost", sets * 85);
    pile_end(&shop->pile, arrival(shop, 40, 3));
    shelf_of(shop, number, EAST)->on_hand += sets * MICRO;
}

static int64_t sets_wanted(struct shop *shop, int good)
{
    const struct shelf *east = shelf_of(shop, good, EAST);
    const struct shelf *west = shelf_of(shop, good, WEST);
    int64_t has = shelf_sellable(east) + shelf_sellable(west);
    if (shop->day >= shop->end_day) { /* only what is owed, and what its transfer leaves behind */
        bool is_owed = shelf_sellable(east) < 0 || shelf_sellable(west) < 0;
        return is_owed && has < 10 * MICRO ? 10 - has / MICRO : 0;
    }
    return ((east->used_daily + west->used_daily) * 25 + 6 * MICRO - has) / MICRO;
}

void sets_are_made(struct shop *shop, struct event *event)
{
    (void)event;
    for (size_t i = 0; i < GOODS_COUNT; i++) {
        if (GOODS_LIST[i].kind != ASSEMBLED) {
            continue;
        }
        int64_t wanted = sets_wanted(shop, (int)i);
        int64_t most = sets_possible(shop, &GOODS_LIST[i]);
        int64_t sets = wanted < most ? wanted : most;
        if (sets >= 2) {
            make_sets(shop, (int)i, sets);
        }
    }
}
