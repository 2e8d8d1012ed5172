/* ruling.h: everything that one decision changes, as one value: what truth keeps of it and what apply makes of it.
 *
 * A ruling is about one version of one document (or one record that is none). Live posting builds it, packs it as the
 * body of a truth row and applies it; a rebuild unpacks it and applies it. Nothing in it has to be decided again. */
#ifndef TIEOUT_STATE_RULING_H
#define TIEOUT_STATE_RULING_H

#include "order/order_book.h"
#include "state/truth.h"
#include "stock/item_book.h"

/* One event of an order with what was frozen when it was accepted. Its document is told by number and by the truth row
 * that holds it. */
struct ruling_event {
    enum order_event_kind kind;
    uint32_t index;
    int64_t at_us;
    uint64_t entered; /* under backdated entry_order: see struct key */
    enum rank rank;
    int32_t day;
    int64_t rate_e10;
    int64_t order_rate_e10;               /* of the order's money, where the document is in another; 0 */
    uint32_t settings;                    /* how many settings had been made: the policies it goes by */
    const struct order_line_facts *facts; /* EVENT_VERSION */
    size_t fact_count;
};
struct ruling_reservation {
    struct span sku, location;
    int64_t qty_micro;
};
/* What a document changes in one order: its own events there, and the order's sums afterwards. */
struct ruling_order {
    uint32_t order;                    /* document number */
    const struct ruling_event *events; /* all of this document's in this order; none: they are removed */
    size_t event_count;
    const struct ruling_reservation *reservations;
    size_t reservation_count;
    bool finished;
};
struct ruling_item {
    uint32_t item; /* document number of the item's first definition */
    const struct book_record *puts;
    size_t put_count;
    const movement_id *removes;
    size_t remove_count;
};
enum entry_kind { ENTRY_ORIGINAL = 0, ENTRY_DELTA = 1, ENTRY_CORRECTION = 2 };
struct ruling_entry {
    int32_t day;       /* posted on */
    int32_t event_day; /* stands for (J-5) */
    uint32_t document; /* whose entry it is, or whose cost a delta corrects (J-4) */
    enum entry_kind kind;
    struct span source, id; /* of that document */
    int type;
    const struct line *lines;
    size_t line_count;
};
struct ruling {
    /* header, kept as columns of the row */
    struct truth_row row;
    /* body */
    uint32_t document;     /* number; 0 for a record that is no document */
    uint64_t document_seq; /* the row that holds the packed document: this one's, or an earlier one's */
    struct span packed;    /* the packed document, when this row holds it */
    struct span waits_on;  /* waiting key, see waiting.h */
    struct span detail;    /* one sentence for people */
    int64_t at_us;         /* the document's own instant; definitions: from when this version holds */
    int64_t amount_minor;  /* for outcome sums, company currency */
    struct span customer;  /* an order with a customer: for match; a payment without an order: whose it is */
    const struct ruling_order *orders;
    size_t order_count;
    const struct ruling_item *items;
    size_t item_count;
    const struct ruling_entry *entries;
    size_t entry_count;
    struct span key, value; /* TRUTH_POLICY, TRUTH_PERIOD: what is set; row.day from when */
};

void ruling_pack(const struct ruling *ruling, struct buf *out_body);
/* Reads a row's body; spans and arrays in `arena`. False when ill-formed. */
NODISCARD bool ruling_unpack(const struct truth_row *row, struct arena *arena, struct ruling *out_ruling);

/* Shared with the order-book view. */
void ruling_event_pack(const struct ruling_event *event, struct buf *out);
NODISCARD bool ruling_event_unpack(struct cursor *cursor, struct arena *arena, struct ruling_event *out_event);
void line_pack(const struct line *line, struct buf *out);
struct line line_unpack(struct cursor *cursor, struct arena *arena);

#endif
