/* purchase.c: what is bought: orders to suppliers when something runs low, receipts at prices that drift, bills that
 * come late, early, in parts or at another price, freight that is known weeks later, and goods that go back. */
#include "shop.h"

#include "base/must.h"
#include <inttypes.h>
#include <stdlib.h>

enum { US_CENT_PLACES = 2, LAST_REVIEW_DAYS = 20, COVER_DAYS = 52, LOW_DAYS = 24 };

/* ---- what to buy ---- */

static void drift_cost(struct shop *shop, int good)
{
    int64_t list = GOODS_LIST[good].cost_minor * (MICRO / 100);
    int64_t cost = shop->cost_micro[good] + shop->cost_micro[good] * between(shop, -13, 16) / 1000;
    if (cost > list * 4 / 5 && cost < list * 4 / 3) {
        shop->cost_micro[good] = cost;
    }
}

static int64_t up_to_multiple(int64_t qty, int64_t of) { return (qty + of - 1) / of * of; }

static void add_purchase_line(struct shop *shop, struct purchase *purchase, int number, int64_t need)
{
    const struct good *good = &GOODS_LIST[number];
    struct purchase_line *line = &purchase->lines[purchase->line_count++];
    *line = (struct purchase_line){.good = number};
    drift_cost(shop, number);
    int64_t cost = shop->cost_micro[number] / 100 * 100;
    int64_t lot = (good->per_case == 12 ? 12 : good->per_case == 1 ? 10 : 4) * MICRO;
    line->qty = up_to_multiple(need, lot);
    shelf_of(shop, number, purchase->place)->coming += line->qty;
    line->in_cases = good->per_case == 12 && chance(shop, 70);
    if (line->in_cases) {
        line->qty /= good->per_case;
        cost *= good->per_case;
    }
    line->unit_cost_micro = cost;
    line->by_total = chance(shop, 12);
    bool fits = amount_of(line->qty, cost, US_CENT_PLACES, &line->total);
    must(fits);
}

static bool buys(enum supplier supplier, const struct good *good)
{
    return good->supplier == supplier && (good->kind == GOODS || good->kind == EITHER);
}

static struct purchase *purchase_begin(struct shop *shop, enum supplier supplier, enum place place)
{
    struct purchase *purchase = calloc(1, sizeof *purchase);
    if (purchase == NULL) {
        out_of_memory("a purchase of the demo merchant");
    }
    purchase->supplier = supplier;
    purchase->place = place;
    purchase->number = number_next(shop, NUMBER_RECEIPT);
    purchase->is_dated = chance(shop, 40);
    return purchase;
}

/* The bill of dated goods is worth its day too: noon of it. */
static int64_t noon(int64_t at_us, int64_t days) { return local_instant(local_day(at_us) + (int32_t)days, 12 * 3600); }

static void send_purchase(struct shop *shop, struct purchase *purchase, int64_t days)
{
    int32_t day = local_day(shop->now_us) + (int32_t)days;
    int64_t at_us = purchase->is_dated ? local_instant(day, 1) : in_working_hours(shop, local_instant(day, 0));
    later(shop, at_us > shop->now_us ? at_us : shop->now_us, GOODS_ARRIVE, &purchase->matter, 0);
    if (days > 4 && chance(shop, 7)) {
        purchase->is_billed_early = true;
        later(shop, noon(at_us, -between(shop, 1, 3)), BILL_COMES, &purchase->matter, 0);
    }
}

static int64_t needed(struct shop *shop, int good, enum place place)
{
    const struct shelf *shelf = shelf_of(shop, good, place);
    int64_t available = shelf_sellable(shelf) + shelf->coming;
    if (shop->day >= shop->end_day) {
        return available < 0 ? -available : 0; /* only what is owed */
    }
    if (available >= shelf->used_daily * LOW_DAYS + 3 * MICRO) {
        return 0;
    }
    return shelf->used_daily * COVER_DAYS + 4 * MICRO - available;
}

static void review(struct shop *shop, enum supplier supplier, enum place place)
{
    struct purchase *purchase = NULL;
    for (size_t i = 0; i < GOODS_COUNT; i++) {
        int64_t need = buys(supplier, &GOODS_LIST[i]) ? needed(shop, (int)i, place) : 0;
        if (need > 0) {
            purchase = purchase != NULL ? purchase : purchase_begin(shop, supplier, place);
            add_purchase_line(shop, purchase, (int)i, need);
        }
    }
    if (purchase != NULL) {
        int64_t lead = SUPPLIERS[supplier].lead_days + between(shop, -2, 5) + (rarely(shop, 14) ? 11 : 0);
        send_purchase(shop, purchase, lead);
    }
}

