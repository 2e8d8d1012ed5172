/* order_events.c: what shipments, cancels, deliveries and returns do to an order's book. Each handler first judges all
 * its units together (names, units of measure, caps), then moves them and posts. */
#include "order/order_fold.h"

#include "base/must.h"

static int64_t least_of(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- caps ---- */

static void forget_asked(const struct moves *moves)
{
    for (size_t i = 0; i < moves->count; i++) {
        moves->at[i].unit->asked_micro = 0;
    }
}

typedef enum refusal judge_move(struct book *book, const struct move *move);

static enum refusal judge_moves(struct book *book, const struct moves *moves, judge_move *judge)
{
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < moves->count && refusal == REFUSAL_NONE; i++) {
        moves->at[i].unit->asked_micro = sum_of(book, moves->at[i].unit->asked_micro, moves->at[i].qty_micro);
        refusal = judge(book, &moves->at[i]);
    }
    forget_asked(moves);
    return refusal;
}

static enum refusal say_units(struct book *book, enum refusal refusal, const struct move *move, const char *asked,
                              const char *of, int64_t of_micro)
{
    struct text wanted = qty_text(move->unit->asked_micro), held = qty_text(of_micro);
    return book_say(book, refusal, "line %.*s, %.*s: %s %s, %s %s", SPAN_ARG(move->line->id), SPAN_ARG(move->unit->sku),
                    wanted.at, asked, held.at, of);
}

/* ---- shipment ---- */

static enum refusal judge_shipment(struct book *book, const struct move *move)
{
    const struct book_unit *unit = move->unit;
    if (order_runs_by_days(move->line->terms)) {
        return REFUSAL_NONE; /* it is passed over */
    }
    if (unit->asked_micro > unit->ordered_micro - unit->shipped_micro) {
        return say_units(book, REFUSAL_EXCEEDS_ORDERED, move, "to ship", "ordered and not shipped",
                         unit->ordered_micro - unit->shipped_micro);
    }
    if (unit->asked_micro > unit_open(unit)) {
        return say_units(book, REFUSAL_EXCEEDS_OPEN, move, "to ship", "open", unit_open(unit));
    }
    return REFUSAL_NONE;
}

/* Does a whole-order shipment take this line? A dropship line is bound to a supplier, a line from stock to a location,
 * even where it names none; what is not goods goes with any shipment. */
static bool takes_line(const struct shipment *shipment, const struct book_line *line)
{
    const struct fulfil *fulfil = &line->terms->fulfil;
    if (order_runs_by_days(line->terms)) {
        return false;
    }
    bool is_goods =
        fulfil->by != FULFIL_DIGITAL && line->facts->kind != ITEM_SERVICE && line->facts->kind != ITEM_GIFT_CARD;
    if (shipment->supplier.ptr != NULL) {
        bool may_dropship = line->is_dropship || (line->facts->kind == ITEM_EITHER && fulfil->by == FULFIL_ABSENT);
        return is_goods
                   ? may_dropship && (fulfil->supplier.ptr == NULL || span_eq(fulfil->supplier, shipment->supplier))
                   : fulfil->supplier.ptr == NULL || span_eq(fulfil->supplier, shipment->supplier);
    }
    if (shipment->location.ptr != NULL) {
        return !line->is_dropship && (fulfil->location.ptr == NULL || span_eq(fulfil->location, shipment->location));
    }
    return true;
}

static enum refusal whole_shipment(struct book *book, const struct shipment *shipment, struct moves *moves)
{
    size_t room = 0;
    for (size_t i = 0; i < book->line_count; i++) {
        room += book->lines[i]->unit_count;
    }
    moves->at = ARENA_ARRAY(book->arena, struct move, room);
    moves->room = moves->at != NULL ? room : 0;
    for (size_t i = 0; i < book->line_count && !book->failed; i++) {
        struct book_line *line = book->lines[i];
        if (!takes_line(shipment, line)) {
            continue;
        }
        for (size_t u = 0; u < line->unit_count; u++) {
            int64_t open = unit_open(&line->units[u]);
            if (open > 0) {
                moves_add(book, moves,
                          &(struct move){
                              .line = line, .unit = &line->units[u], .qty_micro = open, .place = (int)line->place});
            }
        }
    }
    return moves->count > 0 || book->failed ? REFUSAL_NONE
                                            : book_say(book, REFUSAL_EXCEEDS_OPEN, "no line has open units to ship");
}

