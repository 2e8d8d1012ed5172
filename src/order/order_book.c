/* order_book.c: the fold. Events are read in key order, each is judged by what came before it, and what it posts is
 * checked before the next one is read. The state at the end is made from the same book. */
#include "order/order_book.h"

#include "base/must.h"
#include "order/order_fold.h"

static bool waits(enum refusal refusal) { return refusal == REFUSAL_EXCEEDS_OPEN || refusal == REFUSAL_WAITS_DOCUMENT; }

static enum refusal dispatch(struct book *book)
{
    if (book->customer.len > 0) {
        return book_customer(book);
    }
    switch (book->event->kind) {
    case EVENT_VERSION: return book_version(book);
    case EVENT_PAYMENT: return book_payment(book);
    case EVENT_CANCEL: return book_cancel(book);
    case EVENT_SHIPMENT: return book_shipment(book);
    case EVENT_DELIVERY: return book_delivery(book);
    case EVENT_REFUND: return book_refund(book);
    case EVENT_RETURN: return book_return(book);
    case EVENT_ENTRY: return book_entry(book);
    case EVENT_OPENING: return book_opening(book);
    case EVENT_SERVICE: return book_service(book);
    }
    must(!"a known kind of event");
    return REFUSAL_UNSUPPORTED;
}

/* The rate of the order's money at this event; as it last was where the event does not say. */
static void set_rate(struct book *book)
{
    const struct order_event *event = book->event;
    if (event->document->money == book->money && event->rate_e10 > 0) {
        book->rate_e10 = event->rate_e10;
    } else if (event->order_rate_e10 > 0) {
        book->rate_e10 = event->order_rate_e10;
    }
}

/* P-1 and P-3 by quantity, of the lines the event touched. */
static void check_units(const struct book *book)
{
    for (size_t i = 0; i < book->touched_count; i++) {
        const struct book_line *line = book->touched[i];
        for (size_t u = 0; u < line->unit_count; u++) {
            const struct book_unit *unit = &line->units[u];
            must(unit->shipped_micro + unit->cancelled_micro <= unit->ordered_micro); /* P-3 */
            must(unit->returned_micro <= unit->shipped_micro);                        /* P-3 */
            must(unit->earned_micro + unit->cancelled_micro <= unit->ordered_micro);  /* P-1 */
            must(unit->sold_micro >= 0);
            must(unit->earned_micro - unit->sold_micro + unit->returned_unearned_micro <=
                 unit->shipped_micro); /* P-1 */
            must(unit->asked_micro == 0);
        }
    }
}

/* D-1: of a dropship line only what comes back into own stock is a matter of an item's book. */
static void check_effects(const struct book *book)
{
    for (size_t i = 0; i < book->touched_count; i++)
        for (size_t e = 0; book->touched[i]->is_dropship && e < book->result->effect_count; e++)
            must(book->result->effects[e].kind == EFFECT_RETURN ||
                 !span_eq(book->result->effects[e].order_line, book->touched[i]->id)); /* D-1 */
}

static void fold_event(struct book *book, const struct order_event *event, struct order_result *result)
{
    struct account_mark before = {book->deposit, book->receivable, book->refunds_due};
    *result = (struct order_result){.lines = lines_make(book->arena)};
    book->event = event;
    book->result = result;
    book->number++;
    book->touched_count = 0;
    book->posted_elsewhere = (struct balance){0};
    book->takes_back = false;
    set_rate(book);
    result->refusal = dispatch(book);
    if (result->refusal == REFUSAL_NONE) {
        result->state = EVENT_STANDS;
        result->detail = (struct span){0};
        book_check_event(book, &before);
        if (!book->failed) {
            check_units(book);
            check_effects(book);
        }
        return;
    }
    result->state = waits(result->refusal) ? EVENT_WAITS : EVENT_REFUSED;
    result->lines.count = 0;
    result->effect_count = 0;
}

/* A payment listed in an order document falls with it. Gives the result of that version, or NULL when it stands. */
static const struct order_result *fallen_version(const struct order_event *events, const struct order_result *results,
                                                 size_t at)
{
    if (events[at].kind != EVENT_PAYMENT || events[at].document->type != DOCUMENT_ORDER) {
        return NULL;
    }
    for (size_t i = 0; i < at; i++) {
        if (events[i].kind == EVENT_VERSION && events[i].document == events[at].document) {
            return results[i].state != EVENT_STANDS ? &results[i] : NULL;
        }
    }
    return NULL;
}

/* ---- the state at the end ---- */

static int64_t bundles_of(const struct book_line *line, size_t offset)
{
    int64_t least = INT64_MAX;
    for (size_t u = 0; u < line->unit_count; u++) {
        const char *unit = (const char *)&line->units[u];
        int64_t qty = *(const int64_t *)(const void *)(unit + offset);
        int64_t bundles = line->is_bundle ? bundles_in(qty, line->units[u].per_micro) : qty;
        least = bundles < least ? bundles : least;
    }
    return least;
}

