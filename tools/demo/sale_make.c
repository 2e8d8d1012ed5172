/* sale_make.c: a new order: who buys what, at which price, and what will become of it. */
#include "shop.h"

#include "base/must.h"
#include <stdlib.h>

enum { US_CENT_PLACES = 2 };
#define MICRO_PER_CENT (MICRO / 100)

static enum channel choose_channel(struct shop *shop)
{
    int32_t day = local_day(shop->now_us);
    int64_t hour = (shop->now_us - local_instant(day, 0)) / US_PER_HOUR;
    int weekday = weekday_of(day);
    bool is_office = weekday >= 1 && weekday <= 5 && hour >= 8 && hour < 18;
    if (is_office && chance(shop, 16)) {
        return WHOLESALE;
    }
    return chance(shop, 62) ? WEB : MARKET;
}

static enum place choose_place(struct shop *shop, enum channel channel)
{
    int64_t at = between(shop, 1, 100);
    switch (channel) {
    case WEB: return at <= 56 ? EAST : at <= 95 ? WEST : DOWNTOWN;
    case MARKET: return at <= 30 ? EAST : WEST;
    case WHOLESALE: return at <= 90 ? EAST : WEST;
    case CHANNEL_COUNT: break;
    }
    must(!"a channel");
    return EAST;
}

static int choose_good(struct shop *shop, enum channel channel)
{
    int64_t at = between(shop, 0, shop->want_total[channel] - 1);
    int good = 0;
    while (shop->want[channel][good] <= at) {
        good++;
    }
    return good;
}

static bool is_on(const struct sale *sale, int good)
{
    for (int i = 0; i < sale->line_count; i++) {
        if (sale->lines[i].good == good) {
            return true;
        }
    }
    return false;
}

/* ---- one line ---- */

static int64_t choose_qty(struct shop *shop, enum channel channel, const struct sale_line *line)
{
    const struct good *good = &GOODS_LIST[line->good];
    if (good->per_case == 1) {
        return between(shop, 3, 18) * (MICRO / 4);
    }
    if (line->in_cases) {
        return (chance(shop, 70) ? 1 : between(shop, 2, 3)) * MICRO;
    }
    if (channel == WHOLESALE) {
        return between(shop, 3, 10) * MICRO;
    }
    if (good->kind != GOODS || channel == MARKET) {
        return (chance(shop, 92) ? 1 : 2) * MICRO;
    }
    return (chance(shop, 70) ? 1 : between(shop, 2, 4)) * MICRO;
}

/* The web's price is the list's. The market's is a twentieth dearer, cut to five cents; wholesale pays little more than
 * half, to the hundredth of a cent. */
static int64_t choose_price(enum channel channel, const struct sale_line *line)
{
    int64_t list_minor = GOODS_LIST[line->good].price_minor;
    if (channel == MARKET) {
        return list_minor * 105 / 100 / 5 * 5 * MICRO_PER_CENT;
    }
    if (channel == WHOLESALE) {
        return line->in_cases ? list_minor * GOODS_LIST[line->good].per_case * 55 / 100 * MICRO_PER_CENT
                              : list_minor * MICRO_PER_CENT * 585 / 1000;
    }
    return list_minor * MICRO_PER_CENT;
}

static void choose_source(struct shop *shop, struct sale_line *line)
{
    const struct good *good = &GOODS_LIST[line->good];
    line->by = good->kind == DIGITAL ? BY_WIRE : BY_STOCK;
    if (good->kind == DROPSHIP || (good->kind == EITHER && chance(shop, 45))) {
        line->by = BY_SUPPLIER;
        line->cost_micro = shop->cost_micro[line->good] / MICRO_PER_CENT * MICRO_PER_CENT;
    }
    line->leg = line->by == BY_SUPPLIER ? 2 : line->by == BY_WIRE ? 3 : 0;
}

