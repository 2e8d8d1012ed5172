/* model_stock.c: what each movement does to the units. Every unit that ever came in stands in one list of pieces: held in
 * a pool, in transit, or gone somewhere; whatever is asked is found by walking that list. */
#include "base/decimal.h"
#include "model/run.h"
#include <string.h>

static bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }
static bool is(const char *text, const char *value) { return text && same(text, value); }

int m_pool_of(const struct run *run, int location) { return run->settings->company_scope ? 0 : location; }

static int transit_pool(const struct run *run) { return run->location_count; }

struct pool *m_pool_at(const struct run *run, int item, int pool)
{
    return &run->pools[item * (run->location_count + 1) + pool];
}

int64_t *m_counter(const struct run *run, int64_t *counters, int item, int location)
{
    return &counters[item * (run->location_count + 1) + location];
}

static bool is_average(const struct run *run, int item) { return m_method_of(run, item) == M_AVERAGE; }

int64_t m_held_qty(const struct run *run, int item, int pool)
{
    int64_t qty = 0;
    for (int i = 0; i < run->pieces.count; i++)
        if (run->pieces.at[i].where == HELD && run->pieces.at[i].item == item && run->pieces.at[i].pool == pool)
            qty += run->pieces.at[i].qty;
    return qty;
}

int64_t m_held_value(const struct run *run, int item, int pool)
{
    int64_t value = m_pool_at(run, item, pool)->value;
    for (int i = 0; i < run->pieces.count; i++)
        if (run->pieces.at[i].where == HELD && run->pieces.at[i].item == item && run->pieces.at[i].pool == pool)
            value += run->pieces.at[i].value;
    return value;
}

static const char *inventory_role(enum whereabouts where)
{
    return where == IN_TRANSIT ? "inventory_in_transit" : "inventory";
}

/* Under company scope there is one inventory account, of no location. */
static void post_stock(struct run *run, const char *role, int64_t amount, int item, int location)
{
    if (same(role, "price_difference")) {
        m_post(run, role, amount, item, run->about.location, run->about.order, run->about.line);
        return;
    }
    bool of_pool = same(role, "inventory") || same(role, "inventory_owed");
    location = of_pool && run->settings->company_scope ? -1 : location;
    m_post(run, role, amount, item, location, -1, -1);
}

static void post_destination(struct run *run, const struct destination *to, int64_t amount, int item)
{
    m_post(run, to->role, amount, item, to->location, to->order, to->line);
}

/* --- units of measure ----------------------------------------------------------------------------- */

/* What a line states, in stock units; `own` is the factor where it names no unit. */
static int64_t stock_units(const struct run *run, int item, const struct m_line *line, int64_t qty, int64_t own)
{
    if (qty == M_NONE)
        return M_NONE;
    return m_rounded(qty, line->uom ? m_factor(run, item, line->uom) : own, MICRO);
}

static bool knows_units(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_lines *lines = paper->d->type == M_ASSEMBLY ? &paper->d->consume : &paper->d->lines;
    for (size_t i = 0; i < lines->count; i++)
        if (lines->at[i].uom && paper->items[i] >= 0 && m_factor(run, paper->items[i], lines->at[i].uom) == 0)
            return m_refuse(run, "failed", "uom_unknown");
    const struct m_line *made = paper->d->produce.count ? &paper->d->produce.at[0] : NULL;
    if (made && made->uom && m_factor(run, paper->item, made->uom) == 0)
        return m_refuse(run, "failed", "uom_unknown");
    return true;
}

/* --- pieces ------------------------------------------------------------------------------------- */

static int add_lot(struct run *run, enum lot_kind kind, int item, int line)
{
    struct lot *lot = LIST_ADD(run->arena, run->lots);
    *lot = (struct lot){.kind = kind, .item = item, .paper = run->paper, .line = line};
    return run->lots.count - 1;
}

static int add_piece(struct run *run, int item, int lot, int64_t qty, int64_t value)
{
    struct piece *piece = LIST_ADD(run->arena, run->pieces);
    *piece = (struct piece){.item = item, .lot = lot, .qty = qty, .value = value, .where = NOWHERE};
    piece->turn = ++run->next_turn;
    piece->from_pool = -1;
    return run->pieces.count - 1;
}

/* Takes qty of a piece into a new one, by a draw; the rest stays. The new one is NOWHERE, else as the old one. */
static int split_piece(struct run *run, int at, int64_t qty)
{
    struct piece *added = LIST_ADD(run->arena, run->pieces);
    struct piece *piece = &run->pieces.at[at];
    *added = *piece;
    added->turn = ++run->next_turn;
    added->qty = qty;
    added->value = m_draw(piece->value, qty, piece->qty);
    piece->qty -= qty;
    piece->value -= added->value;
    added->down = m_draw(piece->down, qty, piece->qty + qty);
    piece->down -= added->down;
    if (piece->qty == 0)
        piece->where = NOWHERE;
    added->where = NOWHERE;
    return run->pieces.count - 1;
}

/* Cuts a piece in two that both stay where they are: the first qty units at `at`, the rest behind them (pieces of one place,
 * and those of one slice that went, stand by turns). */
static void split_in_place(struct run *run, int at, int64_t qty)
{
    int rest = split_piece(run, at, qty);
    struct piece first = run->pieces.at[rest];
    int64_t turn = run->pieces.at[at].turn;
    first.where = run->pieces.at[at].where;
    run->pieces.at[rest] = run->pieces.at[at];
    run->pieces.at[at] = first;
    for (int i = 0; i < run->pieces.count; i++)
        run->pieces.at[i].turn += run->pieces.at[i].turn > turn;
    run->pieces.at[at].turn = turn;
    run->pieces.at[rest].turn = turn + 1;
}

static void go(struct run *run, int at, struct destination to)
{
    struct piece *piece = &run->pieces.at[at];
    piece->where = GONE;
    piece->to = to;
    piece->gone_at = run->at;
    piece->gone_part = run->next_part++;
    piece->gone_day = run->day;
    piece->delivered = false;
}

/* The order of a queue: by place; units of several lots that stand in one place, by turns. */
static bool before_in_queue(const struct piece *a, const struct piece *b)
{
    return a->place != b->place ? a->place < b->place : a->turn < b->turn;
}

/* The row of a lot: gone units in the order they went, then in transit, then layers by place. */
static bool before_in_row(const struct piece *a, const struct piece *b)
{
    if (a->where != b->where)
        return a->where < b->where;
    if (a->where != GONE)
        return before_in_queue(a, b);
    if (a->gone_at != b->gone_at)
        return a->gone_at < b->gone_at;
    return a->gone_part != b->gone_part ? a->gone_part < b->gone_part : a->turn < b->turn;
}

static places row_of(struct run *run, int lot)
{
    places row = {0};
    for (int i = 0; i < run->pieces.count; i++) {
        if (run->pieces.at[i].lot != lot || run->pieces.at[i].where == NOWHERE)
            continue;
        (void)LIST_ADD(run->arena, row);
        int place = row.count - 1;
        while (place > 0 && before_in_row(&run->pieces.at[i], &run->pieces.at[row.at[place - 1]])) {
            row.at[place] = row.at[place - 1];
            place--;
        }
        row.at[place] = i;
    }
    return row;
}

places m_layers_of(struct run *run, int item, int pool)
{
    places layers = {0};
    for (int i = 0; i < run->pieces.count; i++) {
        const struct piece *piece = &run->pieces.at[i];
        if (piece->where != HELD || piece->item != item || piece->pool != pool)
            continue;
        (void)LIST_ADD(run->arena, layers);
        int place = layers.count - 1;
        while (place > 0 && before_in_queue(piece, &run->pieces.at[layers.at[place - 1]])) {
            layers.at[place] = layers.at[place - 1];
            place--;
        }
        layers.at[place] = i;
    }
    return layers;
}

int64_t m_row_qty(const struct run *run, int lot)
{
    int64_t qty = 0;
    for (int i = 0; i < run->pieces.count; i++)
        if (run->pieces.at[i].lot == lot && run->pieces.at[i].where != NOWHERE)
            qty += run->pieces.at[i].qty;
    return qty;
}

/* --- later cost --------------------------------------------------------------------------------- */

static void add_value(struct run *run, int at, int64_t amount)
{
    struct piece *piece = &run->pieces.at[at];
    int item = piece->item;
    bool average = is_average(run, item);
    if (piece->where == GONE) {
        piece->value += amount;
        if (piece->to.output >= 0) { /* it goes on from there once this movement of the item is read */
            struct following *following = LIST_ADD(run->arena, run->followings);
            *following = (struct following){.lot = piece->to.output, .amount = amount};
            for (int i = 0; i < run->spreading.count; i++)
                *LIST_ADD(run->arena, following->through) = run->spreading.at[i];
            return;
        }
        int32_t today = run->day;
        bool recognised = !same(piece->to.role, "goods_out") && !same(piece->to.role, "deferred_dropship_cost");
        if (run->settings->true_up_at_origin && run->papers[run->paper].d->type == M_BILL && recognised)
            run->day = piece->gone_day;
        post_destination(run, &piece->to, amount, item);
        run->day = today;
        return;
    }
    if (m_method_of(run, item) == M_STANDARD) {
        post_stock(run, "price_difference", amount, item, -1);
        return;
    }
    int pool = piece->where == IN_TRANSIT ? transit_pool(run) : piece->pool;
    int64_t *value = average ? &m_pool_at(run, item, pool)->value : &piece->value;
    int64_t taken = most(amount, -*value); /* no layer goes below zero */
    *value += taken;
    post_stock(run, inventory_role(piece->where), taken, item, piece->where == IN_TRANSIT ? -1 : pool);
    post_stock(run, "price_difference", amount - taken, item, -1);
}

/* The shares of an amount for units from..from+qty of a row; the last is what falls on units that are nowhere. */
static int64_t *shares_of(struct run *run, places row, int64_t from, int64_t qty, int64_t amount)
{
    int64_t *shares = ARENA_ARRAY(run->arena, int64_t, (size_t)row.count + 1);
    must(shares);
    int64_t at = 0, left = amount, covered = 0;
    int first = -1;
    for (int i = 0; i < row.count; i++) {
        int64_t units = run->pieces.at[row.at[i]].qty;
        int64_t in = most(0, least(at + units, from + qty) - most(at, from));
        at += units;
        if (in == 0)
            continue;
        first = first < 0 ? i : first;
        covered += in;
        wide product = (wide)amount * in;
        shares[i] = (int64_t)(product / qty); /* cut toward zero */
        left -= shares[i];
    }
    if (covered < qty) {
        wide product = (wide)amount * (qty - covered);
        shares[row.count] = (int64_t)(product / qty);
        left -= shares[row.count];
    }
    shares[first < 0 ? row.count : first] += left;
    return shares;
}

void m_spread(struct run *run, int lot, int64_t from, int64_t qty, int64_t amount)
{
    if (amount == 0)
        return;
    int item = run->lots.at[lot].item;
    bool round_again = false;
    for (int i = 0; i < run->spreading.count; i++)
        round_again = round_again || run->spreading.at[i] == lot;
    /* Reading: a difference that comes back to a lot it came through (two assemblies that feed each other) ends there,
     * as where owed units settle themselves: price difference. */
    if (qty <= 0 || round_again || m_method_of(run, item) == M_STANDARD) {
        post_stock(run, "price_difference", amount, item, -1);
        return;
    }
    *LIST_ADD(run->arena, run->spreading) = lot;
    places row = row_of(run, lot);
    int64_t *shares = shares_of(run, row, from, qty, amount);
    for (int i = 0; i < row.count; i++)
        if (shares[i])
            add_value(run, row.at[i], shares[i]);
    post_stock(run, "price_difference", shares[row.count], item, -1);
    run->spreading.count--;
}

/* What consumed units sent on goes into their outputs, first come first served: after each movement of an item, as the
 * difference is another item's. */
static void follow(struct run *run)
{
    struct about cause = run->about;
    run->about = (struct about){-1, -1, -1};
    while (run->followed < run->followings.count) {
        struct following next = run->followings.at[run->followed++];
        run->spreading.count = 0;
        for (int i = 0; i < next.through.count; i++)
            *LIST_ADD(run->arena, run->spreading) = next.through.at[i];
        m_spread(run, next.lot, 0, m_row_qty(run, next.lot), next.amount);
    }
    run->about = cause;
    run->spreading.count = 0;
}

