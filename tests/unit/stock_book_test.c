/* stock_book_test.c: what each movement of an item posts and leaves, as tables; and that a book is the same however its
 * movements came in, however it is packed, and whatever was taken out of it again.
 *
 * Quantities are millionths and values cents, both small on purpose: at 3 for 10 every rounding and every border shows.
 * A row's lines are text: role@location{tag} amount, in the order the ledger sorts them. A state is text as well:
 * `main 1@2 3=10`: the pool of main has a layer of document 1 in place 2, 3 units worth 10; `owes 4 2=16`: document 4's
 * owed slice; `consigned 1@2 3=10`: units of document 1 that are not ours, `advance 6 2=16`: billed and not here yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/prng.h"
#include "stock/decide.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
#define NONE INT64_MIN
#define NO_LINES ""
enum { ROWS_MAX = 10 };

struct row {
    enum movement_kind kind;
    uint32_t document;
    int64_t qty, value;     /* value of an IN: NONE for a gain */
    int64_t day;            /* 0: as the document's number */
    uint32_t refers, order; /* documents */
    const char *at;         /* NULL: main */
    enum role to;           /* 0: as usual for the kind */
    enum unit_status status;
    bool whole, lost;
    const char *lot;
    const char *pick; /* by lot text, for all of qty */
    uint32_t pick_receipt;
    const char *party; /* the supplier, or who owns consigned units */
    const char *posts; /* NULL: nothing is checked */
    enum book_refusal refusal;
    int64_t held; /* with a refusal */
};
struct story {
    const char *name;
    struct costing costing;
    int64_t standard, last; /* unit costs in millionths of a currency without decimals; 0: none */
    struct row rows[ROWS_MAX];
    const char *state;
};

static struct arena arena;
static int wrong; /* all that is wrong is shown before a test fails */

static int set_up(void **state)
{
    (void)state;
    wrong = 0;
    arena = arena_make((size_t)1 << 30);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static struct span text(const char *words) { return words ? span_of(words) : (struct span){NULL, 0}; }

static enum rank rank_of(enum movement_kind kind)
{
    switch (kind) {
    case MOVE_IN: return RANK_RECEIPT;
    case MOVE_SHIP:
    case MOVE_ARRIVE: return RANK_TRANSFER;
    case MOVE_OUT:
    case MOVE_STATUS:
    case MOVE_VALUE:
    case MOVE_SUPPLIER_RETURN: return RANK_ISSUE;
    case MOVE_RETURN: return RANK_RETURN;
    case MOVE_COUNT: return RANK_COUNT;
    case MOVE_STANDARD:
    case MOVE_CORRECT: return RANK_DEFINITION;
    default: return RANK_MONEY;
    }
}

static enum role usual_role(const struct row *row)
{
    switch (row->kind) {
    case MOVE_IN: return row->status == UNITS_CONSIGNED ? ROLE_ACCRUED_PURCHASES : ROLE_GRNI;
    case MOVE_OUT: return row->order ? ROLE_COGS : ROLE_SCRAP;
    case MOVE_SHIP:
    case MOVE_ARRIVE: return ROLE_ACCRUED_SHIPPING;
    case MOVE_COUNT: return ROLE_SHRINKAGE;
    case MOVE_LANDED: return ROLE_LANDED_COST_CLEARING;
    case MOVE_FOLLOW: return ROLE_PRODUCTION_COSTS_ABSORBED;
    case MOVE_BILL:
    case MOVE_SUPPLIER_RETURN: return ROLE_ACCOUNTS_PAYABLE;
    case MOVE_RETURN:
    case MOVE_DELIVER: return ROLE_COGS;
    default: return ROLE_REVALUATION;
    }
}

static movement_id id_of(uint32_t document) { return document ? movement_id_make(document, 1, 0, 0) : 0; }

static struct movement movement_of(const struct story *story, const struct row *row)
{
    int64_t day = row->day ? row->day : row->document;
    struct movement movement = {
        .id = id_of(row->document),
        .key = {.at_us = day * US_PER_DAY,
                .rank = rank_of(row->kind),
                .source = SPAN("file"),
                .type = SPAN("document"),
                .id = arena_print(&arena, "%u", row->document),
                .line = 1},
        .day = (int32_t)day,
        .kind = row->kind,
        .costing = story->costing,
        .location = row->at ? text(row->at) : SPAN("main"),
        .qty_micro = row->qty,
        .value_minor = row->value,
        .standard_micro = story->standard ? story->standard : NONE,
        .last_micro = story->last ? story->last : NONE,
        .where = {.role = row->to ? row->to : usual_role(row), .party = text(row->party)},
        .refers = id_of(row->refers),
        .order = row->order,
        .status = row->status,
        .whole = row->whole,
        .lost = row->lost,
        .lot = text(row->lot),
    };
    if (row->order)
        movement.where.order_line = SPAN("1");
    if (row->pick != NULL || row->pick_receipt != 0) {
        movement.picks = ARENA_ARRAY(&arena, struct movement_pick, 1);
        movement.picks[0] = (struct movement_pick){id_of(row->pick_receipt), text(row->pick), row->qty};
        movement.pick_count = 1;
    }
    return movement;
}

static size_t row_count(const struct story *story)
{
    size_t count = 0;
    while (count < ROWS_MAX && story->rows[count].document != 0)
        count++;
    return count;
}

static bool is_average(const struct story *story) { return story->costing.method == METHOD_AVERAGE; }

/* ---- books as text ---- */

static struct span lines_text(struct lines lines)
{
    struct buf out = buf_make(1 << 16);
    lines_settle(&lines);
    assert_true(lines_balance(&lines));
    for (size_t i = 0; i < lines.count; i++) {
        const struct line *line = &lines.at[i];
        buf_print(&out, "%s%s", i ? ", " : "", role_name(line->role));
        if (line->location.len > 0)
            buf_print(&out, "@%.*s", SPAN_ARG(line->location));
        if (line->tag.len > 0)
            buf_print(&out, "{%.*s}", SPAN_ARG(line->tag));
        buf_print(&out, " %lld", (long long)line->amount_minor);
    }
    struct span kept = arena_copy(&arena, buf_span(&out));
    buf_done(&out);
    return kept;
}

/* A change's lines: those of its own day as they are, of another with the day in front. */
static struct span days_text(const struct day_lines *days, size_t count, int32_t own)
{
    struct buf out = buf_make(1 << 16);
    for (size_t i = 0; i < count; i++) {
        struct span lines = lines_text(days[i].lines);
        if (days[i].day != own)
            buf_print(&out, "%son day %d: ", out.len ? "; " : "", days[i].day);
        buf_print(&out, "%.*s", SPAN_ARG(lines));
    }
    struct span kept = arena_copy(&arena, buf_span(&out));
    buf_done(&out);
    return kept;
}
static void pool_text(const struct item_state *state, const struct pool *pool, struct buf *out)
{
    buf_print(out, "%s%.*s", out->len ? "; " : "",
              pool->kind == POOL_TRANSIT ? 7
              : pool->name.len           ? (int)pool->name.len
                                         : 7,
              pool->kind == POOL_TRANSIT ? "transit"
              : pool->name.len           ? pool->name.ptr
                                         : "company");
    for (size_t i = 0; i < pool->layer_count; i++) {
        const struct layer *layer = &pool->layers[i];
        buf_print(out, " %u@%u %lld", movement_document(layer->lot), layer->place, (long long)layer->qty_micro);
        if (!state->average)
            buf_print(out, "=%lld", (long long)layer->value_minor);
    }
    if (state->average && pool->layer_count > 0)
        buf_print(out, " together %lld", (long long)pool->value_minor);
    for (size_t i = 0; i < pool->owed_count; i++)
        buf_print(out, " owes %u %lld=%lld%s", movement_document(pool->owed[i].issue),
                  (long long)pool->owed[i].qty_micro, (long long)pool->owed[i].value_minor,
                  pool->owed[i].elsewhere ? " elsewhere" : "");
    if (pool->last_qty_micro > 0)
        buf_print(out, " last %lld/%lld", (long long)pool->last_value_minor, (long long)pool->last_qty_micro);
}

static struct span state_text(const struct item_state *state)
{
    static const char *const units[] = {"own", "quarantined", "damaged", "consigned"};
    struct buf out = buf_make(1 << 20);
    for (size_t i = 0; i < state->pool_count; i++)
        pool_text(state, &state->pools[i], &out);
    for (size_t i = 0; i < state->consigned_count; i++)
        buf_print(&out, "%sconsigned %u@%u %lld=%lld", out.len ? "; " : "", movement_document(state->consigned[i].lot),
                  state->consigned[i].place, (long long)state->consigned[i].qty_micro,
                  (long long)state->consigned[i].value_minor);
    for (size_t i = 0; i < state->advance_count; i++)
        buf_print(&out, "%sadvance %u %lld=%lld", out.len ? "; " : "", movement_document(state->advances[i].bill),
                  (long long)state->advances[i].qty_micro, (long long)state->advances[i].value_minor);
    for (size_t i = 0; i < state->count_count; i++) {
        const struct location_count *count = &state->counts[i];
        bool named = false;
        for (size_t u = 0; u < COUNT_OF(units); u++)
            if (count->units[u] != 0) {
                if (!named)
                    buf_print(&out, "; %s has",
                              count->location.ptr[0] == '\x01'
                                  ? "the way"
                                  : arena_print(&arena, "%.*s", SPAN_ARG(count->location)).ptr);
                named = true;
                buf_print(&out, " %lld %s", (long long)count->units[u], units[u]);
            }
    }
    struct span kept = arena_copy(&arena, buf_span(&out));
    buf_done(&out);
    return kept;
}

/* Everything a book says of itself: all its chunks. */
static struct span book_bytes(const struct item_book *book)
{
    struct buf out = buf_make((size_t)1 << 28);
    for (size_t i = 0; i < item_book_chunk_count(book); i++)
        item_book_pack_chunk(book, i, &out);
    item_state_pack(&book->state, &out);
    assert_false(out.failed);
    struct span kept = arena_copy(&arena, buf_span(&out));
    buf_done(&out);
    return kept;
}

static void expect_text(const struct story *story, struct span found, struct span wanted)
{
    if (span_eq(found, wanted))
        return;
    print_error("%s\n  found  %.*s\n  wanted %.*s\n", story->name, SPAN_ARG(found), SPAN_ARG(wanted));
    wrong++;
}

/* ---- a story, row by row ---- */

static struct book_plan plan_of(struct item_book *book, const struct movement *movement, bool careful)
{
    struct book_edit edit = {.movement = *movement};
    return item_book_plan(book, &edit, 1, careful, &arena);
}

static void tell_row(const struct story *story, struct item_book *book, const struct row *row, bool careful)
{
    struct movement movement = movement_of(story, row);
    struct book_plan plan = plan_of(book, &movement, careful);
    if (plan.refusal != row->refusal || (row->refusal != BOOK_OK && plan.held_micro != row->held)) {
        print_error("%s: document %u: refusal %d with %lld, wanted %d with %lld\n", story->name, row->document,
                    plan.refusal, (long long)plan.held_micro, row->refusal, (long long)row->held);
        wrong++;
    }
    if (plan.refusal != BOOK_OK) {
        assert_int_equal(plan.refused, movement.id);
        return;
    }
    for (size_t i = 0; i < plan.change_count; i++)
        if (plan.changes[i].id == movement.id && row->posts != NULL)
            expect_text(story, days_text(plan.changes[i].after, plan.changes[i].after_count, movement.day),
                        span_of(row->posts));
    item_book_install(&plan);
}

static struct item_book *told(const struct story *story, bool careful)
{
    struct item_book *book = item_book_new(is_average(story));
    for (size_t i = 0; i < row_count(story); i++)
        tell_row(story, book, &story->rows[i], careful);
    return book;
}

static bool is_told(const struct row *row) { return row->refusal == BOOK_OK; }

/* All rows in one plan, last row first. */
static struct item_book *told_at_once(const struct story *story)
{
    struct item_book *book = item_book_new(is_average(story));
    struct book_edit edits[ROWS_MAX];
    size_t count = 0;
    for (size_t i = row_count(story); i-- > 0;)
        if (is_told(&story->rows[i]))
            edits[count++] = (struct book_edit){.movement = movement_of(story, &story->rows[i])};
    struct book_plan plan = item_book_plan(book, edits, count, true, &arena);
    assert_int_equal(plan.refusal, BOOK_OK);
    item_book_install(&plan);
    return book;
}

/* One row comes last, wherever it belongs; false when the others cannot stand without it. */
static bool told_with_late(const struct story *story, size_t late, struct item_book **out_book)
{
    *out_book = item_book_new(is_average(story));
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < row_count(story); i++) {
            if ((i == late) != (pass == 1) || !is_told(&story->rows[i]))
                continue;
            struct movement movement = movement_of(story, &story->rows[i]);
            struct book_plan plan = plan_of(*out_book, &movement, false);
            if (plan.refusal != BOOK_OK)
                return false;
            item_book_install(&plan);
        }
    return true;
}

