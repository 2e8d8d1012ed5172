/* document_json.c: JSON → document, walking the field table. What a member may be is said by its row;
 * this file knows the forms only. Every problem names the member by its path and shows the value that stood there. */
#include "format/document_json.h"
#include "base/json_out.h"
#include "base/must.h"
#include "order/document_check.h"
#include "order/document_fields.h"
#include "order/field_access.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_MAX = 60, EXTRAS_MAX = 32 * 1024 * 1024 };

/* A member that no row knows, kept under its path. */
struct extra {
    struct extra *next;
    struct span path;
    const struct json_node *node;
};

/* Where the reader is: a member, or an element of a list. */
struct place {
    const struct place *up;
    const char *name; /* NULL: element `index` of the list above */
    size_t index;
};

struct reader {
    struct arena *arena;   /* what outlives the reading */
    struct arena *scratch; /* what doesn't: nodes, extras */
    currency money;
    struct extra *extras; /* last first */
    size_t extra_count;
    struct document_problem *problem;
};

/* ---- problems ---- */

static void put_path(const struct place *place, struct buf *out)
{
    if (place == NULL) {
        return;
    }
    put_path(place->up, out);
    if (place->name == NULL) {
        buf_print(out, "[%zu]", place->index);
    } else {
        buf_print(out, "%s%s", out->len > 0 ? "." : "", place->name);
    }
}

/* "lines[2].qty", in the arena. */
static struct span path_of(const struct place *place, struct arena *arena)
{
    struct buf path = buf_make(4096);
    put_path(place, &path);
    struct span copy = arena_copy(arena, buf_span(&path));
    buf_done(&path);
    return copy;
}

/* Fills the problem and returns false, so that `return problem(...)` reads well. The sentence starts with the path. */
PRINTF_LIKE(4, 5)
static bool problem(struct reader *reader, enum refusal refusal, const struct place *place, const char *format, ...)
{
    char text[1000];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    must(length >= 0);
    struct span path = path_of(place, reader->arena);
    reader->problem->refusal = refusal;
    reader->problem->detail = arena_print(reader->arena, "%.*s%s%s", SPAN_ARG(path), path.len > 0 ? ": " : "", text);
    return false;
}

static bool no_memory(struct reader *reader)
{
    reader->problem->refusal = REFUSAL_MALFORMED;
    reader->problem->detail = SPAN("the document is too large to be read into the memory set aside for one");
    return false;
}

/* Bytes of the control character at `i`, 0 when there is none: U+0000 to U+001F, U+007F, and U+0080 to U+009F, which are
 * C2 80 to C2 9F. */
static size_t control_length(struct span text, size_t i)
{
    unsigned char c = (unsigned char)text.ptr[i];
    if (c == 0xc2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xa0) {
        return 2;
    }
    return c < 0x20 || c == 0x7f;
}

/* Text as it may stand inside a sentence: quoted, cut, without control characters. */
static const char *shown_text(struct span text, char out[SHOWN_MAX + 8])
{
    size_t length = text.len < SHOWN_MAX ? text.len : SHOWN_MAX;
    while (length > 0 && length < text.len && ((unsigned char)text.ptr[length] & 0xc0) == 0x80) {
        length--; /* not in the middle of a character */
    }
    size_t at = 0;
    out[at++] = '"';
    for (size_t i = 0; i < length; i++) {
        size_t control = control_length(text, i);
        out[at] = text.ptr[i];
        if (control > 0) {
            out[at] = '?';
        }
        at++;
        i += control > 1;
    }
    memcpy(out + at, length < text.len ? "...\"" : "\"", length < text.len ? 5 : 2);
    return out;
}

