/* format_document_test.c: JSON ↔ documents: what is accepted and equal, what is refused and in which words, and the
 * published schemas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "format/document_json.h"
#include "order/document_fields.h"
#include "support/random_document.h"
#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
enum { ROUNDS = 200, ARENA_MAX = 64 * 1024 * 1024 };

struct bench {
    struct json_parser *parser;
    struct arena arena;
    struct buf first, second, json;
    struct document_problem problem;
};

static int set_up(void **state)
{
    static struct bench bench;
    bench = (struct bench){
        .parser = json_parser_new(),
        .arena = arena_make(ARENA_MAX),
        .first = buf_make(ARENA_MAX),
        .second = buf_make(ARENA_MAX),
        .json = buf_make(ARENA_MAX),
    };
    *state = &bench;
    return bench.parser == NULL;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    bench->parser = json_parser_free(bench->parser);
    arena_done(&bench->arena);
    buf_done(&bench->first);
    buf_done(&bench->second);
    buf_done(&bench->json);
    return 0;
}

static currency usd(void) { return currency_find(SPAN("USD")); }

static bool read_json(struct bench *bench, struct span json, struct document *out)
{
    return document_read_json(bench->parser, json, usd(), SPAN("file"), &bench->arena, out, &bench->problem);
}

static void must_read(struct bench *bench, struct span json, struct document *out)
{
    if (!read_json(bench, json, out)) {
        fail_msg("%.*s: %s: %.*s", SPAN_ARG(json), refusal_name(bench->problem.refusal),
                 SPAN_ARG(bench->problem.detail));
    }
    assert_int_equal(bench->problem.refusal, REFUSAL_NONE);
}

static struct span pack_into(struct buf *buf, const struct document *document)
{
    buf_reset(buf);
    document_pack(document, buf);
    assert_false(buf->failed);
    return buf_span(buf);
}

/* ---- equal content ---- */

#define ORDER_HEAD "{\"type\":\"order\",\"id\":\"7\",\"at\":\"2026-01-31T10:00:00Z\",\"channel\":\"web\","
#define ORDER_LINE "{\"id\":\"1\",\"sku\":\"MUG\",\"qty\":\"2\",\"unit_price\":\"10\"}"
#define PAYMENT_HEAD "{\"type\":\"payment\",\"id\":\"p\",\"at\":\"2026-01-31\",\"order\":\"7\",\"gateway\":\"card\","
#define RECEIPT_HEAD "{\"type\":\"receipt\",\"id\":\"r\",\"at\":\"2026-01-31\",\"location\":\"main\","

static void different_spellings_of_one_content_pack_to_the_same_bytes(void **state)
{
    static const struct {
        const char *one, *other;
    } rows[] = {
        /* numbers */
        {PAYMENT_HEAD "\"amount\":\"12.5\"}", PAYMENT_HEAD "\"amount\":\"12.50\"}"},
        {PAYMENT_HEAD "\"amount\":\"12.5\"}", PAYMENT_HEAD "\"amount\":12.5000}"},
        {PAYMENT_HEAD "\"amount\":\"12\"}", PAYMENT_HEAD "\"amount\":12}"},
        {ORDER_HEAD "\"lines\":[" ORDER_LINE "],\"tip\":\"0\"}",
         ORDER_HEAD "\"lines\":[" ORDER_LINE "],\"tip\":-0.00}"},
        {ORDER_HEAD "\"lines\":[" ORDER_LINE "]}",
         ORDER_HEAD "\"lines\":[{\"id\":\"1\",\"sku\":\"MUG\",\"qty\":2.0,\"unit_price\":\"10.000000\"}]}"},
        /* order of members, white space, escapes */
        {PAYMENT_HEAD "\"amount\":\"5\"}",
         "{ \"amount\" : \"5\", "
         "\"gateway\":\"c\\u0061rd\",\n\"order\":\"7\",\"at\":\"2026-01-31\",\"id\":\"p\",\"type\":\"payment\"}"},
        /* instants */
        {ORDER_HEAD "\"lines\":[" ORDER_LINE "]}", "{\"type\":\"order\",\"id\":\"7\",\"at\":\"2026-01-31T11:00:00.000+"
                                                   "01:00\",\"channel\":\"web\",\"lines\":[" ORDER_LINE "]}"},
        /* defaults */
        {PAYMENT_HEAD "\"amount\":\"5\"}", PAYMENT_HEAD "\"amount\":\"5\",\"version\":1}"},
        {PAYMENT_HEAD "\"amount\":\"5\"}", PAYMENT_HEAD "\"amount\":\"5\",\"version\":\"1\"}"},
        {PAYMENT_HEAD "\"amount\":\"5\"}", PAYMENT_HEAD "\"amount\":\"5\",\"source\":\"file\"}"},
        {PAYMENT_HEAD "\"amount\":\"5\"}", PAYMENT_HEAD "\"amount\":\"5\",\"currency\":\"USD\"}"},
        {RECEIPT_HEAD "\"lines\":[{\"sku\":\"A\",\"qty\":\"1\"},{\"sku\":\"B\",\"qty\":\"1\"}]}", RECEIPT_HEAD
         "\"lines\":[{\"id\":\"1\",\"sku\":\"A\",\"qty\":\"1\"},{\"id\":\"2\",\"sku\":\"B\",\"qty\":\"1\"}]}"},
        /* absent in other words */
        {PAYMENT_HEAD "\"amount\":\"5\"}",
         PAYMENT_HEAD "\"amount\":\"5\",\"updated\":null,\"status\":null,\"x\":null}"},
        {PAYMENT_HEAD "\"amount\":\"5\"}", PAYMENT_HEAD "\"amount\":\"5\",\"customer\":\"\",\"currency\":\"\"}"},
        {ORDER_HEAD "\"lines\":[" ORDER_LINE "]}",
         ORDER_HEAD "\"lines\":[" ORDER_LINE "],\"payments\":[],\"shipping\":{}}"},
        /* unknown members: order and white space again */
        {PAYMENT_HEAD "\"amount\":\"5\",\"x\":{\"a\":1,\"b\":[2]},\"y\":3}",
         PAYMENT_HEAD "\"y\":3,\"amount\":\"5\",\"x\":{ \"b\":[ 2 ],\"a\":1}}"},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct document one, other;
        must_read(bench, span_of(rows[i].one), &one);
        must_read(bench, span_of(rows[i].other), &other);
        if (!span_eq(pack_into(&bench->first, &one), pack_into(&bench->second, &other))) {
            fail_msg("%s and %s differ", rows[i].one, rows[i].other);
        }
    }
}

