/* sale.c: orders, payments, cancels, shipments and deliveries: each becomes events of an order's book. */
#include "flow/plan.h"

/* A component's part of the revenue: by stand-alone price, or, where one of them has no price, all by cost. */
static int64_t stand_alone_micro(struct plan *plan, const struct document *item, int64_t qty_micro, bool priced)
{
    int64_t unit_micro =
        priced ? item->item.price_micro : or_else(item->item.standard_cost_micro, or_zero(item->item.last_cost_micro));
    int64_t weight_micro = 0;
    if (!mul_div(qty_micro, unit_micro, MICRO, &weight_micro))
        plan_refuse(plan, REFUSAL_OVERFLOW, "a component's weight is too large to keep");
    return weight_micro;
}

/* Explodes a bundle once: the components as the definitions stand at the order's instant. */
static void explode(struct plan *plan, const struct document *bundle, struct order_line_facts *facts)
{
    size_t count = bundle->item.components.count;
    struct order_component *components = ARENA_ARRAY(plan->arena, struct order_component, count + 1);
    must(components != NULL);
    bool priced = true;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = 0;
        const struct document *item = plan_item(plan, bundle->item.components.at[i].sku, &number);
        if (item == NULL)
            return;
        priced = priced && is_present(item->item.price_micro);
    }
    for (size_t i = 0; i < count; i++) {
        const struct component *component = &bundle->item.components.at[i];
        uint32_t number = 0;
        const struct document *item = plan_item(plan, component->sku, &number);
        must(item != NULL);
        components[i] =
            (struct order_component){.sku = component->sku,
                                     .qty_micro = component->qty_micro,
                                     .weight_micro = stand_alone_micro(plan, item, component->qty_micro, priced),
                                     .kind = item->item.kind};
    }
    facts->components = components;
    facts->component_count = count;
}

/* What the definitions say of each line; a line known from an earlier version keeps what was frozen then. */
static const struct order_line_facts *frozen_facts(const struct order_slot *slot, const struct order_line *line)
{
    for (size_t e = 0; slot != NULL && e < slot->count; e++) {
        const struct document *version = slot->events[e].document;
        for (size_t l = 0; slot->events[e].kind == EVENT_VERSION && l < version->order.lines.count; l++)
            if (span_eq(version->order.lines.at[l].id, line->id) && span_eq(version->order.lines.at[l].sku, line->sku))
                return &slot->events[e].facts[l];
    }
    return NULL;
}

static const struct order_line_facts *line_facts(struct plan *plan, const struct order_slot *slot)
{
    const struct order *order = &plan->document->order;
    struct order_line_facts *facts = ARENA_ARRAY(plan->arena, struct order_line_facts, order->lines.count + 1);
    const struct document **items = arena_array(plan->arena, order->lines.count + 1, sizeof *items);
    must(facts != NULL && items != NULL);
    for (size_t i = 0; i < order->lines.count && plan_goes_on(plan); i++) {
        const struct order_line *line = &order->lines.at[i];
        uint32_t number = 0;
        items[i] = plan_item(plan, line->sku, &number);
        plan_location(plan, line->fulfil.location);
    }
    plan_rate_of_day(plan);
    for (size_t i = 0; i < order->lines.count && plan_goes_on(plan); i++) {
        const struct order_line *line = &order->lines.at[i];
        const struct order_line_facts *frozen = frozen_facts(slot, line);
        if (frozen != NULL) {
            facts[i] = *frozen;
            continue;
        }
        facts[i].kind = items[i]->item.kind == ITEM_KIND_ABSENT ? ITEM_STOCKED : items[i]->item.kind;
        facts[i].uom_factor_micro = plan_factor(plan, items[i], line->uom);
        if (items[i]->item.kind == ITEM_BUNDLE)
            explode(plan, items[i], &facts[i]);
    }
    return facts;
}

/* An order that does not add up is refused whatever else it would wait for. Where nothing else stops it, the fold looks. */
static void must_add_up(struct plan *plan)
{
    struct span detail = {NULL, 0};
    const struct policy *policy =
        order_stated_policy(plan->company, plan->document, (uint32_t)plan->company->setting_count);
    if (plan->broken || !order_total_differs(plan->document, policy, plan->arena, &detail))
        return;
    plan->outcome = OUTCOME_NONE;
    plan->waits_on = (struct span){NULL, 0};
    plan_refuse(plan, REFUSAL_TOTAL_DIFFERS, "%.*s", SPAN_ARG(detail));
}

