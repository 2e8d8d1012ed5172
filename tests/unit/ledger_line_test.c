/* ledger_line_test.c: lists of journal lines, and the table of roles against the page that publishes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/line.h"
#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_make(16 * 1024 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

/* Lines in the order in which line_compare puts them: each differs from the one before in one member only. */
static const struct line ordered[] = {
    {.role = ROLE_INVENTORY},
    {.role = ROLE_INVENTORY, .original_currency = 1},
    {.role = ROLE_INVENTORY, .original_currency = 2},
    {.role = ROLE_INVENTORY, .tag = {"t", 1}},
    {.role = ROLE_INVENTORY, .tag = {"ta", 2}},
    {.role = ROLE_INVENTORY, .party = {"p", 1}},
    {.role = ROLE_INVENTORY, .order_line = {"1", 1}},
    {.role = ROLE_INVENTORY, .order = {"o", 1}},
    {.role = ROLE_INVENTORY, .location = {"l", 1}},
    {.role = ROLE_INVENTORY, .channel = {"c", 1}},
    {.role = ROLE_INVENTORY, .sku = {"a", 1}},
    {.role = ROLE_INVENTORY, .sku = {"b", 1}},
    {.role = ROLE_INVENTORY_OWED},
    {.role = ROLE_COGS},
};

static void lines_have_one_order(void **state)
{
    (void)state;
    for (size_t a = 0; a < COUNT_OF(ordered); a++)
        for (size_t b = 0; b < COUNT_OF(ordered); b++) {
            int found = line_compare(&ordered[a], &ordered[b]);
            if ((a < b && found >= 0) || (a > b && found <= 0) || (a == b && found != 0))
                fail_msg("lines %zu and %zu compare as %d", a, b, found);
            assert_int_equal(line_same_place(&ordered[a], &ordered[b]), a == b);
        }
}

static void settling_sorts_merges_and_drops_what_came_to_nothing(void **state)
{
    (void)state;
    struct lines lines = lines_make(&arena);
    for (size_t round = 0; round < 3; round++)
        for (size_t i = COUNT_OF(ordered); i-- > 0;) {
            struct line line = ordered[i];
            line.amount_minor = (int64_t)i + 1;
            line.original_minor = 2 * ((int64_t)i + 1);
            lines_add(&lines, line);
        }
    assert_int_equal(lines.count, 3 * COUNT_OF(ordered));
    struct line taken = ordered[4];
    taken.amount_minor = 15;
    taken.original_minor = 30;
    lines_subtract(&lines, taken);
    lines_settle(&lines);
    assert_false(lines.overflow);
    assert_int_equal(lines.count, COUNT_OF(ordered) - 1);
    for (size_t i = 0; i < lines.count; i++) {
        size_t which = i < 4 ? i : i + 1;
        assert_true(line_same_place(&lines.at[i], &ordered[which]));
        assert_int_equal(lines.at[i].amount_minor, 3 * ((int64_t)which + 1));
        assert_int_equal(lines.at[i].original_minor, 6 * ((int64_t)which + 1));
    }
}