/* --- in ----------------------------------------------------------------------------------------- */

/* Units that got another lot join a layer of that lot at their place, if there is one. The piece they are in then. */
static int join_layer(struct run *run, int at)
{
    struct piece *piece = &run->pieces.at[at];
    for (int i = 0; i < run->pieces.count; i++) {
        struct piece *other = &run->pieces.at[i];
        if (i == at || (piece->where != HELD && piece->where != IN_TRANSIT) || other->where != piece->where ||
            other->item != piece->item || other->lot != piece->lot || other->place != piece->place ||
            (piece->where == HELD ? other->pool != piece->pool
                                  : other->transfer != piece->transfer || other->transfer_line != piece->transfer_line))
            continue;
        other->qty += piece->qty;
        other->value += piece->value;
        piece->qty = piece->value = 0;
        piece->where = NOWHERE;
        return i;
    }
    return at;
}

/* s units of an owed lot are settled by units of another lot; the difference follows the units. */
static void settle_units(struct run *run, int owed, int64_t s, int64_t difference, int by, int pool, int64_t place)
{
    int item = run->lots.at[owed].item;
    if (run->papers[run->lots.at[owed].paper].d->type ==
        M_SUPPLIER_RETURN) { /* they are at the supplier's, all of them */
        m_post(run, "price_difference", difference, item, -1, -1, -1);
        return;
    }
    places row = row_of(run, owed);
    int64_t left = s;
    for (int i = 0; i < row.count && left > 0; i++) {
        /* The part that is settled becomes a piece of its own, standing where it stood. */
        int at = row.at[i];
        int64_t part = least(left, run->pieces.at[at].qty);
        left -= part;
        if (part < run->pieces.at[at].qty)
            split_in_place(run, at, part);
        row.count = left > 0 ? row.count : i + 1;
    }
    int64_t *shares = shares_of(run, row, 0, s, difference);
    for (int i = 0; i < row.count; i++) {
        struct piece *piece = &run->pieces.at[row.at[i]];
        if (piece->from_place == 0 && piece->where == GONE) {
            piece->from_pool = pool;
            piece->from_place = place;
        }
        piece->lot = by;
        piece->settled_at = run->at + 1;
        int at = join_layer(run, row.at[i]);
        if (shares[i])
            add_value(run, at, shares[i]);
    }
    post_stock(run, "price_difference", shares[row.count], item, -1);
}

/* A piece that is nowhere enters a pool: at a place it had there, or (0) at the end. Posts inventory, what it settles
 * and the standard's difference; the sum is the piece's value. */
static void enter(struct run *run, int at, int location, int64_t place)
{
    int item = run->pieces.at[at].item;
    int pool = m_pool_of(run, location);
    int64_t value = run->pieces.at[at].value;
    *m_counter(run, run->own, item, location) += run->pieces.at[at].qty;
    if (m_method_of(run, item) == M_STANDARD) {
        int64_t at_standard = 0;
        must(amount_of(run->pieces.at[at].qty, m_or_zero(m_item_now(run, item)->standard_cost), run->exponent,
                       &at_standard));
        post_stock(run, "price_difference", value - at_standard, item, -1);
        value = at_standard;
    }
    if (place == 0)
        place = ++run->next_place;
    for (int i = 0; i < run->lots.count && run->pieces.at[at].qty > 0; i++) {
        if (run->lots.at[i].kind != LOT_OWED || run->lots.at[i].item != item || run->lots.at[i].pool != pool ||
            run->lots.at[i].qty == 0)
            continue;
        struct lot *owed = &run->lots.at[i];
        int64_t s = least(owed->qty, run->pieces.at[at].qty);
        int64_t paid = m_draw(value, s, run->pieces.at[at].qty);
        int64_t carried = m_draw(owed->value, s, owed->qty);
        value -= paid;
        run->pieces.at[at].qty -= s;
        owed->qty -= s;
        owed->value -= carried;
        m_pool_at(run, item, pool)->last_value = paid;
        m_pool_at(run, item, pool)->last_qty = s;
        post_stock(run, "inventory_owed", carried, item, pool);
        /* What a lot that comes in settles elsewhere ends where it would come back to this very lot. */
        if (run->lots.at[run->pieces.at[at].lot].paper == run->paper)
            *LIST_ADD(run->arena, run->spreading) = run->pieces.at[at].lot;
        if (run->pieces.at[at].lot == i) /* the owed units themselves come back */
            post_stock(run, "price_difference", paid - carried, item, -1);
        else
            settle_units(run, i, s, paid - carried, run->pieces.at[at].lot, pool, place);
        run->spreading.count = 0;
    }
    struct piece *piece = &run->pieces.at[at];
    if (piece->qty == 0) {
        must(value == 0);
        piece->value = 0;
        return;
    }
    post_stock(run, "inventory", value, item, pool);
    if (is_average(run, item)) {
        m_pool_at(run, item, pool)->value += value;
        value = 0;
    }
    for (int i = 0; i < run->pieces.count; i++) {
        struct piece *open = &run->pieces.at[i];
        if (open->where == HELD && open->item == item && open->pool == pool && open->lot == piece->lot &&
            open->place == place) {
            open->qty += piece->qty;
            open->value += value;
            piece->qty = piece->value = 0;
            return;
        }
    }
    piece->value = value;
    piece->where = HELD;
    piece->pool = pool;
    piece->place = place;
}

void m_inflow(struct run *run, int item, int location, enum lot_kind kind, int line, int64_t qty, int64_t value,
              int *out_lot)
{
    int lot = add_lot(run, kind, item, line);
    if (out_lot)
        *out_lot = lot;
    enter(run, add_piece(run, item, lot, qty, value), location, 0);
    follow(run);
}

/* What units without a stated cost are worth. */
int64_t m_gain_value(struct run *run, int item, int location, int64_t qty, bool *out_known)
{
    int pool = m_pool_of(run, location);
    const struct pool *p = m_pool_at(run, item, pool);
    const struct m_document *d = m_item_now(run, item);
    int64_t held = m_held_qty(run, item, pool), value = 0;
    *out_known = true;
    if (held > 0)
        return m_rounded(m_held_value(run, item, pool), qty, held);
    if (p->last_qty > 0)
        return m_rounded(p->last_value, qty, p->last_qty);
    int64_t unit = d->last_cost != M_NONE ? d->last_cost : d->standard_cost;
    *out_known = unit != M_NONE;
    if (unit != M_NONE)
        must(amount_of(qty, unit, run->exponent, &value));
    return value;
}

/* --- out ---------------------------------------------------------------------------------------- */

/* The piece of a pool that leaves next; -1 none. `receipt_lot`: of that lot only, where >= 0. */
static int next_piece(const struct run *run, int item, int pool, bool from_back, int receipt_lot)
{
    int found = -1;
    for (int i = 0; i < run->pieces.count; i++) {
        const struct piece *piece = &run->pieces.at[i];
        if (piece->where != HELD || piece->item != item || piece->pool != pool ||
            (receipt_lot >= 0 && piece->lot != receipt_lot))
            continue;
        if (found < 0 || before_in_queue(piece, &run->pieces.at[found]) != from_back)
            found = i;
    }
    return found;
}

/* Up to qty units leave a pool for nowhere; their pieces are added to `taken`. `left` (average): what of the draw's
 * worth is not cut into slices yet, over left_qty units. */
static void take(struct run *run, int item, int pool, int64_t qty, bool from_back, int receipt_lot, int64_t *left,
                 int64_t *left_qty, places *taken)
{
    bool average = is_average(run, item);
    while (qty > 0) {
        int at = next_piece(run, item, pool, from_back, receipt_lot);
        if (at < 0)
            break;
        int64_t part = least(qty, run->pieces.at[at].qty);
        int64_t place = run->pieces.at[at].place;
        if (average)
            m_pool_at(run, item, pool)->down -=
                m_draw(m_pool_at(run, item, pool)->down, part, m_held_qty(run, item, pool));
        int slice = split_piece(run, at, part);
        struct piece *piece = &run->pieces.at[slice];
        piece->from_pool = pool;
        piece->from_place = place;
        piece->down = 0; /* what leaves takes its share of a write-down along */
        if (average) {
            piece->value = m_draw(*left, part, *left_qty);
            *left -= piece->value;
            *left_qty -= part;
        } else {
            m_pool_at(run, item, pool)->last_value = piece->value;
            m_pool_at(run, item, pool)->last_qty = part;
        }
        *LIST_ADD(run->arena, *taken) = slice;
        qty -= part;
    }
}

static int64_t taken_qty(const struct run *run, places taken)
{
    int64_t qty = 0;
    for (int i = 0; i < taken.count; i++)
        qty += run->pieces.at[taken.at[i]].qty;
    return qty;
}

/* Under average the whole draw is worth its share of the pool, once. */
static int64_t draw_pool(struct run *run, int item, int pool, int64_t qty)
{
    if (!is_average(run, item) || qty == 0)
        return 0;
    struct pool *p = m_pool_at(run, item, pool);
    int64_t worth = m_draw(p->value, qty, m_held_qty(run, item, pool));
    p->value -= worth;
    p->last_value = worth;
    p->last_qty = qty;
    return worth;
}

/* The lot that the line which brought a piece stated; NULL none. */
static const char *lot_text(const struct run *run, const struct piece *piece)
{
    const struct lot *lot = &run->lots.at[piece->lot];
    const struct m_document *d = run->papers[lot->paper].d;
    if (d->type == M_OPENING && lot->kind != LOT_OWED && lot->line < (int)d->layers.count)
        return d->layers.at[lot->line].receipt.id;
    bool states_lots = d->type == M_RECEIPT || d->type == M_COUNT || d->type == M_ADJUSTMENT;
    return states_lots && lot->kind != LOT_OWED && lot->line >= 0 ? d->lines.at[lot->line].lot : NULL;
}

/* A document that a pick may name: the lot text or the receipt. */
static bool pick_fits(const struct run *run, const struct m_line *pick, const struct piece *piece)
{
    const struct m_document *d = run->papers[run->lots.at[piece->lot].paper].d;
    if (pick->receipt.id)
        return d->type == M_RECEIPT && same(d->id, pick->receipt.id);
    return is(lot_text(run, piece), pick->lot);
}

static bool take_picks(struct run *run, int item, int pool, const struct m_lines *picks, places *taken)
{
    for (size_t k = 0; k < picks->count; k++) {
        int64_t qty = picks->at[k].qty;
        while (qty > 0) {
            int found = -1;
            for (int i = 0; i < run->pieces.count; i++) {
                const struct piece *piece = &run->pieces.at[i];
                if (piece->where == HELD && piece->item == item && piece->pool == pool &&
                    pick_fits(run, &picks->at[k], piece) &&
                    (found < 0 || before_in_queue(piece, &run->pieces.at[found])))
                    found = i;
            }
            if (found < 0)
                return m_refuse_late(run, "failed", "lot_not_held");
            int64_t part = least(qty, run->pieces.at[found].qty);
            int64_t place = run->pieces.at[found].place;
            int slice = split_piece(run, found, part);
            run->pieces.at[slice].from_pool = pool;
            run->pieces.at[slice].from_place = place;
            run->pieces.at[slice].down = 0;
            m_pool_at(run, item, pool)->last_value = run->pieces.at[slice].value;
            m_pool_at(run, item, pool)->last_qty = part;
            *LIST_ADD(run->arena, *taken) = slice;
            qty -= part;
        }
    }
    return true;
}

static int64_t provisional_cost(const struct run *run, int item, int pool, int64_t qty)
{
    const struct pool *p = m_pool_at(run, item, pool);
    const struct m_document *d = m_item_now(run, item);
    int64_t value = 0;
    if (p->last_qty > 0)
        return m_rounded(p->last_value, qty, p->last_qty);
    int64_t unit = d->last_cost != M_NONE ? d->last_cost : m_or_zero(d->standard_cost);
    must(amount_of(qty, unit, run->exponent, &value));
    return value;
}

/* Which lot a supplier return prefers, -1: none. Set around a call of take_units. */
struct wish {
    int receipt_lot;
    bool front;
};

