/* base_memory_test.c: arenas, buffers and their wire forms, spans, and the map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/prng.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Did `act` end the process as a bug does? */
static bool is_a_bug(void (*act)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        act();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_BUG;
}

static bool all_zero(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++) {
        if (at[i] != 0) {
            return false;
        }
    }
    return true;
}

/* ---- Spans ---- */

static void spans_compare_by_bytes_and_the_shorter_comes_first(void **state)
{
    (void)state;
    static const struct {
        struct span a, b;
        int order;
    } ROWS[] = {
        {{"a", 1}, {"a", 1}, 0},   {{"a", 1}, {"b", 1}, -1},   {{"b", 1}, {"a", 1}, 1},
        {{"a", 1}, {"ab", 2}, -1}, {{"ab", 2}, {"a", 1}, 1},   {{"", 0}, {"a", 1}, -1},
        {{"", 0}, {NULL, 0}, 0},   {{"\xff", 1}, {"a", 1}, 1}, {{"a\0b", 3}, {"a\0c", 3}, -1},
        {{NULL, 0}, {NULL, 0}, 0}, {{"b", 1}, {"aaaa", 4}, 1},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        int order = span_cmp(ROWS[i].a, ROWS[i].b);
        assert_int_equal((order > 0) - (order < 0), ROWS[i].order);
        assert_int_equal(span_eq(ROWS[i].a, ROWS[i].b), ROWS[i].order == 0);
    }
    assert_int_equal(SPAN("a\0b").len, 3);
    assert_null(span_of(NULL).ptr);
}

/* ---- Arenas ---- */

static void what_an_arena_hands_out_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena = arena_make(1 << 24);
    struct prng prng = prng_make(1);
    enum { OBJECTS = 3000 };
    static unsigned char *objects[OBJECTS];
    static size_t sizes[OBJECTS];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < OBJECTS; i++) {
            bool large = prng_chance(&prng, 50);
            sizes[i] = (size_t)prng_range(&prng, 0, large ? 40000 : 100);
            objects[i] = arena_alloc(&arena, sizes[i]);
            assert_non_null(objects[i]);
            assert_int_equal((uintptr_t)objects[i] % _Alignof(max_align_t), 0);
            assert_true(all_zero(objects[i], sizes[i]));
            memset(objects[i], (int)(i % 255) + 1, sizes[i]);
        }
        for (size_t i = 0; i < OBJECTS; i++) {
            for (size_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(objects[i][k], i % 255 + 1);
            }
        }
        /* The second and third rounds meet memory that was written before. */
        arena_reset(&arena);
        assert_int_equal(arena.used, 0);
    }
    arena_done(&arena);
}

static void an_arena_stops_at_its_maximum_and_remembers(void **state)
{
    (void)state;
    struct arena arena = arena_make(64);
    assert_non_null(arena_alloc(&arena, 16));
    assert_non_null(arena_alloc(&arena, 32));
    assert_non_null(arena_alloc(&arena, 1)); /* counts as 16 */
    assert_int_equal(arena.used, 64);
    assert_false(arena_is_exhausted(&arena));
    assert_null(arena_alloc(&arena, 1));
    assert_true(arena_is_exhausted(&arena));
    assert_int_equal(arena.used, 64);

    arena_reset(&arena);
    assert_false(arena_is_exhausted(&arena));
    assert_null(arena_alloc(&arena, 65));
    assert_true(arena_is_exhausted(&arena));
    /* What still fits is still handed out; the chain shows the gap at its end. */
    assert_non_null(arena_alloc(&arena, 64));
    assert_true(arena_is_exhausted(&arena));
    arena_done(&arena);

    /* The rounding up counts as well: 12 bytes do not fit into the 12 that are left. */
    arena = arena_make(60);
    assert_non_null(arena_alloc(&arena, 48));
    assert_null(arena_alloc(&arena, 12));
    assert_int_equal(arena.used, 48);
    arena_done(&arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t count, size;
    } ROWS[] = {{SIZE_MAX, 2},
                {2, SIZE_MAX},
                {SIZE_MAX / 2 + 1, 2},
                {1, SIZE_MAX},
                {1, SIZE_MAX - 15},
                {1, PTRDIFF_MAX},
                {(size_t)1 << 33, (size_t)1 << 33},
                {(size_t)1 << 32, (size_t)1 << 32}};
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct arena arena = arena_make(SIZE_MAX);
        assert_null(arena_array(&arena, ROWS[i].count, ROWS[i].size));
        assert_true(arena_is_exhausted(&arena));
        arena_done(&arena);
    }
    struct arena arena = arena_make(1000);
    assert_non_null(arena_array(&arena, 0, 8));
    assert_non_null(arena_array(&arena, 10, 8));
    arena_done(&arena);
}

