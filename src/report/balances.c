/* balances.c: see balances.h. Adds up the view `balance`, which has one row per role and day. */
#include "report/balances.h"

#include "base/json_out.h"

struct balance_scan {
    int32_t as_of;
    struct balances *out;
    bool bad;
};

static bool balance_row(void *context, struct span key, struct span value)
{
    struct balance_scan *scan = context;
    struct cursor at = cursor_of(key);
    unsigned role = cursor_u8(&at);
    int64_t day = (int64_t)(cursor_u64_be(&at) ^ (UINT64_C(1) << 63));
    struct cursor cursor = cursor_of(value);
    int64_t amount_minor = cursor_signed(&cursor);
    scan->bad = at.bad || cursor.bad || role >= ROLE_LIMIT;
    if (scan->bad || day > scan->as_of)
        return !scan->bad;
    scan->out->used[role] = true;
    scan->bad = __builtin_add_overflow(scan->out->minor[role], amount_minor, &scan->out->minor[role]);
    return !scan->bad;
}

bool report_balances(const struct reader *reader, int32_t as_of, struct balances *out, struct err *err)
{
    *out = (struct balances){0};
    struct balance_scan scan = {.as_of = as_of, .out = out};
    const struct span all = {NULL, 0};
    struct store *store = reader->store;
    return store->ops->view_scan(store, reader->number, VIEW_BALANCE, all, all, balance_row, &scan, err) &&
           (!scan.bad || err_set(err, FAILURE_STORE_DAMAGED, "the view `balance` is damaged: run `tieout rebuild`"));
}

int64_t balances_stock_minor(const struct balances *balances)
{
    int64_t sum_minor = 0;
    for (int role = 1; role < ROLE_LIMIT; role++)
        if (balances->used[role] && role_control((enum role)role) == CONTROL_STOCK)
            sum_minor += balances->minor[role];
    return sum_minor;
}

const char *role_kind_name(enum role_kind kind)
{
    switch (kind) {
    case ROLE_ASSET: return "asset";
    case ROLE_LIABILITY: return "liability";
    case ROLE_EQUITY: return "equity";
    case ROLE_INCOME: return "income";
    case ROLE_EXPENSE: return "expense";
    }
    must(!"a kind of role");
    return "";
}

void balances_write_json(const struct balances *balances, currency money, struct buf *out)
{
    char code[4];
    struct json_out json = json_out_make(out);
    currency_code(money, code);
    json_open_array(&json);
    for (int role = 1; role < ROLE_LIMIT; role++) {
        if (!balances->used[role])
            continue;
        struct span name = span_of(role_name((enum role)role));
        json_open_object(&json);
        json_key(&json, "account");
        json_text(&json, name);
        json_key(&json, "role");
        json_text(&json, name);
        json_key(&json, "currency");
        json_text(&json, span_of(code));
        json_key(&json, "balance");
        json_amount(&json, balances->minor[role], money);
        json_key(&json, "kind");
        json_text(&json, span_of(role_kind_name(role_kind((enum role)role))));
        json_close_object(&json);
    }
    json_close_array(&json);
}
