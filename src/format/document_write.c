/* document_write.c: document → JSON, walking the field table: members in table order, absent ones left out, numbers in
 * their one canonical spelling. What it writes reads back to the same canonical form. */
#include "base/json_out.h"
#include "base/must.h"
#include "format/document_json.h"
#include "order/document_fields.h"
#include "order/field_access.h"

struct writer {
    struct json_out json;
    currency money;
};

static void write_object(struct writer *writer, const void *object, const struct field *fields);

static void write_decimal(struct writer *writer, int64_t scaled, int places)
{
    char text[24];
    size_t length = decimal_write(scaled, places, 0, text);
    json_text(&writer->json, (struct span){text, length});
}

static void write_number(struct writer *writer, const struct field *field, int64_t number)
{
    switch (field->form) {
    case FIELD_AMOUNT: json_amount(&writer->json, number, writer->money); return;
    case FIELD_RATE: write_decimal(writer, number, RATE_PLACES); return;
    case FIELD_VERSION: json_int(&writer->json, number); return;
    default: json_micro(&writer->json, number); return;
    }
}

static void write_moment(struct writer *writer, struct moment moment)
{
    if (moment.form == TIME_INSTANT) {
        json_instant(&writer->json, moment.at_us);
    } else {
        json_day(&writer->json, moment.day);
    }
}

static void write_reference(struct writer *writer, struct reference reference)
{
    if (reference.source.ptr == NULL) {
        json_text(&writer->json, reference.id);
        return;
    }
    json_open_object(&writer->json);
    json_key(&writer->json, "source");
    json_text(&writer->json, reference.source);
    json_key(&writer->json, "id");
    json_text(&writer->json, reference.id);
    json_close_object(&writer->json);
}

static void write_list(struct writer *writer, const struct field *field, struct any_list list)
{
    json_open_array(&writer->json);
    for (size_t i = 0; i < list.count; i++) {
        if (field->form == FIELD_LIST) {
            json_open_object(&writer->json);
            write_object(writer, (const char *)list.at + i * field->element_size, field->fields);
            json_close_object(&writer->json);
        } else if (field->form == FIELD_LIST_REFERENCE) {
            write_reference(writer, ((const struct reference *)list.at)[i]);
        } else {
            write_number(writer, field, ((const int64_t *)list.at)[i]);
        }
    }
    json_close_array(&writer->json);
}

static bool has_any(const void *object, const struct field *fields);

/* Whether the member is written at all. A required list is, even when it is empty. */
static bool has_member(const void *object, const struct field *field)
{
    switch (field->form) {
    case FIELD_TEXT: return field_text(object, field).ptr != NULL;
    case FIELD_AMOUNT:
    case FIELD_MICRO:
    case FIELD_RATE: return is_present(field_number(object, field));
    case FIELD_VERSION: return is_present(field_number(object, field)) && field_number(object, field) != 1;
    case FIELD_TRUTH:
    case FIELD_CHOICE: return field_choice(object, field) != 0;
    case FIELD_MOMENT: return moment_is_present(field_moment(object, field));
    case FIELD_REFERENCE: return reference_is_present(field_reference(object, field));
    case FIELD_OBJECT: return has_any(field_at(object, field), field->fields);
    case FIELD_LIST:
    case FIELD_LIST_REFERENCE:
    case FIELD_LIST_MICRO: return field_list(object, field).count > 0 || (field->flags & FIELD_REQUIRED);
    }
    must(false); /* a field has a form */
    return false;
}

static bool has_any(const void *object, const struct field *fields)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (has_member(object, field)) {
            return true;
        }
    }
    return false;
}

static void write_member(struct writer *writer, const void *object, const struct field *field)
{
    struct json_out *json = &writer->json;
    json_key(json, field->name);
    switch (field->form) {
    case FIELD_TEXT: json_text(json, field_text(object, field)); return;
    case FIELD_AMOUNT:
    case FIELD_MICRO:
    case FIELD_RATE:
    case FIELD_VERSION: write_number(writer, field, field_number(object, field)); return;
    case FIELD_TRUTH: json_bool(json, field_choice(object, field) == TRUTH_TRUE); return;
    case FIELD_CHOICE: json_text(json, span_of(field->choices[field_choice(object, field) - 1])); return;
    case FIELD_MOMENT: write_moment(writer, field_moment(object, field)); return;
    case FIELD_REFERENCE: write_reference(writer, field_reference(object, field)); return;
    case FIELD_OBJECT:
        json_open_object(json);
        write_object(writer, field_at(object, field), field->fields);
        json_close_object(json);
        return;
    case FIELD_LIST:
    case FIELD_LIST_REFERENCE:
    case FIELD_LIST_MICRO: write_list(writer, field, field_list(object, field)); return;
    }
}

static void write_object(struct writer *writer, const void *object, const struct field *fields)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (has_member(object, field)) {
            write_member(writer, object, field);
        }
    }
}

/* A common row whose name the type uses for a member of its own. */
static bool is_shadowed(const struct field *common, const struct field *own)
{
    for (const struct field *field = own; field->name != NULL; field++) {
        if (strcmp(field->name, common->name) == 0) {
            return true;
        }
    }
    return false;
}

static void write_common(struct writer *writer, const struct document *document, const struct field *own)
{
    const struct field *type = document_common_fields();
    json_key(&writer->json, type->name);
    json_text(&writer->json, span_of(document_type_name(document->type)));
    for (const struct field *field = type + 1; field->name != NULL; field++) {
        if (field_is_document_currency(field) && writer->money != 0) {
            char code[4];
            json_key(&writer->json, field->name);
            json_text(&writer->json, span_of(currency_code(writer->money, code)));
        } else if (has_member(document, field) && !is_shadowed(field, own)) {
            write_member(writer, document, field);
        }
    }
}

void document_write_json(const struct document *document, struct buf *out)
{
    const struct field *fields = document_fields(document->type);
    must(fields != NULL);
    struct writer writer = {.json = json_out_make(out), .money = document->money};
    if (writer.money == 0) {
        writer.money = currency_find(document->currency);
    }
    json_open_object(&writer.json);
    write_common(&writer, document, fields);
    write_object(&writer, document, fields);
    if (document->extras.len > 2) {
        /* The members between the braces of the kept object. */
        json_raw(&writer.json, (struct span){document->extras.ptr + 1, document->extras.len - 2});
    }
    json_close_object(&writer.json);
}
