/* plan.c: what the resolving of every document needs; see plan.h. */
#include "flow/plan.h"

#include <stdarg.h>
#include <stdio.h>

static struct span sentence(struct plan *plan, const char *format, va_list args)
{
    char text[500];
    int len = vsnprintf(text, sizeof text, format, args);
    size_t kept = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    return arena_copy(plan->arena, (struct span){text, kept});
}

static void settle(struct plan *plan, enum outcome outcome, enum refusal refusal, struct span waits_on,
                   struct span detail)
{
    if (!plan_goes_on(plan))
        return;
    plan->outcome = outcome;
    plan->refusal = refusal;
    plan->waits_on = waits_on;
    plan->detail = detail;
}

void plan_refuse(struct plan *plan, enum refusal refusal, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    settle(plan, OUTCOME_FAILED, refusal, (struct span){NULL, 0}, sentence(plan, format, args));
    va_end(args);
}

void plan_wait(struct plan *plan, enum refusal refusal, struct span waits_on, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    settle(plan, OUTCOME_WAITING, refusal, waits_on, sentence(plan, format, args));
    va_end(args);
}

void plan_exclude(struct plan *plan, enum refusal refusal, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    settle(plan, OUTCOME_EXCLUDED, refusal, (struct span){NULL, 0}, sentence(plan, format, args));
    va_end(args);
}

/* Of `money` on the day of an instant: as the document states it of its own, else as the table has it; 0: there is none. */
static int64_t known_rate(struct plan *plan, currency money, int64_t at_us)
{
    int64_t rate_e10 = 0;
    bool found = false;
    if (money == plan->company->money)
        return INT64_C(10000000000);
    if (money == plan->document->money && is_present(plan->document->rate_e10))
        return plan->document->rate_e10;
    if (!company_rate(plan->company, money, at_us, &rate_e10, &found, plan->err))
        plan->broken = true;
    return found ? rate_e10 : 0;
}

/* The same; the plan waits where there is none. */
static int64_t rate_or_wait(struct plan *plan, currency money, int64_t at_us)
{
    char code[4];
    char day[11];
    int64_t rate_e10 = known_rate(plan, money, at_us);
    if (rate_e10 == 0)
        plan_wait(plan, REFUSAL_WAITS_RATE, waiting_for_rate(money, plan->arena), "no rate of %s on or before %s",
                  currency_code(money, code), day_write(company_day(plan->company, at_us), day));
    return rate_e10;
}

/* Of the document's money on the day of an instant. A correction counts at its receipt's rate, and needs none of its own. */
static int64_t document_rate(struct plan *plan, int64_t at_us)
{
    return plan->document->type == DOCUMENT_COST_CORRECTION ? INT64_C(10000000000)
                                                            : known_rate(plan, plan->document->money, at_us);
}

void plan_start(struct plan *plan, enum rank rank)
{
    plan->rank = rank;
    plan->at_us = company_instant(plan->company, plan->document->at, rank);
    plan->day = company_day(plan->company, plan->at_us);
    plan->policy = company_policy(plan->company, plan->day);
    plan->rate_e10 = document_rate(plan, plan->at_us);
    plan->rate_at_us = plan->at_us;
    plan->has_money = true;
}

void plan_need_rate(struct plan *plan)
{
    if (plan->has_money && plan->rate_e10 == 0 && plan_goes_on(plan))
        plan->rate_e10 = rate_or_wait(plan, plan->document->money, plan->rate_at_us);
}

void plan_not_before(struct plan *plan, int64_t at_us)
{
    if (at_us <= plan->at_us)
        return;
    plan->at_us = at_us;
    plan->day = company_day(plan->company, at_us);
    plan->policy = company_policy(plan->company, plan->day);
}

void plan_rate_of_day(struct plan *plan)
{
    plan->rate_at_us = plan->at_us;
    plan->rate_e10 = document_rate(plan, plan->at_us);
    plan_need_rate(plan);
}

void plan_raise(struct plan *plan)
{
    for (size_t i = 0; i < plan->edit_count; i++) {
        plan->edits[i].edit.movement.key.at_us = plan->at_us;
        plan->edits[i].edit.movement.day = plan->day;
        plan_place(plan, &plan->edits[i].edit.movement.key, plan->day);
    }
}