static void add_line(struct shop *shop, struct sale *sale, int number, enum place place)
{
    const struct good *good = &GOODS_LIST[number];
    bool is_late = shop->day >= shop->first_day + (shop->end_day - shop->first_day) / 2;
    struct sale_line *line = &sale->lines[sale->line_count++];
    *line = (struct sale_line){
        .good = number,
        .place = place,
        .planned = place,
        .bundle_version = is_late ? 2 : 1,
        .in_cases = sale->channel == WHOLESALE && good->per_case > 1,
    };
    choose_source(shop, line);
    line->qty = choose_qty(shop, sale->channel, line);
    line->unit_price_micro = choose_price(sale->channel, line);
}

/* ---- its amounts ---- */

static int64_t share_ppm(int64_t amount, int64_t ppm)
{
    int64_t share = 0;
    bool fits = mul_div(amount, ppm, MICRO, &share);
    must(fits);
    return share;
}

static void tax_it(const struct tax_place *taxed, int64_t net, int64_t out_tax[TAXES_MAX])
{
    out_tax[0] = taxed != NULL ? share_ppm(net, taxed->state_ppm) : 0;
    out_tax[1] = taxed != NULL ? share_ppm(net, taxed->city_ppm) : 0;
}

static void value_lines(struct sale *sale)
{
    int64_t weights[LINES_MAX] = {0}, shares[LINES_MAX] = {0};
    for (int i = 0; i < sale->line_count; i++) {
        struct sale_line *line = &sale->lines[i];
        bool fits = amount_of(line->qty, line->unit_price_micro, US_CENT_PLACES, &line->value);
        must(fits);
        weights[i] = line->value - line->discount;
    }
    split_by_weight(sale->discount, weights, (size_t)sale->line_count, shares);
    for (int i = 0; i < sale->line_count; i++) {
        struct sale_line *line = &sale->lines[i];
        line->less = line->discount + shares[i];
        tax_it(line->by == BY_WIRE ? NULL : sale->taxed, line->value - line->less, line->tax);
        line->refundable = line->value - line->less;
        line->refundable_qty = line->qty;
        memcpy(line->refundable_tax, line->tax, sizeof line->tax);
    }
}

void sale_value(struct sale *sale)
{
    value_lines(sale);
    int64_t shipping = sale->shipping - sale->shipping_discount;
    tax_it(sale->taxed != NULL && sale->taxed->on_shipping ? sale->taxed : NULL, shipping, sale->shipping_tax);
    sale->total = shipping + sale->shipping_tax[0] + sale->shipping_tax[1] + sale->tip + sale->rounding;
    for (int i = 0; i < sale->line_count; i++) {
        const struct sale_line *line = &sale->lines[i];
        sale->total += line->value - line->less + line->tax[0] + line->tax[1];
    }
}

static int64_t subtotal(struct sale *sale)
{
    value_lines(sale);
    int64_t sum = 0;
    for (int i = 0; i < sale->line_count; i++) {
        sum += sale->lines[i].value;
    }
    return sum;
}

static void choose_discount(struct shop *shop, struct sale *sale, int64_t worth)
{
    if (sale->channel == WEB && chance(shop, 12)) {
        for (int i = 0; i < sale->line_count; i++) {
            sale->lines[i].discount = share_ppm(sale->lines[i].value, MICRO / 10);
        }
    } else if (sale->channel == WEB && worth >= 4000 && chance(shop, 7)) {
        sale->discount = 500;
    } else if (sale->channel == WHOLESALE && worth >= 40000 && chance(shop, 20)) {
        sale->discount = share_ppm(worth, 3 * MICRO / 100);
    }
}

static bool is_sent(const struct sale *sale)
{
    for (int i = 0; i < sale->line_count; i++) {
        if (sale->lines[i].by != BY_WIRE && sale->lines[i].place != DOWNTOWN) {
            return true;
        }
    }
    return false;
}

static void choose_shipping(struct shop *shop, struct sale *sale, int64_t worth)
{
    if (!is_sent(sale)) {
        return;
    }
    switch (sale->channel) {
    case WEB:
        sale->shipping = worth >= 15000 ? 1900 : worth >= 3500 ? 695 : 495;
        if (worth >= 7500 && worth < 15000) {
            sale->shipping_discount = sale->shipping;
        }
        break;
    case MARKET: sale->shipping = chance(shop, 40) ? 499 : 0; break;
    case WHOLESALE: sale->shipping = worth < 50000 ? 2500 : 0; break;
    case CHANNEL_COUNT: break;
    }
}

