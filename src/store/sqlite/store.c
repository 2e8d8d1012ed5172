/* store.c: companies, transactions and the table of calls. */
#include "store/sqlite/sqlite_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Some failures (disk full, no memory) end SQLite's transaction at once. Whoever writes on after one instead of rolling
 * back would commit row by row. */
void sqlite_check_open(const struct sqlite_store *store)
{
    must(store->in_transaction);
    must(!sqlite3_get_autocommit(store->db));
}

int64_t sqlite_key(uint32_t company, uint64_t number)
{
    must(company <= COMPANY_MAX);
    return (int64_t)((uint64_t)company << COMPANY_SHIFT | (number < NUMBER_MAX ? number : NUMBER_MAX));
}

static bool company_find(struct store *port, struct span code, uint32_t *out_company, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite3_stmt *statement = sqlite_fixed(store, STATEMENT_COMPANY_FIND, err);
    if (!statement)
        return false;
    sqlite_bind_text(statement, 1, (struct span){code.ptr ? code.ptr : "", code.len});
    int64_t company = 0;
    if (!sqlite_number(store, statement, &company, err))
        return false;
    *out_company = (uint32_t)company;
    return true;
}

static bool insert_company(struct sqlite_store *store, struct span code, uint32_t *out_company, struct err *err)
{
    uint32_t existing = 0;
    int64_t last = 0;
    sqlite3_stmt *statement = sqlite_fixed(store, STATEMENT_COMPANY_INSERT, err);
    if (!statement || !company_find(&store->port, code, &existing, err) ||
        !sqlite_number(store, sqlite_fixed(store, STATEMENT_COMPANY_LAST, err), &last, err))
        return false;
    if (existing)
        return err_set(err, FAILURE_USAGE, "%s already has a company %.*s. Choose another code.", store->path_text,
                       SPAN_ARG(code));
    (void)sqlite3_bind_int64(statement, 1, last + 1);
    sqlite_bind_text(statement, 2, code);
    if (!sqlite_run(store, statement, err))
        return false;
    *out_company = (uint32_t)(last + 1);
    return true;
}

static bool refuse_when_read_only(const struct sqlite_store *store, struct err *err)
{
    return store->mode != STORE_READ_ONLY ||
           err_set(err, FAILURE_STORE_READ_ONLY, "%s was opened for reading only. Open it for writing.",
                   store->path_text);
}

/* A file that was moved away or replaced (a backup put in its place) still takes writes, which nobody would ever see. */
static bool refuse_when_moved(const struct sqlite_store *store, struct err *err)
{
    int moved = 0;
    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return !moved || err_set(err, FAILURE_STORE_OTHER,
                             "%s was moved, removed or replaced while it was open. Nothing was written; make sure the "
                             "right file is there and start again.",
                             store->path_text);
}

/* The way back is made ready before the way in: when memory is short, it is there. */
static bool begin_write(struct sqlite_store *store, struct err *err)
{
    return refuse_when_read_only(store, err) && refuse_when_moved(store, err) &&
           sqlite_fixed(store, STATEMENT_ROLLBACK, err) && sqlite_fixed(store, STATEMENT_COMMIT, err) &&
           sqlite_run(store, sqlite_fixed(store, STATEMENT_BEGIN, err), err);
}

/* After some failures SQLite has rolled back by itself already; then there is nothing left to do. */
static void roll_back(struct sqlite_store *store)
{
    struct err ignored;
    if (!sqlite3_get_autocommit(store->db))
        (void)sqlite_run(store, sqlite_fixed(store, STATEMENT_ROLLBACK, &ignored), &ignored);
}

static bool company_create(struct store *port, struct span code, uint32_t *out_company, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    must(code.len > 0);
    if (store->in_transaction)
        return insert_company(store, code, out_company, err);
    uint32_t company = 0;
    if (!begin_write(store, err))
        return false;
    if (!insert_company(store, code, &company, err) ||
        !sqlite_run(store, sqlite_fixed(store, STATEMENT_COMMIT, err), err)) {
        roll_back(store);
        return false;
    }
    *out_company = company;
    return true;
}

static bool company_scan(struct store *port, bool (*each)(void *context, uint32_t company, struct span code),
                         void *context, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite3_stmt *kept = sqlite_fixed(store, STATEMENT_COMPANY_SCAN, err);
    sqlite3_stmt *statement = sqlite_borrow(store, kept, err);
    if (!statement)
        return false;
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        if (!each(context, (uint32_t)sqlite3_column_int64(statement, 0), sqlite_text(statement, 1)))
            break;
    }
    bool good = step == SQLITE_ROW || step == SQLITE_DONE || sqlite_fail(store, err);
    sqlite_give_back(kept, statement);
    return good;
}

static bool begin(struct store *port, uint32_t company, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    must(!store->in_transaction);
    must(company >= 1 && company <= COMPANY_MAX);
    if (!begin_write(store, err))
        return false;
    int64_t last_company = 0;
    struct seal last_seal;
    if (!sqlite_number(store, sqlite_fixed(store, STATEMENT_COMPANY_LAST, err), &last_company, err) ||
        !sqlite_last_numbers(port, company, &store->last_seq, &store->last_raw_block, &last_seal, err)) {
        roll_back(store);
        return false;
    }
    must(company <= last_company);
    store->last_seal = last_seal.number;
    store->company = company;
    store->in_transaction = true;
    return true;
}

/* A failed commit leaves nothing behind, so that what is read next is what the file holds. */
static bool commit(struct store *port, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    must(store->in_transaction);
    store->in_transaction = false;
    if (sqlite_run(store, sqlite_fixed(store, STATEMENT_COMMIT, err), err))
        return true;
    roll_back(store);
    return false;
}

static void rollback(struct store *port)
{
    struct sqlite_store *store = sqlite_of(port);
    if (store->in_transaction)
        roll_back(store);
    store->in_transaction = false;
}

static struct store *close_store(struct store *port)
{
    if (!port)
        return NULL;
    struct sqlite_store *store = sqlite_of(port);
    if (store->db) {
        rollback(port);
        sqlite_finalize_all(store);
        must(sqlite3_close(store->db) == SQLITE_OK); /* else a statement was leaked */
    }
    if (store->lock_fd >= 0)
        (void)close(store->lock_fd);
    free(store->key);
    free(store->path);
    free(store);
    return NULL;
}

const struct store_ops sqlite_store_ops = {
    .company_find = company_find,
    .company_create = company_create,
    .company_scan = company_scan,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .truth_append = sqlite_truth_append,
    .raw_append = sqlite_raw_append,
    .seal_append = sqlite_seal_append,
    .last_numbers = sqlite_last_numbers,
    .truth_read = sqlite_truth_read,
    .raw_read = sqlite_raw_read,
    .truth_scan = sqlite_truth_scan,
    .raw_scan = sqlite_raw_scan,
    .seal_scan = sqlite_seal_scan,
    .view_get = sqlite_view_get,
    .view_put = sqlite_view_put,
    .view_delete = sqlite_view_delete,
    .view_scan = sqlite_view_scan,
    .view_clear = sqlite_view_clear,
    .check_guards = sqlite_check_guards,
    .close = close_store,
};
