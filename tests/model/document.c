/* document.c: two tables of fields (a document's, a nested object's); one writer and one reader walk them. */
#include "model/document.h"
#include "base/calendar.h"
#include "base/decimal.h"
#include "base/json_out.h"
#include "base/must.h"
#include "base/span.h"
#include <string.h>

enum field_kind {
    FIELD_TEXT,
    FIELD_MICRO,
    FIELD_MINOR,
    FIELD_RATE,
    FIELD_WHOLE,
    FIELD_REF,
    FIELD_TIME,
    FIELD_BOOL,
    FIELD_LINES,
    FIELD_OBJECT,
    FIELD_REFS,
    FIELD_NUMBERS
};
struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
};

#define OF_DOCUMENT(kind, member)                          \
    {                                                      \
#member, kind, offsetof(struct m_document, member) \
    }
static const struct field document_fields[] = {
    OF_DOCUMENT(FIELD_TEXT, id),           OF_DOCUMENT(FIELD_TEXT, source),
    OF_DOCUMENT(FIELD_WHOLE, version),     OF_DOCUMENT(FIELD_TIME, at),
    OF_DOCUMENT(FIELD_TIME, updated),      OF_DOCUMENT(FIELD_TEXT, currency),
    OF_DOCUMENT(FIELD_RATE, rate),         OF_DOCUMENT(FIELD_TEXT, sku),
    OF_DOCUMENT(FIELD_TEXT, kind),         OF_DOCUMENT(FIELD_TEXT, cost_method),
    OF_DOCUMENT(FIELD_TEXT, code),         OF_DOCUMENT(FIELD_TEXT, channel),
    OF_DOCUMENT(FIELD_TEXT, customer),     OF_DOCUMENT(FIELD_REF, order),
    OF_DOCUMENT(FIELD_REF, shipment),      OF_DOCUMENT(FIELD_REF, receipt),
    OF_DOCUMENT(FIELD_REF, bill),          OF_DOCUMENT(FIELD_REF, exchange),
    OF_DOCUMENT(FIELD_REF, payment),       OF_DOCUMENT(FIELD_TEXT, gateway),
    OF_DOCUMENT(FIELD_TEXT, gift_card),    OF_DOCUMENT(FIELD_TEXT, status),
    OF_DOCUMENT(FIELD_TEXT, location),     OF_DOCUMENT(FIELD_TEXT, supplier),
    OF_DOCUMENT(FIELD_TEXT, carrier),      OF_DOCUMENT(FIELD_TEXT, reason),
    OF_DOCUMENT(FIELD_TEXT, store_credit), OF_DOCUMENT(FIELD_TEXT, number),
    OF_DOCUMENT(FIELD_TEXT, basis),        OF_DOCUMENT(FIELD_TEXT, from),
    OF_DOCUMENT(FIELD_TEXT, to),           OF_DOCUMENT(FIELD_TEXT, by),
    OF_DOCUMENT(FIELD_TEXT, line),         OF_DOCUMENT(FIELD_MICRO, standard_cost),
    OF_DOCUMENT(FIELD_MICRO, last_cost),   OF_DOCUMENT(FIELD_MICRO, price),
    OF_DOCUMENT(FIELD_MICRO, weight),      OF_DOCUMENT(FIELD_MICRO, volume),
    OF_DOCUMENT(FIELD_MICRO, unit_cost),   OF_DOCUMENT(FIELD_MINOR, amount),
    OF_DOCUMENT(FIELD_MINOR, discount),    OF_DOCUMENT(FIELD_MINOR, tip),
    OF_DOCUMENT(FIELD_MINOR, total),       OF_DOCUMENT(FIELD_MINOR, cost),
    OF_DOCUMENT(FIELD_MINOR, freight),     OF_DOCUMENT(FIELD_MINOR, restocking_fee),
    OF_DOCUMENT(FIELD_MINOR, added_cost),  OF_DOCUMENT(FIELD_BOOL, on_account),
    OF_DOCUMENT(FIELD_BOOL, tax_included), OF_DOCUMENT(FIELD_BOOL, consigned),
    OF_DOCUMENT(FIELD_BOOL, capitalise),   OF_DOCUMENT(FIELD_BOOL, complete),
    OF_DOCUMENT(FIELD_TIME, shipped),      OF_DOCUMENT(FIELD_TIME, received),
    OF_DOCUMENT(FIELD_LINES, lines),       OF_DOCUMENT(FIELD_LINES, payments),
    OF_DOCUMENT(FIELD_LINES, components),  OF_DOCUMENT(FIELD_LINES, uoms),
    OF_DOCUMENT(FIELD_LINES, consume),     OF_DOCUMENT(FIELD_OBJECT, produce),
    OF_DOCUMENT(FIELD_LINES, tax),         OF_DOCUMENT(FIELD_OBJECT, shipping),
    OF_DOCUMENT(FIELD_OBJECT, document),   OF_DOCUMENT(FIELD_OBJECT, match),
    OF_DOCUMENT(FIELD_LINES, balances),    OF_DOCUMENT(FIELD_LINES, layers),
    OF_DOCUMENT(FIELD_LINES, orders),      OF_DOCUMENT(FIELD_LINES, purchases),
    OF_DOCUMENT(FIELD_REFS, receipts),     OF_DOCUMENT(FIELD_NUMBERS, shares),
};
#define OF_LINE(kind, member)                          \
    {                                                  \
#member, kind, offsetof(struct m_line, member) \
    }
