/* model_order.c: what an order's events post. An order's lines hold what is still to be earned in buckets; its customer
 * has three accounts: deposit, receivable, refunds due. */
#include "base/decimal.h"
#include "model/run.h"
#include <string.h>

static bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }
static bool is(const char *text, const char *value) { return text && same(text, value); }

static struct order *order_of(const struct run *run) { return &run->orders[run->papers[run->paper].order]; }
static int order_number(const struct run *run, const struct order *order) { return (int)(order - run->orders); }

/* --- the value of an order ------------------------------------------------------------------------ */

static int64_t tax_sum(const struct m_lines *taxes)
{
    int64_t sum = 0;
    for (size_t i = 0; i < taxes->count; i++)
        sum += taxes->at[i].amount;
    return sum;
}

/* What a version of an order says one line is worth. */
struct worth {
    int64_t sales, discount, shipping, shipping_discount, rounding;
    int64_t shipping_tax[MOST_TAXES];
};

static const struct m_line *shipping_of(const struct m_document *d)
{
    return d->shipping.count ? &d->shipping.at[0] : NULL;
}

/* Works out every line's worth; false (refused) when the total differs by more than the limit. */
static bool work_out(struct run *run, const struct m_document *d, currency money, struct worth *out_worth,
                     int64_t *out_total)
{
    size_t count = d->lines.count;
    int64_t *values = ARENA_ARRAY(run->arena, int64_t, count + 1), *weights = ARENA_ARRAY(run->arena, int64_t, count + 1);
    int64_t *parts = ARENA_ARRAY(run->arena, int64_t, count + 1);
    must(values && weights && parts);
    const struct m_line *shipping = shipping_of(d);
    bool included = d->tax_included == M_TRUE;
    int64_t sum = m_or_zero(d->tip) - m_or_zero(d->discount);
    for (size_t i = 0; i < count; i++) {
        const struct m_line *line = &d->lines.at[i];
        must(amount_of(line->qty, line->unit_price, currency_exponent(money), &values[i]));
        out_worth[i] = (struct worth){.discount = m_or_zero(line->discount)};
        weights[i] = most(0, values[i] - out_worth[i].discount);
        sum += values[i] - out_worth[i].discount + (included ? 0 : tax_sum(&line->tax));
    }
    split_by_weight(m_or_zero(d->discount), weights, count, parts);
    for (size_t i = 0; i < count; i++) {
        out_worth[i].discount += parts[i];
        weights[i] = most(0, values[i] - out_worth[i].discount);
        out_worth[i].sales = values[i] - (included ? tax_sum(&d->lines.at[i].tax) : 0);
    }
    if (shipping) {
        int64_t amount = m_or_zero(shipping->amount), discount = m_or_zero(shipping->discount);
        sum += amount - discount + (included ? 0 : tax_sum(&shipping->tax));
        split_by_weight(amount - (included ? tax_sum(&shipping->tax) : 0), weights, count, parts);
        for (size_t i = 0; i < count; i++)
            out_worth[i].shipping = parts[i];
        split_by_weight(discount, weights, count, parts);
        for (size_t i = 0; i < count; i++)
            out_worth[i].shipping_discount = parts[i];
        for (size_t k = 0; k < shipping->tax.count; k++) {
            split_by_weight(shipping->tax.at[k].amount, weights, count, parts);
            for (size_t i = 0; i < count; i++)
                out_worth[i].shipping_tax[k] = parts[i];
        }
    }
    *out_total = d->total == M_NONE ? sum : d->total;
    int64_t rounding = *out_total - sum, limit_micro = run->settings->rounding_limit_micro;
    int64_t limit = 0;
    must(amount_of(MICRO, limit_micro, currency_exponent(money), &limit));
    if (rounding > limit || rounding < -limit)
        return m_refuse(run, "failed", "total_differs");
    if (count)
        out_worth[0].rounding = rounding;
    return true;
}

static struct order_line *line_by_id(const struct order *order, const char *id)
{
    for (int i = 0; i < order->lines.count; i++)
        if (same(order->lines.at[i].id, id))
            return &order->lines.at[i];
    return NULL;
}

/* The line that a later document names; NULL after refusing. */
static struct order_line *named_line(struct run *run, const struct order *order, const struct m_line *named)
{
    struct order_line *found = named->line ? line_by_id(order, named->line) : NULL;
    int fits = 0;
    for (int i = 0; i < order->lines.count && !named->line; i++) {
        if (!is(named->sku, order->lines.at[i].sku))
            continue;
        found = &order->lines.at[i];
        fits++;
    }
    if (found && fits <= 1)
        return found;
    (void)m_refuse_late(run, "failed", fits > 1 ? "line_ambiguous" : "line_unknown");
    return NULL;
}

static int line_number(const struct order *order, const struct order_line *line) { return (int)(line - order->lines.at); }

/* Bundles (or units of a plain line) that parts make up: the least over components. */
static int64_t whole_units(const struct order_line *line, int64_t (*of)(const struct part *))
{
    int64_t least_units = INT64_MAX;
    for (int i = 0; i < line->part_count; i++) {
        const struct part *part = &line->parts[i];
        wide units = (wide)of(part) * MICRO / part->per;
        least_units = least(least_units, (int64_t)units);
    }
    return line->part_count ? least_units : 0;
}
static int64_t part_shipped(const struct part *part) { return part->shipped; }
static int64_t part_earned(const struct part *part) { return part->earned; }
static int64_t part_open(const struct part *part) { return part->qty - part->shipped - part->cancelled; }

static int64_t in_parts(int64_t units, const struct part *part) { return m_rounded(units, part->per, MICRO); }

static enum line_kind kind_of(struct run *run, const struct m_line *line, int item)
{
    const char *kind = m_item_now(run, item)->kind;
    const char *by = line->fulfil.count ? line->fulfil.at[0].by : NULL;
    if (is(kind, "gift_card"))
        return LINE_GIFT_CARD;
    /* Reading: supplies are never valued, so they leave like a service. */
    if (is(kind, "service") || is(kind, "supply") || is(by, "digital"))
        return LINE_SERVICE;
    if (is(kind, "dropship") || is(by, "dropship"))
        return LINE_DROPSHIP;
    return LINE_STOCK;
}

static void freeze_parts(struct run *run, struct order_line *line, int item)
{
    const struct m_document *d = m_item_now(run, item);
    line->bundle = is(d->kind, "bundle");
    if (!line->bundle) {
        line->part_count = 1;
        line->parts[0] = (struct part){.item = item, .sku = line->sku, .per = MICRO, .weight = 1};
        return;
    }
    line->part_count = (int)d->components.count;
    must(line->part_count <= MOST_PARTS);
    bool priced = true;
    for (int i = 0; i < line->part_count; i++) {
        int component = run->papers[run->items[item].papers.at[0]].items[0];
        for (int k = 0; k < run->item_count; k++)
            if (same(run->items[k].sku, d->components.at[i].sku))
                component = k;
        line->parts[i] = (struct part){
            .item = component, .sku = d->components.at[i].sku, .per = d->components.at[i].qty};
        priced = priced && m_item_now(run, component)->price != M_NONE;
    }
    for (int i = 0; i < line->part_count; i++) {
        /* Reading: without a price on every component all weights are costs: standard, else last, else zero. */
        const struct m_document *component = m_item_now(run, line->parts[i].item);
        int64_t cost = component->standard_cost != M_NONE ? component->standard_cost : m_or_zero(component->last_cost);
        line->parts[i].weight = m_rounded(priced ? component->price : cost, line->parts[i].per, MICRO);
    }
}

