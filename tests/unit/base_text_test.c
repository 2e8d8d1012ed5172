/* base_text_test.c: JSON, currencies, hashes, failures and the always-on check, and the seeded
 * numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/calendar.h"
#include "base/currency.h"
#include "base/hash.h"
#include "base/json_out.h"
#include "base/must.h"
#include "base/prng.h"
#include "base/result.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Runs `act` in a process of its own; its last words go to `words`. The exit code, or -1. */
static int exit_code_of(void (*act)(void), char words[1024])
{
    int ends[2];
    fflush(NULL);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        act();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t got = 0; (got = read(ends[0], words + len, 1023 - len)) > 0;) {
        len += (size_t)got;
    }
    words[len] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool is_a_bug(void (*act)(void))
{
    char words[1024];
    return exit_code_of(act, words) == EXIT_BUG;
}

/* ---- must and failures ---- */

static void break_a_must(void)
{
    int sheep = 2;
    must(sheep == 3);
}
static void keep_a_must(void) { must(1 + 1 == 2); }
static void run_out_of_memory(void) { out_of_memory("a test"); }

static void a_broken_must_names_itself_and_ends_the_process_with_70(void **state)
{
    (void)state;
    char words[1024];
    assert_int_equal(exit_code_of(break_a_must, words), 70);
    assert_non_null(strstr(words, "sheep == 3"));
    assert_non_null(strstr(words, "base_text_test.c:"));
    assert_non_null(strstr(words, "break_a_must"));
    assert_non_null(strstr(words, "version"));
    assert_int_equal(words[strlen(words) - 1], '\n');
    assert_int_equal(exit_code_of(keep_a_must, words), 0);
    assert_string_equal(words, "");
    assert_int_equal(exit_code_of(run_out_of_memory, words), EXIT_MEMORY);
    assert_string_equal(words, "tieout: out of memory for a test\n");
}

static void a_failure_has_a_text_an_exit_code_and_advice(void **state)
{
    (void)state;
    static const struct {
        enum failure code;
        int exit_code;
        enum retry retry;
    } ROWS[] = {
        {FAILURE_NONE, 0, RETRY_NEVER},
        {FAILURE_USAGE, 2, RETRY_NEVER},
        {FAILURE_INPUT, 3, RETRY_NEVER},
        {FAILURE_STORE_FULL, 4, RETRY_AFTER_A_PERSON_ACTED},
        {FAILURE_STORE_READ_ONLY, 4, RETRY_AFTER_A_PERSON_ACTED},
        {FAILURE_STORE_NEWER, 4, RETRY_AFTER_A_PERSON_ACTED},
        {FAILURE_STORE_IN_USE, 4, RETRY_LATER},
        {FAILURE_STORE_MISSING, 4, RETRY_AFTER_A_PERSON_ACTED},
        {FAILURE_STORE_DAMAGED, 4, RETRY_AFTER_A_PERSON_ACTED},
        {FAILURE_STORE_OTHER, 4, RETRY_AFTER_A_PERSON_ACTED},
        {FAILURE_MEMORY, 4, RETRY_LATER},
        {FAILURE_DAMAGE_FOUND, 5, RETRY_AFTER_A_PERSON_ACTED},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct err err = {0};
        assert_false(err_set(&err, ROWS[i].code, "row %zu of %s", i, "many"));
        assert_int_equal(err.code, ROWS[i].code);
        assert_int_equal(err.retry, ROWS[i].retry);
        assert_int_equal(err_exit_code(&err), ROWS[i].exit_code);
        char wanted[40];
        snprintf(wanted, sizeof wanted, "row %zu of many", i);
        assert_string_equal(err.text, wanted);
    }
}

static void a_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    static const char *const CHARACTERS[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x93\xa6"};
    for (size_t i = 0; i < COUNT_OF(CHARACTERS); i++) {
        size_t width = strlen(CHARACTERS[i]);
        for (size_t shift = 0; shift < 4; shift++) {
            char text[500] = {0};
            memset(text, '.', shift);
            for (size_t at = shift; at + width < sizeof text; at += width) {
                memcpy(text + at, CHARACTERS[i], width);
            }
            struct err err;
            err_set(&err, FAILURE_INPUT, "%s", text);
            size_t kept = (sizeof err.text - 1 - shift) / width * width + shift;
            assert_int_equal(strlen(err.text), kept);
            assert_memory_equal(err.text, text, kept);
        }
    }
}

