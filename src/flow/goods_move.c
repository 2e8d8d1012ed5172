/* goods_move.c: transfers, counts, adjustments, status changes and assemblies. */
#include "flow/plan.h"

static bool is_kept_in_stock(struct plan *plan, const struct document *item, size_t line)
{
    bool kept = item_is_kept(item);
    if (!kept)
        plan_refuse(plan, REFUSAL_UNSUPPORTED, "lines[%zu].sku: %.*s is of a kind that is not kept in stock", line,
                    SPAN_ARG(item->item.sku));
    return kept;
}

static void transfer_picks(struct plan *plan, const struct transfer_line *line, struct movement *movement)
{
    if (line->picks.count == 0)
        return;
    movement->picks = ARENA_ARRAY(plan->arena, struct movement_pick, line->picks.count);
    must(movement->picks != NULL);
    movement->pick_count = line->picks.count;
    for (size_t i = 0; i < line->picks.count; i++) {
        struct document_record receipt;
        movement->picks[i] =
            (struct movement_pick){.lot = line->picks.at[i].lot, .qty_micro = line->picks.at[i].qty_micro};
        if (!reference_is_present(line->picks.at[i].receipt))
            continue;
        if (!plan_reference(plan, DOCUMENT_RECEIPT, line->picks.at[i].receipt, &receipt, NULL))
            return;
        movement->picks[i].receipt = movement_id_make(receipt.number, 0, 0, 0);
    }
}

/* Of an item costed by lot, whatever leaves by name of its lots names all of them. */
static void picks_name_all(struct plan *plan, const struct movement *movement, size_t line)
{
    int64_t picked_micro = 0;
    for (size_t i = 0; i < movement->pick_count; i++)
        picked_micro += movement->picks[i].qty_micro;
    if (movement->costing.method == METHOD_SPECIFIC && picked_micro != movement->qty_micro)
        plan_refuse(plan, REFUSAL_PICKS_REQUIRED, "lines[%zu]: picks must name exactly what leaves", line);
}

/* Waits for the receipts that the picks name. */
static void picks_are_there(struct plan *plan)
{
    const struct transfer *transfer = &plan->document->transfer;
    struct document_record receipt;
    for (size_t i = 0; i < transfer->lines.count && plan_goes_on(plan); i++)
        for (size_t k = 0; k < transfer->lines.at[i].picks.count; k++)
            if (reference_is_present(transfer->lines.at[i].picks.at[k].receipt))
                (void)plan_reference(plan, DOCUMENT_RECEIPT, transfer->lines.at[i].picks.at[k].receipt, &receipt, NULL);
}

/* Freight is split over the lines by quantity in stock units: frozen figures, so that no cost decides it. */
static int64_t *freight_parts(struct plan *plan)
{
    const struct transfer *transfer = &plan->document->transfer;
    size_t count = transfer->lines.count;
    int64_t *parts = ARENA_ARRAY(plan->arena, int64_t, count + 1);
    int64_t *weights = ARENA_ARRAY(plan->arena, int64_t, count + 1);
    must(parts && weights);
    for (size_t i = 0; i < count; i++) {
        const struct transfer_line *line = &transfer->lines.at[i];
        uint32_t number = 0;
        const struct document *item = plan_item(plan, line->sku, &number);
        weights[i] = plan_stock_qty(plan, line->qty_micro, plan_factor(plan, item, line->uom));
    }
    if (!plan_goes_on(plan))
        return parts;
    split_by_weight(plan_money(plan, or_zero(transfer->freight_minor)), weights, count, parts);
    return parts;
}

/* The movement of a line's arrival: its own instant, and what holds then (the standard cost, for one). */
static struct movement arrival(struct plan *plan, size_t index, struct span sku, int64_t received_at_us)
{
    struct plan later = *plan;
    uint32_t number = 0;
    plan_not_before(&later, received_at_us);
    return plan_movement(&later, MOVE_ARRIVE, plan_item(&later, sku, &number), (int)index + 1, 0, 1);
}

