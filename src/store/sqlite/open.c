/* open.c: opening, recognising and locking a store's file, and letting it go. */
#include "store/sqlite/sqlite_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Why each: docs/formats/store.md, "Pragmas". */
static const char pragmas_of_a_new_file[] = "PRAGMA page_size = 16384; PRAGMA auto_vacuum = NONE;";
static const char pragmas_of_a_reader[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                                          "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;";
static const char pragmas_of_a_writer[] = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;"
                                          "PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = OFF;"
                                          "PRAGMA recursive_triggers = ON;";

static const char pragmas_of_a_scratch[] = "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;";

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Our own lock keeps tieout's writers apart; what is waited for here is a foreign program, or a reader recovering
 * the WAL, so a short wait in growing steps is enough. */
static int wait_a_little(void *context, int times)
{
    struct sqlite_store *store = context;
    if (times == 0)
        store->busy_since_ms = now_ms();
    if (now_ms() - store->busy_since_ms >= store->patience_ms)
        return 0;
    struct timespec step = {.tv_nsec = (times < 20 ? times + 1 : 20) * 1000000L};
    (void)nanosleep(&step, NULL);
    return 1;
}

void sqlite_store_set_patience(struct store *port, int patience_ms) { sqlite_of(port)->patience_ms = patience_ms; }

/* Sentences show the end of a path that is very long: that is where the file's name stands. */
static struct sqlite_store *store_new(const char *path, enum store_open_mode mode)
{
    struct sqlite_store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    *store = (struct sqlite_store){.port = {&sqlite_store_ops}, .mode = mode, .lock_fd = -1, .patience_ms = 5000};
    if (asprintf(&store->path, "%s%s", path[0] == '/' ? "" : "./", path) < 0) {
        free(store);
        return NULL;
    }
    const char *given = path[0] == '/' ? store->path : store->path + 2;
    size_t len = strlen(given);
    store->path_text = len <= 160 ? given : given + len - 160;
    return store;
}

static bool may_write_in_folder(const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return true; /* then SQLite will say so */
    bool may = access(dirname(copy), W_OK | X_OK) == 0;
    int error = errno;
    free(copy);
    errno = error;
    return may;
}

static bool look_at_absent(const struct sqlite_store *store, struct err *err)
{
    if (store->mode != STORE_CREATE)
        return err_set(err, FAILURE_STORE_MISSING,
                       "There is no store at %s. Check the path, or make one: `tieout init`.", store->path_text);
    return may_write_in_folder(store->path) || sqlite_fail_file(store, store->path_text, errno, err);
}

/* Says plainly what the path leads to before SQLite would say it in its own words. */
static bool look_at_path(const struct sqlite_store *store, struct err *err)
{
    struct stat file;
    if (stat(store->path, &file) != 0)
        return errno == ENOENT ? look_at_absent(store, err) : sqlite_fail_file(store, store->path_text, errno, err);
    if (!S_ISREG(file.st_mode))
        return err_set(err, FAILURE_STORE_MISSING, "%s is %s, not a tieout store. Name the store's file.",
                       store->path_text, S_ISDIR(file.st_mode) ? "a folder" : "no regular file");
    return file.st_size > 0 || store->mode == STORE_CREATE ||
           err_set(err, FAILURE_STORE_MISSING,
                   "%s is an empty file, not a tieout store. Check the path, or make a store "
                   "there: `tieout init`.",
                   store->path_text);
}

/* SQLite counts its memory under a lock for the sake of statistics nobody here reads. Too late once it has started, and
 * then without effect. */
static void spare_statistics(void) { (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

static bool open_database(struct sqlite_store *store, struct err *err)
{
    spare_statistics();
    int flags = store->mode == STORE_READ_ONLY ? SQLITE_OPEN_READONLY
                : store->mode == STORE_CREATE  ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                               : SQLITE_OPEN_READWRITE;
    int code = sqlite3_open_v2(store->path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (!store->db)
        return sqlite_fail_memory(store, err);
    if (code != SQLITE_OK)
        return sqlite_fail(store, err);
    (void)sqlite3_extended_result_codes(store->db, 1);
    (void)sqlite3_busy_handler(store->db, wait_a_little, store);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (store->mode != STORE_READ_ONLY && sqlite3_db_readonly(store->db, "main"))
        return sqlite_fail_file(store, store->path_text, EACCES, err);
    return true;
}

/* Whoever may write the store may take its lock: the lock file gets the store's owner and rights. */
static void lend_rights(int lock_fd, const char *store_path)
{
    struct stat of_store, of_lock;
    if (stat(store_path, &of_store) != 0 || fstat(lock_fd, &of_lock) != 0)
        return;
    if (of_lock.st_uid != of_store.st_uid || of_lock.st_gid != of_store.st_gid) {
        if (fchown(lock_fd, of_store.st_uid, of_store.st_gid) != 0)
            return;
    }
    (void)fchmod(lock_fd, of_store.st_mode & 0777);
}

static long process_written_in(int lock_fd)
{
    char text[24] = "";
    ssize_t len = pread(lock_fd, text, sizeof text - 1, 0);
    return len > 0 ? strtol(text, NULL, 10) : 0;
}

/* A file of its own, because closing any handle on the database would drop SQLite's locks in this process. The kernel
 * drops the lock when the process ends, however it ends; the file stays. */
static bool take_writers_lock(struct sqlite_store *store, struct err *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s-lock", sqlite3_db_filename(store->db, "main")) < 0)
        return sqlite_fail_memory(store, err);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool good = store->lock_fd >= 0 || sqlite_fail_file(store, path, errno, err);
    free(path);
    if (!good)
        return false;
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? sqlite_fail_in_use(store, process_written_in(store->lock_fd), err)
                                    : sqlite_fail_file(store, store->path_text, errno, err);
    lend_rights(store->lock_fd, sqlite3_db_filename(store->db, "main"));
    /* The number only makes a sentence better; a full disk may leave it out. */
    if (ftruncate(store->lock_fd, 0) != 0 || dprintf(store->lock_fd, "%ld\n", (long)getpid()) < 0)
        return true;
    return true;
}

static bool read_number(struct sqlite_store *store, const char *sql, int64_t *out, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return sqlite_fail(store, err);
    bool good = sqlite_number(store, statement, out, err);
    (void)sqlite3_finalize(statement);
    return good;
}

static bool switch_to_wal(struct sqlite_store *store, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) != SQLITE_OK)
        return sqlite_fail(store, err);
    bool good = sqlite3_step(statement) == SQLITE_ROW || sqlite_fail(store, err);
    if (good && !span_eq(sqlite_text(statement, 0), SPAN("wal")))
        good =
            err_set(err, FAILURE_STORE_OTHER,
                    "%s lies on a file system that cannot share memory between processes (a network share?). Move it "
                    "to a local disk.",
                    store->path_text);
    (void)sqlite3_finalize(statement);
    return good;
}

static bool create_schema(struct sqlite_store *store, struct err *err)
{
    char marks[100];
    (void)snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d", SCHEMA_APPLICATION_ID,
                   SCHEMA_VERSION);
    bool good = sqlite_run_text(store, pragmas_of_a_new_file, err) && switch_to_wal(store, err) &&
                sqlite_run_text(store, "BEGIN IMMEDIATE", err);
    for (size_t i = 0; good && i < schema_object_count; i++)
        good = sqlite_run_text(store, schema_objects[i].sql, err);
    return good && sqlite_run_text(store, marks, err) && sqlite_run_text(store, "COMMIT", err);
}

/* Ours, of this version; or empty and to be made one; or a failure that says what it is. */
static bool recognise(struct sqlite_store *store, struct err *err)
{
    int64_t application = 0, version = 0, objects = 0;
    if (!read_number(store, "PRAGMA application_id", &application, err) ||
        !read_number(store, "PRAGMA user_version", &version, err) ||
        !read_number(store, "SELECT count(*) FROM sqlite_schema", &objects, err))
        return false;
    if (application == SCHEMA_APPLICATION_ID) {
        if (version > SCHEMA_VERSION)
            return err_set(
                err, FAILURE_STORE_NEWER,
                "%s was made by a newer tieout (store version %lld, this one knows %d). Nothing was changed; "
                "install that version or a later one.",
                store->path_text, (long long)version, SCHEMA_VERSION);
        return version == SCHEMA_VERSION ||
               err_set(err, FAILURE_STORE_DAMAGED,
                       "%s says store version %lld, which no tieout ever wrote. Keep a copy and restore the last good "
                       "backup.",
                       store->path_text, (long long)version);
    }
    if (application != 0 || version != 0 || objects != 0)
        return err_set(err, FAILURE_STORE_MISSING,
                       "%s is a SQLite database of another program, not a tieout store. Check the path.",
                       store->path_text);
    if (store->mode == STORE_CREATE)
        return create_schema(store, err);
    return err_set(err, FAILURE_STORE_MISSING,
                   "%s is an empty database, not a tieout store. Check the path, or make a store there: `tieout init`.",
                   store->path_text);
}

/* One read transaction from here on: every call of a report sees the same commit. */
static bool hold_snapshot(struct sqlite_store *store, struct err *err)
{
    int64_t ignored;
    return sqlite_run_text(store, "BEGIN", err) && read_number(store, "SELECT count(*) FROM company", &ignored, err);
}

bool sqlite_store_refresh(struct store *port, struct err *err)
{
    struct sqlite_store *store = sqlite_of(port);
    must(store->mode == STORE_READ_ONLY);
    if (!sqlite3_get_autocommit(store->db) && !sqlite_run_text(store, "COMMIT", err))
        return false;
    return hold_snapshot(store, err);
}

static bool open_all(struct sqlite_store *store, struct err *err)
{
    if (!look_at_path(store, err) || !open_database(store, err))
        return false;
    if (store->mode == STORE_READ_ONLY)
        return sqlite_run_text(store, pragmas_of_a_reader, err) && recognise(store, err) && hold_snapshot(store, err);
    return take_writers_lock(store, err) && sqlite_run_text(store, pragmas_of_a_reader, err) && recognise(store, err) &&
           switch_to_wal(store, err) && sqlite_run_text(store, pragmas_of_a_writer, err);
}

struct store *sqlite_store_open(const char *path, enum store_open_mode mode, struct err *err)
{
    struct sqlite_store *store = store_new(path, mode);
    if (!store) {
        (void)err_set(err, FAILURE_MEMORY, "Memory ran out while opening %s. Give the process more memory.", path);
        return NULL;
    }
    if (open_all(store, err))
        return &store->port;
    return sqlite_store_ops.close(&store->port);
}

/* SQLite makes a file of its own for the name "" when its cache is full, already unlinked. */
static bool open_scratch(struct sqlite_store *store, struct err *err)
{
    spare_statistics();
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2("", &store->db, flags, NULL);
    if (!store->db)
        return sqlite_fail_memory(store, err);
    bool good = code == SQLITE_OK || sqlite_fail(store, err);
    good = good && sqlite_run_text(store, pragmas_of_a_new_file, err) &&
           sqlite_run_text(store, pragmas_of_a_reader, err) && sqlite_run_text(store, pragmas_of_a_scratch, err);
    for (size_t i = 0; good && i < schema_object_count; i++)
        good = sqlite_run_text(store, schema_objects[i].sql, err);
    return good;
}

struct store *sqlite_store_scratch(struct err *err)
{
    struct sqlite_store *store = store_new("the scratch file", STORE_READ_WRITE);
    if (!store) {
        (void)err_set(err, FAILURE_MEMORY,
                      "Memory ran out while making a scratch store. Give the process more memory.");
        return NULL;
    }
    if (open_scratch(store, err))
        return &store->port;
    return sqlite_store_ops.close(&store->port);
}
