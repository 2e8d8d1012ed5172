/* base_calendar_test.c: days, RFC 3339, and time zones. Days are checked by counting them one by
 * one; zones against libc, which reads the same files and footers with code of its own; wall
 * times against a search of every offset in sight. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/calendar.h"
#include "base/prng.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
#define ZONES "/usr/share/zoneinfo/"

/* Did `act` end the process as a bug does? */
static bool is_a_bug(void (*act)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        act();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_BUG;
}

/* ---- Days ---- */

static bool leap(int year) { return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0); }

static int month_length(int year, int month)
{
    return month == 2 ? 28 + leap(year) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void every_day_from_1600_to_2400_goes_to_its_date_and_back(void **state)
{
    (void)state;
    int32_t day = day_from_civil(1600, 1, 1);
    assert_int_equal(day, -135140);
    size_t days = 0;
    for (int year = 1600; year <= 2400; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int of_month = 1; of_month <= month_length(year, month); of_month++, day++, days++) {
                assert_int_equal(day_from_civil(year, month, of_month), day);
                int y = 0, m = 0, d = 0;
                day_to_civil(day, &y, &m, &d);
                if (y != year || m != month || d != of_month) {
                    fail_msg("day %d is %d-%d-%d, not %d-%d-%d", day, y, m, d, year, month, of_month);
                }
                char text[11];
                char wanted[40];
                int32_t again = 0;
                snprintf(wanted, sizeof wanted, "%04d-%02d-%02d", year, month, of_month);
                assert_string_equal(day_write(day, text), wanted);
                assert_true(day_read(span_of(text), &again));
                assert_int_equal(again, day);
            }
        }
    }
    assert_int_equal(day, day_from_civil(2401, 1, 1));
    print_message("days: %zu\n", days);
}

static void the_first_and_last_days_are_those_of_the_years_1_and_9999(void **state)
{
    (void)state;
    char text[11];
    assert_int_equal(day_from_civil(1, 1, 1), DAY_MIN);
    assert_int_equal(day_from_civil(9999, 12, 31), DAY_MAX);
    assert_int_equal(day_from_civil(1970, 1, 1), 0);
    assert_int_equal(day_from_civil(1969, 12, 31), -1);
    assert_int_equal(day_from_civil(2000, 2, 29), 11016);
    assert_string_equal(day_write(DAY_MIN, text), "0001-01-01");
    assert_string_equal(day_write(DAY_MAX, text), "9999-12-31");
}

static void a_date_is_read_only_if_it_is_one(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",           "2026",        "2026-01",    "2026-1-01",  "2026-01-1",   "2026-00-10",  "2026-13-10",
        "2026-01-00", "2026-01-32",  "2026-02-29", "1900-02-29", "2100-02-29",  "2026-04-31",  "2026-06-31",
        "2026-09-31", "2026-11-31",  "0000-01-01", "2026/01/01", "2026-01-01 ", " 2026-01-01", "20260101",
        "-026-01-01", "2026-01-01T", "+202-01-01", "2026-0a-01", "10000-01-01",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        int32_t day = 4711;
        if (day_read(span_of(BAD[i]), &day) || day != 4711) {
            fail_msg("\"%s\" was read as day %d", BAD[i], day);
        }
    }
    static const char *const GOOD[] = {"0001-01-01", "9999-12-31", "2000-02-29", "2024-02-29", "2026-12-31"};
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        int32_t day = 0;
        char text[11];
        assert_true(day_read(span_of(GOOD[i]), &day));
        assert_string_equal(day_write(day, text), GOOD[i]);
    }
    int32_t day = 0;
    assert_false(day_read((struct span){0}, &day));
}

static void no_such_date(void) { day_from_civil(2026, 2, 29); }
static void a_day_too_early(void)
{
    char text[11];
    day_write(DAY_MIN - 1, text);
}
static void a_day_too_late(void)
{
    char text[11];
    day_write(DAY_MAX + 1, text);
}
static void an_instant_too_late(void)
{
    char text[28];
    instant_write((DAY_MAX + INT64_C(1)) * US_PER_DAY, text);
}
static void a_second_too_many(void) { zone_instant(zone_utc(), 0, 86400, NULL); }

static void dates_that_nobody_may_ask_for_are_bugs(void **state)
{
    (void)state;
    assert_true(is_a_bug(no_such_date));
    assert_true(is_a_bug(a_day_too_early));
    assert_true(is_a_bug(a_day_too_late));
    assert_true(is_a_bug(an_instant_too_late));
    assert_true(is_a_bug(a_second_too_many));
}

/* ---- RFC 3339 ---- */

