/* refusal.c: the texts of the refusals, from the one list in refusal.h. */
#include "order/refusal.h"
#include "base/must.h"
#include <stdbool.h>
#include <stddef.h>

const char *refusal_name(enum refusal refusal)
{
    switch (refusal) {
    case REFUSAL_NONE: return "";
#define ROW(name, value, json, what, way_out) \
    case REFUSAL_##name: return json;
        REFUSALS(ROW)
#undef ROW
    }
    must(false); /* every refusal is in the list */
    return NULL;
}

const char *refusal_what(enum refusal refusal)
{
    switch (refusal) {
    case REFUSAL_NONE: return "";
#define ROW(name, value, json, what, way_out) \
    case REFUSAL_##name: return what;
        REFUSALS(ROW)
#undef ROW
    }
    must(false); /* every refusal is in the list */
    return NULL;
}

const char *refusal_way_out(enum refusal refusal)
{
    switch (refusal) {
    case REFUSAL_NONE: return "";
#define ROW(name, value, json, what, way_out) \
    case REFUSAL_##name: return way_out;
        REFUSALS(ROW)
#undef ROW
    }
    must(false); /* every refusal is in the list */
    return NULL;
}
