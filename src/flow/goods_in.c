/* goods_in.c: receipts, supplier's bills for them, later costs, cost corrections, returns to the supplier. */
#include "flow/plan.h"

/* A kind of item that lies in layers. */
static bool is_valued(struct plan *plan, const struct document *item, size_t line)
{
    if (item_is_kept(item))
        return true;
    plan_refuse(plan, REFUSAL_UNSUPPORTED, "lines[%zu].sku: %.*s is of a kind that is not kept in stock", line,
                SPAN_ARG(item->item.sku));
    return false;
}

static void states_costs(struct plan *plan)
{
    const struct receipt *receipt = &plan->document->receipt;
    for (size_t i = 0; i < receipt->lines.count; i++)
        if (!is_present(receipt->lines.at[i].total_cost_minor) && !is_present(receipt->lines.at[i].unit_cost_micro))
            plan_refuse(plan, REFUSAL_MISSING_FIELD,
                        "lines[%zu].unit_cost: a receipt line states unit_cost or total_cost", i);
}

/* In the receipt's own currency. */
static int64_t stated_amount(struct plan *plan, const struct receipt_line *line)
{
    return is_present(line->total_cost_minor) ? line->total_cost_minor
                                              : plan_amount(plan, line->qty_micro, line->unit_cost_micro, "unit_cost");
}

/* What a receipt line or a correction of it is worth, in its own currency and in the company's. */
static void set_value(const struct plan *plan, struct movement *movement, int64_t amount_minor, int64_t value_minor,
                      currency money)
{
    movement->value_minor = value_minor;
    movement->money = money == plan->company->money ? 0 : money;
    movement->original_minor = movement->money ? amount_minor : 0;
}

/* Where what we owe for the goods of a receipt is kept: consigned ones are owed as they go. */
static struct where owed_for(const struct document *receipt)
{
    bool consigned = receipt->receipt.consigned == TRUTH_TRUE;
    return (struct where){.role = consigned ? ROLE_ACCRUED_PURCHASES : ROLE_GRNI, .party = receipt->receipt.supplier};
}

/* What bills debited hangs on whose the goods were. */
static void keeps_owner(struct plan *plan)
{
    struct document before;
    if (plan->record == NULL || plan->record->move_count == 0)
        return;
    if (!company_read_document(plan->company, document_current(plan->record)->document_seq, plan->arena, &before,
                               plan->err))
        plan->broken = true;
    else if ((before.receipt.consigned == TRUTH_TRUE) != (plan->document->receipt.consigned == TRUTH_TRUE))
        plan_refuse(plan, REFUSAL_UNSUPPORTED, "consigned: void the receipt and enter it under a new id");
}

void resolve_receipt(struct plan *plan)
{
    const struct receipt *receipt = &plan->document->receipt;
    plan_start(plan, RANK_RECEIPT);
    states_costs(plan);
    struct span location = plan_location(plan, receipt->location);
    PLAN_KNOWS_ITEMS(plan, receipt->lines);
    plan_need_rate(plan);
    keeps_owner(plan);
    for (size_t i = 0; i < receipt->lines.count && plan_goes_on(plan); i++) {
        const struct receipt_line *line = &receipt->lines.at[i];
        uint32_t number = 0;
        const struct document *item = plan_item(plan, line->sku, &number);
        if (item == NULL || !is_valued(plan, item, i))
            return;
        struct movement movement = plan_movement(plan, MOVE_IN, item, (int)i + 1, 0, 0);
        movement.location = location;
        movement.qty_micro = plan_stock_qty(plan, line->qty_micro, plan_factor(plan, item, line->uom));
        movement.lot = line->lot;
        movement.where = owed_for(plan->document);
        if (receipt->consigned == TRUTH_TRUE)
            movement.status = UNITS_CONSIGNED;
        int64_t amount_minor = stated_amount(plan, line);
        set_value(plan, &movement, amount_minor, plan_money(plan, amount_minor), plan->document->money);
        movement.rate_e10 = movement.money ? plan->rate_e10 : 0;
        plan->amount_minor += movement.value_minor;
        plan_edit(plan, number, movement);
    }
}

