/* coverage.c: see coverage.h. */
#include "property/coverage.h"
#include "order/policy.h"
#include "order/refusal.h"
#include <stdlib.h>

/* A column for each value of each policy; numbers have two: the default, and another. */
enum { MOST_VALUES = 64, MOST_REFUSALS = 80 };
struct value {
    const struct policy_key *key;
    const char *name;
};
struct coverage {
    struct value values[MOST_VALUES];
    size_t value_count;
    enum outcome outcomes[MOST_REFUSALS]; /* a refusal has one outcome; none: posted */
    uint64_t counts[DOCUMENT_TYPE_LIMIT][MOST_REFUSALS][MOST_VALUES];
};

static void add_value(struct coverage *coverage, const struct policy_key *key, const char *name)
{
    must(coverage->value_count < MOST_VALUES);
    coverage->values[coverage->value_count++] = (struct value){key, name};
}

size_t coverage_size(void) { return sizeof(struct coverage); }

struct coverage *coverage_in(void *memory)
{
    struct coverage *coverage = memory;
    for (const struct policy_key *key = policy_keys(); key->name != NULL; key++) {
        for (size_t i = 0; key->values != NULL && key->values[i] != NULL; i++)
            add_value(coverage, key, key->values[i]);
        if (key->values == NULL) {
            add_value(coverage, key, key->default_value);
            add_value(coverage, key, "other");
        }
    }
    return coverage;
}

static bool is_in_force(const struct value *value, const struct policy *policy, struct arena *arena)
{
    struct span now = policy_get(policy, span_of(value->key->name), arena);
    if (value->key->values == NULL && strcmp(value->name, "other") == 0)
        return !span_eq(now, span_of(value->key->default_value));
    return span_eq(now, span_of(value->name));
}

/* The accounting date it was decided for; its own, where it was set aside before that was settled. */
static int32_t day_of(struct company *company, const struct document_version *version, struct arena *arena)
{
    struct document document;
    struct truth_row row;
    bool found = false;
    struct err err;
    if (!company->views.truth_read(company->views.context, version->seq, arena, &row, &found, &err) ||
        !company_read_document(company, version->document_seq, arena, &document, &err)) {
        fprintf(stderr, "a document cannot be read back: %s\n", err.text);
        abort();
    }
    return found && row.day != 0 ? row.day : company_day(company, company_instant(company, document.at, RANK_ISSUE));
}

static void count_version(struct coverage *coverage, struct company *company, const struct document_record *record,
                          const struct document_version *version, struct arena *arena)
{
    int32_t day = day_of(company, version, arena);
    const struct policy *policy = company_policy(company, day);
    must(version->refusal < MOST_REFUSALS);
    coverage->outcomes[version->refusal] = version->outcome;
    for (size_t i = 0; i < coverage->value_count; i++)
        coverage->counts[record->type][version->refusal][i] += is_in_force(&coverage->values[i], policy, arena);
}

void coverage_count(struct coverage *coverage, struct engine *engine, struct arena *arena)
{
    struct company *company = road_company(engine->road);
    for (uint32_t number = 1; number <= company->last_document; number++) {
        struct document_record record;
        struct err err;
        bool found = false;
        struct arena_mark mark = arena_mark(arena);
        if (!company_document(company, number, arena, &record, &found, &err) || !found)
            continue;
        for (size_t v = 0; v < record.version_count && record.type != DOCUMENT_NONE; v++)
            count_version(coverage, company, &record, &record.versions[v], arena);
        arena_rewind(arena, mark);
    }
}

void coverage_write(const struct coverage *coverage, FILE *file)
{
    static const char *const outcomes[] = {"", "posted", "excluded", "waiting", "failed"};
    for (int type = 1; type < DOCUMENT_TYPE_LIMIT; type++)
        for (int refusal = 0; refusal < MOST_REFUSALS; refusal++)
            for (size_t i = 0; i < coverage->value_count; i++)
                if (coverage->counts[type][refusal][i] > 0)
                    fprintf(file,
                            "{\"type\":\"%s\",\"outcome\":\"%s\",\"refusal\":\"%s\",\"key\":\"%s\",\"value\":\"%s\","
                            "\"count\":%llu}\n",
                            document_type_name((enum document_type)type), outcomes[coverage->outcomes[refusal]],
                            refusal_name((enum refusal)refusal), coverage->values[i].key->name,
                            coverage->values[i].name, (unsigned long long)coverage->counts[type][refusal][i]);
}
