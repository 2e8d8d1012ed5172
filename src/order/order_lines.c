/* order_lines.c: finding the lines an event names, and counting their units. Few texts are compared one by one; orders
 * of many lines get a hash table, so that an event costs the same however long the order is. */
#include "order/order_fold.h"

#include "base/hash.h"
#include "base/must.h"
#include "order/document_fields.h"
#include <stdarg.h>
#include <stdio.h>

__extension__ typedef __int128 int128;

/* ---- sentences ---- */

enum refusal book_say(struct book *book, enum refusal refusal, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    must(length >= 0);
    size_t kept = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    /* A cut text must not end inside a character. */
    while (kept < (size_t)length && kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80) {
        kept--;
    }
    book->result->detail = arena_copy(book->arena, (struct span){text, kept});
    return refusal;
}

struct text qty_text(int64_t qty_micro)
{
    struct text text;
    decimal_write(qty_micro, MICRO_PLACES, 0, text.at);
    return text;
}

struct text money_text(const struct book *book, int64_t minor)
{
    struct text text;
    int exponent = currency_exponent(book->money);
    decimal_write(minor, exponent, exponent, text.at);
    return text;
}

enum refusal book_need_version(struct book *book)
{
    return book->version != NULL ? REFUSAL_NONE
                                 : book_say(book, REFUSAL_WAITS_DOCUMENT, "no version of the order stands yet");
}

/* ---- index ---- */

bool index_make(struct span_index *index, size_t count, struct arena *arena)
{
    size_t slots = 64;
    while (slots < count * 2) {
        slots *= 2;
    }
    index->slots = ARENA_ARRAY(arena, struct index_slot, slots);
    index->slot_count = index->slots != NULL ? slots : 0;
    return index->slots != NULL;
}

static struct index_slot *slot_of(const struct span_index *index, struct span key)
{
    size_t at = hash_mix(key) & (index->slot_count - 1);
    while (index->slots[at].value_plus_1 != 0 && !span_eq(index->slots[at].key, key)) {
        at = (at + 1) & (index->slot_count - 1);
    }
    return &index->slots[at];
}

void index_put(struct span_index *index, struct span key, size_t value)
{
    struct index_slot *slot = slot_of(index, key);
    if (slot->value_plus_1 != 0) {
        slot->is_repeated = true;
        return;
    }
    must(value < UINT32_MAX);
    slot->key = key;
    slot->value_plus_1 = (uint32_t)value + 1;
}

const struct index_slot *index_find(const struct span_index *index, struct span key)
{
    const struct index_slot *slot = slot_of(index, key);
    return slot->value_plus_1 != 0 ? slot : NULL;
}

/* ---- lines by id and SKU ---- */

static bool ids_are_unique(const struct span *ids, size_t count, struct arena *arena, struct span *out_again)
{
    struct span_index index = {0};
    bool many = count > FEW;
    if (many && !index_make(&index, count, arena)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool again = false;
        for (size_t j = 0; !many && j < i && !again; j++) {
            again = span_eq(ids[i], ids[j]);
        }
        if (many) {
            again = index_find(&index, ids[i]) != NULL;
            index_put(&index, ids[i], i);
        }
        if (again) {
            *out_again = ids[i];
            return false;
        }
    }
    return true;
}

bool order_line_ids(const struct order *order, struct arena *arena, struct span **out_ids, struct span *out_again)
{
    size_t count = order->lines.count;
    struct span *ids = ARENA_ARRAY(arena, struct span, count);
    if (ids == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = document_line_id(order->lines.at[i].id, i, arena);
        if (ids[i].ptr == NULL) {
            return false;
        }
    }
    *out_ids = ids;
    return ids_are_unique(ids, count, arena, out_again);
}

void book_index_lines(struct book *book)
{
    book->by_id = book->by_sku = (struct span_index){0};
    if (book->line_count <= FEW || !index_make(&book->by_id, book->line_count, book->arena) ||
        !index_make(&book->by_sku, book->line_count, book->arena)) {
        return;
    }
    for (size_t i = 0; i < book->line_count; i++) {
        index_put(&book->by_id, book->lines[i]->id, i);
    }
    /* A SKU names a line that is listed now before one that no longer is. */
    for (int listed = 1; listed >= 0; listed--) {
        for (size_t i = 0; i < book->line_count; i++) {
            struct book_line *line = book->lines[i];
            if ((line->place != 0) == listed && (listed || index_find(&book->by_sku, line->sku) == NULL)) {
                index_put(&book->by_sku, line->sku, i);
            }
        }
    }
}

