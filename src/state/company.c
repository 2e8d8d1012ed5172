/* company.c: opening, settings, and the door; see company.h. */
#include "state/internal.h"

#include <stdlib.h>

void view_key_tail(struct view_key *key, struct span text)
{
    if (text.len > sizeof key->bytes - key->len) {
        key->too_long = true;
        return;
    }
    if (text.len > 0)
        memcpy(key->bytes + key->len, text.ptr, text.len);
    key->len += text.len;
}

void view_key_u8(struct view_key *key, uint8_t value) { view_key_tail(key, (struct span){(const char *)&value, 1}); }

void view_key_text(struct view_key *key, struct span text)
{
    view_key_tail(key, text);
    view_key_u8(key, 0);
}

void view_key_u32(struct view_key *key, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        view_key_u8(key, (uint8_t)(value >> shift));
}

void view_key_i64(struct view_key *key, int64_t value)
{
    uint64_t sortable = (uint64_t)value ^ (UINT64_C(1) << 63);
    for (int shift = 56; shift >= 0; shift -= 8)
        view_key_u8(key, (uint8_t)(sortable >> shift));
}

enum { SUM_BYTES = 4 };

static struct hash sum_of(struct span value, struct span key)
{
    struct hasher hasher;
    hasher_init(&hasher);
    hasher_put(&hasher, value);
    hasher_put(&hasher, key);
    return hasher_end(&hasher);
}

void view_sum_put(struct buf *value, struct span key)
{
    struct hash sum = sum_of(buf_span(value), key);
    buf_put(value, sum.bytes, SUM_BYTES);
}

bool view_sum_take(struct span *value, struct span key)
{
    if (value->len < SUM_BYTES)
        return false;
    value->len -= SUM_BYTES;
    struct hash sum = sum_of(*value, key);
    return memcmp(sum.bytes, value->ptr + value->len, SUM_BYTES) == 0;
}

struct span keep_span(struct arena *arena, struct span text)
{
    return text.ptr == NULL || text.len == 0 ? (struct span){NULL, 0} : arena_copy(arena, text);
}

static const struct span head_key = {"head", 4};

static bool head_load(struct company *company, struct err *err)
{
    struct span value;
    bool found = false;
    if (!company->views.get(company->views.context, VIEW_HEAD, head_key, &company->arena, &value, &found, err))
        return false;
    if (!found)
        return true;
    struct cursor cursor = cursor_of(value);
    company->applied_seq = cursor_varint(&cursor);
    company->last_document = (uint32_t)cursor_varint(&cursor);
    company->last_at_us = cursor_signed(&cursor);
    return !cursor.bad || err_set(err, FAILURE_STORE_DAMAGED, "the view `head` is damaged: run `tieout rebuild`");
}

static bool head_flush(struct company *company, struct err *err)
{
    struct buf value = buf_make(64);
    buf_put_varint(&value, company->applied_seq);
    buf_put_varint(&value, company->last_document);
    buf_put_signed(&value, company->last_at_us);
    bool good = company->views.put(company->views.context, VIEW_HEAD, head_key, buf_span(&value), err);
    buf_done(&value);
    return good;
}

static const struct policy_table *policy_table(const struct company *company, size_t settings)
{
    static const struct policy_table none;
    must(settings <= company->setting_count);
    return company->policies != NULL ? &company->policies[settings] : &none;
}

/* Each setting makes a table of its own; the older ones stay for what was decided by them. */
static bool policies_set(struct company *company, int32_t day, struct span key, struct span value)
{
    const struct policy_table *before = policy_table(company, company->setting_count);
    struct policy_from *grown = ARENA_ARRAY(&company->arena, struct policy_from, before->count + 1);
    struct policy_table *tables = ARENA_ARRAY(&company->arena, struct policy_table, company->setting_count + 2);
    must(grown != NULL && tables != NULL);
    size_t at = 0;
    while (at < before->count && before->at[at].day < day)
        at++;
    bool replaces = at < before->count && before->at[at].day == day;
    for (size_t i = 0; i < before->count; i++)
        grown[i + (!replaces && i >= at ? 1 : 0)] = before->at[i];
    if (!replaces)
        grown[at] = (struct policy_from){day, at > 0 ? grown[at - 1].policy : policy_default()};
    struct policy_table now = {grown, before->count + !replaces};
    struct span detail;
    for (; at < now.count; at++)
        if (!policy_set(&grown[at].policy, key, value, &company->arena, &detail))
            return false;
    for (size_t i = 0; i <= company->setting_count; i++)
        tables[i] = *policy_table(company, i);
    tables[++company->setting_count] = now;
    company->policies = tables;
    return true;
}