void purchases_review(struct shop *shop)
{
    if (shop->day >= shop->end_day + LAST_REVIEW_DAYS) {
        return;
    }
    for (int supplier = 0; supplier < OURSELVES; supplier++) {
        if ((shop->day + supplier) % 4 == 0) {
            review(shop, (enum supplier)supplier, EAST);
            review(shop, (enum supplier)supplier, WEST);
        }
    }
}

/* ---- the first stock: what an average day is thought to take ---- */

static void expect(struct shop *shop, int number, enum place place, int64_t daily)
{
    const struct good *good = &GOODS_LIST[number];
    if (good->kind != BUNDLE) {
        shelf_of(shop, number, place)->used_daily += daily;
        return;
    }
    for (int i = 0; i < good_part_count(good, 1); i++) {
        struct part part = good_part(good, i);
        shelf_of(shop, good_find(part.sku), place)->used_daily += daily * part.qty;
    }
}

static void expect_channel(struct shop *shop, enum channel channel)
{
    /* Units in a hundred orders of all channels, and in which hundredths they leave from where. */
    static const int UNITS[CHANNEL_COUNT] = {[WEB] = 186, [MARKET] = 49, [WHOLESALE] = 340};
    static const int SHARES[CHANNEL_COUNT][PLACE_COUNT] = {{56, 39, 5}, {30, 70, 0}, {90, 10, 0}};
    int64_t orders_daily = 0, units_daily = 0, daily = 0;
    bool fits = mul_div(shop->orders, MICRO, shop->end_day - shop->first_day, &orders_daily);
    int32_t before = 0;
    for (size_t i = 0; i < GOODS_COUNT; i++) {
        int32_t want = shop->want[channel][i] - before;
        before = shop->want[channel][i];
        for (int place = 0; place < PLACE_COUNT; place++) {
            fits = fits && mul_div(orders_daily, UNITS[channel] * SHARES[channel][place], 10000, &units_daily);
            fits = fits && mul_div(units_daily, want, shop->want_total[channel], &daily);
            expect(shop, (int)i, (enum place)place, daily);
        }
    }
    must(fits);
}

void purchases_first(struct shop *shop)
{
    for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
        expect_channel(shop, (enum channel)channel);
    }
    for (int supplier = 0; supplier < OURSELVES; supplier++) {
        for (int place = EAST; place <= WEST; place++) {
            struct purchase *purchase = purchase_begin(shop, (enum supplier)supplier, (enum place)place);
            for (size_t i = 0; i < GOODS_COUNT; i++) {
                if (buys((enum supplier)supplier, &GOODS_LIST[i])) {
                    add_purchase_line(shop, purchase, (int)i, needed(shop, (int)i, (enum place)place));
                }
            }
            send_purchase(shop, purchase, 0);
        }
    }
}

/* ---- receipts ---- */

static struct word receipt_id(enum place place, int64_t number)
{
    return word_print("RC-%s%05" PRId64, PLACES[place].letter, number);
}

static void put_received_line(struct json_out *json, const struct purchase_line *line)
{
    json_open_object(json);
    put_text(json, "sku", GOODS_LIST[line->good].sku);
    put_qty(json, "qty", line->qty);
    if (line->in_cases) {
        put_text(json, "uom", "case");
    }
    if (line->by_total) {
        put_amount(json, "total_cost", line->total);
    } else {
        put_price(json, "unit_cost", line->unit_cost_micro);
    }
    json_close_object(json);
}

static void put_on_shelves(struct shop *shop, const struct purchase *purchase)
{
    for (int i = 0; i < purchase->line_count; i++) {
        const struct purchase_line *line = &purchase->lines[i];
        int64_t qty = line->qty * (line->in_cases ? GOODS_LIST[line->good].per_case : 1);
        struct shelf *shelf = shelf_of(shop, line->good, purchase->place);
        shelf->on_hand += qty;
        shelf->coming -= qty;
        shelf->last_receipt = purchase->number;
    }
}