static enum refusal name_shipment(struct book *book, const struct shipment *shipment, struct moves *moves)
{
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < shipment->lines.count && refusal == REFUSAL_NONE; i++) {
        const struct shipment_line *line = &shipment->lines.at[i];
        refusal = moves_name(book, moves,
                             &(struct named){line->line, line->sku, line->component, line->uom, line->qty_micro,
                                             (int)i + 1, line, NULL});
    }
    if (refusal == REFUSAL_NONE) {
        refusal = judge_moves(book, moves, judge_shipment);
    }
    size_t kept = 0;
    for (size_t i = 0; i < moves->count; i++) {
        if (!order_runs_by_days(moves->at[i].line->terms)) {
            moves->at[kept++] = moves->at[i];
        }
    }
    moves->count = kept;
    return refusal;
}

/* An item that may come either way is dropshipped when its first shipment is a supplier's, and stays what it became. */
static enum refusal judge_supplier(struct book *book, const struct shipment *shipment, const struct moves *moves)
{
    for (size_t i = 0; i < moves->count && shipment->supplier.ptr != NULL; i++) {
        const struct book_line *line = moves->at[i].line;
        if (line->facts->kind == ITEM_EITHER && line->terms->fulfil.by == FULFIL_ABSENT && !line->is_dropship &&
            line->shipped_micro > 0) {
            return book_say(book, REFUSAL_UNSUPPORTED, "line %.*s: some units came from stock, now a supplier ships",
                            SPAN_ARG(line->id));
        }
    }
    return REFUSAL_NONE;
}

static void choose_supplier(const struct shipment *shipment, struct book_line *line)
{
    if (shipment->supplier.ptr == NULL) {
        return;
    }
    if (line->facts->kind == ITEM_EITHER && line->terms->fulfil.by == FULFIL_ABSENT) {
        line->is_dropship = true;
    }
    line->supplier = shipment->supplier;
}

static bool earns_when_shipped(const struct book *book)
{
    switch ((enum revenue_at)book->event->policy->revenue_at) {
    case REVENUE_AT_SHIPMENT: return true;
    case REVENUE_AT_DELIVERY: return false;
    case REVENUE_AT_PAYMENT: return false; /* at the payment, or right after the shipment where all is paid */
    }
    return true;
}

/* What nobody carries is delivered when it is shipped: digital goods, services and supplies; and a gift card sold is a
 * liability then. */
static bool needs_delivery(const struct book_line *line)
{
    return line->terms->fulfil.by != FULFIL_DIGITAL && line->facts->kind != ITEM_SERVICE &&
           line->facts->kind != ITEM_SUPPLY && line->facts->kind != ITEM_GIFT_CARD;
}

static struct stock_effect effect_of(const struct move *move, enum stock_effect_kind kind, struct span location)
{
    return (struct stock_effect){
        .kind = kind,
        .line = move->place,
        .part = move->unit->part,
        .order_line = move->line->id,
        .sku = move->unit->sku,
        .qty_micro = move->qty_micro,
        .location = location.ptr != NULL ? location : move->line->terms->fulfil.location,
        .unit_cost_micro = ABSENT,
    };
}

/* Ships one move; what it earns is posted with it. */
static void ship_move(struct book *book, const struct shipment *shipment, struct move *move, bool earns)
{
    struct book_line *line = move->line;
    struct book_unit *unit = move->unit;
    choose_supplier(shipment, line);
    int64_t sold = least_of(move->qty_micro, unit->sold_micro);
    unit->shipped_micro += move->qty_micro;
    unit->sold_micro -= sold;
    int64_t earned = earns ? least_of(move->qty_micro - sold, unit_awaiting(unit)) : 0;
    int64_t revenue = earned > 0 ? unit_earn(book, line, unit, earned) : 0;
    move->earned_micro = earned;
    book_earn_rest(book, line);
    book_touch(book, line);
    if (unit_moves_stock(line, unit)) {
        struct stock_effect *effect = &book->result->effects[book->result->effect_count++];
        *effect = effect_of(move, EFFECT_ISSUE, shipment->location);
        effect->picks_of = move->from;
        effect->earned_micro = sold + earned;
        effect->revenue_minor = book_at_rate(book, revenue);
    }
    if (sold > 0 && unit_moves_stock(line, unit)) {
        struct move shipped = *move;
        shipped.qty_micro = sold;
        book->result->effects[book->result->effect_count++] = effect_of(&shipped, EFFECT_UNSELL, (struct span){0});
    }
}

