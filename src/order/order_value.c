/* order_value.c: what an order is worth, split over its lines, and draws on those amounts. The rules are those of
 * docs/formats/order-postings.md, "Value of an order". */
#include "order/order_fold.h"

#include "base/must.h"

/* Adds up; remembers when a sum left what an amount may be. */
struct sum {
    int64_t minor;
    bool overflow;
};

static void sum_add(struct sum *sum, int64_t minor)
{
    sum->overflow |= __builtin_add_overflow(sum->minor, minor, &sum->minor);
}

static bool is_too_large(struct sum sum)
{
    return sum.overflow || sum.minor > AMOUNT_MINOR_MAX || sum.minor < -AMOUNT_MINOR_MAX;
}

static void sum_taxes(const tax_list *taxes, struct sum *all, struct sum *of_marketplace)
{
    for (size_t i = 0; i < taxes->count; i++) {
        sum_add(all, taxes->at[i].amount_minor);
        if (taxes->at[i].remitter == REMITTER_MARKETPLACE) {
            sum_add(of_marketplace, taxes->at[i].amount_minor);
        }
    }
}

static bool terms_alloc(struct order_terms *terms, const struct order *order, struct arena *arena)
{
    size_t count = order->lines.count;
    size_t tax_count = order->shipping.tax.count;
    int64_t *at = ARENA_ARRAY(arena, int64_t, count * (4 + tax_count));
    if (at == NULL) {
        return false;
    }
    terms->count = count;
    terms->value_minor = at;
    terms->discount_minor = at + count;
    terms->shipping_minor = at + 2 * count;
    terms->shipping_discount_minor = at + 3 * count;
    terms->shipping_tax_minor = at + 4 * count;
    return true;
}

/* What the order discount and shipping are split by. */
static void weigh(const struct order_terms *terms, int64_t *weights)
{
    for (size_t i = 0; i < terms->count; i++) {
        int64_t net = terms->value_minor[i] - terms->discount_minor[i];
        weights[i] = net > 0 ? net : 0;
    }
}

static void split_shipping(const struct order *order, struct order_terms *terms, const int64_t *weights)
{
    int64_t amount = or_zero(order->shipping.amount_minor);
    int64_t discount = or_zero(order->shipping.discount_minor);
    if (amount != 0) {
        split_by_weight(amount, weights, terms->count, terms->shipping_minor);
    }
    if (discount != 0) {
        split_by_weight(discount, weights, terms->count, terms->shipping_discount_minor);
    }
    for (size_t t = 0; t < order->shipping.tax.count; t++) {
        split_by_weight(order->shipping.tax.at[t].amount_minor, weights, terms->count,
                        terms->shipping_tax_minor + t * terms->count);
    }
}

static bool split_over_lines(const struct order *order, struct order_terms *terms, struct arena *arena)
{
    int64_t discount = or_zero(order->discount_minor);
    bool has_shipping = or_zero(order->shipping.amount_minor) != 0 || or_zero(order->shipping.discount_minor) != 0 ||
                        order->shipping.tax.count > 0;
    if (terms->count == 0 || (discount == 0 && !has_shipping)) {
        return true;
    }
    int64_t *weights = ARENA_ARRAY(arena, int64_t, terms->count * 2);
    if (weights == NULL) {
        return false;
    }
    if (discount != 0) {
        int64_t *parts = weights + terms->count;
        weigh(terms, weights);
        split_by_weight(discount, weights, terms->count, parts);
        for (size_t i = 0; i < terms->count; i++) {
            terms->discount_minor[i] += parts[i];
        }
    }
    if (has_shipping) {
        weigh(terms, weights);
        split_shipping(order, terms, weights);
    }
    return true;
}

/* Whether |rounding| is above the policy's limit, which is stated in millionths of the currency. */
static bool is_beyond_limit(int64_t rounding_minor, int exponent, int64_t limit_micro)
{
    int64_t scale = MICRO;
    for (int i = 0; i < exponent; i++) {
        scale /= 10;
    }
    int64_t micro = 0;
    return __builtin_mul_overflow(rounding_minor < 0 ? -rounding_minor : rounding_minor, scale, &micro) ||
           micro > limit_micro;
}

