/* result.h: failures of the machine or the world (disk, memory, bytes that cannot be read). A bug is a
 * must(); a named rule that said no is a refusal (order/refusal.h). A function that can fail takes a
 * caller-owned struct err and returns false after filling it. */
#ifndef TIEOUT_BASE_RESULT_H
#define TIEOUT_BASE_RESULT_H

#include "base/must.h"
#include <stdbool.h>

enum failure {
    FAILURE_NONE,
    FAILURE_USAGE,      /* exit 2 */
    FAILURE_INPUT,      /* exit 3: unreadable bytes */
    FAILURE_STORE_FULL, /* exit 4, and so for all of STORE */
    FAILURE_STORE_READ_ONLY,
    FAILURE_STORE_NEWER,
    FAILURE_STORE_IN_USE,
    FAILURE_STORE_MISSING, /* no such file, or not a tieout store */
    FAILURE_STORE_DAMAGED,
    FAILURE_STORE_OTHER,
    FAILURE_MEMORY,
    FAILURE_DAMAGE_FOUND, /* exit 5: verify */
};
enum retry { RETRY_NEVER, RETRY_LATER, RETRY_AFTER_A_PERSON_ACTED };

struct err {
    enum failure code;
    enum retry retry;
    char text[400]; /* one sentence that names the thing and the way out */
};

/* Fills `err` and returns false, so that `return err_set(...)` reads well. */
bool err_set(struct err *err, enum failure code, const char *format, ...) PRINTF_LIKE(3, 4);
/* The exit code that belongs to a failure (decided.md). */
int err_exit_code(const struct err *err);

#endif
