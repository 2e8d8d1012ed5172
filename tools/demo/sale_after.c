/* sale_after.c: what follows from an order besides its parcels: money, cancels, edits, returns, refunds. Every amount
 * is kept within what is still open, as docs/formats/order-postings.md counts it. */
#include "shop.h"

#include "base/must.h"
#include <inttypes.h>
#include <stdlib.h>

enum refund_form {
    REFUND_OF_RETURN,    /* the lines that come back */
    REFUND_OF_CANCELLED, /* the lines cancelled, with the shipping when nothing is left */
    REFUND_OF_ALLOWANCE, /* part of a line's price, for no units */
    REFUND_PLAIN,        /* an amount, this plus it */
};

static const char *source_of(const struct sale *sale) { return CHANNELS[sale->channel].code; }

static struct json_out *begin(struct shop *shop, const struct sale *sale, const char *type, const char *prefix,
                              enum numbered numbered)
{
    int64_t number = number_next(shop, numbered);
    struct json_out *json =
        pile_begin(&shop->pile, type, source_of(sale), word_print("%s-%06" PRId64, prefix, number).at);
    put_time(json, "at", shop->now_us, IN_UTC);
    put_text(json, "order", sale_id(sale).at);
    return json;
}

/* ---- after an order was placed ---- */

static void plan_parcels(struct shop *shop, struct sale *sale)
{
    bool has_leg[4] = {false};
    for (int i = 0; i < sale->line_count; i++) {
        has_leg[sale->lines[i].leg] = true;
    }
    int64_t soonest_h = sale->channel == WHOLESALE ? 26 : 8;
    int64_t first_us = in_working_hours(shop, shop->now_us + between(shop, soonest_h, soonest_h * 5) * US_PER_HOUR);
    int64_t at_us[4] = {
        first_us,
        in_working_hours(shop, first_us + between(shop, 1, 4) * US_PER_DAY),
        first_us + between(shop, 12, 150) * US_PER_HOUR,
        shop->now_us + 45 * US_PER_SECOND,
    };
    for (int leg = 0; leg < 4; leg++) {
        if (has_leg[leg]) {
            later(shop, at_us[leg], PARCEL_LEAVES, &sale->matter, leg);
        }
    }
}

void sale_follow(struct shop *shop, struct sale *sale)
{
    plan_parcels(shop, sale);
    int64_t soon_us = shop->now_us + between(shop, 15, 360) * US_PER_MINUTE;
    switch (sale->fate) {
    case CANCELLED:
    case PART_CANCELLED: later(shop, soon_us, ORDER_IS_CANCELLED, &sale->matter, 0); break;
    case EDITED_UP:
    case EDITED_DOWN: later(shop, soon_us, ORDER_IS_EDITED, &sale->matter, 0); break;
    default: break;
    }
}

/* ---- after all of it has left ---- */

static bool comes_back(const struct sale_line *line)
{
    const struct good *good = &GOODS_LIST[line->good];
    return good->kind != DIGITAL && good->kind != SERVICE && good->kind != SUPPLY && line->shipped > 0;
}

static void choose_returned_units(struct shop *shop, struct sale_line *line, bool is_all)
{
    bool is_split = !is_all && line->shipped >= 2 * MICRO && line->shipped % MICRO == 0;
    line->coming_back = is_split ? between(shop, 1, line->shipped / MICRO) * MICRO : line->shipped;
    line->part_comes_back = GOODS_LIST[line->good].kind == BUNDLE && chance(shop, 40);
}

/* All of it, or one line from a place in the order on; false when nothing can come back. */
static bool choose_return(struct shop *shop, struct sale *sale)
{
    bool is_all = chance(shop, 30);
    bool is_any = false;
    int start = (int)between(shop, 0, sale->line_count - 1);
    for (int i = 0; i < sale->line_count && (is_all || !is_any); i++) {
        struct sale_line *line = &sale->lines[(start + i) % sale->line_count];
        if (comes_back(line)) {
            choose_returned_units(shop, line, is_all);
            is_any = true;
        }
    }
    return is_any;
}

