/* model.c: which documents count, in which order they are read, and what is told at the end.
 *
 * prepare   versions, voids, references and effective instants, once per history
 * read_all  every movement in key order, from nothing; repeated when a document turned out impossible half-way
 * tell      the answer, sorted */
#include "model/model.h"
#include "base/decimal.h"
#include "model/run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING "waiting"
#define FAILED "failed"
#define EXCLUDED "excluded"
#define POSTED "posted"

void *m_list_grown(struct arena *arena, void *at, int count, int *room, size_t size)
{
    *room = *room ? *room * 2 : 4;
    void *grown = arena_array(arena, (size_t)*room, size);
    must(grown);
    if (count)
        memcpy(grown, at, (size_t)count * size);
    return grown;
}

int64_t m_draw(int64_t value, int64_t qty, int64_t of)
{
    must(qty >= 0 && qty <= of);
    if (qty == of)
        return value;
    return qty == 0 ? 0 : partial_draw(value, qty, of);
}

int64_t m_rounded(int64_t a, int64_t b, int64_t c)
{
    int64_t out = 0;
    must(c > 0 && mul_div(a, b, c, &out));
    return out;
}

/* --- settings ----------------------------------------------------------------------------------- */

struct m_settings m_settings_default(void)
{
    return (struct m_settings){.company = currency_find(SPAN("USD")),
                               .zone = zone_utc(),
                               .cost_method = M_FIFO,
                               .rounding_limit_micro = 50000};
}

static enum m_cost_method method_named(const char *name)
{
    static const char *const names[] = {"", "fifo", "average", "lifo", "standard", "specific"};
    for (int i = 1; name && i <= M_SPECIFIC; i++)
        if (strcmp(names[i], name) == 0)
            return (enum m_cost_method)i;
    return M_METHOD_UNSAID;
}

bool m_settings_set(struct m_settings *settings, const char *key, const char *value)
{
    static const struct {
        const char *key, *off, *on;
        size_t offset;
    } switches[] = {
        {"tax_point", "revenue", "payment", offsetof(struct m_settings, tax_at_payment)},
        {"cost_scope", "location", "company", offsetof(struct m_settings, company_scope)},
        {"return_cost", "original", "current", offsetof(struct m_settings, return_at_current)},
        {"returned_layer", "original", "last", offsetof(struct m_settings, returned_last)},
        {"shortage", "owed", "refuse", offsetof(struct m_settings, refuse_short)},
        {"price_difference", "split", "account", offsetof(struct m_settings, difference_account)},
        {"true_up", "bill_date", "origin_if_open", offsetof(struct m_settings, true_up_at_origin)},
        {"framework", "us_gaap", "ifrs", offsetof(struct m_settings, ifrs)},
        {"fx_difference", "exchange_account", "stock", offsetof(struct m_settings, fx_to_stock)},
        {"backdated", "replay", "entry_order", offsetof(struct m_settings, entry_order)},
    };
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (strcmp(switches[i].key, key) != 0)
            continue;
        bool on = strcmp(switches[i].on, value) == 0;
        *(bool *)((char *)settings + switches[i].offset) = on;
        return on || strcmp(switches[i].off, value) == 0;
    }
    if (strcmp(key, "cost_method") == 0) {
        settings->cost_method = method_named(value);
        return settings->cost_method != M_METHOD_UNSAID;
    }
    if (strcmp(key, "revenue_at") == 0) {
        settings->revenue_at = strcmp(value, "delivery") == 0  ? M_AT_DELIVERY
                               : strcmp(value, "payment") == 0 ? M_AT_PAYMENT
                                                               : M_AT_SHIPMENT;
        return settings->revenue_at != M_AT_SHIPMENT || strcmp(value, "shipment") == 0;
    }
    if (strcmp(key, "supplier_return") == 0) {
        settings->supplier_return = strcmp(value, "oldest") == 0    ? M_OLDEST
                                    : strcmp(value, "current") == 0 ? M_CURRENT
                                                                    : M_ORIGINAL_LAYER;
        return settings->supplier_return != M_ORIGINAL_LAYER || strcmp(value, "original_layer") == 0;
    }
    if (strcmp(key, "rounding_limit") == 0)
        return decimal_read(span_of(value), MICRO_PLACES, &settings->rounding_limit_micro) == DECIMAL_OK;
    if (strcmp(key, "delivered_after") == 0)
        return decimal_read(span_of(value), 0, &settings->delivered_after_days) == DECIMAL_OK;
    /* Kept by the engine until later issues need them; they change nothing here. */
    if (strcmp(key, "revenue_gross") == 0) {
        settings->revenue_net = strcmp(value, "net") == 0;
        return settings->revenue_net || strcmp(value, "gross") == 0;
    }
    return strcmp(key, "breakage") == 0 || strcmp(key, "returns_reserve") == 0 || strcmp(key, "posting") == 0;
}

const struct m_settings *m_settings_on(const struct run *run, int32_t day)
{
    const struct m_settings *on = &run->history->settings;
    for (size_t i = 0; i < run->history->later_count; i++)
        if (run->history->later[i].day <= day)
            on = &run->history->later[i].settings;
    return on;
}

/* --- prepare: which documents count ------------------------------------------------------------- */

static bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }

static void set_aside(struct paper *paper, const char *outcome, const char *refusal)
{
    paper->standing = SET_ASIDE;
    paper->outcome = outcome;
    paper->refusal = refusal;
}

/* Versions of these are a history; of all others only the highest counts. */
static bool has_history(enum m_type type) { return type == M_ITEM || type == M_LOCATION || type == M_ORDER; }

static bool same_identity(const struct m_document *a, const struct m_document *b)
{
    return a->type == b->type && same(a->id, b->id) && same(m_source(a), m_source(b));
}

/* Step 1 of what is judged (order-of-movements.md); of an order see refuse_orders. */
static const char *by_itself(const struct run *run, const struct m_document *d)
{
    switch (d->type) {
    case M_ENTRY: return m_entry_by_itself(run, d);
    case M_BILL: return m_bill_by_itself(d);
    case M_OPENING: return m_opening_by_itself(d);
    case M_REFUND: return m_refund_by_itself(d);
    case M_RETURN: return m_return_by_itself(d);
    default: return NULL;
    }
}

static bool is_captured(const struct m_document *d) { return !d->status || same(d->status, "captured"); }

static bool comes_again(const struct run *run, int at)
{
    for (int k = 0; k < at; k++)
        if (!run->papers[k].given.left_out && same_identity(run->papers[at].d, run->papers[k].d) &&
            m_version(run->papers[at].d) == m_version(run->papers[k].d))
            return true;
    return false;
}

static void choose_versions(struct run *run)
{
    for (int i = 0; i < run->paper_count; i++) {
        struct paper *paper = &run->papers[i];
        const char *wrong = by_itself(run, paper->d);
        if (paper->given.left_out)
            set_aside(paper, FAILED, paper->given.left_out);
        else if (comes_again(run, i))
            paper->standing = REPEATED;
        else if (run->refused[i])
            set_aside(paper, run->waits[i] ? WAITING : FAILED, run->refused[i]);
        else if (wrong)
            set_aside(paper, FAILED, wrong);
        paper->wrong = wrong && paper->standing == SET_ASIDE && !paper->given.left_out;
    }
    for (int i = 0; i < run->paper_count; i++) {
        struct paper *paper = &run->papers[i];
        for (int k = 0; k < run->paper_count && paper->standing == STANDS; k++)
            if (run->papers[k].standing == STANDS && !has_history(paper->d->type) &&
                same_identity(paper->d, run->papers[k].d) && m_version(paper->d) < m_version(run->papers[k].d))
                set_aside(paper, EXCLUDED, "superseded");
    }
}

/* Papers of a type that an id may mean: of `source` first, else the one match in the company. -1 none, -2 several. */
static int find_paper(const struct run *run, enum m_type type, struct m_ref ref, const char *source)
{
    int found = -1;
    const char *wanted = ref.source ? ref.source : source;
    for (int i = 0; i < run->paper_count; i++) {
        const struct paper *paper = &run->papers[i];
        if (paper->standing == STANDS && paper->d->type == type && same(paper->d->id, ref.id) &&
            same(m_source(paper->d), wanted))
            return i;
    }
    for (int i = 0; i < run->paper_count && !ref.source; i++) {
        const struct paper *paper = &run->papers[i];
        if (paper->standing == STANDS && paper->d->type == type && same(paper->d->id, ref.id))
            found = found == -1 ? i : -2;
    }
    return found;
}

static bool tells_of(const struct m_lines *lines, const char *receipt)
{
    for (size_t i = 0; i < lines->count; i++)
        if (lines->at[i].receipt.id && same(lines->at[i].receipt.id, receipt))
            return true;
    return false;
}

/* A receipt; where there is none of the name, the opening that tells of an old one of that name. */
static int find_receipt(const struct run *run, struct m_ref ref, const char *source)
{
    int found = find_paper(run, M_RECEIPT, ref, source);
    for (int i = 0; found == -1 && i < run->paper_count; i++) {
        const struct m_document *d = run->papers[i].d;
        if (run->papers[i].standing == STANDS && d->type == M_OPENING &&
            (tells_of(&d->layers, ref.id) || tells_of(&d->purchases, ref.id)))
            found = i;
    }
    return found;
}

static int find_order(const struct run *run, struct m_ref ref, const char *source)
{
    int found = -1;
    const char *wanted = ref.source ? ref.source : source;
    for (int i = 0; i < run->order_count; i++)
        if (same(run->order_names[i].id, ref.id) && same(run->order_names[i].source, wanted))
            return i;
    for (int i = 0; i < run->order_count && !ref.source; i++)
        if (same(run->order_names[i].id, ref.id))
            found = found == -1 ? i : -2;
    return found;
}

