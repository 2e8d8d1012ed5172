/* format_stream_test.c: lines out of plain and compressed bytes, whole, cut off and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/prng.h"
#include "format/stream.h"
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
enum { BUF_MAX = 256 * 1024 * 1024 };

/* ---- bytes in memory as a source ---- */

struct memory {
    struct span bytes;
    size_t at;
    size_t chunk;      /* at most so many at a time; 0: as many as there is room for */
    size_t fail_after; /* fails behind so many bytes; 0: never */
};

static long memory_read(void *context, char *into, size_t room, struct err *err)
{
    struct memory *memory = context;
    if (memory->fail_after > 0 && memory->at >= memory->fail_after) {
        err_set(err, FAILURE_INPUT, "the disk is on fire");
        return -1;
    }
    size_t count = memory->bytes.len - memory->at;
    if (count > room) {
        count = room;
    }
    if (memory->chunk > 0 && count > memory->chunk) {
        count = memory->chunk;
    }
    if (count > 0) {
        memcpy(into, memory->bytes.ptr + memory->at, count);
    }
    memory->at += count;
    return (long)count;
}

/* All lines of `memory`, each with a newline behind it, into `out`. */
static enum line_result read_all(struct memory *memory, struct buf *out, struct err *err)
{
    struct line_stream *stream = line_stream_open((struct byte_source){memory, memory_read}, "orders.jsonl.gz");
    assert_non_null(stream);
    struct span line;
    enum line_result result;
    uint64_t number = 0;
    buf_reset(out);
    while ((result = line_stream_next(stream, &line, err)) == LINE_OK) {
        assert_int_equal(line_stream_number(stream), ++number);
        buf_put_span(out, line);
        buf_put_char(out, '\n');
    }
    /* The end stays the end. */
    assert_int_equal(line_stream_next(stream, &line, err), result);
    if (result == LINE_END) {
        assert_int_equal(line_stream_consumed(stream), memory->bytes.len);
    }
    assert_true(line_stream_consumed(stream) <= memory->bytes.len);
    assert_null(line_stream_close(stream));
    return result;
}

/* ---- packers ---- */

static void pack_gz(struct span plain, struct buf *out)
{
    enum { GZIP_WRAPPER = 16 };
    z_stream gz = {0};
    assert_int_equal(deflateInit2(&gz, 6, Z_DEFLATED, GZIP_WRAPPER + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    uLong bound = deflateBound(&gz, plain.len);
    unsigned char *packed = malloc(bound);
    assert_non_null(packed);
    unsigned char *copy = malloc(plain.len + 1);
    assert_non_null(copy);
    memcpy(copy, plain.ptr, plain.len);
    gz.next_in = copy;
    gz.avail_in = (uInt)plain.len;
    gz.next_out = packed;
    gz.avail_out = (uInt)bound;
    assert_int_equal(deflate(&gz, Z_FINISH), Z_STREAM_END);
    buf_put(out, packed, bound - gz.avail_out);
    deflateEnd(&gz);
    free(copy);
    free(packed);
}

static void pack_xz(struct span plain, struct buf *out)
{
    size_t bound = lzma_stream_buffer_bound(plain.len), length = 0;
    unsigned char *packed = malloc(bound);
    assert_non_null(packed);
    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, (const unsigned char *)plain.ptr, plain.len,
                                             packed, &length, bound),
                     LZMA_OK);
    buf_put(out, packed, length);
    free(packed);
}

static void pack_zstd(struct span plain, struct buf *out)
{
    size_t bound = ZSTD_compressBound(plain.len);
    char *packed = malloc(bound);
    assert_non_null(packed);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1)));
    size_t length = ZSTD_compress2(zstd, packed, bound, plain.ptr, plain.len);
    assert_false(ZSTD_isError(length));
    buf_put(out, packed, length);
    ZSTD_freeCCtx(zstd);
    free(packed);
}

static void pack_plain(struct span plain, struct buf *out) { buf_put_span(out, plain); }

static const struct packing {
    const char *name;
    void (*pack)(struct span plain, struct buf *out);
} packings[] = {{"plain", pack_plain}, {"gzip", pack_gz}, {"xz", pack_xz}, {"zstd", pack_zstd}};

/* Some text lines, one of them longer than the stream reads at a time when `long_line` says so. */
static void put_lines(struct prng *prng, size_t count, size_t long_line, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = (size_t)prng_below(prng, 90) + (i == count / 2 ? long_line : 0);
        for (size_t j = 0; j < length; j++) {
            buf_put_char(out, (char)('a' + prng_below(prng, 26)));
        }
        buf_put_char(out, '\n');
    }
}

