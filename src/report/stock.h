/* stock.h: what there is of each item at each place, by every definition of "available", and what it is worth.
 *
 * free + reserved = sellable; + quarantined + damaged = on hand; − consigned + in transit + goods out = owned;
 * − damaged + owed = valued; and the value is the balance of the stock control accounts (J-3). In transit and goods out
 * stand as places of their own, so that every column adds up. */
#ifndef TIEOUT_REPORT_STOCK_H
#define TIEOUT_REPORT_STOCK_H

#include "report/reader.h"

#define STOCK_IN_TRANSIT SPAN("in_transit")
#define STOCK_GOODS_OUT SPAN("goods_out")
/* The layers of a company's one pool, where several places share it. */
#define STOCK_COMPANY SPAN("company")

struct stock_layer {
    struct span document; /* id of the document its units came by */
    int64_t qty_micro, value_minor;
};
/* All in millionths of a unit but the value. */
struct stock_figures {
    int64_t available, reserved, sellable, quarantined, damaged, on_hand, consigned, in_transit, goods_out, owned, owed,
        valued, unbilled;
    int64_t value_minor;
};
struct stock_row {
    struct span sku, location;
    struct stock_figures figures;
    struct stock_layer *layers;
    size_t layer_count, layer_room;
};
struct stock_options {
    int32_t as_of;   /* AS_OF_NOW, or a past day: then nothing is known of reservations */
    bool layers;     /* rows carry their layers */
    bool whole;      /* looks at everything that is gone too: goods out, and what is billed */
    struct span sku; /* only this one; absent: all */
};

/* Calls back for each item and place, in the order of SKUs; what a row points to holds only during the call. False of the
 * callback ends the walk. */
NODISCARD bool report_stock(const struct reader *reader, const struct stock_options *options,
                            bool (*each)(void *context, const struct stock_row *row), void *context, struct err *err);
void stock_figures_add(struct stock_figures *sum, const struct stock_figures *figures);
/* One object. */
void stock_write_json(const struct stock_row *row, const struct stock_options *options, currency money,
                      struct buf *out);
/* The sums as one object, with the balance of the stock control accounts beside. */
void stock_bridge_write_json(const struct stock_figures *sum, const struct stock_options *options,
                             int64_t accounts_minor, currency money, struct buf *out);

#endif
