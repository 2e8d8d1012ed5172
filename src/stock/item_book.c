/* item_book.c: folds an item's movements in key order; see item_book.h. */
#include "stock/item_book.h"

#include "stock/decide.h"

#include <stdlib.h>
#include <string.h>

enum { BOOK_BYTES_MAX = 1 << 30 };

struct item_book *item_book_new(bool average)
{
    struct item_book *book = calloc(1, sizeof *book);
    must(book != NULL);
    book->arena = arena_make(BOOK_BYTES_MAX);
    book->average = average;
    book->whole = true;
    book->state = item_state_make(&book->arena, average, false);
    for (int i = 0; i < 2; i++) {
        book->middle_arena[i] = arena_make(BOOK_BYTES_MAX);
        book->state_arena[i] = arena_make(BOOK_BYTES_MAX);
    }
    book->middle_at = SIZE_MAX;
    return book;
}

struct item_book *item_book_free(struct item_book *book)
{
    if (book != NULL) {
        arena_done(&book->arena);
        for (int i = 0; i < 2; i++) {
            arena_done(&book->middle_arena[i]);
            arena_done(&book->state_arena[i]);
        }
        free(book);
    }
    return NULL;
}

static void *grown(struct arena *arena, const void *from, size_t count, size_t room, size_t size)
{
    void *to = arena_array(arena, room, size);
    must(to != NULL);
    if (count > 0)
        memcpy(to, from, count * size);
    return to;
}

static struct span state_packed(const struct item_state *state, struct arena *arena)
{
    struct buf bytes = buf_make(BOOK_BYTES_MAX);
    item_state_pack(state, &bytes);
    must(!bytes.failed);
    struct span packed = arena_copy(arena, buf_span(&bytes));
    buf_done(&bytes);
    return packed;
}

static void checkpoint_add(struct item_book *book, struct span packed)
{
    size_t at = book->record_count / BOOK_CHUNK;
    if (at >= book->checkpoint_room) {
        size_t room = at ? at * 2 : 2;
        book->checkpoints =
            grown(&book->arena, book->checkpoints, book->checkpoint_count, room, sizeof *book->checkpoints);
        book->checkpoint_room = room;
    }
    book->checkpoints[at] = packed;
    book->checkpoint_count = at + 1;
}

static bool opens_chunk(const struct item_book *book, size_t at) { return (book->first + at) % BOOK_CHUNK == 0; }

static struct book_record *record_room(struct item_book *book)
{
    if (book->record_count == book->record_room) {
        size_t room = book->record_room ? book->record_room * 2 : 8;
        book->records = grown(&book->arena, book->records, book->record_count, room, sizeof *book->records);
        book->record_room = room;
    }
    return &book->records[book->record_count++];
}

static struct book_record *record_append(struct item_book *book)
{
    if (opens_chunk(book, book->record_count))
        checkpoint_add(book, state_packed(&book->state, &book->arena));
    return record_room(book);
}

static struct span kept(struct arena *arena, struct span text)
{
    return text.ptr == NULL ? text : arena_copy(arena, text);
}

static struct where where_kept(struct arena *arena, const struct where *where)
{
    return (struct where){.role = where->role,
                          .channel = kept(arena, where->channel),
                          .location = kept(arena, where->location),
                          .order = kept(arena, where->order),
                          .order_line = kept(arena, where->order_line),
                          .party = kept(arena, where->party),
                          .tag = kept(arena, where->tag)};
}

static struct movement movement_kept(struct arena *arena, const struct movement *movement)
{
    struct movement copy = *movement;
    copy.key.source = kept(arena, movement->key.source);
    copy.key.type = kept(arena, movement->key.type);
    copy.key.id = kept(arena, movement->key.id);
    copy.location = kept(arena, movement->location);
    copy.lot = kept(arena, movement->lot);
    copy.where = where_kept(arena, &movement->where);
    if (movement->origin != NULL) {
        struct movement_origin *origin = grown(arena, movement->origin, 1, 1, sizeof *origin);
        origin->grni = where_kept(arena, &movement->origin->grni);
        origin->sku = kept(arena, movement->origin->sku);
        copy.origin = origin;
    }
    if (copy.pick_count > 0) {
        copy.picks = grown(arena, movement->picks, copy.pick_count, copy.pick_count, sizeof *copy.picks);
        for (size_t i = 0; i < copy.pick_count; i++)
            copy.picks[i].lot = kept(arena, copy.picks[i].lot);
    }
    return copy;
}

