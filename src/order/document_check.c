/* document_check.c: the rules between the fields of one document, one function per type. Within a function the rules
 * stand in order of precedence: the first that says no is the refusal. */
#include "order/document_check.h"
#include "base/hash.h"
#include "base/must.h"
#include "order/document_fields.h"
#include "order/field_access.h"
#include <stdarg.h>
#include <stdio.h>

struct check {
    struct arena *arena;
    struct span *out_detail;
};

enum { SHOWN_MAX = 60, COMPARE_MAX = 16 };
#define NO_MEMORY SIZE_MAX

PRINTF_LIKE(3, 4)
static enum refusal refuse(struct check *check, enum refusal refusal, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    must(length >= 0 && (size_t)length < sizeof text);
    *check->out_detail = arena_copy(check->arena, (struct span){text, (size_t)length});
    return refusal;
}

/* For %.*s: a text cut to what fits a sentence, never inside a character. */
static struct span shown(struct span text)
{
    if (text.len <= SHOWN_MAX) {
        return text;
    }
    size_t len = SHOWN_MAX;
    while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    return (struct span){text.ptr, len};
}

static bool has(struct span text) { return text.ptr != NULL; }

/* ---- ids unique within a list ---- */

/* The place of an id that an earlier one equals, or `count`. `ids` are `stride` bytes apart. */
static size_t find_repeated_few(const char *ids, size_t stride, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct span *id = (const void *)(ids + i * stride);
        for (size_t j = 0; j < i; j++) {
            if (span_eq(*id, *(const struct span *)(const void *)(ids + j * stride))) {
                return i;
            }
        }
    }
    return count;
}

static size_t find_repeated_many(const char *ids, size_t stride, size_t count, struct arena *arena)
{
    size_t slots = 64;
    while (slots < count * 2) {
        slots *= 2;
    }
    struct arena_mark mark = arena_mark(arena);
    const struct span **table = arena_array(arena, slots, sizeof(const void *));
    if (table == NULL) {
        return NO_MEMORY;
    }
    size_t repeated = count;
    for (size_t i = 0; i < count && repeated == count; i++) {
        const struct span *id = (const void *)(ids + i * stride);
        size_t slot = hash_mix(*id) & (slots - 1);
        while (table[slot] != NULL && !span_eq(*table[slot], *id)) {
            slot = (slot + 1) & (slots - 1);
        }
        if (table[slot] != NULL) {
            repeated = i;
        }
        table[slot] = id;
    }
    arena_rewind(arena, mark);
    return repeated;
}

static enum refusal check_unique(struct check *check, struct any_list list, const char *list_name, size_t stride,
                                 const char *member, size_t offset)
{
    if (list.count < 2) {
        return REFUSAL_NONE;
    }
    const char *ids = (const char *)list.at + offset;
    size_t repeated = list.count <= COMPARE_MAX ? find_repeated_few(ids, stride, list.count)
                                                : find_repeated_many(ids, stride, list.count, check->arena);
    if (repeated == list.count) {
        return REFUSAL_NONE;
    }
    if (repeated == NO_MEMORY) {
        *check->out_detail = SPAN("the document is too large for the memory set aside for one");
        return REFUSAL_MALFORMED;
    }
    struct span id = shown(*(const struct span *)(const void *)(ids + repeated * stride));
    return refuse(check, REFUSAL_BAD_VALUE, "%s[%zu].%s: \"%.*s\" stands on an earlier line too", list_name, repeated,
                  member, SPAN_ARG(id));
}

#define CHECK_UNIQUE(check, list, list_name, member)                                                           \
    check_unique((check), (struct any_list){(list).at, (list).count}, (list_name), sizeof *(list).at, #member, \
                 offsetof(__typeof__(*(list).at), member))

/* ---- shared rules ---- */

static enum refusal need_line_or_sku(struct check *check, const char *list, size_t i, struct span line, struct span sku)
{
    if (has(line) || has(sku)) {
        return REFUSAL_NONE;
    }
    return refuse(check, REFUSAL_MISSING_FIELD, "%s[%zu]: neither line nor sku is given", list, i);
}

static enum refusal check_line_qtys(struct check *check, const line_qty_list *lines)
{
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < lines->count && refusal == REFUSAL_NONE; i++) {
        refusal = need_line_or_sku(check, "lines", i, lines->at[i].line, lines->at[i].sku);
    }
    return refusal;
}

