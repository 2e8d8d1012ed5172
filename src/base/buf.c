/* buf.c: growth by doubling, and the wire forms. `capacity` leaves out one hidden byte, which
 * printf needs for its NUL. A varint is always written, and must be read, in its shortest form:
 * equal values have equal bytes, and bytes we did not write are noticed. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 120, VARINT_BYTES_MAX = 10 };

struct buf buf_make(size_t max) { return (struct buf){.max = max}; }

void buf_done(struct buf *buf)
{
    free(buf->ptr);
    *buf = buf_make(buf->max);
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

struct span buf_span(const struct buf *buf)
{
    /* Empty, not absent, even before the first byte. */
    return (struct span){buf->ptr ? buf->ptr : "", buf->len};
}

static bool grow(struct buf *buf, size_t more)
{
    if (buf->failed || more > buf->max - buf->len || more >= PTRDIFF_MAX - buf->len) {
        buf->failed = true;
        return false;
    }
    size_t needed = buf->len + more;
    size_t capacity = buf->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buf->capacity * 2;
    if (capacity < needed) {
        capacity = needed;
    }
    if (capacity > buf->max) {
        capacity = buf->max;
    }
    char *ptr = realloc(buf->ptr, capacity + 1);
    if (!ptr) {
        buf->failed = true;
        return false;
    }
    buf->ptr = ptr;
    buf->capacity = capacity;
    return true;
}

/* Room for `more` bytes behind the end; false when the buffer has failed. */
static inline bool reserve(struct buf *buf, size_t more)
{
    return __builtin_expect(more <= buf->capacity - buf->len && !buf->failed, 1) || grow(buf, more);
}

void buf_put(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || !reserve(buf, len)) {
        return;
    }
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
}

void buf_put_span(struct buf *buf, struct span text) { buf_put(buf, text.ptr, text.len); }

void buf_put_char(struct buf *buf, char c)
{
    if (reserve(buf, 1)) {
        buf->ptr[buf->len++] = c;
    }
}

void buf_print(struct buf *buf, const char *format, ...)
{
    if (buf->failed) {
        return;
    }
    size_t room = buf->ptr ? buf->capacity - buf->len + 1 : 0;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(buf->ptr ? buf->ptr + buf->len : NULL, room, format, args);
    va_end(args);
    must(length >= 0);

    size_t count = (size_t)length;
    if (count >= room) {
        if (!reserve(buf, count)) {
            return;
        }
        if (count > 0) {
            va_start(args, format);
            int again = vsnprintf(buf->ptr + buf->len, count + 1, format, args);
            va_end(args);
            must(again == length);
        }
    }
    buf->len += count;
}

void buf_put_u8(struct buf *buf, uint8_t value) { buf_put_char(buf, (char)value); }

static size_t varint_encode(uint64_t value, char *out)
{
    size_t count = 0;
    while (value >= 0x80) {
        out[count++] = (char)(value | 0x80);
        value >>= 7;
    }
    out[count++] = (char)value;
    return count;
}

void buf_put_varint(struct buf *buf, uint64_t value)
{
    if (__builtin_expect(buf->capacity - buf->len >= VARINT_BYTES_MAX && !buf->failed, 1)) {
        buf->len += varint_encode(value, buf->ptr + buf->len);
        return;
    }
    char bytes[VARINT_BYTES_MAX];
    buf_put(buf, bytes, varint_encode(value, bytes));
}