/* --- earning -------------------------------------------------------------------------------------- */

struct earned_line {
    const char *role;
    int item, line;
    int64_t amount; /* order's currency, debit positive */
};
struct earning {
    struct order *order;
    LIST_OF(struct earned_line) lines;
    int64_t net; /* what the customer owes for it */
};

static void earn(struct run *run, struct earning *earning, const char *role, int64_t amount, int item, int line)
{
    if (amount == 0)
        return;
    *LIST_ADD(run->arena, earning->lines) = (struct earned_line){role, item, line, amount};
    earning->net -= amount;
}

static int64_t draw_bucket(struct bucket *bucket, int64_t qty, int64_t of)
{
    int64_t drawn = m_draw(bucket->left, qty, of);
    bucket->left -= drawn;
    bucket->earned += drawn;
    return drawn;
}

static const char *sales_role(const struct order_line *line)
{
    return line->kind == LINE_GIFT_CARD ? "gift_card_liability" : "sales";
}

static void earn_tax(struct run *run, struct earning *earning, const struct tax *tax, int64_t amount, int item, int line)
{
    if (tax->marketplace)
        return;
    /* Reading: tax that was moved at payment is used up by the first that is earned. */
    int64_t moved = run->settings->tax_at_payment && amount > 0 ? least(amount, earning->order->tax_moved) : 0;
    earning->order->tax_moved -= moved;
    earn(run, earning, "sales_tax_payable", -(amount - moved), item, line);
}

/* What concerns the line as a whole, for so many units of it. */
static void earn_whole(struct run *run, struct earning *earning, struct order_line *line, int64_t units)
{
    int number = line_number(earning->order, line), item = line->parts[0].item;
    int64_t of = line->qty - line->cancelled - line->earned;
    if (units == 0)
        return;
    earn(run, earning, "shipping_income", -draw_bucket(&line->shipping, units, of), item, number);
    earn(run, earning, "discounts", draw_bucket(&line->shipping_discount, units, of), item, number);
    for (int i = 0; i < line->tax_count; i++)
        earn_tax(run, earning, &line->taxes[i], draw_bucket(&line->taxes[i].amount, units, of), item, number);
    for (int i = 0; i < line->shipping_tax_count; i++)
        earn_tax(run, earning, &line->shipping_taxes[i], draw_bucket(&line->shipping_taxes[i].amount, units, of), item,
                 number);
    earn(run, earning, "rounding", -draw_bucket(&line->rounding, units, of), item, number);
    line->earned += units;
}

static void earn_part(struct run *run, struct earning *earning, struct order_line *line, struct part *part, int64_t qty)
{
    int number = line_number(earning->order, line);
    int64_t of = part->qty - part->cancelled - part->earned;
    earn(run, earning, sales_role(line), -draw_bucket(&part->sales, qty, of), part->item, number);
    earn(run, earning, "discounts", draw_bucket(&part->discount, qty, of), part->item, number);
    part->earned += qty;
    int64_t units = least(whole_units(line, part_earned), line->qty - line->cancelled) - line->earned;
    earn_whole(run, earning, line, most(0, units));
}

static int64_t at_rate(struct run *run, currency money, int64_t amount)
{
    int64_t out = 0;
    if (money == run->settings->company)
        return amount;
    must(amount_at_rate(amount, currency_exponent(money), m_rate_of(run, money), run->exponent, &out));
    return out;
}

static int64_t draw_account(struct account *account, int64_t amount)
{
    int64_t carried = amount == 0 ? 0 : m_draw(account->company, amount, account->order);
    account->order -= amount;
    account->company -= carried;
    return carried;
}

/* A total over lines of both signs by their amounts: cut toward zero, what is left over goes unit by unit to the largest
 * remainders, ties to the first. Reading: as split_by_weight, the remainder taken with the line's own sign. */
static void split_signed(struct run *run, int64_t total, int64_t net, struct earned_line *lines, int count)
{
    wide *rest = arena_array(run->arena, (size_t)count + 1, sizeof *rest);
    must(rest);
    int64_t left = total;
    for (int i = 0; i < count; i++) {
        wide product = (wide)lines[i].amount * -total;
        lines[i].amount = (int64_t)(product / -net);
        rest[i] = product % -net;
        left += lines[i].amount;
    }
    while (left != 0) {
        int best = -1;
        for (int i = 0; i < count; i++) {
            wide mine = left > 0 ? -rest[i] : rest[i];
            wide other = best < 0 ? 0 : left > 0 ? -rest[best] : rest[best];
            if (best < 0 || mine > other)
                best = i;
        }
        lines[best].amount += left > 0 ? -1 : 1;
        rest[best] = 0;
        left += left > 0 ? -1 : 1;
    }
}

static bool needs_rate(struct run *run, currency money)
{
    return money != run->settings->company && m_rate_of(run, money) == 0;
}

/* The net is drawn from the deposit first, what is missing is receivable; a net in the customer's favour pays the
 * receivable first (as a payment does). */
static bool finish_earning(struct run *run, struct earning *earning)
{
    struct order *order = earning->order;
    int number = order_number(run, order);
    bool foreign = order->money != run->settings->company;
    int64_t net = earning->net, deposit, receivable, carried = 0, at_event = 0;
    if (net >= 0) {
        deposit = least(net, order->deposit.order);
        receivable = net - deposit;
        if (receivable && needs_rate(run, order->money))
            return m_refuse_late(run, "waiting", "waits_rate");
        carried = draw_account(&order->deposit, deposit);
        at_event = receivable ? at_rate(run, order->money, receivable) : 0;
        order->receivable.order += receivable;
        order->receivable.company += at_event;
        m_post(run, "customer_deposits", carried, -1, -1, number, -1);
        m_post(run, "accounts_receivable", at_event, -1, -1, number, -1);
    } else {
        receivable = least(-net, order->receivable.order);
        deposit = -net - receivable;
        if (deposit && needs_rate(run, order->money))
            return m_refuse_late(run, "waiting", "waits_rate");
        carried = -draw_account(&order->receivable, receivable);
        at_event = deposit ? -at_rate(run, order->money, deposit) : 0;
        order->deposit.order += deposit;
        order->deposit.company -= at_event;
        m_post(run, "accounts_receivable", carried, -1, -1, number, -1);
        m_post(run, "customer_deposits", at_event, -1, -1, number, -1);
    }
    if (foreign && net != 0)
        split_signed(run, carried + at_event, net, earning->lines.at, earning->lines.count);
    else if (foreign && earning->lines.count)
        return m_refuse_late(run, "waiting", "waits_rate"); /* Reading: nothing to take a rate from */
    for (int i = 0; i < earning->lines.count; i++) {
        const struct earned_line *line = &earning->lines.at[i];
        m_post(run, line->role, line->amount, line->item, -1, number, line->line);
    }
    return true;
}

