/* document.h: the canonical documents, the engine's one vocabulary (docs/formats/documents.md).
 *
 * A document is a plain value: spans and arrays borrow from the arena it was read into. Amounts are minor units of
 * the document's `currency`; quantities, unit prices and unit costs are millionths. An absent number is ABSENT, an
 * absent text or reference has ptr NULL. The JSON names, limits and layout of every field stand in one table
 * (document_fields.h); reading, the canonical form and the published JSON Schema all come from that table. */
#ifndef TIEOUT_ORDER_DOCUMENT_H
#define TIEOUT_ORDER_DOCUMENT_H

#include "base/calendar.h"
#include "base/currency.h"
#include "base/decimal.h"
#include "base/span.h"
#include <stddef.h>
#include <stdint.h>

#define ABSENT INT64_MIN
static inline bool is_present(int64_t value) { return value != ABSENT; }
static inline int64_t or_zero(int64_t value) { return value == ABSENT ? 0 : value; }
static inline int64_t or_else(int64_t value, int64_t otherwise) { return value == ABSENT ? otherwise : value; }

/* Stored in truth: values never change meaning. The gaps belong to types that come with later work. */
enum document_type {
    DOCUMENT_NONE = 0,
    DOCUMENT_ITEM = 1,
    DOCUMENT_LOCATION = 2,
    DOCUMENT_ORDER = 4,
    DOCUMENT_PAYMENT = 5,
    DOCUMENT_CANCEL = 6,
    DOCUMENT_SHIPMENT = 7,
    DOCUMENT_DELIVERY = 8,
    DOCUMENT_REFUND = 9,
    DOCUMENT_RETURN = 10,
    DOCUMENT_RECEIPT = 15,
    DOCUMENT_BILL = 16,
    DOCUMENT_LANDED_COST = 18,
    DOCUMENT_COST_CORRECTION = 19,
    DOCUMENT_TRANSFER = 20,
    DOCUMENT_COUNT = 21,
    DOCUMENT_ADJUSTMENT = 22,
    DOCUMENT_STATUS_CHANGE = 23,
    DOCUMENT_ASSEMBLY = 24,
    DOCUMENT_SUPPLIER_RETURN = 25,
    DOCUMENT_ENTRY = 31,
    DOCUMENT_VOID = 32,
    DOCUMENT_RATE = 34,
    DOCUMENT_OPENING = 35,
    DOCUMENT_TYPE_LIMIT = 40,
};

/* A time as given: an instant, or a local date whose instant the company's zone and the document's rank settle. */
struct moment {
    enum time_form form; /* TIME_MALFORMED: absent */
    int64_t at_us;       /* TIME_INSTANT */
    int32_t day;         /* TIME_DATE */
};
static inline bool moment_is_present(struct moment m) { return m.form != TIME_MALFORMED; }

/* Names another document: an id, of the same source unless `source` is given. */
struct reference {
    struct span source;
    struct span id;
};
static inline bool reference_is_present(struct reference r) { return r.id.ptr != NULL; }

/* Stands for an order the source does not name. */
struct match {
    struct span customer;
    struct span sku;
    int64_t unit_price_micro;
};
static inline bool match_is_present(struct match m) { return m.sku.ptr != NULL; }

/* A list borrowed from the arena. */
#define LIST(type)    \
    struct {          \
        type *at;     \
        size_t count; \
    }

enum item_kind {
    ITEM_KIND_ABSENT,
    ITEM_STOCKED,
    ITEM_DROPSHIP,
    ITEM_EITHER,
    ITEM_SERVICE,
    ITEM_SUPPLY,
    ITEM_BUNDLE,
    ITEM_GIFT_CARD
};
enum cost_method { COST_METHOD_ABSENT, COST_FIFO, COST_AVERAGE, COST_LIFO, COST_STANDARD, COST_SPECIFIC };
enum location_kind {
    LOCATION_KIND_ABSENT,
    LOCATION_WAREHOUSE,
    LOCATION_SHOP,
    LOCATION_FBA,
    LOCATION_3PL,
    LOCATION_SUPPLIER,
    LOCATION_TRANSIT,
    LOCATION_CONSIGNEE
};
enum tax_kind { TAX_KIND_ABSENT, TAX_SALES, TAX_VAT, TAX_DUTY, TAX_OTHER };
enum remitter { REMITTER_ABSENT, REMITTER_MERCHANT, REMITTER_MARKETPLACE };
enum fulfil_by { FULFIL_ABSENT, FULFIL_STOCK, FULFIL_DROPSHIP, FULFIL_FBA, FULFIL_3PL, FULFIL_DIGITAL };
enum payment_status { PAYMENT_STATUS_ABSENT, PAYMENT_AUTHORISED, PAYMENT_CAPTURED, PAYMENT_VOID };
enum replaces_kind { REPLACES_ABSENT, REPLACES_EXCHANGE, REPLACES_REPLACEMENT };
enum disposition {
    DISPOSITION_ABSENT,
    DISPOSITION_SELLABLE,
    DISPOSITION_QUARANTINED,
    DISPOSITION_DAMAGED,
    DISPOSITION_LOST,
    DISPOSITION_KEPT,
    DISPOSITION_TO_SUPPLIER
};
enum bill_kind { BILL_KIND_ABSENT, BILL_GOODS, BILL_LANDED, BILL_EXPENSE };
enum landed_basis { BASIS_ABSENT, BASIS_VALUE, BASIS_QUANTITY, BASIS_WEIGHT, BASIS_VOLUME, BASIS_EQUAL };
enum stock_status { STATUS_ABSENT, STATUS_SELLABLE, STATUS_QUARANTINED, STATUS_DAMAGED };
/* What is true once: tri-state for JSON booleans. */
enum truth_value { TRUTH_ABSENT, TRUTH_FALSE, TRUTH_TRUE };

