/* order_document_test.c: the field table, the canonical packed form, and the refusals' texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "order/document_check.h"
#include "order/document_fields.h"
#include "order/field_access.h"
#include "order/refusal.h"
#include "support/random_document.h"
#include <stdio.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
enum { ROUNDS = 200, ARENA_MAX = 64 * 1024 * 1024 };

/* ---- names ---- */

static void every_type_has_one_name_and_every_name_finds_its_type(void **state)
{
    (void)state;
    size_t count = 0;
    for (enum document_type type; (type = known_type(count)) != DOCUMENT_NONE; count++) {
        assert_int_equal(document_type_find(span_of(document_type_name(type))), type);
        assert_non_null(document_fields(type));
    }
    assert_int_equal(count, 23);
    assert_int_equal(document_type_find(SPAN("invoice")), DOCUMENT_NONE);
    assert_int_equal(document_type_find(SPAN("")), DOCUMENT_NONE);
    assert_int_equal(document_type_find(SPAN("Order")), DOCUMENT_NONE);
    assert_null(document_fields(DOCUMENT_NONE));
    assert_null(document_fields(DOCUMENT_TYPE_LIMIT));
}

static void every_refusal_has_a_name_of_its_own_and_says_the_way_out(void **state)
{
    (void)state;
    static const enum refusal all[] = {
#define ROW(name, value, json, what, way_out) REFUSAL_##name,
        REFUSALS(ROW)
#undef ROW
    };
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        assert_true(strlen(refusal_name(all[i])) > 0);
        assert_true(strlen(refusal_what(all[i])) > 0);
        assert_true(strlen(refusal_way_out(all[i])) > 0);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(refusal_name(all[i]), refusal_name(all[j]));
        }
    }
    assert_string_equal(refusal_name(REFUSAL_NONE), "");
    assert_string_equal(refusal_name(REFUSAL_EXCEEDS_OPEN), "exceeds_open");
    assert_int_equal(REFUSAL_EXCEEDS_OPEN, 53); /* stored: it never moves */
}

/* ---- the table ---- */

static void put_rows(struct buf *out, const struct field *fields)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        buf_print(out, "%s%s%s", field == fields ? "" : " ", field->name, field->flags & FIELD_REQUIRED ? "*" : "");
        if (field->fields != NULL) {
            buf_print(out, "(");
            put_rows(out, field->fields);
            buf_print(out, ")");
        }
    }
}

/* Rows are numbered by their place, and the numbers are stored. A new row goes to the end of its table and of its line
 * here; any other change to these lines means that stored documents can no longer be read. */
static const struct {
    const char *type;
    const char *rows;
} pinned[] = {
    {"item", "sku* name kind cost_method uom uoms(code* factor*) weight volume standard_cost "
             "last_cost supplier price components(sku* qty* cost_share)"},
    {"location", "code* name kind region"},
    {"order", "channel* number status on_account customer tax_included replaces(order* kind) "
              "lines*(id* sku* uom qty* unit_price* discount tax(kind jurisdiction amount* "
              "remitter) service(from to) fulfil(by location supplier cost)) shipping(amount "
              "discount tax(kind jurisdiction amount* remitter)) discount tip total payments(id"
              " gateway* amount* at status gift_card) presentment(currency* rate total)"},
    {"payment", "order customer gateway* amount* status gift_card"},
    {"cancel", "order* lines(line sku uom qty) reason"},
    {"shipment", "order* location supplier purchase_order lines(line sku component uom qty* "
                 "picks(receipt lot qty*)) tracking carrier cost"},
    {"delivery", "shipment* lines(line sku uom qty)"},
    {"refund", "order match(customer sku* unit_price) amount* lines(line sku uom qty amount "
               "tax(kind jurisdiction amount* remitter)) shipping(amount tax(kind jurisdiction "
               "amount* remitter)) restocking_fee gateway store_credit exchange payment"},
    {"return", "order match(customer sku* unit_price) shipment location lines*(line sku "
               "component uom qty* disposition credit unit_cost)"},
    {"receipt", "supplier purchase_order inbound location lines*(id line sku* uom qty* unit_cost "
                "total_cost lot expires) consigned"},
    {"bill", "supplier* number kind purchase_order receipt bill lines*(receipt line sku uom "
             "qty amount* role) tax(amount* recoverable jurisdiction)"},
    {"landed_cost", "receipts lines(receipt* line) shares amount* basis kind bill"},
    {"cost_correction", "receipt* line sku unit_cost*"},
    {"transfer", "from* to* shipped* received lines*(id sku* uom qty* received_qty picks(receipt "
                 "lot qty*)) freight capitalise"},
    {"count", "location* lines*(sku* lot uom qty* status unit_cost) complete"},
    {"adjustment", "location* reason* lines*(sku* lot uom qty value unit_cost)"},
    {"status_change", "location* lines*(sku* uom qty* from* to*)"},
    {"assembly", "location* consume*(sku* uom qty*) produce*(sku* uom qty*) added_cost"},
    {"supplier_return", "supplier* location lines*(sku line uom receipt qty* credit)"},
    {"entry", "lines*(role* amount* order customer) reason* by*"},
    {"void", "document*(type* source id*) reason*"},
    {"rate", "from* to* rate*"},
    {"opening", "balances(account* amount*) layers(sku* location receipt qty* value* at) "
                "orders(order* deposit receivable) purchases(receipt* line supplier sku* qty* amount*) "
                "clearing(gateway* reference amount*) gift_cards(card* amount*)"},
};