/* Small things that make a total look odd; such orders come to no further trouble. */
static bool choose_oddity(struct shop *shop, struct sale *sale)
{
    if (sale->channel != WEB) {
        return false;
    }
    if (rarely(shop, 40)) {
        sale->rounding = chance(shop, 50) ? 1 : -1;
    } else if (rarely(shop, 50)) {
        sale->tip = 100 * between(shop, 2, 5);
    }
    return sale->rounding != 0 || sale->tip != 0;
}

/* ---- what will become of it ---- */

static enum fate choose_fate(struct shop *shop, enum channel channel)
{
    static const struct {
        enum fate fate;
        int in_1000[CHANNEL_COUNT];
    } FATES[] = {
        {CANCELLED, {22, 18, 8}}, {PART_CANCELLED, {16, 8, 0}}, {EDITED_UP, {14, 0, 20}}, {EDITED_DOWN, {14, 0, 12}},
        {RELABELLED, {10, 0, 0}}, {RETURNED, {85, 60, 30}},     {GOODWILL, {14, 6, 0}},   {ALLOWANCE, {12, 8, 0}},
        {REPLACED, {8, 0, 0}},    {OVERPAID, {0, 0, 40}},       {NEVER_PAID, {0, 0, 12}}, {WRITTEN_OFF, {0, 0, 8}},
    };
    int64_t at = between(shop, 0, 999);
    for (size_t i = 0; i < sizeof FATES / sizeof FATES[0]; i++) {
        at -= FATES[i].in_1000[channel];
        if (at < 0) {
            return FATES[i].fate;
        }
    }
    return ENDS_WELL;
}

static bool changes_before_parcel(enum fate fate)
{
    return fate == CANCELLED || fate == PART_CANCELLED || fate == EDITED_UP || fate == EDITED_DOWN;
}

static void settle_fate(struct shop *shop, struct sale *sale, bool is_odd)
{
    sale->fate = is_odd ? ENDS_WELL : choose_fate(shop, sale->channel);
    for (int i = 0; i < sale->line_count; i++) {
        /* What was downloaded at once is neither cancelled nor edited. */
        if (sale->lines[i].by == BY_WIRE && changes_before_parcel(sale->fate)) {
            sale->fate = ENDS_WELL;
        }
        /* Furniture that nobody saw before comes back more often. */
        if (sale->lines[i].by == BY_SUPPLIER && sale->fate == ENDS_WELL && !is_odd && chance(shop, 12)) {
            sale->fate = RETURNED;
        }
    }
}

static void choose_payment(struct shop *shop, struct sale *sale)
{
    if (sale->channel == WHOLESALE || sale->total == 0) {
        return;
    }
    bool is_edited = sale->fate == EDITED_UP || sale->fate == EDITED_DOWN || sale->fate == PART_CANCELLED;
    sale->payment_count = 1;
    sale->payments[0] = (struct sale_payment){
        .number = number_next(shop, NUMBER_PAYMENT),
        .at_us = shop->now_us,
        .amount = sale->total,
        .authorised = sale->channel == WEB && !is_edited && chance(shop, 15),
    };
    sale->paid = sale->payments[0].authorised ? 0 : sale->total;
}

/* The channel lists the payment with the order, and its gateway sends it once more by itself. */
static void tell_payment_again(struct shop *shop, const struct sale *sale)
{
    if (sale->paid == 0 || !rarely(shop, 40)) {
        return;
    }
    const struct sale_payment *payment = &sale->payments[0];
    struct json_out *json =
        pile_begin(&shop->pile, "payment", CHANNELS[sale->channel].code, payment_id(sale->channel, payment->number).at);
    put_time(json, "at", payment->at_us, IN_UTC);
    put_text(json, "order", sale_id(sale).at);
    put_text(json, "gateway", CHANNELS[sale->channel].gateway);
    put_amount(json, "amount", payment->amount);
    put_text(json, "status", "captured");
    pile_end(&shop->pile, shop->now_us + between(shop, 45, 300) * US_PER_MINUTE);
}

