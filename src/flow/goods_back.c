/* goods_back.c: refunds (money only) and customer returns (goods only), by order or by match. */
#include "flow/plan.h"

static void wait_for_sale(struct plan *plan, const struct match *match)
{
    struct span customer = match->customer.len ? match->customer : SPAN("(unnamed)");
    plan_wait(plan, REFUSAL_WAITS_MATCH, waiting_for_match(match->customer, match->sku, plan->arena),
              "no earlier sale of %.*s to customer %.*s has enough left", SPAN_ARG(match->sku), SPAN_ARG(customer));
}

/* The line of an order that a match fits, from 1; 0 when none does. */
static uint32_t matching_line(const struct order_slot *slot, const struct match *match, bool money, bool at_price,
                              int64_t wanted)
{
    for (size_t l = 0; l < slot->state.line_count; l++) {
        const struct order_line_state *line = &slot->state.lines[l];
        bool same_price = !is_present(match->unit_price_micro) || line->unit_price_micro == match->unit_price_micro;
        int64_t left = money ? line->refundable_minor : line->shipped_micro - line->returned_micro;
        if (span_eq(line->sku, match->sku) && same_price == at_price && left >= wanted)
            return (uint32_t)l + 1;
    }
    return 0;
}

/* The newest sale to a customer that has enough left of a SKU: at the same price first, then at any. */
static struct order_slot *match_sale(struct plan *plan, const struct match *match, bool money, int64_t wanted,
                                     uint32_t *out_order, uint32_t *out_line)
{
    struct sale *sales = NULL;
    size_t count = 0;
    if (match->customer.len > 0 &&
        !company_sales(plan->company, match->customer, plan->at_us, plan->arena, &sales, &count, plan->err)) {
        plan->broken = true;
        return NULL;
    }
    uint32_t hash = sale_hash(match->sku);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < count; i++) {
            bool may = false;
            for (size_t l = 0; l < sales[i].line_count; l++)
                may |= sales[i].sku_hashes[l] == hash;
            struct order_slot *slot = NULL;
            if (may && !company_order(plan->company, sales[i].order, &slot, plan->err)) {
                plan->broken = true;
                return NULL;
            }
            *out_order = sales[i].order;
            *out_line = slot ? matching_line(slot, match, money, pass == 0, wanted) : 0;
            if (*out_line != 0)
                return slot;
        }
    wait_for_sale(plan, match);
    return NULL;
}

/* Whether what a refund lists comes to what it says, where each line states what it is worth: then no order is needed to see it. */
static void must_add_up(struct plan *plan)
{
    const struct refund *refund = &plan->document->refund;
    bool lists = refund->lines.count > 0 || is_present(refund->shipping.amount_minor) || refund->shipping.tax.count > 0;
    bool states = lists;
    bool fits = true;
    int64_t sum_minor = or_zero(refund->shipping.amount_minor);
    for (size_t i = 0; i < refund->shipping.tax.count; i++)
        fits &= !__builtin_add_overflow(sum_minor, refund->shipping.tax.at[i].amount_minor, &sum_minor);
    for (size_t i = 0; i < refund->lines.count; i++) {
        const struct refund_line *line = &refund->lines.at[i];
        states &= is_present(line->amount_minor) || line->tax.count > 0;
        fits &= !__builtin_add_overflow(sum_minor, or_zero(line->amount_minor), &sum_minor);
        for (size_t t = 0; t < line->tax.count; t++)
            fits &= !__builtin_add_overflow(sum_minor, line->tax.at[t].amount_minor, &sum_minor);
    }
    int places = currency_exponent(plan->document->money);
    int64_t total_minor = refund->amount_minor + or_zero(refund->restocking_fee_minor);
    char parts[24];
    char stated[24];
    decimal_write(sum_minor, places, places, parts);
    decimal_write(total_minor, places, places, stated);
    if (states && (!fits || sum_minor != total_minor))
        plan_refuse(plan, REFUSAL_REFUND_DIFFERS, "lines and shipping sum to %s, amount and fee to %s", parts, stated);
}

