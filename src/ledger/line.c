/* line.c: lists of journal lines; see line.h. */
#include "ledger/line.h"

#include <stdlib.h>

struct lines lines_make(struct arena *arena) { return (struct lines){.arena = arena}; }

void lines_add(struct lines *lines, struct line line)
{
    if (line.amount_minor == 0 && line.original_minor == 0)
        return;
    must(line.role > ROLE_NONE && line.role < ROLE_LIMIT);
    if (lines->count == lines->room) {
        size_t room = lines->room ? lines->room * 2 : 8;
        struct line *grown = ARENA_ARRAY(lines->arena, struct line, room);
        if (grown == NULL) {
            lines->overflow = true;
            return;
        }
        if (lines->count > 0)
            memcpy(grown, lines->at, lines->count * sizeof *grown);
        lines->at = grown;
        lines->room = room;
    }
    lines->at[lines->count++] = line;
}

void lines_subtract(struct lines *lines, struct line line)
{
    line.amount_minor = -line.amount_minor;
    line.original_minor = -line.original_minor;
    lines_add(lines, line);
}

int line_compare(const struct line *a, const struct line *b)
{
    if (a->role != b->role)
        return a->role < b->role ? -1 : 1;
    const struct span left[] = {a->sku, a->channel, a->location, a->order, a->order_line, a->party, a->tag};
    const struct span right[] = {b->sku, b->channel, b->location, b->order, b->order_line, b->party, b->tag};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        int order = span_cmp(left[i], right[i]);
        if (order != 0)
            return order;
    }
    if (a->original_currency != b->original_currency)
        return a->original_currency < b->original_currency ? -1 : 1;
    return 0;
}

bool line_same_place(const struct line *a, const struct line *b) { return line_compare(a, b) == 0; }

static int compare_for_sort(const void *a, const void *b)
{
    return line_compare((const struct line *)a, (const struct line *)b);
}

void lines_settle(struct lines *lines)
{
    if (lines->count > 1)
        qsort(lines->at, lines->count, sizeof lines->at[0], compare_for_sort);
    size_t kept = 0;
    for (size_t i = 0; i < lines->count;) {
        struct line sum = lines->at[i++];
        for (; i < lines->count && line_same_place(&sum, &lines->at[i]); i++) {
            if (__builtin_add_overflow(sum.amount_minor, lines->at[i].amount_minor, &sum.amount_minor) ||
                __builtin_add_overflow(sum.original_minor, lines->at[i].original_minor, &sum.original_minor))
                lines->overflow = true;
        }
        if (sum.amount_minor != 0 || sum.original_minor != 0)
            lines->at[kept++] = sum;
    }
    lines->count = kept;
}

bool lines_balance(const struct lines *lines)
{
    __extension__ __int128 sum = 0;
    __extension__ __int128 original = 0;
    bool one_currency = lines->count > 0;
    for (size_t i = 0; i < lines->count; i++) {
        sum += lines->at[i].amount_minor;
        original += lines->at[i].original_minor;
        if (lines->at[i].original_currency == 0 || lines->at[i].original_currency != lines->at[0].original_currency)
            one_currency = false;
    }
    return sum == 0 && (!one_currency || original == 0);
}
