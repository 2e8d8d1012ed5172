/* outcomes.h: how many documents of each source and type came to what, and why. */
#ifndef TIEOUT_REPORT_OUTCOMES_H
#define TIEOUT_REPORT_OUTCOMES_H

#include "report/reader.h"

struct outcome_answer {
    struct span source;
    int type; /* enum document_type; DOCUMENT_NONE: a record that is no document */
    enum outcome outcome;
    int refusal;           /* enum refusal */
    struct span waits_for; /* "shipment", "order", "item", "sale", "rate"; absent unless it waits */
    int64_t count, amount_minor;
};
struct outcome_answers {
    struct outcome_answer *at;
    size_t count, room;
};

/* In the order source, type, outcome. */
NODISCARD bool report_outcomes(const struct reader *reader, struct arena *arena, struct outcome_answers *out,
                               struct err *err);
/* "exceeds_open", "waits_document for shipment"; "" when nothing was refused. */
struct span outcome_reason(const struct outcome_answer *answer, struct arena *arena);
/* Array of {source, type, outcome, refusal, count, amount}. */
void outcomes_write_json(const struct outcome_answers *answers, currency money, struct arena *arena, struct buf *out);

/* One document of a given outcome. */
struct outcome_document {
    int type;
    struct span source, id;
    int64_t version, amount_minor;
    int refusal;
    struct span detail; /* the sentence that was kept with the decision; absent when there is none */
};
/* Calls back in the order in which the documents came; what is shown holds only during the call. */
NODISCARD bool report_outcome_documents(const struct reader *reader, enum outcome outcome,
                                        bool (*each)(void *context, const struct outcome_document *document),
                                        void *context, struct err *err);
/* One document that waits: for what, since when, and until when that is normal (policy wait_days). */
struct waiting_document {
    struct outcome_document document;
    int64_t since_us, until_us; /* since: noted as waiting for this */
    bool overdue;
};
/* The same for what waits, in time proportional to what waits. `now_us` says what is overdue. */
NODISCARD bool report_waiting(const struct reader *reader, int64_t now_us,
                              bool (*each)(void *context, const struct waiting_document *document), void *context,
                              struct err *err);
/* {source, type, id, version, refusal, detail, amount}; for what waits also {since, until, overdue} */
void outcome_document_write_json(const struct outcome_document *document, currency money, struct buf *out);
void waiting_document_write_json(const struct waiting_document *document, currency money, struct buf *out);

#endif
