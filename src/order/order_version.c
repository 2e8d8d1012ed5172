/* order_version.c: a version of the order opens the book or edits it. Every amount of every line is split anew; units
 * earned before keep what they earned, plus one catch-up; open units take the rest. */
#include "order/order_fold.h"

#include "base/must.h"

/* What a version makes of one line. */
struct line_plan {
    struct book_line *line; /* as known before; NULL: new */
    const struct order_line *terms;
    const struct order_line_facts *facts;
    struct span id;
    int64_t factor_micro;
    int64_t qty_micro; /* stock units */
};
struct version_plan {
    struct order_terms terms;
    struct line_plan *lines;
    size_t new_count, new_units, tax_count;
};

static void raise_to(int64_t *most, int64_t value)
{
    if (value > *most) {
        *most = value;
    }
}

static bool is_bundle(const struct order_line_facts *facts)
{
    return facts->kind == ITEM_BUNDLE && facts->component_count > 0;
}

static int64_t factor_of(const struct order_line_facts *facts)
{
    return facts->uom_factor_micro > 0 ? facts->uom_factor_micro : MICRO;
}

static bool has_moved(const struct book_line *line)
{
    return line->shipped_micro != 0 || line->cancel_named_micro != 0 || line->earned_micro != 0;
}

/* ---- judging ---- */

/* A line keeps the facts it was first read with, unless it stands for another item now. */
static enum refusal plan_known_line(struct book *book, struct line_plan *plan)
{
    struct book_line *line = plan->line;
    if (!span_eq(line->sku, plan->terms->sku)) {
        for (size_t u = 0; u < line->unit_count; u++) {
            if (line->units[u].shipped_micro > 0) {
                return book_say(book, REFUSAL_BELOW_SHIPPED, "line %.*s: %.*s was shipped and the line is now %.*s",
                                SPAN_ARG(line->id), SPAN_ARG(line->sku), SPAN_ARG(plan->terms->sku));
            }
        }
        if (has_moved(line)) {
            return book_say(book, REFUSAL_UNSUPPORTED, "line %.*s: was cancelled or paid as %.*s and is now %.*s",
                            SPAN_ARG(line->id), SPAN_ARG(line->sku), SPAN_ARG(plan->terms->sku));
        }
        return REFUSAL_NONE;
    }
    plan->facts = line->facts;
    return REFUSAL_NONE;
}

static enum refusal check_unit(struct book *book, const struct book_line *line, const struct book_unit *unit,
                               int64_t qty_micro)
{
    int64_t ordered = qty_micro;
    if (line->is_bundle && !mul_div(qty_micro, unit->per_micro, MICRO, &ordered)) {
        return book_say(book, REFUSAL_OVERFLOW, "line %.*s: the quantity is too large", SPAN_ARG(line->id));
    }
    if (ordered < unit->shipped_micro) {
        struct text now = qty_text(ordered), shipped = qty_text(unit->shipped_micro);
        return book_say(book, REFUSAL_BELOW_SHIPPED, "line %.*s: %s of %.*s are ordered now, %s were shipped",
                        SPAN_ARG(line->id), now.at, SPAN_ARG(unit->sku), shipped.at);
    }
    return REFUSAL_NONE;
}

static enum refusal check_shipped(struct book *book, const struct book_line *line, int64_t qty_micro)
{
    enum refusal refusal = REFUSAL_NONE;
    for (size_t u = 0; u < line->unit_count && refusal == REFUSAL_NONE; u++) {
        refusal = check_unit(book, line, &line->units[u], qty_micro);
    }
    return refusal;
}

