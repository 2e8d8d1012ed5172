/* definitions.c: items, locations, rates and the sales by customer; see company.h. */
#include "state/internal.h"

#include <stdlib.h>

static struct view_key definition_key(struct span id)
{
    struct view_key key;
    view_key_start(&key);
    view_key_tail(&key, id);
    return key;
}

static enum view_space definition_space(enum document_type type)
{
    return type == DOCUMENT_ITEM ? VIEW_ITEM : VIEW_LOCATION;
}

static struct view_key cache_key(enum document_type type, struct span id)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, (uint8_t)type);
    view_key_tail(&key, id);
    return key;
}

static void remember(struct company *company, enum document_type type, struct span id, struct definition *definition)
{
    struct view_key key = cache_key(type, id);
    map_put(company->definitions, view_key_span(&key), (uint64_t)(uintptr_t)definition);
    if (type == DOCUMENT_ITEM) {
        struct view_key number;
        view_key_start(&number);
        view_key_u32(&number, definition->number);
        map_put(company->items_by_number, view_key_span(&number), (uint64_t)(uintptr_t)definition);
    }
}

/* The view keeps: number, then per version from, version, row. */
static bool definition_load(struct company *company, struct span value, struct definition *definition, struct err *err)
{
    struct cursor cursor = cursor_of(value);
    definition->number = (uint32_t)cursor_varint(&cursor);
    definition->count = cursor_varint(&cursor);
    if (cursor.bad || definition->count > value.len)
        return err_set(err, FAILURE_STORE_DAMAGED, "a view of definitions is damaged: run `tieout rebuild`");
    definition->versions = ARENA_ARRAY(&company->arena, struct definition_version, definition->count + 1);
    for (size_t i = 0; i < definition->count; i++) {
        struct definition_version *version = &definition->versions[i];
        version->from_us = cursor_signed(&cursor);
        version->version = cursor_signed(&cursor);
        version->seq = cursor_varint(&cursor);
        struct document *document = ARENA_NEW(&company->arena, struct document);
        must(document != NULL);
        if (!company_read_document(company, version->seq, &company->arena, document, err))
            return false;
        version->document = document;
    }
    return true;
}

bool company_definition(struct company *company, enum document_type type, struct span id, const struct definition **out,
                        struct err *err)
{
    struct view_key key = cache_key(type, id);
    uint64_t *cached = map_find(company->definitions, view_key_span(&key));
    if (cached != NULL) {
        *out = (const struct definition *)(uintptr_t)*cached;
        return true;
    }
    struct view_key row = definition_key(id);
    struct span value;
    bool found = false;
    *out = NULL;
    if (!company->views.get(company->views.context, definition_space(type), view_key_span(&row), &company->arena,
                            &value, &found, err))
        return false;
    if (!found)
        return true;
    struct definition *definition = ARENA_NEW(&company->arena, struct definition);
    must(definition != NULL);
    if (!definition_load(company, value, definition, err))
        return false;
    remember(company, type, id, definition);
    *out = definition;
    return true;
}

bool company_item_by_number(struct company *company, uint32_t number, const struct definition **out, struct err *err)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u32(&key, number);
    uint64_t *cached = map_find(company->items_by_number, view_key_span(&key));
    *out = cached ? (const struct definition *)(uintptr_t)*cached : NULL;
    if (cached != NULL)
        return true;
    struct document_record record;
    bool found = false;
    struct arena arena = arena_make((size_t)64 << 20);
    bool good = company_document(company, number, &arena, &record, &found, err);
    if (good && found)
        good = company_definition(company, DOCUMENT_ITEM, record.id, out, err);
    arena_done(&arena);
    return good;
}

const struct document *definition_at(const struct definition *definition, int64_t at_us)
{
    if (definition == NULL || definition->count == 0)
        return NULL;
    const struct document *found = definition->versions[0].document;
    for (size_t i = 0; i < definition->count && definition->versions[i].from_us <= at_us; i++)
        found = definition->versions[i].document;
    return found;
}