/* The place of a receipt line, by line id or by SKU; 0 after a refusal. */
static int receipt_line_place(struct plan *plan, const struct document *receipt, struct span line, struct span sku)
{
    int found = 0;
    for (size_t i = 0; i < receipt->receipt.lines.count; i++) {
        const struct receipt_line *at = &receipt->receipt.lines.at[i];
        struct span id = document_line_id(at->id, i, plan->arena);
        if (line.len > 0 ? !span_eq(id, line) : sku.len > 0 && !span_eq(at->sku, sku))
            continue;
        if (found != 0) {
            plan_refuse(plan, REFUSAL_LINE_AMBIGUOUS, "receipt %.*s has several lines of %.*s: name the line",
                        SPAN_ARG(receipt->id), SPAN_ARG(sku));
            return 0;
        }
        found = (int)i + 1;
    }
    if (found == 0)
        plan_refuse(plan, REFUSAL_LINE_UNKNOWN, "receipt %.*s has no line %.*s%.*s", SPAN_ARG(receipt->id),
                    SPAN_ARG(line), SPAN_ARG(sku));
    return found;
}

/* The line that a later document acts on: of a receipt, or of what an opening says of an old one. */
struct receipt_target {
    movement_id movement; /* 0: none */
    struct where owed;
    currency money; /* of the document */
    bool is_old;    /* it is an opening's */
    uint32_t item;
    const struct document *definition;
    const struct receipt_line *line;
};

/* What an opening says of a line of an old receipt: what is not billed of it, or else only what is left of it. */
static size_t old_lines(const struct opening *opening, struct span receipt, struct span line, struct span sku,
                        bool purchases, size_t *out_place)
{
    size_t layers = opening->layers.count;
    size_t found = 0;
    for (size_t i = 0; purchases && i < opening->purchases.count; i++) {
        const struct opening_purchase *at = &opening->purchases.at[i];
        if (!span_eq(at->receipt, receipt) || !span_eq(line.len ? at->line : at->sku, line.len ? line : sku))
            continue;
        *out_place = layers + i + 1;
        found++;
    }
    for (size_t i = 0; !purchases && i < layers; i++) {
        const struct opening_layer *at = &opening->layers.at[i];
        if (!span_eq(at->receipt, receipt) || line.len > 0 || !span_eq(at->sku, sku) || found > 0)
            continue; /* the first of a lot stands for it */
        *out_place = i + 1;
        found++;
    }
    return found;
}

static bool find_old_target(struct plan *plan, struct span receipt, struct span line, struct span sku, uint32_t number,
                            struct receipt_target *target)
{
    struct document_record record;
    struct document *document = ARENA_NEW(plan->arena, struct document);
    struct receipt_line *as_line = ARENA_NEW(plan->arena, struct receipt_line);
    bool found = false;
    size_t place = 0;
    must(document != NULL && as_line != NULL);
    if (!company_document(plan->company, number, plan->arena, &record, &found, plan->err)) {
        plan->broken = true;
        return false;
    }
    const struct document_version *version = found ? document_current(&record) : NULL;
    if (version == NULL || version->outcome != OUTCOME_POSTED)
        return false;
    if (!company_read_document(plan->company, version->document_seq, plan->arena, document, plan->err)) {
        plan->broken = true;
        return false;
    }
    const struct opening *opening = &document->opening;
    size_t count = old_lines(opening, receipt, line, sku, true, &place);
    if (count == 0)
        count = old_lines(opening, receipt, line, sku, false, &place);
    if (count != 1) {
        plan_refuse(plan, count ? REFUSAL_LINE_AMBIGUOUS : REFUSAL_LINE_UNKNOWN,
                    "opening %.*s has %s of receipt %.*s that %.*s%.*s names", SPAN_ARG(document->id),
                    count ? "several lines" : "no line", SPAN_ARG(receipt), SPAN_ARG(line), SPAN_ARG(sku));
        return false;
    }
    size_t layers = opening->layers.count;
    *as_line = (struct receipt_line){.unit_cost_micro = ABSENT};
    target->owed = (struct where){.role = ROLE_GRNI};
    target->money = document->money;
    target->is_old = true;
    target->movement = movement_id_make(number, (int)place, 0, 0);
    if (place > layers) {
        const struct opening_purchase *purchase = &opening->purchases.at[place - layers - 1];
        as_line->sku = purchase->sku;
        as_line->qty_micro = purchase->qty_micro;
        as_line->total_cost_minor = purchase->amount_minor;
        target->owed.party = purchase->supplier;
        if (old_lines(opening, receipt, SPAN(""), purchase->sku, false, &place) > 0)
            target->movement = movement_id_make(number, (int)place, 0, 0);
    } else {
        as_line->sku = opening->layers.at[place - 1].sku;
        as_line->qty_micro = opening->layers.at[place - 1].qty_micro;
        as_line->total_cost_minor = opening->layers.at[place - 1].value_minor;
    }
    target->line = as_line;
    target->definition = plan_item(plan, as_line->sku, &target->item);
    plan_not_before(plan, company_instant(plan->company, document->at, RANK_DEFINITION));
    return target->definition != NULL && plan_goes_on(plan);
}

