/* store_views.c: see store_views.h. */
#include "flow/store_views.h"

static bool get(void *context, enum view_space space, struct span key, struct arena *arena, struct span *out_value,
                bool *out_found, struct err *err)
{
    struct store_views *wiring = context;
    return wiring->views->ops->view_get(wiring->views, wiring->views_company, space, key, arena, out_value, out_found,
                                        err);
}

/* Books that are loaded whole or trimmed are written back as they were; a reader's store need not hear of it. */
static bool put(void *context, enum view_space space, struct span key, struct span value, struct err *err)
{
    struct store_views *wiring = context;
    return wiring->read_only ||
           wiring->views->ops->view_put(wiring->views, wiring->views_company, space, key, value, err);
}

static bool drop(void *context, enum view_space space, struct span key, struct err *err)
{
    struct store_views *wiring = context;
    return wiring->read_only || wiring->views->ops->view_delete(wiring->views, wiring->views_company, space, key, err);
}

static bool scan(void *context, enum view_space space, struct span prefix, struct span from,
                 bool (*each)(void *each_context, struct span key, struct span value), void *each_context,
                 struct err *err)
{
    struct store_views *wiring = context;
    return wiring->views->ops->view_scan(wiring->views, wiring->views_company, space, prefix, from, each, each_context,
                                         err);
}

static bool truth_read(void *context, uint64_t seq, struct arena *arena, struct truth_row *out_row, bool *out_found,
                       struct err *err)
{
    struct store_views *wiring = context;
    return wiring->truth->ops->truth_read(wiring->truth, wiring->truth_company, seq, arena, out_row, out_found, err);
}

struct views store_views_wire(struct store_views *context)
{
    return (struct views){
        .context = context, .get = get, .put = put, .drop = drop, .scan = scan, .truth_read = truth_read};
}

struct store_views store_views_reader(struct store *store, uint32_t company)
{
    return (struct store_views){
        .views = store, .views_company = company, .truth = store, .truth_company = company, .read_only = true};
}