static void assert_same_book(const struct story *story, const struct item_book *found, const struct item_book *wanted,
                             const char *how)
{
    if (span_eq(book_bytes(found), book_bytes(wanted)))
        return;
    print_error("%s: another book when %s\n  found  %.*s\n  wanted %.*s\n", story->name, how,
                SPAN_ARG(state_text(&found->state)), SPAN_ARG(state_text(&wanted->state)));
    wrong++;
}

/* The book as the store would give it back, and as a rebuild makes it. */
static void packs(const struct story *story, const struct item_book *book)
{
    struct span chunks[8];
    size_t count = item_book_chunk_count(book);
    assert_true(count <= COUNT_OF(chunks));
    for (size_t i = 0; i < count; i++) {
        struct buf out = buf_make(1 << 20);
        item_book_pack_chunk(book, i, &out);
        chunks[i] = arena_copy(&arena, buf_span(&out));
        buf_done(&out);
    }
    struct item_book *again = item_book_from_chunks(is_average(story), chunks, count);
    assert_non_null(again);
    assert_same_book(story, again, book, "it comes from the store");
    assert_null(item_book_check(again, &arena));
    item_book_free(again);
    struct item_book *tail = item_book_from_tail(is_average(story), count - 1, chunks[count - 1]);
    assert_non_null(tail);
    expect_text(story, state_text(&tail->state), state_text(&book->state));
    item_book_free(tail);
    struct item_book *rebuilt = item_book_new(is_average(story));
    assert_true(item_book_replace(rebuilt, book->records, book->record_count, NULL, 0, 0, &arena));
    assert_same_book(story, rebuilt, book, "truth says what was decided");
    item_book_free(rebuilt);
}

static void holds(const struct story *story)
{
    struct item_book *book = told(story, false);
    expect_text(story, state_text(&book->state), span_of(story->state));
    assert_null(item_book_check(book, &arena)); /* C-5 */
    struct item_book *careful = told(story, true);
    assert_same_book(story, careful, book, "it is left alone until installed");
    item_book_free(careful);
    struct item_book *once = told_at_once(story);
    assert_same_book(story, once, book, "all comes at once");
    item_book_free(once);
    for (size_t late = 0; late < row_count(story); late++) {
        struct item_book *other = NULL;
        if (is_told(&story->rows[late]) && told_with_late(story, late, &other))
            assert_same_book(story, other, book, "one row comes late"); /* I-3 */
        item_book_free(other);
    }
    packs(story, book);
    item_book_free(book);
}

#define MAIN "main"
#define EACH(n) ((int64_t)(n)*1000000000000) /* a unit cost that makes one millionth of a unit worth n */

