/* stream.h: bytes of a file or standard input as text lines, through gz, xz or zstd when the bytes say so (by magic,
 * never by name). Memory is bounded: one window and the longest line. */
#ifndef TIEOUT_FORMAT_STREAM_H
#define TIEOUT_FORMAT_STREAM_H

#include "base/result.h"
#include "base/span.h"
#include <stdint.h>

/* A line longer than this is unreadable input. */
enum { STREAM_LINE_MAX = 16 * 1024 * 1024 };

/* Where bytes come from: fills `into`, returns the count, 0 at the end, -1 after setting err. */
struct byte_source {
    void *context;
    long (*read)(void *context, char *into, size_t room, struct err *err);
};

struct line_stream; /* opaque */
/* `name` is for messages. */
struct line_stream *line_stream_open(struct byte_source source, const char *name);
struct line_stream *line_stream_close(struct line_stream *stream);
enum line_result { LINE_OK, LINE_END, LINE_FAILED };
/* The next line without its newline (a carriage return before it dropped; a byte-order mark at the start dropped). Valid
 * until the next call. A truncated or damaged compressed stream gives LINE_FAILED after all lines that were whole. */
enum line_result line_stream_next(struct line_stream *stream, struct span *out_line, struct err *err);
/* Line number of the last line, from 1; and compressed bytes consumed so far, for progress. */
uint64_t line_stream_number(const struct line_stream *stream);
uint64_t line_stream_consumed(const struct line_stream *stream);

#endif
