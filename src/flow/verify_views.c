/* verify_views.c: R-1: every view equals a rebuild from truth, key by key, byte for byte. */
#include "flow/rebuild.h"
#include "flow/verify_internal.h"

#include <stdio.h>

struct view_walk {
    struct verify *verify;
    struct store *scratch;
    uint32_t number; /* of the company in the scratch store */
    enum view_space space;
    const char *table;
    struct arena arena;
    uint64_t stored, made;
    bool failed;
};

static void find_key(struct view_walk *walk, struct span key, const char *what)
{
    char text[600];
    verify_find(walk->verify, "views", walk->table, verify_printable(key, text, sizeof text), "%s", what);
}

/* One key of the stored view. */
static bool stored_key(void *context, struct span key, struct span value)
{
    struct view_walk *walk = context;
    struct span made;
    bool found = false;
    arena_reset(&walk->arena);
    walk->stored++;
    walk->failed = !walk->scratch->ops->view_get(walk->scratch, walk->number, walk->space, key, &walk->arena, &made,
                                                 &found, walk->verify->err);
    if (walk->failed)
        return false;
    if (!found)
        find_key(walk, key, "truth knows nothing of this key");
    else if (!span_eq(made, value))
        find_key(walk, key, "its value is not what truth makes of it");
    return true;
}

static bool made_key(void *context, struct span key, struct span value)
{
    struct view_walk *walk = context;
    (void)key;
    (void)value;
    walk->made++;
    return true;
}

/* One key of the rebuilt view, when some are missing in the store. */
static bool missing_key(void *context, struct span key, struct span value)
{
    struct view_walk *walk = context;
    struct verify *verify = walk->verify;
    struct span stored;
    bool found = false;
    (void)value;
    arena_reset(&walk->arena);
    walk->failed = !verify->store->ops->view_get(verify->store, verify->company, walk->space, key, &walk->arena,
                                                 &stored, &found, verify->err);
    if (!walk->failed && !found)
        find_key(walk, key, "the key is missing");
    return !walk->failed;
}

static bool compare_space(struct view_walk *walk)
{
    struct verify *verify = walk->verify;
    const struct span all = {NULL, 0};
    char table[40];
    (void)snprintf(table, sizeof table, "view_%s", view_space_name(walk->space));
    walk->table = table;
    walk->stored = walk->made = 0;
    if (!verify->store->ops->view_scan(verify->store, verify->company, walk->space, all, all, stored_key, walk,
                                       verify->err) ||
        walk->failed ||
        !walk->scratch->ops->view_scan(walk->scratch, walk->number, walk->space, all, all, made_key, walk, verify->err))
        return false;
    verify->counts->view_rows += walk->stored;
    if (walk->stored == walk->made)
        return true;
    return walk->scratch->ops->view_scan(walk->scratch, walk->number, walk->space, all, all, missing_key, walk,
                                         verify->err) &&
           !walk->failed;
}

static bool compare_all(struct verify *verify, struct store *scratch, uint32_t number)
{
    struct view_walk walk = {
        .verify = verify, .scratch = scratch, .number = number, .arena = arena_make((size_t)4 << 30)};
    bool good = true;
    for (int space = 1; space < VIEW_SPACE_LIMIT && good; space++) {
        walk.space = (enum view_space)space;
        verify_tell(verify, "views", (uint64_t)space, VIEW_SPACE_LIMIT - 1);
        good = compare_space(&walk);
    }
    arena_done(&walk.arena);
    return good;
}

struct rebuild_look {
    struct verify *verify;
    struct stock_sums *sums;
    struct store *scratch;
    uint32_t number;
};

static bool flushed(void *context, struct err *err)
{
    struct rebuild_look *looking = context;
    struct store *scratch = looking->scratch;
    return scratch->ops->commit(scratch, err) && scratch->ops->begin(scratch, looking->number, err);
}

static bool look(void *context, const struct ruling *ruling, struct err *err)
{
    struct rebuild_look *looking = context;
    (void)err;
    stock_sums_add(looking->sums, ruling);
    return true;
}

static void tell(void *context, uint64_t done, uint64_t total)
{
    verify_tell(((struct rebuild_look *)context)->verify, "rows made into views again", done, total);
}

static bool rebuild_and_compare(struct verify *verify, struct store *scratch, uint32_t number, struct stock_sums *sums)
{
    struct store_views wiring = {
        .views = scratch, .views_company = number, .truth = verify->store, .truth_company = verify->company};
    struct rebuild_look looking = {verify, sums, scratch, number};
    struct rebuild_options options = {.zone_bytes = verify->options->zone_bytes,
                                      .progress = tell,
                                      .context = &looking,
                                      .look = look,
                                      .flushed = flushed};
    uint64_t bad_seq = 0;
    struct company *company = rebuild_views(&wiring, &options, &bad_seq, verify->err);
    if (company == NULL && bad_seq != 0) {
        verify_find_row(verify, "views", "truth", bad_seq, "views cannot be made from the row");
        return true;
    }
    bool good =
        company != NULL && compare_all(verify, scratch, number) && verify_books(verify, company, scratch, number, sums);
    company_close(company);
    return good;
}

bool verify_views(struct verify *verify)
{
    struct store *scratch = verify->options->scratch_store(verify->err);
    uint32_t number = 0;
    if (scratch == NULL)
        return false;
    struct stock_sums *sums = stock_sums_new();
    bool good = scratch->ops->company_create(scratch, SPAN("rebuilt"), &number, verify->err) &&
                scratch->ops->begin(scratch, number, verify->err);
    good = good && rebuild_and_compare(verify, scratch, number, sums);
    scratch->ops->rollback(scratch);
    scratch->ops->close(scratch);
    stock_sums_free(sums);
    return good;
}
