/* engine.c: see engine.h. */
#include "property/engine.h"
#include "base/prng.h"
#include "flow/rebuild.h"
#include "flow/verify.h"
#include "ledger/role.h"
#include "order/refusal.h"
#include "store/memory/memory_store.h"
#include "support/machine.h"
#include <stdio.h>
#include <stdlib.h>

static void die(const struct err *err)
{
    fprintf(stderr, "the engine failed: %s\n", err->text);
    abort();
}

static void broken(struct engine *engine, const char *format, ...) PRINTF_LIKE(2, 3);
#include <stdarg.h>
static void broken(struct engine *engine, const char *format, ...)
{
    va_list args;
    if (engine->broken != NULL)
        return;
    va_start(args, format);
    vsnprintf(engine->broken_text, sizeof engine->broken_text, format, args);
    va_end(args);
    engine->broken = engine->broken_text;
}

/* ---- documents in ---- */

static void open_road(struct engine *engine)
{
    struct err err;
    engine->road =
        road_open(engine->store, engine->company,
                  (struct road_options){.default_source = SPAN("file"), .now_us = 1, .zone_bytes = zone_file}, &err);
    if (engine->road == NULL)
        die(&err);
}

static void set(struct engine *engine, int32_t day, const char *key, const char *value)
{
    struct err err;
    if (!road_setting(engine->road, day, span_of(key), span_of(value), &err))
        die(&err);
}

void engine_start(struct engine *engine, struct store *store, const char *code, const struct m_generated *generated)
{
    struct err err;
    char money[4];
    *engine = (struct engine){.store = store};
    if (!store->ops->company_create(store, span_of(code), &engine->company, &err))
        die(&err);
    open_road(engine);
    if (!road_begin(engine->road, &err))
        die(&err);
    set(engine, DAY_MIN, "currency", currency_code(generated->history.settings.company, money));
    set(engine, DAY_MIN, "time_zone", generated->zone);
    for (size_t i = 0; i < generated->setting_count; i++)
        set(engine, generated->settings[i].from, generated->settings[i].key, generated->settings[i].value);
    if (!road_commit(engine->road, &err))
        die(&err);
    road_close(engine->road);
    open_road(engine);
}

void engine_stop(struct engine *engine) { road_close(engine->road); }

struct import {
    struct engine *engine;
    const struct arrival *arrival;
    currency company;
    struct prng prng;
    struct buf line;
    size_t left_in_batch;
    int32_t lock;
};

static void commit_batch(struct import *import)
{
    struct err err;
    if (!road_commit(import->engine->road, &err))
        die(&err);
    if (import->arrival->reopens && prng_below(&import->prng, 8) == 0) {
        road_close(import->engine->road);
        open_road(import->engine);
    }
    if (!road_begin(import->engine->road, &err))
        die(&err);
    import->left_in_batch = 1 + (size_t)prng_below(&import->prng, import->arrival->most_a_batch);
}

static void take(struct import *import, size_t at, bool again)
{
    const struct m_document *document = import->arrival->documents[at];
    struct road_answer answer;
    struct err err;
    buf_reset(&import->line);
    m_document_write(document, import->company, &import->line);
    if (!road_take(import->engine->road, buf_span(&import->line), SPAN("history"), at + 1, &answer, &err))
        die(&err);
    if (import->arrival->show)
        printf("%.*s\n   -> %d %s %.*s%s\n", (int)import->line.len, import->line.ptr, (int)answer.outcome,
               refusal_name(answer.refusal), SPAN_ARG(answer.detail), answer.known ? " (known)" : "");
    if (again && !answer.known && answer.version != 0)
        broken(import->engine, "I-2: %s %s, taken again, was no repetition", m_type_name(document->type), document->id);
    if (import->left_in_batch-- == 1)
        commit_batch(import);
}

static void lock_up_to(struct import *import, int32_t day)
{
    struct err err;
    if (day <= import->lock)
        return;
    import->lock = day;
    if (!road_lock(import->engine->road, day, SPAN("closed"), &err))
        die(&err);
    commit_batch(import);
}

