/* space.c: names of the view spaces. */
#include "state/space.h"

const char *view_space_name(enum view_space space)
{
    switch (space) {
#define ROW(name, value, table, help) \
    case VIEW_##name: return table;
        VIEW_SPACES(ROW)
#undef ROW
    case VIEW_SPACE_LIMIT: break;
    }
    return "unknown";
}