static enum refusal plan_line(struct book *book, struct version_plan *plan, size_t i)
{
    const struct order *order = &book->event->document->order;
    struct line_plan *line = &plan->lines[i];
    line->terms = &order->lines.at[i];
    line->facts = &book->event->facts[i];
    line->factor_micro = factor_of(line->facts);
    line->line = book->line_count > 0 ? book_line_by_id(book, line->id) : NULL;
    enum refusal refusal = line->line != NULL ? plan_known_line(book, line) : REFUSAL_NONE;
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    if (!mul_div(line->terms->qty_micro, line->factor_micro, MICRO, &line->qty_micro) ||
        line->qty_micro > QTY_MICRO_MAX) {
        return book_say(book, REFUSAL_OVERFLOW, "line %.*s: the quantity is too large", SPAN_ARG(line->id));
    }
    for (size_t c = 0; c < line->facts->component_count; c++) {
        int64_t units = 0;
        if (!mul_div(line->qty_micro, line->facts->components[c].qty_micro, MICRO, &units) || units > QTY_MICRO_MAX) {
            return book_say(book, REFUSAL_OVERFLOW, "line %.*s: the quantity is too large", SPAN_ARG(line->id));
        }
    }
    plan->tax_count += line->terms->tax.count + order->shipping.tax.count;
    if (line->line == NULL) {
        plan->new_count++;
        plan->new_units += is_bundle(line->facts) ? line->facts->component_count : 0;
        return REFUSAL_NONE;
    }
    return check_shipped(book, line->line, line->qty_micro);
}

/* Lines the version no longer lists count as ordered zero. */
static enum refusal check_dropped(struct book *book, const struct version_plan *plan)
{
    for (size_t i = 0; i < plan->terms.count; i++) {
        if (plan->lines[i].line != NULL) {
            book_touch(book, plan->lines[i].line);
        }
    }
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < book->line_count && refusal == REFUSAL_NONE; i++) {
        if (book->lines[i]->touched != book->number) {
            refusal = check_shipped(book, book->lines[i], 0);
        }
    }
    return refusal;
}

static enum refusal plan_version(struct book *book, struct version_plan *plan)
{
    const struct order *order = &book->event->document->order;
    struct span detail = {0};
    enum refusal refusal = order_terms_make(book->event, book->arena, &plan->terms, &detail);
    if (refusal != REFUSAL_NONE) {
        book->result->detail = detail;
        return refusal;
    }
    if (book->money != 0 && book->money != book->event->document->money) {
        return book_say(book, REFUSAL_UNSUPPORTED, "the order changes its currency");
    }
    struct span *ids = NULL, again = {0};
    plan->lines = ARENA_ARRAY(book->arena, struct line_plan, plan->terms.count);
    if (plan->lines == NULL || !order_line_ids(order, book->arena, &ids, &again)) {
        return book_say(book, REFUSAL_BAD_VALUE, "two lines have the id %.*s", SPAN_ARG(again));
    }
    for (size_t i = 0; i < plan->terms.count && refusal == REFUSAL_NONE; i++) {
        plan->lines[i].id = ids[i];
        refusal = plan_line(book, plan, i);
    }
    return refusal == REFUSAL_NONE ? check_dropped(book, plan) : refusal;
}

/* ---- new lines ---- */

static bool make_room(struct book *book, size_t more)
{
    if (book->line_count + more <= book->line_room) {
        return true;
    }
    size_t room = book->line_count + more;
    struct book_line **lines = ARENA_ARRAY(book->arena, struct book_line *, room);
    struct book_line **touched = ARENA_ARRAY(book->arena, struct book_line *, room);
    if (lines == NULL || touched == NULL) {
        return false;
    }
    if (book->line_count > 0) {
        memcpy(lines, book->lines, book->line_count * sizeof(struct book_line *));
    }
    if (book->touched_count > 0) {
        memcpy(touched, book->touched, book->touched_count * sizeof(struct book_line *));
    }
    book->lines = lines;
    book->touched = touched;
    book->line_room = room;
    return true;
}

static void set_units(struct book_line *line, const struct line_plan *plan, struct book_unit **units)
{
    line->facts = plan->facts;
    line->sku = plan->terms->sku;
    line->is_bundle = is_bundle(plan->facts);
    if (!line->is_bundle) {
        line->self = (struct book_unit){.sku = line->sku, .kind = line->facts->kind, .per_micro = MICRO};
        line->units = &line->self;
        line->unit_count = 1;
        return;
    }
    line->units = *units;
    line->unit_count = plan->facts->component_count;
    *units += line->unit_count;
    for (size_t c = 0; c < line->unit_count; c++) {
        const struct order_component *component = &plan->facts->components[c];
        line->units[c] = (struct book_unit){
            .sku = component->sku,
            .kind = component->kind,
            .part = (int)c + 1,
            .per_micro = component->qty_micro,
            .weight_micro = component->weight_micro,
        };
    }
}