/* ---- Currencies ---- */

static void currencies_have_the_exponents_of_iso_4217(void **state)
{
    (void)state;
    static const struct {
        int exponent;
        const char *codes;
    } ROWS[] = {
        {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
        {3, "BHD IQD JOD KWD LYD OMR TND"},
        {4, "CLF UYW"},
        {2, "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN "
            "BZD CAD "
            "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP "
            "GEL GHS "
            "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP "
            "LKR LRD "
            "LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR "
            "NZD PAB "
            "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
            "SVC SYP "
            "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER "
            "ZAR ZMW "
            "ZWG ANG BGN CUC HRK SLL ZWL"},
    };
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        for (const char *at = ROWS[i].codes;; at += 4) {
            currency c = currency_find((struct span){at, 3});
            char code[4];
            if (c == 0 || currency_exponent(c) != ROWS[i].exponent) {
                fail_msg("%.3s", at);
            }
            assert_memory_equal(currency_code(c, code), at, 3);
            assert_int_equal(code[3], 0);
            count++;
            if (at[3] == '\0') {
                break;
            }
        }
    }
    /* And of all other combinations of three letters none. */
    size_t found = 0;
    for (int a = 'A'; a <= 'Z'; a++) {
        for (int b = 'A'; b <= 'Z'; b++) {
            for (int c = 'A'; c <= 'Z'; c++) {
                found += currency_find((struct span){(char[]){(char)a, (char)b, (char)c}, 3}) != 0;
            }
        }
    }
    assert_int_equal(found, count);
    print_message("currencies: %zu of %d codes\n", count, 26 * 26 * 26);
}

static void what_is_no_currency_is_not_found(void **state)
{
    (void)state;
    static const char *const NONE[] = {"",    "EU",  "EURO", "eur", "Eur", "XXX", "XTS",         "XAU",
                                       "XDR", "DEM", "AAA",  "ZZZ", "   ", "US$", "\xe2\x82\xac"};
    for (size_t i = 0; i < COUNT_OF(NONE); i++) {
        assert_int_equal(currency_find(span_of(NONE[i])), 0);
    }
    assert_int_equal(currency_find((struct span){0}), 0);
    assert_int_equal(currency_find(SPAN("EUR")), 'E' << 16 | 'U' << 8 | 'R');
}

static void ask_the_exponent_of_no_currency(void) { currency_exponent(0); }

static void no_currency_has_no_exponent(void **state)
{
    (void)state;
    assert_true(is_a_bug(ask_the_exponent_of_no_currency));
}

/* ---- Hashes ---- */

static void the_hash_is_blake2b_with_256_bits(void **state)
{
    (void)state;
    /* From the reference implementation (b2sum -l 256). */
    static const struct {
        const char *text;
        const char *hex;
    } ROWS[] = {
        {"", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
        {"abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        char hex[65];
        assert_string_equal(hash_write(hash_of(span_of(ROWS[i].text)), hex), ROWS[i].hex);
        char first[17];
        snprintf(first, sizeof first, "%016" PRIx64, hash64_of(span_of(ROWS[i].text)));
        assert_memory_equal(first, ROWS[i].hex, 16);
    }
}

static void hashing_in_pieces_equals_hashing_at_once(void **state)
{
    (void)state;
    char bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 31);
    }
    struct hash whole = hash_of((struct span){bytes, sizeof bytes});
    struct prng prng = prng_make(3);
    for (int round = 0; round < 200; round++) {
        struct hasher hasher;
        hasher_init(&hasher);
        for (size_t at = 0; at < sizeof bytes;) {
            size_t len = prng_below(&prng, sizeof bytes - at + 1);
            hasher_put(&hasher, (struct span){bytes + at, len});
            at += len;
        }
        struct hash pieces = hasher_end(&hasher);
        assert_memory_equal(pieces.bytes, whole.bytes, HASH_BYTES);
    }
}

static struct hash hash_of_fields(struct span a, struct span b)
{
    struct hasher hasher;
    hasher_init(&hasher);
    hasher_put_field(&hasher, a);
    hasher_put_field(&hasher, b);
    return hasher_end(&hasher);
}

