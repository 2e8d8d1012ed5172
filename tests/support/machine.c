/* machine.c: see machine.h. */
#include "support/machine.h"

#include "base/decimal.h"

#include <stdio.h>
#include <stdlib.h>

struct span zone_file(struct span name, struct arena *arena)
{
    enum { MOST_BYTES = 100000 };
    char path[300];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%.*s", SPAN_ARG(name));
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return (struct span){NULL, 0};
    char *bytes = arena_alloc(arena, MOST_BYTES);
    must(bytes != NULL);
    size_t len = fread(bytes, 1, MOST_BYTES, file);
    fclose(file);
    return (struct span){bytes, len};
}

int64_t from_environment(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    int64_t value = 0;
    return text && decimal_read(span_of(text), 0, &value) == DECIMAL_OK ? value : otherwise;
}
