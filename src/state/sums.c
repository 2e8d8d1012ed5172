/* sums.c: views that add up: balances by role and day, outcomes, reserved quantities, and who waits for what. */
#include "state/internal.h"

#include <stdio.h>
#include <stdlib.h>

static struct view_key balance_key(enum role role, int32_t day)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, (uint8_t)role);
    view_key_i64(&key, day);
    return key;
}

bool company_balance_add(struct company *company, enum role role, int32_t day, int64_t amount_minor, struct err *err)
{
    struct view_key key = balance_key(role, day);
    uint64_t *at = map_find(company->balances, view_key_span(&key));
    if (at == NULL) {
        struct span value;
        bool found = false;
        struct arena_mark mark = arena_mark(&company->arena);
        if (!company->views.get(company->views.context, VIEW_BALANCE, view_key_span(&key), &company->arena, &value,
                                &found, err))
            return false;
        struct cursor cursor = cursor_of(found ? value : (struct span){NULL, 0});
        int64_t before_minor = found ? cursor_signed(&cursor) : 0;
        arena_rewind(&company->arena, mark);
        if (company->balance_count == company->balance_room) {
            company->balance_room = company->balance_room ? company->balance_room * 2 : 256;
            company->balance_rows =
                realloc(company->balance_rows, company->balance_room * sizeof *company->balance_rows);
            must(company->balance_rows != NULL);
        }
        company->balance_rows[company->balance_count] =
            (struct balance_row){.role = role, .day = day, .amount_minor = before_minor};
        map_put(company->balances, view_key_span(&key), company->balance_count++);
        at = map_find(company->balances, view_key_span(&key));
    }
    struct balance_row *row = &company->balance_rows[*at];
    row->dirty = true;
    if (__builtin_add_overflow(row->amount_minor, amount_minor, &row->amount_minor))
        return err_set(err, FAILURE_STORE_OTHER, "the balance of %s leaves 63 bits", role_name(role));
    return true;
}

bool outcome_add(struct company *company, struct span source, int type, enum outcome outcome, int refusal,
                 struct span waits_on, int64_t count, int64_t amount_minor, struct err *err)
{
    struct view_key key;
    view_key_start(&key);
    view_key_text(&key, source);
    view_key_u8(&key, (uint8_t)type);
    view_key_u8(&key, (uint8_t)outcome);
    view_key_u8(&key, (uint8_t)refusal);
    /* What is waited for, by kind: 'D' and the document type, 'O', 'M', 'R'. */
    view_key_tail(&key, (struct span){waits_on.ptr, waits_on.len < 2 ? waits_on.len : waits_on.ptr[0] == 'D' ? 2 : 1});
    uint64_t *at = map_find(company->outcomes, view_key_span(&key));
    if (at == NULL) {
        struct span value;
        bool found = false;
        if (!company->views.get(company->views.context, VIEW_OUTCOME, view_key_span(&key), &company->arena, &value,
                                &found, err))
            return false;
        struct cursor cursor = cursor_of(found ? value : (struct span){NULL, 0});
        if (company->outcome_count == company->outcome_room) {
            company->outcome_room = company->outcome_room ? company->outcome_room * 2 : 64;
            company->outcome_rows =
                realloc(company->outcome_rows, company->outcome_room * sizeof *company->outcome_rows);
            must(company->outcome_rows != NULL);
        }
        struct outcome_row *row = &company->outcome_rows[company->outcome_count];
        *row = (struct outcome_row){.key = arena_copy(&company->arena, view_key_span(&key))};
        row->count = found ? cursor_signed(&cursor) : 0;
        row->amount_minor = found ? cursor_signed(&cursor) : 0;
        map_put(company->outcomes, row->key, company->outcome_count++);
        at = map_find(company->outcomes, view_key_span(&key));
    }
    struct outcome_row *row = &company->outcome_rows[*at];
    row->count += count;
    row->amount_minor += count < 0 ? -amount_minor : amount_minor;
    row->dirty = true;
    return true;
}

static bool balances_flush(struct company *company, struct err *err)
{
    struct buf value = buf_make(32);
    bool good = true;
    for (size_t i = 0; good && i < company->balance_count; i++) {
        struct balance_row *row = &company->balance_rows[i];
        if (!row->dirty)
            continue;
        struct view_key key = balance_key(row->role, row->day);
        buf_reset(&value);
        buf_put_signed(&value, row->amount_minor);
        row->dirty = false;
        good = company->views.put(company->views.context, VIEW_BALANCE, view_key_span(&key), buf_span(&value), err);
    }
    buf_done(&value);
    return good;
}