uint64_t plan_entered(const struct plan *plan)
{
    bool again = plan->record != NULL && plan->record->entered != 0 && !document_keeps_versions(plan->document->type);
    return again ? plan->record->entered : plan->seq;
}

void plan_place(const struct plan *plan, struct key *key, int32_t day)
{
    bool by_entry = company_entry_order(plan->company, day, &key->since_us);
    key->entered = by_entry ? plan_entered(plan) : 0;
    if (!by_entry)
        key->since_us = 0;
}

int64_t plan_money(struct plan *plan, int64_t amount_minor)
{
    if (plan->document->money == plan->company->money)
        return amount_minor;
    int64_t converted_minor = 0;
    if (!amount_at_rate(amount_minor, currency_exponent(plan->document->money), plan->rate_e10, plan->company->exponent,
                        &converted_minor))
        plan_refuse(plan, REFUSAL_OVERFLOW, "an amount at its rate is too large to keep");
    return converted_minor;
}

int64_t plan_amount(struct plan *plan, int64_t qty_micro, int64_t unit_micro, const char *what)
{
    int64_t amount_minor = 0;
    if (!amount_of(qty_micro, unit_micro, currency_exponent(plan->document->money), &amount_minor) ||
        amount_minor > AMOUNT_MINOR_MAX || amount_minor < -AMOUNT_MINOR_MAX)
        plan_refuse(plan, REFUSAL_OVERFLOW, "%s: quantity times unit price is too large to keep", what);
    return amount_minor;
}

bool plan_lookup(struct plan *plan, enum document_type type, struct reference reference,
                 struct document_record *out_record, bool *out_found, bool *out_several)
{
    uint32_t number = 0;
    struct span source = reference.source.ptr ? reference.source : plan->document->source;
    bool good = company_find_document(plan->company, type, source, reference.id, &number, out_several, plan->err);
    *out_found = false;
    if (good && number == 0 && reference.source.ptr == NULL)
        good = company_find_document(plan->company, type, (struct span){NULL, 0}, reference.id, &number, out_several,
                                     plan->err);
    if (good && number != 0)
        good = company_document(plan->company, number, plan->arena, out_record, out_found, plan->err);
    if (!good)
        plan->broken = true;
    return good;
}

bool plan_reference(struct plan *plan, enum document_type type, struct reference reference,
                    struct document_record *out_record, struct document *out_document)
{
    bool found = false;
    bool several = false;
    const char *name = document_type_name(type);
    if (!plan_goes_on(plan) || !plan_lookup(plan, type, reference, out_record, &found, &several))
        return false;
    const struct document_version *version = found ? document_current(out_record) : NULL;
    if (several) {
        plan_wait(plan, REFUSAL_WAITS_SEVERAL, waiting_for_document(type, reference.id, plan->arena),
                  "several sources have the %s %.*s", name, SPAN_ARG(reference.id));
        return false;
    }
    if (version == NULL || version->outcome != OUTCOME_POSTED) {
        plan_wait(plan, REFUSAL_WAITS_DOCUMENT, waiting_for_document(type, reference.id, plan->arena),
                  "%s %.*s is not %s yet", name, SPAN_ARG(reference.id), version ? "posted" : "known");
        return false;
    }
    if (out_document != NULL && plan->within != NULL && plan->within->number == out_record->number) {
        *out_document = *plan->within->document; /* as it will be */
        return true;
    }
    if (out_document != NULL &&
        !company_read_document(plan->company, version->document_seq, plan->arena, out_document, plan->err)) {
        plan->broken = true;
        return false;
    }
    return true;
}

struct order_slot *plan_order_book(struct plan *plan, struct reference reference, uint32_t *out_order)
{
    struct document_record record;
    if (!plan_reference(plan, DOCUMENT_ORDER, reference, &record, NULL))
        return NULL;
    struct order_slot *slot = NULL;
    if (!company_order(plan->company, record.number, &slot, plan->err)) {
        plan->broken = true;
        return NULL;
    }
    if (slot == NULL) {
        plan_wait(plan, REFUSAL_WAITS_DOCUMENT, waiting_for_document(DOCUMENT_ORDER, reference.id, plan->arena),
                  "order %.*s is not posted yet", SPAN_ARG(reference.id));
        return NULL;
    }
    *out_order = record.number;
    plan_not_before(plan, slot->events[0].key.at_us);
    return slot;
}