static void remember_shipment(struct book *book, const struct shipment *shipment, const struct moves *moves)
{
    if (!book->keeps_shipments) {
        return;
    }
    if (book->shipment_count == book->shipment_room) {
        size_t room = book->shipment_room ? book->shipment_room * 2 : 4;
        struct book_shipment *grown = ARENA_ARRAY(book->arena, struct book_shipment, room);
        if (grown == NULL) {
            book->failed = true;
            return;
        }
        if (book->shipment_count > 0) {
            memcpy(grown, book->shipments, book->shipment_count * sizeof *grown);
        }
        book->shipments = grown;
        book->shipment_room = room;
    }
    struct shipped_item *items = ARENA_ARRAY(book->arena, struct shipped_item, moves->count);
    if (items == NULL) {
        book->failed = true;
        return;
    }
    size_t count = 0;
    for (size_t i = 0; i < moves->count; i++) {
        const struct move *move = &moves->at[i];
        if (move->unit->shipped_in != book->number) {
            move->unit->shipped_in = book->number;
            move->unit->shipped_item = count;
            items[count++] = (struct shipped_item){.line = move->line, .unit = move->unit};
        }
        items[move->unit->shipped_item].qty_micro += move->qty_micro;
        items[move->unit->shipped_item].earned_micro += move->earned_micro;
    }
    const struct document *document = book->event->document;
    book->shipments[book->shipment_count++] =
        (struct book_shipment){document->source, document->id, shipment->location, items, count};
}

/* The account, then what the touched lines cost. */
void book_settle_touched(struct book *book, size_t first)
{
    for (size_t i = 0; i < book->touched_count; i++) {
        struct book_line *line = book->touched[i];
        line->shipped_micro = line_complete(line, UNITS_SHIPPED);
    }
    book_settle_earned(book, first);
    for (size_t i = 0; i < book->touched_count; i++) {
        book_settle_cost(book, book->touched[i]);
    }
}

static enum refusal post_shipment_cost(struct book *book, const struct shipment *shipment)
{
    const struct document *document = book->event->document;
    int64_t minor = or_zero(shipment->cost_minor);
    int64_t company = minor;
    if (document->money != book->home &&
        !amount_at_rate(minor, currency_exponent(document->money), book->event->rate_e10, currency_exponent(book->home),
                        &company)) {
        book->failed = true;
        return REFUSAL_NONE;
    }
    struct line line = {.role = ROLE_SHIPPING_COST,
                        .amount_minor = company,
                        .channel = book->channel,
                        .order = book->order,
                        .party = shipment->carrier};
    if (document->money != book->home) {
        line.original_currency = document->money;
        line.original_minor = minor;
    }
    lines_add(&book->result->lines, line);
    line.role = ROLE_ACCRUED_SHIPPING;
    lines_subtract(&book->result->lines, line);
    return REFUSAL_NONE;
}

/* What the lines of a shipment that goes too far would take from stock: whether their picks would do is judged before. */
static void keep_asked(struct book *book, const struct shipment *shipment, const struct moves *moves)
{
    struct stock_effect *asked = ARENA_ARRAY(book->arena, struct stock_effect, moves->count);
    if (asked == NULL) {
        book->failed = true;
        return;
    }
    book->result->asked = asked;
    for (size_t i = 0; i < moves->count; i++) {
        const struct book_line *line = moves->at[i].line;
        bool dropped = shipment->supplier.ptr != NULL && line->facts->kind == ITEM_EITHER;
        if (dropped || !unit_moves_stock(line, moves->at[i].unit)) {
            continue;
        }
        struct stock_effect *effect = &asked[book->result->asked_count++];
        *effect = effect_of(&moves->at[i], EFFECT_ISSUE, shipment->location);
        effect->picks_of = moves->at[i].from;
    }
}

