/* order_account.c: the lines of an event, and the customer's account they move: deposit, receivable, refunds due.
 *
 * Each account of the order knows its amount in the order's currency and what it carries in the company's. Where the
 * two currencies are the same, both are the same number and every draw is exact. */
#include "order/order_fold.h"

#include "base/must.h"

int64_t sum_of(struct book *book, int64_t a, int64_t b)
{
    int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) {
        book->failed = true;
        return 0;
    }
    return sum;
}

struct balance negative(struct balance amount) { return (struct balance){-amount.minor, -amount.company_minor}; }

/* Room for one more line, written in place: a line is large, and an event has many. */
static struct line *next_line(struct book *book)
{
    struct lines *lines = &book->result->lines;
    if (lines->count == lines->room) {
        size_t first = book->event->kind == EVENT_PAYMENT ? 4 : 16;
        size_t room = lines->room ? lines->room * 2 : first;
        struct line *grown = ARENA_ARRAY(book->arena, struct line, room);
        if (grown == NULL) {
            lines->overflow = book->failed = true;
            return NULL;
        }
        if (lines->count > 0) {
            memcpy(grown, lines->at, lines->count * sizeof *grown);
        }
        lines->at = grown;
        lines->room = room;
    }
    return &lines->at[lines->count++];
}

void book_post(struct book *book, enum role role, struct balance amount, const struct about *about)
{
    struct line *line = amount.minor != 0 || amount.company_minor != 0 ? next_line(book) : NULL;
    if (line == NULL) {
        return;
    }
    line->role = role;
    line->amount_minor = amount.company_minor;
    line->original_currency = book->is_foreign ? book->money : 0;
    line->original_minor = book->is_foreign ? amount.minor : 0;
    line->channel = book->channel;
    line->location = (struct span){0};
    line->order = book->order;
    line->sku = about != NULL ? about->sku : (struct span){0};
    line->order_line = about != NULL ? about->order_line : (struct span){0};
    line->party = about != NULL ? about->party : (struct span){0};
    line->tag = about != NULL ? about->tag : (struct span){0};
}

void book_set_money(struct book *book, currency money)
{
    must(book->money == 0 || book->money == money);
    book->money = money;
    book->is_foreign = money != book->home;
    if (book->event->document->money == money) {
        book->rate_e10 = book->event->rate_e10;
    }
}

int64_t book_at_rate(struct book *book, int64_t minor)
{
    if (!book->is_foreign || minor == 0) {
        return minor;
    }
    int64_t company_minor = 0;
    if (book->rate_e10 <= 0 || !amount_at_rate(minor, currency_exponent(book->money), book->rate_e10,
                                               currency_exponent(book->home), &company_minor)) {
        book->failed = true;
    }
    return company_minor;
}

struct balance balance_take(struct book *book, struct balance *balance, int64_t minor)
{
    must(minor >= 0);
    must(minor <= balance->minor);
    struct balance taken = {minor, minor};
    if (book->is_foreign && minor > 0) {
        taken.company_minor = partial_draw(balance->company_minor, minor, balance->minor);
    }
    balance->minor -= taken.minor;
    balance->company_minor -= taken.company_minor;
    return taken;
}

void balance_give(struct book *book, struct balance *balance, struct balance amount)
{
    balance->minor = sum_of(book, balance->minor, amount.minor);
    balance->company_minor = sum_of(book, balance->company_minor, amount.company_minor);
}

void book_fx(struct book *book, int64_t debit_company_minor)
{
    struct line line = {
        .role = ROLE_REALISED_FX,
        .amount_minor = debit_company_minor,
        .channel = book->channel,
        .order = book->order,
    };
    lines_add(&book->result->lines, line);
}

/* ---- company amounts ---- */

/* Splits company_minor over the lines from `first` on whose original amount has this sign. */
static void price_side(struct book *book, size_t first, int sign, int64_t company_minor)
{
    struct lines *lines = &book->result->lines;
    size_t count = lines->count - first;
    int64_t *weights = ARENA_ARRAY(book->arena, int64_t, count * 2);
    if (weights == NULL) {
        book->failed = true;
        return;
    }
    int64_t *parts = weights + count;
    size_t kept = 0;
    for (size_t i = first; i < lines->count; i++) {
        int64_t minor = lines->at[i].original_minor;
        if ((minor > 0) == (sign > 0)) {
            weights[kept++] = minor < 0 ? -minor : minor;
        }
    }
    split_by_weight(company_minor, weights, kept, parts);
    kept = 0;
    for (size_t i = first; i < lines->count; i++) {
        struct line *line = &lines->at[i];
        if ((line->original_minor > 0) == (sign > 0)) {
            line->amount_minor = sign * parts[kept++];
        }
    }
}

