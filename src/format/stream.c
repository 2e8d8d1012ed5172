/* stream.c: bytes → lines. Two stages: a decoder turns what the source gives into plain bytes at the end of the window,
 * and the window is cut into lines. The window grows to hold the longest line and a chunk.
 *
 * A failure is remembered, the whole lines already decoded are handed out first, and the piece of a line behind them is
 * dropped: what cannot be known to be whole is not given to anyone. */
#include "format/stream.h"
#include "base/must.h"
#include <inttypes.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    CHUNK = 64 * 1024, /* read from the source, and decoded, at a time */
    MAGIC_MAX = 6,     /* the longest magic */
    NAME_SHOWN = 120,
    XZ_MEMORY_MAX_MIB = 256,  /* xz -9 needs 65 */
    ZSTD_WINDOW_LOG_MAX = 27, /* what the zstd tool itself reads unless told otherwise */
};

enum encoding { ENCODING_PLAIN, ENCODING_GZ, ENCODING_XZ, ENCODING_ZSTD };

struct line_stream {
    struct byte_source source;
    char name[NAME_SHOWN + 1];
    enum encoding encoding;
    bool is_open;  /* the magic has been looked at */
    bool is_begun; /* a byte-order mark can no longer come */
    bool source_ended;
    bool ended; /* no more bytes will be decoded */
    bool failed;
    struct err err;      /* of the failure */
    uint64_t read_count; /* bytes the source gave */
    uint64_t line_number;

    unsigned char *input; /* CHUNK bytes */
    size_t input_at, input_end;

    char *window;
    size_t window_capacity;
    size_t start, scanned, end; /* the next line starts at `start`; no newline before `scanned` */

    bool in_member; /* within a gz member, xz stream or zstd frame */
    z_stream gz;
    lzma_stream xz;
    ZSTD_DStream *zstd;
};

/* ---- failures ---- */

static void end_failed(struct line_stream *stream)
{
    stream->failed = true;
    stream->ended = true;
}

static bool fail(struct line_stream *stream, enum failure code, const char *what)
{
    end_failed(stream);
    return err_set(&stream->err, code, "%s: %s", stream->name, what);
}

static bool fail_memory(struct line_stream *stream)
{
    return fail(stream, FAILURE_MEMORY, "not enough memory to read it; free some and import it again");
}

static const char *encoding_name(enum encoding encoding)
{
    switch (encoding) {
    case ENCODING_PLAIN: return "plain";
    case ENCODING_GZ: return "gzip";
    case ENCODING_XZ: return "xz";
    case ENCODING_ZSTD: return "zstd";
    }
    return "";
}

static bool fail_truncated(struct line_stream *stream)
{
    end_failed(stream);
    return err_set(&stream->err, FAILURE_INPUT,
                   "%s: its %s data ends in the middle, so the file was cut off; copy it again and import it again, "
                   "what came before is known by then",
                   stream->name, encoding_name(stream->encoding));
}

static bool fail_damaged(struct line_stream *stream)
{
    end_failed(stream);
    return err_set(&stream->err, FAILURE_INPUT,
                   "%s: its %s data is damaged near byte %" PRIu64
                   "; copy the file again and import it again, what came "
                   "before is known by then",
                   stream->name, encoding_name(stream->encoding), line_stream_consumed(stream));
}

/* ---- input ---- */

/* Keeps what is unread and reads more behind it. False on a failure; at the end source_ended is set. */
static bool read_more(struct line_stream *stream)
{
    if (stream->source_ended) {
        return true;
    }
    size_t left = stream->input_end - stream->input_at;
    memmove(stream->input, stream->input + stream->input_at, left);
    stream->input_at = 0;
    stream->input_end = left;
    struct err err = {0};
    long count = stream->source.read(stream->source.context, (char *)stream->input + left, CHUNK - left, &err);
    if (count < 0) {
        end_failed(stream);
        stream->err = err;
        return false;
    }
    must((size_t)count <= CHUNK - left);
    stream->source_ended = count == 0;
    stream->input_end += (size_t)count;
    stream->read_count += (uint64_t)count;
    return true;
}