/* Part of the order goes with a first parcel, the rest with a second. */
static void choose_parcels(struct shop *shop, struct sale *sale)
{
    if (!chance(shop, 12)) {
        return;
    }
    struct sale_line *line = &sale->lines[between(shop, 0, sale->line_count - 1)];
    if (line->by != BY_STOCK) {
        return;
    }
    if (GOODS_LIST[line->good].kind == BUNDLE) {
        line->in_pieces = true;
    } else if (line->qty >= 2 * MICRO && line->qty % MICRO == 0) {
        line->first = line->qty / MICRO / 2 * MICRO;
    } else if (sale->line_count > 1) {
        line->leg = 1;
    }
}

struct sale *sale_begin(struct shop *shop, enum channel channel)
{
    struct sale *sale = calloc(1, sizeof *sale);
    if (sale == NULL) {
        out_of_memory("an order of the demo merchant");
    }
    sale->channel = channel;
    sale->number = number_next(shop, (enum numbered)(NUMBER_WEB + (int)channel));
    sale->at_us = shop->now_us;
    sale->version = 1;
    sale->status = channel == WHOLESALE ? "confirmed" : "paid";
    return sale;
}

static void choose_lines(struct shop *shop, struct sale *sale)
{
    static const int COUNTS[CHANNEL_COUNT][8] = {
        [WEB] = {1, 1, 1, 2, 2, 3, 3, 4}, [MARKET] = {1, 1, 1, 1, 1, 1, 2, 2}, [WHOLESALE] = {2, 2, 3, 3, 4, 4, 5, 5}};
    int wanted = COUNTS[sale->channel][between(shop, 0, 7)];
    enum place place = choose_place(shop, sale->channel);
    for (int tries = 0; sale->line_count < wanted && tries < 20; tries++) {
        int good = choose_good(shop, sale->channel);
        bool is_alone = sale->line_count == 0 && GOODS_LIST[good].kind == SERVICE;
        if (!is_alone && !is_on(sale, good)) {
            add_line(shop, sale, good, place);
        }
    }
    if (sale->channel == WEB && sale->lines[0].by == BY_STOCK && rarely(shop, 12)) {
        add_line(shop, sale, good_find("INSERT-CARD"), place);
    }
    bool states_fulfil = chance(shop, 30);
    for (int i = 0; i < sale->line_count; i++) {
        sale->lines[i].states_fulfil = states_fulfil || sale->lines[i].by != BY_STOCK;
    }
}

void order_comes_in(struct shop *shop)
{
    struct sale *sale = sale_begin(shop, choose_channel(shop));
    sale->customer = between(shop, 1, sale->channel == WHOLESALE ? 60 + shop->orders / 400 : 20 + shop->orders / 2);
    if (sale->channel != WHOLESALE) {
        sale->taxed = &TAX_PLACES[between(shop, 0, (int64_t)TAX_PLACE_COUNT - 1)];
    }
    choose_lines(shop, sale);
    int64_t worth = subtotal(sale);
    choose_discount(shop, sale, worth);
    choose_shipping(shop, sale, worth);
    bool is_odd = choose_oddity(shop, sale);
    sale_value(sale);
    settle_fate(shop, sale, is_odd);
    choose_payment(shop, sale);
    choose_parcels(shop, sale);
    sale_write(shop, sale, arrival(shop, 6, 2));
    tell_payment_again(shop, sale);
    if (!shop->clean && shop->order_index == shop->orders / 50) {
        dirt_conflict(shop, sale);
    }
    sale_follow(shop, sale);
}

struct sale *sale_replacement(struct shop *shop, const struct sale *of)
{
    struct sale *sale = sale_begin(shop, of->channel);
    sale->replaces = of->number;
    sale->customer = of->customer;
    sale->status = "replacement";
    add_line(shop, sale, of->lines[0].good, EAST);
    struct sale_line *line = &sale->lines[0];
    line->qty = MICRO;
    line->unit_price_micro = 0;
    line->states_fulfil = line->by != BY_STOCK;
    sale_value(sale);
    return sale;
}
