/* journal.h: the entries, in the order in which they were decided. */
#ifndef TIEOUT_REPORT_JOURNAL_H
#define TIEOUT_REPORT_JOURNAL_H

#include "report/reader.h"

/* Names a document for people and JSON. */
struct document_label {
    int type;
    struct span source, id;
};
struct entry_answer {
    uint64_t seq;  /* the decision it came with */
    size_t number; /* place within the decision, from 1; the entry's id is "SEQ-NUMBER" */
    int64_t recorded_at_us;
    int32_t day, event_day;
    enum entry_kind kind;
    struct document_label cause; /* the document that was decided */
    int64_t version;
    bool about_other;
    struct document_label subject; /* whose entry it is: a delta corrects another document's */
    const struct line *lines;
    size_t line_count;
};

/* Calls back for each entry of truth rows from..to, inclusive; a callback's false ends the walk. What it is shown holds
 * only during the call. */
NODISCARD bool report_journal(const struct reader *reader, uint64_t from, uint64_t to,
                              bool (*each)(void *context, const struct entry_answer *entry), void *context,
                              struct err *err);
/* The same over whole decisions, entries or none. */
NODISCARD bool report_rulings(const struct reader *reader, uint64_t from, uint64_t to,
                              bool (*each)(void *context, const struct ruling *ruling), void *context, struct err *err);
/* The entry at place `index` (from 0) of a decision; borrows from it. */
struct entry_answer entry_of(const struct ruling *ruling, size_t index);
/* One object. */
struct json_out;
void entry_write_json(struct json_out *json, const struct entry_answer *entry, currency money);
/* "original", "delta", "correction". */
const char *entry_kind_name(enum entry_kind kind);

#endif