struct uom {
    struct span code;
    int64_t factor_micro; /* stock units in one of it */
};
struct component {
    struct span sku;
    int64_t qty_micro;
    int64_t cost_share_micro;
};
struct item {
    struct span sku, name;
    enum item_kind kind;
    enum cost_method cost_method;
    struct span uom;
    LIST(struct uom) uoms;
    int64_t weight_micro, volume_micro;
    int64_t standard_cost_micro, last_cost_micro, price_micro;
    struct span supplier;
    LIST(struct component) components;
};
struct location {
    struct span code, name;
    enum location_kind kind;
    struct span region;
};

struct tax_line {
    enum tax_kind kind;
    struct span jurisdiction;
    int64_t amount_minor;
    enum remitter remitter;
};
typedef LIST(struct tax_line) tax_list;
struct fulfil {
    enum fulfil_by by;
    struct span location, supplier;
    int64_t cost_micro; /* per unit */
};
struct order_line {
    struct span id, sku, uom;
    int64_t qty_micro, unit_price_micro;
    int64_t discount_minor;
    tax_list tax;
    struct {
        struct moment from, to;
    } service;
    struct fulfil fulfil;
};
struct order_payment {
    struct span id, gateway, gift_card;
    int64_t amount_minor;
    struct moment at;
    enum payment_status status;
};
struct order {
    struct span channel, number, status, customer;
    enum truth_value on_account, tax_included;
    struct {
        struct reference order;
        enum replaces_kind kind;
    } replaces;
    LIST(struct order_line) lines;
    struct {
        int64_t amount_minor, discount_minor;
        tax_list tax;
    } shipping;
    int64_t discount_minor, tip_minor, total_minor;
    LIST(struct order_payment) payments;
    struct {
        struct span currency;
        int64_t rate_e10, total_micro; /* kept as stated */
    } presentment;
};
struct payment {
    struct reference order;
    struct span customer, gateway, gift_card;
    int64_t amount_minor;
    enum payment_status status;
};
/* A part of a line of another document. */
struct line_qty {
    struct span line, sku, uom;
    int64_t qty_micro;
};
typedef LIST(struct line_qty) line_qty_list;
struct cancel {
    struct reference order;
    line_qty_list lines;
    struct span reason;
};
struct pick {
    struct reference receipt;
    struct span lot;
    int64_t qty_micro;
};
typedef LIST(struct pick) pick_list;
struct shipment_line {
    struct span line, sku, component, uom;
    int64_t qty_micro;
    pick_list picks;
};
struct shipment {
    struct reference order, purchase_order;
    struct span location, supplier, tracking, carrier;
    LIST(struct shipment_line) lines;
    int64_t cost_minor;
};
struct delivery {
    struct reference shipment;
    line_qty_list lines;
};
struct refund_line {
    struct span line, sku, uom;
    int64_t qty_micro, amount_minor;
    tax_list tax;
};
struct refund {
    struct reference order;
    struct match match;
    int64_t amount_minor;
    LIST(struct refund_line) lines;
    struct {
        int64_t amount_minor;
        tax_list tax;
    } shipping;
    int64_t restocking_fee_minor;
    struct span gateway, store_credit;
    struct reference exchange, payment;
};
struct return_line {
    struct span line, sku, component, uom;
    int64_t qty_micro;
    enum disposition disposition;
    int64_t credit_minor, unit_cost_micro;
};
struct customer_return {
    struct reference order, shipment;
    struct match match;
    struct span location;
    LIST(struct return_line) lines;
};
struct receipt_line {
    struct span id, line, sku, uom, lot;
    int64_t qty_micro, unit_cost_micro, total_cost_minor;
    struct moment expires;
};
struct receipt {
    struct span supplier, location;
    struct reference purchase_order, inbound;
    LIST(struct receipt_line) lines;
    enum truth_value consigned;
};
struct bill_line {
    struct reference receipt;
    struct span line, sku, role, uom;
    int64_t qty_micro, amount_minor;
};
struct bill_tax {
    int64_t amount_minor;
    enum truth_value recoverable;
    struct span jurisdiction;
};
struct bill {
    struct span supplier, number;
    enum bill_kind kind;
    struct reference purchase_order, receipt, bill;
    LIST(struct bill_line) lines;
    LIST(struct bill_tax) tax;
};
struct receipt_line_reference {
    struct reference receipt;
    struct span line;
};
struct landed_cost {
    LIST(struct reference) receipts;
    LIST(struct receipt_line_reference) lines;
    LIST(int64_t) shares_micro;
    int64_t amount_minor;
    enum landed_basis basis;
    struct span kind;
    struct reference bill;
};
struct cost_correction {
    struct reference receipt;
    struct span line, sku;
    int64_t unit_cost_micro;
};
struct transfer_line {
    struct span id, sku, uom;
    int64_t qty_micro, received_qty_micro;
    pick_list picks;
};
struct transfer {
    struct span from, to;
    struct moment shipped, received;
    LIST(struct transfer_line) lines;
    int64_t freight_minor;
    enum truth_value capitalise;
};
struct count_line {
    struct span sku, lot, uom;
    int64_t qty_micro, unit_cost_micro;
    enum stock_status status;
};
struct count {
    struct span location;
    LIST(struct count_line) lines;
    enum truth_value complete;
};
struct adjustment_line {
    struct span sku, lot, uom;
    int64_t qty_micro;   /* signed */
    int64_t value_minor; /* signed; instead of qty */
    int64_t unit_cost_micro;
};
struct adjustment {
    struct span location, reason;
    LIST(struct adjustment_line) lines;
};
struct status_change_line {
    struct span sku, uom;
    int64_t qty_micro;
    enum stock_status from, to;
};
struct status_change {
    struct span location;
    LIST(struct status_change_line) lines;
};
struct assembly_part {
    struct span sku, uom;
    int64_t qty_micro;
};
struct assembly {
    struct span location;
    LIST(struct assembly_part) consume;
    struct assembly_part produce;
    int64_t added_cost_minor;
};
struct supplier_return_line {
    struct span sku, line, uom;
    struct reference receipt;
    int64_t qty_micro, credit_minor;
};
struct supplier_return {
    struct span supplier, location;
    LIST(struct supplier_return_line) lines;
};
struct entry_line {
    struct span role;
    int64_t amount_minor; /* signed, debit positive */
    struct reference order;
    struct span customer;
};
struct person_entry {
    LIST(struct entry_line) lines;
    struct span reason, by;
};
struct void_document {
    struct {
        struct span type, source, id;
    } document;
    struct span reason;
};
struct rate {
    struct span from, to;
    int64_t rate_e10;
};
struct opening_balance {
    struct span account; /* a role */
    int64_t amount_minor;
};
struct opening_layer {
    struct span sku, location, receipt;
    int64_t qty_micro, value_minor;
    struct moment at;
};
struct opening_order {
    struct reference order;
    int64_t deposit_minor, receivable_minor;
};
struct opening_purchase {
    struct span receipt, line, supplier, sku;
    int64_t qty_micro, amount_minor;
};
struct opening_clearing {
    struct span gateway, reference;
    int64_t amount_minor;
};
struct opening_card {
    struct span card;
    int64_t amount_minor;
};
struct opening {
    LIST(struct opening_balance) balances;
    LIST(struct opening_layer) layers;
    LIST(struct opening_order) orders;
    LIST(struct opening_purchase) purchases;
    LIST(struct opening_clearing) clearing;
    LIST(struct opening_card) gift_cards;
};