static void rows_stand_where_stored_documents_expect_them(void **state)
{
    (void)state;
    struct buf rows = buf_make(100000);
    put_rows(&rows, document_common_fields());
    buf_put_u8(&rows, 0);
    assert_string_equal(rows.ptr, "type* id* source version at* updated currency rate");
    for (size_t i = 0; i < COUNT_OF(pinned); i++) {
        buf_reset(&rows);
        enum document_type type = document_type_find(span_of(pinned[i].type));
        assert_int_not_equal(type, DOCUMENT_NONE);
        put_rows(&rows, document_fields(type));
        buf_put_u8(&rows, 0);
        assert_string_equal(rows.ptr, pinned[i].rows);
    }
    assert_int_equal(COUNT_OF(pinned), 23);
    buf_done(&rows);
}

static size_t size_of_form(const struct field *field)
{
    switch (field->form) {
    case FIELD_TEXT: return sizeof(struct span);
    case FIELD_TRUTH:
    case FIELD_CHOICE: return sizeof(int);
    case FIELD_MOMENT: return sizeof(struct moment);
    case FIELD_REFERENCE: return sizeof(struct reference);
    case FIELD_LIST:
    case FIELD_LIST_REFERENCE:
    case FIELD_LIST_MICRO: return sizeof(struct any_list);
    case FIELD_AMOUNT:
    case FIELD_MICRO:
    case FIELD_RATE:
    case FIELD_VERSION: return sizeof(int64_t);
    case FIELD_OBJECT: break;
    }
    return 1;
}

static void check_rows(const struct field *fields, size_t size)
{
    size_t count = 0;
    for (const struct field *field = fields; field->name != NULL; field++, count++) {
        assert_true(strlen(field->name) > 0 && strlen(field->name) < 40);
        assert_non_null(field->help);
        assert_true(field->offset + size_of_form(field) <= size);
        for (const struct field *other = fields; other != field; other++) {
            assert_string_not_equal(other->name, field->name);
            assert_int_not_equal(other->offset, field->offset);
        }
        if (field->form == FIELD_LIST) {
            assert_true(field->element_size > 0);
            check_rows(field->fields, field->element_size);
        } else if (field->form == FIELD_OBJECT) {
            check_rows(field->fields, size - field->offset);
        } else if (field->form == FIELD_CHOICE) {
            assert_true(field_choice_count(field) > 1 && field_choice_count(field) < 128);
        }
    }
    assert_true(count > 0 && count <= 64); /* the reader keeps a bit for each */
}

static void rows_are_distinct_and_lie_inside_their_struct(void **state)
{
    (void)state;
    check_rows(document_common_fields() + 1, sizeof(struct document));
    for (size_t n = 0; known_type(n) != DOCUMENT_NONE; n++) {
        check_rows(document_fields(known_type(n)), sizeof(struct document));
    }
}

static void a_cleared_document_has_nothing(void **state)
{
    (void)state;
    struct document document;
    memset(&document, 0x5a, sizeof document);
    document_clear(&document, DOCUMENT_ORDER);
    assert_int_equal(document.type, DOCUMENT_ORDER);
    assert_int_equal(document.version, 1);
    assert_true(document.rate_e10 == ABSENT);
    assert_null(document.id.ptr);
    assert_true(document.order.total_minor == ABSENT);
    assert_true(document.order.shipping.discount_minor == ABSENT);
    assert_true(document.order.presentment.rate_e10 == ABSENT);
    assert_int_equal(document.order.lines.count, 0);
    assert_false(moment_is_present(document.at));
}