static bool version_add(struct company *company, const struct ruling *ruling, const struct document *document,
                        struct err *err)
{
    const struct definition *known = NULL;
    if (!company_definition(company, document->type, document->id, &known, err))
        return false;
    struct definition *definition = ARENA_NEW(&company->arena, struct definition);
    size_t count = known ? known->count : 0;
    must(definition != NULL);
    definition->number = ruling->document;
    definition->versions = ARENA_ARRAY(&company->arena, struct definition_version, count + 1);
    must(definition->versions != NULL);
    struct definition_version added = {ruling->at_us, ruling->row.version, ruling->document_seq, document};
    bool placed = false;
    for (size_t i = 0; i < count; i++) {
        const struct definition_version *version = &known->versions[i];
        if (!placed && (added.from_us < version->from_us ||
                        (added.from_us == version->from_us && added.version < version->version))) {
            definition->versions[definition->count++] = added;
            placed = true;
        }
        definition->versions[definition->count++] = *version;
    }
    if (!placed)
        definition->versions[definition->count++] = added;
    remember(company, document->type, document->id, definition);
    struct buf value = buf_make(1 << 20);
    buf_put_varint(&value, definition->number);
    buf_put_varint(&value, definition->count);
    for (size_t i = 0; i < definition->count; i++) {
        buf_put_signed(&value, definition->versions[i].from_us);
        buf_put_signed(&value, definition->versions[i].version);
        buf_put_varint(&value, definition->versions[i].seq);
    }
    struct view_key key = definition_key(document->id);
    bool good = company->views.put(company->views.context, definition_space(document->type), view_key_span(&key),
                                   buf_span(&value), err);
    buf_done(&value);
    return good;
}

/* Rates: key currency, instant; the source and id break ties by being part of the key. */
static bool rate_add(struct company *company, const struct ruling *ruling, const struct document *document,
                     struct err *err)
{
    currency from = currency_find(document->rate.from);
    if (from == 0 || currency_find(document->rate.to) != company->money)
        return true;
    struct view_key key;
    view_key_start(&key);
    view_key_u32(&key, from);
    view_key_i64(&key, ruling->at_us);
    view_key_text(&key, document->source);
    view_key_tail(&key, document->id);
    struct buf value = buf_make(16);
    buf_put_signed(&value, document->rate.rate_e10);
    bool good = company->views.put(company->views.context, VIEW_RATE, view_key_span(&key), buf_span(&value), err);
    buf_done(&value);
    return good;
}

struct rate_scan {
    int64_t until_us;
    int64_t rate_e10;
    bool found;
};

static bool rate_row(void *context, struct span key, struct span value)
{
    struct rate_scan *scan = context;
    struct cursor at = cursor_of((struct span){key.ptr + 4, key.len - 4});
    int64_t at_us = (int64_t)(cursor_u64_be(&at) ^ (UINT64_C(1) << 63));
    if (at_us > scan->until_us)
        return false;
    struct cursor cursor = cursor_of(value);
    scan->rate_e10 = cursor_signed(&cursor);
    scan->found = true;
    return true;
}

bool company_rate(struct company *company, currency from, int64_t at_us, int64_t *out_rate_e10, bool *out_found,
                  struct err *err)
{
    struct view_key prefix;
    view_key_start(&prefix);
    view_key_u32(&prefix, from);
    struct rate_scan scan = {.until_us = zone_instant(company->zone, company_day(company, at_us) + 1, 0, NULL) - 1};
    if (!company->views.scan(company->views.context, VIEW_RATE, view_key_span(&prefix), (struct span){NULL, 0},
                             rate_row, &scan, err))
        return false;
    *out_found = scan.found;
    *out_rate_e10 = scan.rate_e10;
    return true;
}

uint32_t sale_hash(struct span sku) { return (uint32_t)hash64_of(sku); }

/* One row per order with a customer: the SKUs it sold, as hashes, so that only orders that can match are read. */
static bool sale_add(struct company *company, const struct ruling *ruling, const struct document *document,
                     struct err *err)
{
    if (document->order.customer.ptr == NULL)
        return true;
    struct view_key key;
    view_key_start(&key);
    view_key_text(&key, document->order.customer);
    view_key_i64(&key, ruling->at_us);
    view_key_u32(&key, ruling->document);
    struct buf value = buf_make(1 << 20);
    buf_put_varint(&value, document->order.lines.count);
    for (size_t i = 0; i < document->order.lines.count; i++)
        buf_put_varint(&value, sale_hash(document->order.lines.at[i].sku));
    bool good = company->views.put(company->views.context, VIEW_SALE, view_key_span(&key), buf_span(&value), err);
    buf_done(&value);
    return good;
}

static struct view_key customer_key(struct span customer)
{
    struct view_key key;
    view_key_start(&key);
    view_key_text(&key, customer);
    return key;
}

bool company_customer(struct company *company, struct span customer, uint32_t *out_account, bool *out_found,
                      struct err *err)
{
    struct arena arena = arena_make(1 << 12);
    struct view_key key = customer_key(customer);
    struct span value;
    bool good =
        company->views.get(company->views.context, VIEW_CUSTOMER, view_key_span(&key), &arena, &value, out_found, err);
    if (good && *out_found) {
        struct cursor cursor = cursor_of(value);
        *out_account = (uint32_t)cursor_varint(&cursor);
    }
    arena_done(&arena);
    return good;
}