/* What steps say in words is copied: they borrowed it from the state or the plan, which do not last as long. */
static void keep_texts(struct step *copy, size_t count, struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        copy[i].name = kept(arena, copy[i].name);
        if (copy[i].where != NULL) {
            struct where *where = ARENA_NEW(arena, struct where);
            must(where != NULL);
            *where = where_kept(arena, copy[i].where);
            copy[i].where = where;
        }
    }
}

static struct step *steps_kept(struct arena *arena, const struct step *steps, size_t count)
{
    struct step *copy = grown(arena, steps, count, count ? count : 1, sizeof *copy);
    keep_texts(copy, count, arena);
    return copy;
}

static struct lines *lines_on(struct day_lines *days, size_t *count, int32_t day, struct arena *arena)
{
    size_t at = 0;
    while (at < *count && days[at].day != day)
        at++;
    if (at == *count)
        days[(*count)++] = (struct day_lines){day, lines_make(arena)};
    return &days[at].lines;
}

/* The lines of a movement's steps by date; nearly always all of its own day. */
static struct day_lines *lines_of_record(const struct item_state *state, const struct movement *movement,
                                         const struct step *steps, size_t count, struct arena *arena, size_t *out_count)
{
    size_t room = 1;
    for (size_t i = 0; i < count; i++)
        room += steps[i].kind == STEP_POST_ON;
    struct day_lines *days = ARENA_ARRAY(arena, struct day_lines, room);
    must(days != NULL);
    *out_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct line line;
        if (step_line(state, movement, &steps[i], &line))
            lines_add(lines_on(days, out_count, steps[i].kind == STEP_POST_ON ? steps[i].day : movement->day, arena),
                      line);
    }
    return days;
}

/* The value that left (or entered) with a movement: what an assembly's output is made of. */
static int64_t taken(const struct step *steps, size_t count)
{
    int64_t taken_minor = 0;
    for (size_t i = 0; i < count; i++)
        if (steps[i].kind == STEP_TAKE || steps[i].kind == STEP_OWE)
            taken_minor += steps[i].value_minor;
    return taken_minor;
}

/* Open layers less open owed slices at provisional cost: what the inventory accounts stand for. */
static int64_t held_minor(const struct item_state *state)
{
    int64_t held = 0;
    for (size_t i = 0; i < state->pool_count; i++)
        held += pool_value(state, &state->pools[i]) - pool_owed_value(&state->pools[i]);
    return held;
}

/* Adding up all slices at each movement is for items with few of them, which nearly all are; verify adds up every one. */
enum { CHECKED_SLICES = 24 };

static bool has_few_slices(const struct item_state *state)
{
    size_t slices = 0;
    for (size_t i = 0; i < state->pool_count; i++)
        slices += state->pools[i].layer_count + state->pools[i].owed_count;
    return slices <= CHECKED_SLICES;
}

static void check_pools(const struct item_state *state)
{
    for (size_t i = 0; i < state->pool_count; i++)
        must(state->pools[i].layer_count == 0 || state->pools[i].owed_count == 0); /* C-4 */
}

static void check_units(const struct item_state *state)
{
    int64_t pooled_micro = 0;
    int64_t counted_micro = 0;
    for (size_t i = 0; i < state->pool_count; i++)
        pooled_micro += pool_qty(&state->pools[i]) - pool_owed_qty(&state->pools[i]);
    for (size_t i = 0; i < state->count_count; i++)
        counted_micro += state->counts[i].units[UNITS_OWN];
    must(pooled_micro == counted_micro); /* C-1 */
}

