/* policy.c: the table behind policy.h. Names, values and defaults are those of docs/formats/policies.md; the value a
 * key holds lies in struct policy at the offset its row names, so no key needs code of its own. */
#include "order/policy.h"

#include "base/arena.h"
#include "base/must.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { DAYS_MAX = 3650 };

/*        key, place in struct policy, values, number of the first, default, help */
#define CHOICES(ROW)                                                                                                \
    ROW("framework", framework, VALUES("us_gaap", "ifrs"), 0, "us_gaap",                                            \
        "ifrs refuses lifo and reverses a write-down up to cost")                                                   \
    ROW("revenue_at", revenue_at, VALUES("shipment", "delivery", "payment"), 0, "shipment",                         \
        "when revenue and its cost of sales are recognised")                                                        \
    ROW("tax_point", tax_point, VALUES("revenue", "payment"), 0, "revenue",                                         \
        "when tax becomes payable: with the revenue, or as soon as money is captured")                              \
    ROW("cost_method", cost_method, VALUES("fifo", "average", "lifo", "standard", "specific"), COST_FIFO, "fifo",   \
        "how issues are costed; an item may name its own")                                                          \
    ROW("cost_scope", cost_scope, VALUES("location", "company"), 0, "location", "where a cost pool ends")           \
    ROW("return_cost", return_cost, VALUES("original", "current"), 0, "original",                                   \
        "what a sellable return is worth: the slices that left, or today's cost")                                   \
    ROW("returned_layer", returned_layer, VALUES("original", "last"), 0, "original",                                \
        "where a returned slice stands in its pool's queue")                                                        \
    ROW("shortage", shortage, VALUES("owed", "refuse"), 0, "owed", "what happens when more leaves than is held")    \
    ROW("backdated", backdated, VALUES("replay", "entry_order"), 0, "replay",                                       \
        "whether late documents are decided again in date order")                                                   \
    ROW("supplier_return", supplier_return, VALUES("original_layer", "oldest", "current"), 0, "original_layer",     \
        "which layer goes back to a supplier")                                                                      \
    ROW("price_difference", price_difference, VALUES("split", "account"), 0, "split",                               \
        "whether a late bill's difference follows the units or goes to one account")                                \
    ROW("true_up", true_up, VALUES("bill_date", "origin_if_open"), 0, "bill_date",                                  \
        "the date of a bill's difference on cost already recognised")                                               \
    ROW("fx_difference", fx_difference, VALUES("exchange_account", "stock"), 0, "exchange_account",                 \
        "where the exchange difference between receipt and bill goes")                                              \
    ROW("revenue_gross", revenue_gross, VALUES("gross", "net"), 0, "gross",                                         \
        "dropshipped goods: our own sale, or a commission")                                                         \
    ROW("breakage", breakage, VALUES("expiry", "none"), 0, "expiry", "whether an expired gift card becomes income") \
    ROW("returns_reserve", returns_reserve, VALUES("off", "rate"), 0, "off",                                        \
        "expected returns at the close, per channel")                                                               \
    ROW("posting", posting, VALUES("day", "payout", "document"), 0, "day", "what one entry in the books stands for")

/*        key, place in struct policy, decimal places, largest, default, help */
#define NUMBERS(ROW)                                                                                             \
    ROW("delivered_after", delivered_after_days, 0, DAYS_MAX, "0",                                               \
        "under revenue_at delivery: days after which goods count as delivered; 0 waits for proof")               \
    ROW("wait_days", wait_days, 0, DAYS_MAX, "30", "how many days a document waits before it counts as overdue") \
    ROW("rounding_limit", rounding_limit_micro, MICRO_PLACES, AMOUNT_MINOR_MAX, "0.05",                          \
        "how far a channel's total may differ from its lines, in the document's currency")

static const struct policy_key KEYS[] = {
#define ROW(key, place, values, first, otherwise, help) {key, values, first, otherwise, help},
    CHOICES(ROW)
#undef ROW
#define ROW(key, place, places, largest, otherwise, help) {key, NULL, 0, otherwise, help},
        NUMBERS(ROW)
#undef ROW
            {0},
};

/* Parallel to KEYS. */
static const struct place {
    size_t offset;
    int decimals;
    int64_t largest;
} PLACES[] = {
#define ROW(key, place, values, first, otherwise, help) {offsetof(struct policy, place), 0, 0},
    CHOICES(ROW)
#undef ROW
#define ROW(key, place, places, largest, otherwise, help) {offsetof(struct policy, place), places, largest},
        NUMBERS(ROW)
#undef ROW
};
_Static_assert(COUNT_OF(KEYS) == COUNT_OF(PLACES) + 1, "each key has its place");