static void plan_papers(struct shop *shop, struct purchase *purchase)
{
    int64_t now_us = shop->now_us;
    int64_t soonest = 2;
    if (!purchase->is_billed_early && !purchase->lines[0].by_total && chance(shop, 4)) {
        later(shop, now_us + between(shop, 20, 120) * US_PER_HOUR, COST_IS_CORRECTED, &purchase->matter, 0);
        soonest = 7;
    }
    if (!purchase->is_billed_early) {
        int64_t bill_us = noon(now_us, between(shop, soonest, chance(shop, 80) ? 16 : 45));
        bool in_parts = chance(shop, 10);
        later(shop, bill_us, BILL_COMES, &purchase->matter, in_parts ? 1 : 0);
        if (in_parts) {
            later(shop, noon(bill_us, between(shop, 5, 15)), BILL_COMES, &purchase->matter, 2);
        }
    }
    if (SUPPLIERS[purchase->supplier].carrier != NULL && chance(shop, 65)) {
        later(shop, noon(now_us, between(shop, 6, 28)), FREIGHT_IS_BILLED, &purchase->matter, 0);
    }
}

void goods_arrive(struct shop *shop, struct event *event)
{
    struct purchase *purchase = event->what;
    const char *place = PLACES[purchase->place].code;
    struct json_out *json = pile_begin(&shop->pile, "receipt", place, receipt_id(purchase->place, purchase->number).at);
    put_time(json, "at", shop->now_us, purchase->is_dated ? AS_A_DATE : IN_LOCAL);
    put_text(json, "supplier", SUPPLIERS[purchase->supplier].code);
    put_text(json, "location", place);
    json_key(json, "lines");
    json_open_array(json);
    for (int i = 0; i < purchase->line_count; i++) {
        put_received_line(json, &purchase->lines[i]);
    }
    json_close_array(json);
    bool is_first_day = shop->day == shop->first_day;
    int64_t arrives_us = is_first_day ? shop->now_us : arrival(shop, 160, chance(shop, 65) ? 8 : 28);
    if (rarely(shop, 80)) {
        pile_end_twice(&shop->pile, arrives_us, arrives_us + between(shop, 1, 20) * US_PER_DAY);
    } else {
        pile_end(&shop->pile, arrives_us);
    }
    put_on_shelves(shop, purchase);
    plan_papers(shop, purchase);
}

void cost_is_corrected(struct shop *shop, struct event *event)
{
    struct purchase *purchase = event->what;
    struct purchase_line *line = &purchase->lines[0];
    line->unit_cost_micro = line->unit_cost_micro * between(shop, 90, 111) / 10000 * 100;
    bool fits = amount_of(line->qty, line->unit_cost_micro, US_CENT_PLACES, &line->total);
    must(fits);
    struct word id = word_print("CC-%04" PRId64, number_next(shop, NUMBER_CORRECTION));
    struct json_out *json = pile_begin(&shop->pile, "cost_correction", PLACES[purchase->place].code, id.at);
    put_time(json, "at", shop->now_us, IN_LOCAL);
    put_text(json, "receipt", receipt_id(purchase->place, purchase->number).at);
    put_text(json, "line", "1");
    put_price(json, "unit_cost", line->unit_cost_micro);
    pile_end(&shop->pile, arrival(shop, 0, 1));
}

/* ---- bills ---- */

static struct word bill_id(const struct purchase *purchase, int64_t number)
{
    static const char *const PREFIXES[] = {"R", "INV-", "F", "A-", "B"};
    return word_print("%s%05" PRId64, PREFIXES[(int)purchase->supplier % 5], 30000 + number);
}

static struct json_out *begin_bill(struct shop *shop, const struct purchase *purchase, int64_t number)
{
    const char *supplier = SUPPLIERS[purchase->supplier].code;
    struct word id = bill_id(purchase, number);
    struct json_out *json = pile_begin(&shop->pile, "bill", supplier, id.at);
    put_time(json, "at", shop->now_us, AS_A_DATE);
    put_text(json, "supplier", supplier);
    put_text(json, "number", id.at);
    put_text(json, "kind", "goods");
    struct word receipt = receipt_id(purchase->place, purchase->number);
    put_reference(json, "receipt", chance(shop, 50) ? PLACES[purchase->place].code : NULL, receipt.at);
    return json;
}

static void put_billed_line(struct json_out *json, int place, int64_t qty, int64_t amount)
{
    json_open_object(json);
    put_text(json, "line", word_print("%d", place + 1).at);
    put_qty(json, "qty", qty);
    put_amount(json, "amount", amount);
    json_close_object(json);
}

