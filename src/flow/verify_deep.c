/* verify_deep.c: decides every document again from its raw record, on a road of its own over an empty store in scratch, and
 * compares the rows. A seal says that one of thousands of rows was altered; this says which.
 *
 * The road must meet what it met before: raw records in the order in which they were kept, settings and locks in
 * between, a commit where each seal stands. Rows that follow by themselves (what had waited, what was voided) come out by
 * themselves. A newer version that decides otherwise shows up here as well: then many rows differ, not one. */
#include "flow/road.h"
#include "flow/verify_internal.h"
#include "format/frame.h"

enum { DIFFERENCES_MAX = 20 };

struct deep {
    struct verify *verify;
    struct store *scratch;
    uint32_t number;
    struct road *road;
    struct arena arena;       /* one step */
    struct arena block_arena; /* the raw block in hand */
    struct raw_block block;
    uint64_t next_block;
    uint32_t next_index;
    uint64_t compared; /* rows up to here were compared */
    size_t differences;
    bool ended; /* it cannot go on: the rest was not compared */
};

static void stop(struct deep *deep, const char *table, uint64_t number, const char *why)
{
    verify_find_row(deep->verify, "again", table, number, "%s; what follows could not be decided again", why);
    deep->ended = true;
}

/* The zone is read when a road opens, and the company's birth is a commit of its own: so it opens again after that. */
static bool road_anew(struct deep *deep)
{
    struct road_options options = {.default_source = SPAN("file"), .zone_bytes = deep->verify->options->zone_bytes};
    road_close(deep->road);
    deep->road = road_open(deep->scratch, deep->number, options, deep->verify->err);
    return deep->road != NULL && road_begin(deep->road, deep->verify->err);
}

static bool row_read(struct deep *deep, struct store *store, uint32_t company, uint64_t seq, struct truth_row *row,
                     bool *found)
{
    return store->ops->truth_read(store, company, seq, &deep->arena, row, found, deep->verify->err);
}

/* ---- the next step of history ---- */

static bool setting_again(struct deep *deep, const struct truth_row *row)
{
    struct ruling ruling;
    if (!ruling_unpack(row, &deep->arena, &ruling)) {
        stop(deep, "truth", row->seq, "its body cannot be read");
        return true;
    }
    struct err err = {0};
    bool good = row->kind == TRUTH_PERIOD ? road_lock(deep->road, row->day, ruling.value, &err)
                                          : road_setting(deep->road, row->day, ruling.key, ruling.value, &err);
    if (!good)
        stop(deep, "truth", row->seq, "what it sets cannot be set");
    return true;
}

/* Places the next raw record; *out absent when there is none left. */
static bool record_next(struct deep *deep, struct span *out)
{
    struct verify *verify = deep->verify;
    *out = (struct span){NULL, 0};
    if (deep->next_block == 0 || deep->next_index == deep->block.count) {
        bool found = false;
        arena_reset(&deep->block_arena);
        deep->next_block++;
        deep->next_index = 0;
        if (!verify->store->ops->raw_read(verify->store, verify->company, deep->next_block, &deep->block_arena,
                                          &deep->block, &found, verify->err))
            return false;
        if (!found || deep->block.count == 0) {
            deep->ended = true;
            return true;
        }
    }
    if (!frame_read(deep->block.frame, deep->next_index++, &deep->arena, out))
        stop(deep, "raw", deep->next_block, "its frame cannot be read");
    return true;
}

/* "FILE:LINE: ..." of a record that was set aside is kept with it; the road must say the same again. */
static void origin_of(const struct ruling *ruling, struct span *out_origin, uint64_t *out_line)
{
    struct span detail = ruling->detail;
    for (size_t i = 0; i + 1 < detail.len; i++) {
        size_t end = i + 1;
        uint64_t line = 0;
        while (end < detail.len && detail.ptr[end] >= '0' && detail.ptr[end] <= '9')
            line = line * 10 + (uint64_t)(detail.ptr[end++] - '0');
        if (detail.ptr[i] == ':' && end > i + 1 && end + 1 < detail.len && detail.ptr[end] == ':' &&
            detail.ptr[end + 1] == ' ') {
            *out_origin = (struct span){detail.ptr, i};
            *out_line = line;
            return;
        }
    }
}

static bool document_again(struct deep *deep, const struct truth_row *row)
{
    struct span record;
    struct ruling ruling = {0};
    struct span origin = {NULL, 0};
    struct road_answer answer;
    uint64_t line = 0;
    if (!road_company(deep->road)->born) {
        stop(deep, "truth", row->seq, "the company's first rows must be its settings");
        return true;
    }
    if (!record_next(deep, &record))
        return false;
    if (deep->ended)
        return true;
    if (row->kind == TRUTH_SET_ASIDE && ruling_unpack(row, &deep->arena, &ruling))
        origin_of(&ruling, &origin, &line);
    if (!road_take(deep->road, record, origin, line, &answer, deep->verify->err))
        return false;
    if (answer.known)
        stop(deep, "truth", row->seq, "its raw record is known already");
    return true;
}

/* ---- comparing ---- */

