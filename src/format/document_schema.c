/* document_schema.c: the field table as JSON Schema 2020-12, one schema per type. It says what a row says; rules between
 * members are in docs/formats/documents.md. Unknown members are allowed, because they are kept. */
#include "base/json_out.h"
#include "base/must.h"
#include "format/document_json.h"
#include "order/document_fields.h"
#include "order/field_access.h"
#include <stdio.h>

struct schema {
    struct json_out json;
    const char *type_name;
};

static void write_object_schema(struct schema *schema, const struct field *common, const struct field *own);

static void put_text(struct schema *schema, const char *key, const char *value)
{
    json_key(&schema->json, key);
    json_text(&schema->json, span_of(value));
}

static void put_count(struct schema *schema, const char *key, size_t value)
{
    json_key(&schema->json, key);
    json_int(&schema->json, (int64_t)value);
}

/* Text of digits, or a plain JSON number. Of an amount the currency says how many decimals it has; of all others the
 * form does: beyond those only zeros may stand. */
static void write_decimal_schema(struct schema *schema, const struct field *field)
{
    struct json_out *json = &schema->json;
    const char *fraction = "(\\.[0-9]+)?";
    if (field->form == FIELD_MICRO || field->form == FIELD_LIST_MICRO) {
        fraction = "(\\.[0-9]{1,6}0*)?";
    } else if (field->form == FIELD_RATE) {
        fraction = "(\\.[0-9]{1,10}0*)?";
    }
    bool is_positive = field->form == FIELD_RATE || field->sign == SIGN_POSITIVE;
    bool is_signed = !is_positive && field->sign == SIGN_ANY;
    json_key(json, "type");
    json_open_array(json);
    json_text(json, SPAN("string"));
    json_text(json, SPAN("number"));
    json_close_array(json);
    char pattern[80];
    snprintf(pattern, sizeof pattern, "^%s%s[0-9]+%s$", is_positive ? "(?=.*[1-9])" : "", is_signed ? "-?" : "",
             fraction);
    put_text(schema, "pattern", pattern);
    if (!is_signed) {
        put_count(schema, is_positive ? "exclusiveMinimum" : "minimum", 0);
    }
}

static void write_version_schema(struct schema *schema)
{
    struct json_out *json = &schema->json;
    json_key(json, "type");
    json_open_array(json);
    json_text(json, SPAN("integer"));
    json_text(json, SPAN("string"));
    json_close_array(json);
    put_count(schema, "minimum", 1);
    put_text(schema, "pattern", "^[1-9][0-9]*$");
    put_count(schema, "default", 1);
}

static void write_text_schema(struct schema *schema, const struct field *field)
{
    put_text(schema, "type", "string");
    if (field->flags & FIELD_CURRENCY) {
        put_text(schema, "pattern", field->flags & FIELD_REQUIRED ? "^[A-Z]{3}$" : "^([A-Z]{3})?$");
        return;
    }
    if (field->flags & FIELD_REQUIRED) {
        put_count(schema, "minLength", 1); /* an empty optional one counts as absent */
    }
    put_count(schema, "maxLength", field_text_max(field));
    put_text(schema, "pattern", "^[^\\u0000-\\u001f\\u007f-\\u009f]*$");
}

static void write_choice_schema(struct schema *schema, const struct field *field)
{
    json_key(&schema->json, "enum");
    json_open_array(&schema->json);
    for (int i = 0; field->choices[i] != NULL; i++) {
        json_text(&schema->json, span_of(field->choices[i]));
    }
    json_close_array(&schema->json);
}