static bool is_held(enum role role)
{
    return role == ROLE_INVENTORY || role == ROLE_INVENTORY_OWED || role == ROLE_INVENTORY_IN_TRANSIT;
}

/* Decides one movement on `state`, steps in `arena`, and checks what it did to units, values and lines. */
static struct decision decide_one(struct item_state *state, const struct movement *movement, struct arena *arena)
{
    struct decision decision = {.state = state, .movement = movement, .arena = arena};
    bool few = has_few_slices(state);
    int64_t before_minor = few ? held_minor(state) : 0;
    decide(&decision);
    if (decision.refusal == BOOK_OK) {
        check_pools(state);
        int64_t sum_minor = 0;
        int64_t inventory_minor = 0;
        for (size_t i = 0; i < decision.step_count; i++) {
            struct line line;
            if (!step_line(state, movement, &decision.steps[i], &line))
                continue;
            sum_minor += line.amount_minor;
            inventory_minor += is_held(line.role) ? line.amount_minor : 0;
        }
        must(sum_minor == 0); /* J-1 */
        if (few) {
            check_units(state);
            must(inventory_minor == held_minor(state) - before_minor); /* J-3 */
        }
    }
    return decision;
}

const struct book_record *item_book_find(const struct item_book *book, movement_id id)
{
    for (size_t i = book->record_count; i-- > 0;)
        if (book->records[i].movement.id == id)
            return &book->records[i];
    return NULL;
}