static void a_rewound_arena_keeps_what_was_there_before_its_mark(void **state)
{
    (void)state;
    /* How much is allocated before the mark and after it: within a block and across several. */
    static const struct {
        size_t before, after;
    } ROWS[] = {{0, 10}, {0, 100000}, {10, 10}, {10, 100000}, {9000, 1}, {100000, 100000}, {8192, 8192}};
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct arena arena = arena_make(1 << 20);
        unsigned char *kept = NULL;
        if (ROWS[i].before > 0) {
            kept = arena_alloc(&arena, ROWS[i].before);
            assert_non_null(kept);
            memset(kept, 7, ROWS[i].before);
        }
        struct arena_mark mark = arena_mark(&arena);
        for (int round = 0; round < 3; round++) {
            size_t used = arena.used;
            for (size_t got = 0; got < ROWS[i].after; got += 100) {
                unsigned char *dropped = arena_alloc(&arena, 100);
                assert_non_null(dropped);
                assert_true(all_zero(dropped, 100));
                memset(dropped, 9, 100);
            }
            arena_rewind(&arena, mark);
            assert_int_equal(arena.used, used);
        }
        for (size_t k = 0; k < ROWS[i].before; k++) {
            assert_int_equal(kept[k], 7);
        }
        arena_done(&arena);
    }
}

static void what_a_rewind_frees_is_handed_out_again(void **state)
{
    (void)state;
#ifndef ARENA_DEBUG /* there every object is a malloc of its own */
    struct arena arena = arena_make(1 << 20);
    assert_non_null(arena_alloc(&arena, 10));
    struct arena_mark mark = arena_mark(&arena);
    const void *first = arena_alloc(&arena, 1000);
    for (int round = 0; round < 100; round++) {
        arena_rewind(&arena, mark);
        assert_ptr_equal(arena_alloc(&arena, 1000), first);
    }
    arena_done(&arena);
#endif
}

static void a_rewind_forgets_only_the_exhaustion_after_its_mark(void **state)
{
    (void)state;
    struct arena arena = arena_make(100);
    struct arena_mark clean = arena_mark(&arena);
    assert_null(arena_alloc(&arena, 200));
    struct arena_mark exhausted = arena_mark(&arena);
    arena_rewind(&arena, exhausted);
    assert_true(arena_is_exhausted(&arena));
    arena_rewind(&arena, clean);
    assert_false(arena_is_exhausted(&arena));
    arena_done(&arena);
}

static void rewinding_forward(void)
{
    struct arena arena = arena_make(1000);
    arena_alloc(&arena, 10);
    struct arena_mark mark = arena_mark(&arena);
    arena_reset(&arena);
    arena_rewind(&arena, mark);
}

static void rewinding_to_a_mark_that_is_gone_is_a_bug(void **state)
{
    (void)state;
    assert_true(is_a_bug(rewinding_forward));
}

static void a_growing_array_keeps_what_it_holds(void **state)
{
    (void)state;
    struct arena arena = arena_make((size_t)1 << 20);
    int64_t *numbers = NULL;
    size_t count = 0, room = 0;
    for (int64_t i = 0; i < 1000; i++) {
        ARENA_GROW(&arena, numbers, count, room);
        assert_true(room > count && room <= 2000);
        numbers[count++] = i * i;
    }
    for (int64_t i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i * i);
    arena_done(&arena);
}

static void growing_past_the_maximum(void)
{
    struct arena arena = arena_make(100);
    int64_t *numbers = NULL;
    size_t count = 0, room = 0;
    for (;;) {
        ARENA_GROW(&arena, numbers, count, room);
        numbers[count++] = 1;
    }
}

static void an_array_that_outgrows_its_arena_is_a_bug(void **state)
{
    (void)state;
    assert_true(is_a_bug(growing_past_the_maximum));
}

