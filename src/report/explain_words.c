/* explain_words.c: the steps of a movement in words that a bookkeeper reads. */
#include "report/internal.h"
#include "report/names.h"
#include "stock/decide_parts.h"

#include <stdarg.h>
#include <stdio.h>

struct words {
    const struct reader *reader;
    const struct item_book *book;
    const struct movement *movement;
    struct arena *arena;
    struct explained_movement *out;
    size_t room;
    struct err *err;
    bool failed;
};

bool label_of(const struct reader *reader, uint32_t document, struct arena *arena, struct span *out, struct err *err)
{
    struct document_record record;
    bool found = false;
    if (!company_document(reader->company, document, arena, &record, &found, err))
        return false;
    *out = found ? arena_print(arena, "%s %.*s", type_name((int)record.type), SPAN_ARG(record.id))
                 : arena_print(arena, "document %u", document);
    return true;
}

static struct span lot_label(struct words *words, movement_id lot)
{
    struct span label = SPAN("?");
    if (!words->failed)
        words->failed = !label_of(words->reader, movement_document(lot), words->arena, &label, words->err);
    return label;
}

static struct span qty(struct words *words, int64_t micro)
{
    char text[24];
    size_t len = decimal_write(micro, MICRO_PLACES, 0, text);
    return arena_copy(words->arena, (struct span){text, len});
}

static struct span money(struct words *words, int64_t minor)
{
    char text[24];
    int exponent = words->reader->company->exponent;
    size_t len = decimal_write(minor, exponent, exponent, text);
    return arena_copy(words->arena, (struct span){text, len});
}

/* A gain with its plus, so that it is seen to be one. */
static struct span change(struct words *words, int64_t minor)
{
    struct span text = money(words, minor);
    return minor > 0 ? arena_print(words->arena, "+%.*s", SPAN_ARG(text)) : text;
}

static struct span pool_place(struct words *words, int pool)
{
    if (pool < 0 || (size_t)pool >= words->book->state.pool_count)
        return SPAN("a pool");
    const struct pool *at = &words->book->state.pools[pool];
    if (at->kind == POOL_TRANSIT)
        return SPAN("in transit");
    return at->name.len ? arena_print(words->arena, "at %.*s", SPAN_ARG(at->name)) : SPAN("in the company's pool");
}