static void an_instant_is_read_with_its_offset_and_written_in_utc(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *utc;
    } ROWS[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
        {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"},
        {"2026-01-02t03:04:05z", "2026-01-02T03:04:05Z"},
        {"2026-01-02T03:04:05.25+01:00", "2026-01-02T02:04:05.25Z"},
        {"2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901Z"},
        {"2026-01-02T03:04:05.100000Z", "2026-01-02T03:04:05.1Z"},
        {"2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:05.000001Z"},
        {"2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:05Z"},
        {"2026-01-01T00:30:00+05:30", "2025-12-31T19:00:00Z"},
        {"2025-12-31T23:59:59-08:00", "2026-01-01T07:59:59Z"},
        {"2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00Z"},
        {"2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00Z"},
        {"2026-01-01T00:00:00-23:59", "2026-01-01T23:59:00Z"},
        {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
        {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"},
        /* Leap seconds count as the next second. */
        {"1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z"},
        {"1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z"},
        {"2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.5Z"},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        int64_t at_us = 0;
        int32_t day = 4711;
        char text[28];
        if (time_read(span_of(ROWS[i].text), &at_us, &day) != TIME_INSTANT) {
            fail_msg("\"%s\" was not read as an instant", ROWS[i].text);
        }
        assert_int_equal(day, 4711);
        assert_string_equal(instant_write(at_us, text), ROWS[i].utc);
    }
}

static void what_is_no_instant_and_no_date_is_malformed(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        "2026-01-02T03:04:05", /* no offset */
        "2026-01-02T03:04Z",
        "2026-01-02T03Z",
        "2026-01-02T",
        "2026-01-02 03:04:05Z",
        "2026-01-02T3:04:05Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03:60:00Z",
        "2026-01-02T03:04:61Z",
        "2026-01-02T12:30:60Z", /* a leap second ends a day */
        "2016-12-31T23:59:60+01:00",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05.1234567Z", /* seven digits */
        "2026-01-02T03:04:05.0000000Z",
        "2026-01-02T03:04:05,5Z",
        "2026-01-02T03:04:05+0100",
        "2026-01-02T03:04:05+01",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05+01:60",
        "2026-01-02T03:04:05 Z",
        "2026-01-02T03:04:05ZZ",
        "2026-01-02T03:04:05Z ",
        "2026-02-30T03:04:05Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01", /* leads out of year 1 */
        "9999-12-31T23:59:59-00:01", /* and out of 9999 */
        "9999-12-31T23:59:60Z",
        "20260102T030405Z",
        "2026-W01-1",
        "2026-002",
        "now",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        int64_t at_us = 4711;
        int32_t day = 4711;
        enum time_form form = time_read(span_of(BAD[i]), &at_us, &day);
        if (form != TIME_MALFORMED || at_us != 4711 || day != 4711) {
            fail_msg("\"%s\" was read, form %d", BAD[i], (int)form);
        }
    }
}

static void a_plain_date_is_told_from_an_instant(void **state)
{
    (void)state;
    int64_t at_us = 4711;
    int32_t day = 0;
    assert_int_equal(time_read(SPAN("2026-01-02"), &at_us, &day), TIME_DATE);
    assert_int_equal(day, day_from_civil(2026, 1, 2));
    assert_int_equal(at_us, 4711);
}

static void random_instants_are_read_back_the_same(void **state)
{
    (void)state;
    struct prng prng = prng_make(3339);
    enum { ROUNDS = 200000 };
    for (int i = 0; i < ROUNDS; i++) {
        int64_t at_us = prng_range(&prng, DAY_MIN * US_PER_DAY, (DAY_MAX + INT64_C(1)) * US_PER_DAY - 1);
        if (prng_chance(&prng, 2)) {
            at_us -= at_us % US_PER_SECOND;
        }
        char text[28];
        int64_t again = 0;
        int32_t day = 0;
        instant_write(at_us, text);
        if (time_read(span_of(text), &again, &day) != TIME_INSTANT || again != at_us) {
            fail_msg("%" PRId64 " went out as %s", at_us, text);
        }
    }
    print_message("instants: %d\n", ROUNDS);
}

/* ---- Zones against libc ---- */

/* The bytes of a file into `buf`; false when it cannot be read. */
static bool read_file(const char *path, struct buf *buf)
{
    FILE *file = fopen(path, "rb");
    char piece[4096];
    if (!file) {
        return false;
    }
    buf_reset(buf);
    for (size_t got = 0; (got = fread(piece, 1, sizeof piece, file)) > 0;) {
        buf_put(buf, piece, got);
    }
    fclose(file);
    return !buf->failed;
}

static const struct zone *load_zone(const char *name, struct arena *arena)
{
    char path[256];
    snprintf(path, sizeof path, ZONES "%s", name);
    struct buf bytes = buf_make(1 << 20);
    if (!read_file(path, &bytes)) {
        fail_msg("%s cannot be read; these tests need the package tzdata", path);
    }
    const struct zone *zone = zone_parse(buf_span(&bytes), arena);
    buf_done(&bytes);
    if (!zone) {
        fail_msg("%s is not a zone", path);
    }
    return zone;
}

static void set_libc_zone(const char *tz)
{
    setenv("TZ", tz, 1);
    tzset();
}

static void set_libc_zone_file(const char *name)
{
    char tz[256];
    snprintf(tz, sizeof tz, ":" ZONES "%s", name);
    set_libc_zone(tz);
}

static int32_t libc_offset(int64_t at_s)
{
    time_t at = at_s;
    struct tm local;
    assert_non_null(localtime_r(&at, &local));
    return (int32_t)local.tm_gmtoff;
}

static void compare_at(const struct zone *zone, const char *name, int64_t at_s)
{
    int32_t ours = zone_offset_s(zone, at_s * US_PER_SECOND);
    int32_t theirs = libc_offset(at_s);
    if (ours != theirs) {
        char text[28];
        fail_msg("%s at %s: %d, libc says %d", name, instant_write(at_s * US_PER_SECOND, text), ours, theirs);
    }
}

/* Finds each change of libc's offset to the second and compares around it. */
static size_t compare_changes(const struct zone *zone, const char *name, int64_t low_s, int64_t high_s)
{
    enum { STEP_S = 10 * 86400 };
    size_t changes = 0;
    int32_t offset_s = libc_offset(low_s);
    for (int64_t at_s = low_s; at_s < high_s; at_s += STEP_S) {
        int64_t before = at_s;
        int64_t after = at_s + STEP_S;
        int32_t old_offset_s = offset_s;
        offset_s = libc_offset(after);
        if (offset_s == old_offset_s) {
            continue;
        }
        while (after - before > 1) {
            int64_t middle = before + (after - before) / 2;
            if (libc_offset(middle) == old_offset_s) {
                before = middle;
            } else {
                after = middle;
            }
        }
        for (int64_t near = before - 2; near <= after + 2; near++) {
            compare_at(zone, name, near);
        }
        /* A microsecond before the change the old offset still holds. */
        assert_int_equal(zone_offset_s(zone, after * US_PER_SECOND - 1), libc_offset(before));
        changes++;
    }
    return changes;
}

static int64_t year_s(int year) { return (int64_t)day_from_civil(year, 1, 1) * 86400; }

static void compare_zone(const char *name, int seeded, size_t *out_changes)
{
    struct arena arena = arena_make(1 << 20);
    const struct zone *zone = load_zone(name, &arena);
    set_libc_zone_file(name);
    struct prng prng = prng_make(1900);
    for (int i = 0; i < seeded; i++) {
        compare_at(zone, name, prng_range(&prng, year_s(1900), year_s(2101) - 1));
    }
    *out_changes = compare_changes(zone, name, year_s(1900), year_s(2101));
    arena_done(&arena);
}

static void the_named_zones_agree_with_libc_from_1900_to_2100(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t changes_at_least;
    } ROWS[] = {
        {"America/New_York", 350},    {"Europe/London", 350},    {"Asia/Kolkata", 3},
        {"Australia/Lord_Howe", 200}, {"Africa/Casablanca", 60}, {"UTC", 0},
        {"America/Sao_Paulo", 80},    {"Europe/Dublin", 300},    {"Pacific/Apia", 10},
    };
    enum { SEEDED = 20000 };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        size_t changes = 0;
        compare_zone(ROWS[i].name, SEEDED, &changes);
        print_message("%-20s %d instants, %zu changes to the second\n", ROWS[i].name, SEEDED, changes);
        assert_true(changes >= ROWS[i].changes_at_least);
    }
}