/* ---- the canonical form ---- */

struct packer {
    struct arena arena;
    struct buf first, second;
    struct prng prng;
};

static int set_up(void **state)
{
    static struct packer packer;
    packer = (struct packer){
        .arena = arena_make(ARENA_MAX),
        .first = buf_make(ARENA_MAX),
        .second = buf_make(ARENA_MAX),
        .prng = prng_make(20260131),
    };
    *state = &packer;
    return 0;
}

static int tear_down(void **state)
{
    struct packer *packer = *state;
    arena_done(&packer->arena);
    buf_done(&packer->first);
    buf_done(&packer->second);
    return 0;
}

static struct span pack_into(struct buf *buf, const struct document *document)
{
    buf_reset(buf);
    document_pack(document, buf);
    assert_false(buf->failed);
    return buf_span(buf);
}

static void assert_spans_equal(struct span a, struct span b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.ptr, b.ptr, a.len);
}

static currency usd(void) { return currency_find(SPAN("USD")); }

static void a_packed_document_unpacks_to_what_packs_the_same(void **state)
{
    struct packer *packer = *state;
    for (size_t n = 0; known_type(n) != DOCUMENT_NONE; n++) {
        for (int round = 0; round < ROUNDS; round++) {
            struct document document, again;
            arena_reset(&packer->arena);
            random_document(&packer->prng, known_type(n), usd(), &packer->arena, &document);
            struct span packed = pack_into(&packer->first, &document);
            assert_true(document_unpack(packed, &packer->arena, &again));
            assert_int_equal(again.type, document.type);
            assert_true(again.version == document.version && again.money == document.money);
            struct span detail;
            assert_int_equal(document_check(&again, &packer->arena, &detail), REFUSAL_NONE);
            assert_spans_equal(packed, pack_into(&packer->second, &again));
        }
    }
}

static void one_changed_member_changes_the_packed_form(void **state)
{
    struct packer *packer = *state;
    for (size_t n = 0; known_type(n) != DOCUMENT_NONE; n++) {
        for (int round = 0; round < ROUNDS; round++) {
            struct document document;
            arena_reset(&packer->arena);
            random_document(&packer->prng, known_type(n), usd(), &packer->arena, &document);
            struct span before = pack_into(&packer->first, &document);
            change_one_member(&packer->prng, &document, &packer->arena);
            struct span after = pack_into(&packer->second, &document);
            assert_false(span_eq(before, after));
        }
    }
}

/* A smallest order with one line, for what follows. */
static void small_order(struct document *document, struct order_line *line)
{
    document_clear(document, DOCUMENT_ORDER);
    document->id = SPAN("1001");
    document->source = SPAN("web");
    document->money = usd();
    document->at = (struct moment){.form = TIME_DATE, .day = 20000};
    document->order.channel = SPAN("web");
    const struct field *lines = document_fields(DOCUMENT_ORDER);
    while (strcmp(lines->name, "lines") != 0) {
        lines++;
    }
    document_clear_struct(line, lines->fields);
    line->id = SPAN("1");
    line->sku = SPAN("MUG");
    line->qty_micro = 2 * MICRO;
    line->unit_price_micro = 10 * MICRO;
    document->order.lines.at = line;
    document->order.lines.count = 1;
}

static void what_is_default_packs_like_silence(void **state)
{
    struct packer *packer = *state;
    struct document document;
    struct order_line line;
    small_order(&document, &line);
    struct span plain = pack_into(&packer->first, &document);

    struct document other = document;
    other.version = ABSENT;
    assert_spans_equal(plain, pack_into(&packer->second, &other));
    other.version = 1;
    other.currency = SPAN("USD"); /* the company's, said aloud */
    assert_spans_equal(plain, pack_into(&packer->second, &other));
    other.money = 0; /* not settled, but said */
    assert_spans_equal(plain, pack_into(&packer->second, &other));
    line.id = (struct span){0};
    assert_spans_equal(plain, pack_into(&packer->second, &document));
    struct order_payment none;
    document.order.payments.at = &none;
    assert_spans_equal(plain, pack_into(&packer->second, &document));
}

