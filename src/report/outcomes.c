/* outcomes.c: see outcomes.h. */
#include "report/outcomes.h"

#include "base/json_out.h"
#include "report/names.h"

#include <stdlib.h>

/* What is waited for, from the first bytes of the waiting key that the view keeps (state/sums.c). */
static struct span waits_for(struct span tail)
{
    if (tail.len == 0)
        return (struct span){NULL, 0};
    switch (tail.ptr[0]) {
    case 'D': return tail.len > 1 ? span_of(type_name((unsigned char)tail.ptr[1])) : SPAN("document");
    case 'O': return SPAN("order");
    case 'I': return SPAN("item");
    case 'M': return SPAN("sale");
    case 'R': return SPAN("rate");
    default: return SPAN("something");
    }
}

struct outcome_scan {
    struct arena *arena;
    struct outcome_answers *out;
    bool bad;
};

static void answers_add(struct outcome_scan *scan, struct outcome_answer answer)
{
    struct outcome_answers *out = scan->out;
    ARENA_GROW(scan->arena, out->at, out->count, out->room);
    out->at[out->count++] = answer;
}

static bool outcome_row(void *context, struct span key, struct span value)
{
    struct outcome_scan *scan = context;
    const char *end = key.len ? memchr(key.ptr, 0, key.len) : NULL;
    size_t source = end ? (size_t)(end - key.ptr) : 0;
    struct cursor cursor = cursor_of(value);
    struct outcome_answer answer = {.count = cursor_signed(&cursor)};
    answer.amount_minor = cursor_signed(&cursor);
    scan->bad = end == NULL || key.len < source + 4 || cursor.bad;
    if (scan->bad)
        return false;
    answer.source = arena_copy(scan->arena, (struct span){key.ptr, source});
    answer.type = (unsigned char)key.ptr[source + 1];
    answer.outcome = (enum outcome)(unsigned char)key.ptr[source + 2];
    answer.refusal = (unsigned char)key.ptr[source + 3];
    answer.waits_for = waits_for((struct span){key.ptr + source + 4, key.len - source - 4});
    if (answer.count != 0)
        answers_add(scan, answer);
    return true;
}

bool report_outcomes(const struct reader *reader, struct arena *arena, struct outcome_answers *out, struct err *err)
{
    *out = (struct outcome_answers){0};
    struct outcome_scan scan = {.arena = arena, .out = out};
    const struct span all = {NULL, 0};
    struct store *store = reader->store;
    return store->ops->view_scan(store, reader->number, VIEW_OUTCOME, all, all, outcome_row, &scan, err) &&
           (!scan.bad || err_set(err, FAILURE_STORE_DAMAGED, "the view `outcome` is damaged: run `tieout rebuild`"));
}

struct span outcome_reason(const struct outcome_answer *answer, struct arena *arena)
{
    const char *name = reason_name(answer->refusal);
    if (answer->outcome != OUTCOME_WAITING || answer->waits_for.len == 0)
        return span_of(name);
    return arena_print(arena, "%s for %.*s", name, SPAN_ARG(answer->waits_for));
}

void outcomes_write_json(const struct outcome_answers *answers, currency money, struct arena *arena, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_array(&json);
    for (size_t i = 0; i < answers->count; i++) {
        const struct outcome_answer *answer = &answers->at[i];
        json_open_object(&json);
        json_key(&json, "source");
        json_text(&json, answer->source);
        json_key(&json, "type");
        json_text(&json, span_of(type_name(answer->type)));
        json_key(&json, "outcome");
        json_text(&json, span_of(outcome_name(answer->outcome)));
        json_key(&json, "refusal");
        json_text(&json, outcome_reason(answer, arena));
        json_key(&json, "count");
        json_int(&json, answer->count);
        json_key(&json, "amount");
        json_amount(&json, answer->amount_minor, money);
        json_close_object(&json);
    }
    json_close_array(&json);
}

/* The last decision about a version: the sentence kept with it, and when it was noted. */
static bool decision_read(const struct reader *reader, uint64_t seq, struct arena *arena, struct span *out_detail,
                          int64_t *out_at_us, struct err *err)
{
    struct truth_row row;
    struct ruling ruling;
    bool found = false;
    if (!reader->store->ops->truth_read(reader->store, reader->number, seq, arena, &row, &found, err))
        return false;
    if (!found || !ruling_unpack(&row, arena, &ruling))
        return true;
    *out_detail = ruling.detail;
    *out_at_us = row.recorded_at_us;
    return true;
}

static struct outcome_document document_answer(const struct document_record *record,
                                               const struct document_version *version)
{
    return (struct outcome_document){.type = (int)record->type,
                                     .source = record->source,
                                     .id = record->id,
                                     .version = version->version,
                                     .amount_minor = version->amount_minor,
                                     .refusal = version->refusal};
}

