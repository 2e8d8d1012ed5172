/* policies.c: see policies.h. */
#include "report/policies.h"

#include "base/json_out.h"

struct setting_scan {
    struct arena *arena;
    struct settings *out;
    bool bad;
};

static bool setting_row(void *context, struct span key, struct span value)
{
    struct setting_scan *scan = context;
    struct settings *out = scan->out;
    struct cursor at = cursor_of(key);
    struct cursor cursor = cursor_of(value);
    struct setting setting = {.seq = cursor_u64_be(&at) ^ (UINT64_C(1) << 63), .from = (int32_t)cursor_signed(&cursor)};
    setting.key = arena_copy(scan->arena, cursor_bytes(&cursor));
    setting.value = arena_copy(scan->arena, cursor_bytes(&cursor));
    scan->bad = at.bad || cursor.bad;
    ARENA_GROW(scan->arena, out->at, out->count, out->room);
    out->at[out->count++] = setting;
    return !scan->bad;
}

bool report_settings(const struct reader *reader, struct arena *arena, struct settings *out, struct err *err)
{
    *out = (struct settings){0};
    struct setting_scan scan = {.arena = arena, .out = out};
    const struct span all = {NULL, 0};
    struct store *store = reader->store;
    return store->ops->view_scan(store, reader->number, VIEW_POLICY, all, all, setting_row, &scan, err) &&
           (!scan.bad || err_set(err, FAILURE_STORE_DAMAGED, "the view `policy` is damaged: run `tieout rebuild`"));
}

static void history_write(struct json_out *json, const struct settings *settings, struct span key)
{
    json_open_array(json);
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->at[i];
        if (!span_eq(setting->key, key))
            continue;
        json_open_object(json);
        json_key(json, "from");
        if (setting->from == DAY_MIN)
            json_null(json);
        else
            json_day(json, setting->from);
        json_key(json, "value");
        json_text(json, setting->value);
        json_close_object(json);
    }
    json_close_array(json);
}

static void allowed_write(struct json_out *json, const struct policy_key *key)
{
    if (key->values == NULL) {
        json_null(json);
        return;
    }
    json_open_array(json);
    for (size_t i = 0; key->values[i] != NULL; i++)
        json_text(json, span_of(key->values[i]));
    json_close_array(json);
}

static void policy_write(struct json_out *json, const struct policy_key *key, const struct policy *policy,
                         const struct settings *settings, struct arena *arena)
{
    json_open_object(json);
    json_key(json, "key");
    json_text(json, span_of(key->name));
    json_key(json, "value");
    json_text(json, policy_get(policy, span_of(key->name), arena));
    json_key(json, "default");
    json_text(json, span_of(key->default_value));
    json_key(json, "allowed");
    allowed_write(json, key);
    json_key(json, "help");
    json_text(json, span_of(key->help));
    json_key(json, "history");
    history_write(json, settings, span_of(key->name));
    json_close_object(json);
}

void policies_write_json(const struct reader *reader, const struct settings *settings, int32_t day, struct arena *arena,
                         struct buf *out)
{
    char code[4];
    const struct company *company = reader->company;
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    json_key(&json, "currency");
    json_text(&json, span_of(currency_code(company->money, code)));
    json_key(&json, "time_zone");
    json_text(&json, company->zone_name.len ? company->zone_name : SPAN("UTC"));
    json_key(&json, "locked_until");
    if (company->lock_day == INT32_MIN)
        json_null(&json);
    else
        json_day(&json, company->lock_day);
    json_key(&json, "policies");
    json_open_array(&json);
    const struct policy *policy = company_policy(company, day);
    for (const struct policy_key *key = policy_keys(); key->name != NULL; key++)
        policy_write(&json, key, policy, settings, arena);
    json_close_array(&json);
    json_close_object(&json);
}