static enum refusal check_picks(struct check *check, size_t line, const pick_list *picks)
{
    for (size_t i = 0; i < picks->count; i++) {
        bool by_receipt = reference_is_present(picks->at[i].receipt);
        bool by_lot = has(picks->at[i].lot);
        if (!by_receipt && !by_lot) {
            return refuse(check, REFUSAL_MISSING_FIELD, "lines[%zu].picks[%zu]: neither receipt nor lot is given", line,
                          i);
        }
        if (by_receipt && by_lot) {
            return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu].picks[%zu]: receipt and lot are both given; name one",
                          line, i);
        }
    }
    return REFUSAL_NONE;
}

/* Both of one form, so that they can be compared without a time zone, and the second earlier. */
static bool is_before(struct moment later, struct moment earlier)
{
    if (later.form != earlier.form) {
        return false;
    }
    return later.form == TIME_INSTANT ? later.at_us < earlier.at_us
                                      : later.form == TIME_DATE && later.day < earlier.day;
}

/* ---- one function per type ---- */

static enum refusal check_item(struct check *check, const struct document *document)
{
    const struct item *item = &document->item;
    if (!span_eq(item->sku, document->id)) {
        struct span sku = shown(item->sku), id = shown(document->id);
        return refuse(check, REFUSAL_BAD_VALUE, "sku: \"%.*s\" is not the id \"%.*s\", and an item's id is its sku",
                      SPAN_ARG(sku), SPAN_ARG(id));
    }
    if (item->kind == ITEM_BUNDLE && item->components.count == 0) {
        return refuse(check, REFUSAL_MISSING_FIELD, "components: a bundle needs at least one");
    }
    if (item->kind != ITEM_BUNDLE && item->components.count > 0) {
        return refuse(check, REFUSAL_BAD_VALUE, "components: only an item of kind bundle has any");
    }
    for (size_t i = 0; i < item->components.count; i++) {
        if (span_eq(item->components.at[i].sku, item->sku)) {
            return refuse(check, REFUSAL_BAD_VALUE, "components[%zu].sku: a bundle cannot hold itself", i);
        }
    }
    enum refusal refusal = CHECK_UNIQUE(check, item->components, "components", sku);
    return refusal ? refusal : CHECK_UNIQUE(check, item->uoms, "uoms", code);
}

enum { SERVICE_DAYS_MAX = 36525 };

static enum refusal check_order(struct check *check, const struct order *order)
{
    for (size_t i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        bool from = moment_is_present(line->service.from), to = moment_is_present(line->service.to);
        if ((from && line->service.from.form != TIME_DATE) || (to && line->service.to.form != TIME_DATE) ||
            from != to) {
            return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu].service: from and to are two dates without a time", i);
        }
        if (is_before(line->service.to, line->service.from)) {
            return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu].service.to: is before its from", i);
        }
        if (from && line->service.to.day - line->service.from.day > SERVICE_DAYS_MAX) {
            return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu].service.to: more than a hundred years after its from",
                          i);
        }
    }
    return CHECK_UNIQUE(check, order->lines, "lines", id);
}

static enum refusal check_payment(struct check *check, const struct payment *payment)
{
    if (!reference_is_present(payment->order) && !has(payment->customer)) {
        return refuse(check, REFUSAL_MISSING_FIELD, "order: neither order nor customer is given");
    }
    return REFUSAL_NONE;
}

static enum refusal check_shipment(struct check *check, const struct shipment *shipment)
{
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < shipment->lines.count && refusal == REFUSAL_NONE; i++) {
        const struct shipment_line *line = &shipment->lines.at[i];
        refusal = need_line_or_sku(check, "lines", i, line->line, line->sku);
        if (refusal == REFUSAL_NONE) {
            refusal = check_picks(check, i, &line->picks);
        }
    }
    return refusal;
}

static enum refusal check_order_or_match(struct check *check, struct reference order, struct match match)
{
    if (reference_is_present(order) && match_is_present(match)) {
        return refuse(check, REFUSAL_BAD_VALUE, "match: stands only where no order is given");
    }
    return REFUSAL_NONE;
}

static enum refusal check_refund_lines(struct check *check, const struct refund *refund)
{
    for (size_t i = 0; i < refund->lines.count; i++) {
        const struct refund_line *line = &refund->lines.at[i];
        if (!match_is_present(refund->match)) {
            enum refusal refusal = need_line_or_sku(check, "lines", i, line->line, line->sku);
            if (refusal != REFUSAL_NONE) {
                return refusal;
            }
        }
        if (!is_present(line->qty_micro) && !is_present(line->amount_minor) && line->tax.count == 0) {
            return refuse(check, REFUSAL_MISSING_FIELD, "lines[%zu]: neither qty, amount nor tax is given", i);
        }
    }
    return REFUSAL_NONE;
}