static void transfer_line(struct plan *plan, size_t index, struct span from, struct span to, int64_t received_at_us,
                          bool arrives, int64_t freight_minor)
{
    const struct transfer_line *line = &plan->document->transfer.lines.at[index];
    uint32_t number = 0;
    const struct document *item = plan_item(plan, line->sku, &number);
    if (item == NULL || !is_kept_in_stock(plan, item, index))
        return;
    int64_t factor_micro = plan_factor(plan, item, line->uom);
    struct movement ship = plan_movement(plan, MOVE_SHIP, item, (int)index + 1, 0, 0);
    ship.location = from;
    ship.qty_micro = plan_stock_qty(plan, line->qty_micro, factor_micro);
    ship.value_minor = freight_minor;
    ship.where = (struct where){.role = ROLE_ACCRUED_SHIPPING, .location = to, .tag = SPAN("freight")};
    transfer_picks(plan, line, &ship);
    if (!ship.costing.company_pool)
        picks_name_all(plan, &ship, index);
    plan_edit(plan, number, ship);
    int64_t received_micro = plan_stock_qty(plan, or_else(line->received_qty_micro, line->qty_micro), factor_micro);
    if (received_micro > ship.qty_micro)
        plan_refuse(plan, REFUSAL_EXCEEDS_ORDERED, "lines[%zu].received_qty: more than was shipped", index);
    if (!arrives || received_micro == 0 || !plan_goes_on(plan))
        return;
    struct movement arrive = arrival(plan, index, line->sku, received_at_us);
    arrive.location = to;
    arrive.qty_micro = received_micro;
    arrive.refers = ship.id;
    arrive.where = (struct where){.role = ROLE_INVENTORY, .location = to};
    plan_edit(plan, number, arrive);
}

void resolve_transfer(struct plan *plan)
{
    const struct transfer *transfer = &plan->document->transfer;
    plan_start(plan, RANK_TRANSFER);
    plan->at_us = company_instant(plan->company, transfer->shipped, RANK_TRANSFER);
    plan->day = company_day(plan->company, plan->at_us);
    plan->policy = company_policy(plan->company, plan->day);
    bool arrives = moment_is_present(transfer->received);
    int64_t received_at_us = arrives ? company_instant(plan->company, transfer->received, RANK_TRANSFER) : 0;
    if (received_at_us < plan->at_us)
        received_at_us = plan->at_us;
    struct span from = plan_location(plan, transfer->from);
    struct span to = plan_location(plan, transfer->to);
    PLAN_KNOWS_ITEMS(plan, transfer->lines);
    picks_are_there(plan);
    plan_need_rate(plan);
    bool joins_stock = transfer->capitalise == TRUTH_TRUE && plan->policy->cost_scope != SCOPE_COMPANY;
    int64_t *parts = freight_parts(plan);
    for (size_t i = 0; i < transfer->lines.count && plan_goes_on(plan); i++)
        transfer_line(plan, i, from, to, received_at_us, arrives, joins_stock ? parts[i] : 0);
    int64_t freight_minor = plan_money(plan, or_zero(transfer->freight_minor));
    plan->amount_minor = freight_minor;
    if (joins_stock || freight_minor == 0)
        return;
    plan_line(plan, plan->day,
              (struct line){
                  .role = ROLE_SHIPPING_COST, .amount_minor = freight_minor, .location = to, .tag = SPAN("freight")});
    plan_line(
        plan, plan->day,
        (struct line){
            .role = ROLE_ACCRUED_SHIPPING, .amount_minor = -freight_minor, .location = to, .tag = SPAN("freight")});
}

static enum unit_status counter_of(enum stock_status status)
{
    return status == STATUS_DAMAGED ? UNITS_DAMAGED : status == STATUS_QUARANTINED ? UNITS_QUARANTINED : UNITS_OWN;
}

static struct movement count_movement(struct plan *plan, const struct document *item, int line,
                                      enum stock_status status)
{
    struct movement movement = plan_movement(plan, MOVE_COUNT, item, line, 0, 0);
    movement.location = plan_location(plan, plan->document->count.location);
    movement.whole = status == STATUS_ABSENT;
    movement.status = counter_of(status);
    movement.where = (struct where){.role = ROLE_SHRINKAGE, .location = movement.location};
    return movement;
}

