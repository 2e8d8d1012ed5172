/* books_entry.c: a person's entries, voids, definitions, rates and the opening. */
#include "flow/plan.h"

/* From its instant on the item's layers are worth the new standard. */
static void standard_change(struct plan *plan, uint32_t item, const struct document *version, int64_t old_micro,
                            int64_t at_us, uint64_t entered)
{
    int64_t new_micro = version->item.standard_cost_micro;
    if (!is_present(old_micro) || !is_present(new_micro))
        return;
    plan->rank = RANK_DEFINITION;
    struct movement movement = plan_movement(plan, MOVE_STANDARD, version, (int)version->version, 0, 0);
    movement.key.at_us = at_us;
    movement.day = company_day(plan->company, at_us);
    plan_place(plan, &movement.key, movement.day);
    if (movement.key.entered != 0)
        movement.key.entered = entered;
    movement.last_micro = old_micro;
    movement.where = (struct where){.role = ROLE_REVALUATION};
    plan_edit(plan, item, movement);
}

void resolve_item(struct plan *plan)
{
    const struct document *document = plan->document;
    plan->at_us = company_instant(
        plan->company, moment_is_present(document->updated) ? document->updated : document->at, RANK_DEFINITION);
    plan->day = company_day(plan->company, plan->at_us);
    plan->policy = company_policy(plan->company, plan->day);
    const struct definition *known = NULL;
    if (plan->policy->framework == FRAMEWORK_IFRS && costing_method_of(document, plan->policy) == METHOD_LIFO) {
        plan_refuse(plan, REFUSAL_FRAMEWORK, "cost_method of %.*s: IFRS does not allow lifo", SPAN_ARG(document->id));
        return;
    }
    PLAN_KNOWS_ITEMS(plan, document->item.components);
    if (!company_definition(plan->company, document->type, document->id, &known, plan->err)) {
        plan->broken = true;
        return;
    }
    if (known == NULL || !plan_goes_on(plan))
        return;
    const struct document *before = definition_at(known, plan->at_us);
    if (costing_method_of(before, plan->policy) != costing_method_of(document, plan->policy))
        plan_refuse(plan, REFUSAL_FRAMEWORK,
                    "cost_method of %.*s cannot change while it is kept: start a period with an opening",
                    SPAN_ARG(document->id));
    if (costing_method_of(document, plan->policy) != METHOD_STANDARD || !plan_goes_on(plan))
        return;
    standard_change(plan, known->number, document, before->item.standard_cost_micro, plan->at_us, plan->document_seq);
    /* A version that comes between two others changes what the later one started from. */
    for (size_t i = 0; i < known->count; i++)
        if (known->versions[i].from_us > plan->at_us) {
            standard_change(plan, known->number, known->versions[i].document, document->item.standard_cost_micro,
                            known->versions[i].from_us, known->versions[i].seq);
            return;
        }
}

void resolve_location(struct plan *plan)
{
    const struct document *document = plan->document;
    plan->at_us = company_instant(
        plan->company, moment_is_present(document->updated) ? document->updated : document->at, RANK_DEFINITION);
    plan->day = company_day(plan->company, plan->at_us);
}

void resolve_rate(struct plan *plan)
{
    plan->at_us = company_instant(plan->company, plan->document->at, RANK_DEFINITION);
    plan->day = company_day(plan->company, plan->at_us);
}

static bool moves_order(enum role role)
{
    return role == ROLE_ACCOUNTS_RECEIVABLE || role == ROLE_CUSTOMER_DEPOSITS || role == ROLE_REFUNDS_DUE;
}

/* Whether a person may post to this role; says why not. */
static bool may_post(struct plan *plan, size_t index, enum role role)
{
    const struct entry_line *line = &plan->document->entry.lines.at[index];
    if (role == ROLE_NONE) {
        plan_refuse(plan, REFUSAL_UNKNOWN_ROLE, "lines[%zu].role: no account has the role %.*s", index,
                    SPAN_ARG(line->role));
        return false;
    }
    bool names_item = (moves_order(role) && reference_is_present(line->order)) ||
                      (role == ROLE_CUSTOMER_DEPOSITS && line->customer.len > 0);
    if (line->customer.len > 0 && role != ROLE_CUSTOMER_DEPOSITS) {
        plan_refuse(plan, REFUSAL_CONTROL_ACCOUNT, "lines[%zu].role: a customer's money stands in customer_deposits",
                    index);
        return false;
    }
    if (role_control(role) == CONTROL_FREE || (role_control(role) == CONTROL_ITEMS && names_item))
        return true;
    plan_refuse(plan, REFUSAL_CONTROL_ACCOUNT, "lines[%zu].role: %.*s %s", index, SPAN_ARG(line->role),
                moves_order(role) ? "needs the order (or customer) whose account it moves"
                                  : "is moved by its own documents only");
    return false;
}

