/* document_json.h: one JSON text ↔ one canonical document, driven by the field table (order/document_fields.h). */
#ifndef TIEOUT_FORMAT_DOCUMENT_JSON_H
#define TIEOUT_FORMAT_DOCUMENT_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "format/json.h"
#include "order/document.h"
#include "order/refusal.h"

/* Why a text is no document: a refusal's name plus one sentence that names the member ("lines[2].qty: ..."). */
struct document_problem {
    enum refusal refusal; /* REFUSAL_NONE when it was read */
    struct span detail;
    /* As far as they could be read, so that what is set aside can still be named; else absent. */
    enum document_type type;
    struct span source, id;
};

/* Reads `json` as a document. `company_currency` is what an absent `currency` means; `default_source` what an absent
 * `source` means. True and *out_document on success, else *out_problem. Everything is allocated in `arena` and borrows
 * nothing from `json`. A member set to null counts as absent, and so does an optional text that is empty. Unknown members
 * go to extras under their paths: {"gift":true,"lines[0].note":"x"}. Line ids that are absent are filled in. */
NODISCARD bool document_read_json(struct json_parser *parser, struct span json, currency company_currency,
                                  struct span default_source, struct arena *arena, struct document *out_document,
                                  struct document_problem *out_problem);
/* The document as JSON again, canonical spelling, members in table order. */
void document_write_json(const struct document *document, struct buf *out);
/* The published JSON Schema (2020-12) of one type. */
void document_write_schema(enum document_type type, struct buf *out);

#endif