static int64_t instant_of(const struct run *run, struct m_time time, int rank)
{
    if (time.form == M_INSTANT)
        return time.at_us;
    must(time.form == M_DATE);
    if (rank <= 2)
        return zone_instant(run->settings->zone, time.day, 0, NULL);
    if (rank < 6)
        return zone_instant(run->settings->zone, time.day, 12 * 3600, NULL);
    return zone_instant(run->settings->zone, time.day + 1, 0, NULL) - 1;
}

static int32_t day_of(const struct run *run, struct m_time time, int rank)
{
    return zone_day(run->settings->zone, instant_of(run, time, rank));
}

const struct m_settings *m_settings_when_made(const struct run *run, const struct m_document *order)
{
    return m_settings_on(run, day_of(run, order->updated.form != M_NO_TIME ? order->updated : order->at, 0));
}

/* Under ifrs no item may be costed lifo. Reading: a setting of lifo for the company is refused by init, not here. */
static void refuse_methods(struct run *run)
{
    for (int i = 0; i < run->paper_count; i++) {
        struct paper *paper = &run->papers[i];
        if (paper->standing == STANDS && paper->d->type == M_ITEM && method_named(paper->d->cost_method) == M_LIFO &&
            m_settings_on(run, day_of(run, paper->d->at, 0))->ifrs)
            set_aside(paper, FAILED, "framework");
    }
}

static bool has_lower_version(const struct run *run, const struct paper *paper)
{
    for (int i = 0; i < run->paper_count; i++)
        if (run->papers[i].standing == STANDS && same_identity(paper->d, run->papers[i].d) &&
            m_version(run->papers[i].d) < m_version(paper->d))
            return true;
    return false;
}

static bool is_known_item(const struct run *run, const char *sku)
{
    for (int k = 0; k < run->paper_count; k++)
        if (run->papers[k].standing == STANDS && run->papers[k].d->type == M_ITEM && same(run->papers[k].d->sku, sku))
            return true;
    return false;
}

/* A bundle waits for its components, and what names the bundle for it. */
static void wait_for_components(struct run *run)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < run->paper_count; i++) {
            struct paper *paper = &run->papers[i];
            for (size_t k = 0; k < paper->d->components.count && paper->standing == STANDS; k++) {
                if (is_known_item(run, paper->d->components.at[k].sku))
                    continue;
                set_aside(paper, WAITING, "waits_document");
                changed = true;
            }
        }
    }
}

static bool is_known_location(const struct run *run, const char *code)
{
    bool known = same(code, "main");
    for (int i = 0; i < run->paper_count; i++)
        known = known || (run->papers[i].standing == STANDS && run->papers[i].d->type == M_LOCATION &&
                          same(run->papers[i].d->code, code));
    return known;
}

static bool names_what_is_known(const struct run *run, const struct m_document *d)
{
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct m_line *line = &d->lines.at[i];
        if (!is_known_item(run, line->sku) ||
            (line->fulfil.count && line->fulfil.at[0].location && !is_known_location(run, line->fulfil.at[0].location)))
            return false;
    }
    return true;
}

/* Some version of each line's item has the unit that the line names. */
static bool units_are_known(const struct run *run, const struct m_document *d)
{
    bool all = true;
    for (size_t i = 0; i < d->lines.count; i++) {
        bool known = d->lines.at[i].uom == NULL;
        for (int k = 0; k < run->paper_count && !known; k++) {
            const struct m_document *item = run->papers[k].d;
            for (size_t u = 0; item->type == M_ITEM && same(item->sku, d->lines.at[i].sku) && u < item->uoms.count; u++)
                known = known || same(item->uoms.at[u].code, d->lines.at[i].uom);
        }
        all = all && known;
    }
    return all;
}

/* Reading: an order document that is refused for what it says, or waits for what it names, is no version of its order: the
 * lowest of the others holds from the beginning. */
static void refuse_orders(struct run *run)
{
    for (bool changed = true; changed;) { /* a later version may become the lowest, with another date */
        changed = false;
        for (int i = 0; i < run->paper_count; i++) {
            struct paper *paper = &run->papers[i];
            if (paper->standing != STANDS || paper->d->type != M_ORDER)
                continue;
            bool later = paper->d->updated.form != M_NO_TIME && has_lower_version(run, paper);
            run->paper = i;
            run->day = day_of(run, later ? paper->d->updated : paper->d->at, 0);
            run->settings = m_settings_on(run, run->day);
            if (!m_order_adds_up(run, paper->d))
                set_aside(paper, FAILED, "total_differs");
            else if (!names_what_is_known(run, paper->d))
                set_aside(paper, WAITING, "waits_document");
            else if (!m_has_rate(run))
                set_aside(paper, WAITING, "waits_rate");
            else if (!units_are_known(run, paper->d))
                set_aside(paper, FAILED, "uom_unknown");
            changed = changed || paper->standing != STANDS;
        }
    }
    run->settings = &run->history->settings;
}

static bool is_voided(const struct run *run, enum m_type type, const char *source, const char *id)
{
    for (int k = 0; k < run->paper_count; k++) {
        const struct paper *paper = &run->papers[k];
        if (paper->d->type == type && paper->standing == SET_ASIDE && same(paper->refusal, "voided") &&
            same(paper->d->id, id) && (source == NULL || same(m_source(paper->d), source)))
            return true;
    }
    return false;
}

/* Of two voids of one document the second stands as well, and takes nothing back. */
static void set_voids(struct run *run)
{
    /* Reading: the model knows no arrival, so a void of the set always holds, whatever became of its target; where the engine refused one because
     * another document referred to its target first, the driver leaves it out. What refers to a voided document waits
     * for it. */
    for (int i = 0; i < run->paper_count; i++) {
        struct paper *paper = &run->papers[i];
        if (paper->d->type != M_VOID || paper->standing != STANDS)
            continue;
        const struct m_line *named = &paper->d->document.at[0];
        struct m_ref ref = {named->source, named->id};
        enum m_type type = m_type_find(named->type);
        if (type == M_ITEM || type == M_LOCATION || type == M_RATE || type == M_VOID) {
            /* Reading: definitions, rates and voids are not voided. */
            set_aside(paper, FAILED, "not_voidable");
            continue;
        }
        if (is_voided(run, type, ref.source ? ref.source : m_source(paper->d), ref.id))
            continue;
        int target = find_paper(run, type, ref, m_source(paper->d));
        if (target == -1 && ref.source == NULL && is_voided(run, type, NULL, ref.id))
            continue;
        for (int k = 0; target == -1 && k < run->paper_count; k++)
            if (run->papers[k].wrong && run->papers[k].d->type == type && same(run->papers[k].d->id, ref.id) &&
                same(m_source(run->papers[k].d), ref.source ? ref.source : m_source(paper->d)))
                target = k;
        if (target < 0) {
            set_aside(paper, WAITING, target == -2 ? "waits_several" : "waits_document");
            continue;
        }
        for (int k = 0; k < run->paper_count; k++)
            if (k != target && run->papers[k].standing == STANDS &&
                same_identity(run->papers[k].d, run->papers[target].d))
                set_aside(&run->papers[k], EXCLUDED, "voided");
        set_aside(&run->papers[target], EXCLUDED, "voided");
    }
}

/* --- prepare: names to numbers ------------------------------------------------------------------ */

static int find_item(const struct run *run, const char *sku)
{
    for (int i = 0; sku && i < run->item_count; i++)
        if (same(run->items[i].sku, sku))
            return i;
    return -1;
}

static int find_location(const struct run *run, const char *code)
{
    for (int i = 0; code && i < run->location_count; i++)
        if (same(run->locations[i], code))
            return i;
    return code ? -1 : 0;
}

static void add_version(struct run *run, int *at, int count, int paper)
{
    int place = count;
    while (place > 0 && m_version(run->papers[at[place - 1]].d) > m_version(run->papers[paper].d)) {
        at[place] = at[place - 1];
        place--;
    }
    at[place] = paper;
}

static void number_names(struct run *run)
{
    run->items = ARENA_ARRAY(run->arena, struct item, (size_t)run->paper_count + 1);
    run->locations = ARENA_ARRAY(run->arena, const char *, (size_t)run->paper_count + 1);
    run->order_names = ARENA_ARRAY(run->arena, struct order_names, (size_t)run->paper_count + 1);
    must(run->items && run->locations && run->order_names);
    run->locations[run->location_count++] = "main";
    for (int i = 0; i < run->paper_count; i++) {
        struct paper *paper = &run->papers[i];
        if (paper->standing != STANDS)
            continue;
        if (paper->d->type == M_ITEM) {
            int item = find_item(run, paper->d->sku);
            if (item < 0) {
                item = run->item_count++;
                run->items[item].sku = paper->d->sku;
            }
            paper->item = item;
            (void)LIST_ADD(run->arena, run->items[item].papers);
            add_version(run, run->items[item].papers.at, run->items[item].papers.count - 1, i);
        } else if (paper->d->type == M_LOCATION) {
            if (find_location(run, paper->d->code) < 0)
                run->locations[run->location_count++] = paper->d->code;
        } else if (paper->d->type == M_ORDER) {
            int order = find_order(run, (struct m_ref){m_source(paper->d), paper->d->id}, m_source(paper->d));
            if (order < 0) {
                order = run->order_count++;
                run->order_names[order].source = m_source(paper->d);
                run->order_names[order].id = paper->d->id;
            }
            paper->order = order;
            (void)LIST_ADD(run->arena, run->order_names[order].papers);
            add_version(run, run->order_names[order].papers.at, run->order_names[order].papers.count - 1, i);
        }
    }
}

