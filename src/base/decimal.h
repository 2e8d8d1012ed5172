/* decimal.h: exact decimals as scaled 64-bit integers, and every rounding the engine may do.
 *
 * amount_minor  minor units of a currency (its exponent from currency.h)
 * *_micro       millionths: quantities, unit prices, unit costs
 * rate_e10      units of the company's currency for one foreign unit, ten decimal places
 * Rounding is half up away from zero and happens once (shared decision "Numbers"). A result fits 63 bits when
 * its magnitude is at most 2^63 - 1, so that its negative exists too. */
#ifndef TIEOUT_BASE_DECIMAL_H
#define TIEOUT_BASE_DECIMAL_H

#include "base/arena.h"
#include "base/span.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MICRO_PLACES = 6, RATE_PLACES = 10 };
#define MICRO INT64_C(1000000)
/* No single amount or quantity that is read may exceed these; sums of a few thousand such still fit. */
#define AMOUNT_MINOR_MAX INT64_C(900000000000000)
#define QTY_MICRO_MAX INT64_C(900000000000000)

enum decimal_outcome {
    DECIMAL_OK,
    DECIMAL_MALFORMED, /* not [-]digits[.digits]; exponents, spaces, plus signs and bare points are malformed */
    DECIMAL_TOO_FINE,  /* a non-zero digit beyond `places` */
    DECIMAL_OVERFLOW,  /* does not fit 63 bits */
};

/* Reads `text` as an integer scaled by 10^places. Trailing zeros beyond `places` are accepted. */
NODISCARD enum decimal_outcome decimal_read(struct span text, int places, int64_t *out_scaled);
/* Writes the shortest form with at least `min_places` and at most `places` decimals: no trailing zeros
 * beyond min_places. Room for 24 bytes; returns the length; NUL-terminated. */
size_t decimal_write(int64_t scaled, int places, int min_places, char out_text[24]);

/* a × b ÷ c rounded half up away from zero; c > 0. False when the result does not fit 63 bits. */
NODISCARD bool mul_div(int64_t a, int64_t b, int64_t c, int64_t *out);
/* The amount of `qty_micro` units at `unit_micro` each in a currency of `exponent` decimals. */
NODISCARD bool amount_of(int64_t qty_micro, int64_t unit_micro, int exponent, int64_t *out_minor);
/* `amount_minor` of a currency with from_exponent at rate_e10, in one with to_exponent; rounded once. */
NODISCARD bool amount_at_rate(int64_t amount_minor, int from_exponent, int64_t rate_e10, int to_exponent,
                              int64_t *out_minor);

/* A partial draw: the share of `value_left` that `qty` of `qty_left` takes, 0 < qty <= qty_left.
 * Half up away from zero; the draw that empties takes all that is left (accounting.md). */
int64_t partial_draw(int64_t value_left, int64_t qty, int64_t qty_left);
/* Splits `total` over weights[0..count) so that the parts sum to it: largest remainder, ties to the
 * first, no share of the other sign. Weights are not negative; all zero means equal weights. */
void split_by_weight(int64_t total, const int64_t *weights, size_t count, int64_t *out_parts);

#endif
