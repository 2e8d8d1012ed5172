/* orders.c: order books: which events they have, kept in the view with what was frozen for each; see company.h. */
#include "state/internal.h"

#include <stdlib.h>

static struct view_key order_key(uint32_t order)
{
    struct view_key key;
    view_key_start(&key);
    view_key_u32(&key, order);
    return key;
}

static void key_enter(const struct company *company, struct order_event *event, uint64_t entered)
{
    bool by_entry = entered != 0 && company_entry_order(company, event->day, &event->key.since_us);
    event->key.entered = by_entry ? entered : 0;
    if (!by_entry)
        event->key.since_us = 0;
}

const struct policy *order_stated_policy(const struct company *company, const struct document *order, uint32_t settings)
{
    struct moment made = moment_is_present(order->updated) ? order->updated : order->at;
    return company_policy_by(company, company_day(company, company_instant(company, made, RANK_DEFINITION)), settings);
}

struct order_event order_event_of(const struct company *company, const struct document *document,
                                  const struct ruling_event *frozen)
{
    struct order_event event = {
        .kind = frozen->kind,
        .document = document,
        .index = frozen->index,
        .day = frozen->day,
        .rate_e10 = frozen->rate_e10,
        .order_rate_e10 = frozen->order_rate_e10,
        .policy = company_policy_by(company, frozen->day, frozen->settings),
        .settings = frozen->settings,
        .facts = frozen->facts,
        .key = {.at_us = frozen->at_us,
                .rank = frozen->rank,
                .source = document->source,
                .type = span_of(document_type_name(document->type)),
                .id = document->id},
    };
    if (frozen->kind == EVENT_VERSION)
        event.stated = order_stated_policy(company, document, frozen->settings);
    if (frozen->kind == EVENT_SERVICE)
        event.key.line = (int)document->version;
    if (frozen->kind == EVENT_PAYMENT && document->type == DOCUMENT_ORDER) {
        event.key.type = SPAN("payment");
        event.key.id = document->order.payments.at[frozen->index].id;
        if (event.key.id.ptr == NULL)
            event.key.id = document->id;
        event.key.line = (int)frozen->index + 1;
        event.key.part = (int)document->version; /* one payment, listed by two versions: the lower one's comes first */
    }
    key_enter(company, &event, frozen->entered);
    return event;
}

/* An event that moves takes the policies and the rate of its new day. */
static bool event_moves(struct company *company, struct order_event *event, int64_t at_us, struct err *err)
{
    const struct document *document = event->document;
    bool found = true;
    if (at_us == event->key.at_us)
        return true;
    event->key.at_us = at_us;
    event->day = company_day(company, at_us);
    event->policy = company_policy_by(company, event->day, event->settings);
    int64_t rate_e10 = event->rate_e10;
    if (document->money != company->money && !is_present(document->rate_e10) &&
        !company_rate(company, document->money, at_us, &rate_e10, &found, err))
        return false;
    event->rate_e10 = found ? rate_e10 : event->rate_e10;
    return true;
}

static const struct order_event *version_event(const struct order_event *events, size_t count, int64_t version)
{
    for (size_t i = 0; i < count; i++)
        if (events[i].kind == EVENT_VERSION && events[i].document->version == version)
            return &events[i];
    return NULL;
}

/* The lowest version of an order holds from when it was placed, each later one from when it was made; which is the lowest
 * may change when a lower one comes late. */
bool order_events_settle_versions(struct company *company, struct order_event *events, size_t count, struct err *err)
{
    struct order_event *lowest = NULL;
    for (size_t i = 0; i < count; i++)
        if (events[i].kind == EVENT_VERSION &&
            (lowest == NULL || events[i].document->version < lowest->document->version))
            lowest = &events[i];
    for (size_t i = 0; i < count; i++) {
        const struct document *document = events[i].document;
        if (events[i].kind != EVENT_VERSION)
            continue;
        int64_t at_us = company_instant(company, document->at, RANK_DEFINITION);
        if (&events[i] != lowest && moment_is_present(document->updated))
            at_us = company_instant(company, document->updated, RANK_DEFINITION);
        events[i].key.line = (int)document->version; /* of two made at one instant the higher stands */
        if (!event_moves(company, &events[i], at_us, err))
            return false;
        key_enter(company, &events[i], events[i].key.entered);
    }
    /* Queued as they were entered, a late lower version stands where the next higher one does, before it. */
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count && events[i].kind == EVENT_VERSION; k++)
            if (events[k].kind == EVENT_VERSION && events[k].document->version > events[i].document->version &&
                events[k].key.entered != 0 && events[k].key.entered < events[i].key.entered)
                events[i].key.entered = events[k].key.entered;
    for (size_t i = 0; i < count; i++) {
        const struct document *document = events[i].document;
        if (events[i].kind != EVENT_PAYMENT || document->type != DOCUMENT_ORDER)
            continue;
        const struct order_event *version = version_event(events, count, document->version);
        const struct order_payment *payment = &document->order.payments.at[events[i].index];
        must(version != NULL);
        int64_t at_us = version->key.at_us;
        if (moment_is_present(payment->at) && company_instant(company, payment->at, RANK_MONEY) > at_us)
            at_us = company_instant(company, payment->at, RANK_MONEY);
        if (!event_moves(company, &events[i], at_us, err))
            return false;
        key_enter(company, &events[i], events[i].key.entered);
    }
    return true;
}