/* The units leave their pool for nowhere: layers, then owed. Posts the credits. */
static bool take_units(struct run *run, int item, int location, int64_t qty, const struct m_lines *picks,
                       struct wish wish, places *taken, struct issued *out)
{
    int pool = m_pool_of(run, location);
    enum m_cost_method method = m_method_of(run, item);
    *out = (struct issued){0};
    *m_counter(run, run->own, item, location) -= qty;
    /* Reading: whoever picks must say what: shipments, transfers, adjustments. A count, a status change, an assembly or a
     * return to a supplier can name no lot; it takes the front of the queue. */
    enum m_type type = run->papers[run->paper].d->type;
    bool picks_it = type == M_SHIPMENT || type == M_TRANSFER || type == M_ADJUSTMENT;
    if (method == M_SPECIFIC && (picks_it || (picks && picks->count > 0))) {
        int64_t picked = 0;
        for (size_t i = 0; picks && i < picks->count; i++)
            picked += picks->at[i].qty;
        if (!picks || picks->count == 0)
            return m_refuse_late(run, "failed", "picks_required");
        if (picked != qty)
            return m_refuse_late(run, "failed", "picks_required");
        if (!take_picks(run, item, pool, picks, taken))
            return false;
    } else {
        int64_t in_layers = least(qty, m_held_qty(run, item, pool));
        int64_t worth = draw_pool(run, item, pool, in_layers), worth_of = in_layers;
        bool from_back = method == M_LIFO && !wish.front;
        if (wish.receipt_lot >= 0)
            take(run, item, pool, in_layers, false, wish.receipt_lot, &worth, &worth_of, taken);
        take(run, item, pool, in_layers - taken_qty(run, *taken), from_back, -1, &worth, &worth_of, taken);
    }
    for (int i = 0; i < taken->count; i++)
        out->held += run->pieces.at[taken->at[i]].value;
    int64_t short_of = qty - taken_qty(run, *taken);
    if (short_of > 0) {
        if (run->settings->refuse_short)
            return m_refuse_late(run, "failed", "short");
        out->owed = provisional_cost(run, item, pool, short_of);
        int lot = add_lot(run, LOT_OWED, item, -1);
        run->lots.at[lot].pool = pool;
        run->lots.at[lot].qty = short_of;
        run->lots.at[lot].value = out->owed;
        int at = add_piece(run, item, lot, short_of, out->owed);
        run->pieces.at[at].from_pool = pool;
        *LIST_ADD(run->arena, *taken) = at;
    }
    out->total = out->held + out->owed;
    post_stock(run, "inventory", -out->held, item, pool);
    post_stock(run, "inventory_owed", -out->owed, item, pool);
    return true;
}

/* Consigned units leave after the layers and before anything is owed. */
static int64_t consigned_part(const struct run *run, int item, int location, int64_t qty)
{
    int64_t held = m_held_qty(run, item, m_pool_of(run, location));
    return least(most(0, qty - held), *m_counter(run, run->consigned, item, location));
}

/* The next of the consigned units of a location, or (transfer) of what a transfer's line ships; `receipt` >= 0: of it only. */
static int next_consigned(const struct run *run, int item, int location, int transfer, int transfer_line, int receipt)
{
    int found = -1;
    for (int i = 0; i < run->consigned_lots.count; i++) {
        const struct consigned_lot *lot = &run->consigned_lots.at[i];
        bool there = transfer < 0 ? lot->transfer < 0 && lot->location == location
                                  : lot->transfer == transfer && lot->transfer_line == transfer_line;
        if (lot->item != item || lot->qty == 0 || !there || (receipt >= 0 && lot->receipt != receipt))
            continue;
        if (found < 0 || lot->place < run->consigned_lots.at[found].place)
            found = i;
    }
    return found;
}

/* Takes up to qty of a consigned lot off it. */
static struct consigned_lot take_consigned(struct run *run, int at, int64_t qty)
{
    struct consigned_lot *lot = &run->consigned_lots.at[at];
    struct consigned_lot part = *lot;
    part.qty = least(qty, lot->qty);
    part.value = m_draw(lot->value, part.qty, lot->qty);
    lot->qty -= part.qty;
    lot->value -= part.value;
    if (lot->transfer < 0)
        *m_counter(run, run->consigned, lot->item, lot->location) -= part.qty;
    return part;
}

static void put_consigned(struct run *run, struct consigned_lot part)
{
    if (part.place == 0)
        part.place = ++run->next_place;
    if (part.transfer < 0)
        *m_counter(run, run->consigned, part.item, part.location) += part.qty;
    for (int i = 0; i < run->consigned_lots.count; i++) {
        struct consigned_lot *lot = &run->consigned_lots.at[i];
        if (lot->receipt == part.receipt && lot->place == part.place && lot->transfer == part.transfer &&
            lot->transfer_line == part.transfer_line && (part.transfer >= 0 || lot->location == part.location)) {
            lot->qty += part.qty;
            lot->value += part.value;
            return;
        }
    }
    *LIST_ADD(run->arena, run->consigned_lots) = part;
}

/* With their going consigned units are bought: sold ones cost as a supplier's own shipment does, others what `to` says.
 * The value of those that go into an assembly is handed back: its output has it. */
static int64_t issue_consigned(struct run *run, int item, int location, int64_t qty, struct destination to)
{
    int64_t absorbed = 0;
    if (to.order >= 0)
        to.role = same(to.role, "goods_out") ? "deferred_dropship_cost" : "cost_of_sales_dropship";
    while (qty > 0) {
        int at = next_consigned(run, item, location, -1, -1, -1);
        must(at >= 0);
        struct consigned_lot part = take_consigned(run, at, qty);
        struct receipt_line *kept = &run->receipts.at[part.receipt];
        qty -= part.qty;
        kept->unbilled += part.qty;
        kept->grni += part.value;
        int slice = add_piece(run, item, kept->lot, part.qty, part.value);
        run->pieces.at[slice].from_pool = m_pool_of(run, location);
        run->pieces.at[slice].from_place = part.place;
        go(run, slice, to);
        if (to.output >= 0)
            absorbed += part.value;
        else
            post_destination(run, &to, part.value, item);
        m_post(run, "accrued_purchases", -part.value, item, -1, -1, -1);
    }
    return absorbed;
}

bool m_issue(struct run *run, int item, int location, int64_t qty, struct destination to, const struct m_lines *picks,
             struct issued *out)
{
    places taken = {0};
    int64_t consigned = m_method_of(run, item) == M_SPECIFIC ? 0 : consigned_part(run, item, location, qty);
    *out = (struct issued){0};
    if (qty - consigned > 0 &&
        !take_units(run, item, location, qty - consigned, picks, (struct wish){-1, false}, &taken, out))
        return false;
    for (int i = 0; i < taken.count; i++)
        go(run, taken.at[i], to);
    if (consigned > 0)
        out->total += issue_consigned(run, item, location, consigned, to);
    return true;
}

static struct destination going_to(const char *role, int location)
{
    return (struct destination){role, -1, -1, -1, location, -1, -1};
}

/* An issue that is no sale: to an account, which is posted here. */
static bool issue_to(struct run *run, int item, int location, int64_t qty, const char *role,
                     const struct m_lines *picks)
{
    struct issued issued;
    if (!m_issue(run, item, location, qty, going_to(role, location), picks, &issued))
        return false;
    post_stock(run, role, issued.total, item, location);
    return true;
}

/* A gain: stated cost, else current; from an account, which is posted here. */
static void gain_from(struct run *run, int item, int location, int64_t qty, const struct m_line *stated,
                      const char *role, int line)
{
    bool known;
    int64_t value;
    if (stated && stated->unit_cost != M_NONE) {
        int64_t factor = stated->uom ? m_factor(run, item, stated->uom) : MICRO;
        value = m_cost_of(run, m_rounded(qty, MICRO, factor), stated->unit_cost);
    } else {
        value = m_gain_value(run, item, location, qty, &known);
    }
    m_inflow(run, item, location, LOT_OTHER, line, qty, value, NULL);
    post_stock(run, role, -value, item, location);
}

/* --- receipts, bills, landed cost ---------------------------------------------------------------- */

static int place_number(const char *text)
{
    int number = 0;
    for (; *text >= '0' && *text <= '9' && number < 1000000; text++)
        number = number * 10 + (*text - '0');
    return *text ? -1 : number;
}

int m_receipt_line_find(const struct m_document *receipt, const char *line, const char *sku)
{
    int found = -1;
    for (size_t i = 0; i < receipt->lines.count; i++) {
        const struct m_line *at = &receipt->lines.at[i];
        bool fits;
        if (line)
            fits = at->id ? same(at->id, line) : place_number(line) == (int)i + 1;
        else
            fits = is(at->sku, sku);
        if (fits && line)
            return (int)i;
        if (fits)
            found = found == -1 ? (int)i : -2;
    }
    return found;
}

struct receipt_line *m_receipt_line_of(struct run *run, int paper, int line)
{
    for (int i = 0; i < run->receipts.count; i++)
        if (run->receipts.at[i].paper == paper && run->receipts.at[i].line == line)
            return &run->receipts.at[i];
    return NULL;
}

/* The receipt line of a lot that was consigned to us; NULL for any other lot. */
static struct receipt_line *consigned_receipt(const struct run *run, int lot)
{
    for (int i = 0; i < run->receipts.count; i++)
        if (run->receipts.at[i].lot == lot && run->receipts.at[i].consigned)
            return &run->receipts.at[i];
    return NULL;
}

/* The unit cost of a receipt line as the last correction (by key) states it; M_NONE where none does. */
static int64_t corrected_cost(const struct run *run, int paper, int line)
{
    int best = -1;
    struct key best_key = {0};
    for (int i = 0; i < run->paper_count; i++) {
        const struct paper *other = &run->papers[i];
        if (other->standing != STANDS || other->d->type != M_COST_CORRECTION || other->target != paper ||
            m_receipt_line_find(run->papers[paper].d, other->d->line, other->d->sku) != line ||
            !m_same_money(run, paper, i))
            continue;
        struct key key = {m_entered(run, i), other->instant, 5, m_source(other->d),
                          "cost_correction", other->d->id,   0, 0};
        if (best < 0 || m_key_compare(&key, &best_key) > 0) {
            best = i;
            best_key = key;
        }
    }
    return best < 0 ? M_NONE : run->papers[best].d->unit_cost;
}

/* Stock units in one of a receipt line's own unit. */
static int64_t receipt_factor(const struct run *run, const struct receipt_line *kept)
{
    const struct m_document *d = run->papers[kept->paper].d;
    const char *uom = d->type == M_RECEIPT ? d->lines.at[kept->line].uom : NULL;
    return uom ? m_factor(run, kept->item, uom) : MICRO;
}

static int64_t receipt_line_amount(struct run *run, const struct m_line *line, int64_t corrected)
{
    int64_t amount = 0;
    if (corrected == M_NONE && line->total_cost != M_NONE)
        return line->total_cost;
    int64_t unit = corrected != M_NONE ? corrected : m_or_zero(line->unit_cost);
    must(amount_of(line->qty, unit, currency_exponent(m_money_of(run)), &amount));
    return amount;
}

/* The layers of one old receipt's item are one lot: it stands at the first of them. -1: none is named. */
static int first_layer(const struct m_document *d, const char *receipt, const char *sku)
{
    for (size_t i = 0; receipt && i < d->layers.count; i++)
        if (is(d->layers.at[i].receipt.id, receipt) && same(d->layers.at[i].sku, sku))
            return (int)i;
    return -1;
}

/* So many units of a receipt line are billed at an amount by who named no receipt; all of the difference is price. */
static void bill_units(struct run *run, int receipt, int64_t qty, int64_t amount)
{
    struct receipt_line *kept = &run->receipts.at[receipt];
    int64_t carried = m_draw(kept->grni, qty, kept->unbilled), from = kept->billed;
    int64_t foreign = m_draw(kept->grni_foreign, qty, kept->unbilled);
    int item = kept->item, lot = kept->lot;
    kept->unbilled -= qty;
    kept->grni -= carried;
    kept->grni_foreign -= foreign;
    kept->billed += qty;
    kept->billed_carried += carried;
    kept->billed_foreign += foreign;
    int64_t difference = amount - carried;
    if (run->settings->difference_account) {
        m_post(run, "grni", -difference, item, -1, -1, -1);
        post_stock(run, "price_difference", difference, item, -1);
        return;
    }
    int before = run->posted.count;
    m_spread(run, lot, from, qty, difference);
    follow(run);
    int after = run->posted.count;
    int32_t today = run->day;
    for (int i = before; i < after; i++) {
        run->day = run->posted.at[i].day;
        m_post(run, "grni", -run->posted.at[i].amount, item, -1, -1, -1);
    }
    run->day = today;
}

