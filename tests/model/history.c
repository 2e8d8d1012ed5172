/* history.c: makes documents up. What it keeps of orders, receipts and shipments is a guess of what is open, good enough
 * that most documents fit and some ask for too much; it knows nothing of how they will be read. */
#include "model/history.h"
#include "base/calendar.h"
#include "base/decimal.h"
#include "base/must.h"
#include "base/prng.h"
#include "model/rare.h"
#include <string.h>

struct made_line {
    const char *id;
    int item;
    int64_t qty, shipped, cancelled, returned, refunded;
    int64_t net; /* goods less discount, about */
    int64_t tax;
    const char *remitter;
};
struct made_order {
    struct m_document *d;
    const char *source;
    struct made_line lines[4];
    int line_count;
    int64_t total, paid;
    int64_t at;
    int versions;
    bool payment_again; /* its payment came as a document as well */
};
struct made_receipt {
    struct m_document *d;
    int64_t at;
    int64_t billed[4], sent_back[4];
    int location;
    bool is_old; /* an opening tells of it */
};
struct made_shipment {
    struct m_document *d;
    int order;
    int64_t at;
};
struct made_item {
    const char *sku;
    bool stocked, bundle, service, dropship, specific, gift_card, boxed;
    int64_t price;
};

enum { MOST_ITEMS = 8, MOST_LOCATIONS = 3, MOST_MADE = 255, MOST_DUPLICATES = 3, MOST_BEYOND = 54 };
struct maker {
    struct prng prng;
    struct prng
        later_settings; /* a stream of its own: a setting added here leaves the histories of old seeds as they were */
    struct arena *arena;
    struct m_generated *out;
    const struct m_document **documents;
    size_t count, room;
    struct made_item items[MOST_ITEMS];
    int item_count;
    const char *locations[MOST_LOCATIONS];
    int location_count;
    struct made_order orders[MOST_MADE];
    int order_count;
    struct made_receipt receipts[MOST_MADE];
    int receipt_count;
    struct made_shipment shipments[MOST_MADE];
    int shipment_count;
    struct m_document *voidable[MOST_MADE];
    int voidable_count;
    unsigned char used[1000];
    int32_t first_day;
    int days;
};

static bool on(const struct maker *maker, unsigned feature) { return (maker->out->features.on & feature) != 0; }
static bool more(const struct maker *maker, unsigned feature) { return (maker->out->features.more & feature) != 0; }
static int pick(struct maker *maker, int bound) { return (int)prng_below(&maker->prng, (uint64_t)bound); }
static bool chance(struct maker *maker, int one_in) { return pick(maker, one_in) == 0; }

static const char *print(struct maker *maker, const char *prefix, int number)
{
    struct span text = arena_print(maker->arena, "%s%d", prefix, number);
    must(text.ptr);
    return text.ptr;
}

/* Ids run in no order, so that a tie of times is not the order of making. */
static const char *new_id(struct maker *maker, const char *prefix)
{
    int number = pick(maker, 1000);
    while (maker->used[number])
        number = (number + 1) % 1000;
    maker->used[number] = 1;
    return print(maker, prefix, number);
}

static struct m_document *make(struct maker *maker, enum m_type type, const char *id)
{
    struct m_document *d = m_document_new(maker->arena, type);
    d->id = id;
    if (maker->count < maker->room)
        maker->documents[maker->count++] = d;
    return d;
}

/* A time not before `after`, mostly soon; now and then anywhere (a document dated before what it refers to). */
static int64_t some_time(struct maker *maker, int64_t after)
{
    static const int hours[] = {9, 9, 9, 12, 15, 18};
    int64_t start = (int64_t)maker->first_day * US_PER_DAY;
    if (after && !chance(maker, 12))
        start = after / US_PER_DAY * US_PER_DAY + (chance(maker, 3) ? 0 : US_PER_DAY * pick(maker, 4));
    else
        start += US_PER_DAY * pick(maker, maker->days);
    int64_t at = start + (int64_t)hours[pick(maker, 6)] * 3600 * US_PER_SECOND;
    return after && at < after && !chance(maker, 8) ? after : at;
}

static struct m_time as_time(struct maker *maker, int64_t at)
{
    if (on(maker, M_WITH_DATES_ONLY) && chance(maker, 4))
        return (struct m_time){M_DATE, (int32_t)(at / US_PER_DAY), 0};
    return (struct m_time){M_INSTANT, 0, at};
}

static int64_t some_qty(struct maker *maker, int most)
{
    int64_t qty = MICRO * (1 + pick(maker, most));
    if (on(maker, M_WITH_FRACTIONS) && chance(maker, 5))
        qty = chance(maker, 2) ? qty / 2 : 333333 * (1 + pick(maker, most));
    return qty;
}

static int64_t some_price(struct maker *maker, int most_cents)
{
    int64_t cents = 1 + pick(maker, most_cents);
    if (on(maker, M_WITH_FRACTIONS) && chance(maker, 6))
        return cents * 10000 + pick(maker, 10000);
    return cents * 10000;
}

static int64_t amount(int64_t qty, int64_t unit)
{
    int64_t out = 0;
    must(amount_of(qty, unit, 2, &out));
    return out;
}

static const char *some_location(struct maker *maker) { return maker->locations[pick(maker, maker->location_count)]; }

static int some_item(struct maker *maker)
{
    int item = pick(maker, maker->item_count);
    while (!maker->items[item].stocked)
        item = pick(maker, maker->item_count);
    return item;
}

/* --- definitions ----------------------------------------------------------------------------------- */

static int add_item(struct maker *maker, const char *sku)
{
    struct m_document *d = make(maker, M_ITEM, sku);
    d->sku = sku;
    d->at = (struct m_time){M_DATE, maker->first_day - 10, 0};
    maker->items[maker->item_count] = (struct made_item){.sku = sku};
    return maker->item_count++;
}

static void define(struct maker *maker)
{
    static const char *const methods[] = {"fifo", "average", "lifo", "standard"};
    static const char *const skus[] = {"APPLE", "BREAD", "CREAM", "DATES"};
    static const char *const codes[] = {"main", "east", "west"};
    int stocked = 1 + pick(maker, 4);
    maker->location_count = 1 + pick(maker, 3);
    for (int i = 0; i < maker->location_count; i++) {
        maker->locations[i] = codes[i];
        if (i == 0)
            continue; /* init makes main */
        struct m_document *d = make(maker, M_LOCATION, codes[i]);
        d->code = codes[i];
        d->at = (struct m_time){M_DATE, maker->first_day - 10, 0};
    }
    for (int i = 0; i < stocked; i++) {
        int item = add_item(maker, skus[i]);
        struct m_document *d = (struct m_document *)(uintptr_t)maker->documents[maker->count - 1];
        maker->items[item].stocked = true;
        maker->items[item].price = some_price(maker, 5000);
        if (chance(maker, 2))
            d->kind = "stocked";
        if (on(maker, M_WITH_METHODS) && !chance(maker, 3))
            d->cost_method = methods[pick(maker, 4)];
        if (more(maker, M_WITH_SPECIFIC) && i == 0) {
            d->cost_method = "specific";
            maker->items[item].specific = true;
        }
        if (more(maker, M_WITH_UNITS) && chance(maker, 2)) {
            d->uoms = m_lines_new(maker->arena, 1);
            d->uoms.at[0].code = "box";
            d->uoms.at[0].factor = chance(maker, 3) ? 2500000 : 6 * MICRO;
            maker->items[item].boxed = true;
        }
        const char *method = d->cost_method ? d->cost_method : maker->out->settings[0].value;
        maker->items[item].specific = strcmp(method, "specific") == 0;
        if (strcmp(method, "standard") == 0 || chance(maker, 5))
            d->standard_cost = some_price(maker, 1500);
        if (chance(maker, 2))
            d->last_cost = some_price(maker, 1500);
        if (!chance(maker, 4))
            d->price = maker->items[item].price;
    }
    if (on(maker, M_WITH_BUNDLES)) {
        int item = add_item(maker, "SET");
        struct m_document *d = (struct m_document *)(uintptr_t)maker->documents[maker->count - 1];
        d->kind = "bundle";
        maker->items[item].bundle = true;
        maker->items[item].price = some_price(maker, 9000);
        int parts = 1 + pick(maker, stocked > 2 ? 3 : stocked);
        d->components = m_lines_new(maker->arena, (size_t)parts);
        for (int i = 0; i < parts; i++) {
            d->components.at[i].sku = skus[i];
            d->components.at[i].qty = MICRO * (1 + pick(maker, 3));
        }
    }
    if (on(maker, M_WITH_SERVICES)) {
        int item = add_item(maker, "WRAP");
        ((struct m_document *)(uintptr_t)maker->documents[maker->count - 1])->kind = "service";
        maker->items[item].service = true;
        maker->items[item].price = some_price(maker, 900);
    }
    if (more(maker, M_WITH_GIFT_CARDS)) {
        int item = add_item(maker, "CARD");
        ((struct m_document *)(uintptr_t)maker->documents[maker->count - 1])->kind = "gift_card";
        maker->items[item].gift_card = true;
        maker->items[item].price = 25 * MICRO;
    }
    if (on(maker, M_WITH_DROPSHIP)) {
        int item = add_item(maker, "DROP");
        ((struct m_document *)(uintptr_t)maker->documents[maker->count - 1])->kind = "dropship";
        maker->items[item].dropship = true;
        maker->items[item].price = some_price(maker, 4000);
    }
    if (more(maker, M_WITH_FOREIGN | M_WITH_FOREIGN_PURCHASES)) {
        for (int i = 0; i < 3; i++) {
            struct m_document *d = make(maker, M_RATE, print(maker, "RATE", i));
            d->from = "EUR";
            d->to = "USD";
            d->rate = INT64_C(10000000000) + (int64_t)pick(maker, 2000) * INT64_C(1000000);
            d->at = (struct m_time){M_DATE, maker->first_day - 9 + 8 * i, 0};
        }
    }
}