/* The first payment of a customer without an order opens the account that the others join. */
static bool customer_add(struct company *company, const struct ruling *ruling, struct err *err)
{
    uint32_t account = 0;
    bool found = false;
    if (ruling->customer.len == 0)
        return true;
    if (!company_customer(company, ruling->customer, &account, &found, err))
        return false;
    if (found)
        return true;
    must(ruling->order_count > 0);
    struct view_key key = customer_key(ruling->customer);
    struct buf value = buf_make(16);
    buf_put_varint(&value, ruling->orders[0].order);
    bool good = company->views.put(company->views.context, VIEW_CUSTOMER, view_key_span(&key), buf_span(&value), err);
    buf_done(&value);
    return good;
}

struct sale_scan {
    struct arena *arena;
    struct sale *sales;
    size_t count, room;
    int64_t until_us;
    size_t prefix_len;
};

static bool sale_row(void *context, struct span key, struct span value)
{
    struct sale_scan *scan = context;
    struct cursor tail = cursor_of((struct span){key.ptr + scan->prefix_len, key.len - scan->prefix_len});
    struct sale sale = {.at_us = (int64_t)(cursor_u64_be(&tail) ^ (UINT64_C(1) << 63))};
    if (sale.at_us > scan->until_us)
        return false;
    for (int i = 0; i < 4; i++)
        sale.order = sale.order << 8 | cursor_u8(&tail);
    struct cursor cursor = cursor_of(value);
    sale.line_count = cursor_varint(&cursor);
    if (cursor.bad || sale.line_count > value.len)
        return true;
    uint32_t *hashes = ARENA_ARRAY(scan->arena, uint32_t, sale.line_count + 1);
    must(hashes != NULL);
    for (size_t i = 0; i < sale.line_count; i++)
        hashes[i] = (uint32_t)cursor_varint(&cursor);
    sale.sku_hashes = hashes;
    ARENA_GROW(scan->arena, scan->sales, scan->count, scan->room);
    scan->sales[scan->count++] = sale;
    return true;
}

bool company_sales(struct company *company, struct span customer, int64_t at_us, struct arena *arena,
                   struct sale **out_sales, size_t *out_count, struct err *err)
{
    struct view_key prefix;
    view_key_start(&prefix);
    view_key_text(&prefix, customer);
    struct sale_scan scan = {.arena = arena, .until_us = at_us, .prefix_len = prefix.len};
    if (!company->views.scan(company->views.context, VIEW_SALE, view_key_span(&prefix), (struct span){NULL, 0},
                             sale_row, &scan, err))
        return false;
    for (size_t i = 0; i < scan.count / 2; i++) {
        struct sale swapped = scan.sales[i];
        scan.sales[i] = scan.sales[scan.count - 1 - i];
        scan.sales[scan.count - 1 - i] = swapped;
    }
    *out_sales = scan.sales;
    *out_count = scan.count;
    return true;
}

enum { LASTING_COUNT = 1, LASTING_RECEIPT = 2 };

static struct view_key lasting_key(uint8_t kind, struct span name)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u8(&key, kind);
    view_key_text(&key, name);
    return key;
}

/* A complete count speaks of items that come later, too: it is found by its location. Whether it still stands, and what
 * it lists, its document says. */
static bool count_add(struct company *company, const struct ruling *ruling, const struct document *document,
                      struct err *err)
{
    if (document->count.complete != TRUTH_TRUE)
        return true;
    struct view_key key = lasting_key(LASTING_COUNT, document->count.location);
    view_key_u32(&key, ruling->document);
    company->counts_completely = true;
    return company->views.put(company->views.context, VIEW_LASTING, view_key_span(&key), SPAN("c"), err);
}

/* Documents name old receipts as if they were known: the opening that says what is left of them is found by their name. */
static bool opening_add(struct company *company, const struct ruling *ruling, const struct document *document,
                        struct err *err)
{
    const struct opening *opening = &document->opening;
    size_t layers = opening->layers.count;
    for (size_t i = 0; i < layers + opening->purchases.count; i++) {
        struct span name = i < layers ? opening->layers.at[i].receipt : opening->purchases.at[i - layers].receipt;
        struct view_key key = lasting_key(LASTING_RECEIPT, name);
        view_key_u32(&key, ruling->document);
        if (name.len > 0 &&
            !company->views.put(company->views.context, VIEW_LASTING, view_key_span(&key), SPAN("o"), err))
            return false;
    }
    return true;
}

static bool any_row(void *context, struct span key, struct span value)
{
    (void)key;
    (void)value;
    *(bool *)context = true;
    return false;
}