enum refusal book_shipment(struct book *book)
{
    const struct shipment *shipment = &book->event->document->shipment;
    struct moves moves = {0};
    enum refusal refusal = book_need_version(book);
    if (refusal == REFUSAL_NONE) {
        refusal =
            shipment->lines.count == 0 ? whole_shipment(book, shipment, &moves) : name_shipment(book, shipment, &moves);
    }
    if (refusal == REFUSAL_EXCEEDS_ORDERED || refusal == REFUSAL_EXCEEDS_OPEN) {
        keep_asked(book, shipment, &moves);
    }
    if (refusal == REFUSAL_NONE) {
        refusal = judge_supplier(book, shipment, &moves);
    }
    if (refusal != REFUSAL_NONE || book->failed) {
        return refusal;
    }
    book->result->effects = ARENA_ARRAY(book->arena, struct stock_effect, moves.count * 2);
    if (book->result->effects == NULL) {
        book->failed = true;
        return REFUSAL_NONE;
    }
    bool earns = earns_when_shipped(book);
    for (size_t i = 0; i < moves.count; i++) {
        bool delivered = book->event->policy->revenue_at == REVENUE_AT_DELIVERY && !needs_delivery(moves.at[i].line);
        ship_move(book, shipment, &moves.at[i], earns || delivered);
    }
    book_settle_touched(book, 0);
    book_earn_paid(book);
    remember_shipment(book, shipment, &moves);
    return or_zero(shipment->cost_minor) > 0 ? post_shipment_cost(book, shipment) : REFUSAL_NONE;
}

/* ---- cancel ---- */

static enum refusal judge_cancel(struct book *book, const struct move *move)
{
    const struct book_line *line = move->line;
    struct text asked = qty_text(move->qty_micro);
    if (move->qty_micro > line->ordered_micro) {
        struct text held = qty_text(line->ordered_micro);
        return book_say(book, REFUSAL_EXCEEDS_ORDERED, "line %.*s: %s to cancel, %s ordered", SPAN_ARG(line->id),
                        asked.at, held.at);
    }
    int64_t passed = days_due(line, book->event->day - 1);
    if (move->qty_micro > line->ordered_micro - line->shipped_micro - passed) {
        struct text held = qty_text(line->shipped_micro + passed);
        return book_say(book, REFUSAL_SHIPPED_UNITS, "line %.*s: %s to cancel, %s shipped", SPAN_ARG(line->id),
                        asked.at, held.at);
    }
    if (move->qty_micro > line_open(line) - passed) {
        struct text held = qty_text(line_open(line) - passed);
        return book_say(book, REFUSAL_EXCEEDS_OPEN, "line %.*s: %s to cancel, %s open", SPAN_ARG(line->id), asked.at,
                        held.at);
    }
    return REFUSAL_NONE;
}

/* Cancels count lines (bundles), so one move stands for all units of a line; its unit is the first. */
static struct move open_of(const struct book *book, struct book_line *line)
{
    return (struct move){.line = line,
                         .unit = &line->units[0],
                         .qty_micro = line_open(line) - days_due(line, book->event->day - 1),
                         .place = (int)line->place};
}

/* A line named without a quantity: all of it that is open, which may be nothing. */
static enum refusal name_open(struct book *book, const struct line_qty *named, struct moves *moves)
{
    struct book_line *line = NULL;
    enum refusal refusal = book_line_find(book, named->line, named->sku, &line);
    struct move move = refusal == REFUSAL_NONE ? open_of(book, line) : (struct move){0};
    if (move.qty_micro > 0) {
        moves_add(book, moves, &move);
    }
    return refusal;
}

static enum refusal name_cancel(struct book *book, const struct cancel *cancel, struct moves *moves)
{
    for (size_t i = 0; i < cancel->lines.count; i++) {
        const struct line_qty *named = &cancel->lines.at[i];
        if (!is_present(named->qty_micro)) {
            enum refusal unnamed = name_open(book, named, moves);
            if (unnamed != REFUSAL_NONE || book->failed) {
                return unnamed;
            }
            continue;
        }
        struct moves units = {0};
        enum refusal refusal = moves_name(
            book, &units,
            &(struct named){named->line, named->sku, {0}, named->uom, named->qty_micro, (int)i + 1, NULL, NULL});
        if (refusal != REFUSAL_NONE || book->failed) {
            return refusal;
        }
        struct move move = units.at[0];
        move.qty_micro = units.line_micro;
        /* Of a service by days nobody names the fraction that is left: the rest is meant. */
        int64_t left = line_open(move.line) - days_due(move.line, book->event->day - 1);
        if (order_runs_by_days(move.line->terms) && left > 0 && move.qty_micro <= move.line->ordered_micro) {
            move.qty_micro = least_of(move.qty_micro, left);
        }
        moves_add(book, moves, &move);
    }
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < moves->count && refusal == REFUSAL_NONE; i++) {
        struct move *move = &moves->at[i];
        move->unit->asked_micro = sum_of(book, move->unit->asked_micro, move->qty_micro);
        refusal = judge_cancel(book, &(struct move){.line = move->line, .qty_micro = move->unit->asked_micro});
    }
    forget_asked(moves);
    return refusal;
}

