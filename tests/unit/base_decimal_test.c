/* base_decimal_test.c: exact decimals: reading, writing, the one rounding rule, draws and
 * splits. The tables say what must come out; the seeded parts check properties against slow
 * arithmetic written here a second time, and print what they covered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/decimal.h"
#include "base/prng.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
#define LARGEST INT64_MAX

/* A random number of a random count of bits, at most `bits_max`. One draw per statement: C
 * leaves open which operand is drawn first, and a seed must mean the same to every compiler. */
static int64_t any_size(struct prng *prng, int64_t bits_max)
{
    int64_t bits = prng_range(prng, 1, bits_max);
    return (int64_t)(prng_next(prng) >> (64 - bits));
}

/* Near zero as often as near the limits, and on round values. */
static int64_t any_number(struct prng *prng)
{
    int64_t value = any_size(prng, 63);
    if (prng_chance(prng, 4)) {
        value -= value % 1000;
    }
    return prng_chance(prng, 2) ? -value : value;
}

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

/* ---- Reading and writing ---- */

static void a_decimal_is_read_exactly_or_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int places;
        enum decimal_outcome outcome;
        int64_t scaled;
    } ROWS[] = {
        {"0", 0, DECIMAL_OK, 0},
        {"0", 6, DECIMAL_OK, 0},
        {"-0", 2, DECIMAL_OK, 0},
        {"-0.00", 2, DECIMAL_OK, 0},
        {"1", 2, DECIMAL_OK, 100},
        {"-1", 2, DECIMAL_OK, -100},
        {"12.5", 2, DECIMAL_OK, 1250},
        {"12.34", 2, DECIMAL_OK, 1234},
        {"-12.34", 2, DECIMAL_OK, -1234},
        {"0.01", 2, DECIMAL_OK, 1},
        {"-0.01", 2, DECIMAL_OK, -1},
        {"007.50", 2, DECIMAL_OK, 750},
        {"00000000000000000000000000000000000000001", 0, DECIMAL_OK, 1},
        {"1.5000000000000000000000000000000000", 1, DECIMAL_OK, 15},
        {"12.340", 2, DECIMAL_OK, 1234},
        {"12.00", 0, DECIMAL_OK, 12},
        {"0.000001", 6, DECIMAL_OK, 1},
        {"1.0842", 10, DECIMAL_OK, INT64_C(10842000000)},
        {"9223372036854775807", 0, DECIMAL_OK, LARGEST},
        {"-9223372036854775807", 0, DECIMAL_OK, -LARGEST},
        {"92233720368547758.07", 2, DECIMAL_OK, LARGEST},
        {"9223372036854.775807", 6, DECIMAL_OK, LARGEST},
        {"9.223372036854775807", 18, DECIMAL_OK, LARGEST},
        /* One step beyond, also where the negative would have had room. */
        {"9223372036854775808", 0, DECIMAL_OVERFLOW, 0},
        {"-9223372036854775808", 0, DECIMAL_OVERFLOW, 0},
        {"92233720368547758.08", 2, DECIMAL_OVERFLOW, 0},
        {"92233720368547759", 2, DECIMAL_OVERFLOW, 0},
        {"9223372036855", 6, DECIMAL_OVERFLOW, 0},
        {"18446744073709551617", 0, DECIMAL_OVERFLOW, 0},
        {"36893488147419103233", 0, DECIMAL_OVERFLOW, 0},
        {"99999999999999999999999999999999", 0, DECIMAL_OVERFLOW, 0},
        {"12.345", 2, DECIMAL_TOO_FINE, 0},
        {"0.001", 2, DECIMAL_TOO_FINE, 0},
        {"0.1", 0, DECIMAL_TOO_FINE, 0},
        {"0.0000001", 6, DECIMAL_TOO_FINE, 0},
        {"0.00000010", 6, DECIMAL_TOO_FINE, 0},
        /* Rules in order of precedence: malformed, too fine, too large. */
        {"99999999999999999999.001", 2, DECIMAL_TOO_FINE, 0},
        {"99999999999999999999.00x", 2, DECIMAL_MALFORMED, 0},
        {"0.001x", 2, DECIMAL_MALFORMED, 0},
        {"", 2, DECIMAL_MALFORMED, 0},
        {"-", 2, DECIMAL_MALFORMED, 0},
        {".", 2, DECIMAL_MALFORMED, 0},
        {".5", 2, DECIMAL_MALFORMED, 0},
        {"-.5", 2, DECIMAL_MALFORMED, 0},
        {"5.", 2, DECIMAL_MALFORMED, 0},
        {"5.-1", 2, DECIMAL_MALFORMED, 0},
        {"+5", 2, DECIMAL_MALFORMED, 0},
        {"--5", 2, DECIMAL_MALFORMED, 0},
        {"5-", 2, DECIMAL_MALFORMED, 0},
        {" 5", 2, DECIMAL_MALFORMED, 0},
        {"5 ", 2, DECIMAL_MALFORMED, 0},
        {"1e3", 2, DECIMAL_MALFORMED, 0},
        {"1E3", 2, DECIMAL_MALFORMED, 0},
        {"0x10", 2, DECIMAL_MALFORMED, 0},
        {"1,000", 2, DECIMAL_MALFORMED, 0},
        {"1.2.3", 2, DECIMAL_MALFORMED, 0},
        {"inf", 2, DECIMAL_MALFORMED, 0},
        {"NaN", 2, DECIMAL_MALFORMED, 0},
        {"\xd9\xa1", 0, DECIMAL_MALFORMED, 0},
        {"/", 0, DECIMAL_MALFORMED, 0},
        {":", 0, DECIMAL_MALFORMED, 0},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        int64_t scaled = 4711;
        enum decimal_outcome outcome = decimal_read(span_of(ROWS[i].text), ROWS[i].places, &scaled);
        if (outcome != ROWS[i].outcome) {
            fail_msg("\"%s\" with %d places: outcome %d, not %d", ROWS[i].text, ROWS[i].places, (int)outcome,
                     (int)ROWS[i].outcome);
        }
        /* What is refused leaves the output alone. */
        int64_t wanted = outcome == DECIMAL_OK ? ROWS[i].scaled : 4711;
        if (scaled != wanted) {
            fail_msg("\"%s\": %" PRId64 ", not %" PRId64, ROWS[i].text, scaled, wanted);
        }
    }
}