/* --- prepare: references ------------------------------------------------------------------------ */

static bool found_or_waits(struct paper *paper, int found)
{
    if (found >= 0)
        return true;
    if (paper->standing == STANDS)
        set_aside(paper, WAITING, found == -2 ? "waits_several" : "waits_document");
    return false;
}

static void resolve_lines(struct run *run, struct paper *paper)
{
    const struct m_document *d = paper->d;
    const struct m_lines *lines = d->type == M_ITEM       ? &d->components
                                  : d->type == M_ASSEMBLY ? &d->consume
                                  : d->type == M_OPENING  ? &d->layers
                                                          : &d->lines;
    bool names_items = d->type == M_ITEM || d->type == M_ORDER || d->type == M_RECEIPT || d->type == M_TRANSFER ||
                       d->type == M_COUNT || d->type == M_ADJUSTMENT || d->type == M_STATUS_CHANGE ||
                       d->type == M_ASSEMBLY || d->type == M_SUPPLIER_RETURN || d->type == M_OPENING;
    size_t count = lines->count > d->receipts.count ? lines->count : d->receipts.count;
    if (d->type == M_OPENING) /* layers, then purchases; targets: orders */
        count += d->purchases.count + d->orders.count;
    paper->items = ARENA_ARRAY(run->arena, int, count + 1);
    paper->targets = ARENA_ARRAY(run->arena, int, count + 1);
    must(paper->items && paper->targets);
    for (size_t i = 0; i < count; i++)
        paper->items[i] = paper->targets[i] = -1;
    for (size_t i = 0; i < lines->count; i++) {
        const struct m_line *line = &lines->at[i];
        bool bills_alone = d->type == M_BILL && !line->receipt.id && !d->receipt.id && !d->purchase_order.id &&
                           (!d->kind || same(d->kind, "goods"));
        if ((names_items || bills_alone) && line->sku) {
            paper->items[i] = find_item(run, line->sku);
            (void)found_or_waits(paper, paper->items[i]);
        }
        if (line->fulfil.count && line->fulfil.at[0].location)
            (void)found_or_waits(paper, find_location(run, line->fulfil.at[0].location));
        if (line->receipt.id && d->type != M_OPENING) {
            paper->targets[i] = find_receipt(run, line->receipt, m_source(d));
            (void)found_or_waits(paper, paper->targets[i]);
        }
        if (line->order.id) {
            paper->targets[i] = find_order(run, line->order, m_source(d));
            (void)found_or_waits(paper, paper->targets[i]);
        }
    }
    for (size_t i = 0; i < d->purchases.count; i++) {
        paper->items[d->layers.count + i] = find_item(run, d->purchases.at[i].sku);
        (void)found_or_waits(paper, paper->items[d->layers.count + i]);
    }
    for (size_t i = 0; i < d->layers.count; i++)
        if (d->layers.at[i].location)
            (void)found_or_waits(paper, find_location(run, d->layers.at[i].location));
    for (size_t i = 0; i < d->orders.count; i++) {
        paper->targets[i] = find_order(run, d->orders.at[i].order, m_source(d));
        (void)found_or_waits(paper, paper->targets[i]);
    }
    for (size_t i = 0; i < d->receipts.count; i++) {
        paper->targets[i] = find_paper(run, M_RECEIPT, d->receipts.at[i], m_source(d));
        (void)found_or_waits(paper, paper->targets[i]);
    }
}

static void resolve(struct run *run, struct paper *paper)
{
    const struct m_document *d = paper->d;
    const char *source = m_source(d);
    resolve_lines(run, paper);
    if (d->location || d->from) {
        bool names_location = d->type != M_RATE;
        paper->location = find_location(run, d->location ? d->location : d->from);
        if (names_location)
            (void)found_or_waits(paper, paper->location);
    }
    if (d->to && d->type == M_TRANSFER) {
        paper->to = find_location(run, d->to);
        (void)found_or_waits(paper, paper->to);
    }
    if (d->type == M_ASSEMBLY) {
        paper->item = find_item(run, d->produce.at[0].sku);
        (void)found_or_waits(paper, paper->item);
    }
    if (d->order.id) {
        paper->order = find_order(run, d->order, source);
        (void)found_or_waits(paper, paper->order);
    }
    if (d->exchange.id) {
        paper->other_order = find_order(run, d->exchange, source);
        (void)found_or_waits(paper, paper->other_order);
    }
    if (d->shipment.id) {
        paper->target = find_paper(run, M_SHIPMENT, d->shipment, source);
        (void)found_or_waits(paper, paper->target);
    }
    if (d->receipt.id) {
        paper->target = find_receipt(run, d->receipt, source);
        (void)found_or_waits(paper, paper->target);
    }
    if (d->bill.id) {
        paper->second_target = find_paper(run, M_BILL, d->bill, source);
        (void)found_or_waits(paper, paper->second_target);
    }
    /* Reading: a refund's `payment` is looked for among payment documents and among the payments of its order; it
     * moves no key of its own beyond that of a payment document. */
    if (d->payment.id) {
        paper->second_target = find_paper(run, M_PAYMENT, d->payment, source);
        bool carried = false;
        for (int i = 0; paper->order >= 0 && i < run->order_names[paper->order].papers.count; i++) {
            const struct m_document *order = run->papers[run->order_names[paper->order].papers.at[i]].d;
            for (size_t k = 0; k < order->payments.count; k++)
                carried = carried || (order->payments.at[k].id && same(order->payments.at[k].id, d->payment.id));
        }
        if (!carried)
            (void)found_or_waits(paper, paper->second_target);
    }
}

/* --- prepare: keys ------------------------------------------------------------------------------ */

static int rank_of(enum m_type type)
{
    switch (type) {
    case M_RECEIPT: return 1;
    case M_TRANSFER:
    case M_ASSEMBLY: return 2;
    case M_SHIPMENT:
    case M_ADJUSTMENT:
    case M_STATUS_CHANGE:
    case M_SUPPLIER_RETURN: return 3;
    case M_RETURN: return 4;
    case M_PAYMENT:
    case M_CANCEL:
    case M_DELIVERY:
    case M_REFUND:
    case M_BILL:
    case M_LANDED_COST:
    case M_COST_CORRECTION:
    case M_ENTRY: return 5;
    case M_COUNT: return 6;
    case M_NO_TYPE:
    case M_ITEM:
    case M_LOCATION:
    case M_ORDER:
    case M_VOID:
    case M_RATE:
    case M_OPENING:
    case M_TYPES: return 0;
    }
    return 0;
}

static int64_t instant_of_paper(struct run *run, int at)
{
    struct paper *paper = &run->papers[at];
    const struct m_document *d = paper->d;
    if (paper->instant_known)
        return paper->instant;
    paper->instant_known = true; /* a ring of references ends here */
    paper->rank = rank_of(d->type);
    struct m_time time = d->type == M_TRANSFER ? d->shipped : d->at;
    bool later_order = d->type == M_ORDER && run->order_names[paper->order].papers.at[0] != at;
    bool later_item = d->type == M_ITEM && run->items[paper->item].papers.at[0] != at;
    if ((later_order || later_item) && d->updated.form != M_NO_TIME)
        time = d->updated;
    int64_t instant = instant_of(run, time, paper->rank);
    paper->instant = instant;
    if (d->type == M_ORDER) {
        int first = run->order_names[paper->order].papers.at[0];
        if (first != at)
            instant = most(instant, instant_of_paper(run, first));
    } else if (paper->order >= 0) {
        instant = most(instant, instant_of_paper(run, run->order_names[paper->order].papers.at[0]));
    }
    if (paper->other_order >= 0)
        instant = most(instant, instant_of_paper(run, run->order_names[paper->other_order].papers.at[0]));
    /* A bill acts on its own date and, leg 1, on its receipt's: bill_line_instant. */
    if (paper->target >= 0 && d->type != M_BILL)
        instant = most(instant, instant_of_paper(run, paper->target));
    if (paper->second_target >= 0 && run->papers[paper->second_target].standing == STANDS)
        instant = most(instant, instant_of_paper(run, paper->second_target));
    size_t count = d->lines.count > d->receipts.count ? d->lines.count : d->receipts.count;
    for (size_t i = 0; i < count && d->type != M_BILL; i++) {
        if (paper->targets[i] < 0)
            continue;
        int other = d->type == M_ENTRY ? run->order_names[paper->targets[i]].papers.at[0] : paper->targets[i];
        instant = most(instant, instant_of_paper(run, other));
    }
    /* A return's instant is settled when it is decided, and stays (decision 16). */
    if (paper->given.frozen_at != M_NONE)
        instant = most(instant, paper->given.frozen_at);
    paper->instant = instant;
    return instant;
}

static int key_rest(const struct key *a, const struct key *b)
{
    int order = strcmp(a->source, b->source);
    order = order ? order : strcmp(a->type, b->type);
    order = order ? order : strcmp(a->id, b->id);
    if (order)
        return order;
    return a->leg != b->leg ? a->leg - b->leg : a->line - b->line;
}

/* The queue as it was entered. A document keeps its place in all its versions; each version of an item or order has its
 * own, and an order's late lower version stands where the next higher one does, before it. */
int64_t m_entered(const struct run *run, int at)
{
    const struct paper *paper = &run->papers[at];
    if (!run->settings->entry_order)
        return 0;
    if (paper->given.entered)
        return paper->given.entered;
    int first = 0;
    while (has_history(paper->d->type) ? first != at : !same_identity(run->papers[first].d, paper->d))
        first++;
    return first + 1;
}

