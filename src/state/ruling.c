/* ruling.c: the packed body of a truth row (docs/formats/truth.md). */
#include "state/ruling.h"

#include "order/document_fields.h"

static struct span text(struct cursor *cursor, struct arena *arena)
{
    struct span bytes = cursor_bytes(cursor);
    return bytes.len ? arena_copy(arena, bytes) : (struct span){NULL, 0};
}

/* True when `count` things could still follow, each of at least a byte: keeps hostile counts from allocating. */
static bool plausible(const struct cursor *cursor, uint64_t count)
{
    return !cursor->bad && count <= (uint64_t)(cursor->end - cursor->at);
}

void line_pack(const struct line *line, struct buf *out)
{
    const struct span texts[] = {line->sku,        line->channel, line->location, line->order,
                                 line->order_line, line->party,   line->tag};
    unsigned present = 0;
    for (unsigned i = 0; i < 7; i++)
        present |= (texts[i].len > 0 ? 1u : 0u) << i;
    if (line->original_currency != 0)
        present |= 0x80;
    buf_put_u8(out, (uint8_t)line->role);
    buf_put_u8(out, (uint8_t)present);
    buf_put_signed(out, line->amount_minor);
    if (line->original_currency != 0) {
        buf_put_varint(out, line->original_currency);
        buf_put_signed(out, line->original_minor);
    }
    for (unsigned i = 0; i < 7; i++)
        if (texts[i].len > 0)
            buf_put_text(out, texts[i]);
}

struct line line_unpack(struct cursor *cursor, struct arena *arena)
{
    struct line line = {.role = (enum role)cursor_u8(cursor)};
    uint8_t present = cursor_u8(cursor);
    line.amount_minor = cursor_signed(cursor);
    if (present & 0x80) {
        line.original_currency = (currency)cursor_varint(cursor);
        line.original_minor = cursor_signed(cursor);
    }
    struct span *const texts[] = {&line.sku,        &line.channel, &line.location, &line.order,
                                  &line.order_line, &line.party,   &line.tag};
    for (unsigned i = 0; i < 7; i++)
        if (present & (1u << i))
            *texts[i] = cursor_text(cursor, arena);
    return line;
}

static void facts_pack(const struct order_line_facts *facts, struct buf *out)
{
    buf_put_u8(out, (uint8_t)facts->kind);
    buf_put_signed(out, facts->uom_factor_micro);
    buf_put_varint(out, facts->component_count);
    for (size_t i = 0; i < facts->component_count; i++) {
        const struct order_component *component = &facts->components[i];
        buf_put_text(out, component->sku);
        buf_put_signed(out, component->qty_micro);
        buf_put_signed(out, component->weight_micro);
        buf_put_u8(out, (uint8_t)component->kind);
    }
}

static bool facts_unpack(struct cursor *cursor, struct arena *arena, struct order_line_facts *facts)
{
    facts->kind = (enum item_kind)cursor_u8(cursor);
    facts->uom_factor_micro = cursor_signed(cursor);
    uint64_t count = cursor_varint(cursor);
    if (!plausible(cursor, count))
        return false;
    struct order_component *components = count ? ARENA_ARRAY(arena, struct order_component, count) : NULL;
    for (size_t i = 0; i < count && components; i++) {
        components[i].sku = cursor_text(cursor, arena);
        components[i].qty_micro = cursor_signed(cursor);
        components[i].weight_micro = cursor_signed(cursor);
        components[i].kind = (enum item_kind)cursor_u8(cursor);
    }
    facts->components = components;
    facts->component_count = count;
    return !cursor->bad && (count == 0 || components);
}

enum { EVENT_ENTERED = 0x80 };

void ruling_event_pack(const struct ruling_event *event, struct buf *out)
{
    buf_put_u8(out, (uint8_t)event->kind);
    buf_put_varint(out, event->index);
    buf_put_signed(out, event->at_us);
    buf_put_u8(out, (uint8_t)((unsigned)event->rank | (event->entered ? EVENT_ENTERED : 0)));
    if (event->entered != 0)
        buf_put_varint(out, event->entered);
    buf_put_signed(out, event->day);
    buf_put_signed(out, event->rate_e10);
    buf_put_signed(out, event->order_rate_e10);
    buf_put_varint(out, event->settings);
    buf_put_varint(out, event->fact_count);
    for (size_t i = 0; i < event->fact_count; i++)
        facts_pack(&event->facts[i], out);
}

bool ruling_event_unpack(struct cursor *cursor, struct arena *arena, struct ruling_event *out_event)
{
    struct ruling_event event = {.kind = (enum order_event_kind)cursor_u8(cursor)};
    event.index = (uint32_t)cursor_varint(cursor);
    event.at_us = cursor_signed(cursor);
    uint8_t rank = cursor_u8(cursor);
    event.rank = (enum rank)(rank & ~EVENT_ENTERED);
    if (rank & EVENT_ENTERED)
        event.entered = cursor_varint(cursor);
    event.day = (int32_t)cursor_signed(cursor);
    event.rate_e10 = cursor_signed(cursor);
    event.order_rate_e10 = cursor_signed(cursor);
    event.settings = (uint32_t)cursor_varint(cursor);
    event.fact_count = cursor_varint(cursor);
    if (!plausible(cursor, event.fact_count))
        return false;
    if (event.fact_count > 0) {
        struct order_line_facts *facts = ARENA_ARRAY(arena, struct order_line_facts, event.fact_count);
        for (size_t i = 0; i < event.fact_count; i++)
            if (facts == NULL || !facts_unpack(cursor, arena, &facts[i]))
                return false;
        event.facts = facts;
    }
    *out_event = event;
    return !cursor->bad;
}

