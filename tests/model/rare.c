/* rare.c: see rare.h. Most are another document's likeness with one thing in it that is wrong, or too early, or taken back. */
#include "model/rare.h"
#include "base/calendar.h"
#include "base/decimal.h"
#include "base/must.h"

#include <string.h>

static size_t below(struct m_rare *rare, size_t bound) { return (size_t)prng_below(&rare->prng, bound); }

static const char *new_id(struct m_rare *rare)
{
    struct span text = arena_print(rare->arena, "Q%d", ++rare->made);
    must(text.ptr);
    return text.ptr;
}

static struct m_document *add(struct m_rare *rare, struct m_document *d)
{
    must(rare->count < rare->room);
    rare->documents[rare->count++] = d;
    return d;
}

static struct m_document *some_of(struct m_rare *rare, enum m_type type)
{
    size_t start = below(rare, rare->count + 1);
    for (size_t i = 0; i < rare->count; i++) {
        const struct m_document *d = rare->documents[(start + i) % rare->count];
        if (d->type == type && m_version(d) == 1)
            return (struct m_document *)(uintptr_t)d;
    }
    return NULL;
}

static struct m_lines copy_of_lines(struct m_rare *rare, const struct m_lines *lines)
{
    struct m_lines copy = {0};
    if (lines->count > 0) {
        copy = m_lines_new(rare->arena, lines->count);
        memcpy(copy.at, lines->at, lines->count * sizeof *lines->at);
    }
    return copy;
}

/* The likeness of a document of the history under a new id; not yet part of it. NULL: there is none of the type. */
static struct m_document *like(struct m_rare *rare, enum m_type type)
{
    const struct m_document *of = some_of(rare, type);
    if (of == NULL)
        return NULL;
    struct m_document *d = m_document_new(rare->arena, type);
    *d = *of;
    d->id = new_id(rare);
    d->lines = copy_of_lines(rare, &of->lines);
    d->consume = copy_of_lines(rare, &of->consume);
    d->payments = (struct m_lines){0}; /* their ids are taken */
    return d;
}

static struct m_time at_noon(int32_t day)
{
    return (struct m_time){M_INSTANT, 0, (int64_t)day * US_PER_DAY + 12 * 3600 * US_PER_SECOND};
}

static struct m_time some_day(struct m_rare *rare)
{
    return at_noon(rare->first_day + (int32_t)below(rare, (size_t)rare->days + 3));
}

/* An item kept in stock; one that is costed by lot where `by_lot` asks for it. NULL: there is none. */
static const char *some_sku(struct m_rare *rare, bool by_lot)
{
    size_t start = below(rare, rare->definition_count + 1);
    for (size_t i = 0; i < rare->definition_count; i++) {
        const struct m_document *d = rare->documents[(start + i) % rare->definition_count];
        bool stocked = d->type == M_ITEM && (d->kind == NULL || strcmp(d->kind, "stocked") == 0);
        if (stocked && (!by_lot || strcmp(d->cost_method ? d->cost_method : rare->cost_method, "specific") == 0))
            return d->sku;
    }
    return NULL;
}

/* Another item kept in stock, where there is one. */
static const char *another_sku(struct m_rare *rare, const char *sku)
{
    const char *other = some_sku(rare, false);
    for (int tries = 0; tries < 8 && strcmp(other, sku) == 0; tries++)
        other = some_sku(rare, false);
    return other;
}

static const char *some_location(struct m_rare *rare)
{
    const struct m_document *location = some_of(rare, M_LOCATION);
    return location == NULL || below(rare, 2) ? "main" : location->code;
}

/* One line about so many units of an item at a location. */
static struct m_document *about(struct m_rare *rare, enum m_type type, const char *sku, int64_t qty)
{
    struct m_document *d = m_document_new(rare->arena, type);
    d->id = new_id(rare);
    d->at = some_day(rare);
    d->location = some_location(rare);
    struct m_lines *lines = type == M_ASSEMBLY ? &d->consume : &d->lines;
    *lines = m_lines_new(rare->arena, 1);
    lines->at[0].sku = sku;
    lines->at[0].qty = qty;
    return d;
}

