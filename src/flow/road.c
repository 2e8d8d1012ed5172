/* road.c: orders the steps of the straight way: receive, identify, read, resolve, decide, check, append, apply, release.
 * Each step is a function here or in the file of its business event; see road.h. */
#include "flow/road.h"

#include "flow/chain.h"
#include "flow/decide.h"
#include "format/document_json.h"
#include "format/frame.h"

#include <stdio.h>
#include <stdlib.h>

enum { RAW_BLOCK_RECORDS = 64 };
static const size_t raw_block_bytes = (size_t)1 << 20;

struct road {
    struct store *store;
    uint32_t number;
    struct road_options options;
    struct company *company;
    struct json_parser *parser;
    struct frame_packer *packer;
    struct arena arena; /* one record and all that it releases */
    struct buf body;
    struct map *set_aside_seen; /* hash of an unreadable record → how often this run met it */
    struct road_counts counts;
    /* the open batch */
    bool open;
    struct hasher chain;
    struct seal last_seal;
    uint64_t last_seq, last_raw_block;
    uint64_t first_seq; /* what was there when this run began ends here */
    uint64_t sealed_seq;
    struct buf raw;
    uint32_t raw_count;
};

/* ---- wiring state to the store ---- */

static bool views_get(void *context, enum view_space space, struct span key, struct arena *arena,
                      struct span *out_value, bool *out_found, struct err *err)
{
    struct road *road = context;
    return road->store->ops->view_get(road->store, road->number, space, key, arena, out_value, out_found, err);
}
static bool views_put(void *context, enum view_space space, struct span key, struct span value, struct err *err)
{
    struct road *road = context;
    return road->store->ops->view_put(road->store, road->number, space, key, value, err);
}
static bool views_drop(void *context, enum view_space space, struct span key, struct err *err)
{
    struct road *road = context;
    return road->store->ops->view_delete(road->store, road->number, space, key, err);
}
static bool views_scan(void *context, enum view_space space, struct span prefix, struct span from,
                       bool (*each)(void *each_context, struct span key, struct span value), void *each_context,
                       struct err *err)
{
    struct road *road = context;
    return road->store->ops->view_scan(road->store, road->number, space, prefix, from, each, each_context, err);
}
static bool views_truth(void *context, uint64_t seq, struct arena *arena, struct truth_row *out_row, bool *out_found,
                        struct err *err)
{
    struct road *road = context;
    return road->store->ops->truth_read(road->store, road->number, seq, arena, out_row, out_found, err);
}

struct road *road_open(struct store *store, uint32_t company, struct road_options options, struct err *err)
{
    struct road *road = calloc(1, sizeof *road);
    if (road == NULL) {
        err_set(err, FAILURE_MEMORY, "out of memory");
        return NULL;
    }
    road->store = store;
    road->number = company;
    road->options = options;
    road->parser = json_parser_new();
    road->packer = frame_packer_new();
    road->arena = arena_make((size_t)4 << 30);
    road->body = buf_make((size_t)1 << 30);
    road->raw = buf_make((size_t)64 << 20);
    road->set_aside_seen = map_new();
    struct views views = {.context = road,
                          .get = views_get,
                          .put = views_put,
                          .drop = views_drop,
                          .scan = views_scan,
                          .truth_read = views_truth};
    if (!store->ops->last_numbers(store, company, &road->last_seq, &road->last_raw_block, &road->last_seal, err))
        return road_close(road);
    road->first_seq = road->last_seq;
    road->company = company_open(views, options.zone_bytes, err);
    if (road->company == NULL)
        return road_close(road);
    /* J-2, checked before anything is written: what no seal covers was written by no commit, or its seal was taken away. */
    if (road->last_seal.last_seq != road->last_seq || road->last_seal.last_raw_block != road->last_raw_block) {
        err_set(err, FAILURE_STORE_DAMAGED, "truth ends at row %llu, its last seal at row %llu: run `tieout verify`",
                (unsigned long long)road->last_seq, (unsigned long long)road->last_seal.last_seq);
        return road_close(road);
    }
    if (road->company->applied_seq != road->last_seq) {
        err_set(err, FAILURE_STORE_DAMAGED, "the views have read truth up to row %llu of %llu: run `tieout rebuild`",
                (unsigned long long)road->company->applied_seq, (unsigned long long)road->last_seq);
        return road_close(road);
    }
    return road;
}