/* Settings come as truth rows of kind policy; the view keeps them as key = (number of the row), value = (day, key, value). */
static bool setting_apply(struct company *company, int32_t day, struct span key, struct span value)
{
    if (span_eq(key, SPAN("currency"))) {
        company->money = currency_find(value);
        company->exponent = currency_exponent(company->money);
        company->born = true;
        return true;
    }
    if (span_eq(key, SPAN("company"))) {
        company->code = arena_copy(&company->arena, value);
        return true;
    }
    if (span_eq(key, SPAN("time_zone"))) {
        company->zone_name = arena_copy(&company->arena, value);
        return true;
    }
    return policies_set(company, day, key, value);
}

struct setting_scan {
    struct company *company;
    bool bad;
};

static bool setting_row(void *context, struct span key, struct span value)
{
    struct setting_scan *scan = context;
    struct cursor cursor = cursor_of(value);
    int32_t day = (int32_t)cursor_signed(&cursor);
    struct span name = cursor_bytes(&cursor);
    struct span text = cursor_bytes(&cursor);
    (void)key;
    if (cursor.bad || !setting_apply(scan->company, day, name, text))
        scan->bad = true;
    return !scan->bad;
}

static bool settings_load(struct company *company, struct err *err)
{
    struct setting_scan scan = {.company = company};
    const struct span all = {NULL, 0};
    if (!company->views.scan(company->views.context, VIEW_POLICY, all, all, setting_row, &scan, err))
        return false;
    if (scan.bad)
        return err_set(err, FAILURE_STORE_DAMAGED, "the view `policy` is damaged: run `tieout rebuild`");
    struct span value;
    bool found = false;
    if (!company->views.get(company->views.context, VIEW_PERIOD, SPAN("lock"), &company->arena, &value, &found, err))
        return false;
    struct cursor cursor = cursor_of(found ? value : (struct span){NULL, 0});
    company->lock_day = found ? (int32_t)cursor_signed(&cursor) : INT32_MIN;
    return true;
}

struct company *company_open(struct views views, struct span (*zone_bytes)(struct span name, struct arena *arena),
                             struct err *err)
{
    struct company *company = calloc(1, sizeof *company);
    if (company == NULL) {
        err_set(err, FAILURE_MEMORY, "out of memory");
        return NULL;
    }
    company->views = views;
    company->arena = arena_make((size_t)4 << 30);
    company->lock_day = INT32_MIN;
    company->definitions = map_new();
    company->items_by_number = map_new();
    company->item_slots = map_new();
    company->order_slots = map_new();
    company->balances = map_new();
    company->outcomes = map_new();
    company->waiting = map_new();
    company->zone = zone_utc();
    if (!head_load(company, err) || !settings_load(company, err) || !waiting_load(company, err) ||
        !lasting_load(company, err))
        return company_close(company);
    if (company->zone_name.len > 0) {
        struct span bytes = zone_bytes(company->zone_name, &company->arena);
        company->zone = bytes.ptr ? zone_parse(bytes, &company->arena) : NULL;
        if (company->zone == NULL) {
            err_set(err, FAILURE_USAGE,
                    "time zone %.*s: no such zone on this machine; install tzdata, or use an IANA name such as "
                    "Europe/London",
                    SPAN_ARG(company->zone_name));
            return company_close(company);
        }
    }
    return company;
}

static void slots_free(struct company *company)
{
    size_t at = 0;
    struct span key;
    uint64_t value;
    while (map_next(company->item_slots, &at, &key, &value)) {
        struct item_slot *slot = (struct item_slot *)(uintptr_t)value;
        item_book_free(slot->book);
        free(slot);
    }
    at = 0;
    while (map_next(company->order_slots, &at, &key, &value)) {
        struct order_slot *slot = (struct order_slot *)(uintptr_t)value;
        arena_done(&slot->arena);
        free(slot);
    }
}

struct company *company_close(struct company *company)
{
    if (company == NULL)
        return NULL;
    slots_free(company);
    map_free(company->definitions);
    map_free(company->items_by_number);
    map_free(company->item_slots);
    map_free(company->order_slots);
    map_free(company->balances);
    map_free(company->outcomes);
    map_free(company->waiting);
    free(company->balance_rows);
    free(company->outcome_rows);
    arena_done(&company->arena);
    free(company);
    return NULL;
}

