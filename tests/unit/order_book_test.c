/* order_book_test.c: what each event of an order posts. Every test builds the documents of one order, folds them, and
 * compares each event's lines with text: role[sku/order line](party){tag} amount, in the order the ledger sorts them.
 * The seeded part folds random orders and checks what must hold for all of them; it prints what it covered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/hash.h"
#include "base/prng.h"
#include "order/document_fields.h"
#include "order/order_book.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
#define RATE_ONE INT64_C(10000000000)
enum { EVENTS_MAX = 3000, LINES_MAX = 1200, TAXES_MAX = 4 };

/* ---- building one order's documents ---- */

static struct {
    struct arena arena;
    struct policy policy;
    currency home, money;
    int64_t rate_e10;
    struct order_event events[EVENTS_MAX];
    size_t count;
    struct order_result results[EVENTS_MAX];
    struct order_state state;
} f;

static void start_order(void)
{
    arena_reset(&f.arena);
    f.policy = policy_default();
    f.home = f.money = currency_find(SPAN("USD"));
    f.rate_e10 = RATE_ONE;
    f.count = 0;
}

static int set_up(void **state)
{
    (void)state;
    f.arena = arena_make((size_t)1 << 30);
    start_order();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(&f.arena);
    return 0;
}

static struct span text(const char *literal) { return literal ? span_of(literal) : (struct span){0}; }

static int64_t micro(const char *literal)
{
    int64_t value = ABSENT;
    if (literal != NULL) {
        assert_int_equal(decimal_read(span_of(literal), MICRO_PLACES, &value), DECIMAL_OK);
    }
    return value;
}

static int64_t minor(const char *literal)
{
    int64_t value = ABSENT;
    if (literal != NULL) {
        assert_int_equal(decimal_read(span_of(literal), currency_exponent(f.money), &value), DECIMAL_OK);
    }
    return value;
}

static void set_policy(const char *key, const char *value)
{
    struct span detail;
    assert_true(policy_set(&f.policy, span_of(key), span_of(value), &f.arena, &detail));
}

static struct document *new_document(enum document_type type, const char *id)
{
    struct document *document = ARENA_NEW(&f.arena, struct document);
    document_clear(document, type);
    document->type = type;
    document->version = 1;
    document->source = SPAN("web");
    document->id = text(id);
    document->money = f.money;
    return document;
}

/* An order with room for lines; what a test leaves out is absent. */
static struct document *new_order(const char *total)
{
    struct document *document = new_document(DOCUMENT_ORDER, "1001");
    document->order.channel = SPAN("web");
    document->order.total_minor = minor(total);
    document->order.lines.at = ARENA_ARRAY(&f.arena, struct order_line, LINES_MAX);
    return document;
}

static struct order_line *add_line(struct document *order, const char *id, const char *sku, const char *qty,
                                   const char *price)
{
    struct order_line *line = &order->order.lines.at[order->order.lines.count++];
    line->id = text(id);
    line->sku = text(sku);
    line->qty_micro = micro(qty);
    line->unit_price_micro = micro(price);
    line->discount_minor = ABSENT;
    line->fulfil.cost_micro = ABSENT;
    return line;
}

static void add_tax(tax_list *taxes, const char *jurisdiction, const char *amount, enum remitter remitter)
{
    if (taxes->at == NULL) {
        taxes->at = ARENA_ARRAY(&f.arena, struct tax_line, TAXES_MAX);
    }
    taxes->at[taxes->count++] = (struct tax_line){TAX_SALES, text(jurisdiction), minor(amount), remitter};
}

/* What a SKU is, by how it begins. A kit is two mugs and a tin; alone a mug is 10.00 and a tin 20.00. */
static struct order_line_facts facts_of(struct span sku)
{
    static const struct order_component kit[] = {
        {.sku = {"mug", 3}, .qty_micro = 2 * MICRO, .weight_micro = 2000, .kind = ITEM_STOCKED},
        {.sku = {"tin", 3}, .qty_micro = MICRO, .weight_micro = 2000, .kind = ITEM_STOCKED},
    };
    static const struct uom uoms[] = {{{"box", 3}, 12 * MICRO}, {{"half", 4}, MICRO / 2}};
    struct order_line_facts facts = {
        .kind = ITEM_STOCKED,
        .uom_factor_micro = MICRO,
        .stock_uom = SPAN("each"),
        .uoms = uoms,
        .uom_count = COUNT_OF(uoms),
    };
    static const struct {
        const char *prefix;
        enum item_kind kind;
    } kinds[] = {{"service", ITEM_SERVICE}, {"card", ITEM_GIFT_CARD}, {"drop", ITEM_DROPSHIP},
                 {"either", ITEM_EITHER},   {"supply", ITEM_SUPPLY},  {"kit", ITEM_BUNDLE}};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        size_t len = strlen(kinds[i].prefix);
        if (sku.len >= len && memcmp(sku.ptr, kinds[i].prefix, len) == 0) {
            facts.kind = kinds[i].kind;
        }
    }
    if (facts.kind == ITEM_BUNDLE) {
        facts.components = kit;
        facts.component_count = COUNT_OF(kit);
    }
    return facts;
}

static size_t add_event(enum order_event_kind kind, struct document *document, size_t index)
{
    assert_true(f.count < EVENTS_MAX);
    struct policy *policy = ARENA_NEW(&f.arena, struct policy);
    *policy = f.policy;
    f.events[f.count] = (struct order_event){
        .key = {.at_us = (int64_t)f.count, .line = (int)index + 1, .source = document->source, .id = document->id},
        .kind = kind,
        .document = document,
        .index = index,
        .rate_e10 = document->money == f.home ? RATE_ONE : f.rate_e10,
        .order_rate_e10 = f.rate_e10,
        .policy = policy,
        .stated = policy,
    };
    return f.count++;
}

static size_t version(struct document *order)
{
    size_t count = order->order.lines.count;
    struct order_line_facts *facts = ARENA_ARRAY(&f.arena, struct order_line_facts, count);
    for (size_t i = 0; i < count; i++) {
        facts[i] = facts_of(order->order.lines.at[i].sku);
        if (span_eq(order->order.lines.at[i].uom, SPAN("box"))) {
            facts[i].uom_factor_micro = 12 * MICRO;
        }
    }
    size_t at = add_event(EVENT_VERSION, order, 0);
    f.events[at].facts = facts;
    return at;
}

static size_t pay(const char *amount)
{
    struct document *document = new_document(DOCUMENT_PAYMENT, "p");
    document->payment.gateway = SPAN("stripe");
    document->payment.amount_minor = minor(amount);
    return add_event(EVENT_PAYMENT, document, 0);
}

static struct document *new_shipment(const char *id)
{
    struct document *document = new_document(DOCUMENT_SHIPMENT, id);
    document->shipment.lines.at = ARENA_ARRAY(&f.arena, struct shipment_line, LINES_MAX);
    return document;
}

static struct shipment_line *add_shipped(struct document *shipment, const char *line, const char *qty)
{
    struct shipment_line *shipped = &shipment->shipment.lines.at[shipment->shipment.lines.count++];
    shipped->line = text(line);
    shipped->qty_micro = micro(qty);
    return shipped;
}

static size_t ship_all(void) { return add_event(EVENT_SHIPMENT, new_shipment("s"), 0); }

static size_t ship(const char *line, const char *qty)
{
    struct document *document = new_shipment("s");
    add_shipped(document, line, qty);
    return add_event(EVENT_SHIPMENT, document, 0);
}

static size_t cancel(const char *line, const char *qty)
{
    struct document *document = new_document(DOCUMENT_CANCEL, "c");
    if (line != NULL) {
        document->cancel.lines.at = ARENA_NEW(&f.arena, struct line_qty);
        document->cancel.lines.at[0] = (struct line_qty){.line = text(line), .qty_micro = micro(qty)};
        document->cancel.lines.count = 1;
    }
    return add_event(EVENT_CANCEL, document, 0);
}

static struct document *new_refund(const char *amount)
{
    struct document *document = new_document(DOCUMENT_REFUND, "r");
    document->refund.amount_minor = minor(amount);
    document->refund.lines.at = ARENA_ARRAY(&f.arena, struct refund_line, LINES_MAX);
    return document;
}

static struct refund_line *add_refunded(struct document *refund, const char *line, const char *qty, const char *amount)
{
    struct refund_line *refunded = &refund->refund.lines.at[refund->refund.lines.count++];
    *refunded = (struct refund_line){.line = text(line), .qty_micro = micro(qty), .amount_minor = minor(amount)};
    return refunded;
}

static size_t refund(const char *amount) { return add_event(EVENT_REFUND, new_refund(amount), 0); }

static size_t refund_line(const char *line, const char *qty, const char *amount)
{
    struct document *document = new_refund(amount);
    add_refunded(document, line, qty, amount);
    return add_event(EVENT_REFUND, document, 0);
}

static struct document *new_return(void)
{
    struct document *document = new_document(DOCUMENT_RETURN, "b");
    document->customer_return.lines.at = ARENA_ARRAY(&f.arena, struct return_line, LINES_MAX);
    return document;
}

static struct return_line *add_returned(struct document *returned, const char *line, const char *qty)
{
    struct return_line *back = &returned->customer_return.lines.at[returned->customer_return.lines.count++];
    *back = (struct return_line){
        .line = text(line), .qty_micro = micro(qty), .credit_minor = ABSENT, .unit_cost_micro = ABSENT};
    return back;
}

static size_t give_back(const char *line, const char *qty)
{
    struct document *document = new_return();
    add_returned(document, line, qty);
    return add_event(EVENT_RETURN, document, 0);
}

static size_t deliver(const char *shipment, const char *line, const char *qty)
{
    struct document *document = new_document(DOCUMENT_DELIVERY, "d");
    document->delivery.shipment.id = text(shipment);
    if (line != NULL) {
        document->delivery.lines.at = ARENA_NEW(&f.arena, struct line_qty);
        document->delivery.lines.at[0] = (struct line_qty){.line = text(line), .qty_micro = micro(qty)};
        document->delivery.lines.count = 1;
    }
    return add_event(EVENT_DELIVERY, document, 0);
}

/* ---- what came out ---- */

static void fold(void) { assert_true(order_fold(f.events, f.count, f.home, &f.arena, f.results, &f.state)); }

struct page {
    char at[8192];
    size_t len;
};

PRINTF_LIKE(2, 3)
static void write(struct page *page, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(page->at + page->len, sizeof page->at - page->len, format, args);
    va_end(args);
    assert_true(length >= 0 && (size_t)length < sizeof page->at - page->len);
    page->len += (size_t)length;
}

static void write_money(struct page *page, int64_t amount, currency c)
{
    char number[24];
    decimal_write(amount, currency_exponent(c), currency_exponent(c), number);
    write(page, " %s", number);
}

static void write_line(struct page *page, const struct line *line)
{
    write(page, "%s%s", page->len > 0 ? "\n" : "", role_name(line->role));
    if (line->sku.ptr != NULL) {
        write(page, "[%.*s/%.*s]", SPAN_ARG(line->sku), SPAN_ARG(line->order_line));
    }
    if (line->party.ptr != NULL) {
        write(page, "(%.*s)", SPAN_ARG(line->party));
    }
    if (line->tag.ptr != NULL) {
        write(page, "{%.*s}", SPAN_ARG(line->tag));
    }
    if (!span_eq(line->order, SPAN("1001"))) {
        write(page, "#%.*s", SPAN_ARG(line->order));
    }
    write_money(page, line->amount_minor, f.home);
    if (line->original_currency != 0) {
        char code[4];
        write_money(page, line->original_minor, line->original_currency);
        write(page, " %s", currency_code(line->original_currency, code));
    }
}

/* The event stands and posts these lines; every one of them carries the order's channel. */
static void expect(size_t event, const char *lines)
{
    const struct order_result *result = &f.results[event];
    struct page page = {.len = 0};
    page.at[0] = '\0';
    if (result->state != EVENT_STANDS) {
        write(&page, "%s: %.*s", refusal_name(result->refusal), SPAN_ARG(result->detail));
    }
    for (size_t i = 0; i < result->lines.count; i++) {
        write_line(&page, &result->lines.at[i]);
        assert_true(span_eq(result->lines.at[i].channel, SPAN("web")));
    }
    assert_string_equal(page.at, lines);
}

static void expect_effects(size_t event, const char *effects)
{
    static const char *const kinds[] = {"issue", "deliver", "return", "sell", "unsell"};
    static const char *const dispositions[] = {"",      " sellable", " quarantined", " damaged",
                                               " lost", " kept",     " to_supplier"};
    const struct order_result *result = &f.results[event];
    struct page page = {.len = 0};
    page.at[0] = '\0';
    for (size_t i = 0; i < result->effect_count; i++) {
        const struct stock_effect *effect = &result->effects[i];
        char qty[24];
        decimal_write(effect->qty_micro, MICRO_PLACES, 0, qty);
        write(&page, "%s%s %d.%d %.*s/%.*s x%s", i > 0 ? "\n" : "", kinds[effect->kind], effect->line, effect->part,
              SPAN_ARG(effect->sku), SPAN_ARG(effect->order_line), qty);
        if (effect->location.ptr != NULL) {
            write(&page, " @%.*s", SPAN_ARG(effect->location));
        }
        write(&page, "%s", dispositions[effect->disposition]);
        if (effect->revenue_minor != 0) {
            write_money(&page, effect->revenue_minor, f.home);
        }
    }
    assert_string_equal(page.at, effects);
}

static void expect_no(size_t event, enum refusal refusal, const char *detail)
{
    const struct order_result *result = &f.results[event];
    assert_string_equal(refusal_name(result->refusal), refusal_name(refusal));
    bool waits = refusal == REFUSAL_EXCEEDS_OPEN || refusal == REFUSAL_WAITS_DOCUMENT;
    assert_int_equal(result->state, waits ? EVENT_WAITS : EVENT_REFUSED);
    assert_int_equal(result->lines.count, 0);
    assert_int_equal(result->effect_count, 0);
    if (detail != NULL) {
        char said[500];
        snprintf(said, sizeof said, "%.*s", SPAN_ARG(result->detail));
        assert_string_equal(said, detail);
    }
}

static void expect_account(const char *deposit, const char *receivable, const char *refunds_due, bool finished)
{
    assert_int_equal(f.state.deposit_minor, minor(deposit));
    assert_int_equal(f.state.receivable_minor, minor(receivable));
    assert_int_equal(f.state.refunds_due_minor, minor(refunds_due));
    assert_int_equal(f.state.finished, finished);
}

/* One line of `qty` at `price` each, paid in full. */
static void paid_order(const char *qty, const char *price, const char *total)
{
    start_order();
    struct document *order = new_order(total);
    add_line(order, "1", "A", qty, price);
    version(order);
    pay(total);
}

/* ---- the worked examples ---- */

static void example_6_ships_from_stock_and_from_a_supplier_in_two_months(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("108.00");
    add_line(order, "1", "A", "1", "60.00");
    struct order_line *drop = add_line(order, "2", "dropB", "1", "40.00");
    drop->fulfil.by = FULFIL_DROPSHIP;
    drop->fulfil.supplier = SPAN("acme");
    drop->fulfil.cost_micro = micro("22.00");
    order->order.shipping.amount_minor = minor("8.00");
    size_t opens = version(order), paid = pay("108.00");
    struct document *stock = new_shipment("s1"), *supplier = new_shipment("s2");
    stock->shipment.location = SPAN("main");
    supplier->shipment.supplier = SPAN("acme");
    size_t first = add_event(EVENT_SHIPMENT, stock, 0), second = add_event(EVENT_SHIPMENT, supplier, 0);
    fold();
    expect(opens, "");
    expect(paid, "gateway_clearing(stripe) 108.00\n"
                 "customer_deposits -108.00");
    expect(first, "customer_deposits 64.80\n"
                  "sales[A/1] -60.00\n"
                  "shipping_income -4.80");
    expect_effects(first, "issue 1.0 A/1 x1 @main 60.00");
    expect(second, "customer_deposits 43.20\n"
                   "accrued_purchases[dropB/2](acme) -22.00\n"
                   "sales[dropB/2] -40.00\n"
                   "shipping_income -3.20\n"
                   "cost_of_sales_dropship[dropB/2] 22.00");
    expect_effects(second, "");
    expect_account("0", "0", "0", true);
}

static void example_7_splits_a_bundles_revenue_by_stand_alone_price(void **state)
{
    (void)state;
    paid_order("1", "30.00", "30.00");
    f.events[0].document->order.lines.at[0].sku = SPAN("kit");
    f.count = 0;
    version((struct document *)(uintptr_t)f.events[0].document);
    pay("30.00");
    size_t shipped = ship_all();
    fold();
    expect(shipped, "customer_deposits 30.00\n"
                    "sales[mug/1] -15.00\n"
                    "sales[tin/1] -15.00");
    expect_effects(shipped, "issue 1.1 mug/1 x2 15.00\n"
                            "issue 1.2 tin/1 x1 15.00");
}

static void example_12_puts_the_payment_into_clearing_at_its_rate(void **state)
{
    (void)state;
    start_order();
    f.money = currency_find(SPAN("EUR"));
    f.rate_e10 = INT64_C(11000000000);
    struct document *order = new_order("110.00");
    add_line(order, "1", "A", "1", "110.00");
    version(order);
    size_t paid = pay("110.00");
    f.rate_e10 = INT64_C(12000000000);
    size_t shipped = ship_all();
    fold();
    expect(paid, "gateway_clearing(stripe) 121.00 110.00 EUR\n"
                 "customer_deposits -121.00 -110.00 EUR");
    /* Revenue is worth what the deposit carried, not the day's rate. */
    expect(shipped, "customer_deposits 121.00 110.00 EUR\n"
                    "sales[A/1] -121.00 -110.00 EUR");
    assert_true(f.state.finished);
}