/* The account of a customer's money; a payment opens it. */
static uint32_t customer_account(struct plan *plan, struct span customer)
{
    uint32_t account = 0;
    bool found = false;
    struct order_slot *slot = NULL;
    if (!company_customer(plan->company, customer, &account, &found, plan->err) ||
        (found && !company_order(plan->company, account, &slot, plan->err))) {
        plan->broken = true;
        return 0;
    }
    if (slot == NULL)
        plan_wait(plan, REFUSAL_WAITS_DOCUMENT, waiting_for_customer(customer, plan->arena),
                  "no payment of customer %.*s is posted yet", SPAN_ARG(customer));
    return account;
}

/* The account a line moves: an order's or a customer's; 0: it is posted as it stands. */
static uint32_t account_of_line(struct plan *plan, const struct entry_line *line)
{
    uint32_t account = 0;
    if (line->customer.len > 0)
        return customer_account(plan, line->customer);
    if (moves_order(role_find(line->role)))
        (void)plan_order_book(plan, line->order, &account);
    return account;
}

/* What is credited to an order's deposits out of a customer's pays that order: the entry's line stands, and the order
 * puts the money where it belongs, as it does with another order's refund. */
static bool pays_order(const struct person_entry *entry, const struct entry_line *line)
{
    bool from_customer = false;
    for (size_t i = 0; i < entry->lines.count; i++)
        from_customer |= entry->lines.at[i].customer.len > 0 && entry->lines.at[i].amount_minor > 0;
    return from_customer && reference_is_present(line->order) && line->amount_minor < 0 &&
           role_find(line->role) == ROLE_CUSTOMER_DEPOSITS;
}

static void credit_order(struct plan *plan, uint32_t order, const struct entry_line *line)
{
    struct order_slot *slot = NULL;
    if (!company_order(plan->company, order, &slot, plan->err)) {
        plan->broken = true;
        return;
    }
    must(slot != NULL);
    const struct document *paid = order_events_document(slot->events, slot->count);
    plan_line(plan, plan->day,
              (struct line){.role = ROLE_CUSTOMER_DEPOSITS,
                            .amount_minor = line->amount_minor,
                            .channel = paid->order.channel,
                            .order = paid->id});
}

/* Lines that name an order or a customer move that account; the rest is posted as it stands. All are of one day, the latest of
 * what they refer to, so the orders are looked up before anything is dated. */
void resolve_entry(struct plan *plan)
{
    const struct person_entry *entry = &plan->document->entry;
    uint32_t *orders = ARENA_ARRAY(plan->arena, uint32_t, entry->lines.count + 1);
    must(orders != NULL);
    plan_start(plan, RANK_MONEY);
    for (size_t i = 0; i < entry->lines.count && plan_goes_on(plan); i++) {
        bool in_company_money = plan->document->money == plan->company->money;
        if (!may_post(plan, i, role_find(entry->lines.at[i].role)))
            return;
        if (entry->lines.at[i].customer.len > 0 && !in_company_money)
            plan_refuse(plan, REFUSAL_UNSUPPORTED, "a customer's money is held in the company's currency");
    }
    for (size_t i = 0; i < entry->lines.count && plan_goes_on(plan); i++)
        orders[i] = account_of_line(plan, &entry->lines.at[i]);
    plan_rate_of_day(plan);
    for (size_t i = 0; i < entry->lines.count && plan_goes_on(plan); i++) {
        const struct entry_line *line = &entry->lines.at[i];
        if (line->amount_minor > 0)
            plan->amount_minor += plan_money(plan, line->amount_minor);
        if (orders[i] != 0) {
            struct ruling_event *event = plan_events(plan, orders[i], 1);
            event->kind = pays_order(entry, line) ? EVENT_PAYMENT : EVENT_ENTRY;
            event->index = (uint32_t)i;
            if (event->kind == EVENT_PAYMENT)
                credit_order(plan, orders[i], line);
            continue;
        }
        plan_line(plan, plan->day,
                  (struct line){.role = role_find(line->role),
                                .amount_minor = plan_money(plan, line->amount_minor),
                                .original_minor = line->amount_minor,
                                .tag = entry->reason});
    }
}

