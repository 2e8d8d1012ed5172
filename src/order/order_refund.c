/* order_refund.c: money that goes back. A refund takes what it gives back from the places where the customer's money
 * stands, in a fixed order; when they do not hold enough, the book is put back as it was and the refund waits.
 *
 *   cancelled units   refunds due, then the deposit
 *   earned units      returns and allowances, shipping refunded, tax payable; beyond what was earned: as open units
 *   open units        the deposit, then refunds due
 * Tax that was payable before it was earned comes out of tax payable, marketplace tax out of what was withheld. */
#include "order/order_fold.h"

#include "base/must.h"

struct refunding {
    struct book *book;
    const struct refund *refund;
    int64_t total_minor;   /* given back plus the fee */
    int64_t missing_minor; /* what no place held */
    /* For undoing: lines as they were, in the order they were touched. */
    struct book saved;
    struct line_copy *copies;
};
struct line_copy {
    struct line_copy *older;
    struct book_line *line;
    struct book_line was;
    struct book_tax *taxes;
};

static int64_t least_of(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t not_negative(int64_t a) { return a > 0 ? a : 0; }

static struct balance unpriced(const struct book *book, int64_t minor)
{
    return (struct balance){minor, book->is_foreign ? 0 : minor};
}

/* ---- undoing ---- */

static void keep_copy(struct refunding *r, struct book_line *line)
{
    struct book *book = r->book;
    if (line->touched == book->number) {
        return;
    }
    struct line_copy *copy = ARENA_NEW(book->arena, struct line_copy);
    struct book_tax *taxes = ARENA_ARRAY(book->arena, struct book_tax, line->tax_count);
    if (copy == NULL || taxes == NULL) {
        book->failed = true;
        return;
    }
    if (line->tax_count > 0) {
        memcpy(taxes, line->taxes, line->tax_count * sizeof *taxes);
    }
    *copy = (struct line_copy){r->copies, line, *line, taxes};
    r->copies = copy;
    book_touch(book, line);
}

static void undo(struct refunding *r)
{
    for (const struct line_copy *copy = r->copies; copy != NULL; copy = copy->older) {
        struct book_tax *taxes = copy->line->taxes;
        *copy->line = copy->was;
        if (copy->was.tax_count > 0) {
            memcpy(taxes, copy->taxes, copy->was.tax_count * sizeof *taxes);
        }
    }
    struct book_line **touched = r->book->touched;
    bool failed = r->book->failed;
    *r->book = r->saved;
    r->book->touched = touched;
    r->book->failed = failed;
}

/* ---- places money comes from ---- */

static int64_t take_account(struct refunding *r, enum role role, struct balance *balance, int64_t wanted)
{
    struct balance taken = balance_take(r->book, balance, least_of(wanted, balance->minor));
    book_post(r->book, role, taken, NULL);
    return wanted - taken.minor;
}

static int64_t take_refunds_due(struct refunding *r, int64_t wanted)
{
    return take_account(r, ROLE_REFUNDS_DUE, &r->book->refunds_due, wanted);
}

static int64_t take_deposit(struct refunding *r, int64_t wanted)
{
    return take_account(r, ROLE_CUSTOMER_DEPOSITS, &r->book->deposit, wanted);
}

static void take_held(struct refunding *r, int64_t cancelled, int64_t open)
{
    cancelled = take_refunds_due(r, cancelled);
    open = take_deposit(r, open);
    cancelled = take_deposit(r, cancelled);
    r->missing_minor += cancelled + take_refunds_due(r, open);
}

/* Debits `role` for earned value; the caller has looked that so much was earned. */
static void take_earned(struct refunding *r, enum role role, int64_t minor, const struct about *about)
{
    r->book->earned_left_minor -= minor;
    r->book->recognised_minor -= minor;
    book_post(r->book, role, unpriced(r->book, minor), about);
}

/* A gift card sold was never income, and an agent's goods never his sales: what comes back comes from there. */
static void take_earned_of(struct refunding *r, const struct book_line *line, int64_t minor)
{
    struct about about = {.sku = line->sku, .order_line = line->id};
    enum role role = line_is_commission(r->book, line) ? ROLE_COMMISSION_INCOME : ROLE_RETURNS_AND_ALLOWANCES;
    if (line->facts->kind == ITEM_GIFT_CARD) {
        role = ROLE_GIFT_CARD_LIABILITY;
        about.party = r->book->order;
    }
    take_earned(r, role, minor, &about);
}

static int64_t take_tax_due(struct refunding *r, struct book_line *line, struct book_tax *tax, int64_t wanted)
{
    if (wanted <= 0 || tax->due_minor + tax->due_cancelled_minor <= 0) {
        return wanted;
    }
    keep_copy(r, line);
    int64_t taken = r->book->failed ? 0 : tax_take_due(r->book, line, tax, wanted);
    r->book->recognised_minor -= taken;
    return wanted - taken;
}

static int64_t take_marketplace_tax(struct refunding *r, int64_t wanted, const struct about *about)
{
    struct book *book = r->book;
    int64_t taken = least_of(wanted, not_negative(book->marketplace_taken_minor - book->marketplace_refunded_minor));
    book->marketplace_refunded_minor += taken;
    book_post(book, ROLE_MARKETPLACE_TAX_WITHHELD, unpriced(book, taken), about);
    return wanted - taken;
}

/* ---- what a line was worth ---- */

/* Sales less discounts, and rounding. */
struct line_value {
    int64_t total, earned, cancelled, open;
};

static void add_share(struct line_value *value, const struct share *share, int sign)
{
    value->total += sign * share->total_minor;
    value->earned += sign * share->earned_minor;
    value->cancelled += sign * share->cancelled_minor;
    value->open += sign * share->left_minor;
}

static struct line_value value_of(const struct book_line *line)
{
    struct line_value value = {0};
    for (size_t u = 0; u < line->unit_count; u++) {
        add_share(&value, &line->units[u].sales, 1);
        add_share(&value, &line->units[u].discount, -1);
    }
    add_share(&value, &line->rounding, 1);
    return value;
}

int64_t line_refundable(const struct book_line *line)
{
    struct line_value value = value_of(line);
    int64_t refundable = value.earned + value.cancelled;
    for (int of = 0; of < REFUND_OF_COUNT; of++) {
        refundable -= line->refunded_minor[of];
    }
    for (size_t t = 0; t < line->tax_count; t++) {
        const struct book_tax *tax = &line->taxes[t];
        if (!tax->of_shipping) {
            refundable += tax->share.earned_minor + tax->share.cancelled_minor;
            for (int of = 0; of < REFUND_OF_COUNT; of++) {
                refundable -= tax->refunded_minor[of];
            }
        }
    }
    return not_negative(refundable);
}

static int64_t refunded_in_all(const int64_t refunded[REFUND_OF_COUNT])
{
    return refunded[REFUND_OF_CANCELLED] + refunded[REFUND_OF_EARNED] + refunded[REFUND_OF_OPEN];
}

/* ---- one line ---- */

/* How the units a line's refund names divide; all zero when it names none (an allowance). */
struct units_of {
    int64_t qty[REFUND_OF_COUNT];
    int64_t all;
};

/* Units not refunded yet. What an edit took off counts as cancelled. */
static void held_units(const struct book_line *line, int64_t out[REFUND_OF_COUNT])
{
    int64_t taken_off = line->most_micro - line->ordered_micro;
    out[REFUND_OF_CANCELLED] = line->cancelled_micro + taken_off;
    out[REFUND_OF_EARNED] = line->earned_micro;
    out[REFUND_OF_OPEN] = line->ordered_micro - line->earned_micro - line->cancelled_micro;
    for (int of = 0; of < REFUND_OF_COUNT; of++) {
        out[of] = not_negative(out[of] - line->refunded_micro[of]);
    }
}

static enum refusal divide_units(struct book *book, const struct book_line *line, int64_t qty, struct units_of *out)
{
    int64_t held[REFUND_OF_COUNT];
    held_units(line, held);
    if (qty > line->most_micro) {
        struct text asked = qty_text(qty), ordered = qty_text(line->most_micro);
        return book_say(book, REFUSAL_EXCEEDS_ORDERED, "line %.*s: %s refunded, %s ordered", SPAN_ARG(line->id),
                        asked.at, ordered.at);
    }
    *out = (struct units_of){.all = qty};
    int64_t left = qty;
    for (int of = 0; of < REFUND_OF_COUNT; of++) {
        out->qty[of] = least_of(left, held[of]);
        left -= out->qty[of];
    }
    if (left > 0) {
        struct text asked = qty_text(qty), open = qty_text(qty - left);
        return book_say(book, REFUSAL_EXCEEDS_OPEN, "line %.*s: %s refunded, %s not refunded yet", SPAN_ARG(line->id),
                        asked.at, open.at);
    }
    return REFUSAL_NONE;
}

/* An amount for those units, by partial draws in their order. Of earned units never more than was earned: what is
 * beyond comes from where the open units' money stands. */
static void divide_amount(int64_t minor, const struct units_of *units, int64_t earned_left,
                          int64_t out[REFUND_OF_COUNT])
{
    out[REFUND_OF_CANCELLED] = out[REFUND_OF_EARNED] = 0;
    if (units->all == 0) {
        out[REFUND_OF_EARNED] = minor;
        minor = 0;
    }
    int64_t left = units->all;
    for (int of = REFUND_OF_CANCELLED; of < REFUND_OF_OPEN && left > 0; of++) {
        out[of] = units->qty[of] > 0 ? partial_draw(minor, units->qty[of], left) : 0;
        minor -= out[of];
        left -= units->qty[of];
    }
    int64_t earned = least_of(out[REFUND_OF_EARNED], not_negative(earned_left));
    out[REFUND_OF_OPEN] = minor + out[REFUND_OF_EARNED] - earned;
    out[REFUND_OF_EARNED] = earned;
}

static void count_refunded(int64_t refunded[REFUND_OF_COUNT], const int64_t parts[REFUND_OF_COUNT])
{
    for (int of = 0; of < REFUND_OF_COUNT; of++) {
        refunded[of] += parts[of];
    }
}

/* Where no amount is stated, the units named are worth what is left of them, by partial draws. */
static int64_t worth_of(const struct units_of *units, const int64_t held_qty[REFUND_OF_COUNT],
                        const int64_t held[REFUND_OF_COUNT])
{
    int64_t minor = 0;
    for (int of = 0; of < REFUND_OF_COUNT; of++) {
        if (units->qty[of] > 0 && held[of] > 0) {
            minor += partial_draw(held[of], units->qty[of], held_qty[of]);
        }
    }
    return minor;
}

static int64_t amount_of_units(const struct book_line *line, const struct units_of *units)
{
    struct line_value value = value_of(line);
    int64_t qty[REFUND_OF_COUNT];
    held_units(line, qty);
    const int64_t held[REFUND_OF_COUNT] = {
        value.cancelled + not_negative(line->most_minor - value.total) - line->refunded_minor[REFUND_OF_CANCELLED],
        value.earned - line->refunded_minor[REFUND_OF_EARNED],
        value.open - line->refunded_minor[REFUND_OF_OPEN],
    };
    return worth_of(units, qty, held);
}

static int64_t tax_of_units(const struct book_line *line, const struct book_tax *tax, const struct units_of *units)
{
    int64_t qty[REFUND_OF_COUNT];
    held_units(line, qty);
    const int64_t held[REFUND_OF_COUNT] = {
        tax->share.cancelled_minor + tax->most_minor - tax->share.total_minor -
            tax->refunded_minor[REFUND_OF_CANCELLED],
        tax->share.earned_minor - tax->refunded_minor[REFUND_OF_EARNED],
        tax->share.left_minor - tax->refunded_minor[REFUND_OF_OPEN],
    };
    return worth_of(units, qty, held);
}

static void refund_tax(struct refunding *r, struct book_line *line, struct book_tax *tax, int64_t minor,
                       const struct units_of *units)
{
    struct book *book = r->book;
    struct about about = {.sku = line->sku, .order_line = line->id, .party = tax->jurisdiction};
    int64_t parts[REFUND_OF_COUNT];
    if (tax->of_marketplace) {
        divide_amount(minor, units, minor, parts);
        r->missing_minor += take_marketplace_tax(r, minor, &about);
    } else {
        int64_t earned_left =
            least_of(tax->share.earned_minor - tax->refunded_minor[REFUND_OF_EARNED], book->earned_left_minor);
        divide_amount(minor, units, earned_left, parts);
        take_earned(r, ROLE_SALES_TAX_PAYABLE, parts[REFUND_OF_EARNED], &about);
        int64_t wanted = parts[REFUND_OF_CANCELLED] + parts[REFUND_OF_OPEN];
        int64_t held = take_tax_due(r, line, tax, wanted);
        int64_t of_cancelled = not_negative(parts[REFUND_OF_CANCELLED] - (wanted - held));
        take_held(r, of_cancelled, held - of_cancelled);
    }
    count_refunded(tax->refunded_minor, parts);
}

static bool is_meant(const struct book_tax *tax, const struct tax_line *named)
{
    return !tax->of_shipping && (named->jurisdiction.ptr == NULL || span_eq(tax->jurisdiction, named->jurisdiction)) &&
           (named->remitter == REMITTER_ABSENT || tax->of_marketplace == (named->remitter == REMITTER_MARKETPLACE));
}

/* A tax that does not say whose it is takes the line's taxes in their order. */
static void refund_named_tax(struct refunding *r, struct book_line *line, const struct tax_line *named,
                             const struct units_of *units)
{
    int64_t left = named->amount_minor;
    for (size_t t = 0; t < line->tax_count && left > 0; t++) {
        struct book_tax *tax = &line->taxes[t];
        int64_t room = not_negative(tax->most_minor - refunded_in_all(tax->refunded_minor));
        if (is_meant(tax, named) && room > 0) {
            int64_t some = least_of(left, room);
            refund_tax(r, line, tax, some, units);
            left -= some;
        }
    }
    r->missing_minor += left;
}

static void refund_amount(struct refunding *r, struct book_line *line, int64_t minor, const struct units_of *units)
{
    struct line_value value = value_of(line);
    int64_t room = not_negative(line->most_minor - refunded_in_all(line->refunded_minor));
    if (minor > room) {
        r->missing_minor += minor - room;
        minor = room;
    }
    int64_t earned_left = least_of(value.earned - line->refunded_minor[REFUND_OF_EARNED], r->book->earned_left_minor);
    int64_t parts[REFUND_OF_COUNT];
    divide_amount(minor, units, earned_left, parts);
    take_earned_of(r, line, parts[REFUND_OF_EARNED]);
    take_held(r, parts[REFUND_OF_CANCELLED], parts[REFUND_OF_OPEN]);
    count_refunded(line->refunded_minor, parts);
}

static enum refusal find_refunded(struct refunding *r, size_t i, struct book_line **out_line, struct units_of *out)
{
    struct book *book = r->book;
    const struct refund_line *named = &r->refund->lines.at[i];
    bool is_named = named->line.ptr != NULL || named->sku.ptr != NULL;
    struct span sku = is_named ? named->sku : r->refund->match.sku;
    *out = (struct units_of){0};
    if (!is_present(named->qty_micro)) {
        return book_line_find(book, named->line, sku, out_line);
    }
    struct moves moves = {0};
    enum refusal refusal = moves_name(
        book, &moves, &(struct named){named->line, sku, {0}, named->uom, named->qty_micro, (int)i + 1, NULL, NULL});
    if (refusal != REFUSAL_NONE || book->failed) {
        return refusal;
    }
    *out_line = moves.at[0].line;
    return divide_units(book, *out_line, moves.line_micro, out);
}

/* Refunds one line; adds what it gives back to *sum. */
static enum refusal refund_line(struct refunding *r, size_t i, int64_t *sum)
{
    struct book *book = r->book;
    const struct refund_line *named = &r->refund->lines.at[i];
    struct book_line *line = NULL;
    struct units_of units;
    enum refusal refusal = find_refunded(r, i, &line, &units);
    if (refusal != REFUSAL_NONE || book->failed) {
        return refusal;
    }
    keep_copy(r, line);
    bool is_stated = is_present(named->amount_minor) || named->tax.count > 0;
    int64_t amount = is_stated ? or_zero(named->amount_minor) : amount_of_units(line, &units);
    *sum = sum_of(book, *sum, amount);
    if (amount < 0 || book->failed) {
        return book_say(book, REFUSAL_NEGATIVE_NOT_ALLOWED, "line %.*s: the amount is negative", SPAN_ARG(line->id));
    }
    for (size_t t = 0; t < line->tax_count && !is_stated; t++) {
        struct book_tax *tax = &line->taxes[t];
        int64_t minor = tax->of_shipping ? 0 : tax_of_units(line, tax, &units);
        *sum = sum_of(book, *sum, minor);
        if (minor > 0) {
            refund_tax(r, line, tax, minor, &units);
        }
    }
    for (size_t t = 0; t < named->tax.count; t++) {
        *sum = sum_of(book, *sum, named->tax.at[t].amount_minor);
        refund_named_tax(r, line, &named->tax.at[t], &units);
    }
    refund_amount(r, line, amount, &units);
    count_refunded(line->refunded_micro, units.qty);
    return REFUSAL_NONE;
}

/* ---- shipping ---- */

/* Tax on shipping that was payable early, wherever it stands. */
static int64_t take_shipping_tax_due(struct refunding *r, int64_t wanted)
{
    for (size_t i = 0; i < r->book->line_count && wanted > 0 && r->book->tax_due_minor > 0; i++) {
        struct book_line *line = r->book->lines[i];
        for (size_t t = 0; t < line->tax_count && wanted > 0; t++) {
            if (line->taxes[t].of_shipping && !line->taxes[t].of_marketplace) {
                wanted = take_tax_due(r, line, &line->taxes[t], wanted);
            }
        }
    }
    return wanted;
}

static const struct tax_line *shipping_tax_like(const struct book *book, const struct tax_line *named)
{
    const tax_list *taxes = &book->version->order.shipping.tax;
    for (size_t t = 0; t < taxes->count; t++) {
        const struct tax_line *tax = &taxes->at[t];
        bool same_place = named->jurisdiction.ptr == NULL || span_eq(named->jurisdiction, tax->jurisdiction);
        bool same_remitter = named->remitter == REMITTER_ABSENT ||
                             (named->remitter == REMITTER_MARKETPLACE) == (tax->remitter == REMITTER_MARKETPLACE);
        if (same_place && same_remitter) {
            return tax;
        }
    }
    return named;
}

static void refund_shipping_tax(struct refunding *r, const struct tax_line *named)
{
    struct book *book = r->book;
    const struct tax_line *tax = shipping_tax_like(book, named);
    struct about about = {.party = tax->jurisdiction, .tag = SPAN("shipping")};
    int64_t minor = named->amount_minor;
    if (tax->remitter == REMITTER_MARKETPLACE) {
        int64_t room =
            not_negative(book->shipping_marketplace_tax_most_minor - book->shipping_marketplace_refunded_minor);
        int64_t some = least_of(minor, room);
        book->shipping_marketplace_refunded_minor += some;
        r->missing_minor += minor - some + take_marketplace_tax(r, some, &about);
        return;
    }
    int64_t some = least_of(minor, not_negative(book->shipping_tax_most_minor - book->shipping_tax_refunded_minor));
    r->missing_minor += minor - some;
    book->shipping_tax_refunded_minor += some;
    int64_t earned_left =
        least_of(book->shipping_tax_earned_minor - book->shipping_tax_refunded_earned_minor, book->earned_left_minor);
    int64_t earned = least_of(some, not_negative(earned_left));
    book->shipping_tax_refunded_earned_minor += earned;
    take_earned(r, ROLE_SALES_TAX_PAYABLE, earned, &about);
    take_held(r, take_shipping_tax_due(r, some - earned), 0);
}

static void refund_shipping(struct refunding *r, int64_t *sum)
{
    struct book *book = r->book;
    for (size_t t = 0; t < r->refund->shipping.tax.count; t++) {
        *sum = sum_of(book, *sum, r->refund->shipping.tax.at[t].amount_minor);
        refund_shipping_tax(r, &r->refund->shipping.tax.at[t]);
    }
    int64_t minor = or_zero(r->refund->shipping.amount_minor);
    *sum = sum_of(book, *sum, minor);
    int64_t some = least_of(minor, not_negative(book->shipping_most_minor - book->shipping_refunded_minor));
    r->missing_minor += minor - some;
    book->shipping_refunded_minor += some;
    int64_t earned_left =
        least_of(book->shipping_earned_minor - book->shipping_refunded_earned_minor, book->earned_left_minor);
    int64_t earned = least_of(some, not_negative(earned_left));
    book->shipping_refunded_earned_minor += earned;
    take_earned(r, ROLE_SHIPPING_REFUNDED, earned, NULL);
    take_held(r, some - earned, 0);
}

/* ---- without lines ---- */

static int64_t take_all_tax_due(struct refunding *r, int64_t wanted)
{
    for (size_t i = 0; i < r->book->line_count && wanted > 0 && r->book->tax_due_minor > 0; i++) {
        struct book_line *line = r->book->lines[i];
        for (size_t t = 0; t < line->tax_count && wanted > 0; t++) {
            wanted = take_tax_due(r, line, &line->taxes[t], wanted);
        }
    }
    return wanted;
}

static enum refusal refund_matched(struct refunding *r, int64_t *wanted)
{
    struct book_line *line = NULL;
    enum refusal refusal = book_line_find(r->book, (struct span){0}, r->refund->match.sku, &line);
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    keep_copy(r, line);
    int64_t left = least_of(value_of(line).earned - line->refunded_minor[REFUND_OF_EARNED], r->book->earned_left_minor);
    int64_t some = least_of(*wanted, not_negative(left));
    take_earned_of(r, line, some);
    line->refunded_minor[REFUND_OF_EARNED] += some;
    *wanted -= some;
    return REFUSAL_NONE;
}

static enum refusal refund_in_all(struct refunding *r)
{
    int64_t wanted = r->total_minor;
    if (match_is_present(r->refund->match)) {
        enum refusal refusal = refund_matched(r, &wanted);
        if (refusal != REFUSAL_NONE) {
            return refusal;
        }
    }
    wanted = take_refunds_due(r, wanted);
    int64_t earned = least_of(wanted, not_negative(r->book->earned_left_minor));
    take_earned(r, ROLE_RETURNS_AND_ALLOWANCES, earned, NULL);
    wanted = take_deposit(r, wanted - earned);
    wanted = take_all_tax_due(r, wanted);
    r->missing_minor = take_marketplace_tax(r, wanted, NULL);
    return REFUSAL_NONE;
}

/* ---- where the money goes ---- */

static const struct book_capture *capture_reversed(const struct book *book, struct reference payment)
{
    for (size_t i = 0; i < book->capture_count && payment.id.ptr != NULL; i++) {
        if (span_eq(book->captures[i].id, payment.id)) {
            return &book->captures[i];
        }
    }
    /* A gateway before a gift card: money goes back to the card only where nothing else was ever paid. */
    for (size_t i = 0; i < book->capture_count; i++) {
        if (book->captures[i].gift_card.ptr == NULL) {
            return &book->captures[i];
        }
    }
    return book->capture_count > 0 ? &book->captures[0] : NULL;
}

static void credit_refund(struct refunding *r, struct balance amount)
{
    struct book *book = r->book;
    const struct refund *refund = r->refund;
    struct balance credit = negative(amount);
    if (reference_is_present(refund->exchange)) {
        struct span own = book->order;
        book->order = refund->exchange.id;
        book_post(book, ROLE_CUSTOMER_DEPOSITS, credit, NULL);
        book->order = own;
        return;
    }
    if (refund->store_credit.ptr != NULL) {
        book_post(book, ROLE_STORE_CREDIT_LIABILITY, credit, &(struct about){.party = refund->store_credit});
        return;
    }
    const struct book_capture *capture = capture_reversed(book, refund->payment);
    if (refund->gateway.ptr == NULL && capture != NULL && capture->gift_card.ptr != NULL) {
        book_post(book, ROLE_GIFT_CARD_LIABILITY, credit, &(struct about){.party = capture->gift_card});
        return;
    }
    struct span gateway = refund->gateway;
    if (gateway.ptr == NULL && capture != NULL) {
        gateway = capture->gateway;
    }
    book_post(book, ROLE_GATEWAY_CLEARING, credit, &(struct about){.party = gateway});
}

static enum refusal check_refund(struct book *book, const struct refund *refund)
{
    if (book->version == NULL) {
        return book_say(book, REFUSAL_WAITS_DOCUMENT, "no version of the order stands yet");
    }
    if (book->event->document->money != book->money) {
        return book_say(book, REFUSAL_UNSUPPORTED, "the refund is in another currency than the order");
    }
    if (refund->amount_minor < 0 || or_zero(refund->restocking_fee_minor) < 0) {
        return book_say(book, REFUSAL_NEGATIVE_NOT_ALLOWED, "amount or restocking fee is negative");
    }
    if (reference_is_present(refund->exchange) && span_eq(refund->exchange.id, book->order)) {
        return book_say(book, REFUSAL_BAD_VALUE, "exchange: an order cannot be exchanged for itself");
    }
    return REFUSAL_NONE;
}

static bool has_shipping(const struct refund *refund)
{
    return is_present(refund->shipping.amount_minor) || refund->shipping.tax.count > 0;
}

static enum refusal check_sum(struct refunding *r, int64_t sum)
{
    if (sum == r->total_minor) {
        return REFUSAL_NONE;
    }
    struct text parts = money_text(r->book, sum), stated = money_text(r->book, r->total_minor);
    return book_say(r->book, REFUSAL_REFUND_DIFFERS, "lines and shipping sum to %s, amount and fee to %s", parts.at,
                    stated.at);
}

static int64_t sum_with_taxes(struct book *book, int64_t sum, int64_t amount, const tax_list *taxes)
{
    sum = sum_of(book, sum, or_zero(amount));
    for (size_t t = 0; t < taxes->count; t++) {
        sum = sum_of(book, sum, taxes->at[t].amount_minor);
    }
    return sum;
}

/* What the document says of itself, before anything of the order is looked at. Lines that state no amount are worth what
 * is left of their units, and are summed up when that is known. */
static enum refusal check_stated(struct refunding *r)
{
    const struct refund *refund = r->refund;
    int64_t sum = 0;
    for (size_t i = 0; i < refund->lines.count; i++) {
        const struct refund_line *line = &refund->lines.at[i];
        if (!is_present(line->amount_minor) && line->tax.count == 0) {
            return REFUSAL_NONE;
        }
        sum = sum_with_taxes(r->book, sum, line->amount_minor, &line->tax);
    }
    return check_sum(r, sum_with_taxes(r->book, sum, refund->shipping.amount_minor, &refund->shipping.tax));
}

static enum refusal refund_parts(struct refunding *r)
{
    struct book *book = r->book;
    if (r->refund->lines.count == 0 && !has_shipping(r->refund)) {
        return refund_in_all(r);
    }
    int64_t sum = 0;
    enum refusal refusal = check_stated(r);
    for (size_t i = 0; i < r->refund->lines.count && refusal == REFUSAL_NONE && !book->failed; i++) {
        refusal = refund_line(r, i, &sum);
    }
    if (refusal == REFUSAL_NONE && has_shipping(r->refund)) {
        refund_shipping(r, &sum);
    }
    return refusal == REFUSAL_NONE ? check_sum(r, sum) : refusal;
}

/* Each amount at the refund's rate, but the customer's account at what it carried. Returns what that leaves over of
 * `company_minor`. */
static int64_t price_refund(struct book *book, int64_t company_minor)
{
    struct lines *lines = &book->result->lines;
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->at[i];
        if (book->is_foreign && line->role != ROLE_CUSTOMER_DEPOSITS && line->role != ROLE_REFUNDS_DUE) {
            line->amount_minor = book_at_rate(book, line->original_minor);
        }
        company_minor -= line->amount_minor;
    }
    return company_minor;
}

