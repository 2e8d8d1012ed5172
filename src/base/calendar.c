/* calendar.c: days by counting in 400-year cycles, zones by bisection in their transitions and,
 * behind the last of these, by the rule of their footer. All arithmetic on instants is in whole
 * seconds; a microsecond only ever decides by rounding down. */
#include "base/calendar.h"

enum { SECONDS_PER_DAY = 86400, MONTHS = 12, DAYS_PER_400_YEARS = 146097 };

/* Days before each month of a year that begins in March, so that the leap day comes last. */
static const int DAYS_BEFORE_MARCH_MONTH[MONTHS] = {
    0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337,
};

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return quotient - (a % b < 0);
}

static bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int days_in_month(int64_t year, int month)
{
    static const int DAYS[MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return DAYS[month - 1] + (month == 2 && is_leap(year));
}

/* Any year that an instant can fall in. */
static int64_t days_from_civil(int64_t year, int month, int day_of_month)
{
    int64_t march_year = year - (month <= 2);
    int64_t cycle = floor_div(march_year, 400);
    int64_t of_cycle = march_year - cycle * 400;
    int64_t day_of_cycle =
        of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + DAYS_BEFORE_MARCH_MONTH[(month + 9) % 12] + day_of_month - 1;
    /* 1970-01-01 is 719,468 days behind 0000-03-01. */
    return cycle * DAYS_PER_400_YEARS + day_of_cycle - 719468;
}

struct civil {
    int64_t year;
    int month;
    int day_of_month;
};

static struct civil civil_from_days(int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t cycle = floor_div(shifted, DAYS_PER_400_YEARS);
    int64_t of_cycle = shifted - cycle * DAYS_PER_400_YEARS;
    /* Take the leap days out, then whole years of 365 days remain; the very last day of each period
     * would open a new year and is held back. */
    int64_t year_of_cycle = (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / (DAYS_PER_400_YEARS - 1)) / 365;
    int day_of_year = (int)(of_cycle - (year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100));
    int march_month = (5 * day_of_year + 2) / 153;
    struct civil civil = {
        .year = cycle * 400 + year_of_cycle + (march_month >= 10),
        .month = march_month < 10 ? march_month + 3 : march_month - 9,
        .day_of_month = day_of_year - DAYS_BEFORE_MARCH_MONTH[march_month] + 1,
    };
    return civil;
}

int32_t day_from_civil(int year, int month, int day_of_month)
{
    must(year >= 1 && year <= 9999);
    must(month >= 1 && month <= MONTHS);
    must(day_of_month >= 1 && day_of_month <= days_in_month(year, month));
    return (int32_t)days_from_civil(year, month, day_of_month);
}

void day_to_civil(int32_t day, int *out_year, int *out_month, int *out_day_of_month)
{
    struct civil civil = civil_from_days(day);
    *out_year = (int)civil.year;
    *out_month = civil.month;
    *out_day_of_month = civil.day_of_month;
}

/* ---- Text ---- */

/* Writes `value` as exactly `count` digits and returns where the next character goes. */
static char *write_digits(char *at, int64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + count;
}

const char *day_write(int32_t day, char out[11])
{
    must(day >= DAY_MIN && day <= DAY_MAX);
    struct civil civil = civil_from_days(day);
    char *at = write_digits(out, civil.year, 4);
    *at++ = '-';
    at = write_digits(at, civil.month, 2);
    *at++ = '-';
    at = write_digits(at, civil.day_of_month, 2);
    *at = '\0';
    return out;
}

const char *instant_write(int64_t at_us, char out[28])
{
    int64_t day = floor_div(at_us, US_PER_DAY);
    must(day >= DAY_MIN && day <= DAY_MAX);
    int64_t us_of_day = at_us - day * US_PER_DAY;
    int64_t second = us_of_day / US_PER_SECOND;
    int64_t fraction = us_of_day % US_PER_SECOND;

    day_write((int32_t)day, out);
    char *at = out + 10;
    *at++ = 'T';
    at = write_digits(at, second / 3600, 2);
    *at++ = ':';
    at = write_digits(at, second / 60 % 60, 2);
    *at++ = ':';
    at = write_digits(at, second % 60, 2);
    if (fraction != 0) {
        *at++ = '.';
        at = write_digits(at, fraction, 6);
        while (at[-1] == '0') {
            at--;
        }
    }
    *at++ = 'Z';
    *at = '\0';
    return out;
}

/* What is left of a text that is being read. */
struct reader {
    const char *at;
    const char *end;
};

static struct reader reader_of(struct span text)
{
    return (struct reader){text.ptr, text.ptr ? text.ptr + text.len : text.ptr};
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* The next character, or NUL at the end. */
static char peek(const struct reader *reader)
{
    if (reader->at == reader->end) {
        return '\0';
    }
    return *reader->at;
}

static bool take(struct reader *reader, char wanted)
{
    bool there = reader->at != reader->end && *reader->at == wanted;
    reader->at += there;
    return there;
}

/* Exactly `count` digits of a number in low..high. */
static bool take_fixed(struct reader *reader, int count, int low, int high, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(peek(reader))) {
            return false;
        }
        value = value * 10 + (*reader->at++ - '0');
    }
    *out = value;
    return value >= low && value <= high;
}