/* A refund or return by match names no line; the one that was chosen when it was decided is written into the copy of its
 * document that the fold reads. */
void order_event_settle_match(struct order_event *event, const struct document *order, struct arena *arena)
{
    const struct document *given = event->document;
    bool by_match = (event->kind == EVENT_REFUND && match_is_present(given->refund.match)) ||
                    (event->kind == EVENT_RETURN && match_is_present(given->customer_return.match));
    if (!by_match || event->index == 0)
        return;
    must(event->index <= order->order.lines.count);
    struct span line = order->order.lines.at[event->index - 1].id;
    struct document *settled = ARENA_NEW(arena, struct document);
    must(settled != NULL);
    *settled = *given;
    if (event->kind == EVENT_REFUND) {
        struct refund_line *lines = ARENA_NEW(arena, struct refund_line);
        must(lines != NULL);
        if (given->refund.lines.count > 0)
            *lines = given->refund.lines.at[0];
        else
            *lines = (struct refund_line){.qty_micro = ABSENT,
                                          .amount_minor =
                                              given->refund.amount_minor + or_zero(given->refund.restocking_fee_minor)};
        lines->line = line;
        lines->sku = (struct span){NULL, 0};
        settled->refund.match = (struct match){.unit_price_micro = ABSENT};
        settled->refund.lines.at = lines;
        settled->refund.lines.count = 1;
    } else {
        struct return_line *lines = ARENA_NEW(arena, struct return_line);
        must(lines != NULL);
        *lines = given->customer_return.lines.at[0];
        lines->line = line;
        lines->sku = (struct span){NULL, 0};
        settled->customer_return.match = (struct match){.unit_price_micro = ABSENT};
        settled->customer_return.lines.at = lines;
    }
    event->document = settled;
}

/* The stored form: finished, reservations, then each event with its document's number and row. */
struct stored_order {
    bool finished;
    struct ruling_reservation *reservations;
    size_t reservation_count;
    struct ruling_event *events;
    uint32_t *documents;
    uint64_t *seqs;
    size_t count;
};

static void stored_pack(const struct stored_order *order, struct buf *out)
{
    buf_put_u8(out, order->finished);
    buf_put_varint(out, order->reservation_count);
    for (size_t i = 0; i < order->reservation_count; i++) {
        buf_put_bytes(out, order->reservations[i].sku);
        buf_put_bytes(out, order->reservations[i].location);
        buf_put_signed(out, order->reservations[i].qty_micro);
    }
    buf_put_varint(out, order->count);
    for (size_t i = 0; i < order->count; i++) {
        buf_put_varint(out, order->documents[i]);
        buf_put_varint(out, order->seqs[i]);
        ruling_event_pack(&order->events[i], out);
    }
}

static bool stored_unpack(struct span value, struct arena *arena, struct stored_order *order)
{
    struct cursor cursor = cursor_of(value);
    *order = (struct stored_order){.finished = cursor_u8(&cursor)};
    order->reservation_count = cursor_varint(&cursor);
    if (cursor.bad || order->reservation_count > value.len)
        return false;
    order->reservations = ARENA_ARRAY(arena, struct ruling_reservation, order->reservation_count + 1);
    for (size_t i = 0; i < order->reservation_count; i++) {
        order->reservations[i].sku = keep_span(arena, cursor_bytes(&cursor));
        order->reservations[i].location = keep_span(arena, cursor_bytes(&cursor));
        order->reservations[i].qty_micro = cursor_signed(&cursor);
    }
    order->count = cursor_varint(&cursor);
    if (cursor.bad || order->count > value.len)
        return false;
    order->events = ARENA_ARRAY(arena, struct ruling_event, order->count + 1);
    order->documents = ARENA_ARRAY(arena, uint32_t, order->count + 1);
    order->seqs = ARENA_ARRAY(arena, uint64_t, order->count + 1);
    for (size_t i = 0; i < order->count; i++) {
        order->documents[i] = (uint32_t)cursor_varint(&cursor);
        order->seqs[i] = cursor_varint(&cursor);
        if (!ruling_event_unpack(&cursor, arena, &order->events[i]))
            return false;
    }
    return !cursor.bad && cursor_at_end(&cursor);
}