enum refusal book_refund(struct book *book)
{
    const struct refund *refund = &book->event->document->refund;
    enum refusal refusal = check_refund(book, refund);
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    int64_t fee = or_zero(refund->restocking_fee_minor);
    struct refunding *r = ARENA_NEW(book->arena, struct refunding);
    if (r == NULL) {
        book->failed = true;
        return REFUSAL_NONE;
    }
    *r = (struct refunding){.book = book, .refund = refund, .saved = *book};
    r->total_minor = sum_of(book, refund->amount_minor, fee);
    refusal = refund_parts(r);
    if (refusal == REFUSAL_NONE && r->missing_minor > 0) {
        struct text asked = money_text(book, r->total_minor), missing = money_text(book, r->missing_minor);
        refusal = book_say(book, REFUSAL_EXCEEDS_OPEN, "%s refunded, %s more than was paid or earned and is left",
                           asked.at, missing.at);
    }
    if (refusal != REFUSAL_NONE) {
        undo(r);
        book->result->lines.count = 0;
        return refusal;
    }
    struct balance amount = {refund->amount_minor, book_at_rate(book, refund->amount_minor)};
    struct balance kept = {fee, book_at_rate(book, fee)};
    int64_t fx = price_refund(book, amount.company_minor + kept.company_minor);
    if (fx != 0) {
        book_fx(book, fx);
    }
    credit_refund(r, amount);
    book_post(book, ROLE_RESTOCKING_FEE_INCOME, negative(kept), NULL);
    int64_t of_marketplace = book->marketplace_refunded_minor - r->saved.marketplace_refunded_minor;
    book->given_back_minor = sum_of(book, book->given_back_minor, amount.minor - of_marketplace);
    book->recognised_minor = sum_of(book, book->recognised_minor, fee);
    book->earned_left_minor = sum_of(book, book->earned_left_minor, fee);
    return REFUSAL_NONE;
}
