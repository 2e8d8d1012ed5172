/* order_earn.c: units are earned, cancelled and costed: each amount of a line is drawn in proportion, from its own
 * remainder, so that the last unit takes the odd cents. */
#include "order/order_fold.h"

#include "base/must.h"

static struct balance unpriced(const struct book *book, int64_t minor)
{
    return (struct balance){minor, book->is_foreign ? 0 : minor};
}

static struct about about_line(const struct book_line *line, struct span sku, struct span party)
{
    return (struct about){.sku = sku, .order_line = line->id, .party = party};
}

/* ---- what is posted for what was earned; negative amounts take it back ---- */

bool line_is_commission(const struct book *book, const struct book_line *line)
{
    return line->is_dropship && book->event->policy->revenue_gross == REVENUE_GROSS_NET;
}

void post_sales(struct book *book, struct book_line *line, const struct book_unit *unit, int64_t minor)
{
    if (minor == 0) {
        return;
    }
    book->net_minor = sum_of(book, book->net_minor, minor);
    enum role role = line_is_commission(book, line) ? ROLE_COMMISSION_INCOME : ROLE_SALES;
    struct about about = about_line(line, unit->sku, (struct span){0});
    if (unit->kind == ITEM_GIFT_CARD) {
        role = ROLE_GIFT_CARD_LIABILITY;
        about.party = book->order;
    }
    book_post(book, role, unpriced(book, -minor), &about);
}

void post_discount(struct book *book, struct book_line *line, const struct book_unit *unit, int64_t minor)
{
    if (minor == 0) {
        return;
    }
    book->net_minor = sum_of(book, book->net_minor, -minor);
    struct about about = about_line(line, unit->sku, (struct span){0});
    book_post(book, line_is_commission(book, line) ? ROLE_COMMISSION_INCOME : ROLE_DISCOUNTS, unpriced(book, minor),
              &about);
}

void post_shipping(struct book *book, struct book_line *line, int64_t minor)
{
    if (minor == 0) {
        return;
    }
    book->net_minor = sum_of(book, book->net_minor, minor);
    book->shipping_earned_minor += minor;
    book_post(book, line_is_commission(book, line) ? ROLE_COMMISSION_INCOME : ROLE_SHIPPING_INCOME,
              unpriced(book, -minor), &(struct about){0});
}

void post_shipping_discount(struct book *book, struct book_line *line, int64_t minor)
{
    if (minor == 0) {
        return;
    }
    book->net_minor = sum_of(book, book->net_minor, -minor);
    book->shipping_earned_minor -= minor;
    book_post(book, line_is_commission(book, line) ? ROLE_COMMISSION_INCOME : ROLE_DISCOUNTS, unpriced(book, minor),
              &(struct about){.tag = SPAN("shipping")});
}

void post_rounding(struct book *book, int64_t minor)
{
    book->net_minor = sum_of(book, book->net_minor, minor);
    book_post(book, ROLE_ROUNDING, unpriced(book, -minor), NULL);
}

void post_tax(struct book *book, struct book_line *line, const struct book_tax *tax, int64_t minor)
{
    if (minor == 0) {
        return;
    }
    book->net_minor = sum_of(book, book->net_minor, minor);
    struct about about = {.party = tax->jurisdiction, .tag = SPAN("shipping")};
    if (!tax->of_shipping) {
        about = about_line(line, line->sku, tax->jurisdiction);
    }
    book_post(book, ROLE_SALES_TAX_PAYABLE, unpriced(book, -minor), &about);
}

/* ---- earning ---- */

static int64_t unit_left(const struct book_unit *unit)
{
    return unit->ordered_micro - unit->earned_micro - unit->cancelled_micro;
}

static int64_t line_left(const struct book_line *line)
{
    return line->ordered_micro - line->earned_micro - line->cancelled_micro;
}

int64_t unit_earn(struct book *book, struct book_line *line, struct book_unit *unit, int64_t qty_micro)
{
    int64_t left = unit_left(unit);
    must(qty_micro > 0);
    must(qty_micro <= left);
    int64_t sales = share_earn(&unit->sales, qty_micro, left);
    int64_t discount = share_earn(&unit->discount, qty_micro, left);
    unit->earned_micro += qty_micro;
    book->open_minor -= sales - discount;
    post_sales(book, line, unit, sales);
    post_discount(book, line, unit, discount);
    return sales - discount;
}

