/* history.h: random histories. One seed makes one history: definitions, then up to a few hundred documents whose dates
 * cluster, so that ties and backdating happen, arriving in an order of their own.
 *
 * Swarm: each seed switches whole features on and off, so that some histories have nothing but receipts and counts. */
#ifndef TIEOUT_TESTS_MODEL_HISTORY_H
#define TIEOUT_TESTS_MODEL_HISTORY_H

#include "model/model.h"

enum m_feature {
    M_WITH_RETURNS = 1 << 0,
    M_WITH_REFUNDS = 1 << 1,
    M_WITH_CANCELS = 1 << 2,
    M_WITH_TRANSFERS = 1 << 3,
    M_WITH_COUNTS = 1 << 4,
    M_WITH_ADJUSTMENTS = 1 << 5,
    M_WITH_DISCOUNTS = 1 << 6,
    M_WITH_SHIPPING = 1 << 7,
    M_WITH_TAXES = 1 << 8,
    M_WITH_TIPS = 1 << 9,
    M_WITH_FRACTIONS = 1 << 10,  /* odd quantities and prices */
    M_WITH_DISORDER = 1 << 11,   /* documents arrive in a random order */
    M_WITH_STRANGERS = 1 << 12,  /* some refer to documents that never come, or ask for too much */
    M_WITH_DATES_ONLY = 1 << 13, /* times without a time of day */
    M_WITH_METHODS = 1 << 14,    /* items name their own cost method */
    M_WITH_BILLS = 1 << 15,
    M_WITH_LANDED_COST = 1 << 16,
    M_WITH_CORRECTIONS = 1 << 17,
    M_WITH_SUPPLIER_RETURNS = 1 << 18,
    M_WITH_STATUS_CHANGES = 1 << 19,
    M_WITH_BUNDLES = 1 << 20,
    M_WITH_SERVICES = 1 << 21,
    M_WITH_VERSIONS = 1 << 22, /* of receipts and other documents */
    M_WITH_EDITS = 1 << 23,    /* versions of orders */
    M_WITH_VOIDS = 1 << 24,
    M_WITH_DELIVERIES = 1 << 25,
    M_WITH_ENTRIES = 1 << 26,
    M_WITH_DUPLICATES = 1 << 27,
    M_WITH_VALUE_CHANGES = 1 << 28, /* adjustments by value, new standard costs */
    M_WITH_DROPSHIP = 1 << 29,
    M_WITH_CONSIGNMENT = 1 << 30,
};
/* Beyond 31 bits: a second word of the same kind. */
enum m_more_features {
    M_WITH_FOREIGN = 1 << 0, /* orders and receipts in another currency */
    M_WITH_INCLUDED_TAX = 1 << 1,
    M_WITH_COMPANY_SCOPE = 1 << 2,
    M_WITH_POLICIES = 1 << 3, /* settings other than the default ones, cost_scope apart */
    M_WITH_CREDIT_NOTES = 1 << 4,
    M_WITH_SPECIFIC = 1 << 5, /* an item costed by lot */
    M_WITH_ASSEMBLIES = 1 << 6,
    M_WITH_OPENING = 1 << 7,
    M_WITH_AT_PAYMENT = 1 << 8, /* revenue_at payment, tax_point payment */
    M_WITH_GIFT_CARDS = 1 << 9,
    M_WITH_UNITS = 1 << 10,             /* lines that count in boxes */
    M_WITH_FOREIGN_PURCHASES = 1 << 11, /* receipts alone in another currency; part of M_WITH_FOREIGN */
    M_WITH_LOTS = 1 << 12,              /* receipts and counts name lots */
    M_WITH_LOOSE_BILLS = 1 << 15,       /* bills that name no receipt */
    M_WITH_ON_ACCOUNT = 1 << 13,        /* money of customers without an order, and entries that use it */
    M_WITH_DAYS = 1 << 14,              /* services with dates: earned by days */
    M_WITH_RARE = 1 << 16,              /* what seldom comes about by chance: rare.h */
    M_WITH_ENTRY_ORDER = 1 << 22,       /* backdated entry_order, always */
    M_WITH_LATER_POLICIES = 1 << 21,    /* some settings change in the midst of the history, from a date */
    M_WITH_TRUE_UP = 1 << 20,           /* true_up origin_if_open, always */
};
struct m_features {
    unsigned on, more;
};
/* What stage 1, stage 2 and all of the model cover. */
struct m_features m_features_first(void);
struct m_features m_features_all(void);

enum { M_MOST_SETTINGS = 40 };
struct m_setting {
    int32_t from; /* DAY_MIN: from the beginning */
    const char *key, *value;
};
struct m_generated {
    struct m_history history;                   /* settings and documents, in their order of arrival */
    const char *zone;                           /* IANA name */
    struct m_setting settings[M_MOST_SETTINGS]; /* by day, rising */
    size_t setting_count;
    size_t definition_count; /* so many documents at the start are definitions and rates: they come first */
    struct m_features features;
};

/* A history of about `documents` documents (at most 200). Of the features allowed the seed switches some off. */
struct m_generated m_history_make(uint64_t seed, size_t documents, struct m_features allowed, struct arena *arena);
/* Another order of arrival of the same history: definitions first, the rest shuffled by the seed. */
void m_history_shuffle(struct m_generated *generated, uint64_t seed);

#endif
