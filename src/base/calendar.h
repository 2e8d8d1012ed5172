/* calendar.h: instants, days and IANA time zones, without a clock and without I/O.
 *
 * at_us  microseconds since 1970-01-01T00:00:00Z
 * day    days since 1970-01-01 in some zone (a proleptic Gregorian date)
 * A zone is parsed from the bytes of a compiled zone file (RFC 8536, versions 1 to 4), which the rim
 * reads; beyond the last transition its POSIX TZ footer holds. Zones that count leap seconds ("right/")
 * are refused. */
#ifndef TIEOUT_BASE_CALENDAR_H
#define TIEOUT_BASE_CALENDAR_H

#include "base/arena.h"
#include "base/span.h"
#include <stdbool.h>
#include <stdint.h>

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (INT64_C(86400) * US_PER_SECOND)
/* Years 0001 to 9999. */
#define DAY_MIN (-719162)
#define DAY_MAX 2932896

struct zone; /* opaque; immutable once parsed */

/* Parses a zone file's bytes into `arena`; NULL when they are not a well-formed zone. */
const struct zone *zone_parse(struct span bytes, struct arena *arena);
const struct zone *zone_utc(void);
/* Seconds east of UTC in force at the instant. */
int32_t zone_offset_s(const struct zone *zone, int64_t at_us);
/* The local day of an instant, held within DAY_MIN and DAY_MAX. */
int32_t zone_day(const struct zone *zone, int64_t at_us);
/* The instant of a local wall time. A time that does not exist moves forward by the gap; one that exists
 * twice is the first. `out_irregular` (may be NULL) says that either happened. */
int64_t zone_instant(const struct zone *zone, int32_t day, int32_t second_of_day, bool *out_irregular);

int32_t day_from_civil(int year, int month, int day_of_month);
void day_to_civil(int32_t day, int *out_year, int *out_month, int *out_day_of_month);
/* YYYY-MM-DD; `out` gets 11 bytes. */
const char *day_write(int32_t day, char out[11]);
/* Reads YYYY-MM-DD, a real date; false otherwise. */
NODISCARD bool day_read(struct span text, int32_t *out_day);
/* RFC 3339 in UTC, fraction only where there is one: 2026-01-02T03:04:05Z or ...05.678901Z (trailing zeros
 * of the fraction dropped). `out` gets 28 bytes. */
const char *instant_write(int64_t at_us, char out[28]);

enum time_form { TIME_MALFORMED, TIME_INSTANT, TIME_DATE };
/* Reads an RFC 3339 instant with offset ("2026-01-02T03:04:05.25+01:00"; "Z"; lower case t and z; a leap second
 * counts as the next second) into *out_at_us, or a plain date YYYY-MM-DD into *out_day. More than six
 * fraction digits, a missing offset or an impossible date is malformed. */
enum time_form time_read(struct span text, int64_t *out_at_us, int32_t *out_day);

#endif