static void say(struct words *words, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(struct words *words, const char *format, ...)
{
    char text[900];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    must(len >= 0);
    ARENA_GROW(words->arena, words->out->sentences, words->out->sentence_count, words->room);
    size_t kept = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    words->out->sentences[words->out->sentence_count++] = arena_copy(words->arena, (struct span){text, kept});
}

static const char *status_name(enum unit_status status)
{
    switch (status) {
    case UNITS_OWN: return "own";
    case UNITS_QUARANTINED: return "quarantined";
    case UNITS_DAMAGED: return "damaged";
    case UNITS_CONSIGNED: return "consigned";
    }
    return "unknown";
}

static struct span where_words(struct words *words, const struct where *where)
{
    struct span text = span_of(role_name(where->role));
    if (where->order.len > 0)
        text = arena_print(words->arena, "%.*s of order %.*s line %.*s", SPAN_ARG(text), SPAN_ARG(where->order),
                           SPAN_ARG(where->order_line));
    if (where->party.len > 0)
        text = arena_print(words->arena, "%.*s of %.*s", SPAN_ARG(text), SPAN_ARG(where->party));
    if (where->tag.len > 0)
        text = arena_print(words->arena, "%.*s (%.*s)", SPAN_ARG(text), SPAN_ARG(where->tag));
    return text;
}

/* What changes layers and owed slices: the value of the stock. */
static void layer_words(struct words *words, const struct step *step)
{
    struct span units = qty(words, step->qty_micro), value = money(words, step->value_minor);
    struct span place = pool_place(words, step->pool);
    struct span lot;
    switch ((int)step->kind) {
    case STEP_TAKE:
        lot = lot_label(words, step->lot);
        say(words, "%.*s of %.*s leave the layers %.*s, worth %.*s", SPAN_ARG(units), SPAN_ARG(lot), SPAN_ARG(place),
            SPAN_ARG(value));
        return;
    case STEP_ADD:
        lot = lot_label(words, step->lot);
        say(words, "%.*s of %.*s become a layer %.*s, worth %.*s", SPAN_ARG(units), SPAN_ARG(lot), SPAN_ARG(place),
            SPAN_ARG(value));
        return;
    case STEP_VALUE:
        lot = lot_label(words, step->lot);
        value = change(words, step->value_minor);
        say(words, "the layer of %.*s %.*s changes by %.*s", SPAN_ARG(lot), SPAN_ARG(place), SPAN_ARG(value));
        return;
    case STEP_OWE:
        say(words, "%.*s more than is held %.*s: owed, at a provisional cost of %.*s", SPAN_ARG(units), SPAN_ARG(place),
            SPAN_ARG(value));
        return;
    case STEP_SETTLE: {
        struct span cost = money(words, step->cost_minor);
        lot = lot_label(words, step->target);
        say(words, "settles %.*s that %.*s owed %.*s: provisional %.*s, now %.*s", SPAN_ARG(units), SPAN_ARG(lot),
            SPAN_ARG(place), SPAN_ARG(value), SPAN_ARG(cost));
        return;
    }
    case STEP_UNOWE:
        lot = lot_label(words, step->target);
        say(words, "%.*s that %.*s still owed %.*s come back: %.*s is owed no more", SPAN_ARG(units), SPAN_ARG(lot),
            SPAN_ARG(place), SPAN_ARG(value));
        return;
    default: return;
    }
}

/* What follows units that are gone, and bills. Steps that only keep books straight have no sentence. */
static void later_words(struct words *words, const struct step *step)
{
    struct span units = qty(words, step->qty_micro), value = money(words, step->value_minor);
    struct span lot;
    switch ((int)step->kind) {
    case STEP_COST:
        lot = lot_label(words, step->target);
        value = change(words, step->value_minor);
        say(words, "%.*s of it belongs to units that %.*s took", SPAN_ARG(value), SPAN_ARG(lot));
        return;
    case STEP_BACK:
        say(words, "%.*s come back from where they went, worth %.*s", SPAN_ARG(units), SPAN_ARG(value));
        return;
    case STEP_KEPT:
        say(words, "%.*s do not come back: they stay where they went, worth %.*s", SPAN_ARG(units), SPAN_ARG(value));
        return;
    case STEP_BILLED:
        lot = lot_label(words, step->target);
        say(words, "%.*s of %.*s are billed: %.*s of goods received not invoiced", SPAN_ARG(units), SPAN_ARG(lot),
            SPAN_ARG(value));
        return;
    case STEP_CONSIGN:
        lot = lot_label(words, step->lot);
        say(words, "%.*s of %.*s are kept at %.*s for their owner, who gets %.*s when they go", SPAN_ARG(units),
            SPAN_ARG(lot), SPAN_ARG(step->name), SPAN_ARG(value));
        return;
    case STEP_UNCONSIGN:
        lot = lot_label(words, step->lot);
        say(words, "%.*s of %.*s leave, which were consigned to us", SPAN_ARG(units), SPAN_ARG(lot));
        return;
    case STEP_UNBILLED:
        lot = lot_label(words, step->target);
        say(words, "%.*s of %.*s go back unbilled: %.*s of goods received not invoiced", SPAN_ARG(units), SPAN_ARG(lot),
            SPAN_ARG(value));
        return;
    case STEP_SENT_BACK:
        lot = lot_label(words, step->target);
        say(words, "%.*s of %.*s that were billed go back", SPAN_ARG(units), SPAN_ARG(lot));
        return;
    case STEP_RELOT:
    case STEP_RELOT_GONE:
        lot = lot_label(words, step->lot);
        say(words, "%.*s of them turn out to be of %.*s", SPAN_ARG(units), SPAN_ARG(lot));
        return;
    case STEP_COUNT:
        if (step->status != UNITS_OWN)
            say(words, "%s units at %.*s change by %.*s", status_name(step->status), SPAN_ARG(step->name),
                SPAN_ARG(units));
        return;
    case STEP_POST: {
        struct span where = where_words(words, step->where ? step->where : &words->movement->where);
        say(words, "%.*s to %.*s", SPAN_ARG(value), SPAN_ARG(where));
        return;
    }
    case STEP_POST_ON: {
        char day[11];
        struct span where = where_words(words, step->where);
        say(words, "%.*s to %.*s on %s", SPAN_ARG(value), SPAN_ARG(where), day_write(step->day, day));
        return;
    }
    default: return;
    }
}

static const char *kind_words(const struct movement *movement)
{
    switch (movement->kind) {
    case MOVE_IN: return "come in at";
    case MOVE_OUT: return "leave";
    case MOVE_SHIP: return "are sent on from";
    case MOVE_ARRIVE: return "arrive at";
    case MOVE_RETURN: return "come back to";
    case MOVE_DELIVER: return "reach the customer from";
    case MOVE_BILL: return "are billed, of";
    case MOVE_LANDED: return "bear later cost, of";
    case MOVE_COUNT: return "were counted at";
    case MOVE_STATUS: return "change status at";
    case MOVE_VALUE: return "are revalued at";
    case MOVE_STANDARD: return "get a new standard cost at";
    case MOVE_SUPPLIER_RETURN: return "go back to the supplier from";
    case MOVE_CORRECT: return "turn out to have cost something else, of";
    case MOVE_FOLLOW: return "bear later cost of what they were made of, at";
    case MOVE_PURCHASE: return "were received before the cut-over and are not billed, of";
    case MOVE_SOLD:
        return movement->qty_micro > 0 ? "are sold before they ship, at" : "no longer wait to be shipped, at";
    }
    return "move at";
}

static bool heading_make(struct words *words, struct span sku)
{
    const struct movement *movement = words->movement;
    struct span label;
    if (!label_of(words->reader, movement_document(movement->id), words->arena, &label, words->err))
        return false;
    char day[11];
    bool takes_back = movement->kind == MOVE_SOLD && movement->qty_micro < 0;
    struct span units = qty(words, takes_back ? -movement->qty_micro : movement->qty_micro);
    struct span place = movement->location.len ? movement->location : SPAN("the company");
    words->out->heading =
        arena_print(words->arena, "%s, %.*s: %.*s of %.*s %s %.*s", day_write(movement->day, day), SPAN_ARG(label),
                    SPAN_ARG(units), SPAN_ARG(sku), kind_words(movement), SPAN_ARG(place));
    return true;
}

bool record_explain(const struct reader *reader, const struct item_book *book, struct span sku,
                    const struct book_record *record, struct arena *arena, struct explained_movement *out,
                    struct err *err)
{
    *out = (struct explained_movement){0};
    struct words words = {
        .reader = reader, .book = book, .movement = &record->movement, .arena = arena, .out = out, .err = err};
    if (!heading_make(&words, sku))
        return false;
    for (size_t i = 0; i < record->step_count && !words.failed; i++) {
        layer_words(&words, &record->steps[i]);
        later_words(&words, &record->steps[i]);
    }
    return !words.failed;
}

bool movement_explain(const struct reader *reader, uint32_t item, movement_id id, struct arena *arena,
                      struct explained_movement *out, struct err *err)
{
    *out = (struct explained_movement){0};
    const struct definition *definition = NULL;
    struct item_book *book = NULL;
    if (!company_item_by_number(reader->company, item, &definition, err) ||
        !company_item_book(reader->company, item, item_is_average(reader, definition), true, &book, err))
        return false;
    const struct book_record *record = item_book_find(book, id);
    const struct document *document = definition_at(definition, INT64_MAX);
    return record == NULL || record_explain(reader, book, document ? document->id : SPAN("?"), record, arena, out, err);
}