static void void_of(struct m_rare *rare, const struct m_document *target)
{
    struct m_document *d = m_document_new(rare->arena, M_VOID);
    d->id = new_id(rare);
    d->source = target->source;
    d->at = some_day(rare);
    d->reason = "entered by mistake";
    d->document = m_lines_new(rare->arena, 1);
    d->document.at[0].type = m_type_name(target->type);
    d->document.at[0].source = m_source(target);
    d->document.at[0].id = target->id;
    add(rare, d);
}

/* ---- kinds: each makes one of a type ---- */

static void entered_and_voided(struct m_rare *rare, enum m_type type)
{
    struct m_document *d = like(rare, type);
    if (d != NULL)
        void_of(rare, add(rare, d));
}

/* There is no such document; or it is of a type that is corrected, not voided; or others refer to it. */
static void voided_in_vain(struct m_rare *rare, enum m_type type)
{
    struct m_document *d = some_of(rare, type);
    if (d == NULL)
        return;
    void_of(rare, below(rare, 3) ? d : like(rare, type));
}

/* One above the last that there is. */
static int64_t next_version(const struct m_rare *rare, const struct m_document *of)
{
    int64_t last = m_version(of);
    for (size_t i = 0; i < rare->count; i++) {
        const struct m_document *d = rare->documents[i];
        if (d->type == of->type && strcmp(d->id, of->id) == 0 && m_version(d) > last)
            last = m_version(d);
    }
    return last + 1;
}

static struct m_document *another_version(struct m_rare *rare, const struct m_document *of)
{
    struct m_document *d = m_document_new(rare->arena, of->type);
    *d = *of;
    d->version = next_version(rare, of);
    d->lines = copy_of_lines(rare, &of->lines);
    return d;
}

/* A later version of one that is voided. */
static void corrected_too_late(struct m_rare *rare, enum m_type type)
{
    struct m_document *d = like(rare, type);
    if (d == NULL)
        return;
    void_of(rare, add(rare, d));
    add(rare, another_version(rare, d));
}

/* Another day, and one unit more or less. */
static void corrected(struct m_rare *rare, enum m_type type)
{
    struct m_document *of = some_of(rare, type);
    if (of == NULL)
        return;
    struct m_document *d = another_version(rare, of);
    if (d->at.form == M_INSTANT && below(rare, 2) == 0)
        d->at.at_us += ((int64_t)below(rare, 5) - 2) * US_PER_DAY;
    if (d->lines.count > 0 && d->lines.at[0].qty != M_NONE && d->lines.at[0].picks.count == 0 && below(rare, 2) == 0) {
        int64_t *qty = &d->lines.at[0].qty;
        *qty += *qty == -MICRO || (*qty > MICRO && below(rare, 2) == 0) ? -MICRO : MICRO; /* none is no document */
    }
    if (type == M_TRANSFER)
        d->at = d->shipped;
    if (type == M_PAYMENT && below(rare, 2) == 0) /* what was refunded of it may not have been paid */
        d->amount = d->amount / 4 + 1;
    add(rare, d);
}

static void of_no_such_line(struct m_rare *rare, enum m_type type)
{
    struct m_document *d = like(rare, type);
    if (d == NULL || (type == M_BILL && d->receipt.id == NULL))
        return;
    d->line = type == M_COST_CORRECTION ? "99" : NULL;
    if (type != M_COST_CORRECTION) {
        if (d->lines.count == 0)
            d->lines = m_lines_new(rare->arena, 1);
        d->lines.at[0].line = "99";
        d->lines.at[0].sku = NULL;
        if (d->lines.at[0].qty == M_NONE && type != M_REFUND && type != M_LANDED_COST)
            d->lines.at[0].qty = MICRO;
        if (type == M_REFUND) {
            d->lines.count = 1;
            d->amount = d->lines.at[0].amount = 1 + (int64_t)below(rare, 500);
            d->lines.at[0].tax.count = d->shipping.count = 0;
            d->restocking_fee = M_NONE;
        }
    }
    if (d->receipts.count > 0) {
        d->lines.at[0].receipt = d->receipts.at[0];
        d->receipts.count = d->shares.count = 0;
    }
    add(rare, d);
}

