/* model_order.c: what an order's events post. An order's lines hold what is still to be earned in buckets; its customer
 * has three accounts: deposit, receivable, refunds due. The rules are those of docs/formats/order-postings.md. */
#include "base/decimal.h"
#include "model/run.h"
#include <string.h>

static bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }
static bool is(const char *text, const char *value) { return text && same(text, value); }
static bool same_or_none(const char *a, const char *b) { return a && b ? same(a, b) : a == b; }

static struct order *order_of(const struct run *run) { return &run->orders[run->papers[run->paper].order]; }
static int order_number(const struct run *run, const struct order *order) { return (int)(order - run->orders); }
static int line_number(const struct order *order, const struct order_line *line)
{
    return (int)(line - order->lines.at);
}
static bool pays_first(const struct run *run) { return run->settings->revenue_at == M_AT_PAYMENT; }

/* --- the value of an order ------------------------------------------------------------------------ */

static int64_t tax_sum(const struct m_lines *taxes)
{
    int64_t sum = 0;
    for (size_t i = 0; i < taxes->count; i++)
        sum += taxes->at[i].amount;
    return sum;
}

static int64_t merchant_tax_of(const struct m_lines *taxes)
{
    int64_t sum = 0;
    for (size_t i = 0; i < taxes->count; i++)
        sum += is(taxes->at[i].remitter, "marketplace") ? 0 : taxes->at[i].amount;
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

/* Works out every line's worth; false when the total differs by more than the limit. */
static bool work_out(struct run *run, const struct m_document *d, currency money, struct worth *out_worth,
                     int64_t *out_total)
{
    size_t count = d->lines.count;
    int64_t *values = ARENA_ARRAY(run->arena, int64_t, count + 1);
    int64_t *weights = ARENA_ARRAY(run->arena, int64_t, count + 1);
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
        split_by_weight(amount, weights, count, parts);
        for (size_t i = 0; i < count; i++)
            out_worth[i].shipping = parts[i];
        split_by_weight(discount, weights, count, parts);
        for (size_t i = 0; i < count; i++)
            out_worth[i].shipping_discount = parts[i];
        for (size_t k = 0; k < shipping->tax.count; k++) {
            split_by_weight(shipping->tax.at[k].amount, weights, count, parts);
            for (size_t i = 0; i < count; i++) {
                out_worth[i].shipping_tax[k] = parts[i];
                out_worth[i].shipping -= included ? parts[i] : 0;
            }
        }
    }
    *out_total = d->total == M_NONE ? sum : d->total;
    int64_t rounding = *out_total - sum, limit = 0;
    int64_t limit_micro = m_settings_when_made(run, d)->rounding_limit_micro;
    must(amount_of(MICRO, limit_micro, currency_exponent(money), &limit));
    if (rounding > limit || rounding < -limit || (count == 0 && rounding != 0))
        return false;
    if (count)
        out_worth[0].rounding = rounding;
    return true;
}