static void different_content_packs_to_different_bytes(void **state)
{
    static const struct {
        const char *one, *other;
    } rows[] = {
        {PAYMENT_HEAD "\"amount\":\"5\"}", PAYMENT_HEAD "\"amount\":\"5.01\"}"},
        {PAYMENT_HEAD "\"amount\":\"5\"}", PAYMENT_HEAD "\"amount\":\"5\",\"version\":2}"},
        {PAYMENT_HEAD "\"amount\":\"5\"}", PAYMENT_HEAD "\"amount\":\"5\",\"currency\":\"EUR\"}"},
        {PAYMENT_HEAD "\"amount\":\"5\"}", PAYMENT_HEAD "\"amount\":\"5\",\"source\":\"web\"}"},
        {PAYMENT_HEAD "\"amount\":\"5\"}", PAYMENT_HEAD "\"amount\":\"5\",\"x\":1}"},
        {PAYMENT_HEAD "\"amount\":\"5\",\"x\":1}", PAYMENT_HEAD "\"amount\":\"5\",\"x\":\"1\"}"},
        {PAYMENT_HEAD "\"amount\":\"5\",\"customer\":\"a\"}", PAYMENT_HEAD "\"amount\":\"5\",\"customer\":\"A\"}"},
        {"{\"type\":\"cancel\",\"id\":\"c\",\"at\":\"2026-01-31\",\"order\":\"7\"}",
         "{\"type\":\"cancel\",\"id\":\"c\",\"at\":\"2026-01-31\",\"order\":{\"source\":\"file\",\"id\":\"7\"}}"},
        {"{\"type\":\"cancel\",\"id\":\"c\",\"at\":\"2026-01-31\",\"order\":\"7\"}",
         "{\"type\":\"cancel\",\"id\":\"c\",\"at\":\"2026-01-31T00:00:00Z\",\"order\":\"7\"}"},
        {ORDER_HEAD "\"lines\":[" ORDER_LINE ",{\"id\":\"2\",\"sku\":\"TIN\",\"qty\":\"1\",\"unit_price\":\"1\"}]}",
         ORDER_HEAD "\"lines\":[{\"id\":\"2\",\"sku\":\"TIN\",\"qty\":\"1\",\"unit_price\":\"1\"}," ORDER_LINE "]}"},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct document one, other;
        must_read(bench, span_of(rows[i].one), &one);
        must_read(bench, span_of(rows[i].other), &other);
        if (span_eq(pack_into(&bench->first, &one), pack_into(&bench->second, &other))) {
            fail_msg("%s and %s are equal", rows[i].one, rows[i].other);
        }
    }
}

/* ---- what is read ---- */

static void every_form_of_member_lands_in_its_place(void **state)
{
    struct bench *bench = *state;
    struct document order;
    must_read(bench,
              SPAN(ORDER_HEAD
                   "\"version\":3,\"updated\":\"2026-02-01\",\"currency\":\"KWD\",\"rate\":\"3.2512345678\","
                   "\"on_account\":true,\"tax_included\":false,\"replaces\":{\"order\":{\"source\":\"b\",\"id\":\"6\"},"
                   "\"kind\":\"exchange\"},\"lines\":[{\"id\":\"x\",\"sku\":\"MUG\",\"qty\":\"0.000001\","
                   "\"unit_price\":\"1.25\",\"discount\":\"0.125\",\"tax\":[{\"kind\":\"vat\",\"amount\":\"1.001\","
                   "\"remitter\":\"marketplace\"}],\"fulfil\":{\"by\":\"dropship\",\"supplier\":\"acme\","
                   "\"cost\":\"0.5\"}}],\"shipping\":{\"amount\":\"3\"},\"presentment\":{\"currency\":\"EUR\","
                   "\"rate\":\"1\",\"total\":\"9.999999\"}}"),
              &order);
    assert_int_equal(order.version, 3);
    assert_true(order.updated.form == TIME_DATE && order.updated.day == 20485);
    assert_true(order.at.form == TIME_INSTANT && order.at.at_us == INT64_C(1769853600) * US_PER_SECOND);
    assert_true(order.money == currency_find(SPAN("KWD")));
    assert_true(order.rate_e10 == INT64_C(32512345678));
    assert_int_equal(order.order.on_account, TRUTH_TRUE);
    assert_int_equal(order.order.tax_included, TRUTH_FALSE);
    assert_true(span_eq(order.order.replaces.order.source, SPAN("b")));
    assert_int_equal(order.order.replaces.kind, REPLACES_EXCHANGE);
    const struct order_line *line = &order.order.lines.at[0];
    assert_true(line->qty_micro == 1 && line->unit_price_micro == 1250000 && line->discount_minor == 125);
    assert_int_equal(line->tax.count, 1);
    assert_true(line->tax.at[0].amount_minor == 1001 && line->tax.at[0].kind == TAX_VAT);
    assert_int_equal(line->tax.at[0].remitter, REMITTER_MARKETPLACE);
    assert_int_equal(line->fulfil.by, FULFIL_DROPSHIP);
    assert_true(line->fulfil.cost_micro == 500000);
    assert_true(order.order.shipping.amount_minor == 3000 && order.order.shipping.discount_minor == ABSENT);
    assert_true(order.order.total_minor == ABSENT && order.order.tip_minor == ABSENT);
    assert_true(order.order.presentment.total_micro == 9999999);
    assert_true(span_eq(order.source, SPAN("file")));
    assert_null(order.extras.ptr);
}

static void a_rate_document_has_a_rate_of_its_own(void **state)
{
    struct bench *bench = *state;
    struct document rate;
    must_read(
        bench,
        SPAN("{\"type\":\"rate\",\"id\":\"x\",\"at\":\"2026-01-31\",\"from\":\"EUR\",\"to\":\"USD\",\"rate\":1.08}"),
        &rate);
    assert_true(rate.rate.rate_e10 == INT64_C(10800000000));
    assert_true(rate.rate_e10 == ABSENT);
}

static void unknown_members_are_kept_under_their_paths(void **state)
{
    struct bench *bench = *state;
    struct document order;
    must_read(
        bench,
        SPAN(ORDER_HEAD
             "\"note\":\"hi\",\"a\":{\"z\":1.50,\"b\":[true]},\"lines\":[{\"id\":\"1\",\"sku\":\"MUG\",\"qty\":\"1\","
             "\"unit_price\":\"1\",\"colour\":\"red\",\"fulfil\":{\"bin\":7}}]}"),
        &order);
    assert_true(span_eq(order.extras, SPAN("{\"a\":{\"b\":[true],\"z\":1.50},\"lines[0].colour\":\"red\","
                                           "\"lines[0].fulfil.bin\":7,\"note\":\"hi\"}")));
    /* A member of that very name would be taken for the path. */
    assert_false(
        read_json(bench,
                  SPAN(ORDER_HEAD "\"lines[0].colour\":\"blue\",\"lines\":[{\"id\":\"1\",\"sku\":\"MUG\",\"qty\":\"1\","
                                  "\"unit_price\":\"1\",\"colour\":\"red\"}]}"),
                  &order));
    assert_int_equal(bench->problem.refusal, REFUSAL_DUPLICATE_KEY);
}