static void example_15_takes_back_sales_and_tax_and_keeps_a_fee(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("54.00");
    add_tax(&add_line(order, "1", "A", "1", "50.00")->tax, "CA", "4.00", REMITTER_MERCHANT);
    version(order);
    pay("54.00");
    size_t shipped = ship_all();
    struct document *back = new_refund("49.00");
    add_tax(&add_refunded(back, "1", "1", "50.00")->tax, "CA", "4.00", REMITTER_MERCHANT);
    back->refund.restocking_fee_minor = minor("5.00");
    size_t refunded = add_event(EVENT_REFUND, back, 0), returned = give_back("1", "1");
    fold();
    expect(shipped, "customer_deposits 54.00\n"
                    "sales_tax_payable[A/1](CA) -4.00\n"
                    "sales[A/1] -50.00");
    expect(refunded, "gateway_clearing(stripe) -49.00\n"
                     "sales_tax_payable[A/1](CA) 4.00\n"
                     "restocking_fee_income -5.00\n"
                     "returns_and_allowances[A/1] 50.00");
    expect(returned, "");
    expect_effects(returned, "return 1.0 A/1 x1 sellable");
    expect_account("0", "0", "0", true);
    assert_int_equal(f.state.lines[0].refundable_minor, 0);
    assert_int_equal(f.state.lines[0].refunded_micro, MICRO);
    assert_int_equal(f.state.lines[0].returned_micro, MICRO);
}

static void example_16_cancels_after_payment_without_sales_or_stock(void **state)
{
    (void)state;
    paid_order("1", "30.00", "30.00");
    size_t cancelled = cancel(NULL, NULL), refunded = refund("30.00");
    fold();
    expect(cancelled, "customer_deposits 30.00\n"
                      "refunds_due -30.00");
    expect(refunded, "gateway_clearing(stripe) -30.00\n"
                     "refunds_due 30.00");
    expect_effects(cancelled, "");
    expect_account("0", "0", "0", true);
    assert_int_equal(f.state.reservation_count, 0);
}

static void example_18_recognises_at_delivery(void **state)
{
    (void)state;
    paid_order("1", "20.00", "20.00");
    for (size_t i = 0; i < f.count; i++) {
        ((struct policy *)(uintptr_t)f.events[i].policy)->revenue_at = REVENUE_AT_DELIVERY;
    }
    set_policy("revenue_at", "delivery");
    size_t shipped = ship_all(), delivered = deliver("s", NULL, NULL);
    fold();
    expect(shipped, "");
    expect_effects(shipped, "issue 1.0 A/1 x1");
    expect(delivered, "customer_deposits 20.00\n"
                      "sales[A/1] -20.00");
    expect_effects(delivered, "deliver 1.0 A/1 x1 20.00");
    expect_account("0", "0", "0", true);
    assert_int_equal(f.state.lines[0].delivered_micro, MICRO);
}

/* ---- value ---- */

static void part_shipments_lose_no_cent(void **state)
{
    (void)state;
    paid_order("3", "3.333333", "10.00");
    size_t first = ship("1", "1"), second = ship("1", "1"), third = ship("1", "1");
    fold();
    expect(first, "customer_deposits 3.33\nsales[A/1] -3.33");
    expect(second, "customer_deposits 3.34\nsales[A/1] -3.34");
    expect(third, "customer_deposits 3.33\nsales[A/1] -3.33");
}

static void order_discount_shipping_and_their_taxes_are_split_over_lines(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("34.20");
    add_tax(&add_line(order, "1", "A", "1", "10.00")->tax, "CA", "0.80", REMITTER_MERCHANT);
    add_line(order, "2", "B", "2", "10.00");
    order->order.discount_minor = minor("1.00");
    order->order.shipping.amount_minor = minor("5.00");
    order->order.shipping.discount_minor = minor("1.00");
    add_tax(&order->order.shipping.tax, "CA", "0.40", REMITTER_MERCHANT);
    version(order);
    pay("34.20");
    size_t first = ship("1", "1"), half = ship("2", "1"), rest = ship_all();
    fold();
    expect(first, "customer_deposits 11.94\n"
                  "sales_tax_payable(CA){shipping} -0.13\n"
                  "sales_tax_payable[A/1](CA) -0.80\n"
                  "sales[A/1] -10.00\n"
                  "shipping_income -1.67\n"
                  "discounts{shipping} 0.33\n"
                  "discounts[A/1] 0.33");
    expect(half, "customer_deposits 11.13\n"
                 "sales_tax_payable(CA){shipping} -0.14\n"
                 "sales[B/2] -10.00\n"
                 "shipping_income -1.67\n"
                 "discounts{shipping} 0.34\n"
                 "discounts[B/2] 0.34");
    expect(rest, "customer_deposits 11.13\n"
                 "sales_tax_payable(CA){shipping} -0.13\n"
                 "sales[B/2] -10.00\n"
                 "shipping_income -1.66\n"
                 "discounts{shipping} 0.33\n"
                 "discounts[B/2] 0.33");
    expect_account("0", "0", "0", true);
}

/* Free carriage may still be taxed. */
static void a_tax_on_shipping_alone_is_split_over_lines_too(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.50");
    add_line(order, "1", "A", "1", "10.00");
    add_line(order, "2", "B", "1", "20.00");
    add_tax(&order->order.shipping.tax, "CA", "0.50", REMITTER_MERCHANT);
    version(order);
    pay("30.50");
    size_t first = ship("1", "1"), rest = ship("2", "1");
    fold();
    expect(first, "customer_deposits 10.17\nsales_tax_payable(CA){shipping} -0.17\nsales[A/1] -10.00");
    expect(rest, "customer_deposits 20.33\nsales_tax_payable(CA){shipping} -0.33\nsales[B/2] -20.00");
}

static void the_order_discount_follows_what_the_lines_own_discounts_left(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("12.00");
    add_line(order, "1", "A", "1", "10.00")->discount_minor = minor("5.00");
    add_line(order, "2", "B", "1", "10.00");
    order->order.discount_minor = minor("3.00");
    version(order);
    size_t shipped = ship_all();
    fold();
    expect(shipped, "accounts_receivable 12.00\n"
                    "sales[A/1] -10.00\n"
                    "sales[B/2] -10.00\n"
                    "discounts[A/1] 6.00\n"
                    "discounts[B/2] 2.00");
}

static void included_taxes_are_taken_out_of_sales_and_shipping(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("18.00");
    order->order.tax_included = TRUTH_TRUE;
    add_tax(&add_line(order, "1", "A", "1", "12.00")->tax, "DE", "2.00", REMITTER_MERCHANT);
    order->order.shipping.amount_minor = minor("6.00");
    add_tax(&order->order.shipping.tax, "DE", "1.00", REMITTER_MERCHANT);
    version(order);
    pay("18.00");
    size_t shipped = ship_all();
    fold();
    expect(shipped, "customer_deposits 18.00\n"
                    "sales_tax_payable(DE){shipping} -1.00\n"
                    "sales_tax_payable[A/1](DE) -2.00\n"
                    "sales[A/1] -10.00\n"
                    "shipping_income -5.00");
}