bool company_entry_order(const struct company *company, int32_t day, int64_t *out_since_us)
{
    bool entry_order = false;
    int32_t since = DAY_MIN;
    const struct policy_table *table = company_policies(company);
    for (size_t i = 0; i < table->count && table->at[i].day <= day; i++) {
        bool from_here = table->at[i].policy.backdated == BACKDATED_ENTRY_ORDER;
        if (from_here && !entry_order)
            since = table->at[i].day;
        entry_order = from_here;
    }
    *out_since_us = since <= DAY_MIN ? INT64_MIN : zone_instant(company->zone, since, 0, NULL);
    return entry_order;
}

const struct policy *company_policy_by(const struct company *company, int32_t day, size_t settings)
{
    static struct policy fallback;
    static bool made;
    if (!made) {
        fallback = policy_default();
        made = true;
    }
    const struct policy_table *table = policy_table(company, settings);
    const struct policy *found = &fallback;
    for (size_t i = 0; i < table->count && table->at[i].day <= day; i++)
        found = &table->at[i].policy;
    return found;
}

const struct policy_table *company_policies(const struct company *company)
{
    return policy_table(company, company->setting_count);
}

const struct policy *company_policy(const struct company *company, int32_t day)
{
    return company_policy_by(company, day, company->setting_count);
}

int64_t company_instant(const struct company *company, struct moment moment, enum rank rank)
{
    if (moment.form != TIME_DATE)
        return moment.at_us;
    if (rank == RANK_COUNT)
        return zone_instant(company->zone, moment.day + 1, 0, NULL) - 1;
    return zone_instant(company->zone, moment.day, rank <= RANK_TRANSFER ? 0 : 43200, NULL);
}

int32_t company_day(const struct company *company, int64_t at_us) { return zone_day(company->zone, at_us); }

bool policies_apply(struct company *company, const struct ruling *ruling, struct err *err)
{
    if (ruling->row.kind == TRUTH_PERIOD) {
        struct buf value = buf_make(16);
        company->lock_day = ruling->row.day;
        buf_put_signed(&value, ruling->row.day);
        bool good = company->views.put(company->views.context, VIEW_PERIOD, SPAN("lock"), buf_span(&value), err);
        buf_done(&value);
        return good;
    }
    struct buf value = buf_make(4096);
    struct view_key key;
    view_key_start(&key);
    view_key_i64(&key, (int64_t)ruling->row.seq);
    buf_put_signed(&value, ruling->row.day);
    buf_put_bytes(&value, ruling->key);
    buf_put_bytes(&value, ruling->value);
    bool good = company->views.put(company->views.context, VIEW_POLICY, view_key_span(&key), buf_span(&value), err);
    buf_done(&value);
    if (!good)
        return false;
    return setting_apply(company, ruling->row.day, ruling->key, ruling->value) ||
           err_set(err, FAILURE_STORE_DAMAGED, "truth row %llu sets an unknown policy",
                   (unsigned long long)ruling->row.seq);
}

bool company_apply(struct company *company, const struct ruling *ruling, bool installed, struct err *err)
{
    must(ruling->row.seq == company->applied_seq + 1);
    company->applied_seq = ruling->row.seq;
    if (ruling->row.kind == TRUTH_POLICY || ruling->row.kind == TRUTH_PERIOD)
        return policies_apply(company, ruling, err);
    bool fresh = ruling->document > company->last_document;
    if (!documents_apply(company, ruling, err))
        return false;
    if (ruling->row.outcome == OUTCOME_POSTED && !definitions_apply(company, ruling, err))
        return false;
    if (!orders_apply(company, ruling, err))
        return false;
    if (!installed && !items_apply(company, ruling, fresh, err))
        return false;
    for (size_t i = 0; i < ruling->entry_count; i++)
        for (size_t l = 0; l < ruling->entries[i].line_count; l++)
            if (!company_balance_add(company, ruling->entries[i].lines[l].role, ruling->entries[i].day,
                                     ruling->entries[i].lines[l].amount_minor, err))
                return false;
    return true;
}

bool company_flush(struct company *company, struct err *err)
{
    company->batch++;
    return items_flush(company, err) && sums_flush(company, err) && head_flush(company, err);
}