static void a_decimal_ends_where_its_span_ends(void **state)
{
    (void)state;
    int64_t scaled = 0;
    assert_int_equal(decimal_read((struct span){"12.34", 4}, 2, &scaled), DECIMAL_OK);
    assert_int_equal(scaled, 1230);
    assert_int_equal(decimal_read((struct span){"12.34", 3}, 2, &scaled), DECIMAL_MALFORMED);
    assert_int_equal(decimal_read((struct span){"1\0002", 3}, 2, &scaled), DECIMAL_MALFORMED);
    assert_int_equal(decimal_read((struct span){0}, 2, &scaled), DECIMAL_MALFORMED);
}

static void a_decimal_is_written_in_its_shortest_form(void **state)
{
    (void)state;
    static const struct {
        int64_t scaled;
        int places;
        int min_places;
        const char *text;
    } ROWS[] = {
        {0, 0, 0, "0"},
        {0, 2, 2, "0.00"},
        {0, 6, 0, "0"},
        {1200, 2, 2, "12.00"},
        {-1200, 2, 2, "-12.00"},
        {5, 2, 2, "0.05"},
        {-5, 2, 2, "-0.05"},
        {1500000, 6, 0, "1.5"},
        {1000000, 6, 0, "1"},
        {10000000, 6, 0, "10"},
        {1, 6, 0, "0.000001"},
        {-1, 6, 0, "-0.000001"},
        {1500000, 6, 2, "1.50"},
        {1234567, 6, 2, "1.234567"},
        {1200000, 6, 2, "1.20"},
        {100, 0, 0, "100"},
        {1, 18, 0, "0.000000000000000001"},
        {-1, 18, 18, "-0.000000000000000001"},
        {INT64_MAX, 0, 0, "9223372036854775807"},
        {INT64_MIN, 0, 0, "-9223372036854775808"},
        {INT64_MIN, 2, 2, "-92233720368547758.08"},
        {INT64_MIN, 18, 18, "-9.223372036854775808"},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        char text[24];
        size_t len = decimal_write(ROWS[i].scaled, ROWS[i].places, ROWS[i].min_places, text);
        assert_string_equal(text, ROWS[i].text);
        assert_int_equal(len, strlen(ROWS[i].text));
    }
}

