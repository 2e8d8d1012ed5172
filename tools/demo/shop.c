/* shop.c: the clock of the demo merchant: what happens next, and who sees to it. */
#include "shop.h"

#include "base/must.h"
#include <stdlib.h>

/* Days on which the stockroom still works after the last order. */
enum { CLEARING_DAYS = 50 };

int64_t number_next(struct shop *shop, enum numbered what) { return ++shop->numbers[what]; }

bool chance(struct shop *shop, int in_100) { return (int)prng_below(&shop->prng, 100) < in_100; }

bool rarely(struct shop *shop, uint64_t one_in) { return prng_chance(&shop->prng, one_in); }

int64_t between(struct shop *shop, int64_t low, int64_t high) { return prng_range(&shop->prng, low, high); }

void later(struct shop *shop, int64_t at_us, enum happening what, struct matter *matter, int64_t arg)
{
    must(at_us >= shop->now_us);
    if (matter != NULL) {
        matter->pending++;
    }
    queue_put(&shop->queue, (struct event){.at_us = at_us, .kind = (int)what, .what = matter, .arg = arg});
}

int64_t in_working_hours(struct shop *shop, int64_t from_us)
{
    int32_t day = local_day(from_us);
    int64_t at_us = local_instant(day, (int)between(shop, 9 * 3600, 17 * 3600));
    return at_us >= from_us ? at_us : local_instant(day + 1, (int)between(shop, 9 * 3600, 17 * 3600));
}

int64_t arrival(struct shop *shop, int late_in_1000, int late_days)
{
    int64_t soon_us = shop->now_us + between(shop, 20, 2400) * US_PER_SECOND;
    if (between(shop, 1, 1000) > late_in_1000) {
        return soon_us;
    }
    return soon_us + between(shop, 12, late_days * 24) * US_PER_HOUR;
}

int64_t scrambled(int64_t number)
{
    return (int64_t)(((uint64_t)number * UINT64_C(0x9e3779b97f4a7c15)) & UINT64_C(0xffffffffff));
}

/* ---- what buyers want ---- */

static void wants_follow_season(struct shop *shop)
{
    int month = month_of(shop->day);
    for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
        int32_t sum = 0;
        for (size_t i = 0; i < GOODS_COUNT; i++) {
            const struct good *good = &GOODS_LIST[i];
            sum += good->pull[channel] * season_of_good(good->season, month);
            shop->want[channel][i] = sum;
        }
        shop->want_total[channel] = sum;
    }
}

/* ---- when orders come ---- */

static int64_t hour_weight(const struct shop *shop, int64_t hour)
{
    int32_t day = shop->first_day + (int32_t)(hour / 24);
    return season_of_hour(month_of(day), weekday_of(day), (int)(hour % 24));
}

static void season_begin(struct shop *shop)
{
    int64_t hours = (int64_t)(shop->end_day - shop->first_day) * 24;
    for (int64_t hour = 0; hour < hours; hour++) {
        shop->season_total += hour_weight(shop, hour);
    }
}

/* The instant of the next order; INT64_MAX when all have come. Each order gets an equal stretch of the season's
 * weight and falls anywhere in it, so that they come in order. */
static int64_t next_order(struct shop *shop)
{
    if (shop->order_index == shop->orders) {
        return INT64_MAX;
    }
    int64_t total = shop->season_total;
    int64_t into = 0;
    bool fits = mul_div(shop->order_index, total, shop->orders, &into);
    must(fits);
    into += between(shop, 0, total / shop->orders);
    into = into < total ? into : total - 1;
    int64_t weight = hour_weight(shop, shop->season_hour);
    while (shop->season_before + weight <= into) {
        shop->season_before += weight;
        weight = hour_weight(shop, ++shop->season_hour);
    }
    int second = (int)((into - shop->season_before) * 3600 / weight);
    int32_t day = shop->first_day + (int32_t)(shop->season_hour / 24);
    int64_t at_us = local_instant(day, (int)(shop->season_hour % 24) * 3600 + second);
    return at_us > shop->now_us ? at_us : shop->now_us;
}

/* ---- each day ---- */

static void usage_follows(struct shop *shop)
{
    enum { MEMORY_DAYS = 28 };
    for (size_t good = 0; good < GOODS_COUNT; good++) {
        for (int place = 0; place < PLACE_COUNT; place++) {
            struct shelf *shelf = &shop->shelves[good][place];
            shelf->used_daily += (shelf->used_today - shelf->used_daily) / MEMORY_DAYS;
            shelf->used_today = 0;
        }
    }
}

