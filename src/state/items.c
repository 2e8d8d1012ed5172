/* items.c: item books: loaded by chunks when touched, written back by chunks, forgotten when clean; see company.h. */
#include "state/internal.h"

#include <stdlib.h>

static struct view_key chunk_key(uint32_t item, size_t chunk)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u32(&key, item);
    view_key_u32(&key, (uint32_t)chunk);
    return key;
}

static struct view_key slot_key(uint32_t number)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u32(&key, number);
    return key;
}

struct chunk_scan {
    struct arena *arena;
    struct span *chunks;
    size_t count, room;
    bool bad;
};

static bool chunk_row(void *context, struct span key, struct span value)
{
    struct chunk_scan *scan = context;
    if (!view_sum_take(&value, key))
        scan->bad = true;
    ARENA_GROW(scan->arena, scan->chunks, scan->count, scan->room);
    scan->chunks[scan->count++] = arena_copy(scan->arena, value);
    return true;
}

static bool chunks_read(struct company *company, uint32_t item, size_t from, struct chunk_scan *scan, struct err *err)
{
    struct view_key prefix = slot_key(item);
    struct view_key first = chunk_key(item, from);
    return company->views.scan(company->views.context, VIEW_ITEM_BOOK, view_key_span(&prefix), view_key_span(&first),
                               chunk_row, scan, err);
}

/* How many chunks are stored is kept beside them, under the chunk number that sorts last. */
static const uint32_t count_chunk = UINT32_MAX;

static bool book_is_damaged(uint32_t item, struct err *err)
{
    return err_set(
        err, FAILURE_STORE_DAMAGED,
        "the view `item_book` is damaged at item %u: `tieout verify` says where, `tieout rebuild` makes it again",
        item);
}

static bool chunk_count_read(struct company *company, uint32_t item, size_t *out_count, struct err *err)
{
    struct view_key key = chunk_key(item, count_chunk);
    struct arena arena = arena_make(4096);
    struct span value;
    bool found = false;
    *out_count = 0;
    bool good =
        company->views.get(company->views.context, VIEW_ITEM_BOOK, view_key_span(&key), &arena, &value, &found, err);
    if (good && found) {
        good = view_sum_take(&value, view_key_span(&key)) || book_is_damaged(item, err);
        struct cursor cursor = cursor_of(value);
        *out_count = (size_t)cursor_varint(&cursor);
    }
    arena_done(&arena);
    return good;
}

static struct item_book *book_load(struct company *company, uint32_t item, bool average, bool whole, struct err *err)
{
    size_t count = 0;
    if (!chunk_count_read(company, item, &count, err))
        return NULL;
    if (count == 0)
        return item_book_new(average);
    struct arena arena = arena_make((size_t)4 << 30);
    struct chunk_scan scan = {.arena = &arena};
    struct item_book *book = NULL;
    if (chunks_read(company, item, whole ? 0 : count - 1, &scan, err)) {
        bool fits = !scan.bad && scan.count == (whole ? count : 1) + 1; /* the count's own row comes last */
        if (fits)
            book = whole ? item_book_from_chunks(average, scan.chunks, count)
                         : item_book_from_tail(average, count - 1, scan.chunks[0]);
        if (book == NULL)
            (void)book_is_damaged(item, err);
    }
    arena_done(&arena);
    return book;
}

static bool book_save(struct company *company, uint32_t item, struct item_book *book, struct err *err)
{
    size_t chunks = item_book_chunk_count(book);
    if (!book->shortened && book->saved == book->record_count && chunks == book->stored_chunks)
        return true;
    struct buf value = buf_make((size_t)256 << 20);
    bool good = true;
    for (size_t chunk = (book->first + book->saved) / BOOK_CHUNK; good && chunk < chunks; chunk++) {
        struct view_key key = chunk_key(item, chunk);
        buf_reset(&value);
        item_book_pack_chunk(book, chunk, &value);
        view_sum_put(&value, view_key_span(&key));
        good = company->views.put(company->views.context, VIEW_ITEM_BOOK, view_key_span(&key), buf_span(&value), err);
    }
    for (size_t chunk = chunks; good && chunk < book->stored_chunks; chunk++) {
        struct view_key key = chunk_key(item, chunk);
        good = company->views.drop(company->views.context, VIEW_ITEM_BOOK, view_key_span(&key), err);
    }
    if (good && chunks != book->stored_chunks) {
        struct view_key key = chunk_key(item, count_chunk);
        buf_reset(&value);
        buf_put_varint(&value, chunks);
        view_sum_put(&value, view_key_span(&key));
        good = chunks == 0 ? company->views.drop(company->views.context, VIEW_ITEM_BOOK, view_key_span(&key), err)
                           : company->views.put(company->views.context, VIEW_ITEM_BOOK, view_key_span(&key),
                                                buf_span(&value), err);
    }
    buf_done(&value);
    book->saved = book->record_count;
    book->stored_chunks = chunks;
    book->shortened = false;
    return good;
}

