/* memory_store.c: companies, transactions, guards and the table of calls. */
#include "store/memory/memory_internal.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

bool memory_fail(struct err *err)
{
    return err_set(err, FAILURE_MEMORY,
                   "Memory ran out in the store in memory. The open commit was not kept; give the process more memory "
                   "or use a store in a file.");
}

bool memory_reserve(void **elements, size_t *capacity, size_t count, size_t size, struct err *err)
{
    if (count <= *capacity)
        return true;
    size_t larger = count + *capacity;
    void *moved = reallocarray(*elements, larger, size);
    if (!moved)
        return memory_fail(err);
    *elements = moved;
    *capacity = larger;
    return true;
}

struct memory_company *memory_company(struct memory_store *store, uint32_t company)
{
    return company >= 1 && company <= store->company_count ? &store->companies[company - 1] : NULL;
}

static bool company_find(struct store *port, struct span code, uint32_t *out_company, struct err *err)
{
    (void)err;
    struct memory_store *store = memory_of(port);
    *out_company = 0;
    for (uint32_t company = 1; company <= store->company_count; company++) {
        if (span_eq(store->companies[company - 1].code, code))
            *out_company = company;
    }
    return true;
}

static bool company_create(struct store *port, struct span code, uint32_t *out_company, struct err *err)
{
    struct memory_store *store = memory_of(port);
    must(code.len > 0);
    uint32_t existing = 0;
    (void)company_find(port, code, &existing, err);
    if (existing)
        return err_set(err, FAILURE_USAGE, "The store already has a company %.*s. Choose another code.",
                       SPAN_ARG(code));
    void *companies = store->companies;
    if (!memory_reserve(&companies, &store->company_capacity, store->company_count + 1, sizeof *store->companies, err))
        return false;
    store->companies = companies;
    char *own_code = malloc(code.len);
    if (!own_code)
        return memory_fail(err);
    memcpy(own_code, code.ptr, code.len);
    store->companies[store->company_count++] = (struct memory_company){.code = {own_code, code.len}};
    *out_company = (uint32_t)store->company_count;
    return true;
}

static bool company_scan(struct store *port, bool (*each)(void *context, uint32_t company, struct span code),
                         void *context, struct err *err)
{
    (void)err;
    struct memory_store *store = memory_of(port);
    for (uint32_t company = 1; company <= store->company_count; company++) {
        if (!each(context, company, store->companies[company - 1].code))
            break;
    }
    return true;
}

static void company_done(struct memory_company *company)
{
    memory_truth_cut(company, 0, 0, 0);
    free(company->rows);
    free(company->blocks);
    free(company->seals);
    for (int space = 0; space < VIEW_SPACE_LIMIT; space++)
        ordered_clear(&company->views[space]);
    free((void *)(uintptr_t)company->code.ptr);
}

static bool begin(struct store *port, uint32_t number, struct err *err)
{
    (void)err;
    struct memory_store *store = memory_of(port);
    struct memory_company *company = memory_company(store, number);
    must(!store->in_transaction);
    must(company);
    store->in_transaction = true;
    store->company = number;
    store->company_count_before = store->company_count;
    store->row_count_before = company->row_count;
    store->block_count_before = company->block_count;
    store->seal_count_before = company->seal_count;
    return true;
}

static bool commit(struct store *port, struct err *err)
{
    (void)err;
    struct memory_store *store = memory_of(port);
    must(store->in_transaction);
    memory_view_forget(store);
    store->in_transaction = false;
    return true;
}

static void rollback(struct store *port)
{
    struct memory_store *store = memory_of(port);
    if (!store->in_transaction)
        return;
    memory_view_undo(store);
    memory_truth_cut(&store->companies[store->company - 1], store->row_count_before, store->block_count_before,
                     store->seal_count_before);
    while (store->company_count > store->company_count_before)
        company_done(&store->companies[--store->company_count]);
    store->in_transaction = false;
}

struct guards {
    void (*report)(void *context, const struct store_finding *finding);
    void *context;
    uint32_t company;
};

static void check_number(const struct guards *guards, const char *table, uint64_t number, uint64_t place)
{
    if (number == place)
        return;
    char key[80], detail[80];
    (void)snprintf(key, sizeof key, "company %" PRIu32 ", number %" PRIu64, guards->company, number);
    (void)snprintf(detail, sizeof detail, "It stands in the place of number %" PRIu64 ".", place);
    guards->report(guards->context,
                   &(struct store_finding){.table = table, .key = span_of(key), .detail = span_of(detail)});
}

static bool check_guards(struct store *port, void (*report)(void *context, const struct store_finding *finding),
                         void *context, struct err *err)
{
    (void)err;
    struct memory_store *store = memory_of(port);
    struct guards guards = {report, context, 0};
    for (guards.company = 1; guards.company <= store->company_count; guards.company++) {
        const struct memory_company *company = &store->companies[guards.company - 1];
        for (size_t i = 0; i < company->row_count; i++)
            check_number(&guards, "truth", company->rows[i].row.seq, i + 1);
        for (size_t i = 0; i < company->block_count; i++)
            check_number(&guards, "raw", company->blocks[i].block.number, i + 1);
        for (size_t i = 0; i < company->seal_count; i++)
            check_number(&guards, "seal", company->seals[i].number, i + 1);
    }
    return true;
}

static struct store *close_store(struct store *port)
{
    if (!port)
        return NULL;
    struct memory_store *store = memory_of(port);
    memory_view_forget(store);
    for (size_t i = 0; i < store->company_count; i++)
        company_done(&store->companies[i]);
    free(store->companies);
    free(store->undos);
    free(store);
    return NULL;
}

static const struct store_ops ops = {
    .company_find = company_find,
    .company_create = company_create,
    .company_scan = company_scan,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .truth_append = memory_truth_append,
    .raw_append = memory_raw_append,
    .seal_append = memory_seal_append,
    .last_numbers = memory_last_numbers,
    .truth_read = memory_truth_read,
    .raw_read = memory_raw_read,
    .truth_scan = memory_truth_scan,
    .raw_scan = memory_raw_scan,
    .seal_scan = memory_seal_scan,
    .view_get = memory_view_get,
    .view_put = memory_view_put,
    .view_delete = memory_view_delete,
    .view_scan = memory_view_scan,
    .view_clear = memory_view_clear,
    .check_guards = check_guards,
    .close = close_store,
};

struct store *memory_store_new(void)
{
    struct memory_store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    store->port.ops = &ops;
    return &store->port;
}