static struct order_line_state state_of_line(const struct book_line *line)
{
    int64_t refunded = 0;
    for (int of = 0; of < REFUND_OF_COUNT; of++) {
        refunded += line->refunded_micro[of];
    }
    return (struct order_line_state){
        .id = line->id,
        .sku = line->sku,
        .kind = line->facts->kind,
        .dropship = line->is_dropship,
        .ordered_micro = line_own_units(line, line->ordered_micro),
        .shipped_micro = line_own_units(line, line->shipped_micro),
        .cancelled_micro = line_own_units(line, line->cancelled_micro),
        .returned_micro = line_own_units(line, bundles_of(line, offsetof(struct book_unit, returned_micro))),
        .delivered_micro = line_own_units(line, bundles_of(line, offsetof(struct book_unit, delivered_micro))),
        .refunded_micro = line_own_units(line, refunded),
        .open_micro = line_own_units(line, line_open(line)),
        .unit_price_micro = line->terms->unit_price_micro,
        .refundable_minor = line_refundable(line),
    };
}

/* Adds up what is still wanted of a SKU from a location; found by a hash where there are many. */
struct wanting {
    struct order_reservation *at;
    size_t count, room;
    struct order_reservation **slots;
    size_t slot_count;
};

static bool is_for(const struct order_reservation *held, struct span sku, struct span location)
{
    return span_eq(held->sku, sku) && (held->location.ptr == NULL) == (location.ptr == NULL) &&
           span_eq(held->location, location);
}

static struct order_reservation *reservation_for(struct wanting *wanting, struct span sku, struct span location)
{
    if (wanting->slots == NULL) {
        for (size_t i = 0; i < wanting->count; i++) {
            if (is_for(&wanting->at[i], sku, location)) {
                return &wanting->at[i];
            }
        }
        must(wanting->count < wanting->room);
        wanting->at[wanting->count] = (struct order_reservation){sku, location, 0};
        return &wanting->at[wanting->count++];
    }
    size_t at = (hash_mix(sku) ^ hash_mix(location) * 3) & (wanting->slot_count - 1);
    while (wanting->slots[at] != NULL && !is_for(wanting->slots[at], sku, location)) {
        at = (at + 1) & (wanting->slot_count - 1);
    }
    if (wanting->slots[at] == NULL) {
        must(wanting->count < wanting->room);
        wanting->at[wanting->count] = (struct order_reservation){sku, location, 0};
        wanting->slots[at] = &wanting->at[wanting->count++];
    }
    return wanting->slots[at];
}

static bool reserve(const struct book *book, size_t room, struct order_state *out)
{
    struct wanting wanting = {.room = room};
    if (room == 0) {
        return true;
    }
    wanting.at = ARENA_ARRAY(book->arena, struct order_reservation, room);
    if (room > FEW) {
        wanting.slot_count = 64;
        while (wanting.slot_count < room * 2) {
            wanting.slot_count *= 2;
        }
        wanting.slots = ARENA_ARRAY(book->arena, struct order_reservation *, wanting.slot_count);
    }
    if (wanting.at == NULL || (room > FEW && wanting.slots == NULL)) {
        return false;
    }
    for (size_t i = 0; i < book->line_count; i++) {
        const struct book_line *line = book->lines[i];
        for (size_t u = 0; u < line->unit_count; u++) {
            int64_t open = unit_open(&line->units[u]);
            if (open > 0 && unit_moves_stock(line, &line->units[u])) {
                reservation_for(&wanting, line->units[u].sku, line->terms->fulfil.location)->qty_micro += open;
            }
        }
    }
    out->reservations = wanting.at;
    out->reservation_count = wanting.count;
    return true;
}

static bool make_state(const struct book *book, struct order_state *out)
{
    *out = (struct order_state){.version = book->version};
    out->deposit_minor = book->deposit.company_minor;
    out->receivable_minor = book->receivable.company_minor;
    out->refunds_due_minor = book->refunds_due.company_minor;
    out->finished = book->deposit.minor == 0 && book->receivable.minor == 0 && book->refunds_due.minor == 0;
    out->lines = ARENA_ARRAY(book->arena, struct order_line_state, book->line_count);
    if (out->lines == NULL) {
        return false;
    }
    size_t room = 0;
    for (size_t i = 0; i < book->line_count; i++) {
        const struct book_line *line = book->lines[i];
        out->lines[out->line_count++] = state_of_line(line);
        for (size_t u = 0; u < line->unit_count; u++) {
            const struct book_unit *unit = &line->units[u];
            room += unit_open(unit) > 0 && unit_moves_stock(line, unit);
            out->finished &= unit_open(unit) == 0 && unit_awaiting(unit) == 0;
        }
    }
    return reserve(book, room, out);
}

bool order_fold(const struct order_event *events, size_t count, currency company_currency, struct arena *arena,
                struct order_result *out_results, struct order_state *out_state)
{
    must(count > 0);
    must(order_event_opens(&events[0]));
    struct book book = {.arena = arena, .home = company_currency, .customer = order_event_customer(&events[0])};
    for (size_t i = 0; i < count; i++) {
        book.keeps_shipments |= events[i].kind == EVENT_DELIVERY;
    }
    for (size_t i = 0; i < count; i++) {
        must(i == 0 || key_compare(&events[i - 1].key, &events[i].key) <= 0);
        const struct order_result *fallen = fallen_version(events, out_results, i);
        if (fallen != NULL) {
            out_results[i] = *fallen;
            continue;
        }
        fold_event(&book, &events[i], &out_results[i]);
        if (book.failed || arena_is_exhausted(arena)) {
            return false;
        }
    }
    return make_state(&book, out_state) && !arena_is_exhausted(arena);
}
