/* role.c: the tables behind role.h. */
#include "ledger/role.h"

#include "base/must.h"

const char *role_name(enum role role)
{
    switch (role) {
#define ROW(name, value, json, kind, control) \
    case ROLE_##name: return json;
        ROLES(ROW)
#undef ROW
    case ROLE_NONE:
    case ROLE_LIMIT: break;
    }
    return "";
}

enum role role_find(struct span name)
{
    static const struct {
        enum role role;
        struct span name;
    } rows[] = {
#define ROW(name, value, json, kind, control) {ROLE_##name, {json, sizeof(json) - 1}},
        ROLES(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (span_eq(rows[i].name, name))
            return rows[i].role;
    return ROLE_NONE;
}

enum role_kind role_kind(enum role role)
{
    switch (role) {
#define ROW(name, value, json, kind, control) \
    case ROLE_##name: return ROLE_##kind;
        ROLES(ROW)
#undef ROW
    case ROLE_NONE:
    case ROLE_LIMIT: break;
    }
    must(!"a known role");
    return ROLE_ASSET;
}

enum role_control role_control(enum role role)
{
    switch (role) {
#define ROW(name, value, json, kind, control) \
    case ROLE_##name: return CONTROL_##control;
        ROLES(ROW)
#undef ROW
    case ROLE_NONE:
    case ROLE_LIMIT: break;
    }
    must(!"a known role");
    return CONTROL_FREE;
}