static void what_is_written_is_read_back_the_same(void **state)
{
    (void)state;
    struct prng prng = prng_make(20260101);
    size_t count = 0;
    for (int places = 0; places <= 18; places++) {
        for (int round = 0; round < 20000; round++, count++) {
            int64_t scaled = any_number(&prng);
            int min_places = (int)prng_range(&prng, 0, places);
            char text[24];
            size_t len = decimal_write(scaled, places, min_places, text);
            assert_int_equal(len, strlen(text));
            int64_t again = 0;
            enum decimal_outcome outcome = decimal_read((struct span){text, len}, places, &again);
            if (outcome != DECIMAL_OK || again != scaled) {
                fail_msg("%" PRId64 " at %d places went out as %s", scaled, places, text);
            }
            /* At least min_places decimals; more only when the last is not zero. */
            const char *point = strchr(text, '.');
            size_t decimals = point ? strlen(point + 1) : 0;
            assert_true(decimals >= (size_t)min_places);
            assert_true(decimals == (size_t)min_places || text[len - 1] != '0');
        }
    }
    print_message("round trips of decimals: %zu, places 0 to 18\n", count);
}

/* ---- Rounding ---- */

static void a_quotient_is_rounded_half_up_away_from_zero(void **state)
{
    (void)state;
    static const struct {
        int64_t a, b, c;
        bool fits;
        int64_t wanted;
    } ROWS[] = {
        {0, 5, 7, true, 0},
        {1, 1, 2, true, 1},
        {-1, 1, 2, true, -1},
        {1, -1, 2, true, -1},
        {-1, -1, 2, true, 1},
        {3, 1, 2, true, 2},
        {-3, 1, 2, true, -2},
        {5, 1, 2, true, 3}, /* half to even would say 2 */
        {-5, 1, 2, true, -3},
        {1, 1, 3, true, 0},
        {2, 1, 3, true, 1},
        {-1, 1, 3, true, 0},
        {-2, 1, 3, true, -1},
        {49, 1, 100, true, 0},
        {50, 1, 100, true, 1},
        {-49, 1, 100, true, 0},
        {-50, 1, 100, true, -1},
        {7, 1, 1, true, 7},
        {LARGEST, 1, 1, true, LARGEST},
        {-LARGEST, 1, 1, true, -LARGEST},
        {INT64_MIN, 1, 1, false, 0},
        {INT64_MIN, -1, 1, false, 0},
        {INT64_MIN, 1, 2, true, INT64_MIN / 2},
        {LARGEST, 1, LARGEST, true, 1},
        {LARGEST / 2, 1, LARGEST, true, 0}, /* just under one half of an odd divisor */
        {LARGEST / 2 + 1, 1, LARGEST, true, 1},
        {-(LARGEST / 2) - 1, 1, LARGEST, true, -1},
        /* Products beyond 63 bits. */
        {LARGEST, LARGEST, LARGEST, true, LARGEST},
        {LARGEST, -LARGEST, LARGEST, true, -LARGEST},
        {LARGEST, 2, 1, false, 0},
        {LARGEST, 2, 2, true, LARGEST},
        {LARGEST, 2, 4, true, LARGEST / 2 + 1}, /* ends in one half */
        {LARGEST, -2, 4, true, -(LARGEST / 2) - 1},
        {LARGEST, 3, 2, false, 0},
        {INT64_MIN, INT64_MIN, LARGEST, false, 0},
        {INT64_MIN, INT64_MIN, INT64_C(1) << 62, false, 0},
        {INT64_MIN, LARGEST, LARGEST, false, 0},
        {INT64_MIN, LARGEST - 1, LARGEST, true, -LARGEST},
        {INT64_C(4000000000000), INT64_C(4000000000000), INT64_C(3000000000000), true, INT64_C(5333333333333)},
        {INT64_C(5000000000001), INT64_C(5000000000000), INT64_C(10000000000000), true,
         INT64_C(2500000000001)}, /* ...000.5 */
        {INT64_C(-5000000000001), INT64_C(5000000000000), INT64_C(10000000000000), true, INT64_C(-2500000000001)},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        int64_t out = 4711;
        bool fits = mul_div(ROWS[i].a, ROWS[i].b, ROWS[i].c, &out);
        int64_t wanted = ROWS[i].fits ? ROWS[i].wanted : 4711;
        if (fits != ROWS[i].fits || out != wanted) {
            fail_msg("%" PRId64 " * %" PRId64 " / %" PRId64 ": %d, %" PRId64, ROWS[i].a, ROWS[i].b, ROWS[i].c,
                     (int)fits, out);
        }
    }
}

