/* decimal.c: scaled integers as text, and the one rounding rule. Every product is tried in 64
 * bits first and falls back to 128; two 63-bit factors never overflow 127 bits. A result is
 * symmetric: its magnitude is at most 2^63 - 1, so its negative always exists. */
#include "base/decimal.h"

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

enum { PLACES_MAX = 18, AMOUNT_OF_PLACES = 2 * MICRO_PLACES };

static const int64_t POWER_OF_TEN[PLACES_MAX + 1] = {
    INT64_C(1),
    INT64_C(10),
    INT64_C(100),
    INT64_C(1000),
    INT64_C(10000),
    INT64_C(100000),
    INT64_C(1000000),
    INT64_C(10000000),
    INT64_C(100000000),
    INT64_C(1000000000),
    INT64_C(10000000000),
    INT64_C(100000000000),
    INT64_C(1000000000000),
    INT64_C(10000000000000),
    INT64_C(100000000000000),
    INT64_C(1000000000000000),
    INT64_C(10000000000000000),
    INT64_C(100000000000000000),
    INT64_C(1000000000000000000),
};

static inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Appends a digit; sets *overflow, which the caller looks at once at the end. */
static inline int64_t with_digit(int64_t value, char digit, bool *overflow)
{
    *overflow |= __builtin_mul_overflow(value, 10, &value);
    *overflow |= __builtin_add_overflow(value, digit - '0', &value);
    return value;
}

enum decimal_outcome decimal_read(struct span text, int places, int64_t *out_scaled)
{
    must(places >= 0 && places <= PLACES_MAX);
    const char *at = text.ptr;
    const char *end = at ? at + text.len : at;
    bool negative = at != end && *at == '-';
    bool overflow = false;
    bool too_fine = false;
    int64_t value = 0;
    at += negative;

    const char *whole = at;
    for (; at != end && is_digit(*at); at++) {
        value = with_digit(value, *at, &overflow);
    }
    if (at == whole) {
        return DECIMAL_MALFORMED;
    }
    int missing = places;
    if (at != end && *at == '.') {
        const char *fraction = ++at;
        for (; at != end && is_digit(*at); at++) {
            if (missing > 0) {
                value = with_digit(value, *at, &overflow);
                missing--;
            } else {
                too_fine |= *at != '0';
            }
        }
        if (at == fraction) {
            return DECIMAL_MALFORMED;
        }
    }
    if (at != end) {
        return DECIMAL_MALFORMED;
    }
    if (too_fine) {
        return DECIMAL_TOO_FINE;
    }
    if (overflow || __builtin_mul_overflow(value, POWER_OF_TEN[missing], &value)) {
        return DECIMAL_OVERFLOW;
    }
    *out_scaled = negative ? -value : value;
    return DECIMAL_OK;
}

size_t decimal_write(int64_t scaled, int places, int min_places, char out_text[24])
{
    must(places >= 0 && places <= PLACES_MAX);
    must(min_places >= 0 && min_places <= places);
    uint64_t magnitude = scaled < 0 ? 0 - (uint64_t)scaled : (uint64_t)scaled;
    while (places > min_places && magnitude % 10 == 0) {
        magnitude /= 10;
        places--;
    }
    /* Digits come out last first; at least one stands before the point. */
    char reversed[24];
    size_t count = 0;
    for (int written = 0; magnitude > 0 || written <= places; written++) {
        if (written == places && places > 0) {
            reversed[count++] = '.';
        }
        reversed[count++] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    }
    size_t len = 0;
    if (scaled < 0) {
        out_text[len++] = '-';
    }
    while (count > 0) {
        out_text[len++] = reversed[--count];
    }
    out_text[len] = '\0';
    return len;
}

static bool mul_div_wide(int64_t a, int64_t b, int64_t c, int64_t *out)
{
    int128 product = (int128)a * b;
    int128 quotient = product / c;
    int64_t rest = (int64_t)(product % c);
    int64_t distance = rest < 0 ? -rest : rest;
    if (distance >= c - distance) {
        quotient += product < 0 ? -1 : 1;
    }
    if (quotient > INT64_MAX || quotient < -INT64_MAX) {
        return false;
    }
    *out = (int64_t)quotient;
    return true;
}

bool mul_div(int64_t a, int64_t b, int64_t c, int64_t *out)
{
    must(c > 0);
    int64_t product = 0;
    if (__builtin_expect(__builtin_mul_overflow(a, b, &product), 0)) {
        return mul_div_wide(a, b, c, out);
    }
    int64_t quotient = product / c;
    int64_t rest = product % c;
    /* Compared as |rest| >= c - |rest|, because twice the rest may not fit. */
    int64_t distance = rest < 0 ? -rest : rest;
    if (distance >= c - distance) {
        quotient += product < 0 ? -1 : 1;
    }
    if (quotient == INT64_MIN) {
        return false;
    }
    *out = quotient;
    return true;
}