static bool take_date(struct reader *reader, int32_t *out_day)
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    bool well_formed = take_fixed(reader, 4, 1, 9999, &year) && take(reader, '-') &&
                       take_fixed(reader, 2, 1, MONTHS, &month) && take(reader, '-') &&
                       take_fixed(reader, 2, 1, 31, &day_of_month);
    if (!well_formed || day_of_month > days_in_month(year, month)) {
        return false;
    }
    *out_day = (int32_t)days_from_civil(year, month, day_of_month);
    return true;
}

bool day_read(struct span text, int32_t *out_day)
{
    struct reader reader = reader_of(text);
    int32_t day = 0;
    if (!take_date(&reader, &day) || reader.at != reader.end) {
        return false;
    }
    *out_day = day;
    return true;
}

/* Nothing, or a point and one to six digits. */
static bool take_fraction(struct reader *reader, int64_t *out_us)
{
    *out_us = 0;
    if (!take(reader, '.')) {
        return true;
    }
    int64_t unit = US_PER_SECOND;
    for (; is_digit(peek(reader)); reader->at++) {
        if (unit == 1) {
            return false;
        }
        unit /= 10;
        *out_us += (*reader->at - '0') * unit;
    }
    return unit < US_PER_SECOND;
}

/* Z or ±hh:mm, as seconds east. */
static bool take_offset(struct reader *reader, int *out_s)
{
    if (take(reader, 'Z') || take(reader, 'z')) {
        *out_s = 0;
        return true;
    }
    int hour = 0;
    int minute = 0;
    int sign = take(reader, '-') ? -1 : take(reader, '+') ? 1 : 0;
    if (sign == 0 || !take_fixed(reader, 2, 0, 23, &hour) || !take(reader, ':') ||
        !take_fixed(reader, 2, 0, 59, &minute)) {
        return false;
    }
    *out_s = sign * (hour * 3600 + minute * 60);
    return true;
}

/* What follows the date in an RFC 3339 instant, up to the end of the text. */
static bool take_time_of(struct reader *reader, int32_t day, int64_t *out_at_us)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    int offset_s = 0;
    int64_t fraction_us = 0;
    bool well_formed = (take(reader, 'T') || take(reader, 't')) && take_fixed(reader, 2, 0, 23, &hour) &&
                       take(reader, ':') && take_fixed(reader, 2, 0, 59, &minute) && take(reader, ':') &&
                       take_fixed(reader, 2, 0, 60, &second) && take_fraction(reader, &fraction_us) &&
                       take_offset(reader, &offset_s);
    if (!well_formed || reader->at != reader->end) {
        return false;
    }
    int64_t at_s = (int64_t)day * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset_s;
    /* A leap second ends a day of UTC; counted on, it is the first second of the next. */
    if (second == 60 && at_s - floor_div(at_s, SECONDS_PER_DAY) * SECONDS_PER_DAY != 0) {
        return false;
    }
    /* The offset may lead out of the years that can be written again. */
    int64_t utc_day = floor_div(at_s, SECONDS_PER_DAY);
    if (utc_day < DAY_MIN || utc_day > DAY_MAX) {
        return false;
    }
    *out_at_us = at_s * US_PER_SECOND + fraction_us;
    return true;
}

