/* explain.h: why a figure is what it is: from documents to the bytes they came as, to what was decided about them, to the
 * entries, and back. Values only; rank 4 puts them into tables and sentences.
 *
 * Everything found lives in the arena that was handed in. "Not found" is not a failure. */
#ifndef TIEOUT_REPORT_EXPLAIN_H
#define TIEOUT_REPORT_EXPLAIN_H

#include "report/journal.h"

struct entry_answers {
    struct entry_answer *at;
    size_t count, room;
};
/* What one document did to one item: a heading and its steps as sentences. */
struct explained_movement {
    struct span heading;
    struct span *sentences;
    size_t sentence_count;
};
struct explained_version {
    int64_t version;
    enum outcome outcome;
    int refusal;
    uint64_t seq;
};
struct explained_document {
    uint32_t number;
    int type;
    struct span source, id;
    int64_t version;
    enum outcome outcome;
    int refusal;
    struct span detail, waits_for; /* sentences; absent when there is nothing to say */
    int64_t at_us, recorded_at_us, amount_minor;
    int32_t day;
    uint64_t seq;       /* the last decision about it */
    struct span record; /* the bytes it came as; absent when they cannot be read */
    uint64_t raw_block;
    uint32_t raw_index;
    struct explained_version *versions;
    size_t version_count;
    struct explained_movement *movements;
    size_t movement_count;
    struct entry_answers entries; /* of its own decisions */
    struct entry_answers deltas;  /* that later decisions posted about it */
};

/* Which document a name means: "TYPE/ID" or "TYPE/ID@SOURCE". out_several: more than one source has it. */
struct document_name {
    enum document_type type;
    struct span source, id; /* source absent: any */
};
NODISCARD bool explain_document(const struct reader *reader, struct document_name name, struct arena *arena,
                                struct explained_document *out, bool *out_found, bool *out_several, struct err *err);
NODISCARD bool explain_document_number(const struct reader *reader, uint32_t number, struct arena *arena,
                                       struct explained_document *out, bool *out_found, struct err *err);

/* An order: its documents in key order, and where its account stands. */
struct explained_order {
    struct explained_document *documents; /* the order itself first, then every other of its book */
    size_t document_count;
    bool has_book;
    struct order_state state; /* of the book, in the arena */
};
NODISCARD bool explain_order(const struct reader *reader, struct span source, struct span id, struct arena *arena,
                             struct explained_order *out, bool *out_found, bool *out_several, struct err *err);

/* One entry and the decision it belongs to. */
struct explained_one_entry {
    struct entry_answer entry;
    struct explained_document cause;
};
NODISCARD bool explain_entry(const struct reader *reader, uint64_t seq, size_t number, struct arena *arena,
                             struct explained_one_entry *out, bool *out_found, struct err *err);

/* An item: its versions as documents, and its movements in key order. */
struct explained_sku {
    struct explained_document definition;
    struct explained_movement *movements; /* the last `movement_limit` of them */
    size_t movement_count, movement_total;
};
NODISCARD bool explain_sku(const struct reader *reader, struct span sku, size_t movement_limit, struct arena *arena,
                           struct explained_sku *out, bool *out_found, struct err *err);

/* An account: its balance, who moved it, and its last lines. */
struct explained_mover {
    int type;
    int64_t debit_minor, credit_minor, entry_count;
};
struct explained_account {
    enum role role;
    int64_t balance_minor, entry_count;
    struct explained_mover movers[DOCUMENT_TYPE_LIMIT];
    struct entry_answers last; /* with only the lines on this account; newest last */
};
NODISCARD bool explain_account(const struct reader *reader, enum role role, int32_t as_of, size_t entry_limit,
                               struct arena *arena, struct explained_account *out, struct err *err);

void explained_document_write_json(const struct explained_document *document, currency money, struct buf *out);
void explained_order_write_json(const struct explained_order *order, currency money, struct buf *out);
void explained_entry_write_json(const struct explained_one_entry *entry, currency money, struct buf *out);
void explained_sku_write_json(const struct explained_sku *sku, currency money, struct buf *out);
void explained_account_write_json(const struct explained_account *account, currency money, struct buf *out);

#endif
