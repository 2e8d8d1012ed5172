/* format_json_test.c: the JSON reader behind json.h, and the compact writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/prng.h"
#include "format/json.h"
#include <stdio.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
enum { ARENA_MAX = 64 * 1024 * 1024 };

struct bench {
    struct json_parser *parser;
    struct arena arena;
    struct buf out;
};

static int set_up(void **state)
{
    static struct bench bench;
    bench = (struct bench){json_parser_new(), arena_make(ARENA_MAX), buf_make(ARENA_MAX)};
    *state = &bench;
    return bench.parser == NULL;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    bench->parser = json_parser_free(bench->parser);
    arena_done(&bench->arena);
    buf_done(&bench->out);
    return 0;
}

static enum json_error read_span(struct bench *bench, struct span text, struct json_node **out_root,
                                 struct span *out_detail)
{
    arena_reset(&bench->arena);
    return json_read(bench->parser, text, &bench->arena, out_root, out_detail);
}

static void assert_reads_as(struct bench *bench, const char *text, const char *expected)
{
    struct json_node *root = NULL;
    struct span detail = {0};
    enum json_error error = read_span(bench, span_of(text), &root, &detail);
    if (error != JSON_OK) {
        fail_msg("%s: %.*s", text, SPAN_ARG(detail));
    }
    buf_reset(&bench->out);
    json_write_node(root, &bench->out);
    buf_put_u8(&bench->out, 0);
    assert_string_equal(bench->out.ptr, expected);
}

static void well_formed_text_is_read_and_written_back_compact_with_sorted_keys(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"{}", "{}"},
        {" [ ] ", "[]"},
        {"{ \"b\" : 1 , \"a\" : [ true , false , null ] }", "{\"a\":[true,false,null],\"b\":1}"},
        {"{\"a\":{\"z\":{},\"y\":[[],[[]]]}}", "{\"a\":{\"y\":[[],[[]]],\"z\":{}}}"},
        {"{\"\":\"\"}", "{\"\":\"\"}"},
        {"{\"a\":1,\"aa\":2,\"A\":3}", "{\"A\":3,\"a\":1,\"aa\":2}"},
        /* numbers stay as they were written */
        {"[12.3400]", "[12.3400]"},
        {"[1.0, -0, 0.10, 1e5, 1E+05, 1.5e-3]", "[1.0,-0,0.10,1e5,1E+05,1.5e-3]"},
        {"[123456789012345678901234567890.00000000000000000000001]",
         "[123456789012345678901234567890.00000000000000000000001]"},
        /* escapes */
        {"[\"\\u0041\\n\\t\\r\\b\\f\\/\\\\\\\"\"]", "[\"A\\n\\t\\r\\u0008\\u000c/\\\\\\\"\"]"},
        {"[\"\\ud83d\\ude00 \\u20ac\"]", "[\"\xf0\x9f\x98\x80 \xe2\x82\xac\"]"},
        {"{\"\\u0062\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
        {"[\"a\\u0000b\"]", "[\"a\\u0000b\"]"},
        /* a text alone */
        {"12.50", "12.50"},
        {" \"x\" ", "\"x\""},
        {"null", "null"},
        {"\r\n\t true \r\n", "true"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_reads_as(*state, rows[i].text, rows[i].expected);
    }
}

