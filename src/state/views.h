/* views.h: how state reads and writes its views and reads truth, without knowing a store. The caller wires it to one.
 * Every function returns false after filling err; absent is not a failure. */
#ifndef TIEOUT_STATE_VIEWS_H
#define TIEOUT_STATE_VIEWS_H

#include "base/arena.h"
#include "base/result.h"
#include "state/space.h"
#include "state/truth.h"

struct views {
    void *context;
    bool (*get)(void *context, enum view_space space, struct span key, struct arena *arena, struct span *out_value,
                bool *out_found, struct err *err);
    bool (*put)(void *context, enum view_space space, struct span key, struct span value, struct err *err);
    bool (*drop)(void *context, enum view_space space, struct span key, struct err *err);
    bool (*scan)(void *context, enum view_space space, struct span prefix, struct span from,
                 bool (*each)(void *each_context, struct span key, struct span value), void *each_context,
                 struct err *err);
    bool (*truth_read)(void *context, uint64_t seq, struct arena *arena, struct truth_row *out_row, bool *out_found,
                       struct err *err);
};

#endif
