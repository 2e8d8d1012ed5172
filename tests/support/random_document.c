/* random_document.c: walks the field table with dice. Members that rules of document_check tie together are settled at
 * the end, type by type. */
#include "support/random_document.h"
#include "base/must.h"
#include "order/document_check.h"
#include "order/document_fields.h"
#include "order/field_access.h"

struct dice {
    struct prng *prng;
    struct arena *arena;
    currency money;
};

static void roll_object(struct dice *dice, void *object, const struct field *fields, int depth);

enum document_type known_type(size_t n)
{
    for (int type = DOCUMENT_NONE + 1; type < DOCUMENT_TYPE_LIMIT; type++) {
        if (document_fields((enum document_type)type) != NULL && n-- == 0) {
            return (enum document_type)type;
        }
    }
    return DOCUMENT_NONE;
}

static size_t below(struct dice *dice, size_t bound) { return (size_t)prng_below(dice->prng, bound); }

static struct span roll_text(struct dice *dice)
{
    static const char *const pieces[] = {
        "a", "Z",        "0", "7", " ", "-", "_", "\"", "\\", "/", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "<", "lines[0]",
    };
    char text[128];
    size_t length = 0;
    size_t count = 1 + below(dice, 10);
    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[below(dice, sizeof pieces / sizeof pieces[0])];
        memcpy(text + length, piece, strlen(piece));
        length += strlen(piece);
    }
    return arena_copy(dice->arena, (struct span){text, length});
}

static currency roll_currency(struct dice *dice)
{
    static const char *const codes[] = {"USD", "EUR", "GBP", "JPY", "KWD"};
    return currency_find(span_of(codes[below(dice, 5)]));
}

static struct span currency_text(struct dice *dice, currency money)
{
    char code[4];
    return arena_copy(dice->arena, span_of(currency_code(money, code)));
}

static int64_t roll_number(struct dice *dice, const struct field *field)
{
    if (field->form == FIELD_VERSION) {
        return prng_range(dice->prng, 1, 5);
    }
    if (field->form == FIELD_RATE) {
        return prng_range(dice->prng, 1, INT64_C(50000000000));
    }
    static const int64_t scales[] = {10, 1000, 1000000, 5000000000, AMOUNT_MINOR_MAX};
    int64_t scale = scales[below(dice, 5)];
    int64_t low = field->sign == SIGN_ANY ? -scale : field->sign == SIGN_POSITIVE ? 1 : 0;
    return prng_range(dice->prng, low, scale);
}

static struct moment roll_moment(struct dice *dice)
{
    if (prng_chance(dice->prng, 2)) {
        return (struct moment){.form = TIME_DATE, .day = (int32_t)prng_range(dice->prng, 10000, 25000)};
    }
    int64_t at_us = prng_range(dice->prng, 0, INT64_C(2000000000)) * US_PER_SECOND;
    at_us += prng_chance(dice->prng, 2) ? prng_range(dice->prng, 0, 999999) : 0;
    return (struct moment){.form = TIME_INSTANT, .at_us = at_us};
}

static struct reference roll_reference(struct dice *dice)
{
    struct reference reference = {.id = roll_text(dice)};
    if (prng_chance(dice->prng, 3)) {
        reference.source = roll_text(dice);
    }
    return reference;
}

static struct any_list roll_list(struct dice *dice, const struct field *field, int depth)
{
    size_t count = field->min_count + below(dice, depth > 1 ? 2 : prng_chance(dice->prng, 20) ? 40 : 4);
    if (count == 0) {
        return (struct any_list){0};
    }
    size_t size = field_element_size(field);
    struct any_list list = {arena_array(dice->arena, count, size), count};
    must(list.at != NULL);
    for (size_t i = 0; i < count; i++) {
        void *element = (char *)list.at + i * size;
        if (field->form == FIELD_LIST_REFERENCE) {
            ((struct reference *)list.at)[i] = roll_reference(dice);
        } else if (field->form == FIELD_LIST_MICRO) {
            ((int64_t *)list.at)[i] = roll_number(dice, field);
        } else {
            document_clear_struct(element, field->fields);
            roll_object(dice, element, field->fields, depth + 1);
            for (const struct field *row = field->fields; row->name != NULL; row++) {
                if (row->flags & FIELD_LINE_ID) {
                    struct span *id = field_text_slot(element, row);
                    *id = document_line_id((struct span){0}, i + (prng_chance(dice->prng, 3) ? 1000 : 0), dice->arena);
                }
            }
        }
    }
    return list;
}