static bool add_new_lines(struct book *book, struct version_plan *plan)
{
    /* A known line that stands for another item now needs new units too. */
    for (size_t i = 0; i < plan->terms.count; i++) {
        struct line_plan *line = &plan->lines[i];
        if (line->line != NULL && line->facts != line->line->facts && is_bundle(line->facts)) {
            plan->new_units += line->facts->component_count;
        }
    }
    struct book_line *lines = ARENA_ARRAY(book->arena, struct book_line, plan->new_count);
    struct book_unit *units = plan->new_units ? ARENA_ARRAY(book->arena, struct book_unit, plan->new_units) : NULL;
    if (lines == NULL || (plan->new_units && units == NULL) || !make_room(book, plan->new_count)) {
        return false;
    }
    for (size_t i = 0; i < plan->terms.count; i++) {
        struct line_plan *line = &plan->lines[i];
        if (line->line == NULL) {
            line->line = lines++;
            line->line->id = line->id;
            line->line->passed_to = INT32_MIN;
            book->lines[book->line_count++] = line->line;
            set_units(line->line, line, &units);
        } else if (line->facts != line->line->facts) {
            for (size_t u = 0; u < line->line->unit_count; u++) {
                const struct book_unit *unit = &line->line->units[u];
                book->open_minor -= unit->sales.left_minor - unit->discount.left_minor;
            }
            set_units(line->line, line, &units);
        }
        line->line->factor_micro = line->factor_micro;
    }
    return true;
}

/* ---- taxes ---- */

static bool is_same_tax(const struct book_tax *tax, const struct tax_line *line, bool of_shipping)
{
    return !tax->taken_over && tax->of_shipping == of_shipping && tax->kind == line->kind &&
           tax->of_marketplace == (line->remitter == REMITTER_MARKETPLACE) &&
           span_eq(tax->jurisdiction, line->jurisdiction);
}

static struct book_tax tax_for(struct book_line *line, const struct tax_line *terms, bool of_shipping)
{
    for (size_t i = 0; i < line->tax_count; i++) {
        if (is_same_tax(&line->taxes[i], terms, of_shipping)) {
            line->taxes[i].taken_over = true;
            struct book_tax tax = line->taxes[i];
            tax.taken_over = false;
            return tax;
        }
    }
    return (struct book_tax){
        .jurisdiction = terms->jurisdiction,
        .kind = terms->kind,
        .of_marketplace = terms->remitter == REMITTER_MARKETPLACE,
        .of_shipping = of_shipping,
    };
}

/* ---- new amounts ---- */

/* The quantities an amount is split over, before and now. */
struct quantities {
    int64_t ordered_micro, earned_micro, cancelled_micro;
    bool same;
};

/* An amount that is the same over the same units is left as it was drawn. */
static int64_t retotal(struct book *book, struct share *share, int64_t total, const struct quantities *now, int sign)
{
    if (now->same && share->total_minor == total) {
        return 0;
    }
    int64_t left = share->left_minor;
    int64_t catch_up = share_retotal(share, total, now->ordered_micro, now->earned_micro, now->cancelled_micro);
    book->open_minor += sign * (share->left_minor - left);
    return catch_up;
}

/* Tax that was payable early and no longer fits what is open goes back to the customer's account. */
static void return_tax_due(struct book *book, struct book_line *line, struct book_tax *tax)
{
    int64_t left = tax->share.left_minor > 0 ? tax->share.left_minor : 0;
    int64_t beyond = tax->due_minor - left;
    if (beyond > 0) {
        tax->due_minor -= beyond;
        book->tax_due_minor -= beyond;
        book->open_minor += beyond;
        book->earned_left_minor += beyond; /* which the net amount then takes off again */
        post_tax(book, line, tax, -beyond);
    }
}

static void retotal_tax(struct book *book, struct book_line *line, struct book_tax *tax, int64_t total,
                        const struct quantities *now)
{
    int64_t catch_up = retotal(book, &tax->share, total, now, tax->of_marketplace ? 0 : 1);
    raise_to(&tax->most_minor, total);
    if (tax->of_marketplace) {
        return;
    }
    if (tax->of_shipping) {
        book->shipping_tax_earned_minor += catch_up;
    }
    post_tax(book, line, tax, catch_up);
    return_tax_due(book, line, tax);
}