static void every_zone_of_the_machine_agrees_with_libc(void **state)
{
    (void)state;
    FILE *table = fopen(ZONES "zone1970.tab", "r");
    if (!table) {
        fail_msg("%s", ZONES "zone1970.tab cannot be read; these tests need the package tzdata");
    }
    char line[1024];
    size_t zones = 0;
    size_t changes = 0;
    while (fgets(line, sizeof line, table)) {
        char name[128];
        if (line[0] != '#' && sscanf(line, "%*s %*s %127s", name) == 1) {
            size_t found = 0;
            compare_zone(name, 500, &found);
            zones++;
            changes += found;
        }
    }
    fclose(table);
    print_message("zones: %zu, 500 instants each, %zu changes to the second\n", zones, changes);
    assert_true(zones > 250);
}

static void far_away_instants_have_an_offset_too(void **state)
{
    (void)state;
    struct arena arena = arena_make(1 << 20);
    const struct zone *zone = load_zone("America/New_York", &arena);
    assert_int_equal(zone_offset_s(zone, INT64_MIN), -17762);
    /* Microsecond 2^63 - 1 falls on 10 January of the year 294247. */
    assert_int_equal(zone_offset_s(zone, INT64_MAX), -5 * 3600);
    assert_int_equal(zone_day(zone, INT64_MIN), DAY_MIN);
    assert_int_equal(zone_day(zone, INT64_MAX), DAY_MAX);
    arena_done(&arena);
}

static void the_local_day_turns_at_local_midnight(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        const char *instant;
        const char *day;
    } ROWS[] = {
        {"UTC", "2026-01-01T00:00:00Z", "2026-01-01"},
        {"UTC", "2025-12-31T23:59:59.999999Z", "2025-12-31"},
        {"UTC", "1969-12-31T23:59:59.999999Z", "1969-12-31"},
        {"America/New_York", "2026-01-01T04:59:59.999999Z", "2025-12-31"},
        {"America/New_York", "2026-01-01T05:00:00Z", "2026-01-01"},
        {"America/New_York", "2026-07-01T03:59:59Z", "2026-06-30"},
        {"America/New_York", "2026-07-01T04:00:00Z", "2026-07-01"},
        {"Asia/Kolkata", "2026-03-31T18:29:59Z", "2026-03-31"},
        {"Asia/Kolkata", "2026-03-31T18:30:00Z", "2026-04-01"},
        {"Australia/Lord_Howe", "2026-01-01T12:59:59Z", "2026-01-01"},
        {"Australia/Lord_Howe", "2026-01-01T13:00:00Z", "2026-01-02"},
        {"America/Sao_Paulo", "2050-01-01T02:59:59Z", "2049-12-31"},
        {"Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"},
        /* Held within the years that can be written. */
        {"Asia/Kolkata", "9999-12-31T23:59:59Z", "9999-12-31"},
        {"America/New_York", "0001-01-01T00:00:00Z", "0001-01-01"},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct arena arena = arena_make(1 << 20);
        int64_t at_us = 0;
        int32_t day = 0;
        char text[11];
        assert_int_equal(time_read(span_of(ROWS[i].instant), &at_us, &day), TIME_INSTANT);
        day = zone_day(load_zone(ROWS[i].zone, &arena), at_us);
        assert_string_equal(day_write(day, text), ROWS[i].day);
        arena_done(&arena);
    }
}