static void what_is_not_json_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum json_error error;
    } rows[] = {
        {"", JSON_MALFORMED},
        {"   ", JSON_MALFORMED},
        {"{", JSON_MALFORMED},
        {"}", JSON_MALFORMED},
        {"[1", JSON_MALFORMED},
        {"[1,]", JSON_MALFORMED},
        {"[,1]", JSON_MALFORMED},
        {"[1 2]", JSON_MALFORMED},
        {"[1,,2]", JSON_MALFORMED},
        {"[1}", JSON_MALFORMED},
        {"{\"a\":1]", JSON_MALFORMED},
        {"{\"a\"}", JSON_MALFORMED},
        {"{\"a\":}", JSON_MALFORMED},
        {"{\"a\" 1}", JSON_MALFORMED},
        {"{\"a\":1,}", JSON_MALFORMED},
        {"{,\"a\":1}", JSON_MALFORMED},
        {"{a:1}", JSON_MALFORMED},
        {"{1:1}", JSON_MALFORMED},
        {"{'a':1}", JSON_MALFORMED},
        {"{\"a\":1 \"b\":2}", JSON_MALFORMED},
        {"{\"a\":\"x\" \"y\"}", JSON_MALFORMED},
        {"{\"a\":\"x\"y}", JSON_MALFORMED},
        {"{\"a\":\"x\"1}", JSON_MALFORMED},
        {"{\"a\":[]1}", JSON_MALFORMED},
        {"[1]:2", JSON_MALFORMED},
        /* something behind the value */
        {"{} {}", JSON_MALFORMED},
        {"{}x", JSON_MALFORMED},
        {"[1],[2]", JSON_MALFORMED},
        {"[1]]", JSON_MALFORMED},
        {"1 2", JSON_MALFORMED},
        {"1,2", JSON_MALFORMED},
        {"\"a\"\"b\"", JSON_MALFORMED},
        {"1],[2", JSON_MALFORMED},
        {"],[", JSON_MALFORMED},
        {"]", JSON_MALFORMED},
        /* literals and numbers */
        {"[tru]", JSON_MALFORMED},
        {"[True]", JSON_MALFORMED},
        {"[nulll]", JSON_MALFORMED},
        {"[NaN]", JSON_MALFORMED},
        {"[Infinity]", JSON_MALFORMED},
        {"[+1]", JSON_MALFORMED},
        {"[.5]", JSON_MALFORMED},
        {"[5.]", JSON_MALFORMED},
        {"[01]", JSON_MALFORMED},
        {"[-]", JSON_MALFORMED},
        {"[-01]", JSON_MALFORMED},
        {"[1e]", JSON_MALFORMED},
        {"[1e+]", JSON_MALFORMED},
        {"[0x10]", JSON_MALFORMED},
        {"[1.2.3]", JSON_MALFORMED},
        {"[1_000]", JSON_MALFORMED},
        /* texts */
        {"[\"a]", JSON_MALFORMED},
        {"[\"\\x\"]", JSON_MALFORMED},
        {"[\"\\u12\"]", JSON_MALFORMED},
        {"[\"\\u12zz\"]", JSON_MALFORMED},
        {"[\"\\ud800\"]", JSON_MALFORMED},
        {"[\"\\ud800\\u0041\"]", JSON_MALFORMED},
        {"[\"\\udc00\"]", JSON_MALFORMED},
        {"{\"\\udc00\":1}", JSON_MALFORMED},
        {"[\"a\nb\"]", JSON_MALFORMED},
        {"[\"a\tb\"]", JSON_MALFORMED},
        {"[\"\\\"]", JSON_MALFORMED},
        /* UTF-8 */
        {"[\"\xff\"]", JSON_BAD_UTF8},
        {"[\"\xc3\"]", JSON_BAD_UTF8},
        {"[\"\xed\xa0\x80\"]", JSON_BAD_UTF8},
        {"[\"\xc0\x80\"]", JSON_BAD_UTF8},
        {"[\"\xf4\x90\x80\x80\"]", JSON_BAD_UTF8},
        {"{\"caf\xe9\":1}", JSON_BAD_UTF8},
        /* keys */
        {"{\"a\":1,\"a\":2}", JSON_DUPLICATE_KEY},
        {"{\"a\":1,\"\\u0061\":2}", JSON_DUPLICATE_KEY},
        {"[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]", JSON_DUPLICATE_KEY},
        {"{\"\":1,\"\":1}", JSON_DUPLICATE_KEY},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_node *root = NULL;
        struct span detail = {0};
        enum json_error error = read_span(*state, span_of(rows[i].text), &root, &detail);
        if (error != rows[i].error) {
            fail_msg("%s: %d instead of %d", rows[i].text, error, rows[i].error);
        }
        assert_true(detail.len > 0);
        assert_null(root);
    }
    /* Nothing of it is left in the parser. */
    assert_reads_as(*state, "{\"a\":1}", "{\"a\":1}");
}

static void bytes_of_zero_are_no_json(void **state)
{
    static const char inside[] = "{\"a\":1}\0";
    struct json_node *root = NULL;
    struct span detail;
    assert_int_equal(read_span(*state, (struct span){inside, sizeof inside - 1}, &root, &detail), JSON_MALFORMED);
    assert_int_equal(read_span(*state, (struct span){"[\"\0\"]", 5}, &root, &detail), JSON_MALFORMED);
    assert_int_equal(read_span(*state, (struct span){0}, &root, &detail), JSON_MALFORMED);
}