static int64_t entered_of_version(const struct run *run, int at)
{
    int64_t entered = m_entered(run, at);
    const struct order_names *names = &run->order_names[run->papers[at].order];
    for (int i = 0; i < names->papers.count; i++)
        if (m_version(run->papers[names->papers.at[i]].d) > m_version(run->papers[at].d))
            entered = least(entered, m_entered(run, names->papers.at[i]));
    return entered;
}

int m_key_compare(const struct key *a, const struct key *b)
{
    if (a->entered != b->entered)
        return a->entered < b->entered ? -1 : 1;
    if (a->entered)
        return a->rank != b->rank ? a->rank - b->rank : key_rest(a, b);
    if (a->instant != b->instant)
        return a->instant < b->instant ? -1 : 1;
    return a->rank != b->rank ? a->rank - b->rank : key_rest(a, b);
}

static void add_movement(struct run *run, int paper, int payment, struct key key)
{
    /* Insertion, behind the movement being read: a late return joins the rest of the reading. */
    (void)LIST_ADD(run->arena, run->movements);
    int place = run->movements.count - 1;
    while (place > run->at && m_key_compare(&run->movements.at[place - 1].key, &key) > 0) {
        run->movements.at[place] = run->movements.at[place - 1];
        place--;
    }
    run->movements.at[place] = (struct movement){key, paper, payment};
}

static struct key key_of(struct run *run, int at)
{
    const struct m_document *d = run->papers[at].d;
    bool by_entry = run->settings->entry_order && d->type == M_ORDER;
    return (struct key){by_entry ? entered_of_version(run, at) : m_entered(run, at),
                        instant_of_paper(run, at),
                        run->papers[at].rank,
                        m_source(d),
                        m_type_name(d->type),
                        d->id,
                        0,
                        by_entry ? (int)m_version(d) : 0};
}

/* When the lowest version that lists a payment was made; whichever version came first, that is when it is there. */
static int64_t first_listed(struct run *run, int at, const struct m_line *payment)
{
    const struct order_names *names = &run->order_names[run->papers[at].order];
    for (int i = 0; i < names->papers.count && payment->id; i++) {
        const struct m_document *d = run->papers[names->papers.at[i]].d;
        for (size_t k = 0; k < d->payments.count; k++)
            if (d->payments.at[k].id && same(d->payments.at[k].id, payment->id) &&
                same(d->payments.at[k].gateway, payment->gateway))
                return instant_of_paper(run, names->papers.at[i]);
    }
    return instant_of_paper(run, at);
}

/* Each month's end and each last day of a service is read at the end of that day. */
static void lay_out_services(struct run *run, int at)
{
    const struct m_document *d = run->papers[at].d;
    LIST_OF(int32_t) days = {0};
    for (size_t i = 0; i < d->lines.count; i++) {
        int32_t from, to;
        if (!m_service_days(&d->lines.at[i], &from, &to))
            continue;
        for (int32_t day = from; day <= to; day++) {
            bool known = day < to && !m_is_month_end(day);
            for (int k = 0; k < days.count; k++)
                known = known || days.at[k] == day;
            if (known)
                continue;
            *LIST_ADD(run->arena, days) = day;
            struct m_time end = {.form = M_DATE, .day = day};
            struct key key = {.entered = key_of(run, at).entered,
                              .instant = instant_of(run, end, 6),
                              .rank = 5,
                              .source = m_source(d),
                              .type = "order",
                              .id = d->id,
                              .line = (int)m_version(d)};
            add_movement(run, at, DAY_OF_SERVICE, key);
        }
    }
}

static void lay_out_movements(struct run *run)
{
    run->movements.count = 0;
    run->at = 0;
    for (int i = 0; i < run->paper_count; i++) {
        const struct paper *paper = &run->papers[i];
        const struct m_document *d = paper->d;
        if (paper->standing != STANDS)
            continue;
        struct key key = key_of(run, i);
        add_movement(run, i, -1, key);
        if (d->type == M_TRANSFER && d->received.form != M_NO_TIME) {
            key.instant = most(key.instant, instant_of(run, d->received, 2));
            key.leg = 1;
            add_movement(run, i, -1, key);
        }
        for (size_t k = 0; d->type == M_OPENING && k < d->orders.count; k++) {
            /* Money on an order stands no earlier than the order. */
            struct key order_key = key;
            order_key.instant =
                most(key.instant, instant_of_paper(run, run->order_names[paper->targets[k]].papers.at[0]));
            order_key.leg = 1;
            order_key.line = (int)k + 1;
            add_movement(run, i, -1, order_key);
        }
        for (size_t k = 0; d->type == M_BILL && k < d->lines.count; k++) {
            int receipt = paper->targets[k] >= 0 ? paper->targets[k] : paper->target;
            struct key line_key = key;
            if (receipt >= 0)
                line_key.instant = most(key.instant, instant_of_paper(run, receipt));
            line_key.leg = 1;
            line_key.line = (int)k + 1;
            add_movement(run, i, -1, line_key);
        }
        for (size_t k = 0; d->type == M_ORDER && k < d->payments.count; k++) {
            /* Reading: a payment carried by an order stands at its own time, not before the version that lists it. */
            const struct m_line *payment = &d->payments.at[k];
            int64_t listed = first_listed(run, i, payment);
            int64_t paid = payment->at.form == M_NO_TIME ? listed : instant_of(run, payment->at, 5);
            const char *id = payment->id;
            if (!id) {
                struct span text = arena_print(run->arena, "%zu", k + 1);
                must(text.ptr);
                id = text.ptr;
            }
            struct key payment_key = {m_entered(run, i), most(listed, paid), 5, m_source(d), "payment", id, 0,
                                      (int)m_version(d)};
            add_movement(run, i, (int)k, payment_key);
        }
        if (d->type == M_ORDER)
            lay_out_services(run, i);
    }
}

/* --- reading ------------------------------------------------------------------------------------ */

bool m_refuse(struct run *run, const char *outcome, const char *refusal)
{
    run->papers[run->paper].outcome = outcome;
    run->papers[run->paper].refusal = refusal;
    return false;
}

bool m_refuse_late(struct run *run, const char *outcome, const char *refusal)
{
    struct key first = key_of(run, run->paper);
    run->forced[run->paper].outcome = outcome;
    run->forced[run->paper].refusal = refusal;
    run->forced[run->paper].key = first;
    /* What was decided behind its first movement was decided with it; that is looked at again. */
    for (int i = 0; i < run->paper_count; i++)
        if (i != run->paper && run->forced[i].outcome && m_key_compare(&run->forced[i].key, &first) > 0)
            run->forced[i].outcome = NULL;
    run->again = true;
    return false;
}

bool m_wait_for_open(struct run *run) { return m_refuse(run, WAITING, "exceeds_open"); }

void m_post(struct run *run, const char *role, int64_t amount, int item, int location, int order, int line)
{
    if (amount == 0)
        return;
    struct posted *posted = LIST_ADD(run->arena, run->posted);
    *posted = (struct posted){run->day, run->paper, role, item, location, order, line, amount};
}

const struct m_document *m_item_now(const struct run *run, int item)
{
    const struct item *it = &run->items[item];
    const struct m_document *now = run->papers[it->papers.at[0]].d;
    for (int i = 1; i < it->papers.count; i++) {
        const struct paper *next = &run->papers[it->papers.at[i]];
        if (run->now == INT64_MAX || next->instant <= run->movements.at[run->at].key.instant)
            now = next->d;
    }
    return now;
}

enum m_cost_method m_method_of(const struct run *run, int item)
{
    enum m_cost_method own = method_named(m_item_now(run, item)->cost_method);
    return own != M_METHOD_UNSAID ? own : run->settings->cost_method;
}

bool m_is_stocked(const struct run *run, int item)
{
    const char *kind = m_item_now(run, item)->kind;
    return !kind || same(kind, "stocked") || same(kind, "either");
}

int64_t m_factor(const struct run *run, int item, const char *uom)
{
    const struct m_document *d = m_item_now(run, item);
    for (size_t i = 0; i < d->uoms.count; i++)
        if (same(d->uoms.at[i].code, uom))
            return d->uoms.at[i].factor;
    return 0;
}

int64_t m_rate_of(struct run *run, currency money)
{
    const struct m_document *d = run->papers[run->paper].d;
    if (money == run->settings->company)
        return INT64_C(10000000000);
    if (d->rate != M_NONE && d->type != M_RATE && d->currency && currency_find(span_of(d->currency)) == money)
        return d->rate;
    int best = -1;
    for (int i = 0; i < run->paper_count; i++) {
        const struct paper *paper = &run->papers[i];
        if (paper->standing != STANDS || paper->d->type != M_RATE || currency_find(span_of(paper->d->from)) != money ||
            currency_find(span_of(paper->d->to)) != run->settings->company)
            continue;
        if (zone_day(run->settings->zone, instant_of_paper(run, i)) > run->day)
            continue;
        struct key key = key_of(run, i);
        struct key best_key = best < 0 ? key : key_of(run, best);
        key.entered = best_key.entered = 0; /* rates hold by their dates */
        if (best < 0 || m_key_compare(&key, &best_key) > 0)
            best = i;
    }
    return best < 0 ? 0 : run->papers[best].d->rate;
}

static currency money_of_paper(const struct run *run, int paper)
{
    const char *code = run->papers[paper].d->currency;
    return code ? currency_find(span_of(code)) : run->settings->company;
}

currency m_money_of(const struct run *run) { return money_of_paper(run, run->paper); }