static void nothing_is_borrowed_from_the_json(void **state)
{
    struct bench *bench = *state;
    char json[] = PAYMENT_HEAD "\"amount\":\"5\",\"customer\":\"someone\",\"x\":\"y\"}";
    struct document payment;
    must_read(bench, span_of(json), &payment);
    struct span before = pack_into(&bench->first, &payment);
    memset(json, 'x', sizeof json - 1);
    struct document other;
    assert_false(read_json(bench, span_of(json), &other));
    assert_true(span_eq(before, pack_into(&bench->second, &payment)));
}

/* ---- what is refused ---- */

struct refused {
    const char *json;
    enum refusal refusal;
    const char *detail;
};

static void assert_refused(struct bench *bench, const struct refused *row)
{
    struct document document;
    if (read_json(bench, span_of(row->json), &document)) {
        fail_msg("%s was read", row->json);
    }
    assert_string_equal(refusal_name(bench->problem.refusal), refusal_name(row->refusal));
    char detail[600];
    snprintf(detail, sizeof detail, "%.*s", SPAN_ARG(bench->problem.detail));
    assert_string_equal(detail, row->detail);
}

static void what_is_no_document_is_refused_by_name(void **state)
{
    static const struct refused rows[] = {
        {"", REFUSAL_MALFORMED, "nothing stands there"},
        {"{", REFUSAL_MALFORMED, "a comma, colon, quote or bracket is missing or misplaced"},
        {"[]", REFUSAL_MALFORMED, "a list is not an object"},
        {"12", REFUSAL_MALFORMED, "12 is not an object"},
        {"{\"id\":\"\xff\"}", REFUSAL_BAD_ENCODING, "the bytes are not UTF-8"},
        {"{\"id\":1,\"id\":2}", REFUSAL_DUPLICATE_KEY, "named twice: id"},
        {"{}", REFUSAL_MISSING_FIELD, "type: is missing"},
        {"{\"type\":null}", REFUSAL_MISSING_FIELD, "type: is missing"},
        {"{\"type\":5}", REFUSAL_BAD_VALUE, "type: 5 is not a text in quotes"},
        {"{\"type\":\"Order\"}", REFUSAL_UNKNOWN_TYPE, "type: \"Order\" is no type of document"},
        {"{\"type\":\"location\",\"at\":\"2026-01-31\",\"code\":\"a\"}", REFUSAL_MISSING_FIELD, "id: is missing"},
        {"{\"type\":\"location\",\"id\":\"\",\"at\":\"2026-01-31\",\"code\":\"a\"}", REFUSAL_MISSING_FIELD,
         "id: is empty"},
        {"{\"type\":\"location\",\"id\":\"a\",\"code\":\"a\"}", REFUSAL_MISSING_FIELD, "at: is missing"},
        {"{\"type\":\"location\",\"id\":\"a\",\"at\":\"2026-01-31\"}", REFUSAL_MISSING_FIELD, "code: is missing"},
        {"{\"type\":\"location\",\"id\":7,\"at\":\"2026-01-31\",\"code\":\"a\"}", REFUSAL_BAD_VALUE,
         "id: 7 is not a text in quotes"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_refused(*state, &rows[i]);
    }
}

static void a_bad_value_is_named_with_its_place(void **state)
{
#define PAYMENT(rest) PAYMENT_HEAD rest "}"
#define LINES(rest) ORDER_HEAD "\"lines\":[" ORDER_LINE "," rest "]}"
    static const struct refused rows[] = {
        /* amounts */
        {PAYMENT("\"amount\":\"12.345\""), REFUSAL_AMOUNT_TOO_FINE,
         "amount: \"12.345\" is finer than USD, which has 2 decimals"},
        {PAYMENT("\"amount\":12.345"), REFUSAL_AMOUNT_TOO_FINE,
         "amount: 12.345 is finer than USD, which has 2 decimals"},
        {PAYMENT("\"amount\":\"1.5\",\"currency\":\"JPY\""), REFUSAL_AMOUNT_TOO_FINE,
         "amount: \"1.5\" is finer than JPY, which has 0 decimals"},
        {PAYMENT("\"amount\":\"9000000000000.01\""), REFUSAL_OVERFLOW,
         "amount: \"9000000000000.01\" is too large; at most 9000000000000 can be kept exactly"},
        {PAYMENT("\"amount\":\"123456789012345678901234567890\""), REFUSAL_OVERFLOW,
         "amount: \"123456789012345678901234567890\" is too large; at most 9000000000000 can be kept exactly"},
        {PAYMENT("\"amount\":\"-1\""), REFUSAL_NEGATIVE_NOT_ALLOWED, "amount: \"-1\" must be more than zero"},
        {PAYMENT("\"amount\":0"), REFUSAL_NEGATIVE_NOT_ALLOWED, "amount: 0 must be more than zero"},
        {PAYMENT("\"amount\":1e3"), REFUSAL_BAD_VALUE, "amount: 1e3 has an exponent; write the digits out"},
        {PAYMENT("\"amount\":\"1,50\""), REFUSAL_BAD_VALUE,
         "amount: \"1,50\" is not a decimal number such as \"12.5\""},
        {PAYMENT("\"amount\":\"$5\""), REFUSAL_BAD_VALUE, "amount: \"$5\" is not a decimal number such as \"12.5\""},
        {PAYMENT("\"amount\":\"\""), REFUSAL_BAD_VALUE, "amount: \"\" is not a decimal number such as \"12.5\""},
        {PAYMENT("\"amount\":true"), REFUSAL_BAD_VALUE, "amount: true is not a decimal number such as \"12.5\""},
        {PAYMENT("\"amount\":[5]"), REFUSAL_BAD_VALUE, "amount: a list is not a decimal number such as \"12.5\""},
        {PAYMENT("\"amount\":null"), REFUSAL_MISSING_FIELD, "amount: is missing"},
        {PAYMENT("\"amount\":\"5\",\"currency\":\"usd\""), REFUSAL_UNKNOWN_CURRENCY,
         "currency: \"usd\" is no currency of ISO 4217"},
        {PAYMENT("\"amount\":\"5\",\"currency\":840"), REFUSAL_BAD_VALUE, "currency: 840 is not a text in quotes"},
        {PAYMENT("\"amount\":\"5\",\"rate\":\"0\""), REFUSAL_NEGATIVE_NOT_ALLOWED,
         "rate: \"0\" must be more than zero"},
        {PAYMENT("\"amount\":\"5\",\"rate\":\"1.00000000001\""), REFUSAL_AMOUNT_TOO_FINE,
         "rate: \"1.00000000001\" is finer than ten decimals"},
        {PAYMENT("\"amount\":\"5\",\"rate\":\"1000000000\""), REFUSAL_OVERFLOW,
         "rate: \"1000000000\" is too large; at most 922337203.6854775807 can be kept exactly"},
        {PAYMENT("\"amount\":\"5\",\"version\":1.5"), REFUSAL_BAD_VALUE, "version: 1.5 is not a whole number"},
        {PAYMENT("\"amount\":\"5\",\"version\":0"), REFUSAL_BAD_VALUE, "version: 0 is not a whole number from 1 on"},
        /* other forms */
        {PAYMENT("\"amount\":\"5\",\"status\":\"paid\""), REFUSAL_BAD_VALUE,
         "status: \"paid\" is none of authorised, captured, void"},
        {PAYMENT("\"amount\":\"5\",\"status\":1"), REFUSAL_BAD_VALUE,
         "status: 1 is none of authorised, captured, void"},
        {PAYMENT("\"amount\":\"5\",\"updated\":\"yesterday\""), REFUSAL_BAD_VALUE,
         "updated: \"yesterday\" is neither a date such as \"2026-01-31\" nor an instant with offset such as "
         "\"2026-01-31T12:00:00Z\""},
        {PAYMENT("\"amount\":\"5\",\"updated\":\"2026-02-30\""), REFUSAL_BAD_VALUE,
         "updated: \"2026-02-30\" is neither a date such as \"2026-01-31\" nor an instant with offset such as "
         "\"2026-01-31T12:00:00Z\""},
        {PAYMENT("\"amount\":\"5\",\"customer\":\"a\\u0007b\""), REFUSAL_BAD_VALUE,
         "customer: \"a?b\" holds the control character U+0007"},
        {PAYMENT("\"amount\":\"5\",\"customer\":\"a\\u0085b\""), REFUSAL_BAD_VALUE,
         "customer: \"a?b\" holds the control character U+0085"},
        {PAYMENT("\"amount\":\"5\",\"customer\":{\"name\":\"x\"}"), REFUSAL_BAD_VALUE,
         "customer: an object is not a text in quotes"},
        {ORDER_HEAD "\"on_account\":\"yes\",\"lines\":[]}", REFUSAL_BAD_VALUE,
         "on_account: \"yes\" is neither true nor false"},
        {ORDER_HEAD "\"lines\":{}}", REFUSAL_BAD_VALUE, "lines: an object is not a list"},
        {ORDER_HEAD "\"lines\":[null]}", REFUSAL_BAD_VALUE, "lines[0]: null is not an object"},
        {ORDER_HEAD "\"lines\":[],\"shipping\":5}", REFUSAL_BAD_VALUE, "shipping: 5 is not an object"},
        {ORDER_HEAD "\"lines\":[],\"replaces\":{\"kind\":\"exchange\"}}", REFUSAL_MISSING_FIELD,
         "replaces.order: is missing"},
        {ORDER_HEAD "\"lines\":[],\"replaces\":{\"order\":{\"source\":\"a\"}}}", REFUSAL_MISSING_FIELD,
         "replaces.order.id: is missing"},
        {ORDER_HEAD "\"lines\":[],\"replaces\":{\"order\":5}}", REFUSAL_BAD_VALUE,
         "replaces.order: 5 is not a text in quotes"},
        {ORDER_HEAD "\"x\":1}", REFUSAL_MISSING_FIELD, "lines: is missing"},
        /* deep inside */
        {LINES("{\"id\":\"2\",\"sku\":\"A\",\"qty\":\"1.2345678\",\"unit_price\":\"1\"}"), REFUSAL_AMOUNT_TOO_FINE,
         "lines[1].qty: \"1.2345678\" is finer than a millionth"},
        {LINES("{\"id\":\"2\",\"sku\":\"A\",\"qty\":\"0\",\"unit_price\":\"1\"}"), REFUSAL_NEGATIVE_NOT_ALLOWED,
         "lines[1].qty: \"0\" must be more than zero"},
        {LINES("{\"id\":\"2\",\"sku\":\"A\",\"qty\":\"900000001\",\"unit_price\":\"1\"}"), REFUSAL_OVERFLOW,
         "lines[1].qty: \"900000001\" is too large; at most 900000000 can be kept exactly"},
        {LINES("{\"id\":\"2\",\"sku\":\"A\",\"qty\":\"1\",\"unit_price\":\"-1\"}"), REFUSAL_NEGATIVE_NOT_ALLOWED,
         "lines[1].unit_price: \"-1\" must not be less than zero"},
        {LINES("{\"id\":\"2\",\"qty\":\"1\",\"unit_price\":\"1\"}"), REFUSAL_MISSING_FIELD, "lines[1].sku: is missing"},
        {LINES("{\"sku\":\"A\",\"qty\":\"1\",\"unit_price\":\"1\"}"), REFUSAL_MISSING_FIELD, "lines[1].id: is missing"},
        {LINES("{\"id\":\"2\",\"sku\":\"A\",\"qty\":\"1\",\"unit_price\":\"1\",\"tax\":[{\"amount\":\"1\"},{\"kind\":"
               "\"gst\"}]}"),
         REFUSAL_BAD_VALUE, "lines[1].tax[1].kind: \"gst\" is none of sales, vat, duty, other"},
        {LINES("{\"id\":\"2\",\"sku\":\"A\",\"qty\":\"1\",\"unit_price\":\"1\",\"fulfil\":{\"by\":\"owl\"}}"),
         REFUSAL_BAD_VALUE, "lines[1].fulfil.by: \"owl\" is none of stock, dropship, fba, 3pl, digital"},
        /* a long value is cut in the sentence, between characters */
        {PAYMENT("\"amount\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xe2\x82\xac\xe2\x82\xac\""),
         REFUSAL_BAD_VALUE,
         "amount: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is not a decimal number such as "
         "\"12.5\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_refused(*state, &rows[i]);
    }
}

/* `"TYPE","id":"x","at":..` and the rest. */
#define DOCUMENT(type, rest) "{\"type\":\"" type "\",\"id\":\"x\",\"at\":\"2026-01-31\"," rest "}"

static void members_that_contradict_each_other_are_refused(void **state)
{
    static const struct refused rows[] = {
        {DOCUMENT("item", "\"sku\":\"y\""), REFUSAL_BAD_VALUE,
         "sku: \"y\" is not the id \"x\", and an item's id is its sku"},
        {DOCUMENT("item", "\"sku\":\"x\",\"kind\":\"bundle\""), REFUSAL_MISSING_FIELD,
         "components: a bundle needs at least one"},
        {DOCUMENT("item", "\"sku\":\"x\",\"components\":[{\"sku\":\"a\",\"qty\":\"1\"}]"), REFUSAL_BAD_VALUE,
         "components: only an item of kind bundle has any"},
        {DOCUMENT("item", "\"sku\":\"x\",\"kind\":\"bundle\",\"components\":[{\"sku\":\"x\",\"qty\":\"1\"}]"),
         REFUSAL_BAD_VALUE, "components[0].sku: a bundle cannot hold itself"},
        {DOCUMENT("item", "\"sku\":\"x\",\"kind\":\"bundle\",\"components\":[{\"sku\":\"a\",\"qty\":\"1\"},{\"sku\":"
                          "\"a\",\"qty\":\"2\"}]"),
         REFUSAL_BAD_VALUE, "components[1].sku: \"a\" stands on an earlier line too"},
        {DOCUMENT("item",
                  "\"sku\":\"x\",\"uoms\":[{\"code\":\"box\",\"factor\":\"6\"},{\"code\":\"box\",\"factor\":\"8\"}]"),
         REFUSAL_BAD_VALUE, "uoms[1].code: \"box\" stands on an earlier line too"},
        {ORDER_HEAD "\"lines\":[" ORDER_LINE "," ORDER_LINE "]}", REFUSAL_BAD_VALUE,
         "lines[1].id: \"1\" stands on an earlier line too"},
        {ORDER_HEAD "\"lines\":[{\"id\":\"1\",\"sku\":\"S\",\"qty\":1,\"unit_price\":1,\"service\":{\"from\":\"2026-02-"
                    "01\",\"to\":\"2026-01-31\"}}]}",
         REFUSAL_BAD_VALUE, "lines[0].service.to: is before its from"},
        {ORDER_HEAD "\"lines\":[{\"id\":\"1\",\"sku\":\"S\",\"qty\":1,\"unit_price\":1,\"service\":{\"from\":\"2026-02-"
                    "01\"}}]}",
         REFUSAL_BAD_VALUE, "lines[0].service: from and to are two dates without a time"},
        {ORDER_HEAD "\"lines\":[{\"id\":\"1\",\"sku\":\"S\",\"qty\":1,\"unit_price\":1,\"service\":{\"from\":\"2026-02-"
                    "01\",\"to\":\"2126-02-03\"}}]}",
         REFUSAL_BAD_VALUE, "lines[0].service.to: more than a hundred years after its from"},
        {DOCUMENT("payment", "\"gateway\":\"card\",\"amount\":\"1\""), REFUSAL_MISSING_FIELD,
         "order: neither order nor customer is given"},
        {DOCUMENT("cancel", "\"order\":\"1\",\"lines\":[{\"qty\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "lines[0]: neither line nor sku is given"},
        {DOCUMENT("delivery", "\"shipment\":\"1\",\"lines\":[{\"line\":\"1\"},{\"qty\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "lines[1]: neither line nor sku is given"},
        {DOCUMENT("shipment", "\"order\":\"1\",\"lines\":[{\"qty\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "lines[0]: neither line nor sku is given"},
        {DOCUMENT("shipment", "\"order\":\"1\",\"lines\":[{\"line\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "lines[0].qty: is missing"},
        {DOCUMENT("shipment", "\"order\":\"1\",\"lines\":[{\"line\":\"1\",\"qty\":\"1\",\"picks\":[{\"qty\":\"1\"}]}]"),
         REFUSAL_MISSING_FIELD, "lines[0].picks[0]: neither receipt nor lot is given"},
        {DOCUMENT("shipment", "\"order\":\"1\",\"lines\":[{\"line\":\"1\",\"qty\":\"1\",\"picks\":[{\"qty\":\"1\","
                              "\"receipt\":\"r\",\"lot\":\"l\"}]}]"),
         REFUSAL_BAD_VALUE, "lines[0].picks[0]: receipt and lot are both given; name one"},
        {DOCUMENT("refund", "\"amount\":\"1\""), REFUSAL_MISSING_FIELD, "order: neither order nor match is given"},
        {DOCUMENT("refund", "\"amount\":\"1\",\"order\":\"1\",\"match\":{\"sku\":\"a\"}"), REFUSAL_BAD_VALUE,
         "match: stands only where no order is given"},
        {DOCUMENT("refund", "\"amount\":\"1\",\"match\":{\"customer\":\"a\"}"), REFUSAL_MISSING_FIELD,
         "match.sku: is missing"},
        {DOCUMENT("refund", "\"amount\":\"1\",\"order\":\"1\",\"gateway\":\"card\",\"store_credit\":\"c\""),
         REFUSAL_BAD_VALUE, "gateway: only one of gateway, store_credit and exchange may be given"},
        {DOCUMENT("refund", "\"amount\":\"0\",\"order\":\"1\""), REFUSAL_EMPTY,
         "amount: is zero, and nothing else is given back"},
        {DOCUMENT("refund", "\"amount\":\"1\",\"order\":\"1\",\"lines\":[{\"amount\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "lines[0]: neither line nor sku is given"},
        {DOCUMENT("refund", "\"amount\":\"1\",\"order\":\"1\",\"lines\":[{\"line\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "lines[0]: neither qty, amount nor tax is given"},
        {DOCUMENT("return", "\"order\":\"1\",\"lines\":[{\"qty\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "lines[0]: neither line nor sku is given"},
        {DOCUMENT("return", "\"order\":\"1\",\"lines\":[]"), REFUSAL_MISSING_FIELD,
         "lines: holds 0, and at least 1 must be there"},
        {DOCUMENT("return", "\"lines\":[{\"sku\":\"a\",\"qty\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "lines[0].unit_cost: is missing, and no order or match says what the goods cost"},
        {DOCUMENT("return", "\"lines\":[{\"line\":\"a\",\"qty\":\"1\",\"unit_cost\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "lines[0].sku: is missing, and no order or match says it"},
        {DOCUMENT("return", "\"order\":\"1\",\"lines\":[{\"sku\":\"a\",\"qty\":\"1\",\"credit\":\"1\"}]"),
         REFUSAL_BAD_VALUE, "lines[0].credit: belongs to goods that went to the supplier (disposition to_supplier)"},
        {DOCUMENT("receipt", "\"lines\":[{\"sku\":\"a\",\"qty\":\"1\",\"unit_cost\":\"1\",\"total_cost\":\"1\"}]"),
         REFUSAL_BAD_VALUE, "lines[0]: unit_cost and total_cost are both given; state one"},
        {DOCUMENT("receipt", "\"lines\":[{\"id\":\"2\",\"sku\":\"a\",\"qty\":\"1\"},{\"sku\":\"b\",\"qty\":\"1\"}]"),
         REFUSAL_BAD_VALUE, "lines[1].id: \"2\" stands on an earlier line too"},
        {DOCUMENT("bill", "\"supplier\":\"s\",\"lines\":[{\"amount\":\"-1\",\"qty\":\"0\"}]"), REFUSAL_EMPTY,
         "lines[0].qty: is zero"},
        {DOCUMENT("landed_cost", "\"amount\":\"1\""), REFUSAL_MISSING_FIELD,
         "receipts: neither receipts nor lines are given"},
        {DOCUMENT("landed_cost", "\"amount\":\"1\",\"receipts\":[\"r\"],\"lines\":[{\"receipt\":\"r\"}]"),
         REFUSAL_BAD_VALUE, "lines: receipts and lines are both given; name one of them"},
        {DOCUMENT("landed_cost", "\"amount\":\"1\",\"receipts\":[\"r\"],\"shares\":[\"1\",\"2\"]"), REFUSAL_BAD_VALUE,
         "shares: 2 are given for 1 receipts"},
        {DOCUMENT("landed_cost", "\"amount\":\"1\",\"receipts\":[\"r\"],\"shares\":[0]"), REFUSAL_BAD_VALUE,
         "shares: all of them are zero"},
        {DOCUMENT("landed_cost", "\"amount\":\"1\",\"receipts\":[\"r\",\"s\"],\"shares\":[1,-1]"),
         REFUSAL_NEGATIVE_NOT_ALLOWED, "shares[1]: -1 must not be less than zero"},
        {DOCUMENT("cost_correction", "\"receipt\":\"r\",\"unit_cost\":\"1\""), REFUSAL_MISSING_FIELD,
         "line: neither line nor sku is given"},
        {DOCUMENT("transfer",
                  "\"from\":\"a\",\"to\":\"a\",\"shipped\":\"2026-01-31\",\"lines\":[{\"sku\":\"a\",\"qty\":\"1\"}]"),
         REFUSAL_BAD_VALUE, "to: is the location they leave from"},
        {DOCUMENT("transfer", "\"from\":\"a\",\"to\":\"b\",\"shipped\":\"2026-01-31\",\"received\":\"2026-01-30\","
                              "\"lines\":[{\"sku\":\"a\",\"qty\":\"1\"}]"),
         REFUSAL_BAD_VALUE, "received: is before shipped"},
        {DOCUMENT("transfer", "\"from\":\"a\",\"to\":\"b\",\"shipped\":\"2026-01-31\",\"lines\":[{\"sku\":\"a\","
                              "\"qty\":\"1\",\"received_qty\":\"1\"}]"),
         REFUSAL_MISSING_FIELD, "received: is missing, and lines[0] states a received_qty"},
        {DOCUMENT("transfer", "\"from\":\"a\",\"to\":\"b\",\"shipped\":\"2026-01-31\",\"received\":\"2026-01-31\","
                              "\"lines\":[{\"sku\":\"a\",\"qty\":\"1\",\"received_qty\":\"2\"}]"),
         REFUSAL_BAD_VALUE, "lines[0].received_qty: more than the qty that left"},
        {DOCUMENT("count", "\"location\":\"a\",\"lines\":[]"), REFUSAL_EMPTY,
         "lines: holds nothing, and the count is not complete"},
        {DOCUMENT("adjustment", "\"location\":\"a\",\"reason\":\"r\",\"lines\":[{\"sku\":\"a\"}]"),
         REFUSAL_MISSING_FIELD, "lines[0]: neither qty nor value is given"},
        {DOCUMENT("adjustment",
                  "\"location\":\"a\",\"reason\":\"r\",\"lines\":[{\"sku\":\"a\",\"qty\":\"1\",\"value\":\"1\"}]"),
         REFUSAL_BAD_VALUE, "lines[0]: qty and value are both given; state one"},
        {DOCUMENT("adjustment", "\"location\":\"a\",\"reason\":\"r\",\"lines\":[{\"sku\":\"a\",\"qty\":\"0\"}]"),
         REFUSAL_EMPTY, "lines[0].qty: is zero"},
        {DOCUMENT("adjustment", "\"location\":\"a\",\"reason\":\"r\",\"lines\":[{\"sku\":\"a\",\"value\":\"0\"}]"),
         REFUSAL_EMPTY, "lines[0].value: is zero"},
        {DOCUMENT(
             "adjustment",
             "\"location\":\"a\",\"reason\":\"r\",\"lines\":[{\"sku\":\"a\",\"value\":\"1\",\"unit_cost\":\"1\"}]"),
         REFUSAL_BAD_VALUE, "lines[0].unit_cost: belongs to a qty, not to a value"},
        {DOCUMENT(
             "status_change",
             "\"location\":\"a\",\"lines\":[{\"sku\":\"a\",\"qty\":\"1\",\"from\":\"damaged\",\"to\":\"damaged\"}]"),
         REFUSAL_BAD_VALUE, "lines[0].to: is the status they have already"},
        {DOCUMENT("assembly", "\"location\":\"a\",\"consume\":[],\"produce\":{\"sku\":\"a\",\"qty\":\"1\"}"),
         REFUSAL_MISSING_FIELD, "consume: holds 0, and at least 1 must be there"},
        {DOCUMENT("supplier_return", "\"supplier\":\"s\",\"lines\":[{\"qty\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "lines[0]: neither line nor sku is given"},
        {DOCUMENT("supplier_return", "\"supplier\":\"s\",\"lines\":[{\"line\":\"1\",\"qty\":\"1\"}]"),
         REFUSAL_MISSING_FIELD, "lines[0].receipt: is missing, and line names a line of a receipt"},
        {DOCUMENT("entry", "\"by\":\"me\",\"reason\":\"r\",\"lines\":[{\"role\":\"a\",\"amount\":\"1\"}]"),
         REFUSAL_MISSING_FIELD, "lines: holds 1, and at least 2 must be there"},
        {DOCUMENT("entry", "\"by\":\"me\",\"reason\":\"r\",\"lines\":[{\"role\":\"a\",\"amount\":\"1\"},{\"role\":"
                           "\"b\",\"amount\":\"-1.01\"}]"),
         REFUSAL_ENTRY_UNBALANCED, "lines: sum to -0.01 instead of zero"},
        {DOCUMENT("entry", "\"by\":\"me\",\"reason\":\"r\",\"lines\":[{\"role\":\"a\",\"amount\":\"0\"},{\"role\":"
                           "\"b\",\"amount\":\"0\"}]"),
         REFUSAL_EMPTY, "lines[0].amount: is zero"},
        {DOCUMENT("void", "\"reason\":\"r\",\"document\":{\"type\":\"invoice\",\"id\":\"1\"}"), REFUSAL_BAD_VALUE,
         "document.type: no document has the type \"invoice\""},
        {DOCUMENT("rate", "\"from\":\"USD\",\"to\":\"USD\",\"rate\":\"1\""), REFUSAL_BAD_VALUE,
         "to: is the same currency as from"},
        {DOCUMENT("rate", "\"from\":\"USD\",\"to\":\"XQX\",\"rate\":\"1\""), REFUSAL_UNKNOWN_CURRENCY,
         "to: \"XQX\" is no currency of ISO 4217"},
        {DOCUMENT("opening", "\"balances\":[]"), REFUSAL_EMPTY, "balances: nothing is given"},
        {DOCUMENT("opening", "\"orders\":[{\"order\":\"1\"}]"), REFUSAL_MISSING_FIELD,
         "orders[0]: neither deposit nor receivable is given"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_refused(*state, &rows[i]);
    }
}

static void what_is_set_aside_can_still_be_named(void **state)
{
    struct bench *bench = *state;
    struct document document;
    assert_false(read_json(bench, SPAN("{\"type\":\"order\",\"source\":\"web\",\"id\":\"7\"}"), &document));
    assert_int_equal(bench->problem.type, DOCUMENT_ORDER);
    assert_true(span_eq(bench->problem.source, SPAN("web")));
    assert_true(span_eq(bench->problem.id, SPAN("7")));
    assert_false(read_json(bench, SPAN("{\"type\":\"invoice\",\"id\":8}"), &document));
    assert_int_equal(bench->problem.type, DOCUMENT_NONE);
    assert_true(span_eq(bench->problem.source, SPAN("file")));
    assert_null(bench->problem.id.ptr);
}

static void limits_of_length_and_count_hold_to_the_element(void **state)
{
    struct bench *bench = *state;
    struct document document;
    static const struct {
        size_t length;
        bool is_read;
    } rows[] = {{199, true}, {200, true}, {201, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buf_reset(&bench->json);
        buf_print(&bench->json, "%s\"amount\":\"1\",\"customer\":\"%0*d\"}", PAYMENT_HEAD, (int)rows[i].length, 0);
        assert_int_equal(read_json(bench, buf_span(&bench->json), &document), rows[i].is_read);
    }
    assert_int_equal(bench->problem.refusal, REFUSAL_BAD_VALUE);
    for (size_t count = FIELD_COUNT_MAX; count <= FIELD_COUNT_MAX + 1; count++) {
        buf_reset(&bench->json);
        buf_print(&bench->json, "%s\"lines\":[", ORDER_HEAD);
        for (size_t i = 0; i < count; i++) {
            buf_print(&bench->json, "%s{\"id\":\"%zu\",\"sku\":\"A\",\"qty\":1,\"unit_price\":1}", i ? "," : "", i + 1);
        }
        buf_print(&bench->json, "]}");
        assert_int_equal(read_json(bench, buf_span(&bench->json), &document), count == FIELD_COUNT_MAX);
    }
    assert_true(span_eq(bench->problem.detail, SPAN("lines: holds 10001, and at most 10000 may be there")));
}

static void a_repeated_line_id_is_found_among_thousands(void **state)
{
    struct bench *bench = *state;
    struct document document;
    buf_print(&bench->json, "%s\"lines\":[", ORDER_HEAD);
    for (int i = 0; i < 5000; i++) {
        buf_print(&bench->json, "%s{\"id\":\"%d\",\"sku\":\"A\",\"qty\":1,\"unit_price\":1}", i ? "," : "",
                  i == 4999 ? 17 : i);
    }
    buf_print(&bench->json, "]}");
    assert_false(read_json(bench, buf_span(&bench->json), &document));
    assert_true(span_eq(bench->problem.detail, SPAN("lines[4999].id: \"17\" stands on an earlier line too")));
}

static void an_arena_too_small_is_said_and_does_no_harm(void **state)
{
    struct bench *bench = *state;
    struct span json = SPAN(ORDER_HEAD "\"x\":{\"y\":1},\"lines\":[" ORDER_LINE
                                       "],\"payments\":[{\"gateway\":\"card\",\"amount\":1}]}");
    bool is_read = false;
    for (size_t max = 0; !is_read; max += 16) {
        struct arena arena = arena_make(max);
        struct document document;
        struct document_problem problem;
        is_read = document_read_json(bench->parser, json, usd(), SPAN("file"), &arena, &document, &problem);
        assert_true(is_read || problem.refusal == REFUSAL_MALFORMED);
        arena_done(&arena);
    }
}

/* ---- writing ---- */

static void a_document_is_written_in_table_order_and_canonical_spelling(void **state)
{
    struct bench *bench = *state;
    struct document document;
    must_read(bench,
              SPAN("{\"x\":[1],\"lines\":[{\"unit_price\":10,\"qty\":\"2.50\",\"sku\":\"MUG\",\"id\":\"1\"}],"
                   "\"channel\":\"web\","
                   "\"at\":\"2026-01-31T11:00:00+01:00\",\"rate\":1.10,\"total\":25,\"id\":\"7\",\"type\":\"order\","
                   "\"version\":2}"),
              &document);
    document_write_json(&document, &bench->json);
    assert_true(span_eq(
        buf_span(&bench->json),
        SPAN("{\"type\":\"order\",\"id\":\"7\",\"source\":\"file\",\"version\":2,\"at\":\"2026-01-31T10:00:00Z\","
             "\"currency\":\"USD\",\"rate\":\"1.1\",\"channel\":\"web\",\"lines\":[{\"id\":\"1\",\"sku\":\"MUG\","
             "\"qty\":\"2.5\",\"unit_price\":\"10\"}],\"total\":\"25.00\",\"x\":[1]}")));
}

static void a_random_document_written_and_read_is_the_same(void **state)
{
    struct bench *bench = *state;
    struct prng prng = prng_make(31012026);
    for (size_t n = 0; known_type(n) != DOCUMENT_NONE; n++) {
        for (int round = 0; round < ROUNDS; round++) {
            struct document document, again;
            arena_reset(&bench->arena);
            random_document(&prng, known_type(n), usd(), &bench->arena, &document);
            buf_reset(&bench->json);
            document_write_json(&document, &bench->json);
            must_read(bench, buf_span(&bench->json), &again);
            if (!span_eq(pack_into(&bench->first, &document), pack_into(&bench->second, &again))) {
                fail_msg("changed on the way: %.*s", SPAN_ARG(buf_span(&bench->json)));
            }
        }
    }
}

/* ---- schemas ---- */

static const struct json_node *member(const struct json_node *object, const char *key)
{
    for (const struct json_node *child = object->first; child != NULL; child = child->next) {
        if (span_eq(child->key, span_of(key))) {
            return child;
        }
    }
    return NULL;
}

static void every_schema_is_json_and_has_a_property_for_every_row(void **state)
{
    struct bench *bench = *state;
    for (size_t n = 0; known_type(n) != DOCUMENT_NONE; n++) {
        struct json_node *root = NULL;
        struct span detail;
        arena_reset(&bench->arena);
        buf_reset(&bench->json);
        document_write_schema(known_type(n), &bench->json);
        assert_int_equal(json_read(bench->parser, buf_span(&bench->json), &bench->arena, &root, &detail), JSON_OK);
        const struct json_node *properties = member(root, "properties");
        assert_non_null(properties);
        for (const struct field *field = document_fields(known_type(n)); field->name != NULL; field++) {
            assert_non_null(member(properties, field->name));
        }
        for (const struct field *field = document_common_fields(); field->name != NULL; field++) {
            assert_non_null(member(properties, field->name));
        }
        const struct json_node *type = member(member(properties, "type"), "const");
        assert_true(span_eq(type->text, span_of(document_type_name(known_type(n)))));
    }
}

/* ---- what is published ---- */

/* A file of the source tree, or an absent span where the test does not know the tree. */
static struct span read_published(struct bench *bench, const char *path)
{
    const char *root = getenv("TIEOUT_SOURCE");
    char whole[4096];
    if (root == NULL) {
        return (struct span){0};
    }
    snprintf(whole, sizeof whole, "%s/docs/formats/%s", root, path);
    FILE *file = fopen(whole, "rb");
    if (file == NULL) {
        fail_msg("%s cannot be read", whole);
    }
    buf_reset(&bench->first);
    char chunk[4096];
    for (size_t count; (count = fread(chunk, 1, sizeof chunk, file)) > 0;) {
        buf_put(&bench->first, chunk, count);
    }
    fclose(file);
    return buf_span(&bench->first);
}

static void write_compact(struct bench *bench, struct span json, struct buf *out)
{
    struct json_node *root = NULL;
    struct span detail;
    arena_reset(&bench->arena);
    assert_int_equal(json_read(bench->parser, json, &bench->arena, &root, &detail), JSON_OK);
    buf_reset(out);
    json_write_node(root, out);
}

static void the_published_schemas_are_those_of_the_table(void **state)
{
    struct bench *bench = *state;
    for (size_t n = 0; known_type(n) != DOCUMENT_NONE; n++) {
        char path[100];
        snprintf(path, sizeof path, "schemas/v1/%s.schema.json", document_type_name(known_type(n)));
        struct span published = read_published(bench, path);
        if (published.ptr == NULL) {
            skip();
        }
        write_compact(bench, published, &bench->second);
        buf_reset(&bench->json);
        document_write_schema(known_type(n), &bench->json);
        write_compact(bench, buf_span(&bench->json), &bench->first);
        if (!span_eq(buf_span(&bench->first), buf_span(&bench->second))) {
            fail_msg("docs/formats/%s is old: write it anew with the schema tool", path);
        }
    }
}

/* The part of the page from `heading` to the next heading. */
static struct span section_of(struct span page, const char *heading)
{
    const char *from = memmem(page.ptr, page.len, heading, strlen(heading));
    if (from == NULL) {
        fail_msg("docs/formats/documents.md has no \"%s\"", heading);
        return page;
    }
    size_t left = page.len - (size_t)(from - page.ptr) - strlen(heading);
    const char *inside = from + strlen(heading);
    const char *next = memmem(inside, left, "\n## ", 4);
    return (struct span){inside, next ? (size_t)(next - inside) : left};
}

static void assert_rows_in(struct span section, const char *path, const struct field *fields)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        char inside[200], row[300];
        snprintf(inside, sizeof inside, "%s%s%s", path, path[0] ? "." : "", field->name);
        snprintf(row, sizeof row, "\n| `%s`%s |", inside, field->flags & FIELD_REQUIRED ? "*" : "");
        if (memmem(section.ptr, section.len, row, strlen(row)) == NULL) {
            fail_msg("docs/formats/documents.md has no row %s", row + 1);
        }
        if (field->fields != NULL) {
            snprintf(row, sizeof row, "%s%s", inside, field->form == FIELD_LIST ? "[]" : "");
            assert_rows_in(section, row, field->fields);
        }
    }
}

static void the_page_of_documents_has_every_row_of_the_table(void **state)
{
    struct bench *bench = *state;
    struct span page = read_published(bench, "documents.md");
    if (page.ptr == NULL) {
        skip();
    }
    assert_rows_in(section_of(page, "\n## Every document\n"), "", document_common_fields());
    for (size_t n = 0; known_type(n) != DOCUMENT_NONE; n++) {
        char heading[60];
        snprintf(heading, sizeof heading, "\n## `%s`\n", document_type_name(known_type(n)));
        assert_rows_in(section_of(page, heading), "", document_fields(known_type(n)));
    }
}

int main(void)
{
#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_BENCH(different_spellings_of_one_content_pack_to_the_same_bytes),
        WITH_BENCH(different_content_packs_to_different_bytes),
        WITH_BENCH(every_form_of_member_lands_in_its_place),
        WITH_BENCH(a_rate_document_has_a_rate_of_its_own),
        WITH_BENCH(unknown_members_are_kept_under_their_paths),
        WITH_BENCH(nothing_is_borrowed_from_the_json),
        WITH_BENCH(what_is_no_document_is_refused_by_name),
        WITH_BENCH(a_bad_value_is_named_with_its_place),
        WITH_BENCH(members_that_contradict_each_other_are_refused),
        WITH_BENCH(what_is_set_aside_can_still_be_named),
        WITH_BENCH(limits_of_length_and_count_hold_to_the_element),
        WITH_BENCH(a_repeated_line_id_is_found_among_thousands),
        WITH_BENCH(an_arena_too_small_is_said_and_does_no_harm),
        WITH_BENCH(a_document_is_written_in_table_order_and_canonical_spelling),
        WITH_BENCH(a_random_document_written_and_read_is_the_same),
        WITH_BENCH(every_schema_is_json_and_has_a_property_for_every_row),
        WITH_BENCH(the_published_schemas_are_those_of_the_table),
        WITH_BENCH(the_page_of_documents_has_every_row_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