enum time_form time_read(struct span text, int64_t *out_at_us, int32_t *out_day)
{
    struct reader reader = reader_of(text);
    int32_t day = 0;
    if (!take_date(&reader, &day)) {
        return TIME_MALFORMED;
    }
    if (reader.at == reader.end) {
        *out_day = day;
        return TIME_DATE;
    }
    return take_time_of(&reader, day, out_at_us) ? TIME_INSTANT : TIME_MALFORMED;
}

/* ---- Zones ---- */

/* When a rule of the footer changes the clock, each year anew. */
enum rule_kind { RULE_JULIAN, RULE_DAY, RULE_MONTH };
struct rule {
    enum rule_kind kind;
    int day;   /* JULIAN 1-365, never the leap day; DAY 0-365; MONTH the weekday, 0 is Sunday */
    int week;  /* MONTH 1-5, 5 is the last */
    int month; /* MONTH 1-12 */
    int32_t time_s;
};

/* The POSIX TZ string behind the transitions. */
struct footer {
    bool present;
    bool has_dst;
    int32_t standard_s;
    int32_t dst_s;
    struct rule start;
    struct rule end;
};

struct zone {
    size_t count;
    const int64_t *at_s;     /* the transitions, ascending */
    const int32_t *offset_s; /* the offset from each of them on */
    int32_t first_offset_s;  /* the offset before the first */
    struct footer footer;
};

/* RFC 8536 keeps offsets within 25 hours west and 26 hours east. */
enum { OFFSET_MIN_S = -89999, OFFSET_MAX_S = 93599 };

const struct zone *zone_utc(void)
{
    static const struct zone UTC;
    return &UTC;
}

/* ---- The footer: std offset [dst [offset] , start [/time] , end [/time]] ---- */

static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/* A name of three or more letters, or any of letters, digits and signs in <>. Its text does not
 * matter. */
static bool take_name(struct reader *reader)
{
    bool quoted = take(reader, '<');
    int length = 0;
    for (;; reader->at++, length++) {
        char c = peek(reader);
        if (!is_letter(c) && !(quoted && (is_digit(c) || c == '+' || c == '-'))) {
            break;
        }
    }
    return length >= 3 && (!quoted || take(reader, '>'));
}

/* One to three digits of a number in low..high. */
static bool take_number(struct reader *reader, int low, int high, int *out)
{
    int value = 0;
    int count = 0;
    for (; count < 3 && is_digit(peek(reader)); count++) {
        value = value * 10 + (*reader->at++ - '0');
    }
    *out = value;
    return count > 0 && value >= low && value <= high;
}

/* [+-]h[hh][:mm[:ss]] in seconds. */
static bool take_hms(struct reader *reader, int hour_max, int32_t *out_s)
{
    int hour = 0;
    int minute = 0;
    int second = 0;
    int sign = take(reader, '-') ? -1 : 1;
    if (sign > 0) {
        take(reader, '+');
    }
    if (!take_number(reader, 0, hour_max, &hour)) {
        return false;
    }
    if (take(reader, ':')) {
        if (!take_fixed(reader, 2, 0, 59, &minute)) {
            return false;
        }
        if (take(reader, ':') && !take_fixed(reader, 2, 0, 59, &second)) {
            return false;
        }
    }
    *out_s = sign * (hour * 3600 + minute * 60 + second);
    return true;
}

static bool take_rule(struct reader *reader, struct rule *out)
{
    bool well_formed = false;
    if (take(reader, 'J')) {
        out->kind = RULE_JULIAN;
        well_formed = take_number(reader, 1, 365, &out->day);
    } else if (take(reader, 'M')) {
        out->kind = RULE_MONTH;
        well_formed = take_number(reader, 1, MONTHS, &out->month) && take(reader, '.') &&
                      take_number(reader, 1, 5, &out->week) && take(reader, '.') &&
                      take_number(reader, 0, 6, &out->day);
    } else {
        out->kind = RULE_DAY;
        well_formed = take_number(reader, 0, 365, &out->day);
    }
    out->time_s = 2 * 3600;
    return well_formed && (!take(reader, '/') || take_hms(reader, 167, &out->time_s));
}