bool m_order_adds_up(struct run *run, const struct m_document *d)
{
    struct worth *worth = ARENA_ARRAY(run->arena, struct worth, d->lines.count + 1);
    int64_t total = 0;
    must(worth);
    return work_out(run, d, d->currency ? currency_find(span_of(d->currency)) : run->settings->company, worth, &total);
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

/* A quantity that a later document names, in stock units: by the line's id it counts in the line's unit. */
static int64_t named_qty(struct run *run, const struct order_line *line, const struct m_line *named, int item)
{
    if (named->qty == M_NONE)
        return M_NONE;
    if (named->uom)
        return m_rounded(named->qty, m_factor(run, item, named->uom), MICRO);
    return named->line && !named->component ? m_rounded(named->qty, line->factor, MICRO) : named->qty;
}

/* Bundles (or units of a plain line) that parts make up: the least over components. */
static int64_t whole_units(const struct order_line *line, int64_t (*of)(const struct part *))
{
    int64_t least_units = INT64_MAX;
    for (int i = 0; i < line->part_count; i++) {
        wide units = (wide)of(&line->parts[i]) * MICRO / line->parts[i].per;
        least_units = least(least_units, (int64_t)units);
    }
    return line->part_count ? least_units : 0;
}
static int64_t part_shipped(const struct part *part) { return part->shipped; }
static int64_t part_earned(const struct part *part) { return part->earned; }
/* Of the earned ones, those that left. */
static int64_t part_earned_shipped(const struct part *part) { return part->earned - part->sold; }
static int64_t part_back_earned(const struct part *part) { return part->returned_earned; }
static int64_t part_back_unearned(const struct part *part) { return part->returned - part->returned_earned; }
static int64_t part_open(const struct part *part) { return part->qty - part->shipped - part->cancelled; }

static int64_t in_parts(int64_t units, const struct part *part) { return m_rounded(units, part->per, MICRO); }

/* Units of the line that are done with, of those its components make: all of them once every component is used up. */
static int64_t completed(const struct order_line *line, int64_t (*of)(const struct part *))
{
    bool used_up = true;
    for (int i = 0; i < line->part_count; i++)
        used_up = used_up && of(&line->parts[i]) + line->parts[i].cancelled >= line->parts[i].qty;
    int64_t there = line->qty - line->cancelled;
    return used_up ? there : least(there, whole_units(line, of));
}

static enum line_kind kind_of(struct run *run, const struct m_line *line, int item)
{
    const struct m_document *d = m_item_now(run, item);
    const char *by = line->fulfil.count ? line->fulfil.at[0].by : NULL;
    bool supplier = line->fulfil.count && line->fulfil.at[0].supplier;
    if (is(d->kind, "gift_card"))
        return LINE_GIFT_CARD;
    /* Reading: supplies are never valued, so they leave like a service. */
    if (is(d->kind, "service") || is(d->kind, "supply") || is(by, "digital"))
        return LINE_SERVICE;
    if (is(by, "dropship") || (!by && (is(d->kind, "dropship") || (is(d->kind, "either") && supplier))))
        return LINE_DROPSHIP;
    return LINE_STOCK;
}

static void freeze_parts(struct run *run, struct order_line *line)
{
    const struct m_document *d = m_item_now(run, line->item);
    line->bundle = is(d->kind, "bundle");
    if (!line->bundle) {
        line->part_count = 1;
        line->parts[0] = (struct part){.item = line->item, .sku = line->sku, .per = MICRO, .weight = 1};
        return;
    }
    line->part_count = (int)d->components.count;
    must(line->part_count <= MOST_PARTS);
    bool priced = true;
    for (int i = 0; i < line->part_count; i++) {
        int component = -1;
        for (int k = 0; k < run->item_count; k++)
            if (same(run->items[k].sku, d->components.at[i].sku))
                component = k;
        must(component >= 0);
        line->parts[i] =
            (struct part){.item = component, .sku = d->components.at[i].sku, .per = d->components.at[i].qty};
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
    bool back;      /* taken back by an edit; its catch-up joins it */
};
struct earning {
    struct order *order;
    LIST_OF(struct earned_line) lines;
    int64_t net;    /* what the customer owes for it */
    bool took_back; /* units sold before they ship */
    bool by_edit;   /* an edit is taking them back */
};

static void earn(struct run *run, struct earning *earning, const char *role, int64_t amount, int item, int line)
{
    if (amount == 0)
        return;
    earning->net -= amount;
    for (int i = 0; i < earning->lines.count && !earning->by_edit; i++) {
        struct earned_line *back = &earning->lines.at[i];
        if (back->back && same(back->role, role) && back->item == item && back->line == line) {
            back->amount += amount;
            back->back = false;
            return;
        }
    }
    *LIST_ADD(run->arena, earning->lines) = (struct earned_line){role, item, line, amount, earning->by_edit};
}

static int64_t draw_bucket(struct bucket *bucket, int64_t qty, int64_t of)
{
    int64_t drawn = m_draw(bucket->left, qty, of);
    bucket->left -= drawn;
    bucket->earned += drawn;
    return drawn;
}

/* Under revenue_gross net a dropshipped line's sales, discounts and shipping are commission. */
static const char *earned_role(const struct run *run, const struct order_line *line, const char *role)
{
    return line->kind == LINE_DROPSHIP && run->settings->revenue_net ? "commission_income" : role;
}

static const char *sales_role(const struct run *run, const struct order_line *line)
{
    return earned_role(run, line, line->kind == LINE_GIFT_CARD ? "gift_card_liability" : "sales");
}

static void earn_tax(struct run *run, struct earning *earning, struct tax *tax, int64_t units, int64_t of, int item,
                     int line)
{
    int64_t amount = draw_bucket(&tax->amount, units, of);
    int64_t moved = m_draw(tax->moved, units, of);
    tax->moved -= moved;
    if (!tax->marketplace)
        earn(run, earning, "sales_tax_payable", moved - amount, item, line);
}

/* So many refunded units are open no more: their draw of what was refunded of open units, all of it once none is open. */
static int64_t leave_open(int64_t *refunded, int64_t units, int64_t of, bool none_open)
{
    int64_t left = none_open ? *refunded : units > 0 ? m_draw(*refunded, units, of) : 0;
    *refunded -= left;
    return left;
}

/* Units that were refunded while open are earned now, as far as no other open unit is left. */
static void refund_catches_up(struct order_line *line)
{
    int64_t open = line->qty - line->cancelled - line->earned;
    int64_t caught = most(0, line->refunded_open - open);
    line->refunded_early += leave_open(&line->refunded_open_amount, caught, line->refunded_open, open == 0);
    for (int i = 0; i < line->tax_count; i++) {
        struct tax *tax = &line->taxes[i];
        tax->refunded_early += leave_open(&tax->refunded_open, caught, line->refunded_open, open == 0);
    }
    line->refunded_open -= caught;
    line->refunded_earned += caught;
}

/* Units that were refunded while open are cancelled, or an edit took them off. */
static void cancel_refunded(struct order_line *line, int64_t units)
{
    int64_t open = line->qty - line->cancelled - line->earned;
    (void)leave_open(&line->refunded_open_amount, units, line->refunded_open, open == 0);
    for (int i = 0; i < line->tax_count; i++)
        (void)leave_open(&line->taxes[i].refunded_open, units, line->refunded_open, open == 0);
    line->refunded_open -= units;
    line->refunded_cancelled += units;
}

/* What concerns the line as a whole, for so many units of it. */
static void earn_whole(struct run *run, struct earning *earning, struct order_line *line, int64_t units)
{
    int number = line_number(earning->order, line);
    int64_t of = line->qty - line->cancelled - line->earned;
    if (units == 0)
        return;
    earn(run, earning, earned_role(run, line, "shipping_income"), -draw_bucket(&line->shipping, units, of), -1, -1);
    earn(run, earning, earned_role(run, line, "discounts"), draw_bucket(&line->shipping_discount, units, of), -1, -1);
    for (int i = 0; i < line->tax_count; i++)
        earn_tax(run, earning, &line->taxes[i], units, of, line->item, number);
    for (int i = 0; i < line->shipping_tax_count; i++)
        earn_tax(run, earning, &line->shipping_taxes[i], units, of, -1, -1);
    earn(run, earning, "rounding", -draw_bucket(&line->rounding, units, of), -1, -1);
    line->earned += units;
    refund_catches_up(line);
}

static void earn_part(struct run *run, struct earning *earning, struct order_line *line, struct part *part, int64_t qty)
{
    int number = line_number(earning->order, line);
    int64_t of = part->qty - part->cancelled - part->earned;
    if (qty == 0)
        return;
    earn(run, earning, sales_role(run, line), -draw_bucket(&part->sales, qty, of), part->item, number);
    earn(run, earning, earned_role(run, line, "discounts"), draw_bucket(&part->discount, qty, of), part->item, number);
    part->earned += qty;
    earn_whole(run, earning, line, most(0, completed(line, part_earned) - line->earned));
}

static int64_t rate_of(struct run *run, const struct order *order)
{
    bool by_days = run->movements.at[run->at].payment == DAY_OF_SERVICE;
    return by_days && order->money != run->settings->company ? order->rate : m_rate_of(run, order->money);
}

static int64_t at_rate(struct run *run, const struct order *order, int64_t amount)
{
    int64_t out = 0;
    if (order->money == run->settings->company)
        return amount;
    must(amount_at_rate(amount, currency_exponent(order->money), rate_of(run, order), run->exponent, &out));
    return out;
}

static int64_t draw_account(struct account *account, int64_t amount)
{
    int64_t carried = amount == 0 ? 0 : m_draw(account->company, amount, account->order);
    account->order -= amount;
    account->company -= carried;
    return carried;
}

/* Puts the lines of an entry into the company's currency, worth `value` in all: the credits together are half-up(value ×
 * Σ credits ÷ net), the debits what that exceeds the value by; each side split over its lines. */
static void convert_lines(struct run *run, struct earning *earning, int64_t value)
{
    int count = earning->lines.count;
    int64_t *weights = ARENA_ARRAY(run->arena, int64_t, (size_t)count + 1);
    int64_t *parts = ARENA_ARRAY(run->arena, int64_t, (size_t)count + 1);
    int64_t *stated = ARENA_ARRAY(run->arena, int64_t, (size_t)count + 1);
    must(weights && parts && stated);
    int64_t credits = 0, net = earning->net, worth;
    for (int i = 0; i < count; i++) {
        stated[i] = earning->lines.at[i].amount;
        credits -= least(stated[i], 0);
    }
    if (net == 0)
        worth = at_rate(run, earning->order, credits);
    else
        worth = net > 0 ? m_rounded(value, credits, net) : m_rounded(-value, credits, -net);
    for (int side = 0; side < 2; side++) {
        bool credit = side == 0;
        for (int i = 0; i < count; i++)
            weights[i] = most(0, credit ? -stated[i] : stated[i]);
        split_by_weight(credit ? worth : worth - value, weights, (size_t)count, parts);
        for (int i = 0; i < count; i++)
            if (weights[i])
                earning->lines.at[i].amount = credit ? -parts[i] : parts[i];
    }
}

static bool needs_rate(struct run *run, const struct order *order) { return rate_of(run, order) == 0; }

/* The net is drawn from the deposit first, what is missing is receivable; a net in the customer's favour reduces the
 * receivable first, the rest is deposit. */
static bool finish_earning(struct run *run, struct earning *earning)
{
    struct order *order = earning->order;
    int number = order_number(run, order);
    int64_t net = earning->net, deposit, receivable, carried = 0, at_event = 0;
    bool foreign = order->money != run->settings->company;
    if (net >= 0) {
        deposit = least(net, order->deposit.order);
        receivable = net - deposit;
    } else {
        receivable = least(-net, order->receivable.order);
        deposit = -net - receivable;
    }
    bool wants_rate = net > 0 ? receivable > 0 : net < 0 ? deposit > 0 : earning->lines.count > 0;
    if (wants_rate && needs_rate(run, order))
        return m_refuse_late(run, "waiting", "waits_rate");
    if (net >= 0) {
        carried = draw_account(&order->deposit, deposit);
        at_event = receivable ? at_rate(run, order, receivable) : 0;
        order->receivable.order += receivable;
        order->receivable.company += at_event;
        m_post(run, "customer_deposits", carried, -1, -1, number, -1);
        m_post(run, "accounts_receivable", at_event, -1, -1, number, -1);
    } else {
        carried = -draw_account(&order->receivable, receivable);
        at_event = deposit ? -at_rate(run, order, deposit) : 0;
        order->deposit.order += deposit;
        order->deposit.company -= at_event;
        m_post(run, "accounts_receivable", carried, -1, -1, number, -1);
        m_post(run, "customer_deposits", at_event, -1, -1, number, -1);
    }
    if (foreign)
        convert_lines(run, earning, carried + at_event);
    for (int i = 0; i < earning->lines.count; i++) {
        const struct earned_line *line = &earning->lines.at[i];
        m_post(run, line->role, line->amount, line->item, -1, number, line->line);
    }
    return true;
}

/* Of the merchant's taxes: what is still to be earned, and what of it is payable already. */
static int64_t tax_left(const struct tax *taxes, int count)
{
    int64_t left = 0;
    for (int i = 0; i < count; i++)
        left += taxes[i].marketplace ? 0 : taxes[i].amount.left;
    return left;
}
static int64_t tax_moved(const struct tax *taxes, int count)
{
    int64_t moved = 0;
    for (int i = 0; i < count; i++)
        moved += taxes[i].moved;
    return moved;
}
static int64_t tax_earned(const struct tax *taxes, int count)
{
    int64_t earned = 0;
    for (int i = 0; i < count; i++)
        earned += taxes[i].marketplace ? 0 : taxes[i].amount.earned;
    return earned;
}

/* What is still to be earned, less tax that is payable already. */
static int64_t open_value(const struct order *order)
{
    int64_t open = 0;
    for (int i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        for (int k = 0; k < line->part_count; k++)
            open += line->parts[k].sales.left - line->parts[k].discount.left;
        open += line->shipping.left - line->shipping_discount.left + line->rounding.left;
        open += tax_left(line->taxes, line->tax_count) + tax_left(line->shipping_taxes, line->shipping_tax_count);
        open -= tax_moved(line->taxes, line->tax_count) + tax_moved(line->shipping_taxes, line->shipping_tax_count);
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

/* --- dropshipped goods ---------------------------------------------------------------------------- */

static const char *dropship_role(const struct run *run)
{
    return run->settings->revenue_net ? "commission_income" : "cost_of_sales_dropship";
}

static int64_t take_back(struct bucket *bucket, int64_t qty, int64_t of);

/* Draws a bucket up to so many units; fewer than before are taken back. */
static int64_t draw_up_to(struct bucket *bucket, int64_t *units, int64_t to, int64_t live)
{
    int64_t more = to - *units;
    int64_t drawn = more > 0   ? draw_bucket(bucket, more, live - *units)
                    : more < 0 ? -take_back(bucket, -more, *units)
                               : 0;
    *units = to;
    return drawn;
}

/* In the order's currency. What accrues is worth the day's rate; what becomes cost of sales what the deferred cost carries,
 * and the day's rate where that does not hold so much. */
static void post_dropship(struct run *run, const struct order *order, struct order_line *line, int64_t accrued,
                          int64_t cost)
{
    int number = order_number(run, order), at = line_number(order, line);
    struct account *deferred = &line->dropship_deferred;
    int64_t owed = at_rate(run, order, accrued), sold;
    deferred->order += accrued;
    deferred->company += owed;
    sold = cost > 0 && cost <= deferred->order ? m_draw(deferred->company, cost, deferred->order)
                                               : at_rate(run, order, cost);
    deferred->order -= cost;
    deferred->company -= sold;
    if (deferred->order == 0) {
        sold += deferred->company;
        deferred->company = 0;
    }
    m_post(run, dropship_role(run), sold, line->item, -1, number, at);
    m_post(run, "deferred_dropship_cost", owed - sold, line->item, -1, number, at);
    m_post(run, "accrued_purchases", -owed, line->item, -1, number, at);
}

/* Each is a draw on the line's whole cost: accrued for units shipped or earned, cost of sales of those earned and of those
 * that came back unearned. */
static void settle_dropship(struct run *run, const struct order *order, struct order_line *line)
{
    const struct part *part = &line->parts[0];
    int64_t live = line->qty - line->cancelled;
    if (line->kind != LINE_DROPSHIP)
        return;
    int64_t accrued = draw_up_to(&line->accrual, &line->accrued_units, part->shipped + part->sold, live);
    int64_t cost = draw_up_to(&line->sold_cost, &line->sold_cost_units, part->earned + part_back_unearned(part), live);
    post_dropship(run, order, line, accrued, cost);
}

/* --- revenue_at payment ---------------------------------------------------------------------------- */

static int from_location(const struct run *run, const struct order_line *line)
{
    const struct paper *paper = &run->papers[run->paper];
    if (paper->d->type == M_SHIPMENT && paper->d->location)
        return paper->location;
    return line->location >= 0 ? line->location : 0;
}

/* COGS of units earned before they ship: today's cost, against goods sold not shipped. */
static void sell_unshipped(struct run *run, struct order *order, struct order_line *line, struct part *part,
                           int64_t qty)
{
    bool known;
    int location = line->location >= 0 ? line->location : 0;
    int64_t value = m_gain_value(run, part->item, location, qty, &known);
    int number = order_number(run, order), at = line_number(order, line);
    part->sold_value += value;
    m_post(run, "cogs", value, part->item, location, number, at);
    m_post(run, "goods_sold_not_shipped", -value, part->item, location, number, at);
}

/* Once what was captured reaches the total, everything neither earned nor cancelled is earned. */
static void earn_when_paid(struct run *run, struct earning *earning)
{
    struct order *order = earning->order;
    if (!pays_first(run) || order->captured_total < order->total)
        return;
    for (int i = 0; i < order->lines.count; i++) {
        struct order_line *line = &order->lines.at[i];
        for (int k = 0; k < line->part_count; k++) {
            struct part *part = &line->parts[k];
            int64_t qty = part->qty - part->cancelled - part->earned - part_back_unearned(part);
            int64_t out = part->shipped - part_earned_shipped(part) - part_back_unearned(part); /* not earned */
            if (qty <= 0)
                continue;
            bool stocked = line->kind == LINE_STOCK && m_is_stocked(run, part->item);
            if (stocked) {
                m_deliver_units(run, order_number(run, order), i, k, -1, out);
                if (qty - out > 0)
                    sell_unshipped(run, order, line, part, qty - out);
            }
            part->sold += qty - out;
            earn_part(run, earning, line, part, qty);
            settle_dropship(run, order, line);
        }
    }
}

/* Earned units that will never ship are taken back: their draws of what was earned, backwards. */
static int64_t take_back(struct bucket *bucket, int64_t qty, int64_t of)
{
    int64_t back = m_draw(bucket->earned, qty, of);
    bucket->earned -= back;
    return back;
}

static void take_back_part(struct run *run, struct earning *earning, struct order_line *line, struct part *part,
                           int64_t qty)
{
    int number = line_number(earning->order, line), order = order_number(run, earning->order);
    int location = line->location >= 0 ? line->location : 0;
    if (qty <= 0)
        return;
    earn(run, earning, sales_role(run, line), take_back(&part->sales, qty, part->earned), part->item, number);
    earn(run, earning, earned_role(run, line, "discounts"), -take_back(&part->discount, qty, part->earned), part->item,
         number);
    if (line->kind == LINE_STOCK && m_is_stocked(run, part->item)) {
        int64_t cost = m_draw(part->sold_value, qty, part->sold);
        part->sold_value -= cost;
        m_post(run, "cogs", -cost, part->item, location, order, number);
        m_post(run, "goods_sold_not_shipped", cost, part->item, location, order, number);
    }
    part->sold -= qty;
    part->earned -= qty;
    earning->took_back = true;
}

/* What was refunded of units taken back is credited to where the refund debited it. Of the refunded units first those that
 * came back count, then those taken back. */
static void give_back_refunded(struct run *run, struct earning *earning, struct order_line *line, int64_t units)
{
    int number = line_number(earning->order, line);
    int64_t of = line->refunded_earned;
    int64_t qty = least(units, most(0, of - whole_units(line, part_back_earned)));
    if (qty <= 0)
        return;
    int64_t goods = m_draw(line->refunded_amount, qty, of);
    line->refunded_amount -= goods;
    line->refunded_early -= m_draw(line->refunded_early, qty, of);
    earning->order->refunded_earned -= goods;
    bool card = line->kind == LINE_GIFT_CARD;
    earn(run, earning, card ? "gift_card_liability" : earned_role(run, line, "returns_and_allowances"), -goods,
         line->item, number);
    for (int i = 0; i < line->tax_count; i++) {
        int64_t tax = m_draw(line->taxes[i].refunded_earned, qty, of);
        line->taxes[i].refunded_earned -= tax;
        line->taxes[i].refunded_early -= m_draw(line->taxes[i].refunded_early, qty, of);
        earning->order->refunded_earned -= tax;
        earn(run, earning, "sales_tax_payable", -tax, line->item, number);
    }
    line->refunded_earned -= qty;
    line->refunded_cancelled += qty;
}

static void take_back_whole(struct run *run, struct earning *earning, struct order_line *line, int64_t units)
{
    int number = line_number(earning->order, line);
    int64_t of = line->earned;
    if (units <= 0)
        return;
    earn(run, earning, earned_role(run, line, "shipping_income"), take_back(&line->shipping, units, of), -1, -1);
    earn(run, earning, earned_role(run, line, "discounts"), -take_back(&line->shipping_discount, units, of), -1, -1);
    for (int i = 0; i < line->tax_count; i++) {
        int64_t tax = take_back(&line->taxes[i].amount, units, of);
        if (!line->taxes[i].marketplace)
            earn(run, earning, "sales_tax_payable", tax, line->item, number);
    }
    for (int i = 0; i < line->shipping_tax_count; i++) {
        int64_t tax = take_back(&line->shipping_taxes[i].amount, units, of);
        if (!line->shipping_taxes[i].marketplace)
            earn(run, earning, "sales_tax_payable", tax, -1, -1);
    }
    earn(run, earning, "rounding", take_back(&line->rounding, units, of), -1, -1);
    line->earned -= units;
    give_back_refunded(run, earning, line, units);
}

static int64_t earned_goods(const struct order_line *line)
{
    int64_t earned = line->rounding.earned;
    for (int i = 0; i < line->part_count; i++)
        earned += line->parts[i].sales.earned - line->parts[i].discount.earned;
    return earned;
}

/* Everything the order earned from its customer and has not given back: goods, shipping, tax, tips and fees kept. */
static int64_t earned_less_refunded(const struct order *order)
{
    int64_t earned = order->tips + order->fees_kept - order->refunded_earned;
    for (int i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        earned += earned_goods(line) + line->shipping.earned - line->shipping_discount.earned +
                  tax_earned(line->taxes, line->tax_count) + tax_earned(line->shipping_taxes, line->shipping_tax_count);
    }
    return earned;
}

/* Taking units back leaves no less earned than was refunded. */
static void keep_earned(struct run *run, struct earning *earning)
{
    int64_t lacks = least(-earned_less_refunded(earning->order), -earning->net);
    if (!earning->took_back || lacks <= 0)
        return;
    earning->order->refunded_earned -= lacks;
    earn(run, earning, "returns_and_allowances", -lacks, -1, -1);
}

/* What becomes earned because the order is paid is an entry of its own, behind what the event earned by itself. */
static bool earn_as_paid(struct run *run, struct order *order)
{
    struct earning earning = {.order = order};
    earn_when_paid(run, &earning);
    return finish_earning(run, &earning);
}

/* --- order versions ------------------------------------------------------------------------------- */

struct change { /* of a line's or part's quantity by a version */
    int64_t before, earned, cancelled_before, cancelled, qty;
};

/* A bucket under a new total: what was earned becomes a draw of earned out of qty; returns the catch-up. The same amount
 * over the same quantities is left as it was drawn. */
static int64_t reset_bucket(struct bucket *bucket, int64_t total, struct change change)
{
    if (bucket->total == total && change.before == change.qty && change.cancelled_before == change.cancelled)
        return 0;
    int64_t would = change.qty == 0 ? 0 : m_draw(total, change.earned, change.qty);
    int64_t catch_up = would - bucket->earned;
    int64_t left = total - would;
    bucket->total = total;
    bucket->earned = would;
    bucket->left = left - (change.cancelled > 0 ? m_draw(left, change.cancelled, change.qty - change.earned) : 0);
    return catch_up;
}

/* Taxes are the same line where kind, jurisdiction and remitter are; the first such not taken yet. */
static struct tax *same_tax(struct tax *taxes, int *count, const struct m_line *stated)
{
    bool marketplace = is(stated->remitter, "marketplace");
    for (int i = 0; i < *count; i++)
        if (!taxes[i].seen && taxes[i].marketplace == marketplace && same_or_none(taxes[i].kind, stated->kind) &&
            same_or_none(taxes[i].jurisdiction, stated->jurisdiction))
            return &taxes[i];
    must(*count < MOST_TAXES);
    taxes[*count] =
        (struct tax){.marketplace = marketplace, .kind = stated->kind, .jurisdiction = stated->jurisdiction};
    return &taxes[(*count)++];
}

static void reset_tax(struct run *run, struct earning *earning, struct tax *tax, int64_t total, struct change change,
                      int item, int line)
{
    int64_t catch_up = reset_bucket(&tax->amount, total, change);
    tax->largest = most(tax->largest, total);
    if (tax->marketplace)
        return;
    earn(run, earning, "sales_tax_payable", -catch_up, item, line);
    /* An edit that leaves less tax open than was moved gives the difference back. */
    int64_t back = most(0, tax->moved - most(0, tax->amount.left));
    tax->moved -= back;
    earn(run, earning, "sales_tax_payable", back, item, line);
}

static void reset_taxes(struct run *run, struct earning *earning, struct tax *taxes, int *count,
                        const struct m_lines *stated, const int64_t *amounts, struct change change, int item, int line)
{
    for (int i = 0; i < *count; i++)
        taxes[i].seen = false;
    for (size_t i = 0; stated && i < stated->count; i++) {
        struct tax *tax = same_tax(taxes, count, &stated->at[i]);
        tax->seen = true;
        reset_tax(run, earning, tax, amounts ? amounts[i] : stated->at[i].amount, change, item, line);
    }
    for (int i = 0; i < *count; i++)
        if (!taxes[i].seen)
            reset_tax(run, earning, &taxes[i], 0, change, item, line);
}

/* Sets a line to what a version says of it (stated NULL: the version no longer lists it). */
static void reset_line(struct run *run, struct earning *earning, struct order_line *line, const struct m_line *stated,
                       const struct m_document *d, const struct worth *worth)
{
    static const struct worth nothing = {0};
    const struct worth *now = worth ? worth : &nothing;
    int number = line_number(earning->order, line);
    int64_t weights[MOST_PARTS] = {0}, sales[MOST_PARTS] = {0}, discounts[MOST_PARTS] = {0};
    struct change change = {line->qty, 0, line->cancelled, 0, stated ? m_rounded(stated->qty, line->factor, MICRO) : 0};
    line->qty = change.qty;
    line->largest_qty = most(line->largest_qty, line->qty);
    for (int i = 0; i < line->part_count; i++)
        weights[i] = line->parts[i].weight;
    split_by_weight(now->sales, weights, (size_t)line->part_count, sales);
    split_by_weight(now->discount, weights, (size_t)line->part_count, discounts);
    for (int i = 0; i < line->part_count; i++) {
        struct part *part = &line->parts[i];
        struct change of_part = {part->qty, 0, part->cancelled, 0, in_parts(line->qty, part)};
        part->qty = of_part.qty;
        part->cancelled = most(0, least(part->cancel_named, part->qty - part->shipped));
        earning->by_edit = true;
        take_back_part(run, earning, line, part,
                       part->earned - (part->qty - part->cancelled - part_back_unearned(part)));
        earning->by_edit = false;
        of_part.cancelled = part->cancelled;
        of_part.earned = part->earned;
        earn(run, earning, sales_role(run, line), -reset_bucket(&part->sales, sales[i], of_part), part->item, number);
        earn(run, earning, earned_role(run, line, "discounts"), reset_bucket(&part->discount, discounts[i], of_part),
             part->item, number);
    }
    line->cancelled = most(0, least(line->cancel_named, line->qty - least(line->qty, whole_units(line, part_shipped))));
    earning->by_edit = true;
    take_back_whole(run, earning, line, line->earned - completed(line, part_earned));
    earning->by_edit = false;
    change.cancelled = line->cancelled;
    change.earned = line->earned;
    earn(run, earning, earned_role(run, line, "shipping_income"), -reset_bucket(&line->shipping, now->shipping, change),
         -1, -1);
    earn(run, earning, earned_role(run, line, "discounts"),
         reset_bucket(&line->shipping_discount, now->shipping_discount, change), -1, -1);
    reset_taxes(run, earning, line->taxes, &line->tax_count, stated ? &stated->tax : NULL, NULL, change, line->item,
                number);
    const struct m_line *shipping = stated ? shipping_of(d) : NULL;
    reset_taxes(run, earning, line->shipping_taxes, &line->shipping_tax_count, shipping ? &shipping->tax : NULL,
                now->shipping_tax, change, -1, -1);
    earn(run, earning, "rounding", -reset_bucket(&line->rounding, now->rounding, change), -1, -1);
    int64_t value = now->sales - now->discount + now->rounding;
    line->largest_value = most(line->largest_value, value);
    /* Units refunded while open that an edit took off count as cancelled ones. */
    int64_t open = line->qty - line->cancelled - line->earned, taken_off = most(0, line->refunded_open - open);
    if (taken_off > 0)
        cancel_refunded(line, taken_off);
    if (line->kind == LINE_DROPSHIP) {
        int64_t cost = 0, live = line->qty - line->cancelled;
        if (stated && stated->fulfil.count && stated->fulfil.at[0].cost != M_NONE)
            must(amount_of(stated->qty, stated->fulfil.at[0].cost, currency_exponent(earning->order->money), &cost));
        line->accrued_units = change.earned = least(line->accrued_units, live);
        int64_t accrued = reset_bucket(&line->accrual, cost, change);
        line->sold_cost_units = change.earned =
            least(line->sold_cost_units, line->earned + part_back_unearned(&line->parts[0]));
        post_dropship(run, earning->order, line, accrued, reset_bucket(&line->sold_cost, cost, change));
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
    *line =
        (struct order_line){.id = line_id(run, stated, place), .sku = stated->sku, .location = -1, .passed = INT32_MIN};
    line->item = run->papers[run->paper].items[place];
    line->factor = stated->uom ? m_factor(run, line->item, stated->uom) : MICRO;
    line->kind = kind_of(run, stated, line->item);
    if (stated->fulfil.count) {
        line->location = find_location_number(run, stated->fulfil.at[0].location);
        line->supplier = stated->fulfil.at[0].supplier;
    }
    freeze_parts(run, line);
}

/* What a version may not do to what was read before. */
static bool version_fits(struct run *run, const struct order *order, const struct m_document *d, currency money)
{
    if (order->known && money != order->money)
        return m_refuse(run, "failed", "unsupported");
    for (size_t i = 0; i < d->lines.count; i++)
        if (d->lines.at[i].uom && m_factor(run, run->papers[run->paper].items[i], d->lines.at[i].uom) == 0)
            return m_refuse(run, "failed", "uom_unknown");
    for (size_t i = 0; i < d->lines.count; i++)
        if (d->lines.at[i].service.count &&
            kind_of(run, &d->lines.at[i], run->papers[run->paper].items[i]) != LINE_SERVICE)
            return m_refuse(run, "failed", "unsupported");
    for (int i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        size_t place = 0;
        const struct m_line *stated = stated_line(run, d, line->id, &place);
        int64_t qty = stated ? m_rounded(stated->qty, line->factor, MICRO) : 0;
        if (stated && !same(stated->sku, line->sku))
            return m_refuse(run, "failed", "below_shipped");
        for (int k = 0; k < line->part_count; k++)
            if (in_parts(qty, &line->parts[k]) < line->parts[k].shipped)
                return m_refuse(run, "failed", "below_shipped");
    }
    return true;
}

static void catch_up_days(struct run *run, struct earning *earning);
static bool runs_by_days(struct run *run, const struct m_document *d, const struct order_line *line);
static void largest_shipping(struct order *order, const struct m_document *d)
{
    const struct m_line *shipping = shipping_of(d);
    if (!shipping)
        return;
    int64_t all = tax_sum(&shipping->tax), ours = merchant_tax_of(&shipping->tax);
    int64_t net = m_or_zero(shipping->amount) - m_or_zero(shipping->discount) - (d->tax_included == M_TRUE ? all : 0);
    order->shipping_largest = most(order->shipping_largest, net);
    order->shipping_tax_largest = most(order->shipping_tax_largest, ours);
    order->shipping_facilitated_largest = most(order->shipping_facilitated_largest, all - ours);
}

bool m_read_order(struct run *run)
{
    const struct m_document *d = run->papers[run->paper].d;
    struct order *order = order_of(run);
    struct worth *worth = ARENA_ARRAY(run->arena, struct worth, d->lines.count + 1);
    must(worth);
    int64_t total = 0;
    currency money = d->currency ? currency_find(span_of(d->currency)) : run->settings->company;
    if (!version_fits(run, order, d, money))
        return false;
    if (!work_out(run, d, money, worth, &total))
        return m_refuse(run, "failed", "total_differs");
    order->known = true;
    order->paper = run->paper;
    order->money = money;
    order->total = total;
    largest_shipping(order, d);
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
    keep_earned(run, &earning);
    catch_up_days(run, &earning);
    if (!finish_earning(run, &earning) || !earn_as_paid(run, order))
        return false;
    move_excess(run, order);
    return true;
}

/* --- payments ------------------------------------------------------------------------------------- */

/* Under tax_point payment the tax share of what went into the deposit is due at once. */
static void move_tax(struct run *run, struct order *order, int64_t into_deposit, int64_t unpaid_before)
{
    LIST_OF(struct tax *) taxes = {0};
    places lines = {0}; /* whose each of them is; -1: of shipping */
    int64_t not_moved = 0;
    if (!run->settings->tax_at_payment || into_deposit <= 0 || unpaid_before <= 0)
        return;
    for (int i = 0; i < order->lines.count; i++) {
        struct order_line *line = &order->lines.at[i];
        for (int k = 0; k < line->tax_count; k++)
            if (!line->taxes[k].marketplace) {
                *LIST_ADD(run->arena, taxes) = &line->taxes[k];
                *LIST_ADD(run->arena, lines) = i;
            }
        for (int k = 0; k < line->shipping_tax_count; k++)
            if (!line->shipping_taxes[k].marketplace) {
                *LIST_ADD(run->arena, taxes) = &line->shipping_taxes[k];
                *LIST_ADD(run->arena, lines) = -1;
            }
    }
    int64_t *weights = ARENA_ARRAY(run->arena, int64_t, (size_t)taxes.count + 1);
    int64_t *parts = ARENA_ARRAY(run->arena, int64_t, (size_t)taxes.count + 1);
    must(weights && parts);
    for (int i = 0; i < taxes.count; i++) {
        weights[i] = taxes.at[i]->amount.left - taxes.at[i]->moved;
        not_moved += weights[i];
    }
    if (not_moved <= 0)
        return;
    int64_t moved = least(least(m_rounded(not_moved, into_deposit, unpaid_before), not_moved), order->deposit.order);
    split_by_weight(moved, weights, (size_t)taxes.count, parts);
    for (int i = 0; i < taxes.count; i++)
        taxes.at[i]->moved += parts[i];
    int64_t carried = draw_account(&order->deposit, moved);
    m_post(run, "customer_deposits", carried, -1, -1, order_number(run, order), -1);
    memcpy(weights, parts, (size_t)taxes.count * sizeof *weights);
    split_by_weight(carried, weights, (size_t)taxes.count, parts);
    for (int i = 0; i < taxes.count; i++) {
        int item = lines.at[i] >= 0 ? order->lines.at[lines.at[i]].item : -1;
        m_post(run, "sales_tax_payable", -parts[i], item, -1, order_number(run, order), lines.at[i]);
    }
}

static int64_t marketplace_tax_of(const struct m_document *d)
{
    int64_t tax = 0;
    for (size_t i = 0; i < d->lines.count; i++)
        tax += tax_sum(&d->lines.at[i].tax) - merchant_tax_of(&d->lines.at[i].tax);
    for (size_t i = 0; i < d->shipping.count; i++)
        tax += tax_sum(&d->shipping.at[i].tax) - merchant_tax_of(&d->shipping.at[i].tax);
    return tax;
}

/* Money for an order, debited to a role already: facilitator tax and tip as far as not credited before, the receivable,
 * then the deposit. Its worth in the company's currency is shared out by these amounts. */
static bool take_money(struct run *run, struct order *order, int64_t amount, int64_t worth)
{
    const struct m_document *now = run->papers[order->paper].d;
    int number = order_number(run, order);
    int64_t uses[4], worths[4];
    uses[0] = least(amount, most(0, marketplace_tax_of(now) - order->marketplace_tax));
    uses[1] = least(amount - uses[0], most(0, m_or_zero(now->tip) - order->tips));
    uses[2] = least(amount - uses[0] - uses[1], order->receivable.order);
    uses[3] = amount - uses[0] - uses[1] - uses[2];
    split_by_weight(worth, uses, 4, worths);
    order->marketplace_tax += uses[0];
    order->tips += uses[1];
    m_post(run, "marketplace_tax_withheld", -worths[0], -1, -1, number, -1);
    m_post(run, "tips", -worths[1], -1, -1, number, -1);
    int64_t carried = draw_account(&order->receivable, uses[2]);
    m_post(run, "accounts_receivable", -carried, -1, -1, number, -1);
    m_post(run, "realised_fx", carried - worths[2], -1, -1, number, -1);
    int64_t unpaid_before = open_value(order) - order->deposit.order;
    order->deposit.order += uses[3];
    order->deposit.company += worths[3];
    m_post(run, "customer_deposits", -worths[3], -1, -1, number, -1);
    move_tax(run, order, uses[3], unpaid_before);
    order->captured_total += amount;
    if (!earn_as_paid(run, order))
        return false;
    move_excess(run, order);
    return true;
}

/* The cut-over: what the customer paid before and what is still owed, against opening_equity. */
bool m_open_order(struct run *run, int line)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_line *opened = &paper->d->orders.at[line];
    struct order *order = &run->orders[paper->targets[line]];
    int64_t deposit = m_or_zero(opened->deposit), receivable = m_or_zero(opened->receivable);
    int64_t held = m_in_company(run, deposit), owed = m_in_company(run, receivable);
    if (order->known && order->money != m_money_of(run))
        return m_refuse_late(run, "failed", "unsupported");
    order->deposit.order += deposit;
    order->deposit.company += held;
    order->receivable.order += receivable;
    order->receivable.company += owed;
    order->captured_total += deposit;
    m_post(run, "customer_deposits", -held, -1, -1, paper->targets[line], -1);
    m_post(run, "accounts_receivable", owed, -1, -1, paper->targets[line], -1);
    m_post(run, "opening_equity", held - owed, -1, -1, paper->targets[line], -1);
    return true;
}

bool m_read_payment(struct run *run, int payment)
{
    const struct m_document *d = run->papers[run->paper].d;
    struct order *order = order_of(run);
    const struct m_line *listed = payment >= 0 ? &d->payments.at[payment] : NULL;
    int64_t amount = listed ? listed->amount : d->amount;
    const char *status = listed ? listed->status : d->status;
    const char *gateway = listed ? listed->gateway : d->gateway;
    const char *card = listed ? listed->gift_card : d->gift_card;
    const char *id = listed ? listed->id : d->id;
    if (status && !same(status, "captured"))
        return true;
    for (int i = 0; listed && i < run->captures.count; i++)
        if (run->captures.at[i].order == order_number(run, order) && same_or_none(run->captures.at[i].id, id) &&
            same_or_none(run->captures.at[i].gateway, gateway) && id)
            return true; /* an earlier version, or a payment of its own, brought it */
    currency money = d->currency ? currency_find(span_of(d->currency)) : run->settings->company;
    if (money != order->money)
        return m_refuse(run, "failed", "unsupported");
    if (needs_rate(run, order))
        return listed ? m_refuse_late(run, "waiting", "waits_rate") : m_refuse(run, "waiting", "waits_rate");
    *LIST_ADD(run->arena, run->captures) = (struct captured){order_number(run, order), gateway, id};
    order->gateway_captured = order->gateway_captured || !card;
    order->card_captured = order->card_captured || card;
    int64_t worth = at_rate(run, order, amount);
    m_post(run, card ? "gift_card_liability" : "gateway_clearing", worth, -1, -1, order_number(run, order), -1);
    return take_money(run, order, amount, worth);
}

/* --- services by days ------------------------------------------------------------------------------------ */

bool m_service_days(const struct m_line *line, int32_t *out_from, int32_t *out_to)
{
    if (!line->service.count)
        return false;
    must(day_read(span_of(line->service.at[0].from), out_from) && day_read(span_of(line->service.at[0].to), out_to));
    return true;
}

bool m_is_month_end(int32_t day)
{
    int year, month, of_month;
    day_to_civil(day + 1, &year, &month, &of_month);
    return of_month == 1;
}

/* Whether the line runs by days under the version in force, and which of them have not passed. */
static bool days_left(struct run *run, const struct order *order, const struct order_line *line, int32_t *out_from,
                      int32_t *out_to)
{
    size_t place = 0;
    const struct m_line *stated = stated_line(run, run->papers[order->paper].d, line->id, &place);
    if (!stated || !m_service_days(stated, out_from, out_to))
        return false;
    *out_from = line->passed > *out_from ? line->passed : *out_from;
    return true;
}

/* Units of the line that pass with the days up to the end of `through`. */
static int64_t units_due(struct run *run, const struct order *order, const struct order_line *line, int32_t through)
{
    int32_t from, to;
    int64_t open = part_open(&line->parts[0]);
    if (!days_left(run, order, line, &from, &to) || open <= 0)
        return 0;
    if (through >= to)
        return open;
    return through < from ? 0 : m_draw(open, through - from + 1, to - from + 1);
}

static void pass_days(struct run *run, struct earning *earning, struct order_line *line, int32_t through)
{
    struct order *order = earning->order;
    struct part *part = &line->parts[0];
    int64_t units = units_due(run, order, line, through), sold = least(units, part->sold);
    int32_t from, to;
    if (!days_left(run, order, line, &from, &to))
        return;
    line->passed = through + 1 > line->passed ? through + 1 : line->passed;
    part->shipped += units;
    part->sold -= sold;
    if (!pays_first(run))
        earn_part(run, earning, line, part, units - sold);
}

static void remember_rate(struct run *run, int number)
{
    struct order *order = number >= 0 ? &run->orders[number] : NULL;
    if (order && order->known)
        order->rate = m_rate_of(run, order->money);
}

void m_remember_rates(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    if (run->movements.at[run->at].payment == DAY_OF_SERVICE)
        return;
    remember_rate(run, paper->order);
    remember_rate(run, paper->other_order);
    if (paper->d->type == M_DELIVERY)
        remember_rate(run, run->papers[paper->target].order);
    for (size_t i = 0; paper->d->type == M_ENTRY && i < paper->d->lines.count; i++)
        remember_rate(run, paper->targets[i]);
}

bool m_read_day_of_service(struct run *run)
{
    struct order *order = order_of(run);
    struct earning earning = {.order = order};
    for (int i = 0; order->known && i < order->lines.count; i++) {
        int32_t from, to;
        if (days_left(run, order, &order->lines.at[i], &from, &to) && (m_is_month_end(run->day) || run->day >= to))
            pass_days(run, &earning, &order->lines.at[i], run->day);
    }
    return finish_earning(run, &earning);
}

/* What had passed before a version says so: to the end of the last month, or of the service. */
static void catch_up_days(struct run *run, struct earning *earning)
{
    int32_t month_end = run->day - 1;
    while (!m_is_month_end(month_end))
        month_end--;
    for (int i = 0; i < earning->order->lines.count; i++) {
        int32_t from, to;
        if (days_left(run, earning->order, &earning->order->lines.at[i], &from, &to))
            pass_days(run, earning, &earning->order->lines.at[i], to < run->day ? run->day - 1 : month_end);
    }
}

/* --- cancel, shipment, delivery ------------------------------------------------------------------- */

static void cancel_taxes(struct tax *taxes, int count, int64_t units, int64_t of)
{
    for (int i = 0; i < count; i++) {
        int64_t moved = m_draw(taxes[i].moved, units, of);
        taxes[i].moved -= moved;
        taxes[i].moved_cancelled += moved;
        taxes[i].amount.left -= m_draw(taxes[i].amount.left, units, of);
    }
}

static int64_t open_units(const struct order_line *line);

static void cancel_units(struct run *run, struct earning *earning, struct order_line *line, int64_t units)
{
    if (units == 0)
        return;
    /* Open units that are not earned go first; those sold before they ship are taken back. */
    int64_t not_earned = line->qty - line->cancelled - line->earned;
    int64_t sold = most(0, line->earned - whole_units(line, part_earned_shipped));
    int64_t plain = least(units, most(0, open_units(line) - sold));
    if (plain > 0) {
        line->shipping.left -= m_draw(line->shipping.left, plain, not_earned);
        line->shipping_discount.left -= m_draw(line->shipping_discount.left, plain, not_earned);
        line->rounding.left -= m_draw(line->rounding.left, plain, not_earned);
        cancel_taxes(line->taxes, line->tax_count, plain, not_earned);
        cancel_taxes(line->shipping_taxes, line->shipping_tax_count, plain, not_earned);
    }
    for (int i = 0; i < line->part_count; i++) {
        struct part *part = &line->parts[i];
        int64_t qty = least(in_parts(units, part), part_open(part));
        int64_t of = part->qty - part->cancelled - part->earned, open = part_open(part) - part->sold;
        int64_t unearned = least(qty, open);
        part->sales.left -= m_draw(part->sales.left, unearned, of);
        part->discount.left -= m_draw(part->discount.left, unearned, of);
        if (line->kind == LINE_DROPSHIP && unearned > 0) {
            int64_t live = line->qty - line->cancelled;
            line->accrual.left -= m_draw(line->accrual.left, unearned, live - line->accrued_units);
            line->sold_cost.left -= m_draw(line->sold_cost.left, unearned, live - line->sold_cost_units);
        }
        take_back_part(run, earning, line, part, qty - unearned);
        part->cancelled += qty;
        part->cancel_named += qty;
    }
    take_back_whole(run, earning, line, units - plain);
    line->cancelled += units;
    line->cancel_named += units;
    settle_dropship(run, earning->order, line);
    cancel_refunded(line, least(units, line->refunded_open));
}

static bool runs_by_days(struct run *run, const struct m_document *d, const struct order_line *line)
{
    size_t place = 0;
    const struct m_line *stated = stated_line(run, d, line->id, &place);
    return stated && stated->service.count > 0;
}

static int64_t open_units(const struct order_line *line)
{
    return line->qty - line->cancelled - least(line->qty - line->cancelled, completed(line, part_shipped));
}

bool m_read_cancel(struct run *run)
{
    const struct m_document *d = run->papers[run->paper].d;
    struct order *order = order_of(run);
    struct earning earning = {.order = order};
    for (size_t i = 0; i < d->lines.count; i++) {
        struct order_line *line = named_line(run, order, &d->lines.at[i]);
        if (!line)
            return false;
        int64_t units = named_qty(run, line, &d->lines.at[i], line->item);
        bool by_days = runs_by_days(run, run->papers[order->paper].d, line);
        pass_days(run, &earning, line, run->day - 1);
        units = units == M_NONE ? open_units(line) : units;
        /* Of a service by days the rest is meant, where less is left than is named. */
        if (by_days && units <= line->qty && open_units(line) > 0)
            units = least(units, open_units(line));
        /* Reading: `exceeds_ordered` is for one line of a document that names more than the order's line has; what was
         * cancelled (returned, refunded) before counts against what is open. */
        if (units > line->qty)
            return m_refuse_late(run, "failed", "exceeds_ordered");
        if (units > line->qty - completed(line, part_shipped))
            return m_refuse_late(run, "failed", "shipped_units");
        if (units > open_units(line))
            return m_refuse_late(run, "waiting", "exceeds_open");
        cancel_units(run, &earning, line, units);
    }
    bool shipped = false, cancelled = false, open = d->lines.count > 0;
    for (int i = 0; i < order->lines.count && d->lines.count == 0; i++) {
        struct order_line *line = &order->lines.at[i];
        pass_days(run, &earning, line, run->day - 1);
        int64_t units = open_units(line);
        cancelled = cancelled || line->cancelled > 0;
        for (int k = 0; k < line->part_count; k++)
            shipped = shipped || line->parts[k].shipped > 0;
        open = open || units > 0;
        cancel_units(run, &earning, line, units);
    }
    if (!open)
        return m_refuse_late(run, shipped && !cancelled ? "failed" : "waiting",
                             shipped && !cancelled ? "shipped_units" : "exceeds_open");
    keep_earned(run, &earning);
    if (!finish_earning(run, &earning))
        return false;
    move_excess(run, order);
    return true;
}

static bool stays_behind(const struct m_document *d, const struct run *run, const struct order_line *line)
{
    bool goods = line->kind == LINE_STOCK || line->kind == LINE_DROPSHIP;
    if (line->kind == LINE_DROPSHIP &&
        (d->location || (line->supplier && d->supplier && !same(line->supplier, d->supplier))))
        return true;
    if (line->kind == LINE_STOCK && d->supplier)
        return true;
    /* Reading: a shipment that names neither location nor supplier takes every line. */
    return goods && d->location && line->location >= 0 && line->location != run->papers[run->paper].location;
}

/* Units of a part leave the stock, to one role. */
static bool ship_stock(struct run *run, struct order *order, struct order_line *line, int part_number, int64_t qty,
                       const char *role, const struct m_lines *picks)
{
    struct part *part = &line->parts[part_number];
    int number = order_number(run, order), at = line_number(order, line), location = from_location(run, line);
    struct destination to = {role, number, at, part_number, location, run->paper, -1};
    struct issued issued;
    if (qty == 0)
        return true;
    if (!m_issue(run, part->item, location, qty, to, picks, &issued))
        return false;
    m_post(run, role, issued.total, part->item, location, number, at);
    return true;
}

/* Units sold before they shipped: the estimate is cleared, what it differs by stays in COGS. */
static void clear_sold(struct run *run, struct order *order, struct order_line *line, struct part *part, int64_t qty)
{
    int64_t estimate = qty ? m_draw(part->sold_value, qty, part->sold) : 0;
    int number = order_number(run, order), at = line_number(order, line);
    int location = line->location >= 0 ? line->location : 0; /* where the estimate stands */
    part->sold -= qty;
    part->sold_value -= estimate;
    m_post(run, "goods_sold_not_shipped", estimate, part->item, location, number, at);
    m_post(run, "cogs", -estimate, part->item, location, number, at);
}

static bool ship_part(struct run *run, struct earning *earning, struct order_line *line, int part_number, int64_t qty,
                      const struct m_lines *picks)
{
    struct order *order = earning->order;
    struct part *part = &line->parts[part_number];
    bool goods = line->kind == LINE_STOCK || line->kind == LINE_DROPSHIP;
    bool later = goods && run->settings->revenue_at == M_AT_DELIVERY;
    int64_t sold = least(qty, part->sold), unsold = qty - sold;
    const char *role = later || pays_first(run) ? "goods_out" : "cogs";
    if (qty == 0)
        return true;
    part->shipped += qty;
    *LIST_ADD(run->arena, run->shipments) = (struct shipped){.paper = run->paper,
                                                             .order = order_number(run, order),
                                                             .line = line_number(order, line),
                                                             .part = part_number,
                                                             .qty = qty,
                                                             .earned = later ? 0 : qty};
    if (line->kind == LINE_DROPSHIP) {
        part->sold -= sold;
    } else if (line->kind == LINE_STOCK && m_is_stocked(run, part->item)) {
        /* They leave together; where some are not earned, the earned ones leave goods out at once. */
        if (!ship_stock(run, order, line, part_number, qty, unsold ? role : "cogs", picks))
            return false;
        if (sold && unsold && same(role, "goods_out"))
            m_deliver_units(run, order_number(run, order), line_number(order, line), part_number, run->paper, sold);
        clear_sold(run, order, line, part, sold);
    } else {
        part->sold -= sold;
    }
    if (!later && !pays_first(run))
        earn_part(run, earning, line, part, qty);
    settle_dropship(run, order, line);
    return true;
}

/* What a shipment is about to take of one part, beyond what was shipped before. */
static bool within_order(struct run *run, const struct part *part, int64_t qty)
{
    if (part->shipped + qty > part->qty)
        return m_refuse(run, "failed", "exceeds_ordered");
    if (part->shipped + part->cancelled + qty > part->qty)
        return m_refuse(run, "waiting", "exceeds_open");
    return true;
}

/* Of an item costed by lot, picks name all that leaves stock. */
static bool picks_all(struct run *run, const struct order_line *line, const struct part *part, int64_t qty,
                      const struct m_lines *picks)
{
    int64_t picked = 0;
    bool goods = line->kind == LINE_STOCK && m_is_stocked(run, part->item);
    for (size_t i = 0; picks && i < picks->count; i++)
        picked += picks->at[i].qty;
    if (goods && m_method_of(run, part->item) == M_SPECIFIC && picked != qty)
        return m_refuse(run, "failed", "picks_required");
    return true;
}

/* What a shipment's line takes of a part, M_NONE: nothing. */
static int64_t asked_of(struct run *run, const struct order_line *line, const struct part *part,
                        const struct m_line *named)
{
    if (named->component && !same(named->component, part->sku))
        return M_NONE;
    int64_t stated = named_qty(run, line, named, named->component ? part->item : line->item);
    return stated == M_NONE ? part_open(part) : named->component ? stated : in_parts(stated, part);
}

/* All names are looked at before anything moves, then all picks, then all quantities. */
enum look { LOOK_AT_NAMES, LOOK_AT_PICKS, LOOK_AT_LIMITS };

static bool look_at_line(struct run *run, struct order *order, const struct m_line *named, enum look look)
{
    struct order_line *line = named_line(run, order, named);
    bool taken = false;
    if (!line)
        return false;
    if (named->uom && !named->component && m_factor(run, line->item, named->uom) == 0)
        return m_refuse(run, "failed", "uom_unknown");
    if (look != LOOK_AT_NAMES && runs_by_days(run, run->papers[order->paper].d, line))
        return true; /* its days pass; no shipment takes it */
    for (int k = 0; k < line->part_count; k++) {
        struct part *part = &line->parts[k];
        int64_t qty = asked_of(run, line, part, named);
        if (qty == M_NONE)
            continue;
        if (named->uom && named->component && m_factor(run, part->item, named->uom) == 0)
            return m_refuse(run, "failed", "uom_unknown");
        taken = true;
        if (look == LOOK_AT_PICKS && !picks_all(run, line, part, qty, &named->picks))
            return false;
        if (look != LOOK_AT_LIMITS)
            continue;
        part->asked += qty;
        if (!within_order(run, part, part->asked))
            return false;
    }
    return taken || m_refuse(run, "failed", "line_unknown");
}

static bool may_ship(struct run *run, struct order *order, const struct m_lines *lines)
{
    bool fits = true;
    for (int look = LOOK_AT_NAMES; look <= LOOK_AT_LIMITS && fits; look++)
        for (size_t i = 0; i < lines->count && fits; i++)
            fits = look_at_line(run, order, &lines->at[i], (enum look)look);
    for (int i = 0; i < order->lines.count; i++)
        for (int k = 0; k < order->lines.at[i].part_count; k++)
            order->lines.at[i].parts[k].asked = 0;
    return fits;
}

static bool ship_named(struct run *run, struct earning *earning, const struct m_line *named)
{
    struct order_line *line = named_line(run, earning->order, named);
    if (!line)
        return false;
    if (runs_by_days(run, run->papers[earning->order->paper].d, line))
        return true; /* its days pass; no shipment takes it */
    for (int i = 0; i < line->part_count; i++) {
        struct part *part = &line->parts[i];
        if (named->component && !same(named->component, part->sku))
            continue;
        int64_t stated = named_qty(run, line, named, named->component ? part->item : line->item);
        int64_t qty = stated == M_NONE ? part_open(part) : named->component ? stated : in_parts(stated, part);
        if (!ship_part(run, earning, line, i, qty, &named->picks))
            return false;
    }
    return true;
}

bool m_read_shipment(struct run *run)
{
    const struct m_document *d = run->papers[run->paper].d;
    struct earning earning = {.order = order_of(run)};
    struct order *order = earning.order;
    if (!may_ship(run, order, &d->lines))
        return false;
    for (size_t i = 0; i < d->lines.count; i++)
        if (!ship_named(run, &earning, &d->lines.at[i]))
            return false;
    int taken = 0;
    for (int ships = 0; ships <= 1 && d->lines.count == 0; ships++)
        for (int i = 0; i < order->lines.count; i++) {
            struct order_line *line = &order->lines.at[i];
            for (int k = 0; k < line->part_count; k++) {
                int64_t open = part_open(&line->parts[k]);
                if (open <= 0 || stays_behind(d, run, line) || runs_by_days(run, run->papers[order->paper].d, line))
                    continue;
                taken++;
                if (!(ships ? ship_part(run, &earning, line, k, open, NULL)
                            : picks_all(run, line, &line->parts[k], open, NULL)))
                    return false;
            }
        }
    if (d->lines.count == 0 && taken == 0)
        return m_wait_for_open(run);
    if (!finish_earning(run, &earning) || !earn_as_paid(run, order))
        return false;
    if (d->cost != M_NONE) {
        int64_t cost = m_in_company(run, d->cost);
        m_post(run, "shipping_cost", cost, -1, -1, order_number(run, order), -1);
        m_post(run, "accrued_shipping", -cost, -1, -1, order_number(run, order), -1);
    }
    return true;
}

static void deliver(struct run *run, struct earning *earning, struct shipped *shipped, int64_t qty)
{
    struct order_line *line = &earning->order->lines.at[shipped->line];
    int64_t earns = least(qty, shipped->qty - shipped->earned - shipped->back);
    shipped->delivered += qty;
    if (run->settings->revenue_at != M_AT_DELIVERY || earns <= 0)
        return;
    shipped->earned += earns;
    struct part *part = &line->parts[shipped->part];
    if (line->kind == LINE_STOCK)
        m_deliver_units(run, shipped->order, shipped->line, shipped->part, shipped->paper, earns);
    earn_part(run, earning, line, part, earns);
    settle_dropship(run, earning->order, line);
}

bool m_read_delivery(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    struct earning earning = {.order = &run->orders[run->papers[paper->target].order]};
    for (int i = 0; i < run->shipments.count && d->lines.count == 0; i++) {
        struct shipped *shipped = &run->shipments.at[i];
        if (shipped->paper == paper->target)
            deliver(run, &earning, shipped, shipped->qty - shipped->delivered);
    }
    for (size_t k = 0; k < d->lines.count; k++) {
        struct order_line *line = named_line(run, earning.order, &d->lines.at[k]);
        if (!line)
            return false;
        int64_t units = named_qty(run, line, &d->lines.at[k], line->item);
        for (int part = 0; part < line->part_count; part++) {
            int64_t qty = units == M_NONE ? 0 : in_parts(units, &line->parts[part]);
            for (int i = 0; i < run->shipments.count; i++) {
                struct shipped *shipped = &run->shipments.at[i];
                if (shipped->paper != paper->target || shipped->part != part ||
                    shipped->line != line_number(earning.order, line))
                    continue;
                int64_t open = shipped->qty - shipped->delivered;
                int64_t now = units == M_NONE ? open : least(open, qty);
                if (now > 0)
                    deliver(run, &earning, shipped, now);
                qty -= units == M_NONE ? 0 : now;
            }
            if (qty > 0)
                return m_refuse_late(run, "waiting", "exceeds_open");
        }
    }
    return finish_earning(run, &earning);
}

/* --- returns --------------------------------------------------------------------------------------- */

static int64_t wanted_of(struct run *run, const struct order_line *line, const struct part *part,
                         const struct m_document *d)
{
    int64_t wanted = 0;
    for (size_t at = 0; at < d->lines.count; at++) {
        const struct m_line *named = &d->lines.at[at];
        bool fits = named->line ? same(named->line, line->id) : is(named->sku, line->sku);
        if (!fits || (named->component && !same(named->component, part->sku)))
            continue;
        int64_t qty = named_qty(run, line, named, named->component ? part->item : line->item);
        wanted += named->component ? qty : in_parts(qty, part);
    }
    return wanted;
}

static bool covered(struct run *run, const struct order *order, const struct m_document *d)
{
    for (int i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        for (int k = 0; k < line->part_count; k++)
            if (line->parts[k].returned + wanted_of(run, line, &line->parts[k], d) > line->parts[k].shipped)
                return false;
    }
    return true;
}

bool m_return_is_covered(struct run *run, int paper)
{
    return covered(run, &run->orders[run->papers[paper].order], run->papers[paper].d);
}

/* Queued as it was entered, a return still is dated no earlier than the shipments that issued the units up to its last. */
int64_t m_return_instant(struct run *run, int paper)
{
    const struct m_document *d = run->papers[paper].d;
    int64_t instant = run->papers[paper].instant;
    for (int i = 0; run->papers[paper].order >= 0 && i < run->orders[run->papers[paper].order].lines.count; i++) {
        struct order_line *line = &run->orders[run->papers[paper].order].lines.at[i];
        for (int k = 0; k < line->part_count; k++) {
            int64_t wanted = wanted_of(run, line, &line->parts[k], d);
            int64_t left = wanted > 0 ? line->parts[k].returned + wanted : 0;
            for (int s = 0; s < run->shipments.count && left > 0; s++) {
                const struct shipped *shipped = &run->shipments.at[s];
                if (shipped->order != run->papers[paper].order || shipped->line != i || shipped->part != k)
                    continue;
                instant = most(instant, run->papers[shipped->paper].instant);
                left -= shipped->qty;
            }
        }
    }
    return instant;
}

const char *m_return_by_itself(const struct m_document *d)
{
    for (size_t i = 0; i < d->lines.count && !d->order.id && !d->shipment.id; i++) {
        const char *to = d->lines.at[i].disposition;
        if (d->lines.at[i].unit_cost == M_NONE)
            return "missing_field";
        if (to && !same(to, "sellable"))
            return "unsupported";
    }
    return NULL;
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

/* Of the units that come back, earned ones come first; the others are never earned: units of the first shipments of the
 * line that have any not earned. */
static void never_earned(struct run *run, int order, int line, int part_number, struct part *part, int64_t qty)
{
    int64_t earned = least(qty, part_earned_shipped(part) - part->returned_earned);
    part->returned_earned += earned;
    qty -= earned;
    for (int i = 0; i < run->shipments.count && qty > 0; i++) {
        struct shipped *shipped = &run->shipments.at[i];
        if (shipped->order != order || shipped->line != line || shipped->part != part_number)
            continue;
        int64_t back = least(qty, shipped->qty - shipped->earned - shipped->back);
        shipped->back += back;
        qty -= back;
    }
}

/* Dropshipped goods back: to the supplier, who credits what he says, else what they cost; damaged, lost or kept nothing
 * happens. */
static bool return_dropship(struct run *run, struct order *order, struct order_line *line, int64_t qty,
                            const struct m_line *named)
{
    bool to_supplier = is(named->disposition, "to_supplier");
    if (!to_supplier &&
        (!named->disposition || is(named->disposition, "sellable") || is(named->disposition, "quarantined")))
        return m_refuse_late(run, "failed", "unsupported");
    settle_dropship(run, order, line);
    if (!to_supplier)
        return true;
    int64_t left = line->sold_cost_units - line->dropship_back;
    int64_t back = least(qty, left), cost = m_draw(line->sold_cost.earned - line->dropship_credited, back, left);
    line->dropship_back += back;
    line->dropship_credited += cost;
    int64_t credit = named->credit != M_NONE ? m_in_company(run, named->credit) : at_rate(run, order, cost);
    int number = order_number(run, order), at = line_number(order, line);
    m_post(run, "accrued_purchases", credit, line->item, -1, number, at);
    m_post(run, dropship_role(run), -credit, line->item, -1, number, at);
    return true;
}

static bool return_line(struct run *run, struct order *order, int place)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_line *named = &paper->d->lines.at[place];
    struct order_line *line = named_line(run, order, named);
    if (!line)
        return false;
    for (int k = 0; k < line->part_count; k++) {
        struct part *part = &line->parts[k];
        if (named->component && !same(named->component, part->sku))
            continue;
        int64_t stated = named_qty(run, line, named, named->component ? part->item : line->item);
        int64_t qty = named->component ? stated : in_parts(stated, part);
        part->returned += qty;
        never_earned(run, order_number(run, order), line_number(order, line), k, part, qty);
        if (line->kind == LINE_DROPSHIP && !return_dropship(run, order, line, qty, named))
            return false;
        if (line->kind == LINE_STOCK && m_is_stocked(run, part->item) &&
            !m_return_units(run, order_number(run, order), line_number(order, line), k, qty, named->disposition,
                            paper->location, place))
            return false;
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
    bool exceeds = false;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct order_line *line = named_line(run, order, &d->lines.at[i]);
        if (!line)
            return false;
        bool known = !d->lines.at[i].component;
        for (int k = 0; k < line->part_count; k++) {
            known = known || same(line->parts[k].sku, d->lines.at[i].component);
            exceeds = exceeds || wanted_of(run, line, &line->parts[k], d) > line->parts[k].qty;
        }
        if (!known)
            return m_refuse(run, "failed", "line_unknown");
    }
    if (!covered(run, order, d)) {
        /* It may still be dated by a later shipment, of a version that orders more; not where its date is given. */
        if (paper->given.frozen_at == M_NONE)
            *LIST_ADD(run->arena, run->late_returns) = run->paper;
        return exceeds ? m_refuse(run, "failed", "exceeds_ordered") : m_wait_for_open(run);
    }
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct order_line *line = named_line(run, order, &d->lines.at[i]);
        if (line && line->kind == LINE_STOCK && is(d->lines.at[i].disposition, "to_supplier"))
            return m_refuse_late(run, "failed", "unsupported");
        if (!return_line(run, order, (int)i))
            return false;
    }
    return true;
}

/* --- refunds ---------------------------------------------------------------------------------------- */

struct refunding {
    struct order *order;
    int64_t worth; /* what was debited, company's currency */
};

static void refund_at_rate(struct run *run, struct refunding *refunding, const char *role, int64_t amount, int item,
                           int line)
{
    if (amount == 0)
        return;
    int64_t worth = at_rate(run, refunding->order, amount);
    refunding->worth += worth;
    m_post(run, role, worth, item, -1, order_number(run, refunding->order), line);
}

/* As much of an amount as an account has; returns what it lacks. */
static int64_t refund_from(struct run *run, struct refunding *refunding, struct account *account, const char *role,
                           int64_t amount)
{
    int64_t taken = least(amount, account->order);
    int64_t carried = draw_account(account, taken);
    refunding->worth += carried;
    m_post(run, role, carried, -1, -1, order_number(run, refunding->order), -1);
    return amount - taken;
}

static int64_t refund_from_due(struct run *run, struct refunding *refunding, int64_t amount)
{
    return refund_from(run, refunding, &refunding->order->refunds_due, "refunds_due", amount);
}
static int64_t refund_from_deposit(struct run *run, struct refunding *refunding, int64_t amount)
{
    return refund_from(run, refunding, &refunding->order->deposit, "customer_deposits", amount);
}

static int64_t earned_value_left(const struct order *order) { return most(0, earned_less_refunded(order)); }

static void refund_earned(struct run *run, struct refunding *refunding, const char *role, int64_t amount, int item,
                          int line)
{
    refunding->order->refunded_earned += amount;
    refund_at_rate(run, refunding, role, amount, item, line);
}

static bool refund_marketplace_tax(struct run *run, struct refunding *refunding, int64_t amount, int item, int line)
{
    struct order *order = refunding->order;
    if (amount > order->marketplace_tax - order->marketplace_refunded)
        return m_refuse_late(run, "waiting", "exceeds_open");
    order->marketplace_refunded += amount;
    refund_at_rate(run, refunding, "marketplace_tax_withheld", amount, item, line);
    return true;
}

/* Tax that was payable before it was earned (tax_point payment): of cancelled units, then of open ones. Returns what it
 * lacks. */
static int64_t refund_payable(struct run *run, struct refunding *refunding, struct tax *tax, int64_t amount, int item,
                              int line)
{
    int64_t cancelled = least(amount, tax->moved_cancelled), open = least(amount - cancelled, tax->moved);
    tax->moved_cancelled -= cancelled;
    tax->moved -= open;
    refund_at_rate(run, refunding, "sales_tax_payable", cancelled + open, item, line);
    return amount - cancelled - open;
}

static int64_t refund_payable_of_shipping(struct run *run, struct refunding *refunding, struct order_line *line,
                                          int64_t amount)
{
    for (int i = 0; i < line->shipping_tax_count; i++)
        amount = refund_payable(run, refunding, &line->shipping_taxes[i], amount, -1, -1);
    return amount;
}

struct refund_parts { /* of one line's amount, or of its tax: by which units it is of */
    int64_t cancelled, earned, open;
};

static struct refund_parts part_by_units(int64_t amount, const struct refund_parts *units)
{
    struct refund_parts parts = {0};
    int64_t of = units->cancelled + units->earned + units->open;
    if (of == 0) {
        parts.open = amount;
        return parts;
    }
    parts.cancelled = m_draw(amount, units->cancelled, of);
    of -= units->cancelled;
    parts.earned = of ? m_draw(amount - parts.cancelled, units->earned, of) : 0;
    parts.open = amount - parts.cancelled - parts.earned;
    return parts;
}

static bool units_of_refund(struct run *run, struct order_line *line, int64_t qty, struct refund_parts *out_units)
{
    int64_t cancelled = line->cancelled + line->largest_qty - line->qty - line->refunded_cancelled;
    if (qty > line->largest_qty)
        return m_refuse_late(run, "failed", "exceeds_ordered");
    out_units->cancelled = least(qty, most(0, cancelled));
    out_units->earned = least(qty - out_units->cancelled, most(0, line->earned - line->refunded_earned));
    out_units->open = qty - out_units->cancelled - out_units->earned;
    if (out_units->open > line->qty - line->cancelled - line->earned - line->refunded_open)
        return m_refuse_late(run, "waiting", "exceeds_open");
    line->refunded_cancelled += out_units->cancelled;
    line->refunded_earned += out_units->earned;
    line->refunded_open += out_units->open;
    return true;
}

static bool is_meant(const struct tax *tax, const struct m_line *stated)
{
    return (!stated->jurisdiction || is(tax->jurisdiction, stated->jurisdiction)) &&
           (!stated->remitter || tax->marketplace == is(stated->remitter, "marketplace"));
}

/* Not earned: cancelled units' money stands in refunds due, open ones' in the deposit; what one lacks the other has. */
static bool refund_held(struct run *run, struct refunding *refunding, int64_t cancelled, int64_t open)
{
    cancelled = refund_from_due(run, refunding, cancelled);
    open = refund_from_deposit(run, refunding, open);
    cancelled = refund_from_deposit(run, refunding, cancelled);
    open = refund_from_due(run, refunding, open);
    return cancelled + open == 0 || m_refuse_late(run, "waiting", "exceeds_open");
}

/* So much of one of the line's taxes. */
static bool refund_tax(struct run *run, struct refunding *refunding, struct order_line *line, struct tax *tax,
                       int64_t amount, const struct refund_parts *units, bool by_units)
{
    int number = line_number(refunding->order, line);
    tax->refunded += amount;
    if (tax->marketplace)
        return refund_marketplace_tax(run, refunding, amount, line->item, number);
    struct refund_parts parts = {.earned = amount};
    if (by_units)
        parts = part_by_units(amount, units);
    int64_t earned_left = tax->amount.earned - tax->refunded_earned - tax->refunded_early;
    int64_t earned = least(parts.earned, most(0, earned_left));
    earned = least(earned, earned_value_left(refunding->order));
    parts.open += parts.earned - earned;
    tax->refunded_earned += earned;
    tax->refunded_open += parts.open;
    refund_earned(run, refunding, "sales_tax_payable", earned, line->item, number);
    /* Reading: tax that was payable already is taken off the cancelled part first. */
    int64_t wanted = parts.cancelled + parts.open;
    int64_t held = refund_payable(run, refunding, tax, wanted, line->item, number);
    int64_t cancelled = most(0, parts.cancelled - (wanted - held));
    return refund_held(run, refunding, cancelled, held - cancelled);
}

/* A tax of the refund takes the line's taxes that it means, in their order, each up to its largest in any version. */
static bool refund_line_tax(struct run *run, struct refunding *refunding, struct order_line *line,
                            const struct m_line *stated, const struct refund_parts *units, bool by_units)
{
    int64_t left = stated->amount;
    for (int i = 0; i < line->tax_count; i++) {
        struct tax *tax = &line->taxes[i];
        int64_t some = is_meant(tax, stated) ? least(left, most(0, tax->largest - tax->refunded)) : 0;
        if (some > 0 && !refund_tax(run, refunding, line, tax, some, units, by_units))
            return false;
        left -= some;
    }
    return left == 0 || m_refuse_late(run, "waiting", "exceeds_open");
}

/* One line: its qty is taken from cancelled, then earned, then open units; its taxes, then its amount follow by draws. */
static bool refund_order_line(struct run *run, struct refunding *refunding, const struct m_line *named)
{
    struct order *order = refunding->order;
    struct order_line *line = named_line(run, order, named);
    if (!line)
        return false;
    int number = line_number(order, line);
    int64_t amount = m_or_zero(named->amount);
    struct refund_parts goods = {.earned = amount}, units = {0};
    int64_t qty = named_qty(run, line, named, line->item);
    int64_t goods_left = most(0, earned_goods(line) - line->refunded_amount - line->refunded_early);
    if (qty != M_NONE && !units_of_refund(run, line, qty, &units))
        return false;
    if (qty != M_NONE)
        goods = part_by_units(amount, &units);
    for (size_t i = 0; i < named->tax.count; i++)
        if (!refund_line_tax(run, refunding, line, &named->tax.at[i], &units, qty != M_NONE))
            return false;
    /* What exceeds what the line, or the order as a whole, earned and did not refund is as of open units. */
    int64_t earned = least(goods.earned, least(goods_left, earned_value_left(order)));
    /* Reading: the cap of a line is its goods' value, and that of each tax its own. */
    if (line->refunded_value + amount > line->largest_value)
        return m_refuse_late(run, "waiting", "exceeds_open");
    line->refunded_value += amount;
    line->refunded_amount += earned;
    line->refunded_open_amount += goods.open + goods.earned - earned;
    bool card = line->kind == LINE_GIFT_CARD;
    refund_earned(run, refunding, card ? "gift_card_liability" : earned_role(run, line, "returns_and_allowances"),
                  earned, line->item, number);
    return refund_held(run, refunding, goods.cancelled, goods.open + goods.earned - earned);
}

/* Reading: a tax on shipping is the marketplace's where it says so, or says nothing and the first of its jurisdiction in
 * the version in force is. */
static bool is_facilitated(const struct run *run, const struct order *order, const struct m_line *stated)
{
    const struct m_line *shipping = shipping_of(run->papers[order->paper].d);
    for (size_t i = 0; shipping && i < shipping->tax.count && !stated->remitter; i++)
        if (!stated->jurisdiction || is(shipping->tax.at[i].jurisdiction, stated->jurisdiction))
            return is(shipping->tax.at[i].remitter, "marketplace");
    return is(stated->remitter, "marketplace");
}

static bool refund_shipping_tax(struct run *run, struct refunding *refunding, const struct m_line *stated)
{
    struct order *order = refunding->order;
    int64_t wanted = stated->amount, tax = 0;
    if (is_facilitated(run, order, stated)) {
        order->shipping_facilitated += wanted;
        if (order->shipping_facilitated > order->shipping_facilitated_largest)
            return m_refuse_late(run, "waiting", "exceeds_open");
        return refund_marketplace_tax(run, refunding, wanted, -1, -1);
    }
    order->shipping_tax_given += wanted;
    if (order->shipping_tax_given > order->shipping_tax_largest)
        return m_refuse_late(run, "waiting", "exceeds_open");
    for (int i = 0; i < order->lines.count; i++)
        tax += tax_earned(order->lines.at[i].shipping_taxes, order->lines.at[i].shipping_tax_count);
    int64_t earned = least(wanted, least(earned_value_left(order), most(0, tax - order->refunded_shipping_tax)));
    order->refunded_shipping_tax += earned;
    refund_earned(run, refunding, "sales_tax_payable", earned, -1, -1);
    int64_t left = wanted - earned;
    for (int i = 0; i < order->lines.count; i++)
        left = refund_payable_of_shipping(run, refunding, &order->lines.at[i], left);
    return refund_held(run, refunding, left, 0);
}

static bool refund_shipping(struct run *run, struct refunding *refunding, const struct m_line *shipping)
{
    struct order *order = refunding->order;
    int64_t income = 0, wanted = m_or_zero(shipping->amount);
    for (size_t i = 0; i < shipping->tax.count; i++)
        if (!refund_shipping_tax(run, refunding, &shipping->tax.at[i]))
            return false;
    for (int i = 0; i < order->lines.count; i++)
        income += order->lines.at[i].shipping.earned - order->lines.at[i].shipping_discount.earned;
    order->shipping_given += wanted;
    if (order->shipping_given > order->shipping_largest)
        return m_refuse_late(run, "waiting", "exceeds_open");
    int64_t earned = least(wanted, least(earned_value_left(order), most(0, income - order->refunded_shipping)));
    order->refunded_shipping += earned;
    refund_earned(run, refunding, "shipping_refunded", earned, -1, -1);
    return refund_held(run, refunding, wanted - earned, 0);
}

static bool refund_in_total(struct run *run, struct refunding *refunding, int64_t amount)
{
    struct order *order = refunding->order;
    int64_t left = refund_from_due(run, refunding, amount);
    int64_t earned = least(left, earned_value_left(order));
    refund_earned(run, refunding, "returns_and_allowances", earned, -1, -1);
    left = refund_from_deposit(run, refunding, left - earned);
    for (int i = 0; i < order->lines.count; i++) {
        struct order_line *line = &order->lines.at[i];
        for (int k = 0; k < line->tax_count; k++)
            left = refund_payable(run, refunding, &line->taxes[k], left, line->item, i);
        left = refund_payable_of_shipping(run, refunding, line, left);
    }
    int64_t tax = least(left, order->marketplace_tax - order->marketplace_refunded);
    if (tax > 0 && !refund_marketplace_tax(run, refunding, tax, -1, -1))
        return false;
    return left == tax || m_refuse_late(run, "waiting", "exceeds_open");
}

/* Where the money goes that is no store credit and no exchange: the gateway, or the card it came from. */
static const char *refund_role(const struct run *run, const struct m_document *d, const struct order *order)
{
    (void)run;
    if (d->store_credit)
        return "store_credit_liability";
    return !d->gateway && order->card_captured && !order->gateway_captured ? "gift_card_liability" : "gateway_clearing";
}

const char *m_refund_by_itself(const struct m_document *d)
{
    const struct m_line *shipping = shipping_of(d);
    int64_t parts = -m_or_zero(d->restocking_fee);
    for (size_t i = 0; i < d->lines.count; i++) {
        if (d->lines.at[i].amount == M_NONE && d->lines.at[i].tax.count == 0)
            return NULL; /* worth what is left of its units */
        parts += m_or_zero(d->lines.at[i].amount) + tax_sum(&d->lines.at[i].tax);
    }
    if (shipping)
        parts += m_or_zero(shipping->amount) + tax_sum(&shipping->tax);
    return d->order.id && (d->lines.count > 0 || shipping) && parts != d->amount ? "refund_differs" : NULL;
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
    currency money = d->currency ? currency_find(span_of(d->currency)) : run->settings->company;
    struct order *other = paper->other_order >= 0 ? &run->orders[paper->other_order] : NULL;
    if (money != order->money || (other && other->money != money))
        return m_refuse(run, "failed", "unsupported");
    if (needs_rate(run, order))
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
    int64_t paid = at_rate(run, order, d->amount), kept = at_rate(run, order, fee);
    int number = order_number(run, order);
    order->fees_kept += fee;
    m_post(run, "restocking_fee_income", -kept, -1, -1, number, -1);
    m_post(run, "realised_fx", paid + kept - refunding.worth, -1, -1, number, -1);
    if (!other) {
        m_post(run, refund_role(run, d, order), -paid, -1, -1, number, -1);
        return true;
    }
    /* In the other order's book a payment whose debit is its own deposits, which this refund has credited. */
    m_post(run, "customer_deposits", -paid, -1, -1, paper->other_order, -1);
    m_post(run, "customer_deposits", paid, -1, -1, paper->other_order, -1);
    return take_money(run, other, d->amount, paid);
}

/* --- a person's entry -------------------------------------------------------------------------------- */

/* Who may post: s stock movements only, i with an open item, f anybody. The list of roles, by name. */
static char control_of(const char *role)
{
    static const char stock[] = " inventory inventory_owed inventory_in_transit goods_out ";
    static const char items[] =
        " goods_sold_not_shipped gateway_clearing payouts_in_transit accounts_receivable supplier_prepayments "
        "disputes_held reserve_held deferred_dropship_cost returned_goods_asset landed_cost_clearing suspense "
        "customer_deposits refunds_due marketplace_tax_withheld grni accrued_purchases accounts_payable "
        "gift_card_liability store_credit_liability refund_liability ";
    static const char free_for_all[] =
        " bank bank_clearing input_tax sales_tax_payable accrued_shipping unclaimed_property_payable loans "
        "opening_equity "
        "drawings sales shipping_income commission_income tips restocking_fee_income breakage_income "
        "marketplace_reimbursements discounts returns_and_allowances shipping_refunded cogs cost_of_sales_dropship "
        "price_difference shrinkage damaged_goods_write_off scrap samples own_use stock_adjustments "
        "inventory_write_down "
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

/* --- a customer's money without an order ------------------------------------------------------------------ */

static struct held *held_for(struct run *run, const char *customer)
{
    for (int i = 0; i < run->held.count; i++)
        if (same(run->held.at[i].customer, customer))
            return &run->held.at[i];
    struct held *held = LIST_ADD(run->arena, run->held);
    *held = (struct held){customer, 0};
    return held;
}

static bool in_home_money(const struct run *run, const struct m_document *d)
{
    return !d->currency || currency_find(span_of(d->currency)) == run->settings->company;
}

bool m_read_payment_on_account(struct run *run)
{
    const struct m_document *d = run->papers[run->paper].d;
    if (!in_home_money(run, d))
        return m_refuse(run, "failed", "unsupported");
    held_for(run, d->customer)->amount += d->amount;
    m_post(run, d->gift_card ? "gift_card_liability" : "gateway_clearing", d->amount, -1, -1, -1, -1);
    m_post(run, "customer_deposits", -d->amount, -1, -1, -1, -1);
    return true;
}

/* Whenever it is dated: some payment of the customer is there. */
static bool has_account(const struct run *run, const char *customer)
{
    for (int i = 0; i < run->paper_count; i++) {
        const struct m_document *d = run->papers[i].d;
        if (d->type == M_PAYMENT && run->papers[i].standing == STANDS && !d->order.id && is(d->customer, customer) &&
            (!d->status || same(d->status, "captured")) && in_home_money(run, d))
            return true;
    }
    return false;
}

/* A line that credits an order's deposits, where the entry takes from a customer, pays that order. */
static bool pays_order(const struct m_document *d, const struct m_line *line)
{
    bool from_customer = false;
    for (size_t i = 0; i < d->lines.count; i++)
        from_customer = from_customer || (d->lines.at[i].customer && d->lines.at[i].amount > 0);
    return from_customer && line->order.id && line->amount < 0 && same(line->role, "customer_deposits");
}

const char *m_entry_by_itself(const struct run *run, const struct m_document *d)
{
    struct order any = {0};
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        char control = control_of(line->role);
        bool of_order = line->order.id && account_named(&any, line->role);
        bool of_customer = line->customer && same(line->role, "customer_deposits");
        if (!control)
            return "unknown_role";
        if ((line->customer && !of_customer) || control == 's' || (control == 'i' && !of_order && !of_customer))
            return "control_account";
        if (line->customer && !in_home_money(run, d))
            return "unsupported";
    }
    return NULL;
}

/* The customers whose money an entry moves have an account. */
static bool customers_are_known(struct run *run, const struct m_document *d)
{
    for (size_t i = 0; i < d->lines.count; i++)
        if (d->lines.at[i].customer && !has_account(run, d->lines.at[i].customer))
            return m_refuse(run, "waiting", "waits_document");
    return true;
}

bool m_read_entry(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    int64_t sum = 0;
    if (!customers_are_known(run, d))
        return false;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        struct order *order = paper->targets[i] >= 0 ? &run->orders[paper->targets[i]] : NULL;
        struct account *account = order ? account_named(order, line->role) : NULL;
        if (account && order->known && order->money != run->settings->company)
            return m_refuse(run, "failed", "unsupported"); /* the generator makes none; not modelled (README.md) */
        sum += line->amount;
    }
    if (sum != 0)
        return m_refuse(run, "failed", "entry_unbalanced");
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        int number = paper->targets[i];
        int64_t amount = m_in_company(run, line->amount);
        struct account *account = number >= 0 ? account_named(&run->orders[number], line->role) : NULL;
        if (line->customer) {
            struct held *held = held_for(run, line->customer);
            if (amount > held->amount)
                return m_refuse_late(run, "waiting", "exceeds_open");
            held->amount -= amount;
        }
        if (account && pays_order(d, line)) {
            if (!run->orders[number].known)
                return m_refuse_late(run, "waiting", "waits_document");
            m_post(run, line->role, amount, -1, -1, number, -1);
            m_post(run, line->role, -amount, -1, -1, number, -1);
            if (!take_money(run, &run->orders[number], -amount, -amount))
                return false;
            continue;
        }
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

/* J-6 for the three accounts of every order, and for what is held without one. */
void m_check_orders(const struct run *run)
{
    int64_t held = 0;
    for (int i = 0; i < run->held.count; i++)
        held += run->held.at[i].amount;
    for (int i = 0; i < run->posted.count; i++)
        held += same(run->posted.at[i].role, "customer_deposits") && run->posted.at[i].order < 0
                    ? run->posted.at[i].amount
                    : 0;
    must(held == 0);
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
