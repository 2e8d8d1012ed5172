/* schema.h: what this version writes into sqlite_schema, as data (docs/formats/store.md). */
#ifndef TIEOUT_STORE_SQLITE_SCHEMA_H
#define TIEOUT_STORE_SQLITE_SCHEMA_H

#include <stddef.h>

enum {
    SCHEMA_APPLICATION_ID = 0x7469656F, /* "tieo" */
    SCHEMA_VERSION = 1,                 /* user_version; a store with a higher one is refused */
    COMPANY_SHIFT = 40,                 /* key = company << 40 | number */
    COMPANY_MAX = (1 << 23) - 1,
};

struct schema_object {
    const char *type; /* as in sqlite_schema: table, trigger, view */
    const char *name;
    const char *sql; /* as in sqlite_schema, letter by letter */
};
extern const struct schema_object schema_objects[];
extern const size_t schema_object_count;

#endif