/* The first record whose key is no smaller. */
static size_t place_of_key(const struct item_book *book, const struct key *key)
{
    size_t low = 0;
    size_t high = book->record_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (key_compare(&book->records[middle].movement.key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct book_record *item_book_find_key(const struct item_book *book, const struct key *key)
{
    size_t at = place_of_key(book, key);
    bool found = at < book->record_count && key_compare(&book->records[at].movement.key, key) == 0;
    return found ? &book->records[at] : NULL;
}

/* Every edit is a new movement behind the last one. */
static bool is_append(const struct item_book *book, const struct book_edit *edits, size_t count)
{
    const struct key *last = book->record_count ? &book->records[book->record_count - 1].movement.key : NULL;
    for (size_t i = 0; i < count; i++)
        if (edits[i].remove || edits[i].replaces || (last && key_compare(&edits[i].movement.key, last) <= 0))
            return false;
    return true;
}

bool item_book_is_certain(const struct item_book *book, const struct book_edit *edits, size_t count)
{
    if (!is_append(book, edits, count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!decide_is_certain(&book->state, &edits[i].movement) ||
            decide_needs_whole(&book->state, &edits[i].movement))
            return false;
    return true;
}

static int compare_edits(const void *a, const void *b)
{
    return key_compare(&((const struct book_edit *)a)->movement.key, &((const struct book_edit *)b)->movement.key);
}

static struct book_change change_of(const struct item_state *state, const struct book_record *record,
                                    struct arena *arena)
{
    struct book_change change = {.id = record->movement.id,
                                 .added = true,
                                 .movement = &record->movement,
                                 .steps = record->steps,
                                 .step_count = record->step_count,
                                 .taken_minor = taken(record->steps, record->step_count)};
    change.after =
        lines_of_record(state, &record->movement, record->steps, record->step_count, arena, &change.after_count);
    return change;
}

/* The common case: new movements behind the last, decided where they will stay. */
static void plan_in_place(struct book_plan *plan, const struct book_edit *edits, size_t count)
{
    struct item_book *book = plan->book;
    plan->in_place = true;
    for (size_t i = 0; i < count; i++) {
        struct book_record *record = record_append(book);
        record->movement = movement_kept(&book->arena, &edits[i].movement);
        struct decision decision = decide_one(&book->state, &record->movement, &book->arena);
        must(decision.refusal == BOOK_OK);
        record->steps = decision.steps;
        record->step_count = decision.step_count;
        keep_texts(record->steps, record->step_count, &book->arena);
        plan->changes[plan->change_count++] = change_of(&book->state, record, plan->arena);
    }
}

static const struct book_edit *edit_of(const struct book_edit *edits, size_t count, movement_id id)
{
    for (size_t i = 0; i < count; i++)
        if (edits[i].movement.id == id)
            return &edits[i];
    return NULL;
}

/* The first record that an edit touches or precedes. */
static size_t first_touched(const struct item_book *book, const struct book_edit *edits, size_t count)
{
    size_t first = book->record_count;
    for (size_t e = 0; e < count; e++) {
        size_t place = edits[e].remove ? first : place_of_key(book, &edits[e].movement.key);
        if (place < first)
            first = place;
    }
    for (size_t i = 0; i < first; i++)
        if (edit_of(edits, count, book->records[i].movement.id) != NULL)
            first = i;
    return first;
}

static void apply_records(struct item_state *state, const struct item_book *book, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        item_state_begin(state, &book->records[i].movement);
        for (size_t s = 0; s < book->records[i].step_count; s++)
            item_state_apply(state, &book->records[i].movement, &book->records[i].steps[s]);
    }
}

/* A whole state after records[0..count) of a book that has them all. */
static struct item_state state_after(const struct item_book *book, size_t count, struct arena *arena)
{
    struct item_state state = item_state_make(arena, book->average, true);
    must(book->whole);
    apply_records(&state, book, 0, count);
    return state;
}

/* Pools and counters after records[0..count): from the nearest state at hand. */
static struct item_state pools_after(const struct item_book *book, size_t count, struct arena *arena)
{
    if (count == book->record_count)
        return item_state_clone(&book->state, arena);
    size_t chunk_start = count / BOOK_CHUNK * BOOK_CHUNK;
    if (book->middle_at != SIZE_MAX && book->middle_at <= count && book->middle_at >= chunk_start) {
        struct item_state state = item_state_clone(&book->middle, arena);
        apply_records(&state, book, book->middle_at, count);
        return state;
    }
    struct item_state state;
    struct cursor cursor = cursor_of(book->checkpoints[count / BOOK_CHUNK]);
    must(item_state_unpack(&cursor, arena, &state));
    apply_records(&state, book, chunk_start, count);
    return state;
}

/* Merges what stays of records[keep..) with the puts, in key order. */
static void merge_records(struct book_plan *plan, const struct book_edit *edits, size_t count)
{
    const struct item_book *book = plan->book;
    size_t room = book->record_count - plan->keep + count + 1;
    plan->records = ARENA_ARRAY(plan->arena, struct book_record, room);
    plan->same = ARENA_ARRAY(plan->arena, bool, room);
    must(plan->records != NULL && plan->same != NULL);
    size_t next_edit = 0;
    for (size_t i = plan->keep; i <= book->record_count; i++) {
        for (; next_edit < count; next_edit++) {
            if (edits[next_edit].remove)
                continue;
            if (i < book->record_count &&
                key_compare(&edits[next_edit].movement.key, &book->records[i].movement.key) > 0)
                break;
            plan->records[plan->record_count++] = (struct book_record){.movement = edits[next_edit].movement};
        }
        if (i < book->record_count && edit_of(edits, count, book->records[i].movement.id) == NULL) {
            plan->same[plan->record_count] = true;
            plan->records[plan->record_count++] = book->records[i];
        }
    }
}

/* An edit falls before what the book has in memory, or names something that is not there. */
static bool reaches_before(const struct item_book *book, const struct book_edit *edits, size_t count)
{
    for (size_t e = 0; e < count; e++) {
        if (item_book_find(book, edits[e].movement.id) != NULL)
            continue;
        if (edits[e].remove || key_compare(&edits[e].movement.key, &book->records[0].movement.key) <= 0)
            return true;
        /* A put of an old movement that is out of sight would stand twice: only the whole book can tell. */
        if (edits[e].replaces)
            return true;
    }
    return false;
}

static const struct book_record *old_record(const struct item_book *book, size_t keep, movement_id id)
{
    for (size_t i = keep; i < book->record_count; i++)
        if (book->records[i].movement.id == id)
            return &book->records[i];
    return NULL;
}

/* Pools are numbered as they were opened: one number may name another pool where what opened it has gone. */
static bool pool_same(const struct item_state *now, const struct item_state *before, const struct step *step)
{
    if ((step_members(step->kind) & STEP_HAS_POOL) == 0)
        return true;
    size_t at = (size_t)step->pool;
    if (at >= now->pool_count)
        return true; /* units that were gone before the first pool was opened */
    return at < before->pool_count && now->pools[at].kind == before->pools[at].kind &&
           span_eq(now->pools[at].name, before->pools[at].name);
}

static bool steps_same(const struct item_state *now, const struct decision *decision, const struct item_state *before,
                       const struct book_record *record)
{
    if (decision->step_count != record->step_count)
        return false;
    for (size_t i = 0; i < record->step_count; i++) {
        const struct step *x = &decision->steps[i];
        const struct step *y = &record->steps[i];
        if (x->kind != y->kind || x->pool != y->pool || x->place != y->place || x->day != y->day || x->lot != y->lot ||
            x->target != y->target || x->qty_micro != y->qty_micro || x->value_minor != y->value_minor ||
            x->cost_minor != y->cost_minor || x->index != y->index || x->status != y->status ||
            !pool_same(now, before, x) || !span_eq(x->name, y->name) || (x->where == NULL) != (y->where == NULL) ||
            (x->where && !where_same(x->where, y->where)))
            return false;
    }
    return true;
}

static struct book_change difference(struct book_plan *plan, const struct item_state *old_state,
                                     const struct book_record *old, const struct book_record *new, bool edited)
{
    struct book_change change = {.id = new ? new->movement.id : old->movement.id,
                                 .removed = new == NULL,
                                 .added = old == NULL,
                                 .moved = edited &&old != NULL &&new != NULL,
                                 .movement = new ? &new->movement : NULL,
                                 .movement_before = old ? &old->movement : NULL};
    if (old != NULL) {
        change.steps_before = old->steps;
        change.step_count_before = old->step_count;
    }
    if (old != NULL)
        change.before =
            lines_of_record(old_state, &old->movement, old->steps, old->step_count, plan->arena, &change.before_count);
    if (new != NULL) {
        change.steps = new->steps;
        change.step_count = new->step_count;
        change.taken_minor = taken(new->steps, new->step_count);
        change.after = lines_of_record(&plan->state, &new->movement, new->steps, new->step_count, plan->arena,
                                       &change.after_count);
    }
    return change;
}

/* Hands out the differences between the book's old end and the plan's new one. Records keep their place by id; a map
 * would pay only for replays longer than those of a shop's day, and the ids are compared from the same end on. */
static void collect_changes(struct book_plan *plan, const struct book_edit *edits, size_t count)
{
    const struct item_book *book = plan->book;
    size_t old_at = plan->keep;
    for (size_t i = 0; i < plan->record_count; i++) {
        const struct book_record *new = &plan->records[i];
        bool edited = edit_of(edits, count, new->movement.id) != NULL;
        const struct book_record *old = NULL;
        while (old_at < book->record_count && edit_of(edits, count, book->records[old_at].movement.id) != NULL)
            old_at++;
        if (!edited && old_at < book->record_count) {
            old = &book->records[old_at++];
            must(old->movement.id == new->movement.id);
        } else if (edited) {
            old = old_record(book, plan->keep, new->movement.id);
        }
        if (plan->same[i])
            continue;
        plan->changes[plan->change_count++] = difference(plan, &book->state, old, new, edited);
    }
    for (size_t e = 0; e < count; e++) {
        const struct book_record *old = edits[e].remove ? old_record(book, plan->keep, edits[e].movement.id) : NULL;
        if (old != NULL)
            plan->changes[plan->change_count++] = difference(plan, &book->state, old, NULL, true);
    }
}

/* Decides the plan's records on plan->state, one after the other. False after a refusal. */
static bool decide_records(struct book_plan *plan, const struct book_edit *edits, size_t count)
{
    const struct item_book *book = plan->book;
    plan->middle_at = SIZE_MAX;
    plan->checkpoint_count = 0;
    for (size_t i = 0; i < plan->record_count; i++) {
        struct book_record *record = &plan->records[i];
        if (opens_chunk(book, plan->keep + i))
            plan->checkpoints[plan->checkpoint_count++] = state_packed(&plan->state, plan->arena);
        struct decision decision = decide_one(&plan->state, &record->movement, plan->arena);
        if (decision.refusal != BOOK_OK) {
            plan->refusal = decision.refusal;
            plan->refused = record->movement.id;
            plan->refused_movement = &record->movement;
            plan->held_micro = decision.held_micro;
            return false;
        }
        plan->same[i] = plan->same[i] && steps_same(&plan->state, &decision, &book->state, record);
        if (!plan->same[i]) {
            record->steps = decision.steps;
            record->step_count = decision.step_count;
        }
        if (plan->middle_at == SIZE_MAX && edit_of(edits, count, record->movement.id) != NULL) {
            plan->middle = item_state_clone(&plan->state, plan->arena);
            plan->middle_at = plan->keep + i + 1;
        }
    }
    return true;
}

static void plan_fold(struct book_plan *plan, const struct book_edit *edits, size_t count)
{
    const struct item_book *book = plan->book;
    bool behind = is_append(book, edits, count);
    if (!behind && !book->whole && (book->record_count == 0 || reaches_before(book, edits, count))) {
        plan->refusal = BOOK_NEEDS_WHOLE;
        return;
    }
    plan->keep = behind ? book->record_count : first_touched(book, edits, count);
    merge_records(plan, edits, count);
    plan->checkpoints = ARENA_ARRAY(plan->arena, struct span, plan->record_count / BOOK_CHUNK + 2);
    must(plan->checkpoints != NULL);
    plan->state = pools_after(book, plan->keep, plan->arena);
    if (!decide_records(plan, edits, count)) {
        if (plan->refusal != BOOK_NEEDS_WHOLE || !book->whole)
            return;
        /* Some movement looks at units that are gone: once more, with all of them. */
        plan->refusal = BOOK_OK;
        plan->record_count = 0;
        merge_records(plan, edits, count);
        plan->state = state_after(book, plan->keep, plan->arena);
        if (!decide_records(plan, edits, count))
            return;
    }
    plan->changes = ARENA_ARRAY(plan->arena, struct book_change, plan->record_count + count + 1);
    must(plan->changes != NULL);
    collect_changes(plan, edits, count);
}

struct book_plan item_book_plan(struct item_book *book, const struct book_edit *edits, size_t count, bool careful,
                                struct arena *arena)
{
    struct book_plan plan = {.book = book, .arena = arena};
    struct book_edit *sorted = grown(arena, edits, count, count ? count : 1, sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_edits);
    if (!careful && item_book_is_certain(book, sorted, count)) {
        plan.changes = ARENA_ARRAY(arena, struct book_change, count ? count : 1);
        must(plan.changes != NULL);
        plan_in_place(&plan, sorted, count);
    } else {
        plan_fold(&plan, sorted, count);
    }
    return plan;
}

/* Drops records from `keep` on. */
static void cut(struct item_book *book, size_t keep)
{
    if (keep < book->record_count)
        book->shortened = true;
    if (keep < book->saved)
        book->saved = keep;
    book->record_count = keep;
    size_t chunks = (keep + BOOK_CHUNK - 1) / BOOK_CHUNK;
    if (book->checkpoint_count > chunks)
        book->checkpoint_count = chunks;
    if (book->middle_at != SIZE_MAX && book->middle_at > keep)
        book->middle_at = SIZE_MAX;
}

void item_book_install(struct book_plan *plan)
{
    must(plan->refusal == BOOK_OK);
    if (plan->in_place)
        return;
    struct item_book *book = plan->book;
    cut(book, plan->keep);
    size_t checkpoint = 0;
    for (size_t i = 0; i < plan->record_count; i++) {
        if (opens_chunk(book, book->record_count))
            checkpoint_add(book, arena_copy(&book->arena, plan->checkpoints[checkpoint++]));
        const struct book_record *from = &plan->records[i];
        struct book_record *record = record_room(book);
        if (plan->same[i])
            *record = *from;
        else
            *record = (struct book_record){movement_kept(&book->arena, &from->movement),
                                           steps_kept(&book->arena, from->steps, from->step_count), from->step_count};
    }
    struct arena *other = &book->state_arena[book->state.arena == &book->state_arena[0]];
    arena_reset(other);
    book->state = item_state_keep(&plan->state, other);
    if (plan->middle_at != SIZE_MAX) {
        /* The plan may still borrow names from the old middle: the new one is made beside it. */
        struct arena *spare = &book->middle_arena[book->middle.arena == &book->middle_arena[0]];
        arena_reset(spare);
        book->middle = item_state_keep(&plan->middle, spare);
        book->middle_at = plan->middle_at;
    }
}

static void record_add(struct item_book *book, const struct movement *movement, const struct step *steps, size_t count)
{
    struct book_record *record = record_append(book);
    record->movement = movement_kept(&book->arena, movement);
    record->steps = steps_kept(&book->arena, steps, count);
    record->step_count = count;
    for (size_t s = 0; s < count; s++)
        item_state_apply(&book->state, &record->movement, &record->steps[s]);
}

bool item_book_replace(struct item_book *book, const struct book_record *puts, size_t put_count,
                       const movement_id *removes, size_t remove_count, uint32_t fresh, struct arena *arena)
{
    struct book_edit *edits = ARENA_ARRAY(arena, struct book_edit, put_count + remove_count + 1);
    must(edits != NULL);
    for (size_t i = 0; i < put_count; i++) {
        movement_id id = puts[i].movement.id;
        bool may_stand = movement_document(id) != fresh && (!book->whole || item_book_find(book, id) != NULL);
        edits[i] = (struct book_edit){.movement = puts[i].movement, .replaces = may_stand};
    }
    for (size_t i = 0; i < remove_count; i++)
        edits[put_count + i] = (struct book_edit){.remove = true, .movement.id = removes[i]};
    size_t count = put_count + remove_count;
    if (is_append(book, edits, count)) {
        qsort(edits, count, sizeof *edits, compare_edits);
        for (size_t e = 0; e < count; e++)
            for (size_t i = 0; i < put_count; i++)
                if (puts[i].movement.id == edits[e].movement.id)
                    record_add(book, &puts[i].movement, puts[i].steps, puts[i].step_count);
        return true;
    }
    if (!book->whole && (book->record_count == 0 || reaches_before(book, edits, count)))
        return false;
    qsort(edits, count, sizeof *edits, compare_edits);
    struct book_plan plan = {
        .book = book, .arena = arena, .keep = first_touched(book, edits, count), .middle_at = SIZE_MAX};
    merge_records(&plan, edits, count);
    plan.checkpoints = ARENA_ARRAY(arena, struct span, plan.record_count / BOOK_CHUNK + 2);
    must(plan.checkpoints != NULL);
    plan.state = pools_after(book, plan.keep, arena);
    for (size_t r = 0; r < plan.record_count; r++) {
        for (size_t i = 0; i < put_count; i++)
            if (puts[i].movement.id == plan.records[r].movement.id)
                plan.records[r] = puts[i];
        if (opens_chunk(book, plan.keep + r))
            plan.checkpoints[plan.checkpoint_count++] = state_packed(&plan.state, arena);
        for (size_t step = 0; step < plan.records[r].step_count; step++)
            item_state_apply(&plan.state, &plan.records[r].movement, &plan.records[r].steps[step]);
    }
    item_book_install(&plan);
    return true;
}

const struct movement *item_book_check(const struct item_book *book, struct arena *arena)
{
    must(book->whole);
    struct item_state state = item_state_make(arena, book->average, true);
    for (size_t i = 0; i < book->record_count; i++) {
        const struct book_record *record = &book->records[i];
        struct decision decision = decide_one(&state, &record->movement, arena);
        if (decision.refusal != BOOK_OK || !steps_same(&state, &decision, &book->state, record))
            return &record->movement;
    }
    return NULL;
}

struct item_state item_book_state_at(const struct item_book *book, int32_t day, struct arena *arena)
{
    must(book->whole);
    size_t count = 0;
    while (count < book->record_count && book->records[count].movement.day <= day)
        count++;
    for (size_t i = count; i < book->record_count; i++)
        if (book->records[i].movement.day <= day)
            return state_by_day(book, day, arena);
    return state_after(book, count, arena);
}

size_t item_book_chunk_count(const struct item_book *book)
{
    return (book->first + book->record_count + BOOK_CHUNK - 1) / BOOK_CHUNK;
}

void item_book_pack_chunk(const struct item_book *book, size_t chunk, struct buf *out)
{
    must(chunk * BOOK_CHUNK >= book->first);
    size_t from = chunk * BOOK_CHUNK - book->first;
    size_t to = from + BOOK_CHUNK < book->record_count ? from + BOOK_CHUNK : book->record_count;
    must(from < to && from / BOOK_CHUNK < book->checkpoint_count);
    buf_put_bytes(out, book->checkpoints[from / BOOK_CHUNK]);
    struct arena arena = arena_make((size_t)1 << 30);
    struct texts texts;
    texts_start(&texts, &arena);
    out->texts = &texts;
    buf_put_varint(out, to - from);
    for (size_t i = from; i < to; i++) {
        movement_pack(&book->records[i].movement, out);
        steps_pack(book->records[i].steps, book->records[i].step_count, out);
    }
    out->texts = NULL;
    out->failed |= arena_is_exhausted(&arena);
    arena_done(&arena);
}

/* Reads a chunk's records into the book, applying their steps to its state. */
static bool records_read(struct item_book *book, struct cursor *cursor)
{
    uint64_t count = cursor_varint(cursor);
    if (cursor->bad || count > BOOK_CHUNK)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        struct book_record *record = record_append(book);
        if (!movement_unpack(cursor, &book->arena, &record->movement) ||
            !steps_unpack(cursor, &book->arena, &record->steps, &record->step_count))
            return false;
        for (size_t s = 0; s < record->step_count; s++)
            item_state_apply(&book->state, &record->movement, &record->steps[s]);
    }
    return true;
}

static bool chunk_read(struct item_book *book, struct cursor *cursor)
{
    struct arena arena = arena_make((size_t)1 << 30);
    struct texts texts;
    texts_start(&texts, &arena);
    cursor->texts = &texts;
    bool good = records_read(book, cursor) && !arena_is_exhausted(&arena);
    cursor->texts = NULL;
    arena_done(&arena);
    return good;
}

struct item_book *item_book_from_tail(bool average, size_t chunk, struct span bytes)
{
    struct item_book *book = item_book_new(average);
    struct cursor cursor = cursor_of(bytes);
    struct cursor before = cursor_of(cursor_bytes(&cursor));
    book->whole = chunk == 0;
    book->first = chunk * BOOK_CHUNK;
    bool good = item_state_unpack(&before, &book->arena, &book->state);
    book->average = good && book->state.average;
    if (!good || !chunk_read(book, &cursor))
        return item_book_free(book);
    book->saved = book->record_count;
    book->stored_chunks = chunk + 1;
    return book;
}

struct item_book *item_book_from_chunks(bool average, const struct span *chunks, size_t count)
{
    /* How it is valued is part of the stored state: whoever only looks at a book need not know. */
    struct cursor first = cursor_of(count ? chunks[0] : (struct span){NULL, 0});
    struct cursor before = cursor_of(cursor_bytes(&first));
    struct item_book *book = item_book_new(count ? cursor_u8(&before) != 0 : average);
    for (size_t i = 0; i < count; i++) {
        struct cursor cursor = cursor_of(chunks[i]);
        (void)cursor_bytes(&cursor);
        if (!chunk_read(book, &cursor))
            return item_book_free(book);
    }
    book->saved = book->record_count;
    book->stored_chunks = count;
    return book;
}
