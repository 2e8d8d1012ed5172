/* internal.h: what the files of this folder share. */
#ifndef TIEOUT_REPORT_INTERNAL_H
#define TIEOUT_REPORT_INTERNAL_H

#include "base/json_out.h"
#include "report/explain.h"

/* How the item is costed now; its own method goes before the company's. */
bool item_is_average(const struct reader *reader, const struct definition *item);

/* explain_words.c: what a movement was decided to be, in sentences. */
bool movement_explain(const struct reader *reader, uint32_t item, movement_id id, struct arena *arena,
                      struct explained_movement *out, struct err *err);
bool record_explain(const struct reader *reader, const struct item_book *book, struct span sku,
                    const struct book_record *record, struct arena *arena, struct explained_movement *out,
                    struct err *err);
/* "receipt R-1"; "document 12" when its record is gone. */
bool label_of(const struct reader *reader, uint32_t document, struct arena *arena, struct span *out, struct err *err);

/* Copies entries so that they outlive their decision. */
void entries_add(struct entry_answers *entries, const struct entry_answer *entry, struct arena *arena);

#endif
