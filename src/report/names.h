/* names.h: the words for what is stored as a number. A number that no version wrote gets "unknown": a report reads stores
 * that somebody else may have touched. */
#ifndef TIEOUT_REPORT_NAMES_H
#define TIEOUT_REPORT_NAMES_H

#include "order/refusal.h"
#include "state/truth.h"

/* "posted", "excluded", "waiting", "failed". */
const char *outcome_name(enum outcome outcome);
/* The type's name; "record" for what is no document. */
const char *type_name(int type);
/* "exceeds_open"; "" for none. */
const char *reason_name(int refusal);
/* The same number as a refusal whose texts may be asked for; REFUSAL_NONE when it is none. */
enum refusal refusal_of(int number);

#endif