static void plan_return(struct shop *shop, struct sale *sale)
{
    if (!choose_return(shop, sale)) {
        return;
    }
    int64_t back_us = in_working_hours(shop, shop->now_us + between(shop, 5, 24) * US_PER_DAY);
    int64_t money_us =
        chance(shop, 70) ? back_us + between(shop, 2, 90) * US_PER_HOUR : back_us - between(shop, 2, 60) * US_PER_HOUR;
    later(shop, back_us, GOODS_COME_BACK, &sale->matter, 0);
    later(shop, money_us, MONEY_GOES_BACK, &sale->matter, REFUND_OF_RETURN);
}

static void plan_invoice(struct shop *shop, struct sale *sale)
{
    int64_t due_us = in_working_hours(shop, shop->now_us + between(shop, 18, 42) * US_PER_DAY);
    if (sale->fate == NEVER_PAID) {
        return;
    }
    if (sale->fate == WRITTEN_OFF) {
        later(shop, shop->now_us + 75 * US_PER_DAY, DEBT_IS_GIVEN_UP, &sale->matter, 0);
        return;
    }
    int64_t amount = sale->total + (sale->fate == OVERPAID ? 100 * between(shop, 5, 60) : 0);
    int64_t first = chance(shop, 20) ? amount * 6 / 10 : amount;
    later(shop, due_us, MONEY_COMES, &sale->matter, first);
    if (first < amount) {
        later(shop, in_working_hours(shop, due_us + between(shop, 4, 15) * US_PER_DAY), MONEY_COMES, &sale->matter,
              amount - first);
    }
}

static int64_t worth_of_goods(const struct sale *sale)
{
    int64_t sum = 0;
    for (int i = 0; i < sale->line_count; i++) {
        sum += sale->lines[i].refundable;
    }
    return sum;
}

void sale_shipped(struct shop *shop, struct sale *sale)
{
    int64_t days_us = between(shop, 2, 12) * US_PER_DAY + between(shop, 0, 86399) * US_PER_SECOND;
    if (sale->channel == WHOLESALE) {
        plan_invoice(shop, sale);
        return;
    }
    switch (sale->fate) {
    case RETURNED: plan_return(shop, sale); break;
    case GOODWILL:
        later(shop, shop->now_us + days_us, MONEY_GOES_BACK, &sale->matter,
              REFUND_PLAIN + worth_of_goods(sale) / between(shop, 4, 10));
        break;
    case ALLOWANCE: later(shop, shop->now_us + days_us, MONEY_GOES_BACK, &sale->matter, REFUND_OF_ALLOWANCE); break;
    case REPLACED:
        if (comes_back(&sale->lines[0])) {
            later(shop, shop->now_us + days_us, ORDER_IS_REPLACED, &sale->matter, 0);
        }
        break;
    case RELABELLED: later(shop, shop->now_us + days_us, ORDER_IS_EDITED, &sale->matter, 0); break;
    default: break;
    }
}

/* ---- payments ---- */

void money_comes(struct shop *shop, struct event *event)
{
    struct sale *sale = event->what;
    sale->paid += event->arg;
    struct json_out *json = pile_begin(&shop->pile, "payment", source_of(sale),
                                       payment_id(sale->channel, number_next(shop, NUMBER_PAYMENT)).at);
    put_time(json, "at", shop->now_us, chance(shop, 60) ? AS_A_DATE : IN_UTC);
    put_text(json, "order", sale_id(sale).at);
    put_text(json, "gateway", CHANNELS[sale->channel].gateway);
    put_amount(json, "amount", event->arg);
    pile_end(&shop->pile, arrival(shop, 30, 5));
    if (sale->paid > sale->total && chance(shop, 75)) {
        later(shop, shop->now_us + between(shop, 2, 9) * US_PER_DAY, MONEY_GOES_BACK, &sale->matter,
              REFUND_PLAIN + sale->paid - sale->total);
    }
    if (sale->paid >= sale->total && sale->fate == RETURNED) {
        plan_return(shop, sale);
    }
}

