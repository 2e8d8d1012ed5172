/* document_fields.h: the one table of every canonical document's fields: JSON name, form, place in struct document,
 * whether it is required, and what a valid value is. The JSON reader (format/), the canonical packed form below and
 * the published JSON Schema are all driven by it, so they cannot disagree. */
#ifndef TIEOUT_ORDER_DOCUMENT_FIELDS_H
#define TIEOUT_ORDER_DOCUMENT_FIELDS_H

#include "base/arena.h"
#include "base/buf.h"
#include "order/document.h"

enum field_form {
    FIELD_TEXT,      /* struct span; 1 to 200 bytes of UTF-8 without control characters unless the row says longer */
    FIELD_AMOUNT,    /* int64_t minor units of the document's currency; a decimal finer than it is refused */
    FIELD_MICRO,     /* int64_t millionths: quantities, unit prices, unit costs, weights, factors */
    FIELD_RATE,      /* int64_t ten places, > 0 */
    FIELD_VERSION,   /* int64_t whole number >= 1 */
    FIELD_TRUTH,     /* enum truth_value, from a JSON boolean */
    FIELD_CHOICE,    /* an enum (int-sized); `choices` lists the names of values 1, 2, ... */
    FIELD_MOMENT,    /* struct moment, RFC 3339 instant or date */
    FIELD_REFERENCE, /* struct reference: "id" or {"source","id"} */
    FIELD_OBJECT,    /* nested struct in place, described by `fields` */
    FIELD_LIST,      /* LIST(...) of structs of `element_size`, described by `fields` */
    FIELD_LIST_REFERENCE, /* LIST(struct reference) */
    FIELD_LIST_MICRO,     /* LIST(int64_t) of FIELD_MICRO */
};
enum field_sign { SIGN_ANY, SIGN_NOT_NEGATIVE, SIGN_POSITIVE };
enum {
    FIELD_REQUIRED = 1,
    FIELD_CURRENCY = 2, /* TEXT: a code of ISO 4217 */
    FIELD_LINE_ID = 4,  /* TEXT in an element of a list: its place "1", "2", ... where absent */
};
/* What a row leaves unsaid. */
enum { FIELD_TEXT_MAX = 200, FIELD_COUNT_MAX = 10000 };

struct field {
    const char *name;
    enum field_form form;
    size_t offset; /* in the enclosing struct */
    unsigned flags;
    enum field_sign sign;        /* AMOUNT, MICRO */
    const char *const *choices;  /* CHOICE: NULL-terminated */
    const struct field *fields;  /* OBJECT, LIST: ends with name == NULL */
    size_t element_size;         /* LIST */
    size_t min_count, max_count; /* LIST*: 0..10,000 unless said */
    size_t max_len;              /* TEXT: 0 means 200 */
    const char *help;            /* one phrase for the schema and the docs */
};

/* The fields every document has (offsets in struct document), ending with name == NULL. `type` is among them for the
 * schema only. */
const struct field *document_common_fields(void);
/* The fields of one type (offsets in struct document, i.e. the union member's offset is included); NULL for none. Where a
 * type has a member of a common name (`rate`), its own stands in its place. */
const struct field *document_fields(enum document_type type);
/* Sets every number in `document`'s type-specific part and common part to ABSENT, all else to absent. */
void document_clear(struct document *document, enum document_type type);
/* The same for one element of a list or a nested struct, by its table. */
void document_clear_struct(void *object, const struct field *fields);

/* The canonical form: equal content gives equal bytes ("1.0" and "1", member order and white space do not matter; the
 * order of list elements does). Used for identity, and as the stored form of a document. */
void document_pack(const struct document *document, struct buf *out);
/* Reads what document_pack wrote; spans borrow from `bytes`, lists from `arena`. False when ill-formed or out of memory. */
NODISCARD bool document_unpack(struct span bytes, struct arena *arena, struct document *out_document);
/* The default line id "1", "2", ... of the place `index` (from 0), where the document gave none. */
struct span document_line_id(struct span given, size_t index, struct arena *arena);

#endif
