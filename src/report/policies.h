/* policies.h: the company's settings, each with its history. */
#ifndef TIEOUT_REPORT_POLICIES_H
#define TIEOUT_REPORT_POLICIES_H

#include "report/reader.h"

struct setting {
    uint64_t seq; /* the row that set it; 0: the default */
    int32_t from; /* DAY_MIN: from the beginning */
    struct span key, value;
};
struct settings {
    struct setting *at;
    size_t count, room;
};

/* Everything that was ever set, in the order in which it was set. */
NODISCARD bool report_settings(const struct reader *reader, struct arena *arena, struct settings *out, struct err *err);
/* {currency, time_zone, locked_until, policies: [{key, value, default, allowed, help, history: [{from, value}]}]} */
void policies_write_json(const struct reader *reader, const struct settings *settings, int32_t day, struct arena *arena,
                         struct buf *out);

#endif