struct document {
    enum document_type type;
    int64_t version; /* 1 unless given */
    struct span source, id;
    struct moment at, updated;
    struct span currency; /* as given; absent: the company's */
    currency money;       /* the same, settled by the reader: what every amount_minor here is in */
    int64_t rate_e10;     /* units of the company's currency for one of `money`; ABSENT: the rate table */
    struct span extras;   /* unknown members, canonical JSON text of one object; absent when there are none */
    union {
        struct item item;
        struct location location;
        struct order order;
        struct payment payment;
        struct cancel cancel;
        struct shipment shipment;
        struct delivery delivery;
        struct refund refund;
        struct customer_return customer_return;
        struct receipt receipt;
        struct bill bill;
        struct landed_cost landed_cost;
        struct cost_correction cost_correction;
        struct transfer transfer;
        struct count count;
        struct adjustment adjustment;
        struct status_change status_change;
        struct assembly assembly;
        struct supplier_return supplier_return;
        struct person_entry entry;
        struct void_document void_document;
        struct rate rate;
        struct opening opening;
    };
};

/* The type's name in documents ("landed_cost"); type must be known. */
const char *document_type_name(enum document_type type);
/* Whether a definition's or an order's: its versions all stand beside one another, each from its own instant. Of every
 * other type a version replaces the one before it (docs/formats/order-of-movements.md). */
bool document_keeps_versions(enum document_type type);
/* DOCUMENT_NONE when no type has that name. */
enum document_type document_type_find(struct span name);

#endif