static void roll_member(struct dice *dice, void *object, const struct field *field, int depth)
{
    switch (field->form) {
    case FIELD_TEXT:
        *field_text_slot(object, field) =
            field->flags & FIELD_CURRENCY ? currency_text(dice, roll_currency(dice)) : roll_text(dice);
        return;
    case FIELD_AMOUNT:
    case FIELD_MICRO:
    case FIELD_RATE:
    case FIELD_VERSION: *field_number_slot(object, field) = roll_number(dice, field); return;
    case FIELD_TRUTH: field_set_choice(object, field, 1 + (int)below(dice, 2)); return;
    case FIELD_CHOICE: field_set_choice(object, field, 1 + (int)below(dice, (size_t)field_choice_count(field))); return;
    case FIELD_MOMENT: *field_moment_slot(object, field) = roll_moment(dice); return;
    case FIELD_REFERENCE: *field_reference_slot(object, field) = roll_reference(dice); return;
    case FIELD_OBJECT: roll_object(dice, field_slot(object, field), field->fields, depth + 1); return;
    case FIELD_LIST:
    case FIELD_LIST_REFERENCE:
    case FIELD_LIST_MICRO: field_set_list(object, field, roll_list(dice, field, depth)); return;
    }
}

static void roll_object(struct dice *dice, void *object, const struct field *fields, int depth)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if ((field->flags & FIELD_REQUIRED) || prng_chance(dice->prng, 2)) {
            roll_member(dice, object, field, depth);
        }
    }
}

/* ---- members that rules tie together ---- */

static struct span number_text(struct dice *dice, const char *prefix, size_t number)
{
    return arena_print(dice->arena, "%s%zu", prefix, number);
}

static void settle_item(struct dice *dice, struct document *document)
{
    struct item *item = &document->item;
    item->sku = document->id;
    if (item->kind != ITEM_BUNDLE) {
        item->components.count = 0;
    } else if (item->components.count == 0) {
        item->kind = ITEM_STOCKED;
    }
    for (size_t i = 0; i < item->components.count; i++) {
        item->components.at[i].sku = number_text(dice, "part ", i);
    }
    for (size_t i = 0; i < item->uoms.count; i++) {
        item->uoms.at[i].code = number_text(dice, "unit ", i);
    }
}

static void settle_picks(struct dice *dice, pick_list *picks)
{
    for (size_t i = 0; i < picks->count; i++) {
        picks->at[i].receipt = (struct reference){0};
        picks->at[i].lot = (struct span){0};
        if (prng_chance(dice->prng, 2)) {
            picks->at[i].lot = roll_text(dice);
        } else {
            picks->at[i].receipt = roll_reference(dice);
        }
    }
}

static void settle_order(struct order *order)
{
    if (!reference_is_present(order->replaces.order)) {
        order->replaces.kind = REPLACES_ABSENT;
    }
    if (order->presentment.currency.ptr == NULL) {
        order->presentment.rate_e10 = order->presentment.total_micro = ABSENT;
    }
    for (size_t i = 0; i < order->lines.count; i++) {
        bool by_days = moment_is_present(order->lines.at[i].service.from);
        int32_t from = 20000 + (int32_t)i;
        order->lines.at[i].service.from =
            by_days ? (struct moment){.form = TIME_DATE, .day = from} : (struct moment){0};
        order->lines.at[i].service.to =
            by_days ? (struct moment){.form = TIME_DATE, .day = from + 99} : (struct moment){0};
    }
}

static void settle_refund(struct dice *dice, struct refund *refund)
{
    if (match_is_present(refund->match)) {
        refund->order = (struct reference){0};
    } else {
        refund->order = roll_reference(dice);
    }
    refund->store_credit = (struct span){0};
    refund->exchange = (struct reference){0};
    refund->amount_minor++;
    for (size_t i = 0; i < refund->lines.count; i++) {
        refund->lines.at[i].line = roll_text(dice);
        refund->lines.at[i].qty_micro = 1 + or_zero(refund->lines.at[i].qty_micro) / 2;
    }
}