static void bill_line(struct shop *shop, struct json_out *json, struct purchase *purchase, int i, int part)
{
    struct purchase_line *line = &purchase->lines[i];
    int64_t left = line->qty - line->billed_qty;
    int64_t qty = part == 1 ? left / MICRO / 2 * MICRO : left;
    if (qty == 0) {
        return;
    }
    int64_t amount = partial_draw(line->total, qty, line->qty);
    if (chance(shop, 16)) {
        amount += amount * between(shop, -20, 60) / 1000;
    }
    line->billed_qty += qty;
    line->billed += amount;
    put_billed_line(json, i, qty, amount);
}

/* Whether the first part of a bill would hold anything. */
static bool has_half(const struct purchase *purchase)
{
    for (int i = 0; i < purchase->line_count; i++) {
        if (purchase->lines[i].qty >= 2 * MICRO) {
            return true;
        }
    }
    return false;
}

/* True when the bill will be credited. Such a bill is not late: the right one, come first, would take its place. */
static bool plan_trouble(struct shop *shop, struct purchase *purchase)
{
    int64_t soon_us = noon(shop->now_us, between(shop, 4, 12));
    bool is_credited = chance(shop, 4);
    if (is_credited) {
        later(shop, soon_us, CREDIT_COMES, &purchase->matter, 0);
    } else if (chance(shop, 12)) {
        later(shop, soon_us, GOODS_GO_BACK, &purchase->matter, 0);
    }
    return is_credited;
}

void bill_comes(struct shop *shop, struct event *event)
{
    struct purchase *purchase = event->what;
    int part = (int)event->arg;
    if (part == 1 && !has_half(purchase)) {
        return;
    }
    purchase->bill_number = number_next(shop, NUMBER_BILL);
    struct json_out *json = begin_bill(shop, purchase, purchase->bill_number);
    json_key(json, "lines");
    json_open_array(json);
    for (int i = 0; i < purchase->line_count; i++) {
        bill_line(shop, json, purchase, i, part);
    }
    json_close_array(json);
    bool is_credited = part == 0 && !purchase->is_billed_early && plan_trouble(shop, purchase);
    pile_end(&shop->pile, arrival(shop, is_credited ? 0 : 250, 9));
}

/* The supplier takes its bill for the first line back, and bills what the receipt says. */
void credit_comes(struct shop *shop, struct event *event)
{
    struct purchase *purchase = event->what;
    const struct purchase_line *line = &purchase->lines[0];
    bool is_credit = event->arg == 0;
    struct json_out *json = begin_bill(shop, purchase, number_next(shop, NUMBER_BILL));
    if (is_credit) {
        put_text(json, "bill", bill_id(purchase, purchase->bill_number).at);
    }
    json_key(json, "lines");
    json_open_array(json);
    put_billed_line(json, 0, is_credit ? -line->qty : line->qty, is_credit ? -line->billed : line->total);
    json_close_array(json);
    pile_end(&shop->pile, arrival(shop, 0, 1));
    if (is_credit) {
        later(shop, noon(shop->now_us, between(shop, 3, 9)), CREDIT_COMES, &purchase->matter, 1);
    }
}

/* ---- freight and duty ---- */

static int64_t worth_of(const struct purchase *purchase)
{
    int64_t sum = 0;
    for (int i = 0; i < purchase->line_count; i++) {
        sum += purchase->lines[i].total;
    }
    return sum;
}

static struct word bill_freight(struct shop *shop, const char *carrier, int64_t amount)
{
    struct word id = word_print("BG%06" PRId64, number_next(shop, NUMBER_BILL));
    struct json_out *json = pile_begin(&shop->pile, "bill", carrier, id.at);
    put_time(json, "at", shop->now_us, AS_A_DATE);
    put_text(json, "supplier", carrier);
    put_text(json, "number", id.at);
    put_text(json, "kind", "landed");
    json_key(json, "lines");
    json_open_array(json);
    json_open_object(json);
    put_amount(json, "amount", amount);
    json_close_object(json);
    json_close_array(json);
    pile_end(&shop->pile, arrival(shop, 200, 6));
    return id;
}

static void put_receipts(struct shop *shop, struct json_out *json, struct purchase *purchase)
{
    int64_t *last = &shop->last_receipt[purchase->supplier][purchase->place];
    bool is_shared = *last != 0 && chance(shop, 25);
    json_key(json, "receipts");
    json_open_array(json);
    json_text(json, span_of(receipt_id(purchase->place, purchase->number).at));
    if (is_shared) {
        json_text(json, span_of(receipt_id(purchase->place, *last).at));
    }
    json_close_array(json);
    if (is_shared) {
        json_key(json, "shares");
        json_open_array(json);
        json_text(json, SPAN("2"));
        json_text(json, SPAN("1"));
        json_close_array(json);
    }
    *last = purchase->number;
}