static int64_t merchant_tax_left(const struct order *order)
{
    int64_t left = 0;
    for (int i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        for (int k = 0; k < line->tax_count; k++)
            left += line->taxes[k].marketplace ? 0 : line->taxes[k].amount.left;
        for (int k = 0; k < line->shipping_tax_count; k++)
            left += line->shipping_taxes[k].marketplace ? 0 : line->shipping_taxes[k].amount.left;
    }
    return left;
}

/* What is still to be earned. */
static int64_t open_value(const struct order *order)
{
    int64_t open = merchant_tax_left(order) - order->tax_moved;
    for (int i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        for (int k = 0; k < line->part_count; k++)
            open += line->parts[k].sales.left - line->parts[k].discount.left;
        open += line->shipping.left - line->shipping_discount.left + line->rounding.left;
    }
    return open;
}

static void move_excess(struct run *run, struct order *order)
{
    int64_t excess = least(order->deposit.order, order->deposit.order - open_value(order));
    if (excess <= 0)
        return;
    int64_t carried = draw_account(&order->deposit, excess);
    order->refunds_due.order += excess;
    order->refunds_due.company += carried;
    m_post(run, "customer_deposits", carried, -1, -1, order_number(run, order), -1);
    m_post(run, "refunds_due", -carried, -1, -1, order_number(run, order), -1);
}

/* --- order versions ------------------------------------------------------------------------------- */

/* A bucket under a new total: what was earned becomes a draw of earned out of qty; returns the catch-up. */
static int64_t reset_bucket(struct bucket *bucket, int64_t total, int64_t earned, int64_t cancelled, int64_t qty)
{
    int64_t would = qty == 0 ? 0 : m_draw(total, earned, qty);
    int64_t catch_up = would - bucket->earned;
    int64_t left = total - would, gone = least(cancelled, qty - earned);
    bucket->earned = would;
    bucket->left = left - (gone > 0 ? m_draw(left, gone, qty - earned) : 0);
    return catch_up;
}

static void reset_taxes(struct run *run, struct earning *earning, struct order_line *line, struct tax *taxes, int *count,
                        const struct m_lines *stated, const int64_t *amounts)
{
    int number = line_number(earning->order, line), wanted = stated ? (int)stated->count : 0;
    must(wanted <= MOST_TAXES);
    /* Reading: the taxes of two versions belong together by their place in the list. */
    for (int i = 0; i < wanted || i < *count; i++) {
        if (i < wanted) {
            taxes[i].marketplace = is(stated->at[i].remitter, "marketplace");
            taxes[i].jurisdiction = stated->at[i].jurisdiction;
        }
        int64_t total = i >= wanted ? 0 : amounts ? amounts[i] : stated->at[i].amount;
        int64_t catch_up = reset_bucket(&taxes[i].amount, total, line->earned, line->cancelled, line->qty);
        if (catch_up)
            earn_tax(run, earning, &taxes[i], catch_up, line->parts[0].item, number);
    }
    *count = wanted > *count ? wanted : *count;
}

/* Sets a line to what a version says of it (worth NULL: the version no longer lists it). */
static void reset_line(struct run *run, struct earning *earning, struct order_line *line, const struct m_line *stated,
                       const struct m_document *d, const struct worth *worth)
{
    static const struct worth nothing = {0};
    const struct worth *now = worth ? worth : &nothing;
    int number = line_number(earning->order, line);
    int64_t weights[MOST_PARTS] = {0}, sales[MOST_PARTS] = {0}, discounts[MOST_PARTS] = {0};
    line->qty = stated ? stated->qty : 0;
    for (int i = 0; i < line->part_count; i++) {
        struct part *part = &line->parts[i];
        part->qty = in_parts(line->qty, part);
        /* Reading: cancelled units stay cancelled, as far as the new quantity leaves any that were not shipped. */
        part->cancelled = least(part->cancelled, part->qty - part->shipped);
        weights[i] = part->weight;
    }
    line->cancelled = least(line->cancelled, line->qty - whole_units(line, part_shipped));
    split_by_weight(now->sales, weights, (size_t)line->part_count, sales);
    split_by_weight(now->discount, weights, (size_t)line->part_count, discounts);
    for (int i = 0; i < line->part_count; i++) {
        struct part *part = &line->parts[i];
        earn(run, earning, sales_role(line),
             -reset_bucket(&part->sales, sales[i], part->earned, part->cancelled, part->qty), part->item, number);
        earn(run, earning, "discounts",
             reset_bucket(&part->discount, discounts[i], part->earned, part->cancelled, part->qty), part->item, number);
    }
    int item = line->parts[0].item;
    int64_t earned = line->earned, cancelled = line->cancelled, qty = line->qty;
    earn(run, earning, "shipping_income", -reset_bucket(&line->shipping, now->shipping, earned, cancelled, qty), item,
         number);
    earn(run, earning, "discounts",
         reset_bucket(&line->shipping_discount, now->shipping_discount, earned, cancelled, qty), item, number);
    reset_taxes(run, earning, line, line->taxes, &line->tax_count, stated ? &stated->tax : NULL, NULL);
    const struct m_line *shipping = stated ? shipping_of(d) : NULL;
    reset_taxes(run, earning, line, line->shipping_taxes, &line->shipping_tax_count, shipping ? &shipping->tax : NULL,
                now->shipping_tax);
    earn(run, earning, "rounding", -reset_bucket(&line->rounding, now->rounding, earned, cancelled, qty), item, number);
    if (line->kind == LINE_DROPSHIP) {
        int64_t cost = 0;
        if (stated && stated->fulfil.count && stated->fulfil.at[0].cost != M_NONE)
            cost = m_cost_of(run, line->qty, stated->fulfil.at[0].cost);
        int64_t catch_up = reset_bucket(&line->dropship_cost, cost, line->parts[0].shipped, cancelled, qty);
        int order = order_number(run, earning->order);
        m_post(run, "cost_of_sales_dropship", catch_up, item, -1, order, number);
        m_post(run, "accrued_purchases", -catch_up, item, -1, -1, -1);
    }
}

static const char *line_id(struct run *run, const struct m_line *line, size_t place)
{
    if (line->id)
        return line->id;
    struct span text = arena_print(run->arena, "%zu", place + 1);
    must(text.ptr);
    return text.ptr;
}

static const struct m_line *stated_line(struct run *run, const struct m_document *d, const char *id, size_t *out_place)
{
    for (size_t i = 0; i < d->lines.count; i++) {
        if (!same(line_id(run, &d->lines.at[i], i), id))
            continue;
        *out_place = i;
        return &d->lines.at[i];
    }
    return NULL;
}