bool complete_count_says(struct plan *as_count, const struct document *item, struct movement *out_movement)
{
    const struct count *count = &as_count->document->count;
    bool listed = false;
    bool by_lot = false;
    bool one_status = count->lines.count > 0;
    for (size_t i = 0; i < count->lines.count; i++) {
        const struct count_line *line = &count->lines.at[i];
        one_status &= line->status == count->lines.at[0].status;
        if (!span_eq(line->sku, item->item.sku))
            continue;
        listed |= line->lot.len == 0;
        by_lot |= line->lot.len > 0;
    }
    if (listed)
        return false;
    /* Where all lines are of one status, the count looked at that status only. */
    *out_movement =
        count_movement(as_count, item, 0, one_status && !by_lot ? count->lines.at[0].status : STATUS_ABSENT);
    if (!by_lot)
        return true;
    out_movement->picks = ARENA_ARRAY(as_count->arena, struct movement_pick, count->lines.count);
    must(out_movement->picks != NULL);
    for (size_t i = 0; i < count->lines.count; i++)
        if (span_eq(count->lines.at[i].sku, item->item.sku))
            out_movement->picks[out_movement->pick_count++] = (struct movement_pick){.lot = count->lines.at[i].lot};
    return true;
}

/* A complete count in the book of each item that ever had units at its location. Items that come there later bring it into
 * their book themselves (decide_counts.c). */
static bool count_rest(void *context, struct span sku)
{
    struct plan *plan = context;
    const struct definition *definition = NULL;
    struct item_book *book = NULL;
    if (!company_definition(plan->company, DOCUMENT_ITEM, sku, &definition, plan->err))
        return false;
    const struct document *item = definition_at(definition, plan->at_us);
    bool average = costing_method_of(item, plan->policy) == METHOD_AVERAGE;
    if (!company_item_book(plan->company, definition->number, average, false, &book, plan->err))
        return false;
    struct movement movement;
    if (!complete_count_says(plan, item, &movement))
        return true;
    if (movement.pick_count > 0 || item_state_count(&book->state, movement.location) != NULL)
        plan_edit(plan, definition->number, movement);
    return plan_goes_on(plan);
}

void resolve_count(struct plan *plan)
{
    const struct count *count = &plan->document->count;
    plan_start(plan, RANK_COUNT);
    plan_location(plan, count->location);
    PLAN_KNOWS_ITEMS(plan, count->lines);
    plan_need_rate(plan);
    for (size_t i = 0; i < count->lines.count && plan_goes_on(plan); i++) {
        const struct count_line *line = &count->lines.at[i];
        uint32_t number = 0;
        const struct document *item = plan_item(plan, line->sku, &number);
        if (item == NULL || !is_kept_in_stock(plan, item, i))
            return;
        struct movement movement = count_movement(plan, item, (int)i + 1, line->status);
        int64_t factor_micro = plan_factor(plan, item, line->uom);
        if (line->lot.len > 0 && movement.costing.company_pool) {
            plan_refuse(plan, REFUSAL_UNSUPPORTED, "lines[%zu].lot: under cost_scope company layers lie in no location",
                        i);
            return;
        }
        movement.lot = line->lot;
        movement.qty_micro = plan_stock_qty(plan, line->qty_micro, factor_micro);
        /* Of a gain: the cost of one stock unit, in millionths of the company's currency. */
        if (is_present(line->unit_cost_micro) &&
            !mul_div(line->unit_cost_micro, MICRO, factor_micro, &movement.value_minor))
            plan_refuse(plan, REFUSAL_OVERFLOW, "lines[%zu].unit_cost: too large to keep", i);
        plan_edit(plan, number, movement);
    }
    if (count->complete == TRUTH_TRUE && plan_goes_on(plan) &&
        !company_items(plan->company, count_rest, plan, plan->err) && plan_goes_on(plan))
        plan->broken = true;
}