static const struct story stories[] = {
    {
        "fifo: partial draws conserve the value",
        .rows = {{MOVE_IN, 1, 3, 10, .posts = "inventory@main 10, grni -10"},
                 {MOVE_OUT, 2, 1, .order = 9, .posts = "inventory@main -3, cogs 3"},
                 {MOVE_OUT, 3, 1, .order = 9, .posts = "inventory@main -4, cogs 4"},
                 {MOVE_OUT, 4, 1, .order = 9, .posts = "inventory@main -3, cogs 3"}},
        .state = "main last 3/1",
    },
    {
        "fifo: from the front, over two layers",
        .rows = {{MOVE_IN, 1, 10, 40},
                 {MOVE_IN, 2, 10, 50},
                 {MOVE_OUT, 3, 12, .order = 9, .posts = "inventory@main -50, cogs 50"}},
        .state = "main 2@2 8=40 last 10/2; main has 8 own",
    },
    {
        "lifo: from the back",
        .costing = {.method = METHOD_LIFO},
        .rows = {{MOVE_IN, 1, 10, 40},
                 {MOVE_IN, 2, 10, 50},
                 {MOVE_OUT, 3, 12, .order = 9, .posts = "inventory@main -58, cogs 58"}},
        .state = "main 1@1 8=32 last 8/2; main has 8 own",
    },
    {
        "average: a draw is valued once",
        .costing = {.method = METHOD_AVERAGE},
        .rows = {{MOVE_IN, 1, 10, 40},
                 {MOVE_IN, 2, 10, 50},
                 {MOVE_OUT, 3, 12, .order = 9, .posts = "inventory@main -54, cogs 54"}},
        .state = "main 2@2 8 together 36 last 54/12; main has 8 own",
    },
    {
        "standard: what comes in is worth its standard",
        .costing = {.method = METHOD_STANDARD},
        .standard = EACH(3),
        .rows = {{MOVE_IN, 1, 2, 7, .posts = "inventory@main 6, grni -7, price_difference{standard} 1"},
                 {MOVE_OUT, 2, 1, .order = 9, .posts = "inventory@main -3, cogs 3"}},
        .state = "main 1@1 1=3 last 3/1; main has 1 own",
    },
    {
        "specific: the lot that was picked",
        .costing = {.method = METHOD_SPECIFIC},
        .rows = {{MOVE_IN, 1, 4, 40, .lot = "A"},
                 {MOVE_IN, 2, 4, 60, .lot = "B"},
                 {MOVE_OUT, 3, 1, .order = 9, .refusal = BOOK_PICKS_REQUIRED},
                 {MOVE_OUT, 4, 1, .order = 9, .pick = "C", .refusal = BOOK_LOT_NOT_HELD},
                 {MOVE_OUT, 5, 5, .order = 9, .pick = "B", .refusal = BOOK_LOT_NOT_HELD, .held = 4},
                 {MOVE_OUT, 6, 1, .order = 9, .pick = "B", .posts = "inventory@main -15, cogs 15"},
                 {MOVE_OUT, 7, 1, .order = 9, .pick_receipt = 1, .posts = "inventory@main -10, cogs 10"},
                 {MOVE_OUT, 8, 1, .posts = "inventory@main -10, scrap 10"}},
        .state = "main 1@1 2=20 2@2 3=45 last 10/1; main has 5 own",
    },
    {
        "owed: short units at last cost, settled by what comes in",
        .rows = {{MOVE_IN, 1, 1, 8},
                 {MOVE_OUT, 2, 3, .order = 9, .posts = "inventory@main -8, inventory_owed@main -16, cogs 24"},
                 {MOVE_IN, 3, 5, 45, .posts = "inventory@main 27, inventory_owed@main 16, grni -45, cogs{owed} 2"}},
        .state = "main 3@2 3=27 last 18/2; main has 3 own",
    },
    {
        "owed: an inflow that is not enough, with rounding on both sides",
        .last = EACH(10) / 3,
        .rows = {{MOVE_OUT, 1, 3, .order = 9, .posts = "inventory_owed@main -10, cogs 10"},
                 {MOVE_IN, 2, 2, 5, .posts = "inventory_owed@main 7, grni -5, cogs{owed} -2"},
                 {MOVE_OUT, 3, 1, .order = 8, .posts = "inventory_owed@main -3, cogs 3"},
                 {MOVE_IN, 4, 1, 4, .posts = "inventory_owed@main 3, grni -4, cogs{owed} 1"},
                 {MOVE_IN, 5, 2, 9, .posts = "inventory@main 4, inventory_owed@main 3, grni -9, cogs{owed} 2"}},
        .state = "main 5@3 1=4 last 5/1; main has 1 own",
    },
    {
        "owed: the stated last cost before the standard",
        .last = EACH(2),
        .standard = EACH(5),
        .rows = {{MOVE_OUT, 1, 3, .posts = "inventory_owed@main -6, scrap 6"}},
        .state = "main owes 1 3=6; main has -3 own",
    },
    {
        "owed: the standard where nothing else is known",
        .standard = EACH(5),
        .rows = {{MOVE_OUT, 1, 3, .posts = "inventory_owed@main -15, scrap 15"}},
        .state = "main owes 1 3=15; main has -3 own",
    },
    {
        "owed: nothing known is nothing",
        .rows = {{MOVE_OUT, 1, 3, .posts = NO_LINES}},
        .state = "main owes 1 3=0; main has -3 own",
    },
    {
        "shortage refuse: no more than is held",
        .costing = {.refuse_short = true},
        .rows = {{MOVE_IN, 1, 2, 10},
                 {MOVE_OUT, 2, 3, .refusal = BOOK_SHORT, .held = 2},
                 {MOVE_OUT, 3, 2, .posts = "inventory@main -10, scrap 10"},
                 {MOVE_OUT, 4, 1, .refusal = BOOK_SHORT}},
        .state = "main last 10/2",
    },
    {
        "transfer: freight by quantity, odd cents to the largest rest",
        .rows = {{MOVE_IN, 1, 1, 10},
                 {MOVE_IN, 2, 2, 30},
                 {MOVE_SHIP, 3, 3, 5, .posts = "inventory@main -40, inventory_in_transit 45, accrued_shipping -5"},
                 {MOVE_ARRIVE, 4, 2, .refers = 3, .at = "shop", .posts = "inventory@shop 29, inventory_in_transit -29"},
                 {MOVE_ARRIVE, 5, 2, .refers = 3, .at = "shop", .refusal = BOOK_EXCEEDS, .held = 1},
                 {MOVE_ARRIVE, 6, 1, .refers = 3, .at = "shop",
                  .posts = "inventory@shop 16, inventory_in_transit -16"}},
        .state = "main last 30/2; transit; shop 1@5 1=12 2@6 1=17 2@7 1=16; shop has 3 own",
    },
    {
        "transfer: an average draw is valued once on both ways",
        .costing = {.method = METHOD_AVERAGE},
        .rows = {{MOVE_IN, 1, 1, 10},
                 {MOVE_IN, 2, 2, 15},
                 {MOVE_SHIP, 3, 2, .posts = "inventory@main -17, inventory_in_transit 17"},
                 {MOVE_ARRIVE, 4, 1, .refers = 3, .at = "shop", .posts = "inventory@shop 9, inventory_in_transit -9"}},
        .state = "main 2@2 1 together 8 last 17/2; transit 2@4 1 together 8; shop 1@5 1 together 9; "
                 "main has 1 own; the way has 1 own; shop has 1 own",
    },
    {
        "transfer of what is short: the way holds units at provisional cost",
        .last = EACH(4),
        .rows = {{MOVE_SHIP, 1, 2, .posts = "inventory_owed@main -8, inventory_in_transit 8"},
                 {MOVE_ARRIVE, 2, 2, .refers = 1, .at = "shop", .posts = "inventory@shop 8, inventory_in_transit -8"},
                 {MOVE_IN, 3, 3, 15, .posts = "inventory@main 5, inventory@shop 2, inventory_owed@main 8, grni -15"}},
        .state = "main 3@3 1=5 last 10/2; transit; shop 3@2 2=10; main has 1 own; shop has 2 own",
    },
    {
        "company pool: a transfer moves counters only",
        .costing = {.company_pool = true},
        .rows = {{MOVE_IN, 1, 3, 10, .posts = "inventory 10, grni -10"},
                 {MOVE_SHIP, 2, 2, .posts = NO_LINES},
                 {MOVE_ARRIVE, 3, 1, .refers = 2, .at = "shop", .posts = NO_LINES},
                 {MOVE_OUT, 4, 2, .at = "shop", .posts = "inventory -7, scrap 7"}},
        .state = "company 1@1 1=3 last 7/2; main has 1 own; the way has 1 own; shop has -1 own",
    },
    {
        "count: less leaves, more comes in at current cost",
        .rows = {{MOVE_IN, 1, 3, 10},
                 {MOVE_COUNT, 2, 3, NONE, .whole = true, .posts = NO_LINES},
                 {MOVE_COUNT, 3, 2, NONE, .whole = true, .posts = "inventory@main -3, shrinkage 3"},
                 {MOVE_COUNT, 4, 3, NONE, .whole = true, .posts = "inventory@main 4, shrinkage -4"},
                 {MOVE_COUNT, 5, 0, NONE, .whole = true, .posts = "inventory@main -11, shrinkage 11"},
                 {MOVE_COUNT, 6, 1, NONE, .whole = true, .posts = "inventory@main 4, shrinkage -4"}},
        .state = "main 6@3 1=4 last 4/1; main has 1 own",
    },
    {
        "count: a gain at its stated unit cost",
        .rows = {{MOVE_COUNT, 1, 2, EACH(3), .whole = true, .posts = "inventory@main 6, shrinkage -6"}},
        .state = "main 1@1 2=6; main has 2 own",
    },
    {
        "count: a gain settles what is owed first",
        .last = EACH(4),
        .rows = {{MOVE_OUT, 1, 2, .order = 9},
                 {MOVE_COUNT, 2, 1, NONE, .whole = true,
                  .posts = "inventory@main 4, inventory_owed@main 8, shrinkage -12"}},
        .state = "main 2@1 1=4 last 8/2; main has 1 own",
    },
    {
        "count by status: sellable, quarantined, damaged",
        .rows = {{MOVE_IN, 1, 6, 60},
                 {MOVE_STATUS, 2, 2, .status = UNITS_QUARANTINED, .posts = NO_LINES},
                 {MOVE_COUNT, 3, 3, NONE, .posts = "inventory@main -10, shrinkage 10"},
                 {MOVE_COUNT, 4, 1, NONE, .status = UNITS_QUARANTINED, .posts = "inventory@main -10, shrinkage 10"},
                 {MOVE_COUNT, 5, 2, NONE, .status = UNITS_DAMAGED, .posts = NO_LINES},
                 {MOVE_COUNT, 6, 5, NONE, .whole = true, .posts = "inventory@main -10, shrinkage 10"}},
        .state = "main 1@1 3=30 last 10/1; main has 3 own 1 quarantined 2 damaged",
    },
    {
        "count of all on hand: own units are missing first, then damaged ones, and no more is in quarantine than is "
        "left",
        .rows = {{MOVE_IN, 1, 4, 40},
                 {MOVE_OUT, 2, 2, .status = UNITS_DAMAGED, .to = ROLE_DAMAGED_GOODS_WRITE_OFF},
                 {MOVE_STATUS, 3, 2, .status = UNITS_QUARANTINED},
                 {MOVE_COUNT, 4, 3, NONE, .whole = true, .posts = "inventory@main -10, shrinkage 10"},
                 {MOVE_COUNT, 5, 2, NONE, .whole = true, .posts = "inventory@main -10, shrinkage 10"},
                 {MOVE_COUNT, 6, 1, NONE, .whole = true, .posts = NO_LINES}},
        .state = "main last 10/1; main has 1 damaged",
    },
    {
        "count of all on hand: what is left in quarantine",
        .rows = {{MOVE_IN, 1, 4, 40},
                 {MOVE_STATUS, 2, 2, .status = UNITS_QUARANTINED},
                 {MOVE_COUNT, 3, 2, NONE, .whole = true, .posts = "inventory@main -20, shrinkage 20"},
                 {MOVE_COUNT, 4, 1, NONE, .whole = true, .posts = "inventory@main -10, shrinkage 10"}},
        .state = "main 1@1 1=10 last 10/1; main has 1 own 1 quarantined",
    },
    {
        "status: no more leaves than there is",
        .rows = {{MOVE_STATUS, 1, 2, .status = UNITS_QUARANTINED},
                 {MOVE_STATUS, 2, -3, .status = UNITS_QUARANTINED, .refusal = BOOK_EXCEEDS, .held = 2},
                 {MOVE_STATUS, 3, -2, .status = UNITS_QUARANTINED},
                 {MOVE_STATUS, 4, -1, .at = "shop", .status = UNITS_QUARANTINED, .refusal = BOOK_EXCEEDS}},
        .state = "",
    },
    {
        "damaged: written off, counted, and back at current cost",
        .rows = {{MOVE_IN, 1, 3, 10},
                 {MOVE_OUT, 2, 2, .status = UNITS_DAMAGED, .to = ROLE_DAMAGED_GOODS_WRITE_OFF,
                  .posts = "inventory@main -7, damaged_goods_write_off 7"},
                 {MOVE_IN, 3, 3, NONE, .status = UNITS_DAMAGED, .refusal = BOOK_EXCEEDS, .held = 2},
                 {MOVE_IN, 4, 1, NONE, .status = UNITS_DAMAGED, .to = ROLE_DAMAGED_GOODS_WRITE_OFF,
                  .posts = "inventory@main 3, damaged_goods_write_off -3"}},
        .state = "main 1@1 1=3 4@2 1=3 last 7/2; main has 2 own 1 damaged",
    },
    {
        "value: spread over layers by value, never below nothing",
        .rows = {{MOVE_VALUE, 1, .value = 1, .refusal = BOOK_EXCEEDS},
                 {MOVE_IN, 2, 1, 10},
                 {MOVE_IN, 3, 1, 20},
                 {MOVE_VALUE, 4, .value = -31, .refusal = BOOK_EXCEEDS, .held = 30},
                 {MOVE_VALUE, 5, .value = -10, .posts = "inventory@main -10, revaluation 10"},
                 {MOVE_VALUE, 6, .value = -20, .posts = "inventory@main -20, revaluation 20"},
                 {MOVE_VALUE, 7, .value = 3, .posts = "inventory@main 3, revaluation -3"}},
        .state = "main 2@1 1=2 3@2 1=1; main has 2 own",
    },
    {
        "value: one figure under average",
        .costing = {.method = METHOD_AVERAGE},
        .rows = {{MOVE_IN, 1, 1, 10},
                 {MOVE_IN, 2, 1, 20},
                 {MOVE_VALUE, 3, .value = -30, .posts = "inventory@main -30, revaluation 30"},
                 {MOVE_VALUE, 4, .value = 5, .posts = "inventory@main 5, revaluation -5"}},
        .state = "main 1@1 1 2@2 1 together 5; main has 2 own",
    },
    {
        "a new standard: every pool by its quantity",
        .costing = {.method = METHOD_STANDARD},
        .standard = EACH(5),
        .last = EACH(7), /* of MOVE_STANDARD: the standard before */
        .rows = {{MOVE_IN, 1, 2, 10},
                 {MOVE_IN, 2, 1, 5, .at = "shop"},
                 {MOVE_STANDARD, 3, .posts = "inventory@main -4, inventory@shop -2, revaluation 6"}},
        .state = "main 1@1 2=6; shop 2@2 1=3; main has 2 own; shop has 1 own",
    },
    {
        "return: the very slices, oldest first, to their old place, and none twice (C-3)",
        .rows = {{MOVE_IN, 1, 2, 8},
                 {MOVE_IN, 2, 2, 10},
                 {MOVE_OUT, 3, 3, .order = 9, .posts = "inventory@main -13, cogs 13"},
                 {MOVE_RETURN, 4, 1, .order = 9, .posts = "inventory@main 4, cogs{return} -4"},
                 {MOVE_RETURN, 5, 1, .order = 8, .refusal = BOOK_EXCEEDS},
                 {MOVE_RETURN, 6, 3, .order = 9, .refusal = BOOK_EXCEEDS, .held = 2},
                 {MOVE_RETURN, 7, 2, .order = 9, .posts = "inventory@main 9, cogs{return} -9"}},
        .state = "main 1@1 2=8 2@2 2=10 last 5/1; main has 4 own",
    },
    {
        "return: to the end of the queue where the policy says so",
        .costing = {.returned_last = true},
        .rows = {{MOVE_IN, 1, 2, 8},
                 {MOVE_OUT, 2, 1, .order = 9},
                 {MOVE_IN, 3, 1, 6},
                 {MOVE_RETURN, 4, 1, .order = 9, .posts = "inventory@main 4, cogs{return} -4"}},
        .state = "main 1@1 1=4 3@2 1=6 1@3 1=4 last 4/1; main has 3 own",
    },
    {
        "return: another pool puts it at its end",
        .rows = {{MOVE_IN, 1, 2, 8},
                 {MOVE_IN, 2, 1, 6, .at = "shop"},
                 {MOVE_OUT, 3, 1, .order = 9},
                 {MOVE_RETURN, 4, 1, .order = 9, .at = "shop", .posts = "inventory@shop 4, cogs{return} -4"}},
        .state = "main 1@1 1=4 last 4/1; shop 2@2 1=6 1@3 1=4; main has 1 own; shop has 2 own",
    },
    {
        "return: at current cost where the policy says so",
        .costing = {.return_current = true},
        .rows = {{MOVE_IN, 1, 1, 4},
                 {MOVE_OUT, 2, 1, .order = 9},
                 {MOVE_IN, 3, 2, 14},
                 {MOVE_RETURN, 4, 1, .order = 9, .posts = "inventory@main 7, cogs{return} -7"}},
        .state = "main 3@2 2=14 4@3 1=7 last 4/1; main has 3 own",
    },
    {
        "return: at current cost of goods not yet delivered: goods out gives up its slices, the rest stays sold",
        .costing = {.return_current = true},
        .rows = {{MOVE_IN, 1, 1, 4},
                 {MOVE_OUT, 2, 1, .order = 9, .to = ROLE_GOODS_OUT},
                 {MOVE_IN, 3, 2, 14},
                 {MOVE_RETURN, 4, 1, .order = 9, .posts = "inventory@main 7, goods_out{return} -4, cogs{return} -3"}},
        .state = "main 3@2 2=14 4@3 1=7 last 4/1; main has 3 own",
    },
    {
        "return: quarantined comes in, damaged is written off, lost only went",
        .rows = {{MOVE_IN, 1, 3, 12},
                 {MOVE_OUT, 2, 3, .order = 9},
                 {MOVE_RETURN, 3, 1, .order = 9, .status = UNITS_QUARANTINED,
                  .posts = "inventory@main 4, cogs{return} -4"},
                 {MOVE_RETURN, 4, 1, .order = 9, .status = UNITS_DAMAGED,
                  .posts = "cogs{return} -4, damaged_goods_write_off{return} 4"},
                 {MOVE_RETURN, 5, 1, .order = 9, .lost = true, .posts = NO_LINES}},
        .state = "main 1@1 1=4 last 12/3; main has 1 own 1 quarantined 1 damaged",
    },
    {
        "return of what is owed: it only shrinks the owed slice of its pool",
        .rows = {{MOVE_IN, 1, 1, 8},
                 {MOVE_OUT, 2, 3, .order = 9},
                 {MOVE_RETURN, 3, 1, .order = 9, .posts = "inventory_owed@main 8, cogs{return} -8"},
                 {MOVE_IN, 4, 5, 45, .posts = "inventory@main 36, inventory_owed@main 8, grni -45, cogs{owed} 1"}},
        .state = "main 4@2 4=36 last 9/1; main has 4 own",
    },
    {
        "return of what is owed elsewhere: a layer there, and the difference follows it",
        .last = EACH(8),
        .rows = {{MOVE_OUT, 1, 2, .order = 9},
                 {MOVE_RETURN, 2, 1, .order = 9, .at = "shop", .posts = "inventory@shop 8, cogs{return} -8"},
                 {MOVE_IN, 3, 3, 27,
                  .posts = "inventory@main 9, inventory@shop 1, inventory_owed@main 16, grni -27, cogs{owed} 1"}},
        .state = "main 3@2 1=9 last 18/2; shop 3@1 1=9; main has 1 own; shop has 1 own",
    },
    {
        "return of owed units, damaged: the difference follows to the write-off",
        .last = EACH(8),
        .rows = {{MOVE_OUT, 1, 1, .order = 9},
                 {MOVE_RETURN, 2, 1, .order = 9, .status = UNITS_DAMAGED,
                  .posts = "cogs{return} -8, damaged_goods_write_off{return} 8"},
                 {MOVE_IN, 3, 1, 9, .posts = "inventory_owed@main 8, grni -9, damaged_goods_write_off{owed} 1"}},
        .state = "main last 9/1; main has 1 damaged",
    },
    {
        "delivery: from goods out to cost of sales, no more than is still out",
        .rows = {{MOVE_IN, 1, 3, 10},
                 {MOVE_OUT, 2, 2, .order = 9, .to = ROLE_GOODS_OUT, .posts = "inventory@main -7, goods_out 7"},
                 {MOVE_DELIVER, 3, 1, .refers = 2, .order = 9, .posts = "goods_out -4, cogs 4"},
                 {MOVE_DELIVER, 4, 2, .refers = 2, .order = 9, .posts = "goods_out -3, cogs 3"},
                 {MOVE_DELIVER, 5, 1, .refers = 2, .order = 9, .posts = NO_LINES}},
        .state = "main 1@1 1=3 last 7/2; main has 1 own",
    },
    {
        "delivery: lost units last, as they went, and they do not come back",
        .rows = {{MOVE_IN, 1, 3, 10},
                 {MOVE_OUT, 2, 3, .order = 9, .to = ROLE_GOODS_OUT, .posts = "inventory@main -10, goods_out 10"},
                 {MOVE_RETURN, 3, 1, .order = 9, .lost = true, .posts = NO_LINES},
                 {MOVE_DELIVER, 4, 2, .refers = 2, .order = 9, .posts = "goods_out -7, cogs 7"},
                 {MOVE_RETURN, 5, 2, .order = 9, .posts = "inventory@main 7, cogs{return} -7"},
                 {MOVE_DELIVER, 6, 1, .refers = 2, .order = 9, .posts = "goods_out -3, cogs 3"}},
        .state = "main 1@1 2=7 last 10/3; main has 2 own",
    },
    {
        "bill: the difference goes where the units went, those billed before first",
        .rows = {{MOVE_IN, 1, 4, 40},
                 {MOVE_OUT, 2, 1, .order = 9},
                 {MOVE_BILL, 3, 2, 23, .refers = 1, .posts = "inventory@main 1, grni -3, cogs{bill} 2"},
                 {MOVE_BILL, 4, 3, 1, .refers = 1, .refusal = BOOK_EXCEEDS, .held = 2},
                 {MOVE_BILL, 5, 2, 18, .refers = 1, .posts = "inventory@main -2, grni 2"},
                 {MOVE_BILL, 6, -2, -18, .refers = 1, .posts = "inventory@main 2, grni -2"},
                 {MOVE_BILL, 7, -3, -1, .refers = 1, .refusal = BOOK_EXCEEDS, .held = 2},
                 {MOVE_BILL, 8, 1, 1, .refers = 7, .refusal = BOOK_EXCEEDS}},
        .state = "main 1@1 3=31 last 10/1; main has 3 own",
    },
    {
        "bill: without a quantity all that is not billed yet, once",
        .rows = {{MOVE_IN, 1, 4, 40},
                 {MOVE_BILL, 2, 1, 10, .refers = 1, .posts = NO_LINES},
                 {MOVE_BILL, 3, NONE, 33, .refers = 1, .posts = "inventory@main 3, grni -3"},
                 {MOVE_BILL, 4, NONE, 1, .refers = 1, .refusal = BOOK_EXCEEDS},
                 {MOVE_BILL, 5, 0, 4, .refers = 1, .posts = "inventory@main 4, grni -4"}},
        .state = "main 1@1 4=47; main has 4 own",
    },
    {
        "bill: the difference to its account where the policy says so",
        .costing = {.difference_account = true},
        .rows = {{MOVE_IN, 1, 4, 40}, {MOVE_BILL, 2, 4, 43, .refers = 1, .posts = "grni -3, price_difference{bill} 3"}},
        .state = "main 1@1 4=40; main has 4 own",
    },
    {
        "bill: no layer goes below nothing",
        .rows = {{MOVE_IN, 1, 2, 20},
                 {MOVE_VALUE, 2, .value = -15},
                 {MOVE_BILL, 3, 2, 12, .refers = 1, .posts = "inventory@main -5, grni 8, price_difference{bill} -3"}},
        .state = "main 1@1 2=0; main has 2 own",
    },
    {
        "bill before the goods: each supplier's own units settle it, the oldest bill first, and only what is billed",
        .rows = {{MOVE_BILL, 1, 2, 20, .party = "acme", .posts = NO_LINES},
                 {MOVE_BILL, 2, 3, 33, .party = "bolt", .posts = NO_LINES},
                 {MOVE_BILL, 3, 2, 24, .party = "acme", .posts = NO_LINES},
                 {MOVE_IN, 4, 1, 11, .party = "bolt", .posts = "inventory@main 11, grni -11"},
                 {MOVE_IN, 5, 3, 30, .party = "acme", .posts = "inventory@main 32, grni -32"},
                 {MOVE_IN, 6, 3, 36, .party = "bolt", .posts = "inventory@main 34, grni -34"}},
        .state = "main 4@1 1=11 5@2 3=32 6@3 3=34; advance 3 1=12; main has 7 own",
    },
    {
        "consigned: in no pool and worth nothing, bought as they go; own units go first",
        .rows = {{MOVE_IN, 1, 3, 15, .status = UNITS_CONSIGNED, .posts = NO_LINES},
                 {MOVE_IN, 2, 1, 4},
                 {MOVE_IN, 3, 1, 7, .status = UNITS_CONSIGNED, .posts = NO_LINES},
                 {MOVE_OUT, 4, 2, .order = 9,
                  .posts = "inventory@main -4, accrued_purchases -5, cogs 4, cost_of_sales_dropship 5"},
                 {MOVE_OUT, 5, 1, .order = 9, .posts = "accrued_purchases -5, cost_of_sales_dropship 5"},
                 {MOVE_IN, 6, 1, 8}},
        .state = "main 6@4 1=8 last 4/1; consigned 1@1 1=5; consigned 3@3 1=7; main has 1 own 2 consigned",
    },
    {
        "consigned: what comes back unbilled is its owner's again, what was billed is ours",
        .rows =
            {{MOVE_IN, 1, 2, 10, .status = UNITS_CONSIGNED},
             {MOVE_OUT, 2, 2, .order = 9},
             {MOVE_BILL, 3, 1, 6, .refers = 1, .posts = "accrued_purchases -1, cost_of_sales_dropship{bill} 1"},
             {MOVE_RETURN, 4, 1, .order = 9,
              .posts = "accrued_purchases{return} 5, cost_of_sales_dropship{return} -6, price_difference{return} 1"},
             {MOVE_RETURN, 5, 1, .order = 9, .posts = "inventory@main 5, cost_of_sales_dropship{return} -5"}},
        .state = "main 1@1 1=5; consigned 1@1 1=5; main has 1 own 1 consigned",
    },
    {
        "bill: a layer bears what it is worth, whatever lies beside it",
        .rows = {{MOVE_IN, 1, 2, 20},
                 {MOVE_IN, 2, 2, 60},
                 {MOVE_BILL, 3, 2, 0, .refers = 1, .posts = "inventory@main -20, grni 20"},
                 {MOVE_BILL, 4, 0, -5, .refers = 1, .posts = "grni 5, price_difference{bill} -5"}},
        .state = "main 1@1 2=0 2@2 2=60; main has 4 own",
    },
    {
        "written down: what leaves takes its share along, and no more is taken back than is left",
        .costing = {.back_any_year = true},
        .rows = {{MOVE_IN, 1, 2, 20},
                 {MOVE_VALUE, 2, .value = -10, .to = ROLE_INVENTORY_WRITE_DOWN},
                 {MOVE_OUT, 3, 1},
                 {MOVE_VALUE, 4, .value = 6, .to = ROLE_INVENTORY_WRITE_DOWN, .refusal = BOOK_EXCEEDS, .held = 5},
                 {MOVE_VALUE, 5, .value = 5, .to = ROLE_INVENTORY_WRITE_DOWN,
                  .posts = "inventory@main 5, inventory_write_down -5"}},
        .state = "main 1@1 1=10 last 5/1; main has 1 own",
    },
    {
        "landed: gone units, the way, then layers by place; odd cents first",
        .rows = {{MOVE_IN, 1, 4, 40},
                 {MOVE_OUT, 2, 1, .order = 9},
                 {MOVE_SHIP, 3, 1},
                 {MOVE_LANDED, 4, .value = 11, .refers = 1,
                  .posts = "inventory@main 5, inventory_in_transit 2, landed_cost_clearing -11, cogs{landed} 4"}},
        .state = "main 1@1 2=25 last 10/1; transit 1@2 1=12; main has 2 own; the way has 1 own",
    },
    {
        "landed: the way first, then layers by place, in whichever pool",
        .rows = {{MOVE_IN, 1, 4, 40},
                 {MOVE_SHIP, 2, 4},
                 {MOVE_ARRIVE, 3, 2, .refers = 2, .at = "shop"},
                 {MOVE_ARRIVE, 4, 1, .refers = 2},
                 {MOVE_LANDED, 5, .value = 1, .refers = 1, .posts = "inventory_in_transit 1, landed_cost_clearing -1"},
                 {MOVE_ARRIVE, 6, 1, .refers = 2},
                 {MOVE_LANDED, 7, .value = 1, .refers = 1, .posts = "inventory@shop 1, landed_cost_clearing -1"},
                 {MOVE_OUT, 8, 2, .at = "shop"},
                 {MOVE_IN, 9, 1, 5},
                 {MOVE_LANDED, 10, .value = 2, .refers = 9, .posts = "inventory@main 2, landed_cost_clearing -2"}},
        .state = "main 1@4 1=10 1@5 1=11 9@6 1=7 last 40/4; transit; shop last 21/2; main has 3 own",
    },
    {
        "landed: of two layers of one lot the older first",
        .rows = {{MOVE_IN, 1, 4, 40},
                 {MOVE_SHIP, 2, 2},
                 {MOVE_ARRIVE, 3, 2, .refers = 2},
                 {MOVE_LANDED, 4, .value = 1, .refers = 1, .posts = "inventory@main 1, landed_cost_clearing -1"}},
        .state = "main 1@1 2=21 1@3 2=20 last 20/2; transit; main has 4 own",
    },
    {
        "landed: all to price difference where nothing of it is left, or at standard",
        .rows = {{MOVE_LANDED, 1, .value = 5, .refers = 7,
                  .posts = "landed_cost_clearing -5, price_difference{landed} 5"}},
        .state = "",
    },
    {
        "landed at standard cost",
        .costing = {.method = METHOD_STANDARD},
        .standard = EACH(5),
        .rows = {{MOVE_IN, 1, 1, 5},
                 {MOVE_LANDED, 2, .value = 2, .refers = 1,
                  .posts = "landed_cost_clearing -2, price_difference{landed} 2"}},
        .state = "main 1@1 1=5; main has 1 own",
    },
    {
        "landed under average: the pool's one figure",
        .costing = {.method = METHOD_AVERAGE},
        .rows = {{MOVE_IN, 1, 1, 5},
                 {MOVE_IN, 2, 1, 7},
                 {MOVE_LANDED, 3, .value = 2, .refers = 2, .posts = "inventory@main 2, landed_cost_clearing -2"}},
        .state = "main 1@1 1 2@2 1 together 14; main has 2 own",
    },
    {
        "follow: later cost of what an output was made of",
        .rows = {{MOVE_IN, 1, 2, 20},
                 {MOVE_FOLLOW, 2, .value = 3, .refers = 1, .posts = "inventory@main 3, production_costs_absorbed -3"}},
        .state = "main 1@1 2=23; main has 2 own",
    },
    {
        "a correction is read at its receipt, and does nothing of its own",
        .rows = {{MOVE_IN, 1, 2, 20}, {MOVE_CORRECT, 2, .value = 30, .refers = 1, .posts = NO_LINES}},
        .state = "main 1@1 2=20; main has 2 own",
    },
    {
        "supplier return: its own layer first, at the credit, unbilled units release their accrual",
        .rows = {{MOVE_IN, 1, 1, 10},
                 {MOVE_IN, 2, 3, 36},
                 {MOVE_BILL, 3, 1, 12, .refers = 2, .posts = NO_LINES},
                 {MOVE_SUPPLIER_RETURN, 4, 4, NONE, .refers = 2, .refusal = BOOK_EXCEEDS, .held = 3},
                 {MOVE_SUPPLIER_RETURN, 5, 3, 33, .refers = 2,
                  .posts = "inventory@main -36, grni{supplier_return} 24, accounts_payable{supplier_return} 11, "
                           "price_difference{supplier_return} 1"},
                 {MOVE_SUPPLIER_RETURN, 6, 1, NONE, .refers = 2, .refusal = BOOK_EXCEEDS}},
        .state = "main 1@1 1=10 last 36/3; main has 1 own",
    },
    {
        "supplier return: the rest from the front, what no receipt is named for at what it is worth",
        .costing = {.method = METHOD_LIFO, .supplier_return = 1},
        .rows = {{MOVE_IN, 1, 1, 10},
                 {MOVE_IN, 2, 1, 12},
                 {MOVE_SUPPLIER_RETURN, 3, 1, NONE,
                  .posts = "inventory@main -10, accounts_payable{supplier_return} 10"},
                 {MOVE_SUPPLIER_RETURN, 4, 1, 9,
                  .posts = "inventory@main -12, accounts_payable{supplier_return} 9, "
                           "price_difference{supplier_return} 3"}},
        .state = "main last 12/1",
    },
    {
        "supplier return: not billed yet, however little it is",
        .rows = {{MOVE_IN, 1, 2, 20},
                 {MOVE_SUPPLIER_RETURN, 2, 1, 7, .refers = 1, .posts = "inventory@main -10, grni{supplier_return} 10"}},
        .state = "main 1@1 1=10 last 10/1; main has 1 own",
    },
    {
        "supplier return: the receipt's cost where no credit is stated",
        .rows = {{MOVE_IN, 1, 2, 20},
                 {MOVE_BILL, 2, 2, 24, .refers = 1, .posts = "inventory@main 4, grni -4"},
                 {MOVE_SUPPLIER_RETURN, 3, 1, NONE, .refers = 1,
                  .posts = "inventory@main -12, accounts_payable{supplier_return} 10, "
                           "price_difference{supplier_return} 2"}},
        .state = "main 1@1 1=12 last 12/1; main has 1 own",
    },
};