struct road *road_close(struct road *road)
{
    if (road == NULL)
        return NULL;
    if (road->open)
        road_abandon(road);
    company_close(road->company);
    json_parser_free(road->parser);
    frame_packer_free(road->packer);
    map_free(road->set_aside_seen);
    arena_done(&road->arena);
    buf_done(&road->body);
    buf_done(&road->raw);
    free(road);
    return NULL;
}

struct company *road_company(struct road *road) { return road->company; }
const struct road_counts *road_counted(const struct road *road) { return &road->counts; }

bool road_begin(struct road *road, struct err *err)
{
    must(!road->open);
    if (!road->store->ops->begin(road->store, road->number, err))
        return false;
    road->open = true;
    road->sealed_seq = road->last_seq;
    chain_start(&road->chain, &road->last_seal);
    return true;
}

void road_abandon(struct road *road)
{
    if (road->open)
        road->store->ops->rollback(road->store);
    road->open = false;
}

static bool raw_flush(struct road *road, struct err *err)
{
    if (road->raw_count == 0)
        return true;
    struct buf frame = buf_make((size_t)128 << 20);
    bool good = frame_pack(road->packer, buf_span(&road->raw), &frame) ||
                err_set(err, FAILURE_MEMORY, "out of memory while packing raw records");
    struct raw_block block = {.number = road->last_raw_block + 1, .count = road->raw_count, .frame = buf_span(&frame)};
    if (good)
        good = road->store->ops->raw_append(road->store, &block, err);
    if (good) {
        chain_raw(&road->chain, &block);
        road->last_raw_block = block.number;
    }
    buf_done(&frame);
    buf_reset(&road->raw);
    road->raw_count = 0;
    return good;
}

bool road_commit(struct road *road, struct err *err)
{
    must(road->open);
    if (!raw_flush(road, err) || !company_flush(road->company, err))
        return false;
    if (road->last_seq != road->sealed_seq) {
        struct seal seal = {
            .number = road->last_seal.number + 1, .last_seq = road->last_seq, .last_raw_block = road->last_raw_block};
        seal.hash = chain_end(&road->chain, seal.last_seq, seal.last_raw_block);
        if (!road->store->ops->seal_append(road->store, &seal, err))
            return false;
        road->last_seal = seal;
    }
    if (!road->store->ops->commit(road->store, err))
        return false;
    road->open = false;
    return true;
}

/* receive: the raw record joins the open block; its row names block and place. */
static bool keep_raw(struct road *road, struct span record, struct truth_row *row, struct err *err)
{
    if (road->raw_count == RAW_BLOCK_RECORDS || (road->raw_count > 0 && road->raw.len + record.len > raw_block_bytes))
        if (!raw_flush(road, err))
            return false;
    frame_record(&road->raw, record);
    row->raw_block = road->last_raw_block + 1;
    row->raw_index = road->raw_count++;
    return !road->raw.failed || err_set(err, FAILURE_MEMORY, "out of memory while keeping a raw record");
}

/* append and apply: the row is truth from here on; the views follow from it alone. */
static bool append(struct road *road, struct ruling *ruling, bool installed, struct err *err)
{
    enum outcome outcome = ruling->row.outcome;
    must(outcome == OUTCOME_POSTED || outcome == OUTCOME_EXCLUDED || outcome == OUTCOME_WAITING ||
         outcome == OUTCOME_FAILED); /* I-1 */
    ruling->row.seq = road->last_seq + 1;
    ruling->row.recorded_at_us = road->options.now_us;
    if (ruling->packed.len > 0)
        ruling->document_seq = ruling->row.seq;
    buf_reset(&road->body);
    ruling_pack(ruling, &road->body);
    if (road->body.failed)
        return err_set(err, FAILURE_MEMORY, "out of memory while packing a decision");
    ruling->row.body = buf_span(&road->body);
    if (!road->store->ops->truth_append(road->store, &ruling->row, err))
        return false;
    chain_row(&road->chain, &ruling->row);
    road->last_seq = ruling->row.seq;
    return company_apply(road->company, ruling, installed, err);
}

/* ---- resolve and decide ---- */