static bool is_first_of_month(int32_t day) { return month_of(day - 1) != month_of(day); }

static void day_breaks(struct shop *shop, struct event *event)
{
    (void)event;
    shop->day = local_day(shop->now_us);
    int weekday = weekday_of(shop->day);
    stock_is_counted(shop);
    usage_follows(shop);
    if (is_first_of_month(shop->day)) {
        wants_follow_season(shop);
        month_is_billed(shop);
    }
    purchases_review(shop);
    if (shop->day < shop->end_day) {
        later(shop, local_instant(shop->day, 8 * 3600), STOCK_IS_LOOKED_OVER, NULL, 0);
    }
    if (weekday == 2 || weekday == 4) {
        later(shop, local_instant(shop->day, 10 * 3600 + 900), TRANSFER_LEAVES, NULL, 0);
    }
    if (weekday == 1 || weekday == 3) {
        later(shop, local_instant(shop->day, 14 * 3600), SETS_ARE_MADE, NULL, 0);
    }
    if (shop->day < shop->end_day + CLEARING_DAYS) {
        later(shop, local_instant(shop->day + 1, 0), DAY_BREAKS, NULL, 0);
    }
}

/* ---- the loop ---- */

static void (*const HANDLERS[HAPPENING_COUNT])(struct shop *, struct event *) = {
    [DAY_BREAKS] = day_breaks,
    [PARCEL_LEAVES] = parcel_leaves,
    [PARCEL_ARRIVES] = parcel_arrives,
    [MONEY_COMES] = money_comes,
    [ORDER_IS_CANCELLED] = order_is_cancelled,
    [ORDER_IS_EDITED] = order_is_edited,
    [MONEY_GOES_BACK] = money_goes_back,
    [GOODS_COME_BACK] = goods_come_back,
    [ORDER_IS_REPLACED] = order_is_replaced,
    [DEBT_IS_GIVEN_UP] = debt_is_given_up,
    [GOODS_ARRIVE] = goods_arrive,
    [COST_IS_CORRECTED] = cost_is_corrected,
    [BILL_COMES] = bill_comes,
    [CREDIT_COMES] = credit_comes,
    [FREIGHT_IS_BILLED] = freight_is_billed,
    [GOODS_GO_BACK] = goods_go_back,
    [TRANSFER_LEAVES] = transfer_leaves,
    [TRANSFER_ARRIVES] = transfer_arrives,
    [STOCK_IS_LOOKED_OVER] = stock_is_looked_over,
    [SETS_ARE_MADE] = sets_are_made,
};

static void happen(struct shop *shop)
{
    struct event event = queue_take(&shop->queue);
    HANDLERS[event.kind](shop, &event);
    struct matter *matter = event.what;
    if (matter != NULL && --matter->pending == 0) {
        free(matter);
    }
}

static void open_shop(struct shop *shop)
{
    shop->first_day = day_from_civil(2025, 1, 1);
    shop->end_day = months_later(shop->first_day, shop->months);
    shop->day = shop->first_day;
    shop->now_us = local_instant(shop->first_day, 0);
    shop->prng = prng_make(shop->seed);
    for (size_t i = 0; i < GOODS_COUNT; i++) {
        shop->cost_micro[i] = GOODS_LIST[i].cost_minor * (MICRO / 100);
    }
    season_begin(shop);
    wants_follow_season(shop);
    definitions_write(shop);
    purchases_first(shop);
    if (!shop->clean) {
        dirt_strew(shop);
    }
    later(shop, local_instant(shop->first_day + 1, 0), DAY_BREAKS, NULL, 0);
}

void shop_run(struct shop *shop)
{
    open_shop(shop);
    int64_t order_us = next_order(shop);
    for (;;) {
        const struct event *first = queue_first(&shop->queue);
        int64_t event_us = first != NULL ? first->at_us : INT64_MAX;
        if (order_us == INT64_MAX && first == NULL) {
            break;
        }
        shop->now_us = order_us <= event_us ? order_us : event_us;
        pile_write(&shop->pile, shop->now_us);
        if (order_us <= event_us) {
            order_comes_in(shop);
            shop->order_index++;
            order_us = next_order(shop);
        } else {
            happen(shop);
        }
    }
    queue_done(&shop->queue);
}