static const struct field line_fields[] = {
    OF_LINE(FIELD_TEXT, id),          OF_LINE(FIELD_TEXT, line),         OF_LINE(FIELD_TEXT, sku),
    OF_LINE(FIELD_TEXT, component),   OF_LINE(FIELD_TEXT, uom),          OF_LINE(FIELD_TEXT, lot),
    OF_LINE(FIELD_TEXT, disposition), OF_LINE(FIELD_TEXT, status),       OF_LINE(FIELD_TEXT, from),
    OF_LINE(FIELD_TEXT, to),          OF_LINE(FIELD_TEXT, role),         OF_LINE(FIELD_TEXT, type),
    OF_LINE(FIELD_TEXT, source),      OF_LINE(FIELD_TEXT, code),         OF_LINE(FIELD_TEXT, account),
    OF_LINE(FIELD_TEXT, kind),        OF_LINE(FIELD_TEXT, jurisdiction), OF_LINE(FIELD_TEXT, remitter),
    OF_LINE(FIELD_TEXT, gateway),     OF_LINE(FIELD_TEXT, gift_card),    OF_LINE(FIELD_TEXT, by),
    OF_LINE(FIELD_TEXT, location),    OF_LINE(FIELD_TEXT, supplier),     OF_LINE(FIELD_REF, receipt),
    OF_LINE(FIELD_REF, order),        OF_LINE(FIELD_MICRO, qty),         OF_LINE(FIELD_MICRO, received_qty),
    OF_LINE(FIELD_MICRO, unit_price), OF_LINE(FIELD_MICRO, unit_cost),   OF_LINE(FIELD_MICRO, factor),
    OF_LINE(FIELD_MICRO, cost),       OF_LINE(FIELD_MINOR, amount),      OF_LINE(FIELD_MINOR, discount),
    OF_LINE(FIELD_MINOR, total_cost), OF_LINE(FIELD_MINOR, credit),      OF_LINE(FIELD_MINOR, value),
    OF_LINE(FIELD_MINOR, deposit),    OF_LINE(FIELD_MINOR, receivable),  OF_LINE(FIELD_TIME, at),
    OF_LINE(FIELD_BOOL, recoverable), OF_LINE(FIELD_LINES, tax),         OF_LINE(FIELD_LINES, picks),
    OF_LINE(FIELD_OBJECT, fulfil),    OF_LINE(FIELD_TEXT, customer),
};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const type_names[M_TYPES] = {
    [M_NO_TYPE] = "",
    [M_ITEM] = "item",
    [M_LOCATION] = "location",
    [M_ORDER] = "order",
    [M_PAYMENT] = "payment",
    [M_CANCEL] = "cancel",
    [M_SHIPMENT] = "shipment",
    [M_DELIVERY] = "delivery",
    [M_REFUND] = "refund",
    [M_RETURN] = "return",
    [M_RECEIPT] = "receipt",
    [M_BILL] = "bill",
    [M_LANDED_COST] = "landed_cost",
    [M_COST_CORRECTION] = "cost_correction",
    [M_TRANSFER] = "transfer",
    [M_COUNT] = "count",
    [M_ADJUSTMENT] = "adjustment",
    [M_STATUS_CHANGE] = "status_change",
    [M_ASSEMBLY] = "assembly",
    [M_SUPPLIER_RETURN] = "supplier_return",
    [M_ENTRY] = "entry",
    [M_VOID] = "void",
    [M_RATE] = "rate",
    [M_OPENING] = "opening",
};

