/* currency.h: the currencies of ISO 4217 and how many decimals each has. Source: ISO 4217 list one, without
 * the entries that have no minor unit, and with the codes withdrawn since 2020. */
#ifndef TIEOUT_BASE_CURRENCY_H
#define TIEOUT_BASE_CURRENCY_H

#include "base/span.h"
#include <stdint.h>

/* 0 is no currency; otherwise the three letters packed (stable, so it may be stored). */
typedef uint32_t currency;

/* The currency named by a three-letter upper-case code, or 0 when ISO 4217 lists none. */
currency currency_find(struct span code);
int currency_exponent(currency c);
/* The three letters; `out` gets 4 bytes. */
const char *currency_code(currency c, char out[4]);

#endif