static bool has_open_units(const struct book_line *line)
{
    for (size_t u = 0; u < line->unit_count; u++) {
        if (unit_open(&line->units[u]) > 0) {
            return true;
        }
    }
    return false;
}

static enum refusal whole_cancel(struct book *book, struct moves *moves)
{
    bool shipped = false, cancelled = false;
    for (size_t i = 0; i < book->line_count; i++) {
        struct book_line *line = book->lines[i];
        shipped |= line->shipped_micro > 0;
        cancelled |= line->cancelled_micro > 0;
        int64_t passed = days_due(line, book->event->day - 1);
        if (has_open_units(line) && (passed == 0 || line_open(line) > passed)) {
            struct move move = open_of(book, line);
            moves_add(book, moves, &move);
        }
    }
    if (moves->count > 0 || book->failed) {
        return REFUSAL_NONE;
    }
    return shipped && !cancelled ? book_say(book, REFUSAL_SHIPPED_UNITS, "every unit was shipped")
                                 : book_say(book, REFUSAL_EXCEEDS_OPEN, "no line has open units to cancel");
}

static void cancel_line(struct book *book, struct book_line *line, int64_t qty_micro)
{
    days_pass(book, line, book->event->day - 1);
    bool all = qty_micro == line_open(line);
    for (size_t u = 0; u < line->unit_count; u++) {
        struct book_unit *unit = &line->units[u];
        int64_t units = unit_open(unit);
        if (!all) {
            int64_t wanted = qty_micro;
            bool fits = !line->is_bundle || mul_div(qty_micro, unit->per_micro, MICRO, &wanted);
            must(fits); /* less than what is ordered */
            units = least_of(wanted, units);
        }
        int64_t back = units > 0 ? unit_cancel(book, line, unit, units) : 0;
        if (back > 0 && unit_moves_stock(line, unit)) {
            struct move move = {.line = line, .unit = unit, .qty_micro = back, .place = (int)line->place};
            book->result->effects[book->result->effect_count++] = effect_of(&move, EFFECT_UNSELL, (struct span){0});
        }
    }
    book_cancel_rest(book, line, qty_micro);
    book_touch(book, line);
}

enum refusal book_cancel(struct book *book)
{
    const struct cancel *cancel = &book->event->document->cancel;
    struct moves moves = {0};
    enum refusal refusal = book_need_version(book);
    if (refusal == REFUSAL_NONE) {
        refusal = cancel->lines.count == 0 ? whole_cancel(book, &moves) : name_cancel(book, cancel, &moves);
    }
    if (refusal != REFUSAL_NONE || book->failed) {
        return refusal;
    }
    size_t room = 0;
    for (size_t i = 0; i < moves.count; i++) {
        room += moves.at[i].line->unit_count;
    }
    book->result->effects = ARENA_ARRAY(book->arena, struct stock_effect, room);
    if (book->result->effects == NULL) {
        book->failed = true;
        return REFUSAL_NONE;
    }
    for (size_t i = 0; i < moves.count; i++) {
        cancel_line(book, moves.at[i].line, moves.at[i].qty_micro);
    }
    book_keep_earned(book);
    book_settle_earned(book, 0);
    for (size_t i = 0; i < book->touched_count; i++) {
        book_settle_cost(book, book->touched[i]);
    }
    book_release_excess(book);
    return REFUSAL_NONE;
}

/* ---- delivery ---- */

static struct book_shipment *find_shipment(const struct book *book, struct span source, struct span id)
{
    for (size_t i = book->shipment_count; i > 0; i--) {
        struct book_shipment *shipment = &book->shipments[i - 1];
        if (span_eq(shipment->id, id) && (source.ptr == NULL || span_eq(shipment->source, source))) {
            return shipment;
        }
    }
    return NULL;
}

/* The shipment an event of delivery is about. The event's document is the delivery, which is proof; or the shipment
 * itself, when delivered_after days have gone by. */
static struct book_shipment *shipment_delivered(const struct book *book)
{
    const struct document *document = book->event->document;
    if (document->type == DOCUMENT_SHIPMENT) {
        return find_shipment(book, document->source, document->id);
    }
    must(document->type == DOCUMENT_DELIVERY);
    const struct reference *reference = &document->delivery.shipment;
    bool has_source = reference->source.ptr != NULL;
    struct book_shipment *own = find_shipment(book, has_source ? reference->source : document->source, reference->id);
    return own != NULL || has_source ? own : find_shipment(book, (struct span){0}, reference->id);
}