/* Takes over what is known of each tax and gives it its new total; taxes no longer named end at nothing. */
static void set_taxes(struct book *book, struct book_line *line, const struct version_plan *plan, size_t i,
                      const struct quantities *now, struct book_tax **room)
{
    const struct order *order = &book->event->document->order;
    const tax_list none = {0};
    const tax_list *own = i < plan->terms.count ? &line->terms->tax : &none;
    const tax_list *shipping = i < plan->terms.count ? &order->shipping.tax : &none;
    struct book_tax *taxes = *room;
    size_t count = 0;
    for (size_t t = 0; t < own->count; t++) {
        taxes[count] = tax_for(line, &own->at[t], false);
        retotal_tax(book, line, &taxes[count++], own->at[t].amount_minor, now);
    }
    for (size_t t = 0; t < shipping->count; t++) {
        taxes[count] = tax_for(line, &shipping->at[t], true);
        retotal_tax(book, line, &taxes[count++], plan->terms.shipping_tax_minor[t * plan->terms.count + i], now);
    }
    for (size_t t = 0; t < line->tax_count; t++) {
        if (!line->taxes[t].taken_over) {
            taxes[count] = line->taxes[t];
            retotal_tax(book, line, &taxes[count++], 0, &(struct quantities){.ordered_micro = MICRO});
        }
    }
    line->taxes = taxes;
    line->tax_count = count;
    *room += count;
}

static int64_t taxes_in(const struct order *order, const struct version_plan *plan, size_t i, int64_t *out_of_shipping)
{
    int64_t own = 0;
    *out_of_shipping = 0;
    if (order->tax_included == TRUTH_TRUE && i < plan->terms.count) {
        const tax_list *taxes = &order->lines.at[i].tax;
        for (size_t t = 0; t < taxes->count; t++) {
            own += taxes->at[t].amount_minor;
        }
        for (size_t t = 0; t < order->shipping.tax.count; t++) {
            *out_of_shipping += plan->terms.shipping_tax_minor[t * plan->terms.count + i];
        }
    }
    return own;
}

/* ---- new quantities ---- */

static int64_t least_of(int64_t a, int64_t b) { return a < b ? a : b; }

static struct quantities unit_quantities(struct book *book, struct book_line *line, struct book_unit *unit,
                                         int64_t ordered)
{
    struct quantities now = {.ordered_micro = ordered};
    now.cancelled_micro = least_of(unit->cancel_named_micro, ordered - unit->shipped_micro);
    now.earned_micro = least_of(unit->earned_micro, ordered - now.cancelled_micro - unit->returned_unearned_micro);
    now.same = unit->ordered_micro == ordered && unit->cancelled_micro == now.cancelled_micro &&
               unit->earned_micro == now.earned_micro;
    int64_t unsold = unit->earned_micro - now.earned_micro;
    unit->sold_micro -= unsold;
    book->takes_back |= unsold > 0;
    if (unsold > 0 && unit_moves_stock(line, unit)) {
        book->result->effects[book->result->effect_count++] = (struct stock_effect){
            .kind = EFFECT_UNSELL,
            .line = (int)line->place,
            .part = unit->part,
            .order_line = line->id,
            .sku = unit->sku,
            .qty_micro = unsold,
            .location = line->terms->fulfil.location,
            .unit_cost_micro = ABSENT,
        };
    }
    unit->ordered_micro = ordered;
    unit->cancelled_micro = now.cancelled_micro;
    unit->earned_micro = now.earned_micro;
    return now;
}

static struct quantities line_quantities(struct book_line *line, int64_t ordered)
{
    struct quantities now = {.ordered_micro = ordered};
    int64_t was_ordered = line->ordered_micro, was_cancelled = line->cancelled_micro, was_earned = line->earned_micro;
    line->ordered_micro = ordered;
    line->cancelled_micro = line->units[0].cancelled_micro;
    if (line->is_bundle) {
        int64_t shipped = line_least(line, UNITS_SHIPPED);
        line->cancelled_micro = least_of(line->cancel_named_micro, ordered - shipped);
    }
    line->shipped_micro = line_complete(line, UNITS_SHIPPED);
    line->earned_micro = line_complete(line, UNITS_EARNED);
    now.cancelled_micro = line->cancelled_micro;
    now.earned_micro = line->earned_micro;
    now.same = was_ordered == ordered && was_cancelled == now.cancelled_micro && was_earned == now.earned_micro;
    return now;
}

