/* sale_paper.c: how an order reads on paper. */
#include "shop.h"

#include "base/must.h"
#include <inttypes.h>

static int64_t number_of_id(const struct sale *sale, int64_t number)
{
    static const int64_t FIRST[CHANNEL_COUNT] = {[WEB] = 10000, [MARKET] = 0, [WHOLESALE] = 4000};
    return FIRST[sale->channel] + number;
}

static struct word id_of(const struct sale *sale, int64_t number)
{
    int64_t shown = number_of_id(sale, number);
    switch (sale->channel) {
    case WEB: return word_print("W%" PRId64, shown);
    case MARKET: return word_print("114-%07" PRId64 "-%07" PRId64, scrambled(number) % 10000000, shown);
    case WHOLESALE: return word_print("WS-%" PRId64, shown);
    case CHANNEL_COUNT: break;
    }
    must(!"a channel");
    return (struct word){0};
}

struct word sale_id(const struct sale *sale) { return id_of(sale, sale->number); }

struct word payment_id(enum channel channel, int64_t number)
{
    static const char *const PREFIXES[CHANNEL_COUNT] = {[WEB] = "ch", [MARKET] = "mp", [WHOLESALE] = "bt"};
    return word_print("%s_%010" PRIx64, PREFIXES[channel], scrambled(number));
}

static void put_tax(struct json_out *json, const struct sale *sale, const char *jurisdiction, int64_t amount)
{
    json_open_object(json);
    put_text(json, "kind", "sales");
    put_text(json, "jurisdiction", jurisdiction);
    put_amount(json, "amount", amount);
    put_text(json, "remitter", sale->channel == MARKET ? "marketplace" : "merchant");
    json_close_object(json);
}

void put_taxes(struct json_out *json, const struct sale *sale, const int64_t tax[TAXES_MAX])
{
    if (tax[0] == 0 && tax[1] == 0) {
        return;
    }
    json_key(json, "tax");
    json_open_array(json);
    put_tax(json, sale, sale->taxed->state, tax[0]);
    if (tax[1] != 0) {
        put_tax(json, sale, sale->taxed->city, tax[1]);
    }
    json_close_array(json);
}

static void put_fulfil(struct json_out *json, const struct sale_line *line)
{
    json_key(json, "fulfil");
    json_open_object(json);
    switch (line->by) {
    case BY_STOCK:
        put_text(json, "by", "stock");
        put_text(json, "location", PLACES[line->planned].code);
        break;
    case BY_SUPPLIER:
        put_text(json, "by", "dropship");
        put_text(json, "supplier", SUPPLIERS[GOODS_LIST[line->good].supplier].code);
        put_price(json, "cost", line->cost_micro);
        break;
    case BY_WIRE: put_text(json, "by", "digital"); break;
    }
    json_close_object(json);
}

static void put_lines(struct json_out *json, const struct sale *sale)
{
    json_key(json, "lines");
    json_open_array(json);
    for (int i = 0; i < sale->line_count; i++) {
        const struct sale_line *line = &sale->lines[i];
        json_open_object(json);
        put_text(json, "id", word_print("%d", i + 1).at);
        put_text(json, "sku", GOODS_LIST[line->good].sku);
        put_qty(json, "qty", line->qty);
        if (line->in_cases) {
            put_text(json, "uom", "case");
        }
        put_price(json, "unit_price", line->unit_price_micro);
        if (line->discount != 0) {
            put_amount(json, "discount", line->discount);
        }
        put_taxes(json, sale, line->tax);
        if (line->states_fulfil) {
            put_fulfil(json, line);
        }
        json_close_object(json);
    }
    json_close_array(json);
}

static void put_shipping(struct json_out *json, const struct sale *sale)
{
    if (sale->shipping == 0) {
        return;
    }
    json_key(json, "shipping");
    json_open_object(json);
    put_amount(json, "amount", sale->shipping);
    if (sale->shipping_discount != 0) {
        put_amount(json, "discount", sale->shipping_discount);
    }
    put_taxes(json, sale, sale->shipping_tax);
    json_close_object(json);
}

static void put_payments(struct json_out *json, const struct sale *sale)
{
    if (sale->payment_count == 0) {
        return;
    }
    json_key(json, "payments");
    json_open_array(json);
    for (int i = 0; i < sale->payment_count; i++) {
        const struct sale_payment *payment = &sale->payments[i];
        json_open_object(json);
        put_text(json, "id", payment_id(sale->channel, payment->number).at);
        put_text(json, "gateway", CHANNELS[sale->channel].gateway);
        put_amount(json, "amount", payment->amount);
        put_time(json, "at", payment->at_us, IN_UTC);
        put_text(json, "status", payment->authorised ? "authorised" : "captured");
        json_close_object(json);
    }
    json_close_array(json);
}

static void put_buyer(struct json_out *json, const struct sale *sale)
{
    put_text(json, "channel", CHANNELS[sale->channel].code);
    if (sale->channel == WEB) {
        put_text(json, "number", word_print("#%" PRId64, number_of_id(sale, sale->number)).at);
    }
    put_text(json, "status", sale->status);
    put_text(json, "customer",
             word_print("%s-%010" PRIx64, CHANNELS[sale->channel].code, scrambled(sale->customer)).at);
    if (sale->channel == WHOLESALE) {
        put_true(json, "on_account");
        put_text(json, "buyer_reference", word_print("PO %" PRId64, scrambled(sale->number) % 90000 + 10000).at);
    }
    if (sale->replaces != 0) {
        json_key(json, "replaces");
        json_open_object(json);
        put_text(json, "order", id_of(sale, sale->replaces).at);
        put_text(json, "kind", "replacement");
        json_close_object(json);
    }
}

void sale_write(struct shop *shop, const struct sale *sale, int64_t arrives_us)
{
    struct json_out *json = pile_begin(&shop->pile, "order", CHANNELS[sale->channel].code, sale_id(sale).at);
    put_time(json, "at", sale->at_us, sale->channel == MARKET ? IN_UTC : IN_LOCAL);
    if (sale->version > 1) {
        json_key(json, "version");
        json_int(json, sale->version);
        put_time(json, "updated", sale->updated_us, IN_UTC);
    }
    if (sale->channel != WHOLESALE) {
        put_text(json, "currency", "USD");
    }
    put_buyer(json, sale);
    put_lines(json, sale);
    put_shipping(json, sale);
    if (sale->discount != 0) {
        put_amount(json, "discount", sale->discount);
    }
    if (sale->tip != 0) {
        put_amount(json, "tip", sale->tip);
    }
    put_amount(json, "total", sale->total);
    put_payments(json, sale);
    if (rarely(shop, 120)) {
        pile_end_twice(&shop->pile, arrives_us, arrives_us + between(shop, 1, 900) * US_PER_MINUTE);
    } else {
        pile_end(&shop->pile, arrives_us);
    }
}