static void rounding_rides_on_the_first_line_up_to_the_limit(void **state)
{
    (void)state;
    static const struct {
        const char *total, *posted;
    } rows[] = {
        {"10.03", "customer_deposits 10.03\nsales[A/1] -10.00\nrounding -0.03"},
        {"9.95", "customer_deposits 9.95\nsales[A/1] -10.00\nrounding 0.05"},
        {"10.06", NULL},
        {"9.94", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        paid_order("1", "10.00", rows[i].total);
        size_t shipped = ship_all();
        fold();
        if (rows[i].posted != NULL) {
            expect(shipped, rows[i].posted);
        } else {
            expect_no(0, REFUSAL_TOTAL_DIFFERS, NULL);
            expect_no(shipped, REFUSAL_WAITS_DOCUMENT, "no version of the order stands yet");
        }
    }
}

static void marketplace_tax_and_tip_come_with_the_first_capture(void **state)
{
    (void)state;
    static const struct {
        const char *captures[2];
        const char *posted[2];
    } rows[] = {
        {{"60.00", "50.25"},
         {"gateway_clearing(stripe) 60.00\ncustomer_deposits -49.75\nmarketplace_tax_withheld -8.25\ntips -2.00",
          "gateway_clearing(stripe) 50.25\ncustomer_deposits -50.25"}},
        /* What the first does not cover rides on the next: tax first, then the tip. */
        {{"9.00", "101.25"},
         {"gateway_clearing(stripe) 9.00\nmarketplace_tax_withheld -8.25\ntips -0.75",
          "gateway_clearing(stripe) 101.25\ncustomer_deposits -100.00\ntips -1.25"}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        start_order();
        struct document *order = new_order("110.25");
        add_tax(&add_line(order, "1", "A", "1", "100.00")->tax, "WA", "8.25", REMITTER_MARKETPLACE);
        order->order.tip_minor = minor("2.00");
        version(order);
        size_t first = pay(rows[i].captures[0]), second = pay(rows[i].captures[1]), shipped = ship_all();
        fold();
        expect(first, rows[i].posted[0]);
        expect(second, rows[i].posted[1]);
        expect(shipped, "customer_deposits 100.00\nsales[A/1] -100.00");
        expect_account("0", "0", "0", true);
    }
}

static void a_bundles_parts_ship_apart_and_its_taxes_when_it_is_complete(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("66.00");
    struct order_line *kits = add_line(order, "1", "kit", "2", "31.00");
    kits->discount_minor = minor("1.00");
    add_tax(&kits->tax, "CA", "5.00", REMITTER_MERCHANT);
    version(order);
    pay("66.00");
    struct document *mugs = new_shipment("s1"), *tin = new_shipment("s2");
    add_shipped(mugs, "1", "3")->component = SPAN("mug");
    add_shipped(tin, "1", "1")->component = SPAN("tin");
    size_t first = add_event(EVENT_SHIPMENT, mugs, 0), second = add_event(EVENT_SHIPMENT, tin, 0), rest = ship_all();
    fold();
    expect(first, "customer_deposits 22.87\n"
                  "sales[mug/1] -23.25\n"
                  "discounts[mug/1] 0.38");
    expect_effects(first, "issue 1.1 mug/1 x3 22.87");
    expect(second, "customer_deposits 17.75\n"
                   "sales_tax_payable[kit/1](CA) -2.50\n"
                   "sales[tin/1] -15.50\n"
                   "discounts[tin/1] 0.25");
    expect(rest, "customer_deposits 25.38\n"
                 "sales_tax_payable[kit/1](CA) -2.50\n"
                 "sales[mug/1] -7.75\n"
                 "sales[tin/1] -15.50\n"
                 "discounts[mug/1] 0.12\n"
                 "discounts[tin/1] 0.25");
    assert_int_equal(f.state.lines[0].shipped_micro, 2 * MICRO);
    expect_account("0", "0", "0", true);
}

static void a_bundle_is_complete_when_all_its_parts_are_used_up(void **state)
{
    (void)state;
    /* A third of a set holds 0.083333 of its quarter, which is the quarter of a little less than that third. */
    static const struct order_component quarter[] = {
        {.sku = {"part", 4}, .qty_micro = MICRO / 4, .weight_micro = 1, .kind = ITEM_STOCKED}};
    start_order();
    struct document *order = new_order("10009.99");
    add_tax(&add_line(order, "1", "kit", "0.333333", "30.00")->tax, "CA", "9999.99", REMITTER_MERCHANT);
    struct order_line_facts facts = facts_of(SPAN("kit"));
    facts.components = quarter;
    facts.component_count = 1;
    f.events[version(order)].facts = &facts;
    size_t shipped = ship_all();
    fold();
    expect(shipped, "accounts_receivable 10009.99\nsales_tax_payable[kit/1](CA) -9999.99\nsales[part/1] -10.00");
    assert_int_equal(f.state.lines[0].shipped_micro, 333333);
    assert_int_equal(f.state.lines[0].open_micro, 0);
}

static void units_of_measure_count_in_the_unit_that_is_named(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("48.00");
    add_line(order, "1", "A", "2", "24.00")->uom = SPAN("box");
    version(order);
    pay("48.00");
    struct document *pieces = new_shipment("s1"), *by_sku = new_shipment("s2"), *unknown = new_shipment("s3");
    add_shipped(pieces, "1", "3")->uom = SPAN("each");
    *add_shipped(by_sku, NULL, "9") = (struct shipment_line){.sku = SPAN("A"), .qty_micro = 9 * MICRO};
    add_shipped(unknown, "1", "1")->uom = SPAN("pallet");
    size_t first = add_event(EVENT_SHIPMENT, pieces, 0), second = add_event(EVENT_SHIPMENT, by_sku, 0);
    size_t none = add_event(EVENT_SHIPMENT, unknown, 0), box = ship("1", "1");
    fold();
    expect(first, "customer_deposits 6.00\nsales[A/1] -6.00");
    expect_effects(first, "issue 1.0 A/1 x3 6.00");
    expect(second, "customer_deposits 18.00\nsales[A/1] -18.00");
    expect_no(none, REFUSAL_UOM_UNKNOWN, "line 1: the item has no unit pallet");
    expect(box, "customer_deposits 24.00\nsales[A/1] -24.00");
    expect_effects(box, "issue 1.0 A/1 x12 24.00");
    assert_int_equal(f.state.lines[0].shipped_micro, 2 * MICRO);
}

/* ---- payments and the account ---- */

static void an_authorised_or_void_payment_stands_and_posts_nothing(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("10.00");
    add_line(order, "1", "A", "1", "10.00");
    struct order_payment payments[] = {
        {.gateway = SPAN("stripe"), .amount_minor = 1000, .status = PAYMENT_AUTHORISED},
        {.gateway = SPAN("stripe"), .amount_minor = 1000, .status = PAYMENT_VOID},
        {.gateway = SPAN("paypal"), .amount_minor = 1000, .status = PAYMENT_CAPTURED},
    };
    order->order.payments.at = payments;
    order->order.payments.count = COUNT_OF(payments);
    version(order);
    for (size_t i = 0; i < COUNT_OF(payments); i++) {
        add_event(EVENT_PAYMENT, order, i);
    }
    fold();
    expect(1, "");
    expect(2, "");
    expect(3, "gateway_clearing(paypal) 10.00\ncustomer_deposits -10.00");
}

static void an_order_on_account_is_receivable_until_it_is_paid(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("10.00");
    add_line(order, "1", "A", "1", "10.00");
    version(order);
    size_t shipped = ship_all(), part = pay("4.00"), rest = pay("8.50");
    fold();
    expect(shipped, "accounts_receivable 10.00\nsales[A/1] -10.00");
    expect(part, "gateway_clearing(stripe) 4.00\naccounts_receivable -4.00");
    /* What is over is owed back at once. */
    expect(rest, "gateway_clearing(stripe) 8.50\naccounts_receivable -6.00\nrefunds_due -2.50");
    expect_account("0", "0", "2.50", false);
}

static void a_shipment_takes_the_deposit_first(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("20.00");
    add_line(order, "1", "A", "2", "10.00");
    version(order);
    pay("15.00");
    size_t first = ship("1", "1"), second = ship("1", "1");
    fold();
    expect(first, "customer_deposits 10.00\nsales[A/1] -10.00");
    expect(second, "accounts_receivable 5.00\ncustomer_deposits 5.00\nsales[A/1] -10.00");
    expect_account("0", "5.00", "0", false);
}

static void money_beyond_the_open_value_is_due_back(void **state)
{
    (void)state;
    paid_order("1", "10.00", "10.00");
    size_t again = pay("3.00");
    fold();
    expect(again, "gateway_clearing(stripe) 3.00\nrefunds_due -3.00");
    expect_account("10.00", "0", "3.00", false);
}

static void gift_cards_are_a_liability_when_sold_and_a_payment_when_used(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("75.00");
    add_line(order, "1", "card50", "1", "50.00");
    add_line(order, "2", "A", "1", "25.00");
    version(order);
    struct document *card = new_document(DOCUMENT_PAYMENT, "g");
    card->payment.gateway = SPAN("giftcard");
    card->payment.gift_card = SPAN("GC-7");
    card->payment.amount_minor = minor("20.00");
    size_t redeemed = add_event(EVENT_PAYMENT, card, 0), paid = pay("55.00"), shipped = ship_all();
    fold();
    expect(redeemed, "customer_deposits -20.00\ngift_card_liability(GC-7) 20.00");
    expect(paid, "gateway_clearing(stripe) 55.00\ncustomer_deposits -55.00");
    expect(shipped, "customer_deposits 75.00\n"
                    "gift_card_liability[card50/1](1001) -50.00\n"
                    "sales[A/2] -25.00");
    expect_effects(shipped, "issue 2.0 A/2 x1 25.00");
}

static void services_and_digital_lines_earn_at_a_shipment_and_move_no_stock(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    add_line(order, "1", "service", "1", "10.00");
    add_line(order, "2", "A", "1", "20.00")->fulfil.by = FULFIL_DIGITAL;
    version(order);
    size_t shipped = ship_all();
    fold();
    expect(shipped, "accounts_receivable 30.00\nsales[A/2] -20.00\nsales[service/1] -10.00");
    expect_effects(shipped, "");
}

static void a_shipments_cost_is_accrued_to_its_carrier(void **state)
{
    (void)state;
    paid_order("1", "10.00", "10.00");
    struct document *shipment = new_shipment("s");
    shipment->shipment.carrier = SPAN("ups");
    shipment->shipment.cost_minor = minor("3.20");
    size_t shipped = add_event(EVENT_SHIPMENT, shipment, 0);
    fold();
    expect(shipped, "customer_deposits 10.00\n"
                    "accrued_shipping(ups) -3.20\n"
                    "sales[A/1] -10.00\n"
                    "shipping_cost(ups) 3.20");
}

/* ---- dropship ---- */

static void dropship_cost_is_drawn_from_the_whole_lines_cost(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    struct order_line *line = add_line(order, "1", "drop", "3", "10.00");
    line->fulfil.supplier = SPAN("acme");
    line->fulfil.cost_micro = micro("3.333333");
    version(order);
    size_t first = ship("1", "1"), second = ship("1", "2");
    fold();
    expect(first, "accounts_receivable 10.00\n"
                  "accrued_purchases[drop/1](acme) -3.33\n"
                  "sales[drop/1] -10.00\n"
                  "cost_of_sales_dropship[drop/1] 3.33");
    expect(second, "accounts_receivable 20.00\n"
                   "accrued_purchases[drop/1](acme) -6.67\n"
                   "sales[drop/1] -20.00\n"
                   "cost_of_sales_dropship[drop/1] 6.67");
    assert_true(f.state.lines[0].dropship);
}

static void cancelled_dropship_units_cost_nothing(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    struct order_line *line = add_line(order, "1", "drop", "3", "10.00");
    line->fulfil.supplier = SPAN("acme");
    line->fulfil.cost_micro = micro("4.00");
    version(order);
    cancel("1", "1");
    size_t shipped = ship_all();
    fold();
    expect(shipped, "accounts_receivable 20.00\n"
                    "accrued_purchases[drop/1](acme) -8.00\n"
                    "sales[drop/1] -20.00\n"
                    "cost_of_sales_dropship[drop/1] 8.00");
}

static void a_cancel_between_dropshipments_takes_its_own_part_of_cost_and_accrual(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("40.00");
    struct order_line *line = add_line(order, "1", "drop", "4", "10.00");
    line->fulfil.supplier = SPAN("acme");
    line->fulfil.cost_micro = micro("4.00");
    version(order);
    size_t first = ship("1", "1");
    cancel("1", "1");
    size_t rest = ship_all();
    fold();
    expect(first, "accounts_receivable 10.00\n"
                  "accrued_purchases[drop/1](acme) -4.00\n"
                  "sales[drop/1] -10.00\n"
                  "cost_of_sales_dropship[drop/1] 4.00");
    expect(rest, "accounts_receivable 20.00\n"
                 "accrued_purchases[drop/1](acme) -8.00\n"
                 "sales[drop/1] -20.00\n"
                 "cost_of_sales_dropship[drop/1] 8.00");
}

static void an_agent_has_commission_instead_of_sales_and_cost(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_gross", "net");
    struct document *order = new_order("51.00");
    struct order_line *line = add_line(order, "1", "drop", "1", "49.00");
    line->fulfil.supplier = SPAN("acme");
    line->fulfil.cost_micro = micro("20.00");
    add_tax(&line->tax, "CA", "2.00", REMITTER_MERCHANT);
    version(order);
    pay("51.00");
    size_t shipped = ship_all(), refunded = refund_line("1", "1", "49.00");
    fold();
    expect(shipped, "customer_deposits 51.00\n"
                    "sales_tax_payable[drop/1](CA) -2.00\n"
                    "accrued_purchases[drop/1](acme) -20.00\n"
                    "commission_income[drop/1] -29.00");
    expect(refunded, "gateway_clearing(stripe) -49.00\ncommission_income[drop/1] 49.00");
}

static void an_item_that_comes_either_way_is_dropshipped_when_a_supplier_ships_it(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("20.00");
    add_line(order, "1", "either", "2", "10.00");
    version(order);
    struct document *supplier = new_shipment("s1"), *again = new_shipment("s2");
    supplier->shipment.supplier = SPAN("acme");
    add_shipped(supplier, "1", "1");
    again->shipment.supplier = SPAN("acme");
    size_t from_supplier = add_event(EVENT_SHIPMENT, supplier, 0);
    fold();
    expect_effects(from_supplier, "");
    assert_int_equal(f.state.reservation_count, 0);

    f.count = 1;
    size_t from_stock = ship("1", "1"), mixed = add_event(EVENT_SHIPMENT, again, 0);
    fold();
    expect_effects(from_stock, "issue 1.0 either/1 x1 10.00");
    expect_no(mixed, REFUSAL_UNSUPPORTED, "line 1: some units came from stock, now a supplier ships");
}

static void a_supplier_takes_a_dropshipped_unit_back_for_its_cost_or_a_stated_credit(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    struct order_line *line = add_line(order, "1", "drop", "3", "10.00");
    line->fulfil.supplier = SPAN("acme");
    line->fulfil.cost_micro = micro("4.00");
    version(order);
    ship_all();
    struct document *back = new_return(), *less = new_return(), *sellable = new_return();
    add_returned(back, "1", "1")->disposition = DISPOSITION_TO_SUPPLIER;
    add_returned(less, "1", "1")->disposition = DISPOSITION_TO_SUPPLIER;
    less->customer_return.lines.at[0].credit_minor = minor("1.50");
    add_returned(sellable, "1", "1");
    size_t first = add_event(EVENT_RETURN, back, 0), second = add_event(EVENT_RETURN, less, 0);
    size_t third = add_event(EVENT_RETURN, sellable, 0);
    fold();
    expect(first, "accrued_purchases[drop/1](acme){return} 4.00\ncost_of_sales_dropship[drop/1]{return} -4.00");
    expect(second, "accrued_purchases[drop/1](acme){return} 1.50\ncost_of_sales_dropship[drop/1]{return} -1.50");
    expect_effects(first, "");
    expect_no(third, REFUSAL_UNSUPPORTED, "line 1: a dropshipped item cannot come back into stock yet");
}

static void a_whole_order_shipment_leaves_lines_bound_elsewhere(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("50.00");
    add_line(order, "1", "A", "1", "10.00");
    add_line(order, "2", "B", "1", "10.00")->fulfil.location = SPAN("east");
    add_line(order, "3", "drop1", "1", "10.00")->fulfil.supplier = SPAN("acme");
    add_line(order, "4", "drop2", "1", "10.00")->fulfil.supplier = SPAN("other");
    add_line(order, "5", "service", "1", "10.00");
    version(order);
    struct document *acme = new_shipment("s1"), *west = new_shipment("s2");
    acme->shipment.supplier = SPAN("acme");
    west->shipment.location = SPAN("west");
    size_t by_acme = add_event(EVENT_SHIPMENT, acme, 0), from_west = add_event(EVENT_SHIPMENT, west, 0);
    size_t nothing = add_event(EVENT_SHIPMENT, west, 0), rest = ship_all();
    fold();
    expect(by_acme, "accounts_receivable 20.00\nsales[drop1/3] -10.00\nsales[service/5] -10.00");
    expect(from_west, "accounts_receivable 10.00\nsales[A/1] -10.00");
    expect_effects(from_west, "issue 1.0 A/1 x1 @west 10.00");
    expect_no(nothing, REFUSAL_EXCEEDS_OPEN, "no line has open units to ship");
    expect(rest, "accounts_receivable 20.00\nsales[B/2] -10.00\nsales[drop2/4] -10.00");
    expect_effects(rest, "issue 2.0 B/2 x1 @east 10.00");
}

/* ---- caps ---- */

static void shipping_more_than_ordered_is_refused_and_more_than_open_waits(void **state)
{
    (void)state;
    paid_order("3", "10.00", "30.00");
    cancel("1", "1");
    size_t beyond = ship("1", "4"), waits = ship("1", "3"), fits = ship("1", "2"), nothing = ship_all();
    size_t unknown = ship("9", "1");
    struct document *twice = new_shipment("s");
    add_shipped(twice, "1", "1");
    add_shipped(twice, "1", "1");
    f.events[fits].document = twice;
    fold();
    expect_no(beyond, REFUSAL_EXCEEDS_ORDERED, "line 1, A: 4 to ship, 3 ordered and not shipped");
    expect_no(waits, REFUSAL_EXCEEDS_OPEN, "line 1, A: 3 to ship, 2 open");
    expect(fits, "customer_deposits 20.00\nsales[A/1] -20.00");
    expect_effects(fits, "issue 1.0 A/1 x1 10.00\nissue 2.0 A/1 x1 10.00");
    expect_no(nothing, REFUSAL_EXCEEDS_OPEN, NULL);
    expect_no(unknown, REFUSAL_LINE_UNKNOWN, "the order has no line 9");
}

static void a_sku_names_a_line_only_where_it_fits_one(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    add_line(order, "1", "A", "1", "10.00");
    add_line(order, "2", "A", "1", "10.00");
    add_line(order, "3", "B", "1", "10.00");
    version(order);
    struct document *shipments[3];
    const char *const skus[] = {"A", "B", "C"};
    for (size_t i = 0; i < 3; i++) {
        shipments[i] = new_shipment("s");
        *add_shipped(shipments[i], NULL, "1") = (struct shipment_line){.sku = text(skus[i]), .qty_micro = MICRO};
        add_event(EVENT_SHIPMENT, shipments[i], 0);
    }
    fold();
    expect_no(1, REFUSAL_LINE_AMBIGUOUS, "SKU A stands on several lines of the order");
    expect(2, "accounts_receivable 10.00\nsales[B/3] -10.00");
    expect_no(3, REFUSAL_LINE_UNKNOWN, "the order has no line of SKU C");
}

static void cancels_take_open_units_only(void **state)
{
    (void)state;
    paid_order("5", "10.00", "50.00");
    ship("1", "2");
    size_t beyond = cancel("1", "6"), shipped = cancel("1", "4"), first = cancel("1", "1"), waits = cancel("1", "3");
    size_t rest = cancel(NULL, NULL), nothing = cancel(NULL, NULL);
    fold();
    expect_no(beyond, REFUSAL_EXCEEDS_ORDERED, "line 1: 6 to cancel, 5 ordered");
    expect_no(shipped, REFUSAL_SHIPPED_UNITS, "line 1: 4 to cancel, 2 shipped");
    expect(first, "customer_deposits 10.00\nrefunds_due -10.00");
    expect_no(waits, REFUSAL_EXCEEDS_OPEN, "line 1: 3 to cancel, 2 open");
    expect(rest, "customer_deposits 20.00\nrefunds_due -20.00");
    expect_no(nothing, REFUSAL_EXCEEDS_OPEN, "no line has open units to cancel");
    assert_int_equal(f.state.lines[0].cancelled_micro, 3 * MICRO);
    assert_int_equal(f.state.lines[0].open_micro, 0);
    assert_int_equal(f.state.lines[0].refundable_minor, 5000);

    paid_order("1", "10.00", "10.00");
    ship_all();
    size_t late = cancel(NULL, NULL);
    fold();
    expect_no(late, REFUSAL_SHIPPED_UNITS, "every unit was shipped");
}

/* Each cancelled unit gives back its part of what was charged with it, and of nothing else. */
static void a_cancel_gives_back_its_part_of_shipping_discount_and_tax(void **state)
{
    static const struct {
        const char *shipping, *discount, *tax, *total, *back;
    } rows[] = {
        {NULL, NULL, NULL, "30.00", "10.00"},     {"3.00", NULL, NULL, "33.00", "11.00"},
        {NULL, "3.00", NULL, "27.00", "9.00"},    {NULL, NULL, "1.50", "31.50", "10.50"},
        {"3.00", "3.00", NULL, "30.00", "10.00"}, {"3.00", "3.00", "1.50", "31.50", "10.50"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        start_order();
        struct document *order = new_order(rows[i].total);
        struct order_line *line = add_line(order, "1", "A", "3", "10.00");
        order->order.shipping.amount_minor = minor(rows[i].shipping);
        order->order.discount_minor = minor(rows[i].discount);
        if (rows[i].tax != NULL) {
            add_tax(&line->tax, "CA", rows[i].tax, REMITTER_MERCHANT);
        }
        version(order);
        pay(rows[i].total);
        size_t cancelled = cancel("1", "1");
        fold();
        char wanted[100];
        snprintf(wanted, sizeof wanted, "customer_deposits %s\nrefunds_due -%s", rows[i].back, rows[i].back);
        expect(cancelled, wanted);
    }
}

static void what_comes_back_was_shipped_before(void **state)
{
    (void)state;
    paid_order("2", "10.00", "20.00");
    size_t early = give_back("1", "1");
    ship("1", "1");
    size_t waits = give_back("1", "2"), beyond = give_back("1", "3"), fits = give_back("1", "1");
    size_t again = give_back("1", "1");
    fold();
    expect_no(early, REFUSAL_EXCEEDS_OPEN, "line 1, A: 1 came back, 0 shipped and not returned");
    expect_no(waits, REFUSAL_EXCEEDS_OPEN, "line 1, A: 2 came back, 1 shipped and not returned");
    expect_no(beyond, REFUSAL_EXCEEDS_ORDERED, "line 1, A: 3 came back, 2 ordered");
    expect(fits, "");
    expect_no(again, REFUSAL_EXCEEDS_OPEN, NULL);
}

static void a_returned_bundle_comes_back_as_its_components(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("60.00");
    add_line(order, "1", "kit", "2", "30.00");
    version(order);
    ship_all();
    struct document *tin = new_return(), *none = new_return();
    struct return_line *line = add_returned(tin, "1", "1");
    line->component = SPAN("tin");
    line->disposition = DISPOSITION_DAMAGED;
    tin->customer_return.location = SPAN("back");
    add_returned(none, "1", "1")->component = SPAN("plate");
    size_t whole = give_back("1", "1"), part = add_event(EVENT_RETURN, tin, 0);
    size_t unknown = add_event(EVENT_RETURN, none, 0), beyond = give_back("1", "1");
    fold();
    expect_effects(whole, "return 1.1 mug/1 x2 sellable\nreturn 1.2 tin/1 x1 sellable");
    expect_effects(part, "return 1.2 tin/1 x1 @back damaged");
    expect_no(unknown, REFUSAL_LINE_UNKNOWN, "line 1 has no component plate");
    expect_no(beyond, REFUSAL_EXCEEDS_OPEN, "line 1, tin: 1 came back, 0 shipped and not returned");
    assert_int_equal(f.state.lines[0].returned_micro, MICRO);
}

static void events_are_judged_at_their_key(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("10.00");
    add_line(order, "1", "A", "1", "10.00");
    version(order);
    size_t early_refund = refund("10.00"), early_return = give_back("1", "1");
    size_t early_delivery = deliver("s", NULL, NULL);
    pay("10.00");
    ship_all();
    size_t delivered = deliver("s", NULL, NULL), refunded = refund("10.00"), returned = give_back("1", "1");
    fold();
    expect_no(early_refund, REFUSAL_EXCEEDS_OPEN, "10.00 refunded, 10.00 more than was paid or earned and is left");
    expect_no(early_return, REFUSAL_EXCEEDS_OPEN, NULL);
    expect_no(early_delivery, REFUSAL_EXCEEDS_OPEN, "the shipment does not stand before its delivery");
    expect(delivered, "");
    expect(refunded, "gateway_clearing(stripe) -10.00\nreturns_and_allowances 10.00");
    expect(returned, "");
}

static void nothing_stands_without_a_version_but_an_opening_and_an_entry(void **state)
{
    (void)state;
    start_order();
    struct document *opening = new_document(DOCUMENT_OPENING, "cut");
    struct opening_order orders[] = {
        {.order = {.id = SPAN("1001")}, .deposit_minor = 1000, .receivable_minor = ABSENT}};
    opening->opening.orders.at = orders;
    opening->opening.orders.count = 1;
    size_t opened = add_event(EVENT_OPENING, opening, 0);
    size_t events[] = {pay("1.00"),    ship_all(),          cancel(NULL, NULL),
                       refund("1.00"), give_back("1", "1"), deliver("s", NULL, NULL)};
    struct document *order = new_order("10.00");
    add_line(order, "1", "A", "1", "10.00");
    version(order);
    size_t shipped = ship_all();
    fold();
    assert_int_equal(f.results[opened].lines.count, 2);
    assert_int_equal(f.results[opened].lines.at[0].amount_minor, -1000);
    assert_int_equal(f.results[opened].lines.at[1].role, ROLE_OPENING_EQUITY);
    for (size_t i = 0; i < COUNT_OF(events); i++) {
        expect_no(events[i], REFUSAL_WAITS_DOCUMENT, "no version of the order stands yet");
    }
    expect(shipped, "customer_deposits 10.00\nsales[A/1] -10.00");
    expect_account("0", "0", "0", true);
}

static void payments_in_a_refused_order_fall_with_it(void **state)
{
    (void)state;
    start_order();
    struct document *wrong = new_order("12.00");
    add_line(wrong, "1", "A", "1", "10.00");
    struct order_payment payment = {.gateway = SPAN("stripe"), .amount_minor = 1200, .status = PAYMENT_CAPTURED};
    wrong->order.payments.at = &payment;
    wrong->order.payments.count = 1;
    size_t first = version(wrong), paid = add_event(EVENT_PAYMENT, wrong, 0);
    struct document *right = new_order("10.00");
    add_line(right, "1", "A", "1", "10.00");
    size_t second = version(right);
    fold();
    expect_no(first, REFUSAL_TOTAL_DIFFERS, "total is 12.00, the lines sum to 10.00");
    expect_no(paid, REFUSAL_TOTAL_DIFFERS, NULL);
    expect(second, "");
    expect_account("0", "0", "0", false);
}

static void an_order_that_cannot_be_kept_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        start_order();
        struct document *order = new_order(NULL);
        struct order_line *line = add_line(order, "1", "A", "1", "10.00");
        enum refusal refusal = REFUSAL_NONE;
        switch (i) {
        case 0:
            add_line(order, "1", "B", "1", "10.00");
            refusal = REFUSAL_BAD_VALUE;
            break;
        case 1:
            line->qty_micro = line->unit_price_micro = QTY_MICRO_MAX;
            refusal = REFUSAL_OVERFLOW;
            break;
        case 2:
            line->qty_micro = 0;
            refusal = REFUSAL_NEGATIVE_NOT_ALLOWED;
            break;
        case 3:
            line->service.from.form = TIME_DATE;
            refusal = REFUSAL_UNSUPPORTED;
            break;
        case 4:
            order->order.lines.count = 0;
            order->order.shipping.amount_minor = 500;
            refusal = REFUSAL_TOTAL_DIFFERS;
            break;
        case 5:
            line->qty_micro = line->fulfil.cost_micro = QTY_MICRO_MAX;
            line->unit_price_micro = 0;
            refusal = REFUSAL_OVERFLOW;
            break;
        case 6:
            line->unit_price_micro = QTY_MICRO_MAX;
            line->qty_micro = 10000 * MICRO;
            add_line(order, "2", "B", "10000", "900000000");
            refusal = REFUSAL_OVERFLOW;
            break;
        default:
            line->unit_price_micro = -1;
            refusal = REFUSAL_NEGATIVE_NOT_ALLOWED;
            break;
        }
        version(order);
        fold();
        expect_no(0, refusal, NULL);
    }
}

/* No line can carry anything, and nothing is to be carried. */
static void an_order_without_lines_stands_where_it_comes_to_nothing(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("0.00");
    order->order.shipping.amount_minor = minor("5.00");
    order->order.discount_minor = minor("5.00");
    size_t placed = version(order), paid = pay("3.00");
    fold();
    expect(placed, "");
    expect(paid, "gateway_clearing(stripe) 3.00\nrefunds_due -3.00");
}

static void the_largest_amounts_are_kept_exactly_or_fail_the_fold(void **state)
{
    (void)state;
    paid_order("1", "900000000.000001", "900000000.00");
    f.events[0].document->order.lines.at[0].qty_micro = 10000 * MICRO;
    struct document *order = (struct document *)(uintptr_t)f.events[0].document;
    order->order.lines.at[0].unit_price_micro = QTY_MICRO_MAX;
    order->order.total_minor = AMOUNT_MINOR_MAX;
    ((struct document *)(uintptr_t)f.events[1].document)->payment.amount_minor = AMOUNT_MINOR_MAX;
    size_t shipped = ship("1", "3333"), rest = ship_all(), refunded = refund("1");
    ((struct document *)(uintptr_t)f.events[refunded].document)->refund.amount_minor = AMOUNT_MINOR_MAX;
    fold();
    expect(shipped, "customer_deposits 2999700000000.00\nsales[A/1] -2999700000000.00");
    expect(rest, "customer_deposits 6000300000000.00\nsales[A/1] -6000300000000.00");
    expect(refunded, "gateway_clearing(stripe) -9000000000000.00\nreturns_and_allowances 9000000000000.00");

    /* At a rate that leaves 63 bits nothing can be posted, and the caller is told. */
    f.home = currency_find(SPAN("EUR"));
    f.rate_e10 = INT64_MAX;
    for (size_t i = 0; i < f.count; i++) {
        f.events[i].rate_e10 = f.rate_e10;
    }
    assert_false(order_fold(f.events, f.count, f.home, &f.arena, f.results, &f.state));
}

/* ---- edits ---- */

static size_t edit(const char *qty, const char *price, const char *total)
{
    struct document *order = new_order(total);
    order->version = 2;
    add_line(order, "1", "A", qty, price);
    return version(order);
}

static void an_edit_before_shipping_posts_only_what_is_due_back(void **state)
{
    (void)state;
    paid_order("2", "10.00", "20.00");
    size_t up = edit("3", "10.00", "30.00"), shipped = ship_all();
    fold();
    expect(up, "");
    expect(shipped, "accounts_receivable 10.00\ncustomer_deposits 20.00\nsales[A/1] -30.00");

    paid_order("2", "10.00", "20.00");
    size_t down = edit("1", "10.00", "10.00");
    fold();
    expect(down, "customer_deposits 10.00\nrefunds_due -10.00");
}

static void an_edit_after_shipping_catches_up_on_what_was_shipped(void **state)
{
    (void)state;
    paid_order("3", "10.00", "30.00");
    ship("1", "2");
    size_t down = edit("3", "9.00", "27.00"), rest = ship_all();
    fold();
    expect(down, "customer_deposits 1.00\nrefunds_due -3.00\nsales[A/1] 2.00");
    expect(rest, "customer_deposits 9.00\nsales[A/1] -9.00");
    expect_account("0", "0", "3.00", false);

    paid_order("3", "10.00", "30.00");
    ship("1", "2");
    size_t up = edit("3", "11.00", "33.00"), last = ship_all();
    fold();
    expect(up, "customer_deposits 2.00\nsales[A/1] -2.00");
    expect(last, "accounts_receivable 3.00\ncustomer_deposits 8.00\nsales[A/1] -11.00");
}

static void an_edit_pays_the_receivable_before_it_owes_anything_back(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    add_line(order, "1", "A", "3", "10.00");
    version(order);
    pay("25.00");
    ship_all();
    size_t down = edit("3", "7.00", "21.00");
    fold();
    expect(down, "accounts_receivable -5.00\nrefunds_due -4.00\nsales[A/1] 9.00");
    expect_account("0", "0", "4.00", false);
}

static void an_edit_that_changes_nothing_posts_nothing(void **state)
{
    (void)state;
    /* Two draws of one unit take 0.01 each, where one draw of two would have taken 0.01 in all. */
    paid_order("3", "0.006667", "0.02");
    ship("1", "1");
    size_t second = ship("1", "1"), same = edit("3", "0.006667", "0.02");
    fold();
    expect(second, "customer_deposits 0.01\nsales[A/1] -0.01");
    expect(same, "");
}

static void an_unshipped_line_may_become_another_item(void **state)
{
    (void)state;
    paid_order("1", "10.00", "10.00");
    size_t versions[2];
    const char *const prices[] = {"10.00", "8.00"};
    for (size_t i = 0; i < 2; i++) {
        struct document *order = new_order(prices[i]);
        add_line(order, "1", "B", "1", prices[i]);
        versions[i] = version(order);
    }
    size_t shipped = ship_all();
    fold();
    expect(versions[0], "");
    expect(versions[1], "customer_deposits 2.00\nrefunds_due -2.00");
    expect(shipped, "customer_deposits 8.00\nsales[B/1] -8.00");
}

static void an_edit_cannot_hold_less_than_was_shipped(void **state)
{
    (void)state;
    paid_order("3", "10.00", "30.00");
    ship("1", "2");
    size_t below = edit("1", "10.00", "10.00");
    struct document *dropped = new_order("10.00");
    add_line(dropped, "2", "B", "1", "10.00");
    size_t without = version(dropped);
    struct document *other = new_order("30.00");
    add_line(other, "1", "B", "3", "10.00");
    size_t changed = version(other), just = edit("2", "10.00", "20.00");
    fold();
    expect_no(below, REFUSAL_BELOW_SHIPPED, "line 1: 1 of A are ordered now, 2 were shipped");
    expect_no(without, REFUSAL_BELOW_SHIPPED, "line 1: 0 of A are ordered now, 2 were shipped");
    expect_no(changed, REFUSAL_BELOW_SHIPPED, "line 1: A was shipped and the line is now B");
    expect(just, "customer_deposits 10.00\nrefunds_due -10.00");
}

static void lines_come_and_go_with_versions(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    add_line(order, "1", "A", "1", "10.00");
    add_line(order, "2", "B", "2", "10.00");
    version(order);
    pay("30.00");
    struct document *second = new_order("25.00");
    add_line(second, "3", "C", "1", "15.00");
    add_line(second, "1", "A", "1", "10.00");
    size_t edited = version(second), gone = ship("2", "1"), shipped = ship_all();
    fold();
    expect(edited, "customer_deposits 5.00\nrefunds_due -5.00");
    expect_no(gone, REFUSAL_EXCEEDS_ORDERED, "line 2, B: 1 to ship, 0 ordered and not shipped");
    expect(shipped, "customer_deposits 25.00\nsales[A/1] -10.00\nsales[C/3] -15.00");
    expect_effects(shipped, "issue 2.0 A/1 x1 10.00\nissue 1.0 C/3 x1 15.00");
    assert_int_equal(f.state.line_count, 3);
    assert_int_equal(f.state.lines[1].ordered_micro, 0);
}

static void an_edit_splits_discounts_taxes_and_shipping_anew(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("41.00");
    add_tax(&add_line(order, "1", "A", "2", "10.00")->tax, "CA", "1.00", REMITTER_MERCHANT);
    add_line(order, "2", "B", "2", "10.00");
    version(order);
    pay("41.00");
    ship("1", "1");
    struct document *second = new_order("42.75");
    struct order_line *line = add_line(second, "1", "A", "2", "10.00");
    add_tax(&line->tax, "CA", "0.60", REMITTER_MERCHANT);
    add_tax(&line->tax, "LA", "0.15", REMITTER_MERCHANT);
    add_line(second, "2", "B", "2", "10.00");
    second->order.discount_minor = minor("2.00");
    second->order.shipping.amount_minor = minor("4.00");
    size_t edited = version(second), rest = ship_all();
    fold();
    /* Of line 1 one of two units was shipped: half of its discount 1.00, shipping 2.00 and each tax. */
    expect(edited, "customer_deposits 0.38\n"
                   "sales_tax_payable[A/1](CA) 0.20\n"
                   "sales_tax_payable[A/1](LA) -0.08\n"
                   "shipping_income -1.00\n"
                   "discounts[A/1] 0.50");
    expect(rest, "accounts_receivable 1.75\n"
                 "customer_deposits 30.12\n"
                 "sales_tax_payable[A/1](CA) -0.30\n"
                 "sales_tax_payable[A/1](LA) -0.07\n"
                 "sales[A/1] -10.00\n"
                 "sales[B/2] -20.00\n"
                 "shipping_income -3.00\n"
                 "discounts[A/1] 0.50\n"
                 "discounts[B/2] 1.00");
}

static void cancelled_units_stay_cancelled_over_an_edit(void **state)
{
    (void)state;
    paid_order("3", "10.00", "30.00");
    cancel("1", "1");
    size_t up = edit("4", "10.00", "40.00");
    fold();
    expect(up, "");
    assert_int_equal(f.state.lines[0].open_micro, 3 * MICRO);

    paid_order("3", "10.00", "30.00");
    ship("1", "2");
    cancel("1", "1");
    size_t down = edit("2", "10.00", "20.00");
    fold();
    expect(down, "");
    assert_int_equal(f.state.lines[0].open_micro, 0);
    expect_account("0", "0", "10.00", false);
}

/* ---- refunds ---- */

static void a_refund_takes_cancelled_then_earned_then_open_units(void **state)
{
    (void)state;
    paid_order("3", "10.00", "30.00");
    ship("1", "1");
    cancel("1", "1");
    size_t all = refund_line("1", "3", "30.00"), more = refund_line("1", "1", "1.00"),
           beyond = refund_line("1", "4", "1.00");
    fold();
    expect(all, "gateway_clearing(stripe) -30.00\n"
                "customer_deposits 10.00\n"
                "refunds_due 10.00\n"
                "returns_and_allowances[A/1] 10.00");
    expect_no(more, REFUSAL_EXCEEDS_OPEN, "line 1: 1 refunded, 0 not refunded yet");
    expect_no(beyond, REFUSAL_EXCEEDS_ORDERED, "line 1: 4 refunded, 3 ordered");
    expect_account("0", "0", "0", false);
}

static void a_refund_of_units_follows_partial_draws(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("32.00");
    add_tax(&add_line(order, "1", "A", "3", "10.00")->tax, "CA", "2.00", REMITTER_MERCHANT);
    version(order);
    pay("32.00");
    ship("1", "1");
    cancel("1", "1");
    struct document *document = new_refund("10.67");
    add_tax(&add_refunded(document, "1", "2", "10.00")->tax, "CA", "0.67", REMITTER_MERCHANT);
    size_t refunded = add_event(EVENT_REFUND, document, 0);
    fold();
    expect(refunded, "gateway_clearing(stripe) -10.67\n"
                     "refunds_due 5.34\n"
                     "sales_tax_payable[A/1](CA) 0.33\n"
                     "returns_and_allowances[A/1] 5.00");
}

static void what_may_still_be_refunded_of_a_line_is_its_price_and_its_tax(void **state)
{
    (void)state;
    for (int refunds = 0; refunds < 3; refunds++) {
        start_order();
        struct document *order = new_order("32.00");
        add_tax(&add_line(order, "1", "A", "2", "15.00")->tax, "CA", "2.00", REMITTER_MERCHANT);
        version(order);
        pay("32.00");
        ship_all();
        for (int i = 0; i < refunds; i++) {
            struct document *document = new_refund("16.00");
            add_tax(&add_refunded(document, "1", "1", "15.00")->tax, "CA", "1.00", REMITTER_MERCHANT);
            add_event(EVENT_REFUND, document, 0);
        }
        fold();
        assert_int_equal(f.state.lines[0].refundable_minor, 3200 - 1600 * refunds);
    }
}

static void units_without_an_amount_are_worth_what_is_left_of_them(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("32.00");
    add_tax(&add_line(order, "1", "A", "3", "10.00")->tax, "CA", "2.00", REMITTER_MERCHANT);
    version(order);
    pay("32.00");
    ship("1", "2");
    struct document *one = new_refund("10.67"), *two = new_refund("21.33");
    add_refunded(one, "1", "1", NULL);
    add_refunded(two, "1", "2", NULL);
    size_t first = add_event(EVENT_REFUND, one, 0), second = add_event(EVENT_REFUND, two, 0);
    fold();
    expect(first, "gateway_clearing(stripe) -10.67\n"
                  "sales_tax_payable[A/1](CA) 0.67\n"
                  "returns_and_allowances[A/1] 10.00");
    expect(second, "gateway_clearing(stripe) -21.33\n"
                   "customer_deposits 10.67\n"
                   "sales_tax_payable[A/1](CA) 0.66\n"
                   "returns_and_allowances[A/1] 10.00");
}

static void an_allowance_takes_earned_value_then_open(void **state)
{
    (void)state;
    paid_order("2", "10.00", "20.00");
    ship("1", "1");
    size_t part = refund_line("1", NULL, "4.00"), over = refund_line("1", NULL, "9.00");
    size_t shipped = ship_all(), late = refund_line("1", NULL, "7.01"), last = refund_line("1", NULL, "7.00");
    fold();
    expect(part, "gateway_clearing(stripe) -4.00\nreturns_and_allowances[A/1] 4.00");
    expect(over, "gateway_clearing(stripe) -9.00\ncustomer_deposits 3.00\nreturns_and_allowances[A/1] 6.00");
    expect(shipped, "accounts_receivable 3.00\ncustomer_deposits 7.00\nsales[A/1] -10.00");
    expect_no(late, REFUSAL_EXCEEDS_OPEN, "7.01 refunded, 0.01 more than was paid or earned and is left");
    expect(last, "gateway_clearing(stripe) -7.00\nreturns_and_allowances[A/1] 7.00");
}

static void an_open_unit_refunded_before_its_cancel_is_not_refunded_twice(void **state)
{
    (void)state;
    paid_order("2", "10.00", "20.00");
    size_t first = refund_line("1", "1", "10.00"), cancelled = cancel("1", "1"),
           second = refund_line("1", "1", "10.00");
    size_t third = refund_line("1", "1", "10.00");
    fold();
    expect(first, "gateway_clearing(stripe) -10.00\ncustomer_deposits 10.00");
    expect(cancelled, "");
    expect(second, "gateway_clearing(stripe) -10.00\ncustomer_deposits 10.00");
    expect_no(third, REFUSAL_EXCEEDS_OPEN, NULL);
    assert_int_equal(f.state.lines[0].refundable_minor, 0);
}

static void refunded_open_units_are_refunded_ones_when_they_ship_or_are_cancelled(void **state)
{
    (void)state;
    /* The unit refunded is the one cancelled; the other is earned, and its refund is one of earned value. */
    paid_order("2", "10.00", "20.00");
    refund_line("1", "1", "10.00");
    cancel("1", "1");
    ship_all();
    size_t second = refund_line("1", "1", "10.00");
    fold();
    expect(second, "gateway_clearing(stripe) -10.00\nreturns_and_allowances[A/1] 10.00");

    paid_order("1", "10.00", "10.00");
    refund_line("1", "1", "10.00");
    size_t shipped = ship_all(), again = refund_line("1", "1", "10.00");
    fold();
    expect(shipped, "accounts_receivable 10.00\nsales[A/1] -10.00");
    expect_no(again, REFUSAL_EXCEEDS_OPEN, "line 1: 1 refunded, 0 not refunded yet");
}

static void a_refund_without_lines_takes_what_is_due_then_earned_then_the_deposit(void **state)
{
    (void)state;
    paid_order("4", "10.00", "40.00");
    ship("1", "1");
    cancel("1", "1");
    size_t first = refund("15.00"), second = refund("20.00"), third = refund("5.01"), last = refund("5.00");
    fold();
    expect(first, "gateway_clearing(stripe) -15.00\nrefunds_due 10.00\nreturns_and_allowances 5.00");
    expect(second, "gateway_clearing(stripe) -20.00\ncustomer_deposits 15.00\nreturns_and_allowances 5.00");
    expect_no(third, REFUSAL_EXCEEDS_OPEN, "5.01 refunded, 0.01 more than was paid or earned and is left");
    expect(last, "gateway_clearing(stripe) -5.00\ncustomer_deposits 5.00");
}

static void shipping_is_refunded_as_far_as_it_was_earned(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("26.00");
    add_line(order, "1", "A", "2", "10.00");
    order->order.shipping.amount_minor = minor("5.00");
    add_tax(&order->order.shipping.tax, "CA", "1.00", REMITTER_MERCHANT);
    version(order);
    pay("26.00");
    ship("1", "1");
    struct document *document = new_refund("4.80"), *more = new_refund("1.21"), *rest = new_refund("1.20");
    document->refund.shipping.amount_minor = minor("4.00");
    add_tax(&document->refund.shipping.tax, "CA", "0.80", REMITTER_MERCHANT);
    more->refund.shipping.amount_minor = minor("1.01");
    add_tax(&more->refund.shipping.tax, NULL, "0.20", REMITTER_ABSENT);
    rest->refund.shipping.amount_minor = minor("1.00");
    add_tax(&rest->refund.shipping.tax, NULL, "0.20", REMITTER_ABSENT);
    size_t first = add_event(EVENT_REFUND, document, 0), second = add_event(EVENT_REFUND, more, 0);
    size_t third = add_event(EVENT_REFUND, rest, 0);
    fold();
    expect(first, "gateway_clearing(stripe) -4.80\n"
                  "customer_deposits 1.80\n"
                  "sales_tax_payable(CA){shipping} 0.50\n"
                  "shipping_refunded 2.50");
    expect_no(second, REFUSAL_EXCEEDS_OPEN, NULL);
    expect(third, "gateway_clearing(stripe) -1.20\ncustomer_deposits 1.20");
}

/* A tax of the shipping that is refunded is the one with its place and remitter; what names neither is the first. */
static void a_refunded_shipping_tax_is_told_by_place_and_remitter(void **state)
{
    (void)state;
    static const struct {
        const char *jurisdiction;
        enum remitter remitter;
        const char *posts;
    } rows[] = {
        {"WA", REMITTER_MARKETPLACE, "gateway_clearing(stripe) -0.40\nmarketplace_tax_withheld(WA){shipping} 0.40"},
        {"WA", REMITTER_MERCHANT, "gateway_clearing(stripe) -0.40\nsales_tax_payable(WA){shipping} 0.40"},
        {"CA", REMITTER_MERCHANT, "gateway_clearing(stripe) -0.40\nsales_tax_payable(CA){shipping} 0.40"},
        {"WA", REMITTER_ABSENT, "gateway_clearing(stripe) -0.40\nsales_tax_payable(WA){shipping} 0.40"},
        {NULL, REMITTER_MARKETPLACE, "gateway_clearing(stripe) -0.40\nmarketplace_tax_withheld(WA){shipping} 0.40"},
        {NULL, REMITTER_ABSENT, "gateway_clearing(stripe) -0.40\nsales_tax_payable(CA){shipping} 0.40"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        start_order();
        struct document *order = new_order("18.50");
        add_line(order, "1", "A", "1", "10.00");
        order->order.shipping.amount_minor = minor("5.00");
        add_tax(&order->order.shipping.tax, "CA", "1.00", REMITTER_MERCHANT);
        add_tax(&order->order.shipping.tax, "WA", "1.50", REMITTER_MERCHANT);
        add_tax(&order->order.shipping.tax, "WA", "1.00", REMITTER_MARKETPLACE);
        version(order);
        pay("18.50");
        ship_all();
        struct document *document = new_refund("0.40");
        add_tax(&document->refund.shipping.tax, rows[i].jurisdiction, "0.40", rows[i].remitter);
        size_t refunded = add_event(EVENT_REFUND, document, 0);
        fold();
        expect(refunded, rows[i].posts);
    }
}

static void units_an_edit_took_off_are_refunded_as_cancelled_ones(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("33.00");
    add_line(order, "1", "A", "1", "10.00");
    add_tax(&add_line(order, "2", "B", "1", "15.00")->tax, "CA", "3.00", REMITTER_MERCHANT);
    order->order.shipping.amount_minor = minor("5.00");
    version(order);
    pay("33.00");
    ship("1", "1");
    struct document *second = new_order("10.00");
    add_line(second, "1", "A", "1", "10.00");
    size_t edited = version(second);
    struct document *document = new_refund("23.00");
    add_tax(&add_refunded(document, "2", "1", "15.00")->tax, "CA", "3.00", REMITTER_MERCHANT);
    document->refund.shipping.amount_minor = minor("5.00");
    size_t refunded = add_event(EVENT_REFUND, document, 0), again = refund_line("2", "1", "1.00");
    fold();
    expect(edited, "customer_deposits 21.00\nrefunds_due -23.00\nshipping_income 2.00");
    expect(refunded, "gateway_clearing(stripe) -23.00\nrefunds_due 23.00");
    expect_no(again, REFUSAL_EXCEEDS_OPEN, "line 2: 1 refunded, 0 not refunded yet");
    expect_account("0", "0", "0", true);
}

static void a_sold_gift_card_is_refunded_out_of_its_liability(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("50.00");
    add_line(order, "1", "card50", "1", "50.00");
    version(order);
    pay("50.00");
    ship_all();
    size_t refunded = refund_line("1", "1", "50.00");
    fold();
    expect(refunded, "gateway_clearing(stripe) -50.00\ngift_card_liability[card50/1](1001) 50.00");
}

static void marketplace_tax_goes_back_out_of_what_was_withheld(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("108.25");
    add_tax(&add_line(order, "1", "A", "1", "100.00")->tax, "WA", "8.25", REMITTER_MARKETPLACE);
    version(order);
    pay("108.25");
    ship_all();
    struct document *document = new_refund("54.00");
    add_tax(&add_refunded(document, "1", NULL, "50.00")->tax, "WA", "4.00", REMITTER_MARKETPLACE);
    size_t with_lines = add_event(EVENT_REFUND, document, 0), without = refund("54.25"), more = refund("0.01");
    fold();
    expect(with_lines, "gateway_clearing(stripe) -54.00\n"
                       "marketplace_tax_withheld[A/1](WA) 4.00\n"
                       "returns_and_allowances[A/1] 50.00");
    expect(without, "gateway_clearing(stripe) -54.25\n"
                    "marketplace_tax_withheld 4.25\n"
                    "returns_and_allowances 50.00");
    expect_no(more, REFUSAL_EXCEEDS_OPEN, NULL);
}

static void a_matched_refund_takes_its_own_lines_value_first(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    add_line(order, "1", "A", "1", "10.00");
    add_line(order, "2", "B", "2", "10.00");
    version(order);
    pay("30.00");
    ship("1", "1");
    ship("2", "1");
    struct document *document = new_refund("12.00");
    document->refund.match.sku = SPAN("A");
    size_t refunded = add_event(EVENT_REFUND, document, 0);
    fold();
    expect(refunded, "gateway_clearing(stripe) -12.00\n"
                     "returns_and_allowances 2.00\n"
                     "returns_and_allowances[A/1] 10.00");
}

static void refunds_must_add_up(void **state)
{
    (void)state;
    paid_order("1", "10.00", "10.00");
    ship_all();
    struct document *document = new_refund("9.00");
    add_refunded(document, "1", "1", "10.00");
    document->refund.restocking_fee_minor = minor("0.50");
    size_t differs = add_event(EVENT_REFUND, document, 0), fits = refund_line("1", "1", "10.00");
    fold();
    expect_no(differs, REFUSAL_REFUND_DIFFERS, "lines and shipping sum to 10.00, amount and fee to 9.50");
    expect(fits, "gateway_clearing(stripe) -10.00\nreturns_and_allowances[A/1] 10.00");
}

static void a_refused_refund_leaves_the_book_as_it_was(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("21.00");
    add_tax(&add_line(order, "1", "A", "1", "10.00")->tax, "CA", "1.00", REMITTER_MERCHANT);
    add_line(order, "2", "B", "1", "10.00");
    version(order);
    pay("21.00");
    ship("1", "1");
    struct document *document = new_refund("31.00");
    add_tax(&add_refunded(document, "1", "1", "10.00")->tax, "CA", "1.00", REMITTER_MERCHANT);
    add_refunded(document, "2", "1", "20.00");
    size_t no = add_event(EVENT_REFUND, document, 0);
    struct document *all = new_refund("21.00");
    add_tax(&add_refunded(all, "1", "1", "10.00")->tax, "CA", "1.00", REMITTER_MERCHANT);
    add_refunded(all, "2", "1", "10.00");
    size_t yes = add_event(EVENT_REFUND, all, 0);
    fold();
    expect_no(no, REFUSAL_EXCEEDS_OPEN, "31.00 refunded, 10.00 more than was paid or earned and is left");
    expect(yes, "gateway_clearing(stripe) -21.00\n"
                "customer_deposits 10.00\n"
                "sales_tax_payable[A/1](CA) 1.00\n"
                "returns_and_allowances[A/1] 10.00");
}

static void a_refund_goes_where_it_says_or_where_the_money_came_from(void **state)
{
    (void)state;
    paid_order("1", "50.00", "50.00");
    struct document *card = new_document(DOCUMENT_PAYMENT, "g");
    card->payment.gateway = SPAN("giftcard");
    card->payment.gift_card = SPAN("GC-7");
    card->payment.amount_minor = minor("20.00");
    f.count = 1;
    add_event(EVENT_PAYMENT, card, 0);
    pay("30.00");
    ship_all();
    struct document *refunds[5];
    for (size_t i = 0; i < COUNT_OF(refunds); i++) {
        refunds[i] = new_refund("1.00");
    }
    refunds[1]->refund.gateway = SPAN("paypal");
    refunds[2]->refund.store_credit = SPAN("SC-1");
    refunds[3]->refund.payment.id = SPAN("g");
    refunds[4]->refund.exchange.id = SPAN("1002");
    size_t first = f.count;
    for (size_t i = 0; i < COUNT_OF(refunds); i++) {
        add_event(EVENT_REFUND, refunds[i], 0);
    }
    fold();
    expect(first, "gateway_clearing(stripe) -1.00\nreturns_and_allowances 1.00");
    expect(first + 1, "gateway_clearing(paypal) -1.00\nreturns_and_allowances 1.00");
    expect(first + 2, "store_credit_liability(SC-1) -1.00\nreturns_and_allowances 1.00");
    expect(first + 3, "gift_card_liability(GC-7) -1.00\nreturns_and_allowances 1.00");
    expect(first + 4, "customer_deposits#1002 -1.00\nreturns_and_allowances 1.00");
}

static void an_exchange_pays_the_other_order(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    add_line(order, "1", "A", "3", "10.00");
    version(order);
    ship("1", "1");
    struct document *exchange = new_refund("25.00");
    exchange->id = SPAN("r-of-another");
    size_t paid = add_event(EVENT_PAYMENT, exchange, 0), shipped = ship_all();
    fold();
    /* The other order's refund has credited 25.00 to this order's deposit; 10.00 of it pays what was owed. */
    expect(paid, "accounts_receivable -10.00\ncustomer_deposits 10.00");
    expect(shipped, "accounts_receivable 5.00\ncustomer_deposits 15.00\nsales[A/1] -20.00");
}

static void an_order_is_not_exchanged_for_itself_nor_refunded_in_another_currency(void **state)
{
    (void)state;
    paid_order("1", "10.00", "10.00");
    struct document *self = new_refund("1.00"), *foreign = new_refund("1.00"), *less = new_refund("-1.00");
    self->refund.exchange.id = SPAN("1001");
    foreign->money = currency_find(SPAN("EUR"));
    size_t first = add_event(EVENT_REFUND, self, 0), second = add_event(EVENT_REFUND, foreign, 0);
    size_t third = add_event(EVENT_REFUND, less, 0);
    fold();
    expect_no(first, REFUSAL_BAD_VALUE, NULL);
    expect_no(second, REFUSAL_UNSUPPORTED, NULL);
    expect_no(third, REFUSAL_NEGATIVE_NOT_ALLOWED, NULL);
}

/* ---- policies ---- */

static void tax_is_payable_when_captured_under_tax_point_payment(void **state)
{
    (void)state;
    start_order();
    set_policy("tax_point", "payment");
    struct document *order = new_order("36.00");
    add_tax(&add_line(order, "1", "A", "3", "10.00")->tax, "DE", "6.00", REMITTER_MERCHANT);
    version(order);
    size_t half = pay("18.00"), rest = pay("18.00"), first = ship("1", "1"), cancelled = cancel("1", "1");
    struct document *document = new_refund("12.00");
    add_tax(&add_refunded(document, "1", "1", "10.00")->tax, "DE", "2.00", REMITTER_MERCHANT);
    size_t refunded = add_event(EVENT_REFUND, document, 0), last = ship_all();
    fold();
    expect(half, "gateway_clearing(stripe) 18.00\n"
                 "customer_deposits -15.00\n"
                 "sales_tax_payable[A/1](DE) -3.00");
    expect(rest, "gateway_clearing(stripe) 18.00\n"
                 "customer_deposits -15.00\n"
                 "sales_tax_payable[A/1](DE) -3.00");
    expect(first, "customer_deposits 10.00\nsales[A/1] -10.00");
    expect(cancelled, "customer_deposits 10.00\nrefunds_due -10.00");
    expect(refunded, "gateway_clearing(stripe) -12.00\n"
                     "refunds_due 10.00\n"
                     "sales_tax_payable[A/1](DE) 2.00");
    expect(last, "customer_deposits 10.00\nsales[A/1] -10.00");
    expect_account("0", "0", "0", true);
}

static void tax_due_early_is_refunded_without_lines_too_and_returned_by_an_edit(void **state)
{
    (void)state;
    start_order();
    set_policy("tax_point", "payment");
    struct document *order = new_order("12.00");
    add_tax(&add_line(order, "1", "A", "1", "10.00")->tax, "DE", "2.00", REMITTER_MERCHANT);
    version(order);
    pay("12.00");
    size_t cancelled = cancel(NULL, NULL), refunded = refund("12.00");
    fold();
    expect(cancelled, "customer_deposits 10.00\nrefunds_due -10.00");
    expect(refunded, "gateway_clearing(stripe) -12.00\n"
                     "refunds_due 10.00\n"
                     "sales_tax_payable[A/1](DE) 2.00");
    expect_account("0", "0", "0", true);

    f.count = 2;
    struct document *edited = new_order("11.50");
    add_tax(&add_line(edited, "1", "A", "1", "10.00")->tax, "DE", "1.50", REMITTER_MERCHANT);
    size_t down = version(edited), shipped = ship_all();
    fold();
    expect(down, "refunds_due -0.50\nsales_tax_payable[A/1](DE) 0.50");
    expect(shipped, "customer_deposits 10.00\nsales[A/1] -10.00");
}

static void delivery_recognises_each_unit_once_by_proof_or_by_time(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "delivery");
    struct document *order = new_order("30.00");
    add_line(order, "1", "A", "3", "10.00");
    version(order);
    struct document *shipment = new_shipment("s1");
    shipment->shipment.location = SPAN("east");
    add_shipped(shipment, "1", "3");
    add_event(EVENT_SHIPMENT, shipment, 0);
    size_t one = deliver("s1", "1", "1"), too_many = deliver("s1", "1", "3");
    size_t by_time = add_event(EVENT_DELIVERY, shipment, 0), again = add_event(EVENT_DELIVERY, shipment, 0);
    size_t proof = deliver("s1", NULL, NULL), nothing = deliver("s1", NULL, NULL), unknown = deliver("s9", NULL, NULL);
    fold();
    expect(one, "accounts_receivable 10.00\nsales[A/1] -10.00");
    expect_effects(one, "deliver 1.0 A/1 x1 @east 10.00");
    expect_no(too_many, REFUSAL_EXCEEDS_OPEN, "line 1, A: 3 delivered, 2 shipped and not delivered");
    expect(by_time, "accounts_receivable 20.00\nsales[A/1] -20.00");
    expect_effects(by_time, "deliver 1.0 A/1 x2 @east 20.00");
    expect(again, "");
    expect(proof, "");
    expect_effects(proof, "");
    expect(nothing, "");
    expect_no(unknown, REFUSAL_EXCEEDS_OPEN, NULL);
    assert_int_equal(f.state.lines[0].delivered_micro, 3 * MICRO);
}

static void late_proof_of_one_shipment_recognises_nothing_of_another(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "delivery");
    struct document *order = new_order("40.00");
    add_line(order, "1", "A", "4", "10.00");
    version(order);
    struct document *first = new_shipment("s1"), *second = new_shipment("s2");
    add_shipped(first, "1", "2");
    add_shipped(second, "1", "2");
    add_event(EVENT_SHIPMENT, first, 0);
    size_t by_time = add_event(EVENT_DELIVERY, first, 0);
    add_event(EVENT_SHIPMENT, second, 0);
    size_t proof = deliver("s1", NULL, NULL), last = deliver("s2", "1", "1");
    fold();
    expect(by_time, "accounts_receivable 20.00\nsales[A/1] -20.00");
    expect(proof, "");
    expect(last, "accounts_receivable 10.00\nsales[A/1] -10.00");
}