static const char *delivered_by(const struct run *run, int receipt)
{
    const struct receipt_line *kept = &run->receipts.at[receipt];
    const struct m_document *d = run->papers[kept->paper].d;
    if (d->type == M_RECEIPT)
        return d->supplier;
    for (size_t i = 0; i < d->purchases.count; i++) {
        int first = first_layer(d, d->purchases.at[i].receipt.id, d->purchases.at[i].sku);
        if (kept->line == (first >= 0 ? first : (int)(d->layers.count + i)))
            return d->purchases.at[i].supplier;
    }
    return NULL;
}

/* A receipt whose supplier billed such units before. */
static void bill_what_came(struct run *run, int receipt)
{
    for (int i = 0; i < run->advances.count; i++) {
        struct advance *advance = &run->advances.at[i];
        int64_t qty = least(advance->qty, run->receipts.at[receipt].unbilled);
        if (advance->item != run->receipts.at[receipt].item || !is(delivered_by(run, receipt), advance->supplier) ||
            qty == 0)
            continue;
        int64_t amount = m_draw(advance->value, qty, advance->qty);
        advance->qty -= qty;
        advance->value -= amount;
        bill_units(run, receipt, qty, amount);
    }
}

/* A line that names no receipt: its supplier's units that are not billed, as they came; the others wait on GRNI. */
static bool bill_supplier(struct run *run, int item, const struct m_line *line)
{
    const char *supplier = run->papers[run->paper].d->supplier;
    int64_t left = stock_units(run, item, line, line->qty, MICRO), value = m_in_company(run, line->amount);
    for (int i = 0; i < run->receipts.count && left > 0; i++) {
        const struct receipt_line *kept = &run->receipts.at[i];
        int64_t qty = least(left, kept->unbilled);
        if (kept->item != item || kept->consigned || qty == 0 || !is(delivered_by(run, i), supplier))
            continue;
        int64_t amount = m_draw(value, qty, left);
        left -= qty;
        value -= amount;
        bill_units(run, i, qty, amount);
    }
    if (left > 0)
        *LIST_ADD(run->arena, run->advances) = (struct advance){item, supplier, left, value};
    return true;
}

bool m_read_receipt(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    if (!knows_units(run))
        return false;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        int item = paper->items[i];
        int64_t qty = stock_units(run, item, line, line->qty, MICRO);
        int64_t amount = receipt_line_amount(run, line, corrected_cost(run, run->paper, (int)i));
        int64_t value = m_in_company(run, amount);
        *LIST_ADD(run->arena, run->receipts) = (struct receipt_line){
            .paper = run->paper, .line = (int)i, .item = item, .location = paper->location, .qty = qty, .value = value};
        int number = run->receipts.count - 1, lot = -1;
        struct receipt_line *kept = &run->receipts.at[number];
        if (d->consigned == M_TRUE) {
            kept->consigned = true;
            kept->lot = add_lot(run, LOT_RECEIPT, item, (int)i);
            put_consigned(run, (struct consigned_lot){.item = item,
                                                      .location = paper->location,
                                                      .receipt = number,
                                                      .transfer = -1,
                                                      .transfer_line = -1,
                                                      .qty = qty,
                                                      .value = value});
            continue;
        }
        kept->unbilled = qty;
        kept->grni = value;
        kept->money = m_money_of(run);
        kept->grni_foreign = amount;
        m_inflow(run, item, paper->location, LOT_RECEIPT, (int)i, qty, value, &lot);
        run->receipts.at[number].lot = lot;
        m_post(run, "grni", -value, item, -1, -1, -1);
        bill_what_came(run, number);
    }
    return true;
}

/* Where what we owe for the goods of a receipt stands. */
static const char *owed_role(const struct run *run, int receipt)
{
    return run->papers[receipt].d->consigned == M_TRUE ? "accrued_purchases" : "grni";
}

static int bill_receipt(const struct paper *paper, int line)
{
    return paper->targets[line] >= 0 ? paper->targets[line] : paper->target;
}

/* What a line of a bill calls the receipt it bills. */
static const char *billed_name(const struct m_document *bill, const struct m_line *line)
{
    return line->receipt.id ? line->receipt.id : bill->receipt.id;
}

const char *m_bill_by_itself(const struct m_document *d)
{
    bool loose = (!d->kind || same(d->kind, "goods")) && !d->receipt.id && !d->purchase_order.id;
    for (size_t i = 0; i < d->lines.count && loose; i++) {
        const struct m_line *line = &d->lines.at[i];
        if (line->receipt.id)
            continue;
        if (!line->sku || line->qty == M_NONE)
            return "missing_field";
        if (line->amount < 0 || line->qty < 0)
            return "unsupported";
    }
    return NULL;
}

/* For goods, and not of the supplier alone: of a receipt or a purchase order. */
bool m_bill_names(const struct m_document *d)
{
    bool names = d->receipt.id != NULL || d->purchase_order.id != NULL;
    for (size_t i = 0; i < d->lines.count; i++)
        names = names || d->lines.at[i].receipt.id;
    return d->type == M_BILL && names && (!d->kind || same(d->kind, "goods"));
}

static bool read_bill_itself(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    int64_t payable = 0;
    bool goods = !d->kind || same(d->kind, "goods");
    for (size_t i = 0; i < d->lines.count; i++) {
        if (goods && bill_receipt(paper, (int)i) < 0 && d->purchase_order.id) /* they come with a later issue */
            return m_refuse(run, "waiting", "waits_document");
    }
    if (!m_has_rate(run)) /* it waits, for its receipts first: m_read_bill */
        return true;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        int64_t amount = m_in_company(run, line->amount);
        payable += amount;
        if (goods && bill_receipt(paper, (int)i) < 0) {
            m_post(run, "grni", amount, paper->items[i], -1, -1, -1);
        } else if (goods) {
            /* none: refused with the line itself */
            int at =
                m_receipt_line_named(run, bill_receipt(paper, (int)i), billed_name(d, line), line->line, line->sku);
            int item = at < 0 ? -1 : run->papers[bill_receipt(paper, (int)i)].items[at];
            m_post(run, owed_role(run, bill_receipt(paper, (int)i)), amount, item, -1, -1, -1);
        } else {
            m_post(run,
                   same(d->kind, "landed") ? "landed_cost_clearing"
                   : line->role            ? line->role
                                           : "expenses",
                   amount, -1, -1, -1, -1);
        }
    }
    for (size_t i = 0; i < d->tax.count; i++) {
        int64_t amount = m_in_company(run, d->tax.at[i].amount);
        payable += amount;
        /* Reading: tax that cannot be recovered is not in the lines (`amount` is without tax): an expense. */
        m_post(run, d->tax.at[i].recoverable == M_FALSE ? "expenses" : "input_tax", amount, -1, -1, -1, -1);
    }
    m_post(run, "accounts_payable", -payable, -1, -1, -1, -1);
    return true;
}

bool m_read_bill(struct run *run, int leg, int line)
{
    if (leg == 0)
        return read_bill_itself(run);
    const struct paper *paper = &run->papers[run->paper];
    const struct m_line *billed = &paper->d->lines.at[line];
    int receipt = bill_receipt(paper, line);
    if (paper->d->kind && !same(paper->d->kind, "goods"))
        return true;
    /* Reading: what its lines name is looked for first, line by line; only then how much of it is open. */
    for (size_t k = 0; k < paper->d->lines.count; k++) {
        if (bill_receipt(paper, (int)k) < 0)
            continue;
        const struct paper *received = &run->papers[bill_receipt(paper, (int)k)];
        if (!received->outcome || !same(received->outcome, "posted"))
            return m_refuse_late(run, "waiting", "waits_document");
    }
    int32_t now = run->day;
    run->day = zone_day(run->settings->zone, paper->instant); /* the bill's rate is that of its own date */
    bool has_rate = m_has_rate(run);
    run->day = now;
    if (!has_rate)
        return m_refuse_late(run, "waiting", "waits_rate");
    for (size_t k = 0; k < paper->d->lines.count; k++) {
        const struct m_line *named = &paper->d->lines.at[k];
        if (bill_receipt(paper, (int)k) < 0) {
            if (named->uom && m_factor(run, paper->items[k], named->uom) == 0)
                return m_refuse_late(run, "failed", "uom_unknown");
            continue;
        }
        int found = m_receipt_line_named(run, bill_receipt(paper, (int)k), billed_name(paper->d, named), named->line,
                                         named->sku);
        if (found < 0)
            return m_refuse_late(run, "failed", found == -2 ? "line_ambiguous" : "line_unknown");
        struct receipt_line *of = m_receipt_line_of(run, bill_receipt(paper, (int)k), found);
        if (named->uom && of && m_factor(run, of->item, named->uom) == 0)
            return m_refuse_late(run, "failed", "uom_unknown");
    }
    if (receipt < 0)
        return bill_supplier(run, paper->items[line], billed);
    int at = m_receipt_line_named(run, receipt, billed_name(paper->d, billed), billed->line, billed->sku);
    struct receipt_line *kept = m_receipt_line_of(run, receipt, at);
    if (!kept) /* the receipt waits, or its goods are not ours */
        return m_refuse_late(run, "waiting", "waits_document");
    /* The bill's rate is that of its own date, even where its receipt comes later. */
    int32_t today = run->day;
    run->day = zone_day(run->settings->zone, paper->instant);
    int64_t amount = m_in_company(run, billed->amount);
    int64_t stated = stock_units(run, kept->item, billed, billed->qty,
                                 billed->line && !billed->sku ? receipt_factor(run, kept) : MICRO);
    /* Reading: a bill line without qty bills all that is not billed yet. */
    int64_t qty = stated == M_NONE ? kept->unbilled : stated;
    int64_t from, carried, foreign;
    /* Reading: a credit note has a negative amount; its qty (of either sign) is the units it takes back. Without a qty
     * it lowers the price of all units billed, none of which is billed less. */
    bool credit = amount < 0;
    if (credit) {
        qty = stated == M_NONE ? 0 : stated < 0 ? -stated : stated;
        if (qty > kept->billed)
            return m_refuse_late(run, "waiting", "exceeds_open");
        from = kept->billed - qty;
        carried = -m_draw(kept->billed_carried, qty, kept->billed);
        foreign = -m_draw(kept->billed_foreign, qty, kept->billed);
        kept->unbilled += qty;
        kept->billed -= qty;
    } else {
        if (qty > kept->unbilled || qty == 0)
            return m_refuse_late(run, "waiting", "exceeds_open");
        from = kept->billed;
        carried = m_draw(kept->grni, qty, kept->unbilled);
        foreign = m_draw(kept->grni_foreign, qty, kept->unbilled);
        kept->unbilled -= qty;
        kept->billed += qty;
    }
    kept->grni -= carried;
    kept->grni_foreign -= foreign;
    kept->billed_carried += carried;
    kept->billed_foreign += foreign;
    int lot = kept->lot, item = kept->item;
    int64_t over = credit && qty == 0 ? kept->billed : qty;
    from = credit && qty == 0 ? 0 : from;
    /* What the rate changed between receipt and bill, where both are in one foreign currency. */
    int64_t exchange = m_money_of(run) == kept->money ? m_in_company(run, foreign) - carried : 0;
    exchange = run->settings->fx_to_stock ? 0 : exchange;
    int64_t difference = amount - carried - exchange;
    run->day = today;
    m_post(run, owed_role(run, receipt), -exchange, item, -1, -1, -1);
    m_post(run, "realised_fx", exchange, item, -1, -1, -1);
    if (run->settings->difference_account) {
        m_post(run, owed_role(run, receipt), -difference, item, -1, -1, -1);
        post_stock(run, "price_difference", difference, item, -1);
        return true;
    }
    int before = run->posted.count;
    m_spread(run, lot, from, over, difference);
    follow(run);
    /* The credit to GRNI, on the dates the shares stand on (true_up origin_if_open). */
    int after = run->posted.count;
    for (int i = before; i < after; i++) {
        run->day = run->posted.at[i].day;
        m_post(run, owed_role(run, receipt), -run->posted.at[i].amount, item, -1, -1, -1);
    }
    run->day = today;
    return true;
}