static void earn_tax(struct book *book, struct book_line *line, struct book_tax *tax, int64_t qty, int64_t left)
{
    int64_t due = tax->due_minor > 0 ? partial_draw(tax->due_minor, qty, left) : 0;
    int64_t earned = share_earn(&tax->share, qty, left);
    if (tax->of_marketplace) {
        return;
    }
    if (due > earned) {
        due = earned;
    }
    tax->due_minor -= due;
    book->open_minor -= earned - due;
    book->tax_due_minor -= due;
    book->earned_left_minor += due;
    if (tax->of_shipping) {
        book->shipping_tax_earned_minor += earned;
    }
    post_tax(book, line, tax, earned - due);
}

/* Refunded open units become earned or cancelled ones as the line runs out of open units. */
static void refunds_follow(struct book_line *line, enum refund_of to, int64_t qty_micro)
{
    int64_t refunded = line->refunded_micro[REFUND_OF_OPEN];
    if (qty_micro > refunded) {
        qty_micro = refunded;
    }
    bool all = line_left(line) == 0;
    if (qty_micro <= 0 && !all) {
        return;
    }
    int64_t *amounts = line->refunded_minor;
    int64_t minor = all || qty_micro == refunded ? amounts[REFUND_OF_OPEN]
                                                 : partial_draw(amounts[REFUND_OF_OPEN], qty_micro, refunded);
    line->refunded_micro[REFUND_OF_OPEN] -= qty_micro;
    line->refunded_micro[to] += qty_micro;
    amounts[REFUND_OF_OPEN] -= minor;
    amounts[to] += minor;
    line->refunded_held_minor += to == REFUND_OF_EARNED ? minor : 0;
    for (size_t i = 0; i < line->tax_count; i++) {
        int64_t *taxes = line->taxes[i].refunded_minor;
        int64_t tax = all || qty_micro == refunded ? taxes[REFUND_OF_OPEN]
                                                   : partial_draw(taxes[REFUND_OF_OPEN], qty_micro, refunded);
        taxes[REFUND_OF_OPEN] -= tax;
        taxes[to] += tax;
        line->taxes[i].refunded_held_minor += to == REFUND_OF_EARNED ? tax : 0;
    }
}

void book_refunds_taken_off(struct book_line *line)
{
    int64_t taken_off = line->refunded_micro[REFUND_OF_OPEN] - line_left(line);
    if (taken_off > 0) {
        refunds_follow(line, REFUND_OF_CANCELLED, taken_off);
    }
}

void book_earn_rest(struct book *book, struct book_line *line)
{
    int64_t qty = line_complete(line, UNITS_EARNED) - line->earned_micro;
    if (qty <= 0) {
        return;
    }
    int64_t left = line_left(line);
    int64_t shipping = share_earn(&line->shipping, qty, left);
    int64_t shipping_discount = share_earn(&line->shipping_discount, qty, left);
    int64_t rounding = share_earn(&line->rounding, qty, left);
    book->open_minor -= shipping - shipping_discount + rounding;
    post_shipping(book, line, shipping);
    post_shipping_discount(book, line, shipping_discount);
    for (size_t i = 0; i < line->tax_count; i++) {
        earn_tax(book, line, &line->taxes[i], qty, left);
    }
    if (rounding != 0) {
        post_rounding(book, rounding);
    }
    line->earned_micro += qty;
    if (line->refunded_micro[REFUND_OF_OPEN] > line_left(line) || line_left(line) == 0) {
        refunds_follow(line, REFUND_OF_EARNED, line->refunded_micro[REFUND_OF_OPEN] - line_left(line));
    }
}

/* ---- cancelling ---- */

int64_t unit_cancel(struct book *book, struct book_line *line, struct book_unit *unit, int64_t qty_micro)
{
    int64_t unsold = unit_open(unit) - unit->sold_micro;
    int64_t open = qty_micro < unsold ? qty_micro : unsold;
    int64_t left = unit_left(unit);
    if (open > 0) {
        int64_t sales = share_cancel(&unit->sales, open, left);
        int64_t discount = share_cancel(&unit->discount, open, left);
        book->open_minor -= sales - discount;
    }
    int64_t back = qty_micro - open;
    if (back > 0) {
        post_sales(book, line, unit, -share_unearn(&unit->sales, back, unit->earned_micro));
        post_discount(book, line, unit, -share_unearn(&unit->discount, back, unit->earned_micro));
        unit->earned_micro -= back;
        unit->sold_micro -= back;
        book->takes_back = true;
    }
    unit->cancelled_micro += qty_micro;
    unit->cancel_named_micro += qty_micro;
    return back;
}