static void settle_return(struct dice *dice, struct customer_return *returned)
{
    if (match_is_present(returned->match)) {
        returned->order = (struct reference){0};
    }
    for (size_t i = 0; i < returned->lines.count; i++) {
        struct return_line *line = &returned->lines.at[i];
        line->sku = roll_text(dice);
        line->unit_cost_micro = or_else(line->unit_cost_micro, 5);
        if (line->disposition != DISPOSITION_TO_SUPPLIER) {
            line->credit_minor = ABSENT;
        }
    }
}

static void settle_landed_cost(struct dice *dice, struct landed_cost *landed)
{
    if (landed->receipts.count > 0) {
        landed->lines.count = 0;
    } else if (landed->lines.count == 0) {
        landed->receipts.at = ARENA_NEW(dice->arena, struct reference);
        landed->receipts.at[0] = roll_reference(dice);
        landed->receipts.count = 1;
    }
    size_t count = landed->receipts.count + landed->lines.count;
    if (landed->shares_micro.count != 0) {
        landed->shares_micro.at = ARENA_ARRAY(dice->arena, int64_t, count);
        landed->shares_micro.count = count;
        for (size_t i = 0; i < count; i++) {
            landed->shares_micro.at[i] = prng_range(dice->prng, 1, 1000);
        }
    }
}

static void settle_transfer(struct dice *dice, struct transfer *transfer)
{
    transfer->to = arena_print(dice->arena, "%.*s2", SPAN_ARG(transfer->from));
    if (moment_is_present(transfer->received)) {
        transfer->received = transfer->shipped;
    }
    for (size_t i = 0; i < transfer->lines.count; i++) {
        struct transfer_line *line = &transfer->lines.at[i];
        bool arrives = moment_is_present(transfer->received) && is_present(line->received_qty_micro);
        line->received_qty_micro = arrives ? line->qty_micro / 2 : ABSENT;
        settle_picks(dice, &line->picks);
    }
}

static void settle_count(struct count *count)
{
    count->complete = TRUTH_TRUE;
    for (size_t i = 0; i < count->lines.count; i++) {
        if (count->lines.at[i].lot.len > 0) {
            count->lines.at[i].status = STATUS_ABSENT;
        }
    }
}

static void settle_adjustment(struct adjustment *adjustment)
{
    for (size_t i = 0; i < adjustment->lines.count; i++) {
        struct adjustment_line *line = &adjustment->lines.at[i];
        if (is_present(line->qty_micro) || !is_present(line->value_minor)) {
            line->value_minor = ABSENT;
            line->qty_micro = is_present(line->qty_micro) && line->qty_micro != 0 ? line->qty_micro : -7;
        } else {
            line->unit_cost_micro = ABSENT;
            line->value_minor = line->value_minor == 0 ? -3 : line->value_minor;
        }
    }
}

static void settle_entry(struct person_entry *entry)
{
    int64_t sum_minor = 0;
    for (size_t i = 0; i + 1 < entry->lines.count; i++) {
        entry->lines.at[i].amount_minor = (int64_t)i * 100 + 1;
        sum_minor += entry->lines.at[i].amount_minor;
    }
    entry->lines.at[entry->lines.count - 1].amount_minor = -sum_minor;
    for (size_t i = 0; i < entry->lines.count; i++) { /* an order or a customer, not both */
        if (reference_is_present(entry->lines.at[i].order)) {
            entry->lines.at[i].customer = (struct span){NULL, 0};
        }
    }
}

static void settle_opening(struct dice *dice, struct opening *opening)
{
    for (size_t i = 0; i < opening->orders.count; i++) {
        opening->orders.at[i].deposit_minor = or_zero(opening->orders.at[i].deposit_minor);
    }
    if (opening->balances.count == 0) {
        opening->balances.at = ARENA_NEW(dice->arena, struct opening_balance);
        opening->balances.at[0] = (struct opening_balance){.account = roll_text(dice), .amount_minor = 5};
        opening->balances.count = 1;
    }
}

static void settle_line_qtys(struct dice *dice, line_qty_list *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        lines->at[i].line = roll_text(dice);
    }
}

