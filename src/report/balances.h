/* balances.h: the balance of each account at the end of a day, by all that is known now. */
#ifndef TIEOUT_REPORT_BALANCES_H
#define TIEOUT_REPORT_BALANCES_H

#include "report/reader.h"

struct balances {
    int64_t minor[ROLE_LIMIT]; /* debit positive */
    bool used[ROLE_LIMIT];     /* something was ever posted there, on or before the day */
};

NODISCARD bool report_balances(const struct reader *reader, int32_t as_of, struct balances *out, struct err *err);
/* Σ of the stock control accounts. */
int64_t balances_stock_minor(const struct balances *balances);
/* Array of {account, role, currency, balance}. */
void balances_write_json(const struct balances *balances, currency money, struct buf *out);
/* "asset", "liability", ... */
const char *role_kind_name(enum role_kind kind);

#endif