static void fields_cannot_be_moved_into_one_another(void **state)
{
    (void)state;
    struct hash one = hash_of_fields(SPAN("ab"), SPAN("c"));
    struct hash other = hash_of_fields(SPAN("a"), SPAN("bc"));
    struct hash again = hash_of_fields(SPAN("ab"), SPAN("c"));
    assert_memory_not_equal(one.bytes, other.bytes, HASH_BYTES);
    assert_memory_equal(one.bytes, again.bytes, HASH_BYTES);

    /* A number is eight bytes, the least significant first; a field is its length as such, then
     * itself. */
    struct hasher hasher;
    hasher_init(&hasher);
    hasher_put_u64(&hasher, UINT64_C(0x0102030405060708));
    hasher_put_field(&hasher, SPAN("xyz"));
    struct hash made = hasher_end(&hasher);
    struct hash wanted = hash_of(SPAN("\x08\x07\x06\x05\x04\x03\x02\x01\x03\0\0\0\0\0\0\0xyz"));
    assert_memory_equal(made.bytes, wanted.bytes, HASH_BYTES);
}

static void the_fast_mix_does_not_depend_on_where_bytes_lie(void **state)
{
    (void)state;
    char bytes[8 + 100];
    for (size_t len = 0; len <= 100; len++) {
        uint64_t first = 0;
        for (size_t shift = 0; shift < 8; shift++) {
            memset(bytes, (int)(shift * 17 + 1), sizeof bytes); /* other neighbours each time */
            for (size_t i = 0; i < len; i++) {
                bytes[shift + i] = (char)(i * 7 + 3);
            }
            char *exact = malloc(len ? len : 1);
            assert_non_null(exact);
            memcpy(exact, bytes + shift, len);
            uint64_t mix = hash_mix((struct span){bytes + shift, len});
            assert_true(mix == hash_mix((struct span){exact, len}));
            assert_true(shift == 0 || mix == first);
            first = mix;
            free(exact);
        }
    }
    assert_true(hash_mix((struct span){0}) == hash_mix(SPAN("")));
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void the_fast_mix_tells_keys_apart_that_differ_by_one_bit(void **state)
{
    (void)state;
    /* All one-bit and two-bit changes of zeroed keys of every length up to 40. */
    enum { MOST = 40 };
    size_t count = 0;
    size_t capacity = 0;
    for (size_t len = 0; len <= MOST; len++) {
        capacity += 1 + 8 * len * (8 * len + 1) / 2;
    }
    uint64_t *mixes = calloc(capacity, sizeof *mixes);
    assert_non_null(mixes);
    for (size_t len = 0; len <= MOST; len++) {
        char key[MOST] = {0};
        mixes[count++] = hash_mix((struct span){key, len});
        for (size_t i = 0; i < 8 * len; i++) {
            for (size_t k = i; k < 8 * len; k++) {
                memset(key, 0, sizeof key);
                key[i / 8] = (char)(key[i / 8] ^ 1 << i % 8);
                if (k != i) {
                    key[k / 8] = (char)(key[k / 8] ^ 1 << k % 8);
                }
                mixes[count++] = hash_mix((struct span){key, len});
            }
        }
    }
    assert_int_equal(count, capacity);
    qsort(mixes, count, sizeof *mixes, compare_u64);
    for (size_t i = 1; i < count; i++) {
        assert_true(mixes[i - 1] != mixes[i]);
    }
    /* The low bits, which a table uses, spread: of 2^16 places none gets a multiple of its
     * share. */
    static uint32_t places[1 << 16];
    uint32_t fullest = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t filled = ++places[mixes[i] & 0xffff];
        fullest = filled > fullest ? filled : fullest;
    }
    print_message("mixes: %zu, all different; fullest of 65536 places %" PRIu32 ", mean %zu\n", count, fullest,
                  count >> 16);
    assert_true(fullest < 3 * (count >> 16));
    free(mixes);
}

/* ---- Seeded numbers ---- */