/* Some lines count in boxes. */
static void may_box(struct maker *maker, struct m_line *line, int item)
{
    if (maker->items[item].boxed && chance(maker, 3))
        line->uom = on(maker, M_WITH_STRANGERS) && chance(maker, 40) ? "pallet" : "box";
}

/* --- documents -------------------------------------------------------------------------------------- */

static void may_void(struct maker *maker, struct m_document *d)
{
    if (maker->voidable_count < MOST_MADE)
        maker->voidable[maker->voidable_count++] = d;
}

static void make_receipt(struct maker *maker)
{
    struct made_receipt *kept = &maker->receipts[maker->receipt_count++];
    struct m_document *d = make(maker, M_RECEIPT, new_id(maker, "R"));
    *kept = (struct made_receipt){.d = d, .at = some_time(maker, 0)};
    d->at = as_time(maker, kept->at);
    d->supplier = "ACME";
    kept->location = pick(maker, maker->location_count);
    if (kept->location > 0 || chance(maker, 2))
        d->location = maker->locations[kept->location];
    d->lines = m_lines_new(maker->arena, (size_t)(1 + pick(maker, 3)));
    for (size_t i = 0; i < d->lines.count; i++) {
        struct m_line *line = &d->lines.at[i];
        int item = some_item(maker);
        for (size_t k = 0; k < i && !chance(maker, 4); k++) /* mostly one line of an item */
            if (strcmp(d->lines.at[k].sku, maker->items[item].sku) == 0)
                item = some_item(maker);
        line->sku = maker->items[item].sku;
        line->qty = some_qty(maker, 9);
        may_box(maker, line, item);
        if (chance(maker, 2))
            line->id = print(maker, "l", (int)i + 1);
        if (more(maker, M_WITH_SPECIFIC | M_WITH_LOTS) && !chance(maker, 4))
            line->lot = print(maker, "LOT", pick(maker, 4));
        if (chance(maker, 4))
            line->total_cost = pick(maker, 8000);
        else
            line->unit_cost = some_price(maker, 1500);
    }
    if (on(maker, M_WITH_CONSIGNMENT) && chance(maker, 4))
        d->consigned = M_TRUE;
    if (more(maker, M_WITH_FOREIGN | M_WITH_FOREIGN_PURCHASES) && chance(maker, 4)) {
        d->currency = "EUR";
        if (chance(maker, 2))
            d->rate = INT64_C(11000000000);
    }
}

static struct m_lines some_taxes(struct maker *maker, int64_t on_amount, const char *remitter)
{
    struct m_lines taxes = m_lines_new(maker->arena, (size_t)(1 + chance(maker, 4)));
    for (size_t i = 0; i < taxes.count; i++) {
        taxes.at[i].kind = "sales";
        taxes.at[i].jurisdiction = i ? "US-NYC" : "US-NY";
        taxes.at[i].amount = on_amount * (4 + (int64_t)i * 3) / 100;
        taxes.at[i].remitter = remitter;
    }
    return taxes;
}

static int64_t sum_of(const struct m_lines *taxes)
{
    int64_t sum = 0;
    for (size_t i = 0; i < taxes->count; i++)
        sum += taxes->at[i].amount;
    return sum;
}

/* The total as a channel would state it: exact, or a few cents off, or wrong. */
static int64_t order_total(struct maker *maker, const struct m_document *d)
{
    bool included = d->tax_included == M_TRUE;
    int64_t total = m_or_zero(d->tip) - m_or_zero(d->discount);
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        total += amount(line->qty, line->unit_price) - m_or_zero(line->discount) + (included ? 0 : sum_of(&line->tax));
    }
    for (size_t i = 0; i < d->shipping.count; i++) {
        const struct m_line *shipping = &d->shipping.at[i];
        total += m_or_zero(shipping->amount) - m_or_zero(shipping->discount) + (included ? 0 : sum_of(&shipping->tax));
    }
    if (chance(maker, 10))
        total += pick(maker, 11) - 5;
    if (on(maker, M_WITH_STRANGERS) && chance(maker, 30))
        total += 100;
    return total;
}

static const char *day_text(struct maker *maker, int32_t day)
{
    char text[11];
    struct span copy = arena_print(maker->arena, "%s", day_write(day, text));
    must(copy.ptr);
    return copy.ptr;
}

/* From about when it is ordered, for a day to some months. */
static void run_by_days(struct maker *maker, struct m_line *line)
{
    int32_t from = maker->first_day - 40 + pick(maker, 80), to = from + pick(maker, chance(maker, 3) ? 3 : 100);
    line->service = m_lines_new(maker->arena, 1);
    line->service.at[0].from = day_text(maker, from);
    line->service.at[0].to = day_text(maker, to);
}

static void fill_order_line(struct maker *maker, struct m_line *line, struct made_line *kept, const char *remitter)
{
    struct made_item *item = &maker->items[pick(maker, maker->item_count)];
    line->sku = item->sku;
    line->qty = item->bundle || item->gift_card ? MICRO * (1 + pick(maker, 3)) : some_qty(maker, 5);
    line->unit_price = chance(maker, 10) ? 0 : item->price + (chance(maker, 3) ? 10000 : 0);
    may_box(maker, line, (int)(item - maker->items));
    if (more(maker, M_WITH_DAYS) && item->service && !chance(maker, 3))
        run_by_days(maker, line);
    int64_t value = amount(line->qty, line->unit_price);
    if (on(maker, M_WITH_DISCOUNTS) && chance(maker, 3) && value > 1)
        line->discount = pick(maker, (int)(value < 1000 ? value : 1000));
    if (on(maker, M_WITH_TAXES) && !chance(maker, 3)) {
        line->tax = some_taxes(maker, value - m_or_zero(line->discount), remitter);
        kept->remitter = remitter;
    }
    if (maker->location_count > 1 && item->stocked && chance(maker, 3)) {
        line->fulfil = m_lines_new(maker->arena, 1);
        line->fulfil.at[0].by = "stock";
        line->fulfil.at[0].location = some_location(maker);
    }
    if (item->dropship) {
        line->fulfil = m_lines_new(maker->arena, 1);
        line->fulfil.at[0].by = "dropship";
        line->fulfil.at[0].supplier = "DROPCO";
        line->fulfil.at[0].cost = some_price(maker, 2000);
    }
    kept->id = line->id;
    kept->item = (int)(item - maker->items);
    kept->qty = line->qty;
    kept->net = value - m_or_zero(line->discount);
    kept->tax = sum_of(&line->tax);
}

static void add_payments(struct maker *maker, struct made_order *order)
{
    struct m_document *d = order->d;
    int count = 1 + chance(maker, 5);
    d->payments = m_lines_new(maker->arena, (size_t)count);
    for (int i = 0; i < count; i++) {
        struct m_line *payment = &d->payments.at[i];
        payment->id = new_id(maker, "PAY");
        payment->gateway = "card";
        payment->amount = order->total / count;
        if (payment->amount <= 0)
            payment->amount = 1;
        payment->status = chance(maker, 8) ? "authorised" : "captured";
        if (chance(maker, 3))
            payment->at = as_time(maker, some_time(maker, order->at));
        if (strcmp(payment->status, "captured") == 0)
            order->paid += payment->amount;
    }
}