/* ---- Wall times ---- */

static void a_wall_time_that_never_was_or_was_twice_is_settled_and_said(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        const char *day;
        int32_t hour, minute;
        const char *instant;
        bool irregular;
    } ROWS[] = {
        {"UTC", "2026-03-08", 2, 30, "2026-03-08T02:30:00Z", false},
        {"America/New_York", "2026-03-08", 1, 59, "2026-03-08T06:59:00Z", false},
        {"America/New_York", "2026-03-08", 2, 0, "2026-03-08T07:00:00Z", true},
        {"America/New_York", "2026-03-08", 2, 30, "2026-03-08T07:30:00Z", true},
        {"America/New_York", "2026-03-08", 3, 0, "2026-03-08T07:00:00Z", false},
        {"America/New_York", "2026-11-01", 0, 59, "2026-11-01T04:59:00Z", false},
        {"America/New_York", "2026-11-01", 1, 0, "2026-11-01T05:00:00Z", true},
        {"America/New_York", "2026-11-01", 1, 59, "2026-11-01T05:59:00Z", true},
        {"America/New_York", "2026-11-01", 2, 0, "2026-11-01T07:00:00Z", false},
        /* By the footer, behind the last transition of the file. */
        {"America/New_York", "2090-03-12", 2, 30, "2090-03-12T07:30:00Z", true},
        {"America/New_York", "2090-11-05", 1, 30, "2090-11-05T05:30:00Z", true},
        {"America/New_York", "2090-11-05", 2, 30, "2090-11-05T07:30:00Z", false},
        /* Half an hour. */
        {"Australia/Lord_Howe", "2026-10-04", 2, 15, "2026-10-03T15:45:00Z", true},
        {"Australia/Lord_Howe", "2026-10-04", 2, 30, "2026-10-03T15:30:00Z", false},
        {"Australia/Lord_Howe", "2026-04-05", 1, 45, "2026-04-04T14:45:00Z", true},
        {"Australia/Lord_Howe", "2026-04-05", 2, 0, "2026-04-04T15:30:00Z", false},
        /* Midnight did not exist. */
        {"America/Sao_Paulo", "2018-11-04", 0, 0, "2018-11-04T03:00:00Z", true},
        /* Nor did a whole day. */
        {"Pacific/Apia", "2011-12-30", 12, 0, "2011-12-30T22:00:00Z", true},
        {"Pacific/Apia", "2011-12-31", 0, 0, "2011-12-30T10:00:00Z", false},
        {"Asia/Kolkata", "2026-03-08", 0, 0, "2026-03-07T18:30:00Z", false},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct arena arena = arena_make(1 << 20);
        const struct zone *zone = load_zone(ROWS[i].zone, &arena);
        int32_t day = 0;
        char text[28];
        bool irregular = !ROWS[i].irregular;
        assert_true(day_read(span_of(ROWS[i].day), &day));
        int32_t second = ROWS[i].hour * 3600 + ROWS[i].minute * 60;
        int64_t at_us = zone_instant(zone, day, second, &irregular);
        if (strcmp(instant_write(at_us, text), ROWS[i].instant) != 0 || irregular != ROWS[i].irregular) {
            fail_msg("%s %s %02d:%02d: %s, irregular %d", ROWS[i].zone, ROWS[i].day, ROWS[i].hour, ROWS[i].minute, text,
                     (int)irregular);
        }
        assert_int_equal(zone_instant(zone, day, second, NULL), at_us);
        arena_done(&arena);
    }
}

/* Tries every offset that holds anywhere within 27 hours. */
static int64_t slow_instant(const struct zone *zone, int64_t wall_s, int *out_count)
{
    int32_t offsets[8];
    size_t count = 0;
    for (int64_t at_s = wall_s - 27 * 3600; at_s <= wall_s + 27 * 3600; at_s += 900) {
        int32_t offset = zone_offset_s(zone, at_s * US_PER_SECOND);
        bool known = false;
        for (size_t i = 0; i < count; i++) {
            known |= offsets[i] == offset;
        }
        if (!known) {
            assert_true(count < COUNT_OF(offsets));
            offsets[count++] = offset;
        }
    }
    int64_t first = INT64_MAX;
    *out_count = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t at_s = wall_s - offsets[i];
        if (zone_offset_s(zone, at_s * US_PER_SECOND) == offsets[i]) {
            first = at_s < first ? at_s : first;
            ++*out_count;
        }
    }
    return first;
}

