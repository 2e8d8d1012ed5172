/* status.h: one look at a company: where every document is, what is owed, and whether stock and accounts agree. */
#ifndef TIEOUT_REPORT_STATUS_H
#define TIEOUT_REPORT_STATUS_H

#include "report/outcomes.h"
#include "report/stock.h"

struct status {
    struct outcome_answers outcomes;
    int64_t counts[OUTCOME_FAILED + 1]; /* by outcome */
    int64_t amounts[OUTCOME_FAILED + 1];
    struct stock_figures stock;         /* sums over all items and places */
    int64_t items_owed, items_oversold; /* items with owed slices; items and places with less than nothing free */
    int64_t accounts_minor;             /* Σ stock control accounts */
    int64_t ledger_minor;               /* Σ of all balances: zero */
    int64_t overdue, overdue_minor;     /* documents that wait longer than is normal, and their amounts */
};

/* `now_us` says what is overdue. */
NODISCARD bool report_status(const struct reader *reader, int64_t now_us, struct arena *arena, struct status *out,
                             struct err *err);
void status_write_json(const struct status *status, const struct reader *reader, struct span code, struct arena *arena,
                       struct buf *out);

#endif