bool amount_of(int64_t qty_micro, int64_t unit_micro, int exponent, int64_t *out_minor)
{
    must(exponent >= 0 && exponent <= AMOUNT_OF_PLACES);
    return mul_div(qty_micro, unit_micro, POWER_OF_TEN[AMOUNT_OF_PLACES - exponent], out_minor);
}

bool amount_at_rate(int64_t amount_minor, int from_exponent, int64_t rate_e10, int to_exponent, int64_t *out_minor)
{
    int places = RATE_PLACES + from_exponent - to_exponent;
    must(places >= 0 && places <= PLACES_MAX);
    return mul_div(amount_minor, rate_e10, POWER_OF_TEN[places], out_minor);
}

int64_t partial_draw(int64_t value_left, int64_t qty, int64_t qty_left)
{
    must(qty > 0);
    must(qty <= qty_left);
    if (qty == qty_left) {
        return value_left;
    }
    int64_t share = 0;
    bool fits = mul_div(value_left, qty, qty_left, &share);
    must(fits); /* a share is never larger than the whole */
    return share;
}

/* What split_by_weight works on: magnitudes only, so that no share has the other sign. */
struct split {
    uint64_t total;
    uint128 weight_sum;
    const int64_t *weights;
    size_t count;
    int64_t *parts; /* while splitting: the whole shares, as bits of a uint64_t */
};

static uint64_t weight_at(const struct split *split, size_t index)
{
    return split->weights ? (uint64_t)split->weights[index] : 1;
}

/* What the whole share of `index` left over, in units of 1 / weight_sum. */
static uint128 remainder_at(const struct split *split, size_t index)
{
    uint64_t whole = (uint64_t)split->parts[index];
    return (uint128)split->total * weight_at(split, index) - whole * split->weight_sum;
}

static size_t count_above(const struct split *split, const uint128 *remainders, uint128 limit)
{
    size_t above = 0;
    for (size_t i = 0; i < split->count; i++) {
        above += (remainders ? remainders[i] : remainder_at(split, i)) > limit;
    }
    return above;
}

/* Gives one more unit to each of the `units` largest remainders, the first among equals. The
 * limit that separates them is found by halving, so that no memory is needed however many parts
 * there are; the usual few remainders are kept at hand. */
static void hand_out(struct split *split, size_t units)
{
    enum { AT_HAND = 32 };
    uint128 few[AT_HAND];
    const uint128 *remainders = split->count <= AT_HAND ? few : NULL;
    uint128 largest = 0;
    for (size_t i = 0; i < split->count; i++) {
        uint128 rest = remainder_at(split, i);
        largest = rest > largest ? rest : largest;
        if (remainders) {
            few[i] = rest;
        }
    }
    /* The least limit with at most `units` remainders above it: low fails, high holds. */
    uint128 high = largest;
    for (uint128 low = 0; low < high;) {
        uint128 middle = low + (high - low) / 2;
        if (count_above(split, remainders, middle) <= units) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    size_t at_limit = units - count_above(split, remainders, high);
    for (size_t i = 0; i < split->count; i++) {
        uint128 rest = remainders ? few[i] : remainder_at(split, i);
        bool takes = rest > high || (rest == high && at_limit > 0);
        at_limit -= takes && rest == high;
        split->parts[i] = (int64_t)((uint64_t)split->parts[i] + takes);
    }
}

void split_by_weight(int64_t total, const int64_t *weights, size_t count, int64_t *out_parts)
{
    must(count > 0 || total == 0);
    struct split split = {
        .total = total < 0 ? 0 - (uint64_t)total : (uint64_t)total,
        .weights = weights,
        .count = count,
        .parts = out_parts,
    };
    for (size_t i = 0; i < count; i++) {
        must(weights[i] >= 0);
        split.weight_sum += (uint64_t)weights[i];
    }
    if (split.weight_sum == 0) {
        split.weights = NULL;
        split.weight_sum = count;
    }
    uint64_t left = split.total;
    for (size_t i = 0; i < count; i++) {
        uint64_t share = (uint64_t)((uint128)split.total * weight_at(&split, i) / split.weight_sum);
        out_parts[i] = (int64_t)share;
        left -= share;
    }
    if (left > 0) {
        hand_out(&split, (size_t)left);
    }
    for (size_t i = 0; total < 0 && i < count; i++) {
        out_parts[i] = (int64_t)(0 - (uint64_t)out_parts[i]);
    }
}
