/* margin.h: what was earned on sales, by channel, item, order, order line or month, from the journal's own lines.
 *
 * revenue: sales, commissions, tips. discounts: what was taken off. shipping: what customers paid for it. refunds: returns
 * and allowances and refunded shipping, less restocking fees. fees: of channels, gateways, carriers, advertising and
 * disputes. cogs: cost of sales, from stock and dropshipped. margin = revenue − discounts + shipping − refunds − fees − cogs.
 * Stock losses, taxes, bad debt and differences of rounding and exchange are no part of it. */
#ifndef TIEOUT_REPORT_MARGIN_H
#define TIEOUT_REPORT_MARGIN_H

#include "report/reader.h"

enum margin_by { MARGIN_BY_CHANNEL, MARGIN_BY_SKU, MARGIN_BY_ORDER, MARGIN_BY_LINE, MARGIN_BY_MONTH };
struct margin_row {
    struct span key, line; /* absent: what is about none; `line` for MARGIN_BY_LINE */
    int64_t revenue_minor, discounts_minor, shipping_minor, refunds_minor, fees_minor, cogs_minor;
};
struct margin_rows {
    struct margin_row *at;
    size_t count, room;
};
struct margin_options {
    enum margin_by by;
    int32_t from, to; /* accounting dates, inclusive */
};

/* In the order of keys. */
NODISCARD bool report_margin(const struct reader *reader, const struct margin_options *options, struct arena *arena,
                             struct margin_rows *out, struct err *err);
int64_t margin_minor(const struct margin_row *row);
/* "channel", ...; margin_by_find: false when there is no such word. */
const char *margin_by_name(enum margin_by by);
NODISCARD bool margin_by_find(struct span name, enum margin_by *out);
void margin_write_json(const struct margin_rows *rows, enum margin_by by, currency money, struct buf *out);

#endif
