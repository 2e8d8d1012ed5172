/* merchant.c: the demo merchant: writes a believable year of canonical documents, the same for the same seed. */
#include "shop.h"

#include "base/must.h"
#include <stdlib.h>

static const char USAGE[] =
    "usage: merchant [--orders N] [--seed S] [--months M] [--clean]\n"
    "       merchant --plain N [--items K] [--seed S]\n"
    "Writes canonical documents, one a line, to standard output; the same for the same options.\n"
    "  --orders N   so many orders (2000)\n"
    "  --months M   from January 2025 on (12)\n"
    "  --seed S     another seed, another merchant (1)\n"
    "  --clean      without the lines that are wrong and the documents that wait for ever\n"
    "  --plain N    the growth workload: N orders of three lines, each shipped whole, nothing odd\n"
    "  --items K    it sells K items (200)\n";

enum { EXIT_USAGE = 2 };

struct choice {
    const char *name;
    int64_t least, most, value;
};
enum { ORDERS, SEED, MONTHS, PLAIN, ITEMS, CHOICE_COUNT };

static _Noreturn void usage(FILE *out, int code)
{
    fputs(USAGE, out);
    exit(code);
}

static int64_t number_of(const struct choice *choice, const char *text)
{
    int64_t value = 0;
    bool is_number = text != NULL && decimal_read(span_of(text), 0, &value) == DECIMAL_OK;
    if (!is_number || value < choice->least || value > choice->most) {
        fprintf(stderr, "merchant: %s needs a whole number from %lld to %lld\n", choice->name, (long long)choice->least,
                (long long)choice->most);
        exit(EXIT_USAGE);
    }
    return value;
}

static void read_options(int argc, char **argv, struct choice choices[CHOICE_COUNT], bool *out_clean)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout, 0);
        }
        if (strcmp(argv[i], "--clean") == 0) {
            *out_clean = true;
            continue;
        }
        int at = 0;
        while (at < CHOICE_COUNT && strcmp(argv[i], choices[at].name) != 0) {
            at++;
        }
        if (at == CHOICE_COUNT) {
            usage(stderr, EXIT_USAGE);
        }
        choices[at].value = number_of(&choices[at], argv[i + 1]);
        i++;
    }
}

int main(int argc, char **argv)
{
    struct choice choices[CHOICE_COUNT] = {
        [ORDERS] = {"--orders", 1, 100000000, 2000},
        [SEED] = {"--seed", 0, INT64_MAX, 1},
        [MONTHS] = {"--months", 1, 120, 12},
        [PLAIN] = {"--plain", 1, 100000000, 0},
        [ITEMS] = {"--items", PLAIN_ITEMS_LEAST, 9999, 200},
    };
    bool is_clean = false;
    read_options(argc, argv, choices, &is_clean);
    /* Too large for the stack of some machines. */
    static struct shop shop;
    shop.orders = choices[ORDERS].value;
    shop.seed = (uint64_t)choices[SEED].value;
    shop.months = (int)choices[MONTHS].value;
    shop.clean = is_clean;
    shop.pile = pile_make(stdout);
    if (choices[PLAIN].value > 0) {
        plain_write(&shop.pile, choices[PLAIN].value, choices[ITEMS].value, shop.seed);
    } else {
        shop_run(&shop);
    }
    if (!pile_done(&shop.pile)) {
        fputs("merchant: the output could not be written\n", stderr);
        return 1;
    }
    return 0;
}