const char *m_type_name(enum m_type type) { return type_names[type]; }

enum m_type m_type_find(const char *name)
{
    for (int type = 1; type < M_TYPES; type++)
        if (strcmp(type_names[type], name) == 0)
            return (enum m_type)type;
    return M_NO_TYPE;
}

static void numbers_to_none(void *object, const struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum field_kind kind = fields[i].kind;
        if (kind == FIELD_MICRO || kind == FIELD_MINOR || kind == FIELD_RATE || kind == FIELD_WHOLE) {
            int64_t none = M_NONE;
            memcpy((char *)object + fields[i].offset, &none, sizeof none);
        }
    }
}

struct m_document *m_document_new(struct arena *arena, enum m_type type)
{
    struct m_document *document = ARENA_NEW(arena, struct m_document);
    must(document);
    numbers_to_none(document, document_fields, COUNT_OF(document_fields));
    document->type = type;
    document->frozen_at = M_NONE;
    return document;
}

struct m_lines m_lines_new(struct arena *arena, size_t count)
{
    struct m_lines lines = {ARENA_ARRAY(arena, struct m_line, count ? count : 1), count};
    must(lines.at);
    for (size_t i = 0; i < count; i++)
        numbers_to_none(&lines.at[i], line_fields, COUNT_OF(line_fields));
    return lines;
}

/* --- out ---------------------------------------------------------------------------------------- */

static void write_decimal(struct json_out *json, int64_t scaled, int places, int min_places)
{
    char text[24];
    size_t len = decimal_write(scaled, places, min_places, text);
    json_text(json, (struct span){text, len});
}

static void write_ref(struct json_out *json, struct m_ref ref)
{
    if (!ref.source) {
        json_text(json, span_of(ref.id));
        return;
    }
    json_open_object(json);
    json_key(json, "source");
    json_text(json, span_of(ref.source));
    json_key(json, "id");
    json_text(json, span_of(ref.id));
    json_close_object(json);
}

static void write_fields(struct json_out *json, const void *object, const struct field *fields, size_t count,
                         int exponent);

static void write_object(struct json_out *json, const struct m_line *line, int exponent)
{
    json_open_object(json);
    write_fields(json, line, line_fields, COUNT_OF(line_fields), exponent);
    json_close_object(json);
}

static void write_number(struct json_out *json, const struct field *field, int64_t value, int exponent)
{
    if (value == M_NONE)
        return;
    json_key(json, field->name);
    if (field->kind == FIELD_MICRO)
        write_decimal(json, value, MICRO_PLACES, 0);
    else if (field->kind == FIELD_MINOR)
        write_decimal(json, value, exponent, exponent);
    else if (field->kind == FIELD_RATE)
        write_decimal(json, value, RATE_PLACES, 0);
    else
        json_int(json, value);
}

static void write_fields(struct json_out *json, const void *object, const struct field *fields, size_t count,
                         int exponent)
{
    for (size_t i = 0; i < count; i++) {
        const struct field *field = &fields[i];
        const void *member = (const char *)object + field->offset;
        switch (field->kind) {
        case FIELD_TEXT: {
            const char *text = *(const char *const *)member;
            if (text) {
                json_key(json, field->name);
                json_text(json, span_of(text));
            }
            break;
        }
        case FIELD_MICRO:
        case FIELD_MINOR:
        case FIELD_RATE:
        case FIELD_WHOLE: write_number(json, field, *(const int64_t *)member, exponent); break;
        case FIELD_REF: {
            const struct m_ref *ref = member;
            if (ref->id) {
                json_key(json, field->name);
                write_ref(json, *ref);
            }
            break;
        }
        case FIELD_TIME: {
            const struct m_time *time = member;
            if (time->form != M_NO_TIME)
                json_key(json, field->name);
            if (time->form == M_INSTANT)
                json_instant(json, time->at_us);
            else if (time->form == M_DATE)
                json_day(json, time->day);
            break;
        }
        case FIELD_BOOL: {
            enum m_bool value = *(const enum m_bool *)member;
            if (value != M_UNSAID) {
                json_key(json, field->name);
                json_bool(json, value == M_TRUE);
            }
            break;
        }
        case FIELD_LINES: {
            const struct m_lines *lines = member;
            if (lines->count) {
                json_key(json, field->name);
                json_open_array(json);
                for (size_t at = 0; at < lines->count; at++)
                    write_object(json, &lines->at[at], exponent);
                json_close_array(json);
            }
            break;
        }
        case FIELD_OBJECT: {
            const struct m_lines *lines = member;
            if (lines->count) {
                json_key(json, field->name);
                write_object(json, &lines->at[0], exponent);
            }
            break;
        }
        case FIELD_REFS: {
            const struct m_refs *refs = member;
            if (refs->count) {
                json_key(json, field->name);
                json_open_array(json);
                for (size_t at = 0; at < refs->count; at++)
                    write_ref(json, refs->at[at]);
                json_close_array(json);
            }
            break;
        }
        case FIELD_NUMBERS: {
            const struct m_numbers *numbers = member;
            if (numbers->count) {
                json_key(json, field->name);
                json_open_array(json);
                for (size_t at = 0; at < numbers->count; at++)
                    write_decimal(json, numbers->at[at], MICRO_PLACES, 0);
                json_close_array(json);
            }
            break;
        }
        }
    }
}