/* The nearest integer to product / c, found from twice the product, without a remainder. */
static int128 slow_round(int128 product, int64_t c)
{
    uint128 magnitude = product < 0 ? -(uint128)product : (uint128)product;
    uint128 divisor = (uint64_t)c;
    uint128 rounded = (2 * magnitude + divisor) / (2 * divisor);
    return product < 0 ? -(int128)rounded : (int128)rounded;
}

static void a_quotient_agrees_with_slow_arithmetic(void **state)
{
    (void)state;
    struct prng prng = prng_make(7);
    size_t narrow = 0;
    size_t wide = 0;
    size_t halves = 0;
    size_t refused = 0;
    for (int round = 0; round < 500000; round++) {
        int64_t a = any_number(&prng);
        int64_t b = any_number(&prng);
        int64_t c = any_number(&prng);
        c = c < 0 ? -c : c;
        c = c == 0 ? 2 : c;
        /* Ties are rare by chance, so a third of the rows divide by twice a factor. */
        if (prng_chance(&prng, 3)) {
            int64_t factor = any_size(&prng, 61) + 1;
            b = factor;
            c = 2 * factor;
        }
        int128 product = (int128)a * b;
        int128 wanted = slow_round(product, c);
        bool should_fit = wanted <= INT64_MAX && wanted >= -(int128)INT64_MAX;
        int64_t out = 0;
        bool fits = mul_div(a, b, c, &out);
        if (fits != should_fit || (fits && out != (int64_t)wanted)) {
            fail_msg("%" PRId64 " * %" PRId64 " / %" PRId64 " gave %" PRId64, a, b, c, out);
        }
        narrow += product == (int64_t)product;
        wide += product != (int64_t)product;
        halves += (product < 0 ? -product : product) % c * 2 == c;
        refused += !fits;
    }
    print_message("quotients: %zu in 64 bits, %zu in 128, %zu halves, %zu refused\n", narrow, wide, halves, refused);
    assert_true(narrow > 1000 && wide > 1000 && halves > 1000 && refused > 1000);
}