static void every_movement_posts_and_leaves_what_the_rules_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(stories); i++) {
        holds(&stories[i]);
        arena_reset(&arena);
    }
    assert_int_equal(wrong, 0);
}

/* ---- the packed form ---- */

static char *page_text(const char *path)
{
    const char *source = getenv("TIEOUT_SOURCE");
    char *whole = arena_alloc(&arena, 400);
    snprintf(whole, 400, "%s/%s", source ? source : ".", path);
    FILE *file = fopen(whole, "rb");
    if (file == NULL)
        fail_msg("%s cannot be read; TIEOUT_SOURCE names the source tree", whole);
    char *text = arena_alloc(&arena, 400000);
    text[fread(text, 1, 399999, file)] = '\0';
    fclose(file);
    return text;
}

static struct step step_back(const struct step *step)
{
    struct buf out = buf_make(4096);
    steps_pack(step, 1, &out);
    struct cursor cursor = cursor_of(arena_copy(&arena, buf_span(&out)));
    struct step *steps = NULL;
    size_t count = 0;
    assert_true(steps_unpack(&cursor, &arena, &steps, &count));
    assert_true(cursor_at_end(&cursor));
    assert_int_equal(count, 1);
    buf_done(&out);
    return steps[0];
}

/* A step is packed with the members that the table of docs/formats/truth.md marks for its kind, and no others. */
static void steps_have_the_members_of_their_page(void **state)
{
    (void)state;
    static const struct where where = {.role = ROLE_COGS,
                                       .channel = {"c", 1},
                                       .location = {"l", 1},
                                       .order = {"o", 1},
                                       .order_line = {"1", 1},
                                       .party = {"p", 1},
                                       .tag = {"t", 1}};
    size_t rows = 0;
    char *after = NULL;
    for (char *line = strtok_r(page_text("docs/formats/truth.md"), "\n", &after); line != NULL;
         line = strtok_r(NULL, "\n", &after)) {
        int kind = 0;
        if (sscanf(line, "| %d ", &kind) != 1 || kind == 0)
            continue;
        bool marked[12] = {false};
        size_t columns = 0;
        for (char *cell = strchr(line + 1, '|'); cell != NULL && columns < 12;
             cell = strchr(cell + 1, '|'), columns++) {
            char *end = strchr(cell + 1, '|');
            char *dot = strstr(cell, "\xe2\x80\xa2");
            marked[columns] = dot != NULL && end != NULL && dot < end;
        }
        if (columns != 11) /* another table */
            continue;
        rows++;
        struct step full = {.kind = (enum step_kind)kind,
                            .pool = 3,
                            .place = 4,
                            .lot = 5,
                            .target = 6,
                            .qty_micro = 7,
                            .value_minor = 8,
                            .cost_minor = 9,
                            .index = 10,
                            .status = UNITS_DAMAGED,
                            .name = SPAN("n"),
                            .day = 11,
                            .where = &where};
        struct step found = step_back(&full);
        const bool there[] = {found.pool == 3,
                              found.lot == 5 && found.place == 4,
                              found.target == 6,
                              found.index == 10,
                              span_eq(found.name, SPAN("n")) && found.status == UNITS_DAMAGED,
                              found.qty_micro == 7,
                              found.value_minor == 8,
                              found.cost_minor == 9,
                              found.where != NULL};
        assert_int_equal(found.kind, kind);
        for (size_t i = 0; i < COUNT_OF(there); i++)
            if (there[i] != marked[1 + i])
                fail_msg("step %d: column %zu of the page", kind, 3 + i);
        if (found.where != NULL)
            assert_true(where_same(found.where, &where));
        assert_int_equal(found.day, kind == STEP_POST_ON ? 11 : 0);
        full.where = NULL;
        assert_null(step_back(&full).where);
    }
    struct step none = {.kind = (enum step_kind)(rows + 1)};
    struct buf out = buf_make(64);
    steps_pack(&none, 1, &out);
    struct cursor cursor = cursor_of(buf_span(&out));
    struct step *steps = NULL;
    size_t count = 0;
    assert_false(steps_unpack(&cursor, &arena, &steps, &count)); /* the page names all kinds there are */
    buf_done(&out);
}