void engine_import(struct engine *engine, const struct arrival *arrival, currency company)
{
    struct err err;
    struct import import = {.engine = engine,
                            .arrival = arrival,
                            .company = company,
                            .prng = prng_make(arrival->seed),
                            .line = buf_make(1 << 20),
                            .lock = INT32_MIN};
    import.left_in_batch = 1 + (size_t)prng_below(&import.prng, arrival->most_a_batch);
    if (!road_begin(engine->road, &err))
        die(&err);
    for (size_t i = 0; i < arrival->count; i++) {
        if (arrival->locks != NULL)
            lock_up_to(&import, arrival->locks[i]);
        take(&import, i, false);
        while (arrival->repeats && prng_below(&import.prng, 10) == 0)
            take(&import, (size_t)prng_below(&import.prng, i + 1), true);
    }
    if (!road_commit(engine->road, &err))
        die(&err);
    buf_done(&import.line);
}

/* ---- what hung on the order of arrival ---- */

/* An absent source: any, as long as one alone has it. */
static bool record_in(struct engine *engine, enum m_type type, struct span source, const char *id, struct arena *arena,
                      struct document_record *out_record)
{
    struct company *company = road_company(engine->road);
    struct err err;
    uint32_t number = 0;
    bool several = false;
    bool found = false;
    if (!company_find_document(company, document_type_find(span_of(m_type_name(type))), source, span_of(id), &number,
                               &several, &err) ||
        (number != 0 && !company_document(company, number, arena, out_record, &found, &err)))
        die(&err);
    return found;
}

static bool record_of(struct engine *engine, const struct m_document *document, struct arena *arena,
                      struct document_record *out_record)
{
    return record_in(engine, document->type, span_of(m_source(document)), document->id, arena, out_record);
}

/* Refusals that hang on what was accepted before: the set accepted depends on the order of arrival there
 * (docs/formats/order-of-movements.md). */
static bool hangs_on_arrival(enum refusal refusal, const struct m_document *document)
{
    bool takes_what_is_open = document->type == M_SHIPMENT && document->lines.count == 0;
    return (refusal == REFUSAL_PICKS_REQUIRED && takes_what_is_open) || refusal == REFUSAL_WOULD_BREAK_LATER ||
           refusal == REFUSAL_REFERRED_TO || refusal == REFUSAL_LINE_UNKNOWN || refusal == REFUSAL_SHORT ||
           refusal == REFUSAL_LOT_NOT_HELD || refusal == REFUSAL_EXCEEDS_ORDERED || refusal == REFUSAL_BELOW_SHIPPED ||
           refusal == REFUSAL_SHIPPED_UNITS || refusal == REFUSAL_NOT_VOIDABLE;
}

/* The instant that was settled for a return when it was decided; M_NONE: it was not posted. */
static int64_t frozen_instant(struct engine *engine, const struct document_record *record)
{
    struct order_slot *slot = NULL;
    struct err err;
    if (record->order_count == 0)
        return M_NONE;
    if (!company_order(road_company(engine->road), record->orders[0], &slot, &err))
        die(&err);
    for (size_t i = 0; slot != NULL && i < slot->count; i++)
        if (slot->documents[i] == record->number && slot->events[i].kind == EVENT_RETURN)
            return slot->events[i].key.at_us;
    return M_NONE;
}

static bool stands_already(const struct m_history *history, const struct m_document *document)
{
    for (size_t k = 0; k < history->count; k++) {
        const struct m_document *other = history->documents[k];
        if (other->type == document->type && m_version(other) == m_version(document) &&
            strcmp(other->id, document->id) == 0 && strcmp(m_source(other), m_source(document)) == 0)
            return true;
    }
    return false;
}