struct parts_of_order {
    struct sum all, taxes, marketplace, shipping_taxes, shipping_marketplace;
};

/* What is carried or counted somewhere is not a service; a gift card is no sale at all. */
static bool is_goods(const struct order_line *line, const struct order_line_facts *facts)
{
    bool is_service = facts->kind == ITEM_SERVICE || facts->kind == ITEM_SUPPLY ||
                      (line->fulfil.by == FULFIL_DIGITAL && facts->kind != ITEM_BUNDLE);
    return !is_service || facts->kind == ITEM_GIFT_CARD;
}

static enum refusal check_services(const struct order_event *event, struct arena *arena, struct span *out_detail)
{
    const struct order *order = &event->document->order;
    for (size_t i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        if (order_runs_by_days(line) && is_goods(line, &event->facts[i])) {
            *out_detail = arena_print(arena, "lines[%zu].service: %.*s is earned when it ships, not by days", i,
                                      SPAN_ARG(line->sku));
            return REFUSAL_UNSUPPORTED;
        }
    }
    return REFUSAL_NONE;
}

static enum refusal value_lines(const struct order_event *event, struct order_terms *terms,
                                struct parts_of_order *parts, struct arena *arena, struct span *out_detail)
{
    const struct document *document = event->document;
    const struct order *order = &document->order;
    int exponent = currency_exponent(document->money);
    for (size_t i = 0; i < order->lines.count; i++) {
        const struct order_line *line = &order->lines.at[i];
        if (line->qty_micro <= 0 || line->unit_price_micro < 0) {
            *out_detail = arena_print(arena, "lines[%zu]: quantity or price is not positive", i);
            return REFUSAL_NEGATIVE_NOT_ALLOWED;
        }
        if (!amount_of(line->qty_micro, line->unit_price_micro, exponent, &terms->value_minor[i]) ||
            terms->value_minor[i] > AMOUNT_MINOR_MAX) {
            *out_detail = arena_print(arena, "lines[%zu]: quantity times price is too large", i);
            return REFUSAL_OVERFLOW;
        }
        int64_t cost = 0;
        if (is_present(line->fulfil.cost_micro) &&
            (!amount_of(line->qty_micro, line->fulfil.cost_micro, exponent, &cost) || cost > AMOUNT_MINOR_MAX)) {
            *out_detail = arena_print(arena, "lines[%zu]: quantity times cost is too large", i);
            return REFUSAL_OVERFLOW;
        }
        terms->discount_minor[i] = or_zero(line->discount_minor);
        sum_add(&parts->all, terms->value_minor[i]);
        sum_add(&parts->all, -terms->discount_minor[i]);
        sum_taxes(&line->tax, &parts->taxes, &parts->marketplace);
    }
    return REFUSAL_NONE;
}

static void add_order_parts(const struct order *order, struct parts_of_order *parts)
{
    sum_taxes(&order->shipping.tax, &parts->shipping_taxes, &parts->shipping_marketplace);
    sum_add(&parts->taxes, parts->shipping_taxes.minor);
    sum_add(&parts->marketplace, parts->shipping_marketplace.minor);
    sum_add(&parts->all, -or_zero(order->discount_minor));
    sum_add(&parts->all, or_zero(order->shipping.amount_minor));
    sum_add(&parts->all, -or_zero(order->shipping.discount_minor));
    sum_add(&parts->all, or_zero(order->tip_minor));
    if (order->tax_included != TRUTH_TRUE) {
        sum_add(&parts->all, parts->taxes.minor);
    }
    parts->all.overflow |= is_too_large(parts->taxes) || is_too_large(parts->shipping_taxes);
}