static void text_is_copied_and_printed_into_an_arena(void **state)
{
    (void)state;
    struct arena arena = arena_make(10000);
    struct span copy = arena_copy(&arena, SPAN("ab\0c"));
    assert_int_equal(copy.len, 4);
    assert_memory_equal(copy.ptr, "ab\0c\0", 5);
    assert_null(arena_copy(&arena, (struct span){0}).ptr);
    struct span empty = arena_copy(&arena, SPAN(""));
    assert_non_null(empty.ptr);
    assert_int_equal(empty.len, 0);

    /* Around the size that fits on the stack. */
    for (int width = 250; width <= 260; width++) {
        struct span printed = arena_print(&arena, "%0*d", width, 7);
        assert_int_equal(printed.len, width);
        assert_int_equal(strlen(printed.ptr), width);
        assert_int_equal(printed.ptr[width - 1], '7');
    }
    assert_null(arena_print(&arena, "%09999d", 1).ptr);
    assert_true(arena_is_exhausted(&arena));
    assert_null(arena_copy(&arena, (struct span){"", SIZE_MAX}).ptr);
    arena_done(&arena);
}

/* ---- Buffers ---- */

static void a_buffer_grows_up_to_its_maximum_and_then_says_so(void **state)
{
    (void)state;
    static const size_t MAXIMA[] = {0, 1, 2, 119, 120, 121, 240, 1000, 4096};
    for (size_t i = 0; i < COUNT_OF(MAXIMA); i++) {
        struct buf buf = buf_make(MAXIMA[i]);
        for (size_t k = 0; k < MAXIMA[i]; k++) {
            buf_put_char(&buf, (char)('a' + k % 26));
            assert_false(buf.failed);
        }
        assert_int_equal(buf_span(&buf).len, MAXIMA[i]);
        buf_put_char(&buf, '!');
        assert_true(buf.failed);
        assert_int_equal(buf.len, MAXIMA[i]);
        for (size_t k = 0; k < MAXIMA[i]; k++) {
            assert_int_equal(buf.ptr[k], 'a' + k % 26);
        }
        /* Once failed it takes nothing, not even what would fit, until it is reset. */
        buf_reset(&buf);
        assert_false(buf.failed);
        buf_put(&buf, "", 0);
        buf_print(&buf, "%s", "");
        assert_false(buf.failed);
        assert_int_equal(buf_span(&buf).len, 0);
        assert_non_null(buf_span(&buf).ptr);
        buf_done(&buf);
        assert_int_equal(buf.max, MAXIMA[i]);
    }
}

static void a_failed_buffer_stays_failed(void **state)
{
    (void)state;
    struct buf buf = buf_make(10);
    buf_put_span(&buf, SPAN("12345"));
    buf_put_span(&buf, SPAN("123456"));
    assert_true(buf.failed);
    buf_put_char(&buf, 'x');
    buf_put_varint(&buf, 1);
    buf_print(&buf, "y");
    assert_int_equal(buf.len, 5);
    assert_memory_equal(buf.ptr, "12345", 5);
    buf_done(&buf);

    struct buf huge = buf_make(SIZE_MAX);
    buf_put_char(&huge, 'x');
    volatile size_t all_there_is = SIZE_MAX; /* hidden from the compiler, which would object */
    buf_put(&huge, "", all_there_is);
    assert_true(huge.failed);
    buf_done(&huge);
}

static void printing_fits_exactly_or_fails(void **state)
{
    (void)state;
    for (int width = 1; width <= 300; width++) {
        struct buf buf = buf_make((size_t)width);
        buf_print(&buf, "%0*d", width, 7);
        assert_false(buf.failed);
        assert_int_equal(buf.len, width);
        assert_int_equal(buf.ptr[width - 1], '7');
        buf_reset(&buf);
        buf_print(&buf, "%0*d", width + 1, 7);
        assert_true(buf.failed);
        assert_int_equal(buf.len, 0);
        buf_done(&buf);
    }
    struct buf buf = buf_make(10000);
    for (int i = 0; i < 1000; i++) {
        buf_print(&buf, "%03d.", i);
    }
    assert_int_equal(buf.len, 4000);
    assert_memory_equal(buf.ptr + 3996, "999.", 4);
    buf_done(&buf);
}

