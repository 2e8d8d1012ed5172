/* localtime.h: the merchant's clock, which is New York's since 2007, by rule and without a zone file. */
#ifndef TIEOUT_DEMO_LOCALTIME_H
#define TIEOUT_DEMO_LOCALTIME_H

#include "base/calendar.h"

#define US_PER_MINUTE (INT64_C(60) * US_PER_SECOND)
#define US_PER_HOUR (INT64_C(3600) * US_PER_SECOND)

/* Hours east of UTC: -5, in summer -4. */
int local_offset_h(int64_t at_us);
int32_t local_day(int64_t at_us);
/* The instant of a wall time. */
int64_t local_instant(int32_t day, int second_of_day);
/* 0 Sunday ... 6 Saturday. */
int weekday_of(int32_t day);
/* 1 January ... 12 December. */
int month_of(int32_t day);
/* The day with the same date some months on, held to the month's length. */
int32_t months_later(int32_t day, int months);

#endif