/* A void names it: in key order it comes after everything that stands, since it never stood. */
static bool is_voided(const struct arrival *arrival, const struct m_document *document)
{
    for (size_t i = 0; i < arrival->count; i++) {
        const struct m_document *other = arrival->documents[i];
        const struct m_line *named = other->type == M_VOID ? &other->document.at[0] : NULL;
        if (named != NULL && strcmp(named->id, document->id) == 0 &&
            strcmp(named->type, m_type_name(document->type)) == 0)
            return true;
    }
    return false;
}

/* The order it names was voided. What it was refused about that order it stays refused; who comes later waits. */
static bool is_of_voided_order(struct engine *engine, const struct m_document *document, struct arena *arena)
{
    const struct m_ref order = document->order;
    struct span own = span_of(order.source ? order.source : m_source(document));
    struct document_record record;
    bool found = order.id != NULL && record_in(engine, M_ORDER, own, order.id, arena, &record);
    if (!found && order.id != NULL && order.source == NULL)
        found = record_in(engine, M_ORDER, (struct span){NULL, 0}, order.id, arena, &record);
    return found && document_current(&record) != NULL && document_current(&record)->refusal == REFUSAL_VOIDED;
}

static bool names(const struct m_document *document, const char *type, const char *id)
{
    const struct {
        const char *type, *id;
    } whole[] = {{"order", document->order.id}, {"shipment", document->shipment.id}, {"receipt", document->receipt.id}};
    bool found = false;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        found = found || (whole[i].id != NULL && strcmp(whole[i].type, type) == 0 && strcmp(whole[i].id, id) == 0);
    for (size_t i = 0; i < document->lines.count; i++) {
        const char *receipt = document->lines.at[i].receipt.id;
        found = found || (receipt != NULL && strcmp(type, "receipt") == 0 && strcmp(receipt, id) == 0);
    }
    return found;
}

/* It was refused for what it says about a document that is voided: had the void come first, it would wait. */
static bool speaks_of_what_is_voided(struct engine *engine, const struct arrival *arrival, enum refusal refusal,
                                     const struct m_document *document, struct arena *arena)
{
    struct document_record record;
    if (refusal != REFUSAL_LINE_AMBIGUOUS && refusal != REFUSAL_UOM_UNKNOWN)
        return false;
    for (size_t i = 0; i < arrival->count; i++) {
        const struct m_document *other = arrival->documents[i];
        const struct m_line *named = other->type == M_VOID ? &other->document.at[0] : NULL;
        if (named != NULL && names(document, named->type, named->id) && record_of(engine, other, arena, &record) &&
            document_current(&record)->outcome == OUTCOME_POSTED)
            return true;
    }
    return false;
}

/* A shipment out of the order of keys: the dates of returns hang on when it came. */
static bool ships_late(const struct arrival *arrival)
{
    for (size_t i = 0; i < arrival->count; i++)
        if (arrival->documents[i]->type == M_SHIPMENT && is_voided(arrival, arrival->documents[i]))
            return true;
    return false;
}

/* Named by a void, so put behind everything else in key order, and yet it stands: the void was refused. */
static bool stands_late(struct engine *engine, const struct arrival *arrival, struct arena *arena)
{
    for (size_t i = 0; i < arrival->count; i++) {
        struct document_record record;
        if (is_voided(arrival, arrival->documents[i]) && record_of(engine, arrival->documents[i], arena, &record) &&
            document_current(&record) != NULL && document_current(&record)->outcome == OUTCOME_POSTED)
            return true;
    }
    return false;
}

/* Under backdated entry_order the model reads a document where the engine entered it: a version of a definition or order
 * where it was decided, any other document where it was first posted; what is not posted comes last. */
static int64_t entered(const struct document_record *record, const struct m_document *document)
{
    for (size_t v = 0; v < record->version_count; v++) {
        const struct document_version *version = &record->versions[v];
        if (version->version != m_version(document) || version->outcome != OUTCOME_POSTED)
            continue;
        return (int64_t)(record->type == DOCUMENT_ITEM    ? version->document_seq
                         : record->type == DOCUMENT_ORDER ? version->seq
                                                          : record->entered);
    }
    return INT64_MAX;
}

