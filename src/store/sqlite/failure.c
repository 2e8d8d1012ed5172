/* failure.c: from SQLite's codes to the failures of base/result.h. Each sentence names the file and the way out. */
#include "store/sqlite/sqlite_internal.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_full(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }
static bool is_forbidden(int error) { return error == EACCES || error == EPERM || error == EROFS; }

static bool fail_full(const struct sqlite_store *store, int error, struct err *err)
{
    return err_set(err, FAILURE_STORE_FULL,
                   "%s cannot grow: %s. Nothing of the open commit was kept, all before it is safe; make room on that "
                   "disk and run the same again.",
                   store->path_text, error ? strerror(error) : "the disk is full");
}

static bool fail_forbidden(const struct sqlite_store *store, int error, struct err *err)
{
    if (store->mode == STORE_READ_ONLY) {
        return err_set(err, FAILURE_STORE_READ_ONLY,
                       "%s cannot be read by this user: %s. Reading needs the right to read the file and to write in "
                       "its folder (for the files -wal and -shm); grant both, or copy the store elsewhere.",
                       store->path_text, error ? strerror(error) : "no permission");
    }
    return err_set(err, FAILURE_STORE_READ_ONLY,
                   "%s cannot be written: %s. Give this user the right to write the file and in its folder, or run "
                   "as the user who owns it.",
                   store->path_text, error ? strerror(error) : "it is read-only");
}

static bool fail_damaged(const struct sqlite_store *store, const char *reason, struct err *err)
{
    return err_set(err, FAILURE_STORE_DAMAGED,
                   "%s is damaged (%s). Write nothing more to it and keep a copy; `tieout verify` names what is wrong, "
                   "then restore the last good backup.",
                   store->path_text, reason);
}

static bool fail_other(const struct sqlite_store *store, const char *reason, int code, int error, struct err *err)
{
    return err_set(err, FAILURE_STORE_OTHER,
                   "%s failed: %s (SQLite %d%s%s). The open commit was not kept; look at the disk and the system log, "
                   "then run the same again.",
                   store->path_text, reason, code, error ? ", " : "", error ? strerror(error) : "");
}

bool sqlite_fail_memory(const struct sqlite_store *store, struct err *err)
{
    return err_set(err, FAILURE_MEMORY,
                   "Memory ran out while working on %s. The open commit was not kept; give the process more memory or "
                   "a smaller batch.",
                   store->path_text);
}

bool sqlite_fail_in_use(const struct sqlite_store *store, long process, struct err *err)
{
    char who[40] = "Another program";
    if (process > 0)
        (void)snprintf(who, sizeof who, "Process %ld", process);
    return err_set(err, FAILURE_STORE_IN_USE,
                   "%s is writing to %s, and only one may. Wait until it is done or stop it, then run the same again; "
                   "reading works meanwhile.",
                   who, store->path_text);
}

bool sqlite_fail_file(const struct sqlite_store *store, const char *file, int error, struct err *err)
{
    if (is_full(error))
        return fail_full(store, error, err);
    if (is_forbidden(error))
        return fail_forbidden(store, error, err);
    if (error == ENOENT || error == ENOTDIR)
        return err_set(err, FAILURE_STORE_MISSING,
                       "There is no folder for %s. Check the path, or make the folder first.", store->path_text);
    return err_set(err, FAILURE_STORE_OTHER, "%s cannot be opened: %s. Check the path and the rights on it.", file,
                   strerror(error));
}

/* A header that SQLite does not accept: tells a damaged store from something that never was one. SQLite's own
 * handle is read, because closing a second handle on the file would drop the locks of this process. */
static bool fail_unrecognised(const struct sqlite_store *store, struct err *err)
{
    static const char magic[16] = "SQLite format 3";
    char start[sizeof magic] = {0};
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file &&
        file->pMethods && file->pMethods->xRead(file, start, sizeof start, 0) == SQLITE_OK &&
        memcmp(start, magic, sizeof magic) == 0)
        return fail_damaged(store, "its first page cannot be read", err);
    return err_set(err, FAILURE_STORE_MISSING,
                   "%s is not a tieout store. Check the path; if it was one, its beginning is overwritten: restore the "
                   "last good backup.",
                   store->path_text);
}

/* Why the machine refused. A failing COMMIT does not pass that on to the connection; then the file it wrote to, the WAL
 * before the database, still knows. */
static int system_error(const struct sqlite_store *store)
{
    static const int operations[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER};
    int error = sqlite3_system_errno(store->db);
    for (size_t i = 0; error == 0 && i < 2; i++) {
        sqlite3_file *file = NULL;
        if (sqlite3_file_control(store->db, "main", operations[i], &file) == SQLITE_OK && file && file->pMethods)
            (void)file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
    }
    return error;
}

bool sqlite_fail(const struct sqlite_store *store, struct err *err)
{
    int code = sqlite3_extended_errcode(store->db);
    int error = system_error(store);
    const char *reason = sqlite3_errmsg(store->db);

    switch (code & 0xff) {
    case SQLITE_FULL: return fail_full(store, error, err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return sqlite_fail_in_use(store, 0, err);
    case SQLITE_NOMEM: return sqlite_fail_memory(store, err);
    case SQLITE_CORRUPT: return fail_damaged(store, reason, err);
    case SQLITE_NOTADB: return fail_unrecognised(store, err);
    case SQLITE_READONLY:
    case SQLITE_PERM: return fail_forbidden(store, error, err);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        if (is_full(error) || code == SQLITE_IOERR_SHMSIZE) /* the latter loses its ENOSPC on the way */
            return fail_full(store, is_full(error) ? error : ENOSPC, err);
        if (is_forbidden(error))
            return fail_forbidden(store, error, err);
        if (code == SQLITE_IOERR_SHORT_READ || code == SQLITE_IOERR_CORRUPTFS)
            return fail_damaged(store, reason, err);
        if (error == ENOENT || error == ENOTDIR)
            return sqlite_fail_file(store, store->path_text, error, err);
        return fail_other(store, reason, code, error, err);
    case SQLITE_ERROR: /* a table or column that should be there is not: someone changed the schema */
        return fail_damaged(store, reason, err);
    default: return fail_other(store, reason, code, error, err);
    }
}
