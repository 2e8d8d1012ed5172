/* shrink.h: of a history that fails, the few documents and settings that still do. */
#ifndef TIEOUT_TESTS_PROPERTY_SHRINK_H
#define TIEOUT_TESTS_PROPERTY_SHRINK_H

#include "property/trial.h"

/* Leaves out documents and settings of the seed's history as long as a fault of the same kind stays, and prints what is
 * left: its documents with the answers they got, the differing rows, the settings. Each try is a process of its own, so
 * a history that stops the program is cut down as well. False when the seed fails in nothing. */
bool shrink(uint64_t seed, const struct trial_options *options);

#endif
