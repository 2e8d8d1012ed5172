/* fuzz_stream.c: any bytes as a file of lines, plain or packed. The stream must end, must stay at its end, and must give
 * the same lines when the bytes come one by one. */
#include "base/buf.h"
#include "base/hash.h"
#include "base/must.h"
#include "format/stream.h"

enum { LINES_MAX = 100000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct memory {
    struct span bytes;
    size_t at, chunk;
};

static long memory_read(void *context, char *into, size_t room, struct err *err)
{
    struct memory *memory = context;
    (void)err;
    size_t count = memory->bytes.len - memory->at;
    count = count < room ? count : room;
    count = count < memory->chunk ? count : memory->chunk;
    if (count > 0) {
        memcpy(into, memory->bytes.ptr + memory->at, count);
    }
    memory->at += count;
    return (long)count;
}

static enum line_result read_lines(struct span bytes, size_t chunk, struct hasher *hasher)
{
    struct memory memory = {.bytes = bytes, .chunk = chunk};
    struct err err = {0};
    struct line_stream *stream = line_stream_open((struct byte_source){&memory, memory_read}, "input");
    must(stream != NULL);
    struct span line;
    enum line_result result;
    hasher_init(hasher);
    while ((result = line_stream_next(stream, &line, &err)) == LINE_OK && line_stream_number(stream) < LINES_MAX) {
        must(line.len <= STREAM_LINE_MAX);
        hasher_put_field(hasher, line);
    }
    if (result != LINE_OK) {
        must(line_stream_next(stream, &line, &err) == result);
    }
    if (result == LINE_FAILED) {
        must(err.code != FAILURE_NONE && err.text[0] != '\0');
    }
    line_stream_close(stream);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span all = {(const char *)bytes, size};
    struct hasher at_once, by_one;
    enum line_result result = read_lines(all, SIZE_MAX, &at_once);
    if (size > 4096) {
        return 0; /* byte by byte takes too long */
    }
    must(read_lines(all, 1, &by_one) == result);
    if (result != LINE_FAILED) {
        struct hash one = hasher_end(&at_once), other = hasher_end(&by_one);
        must(memcmp(&one, &other, sizeof one) == 0);
    }
    return 0;
}