/* An opening tells of a receipt of this name. False as well where the store failed. */
static bool opening_tells_of(struct plan *plan, struct span receipt)
{
    uint32_t *openings = NULL;
    size_t count = 0;
    if (!company_openings(plan->company, receipt, plan->arena, &openings, &count, plan->err))
        plan->broken = true;
    for (size_t i = 0; i < count && plan_goes_on(plan); i++) {
        struct document_record record;
        bool found = false;
        if (!company_document(plan->company, openings[i], plan->arena, &record, &found, plan->err))
            plan->broken = true;
        const struct document_version *version = found && !plan->broken ? document_current(&record) : NULL;
        if (version != NULL && version->outcome == OUTCOME_POSTED)
            return true;
    }
    return false;
}

/* Waits where neither a receipt nor an opening that tells of it is posted. */
static void receipt_is_there(struct plan *plan, struct reference receipt)
{
    struct document_record record;
    bool found = false;
    bool several = false;
    if (!plan_goes_on(plan) || !plan_lookup(plan, DOCUMENT_RECEIPT, receipt, &record, &found, &several))
        return;
    if (found || several || !opening_tells_of(plan, receipt.id))
        (void)plan_reference(plan, DOCUMENT_RECEIPT, receipt, &record, NULL);
}

/* Finds the receipt line that a later document acts on; the plan then happens no earlier than the receipt. */
static bool find_target(struct plan *plan, struct reference receipt, struct span line, struct span sku,
                        struct receipt_target *target)
{
    struct document_record record;
    struct document *document = ARENA_NEW(plan->arena, struct document);
    uint32_t *openings = NULL;
    size_t opening_count = 0;
    bool found = false;
    bool several = false;
    must(document != NULL);
    if (!plan_goes_on(plan) || !plan_lookup(plan, DOCUMENT_RECEIPT, receipt, &record, &found, &several))
        return false;
    if (!found && !several &&
        !company_openings(plan->company, receipt.id, plan->arena, &openings, &opening_count, plan->err)) {
        plan->broken = true;
        return false;
    }
    for (size_t i = 0; i < opening_count && plan_goes_on(plan); i++)
        if (find_old_target(plan, receipt.id, line, sku, openings[i], target))
            return true;
    if (!plan_goes_on(plan) || !plan_reference(plan, DOCUMENT_RECEIPT, receipt, &record, document))
        return false;
    int place = receipt_line_place(plan, document, line, sku);
    if (place == 0)
        return false;
    target->movement = movement_id_make(record.number, place, 0, 0);
    target->owed = owed_for(document);
    target->money = document->money;
    target->is_old = false;
    target->line = &document->receipt.lines.at[place - 1];
    target->definition = plan_item(plan, target->line->sku, &target->item);
    plan_not_before(plan, company_instant(plan->company, document->at, RANK_RECEIPT));
    return target->definition != NULL && plan_goes_on(plan);
}

/* Without a unit of its own, what names only the line counts in that line's unit, anything else in the stock unit. */
static struct span unit_of_line(struct span uom, struct span line, struct span sku, const struct receipt_line *receipt)
{
    return uom.len == 0 && line.len > 0 && sku.len == 0 ? receipt->uom : uom;
}

static bool names_receipt(const struct bill *bill, const struct bill_line *line)
{
    return reference_is_present(line->receipt) || reference_is_present(bill->receipt);
}

static bool bills_goods(const struct bill *bill) { return bill->kind != BILL_LANDED && bill->kind != BILL_EXPENSE; }