bool company_item_book(struct company *company, uint32_t item, bool average, bool whole, struct item_book **out_book,
                       struct err *err)
{
    struct view_key key = slot_key(item);
    uint64_t *found = map_find(company->item_slots, view_key_span(&key));
    struct item_slot *slot = found ? (struct item_slot *)(uintptr_t)*found : NULL;
    if (slot == NULL) {
        slot = calloc(1, sizeof *slot);
        must(slot != NULL);
        slot->item = item;
        slot->book = book_load(company, item, average, whole, err);
        if (slot->book == NULL) {
            free(slot);
            return false;
        }
        map_put(company->item_slots, view_key_span(&key), (uint64_t)(uintptr_t)slot);
    } else if (whole && !slot->book->whole) {
        if (!book_save(company, item, slot->book, err))
            return false;
        struct item_book *book = book_load(company, item, average, true, err);
        if (book == NULL)
            return false;
        item_book_free(slot->book);
        slot->book = book;
    }
    slot->used = company->batch;
    *out_book = slot->book;
    return true;
}

bool items_apply(struct company *company, const struct ruling *ruling, bool fresh, struct err *err)
{
    struct arena arena = arena_make((size_t)4 << 30);
    bool good = true;
    for (size_t i = 0; good && i < ruling->item_count; i++) {
        const struct ruling_item *item = &ruling->items[i];
        struct item_book *book = NULL;
        bool average = item->put_count > 0 && item->puts[0].movement.costing.method == METHOD_AVERAGE;
        bool whole = false, done = false;
        while (good && !done) {
            good = company_item_book(company, item->item, average, whole, &book, err);
            done = good && item_book_replace(book, item->puts, item->put_count, item->removes, item->remove_count,
                                             fresh ? ruling->document : 0, &arena);
            must(!good || done || !whole);
            whole = true;
        }
    }
    arena_done(&arena);
    return good;
}

/* A book is kept in memory as its tail only: what a decision on the newest movements reads. */
static bool trim(struct company *company, struct item_slot *slot, struct err *err)
{
    if (slot->book->record_count <= BOOK_CHUNK)
        return true;
    struct item_book *tail = book_load(company, slot->item, slot->book->average, false, err);
    if (tail == NULL)
        return false;
    item_book_free(slot->book);
    slot->book = tail;
    return true;
}

enum { BATCHES_KEPT = 4 };

static bool forget(struct map *slots, void (*free_slot)(void *slot),
                   bool (*is_old)(const struct company *company, const void *slot), const struct company *company)
{
    size_t at = 0;
    size_t count = 0;
    struct span key;
    uint64_t value;
    struct arena arena = arena_make((size_t)1 << 30);
    struct span *old = ARENA_ARRAY(&arena, struct span, map_count(slots) + 1);
    must(old != NULL);
    while (map_next(slots, &at, &key, &value))
        if (is_old(company, (void *)(uintptr_t)value)) {
            old[count++] = arena_copy(&arena, key);
            free_slot((void *)(uintptr_t)value);
        }
    for (size_t i = 0; i < count; i++)
        map_remove(slots, old[i]);
    arena_done(&arena);
    return true;
}

static void item_slot_free(void *pointer)
{
    struct item_slot *slot = pointer;
    item_book_free(slot->book);
    free(slot);
}
static bool item_slot_is_old(const struct company *company, const void *pointer)
{
    return ((const struct item_slot *)pointer)->used + BATCHES_KEPT < company->batch;
}
static void order_slot_free(void *pointer)
{
    struct order_slot *slot = pointer;
    arena_done(&slot->arena);
    free(slot);
}
static bool order_slot_is_old(const struct company *company, const void *pointer)
{
    return ((const struct order_slot *)pointer)->used + 1 < company->batch;
}

/* What books and orders may take between two documents: enough for those of a usual commit. */
static const size_t cache_bytes = (size_t)128 << 20;

static size_t cached_bytes(const struct company *company)
{
    size_t bytes = 0;
    size_t at = 0;
    struct span key;
    uint64_t value;
    while (map_next(company->item_slots, &at, &key, &value)) {
        const struct item_book *book = ((const struct item_slot *)(uintptr_t)value)->book;
        bytes += book->arena.used + book->state.arena->used;
    }
    at = 0;
    while (map_next(company->order_slots, &at, &key, &value))
        bytes += ((const struct order_slot *)(uintptr_t)value)->arena.used;
    return bytes;
}

bool company_relieve(struct company *company, struct err *err)
{
    if (cached_bytes(company) <= cache_bytes)
        return true;
    company->batch++;
    return items_flush(company, err);
}

bool items_flush(struct company *company, struct err *err)
{
    size_t at = 0;
    struct span key;
    uint64_t value;
    while (map_next(company->item_slots, &at, &key, &value)) {
        struct item_slot *slot = (struct item_slot *)(uintptr_t)value;
        if (!book_save(company, slot->item, slot->book, err) || !trim(company, slot, err))
            return false;
    }
    return forget(company->item_slots, item_slot_free, item_slot_is_old, company) &&
           forget(company->order_slots, order_slot_free, order_slot_is_old, company);
}
