/* company.h: the hot state of one company: what a decision may read, and the one door through which it changes (apply).
 *
 * Everything here is a view of truth: it can be dropped and made again. Books and orders are loaded when touched and
 * written back by company_flush; what is clean can be forgotten at any time. Nothing here decides. */
#ifndef TIEOUT_STATE_COMPANY_H
#define TIEOUT_STATE_COMPANY_H

#include "base/map.h"
#include "order/document_fields.h"
#include "state/ruling.h"
#include "state/views.h"

struct policy_from {
    int32_t day; /* in force from this day on */
    struct policy policy;
};
/* The policies as they stood when so many settings had been made: what was decided then goes on by them. */
struct policy_table {
    struct policy_from *at; /* by day */
    size_t count;
};
/* One version of a definition: holds from `from_us` until the next one's. */
struct definition_version {
    int64_t from_us, version;
    uint64_t seq;
    const struct document *document;
};
/* All versions of one item or location, ordered by (from_us, version). */
struct definition {
    uint32_t number; /* document number */
    struct definition_version *versions;
    size_t count;
};
/* A loaded item book. */
struct item_slot {
    uint32_t item;
    bool dirty;
    uint64_t used; /* batch in which it was touched last */
    struct item_book *book;
};
/* A loaded order book, with the results of its last fold. */
struct order_slot {
    uint32_t order;
    uint64_t used;
    struct arena arena;
    struct order_event *events;
    struct ruling_event *frozen;
    uint32_t *documents;
    uint64_t *seqs;
    size_t count;
    struct order_result *results;
    struct order_state state;
};
struct document_version {
    int64_t version;
    uint64_t content;      /* first eight bytes of the hash of the canonical form */
    uint64_t seq;          /* its last decision */
    uint64_t document_seq; /* the row that holds it packed */
    enum outcome outcome;
    int refusal;
    int64_t amount_minor;
    struct span waits_on; /* waiting key, while it waits */
};
/* One movement that a document has in an item's book. */
struct document_move {
    uint32_t item;
    movement_id id;
};
struct document_record {
    uint32_t number;
    enum document_type type;
    struct span source, id;
    struct document_version *versions; /* ascending */
    size_t version_count;
    uint64_t entered; /* the row in which it was posted first; 0: never */
    int64_t current;  /* the version that is read; 0 none (all failed or wait) */
    uint32_t *orders; /* orders it has events in */
    size_t order_count;
    struct document_move *moves;
    size_t move_count;
    uint64_t *seqs; /* its own rows of truth, ascending; rows with deltas about it are in the view `delta` */
    size_t seq_count;
};

struct company {
    struct views views;
    struct arena arena; /* for the company's life: settings, definitions */
    struct span code;   /* as it was begun: the store's own table is checked against it */
    currency money;
    int exponent;
    struct span zone_name;
    const struct zone *zone;
    struct policy_table *policies; /* [number of settings made] */
    size_t setting_count;
    int32_t lock_day;       /* no entry is dated on or before it; INT32_MIN: none */
    bool born;              /* the company's first row was read */
    bool counts_completely; /* some location was counted completely once */
    /* head */
    uint64_t applied_seq;
    uint32_t last_document;
    int64_t last_at_us; /* the latest instant of any document: the store's last day */
    /* caches */
    uint64_t batch;
    struct map *definitions;     /* type, id → struct definition * */
    struct map *items_by_number; /* item number → struct definition * */
    struct map *item_slots;      /* item number → struct item_slot * */
    struct map *order_slots;     /* order number → struct order_slot * */
    struct map *balances;        /* role, day → index into balance_rows */
    struct balance_row *balance_rows;
    size_t balance_count, balance_room;
    struct map *outcomes; /* view key → index into outcome_rows */
    struct outcome_row *outcome_rows;
    size_t outcome_count, outcome_room;
    struct map *waiting; /* waiting key → how many wait */
};
struct balance_row {
    enum role role;
    int32_t day;
    int64_t amount_minor;
    bool dirty;
};
struct outcome_row {
    struct span key;
    int64_t count, amount_minor;
    bool dirty;
};

/* Opens the company's views; `zone_bytes` reads an IANA zone file (absent span when there is none such). */
struct company *company_open(struct views views, struct span (*zone_bytes)(struct span name, struct arena *arena),
                             struct err *err);
struct company *company_close(struct company *company);
/* The one door: makes of a ruling what it says. `installed`: item books have it already (live posting decides in place). */
NODISCARD bool company_apply(struct company *company, const struct ruling *ruling, bool installed, struct err *err);
/* Writes what changed into the views; then forgets books and orders not touched lately. */
NODISCARD bool company_flush(struct company *company, struct err *err);

/* Between two documents: writes books back and forgets what is not needed, when more is in memory than a commit's worth.
 * Nothing is committed by it; no result shows whether it ran. */
NODISCARD bool company_relieve(struct company *company, struct err *err);

/* Settings. */
const struct policy_table *company_policies(const struct company *company);
const struct policy *company_policy(const struct company *company, int32_t day);
/* Whether what is dated on a day is queued as it was entered (backdated entry_order); since which instant that is so. */
bool company_entry_order(const struct company *company, int32_t day, int64_t *out_since_us);
/* The same by the first `settings` of the settings made. */
const struct policy *company_policy_by(const struct company *company, int32_t day, size_t settings);
/* A date given without time: start of day for what comes in, end for a count, else noon (docs/formats/order-of-movements.md). */
int64_t company_instant(const struct company *company, struct moment moment, enum rank rank);
int32_t company_day(const struct company *company, int64_t at_us);