/* Truth that names a kind of movement there is not is damaged. */
static void a_movement_of_no_known_kind_is_refused(void **state)
{
    (void)state;
    struct story story = {.name = "kinds"};
    for (int kind = 0; kind <= MOVE_PURCHASE + 1; kind++) {
        const struct row row = {.kind = (enum movement_kind)kind, .document = 1, .qty = 1};
        struct movement movement = movement_of(&story, &row), found;
        struct buf out = buf_make(4096);
        movement_pack(&movement, &out);
        struct cursor cursor = cursor_of(buf_span(&out));
        bool known = kind >= MOVE_IN && kind <= MOVE_PURCHASE;
        assert_int_equal(movement_unpack(&cursor, &arena, &found), known);
        if (known)
            assert_int_equal(found.kind, kind);
        buf_done(&out);
    }
}

/* Cut anywhere, a chunk is not taken. */
static void a_chunk_cut_short_is_refused(void **state)
{
    (void)state;
    struct story story = {.name = "cut", .costing = {.method = METHOD_SPECIFIC}};
    const struct row rows[] = {{.kind = MOVE_IN, .document = 1, .qty = 4, .value = 40, .lot = "A"},
                               {.kind = MOVE_OUT, .document = 2, .qty = 2, .order = 9, .pick = "A"},
                               {.kind = MOVE_SHIP, .document = 3, .qty = 1, .value = 1},
                               {.kind = MOVE_RETURN, .document = 4, .qty = 1, .order = 9, .status = UNITS_DAMAGED}};
    struct item_book *book = item_book_new(false);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        tell_row(&story, book, &rows[i], false);
    struct buf out = buf_make(1 << 20);
    item_book_pack_chunk(book, 0, &out);
    for (size_t len = 0; len <= out.len; len++) {
        char *bytes = malloc(len ? len : 1); /* its own, so that reading beyond shows */
        memcpy(bytes, out.ptr, len);
        struct span chunk = {bytes, len};
        struct item_book *whole = item_book_from_chunks(false, &chunk, 1);
        struct item_book *tail = item_book_from_tail(false, 0, chunk);
        if ((whole != NULL) != (len == out.len) || (tail != NULL) != (len == out.len))
            fail_msg("%zu of %zu bytes: %s", len, out.len, whole || tail ? "taken" : "refused");
        item_book_free(whole);
        item_book_free(tail);
        free(bytes);
    }
    buf_done(&out);
    item_book_free(book);
}