void buf_put_signed(struct buf *buf, int64_t value)
{
    /* Zig-zag: 0, -1, 1, -2, ... become 0, 1, 2, 3, ..., so small magnitudes stay short. */
    buf_put_varint(buf, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

void buf_put_bytes(struct buf *buf, struct span text)
{
    buf_put_varint(buf, text.len);
    buf_put(buf, text.ptr, text.len);
}

void buf_put_text(struct buf *buf, struct span text)
{
    if (buf->texts == NULL) {
        buf_put_bytes(buf, text);
        return;
    }
    if (text.len == 0) {
        buf_put_varint(buf, 0);
        return;
    }
    size_t place = texts_find(buf->texts, text);
    if (place < buf->texts->count) {
        buf_put_varint(buf, 1 + 2 * (uint64_t)place);
        return;
    }
    texts_add(buf->texts, text);
    buf_put_varint(buf, 2 * (uint64_t)text.len);
    buf_put(buf, text.ptr, text.len);
}

enum { MILLIONTHS = 1000000 };

void buf_put_micro(struct buf *buf, int64_t micro)
{
    int64_t rest = micro % MILLIONTHS;
    rest += rest < 0 ? MILLIONTHS : 0;
    int64_t whole = micro / MILLIONTHS - (micro % MILLIONTHS < 0);
    uint64_t folded = ((uint64_t)whole << 1) ^ (whole < 0 ? UINT64_MAX : 0);
    buf_put_varint(buf, folded << 1 | (rest != 0));
    if (rest != 0)
        buf_put_varint(buf, (uint64_t)rest);
}

void buf_put_known(struct buf *buf, int64_t value)
{
    /* The one value that is no number folds to the largest, and that plus one to zero. */
    buf_put_varint(buf, (((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0)) + 1);
}

void buf_put_u64_be(struct buf *buf, uint64_t value)
{
    uint64_t swapped = __builtin_bswap64(value);
    _Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "swapping makes it big-endian");
    buf_put(buf, &swapped, sizeof swapped);
}

struct cursor cursor_of(struct span bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    return (struct cursor){.at = at, .end = at ? at + bytes.len : at};
}

/* Jumping to the end lets loops of the form "while not at the end" finish. */
static uint64_t spoil(struct cursor *cursor)
{
    cursor->bad = true;
    cursor->at = cursor->end;
    return 0;
}

uint8_t cursor_u8(struct cursor *cursor)
{
    if (cursor->at == cursor->end) {
        return (uint8_t)spoil(cursor);
    }
    return *cursor->at++;
}

uint64_t cursor_varint(struct cursor *cursor)
{
    const unsigned char *at = cursor->at;
    const unsigned char *end = cursor->end;
    if (at != end && *at < 0x80) {
        cursor->at = at + 1;
        return *at;
    }
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
        uint64_t byte = *at++;
        /* The tenth byte has room for one bit only. */
        if (shift == 63 && byte > 1) {
            break;
        }
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            /* A last group of zero is a longer spelling of a shorter number. */
            if (byte == 0) {
                break;
            }
            cursor->at = at;
            return value;
        }
    }
    return spoil(cursor);
}

int64_t cursor_signed(struct cursor *cursor)
{
    uint64_t folded = cursor_varint(cursor);
    return (int64_t)((folded >> 1) ^ (folded & 1 ? UINT64_MAX : 0));
}

struct span cursor_bytes(struct cursor *cursor)
{
    uint64_t len = cursor_varint(cursor);
    if (cursor->bad || len > (uint64_t)(cursor->end - cursor->at)) {
        spoil(cursor);
        return (struct span){0};
    }
    struct span bytes = {(const char *)cursor->at, (size_t)len};
    cursor->at += len;
    return bytes;
}

struct span cursor_text(struct cursor *cursor, struct arena *arena)
{
    struct texts *texts = cursor->texts;
    uint64_t head = cursor_varint(cursor);
    if (texts != NULL && head % 2 == 1) {
        if (head / 2 >= texts->count) {
            spoil(cursor);
            return (struct span){0};
        }
        return texts->at[head / 2];
    }
    uint64_t len = texts != NULL ? head / 2 : head;
    if (len == 0)
        return (struct span){0};
    if (len > (uint64_t)(cursor->end - cursor->at)) {
        spoil(cursor);
        return (struct span){0};
    }
    struct span text = arena_copy(arena, (struct span){(const char *)cursor->at, (size_t)len});
    cursor->at += len;
    if (texts != NULL)
        texts_add(texts, text);
    return text;
}

int64_t cursor_micro(struct cursor *cursor)
{
    uint64_t head = cursor_varint(cursor);
    uint64_t rest = head & 1 ? cursor_varint(cursor) : 0;
    int64_t whole = (int64_t)((head >> 2) ^ (head & 2 ? UINT64_MAX : 0));
    __extension__ __int128 micro = whole;
    micro = micro * MILLIONTHS + (int64_t)rest;
    if ((head & 1 && rest == 0) || rest >= MILLIONTHS || micro > INT64_MAX || micro < INT64_MIN)
        return (int64_t)spoil(cursor);
    return (int64_t)micro;
}

int64_t cursor_known(struct cursor *cursor)
{
    uint64_t folded = cursor_varint(cursor) - 1;
    return (int64_t)((folded >> 1) ^ (folded & 1 ? UINT64_MAX : 0));
}

uint64_t cursor_u64_be(struct cursor *cursor)
{
    uint64_t swapped = 0;
    if ((size_t)(cursor->end - cursor->at) < sizeof swapped) {
        return spoil(cursor);
    }
    memcpy(&swapped, cursor->at, sizeof swapped);
    cursor->at += sizeof swapped;
    return __builtin_bswap64(swapped);
}