static void of_no_such_unit(struct m_rare *rare, enum m_type type)
{
    struct m_document *d = like(rare, type);
    if (d == NULL || d->lines.count == 0 || d->lines.at[0].qty == M_NONE)
        return;
    d->lines.at[0].uom = "crate";
    add(rare, d);
}

/* So many units leave a location, or change their state there. */
static struct m_document *leaving(struct m_rare *rare, enum m_type type, const char *sku, int64_t qty)
{
    struct m_document *d = about(rare, type, sku, qty);
    switch ((int)type) {
    case M_ADJUSTMENT:
        d->reason = "scrap";
        d->lines.at[0].qty = -qty;
        break;
    case M_COUNT: d->lines.at[0].qty = 0; break;
    case M_STATUS_CHANGE:
        d->lines.at[0].from = "sellable";
        d->lines.at[0].to = "damaged";
        break;
    case M_TRANSFER:
        d->from = d->location;
        d->to = strcmp(d->location, "main") == 0 ? "east" : "main";
        d->shipped = d->received = d->at;
        d->location = NULL;
        break;
    case M_ASSEMBLY:
        d->produce = m_lines_new(rare->arena, 1);
        d->produce.at[0].sku = another_sku(rare, sku);
        d->produce.at[0].qty = MICRO;
        break;
    default: break;
    }
    return d;
}

/* An item costed by lot leaves, and nobody says which lots. */
static void without_picks(struct m_rare *rare, enum m_type type)
{
    const char *sku = some_sku(rare, true);
    if (sku != NULL)
        add(rare, leaving(rare, type, sku, MICRO * (1 + (int64_t)below(rare, 3))));
}

/* Takes soon after a receipt all that came with it: what is posted of it already would no longer be possible. */
static void takes_it_all(struct m_rare *rare, enum m_type type)
{
    const struct m_document *receipt = NULL;
    for (int tries = 0; tries < 4; tries++) { /* an early one: little else is there */
        const struct m_document *other = some_of(rare, M_RECEIPT);
        if (other != NULL && other->at.form == M_INSTANT && (!receipt || other->at.at_us < receipt->at.at_us))
            receipt = other;
    }
    if (receipt == NULL)
        return;
    const struct m_line *line = &receipt->lines.at[below(rare, receipt->lines.count)];
    struct m_document *d = leaving(rare, type, line->sku, line->qty);
    d->at.at_us = receipt->at.at_us + 3600 * US_PER_SECOND;
    if (type == M_TRANSFER) {
        d->from = receipt->location ? receipt->location : "main";
        d->to = strcmp(d->from, "main") == 0 ? "east" : "main";
        d->shipped = d->received = d->at;
    } else {
        d->location = receipt->location;
    }
    if (type == M_ADJUSTMENT)
        d->lines.at[0].lot = line->lot;
    if (type == M_TRANSFER && line->lot != NULL) {
        d->lines.at[0].picks = m_lines_new(rare->arena, 1);
        d->lines.at[0].picks.at[0].lot = line->lot;
        d->lines.at[0].picks.at[0].qty = line->qty;
    }
    add(rare, d);
}

/* More than there is. */
static void too_many(struct m_rare *rare, enum m_type type)
{
    struct m_document *d = like(rare, type);
    struct m_lines *lines = d == NULL ? NULL : type == M_ASSEMBLY ? &d->consume : &d->lines;
    if (lines == NULL || lines->count == 0 || lines->at[0].qty == M_NONE)
        return;
    lines->at[0].qty *= 20;
    add(rare, d);
}

/* Before almost everything else. */
static void early(struct m_rare *rare, enum m_type type)
{
    struct m_document *d = like(rare, type);
    if (d == NULL)
        return;
    if (type != M_ENTRY)
        d->at = at_noon(rare->first_day + (int32_t)below(rare, 3));
    else if (d->at.form == M_INSTANT) /* what it uses must be there */
        d->at.at_us -= 3600 * US_PER_SECOND * (1 + (int64_t)below(rare, 24));
    add(rare, d);
}