static int find_location_number(const struct run *run, const char *code)
{
    for (int i = 0; code && i < run->location_count; i++)
        if (same(run->locations[i], code))
            return i;
    return -1;
}

static void add_line(struct run *run, struct order *order, const struct m_line *stated, size_t place)
{
    struct order_line *line = LIST_ADD(run->arena, order->lines);
    int item = run->papers[run->paper].items[place];
    *line = (struct order_line){.id = line_id(run, stated, place), .sku = stated->sku, .location = -1};
    line->kind = kind_of(run, stated, item);
    if (stated->fulfil.count) {
        line->location = find_location_number(run, stated->fulfil.at[0].location);
        line->supplier = stated->fulfil.at[0].supplier;
    }
    freeze_parts(run, line, item);
}

static bool earn_at_payment(struct run *run, struct order *order);

bool m_read_order(struct run *run)
{
    const struct m_document *d = run->papers[run->paper].d;
    struct order *order = order_of(run);
    struct worth *worth = ARENA_ARRAY(run->arena, struct worth, d->lines.count + 1);
    must(worth);
    int64_t total = 0;
    currency money = d->currency ? currency_find(span_of(d->currency)) : run->settings->company;
    if (!work_out(run, d, money, worth, &total))
        return false;
    for (int i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        size_t place = 0;
        const struct m_line *stated = stated_line(run, d, line->id, &place);
        for (int k = 0; k < line->part_count; k++)
            if (in_parts(stated ? stated->qty : 0, &line->parts[k]) < line->parts[k].shipped)
                return m_refuse(run, "failed", "below_shipped");
    }
    order->known = true;
    order->paper = run->paper;
    order->money = money;
    order->total = total;
    for (size_t i = 0; i < d->lines.count; i++)
        if (!line_by_id(order, line_id(run, &d->lines.at[i], i)))
            add_line(run, order, &d->lines.at[i], i);
    struct earning earning = {.order = order};
    for (int i = 0; i < order->lines.count; i++) {
        struct order_line *line = &order->lines.at[i];
        size_t place = 0;
        const struct m_line *stated = stated_line(run, d, line->id, &place);
        reset_line(run, &earning, line, stated, d, stated ? &worth[place] : NULL);
    }
    if (!finish_earning(run, &earning))
        return false;
    move_excess(run, order);
    return earn_at_payment(run, order);
}

/* --- payments ------------------------------------------------------------------------------------- */

/* Under tax_point payment the tax share of what went into the deposit is due at once. */
static void move_tax(struct run *run, struct order *order, int64_t into_deposit, int64_t unpaid_before)
{
    int64_t not_moved = merchant_tax_left(order) - order->tax_moved;
    if (!run->settings->tax_at_payment || not_moved <= 0 || into_deposit <= 0 || unpaid_before <= 0)
        return;
    int64_t moved = least(least(m_rounded(not_moved, into_deposit, unpaid_before), not_moved), order->deposit.order);
    int64_t carried = draw_account(&order->deposit, moved);
    order->tax_moved += moved;
    m_post(run, "customer_deposits", carried, -1, -1, order_number(run, order), -1);
    m_post(run, "sales_tax_payable", -carried, -1, -1, order_number(run, order), -1);
}

bool m_read_payment(struct run *run, int payment)
{
    const struct m_document *d = run->papers[run->paper].d;
    struct order *order = order_of(run);
    int number = order_number(run, order);
    const struct m_line *carried_by_order = payment >= 0 ? &d->payments.at[payment] : NULL;
    int64_t amount = carried_by_order ? carried_by_order->amount : d->amount;
    const char *status = carried_by_order ? carried_by_order->status : d->status;
    const char *gateway = carried_by_order ? carried_by_order->gateway : d->gateway;
    const char *card = carried_by_order ? carried_by_order->gift_card : d->gift_card;
    if (status && !same(status, "captured"))
        return true;
    if (needs_rate(run, order->money))
        return payment >= 0 ? m_refuse_late(run, "waiting", "waits_rate") : m_refuse(run, "waiting", "waits_rate");
    int64_t left = amount, worth = at_rate(run, order->money, amount);
    m_post(run, card ? "gift_card_liability" : "gateway_clearing", worth, -1, -1, number, -1);
    if (!order->captured) {
        /* Reading: the tip and the facilitator's tax are those of the version in force at the first capture. */
        int64_t tax = 0;
        const struct m_document *now = run->papers[order->paper].d;
        for (int i = 0; i < order->lines.count; i++) {
            size_t place = 0;
            const struct m_line *stated = stated_line(run, now, order->lines.at[i].id, &place);
            for (size_t k = 0; stated && k < stated->tax.count; k++)
                tax += is(stated->tax.at[k].remitter, "marketplace") ? stated->tax.at[k].amount : 0;
        }
        const struct m_line *shipping = shipping_of(now);
        for (size_t k = 0; shipping && k < shipping->tax.count; k++)
            tax += is(shipping->tax.at[k].remitter, "marketplace") ? shipping->tax.at[k].amount : 0;
        order->captured = true;
        order->gateway = gateway;
        tax = least(tax, left);
        int64_t part = tax ? m_draw(worth, tax, left) : 0;
        order->marketplace_withheld += tax;
        m_post(run, "marketplace_tax_withheld", -part, -1, -1, number, -1);
        left -= tax;
        worth -= part;
        int64_t tip = least(m_or_zero(now->tip), left);
        part = tip ? m_draw(worth, tip, left) : 0;
        m_post(run, "tips", -part, -1, -1, number, -1);
        left -= tip;
        worth -= part;
    }
    int64_t pays = least(left, order->receivable.order);
    if (pays > 0) {
        int64_t money = m_draw(worth, pays, left), carried = draw_account(&order->receivable, pays);
        m_post(run, "accounts_receivable", -carried, -1, -1, number, -1);
        m_post(run, "realised_fx", carried - money, -1, -1, number, -1);
        left -= pays;
        worth -= money;
    }
    int64_t unpaid_before = open_value(order) - order->deposit.order;
    order->deposit.order += left;
    order->deposit.company += worth;
    m_post(run, "customer_deposits", -worth, -1, -1, number, -1);
    move_tax(run, order, left, unpaid_before);
    order->captured_total += amount;
    if (!earn_at_payment(run, order))
        return false;
    move_excess(run, order);
    return true;
}

/* --- cancel, shipment, delivery ------------------------------------------------------------------- */