/* The weight of a receipt line for a landed cost. */
static int64_t landed_weight(struct run *run, const struct receipt_line *kept, const char *basis)
{
    const struct m_document *item = m_item_now(run, kept->item);
    int64_t weight = 0;
    if (is(basis, "quantity"))
        return kept->qty;
    if (is(basis, "equal"))
        return 1;
    if (is(basis, "weight") || is(basis, "volume")) {
        int64_t unit = m_or_zero(same(basis, "weight") ? item->weight : item->volume);
        must(mul_div(kept->qty, unit, MICRO, &weight));
        return weight;
    }
    return kept->value;
}

bool m_read_landed_cost(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    bool by_lines = d->lines.count > 0;
    size_t count = by_lines ? d->lines.count : d->receipts.count;
    int64_t *weights = ARENA_ARRAY(run->arena, int64_t, count + 1);
    int64_t *parts = ARENA_ARRAY(run->arena, int64_t, count + 1);
    must(weights && parts);
    for (size_t i = 0; i < count; i++) {
        const struct m_document *receipt = run->papers[paper->targets[i]].d;
        if (by_lines) {
            int at = m_receipt_line_find(receipt, d->lines.at[i].line, d->lines.at[i].sku);
            if (at < 0)
                return m_refuse(run, "failed", at == -2 ? "line_ambiguous" : "line_unknown");
        }
        for (size_t k = 0; k < receipt->lines.count; k++) {
            const struct receipt_line *kept = m_receipt_line_of(run, paper->targets[i], (int)k);
            bool named = !by_lines || m_receipt_line_find(receipt, d->lines.at[i].line, d->lines.at[i].sku) == (int)k;
            if (kept && named)
                weights[i] += landed_weight(run, kept, d->basis);
        }
        /* Reading: over receipts basis equal counts receipts, not their lines. */
        if (is(d->basis, "equal"))
            weights[i] = 1;
        if (i < d->shares.count)
            weights[i] = d->shares.at[i];
    }
    int64_t amount = m_in_company(run, d->amount);
    split_by_weight(amount, weights, count, parts);
    for (size_t i = 0; i < count; i++) {
        const struct m_document *receipt = run->papers[paper->targets[i]].d;
        size_t lines = receipt->lines.count;
        int64_t *line_weights = ARENA_ARRAY(run->arena, int64_t, lines + 1);
        int64_t *line_parts = ARENA_ARRAY(run->arena, int64_t, lines + 1);
        int *kept_at = ARENA_ARRAY(run->arena, int, lines + 1);
        must(line_weights && line_parts && kept_at);
        size_t used = 0;
        for (size_t k = 0; k < lines; k++) {
            const struct receipt_line *kept = m_receipt_line_of(run, paper->targets[i], (int)k);
            bool named = !by_lines || m_receipt_line_find(receipt, d->lines.at[i].line, d->lines.at[i].sku) == (int)k;
            if (!kept || !named)
                continue;
            kept_at[used] = kept->lot;
            line_weights[used++] = landed_weight(run, kept, d->basis);
        }
        if (used == 0) { /* goods that are not ours: nobody is left */
            m_post(run, "landed_cost_clearing", -parts[i], -1, -1, -1, -1);
            m_post(run, "price_difference", parts[i], -1, -1, -1, -1);
            continue;
        }
        split_by_weight(parts[i], line_weights, used, line_parts);
        for (size_t k = 0; k < used; k++) {
            m_post(run, "landed_cost_clearing", -line_parts[k], run->lots.at[kept_at[k]].item, -1, -1, -1);
            if (consigned_receipt(run, kept_at[k])) /* goods that are not ours bear no cost */
                post_stock(run, "price_difference", line_parts[k], run->lots.at[kept_at[k]].item, -1);
            else
                m_spread(run, kept_at[k], 0, m_row_qty(run, kept_at[k]), line_parts[k]);
            follow(run);
        }
    }
    return true;
}

/* --- transfers ----------------------------------------------------------------------------------- */

/* Whoever picks an item costed by lot names all that leaves: looked at line by line before anything moves. */
static bool picks_all(struct run *run, int item, int64_t qty, const struct m_lines *picks)
{
    int64_t picked = 0;
    for (size_t i = 0; i < picks->count; i++)
        picked += picks->at[i].qty;
    return m_method_of(run, item) != M_SPECIFIC || picked == qty || m_refuse(run, "failed", "picks_required");
}

static bool ship_transfer(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    if (!knows_units(run))
        return false;
    for (size_t i = 0; i < d->lines.count && !run->settings->company_scope; i++)
        if (!picks_all(run, paper->items[i],
                       stock_units(run, paper->items[i], &d->lines.at[i], d->lines.at[i].qty, MICRO),
                       &d->lines.at[i].picks))
            return false;
    size_t count = d->lines.count;
    int64_t *weights = ARENA_ARRAY(run->arena, int64_t, count + 1);
    int64_t *freight = ARENA_ARRAY(run->arena, int64_t, count + 1);
    must(weights && freight);
    bool capitalise = d->capitalise == M_TRUE && !run->settings->company_scope;
    int64_t cost = d->freight == M_NONE ? 0 : m_in_company(run, d->freight);
    for (size_t i = 0; i < count; i++)
        weights[i] = stock_units(run, paper->items[i], &d->lines.at[i], d->lines.at[i].qty, MICRO);
    split_by_weight(capitalise ? cost : 0, weights, count, freight);
    for (size_t i = 0; i < count; i++) {
        const struct m_line *line = &d->lines.at[i];
        int item = paper->items[i];
        int64_t qty = weights[i];
        if (run->settings->company_scope) {
            *m_counter(run, run->own, item, paper->location) -= qty;
            *m_counter(run, run->moving, item, 0) += qty;
            continue;
        }
        places taken = {0};
        struct issued issued = {0};
        int64_t consigned = m_method_of(run, item) == M_SPECIFIC ? 0 : consigned_part(run, item, paper->location, qty);
        if (qty > consigned && !take_units(run, item, paper->location, qty - consigned, &line->picks,
                                           (struct wish){-1, false}, &taken, &issued))
            return false;
        while (consigned > 0) {
            int at = next_consigned(run, item, paper->location, -1, -1, -1);
            struct consigned_lot part = take_consigned(run, at, consigned);
            consigned -= part.qty;
            part.transfer = run->paper;
            part.transfer_line = (int)i;
            put_consigned(run, part);
        }
        if (taken.count == 0) { /* goods that are not ours bear no cost */
            m_post(run, "shipping_cost", freight[i], item, paper->to, -1, -1);
            m_post(run, "accrued_shipping", -freight[i], item, paper->to, -1, -1);
            continue;
        }
        int64_t *by_qty = ARENA_ARRAY(run->arena, int64_t, (size_t)taken.count + 1);
        int64_t *parts = ARENA_ARRAY(run->arena, int64_t, (size_t)taken.count + 1);
        must(by_qty && parts);
        for (int k = 0; k < taken.count; k++)
            by_qty[k] = run->pieces.at[taken.at[k]].qty;
        split_by_weight(freight[i], by_qty, (size_t)taken.count, parts);
        for (int k = 0; k < taken.count; k++) {
            struct piece *piece = &run->pieces.at[taken.at[k]];
            piece->value += parts[k];
            piece->where = IN_TRANSIT;
            piece->transfer = run->paper;
            piece->transfer_line = (int)i;
            piece->place = ++run->next_place;
            if (is_average(run, item)) {
                m_pool_at(run, item, transit_pool(run))->value += piece->value;
                piece->value = 0;
            }
        }
        post_stock(run, "inventory_in_transit", issued.total + freight[i], item, -1);
        m_post(run, "accrued_shipping", -freight[i], item, paper->to, -1, -1);
    }
    if (cost && !capitalise) {
        m_post(run, "shipping_cost", cost, -1, paper->to, -1, -1);
        m_post(run, "accrued_shipping", -cost, -1, paper->to, -1, -1);
    }
    return true;
}

/* Units that this very movement has settled come last: they would settle one another in ever smaller parts. */
static bool just_settled(const struct run *run, const struct piece *piece) { return piece->settled_at == run->at + 1; }

static int next_in_transit(const struct run *run, int item, int transfer, int line)
{
    int found = -1;
    for (int i = 0; i < run->pieces.count; i++) {
        const struct piece *piece = &run->pieces.at[i];
        if (piece->where != IN_TRANSIT || piece->item != item || piece->transfer != transfer ||
            piece->transfer_line != line)
            continue;
        const struct piece *best = found < 0 ? NULL : &run->pieces.at[found];
        if (!best || (just_settled(run, piece) != just_settled(run, best) ? just_settled(run, best)
                                                                          : before_in_queue(piece, best)))
            found = i;
    }
    return found;
}

static bool receive_transfer(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    run->about.location = paper->to;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        int item = paper->items[i];
        int64_t stated = line->received_qty == M_NONE ? line->qty : line->received_qty;
        int64_t qty = stock_units(run, item, line, stated, MICRO);
        if (stated > line->qty)
            return m_refuse_late(run, "waiting", "exceeds_open");
        if (run->settings->company_scope) {
            *m_counter(run, run->own, item, paper->to) += qty;
            *m_counter(run, run->moving, item, 0) -= qty;
            continue;
        }
        bool average = is_average(run, item);
        struct pool *transit = m_pool_at(run, item, transit_pool(run));
        int64_t in_transit = 0;
        for (int k = 0; k < run->pieces.count; k++)
            if (run->pieces.at[k].where == IN_TRANSIT && run->pieces.at[k].item == item)
                in_transit += run->pieces.at[k].qty;
        /* Reading: in transit is a pool, so under average it has one value too, whichever transfer its units are of. */
        int64_t of_it = 0;
        for (int k = 0; k < run->pieces.count; k++)
            if (run->pieces.at[k].where == IN_TRANSIT && run->pieces.at[k].item == item &&
                run->pieces.at[k].transfer == run->paper && run->pieces.at[k].transfer_line == (int)i)
                of_it += run->pieces.at[k].qty;
        int64_t worth_of = least(qty, of_it);
        int64_t worth = average && worth_of ? m_draw(transit->value, worth_of, in_transit) : 0;
        transit->value -= worth;
        while (qty > 0) {
            int at = next_in_transit(run, item, run->paper, (int)i);
            if (at < 0) { /* own units first, then consigned ones */
                int consigned = next_consigned(run, item, -1, run->paper, (int)i, -1);
                must(consigned >= 0);
                struct consigned_lot moved = take_consigned(run, consigned, qty);
                moved.transfer = moved.transfer_line = -1;
                moved.location = paper->to;
                put_consigned(run, moved);
                qty -= moved.qty;
                continue;
            }
            int64_t part = least(qty, run->pieces.at[at].qty);
            int slice = split_piece(run, at, part);
            if (average) {
                run->pieces.at[slice].value = m_draw(worth, part, worth_of);
                worth -= run->pieces.at[slice].value;
                worth_of -= part;
                in_transit -= part;
                if (in_transit == 0) { /* what came to the pool meanwhile goes with its last units */
                    run->pieces.at[slice].value += transit->value;
                    transit->value = 0;
                }
            }
            qty -= part;
            post_stock(run, "inventory_in_transit", -run->pieces.at[slice].value, item, -1);
            enter(run, slice, paper->to, 0);
        }
        follow(run);
    }
    return true;
}

bool m_read_transfer(struct run *run, int leg) { return leg == 0 ? ship_transfer(run) : receive_transfer(run); }

/* --- counts, adjustments, status ------------------------------------------------------------------ */

static int64_t on_hand(const struct run *run, int item, int location)
{
    return *m_counter(run, run->own, item, location) + *m_counter(run, run->damaged, item, location) +
           *m_counter(run, run->consigned, item, location);
}