/* ---- keys ---- */

/* Each key differs from the one before in one member, in the order of docs/formats/order-of-movements.md; what comes
 * behind that member is turned round, so that it would win if it were looked at first. */
static void keys_have_one_order(void **state)
{
    (void)state;
    static const struct key keys[] = {
        {.at_us = -1,
         .rank = RANK_COUNT,
         .source = {"z", 1},
         .type = {"z", 1},
         .id = {"z", 1},
         .leg = 9,
         .line = 9,
         .part = 9},
        {.at_us = 0,
         .rank = RANK_DEFINITION,
         .source = {"z", 1},
         .type = {"z", 1},
         .id = {"z", 1},
         .leg = 9,
         .line = 9,
         .part = 9},
        {.at_us = 0,
         .rank = RANK_RECEIPT,
         .source = {"a", 1},
         .type = {"z", 1},
         .id = {"z", 1},
         .leg = 9,
         .line = 9,
         .part = 9},
        {.at_us = 0,
         .rank = RANK_RECEIPT,
         .source = {"b", 1},
         .type = {"a", 1},
         .id = {"z", 1},
         .leg = 9,
         .line = 9,
         .part = 9},
        {.at_us = 0,
         .rank = RANK_RECEIPT,
         .source = {"b", 1},
         .type = {"b", 1},
         .id = {"a", 1},
         .leg = 9,
         .line = 9,
         .part = 9},
        {.at_us = 0,
         .rank = RANK_RECEIPT,
         .source = {"b", 1},
         .type = {"b", 1},
         .id = {"b", 1},
         .leg = 0,
         .line = 9,
         .part = 9},
        {.at_us = 0,
         .rank = RANK_RECEIPT,
         .source = {"b", 1},
         .type = {"b", 1},
         .id = {"b", 1},
         .leg = 1,
         .line = 1,
         .part = 9},
        {.at_us = 0,
         .rank = RANK_RECEIPT,
         .source = {"b", 1},
         .type = {"b", 1},
         .id = {"b", 1},
         .leg = 1,
         .line = 2,
         .part = 0},
        {.at_us = 0,
         .rank = RANK_RECEIPT,
         .source = {"b", 1},
         .type = {"b", 1},
         .id = {"b", 1},
         .leg = 1,
         .line = 2,
         .part = 1},
    };
    for (size_t a = 0; a < COUNT_OF(keys); a++)
        for (size_t b = 0; b < COUNT_OF(keys); b++) {
            int found = key_compare(&keys[a], &keys[b]);
            if ((a < b && found >= 0) || (a > b && found <= 0) || (a == b && found != 0))
                fail_msg("keys %zu and %zu compare as %d", a, b, found);
        }
}

/* ---- long books: several chunks, late rows at their borders ---- */

enum { LONG = 3 * BOOK_CHUNK + 5 };

/* The nth of a long run of movements, an hour apart: receipts of growing cost, sales that now and then owe, returns. */
static struct movement long_movement(const struct costing *costing, size_t n)
{
    struct row row = {.kind = n % 3 == 0 ? MOVE_IN : MOVE_OUT, .document = (uint32_t)n + 1, .qty = 4};
    if (row.kind == MOVE_IN)
        row.value = 20 + (int64_t)n % 7;
    else
        row.qty = n % 11 == 0 ? 5 : 2;
    struct story story = {.costing = *costing};
    struct movement movement = movement_of(&story, &row);
    movement.day = 1 + (int32_t)n / 10;
    movement.key.at_us = (int64_t)n * US_PER_DAY / 24;
    movement.key.rank = RANK_RECEIPT;
    movement.key.id = arena_print(&arena, "%05zu", n);
    return movement;
}

static struct item_book *long_book(const struct costing *costing, size_t count, size_t without)
{
    struct item_book *book = item_book_new(costing->method == METHOD_AVERAGE);
    for (size_t n = 0; n < count; n++) {
        struct movement movement = long_movement(costing, n);
        if (n == without)
            continue;
        struct book_plan plan = plan_of(book, &movement, n % 5 == 0);
        assert_int_equal(plan.refusal, BOOK_OK);
        assert_int_equal(plan.change_count, 1);
        item_book_install(&plan);
    }
    return book;
}

static struct span chunk_bytes(const struct item_book *book, size_t chunk)
{
    struct buf out = buf_make(1 << 22);
    item_book_pack_chunk(book, chunk, &out);
    struct span kept = arena_copy(&arena, buf_span(&out));
    buf_done(&out);
    return kept;
}

/* What changed is said of each movement: its lines before and after are those of the two books. */
static void assert_changes(const struct book_plan *plan, const struct item_book *before, const struct item_book *after)
{
    size_t differing = 0;
    for (size_t i = 0; i < after->record_count; i++) {
        const struct book_record *now = &after->records[i];
        const struct book_record *old = item_book_find(before, now->movement.id);
        struct lines was = lines_make(&arena);
        struct lines is = lines_make(&arena);
        for (size_t s = 0; s < now->step_count; s++) {
            struct line line;
            if (step_line(&after->state, &now->movement, &now->steps[s], &line))
                lines_add(&is, line);
        }
        for (size_t s = 0; old != NULL && s < old->step_count; s++) {
            struct line line;
            if (step_line(&before->state, &old->movement, &old->steps[s], &line))
                lines_add(&was, line);
        }
        const struct book_change *change = NULL;
        for (size_t c = 0; c < plan->change_count; c++)
            if (plan->changes[c].id == now->movement.id)
                change = &plan->changes[c];
        if (change == NULL) {
            assert_non_null(old);
            assert_true(span_eq(lines_text(was), lines_text(is)));
            continue;
        }
        differing++;
        assert_int_equal(change->added, old == NULL);
        assert_false(change->removed);
        assert_true(span_eq(days_text(change->before, change->before_count, now->movement.day), lines_text(was)));
        assert_true(span_eq(days_text(change->after, change->after_count, now->movement.day), lines_text(is)));
    }
    size_t removed = 0;
    for (size_t c = 0; c < plan->change_count; c++)
        removed += plan->changes[c].removed;
    assert_int_equal(differing + removed, plan->change_count);
}