static enum refusal check_refund(struct check *check, const struct refund *refund)
{
    if (!reference_is_present(refund->order) && !match_is_present(refund->match)) {
        return refuse(check, REFUSAL_MISSING_FIELD, "order: neither order nor match is given");
    }
    enum refusal refusal = check_order_or_match(check, refund->order, refund->match);
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    int ways = has(refund->gateway) + has(refund->store_credit) + reference_is_present(refund->exchange);
    if (ways > 1) {
        return refuse(check, REFUSAL_BAD_VALUE, "gateway: only one of gateway, store_credit and exchange may be given");
    }
    bool has_parts =
        refund->lines.count > 0 || is_present(refund->shipping.amount_minor) || refund->shipping.tax.count > 0;
    if (refund->amount_minor == 0 && !has_parts) {
        return refuse(check, REFUSAL_EMPTY, "amount: is zero, and nothing else is given back");
    }
    return check_refund_lines(check, refund);
}

static enum refusal check_return_line(struct check *check, const struct customer_return *returned, size_t i)
{
    const struct return_line *line = &returned->lines.at[i];
    bool has_sale = reference_is_present(returned->order) || match_is_present(returned->match);
    if (!has_sale && !has(line->sku)) {
        return refuse(check, REFUSAL_MISSING_FIELD, "lines[%zu].sku: is missing, and no order or match says it", i);
    }
    if (!has_sale && !is_present(line->unit_cost_micro)) {
        return refuse(check, REFUSAL_MISSING_FIELD,
                      "lines[%zu].unit_cost: is missing, and no order or match says what the goods cost", i);
    }
    if (is_present(line->credit_minor) && line->disposition != DISPOSITION_TO_SUPPLIER) {
        return refuse(check, REFUSAL_BAD_VALUE,
                      "lines[%zu].credit: belongs to goods that went to the supplier (disposition to_supplier)", i);
    }
    return need_line_or_sku(check, "lines", i, line->line, line->sku);
}

static enum refusal check_return(struct check *check, const struct customer_return *returned)
{
    enum refusal refusal = check_order_or_match(check, returned->order, returned->match);
    for (size_t i = 0; i < returned->lines.count && refusal == REFUSAL_NONE; i++) {
        refusal = check_return_line(check, returned, i);
    }
    return refusal;
}

static enum refusal check_receipt(struct check *check, const struct receipt *receipt)
{
    for (size_t i = 0; i < receipt->lines.count; i++) {
        const struct receipt_line *line = &receipt->lines.at[i];
        if (is_present(line->unit_cost_micro) && is_present(line->total_cost_minor)) {
            return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu]: unit_cost and total_cost are both given; state one",
                          i);
        }
    }
    return CHECK_UNIQUE(check, receipt->lines, "lines", id);
}

static enum refusal check_bill(struct check *check, const struct bill *bill)
{
    for (size_t i = 0; i < bill->lines.count; i++) {
        if (bill->lines.at[i].qty_micro == 0) {
            return refuse(check, REFUSAL_EMPTY, "lines[%zu].qty: is zero", i);
        }
    }
    return REFUSAL_NONE;
}

static enum refusal check_landed_cost(struct check *check, const struct landed_cost *landed)
{
    size_t targets = landed->receipts.count + landed->lines.count;
    if (targets == 0) {
        return refuse(check, REFUSAL_MISSING_FIELD, "receipts: neither receipts nor lines are given");
    }
    if (landed->receipts.count > 0 && landed->lines.count > 0) {
        return refuse(check, REFUSAL_BAD_VALUE, "lines: receipts and lines are both given; name one of them");
    }
    if (landed->shares_micro.count == 0) {
        return REFUSAL_NONE;
    }
    if (landed->shares_micro.count != targets) {
        return refuse(check, REFUSAL_BAD_VALUE, "shares: %zu are given for %zu %s", landed->shares_micro.count, targets,
                      landed->receipts.count > 0 ? "receipts" : "lines");
    }
    for (size_t i = 0; i < targets; i++) {
        if (landed->shares_micro.at[i] > 0) {
            return REFUSAL_NONE;
        }
    }
    return refuse(check, REFUSAL_BAD_VALUE, "shares: all of them are zero");
}

static enum refusal check_cost_correction(struct check *check, const struct cost_correction *correction)
{
    if (!has(correction->line) && !has(correction->sku)) {
        return refuse(check, REFUSAL_MISSING_FIELD, "line: neither line nor sku is given");
    }
    return REFUSAL_NONE;
}