static void dividing_by_zero_is_a_bug_now(void)
{
    int64_t out = 0;
    (void)!mul_div(1, 1, 0, &out);
}
static void drawing_more_than_is_left_is_a_bug_now(void) { partial_draw(100, 4, 3); }
static void drawing_nothing_is_a_bug_now(void) { partial_draw(100, 0, 3); }
static void a_negative_weight_is_a_bug_now(void)
{
    int64_t part = 0;
    split_by_weight(5, (int64_t[]){-1}, 1, &part);
}
static void splitting_over_nobody_is_a_bug_now(void) { split_by_weight(5, NULL, 0, NULL); }
static void too_many_places_is_a_bug_now(void)
{
    int64_t out = 0;
    (void)!decimal_read(SPAN("1"), 19, &out);
}
static void nothing_of_the_sort_is_no_bug(void) { partial_draw(100, 3, 3); }

static void a_call_that_breaks_its_contract_is_a_bug(void **state)
{
    (void)state;
    assert_true(is_a_bug(dividing_by_zero_is_a_bug_now));
    assert_true(is_a_bug(drawing_more_than_is_left_is_a_bug_now));
    assert_true(is_a_bug(drawing_nothing_is_a_bug_now));
    assert_true(is_a_bug(a_negative_weight_is_a_bug_now));
    assert_true(is_a_bug(splitting_over_nobody_is_a_bug_now));
    assert_true(is_a_bug(too_many_places_is_a_bug_now));
    assert_false(is_a_bug(nothing_of_the_sort_is_no_bug));
}

static void an_amount_is_quantity_times_unit_price_rounded_once(void **state)
{
    (void)state;
    static const struct {
        int64_t qty_micro, unit_micro;
        int exponent;
        int64_t wanted;
    } ROWS[] = {
        {3 * MICRO, INT64_C(19990000), 2, 5997},
        {1 * MICRO, INT64_C(5000), 2, 1},   /* half a cent up */
        {1 * MICRO, INT64_C(4999), 2, 0},   /* just under */
        {-1 * MICRO, INT64_C(5000), 2, -1}, /* away from zero */
        {-1 * MICRO, INT64_C(4999), 2, 0},
        {1, 1, 2, 0},
        {500000, 1 * MICRO, 0, 1}, /* half a yen */
        {1 * MICRO, 1 * MICRO, 3, 1000},
        {1 * MICRO, 1 * MICRO, 4, 10000},
        {333333, 3 * MICRO, 2, 100}, /* 0.999999 */
        {QTY_MICRO_MAX, 1 * MICRO, 2, INT64_C(90000000000)},
        {QTY_MICRO_MAX, 1000 * MICRO, 2, INT64_C(90000000000000)},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        int64_t out = 0;
        assert_true(amount_of(ROWS[i].qty_micro, ROWS[i].unit_micro, ROWS[i].exponent, &out));
        assert_int_equal(out, ROWS[i].wanted);
    }
    int64_t out = 0;
    assert_false(amount_of(QTY_MICRO_MAX, QTY_MICRO_MAX, 2, &out));
}

static void an_amount_is_converted_between_exponents_and_rounded_once(void **state)
{
    (void)state;
    static const int64_t ONE = INT64_C(10000000000);
    static const struct {
        int64_t amount, from, rate, to, wanted;
    } ROWS[] = {
        {10000, 2, INT64_C(10842000000), 2, 10842}, /* 100.00 at 1.0842 */
        {-10000, 2, INT64_C(10842000000), 2, -10842},
        {1500, 0, INT64_C(61000000), 2, 915},      /* 1500 yen at 0.0061 */
        {915, 2, INT64_C(1639344262295), 0, 1500}, /* 9.15 at 163.9344262295 */
        {1, 2, ONE / 2, 2, 1},                     /* half a cent up */
        {-1, 2, ONE / 2, 2, -1},                   /* away from zero */
        {1, 2, ONE / 2 - 1, 2, 0},
        {1234, 3, ONE, 2, 123},
        {1235, 3, ONE, 2, 124},
        {-1235, 3, ONE, 2, -124},
        {5, 0, ONE, 4, 50000},
        {AMOUNT_MINOR_MAX, 2, ONE, 2, AMOUNT_MINOR_MAX},
        {AMOUNT_MINOR_MAX, 2, ONE * 10000, 2, AMOUNT_MINOR_MAX * 10000},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        int64_t out = 0;
        assert_true(amount_at_rate(ROWS[i].amount, (int)ROWS[i].from, ROWS[i].rate, (int)ROWS[i].to, &out));
        assert_int_equal(out, ROWS[i].wanted);
    }
    int64_t out = 0;
    assert_false(amount_at_rate(AMOUNT_MINOR_MAX, 2, ONE * 20000, 2, &out));
}