static void order_pack(const struct ruling_order *order, struct buf *out)
{
    buf_put_varint(out, order->order);
    buf_put_u8(out, order->finished);
    buf_put_varint(out, order->event_count);
    for (size_t i = 0; i < order->event_count; i++)
        ruling_event_pack(&order->events[i], out);
    buf_put_varint(out, order->reservation_count);
    for (size_t i = 0; i < order->reservation_count; i++) {
        buf_put_text(out, order->reservations[i].sku);
        buf_put_text(out, order->reservations[i].location);
        buf_put_signed(out, order->reservations[i].qty_micro);
    }
}

static bool order_unpack(struct cursor *cursor, struct arena *arena, struct ruling_order *order)
{
    order->order = (uint32_t)cursor_varint(cursor);
    order->finished = cursor_u8(cursor);
    order->event_count = cursor_varint(cursor);
    if (!plausible(cursor, order->event_count))
        return false;
    struct ruling_event *events = ARENA_ARRAY(arena, struct ruling_event, order->event_count + 1);
    for (size_t i = 0; i < order->event_count; i++)
        if (events == NULL || !ruling_event_unpack(cursor, arena, &events[i]))
            return false;
    order->events = events;
    order->reservation_count = cursor_varint(cursor);
    if (!plausible(cursor, order->reservation_count))
        return false;
    struct ruling_reservation *reservations =
        ARENA_ARRAY(arena, struct ruling_reservation, order->reservation_count + 1);
    for (size_t i = 0; i < order->reservation_count && reservations; i++) {
        reservations[i].sku = cursor_text(cursor, arena);
        reservations[i].location = cursor_text(cursor, arena);
        reservations[i].qty_micro = cursor_signed(cursor);
    }
    order->reservations = reservations;
    return !cursor->bad && events && reservations;
}

static void item_pack(const struct ruling_item *item, struct buf *out)
{
    buf_put_varint(out, item->item);
    buf_put_varint(out, item->put_count);
    for (size_t i = 0; i < item->put_count; i++) {
        movement_pack(&item->puts[i].movement, out);
        steps_pack(item->puts[i].steps, item->puts[i].step_count, out);
    }
    buf_put_varint(out, item->remove_count);
    for (size_t i = 0; i < item->remove_count; i++)
        buf_put_varint(out, item->removes[i]);
}

static bool item_unpack(struct cursor *cursor, struct arena *arena, struct ruling_item *item)
{
    item->item = (uint32_t)cursor_varint(cursor);
    item->put_count = cursor_varint(cursor);
    if (!plausible(cursor, item->put_count))
        return false;
    struct book_record *puts = ARENA_ARRAY(arena, struct book_record, item->put_count + 1);
    for (size_t i = 0; i < item->put_count; i++)
        if (puts == NULL || !movement_unpack(cursor, arena, &puts[i].movement) ||
            !steps_unpack(cursor, arena, &puts[i].steps, &puts[i].step_count))
            return false;
    item->puts = puts;
    item->remove_count = cursor_varint(cursor);
    if (!plausible(cursor, item->remove_count))
        return false;
    movement_id *removes = ARENA_ARRAY(arena, movement_id, item->remove_count + 1);
    for (size_t i = 0; i < item->remove_count && removes; i++)
        removes[i] = cursor_varint(cursor);
    item->removes = removes;
    return !cursor->bad && puts && removes;
}

static void entry_pack(const struct ruling_entry *entry, const struct ruling *ruling, struct buf *out)
{
    bool own = entry->document == ruling->document;
    buf_put_u8(out, (uint8_t)((unsigned)entry->kind | (own ? 0x80u : 0)));
    buf_put_signed(out, entry->day);
    buf_put_signed(out, entry->event_day);
    if (!own) {
        buf_put_varint(out, entry->document);
        buf_put_varint(out, (uint64_t)entry->type);
        buf_put_text(out, entry->source);
        buf_put_text(out, entry->id);
    }
    buf_put_varint(out, entry->line_count);
    for (size_t i = 0; i < entry->line_count; i++)
        line_pack(&entry->lines[i], out);
}