const struct document *plan_item(struct plan *plan, struct span sku, uint32_t *out_number)
{
    const struct definition *definition = NULL;
    if (!plan_goes_on(plan))
        return NULL;
    if (!company_definition(plan->company, DOCUMENT_ITEM, sku, &definition, plan->err)) {
        plan->broken = true;
        return NULL;
    }
    if (definition == NULL) {
        plan_wait(plan, REFUSAL_WAITS_DOCUMENT, waiting_for_document(DOCUMENT_ITEM, sku, plan->arena),
                  "item %.*s is not known yet", SPAN_ARG(sku));
        return NULL;
    }
    *out_number = definition->number;
    return definition_at(definition, plan->at_us);
}

struct span plan_location(struct plan *plan, struct span code)
{
    const struct definition *definition = NULL;
    if (code.len == 0 || span_eq(code, SPAN("main")))
        return SPAN("main");
    if (!plan_goes_on(plan))
        return code;
    if (!company_definition(plan->company, DOCUMENT_LOCATION, code, &definition, plan->err))
        plan->broken = true;
    else if (definition == NULL)
        plan_wait(plan, REFUSAL_WAITS_DOCUMENT, waiting_for_document(DOCUMENT_LOCATION, code, plan->arena),
                  "location %.*s is not known yet", SPAN_ARG(code));
    return code;
}

int64_t plan_factor(struct plan *plan, const struct document *item, struct span uom)
{
    if (uom.len == 0 || item == NULL || span_eq(uom, item->item.uom))
        return MICRO;
    for (size_t i = 0; i < item->item.uoms.count; i++)
        if (span_eq(item->item.uoms.at[i].code, uom))
            return item->item.uoms.at[i].factor_micro;
    plan_refuse(plan, REFUSAL_UOM_UNKNOWN, "item %.*s has no unit %.*s", SPAN_ARG(item->item.sku), SPAN_ARG(uom));
    return MICRO;
}

int64_t plan_stock_qty(struct plan *plan, int64_t qty_micro, int64_t factor_micro)
{
    int64_t stock_micro = qty_micro;
    if (factor_micro != MICRO && (!mul_div(qty_micro, factor_micro, MICRO, &stock_micro) ||
                                  stock_micro > QTY_MICRO_MAX || stock_micro < -QTY_MICRO_MAX))
        plan_refuse(plan, REFUSAL_OVERFLOW, "a quantity in stock units is too large to keep");
    return stock_micro;
}

bool item_is_kept(const struct document *item)
{
    enum item_kind kind = item->item.kind;
    return kind == ITEM_KIND_ABSENT || kind == ITEM_STOCKED || kind == ITEM_EITHER || kind == ITEM_DROPSHIP;
}

enum costing_method costing_method_of(const struct document *item, const struct policy *policy)
{
    return (enum costing_method)(item->item.cost_method != COST_METHOD_ABSENT ? (int)item->item.cost_method
                                                                              : policy->cost_method);
}

struct movement plan_movement(struct plan *plan, enum movement_kind kind, const struct document *item, int line,
                              int part, int leg)
{
    const struct policy *policy = plan->policy;
    const struct document *document = plan->document;
    if (line > MOVEMENT_LINE_MAX || part > MOVEMENT_PART_MAX)
        plan_refuse(plan, REFUSAL_OVERFLOW, "more than %d lines", MOVEMENT_LINE_MAX);
    struct movement movement = {
        .id = movement_id_make(plan->number, line, part, leg),
        .key = {.at_us = plan->at_us,
                .rank = plan->rank,
                .source = document->source,
                .type = span_of(document_type_name(document->type)),
                .id = document->id,
                .leg = leg,
                .line = line,
                .part = part},
        .day = plan->day,
        .kind = kind,
        .costing = {.method = (uint8_t)costing_method_of(item, policy),
                    .company_pool = policy->cost_scope == SCOPE_COMPANY,
                    .return_current = policy->return_cost == RETURN_COST_CURRENT,
                    .returned_last = policy->returned_layer == RETURNED_LAYER_LAST,
                    .refuse_short = policy->shortage == SHORTAGE_REFUSE,
                    .difference_account = policy->price_difference == PRICE_DIFFERENCE_ACCOUNT,
                    .exchange_to_stock = policy->fx_difference == FX_DIFFERENCE_STOCK,
                    .back_any_year = policy->framework == FRAMEWORK_IFRS,
                    .exponent = (uint8_t)plan->company->exponent,
                    .supplier_return = (uint8_t)policy->supplier_return},
        .value_minor = ABSENT,
        .standard_micro = item->item.standard_cost_micro,
        .last_micro = item->item.last_cost_micro,
    };
    plan_place(plan, &movement.key, plan->day);
    return movement;
}