static enum refusal check_transfer_line(struct check *check, const struct transfer *transfer, size_t i)
{
    const struct transfer_line *line = &transfer->lines.at[i];
    if (is_present(line->received_qty_micro) && !moment_is_present(transfer->received)) {
        return refuse(check, REFUSAL_MISSING_FIELD, "received: is missing, and lines[%zu] states a received_qty", i);
    }
    if (is_present(line->received_qty_micro) && line->received_qty_micro > line->qty_micro) {
        return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu].received_qty: more than the qty that left", i);
    }
    return check_picks(check, i, &line->picks);
}

static enum refusal check_transfer(struct check *check, const struct transfer *transfer)
{
    if (span_eq(transfer->from, transfer->to)) {
        return refuse(check, REFUSAL_BAD_VALUE, "to: is the location they leave from");
    }
    if (is_before(transfer->received, transfer->shipped)) {
        return refuse(check, REFUSAL_BAD_VALUE, "received: is before shipped");
    }
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < transfer->lines.count && refusal == REFUSAL_NONE; i++) {
        refusal = check_transfer_line(check, transfer, i);
    }
    return refusal ? refusal : CHECK_UNIQUE(check, transfer->lines, "lines", id);
}

static enum refusal check_count(struct check *check, const struct count *count)
{
    if (count->lines.count == 0 && count->complete != TRUTH_TRUE) {
        return refuse(check, REFUSAL_EMPTY, "lines: holds nothing, and the count is not complete");
    }
    for (size_t i = 0; i < count->lines.count; i++) {
        if (has(count->lines.at[i].lot) && count->lines.at[i].status != STATUS_ABSENT) {
            return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu].status: layers have none; a lot is counted whole", i);
        }
    }
    return REFUSAL_NONE;
}

static enum refusal check_adjustment(struct check *check, const struct adjustment *adjustment)
{
    for (size_t i = 0; i < adjustment->lines.count; i++) {
        const struct adjustment_line *line = &adjustment->lines.at[i];
        bool has_qty = is_present(line->qty_micro), has_value = is_present(line->value_minor);
        if (!has_qty && !has_value) {
            return refuse(check, REFUSAL_MISSING_FIELD, "lines[%zu]: neither qty nor value is given", i);
        }
        if (has_qty && has_value) {
            return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu]: qty and value are both given; state one", i);
        }
        if (has_value && is_present(line->unit_cost_micro)) {
            return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu].unit_cost: belongs to a qty, not to a value", i);
        }
        if (has_qty ? line->qty_micro == 0 : line->value_minor == 0) {
            return refuse(check, REFUSAL_EMPTY, "lines[%zu].%s: is zero", i, has_qty ? "qty" : "value");
        }
    }
    return REFUSAL_NONE;
}

static enum refusal check_status_change(struct check *check, const struct status_change *change)
{
    for (size_t i = 0; i < change->lines.count; i++) {
        if (change->lines.at[i].from == change->lines.at[i].to) {
            return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu].to: is the status they have already", i);
        }
    }
    return REFUSAL_NONE;
}

/* What comes out of itself would carry its cost in a circle. */
static enum refusal check_assembly(struct check *check, const struct assembly *assembly)
{
    for (size_t i = 0; i < assembly->consume.count; i++) {
        if (span_eq(assembly->consume.at[i].sku, assembly->produce.sku)) {
            return refuse(check, REFUSAL_BAD_VALUE,
                          "produce.sku: %.*s is consumed too; an adjustment by value adds cost to an item",
                          SPAN_ARG(assembly->produce.sku));
        }
    }
    return REFUSAL_NONE;
}

static enum refusal check_supplier_return(struct check *check, const struct supplier_return *returned)
{
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < returned->lines.count && refusal == REFUSAL_NONE; i++) {
        const struct supplier_return_line *line = &returned->lines.at[i];
        refusal = need_line_or_sku(check, "lines", i, line->line, line->sku);
        if (refusal == REFUSAL_NONE && has(line->line) && !reference_is_present(line->receipt)) {
            refusal = refuse(check, REFUSAL_MISSING_FIELD,
                             "lines[%zu].receipt: is missing, and line names a line of a receipt", i);
        }
    }
    return refusal;
}

