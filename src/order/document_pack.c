/* document_pack.c: the canonical packed form of a document, walked from the field table.
 *
 *   document   form byte, type, fields of the common table, extras, fields of the type's table
 *   fields     for each present one, in table order: its row's place from 1, then its value; 0 ends them
 *   value      text: length, bytes · number: zig-zag · choice, truth: one byte · moment: form byte, number
 *              reference: 0 or source length + 1 and source, then id as text · object: fields
 *              list: count, then each element
 *
 * What is absent is not written, and whatever has a default is written only where it differs: version 1, a line id that
 * is its place, an empty list or object. The reader refuses every spelling that the writer would not choose, so bytes
 * and content stand one to one: what unpacks packs to the same bytes again. */
#include "base/must.h"
#include "order/document_fields.h"
#include "order/field_access.h"

enum { PACK_FORM = 1, PACK_DEPTH_MAX = 8, LINE_ID_ROOM = 20 };

/* The text of a default line id: index + 1 in decimal; returns its length. */
static size_t place_write(size_t index, char out[LINE_ID_ROOM])
{
    char reversed[LINE_ID_ROOM];
    size_t len = 0;
    for (size_t place = index + 1; place > 0; place /= 10) {
        reversed[len++] = (char)('0' + place % 10);
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = reversed[len - 1 - i];
    }
    return len;
}

static bool is_default_line_id(struct span id, size_t index)
{
    char place[LINE_ID_ROOM];
    return span_eq(id, (struct span){place, place_write(index, place)});
}

struct span document_line_id(struct span given, size_t index, struct arena *arena)
{
    if (given.ptr != NULL) {
        return given;
    }
    char place[LINE_ID_ROOM];
    return arena_copy(arena, (struct span){place, place_write(index, place)});
}

/* ---- clear ---- */

void document_clear_struct(void *object, const struct field *fields)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        switch (field->form) {
        case FIELD_AMOUNT:
        case FIELD_MICRO:
        case FIELD_RATE:
        case FIELD_VERSION: *field_number_slot(object, field) = ABSENT; break;
        case FIELD_TEXT: *field_text_slot(object, field) = (struct span){0}; break;
        case FIELD_TRUTH:
        case FIELD_CHOICE: field_set_choice(object, field, 0); break;
        case FIELD_MOMENT: *field_moment_slot(object, field) = (struct moment){0}; break;
        case FIELD_REFERENCE: *field_reference_slot(object, field) = (struct reference){0}; break;
        case FIELD_OBJECT: document_clear_struct(field_slot(object, field), field->fields); break;
        case FIELD_LIST:
        case FIELD_LIST_REFERENCE:
        case FIELD_LIST_MICRO: field_set_list(object, field, (struct any_list){0}); break;
        }
    }
}

void document_clear(struct document *document, enum document_type type)
{
    const struct field *fields = document_fields(type);
    must(fields != NULL);
    memset(document, 0, sizeof *document);
    document->type = type;
    document->version = 1;
    document->rate_e10 = ABSENT;
    document_clear_struct(document, fields);
}

/* ---- pack ---- */

static void pack_fields(const void *object, const struct field *fields, size_t index, struct buf *out);

static void put_tag(const struct field *field, const struct field *fields, struct buf *out)
{
    buf_put_varint(out, (uint64_t)(field - fields) + 1);
}

static void put_moment(struct moment moment, struct buf *out)
{
    buf_put_u8(out, (uint8_t)moment.form);
    buf_put_signed(out, moment.form == TIME_INSTANT ? moment.at_us : moment.day);
}

static void put_reference(struct reference reference, struct buf *out)
{
    if (reference.source.ptr == NULL) {
        buf_put_varint(out, 0);
    } else {
        buf_put_varint(out, (uint64_t)reference.source.len + 1);
        buf_put_span(out, reference.source);
    }
    buf_put_bytes(out, reference.id);
}

static void pack_object(const void *object, const struct field *field, const struct field *fields, struct buf *out)
{
    size_t before = out->len;
    put_tag(field, fields, out);
    size_t opened = out->len;
    pack_fields(field_at(object, field), field->fields, 0, out);
    if (!out->failed && out->len == opened + 1) {
        out->len = before; /* only its end was written: an empty object is an absent one */
    }
}