static void units_that_come_back_before_delivery_are_never_earned(void **state)
{
    (void)state;
    paid_order("2", "10.00", "20.00");
    f.count = 0;
    set_policy("revenue_at", "delivery");
    version((struct document *)(uintptr_t)f.events[0].document);
    pay("20.00");
    ship_all();
    size_t returned = give_back("1", "1"), delivered = deliver("s", NULL, NULL),
           refunded = refund_line("1", "1", "10.00");
    fold();
    expect_effects(returned, "return 1.0 A/1 x1 sellable");
    expect(delivered, "customer_deposits 10.00\nsales[A/1] -10.00");
    expect_effects(delivered, "deliver 1.0 A/1 x1 10.00");
    /* One unit was earned, and its refund comes before that of the one that came back unearned. */
    expect(refunded, "gateway_clearing(stripe) -10.00\nreturns_and_allowances[A/1] 10.00");
}

static void undelivered_dropship_cost_is_deferred(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "delivery");
    struct document *order = new_order("30.00");
    struct order_line *line = add_line(order, "1", "drop", "3", "10.00");
    line->fulfil.supplier = SPAN("acme");
    line->fulfil.cost_micro = micro("4.00");
    version(order);
    size_t shipped = ship_all(), delivered = deliver("s", "1", "1");
    fold();
    expect(shipped, "deferred_dropship_cost[drop/1] 12.00\naccrued_purchases[drop/1](acme) -12.00");
    expect(delivered, "accounts_receivable 10.00\n"
                      "deferred_dropship_cost[drop/1] -4.00\n"
                      "sales[drop/1] -10.00\n"
                      "cost_of_sales_dropship[drop/1] 4.00");
}