static const char *shown(const struct json_node *node, char out[SHOWN_MAX + 8])
{
    switch (node->kind) {
    case JSON_NULL: return "null";
    case JSON_FALSE: return "false";
    case JSON_TRUE: return "true";
    case JSON_ARRAY: return "a list";
    case JSON_OBJECT: return "an object";
    case JSON_NUMBER: snprintf(out, SHOWN_MAX, "%.*s", SPAN_ARG(node->text)); return out;
    case JSON_TEXT: break;
    }
    return shown_text(node->text, out);
}

/* ---- texts ---- */

/* Whether `text` holds a control character; the first one's code in *out_code. */
static bool find_control(struct span text, unsigned *out_code)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t length = control_length(text, i);
        if (length > 0) {
            *out_code = (unsigned char)text.ptr[i + length - 1];
            return true;
        }
    }
    return false;
}

static bool read_text(struct reader *reader, const struct place *place, const struct field *field,
                      const struct json_node *node, struct span *out)
{
    char value[SHOWN_MAX + 8];
    unsigned control;
    if (node->kind != JSON_TEXT) {
        return problem(reader, REFUSAL_BAD_VALUE, place, "%s is not a text in quotes", shown(node, value));
    }
    if (node->text.len == 0) {
        return problem(reader, REFUSAL_MISSING_FIELD, place, "is empty");
    }
    if (node->text.len > field_text_max(field)) {
        return problem(reader, REFUSAL_BAD_VALUE, place, "%s is %zu bytes long, and at most %zu are kept",
                       shown(node, value), node->text.len, field_text_max(field));
    }
    if (find_control(node->text, &control)) {
        return problem(reader, REFUSAL_BAD_VALUE, place, "%s holds the control character U+%04X", shown(node, value),
                       control);
    }
    if ((field->flags & FIELD_CURRENCY) && currency_find(node->text) == 0) {
        return problem(reader, REFUSAL_UNKNOWN_CURRENCY, place, "%s is no currency of ISO 4217", shown(node, value));
    }
    *out = arena_copy(reader->arena, node->text);
    return out->ptr != NULL || no_memory(reader);
}

/* ---- numbers ---- */

static int places_of(const struct reader *reader, const struct field *field)
{
    switch (field->form) {
    case FIELD_AMOUNT: return currency_exponent(reader->money);
    case FIELD_RATE: return RATE_PLACES;
    case FIELD_VERSION: return 0;
    default: return MICRO_PLACES;
    }
}

static int64_t max_of(const struct field *field)
{
    switch (field->form) {
    case FIELD_AMOUNT: return AMOUNT_MINOR_MAX;
    case FIELD_RATE:
    case FIELD_VERSION: return INT64_MAX;
    default: return QTY_MICRO_MAX;
    }
}

static bool too_fine(struct reader *reader, const struct place *place, const struct field *field,
                     const struct json_node *node)
{
    char value[SHOWN_MAX + 8], code[4];
    switch (field->form) {
    case FIELD_AMOUNT: {
        int places = currency_exponent(reader->money);
        return problem(reader, REFUSAL_AMOUNT_TOO_FINE, place, "%s is finer than %s, which has %d decimal%s",
                       shown(node, value), currency_code(reader->money, code), places, places == 1 ? "" : "s");
    }
    case FIELD_RATE:
        return problem(reader, REFUSAL_AMOUNT_TOO_FINE, place, "%s is finer than ten decimals", shown(node, value));
    case FIELD_VERSION:
        return problem(reader, REFUSAL_BAD_VALUE, place, "%s is not a whole number", shown(node, value));
    default: return problem(reader, REFUSAL_AMOUNT_TOO_FINE, place, "%s is finer than a millionth", shown(node, value));
    }
}

static bool overflows(struct reader *reader, const struct place *place, const struct field *field,
                      const struct json_node *node)
{
    char value[SHOWN_MAX + 8], most[24];
    decimal_write(max_of(field), places_of(reader, field), 0, most);
    return problem(reader, REFUSAL_OVERFLOW, place, "%s is too large; at most %s can be kept exactly",
                   shown(node, value), most);
}