/* ---- Draws ---- */

static void a_draw_takes_its_share_and_the_last_takes_the_rest(void **state)
{
    (void)state;
    static const struct {
        int64_t value, qty, qty_left, wanted;
    } ROWS[] = {
        {100, 1, 3, 33},
        {67, 1, 2, 34}, /* 33.5 up */
        {33, 1, 1, 33},
        {-67, 1, 2, -34},
        {-100, 1, 3, -33},
        {1, 1, 2, 1},
        {0, 1, 1, 0},
        {0, 1, 2, 0},
        {12345, 7, 7, 12345},
        {AMOUNT_MINOR_MAX, QTY_MICRO_MAX - 1, QTY_MICRO_MAX, AMOUNT_MINOR_MAX - 1},
        {LARGEST, LARGEST - 1, LARGEST, LARGEST - 1},
        {INT64_MIN, LARGEST - 1, LARGEST, -LARGEST},
        {INT64_MIN, LARGEST, LARGEST, INT64_MIN},
        {LARGEST, 1, LARGEST, 1},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        int64_t taken = partial_draw(ROWS[i].value, ROWS[i].qty, ROWS[i].qty_left);
        if (taken != ROWS[i].wanted) {
            fail_msg("%" PRId64 " for %" PRId64 " of %" PRId64 ": %" PRId64, ROWS[i].value, ROWS[i].qty,
                     ROWS[i].qty_left, taken);
        }
    }
}

/* Draws every way of cutting `qty_left` into steps; C-2: nothing appears and nothing is lost. */
static size_t draw_every_way(int64_t value, int64_t qty_left, int64_t drawn, int64_t whole)
{
    if (qty_left == 0) {
        assert_int_equal(value, 0);
        assert_int_equal(drawn, whole);
        return 1;
    }
    size_t ways = 0;
    for (int64_t qty = 1; qty <= qty_left; qty++) {
        int64_t taken = partial_draw(value, qty, qty_left);
        /* Never the other sign, never more than there is. */
        assert_true(whole >= 0 ? taken >= 0 && taken <= value : taken <= 0 && taken >= value);
        ways += draw_every_way(value - taken, qty_left - qty, drawn + taken, whole);
    }
    return ways;
}

static void every_way_of_drawing_a_small_layer_conserves_its_value(void **state)
{
    (void)state;
    size_t ways = 0;
    for (int64_t value = -40; value <= 40; value++) {
        for (int64_t qty = 1; qty <= 9; qty++) {
            ways += draw_every_way(value, qty, 0, value);
        }
    }
    /* A quantity of n is cut in 2^(n-1) ways. */
    assert_int_equal(ways, 81 * 511);
    print_message("ways of drawing a layer: %zu\n", ways);
}

static void random_draws_conserve_value_and_stay_near_the_exact_share(void **state)
{
    (void)state;
    struct prng prng = prng_make(99);
    size_t draws = 0;
    for (int round = 0; round < 20000; round++) {
        int64_t whole = any_number(&prng);
        int64_t value = whole;
        int64_t qty_left = any_size(&prng, 62) + 1;
        int64_t sum = 0;
        while (qty_left > 0) {
            int64_t qty = prng_chance(&prng, 6) ? qty_left : prng_range(&prng, 1, qty_left);
            int64_t taken = partial_draw(value, qty, qty_left);
            int128 twice_off = 2 * ((int128)taken * qty_left - (int128)value * qty);
            assert_true(twice_off <= qty_left && twice_off >= -(int128)qty_left);
            assert_true(whole >= 0 ? taken >= 0 && taken <= value : taken <= 0 && taken >= value);
            value -= taken;
            qty_left -= qty;
            sum += taken;
            draws++;
        }
        assert_int_equal(value, 0);
        assert_int_equal(sum, whole);
    }
    print_message("random draws: %zu over 20000 layers\n", draws);
}

