/* localtime.c: daylight saving from the second Sunday of March to the first of November, both at two o'clock. */
#include "localtime.h"

enum { STANDARD_H = -5, SUMMER_H = -4, DAY_IS_THURSDAY = 4 /* 1970-01-01 */ };

int weekday_of(int32_t day)
{
    int weekday = (day + DAY_IS_THURSDAY) % 7;
    return weekday < 0 ? weekday + 7 : weekday;
}

int month_of(int32_t day)
{
    int year = 0, month = 0, day_of_month = 0;
    day_to_civil(day, &year, &month, &day_of_month);
    return month;
}

int32_t months_later(int32_t day, int months)
{
    int year = 0, month = 0, day_of_month = 0;
    day_to_civil(day, &year, &month, &day_of_month);
    int count = month - 1 + months;
    int32_t first = day_from_civil(year + count / 12, count % 12 + 1, 1);
    int32_t next = day_from_civil(year + (count + 1) / 12, (count + 1) % 12 + 1, 1);
    return first + day_of_month - 1 < next ? first + day_of_month - 1 : next - 1;
}

static int32_t sunday_on_or_after(int32_t day) { return day + (7 - weekday_of(day)) % 7; }

/* Summer time holds from the instant *out_from up to *out_to. */
static void summer_of(int year, int64_t *out_from, int64_t *out_to)
{
    int32_t from = sunday_on_or_after(day_from_civil(year, 3, 8));
    int32_t to = sunday_on_or_after(day_from_civil(year, 11, 1));
    *out_from = from * US_PER_DAY + (2 - STANDARD_H) * US_PER_HOUR;
    *out_to = to * US_PER_DAY + (2 - SUMMER_H) * US_PER_HOUR;
}

int local_offset_h(int64_t at_us)
{
    int year = 0, month = 0, day_of_month = 0;
    day_to_civil((int32_t)(at_us / US_PER_DAY), &year, &month, &day_of_month);
    int64_t from_us = 0, to_us = 0;
    summer_of(year, &from_us, &to_us);
    return at_us >= from_us && at_us < to_us ? SUMMER_H : STANDARD_H;
}

int32_t local_day(int64_t at_us) { return (int32_t)((at_us + local_offset_h(at_us) * US_PER_HOUR) / US_PER_DAY); }

int64_t local_instant(int32_t day, int second_of_day)
{
    int64_t wall_us = day * US_PER_DAY + second_of_day * US_PER_SECOND;
    int64_t guess_us = wall_us - STANDARD_H * US_PER_HOUR;
    return wall_us - local_offset_h(guess_us) * US_PER_HOUR;
}