void plan_edit(struct plan *plan, uint32_t item, struct movement movement)
{
    ARENA_GROW(plan->arena, plan->edits, plan->edit_count, plan->edit_room);
    plan->edits[plan->edit_count++] = (struct plan_edit){
        .item = item, .average = movement.costing.method == METHOD_AVERAGE, .edit = {.movement = movement}};
}

void plan_remove(struct plan *plan, uint32_t item, bool average, movement_id id)
{
    ARENA_GROW(plan->arena, plan->edits, plan->edit_count, plan->edit_room);
    plan->edits[plan->edit_count++] =
        (struct plan_edit){.item = item, .average = average, .edit = {.remove = true, .movement = {.id = id}}};
}

void plan_line_of(struct plan *plan, uint32_t document, const struct key *key, int32_t day, struct line line)
{
    size_t at = 0;
    while (at < plan->dated_count && (plan->dated[at].day != day || plan->dated[at].document != document))
        at++;
    if (at == plan->dated_count) {
        ARENA_GROW(plan->arena, plan->dated, plan->dated_count, plan->dated_room);
        plan->dated[plan->dated_count++] =
            (struct plan_dated){.document = document, .key = key, .day = day, .lines = lines_make(plan->arena)};
    }
    lines_add(&plan->dated[at].lines, line);
}

void plan_line(struct plan *plan, int32_t day, struct line line)
{
    if (line.original_currency == 0 && plan->document->money != plan->company->money && line.original_minor != 0)
        line.original_currency = plan->document->money;
    plan_line_of(plan, plan->number, NULL, day, line);
}

struct ruling_event *plan_events(struct plan *plan, uint32_t order, size_t count)
{
    size_t at = 0;
    while (at < plan->order_count && plan->orders[at].order != order)
        at++;
    if (at == plan->order_count) {
        ARENA_GROW(plan->arena, plan->orders, plan->order_count, plan->order_room);
        plan->orders[plan->order_count++] = (struct plan_order){.order = order};
    }
    /* A document may name one order twice: its events there are decided together. */
    size_t before = plan->orders[at].event_count;
    struct ruling_event *events = ARENA_ARRAY(plan->arena, struct ruling_event, before + count + 1);
    must(events != NULL);
    for (size_t i = 0; i < before; i++)
        events[i] = plan->orders[at].events[i];
    for (size_t i = before; i < before + count; i++) {
        events[i] = (struct ruling_event){.rank = plan->rank, .settings = (uint32_t)plan->company->setting_count};
        plan_event_at(plan, order, &events[i], plan->at_us);
    }
    plan->orders[at].events = events;
    plan->orders[at].event_count = before + count;
    return events + before;
}

void plan_event_at(struct plan *plan, uint32_t order, struct ruling_event *event, int64_t at_us)
{
    struct order_slot *slot = NULL;
    event->at_us = at_us;
    event->day = company_day(plan->company, at_us);
    event->rate_e10 = rate_or_wait(plan, plan->document->money, at_us);
    if (!company_order(plan->company, order, &slot, plan->err))
        plan->broken = true;
    /* A document in other money than the order it is about: the order's has a rate of that day too. */
    currency money = slot != NULL ? order_events_document(slot->events, slot->count)->money : plan->document->money;
    if (money != plan->document->money && money != plan->company->money)
        event->order_rate_e10 = rate_or_wait(plan, money, at_us);
}