struct bench {
    struct buf plain, packed, lines;
    struct prng prng;
};

static int set_up(void **state)
{
    static struct bench bench;
    bench = (struct bench){buf_make(BUF_MAX), buf_make(BUF_MAX), buf_make(BUF_MAX), prng_make(99)};
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    buf_done(&bench->plain);
    buf_done(&bench->packed);
    buf_done(&bench->lines);
    return 0;
}

/* ---- lines ---- */

static void plain_text_is_cut_into_lines(void **state)
{
    static const struct {
        const char *text, *lines;
    } rows[] = {
        {"", ""},
        {"\n", "\n"},
        {"a", "a\n"},
        {"a\n", "a\n"},
        {"a\n\nb", "a\n\nb\n"},
        {"a\r\nb\r\n", "a\nb\n"},
        {"a\r\nb\r", "a\nb\n"},
        {"a\rb\n", "a\rb\n"},
        {"\r\n", "\n"},
        {"\n\n\n", "\n\n\n"},
        /* a byte-order mark at the start, and nowhere else */
        {"\xef\xbb\xbf", ""},
        {"\xef\xbb\xbf"
         "a\n",
         "a\n"},
        {"\xef\xbb\xbf\xef\xbb\xbf"
         "a\n",
         "\xef\xbb\xbf"
         "a\n"},
        {"a\n\xef\xbb\xbf"
         "b\n",
         "a\n\xef\xbb\xbf"
         "b\n"},
        {"\xef\xbb", "\xef\xbb\n"},
        /* what only looks like magic */
        {"\x1f", "\x1f\n"},
        {"\x28\xb5\x2f", "\x28\xb5\x2f\n"},
        {"\xfd"
         "7zXZ",
         "\xfd"
         "7zXZ\n"},
        {"PK\x03\x04", "PK\x03\x04\n"},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t chunk = 0; chunk < 5; chunk++) {
            struct memory memory = {.bytes = span_of(rows[i].text), .chunk = chunk};
            struct err err;
            assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_END);
            assert_true(span_eq(buf_span(&bench->lines), span_of(rows[i].lines)));
        }
    }
}

static void every_packing_gives_the_same_lines_however_they_arrive(void **state)
{
    struct bench *bench = *state;
    static const size_t long_lines[] = {0, 100, 70000, 400000, 3000000};
    static const size_t chunks[] = {0, 1, 7, 4096, 131072};
    for (size_t i = 0; i < COUNT_OF(long_lines); i++) {
        buf_reset(&bench->plain);
        put_lines(&bench->prng, 500, long_lines[i], &bench->plain);
        for (size_t p = 0; p < COUNT_OF(packings); p++) {
            buf_reset(&bench->packed);
            packings[p].pack(buf_span(&bench->plain), &bench->packed);
            for (size_t c = 0; c < COUNT_OF(chunks); c++) {
                if (chunks[c] > 0 && bench->packed.len / chunks[c] > 200000) {
                    continue; /* nothing new, and slow */
                }
                struct memory memory = {.bytes = buf_span(&bench->packed), .chunk = chunks[c]};
                struct err err;
                assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_END);
                assert_true(span_eq(buf_span(&bench->lines), buf_span(&bench->plain)));
            }
        }
    }
}

static void a_byte_order_mark_inside_a_packed_file_is_dropped_too(void **state)
{
    struct bench *bench = *state;
    for (size_t p = 0; p < COUNT_OF(packings); p++) {
        buf_reset(&bench->packed);
        packings[p].pack(SPAN("\xef\xbb\xbf"
                              "a\nb"),
                         &bench->packed);
        struct memory memory = {.bytes = buf_span(&bench->packed), .chunk = 1};
        struct err err;
        assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_END);
        assert_true(span_eq(buf_span(&bench->lines), SPAN("a\nb\n")));
    }
}

static void an_empty_packed_file_has_no_lines(void **state)
{
    struct bench *bench = *state;
    for (size_t p = 0; p < COUNT_OF(packings); p++) {
        buf_reset(&bench->packed);
        packings[p].pack(SPAN(""), &bench->packed);
        struct memory memory = {.bytes = buf_span(&bench->packed)};
        struct err err;
        assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_END);
        assert_int_equal(bench->lines.len, 0);
    }
}