void freight_is_billed(struct shop *shop, struct event *event)
{
    static const char *const BASES[] = {"value", "quantity", "weight", "volume"};
    struct purchase *purchase = event->what;
    const char *carrier = SUPPLIERS[purchase->supplier].carrier;
    int64_t amount = worth_of(purchase) * between(shop, 25, 85) / 1000 + between(shop, 900, 4200);
    bool is_duty = chance(shop, 20);
    struct word bill = bill_freight(shop, carrier, amount);
    struct word id = word_print("LC-%05" PRId64, number_next(shop, NUMBER_LANDED));
    struct json_out *json = pile_begin(&shop->pile, "landed_cost", PLACES[purchase->place].code, id.at);
    put_time(json, "at", shop->now_us, AS_A_DATE);
    put_receipts(shop, json, purchase);
    put_amount(json, "amount", amount);
    put_text(json, "basis", is_duty ? "value" : BASES[between(shop, 0, 3)]);
    put_text(json, "kind", is_duty ? "duty" : "freight");
    put_reference(json, "bill", carrier, bill.at);
    pile_end(&shop->pile, arrival(shop, 100, 5));
}

/* ---- back to the supplier ---- */

void goods_go_back(struct shop *shop, struct event *event)
{
    struct purchase *purchase = event->what;
    const struct purchase_line *line = &purchase->lines[0];
    struct shelf *shelf = shelf_of(shop, line->good, purchase->place);
    int64_t qty = between(shop, 1, 3) * MICRO;
    /* Only what surely is of this receipt: its bill is in, another's may not be. */
    bool is_oldest_first = GOODS_LIST[line->good].method == NULL;
    bool is_here = shelf->last_receipt == purchase->number && shelf_sellable(shelf) >= qty + 2 * MICRO;
    if (!is_oldest_first || !is_here) {
        return;
    }
    shelf->on_hand -= qty;
    struct word id = word_print("SR-%04" PRId64, number_next(shop, NUMBER_SUPPLIER_RETURN));
    struct json_out *json = pile_begin(&shop->pile, "supplier_return", PLACES[purchase->place].code, id.at);
    put_time(json, "at", shop->now_us, IN_LOCAL);
    put_text(json, "supplier", SUPPLIERS[purchase->supplier].code);
    put_text(json, "location", PLACES[purchase->place].code);
    json_key(json, "lines");
    json_open_array(json);
    json_open_object(json);
    put_text(json, "receipt", receipt_id(purchase->place, purchase->number).at);
    put_text(json, "line", "1");
    put_text(json, "uom", GOODS_LIST[line->good].per_case == 1 ? "m" : "each");
    put_qty(json, "qty", qty);
    if (chance(shop, 60)) {
        put_amount(json, "credit", shop->cost_micro[line->good] * (qty / MICRO) / (MICRO / 100) * 9 / 10);
    }
    json_close_object(json);
    json_close_array(json);
    pile_end(&shop->pile, arrival(shop, 30, 3));
}

/* ---- each month ---- */

static void bill_expense(struct shop *shop, const char *supplier, const char *role, int64_t amount)
{
    if (amount == 0) {
        return;
    }
    struct word id = word_print("M%05" PRId64, number_next(shop, NUMBER_BILL));
    struct json_out *json = pile_begin(&shop->pile, "bill", supplier, id.at);
    put_time(json, "at", shop->now_us, AS_A_DATE);
    put_text(json, "supplier", supplier);
    put_text(json, "kind", "expense");
    json_key(json, "lines");
    json_open_array(json);
    json_open_object(json);
    put_text(json, "role", role);
    put_amount(json, "amount", amount);
    json_close_object(json);
    json_close_array(json);
    pile_end(&shop->pile, arrival(shop, 300, 6));
}

void month_is_billed(struct shop *shop)
{
    bill_expense(shop, "swift-parcel", "accrued_shipping", shop->carriage[0]);
    bill_expense(shop, "coastline-post", "accrued_shipping", shop->carriage[1]);
    shop->carriage[0] = 0;
    shop->carriage[1] = 0;
    if (shop->day < shop->end_day) {
        bill_expense(shop, "broadside-ads", "ads", 25000 + shop->orders * between(shop, 5, 12));
        bill_expense(shop, "harbour-lets", "expenses", 310000);
    }
}