static int exponent_of(const char *code, currency company)
{
    return currency_exponent(code ? currency_find(span_of(code)) : company);
}

void m_document_write(const struct m_document *document, currency company, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    json_key(&json, "type");
    json_text(&json, span_of(m_type_name(document->type)));
    write_fields(&json, document, document_fields, COUNT_OF(document_fields), exponent_of(document->currency, company));
    json_close_object(&json);
}

/* --- in ----------------------------------------------------------------------------------------- */

struct reader {
    const char *at, *end;
    struct arena *arena;
    const char *why; /* set by the first thing that is wrong */
    int exponent;
};

static void bad(struct reader *reader, const char *why)
{
    if (!reader->why)
        reader->why = why;
    reader->at = reader->end;
}

static char peek(struct reader *reader)
{
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at))
        reader->at++;
    return reader->at < reader->end ? *reader->at : '\0';
}

static bool take(struct reader *reader, char c)
{
    if (peek(reader) != c)
        return false;
    reader->at++;
    return true;
}

static void expect(struct reader *reader, char c)
{
    if (!take(reader, c))
        bad(reader, "a bracket, colon, comma or quote is missing");
}

/* A string without escapes, or a bare number, true or false, as text. */
static const char *read_text(struct reader *reader)
{
    const char *start;
    size_t len;
    if (take(reader, '"')) {
        start = reader->at;
        while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\')
            reader->at++;
        len = (size_t)(reader->at - start);
        expect(reader, '"');
    } else {
        (void)peek(reader);
        start = reader->at;
        while (reader->at < reader->end && !strchr(",]} \t", *reader->at))
            reader->at++;
        len = (size_t)(reader->at - start);
        if (len == 0)
            bad(reader, "a value is missing");
    }
    struct span copy = arena_copy(reader->arena, (struct span){start, len});
    must(copy.ptr);
    return copy.ptr;
}

static int64_t read_decimal(struct reader *reader, int places)
{
    int64_t value = 0;
    if (decimal_read(span_of(read_text(reader)), places, &value) != DECIMAL_OK)
        bad(reader, "not a decimal, or finer than it may be");
    return value;
}

static struct m_ref read_ref(struct reader *reader)
{
    struct m_ref ref = {NULL, NULL};
    if (!take(reader, '{')) {
        ref.id = read_text(reader);
        return ref;
    }
    while (!reader->why && !take(reader, '}')) {
        const char *key = read_text(reader);
        expect(reader, ':');
        const char *value = read_text(reader);
        if (strcmp(key, "source") == 0)
            ref.source = value;
        else if (strcmp(key, "id") == 0)
            ref.id = value;
        else
            bad(reader, "a reference has source and id only");
        (void)take(reader, ',');
    }
    return ref;
}

static struct m_time read_time(struct reader *reader)
{
    struct m_time time = {M_NO_TIME, 0, 0};
    enum time_form form = time_read(span_of(read_text(reader)), &time.at_us, &time.day);
    if (form == TIME_MALFORMED)
        bad(reader, "not a time");
    time.form = form == TIME_INSTANT ? M_INSTANT : M_DATE;
    return time;
}

static void read_fields(struct reader *reader, void *object, const struct field *fields, size_t count);

enum { MOST_ELEMENTS = 64 };