/* Of all that is on hand fewer were found: own units are missing first, then consigned, then damaged ones; no more stay in
 * quarantine than are left. */
static bool fewer_on_hand(struct run *run, int item, int location, int64_t missing)
{
    int64_t own = most(0, *m_counter(run, run->own, item, location));
    int64_t valued = least(missing, own + *m_counter(run, run->consigned, item, location));
    int64_t *quarantined = m_counter(run, run->quarantined, item, location);
    if (valued > 0 && !issue_to(run, item, location, valued, "shrinkage", NULL))
        return false;
    *m_counter(run, run->damaged, item, location) -= missing - valued;
    *quarantined = least(*quarantined, most(0, *m_counter(run, run->own, item, location) +
                                                   *m_counter(run, run->consigned, item, location)));
    return true;
}

/* A pool's layers of one lot; `listed` instead: those of none of the lots that the count lists for the item. */
static places layers_of_lot(struct run *run, int item, int location, const char *lot, const struct m_lines *listed)
{
    places layers = m_layers_of(run, item, location), found = {0};
    for (int i = 0; i < layers.count; i++) {
        const char *text = lot_text(run, &run->pieces.at[layers.at[i]]);
        bool counted = lot ? is(text, lot) : true;
        for (size_t k = 0; !lot && k < listed->count; k++)
            counted =
                counted && !(same(listed->at[k].sku, run->items[item].sku) && text && is(listed->at[k].lot, text));
        if (counted)
            *LIST_ADD(run->arena, found) = layers.at[i];
    }
    return found;
}

/* A count by lot looks at layers only. */
static bool count_lot(struct run *run, int item, int location, const struct m_line *stated, int line, places layers)
{
    int64_t found = stated ? stock_units(run, item, stated, stated->qty, MICRO) : 0, held = 0;
    for (int i = 0; i < layers.count; i++)
        held += run->pieces.at[layers.at[i]].qty;
    if (found > held) {
        gain_from(run, item, location, found - held, stated, "shrinkage", line);
        return true;
    }
    struct pool *pool = m_pool_at(run, item, location);
    int64_t missing = held - found, worth = draw_pool(run, item, location, missing), worth_of = missing, lost = 0;
    for (int i = 0; i < layers.count && missing > 0; i++) {
        int64_t part = least(missing, run->pieces.at[layers.at[i]].qty);
        int64_t place = run->pieces.at[layers.at[i]].place;
        int slice = split_piece(run, layers.at[i], part);
        struct piece *piece = &run->pieces.at[slice];
        piece->from_pool = location;
        piece->from_place = place;
        if (is_average(run, item)) {
            piece->value = m_draw(worth, part, worth_of);
            worth -= piece->value;
            worth_of -= part;
        } else {
            pool->last_value = piece->value;
            pool->last_qty = part;
        }
        lost += piece->value;
        missing -= part;
        *m_counter(run, run->own, item, location) -= part;
        go(run, slice, going_to("shrinkage", location));
    }
    post_stock(run, "inventory", -lost, item, location);
    post_stock(run, "shrinkage", lost, item, location);
    return true;
}

static bool count_line(struct run *run, int item, int location, const struct m_line *stated, const char *status,
                       int line)
{
    int64_t found = stated ? stock_units(run, item, stated, stated->qty, MICRO) : 0;
    int64_t *damaged = m_counter(run, run->damaged, item, location);
    int64_t *quarantined = m_counter(run, run->quarantined, item, location);
    if (is(status, "damaged")) {
        *damaged = found;
        return true;
    }
    int64_t known = on_hand(run, item, location);
    if (is(status, "sellable"))
        known -= *damaged + *quarantined;
    if (is(status, "quarantined")) {
        known = *quarantined;
        *quarantined = found;
    }
    if (found < known)
        return status ? issue_to(run, item, location, known - found, "shrinkage", NULL)
                      : fewer_on_hand(run, item, location, known - found);
    if (found > known)
        gain_from(run, item, location, found - known, stated, "shrinkage", line);
    return true;
}

/* What a complete count does not list is zero. Where all its lines are of one status, it looked at that status only; of an
 * item listed by lot the other lots are zero. */
static bool count_rest(struct run *run, int item, int location, const struct m_lines *lines)
{
    const char *status = lines->count ? lines->at[0].status : NULL;
    bool by_lot = false;
    for (size_t i = 0; i < lines->count; i++) {
        bool equal = status ? is(lines->at[i].status, status) : !lines->at[i].status;
        status = equal ? status : NULL;
        if (!same(lines->at[i].sku, run->items[item].sku))
            continue;
        if (!lines->at[i].lot)
            return true; /* it is listed */
        by_lot = true;
    }
    if (by_lot)
        return count_lot(run, item, location, NULL, -1, layers_of_lot(run, item, location, NULL, lines));
    return count_line(run, item, location, NULL, status, -1);
}

bool m_read_count(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    run->about.location = paper->location;
    const struct m_document *d = paper->d;
    if (!knows_units(run))
        return false;
    for (size_t i = 0; i < d->lines.count; i++)
        if (d->lines.at[i].lot && run->settings->company_scope)
            return m_refuse(run, "failed", "unsupported");
    for (int item = 0; d->complete == M_TRUE && item < run->item_count; item++)
        if (!count_rest(run, item, paper->location, &d->lines))
            return false;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        int item = paper->items[i];
        if (line->lot ? !count_lot(run, item, paper->location, line, (int)i,
                                   layers_of_lot(run, item, paper->location, line->lot, NULL))
                      : !count_line(run, item, paper->location, line, line->status, (int)i))
            return false;
    }
    return true;
}

static const char *reason_role(const char *reason)
{
    static const struct {
        const char *reason, *role;
    } roles[] = {
        {"scrap", "scrap"},
        {"sample", "samples"},
        {"samples", "samples"},
        {"own_use", "own_use"},
        {"owner", "drawings"},
        {"damaged", "damaged_goods_write_off"},
        {"lost", "shrinkage"},
        {"found", "shrinkage"},
        {"shrinkage", "shrinkage"},
        {"write_down", "inventory_write_down"},
        {"revaluation", "revaluation"},
    };
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (same(roles[i].reason, reason))
            return roles[i].role;
    return "stock_adjustments";
}

/* What of a write-down may be taken back today: under us_gaap only what was written down in the same year. */
static int64_t open_down(const struct run *run, int64_t down, int down_year)
{
    int year, month, of_month;
    day_to_civil(run->day, &year, &month, &of_month);
    return run->settings->ifrs || down_year == year ? down : 0;
}

static void note_down(const struct run *run, int64_t *down, int *down_year, int64_t value)
{
    int month, of_month;
    *down = open_down(run, *down, *down_year) - value;
    day_to_civil(run->day, down_year, &month, &of_month);
}

static bool change_value(struct run *run, int item, int location, int64_t value, const char *role)
{
    bool write_down = same(role, "inventory_write_down");
    struct pool *p = m_pool_at(run, item, m_pool_of(run, location));
    int pool = m_pool_of(run, location);
    int64_t worth = m_held_value(run, item, pool);
    places layers = m_layers_of(run, item, pool);
    /* Reading: a pool without layers has nothing a value could be added to. */
    if (layers.count == 0 || value < -worth)
        return m_refuse_late(run, "waiting", "exceeds_open");
    int64_t open = open_down(run, p->down, p->down_year);
    for (int i = 0; i < layers.count; i++)
        open += open_down(run, run->pieces.at[layers.at[i]].down, run->pieces.at[layers.at[i]].down_year);
    if (write_down && value > open)
        return m_refuse_late(run, "waiting", "exceeds_open");
    if (is_average(run, item)) {
        p->value += value;
        if (write_down)
            note_down(run, &p->down, &p->down_year, value);
    } else {
        int64_t *weights = ARENA_ARRAY(run->arena, int64_t, (size_t)layers.count);
        int64_t *parts = ARENA_ARRAY(run->arena, int64_t, (size_t)layers.count);
        must(weights && parts);
        for (int i = 0; i < layers.count; i++)
            weights[i] = write_down && value > 0
                             ? open_down(run, run->pieces.at[layers.at[i]].down, run->pieces.at[layers.at[i]].down_year)
                             : run->pieces.at[layers.at[i]].value;
        split_by_weight(value, weights, (size_t)layers.count, parts);
        for (int i = 0; i < layers.count; i++) {
            struct piece *piece = &run->pieces.at[layers.at[i]];
            piece->value += parts[i];
            if (write_down && parts[i])
                note_down(run, &piece->down, &piece->down_year, parts[i]);
        }
    }
    post_stock(run, "inventory", value, item, pool);
    post_stock(run, role, -value, item, location);
    return true;
}

/* Of what an adjustment takes the lot named is the pick. */
static struct m_lines adjusted_lot(struct run *run, int item, const struct m_line *line)
{
    struct m_lines picks = line->picks;
    if (!line->lot || line->qty >= 0)
        return picks;
    picks = m_lines_new(run->arena, 1);
    picks.at[0].lot = line->lot;
    picks.at[0].qty = -stock_units(run, item, line, line->qty, MICRO);
    return picks;
}

bool m_read_adjustment(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    run->about.location = paper->location;
    const struct m_document *d = paper->d;
    const char *role = reason_role(d->reason);
    if (!knows_units(run))
        return false;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        struct m_lines picks = adjusted_lot(run, paper->items[i], line);
        if (line->value == M_NONE && line->qty < 0 &&
            !picks_all(run, paper->items[i], -stock_units(run, paper->items[i], line, line->qty, MICRO), &picks))
            return false;
    }
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        int item = paper->items[i];
        int64_t qty = stock_units(run, item, line, line->qty, MICRO);
        struct m_lines picks = adjusted_lot(run, item, line);
        if (line->value != M_NONE) {
            if (!change_value(run, item, paper->location, m_in_company(run, line->value), role))
                return false;
        } else if (qty < 0) {
            if (!issue_to(run, item, paper->location, -qty, role, &picks))
                return false;
        } else {
            gain_from(run, item, paper->location, qty, line, role, (int)i);
        }
    }
    return true;
}

bool m_read_status_change(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    run->about.location = paper->location;
    const struct m_document *d = paper->d;
    if (!knows_units(run))
        return false;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        int item = paper->items[i];
        int64_t qty = stock_units(run, item, line, line->qty, MICRO);
        int64_t *damaged = m_counter(run, run->damaged, item, paper->location);
        int64_t *quarantined = m_counter(run, run->quarantined, item, paper->location);
        /* Reading: no more can leave a status than its counter holds; sellable has none and may be owed. */
        if (is(line->from, "damaged") && qty > *damaged)
            return m_refuse_late(run, "waiting", "exceeds_open");
        if (is(line->from, "quarantined") && qty > *quarantined)
            return m_refuse_late(run, "waiting", "exceeds_open");
        *damaged -= is(line->from, "damaged") ? qty : 0;
        *quarantined -= is(line->from, "quarantined") ? qty : 0;
        if (is(line->to, "damaged") && !is(line->from, "damaged") &&
            !issue_to(run, item, paper->location, qty, "damaged_goods_write_off", NULL))
            return false;
        if (is(line->from, "damaged") && !is(line->to, "damaged"))
            gain_from(run, item, paper->location, qty, NULL, "damaged_goods_write_off", (int)i);
        *damaged += is(line->to, "damaged") ? qty : 0;
        *quarantined += is(line->to, "quarantined") ? qty : 0;
    }
    return true;
}

/* --- back to the supplier ------------------------------------------------------------------------- */

