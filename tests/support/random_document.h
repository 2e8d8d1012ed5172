/* random_document.h: seeded random documents, made from the field table, for round-trip properties. */
#ifndef TIEOUT_TESTS_RANDOM_DOCUMENT_H
#define TIEOUT_TESTS_RANDOM_DOCUMENT_H

#include "base/arena.h"
#include "base/prng.h"
#include "order/document.h"

/* The n-th known type, n from 0, or DOCUMENT_NONE behind the last. */
enum document_type known_type(size_t n);
/* A document of `type` in `arena` that document_check accepts: every field present or absent by chance. Amounts are in
 * its own currency; without one in `company_currency`. */
void random_document(struct prng *prng, enum document_type type, currency company_currency, struct arena *arena,
                     struct document *out_document);
/* Changes one member of the document, somewhere; its parts are changed in place. The result need not make sense. */
void change_one_member(struct prng *prng, struct document *document, struct arena *arena);

#endif