bool lasting_load(struct company *company, struct err *err)
{
    const struct span counts = {"\x01", 1}; /* LASTING_COUNT */
    return company->views.scan(company->views.context, VIEW_LASTING, counts, (struct span){NULL, 0}, any_row,
                               &company->counts_completely, err);
}

struct number_scan {
    struct arena *arena;
    uint32_t *numbers;
    size_t count, room;
};

static bool number_row(void *context, struct span key, struct span value)
{
    struct number_scan *scan = context;
    struct cursor tail = cursor_of((struct span){key.ptr + key.len - 4, 4});
    uint32_t number = 0;
    (void)value;
    for (int i = 0; i < 4; i++)
        number = number << 8 | cursor_u8(&tail);
    ARENA_GROW(scan->arena, scan->numbers, scan->count, scan->room);
    scan->numbers[scan->count++] = number;
    return true;
}

static bool lasting_find(struct company *company, uint8_t kind, struct span name, struct arena *arena,
                         uint32_t **out_documents, size_t *out_count, struct err *err)
{
    struct number_scan scan = {.arena = arena};
    struct view_key prefix = lasting_key(kind, name);
    bool good = company->views.scan(company->views.context, VIEW_LASTING, view_key_span(&prefix),
                                    (struct span){NULL, 0}, number_row, &scan, err);
    *out_documents = scan.numbers;
    *out_count = scan.count;
    return good;
}

bool company_complete_counts(struct company *company, struct span location, struct arena *arena,
                             uint32_t **out_documents, size_t *out_count, struct err *err)
{
    *out_count = 0;
    return !company->counts_completely ||
           lasting_find(company, LASTING_COUNT, location, arena, out_documents, out_count, err);
}

bool company_openings(struct company *company, struct span receipt, struct arena *arena, uint32_t **out_documents,
                      size_t *out_count, struct err *err)
{
    return lasting_find(company, LASTING_RECEIPT, receipt, arena, out_documents, out_count, err);
}

struct sku_scan {
    struct arena arena;
    struct span *skus;
    size_t count, room;
};

static bool sku_row(void *context, struct span key, struct span value)
{
    struct sku_scan *scan = context;
    (void)value;
    ARENA_GROW(&scan->arena, scan->skus, scan->count, scan->room);
    scan->skus[scan->count++] = arena_copy(&scan->arena, key);
    return true;
}

bool company_items(struct company *company, bool (*each)(void *context, struct span sku), void *context,
                   struct err *err)
{
    const struct span all = {NULL, 0};
    struct sku_scan scan = {.arena = arena_make((size_t)1 << 30)};
    bool good = company->views.scan(company->views.context, VIEW_ITEM, all, all, sku_row, &scan, err);
    for (size_t i = 0; good && i < scan.count; i++)
        good = each(context, scan.skus[i]);
    arena_done(&scan.arena);
    return good;
}

bool definitions_apply(struct company *company, const struct ruling *ruling, struct err *err)
{
    enum document_type type = (enum document_type)ruling->row.type;
    bool defines = type == DOCUMENT_ITEM || type == DOCUMENT_LOCATION || type == DOCUMENT_RATE ||
                   type == DOCUMENT_ORDER || type == DOCUMENT_COUNT || type == DOCUMENT_OPENING;
    if (type == DOCUMENT_PAYMENT)
        return customer_add(company, ruling, err);
    if (!defines)
        return true;
    bool lasting = type == DOCUMENT_ITEM || type == DOCUMENT_LOCATION;
    struct arena scratch = arena_make((size_t)64 << 20);
    struct arena *arena = lasting ? &company->arena : &scratch;
    struct document *document = ARENA_NEW(arena, struct document);
    must(document != NULL);
    bool good = true;
    /* The document borrows from its packed form, which must live as long as it does. */
    if (ruling->packed.len > 0)
        good = document_unpack(arena_copy(arena, ruling->packed), arena, document) ||
               err_set(err, FAILURE_STORE_DAMAGED, "truth row %llu holds no readable document",
                       (unsigned long long)ruling->row.seq);
    else
        good = company_read_document(company, ruling->document_seq, arena, document, err);
    if (good && lasting)
        good = version_add(company, ruling, document, err);
    else if (good && type == DOCUMENT_RATE)
        good = rate_add(company, ruling, document, err);
    else if (good && type == DOCUMENT_COUNT)
        good = count_add(company, ruling, document, err);
    else if (good && type == DOCUMENT_OPENING)
        good = opening_add(company, ruling, document, err);
    else if (good)
        good = sale_add(company, ruling, document, err);
    arena_done(&scratch);
    return good;
}