static void resolve(struct plan *plan)
{
    switch (plan->document->type) {
    case DOCUMENT_ITEM: resolve_item(plan); return;
    case DOCUMENT_LOCATION: resolve_location(plan); return;
    case DOCUMENT_ORDER: resolve_order(plan); return;
    case DOCUMENT_PAYMENT: resolve_payment(plan); return;
    case DOCUMENT_CANCEL: resolve_cancel(plan); return;
    case DOCUMENT_SHIPMENT: resolve_shipment(plan); return;
    case DOCUMENT_DELIVERY: resolve_delivery(plan); return;
    case DOCUMENT_REFUND: resolve_refund(plan); return;
    case DOCUMENT_RETURN: resolve_return(plan); return;
    case DOCUMENT_RECEIPT: resolve_receipt(plan); return;
    case DOCUMENT_BILL: resolve_bill(plan); return;
    case DOCUMENT_LANDED_COST: resolve_landed_cost(plan); return;
    case DOCUMENT_COST_CORRECTION: resolve_cost_correction(plan); return;
    case DOCUMENT_TRANSFER: resolve_transfer(plan); return;
    case DOCUMENT_COUNT: resolve_count(plan); return;
    case DOCUMENT_ADJUSTMENT: resolve_adjustment(plan); return;
    case DOCUMENT_STATUS_CHANGE: resolve_status_change(plan); return;
    case DOCUMENT_ASSEMBLY: resolve_assembly(plan); return;
    case DOCUMENT_SUPPLIER_RETURN: resolve_supplier_return(plan); return;
    case DOCUMENT_ENTRY: resolve_entry(plan); return;
    case DOCUMENT_VOID: resolve_void(plan); return;
    case DOCUMENT_RATE: resolve_rate(plan); return;
    case DOCUMENT_OPENING: resolve_opening(plan); return;
    case DOCUMENT_NONE:
    case DOCUMENT_TYPE_LIMIT: break;
    }
    must(!"a type that is read");
}

/* ---- counts: where this run's records are ---- */

static bool is_of_run(const struct road *road, const struct document_version *version)
{
    return version->document_seq > road->first_seq;
}

static void count_outcome(struct road *road, enum outcome outcome, int by)
{
    uint64_t add = (uint64_t)(int64_t)by; /* -1 takes one off */
    road->counts.posted += outcome == OUTCOME_POSTED ? add : 0;
    road->counts.excluded += outcome == OUTCOME_EXCLUDED ? add : 0;
    road->counts.waiting += outcome == OUTCOME_WAITING ? add : 0;
    road->counts.failed += outcome == OUTCOME_FAILED ? add : 0;
}

static void count_versions(struct road *road, const struct document_record *record, int by)
{
    for (size_t i = 0; i < record->version_count; i++)
        if (is_of_run(road, &record->versions[i]))
            count_outcome(road, record->versions[i].outcome, by);
}

/* A decision moves versions of the document that came before it, too: what waited is superseded, or voided. */
static bool count_again(struct road *road, const struct document_record *before, struct err *err)
{
    struct document_record now;
    bool found = false;
    if (!company_document(road->company, before->number, &road->arena, &now, &found, err))
        return false;
    must(found);
    count_versions(road, before, -1);
    count_versions(road, &now, 1);
    return true;
}

static const struct document_version *version_find(const struct document_record *record, int64_t number)
{
    for (size_t i = 0; i < record->version_count; i++)
        if (record->versions[i].version == number)
            return &record->versions[i];
    return NULL;
}

/* The document that a void took back gets its own row: excluded, voided, with everything that changed. */
static bool append_voided(struct road *road, struct plan *plan, struct decided *decided, struct err *err)
{
    struct document_record record;
    bool found = false;
    if (!company_document(road->company, plan->voided, plan->arena, &record, &found, err))
        return false;
    must(found);
    const struct document_version *version = document_current(&record);
    struct ruling *ruling = &decided->ruling;
    ruling->row = (struct truth_row){.kind = TRUTH_DOCUMENT,
                                     .day = plan->day,
                                     .type = (int)record.type,
                                     .version = version->version,
                                     .outcome = OUTCOME_EXCLUDED,
                                     .refusal = REFUSAL_VOIDED,
                                     .source = record.source,
                                     .id = record.id};
    ruling->document = plan->voided;
    ruling->document_seq = version->document_seq;
    ruling->amount_minor = version->amount_minor;
    ruling->detail = arena_print(plan->arena, "voided by void %.*s: %.*s", SPAN_ARG(plan->document->id),
                                 SPAN_ARG(plan->document->void_document.reason));
    decide_install(decided);
    return append(road, ruling, true, err) && count_again(road, &record, err);
}