/* Empty means that no rule is known. POSIX counts offsets to the west, we to the east. */
static bool read_footer(struct span text, struct footer *out)
{
    struct reader reader = reader_of(text);
    if (text.len == 0) {
        return true;
    }
    int32_t west_s = 0;
    if (!take_name(&reader) || !take_hms(&reader, 24, &west_s)) {
        return false;
    }
    out->present = true;
    out->standard_s = -west_s;
    if (reader.at == reader.end) {
        return true;
    }
    if (!take_name(&reader)) {
        return false;
    }
    out->has_dst = true;
    west_s -= 3600;
    if (peek(&reader) != ',' && !take_hms(&reader, 24, &west_s)) {
        return false;
    }
    out->dst_s = -west_s;
    return take(&reader, ',') && take_rule(&reader, &out->start) && take(&reader, ',') &&
           take_rule(&reader, &out->end) && reader.at == reader.end;
}

/* ---- The file (RFC 8536) ---- */

enum { HEADER_BYTES = 44, TYPE_BYTES = 6 };

struct zone_header {
    uint64_t utc_marks;
    uint64_t standard_marks;
    uint64_t leaps;
    uint64_t times;
    uint64_t types;
    uint64_t name_bytes;
};

static uint64_t load_be(const char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value = value << 8 | (unsigned char)at[i];
    }
    return value;
}

static bool take_header(struct reader *reader, int *out_version, struct zone_header *out)
{
    const char *at = reader->at;
    if (reader->end - at < HEADER_BYTES || memcmp(at, "TZif", 4) != 0) {
        return false;
    }
    if (at[4] != '\0' && (at[4] < '2' || at[4] > '4')) {
        return false;
    }
    *out_version = at[4] ? at[4] - '0' : 1;
    *out = (struct zone_header){
        .utc_marks = load_be(at + 20, 4),
        .standard_marks = load_be(at + 24, 4),
        .leaps = load_be(at + 28, 4),
        .times = load_be(at + 32, 4),
        .types = load_be(at + 36, 4),
        .name_bytes = load_be(at + 40, 4),
    };
    reader->at += HEADER_BYTES;
    return true;
}

/* The bytes of a data block whose times have `time_bytes` each; cannot overflow, counts have 32
 * bits. */
static uint64_t block_bytes(const struct zone_header *header, uint64_t time_bytes)
{
    return header->times * (time_bytes + 1) + header->types * TYPE_BYTES + header->name_bytes +
           header->leaps * (time_bytes + 4) + header->standard_marks + header->utc_marks;
}

static bool counts_are_sound(const struct zone_header *header)
{
    /* A "right/" zone counts leap seconds; its times are not ours. */
    return header->leaps == 0 && header->types >= 1 && header->types <= 256 && header->name_bytes >= 1 &&
           (header->utc_marks == 0 || header->utc_marks == header->types) &&
           (header->standard_marks == 0 || header->standard_marks == header->types);
}

static bool read_types(const char *at, const struct zone_header *header, int32_t offsets[256])
{
    for (uint64_t i = 0; i < header->types; i++, at += TYPE_BYTES) {
        offsets[i] = (int32_t)(uint32_t)load_be(at, 4);
        bool sound = offsets[i] >= OFFSET_MIN_S && offsets[i] <= OFFSET_MAX_S && (unsigned char)at[4] <= 1 &&
                     (unsigned char)at[5] < header->name_bytes;
        if (!sound) {
            return false;
        }
    }
    return true;
}

/* Reads the data block at `block`, whose size was checked, into `zone`. */
static bool read_block(const char *block, const struct zone_header *header, int time_bytes, struct arena *arena,
                       struct zone *zone)
{
    int32_t offsets[256];
    const char *indexes = block + header->times * (uint64_t)time_bytes;
    if (!read_types(indexes + header->times, header, offsets)) {
        return false;
    }
    int64_t *at_s = ARENA_ARRAY(arena, int64_t, header->times);
    int32_t *offset_s = ARENA_ARRAY(arena, int32_t, header->times);
    if (!at_s || !offset_s) {
        return false;
    }
    for (uint64_t i = 0; i < header->times; i++) {
        uint64_t raw = load_be(block + i * (uint64_t)time_bytes, time_bytes);
        at_s[i] = time_bytes == 4 ? (int32_t)(uint32_t)raw : (int64_t)raw;
        unsigned char type = (unsigned char)indexes[i];
        if (type >= header->types || (i > 0 && at_s[i] <= at_s[i - 1])) {
            return false;
        }
        offset_s[i] = offsets[type];
    }
    zone->count = header->times;
    zone->at_s = at_s;
    zone->offset_s = offset_s;
    zone->first_offset_s = offsets[0];
    return true;
}