static struct m_lines read_lines(struct reader *reader)
{
    struct m_lines lines = m_lines_new(reader->arena, MOST_ELEMENTS);
    lines.count = 0;
    expect(reader, '[');
    while (!reader->why && !take(reader, ']')) {
        if (lines.count == MOST_ELEMENTS) {
            bad(reader, "too many elements");
            break;
        }
        read_fields(reader, &lines.at[lines.count++], line_fields, COUNT_OF(line_fields));
        (void)take(reader, ',');
    }
    return lines;
}

static void read_field(struct reader *reader, void *member, enum field_kind kind)
{
    switch (kind) {
    case FIELD_TEXT: *(const char **)member = read_text(reader); break;
    case FIELD_MICRO: *(int64_t *)member = read_decimal(reader, MICRO_PLACES); break;
    case FIELD_MINOR: *(int64_t *)member = read_decimal(reader, reader->exponent); break;
    case FIELD_RATE: *(int64_t *)member = read_decimal(reader, RATE_PLACES); break;
    case FIELD_WHOLE: *(int64_t *)member = read_decimal(reader, 0); break;
    case FIELD_REF: *(struct m_ref *)member = read_ref(reader); break;
    case FIELD_TIME: *(struct m_time *)member = read_time(reader); break;
    case FIELD_BOOL: *(enum m_bool *)member = strcmp(read_text(reader), "true") == 0 ? M_TRUE : M_FALSE; break;
    case FIELD_LINES: *(struct m_lines *)member = read_lines(reader); break;
    case FIELD_OBJECT: {
        struct m_lines *lines = member;
        *lines = m_lines_new(reader->arena, 1);
        read_fields(reader, &lines->at[0], line_fields, COUNT_OF(line_fields));
        break;
    }
    case FIELD_REFS: {
        struct m_refs *refs = member;
        refs->at = ARENA_ARRAY(reader->arena, struct m_ref, MOST_ELEMENTS);
        must(refs->at);
        expect(reader, '[');
        while (!reader->why && !take(reader, ']') && refs->count < MOST_ELEMENTS) {
            refs->at[refs->count++] = read_ref(reader);
            (void)take(reader, ',');
        }
        break;
    }
    case FIELD_NUMBERS: {
        struct m_numbers *numbers = member;
        numbers->at = ARENA_ARRAY(reader->arena, int64_t, MOST_ELEMENTS);
        must(numbers->at);
        expect(reader, '[');
        while (!reader->why && !take(reader, ']') && numbers->count < MOST_ELEMENTS) {
            numbers->at[numbers->count++] = read_decimal(reader, MICRO_PLACES);
            (void)take(reader, ',');
        }
        break;
    }
    }
}

static void read_fields(struct reader *reader, void *object, const struct field *fields, size_t count)
{
    expect(reader, '{');
    while (!reader->why && !take(reader, '}')) {
        const char *key = read_text(reader);
        expect(reader, ':');
        size_t at = 0;
        while (at < count && strcmp(fields[at].name, key) != 0)
            at++;
        if (at < count)
            read_field(reader, (char *)object + fields[at].offset, fields[at].kind);
        else if (strcmp(key, "name") == 0 || strcmp(key, "type") == 0)
            (void)read_text(reader);
        else
            bad(reader, "a member the model does not know");
        (void)take(reader, ',');
    }
}

/* The type and the currency are needed before the rest can be read: they are looked for first. */
static const char *find_top_level_text(struct arena *arena, struct span text, const char *key)
{
    int depth = 0;
    size_t key_len = strlen(key);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (depth != 1 || c != '"' || i + key_len + 2 > text.len || text.ptr[i + 1 + key_len] != '"')
            continue;
        if (memcmp(text.ptr + i + 1, key, key_len) != 0)
            continue;
        struct reader reader = {text.ptr + i + key_len + 2, text.ptr + text.len, arena, NULL, 0};
        if (take(&reader, ':'))
            return read_text(&reader);
    }
    return NULL;
}

struct m_document *m_document_read(struct arena *arena, struct span text, currency company, const char **out_why)
{
    const char *type = find_top_level_text(arena, text, "type");
    const char *code = find_top_level_text(arena, text, "currency");
    if (!type || m_type_find(type) == M_NO_TYPE) {
        *out_why = "no type, or one the model does not know";
        return NULL;
    }
    struct m_document *document = m_document_new(arena, m_type_find(type));
    struct reader reader = {text.ptr, text.ptr + text.len, arena, NULL, exponent_of(code, company)};
    read_fields(&reader, document, document_fields, COUNT_OF(document_fields));
    *out_why = reader.why;
    return reader.why ? NULL : document;
}