/* ---- Splits ---- */

static void a_split_gives_what_is_over_to_the_largest_remainders(void **state)
{
    (void)state;
    static const struct {
        int64_t total;
        size_t count;
        int64_t weights[5], wanted[5];
    } ROWS[] = {
        {100, 3, {1, 1, 1}, {34, 33, 33}},
        {200, 3, {1, 1, 1}, {67, 67, 66}},
        {-100, 3, {1, 1, 1}, {-34, -33, -33}},
        {101, 2, {1, 1}, {51, 50}},
        {10, 3, {1, 2, 3}, {2, 3, 5}},       /* 1.67 3.33 5 */
        {10, 4, {1, 1, 1, 4}, {2, 1, 1, 6}}, /* 1.43 1.43 1.43 5.71: the last, then the first */
        {0, 3, {1, 2, 3}, {0, 0, 0}},
        {7, 3, {0, 1, 0}, {0, 7, 0}},
        {1, 4, {0, 1, 1, 1}, {0, 1, 0, 0}},
        {5, 4, {0, 0, 0, 0}, {2, 1, 1, 1}}, /* no weights: equal ones */
        {-5, 4, {0, 0, 0, 0}, {-2, -1, -1, -1}},
        {1, 5, {1, 1, 1, 1, 1}, {1, 0, 0, 0, 0}},
        {-1, 5, {1, 1, 1, 1, 2}, {0, 0, 0, 0, -1}},
        {42, 1, {9}, {42}},
        {42, 1, {0}, {42}},
        {LARGEST, 2, {LARGEST, LARGEST}, {LARGEST / 2 + 1, LARGEST / 2}},
        {INT64_MIN, 2, {1, 0}, {INT64_MIN, 0}},
        {INT64_MIN, 2, {LARGEST, LARGEST}, {INT64_MIN / 2, INT64_MIN / 2}},
        {LARGEST, 3, {LARGEST, 1, LARGEST}, {LARGEST / 2, 1, LARGEST / 2}},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        int64_t parts[5] = {0};
        split_by_weight(ROWS[i].total, ROWS[i].weights, ROWS[i].count, parts);
        for (size_t k = 0; k < ROWS[i].count; k++) {
            if (parts[k] != ROWS[i].wanted[k]) {
                fail_msg("row %zu, part %zu: %" PRId64 ", not %" PRId64, i, k, parts[k], ROWS[i].wanted[k]);
            }
        }
    }
    split_by_weight(0, NULL, 0, NULL);
}

enum { SPLIT_MOST = 400 };

/* The rule word for word: whole shares, then one unit each to the largest remainder not yet
 * served. */
static void slow_split(int64_t total, const int64_t *weights, size_t count, int64_t *out)
{
    static uint128 rest[SPLIT_MOST];
    static uint64_t share[SPLIT_MOST];
    static bool served[SPLIT_MOST];
    assert_true(count <= SPLIT_MOST);
    memset(served, 0, sizeof served);
    uint128 sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (uint64_t)weights[i];
    }
    bool equal = sum == 0;
    uint64_t magnitude = total < 0 ? -(uint64_t)total : (uint64_t)total;
    uint64_t left = magnitude;
    for (size_t i = 0; i < count; i++) {
        uint128 product = (uint128)magnitude * (equal ? 1 : (uint64_t)weights[i]);
        share[i] = (uint64_t)(product / (equal ? count : sum));
        rest[i] = product % (equal ? count : sum);
        left -= share[i];
    }
    for (; left > 0; left--) {
        size_t best = count;
        for (size_t i = 0; i < count; i++) {
            if (!served[i] && (best == count || rest[i] > rest[best])) {
                best = i;
            }
        }
        assert_true(best < count && rest[best] > 0);
        served[best] = true;
        share[best]++;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = (int64_t)(total < 0 ? -share[i] : share[i]);
    }
}