void debt_is_given_up(struct shop *shop, struct event *event)
{
    struct sale *sale = event->what;
    int64_t owed = sale->total - sale->paid;
    int64_t number = number_next(shop, NUMBER_ENTRY);
    struct json_out *json = pile_begin(&shop->pile, "entry", NULL, word_print("JE-%04" PRId64, number).at);
    put_time(json, "at", shop->now_us, AS_A_DATE);
    json_key(json, "lines");
    json_open_array(json);
    json_open_object(json);
    put_text(json, "role", "bad_debt");
    put_amount(json, "amount", owed);
    json_close_object(json);
    json_open_object(json);
    put_text(json, "role", "accounts_receivable");
    put_amount(json, "amount", -owed);
    put_reference(json, "order", source_of(sale), sale_id(sale).at);
    json_close_object(json);
    json_close_array(json);
    put_text(json, "reason", "invoice not collectable");
    put_text(json, "by", "bookkeeper");
    pile_end(&shop->pile, arrival(shop, 0, 1));
}

/* ---- cancels ---- */

/* A gift in the parcel is neither cancelled nor wanted twice; it is never the first line. */
static struct sale_line *choose_priced_line(struct shop *shop, struct sale *sale)
{
    struct sale_line *line = &sale->lines[between(shop, 0, sale->line_count - 1)];
    return line->unit_price_micro > 0 ? line : &sale->lines[0];
}

static void cancel_units(struct sale_line *line, int64_t qty)
{
    line->cancelled = qty;
    line->cancelled_net = partial_draw(line->value, qty, line->qty) - partial_draw(line->less, qty, line->qty);
    line->refundable -= line->cancelled_net;
    line->refundable_qty -= qty;
    for (int t = 0; t < TAXES_MAX; t++) {
        line->cancelled_tax[t] = partial_draw(line->tax[t], qty, line->qty);
        line->refundable_tax[t] -= line->cancelled_tax[t];
    }
    if (line->first >= line->qty - qty) {
        line->first = 0;
    }
}

static void choose_cancelled(struct shop *shop, struct sale *sale)
{
    if (sale->fate == PART_CANCELLED) {
        struct sale_line *line = choose_priced_line(shop, sale);
        bool is_many = line->qty >= 2 * MICRO && line->qty % MICRO == 0 && GOODS_LIST[line->good].kind != BUNDLE;
        if (is_many || sale->line_count > 1) {
            cancel_units(line, is_many ? between(shop, 1, line->qty / MICRO - 1) * MICRO : line->qty);
            return;
        }
        sale->fate = CANCELLED;
    }
    for (int i = 0; i < sale->line_count; i++) {
        cancel_units(&sale->lines[i], sale->lines[i].qty);
    }
}

static void put_cancelled_lines(struct shop *shop, struct json_out *json, const struct sale *sale)
{
    json_key(json, "lines");
    json_open_array(json);
    for (int i = 0; i < sale->line_count; i++) {
        const struct sale_line *line = &sale->lines[i];
        if (line->cancelled == 0) {
            continue;
        }
        json_open_object(json);
        if (chance(shop, 50) && !line->in_cases) {
            put_text(json, "sku", GOODS_LIST[line->good].sku);
        } else {
            put_text(json, "line", word_print("%d", i + 1).at);
        }
        put_qty(json, "qty", line->cancelled);
        json_close_object(json);
    }
    json_close_array(json);
}

/* What the cancelled units leave over of the payment: their price and taxes, and their part of the shipping. */
static int64_t cancelled_worth(const struct sale *sale)
{
    int64_t weights[LINES_MAX] = {0}, parts[4][LINES_MAX] = {{0}};
    size_t count = (size_t)sale->line_count;
    for (size_t i = 0; i < count; i++) {
        weights[i] = sale->lines[i].value - sale->lines[i].less;
    }
    split_by_weight(sale->shipping, weights, count, parts[0]);
    split_by_weight(sale->shipping_discount, weights, count, parts[1]);
    split_by_weight(sale->shipping_tax[0], weights, count, parts[2]);
    split_by_weight(sale->shipping_tax[1], weights, count, parts[3]);
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sale_line *line = &sale->lines[i];
        if (line->cancelled > 0) {
            sum += line->cancelled_net + line->cancelled_tax[0] + line->cancelled_tax[1];
            for (int p = 0; p < 4; p++) {
                int64_t part = partial_draw(parts[p][i], line->cancelled, line->qty);
                sum += p == 1 ? -part : part;
            }
        }
    }
    return sum;
}