/* An order edited down to not much. Its versions hold one after the other. */
static void edited_down(struct m_rare *rare, enum m_type type)
{
    const struct m_document *of = some_of(rare, type);
    if (of == NULL || of->at.form != M_INSTANT)
        return;
    struct m_document *d = another_version(rare, of);
    int64_t last_us = of->at.at_us;
    for (size_t i = 0; i < rare->count; i++) {
        const struct m_document *other = rare->documents[i];
        if (other->type == type && strcmp(other->id, of->id) == 0 && other->updated.form == M_INSTANT &&
            other->updated.at_us > last_us)
            last_us = other->updated.at_us;
    }
    d->updated = (struct m_time){M_INSTANT, 0, last_us + (1 + (int64_t)below(rare, 48)) * 3600 * US_PER_SECOND};
    for (size_t i = 0; i < d->lines.count; i++) {
        d->lines.at[i].qty = d->lines.at[i].qty > 2 ? d->lines.at[i].qty / 2 : d->lines.at[i].qty;
        d->lines.at[i].discount = M_NONE;
    }
    d->discount = d->total = M_NONE;
    add(rare, d);
}

/* In a currency of which no rate is known; most state a rate themselves, so that only what follows must wait. */
static void without_rate(struct m_rare *rare, enum m_type type)
{
    bool of_order = type == M_SHIPMENT || type == M_PAYMENT || type == M_REFUND || type == M_RETURN || type == M_ORDER;
    struct m_document *d = like(rare, of_order ? M_ORDER : M_RECEIPT);
    struct m_document *later = like(rare, type);
    if (d == NULL || later == NULL)
        return;
    d->currency = "GBP";
    d->rate = type != M_ORDER && type != M_RECEIPT ? INT64_C(12500000000) : M_NONE;
    add(rare, d);
    if (type == M_ORDER || type == M_RECEIPT)
        return;
    later->source = of_order ? d->source : later->source;
    later->order = of_order ? (struct m_ref){d->source, d->id} : later->order;
    later->receipt = later->receipt.id ? (struct m_ref){d->source, d->id} : later->receipt;
    later->shipment = (struct m_ref){0};
    if (type == M_RETURN || type == M_SHIPMENT || type == M_REFUND)
        later->at = at_noon((int32_t)(d->at.form == M_INSTANT ? d->at.at_us / US_PER_DAY : d->at.day) + 1);
    if (later->lines.count > 0 && (type == M_RETURN || type == M_REFUND)) {
        later->lines.count = 1;
        later->lines.at[0].line = d->lines.at[0].id;
        later->lines.at[0].component = NULL;
    }
    later->rate = M_NONE;
    later->currency = type == M_SHIPMENT || type == M_RETURN ? NULL : "GBP";
    add(rare, later);
}

static void of_unknown_parts(struct m_rare *rare, enum m_type type)
{
    struct m_document *d = m_document_new(rare->arena, type);
    d->id = d->sku = new_id(rare);
    d->kind = "bundle";
    d->at = (struct m_time){M_DATE, rare->first_day - 10, 0};
    d->components = m_lines_new(rare->arena, 1);
    d->components.at[0].sku = "NEVER";
    d->components.at[0].qty = MICRO;
    add(rare, d);
}

static void with_wrong_sum(struct m_rare *rare, enum m_type type)
{
    struct m_document *d = like(rare, type);
    if (d == NULL)
        return;
    if (type == M_ORDER)
        d->total = (d->total == M_NONE ? 0 : d->total) + 777;
    else
        d->amount += 3;
    add(rare, d);
}