/* Resolves, decides and appends one version of one document; `packed` absent when an earlier row holds it. */
static bool decide_document(struct road *road, const struct document *document, const struct document_record *record,
                            uint32_t number, uint64_t document_seq, struct span packed, struct truth_row row,
                            struct plan *plan, struct err *err)
{
    *plan = (struct plan){.company = road->company,
                          .arena = &road->arena,
                          .err = err,
                          .document = document,
                          .record = record,
                          .number = number,
                          .document_seq = document_seq,
                          .seq = road->last_seq + 1};
    /* I-2: a version that is known is never taken again; only one that waits is decided once more. */
    must(packed.len == 0 || record == NULL || version_find(record, document->version) == NULL);
    const struct document_version *current = record ? document_current(record) : NULL;
    bool below = current != NULL && record->current > document->version && !document_keeps_versions(document->type);
    if (below)
        plan_exclude(plan, REFUSAL_SUPERSEDED, "version %lld is known", (long long)record->current);
    if (current != NULL && current->refusal == REFUSAL_VOIDED && current->outcome == OUTCOME_EXCLUDED)
        plan_refuse(plan, REFUSAL_NOT_VOIDABLE, "%s %.*s was voided: use a new id", document_type_name(document->type),
                    SPAN_ARG(document->id));
    if (plan_goes_on(plan))
        resolve(plan);
    plan_need_rate(plan);
    if (plan_goes_on(plan))
        plan_amend(plan);
    struct decided decided = {0};
    if (plan->broken || !plan_decide(plan, &decided))
        return false;
    bool removes = plan->removes && plan->outcome == OUTCOME_POSTED;
    struct ruling ruling = removes || plan->outcome != OUTCOME_POSTED ? (struct ruling){0} : decided.ruling;
    row.kind = TRUTH_DOCUMENT;
    row.type = (int)document->type;
    row.version = document->version;
    row.source = document->source;
    row.id = document->id;
    row.day = plan->day;
    row.outcome = plan->outcome;
    row.refusal = (int)plan->refusal;
    ruling.row = row;
    ruling.document = number;
    ruling.document_seq = document_seq;
    ruling.packed = packed;
    ruling.waits_on = plan->waits_on;
    ruling.detail = plan->detail;
    ruling.at_us = plan->at_us;
    ruling.amount_minor = plan->amount_minor;
    if (document->type == DOCUMENT_ORDER && plan->outcome == OUTCOME_POSTED)
        ruling.customer = document->order.customer;
    if (plan_is_on_account(document) && plan->outcome == OUTCOME_POSTED)
        ruling.customer = document->payment.customer;
    if (plan->outcome == OUTCOME_POSTED && !removes)
        decide_install(&decided);
    if (!append(road, &ruling, true, err) || (record != NULL && !count_again(road, record, err)))
        return false;
    if (record == NULL)
        count_outcome(road, plan->outcome, 1);
    return !removes || append_voided(road, plan, &decided, err);
}

/* ---- release: what waited for what has just come ---- */

struct waiter {
    uint32_t document;
    struct key key;
};
struct waiters {
    struct waiter *at;
    size_t count, room;
};

static int compare_waiters(const void *a, const void *b)
{
    return key_compare(&((const struct waiter *)a)->key, &((const struct waiter *)b)->key);
}

static bool waiters_join(struct road *road, struct waiters *waiters, const uint32_t *documents, size_t count,
                         struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        bool there = false;
        for (size_t w = 0; w < waiters->count; w++)
            there |= waiters->at[w].document == documents[i];
        if (there)
            continue;
        struct document_record record;
        struct document document;
        bool found = false;
        if (!company_document(road->company, documents[i], &road->arena, &record, &found, err))
            return false;
        must(found);
        if (!company_read_document(road->company, document_current(&record)->document_seq, &road->arena, &document,
                                   err))
            return false;
        ARENA_GROW(&road->arena, waiters->at, waiters->count, waiters->room);
        waiters->at[waiters->count++] =
            (struct waiter){documents[i],
                            {.at_us = company_instant(road->company, document.at, RANK_ISSUE),
                             .source = document.source,
                             .type = span_of(document_type_name(document.type)),
                             .id = document.id}};
    }
    return true;
}