static void pack_list(struct any_list list, const struct field *field, struct buf *out)
{
    buf_put_varint(out, list.count);
    for (size_t i = 0; i < list.count; i++) {
        if (field->form == FIELD_LIST) {
            const void *element = (const char *)list.at + i * field->element_size;
            pack_fields(element, field->fields, i, out);
        } else if (field->form == FIELD_LIST_REFERENCE) {
            put_reference(((const struct reference *)list.at)[i], out);
        } else {
            buf_put_signed(out, ((const int64_t *)list.at)[i]);
        }
    }
}

static void pack_number(const void *object, const struct field *field, const struct field *fields, struct buf *out)
{
    int64_t number = field_number(object, field);
    bool is_default = field->form == FIELD_VERSION && number == 1;
    if (is_present(number) && !is_default) {
        put_tag(field, fields, out);
        buf_put_signed(out, number);
    }
}

static void pack_text(const void *object, const struct field *field, const struct field *fields, size_t index,
                      struct buf *out)
{
    struct span text = field_text(object, field);
    bool is_default = (field->flags & FIELD_LINE_ID) && text.ptr != NULL && is_default_line_id(text, index);
    if (text.ptr != NULL && !is_default) {
        put_tag(field, fields, out);
        buf_put_bytes(out, text);
    }
}

static void pack_field(const void *object, const struct field *field, const struct field *fields, size_t index,
                       struct buf *out)
{
    switch (field->form) {
    case FIELD_TEXT: pack_text(object, field, fields, index, out); return;
    case FIELD_AMOUNT:
    case FIELD_MICRO:
    case FIELD_RATE:
    case FIELD_VERSION: pack_number(object, field, fields, out); return;
    case FIELD_TRUTH:
    case FIELD_CHOICE: {
        int choice = field_choice(object, field);
        if (choice != 0) {
            put_tag(field, fields, out);
            buf_put_u8(out, (uint8_t)choice);
        }
        return;
    }
    case FIELD_MOMENT: {
        struct moment moment = field_moment(object, field);
        if (moment_is_present(moment)) {
            put_tag(field, fields, out);
            put_moment(moment, out);
        }
        return;
    }
    case FIELD_REFERENCE: {
        struct reference reference = field_reference(object, field);
        if (reference_is_present(reference)) {
            put_tag(field, fields, out);
            put_reference(reference, out);
        }
        return;
    }
    case FIELD_OBJECT: pack_object(object, field, fields, out); return;
    case FIELD_LIST:
    case FIELD_LIST_REFERENCE:
    case FIELD_LIST_MICRO: {
        struct any_list list = field_list(object, field);
        if (list.count > 0) {
            put_tag(field, fields, out);
            pack_list(list, field, out);
        }
        return;
    }
    }
}

/* `index` is the place of a list's element. */
static void pack_fields(const void *object, const struct field *fields, size_t index, struct buf *out)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        pack_field(object, field, fields, index, out);
    }
    buf_put_u8(out, 0);
}

/* The first row of the common table is `type`, which the head carries: the common fields start behind it. */
enum { COMMON_FIRST = 1 };

/* The code of the document's currency, settled or as given, so that the company's currency and silence are equal. */
static void pack_currency(const struct document *document, const struct field *field, const struct field *fields,
                          struct buf *out)
{
    currency money = document->money ? document->money : currency_find(document->currency);
    if (money != 0) {
        char code[4];
        put_tag(field, fields, out);
        buf_put_bytes(out, span_of(currency_code(money, code)));
    }
}

static void pack_common(const struct document *document, struct buf *out)
{
    const struct field *fields = document_common_fields();
    for (const struct field *field = fields + COMMON_FIRST; field->name != NULL; field++) {
        if (field_is_document_currency(field)) {
            pack_currency(document, field, fields, out);
        } else {
            pack_field(document, field, fields, 0, out);
        }
    }
    buf_put_u8(out, 0);
}

