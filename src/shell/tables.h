/* tables.h: the tables that the sqlite3 shell sees. Each walks the decisions of truth and, within one, its parts. */
#ifndef TIEOUT_SHELL_TABLES_H
#define TIEOUT_SHELL_TABLES_H

#include "state/ruling.h"
#include <sqlite3ext.h>

enum { PLACE_DEPTH = 3 };

/* Where a walk stands: a decision, and places within its nested lists, outermost first. */
struct place {
    const struct ruling *ruling;
    uint32_t company;
    currency money; /* the company's; 0 when it has no readable one */
    struct arena *arena;
    size_t at[PLACE_DEPTH];
    /* The SKU of an item by the number of its document; absent when no row of truth defines it. */
    struct span (*sku)(void *context, uint32_t company, uint32_t item);
    void *context;
};
struct shell_table {
    const char *name;
    const char *columns; /* the text of CREATE TABLE; column 0 is company, column 1 seq */
    int depth;           /* how many of place.at are used */
    /* How many elements the list at this level has, where the walk stands on the levels above. */
    size_t (*count)(const struct place *place, int level);
    void (*put)(const struct place *place, int column, sqlite3_context *out);
};
extern const struct shell_table shell_tables[];
extern const size_t shell_table_count;

#endif