static enum refusal check_total(const struct order_event *event, const struct parts_of_order *parts,
                                struct order_terms *terms, struct arena *arena, struct span *out_detail)
{
    const struct order *order = &event->document->order;
    int exponent = currency_exponent(event->document->money);
    if (is_too_large(parts->all)) {
        *out_detail = arena_copy(arena, SPAN("the order's lines sum to more than can be kept exactly"));
        return REFUSAL_OVERFLOW;
    }
    terms->total_minor = or_else(order->total_minor, parts->all.minor);
    terms->rounding_minor = terms->total_minor - parts->all.minor;
    if (is_beyond_limit(terms->rounding_minor, exponent, event->stated->rounding_limit_micro)) {
        char stated[24], summed[24];
        decimal_write(terms->total_minor, exponent, exponent, stated);
        decimal_write(parts->all.minor, exponent, exponent, summed);
        *out_detail = arena_print(arena, "total is %s, the lines sum to %s", stated, summed);
        return REFUSAL_TOTAL_DIFFERS;
    }
    if (terms->count == 0 && parts->all.minor + terms->rounding_minor != or_zero(order->tip_minor)) {
        *out_detail = arena_copy(arena, SPAN("the order has no line that could carry its amounts"));
        return REFUSAL_TOTAL_DIFFERS;
    }
    return REFUSAL_NONE;
}

enum refusal order_terms_make(const struct order_event *event, struct arena *arena, struct order_terms *out_terms,
                              struct span *out_detail)
{
    const struct order *order = &event->document->order;
    struct parts_of_order parts = {0};
    *out_terms = (struct order_terms){0};
    if (!terms_alloc(out_terms, order, arena)) {
        return REFUSAL_OVERFLOW;
    }
    enum refusal refusal = value_lines(event, out_terms, &parts, arena, out_detail);
    if (refusal == REFUSAL_NONE) {
        add_order_parts(order, &parts);
        refusal = check_total(event, &parts, out_terms, arena, out_detail);
    }
    if (refusal == REFUSAL_NONE && event->facts != NULL) {
        refusal = check_services(event, arena, out_detail);
    }
    if (refusal == REFUSAL_NONE && !split_over_lines(order, out_terms, arena)) {
        refusal = REFUSAL_OVERFLOW;
    }
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    out_terms->tip_minor = or_zero(order->tip_minor);
    out_terms->marketplace_tax_minor = parts.marketplace.minor;
    out_terms->shipping_marketplace_tax_minor = parts.shipping_marketplace.minor;
    out_terms->shipping_merchant_tax_minor = parts.shipping_taxes.minor - parts.shipping_marketplace.minor;
    out_terms->shipping_net_minor = or_zero(order->shipping.amount_minor) - or_zero(order->shipping.discount_minor) -
                                    (order->tax_included == TRUTH_TRUE ? parts.shipping_taxes.minor : 0);
    return REFUSAL_NONE;
}

bool order_total_differs(const struct document *order, const struct policy *policy, struct arena *arena,
                         struct span *out_detail)
{
    struct order_terms terms;
    struct order_event event = {.document = order, .stated = policy};
    return order_terms_make(&event, arena, &terms, out_detail) == REFUSAL_TOTAL_DIFFERS;
}

/* ---- draws ---- */

int64_t share_earn(struct share *share, int64_t qty_micro, int64_t qty_left_micro)
{
    if (share->left_minor == 0) {
        return 0;
    }
    int64_t minor = partial_draw(share->left_minor, qty_micro, qty_left_micro);
    share->left_minor -= minor;
    share->earned_minor += minor;
    return minor;
}

int64_t share_cancel(struct share *share, int64_t qty_micro, int64_t qty_left_micro)
{
    if (share->left_minor == 0) {
        return 0;
    }
    int64_t minor = partial_draw(share->left_minor, qty_micro, qty_left_micro);
    share->left_minor -= minor;
    share->cancelled_minor += minor;
    return minor;
}

int64_t share_unearn(struct share *share, int64_t qty_micro, int64_t earned_micro)
{
    if (share->earned_minor == 0) {
        return 0;
    }
    int64_t minor = partial_draw(share->earned_minor, qty_micro, earned_micro);
    share->earned_minor -= minor;
    share->cancelled_minor += minor;
    return minor;
}

int64_t share_retotal(struct share *share, int64_t total_minor, int64_t qty_micro, int64_t earned_micro,
                      int64_t cancelled_micro)
{
    int64_t earned = earned_micro == 0 ? 0 : partial_draw(total_minor, earned_micro, qty_micro);
    int64_t rest = total_minor - earned;
    int64_t cancelled = cancelled_micro == 0 ? 0 : partial_draw(rest, cancelled_micro, qty_micro - earned_micro);
    int64_t catch_up = earned - share->earned_minor;
    *share = (struct share){total_minor, earned, cancelled, rest - cancelled};
    return catch_up;
}