static void a_seed_gives_the_same_numbers_everywhere(void **state)
{
    (void)state;
    /* The state {1, 2, 3, 4} and its first results, as published with the generator. */
    struct prng prng = {{1, 2, 3, 4}};
    static const uint64_t WANTED[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    for (size_t i = 0; i < COUNT_OF(WANTED); i++) {
        assert_true(prng_next(&prng) == WANTED[i]);
    }
    /* The published results of splitmix64 for the seed 1234567. */
    prng = prng_make(1234567);
    assert_true(prng.s[0] == UINT64_C(6457827717110365317));
    assert_true(prng.s[1] == UINT64_C(3203168211198807973));
    assert_true(prng.s[2] == UINT64_C(9817491932198370423));
    assert_true(prng.s[3] == UINT64_C(4593380528125082431));
}

static void drawn_numbers_stay_in_range_and_reach_its_ends(void **state)
{
    (void)state;
    static const struct {
        int64_t low, high;
    } ROWS[] = {{0, 0}, {5, 5}, {-1, 1}, {-3, 4}, {INT64_MIN, INT64_MIN + 2}, {INT64_MAX - 2, INT64_MAX}};
    struct prng prng = prng_make(1);
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        size_t at_low = 0;
        size_t at_high = 0;
        for (int round = 0; round < 1000; round++) {
            int64_t value = prng_range(&prng, ROWS[i].low, ROWS[i].high);
            assert_true(value >= ROWS[i].low && value <= ROWS[i].high);
            at_low += value == ROWS[i].low;
            at_high += value == ROWS[i].high;
        }
        assert_true(at_low > 50 && at_high > 50);
    }
    size_t negative = 0;
    for (int round = 0; round < 1000; round++) {
        negative += prng_range(&prng, INT64_MIN, INT64_MAX) < 0;
        assert_int_equal(prng_below(&prng, 1), 0);
        assert_true(prng_below(&prng, UINT64_MAX) < UINT64_MAX);
        assert_true(prng_chance(&prng, 1));
    }
    assert_true(negative > 400 && negative < 600);
}

static void drawn_numbers_favour_none(void **state)
{
    (void)state;
    enum { SIDES = 6, ROLLS = 60000 };
    struct prng prng = prng_make(2);
    size_t counts[SIDES] = {0};
    size_t chances = 0;
    for (int i = 0; i < ROLLS; i++) {
        counts[prng_below(&prng, SIDES)]++;
        chances += (size_t)prng_chance(&prng, 10);
    }
    for (size_t i = 0; i < SIDES; i++) {
        assert_true(counts[i] > 9500 && counts[i] < 10500);
    }
    assert_true(chances > 5600 && chances < 6400);
    /* Under a bound of three quarters of the range four draws would share three results: without a
     * second draw those divisible by three would come twice as often as the others. */
    uint64_t bound = UINT64_C(3) << 62;
    size_t divisible = 0;
    for (int i = 0; i < ROLLS; i++) {
        divisible += prng_below(&prng, bound) % 3 == 0;
    }
    assert_true(divisible > 19400 && divisible < 20600);
}

static void draw_below_zero(void)
{
    struct prng prng = prng_make(1);
    prng_below(&prng, 0);
}
static void draw_from_an_empty_range(void)
{
    struct prng prng = prng_make(1);
    prng_range(&prng, 1, 0);
}

static void drawing_from_nothing_is_a_bug(void **state)
{
    (void)state;
    assert_true(is_a_bug(draw_below_zero));
    assert_true(is_a_bug(draw_from_an_empty_range));
}

/* ---- JSON ---- */

static void json_places_its_commas(void **state)
{
    (void)state;
    struct buf buf = buf_make(10000);
    struct json_out json = json_out_make(&buf);
    json_open_object(&json);
    json_key(&json, "empty");
    json_open_object(&json);
    json_close_object(&json);
    json_key(&json, "none");
    json_open_array(&json);
    json_close_array(&json);
    json_key(&json, "rows");
    json_open_array(&json);
    json_int(&json, 1);
    json_open_array(&json);
    json_bool(&json, true);
    json_bool(&json, false);
    json_null(&json);
    json_close_array(&json);
    json_open_object(&json);
    json_key(&json, "a");
    json_int(&json, -2);
    json_key(&json, "b");
    json_text(&json, SPAN("c"));
    json_close_object(&json);
    json_raw(&json, SPAN("{\"raw\":1}"));
    json_raw(&json, SPAN("2"));
    json_close_array(&json);
    json_key(&json, "last");
    json_text(&json, (struct span){0});
    json_close_object(&json);
    buf_put_char(&buf, '\0');
    assert_false(buf.failed);
    assert_string_equal(buf.ptr, "{\"empty\":{},\"none\":[],\"rows\":[1,[true,false,null],{\"a\":-2,\"b\":\"c\"},"
                                 "{\"raw\":1},2],\"last\":null}");
    buf_done(&buf);
}