/* What follows the second block: a newline, the TZ string, a newline, the end. */
static bool take_footer(struct reader *reader, struct footer *out)
{
    if (!take(reader, '\n')) {
        return false;
    }
    size_t left = (size_t)(reader->end - reader->at);
    const char *newline = memchr(reader->at, '\n', left);
    if (!newline) {
        return false;
    }
    return read_footer((struct span){reader->at, (size_t)(newline - reader->at)}, out);
}

const struct zone *zone_parse(struct span bytes, struct arena *arena)
{
    struct reader reader = reader_of(bytes);
    struct zone_header header;
    int version = 0;
    int time_bytes = 4;
    if (!take_header(&reader, &version, &header)) {
        return NULL;
    }
    if (version >= 2) {
        /* The first block is for old readers only. */
        if (block_bytes(&header, 4) > (uint64_t)(reader.end - reader.at)) {
            return NULL;
        }
        reader.at += block_bytes(&header, 4);
        int again = 0;
        if (!take_header(&reader, &again, &header) || again != version) {
            return NULL;
        }
        time_bytes = 8;
    }
    uint64_t size = block_bytes(&header, (uint64_t)time_bytes);
    if (!counts_are_sound(&header) || size > (uint64_t)(reader.end - reader.at)) {
        return NULL;
    }
    struct zone *zone = ARENA_NEW(arena, struct zone);
    if (!zone || !read_block(reader.at, &header, time_bytes, arena, zone)) {
        return NULL;
    }
    reader.at += size;
    return version == 1 || take_footer(&reader, &zone->footer) ? zone : NULL;
}

/* ---- Offsets ---- */