bool m_same_money(const struct run *run, int a, int b) { return money_of_paper(run, a) == money_of_paper(run, b); }

bool m_has_rate(struct run *run) { return m_rate_of(run, m_money_of(run)) != 0; }

int64_t m_in_company(struct run *run, int64_t amount)
{
    currency money = m_money_of(run);
    int64_t out = 0;
    if (money == run->settings->company)
        return amount;
    must(amount_at_rate(amount, currency_exponent(money), m_rate_of(run, money), run->exponent, &out));
    return out;
}

int64_t m_cost_of(struct run *run, int64_t qty, int64_t unit)
{
    int64_t amount = 0;
    must(amount_of(qty, unit, currency_exponent(m_money_of(run)), &amount));
    return m_in_company(run, amount);
}

static bool posted_already(const struct run *run, int paper)
{
    return run->papers[paper].outcome && same(run->papers[paper].outcome, POSTED);
}

/* What the document refers to has been read and was posted. */
static bool referred_are_there(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    const struct m_document *d = paper->d;
    bool there = true;
    bool is_bill = d->type == M_BILL; /* its receipt may come later: read_bill looks */
    /* Reading: what refers to a document that waits or failed waits for it, as for one not seen. */
    if (paper->order >= 0 && d->type != M_ORDER)
        there = there && run->orders[paper->order].known;
    if (paper->other_order >= 0)
        there = there && run->orders[paper->other_order].known;
    if (paper->target >= 0 && !is_bill)
        there = there && posted_already(run, paper->target);
    if (paper->second_target >= 0 && run->papers[paper->second_target].d->type == M_BILL)
        there = there && posted_already(run, paper->second_target);
    size_t count = d->lines.count > d->receipts.count ? d->lines.count : d->receipts.count;
    for (size_t i = 0; i < count && !is_bill; i++) {
        if (paper->targets[i] < 0)
            continue;
        there = there &&
                (d->type == M_ENTRY ? run->orders[paper->targets[i]].known : posted_already(run, paper->targets[i]));
    }
    return there;
}

/* Reading: a version of the order that was posted before and lists the payment as captured. */
static bool same_payment_in_order(const struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    for (int i = 0; i < run->order_names[paper->order].papers.count; i++) {
        const struct m_document *order = run->papers[run->order_names[paper->order].papers.at[i]].d;
        if (!posted_already(run, run->order_names[paper->order].papers.at[i]))
            continue;
        for (size_t k = 0; k < order->payments.count; k++) {
            const struct m_line *listed = &order->payments.at[k];
            if (listed->id && same(listed->id, paper->d->id) && same(listed->gateway, paper->d->gateway) &&
                (!listed->status || same(listed->status, "captured")))
                return true;
        }
    }
    return false;
}

static bool read_correction(struct run *run)
{
    /* The receipt was read with the corrected cost already (read_receipt); only the line must be there. */
    const struct paper *paper = &run->papers[run->paper];
    int line = m_receipt_line_find(run->papers[paper->target].d, paper->d->line, paper->d->sku);
    if (line < 0)
        return m_refuse(run, FAILED, line == -2 ? "line_ambiguous" : "line_unknown");
    if (!m_same_money(run, run->paper, paper->target))
        return m_refuse(run, FAILED, "unsupported");
    return true;
}

static bool read_payment_document(struct run *run)
{
    if (!run->papers[run->paper].d->order.id)
        return m_read_payment_on_account(run);
    if (same_payment_in_order(run))
        return m_refuse(run, EXCLUDED, "same_payment");
    return m_read_payment(run, -1);
}

/* What is about an order in another money than the company's needs a rate of that too, on its day. */
static bool has_rate_of_its_order(struct run *run)
{
    const struct paper *paper = &run->papers[run->paper];
    int order = paper->d->type == M_DELIVERY ? run->papers[paper->target].order : paper->order;
    if (paper->d->type == M_ORDER || order < 0 || !run->orders[order].known)
        return true;
    return m_rate_of(run, run->orders[order].money) != 0;
}

static bool read_movement(struct run *run, const struct movement *movement)
{
    const struct paper *paper = &run->papers[run->paper];
    if (movement->payment == DAY_OF_SERVICE)
        return m_read_day_of_service(run);
    if (movement->payment >= 0)
        return m_read_payment(run, movement->payment);
    if (paper->d->type == M_PAYMENT && !is_captured(paper->d))
        return m_refuse(run, EXCLUDED, "payment_not_captured");
    if (movement->key.leg == 0 && !referred_are_there(run))
        return m_refuse(run, WAITING, "waits_document");
    bool at_a_rate = paper->d->type != M_RATE && paper->d->type != M_COST_CORRECTION && paper->d->currency &&
                     !m_bill_names(paper->d); /* what may come later: m_read_bill asks for its rate then */
    if (movement->key.leg == 0 && at_a_rate && !m_has_rate(run))
        return m_refuse(run, WAITING, "waits_rate");
    if (movement->key.leg == 0 && !has_rate_of_its_order(run))
        return m_refuse(run, WAITING, "waits_rate");
    switch (paper->d->type) {
    case M_ORDER: return m_read_order(run);
    case M_PAYMENT: return read_payment_document(run);
    case M_CANCEL: return m_read_cancel(run);
    case M_SHIPMENT: return m_read_shipment(run);
    case M_DELIVERY: return m_read_delivery(run);
    case M_REFUND: return m_read_refund(run);
    case M_RETURN: return m_read_return(run);
    case M_RECEIPT: return m_read_receipt(run);
    case M_BILL: return m_read_bill(run, movement->key.leg, movement->key.line - 1);
    case M_LANDED_COST: return m_read_landed_cost(run);
    case M_COST_CORRECTION: return read_correction(run);
    case M_TRANSFER: return m_read_transfer(run, movement->key.leg);
    case M_COUNT: return m_read_count(run);
    case M_ADJUSTMENT: return m_read_adjustment(run);
    case M_STATUS_CHANGE: return m_read_status_change(run);
    case M_ASSEMBLY: return m_read_assembly(run);
    case M_SUPPLIER_RETURN: return m_read_supplier_return(run);
    case M_ENTRY: return m_read_entry(run);
    case M_OPENING: return movement->key.leg == 0 ? m_read_opening(run) : m_open_order(run, movement->key.line - 1);
    case M_ITEM: return m_read_item(run);
    case M_LOCATION:
    case M_RATE:
    case M_VOID: return true;
    case M_NO_TYPE:
    case M_TYPES: break;
    }
    must(false);
    return false;
}

/* Every entry sums to zero (J-1): what one movement posted does. */
static void check_balance(const struct run *run, int from)
{
    int64_t sum = 0;
    for (int i = from; i < run->posted.count; i++)
        sum += run->posted.at[i].amount;
    must(sum == 0);
}

/* A return is not earlier than the shipment that issued the last of its units. Reading: found while reading: one that is
 * not covered at its own time is looked at again after each shipment of its order, whatever kind of line it is about, in
 * the order of keys; it takes that shipment's instant. */
static void late_returns_of(struct run *run, int order)
{
    for (int i = 0; i < run->late_returns.count; i++) {
        int paper = run->late_returns.at[i];
        if (paper < 0 || run->papers[paper].order != order || !m_return_is_covered(run, paper))
            continue;
        run->late_returns.at[i] = -1;
        struct key key = key_of(run, paper);
        key.instant = most(key.instant, run->now);
        run->at++;
        add_movement(run, paper, -1, key);
        run->at--;
    }
}

static void read_once(struct run *run)
{
    size_t cells = (size_t)(run->item_count + 1) * (size_t)(run->location_count + 1);
    run->lots.count = run->pieces.count = run->receipts.count = run->consigned_lots.count = 0;
    run->followings.count = run->followed = run->spreading.count = 0;
    run->advances.count = 0;
    run->shipments.count = run->captures.count = run->held.count = run->late_returns.count = run->posted.count = 0;
    run->next_place = run->next_turn = 0;
    run->again = false;
    memset(run->pools, 0, cells * sizeof *run->pools);
    memset(run->own, 0, cells * sizeof *run->own);
    memset(run->damaged, 0, cells * sizeof *run->damaged);
    memset(run->quarantined, 0, cells * sizeof *run->quarantined);
    memset(run->consigned, 0, cells * sizeof *run->consigned);
    memset(run->moving, 0, cells * sizeof *run->moving);
    for (int i = 0; i < run->order_count; i++) {
        struct order empty = {.lines = run->orders[i].lines};
        empty.lines.count = 0;
        run->orders[i] = empty;
    }
    for (int i = 0; i < run->paper_count; i++)
        if (run->papers[i].standing == STANDS)
            run->papers[i].outcome = run->papers[i].refusal = NULL;
    lay_out_movements(run);
    for (run->at = 0; run->at < run->movements.count && !run->again; run->at++) {
        const struct movement movement = run->movements.at[run->at];
        struct paper *paper = &run->papers[movement.paper];
        run->paper = movement.paper;
        run->now = movement.key.instant;
        if (paper->d->type == M_RETURN && run->settings->entry_order)
            run->now = m_return_instant(run, movement.paper);
        run->day = zone_day(run->settings->zone, run->now);
        run->settings = m_settings_on(run, run->day);
        run->next_part = 0;
        run->about.location = run->about.order = run->about.line = -1;
        if (run->forced[run->paper].outcome) {
            paper->outcome = run->forced[run->paper].outcome;
            paper->refusal = run->forced[run->paper].refusal;
            continue;
        }
        bool first = movement.key.leg == 0 && movement.payment < 0;
        if (!first && (!paper->outcome || !same(paper->outcome, POSTED)))
            continue;
        int from = run->posted.count;
        if (!read_movement(run, &movement)) {
            must(run->again || (run->posted.count == from && paper->outcome));
            continue;
        }
        if (first) {
            paper->outcome = POSTED;
            paper->refusal = "";
        }
        check_balance(run, from);
        m_remember_rates(run);
        if (paper->d->type == M_SHIPMENT)
            late_returns_of(run, paper->order);
    }
    for (int i = 0; i < run->paper_count; i++)
        if (run->papers[i].standing == STANDS && !run->papers[i].outcome)
            must(run->again);
}