/* The document a void names, whether it is posted, waits or failed: what is voided is a mistake in any case. */
static bool find_voided(struct plan *plan, enum document_type type, struct document_record *out_record)
{
    const struct void_document *voided = &plan->document->void_document;
    struct reference reference = {.source = voided->document.source, .id = voided->document.id};
    bool found = false;
    bool several = false;
    if (!plan_lookup(plan, type, reference, out_record, &found, &several))
        return false;
    const struct document_version *version = found ? document_current(out_record) : NULL;
    if (version == NULL)
        plan_wait(plan, several ? REFUSAL_WAITS_SEVERAL : REFUSAL_WAITS_DOCUMENT,
                  waiting_for_document(type, voided->document.id, plan->arena), "%s %.*s is not known yet",
                  document_type_name(type), SPAN_ARG(voided->document.id));
    return version != NULL;
}

void resolve_void(struct plan *plan)
{
    const struct void_document *voided = &plan->document->void_document;
    plan_start(plan, RANK_MONEY);
    enum document_type type = document_type_find(voided->document.type);
    if (type == DOCUMENT_NONE || type == DOCUMENT_ITEM || type == DOCUMENT_LOCATION || type == DOCUMENT_RATE ||
        type == DOCUMENT_VOID) {
        plan_refuse(plan, type == DOCUMENT_NONE ? REFUSAL_UNKNOWN_TYPE : REFUSAL_NOT_VOIDABLE, "document.type: %.*s",
                    SPAN_ARG(voided->document.type));
        return;
    }
    struct document_record record;
    if (!find_voided(plan, type, &record))
        return;
    /* Voided twice is voided once: the second void stands, and takes nothing back. */
    plan->removes = document_current(&record)->refusal != REFUSAL_VOIDED;
    plan->voided = plan->removes ? record.number : 0;
}

/* A post of the opening against its equity. */
static void opening_line(struct plan *plan, struct line line)
{
    line.tag = SPAN("opening");
    plan_line(plan, plan->day, line);
    plan_line(plan, plan->day,
              (struct line){.role = ROLE_OPENING_EQUITY, .amount_minor = -line.amount_minor, .tag = SPAN("opening")});
}

static const struct document *opening_item(struct plan *plan, struct span sku, const char *list, size_t index,
                                           uint32_t *out_number)
{
    const struct document *item = plan_item(plan, sku, out_number);
    if (item == NULL || item_is_kept(item))
        return item;
    plan_refuse(plan, REFUSAL_UNSUPPORTED, "%s[%zu].sku: %.*s is of a kind that is not kept in stock", list, index,
                SPAN_ARG(sku));
    return NULL;
}

/* The first layer of an old receipt's item: all of them are one lot. 0 where none is named. */
static movement_id old_lot(const struct plan *plan, struct span receipt, struct span sku)
{
    const struct opening *opening = &plan->document->opening;
    for (size_t i = 0; receipt.len > 0 && i < opening->layers.count; i++)
        if (span_eq(opening->layers.at[i].receipt, receipt) && span_eq(opening->layers.at[i].sku, sku))
            return movement_id_make(plan->number, (int)i + 1, 0, 0);
    return 0;
}

static void opening_layer(struct plan *plan, size_t index)
{
    const struct opening_layer *layer = &plan->document->opening.layers.at[index];
    uint32_t number = 0;
    const struct document *item = opening_item(plan, layer->sku, "layers", index, &number);
    struct span location = plan_location(plan, layer->location);
    if (item == NULL || !plan_goes_on(plan))
        return;
    struct movement movement = plan_movement(plan, MOVE_IN, item, (int)index + 1, 0, 0);
    movement.location = location;
    movement.qty_micro = layer->qty_micro;
    movement.value_minor = plan_money(plan, layer->value_minor);
    movement.lot = layer->receipt;
    movement.refers = old_lot(plan, layer->receipt, layer->sku);
    if (movement.refers == movement.id)
        movement.refers = 0;
    movement.where = (struct where){.role = ROLE_OPENING_EQUITY, .tag = SPAN("opening")};
    plan_edit(plan, number, movement);
}

static void purchases_stand_once(struct plan *plan)
{
    const struct opening *opening = &plan->document->opening;
    for (size_t i = 0; i < opening->purchases.count && plan_goes_on(plan); i++)
        for (size_t k = 0; k < i; k++)
            if (span_eq(opening->purchases.at[k].receipt, opening->purchases.at[i].receipt) &&
                span_eq(opening->purchases.at[k].sku, opening->purchases.at[i].sku))
                plan_refuse(plan, REFUSAL_BAD_VALUE,
                            "purchases[%zu]: %.*s of receipt %.*s stands on an earlier one too", i,
                            SPAN_ARG(opening->purchases.at[i].sku), SPAN_ARG(opening->purchases.at[i].receipt));
}