/* What each line of a bill must say by itself. */
static void bill_line_says(struct plan *plan, size_t index)
{
    const struct bill *bill = &plan->document->bill;
    const struct bill_line *line = &bill->lines.at[index];
    enum role role = line->role.len ? role_find(line->role) : ROLE_EXPENSES;
    if (bill->kind == BILL_EXPENSE && (role == ROLE_NONE || role_control(role) != CONTROL_FREE))
        plan_refuse(plan, role == ROLE_NONE ? REFUSAL_UNKNOWN_ROLE : REFUSAL_CONTROL_ACCOUNT, "lines[%zu].role: %.*s",
                    index, SPAN_ARG(line->role));
    if (!bills_goods(bill) || names_receipt(bill, line) || reference_is_present(bill->purchase_order))
        return;
    if (line->sku.len == 0 || !is_present(line->qty_micro))
        plan_refuse(plan, REFUSAL_MISSING_FIELD, "lines[%zu].%s: a line that names no receipt states it", index,
                    line->sku.len == 0 ? "sku" : "qty");
    else if (line->amount_minor < 0 || line->qty_micro < 0)
        plan_refuse(plan, REFUSAL_UNSUPPORTED, "lines[%zu].receipt: a credit note names the receipt it corrects",
                    index);
}

/* What each line of a bill for goods names. */
static void bill_line_refers(struct plan *plan, size_t index)
{
    const struct bill *bill = &plan->document->bill;
    const struct bill_line *line = &bill->lines.at[index];
    uint32_t number = 0;
    if (names_receipt(bill, line))
        receipt_is_there(plan, reference_is_present(line->receipt) ? line->receipt : bill->receipt);
    else if (reference_is_present(bill->purchase_order))
        plan_wait(plan, REFUSAL_WAITS_DOCUMENT, waiting_for_purchase_order(bill->purchase_order.id, plan->arena),
                  "purchase order %.*s is not known yet", SPAN_ARG(bill->purchase_order.id));
    else
        (void)plan_item(plan, line->sku, &number);
}

static void bill_taxes(struct plan *plan, int32_t day, int64_t *payable_minor)
{
    const struct bill *bill = &plan->document->bill;
    for (size_t i = 0; i < bill->tax.count; i++) {
        int64_t tax_minor = plan_money(plan, bill->tax.at[i].amount_minor);
        *payable_minor += tax_minor;
        plan_line(plan, day,
                  (struct line){.role = bill->tax.at[i].recoverable == TRUTH_FALSE ? ROLE_EXPENSES : ROLE_INPUT_TAX,
                                .amount_minor = tax_minor,
                                .party = bill->tax.at[i].jurisdiction,
                                .tag = SPAN("bill")});
    }
}

/* Frozen as it is now: what a lock closes later does not move what was accepted before it. */
static const struct movement_origin *bill_origin(struct plan *plan)
{
    if (plan->policy->true_up != TRUE_UP_ORIGIN_IF_OPEN)
        return NULL;
    struct movement_origin *origin = ARENA_NEW(plan->arena, struct movement_origin);
    must(origin != NULL);
    *origin = (struct movement_origin){.open_from = plan->company->lock_day == INT32_MIN ? INT32_MIN
                                                                                         : plan->company->lock_day + 1};
    return origin;
}

/* A line that names no receipt bills its supplier's units of the item, those that came and then those that come. */
static void bill_supplier_line(struct plan *plan, int32_t day, size_t index, int64_t amount_minor)
{
    const struct bill *bill = &plan->document->bill;
    const struct bill_line *line = &bill->lines.at[index];
    uint32_t number = 0;
    const struct document *item = plan_item(plan, line->sku, &number);
    if (item == NULL || !is_valued(plan, item, index))
        return;
    struct movement movement = plan_movement(plan, MOVE_BILL, item, (int)index + 1, 0, 0);
    movement.qty_micro = plan_stock_qty(plan, line->qty_micro, plan_factor(plan, item, line->uom));
    movement.value_minor = amount_minor;
    movement.origin = bill_origin(plan);
    movement.where = (struct where){.role = ROLE_GRNI, .party = bill->supplier};
    plan_edit(plan, number, movement);
    plan_line(
        plan, day,
        (struct line){.role = ROLE_GRNI, .amount_minor = amount_minor, .party = bill->supplier, .sku = line->sku});
}