static bool check_sign(struct reader *reader, const struct place *place, const struct field *field,
                       const struct json_node *node, int64_t number)
{
    char value[SHOWN_MAX + 8];
    if (field->form == FIELD_VERSION && number < 1) {
        return problem(reader, REFUSAL_BAD_VALUE, place, "%s is not a whole number from 1 on", shown(node, value));
    }
    if ((field->form == FIELD_RATE || field->sign == SIGN_POSITIVE) && number <= 0) {
        return problem(reader, REFUSAL_NEGATIVE_NOT_ALLOWED, place, "%s must be more than zero", shown(node, value));
    }
    if (field->sign == SIGN_NOT_NEGATIVE && number < 0) {
        return problem(reader, REFUSAL_NEGATIVE_NOT_ALLOWED, place, "%s must not be less than zero",
                       shown(node, value));
    }
    return true;
}

static bool read_number(struct reader *reader, const struct place *place, const struct field *field,
                        const struct json_node *node, int64_t *out)
{
    char value[SHOWN_MAX + 8];
    int64_t number = 0;
    if (node->kind != JSON_TEXT && node->kind != JSON_NUMBER) {
        return problem(reader, REFUSAL_BAD_VALUE, place, "%s is not a decimal number such as \"12.5\"",
                       shown(node, value));
    }
    switch (decimal_read(node->text, places_of(reader, field), &number)) {
    case DECIMAL_OK: break;
    case DECIMAL_TOO_FINE: return too_fine(reader, place, field, node);
    case DECIMAL_OVERFLOW: return overflows(reader, place, field, node);
    case DECIMAL_MALFORMED:
        if (node->kind == JSON_NUMBER) {
            return problem(reader, REFUSAL_BAD_VALUE, place, "%s has an exponent; write the digits out",
                           shown(node, value));
        }
        return problem(reader, REFUSAL_BAD_VALUE, place, "%s is not a decimal number such as \"12.5\"",
                       shown(node, value));
    }
    if (number > max_of(field) || number < -max_of(field)) {
        return overflows(reader, place, field, node);
    }
    *out = number;
    return check_sign(reader, place, field, node, number);
}

/* ---- other forms ---- */

static bool read_truth(struct reader *reader, const struct place *place, const struct json_node *node, int *out)
{
    char value[SHOWN_MAX + 8];
    if (node->kind != JSON_TRUE && node->kind != JSON_FALSE) {
        return problem(reader, REFUSAL_BAD_VALUE, place, "%s is neither true nor false", shown(node, value));
    }
    *out = node->kind == JSON_TRUE ? TRUTH_TRUE : TRUTH_FALSE;
    return true;
}

static bool read_choice(struct reader *reader, const struct place *place, const struct field *field,
                        const struct json_node *node, int *out)
{
    char value[SHOWN_MAX + 8], names[300];
    size_t length = 0;
    for (int i = 0; field->choices[i] != NULL; i++) {
        if (node->kind == JSON_TEXT && span_eq(node->text, span_of(field->choices[i]))) {
            *out = i + 1;
            return true;
        }
        int written = snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? ", " : "", field->choices[i]);
        must(written > 0 && (size_t)written < sizeof names - length);
        length += (size_t)written;
    }
    return problem(reader, REFUSAL_BAD_VALUE, place, "%s is none of %s", shown(node, value), names);
}

static bool read_moment(struct reader *reader, const struct place *place, const struct json_node *node,
                        struct moment *out)
{
    char value[SHOWN_MAX + 8];
    struct moment moment = {0};
    if (node->kind == JSON_TEXT) {
        moment.form = time_read(node->text, &moment.at_us, &moment.day);
    }
    if (moment.form == TIME_MALFORMED) {
        return problem(reader, REFUSAL_BAD_VALUE, place,
                       "%s is neither a date such as \"2026-01-31\" nor an instant with offset such as "
                       "\"2026-01-31T12:00:00Z\"",
                       shown(node, value));
    }
    *out = moment;
    return true;
}

