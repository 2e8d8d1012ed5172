/* order_money.c: what payments, a person's entries and the cut-over do to an order's account. Each handler first judges,
 * then changes the book and posts. */
#include "order/order_fold.h"

#include "base/must.h"

static int64_t least_of(int64_t a, int64_t b) { return a < b ? a : b; }

static enum refusal need_order_money(struct book *book)
{
    if (book->event->document->money == book->money) {
        return REFUSAL_NONE;
    }
    char theirs[4], ours[4];
    return book_say(book, REFUSAL_UNSUPPORTED, "the amounts are in %s, the order is in %s",
                    currency_code(book->event->document->money, theirs), currency_code(book->money, ours));
}

/* ---- payment ---- */

struct capture {
    int64_t amount_minor;
    enum payment_status status;
    struct book_capture from;
    bool of_exchange; /* a refund of another order, or an entry out of a customer's money, pays this one */
};

static struct capture read_capture(const struct order_event *event)
{
    const struct document *document = event->document;
    if (document->type == DOCUMENT_ORDER) {
        must(event->index < document->order.payments.count);
        const struct order_payment *payment = &document->order.payments.at[event->index];
        return (struct capture){
            payment->amount_minor, payment->status, {payment->id, payment->gateway, payment->gift_card, true}, false};
    }
    if (document->type == DOCUMENT_REFUND) {
        return (struct capture){.amount_minor = document->refund.amount_minor, .of_exchange = true};
    }
    if (document->type == DOCUMENT_ENTRY) {
        must(event->index < document->entry.lines.count);
        return (struct capture){.amount_minor = -document->entry.lines.at[event->index].amount_minor,
                                .of_exchange = true};
    }
    must(document->type == DOCUMENT_PAYMENT);
    const struct payment *payment = &document->payment;
    return (struct capture){
        payment->amount_minor, payment->status, {document->id, payment->gateway, payment->gift_card, false}, false};
}

/* A payment that two versions of the order list, or a version and a document of its own, counts once: where it comes
 * first. */
static bool is_captured(const struct book *book, const struct capture *capture)
{
    for (size_t i = 0; i < book->capture_count && capture->from.id.ptr != NULL; i++) {
        const struct book_capture *known = &book->captures[i];
        if ((capture->from.is_listed || known->is_listed) && span_eq(known->id, capture->from.id) &&
            span_eq(known->gateway, capture->from.gateway)) {
            return true;
        }
    }
    return false;
}

static void remember_capture(struct book *book, const struct capture *capture)
{
    if (capture->of_exchange) {
        return;
    }
    if (book->capture_count == book->capture_room) {
        size_t room = book->capture_room ? book->capture_room * 2 : 2;
        struct book_capture *grown = ARENA_ARRAY(book->arena, struct book_capture, room);
        if (grown == NULL) {
            book->failed = true;
            return;
        }
        if (book->capture_count > 0) {
            memcpy(grown, book->captures, book->capture_count * sizeof *grown);
        }
        book->captures = grown;
        book->capture_room = room;
    }
    book->captures[book->capture_count++] = capture->from;
}

/* How a capture is used, in this order. */
enum { USE_TAX, USE_TIP, USE_RECEIVABLE, USE_DEPOSIT, USE_COUNT };

static void divide_capture(const struct book *book, int64_t amount, int64_t uses[USE_COUNT])
{
    int64_t tax = book->marketplace_tax_minor - book->marketplace_taken_minor;
    int64_t tip = book->tip_minor - book->tip_taken_minor;
    uses[USE_TAX] = least_of(tax > 0 ? tax : 0, amount);
    amount -= uses[USE_TAX];
    uses[USE_TIP] = least_of(tip > 0 ? tip : 0, amount);
    amount -= uses[USE_TIP];
    uses[USE_RECEIVABLE] = least_of(book->receivable.minor, amount);
    uses[USE_DEPOSIT] = amount - uses[USE_RECEIVABLE];
}

static void debit_capture(struct book *book, const struct capture *capture, struct balance amount)
{
    if (capture->of_exchange) {
        /* The other order's refund, or the entry's own line, has credited this order's deposit; here it is put where it belongs. */
        book->posted_elsewhere = amount;
        book_post(book, ROLE_CUSTOMER_DEPOSITS, amount, NULL);
    } else if (capture->from.gift_card.ptr != NULL) {
        book_post(book, ROLE_GIFT_CARD_LIABILITY, amount, &(struct about){.party = capture->from.gift_card});
    } else {
        book_post(book, ROLE_GATEWAY_CLEARING, amount, &(struct about){.party = capture->from.gateway});
    }
}