/* A delivery may name all that is left of a shipment, and a unit more of it waits. */
static void a_delivery_takes_what_was_shipped_to_the_last_unit(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "delivery");
    struct document *order = new_order("30.00");
    add_line(order, "1", "A", "3", "10.00");
    version(order);
    ship("1", "2");
    size_t first = deliver("s", "1", "1"), last = deliver("s", "1", "1"), more = deliver("s", "1", "1");
    fold();
    expect(first, "accounts_receivable 10.00\nsales[A/1] -10.00");
    expect(last, "accounts_receivable 10.00\nsales[A/1] -10.00");
    expect_no(more, REFUSAL_EXCEEDS_OPEN, NULL);
}

/* What is still to be earned is less by the shipping earned and more by its discount: money beyond it is due back. */
static void earned_shipping_and_its_discount_leave_the_open_value(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("23.00");
    add_line(order, "1", "A", "2", "10.00");
    order->order.shipping.amount_minor = minor("5.00");
    order->order.shipping.discount_minor = minor("2.00");
    version(order);
    pay("23.00");
    size_t shipped = ship("1", "1"), more = pay("1.00");
    fold();
    expect(shipped, "customer_deposits 11.50\n"
                    "sales[A/1] -10.00\n"
                    "shipping_income -2.50\n"
                    "discounts{shipping} 1.00");
    expect(more, "gateway_clearing(stripe) 1.00\nrefunds_due -1.00");
}

/* What comes back before it is delivered is never earned: its cost is deferred no longer. */
static void undelivered_dropship_cost_is_cost_once_the_units_come_back(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "delivery");
    struct document *order = new_order("30.00");
    struct order_line *line = add_line(order, "1", "drop", "3", "10.00");
    line->fulfil.supplier = SPAN("acme");
    line->fulfil.cost_micro = micro("4.00");
    version(order);
    size_t shipped = ship_all();
    struct document *back = new_return();
    add_returned(back, "1", "2")->disposition = DISPOSITION_LOST;
    size_t returned = add_event(EVENT_RETURN, back, 0);
    fold();
    expect(shipped, "deferred_dropship_cost[drop/1] 12.00\naccrued_purchases[drop/1](acme) -12.00");
    expect(returned, "deferred_dropship_cost[drop/1] -8.00\ncost_of_sales_dropship[drop/1] 8.00");
}