static void cancel_tax(struct book *book, struct book_tax *tax, int64_t qty, int64_t left)
{
    int64_t due = tax->due_minor > 0 ? partial_draw(tax->due_minor, qty, left) : 0;
    int64_t cancelled = share_cancel(&tax->share, qty, left);
    if (tax->of_marketplace) {
        return;
    }
    if (due > cancelled) {
        due = cancelled;
    }
    tax->due_minor -= due;
    tax->due_cancelled_minor += due;
    book->open_minor -= cancelled - due;
}

static void cancel_open_rest(struct book *book, struct book_line *line, int64_t qty)
{
    int64_t left = line_left(line);
    book->open_minor -= share_cancel(&line->shipping, qty, left);
    book->open_minor += share_cancel(&line->shipping_discount, qty, left);
    book->open_minor -= share_cancel(&line->rounding, qty, left);
    for (size_t i = 0; i < line->tax_count; i++) {
        cancel_tax(book, &line->taxes[i], qty, left);
    }
    int64_t live = line->ordered_micro - line->cancelled_micro;
    (void)share_cancel(&line->cost, qty, live - line->cost_done_micro);
    (void)share_cancel(&line->accrual, qty, live - line->accrual_done_micro);
}

static void unearn_rest(struct book *book, struct book_line *line, int64_t qty)
{
    int64_t earned = line->earned_micro;
    post_shipping(book, line, -share_unearn(&line->shipping, qty, earned));
    post_shipping_discount(book, line, -share_unearn(&line->shipping_discount, qty, earned));
    for (size_t i = 0; i < line->tax_count; i++) {
        struct book_tax *tax = &line->taxes[i];
        int64_t minor = share_unearn(&tax->share, qty, earned);
        if (tax->of_marketplace) {
            continue;
        }
        if (tax->of_shipping) {
            book->shipping_tax_earned_minor -= minor;
        }
        post_tax(book, line, tax, -minor);
    }
    int64_t rounding = share_unearn(&line->rounding, qty, earned);
    if (rounding != 0) {
        post_rounding(book, -rounding);
    }
    line->earned_micro -= qty;
}

void book_cancel_rest(struct book *book, struct book_line *line, int64_t qty_micro)
{
    /* Units sold before they shipped leave the earned ones, the others the open ones. */
    int64_t unsold = line_open(line) - line_sold(line);
    int64_t open = qty_micro < unsold ? qty_micro : unsold;
    if (open > 0) {
        cancel_open_rest(book, line, open);
    }
    if (qty_micro > open) {
        unearn_rest(book, line, qty_micro - open);
        book_keep_refunded(book, line, qty_micro - open);
    }
    line->cancelled_micro += qty_micro;
    line->cancel_named_micro += qty_micro;
    refunds_follow(line, REFUND_OF_CANCELLED, qty_micro);
}

/* ---- tax that was payable before it was earned ---- */

int64_t tax_take_due(struct book *book, struct book_line *line, struct book_tax *tax, int64_t minor)
{
    int64_t cancelled = minor < tax->due_cancelled_minor ? minor : tax->due_cancelled_minor;
    int64_t open = minor - cancelled < tax->due_minor ? minor - cancelled : tax->due_minor;
    if (cancelled + open <= 0) {
        return 0;
    }
    tax->due_cancelled_minor -= cancelled;
    tax->due_minor -= open;
    book->open_minor += open;
    book->tax_due_minor -= cancelled + open;
    struct about about = {.party = tax->jurisdiction, .tag = SPAN("shipping")};
    if (!tax->of_shipping) {
        about = about_line(line, line->sku, tax->jurisdiction);
    }
    book_post(book, ROLE_SALES_TAX_PAYABLE, unpriced(book, cancelled + open), &about);
    return cancelled + open;
}

/* ---- what a dropship line costs ---- */