static void settle_shipment(struct dice *dice, struct shipment *shipment)
{
    for (size_t i = 0; i < shipment->lines.count; i++) {
        shipment->lines.at[i].sku = roll_text(dice);
        settle_picks(dice, &shipment->lines.at[i].picks);
    }
}

static void settle_supplier_return(struct dice *dice, struct supplier_return *returned)
{
    for (size_t i = 0; i < returned->lines.count; i++) {
        returned->lines.at[i].line = roll_text(dice);
        returned->lines.at[i].receipt = roll_reference(dice);
    }
}

/* What comes out is none of what goes in. */
static void settle_assembly(struct assembly *assembly)
{
    for (size_t i = 0; i < assembly->consume.count; i++)
        if (span_eq(assembly->consume.at[i].sku, assembly->produce.sku))
            assembly->produce.sku = SPAN("made of the others");
}

static void settle(struct dice *dice, struct document *document)
{
    switch (document->type) {
    case DOCUMENT_ITEM: settle_item(dice, document); return;
    case DOCUMENT_ORDER: settle_order(&document->order); return;
    case DOCUMENT_PAYMENT: document->payment.customer = roll_text(dice); return;
    case DOCUMENT_CANCEL: settle_line_qtys(dice, &document->cancel.lines); return;
    case DOCUMENT_SHIPMENT: settle_shipment(dice, &document->shipment); return;
    case DOCUMENT_DELIVERY: settle_line_qtys(dice, &document->delivery.lines); return;
    case DOCUMENT_REFUND: settle_refund(dice, &document->refund); return;
    case DOCUMENT_RETURN: settle_return(dice, &document->customer_return); return;
    case DOCUMENT_RECEIPT:
        for (size_t i = 0; i < document->receipt.lines.count; i++) {
            document->receipt.lines.at[i].total_cost_minor = ABSENT;
        }
        return;
    case DOCUMENT_BILL:
        for (size_t i = 0; i < document->bill.lines.count; i++) {
            document->bill.lines.at[i].qty_micro += document->bill.lines.at[i].qty_micro == 0;
        }
        return;
    case DOCUMENT_LANDED_COST: settle_landed_cost(dice, &document->landed_cost); return;
    case DOCUMENT_COST_CORRECTION: document->cost_correction.sku = roll_text(dice); return;
    case DOCUMENT_TRANSFER: settle_transfer(dice, &document->transfer); return;
    case DOCUMENT_COUNT: settle_count(&document->count); return;
    case DOCUMENT_ADJUSTMENT: settle_adjustment(&document->adjustment); return;
    case DOCUMENT_STATUS_CHANGE:
        for (size_t i = 0; i < document->status_change.lines.count; i++) {
            document->status_change.lines.at[i].from = STATUS_SELLABLE;
            document->status_change.lines.at[i].to = STATUS_DAMAGED;
        }
        return;
    case DOCUMENT_SUPPLIER_RETURN: settle_supplier_return(dice, &document->supplier_return); return;
    case DOCUMENT_ENTRY: settle_entry(&document->entry); return;
    case DOCUMENT_VOID:
        document->void_document.document.type = span_of(document_type_name(known_type(below(dice, 23))));
        return;
    case DOCUMENT_RATE:
        document->rate.from = SPAN("EUR");
        document->rate.to = SPAN("USD");
        return;
    case DOCUMENT_OPENING: settle_opening(dice, &document->opening); return;
    case DOCUMENT_ASSEMBLY: settle_assembly(&document->assembly); return;
    case DOCUMENT_LOCATION:
    case DOCUMENT_NONE:
    case DOCUMENT_TYPE_LIMIT: return;
    }
}

static void settle_match(struct match *match)
{
    if (!match_is_present(*match)) {
        *match = (struct match){.unit_price_micro = ABSENT};
    }
}

void random_document(struct prng *prng, enum document_type type, currency company_currency, struct arena *arena,
                     struct document *out_document)
{
    struct dice dice = {.prng = prng, .arena = arena};
    document_clear(out_document, type);
    roll_object(&dice, out_document, document_common_fields() + 1, 0);
    out_document->money = out_document->currency.ptr ? currency_find(out_document->currency) : company_currency;
    out_document->source = roll_text(&dice);
    if (type == DOCUMENT_RATE) {
        out_document->rate_e10 = ABSENT; /* its own rate stands under that name */
    }
    roll_object(&dice, out_document, document_fields(type), 0);
    if (type == DOCUMENT_REFUND) {
        settle_match(&out_document->refund.match);
    } else if (type == DOCUMENT_RETURN) {
        settle_match(&out_document->customer_return.match);
    }
    settle(&dice, out_document);
    if (prng_chance(prng, 4)) {
        out_document->extras = SPAN("{\"a\":[1.50,{\"b\":null}],\"lines[3].z\":\"\\\"\"}");
    }
    struct span detail = {0};
    must(document_check(out_document, arena, &detail) == REFUSAL_NONE);
}