/* Documents. find: source absent means any; *out_number 0 when unknown; *out_several when more than one source has it. */
NODISCARD bool company_find_document(struct company *company, enum document_type type, struct span source,
                                     struct span id, uint32_t *out_number, bool *out_several, struct err *err);
NODISCARD bool company_document(struct company *company, uint32_t number, struct arena *arena,
                                struct document_record *out_record, bool *out_found, struct err *err);
/* Reads the packed document out of a truth row. */
NODISCARD bool company_read_document(struct company *company, uint64_t seq, struct arena *arena,
                                     struct document *out_document, struct err *err);
/* The version that is read; where there is none, the highest that waits, else the highest. */
const struct document_version *document_current(const struct document_record *record);

/* Definitions: NULL when none is known. */
NODISCARD bool company_definition(struct company *company, enum document_type type, struct span id,
                                  const struct definition **out_definition, struct err *err);
NODISCARD bool company_item_by_number(struct company *company, uint32_t number,
                                      const struct definition **out_definition, struct err *err);
/* Numbers of the documents that ever counted a location completely; each may have been replaced or voided since. */
NODISCARD bool company_complete_counts(struct company *company, struct span location, struct arena *arena,
                                       uint32_t **out_documents, size_t *out_count, struct err *err);
/* Numbers of the openings that ever told of an old receipt of this name. */
NODISCARD bool company_openings(struct company *company, struct span receipt, struct arena *arena,
                                uint32_t **out_documents, size_t *out_count, struct err *err);
/* Calls `each` for every item there is, in the order of SKUs. */
NODISCARD bool company_items(struct company *company, bool (*each)(void *context, struct span sku), void *context,
                             struct err *err);
/* The version in force at an instant: the first one also holds before its time. */
const struct document *definition_at(const struct definition *definition, int64_t at_us);

/* Books. `whole`: with everything that is gone. */
NODISCARD bool company_item_book(struct company *company, uint32_t item, bool average, bool whole,
                                 struct item_book **out_book, struct err *err);
/* NULL when there is no such order book. */
NODISCARD bool company_order(struct company *company, uint32_t order, struct order_slot **out_order, struct err *err);
/* What holds for what a version of an order says by itself: on the day it was made, whichever version is the lowest. */
const struct policy *order_stated_policy(const struct company *company, const struct document *order,
                                         uint32_t settings);
/* Makes an event for the fold out of what is stored of it. */
struct order_event order_event_of(const struct company *company, const struct document *document,
                                  const struct ruling_event *frozen);
/* Gives the versions of one order their instants: the lowest its placing, the others their making; what they list as
 * paid comes no earlier. */
NODISCARD bool order_events_settle_versions(struct company *company, struct order_event *events, size_t count,
                                            struct err *err);
/* Writes the line that a match chose into the event's copy of its document; `order` is the order's lowest version. */
void order_event_settle_match(struct order_event *event, const struct document *order, struct arena *arena);

/* Sums. */
NODISCARD bool company_balance_add(struct company *company, enum role role, int32_t day, int64_t amount_minor,
                                   struct err *err);
NODISCARD bool company_reserved(struct company *company, uint32_t item, struct span location, int64_t *out_micro,
                                struct err *err);

/* Rates: units of the company's currency for one `from`, the latest on or before the day of `at_us`; *out_found false
 * when there is none. */
NODISCARD bool company_rate(struct company *company, currency from, int64_t at_us, int64_t *out_rate_e10,
                            bool *out_found, struct err *err);

/* The order book that holds a customer's money without an order; its number is that of the payment that opened it. */
NODISCARD bool company_customer(struct company *company, struct span customer, uint32_t *out_account, bool *out_found,
                                struct err *err);
/* Sales by customer, for match: newest first, up to `at_us`. */
struct sale {
    uint32_t order;
    int64_t at_us;
    const uint32_t *sku_hashes; /* of its lines */
    size_t line_count;
};
NODISCARD bool company_sales(struct company *company, struct span customer, int64_t at_us, struct arena *arena,
                             struct sale **out_sales, size_t *out_count, struct err *err);
uint32_t sale_hash(struct span sku);

/* Waiting keys (bytes): what is waited for. */
struct span waiting_for_document(enum document_type type, struct span id, struct arena *arena);
struct span waiting_for_purchase_order(struct span id, struct arena *arena);
struct span waiting_for_order(uint32_t order, struct arena *arena);
struct span waiting_for_item(uint32_t item, struct arena *arena);
struct span waiting_for_match(struct span customer, struct span sku, struct arena *arena);
struct span waiting_for_customer(struct span customer, struct arena *arena);
struct span waiting_for_rate(currency c, struct arena *arena);
bool waiting_is_for_rate(struct span key);
/* Numbers of the documents that wait on `key`. */
NODISCARD bool company_waiting(struct company *company, struct span key, struct arena *arena, uint32_t **out_documents,
                               size_t *out_count, struct err *err);
/* Those that wait for a change of an order or a customer's account, whichever it is. */
NODISCARD bool company_waiting_on_orders(struct company *company, struct arena *arena, uint32_t **out_documents,
                                         size_t *out_count, struct err *err);
/* What a waiting key means, for people: "order 1001". */
struct span waiting_describe(struct span key, struct arena *arena);

#endif