static void credit_capture(struct book *book, const int64_t uses[USE_COUNT], int64_t company_minor)
{
    int64_t company[USE_COUNT] = {uses[0], uses[1], uses[2], uses[3]};
    if (book->is_foreign) {
        split_by_weight(company_minor, uses, USE_COUNT, company);
    }
    book_post(book, ROLE_MARKETPLACE_TAX_WITHHELD, (struct balance){-uses[USE_TAX], -company[USE_TAX]}, NULL);
    book_post(book, ROLE_TIPS, (struct balance){-uses[USE_TIP], -company[USE_TIP]}, NULL);
    struct balance paid = balance_take(book, &book->receivable, uses[USE_RECEIVABLE]);
    book_post(book, ROLE_ACCOUNTS_RECEIVABLE, negative(paid), NULL);
    if (paid.company_minor != company[USE_RECEIVABLE]) {
        book_fx(book, paid.company_minor - company[USE_RECEIVABLE]);
    }
    struct balance kept = {uses[USE_DEPOSIT], company[USE_DEPOSIT]};
    balance_give(book, &book->deposit, kept);
    book_post(book, ROLE_CUSTOMER_DEPOSITS, negative(kept), NULL);
    book->marketplace_taken_minor += uses[USE_TAX];
    book->tip_taken_minor += uses[USE_TIP];
    book->recognised_minor = sum_of(book, book->recognised_minor, uses[USE_TIP]);
    book->earned_left_minor = sum_of(book, book->earned_left_minor, uses[USE_TIP]);
}

/* ---- tax payable as soon as it is captured ---- */

static int64_t tax_not_due(const struct book_tax *tax)
{
    int64_t minor = tax->of_marketplace ? 0 : tax->share.left_minor - tax->due_minor;
    return minor > 0 ? minor : 0;
}

static void move_tax(struct book *book, int64_t minor, size_t tax_count)
{
    int64_t *weights = ARENA_ARRAY(book->arena, int64_t, tax_count * 2);
    if (weights == NULL) {
        book->failed = true;
        return;
    }
    int64_t *parts = weights + tax_count;
    size_t at = 0;
    for (size_t i = 0; i < book->line_count; i++) {
        for (size_t t = 0; t < book->lines[i]->tax_count; t++) {
            weights[at++] = tax_not_due(&book->lines[i]->taxes[t]);
        }
    }
    split_by_weight(minor, weights, tax_count, parts);
    size_t first = book->result->lines.count;
    at = 0;
    for (size_t i = 0; i < book->line_count; i++) {
        struct book_line *line = book->lines[i];
        for (size_t t = 0; t < line->tax_count; t++) {
            line->taxes[t].due_minor += parts[at];
            post_tax(book, line, &line->taxes[t], parts[at++]);
        }
    }
    struct balance taken = balance_take(book, &book->deposit, minor);
    book_price_lines(book, first, -taken.company_minor);
    book_post(book, ROLE_CUSTOMER_DEPOSITS, taken, NULL);
    book->net_minor = 0; /* recognised below, and not out of the deposit a second time */
    book->open_minor -= minor;
    book->tax_due_minor += minor;
    book->recognised_minor = sum_of(book, book->recognised_minor, minor);
}

/* `kept` went into the deposit; before it, `unpaid` of the order's open value had not been paid. */
static void move_captured_tax(struct book *book, int64_t kept, int64_t unpaid)
{
    int64_t left = 0;
    size_t tax_count = 0;
    for (size_t i = 0; i < book->line_count; i++) {
        for (size_t t = 0; t < book->lines[i]->tax_count; t++) {
            left += tax_not_due(&book->lines[i]->taxes[t]);
        }
        tax_count += book->lines[i]->tax_count;
    }
    if (kept <= 0 || unpaid <= 0 || left == 0) {
        return;
    }
    int64_t moved = left;
    if (kept < unpaid) {
        moved = partial_draw(left, kept, unpaid);
    }
    move_tax(book, least_of(moved, book->deposit.minor), tax_count);
}