static enum refusal check_entry(struct check *check, const struct document *document)
{
    /* At most 10,000 lines of at most AMOUNT_MINOR_MAX each: the sum fits. */
    int64_t sum_minor = 0;
    for (size_t i = 0; i < document->entry.lines.count; i++) {
        int64_t amount_minor = document->entry.lines.at[i].amount_minor;
        if (amount_minor == 0) {
            return refuse(check, REFUSAL_EMPTY, "lines[%zu].amount: is zero", i);
        }
        if (reference_is_present(document->entry.lines.at[i].order) && has(document->entry.lines.at[i].customer)) {
            return refuse(check, REFUSAL_BAD_VALUE, "lines[%zu].customer: the line names an order as well", i);
        }
        if (__builtin_add_overflow(sum_minor, amount_minor, &sum_minor)) {
            return refuse(check, REFUSAL_OVERFLOW, "lines: their sum is too large");
        }
    }
    if (sum_minor != 0) {
        char sum[24];
        int exponent = currency_exponent(document->money);
        decimal_write(sum_minor, exponent, exponent, sum);
        return refuse(check, REFUSAL_ENTRY_UNBALANCED, "lines: sum to %s instead of zero", sum);
    }
    return REFUSAL_NONE;
}

static enum refusal check_void(struct check *check, const struct void_document *voided)
{
    if (document_type_find(voided->document.type) == DOCUMENT_NONE) {
        struct span type = shown(voided->document.type);
        return refuse(check, REFUSAL_BAD_VALUE, "document.type: no document has the type \"%.*s\"", SPAN_ARG(type));
    }
    return REFUSAL_NONE;
}

static enum refusal check_rate(struct check *check, const struct rate *rate)
{
    if (span_eq(rate->from, rate->to)) {
        return refuse(check, REFUSAL_BAD_VALUE, "to: is the same currency as from");
    }
    return REFUSAL_NONE;
}

static enum refusal check_opening(struct check *check, const struct opening *opening)
{
    if (opening->balances.count + opening->layers.count + opening->orders.count + opening->purchases.count +
            opening->clearing.count + opening->gift_cards.count ==
        0) {
        return refuse(check, REFUSAL_EMPTY, "balances: nothing is given");
    }
    for (size_t i = 0; i < opening->orders.count; i++) {
        const struct opening_order *order = &opening->orders.at[i];
        if (!is_present(order->deposit_minor) && !is_present(order->receivable_minor)) {
            return refuse(check, REFUSAL_MISSING_FIELD, "orders[%zu]: neither deposit nor receivable is given", i);
        }
    }
    return REFUSAL_NONE;
}

enum refusal document_check(const struct document *document, struct arena *arena, struct span *out_detail)
{
    struct check check = {arena, out_detail};
    switch (document->type) {
    case DOCUMENT_ITEM: return check_item(&check, document);
    case DOCUMENT_ORDER: return check_order(&check, &document->order);
    case DOCUMENT_PAYMENT: return check_payment(&check, &document->payment);
    case DOCUMENT_CANCEL: return check_line_qtys(&check, &document->cancel.lines);
    case DOCUMENT_SHIPMENT: return check_shipment(&check, &document->shipment);
    case DOCUMENT_DELIVERY: return check_line_qtys(&check, &document->delivery.lines);
    case DOCUMENT_REFUND: return check_refund(&check, &document->refund);
    case DOCUMENT_RETURN: return check_return(&check, &document->customer_return);
    case DOCUMENT_RECEIPT: return check_receipt(&check, &document->receipt);
    case DOCUMENT_BILL: return check_bill(&check, &document->bill);
    case DOCUMENT_LANDED_COST: return check_landed_cost(&check, &document->landed_cost);
    case DOCUMENT_COST_CORRECTION: return check_cost_correction(&check, &document->cost_correction);
    case DOCUMENT_TRANSFER: return check_transfer(&check, &document->transfer);
    case DOCUMENT_COUNT: return check_count(&check, &document->count);
    case DOCUMENT_ADJUSTMENT: return check_adjustment(&check, &document->adjustment);
    case DOCUMENT_STATUS_CHANGE: return check_status_change(&check, &document->status_change);
    case DOCUMENT_SUPPLIER_RETURN: return check_supplier_return(&check, &document->supplier_return);
    case DOCUMENT_ENTRY: return check_entry(&check, document);
    case DOCUMENT_VOID: return check_void(&check, &document->void_document);
    case DOCUMENT_RATE: return check_rate(&check, &document->rate);
    case DOCUMENT_OPENING: return check_opening(&check, &document->opening);
    case DOCUMENT_ASSEMBLY: return check_assembly(&check, &document->assembly);
    case DOCUMENT_LOCATION: return REFUSAL_NONE; /* the field table says it all */
    case DOCUMENT_NONE:
    case DOCUMENT_TYPE_LIMIT: break;
    }
    must(false); /* a document has a type */
    return REFUSAL_NONE;
}