static void a_repeated_key_is_named(void **state)
{
    struct json_node *root = NULL;
    struct span detail;
    assert_int_equal(read_span(*state, SPAN("{\"sku\":1,\"qty\":2,\"sku\":3}"), &root, &detail), JSON_DUPLICATE_KEY);
    assert_true(span_eq(detail, SPAN("named twice: sku")));
}

/* {"k0":0,...}, with the key of `twice` once more at the end when it is not negative. */
static struct span wide_object(struct buf *out, int members, int twice)
{
    buf_reset(out);
    for (int i = 0; i < members; i++) {
        buf_print(out, "%s\"k%d\":%d", i ? "," : "{", i, i);
    }
    if (twice >= 0) {
        buf_print(out, ",\"k%d\":0", twice);
    }
    buf_put_char(out, '}');
    return buf_span(out);
}

static void a_repeated_key_is_found_in_objects_of_every_width(void **state)
{
    struct bench *bench = *state;
    struct json_node *root = NULL;
    struct span detail;
    struct buf text = buf_make(ARENA_MAX);
    static const int widths[] = {1, 2, 15, 16, 17, 18, 63, 64, 65, 1000, 100000};
    for (size_t i = 0; i < COUNT_OF(widths); i++) {
        int last = widths[i] - 1;
        assert_int_equal(read_span(bench, wide_object(&text, widths[i], -1), &root, &detail), JSON_OK);
        assert_int_equal(root->count, widths[i]);
        assert_int_equal(read_span(bench, wide_object(&text, widths[i], 0), &root, &detail), JSON_DUPLICATE_KEY);
        assert_int_equal(read_span(bench, wide_object(&text, widths[i], last), &root, &detail), JSON_DUPLICATE_KEY);
    }
    buf_done(&text);
}

static void wide_objects_are_written_sorted(void **state)
{
    struct bench *bench = *state;
    struct json_node *root = NULL;
    struct span detail;
    struct buf text = buf_make(ARENA_MAX);
    buf_put_char(&text, '{');
    for (int i = 99; i >= 0; i--) {
        buf_print(&text, "\"k%02d\":%d%s", i, i, i ? "," : "}");
    }
    assert_int_equal(read_span(bench, buf_span(&text), &root, &detail), JSON_OK);
    buf_reset(&bench->out);
    json_write_node(root, &bench->out);
    buf_reset(&text);
    for (int i = 0; i < 100; i++) {
        buf_print(&text, "%s\"k%02d\":%d", i ? "," : "{", i, i);
    }
    buf_put_char(&text, '}');
    assert_true(span_eq(buf_span(&bench->out), buf_span(&text)));
    buf_done(&text);
}

static struct span nested(struct buf *out, size_t depth, const char *open, const char *close)
{
    buf_reset(out);
    for (size_t i = 0; i < depth; i++) {
        buf_put_span(out, span_of(open));
    }
    buf_put_char(out, '1');
    for (size_t i = 0; i < depth; i++) {
        buf_put_span(out, span_of(close));
    }
    return buf_span(out);
}

static void thirty_two_levels_are_read_and_thirty_three_are_not(void **state)
{
    static const struct {
        size_t depth;
        enum json_error error;
    } rows[] = {{1, JSON_OK},        {31, JSON_OK},       {32, JSON_OK},
                {33, JSON_TOO_DEEP}, {34, JSON_TOO_DEEP}, {100000, JSON_TOO_DEEP}};
    struct json_node *root;
    struct span detail;
    struct buf text = buf_make(ARENA_MAX);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(read_span(*state, nested(&text, rows[i].depth, "[", "]"), &root, &detail), rows[i].error);
        assert_int_equal(read_span(*state, nested(&text, rows[i].depth, "{\"a\":", "}"), &root, &detail),
                         rows[i].error);
    }
    buf_done(&text);
}

static void an_arena_too_small_is_said_and_nothing_else_happens(void **state)
{
    struct bench *bench = *state;
    struct span text = SPAN("{\"a\":[1,2,3,{\"b\":\"\\u0041\"}],\"c\":null}");
    struct span detail;
    enum json_error error = JSON_NO_MEMORY;
    for (size_t max = 0; error != JSON_OK; max += 16) {
        struct arena arena = arena_make(max);
        struct json_node *root = NULL;
        error = json_read(bench->parser, text, &arena, &root, &detail);
        assert_true(error == JSON_OK || error == JSON_NO_MEMORY);
        arena_done(&arena);
    }
}