enum refusal book_payment(struct book *book)
{
    struct capture capture = read_capture(book->event);
    if (capture.status == PAYMENT_AUTHORISED || capture.status == PAYMENT_VOID) {
        return REFUSAL_NONE;
    }
    enum refusal refusal = book_need_version(book);
    if (refusal == REFUSAL_NONE) {
        refusal = need_order_money(book);
    }
    if (refusal == REFUSAL_NONE && capture.amount_minor < 0) {
        refusal = book_say(book, REFUSAL_NEGATIVE_NOT_ALLOWED, "the amount is negative");
    }
    if (refusal != REFUSAL_NONE || is_captured(book, &capture)) {
        return refusal;
    }
    int64_t uses[USE_COUNT];
    struct balance amount = {capture.amount_minor, book_at_rate(book, capture.amount_minor)};
    divide_capture(book, amount.minor, uses);
    remember_capture(book, &capture);
    int64_t unpaid = book->open_minor - book->deposit.minor;
    debit_capture(book, &capture, amount);
    credit_capture(book, uses, amount.company_minor);
    book->captured_minor = sum_of(book, book->captured_minor, amount.minor);
    book->received_minor = sum_of(book, book->received_minor, amount.minor - uses[USE_TAX]);
    if (book->event->policy->tax_point == TAX_POINT_PAYMENT) {
        move_captured_tax(book, uses[USE_DEPOSIT], unpaid);
    }
    book_earn_paid(book);
    book_release_excess(book);
    return REFUSAL_NONE;
}

/* ---- a customer's money without an order ---- */

bool order_event_opens(const struct order_event *event)
{
    return event->kind == EVENT_VERSION || event->kind == EVENT_OPENING || order_event_customer(event).len > 0;
}

const struct document *order_events_document(const struct order_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == EVENT_VERSION) {
            return events[i].document;
        }
    }
    return events[0].document;
}

struct span order_event_customer(const struct order_event *event)
{
    const struct document *document = event->document;
    if (document->type == DOCUMENT_PAYMENT && !reference_is_present(document->payment.order))
        return document->payment.customer;
    if (document->type == DOCUMENT_ENTRY && event->kind == EVENT_ENTRY)
        return document->entry.lines.at[event->index].customer;
    return (struct span){NULL, 0};
}

static void post_customer(struct book *book, int64_t minor)
{
    book->deposit.minor = sum_of(book, book->deposit.minor, minor);
    book->deposit.company_minor = book->deposit.minor;
    book_post(book, ROLE_CUSTOMER_DEPOSITS, (struct balance){-minor, -minor}, &(struct about){.party = book->customer});
}

enum refusal book_customer(struct book *book)
{
    const struct document *document = book->event->document;
    book_set_money(book, book->home);
    if (book->event->kind == EVENT_PAYMENT) {
        struct capture capture = read_capture(book->event);
        if (capture.amount_minor < 0) {
            return book_say(book, REFUSAL_NEGATIVE_NOT_ALLOWED, "the amount is negative");
        }
        debit_capture(book, &capture, (struct balance){capture.amount_minor, capture.amount_minor});
        post_customer(book, capture.amount_minor);
        book->received_minor = sum_of(book, book->received_minor, capture.amount_minor);
        return REFUSAL_NONE;
    }
    must(book->event->kind == EVENT_ENTRY);
    int64_t taken = document->entry.lines.at[book->event->index].amount_minor;
    if (taken > book->deposit.minor) {
        struct text asked = money_text(book, taken), held = money_text(book, book->deposit.minor);
        return book_say(book, REFUSAL_EXCEEDS_OPEN, "%s of what is held for customer %.*s, which is %s", asked.at,
                        SPAN_ARG(book->customer), held.at);
    }
    post_customer(book, -taken);
    book->recognised_minor = sum_of(book, book->recognised_minor, taken);
    return REFUSAL_NONE;
}

/* ---- a person's entry, and the cut-over ---- */

static struct balance *account_of(struct book *book, enum role role, int *out_sign)
{
    *out_sign = role == ROLE_ACCOUNTS_RECEIVABLE ? 1 : -1;
    switch ((int)role) {
    case ROLE_ACCOUNTS_RECEIVABLE: return &book->receivable;
    case ROLE_CUSTOMER_DEPOSITS: return &book->deposit;
    case ROLE_REFUNDS_DUE: return &book->refunds_due;
    default: return NULL;
    }
}

/* An entry in the company's currency moves an order in another one by the same part of what the account carries. */
static enum refusal entry_in_order_money(struct book *book, const struct balance *account, int64_t amount, int sign,
                                         int64_t *out_minor)
{
    const struct document *document = book->event->document;
    *out_minor = sign * amount;
    if (document->money == book->money) {
        return REFUSAL_NONE;
    }
    int64_t less = -sign * amount;
    if (document->money != book->home || less <= 0) {
        return need_order_money(book);
    }
    if (less > account->company_minor) {
        return book_say(book, REFUSAL_EXCEEDS_OPEN, "the entry takes more than the order's account carries");
    }
    *out_minor = -partial_draw(account->minor, less, account->company_minor);
    return REFUSAL_NONE;
}