static void random_wall_times_agree_with_a_search_of_all_offsets(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"America/New_York",  "Europe/London",     "Australia/Lord_Howe",
                                        "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Apia"};
    size_t regular = 0;
    size_t twice = 0;
    size_t never = 0;
    for (size_t k = 0; k < COUNT_OF(NAMES); k++) {
        struct arena arena = arena_make(1 << 20);
        const struct zone *zone = load_zone(NAMES[k], &arena);
        struct prng prng = prng_make(k);
        int64_t change_s = 0;
        for (int i = 0; i < 6000; i++) {
            int64_t at_s = prng_range(&prng, year_s(1900), year_s(2101) - 1);
            /* Most rows lie close to a change, where it matters. */
            if (zone_offset_s(zone, at_s * US_PER_SECOND) != zone_offset_s(zone, (at_s + 30 * 86400) * US_PER_SECOND)) {
                int64_t low = at_s, high = at_s + 30 * 86400;
                while (high - low > 1) {
                    int64_t middle = (low + high) / 2;
                    bool same =
                        zone_offset_s(zone, middle * US_PER_SECOND) == zone_offset_s(zone, at_s * US_PER_SECOND);
                    *(same ? &low : &high) = middle;
                }
                change_s = high;
            }
            /* By the clock before the change or by the one after it, whichever shows it. */
            int64_t near = i % 4 ? change_s + prng_range(&prng, -5400, 5400) : at_s;
            int64_t clock_s = prng_chance(&prng, 2) ? change_s - 1 : change_s;
            int64_t wall_s = near + zone_offset_s(zone, clock_s * US_PER_SECOND);
            int32_t day = (int32_t)(wall_s / 86400 - (wall_s % 86400 < 0));
            int32_t second = (int32_t)(wall_s - (int64_t)day * 86400);
            int count = 0;
            int64_t wanted = slow_instant(zone, wall_s, &count);
            bool irregular = false;
            int64_t found = zone_instant(zone, day, second, &irregular) / US_PER_SECOND;
            assert_int_equal(irregular, count != 1);
            if (count > 0) {
                assert_int_equal(found, wanted);
            } else {
                /* Moved forward by the gap: the same wall time by the offset before it. */
                int64_t back = found;
                while (zone_offset_s(zone, back * US_PER_SECOND) == zone_offset_s(zone, found * US_PER_SECOND)) {
                    back -= 60;
                }
                assert_int_equal(found + zone_offset_s(zone, back * US_PER_SECOND), wall_s);
            }
            regular += count == 1;
            twice += count > 1;
            never += count == 0;
        }
        arena_done(&arena);
    }
    print_message("wall times: %zu once, %zu twice, %zu never\n", regular, twice, never);
    assert_true(regular > 1000 && twice > 500 && never > 500);
}

/* ---- Files made by hand ---- */