bool report_outcome_documents(const struct reader *reader, enum outcome outcome,
                              bool (*each)(void *context, const struct outcome_document *document), void *context,
                              struct err *err)
{
    struct arena arena = arena_make((size_t)1 << 30);
    bool good = true, go_on = true;
    for (uint32_t number = 1; number <= reader->company->last_document && good && go_on; number++) {
        struct document_record record;
        bool found = false;
        arena_reset(&arena);
        good = company_document(reader->company, number, &arena, &record, &found, err);
        for (size_t i = 0; good && found && go_on && i < record.version_count; i++) {
            const struct document_version *version = &record.versions[i];
            if (version->outcome != outcome)
                continue;
            struct outcome_document document = document_answer(&record, version);
            int64_t at_us = 0;
            good = decision_read(reader, version->seq, &arena, &document.detail, &at_us, err);
            go_on = good && each(context, &document);
        }
    }
    arena_done(&arena);
    return good;
}

/* ---- what waits ---- */

struct waiting_walk {
    struct arena arena; /* the numbers, as long as the walk */
    uint32_t *numbers;
    size_t count, room;
    bool bad;
};

/* A row's key ends with the number of the document that waits (state/sums.c). */
static bool waiting_row(void *context, struct span key, struct span value)
{
    struct waiting_walk *walk = context;
    (void)value;
    walk->bad = key.len < 4;
    if (walk->bad)
        return false;
    ARENA_GROW(&walk->arena, walk->numbers, walk->count, walk->room);
    uint32_t number = 0;
    for (size_t i = key.len - 4; i < key.len; i++)
        number = number << 8 | (unsigned char)key.ptr[i];
    walk->numbers[walk->count++] = number;
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool waiting_collect(const struct reader *reader, struct waiting_walk *walk, struct err *err)
{
    const struct span all = {NULL, 0};
    if (!reader->store->ops->view_scan(reader->store, reader->number, VIEW_WAITING, all, all, waiting_row, walk, err))
        return false;
    if (walk->bad)
        return err_set(err, FAILURE_STORE_DAMAGED, "the view `waiting` is damaged: run `tieout rebuild`");
    if (walk->count > 1)
        qsort(walk->numbers, walk->count, sizeof *walk->numbers, compare_numbers);
    return true;
}

bool report_waiting(const struct reader *reader, int64_t now_us,
                    bool (*each)(void *context, const struct waiting_document *document), void *context,
                    struct err *err)
{
    const struct company *company = reader->company;
    int64_t limit_us = company_policy(company, company_day(company, now_us))->wait_days * US_PER_DAY;
    struct waiting_walk walk = {.arena = arena_make((size_t)1 << 30)};
    struct arena arena = arena_make((size_t)1 << 30);
    bool good = waiting_collect(reader, &walk, err);
    bool go_on = true;
    for (size_t i = 0; i < walk.count && good && go_on; i++) {
        struct document_record record;
        bool found = false;
        arena_reset(&arena);
        good = company_document(reader->company, walk.numbers[i], &arena, &record, &found, err);
        const struct document_version *version = good && found ? document_current(&record) : NULL;
        if (version == NULL || version->outcome != OUTCOME_WAITING)
            continue;
        struct waiting_document waiting = {.document = document_answer(&record, version)};
        good = decision_read(reader, version->seq, &arena, &waiting.document.detail, &waiting.since_us, err);
        waiting.until_us = waiting.since_us + limit_us;
        waiting.overdue = now_us > waiting.until_us;
        go_on = good && each(context, &waiting);
    }
    arena_done(&arena);
    arena_done(&walk.arena);
    return good;
}

/* ---- one document as JSON ---- */

static void document_members(struct json_out *json, const struct outcome_document *document, currency money)
{
    json_key(json, "source");
    json_text(json, document->source);
    json_key(json, "type");
    json_text(json, span_of(type_name(document->type)));
    json_key(json, "id");
    json_text(json, document->id);
    json_key(json, "version");
    json_int(json, document->version);
    json_key(json, "refusal");
    json_text(json, span_of(reason_name(document->refusal)));
    json_key(json, "detail");
    json_text(json, document->detail.len ? document->detail : (struct span){NULL, 0});
    json_key(json, "amount");
    json_amount(json, document->amount_minor, money);
}

void outcome_document_write_json(const struct outcome_document *document, currency money, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    document_members(&json, document, money);
    json_close_object(&json);
}

void waiting_document_write_json(const struct waiting_document *document, currency money, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    document_members(&json, &document->document, money);
    json_key(&json, "since");
    json_instant(&json, document->since_us);
    json_key(&json, "until");
    json_instant(&json, document->until_us);
    json_key(&json, "overdue");
    json_bool(&json, document->overdue);
    json_close_object(&json);
}