static void revenue_at_payment_is_earned_when_the_total_is_captured(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "payment");
    struct document *order = new_order("33.00");
    add_tax(&add_line(order, "1", "A", "3", "10.00")->tax, "CA", "3.00", REMITTER_MERCHANT);
    version(order);
    size_t part = pay("20.00"), early = ship("1", "1"), full = pay("13.00"), late = ship("1", "1");
    size_t cancelled = cancel("1", "1");
    fold();
    expect(part, "gateway_clearing(stripe) 20.00\ncustomer_deposits -20.00");
    expect(early, "");
    expect_effects(early, "issue 1.0 A/1 x1");
    expect(full, "gateway_clearing(stripe) 13.00\n"
                 "customer_deposits 20.00\n"
                 "sales_tax_payable[A/1](CA) -3.00\n"
                 "sales[A/1] -30.00");
    expect_effects(full, "deliver 1.0 A/1 x1 10.00\nsell 1.0 A/1 x2 20.00");
    expect(late, "");
    expect_effects(late, "issue 1.0 A/1 x1\nunsell 1.0 A/1 x1");
    /* A unit sold before it ships is taken back when it is cancelled. */
    expect(cancelled, "refunds_due -11.00\nsales_tax_payable[A/1](CA) 1.00\nsales[A/1] 10.00");
    expect_effects(cancelled, "unsell 1.0 A/1 x1");
    expect_account("0", "0", "11.00", false);
}

static void revenue_at_payment_follows_edits(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "payment");
    struct document *order = new_order("30.00");
    add_line(order, "1", "A", "3", "10.00");
    version(order);
    pay("30.00");
    size_t down = edit("2", "10.00", "20.00"), up = edit("4", "10.00", "40.00"), paid = pay("10.00");
    fold();
    expect(down, "refunds_due -10.00\nsales[A/1] 10.00");
    expect_effects(down, "unsell 1.0 A/1 x1");
    expect(up, "");
    expect(paid, "gateway_clearing(stripe) 10.00\naccounts_receivable 10.00\nsales[A/1] -20.00");
    expect_effects(paid, "sell 1.0 A/1 x2 20.00");
}

/* A bundle of which a part has gone: what is cancelled of it are the units that are still here. */
static void a_cancelled_bundle_takes_back_only_the_parts_that_were_not_shipped(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "payment");
    struct document *order = new_order("80.00");
    add_line(order, "1", "kit", "2", "40.00");
    version(order);
    pay("80.00");
    struct document *tins = new_shipment("s");
    add_shipped(tins, "1", "2")->component = SPAN("tin");
    size_t shipped = add_event(EVENT_SHIPMENT, tins, 0), cancelled = cancel("1", "1");
    fold();
    expect_effects(shipped, "issue 1.2 tin/1 x2\nunsell 1.2 tin/1 x2");
    expect_effects(cancelled, "unsell 1.1 mug/1 x2");
}

/* What was refunded of units that are not sold after all is not due to the customer again. */
static void sold_units_that_were_refunded_are_cancelled_for_nothing(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "payment");
    struct document *order = new_order("33.00");
    add_tax(&add_line(order, "1", "A", "2", "10.00")->tax, "CA", "3.00", REMITTER_MERCHANT);
    add_line(order, "2", "B", "1", "10.00");
    version(order);
    pay("33.00");
    struct document *document = new_refund("11.50");
    add_tax(&add_refunded(document, "1", "1", "10.00")->tax, "CA", "1.50", REMITTER_MERCHANT);
    size_t refunded = add_event(EVENT_REFUND, document, 0), cancelled = cancel("1", "1"), shipped = ship("1", "1");
    size_t other = add_event(EVENT_REFUND, document, 0), third = refund_line("1", "1", "10.00");
    fold();
    /* The unit that shipped was not the refunded one: it may be refunded as well, and no third. */
    expect(other,
           "gateway_clearing(stripe) -11.50\nsales_tax_payable[A/1](CA) 1.50\nreturns_and_allowances[A/1] 10.00");
    expect_no(third, REFUSAL_EXCEEDS_OPEN, NULL);
    expect(refunded,
           "gateway_clearing(stripe) -11.50\nsales_tax_payable[A/1](CA) 1.50\nreturns_and_allowances[A/1] 10.00");
    expect(cancelled, "sales[A/1] 10.00\nreturns_and_allowances[A/1] -10.00");
    expect_effects(cancelled, "unsell 1.0 A/1 x1");
    expect_effects(shipped, "issue 1.0 A/1 x1\nunsell 1.0 A/1 x1");
    expect_account("0", "0", "0", false);
}

static void a_refund_in_total_leaves_no_less_earned_than_it_took(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "payment");
    struct document *order = new_order("30.00");
    add_line(order, "1", "A", "3", "10.00");
    version(order);
    pay("30.00");
    size_t refunded = refund("25.00"), cancelled = cancel("1", "1");
    fold();
    expect(refunded, "gateway_clearing(stripe) -25.00\nreturns_and_allowances 25.00");
    expect(cancelled, "refunds_due -5.00\nsales[A/1] 10.00\nreturns_and_allowances -5.00");
}

/* ---- services by days ---- */

static int32_t day_of(const char *date)
{
    int32_t day = 0;
    assert_true(day_read(span_of(date), &day));
    return day;
}

static void run_by_days(struct order_line *line, const char *from, const char *to)
{
    line->service.from = (struct moment){.form = TIME_DATE, .day = day_of(from)};
    line->service.to = (struct moment){.form = TIME_DATE, .day = day_of(to)};
}

static size_t on_day(size_t event, const char *date)
{
    f.events[event].day = day_of(date);
    return event;
}

static void a_month_ends_on_its_last_day(void **state)
{
    (void)state;
    assert_int_equal(order_month_end(day_of("2024-02-01")), day_of("2024-02-29"));
    assert_int_equal(order_month_end(day_of("2025-02-28")), day_of("2025-02-28"));
    assert_int_equal(order_month_end(day_of("2025-12-31")), day_of("2025-12-31"));
    assert_int_equal(order_month_end(day_of("2025-12-01")), day_of("2025-12-31"));
    assert_int_equal(order_month_end(day_of("1969-11-30")), day_of("1969-11-30"));
}

/* Ten days before a month's end, twenty after: of 30.00 a third is earned at it, the rest on the last day. In between no
 * day earns, nothing is earned twice, and no shipment takes the line. */
static void a_service_is_earned_at_months_ends_and_on_its_last_day(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    run_by_days(add_line(order, "1", "service", "1", "30.00"), "2025-01-22", "2025-02-20");
    size_t opened = on_day(version(order), "2025-01-22"), shipped = on_day(ship("1", "1"), "2025-01-23");
    size_t other = on_day(add_event(EVENT_SERVICE, order, 0), "2025-01-25");
    size_t month = on_day(add_event(EVENT_SERVICE, order, 1), "2025-01-31");
    size_t again = on_day(add_event(EVENT_SERVICE, order, 2), "2025-01-31");
    size_t last = on_day(add_event(EVENT_SERVICE, order, 3), "2025-02-20");
    size_t after = on_day(add_event(EVENT_SERVICE, order, 4), "2025-02-28");
    fold();
    expect(opened, "");
    expect(shipped, "");
    expect(other, "");
    expect(month, "accounts_receivable 10.00\nsales[service/1] -10.00");
    expect(again, "");
    expect(last, "accounts_receivable 20.00\nsales[service/1] -20.00");
    expect(after, "");
}

/* On the 11th the first ten days have passed. What a cancel names beyond the rest means the rest. */
static void a_cancel_lets_the_days_before_it_pass_and_takes_the_rest(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("30.00");
    run_by_days(add_line(order, "1", "service", "1", "30.00"), "2025-06-01", "2025-06-30");
    on_day(version(order), "2025-06-01");
    pay("30.00");
    size_t cancelled = on_day(cancel("1", "1"), "2025-06-11");
    size_t last = on_day(add_event(EVENT_SERVICE, order, 1), "2025-06-30");
    fold();
    expect(cancelled, "customer_deposits 30.00\nrefunds_due -20.00\nsales[service/1] -10.00");
    expect(last, "");
    expect_account("0", "0", "20.00", false);
}

/* Ordered in March for the year: January and February have passed by then. On the last day of a month that month has not. */
static void a_version_catches_up_to_the_end_of_the_last_month(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        start_order();
        struct document *order = new_order("365.00");
        run_by_days(add_line(order, "1", "service", "1", "365.00"), "2025-01-01", "2025-12-31");
        size_t opened = on_day(version(order), late ? "2025-03-31" : "2025-03-01");
        fold();
        expect(opened, "accounts_receivable 59.00\nsales[service/1] -59.00");
    }
}

static void a_service_that_has_ended_is_earned_at_once(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("10.00");
    run_by_days(add_line(order, "1", "service", "1", "10.00"), "2025-03-02", "2025-03-03");
    size_t opened = on_day(version(order), "2025-03-04");
    fold();
    expect(opened, "accounts_receivable 10.00\nsales[service/1] -10.00");
}

/* Sold with its payment, it is not earned a second time as its days pass. */
static void a_paid_service_is_sold_once_under_revenue_at_payment(void **state)
{
    (void)state;
    start_order();
    set_policy("revenue_at", "payment");
    struct document *order = new_order("30.00");
    run_by_days(add_line(order, "1", "service", "1", "30.00"), "2025-06-01", "2025-06-30");
    on_day(version(order), "2025-06-01");
    size_t paid = on_day(pay("30.00"), "2025-06-02");
    size_t last = on_day(add_event(EVENT_SERVICE, order, 1), "2025-06-30");
    fold();
    expect(paid, "gateway_clearing(stripe) 30.00\nsales[service/1] -30.00");
    expect(last, "");
    expect_account("0", "0", "0", true);
}

/* ---- currencies ---- */

static void a_receivable_in_another_currency_realises_its_exchange_difference(void **state)
{
    (void)state;
    start_order();
    f.money = currency_find(SPAN("EUR"));
    f.rate_e10 = INT64_C(11000000000);
    struct document *order = new_order("100.00");
    add_line(order, "1", "A", "1", "100.00");
    version(order);
    size_t shipped = ship_all();
    f.rate_e10 = INT64_C(11200000000);
    size_t part = pay("40.00");
    f.rate_e10 = INT64_C(10500000000);
    size_t rest = pay("70.00"), refunded = refund("30.00");
    fold();
    expect(shipped, "accounts_receivable 110.00 100.00 EUR\nsales[A/1] -110.00 -100.00 EUR");
    expect(part, "gateway_clearing(stripe) 44.80 40.00 EUR\n"
                 "accounts_receivable -44.00 -40.00 EUR\n"
                 "realised_fx -0.80");
    expect(rest, "gateway_clearing(stripe) 73.50 70.00 EUR\n"
                 "accounts_receivable -66.00 -60.00 EUR\n"
                 "refunds_due -10.50 -10.00 EUR\n"
                 "realised_fx 3.00");
    expect(refunded, "gateway_clearing(stripe) -31.50 -30.00 EUR\n"
                     "refunds_due 10.50 10.00 EUR\n"
                     "returns_and_allowances 21.00 20.00 EUR");
}

static void earned_value_is_split_in_both_currencies(void **state)
{
    (void)state;
    start_order();
    f.money = currency_find(SPAN("EUR"));
    f.rate_e10 = INT64_C(11111111111);
    struct document *order = new_order("10.00");
    add_line(order, "1", "A", "1", "3.33")->discount_minor = minor("0.10");
    add_line(order, "2", "B", "1", "3.33");
    add_tax(&add_line(order, "3", "C", "1", "3.33")->tax, "DE", "0.11", REMITTER_MERCHANT);
    version(order);
    size_t paid = pay("6.00");
    f.rate_e10 = INT64_C(12345678901);
    size_t shipped = ship_all();
    fold();
    expect(paid, "gateway_clearing(stripe) 6.67 6.00 EUR\ncustomer_deposits -6.67 -6.00 EUR");
    /* 6.67 out of the deposit, 4.00 at the day's rate (4.94): 11.61 for 10.00. */
    expect(shipped, "accounts_receivable 4.94 4.00 EUR\n"
                    "customer_deposits 6.67 6.00 EUR\n"
                    "sales_tax_payable[C/3](DE) -0.13 -0.11 EUR\n"
                    "sales[A/1] -3.87 -3.33 EUR\n"
                    "sales[B/2] -3.87 -3.33 EUR\n"
                    "sales[C/3] -3.86 -3.33 EUR\n"
                    "discounts[A/1] 0.12 0.10 EUR");
}

static void a_shipment_without_a_currency_uses_the_orders_rate_of_its_day(void **state)
{
    (void)state;
    start_order();
    f.money = currency_find(SPAN("EUR"));
    f.rate_e10 = INT64_C(11000000000);
    struct document *order = new_order("10.00");
    add_line(order, "1", "A", "2", "5.00");
    version(order);
    struct document *shipment = new_shipment("s");
    shipment->money = f.home;
    shipment->shipment.cost_minor = 300;
    add_shipped(shipment, "1", "1");
    size_t first = add_event(EVENT_SHIPMENT, shipment, 0), second = add_event(EVENT_SHIPMENT, shipment, 0);
    f.events[first].order_rate_e10 = INT64_C(12000000000);
    f.events[second].order_rate_e10 = 0; /* not known: as it last was */
    fold();
    expect(first, "accounts_receivable 6.00 5.00 EUR\n"
                  "accrued_shipping -3.00\n"
                  "sales[A/1] -6.00 -5.00 EUR\n"
                  "shipping_cost 3.00");
    expect(second, "accounts_receivable 6.00 5.00 EUR\n"
                   "accrued_shipping -3.00\n"
                   "sales[A/1] -6.00 -5.00 EUR\n"
                   "shipping_cost 3.00");
}

static void a_foreign_payment_or_version_in_another_currency_is_not_taken(void **state)
{
    (void)state;
    paid_order("1", "10.00", "10.00");
    struct document *payment = new_document(DOCUMENT_PAYMENT, "p2");
    payment->payment.amount_minor = 100;
    payment->money = currency_find(SPAN("EUR"));
    size_t other = add_event(EVENT_PAYMENT, payment, 0);
    size_t edited = edit("1", "10.00", "10.00");
    ((struct document *)(uintptr_t)f.events[edited].document)->money = currency_find(SPAN("EUR"));
    fold();
    expect_no(other, REFUSAL_UNSUPPORTED, "the amounts are in EUR, the order is in USD");
    expect_no(edited, REFUSAL_UNSUPPORTED, "the order changes its currency");
}

/* ---- a person's entry ---- */

static struct document *new_entry(const struct entry_line *lines, size_t count)
{
    struct document *document = new_document(DOCUMENT_ENTRY, "e");
    document->entry.lines.at = ARENA_ARRAY(&f.arena, struct entry_line, count);
    memcpy(document->entry.lines.at, lines, count * sizeof *lines);
    document->entry.lines.count = count;
    return document;
}

static void a_bad_debt_takes_the_orders_receivable_and_its_tax(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order("54.00");
    add_tax(&add_line(order, "1", "A", "1", "50.00")->tax, "CA", "4.00", REMITTER_MERCHANT);
    version(order);
    ship_all();
    const struct entry_line lines[] = {{.role = SPAN("bad_debt"), .amount_minor = 5000},
                                       {.role = SPAN("sales_tax_payable"), .amount_minor = 400},
                                       {.role = SPAN("accounts_receivable"), .amount_minor = -5400}};
    struct document *entry = new_entry(lines, COUNT_OF(lines));
    size_t written_off = add_event(EVENT_ENTRY, entry, 2), again = add_event(EVENT_ENTRY, entry, 2);
    size_t other = add_event(EVENT_ENTRY, entry, 0);
    fold();
    /* The entry's other lines are its own; only the one that names the order's account is the order's. */
    expect(written_off, "accounts_receivable -54.00");
    expect_no(again, REFUSAL_EXCEEDS_OPEN, "54.00 of accounts_receivable, 0.00 open on the order");
    expect(other, "bad_debt 50.00");
    expect_account("0", "0", "0", true);
}

static void entries_move_each_of_the_orders_accounts(void **state)
{
    (void)state;
    paid_order("1", "10.00", "10.00");
    const struct entry_line lines[] = {{.role = SPAN("customer_deposits"), .amount_minor = 300},
                                       {.role = SPAN("refunds_due"), .amount_minor = -300},
                                       {.role = SPAN("refunds_due"), .amount_minor = 301},
                                       {.role = SPAN("no_such_role"), .amount_minor = 1}};
    struct document *entry = new_entry(lines, COUNT_OF(lines));
    size_t first = f.count;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        add_event(EVENT_ENTRY, entry, i);
    }
    size_t shipped = ship_all();
    fold();
    expect(first, "customer_deposits 3.00");
    expect(first + 1, "refunds_due -3.00");
    expect_no(first + 2, REFUSAL_EXCEEDS_OPEN, "3.01 of refunds_due, 3.00 open on the order");
    expect_no(first + 3, REFUSAL_UNKNOWN_ROLE, "no account has the role no_such_role");
    expect(shipped, "accounts_receivable 3.00\ncustomer_deposits 7.00\nsales[A/1] -10.00");
}

static void an_entry_in_the_companys_currency_takes_its_part_of_a_foreign_receivable(void **state)
{
    (void)state;
    start_order();
    f.money = currency_find(SPAN("EUR"));
    f.rate_e10 = INT64_C(11000000000);
    struct document *order = new_order("100.00");
    add_line(order, "1", "A", "1", "100.00");
    version(order);
    ship_all();
    const struct entry_line lines[] = {{.role = SPAN("accounts_receivable"), .amount_minor = -5500},
                                       {.role = SPAN("accounts_receivable"), .amount_minor = -5000}};
    struct document *in_home = new_entry(lines, 2), *in_euro = new_entry(lines, 2);
    in_home->money = f.home;
    size_t half = add_event(EVENT_ENTRY, in_home, 0);
    f.rate_e10 = INT64_C(12000000000);
    size_t rest = add_event(EVENT_ENTRY, in_euro, 1);
    fold();
    expect(half, "accounts_receivable -55.00 -50.00 EUR");
    expect(rest, "accounts_receivable -55.00 -50.00 EUR\nrealised_fx -5.00");
    assert_true(f.state.finished);
}

/* ---- the state ---- */

static void reservations_are_what_is_open_by_sku_and_location(void **state)
{
    (void)state;
    start_order();
    struct document *order = new_order(NULL);
    add_line(order, "1", "mug", "5", "10.00");
    add_line(order, "2", "kit", "2", "30.00");
    add_line(order, "3", "mug", "1", "10.00")->fulfil.location = SPAN("east");
    add_line(order, "4", "drop", "1", "10.00");
    add_line(order, "5", "service", "1", "10.00");
    add_line(order, "6", "mug", "1", "9.00")->uom = SPAN("box");
    version(order);
    ship("1", "2");
    cancel("1", "1");
    fold();
    static const struct {
        const char *sku, *location, *qty;
    } rows[] = {{"mug", NULL, "18"}, {"tin", NULL, "2"}, {"mug", "east", "1"}};
    assert_int_equal(f.state.reservation_count, COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_true(span_eq(f.state.reservations[i].sku, text(rows[i].sku)));
        assert_true(span_eq(f.state.reservations[i].location, text(rows[i].location)));
        assert_int_equal(f.state.reservations[i].qty_micro, micro(rows[i].qty));
    }
}

