/* names.c: see names.h. */
#include "report/names.h"

#include "order/document_fields.h"

const char *outcome_name(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_NONE: return "none";
    case OUTCOME_POSTED: return "posted";
    case OUTCOME_EXCLUDED: return "excluded";
    case OUTCOME_WAITING: return "waiting";
    case OUTCOME_FAILED: return "failed";
    }
    return "unknown";
}

const char *type_name(int type)
{
    if (type == DOCUMENT_NONE)
        return "record";
    if (type < 0 || type >= DOCUMENT_TYPE_LIMIT || document_fields((enum document_type)type) == NULL)
        return "unknown";
    return document_type_name((enum document_type)type);
}

enum refusal refusal_of(int number)
{
    switch (number) {
#define ROW(name, value, json, what, way_out) \
    case value: return REFUSAL_##name;
        REFUSALS(ROW)
#undef ROW
    default: return REFUSAL_NONE;
    }
}

const char *reason_name(int refusal)
{
    enum refusal known = refusal_of(refusal);
    return known == REFUSAL_NONE && refusal != 0 ? "unknown" : refusal_name(known);
}