static void put_u32(struct buf *buf, uint32_t value)
{
    char bytes[4] = {(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};
    buf_put(buf, bytes, sizeof bytes);
}

struct counts {
    uint32_t utc_marks, standard_marks, leaps, times, types, name_bytes;
};

static void put_header(struct buf *buf, char version, struct counts counts)
{
    buf_put(buf, "TZif", 4);
    buf_put_char(buf, version);
    buf_put(buf, (char[15]){0}, 15);
    put_u32(buf, counts.utc_marks);
    put_u32(buf, counts.standard_marks);
    put_u32(buf, counts.leaps);
    put_u32(buf, counts.times);
    put_u32(buf, counts.types);
    put_u32(buf, counts.name_bytes);
}

static void put_type(struct buf *buf, int32_t offset_s, uint8_t dst, uint8_t name)
{
    put_u32(buf, (uint32_t)offset_s);
    buf_put_u8(buf, dst);
    buf_put_u8(buf, name);
}

/* A zone of one offset with a footer. */
static const struct zone *zone_with_footer(const char *footer, struct arena *arena)
{
    struct buf buf = buf_make(1000);
    put_header(&buf, '3', (struct counts){.types = 1, .name_bytes = 4});
    put_type(&buf, 0, 0, 0);
    buf_put(&buf, "AAA", 4);
    put_header(&buf, '3', (struct counts){.types = 1, .name_bytes = 4});
    put_type(&buf, 1234, 0, 0);
    buf_put(&buf, "AAA", 4);
    buf_print(&buf, "\n%s\n", footer);
    const struct zone *zone = zone_parse(buf_span(&buf), arena);
    buf_done(&buf);
    return zone;
}

static void a_footer_says_what_libc_says_of_the_same_rule(void **state)
{
    (void)state;
    static const char *const FOOTERS[] = {
        "EST5EDT,M3.2.0,M11.1.0",
        "GMT0BST,M3.5.0/1,M10.5.0",
        "IST-5:30",
        "<+03>-3",
        "<-0330>3:30",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "AEST-10AEDT,M10.1.0,M4.1.0/3",
        "IST-2IDT,M3.4.4/26,M10.5.0",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "EET-2EEST,M4.5.5/0,M10.5.4/24",
        "XXX3YYY,J60/0,J300/1:30:15",
        "XXX3YYY,59/0,300",
        "XXX-3YYY,J59,J365/3",
        "XXX12:34:56YYY11:00:01,M2.5.6/100,M9.1.3/-100",
        "XXX0YYY,M1.2.0/-20,M12.4.6/20",
    };
    size_t instants = 0;
    for (size_t i = 0; i < COUNT_OF(FOOTERS); i++) {
        struct arena arena = arena_make(1 << 16);
        const struct zone *zone = zone_with_footer(FOOTERS[i], &arena);
        if (!zone) {
            fail_msg("\"%s\" was refused", FOOTERS[i]);
        }
        set_libc_zone(FOOTERS[i]);
        struct prng prng = prng_make(i);
        for (int round = 0; round < 5000; round++, instants++) {
            compare_at(zone, FOOTERS[i], prng_range(&prng, year_s(1971), year_s(2400)));
        }
        size_t changes = compare_changes(zone, FOOTERS[i], year_s(1971), year_s(2100));
        bool has_dst = strchr(FOOTERS[i], ',') != NULL;
        assert_true(has_dst ? changes >= 250 : changes == 0);
        arena_done(&arena);
    }
    print_message("footers: %zu, %zu instants\n", COUNT_OF(FOOTERS), instants);
}

static void daylight_saving_can_last_all_year(void **state)
{
    (void)state;
    struct arena arena = arena_make(1 << 16);
    const struct zone *zone = zone_with_footer("XXX3EDT4,0/0,J365/23", &arena);
    assert_non_null(zone);
    for (int year = 1971; year < 2100; year++) {
        for (int64_t near = -7200; near <= 7200; near += 600) {
            assert_int_equal(zone_offset_s(zone, (year_s(year) + near) * US_PER_SECOND), -4 * 3600);
        }
    }
    bool irregular = true;
    zone_instant(zone, day_from_civil(2026, 1, 1), 0, &irregular);
    assert_false(irregular);
    arena_done(&arena);
}

static void rules_may_strike_a_week_outside_their_year(void **state)
{
    (void)state;
    static const struct {
        const char *footer;
        const char *instant;
        int32_t offset_s;
    } ROWS[] = {
        /* Starts seven days, less an hour, before the first of January. */
        {"XXX0YYY,0/-167,J180/0", "2025-12-25T00:59:59Z", 0},
        {"XXX0YYY,0/-167,J180/0", "2025-12-25T01:00:00Z", 3600},
        {"XXX0YYY,0/-167,J180/0", "2026-01-01T00:00:00Z", 3600},
        {"XXX0YYY,0/-167,J180/0", "2026-08-01T00:00:00Z", 0},
        /* Ends almost seven days into the next year. */
        {"XXX0YYY,J180/0,J365/167", "2026-01-06T21:59:59Z", 3600},
        {"XXX0YYY,J180/0,J365/167", "2026-01-06T22:00:00Z", 0},
        {"XXX0YYY,J180/0,J365/167", "2026-05-01T00:00:00Z", 0},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct arena arena = arena_make(1 << 16);
        const struct zone *zone = zone_with_footer(ROWS[i].footer, &arena);
        assert_non_null(zone);
        int64_t at_us = 0;
        int32_t day = 0;
        assert_int_equal(time_read(span_of(ROWS[i].instant), &at_us, &day), TIME_INSTANT);
        if (zone_offset_s(zone, at_us) != ROWS[i].offset_s) {
            fail_msg("%s at %s: %d", ROWS[i].footer, ROWS[i].instant, zone_offset_s(zone, at_us));
        }
        arena_done(&arena);
    }
}

static void an_ill_formed_footer_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "EST",
        "5EST",
        "ES5",
        "EST+",
        "EST5 ",
        "EST25",
        "EST5:60",
        "EST5:00:60",
        "EST5:1",
        "E+T5",
        "<+03-3",
        "<+3>-3",
        "<>3",
        "<+0 3>-3",
        "EST5EDT",
        "EST5EDT,M3.2.0",
        "EST5EDT,M3.2.0,",
        "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M0.2.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.0.0,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,M3.2,M11.1.0",
        "EST5EDT,J0,J100",
        "EST5EDT,J366,J100",
        "EST5EDT,366,100",
        "EST5EDT,M3.2.0/168,M11.1.0",
        "EST5EDT,M3.2.0/-168,M11.1.0",
        "EST5EDT,M3.2.0/,M11.1.0",
        "EST5EDT,M3.2.0,M11.1.0,",
        "EST5EDT,M3.2.0,M11.1.0/2x",
        "EST5EDT25,M3.2.0,M11.1.0",
        "EST5ED,M3.2.0,M11.1.0",
        "EST99999999999999999999",
        "EST5EDT,,M11.1.0",
    };
    struct arena arena = arena_make(1 << 20);
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        if (zone_with_footer(BAD[i], &arena)) {
            fail_msg("\"%s\" was taken", BAD[i]);
        }
    }
    assert_false(arena_is_exhausted(&arena));
    arena_done(&arena);
}

static void without_a_footer_the_last_offset_holds(void **state)
{
    (void)state;
    struct arena arena = arena_make(1 << 16);
    const struct zone *zone = zone_with_footer("", &arena);
    assert_non_null(zone);
    assert_int_equal(zone_offset_s(zone, 0), 1234);
    arena_done(&arena);
}

