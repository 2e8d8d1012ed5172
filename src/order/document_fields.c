/* document_fields.c: the table of every field of every canonical document.
 *
 * A row's place is its number in the packed form (document_pack.c), which is stored and hashed. So rows are only ever
 * appended to a table, never moved and never taken out; tests/unit/order_document_test.c pins the numbers. */
#include "order/document_fields.h"

/* `owner` is a type name as offsetof wants it; the rest names what differs from the defaults. */
#define ROW(owner, member, json, form_, ...)                                        \
    {                                                                               \
        .name = json, .form = form_, .offset = offsetof(owner, member), __VA_ARGS__ \
    }
#define ROW_LIST(owner, member, json, rows, ...)                                             \
    {                                                                                        \
        .name = json, .form = FIELD_LIST, .offset = offsetof(owner, member), .fields = rows, \
        .element_size = sizeof(*((owner *)0)->member.at), __VA_ARGS__                        \
    }
#define ROW_OBJECT(owner, member, json, rows, ...)                                                         \
    {                                                                                                      \
        .name = json, .form = FIELD_OBJECT, .offset = offsetof(owner, member), .fields = rows, __VA_ARGS__ \
    }
#define ROW_CHOICE(owner, member, json, names, ...)                                                          \
    {                                                                                                        \
        .name = json, .form = FIELD_CHOICE, .offset = offsetof(owner, member), .choices = names, __VA_ARGS__ \
    }
#define ROW_END      \
    {                \
        .name = NULL \
    }
/* The type of a struct that has no name of its own. */
#define MEMBER_TYPE(owner, member) __typeof__(((owner *)0)->member)

#define REQUIRED .flags = FIELD_REQUIRED
#define POSITIVE .sign = SIGN_POSITIVE
#define NOT_NEGATIVE .sign = SIGN_NOT_NEGATIVE
enum { LONG_TEXT = 1000, OPENING_COUNT_MAX = 100000 };

/* Names of the values 1, 2, ... of the enums in document.h. */
static const char *const item_kinds[] = {
    "stocked", "dropship", "either", "service", "supply", "bundle", "gift_card", NULL,
};
static const char *const cost_methods[] = {"fifo", "average", "lifo", "standard", "specific", NULL};
static const char *const location_kinds[] = {
    "warehouse", "shop", "fba", "3pl", "supplier", "transit", "consignee", NULL,
};
static const char *const tax_kinds[] = {"sales", "vat", "duty", "other", NULL};
static const char *const remitters[] = {"merchant", "marketplace", NULL};
static const char *const fulfil_ways[] = {"stock", "dropship", "fba", "3pl", "digital", NULL};
static const char *const payment_statuses[] = {"authorised", "captured", "void", NULL};
static const char *const replaces_kinds[] = {"exchange", "replacement", NULL};
static const char *const dispositions[] = {
    "sellable", "quarantined", "damaged", "lost", "kept", "to_supplier", NULL,
};
static const char *const bill_kinds[] = {"goods", "landed", "expense", NULL};
static const char *const landed_bases[] = {"value", "quantity", "weight", "volume", "equal", NULL};
static const char *const stock_statuses[] = {"sellable", "quarantined", "damaged", NULL};

/* `type` stands first for the schema's sake; who walks the values starts behind it. */
static const struct field common_fields[] = {
    {.name = "type", .form = FIELD_TEXT, REQUIRED, .help = "which of the types this is"},
    ROW(struct document, id, "id", FIELD_TEXT, REQUIRED, .help = "unique within its source and type"),
    ROW(struct document, source, "source", FIELD_TEXT,
        .help = "code of the channel, supplier or location it comes from; by default `file`"),
    ROW(struct document, version, "version", FIELD_VERSION,
        .help = "1 unless given; a higher one replaces the whole document"),
    ROW(struct document, at, "at", FIELD_MOMENT, REQUIRED,
        .help = "when it happened: an instant with offset, or a day in the company's zone"),
    ROW(struct document, updated, "updated", FIELD_MOMENT, .help = "when this version was made"),
    ROW(struct document, currency, "currency", FIELD_TEXT, .flags = FIELD_CURRENCY,
        .help = "ISO 4217 code that every amount here is in; by default the company's"),
    ROW(struct document, rate_e10, "rate", FIELD_RATE,
        .help = "units of the company's currency for one of `currency`; without it the rate table decides"),
    ROW_END,
};