static void what_is_said_packs_unlike_silence(void **state)
{
    struct packer *packer = *state;
    struct document document;
    struct order_line line;
    small_order(&document, &line);
    struct span plain = pack_into(&packer->first, &document);
    document.order.discount_minor = 0;
    assert_false(span_eq(plain, pack_into(&packer->second, &document)));
    document.order.discount_minor = ABSENT;
    document.order.on_account = TRUTH_FALSE;
    assert_false(span_eq(plain, pack_into(&packer->second, &document)));
    document.order.on_account = TRUTH_ABSENT;
    line.id = SPAN("2");
    assert_false(span_eq(plain, pack_into(&packer->second, &document)));
    line.id = SPAN("1");
    assert_spans_equal(plain, pack_into(&packer->second, &document));
}

/* A source that is empty is not one that is left out. */
static void a_reference_keeps_whether_it_names_a_source(void **state)
{
    static const struct span sources[] = {{NULL, 0}, {"", 0}, {"w", 1}, {"web", 3}};
    struct packer *packer = *state;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct document document, again;
        document_clear(&document, DOCUMENT_SHIPMENT);
        document.id = SPAN("S");
        document.source = SPAN("web");
        document.at = (struct moment){.form = TIME_DATE, .day = 20000};
        document.shipment.order = (struct reference){.source = sources[i], .id = SPAN("1001")};
        assert_true(document_unpack(pack_into(&packer->first, &document), &packer->arena, &again));
        assert_int_equal(again.shipment.order.source.ptr == NULL, sources[i].ptr == NULL);
        assert_spans_equal(pack_into(&packer->first, &document), pack_into(&packer->second, &again));
    }
}

/* What the calendar holds is packed and read; what lies beyond it is damage. */
static void moments_are_read_up_to_the_ends_of_the_calendar(void **state)
{
    static const struct {
        struct moment moment;
        bool held;
    } rows[] = {
        {{.form = TIME_DATE, .day = DAY_MIN}, true},
        {{.form = TIME_DATE, .day = DAY_MAX}, true},
        {{.form = TIME_DATE, .day = DAY_MIN - 1}, false},
        {{.form = TIME_DATE, .day = DAY_MAX + 1}, false},
        {{.form = TIME_INSTANT, .at_us = DAY_MIN * US_PER_DAY}, true},
        {{.form = TIME_INSTANT, .at_us = (DAY_MAX + INT64_C(1)) * US_PER_DAY - 1}, true},
        {{.form = TIME_INSTANT, .at_us = DAY_MIN * US_PER_DAY - 1}, false},
        {{.form = TIME_INSTANT, .at_us = (DAY_MAX + INT64_C(1)) * US_PER_DAY}, false},
    };
    struct packer *packer = *state;
    struct document document, again;
    struct order_line line;
    small_order(&document, &line);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        document.at = rows[i].moment;
        assert_int_equal(document_unpack(pack_into(&packer->first, &document), &packer->arena, &again), rows[i].held);
        if (rows[i].held) {
            assert_spans_equal(pack_into(&packer->first, &document), pack_into(&packer->second, &again));
        }
    }
}

static void line_ids_that_were_left_out_are_filled_in(void **state)
{
    struct packer *packer = *state;
    struct document document, again;
    struct order_line line;
    small_order(&document, &line);
    line.id = (struct span){0};
    assert_true(document_unpack(pack_into(&packer->first, &document), &packer->arena, &again));
    assert_true(span_eq(again.order.lines.at[0].id, SPAN("1")));
    assert_true(span_eq(document_line_id((struct span){0}, 9, &packer->arena), SPAN("10")));
    assert_true(span_eq(document_line_id((struct span){0}, 99999, &packer->arena), SPAN("100000")));
    assert_true(span_eq(document_line_id(SPAN("a"), 9, &packer->arena), SPAN("a")));
}

