/* plain.c: the growth workload: orders of three lines, paid and taxed, each shipped whole, from layers of 40 units.
 * Every line is in time order and nothing is wrong with any. */
#include "shop.h"

#include "base/must.h"
#include <inttypes.h>
#include <stdlib.h>

enum { LAYER_UNITS = 40, PLAIN_LINES = 3, TAX_PPM = 80000 };

struct plain {
    struct pile *pile;
    struct prng prng;
    int64_t items;
    int64_t *left; /* of each item's layers */
    int64_t receipts;
    int64_t at_us;
};

static struct word sku_of(int64_t item) { return word_print("P-%04" PRId64, item + 1); }

static int64_t price_minor(int64_t item) { return 900 + item * 37 % 4100; }

static void write_items(struct plain *plain)
{
    for (int64_t item = 0; item < plain->items; item++) {
        struct json_out *json = pile_begin(plain->pile, "item", NULL, sku_of(item).at);
        put_time(json, "at", plain->at_us, IN_UTC);
        put_text(json, "sku", sku_of(item).at);
        put_text(json, "kind", "stocked");
        put_price(json, "price", price_minor(item) * (MICRO / 100));
        pile_end(plain->pile, plain->at_us);
    }
}

static void receive(struct plain *plain, int64_t item)
{
    struct word id = word_print("RC%07" PRId64, ++plain->receipts);
    int64_t cost_micro = price_minor(item) * prng_range(&plain->prng, 30, 45) * (MICRO / 10000);
    struct json_out *json = pile_begin(plain->pile, "receipt", "main", id.at);
    put_time(json, "at", plain->at_us, IN_UTC);
    put_text(json, "location", "main");
    json_key(json, "lines");
    json_open_array(json);
    json_open_object(json);
    put_text(json, "sku", sku_of(item).at);
    put_qty(json, "qty", LAYER_UNITS * MICRO);
    put_price(json, "unit_cost", cost_micro);
    json_close_object(json);
    json_close_array(json);
    pile_end(plain->pile, plain->at_us);
    plain->left[item] += LAYER_UNITS;
}

struct plain_line {
    int64_t item, qty, tax;
};

static void choose_plain_lines(struct plain *plain, struct plain_line lines[PLAIN_LINES])
{
    int64_t first = (int64_t)prng_below(&plain->prng, (uint64_t)plain->items);
    int64_t step = prng_range(&plain->prng, 1, (plain->items - 1) / (PLAIN_LINES - 1));
    for (int i = 0; i < PLAIN_LINES; i++) {
        struct plain_line *line = &lines[i];
        line->item = (first + i * step) % plain->items;
        line->qty = prng_range(&plain->prng, 1, 3);
        bool fits = mul_div(line->qty * price_minor(line->item), TAX_PPM, MICRO, &line->tax);
        must(fits);
        if (plain->left[line->item] < line->qty) {
            receive(plain, line->item);
        }
        plain->left[line->item] -= line->qty;
    }
}

static int64_t put_plain_lines(struct json_out *json, const struct plain_line lines[PLAIN_LINES])
{
    int64_t total = 0;
    json_key(json, "lines");
    json_open_array(json);
    for (int i = 0; i < PLAIN_LINES; i++) {
        const struct plain_line *line = &lines[i];
        json_open_object(json);
        put_text(json, "id", word_print("%d", i + 1).at);
        put_text(json, "sku", sku_of(line->item).at);
        put_qty(json, "qty", line->qty * MICRO);
        put_price(json, "unit_price", price_minor(line->item) * (MICRO / 100));
        json_key(json, "tax");
        json_open_array(json);
        json_open_object(json);
        put_text(json, "kind", "sales");
        put_text(json, "jurisdiction", "US-NJ");
        put_amount(json, "amount", line->tax);
        put_text(json, "remitter", "merchant");
        json_close_object(json);
        json_close_array(json);
        json_close_object(json);
        total += line->qty * price_minor(line->item) + line->tax;
    }
    json_close_array(json);
    return total;
}

static void write_order(struct plain *plain, int64_t number)
{
    struct plain_line lines[PLAIN_LINES];
    choose_plain_lines(plain, lines);
    struct json_out *json = pile_begin(plain->pile, "order", "web", word_print("W%08" PRId64, number).at);
    put_time(json, "at", plain->at_us, IN_UTC);
    put_text(json, "channel", "web");
    put_text(json, "customer", word_print("web-%010" PRIx64, scrambled(number / 3 + 1)).at);
    int64_t total = put_plain_lines(json, lines);
    put_amount(json, "total", total);
    json_key(json, "payments");
    json_open_array(json);
    json_open_object(json);
    put_text(json, "id", word_print("ch_%010" PRIx64, scrambled(number)).at);
    put_text(json, "gateway", "card");
    put_amount(json, "amount", total);
    put_time(json, "at", plain->at_us, IN_UTC);
    put_text(json, "status", "captured");
    json_close_object(json);
    json_close_array(json);
    pile_end(plain->pile, plain->at_us);
}

static void write_shipment(struct plain *plain, int64_t number, int64_t at_us)
{
    struct json_out *json = pile_begin(plain->pile, "shipment", "main", word_print("SH%08" PRId64, number).at);
    put_time(json, "at", at_us, IN_UTC);
    put_reference(json, "order", "web", word_print("W%08" PRId64, number).at);
    put_text(json, "location", "main");
    pile_end(plain->pile, at_us);
}

void plain_write(struct pile *pile, int64_t orders, int64_t items, uint64_t seed)
{
    struct plain plain = {.pile = pile, .prng = prng_make(seed), .items = items};
    plain.left = calloc((size_t)items, sizeof *plain.left);
    if (plain.left == NULL) {
        out_of_memory("the demo merchant's items");
    }
    int64_t from_us = day_from_civil(2025, 1, 1) * US_PER_DAY;
    int64_t gap_us = 365 * US_PER_DAY / orders;
    plain.at_us = from_us;
    write_items(&plain);
    for (int64_t i = 0; i < orders; i++) {
        plain.at_us = from_us + (i + 1) * gap_us;
        pile_write(pile, plain.at_us);
        write_order(&plain, i + 1);
        write_shipment(&plain, i + 1, plain.at_us + gap_us / 2);
    }
    free(plain.left);
}
