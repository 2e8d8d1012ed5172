/* document_check.h: rules between the fields of one document: what the field table cannot say and the document alone
 * can answer. Rules that need other documents belong to the posting rules. */
#ifndef TIEOUT_ORDER_DOCUMENT_CHECK_H
#define TIEOUT_ORDER_DOCUMENT_CHECK_H

#include "base/arena.h"
#include "order/document.h"
#include "order/refusal.h"

/* REFUSAL_NONE when the document makes sense in itself, else the first rule that says no, and *out_detail is one
 * sentence in `arena` that names the member ("lines[2].from: ..."). Needs a document whose fields are valid each. */
NODISCARD enum refusal document_check(const struct document *document, struct arena *arena, struct span *out_detail);

#endif