static bool supplier_return_line(struct run *run, int line_number)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_line *line = &paper->d->lines.at[line_number];
    int receipt = paper->targets[line_number];
    int at = receipt >= 0 ? m_receipt_line_named(run, receipt, line->receipt.id, line->line, line->sku) : -1;
    if (receipt >= 0 && at < 0)
        return m_refuse_late(run, "failed", at == -2 ? "line_ambiguous" : "line_unknown");
    struct receipt_line *kept = receipt >= 0 ? m_receipt_line_of(run, receipt, at) : NULL;
    int item = kept ? kept->item : paper->items[line_number];
    if (receipt >= 0 && !kept)
        return m_refuse_late(run, "waiting", "exceeds_open");
    must(item >= 0);
    int64_t qty =
        stock_units(run, item, line, line->qty, kept && line->line && !line->sku ? receipt_factor(run, kept) : MICRO);
    if (kept && qty > kept->qty - kept->sent_back)
        return m_refuse_late(run, "waiting", "exceeds_open");
    if (kept && kept->consigned) { /* they were never ours: nothing is posted */
        while (qty > 0) {
            int from = next_consigned(run, item, paper->location, -1, -1, (int)(kept - run->receipts.at));
            if (from < 0)
                return m_refuse_late(run, "waiting", "exceeds_open");
            qty -= take_consigned(run, from, qty).qty;
        }
        return true;
    }
    places taken = {0};
    struct issued issued;
    bool known;
    int64_t in_layers = least(qty, m_held_qty(run, item, m_pool_of(run, paper->location)));
    bool at_current = run->settings->supplier_return == M_CURRENT && !is_average(run, item);
    int64_t current = in_layers > 0 ? m_gain_value(run, item, paper->location, in_layers, &known) : 0;
    struct wish wish = {
        kept && run->settings->supplier_return == M_ORIGINAL_LAYER && !is_average(run, item) ? kept->lot : -1, true};
    if (!take_units(run, item, paper->location, qty, &line->picks, wish, &taken, &issued))
        return false;
    /* The units leave the row; what they owe settles against price difference. */
    for (int i = 0; i < taken.count; i++)
        run->pieces.at[taken.at[i]].where = NOWHERE;
    int64_t not_billed = kept ? least(qty, kept->unbilled) : 0;
    int64_t billed = qty - not_billed;
    int64_t carried = 0, credit = 0;
    if (not_billed > 0) {
        carried = m_draw(kept->grni, not_billed, kept->unbilled);
        kept->grni_foreign -= m_draw(kept->grni_foreign, not_billed, kept->unbilled);
        kept->grni -= carried;
        kept->unbilled -= not_billed;
    }
    if (billed > 0) {
        /* Reading: without a receipt the default credit is what the units were worth. */
        if (line->credit != M_NONE)
            credit = m_draw(m_in_company(run, line->credit), billed, qty);
        else if (kept)
            credit = m_rounded(kept->value, billed, kept->qty);
        else
            credit = m_draw(at_current ? current + issued.owed : issued.total, billed, qty);
        if (kept) {
            kept->billed_foreign -= m_draw(kept->billed_foreign, billed, kept->billed);
            kept->billed_carried -= m_draw(kept->billed_carried, billed, kept->billed);
            kept->billed -= billed;
        }
    }
    if (kept)
        kept->sent_back += qty;
    m_post(run, "grni", carried, item, -1, -1, -1);
    m_post(run, "accounts_payable", credit, item, -1, -1, -1);
    post_stock(run, "price_difference", issued.total - carried - credit, item, -1);
    return true;
}

bool m_read_supplier_return(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    for (size_t i = 0; i < paper->d->lines.count; i++)
        if (!supplier_return_line(run, (int)i))
            return false;
    return true;
}

/* --- customers' returns and deliveries ------------------------------------------------------------ */

/* Units the pool of their issue still owes: they were never a layer of it, and nothing settled them. */
static bool still_owed(const struct run *run, const struct piece *piece)
{
    const struct lot *lot = &run->lots.at[piece->lot];
    return lot->kind == LOT_OWED && lot->qty > 0 && piece->from_place == 0 && piece->from_pool == lot->pool;
}

static bool is_of_line(const struct piece *piece, int order, int line, int part)
{
    return piece->where == GONE && piece->to.order == order && piece->to.line == line && piece->to.part == part;
}

static int next_to_come_back(const struct run *run, int order, int line, int part)
{
    int found = -1;
    for (int i = 0; i < run->pieces.count; i++) {
        const struct piece *piece = &run->pieces.at[i];
        if (!is_of_line(piece, order, line, part) || piece->kept)
            continue;
        const struct piece *best = found < 0 ? piece : &run->pieces.at[found];
        bool owed = still_owed(run, piece), best_owed = still_owed(run, best);
        bool settled = just_settled(run, piece), best_settled = just_settled(run, best);
        if (found < 0 || (owed != best_owed         ? owed
                          : settled != best_settled ? best_settled
                                                    : before_in_row(piece, best)))
            found = i;
    }
    return found;
}

/* An owed unit comes back into the pool that owes it: the slice shrinks, no layer. */
static void cancel_owed(struct run *run, int slice, int location)
{
    struct piece *piece = &run->pieces.at[slice];
    struct lot *lot = &run->lots.at[piece->lot];
    /* Reading: the slice shrinks by the draw of the line's own units, so that the line's cost ends at zero; what
     * rounding leaves on the slice when its last unit is gone is price difference. */
    int64_t carried = piece->qty == lot->qty ? lot->value : least(piece->value, lot->value);
    lot->qty -= piece->qty;
    lot->value -= carried;
    *m_counter(run, run->own, piece->item, location) += piece->qty;
    post_stock(run, "inventory_owed", carried, piece->item, lot->pool);
    post_stock(run, "price_difference", piece->value - carried, piece->item, -1);
    piece->where = NOWHERE;
}

static int line_item(const struct run *run, int order, int line, int part)
{
    return run->orders[order].lines.at[line].parts[part].item;
}

enum { NOT_OF_THE_LINE = -1 };

/* No layer goes below zero, under average not the pool. */
static int64_t least_that_enters(struct run *run, int item, int location)
{
    return is_average(run, item) ? -m_pool_at(run, item, m_pool_of(run, location))->value : 0;
}

/* One slice of a line comes back: into a pool, or damaged. */
static void slice_comes_back(struct run *run, int slice, bool owed, const char *disposition, int location)
{
    struct piece *piece = &run->pieces.at[slice];
    int item = piece->item;
    int64_t units = piece->qty;
    if (is(disposition, "damaged")) {
        struct destination written_off = going_to("damaged_goods_write_off", piece->to.location);
        written_off.order = piece->to.order;
        written_off.line = piece->to.line;
        written_off.part = NOT_OF_THE_LINE; /* it does not come back once more */
        post_destination(run, &written_off, piece->value, item);
        go(run, slice, written_off);
        *m_counter(run, run->damaged, item, location) += units;
    } else if (owed && run->lots.at[piece->lot].pool == m_pool_of(run, location)) {
        cancel_owed(run, slice, location);
    } else {
        bool old_place =
            !run->settings->returned_last && piece->from_place > 0 && piece->from_pool == m_pool_of(run, location);
        int64_t least_value = least_that_enters(run, item, location);
        if (piece->value < least_value) {
            post_stock(run, "price_difference", piece->value - least_value, item, -1);
            piece->value = least_value;
        }
        enter(run, slice, location, old_place ? piece->from_place : 0);
    }
}

/* Units that were consigned and are not billed yet are consigned again. */
static void consigned_come_back(struct run *run, int slice, struct receipt_line *kept, int location)
{
    struct piece *piece = &run->pieces.at[slice];
    int64_t carried = m_draw(kept->grni, piece->qty, kept->unbilled);
    kept->unbilled -= piece->qty;
    kept->grni -= carried;
    post_destination(run, &piece->to, -piece->value, piece->item);
    m_post(run, "accrued_purchases", carried, piece->item, -1, -1, -1);
    post_stock(run, "price_difference", piece->value - carried, piece->item, -1);
    put_consigned(run, (struct consigned_lot){.item = piece->item,
                                              .location = location,
                                              .receipt = (int)(kept - run->receipts.at),
                                              .transfer = -1,
                                              .transfer_line = -1,
                                              .place = run->settings->returned_last ? 0 : piece->from_place,
                                              .qty = piece->qty,
                                              .value = carried});
    piece->where = NOWHERE;
}

/* Lost or kept: nothing is posted; the line's next units to come back are those that will not any more. */
static bool keep_units(struct run *run, int order, int line, int part, int64_t qty)
{
    while (qty > 0) {
        int at = next_to_come_back(run, order, line, part);
        if (at < 0) /* Reading: consigned goods have no slices */
            return m_refuse_late(run, "failed", "unsupported");
        if (qty < run->pieces.at[at].qty)
            split_in_place(run, at, qty);
        run->pieces.at[at].kept = true;
        qty -= run->pieces.at[at].qty;
    }
    return true;
}

bool m_return_units(struct run *run, int order, int line, int part, int64_t qty, const char *disposition, int location,
                    int return_line)
{
    bool into_stock = !disposition || same(disposition, "sellable") || same(disposition, "quarantined");
    if (!into_stock && !is(disposition, "damaged"))
        return keep_units(run, order, line, part, qty);
    bool at_current = into_stock && run->settings->return_at_current;
    int item = line_item(run, order, line, part);
    int64_t own = 0, at_cost = 0;
    struct destination sold = {0};
    if (is(disposition, "quarantined"))
        *m_counter(run, run->quarantined, item, location) += qty;
    while (qty > 0) {
        int at = next_to_come_back(run, order, line, part);
        must(at >= 0);
        int64_t units = least(qty, run->pieces.at[at].qty);
        struct receipt_line *kept = consigned_receipt(run, run->pieces.at[at].lot);
        run->about = (struct about){location, order, line};
        if (kept && into_stock && kept->unbilled > 0) {
            units = least(units, kept->unbilled);
            consigned_come_back(run, split_piece(run, at, units), kept, location);
            qty -= units;
            continue;
        }
        bool owed = still_owed(run, &run->pieces.at[at]);
        int slice = split_piece(run, at, units);
        struct piece *piece = &run->pieces.at[slice];
        qty -= units;
        post_destination(run, &piece->to, -piece->value, item);
        if (at_current && !owed) {
            at_cost += units;
            own += piece->value;
            sold = piece->to;
        } else {
            slice_comes_back(run, slice, owed, disposition, location);
        }
    }
    follow(run);
    if (at_cost == 0)
        return true;
    /* return_cost current: one new layer at today's cost; the rest of the old cost stays sold. Reading: even where
     * the units were still in goods out, which holds slices only. */
    bool known;
    int64_t value = m_gain_value(run, item, location, at_cost, &known);
    value = most(known ? value : own, least_that_enters(run, item, location));
    sold.role = same(sold.role, "goods_out")                ? "cogs"
                : same(sold.role, "deferred_dropship_cost") ? "cost_of_sales_dropship"
                                                            : sold.role;
    post_destination(run, &sold, own - value, item);
    m_inflow(run, item, location, LOT_OTHER, return_line, at_cost, value, NULL);
    return true;
}

void m_deliver_units(struct run *run, int order, int line, int part, int shipment, int64_t qty)
{
    while (qty > 0) {
        int found = -1;
        for (int i = 0; i < run->pieces.count; i++) {
            const struct piece *piece = &run->pieces.at[i];
            if (is_of_line(piece, order, line, part) && (shipment < 0 || piece->to.shipment == shipment) &&
                !piece->delivered &&
                (same(piece->to.role, "goods_out") || same(piece->to.role, "deferred_dropship_cost")) &&
                (found < 0 ||
                 (piece->kept != run->pieces.at[found].kept ? run->pieces.at[found].kept
                                                            : before_in_row(piece, &run->pieces.at[found]))))
                found = i;
        }
        if (found < 0) /* nothing of stock: a service */
            return;
        int64_t units = least(qty, run->pieces.at[found].qty);
        /* Reading: of a slice delivered in part the delivered units are the first. */
        int at = found;
        if (units < run->pieces.at[found].qty)
            split_in_place(run, found, units);
        qty -= units;
        struct piece *piece = &run->pieces.at[at];
        post_destination(run, &piece->to, -piece->value, piece->item);
        piece->to.role = same(piece->to.role, "goods_out") ? "cogs" : "cost_of_sales_dropship";
        piece->gone_day = run->day;
        piece->delivered = true;
        post_destination(run, &piece->to, piece->value, piece->item);
    }
}

/* --- the rest -------------------------------------------------------------------------------------- */

