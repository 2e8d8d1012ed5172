/* history_test.c: random histories through the engine and through the slow second model; both must agree to the cent.
 *
 * HISTORIES and DOCUMENTS set how many and how long (the proof uses 100,000 of up to 200); SEED replays one. A failure
 * prints seed, settings, the differing rows and, with SHOW=1, the documents in their order of arrival. */
#include "flow/rebuild.h"
#include "flow/road.h"
#include "ledger/role.h"
#include "model/history.h"
#include "order/refusal.h"
#include "store/memory/memory_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int64_t from_environment(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    int64_t value = 0;
    return text && decimal_read(span_of(text), 0, &value) == DECIMAL_OK ? value : otherwise;
}

static struct span zone_file(struct span name, struct arena *arena)
{
    char path[300];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%.*s", SPAN_ARG(name));
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return (struct span){NULL, 0};
    char *bytes = arena_alloc(arena, 100000);
    size_t len = fread(bytes, 1, 100000, file);
    fclose(file);
    return (struct span){bytes, len};
}

/* ---- the engine's side ---- */

struct engine {
    struct store *store;
    uint32_t company;
    struct road *road;
};

static void die(const struct err *err)
{
    fprintf(stderr, "the engine failed: %s\n", err->text);
    abort();
}

static struct road *road_on(struct engine *engine)
{
    struct err err;
    struct road *road =
        road_open(engine->store, engine->company,
                  (struct road_options){.default_source = SPAN("file"), .now_us = 1, .zone_bytes = zone_file}, &err);
    if (road == NULL)
        die(&err);
    return road;
}

static struct engine engine_start(const struct m_generated *generated)
{
    struct err err;
    char code[4];
    struct engine engine = {.store = memory_store_new()};
    if (!engine.store->ops->company_create(engine.store, SPAN("main"), &engine.company, &err))
        die(&err);
    engine.road = road_on(&engine);
    if (!road_begin(engine.road, &err) ||
        !road_setting(engine.road, DAY_MIN, SPAN("currency"),
                      span_of(currency_code(generated->history.settings.company, code)), &err))
        die(&err);
    bool zoned = false;
    for (size_t i = 0; i < generated->setting_count; i++) {
        const char *key = generated->settings[i][0];
        if (strcmp(key, "currency") == 0)
            continue;
        zoned |= strcmp(key, "time_zone") == 0;
        if (!road_setting(engine.road, DAY_MIN, span_of(key), span_of(generated->settings[i][1]), &err))
            die(&err);
    }
    if (!zoned && !road_setting(engine.road, DAY_MIN, SPAN("time_zone"), SPAN("UTC"), &err))
        die(&err);
    if (!road_commit(engine.road, &err))
        die(&err);
    road_close(engine.road);
    engine.road = road_on(&engine);
    return engine;
}

/* Definitions and rates come first, as the promise on arrival says. Returns may come last: the shipment that dates a return
 * is settled when it is decided (docs/decisions/0016), so there the model works the date out by itself. The others keep
 * their order. */
static void definitions_first(struct m_generated *generated, bool returns_last, struct arena *arena)
{
    size_t count = generated->history.count;
    const struct m_document **sorted = ARENA_ARRAY(arena, const struct m_document *, count + 1);
    size_t at = 0;
    must(sorted != NULL);
    for (int pass = 0; pass < 3; pass++)
        for (size_t i = 0; i < count; i++) {
            enum m_type type = generated->history.documents[i]->type;
            bool defines = type == M_ITEM || type == M_LOCATION || type == M_RATE;
            if (pass == (defines ? 0 : type == M_RETURN && returns_last ? 2 : 1))
                sorted[at++] = generated->history.documents[i];
        }
    memcpy(generated->history.documents, sorted, count * sizeof *sorted);
}

/* Where returns come at any time, the model is given the instants that were frozen with them, as the clean run is. */
static void freeze_returns(struct engine *engine, struct m_generated *generated, struct arena *arena)
{
    struct company *company = road_company(engine->road);
    for (size_t i = 0; i < generated->history.count; i++) {
        struct m_document *document = (struct m_document *)(uintptr_t)generated->history.documents[i];
        struct err err;
        uint32_t number = 0;
        bool several = false;
        bool found = false;
        struct document_record record;
        struct order_slot *slot = NULL;
        if (document->type != M_RETURN)
            continue;
        if (!company_find_document(company, DOCUMENT_RETURN, span_of(m_source(document)), span_of(document->id),
                                   &number, &several, &err) ||
            (number != 0 && !company_document(company, number, arena, &record, &found, &err)) ||
            (found && record.order_count > 0 && !company_order(company, record.orders[0], &slot, &err)))
            die(&err);
        for (size_t e = 0; slot != NULL && e < slot->count; e++)
            if (slot->documents[e] == number)
                document->frozen_at = slot->events[e].key.at_us;
    }
}

