/* coverage.h: which outcomes occurred: document type × outcome and refusal × policy value in force on the document's own
 * date, counted over many histories. tools/coverage adds the files up, and knows which of these can occur. */
#ifndef TIEOUT_TESTS_PROPERTY_COVERAGE_H
#define TIEOUT_TESTS_PROPERTY_COVERAGE_H

#include "property/engine.h"
#include <stdio.h>

struct coverage;
/* Makes one in memory of coverage_size() zeroed bytes. */
struct coverage *coverage_in(void *memory);
size_t coverage_size(void);
/* Counts every version of every document that the company decided. */
void coverage_count(struct coverage *coverage, struct engine *engine, struct arena *arena);
/* One JSON object a line: type, outcome, refusal, key, value, count; only what occurred. */
void coverage_write(const struct coverage *coverage, FILE *file);

#endif