static bool outcomes_flush(struct company *company, struct err *err)
{
    struct buf value = buf_make(32);
    bool good = true;
    for (size_t i = 0; good && i < company->outcome_count; i++) {
        struct outcome_row *row = &company->outcome_rows[i];
        if (!row->dirty)
            continue;
        row->dirty = false;
        buf_reset(&value);
        buf_put_signed(&value, row->count);
        buf_put_signed(&value, row->amount_minor);
        good = row->count == 0
                   ? company->views.drop(company->views.context, VIEW_OUTCOME, row->key, err)
                   : company->views.put(company->views.context, VIEW_OUTCOME, row->key, buf_span(&value), err);
    }
    buf_done(&value);
    return good;
}

bool sums_flush(struct company *company, struct err *err)
{
    return balances_flush(company, err) && outcomes_flush(company, err);
}

static struct view_key reserved_key(uint32_t item, struct span location)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u32(&key, item);
    view_key_tail(&key, location);
    return key;
}

bool company_reserved(struct company *company, uint32_t item, struct span location, int64_t *out_micro, struct err *err)
{
    struct view_key key = reserved_key(item, location);
    struct arena arena = arena_make(4096);
    struct span value;
    bool found = false;
    bool good =
        company->views.get(company->views.context, VIEW_RESERVED, view_key_span(&key), &arena, &value, &found, err);
    struct cursor cursor = cursor_of(found ? value : (struct span){NULL, 0});
    *out_micro = good && found ? cursor_signed(&cursor) : 0;
    arena_done(&arena);
    return good;
}

bool reserved_add(struct company *company, uint32_t item, struct span location, int64_t qty_micro, struct err *err)
{
    int64_t before_micro = 0;
    if (qty_micro == 0)
        return true;
    if (!company_reserved(company, item, location, &before_micro, err))
        return false;
    struct view_key key = reserved_key(item, location);
    if (before_micro + qty_micro == 0)
        return company->views.drop(company->views.context, VIEW_RESERVED, view_key_span(&key), err);
    struct buf value = buf_make(16);
    buf_put_signed(&value, before_micro + qty_micro);
    bool good = company->views.put(company->views.context, VIEW_RESERVED, view_key_span(&key), buf_span(&value), err);
    buf_done(&value);
    return good;
}

/* Waiting keys: a letter, then what it is about. UTF-8 never holds 0xff, which ends the key in the view. */
static struct span waiting_key(struct arena *arena, struct view_key *key)
{
    return arena_copy(arena, view_key_span(key));
}

struct span waiting_for_document(enum document_type type, struct span id, struct arena *arena)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, 'D');
    view_key_u8(&key, (uint8_t)type);
    view_key_tail(&key, id);
    return waiting_key(arena, &key);
}

struct span waiting_for_purchase_order(struct span id, struct arena *arena)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, 'P');
    view_key_tail(&key, id);
    return waiting_key(arena, &key);
}

/* Numbers in waiting keys are decimal digits, so that no byte of them is 0xff. */
static void view_key_digits(struct view_key *key, uint32_t number)
{
    char digits[12];
    int len = snprintf(digits, sizeof digits, "%u", number);
    view_key_tail(key, (struct span){digits, (size_t)len});
}

struct span waiting_for_order(uint32_t order, struct arena *arena)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, 'O');
    view_key_digits(&key, order);
    return waiting_key(arena, &key);
}

struct span waiting_for_item(uint32_t item, struct arena *arena)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, 'I');
    view_key_digits(&key, item);
    return waiting_key(arena, &key);
}

struct span waiting_for_match(struct span customer, struct span sku, struct arena *arena)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, 'M');
    view_key_text(&key, customer);
    view_key_tail(&key, sku);
    return waiting_key(arena, &key);
}

struct span waiting_for_customer(struct span customer, struct arena *arena)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, 'C');
    view_key_tail(&key, customer);
    return waiting_key(arena, &key);
}

struct span waiting_for_rate(currency c, struct arena *arena)
{
    char code[4];
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, 'R');
    view_key_tail(&key, span_of(currency_code(c, code)));
    return waiting_key(arena, &key);
}

bool waiting_is_for_rate(struct span key) { return key.len > 0 && key.ptr[0] == 'R'; }