static void drop_document(struct m_generated *generated, size_t at)
{
    memmove(&generated->history.documents[at], &generated->history.documents[at + 1],
            (generated->history.count - at - 1) * sizeof generated->history.documents[0]);
    generated->history.count--;
}

/* Imports the documents in their order of arrival. */
static void engine_import(struct engine *engine, struct m_generated *generated, size_t batch, bool twice)
{
    struct err err;
    struct buf line = buf_make(1 << 20);
    size_t since = 0;
    if (!road_begin(engine->road, &err))
        die(&err);
    for (int pass = 0; pass < (twice ? 2 : 1); pass++)
        for (size_t i = 0; i < generated->history.count; i++) {
            struct m_document *document = (struct m_document *)(uintptr_t)generated->history.documents[i];
            struct road_answer answer;
            buf_reset(&line);
            m_document_write(document, generated->history.settings.company, &line);
            if (!road_take(engine->road, buf_span(&line), SPAN("history"), i + 1, &answer, &err))
                die(&err);
            if (getenv("SHOW"))
                printf("%.*s\n   -> %d %s %.*s\n", (int)line.len, line.ptr, (int)answer.outcome,
                       refusal_name(answer.refusal), SPAN_ARG(answer.detail));
            if (!answer.known && answer.outcome == OUTCOME_FAILED && answer.version == 0)
                drop_document(generated, i--); /* no document at all: both sides pass it over */
            if (++since == batch) {
                since = 0;
                if (!road_commit(engine->road, &err) || !road_begin(engine->road, &err))
                    die(&err);
            }
        }
    if (!road_commit(engine->road, &err))
        die(&err);
    buf_done(&line);
}

static uint64_t unsupported;

/* What the engine refused because of the order of arrival is not part of the set that the model reads. Where documents
 * arrived in key order nothing is left out but what would break an accepted document. */
static void leave_out(struct engine *engine, struct m_generated *generated, struct arena *arena)
{
    bool disorder = (generated->features.on & (M_WITH_DISORDER | M_WITH_VOIDS | M_WITH_EDITS | M_WITH_VERSIONS)) != 0;
    for (size_t i = 0; i < generated->history.count; i++)
        ((struct m_document *)(uintptr_t)generated->history.documents[i])->left_out = NULL;
    for (size_t i = 0; i < generated->history.count; i++) {
        struct m_document *document = (struct m_document *)(uintptr_t)generated->history.documents[i];
        struct err err;
        uint32_t number = 0;
        bool several = false;
        bool found = false;
        struct document_record record;
        if (!company_find_document(road_company(engine->road), document_type_find(span_of(m_type_name(document->type))),
                                   span_of(m_source(document)), span_of(document->id), &number, &several, &err))
            die(&err);
        if (number == 0)
            continue;
        if (!company_document(road_company(engine->road), number, arena, &record, &found, &err))
            die(&err);
        for (size_t v = 0; found && v < record.version_count; v++) {
            enum refusal refusal = (enum refusal)record.versions[v].refusal;
            if (record.versions[v].version != m_version(document) || record.versions[v].outcome != OUTCOME_FAILED)
                continue;
            bool by_order = refusal == REFUSAL_WOULD_BREAK_LATER || refusal == REFUSAL_REFERRED_TO ||
                            refusal == REFUSAL_SHORT ||
                            (disorder && (refusal == REFUSAL_LINE_UNKNOWN || refusal == REFUSAL_LOT_NOT_HELD ||
                                          refusal == REFUSAL_EXCEEDS_ORDERED || refusal == REFUSAL_BELOW_SHIPPED ||
                                          refusal == REFUSAL_SHIPPED_UNITS || refusal == REFUSAL_NOT_VOIDABLE));
            bool repeated = false;
            for (size_t k = 0; k < i; k++) {
                const struct m_document *other = generated->history.documents[k];
                repeated |= other->type == document->type && m_version(other) == m_version(document) &&
                            strcmp(other->id, document->id) == 0 && strcmp(m_source(other), m_source(document)) == 0;
            }
            if (refusal == REFUSAL_UNSUPPORTED) {
                drop_document(generated, i--); /* named as not posted by this version: neither side reads it */
                unsupported++;
                break;
            }
            if (by_order && !repeated)
                document->left_out = refusal_name(refusal);
            else if (by_order)
                drop_document(generated, i--); /* it is not counted again */
        }
    }
}