static bool stored_read(struct company *company, uint32_t number, struct arena *arena, struct stored_order *order,
                        bool *out_found, struct err *err)
{
    struct view_key key = order_key(number);
    struct span value;
    *order = (struct stored_order){0};
    if (!company->views.get(company->views.context, VIEW_ORDER_BOOK, view_key_span(&key), arena, &value, out_found,
                            err))
        return false;
    return !*out_found || (view_sum_take(&value, view_key_span(&key)) && stored_unpack(value, arena, order)) ||
           err_set(
               err, FAILURE_STORE_DAMAGED,
               "the view `order_book` is damaged at document %u: `tieout verify` says where, `tieout rebuild` makes it "
               "again",
               number);
}

/* The view keeps one stable order; the fold wants the whole key's. */
static void slot_sort(struct order_slot *slot)
{
    for (size_t i = 1; i < slot->count; i++)
        for (size_t at = i; at > 0 && key_compare(&slot->events[at - 1].key, &slot->events[at].key) > 0; at--) {
            struct order_event event = slot->events[at];
            struct ruling_event frozen = slot->frozen[at];
            uint32_t document = slot->documents[at];
            uint64_t seq = slot->seqs[at];
            slot->events[at] = slot->events[at - 1];
            slot->frozen[at] = slot->frozen[at - 1];
            slot->documents[at] = slot->documents[at - 1];
            slot->seqs[at] = slot->seqs[at - 1];
            slot->events[at - 1] = event;
            slot->frozen[at - 1] = frozen;
            slot->documents[at - 1] = document;
            slot->seqs[at - 1] = seq;
        }
}

bool company_order(struct company *company, uint32_t number, struct order_slot **out_order, struct err *err)
{
    struct view_key key = order_key(number);
    uint64_t *cached = map_find(company->order_slots, view_key_span(&key));
    *out_order = cached ? (struct order_slot *)(uintptr_t)*cached : NULL;
    if (cached != NULL) {
        (*out_order)->used = company->batch;
        return true;
    }
    struct order_slot *slot = calloc(1, sizeof *slot);
    must(slot != NULL);
    slot->arena = arena_make((size_t)1 << 30);
    struct stored_order stored;
    bool found = false;
    bool good = stored_read(company, number, &slot->arena, &stored, &found, err);
    if (good && found) {
        *slot = (struct order_slot){.order = number,
                                    .used = company->batch,
                                    .arena = slot->arena,
                                    .frozen = stored.events,
                                    .documents = stored.documents,
                                    .seqs = stored.seqs,
                                    .count = stored.count};
        slot->events = ARENA_ARRAY(&slot->arena, struct order_event, stored.count + 1);
        slot->results = ARENA_ARRAY(&slot->arena, struct order_result, stored.count + 1);
        must(slot->events && slot->results);
        for (size_t i = 0; good && i < stored.count; i++) {
            struct document *document = ARENA_NEW(&slot->arena, struct document);
            must(document != NULL);
            good = company_read_document(company, stored.seqs[i], &slot->arena, document, err);
            if (good)
                slot->events[i] = order_event_of(company, document, &stored.events[i]);
        }
        good = good && order_events_settle_versions(company, slot->events, slot->count, err);
        slot_sort(slot);
        for (size_t i = 0; good && i < stored.count; i++)
            order_event_settle_match(&slot->events[i], order_events_document(slot->events, slot->count), &slot->arena);
        if (good && !order_fold(slot->events, slot->count, company->money, &slot->arena, slot->results, &slot->state))
            good = err_set(err, FAILURE_MEMORY, "out of memory while folding an order");
    }
    if (!good || !found) {
        arena_done(&slot->arena);
        free(slot);
        return good;
    }
    map_put(company->order_slots, view_key_span(&key), (uint64_t)(uintptr_t)slot);
    *out_order = slot;
    return true;
}

static bool is_before(const struct ruling_event *a, const struct ruling_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->rank < b->rank;
}