static void prepare(struct run *run, const struct m_history *history)
{
    static const struct m_given nothing_given = {NULL, M_NONE, 0};
    run->history = history;
    run->settings = &history->settings;
    run->exponent = currency_exponent(history->settings.company);
    run->paper_count = (int)history->count;
    run->papers = ARENA_ARRAY(run->arena, struct paper, history->count + 1);
    must(run->papers);
    for (int i = 0; i < run->paper_count; i++)
        run->papers[i] = (struct paper){.given = history->given ? history->given[i] : nothing_given,
                                        .d = history->documents[i],
                                        .order = -1,
                                        .other_order = -1,
                                        .item = -1,
                                        .target = -1,
                                        .second_target = -1};
    choose_versions(run);
    refuse_methods(run);
    set_voids(run);
    wait_for_components(run);
    refuse_orders(run);
    number_names(run);
    for (int i = 0; i < run->paper_count; i++) {
        struct paper *paper = &run->papers[i];
        if (paper->standing != STANDS)
            continue;
        resolve(run, paper);
        if (paper->standing == SET_ASIDE && paper->d->type == M_PAYMENT && !is_captured(paper->d))
            set_aside(paper, EXCLUDED, "payment_not_captured");
    }
    size_t cells = (size_t)(run->item_count + 1) * (size_t)(run->location_count + 1);
    run->pools = ARENA_ARRAY(run->arena, struct pool, cells);
    run->own = ARENA_ARRAY(run->arena, int64_t, cells);
    run->damaged = ARENA_ARRAY(run->arena, int64_t, cells);
    run->quarantined = ARENA_ARRAY(run->arena, int64_t, cells);
    run->consigned = ARENA_ARRAY(run->arena, int64_t, cells);
    run->moving = ARENA_ARRAY(run->arena, int64_t, cells);
    run->orders = ARENA_ARRAY(run->arena, struct order, (size_t)run->order_count + 1);
    run->forced = arena_array(run->arena, history->count + 1, sizeof *run->forced);
    must(run->pools && run->own && run->damaged && run->quarantined && run->consigned && run->moving && run->orders &&
         run->forced);
}

/* --- telling ------------------------------------------------------------------------------------ */

static int compare_texts(const char *const *a, const char *const *b, int count)
{
    for (int i = 0; i < count; i++) {
        int order = strcmp(a[i], b[i]);
        if (order)
            return order;
    }
    return 0;
}

static int outcome_order(const void *left, const void *right)
{
    const struct m_outcome_row *a = left, *b = right;
    int order = compare_texts((const char *const[]){a->type, a->source, a->id},
                              (const char *const[]){b->type, b->source, b->id}, 3);
    return order ? order : (a->version > b->version) - (a->version < b->version);
}
static int daily_order(const void *left, const void *right)
{
    const struct m_daily_row *a = left, *b = right;
    int order = strcmp(a->role, b->role);
    return order ? order : (a->day > b->day) - (a->day < b->day);
}
static int detail_order(const void *left, const void *right)
{
    const struct m_detail_row *a = left, *b = right;
    return compare_texts((const char *const[]){a->role, a->sku, a->location, a->order, a->line},
                         (const char *const[]){b->role, b->sku, b->location, b->order, b->line}, 5);
}
static int move_order(const void *left, const void *right)
{
    const struct m_move_row *a = left, *b = right;
    int order = compare_texts((const char *const[]){a->role, a->sku, a->location, a->order, a->line},
                              (const char *const[]){b->role, b->sku, b->location, b->order, b->line}, 5);
    return order ? order : (a->day > b->day) - (a->day < b->day);
}
static int owed_order(const void *left, const void *right)
{
    const struct m_owed_row *a = left, *b = right;
    return compare_texts((const char *const[]){a->sku, a->location, a->document},
                         (const char *const[]){b->sku, b->location, b->document}, 3);
}
static int slice_order(const void *left, const void *right)
{
    const struct m_slice_row *a = left, *b = right;
    return compare_texts((const char *const[]){a->sku, a->document, a->lot, a->role, a->order, a->line},
                         (const char *const[]){b->sku, b->document, b->lot, b->role, b->order, b->line}, 6);
}
static int entry_order(const void *left, const void *right)
{
    const struct m_entry_row *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return compare_texts((const char *const[]){a->type, a->document, a->role, a->sku},
                         (const char *const[]){b->type, b->document, b->role, b->sku}, 4);
}
static int stock_order(const void *left, const void *right)
{
    const struct m_stock_row *a = left, *b = right;
    return compare_texts((const char *const[]){a->sku, a->location}, (const char *const[]){b->sku, b->location}, 2);
}

static void sort_rows(void *rows, size_t count, size_t size, int (*order)(const void *, const void *))
{
    if (count > 1)
        qsort(rows, count, size, order);
}

/* Sorts rows, adds up those with the same members, and drops what came to nothing; how many are left. */
#define MERGE_ROWS(rows, count, order, amount, also)                                \
    do {                                                                            \
        size_t merged = 0, left = 0;                                                \
        sort_rows((rows), (count), sizeof *(rows), order);                          \
        for (size_t i = 0; i < (count); i++) {                                      \
            bool again = merged > 0 && order(&(rows)[merged - 1], &(rows)[i]) == 0; \
            if (!again) {                                                           \
                (rows)[merged++] = (rows)[i];                                       \
                continue;                                                           \
            }                                                                       \
            (rows)[merged - 1].amount += (rows)[i].amount;                          \
            if ((void *)&(rows)[i].also != (void *)&(rows)[i].amount)               \
                (rows)[merged - 1].also += (rows)[i].also;                          \
        }                                                                           \
        for (size_t i = 0; i < merged; i++)                                         \
            if ((rows)[i].amount != 0)                                              \
                (rows)[left++] = (rows)[i];                                         \
        (count) = left;                                                             \
    } while (0)

void m_answer_sort(struct m_answer *answer)
{
    size_t kept;
    sort_rows(answer->outcomes, answer->outcome_count, sizeof *answer->outcomes, outcome_order);
    sort_rows(answer->stock, answer->stock_count, sizeof *answer->stock, stock_order);

    sort_rows(answer->daily, answer->daily_count, sizeof *answer->daily, daily_order);
    kept = 0;
    for (size_t i = 0; i < answer->daily_count; i++) {
        if (kept && daily_order(&answer->daily[kept - 1], &answer->daily[i]) == 0)
            answer->daily[kept - 1].posted += answer->daily[i].posted;
        else
            answer->daily[kept++] = answer->daily[i];
    }
    answer->daily_count = kept;
    kept = 0;
    for (size_t i = 0; i < answer->daily_count; i++)
        if (answer->daily[i].posted != 0)
            answer->daily[kept++] = answer->daily[i];
    answer->daily_count = kept;
    for (size_t i = 0; i < kept; i++) {
        bool goes_on = i > 0 && same(answer->daily[i - 1].role, answer->daily[i].role);
        answer->daily[i].balance = answer->daily[i].posted + (goes_on ? answer->daily[i - 1].balance : 0);
    }

    MERGE_ROWS(answer->details, answer->detail_count, detail_order, amount, amount);
    MERGE_ROWS(answer->moves, answer->move_count, move_order, amount, amount);
    MERGE_ROWS(answer->entries, answer->entry_count, entry_order, amount, amount);
    MERGE_ROWS(answer->owed, answer->owed_count, owed_order, qty, value);
    MERGE_ROWS(answer->slices, answer->slice_count, slice_order, qty, value);
}

static void share_value(struct run *run, int item, int pool, struct m_layer_row *layers, size_t count)
{
    int64_t *weights = ARENA_ARRAY(run->arena, int64_t, count);
    int64_t *parts = ARENA_ARRAY(run->arena, int64_t, count);
    must(weights && parts);
    for (size_t i = 0; i < count; i++)
        weights[i] = layers[i].qty;
    split_by_weight(m_pool_at(run, item, pool)->value, weights, count, parts);
    for (size_t i = 0; i < count; i++)
        layers[i].value = parts[i];
}