/* The account of a reason; any other text goes to stock adjustments and stays as the tag. */
static enum role reason_role(struct span reason)
{
    static const struct {
        struct span reason;
        enum role role;
    } rows[] = {
        {{"scrap", 5}, ROLE_SCRAP},
        {{"sample", 6}, ROLE_SAMPLES},
        {{"samples", 7}, ROLE_SAMPLES},
        {{"own_use", 7}, ROLE_OWN_USE},
        {{"owner", 5}, ROLE_DRAWINGS},
        {{"damaged", 7}, ROLE_DAMAGED_GOODS_WRITE_OFF},
        {{"lost", 4}, ROLE_SHRINKAGE},
        {{"found", 5}, ROLE_SHRINKAGE},
        {{"shrinkage", 9}, ROLE_SHRINKAGE},
        {{"write_down", 10}, ROLE_INVENTORY_WRITE_DOWN},
        {{"revaluation", 11}, ROLE_REVALUATION},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (span_eq(rows[i].reason, reason))
            return rows[i].role;
    return ROLE_STOCK_ADJUSTMENTS;
}

static void adjustment_line(struct plan *plan, size_t index, struct span location)
{
    const struct adjustment *adjustment = &plan->document->adjustment;
    const struct adjustment_line *line = &adjustment->lines.at[index];
    uint32_t number = 0;
    const struct document *item = plan_item(plan, line->sku, &number);
    if (item == NULL || !is_kept_in_stock(plan, item, index))
        return;
    enum role role = reason_role(adjustment->reason);
    struct where where = {.role = role, .location = location, .tag = adjustment->reason};
    if (is_present(line->value_minor)) {
        struct movement movement = plan_movement(plan, MOVE_VALUE, item, (int)index + 1, 0, 0);
        movement.location = location;
        movement.value_minor = plan_money(plan, line->value_minor);
        movement.where = where;
        plan->amount_minor += movement.value_minor;
        plan_edit(plan, number, movement);
        return;
    }
    bool out = line->qty_micro < 0;
    struct movement movement = plan_movement(plan, out ? MOVE_OUT : MOVE_IN, item, (int)index + 1, 0, 0);
    movement.location = location;
    movement.qty_micro =
        plan_stock_qty(plan, out ? -line->qty_micro : line->qty_micro, plan_factor(plan, item, line->uom));
    if (!out && is_present(line->unit_cost_micro))
        movement.value_minor = plan_money(plan, plan_amount(plan, line->qty_micro, line->unit_cost_micro, "unit_cost"));
    if (out && line->lot.len > 0) {
        movement.picks = ARENA_NEW(plan->arena, struct movement_pick);
        must(movement.picks != NULL);
        *movement.picks = (struct movement_pick){.lot = line->lot, .qty_micro = movement.qty_micro};
        movement.pick_count = 1;
    }
    if (out)
        picks_name_all(plan, &movement, index);
    movement.lot = out ? (struct span){NULL, 0} : line->lot;
    movement.where = where;
    plan_edit(plan, number, movement);
}

void resolve_adjustment(struct plan *plan)
{
    const struct adjustment *adjustment = &plan->document->adjustment;
    plan_start(plan, RANK_ISSUE);
    struct span location = plan_location(plan, adjustment->location);
    PLAN_KNOWS_ITEMS(plan, adjustment->lines);
    plan_need_rate(plan);
    for (size_t i = 0; i < adjustment->lines.count && plan_goes_on(plan); i++)
        adjustment_line(plan, i, location);
}

static void status_line(struct plan *plan, size_t index, struct span location)
{
    const struct status_change_line *line = &plan->document->status_change.lines.at[index];
    uint32_t number = 0;
    const struct document *item = plan_item(plan, line->sku, &number);
    if (item == NULL || !is_kept_in_stock(plan, item, index))
        return;
    enum unit_status from = counter_of(line->from);
    enum unit_status to = counter_of(line->to);
    int64_t qty_micro = plan_stock_qty(plan, line->qty_micro, plan_factor(plan, item, line->uom));
    bool valued_move = from == UNITS_DAMAGED || to == UNITS_DAMAGED;
    enum movement_kind kind = to == UNITS_DAMAGED ? MOVE_OUT : from == UNITS_DAMAGED ? MOVE_IN : MOVE_STATUS;
    /* Between quarantined and damaged the quarantine counter moves too, and says first what it holds. */
    bool two = valued_move && (from == UNITS_QUARANTINED || to == UNITS_QUARANTINED);
    struct movement movement = plan_movement(plan, kind, item, (int)index + 1, two, 0);
    movement.location = location;
    movement.qty_micro = qty_micro;
    movement.where =
        (struct where){.role = ROLE_DAMAGED_GOODS_WRITE_OFF, .location = location, .tag = SPAN("status_change")};
    movement.status = valued_move ? UNITS_DAMAGED : UNITS_QUARANTINED;
    if (kind == MOVE_STATUS && to == UNITS_OWN)
        movement.qty_micro = -qty_micro;
    plan_edit(plan, number, movement);
    if (two) {
        struct movement counter = plan_movement(plan, MOVE_STATUS, item, (int)index + 1, 0, 0);
        counter.location = location;
        counter.status = UNITS_QUARANTINED;
        counter.qty_micro = to == UNITS_QUARANTINED ? qty_micro : -qty_micro;
        counter.where = movement.where;
        plan_edit(plan, number, counter);
    }
}

void resolve_status_change(struct plan *plan)
{
    const struct status_change *change = &plan->document->status_change;
    plan_start(plan, RANK_ISSUE);
    struct span location = plan_location(plan, change->location);
    PLAN_KNOWS_ITEMS(plan, change->lines);
    plan_need_rate(plan);
    for (size_t i = 0; i < change->lines.count && plan_goes_on(plan); i++)
        status_line(plan, i, location);
}

/* The two sides of an assembly meet on one account within its entry and leave nothing there. */
static struct where assembly_where(struct span location)
{
    (void)location;
    return (struct where){.role = ROLE_PRODUCTION_COSTS_ABSORBED, .tag = SPAN("assembly")};
}

void resolve_assembly(struct plan *plan)
{
    const struct assembly *assembly = &plan->document->assembly;
    plan_start(plan, RANK_TRANSFER);
    uint32_t number = 0;
    struct span location = plan_location(plan, assembly->location);
    PLAN_KNOWS_ITEMS(plan, assembly->consume);
    (void)plan_item(plan, assembly->produce.sku, &number);
    plan_need_rate(plan);
    for (size_t i = 0; i < assembly->consume.count && plan_goes_on(plan); i++) {
        const struct assembly_part *part = &assembly->consume.at[i];
        const struct document *item = plan_item(plan, part->sku, &number);
        if (item == NULL || !is_kept_in_stock(plan, item, i))
            return;
        struct movement movement = plan_movement(plan, MOVE_OUT, item, (int)i + 1, 0, 0);
        movement.location = location;
        movement.qty_micro = plan_stock_qty(plan, part->qty_micro, plan_factor(plan, item, part->uom));
        movement.where = assembly_where(location);
        plan_edit(plan, number, movement);
    }
    const struct document *item = plan_item(plan, assembly->produce.sku, &number);
    if (item == NULL || !is_kept_in_stock(plan, item, 0) || !plan_goes_on(plan))
        return;
    int64_t added_minor = plan_money(plan, or_zero(assembly->added_cost_minor));
    struct movement output = plan_movement(plan, MOVE_IN, item, (int)assembly->consume.count + 1, 0, 0);
    output.location = location;
    output.qty_micro =
        plan_stock_qty(plan, assembly->produce.qty_micro, plan_factor(plan, item, assembly->produce.uom));
    output.value_minor = added_minor; /* decide_assemblies.c adds what the components cost */
    output.where = assembly_where(location);
    plan_edit(plan, number, output);
    plan->amount_minor = added_minor;
    /* The added cost is absorbed from production: what remains on the common account is exactly its credit. */
}