/* One line of a bill for goods: GRNI takes the amount on the bill's day; the difference is decided in the item's book. */
static void bill_goods_line(struct plan *plan, int32_t day, size_t index, int64_t amount_minor)
{
    const struct bill *bill = &plan->document->bill;
    const struct bill_line *line = &bill->lines.at[index];
    struct reference reference = reference_is_present(line->receipt) ? line->receipt : bill->receipt;
    struct receipt_target target;
    if (!reference_is_present(reference)) {
        bill_supplier_line(plan, day, index, amount_minor);
        return;
    }
    if (!find_target(plan, reference, line->line, line->sku, &target))
        return;
    struct movement movement = plan_movement(plan, MOVE_BILL, target.definition, (int)index + 1, 0, 0);
    int64_t factor_micro =
        plan_factor(plan, target.definition, unit_of_line(line->uom, line->line, line->sku, target.line));
    if (is_present(line->qty_micro))
        movement.qty_micro = plan_stock_qty(plan, line->qty_micro, factor_micro);
    else
        movement.qty_micro =
            amount_minor < 0 ? 0 : ABSENT; /* a lower price of all billed units; all that is not billed yet */
    if (amount_minor < 0 && movement.qty_micro > 0)
        movement.qty_micro = -movement.qty_micro;
    set_value(plan, &movement, 0, amount_minor, plan->document->money);
    movement.rate_e10 = movement.money ? plan->rate_e10 : 0;
    movement.origin = bill_origin(plan);
    movement.refers = target.movement;
    movement.where = target.owed;
    plan_edit(plan, target.item, movement);
    plan_line(plan, day,
              (struct line){.role = movement.where.role,
                            .amount_minor = amount_minor,
                            .party = movement.where.party,
                            .sku = target.line->sku});
}

void resolve_bill(struct plan *plan)
{
    const struct bill *bill = &plan->document->bill;
    plan_start(plan, RANK_MONEY);
    int32_t day = plan->day;
    int64_t payable_minor = 0;
    for (size_t i = 0; i < bill->lines.count && plan_goes_on(plan); i++)
        bill_line_says(plan, i);
    for (size_t i = 0; i < bill->lines.count && bills_goods(bill) && plan_goes_on(plan); i++)
        bill_line_refers(plan, i);
    plan_need_rate(plan);
    for (size_t i = 0; i < bill->lines.count && plan_goes_on(plan); i++) {
        int64_t amount_minor = plan_money(plan, bill->lines.at[i].amount_minor);
        payable_minor += amount_minor;
        if (!bills_goods(bill)) {
            enum role role = bill->kind == BILL_LANDED    ? ROLE_LANDED_COST_CLEARING
                             : bill->lines.at[i].role.len ? role_find(bill->lines.at[i].role)
                                                          : ROLE_EXPENSES;
            plan_line(plan, day, (struct line){.role = role, .amount_minor = amount_minor, .party = bill->supplier});
        } else {
            bill_goods_line(plan, day, i, amount_minor);
        }
    }
    bill_taxes(plan, day, &payable_minor);
    plan_line(plan, day,
              (struct line){.role = ROLE_ACCOUNTS_PAYABLE, .amount_minor = -payable_minor, .party = bill->supplier});
    plan->amount_minor = payable_minor;
    plan_raise(plan);
}

/* What a landed cost is spread over: one place per receipt line. */
struct landed_place {
    struct receipt_target target;
    size_t receipt; /* which receipt, for shares */
    int64_t weight;
};

/* What the receipt line is worth by all that is known of it, in the company's currency. */
static int64_t receipt_line_worth(struct plan *plan, const struct receipt_target *target)
{
    movement_id id = target->movement;
    const struct plan *change = plan->within;
    for (size_t i = 0; change != NULL && i < change->edit_count; i++)
        if (change->edits[i].edit.movement.id == id && !change->edits[i].edit.remove)
            return change->edits[i].edit.movement.value_minor;
    struct item_book *book = NULL;
    if (!company_item_book(plan->company, target->item, false, true, &book, plan->err)) {
        plan->broken = true;
        return 0;
    }
    const struct book_record *record = item_book_find(book, id);
    must(record != NULL); /* a posted receipt has its movement */
    return record->movement.value_minor;
}