void book_price_lines(struct book *book, size_t first, int64_t company_minor)
{
    struct lines *lines = &book->result->lines;
    if (!book->is_foreign || first == lines->count || lines->overflow) {
        return;
    }
    int64_t debits = 0, credits = 0;
    for (size_t i = first; i < lines->count; i++) {
        int64_t minor = lines->at[i].original_minor;
        debits = sum_of(book, debits, minor > 0 ? minor : 0);
        credits = sum_of(book, credits, minor < 0 ? -minor : 0);
    }
    /* The credits get their part of the net amount's company value, the debits what that leaves over. Where the net
     * amount is nothing, no value says what they are worth, and the event's rate does. */
    int64_t net = credits - debits;
    int64_t company_credits = 0;
    if (net == 0) {
        company_credits = book_at_rate(book, credits);
    } else if (!mul_div(net > 0 ? -company_minor : company_minor, credits, net > 0 ? net : -net, &company_credits)) {
        book->failed = true;
    }
    if (book->failed) {
        return;
    }
    if (credits > 0) {
        price_side(book, first, -1, company_credits);
    }
    if (debits > 0) {
        price_side(book, first, +1, company_credits + company_minor);
    }
}

/* ---- the three accounts ---- */

static int64_t least_of(int64_t a, int64_t b) { return a < b ? a : b; }

static void settle_positive(struct book *book, size_t first, int64_t net)
{
    struct balance taken = balance_take(book, &book->deposit, least_of(net, book->deposit.minor));
    struct balance owed = {net - taken.minor, book_at_rate(book, net - taken.minor)};
    balance_give(book, &book->receivable, owed);
    book_price_lines(book, first, -(taken.company_minor + owed.company_minor));
    book_post(book, ROLE_CUSTOMER_DEPOSITS, taken, NULL);
    book_post(book, ROLE_ACCOUNTS_RECEIVABLE, owed, NULL);
}

static void settle_negative(struct book *book, size_t first, int64_t back)
{
    struct balance less = balance_take(book, &book->receivable, least_of(back, book->receivable.minor));
    struct balance owed = {back - less.minor, book_at_rate(book, back - less.minor)};
    balance_give(book, &book->deposit, owed);
    book_price_lines(book, first, less.company_minor + owed.company_minor);
    book_post(book, ROLE_ACCOUNTS_RECEIVABLE, negative(less), NULL);
    book_post(book, ROLE_CUSTOMER_DEPOSITS, negative(owed), NULL);
}

void book_settle_earned(struct book *book, size_t first)
{
    int64_t net = book->net_minor;
    book->net_minor = 0;
    book->recognised_minor = sum_of(book, book->recognised_minor, net);
    book->earned_left_minor = sum_of(book, book->earned_left_minor, net);
    if (net > 0) {
        settle_positive(book, first, net);
    } else if (net < 0) {
        settle_negative(book, first, -net);
    } else {
        book_price_lines(book, first, 0);
    }
}

void book_release_excess(struct book *book)
{
    int64_t needed = book->open_minor > 0 ? book->open_minor : 0;
    if (book->deposit.minor <= needed) {
        return;
    }
    struct balance excess = balance_take(book, &book->deposit, book->deposit.minor - needed);
    balance_give(book, &book->refunds_due, excess);
    book_post(book, ROLE_CUSTOMER_DEPOSITS, excess, NULL);
    book_post(book, ROLE_REFUNDS_DUE, negative(excess), NULL);
}

/* ---- the end of an event ---- */

enum { SORT_HERE = 32 };

static int line_order(const struct line *a, const struct line *b)
{
    return a->role != b->role ? (a->role < b->role ? -1 : 1) : line_compare(a, b);
}

/* Moves each line to its place, following the cycles of the permutation: places[i] is the line that belongs at i. */
static void put_in_order(struct lines *lines, unsigned char *places)
{
    for (size_t start = 0; start < lines->count; start++) {
        if (places[start] == start) {
            continue;
        }
        struct line first = lines->at[start];
        size_t at = start;
        while (places[at] != start) {
            size_t from = places[at];
            lines->at[at] = lines->at[from];
            places[at] = (unsigned char)at;
            at = from;
        }
        lines->at[at] = first;
        places[at] = (unsigned char)at;
    }
}