static void members_one_behind_the_other_are_one_text(void **state)
{
    struct bench *bench = *state;
    for (size_t p = 0; p < COUNT_OF(packings); p++) {
        for (size_t chunk = 0; chunk < 3; chunk++) {
            buf_reset(&bench->packed);
            packings[p].pack(SPAN("one\ntw"), &bench->packed);
            packings[p].pack(SPAN(""), &bench->packed);
            packings[p].pack(SPAN("o\nthree\n"), &bench->packed);
            struct memory memory = {.bytes = buf_span(&bench->packed), .chunk = chunk};
            struct err err;
            assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_END);
            assert_true(span_eq(buf_span(&bench->lines), SPAN("one\ntwo\nthree\n")));
        }
    }
}

static void padding_and_frames_to_skip_are_passed_over(void **state)
{
    struct bench *bench = *state;
    struct err err;
    struct memory memory;
    /* gzip on tape is padded with zeros. */
    pack_gz(SPAN("a\n"), &bench->packed);
    buf_put(&bench->packed, "\0\0\0\0\0", 5);
    memory = (struct memory){.bytes = buf_span(&bench->packed)};
    assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_END);
    assert_true(span_eq(buf_span(&bench->lines), SPAN("a\n")));
    /* xz pads by fours. */
    buf_reset(&bench->packed);
    pack_xz(SPAN("a\n"), &bench->packed);
    buf_put(&bench->packed, "\0\0\0\0", 4);
    pack_xz(SPAN("b\n"), &bench->packed);
    memory = (struct memory){.bytes = buf_span(&bench->packed)};
    assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_END);
    assert_true(span_eq(buf_span(&bench->lines), SPAN("a\nb\n")));
    /* A zstd frame of a user's own, first and in between. */
    buf_reset(&bench->packed);
    buf_put(&bench->packed, "\x53\x2a\x4d\x18\x03\0\0\0xyz", 11);
    pack_zstd(SPAN("a\n"), &bench->packed);
    buf_put(&bench->packed, "\x50\x2a\x4d\x18\0\0\0\0", 8);
    pack_zstd(SPAN("b\n"), &bench->packed);
    memory = (struct memory){.bytes = buf_span(&bench->packed)};
    assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_END);
    assert_true(span_eq(buf_span(&bench->lines), SPAN("a\nb\n")));
}

/* ---- what is not whole ---- */

static bool is_prefix(struct span part, struct span whole)
{
    return part.len <= whole.len && memcmp(part.ptr, whole.ptr, part.len) == 0;
}

static void a_packed_file_cut_off_anywhere_fails_after_its_whole_lines(void **state)
{
    struct bench *bench = *state;
    put_lines(&bench->prng, 8, 0, &bench->plain);
    for (size_t p = 1; p < COUNT_OF(packings); p++) {
        buf_reset(&bench->packed);
        packings[p].pack(buf_span(&bench->plain), &bench->packed);
        struct span packed = buf_span(&bench->packed);
        for (size_t length = 6; length < packed.len; length++) {
            struct memory memory = {.bytes = {packed.ptr, length}, .chunk = length % 3 ? 0 : 13};
            struct err err = {0};
            assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_FAILED);
            assert_int_equal(err.code, FAILURE_INPUT);
            char expected[80];
            snprintf(expected, sizeof expected, "orders.jsonl.gz: its %s data ends in the middle", packings[p].name);
            assert_memory_equal(err.text, expected, strlen(expected));
            assert_true(is_prefix(buf_span(&bench->lines), buf_span(&bench->plain)));
        }
    }
}

static void the_lines_before_a_cut_are_all_given(void **state)
{
    struct bench *bench = *state;
    struct err err = {0};
    pack_gz(SPAN("one\ntwo\nthr"), &bench->packed);
    /* Without the trailer of eight bytes: all data is there, but nothing vouches for it. */
    struct memory memory = {.bytes = {bench->packed.ptr, bench->packed.len - 8}};
    assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_FAILED);
    assert_true(span_eq(buf_span(&bench->lines), SPAN("one\ntwo\n")));
}

static void a_damaged_packed_file_fails_or_gives_what_was_packed(void **state)
{
    struct bench *bench = *state;
    put_lines(&bench->prng, 8, 0, &bench->plain);
    for (size_t p = 1; p < COUNT_OF(packings); p++) {
        buf_reset(&bench->packed);
        packings[p].pack(buf_span(&bench->plain), &bench->packed);
        size_t failures = 0;
        for (size_t i = 0; i < bench->packed.len; i++) {
            char flip = (char)(1 << prng_below(&bench->prng, 8));
            bench->packed.ptr[i] ^= flip;
            struct memory memory = {.bytes = buf_span(&bench->packed)};
            struct err err = {0};
            if (i >= 6 && read_all(&memory, &bench->lines, &err) == LINE_FAILED) {
                assert_int_equal(err.code, FAILURE_INPUT);
                failures++;
            } else if (i >= 6) {
                assert_true(span_eq(buf_span(&bench->lines), buf_span(&bench->plain)));
            }
            bench->packed.ptr[i] ^= flip;
        }
        assert_true(failures > bench->packed.len / 2);
    }
}