static void texts_do_not_borrow_from_the_bytes_read(void **state)
{
    struct bench *bench = *state;
    char bytes[] = "{\"key\":\"text\",\"n\":12}";
    struct json_node *root = NULL;
    struct span detail;
    assert_int_equal(read_span(bench, span_of(bytes), &root, &detail), JSON_OK);
    memset(bytes, 'x', sizeof bytes - 1);
    assert_true(span_eq(root->first->key, SPAN("key")));
    assert_true(span_eq(root->first->text, SPAN("text")));
    assert_true(span_eq(root->first->next->text, SPAN("12")));
}

static void lines_of_very_different_length_are_read_by_one_parser(void **state)
{
    struct bench *bench = *state;
    struct buf text = buf_make(ARENA_MAX);
    struct json_node *root = NULL;
    struct span detail;
    for (size_t length = 1; length < 8 * 1024 * 1024; length = length * 5 + 1) {
        buf_reset(&text);
        buf_put_char(&text, '"');
        for (size_t i = 0; i < length; i++) {
            buf_put_char(&text, (char)('a' + i % 26));
        }
        buf_put_char(&text, '"');
        assert_int_equal(read_span(bench, buf_span(&text), &root, &detail), JSON_OK);
        assert_int_equal(root->text.len, length);
        assert_reads_as(bench, "[1]", "[1]");
    }
    buf_done(&text);
}

/* ---- a random tree survives ---- */

static void put_random(struct prng *prng, struct buf *out, int depth)
{
    static const char *const leaves[] = {
        "null", "true", "false", "0", "-1.50", "1e9", "\"\"", "\"\\u0001\\\\\\\"\"", "\"\xe2\x82\xac\"", "\"/a b\"",
    };
    uint64_t kind = prng_below(prng, depth > 6 ? 3 : 5);
    if (kind < 3) {
        buf_put_span(out, span_of(leaves[prng_below(prng, COUNT_OF(leaves))]));
        return;
    }
    uint64_t count = prng_below(prng, 5);
    buf_put_char(out, kind == 3 ? '[' : '{');
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_put_char(out, ',');
        }
        if (kind == 4) {
            buf_print(out, "\"%c\\u00e9%d\":", (char)('a' + i), depth);
        }
        put_random(prng, out, depth + 1);
    }
    buf_put_char(out, kind == 3 ? ']' : '}');
}

static void a_random_tree_written_and_read_again_is_written_the_same(void **state)
{
    struct bench *bench = *state;
    struct prng prng = prng_make(7);
    struct buf text = buf_make(ARENA_MAX);
    for (int round = 0; round < 2000; round++) {
        struct json_node *root = NULL;
        struct span detail;
        buf_reset(&text);
        put_random(&prng, &text, 0);
        assert_int_equal(read_span(bench, buf_span(&text), &root, &detail), JSON_OK);
        buf_reset(&bench->out);
        json_write_node(root, &bench->out);
        assert_int_equal(read_span(bench, buf_span(&bench->out), &root, &detail), JSON_OK);
        buf_reset(&text);
        json_write_node(root, &text);
        assert_true(span_eq(buf_span(&text), buf_span(&bench->out)));
    }
    buf_done(&text);
}

int main(void)
{
#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_BENCH(well_formed_text_is_read_and_written_back_compact_with_sorted_keys),
        WITH_BENCH(what_is_not_json_is_refused),
        WITH_BENCH(bytes_of_zero_are_no_json),
        WITH_BENCH(a_repeated_key_is_named),
        WITH_BENCH(a_repeated_key_is_found_in_objects_of_every_width),
        WITH_BENCH(wide_objects_are_written_sorted),
        WITH_BENCH(thirty_two_levels_are_read_and_thirty_three_are_not),
        WITH_BENCH(an_arena_too_small_is_said_and_nothing_else_happens),
        WITH_BENCH(texts_do_not_borrow_from_the_bytes_read),
        WITH_BENCH(lines_of_very_different_length_are_read_by_one_parser),
        WITH_BENCH(a_random_tree_written_and_read_again_is_written_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