static bool payment_known(const struct order_slot *slot, struct span gateway, struct span id)
{
    for (size_t i = 0; slot != NULL && i < slot->count; i++) {
        const struct order_event *event = &slot->events[i];
        if (event->kind != EVENT_PAYMENT || event->document->type != DOCUMENT_ORDER)
            continue;
        const struct order_payment *known = &event->document->order.payments.at[event->index];
        if (span_eq(known->gateway, gateway) && span_eq(known->id, id))
            return true;
    }
    return false;
}

struct days {
    int32_t *at;
    size_t count, room;
};

static void add_day(struct plan *plan, struct days *days, int32_t day)
{
    for (size_t i = 0; i < days->count; i++)
        if (days->at[i] == day)
            return;
    ARENA_GROW(plan->arena, days->at, days->count, days->room);
    days->at[days->count++] = day;
}

/* Services with dates are earned at the end of each of their months, and of their last day. */
static void plan_services(struct plan *plan, const struct order *order)
{
    struct days days = {0};
    for (size_t i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        int32_t to = line->service.to.day;
        if (!order_runs_by_days(line))
            continue;
        for (int32_t end = order_month_end(line->service.from.day); end < to; end = order_month_end(end + 1))
            add_day(plan, &days, end);
        add_day(plan, &days, to);
    }
    struct ruling_event *events = days.count ? plan_events(plan, plan->number, days.count) : NULL;
    for (size_t i = 0; i < days.count; i++) {
        struct moment day = {.form = TIME_DATE, .day = days.at[i]};
        events[i].kind = EVENT_SERVICE;
        events[i].index = (uint32_t)days.at[i];
        events[i].rank = RANK_MONEY;
        events[i].at_us = company_instant(plan->company, day, RANK_COUNT); /* the end of that day */
        events[i].day = days.at[i];
        events[i].rate_e10 = 0; /* the order's, as it last was */
    }
}

void resolve_order(struct plan *plan)
{
    const struct document *document = plan->document;
    const struct order *order = &document->order;
    plan_start(plan, RANK_DEFINITION);
    struct order_slot *slot = NULL;
    if (!company_order(plan->company, plan->number, &slot, plan->err))
        plan->broken = true;
    bool lowest = plan->record == NULL || plan->record->version_count == 0 ||
                  plan->record->versions[0].version >= document->version;
    if (slot != NULL && moment_is_present(document->updated) && !lowest) {
        plan->at_us = company_instant(plan->company, document->updated, RANK_DEFINITION);
        plan->day = company_day(plan->company, plan->at_us);
        plan->policy = company_policy(plan->company, plan->day);
    }
    const struct order_line_facts *facts = line_facts(plan, slot);
    if (!plan_goes_on(plan)) {
        must_add_up(plan);
        return;
    }
    plan->amount_minor = plan_money(plan, or_zero(order->total_minor));
    struct ruling_event *events = plan_events(plan, plan->number, order->payments.count + 1);
    events[0].kind = EVENT_VERSION;
    events[0].facts = facts;
    events[0].fact_count = order->lines.count;
    size_t count = 1;
    for (size_t i = 0; i < order->payments.count; i++) {
        const struct order_payment *payment = &order->payments.at[i];
        if (payment->status == PAYMENT_AUTHORISED || payment->status == PAYMENT_VOID)
            continue;
        struct ruling_event *event = &events[count++];
        event->kind = EVENT_PAYMENT;
        event->index = (uint32_t)i;
        event->rank = RANK_MONEY;
        int64_t at_us =
            moment_is_present(payment->at) ? company_instant(plan->company, payment->at, RANK_MONEY) : plan->at_us;
        if (at_us > plan->at_us)
            plan_event_at(plan, plan->number, event, at_us);
    }
    plan->orders[plan->order_count - 1].event_count = count;
    if (plan_goes_on(plan))
        plan_services(plan, order);
}