/* ---- Wire forms ---- */

static void a_varint_has_the_bytes_of_leb128(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        struct span bytes;
    } ROWS[] = {
        {0, {"\x00", 1}},
        {1, {"\x01", 1}},
        {127, {"\x7f", 1}},
        {128, {"\x80\x01", 2}},
        {300, {"\xac\x02", 2}},
        {16383, {"\xff\x7f", 2}},
        {16384, {"\x80\x80\x01", 3}},
        {UINT32_MAX, {"\xff\xff\xff\xff\x0f", 5}},
        {INT64_MAX, {"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9}},
        {UINT64_C(1) << 63, {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10}},
        {UINT64_MAX, {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10}},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        /* With room to spare, and with room for exactly these bytes. */
        for (int exact = 0; exact <= 1; exact++) {
            struct buf buf = buf_make(exact ? ROWS[i].bytes.len : 100);
            buf_put_varint(&buf, ROWS[i].value);
            assert_false(buf.failed);
            assert_true(span_eq(buf_span(&buf), ROWS[i].bytes));
            struct cursor cursor = cursor_of(buf_span(&buf));
            assert_true(cursor_varint(&cursor) == ROWS[i].value);
            assert_true(cursor_at_end(&cursor) && !cursor.bad);
            buf_done(&buf);
        }
        /* With one byte too few, in a new buffer and in one that already has its memory. */
        for (size_t before = 0; before <= 3; before++) {
            struct buf tight = buf_make(before + ROWS[i].bytes.len - 1);
            buf_put(&tight, "abc", before);
            buf_put_varint(&tight, ROWS[i].value);
            assert_true(tight.failed);
            assert_int_equal(tight.len, before);
            buf_done(&tight);
        }
    }
}

static void texts_are_written_once_and_then_named(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct arena arena = arena_make((size_t)1 << 24);
    struct buf buf = buf_make(1 << 20);
    struct texts texts;
    char name[16];
    texts_start(&texts, &arena);
    texts_add(&texts, SPAN("web"));
    texts_add(&texts, SPAN("web"));
    texts_add(&texts, SPAN(""));
    assert_int_equal(texts.count, 1);
    buf.texts = &texts;
    buf_put_text(&buf, SPAN("web"));
    buf_put_text(&buf, SPAN("ab"));
    buf_put_text(&buf, (struct span){NULL, 0});
    buf_put_text(&buf, SPAN("ab"));
    assert_true(span_eq(buf_span(&buf), SPAN("\1\4ab\0\3")));
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < COUNT; i++) {
            int len = snprintf(name, sizeof name, "item %d", i);
            buf_put_text(&buf, arena_copy(&arena, (struct span){name, (size_t)len}));
        }
    assert_int_equal(texts.count, COUNT + 2);

    struct texts read;
    texts_start(&read, &arena);
    texts_add(&read, SPAN("web"));
    struct cursor cursor = cursor_of(buf_span(&buf));
    cursor.texts = &read;
    assert_true(span_eq(cursor_text(&cursor, &arena), SPAN("web")));
    struct span ab = cursor_text(&cursor, &arena);
    assert_null(cursor_text(&cursor, &arena).ptr);
    assert_ptr_equal(cursor_text(&cursor, &arena).ptr, ab.ptr);
    for (int i = 0; i < 2 * COUNT; i++) {
        int len = snprintf(name, sizeof name, "item %d", i % COUNT);
        assert_true(span_eq(cursor_text(&cursor, &arena), (struct span){name, (size_t)len}));
    }
    assert_true(cursor_at_end(&cursor) && !cursor.bad);

    /* A place that is not there yet, and a text that is cut. */
    static const struct span bad[] = {{"\3", 1}, {"\6ab", 3}};
    for (size_t i = 0; i < 2; i++) {
        texts_start(&read, &arena);
        texts_add(&read, SPAN("web"));
        cursor = cursor_of(bad[i]);
        cursor.texts = &read;
        assert_null(cursor_text(&cursor, &arena).ptr);
        assert_true(cursor.bad);
    }
    /* Without a table it is plain bytes. */
    buf_reset(&buf);
    buf.texts = NULL;
    buf_put_text(&buf, SPAN("ab"));
    assert_true(span_eq(buf_span(&buf), SPAN("\2ab")));
    cursor = cursor_of(buf_span(&buf));
    assert_true(span_eq(cursor_text(&cursor, &arena), SPAN("ab")));
    buf_done(&buf);
    arena_done(&arena);
}