static bool read_object(struct reader *reader, const struct place *place, const struct field *fields,
                        const struct field *more, const struct json_node *node, void *object);

static const struct field reference_fields[] = {
    {.name = "source", .form = FIELD_TEXT, .offset = offsetof(struct reference, source)},
    {.name = "id", .form = FIELD_TEXT, .offset = offsetof(struct reference, id), .flags = FIELD_REQUIRED},
    {.name = NULL},
};

static bool read_reference(struct reader *reader, const struct place *place, const struct json_node *node,
                           struct reference *out)
{
    if (node->kind == JSON_OBJECT) {
        return read_object(reader, place, reference_fields, NULL, node, out);
    }
    return read_text(reader, place, &reference_fields[1], node, &out->id);
}

/* ---- lists ---- */

static bool check_count(struct reader *reader, const struct place *place, const struct field *field, size_t count)
{
    if (count < field->min_count) {
        return problem(reader, REFUSAL_MISSING_FIELD, place, "holds %zu, and at least %zu must be there", count,
                       field->min_count);
    }
    if (count > field_count_max(field)) {
        return problem(reader, REFUSAL_BAD_VALUE, place, "holds %zu, and at most %zu may be there", count,
                       field_count_max(field));
    }
    return true;
}

static bool fill_line_ids(struct reader *reader, const struct field *fields, size_t index, void *element)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (field->flags & FIELD_LINE_ID) {
            struct span *id = field_text_slot(element, field);
            *id = document_line_id(*id, index, reader->arena);
            if (id->ptr == NULL) {
                return no_memory(reader);
            }
        }
    }
    return true;
}

static bool read_element(struct reader *reader, const struct place *place, const struct field *field,
                         const struct json_node *node, void *element)
{
    switch (field->form) {
    case FIELD_LIST_REFERENCE: return read_reference(reader, place, node, element);
    case FIELD_LIST_MICRO: return read_number(reader, place, field, node, element);
    default:
        document_clear_struct(element, field->fields);
        return read_object(reader, place, field->fields, NULL, node, element) &&
               fill_line_ids(reader, field->fields, place->index, element);
    }
}

static bool read_list(struct reader *reader, const struct place *place, const struct field *field,
                      const struct json_node *node, void *object)
{
    char value[SHOWN_MAX + 8];
    if (node->kind != JSON_ARRAY) {
        return problem(reader, REFUSAL_BAD_VALUE, place, "%s is not a list", shown(node, value));
    }
    if (!check_count(reader, place, field, node->count)) {
        return false;
    }
    if (node->count == 0) {
        return true;
    }
    size_t size = field_element_size(field);
    struct any_list list = {arena_array(reader->arena, node->count, size), node->count};
    if (list.at == NULL) {
        return no_memory(reader);
    }
    struct place element = {.up = place};
    for (const struct json_node *child = node->first; child != NULL; child = child->next) {
        if (!read_element(reader, &element, field, child, (char *)list.at + element.index * size)) {
            return false;
        }
        element.index++;
    }
    field_set_list(object, field, list);
    return true;
}

/* ---- objects ---- */