static const struct field uom_fields[] = {
    ROW(struct uom, code, "code", FIELD_TEXT, REQUIRED, .help = "the unit's code, such as `box`"),
    ROW(struct uom, factor_micro, "factor", FIELD_MICRO, REQUIRED, POSITIVE,
        .help = "how many stock units one of it holds"),
    ROW_END,
};
static const struct field component_fields[] = {
    ROW(struct component, sku, "sku", FIELD_TEXT, REQUIRED, .help = "the item inside the bundle"),
    ROW(struct component, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units of it in one bundle"),
    ROW(struct component, cost_share_micro, "cost_share", FIELD_MICRO, NOT_NEGATIVE,
        .help = "its weight when the bundle is bought as a kit"),
    ROW_END,
};
#define ITEM(member, ...) ROW(struct document, item.member, __VA_ARGS__)
static const struct field item_fields[] = {
    ITEM(sku, "sku", FIELD_TEXT, REQUIRED, .help = "the stock keeping unit; the same as `id`"),
    ITEM(name, "name", FIELD_TEXT, .max_len = LONG_TEXT, .help = "what people call it"),
    ROW_CHOICE(struct document, item.kind, "kind", item_kinds, .help = "how it is supplied; a supply is never valued"),
    ROW_CHOICE(struct document, item.cost_method, "cost_method", cost_methods,
               .help = "how its issues are costed; by default the company's method"),
    ITEM(uom, "uom", FIELD_TEXT, .help = "name of the stock unit"),
    ROW_LIST(struct document, item.uoms, "uoms", uom_fields, .max_count = 100,
             .help = "other units that lines may count in"),
    ITEM(weight_micro, "weight", FIELD_MICRO, NOT_NEGATIVE, .help = "of one stock unit, to share costs by"),
    ITEM(volume_micro, "volume", FIELD_MICRO, NOT_NEGATIVE, .help = "of one stock unit, to share costs by"),
    ITEM(standard_cost_micro, "standard_cost", FIELD_MICRO, NOT_NEGATIVE, .help = "of one stock unit"),
    ITEM(last_cost_micro, "last_cost", FIELD_MICRO, NOT_NEGATIVE,
         .help = "of one stock unit: what a unit shipped before any receipt is taken to cost"),
    ITEM(supplier, "supplier", FIELD_TEXT, .help = "code of the usual supplier"),
    ITEM(price_micro, "price", FIELD_MICRO, NOT_NEGATIVE,
         .help = "price when sold alone: a bundle's revenue is shared by it"),
    ROW_LIST(struct document, item.components, "components", component_fields, .max_count = 500,
             .help = "what a bundle holds; sold orders keep the list they were sold with"),
    ROW_END,
};

static const struct field location_fields[] = {
    ROW(struct document, location.code, "code", FIELD_TEXT, REQUIRED, .help = "what other documents call it"),
    ROW(struct document, location.name, "name", FIELD_TEXT, .max_len = LONG_TEXT, .help = "what people call it"),
    ROW_CHOICE(struct document, location.kind, "kind", location_kinds, .help = "what sort of place it is"),
    ROW(struct document, location.region, "region", FIELD_TEXT, .help = "tax region it lies in"),
    ROW_END,
};

static const struct field tax_fields[] = {
    ROW_CHOICE(struct tax_line, kind, "kind", tax_kinds, .help = "what kind of tax it is"),
    ROW(struct tax_line, jurisdiction, "jurisdiction", FIELD_TEXT, .help = "who levies it"),
    ROW(struct tax_line, amount_minor, "amount", FIELD_AMOUNT, REQUIRED, NOT_NEGATIVE, .help = "the tax"),
    ROW_CHOICE(struct tax_line, remitter, "remitter", remitters, .help = "who pays it to the state"),
    ROW_END,
};
typedef MEMBER_TYPE(struct order_line, service) order_service;
static const struct field service_fields[] = {
    ROW(order_service, from, "from", FIELD_MOMENT, .help = "when the service begins"),
    ROW(order_service, to, "to", FIELD_MOMENT, .help = "when it ends"),
    ROW_END,
};
static const struct field fulfil_fields[] = {
    ROW_CHOICE(struct fulfil, by, "by", fulfil_ways, .help = "who hands the goods over"),
    ROW(struct fulfil, location, "location", FIELD_TEXT, .help = "where from, when from stock"),
    ROW(struct fulfil, supplier, "supplier", FIELD_TEXT, .help = "which supplier, when dropshipped"),
    ROW(struct fulfil, cost_micro, "cost", FIELD_MICRO, NOT_NEGATIVE, .help = "the supplier's cost of one unit"),
    ROW_END,
};
static const struct field order_line_fields[] = {
    ROW(struct order_line, id, "id", FIELD_TEXT, .flags = FIELD_REQUIRED | FIELD_LINE_ID,
        .help = "unique within the order; later documents name the line by it"),
    ROW(struct order_line, sku, "sku", FIELD_TEXT, REQUIRED, .help = "the item sold"),
    ROW(struct order_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default its stock unit"),
    ROW(struct order_line, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units ordered"),
    ROW(struct order_line, unit_price_micro, "unit_price", FIELD_MICRO, REQUIRED, NOT_NEGATIVE,
        .help = "price of one unit before discount"),
    ROW(struct order_line, discount_minor, "discount", FIELD_AMOUNT, NOT_NEGATIVE,
        .help = "off the whole line, in the line's own right"),
    ROW_LIST(struct order_line, tax, "tax", tax_fields, .max_count = 100, .help = "taxes on the line"),
    ROW_OBJECT(struct order_line, service, "service", service_fields,
               .help = "the time over which a service is rendered"),
    ROW_OBJECT(struct order_line, fulfil, "fulfil", fulfil_fields,
               .help = "how the line is fulfilled, where the source knows"),
    ROW_END,
};
typedef MEMBER_TYPE(struct order, replaces) order_replaces;
static const struct field replaces_fields[] = {
    ROW(order_replaces, order, "order", FIELD_REFERENCE, REQUIRED, .help = "the earlier order"),
    ROW_CHOICE(order_replaces, kind, "kind", replaces_kinds, .help = "why this one stands for it"),
    ROW_END,
};
typedef MEMBER_TYPE(struct order, shipping) order_shipping;
static const struct field order_shipping_fields[] = {
    ROW(order_shipping, amount_minor, "amount", FIELD_AMOUNT, NOT_NEGATIVE, .help = "charged for shipping"),
    ROW(order_shipping, discount_minor, "discount", FIELD_AMOUNT, NOT_NEGATIVE, .help = "off the shipping charge"),
    ROW_LIST(order_shipping, tax, "tax", tax_fields, .max_count = 100, .help = "taxes on shipping"),
    ROW_END,
};
static const struct field order_payment_fields[] = {
    ROW(struct order_payment, id, "id", FIELD_TEXT, .help = "the gateway's id of it"),
    ROW(struct order_payment, gateway, "gateway", FIELD_TEXT, REQUIRED, .help = "who took the money"),
    ROW(struct order_payment, amount_minor, "amount", FIELD_AMOUNT, REQUIRED, NOT_NEGATIVE, .help = "how much"),
    ROW(struct order_payment, at, "at", FIELD_MOMENT, .help = "when; by default with the order"),
    ROW_CHOICE(struct order_payment, status, "status", payment_statuses,
               .help = "only a captured one moves money; by default captured"),
    ROW(struct order_payment, gift_card, "gift_card", FIELD_TEXT, .help = "the card it was paid with"),
    ROW_END,
};
typedef MEMBER_TYPE(struct order, presentment) order_presentment;
static const struct field presentment_fields[] = {
    ROW(order_presentment, currency, "currency", FIELD_TEXT, .flags = FIELD_CURRENCY | FIELD_REQUIRED,
        .help = "what the customer saw prices in"),
    ROW(order_presentment, rate_e10, "rate", FIELD_RATE, .help = "the channel's own rate"),
    ROW(order_presentment, total_micro, "total", FIELD_MICRO, NOT_NEGATIVE, .help = "the total the customer saw"),
    ROW_END,
};
#define ORDER(member, ...) ROW(struct document, order.member, __VA_ARGS__)
static const struct field order_fields[] = {
    ORDER(channel, "channel", FIELD_TEXT, REQUIRED, .help = "code of the channel it was placed on"),
    ORDER(number, "number", FIELD_TEXT, .help = "the number people quote"),
    ORDER(status, "status", FIELD_TEXT, .help = "the channel's own word for its state"),
    ROW(struct document, order.on_account, "on_account", FIELD_TRUTH,
        .help = "the customer pays later against an invoice"),
    ORDER(customer, "customer", FIELD_TEXT, .help = "an opaque name for the customer"),
    ORDER(tax_included, "tax_included", FIELD_TRUTH, .help = "prices hold their taxes already"),
    ROW_OBJECT(struct document, order.replaces, "replaces", replaces_fields,
               .help = "the order this one is an exchange or a replacement for"),
    ROW_LIST(struct document, order.lines, "lines", order_line_fields, REQUIRED, .help = "what was ordered"),
    ROW_OBJECT(struct document, order.shipping, "shipping", order_shipping_fields, .help = "the shipping charge"),
    ORDER(discount_minor, "discount", FIELD_AMOUNT, NOT_NEGATIVE,
          .help = "off the order as a whole, besides what its lines take off"),
    ORDER(tip_minor, "tip", FIELD_AMOUNT, NOT_NEGATIVE, .help = "given on top"),
    ORDER(total_minor, "total", FIELD_AMOUNT, .help = "the total as the channel states it"),
    ROW_LIST(struct document, order.payments, "payments", order_payment_fields, .max_count = 1000,
             .help = "payments the channel lists with the order"),
    ROW_OBJECT(struct document, order.presentment, "presentment", presentment_fields,
               .help = "the currency shown to the customer, kept as stated"),
    ROW_END,
};

#define PAYMENT(member, ...) ROW(struct document, payment.member, __VA_ARGS__)
static const struct field payment_fields[] = {
    PAYMENT(order, "order", FIELD_REFERENCE, .help = "the order paid; else `customer`"),
    PAYMENT(customer, "customer", FIELD_TEXT, .help = "who paid, when no order is named"),
    PAYMENT(gateway, "gateway", FIELD_TEXT, REQUIRED, .help = "who took the money"),
    PAYMENT(amount_minor, "amount", FIELD_AMOUNT, REQUIRED, POSITIVE, .help = "how much"),
    ROW_CHOICE(struct document, payment.status, "status", payment_statuses,
               .help = "only a captured one moves money; by default captured"),
    PAYMENT(gift_card, "gift_card", FIELD_TEXT, .help = "the card it was paid with"),
    ROW_END,
};

static const struct field line_qty_fields[] = {
    ROW(struct line_qty, line, "line", FIELD_TEXT, .help = "id of the line in the document referred to"),
    ROW(struct line_qty, sku, "sku", FIELD_TEXT, .help = "instead of `line` where the item stands on one line only"),
    ROW(struct line_qty, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default that line's unit"),
    ROW(struct line_qty, qty_micro, "qty", FIELD_MICRO, POSITIVE, .help = "units; by default all that are open"),
    ROW_END,
};
static const struct field cancel_fields[] = {
    ROW(struct document, cancel.order, "order", FIELD_REFERENCE, REQUIRED, .help = "the order cancelled"),
    ROW_LIST(struct document, cancel.lines, "lines", line_qty_fields, .help = "by default all that is not shipped"),
    ROW(struct document, cancel.reason, "reason", FIELD_TEXT, .max_len = LONG_TEXT, .help = "why"),
    ROW_END,
};

static const struct field pick_fields[] = {
    ROW(struct pick, receipt, "receipt", FIELD_REFERENCE, .help = "the receipt the units came with"),
    ROW(struct pick, lot, "lot", FIELD_TEXT, .help = "or the lot they belong to"),
    ROW(struct pick, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units taken from it"),
    ROW_END,
};
static const struct field shipment_line_fields[] = {
    ROW(struct shipment_line, line, "line", FIELD_TEXT, .help = "id of the order's line"),
    ROW(struct shipment_line, sku, "sku", FIELD_TEXT,
        .help = "instead of `line` where the item stands on one line only"),
    ROW(struct shipment_line, component, "component", FIELD_TEXT,
        .help = "the one item of a bundle that went, when not whole bundles"),
    ROW(struct shipment_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default that line's unit"),
    ROW(struct shipment_line, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units shipped"),
    ROW_LIST(struct shipment_line, picks, "picks", pick_fields, .max_count = 1000,
             .help = "which receipts or lots; required for items costed by specific lot"),
    ROW_END,
};
#define SHIPMENT(member, ...) ROW(struct document, shipment.member, __VA_ARGS__)
static const struct field shipment_fields[] = {
    SHIPMENT(order, "order", FIELD_REFERENCE, REQUIRED, .help = "the order shipped"),
    SHIPMENT(location, "location", FIELD_TEXT, .help = "where it left from"),
    SHIPMENT(supplier, "supplier", FIELD_TEXT, .help = "or the supplier who sent it"),
    SHIPMENT(purchase_order, "purchase_order", FIELD_REFERENCE, .help = "what the supplier was asked by"),
    ROW_LIST(struct document, shipment.lines, "lines", shipment_line_fields, .help = "by default all that is open"),
    SHIPMENT(tracking, "tracking", FIELD_TEXT, .help = "the carrier's number"),
    SHIPMENT(carrier, "carrier", FIELD_TEXT, .help = "who carries it"),
    SHIPMENT(cost_minor, "cost", FIELD_AMOUNT, NOT_NEGATIVE, .help = "what the carriage costs us"),
    ROW_END,
};
static const struct field delivery_fields[] = {
    ROW(struct document, delivery.shipment, "shipment", FIELD_REFERENCE, REQUIRED, .help = "the shipment that arrived"),
    ROW_LIST(struct document, delivery.lines, "lines", line_qty_fields, .help = "by default all of it"),
    ROW_END,
};

static const struct field match_fields[] = {
    ROW(struct match, customer, "customer", FIELD_TEXT, .help = "who bought it"),
    ROW(struct match, sku, "sku", FIELD_TEXT, REQUIRED, .help = "what was bought"),
    ROW(struct match, unit_price_micro, "unit_price", FIELD_MICRO, NOT_NEGATIVE, .help = "at which price"),
    ROW_END,
};
static const struct field refund_line_fields[] = {
    ROW(struct refund_line, line, "line", FIELD_TEXT, .help = "id of the order's line"),
    ROW(struct refund_line, sku, "sku", FIELD_TEXT, .help = "instead of `line` where the item stands on one line only"),
    ROW(struct refund_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default that line's unit"),
    ROW(struct refund_line, qty_micro, "qty", FIELD_MICRO, POSITIVE, .help = "units refunded"),
    ROW(struct refund_line, amount_minor, "amount", FIELD_AMOUNT, NOT_NEGATIVE,
        .help = "given back for the line, without tax and before any fee"),
    ROW_LIST(struct refund_line, tax, "tax", tax_fields, .max_count = 100, .help = "taxes given back"),
    ROW_END,
};
typedef MEMBER_TYPE(struct refund, shipping) refund_shipping;
static const struct field refund_shipping_fields[] = {
    ROW(refund_shipping, amount_minor, "amount", FIELD_AMOUNT, NOT_NEGATIVE, .help = "of the shipping charge"),
    ROW_LIST(refund_shipping, tax, "tax", tax_fields, .max_count = 100, .help = "taxes on it"),
    ROW_END,
};
#define REFUND(member, ...) ROW(struct document, refund.member, __VA_ARGS__)
static const struct field refund_fields[] = {
    REFUND(order, "order", FIELD_REFERENCE, .help = "the order refunded"),
    ROW_OBJECT(struct document, refund.match, "match", match_fields, .help = "or the sale, when no order is known"),
    REFUND(amount_minor, "amount", FIELD_AMOUNT, REQUIRED, NOT_NEGATIVE, .help = "what the customer gets back in all"),
    ROW_LIST(struct document, refund.lines, "lines", refund_line_fields, .help = "what it is given back for"),
    ROW_OBJECT(struct document, refund.shipping, "shipping", refund_shipping_fields, .help = "shipping given back"),
    REFUND(restocking_fee_minor, "restocking_fee", FIELD_AMOUNT, NOT_NEGATIVE, .help = "kept back"),
    REFUND(gateway, "gateway", FIELD_TEXT, .help = "who pays it out"),
    REFUND(store_credit, "store_credit", FIELD_TEXT, .help = "or the card it is credited to"),
    REFUND(exchange, "exchange", FIELD_REFERENCE, .help = "or the order it pays for"),
    REFUND(payment, "payment", FIELD_REFERENCE, .help = "the payment it reverses"),
    ROW_END,
};
static const struct field return_line_fields[] = {
    ROW(struct return_line, line, "line", FIELD_TEXT, .help = "id of the order's line"),
    ROW(struct return_line, sku, "sku", FIELD_TEXT, .help = "instead of `line` where the item stands on one line only"),
    ROW(struct return_line, component, "component", FIELD_TEXT,
        .help = "the one item of a bundle that came back; without it `qty` counts bundles"),
    ROW(struct return_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default that line's unit"),
    ROW(struct return_line, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units that came back"),
    ROW_CHOICE(struct return_line, disposition, "disposition", dispositions,
               .help = "what became of them; by default sellable"),
    ROW(struct return_line, credit_minor, "credit", FIELD_AMOUNT, NOT_NEGATIVE,
        .help = "total the supplier credits, when they went to the supplier"),
    ROW(struct return_line, unit_cost_micro, "unit_cost", FIELD_MICRO, NOT_NEGATIVE,
        .help = "cost of one unit, when no sale is known"),
    ROW_END,
};
static const struct field return_fields[] = {
    ROW(struct document, customer_return.order, "order", FIELD_REFERENCE, .help = "the order they were sold on"),
    ROW_OBJECT(struct document, customer_return.match, "match", match_fields,
               .help = "or the sale, when no order is known"),
    ROW(struct document, customer_return.shipment, "shipment", FIELD_REFERENCE, .help = "the shipment they went with"),
    ROW(struct document, customer_return.location, "location", FIELD_TEXT, .help = "where they came back to"),
    ROW_LIST(struct document, customer_return.lines, "lines", return_line_fields, REQUIRED, .min_count = 1,
             .help = "what came back"),
    ROW_END,
};

static const struct field receipt_line_fields[] = {
    ROW(struct receipt_line, id, "id", FIELD_TEXT, .flags = FIELD_LINE_ID, .help = "by default its place, from 1"),
    ROW(struct receipt_line, line, "line", FIELD_TEXT, .help = "id of the purchase order's line"),
    ROW(struct receipt_line, sku, "sku", FIELD_TEXT, REQUIRED, .help = "the item received"),
    ROW(struct receipt_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default its stock unit"),
    ROW(struct receipt_line, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units received"),
    ROW(struct receipt_line, unit_cost_micro, "unit_cost", FIELD_MICRO, NOT_NEGATIVE, .help = "cost of one unit"),
    ROW(struct receipt_line, total_cost_minor, "total_cost", FIELD_AMOUNT, NOT_NEGATIVE,
        .help = "or the cost of all of them; with neither the purchase order's cost holds"),
    ROW(struct receipt_line, lot, "lot", FIELD_TEXT, .help = "the lot they belong to"),
    ROW(struct receipt_line, expires, "expires", FIELD_MOMENT, .help = "when the lot expires"),
    ROW_END,
};
#define RECEIPT(member, ...) ROW(struct document, receipt.member, __VA_ARGS__)
static const struct field receipt_fields[] = {
    RECEIPT(supplier, "supplier", FIELD_TEXT, .help = "who delivered"),
    RECEIPT(purchase_order, "purchase_order", FIELD_REFERENCE, .help = "what it was ordered by"),
    RECEIPT(inbound, "inbound", FIELD_REFERENCE, .help = "the notice that announced it"),
    RECEIPT(location, "location", FIELD_TEXT, .help = "where it was received; by default `main`"),
    ROW_LIST(struct document, receipt.lines, "lines", receipt_line_fields, REQUIRED, .min_count = 1,
             .help = "what was received"),
    RECEIPT(consigned, "consigned", FIELD_TRUTH, .help = "counted but not valued: it belongs to another"),
    ROW_END,
};

static const struct field bill_line_fields[] = {
    ROW(struct bill_line, receipt, "receipt", FIELD_REFERENCE, .help = "the receipt billed, when not the bill's own"),
    ROW(struct bill_line, line, "line", FIELD_TEXT, .help = "id of the receipt's line"),
    ROW(struct bill_line, sku, "sku", FIELD_TEXT, .help = "instead of `line` where the item stands on one line only"),
    ROW(struct bill_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default that line's unit"),
    ROW(struct bill_line, qty_micro, "qty", FIELD_MICRO, .help = "units billed; negative on a credit note"),
    ROW(struct bill_line, amount_minor, "amount", FIELD_AMOUNT, REQUIRED,
        .help = "without tax; negative on a credit note"),
    ROW(struct bill_line, role, "role", FIELD_TEXT, .help = "the account's role, for an expense"),
    ROW_END,
};
static const struct field bill_tax_fields[] = {
    ROW(struct bill_tax, amount_minor, "amount", FIELD_AMOUNT, REQUIRED, .help = "the tax; negative on a credit note"),
    ROW(struct bill_tax, recoverable, "recoverable", FIELD_TRUTH, .help = "whether the state gives it back"),
    ROW(struct bill_tax, jurisdiction, "jurisdiction", FIELD_TEXT, .help = "who levies it"),
    ROW_END,
};
#define BILL(member, ...) ROW(struct document, bill.member, __VA_ARGS__)
static const struct field bill_fields[] = {
    BILL(supplier, "supplier", FIELD_TEXT, REQUIRED, .help = "who sent it"),
    BILL(number, "number", FIELD_TEXT, .help = "the supplier's number"),
    ROW_CHOICE(struct document, bill.kind, "kind", bill_kinds, .help = "what it charges for; by default goods"),
    BILL(purchase_order, "purchase_order", FIELD_REFERENCE, .help = "what the goods were ordered by"),
    BILL(receipt, "receipt", FIELD_REFERENCE, .help = "or the receipt it bills"),
    BILL(bill, "bill", FIELD_REFERENCE, .help = "the bill that a credit note corrects"),
    ROW_LIST(struct document, bill.lines, "lines", bill_line_fields, REQUIRED, .min_count = 1,
             .help = "what it charges"),
    ROW_LIST(struct document, bill.tax, "tax", bill_tax_fields, .max_count = 100, .help = "taxes on it"),
    ROW_END,
};

static const struct field receipt_line_reference_fields[] = {
    ROW(struct receipt_line_reference, receipt, "receipt", FIELD_REFERENCE, REQUIRED, .help = "the receipt"),
    ROW(struct receipt_line_reference, line, "line", FIELD_TEXT, .help = "id of its line; by default all of them"),
    ROW_END,
};
#define LANDED(member, ...) ROW(struct document, landed_cost.member, __VA_ARGS__)
static const struct field landed_cost_fields[] = {
    LANDED(receipts, "receipts", FIELD_LIST_REFERENCE, .help = "the receipts that carry the cost"),
    ROW_LIST(struct document, landed_cost.lines, "lines", receipt_line_reference_fields,
             .help = "or single lines of receipts"),
    LANDED(shares_micro, "shares", FIELD_LIST_MICRO, NOT_NEGATIVE,
           .help = "own weights, one for each receipt or line in the same order"),
    LANDED(amount_minor, "amount", FIELD_AMOUNT, REQUIRED, POSITIVE, .help = "the cost to share out"),
    ROW_CHOICE(struct document, landed_cost.basis, "basis", landed_bases, .help = "what it is shared by"),
    LANDED(kind, "kind", FIELD_TEXT, .help = "freight, duty, insurance or another word"),
    LANDED(bill, "bill", FIELD_REFERENCE, .help = "the bill that charges it"),
    ROW_END,
};

#define CORRECTION(member, ...) ROW(struct document, cost_correction.member, __VA_ARGS__)
static const struct field cost_correction_fields[] = {
    CORRECTION(receipt, "receipt", FIELD_REFERENCE, REQUIRED, .help = "the receipt that was wrong"),
    CORRECTION(line, "line", FIELD_TEXT, .help = "id of its line"),
    CORRECTION(sku, "sku", FIELD_TEXT, .help = "instead of `line` where the item stands on one line only"),
    CORRECTION(unit_cost_micro, "unit_cost", FIELD_MICRO, REQUIRED, NOT_NEGATIVE, .help = "the right cost of one unit"),
    ROW_END,
};

static const struct field transfer_line_fields[] = {
    ROW(struct transfer_line, id, "id", FIELD_TEXT, .flags = FIELD_LINE_ID, .help = "by default its place, from 1"),
    ROW(struct transfer_line, sku, "sku", FIELD_TEXT, REQUIRED, .help = "the item moved"),
    ROW(struct transfer_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default its stock unit"),
    ROW(struct transfer_line, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units that left"),
    ROW(struct transfer_line, received_qty_micro, "received_qty", FIELD_MICRO, NOT_NEGATIVE,
        .help = "units that arrived; by default all of them"),
    ROW_LIST(struct transfer_line, picks, "picks", pick_fields, .max_count = 1000,
             .help = "which receipts or lots; required for items costed by specific lot"),
    ROW_END,
};
#define TRANSFER(member, ...) ROW(struct document, transfer.member, __VA_ARGS__)
static const struct field transfer_fields[] = {
    TRANSFER(from, "from", FIELD_TEXT, REQUIRED, .help = "the location they leave"),
    TRANSFER(to, "to", FIELD_TEXT, REQUIRED, .help = "the location they go to"),
    TRANSFER(shipped, "shipped", FIELD_MOMENT, REQUIRED, .help = "when they left"),
    TRANSFER(received, "received", FIELD_MOMENT, .help = "when they arrived; without it they are in transit"),
    ROW_LIST(struct document, transfer.lines, "lines", transfer_line_fields, REQUIRED, .min_count = 1,
             .help = "what is moved"),
    TRANSFER(freight_minor, "freight", FIELD_AMOUNT, NOT_NEGATIVE, .help = "what moving them costs"),
    TRANSFER(capitalise, "capitalise", FIELD_TRUTH, .help = "the freight becomes part of the goods' cost"),
    ROW_END,
};

static const struct field count_line_fields[] = {
    ROW(struct count_line, sku, "sku", FIELD_TEXT, REQUIRED, .help = "the item counted"),
    ROW(struct count_line, lot, "lot", FIELD_TEXT, .help = "the lot counted"),
    ROW(struct count_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default its stock unit"),
    ROW(struct count_line, qty_micro, "qty", FIELD_MICRO, REQUIRED, NOT_NEGATIVE, .help = "the quantity found"),
    ROW_CHOICE(struct count_line, status, "status", stock_statuses, .help = "of which status; by default all"),
    ROW(struct count_line, unit_cost_micro, "unit_cost", FIELD_MICRO, NOT_NEGATIVE,
        .help = "cost of one unit, where more was found than expected"),
    ROW_END,
};
static const struct field count_fields[] = {
    ROW(struct document, count.location, "location", FIELD_TEXT, REQUIRED, .help = "where it was counted"),
    ROW_LIST(struct document, count.lines, "lines", count_line_fields, REQUIRED, .help = "what was found"),
    ROW(struct document, count.complete, "complete", FIELD_TRUTH, .help = "what is not listed is zero"),
    ROW_END,
};

static const struct field adjustment_line_fields[] = {
    ROW(struct adjustment_line, sku, "sku", FIELD_TEXT, REQUIRED, .help = "the item adjusted"),
    ROW(struct adjustment_line, lot, "lot", FIELD_TEXT, .help = "the lot adjusted"),
    ROW(struct adjustment_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default its stock unit"),
    ROW(struct adjustment_line, qty_micro, "qty", FIELD_MICRO, .help = "units more (+) or fewer (-)"),
    ROW(struct adjustment_line, value_minor, "value", FIELD_AMOUNT,
        .help = "or value more (+) or less (-) at the same quantity"),
    ROW(struct adjustment_line, unit_cost_micro, "unit_cost", FIELD_MICRO, NOT_NEGATIVE,
        .help = "cost of one unit that came in"),
    ROW_END,
};
static const struct field adjustment_fields[] = {
    ROW(struct document, adjustment.location, "location", FIELD_TEXT, REQUIRED, .help = "where"),
    ROW(struct document, adjustment.reason, "reason", FIELD_TEXT, REQUIRED, .max_len = LONG_TEXT, .help = "why"),
    ROW_LIST(struct document, adjustment.lines, "lines", adjustment_line_fields, REQUIRED, .min_count = 1,
             .help = "what changes"),
    ROW_END,
};

static const struct field status_change_line_fields[] = {
    ROW(struct status_change_line, sku, "sku", FIELD_TEXT, REQUIRED, .help = "the item"),
    ROW(struct status_change_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default its stock unit"),
    ROW(struct status_change_line, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units that change"),
    ROW_CHOICE(struct status_change_line, from, "from", stock_statuses, REQUIRED, .help = "what they were"),
    ROW_CHOICE(struct status_change_line, to, "to", stock_statuses, REQUIRED,
               .help = "what they are now; damaged is written off"),
    ROW_END,
};
static const struct field status_change_fields[] = {
    ROW(struct document, status_change.location, "location", FIELD_TEXT, REQUIRED, .help = "where"),
    ROW_LIST(struct document, status_change.lines, "lines", status_change_line_fields, REQUIRED, .min_count = 1,
             .help = "what changes"),
    ROW_END,
};

static const struct field assembly_part_fields[] = {
    ROW(struct assembly_part, sku, "sku", FIELD_TEXT, REQUIRED, .help = "the item"),
    ROW(struct assembly_part, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default its stock unit"),
    ROW(struct assembly_part, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units"),
    ROW_END,
};
static const struct field assembly_fields[] = {
    ROW(struct document, assembly.location, "location", FIELD_TEXT, REQUIRED, .help = "where"),
    ROW_LIST(struct document, assembly.consume, "consume", assembly_part_fields, REQUIRED, .min_count = 1,
             .help = "what goes in"),
    ROW_OBJECT(struct document, assembly.produce, "produce", assembly_part_fields, REQUIRED, .help = "what comes out"),
    ROW(struct document, assembly.added_cost_minor, "added_cost", FIELD_AMOUNT, NOT_NEGATIVE,
        .help = "work and other cost that becomes part of it"),
    ROW_END,
};

static const struct field supplier_return_line_fields[] = {
    ROW(struct supplier_return_line, sku, "sku", FIELD_TEXT, .help = "the item that goes back"),
    ROW(struct supplier_return_line, line, "line", FIELD_TEXT, .help = "or id of the receipt's line"),
    ROW(struct supplier_return_line, uom, "uom", FIELD_TEXT, .help = "a unit of the item; by default its stock unit"),
    ROW(struct supplier_return_line, receipt, "receipt", FIELD_REFERENCE, .help = "the receipt it came with"),
    ROW(struct supplier_return_line, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units that go back"),
    ROW(struct supplier_return_line, credit_minor, "credit", FIELD_AMOUNT, NOT_NEGATIVE,
        .help = "total the supplier credits; by default the receipt's cost"),
    ROW_END,
};
static const struct field supplier_return_fields[] = {
    ROW(struct document, supplier_return.supplier, "supplier", FIELD_TEXT, REQUIRED, .help = "who gets it back"),
    ROW(struct document, supplier_return.location, "location", FIELD_TEXT,
        .help = "where it leaves from; by default `main`"),
    ROW_LIST(struct document, supplier_return.lines, "lines", supplier_return_line_fields, REQUIRED, .min_count = 1,
             .help = "what goes back"),
    ROW_END,
};

static const struct field entry_line_fields[] = {
    ROW(struct entry_line, role, "role", FIELD_TEXT, REQUIRED, .help = "role of the account"),
    ROW(struct entry_line, amount_minor, "amount", FIELD_AMOUNT, REQUIRED, .help = "debit positive, credit negative"),
    ROW(struct entry_line, order, "order", FIELD_REFERENCE, .help = "the open item, on a control account"),
    ROW(struct entry_line, customer, "customer", FIELD_TEXT,
        .help = "the open item, on `customer_deposits`: what is held for a customer and no order"),
    ROW_END,
};
static const struct field entry_fields[] = {
    ROW_LIST(struct document, entry.lines, "lines", entry_line_fields, REQUIRED, .min_count = 2,
             .help = "at least two, summing to zero"),
    ROW(struct document, entry.reason, "reason", FIELD_TEXT, REQUIRED, .max_len = LONG_TEXT, .help = "why"),
    ROW(struct document, entry.by, "by", FIELD_TEXT, REQUIRED, .help = "the person who makes it"),
    ROW_END,
};

typedef MEMBER_TYPE(struct void_document, document) voided_document;
static const struct field voided_fields[] = {
    ROW(voided_document, type, "type", FIELD_TEXT, REQUIRED, .help = "its type"),
    ROW(voided_document, source, "source", FIELD_TEXT, .help = "its source; by default this document's"),
    ROW(voided_document, id, "id", FIELD_TEXT, REQUIRED, .help = "its id"),
    ROW_END,
};
static const struct field void_fields[] = {
    ROW_OBJECT(struct document, void_document.document, "document", voided_fields, REQUIRED,
               .help = "the document that was a mistake"),
    ROW(struct document, void_document.reason, "reason", FIELD_TEXT, REQUIRED, .max_len = LONG_TEXT, .help = "why"),
    ROW_END,
};

static const struct field rate_fields[] = {
    ROW(struct document, rate.from, "from", FIELD_TEXT, .flags = FIELD_REQUIRED | FIELD_CURRENCY,
        .help = "the currency priced"),
    ROW(struct document, rate.to, "to", FIELD_TEXT, .flags = FIELD_REQUIRED | FIELD_CURRENCY,
        .help = "the currency it is priced in"),
    ROW(struct document, rate.rate_e10, "rate", FIELD_RATE, REQUIRED, .help = "units of `to` for one of `from`"),
    ROW_END,
};

static const struct field opening_balance_fields[] = {
    ROW(struct opening_balance, account, "account", FIELD_TEXT, REQUIRED, .help = "role of the account"),
    ROW(struct opening_balance, amount_minor, "amount", FIELD_AMOUNT, REQUIRED,
        .help = "debit positive, credit negative"),
    ROW_END,
};
static const struct field opening_layer_fields[] = {
    ROW(struct opening_layer, sku, "sku", FIELD_TEXT, REQUIRED, .help = "the item held"),
    ROW(struct opening_layer, location, "location", FIELD_TEXT, .help = "where; by default `main`"),
    ROW(struct opening_layer, receipt, "receipt", FIELD_TEXT, .help = "what the receipt was called in the old books"),
    ROW(struct opening_layer, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units left of it"),
    ROW(struct opening_layer, value_minor, "value", FIELD_AMOUNT, REQUIRED, .help = "their cost in all"),
    ROW(struct opening_layer, at, "at", FIELD_MOMENT, .help = "when they were received"),
    ROW_END,
};
static const struct field opening_order_fields[] = {
    ROW(struct opening_order, order, "order", FIELD_REFERENCE, REQUIRED, .help = "an order not finished"),
    ROW(struct opening_order, deposit_minor, "deposit", FIELD_AMOUNT, NOT_NEGATIVE,
        .help = "paid by the customer, not yet earned"),
    ROW(struct opening_order, receivable_minor, "receivable", FIELD_AMOUNT, NOT_NEGATIVE,
        .help = "owed by the customer"),
    ROW_END,
};
static const struct field opening_purchase_fields[] = {
    ROW(struct opening_purchase, receipt, "receipt", FIELD_TEXT, REQUIRED,
        .help = "what the receipt was called in the old books; bills name it so"),
    ROW(struct opening_purchase, line, "line", FIELD_TEXT, .help = "id of its line, where bills name it"),
    ROW(struct opening_purchase, supplier, "supplier", FIELD_TEXT, .help = "who delivered"),
    ROW(struct opening_purchase, sku, "sku", FIELD_TEXT, REQUIRED, .help = "the item received"),
    ROW(struct opening_purchase, qty_micro, "qty", FIELD_MICRO, REQUIRED, POSITIVE, .help = "units not billed"),
    ROW(struct opening_purchase, amount_minor, "amount", FIELD_AMOUNT, REQUIRED, NOT_NEGATIVE,
        .help = "their accrued cost"),
    ROW_END,
};
static const struct field opening_clearing_fields[] = {
    ROW(struct opening_clearing, gateway, "gateway", FIELD_TEXT, REQUIRED, .help = "who holds the money"),
    ROW(struct opening_clearing, reference, "reference", FIELD_TEXT, .help = "what it calls the item"),
    ROW(struct opening_clearing, amount_minor, "amount", FIELD_AMOUNT, REQUIRED, .help = "not paid out yet"),
    ROW_END,
};
static const struct field opening_card_fields[] = {
    ROW(struct opening_card, card, "card", FIELD_TEXT, REQUIRED, .help = "the card's number or code"),
    ROW(struct opening_card, amount_minor, "amount", FIELD_AMOUNT, REQUIRED, NOT_NEGATIVE, .help = "left on it"),
    ROW_END,
};
static const struct field opening_fields[] = {
    ROW_LIST(struct document, opening.balances, "balances", opening_balance_fields, .max_count = OPENING_COUNT_MAX,
             .help = "the trial balance at the cut-over"),
    ROW_LIST(struct document, opening.layers, "layers", opening_layer_fields, .max_count = OPENING_COUNT_MAX,
             .help = "the stock held, by what it cost"),
    ROW_LIST(struct document, opening.orders, "orders", opening_order_fields, .max_count = OPENING_COUNT_MAX,
             .help = "orders with money on them"),
    ROW_LIST(struct document, opening.purchases, "purchases", opening_purchase_fields, .max_count = OPENING_COUNT_MAX,
             .help = "goods received and not billed"),
    ROW_LIST(struct document, opening.clearing, "clearing", opening_clearing_fields, .max_count = OPENING_COUNT_MAX,
             .help = "money that gateways hold"),
    ROW_LIST(struct document, opening.gift_cards, "gift_cards", opening_card_fields, .max_count = OPENING_COUNT_MAX,
             .help = "gift cards with money on them"),
    ROW_END,
};

const struct field *document_common_fields(void) { return common_fields; }

const struct field *document_fields(enum document_type type)
{
    switch (type) {
    case DOCUMENT_ITEM: return item_fields;
    case DOCUMENT_LOCATION: return location_fields;
    case DOCUMENT_ORDER: return order_fields;
    case DOCUMENT_PAYMENT: return payment_fields;
    case DOCUMENT_CANCEL: return cancel_fields;
    case DOCUMENT_SHIPMENT: return shipment_fields;
    case DOCUMENT_DELIVERY: return delivery_fields;
    case DOCUMENT_REFUND: return refund_fields;
    case DOCUMENT_RETURN: return return_fields;
    case DOCUMENT_RECEIPT: return receipt_fields;
    case DOCUMENT_BILL: return bill_fields;
    case DOCUMENT_LANDED_COST: return landed_cost_fields;
    case DOCUMENT_COST_CORRECTION: return cost_correction_fields;
    case DOCUMENT_TRANSFER: return transfer_fields;
    case DOCUMENT_COUNT: return count_fields;
    case DOCUMENT_ADJUSTMENT: return adjustment_fields;
    case DOCUMENT_STATUS_CHANGE: return status_change_fields;
    case DOCUMENT_ASSEMBLY: return assembly_fields;
    case DOCUMENT_SUPPLIER_RETURN: return supplier_return_fields;
    case DOCUMENT_ENTRY: return entry_fields;
    case DOCUMENT_VOID: return void_fields;
    case DOCUMENT_RATE: return rate_fields;
    case DOCUMENT_OPENING: return opening_fields;
    case DOCUMENT_NONE:
    case DOCUMENT_TYPE_LIMIT: break;
    }
    return NULL;
}
