/* road.h: the straight way of one document, from bytes to committed rows (docs/architecture.md).
 *
 * One road at a time writes a company. The caller opens a batch, takes records one by one, and commits; everything since
 * the last commit is gone when a call fails, and the road then starts again from the store. */
#ifndef TIEOUT_FLOW_ROAD_H
#define TIEOUT_FLOW_ROAD_H

#include "port/store.h"
#include "state/company.h"

struct road;

struct road_options {
    struct span default_source; /* "file" */
    int64_t now_us;             /* what recorded_at says */
    struct span (*zone_bytes)(struct span name, struct arena *arena);
};
struct road_counts {
    uint64_t records;                           /* taken */
    uint64_t known;                             /* seen before, nothing stored */
    uint64_t posted, excluded, waiting, failed; /* where new records are now, and what was released */
    uint64_t set_aside;                         /* of the failed: no document at all */
    uint64_t released;                          /* waiting ones that could go on */
};

struct road *road_open(struct store *store, uint32_t company, struct road_options options, struct err *err);
struct road *road_close(struct road *road);
struct company *road_company(struct road *road);
const struct road_counts *road_counted(const struct road *road);

NODISCARD bool road_begin(struct road *road, struct err *err);
NODISCARD bool road_commit(struct road *road, struct err *err);
/* Gives up what is not committed. The road must then be closed. */
void road_abandon(struct road *road);

/* What one record came to. */
struct road_answer {
    bool known;
    enum outcome outcome;
    enum refusal refusal;
    struct span detail, source, id; /* hold until the next record */
    enum document_type type;
    int64_t version;
};
/* Takes one record: a JSON text of one document. `origin` and `line` name the place for people. */
NODISCARD bool road_take(struct road *road, struct span record, struct span origin, uint64_t line,
                         struct road_answer *out_answer, struct err *err);
/* A setting from a day on; the birth of the company is its first settings. Checked by the caller (policy_set). */
NODISCARD bool road_setting(struct road *road, int32_t day, struct span key, struct span value, struct err *err);
/* Locks everything up to and including `day` (INT32_MIN: nothing locked). */
NODISCARD bool road_lock(struct road *road, int32_t day, struct span reason, struct err *err);

#endif