void resolve_refund(struct plan *plan)
{
    const struct refund *refund = &plan->document->refund;
    plan_start(plan, RANK_MONEY);
    plan->amount_minor = plan_money(plan, refund->amount_minor);
    uint32_t order = 0;
    uint32_t line = 0;
    if (match_is_present(refund->match) && refund->lines.count > 1)
        plan_refuse(plan, REFUSAL_BAD_VALUE, "lines: a refund by match has one line at most");
    if (!match_is_present(refund->match))
        must_add_up(plan);
    if (!plan_goes_on(plan))
        return;
    struct order_slot *slot = match_is_present(refund->match)
                                  ? match_sale(plan, &refund->match, true, refund->amount_minor, &order, &line)
                                  : plan_order_book(plan, refund->order, &order);
    if (slot == NULL)
        return;
    uint32_t other = 0;
    if (reference_is_present(refund->exchange) && plan_order_book(plan, refund->exchange, &other) == NULL)
        return;
    struct ruling_event *event = plan_events(plan, order, 1);
    event->kind = EVENT_REFUND;
    event->index = line;
    /* What is not paid out pays the other order: an event of its own there. */
    if (other != 0)
        plan_events(plan, other, 1)->kind = EVENT_PAYMENT;
}

static bool is_of_line(const struct stock_effect *effect, struct span line, struct span sku)
{
    return line.len ? span_eq(effect->order_line, line) : span_eq(effect->sku, sku);
}

/* When the shipments that are needed so that `wanted` units of a line have left are all there. */
static int64_t shipped_by(const struct order_slot *slot, struct span line, struct span sku, int64_t wanted_micro)
{
    int64_t at_us = INT64_MIN;
    for (size_t i = 0; i < slot->count; i++)
        for (size_t e = 0; e < slot->results[i].effect_count; e++) {
            const struct stock_effect *effect = &slot->results[i].effects[e];
            if (effect->kind != EFFECT_ISSUE || !is_of_line(effect, line, sku) || wanted_micro <= 0)
                continue;
            wanted_micro -= effect->qty_micro;
            if (slot->events[i].key.at_us > at_us)
                at_us = slot->events[i].key.at_us;
        }
    return at_us;
}

/* A return queued as it was entered is dated no earlier than the shipments, in that order, that issued the units up to its
 * last. Later instants may let in further returns that come before it, so it is looked for until it stays. */
static void not_before_its_shipment(struct plan *plan, const struct order_slot *slot, struct span line, struct span sku,
                                    int64_t qty_micro)
{
    for (int64_t before_us = INT64_MIN; before_us != plan->at_us;) {
        before_us = plan->at_us;
        int64_t returned_micro = 0;
        struct key own = {.at_us = plan->at_us, .rank = RANK_COUNT}; /* behind all of one instant, and of one entry */
        plan_place(plan, &own, plan->day);
        for (size_t i = 0; i < slot->count; i++)
            for (size_t e = 0; e < slot->results[i].effect_count; e++)
                if (slot->results[i].effects[e].kind == EFFECT_RETURN &&
                    is_of_line(&slot->results[i].effects[e], line, sku) && slot->documents[i] != plan->number &&
                    key_compare(&slot->events[i].key, &own) < 0)
                    returned_micro += slot->results[i].effects[e].qty_micro;
        plan_not_before(plan, shipped_by(slot, line, sku, returned_micro + qty_micro));
    }
}

/* Queued by its date a return is dated by decide_orders.c, which tries its order at each shipment's instant: that moves it along
 * the queue. What is queued as it was entered stays where it is. */
