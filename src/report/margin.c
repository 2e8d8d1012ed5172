/* margin.c: see margin.h. */
#include "report/margin.h"

#include "base/json_out.h"
#include "report/journal.h"

#include <stdio.h>
#include <stdlib.h>

struct margin_work {
    const struct margin_options *options;
    struct arena *arena;
    struct map *places; /* key → index into rows */
    struct margin_rows *out;
    bool overflow;
};

/* Where a line's amount counts, and with which sign; NULL: it is no part of the margin. */
static int64_t *column_of(struct margin_row *row, enum role role, int *out_sign)
{
    *out_sign = 1;
    switch ((int)role) {
    case ROLE_SALES:
    case ROLE_COMMISSION_INCOME:
    case ROLE_TIPS: *out_sign = -1; return &row->revenue_minor;
    case ROLE_DISCOUNTS: return &row->discounts_minor;
    case ROLE_SHIPPING_INCOME: *out_sign = -1; return &row->shipping_minor;
    case ROLE_RETURNS_AND_ALLOWANCES:
    case ROLE_SHIPPING_REFUNDED:
    case ROLE_RESTOCKING_FEE_INCOME: return &row->refunds_minor;
    case ROLE_MERCHANT_FEES:
    case ROLE_ADS:
    case ROLE_DISPUTE_FEES:
    case ROLE_CHARGEBACK_LOSS:
    case ROLE_SHIPPING_COST: return &row->fees_minor;
    case ROLE_COGS:
    case ROLE_COST_OF_SALES_DROPSHIP: return &row->cogs_minor;
    default: return NULL;
    }
}

/* What the line counts under: its key and, by line, the order line's id; as one text for the map. */
struct margin_place {
    struct span key, line;
    char day[11];
    char bytes[1024];
    size_t len;
};

static void place_of(const struct margin_work *work, const struct line *line, int32_t day, struct margin_place *place)
{
    place->key = place->line = (struct span){NULL, 0};
    switch (work->options->by) {
    case MARGIN_BY_CHANNEL: place->key = line->channel; break;
    case MARGIN_BY_SKU: place->key = line->sku; break;
    case MARGIN_BY_LINE:
        place->line = line->order_line;
        place->key = line->order;
        break;
    case MARGIN_BY_ORDER: place->key = line->order; break;
    case MARGIN_BY_MONTH: place->key = (struct span){day_write(day, place->day), 7}; break;
    }
    place->len = (size_t)snprintf(place->bytes, sizeof place->bytes, "%.*s%c%.*s", SPAN_ARG(place->key), 0,
                                  SPAN_ARG(place->line));
    must(place->len < sizeof place->bytes); /* texts are at most 200 bytes long */
}

static struct margin_row *row_of(struct margin_work *work, const struct line *line, int32_t day)
{
    struct margin_place place;
    place_of(work, line, day, &place);
    struct margin_rows *out = work->out;
    uint64_t *at = map_find(work->places, (struct span){place.bytes, place.len});
    if (at != NULL)
        return &out->at[*at];
    ARENA_GROW(work->arena, out->at, out->count, out->room);
    map_put(work->places, (struct span){place.bytes, place.len}, out->count);
    out->at[out->count] =
        (struct margin_row){.key = place.key.len ? arena_copy(work->arena, place.key) : (struct span){NULL, 0},
                            .line = place.line.len ? arena_copy(work->arena, place.line) : (struct span){NULL, 0}};
    return &out->at[out->count++];
}

static bool entry_add(void *context, const struct entry_answer *entry)
{
    struct margin_work *work = context;
    int32_t day = entry->day;
    if (day < work->options->from || day > work->options->to)
        return true;
    for (size_t i = 0; i < entry->line_count; i++) {
        const struct line *line = &entry->lines[i];
        struct margin_row probe;
        int sign = 1;
        if (column_of(&probe, line->role, &sign) == NULL)
            continue;
        int64_t *column = column_of(row_of(work, line, day), line->role, &sign);
        work->overflow |= __builtin_add_overflow(*column, sign * line->amount_minor, column);
    }
    return true;
}

static int compare_rows(const void *a, const void *b)
{
    const struct margin_row *x = a;
    const struct margin_row *y = b;
    int order = span_cmp(x->key, y->key);
    return order ? order : span_cmp(x->line, y->line);
}

bool report_margin(const struct reader *reader, const struct margin_options *options, struct arena *arena,
                   struct margin_rows *out, struct err *err)
{
    *out = (struct margin_rows){0};
    struct margin_work work = {.options = options, .arena = arena, .places = map_new(), .out = out};
    bool good = report_journal(reader, 1, reader->company->applied_seq, entry_add, &work, err);
    map_free(work.places);
    if (out->count > 1)
        qsort(out->at, out->count, sizeof *out->at, compare_rows);
    return good && (!work.overflow || err_set(err, FAILURE_STORE_OTHER, "a sum of margins leaves 63 bits"));
}

int64_t margin_minor(const struct margin_row *row)
{
    return row->revenue_minor - row->discounts_minor + row->shipping_minor - row->refunds_minor - row->fees_minor -
           row->cogs_minor;
}

static const char *const by_names[] = {
    [MARGIN_BY_CHANNEL] = "channel", [MARGIN_BY_SKU] = "sku",     [MARGIN_BY_ORDER] = "order",
    [MARGIN_BY_LINE] = "line",       [MARGIN_BY_MONTH] = "month",
};

const char *margin_by_name(enum margin_by by) { return by_names[by]; }

bool margin_by_find(struct span name, enum margin_by *out)
{
    for (size_t i = 0; i < sizeof by_names / sizeof by_names[0]; i++)
        if (span_eq(name, span_of(by_names[i]))) {
            *out = (enum margin_by)i;
            return true;
        }
    return false;
}

static void put_amount(struct json_out *json, const char *key, int64_t amount_minor, currency money)
{
    json_key(json, key);
    json_amount(json, amount_minor, money);
}

void margin_write_json(const struct margin_rows *rows, enum margin_by by, currency money, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_array(&json);
    for (size_t i = 0; i < rows->count; i++) {
        const struct margin_row *row = &rows->at[i];
        json_open_object(&json);
        json_key(&json, by == MARGIN_BY_LINE ? "order" : margin_by_name(by));
        json_text(&json, row->key);
        if (by == MARGIN_BY_LINE) {
            json_key(&json, "line");
            json_text(&json, row->line);
        }
        put_amount(&json, "revenue", row->revenue_minor, money);
        put_amount(&json, "discounts", row->discounts_minor, money);
        put_amount(&json, "shipping", row->shipping_minor, money);
        put_amount(&json, "refunds", row->refunds_minor, money);
        put_amount(&json, "fees", row->fees_minor, money);
        put_amount(&json, "cogs", row->cogs_minor, money);
        put_amount(&json, "margin", margin_minor(row), money);
        json_close_object(&json);
    }
    json_close_array(&json);
}