static void check_split(int64_t total, const int64_t *weights, size_t count, int64_t *parts, int64_t *wanted)
{
    split_by_weight(total, weights, count, parts);
    slow_split(total, weights, count, wanted);
    int128 sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += parts[i];
        assert_true(total >= 0 ? parts[i] >= 0 : parts[i] <= 0);
        if (parts[i] != wanted[i]) {
            fail_msg("%" PRId64 " over %zu: part %zu is %" PRId64 ", not %" PRId64, total, count, i, parts[i],
                     wanted[i]);
        }
    }
    assert_true(sum == total);
}

static void every_small_split_follows_the_rule(void **state)
{
    (void)state;
    size_t splits = 0;
    int64_t weights[4];
    int64_t parts[4];
    int64_t wanted[4];
    for (int code = 0; code < 256; code++) {
        for (size_t i = 0; i < 4; i++) {
            weights[i] = code >> (2 * i) & 3;
        }
        for (int64_t total = -13; total <= 13; total++) {
            for (size_t count = 1; count <= 4; count++, splits++) {
                check_split(total, weights, count, parts, wanted);
            }
        }
    }
    print_message("small splits: %zu\n", splits);
}

static void random_splits_follow_the_rule_at_every_size(void **state)
{
    (void)state;
    static int64_t weights[SPLIT_MOST], parts[SPLIT_MOST], wanted[SPLIT_MOST];
    struct prng prng = prng_make(4242);
    size_t splits = 0;
    size_t large = 0;
    size_t huge_weights = 0;
    for (int round = 0; round < 3000; round++, splits++) {
        size_t count = (size_t)prng_range(&prng, 1, prng_chance(&prng, 3) ? SPLIT_MOST : 40);
        /* Few different weights make ties; weights near the limit make a sum beyond 64 bits. */
        int bits = (int)prng_range(&prng, 1, 63);
        for (size_t i = 0; i < count; i++) {
            weights[i] = prng_chance(&prng, 5) ? 0 : (int64_t)(prng_next(&prng) >> (64 - bits));
        }
        check_split(any_number(&prng), weights, count, parts, wanted);
        large += count > 32;
        huge_weights += bits > 60;
    }
    print_message("random splits: %zu, of more than 32 parts %zu, of huge weights %zu\n", splits, large, huge_weights);
    assert_true(large > 100 && huge_weights > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decimal_is_read_exactly_or_refused_by_name),
        cmocka_unit_test(a_decimal_ends_where_its_span_ends),
        cmocka_unit_test(a_decimal_is_written_in_its_shortest_form),
        cmocka_unit_test(what_is_written_is_read_back_the_same),
        cmocka_unit_test(a_quotient_is_rounded_half_up_away_from_zero),
        cmocka_unit_test(a_quotient_agrees_with_slow_arithmetic),
        cmocka_unit_test(a_call_that_breaks_its_contract_is_a_bug),
        cmocka_unit_test(an_amount_is_quantity_times_unit_price_rounded_once),
        cmocka_unit_test(an_amount_is_converted_between_exponents_and_rounded_once),
        cmocka_unit_test(a_draw_takes_its_share_and_the_last_takes_the_rest),
        cmocka_unit_test(every_way_of_drawing_a_small_layer_conserves_its_value),
        cmocka_unit_test(random_draws_conserve_value_and_stay_near_the_exact_share),
        cmocka_unit_test(a_split_gives_what_is_over_to_the_largest_remainders),
        cmocka_unit_test(every_small_split_follows_the_rule),
        cmocka_unit_test(random_splits_follow_the_rule_at_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
