/* must.c: the two ways a process ends at once. Both write with one write(2) and leave without
 * running exit handlers: after a bug nothing the program believes can be trusted to clean up. */
#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The build names itself; a compiler run by hand does not. */
#ifndef TIEOUT_VERSION
#define TIEOUT_VERSION "unnamed"
#endif

static void say(const char *text, int length, int capacity)
{
    size_t count = length < 0 ? 0 : (size_t)(length < capacity ? length : capacity - 1);
    /* Nobody is left to tell when standard error is closed as well. */
    ssize_t written = write(STDERR_FILENO, text, count);
    (void)written;
}

_Noreturn void must_failed(const char *expression, const char *file, int line, const char *function)
{
    char text[1024];
    int length = snprintf(text, sizeof text, "tieout: bug: must(%s) failed in %s at %s:%d (version %s)\n", expression,
                          function, file, line, TIEOUT_VERSION);
    say(text, length, (int)sizeof text);
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    abort(); /* A fuzzer keeps the input only of a run that dies by a signal. */
#else
    _exit(EXIT_BUG);
#endif
}

_Noreturn void out_of_memory(const char *what)
{
    char text[256];
    int length = snprintf(text, sizeof text, "tieout: out of memory for %s\n", what);
    say(text, length, (int)sizeof text);
    _exit(EXIT_MEMORY);
}