static bool has_version(const struct document_record *record, int64_t number)
{
    for (size_t v = 0; v < record->version_count; v++)
        if (record->versions[v].version == number)
            return true;
    return false;
}

static void accept(struct engine *engine, const struct arrival *arrival, struct accepted *out,
                   const struct m_document *document, bool in_key_order, struct arena *arena)
{
    /* Two that need the same open units: which of them comes first is seen when they arrive, in key order as well. */
    bool late_only = in_key_order && !is_voided(arrival, document);
    struct document_record record;
    struct m_given given = {NULL, M_NONE, 0};
    /* A version that could not be read is none, as a document that could not be is none. */
    if (!record_of(engine, document, arena, &record) || !has_version(&record, m_version(document))) {
        out->unreadable++;
        return;
    }
    if (out->history.settings.entry_order)
        given.entered = entered(&record, document);
    for (size_t v = 0; v < record.version_count; v++) {
        enum refusal refusal = (enum refusal)record.versions[v].refusal;
        if (record.versions[v].version != m_version(document))
            continue;
        if (record.versions[v].outcome == OUTCOME_FAILED && refusal == REFUSAL_UNSUPPORTED) {
            out->unsupported++;
            return;
        }
        bool late = refusal == REFUSAL_WOULD_BREAK_LATER || refusal == REFUSAL_REFERRED_TO;
        late |= refusal == REFUSAL_PICKS_REQUIRED && is_of_voided_order(engine, document, arena);
        bool stands = !late_only || stands_late(engine, arrival, arena);
        bool hangs = (hangs_on_arrival(refusal, document) && stands) ||
                     (!late_only && speaks_of_what_is_voided(engine, arrival, refusal, document, arena));
        if (record.versions[v].outcome == OUTCOME_FAILED && (late || hangs))
            given.left_out = refusal_name(refusal);
        if (record.versions[v].outcome == OUTCOME_POSTED && document->type == M_RETURN &&
            (!in_key_order || ships_late(arrival)))
            given.frozen_at = frozen_instant(engine, &record);
    }
    if (given.left_out != NULL && stands_already(&out->history, document))
        return;
    out->left_out += given.left_out != NULL;
    out->frozen += given.frozen_at != M_NONE;
    out->given[out->history.count] = given;
    out->history.documents[out->history.count++] = document;
}

struct accepted engine_accepted(struct engine *engine, const struct m_generated *generated,
                                const struct arrival *arrival, bool in_key_order, struct arena *arena)
{
    struct accepted out = {.history = generated->history};
    out.history.documents = arena_array(arena, arrival->count + 1, sizeof *out.history.documents);
    out.given = ARENA_ARRAY(arena, struct m_given, arrival->count + 1);
    must(out.history.documents != NULL && out.given != NULL);
    out.history.given = out.given;
    out.history.count = 0;
    for (size_t i = 0; i < arrival->count; i++)
        accept(engine, arrival, &out, arrival->documents[i], in_key_order, arena);
    return out;
}

/* ---- what the engine tells ---- */

struct collect {
    struct engine *engine;
    struct arena *arena;
    const struct m_generated *generated;
    struct m_answer *answer;
    size_t detail_room, entry_room, daily_room, move_room, outcome_room, stock_room, layer_room, owed_room, slice_room;
    int32_t lock;
};

#define ADD(collect, list, count, room, ...)                                         \
    do {                                                                             \
        if ((count) == (room)) {                                                     \
            size_t grown_room = (room) ? (room)*2 : 64;                              \
            void *grown = arena_array((collect)->arena, grown_room, sizeof *(list)); \
            must(grown);                                                             \
            if ((count) > 0)                                                         \
                memcpy(grown, (list), (count) * sizeof *(list));                     \
            (list) = grown;                                                          \
            (room) = grown_room;                                                     \
        }                                                                            \
        (list)[(count)++] = __VA_ARGS__;                                             \
    } while (0)