static void tell_stock(struct run *run, struct m_answer *answer, struct arena *arena)
{
    size_t rows = (size_t)(run->item_count) * (size_t)(run->location_count + 2);
    answer->stock = ARENA_ARRAY(arena, struct m_stock_row, rows + 1);
    answer->layers = ARENA_ARRAY(arena, struct m_layer_row, (size_t)run->pieces.count + 1);
    must(answer->stock && answer->layers);
    for (int item = 0; item < run->item_count; item++) {
        /* Under company scope the one pool has a row of its own, location "", and the locations quantities only. */
        for (int at = run->settings->company_scope ? -1 : 0; at <= run->location_count; at++) {
            struct m_stock_row row = {.sku = run->items[item].sku,
                                      .location = at < 0                     ? ""
                                                  : at < run->location_count ? run->locations[at]
                                                                             : "in_transit",
                                      .first_layer = answer->layer_count};
            bool pool_row = run->settings->company_scope ? at < 0 : at < run->location_count;
            if (at >= 0) {
                row.on_hand = *m_counter(run, run->own, item, at) + *m_counter(run, run->damaged, item, at) +
                              *m_counter(run, run->consigned, item, at);
                row.sellable =
                    row.on_hand - *m_counter(run, run->damaged, item, at) - *m_counter(run, run->quarantined, item, at);
                row.reserved = at < run->location_count ? m_reserved_at(run, item, at) : 0;
                row.available = row.sellable - row.reserved;
                row.owned = row.on_hand - *m_counter(run, run->consigned, item, at);
            }
            for (int i = 0; i < run->pieces.count; i++) {
                const struct piece *piece = &run->pieces.at[i];
                if (piece->item == item && piece->where == GONE && piece->to.role &&
                    same(piece->to.role, "goods_out") && piece->to.location == at)
                    row.owned += piece->qty;
                if (piece->item == item && piece->where == IN_TRANSIT && at == run->location_count) {
                    row.owned += piece->qty;
                    row.value += piece->value;
                }
            }
            int pool = at < 0 ? 0 : at;
            if (at == run->location_count && run->settings->company_scope)
                row.owned += *m_counter(run, run->moving, item, 0);
            if (at == run->location_count && !run->settings->company_scope)
                row.value += m_pool_at(run, item, at)->value;
            if (pool_row) {
                row.value = m_held_value(run, item, pool);
                for (int i = 0; i < run->lots.count; i++) {
                    const struct lot *lot = &run->lots.at[i];
                    if (lot->kind == LOT_OWED && lot->item == item && lot->pool == pool) {
                        row.owed += lot->qty;
                        row.value -= lot->value;
                    }
                }
                places layers = m_layers_of(run, item, pool);
                for (int i = 0; i < layers.count; i++) {
                    const struct piece *piece = &run->pieces.at[layers.at[i]];
                    answer->layers[answer->layer_count++] = (struct m_layer_row){
                        run->papers[run->lots.at[piece->lot].paper].d->id, piece->qty, piece->value};
                }
                row.layer_count = answer->layer_count - row.first_layer;
                /* Under average a layer's value is shown as its share of the pool, by quantity. */
                if (m_method_of(run, item) == M_AVERAGE && row.layer_count)
                    share_value(run, item, pool, &answer->layers[row.first_layer], row.layer_count);
            }
            if (row.on_hand || row.reserved || row.owned || row.owed || row.value || row.layer_count || row.sellable)
                answer->stock[answer->stock_count++] = row;
        }
    }
}

static const char *line_of(const struct run *run, int order, int line)
{
    return order >= 0 && line >= 0 ? run->orders[order].lines.at[line].id : "";
}

/* What is gone, and what is still owed. */
static void tell_slices(struct run *run, struct m_answer *answer, struct arena *arena)
{
    answer->slices = ARENA_ARRAY(arena, struct m_slice_row, (size_t)run->pieces.count + 1);
    answer->owed = ARENA_ARRAY(arena, struct m_owed_row, (size_t)run->lots.count + 1);
    must(answer->slices && answer->owed);
    for (int i = 0; i < run->pieces.count; i++) {
        const struct piece *piece = &run->pieces.at[i];
        if (piece->where != GONE)
            continue;
        int by = run->movements.at[piece->gone_at].paper;
        answer->slices[answer->slice_count++] =
            (struct m_slice_row){.sku = run->items[piece->item].sku,
                                 .document = run->papers[by].d->id,
                                 .lot = run->papers[run->lots.at[piece->lot].paper].d->id,
                                 .role = piece->to.output >= 0 ? "production_costs_absorbed" : piece->to.role,
                                 .order = piece->to.order >= 0 ? run->order_names[piece->to.order].id : "",
                                 .line = line_of(run, piece->to.order, piece->to.line),
                                 .qty = piece->qty,
                                 .value = piece->value};
    }
    for (int i = 0; i < run->lots.count; i++) {
        const struct lot *lot = &run->lots.at[i];
        if (lot->kind == LOT_OWED && lot->qty > 0)
            answer->owed[answer->owed_count++] =
                (struct m_owed_row){.sku = run->items[lot->item].sku,
                                    .location = run->settings->company_scope ? "" : run->locations[lot->pool],
                                    .document = run->papers[lot->paper].d->id,
                                    .qty = lot->qty,
                                    .value = lot->value};
    }
}

static void tell(struct run *run, struct m_answer *answer, struct arena *arena)
{
    size_t count = (size_t)run->posted.count;
    answer->outcomes = ARENA_ARRAY(arena, struct m_outcome_row, (size_t)run->paper_count + 1);
    answer->daily = ARENA_ARRAY(arena, struct m_daily_row, count + 1);
    answer->details = ARENA_ARRAY(arena, struct m_detail_row, count + 1);
    answer->moves = ARENA_ARRAY(arena, struct m_move_row, count + 1);
    answer->entries = ARENA_ARRAY(arena, struct m_entry_row, count + 1);
    must(answer->outcomes && answer->daily && answer->details && answer->moves && answer->entries);
    for (int i = 0; i < run->paper_count; i++) {
        const struct paper *paper = &run->papers[i];
        if (paper->standing == REPEATED)
            continue;
        answer->outcomes[answer->outcome_count++] =
            (struct m_outcome_row){m_type_name(paper->d->type), m_source(paper->d), paper->d->id,
                                   m_version(paper->d),         paper->outcome,     paper->refusal};
    }
    for (size_t i = 0; i < count; i++) {
        const struct posted *posted = &run->posted.at[i];
        const struct m_document *d = run->papers[posted->paper].d;
        const char *sku = posted->item >= 0 ? run->items[posted->item].sku : "";
        const char *order = posted->order >= 0 ? run->order_names[posted->order].id : "";
        const char *line = line_of(run, posted->order, posted->line);
        const char *location = posted->location >= 0 ? run->locations[posted->location] : "";
        answer->daily[i] = (struct m_daily_row){posted->role, posted->day, posted->amount, 0};
        answer->details[i] = (struct m_detail_row){posted->role, sku, location, order, line, posted->amount};
        answer->moves[i] = (struct m_move_row){posted->role, sku, location, order, line, posted->day, posted->amount};
        answer->entries[i] =
            (struct m_entry_row){posted->day, m_type_name(d->type), d->id, posted->role, sku, posted->amount};
    }
    answer->daily_count = answer->detail_count = answer->move_count = answer->entry_count = count;
    run->now = INT64_MAX;
    tell_stock(run, answer, arena);
    tell_slices(run, answer, arena);
    m_answer_sort(answer);
}

static void read_all(struct run *run)
{
    /* Each further reading leaves out one document more, or an earlier one. */
    int readings = 0;
    do {
        must(++readings < 10 * run->paper_count + 100);
        read_once(run);
    } while (run->again);
}

/* A version that is refused, or waits, replaces nothing; the highest of the others is read. True when one was. */
static bool refuse_versions(struct run *run)
{
    bool found = false;
    for (int i = 0; i < run->paper_count; i++) {
        const struct paper *paper = &run->papers[i];
        bool no = paper->outcome && (same(paper->outcome, FAILED) || same(paper->outcome, WAITING));
        if (paper->standing == REPEATED || run->refused[i] || paper->wrong || paper->given.left_out ||
            has_history(paper->d->type) || !no)
            continue;
        for (int k = 0; k < run->paper_count; k++)
            if (run->papers[k].standing == SET_ASIDE && same(run->papers[k].refusal, "superseded") &&
                same_identity(paper->d, run->papers[k].d) && m_version(run->papers[k].d) < m_version(paper->d)) {
                run->refused[i] = paper->refusal;
                run->waits[i] = same(paper->outcome, WAITING);
                found = true;
            }
    }
    return found;
}

static struct run read_history(const struct m_history *history, struct arena *arena)
{
    const char **refused = ARENA_ARRAY(arena, const char *, history->count + 1);
    bool *waits = ARENA_ARRAY(arena, bool, history->count + 1);
    struct run run;
    must(refused && waits);
    do {
        run = (struct run){.arena = arena, .refused = refused, .waits = waits};
        prepare(&run, history);
        read_all(&run);
    } while (refuse_versions(&run));
    return run;
}

struct m_answer m_model_answer(const struct m_history *history, struct arena *arena)
{
    struct run run = read_history(history, arena);
    struct m_answer answer = {0};
    run.now = INT64_MAX;
    m_check_stock(&run);
    m_check_orders(&run);
    tell(&run, &answer, arena);
    return answer;
}

static bool is_definition(const struct m_document *d)
{
    return d->type == M_ITEM || d->type == M_LOCATION || d->type == M_RATE;
}

/* The key by which a document comes in its order: of a return the instant that its reading settles; of an order that an
 * opening tells of, not behind that opening. */
static struct key arrival_key(struct run *run, int at)
{
    struct key key = key_of(run, at);
    const struct paper *paper = &run->papers[at];
    for (int i = 0; i < run->movements.count && paper->d->type == M_RETURN; i++)
        if (run->movements.at[i].paper == at && m_key_compare(&run->movements.at[i].key, &key) > 0)
            key = run->movements.at[i].key;
    for (int i = 0; i < run->paper_count && paper->d->type == M_ORDER; i++) {
        const struct m_document *d = run->papers[i].d;
        if (d->type != M_OPENING || run->papers[i].standing != STANDS)
            continue;
        struct key opening = key_of(run, i);
        for (size_t k = 0; k < d->orders.count; k++)
            if (run->papers[i].targets[k] == paper->order && run->order_names[paper->order].papers.at[0] == at &&
                m_key_compare(&opening, &key) < 0)
                key = opening;
    }
    return key;
}