static void opening_purchase(struct plan *plan, size_t index)
{
    const struct opening_purchase *purchase = &plan->document->opening.purchases.at[index];
    size_t layers = plan->document->opening.layers.count;
    uint32_t number = 0;
    const struct document *item = opening_item(plan, purchase->sku, "purchases", index, &number);
    if (item == NULL)
        return;
    struct movement movement = plan_movement(plan, MOVE_PURCHASE, item, (int)(layers + index) + 1, 0, 0);
    movement.qty_micro = purchase->qty_micro;
    movement.value_minor = plan_money(plan, purchase->amount_minor);
    movement.lot = purchase->receipt;
    movement.refers = old_lot(plan, purchase->receipt, purchase->sku);
    movement.where = (struct where){.role = ROLE_GRNI, .party = purchase->supplier};
    plan_edit(plan, number, movement);
}

/* An order that was placed before, and the instant of its event: no earlier than the order itself. */
struct opening_account {
    uint32_t order;
    int64_t at_us;
    int32_t day;
};

static void find_account(struct plan *plan, size_t index, struct opening_account *account)
{
    struct plan as_placed = *plan;
    bool known = plan_order_book(&as_placed, plan->document->opening.orders.at[index].order, &account->order) != NULL;
    plan->broken = as_placed.broken;
    account->at_us = as_placed.at_us;
    account->day = as_placed.day;
    if (known)
        return;
    plan->outcome = as_placed.outcome;
    plan->refusal = as_placed.refusal;
    plan->waits_on = as_placed.waits_on;
    plan->detail = as_placed.detail;
}

/* Money on an order: an event of its book. */
static void opening_order(struct plan *plan, size_t index, const struct opening_account *account)
{
    for (size_t i = 0; i < plan->order_count; i++)
        if (plan->orders[i].order == account->order)
            plan_refuse(plan, REFUSAL_BAD_VALUE, "orders[%zu].order: stands on an earlier one too", index);
    struct ruling_event *event = plan_events(plan, account->order, 1);
    event->kind = EVENT_OPENING;
    event->index = (uint32_t)index;
    event->at_us = account->at_us;
    event->day = account->day;
}

/* Control accounts that an opening brings item by item, and what its items sum to. */
struct opening_control {
    enum role role;
    const char *items;
    int64_t sum_minor, stated_minor;
};
enum { OPENING_CONTROLS = 6 };

/* Sums beyond 64 bits tie to nothing. */
static void add_up(int64_t *sum_minor, int64_t amount_minor)
{
    if (__builtin_add_overflow(*sum_minor, amount_minor, sum_minor))
        *sum_minor = INT64_MAX;
}

static void opening_controls(const struct opening *opening, struct opening_control *controls)
{
    const struct opening_control empty[OPENING_CONTROLS] = {
        {.role = ROLE_INVENTORY, .items = "layers"},
        {.role = ROLE_CUSTOMER_DEPOSITS, .items = "orders' deposits"},
        {.role = ROLE_ACCOUNTS_RECEIVABLE, .items = "orders' receivables"},
        {.role = ROLE_GRNI, .items = "purchases"},
        {.role = ROLE_GATEWAY_CLEARING, .items = "clearing items"},
        {.role = ROLE_GIFT_CARD_LIABILITY, .items = "gift cards"},
    };
    for (size_t i = 0; i < OPENING_CONTROLS; i++)
        controls[i] = empty[i];
    for (size_t i = 0; i < opening->layers.count; i++)
        add_up(&controls[0].sum_minor, opening->layers.at[i].value_minor);
    for (size_t i = 0; i < opening->orders.count; i++) {
        add_up(&controls[1].sum_minor, -or_zero(opening->orders.at[i].deposit_minor));
        add_up(&controls[2].sum_minor, or_zero(opening->orders.at[i].receivable_minor));
    }
    for (size_t i = 0; i < opening->purchases.count; i++)
        add_up(&controls[3].sum_minor, -opening->purchases.at[i].amount_minor);
    for (size_t i = 0; i < opening->clearing.count; i++)
        add_up(&controls[4].sum_minor, opening->clearing.at[i].amount_minor);
    for (size_t i = 0; i < opening->gift_cards.count; i++)
        add_up(&controls[5].sum_minor, -opening->gift_cards.at[i].amount_minor);
}