static const char *text_of(struct collect *c, struct span text)
{
    return text.len ? arena_copy(c->arena, text).ptr : "";
}

/* J-5: on the date it stands for, or, where that was closed by then, on the day after the lock. */
static void check_date(struct collect *c, const struct ruling_entry *entry)
{
    int32_t wanted = entry->event_day <= c->lock ? c->lock + 1 : entry->event_day;
    if (entry->day != wanted)
        broken(c->engine, "J-5: an entry of %.*s is dated %d, not %d", SPAN_ARG(entry->id), entry->day, wanted);
}

static void collect_entry(struct collect *c, const struct ruling_entry *entry)
{
    const char *type = document_type_name((enum document_type)entry->type);
    const char *id = text_of(c, entry->id);
    check_date(c, entry);
    for (size_t l = 0; l < entry->line_count; l++) {
        const struct line *line = &entry->lines[l];
        struct m_move_row move = {.role = role_name(line->role),
                                  .sku = text_of(c, line->sku),
                                  .location = text_of(c, line->location),
                                  .order = text_of(c, line->order),
                                  .line = text_of(c, line->order_line),
                                  .day = entry->event_day,
                                  .amount = line->amount_minor};
        ADD(c, c->answer->moves, c->answer->move_count, c->move_room, move);
        ADD(c, c->answer->daily, c->answer->daily_count, c->daily_room,
            (struct m_daily_row){.role = move.role, .day = move.day, .posted = move.amount});
        ADD(c, c->answer->details, c->answer->detail_count, c->detail_room,
            (struct m_detail_row){move.role, move.sku, move.location, move.order, move.line, move.amount});
        ADD(c, c->answer->entries, c->answer->entry_count, c->entry_room,
            (struct m_entry_row){move.day, type, id, move.role, move.sku, move.amount});
    }
}

static bool collect_row(void *context, const struct truth_row *row)
{
    struct collect *c = context;
    struct ruling ruling;
    must(ruling_unpack(row, c->arena, &ruling));
    if (row->kind == TRUTH_PERIOD)
        c->lock = row->day;
    for (size_t e = 0; e < ruling.entry_count; e++)
        collect_entry(c, &ruling.entries[e]);
    return true;
}

static const char *outcome_text(enum outcome outcome)
{
    return outcome == OUTCOME_POSTED     ? "posted"
           : outcome == OUTCOME_EXCLUDED ? "excluded"
           : outcome == OUTCOME_WAITING  ? "waiting"
                                         : "failed";
}

static void document_numbered(struct collect *c, uint32_t number, struct document_record *out_record)
{
    bool found = false;
    struct err err;
    if (!company_document(road_company(c->engine->road), number, c->arena, out_record, &found, &err))
        die(&err);
    must(found);
}

static void collect_outcomes(struct collect *c)
{
    struct company *company = road_company(c->engine->road);
    for (uint32_t number = 1; number <= company->last_document; number++) {
        struct document_record record;
        document_numbered(c, number, &record);
        for (size_t v = 0; v < record.version_count && record.type != DOCUMENT_NONE; v++)
            if (record.versions[v].refusal != REFUSAL_UNSUPPORTED)
                ADD(c, c->answer->outcomes, c->answer->outcome_count, c->outcome_room,
                    (struct m_outcome_row){.type = document_type_name(record.type),
                                           .source = text_of(c, record.source),
                                           .id = text_of(c, record.id),
                                           .version = record.versions[v].version,
                                           .outcome = outcome_text(record.versions[v].outcome),
                                           .refusal = refusal_name((enum refusal)record.versions[v].refusal)});
    }
}

static const char *id_of_lot(struct collect *c, movement_id lot)
{
    struct document_record record;
    document_numbered(c, movement_document(lot), &record);
    return text_of(c, record.id);
}