/* The item of a shipment that holds this unit. Only a later shipment of the unit hides it from its own mark. */
static struct shipped_item *item_of(const struct book_shipment *shipment, const struct book_unit *unit)
{
    size_t marked = unit->shipped_item;
    if (marked < shipment->item_count && shipment->items[marked].unit == unit) {
        return &shipment->items[marked];
    }
    for (size_t i = 0; i < shipment->item_count; i++) {
        if (shipment->items[i].unit == unit) {
            return &shipment->items[i];
        }
    }
    return NULL;
}

/* What of a shipment a delivery is about, in the order of its lines. */
struct delivered {
    struct shipped_item *item;
    int64_t qty_micro;
    int place;
};
struct deliveries {
    struct delivered *at;
    size_t count;
};

/* A line named without a quantity: all of it that the shipment has and that is not delivered yet. */
static enum refusal name_undelivered(struct book *book, const struct book_shipment *shipment,
                                     const struct line_qty *named, int place, struct moves *moves)
{
    struct book_line *line = NULL;
    enum refusal refusal = book_line_find(book, named->line, named->sku, &line);
    for (size_t u = 0; refusal == REFUSAL_NONE && u < line->unit_count; u++) {
        struct shipped_item *item = item_of(shipment, &line->units[u]);
        struct move move = {.line = line, .unit = &line->units[u], .place = place};
        move.qty_micro = item != NULL ? item->qty_micro - item->delivered_micro : 0;
        if (move.qty_micro > 0) {
            moves_add(book, moves, &move);
        }
    }
    return refusal;
}

static enum refusal name_delivery(struct book *book, const struct book_shipment *shipment, struct deliveries *out)
{
    const line_qty_list *lines = &book->event->document->delivery.lines;
    struct moves moves = {0};
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < lines->count && refusal == REFUSAL_NONE; i++) {
        const struct line_qty *line = &lines->at[i];
        struct named named = {line->line, line->sku, {0}, line->uom, line->qty_micro, (int)i + 1, NULL, NULL};
        refusal = is_present(line->qty_micro) ? moves_name(book, &moves, &named)
                                              : name_undelivered(book, shipment, line, (int)i + 1, &moves);
    }
    out->at = ARENA_ARRAY(book->arena, struct delivered, moves.count);
    if (out->at == NULL && moves.count > 0) {
        book->failed = true;
        return refusal;
    }
    for (size_t i = 0; i < moves.count && refusal == REFUSAL_NONE; i++) {
        const struct move *move = &moves.at[i];
        struct shipped_item *item = item_of(shipment, move->unit);
        int64_t left = item != NULL ? item->qty_micro - item->delivered_micro - item->asked_micro : 0;
        if (move->qty_micro > left) {
            struct text asked = qty_text(move->qty_micro), held = qty_text(left);
            refusal =
                book_say(book, REFUSAL_EXCEEDS_OPEN, "line %.*s, %.*s: %s delivered, %s shipped and not delivered",
                         SPAN_ARG(move->line->id), SPAN_ARG(move->unit->sku), asked.at, held.at);
        } else if (item != NULL) {
            item->asked_micro += move->qty_micro;
            out->at[out->count++] = (struct delivered){item, move->qty_micro, move->place};
        }
    }
    for (size_t i = 0; i < shipment->item_count; i++) {
        shipment->items[i].asked_micro = 0;
    }
    return refusal;
}

static enum refusal plan_delivery(struct book *book, const struct book_shipment *shipment, bool is_proof,
                                  struct deliveries *out)
{
    if (is_proof && book->event->document->delivery.lines.count > 0) {
        return name_delivery(book, shipment, out);
    }
    out->at = ARENA_ARRAY(book->arena, struct delivered, shipment->item_count);
    if (out->at == NULL && shipment->item_count > 0) {
        book->failed = true;
        return REFUSAL_NONE;
    }
    for (size_t i = 0; i < shipment->item_count; i++) {
        struct shipped_item *item = &shipment->items[i];
        int64_t done = is_proof ? item->delivered_micro : item->recognised_micro;
        out->at[out->count++] = (struct delivered){item, item->qty_micro - done, (int)item->line->place};
    }
    /* A second proof of the same shipment says nothing new and is no mistake. */
    return REFUSAL_NONE;
}