static int *choice_at(struct policy *policy, size_t index)
{
    return (int *)(void *)((char *)policy + PLACES[index].offset);
}

static int64_t *number_at(struct policy *policy, size_t index)
{
    return (int64_t *)(void *)((char *)policy + PLACES[index].offset);
}

static size_t key_find(struct span name)
{
    size_t index = 0;
    while (KEYS[index].name != NULL && !span_eq(span_of(KEYS[index].name), name)) {
        index++;
    }
    return index;
}

static bool choice_find(const struct policy_key *key, struct span value, int *out_number)
{
    for (int i = 0; key->values[i] != NULL; i++) {
        if (span_eq(span_of(key->values[i]), value)) {
            *out_number = key->first_number + i;
            return true;
        }
    }
    return false;
}

static bool number_read(size_t index, struct span value, int64_t *out_number)
{
    return decimal_read(value, PLACES[index].decimals, out_number) == DECIMAL_OK && *out_number >= 0 &&
           *out_number <= PLACES[index].largest;
}

static bool value_set(struct policy *policy, size_t index, struct span value)
{
    if (KEYS[index].values != NULL) {
        return choice_find(&KEYS[index], value, choice_at(policy, index));
    }
    int64_t number = 0;
    if (!number_read(index, value, &number)) {
        return false;
    }
    *number_at(policy, index) = number;
    return true;
}

struct policy policy_default(void)
{
    struct policy policy = {0};
    for (size_t i = 0; KEYS[i].name != NULL; i++) {
        bool known = value_set(&policy, i, span_of(KEYS[i].default_value));
        must(known);
    }
    return policy;
}

const struct policy_key *policy_keys(void) { return KEYS; }

/* "a, b or c", of the keys or of one key's values. */
static struct span list_of(const char *(*name_at)(const void *, size_t), const void *from, struct arena *arena)
{
    struct span list = SPAN("");
    for (size_t i = 0; name_at(from, i) != NULL; i++) {
        const char *between = i == 0 ? "" : name_at(from, i + 1) != NULL ? ", " : " or ";
        list = arena_print(arena, "%.*s%s%s", SPAN_ARG(list), between, name_at(from, i));
    }
    return list;
}

static const char *key_name_at(const void *from, size_t index) { return ((const struct policy_key *)from)[index].name; }

static const char *value_name_at(const void *from, size_t index)
{
    return ((const struct policy_key *)from)->values[index];
}

static struct span allowed_values(size_t index, struct arena *arena)
{
    const struct policy_key *key = &KEYS[index];
    if (key->values != NULL) {
        struct span list = list_of(value_name_at, key, arena);
        return arena_print(arena, "%s is one of %.*s", key->name, SPAN_ARG(list));
    }
    char largest[24];
    decimal_write(PLACES[index].largest, PLACES[index].decimals, 0, largest);
    return arena_print(arena, "%s is a number from 0 to %s with at most %d decimals", key->name, largest,
                       PLACES[index].decimals);
}

bool policy_set(struct policy *policy, struct span key, struct span value, struct arena *arena, struct span *out_detail)
{
    size_t index = key_find(key);
    if (KEYS[index].name == NULL) {
        struct span list = list_of(key_name_at, KEYS, arena);
        *out_detail = arena_print(arena, "no such key; the keys are %.*s", SPAN_ARG(list));
        return false;
    }
    struct policy changed = *policy;
    if (!value_set(&changed, index, value)) {
        *out_detail = allowed_values(index, arena);
        return false;
    }
    if (changed.framework == FRAMEWORK_IFRS && changed.cost_method == COST_LIFO) {
        *out_detail = arena_copy(arena, SPAN("framework ifrs does not allow cost_method lifo"));
        return false;
    }
    *policy = changed;
    return true;
}

struct span policy_get(const struct policy *policy, struct span key, struct arena *arena)
{
    size_t index = key_find(key);
    if (KEYS[index].name == NULL) {
        return (struct span){0};
    }
    struct policy copy = *policy;
    if (KEYS[index].values == NULL) {
        char text[24];
        size_t len = decimal_write(*number_at(&copy, index), PLACES[index].decimals, 0, text);
        return arena_copy(arena, (struct span){text, len});
    }
    int number = *choice_at(&copy, index) - KEYS[index].first_number;
    must(number >= 0);
    return arena_copy(arena, span_of(KEYS[index].values[number]));
}