static void collect_pool(struct collect *c, const struct item_state *state, struct m_stock_row *row,
                         const struct pool *pool)
{
    row->first_layer = c->answer->layer_count;
    row->value = pool_value(state, pool) - pool_owed_value(pool);
    row->owed = pool_owed_qty(pool);
    int64_t *shown = ARENA_ARRAY(c->arena, int64_t, pool->layer_count + 1);
    int64_t *weights = ARENA_ARRAY(c->arena, int64_t, pool->layer_count + 1);
    must(shown != NULL && weights != NULL);
    for (size_t l = 0; l < pool->layer_count; l++) {
        shown[l] = pool->layers[l].value_minor;
        weights[l] = pool->layers[l].qty_micro;
    }
    if (state->average && pool->layer_count > 0) /* the pool has one value: shares of it are shown */
        split_by_weight(pool->value_minor, weights, pool->layer_count, shown);
    for (size_t l = 0; pool->kind == POOL_STOCK && l < pool->layer_count; l++)
        ADD(c, c->answer->layers, c->answer->layer_count, c->layer_room,
            (struct m_layer_row){id_of_lot(c, pool->layers[l].lot), pool->layers[l].qty_micro, shown[l]});
    for (size_t o = 0; o < pool->owed_count; o++)
        ADD(c, c->answer->owed, c->answer->owed_count, c->owed_room,
            (struct m_owed_row){row->sku, row->location, id_of_lot(c, pool->owed[o].issue), pool->owed[o].qty_micro,
                                pool->owed[o].value_minor});
    row->layer_count = c->answer->layer_count - row->first_layer;
}

static void collect_gone(struct collect *c, const char *sku, const struct item_state *whole)
{
    for (size_t g = 0; g < whole->gone_count; g++) {
        const struct gone *gone = &whole->gone[g];
        if (gone->to_supplier || gone->qty_micro == 0)
            continue;
        ADD(c, c->answer->slices, c->answer->slice_count, c->slice_room,
            (struct m_slice_row){.sku = sku,
                                 .document = id_of_lot(c, gone->movement),
                                 .lot = id_of_lot(c, gone->lot),
                                 .role = role_name(gone->where.role),
                                 .order = text_of(c, gone->where.order),
                                 .line = text_of(c, gone->where.order_line),
                                 .qty = gone->qty_micro,
                                 .value = gone->value_minor});
    }
}

/* At the end of any day stock is worth what was posted up to it, and its units are those of its pools. */
static void check_days(struct collect *c, const struct item_book *book, struct span sku)
{
    for (int32_t day = day_from_civil(2026, 1, 8); day < day_from_civil(2026, 2, 5); day += 4) {
        struct item_state state = item_book_state_at(book, day, c->arena);
        int64_t worth_minor = 0;
        int64_t posted_minor = 0;
        int64_t units_micro = 0;
        for (size_t i = 0; i < state.pool_count; i++) {
            worth_minor += pool_value(&state, &state.pools[i]) - pool_owed_value(&state.pools[i]);
            units_micro += pool_qty(&state.pools[i]) - pool_owed_qty(&state.pools[i]);
        }
        for (size_t i = 0; i < state.count_count; i++)
            units_micro -= state.counts[i].units[UNITS_OWN];
        for (size_t i = 0; i < c->answer->entry_count; i++) {
            const struct m_entry_row *row = &c->answer->entries[i];
            bool stock = strcmp(row->role, "inventory") == 0 || strcmp(row->role, "inventory_owed") == 0 ||
                         strcmp(row->role, "inventory_in_transit") == 0;
            if (stock && row->day <= day && span_eq(span_of(row->sku), sku))
                posted_minor += row->amount;
        }
        if (worth_minor != posted_minor || units_micro != 0)
            broken(c->engine, "%.*s on day %d: worth %lld, posted %lld; %lld units more in pools than counted",
                   SPAN_ARG(sku), day, (long long)worth_minor, (long long)posted_minor, (long long)units_micro);
    }
}