/* How many units an item's delivery recognises: proof may come after delivered_after days have done so already. */
static int64_t units_recognised(const struct delivered *delivered, bool is_proof)
{
    struct shipped_item *item = delivered->item;
    int64_t recognised = item->recognised_micro + delivered->qty_micro;
    if (is_proof) {
        item->delivered_micro += delivered->qty_micro;
        item->unit->delivered_micro += delivered->qty_micro;
        recognised = item->delivered_micro;
    }
    if (recognised <= item->recognised_micro) {
        return 0;
    }
    int64_t qty = recognised - item->recognised_micro;
    item->recognised_micro = recognised;
    qty = least_of(qty, item->qty_micro - item->earned_micro - item->back_micro);
    qty = least_of(qty, unit_awaiting(item->unit));
    item->earned_micro += qty > 0 ? qty : 0;
    return qty;
}

static void deliver_item(struct book *book, const struct book_shipment *shipment, const struct delivered *delivered,
                         bool is_proof)
{
    struct shipped_item *item = delivered->item;
    int64_t qty = units_recognised(delivered, is_proof);
    if (qty <= 0 || book->event->policy->revenue_at == REVENUE_AT_PAYMENT) {
        return;
    }
    int64_t revenue = unit_earn(book, item->line, item->unit, qty);
    book_earn_rest(book, item->line);
    book_touch(book, item->line);
    if (unit_moves_stock(item->line, item->unit)) {
        struct move move = {.line = item->line, .unit = item->unit, .qty_micro = qty, .place = delivered->place};
        struct stock_effect *effect = &book->result->effects[book->result->effect_count++];
        *effect = effect_of(&move, EFFECT_DELIVER, shipment->location);
        effect->revenue_minor = book_at_rate(book, revenue);
    }
}

enum refusal book_delivery(struct book *book)
{
    enum refusal refusal = book_need_version(book);
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    const struct book_shipment *shipment = shipment_delivered(book);
    if (shipment == NULL) {
        return book_say(book, REFUSAL_EXCEEDS_OPEN, "the shipment does not stand before its delivery");
    }
    bool is_proof = book->event->document->type == DOCUMENT_DELIVERY;
    struct deliveries deliveries = {0};
    refusal = plan_delivery(book, shipment, is_proof, &deliveries);
    book->result->effects = ARENA_ARRAY(book->arena, struct stock_effect, deliveries.count);
    if (book->result->effects == NULL) {
        book->failed = true;
    }
    if (refusal != REFUSAL_NONE || book->failed) {
        return refusal;
    }
    for (size_t i = 0; i < deliveries.count; i++) {
        deliver_item(book, shipment, &deliveries.at[i], is_proof);
    }
    book_settle_touched(book, 0);
    return REFUSAL_NONE;
}

/* ---- return ---- */

static enum refusal judge_return(struct book *book, const struct move *move)
{
    const struct book_unit *unit = move->unit;
    if (unit->asked_micro > unit->ordered_micro) {
        return say_units(book, REFUSAL_EXCEEDS_ORDERED, move, "came back", "ordered", unit->ordered_micro);
    }
    if (unit->asked_micro > unit->shipped_micro - unit->returned_micro) {
        return say_units(book, REFUSAL_EXCEEDS_OPEN, move, "came back", "shipped and not returned",
                         unit->shipped_micro - unit->returned_micro);
    }
    return REFUSAL_NONE;
}

static enum refusal judge_disposition(struct book *book, const struct moves *moves)
{
    for (size_t i = 0; i < moves->count; i++) {
        const struct move *move = &moves->at[i];
        enum disposition disposition = move->back->disposition;
        if (move->line->is_dropship && (disposition == DISPOSITION_ABSENT || disposition == DISPOSITION_SELLABLE ||
                                        disposition == DISPOSITION_QUARANTINED)) {
            return book_say(book, REFUSAL_UNSUPPORTED, "line %.*s: a dropshipped item cannot come back into stock yet",
                            SPAN_ARG(move->line->id));
        }
    }
    return REFUSAL_NONE;
}

static enum refusal plan_return(struct book *book, const struct customer_return *returned, struct moves *moves)
{
    if (returned->lines.count == 0) {
        return book_say(book, REFUSAL_EMPTY, "no line came back");
    }
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < returned->lines.count && refusal == REFUSAL_NONE; i++) {
        const struct return_line *line = &returned->lines.at[i];
        bool is_named = line->line.ptr != NULL || line->sku.ptr != NULL;
        refusal = moves_name(book, moves,
                             &(struct named){line->line, is_named ? line->sku : returned->match.sku, line->component,
                                             line->uom, line->qty_micro, (int)i + 1, NULL, line});
    }
    if (refusal == REFUSAL_NONE) {
        refusal = judge_moves(book, moves, judge_return);
    }
    return refusal == REFUSAL_NONE ? judge_disposition(book, moves) : refusal;
}

