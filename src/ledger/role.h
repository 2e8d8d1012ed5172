/* role.h: what an account is for. Entries name roles; each company's chart maps a role to an account. The list is the
 * one of docs/formats/roles.md. Values are stored: append only.
 *
 * Kind: how a balance is read (debit or credit normal) and where a statement shows it. Control: who may post.
 *   STOCK    only stock movements (J-3)
 *   ITEMS    has open items; a person's entry must name one (J-6)
 *   FREE     anybody */
#ifndef TIEOUT_LEDGER_ROLE_H
#define TIEOUT_LEDGER_ROLE_H

#include "base/span.h"

enum role_kind { ROLE_ASSET, ROLE_LIABILITY, ROLE_EQUITY, ROLE_INCOME, ROLE_EXPENSE };
enum role_control { CONTROL_FREE, CONTROL_ITEMS, CONTROL_STOCK };

#define ROLES(ROW)                                                                     \
    ROW(INVENTORY, 1, "inventory", ASSET, STOCK)                                       \
    ROW(INVENTORY_OWED, 2, "inventory_owed", ASSET, STOCK)                             \
    ROW(INVENTORY_IN_TRANSIT, 3, "inventory_in_transit", ASSET, STOCK)                 \
    ROW(GOODS_OUT, 4, "goods_out", ASSET, STOCK)                                       \
    ROW(GOODS_SOLD_NOT_SHIPPED, 5, "goods_sold_not_shipped", LIABILITY, ITEMS)         \
    ROW(GATEWAY_CLEARING, 10, "gateway_clearing", ASSET, ITEMS)                        \
    ROW(BANK, 11, "bank", ASSET, FREE)                                                 \
    ROW(BANK_CLEARING, 12, "bank_clearing", ASSET, FREE)                               \
    ROW(PAYOUTS_IN_TRANSIT, 13, "payouts_in_transit", ASSET, ITEMS)                    \
    ROW(ACCOUNTS_RECEIVABLE, 14, "accounts_receivable", ASSET, ITEMS)                  \
    ROW(SUPPLIER_PREPAYMENTS, 15, "supplier_prepayments", ASSET, ITEMS)                \
    ROW(INPUT_TAX, 16, "input_tax", ASSET, FREE)                                       \
    ROW(DISPUTES_HELD, 17, "disputes_held", ASSET, ITEMS)                              \
    ROW(RESERVE_HELD, 18, "reserve_held", ASSET, ITEMS)                                \
    ROW(DEFERRED_DROPSHIP_COST, 19, "deferred_dropship_cost", ASSET, ITEMS)            \
    ROW(RETURNED_GOODS_ASSET, 20, "returned_goods_asset", ASSET, ITEMS)                \
    ROW(LANDED_COST_CLEARING, 21, "landed_cost_clearing", LIABILITY, ITEMS)            \
    ROW(SUSPENSE, 22, "suspense", ASSET, ITEMS)                                        \
    ROW(CUSTOMER_DEPOSITS, 30, "customer_deposits", LIABILITY, ITEMS)                  \
    ROW(REFUNDS_DUE, 31, "refunds_due", LIABILITY, ITEMS)                              \
    ROW(SALES_TAX_PAYABLE, 32, "sales_tax_payable", LIABILITY, FREE)                   \
    ROW(MARKETPLACE_TAX_WITHHELD, 33, "marketplace_tax_withheld", LIABILITY, ITEMS)    \
    ROW(GRNI, 34, "grni", LIABILITY, ITEMS)                                            \
    ROW(ACCRUED_PURCHASES, 35, "accrued_purchases", LIABILITY, ITEMS)                  \
    ROW(ACCOUNTS_PAYABLE, 36, "accounts_payable", LIABILITY, ITEMS)                    \
    ROW(ACCRUED_SHIPPING, 37, "accrued_shipping", LIABILITY, FREE)                     \
    ROW(GIFT_CARD_LIABILITY, 38, "gift_card_liability", LIABILITY, ITEMS)              \
    ROW(STORE_CREDIT_LIABILITY, 39, "store_credit_liability", LIABILITY, ITEMS)        \
    ROW(REFUND_LIABILITY, 40, "refund_liability", LIABILITY, ITEMS)                    \
    ROW(UNCLAIMED_PROPERTY_PAYABLE, 41, "unclaimed_property_payable", LIABILITY, FREE) \
    ROW(LOANS, 42, "loans", LIABILITY, FREE)                                           \
    ROW(OPENING_EQUITY, 50, "opening_equity", EQUITY, FREE)                            \
    ROW(DRAWINGS, 51, "drawings", EQUITY, FREE)                                        \
    ROW(SALES, 60, "sales", INCOME, FREE)                                              \
    ROW(SHIPPING_INCOME, 61, "shipping_income", INCOME, FREE)                          \
    ROW(COMMISSION_INCOME, 62, "commission_income", INCOME, FREE)                      \
    ROW(TIPS, 63, "tips", INCOME, FREE)                                                \
    ROW(RESTOCKING_FEE_INCOME, 64, "restocking_fee_income", INCOME, FREE)              \
    ROW(BREAKAGE_INCOME, 65, "breakage_income", INCOME, FREE)                          \
    ROW(MARKETPLACE_REIMBURSEMENTS, 66, "marketplace_reimbursements", INCOME, FREE)    \
    ROW(DISCOUNTS, 67, "discounts", INCOME, FREE)                                      \
    ROW(RETURNS_AND_ALLOWANCES, 68, "returns_and_allowances", INCOME, FREE)            \
    ROW(SHIPPING_REFUNDED, 69, "shipping_refunded", INCOME, FREE)                      \
    ROW(COGS, 80, "cogs", EXPENSE, FREE)                                               \
    ROW(COST_OF_SALES_DROPSHIP, 81, "cost_of_sales_dropship", EXPENSE, FREE)           \
    ROW(PRICE_DIFFERENCE, 82, "price_difference", EXPENSE, FREE)                       \
    ROW(SHRINKAGE, 83, "shrinkage", EXPENSE, FREE)                                     \
    ROW(DAMAGED_GOODS_WRITE_OFF, 84, "damaged_goods_write_off", EXPENSE, FREE)         \
    ROW(SCRAP, 85, "scrap", EXPENSE, FREE)                                             \
    ROW(SAMPLES, 86, "samples", EXPENSE, FREE)                                         \
    ROW(OWN_USE, 87, "own_use", EXPENSE, FREE)                                         \
    ROW(STOCK_ADJUSTMENTS, 88, "stock_adjustments", EXPENSE, FREE)                     \
    ROW(INVENTORY_WRITE_DOWN, 89, "inventory_write_down", EXPENSE, FREE)               \
    ROW(REVALUATION, 90, "revaluation", EXPENSE, FREE)                                 \
    ROW(PRODUCTION_COSTS_ABSORBED, 91, "production_costs_absorbed", EXPENSE, FREE)     \
    ROW(SHIPPING_COST, 92, "shipping_cost", EXPENSE, FREE)                             \
    ROW(MERCHANT_FEES, 93, "merchant_fees", EXPENSE, FREE)                             \
    ROW(ADS, 94, "ads", EXPENSE, FREE)                                                 \
    ROW(DISPUTE_FEES, 95, "dispute_fees", EXPENSE, FREE)                               \
    ROW(CHARGEBACK_LOSS, 96, "chargeback_loss", EXPENSE, FREE)                         \
    ROW(BAD_DEBT, 97, "bad_debt", EXPENSE, FREE)                                       \
    ROW(ROUNDING, 98, "rounding", EXPENSE, FREE)                                       \
    ROW(REALISED_FX, 99, "realised_fx", EXPENSE, FREE)                                 \
    ROW(UNREALISED_FX, 100, "unrealised_fx", EXPENSE, FREE)                            \
    ROW(EXPENSES, 101, "expenses", EXPENSE, FREE)

enum role {
    ROLE_NONE = 0,
#define ROW(name, value, json, kind, control) ROLE_##name = value,
    ROLES(ROW)
#undef ROW
        ROLE_LIMIT = 110,
};

const char *role_name(enum role role);
/* ROLE_NONE when no role has that name. */
enum role role_find(struct span name);
enum role_kind role_kind(enum role role);
enum role_control role_control(enum role role);

#endif