static void cancel_units(struct order_line *line, int64_t units)
{
    int64_t of = line->qty - line->cancelled - line->earned;
    if (units == 0)
        return;
    line->shipping.left -= m_draw(line->shipping.left, units, of);
    line->shipping_discount.left -= m_draw(line->shipping_discount.left, units, of);
    line->rounding.left -= m_draw(line->rounding.left, units, of);
    for (int i = 0; i < line->tax_count; i++)
        line->taxes[i].amount.left -= m_draw(line->taxes[i].amount.left, units, of);
    for (int i = 0; i < line->shipping_tax_count; i++)
        line->shipping_taxes[i].amount.left -= m_draw(line->shipping_taxes[i].amount.left, units, of);
    if (line->kind == LINE_DROPSHIP)
        line->dropship_cost.left -=
            m_draw(line->dropship_cost.left, units, line->qty - line->cancelled - line->parts[0].shipped);
    for (int i = 0; i < line->part_count; i++) {
        struct part *part = &line->parts[i];
        int64_t qty = in_parts(units, part), part_of = part->qty - part->cancelled - part->earned;
        part->sales.left -= m_draw(part->sales.left, qty, part_of);
        part->discount.left -= m_draw(part->discount.left, qty, part_of);
        part->cancelled += qty;
    }
    line->cancelled += units;
}

/* Reading: of a bundle whose components left in part, open bundles are those all of whose components are open. */
static int64_t open_units(const struct order_line *line)
{
    return least(whole_units(line, part_open), line->qty - line->cancelled - line->earned);
}

bool m_read_cancel(struct run *run)
{
    const struct m_document *d = run->papers[run->paper].d;
    struct order *order = order_of(run);
    for (size_t i = 0; i < d->lines.count; i++) {
        struct order_line *line = named_line(run, order, &d->lines.at[i]);
        if (!line)
            return false;
        int64_t units = d->lines.at[i].qty == M_NONE ? open_units(line) : d->lines.at[i].qty;
        if (units > open_units(line)) {
            /* Reading: more than ordered less shipped is refused for good; less, but cancelled before, waits. */
            bool shipped = units > line->qty - whole_units(line, part_shipped);
            return shipped ? m_refuse_late(run, "failed", "shipped_units") : m_refuse_late(run, "waiting", "exceeds_open");
        }
        cancel_units(line, units);
    }
    /* Reading: a cancel without lines that finds nothing open is posted and changes nothing. */
    for (int i = 0; i < order->lines.count && d->lines.count == 0; i++)
        cancel_units(&order->lines.at[i], open_units(&order->lines.at[i]));
    move_excess(run, order);
    return true;
}

static bool stays_behind(const struct m_document *d, const struct run *run, const struct order_line *line)
{
    if (!d->location && !d->supplier)
        return false; /* Reading: a shipment from nowhere in particular takes every line */
    if (line->supplier && !is(d->supplier, line->supplier))
        return true;
    return line->location >= 0 && !(d->location && line->location == run->papers[run->paper].location);
}

static int64_t dropship_units(struct run *run, struct order *order, struct order_line *line, int64_t qty, bool deferred)
{
    int64_t of = line->qty - line->cancelled - (line->parts[0].shipped - qty);
    int64_t cost = draw_bucket(&line->dropship_cost, qty, of);
    int number = order_number(run, order);
    m_post(run, deferred ? "deferred_dropship_cost" : "cost_of_sales_dropship", cost, line->parts[0].item, -1, number,
         line_number(order, line));
    m_post(run, "accrued_purchases", -cost, line->parts[0].item, -1, -1, -1);
    return cost;
}

static bool ship_part(struct run *run, struct earning *earning, struct order_line *line, int part_number, int64_t qty,
                      const struct m_lines *picks)
{
    struct order *order = earning->order;
    const struct paper *paper = &run->papers[run->paper];
    struct part *part = &line->parts[part_number];
    int number = order_number(run, order), line_at = line_number(order, line);
    bool at_delivery = run->settings->revenue_at == M_AT_DELIVERY &&
                       (line->kind == LINE_STOCK || line->kind == LINE_DROPSHIP);
    part->shipped += qty;
    struct shipped *shipped = LIST_ADD(run->arena, run->shipments);
    *shipped = (struct shipped){.paper = run->paper, .order = number, .line = line_at, .part = part_number, .qty = qty};
    int shipped_at = run->shipments.count - 1;
    if (line->kind == LINE_DROPSHIP) {
        int64_t cost = dropship_units(run, order, line, qty, at_delivery);
        run->shipments.at[shipped_at].cost = cost;
    } else if (line->kind == LINE_STOCK && m_is_stocked(run, part->item)) {
        int location = paper->d->location ? paper->location : line->location >= 0 ? line->location : 0;
        const char *role = at_delivery ? "goods_out" : "cogs";
        struct issued issued;
        struct destination to = {role, number, line_at, part_number, location, run->paper, -1};
        if (!m_issue(run, part->item, location, qty, to, picks, &issued))
            return false;
        m_post(run, role, issued.total, part->item, location, number, line_at);
    }
    if (!at_delivery)
        earn_part(run, earning, line, part, qty);
    return true;
}

/* What a shipment is about to take of one part, beyond what was shipped before. */
static bool within_order(struct run *run, const struct part *part, int64_t qty)
{
    if (part->shipped + qty > part->qty)
        return m_refuse_late(run, "failed", "exceeds_ordered");
    if (part->shipped + part->cancelled + qty > part->qty)
        return m_refuse_late(run, "waiting", "exceeds_open");
    return true;
}

static bool ship_named(struct run *run, struct earning *earning, const struct m_line *named)
{
    struct order_line *line = named_line(run, earning->order, named);
    if (!line)
        return false;
    int taken = 0;
    for (int i = 0; i < line->part_count; i++) {
        struct part *part = &line->parts[i];
        if (named->component && !same(named->component, part->sku))
            continue;
        int64_t qty = named->qty == M_NONE     ? part_open(part)
                      : named->component != NULL ? named->qty
                                                 : in_parts(named->qty, part);
        if (!within_order(run, part, qty) || !ship_part(run, earning, line, i, qty, &named->picks))
            return false;
        taken++;
    }
    return taken > 0 || m_refuse_late(run, "failed", "line_unknown");
}

bool m_read_shipment(struct run *run)
{
    const struct m_document *d = run->papers[run->paper].d;
    struct earning earning = {.order = order_of(run)};
    struct order *order = earning.order;
    for (size_t i = 0; i < d->lines.count; i++)
        if (!ship_named(run, &earning, &d->lines.at[i]))
            return false;
    int taken = 0;
    for (int i = 0; i < order->lines.count && d->lines.count == 0; i++) {
        struct order_line *line = &order->lines.at[i];
        for (int k = 0; k < line->part_count; k++) {
            int64_t open = part_open(&line->parts[k]);
            if (open <= 0 || stays_behind(d, run, line))
                continue;
            taken++;
            if (!ship_part(run, &earning, line, k, open, NULL))
                return false;
        }
    }
    if (d->lines.count == 0 && taken == 0)
        return m_refuse(run, "waiting", "exceeds_open");
    if (!finish_earning(run, &earning))
        return false;
    if (d->cost != M_NONE) {
        int64_t cost = m_in_company(run, d->cost);
        m_post(run, "shipping_cost", cost, -1, -1, -1, -1);
        m_post(run, "accrued_shipping", -cost, -1, -1, -1, -1);
    }
    return true;
}