static size_t input_left(const struct line_stream *stream) { return stream->input_end - stream->input_at; }

/* At least `wanted` bytes of input unless the source ends before. */
static bool need_input(struct line_stream *stream, size_t wanted)
{
    while (input_left(stream) < wanted && !stream->source_ended) {
        if (!read_more(stream)) {
            return false;
        }
    }
    return true;
}

static bool starts_with(const struct line_stream *stream, const void *magic, size_t len)
{
    return input_left(stream) >= len && memcmp(stream->input + stream->input_at, magic, len) == 0;
}

static bool is_gz(const struct line_stream *stream) { return starts_with(stream, "\x1f\x8b", 2); }

static bool is_zstd(const struct line_stream *stream)
{
    const unsigned char *at = stream->input + stream->input_at;
    /* A frame of data, or one of the sixteen kinds that are skipped. */
    return starts_with(stream, "\x28\xb5\x2f\xfd", 4) ||
           (input_left(stream) >= 4 && (at[0] & 0xf0) == 0x50 && memcmp(at + 1, "\x2a\x4d\x18", 3) == 0);
}

static bool open_decoder(struct line_stream *stream)
{
    if (is_gz(stream)) {
        stream->encoding = ENCODING_GZ;
        enum { GZIP_WRAPPER = 16 };
        stream->in_member = true;
        return inflateInit2(&stream->gz, GZIP_WRAPPER + MAX_WBITS) == Z_OK || fail_memory(stream);
    }
    if (starts_with(stream,
                    "\xfd"
                    "7zXZ\0",
                    MAGIC_MAX)) {
        stream->encoding = ENCODING_XZ;
        stream->xz = (lzma_stream)LZMA_STREAM_INIT;
        stream->in_member = true;
        return lzma_stream_decoder(&stream->xz, (uint64_t)XZ_MEMORY_MAX_MIB << 20, LZMA_CONCATENATED) == LZMA_OK ||
               fail_memory(stream);
    }
    if (is_zstd(stream)) {
        stream->encoding = ENCODING_ZSTD;
        stream->in_member = true;
        stream->zstd = ZSTD_createDStream();
        return (stream->zstd != NULL &&
                !ZSTD_isError(ZSTD_DCtx_setParameter(stream->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX))) ||
               fail_memory(stream);
    }
    stream->encoding = ENCODING_PLAIN;
    return true;
}

/* ---- decoders: each appends some bytes to `into` and returns how many ---- */

static size_t decode_plain(struct line_stream *stream, char *into, size_t room)
{
    size_t count = input_left(stream) < room ? input_left(stream) : room;
    memcpy(into, stream->input + stream->input_at, count);
    stream->input_at += count;
    stream->ended = stream->source_ended && input_left(stream) == 0;
    return count;
}

/* Behind a member: another one, padding of zeros, or the end. */
static void next_gz_member(struct line_stream *stream)
{
    while (need_input(stream, 1) && starts_with(stream, "", 1)) {
        stream->input_at++;
    }
    if (!stream->failed && need_input(stream, 2)) {
        if (input_left(stream) == 0) {
            stream->ended = true;
        } else if (!is_gz(stream) || inflateReset(&stream->gz) != Z_OK) {
            (void)fail_damaged(stream);
        } else {
            stream->in_member = true;
        }
    }
}

static size_t decode_gz(struct line_stream *stream, char *into, size_t room)
{
    if (!stream->in_member) {
        next_gz_member(stream);
        return 0;
    }
    stream->gz.next_in = stream->input + stream->input_at;
    stream->gz.avail_in = (uInt)input_left(stream);
    stream->gz.next_out = (unsigned char *)into;
    stream->gz.avail_out = (uInt)room;
    int result = inflate(&stream->gz, Z_NO_FLUSH);
    stream->input_at = stream->input_end - stream->gz.avail_in;
    size_t count = room - stream->gz.avail_out;
    if (result == Z_STREAM_END) {
        stream->in_member = false;
    } else if (result == Z_MEM_ERROR) {
        (void)fail_memory(stream);
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
        (void)fail_damaged(stream);
    } else if (count == 0 && stream->source_ended && input_left(stream) == 0) {
        (void)fail_truncated(stream);
    }
    return count;
}