/* ---- one change ---- */

enum { PLACES_MAX = 4096 };
struct change {
    void *object;
    const struct field *field;
    size_t index; /* of the list's element the object is */
};
struct places {
    struct change at[PLACES_MAX];
    size_t count;
};

static void find_places(struct places *places, void *object, const struct field *fields, size_t index)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (field->form == FIELD_OBJECT) {
            find_places(places, field_slot(object, field), field->fields, 0);
            continue;
        }
        if (places->count < PLACES_MAX) {
            places->at[places->count++] = (struct change){object, field, index};
        }
        struct any_list list = field->form == FIELD_LIST ? field_list(object, field) : (struct any_list){0};
        for (size_t i = 0; i < list.count; i++) {
            find_places(places, (char *)list.at + i * field->element_size, field->fields, i);
        }
    }
}

static void change_text(struct dice *dice, struct span *text)
{
    struct span changed = roll_text(dice);
    while (text->ptr != NULL && span_eq(changed, *text)) {
        changed = roll_text(dice);
    }
    *text = changed;
}

/* Counts one element less; an absent list becomes one of one. */
static void change_list(struct dice *dice, struct change at)
{
    struct any_list list = field_list(at.object, at.field);
    if (list.count > 0) {
        list.count--;
    } else {
        list = (struct any_list){arena_array(dice->arena, 1, field_element_size(at.field)), 1};
        if (at.field->form == FIELD_LIST) {
            document_clear_struct(list.at, at.field->fields);
        } else if (at.field->form == FIELD_LIST_REFERENCE) {
            *(struct reference *)list.at = roll_reference(dice);
        }
    }
    field_set_list(at.object, at.field, list);
}

static void change_member(struct dice *dice, struct change at)
{
    const struct field *field = at.field;
    switch (field->form) {
    case FIELD_TEXT: change_text(dice, field_text_slot(at.object, field)); return;
    case FIELD_AMOUNT:
    case FIELD_MICRO:
    case FIELD_RATE:
    case FIELD_VERSION: {
        int64_t *number = field_number_slot(at.object, field);
        *number = is_present(*number) ? *number / 2 + 3 + (*number / 2 + 3 == *number) : 11;
        return;
    }
    case FIELD_TRUTH:
    case FIELD_CHOICE: {
        int count = field->form == FIELD_TRUTH ? 2 : field_choice_count(field);
        field_set_choice(at.object, field, (field_choice(at.object, field) + 1) % (count + 1));
        return;
    }
    case FIELD_MOMENT: {
        struct moment *moment = field_moment_slot(at.object, field);
        *moment = (struct moment){.form = TIME_INSTANT, .at_us = moment->at_us + 1};
        return;
    }
    case FIELD_REFERENCE: change_text(dice, &field_reference_slot(at.object, field)->id); return;
    case FIELD_LIST:
    case FIELD_LIST_REFERENCE:
    case FIELD_LIST_MICRO: change_list(dice, at); return;
    case FIELD_OBJECT: return;
    }
}

void change_one_member(struct prng *prng, struct document *document, struct arena *arena)
{
    struct dice dice = {.prng = prng, .arena = arena};
    struct places *places = ARENA_NEW(arena, struct places);
    must(places != NULL);
    find_places(places, document, document_common_fields() + 1, 0);
    find_places(places, document, document_fields(document->type), 0);
    struct change change = places->at[below(&dice, places->count)];
    if (field_is_document_currency(change.field)) {
        struct span other = currency_text(&dice, roll_currency(&dice));
        while (currency_find(other) == document->money) {
            other = currency_text(&dice, roll_currency(&dice));
        }
        document->currency = other;
        document->money = currency_find(other);
        return;
    }
    change_member(&dice, change);
}