void document_pack(const struct document *document, struct buf *out)
{
    const struct field *fields = document_fields(document->type);
    must(fields != NULL);
    buf_put_u8(out, PACK_FORM);
    buf_put_varint(out, (uint64_t)document->type);
    pack_common(document, out);
    buf_put_bytes(out, document->extras);
    pack_fields(document, fields, 0, out);
}

/* ---- unpack ---- */

struct unpacking {
    struct cursor cursor;
    struct arena *arena;
    int depth;
    bool bad; /* well-formed as bytes, but nothing that document_pack writes */
};

static void unpack_fields(struct unpacking *from, void *object, const struct field *fields, size_t first, size_t index);

static bool is_spoiled(const struct unpacking *from) { return from->bad || from->cursor.bad; }
static void spoil(struct unpacking *from) { from->bad = true; }

static int64_t take_number(struct unpacking *from, const struct field *field)
{
    int64_t number = cursor_signed(&from->cursor);
    bool in_range = true;
    switch (field->form) {
    case FIELD_AMOUNT: in_range = number >= -AMOUNT_MINOR_MAX && number <= AMOUNT_MINOR_MAX; break;
    case FIELD_MICRO:
    case FIELD_LIST_MICRO: in_range = number >= -QTY_MICRO_MAX && number <= QTY_MICRO_MAX; break;
    case FIELD_VERSION: in_range = number > 1; break;
    default: in_range = number > 0; break;
    }
    if (!in_range) {
        spoil(from);
    }
    return number;
}

static int take_choice(struct unpacking *from, const struct field *field)
{
    int choice = cursor_u8(&from->cursor);
    int count = field->form == FIELD_CHOICE ? field_choice_count(field) : TRUTH_TRUE;
    if (choice < 1 || choice > count) {
        spoil(from);
        return 0;
    }
    return choice;
}

static struct moment take_moment(struct unpacking *from)
{
    uint8_t form = cursor_u8(&from->cursor);
    int64_t number = cursor_signed(&from->cursor);
    if (form == TIME_INSTANT && number >= DAY_MIN * US_PER_DAY && number < (DAY_MAX + 1) * US_PER_DAY) {
        return (struct moment){.form = TIME_INSTANT, .at_us = number};
    }
    if (form == TIME_DATE && number >= DAY_MIN && number <= DAY_MAX) {
        return (struct moment){.form = TIME_DATE, .day = (int32_t)number};
    }
    spoil(from);
    return (struct moment){0};
}

static struct reference take_reference(struct unpacking *from)
{
    struct reference reference = {0};
    struct cursor *cursor = &from->cursor;
    uint64_t source = cursor_varint(cursor);
    if (source > 0) {
        if (source - 1 > (uint64_t)(cursor->end - cursor->at)) {
            spoil(from);
            return reference;
        }
        reference.source = (struct span){(const char *)cursor->at, (size_t)source - 1};
        cursor->at += source - 1;
    }
    reference.id = cursor_bytes(cursor);
    return reference;
}

static struct any_list take_list(struct unpacking *from, const struct field *field)
{
    uint64_t count = cursor_varint(&from->cursor);
    /* An element takes a byte at least, so a count beyond the bytes left is a lie: nothing is allocated for it. */
    uint64_t left = (uint64_t)(from->cursor.end - from->cursor.at);
    if (count == 0 || count > field_count_max(field) || count > left) {
        spoil(from);
        return (struct any_list){0};
    }
    size_t size = field_element_size(field);
    struct any_list list = {arena_array(from->arena, (size_t)count, size), (size_t)count};
    if (list.at == NULL) {
        spoil(from);
        return (struct any_list){0};
    }
    for (size_t i = 0; i < list.count && !is_spoiled(from); i++) {
        if (field->form == FIELD_LIST) {
            void *element = (char *)list.at + i * size;
            document_clear_struct(element, field->fields);
            unpack_fields(from, element, field->fields, 0, i);
        } else if (field->form == FIELD_LIST_REFERENCE) {
            ((struct reference *)list.at)[i] = take_reference(from);
        } else {
            ((int64_t *)list.at)[i] = take_number(from, field);
        }
    }
    return list;
}