static bool read_member(struct reader *reader, const struct place *place, const struct field *field,
                        const struct json_node *node, void *object)
{
    int choice = 0;
    bool is_read = false;
    switch (field->form) {
    case FIELD_TEXT: return read_text(reader, place, field, node, field_text_slot(object, field));
    case FIELD_AMOUNT:
    case FIELD_MICRO:
    case FIELD_RATE:
    case FIELD_VERSION: return read_number(reader, place, field, node, field_number_slot(object, field));
    case FIELD_TRUTH:
    case FIELD_CHOICE:
        is_read = field->form == FIELD_TRUTH ? read_truth(reader, place, node, &choice)
                                             : read_choice(reader, place, field, node, &choice);
        field_set_choice(object, field, choice);
        return is_read;
    case FIELD_MOMENT: return read_moment(reader, place, node, field_moment_slot(object, field));
    case FIELD_REFERENCE: return read_reference(reader, place, node, field_reference_slot(object, field));
    case FIELD_OBJECT: return read_object(reader, place, field->fields, NULL, node, field_slot(object, field));
    case FIELD_LIST:
    case FIELD_LIST_REFERENCE:
    case FIELD_LIST_MICRO: return read_list(reader, place, field, node, object);
    }
    must(false); /* a field has a form */
    return false;
}

static bool is_named(const struct field *field, struct span key)
{
    return field->name[0] == key.ptr[0] && strlen(field->name) == key.len && memcmp(field->name, key.ptr, key.len) == 0;
}

/* The row of that name, searched from `hint` on, for members mostly come in the table's order. */
static const struct field *find_field(const struct field *fields, size_t hint, struct span key)
{
    if (fields == NULL || key.len == 0) {
        return NULL;
    }
    for (const struct field *field = fields + hint; field->name != NULL; field++) {
        if (is_named(field, key)) {
            return field;
        }
    }
    for (const struct field *field = fields; field < fields + hint; field++) {
        if (is_named(field, key)) {
            return field;
        }
    }
    return NULL;
}

static bool keep_extra(struct reader *reader, const struct place *up, const struct json_node *node)
{
    struct extra *extra = ARENA_NEW(reader->scratch, struct extra);
    if (extra == NULL) {
        return no_memory(reader);
    }
    struct span path = path_of(up, reader->scratch);
    extra->path =
        path.len == 0 ? node->key : arena_print(reader->scratch, "%.*s.%.*s", SPAN_ARG(path), SPAN_ARG(node->key));
    extra->node = node;
    extra->next = reader->extras;
    reader->extras = extra;
    reader->extra_count++;
    return extra->path.ptr != NULL || no_memory(reader);
}

/* A member set to null counts as absent, and so does an empty text where there need be none. */
static bool is_absent(const struct field *field, const struct json_node *node)
{
    bool is_optional_text = field != NULL && field->form == FIELD_TEXT && !(field->flags & FIELD_REQUIRED);
    return node->kind == JSON_NULL || (is_optional_text && node->kind == JSON_TEXT && node->text.len == 0);
}

static bool check_required(struct reader *reader, const struct place *place, const struct field *fields, uint64_t seen)
{
    for (const struct field *field = fields; field != NULL && field->name != NULL; field++) {
        bool is_seen = seen >> (field - fields) & 1;
        if ((field->flags & FIELD_REQUIRED) && !is_seen) {
            struct place member = {.up = place, .name = field->name};
            return problem(reader, REFUSAL_MISSING_FIELD, &member, "is missing");
        }
    }
    return true;
}

static bool read_row(struct reader *reader, const struct place *place, const struct field *field,
                     const struct json_node *node, void *object)
{
    if (field == document_common_fields()) {
        return true; /* `type`, which has no place in the struct: read_type has read it */
    }
    struct place member = {.up = place, .name = field->name};
    return read_member(reader, &member, field, node, object);
}

