/* sale_ship.c: parcels. A leg of an order leaves at its time: what is short then is taken from the other warehouse, is
 * put off, or goes all the same, because the goods are there and only their receipt was never typed in. */
#include "shop.h"

#include "base/must.h"
#include <inttypes.h>

enum { PUT_OFF_LEG = 4, PUT_OFF_MAX = 3 };
static const char *const CARRIERS[2] = {"swift-parcel", "coastline-post"};

static int64_t open_qty(const struct sale_line *line) { return line->qty - line->shipped - line->cancelled; }

/* ---- what goes ---- */

static void put_off(struct shop *shop, struct sale *sale, struct sale_line *line)
{
    int leg = line->leg + PUT_OFF_LEG;
    line->leg = leg;
    line->going = 0;
    for (int i = 0; i < sale->line_count; i++) {
        if (&sale->lines[i] != line && sale->lines[i].leg == leg && open_qty(&sale->lines[i]) > 0) {
            return; /* that leg has its time already */
        }
    }
    later(shop, in_working_hours(shop, shop->now_us + between(shop, 2, 5) * US_PER_DAY), PARCEL_LEAVES, &sale->matter,
          leg);
}

static bool is_short(struct shop *shop, const struct sale_line *line, enum place place)
{
    return line->by == BY_STOCK && !shelf_holds(shop, line, place, line->going);
}

static void move_line(struct sale *sale, struct sale_line *line, enum place place)
{
    line->place = place;
    sale->was_moved = true;
}

static void choose_going(struct shop *shop, struct sale *sale, struct sale_line *line)
{
    line->going = line->first > 0 && line->shipped == 0 ? line->first : open_qty(line);
    if (line->place == DOWNTOWN && is_short(shop, line, DOWNTOWN)) {
        move_line(sale, line, EAST); /* the shop cannot hand over what it has not got */
    }
    if (!is_short(shop, line, line->place)) {
        return;
    }
    enum place other = line->place == EAST ? WEST : EAST;
    if (!is_short(shop, line, other) && chance(shop, 55)) {
        move_line(sale, line, other);
    } else if (line->leg < PUT_OFF_LEG * PUT_OFF_MAX && chance(shop, 60)) {
        put_off(shop, sale, line);
    }
}

/* ---- one parcel ---- */

static bool goes_with(const struct sale_line *line, const struct sale_line *first)
{
    if (line->going == 0 || line->by != first->by) {
        return false;
    }
    switch (line->by) {
    case BY_STOCK: return line->place == first->place;
    case BY_SUPPLIER: return GOODS_LIST[line->good].supplier == GOODS_LIST[first->good].supplier;
    case BY_WIRE: return true;
    }
    return false;
}

/* Whether the parcel is all that the order still lacks, so that it need not say what is in it. */
static bool is_all_there_is(const struct sale *sale, const struct sale_line *first)
{
    for (int i = 0; i < sale->line_count; i++) {
        const struct sale_line *line = &sale->lines[i];
        bool is_in = goes_with(line, first) && line->going == open_qty(line) && !line->in_pieces;
        if (open_qty(line) > 0 && !is_in) {
            return false;
        }
    }
    return !sale->was_moved && !sale->is_in_several;
}

static void put_shipped_line(struct json_out *json, int place, int64_t qty, const char *component)
{
    json_open_object(json);
    put_text(json, "line", word_print("%d", place + 1).at);
    if (component != NULL) {
        put_text(json, "component", component);
    }
    put_qty(json, "qty", qty);
    json_close_object(json);
}

/* A bundle in pieces: its first part with the one parcel, the others with the next. */
static void put_pieces(struct json_out *json, const struct sale_line *line, int place)
{
    const struct good *good = &GOODS_LIST[line->good];
    bool is_first = line->first == 0;
    int count = good_part_count(good, line->bundle_version);
    for (int i = is_first ? 0 : 1; i < (is_first ? 1 : count); i++) {
        struct part part = good_part(good, i);
        put_shipped_line(json, place, line->going * part.qty, part.sku);
    }
}

static void put_shipped_lines(struct json_out *json, const struct sale *sale, const struct sale_line *first)
{
    json_key(json, "lines");
    json_open_array(json);
    for (int i = 0; i < sale->line_count; i++) {
        const struct sale_line *line = &sale->lines[i];
        if (!goes_with(line, first)) {
            continue;
        }
        if (line->in_pieces) {
            put_pieces(json, line, i);
        } else {
            put_shipped_line(json, i, line->going, NULL);
        }
    }
    json_close_array(json);
}