static void a_line_stays_while_one_of_its_amounts_does(void **state)
{
    (void)state;
    static const struct {
        int64_t first, first_original, second, second_original;
        size_t added, kept;
    } rows[] = {
        {0, 0, 0, 0, 0, 0},   {5, 0, -5, 0, 2, 0}, {5, 7, -5, -7, 2, 0}, {5, 7, -5, -6, 2, 1},
        {5, 7, -4, -7, 2, 1}, {0, 7, 0, 0, 1, 1},  {1, 0, 0, 0, 1, 1},   {0, 7, 0, -7, 2, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct lines lines = lines_make(&arena);
        lines_add(&lines, (struct line){.role = ROLE_COGS,
                                        .amount_minor = rows[i].first,
                                        .original_currency = 3,
                                        .original_minor = rows[i].first_original});
        lines_add(&lines, (struct line){.role = ROLE_COGS,
                                        .amount_minor = rows[i].second,
                                        .original_currency = 3,
                                        .original_minor = rows[i].second_original});
        assert_int_equal(lines.count, rows[i].added);
        lines_settle(&lines);
        assert_int_equal(lines.count, rows[i].kept);
    }
}

static void a_sum_that_leaves_63_bits_is_told(void **state)
{
    (void)state;
    for (int original = 0; original < 2; original++)
        for (int over = 0; over < 2; over++) {
            struct lines lines = lines_make(&arena);
            struct line line = {.role = ROLE_COGS, .amount_minor = 1, .original_minor = 1};
            int64_t *amount = original ? &line.original_minor : &line.amount_minor;
            *amount = INT64_MAX - 1;
            lines_add(&lines, line);
            *amount = 1 + over;
            lines_add(&lines, line);
            lines_settle(&lines);
            assert_int_equal(lines.overflow, over);
        }
}

/* J-1 */
static void entries_balance_in_the_companys_currency_and_in_their_own(void **state)
{
    (void)state;
    static const struct {
        struct {
            int64_t amount_minor;
            currency original;
            int64_t original_minor;
        } lines[3];
        size_t count;
        bool balances;
    } rows[] = {
        {{{0, 0, 0}}, 0, true},
        {{{5, 0, 0}, {-5, 0, 0}}, 2, true},
        {{{5, 0, 0}, {-4, 0, 0}}, 2, false},
        {{{5, 3, 7}, {-5, 3, -7}}, 2, true},
        {{{5, 3, 7}, {-5, 3, -6}}, 2, false},
        {{{5, 3, 7}, {-4, 3, -7}}, 2, false},
        {{{5, 3, 7}, {-5, 4, -6}}, 2, true},             /* a conversion mixes */
        {{{5, 3, 7}, {-4, 3, -7}, {-1, 0, 0}}, 3, true}, /* an exchange difference has no other currency */
        {{{5, 3, 7}, {-4, 3, -6}, {-1, 0, 0}}, 3, true},
        {{{INT64_MAX, 0, 0}, {INT64_MAX, 0, 0}, {2, 0, 0}}, 3, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct lines lines = lines_make(&arena);
        for (size_t l = 0; l < rows[i].count; l++)
            lines_add(&lines, (struct line){.role = ROLE_SALES,
                                            .amount_minor = rows[i].lines[l].amount_minor,
                                            .original_currency = rows[i].lines[l].original,
                                            .original_minor = rows[i].lines[l].original_minor});
        if (lines_balance(&lines) != rows[i].balances)
            fail_msg("row %zu balances: %d", i, !rows[i].balances);
    }
}

static void a_long_list_keeps_its_lines(void **state)
{
    (void)state;
    struct lines lines = lines_make(&arena);
    for (int64_t i = 1; i <= 1000; i++)
        lines_add(&lines, (struct line){.role = ROLE_SALES, .amount_minor = i});
    assert_int_equal(lines.count, 1000);
    for (int64_t i = 0; i < 1000; i++)
        assert_int_equal(lines.at[i].amount_minor, i + 1);
    lines_settle(&lines);
    assert_int_equal(lines.count, 1);
    assert_int_equal(lines.at[0].amount_minor, 500500);
    struct arena little = arena_make(64);
    struct lines none = lines_make(&little);
    lines_add(&none, (struct line){.role = ROLE_SALES, .amount_minor = 1});
    assert_true(none.overflow);
    assert_int_equal(none.count, 0);
    arena_done(&little);
}

/* ---- roles ---- */

static char *page(const char *path)
{
    const char *source = getenv("TIEOUT_SOURCE");
    char *whole = arena_alloc(&arena, 400);
    snprintf(whole, 400, "%s/%s", source ? source : ".", path);
    FILE *file = fopen(whole, "rb");
    if (file == NULL)
        fail_msg("%s cannot be read; TIEOUT_SOURCE names the source tree", whole);
    char *text = arena_alloc(&arena, 200000);
    text[fread(text, 1, 199999, file)] = '\0';
    fclose(file);
    return text;
}

/* The kind of a role is the section of docs/formats/roles.md it stands in, who may post its second column. */
static void roles_are_those_of_their_page(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        enum role_kind kind;
    } kinds[] = {{"## Assets", ROLE_ASSET},
                 {"## Liabilities", ROLE_LIABILITY},
                 {"## Equity", ROLE_EQUITY},
                 {"## Income", ROLE_INCOME},
                 {"## Expenses", ROLE_EXPENSE}};
    bool seen[256] = {false};
    const struct {
        const char *word;
        enum role_control control;
    } controls[] = {{"STOCK", CONTROL_STOCK}, {"ITEMS", CONTROL_ITEMS}, {"FREE", CONTROL_FREE}};
    size_t found = 0;
    int kind = -1;
    for (char *line = strtok(page("docs/formats/roles.md"), "\n"); line != NULL; line = strtok(NULL, "\n")) {
        for (size_t k = 0; k < COUNT_OF(kinds); k++)
            if (strncmp(line, kinds[k].section, strlen(kinds[k].section)) == 0)
                kind = (int)kinds[k].kind;
        char *end = strncmp(line, "| `", 3) == 0 ? strchr(line + 3, '`') : NULL;
        if (end == NULL || kind < 0)
            continue;
        enum role role = role_find((struct span){line + 3, (size_t)(end - line - 3)});
        if (role == ROLE_NONE)
            fail_msg("no such role: %s", line);
        assert_false(seen[role]);
        seen[role] = true;
        found++;
        assert_int_equal(role_kind(role), kind);
        for (size_t c = 0; c < COUNT_OF(controls); c++) {
            char *word = strstr(end, controls[c].word);
            bool named = word != NULL && word < strchr(strchr(end, '|') + 1, '|');
            if (named != (role_control(role) == controls[c].control))
                fail_msg("who may post: %s", line);
        }
    }
    size_t known = 0;
    for (int role = 1; role < ROLE_LIMIT; role++) {
        const char *name = role_name((enum role)role);
        if (name[0] == '\0')
            continue;
        known++;
        assert_int_equal(role_find(span_of(name)), role);
    }
    assert_int_equal(found, known);
    assert_int_equal(role_find(SPAN("no_such_role")), ROLE_NONE);
    assert_string_equal(role_name(ROLE_NONE), "");
    assert_string_equal(role_name(ROLE_LIMIT), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_have_one_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(settling_sorts_merges_and_drops_what_came_to_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_stays_while_one_of_its_amounts_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sum_that_leaves_63_bits_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entries_balance_in_the_companys_currency_and_in_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_list_keeps_its_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(roles_are_those_of_their_page, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