/* The stored form of one small order, byte by byte: it must still be readable in ten years. */
static void the_packed_form_of_a_small_order_is_this(void **state)
{
    struct packer *packer = *state;
    struct document document;
    struct order_line line;
    small_order(&document, &line);
    static const unsigned char expected[] = {
        1, 4,                                /* form, type order */
        2, 4,         '1',  '0',  '0',  '1', /* id */
        3, 3,         'w',  'e',  'b',       /* source */
        5, TIME_DATE, 0xc0, 0xb8, 0x02,      /* at: day 20000 */
        7, 3,         'U',  'S',  'D',       /* currency */
        0,                                   /* end of the common part */
        0,                                   /* no extras */
        1, 3,         'w',  'e',  'b',       /* channel */
        8, 1,                                /* lines: one; its id is its place */
        2, 3,         'M',  'U',  'G',       /* sku */
        4, 0x80,      0x92, 0xf4, 0x01,      /* qty: 2 */
        5, 0x80,      0xda, 0xc4, 0x09,      /* unit_price: 10 */
        0, 0,                                /* end of the line, end of the order */
    };
    struct span packed = pack_into(&packer->first, &document);
    assert_spans_equal(packed, (struct span){(const char *)expected, sizeof expected});
}

/* ---- bytes that nobody packed ---- */

static void a_truncated_form_is_refused(void **state)
{
    struct packer *packer = *state;
    for (size_t n = 0; known_type(n) != DOCUMENT_NONE; n++) {
        struct document document, again;
        arena_reset(&packer->arena);
        random_document(&packer->prng, known_type(n), usd(), &packer->arena, &document);
        struct span packed = pack_into(&packer->first, &document);
        for (size_t len = 0; len < packed.len; len++) {
            assert_false(document_unpack((struct span){packed.ptr, len}, &packer->arena, &again));
        }
        buf_put_u8(&packer->first, 0);
        assert_false(document_unpack(buf_span(&packer->first), &packer->arena, &again));
    }
}

static void a_damaged_form_is_refused_or_stands_for_itself(void **state)
{
    struct packer *packer = *state;
    size_t read = 0;
    for (int round = 0; round < 40 * ROUNDS; round++) {
        struct document document, again;
        arena_reset(&packer->arena);
        random_document(&packer->prng, known_type((size_t)prng_below(&packer->prng, 23)), usd(), &packer->arena,
                        &document);
        struct span packed = pack_into(&packer->first, &document);
        for (uint64_t flips = 1 + prng_below(&packer->prng, 3); flips > 0; flips--) {
            packer->first.ptr[prng_below(&packer->prng, packed.len)] = (char)prng_below(&packer->prng, 256);
        }
        if (document_unpack(packed, &packer->arena, &again)) {
            read++;
            assert_spans_equal(packed, pack_into(&packer->second, &again));
        }
    }
    assert_true(read > 0);
}

static void a_count_beyond_the_bytes_allocates_nothing(void **state)
{
    (void)state;
    /* An order whose lines claim to be 10,000. */
    static const char claim[] = {1, 4, 0, 0, 8, (char)0x90, 0x4e, 0};
    struct arena arena = arena_make(4096);
    struct document document;
    assert_false(document_unpack((struct span){claim, sizeof claim}, &arena, &document));
    assert_false(arena_is_exhausted(&arena));
    arena_done(&arena);
}

static void an_arena_too_small_refuses_and_does_no_harm(void **state)
{
    struct packer *packer = *state;
    struct document document, again;
    random_document(&packer->prng, DOCUMENT_TRANSFER, usd(), &packer->arena, &document);
    struct span packed = pack_into(&packer->first, &document);
    bool is_read = false;
    for (size_t max = 0; !is_read; max += 16) {
        struct arena arena = arena_make(max);
        is_read = document_unpack(packed, &arena, &again);
        assert_true(is_read || arena_is_exhausted(&arena));
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_one_name_and_every_name_finds_its_type),
        cmocka_unit_test(every_refusal_has_a_name_of_its_own_and_says_the_way_out),
        cmocka_unit_test(rows_stand_where_stored_documents_expect_them),
        cmocka_unit_test(rows_are_distinct_and_lie_inside_their_struct),
        cmocka_unit_test(a_cleared_document_has_nothing),
        cmocka_unit_test_setup_teardown(a_packed_document_unpacks_to_what_packs_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_changed_member_changes_the_packed_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_default_packs_like_silence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_said_packs_unlike_silence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reference_keeps_whether_it_names_a_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moments_are_read_up_to_the_ends_of_the_calendar, set_up, tear_down),
        cmocka_unit_test_setup_teardown(line_ids_that_were_left_out_are_filled_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_packed_form_of_a_small_order_is_this, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_truncated_form_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_form_is_refused_or_stands_for_itself, set_up, tear_down),
        cmocka_unit_test(a_count_beyond_the_bytes_allocates_nothing),
        cmocka_unit_test_setup_teardown(an_arena_too_small_refuses_and_does_no_harm, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