/* The output holds its share of every unit consumed: the units went into its lot, and a later cost follows them there. */
bool m_read_assembly(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    const struct m_line *made = &d->produce.at[0];
    if (!knows_units(run))
        return false;
    int64_t value = d->added_cost == M_NONE ? 0 : m_in_company(run, d->added_cost);
    int lot = add_lot(run, LOT_OTHER, paper->item, -1);
    m_post(run, "production_costs_absorbed", -value, -1, -1, -1, -1);
    for (size_t i = 0; i < d->consume.count; i++) {
        const struct m_line *line = &d->consume.at[i];
        struct destination to = going_to("inventory", paper->location);
        struct issued issued;
        to.output = lot;
        if (!m_issue(run, paper->items[i], paper->location, stock_units(run, paper->items[i], line, line->qty, MICRO),
                     to, &line->picks, &issued))
            return false;
        value += issued.total;
    }
    int64_t qty = stock_units(run, paper->item, made, made->qty, MICRO);
    enter(run, add_piece(run, paper->item, lot, qty, value), paper->location, 0);
    follow(run);
    return true;
}

/* --- the opening ---------------------------------------------------------------------------------- */

static struct receipt_line *add_old_line(struct run *run, int line, int item)
{
    int lot = add_lot(run, LOT_RECEIPT, item, line);
    struct receipt_line *kept = LIST_ADD(run->arena, run->receipts);
    *kept = (struct receipt_line){.paper = run->paper, .line = line, .item = item, .lot = lot};
    return kept;
}

/* What is left of an old receipt is billed, but for what a purchase says. */
static void old_line_billed(struct receipt_line *kept)
{
    kept->billed = kept->qty - kept->unbilled;
    kept->billed_carried = m_draw(kept->value, kept->billed, kept->qty);
}

static void open_layer(struct run *run, int at)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_line *layer = &paper->d->layers.at[at];
    int item = paper->items[at], first = first_layer(paper->d, layer->receipt.id, layer->sku), location = 0;
    int64_t value = m_in_company(run, layer->value);
    struct receipt_line *kept = first >= 0 && first < at ? m_receipt_line_of(run, run->paper, first) : NULL;
    kept = kept ? kept : add_old_line(run, at, item);
    for (int i = 0; layer->location && i < run->location_count; i++)
        location = same(run->locations[i], layer->location) ? i : location;
    kept->qty += layer->qty;
    kept->value += value;
    old_line_billed(kept);
    enter(run, add_piece(run, item, kept->lot, layer->qty, value), location, 0);
    follow(run);
    m_post(run, "opening_equity", -value, item, -1, -1, -1);
}

static void open_purchase(struct run *run, int at)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_line *purchase = &paper->d->purchases.at[at];
    int layers = (int)paper->d->layers.count, item = paper->items[layers + at];
    int first = first_layer(paper->d, purchase->receipt.id, purchase->sku);
    int64_t amount = m_in_company(run, purchase->amount);
    struct receipt_line *kept = first >= 0 ? m_receipt_line_of(run, run->paper, first) : NULL;
    if (!kept) {
        kept = add_old_line(run, layers + at, item);
        kept->value = amount;
    }
    int64_t missing = purchase->qty - kept->qty;
    kept->qty = most(kept->qty, purchase->qty);
    kept->unbilled = purchase->qty;
    kept->grni = amount;
    old_line_billed(kept);
    if (missing > 0) /* they went before the cut-over: nobody is left to bear a difference */
        go(run, add_piece(run, item, kept->lot, missing, 0), going_to("price_difference", -1));
    m_post(run, "grni", -amount, item, -1, -1, -1);
    m_post(run, "opening_equity", amount, item, -1, -1, -1);
}

/* The balance that stands for items is what they sum to. */
static bool ties(const struct m_document *d)
{
    static const char *const roles[] = {"inventory", "customer_deposits", "accounts_receivable",
                                        "grni",      "gateway_clearing",  "gift_card_liability"};
    int64_t items[6] = {0}, stated[6] = {0}, sum = 0;
    for (size_t i = 0; i < d->layers.count; i++)
        items[0] += d->layers.at[i].value;
    for (size_t i = 0; i < d->orders.count; i++) {
        items[1] -= m_or_zero(d->orders.at[i].deposit);
        items[2] += m_or_zero(d->orders.at[i].receivable);
    }
    for (size_t i = 0; i < d->purchases.count; i++)
        items[3] -= d->purchases.at[i].amount;
    for (size_t i = 0; i < d->clearing.count; i++)
        items[4] += d->clearing.at[i].amount;
    for (size_t i = 0; i < d->gift_cards.count; i++)
        items[5] -= d->gift_cards.at[i].amount;
    for (size_t i = 0; i < d->balances.count; i++) {
        sum += d->balances.at[i].amount;
        for (int k = 0; k < 6; k++)
            stated[k] += same(d->balances.at[i].account, roles[k]) ? d->balances.at[i].amount : 0;
    }
    bool tie = sum == 0;
    for (int k = 0; k < 6; k++)
        tie = tie && stated[k] == items[k];
    return d->balances.count == 0 || tie;
}

static void open_balance(struct run *run, const char *role, int64_t amount)
{
    m_post(run, role, amount, -1, -1, -1, -1);
    m_post(run, "opening_equity", -amount, -1, -1, -1, -1);
}

const char *m_opening_by_itself(const struct m_document *d) { return ties(d) ? NULL : "trial_balance"; }

bool m_read_opening(struct run *run)
{
    const struct m_document *d = run->papers[run->paper].d;
    static const char by_items[] =
        " inventory customer_deposits accounts_receivable grni gateway_clearing gift_card_liability ";
    for (size_t i = 0; i < d->orders.count; i++)
        for (size_t k = 0; k < i; k++)
            if (run->papers[run->paper].targets[k] == run->papers[run->paper].targets[i])
                return m_refuse(run, "failed", "bad_value");
    for (size_t i = 0; i < d->balances.count; i++) {
        struct span word = arena_print(run->arena, " %s ", d->balances.at[i].account);
        must(word.ptr);
        if (!strstr(by_items, word.ptr))
            open_balance(run, d->balances.at[i].account, m_in_company(run, d->balances.at[i].amount));
    }
    for (size_t i = 0; i < d->layers.count; i++)
        open_layer(run, (int)i);
    for (size_t i = 0; i < d->purchases.count; i++)
        open_purchase(run, (int)i);
    for (size_t i = 0; i < d->clearing.count; i++)
        open_balance(run, "gateway_clearing", m_in_company(run, d->clearing.at[i].amount));
    for (size_t i = 0; i < d->gift_cards.count; i++)
        open_balance(run, "gift_card_liability", -m_in_company(run, d->gift_cards.at[i].amount));
    return true;
}

/* A line of a receipt, or of what an opening says of the old one of that name: what is not billed of it, else what is left. */
int m_receipt_line_named(const struct run *run, int paper, const char *receipt, const char *line, const char *sku)
{
    const struct m_document *d = run->papers[paper].d;
    int found = -1;
    if (d->type == M_RECEIPT)
        return m_receipt_line_find(d, line, sku);
    for (size_t i = 0; i < d->purchases.count; i++) {
        const struct m_line *purchase = &d->purchases.at[i];
        if (!is(purchase->receipt.id, receipt) || !(line ? is(purchase->line, line) : is(sku, purchase->sku)))
            continue;
        int first = first_layer(d, receipt, purchase->sku);
        int at = first >= 0 ? first : (int)(d->layers.count + i);
        found = found == -1 ? at : -2;
    }
    return found != -1 || line ? found : first_layer(d, receipt, sku);
}

static places in_transit_of(struct run *run, int item)
{
    places moving = {0};
    for (int i = 0; i < run->pieces.count; i++)
        if (run->pieces.at[i].where == IN_TRANSIT && run->pieces.at[i].item == item)
            *LIST_ADD(run->arena, moving) = i;
    return moving;
}

/* Reading: (new - old) × the quantity of the pool, once, split over its layers by quantity, no layer below zero. */
static void revalue(struct run *run, int item, places layers, int64_t by, int pool)
{
    int64_t *weights = ARENA_ARRAY(run->arena, int64_t, (size_t)layers.count + 1);
    int64_t *parts = ARENA_ARRAY(run->arena, int64_t, (size_t)layers.count + 1);
    int64_t change = 0, total = 0, worth = 0;
    must(weights && parts);
    for (int i = 0; i < layers.count; i++) {
        weights[i] = run->pieces.at[layers.at[i]].qty;
        total += weights[i];
        worth += run->pieces.at[layers.at[i]].value;
    }
    must(amount_of(total, by, run->exponent, &change));
    split_by_weight(most(change, -worth), weights, (size_t)layers.count, parts);
    change = 0;
    for (int i = 0; i < layers.count; i++) {
        int64_t part = most(parts[i], -run->pieces.at[layers.at[i]].value);
        run->pieces.at[layers.at[i]].value += part;
        change += part;
    }
    post_stock(run, pool < 0 ? "inventory_in_transit" : "inventory", change, item, pool);
    post_stock(run, "revaluation", -change, item, -1);
}

/* A new standard revalues what is held. */
bool m_read_item(struct run *run)
{
    int item = run->papers[run->paper].item;
    const struct item *it = &run->items[item];
    if (it->papers.at[0] == run->paper)
        return true;
    const struct m_document *before = NULL;
    for (int i = 0; it->papers.at[i] != run->paper; i++)
        before = run->papers[it->papers.at[i]].d;
    int64_t old = m_or_zero(before->standard_cost), now = m_or_zero(run->papers[run->paper].d->standard_cost);
    if (m_method_of(run, item) != M_STANDARD || old == now)
        return true;
    for (int pool = 0; pool < run->location_count; pool++)
        revalue(run, item, m_layers_of(run, item, pool), now - old, pool);
    /* Reading: in transit is a pool too, and its units are held at standard. */
    revalue(run, item, in_transit_of(run, item), now - old, -1);
    return true;
}

/* What must hold at the end of every history: C-1, C-2, C-4, J-3. */
void m_check_stock(const struct run *run)
{
    must(run->followed == run->followings.count);
    for (int item = 0; item < run->item_count; item++) {
        int64_t held = 0, owed = 0, own = 0, transit = m_pool_at(run, item, transit_pool(run))->value, inventory = 0;
        int64_t inventory_owed = 0, in_transit = 0, goods_out = 0, out = 0;
        int last_pool = run->settings->company_scope ? 1 : run->location_count;
        for (int pool = 0; pool < last_pool; pool++) {
            int64_t pool_owed = 0, owed_value = 0;
            for (int i = 0; i < run->lots.count; i++) {
                const struct lot *lot = &run->lots.at[i];
                if (lot->kind == LOT_OWED && lot->item == item && lot->pool == pool) {
                    must(lot->qty >= 0 && lot->value >= 0 && (lot->qty > 0 || lot->value == 0));
                    pool_owed += lot->qty;
                    owed_value += lot->value;
                }
            }
            int64_t qty = m_held_qty(run, item, pool);
            must(qty == 0 || pool_owed == 0); /* C-4 */
            must(qty > 0 || m_held_value(run, item, pool) == 0);
            held += m_held_value(run, item, pool);
            owed += owed_value;
            if (!run->settings->company_scope)
                must(qty - pool_owed == *m_counter(run, run->own, item, pool));
            own += qty - pool_owed;
        }
        for (int location = 0; location < run->location_count; location++)
            own -= *m_counter(run, run->own, item, location);
        must(own == *m_counter(run, run->moving, item, 0));
        for (int i = 0; i < run->pieces.count; i++) {
            const struct piece *piece = &run->pieces.at[i];
            if (piece->item != item)
                continue;
            if (piece->where == IN_TRANSIT)
                transit += piece->value;
            if (piece->where == GONE && same(piece->to.role, "goods_out"))
                out += piece->value;
            if (piece->where == HELD)
                must(piece->qty > 0 && piece->value >= 0);
        }
        for (int i = 0; i < run->posted.count; i++) {
            const struct posted *posted = &run->posted.at[i];
            if (posted->item != item)
                continue;
            inventory += same(posted->role, "inventory") ? posted->amount : 0;
            inventory_owed += same(posted->role, "inventory_owed") ? posted->amount : 0;
            in_transit += same(posted->role, "inventory_in_transit") ? posted->amount : 0;
            goods_out += same(posted->role, "goods_out") ? posted->amount : 0;
        }
        must(inventory == held); /* J-3, each account */
        must(inventory_owed == -owed);
        must(in_transit == transit);
        must(goods_out == out);
    }
}