static bool waiters_add(struct road *road, struct waiters *waiters, struct span key, struct err *err)
{
    uint32_t *documents = NULL;
    size_t count = 0;
    return company_waiting(road->company, key, &road->arena, &documents, &count, err) &&
           waiters_join(road, waiters, documents, count, err);
}

/* Everybody who waits for a rate: of what a void took back, they wait for another one now. */
static bool waiters_for_rates(struct road *road, struct waiters *waiters, struct err *err)
{
    struct span key;
    uint64_t count = 0;
    for (size_t at = 0; map_next(road->company->waiting, &at, &key, &count);)
        if (waiting_is_for_rate(key) && !waiters_add(road, waiters, key, err))
            return false;
    return true;
}

/* With a void an order or a customer's account may be gone. Who names it and waits for money of another account, which is
 * all that its waiting key tells, waits for the order from now on. */
static bool waiters_of_void(struct road *road, const struct plan *plan, struct waiters *waiters, struct err *err)
{
    uint32_t *documents = NULL;
    size_t count = 0;
    enum document_type type = document_type_find(plan->document->void_document.document.type);
    if (!plan->removes || (type != DOCUMENT_ORDER && type != DOCUMENT_PAYMENT))
        return true;
    return company_waiting_on_orders(road->company, &road->arena, &documents, &count, err) &&
           waiters_join(road, waiters, documents, count, err);
}

/* Everybody who waits for what this plan brought. */
static bool waiters_of(struct road *road, const struct plan *plan, struct waiters *waiters, struct err *err)
{
    const struct document *document = plan->document;
    if (map_count(road->company->waiting) == 0)
        return true;
    if (plan->outcome != OUTCOME_POSTED) /* a void may wait for it to be known, whatever becomes of it */
        return waiters_add(road, waiters, waiting_for_document(document->type, document->id, &road->arena), err);
    if (!waiters_add(road, waiters, waiting_for_document(document->type, document->id, &road->arena), err))
        return false;
    for (size_t i = 0; i < plan->order_count; i++) {
        struct order_slot *slot = NULL;
        if (!waiters_add(road, waiters, waiting_for_order(plan->orders[i].order, &road->arena), err) ||
            !company_order(road->company, plan->orders[i].order, &slot, err))
            return false;
        const struct document *sold = slot != NULL ? order_events_document(slot->events, slot->count) : NULL;
        const struct order *order = sold != NULL && sold->type == DOCUMENT_ORDER ? &sold->order : NULL;
        for (size_t l = 0; order != NULL && order->customer.len > 0 && l < order->lines.count; l++)
            if (!waiters_add(road, waiters, waiting_for_match(order->customer, order->lines.at[l].sku, &road->arena),
                             err))
                return false;
    }
    if (!waiters_of_void(road, plan, waiters, err))
        return false;
    if (plan_is_on_account(document) &&
        !waiters_add(road, waiters, waiting_for_customer(document->payment.customer, &road->arena), err))
        return false;
    for (size_t i = 0; i < plan->group_count; i++)
        if (!waiters_add(road, waiters, waiting_for_item(plan->groups[i].item, &road->arena), err))
            return false;
    const struct opening *opening = &document->opening;
    size_t layers = document->type == DOCUMENT_OPENING ? opening->layers.count : 0;
    size_t purchases = document->type == DOCUMENT_OPENING ? opening->purchases.count : 0;
    for (size_t i = 0; i < layers + purchases;
         i++) { /* who names an old receipt has waited for it as for one to come */
        struct span name = i < layers ? opening->layers.at[i].receipt : opening->purchases.at[i - layers].receipt;
        if (name.len > 0 &&
            !waiters_add(road, waiters, waiting_for_document(DOCUMENT_RECEIPT, name, &road->arena), err))
            return false;
    }
    if (plan->removes && !waiters_for_rates(road, waiters, err))
        return false;
    if (document->type == DOCUMENT_RATE) {
        currency from = currency_find(document->rate.from);
        if (from != 0 && !waiters_add(road, waiters, waiting_for_rate(from, &road->arena), err))
            return false;
    }
    return true;
}