enum { MOST_PLACES = 64 };
struct places {
    struct span at[MOST_PLACES];
    size_t count;
};

static void add_place(struct places *places, struct span place)
{
    for (size_t i = 0; i < places->count; i++)
        if (span_eq(places->at[i], place))
            return;
    must(places->count < MOST_PLACES);
    places->at[places->count++] = place;
}

/* Every location with a pool, a count or a reservation. */
static struct places places_of(const struct collect *c, const struct item_state *state)
{
    struct places places = {.count = 0};
    for (size_t i = 0; i < state->count_count; i++)
        add_place(&places, state->counts[i].location);
    for (size_t i = 0; i < state->pool_count; i++)
        add_place(&places, state->pools[i].name);
    add_place(&places, SPAN("main"));
    for (size_t i = 0; i < c->generated->history.count; i++)
        if (c->generated->history.documents[i]->type == M_LOCATION)
            add_place(&places, span_of(c->generated->history.documents[i]->code));
    return places;
}

static void collect_place(struct collect *c, uint32_t item, const char *sku, const struct item_state *state,
                          const struct item_state *whole, struct span place)
{
    bool transit = span_eq(place, SPAN("\x01transit"));
    struct m_stock_row row = {.sku = sku, .location = transit ? "in_transit" : text_of(c, place)};
    const struct location_count *count = item_state_count(state, place);
    struct err err;
    int64_t reserved = 0;
    if (!transit && !company_reserved(road_company(c->engine->road), item, place, &reserved, &err))
        die(&err);
    if (count != NULL && !transit) {
        row.on_hand = count->units[UNITS_OWN] + count->units[UNITS_DAMAGED] + count->units[UNITS_CONSIGNED];
        row.sellable = row.on_hand - count->units[UNITS_DAMAGED] - count->units[UNITS_QUARANTINED];
        row.owned = row.on_hand - count->units[UNITS_CONSIGNED];
    }
    if (count != NULL && transit)
        row.owned = count->units[UNITS_OWN];
    row.reserved = reserved;
    row.available = row.sellable - reserved;
    row.first_layer = c->answer->layer_count;
    for (size_t g = 0; g < whole->gone_count && !transit; g++)
        if (whole->gone[g].where.role == ROLE_GOODS_OUT && span_eq(whole->gone[g].where.location, place))
            row.owned += whole->gone[g].qty_micro;
    int pool = item_state_pool(state, transit ? POOL_TRANSIT : POOL_STOCK, place);
    if (pool >= 0)
        collect_pool(c, state, &row, &state->pools[pool]);
    if (row.on_hand || row.sellable || row.reserved || row.owned || row.owed || row.value || row.layer_count)
        ADD(c, c->answer->stock, c->answer->stock_count, c->stock_room, row);
}

static bool collect_item(void *context, struct span key, struct span value)
{
    struct collect *c = context;
    struct company *company = road_company(c->engine->road);
    const struct definition *item = NULL;
    struct item_book *book = NULL;
    struct err err;
    struct span sku = arena_copy(c->arena, key);
    (void)value;
    if (!company_definition(company, DOCUMENT_ITEM, sku, &item, &err))
        die(&err);
    enum cost_method own = item->versions[0].document->item.cost_method;
    int method = own != COST_METHOD_ABSENT ? (int)own : company_policy(company, DAY_MIN)->cost_method;
    if (!company_item_book(company, item->number, method == METHOD_AVERAGE, true, &book, &err))
        die(&err);
    const struct movement *wrong = item_book_check(book, c->arena);
    if (wrong != NULL)
        broken(c->engine, "C-5: %.*s: %.*s %.*s is decided otherwise in a run from the first movement", SPAN_ARG(sku),
               SPAN_ARG(wrong->key.type), SPAN_ARG(wrong->key.id));
    check_days(c, book, sku);
    struct item_state whole = item_book_state_at(book, INT32_MAX, c->arena);
    struct places places = places_of(c, &book->state);
    for (size_t p = 0; p < places.count; p++)
        collect_place(c, item->number, sku.ptr, &book->state, &whole, places.at[p]);
    collect_gone(c, sku.ptr, &whole);
    return true;
}