static void make_order(struct maker *maker)
{
    struct made_order *order = &maker->orders[maker->order_count++];
    struct m_document *d = make(maker, M_ORDER, new_id(maker, "O"));
    static const char *const sources[] = {"web", "amz"};
    const char *remitter = chance(maker, 3) ? "marketplace" : "merchant";
    *order = (struct made_order){.d = d, .at = some_time(maker, 0), .versions = 1};
    order->source = sources[pick(maker, 2)];
    d->source = order->source;
    d->channel = order->source;
    d->at = as_time(maker, order->at);
    order->line_count = 1 + pick(maker, 4);
    d->lines = m_lines_new(maker->arena, (size_t)order->line_count);
    if (more(maker, M_WITH_INCLUDED_TAX) && chance(maker, 3))
        d->tax_included = M_TRUE;
    for (int i = 0; i < order->line_count; i++) {
        d->lines.at[i].id = print(maker, "", i + 1);
        fill_order_line(maker, &d->lines.at[i], &order->lines[i], remitter);
    }
    if (on(maker, M_WITH_DISCOUNTS) && chance(maker, 4)) {
        int64_t net = 0;
        for (int i = 0; i < order->line_count; i++)
            net += order->lines[i].net;
        d->discount = net > 1 ? pick(maker, (int)(net < 2000 ? net : 2000)) : 0;
    }
    if (on(maker, M_WITH_SHIPPING) && chance(maker, 2)) {
        d->shipping = m_lines_new(maker->arena, 1);
        d->shipping.at[0].amount = pick(maker, 1200);
        if (chance(maker, 4))
            d->shipping.at[0].discount = d->shipping.at[0].amount / 3;
        if (on(maker, M_WITH_TAXES) && chance(maker, 2))
            d->shipping.at[0].tax = some_taxes(maker, d->shipping.at[0].amount, remitter);
    }
    if (on(maker, M_WITH_TIPS) && chance(maker, 4))
        d->tip = 1 + pick(maker, 500);
    order->total = order_total(maker, d);
    if (!chance(maker, 5))
        d->total = order->total;
    if (more(maker, M_WITH_FOREIGN) && chance(maker, 4)) {
        d->currency = "EUR";
        if (chance(maker, 2))
            d->rate = INT64_C(11000000000);
    }
    if (chance(maker, 3))
        add_payments(maker, order);
}

/* The order a document is about; now and then one that never comes. */
static struct made_order *some_order(struct maker *maker) { return &maker->orders[pick(maker, maker->order_count)]; }

static int64_t open_qty(const struct made_line *line) { return line->qty - line->shipped - line->cancelled; }
static int64_t out_qty(const struct made_line *line) { return line->shipped - line->returned; }

/* An order with units left to ship, or to come back; after a few tries any. */
static struct made_order *fitting_order(struct maker *maker, int64_t (*of)(const struct made_line *))
{
    struct made_order *order = some_order(maker);
    for (int tries = 0; tries < 8; tries++) {
        for (int i = 0; i < order->line_count; i++)
            if (of(&order->lines[i]) > 0)
                return order;
        order = some_order(maker);
    }
    return order;
}

static struct made_line *fitting_line(struct maker *maker, struct made_order *order,
                                      int64_t (*of)(const struct made_line *))
{
    struct made_line *line = &order->lines[pick(maker, order->line_count)];
    for (int tries = 0; tries < 8 && of(line) <= 0; tries++)
        line = &order->lines[pick(maker, order->line_count)];
    return line;
}

static void refer_to_order(struct maker *maker, struct m_document *d, const struct made_order *order)
{
    d->source = order->source;
    d->order.id = order->d->id;
    if (chance(maker, 6)) { /* from elsewhere: found in the company */
        d->source = "wms";
        if (chance(maker, 2))
            d->order.source = order->source;
    }
    if (on(maker, M_WITH_STRANGERS) && chance(maker, 25))
        d->order.id = "O-never";
}

static void make_payment(struct maker *maker)
{
    struct made_order *order = some_order(maker);
    const struct m_line *listed = order->d->payments.count ? &order->d->payments.at[0] : NULL;
    bool again = listed && !order->payment_again &&
                 chance(maker, 3); /* the payment that the order carries, as a document of its own */
    struct m_document *d = make(maker, M_PAYMENT, again ? listed->id : new_id(maker, "PAY"));
    order->payment_again = order->payment_again || again;
    refer_to_order(maker, d, order);
    d->at = as_time(maker, some_time(maker, order->at));
    d->gateway = again ? listed->gateway : chance(maker, 3) ? "paypal" : "card";
    int64_t left = order->total - order->paid;
    d->amount = again ? listed->amount : left > 0 && !chance(maker, 4) ? left : 1 + pick(maker, 5000);
    if (!again && chance(maker, 8))
        d->status = chance(maker, 2) ? "authorised" : "captured";
    if (more(maker, M_WITH_GIFT_CARDS) && !again && chance(maker, 5))
        d->gift_card = "GC1";
    d->currency = order->d->currency;
    if (!again && (!d->status || strcmp(d->status, "captured") == 0))
        order->paid += d->amount;
    if (!again)
        may_void(maker, d);
}

static void make_cancel(struct maker *maker)
{
    struct made_order *order = chance(maker, 4) ? some_order(maker) : fitting_order(maker, open_qty);
    struct m_document *d = make(maker, M_CANCEL, new_id(maker, "C"));
    refer_to_order(maker, d, order);
    d->at = as_time(maker, some_time(maker, order->at));
    if (chance(maker, 3)) {
        for (int i = 0; i < order->line_count; i++)
            order->lines[i].cancelled = order->lines[i].qty - order->lines[i].shipped;
        return;
    }
    struct made_line *line = fitting_line(maker, order, open_qty);
    int64_t open = open_qty(line);
    d->lines = m_lines_new(maker->arena, 1);
    d->lines.at[0].line = line->id;
    d->lines.at[0].qty = open > 0 && !(on(maker, M_WITH_STRANGERS) && chance(maker, 6)) ? (open < MICRO ? open : MICRO)
                                                                                        : some_qty(maker, 3);
    line->cancelled += d->lines.at[0].qty;
}

/* Lots of an item costed by lot: as the receipts named them. */
static void pick_lots(struct maker *maker, struct m_line *stated)
{
    stated->picks = m_lines_new(maker->arena, stated->qty > MICRO && chance(maker, 3) ? 2 : 1);
    for (size_t i = 0; i < stated->picks.count; i++) {
        stated->picks.at[i].lot = print(maker, "LOT", pick(maker, 4));
        stated->picks.at[i].qty = stated->picks.count == 1 ? stated->qty : i ? stated->qty - MICRO : MICRO;
    }
}

static void ship_line(struct maker *maker, struct m_line *stated, struct made_line *line)
{
    const struct made_item *item = &maker->items[line->item];
    int64_t open = open_qty(line);
    stated->line = line->id;
    stated->qty = open > 0 && !(on(maker, M_WITH_STRANGERS) && chance(maker, 15))
                      ? (chance(maker, 2) || open < MICRO ? open : MICRO)
                      : some_qty(maker, 2);
    if (item->specific && !chance(maker, 8))
        pick_lots(maker, stated);
    if (item->bundle && chance(maker, 3))
        stated->component = "APPLE";
    else
        line->shipped += stated->qty;
}

static void make_shipment(struct maker *maker)
{
    struct made_order *order = fitting_order(maker, open_qty);
    struct m_document *d = make(maker, M_SHIPMENT, new_id(maker, "S"));
    int64_t at = some_time(maker, order->at);
    bool whole = chance(maker, 3), supplier = false;
    refer_to_order(maker, d, order);
    d->at = as_time(maker, at);
    /* A supplier ships dropship lines, a location the others. */
    for (int i = 0; i < order->line_count; i++)
        supplier = supplier || (maker->items[order->lines[i].item].dropship && open_qty(&order->lines[i]) > 0);
    supplier = supplier && chance(maker, 2);
    if (supplier)
        d->supplier = "DROPCO";
    else if (maker->location_count > 1 || on(maker, M_WITH_DROPSHIP) || chance(maker, 2))
        d->location = some_location(maker);
    if (chance(maker, 6)) {
        d->cost = pick(maker, 900);
        d->carrier = "UPS";
    }
    maker->shipments[maker->shipment_count++] = (struct made_shipment){d, (int)(order - maker->orders), at};
    may_void(maker, d);
    struct made_line *fitting[4];
    int count = 0;
    for (int i = 0; i < order->line_count; i++) {
        struct made_line *line = &order->lines[i];
        if (maker->items[line->item].dropship != supplier || (open_qty(line) <= 0 && !chance(maker, 10)))
            continue;
        if (whole)
            line->shipped = line->qty - line->cancelled;
        else
            fitting[count++] = line;
    }
    if (whole || count == 0)
        return;
    int first = pick(maker, count);
    count = chance(maker, 2) ? 1 : count;
    d->lines = m_lines_new(maker->arena, (size_t)count);
    for (int i = 0; i < count; i++)
        ship_line(maker, &d->lines.at[i], fitting[count == 1 ? first : i]);
}

static void make_delivery(struct maker *maker)
{
    if (maker->shipment_count == 0)
        return;
    struct made_shipment *shipment = &maker->shipments[pick(maker, maker->shipment_count)];
    struct m_document *d = make(maker, M_DELIVERY, new_id(maker, "D"));
    d->source = shipment->d->source;
    d->shipment.id = shipment->d->id;
    d->at = as_time(maker, some_time(maker, shipment->at));
    if (on(maker, M_WITH_STRANGERS) && chance(maker, 25))
        d->shipment.id = "S-never";
    if (chance(maker, 2) || shipment->d->lines.count == 0)
        return;
    d->lines = m_lines_new(maker->arena, 1);
    d->lines.at[0].line = shipment->d->lines.at[0].line;
    d->lines.at[0].qty = chance(maker, 2) ? shipment->d->lines.at[0].qty : some_qty(maker, 2);
}

