/* buf.h: a growable run of bytes with a named maximum, and the packed ("wire") forms written into it.
 * Past its maximum, or when memory runs out, it stops growing and says so (failed): check once at
 * the end. Wire forms: unsigned and zig-zag signed LEB128 varints, length-prefixed bytes. */
#ifndef TIEOUT_BASE_BUF_H
#define TIEOUT_BASE_BUF_H

#include "base/must.h"
#include "base/span.h"
#include "base/texts.h"
#include <stdbool.h>
#include <stdint.h>

struct buf {
    char *ptr;
    size_t len;
    size_t capacity;
    size_t max;
    bool failed;
    struct texts *texts; /* where texts that repeat are looked up; NULL: each is written out */
};

/* An empty buffer of at most `max` bytes. */
struct buf buf_make(size_t max);
void buf_done(struct buf *buf);
/* Empties it, keeps its memory, clears `failed`. */
void buf_reset(struct buf *buf);
struct span buf_span(const struct buf *buf);

void buf_put(struct buf *buf, const void *bytes, size_t len);
void buf_put_span(struct buf *buf, struct span text); /* the bytes only */
void buf_put_char(struct buf *buf, char c);
void buf_print(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

void buf_put_u8(struct buf *buf, uint8_t value);
void buf_put_varint(struct buf *buf, uint64_t value);
void buf_put_signed(struct buf *buf, int64_t value);   /* zig-zag varint */
void buf_put_bytes(struct buf *buf, struct span text); /* varint length, then the bytes */
/* Without a table as buf_put_bytes. With one: 0 when empty, 1 + 2 × place of a text that the table holds, else 2 × length
 * and the bytes, which join the table. */
void buf_put_text(struct buf *buf, struct span text);
/* A number that may be missing, INT64_MIN: as buf_put_signed plus one, 0 when it is. */
void buf_put_known(struct buf *buf, int64_t value);
/* Millionths, mostly whole: 2 × the zig-zag of the whole part rounded down, plus one when millionths follow. */
void buf_put_micro(struct buf *buf, int64_t micro);
void buf_put_u64_be(struct buf *buf, uint64_t value); /* 8 bytes, big-endian: sorts as the number */

/* A cursor over wire bytes. A read past the end, or a varint that is too large or not in its shortest
 * form, sets `bad`, jumps to the end and yields zero from then on: check once at the end. */
struct cursor {
    const unsigned char *at;
    const unsigned char *end;
    bool bad;
    struct texts *texts; /* as in buf */
};

struct cursor cursor_of(struct span bytes);
uint8_t cursor_u8(struct cursor *cursor);
uint64_t cursor_varint(struct cursor *cursor);
int64_t cursor_signed(struct cursor *cursor);
struct span cursor_bytes(struct cursor *cursor); /* borrowed from the bytes read */
/* A copy in `arena`, the same one for a text that repeats; the absent span when it is empty. */
struct span cursor_text(struct cursor *cursor, struct arena *arena);
int64_t cursor_known(struct cursor *cursor);
int64_t cursor_micro(struct cursor *cursor);
uint64_t cursor_u64_be(struct cursor *cursor);
static inline bool cursor_at_end(const struct cursor *cursor) { return cursor->at == cursor->end; }

#endif
