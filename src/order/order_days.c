/* order_days.c: services with dates. Their units pass by days: at the end of each month, and of the last day, those of the
 * days since then count as shipped. All amounts follow the units, so nothing else knows of days. */
#include "order/order_fold.h"

#include "base/calendar.h"

int32_t order_month_end(int32_t day)
{
    int year = 0, month = 0, day_of_month = 0;
    day_to_civil(day, &year, &month, &day_of_month);
    return month == 12 ? day_from_civil(year, 12, 31) : day_from_civil(year, month + 1, 1) - 1;
}

static bool runs_by_days(const struct book_line *line) { return line->place != 0 && order_runs_by_days(line->terms); }

int64_t days_due(const struct book_line *line, int32_t through)
{
    if (!runs_by_days(line)) {
        return 0;
    }
    int64_t open = unit_open(&line->units[0]);
    int32_t from = line->terms->service.from.day, to = line->terms->service.to.day;
    from = line->passed_to > from ? line->passed_to : from;
    through = through < to ? through : to;
    if (open <= 0 || (through < from && through < to)) {
        return 0;
    }
    return through < to ? partial_draw(open, through - from + 1, to - from + 1) : open;
}

void days_pass(struct book *book, struct book_line *line, int32_t through)
{
    int64_t qty = days_due(line, through);
    if (runs_by_days(line) && through >= line->passed_to) {
        line->passed_to = through + 1;
    }
    if (qty <= 0) {
        return;
    }
    struct book_unit *unit = &line->units[0];
    int64_t sold = qty < unit->sold_micro ? qty : unit->sold_micro;
    unit->shipped_micro += qty;
    unit->sold_micro -= sold;
    int64_t earned = unit_awaiting(unit) < qty - sold ? unit_awaiting(unit) : qty - sold;
    if (earned > 0 && book->event->policy->revenue_at != REVENUE_AT_PAYMENT) {
        (void)unit_earn(book, line, unit, earned);
    }
    book_touch(book, line);
    line->shipped_micro = line_complete(line, UNITS_SHIPPED);
    book_earn_rest(book, line);
}

void book_days_caught_up(struct book *book)
{
    /* The end of the month before this one, or of a service that ended since. */
    int year = 0, month = 0, day_of_month = 0;
    int32_t yesterday = book->event->day - 1;
    day_to_civil(book->event->day, &year, &month, &day_of_month);
    int32_t month_end = day_from_civil(year, month, 1) - 1;
    size_t first = book->result->lines.count;
    for (size_t i = 0; i < book->line_count; i++) {
        struct book_line *line = book->lines[i];
        if (runs_by_days(line)) {
            bool ended = line->terms->service.to.day <= yesterday;
            days_pass(book, line, ended ? yesterday : month_end);
        }
    }
    book_settle_earned(book, first);
}

enum refusal book_service(struct book *book)
{
    int32_t day = book->event->day;
    if (book->version == NULL) {
        return REFUSAL_NONE; /* it says nothing yet: its first version will catch up */
    }
    for (size_t i = 0; i < book->line_count; i++) {
        struct book_line *line = book->lines[i];
        if (runs_by_days(line) && (day == order_month_end(day) || day >= line->terms->service.to.day)) {
            days_pass(book, line, day);
        }
    }
    book_settle_touched(book, 0);
    return REFUSAL_NONE;
}