static int64_t parcel_weight_g(const struct sale *sale, const struct sale_line *first)
{
    int64_t weight_g = 150;
    for (int i = 0; i < sale->line_count; i++) {
        const struct sale_line *line = &sale->lines[i];
        if (goes_with(line, first)) {
            int each_g = GOODS_LIST[line->good].kind == BUNDLE ? 1200 : GOODS_LIST[line->good].weight_g;
            weight_g += line->going * line_factor(line) / MICRO * each_g;
        }
    }
    return weight_g;
}

static void put_carriage(struct shop *shop, struct json_out *json, int64_t weight_g, int64_t number)
{
    int carrier = chance(shop, 70) ? 0 : 1;
    int64_t cost = 340 + weight_g * 11 / 100 + between(shop, 0, 120);
    put_text(json, "carrier", CARRIERS[carrier]);
    put_text(json, "tracking", word_print("%s%012" PRId64, carrier == 0 ? "SW" : "CP", scrambled(number)).at);
    put_amount(json, "cost", cost);
    shop->carriage[carrier] += cost;
}

static struct word shipment_id(const char *letter, int64_t number)
{
    return word_print("SH-%s%06" PRId64, letter, number);
}

static void put_origin(struct shop *shop, struct json_out *json, const struct sale *sale, const struct sale_line *first,
                       int64_t number)
{
    switch (first->by) {
    case BY_STOCK:
        put_text(json, "location", PLACES[first->place].code);
        if (first->place != DOWNTOWN) {
            put_carriage(shop, json, parcel_weight_g(sale, first), number);
        }
        break;
    case BY_SUPPLIER: put_text(json, "supplier", SUPPLIERS[GOODS_LIST[first->good].supplier].code); break;
    case BY_WIRE: break;
    }
}

static const char *source_of(const struct sale *sale, const struct sale_line *first)
{
    switch (first->by) {
    case BY_STOCK: return PLACES[first->place].code;
    case BY_SUPPLIER: return SUPPLIERS[GOODS_LIST[first->good].supplier].code;
    case BY_WIRE: return CHANNELS[sale->channel].code;
    }
    return NULL;
}

static void write_parcel(struct shop *shop, struct sale *sale, const struct sale_line *first)
{
    const char *letter = first->by == BY_STOCK ? PLACES[first->place].letter : first->by == BY_WIRE ? "N" : "S";
    const char *source = source_of(sale, first);
    int64_t number = number_next(shop, NUMBER_SHIPMENT);
    struct word id = shipment_id(letter, number);
    struct json_out *json = pile_begin(&shop->pile, "shipment", source, id.at);
    put_time(json, "at", shop->now_us, first->by == BY_STOCK ? IN_LOCAL : IN_UTC);
    put_reference(json, "order", CHANNELS[sale->channel].code, sale_id(sale).at);
    put_origin(shop, json, sale, first, number);
    if (!is_all_there_is(sale, first) || chance(shop, 35)) {
        put_shipped_lines(json, sale, first);
    }
    int64_t arrives_us = arrival(shop, first->by == BY_SUPPLIER ? 120 : 15, 6);
    if (rarely(shop, 140)) {
        pile_end_twice(&shop->pile, arrives_us, arrives_us + between(shop, 1, 48) * US_PER_HOUR);
    } else {
        pile_end(&shop->pile, arrives_us);
    }
    if (first->by == BY_STOCK && first->place != DOWNTOWN && sale->channel != WHOLESALE && chance(shop, 30)) {
        later(shop, shop->now_us + between(shop, 20, 130) * US_PER_HOUR, PARCEL_ARRIVES, NULL,
              number * PLACE_COUNT + (int)first->place);
    }
}

static void take_pieces(struct shop *shop, struct sale_line *line)
{
    const struct good *good = &GOODS_LIST[line->good];
    bool is_first = line->first == 0;
    int count = good_part_count(good, line->bundle_version);
    for (int i = is_first ? 0 : 1; i < (is_first ? 1 : count); i++) {
        struct part part = good_part(good, i);
        struct sale_line piece = {.good = good_find(part.sku)};
        shelf_take(shop, &piece, line->place, line->going * part.qty);
    }
    if (is_first) {
        line->first = line->going; /* what waits for its other parts */
    } else {
        line->in_pieces = false;
        line->shipped += line->going;
    }
}