static void move_account(struct book *book, struct balance *account, int64_t minor)
{
    if (minor >= 0) {
        balance_give(book, account, (struct balance){minor, book_at_rate(book, minor)});
    } else {
        (void)balance_take(book, account, -minor);
    }
}

static enum refusal post_entry(struct book *book, enum role role, struct balance *account, int sign, int64_t amount)
{
    int64_t minor = 0;
    enum refusal refusal = entry_in_order_money(book, account, amount, sign, &minor);
    if (refusal == REFUSAL_NONE && minor < 0 && -minor > account->minor) {
        struct text asked = money_text(book, -minor), held = money_text(book, account->minor);
        refusal =
            book_say(book, REFUSAL_EXCEEDS_OPEN, "%s of %s, %s open on the order", asked.at, role_name(role), held.at);
    }
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    struct balance before = *account;
    move_account(book, account, minor);
    struct balance moved = {sign * (account->minor - before.minor),
                            sign * (account->company_minor - before.company_minor)};
    book_post(book, role, moved, NULL);
    /* The entry's line is worth what it says; what the account carried may differ. */
    int64_t said = book->event->document->money == book->home ? amount : book_at_rate(book, amount);
    if (said != moved.company_minor) {
        book_fx(book, said - moved.company_minor);
    }
    /* The other side of a person's entry is not of this order: for P-2 it counts as recognised. */
    int64_t holds = role == ROLE_ACCOUNTS_RECEIVABLE ? -minor : minor;
    book->recognised_minor = sum_of(book, book->recognised_minor, -holds);
    return REFUSAL_NONE;
}

enum refusal book_entry(struct book *book)
{
    const struct document *document = book->event->document;
    must(book->event->index < document->entry.lines.count);
    const struct entry_line *entry = &document->entry.lines.at[book->event->index];
    enum role role = role_find(entry->role);
    if (role == ROLE_NONE) {
        return book_say(book, REFUSAL_UNKNOWN_ROLE, "no account has the role %.*s", SPAN_ARG(entry->role));
    }
    if (book->money == 0) {
        return book_need_version(book);
    }
    int sign = 0;
    struct balance *account = account_of(book, role, &sign);
    if (account != NULL) {
        return post_entry(book, role, account, sign, entry->amount_minor);
    }
    enum refusal refusal = document->money == book->home ? REFUSAL_NONE : need_order_money(book);
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    struct line line = {
        .role = role, .amount_minor = entry->amount_minor, .channel = book->channel, .order = book->order};
    if (document->money != book->home) {
        line.original_currency = document->money;
        line.original_minor = entry->amount_minor;
        line.amount_minor = book_at_rate(book, entry->amount_minor);
    }
    lines_add(&book->result->lines, line);
    return REFUSAL_NONE;
}

enum refusal book_opening(struct book *book)
{
    const struct document *document = book->event->document;
    must(book->event->index < document->opening.orders.count);
    const struct opening_order *opening = &document->opening.orders.at[book->event->index];
    int64_t deposit = or_zero(opening->deposit_minor), receivable = or_zero(opening->receivable_minor);
    if (deposit < 0 || receivable < 0) {
        return book_say(book, REFUSAL_NEGATIVE_NOT_ALLOWED, "deposit and receivable are stated as positive amounts");
    }
    if (book->money != 0 && book->money != document->money) {
        return need_order_money(book);
    }
    book_set_money(book, document->money);
    if (book->order.ptr == NULL) {
        book->order = opening->order.id;
    }
    struct balance held = {deposit, book_at_rate(book, deposit)};
    struct balance owed = {receivable, book_at_rate(book, receivable)};
    balance_give(book, &book->deposit, held);
    balance_give(book, &book->receivable, owed);
    book->received_minor = sum_of(book, book->received_minor, deposit - receivable);
    book->captured_minor = sum_of(book, book->captured_minor, deposit);
    book_post(book, ROLE_CUSTOMER_DEPOSITS, negative(held), NULL);
    book_post(book, ROLE_ACCOUNTS_RECEIVABLE, owed, NULL);
    book_post(book, ROLE_OPENING_EQUITY,
              (struct balance){deposit - receivable, held.company_minor - owed.company_minor}, NULL);
    return REFUSAL_NONE;
}