/* ---- random orders ---- */

enum { RUNS = 1000, STEPS_MAX = 24, KINDS = EVENT_OPENING + 1 };
static struct {
    size_t runs, events, lines, effects, foreign, many_lines, plain;
    size_t stands[KINDS], waits[KINDS], refused[KINDS];
    size_t refusals[64];
} covered;

static const char *numbered(const char *prefix, size_t number)
{
    return arena_print(&f.arena, "%s%zu", prefix, number).ptr;
}

static void random_policy(struct prng *prng)
{
    static const char *const revenue[] = {"shipment", "shipment", "delivery", "payment"};
    static const char *const tax[] = {"revenue", "payment"};
    static const char *const gross[] = {"gross", "net"};
    set_policy("revenue_at", revenue[prng_below(prng, 4)]);
    set_policy("tax_point", tax[prng_below(prng, 2)]);
    set_policy("revenue_gross", gross[prng_below(prng, 2)]);
}

static void random_taxes(struct prng *prng, tax_list *taxes)
{
    static const char *const places[] = {"CA", "LA", "WA"};
    for (uint64_t i = prng_below(prng, 3); i > 0; i--) {
        if (taxes->at == NULL) {
            taxes->at = ARENA_ARRAY(&f.arena, struct tax_line, TAXES_MAX);
        }
        const char *place = places[prng_below(prng, 3)];
        enum remitter remitter = prng_chance(prng, 3) ? REMITTER_MARKETPLACE : REMITTER_MERCHANT;
        taxes->at[taxes->count++] = (struct tax_line){TAX_SALES, text(place), prng_range(prng, 0, 900), remitter};
    }
}

static int64_t random_qty(struct prng *prng)
{
    int64_t whole = prng_range(prng, 1, 5);
    return prng_chance(prng, 6) ? whole * MICRO + prng_range(prng, 1, 999999) : whole * MICRO;
}

static void random_line(struct prng *prng, struct document *order, const char *id)
{
    static const char *const skus[] = {"A", "B", "C", "kit", "kit2", "drop", "service", "card", "either", "supply"};
    struct order_line *line = add_line(order, id, skus[prng_below(prng, COUNT_OF(skus))], "1", "1");
    line->qty_micro = random_qty(prng);
    line->unit_price_micro = prng_range(prng, 0, 60 * MICRO);
    if (prng_chance(prng, 4)) {
        line->discount_minor = prng_range(prng, 0, line->unit_price_micro / 10000);
    }
    if (prng_chance(prng, 5)) {
        line->uom = SPAN("box");
    }
    if (prng_chance(prng, 4)) {
        line->fulfil.location = prng_chance(prng, 2) ? SPAN("east") : SPAN("west");
    }
    if (prng_chance(prng, 3)) {
        line->fulfil.cost_micro = prng_range(prng, 0, 30 * MICRO);
        line->fulfil.supplier = SPAN("acme");
    }
    random_taxes(prng, &line->tax);
}

static struct document *random_order(struct prng *prng, size_t line_count)
{
    struct document *order = new_order(NULL);
    for (size_t i = 0; i < line_count; i++) {
        random_line(prng, order, numbered("L", i));
    }
    order->order.tax_included = prng_chance(prng, 4) ? TRUTH_TRUE : TRUTH_ABSENT;
    order->order.discount_minor = prng_chance(prng, 3) ? prng_range(prng, 0, 700) : ABSENT;
    order->order.tip_minor = prng_chance(prng, 5) ? prng_range(prng, 0, 300) : ABSENT;
    if (prng_chance(prng, 2)) {
        order->order.shipping.amount_minor = prng_range(prng, 0, 1500);
        order->order.shipping.discount_minor = prng_chance(prng, 3) ? prng_range(prng, 0, 500) : ABSENT;
        random_taxes(prng, &order->order.shipping.tax);
    }
    return order;
}

/* The same order with some lines changed, gone or new. */
static struct document *random_edit(struct prng *prng, const struct document *before)
{
    struct document *order = new_order(NULL);
    struct order_line *lines = order->order.lines.at;
    order->order = before->order;
    order->order.lines.at = lines;
    order->order.lines.count = 0;
    for (size_t i = 0; i < before->order.lines.count; i++) {
        if (prng_chance(prng, 12)) {
            continue;
        }
        struct order_line *line = &lines[order->order.lines.count++];
        *line = before->order.lines.at[i];
        if (prng_chance(prng, 3)) {
            line->qty_micro = random_qty(prng);
        }
        if (prng_chance(prng, 4)) {
            line->unit_price_micro = prng_range(prng, 0, 60 * MICRO);
        }
        if (prng_chance(prng, 5)) {
            line->tax = (tax_list){0};
            random_taxes(prng, &line->tax);
        }
    }
    if (prng_chance(prng, 4)) {
        random_line(prng, order, numbered("N", f.count));
    }
    if (prng_chance(prng, 3)) {
        order->order.discount_minor = prng_range(prng, 0, 700);
    }
    return order;
}

static const struct order_line *random_line_of(struct prng *prng, const struct document *order)
{
    size_t count = order->order.lines.count;
    return count == 0 ? NULL : &order->order.lines.at[prng_below(prng, count)];
}

static struct span random_line_id(struct prng *prng, const struct document *order)
{
    const struct order_line *line = random_line_of(prng, order);
    return line == NULL || prng_chance(prng, 40) ? SPAN("none") : line->id;
}

static int64_t small_qty(struct prng *prng)
{
    static const int64_t often[] = {MICRO / 2, MICRO, MICRO, MICRO, 2 * MICRO};
    return prng_chance(prng, 8) ? random_qty(prng) : often[prng_below(prng, COUNT_OF(often))];
}

static void random_shipment(struct prng *prng, const struct document *order)
{
    static const char *const components[] = {"mug", "tin", "plate"};
    struct document *shipment = new_shipment(numbered("s", f.count));
    if (prng_chance(prng, 4)) {
        shipment->shipment.supplier = SPAN("acme");
    } else if (prng_chance(prng, 3)) {
        shipment->shipment.location = SPAN("east");
    }
    shipment->shipment.cost_minor = prng_chance(prng, 4) ? prng_range(prng, 1, 900) : ABSENT;
    for (uint64_t i = prng_chance(prng, 10) ? 0 : 1 + prng_below(prng, 3); i > 0; i--) {
        const struct order_line *ordered = random_line_of(prng, order);
        struct shipment_line *line = add_shipped(shipment, NULL, "1");
        line->line = ordered != NULL ? ordered->id : SPAN("none");
        line->qty_micro = small_qty(prng);
        if (ordered != NULL && prng_chance(prng, 2) && facts_of(ordered->sku).kind == ITEM_BUNDLE) {
            line->component = text(components[prng_chance(prng, 12) ? 2 : prng_below(prng, 2)]);
        }
    }
    add_event(EVENT_SHIPMENT, shipment, 0);
}

static void random_payment(struct prng *prng)
{
    struct document *payment = new_document(DOCUMENT_PAYMENT, numbered("p", f.count));
    payment->payment.gateway = prng_chance(prng, 3) ? SPAN("paypal") : SPAN("stripe");
    payment->payment.gift_card = prng_chance(prng, 6) ? SPAN("GC-1") : (struct span){0};
    payment->payment.amount_minor = prng_range(prng, 0, prng_chance(prng, 2) ? 6000 : 60000);
    add_event(EVENT_PAYMENT, payment, 0);
}

static void random_refund(struct prng *prng, const struct document *order)
{
    struct document *document = new_refund("0");
    struct refund *refund = &document->refund;
    document->id = text(numbered("r", f.count));
    refund->restocking_fee_minor = prng_chance(prng, 5) ? prng_range(prng, 0, 50) : ABSENT;
    int64_t sum = 0;
    for (uint64_t i = prng_below(prng, 4); i > 0; i--) {
        struct refund_line *line = add_refunded(document, NULL, NULL, NULL);
        line->line = random_line_id(prng, order);
        line->qty_micro = prng_chance(prng, 3) ? ABSENT : small_qty(prng);
        line->amount_minor = prng_range(prng, 0, prng_chance(prng, 3) ? 2500 : 300);
        sum += line->amount_minor;
        if (prng_chance(prng, 2)) {
            random_taxes(prng, &line->tax);
            for (size_t t = 0; t < line->tax.count; t++) {
                line->tax.at[t].amount_minor /= 20;
                sum += line->tax.at[t].amount_minor;
            }
        }
    }
    if (prng_chance(prng, 4)) {
        refund->shipping.amount_minor = prng_range(prng, 0, 300);
        sum += refund->shipping.amount_minor;
        random_taxes(prng, &refund->shipping.tax);
        for (size_t t = 0; t < refund->shipping.tax.count; t++) {
            refund->shipping.tax.at[t].amount_minor /= 8;
            sum += refund->shipping.tax.at[t].amount_minor;
        }
    }
    bool has_parts = refund->lines.count > 0 || is_present(refund->shipping.amount_minor);
    refund->amount_minor = has_parts ? sum - or_zero(refund->restocking_fee_minor) : prng_range(prng, 0, 4000);
    if (!has_parts && prng_chance(prng, 3)) {
        refund->match.sku = SPAN("A");
    }
    if (prng_chance(prng, 5)) {
        refund->exchange.id = SPAN("1002");
    } else if (prng_chance(prng, 4)) {
        refund->store_credit = SPAN("SC-1");
    }
    if (refund->amount_minor >= 0) {
        add_event(EVENT_REFUND, document, 0);
    }
}

static void random_return(struct prng *prng, const struct document *order)
{
    static const enum disposition dispositions[] = {DISPOSITION_ABSENT, DISPOSITION_DAMAGED, DISPOSITION_TO_SUPPLIER,
                                                    DISPOSITION_KEPT};
    struct document *document = new_return();
    for (uint64_t i = 1 + prng_below(prng, 2); i > 0; i--) {
        struct return_line *line = add_returned(document, NULL, "1");
        line->line = random_line_id(prng, order);
        line->qty_micro = small_qty(prng);
        line->disposition = dispositions[prng_below(prng, 4)];
        line->component = prng_chance(prng, 9) ? SPAN("mug") : (struct span){0};
    }
    add_event(EVENT_RETURN, document, 0);
}

static void random_cancel(struct prng *prng, const struct document *order)
{
    if (prng_chance(prng, 4)) {
        cancel(NULL, NULL);
        return;
    }
    size_t at = cancel("?", "1");
    struct line_qty *line = &((struct document *)(uintptr_t)f.events[at].document)->cancel.lines.at[0];
    line->line = random_line_id(prng, order);
    line->qty_micro = small_qty(prng);
}

/* Proof for, or time gone by since, some shipment of the order. */
static void random_delivery(struct prng *prng)
{
    size_t at = prng_below(prng, f.count);
    if (f.events[at].kind != EVENT_SHIPMENT) {
        return;
    }
    if (prng_chance(prng, 3)) {
        add_event(EVENT_DELIVERY, (struct document *)(uintptr_t)f.events[at].document, 0);
    } else {
        deliver(arena_copy(&f.arena, f.events[at].document->id).ptr, NULL, NULL);
    }
}

static void random_entry(struct prng *prng)
{
    static const char *const roles[] = {"accounts_receivable", "customer_deposits", "refunds_due", "bad_debt"};
    struct entry_line line = {.role = text(roles[prng_below(prng, 4)]), .amount_minor = prng_range(prng, -900, 900)};
    if (line.amount_minor != 0) {
        add_event(EVENT_ENTRY, new_entry(&line, 1), 0);
    }
}

static void random_step(struct prng *prng, const struct document **order, bool plain)
{
    f.rate_e10 = f.money == f.home ? RATE_ONE : prng_range(prng, RATE_ONE / 2, RATE_ONE * 2);
    switch (plain ? prng_below(prng, 6) : prng_below(prng, 16)) {
    case 0:
    case 1: random_payment(prng); break;
    case 2:
    case 3:
    case 4: random_shipment(prng, *order); break;
    case 5: random_delivery(prng); break;
    case 6:
    case 7: random_cancel(prng, *order); break;
    case 8:
    case 9:
    case 10: random_refund(prng, *order); break;
    case 11:
    case 12: random_return(prng, *order); break;
    case 13: {
        struct document *edited = random_edit(prng, *order);
        version(edited);
        *order = edited;
        break;
    }
    case 14: random_entry(prng); break;
    default:
        if (prng_chance(prng, 2)) {
            random_policy(prng);
        } else {
            struct document *exchange = new_refund(NULL);
            exchange->refund.amount_minor = prng_range(prng, 0, 3000);
            add_event(EVENT_PAYMENT, exchange, 0);
        }
        break;
    }
}

static bool is_same_line(const struct line *a, const struct line *b)
{
    return line_same_place(a, b) && a->amount_minor == b->amount_minor && a->original_minor == b->original_minor &&
           a->original_currency == b->original_currency;
}

static bool is_same_effect(const struct stock_effect *a, const struct stock_effect *b)
{
    return a->kind == b->kind && a->line == b->line && a->part == b->part && span_eq(a->order_line, b->order_line) &&
           span_eq(a->sku, b->sku) && a->qty_micro == b->qty_micro && span_eq(a->location, b->location) &&
           a->picks_of == b->picks_of && a->disposition == b->disposition && a->revenue_minor == b->revenue_minor;
}

static void assert_same_result(const struct order_result *a, const struct order_result *b)
{
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->refusal, b->refusal);
    assert_true(span_eq(a->detail, b->detail));
    assert_int_equal(a->lines.count, b->lines.count);
    for (size_t i = 0; i < a->lines.count; i++) {
        assert_true(is_same_line(&a->lines.at[i], &b->lines.at[i]));
    }
    assert_int_equal(a->effect_count, b->effect_count);
    for (size_t i = 0; i < a->effect_count; i++) {
        assert_true(is_same_effect(&a->effects[i], &b->effects[i]));
    }
}

/* What comes later changes nothing that was decided before. */
static void assert_causal(void)
{
    struct order_result *results = ARENA_ARRAY(&f.arena, struct order_result, f.count);
    for (size_t count = 1; count < f.count; count++) {
        struct order_state state;
        struct arena_mark mark = arena_mark(&f.arena);
        assert_true(order_fold(f.events, count, f.home, &f.arena, results, &state));
        for (size_t i = 0; i < count; i++) {
            assert_same_result(&results[i], &f.results[i]);
        }
        arena_rewind(&f.arena, mark);
    }
}

static int64_t sum_of_role(enum role role, bool own_order)
{
    int64_t sum = 0;
    for (size_t i = 0; i < f.count; i++) {
        for (size_t l = 0; l < f.results[i].lines.count; l++) {
            const struct line *line = &f.results[i].lines.at[l];
            if (line->role == role && (!own_order || span_eq(line->order, SPAN("1001")))) {
                sum += line->amount_minor;
            }
        }
    }
    return sum;
}

/* What exchanged orders have put into this one's deposit, which their own entries carry. */
static int64_t exchanged(void)
{
    int64_t sum = 0;
    for (size_t i = 0; i < f.count; i++) {
        const struct document *document = f.events[i].document;
        if (f.events[i].kind == EVENT_PAYMENT && document->type == DOCUMENT_REFUND &&
            f.results[i].state == EVENT_STANDS) {
            int64_t company = document->refund.amount_minor;
            if (f.money != f.home) {
                assert_true(amount_at_rate(company, 2, f.events[i].rate_e10, 2, &company));
            }
            sum += company;
        }
    }
    return sum;
}

/* D-1: what is dropshipped never moves our stock. */
static void assert_dropship_moves_no_stock(void)
{
    for (size_t i = 0; i < f.count; i++) {
        for (size_t e = 0; e < f.results[i].effect_count; e++) {
            const struct stock_effect *effect = &f.results[i].effects[e];
            for (size_t l = 0; l < f.state.line_count; l++) {
                const struct order_line_state *line = &f.state.lines[l];
                assert_false(line->dropship && effect->kind == EFFECT_ISSUE && span_eq(line->id, effect->order_line));
            }
        }
    }
}

/* J-6 and P-3 from outside; J-1, P-1 and P-2 are must()s of the fold itself, after each event of every run. */
static void assert_balances(void)
{
    assert_int_equal(f.state.deposit_minor, -(sum_of_role(ROLE_CUSTOMER_DEPOSITS, true) - exchanged()));
    assert_int_equal(f.state.refunds_due_minor, -sum_of_role(ROLE_REFUNDS_DUE, true));
    assert_int_equal(f.state.receivable_minor, sum_of_role(ROLE_ACCOUNTS_RECEIVABLE, true));
    for (size_t i = 0; i < f.state.line_count; i++) {
        const struct order_line_state *line = &f.state.lines[i];
        assert_true(line->open_micro >= 0 && line->shipped_micro >= 0 && line->cancelled_micro >= 0);
        assert_true(line->shipped_micro + line->cancelled_micro <= line->ordered_micro);
        assert_true(line->returned_micro <= line->shipped_micro);
        assert_true(line->refundable_minor >= 0);
    }
}