static bool is_captured(struct plan *plan, const struct payment *payment)
{
    if (payment->status != PAYMENT_AUTHORISED && payment->status != PAYMENT_VOID)
        return true;
    plan_exclude(plan, REFUSAL_PAYMENT_NOT_CAPTURED, "payment %.*s is %s", SPAN_ARG(plan->document->id),
                 payment->status == PAYMENT_VOID ? "void" : "only authorised");
    return false;
}

/* Money of a customer for no order yet is held in an account of its own, read like an order's. */
static void resolve_on_account(struct plan *plan, const struct payment *payment)
{
    uint32_t account = 0;
    bool found = false;
    if (!is_captured(plan, payment))
        return;
    if (plan->document->money != plan->company->money) {
        plan_refuse(plan, REFUSAL_UNSUPPORTED, "a customer's money is held in the company's currency");
        return;
    }
    if (!company_customer(plan->company, payment->customer, &account, &found, plan->err)) {
        plan->broken = true;
        return;
    }
    for (size_t i = 0; !found && plan->record != NULL && i < plan->record->order_count; i++)
        if (plan->record->orders[i] == plan->number)
            plan_refuse(plan, REFUSAL_UNSUPPORTED,
                        "its first version opened another customer's account: void it and send it under a new id");
    plan_events(plan, found ? account : plan->number, 1)->kind = EVENT_PAYMENT;
}

void resolve_payment(struct plan *plan)
{
    const struct payment *payment = &plan->document->payment;
    plan_start(plan, RANK_MONEY);
    plan->amount_minor = plan_money(plan, payment->amount_minor);
    if (plan_is_on_account(plan->document)) {
        resolve_on_account(plan, payment);
        return;
    }
    uint32_t order = 0;
    if (!is_captured(plan, payment))
        return;
    struct order_slot *slot = plan_order_book(plan, payment->order, &order);
    if (slot == NULL)
        return;
    if (payment_known(slot, payment->gateway, plan->document->id)) {
        plan_exclude(plan, REFUSAL_SAME_PAYMENT, "the order already carries payment %.*s",
                     SPAN_ARG(plan->document->id));
        return;
    }
    plan_events(plan, order, 1)->kind = EVENT_PAYMENT;
}

/* An event of the order referred to, nothing more. */
static void order_event(struct plan *plan, struct reference reference, enum order_event_kind kind)
{
    uint32_t order = 0;
    if (plan_order_book(plan, reference, &order) != NULL && plan_goes_on(plan))
        plan_events(plan, order, 1)->kind = kind;
}

void resolve_cancel(struct plan *plan)
{
    plan_start(plan, RANK_MONEY);
    order_event(plan, plan->document->cancel.order, EVENT_CANCEL);
}

void resolve_shipment(struct plan *plan)
{
    const struct shipment *shipment = &plan->document->shipment;
    struct document_record receipt;
    plan_start(plan, RANK_ISSUE);
    plan_location(plan, shipment->location);
    for (size_t i = 0; i < shipment->lines.count && plan_goes_on(plan); i++)
        for (size_t k = 0; k < shipment->lines.at[i].picks.count; k++)
            if (reference_is_present(shipment->lines.at[i].picks.at[k].receipt))
                (void)plan_reference(plan, DOCUMENT_RECEIPT, shipment->lines.at[i].picks.at[k].receipt, &receipt, NULL);
    uint32_t order = 0;
    if (plan_order_book(plan, plan->document->shipment.order, &order) == NULL || !plan_goes_on(plan))
        return;
    bool by_days = plan->policy->revenue_at == REVENUE_AT_DELIVERY && plan->policy->delivered_after_days > 0;
    struct ruling_event *events = plan_events(plan, order, by_days ? 2 : 1);
    events[0].kind = EVENT_SHIPMENT;
    if (!by_days)
        return;
    /* Without proof the goods count as delivered so many days later; an earlier proof comes first and leaves nothing here. */
    events[1].kind = EVENT_DELIVERY;
    events[1].rank = RANK_MONEY;
    plan_event_at(plan, order, &events[1], plan->at_us + plan->policy->delivered_after_days * US_PER_DAY);
}

