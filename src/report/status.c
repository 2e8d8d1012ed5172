/* status.c: see status.h. */
#include "report/status.h"

#include "base/json_out.h"
#include "report/balances.h"
#include "report/names.h"

struct status_walk {
    struct status *out;
    struct span sku; /* the last one counted as owed, so that it counts once */
    char sku_bytes[256];
};

static bool stock_each(void *context, const struct stock_row *row)
{
    struct status_walk *walk = context;
    stock_figures_add(&walk->out->stock, &row->figures);
    walk->out->items_oversold += row->figures.available < 0;
    if (row->figures.owed > 0 && !span_eq(walk->sku, row->sku)) {
        walk->out->items_owed++;
        size_t len = row->sku.len < sizeof walk->sku_bytes ? row->sku.len : sizeof walk->sku_bytes;
        memcpy(walk->sku_bytes, row->sku.ptr, len);
        walk->sku = (struct span){walk->sku_bytes, len};
    }
    return true;
}

static bool waiting_each(void *context, const struct waiting_document *waiting)
{
    struct status *status = context;
    status->overdue += waiting->overdue;
    status->overdue_minor += waiting->overdue ? waiting->document.amount_minor : 0;
    return true;
}

bool report_status(const struct reader *reader, int64_t now_us, struct arena *arena, struct status *out,
                   struct err *err)
{
    *out = (struct status){0};
    struct status_walk walk = {.out = out};
    struct stock_options options = {.as_of = AS_OF_NOW};
    struct balances balances;
    if (!report_outcomes(reader, arena, &out->outcomes, err) || !report_balances(reader, AS_OF_NOW, &balances, err) ||
        !report_stock(reader, &options, stock_each, &walk, err) ||
        !report_waiting(reader, now_us, waiting_each, out, err))
        return false;
    for (size_t i = 0; i < out->outcomes.count; i++) {
        const struct outcome_answer *answer = &out->outcomes.at[i];
        if (answer->outcome <= OUTCOME_FAILED) {
            out->counts[answer->outcome] += answer->count;
            out->amounts[answer->outcome] += answer->amount_minor;
        }
    }
    out->accounts_minor = balances_stock_minor(&balances);
    for (int role = 1; role < ROLE_LIMIT; role++)
        out->ledger_minor += balances.minor[role];
    return true;
}

static void put_count(struct json_out *json, const char *key, int64_t count)
{
    json_key(json, key);
    json_int(json, count);
}

static void put_amount(struct json_out *json, const char *key, int64_t minor, currency money)
{
    json_key(json, key);
    json_amount(json, minor, money);
}

static void put_day(struct json_out *json, const char *key, bool known, int32_t day)
{
    json_key(json, key);
    if (known)
        json_day(json, day);
    else
        json_null(json);
}

static void documents_write(struct json_out *json, const struct status *status)
{
    json_key(json, "documents");
    json_open_object(json);
    for (int outcome = OUTCOME_POSTED; outcome <= OUTCOME_FAILED; outcome++)
        put_count(json, outcome_name((enum outcome)outcome), status->counts[outcome]);
    json_close_object(json);
}

static void waiting_write(struct json_out *json, const struct status *status, currency money, struct arena *arena)
{
    json_key(json, "waiting");
    json_open_array(json);
    for (size_t i = 0; i < status->outcomes.count; i++) {
        const struct outcome_answer *answer = &status->outcomes.at[i];
        if (answer->outcome != OUTCOME_WAITING)
            continue;
        json_open_object(json);
        json_key(json, "source");
        json_text(json, answer->source);
        json_key(json, "type");
        json_text(json, span_of(type_name(answer->type)));
        json_key(json, "refusal");
        json_text(json, outcome_reason(answer, arena));
        put_count(json, "count", answer->count);
        put_amount(json, "amount", answer->amount_minor, money);
        json_close_object(json);
    }
    json_close_array(json);
}

void status_write_json(const struct status *status, const struct reader *reader, struct span code, struct arena *arena,
                       struct buf *out)
{
    char text[4];
    const struct company *company = reader->company;
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    json_key(&json, "company");
    json_text(&json, code);
    json_key(&json, "currency");
    json_text(&json, span_of(currency_code(company->money, text)));
    json_key(&json, "time_zone");
    json_text(&json, company->zone_name.len ? company->zone_name : SPAN("UTC"));
    put_day(&json, "last_day", company->last_document > 0, company_day(company, company->last_at_us));
    put_day(&json, "locked_until", company->lock_day != INT32_MIN, company->lock_day);
    documents_write(&json, status);
    waiting_write(&json, status, company->money, arena);
    json_key(&json, "overdue");
    json_open_object(&json);
    put_count(&json, "count", status->overdue);
    put_amount(&json, "amount", status->overdue_minor, company->money);
    json_close_object(&json);
    json_key(&json, "owed");
    json_open_object(&json);
    put_count(&json, "items", status->items_owed);
    json_key(&json, "qty");
    json_micro(&json, status->stock.owed);
    json_close_object(&json);
    put_count(&json, "oversold", status->items_oversold);
    json_key(&json, "stock");
    json_open_object(&json);
    put_amount(&json, "value", status->stock.value_minor, company->money);
    put_amount(&json, "accounts", status->accounts_minor, company->money);
    put_amount(&json, "difference", status->stock.value_minor - status->accounts_minor, company->money);
    json_close_object(&json);
    put_amount(&json, "sum_of_balances", status->ledger_minor, company->money);
    json_close_object(&json);
}
