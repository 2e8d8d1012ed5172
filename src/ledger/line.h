/* line.h: one line of a journal entry, and lists of lines that are added up, compared and checked.
 *
 * amount_minor is in the company's currency, debit positive. A line that came in another currency also carries that
 * currency's amount. Everything but role and amounts is a dimension: what the amount is about. Spans borrow. */
#ifndef TIEOUT_LEDGER_LINE_H
#define TIEOUT_LEDGER_LINE_H

#include "base/arena.h"
#include "base/currency.h"
#include "base/must.h"
#include "ledger/role.h"
#include <stdint.h>

struct line {
    enum role role;
    int64_t amount_minor;
    currency original_currency; /* 0: the company's */
    int64_t original_minor;
    struct span sku;
    struct span channel;
    struct span location;
    struct span order;      /* the order's id */
    struct span order_line; /* line id within it */
    struct span party;      /* gateway, supplier, jurisdiction, card, receipt: whose open item it is */
    struct span tag;        /* why it is apart: "landed", "owed", "bill", "return", ... */
};

/* A growing list in an arena. */
struct lines {
    struct line *at;
    size_t count, room;
    struct arena *arena;
    bool overflow; /* a sum left 63 bits, or memory ran out */
};

struct lines lines_make(struct arena *arena);
/* Appends; a line of zero amount (in both currencies) is dropped. */
void lines_add(struct lines *lines, struct line line);
/* Appends the line with both amounts negated. */
void lines_subtract(struct lines *lines, struct line line);
/* Same role and dimensions, amounts apart. */
bool line_same_place(const struct line *a, const struct line *b);
/* A total order over role and dimensions, for equal output whatever the order of adding. */
int line_compare(const struct line *a, const struct line *b);
/* Sorts, merges lines of the same place, drops those that came to nothing. */
void lines_settle(struct lines *lines);
/* J-1: the sum in the company's currency is zero, and, where all lines are in one other currency, in that too. */
bool lines_balance(const struct lines *lines);

#endif