struct book_line *book_line_by_id(const struct book *book, struct span id)
{
    if (book->by_id.slots != NULL) {
        const struct index_slot *slot = index_find(&book->by_id, id);
        return slot != NULL ? book->lines[slot->value_plus_1 - 1] : NULL;
    }
    for (size_t i = 0; i < book->line_count; i++) {
        if (span_eq(book->lines[i]->id, id)) {
            return book->lines[i];
        }
    }
    return NULL;
}

static struct book_line *line_by_sku(const struct book *book, struct span sku, bool *out_several)
{
    *out_several = false;
    if (book->by_sku.slots != NULL) {
        const struct index_slot *slot = index_find(&book->by_sku, sku);
        *out_several = slot != NULL && slot->is_repeated;
        return slot != NULL ? book->lines[slot->value_plus_1 - 1] : NULL;
    }
    struct book_line *listed = NULL;
    struct book_line *dropped = NULL;
    for (size_t i = 0; i < book->line_count; i++) {
        struct book_line *line = book->lines[i];
        if (!span_eq(line->sku, sku)) {
            continue;
        }
        if (line->place == 0) {
            dropped = dropped ? dropped : line;
        } else if (listed != NULL) {
            *out_several = true;
        } else {
            listed = line;
        }
    }
    return listed ? listed : dropped;
}

enum refusal book_line_find(struct book *book, struct span id, struct span sku, struct book_line **out_line)
{
    if (id.ptr != NULL) {
        *out_line = book_line_by_id(book, id);
        return *out_line != NULL ? REFUSAL_NONE
                                 : book_say(book, REFUSAL_LINE_UNKNOWN, "the order has no line %.*s", SPAN_ARG(id));
    }
    bool several = false;
    *out_line = sku.ptr != NULL ? line_by_sku(book, sku, &several) : NULL;
    if (*out_line == NULL) {
        return book_say(book, REFUSAL_LINE_UNKNOWN, "the order has no line of SKU %.*s", SPAN_ARG(sku));
    }
    return several
               ? book_say(book, REFUSAL_LINE_AMBIGUOUS, "SKU %.*s stands on several lines of the order", SPAN_ARG(sku))
               : REFUSAL_NONE;
}

/* ---- quantities ---- */

int64_t line_own_units(const struct book_line *line, int64_t qty_micro)
{
    return line->factor_micro == MICRO ? qty_micro : (int64_t)((int128)qty_micro * MICRO / line->factor_micro);
}

/* How many stock units one of what the event counts in holds; 0 when the item has no such unit. */
static int64_t named_factor(const struct book_line *line, const struct named *named)
{
    if (named->uom.ptr == NULL) {
        return named->line.ptr != NULL && named->component.ptr == NULL ? line->factor_micro : MICRO;
    }
    if (named->component.ptr == NULL) {
        if (span_eq(named->uom, line->terms->uom)) {
            return line->factor_micro;
        }
        if (span_eq(named->uom, line->facts->stock_uom)) {
            return MICRO;
        }
        for (size_t i = 0; i < line->facts->uom_count; i++) {
            if (span_eq(named->uom, line->facts->uoms[i].code)) {
                return line->facts->uoms[i].factor_micro;
            }
        }
    }
    return 0;
}

bool unit_moves_stock(const struct book_line *line, const struct book_unit *unit)
{
    if (line->is_dropship || line->terms->fulfil.by == FULFIL_DIGITAL) {
        return false;
    }
    switch (unit->kind) {
    case ITEM_DROPSHIP:
    case ITEM_SERVICE:
    case ITEM_SUPPLY:
    case ITEM_GIFT_CARD: return false;
    case ITEM_KIND_ABSENT:
    case ITEM_STOCKED:
    case ITEM_EITHER:
    case ITEM_BUNDLE: /* inside a bundle: a kit that is stocked as one */ return true;
    }
    return true;
}

int64_t unit_awaiting(const struct book_unit *unit)
{
    int64_t awaiting = unit->shipped_micro - unit->returned_unearned_micro - (unit->earned_micro - unit->sold_micro);
    return awaiting > 0 ? awaiting : 0;
}

/* Cut at six places, so that a bundle never counts before its last piece. */
int64_t bundles_in(int64_t qty_micro, int64_t per_micro) { return (int64_t)((int128)qty_micro * MICRO / per_micro); }

static int64_t unit_quantity(const struct book_unit *unit, enum unit_count which)
{
    switch (which) {
    case UNITS_SHIPPED: return unit->shipped_micro;
    case UNITS_EARNED: return unit->earned_micro;
    case UNITS_EARNED_AND_SHIPPED: return unit->earned_micro - unit->sold_micro;
    }
    return 0;
}