static bool arrives_before(const struct run *run, const struct key *keys, int a, int b)
{
    const struct paper *left = &run->papers[a], *right = &run->papers[b];
    int left_class = is_definition(left->d) ? 0 : left->standing == STANDS ? 1 : 2;
    int right_class = is_definition(right->d) ? 0 : right->standing == STANDS ? 1 : 2;
    if (left_class != right_class || left_class != 1)
        return left_class < right_class;
    int order = m_key_compare(&keys[a], &keys[b]);
    return order ? order < 0 : left->d->type == M_ORDER && right->d->type == M_OPENING;
}

void m_history_sort(struct m_history *history, struct arena *arena)
{
    struct run run = read_history(history, arena);
    run.settings = &history->settings;
    /* Insertion: a history is short, and equal keys (versions, repetitions) keep their order. */
    const struct m_document **sorted = arena_array(arena, history->count + 1, sizeof *sorted);
    int *order = ARENA_ARRAY(arena, int, history->count + 1);
    struct key *keys = ARENA_ARRAY(arena, struct key, history->count + 1);
    must(sorted && order && keys);
    for (int i = 0; i < run.paper_count; i++)
        if (run.papers[i].standing == STANDS)
            keys[i] = arrival_key(&run, i);
    for (int i = 0; i < run.paper_count; i++) {
        int place = i;
        while (place > 0 && arrives_before(&run, keys, i, order[place - 1])) {
            order[place] = order[place - 1];
            place--;
        }
        order[place] = i;
    }
    for (int i = 0; i < run.paper_count; i++)
        sorted[i] = history->documents[order[i]];
    memcpy(history->documents, sorted, history->count * sizeof *sorted);
}

/* --- comparing ---------------------------------------------------------------------------------- */

struct report {
    char *text;
    size_t size, used;
    bool equal;
};

static void differ(struct report *report, const char *format, ...) PRINTF_LIKE(2, 3);
#include <stdarg.h>
static void differ(struct report *report, const char *format, ...)
{
    report->equal = false;
    if (report->used >= report->size)
        return;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(report->text + report->used, report->size - report->used, format, args);
    va_end(args);
    report->used += len > 0 ? (size_t)len : 0;
}

static void say_outcome(struct report *report, const char *who, const struct m_outcome_row *row)
{
    differ(report, "%s outcome %s %s/%s v%lld: %s %s\n", who, row->type, row->source, row->id, (long long)row->version,
           row->outcome, row->refusal);
}

/* Walks two sorted lists of rows side by side; rows alone in one of them differ as rows with other figures do. */
#define COMPARE_ROWS(rows, count, order, equal, say)                                       \
    do {                                                                                   \
        size_t w = 0, f = 0;                                                               \
        while (w < wanted->count || f < found->count) {                                    \
            bool left = w < wanted->count, right = f < found->count;                       \
            int side = !left ? 1 : !right ? -1 : order(&wanted->rows[w], &found->rows[f]); \
            bool alike = side == 0 && equal(&wanted->rows[w], &found->rows[f]);            \
            if (side <= 0 && !alike)                                                       \
                say(report, "wanted", &wanted->rows[w]);                                   \
            if (side >= 0 && !alike)                                                       \
                say(report, "found ", &found->rows[f]);                                    \
            w += side <= 0;                                                                \
            f += side >= 0;                                                                \
        }                                                                                  \
    } while (0)

static bool same_outcome(const struct m_outcome_row *a, const struct m_outcome_row *b)
{
    return same(a->outcome, b->outcome) && same(a->refusal, b->refusal);
}

static void say_day(struct report *report, const char *who, const struct m_daily_row *row)
{
    char day[11];
    differ(report, "%s daily %s %s: posted %lld, balance %lld\n", who, day_write(row->day, day), row->role,
           (long long)row->posted, (long long)row->balance);
}

static bool same_day(const struct m_daily_row *a, const struct m_daily_row *b)
{
    return a->posted == b->posted && a->balance == b->balance;
}

static void say_detail(struct report *report, const char *who, const struct m_detail_row *row)
{
    differ(report, "%s detail %s sku=%s location=%s order=%s line=%s: %lld\n", who, row->role, row->sku, row->location,
           row->order, row->line, (long long)row->amount);
}

static void say_entry(struct report *report, const char *who, const struct m_entry_row *row)
{
    char day[11];
    differ(report, "%s entry %s %s %s %s sku=%s: %lld\n", who, day_write(row->day, day), row->type, row->document,
           row->role, row->sku, (long long)row->amount);
}

static bool same_detail(const struct m_detail_row *a, const struct m_detail_row *b) { return a->amount == b->amount; }
static bool same_entry(const struct m_entry_row *a, const struct m_entry_row *b) { return a->amount == b->amount; }

static void say_move(struct report *report, const char *who, const struct m_move_row *row)
{
    char day[11];
    differ(report, "%s move %s %s sku=%s location=%s order=%s line=%s: %lld\n", who, day_write(row->day, day),
           row->role, row->sku, row->location, row->order, row->line, (long long)row->amount);
}

static bool same_move(const struct m_move_row *a, const struct m_move_row *b) { return a->amount == b->amount; }

static void say_owed(struct report *report, const char *who, const struct m_owed_row *row)
{
    differ(report, "%s owed %s @%s %s: %lld at %lld\n", who, row->sku, row->location, row->document,
           (long long)row->qty, (long long)row->value);
}

static bool same_owed(const struct m_owed_row *a, const struct m_owed_row *b)
{
    return a->qty == b->qty && a->value == b->value;
}

static void say_slice(struct report *report, const char *who, const struct m_slice_row *row)
{
    differ(report, "%s slice %s %s of %s to %s order=%s line=%s: %lld at %lld\n", who, row->sku, row->document,
           row->lot, row->role, row->order, row->line, (long long)row->qty, (long long)row->value);
}

static bool same_slice(const struct m_slice_row *a, const struct m_slice_row *b)
{
    return a->qty == b->qty && a->value == b->value;
}

static void say_stock(struct report *report, const char *who, const struct m_answer *answer,
                      const struct m_stock_row *row)
{
    differ(report,
           "%s stock %s @%s: on_hand %lld sellable %lld reserved %lld owned %lld available %lld owed %lld value %lld\n",
           who, row->sku, row->location, (long long)row->on_hand, (long long)row->sellable, (long long)row->reserved,
           (long long)row->owned, (long long)row->available, (long long)row->owed, (long long)row->value);
    for (size_t i = 0; i < row->layer_count; i++) {
        const struct m_layer_row *layer = &answer->layers[row->first_layer + i];
        differ(report, "%s       layer %s %lld @ %lld\n", who, layer->document, (long long)layer->qty,
               (long long)layer->value);
    }
}

static bool stock_equal(const struct m_answer *wanted, const struct m_stock_row *a, const struct m_answer *found,
                        const struct m_stock_row *b)
{
    if (a->on_hand != b->on_hand || a->sellable != b->sellable || a->reserved != b->reserved || a->owned != b->owned ||
        a->available != b->available || a->owed != b->owed || a->value != b->value || a->layer_count != b->layer_count)
        return false;
    for (size_t i = 0; i < a->layer_count; i++) {
        const struct m_layer_row *x = &wanted->layers[a->first_layer + i], *y = &found->layers[b->first_layer + i];
        if (x->qty != y->qty || x->value != y->value || !same(x->document, y->document))
            return false;
    }
    return true;
}

static void compare_stock(const struct m_answer *wanted, const struct m_answer *found, struct report *report)
{
    size_t w = 0, f = 0;
    while (w < wanted->stock_count || f < found->stock_count) {
        const struct m_stock_row *a = w < wanted->stock_count ? &wanted->stock[w] : NULL;
        const struct m_stock_row *b = f < found->stock_count ? &found->stock[f] : NULL;
        int order = !a ? 1 : !b ? -1 : stock_order(a, b);
        bool equal = order == 0 && stock_equal(wanted, a, found, b);
        if (a && order <= 0 && !equal)
            say_stock(report, "wanted", wanted, a);
        if (b && order >= 0 && !equal)
            say_stock(report, "found ", found, b);
        w += order <= 0;
        f += order >= 0;
    }
}

static void compare_parts(const struct m_answer *wanted, const struct m_answer *found, unsigned parts,
                          struct report *report)
{
    if (parts & M_COMPARE_OUTCOMES)
        COMPARE_ROWS(outcomes, outcome_count, outcome_order, same_outcome, say_outcome);
    if (parts & M_COMPARE_STOCK)
        compare_stock(wanted, found, report);
    if (parts & M_COMPARE_OWED)
        COMPARE_ROWS(owed, owed_count, owed_order, same_owed, say_owed);
    if (parts & M_COMPARE_SLICES)
        COMPARE_ROWS(slices, slice_count, slice_order, same_slice, say_slice);
    if (parts & M_COMPARE_DETAILS)
        COMPARE_ROWS(details, detail_count, detail_order, same_detail, say_detail);
    if (parts & M_COMPARE_DAILY)
        COMPARE_ROWS(daily, daily_count, daily_order, same_day, say_day);
    if (parts & M_COMPARE_MOVES)
        COMPARE_ROWS(moves, move_count, move_order, same_move, say_move);
    if (parts & M_COMPARE_ENTRIES)
        COMPARE_ROWS(entries, entry_count, entry_order, same_entry, say_entry);
}

bool m_answer_equal(const struct m_answer *wanted, const struct m_answer *found, unsigned parts, char *out_text,
                    size_t out_size)
{
    struct report report = {out_text, out_size, 0, true};
    if (out_size)
        out_text[0] = '\0';
    compare_parts(wanted, found, parts, &report);
    return report.equal;
}