static int64_t landed_weight(struct plan *plan, const struct receipt_target *target, enum landed_basis basis)
{
    const struct item *item = &target->definition->item;
    int64_t qty_micro =
        plan_stock_qty(plan, target->line->qty_micro, plan_factor(plan, target->definition, target->line->uom));
    int64_t weight = 0;
    switch (basis) {
    case BASIS_QUANTITY: return qty_micro;
    case BASIS_WEIGHT:
    case BASIS_VOLUME:
        if (!mul_div(qty_micro, or_zero(basis == BASIS_WEIGHT ? item->weight_micro : item->volume_micro), MICRO,
                     &weight))
            plan_refuse(plan, REFUSAL_OVERFLOW, "a weight is too large to keep");
        return weight;
    case BASIS_EQUAL: return 1;
    case BASIS_ABSENT:
    case BASIS_VALUE: break;
    }
    return receipt_line_worth(plan, target);
}

/* The amount goes to the receipts first (by stated shares, else by basis), then each receipt's part to its lines. */
static void landed_parts(const struct landed_cost *landed, int64_t amount_minor, struct landed_place *places,
                         size_t count, struct arena *arena, int64_t *parts)
{
    int64_t *weights = ARENA_ARRAY(arena, int64_t, count + 1);
    int64_t *of_receipts = ARENA_ARRAY(arena, int64_t, count + 1);
    int64_t *shares = ARENA_ARRAY(arena, int64_t, count + 1);
    must(weights && of_receipts && shares);
    size_t receipts = 0;
    for (size_t i = 0; i < count; i++) {
        weights[i] = places[i].weight;
        if (i == 0 || places[i].receipt != places[i - 1].receipt)
            receipts++;
        if (landed->shares_micro.count > 0)
            of_receipts[receipts - 1] = landed->shares_micro.at[places[i].receipt];
        else if (landed->basis == BASIS_EQUAL)
            of_receipts[receipts - 1] = 1;
        else
            of_receipts[receipts - 1] += weights[i];
    }
    split_by_weight(amount_minor, of_receipts, receipts, shares);
    size_t receipt = 0;
    for (size_t i = 0; i < count; receipt++) {
        size_t last = i;
        while (last < count && places[last].receipt == places[i].receipt)
            last++;
        split_by_weight(shares[receipt], weights + i, last - i, parts + i);
        i = last;
    }
}

static size_t landed_places(struct plan *plan, struct landed_place **out_places)
{
    const struct landed_cost *landed = &plan->document->landed_cost;
    size_t room = landed->lines.count;
    size_t count = 0;
    struct document_record record;
    struct document receipt;
    for (size_t r = 0; r < landed->receipts.count; r++) {
        if (!plan_reference(plan, DOCUMENT_RECEIPT, landed->receipts.at[r], &record, &receipt))
            return 0;
        room += receipt.receipt.lines.count;
    }
    struct landed_place *places = ARENA_ARRAY(plan->arena, struct landed_place, room + 1);
    must(places != NULL);
    for (size_t r = 0; r < landed->receipts.count; r++) {
        if (!plan_reference(plan, DOCUMENT_RECEIPT, landed->receipts.at[r], &record, &receipt))
            return 0;
        for (size_t l = 0; l < receipt.receipt.lines.count; l++) {
            struct landed_place *place = &places[count++];
            place->receipt = r;
            if (!find_target(plan, landed->receipts.at[r],
                             document_line_id(receipt.receipt.lines.at[l].id, l, plan->arena), (struct span){NULL, 0},
                             &place->target))
                return 0;
        }
    }
    for (size_t l = 0; l < landed->lines.count; l++) {
        struct landed_place *place = &places[count++];
        place->receipt = l;
        if (!find_target(plan, landed->lines.at[l].receipt, landed->lines.at[l].line, (struct span){NULL, 0},
                         &place->target))
            return 0;
    }
    *out_places = places;
    return count;
}