static void numbers_that_are_missing_or_mostly_whole_are_short(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        size_t known, micro;
    } rows[] = {{0, 1, 1},        {INT64_MIN, 1, 10}, {INT64_MAX, 10, 10}, {INT64_MIN + 1, 10, 10}, {1000000, 3, 1},
                {-1000000, 3, 1}, {15000000, 4, 1},   {16000000, 4, 1},    {32000000, 4, 2},        {1, 1, 2},
                {-1, 1, 4},       {18250000, 4, 4},   {999999, 3, 4},      {-32000000, 4, 1},       {63, 1, 2}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf buf = buf_make(64);
        buf_put_known(&buf, rows[i].value);
        size_t known = buf.len;
        buf_put_micro(&buf, rows[i].value);
        struct cursor cursor = cursor_of(buf_span(&buf));
        assert_true(cursor_known(&cursor) == rows[i].value);
        assert_true(cursor_micro(&cursor) == rows[i].value);
        assert_true(cursor_at_end(&cursor) && !cursor.bad);
        if (known != rows[i].known || buf.len - known != rows[i].micro)
            fail_msg("row %zu: %zu and %zu bytes", i, known, buf.len - known);
        buf_done(&buf);
    }
    /* A fraction of nothing, one of a whole, and what no 64 bits hold. */
    static const struct span bad[] = {
        {"\1\0", 2}, {"\1\300\204\75", 4}, {"\374\377\377\377\377\377\377\377\377\1", 10}};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct cursor cursor = cursor_of(bad[i]);
        assert_true(cursor_micro(&cursor) == 0 && cursor.bad);
    }
}

static void a_varint_that_is_cut_too_large_or_too_long_is_bad(void **state)
{
    (void)state;
    static const struct span BAD[] = {
        {"", 0},
        {NULL, 0},
        {"\x80", 1},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10}, /* bit 64 */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11},
        {"\x80\x00", 2}, /* a longer spelling of zero */
        {"\x81\x00", 2},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10},
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct cursor cursor = cursor_of(BAD[i]);
        assert_true(cursor_varint(&cursor) == 0);
        if (!cursor.bad) {
            fail_msg("row %zu was taken", i);
        }
        assert_true(cursor_at_end(&cursor));
        assert_int_equal(cursor_u8(&cursor), 0);
        assert_null(cursor_bytes(&cursor).ptr);
        assert_true(cursor.bad);
    }
}

static void signed_numbers_fold_so_that_small_ones_stay_short(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        size_t len;
        unsigned char first;
    } ROWS[] = {
        {0, 1, 0},
        {-1, 1, 1},
        {1, 1, 2},
        {-64, 1, 127},
        {63, 1, 126},
        {64, 2, 0x80},
        {-65, 2, 0x81},
        {INT64_MAX, 10, 0xfe},
        {INT64_MIN, 10, 0xff},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct buf buf = buf_make(100);
        buf_put_signed(&buf, ROWS[i].value);
        assert_int_equal(buf.len, ROWS[i].len);
        assert_int_equal((unsigned char)buf.ptr[0], ROWS[i].first);
        struct cursor cursor = cursor_of(buf_span(&buf));
        assert_true(cursor_signed(&cursor) == ROWS[i].value);
        assert_false(cursor.bad);
        buf_done(&buf);
    }
}

static void big_endian_numbers_sort_as_bytes(void **state)
{
    (void)state;
    static const uint64_t VALUES[] = {0, 1, 255, 256, UINT32_MAX, UINT64_C(1) << 63, UINT64_MAX};
    struct buf buf = buf_make(1000);
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        buf_put_u64_be(&buf, VALUES[i]);
    }
    struct span all = buf_span(&buf);
    assert_int_equal(all.len, 8 * COUNT_OF(VALUES));
    for (size_t i = 1; i < COUNT_OF(VALUES); i++) {
        struct span before = {all.ptr + 8 * (i - 1), 8};
        assert_true(span_cmp(before, (struct span){all.ptr + 8 * i, 8}) < 0);
    }
    assert_memory_equal(buf.ptr + 24, "\0\0\0\0\0\0\1\0", 8);
    struct cursor cursor = cursor_of(buf_span(&buf));
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        assert_true(cursor_u64_be(&cursor) == VALUES[i]);
    }
    assert_true(cursor_at_end(&cursor) && !cursor.bad);
    for (size_t len = 0; len < 8; len++) {
        cursor = cursor_of((struct span){buf.ptr, len});
        assert_true(cursor_u64_be(&cursor) == 0);
        assert_true(cursor.bad);
    }
    buf_done(&buf);
}