static const struct costing long_costings[] = {
    {.method = METHOD_FIFO}, {.method = METHOD_AVERAGE}, {.method = METHOD_LIFO}};

static void a_late_movement_gives_the_book_it_would_have_given_in_time(void **state)
{
    (void)state;
    static const size_t places[] = {0,
                                    1,
                                    BOOK_CHUNK / 2,
                                    BOOK_CHUNK - 2,
                                    BOOK_CHUNK - 1,
                                    BOOK_CHUNK,
                                    BOOK_CHUNK + 1,
                                    2 * BOOK_CHUNK - 2,
                                    2 * BOOK_CHUNK - 1,
                                    2 * BOOK_CHUNK,
                                    2 * BOOK_CHUNK + 1,
                                    3 * BOOK_CHUNK - 1,
                                    3 * BOOK_CHUNK,
                                    3 * BOOK_CHUNK + 1,
                                    LONG - 2,
                                    LONG - 1};
    for (size_t c = 0; c < COUNT_OF(long_costings); c++)
        for (size_t i = 0; i < COUNT_OF(places); i++) {
            const struct costing *costing = &long_costings[c];
            struct story story = {.name = arena_print(&arena, "method %d, place %zu", costing->method, places[i]).ptr,
                                  .costing = *costing};
            struct item_book *whole = long_book(costing, LONG, SIZE_MAX);
            struct item_book *late = long_book(costing, LONG, places[i]);
            struct item_book *before = long_book(costing, LONG, places[i]);
            struct movement movement = long_movement(costing, places[i]);
            struct book_plan plan = plan_of(late, &movement, true);
            assert_int_equal(plan.refusal, BOOK_OK);
            assert_same_book(&story, late, before, "a plan is made and not installed");
            item_book_install(&plan);
            assert_same_book(&story, late, whole, "a movement comes late");
            assert_changes(&plan, before, whole);
            /* Out again: as if it had never been there. */
            struct book_edit out = {.remove = true, .movement = {.id = movement.id}};
            plan = item_book_plan(late, &out, 1, false, &arena);
            item_book_install(&plan);
            assert_same_book(&story, late, before, "it is taken out again");
            assert_changes(&plan, whole, before);
            /* And what truth says of it gives the same without deciding. */
            assert_true(item_book_replace(late, whole->records, whole->record_count, NULL, 0, 0, &arena));
            assert_same_book(&story, late, whole, "truth says what was decided");
            assert_true(item_book_replace(late, before->records, before->record_count, &movement.id, 1, 0, &arena));
            assert_same_book(&story, late, before, "truth says that it went");
            item_book_free(whole);
            item_book_free(late);
            item_book_free(before);
            arena_reset(&arena);
        }
    assert_int_equal(wrong, 0);
}

static void several_late_movements_come_one_behind_the_other(void **state)
{
    (void)state;
    struct prng prng = prng_make(20261124);
    for (int round = 0; round < 12; round++) {
        const struct costing *costing = &long_costings[round % 3];
        struct story story = {.name = "several late movements", .costing = *costing};
        bool there[LONG] = {false};
        size_t order[LONG];
        for (size_t i = 0; i < LONG; i++)
            order[i] = i;
        for (size_t i = LONG; i-- > 1;) {
            size_t other = (size_t)prng_below(&prng, (uint32_t)i + 1);
            size_t kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
        /* Nearly in order: runs of one day swap places, as a feed does that was cut off. */
        if (round % 2 == 0)
            for (size_t i = 0; i < LONG; i++)
                order[i] = i / 20 * 20 + 19 - i % 20 < LONG ? i / 20 * 20 + 19 - i % 20 : i;
        struct item_book *book = item_book_new(costing->method == METHOD_AVERAGE);
        for (size_t i = 0; i < LONG; i++) {
            if (there[order[i]])
                continue;
            there[order[i]] = true;
            struct movement movement = long_movement(costing, order[i]);
            struct book_plan plan = plan_of(book, &movement, false);
            assert_int_equal(plan.refusal, BOOK_OK);
            item_book_install(&plan);
        }
        for (size_t i = 0; i < LONG; i++)
            if (!there[i]) {
                struct movement movement = long_movement(costing, i);
                struct book_plan plan = plan_of(book, &movement, false);
                item_book_install(&plan);
            }
        struct item_book *whole = long_book(costing, LONG, SIZE_MAX);
        assert_same_book(&story, book, whole, "they arrive in another order"); /* I-3 */
        assert_null(item_book_check(book, &arena));
        item_book_free(whole);
        item_book_free(book);
        arena_reset(&arena);
    }
    assert_int_equal(wrong, 0);
}

static void a_tail_goes_on_like_the_whole_book(void **state)
{
    (void)state;
    static const size_t lengths[] = {
        1, BOOK_CHUNK - 1, BOOK_CHUNK, BOOK_CHUNK + 1, 2 * BOOK_CHUNK - 1, 2 * BOOK_CHUNK, 2 * BOOK_CHUNK + 1};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        const struct costing *costing = &long_costings[i % 3];
        struct story story = {.name = "a tail", .costing = *costing};
        struct item_book *whole = long_book(costing, lengths[i], SIZE_MAX);
        size_t last = item_book_chunk_count(whole) - 1;
        assert_int_equal(last, (lengths[i] - 1) / BOOK_CHUNK);
        struct item_book *tail = item_book_from_tail(costing->method == METHOD_AVERAGE, last, chunk_bytes(whole, last));
        assert_non_null(tail);
        assert_int_equal(tail->whole, last == 0);
        assert_int_equal(tail->first, last * BOOK_CHUNK);
        assert_int_equal(item_book_chunk_count(tail), last + 1);
        for (size_t n = lengths[i]; n < lengths[i] + 70; n++) {
            struct movement movement = long_movement(costing, n);
            struct book_plan one = plan_of(whole, &movement, false);
            item_book_install(&one);
            struct book_plan other = plan_of(tail, &movement, n % 2 == 0);
            assert_int_equal(other.refusal, BOOK_OK);
            item_book_install(&other);
        }
        assert_int_equal(item_book_chunk_count(tail), item_book_chunk_count(whole));
        for (size_t chunk = last; chunk < item_book_chunk_count(whole); chunk++)
            assert_true(span_eq(chunk_bytes(tail, chunk), chunk_bytes(whole, chunk)));
        expect_text(&story, state_text(&tail->state), state_text(&whole->state));
        item_book_free(tail);
        item_book_free(whole);
        arena_reset(&arena);
    }
    assert_int_equal(wrong, 0);
}