static void deliver(struct run *run, struct earning *earning, struct shipped *shipped, int64_t qty)
{
    struct order_line *line = &earning->order->lines.at[shipped->line];
    int64_t of = shipped->qty - shipped->delivered;
    int number = shipped->order;
    shipped->delivered += qty;
    if (run->settings->revenue_at != M_AT_DELIVERY)
        return;
    if (line->kind == LINE_DROPSHIP) {
        int64_t cost = m_draw(shipped->cost, qty, of);
        shipped->cost -= cost;
        m_post(run, "cost_of_sales_dropship", cost, line->parts[0].item, -1, number, shipped->line);
        m_post(run, "deferred_dropship_cost", -cost, line->parts[0].item, -1, number, shipped->line);
    } else if (line->kind == LINE_STOCK) {
        m_deliver_units(run, number, shipped->line, shipped->part, shipped->paper, qty);
    } else {
        return;
    }
    earn_part(run, earning, line, &line->parts[shipped->part], qty);
}

bool m_read_delivery(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    int number = run->papers[paper->target].order;
    struct earning earning = {.order = &run->orders[number]};
    for (int i = 0; i < run->shipments.count && d->lines.count == 0; i++) {
        struct shipped *shipped = &run->shipments.at[i];
        if (shipped->paper == paper->target)
            deliver(run, &earning, shipped, shipped->qty - shipped->delivered - shipped->back);
    }
    for (size_t k = 0; k < d->lines.count; k++) {
        struct order_line *line = named_line(run, earning.order, &d->lines.at[k]);
        if (!line)
            return false;
        for (int part = 0; part < line->part_count; part++) {
            int64_t qty = in_parts(m_or_zero(d->lines.at[k].qty), &line->parts[part]);
            for (int i = 0; i < run->shipments.count; i++) {
                struct shipped *shipped = &run->shipments.at[i];
                if (shipped->paper != paper->target || shipped->part != part ||
                    shipped->line != line_number(earning.order, line))
                    continue;
                int64_t open = shipped->qty - shipped->delivered - shipped->back;
                int64_t now = d->lines.at[k].qty == M_NONE ? open : least(open, qty);
                if (now > 0)
                    deliver(run, &earning, shipped, now);
                qty -= now;
            }
            if (qty > 0)
                return m_refuse_late(run, "waiting", "exceeds_open");
        }
    }
    return finish_earning(run, &earning);
}

/* --- revenue_at payment ---------------------------------------------------------------------------- */

static bool earn_at_payment(struct run *run, struct order *order)
{
    (void)order;
    /* The settings with revenue_at payment are not modelled yet (README.md). */
    must(run->settings->revenue_at != M_AT_PAYMENT);
    return true;
}

/* --- returns --------------------------------------------------------------------------------------- */

static bool covered(const struct run *run, const struct order *order, const struct m_document *d)
{
    (void)run;
    for (int i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        for (int k = 0; k < line->part_count; k++) {
            const struct part *part = &line->parts[k];
            int64_t wanted = 0;
            for (size_t at = 0; at < d->lines.count; at++) {
                const struct m_line *named = &d->lines.at[at];
                bool fits = named->line ? same(named->line, line->id) : is(named->sku, line->sku);
                if (!fits || (named->component && !same(named->component, part->sku)))
                    continue;
                wanted += named->component ? named->qty : in_parts(named->qty, part);
            }
            if (part->returned + wanted > part->shipped)
                return false;
        }
    }
    return true;
}

bool m_return_is_covered(struct run *run, int paper)
{
    return covered(run, &run->orders[run->papers[paper].order], run->papers[paper].d);
}

/* Goods whose sale nobody knows come in at the cost stated. */
static bool return_without_order(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    for (size_t i = 0; i < paper->d->lines.count; i++) {
        const struct m_line *line = &paper->d->lines.at[i];
        int item = -1;
        for (int k = 0; k < run->item_count; k++)
            item = is(line->sku, run->items[k].sku) ? k : item;
        if (line->unit_cost == M_NONE)
            return m_refuse_late(run, "failed", "missing_field");
        if (item < 0)
            return m_refuse_late(run, "waiting", "waits_document");
        int64_t value = m_cost_of(run, line->qty, line->unit_cost);
        if (is(line->disposition, "lost") || is(line->disposition, "kept"))
            continue;
        m_post(run, "cogs", -value, item, paper->location, -1, -1);
        if (is(line->disposition, "damaged")) {
            m_post(run, "damaged_goods_write_off", value, item, paper->location, -1, -1);
            *m_counter(run, run->damaged, item, paper->location) += line->qty;
        } else {
            m_inflow(run, item, paper->location, LOT_OTHER, (int)i, line->qty, value, NULL);
            if (is(line->disposition, "quarantined"))
                *m_counter(run, run->quarantined, item, paper->location) += line->qty;
        }
    }
    return true;
}

bool m_read_return(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    if (paper->order < 0)
        return return_without_order(run);
    struct order *order = order_of(run);
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct order_line *line = named_line(run, order, &d->lines.at[i]);
        if (!line)
            return false;
        bool known = !d->lines.at[i].component;
        for (int k = 0; k < line->part_count; k++)
            known = known || same(line->parts[k].sku, d->lines.at[i].component);
        if (!known)
            return m_refuse(run, "failed", "line_unknown");
        if (line->kind == LINE_DROPSHIP || is(d->lines.at[i].disposition, "to_supplier"))
            return m_refuse(run, "failed", "unsupported");
    }
    if (!covered(run, order, d)) {
        *LIST_ADD(run->arena, run->late_returns) = run->paper;
        return m_wait_for_open(run);
    }
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *named = &d->lines.at[i];
        struct order_line *line = named_line(run, order, named);
        for (int k = 0; k < line->part_count; k++) {
            struct part *part = &line->parts[k];
            if (named->component && !same(named->component, part->sku))
                continue;
            int64_t qty = named->component ? named->qty : in_parts(named->qty, part);
            part->returned += qty;
            if (line->kind == LINE_STOCK && m_is_stocked(run, part->item) &&
                !m_return_units(run, order_number(run, order), line_number(order, line), k, qty, named->disposition,
                              paper->location, (int)i))
                return false;
        }
    }
    return true;
}

/* --- refunds ---------------------------------------------------------------------------------------- */

struct refunding {
    struct order *order;
    int64_t worth; /* what was debited, company's currency */
};

static void refund_line(struct run *run, struct refunding *refunding, const char *role, int64_t amount, int item, int line)
{
    if (amount == 0)
        return;
    int64_t worth = at_rate(run, refunding->order->money, amount);
    refunding->worth += worth;
    m_post(run, role, worth, item, -1, order_number(run, refunding->order), line);
}

static bool refund_account(struct run *run, struct refunding *refunding, struct account *account, const char *role,
                           int64_t amount)
{
    if (amount > account->order)
        return m_refuse_late(run, "waiting", "exceeds_open");
    int64_t carried = draw_account(account, amount);
    refunding->worth += carried;
    m_post(run, role, carried, -1, -1, order_number(run, refunding->order), -1);
    return true;
}

