/* pile.h: documents on their way into the file. Each is written as one line of JSON and lies in the pile until the
 * instant at which it arrives; so a document may be dated long before the line it stands on. */
#ifndef TIEOUT_DEMO_PILE_H
#define TIEOUT_DEMO_PILE_H

#include "base/buf.h"
#include "base/json_out.h"
#include "queue.h"
#include <stdbool.h>
#include <stdio.h>

/* A short text by value: ids, codes. */
struct word {
    char at[48];
};
struct word word_print(const char *format, ...) PRINTF_LIKE(1, 2);

/* How a document states a time. */
enum clock_face {
    IN_UTC,    /* 2025-06-01T13:00:00Z */
    IN_LOCAL,  /* 2025-06-01T09:00:00-04:00 */
    AS_A_DATE, /* 2025-06-01, the local day */
};

struct pile {
    struct queue lines;
    struct buf buf; /* the document being written */
    struct json_out json;
    FILE *out;
};

struct pile pile_make(FILE *out);
/* False when something could not be written to `out`. */
bool pile_done(struct pile *pile);
/* Starts a document; `source` may be NULL. Its other members follow through the json_out. */
struct json_out *pile_begin(struct pile *pile, const char *type, const char *source, const char *id);
/* Ends it; the line arrives then. */
void pile_end(struct pile *pile, int64_t arrives_us);
/* Ends it, and sends the same line once more. */
void pile_end_twice(struct pile *pile, int64_t arrives_us, int64_t again_us);
/* A line that no document is behind. */
void pile_text(struct pile *pile, struct span text, int64_t arrives_us);
/* Writes the lines that arrive before `before_us`. */
void pile_write(struct pile *pile, int64_t before_us);

/* Members. Amounts are in US dollars; a price has at least two decimals, a quantity as many as it needs. */
void put_text(struct json_out *json, const char *key, const char *text);
void put_amount(struct json_out *json, const char *key, int64_t minor);
void put_price(struct json_out *json, const char *key, int64_t micro);
void put_qty(struct json_out *json, const char *key, int64_t micro);
void put_true(struct json_out *json, const char *key);
void put_time(struct json_out *json, const char *key, int64_t at_us, enum clock_face face);
/* An id of any source when `source` is NULL. */
void put_reference(struct json_out *json, const char *key, const char *source, const char *id);

#endif
