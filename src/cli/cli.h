/* cli.h: the command line: turns words into calls of flow and report, and their answers into tables or JSON. No rules of
 * the books live here. What reaches into the machine (files of stores, clocks, zone files) is handed in by main.c. */
#ifndef TIEOUT_CLI_CLI_H
#define TIEOUT_CLI_CLI_H

#include "port/store.h"

enum cli_open {
    CLI_OPEN_CREATE, /* makes the store when there is none */
    CLI_OPEN_WRITE,
    CLI_OPEN_READ,
};
struct cli_world {
    struct store *(*store_open)(const char *path, enum cli_open mode, struct err *err);
    struct store *(*scratch_store)(struct err *err); /* an empty one, for what is thrown away afterwards */
    struct span (*zone_bytes)(struct span name, struct arena *arena);
    int64_t (*now_us)(void);
    int64_t (*monotonic_us)(void); /* for rates and time left only */
};

/* Runs one command; the process's exit code (docs/operating/exit-codes.md). */
int cli_main(int argc, char **argv, const struct cli_world *world);

#endif