/* The line's sales and discount, split over the components of a bundle. */
static void set_unit_amounts(struct book *book, struct book_line *line, const struct quantities *now, int64_t sales,
                             int64_t discount, int64_t *scratch)
{
    int64_t *weights = scratch, *sales_parts = scratch + line->unit_count;
    int64_t *discount_parts = sales_parts + line->unit_count;
    if (line->is_bundle) {
        for (size_t u = 0; u < line->unit_count; u++) {
            weights[u] = line->units[u].weight_micro;
        }
        split_by_weight(sales, weights, line->unit_count, sales_parts);
        split_by_weight(discount, weights, line->unit_count, discount_parts);
    } else {
        sales_parts[0] = sales;
        discount_parts[0] = discount;
    }
    for (size_t u = 0; u < line->unit_count; u++) {
        struct book_unit *unit = &line->units[u];
        post_sales(book, line, unit, retotal(book, &unit->sales, sales_parts[u], &now[u], 1));
        post_discount(book, line, unit, retotal(book, &unit->discount, discount_parts[u], &now[u], -1));
    }
}

static void set_cost(struct book *book, struct book_line *line, const struct line_plan *plan,
                     const struct quantities *now)
{
    const struct fulfil *fulfil = &line->terms->fulfil;
    if (fulfil->by == FULFIL_DROPSHIP ||
        (fulfil->by == FULFIL_ABSENT &&
         (line->facts->kind == ITEM_DROPSHIP || (line->facts->kind == ITEM_EITHER && fulfil->supplier.ptr != NULL)))) {
        line->is_dropship = true;
    } else if (line->shipped_micro == 0) {
        line->is_dropship = false;
    }
    line->supplier = fulfil->supplier.ptr != NULL ? fulfil->supplier : line->supplier;
    int64_t total = 0;
    if (plan != NULL && is_present(fulfil->cost_micro)) {
        bool fits = amount_of(line->terms->qty_micro, fulfil->cost_micro, currency_exponent(book->money), &total);
        must(fits); /* the order's value looked */
    }
    int64_t accrual_done = least_of(line->accrual_done_micro, now->ordered_micro - now->cancelled_micro);
    int64_t cost_done = least_of(line->cost_done_micro, now->earned_micro + line_back_unearned(line));
    bool same = now->same && line->cost.total_minor == total;
    if (same && accrual_done == line->accrual_done_micro && cost_done == line->cost_done_micro) {
        return;
    }
    line->accrual_done_micro = accrual_done;
    line->cost_done_micro = cost_done;
    int64_t accrued = share_retotal(&line->accrual, total, now->ordered_micro, accrual_done, now->cancelled_micro);
    int64_t cost = share_retotal(&line->cost, total, now->ordered_micro, cost_done, now->cancelled_micro);
    line->catch_up_accrued_minor = accrued;
    line->catch_up_cost_minor = cost;
}

/* ---- applying ---- */

static void apply_line(struct book *book, struct version_plan *plan, struct book_line *line, struct book_tax **taxes,
                       struct quantities *now, int64_t *scratch)
{
    const struct order *order = &book->event->document->order;
    bool listed = line->place > 0;
    size_t i = listed ? line->place - 1 : SIZE_MAX;
    int64_t qty = listed ? plan->lines[i].qty_micro : 0;
    if (listed) {
        line->terms = plan->lines[i].terms;
    }
    for (size_t u = 0; u < line->unit_count; u++) {
        int64_t ordered = qty;
        bool fits = !line->is_bundle || mul_div(qty, line->units[u].per_micro, MICRO, &ordered);
        must(fits); /* the plan looked */
        now[u] = unit_quantities(book, line, &line->units[u], ordered);
    }
    int64_t earned_before = line->earned_micro;
    struct quantities whole = line_quantities(line, qty);
    int64_t shipping_taxes = 0;
    int64_t taxes_inside = taxes_in(order, plan, i, &shipping_taxes);
    int64_t value = listed ? plan->terms.value_minor[i] - taxes_inside : 0;
    int64_t shipping = listed ? plan->terms.shipping_minor[i] - shipping_taxes : 0;
    int64_t discount = listed ? plan->terms.discount_minor[i] : 0;
    int64_t rounding = i == 0 ? plan->terms.rounding_minor : 0;
    set_unit_amounts(book, line, now, value, discount, scratch);
    post_shipping(book, line, retotal(book, &line->shipping, shipping, &whole, 1));
    post_shipping_discount(
        book, line,
        retotal(book, &line->shipping_discount, listed ? plan->terms.shipping_discount_minor[i] : 0, &whole, -1));
    set_taxes(book, line, plan, i, &whole, taxes);
    post_rounding(book, retotal(book, &line->rounding, rounding, &whole, 1));
    book_keep_refunded(book, line, earned_before - line->earned_micro);
    book_refunds_taken_off(line);
    raise_to(&line->most_micro, qty);
    raise_to(&line->most_minor, value - discount + rounding);
    set_cost(book, line, listed ? &plan->lines[i] : NULL, &whole);
}