/* As lines_settle, for the usual few lines. */
static void settle_few(struct lines *lines)
{
    unsigned char places[SORT_HERE];
    for (size_t i = 0; i < lines->count; i++) {
        size_t at = i;
        while (at > 0 && line_order(&lines->at[places[at - 1]], &lines->at[i]) > 0) {
            places[at] = places[at - 1];
            at--;
        }
        places[at] = (unsigned char)i;
    }
    put_in_order(lines, places);
    size_t kept = 0;
    for (size_t i = 0; i < lines->count;) {
        struct line *sum = &lines->at[kept];
        if (kept != i) {
            *sum = lines->at[i];
        }
        for (i++; i < lines->count && line_order(sum, &lines->at[i]) == 0; i++) {
            const struct line *more = &lines->at[i];
            lines->overflow |= __builtin_add_overflow(sum->amount_minor, more->amount_minor, &sum->amount_minor);
            lines->overflow |= __builtin_add_overflow(sum->original_minor, more->original_minor, &sum->original_minor);
        }
        kept += sum->amount_minor != 0 || sum->original_minor != 0;
    }
    lines->count = kept;
}

static bool is_same_balance(struct balance a, struct balance b)
{
    return a.minor == b.minor && a.company_minor == b.company_minor;
}

/* What the event's lines did to the accounts of this order, debit positive. */
static struct account_mark posted(const struct book *book)
{
    struct account_mark sums = {0};
    const struct lines *lines = &book->result->lines;
    for (size_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->at[i];
        struct balance *sum = line->role == ROLE_CUSTOMER_DEPOSITS     ? &sums.deposit
                              : line->role == ROLE_ACCOUNTS_RECEIVABLE ? &sums.receivable
                              : line->role == ROLE_REFUNDS_DUE         ? &sums.refunds_due
                                                                       : NULL;
        if (sum != NULL && span_eq(line->order, book->order)) {
            sum->company_minor += line->amount_minor;
            sum->minor += book->is_foreign ? line->original_minor : line->amount_minor;
        }
    }
    return sums;
}

static struct balance grown(struct balance now, struct balance before)
{
    return (struct balance){now.minor - before.minor, now.company_minor - before.company_minor};
}

/* J-6 of this order: its lines moved each account by what the account's state moved. */
static void check_accounts(const struct book *book, const struct account_mark *before)
{
    struct balance deposit = grown(book->deposit, before->deposit);
    deposit.minor -= book->posted_elsewhere.minor;
    deposit.company_minor -= book->posted_elsewhere.company_minor;
    struct account_mark sums = posted(book);
    must(is_same_balance(sums.deposit, negative(deposit)));                                           /* J-6 */
    must(is_same_balance(sums.refunds_due, negative(grown(book->refunds_due, before->refunds_due)))); /* J-6 */
    must(is_same_balance(sums.receivable, grown(book->receivable, before->receivable)));              /* J-6 */
}

static bool originals_balance(const struct book *book)
{
    const struct lines *lines = &book->result->lines;
    int64_t sum = 0;
    for (size_t i = 0; book->is_foreign && i < lines->count; i++) {
        sum += lines->at[i].original_currency == book->money ? lines->at[i].original_minor : 0;
    }
    return sum == 0;
}

void book_check_event(struct book *book, const struct account_mark *before)
{
    struct lines *lines = &book->result->lines;
    if (lines->count > SORT_HERE) {
        lines_settle(lines);
    } else if (lines->count > 1) {
        settle_few(lines);
    }
    if (book->failed || lines->overflow || arena_is_exhausted(book->arena)) {
        book->failed = true;
        return;
    }
    /* One line of a person's entry does not balance by itself; the entry does. */
    if (book->event->kind != EVENT_ENTRY) {
        must(lines_balance(lines));    /* J-1 */
        must(originals_balance(book)); /* J-1, in the order's currency */
    }
    check_accounts(book, before);
    must(book->deposit.minor >= 0);
    must(book->refunds_due.minor >= 0);
    must(book->receivable.minor >= 0);
    /* P-2: what came in, less what went back and what was recognised, is what the order's accounts hold. */
    must(book->received_minor - book->given_back_minor - book->recognised_minor ==
         book->deposit.minor + book->refunds_due.minor - book->receivable.minor);
}