/* The supplier takes a dropshipped unit back: what he credits comes off what we owe him, the rest stays cost. */
static void return_to_supplier(struct book *book, const struct move *move)
{
    struct book_line *line = move->line;
    const struct document *document = book->event->document;
    int64_t done = line->cost_done_micro - line->cost_back_micro;
    int64_t qty = line->is_bundle ? bundles_in(move->qty_micro, move->unit->per_micro) : move->qty_micro;
    qty = least_of(qty, done);
    int64_t cost = qty > 0 ? partial_draw(line->cost.earned_minor - line->cost_back_minor, qty, done) : 0;
    struct balance credit = {cost, book_at_rate(book, cost)};
    line->cost_back_micro += qty;
    line->cost_back_minor += cost;
    if (is_present(move->back->credit_minor)) {
        credit.minor = credit.company_minor = move->back->credit_minor;
        if (document->money != book->home &&
            !amount_at_rate(credit.minor, currency_exponent(document->money), book->event->rate_e10,
                            currency_exponent(book->home), &credit.company_minor)) {
            book->failed = true;
            return;
        }
        if (book->is_foreign && document->money != book->money) {
            credit.minor = 0; /* stated in a currency that is not the order's */
        }
    }
    struct about about = {.sku = line->sku, .order_line = line->id, .party = line->supplier, .tag = SPAN("return")};
    book_post(book, ROLE_ACCRUED_PURCHASES, credit, &about);
    about.party = (struct span){0};
    book_post(book, line_is_commission(book, line) ? ROLE_COMMISSION_INCOME : ROLE_COST_OF_SALES_DROPSHIP,
              negative(credit), &about);
}

/* Units that come back before they are earned are of the first shipments that have any: their slices are the oldest. */
static void never_earned(struct book *book, const struct book_unit *unit, int64_t qty_micro)
{
    for (size_t i = 0; i < book->shipment_count && qty_micro > 0; i++) {
        struct shipped_item *item = item_of(&book->shipments[i], unit);
        if (item != NULL) {
            int64_t back = least_of(qty_micro, item->qty_micro - item->earned_micro - item->back_micro);
            item->back_micro += back;
            qty_micro -= back;
        }
    }
}

static void return_move(struct book *book, const struct customer_return *returned, const struct move *move)
{
    struct book_unit *unit = move->unit;
    int64_t earned = unit->earned_micro - unit->sold_micro;
    int64_t of_earned = least_of(move->qty_micro, earned - (unit->returned_micro - unit->returned_unearned_micro));
    int64_t unearned = move->qty_micro - (of_earned > 0 ? of_earned : 0);
    unit->returned_micro += move->qty_micro;
    unit->returned_unearned_micro += unearned;
    never_earned(book, unit, unearned);
    book_touch(book, move->line);
    if (move->line->is_dropship) {
        book_settle_cost(book, move->line);
    }
    if (move->line->is_dropship && move->back->disposition == DISPOSITION_TO_SUPPLIER && unit->part <= 1) {
        return_to_supplier(book, move);
    }
    if (!unit_moves_stock(move->line, unit)) {
        return;
    }
    struct stock_effect *effect = &book->result->effects[book->result->effect_count++];
    *effect = effect_of(move, EFFECT_RETURN, returned->location);
    effect->disposition =
        move->back->disposition == DISPOSITION_ABSENT ? DISPOSITION_SELLABLE : move->back->disposition;
    effect->unit_cost_micro = move->back->unit_cost_micro;
}

enum refusal book_return(struct book *book)
{
    const struct customer_return *returned = &book->event->document->customer_return;
    struct moves moves = {0};
    enum refusal refusal = book_need_version(book);
    if (refusal == REFUSAL_NONE) {
        refusal = plan_return(book, returned, &moves);
    }
    if (refusal != REFUSAL_NONE || book->failed) {
        return refusal;
    }
    book->result->effects = ARENA_ARRAY(book->arena, struct stock_effect, moves.count);
    if (book->result->effects == NULL) {
        book->failed = true;
        return REFUSAL_NONE;
    }
    for (size_t i = 0; i < moves.count; i++) {
        return_move(book, returned, &moves.at[i]);
    }
    return REFUSAL_NONE;
}