static void date_as_entered(struct plan *plan, const struct order_slot *slot, uint32_t line)
{
    const struct customer_return *back = &plan->document->customer_return;
    const int64_t own_us = plan->at_us;
    struct key key;
    for (size_t i = 0; i < back->lines.count; i++)
        not_before_its_shipment(plan, slot, line ? slot->state.lines[line - 1].id : back->lines.at[i].line,
                                back->lines.at[i].sku, back->lines.at[i].qty_micro);
    plan_place(plan, &key, plan->day);
    if (key.entered != 0)
        return;
    plan->at_us = own_us;
    plan->day = company_day(plan->company, own_us);
    plan->policy = company_policy(plan->company, plan->day);
}

static void return_without_order(struct plan *plan)
{
    const struct customer_return *back = &plan->document->customer_return;
    for (size_t i = 0; i < back->lines.count; i++) {
        const struct return_line *line = &back->lines.at[i];
        if (!is_present(line->unit_cost_micro))
            plan_refuse(plan, REFUSAL_MISSING_FIELD,
                        "lines[%zu].unit_cost: a return that knows no order must state a cost", i);
        if (line->disposition != DISPOSITION_SELLABLE && line->disposition != DISPOSITION_ABSENT)
            plan_refuse(plan, REFUSAL_UNSUPPORTED,
                        "lines[%zu].disposition: a return that knows no order can only be sellable", i);
    }
    struct span location = plan_location(plan, back->location);
    PLAN_KNOWS_ITEMS(plan, back->lines);
    plan_need_rate(plan);
    for (size_t i = 0; i < back->lines.count && plan_goes_on(plan); i++) {
        const struct return_line *line = &back->lines.at[i];
        uint32_t number = 0;
        const struct document *item = plan_item(plan, line->sku, &number);
        if (item == NULL)
            return;
        struct movement movement = plan_movement(plan, MOVE_IN, item, (int)i + 1, 0, 0);
        movement.location = location;
        movement.qty_micro = plan_stock_qty(plan, line->qty_micro, plan_factor(plan, item, line->uom));
        movement.value_minor = plan_money(plan, plan_amount(plan, line->qty_micro, line->unit_cost_micro, "unit_cost"));
        movement.where = (struct where){.role = ROLE_COGS, .location = location, .tag = SPAN("return")};
        plan_edit(plan, number, movement);
    }
}

void resolve_return(struct plan *plan)
{
    const struct customer_return *back = &plan->document->customer_return;
    plan_start(plan, RANK_RETURN);
    if (!match_is_present(back->match) && !reference_is_present(back->order) && !reference_is_present(back->shipment)) {
        return_without_order(plan);
        return;
    }
    if (match_is_present(back->match) && back->lines.count != 1)
        plan_refuse(plan, REFUSAL_BAD_VALUE, "lines: a return by match has one line");
    plan_location(plan, back->location);
    if (!plan_goes_on(plan))
        return;
    uint32_t order = 0;
    uint32_t line = 0;
    struct order_slot *slot = NULL;
    if (match_is_present(back->match)) {
        slot = match_sale(plan, &back->match, false, back->lines.at[0].qty_micro, &order, &line);
    } else if (reference_is_present(back->order)) {
        struct document_record shipment;
        bool names_shipment = reference_is_present(back->shipment);
        if (names_shipment && !plan_reference(plan, DOCUMENT_SHIPMENT, back->shipment, &shipment, NULL))
            return;
        slot = plan_order_book(plan, back->order, &order);
        for (size_t i = 0; names_shipment && slot != NULL && i < slot->count; i++)
            if (slot->documents[i] == shipment.number && slot->events[i].kind == EVENT_SHIPMENT)
                plan_not_before(plan, slot->events[i].key.at_us);
    } else {
        struct document_record shipment;
        struct document document;
        if (plan_reference(plan, DOCUMENT_SHIPMENT, back->shipment, &shipment, &document)) {
            struct reference reference = document.shipment.order;
            if (reference.source.ptr == NULL)
                reference.source = document.source;
            slot = plan_order_book(plan, reference, &order);
        }
    }
    if (slot == NULL)
        return;
    date_as_entered(plan, slot, line);
    struct ruling_event *event = plan_events(plan, order, 1);
    event->kind = EVENT_RETURN;
    event->index = line;
}
