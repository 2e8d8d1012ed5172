/* memory_store.h: the store in this process's memory: for tests, simulation, what-if runs and audits without a store.
 * Implements port/store.h; ends with the process. Offers no call that changes or removes truth. */
#ifndef TIEOUT_STORE_MEMORY_STORE_H
#define TIEOUT_STORE_MEMORY_STORE_H

#include "port/store.h"

/* An empty store; NULL when memory ran out. */
struct store *memory_store_new(void);

#endif