/* A version 1 file: -1 hour, from second 1000 on +2 hours. */
static void put_version_1(struct buf *buf)
{
    buf_reset(buf);
    put_header(buf, 0, (struct counts){.times = 1, .types = 2, .name_bytes = 8});
    put_u32(buf, 1000);
    buf_put_u8(buf, 1);
    put_type(buf, -3600, 0, 0);
    put_type(buf, 7200, 1, 4);
    buf_put(buf, "AAA\0BBB", 8);
}

static void a_file_of_version_1_has_32_bit_times_and_no_footer(void **state)
{
    (void)state;
    struct arena arena = arena_make(1 << 16);
    struct buf buf = buf_make(1000);
    put_version_1(&buf);
    const struct zone *zone = zone_parse(buf_span(&buf), &arena);
    assert_non_null(zone);
    assert_int_equal(zone_offset_s(zone, 999 * US_PER_SECOND), -3600);
    assert_int_equal(zone_offset_s(zone, 1000 * US_PER_SECOND - 1), -3600);
    assert_int_equal(zone_offset_s(zone, 1000 * US_PER_SECOND), 7200);
    assert_int_equal(zone_offset_s(zone, INT64_MAX), 7200);
    buf_done(&buf);
    arena_done(&arena);
}

static void a_file_that_breaks_a_rule_of_its_format_is_refused(void **state)
{
    (void)state;
    /* Each row changes one byte of the good file above. */
    static const struct {
        size_t at;
        unsigned char byte;
        const char *why;
    } ROWS[] = {
        {0, 't', "magic"},
        {4, '1', "version 1 is spelled NUL"},
        {4, '5', "no such version"},
        {4, '2', "a second block is promised"},
        {23, 1, "one UTC mark for two types"},
        {27, 1, "one standard mark for two types"},
        {31, 1, "leap seconds"},
        {32, 0xff, "times beyond the end"},
        {35, 2, "another time"},
        {39, 0, "no types"},
        {38, 2, "more types than an index can name"},
        {43, 0, "no names"},
        {43, 9, "names beyond the end"},
        {43, 4, "a name outside the names"},
        {40, 0xff, "names beyond the end"},
        {48, 2, "a type that is not there"},
        {49, 0x80, "an offset of years"},
        {53, 2, "neither standard nor daylight"},
        {60, 8, "a name outside the names"},
    };
    struct arena arena = arena_make(1 << 20);
    struct buf buf = buf_make(1000);
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        put_version_1(&buf);
        assert_non_null(zone_parse(buf_span(&buf), &arena));
        buf.ptr[ROWS[i].at] = (char)ROWS[i].byte;
        if (zone_parse(buf_span(&buf), &arena)) {
            fail_msg("taken in spite of: %s", ROWS[i].why);
        }
    }
    assert_null(zone_parse((struct span){0}, &arena));
    buf_done(&buf);
    arena_done(&arena);
}

static void times_of_version_1_may_lie_before_1970(void **state)
{
    (void)state;
    struct arena arena = arena_make(1 << 16);
    struct buf buf = buf_make(1000);
    put_version_1(&buf);
    memcpy(buf.ptr + 44, "\xff\xff\xff\x00", 4); /* second -256 */
    const struct zone *zone = zone_parse(buf_span(&buf), &arena);
    assert_non_null(zone);
    assert_int_equal(zone_offset_s(zone, -257 * US_PER_SECOND), -3600);
    assert_int_equal(zone_offset_s(zone, -256 * US_PER_SECOND), 7200);
    buf_done(&buf);
    arena_done(&arena);
}

static void a_zone_that_counts_leap_seconds_is_refused(void **state)
{
    (void)state;
    struct arena arena = arena_make(1 << 16);
    struct buf buf = buf_make(1000);
    put_version_1(&buf);
    buf.ptr[31] = 1; /* one leap second, and here it is */
    buf_put(&buf, "\x04\xb2\x58\x00\x00\x00\x00\x01", 8);
    assert_null(zone_parse(buf_span(&buf), &arena));
    buf.ptr[31] = 0;
    assert_non_null(zone_parse(buf_span(&buf), &arena));
    buf_done(&buf);
    arena_done(&arena);
}

static void transitions_must_ascend(void **state)
{
    (void)state;
    struct arena arena = arena_make(1 << 16);
    for (uint32_t second = 999; second <= 1001; second++) {
        struct buf buf = buf_make(1000);
        put_header(&buf, 0, (struct counts){.times = 2, .types = 1, .name_bytes = 4});
        put_u32(&buf, 1000);
        put_u32(&buf, second);
        buf_put(&buf, "\0\0", 2);
        put_type(&buf, 0, 0, 0);
        buf_put(&buf, "AAA", 4);
        assert_int_equal(zone_parse(buf_span(&buf), &arena) != NULL, second == 1001);
        buf_done(&buf);
    }
    arena_done(&arena);
}