void order_is_cancelled(struct shop *shop, struct event *event)
{
    struct sale *sale = event->what;
    choose_cancelled(shop, sale);
    struct json_out *json = begin(shop, sale, "cancel", "CX", NUMBER_CANCEL);
    if (sale->fate == PART_CANCELLED || chance(shop, 20)) {
        put_cancelled_lines(shop, json, sale);
    }
    put_text(json, "reason", chance(shop, 70) ? "customer changed their mind" : "cannot be supplied in time");
    pile_end(&shop->pile, arrival(shop, 20, 2));
    if (sale->paid == 0) {
        return;
    }
    /* Tax that a marketplace remits goes back by the line it was on. */
    bool is_plain = sale->fate == PART_CANCELLED && sale->channel == WEB && chance(shop, 50);
    later(shop, shop->now_us + between(shop, 5, 2000) * US_PER_MINUTE, MONEY_GOES_BACK, &sale->matter,
          is_plain ? REFUND_PLAIN + cancelled_worth(sale) : REFUND_OF_CANCELLED);
}

/* ---- edits ---- */

static void raise_line(struct shop *shop, struct sale *sale)
{
    choose_priced_line(shop, sale)->qty += MICRO;
    if (sale->channel != WHOLESALE) {
        sale->payments[1] = (struct sale_payment){
            .number = number_next(shop, NUMBER_PAYMENT), .at_us = shop->now_us, .amount = -sale->total};
        sale->payment_count = 2;
    }
}

/* One unit fewer, or without its last line; false when there is only one unit of one thing. */
static bool lower_line(struct sale *sale)
{
    for (int i = 0; i < sale->line_count; i++) {
        struct sale_line *line = &sale->lines[i];
        if (line->qty >= 2 * MICRO && line->qty % MICRO == 0) {
            line->qty -= MICRO;
            line->first = line->first < line->qty ? line->first : 0;
            line->discount = line->discount * line->qty / (line->qty + MICRO);
            return true;
        }
    }
    if (sale->line_count > 1 && sale->channel != WHOLESALE) {
        sale->line_count--;
        return true;
    }
    return false;
}

void order_is_edited(struct shop *shop, struct event *event)
{
    struct sale *sale = event->what;
    if (sale->fate == EDITED_DOWN && !lower_line(sale)) {
        return;
    }
    if (sale->fate == EDITED_UP) {
        raise_line(shop, sale);
    }
    sale->version++;
    sale->updated_us = shop->now_us;
    if (sale->fate == RELABELLED) {
        sale->status = "fulfilled";
    } else {
        sale_value(sale);
    }
    if (sale->payment_count == 2) {
        sale->payments[1].amount += sale->total;
        sale->paid = sale->total;
    }
    /* In time for its parcels: a shipment of more than was ordered is refused, and waits for nothing. */
    sale_write(shop, sale, arrival(shop, 0, 1));
    if (sale->paid > sale->total) {
        later(shop, shop->now_us + between(shop, 5, 900) * US_PER_MINUTE, MONEY_GOES_BACK, &sale->matter,
              REFUND_PLAIN + sale->paid - sale->total);
    }
}

/* ---- returns ---- */

static const char *choose_disposition(struct shop *shop, const struct sale_line *line)
{
    int64_t at = between(shop, 1, 100);
    if (line->by == BY_SUPPLIER) {
        return at <= 80 ? "to_supplier" : "kept";
    }
    return at <= 62 ? "sellable" : at <= 76 ? "quarantined" : at <= 88 ? "damaged" : at <= 92 ? "lost" : "kept";
}

static void shelve(struct shop *shop, int good, enum place place, int64_t qty, const char *disposition)
{
    struct shelf *shelf = shelf_of(shop, good, place);
    bool is_damaged = strcmp(disposition, "damaged") == 0;
    bool is_quarantined = strcmp(disposition, "quarantined") == 0;
    if (!is_damaged && !is_quarantined && strcmp(disposition, "sellable") != 0) {
        return;
    }
    shelf->on_hand += qty;
    shelf->damaged += is_damaged ? qty : 0;
    shelf->quarantined += is_quarantined ? qty : 0;
}

