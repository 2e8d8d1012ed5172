/* view.c: key → value in one table per space. The company stands in front of each key in one byte, or in four beginning
 * with 0xF0 from company 240 on: keys of a company lie together, in byte order, and no prefix begins another. */
#include "store/sqlite/sqlite_internal.h"
#include <stdlib.h>

enum { COMPANY_PREFIX_MAX = 4 };

static size_t put_company(char *out, uint32_t company)
{
    must(company <= COMPANY_MAX);
    if (company < 0xF0) {
        out[0] = (char)company;
        return 1;
    }
    out[0] = (char)0xF0;
    out[1] = (char)(company >> 16);
    out[2] = (char)(company >> 8);
    out[3] = (char)company;
    return COMPANY_PREFIX_MAX;
}

static bool make_room(struct sqlite_store *store, size_t size, struct err *err)
{
    if (size <= store->key_capacity)
        return true;
    char *key = realloc(store->key, size * 2);
    if (!key)
        return sqlite_fail_memory(store, err);
    store->key = key;
    store->key_capacity = size * 2;
    return true;
}

/* The stored key, in the store's own buffer until the next call; absent after a failure. */
static struct span stored_key(struct sqlite_store *store, uint32_t company, struct span key, struct err *err)
{
    if (!make_room(store, COMPANY_PREFIX_MAX + key.len, err))
        return (struct span){0};
    size_t prefix = put_company(store->key, company);
    if (key.len > 0)
        memcpy(store->key + prefix, key.ptr, key.len);
    return (struct span){store->key, prefix + key.len};
}

/* Turns the key in the buffer into the least one behind all that begin with it. A company's prefix never is all 0xFF,
 * so there always is one. */
static struct span behind_all_with(struct span key)
{
    while (key.len > 0 && (unsigned char)key.ptr[key.len - 1] == 0xFF)
        key.len--;
    must(key.len > 0);
    return key;
}

static void check_written(const struct sqlite_store *store, uint32_t company, enum view_space space)
{
    sqlite_check_open(store);
    must(store->company == company);
    must(store->scans[space] == 0);
}

bool sqlite_view_get(struct store *port, uint32_t company, enum view_space space, struct span key, struct arena *arena,
                     struct span *out_value, bool *out_found, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite3_stmt *statement = sqlite_view(store, space, SPACE_GET, err);
    struct span stored = statement ? stored_key(store, company, key, err) : (struct span){0};
    if (!stored.ptr)
        return false;
    sqlite_bind_blob(statement, 1, stored);
    int step = sqlite3_step(statement);
    bool good = step == SQLITE_ROW || step == SQLITE_DONE || sqlite_fail(store, err);
    if (step == SQLITE_ROW) {
        struct span value = arena_copy(arena, sqlite_blob(statement, 0));
        good = value.ptr && sqlite3_errcode(store->db) != SQLITE_NOMEM;
        if (good)
            *out_value = value;
        else
            sqlite_fail_memory(store, err);
    }
    (void)sqlite3_reset(statement);
    if (good)
        *out_found = step == SQLITE_ROW;
    return good;
}

bool sqlite_view_put(struct store *port, uint32_t company, enum view_space space, struct span key, struct span value,
                     struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    check_written(store, company, space);
    sqlite3_stmt *statement = sqlite_view(store, space, SPACE_PUT, err);
    struct span stored = statement ? stored_key(store, company, key, err) : (struct span){0};
    if (!stored.ptr)
        return false;
    sqlite_bind_blob(statement, 1, stored);
    sqlite_bind_blob(statement, 2, value);
    return sqlite_run(store, statement, err);
}

bool sqlite_view_delete(struct store *port, uint32_t company, enum view_space space, struct span key, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    check_written(store, company, space);
    sqlite3_stmt *statement = sqlite_view(store, space, SPACE_DELETE, err);
    struct span stored = statement ? stored_key(store, company, key, err) : (struct span){0};
    if (!stored.ptr)
        return false;
    sqlite_bind_blob(statement, 1, stored);
    return sqlite_run(store, statement, err);
}

/* Binds ?1 and ?2 to the least key with `prefix` that is not before `from`, and the least behind all with it. SQLite copies
 * both: the buffer serves calls made from within a scan. */
static bool bind_range(struct sqlite_store *store, sqlite3_stmt *statement, uint32_t company, struct span prefix,
                       struct span from, struct err *err)
{
    struct span low = stored_key(store, company, from.ptr && span_cmp(from, prefix) > 0 ? from : prefix, err);
    if (!low.ptr)
        return false;
    int first = sqlite3_bind_blob64(statement, 1, low.ptr, low.len, SQLITE_TRANSIENT);
    struct span high = stored_key(store, company, prefix, err);
    if (!high.ptr)
        return false;
    high = behind_all_with(high);
    store->key[high.len - 1]++;
    int second = sqlite3_bind_blob64(statement, 2, high.ptr, high.len, SQLITE_TRANSIENT);
    return (first == SQLITE_OK && second == SQLITE_OK) || sqlite_fail(store, err);
}

bool sqlite_view_scan(struct store *port, uint32_t company, enum view_space space, struct span prefix, struct span from,
                      bool (*each)(void *context, struct span key, struct span value), void *context, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    sqlite3_stmt *kept = sqlite_view(store, space, SPACE_SCAN, err);
    sqlite3_stmt *statement = sqlite_borrow(store, kept, err);
    if (!statement)
        return false;
    char company_prefix[COMPANY_PREFIX_MAX];
    size_t skip = put_company(company_prefix, company);
    bool good = bind_range(store, statement, company, prefix, from, err);
    store->scans[space]++;
    int step = SQLITE_DONE;
    while (good && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        struct span key = sqlite_blob(statement, 0), value = sqlite_blob(statement, 1);
        good = sqlite3_errcode(store->db) != SQLITE_NOMEM || sqlite_fail_memory(store, err);
        if (!good || !each(context, (struct span){key.ptr + skip, key.len - skip}, value))
            break;
    }
    store->scans[space]--;
    good = good && (step == SQLITE_ROW || step == SQLITE_DONE || sqlite_fail(store, err));
    sqlite_give_back(kept, statement);
    return good;
}

bool sqlite_view_clear(struct store *port, uint32_t company, enum view_space space, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    check_written(store, company, space);
    sqlite3_stmt *statement = sqlite_view(store, space, SPACE_CLEAR, err);
    return statement && bind_range(store, statement, company, (struct span){0}, (struct span){0}, err) &&
           sqlite_run(store, statement, err);
}
