/* model.h: the second model. From the whole set of documents and the settings it gives every figure the engine must
 * reach, by the most obvious means: sort by key, read from first to last, keep every unit in a list.
 *
 * It shares only base/ with the engine (README.md says what it must not know). It has no order of arrival: what was
 * decided because of that order, and is frozen since, is given to it beside the documents (struct m_given). */
#ifndef TIEOUT_TESTS_MODEL_MODEL_H
#define TIEOUT_TESTS_MODEL_MODEL_H

#include "base/arena.h"
#include "base/calendar.h"
#include "base/currency.h"
#include "model/document.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum m_cost_method { M_METHOD_UNSAID, M_FIFO, M_AVERAGE, M_LIFO, M_STANDARD, M_SPECIFIC };
enum m_revenue_at { M_AT_SHIPMENT, M_AT_DELIVERY, M_AT_PAYMENT };
enum m_supplier_return_rule { M_ORIGINAL_LAYER, M_OLDEST, M_CURRENT };

struct m_settings {
    currency company;
    const struct zone *zone;
    enum m_cost_method cost_method;
    enum m_revenue_at revenue_at;
    enum m_supplier_return_rule supplier_return;
    bool tax_at_payment;     /* tax_point payment */
    bool company_scope;      /* cost_scope company */
    bool return_at_current;  /* return_cost current */
    bool returned_last;      /* returned_layer last */
    bool refuse_short;       /* shortage refuse */
    bool difference_account; /* price_difference account */
    bool true_up_at_origin;  /* true_up origin_if_open */
    bool ifrs;               /* framework ifrs */
    bool fx_to_stock;        /* fx_difference stock */
    bool entry_order;        /* backdated entry_order */
    bool revenue_net;        /* revenue_gross net */
    int64_t delivered_after_days;
    int64_t rounding_limit_micro;
};

struct m_settings m_settings_default(void);
/* One key of accounting.md, as for `tieout init --set`; false when the model does not know key or value. */
bool m_settings_set(struct m_settings *settings, const char *key, const char *value);

/* What hung on the order of arrival, as the engine decided it (README.md): a clean run is given the same. */
struct m_given {
    const char *left_out; /* the refusal it got: it is no part of the set; NULL otherwise */
    int64_t frozen_at;    /* the instant at which a return was settled when it was decided; M_NONE: work it out */
    int64_t entered;      /* backdated entry_order: the number of its decision; 0: as documents stand in the history */
};
/* A setting made later: the settings in force from a day on. */
struct m_settings_from {
    int32_t day;
    struct m_settings settings;
};
struct m_history {
    struct m_settings settings;
    const struct m_settings_from *later; /* by day, rising */
    size_t later_count;
    const struct m_document **documents; /* in their order of arrival, which the model does not look at */
    const struct m_given *given;         /* beside each; NULL: nothing is given */
    size_t count;
};

/* Everything is sorted by its leading members, so that two answers are compared row by row. Texts are never NULL. */
struct m_outcome_row {
    const char *type, *source, *id;
    int64_t version;
    const char *outcome, *refusal;
};
struct m_daily_row {
    const char *role;
    int32_t day;
    int64_t posted;  /* on that accounting date */
    int64_t balance; /* at its end */
};
struct m_detail_row {
    const char *role, *sku, *location, *order, *line;
    int64_t amount;
};
/* The same by day: what every balance at every date is made of. */
struct m_move_row {
    const char *role, *sku, *location, *order, *line;
    int32_t day;
    int64_t amount;
};
struct m_entry_row {
    int32_t day;
    const char *type, *document, *role, *sku;
    int64_t amount;
};
struct m_layer_row {
    const char *document;
    int64_t qty, value;
};
/* What is still owed of what one document issued; qty and value of all its slices in the pool. */
struct m_owed_row {
    const char *sku, *location, *document;
    int64_t qty, value;
};
/* What is gone: of which inflow (the document that brought the lot), taken by which document, where its cost is now. */
struct m_slice_row {
    const char *sku, *document, *lot, *role, *order, *line;
    int64_t qty, value;
};
struct m_stock_row {
    const char *sku, *location;
    int64_t on_hand, sellable, reserved, owned, available, owed, value;
    size_t first_layer, layer_count; /* into layers, in queue order */
};

struct m_answer {
    struct m_outcome_row *outcomes;
    size_t outcome_count;
    struct m_daily_row *daily; /* only dates on which the role was posted to */
    size_t daily_count;
    struct m_detail_row *details; /* only rows that are not zero */
    size_t detail_count;
    struct m_move_row *moves; /* only rows that are not zero */
    size_t move_count;
    struct m_entry_row *entries; /* per date, document, role and SKU; only rows that are not zero */
    size_t entry_count;
    struct m_stock_row *stock; /* only rows with something in them */
    size_t stock_count;
    struct m_layer_row *layers;
    size_t layer_count;
    struct m_owed_row *owed; /* only rows with units */
    size_t owed_count;
    struct m_slice_row *slices; /* only rows with units */
    size_t slice_count;
};

/* Works the history out. Everything in the answer lives in `arena` or in the documents. A broken conservation law is a
 * bug of the model: must(). */
struct m_answer m_model_answer(const struct m_history *history, struct arena *arena);

/* Puts the documents into the order of their keys (definitions first, what is set aside last): arriving so, nothing hangs
 * on the order of arrival. */
void m_history_sort(struct m_history *history, struct arena *arena);

/* What two answers are compared in. */
enum m_compare {
    M_COMPARE_OUTCOMES = 1,
    M_COMPARE_DAILY = 2,
    M_COMPARE_DETAILS = 4,
    M_COMPARE_STOCK = 8,
    M_COMPARE_ENTRIES = 16,
    M_COMPARE_MOVES = 32, /* daily balances by role, SKU, location, order and line */
    M_COMPARE_OWED = 64,
    M_COMPARE_SLICES = 128,
    M_COMPARE_ALL = 255,
};
/* True when `found` equals `wanted` in what `parts` names; otherwise the first differing rows stand in out_text. The
 * rows of both must be sorted: m_answer_sort. */
bool m_answer_equal(const struct m_answer *wanted, const struct m_answer *found, unsigned parts, char *out_text,
                    size_t out_size);
/* Sorts the rows and, for one who fills an answer from elsewhere, drops what an answer leaves out (zero rows) and sums
 * rows with the same members. */
void m_answer_sort(struct m_answer *answer);

#endif