static bool same_source(const struct m_document *a, const struct m_document *b)
{
    return strcmp(m_source(a), m_source(b)) == 0;
}

static void make_return(struct maker *maker)
{
    static const char *const dispositions[] = {"sellable", "sellable", "sellable", "quarantined",
                                               "damaged",  "lost",     "kept"};
    struct made_order *order = fitting_order(maker, out_qty);
    struct m_document *d = make(maker, M_RETURN, new_id(maker, "T"));
    refer_to_order(maker, d, order);
    d->at = as_time(maker, some_time(maker, order->at + US_PER_DAY));
    if (chance(maker, 2))
        d->location = some_location(maker);
    for (int i = 0; i < maker->shipment_count && chance(maker, 4); i++)
        if (&maker->orders[maker->shipments[i].order] == order && same_source(maker->shipments[i].d, d))
            d->shipment.id = maker->shipments[i].d->id;
    struct made_line *line = fitting_line(maker, order, out_qty);
    d->lines = m_lines_new(maker->arena, 1);
    int64_t open = out_qty(line);
    d->lines.at[0].line = line->id;
    d->lines.at[0].qty =
        open > 0 && !chance(maker, 8) ? (chance(maker, 2) || open < MICRO ? open : MICRO) : some_qty(maker, 2);
    if (chance(maker, 6) == 0)
        d->lines.at[0].disposition = dispositions[pick(maker, 7)];
    else
        d->lines.at[0].disposition = "sellable";
    if (maker->items[line->item].dropship && chance(maker, 2)) {
        d->lines.at[0].disposition = "to_supplier";
        if (chance(maker, 2))
            d->lines.at[0].credit = pick(maker, 1500);
    }
    if (maker->items[line->item].bundle && chance(maker, 3))
        d->lines.at[0].component = "APPLE";
    else
        line->returned += d->lines.at[0].qty;
    may_void(maker, d);
}

static void make_refund(struct maker *maker)
{
    struct made_order *order = some_order(maker);
    struct m_document *d = make(maker, M_REFUND, new_id(maker, "F"));
    refer_to_order(maker, d, order);
    d->at = as_time(maker, some_time(maker, order->at + US_PER_DAY));
    d->currency = order->d->currency;
    may_void(maker, d);
    if (chance(maker, 5))
        d->store_credit = "SC1";
    else if (chance(maker, 2))
        d->gateway = "card";
    if (chance(maker, 15)) {
        struct made_order *other = some_order(maker);
        if (other != order && strcmp(other->source, order->source) == 0 && !other->d->currency && !order->d->currency) {
            d->exchange.id = other->d->id;
            d->gateway = d->store_credit = NULL;
            d->exchange.source = other->source;
        }
    }
    if (chance(maker, 3)) { /* in total */
        d->amount = order->paid > 1 ? 1 + pick(maker, (int)(order->paid < 100000 ? order->paid : 100000)) : 100;
        order->paid -= d->amount;
        return;
    }
    struct made_line *line = &order->lines[pick(maker, order->line_count)];
    int64_t qty = chance(maker, 4) ? M_NONE : line->qty - line->refunded < MICRO ? line->qty - line->refunded : MICRO;
    if (qty != M_NONE && qty <= 0)
        qty = MICRO;
    int64_t share = qty == M_NONE ? line->net / 4 : line->net * qty / line->qty;
    d->lines = m_lines_new(maker->arena, 1);
    d->lines.at[0].line = line->id;
    d->lines.at[0].qty = qty;
    d->lines.at[0].amount = share > 0 && !chance(maker, 6) ? share : 1 + pick(maker, 300);
    size_t place = (size_t)(line - order->lines);
    if (place < order->d->lines.count && chance(maker, 2)) { /* each tax in proportion */
        const struct m_lines *taxes = &order->d->lines.at[place].tax;
        d->lines.at[0].tax = m_lines_new(maker->arena, taxes->count);
        for (size_t i = 0; i < taxes->count; i++) {
            d->lines.at[0].tax.at[i] = taxes->at[i];
            d->lines.at[0].tax.at[i].amount =
                qty == M_NONE ? taxes->at[i].amount / 4 : taxes->at[i].amount * qty / line->qty;
        }
    }
    if (qty != M_NONE)
        line->refunded += qty;
    d->amount = d->lines.at[0].amount + sum_of(&d->lines.at[0].tax);
    if (order->d->shipping.count && chance(maker, 3)) {
        d->shipping = m_lines_new(maker->arena, 1);
        d->shipping.at[0].amount = order->d->shipping.at[0].amount / 2;
        d->amount += d->shipping.at[0].amount;
    }
    if (chance(maker, 6) && d->amount > 100) {
        d->restocking_fee = pick(maker, 100);
        d->amount -= d->restocking_fee;
    }
    if (on(maker, M_WITH_STRANGERS) && chance(maker, 20))
        d->amount += 1;
    order->paid -= d->amount;
}

static void make_adjustment(struct maker *maker)
{
    static const char *const reasons[] = {"scrap", "samples", "own_use", "owner", "damaged", "lost", "found", "mice"};
    struct m_document *d = make(maker, M_ADJUSTMENT, new_id(maker, "A"));
    d->at = as_time(maker, some_time(maker, 0));
    d->location = some_location(maker);
    d->reason = reasons[pick(maker, 8)];
    d->lines = m_lines_new(maker->arena, (size_t)(1 + chance(maker, 4)));
    for (size_t i = 0; i < d->lines.count; i++) {
        struct m_line *line = &d->lines.at[i];
        int item = some_item(maker);
        line->sku = maker->items[item].sku;
        if (on(maker, M_WITH_VALUE_CHANGES) && chance(maker, 3)) {
            d->reason = chance(maker, 2) ? "write_down" : "revaluation";
            line->value = pick(maker, 400) - 300;
            if (line->value == 0)
                line->value = -1;
            continue;
        }
        line->qty = chance(maker, 3) ? some_qty(maker, 3) : -some_qty(maker, 3);
        may_box(maker, line, item);
        if (line->qty < 0 && maker->items[item].specific)
            line->lot = print(maker, "LOT", pick(maker, 4));
        if (line->qty > 0 && chance(maker, 2))
            line->unit_cost = some_price(maker, 1500);
    }
    may_void(maker, d);
}

static void make_count(struct maker *maker)
{
    static const char *const statuses[] = {"sellable", "quarantined", "damaged"};
    struct m_document *d = make(maker, M_COUNT, new_id(maker, "N"));
    d->at = as_time(maker, some_time(maker, 0));
    d->location = some_location(maker);
    int item = some_item(maker);
    int second = some_item(maker);
    d->lines = m_lines_new(maker->arena, second != item && chance(maker, 3) ? 2 : 1);
    for (size_t i = 0; i < d->lines.count; i++) {
        d->lines.at[i].sku = maker->items[i ? second : item].sku;
        d->lines.at[i].qty = chance(maker, 6) ? 0 : some_qty(maker, 12);
        if (chance(maker, 4))
            d->lines.at[i].unit_cost = some_price(maker, 1500);
        if (on(maker, M_WITH_STATUS_CHANGES) && chance(maker, 4))
            d->lines.at[i].status = statuses[pick(maker, 3)];
        else if (more(maker, M_WITH_LOTS) && chance(maker, 2))
            d->lines.at[i].lot = print(maker, "LOT", pick(maker, 4));
    }
    if (chance(maker, 8))
        d->complete = M_TRUE;
    if (d->complete == M_TRUE && chance(maker, 4))
        d->lines.count = 0; /* the location is empty */
    may_void(maker, d);
}

static void make_transfer(struct maker *maker)
{
    if (maker->location_count < 2)
        return;
    struct m_document *d = make(maker, M_TRANSFER, new_id(maker, "X"));
    int64_t at = some_time(maker, 0);
    int from = pick(maker, maker->location_count);
    int to = (from + 1 + pick(maker, maker->location_count - 1)) % maker->location_count;
    d->from = maker->locations[from];
    d->to = maker->locations[to];
    d->shipped = as_time(maker, at);
    d->at = d->shipped;
    if (!chance(maker, 6)) {
        int64_t received = some_time(maker, at);
        received = received < at ? at : received;
        bool day_only = d->shipped.form == M_DATE;
        d->received = day_only ? as_time(maker, received) : (struct m_time){M_INSTANT, 0, received};
    }
    int item = some_item(maker), second = some_item(maker);
    d->lines = m_lines_new(maker->arena, second != item && chance(maker, 3) ? 2 : 1);
    for (size_t i = 0; i < d->lines.count; i++) {
        d->lines.at[i].sku = maker->items[i ? second : item].sku;
        d->lines.at[i].qty = some_qty(maker, 4);
        if (maker->items[i ? second : item].specific)
            pick_lots(maker, &d->lines.at[i]);
        else
            may_box(maker, &d->lines.at[i], i ? second : item);
        if (d->received.form != M_NO_TIME && chance(maker, 5))
            d->lines.at[i].received_qty = d->lines.at[i].qty / 2;
    }
    if (chance(maker, 3)) {
        d->freight = 1 + pick(maker, 500);
        if (!chance(maker, 3))
            d->capitalise = M_TRUE;
    }
    may_void(maker, d);
}