static void shelve_line(struct shop *shop, const struct sale_line *line, enum place place, const char *disposition)
{
    const struct good *good = &GOODS_LIST[line->good];
    int count = good->kind != BUNDLE ? 0 : line->part_comes_back ? 1 : good_part_count(good, line->bundle_version);
    if (good->kind != BUNDLE) {
        shelve(shop, line->good, place, line->coming_back * line_factor(line), disposition);
    }
    for (int i = 0; i < count; i++) {
        struct part part = good_part(good, i);
        shelve(shop, good_find(part.sku), place, line->coming_back * part.qty, disposition);
    }
}

static void put_returned_line(struct shop *shop, struct json_out *json, const struct sale *sale, int i,
                              enum place place)
{
    const struct sale_line *line = &sale->lines[i];
    const struct good *good = &GOODS_LIST[line->good];
    const char *disposition = choose_disposition(shop, line);
    int64_t qty = line->coming_back;
    json_open_object(json);
    put_text(json, "line", word_print("%d", i + 1).at);
    if (line->part_comes_back) {
        put_text(json, "component", good->parts[0].sku);
        qty *= good->parts[0].qty;
    }
    put_qty(json, "qty", qty);
    put_text(json, "disposition", disposition);
    if (strcmp(disposition, "to_supplier") == 0 && chance(shop, 50)) {
        /* The supplier keeps a tenth for the way. */
        int64_t cost = line->cost_micro / (MICRO / 100) * (qty / MICRO);
        put_amount(json, "credit", cost - cost / 10);
    }
    json_close_object(json);
    shelve_line(shop, line, place, disposition);
}

static enum place choose_return_place(struct shop *shop, const struct sale *sale)
{
    if (chance(shop, 74) || sale->channel == WHOLESALE) {
        return sale->lines[0].place;
    }
    return chance(shop, 70) ? (sale->lines[0].place == EAST ? WEST : EAST) : DOWNTOWN;
}

void goods_come_back(struct shop *shop, struct event *event)
{
    struct sale *sale = event->what;
    enum place place = choose_return_place(shop, sale);
    struct word id = word_print("RT-%s%05" PRId64, PLACES[place].letter, number_next(shop, NUMBER_RETURN));
    struct json_out *json = pile_begin(&shop->pile, "return", PLACES[place].code, id.at);
    put_time(json, "at", shop->now_us, IN_LOCAL);
    put_reference(json, "order", source_of(sale), sale_id(sale).at);
    put_text(json, "location", PLACES[place].code);
    json_key(json, "lines");
    json_open_array(json);
    for (int i = 0; i < sale->line_count; i++) {
        if (sale->lines[i].coming_back > 0) {
            put_returned_line(shop, json, sale, i, place);
        }
    }
    json_close_array(json);
    pile_end(&shop->pile, arrival(shop, 40, 5));
}

void order_is_replaced(struct shop *shop, struct event *event)
{
    const struct sale *sale = event->what;
    struct sale *replacement = sale_replacement(shop, sale);
    sale_write(shop, replacement, arrival(shop, 0, 1));
    sale_follow(shop, replacement);
}

/* ---- refunds ---- */

/* What one line of a refund gives back. */
struct given {
    int64_t qty, amount, tax[TAXES_MAX];
};

static struct given give_units(struct sale_line *line, int64_t qty)
{
    struct given given = {.qty = qty};
    given.amount = partial_draw(line->refundable, qty, line->refundable_qty);
    line->refundable -= given.amount;
    for (int t = 0; t < TAXES_MAX; t++) {
        given.tax[t] = partial_draw(line->refundable_tax[t], qty, line->refundable_qty);
        line->refundable_tax[t] -= given.tax[t];
    }
    line->refundable_qty -= qty;
    return given;
}

/* Two fifths of the line's price, for no units. */
static struct given give_allowance(struct sale_line *line)
{
    struct given given = {.amount = line->refundable * 2 / 5};
    for (int t = 0; t < TAXES_MAX; t++) {
        given.tax[t] = line->refundable_tax[t] * 2 / 5;
    }
    return given;
}