/* Everything ships, is delivered and is paid: the lines then hold exactly the order's own amounts. */
static void assert_whole_value(const struct document *order)
{
    ship_all();
    for (size_t i = 0, count = f.count; i < count; i++) {
        if (f.events[i].kind == EVENT_SHIPMENT) {
            add_event(EVENT_DELIVERY, (struct document *)(uintptr_t)f.events[i].document, 0);
        }
    }
    pay("99999.00");
    fold();
    int64_t sales = 0, discounts = or_zero(order->order.discount_minor), taxes = 0, marketplace = 0;
    for (size_t i = 0; i < order->order.lines.count; i++) {
        const struct order_line *line = &order->order.lines.at[i];
        int64_t value = 0;
        assert_true(amount_of(line->qty_micro, line->unit_price_micro, 2, &value));
        sales += value;
        discounts += or_zero(line->discount_minor);
        for (size_t t = 0; t < line->tax.count; t++) {
            bool of_marketplace = line->tax.at[t].remitter == REMITTER_MARKETPLACE;
            *(of_marketplace ? &marketplace : &taxes) += line->tax.at[t].amount_minor;
            sales -= order->order.tax_included == TRUTH_TRUE ? line->tax.at[t].amount_minor : 0;
        }
    }
    int64_t shipping = or_zero(order->order.shipping.amount_minor);
    discounts += or_zero(order->order.shipping.discount_minor);
    for (size_t t = 0; t < order->order.shipping.tax.count; t++) {
        const struct tax_line *tax = &order->order.shipping.tax.at[t];
        *(tax->remitter == REMITTER_MARKETPLACE ? &marketplace : &taxes) += tax->amount_minor;
        shipping -= order->order.tax_included == TRUTH_TRUE ? tax->amount_minor : 0;
    }
    int64_t cards = 0;
    for (size_t i = 0; i < f.count; i++) {
        for (size_t l = 0; l < f.results[i].lines.count; l++) {
            const struct line *line = &f.results[i].lines.at[l];
            cards += line->role == ROLE_GIFT_CARD_LIABILITY && line->order_line.ptr != NULL ? line->amount_minor : 0;
        }
    }
    assert_int_equal(sum_of_role(ROLE_SALES, false) + cards, -sales);
    assert_int_equal(sum_of_role(ROLE_SHIPPING_INCOME, false), -shipping);
    assert_int_equal(sum_of_role(ROLE_DISCOUNTS, false), discounts);
    assert_int_equal(sum_of_role(ROLE_SALES_TAX_PAYABLE, false), -taxes);
    assert_int_equal(sum_of_role(ROLE_MARKETPLACE_TAX_WITHHELD, false), -marketplace);
    assert_int_equal(sum_of_role(ROLE_TIPS, false), -or_zero(order->order.tip_minor));
    assert_int_equal(sum_of_role(ROLE_DEFERRED_DROPSHIP_COST, false), 0);
    assert_int_equal(sum_of_role(ROLE_ACCRUED_PURCHASES, false) + sum_of_role(ROLE_COST_OF_SALES_DROPSHIP, false), 0);
    assert_int_equal(f.state.deposit_minor, 0);
    assert_int_equal(f.state.receivable_minor, 0);
    assert_int_equal(f.state.reservation_count, 0);
    covered.plain++;
}

static void count_covered(void)
{
    covered.runs++;
    covered.events += f.count;
    covered.foreign += f.money != f.home;
    for (size_t i = 0; i < f.count; i++) {
        const struct order_result *result = &f.results[i];
        covered.lines += result->lines.count;
        covered.effects += result->effect_count;
        covered.stands[f.events[i].kind] += result->state == EVENT_STANDS;
        covered.waits[f.events[i].kind] += result->state == EVENT_WAITS;
        covered.refused[f.events[i].kind] += result->state == EVENT_REFUSED;
        covered.refusals[result->refusal % 64]++;
    }
}

static void random_run(uint64_t seed)
{
    struct prng prng = prng_make(seed);
    start_order();
    bool plain = prng_chance(&prng, 4);
    if (!plain && prng_chance(&prng, 3)) {
        f.money = currency_find(SPAN("EUR"));
        f.rate_e10 = prng_range(&prng, RATE_ONE / 2, RATE_ONE * 2);
    }
    random_policy(&prng);
    if (plain) {
        set_policy("revenue_gross", "gross");
    }
    bool many = prng_chance(&prng, 10);
    covered.many_lines += (size_t)many;
    const struct document *order = random_order(&prng, many ? 20 + prng_below(&prng, 30) : 1 + prng_below(&prng, 5));
    version((struct document *)(uintptr_t)order);
    for (int64_t steps = prng_range(&prng, 1, STEPS_MAX); steps > 0; steps--) {
        random_step(&prng, &order, plain);
    }
    fold();
    assert_balances();
    assert_dropship_moves_no_stock();
    assert_causal();
    count_covered();
    if (plain && f.results[0].state == EVENT_STANDS) {
        assert_whole_value(order);
    }
}

static void random_orders_are_causal_and_conserve_their_balances(void **state)
{
    (void)state;
    const char *only = getenv("ORDER_SEED");
    size_t runs = getenv("ORDER_RUNS") ? strtoul(getenv("ORDER_RUNS"), NULL, 10) : RUNS;
    memset(&covered, 0, sizeof covered);
    for (uint64_t seed = 1; seed <= runs; seed++) {
        random_run(only ? strtoull(only, NULL, 10) : seed);
    }
    static const char *const names[KINDS] = {"",         "version", "payment", "cancel", "shipment",
                                             "delivery", "refund",  "return",  "entry",  "opening"};
    print_message("%zu random orders (%zu foreign, %zu of many lines, %zu followed to their whole value): "
                  "%zu events, %zu lines, %zu stock effects\n",
                  covered.runs, covered.foreign, covered.many_lines, covered.plain, covered.events, covered.lines,
                  covered.effects);
    for (size_t kind = EVENT_VERSION; kind < EVENT_OPENING; kind++) {
        print_message("  %-8s %6zu stand %6zu wait %6zu refused\n", names[kind], covered.stands[kind],
                      covered.waits[kind], covered.refused[kind]);
        assert_true(covered.stands[kind] > 0);
    }
    for (size_t refusal = 1; refusal < COUNT_OF(covered.refusals); refusal++) {
        if (covered.refusals[refusal] > 0) {
            print_message("  %-20s %6zu\n", refusal_name((enum refusal)refusal), covered.refusals[refusal]);
        }
    }
}

/* ---- long orders ---- */

static void a_long_order_is_found_by_index_and_folds_quickly(void **state)
{
    (void)state;
    start_order();
    enum { LINES = 1100 };
    struct document *order = new_order(NULL), *named = new_shipment("s1"), *back = new_return();
    for (size_t i = 0; i < LINES; i++) {
        add_tax(&add_line(order, numbered("line", i), numbered("SKU", i), "2", "3.33")->tax, "CA", "0.55",
                REMITTER_MERCHANT);
        add_shipped(named, numbered("line", i), "1");
        *add_returned(back, NULL, "1") = (struct return_line){
            .sku = text(numbered("SKU", i)), .qty_micro = MICRO, .credit_minor = ABSENT, .unit_cost_micro = ABSENT};
    }
    order->order.shipping.amount_minor = minor("25.00");
    order->order.discount_minor = minor("10.00");
    version(order);
    pay("5000.00");
    size_t first = add_event(EVENT_SHIPMENT, named, 0), delivered = deliver("s1", NULL, NULL);
    size_t returned = add_event(EVENT_RETURN, back, 0), rest = ship_all();
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    fold();
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_int_equal(f.results[first].effect_count, LINES);
    assert_int_equal(f.results[delivered].state, EVENT_STANDS);
    assert_int_equal(f.results[returned].effect_count, LINES);
    assert_int_equal(f.results[rest].effect_count, LINES);
    int64_t us = (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000;
    print_message("%d lines, 6 events: %" PRId64 " us\n", LINES, us);
    /* An order of magnitude above what a sanitized build takes: only a quadratic scan would reach it. */
    assert_true(us < 2000000);
}

/* The same events stand with the same lines and effects. */
static bool results_same(const struct order_result *a, const struct order_result *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i].state != b[i].state || a[i].refusal != b[i].refusal || a[i].lines.count != b[i].lines.count ||
            a[i].effect_count != b[i].effect_count) {
            return false;
        }
        for (size_t l = 0; l < a[i].lines.count; l++) {
            const struct line *x = &a[i].lines.at[l], *y = &b[i].lines.at[l];
            if (!line_same_place(x, y) || x->amount_minor != y->amount_minor ||
                x->original_minor != y->original_minor) {
                return false;
            }
        }
        for (size_t e = 0; e < a[i].effect_count; e++) {
            if (a[i].effects[e].kind != b[i].effects[e].kind ||
                a[i].effects[e].qty_micro != b[i].effects[e].qty_micro) {
                return false;
            }
        }
    }
    return true;
}

/* With however little memory: either the fold fails, or all of it is right. */
static void folds_in_any_arena(bool foreign)
{
    start_order();
    if (foreign) {
        f.money = currency_find(SPAN("EUR"));
        f.rate_e10 = RATE_ONE / 10 * 11;
    }
    struct document *order = new_order("91.00");
    add_line(order, "1", "A", "3", "10.00");
    add_line(order, "2", "kit", "1", "30.00");
    add_tax(&add_line(order, "3", "B", "2", "10.00")->tax, "CA", "3.00", REMITTER_MERCHANT);
    order->order.shipping.amount_minor = minor("6.00");
    order->order.tip_minor = minor("2.00");
    version(order);
    pay("50.00");
    ship("1", "1");
    ship("2", "1");
    refund_line("1", "1", "10.00");
    give_back("1", "1");
    cancel("3", "1");
    pay("41.00");
    refund("4.00");
    edit("4", "9.00", "36.00");
    cancel(NULL, NULL);
    struct order_result *all = ARENA_ARRAY(&f.arena, struct order_result, f.count);
    assert_true(order_fold(f.events, f.count, f.home, &f.arena, all, &f.state));
    size_t failed = 0;
    size_t right = 0;
    for (size_t max = 0; max < 120000; max += 48) {
        struct arena small = arena_make(max);
        bool folded = order_fold(f.events, f.count, f.home, &small, f.results, &f.state);
        failed += !folded;
        right += folded && results_same(f.results, all, f.count);
        assert_int_equal(right > 0, folded);
        arena_done(&small);
    }
    assert_true(failed > 10 && right > 10);
    fold();
}

static void an_exhausted_arena_fails_the_fold_and_not_the_process(void **state)
{
    (void)state;
    folds_in_any_arena(false);
    folds_in_any_arena(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_6_ships_from_stock_and_from_a_supplier_in_two_months),
        cmocka_unit_test(example_7_splits_a_bundles_revenue_by_stand_alone_price),
        cmocka_unit_test(example_12_puts_the_payment_into_clearing_at_its_rate),
        cmocka_unit_test(example_15_takes_back_sales_and_tax_and_keeps_a_fee),
        cmocka_unit_test(example_16_cancels_after_payment_without_sales_or_stock),
        cmocka_unit_test(example_18_recognises_at_delivery),
        cmocka_unit_test(part_shipments_lose_no_cent),
        cmocka_unit_test(order_discount_shipping_and_their_taxes_are_split_over_lines),
        cmocka_unit_test(a_tax_on_shipping_alone_is_split_over_lines_too),
        cmocka_unit_test(the_order_discount_follows_what_the_lines_own_discounts_left),
        cmocka_unit_test(included_taxes_are_taken_out_of_sales_and_shipping),
        cmocka_unit_test(rounding_rides_on_the_first_line_up_to_the_limit),
        cmocka_unit_test(marketplace_tax_and_tip_come_with_the_first_capture),
        cmocka_unit_test(a_bundles_parts_ship_apart_and_its_taxes_when_it_is_complete),
        cmocka_unit_test(a_bundle_is_complete_when_all_its_parts_are_used_up),
        cmocka_unit_test(units_of_measure_count_in_the_unit_that_is_named),
        cmocka_unit_test(an_authorised_or_void_payment_stands_and_posts_nothing),
        cmocka_unit_test(an_order_on_account_is_receivable_until_it_is_paid),
        cmocka_unit_test(a_shipment_takes_the_deposit_first),
        cmocka_unit_test(money_beyond_the_open_value_is_due_back),
        cmocka_unit_test(gift_cards_are_a_liability_when_sold_and_a_payment_when_used),
        cmocka_unit_test(services_and_digital_lines_earn_at_a_shipment_and_move_no_stock),
        cmocka_unit_test(a_shipments_cost_is_accrued_to_its_carrier),
        cmocka_unit_test(dropship_cost_is_drawn_from_the_whole_lines_cost),
        cmocka_unit_test(cancelled_dropship_units_cost_nothing),
        cmocka_unit_test(a_cancel_between_dropshipments_takes_its_own_part_of_cost_and_accrual),
        cmocka_unit_test(an_agent_has_commission_instead_of_sales_and_cost),
        cmocka_unit_test(an_item_that_comes_either_way_is_dropshipped_when_a_supplier_ships_it),
        cmocka_unit_test(a_supplier_takes_a_dropshipped_unit_back_for_its_cost_or_a_stated_credit),
        cmocka_unit_test(a_whole_order_shipment_leaves_lines_bound_elsewhere),
        cmocka_unit_test(shipping_more_than_ordered_is_refused_and_more_than_open_waits),
        cmocka_unit_test(a_sku_names_a_line_only_where_it_fits_one),
        cmocka_unit_test(cancels_take_open_units_only),
        cmocka_unit_test(a_cancel_gives_back_its_part_of_shipping_discount_and_tax),
        cmocka_unit_test(what_comes_back_was_shipped_before),
        cmocka_unit_test(a_returned_bundle_comes_back_as_its_components),
        cmocka_unit_test(events_are_judged_at_their_key),
        cmocka_unit_test(nothing_stands_without_a_version_but_an_opening_and_an_entry),
        cmocka_unit_test(payments_in_a_refused_order_fall_with_it),
        cmocka_unit_test(an_order_that_cannot_be_kept_is_refused),
        cmocka_unit_test(an_order_without_lines_stands_where_it_comes_to_nothing),
        cmocka_unit_test(the_largest_amounts_are_kept_exactly_or_fail_the_fold),
        cmocka_unit_test(an_edit_before_shipping_posts_only_what_is_due_back),
        cmocka_unit_test(an_edit_after_shipping_catches_up_on_what_was_shipped),
        cmocka_unit_test(an_edit_pays_the_receivable_before_it_owes_anything_back),
        cmocka_unit_test(an_edit_that_changes_nothing_posts_nothing),
        cmocka_unit_test(an_unshipped_line_may_become_another_item),
        cmocka_unit_test(an_edit_cannot_hold_less_than_was_shipped),
        cmocka_unit_test(lines_come_and_go_with_versions),
        cmocka_unit_test(an_edit_splits_discounts_taxes_and_shipping_anew),
        cmocka_unit_test(cancelled_units_stay_cancelled_over_an_edit),
        cmocka_unit_test(a_refund_takes_cancelled_then_earned_then_open_units),
        cmocka_unit_test(a_refund_of_units_follows_partial_draws),
        cmocka_unit_test(what_may_still_be_refunded_of_a_line_is_its_price_and_its_tax),
        cmocka_unit_test(units_without_an_amount_are_worth_what_is_left_of_them),
        cmocka_unit_test(an_allowance_takes_earned_value_then_open),
        cmocka_unit_test(an_open_unit_refunded_before_its_cancel_is_not_refunded_twice),
        cmocka_unit_test(refunded_open_units_are_refunded_ones_when_they_ship_or_are_cancelled),
        cmocka_unit_test(a_refund_without_lines_takes_what_is_due_then_earned_then_the_deposit),
        cmocka_unit_test(shipping_is_refunded_as_far_as_it_was_earned),
        cmocka_unit_test(a_refunded_shipping_tax_is_told_by_place_and_remitter),
        cmocka_unit_test(units_an_edit_took_off_are_refunded_as_cancelled_ones),
        cmocka_unit_test(a_sold_gift_card_is_refunded_out_of_its_liability),
        cmocka_unit_test(marketplace_tax_goes_back_out_of_what_was_withheld),
        cmocka_unit_test(a_matched_refund_takes_its_own_lines_value_first),
        cmocka_unit_test(refunds_must_add_up),
        cmocka_unit_test(a_refused_refund_leaves_the_book_as_it_was),
        cmocka_unit_test(a_refund_goes_where_it_says_or_where_the_money_came_from),
        cmocka_unit_test(an_exchange_pays_the_other_order),
        cmocka_unit_test(an_order_is_not_exchanged_for_itself_nor_refunded_in_another_currency),
        cmocka_unit_test(tax_is_payable_when_captured_under_tax_point_payment),
        cmocka_unit_test(tax_due_early_is_refunded_without_lines_too_and_returned_by_an_edit),
        cmocka_unit_test(delivery_recognises_each_unit_once_by_proof_or_by_time),
        cmocka_unit_test(late_proof_of_one_shipment_recognises_nothing_of_another),
        cmocka_unit_test(units_that_come_back_before_delivery_are_never_earned),
        cmocka_unit_test(undelivered_dropship_cost_is_deferred),
        cmocka_unit_test(a_delivery_takes_what_was_shipped_to_the_last_unit),
        cmocka_unit_test(earned_shipping_and_its_discount_leave_the_open_value),
        cmocka_unit_test(undelivered_dropship_cost_is_cost_once_the_units_come_back),
        cmocka_unit_test(revenue_at_payment_is_earned_when_the_total_is_captured),
        cmocka_unit_test(revenue_at_payment_follows_edits),
        cmocka_unit_test(a_month_ends_on_its_last_day),
        cmocka_unit_test(a_service_is_earned_at_months_ends_and_on_its_last_day),
        cmocka_unit_test(a_cancel_lets_the_days_before_it_pass_and_takes_the_rest),
        cmocka_unit_test(a_version_catches_up_to_the_end_of_the_last_month),
        cmocka_unit_test(a_service_that_has_ended_is_earned_at_once),
        cmocka_unit_test(a_paid_service_is_sold_once_under_revenue_at_payment),
        cmocka_unit_test(a_cancelled_bundle_takes_back_only_the_parts_that_were_not_shipped),
        cmocka_unit_test(sold_units_that_were_refunded_are_cancelled_for_nothing),
        cmocka_unit_test(a_refund_in_total_leaves_no_less_earned_than_it_took),
        cmocka_unit_test(a_receivable_in_another_currency_realises_its_exchange_difference),
        cmocka_unit_test(earned_value_is_split_in_both_currencies),
        cmocka_unit_test(a_shipment_without_a_currency_uses_the_orders_rate_of_its_day),
        cmocka_unit_test(a_foreign_payment_or_version_in_another_currency_is_not_taken),
        cmocka_unit_test(a_bad_debt_takes_the_orders_receivable_and_its_tax),
        cmocka_unit_test(entries_move_each_of_the_orders_accounts),
        cmocka_unit_test(an_entry_in_the_companys_currency_takes_its_part_of_a_foreign_receivable),
        cmocka_unit_test(reservations_are_what_is_open_by_sku_and_location),
        cmocka_unit_test(random_orders_are_causal_and_conserve_their_balances),
        cmocka_unit_test(a_long_order_is_found_by_index_and_folds_quickly),
        cmocka_unit_test(an_exhausted_arena_fails_the_fold_and_not_the_process),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