static void make_assembly(struct maker *maker)
{
    int made = some_item(maker), used = some_item(maker);
    if (made == used)
        return;
    struct m_document *d = make(maker, M_ASSEMBLY, new_id(maker, "M"));
    d->at = as_time(maker, some_time(maker, 0));
    d->location = some_location(maker);
    d->consume = m_lines_new(maker->arena, 1);
    d->consume.at[0].sku = maker->items[used].sku;
    d->consume.at[0].qty = some_qty(maker, 4);
    d->produce = m_lines_new(maker->arena, 1);
    d->produce.at[0].sku = maker->items[made].sku;
    d->produce.at[0].qty = some_qty(maker, 3);
    if (chance(maker, 2))
        d->added_cost = pick(maker, 700);
    may_void(maker, d);
}

static void make_status_change(struct maker *maker)
{
    static const char *const statuses[] = {"sellable", "damaged", "quarantined"};
    struct m_document *d = make(maker, M_STATUS_CHANGE, new_id(maker, "U"));
    d->at = as_time(maker, some_time(maker, 0));
    d->location = some_location(maker);
    d->lines = m_lines_new(maker->arena, 1);
    d->lines.at[0].sku = maker->items[some_item(maker)].sku;
    d->lines.at[0].qty = some_qty(maker, 2);
    int from = chance(maker, 2) ? 0 : pick(maker, 3);
    d->lines.at[0].from = statuses[from];
    d->lines.at[0].to = statuses[(from + 1 + pick(maker, 2)) % 3];
    may_void(maker, d);
}

static struct made_receipt *some_receipt(struct maker *maker);
/* One that is a document: not what an opening tells of an old one. */
static struct made_receipt *new_receipt(struct maker *maker)
{
    struct made_receipt *receipt = some_receipt(maker);
    return receipt && receipt->is_old ? NULL : receipt;
}

static struct made_receipt *some_receipt(struct maker *maker)
{
    return maker->receipt_count ? &maker->receipts[pick(maker, maker->receipt_count)] : NULL;
}

/* Names a line of a receipt: by its id, by its place, or by SKU (which may be on two lines). */
static void name_receipt_line(struct maker *maker, struct m_line *line, const struct made_receipt *receipt, size_t at)
{
    const struct m_line *stated = &receipt->d->lines.at[at];
    if (chance(maker, 3))
        line->sku = stated->sku;
    else
        line->line = stated->id ? stated->id : print(maker, "", (int)at + 1);
}

static void make_bill(struct maker *maker)
{
    struct made_receipt *receipt = some_receipt(maker);
    if (!receipt)
        return;
    for (int tries = 0; tries < 6 && receipt->billed[0] >= receipt->d->lines.at[0].qty; tries++)
        receipt = some_receipt(maker);
    struct m_document *d = make(maker, M_BILL, new_id(maker, "B"));
    d->at = as_time(maker, chance(maker, 6) ? some_time(maker, 0) : some_time(maker, receipt->at));
    d->supplier = "ACME";
    d->receipt.id = receipt->d->id;
    d->currency = receipt->d->currency;
    d->rate = d->currency ? receipt->d->rate : M_NONE;
    if (on(maker, M_WITH_STRANGERS) && chance(maker, 25))
        d->receipt.id = "R-never";
    size_t count = receipt->d->lines.count > 1 && chance(maker, 2) ? 2 : 1;
    size_t first = (size_t)pick(maker, (int)receipt->d->lines.count);
    for (int tries = 0; tries < 6 && receipt->billed[first] >= receipt->d->lines.at[first].qty; tries++)
        first = (size_t)pick(maker, (int)receipt->d->lines.count);
    d->lines = m_lines_new(maker->arena, count);
    for (size_t i = 0; i < count; i++) {
        size_t at = (first + i) % receipt->d->lines.count;
        const struct m_line *stated = &receipt->d->lines.at[at];
        struct m_line *line = &d->lines.at[i];
        name_receipt_line(maker, line, receipt, at);
        int64_t open = stated->qty - receipt->billed[at] - receipt->sent_back[at];
        line->qty = open > MICRO && chance(maker, 2) ? MICRO
                    : open > 0 && !chance(maker, 8)  ? open
                                                     : some_qty(maker, 3);
        receipt->billed[at] += line->qty;
        int64_t unit =
            stated->unit_cost != M_NONE ? stated->unit_cost : stated->total_cost * 10000 * MICRO / stated->qty;
        line->amount = amount(line->qty, unit) + (chance(maker, 2) ? pick(maker, 200) - 80 : 0);
        if (line->amount < 0)
            line->amount = 0;
    }
    if (chance(maker, 5)) {
        d->tax = m_lines_new(maker->arena, 1);
        d->tax.at[0].amount = pick(maker, 300);
        d->tax.at[0].recoverable = M_TRUE;
    }
    may_void(maker, d);
    if (more(maker, M_WITH_LOOSE_BILLS) && !d->currency &&
        chance(maker, 3)) /* it names no receipt: its supplier's units as they come */
        for (size_t i = 0; i < count; i++) {
            d->receipt.id = NULL;
            d->lines.at[i].line = NULL;
            d->lines.at[i].sku = receipt->d->lines.at[(first + i) % receipt->d->lines.count].sku;
            if (on(maker, M_WITH_STRANGERS) && chance(maker, 8))
                d->purchase_order.id = "PO-never";
        }
}

static void make_credit_note(struct maker *maker)
{
    struct made_receipt *receipt = some_receipt(maker);
    if (!receipt)
        return;
    struct m_document *d = make(maker, M_BILL, new_id(maker, "B"));
    size_t at = (size_t)pick(maker, (int)receipt->d->lines.count);
    d->at = as_time(maker, some_time(maker, receipt->at + US_PER_DAY));
    d->supplier = "ACME";
    d->receipt.id = receipt->d->id;
    d->lines = m_lines_new(maker->arena, 1);
    d->lines.at[0].line = receipt->d->lines.at[at].id ? receipt->d->lines.at[at].id : print(maker, "", (int)at + 1);
    d->lines.at[0].qty = -some_qty(maker, 2);
    d->lines.at[0].amount = -1 - pick(maker, 900);
    if (more(maker, M_WITH_FOREIGN | M_WITH_FOREIGN_PURCHASES) && !chance(maker, 4))
        d->currency = receipt->d->currency;
}

static void make_landed_cost(struct maker *maker)
{
    static const char *const bases[] = {"value", "quantity", "equal"};
    struct made_receipt *receipt = new_receipt(maker), *second = new_receipt(maker);
    if (!receipt || !second)
        return;
    struct m_document *d = make(maker, M_LANDED_COST, new_id(maker, "L"));
    d->at = as_time(maker, some_time(maker, receipt->at));
    d->amount = 1 + pick(maker, 2000);
    d->kind = "freight";
    if (!chance(maker, 4))
        d->basis = bases[pick(maker, 3)];
    if (chance(maker, 3)) {
        size_t at = (size_t)pick(maker, (int)receipt->d->lines.count);
        d->lines = m_lines_new(maker->arena, 1);
        d->lines.at[0].receipt.id = receipt->d->id;
        d->lines.at[0].line = receipt->d->lines.at[at].id ? receipt->d->lines.at[at].id : print(maker, "", (int)at + 1);
    } else {
        d->receipts.count = second != receipt && chance(maker, 2) ? 2 : 1;
        d->receipts.at = ARENA_ARRAY(maker->arena, struct m_ref, 2);
        must(d->receipts.at);
        d->receipts.at[0].id = receipt->d->id;
        d->receipts.at[1].id = second->d->id;
        if (chance(maker, 5)) {
            d->shares.count = d->receipts.count;
            d->shares.at = ARENA_ARRAY(maker->arena, int64_t, 2);
            must(d->shares.at);
            d->shares.at[0] = MICRO * (1 + pick(maker, 4));
            d->shares.at[1] = MICRO;
        }
    }
    may_void(maker, d);
}

static void make_correction(struct maker *maker)
{
    struct made_receipt *receipt = new_receipt(maker);
    if (!receipt)
        return;
    struct m_document *d = make(maker, M_COST_CORRECTION, new_id(maker, "K"));
    size_t at = (size_t)pick(maker, (int)receipt->d->lines.count);
    d->at = as_time(maker, some_time(maker, receipt->at));
    d->receipt.id = receipt->d->id;
    d->line = receipt->d->lines.at[at].id ? receipt->d->lines.at[at].id : print(maker, "", (int)at + 1);
    d->unit_cost = some_price(maker, 1500);
    d->currency = receipt->d->currency;
    d->rate = d->currency ? receipt->d->rate : M_NONE;
    may_void(maker, d);
}