static void write_moment_schema(struct schema *schema)
{
    put_text(schema, "type", "string");
    put_text(
        schema, "pattern",
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$");
}

static void write_reference_body(struct schema *schema) { put_text(schema, "$ref", "#/$defs/reference"); }

static void write_list_schema(struct schema *schema, const struct field *field)
{
    struct json_out *json = &schema->json;
    put_text(schema, "type", "array");
    if (field->min_count > 0) {
        put_count(schema, "minItems", field->min_count);
    }
    put_count(schema, "maxItems", field_count_max(field));
    json_key(json, "items");
    json_open_object(json);
    if (field->form == FIELD_LIST_REFERENCE) {
        write_reference_body(schema);
    } else if (field->form == FIELD_LIST_MICRO) {
        write_decimal_schema(schema, field);
    } else {
        write_object_schema(schema, NULL, field->fields);
    }
    json_close_object(json);
}

static void write_form(struct schema *schema, const struct field *field)
{
    switch (field->form) {
    case FIELD_TEXT: write_text_schema(schema, field); return;
    case FIELD_AMOUNT:
    case FIELD_MICRO:
    case FIELD_RATE: write_decimal_schema(schema, field); return;
    case FIELD_VERSION: write_version_schema(schema); return;
    case FIELD_TRUTH: put_text(schema, "type", "boolean"); return;
    case FIELD_CHOICE: write_choice_schema(schema, field); return;
    case FIELD_MOMENT: write_moment_schema(schema); return;
    case FIELD_REFERENCE: write_reference_body(schema); return;
    case FIELD_OBJECT: write_object_schema(schema, NULL, field->fields); return;
    case FIELD_LIST:
    case FIELD_LIST_REFERENCE:
    case FIELD_LIST_MICRO: write_list_schema(schema, field); return;
    }
}

static bool has_row(const struct field *fields, const char *name)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void write_property(struct schema *schema, const struct field *field)
{
    json_key(&schema->json, field->name);
    json_open_object(&schema->json);
    if (field->help != NULL) {
        put_text(schema, "description", field->help);
    }
    if (field == document_common_fields()) {
        put_text(schema, "const", schema->type_name);
    } else {
        write_form(schema, field);
    }
    json_close_object(&schema->json);
}

/* The rows of `common` (may be NULL) but for those that `own` replaces, then `own`. */
static void write_properties(struct schema *schema, const struct field *common, const struct field *own)
{
    for (const struct field *field = common; field != NULL && field->name != NULL; field++) {
        if (!has_row(own, field->name)) {
            write_property(schema, field);
        }
    }
    for (const struct field *field = own; field->name != NULL; field++) {
        write_property(schema, field);
    }
}

static bool has_required(const struct field *fields)
{
    for (const struct field *field = fields; field != NULL && field->name != NULL; field++) {
        if (field->flags & FIELD_REQUIRED) {
            return true;
        }
    }
    return false;
}

static void write_required(struct schema *schema, const struct field *common, const struct field *own)
{
    if (!has_required(common) && !has_required(own)) {
        return;
    }
    json_key(&schema->json, "required");
    json_open_array(&schema->json);
    for (const struct field *field = common; field != NULL && field->name != NULL; field++) {
        if ((field->flags & FIELD_REQUIRED) && !has_row(own, field->name)) {
            json_text(&schema->json, span_of(field->name));
        }
    }
    for (const struct field *field = own; field->name != NULL; field++) {
        if (field->flags & FIELD_REQUIRED) {
            json_text(&schema->json, span_of(field->name));
        }
    }
    json_close_array(&schema->json);
}

static void write_object_schema(struct schema *schema, const struct field *common, const struct field *own)
{
    put_text(schema, "type", "object");
    json_key(&schema->json, "properties");
    json_open_object(&schema->json);
    write_properties(schema, common, own);
    json_close_object(&schema->json);
    write_required(schema, common, own);
}

/* A reference: an id of the same source, or source and id. */
static void write_definitions(struct schema *schema)
{
    struct json_out *json = &schema->json;
    static const struct field id = {.name = "id", .form = FIELD_TEXT, .flags = FIELD_REQUIRED};
    static const struct field source_and_id[] = {
        {.name = "source", .form = FIELD_TEXT},
        {.name = "id", .form = FIELD_TEXT, .flags = FIELD_REQUIRED},
        {.name = NULL},
    };
    json_key(json, "$defs");
    json_open_object(json);
    json_key(json, "reference");
    json_open_object(json);
    put_text(schema, "description", "names another document: an id of the same source, or source and id");
    json_key(json, "oneOf");
    json_open_array(json);
    json_open_object(json);
    write_text_schema(schema, &id);
    json_close_object(json);
    json_open_object(json);
    write_object_schema(schema, NULL, source_and_id);
    json_close_object(json);
    json_close_array(json);
    json_close_object(json);
    json_close_object(json);
}

void document_write_schema(enum document_type type, struct buf *out)
{
    const struct field *fields = document_fields(type);
    must(fields != NULL);
    const char *name = document_type_name(type);
    struct schema schema = {.json = json_out_make(out), .type_name = name};
    char id[80];
    snprintf(id, sizeof id, "urn:tieout:document:v1:%s", name);
    json_open_object(&schema.json);
    put_text(&schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    put_text(&schema, "$id", id);
    put_text(&schema, "title", name);
    write_object_schema(&schema, document_common_fields(), fields);
    write_definitions(&schema);
    json_close_object(&schema.json);
}