static void with_wrong_role(struct m_rare *rare, enum m_type type)
{
    static const char *const roles[] = {"inventory", "goodwill", "grni", "inventory_in_transit", "no_such_role"};
    struct m_document *d = like(rare, type);
    if (d == NULL)
        return;
    d->lines.at[1] = *m_lines_new(rare->arena, 1).at;
    d->lines.at[1].role = roles[below(rare, sizeof roles / sizeof roles[0])];
    d->lines.at[1].amount = -d->lines.at[0].amount;
    add(rare, d);
}

/* A line of a receipt by SKU, though several of its lines are of it. */
static void of_two_lines(struct m_rare *rare, enum m_type type)
{
    struct m_document *receipt = like(rare, M_RECEIPT);
    struct m_document *d = like(rare, type);
    if (receipt == NULL || d == NULL)
        return;
    struct m_lines twice = m_lines_new(rare->arena, 2);
    twice.at[0] = twice.at[1] = receipt->lines.at[0];
    twice.at[0].id = twice.at[1].id = NULL;
    receipt->lines = twice;
    add(rare, receipt);
    struct m_line line = d->lines.count > 0 ? d->lines.at[0] : *m_lines_new(rare->arena, 1).at;
    line.line = NULL;
    line.sku = twice.at[0].sku;
    d->lines = m_lines_new(rare->arena, 1);
    d->lines.at[0] = line;
    d->receipts.count = d->shares.count = 0;
    if (type == M_BILL)
        d->receipt.id = receipt->id;
    else
        d->lines.at[0].receipt.id = receipt->id;
    add(rare, d);
}

/* An item costed in a way that IFRS does not allow. */
static void last_in_first_out(struct m_rare *rare, enum m_type type)
{
    struct m_document *d = m_document_new(rare->arena, type);
    d->id = d->sku = new_id(rare);
    d->cost_method = "lifo";
    d->at = (struct m_time){M_DATE, rare->first_day - 10, 0};
    add(rare, d);
}

struct kind {
    void (*make)(struct m_rare *rare, enum m_type type);
    enum m_type type;
    int weight;
};