static void make_supplier_return(struct maker *maker)
{
    struct made_receipt *receipt = some_receipt(maker);
    if (!receipt)
        return;
    struct m_document *d = make(maker, M_SUPPLIER_RETURN, new_id(maker, "V"));
    size_t at = (size_t)pick(maker, (int)receipt->d->lines.count);
    d->at = as_time(maker, some_time(maker, receipt->at));
    d->supplier = "ACME";
    d->location = chance(maker, 5) ? some_location(maker) : maker->locations[receipt->location];
    d->lines = m_lines_new(maker->arena, 1);
    d->lines.at[0].receipt.id = receipt->d->id;
    name_receipt_line(maker, &d->lines.at[0], receipt, at);
    int64_t open = receipt->d->lines.at[at].qty - receipt->sent_back[at];
    d->lines.at[0].qty = open > MICRO && !chance(maker, 4) ? MICRO : open > 0 ? open : some_qty(maker, 2);
    receipt->sent_back[at] += d->lines.at[0].qty;
    if (chance(maker, 3))
        d->lines.at[0].credit = pick(maker, 1500);
    may_void(maker, d);
}

static void make_entry(struct maker *maker)
{
    struct m_document *d = make(maker, M_ENTRY, new_id(maker, "E"));
    d->at = as_time(maker, some_time(maker, 0));
    d->reason = "by hand";
    d->by = "sam";
    d->lines = m_lines_new(maker->arena, 2);
    int64_t value = 1 + pick(maker, 900);
    d->lines.at[0].amount = value;
    d->lines.at[1].amount = -value;
    d->lines.at[0].role = "bad_debt";
    d->lines.at[1].role = "bank";
    if (chance(maker, 2)) {
        struct made_order *order = some_order(maker);
        if (order->d->currency)
            return;
        d->at = as_time(maker, some_time(maker, order->at));
        d->lines.at[1].role = chance(maker, 4) ? "customer_deposits" : "accounts_receivable";
        d->lines.at[1].order.id = order->d->id;
        d->lines.at[1].order.source = order->source;
    } else if (on(maker, M_WITH_STRANGERS) && chance(maker, 3)) {
        static const char *const wrong[] = {"inventory", "grni", "no_such_role", "bank"};
        int which = pick(maker, 4);
        d->lines.at[1].role = wrong[which];
        d->lines.at[1].amount += which == 3;
    }
}

/* --- money of customers without an order --------------------------------------------------------------- */

static const char *some_customer(struct maker *maker)
{
    static const char *const customers[] = {"C1", "C2", "C3"};
    return customers[pick(maker, 3)];
}

static void make_on_account(struct maker *maker)
{
    struct m_document *d = make(maker, M_PAYMENT, new_id(maker, "PAY"));
    d->customer = some_customer(maker);
    d->at = as_time(maker, some_time(maker, 0));
    d->gateway = chance(maker, 3) ? "paypal" : "card";
    d->amount = 1 + pick(maker, 9000);
    if (chance(maker, 8))
        d->status = chance(maker, 2) ? "authorised" : "captured";
    may_void(maker, d);
}

/* To an order, from what is due to an order, or out of the shop. */
static void make_use_of_account(struct maker *maker)
{
    struct m_document *d = make(maker, M_ENTRY, new_id(maker, "E"));
    struct made_order *order = some_order(maker);
    int64_t amount = 1 + pick(maker, chance(maker, 4) ? 9000 : 2000);
    bool back = chance(maker, 4), out = order->d->currency || chance(maker, 4);
    d->at = as_time(maker, some_time(maker, order->at));
    d->reason = "on account";
    d->by = "sam";
    d->lines = m_lines_new(maker->arena, 2);
    d->lines.at[0].role = "customer_deposits";
    d->lines.at[0].customer = on(maker, M_WITH_STRANGERS) && chance(maker, 20) ? "C-never" : some_customer(maker);
    d->lines.at[0].amount = back ? -amount : amount;
    d->lines.at[1].amount = -d->lines.at[0].amount;
    d->lines.at[1].role = out                ? "bank"
                          : back             ? "refunds_due"
                          : chance(maker, 5) ? "accounts_receivable"
                                             : "customer_deposits";
    if (!out) {
        d->lines.at[1].order.id = order->d->id;
        d->lines.at[1].order.source = order->source;
    }
    if (on(maker, M_WITH_STRANGERS) && chance(maker, 20))
        d->lines.at[0].role = "gateway_clearing";
}

/* The books of a concern that goes on: what is left of old receipts, some of it not billed, and money on orders. Bills and
 * returns to the supplier name the old receipts like any other. */
static void make_opening(struct maker *maker)
{
    for (size_t i = 0; i < maker->count; i++)
        if (maker->documents[i]->type == M_OPENING)
            return;
    struct m_document *d = make(maker, M_OPENING, new_id(maker, "X"));
    d->at = as_time(maker, some_time(maker, 0));
    d->layers = m_lines_new(maker->arena, (size_t)(1 + pick(maker, 3)));
    for (size_t i = 0; i < d->layers.count; i++) {
        struct m_line *layer = &d->layers.at[i];
        layer->sku = maker->items[some_item(maker)].sku;
        layer->qty = some_qty(maker, 9);
        layer->value = pick(maker, 9000);
        layer->receipt.id = print(maker, "OLD", pick(maker, 2));
        if (chance(maker, 2))
            layer->location = some_location(maker);
    }
    struct made_receipt *old = &maker->receipts[maker->receipt_count++];
    struct m_document *as_receipt = m_document_new(maker->arena, M_RECEIPT); /* what bills and returns look at */
    *old = (struct made_receipt){.d = as_receipt, .at = (int64_t)maker->first_day * US_PER_DAY, .is_old = true};
    as_receipt->id = "OLD0";
    as_receipt->lines = m_lines_new(maker->arena, 1);
    as_receipt->lines.at[0].sku = maker->items[some_item(maker)].sku;
    as_receipt->lines.at[0].id = "1";
    as_receipt->lines.at[0].qty = some_qty(maker, 9);
    as_receipt->lines.at[0].unit_cost = some_price(maker, 1500);
    d->purchases = m_lines_new(maker->arena, 1);
    d->purchases.at[0].receipt.id = "OLD0";
    d->purchases.at[0].line = "1";
    d->purchases.at[0].supplier = "ACME";
    d->purchases.at[0].sku = as_receipt->lines.at[0].sku;
    d->purchases.at[0].qty = as_receipt->lines.at[0].qty;
    d->purchases.at[0].amount = pick(maker, 9000);
    if (maker->order_count > 0 && !some_order(maker)->d->currency) {
        struct made_order *order = some_order(maker);
        d->orders = m_lines_new(maker->arena, order->d->currency ? 0 : 1);
        for (size_t i = 0; i < d->orders.count; i++) {
            d->orders.at[i].order.id = order->d->id;
            d->orders.at[i].order.source = order->source;
            d->orders.at[i].deposit = pick(maker, 4000);
            if (chance(maker, 3))
                d->orders.at[i].receivable = pick(maker, 900);
        }
    }
    d->clearing = m_lines_new(maker->arena, 1);
    d->clearing.at[0].gateway = "card";
    d->clearing.at[0].amount = 1 + pick(maker, 900);
    d->gift_cards = m_lines_new(maker->arena, 1);
    d->gift_cards.at[0].card = "GC1";
    d->gift_cards.at[0].amount = 1 + pick(maker, 900);
}

/* --- later versions, voids, duplicates --------------------------------------------------------------- */

static struct m_document *next_version(struct maker *maker, const struct m_document *of)
{
    struct m_document *d = make(maker, of->type, of->id);
    size_t kept = maker->count;
    *d = *of;
    d->version = m_version(of) + 1;
    (void)kept;
    return d;
}

static void make_version(struct maker *maker)
{
    struct made_receipt *receipt = new_receipt(maker);
    if (!receipt)
        return;
    struct m_document *d = next_version(maker, receipt->d);
    d->lines = m_lines_new(maker->arena, receipt->d->lines.count);
    memcpy(d->lines.at, receipt->d->lines.at, d->lines.count * sizeof *d->lines.at);
    size_t at = (size_t)pick(maker, (int)d->lines.count);
    if (chance(maker, 2))
        d->lines.at[at].qty += chance(maker, 2) ? MICRO : d->lines.at[at].qty > MICRO ? -MICRO : 0;
    else if (d->lines.at[at].unit_cost != M_NONE)
        d->lines.at[at].unit_cost += 10000;
    if (chance(maker, 3)) {
        receipt->at = some_time(maker, 0);
        d->at = as_time(maker, receipt->at);
    }
    receipt->d = d;
}