static bool entry_unpack(struct cursor *cursor, const struct ruling *ruling, struct arena *arena,
                         struct ruling_entry *entry)
{
    uint8_t head = cursor_u8(cursor);
    entry->kind = (enum entry_kind)(head & 0x7f);
    entry->day = (int32_t)cursor_signed(cursor);
    entry->event_day = (int32_t)cursor_signed(cursor);
    entry->document = ruling->document;
    entry->type = ruling->row.type;
    entry->source = ruling->row.source;
    entry->id = ruling->row.id;
    if (!(head & 0x80)) {
        entry->document = (uint32_t)cursor_varint(cursor);
        entry->type = (int)cursor_varint(cursor);
        entry->source = cursor_text(cursor, arena);
        entry->id = cursor_text(cursor, arena);
    }
    entry->line_count = cursor_varint(cursor);
    if (!plausible(cursor, entry->line_count))
        return false;
    struct line *lines = ARENA_ARRAY(arena, struct line, entry->line_count + 1);
    for (size_t i = 0; i < entry->line_count && lines; i++)
        lines[i] = line_unpack(cursor, arena);
    entry->lines = lines;
    return !cursor->bad && lines;
}

/* Texts that a body may name from its first on: those of its row. */
static void texts_of_row(struct texts *texts, const struct truth_row *row, struct arena *arena)
{
    bool known = row->type > DOCUMENT_NONE && row->type < DOCUMENT_TYPE_LIMIT &&
                 document_fields((enum document_type)row->type) != NULL;
    texts_start(texts, arena);
    texts_add(texts, row->source);
    texts_add(texts, row->id);
    if (known)
        texts_add(texts, span_of(document_type_name((enum document_type)row->type)));
}

void ruling_pack(const struct ruling *ruling, struct buf *out)
{
    buf_put_varint(out, ruling->document);
    buf_put_varint(out, ruling->document_seq);
    buf_put_bytes(out, ruling->packed);
    buf_put_bytes(out, ruling->waits_on);
    buf_put_bytes(out, ruling->detail);
    buf_put_signed(out, ruling->at_us);
    buf_put_signed(out, ruling->amount_minor);
    buf_put_bytes(out, ruling->customer);
    buf_put_bytes(out, ruling->key);
    buf_put_bytes(out, ruling->value);
    struct arena arena = arena_make((size_t)1 << 30);
    struct texts texts;
    texts_of_row(&texts, &ruling->row, &arena);
    out->texts = &texts;
    buf_put_varint(out, ruling->order_count);
    for (size_t i = 0; i < ruling->order_count; i++)
        order_pack(&ruling->orders[i], out);
    buf_put_varint(out, ruling->item_count);
    for (size_t i = 0; i < ruling->item_count; i++)
        item_pack(&ruling->items[i], out);
    buf_put_varint(out, ruling->entry_count);
    for (size_t i = 0; i < ruling->entry_count; i++)
        entry_pack(&ruling->entries[i], ruling, out);
    out->texts = NULL;
    out->failed |= arena_is_exhausted(&arena);
    arena_done(&arena);
}

bool ruling_unpack(const struct truth_row *row, struct arena *arena, struct ruling *out)
{
    struct cursor cursor = cursor_of(row->body);
    struct ruling ruling = {.row = *row};
    ruling.document = (uint32_t)cursor_varint(&cursor);
    ruling.document_seq = cursor_varint(&cursor);
    ruling.packed = text(&cursor, arena);
    ruling.waits_on = text(&cursor, arena);
    ruling.detail = text(&cursor, arena);
    ruling.at_us = cursor_signed(&cursor);
    ruling.amount_minor = cursor_signed(&cursor);
    ruling.customer = text(&cursor, arena);
    ruling.key = text(&cursor, arena);
    ruling.value = text(&cursor, arena);
    struct texts texts;
    const struct truth_row kept = {
        .type = row->type, .source = arena_copy(arena, row->source), .id = arena_copy(arena, row->id)};
    texts_of_row(&texts, &kept, arena);
    cursor.texts = &texts;
    ruling.order_count = cursor_varint(&cursor);
    if (!plausible(&cursor, ruling.order_count))
        return false;
    struct ruling_order *orders = ARENA_ARRAY(arena, struct ruling_order, ruling.order_count + 1);
    for (size_t i = 0; i < ruling.order_count; i++)
        if (orders == NULL || !order_unpack(&cursor, arena, &orders[i]))
            return false;
    ruling.orders = orders;
    ruling.item_count = cursor_varint(&cursor);
    if (!plausible(&cursor, ruling.item_count))
        return false;
    struct ruling_item *items = ARENA_ARRAY(arena, struct ruling_item, ruling.item_count + 1);
    for (size_t i = 0; i < ruling.item_count; i++)
        if (items == NULL || !item_unpack(&cursor, arena, &items[i]))
            return false;
    ruling.items = items;
    ruling.entry_count = cursor_varint(&cursor);
    if (!plausible(&cursor, ruling.entry_count))
        return false;
    struct ruling_entry *entries = ARENA_ARRAY(arena, struct ruling_entry, ruling.entry_count + 1);
    for (size_t i = 0; i < ruling.entry_count; i++)
        if (entries == NULL || !entry_unpack(&cursor, &ruling, arena, &entries[i]))
            return false;
    ruling.entries = entries;
    *out = ruling;
    return !cursor.bad && cursor_at_end(&cursor) && !arena_is_exhausted(arena);
}
