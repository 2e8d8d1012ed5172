/* suggest.c: the nearest candidate by the number of letters to change, put in, take out or swap. */
#include "cli/internal.h"

#include <string.h>

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    size_t cost[WORD_MAX + 1][WORD_MAX + 1];
    if (la > WORD_MAX || lb > WORD_MAX)
        return SIZE_MAX;
    for (size_t i = 0; i <= la; i++) {
        for (size_t j = 0; j <= lb; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            size_t change = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            cost[i][j] = least(change, least(cost[i - 1][j], cost[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[la][lb];
}

const char *suggest(const char *word, const char *(*candidate)(void *context, size_t index), void *context)
{
    const char *best = NULL, *name = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; (name = candidate(context, i)) != NULL; i++) {
        size_t far = distance(word, name);
        bool begins = strlen(word) > 1 && strncmp(word, name, strlen(word)) == 0;
        if (begins)
            far = 0;
        if (far < best_distance) {
            best = name;
            best_distance = far;
        }
    }
    size_t allowed = strlen(word) < 4 ? 1 : strlen(word) < 8 ? 2 : 3;
    return best_distance <= allowed ? best : NULL;
}
