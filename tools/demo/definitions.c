/* definitions.c: the items and locations, and two things a real catalogue does: it tells of an item only after it was
 * sold, and it changes a bundle in the middle of the year. */
#include "shop.h"

static void write_location(struct shop *shop, const struct place_facts *place)
{
    struct json_out *json = pile_begin(&shop->pile, "location", NULL, place->code);
    put_time(json, "at", shop->now_us, IN_UTC);
    put_text(json, "code", place->code);
    put_text(json, "name", place->name);
    put_text(json, "kind", place->kind);
    put_text(json, "region", place->region);
    pile_end(&shop->pile, shop->now_us);
}

static const char *kind_of(enum good_kind kind)
{
    switch (kind) {
    case GOODS:
    case ASSEMBLED: return "stocked";
    case EITHER: return "either";
    case DROPSHIP: return "dropship";
    case DIGITAL:
    case SERVICE: return "service";
    case SUPPLY: return "supply";
    case BUNDLE: return "bundle";
    }
    return NULL;
}

static void put_stocked(struct json_out *json, const struct good *good)
{
    if (good->method != NULL) {
        put_text(json, "cost_method", good->method);
    }
    put_text(json, "uom", good->per_case == 1 ? "m" : "each");
    if (good->per_case > 1) {
        json_key(json, "uoms");
        json_open_array(json);
        json_open_object(json);
        put_text(json, "code", "case");
        put_qty(json, "factor", good->per_case * MICRO);
        json_close_object(json);
        json_close_array(json);
    }
    put_qty(json, "weight", good->weight_g * (MICRO / 1000));
    put_qty(json, "volume", good->volume_cm3 * (MICRO / 1000));
    bool is_standard = good->method != NULL && strcmp(good->method, "standard") == 0;
    put_price(json, is_standard ? "standard_cost" : "last_cost", good->cost_minor * (MICRO / 100));
}

static void put_components(struct json_out *json, const struct good *good, int version)
{
    json_key(json, "components");
    json_open_array(json);
    for (int i = 0; i < good_part_count(good, version); i++) {
        struct part part = good_part(good, i);
        json_open_object(json);
        put_text(json, "sku", part.sku);
        put_qty(json, "qty", part.qty * MICRO);
        json_close_object(json);
    }
    json_close_array(json);
}

static void write_item(struct shop *shop, const struct good *good, int version, int64_t updated_us, int64_t arrives_us)
{
    struct json_out *json = pile_begin(&shop->pile, "item", NULL, good->sku);
    put_time(json, "at", shop->now_us, IN_UTC);
    if (version > 1) {
        json_key(json, "version");
        json_int(json, version);
        put_time(json, "updated", updated_us, IN_LOCAL);
    }
    put_text(json, "sku", good->sku);
    put_text(json, "name", good->name);
    put_text(json, "kind", kind_of(good->kind));
    if (good_is_stocked(good)) {
        put_stocked(json, good);
    }
    if (good->supplier != OURSELVES) {
        put_text(json, "supplier", SUPPLIERS[good->supplier].code);
    }
    put_price(json, "price", good->price_minor * (MICRO / 100));
    if (good->kind == BUNDLE) {
        put_components(json, good, version);
    }
    pile_end(&shop->pile, arrives_us);
}

void definitions_write(struct shop *shop)
{
    int32_t half_day = shop->first_day + (shop->end_day - shop->first_day) / 2;
    for (int place = 0; place < PLACE_COUNT; place++) {
        write_location(shop, &PLACES[place]);
    }
    for (size_t i = 0; i < GOODS_COUNT; i++) {
        const struct good *good = &GOODS_LIST[i];
        bool is_late = strcmp(good->sku, "COASTER-4") == 0;
        write_item(shop, good, 1, 0, shop->now_us + (is_late ? 9 * US_PER_DAY : 0));
        if (good->later_part.sku != NULL) {
            int64_t from_us = local_instant(half_day, 0);
            write_item(shop, good, 2, from_us, from_us + 11 * US_PER_HOUR);
        }
    }
}