static int64_t advance(struct share *share, int64_t *done, int64_t to, int64_t ordered, int64_t cancelled)
{
    int64_t qty = to - *done;
    int64_t minor = 0;
    if (qty > 0) {
        minor = share_earn(share, qty, ordered - cancelled - *done);
    } else if (qty < 0) {
        minor = -share_unearn(share, -qty, *done);
    }
    *done = to;
    return minor;
}

void book_settle_cost(struct book *book, struct book_line *line)
{
    if (!line->is_dropship || line->cost.total_minor == 0) {
        return;
    }
    int64_t left_out = line->cancelled_micro;
    int64_t accrue_to = line->shipped_micro + line_sold(line);
    int64_t accrued = advance(&line->accrual, &line->accrual_done_micro, accrue_to, line->ordered_micro, left_out);
    int64_t cost_to = line->earned_micro + line_back_unearned(line);
    int64_t cost = advance(&line->cost, &line->cost_done_micro, cost_to, line->ordered_micro, left_out);
    book_post_cost(book, line, accrued, cost);
}

/* What cost of sales takes out of the deferred cost, in the company's currency. */
static int64_t cost_at_carried(struct book *book, struct balance *deferred, int64_t cost)
{
    int64_t company = 0;
    if (cost > 0 && cost <= deferred->minor) {
        company = partial_draw(deferred->company_minor, cost, deferred->minor);
    } else {
        company = book_at_rate(book, cost);
    }
    deferred->minor -= cost;
    deferred->company_minor -= company;
    if (deferred->minor == 0) {
        company += deferred->company_minor;
        deferred->company_minor = 0;
    }
    return company;
}

void book_post_cost(struct book *book, struct book_line *line, int64_t accrued_minor, int64_t cost_minor)
{
    struct balance accrued = {accrued_minor, book_at_rate(book, accrued_minor)};
    balance_give(book, &line->deferred, accrued);
    struct balance cost = {cost_minor, cost_at_carried(book, &line->deferred, cost_minor)};
    struct balance deferred = {accrued.minor - cost.minor, accrued.company_minor - cost.company_minor};
    struct about about = about_line(line, line->sku, (struct span){0});
    book_post(book, line_is_commission(book, line) ? ROLE_COMMISSION_INCOME : ROLE_COST_OF_SALES_DROPSHIP, cost,
              &about);
    book_post(book, ROLE_DEFERRED_DROPSHIP_COST, deferred, &about);
    about.party = line->supplier;
    book_post(book, ROLE_ACCRUED_PURCHASES, negative(accrued), &about);
}

/* ---- revenue_at payment ---- */

/* Credits what the refund of earned units debited, out of what the event takes back. */
static void give_back_refunded(struct book *book, struct book_line *line, int64_t minor)
{
    if (minor == 0) {
        return;
    }
    struct about about = about_line(line, line->sku, (struct span){0});
    enum role role = line_is_commission(book, line) ? ROLE_COMMISSION_INCOME : ROLE_RETURNS_AND_ALLOWANCES;
    if (line->facts->kind == ITEM_GIFT_CARD) {
        role = ROLE_GIFT_CARD_LIABILITY;
        about.party = book->order;
    }
    book->net_minor = sum_of(book, book->net_minor, minor);
    book_post(book, role, unpriced(book, -minor), &about);
}

/* Refunded units are first those that came back, then those that had not shipped. */
static int64_t refunded_unshipped(const struct book_line *line)
{
    int64_t came_back = INT64_MAX;
    for (size_t u = 0; u < line->unit_count; u++) {
        const struct book_unit *unit = &line->units[u];
        int64_t earned = bundles_in(unit->returned_micro - unit->returned_unearned_micro, unit->per_micro);
        came_back = earned < came_back ? earned : came_back;
    }
    int64_t refunded = line->refunded_micro[REFUND_OF_EARNED] - came_back;
    return refunded > 0 ? refunded : 0;
}

/* Of an amount refunded of earned units, the part of `qty` of them is one of cancelled units now. Gives what of it the
 * refund took out of what was earned. */
static int64_t refund_of_unearned(int64_t refunded[REFUND_OF_COUNT], int64_t *held, int64_t qty, int64_t of)
{
    int64_t taken = partial_draw(refunded[REFUND_OF_EARNED] - *held, qty, of);
    int64_t from_held = *held > 0 ? partial_draw(*held, qty, of) : 0;
    *held -= from_held;
    refunded[REFUND_OF_EARNED] -= taken + from_held;
    refunded[REFUND_OF_CANCELLED] += taken + from_held;
    return taken;
}