static void take_text(struct unpacking *from, void *object, const struct field *field, size_t index)
{
    struct span text = cursor_bytes(&from->cursor);
    if ((field->flags & FIELD_LINE_ID) && is_default_line_id(text, index)) {
        spoil(from);
    }
    *field_text_slot(object, field) = text;
}

static void take_field(struct unpacking *from, void *object, const struct field *field, size_t index)
{
    switch (field->form) {
    case FIELD_TEXT: take_text(from, object, field, index); return;
    case FIELD_AMOUNT:
    case FIELD_MICRO:
    case FIELD_RATE:
    case FIELD_VERSION: *field_number_slot(object, field) = take_number(from, field); return;
    case FIELD_TRUTH:
    case FIELD_CHOICE: field_set_choice(object, field, take_choice(from, field)); return;
    case FIELD_MOMENT: *field_moment_slot(object, field) = take_moment(from); return;
    case FIELD_REFERENCE: *field_reference_slot(object, field) = take_reference(from); return;
    case FIELD_OBJECT: {
        const unsigned char *before = from->cursor.at;
        unpack_fields(from, field_slot(object, field), field->fields, 0, 0);
        if (from->cursor.at == before + 1) {
            spoil(from); /* an empty object is never written */
        }
        return;
    }
    case FIELD_LIST:
    case FIELD_LIST_REFERENCE:
    case FIELD_LIST_MICRO: field_set_list(object, field, take_list(from, field)); return;
    }
}

/* Line ids that are their place are not written; every reader finds them filled in. */
static void fill_line_ids(struct unpacking *from, void *object, const struct field *fields, size_t index)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (field->flags & FIELD_LINE_ID) {
            struct span *id = field_text_slot(object, field);
            *id = document_line_id(*id, index, from->arena);
            if (id->ptr == NULL) {
                spoil(from);
            }
        }
    }
}

/* The rows from place `first` on (from 0); an earlier one is not expected here. */
static void unpack_fields(struct unpacking *from, void *object, const struct field *fields, size_t first, size_t index)
{
    must(++from->depth <= PACK_DEPTH_MAX); /* the tables are shallow, and only they lead deeper */
    size_t next = first;
    for (;;) {
        uint64_t tag = cursor_varint(&from->cursor);
        if (tag == 0 || is_spoiled(from)) {
            break;
        }
        if (tag <= next) {
            spoil(from); /* twice, or out of order */
            break;
        }
        while (next < tag - 1 && fields[next].name != NULL) {
            next++;
        }
        if (fields[next].name == NULL) {
            spoil(from);
            break;
        }
        take_field(from, object, &fields[next], index);
        next++;
    }
    fill_line_ids(from, object, fields, index);
    from->depth--;
}

/* True when the currency is one that pack writes; settles it. */
static bool settle_currency(struct document *document)
{
    if (document->currency.ptr == NULL) {
        return true;
    }
    document->money = currency_find(document->currency);
    return document->money != 0;
}

bool document_unpack(struct span bytes, struct arena *arena, struct document *out_document)
{
    struct unpacking from = {.cursor = cursor_of(bytes), .arena = arena};
    uint8_t form = cursor_u8(&from.cursor);
    uint64_t type = cursor_varint(&from.cursor);
    if (from.cursor.bad || form != PACK_FORM || type >= DOCUMENT_TYPE_LIMIT) {
        return false;
    }
    const struct field *fields = document_fields((enum document_type)type);
    if (fields == NULL) {
        return false;
    }
    struct document document;
    document_clear(&document, (enum document_type)type);
    unpack_fields(&from, &document, document_common_fields(), COMMON_FIRST, 0);
    struct span extras = cursor_bytes(&from.cursor);
    if (extras.len > 0) {
        document.extras = extras;
    }
    if (is_spoiled(&from) || !settle_currency(&document)) {
        return false;
    }
    unpack_fields(&from, &document, fields, 0, 0);
    if (is_spoiled(&from) || !cursor_at_end(&from.cursor)) {
        return false;
    }
    *out_document = document;
    return true;
}