static void bytes_behind_a_packed_file_are_not_passed_over(void **state)
{
    struct bench *bench = *state;
    for (size_t p = 1; p < COUNT_OF(packings); p++) {
        buf_reset(&bench->packed);
        packings[p].pack(SPAN("one\n"), &bench->packed);
        buf_put_span(&bench->packed, SPAN("{\"type\":\"order\"}\n"));
        struct memory memory = {.bytes = buf_span(&bench->packed)};
        struct err err = {0};
        assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_FAILED);
        assert_true(span_eq(buf_span(&bench->lines), SPAN("one\n")));
        assert_int_equal(err.code, FAILURE_INPUT);
    }
}

static void a_failing_source_fails_after_the_whole_lines_with_its_own_words(void **state)
{
    struct bench *bench = *state;
    struct memory memory = {.bytes = SPAN("one\ntwo\nthree\n"), .chunk = 5, .fail_after = 10};
    struct err err = {0};
    assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_FAILED);
    assert_true(span_eq(buf_span(&bench->lines), SPAN("one\ntwo\n")));
    assert_string_equal(err.text, "the disk is on fire");
    memory = (struct memory){.bytes = SPAN("one\n"), .fail_after = 4};
    assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_FAILED);
}

static void a_line_of_sixteen_mebibytes_is_read_and_one_byte_more_is_not(void **state)
{
    struct bench *bench = *state;
    for (size_t extra = 0; extra < 2; extra++) {
        buf_reset(&bench->plain);
        buf_put_span(&bench->plain, SPAN("first\n"));
        for (size_t i = 0; i < STREAM_LINE_MAX + extra; i++) {
            buf_put_char(&bench->plain, 'x');
        }
        buf_put_span(&bench->plain, SPAN("\nlast\n"));
        struct memory memory = {.bytes = buf_span(&bench->plain)};
        struct err err = {0};
        assert_int_equal(read_all(&memory, &bench->lines, &err), extra ? LINE_FAILED : LINE_END);
        if (extra) {
            assert_true(span_eq(buf_span(&bench->lines), SPAN("first\n")));
            assert_int_equal(err.code, FAILURE_INPUT);
            assert_non_null(strstr(err.text, "line 2 is longer than 16 MiB"));
        } else {
            assert_true(span_eq(buf_span(&bench->lines), buf_span(&bench->plain)));
        }
    }
}

static void a_bomb_without_newlines_stops_at_the_longest_line(void **state)
{
    struct bench *bench = *state;
    for (size_t i = 0; i < (size_t)64 * 1024 * 1024; i++) {
        buf_put_char(&bench->plain, '0');
    }
    pack_zstd(buf_span(&bench->plain), &bench->packed);
    assert_true(bench->packed.len < 100000);
    struct memory memory = {.bytes = buf_span(&bench->packed)};
    struct err err = {0};
    assert_int_equal(read_all(&memory, &bench->lines, &err), LINE_FAILED);
    assert_int_equal(bench->lines.len, 0);
}

int main(void)
{
#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_BENCH(plain_text_is_cut_into_lines),
        WITH_BENCH(every_packing_gives_the_same_lines_however_they_arrive),
        WITH_BENCH(a_byte_order_mark_inside_a_packed_file_is_dropped_too),
        WITH_BENCH(an_empty_packed_file_has_no_lines),
        WITH_BENCH(members_one_behind_the_other_are_one_text),
        WITH_BENCH(padding_and_frames_to_skip_are_passed_over),
        WITH_BENCH(a_packed_file_cut_off_anywhere_fails_after_its_whole_lines),
        WITH_BENCH(the_lines_before_a_cut_are_all_given),
        WITH_BENCH(a_damaged_packed_file_fails_or_gives_what_was_packed),
        WITH_BENCH(bytes_behind_a_packed_file_are_not_passed_over),
        WITH_BENCH(a_failing_source_fails_after_the_whole_lines_with_its_own_words),
        WITH_BENCH(a_line_of_sixteen_mebibytes_is_read_and_one_byte_more_is_not),
        WITH_BENCH(a_bomb_without_newlines_stops_at_the_longest_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