/* Reads the members of `node` by the rows of `fields` and, where those don't have one, of `more` (may be NULL). */
static bool read_object(struct reader *reader, const struct place *place, const struct field *fields,
                        const struct field *more, const struct json_node *node, void *object)
{
    char value[SHOWN_MAX + 8];
    if (node->kind != JSON_OBJECT) {
        return problem(reader, REFUSAL_BAD_VALUE, place, "%s is not an object", shown(node, value));
    }
    uint64_t seen = 0, seen_more = 0;
    size_t hint = 0;
    for (const struct json_node *child = node->first; child != NULL; child = child->next) {
        const struct field *field = find_field(fields, hint, child->key);
        bool is_own = field != NULL;
        if (!is_own) {
            field = find_field(more, 0, child->key);
        }
        if (is_absent(field, child)) {
            continue;
        }
        if (field == NULL) {
            if (!keep_extra(reader, place, child)) {
                return false;
            }
            continue;
        }
        if (is_own) {
            hint = (size_t)(field - fields) + 1;
            seen |= UINT64_C(1) << (field - fields);
        } else {
            seen_more |= UINT64_C(1) << (field - more);
        }
        if (!read_row(reader, place, field, child, object)) {
            return false;
        }
    }
    return check_required(reader, place, more, seen_more) && check_required(reader, place, fields, seen);
}

/* ---- extras ---- */

static int by_path(const void *a, const void *b)
{
    const struct extra *left = a, *right = b;
    return span_cmp(left->path, right->path);
}

static bool write_extras(struct reader *reader, const struct extra *sorted, struct document *document)
{
    struct buf text = buf_make(EXTRAS_MAX);
    struct json_out json = json_out_make(&text);
    buf_put_char(&text, '{');
    for (size_t i = 0; i < reader->extra_count; i++) {
        json_text(&json, sorted[i].path);
        buf_put_char(&text, ':');
        json_write_node(sorted[i].node, &text);
    }
    buf_put_char(&text, '}');
    document->extras = text.failed ? (struct span){0} : arena_copy(reader->arena, buf_span(&text));
    buf_done(&text);
    return document->extras.ptr != NULL || no_memory(reader);
}

/* Unknown members, sorted by path, as one JSON object. */
static bool keep_extras(struct reader *reader, struct document *document)
{
    if (reader->extra_count == 0) {
        return true;
    }
    struct extra *sorted = ARENA_ARRAY(reader->scratch, struct extra, reader->extra_count);
    if (sorted == NULL) {
        return no_memory(reader);
    }
    size_t count = 0;
    for (const struct extra *extra = reader->extras; extra != NULL; extra = extra->next) {
        sorted[count++] = *extra;
    }
    qsort(sorted, count, sizeof *sorted, by_path);
    for (size_t i = 1; i < count; i++) {
        if (span_eq(sorted[i - 1].path, sorted[i].path)) {
            char value[SHOWN_MAX + 8];
            return problem(reader, REFUSAL_DUPLICATE_KEY, NULL,
                           "the unknown member %s stands twice, as a path and as a name",
                           shown_text(sorted[i].path, value));
        }
    }
    return write_extras(reader, sorted, document);
}

/* ---- the document ---- */

static const struct json_node *member_of(const struct json_node *object, struct span key)
{
    for (const struct json_node *child = object->first; child != NULL; child = child->next) {
        if (span_eq(child->key, key)) {
            return child;
        }
    }
    return NULL;
}

static bool is_short_text(const struct json_node *node)
{
    return node != NULL && node->kind == JSON_TEXT && node->text.len > 0 && node->text.len <= FIELD_TEXT_MAX;
}

/* What can be named of a document, however wrong the rest is. */
static void identify(struct reader *reader, const struct json_node *root, struct span default_source)
{
    const struct json_node *type = member_of(root, SPAN("type"));
    const struct json_node *source = member_of(root, SPAN("source"));
    const struct json_node *id = member_of(root, SPAN("id"));
    struct document_problem *problem = reader->problem;
    problem->type = is_short_text(type) ? document_type_find(type->text) : DOCUMENT_NONE;
    problem->source = arena_copy(reader->arena, is_short_text(source) ? source->text : default_source);
    if (is_short_text(id)) {
        problem->id = arena_copy(reader->arena, id->text);
    }
}