struct m_answer engine_answer(struct engine *engine, const struct m_generated *generated, struct arena *arena)
{
    struct m_answer answer = {0};
    struct collect c = {.engine = engine, .arena = arena, .generated = generated, .answer = &answer, .lock = INT32_MIN};
    struct company *company = road_company(engine->road);
    const struct span all = {NULL, 0};
    struct err err;
    collect_outcomes(&c);
    if (!engine->store->ops->truth_scan(engine->store, engine->company, 1, UINT64_MAX, collect_row, &c, &err) ||
        !company->views.scan(company->views.context, VIEW_ITEM, all, all, collect_item, &c, &err))
        die(&err);
    m_answer_sort(&answer);
    return answer;
}

/* ---- two stores, one content ---- */

static struct seal last_seal(struct engine *engine)
{
    struct seal seal = {0};
    struct err err;
    uint64_t seq, block;
    if (!engine->store->ops->last_numbers(engine->store, engine->company, &seq, &block, &seal, &err))
        die(&err);
    return seal;
}

static bool hash_view(void *context, struct span key, struct span value)
{
    hasher_put_field(context, key);
    hasher_put_field(context, value);
    return true;
}

static struct hash views_hash(struct engine *engine, enum view_space space)
{
    const struct span all = {NULL, 0};
    struct hasher hasher;
    struct err err;
    hasher_init(&hasher);
    if (!engine->store->ops->view_scan(engine->store, engine->company, space, all, all, hash_view, &hasher, &err))
        die(&err);
    return hasher_end(&hasher);
}

bool engine_same_bytes(struct engine *a, struct engine *b)
{
    struct seal left = last_seal(a), right = last_seal(b);
    if (left.number != right.number || memcmp(&left.hash, &right.hash, sizeof left.hash) != 0) {
        broken(b, "the stores hold other truth: their last seals differ");
        return false;
    }
    for (int space = 1; space < VIEW_SPACE_LIMIT; space++) {
        struct hash x = views_hash(a, (enum view_space)space), y = views_hash(b, (enum view_space)space);
        if (memcmp(&x, &y, sizeof x) != 0) {
            broken(b, "R-1: the stores hold other views: %s", view_space_name((enum view_space)space));
            return false;
        }
    }
    return true;
}

static void verify_report(void *context, const struct verify_finding *finding)
{
    broken(context, "verify: %s %s %.*s: %.*s", finding->check, finding->table, SPAN_ARG(finding->key),
           SPAN_ARG(finding->detail));
}

static struct store *scratch_store(struct err *err)
{
    struct store *store = memory_store_new();
    if (store == NULL)
        (void)err_set(err, FAILURE_MEMORY, "out of memory");
    return store;
}

bool engine_verifies(struct engine *engine)
{
    struct verify_options options = {
        .zone_bytes = zone_file, .scratch_store = scratch_store, .report = verify_report, .context = engine};
    struct rebuild_options rebuild = {.zone_bytes = zone_file};
    struct verify_counts counts = {0};
    struct hash before[VIEW_SPACE_LIMIT];
    struct err err;
    uint64_t rows = 0;
    if (!verify_company(engine->store, engine->company, &options, &counts, &err))
        die(&err);
    for (int space = 1; space < VIEW_SPACE_LIMIT; space++)
        before[space] = views_hash(engine, (enum view_space)space);
    if (!rebuild_company(engine->store, engine->company, &rebuild, &rows, &err))
        die(&err);
    for (int space = 1; space < VIEW_SPACE_LIMIT; space++) {
        struct hash after = views_hash(engine, (enum view_space)space);
        if (memcmp(&before[space], &after, sizeof after) != 0)
            broken(engine, "R-1: rebuilt views differ: %s", view_space_name((enum view_space)space));
    }
    return engine->broken == NULL;
}