/* Decides a waiting version again. It keeps its number and its packed form; only a changed outcome is a new row. */
static bool decide_version_again(struct road *road, uint32_t number, int64_t version_number, struct waiters *waiters,
                                 struct err *err)
{
    struct document_record record;
    struct document document;
    bool found = false;
    if (!company_document(road->company, number, &road->arena, &record, &found, err))
        return false;
    must(found);
    const struct document_version *version = version_find(&record, version_number);
    must(version != NULL);
    if (version->outcome != OUTCOME_WAITING)
        return true;
    if (!company_read_document(road->company, version->document_seq, &road->arena, &document, err))
        return false;
    struct plan plan = {.company = road->company,
                        .arena = &road->arena,
                        .err = err,
                        .document = &document,
                        .record = &record,
                        .number = number,
                        .document_seq = version->document_seq,
                        .seq = road->last_seq + 1};
    /* A replaced version was read before; the waiting one itself never posted anything. */
    resolve(&plan);
    plan_need_rate(&plan);
    if (plan.broken)
        return false;
    if (plan.outcome == OUTCOME_WAITING && plan.refusal == (enum refusal)version->refusal &&
        span_eq(plan.waits_on, version->waits_on))
        return true;
    struct truth_row truth;
    if (!road->store->ops->truth_read(road->store, road->number, version->document_seq, &road->arena, &truth, &found,
                                      err))
        return false;
    struct truth_row row = {.raw_block = truth.raw_block, .raw_index = truth.raw_index};
    if (!decide_document(road, &document, &record, number, version->document_seq, (struct span){NULL, 0}, row, &plan,
                         err))
        return false;
    bool goes_on = plan.outcome != OUTCOME_WAITING;
    road->counts.released += goes_on;
    if (goes_on && !is_of_run(road, version)) /* came in an earlier run, and is in only now */
        count_outcome(road, plan.outcome, 1);
    return waiters_of(road, &plan, waiters, err);
}

/* The highest version first: where only that one is read, the others are superseded with it. */
static bool decide_again(struct road *road, uint32_t number, struct waiters *waiters, struct err *err)
{
    struct document_record record;
    bool found = false;
    if (!company_document(road->company, number, &road->arena, &record, &found, err))
        return false;
    must(found);
    for (size_t i = record.version_count; i-- > 0;)
        if (!decide_version_again(road, number, record.versions[i].version, waiters, err))
            return false;
    return true;
}

/* In key order, so that the result does not show who came first; until nobody can go on. */
static bool release(struct road *road, const struct plan *plan, struct err *err)
{
    struct waiters waiters = {0};
    if (!waiters_of(road, plan, &waiters, err))
        return false;
    while (waiters.count > 0) {
        struct waiters round = waiters;
        waiters = (struct waiters){0};
        qsort(round.at, round.count, sizeof *round.at, compare_waiters);
        for (size_t i = 0; i < round.count; i++)
            if (!decide_again(road, round.at[i].document, &waiters, err))
                return false;
    }
    return true;
}

/* ---- identify ---- */

/* What is no document is told apart by its content and by its ordinal among equals of the run. */
static bool set_aside(struct road *road, struct span record, struct span origin, uint64_t line,
                      const struct document_problem *problem, struct road_answer *answer, struct err *err)
{
    char hex[65];
    struct hash hash = hash_of(record);
    uint64_t *seen = map_find(road->set_aside_seen, (struct span){(const char *)hash.bytes, HASH_BYTES});
    uint64_t ordinal = seen ? *seen + 1 : 1;
    map_put(road->set_aside_seen, (struct span){(const char *)hash.bytes, HASH_BYTES}, ordinal);
    struct span id = arena_print(&road->arena, "%.16s-%llu", hash_write(hash, hex), (unsigned long long)ordinal);
    struct span source = road->options.default_source;
    uint32_t number = 0;
    bool several = false;
    if (!company_find_document(road->company, DOCUMENT_NONE, source, id, &number, &several, err))
        return false;
    *answer = (struct road_answer){.known = number != 0,
                                   .outcome = OUTCOME_FAILED,
                                   .refusal = problem->refusal,
                                   .detail = problem->detail,
                                   .type = problem->type,
                                   .source = problem->source,
                                   .id = problem->id};
    if (number != 0) {
        road->counts.known++;
        return true;
    }
    struct ruling ruling = {.row = {.kind = TRUTH_SET_ASIDE,
                                    .type = DOCUMENT_NONE,
                                    .version = 1,
                                    .outcome = OUTCOME_FAILED,
                                    .refusal = (int)problem->refusal,
                                    .source = source,
                                    .id = id},
                            .document = road->company->last_document + 1};
    ruling.detail = arena_print(&road->arena, "%.*s:%llu: %.*s", SPAN_ARG(origin), (unsigned long long)line,
                                SPAN_ARG(problem->detail));
    if (!keep_raw(road, record, &ruling.row, err))
        return false;
    road->counts.failed++;
    road->counts.set_aside++;
    return append(road, &ruling, true, err);
}

