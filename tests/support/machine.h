/* machine.h: what tests ask of the machine they run on: its time zones and its environment. */
#ifndef TIEOUT_TESTS_SUPPORT_MACHINE_H
#define TIEOUT_TESTS_SUPPORT_MACHINE_H

#include "base/arena.h"
#include <stdint.h>

/* The bytes of a compiled zone, in the arena; the absent span when the machine has none of that name. */
struct span zone_file(struct span name, struct arena *arena);
/* A whole number from the environment; `otherwise` when it is not set or is none. */
int64_t from_environment(const char *name, int64_t otherwise);

#endif
