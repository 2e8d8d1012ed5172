/* rebuild.c: see rebuild.h. The same door as live posting (company_apply), so that both leave the same views. */
#include "flow/rebuild.h"

/* Rows between two flushes: bounds what is kept in memory. */
enum { FLUSH_ROWS = 5000, TELL_ROWS = 256, RELIEVE_ROWS = 64 };

struct rebuild {
    struct company *company;
    const struct rebuild_options *options;
    struct arena arena; /* one row */
    uint64_t done, total, bad_seq;
    bool failed;
    struct err *err;
};

static bool apply_row(struct rebuild *rebuild, const struct truth_row *row)
{
    struct ruling ruling;
    if (row->seq != rebuild->company->applied_seq + 1 || !ruling_unpack(row, &rebuild->arena, &ruling)) {
        rebuild->bad_seq = row->seq;
        return err_set(rebuild->err, FAILURE_STORE_DAMAGED, "truth row %llu cannot be read: run `tieout verify`",
                       (unsigned long long)row->seq);
    }
    const struct rebuild_options *options = rebuild->options;
    if (options->look != NULL && !options->look(options->context, &ruling, rebuild->err))
        return false;
    if (!company_apply(rebuild->company, &ruling, false, rebuild->err))
        return false;
    if (++rebuild->done % RELIEVE_ROWS == 0 && !company_relieve(rebuild->company, rebuild->err))
        return false;
    if (rebuild->done % FLUSH_ROWS != 0)
        return true;
    return company_flush(rebuild->company, rebuild->err) &&
           (options->flushed == NULL || options->flushed(options->context, rebuild->err));
}

static bool each_row(void *context, const struct truth_row *row)
{
    struct rebuild *rebuild = context;
    arena_reset(&rebuild->arena);
    rebuild->failed = !apply_row(rebuild, row);
    if (rebuild->options->progress != NULL && rebuild->done % TELL_ROWS == 0)
        rebuild->options->progress(rebuild->options->context, rebuild->done, rebuild->total);
    return !rebuild->failed;
}

struct company *rebuild_views(struct store_views *wiring, const struct rebuild_options *options, uint64_t *out_bad_seq,
                              struct err *err)
{
    struct rebuild rebuild = {.options = options, .arena = arena_make((size_t)4 << 30), .err = err};
    struct store *truth = wiring->truth;
    struct seal seal;
    uint64_t last_block = 0;
    bool good = truth->ops->last_numbers(truth, wiring->truth_company, &rebuild.total, &last_block, &seal, err);
    if (good)
        rebuild.company = company_open(store_views_wire(wiring), options->zone_bytes, err);
    good = good && rebuild.company != NULL &&
           truth->ops->truth_scan(truth, wiring->truth_company, 1, rebuild.total, each_row, &rebuild, err) &&
           !rebuild.failed && company_flush(rebuild.company, err);
    arena_done(&rebuild.arena);
    *out_bad_seq = rebuild.bad_seq;
    return good ? rebuild.company : company_close(rebuild.company);
}

static bool clear_views(struct store *store, uint32_t company, struct err *err)
{
    for (int space = 1; space < VIEW_SPACE_LIMIT; space++)
        if (!store->ops->view_clear(store, company, (enum view_space)space, err))
            return false;
    return true;
}

bool rebuild_company(struct store *store, uint32_t company, const struct rebuild_options *options, uint64_t *out_rows,
                     struct err *err)
{
    struct store_views wiring = store_views_reader(store, company);
    wiring.read_only = false;
    if (!store->ops->begin(store, company, err))
        return false;
    uint64_t bad_seq = 0;
    struct company *rebuilt = NULL;
    if (clear_views(store, company, err))
        rebuilt = rebuild_views(&wiring, options, &bad_seq, err);
    if (rebuilt == NULL) {
        store->ops->rollback(store);
        return false;
    }
    *out_rows = rebuilt->applied_seq;
    company_close(rebuilt);
    return store->ops->commit(store, err);
}