static const char *text_of(struct arena *arena, struct span text)
{
    return text.len ? arena_copy(arena, text).ptr : "";
}

struct collect {
    struct arena *arena;
    struct m_answer *answer;
    size_t detail_room, entry_room, daily_room, outcome_room;
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

static bool collect_row(void *context, const struct truth_row *row)
{
    struct collect *c = context;
    struct ruling ruling;
    must(ruling_unpack(row, c->arena, &ruling));
    for (size_t e = 0; e < ruling.entry_count; e++) {
        const struct ruling_entry *entry = &ruling.entries[e];
        for (size_t l = 0; l < entry->line_count; l++) {
            const struct line *line = &entry->lines[l];
            const char *role = role_name(line->role);
            ADD(c, c->answer->daily, c->answer->daily_count, c->daily_room,
                (struct m_daily_row){.role = role, .day = entry->day, .posted = line->amount_minor});
            ADD(c, c->answer->details, c->answer->detail_count, c->detail_room,
                (struct m_detail_row){.role = role,
                                      .sku = text_of(c->arena, line->sku),
                                      .location = text_of(c->arena, line->location),
                                      .order = text_of(c->arena, line->order),
                                      .line = text_of(c->arena, line->order_line),
                                      .amount = line->amount_minor});
            ADD(c, c->answer->entries, c->answer->entry_count, c->entry_room,
                (struct m_entry_row){.day = entry->event_day,
                                     .type = document_type_name((enum document_type)entry->type),
                                     .document = text_of(c->arena, entry->id),
                                     .role = role,
                                     .sku = text_of(c->arena, line->sku),
                                     .amount = line->amount_minor});
        }
    }
    return true;
}

static const char *outcome_text(enum outcome outcome)
{
    return outcome == OUTCOME_POSTED     ? "posted"
           : outcome == OUTCOME_EXCLUDED ? "excluded"
           : outcome == OUTCOME_WAITING  ? "waiting"
                                         : "failed";
}

static void collect_outcomes(struct engine *engine, struct collect *c)
{
    struct company *company = road_company(engine->road);
    struct err err;
    for (uint32_t number = 1; number <= company->last_document; number++) {
        struct document_record record;
        bool found = false;
        if (!company_document(company, number, c->arena, &record, &found, &err))
            die(&err);
        for (size_t v = 0; v < record.version_count && record.type != DOCUMENT_NONE; v++)
            if (record.versions[v].refusal != REFUSAL_UNSUPPORTED)
                ADD(c, c->answer->outcomes, c->answer->outcome_count, c->outcome_room,
                    (struct m_outcome_row){.type = document_type_name(record.type),
                                           .source = text_of(c->arena, record.source),
                                           .id = text_of(c->arena, record.id),
                                           .version = record.versions[v].version,
                                           .outcome = outcome_text(record.versions[v].outcome),
                                           .refusal = record.versions[v].refusal
                                                          ? refusal_name((enum refusal)record.versions[v].refusal)
                                                          : ""});
    }
}

struct stock_collect {
    struct engine *engine;
    struct collect *c;
    size_t stock_room, layer_room;
};

static void collect_pool(struct stock_collect *s, const struct item_state *state, struct m_stock_row *row,
                         const struct pool *pool)
{
    struct company *company = road_company(s->engine->road);
    struct err err;
    row->first_layer = s->c->answer->layer_count;
    row->value = pool_value(state, pool) - pool_owed_value(pool);
    row->owed = pool_owed_qty(pool);
    int64_t *shown = ARENA_ARRAY(s->c->arena, int64_t, pool->layer_count + 1);
    int64_t *weights = ARENA_ARRAY(s->c->arena, int64_t, pool->layer_count + 1);
    must(shown != NULL && weights != NULL);
    for (size_t l = 0; l < pool->layer_count; l++) {
        shown[l] = pool->layers[l].value_minor;
        weights[l] = pool->layers[l].qty_micro;
    }
    if (state->average && pool->layer_count > 0) /* the pool has one value: shares of it are shown */
        split_by_weight(pool->value_minor, weights, pool->layer_count, shown);
    for (size_t l = 0; pool->kind == POOL_STOCK && l < pool->layer_count; l++) {
        struct document_record record;
        bool found = false;
        if (!company_document(company, movement_document(pool->layers[l].lot), s->c->arena, &record, &found, &err))
            die(&err);
        ADD(s->c, s->c->answer->layers, s->c->answer->layer_count, s->layer_room,
            (struct m_layer_row){text_of(s->c->arena, record.id), pool->layers[l].qty_micro, shown[l]});
    }
    row->layer_count = s->c->answer->layer_count - row->first_layer;
}

static bool collect_item(void *context, struct span key, struct span value)
{
    struct stock_collect *s = context;
    struct company *company = road_company(s->engine->road);
    const struct definition *item = NULL;
    struct item_book *book = NULL;
    struct err err;
    struct span sku = arena_copy(s->c->arena, key);
    (void)value;
    if (!company_definition(company, DOCUMENT_ITEM, sku, &item, &err))
        die(&err);
    bool average = item->versions[0].document->item.cost_method == COST_AVERAGE;
    if (!company_item_book(company, item->number, average, true, &book, &err))
        die(&err);
    const struct movement *wrong = item_book_check(book, s->c->arena);
    if (wrong != NULL) {
        fprintf(stderr, "C-5: %.*s: %.*s %.*s is decided otherwise in a run from the first movement\n", SPAN_ARG(sku),
                SPAN_ARG(wrong->key.type), SPAN_ARG(wrong->key.id));
        abort();
    }
    const struct item_state *state = &book->state;
    struct item_state whole = item_book_state_at(book, INT32_MAX, s->c->arena);
    /* Every location with a pool, a count or a reservation. */
    struct span places[32];
    size_t place_count = 0;
    for (size_t i = 0; i < state->count_count; i++)
        places[place_count++] = state->counts[i].location;
    for (size_t i = 0; i < state->pool_count; i++) {
        bool known = false;
        for (size_t p = 0; p < place_count; p++)
            known |= span_eq(places[p], state->pools[i].name);
        if (!known)
            places[place_count++] = state->pools[i].name;
    }
    static const char *const codes[] = {"main", "east", "west", "shop", "A",     "B",
                                        "C",    "L1",   "L2",   "L3",   "north", "south"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        bool known = false;
        for (size_t p = 0; p < place_count; p++)
            known |= span_eq(places[p], span_of(codes[i]));
        if (!known)
            places[place_count++] = span_of(codes[i]);
    }
    for (size_t p = 0; p < place_count; p++) {
        bool transit = span_eq(places[p], SPAN("\x01transit"));
        struct m_stock_row row = {.sku = sku.ptr, .location = transit ? "in_transit" : text_of(s->c->arena, places[p])};
        const struct location_count *count = item_state_count(state, places[p]);
        int64_t reserved = 0;
        if (!transit && !company_reserved(company, item->number, places[p], &reserved, &err))
            die(&err);
        if (count != NULL && !transit) {
            row.on_hand = count->units[0] + count->units[2] + count->units[3];
            row.sellable = row.on_hand - count->units[2] - count->units[1];
            row.owned = row.on_hand - count->units[3];
        }
        if (count != NULL && transit)
            row.owned = count->units[0];
        row.reserved = reserved;
        row.available = row.sellable - reserved;
        int pool = item_state_pool(state, transit ? POOL_TRANSIT : POOL_STOCK, places[p]);
        row.first_layer = s->c->answer->layer_count;
        for (size_t g = 0; g < whole.gone_count && !transit; g++)
            if (whole.gone[g].where.role == ROLE_GOODS_OUT && span_eq(whole.gone[g].where.location, places[p]))
                row.owned += whole.gone[g].qty_micro;
        if (pool >= 0)
            collect_pool(s, state, &row, &state->pools[pool]);
        if (row.on_hand || row.sellable || row.reserved || row.owned || row.owed || row.value || row.layer_count)
            ADD(s->c, s->c->answer->stock, s->c->answer->stock_count, s->stock_room, row);
    }
    return true;
}

static struct m_answer engine_answer(struct engine *engine, struct arena *arena)
{
    struct m_answer answer = {0};
    struct collect c = {.arena = arena, .answer = &answer};
    struct stock_collect s = {.engine = engine, .c = &c};
    struct err err;
    struct company *company = road_company(engine->road);
    const struct span all = {NULL, 0};
    collect_outcomes(engine, &c);
    if (!engine->store->ops->truth_scan(engine->store, engine->company, 1, UINT64_MAX, collect_row, &c, &err))
        die(&err);
    if (!company->views.scan(company->views.context, VIEW_ITEM, all, all, collect_item, &s, &err))
        die(&err);
    m_answer_sort(&answer);
    return answer;
}

static void engine_stop(struct engine *engine)
{
    road_close(engine->road);
    engine->store->ops->close(engine->store);
}

/* ---- the comparison ---- */

static bool agree(uint64_t seed, struct m_generated *generated, struct engine *engine, bool returns_last,
                  const char *how, struct arena *arena)
{
    static char text[4000];
    struct m_answer found = engine_answer(engine, arena);
    leave_out(engine, generated, arena);
    if (!returns_last)
        freeze_returns(engine, generated, arena);
    struct m_answer wanted = m_model_answer(&generated->history, arena);
    unsigned parts = (unsigned)from_environment("PARTS", M_COMPARE_OUTCOMES | M_COMPARE_DAILY | M_COMPARE_STOCK);
    if (m_answer_equal(&wanted, &found, parts, text, sizeof text))
        return true;
    printf("seed %llu (%s): the model and the engine differ\n%s\n", (unsigned long long)seed, how, text);
    for (size_t i = 0; i < generated->setting_count; i++)
        printf("  %s=%s\n", generated->settings[i][0], generated->settings[i][1]);
    return false;
}

/* One run over many seeds; what it covered is printed. */
struct tally {
    int64_t histories, differing;
    uint64_t documents, unsupported;
};

static struct tally run(int64_t first, int64_t histories, int64_t documents, struct m_features allowed)
{
    struct tally tally = {0};
    unsupported = 0;
    for (int64_t seed = first; seed < first + histories; seed++) {
        struct arena arena = arena_make((size_t)1 << 30);
        struct m_generated generated =
            m_history_make((uint64_t)seed, (size_t)(1 + seed * 7919 % documents), allowed, &arena);
        bool returns_last = seed % 3 == 0;
        definitions_first(&generated, returns_last, &arena);
        struct engine engine = engine_start(&generated);
        engine_import(&engine, &generated, 1 + (size_t)seed % 9, seed % 4 == 0);
        tally.histories++;
        tally.documents += generated.history.count;
        tally.differing += !agree((uint64_t)seed, &generated, &engine, returns_last, "as it arrived", &arena);
        engine_stop(&engine);
        arena_done(&arena);
    }
    tally.unsupported = unsupported;
    return tally;
}

/* Runs that a person steers: SEED or FIRST and HISTORIES, DOCUMENTS, FEATURES and MORE as masks of model/history.h. */
static void histories_asked_for_agree(void **state)
{
    (void)state;
    int64_t seed = from_environment("SEED", 0);
    struct m_features allowed = m_features_all();
    if (getenv("HISTORIES") == NULL && seed == 0)
        skip();
    allowed.on &= (unsigned)from_environment("FEATURES", 0xffffffff);
    allowed.more &= (unsigned)from_environment("MORE", 0xffffffff);
    struct tally tally = run(seed ? seed : from_environment("FIRST", 1), seed ? 1 : from_environment("HISTORIES", 1),
                             from_environment("DOCUMENTS", 60), allowed);
    printf("%lld histories, %llu documents, %lld differ; %llu documents of forms that are not posted yet\n",
           (long long)tally.histories, (unsigned long long)tally.documents, (long long)tally.differing,
           (unsigned long long)tally.unsupported);
    assert_int_equal(tally.differing, 0);
}

/* Each feature beside receipts, orders, payments and shipments, with the cost methods taking turns. */
static void every_feature_alone_agrees_with_the_second_model(void **state)
{
    (void)state;
    if (getenv("HISTORIES") != NULL || getenv("SEED") != NULL)
        skip();
    static const struct {
        const char *name;
        unsigned on, more;
        int64_t known; /* differing ones that docs/acceptance.md owns up to; never to grow */
    } rows[] = {
        {"nothing else", 0, 0, 0},
        {"returns", M_WITH_RETURNS, 0, 0},
        {"refunds", M_WITH_REFUNDS, 0, 0},
        {"cancels", M_WITH_CANCELS, 0, 0},
        {"transfers", M_WITH_TRANSFERS, 0, 0},
        {"counts", M_WITH_COUNTS, 0, 0},
        {"adjustments", M_WITH_ADJUSTMENTS, 0, 0},
        {"discounts, shipping, taxes, tips", M_WITH_DISCOUNTS | M_WITH_SHIPPING | M_WITH_TAXES | M_WITH_TIPS, 0, 0},
        {"odd quantities and prices", M_WITH_FRACTIONS, 0, 0},
        {"any order of arrival", M_WITH_DISORDER, 0, 0},
        {"strangers", M_WITH_STRANGERS, 0, 0},
        {"dates only", M_WITH_DATES_ONLY, 0, 0},
        {"cost methods by item", M_WITH_METHODS, 0, 0},
        {"bills", M_WITH_BILLS, 0, 0},
        {"landed cost", M_WITH_LANDED_COST, 0, 0},
        {"cost corrections", M_WITH_CORRECTIONS, 0, 0},
        {"supplier returns", M_WITH_SUPPLIER_RETURNS, 0, 0},
        {"status changes", M_WITH_STATUS_CHANGES, 0, 0},
        {"bundles", M_WITH_BUNDLES, 0, 0},
        {"services", M_WITH_SERVICES, 0, 0},
        {"versions", M_WITH_VERSIONS, 0, 0},
        {"order edits", M_WITH_EDITS, 0, 0},
        {"voids", M_WITH_VOIDS, 0, 0},
        {"entries", M_WITH_ENTRIES, 0, 0},
        {"duplicates", M_WITH_DUPLICATES, 0, 0},
        {"value changes", M_WITH_VALUE_CHANGES, 0, 0},
        {"dropship", M_WITH_DROPSHIP, 0, 0},
        {"purchases in another currency", M_WITH_BILLS | M_WITH_CORRECTIONS | M_WITH_SUPPLIER_RETURNS,
         M_WITH_FOREIGN_PURCHASES | M_WITH_CREDIT_NOTES, 0},
        {"consigned goods",
         M_WITH_CONSIGNMENT | M_WITH_RETURNS | M_WITH_BILLS | M_WITH_TRANSFERS | M_WITH_COUNTS | M_WITH_DISORDER, 0, 0},
        {"counts by lot", M_WITH_COUNTS | M_WITH_DISORDER, M_WITH_LOTS, 0},
        {"true-up at the origin",
         M_WITH_BILLS | M_WITH_ADJUSTMENTS | M_WITH_TRANSFERS | M_WITH_RETURNS | M_WITH_DELIVERIES, M_WITH_TRUE_UP, 0},
        {"money on account", M_WITH_DISORDER | M_WITH_CANCELS | M_WITH_REFUNDS | M_WITH_VOIDS,
         M_WITH_ON_ACCOUNT | M_WITH_AT_PAYMENT, 0},
        {"revenue and tax at payment", 0, M_WITH_AT_PAYMENT, 0},
        {"the same, returned, refunded, edited",
         M_WITH_RETURNS | M_WITH_REFUNDS | M_WITH_CANCELS | M_WITH_EDITS | M_WITH_TAXES | M_WITH_DISCOUNTS |
             M_WITH_SHIPPING,
         M_WITH_AT_PAYMENT, 0},
    };
    int64_t differing = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tally tally = run(1, 40, 60, (struct m_features){.on = rows[i].on, .more = rows[i].more});
        printf("%-34s %3lld histories %5llu documents %lld differ\n", rows[i].name, (long long)tally.histories,
               (unsigned long long)tally.documents, (long long)tally.differing);
        differing += tally.differing > rows[i].known;
    }
    assert_int_equal(differing, 0);
}

/* Everything at once still differs now and then (docs/acceptance.md has the rate). This keeps it from growing. */
static void all_features_together_differ_no_more_than_they_did(void **state)
{
    (void)state;
    if (getenv("HISTORIES") != NULL || getenv("SEED") != NULL)
        skip();
    const int64_t known_differing = 7;
    struct tally tally = run(1, 200, 60, (struct m_features){.on = m_features_all().on});
    printf("%lld histories, %llu documents, %lld differ\n", (long long)tally.histories,
           (unsigned long long)tally.documents, (long long)tally.differing);
    assert_true(tally.differing <= known_differing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histories_asked_for_agree),
        cmocka_unit_test(every_feature_alone_agrees_with_the_second_model),
        cmocka_unit_test(all_features_together_differ_no_more_than_they_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