/* Weighed so that the outcomes come about equally often. */
static const struct kind kinds[] = {
    {entered_and_voided, M_ORDER, 2},
    {entered_and_voided, M_RECEIPT, 3},
    {entered_and_voided, M_ASSEMBLY, 4},
    {entered_and_voided, M_COST_CORRECTION, 4},
    {entered_and_voided, M_SUPPLIER_RETURN, 2},
    {entered_and_voided, M_STATUS_CHANGE, 1},
    {entered_and_voided, M_TRANSFER, 1},
    {entered_and_voided, M_LANDED_COST, 3},
    {entered_and_voided, M_CANCEL, 6},
    {entered_and_voided, M_DELIVERY, 6},
    {entered_and_voided, M_ENTRY, 6},
    {entered_and_voided, M_ADJUSTMENT, 1},
    {voided_in_vain, M_ORDER, 6},
    {voided_in_vain, M_RECEIPT, 6},
    {voided_in_vain, M_SHIPMENT, 8},
    {voided_in_vain, M_PAYMENT, 4},
    {voided_in_vain, M_COUNT, 4},
    {voided_in_vain, M_ITEM, 4},
    {voided_in_vain, M_OPENING, 14},
    {corrected_too_late, M_ORDER, 5},
    {corrected_too_late, M_RECEIPT, 5},
    {corrected_too_late, M_OPENING, 12},
    {corrected_too_late, M_SHIPMENT, 6},
    {corrected_too_late, M_PAYMENT, 6},
    {corrected_too_late, M_CANCEL, 6},
    {corrected_too_late, M_DELIVERY, 6},
    {corrected_too_late, M_REFUND, 6},
    {corrected_too_late, M_RETURN, 6},
    {corrected_too_late, M_BILL, 6},
    {corrected_too_late, M_LANDED_COST, 6},
    {corrected_too_late, M_COST_CORRECTION, 6},
    {corrected_too_late, M_TRANSFER, 6},
    {corrected_too_late, M_COUNT, 6},
    {corrected_too_late, M_ADJUSTMENT, 6},
    {corrected_too_late, M_STATUS_CHANGE, 6},
    {corrected_too_late, M_ASSEMBLY, 6},
    {corrected_too_late, M_SUPPLIER_RETURN, 6},
    {corrected_too_late, M_ENTRY, 6},
    {corrected, M_SHIPMENT, 4},
    {corrected, M_PAYMENT, 16},
    {corrected, M_CANCEL, 9},
    {corrected, M_DELIVERY, 16},
    {corrected, M_REFUND, 9},
    {corrected, M_RETURN, 18},
    {corrected, M_BILL, 9},
    {corrected, M_LANDED_COST, 5},
    {corrected, M_COST_CORRECTION, 5},
    {corrected, M_TRANSFER, 14},
    {corrected, M_COUNT, 6},
    {corrected, M_ADJUSTMENT, 9},
    {corrected, M_STATUS_CHANGE, 5},
    {corrected, M_ASSEMBLY, 8},
    {corrected, M_SUPPLIER_RETURN, 7},
    {corrected, M_ENTRY, 10},
    {of_no_such_line, M_CANCEL, 8},
    {of_no_such_line, M_DELIVERY, 12},
    {of_no_such_line, M_REFUND, 10},
    {of_no_such_line, M_RETURN, 6},
    {of_no_such_line, M_SHIPMENT, 3},
    {of_no_such_line, M_BILL, 5},
    {of_no_such_line, M_LANDED_COST, 5},
    {of_no_such_line, M_SUPPLIER_RETURN, 4},
    {of_no_such_line, M_COST_CORRECTION, 5},
    {of_no_such_unit, M_ORDER, 2},
    {of_no_such_unit, M_ADJUSTMENT, 5},
    {of_no_such_unit, M_TRANSFER, 9},
    {of_no_such_unit, M_BILL, 6},
    {of_no_such_unit, M_COUNT, 8},
    {of_no_such_unit, M_SHIPMENT, 9},
    {without_picks, M_ADJUSTMENT, 10},
    {without_picks, M_TRANSFER, 14},
    {takes_it_all, M_ADJUSTMENT, 24},
    {takes_it_all, M_STATUS_CHANGE, 26},
    {takes_it_all, M_TRANSFER, 30},
    {takes_it_all, M_ASSEMBLY, 30},
    {takes_it_all, M_COUNT, 8},
    {too_many, M_ADJUSTMENT, 4},
    {too_many, M_STATUS_CHANGE, 2},
    {too_many, M_TRANSFER, 4},
    {too_many, M_ASSEMBLY, 2},
    {too_many, M_SUPPLIER_RETURN, 20},
    {too_many, M_REFUND, 9},
    {too_many, M_RETURN, 2},
    {too_many, M_CANCEL, 2},
    {early, M_CANCEL, 2},
    {early, M_SUPPLIER_RETURN, 2},
    {early, M_SHIPMENT, 2},
    {early, M_RETURN, 14},
    {early, M_REFUND, 20},
    {early, M_DELIVERY, 14},
    {early, M_ENTRY, 30},
    {early, M_PAYMENT, 4},
    {early, M_BILL, 8},
    {edited_down, M_ORDER, 25},
    {without_rate, M_ORDER, 4},
    {without_rate, M_RECEIPT, 4},
    {without_rate, M_SHIPMENT, 7},
    {without_rate, M_PAYMENT, 5},
    {without_rate, M_REFUND, 6},
    {without_rate, M_RETURN, 10},
    {without_rate, M_BILL, 5},
    {of_unknown_parts, M_ITEM, 5},
    {last_in_first_out, M_ITEM, 1},
    {with_wrong_sum, M_REFUND, 1},
    {with_wrong_sum, M_ORDER, 1},
    {with_wrong_role, M_ENTRY, 7},
    {of_two_lines, M_LANDED_COST, 7},
};

void m_rare_make(struct m_rare *rare)
{
    int weights = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        weights += kinds[i].weight;
    int at = (int)below(rare, (size_t)weights);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && at >= 0; i++) {
        at -= kinds[i].weight;
        if (at < 0 && rare->count + 3 <= rare->room)
            kinds[i].make(rare, kinds[i].type);
    }
}