struct span waiting_describe(struct span key, struct arena *arena)
{
    if (key.len < 1)
        return (struct span){NULL, 0};
    struct span rest = {key.ptr + 1, key.len - 1};
    switch (key.ptr[0]) {
    case 'D':
        return arena_print(arena, "%s %.*s", document_type_name((enum document_type)(unsigned char)key.ptr[1]),
                           (int)(rest.len - 1), rest.ptr + 1);
    case 'O': return arena_copy(arena, SPAN("a shipment, payment or new version of its order"));
    case 'I': return arena_copy(arena, SPAN("a movement of its item"));
    case 'M': {
        size_t customer = 0;
        while (customer < rest.len && rest.ptr[customer] != 0)
            customer++;
        return arena_print(arena, "a sale of %.*s to customer %.*s", (int)(rest.len - customer - (customer < rest.len)),
                           rest.ptr + customer + (customer < rest.len), (int)customer, rest.ptr);
    }
    case 'C': return arena_print(arena, "a payment of customer %.*s", SPAN_ARG(rest));
    case 'P': return arena_print(arena, "purchase order %.*s", SPAN_ARG(rest));
    case 'R': return arena_print(arena, "a rate of %.*s", SPAN_ARG(rest));
    default: return arena_copy(arena, rest);
    }
}

static struct view_key waiting_row(struct span key, uint32_t document)
{
    struct view_key row;
    view_key_start(&row);
    view_key_tail(&row, key);
    view_key_u8(&row, 0xff);
    view_key_u32(&row, document);
    return row;
}

bool waiting_apply(struct company *company, struct span key, uint32_t document, bool waits, struct err *err)
{
    if (key.len == 0)
        return true;
    struct view_key row = waiting_row(key, document);
    uint64_t *count = map_find(company->waiting, key);
    if (waits) {
        map_put(company->waiting, key, (count ? *count : 0) + 1);
        return company->views.put(company->views.context, VIEW_WAITING, view_key_span(&row), SPAN("w"), err);
    }
    must(count != NULL && *count > 0);
    if (*count == 1)
        map_remove(company->waiting, key);
    else
        (*count)--;
    return company->views.drop(company->views.context, VIEW_WAITING, view_key_span(&row), err);
}

static bool waiting_row_load(void *context, struct span key, struct span value)
{
    struct company *company = context;
    (void)value;
    if (key.len > 5) {
        struct span waits_on = {key.ptr, key.len - 5};
        uint64_t *count = map_find(company->waiting, waits_on);
        map_put(company->waiting, waits_on, (count ? *count : 0) + 1);
    }
    return true;
}

bool waiting_load(struct company *company, struct err *err)
{
    const struct span all = {NULL, 0};
    return company->views.scan(company->views.context, VIEW_WAITING, all, all, waiting_row_load, company, err);
}

struct waiting_scan {
    struct arena *arena;
    uint32_t *documents;
    size_t count, room;
    size_t key_len; /* 0: of any length */
};

static bool waiting_row_collect(void *context, struct span key, struct span value)
{
    struct waiting_scan *scan = context;
    (void)value;
    if (key.len < 5 || (scan->key_len != 0 && key.len != scan->key_len + 5))
        return true;
    struct cursor cursor = cursor_of((struct span){key.ptr + key.len - 4, 4});
    uint32_t document = 0;
    for (int i = 0; i < 4; i++)
        document = document << 8 | cursor_u8(&cursor);
    ARENA_GROW(scan->arena, scan->documents, scan->count, scan->room);
    scan->documents[scan->count++] = document;
    return true;
}

bool company_waiting(struct company *company, struct span key, struct arena *arena, uint32_t **out_documents,
                     size_t *out_count, struct err *err)
{
    *out_count = 0;
    if (map_find(company->waiting, key) == NULL)
        return true;
    struct view_key prefix;
    view_key_start(&prefix);
    view_key_tail(&prefix, key);
    view_key_u8(&prefix, 0xff);
    struct waiting_scan scan = {.arena = arena, .key_len = key.len};
    if (!company->views.scan(company->views.context, VIEW_WAITING, view_key_span(&prefix), (struct span){NULL, 0},
                             waiting_row_collect, &scan, err))
        return false;
    *out_documents = scan.documents;
    *out_count = scan.count;
    return true;
}

bool company_waiting_on_orders(struct company *company, struct arena *arena, uint32_t **out_documents,
                               size_t *out_count, struct err *err)
{
    struct waiting_scan scan = {.arena = arena};
    if (!company->views.scan(company->views.context, VIEW_WAITING, SPAN("O"), (struct span){NULL, 0},
                             waiting_row_collect, &scan, err))
        return false;
    *out_documents = scan.documents;
    *out_count = scan.count;
    return true;
}