static size_t units_most(const struct book *book, size_t *out_all, size_t *out_taxes)
{
    size_t most = 1;
    *out_all = *out_taxes = 0;
    for (size_t i = 0; i < book->line_count; i++) {
        size_t count = book->lines[i]->unit_count;
        most = count > most ? count : most;
        *out_all += count;
        *out_taxes += book->lines[i]->tax_count;
    }
    return most;
}

static bool apply_lines(struct book *book, struct version_plan *plan)
{
    size_t known = book->line_count;
    if (!add_new_lines(book, plan)) {
        return false;
    }
    size_t all = 0, old_taxes = 0;
    size_t most = units_most(book, &all, &old_taxes);
    struct quantities *now = ARENA_ARRAY(book->arena, struct quantities, most);
    int64_t *scratch = ARENA_ARRAY(book->arena, int64_t, most * 3);
    struct book_tax *taxes = ARENA_ARRAY(book->arena, struct book_tax, plan->tax_count + old_taxes);
    if (known > 0) {
        book->result->effects = ARENA_ARRAY(book->arena, struct stock_effect, all);
    }
    if (now == NULL || scratch == NULL || taxes == NULL || (known > 0 && book->result->effects == NULL)) {
        return false;
    }
    /* In the order in which the order came to have them. */
    for (size_t i = 0; i < book->line_count; i++) {
        book->lines[i]->place = 0;
    }
    for (size_t i = 0; i < plan->terms.count; i++) {
        plan->lines[i].line->place = i + 1;
    }
    for (size_t i = 0; i < book->line_count; i++) {
        apply_line(book, plan, book->lines[i], &taxes, now, scratch);
    }
    return true;
}

static void post_costs(struct book *book)
{
    for (size_t i = 0; i < book->line_count; i++) {
        struct book_line *line = book->lines[i];
        if (line->catch_up_accrued_minor != 0 || line->catch_up_cost_minor != 0) {
            book_post_cost(book, line, line->catch_up_accrued_minor, line->catch_up_cost_minor);
            line->catch_up_accrued_minor = line->catch_up_cost_minor = 0;
        }
    }
}

static void take_terms(struct book *book, const struct order_terms *terms)
{
    const struct document *document = book->event->document;
    if (book->version == NULL) {
        book->channel = document->order.channel;
        if (book->order.ptr == NULL) {
            book->order = document->id;
        }
    }
    book->version = document;
    book->total_minor = terms->total_minor;
    book->tip_minor = terms->tip_minor;
    book->marketplace_tax_minor = terms->marketplace_tax_minor;
    raise_to(&book->shipping_most_minor, terms->shipping_net_minor);
    raise_to(&book->shipping_tax_most_minor, terms->shipping_merchant_tax_minor);
    raise_to(&book->shipping_marketplace_tax_most_minor, terms->shipping_marketplace_tax_minor);
}

enum refusal book_version(struct book *book)
{
    struct version_plan plan = {0};
    enum refusal refusal = plan_version(book, &plan);
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    book_set_money(book, book->event->document->money);
    take_terms(book, &plan.terms);
    bool opens = book->line_count == 0;
    if (!apply_lines(book, &plan)) {
        book->failed = true;
        return REFUSAL_NONE;
    }
    book_index_lines(book);
    if (!opens) {
        book_keep_earned(book);
        book_settle_earned(book, 0);
        post_costs(book);
    }
    book_days_caught_up(book);
    book_earn_paid(book);
    book_release_excess(book);
    return REFUSAL_NONE;
}