static int64_t earned_goods(const struct order_line *line)
{
    int64_t earned = line->rounding.earned;
    for (int i = 0; i < line->part_count; i++)
        earned += line->parts[i].sales.earned - line->parts[i].discount.earned;
    return earned;
}

static int64_t earned_tax(const struct tax *taxes, int count)
{
    int64_t earned = 0;
    for (int i = 0; i < count; i++)
        earned += taxes[i].marketplace ? 0 : taxes[i].amount.earned;
    return earned;
}

/* Everything the order earned from its customer: goods, shipping, tax. */
static int64_t earned_value(const struct order *order)
{
    int64_t earned = 0;
    for (int i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        earned += earned_goods(line) + line->shipping.earned - line->shipping_discount.earned +
                  earned_tax(line->taxes, line->tax_count) + earned_tax(line->shipping_taxes, line->shipping_tax_count);
    }
    return earned;
}

static bool refund_earned(struct run *run, struct refunding *refunding, const char *role, int64_t amount, int item, int line)
{
    struct order *order = refunding->order;
    if (amount > earned_value(order) - order->refunded_earned)
        return m_refuse_late(run, "waiting", "exceeds_open");
    order->refunded_earned += amount;
    refund_line(run, refunding, role, amount, item, line);
    return true;
}

static bool refund_marketplace_tax(struct run *run, struct refunding *refunding, const struct m_lines *taxes)
{
    struct order *order = refunding->order;
    for (size_t i = 0; i < taxes->count; i++) {
        if (!is(taxes->at[i].remitter, "marketplace"))
            continue;
        if (taxes->at[i].amount > order->marketplace_withheld)
            return m_refuse_late(run, "waiting", "exceeds_open");
        order->marketplace_withheld -= taxes->at[i].amount;
        refund_line(run, refunding, "marketplace_tax_withheld", taxes->at[i].amount, -1, -1);
    }
    return true;
}

static int64_t merchant_tax_of(const struct m_lines *taxes)
{
    int64_t sum = 0;
    for (size_t i = 0; i < taxes->count; i++)
        sum += is(taxes->at[i].remitter, "marketplace") ? 0 : taxes->at[i].amount;
    return sum;
}

/* One line: its qty is taken from cancelled, then earned, then open units; amount and taxes follow by draws. */
static bool refund_order_line(struct run *run, struct refunding *refunding, const struct m_line *named)
{
    struct order *order = refunding->order;
    struct order_line *line = named_line(run, order, named);
    if (!line)
        return false;
    int number = line_number(order, line), item = line->parts[0].item;
    int64_t amount = m_or_zero(named->amount), cancelled = 0, earned = 0, open = 0;
    int64_t goods_left = earned_goods(line) - line->refunded_amount;
    int64_t tax_left = earned_tax(line->taxes, line->tax_count) - line->refunded_tax;
    if (named->qty != M_NONE) {
        int64_t qty = named->qty;
        cancelled = least(qty, line->cancelled - line->refunded_cancelled);
        earned = least(qty - cancelled, line->earned - line->refunded_earned);
        open = qty - cancelled - earned;
        if (open > line->qty - line->cancelled - line->earned - line->refunded_open)
            return m_refuse_late(run, "waiting", "exceeds_open");
        line->refunded_cancelled += cancelled;
        line->refunded_earned += earned;
        line->refunded_open += open;
    }
    /* Parts of the amount and of each tax: by units, or (an allowance) earned as far as it goes, then open. */
    int64_t due = 0, deposit = 0, goods = 0, tax_back = 0;
    if (named->qty != M_NONE) {
        int64_t of = cancelled + earned + open;
        int64_t a = of ? m_draw(amount, cancelled, of) : 0;
        int64_t b = of - cancelled ? m_draw(amount - a, earned, of - cancelled) : 0;
        due += a;
        goods += b;
        deposit += amount - a - b;
        for (size_t i = 0; i < named->tax.count; i++) {
            if (is(named->tax.at[i].remitter, "marketplace"))
                continue;
            int64_t tax = named->tax.at[i].amount;
            a = of ? m_draw(tax, cancelled, of) : 0;
            b = of - cancelled ? m_draw(tax - a, earned, of - cancelled) : 0;
            due += a;
            tax_back += b;
            deposit += tax - a - b;
        }
    } else {
        int64_t tax = merchant_tax_of(&named->tax);
        goods = least(amount, most(0, goods_left));
        tax_back = least(tax, most(0, tax_left));
        deposit = amount - goods + tax - tax_back;
    }
    if (goods > goods_left || tax_back > tax_left)
        return m_refuse_late(run, "waiting", "exceeds_open");
    line->refunded_amount += goods;
    line->refunded_tax += tax_back;
    return refund_account(run, refunding, &order->refunds_due, "refunds_due", due) &&
           refund_earned(run, refunding, "returns_and_allowances", goods, item, number) &&
           refund_earned(run, refunding, "sales_tax_payable", tax_back, item, number) &&
           refund_account(run, refunding, &order->deposit, "customer_deposits", deposit) &&
           refund_marketplace_tax(run, refunding, &named->tax);
}

/* So much from what was earned, the rest from refunds due, then deposits. */
static bool refund_shipping_part(struct run *run, struct refunding *refunding, const char *role, int64_t amount,
                                 int64_t earned_left, int64_t *refunded)
{
    struct order *order = refunding->order;
    int64_t earned = least(amount, most(0, earned_left));
    int64_t due = least(amount - earned, order->refunds_due.order);
    *refunded += earned;
    return refund_earned(run, refunding, role, earned, -1, -1) &&
           refund_account(run, refunding, &order->refunds_due, "refunds_due", due) &&
           refund_account(run, refunding, &order->deposit, "customer_deposits", amount - earned - due);
}

static bool refund_shipping(struct run *run, struct refunding *refunding, const struct m_line *shipping)
{
    struct order *order = refunding->order;
    int64_t income = 0, tax = 0;
    for (int i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        income += line->shipping.earned - line->shipping_discount.earned;
        tax += earned_tax(line->shipping_taxes, line->shipping_tax_count);
    }
    return refund_shipping_part(run, refunding, "shipping_refunded", m_or_zero(shipping->amount),
                                income - order->refunded_shipping, &order->refunded_shipping) &&
           refund_shipping_part(run, refunding, "sales_tax_payable", merchant_tax_of(&shipping->tax),
                                tax - order->refunded_shipping_tax, &order->refunded_shipping_tax) &&
           refund_marketplace_tax(run, refunding, &shipping->tax);
}

static bool refund_in_total(struct run *run, struct refunding *refunding, int64_t amount)
{
    struct order *order = refunding->order;
    int64_t due = least(amount, order->refunds_due.order);
    int64_t earned = least(amount - due, most(0, earned_value(order) - order->refunded_earned));
    return refund_account(run, refunding, &order->refunds_due, "refunds_due", due) &&
           refund_earned(run, refunding, "returns_and_allowances", earned, -1, -1) &&
           refund_account(run, refunding, &order->deposit, "customer_deposits", amount - due - earned);
}