static bool take_document(struct road *road, struct span record, struct span origin, uint64_t line,
                          struct document *document, struct road_answer *answer, struct err *err)
{
    struct buf packed = buf_make((size_t)256 << 20);
    document_pack(document, &packed);
    struct span form = arena_copy(&road->arena, buf_span(&packed));
    bool failed = packed.failed || form.ptr == NULL;
    buf_done(&packed);
    if (failed)
        return err_set(err, FAILURE_MEMORY, "out of memory while reading a document");
    uint32_t number = 0;
    bool several = false;
    bool found = false;
    struct document_record known;
    if (!company_find_document(road->company, document->type, document->source, document->id, &number, &several, err))
        return false;
    if (number != 0 && !company_document(road->company, number, &road->arena, &known, &found, err))
        return false;
    *answer = (struct road_answer){
        .type = document->type, .source = document->source, .id = document->id, .version = document->version};
    const struct document_version *same = found ? version_find(&known, document->version) : NULL;
    if (same != NULL && same->content == hash64_of(form)) {
        answer->known = true;
        answer->outcome = same->outcome;
        answer->refusal = (enum refusal)same->refusal;
        road->counts.known++;
        return true;
    }
    if (same != NULL) {
        struct document_problem problem = {.refusal = REFUSAL_SAME_VERSION_OTHER_CONTENT,
                                           .type = document->type,
                                           .source = document->source,
                                           .id = document->id};
        problem.detail =
            arena_print(&road->arena, "%s %.*s version %lld is known with other content",
                        document_type_name(document->type), SPAN_ARG(document->id), (long long)document->version);
        return set_aside(road, record, origin, line, &problem, answer, err);
    }
    struct truth_row row = {0};
    if (!keep_raw(road, record, &row, err))
        return false;
    struct plan plan;
    if (!decide_document(road, document, found ? &known : NULL, found ? number : road->company->last_document + 1,
                         road->last_seq + 1, form, row, &plan, err))
        return false;
    answer->outcome = plan.outcome;
    answer->refusal = plan.refusal;
    answer->detail = plan.detail;
    return release(road, &plan, err);
}

bool road_take(struct road *road, struct span record, struct span origin, uint64_t line, struct road_answer *out_answer,
               struct err *err)
{
    must(road->open);
    arena_reset(&road->arena);
    if (++road->counts.records % 64 == 0 && !company_relieve(road->company, err))
        return false;
    struct document *document = ARENA_NEW(&road->arena, struct document);
    struct document_problem problem = {0};
    must(document != NULL);
    if (!document_read_json(road->parser, record, road->company->money, road->options.default_source, &road->arena,
                            document, &problem))
        return set_aside(road, record, origin, line, &problem, out_answer, err);
    return take_document(road, record, origin, line, document, out_answer, err);
}

bool road_setting(struct road *road, int32_t day, struct span key, struct span value, struct err *err)
{
    struct ruling ruling = {
        .row = {.kind = TRUTH_POLICY, .day = day, .outcome = OUTCOME_POSTED}, .key = key, .value = value};
    return append(road, &ruling, true, err);
}

bool road_lock(struct road *road, int32_t day, struct span reason, struct err *err)
{
    struct ruling ruling = {
        .row = {.kind = TRUTH_PERIOD, .day = day, .outcome = OUTCOME_POSTED}, .key = SPAN("lock"), .value = reason};
    return append(road, &ruling, true, err);
}