/* The local second, counted from 1970 without an offset, at which a rule strikes in a year. */
static int64_t rule_second(const struct rule *rule, int64_t year)
{
    int64_t day = days_from_civil(year, 1, 1);
    switch (rule->kind) {
    case RULE_JULIAN: day += rule->day - 1 + (rule->day >= 60 && is_leap(year)); break;
    case RULE_DAY: day += rule->day; break;
    case RULE_MONTH: {
        day = days_from_civil(year, rule->month, 1);
        /* 1970-01-01 was a Thursday, the fourth day behind Sunday. */
        int64_t weekday = (day + 4) - floor_div(day + 4, 7) * 7;
        int64_t of_month = (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
        if (of_month >= days_in_month(year, rule->month)) {
            of_month -= 7;
        }
        day += of_month;
        break;
    }
    }
    return day * SECONDS_PER_DAY + rule->time_s;
}

/* Daylight saving from start_s until before end_s. */
struct season {
    int64_t start_s;
    int64_t end_s;
};

/* The season that starts in a year; in the south it ends in the next one. */
static struct season season_of(const struct footer *footer, int64_t year)
{
    struct season season = {
        .start_s = rule_second(&footer->start, year) - footer->standard_s,
        .end_s = rule_second(&footer->end, year) - footer->dst_s,
    };
    if (season.end_s < season.start_s) {
        season.end_s = rule_second(&footer->end, year + 1) - footer->dst_s;
    }
    return season;
}

/* The seasons that may touch the days around an instant: a rule may strike a week outside its year. */
enum { SEASONS = 3 };
static void seasons_around(const struct footer *footer, int64_t at_s, struct season out[SEASONS])
{
    int64_t year = civil_from_days(floor_div(at_s, SECONDS_PER_DAY)).year;
    for (int i = 0; i < SEASONS; i++) {
        out[i] = season_of(footer, year - 1 + i);
    }
}

/* Seasons may meet or overlap: then daylight saving simply goes on. */
static int32_t footer_offset(const struct footer *footer, int64_t at_s)
{
    if (!footer->has_dst) {
        return footer->standard_s;
    }
    struct season seasons[SEASONS];
    seasons_around(footer, at_s, seasons);
    for (int i = 0; i < SEASONS; i++) {
        if (seasons[i].start_s <= at_s && at_s < seasons[i].end_s) {
            return footer->dst_s;
        }
    }
    return footer->standard_s;
}

/* How many transitions are at or before an instant. */
static size_t transitions_until(const struct zone *zone, int64_t at_s)
{
    size_t low = 0;
    size_t high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->at_s[middle] <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int32_t offset_at(const struct zone *zone, int64_t at_s)
{
    size_t passed = transitions_until(zone, at_s);
    if (passed == zone->count && zone->footer.present) {
        return footer_offset(&zone->footer, at_s);
    }
    return passed == 0 ? zone->first_offset_s : zone->offset_s[passed - 1];
}

int32_t zone_offset_s(const struct zone *zone, int64_t at_us)
{
    return offset_at(zone, floor_div(at_us, US_PER_SECOND));
}

int32_t zone_day(const struct zone *zone, int64_t at_us)
{
    int64_t at_s = floor_div(at_us, US_PER_SECOND);
    int64_t day = floor_div(at_s + offset_at(zone, at_s), SECONDS_PER_DAY);
    return (int32_t)(day < DAY_MIN ? DAY_MIN : day > DAY_MAX ? DAY_MAX : day);
}

/* ---- From wall time to an instant ---- */

static void keep_next(int64_t at_s, int64_t after_s, int64_t *next_s)
{
    if (at_s > after_s && at_s < *next_s) {
        *next_s = at_s;
    }
}

/* Where the offset may change next after an instant, if not after `until_s`; false when it does not. */
static bool next_change(const struct zone *zone, int64_t after_s, int64_t until_s, int64_t *out_s)
{
    size_t passed = transitions_until(zone, after_s);
    int64_t next_s = INT64_MAX;
    if (passed < zone->count) {
        next_s = zone->at_s[passed];
    } else if (zone->footer.has_dst) {
        struct season seasons[SEASONS];
        seasons_around(&zone->footer, after_s, seasons);
        for (int i = 0; i < SEASONS; i++) {
            keep_next(seasons[i].start_s, after_s, &next_s);
            keep_next(seasons[i].end_s, after_s, &next_s);
        }
    }
    *out_s = next_s;
    return next_s <= until_s;
}

int64_t zone_instant(const struct zone *zone, int32_t day, int32_t second_of_day, bool *out_irregular)
{
    must(day >= DAY_MIN && day <= DAY_MAX);
    must(second_of_day >= 0 && second_of_day < SECONDS_PER_DAY);
    int64_t wall_s = (int64_t)day * SECONDS_PER_DAY + second_of_day;
    /* Whatever instant shows this wall time lies between these two. Walk the stretches of constant
     * offset from one to the other and see in which of them it would fall. */
    int64_t from_s = wall_s - OFFSET_MAX_S;
    int64_t until_s = wall_s - OFFSET_MIN_S;
    int32_t offset_s = offset_at(zone, from_s);
    int64_t found_s = 0;
    int found = 0;
    int64_t after_gap_s = wall_s - offset_s;
    bool in_gap = false;
    for (bool more = true; more;) {
        int64_t change_s = 0;
        more = next_change(zone, from_s, until_s, &change_s);
        int64_t candidate_s = wall_s - offset_s;
        bool begun = candidate_s >= from_s;
        if (begun && (!more || candidate_s < change_s)) {
            found_s = found == 0 ? candidate_s : found_s;
            found++;
        }
        if (more) {
            int32_t next_offset_s = offset_at(zone, change_s);
            /* Past the change by the old clock, not yet there by the new one: no clock shows it. */
            if (!in_gap && candidate_s >= change_s && wall_s - next_offset_s < change_s) {
                after_gap_s = candidate_s;
                in_gap = true;
            }
            offset_s = next_offset_s;
            from_s = change_s;
        }
    }
    if (out_irregular) {
        *out_irregular = found != 1;
    }
    return (found > 0 ? found_s : after_gap_s) * US_PER_SECOND;
}