static void a_tail_asks_for_the_whole_book_where_it_cannot_see(void **state)
{
    (void)state;
    const struct costing *costing = &long_costings[0];
    enum { last = 69 / BOOK_CHUNK };
    struct item_book *whole = long_book(costing, 70, 20);
    struct item_book *tail = item_book_from_tail(false, last, chunk_bytes(whole, last));
    struct movement early = long_movement(costing, 20);
    struct movement first = long_movement(costing, 66);
    struct movement late = long_movement(costing, 71);
    const struct {
        struct book_edit edit;
        enum book_refusal refusal;
    } rows[] = {
        {{.movement = early}, BOOK_NEEDS_WHOLE},
        {{.movement = late}, BOOK_OK},
        {{.replaces = true, .movement = late}, BOOK_NEEDS_WHOLE},
        {{.replaces = true, .movement = first}, BOOK_OK},
        {{.remove = true, .movement = {.id = first.id}}, BOOK_OK},
        {{.remove = true, .movement = {.id = early.id}}, BOOK_NEEDS_WHOLE},
        {{.movement = movement_of(&(struct story){.costing = *costing},
                                  &(struct row){.kind = MOVE_RETURN, .document = 99, .qty = 1, .order = 9})},
         BOOK_NEEDS_WHOLE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct book_plan plan = item_book_plan(tail, &rows[i].edit, 1, true, &arena);
        if (plan.refusal != rows[i].refusal)
            fail_msg("row %zu: refusal %d, wanted %d", i, plan.refusal, rows[i].refusal);
    }
    /* The same where nothing is decided again, only read from truth. */
    struct span before = chunk_bytes(tail, last);
    struct book_record record = {.movement = early};
    assert_false(item_book_replace(tail, &record, 1, NULL, 0, movement_document(early.id), &arena));
    record.movement = late;
    assert_false(item_book_replace(tail, &record, 1, NULL, 0, 0, &arena));
    assert_false(item_book_replace(tail, NULL, 0, &early.id, 1, 0, &arena));
    assert_true(span_eq(before, chunk_bytes(tail, last)));
    assert_true(item_book_replace(tail, &record, 1, NULL, 0, movement_document(late.id), &arena));
    record.movement = first;
    assert_true(item_book_replace(tail, &record, 1, NULL, 0, 0, &arena));
    item_book_free(tail);
    item_book_free(whole);
}

static void a_refused_plan_leaves_the_book_as_it_was(void **state)
{
    (void)state;
    struct costing costing = {.method = METHOD_FIFO, .refuse_short = true};
    struct story story = {.name = "a refused plan", .costing = costing};
    const struct row rows[] = {{.kind = MOVE_IN, .document = 1, .qty = 4, .value = 40},
                               {.kind = MOVE_OUT, .document = 3, .qty = 4}};
    struct item_book *book = item_book_new(false);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        tell_row(&story, book, &rows[i], false);
    struct span before = book_bytes(book);
    /* A late issue takes what a later one needs: the later one is named. */
    struct movement late = movement_of(&story, &(struct row){.kind = MOVE_OUT, .document = 2, .qty = 1});
    struct book_plan plan = plan_of(book, &late, false);
    assert_int_equal(plan.refusal, BOOK_SHORT);
    assert_int_equal(plan.held_micro, 3);
    assert_int_equal(movement_document(plan.refused), 3);
    assert_true(plan.refused_movement->id == plan.refused);
    assert_true(span_eq(before, book_bytes(book)));
    item_book_free(book);
}

static void an_edit_that_replaces_moves_the_movement(void **state)
{
    (void)state;
    struct story story = {.name = "a new version", .costing = {.method = METHOD_FIFO}};
    const struct row rows[] = {{.kind = MOVE_IN, .document = 1, .qty = 4, .value = 40},
                               {.kind = MOVE_OUT, .document = 2, .qty = 2},
                               {.kind = MOVE_IN, .document = 3, .qty = 4, .value = 60},
                               {.kind = MOVE_OUT, .document = 4, .qty = 3}};
    struct item_book *book = item_book_new(false);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        tell_row(&story, book, &rows[i], false);
    struct book_edit edit = {
        .replaces = true,
        .movement = movement_of(&story, &(struct row){.kind = MOVE_OUT, .document = 2, .qty = 1, .day = 5})};
    struct book_plan plan = item_book_plan(book, &edit, 1, false, &arena);
    assert_int_equal(plan.refusal, BOOK_OK);
    assert_int_equal(plan.change_count, 2);
    for (size_t i = 0; i < plan.change_count; i++) {
        const struct book_change *change = &plan.changes[i];
        bool own = movement_document(change->id) == 2;
        assert_int_equal(change->moved, own);
        assert_false(change->added || change->removed);
        assert_int_equal(change->movement_before->day, own ? 2 : 4);
        assert_int_equal(change->movement->day, own ? 5 : 4);
        assert_int_equal(change->taken_minor, own ? 10 : 30);
        expect_text(&story, days_text(change->before, change->before_count, change->movement_before->day),
                    own ? SPAN("inventory@main -20, scrap 20") : SPAN("inventory@main -35, scrap 35"));
        expect_text(&story, days_text(change->after, change->after_count, change->movement->day),
                    own ? SPAN("inventory@main -10, scrap 10") : SPAN("inventory@main -30, scrap 30"));
    }
    item_book_install(&plan);
    expect_text(&story, state_text(&book->state), SPAN("main 3@2 4=60 last 10/1; main has 4 own"));
    assert_int_equal(book->record_count, 4);
    item_book_free(book);
    assert_int_equal(wrong, 0);
}

static void the_state_at_a_day_is_that_after_its_last_movement(void **state)
{
    (void)state;
    struct story story = {.name = "as of", .costing = {.method = METHOD_FIFO}};
    const struct row rows[] = {{.kind = MOVE_IN, .document = 1, .qty = 4, .value = 40, .day = 2},
                               {.kind = MOVE_OUT, .document = 2, .qty = 1, .day = 3},
                               {.kind = MOVE_OUT, .document = 3, .qty = 1, .day = 3},
                               {.kind = MOVE_OUT, .document = 4, .qty = 1, .day = 9}};
    static const struct {
        int32_t day;
        const char *wanted;
    } days[] = {{1, ""},
                {2, "main 1@1 4=40; main has 4 own"},
                {3, "main 1@1 2=20 last 10/1; main has 2 own"},
                {8, "main 1@1 2=20 last 10/1; main has 2 own"},
                {9, "main 1@1 1=10 last 10/1; main has 1 own"}};
    struct item_book *book = item_book_new(false);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        tell_row(&story, book, &rows[i], false);
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        struct item_state then = item_book_state_at(book, days[i].day, &arena);
        expect_text(&story, state_text(&then), span_of(days[i].wanted));
    }
    item_book_free(book);
    assert_int_equal(wrong, 0);
}

/* A state, what is out for delivery by location, and what is billed of each receipt. */
static struct span whole_text(const struct item_state *state)
{
    struct buf out = buf_make(1 << 16);
    buf_put(&out, state_text(state).ptr, state_text(state).len);
    for (size_t i = 0; i < state->gone_count; i++)
        if (state->gone[i].where.role == ROLE_GOODS_OUT && state->gone[i].qty_micro != 0)
            buf_print(&out, "; out of %.*s %lld=%lld", SPAN_ARG(state->gone[i].where.location),
                      (long long)state->gone[i].qty_micro, (long long)state->gone[i].value_minor);
    for (size_t i = 0; i < state->lot_count; i++)
        buf_print(&out, "; %u: %lld billed, %lld not, grni %lld", movement_document(state->lots[i].lot),
                  (long long)state->lots[i].billed_micro, (long long)state->lots[i].unbilled_micro,
                  (long long)state->lots[i].grni_minor);
    struct span kept = arena_copy(&arena, buf_span(&out));
    buf_done(&out);
    return kept;
}

/* Queued as they were entered, movements are no longer in the order of their days: a day's state is the sum of all that is
 * dated up to it. What left by then of units that are dated later is owed. */
static void queued_as_entered_the_state_at_a_day_is_the_sum_up_to_it(void **state)
{
    (void)state;
    struct story story = {.name = "as of, queued as entered", .costing = {.method = METHOD_FIFO}};
    const struct row rows[] = {
        {.kind = MOVE_IN, .document = 1, .qty = 5, .value = 50, .day = 5},
        {.kind = MOVE_OUT, .document = 2, .qty = 1, .day = 3, .order = 9, .to = ROLE_GOODS_OUT},
        {.kind = MOVE_IN, .document = 3, .qty = 2, .value = 30, .day = 4, .at = "shop"},
        {.kind = MOVE_OUT, .document = 4, .qty = 1, .day = 3, .order = 8, .at = "shop", .to = ROLE_GOODS_OUT},
        {.kind = MOVE_BILL, .document = 5, .qty = 4, .value = 40, .day = 5, .refers = 1},
        {.kind = MOVE_OUT, .document = 6, .qty = 1, .day = 9},
        {.kind = MOVE_SUPPLIER_RETURN, .document = 7, .qty = 3, .value = NONE, .day = 7, .refers = 1},
        {.kind = MOVE_OUT, .document = 8, .qty = 1, .day = 4, .order = 9, .to = ROLE_GOODS_OUT},
        {.kind = MOVE_DELIVER, .document = 9, .qty = 1, .day = 7, .refers = 4, .order = 8, .at = "shop"},
        {.kind = MOVE_IN, .document = 10, .qty = 2, .value = 24, .day = 8}};
    static const struct {
        int32_t day;
        const char *wanted;
    } days[] = {
        {2, ""},
        {3, "main owes 1 1=10; shop owes 3 1=15; main has -1 own; shop has -1 own; out of main 1=10; out of shop 1=15"},
        {4, "main owes 1 1=10 owes 8 1=10; shop 3@2 1=15; main has -2 own; shop has 1 own; out of main 2=20; "
            "out of shop 1=15; 3: 0 billed, 2 not, grni 30"},
        {5, "main 1@1 4=40 owes 8 1=10; shop 3@2 1=15; main has 3 own; shop has 1 own; out of main 2=20; "
            "out of shop 1=15; 1: 4 billed, 1 not, grni 10; 3: 0 billed, 2 not, grni 30"},
        {7, "main 1@1 1=10 owes 8 1=10; shop 3@2 1=15; shop has 1 own; out of main 2=20; "
            "1: 2 billed, 0 not, grni 0; 3: 0 billed, 2 not, grni 30"},
        {8, "main 1@1 1=10 10@3 1=12; shop 3@2 1=15; main has 2 own; shop has 1 own; out of main 2=22; "
            "1: 2 billed, 0 not, grni 0; 3: 0 billed, 2 not, grni 30; 10: 0 billed, 2 not, grni 24"},
    };
    struct item_book *book = item_book_new(false);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct movement movement = movement_of(&story, &rows[i]);
        movement.key.entered = i + 1;
        if (movement.where.role == ROLE_GOODS_OUT)
            movement.where.location = movement.location;
        struct book_plan plan = plan_of(book, &movement, false);
        assert_int_equal(plan.refusal, BOOK_OK);
        item_book_install(&plan);
    }
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        struct item_state then = item_book_state_at(book, days[i].day, &arena);
        expect_text(&story, whole_text(&then), span_of(days[i].wanted));
    }
    item_book_free(book);
    assert_int_equal(wrong, 0);
}

static void a_check_finds_the_movement_that_was_decided_otherwise(void **state)
{
    (void)state;
    struct story story = {.name = "a check", .costing = {.method = METHOD_FIFO}};
    const struct row rows[] = {{.kind = MOVE_IN, .document = 1, .qty = 4, .value = 40},
                               {.kind = MOVE_IN, .document = 2, .qty = 4, .value = 60},
                               {.kind = MOVE_OUT, .document = 3, .qty = 5}};
    struct item_book *book = item_book_new(false);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        tell_row(&story, book, &rows[i], false);
    assert_null(item_book_check(book, &arena));
    for (size_t r = 0; r < book->record_count; r++)
        for (size_t s = 0; s < book->records[r].step_count; s++) {
            struct step *step = &book->records[r].steps[s];
            struct step kept = *step;
            struct step changed[] = {kept, kept, kept, kept, kept, kept, kept, kept, kept, kept, kept, kept};
            changed[0].kind = STEP_LAST;
            changed[1].pool++;
            changed[2].place++;
            changed[3].lot++;
            changed[4].target++;
            changed[5].qty_micro++;
            changed[6].value_minor++;
            changed[7].cost_minor++;
            changed[8].index++;
            changed[9].status = UNITS_DAMAGED;
            changed[10].name = SPAN("elsewhere");
            changed[11].where = kept.where ? NULL : &book->records[r].movement.where;
            for (size_t i = 0; i < COUNT_OF(changed); i++) {
                *step = changed[i];
                const struct movement *found = item_book_check(book, &arena);
                if (found == NULL || found->id != book->records[r].movement.id)
                    fail_msg("record %zu, step %zu, change %zu is not found", r, s, i);
                *step = kept;
            }
        }
    book->records[1].step_count--;
    assert_non_null(item_book_check(book, &arena));
    item_book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_have_one_order),
        cmocka_unit_test_setup_teardown(steps_have_the_members_of_their_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_movement_of_no_known_kind_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_chunk_cut_short_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_late_movement_gives_the_book_it_would_have_given_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_late_movements_come_one_behind_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tail_goes_on_like_the_whole_book, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tail_asks_for_the_whole_book_where_it_cannot_see, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_plan_leaves_the_book_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_edit_that_replaces_moves_the_movement, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_state_at_a_day_is_that_after_its_last_movement, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queued_as_entered_the_state_at_a_day_is_the_sum_up_to_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_check_finds_the_movement_that_was_decided_otherwise, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_movement_posts_and_leaves_what_the_rules_say, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
