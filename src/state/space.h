/* space.h: the named spaces in which views are kept, key → value. Values are stored: append only. */
#ifndef TIEOUT_STATE_SPACE_H
#define TIEOUT_STATE_SPACE_H

#define VIEW_SPACES(ROW)                                                                                          \
    ROW(HEAD, 1, "head", "one row: how far the views have read truth, and counters")                              \
    ROW(IDENTITY, 2, "identity", "type, id and source of each document → its number")                             \
    ROW(DOCUMENT, 3, "document", "document number → its versions, outcome and what it moved")                     \
    ROW(ITEM, 4, "item", "SKU → item number and definition history")                                              \
    ROW(ITEM_BOOK, 5, "item_book", "item number, chunk → checkpoint and movements")                               \
    ROW(ORDER_BOOK, 6, "order_book", "order's document number → events and account")                              \
    ROW(WAITING, 7, "waiting", "what is waited for, by whom")                                                     \
    ROW(BALANCE, 8, "balance", "role, date → balance")                                                            \
    ROW(RESERVED, 9, "reserved", "item, location → reserved quantity")                                            \
    ROW(SALE, 10, "sale", "customer, SKU, instant → order lines, for match")                                      \
    ROW(RATE, 11, "rate", "currency, instant → rate")                                                             \
    ROW(OUTCOME, 12, "outcome", "source, type, outcome, refusal → count and amount")                              \
    ROW(LOCATION, 13, "location", "code → definition history")                                                    \
    ROW(POLICY, 14, "policy", "the company's settings with history")                                              \
    ROW(PERIOD, 15, "period", "the lock")                                                                         \
    ROW(DELTA, 16, "delta", "document number, row → the row has a delta entry about it")                          \
    ROW(LASTING, 17, "lasting", "complete counts by location, openings by old receipt: found by later documents") \
    ROW(CUSTOMER, 18, "customer", "customer → number of the account that holds their money without an order")

enum view_space {
#define ROW(name, value, table, help) VIEW_##name = value,
    VIEW_SPACES(ROW)
#undef ROW
        VIEW_SPACE_LIMIT = 19,
};

/* The space's name ("balance"). */
const char *view_space_name(enum view_space space);

#endif