static const char *difference(const struct truth_row *is, const struct truth_row *again)
{
    if (is->kind != again->kind || is->type != again->type || is->version != again->version ||
        !span_eq(is->source, again->source) || !span_eq(is->id, again->id))
        return "the raw record is another document";
    if (is->outcome != again->outcome || is->refusal != again->refusal)
        return "its outcome is another one when it is decided again";
    if (is->day != again->day)
        return "its day is another one when it is decided again";
    if (is->raw_block != again->raw_block || is->raw_index != again->raw_index)
        return "its raw record stands elsewhere";
    return span_eq(is->body, again->body) ? NULL : "it says something else when it is decided again";
}

static bool row_compare(struct deep *deep, uint64_t seq)
{
    struct verify *verify = deep->verify;
    struct truth_row is, again;
    bool found = false, made = false;
    arena_reset(&deep->arena);
    if (!row_read(deep, verify->store, verify->company, seq, &is, &found) ||
        !row_read(deep, deep->scratch, deep->number, seq, &again, &made))
        return false;
    if (!found || !made)
        return true;
    const char *what = difference(&is, &again);
    if (what != NULL && deep->differences++ < DIFFERENCES_MAX)
        verify_find_row(verify, "again", "truth", seq, "%s", what);
    return true;
}

/* All rows of a commit were noted at one time. */
static bool times_compare(struct deep *deep, uint64_t from, uint64_t to)
{
    struct verify *verify = deep->verify;
    struct truth_row first, row;
    bool found = false;
    size_t others = 0;
    uint64_t other = 0;
    arena_reset(&deep->arena);
    if (!row_read(deep, verify->store, verify->company, from, &first, &found))
        return false;
    if (!found)
        return true;
    for (uint64_t seq = from + 1; seq <= to; seq++) {
        struct arena_mark mark = arena_mark(&deep->arena);
        if (!row_read(deep, verify->store, verify->company, seq, &row, &found))
            return false;
        if (found && row.recorded_at_us != first.recorded_at_us && others++ == 0)
            other = seq;
        arena_rewind(&deep->arena, mark);
    }
    if (others == 1)
        verify_find_row(verify, "again", "truth", other, "it was noted at another time than the rest of its commit");
    else if (others > 1)
        verify_find_row(verify, "again", "truth", from, "it was noted at another time than the rest of its commit");
    return true;
}

/* Commits where a seal stands, and compares everything since the one before. */
static bool seal_reached(struct deep *deep, const struct seal *seal)
{
    struct verify *verify = deep->verify;
    if (!road_commit(deep->road, verify->err))
        return false;
    for (uint64_t seq = deep->compared + 1; seq <= seal->last_seq; seq++)
        if (!row_compare(deep, seq))
            return false;
    if (!times_compare(deep, deep->compared + 1, seal->last_seq))
        return false;
    deep->compared = seal->last_seq;
    verify_tell(verify, "documents decided again", deep->compared, verify->last_seq);
    return seal->number == 1 ? road_anew(deep) : road_begin(deep->road, verify->err);
}

static bool step_again(struct deep *deep, uint64_t next_seq)
{
    struct truth_row row;
    bool found = false;
    arena_reset(&deep->arena);
    if (!row_read(deep, deep->verify->store, deep->verify->company, next_seq, &row, &found))
        return false;
    if (!found) {
        deep->ended = true;
        return true;
    }
    bool sets = row.kind == TRUTH_POLICY || row.kind == TRUTH_PERIOD;
    return sets ? setting_again(deep, &row) : document_again(deep, &row);
}

static bool history_again(struct deep *deep)
{
    struct verify *verify = deep->verify;
    size_t seal = 0;
    while (!deep->ended && seal < verify->seal_count && deep->differences <= DIFFERENCES_MAX) {
        uint64_t done = road_company(deep->road)->applied_seq;
        if (done > verify->seals[seal].last_seq) {
            stop(deep, "seal", verify->seals[seal].number,
                 "a decision and what follows from it lie on both sides of it");
        } else if (done == verify->seals[seal].last_seq) {
            if (!seal_reached(deep, &verify->seals[seal++]))
                return false;
        } else if (!step_again(deep, done + 1)) {
            return false;
        }
    }
    /* What was decided and not committed any more is compared as far as it goes. */
    for (uint64_t seq = deep->compared + 1; seq <= road_company(deep->road)->applied_seq; seq++)
        if (!row_compare(deep, seq))
            return false;
    return true;
}

bool verify_deep(struct verify *verify)
{
    struct deep deep = {
        .verify = verify, .arena = arena_make((size_t)4 << 30), .block_arena = arena_make((size_t)4 << 30)};
    deep.scratch = verify->options->scratch_store(verify->err);
    if (deep.scratch == NULL)
        return false;
    bool good = deep.scratch->ops->company_create(deep.scratch, SPAN("again"), &deep.number, verify->err) &&
                road_anew(&deep) && history_again(&deep);
    if (good && deep.differences > DIFFERENCES_MAX)
        verify_find(
            verify, "again", "truth", (struct span){NULL, 0},
            "more than %d rows are decided otherwise by this version: the store may come from one with other rules",
            DIFFERENCES_MAX);
    road_close(deep.road);
    deep.scratch->ops->close(deep.scratch);
    arena_done(&deep.arena);
    arena_done(&deep.block_arena);
    return good;
}