int64_t line_least(const struct book_line *line, enum unit_count which)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < line->unit_count; i++) {
        int64_t bundles = bundles_in(unit_quantity(&line->units[i], which), line->units[i].per_micro);
        least = bundles < least ? bundles : least;
    }
    return least;
}

int64_t line_complete(const struct book_line *line, enum unit_count which)
{
    if (!line->is_bundle) {
        return unit_quantity(&line->units[0], which);
    }
    int64_t least = line_least(line, which);
    bool used_up = true;
    for (size_t i = 0; i < line->unit_count; i++) {
        const struct book_unit *unit = &line->units[i];
        used_up &= unit_quantity(unit, which) + unit->cancelled_micro == unit->ordered_micro;
    }
    int64_t most = line->ordered_micro - line->cancelled_micro;
    return used_up || least > most ? most : least;
}

int64_t line_sold(const struct book_line *line)
{
    int64_t sold = line->earned_micro - line_least(line, UNITS_EARNED_AND_SHIPPED);
    return sold > 0 ? sold : 0;
}

int64_t line_back_unearned(const struct book_line *line)
{
    int64_t least = INT64_MAX;
    for (size_t u = 0; u < line->unit_count; u++) {
        int64_t bundles = bundles_in(line->units[u].returned_unearned_micro, line->units[u].per_micro);
        least = bundles < least ? bundles : least;
    }
    return least;
}

int64_t line_open(const struct book_line *line)
{
    int64_t open = line->ordered_micro - line->shipped_micro - line->cancelled_micro;
    return open > 0 ? open : 0;
}

/* ---- moves ---- */

void moves_add(struct book *book, struct moves *moves, const struct move *move)
{
    if (moves->count == moves->room) {
        size_t room = moves->room ? moves->room * 2 : 8;
        struct move *grown = ARENA_ARRAY(book->arena, struct move, room);
        if (grown == NULL) {
            book->failed = true;
            return;
        }
        if (moves->count > 0) {
            memcpy(grown, moves->at, moves->count * sizeof *grown);
        }
        moves->at = grown;
        moves->room = room;
    }
    moves->at[moves->count++] = *move;
}

static enum refusal add_component(struct book *book, struct moves *moves, const struct named *named, struct move *move)
{
    for (size_t i = 0; move->line->is_bundle && i < move->line->unit_count; i++) {
        if (span_eq(move->line->units[i].sku, named->component)) {
            move->unit = &move->line->units[i];
            moves_add(book, moves, move);
            return REFUSAL_NONE;
        }
    }
    return book_say(book, REFUSAL_LINE_UNKNOWN, "line %.*s has no component %.*s", SPAN_ARG(move->line->id),
                    SPAN_ARG(named->component));
}

enum refusal moves_name(struct book *book, struct moves *moves, const struct named *named)
{
    struct book_line *line = NULL;
    enum refusal refusal = book_line_find(book, named->line, named->sku, &line);
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    must(line != NULL);
    int64_t factor = named_factor(line, named);
    if (factor == 0) {
        return book_say(book, REFUSAL_UOM_UNKNOWN, "line %.*s: the item has no unit %.*s", SPAN_ARG(line->id),
                        SPAN_ARG(named->uom));
    }
    struct move move = {.line = line, .place = named->place, .from = named->from, .back = named->back};
    must(named->qty_micro > 0); /* no document says less */
    if (!mul_div(named->qty_micro, factor, MICRO, &move.qty_micro)) {
        return book_say(book, REFUSAL_OVERFLOW, "line %.*s: the quantity is too large", SPAN_ARG(line->id));
    }
    if (named->component.ptr != NULL) {
        return add_component(book, moves, named, &move);
    }
    int64_t bundles = moves->line_micro = move.qty_micro;
    for (size_t i = 0; i < line->unit_count; i++) {
        move.unit = &line->units[i];
        if (line->is_bundle && !mul_div(bundles, move.unit->per_micro, MICRO, &move.qty_micro)) {
            return book_say(book, REFUSAL_OVERFLOW, "line %.*s: the quantity is too large", SPAN_ARG(line->id));
        }
        moves_add(book, moves, &move);
    }
    return REFUSAL_NONE;
}

void book_touch(struct book *book, struct book_line *line)
{
    if (line->touched == book->number || book->failed) {
        return;
    }
    if (book->touched == NULL) {
        book->touched = ARENA_ARRAY(book->arena, struct book_line *, book->line_room);
        if (book->touched == NULL) {
            book->failed = true;
            return;
        }
    }
    line->touched = book->number;
    must(book->touched_count < book->line_room);
    book->touched[book->touched_count++] = line;
}