void book_keep_refunded(struct book *book, struct book_line *line, int64_t back_micro)
{
    int64_t of = line->refunded_micro[REFUND_OF_EARNED];
    int64_t qty = refunded_unshipped(line);
    qty = qty < back_micro ? qty : back_micro;
    if (qty <= 0) {
        return;
    }
    line->refunded_micro[REFUND_OF_EARNED] -= qty;
    line->refunded_micro[REFUND_OF_CANCELLED] += qty;
    give_back_refunded(book, line, refund_of_unearned(line->refunded_minor, &line->refunded_held_minor, qty, of));
    for (size_t t = 0; t < line->tax_count; t++) {
        struct book_tax *tax = &line->taxes[t];
        int64_t refunded = refund_of_unearned(tax->refunded_minor, &tax->refunded_held_minor, qty, of);
        if (!tax->of_marketplace) {
            post_tax(book, line, tax, refunded);
        }
    }
}

void book_keep_earned(struct book *book)
{
    int64_t left = sum_of(book, book->earned_left_minor, book->net_minor);
    if (!book->takes_back || left >= 0 || book->net_minor >= 0) {
        return;
    }
    int64_t minor = left > book->net_minor ? -left : -book->net_minor;
    book->net_minor += minor;
    book_post(book, ROLE_RETURNS_AND_ALLOWANCES, unpriced(book, -minor), NULL);
}

static struct stock_effect paid_effect(const struct book_line *line, const struct book_unit *unit,
                                       enum stock_effect_kind kind, int64_t qty)
{
    return (struct stock_effect){
        .kind = kind,
        .line = (int)line->place,
        .part = unit->part,
        .order_line = line->id,
        .sku = unit->sku,
        .qty_micro = qty,
        .location = line->terms->fulfil.location,
        .unit_cost_micro = ABSENT,
    };
}

/* Units that were shipped leave goods out; the others are sold before they ship. */
static void earn_unit_paid(struct book *book, struct book_line *line, struct book_unit *unit)
{
    int64_t qty = unit_left(unit) - unit->returned_unearned_micro;
    if (qty <= 0) {
        return;
    }
    int64_t shipped = unit_awaiting(unit) < qty ? unit_awaiting(unit) : qty;
    int64_t revenue = unit_earn(book, line, unit, qty);
    unit->sold_micro += qty - shipped;
    book_touch(book, line);
    if (!unit_moves_stock(line, unit)) {
        return;
    }
    struct order_result *result = book->result;
    int64_t first = shipped > 0 ? partial_draw(revenue, shipped, qty) : 0;
    if (shipped > 0) {
        result->effects[result->effect_count] = paid_effect(line, unit, EFFECT_DELIVER, shipped);
        result->effects[result->effect_count++].revenue_minor = book_at_rate(book, first);
    }
    if (qty > shipped) {
        result->effects[result->effect_count] = paid_effect(line, unit, EFFECT_SELL, qty - shipped);
        result->effects[result->effect_count++].revenue_minor = book_at_rate(book, revenue - first);
    }
}

static bool make_room_for_effects(struct book *book)
{
    size_t room = book->result->effect_count;
    for (size_t i = 0; i < book->line_count; i++) {
        room += 2 * book->lines[i]->unit_count;
    }
    struct stock_effect *effects = ARENA_ARRAY(book->arena, struct stock_effect, room);
    if (effects == NULL) {
        book->failed = true;
        return false;
    }
    if (book->result->effect_count > 0) {
        memcpy(effects, book->result->effects, book->result->effect_count * sizeof *effects);
    }
    book->result->effects = effects;
    return true;
}

void book_earn_paid(struct book *book)
{
    if (book->event->policy->revenue_at != REVENUE_AT_PAYMENT || book->captured_minor < book->total_minor ||
        !make_room_for_effects(book)) {
        return;
    }
    size_t first = book->result->lines.count;
    for (size_t i = 0; i < book->line_count; i++) {
        struct book_line *line = book->lines[i];
        for (size_t u = 0; u < line->unit_count; u++) {
            earn_unit_paid(book, line, &line->units[u]);
            book_earn_rest(book, line);
        }
    }
    book_settle_earned(book, first);
    for (size_t i = 0; i < book->touched_count; i++) {
        book_settle_cost(book, book->touched[i]);
    }
}