static void json_text_is_escaped_where_it_must_be(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        const char *json;
    } ROWS[] = {
        {{"", 0}, "\"\""},
        {{NULL, 0}, "null"},
        {{"plain", 5}, "\"plain\""},
        {{"say \"hi\"", 8}, "\"say \\\"hi\\\"\""},
        {{"\"", 1}, "\"\\\"\""},
        {{"a\\b", 3}, "\"a\\\\b\""},
        {{"a\nb\rc\td", 7}, "\"a\\nb\\rc\\td\""},
        {{"\0\x01\x1f", 3}, "\"\\u0000\\u0001\\u001f\""},
        {{" \x7f/", 3}, "\" \x7f/\""},
        {{"caf\xc3\xa9 \xf0\x9f\x93\xa6", 10}, "\"caf\xc3\xa9 \xf0\x9f\x93\xa6\""},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct buf buf = buf_make(1000);
        struct json_out json = json_out_make(&buf);
        json_text(&json, ROWS[i].text);
        assert_true(span_eq(buf_span(&buf), span_of(ROWS[i].json)));
        buf_done(&buf);
    }
    struct buf buf = buf_make(1000);
    struct json_out json = json_out_make(&buf);
    json_open_object(&json);
    json_key(&json, "a\"b");
    json_null(&json);
    json_close_object(&json);
    assert_true(span_eq(buf_span(&buf), SPAN("{\"a\\\"b\":null}")));
    buf_done(&buf);
}

static void json_money_and_quantities_are_text_and_counts_are_numbers(void **state)
{
    (void)state;
    struct buf buf = buf_make(10000);
    struct json_out json = json_out_make(&buf);
    currency eur = currency_find(SPAN("EUR"));
    currency jpy = currency_find(SPAN("JPY"));
    currency kwd = currency_find(SPAN("KWD"));
    json_open_array(&json);
    json_amount(&json, 1200, eur);
    json_amount(&json, -5, eur);
    json_amount(&json, 1200, jpy);
    json_amount(&json, 1200, kwd);
    json_amount(&json, 0, eur);
    json_amount(&json, INT64_MIN, eur);
    json_micro(&json, 1500000);
    json_micro(&json, 3000000);
    json_micro(&json, -1);
    json_micro(&json, 0);
    json_int(&json, 0);
    json_int(&json, INT64_MAX);
    json_int(&json, INT64_MIN);
    json_day(&json, day_from_civil(2026, 1, 2));
    json_instant(&json, INT64_C(1767323045678901));
    json_close_array(&json);
    buf_put_char(&buf, '\0');
    assert_string_equal(buf.ptr, "[\"12.00\",\"-0.05\",\"1200\",\"1.200\",\"0.00\",\"-92233720368547758.08\","
                                 "\"1.5\",\"3\",\"-0.000001\",\"0\",0,9223372036854775807,"
                                 "-9223372036854775808,\"2026-01-02\",\"2026-01-02T03:04:05.678901Z\"]");
    buf_done(&buf);
}

static void put_raw_nothing(void)
{
    struct buf buf = buf_make(10);
    struct json_out json = json_out_make(&buf);
    json_raw(&json, SPAN(""));
}

static void raw_json_of_no_bytes_is_a_bug(void **state)
{
    (void)state;
    assert_true(is_a_bug(put_raw_nothing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_must_names_itself_and_ends_the_process_with_70),
        cmocka_unit_test(a_failure_has_a_text_an_exit_code_and_advice),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(currencies_have_the_exponents_of_iso_4217),
        cmocka_unit_test(what_is_no_currency_is_not_found),
        cmocka_unit_test(no_currency_has_no_exponent),
        cmocka_unit_test(the_hash_is_blake2b_with_256_bits),
        cmocka_unit_test(hashing_in_pieces_equals_hashing_at_once),
        cmocka_unit_test(fields_cannot_be_moved_into_one_another),
        cmocka_unit_test(the_fast_mix_does_not_depend_on_where_bytes_lie),
        cmocka_unit_test(the_fast_mix_tells_keys_apart_that_differ_by_one_bit),
        cmocka_unit_test(a_seed_gives_the_same_numbers_everywhere),
        cmocka_unit_test(drawn_numbers_stay_in_range_and_reach_its_ends),
        cmocka_unit_test(drawn_numbers_favour_none),
        cmocka_unit_test(drawing_from_nothing_is_a_bug),
        cmocka_unit_test(json_places_its_commas),
        cmocka_unit_test(json_text_is_escaped_where_it_must_be),
        cmocka_unit_test(json_money_and_quantities_are_text_and_counts_are_numbers),
        cmocka_unit_test(raw_json_of_no_bytes_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