/* The order's events without those of `document`, with its new ones in. The fold sorts ties by the whole key; the view
 * only needs one stable order, so equal instants keep the order of document numbers. */
static void events_merge(const struct stored_order *before, const struct ruling_order *change, uint32_t document,
                         uint64_t seq, struct arena *arena, struct stored_order *after)
{
    after->events = ARENA_ARRAY(arena, struct ruling_event, before->count + change->event_count + 1);
    after->documents = ARENA_ARRAY(arena, uint32_t, before->count + change->event_count + 1);
    after->seqs = ARENA_ARRAY(arena, uint64_t, before->count + change->event_count + 1);
    must(after->events && after->documents && after->seqs);
    for (size_t i = 0; i < before->count + change->event_count; i++) {
        bool old = i < before->count;
        if (old && before->documents[i] == document && before->seqs[i] == seq)
            continue;
        const struct ruling_event *event = old ? &before->events[i] : &change->events[i - before->count];
        size_t at = after->count++;
        while (at > 0 && is_before(event, &after->events[at - 1])) {
            after->events[at] = after->events[at - 1];
            after->documents[at] = after->documents[at - 1];
            after->seqs[at] = after->seqs[at - 1];
            at--;
        }
        after->events[at] = *event;
        after->documents[at] = old ? before->documents[i] : document;
        after->seqs[at] = old ? before->seqs[i] : seq;
    }
}

static bool reservations_apply(struct company *company, const struct ruling_reservation *reservations, size_t count,
                               int sign, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct definition *item = NULL;
        if (!company_definition(company, DOCUMENT_ITEM, reservations[i].sku, &item, err))
            return false;
        if (item != NULL &&
            !reserved_add(company, item->number, reservations[i].location, sign * reservations[i].qty_micro, err))
            return false;
    }
    return true;
}

static bool order_apply(struct company *company, const struct ruling *ruling, const struct ruling_order *change,
                        struct err *err)
{
    struct arena arena = arena_make((size_t)256 << 20);
    struct stored_order before;
    struct stored_order after = {.finished = change->finished, .reservation_count = change->reservation_count};
    bool found = false;
    bool good = stored_read(company, change->order, &arena, &before, &found, err);
    if (good) {
        /* The versions of an order are a history: a new one joins the older ones. Of other types it replaces them. */
        bool joins = ruling->row.type == DOCUMENT_ORDER && ruling->row.outcome == OUTCOME_POSTED;
        struct stored_order kept = before;
        if (!joins) {
            kept.count = 0;
            for (size_t i = 0; i < before.count; i++)
                if (before.documents[i] != ruling->document) {
                    kept.events[kept.count] = before.events[i];
                    kept.documents[kept.count] = before.documents[i];
                    kept.seqs[kept.count++] = before.seqs[i];
                }
        }
        events_merge(&kept, change, ruling->document, ruling->document_seq, &arena, &after);
        after.reservations = ARENA_ARRAY(&arena, struct ruling_reservation, change->reservation_count + 1);
        must(after.reservations != NULL);
        if (change->reservation_count > 0)
            memcpy(after.reservations, change->reservations, change->reservation_count * sizeof *after.reservations);
        good = reservations_apply(company, before.reservations, before.reservation_count, -1, err) &&
               reservations_apply(company, after.reservations, after.reservation_count, 1, err);
    }
    if (good) {
        struct view_key key = order_key(change->order);
        struct buf value = buf_make((size_t)64 << 20);
        stored_pack(&after, &value);
        view_sum_put(&value, view_key_span(&key));
        good = after.count == 0 ? company->views.drop(company->views.context, VIEW_ORDER_BOOK, view_key_span(&key), err)
                                : company->views.put(company->views.context, VIEW_ORDER_BOOK, view_key_span(&key),
                                                     buf_span(&value), err);
        buf_done(&value);
        uint64_t *cached = map_find(company->order_slots, view_key_span(&key));
        if (cached != NULL) { /* it is folded again when it is next read */
            struct order_slot *slot = (struct order_slot *)(uintptr_t)*cached;
            arena_done(&slot->arena);
            free(slot);
            map_remove(company->order_slots, view_key_span(&key));
        }
    }
    arena_done(&arena);
    return good;
}

bool orders_apply(struct company *company, const struct ruling *ruling, struct err *err)
{
    for (size_t i = 0; i < ruling->order_count; i++)
        if (!order_apply(company, ruling, &ruling->orders[i], err))
            return false;
    return true;
}