void resolve_delivery(struct plan *plan)
{
    struct document_record shipment;
    plan_start(plan, RANK_MONEY);
    if (!plan_reference(plan, DOCUMENT_SHIPMENT, plan->document->delivery.shipment, &shipment, NULL))
        return;
    must(shipment.order_count == 1);
    struct order_slot *slot = NULL;
    if (!company_order(plan->company, shipment.orders[0], &slot, plan->err)) {
        plan->broken = true;
        return;
    }
    for (size_t i = 0; slot != NULL && i < slot->count; i++)
        if (slot->documents[i] == shipment.number)
            plan_not_before(plan, slot->events[i].key.at_us);
    plan_events(plan, shipment.orders[0], 1)->kind = EVENT_DELIVERY;
}

static int64_t picked_qty(struct plan *plan, const struct shipment_line *line, struct movement *movement,
                          uint32_t item_number)
{
    int64_t sum_micro = 0;
    if (line == NULL || line->picks.count == 0)
        return 0;
    movement->picks = ARENA_ARRAY(plan->arena, struct movement_pick, line->picks.count);
    must(movement->picks != NULL);
    movement->pick_count = line->picks.count;
    (void)item_number;
    for (size_t i = 0; i < line->picks.count; i++) {
        const struct pick *pick = &line->picks.at[i];
        movement->picks[i] = (struct movement_pick){.lot = pick->lot, .qty_micro = pick->qty_micro};
        if (reference_is_present(pick->receipt)) {
            struct document_record receipt;
            if (!plan_reference(plan, DOCUMENT_RECEIPT, pick->receipt, &receipt, NULL))
                return 0;
            movement->picks[i].receipt = movement_id_make(receipt.number, 0, 0, 0);
        }
        sum_micro += pick->qty_micro;
    }
    return sum_micro;
}

/* The number of the shipment whose units arrive: named by a delivery, or the shipment itself after so many days. */
static uint32_t shipment_of_delivery(struct plan *as_event)
{
    struct document_record shipment;
    bool found = false;
    bool several = false;
    if (as_event->document->type == DOCUMENT_SHIPMENT)
        return as_event->number;
    if (!plan_lookup(as_event, DOCUMENT_SHIPMENT, as_event->document->delivery.shipment, &shipment, &found, &several))
        return 0;
    return found ? shipment.number : 0;
}

/* The plan of another document, for a movement at its own time and under its own policy. */
static struct plan plan_as_event(const struct plan *plan, const struct order_event *event, uint32_t event_document)
{
    struct plan as_event = *plan;
    as_event.document = event->document;
    as_event.number = event_document;
    as_event.at_us = event->key.at_us;
    as_event.rank = event->key.rank;
    as_event.day = event->day;
    as_event.policy = event->policy;
    return as_event;
}

/* What is earned or taken back apart from a line of the event's document is counted through all effects of that document,
 * so that several payments listed in one order stay apart. */
static void number_movement(struct movement *movement, const struct order_event *event, uint32_t document,
                            size_t number)
{
    must(number <= (size_t)MOVEMENT_LINE_MAX * MOVEMENT_PART_MAX);
    int line = (int)(number % MOVEMENT_LINE_MAX) + 1, part = (int)(number / MOVEMENT_LINE_MAX);
    movement->id = movement_id_make(document, line, part, SALE_LEG);
    movement->key.type = event->key.type;
    movement->key.id = event->key.id;
    movement->key.leg = SALE_LEG;
    movement->key.line = line;
    movement->key.part = part;
}

void sale_picks_all(struct plan *plan, const struct order_event *event, const struct stock_effect *effect)
{
    struct plan as_event = plan_as_event(plan, event, plan->number);
    uint32_t number = 0;
    const struct document *item = plan_item(&as_event, effect->sku, &number);
    must(item != NULL); /* every SKU of an accepted order is known */
    if (effect->kind != EFFECT_ISSUE || !item_is_kept(item) ||
        costing_method_of(item, event->policy) != METHOD_SPECIFIC)
        return;
    int64_t picked_micro = 0;
    for (size_t i = 0; effect->picks_of != NULL && i < effect->picks_of->picks.count; i++)
        picked_micro += effect->picks_of->picks.at[i].qty_micro;
    if (picked_micro != effect->qty_micro)
        plan_refuse(plan, REFUSAL_PICKS_REQUIRED, "item %.*s: picks must name exactly what leaves",
                    SPAN_ARG(effect->sku));
}