static bool read_type(struct reader *reader, const struct json_node *root)
{
    static const struct place place = {.name = "type"};
    char value[SHOWN_MAX + 8];
    const struct json_node *type = member_of(root, SPAN("type"));
    if (type == NULL || type->kind == JSON_NULL) {
        return problem(reader, REFUSAL_MISSING_FIELD, &place, "is missing");
    }
    if (type->kind != JSON_TEXT) {
        return problem(reader, REFUSAL_BAD_VALUE, &place, "%s is not a text in quotes", shown(type, value));
    }
    if (reader->problem->type == DOCUMENT_NONE) {
        return problem(reader, REFUSAL_UNKNOWN_TYPE, &place, "%s is no type of document", shown(type, value));
    }
    return true;
}

/* Before any amount can be read it must be known what it is in. */
static bool settle_currency(struct reader *reader, const struct json_node *root, currency company_currency)
{
    static const struct place place = {.name = "currency"};
    const struct field *row = document_common_fields();
    while (!field_is_document_currency(row)) {
        row++;
    }
    const struct json_node *node = member_of(root, SPAN("currency"));
    reader->money = company_currency;
    if (node == NULL || is_absent(row, node)) {
        return true;
    }
    struct span code = {0};
    if (!read_text(reader, &place, row, node, &code)) {
        return false;
    }
    reader->money = currency_find(code);
    return true;
}

static bool read_document(struct reader *reader, const struct json_node *root, struct span default_source,
                          currency company_currency, struct document *document)
{
    if (!read_type(reader, root) || !settle_currency(reader, root, company_currency)) {
        return false;
    }
    document_clear(document, reader->problem->type);
    document->money = reader->money;
    if (!read_object(reader, NULL, document_fields(document->type), document_common_fields(), root, document) ||
        !keep_extras(reader, document)) {
        return false;
    }
    if (document->source.ptr == NULL) {
        document->source = arena_copy(reader->arena, default_source);
    }
    return true;
}

static bool fail_json(struct reader *reader, enum json_error error, struct span detail)
{
    switch (error) {
    case JSON_BAD_UTF8: return problem(reader, REFUSAL_BAD_ENCODING, NULL, "%.*s", SPAN_ARG(detail));
    case JSON_DUPLICATE_KEY: return problem(reader, REFUSAL_DUPLICATE_KEY, NULL, "%.*s", SPAN_ARG(detail));
    case JSON_NO_MEMORY: return no_memory(reader);
    case JSON_MALFORMED:
    case JSON_TOO_DEEP:
    case JSON_OK: break;
    }
    return problem(reader, REFUSAL_MALFORMED, NULL, "%.*s", SPAN_ARG(detail));
}

static bool read_whole(struct reader *reader, struct json_parser *parser, struct span json, struct span default_source,
                       currency company_currency, struct document *document)
{
    struct json_node *root = NULL;
    struct span detail = {0};
    char value[SHOWN_MAX + 8];
    enum json_error error = json_read(parser, json, reader->scratch, &root, &detail);
    if (error != JSON_OK) {
        return fail_json(reader, error, detail);
    }
    if (root->kind != JSON_OBJECT) {
        return problem(reader, REFUSAL_MALFORMED, NULL, "%s is not an object", shown(root, value));
    }
    identify(reader, root, default_source);
    if (!read_document(reader, root, default_source, company_currency, document)) {
        return false;
    }
    reader->problem->refusal = document_check(document, reader->arena, &reader->problem->detail);
    return reader->problem->refusal == REFUSAL_NONE;
}

bool document_read_json(struct json_parser *parser, struct span json, currency company_currency,
                        struct span default_source, struct arena *arena, struct document *out_document,
                        struct document_problem *out_problem)
{
    struct reader reader = {.arena = arena, .scratch = json_parser_scratch(parser), .problem = out_problem};
    struct document document;
    *out_problem = (struct document_problem){0};
    arena_reset(reader.scratch);
    bool is_read = read_whole(&reader, parser, json, default_source, company_currency, &document);
    if (is_read) {
        *out_document = document;
    }
    return is_read;
}