static void parcel_is_gone(struct shop *shop, struct sale *sale, const struct sale_line *first)
{
    struct sale_line sample = *first;
    for (int i = 0; i < sale->line_count; i++) {
        struct sale_line *line = &sale->lines[i];
        if (!goes_with(line, &sample)) {
            continue;
        }
        if (line->in_pieces) {
            take_pieces(shop, line);
        } else {
            if (line->by == BY_STOCK) {
                shelf_take(shop, line, line->place, line->going);
            }
            line->shipped += line->going;
        }
        line->going = 0;
    }
}

/* ---- the leg ---- */

static void capture_authorised(struct shop *shop, struct sale *sale)
{
    if (sale->payment_count == 0 || !sale->payments[0].authorised || sale->paid > 0) {
        return;
    }
    sale->paid = sale->total;
    int64_t at_us = shop->now_us - 5 * US_PER_MINUTE;
    struct json_out *json = pile_begin(&shop->pile, "payment", CHANNELS[sale->channel].code,
                                       payment_id(sale->channel, number_next(shop, NUMBER_PAYMENT)).at);
    put_time(json, "at", at_us > sale->at_us ? at_us : shop->now_us, IN_UTC);
    put_text(json, "order", sale_id(sale).at);
    put_text(json, "gateway", CHANNELS[sale->channel].gateway);
    put_amount(json, "amount", sale->total);
    put_text(json, "status", "captured");
    pile_end(&shop->pile, arrival(shop, 10, 2));
}

/* What did not go with this leg gets the second one; it must not wait for a leg that has no time. */
static void plan_rest(struct shop *shop, struct sale *sale, int leg)
{
    bool is_more = false;
    for (int i = 0; i < sale->line_count; i++) {
        struct sale_line *line = &sale->lines[i];
        if (line->leg == leg && open_qty(line) > 0) {
            line->leg = leg + PUT_OFF_LEG * PUT_OFF_MAX;
            is_more = true;
        }
    }
    if (is_more) {
        later(shop, in_working_hours(shop, shop->now_us + between(shop, 1, 4) * US_PER_DAY), PARCEL_LEAVES,
              &sale->matter, leg + PUT_OFF_LEG * PUT_OFF_MAX);
    }
}

static bool is_all_gone(const struct sale *sale)
{
    int64_t shipped = 0;
    for (int i = 0; i < sale->line_count; i++) {
        if (open_qty(&sale->lines[i]) > 0) {
            return false;
        }
        shipped += sale->lines[i].shipped;
    }
    return shipped > 0;
}

/* Whether what goes now goes in more than one parcel; at one instant no order between them would be sure. */
static bool goes_in_several(const struct sale *sale)
{
    const struct sale_line *first = NULL;
    for (int i = 0; i < sale->line_count; i++) {
        const struct sale_line *line = &sale->lines[i];
        if (line->going > 0 && first != NULL && !goes_with(line, first)) {
            return true;
        }
        first = line->going > 0 ? line : first;
    }
    return false;
}

void parcel_leaves(struct shop *shop, struct event *event)
{
    struct sale *sale = event->what;
    int leg = (int)event->arg;
    for (int i = 0; i < sale->line_count; i++) {
        struct sale_line *line = &sale->lines[i];
        if (line->leg == leg && open_qty(line) > 0) {
            choose_going(shop, sale, line);
        }
    }
    sale->is_in_several = goes_in_several(sale);
    for (int i = 0; i < sale->line_count; i++) {
        if (sale->lines[i].going > 0) {
            capture_authorised(shop, sale);
            write_parcel(shop, sale, &sale->lines[i]);
            parcel_is_gone(shop, sale, &sale->lines[i]);
        }
    }
    plan_rest(shop, sale, leg);
    if (!sale->is_shipped && is_all_gone(sale)) {
        sale->is_shipped = true;
        sale_shipped(shop, sale);
    }
}

void parcel_arrives(struct shop *shop, struct event *event)
{
    const struct place_facts *place = &PLACES[event->arg % PLACE_COUNT];
    struct word shipment = shipment_id(place->letter, event->arg / PLACE_COUNT);
    int64_t number = number_next(shop, NUMBER_DELIVERY);
    struct json_out *json = pile_begin(&shop->pile, "delivery", place->code, word_print("DL-%06" PRId64, number).at);
    put_time(json, "at", shop->now_us, IN_UTC);
    put_text(json, "shipment", shipment.at);
    pile_end(&shop->pile, arrival(shop, 30, 3));
}
