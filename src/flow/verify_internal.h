/* verify_internal.h: what the files of verify share. */
#ifndef TIEOUT_FLOW_VERIFY_INTERNAL_H
#define TIEOUT_FLOW_VERIFY_INTERNAL_H

#include "flow/verify.h"
#include "state/company.h"

struct verify {
    struct store *store;
    uint32_t company;
    const struct verify_options *options;
    struct verify_counts *counts;
    struct err *err;
    bool truth_is_damaged;
    const char *check; /* of the last finding, and how many of that check were shown in a row */
    uint64_t in_a_row;
    uint64_t last_seq, last_raw_block;
    const struct seal *seals;
    size_t seal_count;
};

/* Reports a finding about a numbered row ("truth", "raw", "seal"), or about a key as it stands. */
void verify_find_row(struct verify *verify, const char *check, const char *table, uint64_t number, const char *format,
                     ...) PRINTF_LIKE(5, 6);
void verify_find(struct verify *verify, const char *check, const char *table, struct span key, const char *format, ...)
    PRINTF_LIKE(5, 6);
void verify_tell(const struct verify *verify, const char *what, uint64_t done, uint64_t total);
/* Bytes of a key as text: letters as they are, others as \x1f. */
struct span verify_printable(struct span bytes, char *out, size_t room);

/* verify_chain.c: seals, and that raw blocks can be read. */
bool verify_chain(struct verify *verify);
/* verify_truth.c: each row and entry in itself. */
bool verify_truth(struct verify *verify);
/* verify_views.c: rebuilds into a scratch store, compares; hands over the rebuilt company's own views for verify_books. */
bool verify_views(struct verify *verify);
/* verify_books.c: item books, order books and control accounts of a rebuilt company. */
struct stock_sums;
struct stock_sums *stock_sums_new(void);
struct stock_sums *stock_sums_free(struct stock_sums *sums);
/* Adds a ruling's lines on stock control accounts. */
void stock_sums_add(struct stock_sums *sums, const struct ruling *ruling);
bool verify_books(struct verify *verify, struct company *company, struct store *views, uint32_t number,
                  const struct stock_sums *sums);
/* verify_records.c: each raw record is the document that truth keeps of it. */
bool verify_records(struct verify *verify);
/* verify_deep.c: decides everything again from the raw records and names the rows that differ. */
bool verify_deep(struct verify *verify);

#endif
