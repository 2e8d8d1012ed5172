/* currency.c: ISO 4217 list one as of 2026, sorted by code. Left out are the entries without
 * a minor unit (metals, bond units, XDR, XSU, XUA, XTS, XXX): no amount can be kept in them. Codes
 * withdrawn since 2020 stay (ANG, BGN, CUC, HRK, SLL, ZWL), because books reach further back. */
#include "base/currency.h"

#include "base/must.h"

#define CODE(a, b, c) ((currency)(a) << 16 | (currency)(b) << 8 | (currency)(c))

static const struct {
    currency code;
    int exponent;
} CURRENCIES[] = {
    {CODE('A', 'E', 'D'), 2}, {CODE('A', 'F', 'N'), 2}, {CODE('A', 'L', 'L'), 2}, {CODE('A', 'M', 'D'), 2},
    {CODE('A', 'N', 'G'), 2}, {CODE('A', 'O', 'A'), 2}, {CODE('A', 'R', 'S'), 2}, {CODE('A', 'U', 'D'), 2},
    {CODE('A', 'W', 'G'), 2}, {CODE('A', 'Z', 'N'), 2}, {CODE('B', 'A', 'M'), 2}, {CODE('B', 'B', 'D'), 2},
    {CODE('B', 'D', 'T'), 2}, {CODE('B', 'G', 'N'), 2}, {CODE('B', 'H', 'D'), 3}, {CODE('B', 'I', 'F'), 0},
    {CODE('B', 'M', 'D'), 2}, {CODE('B', 'N', 'D'), 2}, {CODE('B', 'O', 'B'), 2}, {CODE('B', 'O', 'V'), 2},
    {CODE('B', 'R', 'L'), 2}, {CODE('B', 'S', 'D'), 2}, {CODE('B', 'T', 'N'), 2}, {CODE('B', 'W', 'P'), 2},
    {CODE('B', 'Y', 'N'), 2}, {CODE('B', 'Z', 'D'), 2}, {CODE('C', 'A', 'D'), 2}, {CODE('C', 'D', 'F'), 2},
    {CODE('C', 'H', 'E'), 2}, {CODE('C', 'H', 'F'), 2}, {CODE('C', 'H', 'W'), 2}, {CODE('C', 'L', 'F'), 4},
    {CODE('C', 'L', 'P'), 0}, {CODE('C', 'N', 'Y'), 2}, {CODE('C', 'O', 'P'), 2}, {CODE('C', 'O', 'U'), 2},
    {CODE('C', 'R', 'C'), 2}, {CODE('C', 'U', 'C'), 2}, {CODE('C', 'U', 'P'), 2}, {CODE('C', 'V', 'E'), 2},
    {CODE('C', 'Z', 'K'), 2}, {CODE('D', 'J', 'F'), 0}, {CODE('D', 'K', 'K'), 2}, {CODE('D', 'O', 'P'), 2},
    {CODE('D', 'Z', 'D'), 2}, {CODE('E', 'G', 'P'), 2}, {CODE('E', 'R', 'N'), 2}, {CODE('E', 'T', 'B'), 2},
    {CODE('E', 'U', 'R'), 2}, {CODE('F', 'J', 'D'), 2}, {CODE('F', 'K', 'P'), 2}, {CODE('G', 'B', 'P'), 2},
    {CODE('G', 'E', 'L'), 2}, {CODE('G', 'H', 'S'), 2}, {CODE('G', 'I', 'P'), 2}, {CODE('G', 'M', 'D'), 2},
    {CODE('G', 'N', 'F'), 0}, {CODE('G', 'T', 'Q'), 2}, {CODE('G', 'Y', 'D'), 2}, {CODE('H', 'K', 'D'), 2},
    {CODE('H', 'N', 'L'), 2}, {CODE('H', 'R', 'K'), 2}, {CODE('H', 'T', 'G'), 2}, {CODE('H', 'U', 'F'), 2},
    {CODE('I', 'D', 'R'), 2}, {CODE('I', 'L', 'S'), 2}, {CODE('I', 'N', 'R'), 2}, {CODE('I', 'Q', 'D'), 3},
    {CODE('I', 'R', 'R'), 2}, {CODE('I', 'S', 'K'), 0}, {CODE('J', 'M', 'D'), 2}, {CODE('J', 'O', 'D'), 3},
    {CODE('J', 'P', 'Y'), 0}, {CODE('K', 'E', 'S'), 2}, {CODE('K', 'G', 'S'), 2}, {CODE('K', 'H', 'R'), 2},
    {CODE('K', 'M', 'F'), 0}, {CODE('K', 'P', 'W'), 2}, {CODE('K', 'R', 'W'), 0}, {CODE('K', 'W', 'D'), 3},
    {CODE('K', 'Y', 'D'), 2}, {CODE('K', 'Z', 'T'), 2}, {CODE('L', 'A', 'K'), 2}, {CODE('L', 'B', 'P'), 2},
    {CODE('L', 'K', 'R'), 2}, {CODE('L', 'R', 'D'), 2}, {CODE('L', 'S', 'L'), 2}, {CODE('L', 'Y', 'D'), 3},
    {CODE('M', 'A', 'D'), 2}, {CODE('M', 'D', 'L'), 2}, {CODE('M', 'G', 'A'), 2}, {CODE('M', 'K', 'D'), 2},
    {CODE('M', 'M', 'K'), 2}, {CODE('M', 'N', 'T'), 2}, {CODE('M', 'O', 'P'), 2}, {CODE('M', 'R', 'U'), 2},
    {CODE('M', 'U', 'R'), 2}, {CODE('M', 'V', 'R'), 2}, {CODE('M', 'W', 'K'), 2}, {CODE('M', 'X', 'N'), 2},
    {CODE('M', 'X', 'V'), 2}, {CODE('M', 'Y', 'R'), 2}, {CODE('M', 'Z', 'N'), 2}, {CODE('N', 'A', 'D'), 2},
    {CODE('N', 'G', 'N'), 2}, {CODE('N', 'I', 'O'), 2}, {CODE('N', 'O', 'K'), 2}, {CODE('N', 'P', 'R'), 2},
    {CODE('N', 'Z', 'D'), 2}, {CODE('O', 'M', 'R'), 3}, {CODE('P', 'A', 'B'), 2}, {CODE('P', 'E', 'N'), 2},
    {CODE('P', 'G', 'K'), 2}, {CODE('P', 'H', 'P'), 2}, {CODE('P', 'K', 'R'), 2}, {CODE('P', 'L', 'N'), 2},
    {CODE('P', 'Y', 'G'), 0}, {CODE('Q', 'A', 'R'), 2}, {CODE('R', 'O', 'N'), 2}, {CODE('R', 'S', 'D'), 2},
    {CODE('R', 'U', 'B'), 2}, {CODE('R', 'W', 'F'), 0}, {CODE('S', 'A', 'R'), 2}, {CODE('S', 'B', 'D'), 2},
    {CODE('S', 'C', 'R'), 2}, {CODE('S', 'D', 'G'), 2}, {CODE('S', 'E', 'K'), 2}, {CODE('S', 'G', 'D'), 2},
    {CODE('S', 'H', 'P'), 2}, {CODE('S', 'L', 'E'), 2}, {CODE('S', 'L', 'L'), 2}, {CODE('S', 'O', 'S'), 2},
    {CODE('S', 'R', 'D'), 2}, {CODE('S', 'S', 'P'), 2}, {CODE('S', 'T', 'N'), 2}, {CODE('S', 'V', 'C'), 2},
    {CODE('S', 'Y', 'P'), 2}, {CODE('S', 'Z', 'L'), 2}, {CODE('T', 'H', 'B'), 2}, {CODE('T', 'J', 'S'), 2},
    {CODE('T', 'M', 'T'), 2}, {CODE('T', 'N', 'D'), 3}, {CODE('T', 'O', 'P'), 2}, {CODE('T', 'R', 'Y'), 2},
    {CODE('T', 'T', 'D'), 2}, {CODE('T', 'W', 'D'), 2}, {CODE('T', 'Z', 'S'), 2}, {CODE('U', 'A', 'H'), 2},
    {CODE('U', 'G', 'X'), 0}, {CODE('U', 'S', 'D'), 2}, {CODE('U', 'S', 'N'), 2}, {CODE('U', 'Y', 'I'), 0},
    {CODE('U', 'Y', 'U'), 2}, {CODE('U', 'Y', 'W'), 4}, {CODE('U', 'Z', 'S'), 2}, {CODE('V', 'E', 'D'), 2},
    {CODE('V', 'E', 'S'), 2}, {CODE('V', 'N', 'D'), 0}, {CODE('V', 'U', 'V'), 0}, {CODE('W', 'S', 'T'), 2},
    {CODE('X', 'A', 'D'), 2}, {CODE('X', 'A', 'F'), 0}, {CODE('X', 'C', 'D'), 2}, {CODE('X', 'C', 'G'), 2},
    {CODE('X', 'O', 'F'), 0}, {CODE('X', 'P', 'F'), 0}, {CODE('Y', 'E', 'R'), 2}, {CODE('Z', 'A', 'R'), 2},
    {CODE('Z', 'M', 'W'), 2}, {CODE('Z', 'W', 'G'), 2}, {CODE('Z', 'W', 'L'), 2},
};

/* The place of `code` in the table, or -1. */
static int place_of(currency code)
{
    int low = 0;
    int high = (int)(sizeof CURRENCIES / sizeof CURRENCIES[0]) - 1;
    while (low <= high) {
        int middle = (low + high) / 2;
        if (CURRENCIES[middle].code == code) {
            return middle;
        }
        if (CURRENCIES[middle].code < code) {
            low = middle + 1;
        } else {
            high = middle - 1;
        }
    }
    return -1;
}

currency currency_find(struct span code)
{
    if (code.len != 3) {
        return 0;
    }
    const unsigned char *letters = (const unsigned char *)code.ptr;
    currency c = CODE(letters[0], letters[1], letters[2]);
    return place_of(c) < 0 ? 0 : c;
}

int currency_exponent(currency c)
{
    int place = place_of(c);
    must(place >= 0);
    return CURRENCIES[place].exponent;
}

const char *currency_code(currency c, char out[4])
{
    must(place_of(c) >= 0);
    out[0] = (char)(c >> 16);
    out[1] = (char)(c >> 8 & 0xff);
    out[2] = (char)(c & 0xff);
    out[3] = '\0';
    return out;
}