void resolve_landed_cost(struct plan *plan)
{
    const struct landed_cost *landed = &plan->document->landed_cost;
    plan_start(plan, RANK_MONEY);
    struct landed_place *places = NULL;
    for (size_t i = 0; i < landed->receipts.count; i++)
        receipt_is_there(plan, landed->receipts.at[i]);
    for (size_t i = 0; i < landed->lines.count; i++)
        receipt_is_there(plan, landed->lines.at[i].receipt);
    plan_need_rate(plan);
    size_t count = landed_places(plan, &places);
    if (!plan_goes_on(plan))
        return;
    for (size_t i = 0; i < count; i++)
        places[i].weight = landed_weight(plan, &places[i].target, landed->basis);
    plan->amount_minor = plan_money(plan, landed->amount_minor);
    int64_t *parts = ARENA_ARRAY(plan->arena, int64_t, count + 1);
    must(parts != NULL);
    landed_parts(landed, plan->amount_minor, places, count, plan->arena, parts);
    for (size_t i = 0; i < count && plan_goes_on(plan); i++) {
        struct movement movement = plan_movement(plan, MOVE_LANDED, places[i].target.definition, (int)i + 1, 0, 0);
        movement.value_minor = parts[i];
        movement.refers = places[i].target.movement;
        movement.where = (struct where){.role = ROLE_LANDED_COST_CLEARING, .party = landed->kind};
        plan_edit(plan, places[i].target.item, movement);
    }
    plan_raise(plan);
}

void resolve_cost_correction(struct plan *plan)
{
    const struct cost_correction *correction = &plan->document->cost_correction;
    struct receipt_target target;
    plan_start(plan, RANK_MONEY);
    receipt_is_there(plan, correction->receipt);
    plan_need_rate(plan);
    if (!find_target(plan, correction->receipt, correction->line, correction->sku, &target))
        return;
    if (target.is_old) {
        plan_refuse(plan, REFUSAL_UNSUPPORTED, "receipt: %.*s is of an opening: correct that by a new version of it",
                    SPAN_ARG(correction->receipt.id));
        return;
    }
    struct movement correct = plan_movement(plan, MOVE_CORRECT, target.definition, 1, 0, 0);
    correct.refers = target.movement;
    correct.where = target.owed;
    if (plan->document->money != target.money)
        plan_refuse(plan, REFUSAL_UNSUPPORTED, "currency: a correction speaks in its receipt's currency");
    int64_t amount_minor = plan_amount(plan, target.line->qty_micro, correction->unit_cost_micro, "unit_cost");
    set_value(plan, &correct, amount_minor, amount_minor, plan->document->money);
    plan_edit(plan, target.item, correct); /* the receipt follows it: amend.c */
}

void resolve_supplier_return(struct plan *plan)
{
    const struct supplier_return *back = &plan->document->supplier_return;
    plan_start(plan, RANK_ISSUE);
    struct span location = plan_location(plan, back->location);
    for (size_t i = 0; i < back->lines.count && plan_goes_on(plan); i++) {
        const struct supplier_return_line *line = &back->lines.at[i];
        uint32_t number = 0;
        if (reference_is_present(line->receipt))
            receipt_is_there(plan, line->receipt);
        else
            (void)plan_item(plan, line->sku, &number);
    }
    plan_need_rate(plan);
    for (size_t i = 0; i < back->lines.count && plan_goes_on(plan); i++) {
        const struct supplier_return_line *line = &back->lines.at[i];
        struct receipt_target target = {0};
        uint32_t number = 0;
        const struct document *item = NULL;
        struct span uom = line->uom;
        if (reference_is_present(line->receipt)) {
            if (!find_target(plan, line->receipt, line->line, line->sku, &target))
                return;
            item = target.definition;
            number = target.item;
            uom = unit_of_line(line->uom, line->line, line->sku, target.line);
        } else {
            item = plan_item(plan, line->sku, &number);
        }
        if (item == NULL)
            return;
        struct movement movement = plan_movement(plan, MOVE_SUPPLIER_RETURN, item, (int)i + 1, 0, 0);
        movement.location = location;
        movement.qty_micro = plan_stock_qty(plan, line->qty_micro, plan_factor(plan, item, uom));
        if (is_present(line->credit_minor))
            movement.value_minor = plan_money(plan, line->credit_minor);
        movement.refers = target.movement;
        movement.where =
            (struct where){.role = ROLE_PRICE_DIFFERENCE, .party = back->supplier, .tag = SPAN("supplier_return")};
        plan_edit(plan, number, movement);
    }
    plan_raise(plan);
}