static struct given give_line(struct sale_line *line, enum refund_form form, bool is_first)
{
    switch (form) {
    case REFUND_OF_RETURN:
        if (line->coming_back == 0) {
            break;
        }
        return line->part_comes_back ? give_allowance(line) : give_units(line, line->coming_back);
    case REFUND_OF_CANCELLED:
        return (struct given){line->cancelled, line->cancelled_net, {line->cancelled_tax[0], line->cancelled_tax[1]}};
    case REFUND_OF_ALLOWANCE: return is_first ? give_allowance(line) : (struct given){0};
    case REFUND_PLAIN: break;
    }
    return (struct given){0};
}

static void put_given(struct json_out *json, const struct sale *sale, int place, const struct given *given)
{
    json_open_object(json);
    put_text(json, "line", word_print("%d", place + 1).at);
    if (given->qty > 0) {
        put_qty(json, "qty", given->qty);
    }
    put_amount(json, "amount", given->amount);
    put_taxes(json, sale, given->tax);
    json_close_object(json);
}

/* Writes the lines; returns what they sum to, taxes in. */
static int64_t put_given_lines(struct json_out *json, struct sale *sale, enum refund_form form, int64_t *out_net)
{
    int64_t sum = 0;
    *out_net = 0;
    json_key(json, "lines");
    json_open_array(json);
    for (int i = 0; i < sale->line_count; i++) {
        struct given given = give_line(&sale->lines[i], form, i == 0);
        if (given.qty > 0 || given.amount > 0) {
            put_given(json, sale, i, &given);
            sum += given.amount + given.tax[0] + given.tax[1];
            *out_net += given.amount;
        }
    }
    json_close_array(json);
    return sum;
}

static bool is_all_back(const struct sale *sale)
{
    for (int i = 0; i < sale->line_count; i++) {
        const struct sale_line *line = &sale->lines[i];
        if (line->coming_back != line->qty || line->part_comes_back) {
            return false;
        }
    }
    return true;
}

static int64_t put_given_shipping(struct json_out *json, const struct sale *sale)
{
    int64_t net = sale->shipping - sale->shipping_discount;
    if (net == 0) {
        return 0;
    }
    json_key(json, "shipping");
    json_open_object(json);
    put_amount(json, "amount", net);
    put_taxes(json, sale, sale->shipping_tax);
    json_close_object(json);
    return net + sale->shipping_tax[0] + sale->shipping_tax[1];
}

static int64_t choose_fee(struct shop *shop, const struct sale *sale, enum refund_form form, int64_t net)
{
    bool may = form == REFUND_OF_RETURN && sale->channel == WEB;
    return may && chance(shop, 20) ? net / 10 : 0;
}

static void put_way_back(struct shop *shop, struct json_out *json, const struct sale *sale, enum refund_form form)
{
    if (sale->channel == WEB && form != REFUND_OF_CANCELLED && chance(shop, 8)) {
        put_text(json, "store_credit", word_print("SC-%08" PRIx64, scrambled(sale->number) & 0xffffffff).at);
    } else if (chance(shop, 50)) {
        put_text(json, "gateway", CHANNELS[sale->channel].gateway);
    }
}

void money_goes_back(struct shop *shop, struct event *event)
{
    struct sale *sale = event->what;
    enum refund_form form = event->arg >= REFUND_PLAIN ? REFUND_PLAIN : (enum refund_form)event->arg;
    int64_t amount = event->arg - REFUND_PLAIN;
    if (form == REFUND_PLAIN && amount == 0) {
        return;
    }
    struct json_out *json = begin(shop, sale, "refund", "RF", NUMBER_REFUND);
    if (form != REFUND_PLAIN) {
        int64_t net = 0;
        amount = put_given_lines(json, sale, form, &net);
        if (sale->fate == CANCELLED || (form == REFUND_OF_RETURN && is_all_back(sale) && chance(shop, 50))) {
            amount += put_given_shipping(json, sale);
        }
        int64_t fee = choose_fee(shop, sale, form, net);
        if (fee > 0) {
            put_amount(json, "restocking_fee", fee);
            amount -= fee;
        }
    }
    put_amount(json, "amount", amount);
    put_way_back(shop, json, sale, form);
    if (form == REFUND_PLAIN) {
        sale->paid -= amount;
    }
    pile_end(&shop->pile, arrival(shop, 40, 4));
}