static size_t decode_xz(struct line_stream *stream, char *into, size_t room)
{
    stream->xz.next_in = stream->input + stream->input_at;
    stream->xz.avail_in = input_left(stream);
    stream->xz.next_out = (unsigned char *)into;
    stream->xz.avail_out = room;
    lzma_ret result = lzma_code(&stream->xz, stream->source_ended ? LZMA_FINISH : LZMA_RUN);
    stream->input_at = stream->input_end - stream->xz.avail_in;
    size_t count = room - stream->xz.avail_out;
    if (result == LZMA_STREAM_END) {
        stream->ended = true;
    } else if (result == LZMA_MEM_ERROR) {
        (void)fail_memory(stream);
    } else if (result == LZMA_MEMLIMIT_ERROR) {
        (void)fail(stream, FAILURE_INPUT,
                   "it was packed with a dictionary larger than 256 MiB; pack it with xz -9 or less");
    } else if (result == LZMA_BUF_ERROR) {
        if (stream->source_ended && count == 0) {
            (void)fail_truncated(stream);
        }
    } else if (result != LZMA_OK) {
        (void)fail_damaged(stream);
    }
    return count;
}

static size_t decode_zstd(struct line_stream *stream, char *into, size_t room)
{
    if (!stream->in_member && stream->source_ended && input_left(stream) == 0) {
        stream->ended = true;
        return 0;
    }
    ZSTD_inBuffer in = {stream->input + stream->input_at, input_left(stream), 0};
    ZSTD_outBuffer out = {into, room, 0};
    size_t result = ZSTD_decompressStream(stream->zstd, &out, &in);
    stream->input_at += in.pos;
    if (ZSTD_isError(result)) {
        ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
        if (code == ZSTD_error_frameParameter_windowTooLarge) {
            (void)fail(stream, FAILURE_INPUT,
                       "it was packed with a window larger than 128 MiB; pack it without --long");
        } else if (code == ZSTD_error_memory_allocation) {
            (void)fail_memory(stream);
        } else {
            (void)fail_damaged(stream);
        }
        return out.pos;
    }
    /* Nothing consumed and nothing given: only a frame that has begun may wait for more. */
    stream->in_member = result != 0;
    if (out.pos == 0 && in.pos == 0 && stream->source_ended && stream->in_member) {
        (void)fail_truncated(stream);
    }
    return out.pos;
}

static size_t decode(struct line_stream *stream, char *into, size_t room)
{
    switch (stream->encoding) {
    case ENCODING_PLAIN: return decode_plain(stream, into, room);
    case ENCODING_GZ: return decode_gz(stream, into, room);
    case ENCODING_XZ: return decode_xz(stream, into, room);
    case ENCODING_ZSTD: return decode_zstd(stream, into, room);
    }
    return 0;
}

/* ---- the window ---- */

/* Room for a chunk behind the window's end: by moving the unread line to the front, else by growing. */
static bool make_room(struct line_stream *stream)
{
    if (stream->window_capacity - stream->end >= CHUNK) {
        return true;
    }
    size_t length = stream->end - stream->start;
    if (stream->start > 0) {
        memmove(stream->window, stream->window + stream->start, length);
        stream->scanned -= stream->start;
        stream->start = 0;
        stream->end = length;
    }
    if (stream->window_capacity - stream->end >= CHUNK) {
        return true;
    }
    size_t capacity = stream->window_capacity == 0 ? (size_t)2 * CHUNK : stream->window_capacity * 2;
    char *window = realloc(stream->window, capacity);
    if (window == NULL) {
        return fail_memory(stream);
    }
    stream->window = window;
    stream->window_capacity = capacity;
    return true;
}