static void make_edit(struct maker *maker)
{
    struct made_order *order = some_order(maker);
    struct m_document *d = next_version(maker, order->d);
    order->at = order->at > 0 ? order->at : 0;
    /* Rising: versions of an order hold one after the other. */
    int64_t from = order->d->updated.form == M_INSTANT ? order->d->updated.at_us : order->at;
    d->updated =
        (struct m_time){M_INSTANT, 0, from + US_PER_DAY * (1 + pick(maker, 3)) + pick(maker, 5) * 3600 * US_PER_SECOND};
    d->at = order->d->at;
    d->lines = m_lines_new(maker->arena, order->d->lines.count);
    memcpy(d->lines.at, order->d->lines.at, d->lines.count * sizeof *d->lines.at);
    size_t at = (size_t)pick(maker, (int)d->lines.count);
    struct m_line *line = &d->lines.at[at];
    struct made_line *kept = &order->lines[at];
    switch (pick(maker, 4)) {
    case 0: line->qty += MICRO; break;
    case 1: line->qty = line->qty > MICRO ? line->qty - MICRO : line->qty; break;
    case 2: line->unit_price += 10000 * (1 + pick(maker, 300)); break;
    default:
        if (d->lines.count > 1 && at + 1 == d->lines.count)
            d->lines.count--;
        else
            line->discount = M_NONE;
        break;
    }
    if (line->service.count && chance(maker, 2))
        run_by_days(maker, line);
    kept->qty = line->qty;
    if (amount(line->qty, line->unit_price) < m_or_zero(line->discount))
        line->discount = M_NONE;
    order->total = order_total(maker, d);
    d->total = d->total == M_NONE ? M_NONE : order->total;
    order->d = d;
    order->versions++;
}

/* A new standard cost, or a bundle of other components, from a date on. */
static void make_item_version(struct maker *maker)
{
    const struct made_item *item = &maker->items[pick(maker, maker->item_count)];
    const struct m_document *last = NULL;
    for (size_t i = 0; i < maker->count; i++) {
        const struct m_document *d = maker->documents[i];
        if (d->type == M_ITEM && strcmp(d->sku, item->sku) == 0 && (!last || m_version(d) > m_version(last)))
            last = d;
    }
    if (!last || (last->standard_cost == M_NONE && !item->bundle) || m_version(last) > 3)
        return;
    struct m_document *d = next_version(maker, last);
    int64_t from = last->updated.form == M_INSTANT ? last->updated.at_us : (int64_t)maker->first_day * US_PER_DAY;
    d->updated = (struct m_time){M_INSTANT, 0, from + US_PER_DAY * (1 + pick(maker, 6))};
    if (!item->bundle) {
        d->standard_cost = some_price(maker, 1500);
        return;
    }
    d->components = m_lines_new(maker->arena, last->components.count);
    memcpy(d->components.at, last->components.at, d->components.count * sizeof *d->components.at);
    d->components.at[0].qty = MICRO * (1 + pick(maker, 3));
}

static bool is_referred_to(const struct maker *maker, const struct m_document *target)
{
    for (size_t i = 0; i < maker->count; i++) {
        const struct m_document *d = maker->documents[i];
        const char *ids[] = {d->shipment.id, d->receipt.id, d->bill.id, d->payment.id};
        for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++)
            if (ids[k] && strcmp(ids[k], target->id) == 0)
                return true;
    }
    return false;
}

static void make_void(struct maker *maker)
{
    if (maker->voidable_count == 0)
        return;
    int at = pick(maker, maker->voidable_count);
    struct m_document *target = maker->voidable[at];
    maker->voidable[at] = maker->voidable[--maker->voidable_count];
    if (is_referred_to(maker, target))
        return;
    struct m_document *d = make(maker, M_VOID, new_id(maker, "Z"));
    d->source = target->source;
    d->at = as_time(maker, some_time(maker, 0));
    d->reason = "entered by mistake";
    d->document = m_lines_new(maker->arena, 1);
    d->document.at[0].type = m_type_name(target->type);
    d->document.at[0].source = m_source(target);
    d->document.at[0].id = target->id;
    /* What nobody will refer to any more. */
    for (int i = 0; i < maker->shipment_count; i++)
        if (maker->shipments[i].d == target) {
            maker->shipments[i] = maker->shipments[--maker->shipment_count];
            break;
        }
}

/* --- a history ---------------------------------------------------------------------------------------- */

static void set(struct maker *maker, const char *key, const char *value)
{
    struct m_generated *out = maker->out;
    must(out->setting_count < M_MOST_SETTINGS && m_settings_set(&out->history.settings, key, value));
    out->settings[out->setting_count++] = (struct m_setting){DAY_MIN, key, value};
}

/* Each value of a policy in about a third of the histories, so that it meets every outcome. */
static void choose_one(struct maker *maker, const char *key, const char *const *values, size_t count)
{
    size_t which = (size_t)prng_below(&maker->later_settings, count);
    if (values[which] != NULL) /* the default one is left unsaid */
        set(maker, key, values[which]);
}

static void choose_rarer_settings(struct maker *maker)
{
    static const char *const supplier_return[] = {NULL, "oldest", "current"}, *const breakage[] = {NULL, "none"},
                             *const reserve[] = {NULL, "rate"}, *const posting[] = {NULL, "payout", "document"},
                             *const gross[] = {NULL, "net"}, *const fx[] = {NULL, "stock"},
                             *const framework[] = {NULL, "ifrs"}, *const delivered[] = {NULL, "7"};
    choose_one(maker, "supplier_return", supplier_return, 3);
    choose_one(maker, "breakage", breakage, 2);
    choose_one(maker, "returns_reserve", reserve, 2);
    choose_one(maker, "posting", posting, 3);
    choose_one(maker, "revenue_gross", gross, 2);
    choose_one(maker, "fx_difference", fx, 2);
    if (strcmp(maker->out->settings[0].value, "lifo") != 0)
        choose_one(maker, "framework", framework, 2);
    if (maker->out->history.settings.revenue_at != M_AT_DELIVERY)
        choose_one(maker, "delivered_after", delivered, 2);
}

static void choose_settings(struct maker *maker)
{
    static const char *const methods[] = {"fifo", "average", "lifo", "standard", "specific", "specific"};
    int method_count = more(maker, M_WITH_SPECIFIC) ? 6 : 4;
    set(maker, "cost_method", methods[pick(maker, method_count)]);
    if (more(maker, M_WITH_COMPANY_SCOPE) && chance(maker, 2))
        set(maker, "cost_scope", "company");
    if (on(maker, M_WITH_DELIVERIES) && chance(maker, 2))
        set(maker, "revenue_at", "delivery");
    else if (more(maker, M_WITH_AT_PAYMENT) && !chance(maker, 3))
        set(maker, "revenue_at", "payment");
    if (more(maker, M_WITH_AT_PAYMENT) && chance(maker, 2))
        set(maker, "tax_point", "payment");
    if (more(maker, M_WITH_ENTRY_ORDER))
        set(maker, "backdated", "entry_order");
    if (more(maker, M_WITH_TRUE_UP))
        set(maker, "true_up", "origin_if_open");
    if (!more(maker, M_WITH_POLICIES))
        return;
    if (chance(maker, 2))
        set(maker, "return_cost", "current");
    if (chance(maker, 2))
        set(maker, "returned_layer", "last");
    if (chance(maker, 2))
        set(maker, "shortage", "refuse");
    if (chance(maker, 2))
        set(maker, "price_difference", "account");
    if (chance(maker, 2) && !more(maker, M_WITH_TRUE_UP))
        set(maker, "true_up", "origin_if_open");
    if (chance(maker, 2))
        set(maker, "rounding_limit", "0.02");
    choose_rarer_settings(maker);
}

/* A key that may change from a date on takes another value in the midst of the history. */
static void change_settings(struct maker *maker)
{
    static const char *const changes[][2] = {
        {"return_cost", "current"},
        {"return_cost", "original"},
        {"returned_layer", "last"},
        {"returned_layer", "original"},
        {"shortage", "refuse"},
        {"shortage", "owed"},
        {"price_difference", "account"},
        {"price_difference", "split"},
        {"supplier_return", "oldest"},
        {"supplier_return", "original_layer"},
        {"revenue_gross", "net"},
        {"revenue_gross", "gross"},
        {"rounding_limit", "0.02"},
        {"rounding_limit", "0.05"},
        {"posting", "document"},
        {"fx_difference", "stock"},
        {"fx_difference", "exchange_account"},
        {"breakage", "none"},
        {"returns_reserve", "rate"},
    };
    struct m_generated *out = maker->out;
    size_t count = 1 + (size_t)prng_below(&maker->later_settings, 3);
    struct m_settings_from *later = ARENA_ARRAY(maker->arena, struct m_settings_from, count);
    int32_t day = maker->first_day;
    must(later && out->setting_count + count <= M_MOST_SETTINGS);
    for (size_t i = 0; i < count; i++) {
        const char *const *change = changes[prng_below(&maker->later_settings, sizeof changes / sizeof changes[0])];
        day += 1 + (int32_t)prng_below(&maker->later_settings, 6);
        later[i] = (struct m_settings_from){day, i ? later[i - 1].settings : out->history.settings};
        must(m_settings_set(&later[i].settings, change[0], change[1]));
        out->settings[out->setting_count++] = (struct m_setting){day, change[0], change[1]};
    }
    out->history.later = later;
    out->history.later_count = count;
}