static void a_zone_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct arena arena = arena_make(1 << 24);
    struct buf buf = buf_make(1 << 20);
    assert_true(read_file(ZONES "Europe/London", &buf));
    size_t whole = buf.len;
    assert_non_null(zone_parse(buf_span(&buf), &arena));
    for (size_t len = 0; len < whole; len++) {
        /* A copy of its own size, so that a read behind its end is noticed. */
        char *cut = malloc(len + 1);
        assert_non_null(cut);
        memcpy(cut, buf.ptr, len);
        char *exact = realloc(cut, len ? len : 1);
        assert_non_null(exact);
        if (zone_parse((struct span){exact, len}, &arena)) {
            fail_msg("taken when cut to %zu of %zu bytes", len, whole);
        }
        free(exact);
        arena_reset(&arena);
    }
    print_message("cuts: %zu\n", whole);
    buf_done(&buf);
    arena_done(&arena);
}

static void no_bytes_can_make_a_zone_misbehave(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"America/New_York", "Asia/Kolkata", "Africa/Casablanca"};
    struct prng prng = prng_make(8536);
    size_t taken = 0;
    size_t refused = 0;
    for (size_t k = 0; k < COUNT_OF(NAMES); k++) {
        char path[256];
        struct buf buf = buf_make(1 << 20);
        struct arena arena = arena_make(1 << 20);
        snprintf(path, sizeof path, ZONES "%s", NAMES[k]);
        assert_true(read_file(path, &buf));
        for (int round = 0; round < 4000; round++) {
            char *bytes = malloc(buf.len);
            assert_non_null(bytes);
            memcpy(bytes, buf.ptr, buf.len);
            for (int64_t flips = prng_range(&prng, 1, 4); flips > 0; flips--) {
                uint64_t at = prng_below(&prng, buf.len);
                /* The footer is short but has the most rules: aim at it often. */
                at = prng_chance(&prng, 3) ? buf.len - 1 - at % 40 : at;
                bytes[at] = (char)prng_next(&prng);
            }
            const struct zone *zone = zone_parse((struct span){bytes, buf.len}, &arena);
            free(bytes);
            for (int i = 0; zone && i < 8; i++) {
                int64_t at_us = (int64_t)prng_next(&prng);
                int32_t offset = zone_offset_s(zone, at_us);
                assert_true(offset >= -90000 && offset <= 93600);
                int32_t day = zone_day(zone, at_us);
                zone_instant(zone, day, (int32_t)prng_below(&prng, 86400), NULL);
            }
            taken += zone != NULL;
            refused += zone == NULL;
            arena_reset(&arena);
        }
        buf_done(&buf);
        arena_done(&arena);
    }
    print_message("spoilt zones: %zu taken, %zu refused\n", taken, refused);
    assert_true(taken > 500 && refused > 500);
}

static void a_zone_that_does_not_fit_its_arena_is_refused(void **state)
{
    (void)state;
    struct buf buf = buf_make(1 << 20);
    struct arena arena = arena_make(1000);
    assert_true(read_file(ZONES "Europe/London", &buf));
    assert_null(zone_parse(buf_span(&buf), &arena));
    assert_true(arena_is_exhausted(&arena));
    buf_done(&buf);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_from_1600_to_2400_goes_to_its_date_and_back),
        cmocka_unit_test(the_first_and_last_days_are_those_of_the_years_1_and_9999),
        cmocka_unit_test(a_date_is_read_only_if_it_is_one),
        cmocka_unit_test(dates_that_nobody_may_ask_for_are_bugs),
        cmocka_unit_test(an_instant_is_read_with_its_offset_and_written_in_utc),
        cmocka_unit_test(what_is_no_instant_and_no_date_is_malformed),
        cmocka_unit_test(a_plain_date_is_told_from_an_instant),
        cmocka_unit_test(random_instants_are_read_back_the_same),
        cmocka_unit_test(the_named_zones_agree_with_libc_from_1900_to_2100),
        cmocka_unit_test(every_zone_of_the_machine_agrees_with_libc),
        cmocka_unit_test(far_away_instants_have_an_offset_too),
        cmocka_unit_test(the_local_day_turns_at_local_midnight),
        cmocka_unit_test(a_wall_time_that_never_was_or_was_twice_is_settled_and_said),
        cmocka_unit_test(random_wall_times_agree_with_a_search_of_all_offsets),
        cmocka_unit_test(a_footer_says_what_libc_says_of_the_same_rule),
        cmocka_unit_test(daylight_saving_can_last_all_year),
        cmocka_unit_test(rules_may_strike_a_week_outside_their_year),
        cmocka_unit_test(an_ill_formed_footer_is_refused),
        cmocka_unit_test(without_a_footer_the_last_offset_holds),
        cmocka_unit_test(a_file_of_version_1_has_32_bit_times_and_no_footer),
        cmocka_unit_test(a_file_that_breaks_a_rule_of_its_format_is_refused),
        cmocka_unit_test(times_of_version_1_may_lie_before_1970),
        cmocka_unit_test(a_zone_that_counts_leap_seconds_is_refused),
        cmocka_unit_test(transitions_must_ascend),
        cmocka_unit_test(a_zone_cut_anywhere_is_refused),
        cmocka_unit_test(no_bytes_can_make_a_zone_misbehave),
        cmocka_unit_test(a_zone_that_does_not_fit_its_arena_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