static void drop_byte_order_mark(struct line_stream *stream)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    if (stream->is_begun || stream->end < sizeof mark) {
        return;
    }
    stream->is_begun = true;
    if (memcmp(stream->window, mark, sizeof mark) == 0) {
        stream->start = stream->scanned = sizeof mark;
    }
}

/* Looks at the first bytes, once. */
static bool open_stream(struct line_stream *stream)
{
    if (stream->is_open) {
        return true;
    }
    stream->is_open = true;
    return need_input(stream, MAGIC_MAX) && open_decoder(stream);
}

/* More plain bytes in the window; false when none will come. */
static bool fill_window(struct line_stream *stream)
{
    if (stream->ended || !open_stream(stream)) {
        return false;
    }
    while (!stream->ended) {
        if (!make_room(stream) || !need_input(stream, 1)) {
            return false;
        }
        size_t count = decode(stream, stream->window + stream->end, CHUNK);
        stream->end += count;
        if (count > 0) {
            return true;
        }
    }
    return false;
}

/* ---- the interface ---- */

struct line_stream *line_stream_open(struct byte_source source, const char *name)
{
    struct line_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return NULL;
    }
    stream->source = source;
    snprintf(stream->name, sizeof stream->name, "%s", name);
    stream->input = malloc(CHUNK);
    if (stream->input == NULL) {
        return line_stream_close(stream);
    }
    return stream;
}

struct line_stream *line_stream_close(struct line_stream *stream)
{
    if (stream != NULL) {
        if (stream->encoding == ENCODING_GZ) {
            inflateEnd(&stream->gz);
        } else if (stream->encoding == ENCODING_XZ) {
            lzma_end(&stream->xz);
        } else if (stream->encoding == ENCODING_ZSTD) {
            ZSTD_freeDStream(stream->zstd);
        }
        free(stream->input);
        free(stream->window);
        free(stream);
    }
    return NULL;
}

static enum line_result give_line(struct line_stream *stream, size_t length, size_t newline, struct span *out_line)
{
    const char *line = stream->window + stream->start;
    stream->start += length + newline;
    stream->scanned = stream->start;
    stream->line_number++;
    if (length > 0 && line[length - 1] == '\r') {
        length--;
    }
    stream->is_begun = true;
    *out_line = (struct span){line, length};
    return LINE_OK;
}

static enum line_result fail_too_long(struct line_stream *stream, struct err *err)
{
    end_failed(stream);
    err_set(&stream->err, FAILURE_INPUT,
            "%s: line %" PRIu64
            " is longer than %d MiB, so this is hardly a file of lines; split the document or check the file",
            stream->name, stream->line_number + 1, STREAM_LINE_MAX >> 20);
    stream->start = stream->scanned = stream->end; /* nothing behind it can be told apart */
    *err = stream->err;
    return LINE_FAILED;
}

/* The next newline that is in the window already, or NULL. */
static const char *find_newline(const struct line_stream *stream)
{
    if (stream->scanned == stream->end) {
        return NULL;
    }
    return memchr(stream->window + stream->scanned, '\n', stream->end - stream->scanned);
}

enum line_result line_stream_next(struct line_stream *stream, struct span *out_line, struct err *err)
{
    for (;;) {
        drop_byte_order_mark(stream);
        const char *newline = find_newline(stream);
        size_t length = newline ? (size_t)(newline - stream->window) - stream->start : stream->end - stream->start;
        if (length > STREAM_LINE_MAX) {
            return fail_too_long(stream, err);
        }
        if (newline != NULL) {
            return give_line(stream, length, 1, out_line);
        }
        stream->scanned = stream->end;
        if (!fill_window(stream)) {
            break;
        }
    }
    if (stream->failed) {
        *err = stream->err;
        return LINE_FAILED;
    }
    if (stream->end > stream->start) {
        return give_line(stream, stream->end - stream->start, 0, out_line);
    }
    return LINE_END;
}

uint64_t line_stream_number(const struct line_stream *stream) { return stream->line_number; }

uint64_t line_stream_consumed(const struct line_stream *stream) { return stream->read_count - input_left(stream); }