struct recipe {
    unsigned feature; /* 0: always */
    unsigned feature_more;
    int weight;
    void (*make)(struct maker *maker);
    bool needs_order;
};
static const struct recipe recipes[] = {
    {0, 0, 14, make_receipt, false},
    {0, 0, 14, make_order, false},
    {0, 0, 8, make_payment, true},
    {0, 0, 18, make_shipment, true},
    {M_WITH_CANCELS, 0, 4, make_cancel, true},
    {M_WITH_RETURNS, 0, 9, make_return, true},
    {M_WITH_REFUNDS, 0, 7, make_refund, true},
    {M_WITH_ADJUSTMENTS, 0, 5, make_adjustment, false},
    {M_WITH_COUNTS, 0, 4, make_count, false},
    {M_WITH_TRANSFERS, 0, 6, make_transfer, false},
    {M_WITH_STATUS_CHANGES, 0, 3, make_status_change, false},
    {M_WITH_BILLS, 0, 7, make_bill, false},
    {0, M_WITH_CREDIT_NOTES, 2, make_credit_note, false},
    {M_WITH_LANDED_COST, 0, 5, make_landed_cost, false},
    {M_WITH_CORRECTIONS, 0, 2, make_correction, false},
    {M_WITH_SUPPLIER_RETURNS, 0, 4, make_supplier_return, false},
    {M_WITH_DELIVERIES, 0, 8, make_delivery, true},
    {M_WITH_ENTRIES, 0, 2, make_entry, true},
    {M_WITH_VERSIONS, 0, 3, make_version, false},
    {M_WITH_EDITS, 0, 4, make_edit, true},
    {M_WITH_VOIDS, 0, 2, make_void, false},
    {M_WITH_VALUE_CHANGES, 0, 1, make_item_version, false},
    {0, M_WITH_ASSEMBLIES, 4, make_assembly, false},
    {0, M_WITH_OPENING, 6, make_opening, false},
    {0, M_WITH_ON_ACCOUNT, 5, make_on_account, false},
    {0, M_WITH_ON_ACCOUNT, 5, make_use_of_account, true},
};

static bool allowed_now(const struct maker *maker, const struct recipe *recipe)
{
    if (recipe->feature && !on(maker, recipe->feature))
        return false;
    if (recipe->feature_more && !more(maker, recipe->feature_more))
        return false;
    return !recipe->needs_order || maker->order_count > 0;
}

static void stray_from_receipt(struct maker *maker, struct m_document *d)
{
    bool line = prng_below(&maker->later_settings, 2) == 0;
    if (d->type == M_COST_CORRECTION && line)
        d->line = "9";
    else if (d->type == M_COST_CORRECTION)
        d->receipt.id = "R-never";
    else if (d->lines.count > 0 && line && d->lines.at[0].line)
        d->lines.at[0].line = "9";
    else if (d->lines.count > 0)
        d->lines.at[0].receipt.id = "R-never";
    else if (d->receipts.count > 0)
        d->receipts.at[0].id = "R-never";
}

/* Now and then the document just made names an item, a line or a receipt that there is not. */
static void may_stray(struct maker *maker)
{
    struct m_document *d = (struct m_document *)(uintptr_t)maker->documents[maker->count - 1];
    struct m_lines *lines = d->type == M_ASSEMBLY ? &d->consume : &d->lines;
    if (!on(maker, M_WITH_STRANGERS) || prng_below(&maker->later_settings, 25) != 0)
        return;
    bool names_items = d->type == M_ORDER || d->type == M_RECEIPT || d->type == M_TRANSFER || d->type == M_COUNT ||
                       d->type == M_ADJUSTMENT || d->type == M_STATUS_CHANGE || d->type == M_ASSEMBLY;
    if (d->version != M_NONE)
        return;
    if (names_items && lines->count > 0)
        lines->at[lines->count - 1].sku = "NEVER";
    else if (d->type == M_COST_CORRECTION || d->type == M_LANDED_COST || d->type == M_SUPPLIER_RETURN)
        stray_from_receipt(maker, d);
}

static void make_one(struct maker *maker)
{
    int weights = 0;
    size_t count = sizeof recipes / sizeof recipes[0];
    for (size_t i = 0; i < count; i++)
        weights += allowed_now(maker, &recipes[i]) ? recipes[i].weight : 0;
    int at = pick(maker, weights);
    for (size_t i = 0; i < count; i++) {
        if (!allowed_now(maker, &recipes[i]))
            continue;
        at -= recipes[i].weight;
        if (at < 0) {
            recipes[i].make(maker);
            may_stray(maker);
            return;
        }
    }
}

struct m_features m_features_first(void) { return (struct m_features){(1u << 15) - 1, 0}; }

struct m_features m_features_all(void)
{
    return (struct m_features){
        (1u << 31) - 1, M_WITH_FOREIGN | M_WITH_INCLUDED_TAX | M_WITH_COMPANY_SCOPE | M_WITH_POLICIES |
                            M_WITH_CREDIT_NOTES | M_WITH_AT_PAYMENT | M_WITH_ON_ACCOUNT | M_WITH_DAYS |
                            M_WITH_GIFT_CARDS | M_WITH_SPECIFIC | M_WITH_ASSEMBLIES | M_WITH_UNITS | M_WITH_OPENING |
                            M_WITH_LOTS | M_WITH_LOOSE_BILLS | M_WITH_LATER_POLICIES | M_WITH_RARE};
}

static void shuffle(struct prng *prng, const struct m_document **documents, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)prng_below(prng, i);
        const struct m_document *kept = documents[i - 1];
        documents[i - 1] = documents[other];
        documents[other] = kept;
    }
}

static void add_rare(struct maker *maker, uint64_t seed)
{
    struct m_rare rare = {.prng = prng_make(seed * 31 + 7),
                          .arena = maker->arena,
                          .documents = maker->documents,
                          .count = maker->count,
                          .room = maker->room - MOST_DUPLICATES,
                          .definition_count = maker->out->definition_count,
                          .cost_method = maker->out->settings[0].value,
                          .first_day = maker->first_day,
                          .days = maker->days};
    size_t wanted = 2 + maker->count / 6;
    for (size_t i = 0; i < wanted; i++)
        m_rare_make(&rare);
    maker->count = rare.count;
}

struct m_generated m_history_make(uint64_t seed, size_t documents, struct m_features allowed, struct arena *arena)
{
    struct m_generated out = {.history = {.settings = m_settings_default()}, .zone = "UTC"};
    struct maker *maker = ARENA_NEW(arena, struct maker);
    must(maker && documents <= 200);
    maker->prng = prng_make(seed);
    maker->later_settings = prng_make(~seed);
    maker->arena = arena;
    maker->out = &out;
    maker->room = documents + MOST_BEYOND;
    maker->documents = arena_array(arena, maker->room, sizeof *maker->documents);
    must(maker->documents);
    maker->first_day = day_from_civil(2026, 1, 5);
    maker->days = 4 + pick(maker, 20);
    /* Each feature allowed is on in two of three histories. */
    for (unsigned bit = 0; bit < 31; bit++) {
        out.features.on |= (allowed.on & (1u << bit)) && !chance(maker, 3) ? 1u << bit : 0;
        out.features.more |= (allowed.more & (1u << bit)) && !chance(maker, 3) ? 1u << bit : 0;
    }
    choose_settings(maker);
    if (more(maker, M_WITH_LATER_POLICIES))
        change_settings(maker);
    define(maker);
    out.definition_count = maker->count;
    size_t wanted = documents > maker->count ? documents : maker->count + 1;
    while (maker->count < wanted)
        make_one(maker);
    if (more(maker, M_WITH_RARE))
        add_rare(maker, seed);
    if (on(maker, M_WITH_DISORDER))
        shuffle(&maker->prng, maker->documents + out.definition_count, maker->count - out.definition_count);
    for (int i = 0; on(maker, M_WITH_DUPLICATES) && i < MOST_DUPLICATES && maker->count < maker->room; i++) {
        const struct m_document *again = maker->documents[pick(maker, (int)maker->count)];
        maker->documents[maker->count++] = again;
    }
    out.history.documents = maker->documents;
    out.history.count = maker->count;
    return out;
}

void m_history_shuffle(struct m_generated *generated, uint64_t seed)
{
    struct prng prng = prng_make(seed);
    shuffle(&prng, generated->history.documents + generated->definition_count,
            generated->history.count - generated->definition_count);
}