static void opening_balance(struct plan *plan, size_t index, struct opening_control *controls)
{
    const struct opening_balance *balance = &plan->document->opening.balances.at[index];
    enum role role = role_find(balance->account);
    for (size_t i = 0; i < OPENING_CONTROLS; i++)
        if (controls[i].role == role) {
            add_up(&controls[i].stated_minor, balance->amount_minor);
            return;
        }
    if (role == ROLE_NONE)
        plan_refuse(plan, REFUSAL_UNKNOWN_ROLE, "balances[%zu].account: no account has the role %.*s", index,
                    SPAN_ARG(balance->account));
    else if (role_control(role) == CONTROL_STOCK)
        plan_refuse(plan, REFUSAL_CONTROL_ACCOUNT, "balances[%zu].account: %.*s comes from the layers", index,
                    SPAN_ARG(balance->account));
    else
        opening_line(plan, (struct line){.role = role, .amount_minor = plan_money(plan, balance->amount_minor)});
}

/* The trial balance sums to zero, and each control account in it to its items. */
static void check_trial_balance(struct plan *plan, const struct opening_control *controls)
{
    const struct opening *opening = &plan->document->opening;
    int places = currency_exponent(plan->document->money);
    int64_t sum_minor = 0;
    char stated[24];
    char items[24];
    for (size_t i = 0; i < opening->balances.count; i++)
        add_up(&sum_minor, opening->balances.at[i].amount_minor);
    if (sum_minor != 0) {
        decimal_write(sum_minor, places, places, stated);
        plan_refuse(plan, REFUSAL_TRIAL_BALANCE, "balances sum to %s, not to zero", stated);
    }
    for (size_t i = 0; i < OPENING_CONTROLS; i++) {
        if (controls[i].stated_minor == controls[i].sum_minor)
            continue;
        decimal_write(controls[i].stated_minor, places, places, stated);
        decimal_write(controls[i].sum_minor, places, places, items);
        plan_refuse(plan, REFUSAL_TRIAL_BALANCE, "balances: %s is %s, but the %s sum to %s",
                    role_name(controls[i].role), stated, controls[i].items, items);
    }
}

/* All that it names; the orders it tells of. */
static struct opening_account *opening_refers(struct plan *plan)
{
    const struct opening *opening = &plan->document->opening;
    struct opening_account *accounts = ARENA_ARRAY(plan->arena, struct opening_account, opening->orders.count + 1);
    must(accounts != NULL);
    PLAN_KNOWS_ITEMS(plan, opening->layers);
    for (size_t i = 0; i < opening->layers.count && plan_goes_on(plan); i++)
        plan_location(plan, opening->layers.at[i].location);
    PLAN_KNOWS_ITEMS(plan, opening->purchases);
    for (size_t i = 0; i < opening->orders.count && plan_goes_on(plan); i++)
        find_account(plan, i, &accounts[i]);
    return accounts;
}

void resolve_opening(struct plan *plan)
{
    const struct opening *opening = &plan->document->opening;
    struct opening_control controls[OPENING_CONTROLS];
    plan_start(plan, RANK_DEFINITION);
    opening_controls(opening, controls);
    for (size_t i = 0; i < opening->balances.count && plan_goes_on(plan); i++)
        opening_balance(plan, i, controls);
    if (opening->balances.count > 0)
        check_trial_balance(plan, controls);
    purchases_stand_once(plan);
    struct opening_account *accounts = opening_refers(plan);
    plan_need_rate(plan);
    for (size_t i = 0; i < opening->layers.count && plan_goes_on(plan); i++)
        opening_layer(plan, i);
    for (size_t i = 0; i < opening->purchases.count && plan_goes_on(plan); i++)
        opening_purchase(plan, i);
    for (size_t i = 0; i < opening->orders.count && plan_goes_on(plan); i++)
        opening_order(plan, i, &accounts[i]);
    for (size_t i = 0; i < opening->clearing.count && plan_goes_on(plan); i++)
        opening_line(plan, (struct line){.role = ROLE_GATEWAY_CLEARING,
                                         .amount_minor = plan_money(plan, opening->clearing.at[i].amount_minor),
                                         .original_minor = opening->clearing.at[i].amount_minor,
                                         .party = opening->clearing.at[i].gateway});
    for (size_t i = 0; i < opening->gift_cards.count && plan_goes_on(plan); i++)
        opening_line(plan, (struct line){.role = ROLE_GIFT_CARD_LIABILITY,
                                         .amount_minor = -plan_money(plan, opening->gift_cards.at[i].amount_minor),
                                         .party = opening->gift_cards.at[i].card});
    plan->amount_minor = controls[0].sum_minor;
}
