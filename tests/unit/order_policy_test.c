/* order_policy_test.c: the policy keys: their defaults, what they take, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "order/policy.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_make(1024 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static const char *get(const struct policy *policy, const char *key)
{
    return policy_get(policy, span_of(key), &arena).ptr;
}

static void every_key_has_the_default_of_the_accounting_design(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
    } rows[] = {
        {"framework", "us_gaap"},
        {"revenue_at", "shipment"},
        {"tax_point", "revenue"},
        {"cost_method", "fifo"},
        {"cost_scope", "location"},
        {"return_cost", "original"},
        {"returned_layer", "original"},
        {"shortage", "owed"},
        {"backdated", "replay"},
        {"supplier_return", "original_layer"},
        {"price_difference", "split"},
        {"true_up", "bill_date"},
        {"fx_difference", "exchange_account"},
        {"revenue_gross", "gross"},
        {"breakage", "expiry"},
        {"returns_reserve", "off"},
        {"posting", "day"},
        {"delivered_after", "0"},
        {"wait_days", "30"},
        {"rounding_limit", "0.05"},
    };
    struct policy policy = policy_default();
    size_t count = 0;
    for (const struct policy_key *key = policy_keys(); key->name != NULL; key++) {
        assert_true(count < COUNT_OF(rows));
        assert_string_equal(key->name, rows[count].key);
        assert_string_equal(key->default_value, rows[count].value);
        assert_string_equal(get(&policy, key->name), rows[count].value);
        assert_true(key->help != NULL && key->help[0] != '\0');
        count++;
    }
    assert_int_equal(count, COUNT_OF(rows));
    assert_int_equal(policy.cost_method, COST_FIFO);
    assert_int_equal(policy.rounding_limit_micro, 50000);
}

static void every_value_can_be_set_and_read_back_and_changes_nothing_else(void **state)
{
    (void)state;
    for (const struct policy_key *key = policy_keys(); key->name != NULL; key++) {
        for (int i = 0; key->values != NULL && key->values[i] != NULL; i++) {
            struct policy policy = policy_default();
            struct span detail = {0};
            assert_true(policy_set(&policy, span_of(key->name), span_of(key->values[i]), &arena, &detail));
            for (const struct policy_key *other = policy_keys(); other->name != NULL; other++) {
                assert_string_equal(get(&policy, other->name), other == key ? key->values[i] : other->default_value);
            }
        }
    }
}

static void values_get_the_numbers_of_the_enums(void **state)
{
    (void)state;
    struct policy policy = policy_default();
    struct span detail = {0};
    assert_true(policy_set(&policy, SPAN("cost_method"), SPAN("specific"), &arena, &detail));
    assert_int_equal(policy.cost_method, COST_SPECIFIC);
    assert_true(policy_set(&policy, SPAN("revenue_at"), SPAN("delivery"), &arena, &detail));
    assert_int_equal(policy.revenue_at, REVENUE_AT_DELIVERY);
    assert_true(policy_set(&policy, SPAN("supplier_return"), SPAN("current"), &arena, &detail));
    assert_int_equal(policy.supplier_return, SUPPLIER_RETURN_CURRENT);
    assert_true(policy_set(&policy, SPAN("posting"), SPAN("document"), &arena, &detail));
    assert_int_equal(policy.posting, POSTING_DOCUMENT);
}

static void numbers_are_read_exactly_and_within_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
        const char *read_back; /* NULL: refused */
    } rows[] = {
        {"delivered_after", "14", "14"},
        {"delivered_after", "0", "0"},
        {"delivered_after", "3650", "3650"},
        {"delivered_after", "3651", NULL},
        {"delivered_after", "-1", NULL},
        {"delivered_after", "1.5", NULL},
        {"wait_days", "0", "0"},
        {"wait_days", "3651", NULL},
        {"delivered_after", "soon", NULL},
        {"rounding_limit", "0", "0"},
        {"rounding_limit", "0.10", "0.1"},
        {"rounding_limit", "0.000001", "0.000001"},
        {"rounding_limit", "0.0000001", NULL},
        {"rounding_limit", "-0.01", NULL},
        {"rounding_limit", "1e3", NULL},
        {"rounding_limit", "", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct policy policy = policy_default();
        struct span detail = {0};
        bool is_set = policy_set(&policy, span_of(rows[i].key), span_of(rows[i].value), &arena, &detail);
        assert_int_equal(is_set, rows[i].read_back != NULL);
        if (is_set) {
            assert_string_equal(get(&policy, rows[i].key), rows[i].read_back);
        } else {
            assert_non_null(detail.ptr);
        }
    }
}

static void what_is_unknown_is_refused_with_what_is_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *detail;
    } rows[] = {
        {"revenue_at", "order", "revenue_at is one of shipment, delivery or payment"},
        {"shortage", "Owed", "shortage is one of owed or refuse"},
        {"cost_method", "", "cost_method is one of fifo, average, lifo, standard or specific"},
        {"delivered_after", "x", "delivered_after is a number from 0 to 3650 with at most 0 decimals"},
        {"delivered after", "1",
         "no such key; the keys are framework, revenue_at, tax_point, cost_method, cost_scope, return_cost, "
         "returned_layer, shortage, backdated, supplier_return, price_difference, true_up, fx_difference, "
         "revenue_gross, breakage, returns_reserve, posting, delivered_after, wait_days or rounding_limit"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct policy policy = policy_default();
        struct span detail = {0};
        assert_false(policy_set(&policy, span_of(rows[i].key), span_of(rows[i].value), &arena, &detail));
        assert_string_equal(detail.ptr, rows[i].detail);
        assert_int_equal(policy.revenue_at, REVENUE_AT_SHIPMENT);
    }
    assert_null(policy_get(&(struct policy){0}, SPAN("nothing"), &arena).ptr);
}

static void ifrs_and_lifo_exclude_each_other_whichever_comes_first(void **state)
{
    (void)state;
    struct policy policy = policy_default();
    struct span detail = {0};
    assert_true(policy_set(&policy, SPAN("framework"), SPAN("ifrs"), &arena, &detail));
    assert_false(policy_set(&policy, SPAN("cost_method"), SPAN("lifo"), &arena, &detail));
    assert_int_equal(policy.cost_method, COST_FIFO);
    policy = policy_default();
    assert_true(policy_set(&policy, SPAN("cost_method"), SPAN("lifo"), &arena, &detail));
    assert_false(policy_set(&policy, SPAN("framework"), SPAN("ifrs"), &arena, &detail));
    assert_string_equal(detail.ptr, "framework ifrs does not allow cost_method lifo");
    assert_int_equal(policy.framework, FRAMEWORK_US_GAAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_has_the_default_of_the_accounting_design),
        cmocka_unit_test(every_value_can_be_set_and_read_back_and_changes_nothing_else),
        cmocka_unit_test(values_get_the_numbers_of_the_enums),
        cmocka_unit_test(numbers_are_read_exactly_and_within_bounds),
        cmocka_unit_test(what_is_unknown_is_refused_with_what_is_allowed),
        cmocka_unit_test(ifrs_and_lifo_exclude_each_other_whichever_comes_first),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