static void movement_of_return(struct movement *movement, const struct customer_return *returned,
                               const struct stock_effect *effect)
{
    movement->location = returned->location.len ? returned->location : SPAN("main");
    movement->where.location = movement->location; /* what the return itself makes is about the place it comes to */
    movement->status = effect->disposition == DISPOSITION_DAMAGED       ? UNITS_DAMAGED
                       : effect->disposition == DISPOSITION_QUARANTINED ? UNITS_QUARANTINED
                                                                        : UNITS_OWN;
    movement->lost = effect->disposition == DISPOSITION_LOST || effect->disposition == DISPOSITION_KEPT;
}

static enum movement_kind movement_kind_of(const struct stock_effect *effect)
{
    switch (effect->kind) {
    case EFFECT_ISSUE: return MOVE_OUT;
    case EFFECT_RETURN: return MOVE_RETURN;
    case EFFECT_DELIVER: return MOVE_DELIVER;
    case EFFECT_SELL:
    case EFFECT_UNSELL: return MOVE_SOLD;
    }
    must(!"a known effect");
    return MOVE_OUT;
}

struct movement sale_movement(struct plan *plan, const struct order_event *event, uint32_t event_document,
                              uint32_t order, const struct order_slot *slot, const struct stock_effect *effect,
                              size_t number, uint32_t *out_item, bool *out_valued)
{
    struct plan as_event = plan_as_event(plan, event, event_document);
    const struct document *item = plan_item(&as_event, effect->sku, out_item);
    must(item != NULL); /* every SKU of an accepted order is known */
    const struct document *sold = order_events_document(slot->events, slot->count);
    enum movement_kind kind = movement_kind_of(effect);
    bool by_payment = kind == MOVE_SOLD || (kind == MOVE_DELIVER && event->kind != EVENT_DELIVERY);
    int leg = kind == MOVE_DELIVER && event->document->type == DOCUMENT_SHIPMENT ? 3 : 0;
    struct movement movement = plan_movement(&as_event, kind, item, effect->line, effect->part, leg);
    movement.key.entered = event->key.entered;
    movement.key.since_us = event->key.since_us;
    if (by_payment)
        number_movement(&movement, event, event_document, number);
    *out_valued =
        item->item.kind != ITEM_SERVICE && item->item.kind != ITEM_SUPPLY && item->item.kind != ITEM_GIFT_CARD;
    movement.location = effect->location.len ? effect->location : SPAN("main");
    movement.qty_micro = effect->kind == EFFECT_UNSELL ? -effect->qty_micro : effect->qty_micro;
    movement.order = order;
    movement.order_part = effect->part;
    /* Units whose revenue waits are out, no cost of sales yet; where only some wait, the others follow (sale_follows). */
    bool waits = kind == MOVE_OUT && effect->earned_micro < effect->qty_micro;
    movement.where = (struct where){.role = waits ? ROLE_GOODS_OUT : ROLE_COGS,
                                    .channel = sold->order.channel,
                                    .location = movement.location,
                                    .order = sold->id,
                                    .order_line = effect->order_line};
    if (kind == MOVE_OUT)
        picked_qty(plan, effect->picks_of, &movement, *out_item);
    if (kind == MOVE_DELIVER && !by_payment)
        movement.refers = movement_id_make(shipment_of_delivery(&as_event), 0, 0, 0);
    if (kind == MOVE_RETURN)
        movement_of_return(&movement, &event->document->customer_return, effect);
    if (as_event.broken)
        plan->broken = true;
    return movement;
}

bool sale_follows(const struct movement *issue, const struct order_event *event, const struct stock_effect *effect,
                  size_t number, struct movement *out_movement)
{
    if (effect->kind != EFFECT_ISSUE || effect->earned_micro == 0 || effect->earned_micro == effect->qty_micro)
        return false;
    *out_movement = *issue;
    out_movement->kind = MOVE_DELIVER;
    out_movement->qty_micro = effect->earned_micro;
    out_movement->picks = NULL;
    out_movement->pick_count = 0;
    out_movement->where.role = ROLE_COGS;
    out_movement->refers = movement_id_make(movement_document(issue->id), 0, 0, 0);
    number_movement(out_movement, event, movement_document(issue->id), number);
    return true;
}