static void a_length_beyond_the_end_is_bad(void **state)
{
    (void)state;
    static const struct {
        struct span bytes;
        bool good;
        size_t len;
    } ROWS[] = {
        {{"\x00", 1}, true, 0},
        {{"\x03"
          "abc",
          4},
         true,
         3},
        {{"\x03"
          "ab",
          3},
         false,
         0},
        {{"\x01", 1}, false, 0},
        {{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
          "abc",
          13},
         false,
         0},
        {{"\x80", 1}, false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct cursor cursor = cursor_of(ROWS[i].bytes);
        struct span bytes = cursor_bytes(&cursor);
        assert_int_equal(!cursor.bad, ROWS[i].good);
        assert_int_equal(bytes.ptr != NULL, ROWS[i].good);
        assert_int_equal(bytes.len, ROWS[i].len);
        assert_true(cursor_at_end(&cursor));
    }
}

/* One value of each kind, drawn from the same stream for writing and for checking. */
struct sample {
    uint64_t plain, fixed;
    int64_t with_sign;
    uint8_t byte;
    char text[300];
    size_t text_len;
};

static struct sample draw_sample(struct prng *prng)
{
    struct sample sample = {0};
    uint64_t bits = prng_below(prng, 64);
    sample.plain = prng_next(prng) >> bits;
    sample.fixed = prng_next(prng);
    bits = prng_below(prng, 64);
    sample.with_sign = (int64_t)prng_next(prng) >> bits;
    sample.byte = (uint8_t)prng_next(prng);
    sample.text_len = prng_below(prng, sizeof sample.text);
    memset(sample.text, sample.byte, sample.text_len);
    return sample;
}

static bool reads_sample(struct cursor *cursor, const struct sample *sample)
{
    bool same = cursor_varint(cursor) == sample->plain;
    same &= cursor_u64_be(cursor) == sample->fixed;
    same &= cursor_signed(cursor) == sample->with_sign;
    same &= cursor_u8(cursor) == sample->byte;
    same &= span_eq(cursor_bytes(cursor), (struct span){sample->text, sample->text_len});
    return same && !cursor->bad;
}

static void what_is_packed_is_unpacked_the_same_and_every_cut_is_noticed(void **state)
{
    (void)state;
    enum { SAMPLES = 300 };
    struct buf buf = buf_make(1 << 20);
    struct prng prng = prng_make(128);
    for (int i = 0; i < SAMPLES; i++) {
        struct sample sample = draw_sample(&prng);
        buf_put_varint(&buf, sample.plain);
        buf_put_u64_be(&buf, sample.fixed);
        buf_put_signed(&buf, sample.with_sign);
        buf_put_u8(&buf, sample.byte);
        buf_put_bytes(&buf, (struct span){sample.text, sample.text_len});
    }
    assert_false(buf.failed);
    struct cursor cursor = cursor_of(buf_span(&buf));
    prng = prng_make(128);
    for (int i = 0; i < SAMPLES; i++) {
        struct sample sample = draw_sample(&prng);
        assert_true(reads_sample(&cursor, &sample));
    }
    assert_true(cursor_at_end(&cursor));

    prng = prng_make(128);
    struct sample first = draw_sample(&prng);
    cursor = cursor_of(buf_span(&buf));
    assert_true(reads_sample(&cursor, &first));
    size_t whole = (size_t)(cursor.at - (const unsigned char *)buf.ptr);
    for (size_t len = 0; len < whole; len++) {
        char *cut = malloc(len ? len : 1);
        assert_non_null(cut);
        memcpy(cut, buf.ptr, len);
        cursor = cursor_of((struct span){cut, len});
        reads_sample(&cursor, &first);
        assert_true(cursor.bad);
        free(cut);
    }
    print_message("packed: %d samples in %zu bytes, %zu cuts\n", SAMPLES, buf.len, whole);
    buf_done(&buf);
}

/* ---- The map ---- */

static struct span number_key(char text[32], uint64_t number)
{
    int len = snprintf(text, 32, "SKU-%" PRIu64, number);
    return (struct span){text, (size_t)len};
}

static void a_map_finds_what_was_put_and_nothing_else(void **state)
{
    (void)state;
    struct map *map = map_new();
    assert_null(map_find(map, SPAN("a")));
    assert_false(map_remove(map, SPAN("a")));
    assert_true(map_put(map, SPAN("a"), 1));
    assert_false(map_put(map, SPAN("a"), 2));
    assert_true(map_put(map, SPAN(""), 3));
    assert_false(map_put(map, (struct span){0}, 4)); /* absent and empty are the same key */
    assert_true(map_put(map, SPAN("a\0"), 5));
    assert_int_equal(*map_find(map, SPAN("a")), 2);
    assert_int_equal(*map_find(map, SPAN("")), 4);
    assert_int_equal(*map_find(map, SPAN("a\0")), 5);
    assert_null(map_find(map, SPAN("b")));
    *map_find(map, SPAN("a")) = 6;
    assert_int_equal(*map_find(map, SPAN("a")), 6);
    assert_int_equal(map_count(map), 3);
    map_clear(map);
    assert_int_equal(map_count(map), 0);
    assert_null(map_find(map, SPAN("a")));
    assert_true(map_put(map, SPAN("a"), 7));
    assert_null(map_free(map));
    assert_null(map_free(NULL));
}

static void a_map_copies_its_keys(void **state)
{
    (void)state;
    struct map *map = map_new();
    char key[] = "before";
    map_put(map, span_of(key), 1);
    memcpy(key, "after!", sizeof key);
    assert_non_null(map_find(map, SPAN("before")));
    assert_null(map_find(map, SPAN("after!")));
    map_free(map);
}

static void a_map_of_100000_keys_answers_as_a_plain_list_does(void **state)
{
    (void)state;
    enum { KEYS = 100000 };
    struct map *map = map_new();
    char text[32];
    for (uint64_t i = 0; i < KEYS; i++) {
        assert_true(map_put(map, number_key(text, i * 7), i));
    }
    assert_int_equal(map_count(map), KEYS);
    /* The list holds every key in order; a sample of keys is looked up in it one by one. */
    struct prng prng = prng_make(11);
    size_t present = 0;
    enum { SAMPLE = 2000 };
    for (int round = 0; round < SAMPLE; round++) {
        uint64_t number = prng_below(&prng, 7 * KEYS + 1000);
        uint64_t wanted = UINT64_MAX;
        for (uint64_t i = 0; i < KEYS; i++) {
            if (i * 7 == number) {
                wanted = i;
            }
        }
        const uint64_t *value = map_find(map, number_key(text, number));
        assert_int_equal(value != NULL, wanted != UINT64_MAX);
        assert_true(!value || *value == wanted);
        present += value != NULL;
    }
    for (uint64_t i = 0; i < KEYS; i++) {
        assert_int_equal(*map_find(map, number_key(text, i * 7)), i);
    }
    size_t at = 0;
    struct span key = {0};
    uint64_t value = 0;
    for (uint64_t i = 0; i < KEYS; i++) {
        assert_true(map_next(map, &at, &key, &value));
        assert_int_equal(value, i);
        assert_true(span_eq(key, number_key(text, i * 7)));
    }
    assert_false(map_next(map, &at, &key, &value));
    map_free(map);
    print_message("map: %d keys, %d sampled, %zu of them there\n", KEYS, SAMPLE, present);
}

/* The slow twin: a list in insertion order, searched from its beginning. */
enum { TWIN_KEYS = 200 };
struct twin {
    uint64_t keys[TWIN_KEYS];
    uint64_t values[TWIN_KEYS];
    size_t count;
};

static size_t twin_find(const struct twin *twin, uint64_t key)
{
    size_t at = 0;
    while (at < twin->count && twin->keys[at] != key) {
        at++;
    }
    return at;
}

static bool twin_remove(struct twin *twin, uint64_t key)
{
    size_t at = twin_find(twin, key);
    if (at == twin->count) {
        return false;
    }
    twin->count--;
    memmove(&twin->keys[at], &twin->keys[at + 1], (twin->count - at) * sizeof twin->keys[0]);
    memmove(&twin->values[at], &twin->values[at + 1], (twin->count - at) * sizeof twin->values[0]);
    return true;
}

static void compare_with_twin(const struct map *map, const struct twin *twin)
{
    assert_int_equal(map_count(map), twin->count);
    size_t at = 0;
    struct span key = {0};
    uint64_t value = 0;
    char text[32];
    for (size_t i = 0; i < twin->count; i++) {
        assert_true(map_next(map, &at, &key, &value));
        assert_true(span_eq(key, number_key(text, twin->keys[i])));
        assert_int_equal(value, twin->values[i]);
    }
    assert_false(map_next(map, &at, &key, &value));
}

static void a_map_under_puts_and_removals_stays_equal_to_a_list(void **state)
{
    (void)state;
    struct prng prng = prng_make(5);
    struct map *map = map_new();
    struct twin twin = {.count = 0};
    size_t puts = 0;
    size_t removals = 0;
    for (int step = 0; step < 200000; step++) {
        char text[32];
        uint64_t key = prng_below(&prng, TWIN_KEYS);
        /* Phases that grow and phases that shrink. */
        bool grow = step / 500 % 2 == 0;
        size_t found = twin_find(&twin, key);
        if (prng_chance(&prng, 4) == !grow) {
            uint64_t value = prng_next(&prng);
            assert_int_equal(map_put(map, number_key(text, key), value), found == twin.count);
            twin.keys[found] = key;
            twin.values[found] = value;
            twin.count += found == twin.count;
            puts++;
        } else {
            assert_int_equal(map_remove(map, number_key(text, key)), twin_remove(&twin, key));
            removals++;
        }
        const uint64_t *value = map_find(map, number_key(text, key));
        found = twin_find(&twin, key);
        assert_int_equal(value != NULL, found < twin.count);
        if (step % 97 == 0) {
            compare_with_twin(map, &twin);
        }
        if (step % 20011 == 0) {
            map_clear(map);
            twin.count = 0;
        }
    }
    map_free(map);
    print_message("map against a list: %zu puts, %zu removals\n", puts, removals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_compare_by_bytes_and_the_shorter_comes_first),
        cmocka_unit_test(what_an_arena_hands_out_is_zeroed_aligned_and_apart),
        cmocka_unit_test(an_arena_stops_at_its_maximum_and_remembers),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(a_rewound_arena_keeps_what_was_there_before_its_mark),
        cmocka_unit_test(what_a_rewind_frees_is_handed_out_again),
        cmocka_unit_test(a_rewind_forgets_only_the_exhaustion_after_its_mark),
        cmocka_unit_test(rewinding_to_a_mark_that_is_gone_is_a_bug),
        cmocka_unit_test(a_growing_array_keeps_what_it_holds),
        cmocka_unit_test(an_array_that_outgrows_its_arena_is_a_bug),
        cmocka_unit_test(text_is_copied_and_printed_into_an_arena),
        cmocka_unit_test(a_buffer_grows_up_to_its_maximum_and_then_says_so),
        cmocka_unit_test(a_failed_buffer_stays_failed),
        cmocka_unit_test(printing_fits_exactly_or_fails),
        cmocka_unit_test(a_varint_has_the_bytes_of_leb128),
        cmocka_unit_test(texts_are_written_once_and_then_named),
        cmocka_unit_test(numbers_that_are_missing_or_mostly_whole_are_short),
        cmocka_unit_test(a_varint_that_is_cut_too_large_or_too_long_is_bad),
        cmocka_unit_test(signed_numbers_fold_so_that_small_ones_stay_short),
        cmocka_unit_test(big_endian_numbers_sort_as_bytes),
        cmocka_unit_test(a_length_beyond_the_end_is_bad),
        cmocka_unit_test(what_is_packed_is_unpacked_the_same_and_every_cut_is_noticed),
        cmocka_unit_test(a_map_finds_what_was_put_and_nothing_else),
        cmocka_unit_test(a_map_copies_its_keys),
        cmocka_unit_test(a_map_of_100000_keys_answers_as_a_plain_list_does),
        cmocka_unit_test(a_map_under_puts_and_removals_stays_equal_to_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
