/* statement.c: statements prepared once and kept, and the little around them. */
#include "store/sqlite/sqlite_internal.h"
#include <stdio.h>

static const char *const fixed_sql[STATEMENT_COUNT] = {
#define ROW(name, sql) [STATEMENT_##name] = sql,
    STATEMENTS(ROW)
#undef ROW
};

static const char *const view_sql[SPACE_STATEMENT_COUNT] = {
    [SPACE_GET] = "SELECT value FROM view_%s WHERE key = ?1",
    [SPACE_PUT] = "REPLACE INTO view_%s(key, value) VALUES (?1, ?2)",
    [SPACE_DELETE] = "DELETE FROM view_%s WHERE key = ?1",
    [SPACE_SCAN] = "SELECT key, value FROM view_%s WHERE key >= ?1 AND key < ?2 ORDER BY key",
    [SPACE_CLEAR] = "DELETE FROM view_%s WHERE key >= ?1 AND key < ?2",
};

static sqlite3_stmt *prepare(struct sqlite_store *store, const char *sql, unsigned flags, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(store->db, sql, -1, flags, &statement, NULL) != SQLITE_OK)
        sqlite_fail(store, err);
    return statement;
}

sqlite3_stmt *sqlite_fixed(struct sqlite_store *store, enum statement which, struct err *err)
{
    if (!store->fixed[which])
        store->fixed[which] = prepare(store, fixed_sql[which], SQLITE_PREPARE_PERSISTENT, err);
    return store->fixed[which];
}

static sqlite3_stmt *prepare_view(struct sqlite_store *store, enum view_space space, enum space_statement which,
                                  struct err *err)
{
    must(space >= 1 && space < VIEW_SPACE_LIMIT);
    char sql[120];
    const char *pattern = view_sql[which];
    const char *hole = strstr(pattern, "%s");
    int len = snprintf(sql, sizeof sql, "%.*s%s%s", (int)(hole - pattern), pattern, view_space_name(space), hole + 2);
    must(len > 0 && (size_t)len < sizeof sql);
    return prepare(store, sql, SQLITE_PREPARE_PERSISTENT, err);
}

sqlite3_stmt *sqlite_view(struct sqlite_store *store, enum view_space space, enum space_statement which,
                          struct err *err)
{
    sqlite3_stmt **kept = &store->view[space][which];
    if (!*kept)
        *kept = prepare_view(store, space, which, err);
    return *kept;
}

sqlite3_stmt *sqlite_borrow(struct sqlite_store *store, sqlite3_stmt *kept, struct err *err)
{
    if (!kept || !sqlite3_stmt_busy(kept))
        return kept;
    return prepare(store, sqlite3_sql(kept), 0, err);
}

void sqlite_give_back(sqlite3_stmt *kept, sqlite3_stmt *borrowed)
{
    if (borrowed == kept)
        (void)sqlite3_reset(kept);
    else
        (void)sqlite3_finalize(borrowed);
}

bool sqlite_run(struct sqlite_store *store, sqlite3_stmt *statement, struct err *err)
{
    if (!statement)
        return false;
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    if (!done)
        sqlite_fail(store, err);
    (void)sqlite3_reset(statement);
    return done;
}

bool sqlite_run_text(struct sqlite_store *store, const char *sql, struct err *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || sqlite_fail(store, err);
}

bool sqlite_number(struct sqlite_store *store, sqlite3_stmt *statement, int64_t *out, struct err *err)
{
    if (!statement)
        return false;
    int step = sqlite3_step(statement);
    bool good = step == SQLITE_ROW || step == SQLITE_DONE;
    if (good)
        *out = step == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    else
        sqlite_fail(store, err);
    (void)sqlite3_reset(statement);
    return good;
}

void sqlite_bind_text(sqlite3_stmt *statement, int at, struct span text)
{
    if (text.ptr)
        (void)sqlite3_bind_text64(statement, at, text.ptr, text.len, SQLITE_STATIC, SQLITE_UTF8);
    else
        (void)sqlite3_bind_null(statement, at);
}

/* A length beyond SQLite's maximum leaves the place null, which the column refuses. */
void sqlite_bind_blob(sqlite3_stmt *statement, int at, struct span bytes)
{
    if (sqlite3_bind_blob64(statement, at, bytes.ptr ? bytes.ptr : "", bytes.len, SQLITE_STATIC) != SQLITE_OK)
        (void)sqlite3_bind_null(statement, at);
}

struct span sqlite_text(sqlite3_stmt *statement, int column)
{
    const void *text = sqlite3_column_text(statement, column);
    return (struct span){text, text ? (size_t)sqlite3_column_bytes(statement, column) : 0};
}

struct span sqlite_blob(sqlite3_stmt *statement, int column)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    return bytes ? (struct span){bytes, (size_t)sqlite3_column_bytes(statement, column)} : (struct span){"", 0};
}

void sqlite_finalize_all(struct sqlite_store *store)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(store->fixed[i]);
    for (int space = 0; space < VIEW_SPACE_LIMIT; space++) {
        for (int which = 0; which < SPACE_STATEMENT_COUNT; which++)
            (void)sqlite3_finalize(store->view[space][which]);
    }
}
