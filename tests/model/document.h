/* document.h: the second model's own picture of a document, and its JSON.
 *
 * One struct for every type of document and one for every nested object: a superset of the fields. It is written as one
 * JSON line and read back from one by the same two tables (document.c). Names start with m_ so that a test may
 * include the engine's headers beside these. Absent numbers are M_NONE, absent texts NULL. */
#ifndef TIEOUT_TESTS_MODEL_DOCUMENT_H
#define TIEOUT_TESTS_MODEL_DOCUMENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/currency.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define M_NONE INT64_MIN

enum m_type {
    M_NO_TYPE,
    M_ITEM,
    M_LOCATION,
    M_ORDER,
    M_PAYMENT,
    M_CANCEL,
    M_SHIPMENT,
    M_DELIVERY,
    M_REFUND,
    M_RETURN,
    M_RECEIPT,
    M_BILL,
    M_LANDED_COST,
    M_COST_CORRECTION,
    M_TRANSFER,
    M_COUNT,
    M_ADJUSTMENT,
    M_STATUS_CHANGE,
    M_ASSEMBLY,
    M_SUPPLIER_RETURN,
    M_ENTRY,
    M_VOID,
    M_RATE,
    M_OPENING,
    M_TYPES
};

enum m_time_form { M_NO_TIME, M_INSTANT, M_DATE };
struct m_time {
    enum m_time_form form;
    int32_t day;   /* M_DATE */
    int64_t at_us; /* M_INSTANT */
};
/* id == NULL: absent. source == NULL: the source of the document that refers. */
struct m_ref {
    const char *source;
    const char *id;
};
enum m_bool { M_UNSAID, M_FALSE, M_TRUE };

struct m_line;
struct m_lines {
    struct m_line *at;
    size_t count;
};
struct m_refs {
    struct m_ref *at;
    size_t count;
};
struct m_numbers {
    int64_t *at;
    size_t count;
};

/* Any object inside a document: a line, a tax, a payment of an order, a pick, a component, a fulfilment. */
struct m_line {
    const char *id, *line, *sku, *component, *uom, *lot, *disposition, *status, *from, *to, *role, *type;
    const char *kind, *jurisdiction, *remitter, *gateway, *gift_card, *by, *location, *supplier, *source, *code;
    const char *account, *customer;
    int64_t qty, received_qty, unit_price, unit_cost, factor; /* millionths */
    int64_t amount, discount, total_cost, credit, value, deposit, receivable;
    int64_t cost; /* of a fulfilment: millionths per unit */
    struct m_ref receipt, order;
    struct m_time at;
    enum m_bool recoverable;
    struct m_lines tax, picks, fulfil; /* fulfil: an object, count 0 or 1 */
};

struct m_document {
    enum m_type type;
    const char *id, *source;
    int64_t version; /* M_NONE: 1 */
    struct m_time at, updated;
    const char *currency; /* NULL: the company's */
    int64_t rate;         /* ten places */

    const char *sku, *kind, *cost_method, *code, *channel, *customer, *gateway, *gift_card, *status, *location;
    const char *supplier, *carrier, *reason, *store_credit, *number, *basis, *from, *to, *by;
    int64_t standard_cost, last_cost, price, weight, volume, unit_cost; /* millionths */
    int64_t amount, discount, tip, total, cost, freight, restocking_fee, added_cost;
    const char *line; /* cost_correction */
    enum m_bool on_account, tax_included, consigned, capitalise, complete;
    struct m_ref order, shipment, exchange, payment, receipt, bill;
    struct m_time shipped, received;
    struct m_lines lines, payments, components, uoms, consume, produce, tax, shipping, document, match;
    struct m_lines balances, layers, orders, purchases; /* opening */
    struct m_refs receipts;
    struct m_numbers shares; /* millionths */

    /* Not part of the document: the refusal the engine gave it where that depends on the order of arrival, so that the
     * model leaves it out (README.md); NULL otherwise. */
    const char *left_out;
    /* Of a return: the instant that was settled and frozen when it was accepted (docs/decisions/0016); M_NONE where the
     * model works it out. The clean run is given the same frozen values. */
    int64_t frozen_at;
};

struct m_document *m_document_new(struct arena *arena, enum m_type type);
struct m_lines m_lines_new(struct arena *arena, size_t count);
const char *m_type_name(enum m_type type);
enum m_type m_type_find(const char *name);

/* One JSON object, without a line feed. `company` gives the decimals of amounts where the document names no currency. */
void m_document_write(const struct m_document *document, currency company, struct buf *out);
/* Reads one JSON line; NULL when it is not one that m_document_write could have meant, `*out_why` then says why. */
struct m_document *m_document_read(struct arena *arena, struct span text, currency company, const char **out_why);

/* "file" where no source is named. */
static inline const char *m_source(const struct m_document *document)
{
    return document->source ? document->source : "file";
}
static inline int64_t m_version(const struct m_document *document)
{
    return document->version == M_NONE ? 1 : document->version;
}
static inline int64_t m_or_zero(int64_t value) { return value == M_NONE ? 0 : value; }

#endif