bool m_read_refund(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    if (paper->order < 0)
        return m_refuse(run, "failed", "unsupported"); /* match stands outside the promise on arrival */
    struct order *order = order_of(run);
    struct refunding refunding = {order, 0};
    const struct m_line *shipping = shipping_of(d);
    int64_t fee = m_or_zero(d->restocking_fee), parts = -fee;
    if (needs_rate(run, order->money))
        return m_refuse(run, "waiting", "waits_rate");
    for (size_t i = 0; i < d->lines.count; i++)
        parts += m_or_zero(d->lines.at[i].amount) + tax_sum(&d->lines.at[i].tax);
    if (shipping)
        parts += m_or_zero(shipping->amount) + tax_sum(&shipping->tax);
    bool itemised = d->lines.count > 0 || shipping;
    if (itemised && parts != d->amount)
        return m_refuse(run, "failed", "refund_differs");
    for (size_t i = 0; i < d->lines.count; i++)
        if (!refund_order_line(run, &refunding, &d->lines.at[i]))
            return false;
    if (shipping && !refund_shipping(run, &refunding, shipping))
        return false;
    /* Reading: without lines the parts are the amount and the fee kept back. */
    if (!itemised && !refund_in_total(run, &refunding, d->amount + fee))
        return false;
    int64_t paid = at_rate(run, order->money, d->amount), kept = at_rate(run, order->money, fee);
    int number = order_number(run, order);
    if (paper->other_order >= 0) {
        /* Reading: an exchange becomes a deposit of the other order, whatever it owes; nothing is looked at again. */
        struct order *other = &run->orders[paper->other_order];
        other->deposit.order += d->amount;
        other->deposit.company += paid;
        m_post(run, "customer_deposits", -paid, -1, -1, paper->other_order, -1);
    } else {
        m_post(run, d->store_credit ? "store_credit_liability" : "gateway_clearing", -paid, -1, -1, number, -1);
    }
    m_post(run, "restocking_fee_income", -kept, -1, -1, number, -1);
    m_post(run, "realised_fx", paid + kept - refunding.worth, -1, -1, number, -1);
    return true;
}

/* --- a person's entry -------------------------------------------------------------------------------- */

/* Who may post: s stock movements only, i with an open item, f anybody. The list of src/ledger/role.h, by name. */
static char control_of(const char *role)
{
    static const char stock[] = " inventory inventory_owed inventory_in_transit goods_out ";
    static const char items[] =
        " goods_sold_not_shipped gateway_clearing payouts_in_transit accounts_receivable supplier_prepayments "
        "disputes_held reserve_held deferred_dropship_cost returned_goods_asset landed_cost_clearing suspense "
        "customer_deposits refunds_due marketplace_tax_withheld grni accrued_purchases accounts_payable "
        "gift_card_liability store_credit_liability refund_liability ";
    static const char free_for_all[] =
        " bank bank_clearing input_tax sales_tax_payable accrued_shipping unclaimed_property_payable loans opening_equity "
        "drawings sales shipping_income commission_income tips restocking_fee_income breakage_income "
        "marketplace_reimbursements discounts returns_and_allowances shipping_refunded cogs cost_of_sales_dropship "
        "price_difference shrinkage damaged_goods_write_off scrap samples own_use stock_adjustments inventory_write_down "
        "revaluation production_costs_absorbed shipping_cost merchant_fees ads dispute_fees chargeback_loss bad_debt "
        "rounding realised_fx unrealised_fx expenses ";
    static const struct {
        const char *names;
        char control;
    } lists[] = {{stock, 's'}, {items, 'i'}, {free_for_all, 'f'}};
    size_t len = strlen(role);
    for (size_t i = 0; i < 3; i++)
        for (const char *at = lists[i].names; (at = strstr(at, role)) != NULL; at += len)
            if (at[-1] == ' ' && at[len] == ' ')
                return lists[i].control;
    return '\0';
}

static struct account *account_named(struct order *order, const char *role)
{
    return same(role, "accounts_receivable") ? &order->receivable
           : same(role, "customer_deposits") ? &order->deposit
           : same(role, "refunds_due")       ? &order->refunds_due
                                             : NULL;
}

bool m_read_entry(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    int64_t sum = 0;
    /* Reading: unknown role before control account before balance. */
    for (size_t i = 0; i < d->lines.count; i++)
        if (!control_of(d->lines.at[i].role))
            return m_refuse(run, "failed", "unknown_role");
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        char control = control_of(line->role);
        struct account *account = paper->targets[i] >= 0 ? account_named(&run->orders[paper->targets[i]], line->role) : NULL;
        if (control == 's' || (control == 'i' && !account))
            return m_refuse(run, "failed", "control_account");
        sum += line->amount;
    }
    if (sum != 0)
        return m_refuse(run, "failed", "entry_unbalanced");
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        int number = paper->targets[i];
        int64_t amount = m_in_company(run, line->amount);
        struct account *account = number >= 0 ? account_named(&run->orders[number], line->role) : NULL;
        if (account) {
            int64_t more = account == &run->orders[number].receivable ? amount : -amount;
            if (more < -account->company)
                return m_refuse_late(run, "waiting", "exceeds_open");
            account->order += more;
            account->company += more;
        }
        m_post(run, line->role, amount, -1, -1, number, -1);
    }
    return true;
}

/* --- what is told, and what must hold ----------------------------------------------------------------- */

int64_t m_reserved_at(const struct run *run, int item, int location)
{
    int64_t reserved = 0;
    for (int i = 0; i < run->order_count; i++)
        for (int k = 0; k < run->orders[i].lines.count; k++) {
            const struct order_line *line = &run->orders[i].lines.at[k];
            int at = line->location >= 0 ? line->location : 0;
            for (int part = 0; part < line->part_count && line->kind == LINE_STOCK && at == location; part++)
                if (line->parts[part].item == item)
                    reserved += part_open(&line->parts[part]);
        }
    return reserved;
}

/* J-6 for the three accounts of every order. */
void m_check_orders(const struct run *run)
{
    for (int i = 0; i < run->order_count; i++) {
        const struct order *order = &run->orders[i];
        int64_t deposit = 0, receivable = 0, due = 0;
        for (int k = 0; k < run->posted.count; k++) {
            const struct posted *posted = &run->posted.at[k];
            if (posted->order != i)
                continue;
            deposit -= same(posted->role, "customer_deposits") ? posted->amount : 0;
            receivable += same(posted->role, "accounts_receivable") ? posted->amount : 0;
            due -= same(posted->role, "refunds_due") ? posted->amount : 0;
        }
        must(deposit == order->deposit.company && deposit >= 0);
        must(receivable == order->receivable.company && receivable >= 0);
        must(due == order->refunds_due.company && due >= 0);
    }
}
