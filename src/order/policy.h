/* policy.h: a company's accounting choices, each with its values and default (docs/formats/policies.md). A movement uses
 * the policy in force at its date. */
#ifndef TIEOUT_ORDER_POLICY_H
#define TIEOUT_ORDER_POLICY_H

#include "base/span.h"
#include "order/document.h"
#include <stdbool.h>
#include <stdint.h>

enum framework { FRAMEWORK_US_GAAP, FRAMEWORK_IFRS };
enum revenue_at { REVENUE_AT_SHIPMENT, REVENUE_AT_DELIVERY, REVENUE_AT_PAYMENT };
enum tax_point { TAX_POINT_REVENUE, TAX_POINT_PAYMENT };
enum cost_scope { SCOPE_LOCATION, SCOPE_COMPANY };
enum return_cost { RETURN_COST_ORIGINAL, RETURN_COST_CURRENT };
enum returned_layer { RETURNED_LAYER_ORIGINAL, RETURNED_LAYER_LAST };
enum shortage { SHORTAGE_OWED, SHORTAGE_REFUSE };
enum backdated { BACKDATED_REPLAY, BACKDATED_ENTRY_ORDER };
enum supplier_return_rule { SUPPLIER_RETURN_ORIGINAL_LAYER, SUPPLIER_RETURN_OLDEST, SUPPLIER_RETURN_CURRENT };
enum price_difference { PRICE_DIFFERENCE_SPLIT, PRICE_DIFFERENCE_ACCOUNT };
enum true_up { TRUE_UP_BILL_DATE, TRUE_UP_ORIGIN_IF_OPEN };
enum fx_difference { FX_DIFFERENCE_EXCHANGE_ACCOUNT, FX_DIFFERENCE_STOCK };
enum revenue_gross { REVENUE_GROSS_GROSS, REVENUE_GROSS_NET };
enum breakage { BREAKAGE_EXPIRY, BREAKAGE_NONE };
enum returns_reserve { RETURNS_RESERVE_OFF, RETURNS_RESERVE_RATE };
enum posting { POSTING_DAY, POSTING_PAYOUT, POSTING_DOCUMENT };

struct policy {
    int framework, revenue_at, tax_point;
    int cost_method; /* enum cost_method; an item may name its own */
    int cost_scope, return_cost, returned_layer, shortage, backdated, supplier_return, price_difference, true_up,
        fx_difference, revenue_gross, breakage, returns_reserve, posting;
    int64_t delivered_after_days; /* under revenue_at delivery; 0: wait for proof */
    int64_t wait_days;            /* how long a document waits before it is an exception */
    int64_t rounding_limit_micro; /* in units of the document's currency, millionths */
};

/* One policy key: where its value lies in struct policy and which values it takes. */
struct policy_key {
    const char *name;
    const char *const *values; /* NULL-terminated, value i is number first_number + i; NULL: a number */
    int first_number;          /* 0, but 1 for cost_method, whose 0 is "absent" */
    const char *default_value;
    const char *help;
};

struct policy policy_default(void);
/* The keys, ending with name == NULL. */
const struct policy_key *policy_keys(void);
/* Sets key to value; false when the key or the value is unknown (`*out_detail` then lists what is allowed). */
bool policy_set(struct policy *policy, struct span key, struct span value, struct arena *arena,
                struct span *out_detail);
/* The value of a key as text in `arena`; absent when the key is unknown. */
struct span policy_get(const struct policy *policy, struct span key, struct arena *arena);

#endif
