/* store_torture_test.c: the SQLite store while the machine fails it. A short piece of work is repeated, and each time the
 * next operation of a kind fails, once or from then on: writes, syncs, reads, opens, memory. Promised is: no crash, a
 * failure with a sentence, acknowledged commits stay, a commit is there whole or not at all, and the store goes on afterwards;
 * also when the process dies right after the failure, which is played by looking at a copy of the files. Of the thousands
 * of requests for memory every 13th fails, or every one with TORTURE_ALL=1 in the environment. */
#include "port/store.h"
#include "store/sqlite/sqlite_store.h"
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SPACE_A ((enum view_space)1)
enum { ROWS_BEFORE = 2, ROWS_PER_COMMIT = 3, COMMITS = 2 };

static char folder[60], path[80], copy[80];

/* --- what fails, and when ----------------------------------------------------------------------- */

enum fault { FAULT_NONE, FAULT_WRITE, FAULT_FULL, FAULT_SYNC, FAULT_READ, FAULT_OPEN, FAULT_SHARED, FAULT_MEMORY };
static const char *const fault_names[] = {"none",         "a write fails", "the disk is full",    "a sync fails",
                                          "a read fails", "an open fails", "shared memory fails", "no memory"};
static struct {
    enum fault kind;
    long countdown; /* operations of that kind that still work */
    bool lasting;   /* from then on all fail */
    bool happened;
} plan;

static bool fails_now(enum fault kind)
{
    if (plan.kind != kind || plan.countdown-- > 0)
        return false;
    if (!plan.lasting && plan.happened)
        return false;
    plan.happened = true;
    return true;
}

/* --- a VFS that passes everything on, or fails ------------------------------------------------------ */

struct shim_file {
    sqlite3_file base;
    sqlite3_file *real;
};
static sqlite3_vfs shim, *real_vfs;
static sqlite3_file *real_of(sqlite3_file *file) { return ((struct shim_file *)(void *)file)->real; }

static int shim_close(sqlite3_file *file)
{
    return real_of(file)->pMethods ? real_of(file)->pMethods->xClose(real_of(file)) : SQLITE_OK;
}
static int shim_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
    return fails_now(FAULT_READ) ? SQLITE_IOERR_READ : real_of(file)->pMethods->xRead(real_of(file), to, len, at);
}
static int shim_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 at)
{
    if (fails_now(FAULT_FULL))
        return SQLITE_FULL;
    if (!fails_now(FAULT_WRITE))
        return real_of(file)->pMethods->xWrite(real_of(file), from, len, at);
    (void)real_of(file)->pMethods->xWrite(real_of(file), from, len / 2, at); /* torn */
    return SQLITE_IOERR_WRITE;
}
static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return fails_now(FAULT_WRITE) ? SQLITE_IOERR_TRUNCATE : real_of(file)->pMethods->xTruncate(real_of(file), size);
}
static int shim_sync(sqlite3_file *file, int flags)
{
    return fails_now(FAULT_SYNC) ? SQLITE_IOERR_FSYNC : real_of(file)->pMethods->xSync(real_of(file), flags);
}
static int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return fails_now(FAULT_READ) ? SQLITE_IOERR_FSTAT : real_of(file)->pMethods->xFileSize(real_of(file), size);
}
static int shim_lock(sqlite3_file *file, int level) { return real_of(file)->pMethods->xLock(real_of(file), level); }
static int shim_unlock(sqlite3_file *file, int level) { return real_of(file)->pMethods->xUnlock(real_of(file), level); }
static int shim_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}
static int shim_control(sqlite3_file *file, int operation, void *value)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, value);
}
static int shim_sector(sqlite3_file *file) { return real_of(file)->pMethods->xSectorSize(real_of(file)); }
static int shim_traits(sqlite3_file *file) { return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file)); }
static int shim_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return fails_now(FAULT_SHARED) ? SQLITE_IOERR_SHMMAP
                                   : real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}
static int shim_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}
static void shim_shm_barrier(sqlite3_file *file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }
static int shim_shm_unmap(sqlite3_file *file, int delete)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}
static const sqlite3_io_methods shim_methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_traits,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
};
static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct shim_file *opened = (struct shim_file *)(void *)file;
    (void)vfs;
    *opened = (struct shim_file){.real = (sqlite3_file *)(void *)(opened + 1)};
    if (fails_now(FAULT_OPEN))
        return SQLITE_CANTOPEN;
    int code = real_vfs->xOpen(real_vfs, name, opened->real, flags, out_flags);
    if (code == SQLITE_OK)
        opened->base.pMethods = &shim_methods;
    return code;
}

/* --- SQLite's memory ---------------------------------------------------------------------------- */

static sqlite3_mem_methods real_memory;
static void *shim_malloc(int size) { return fails_now(FAULT_MEMORY) ? NULL : real_memory.xMalloc(size); }
static void *shim_realloc(void *block, int size)
{
    return fails_now(FAULT_MEMORY) ? NULL : real_memory.xRealloc(block, size);
}

static int install(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory), SQLITE_OK);
    sqlite3_mem_methods memory = real_memory;
    memory.xMalloc = shim_malloc;
    memory.xRealloc = shim_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory), SQLITE_OK);
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    real_vfs = sqlite3_vfs_find(NULL);
    shim = *real_vfs;
    shim.zName = "shim";
    shim.pNext = NULL;
    shim.szOsFile = (int)sizeof(struct shim_file) + real_vfs->szOsFile;
    shim.xOpen = shim_open;
    assert_int_equal(sqlite3_vfs_register(&shim, 1), SQLITE_OK);
    /* In memory where that can be had: real syncs are not the matter here, and there are thousands. */
    (void)snprintf(folder, sizeof folder, "/dev/shm/tieout-torture-XXXXXX");
    if (!mkdtemp(folder)) {
        (void)snprintf(folder, sizeof folder, "/tmp/tieout-torture-XXXXXX");
        assert_non_null(mkdtemp(folder));
    }
    (void)snprintf(path, sizeof path, "%s/store", folder);
    (void)snprintf(copy, sizeof copy, "%s/copy", folder);
    return 0;
}
static int remove_all(void **state)
{
    char command[100];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* --- the work ----------------------------------------------------------------------------------- */

static bool write_commit(struct store *store, int rows, struct err *err)
{
    static char body[9000];
    uint64_t seq = 0, block = 0;
    struct seal seal;
    if (!store->ops->last_numbers(store, 1, &seq, &block, &seal, err) || !store->ops->begin(store, 1, err))
        return false;
    bool good = true;
    for (int i = 0; good && i < rows; i++) {
        struct truth_row row = {.seq = ++seq, .kind = TRUTH_DOCUMENT, .body = {body, sizeof body}};
        good = store->ops->truth_append(store, &row, err);
    }
    good = good && store->ops->raw_append(store, &(struct raw_block){block + 1, 1, SPAN("frame")}, err) &&
           store->ops->view_put(store, 1, SPACE_A, SPAN("key"), (struct span){body, sizeof body}, err) &&
           store->ops->view_delete(store, 1, SPACE_A, SPAN("other"), err) &&
           store->ops->seal_append(store, &(struct seal){seal.number + 1, seq, block + 1, seal.hash}, err) &&
           store->ops->commit(store, err);
    if (!good)
        store->ops->rollback(store);
    return good;
}

static struct store *open_as(enum store_open_mode mode)
{
    struct err err = {0};
    struct store *store = sqlite_store_open(path, mode, &err);
    if (!store)
        fail_msg("%s", err.text);
    return store;
}
static void on_finding(void *context, const struct store_finding *finding)
{
    (void)context;
    fail_msg("%s %.*s: %.*s", finding->table, SPAN_ARG(finding->key), SPAN_ARG(finding->detail));
}
/* How many rows the store at `where` holds; it must be sound. */
static uint64_t rows_at(const char *where)
{
    struct err err = {0};
    uint64_t seq = 0, block = 0;
    struct seal seal;
    struct store *store = sqlite_store_open(where, STORE_READ_WRITE, &err);
    if (!store || !store->ops->check_guards(store, on_finding, NULL, &err) ||
        !store->ops->last_numbers(store, 1, &seq, &block, &seal, &err))
        fail_msg("%s", err.text);
    assert_int_equal(seal.last_seq, seq); /* whole commits only */
    assert_int_equal(seal.last_raw_block, block);
    store->ops->close(store);
    return seq;
}

static void remove_store(const char *where)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-lock"};
    char name[100];
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(name, sizeof name, "%s%s", where, tails[i]);
        (void)unlink(name);
    }
}
static void copy_file(const char *from, const char *to)
{
    static char bytes[4 << 20];
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t len = in >= 0 ? read(in, bytes, sizeof bytes) : 0;
    assert_true(out >= 0 && len < (ssize_t)sizeof bytes);
    assert_int_equal(write(out, bytes, (size_t)len), len);
    (void)close(in);
    (void)close(out);
}
/* What a process that starts now would find, were this one dead. Copied by a process of its own: closing a file that
 * SQLite has open here would drop its locks. */
static void copy_store(void)
{
    char wal[100], wal_copy[100];
    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    (void)snprintf(wal_copy, sizeof wal_copy, "%s-wal", copy);
    remove_store(copy);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        copy_file(path, copy);
        if (access(wal, F_OK) == 0)
            copy_file(wal, wal_copy);
        _exit(0);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

struct tally {
    int faults, failures, appeared;
};

/* One run with the plan in force; false when it came to its end without meeting the fault. */
static bool run_once(enum fault kind, long countdown, bool lasting, const char *fresh, struct tally *tally)
{
    struct err err = {0};
    int acknowledged = 0;
    remove_store(path);
    copy_file(fresh, path);
    plan.kind = kind;
    plan.countdown = countdown;
    plan.lasting = lasting;
    plan.happened = false;
    struct store *store = sqlite_store_open(path, STORE_READ_WRITE, &err);
    while (store && acknowledged < COMMITS && write_commit(store, ROWS_PER_COMMIT, &err))
        acknowledged++;
    bool failed = !store || acknowledged < COMMITS;
    bool happened = plan.happened;
    enum failure want = kind == FAULT_MEMORY ? FAILURE_MEMORY : kind == FAULT_FULL ? FAILURE_STORE_FULL : err.code;
    if (failed && (!happened || err.code == FAILURE_NONE || err.code != want))
        fail_msg("%s, the %ldth%s: code %d: %s", fault_names[kind], countdown, lasting ? " and all after it" : "",
                 err.code, err.text);
    plan.kind = FAULT_NONE;
    copy_store();
    uint64_t as_if_dead = rows_at(copy), known = ROWS_BEFORE + (uint64_t)acknowledged * ROWS_PER_COMMIT;
    assert_true(as_if_dead == known || (failed && as_if_dead == known + ROWS_PER_COMMIT));
    if (store && failed) { /* the failure is over: the same store goes on */
        if (!write_commit(store, ROWS_PER_COMMIT, &err))
            fail_msg("after %s, the %ldth: %s", fault_names[kind], countdown, err.text);
        known += ROWS_PER_COMMIT;
    }
    plan = (typeof(plan)){0};
    if (store)
        store->ops->close(store);
    assert_int_equal(rows_at(path), known);
    tally->faults += happened;
    tally->failures += failed;
    tally->appeared += as_if_dead > ROWS_BEFORE + (uint64_t)acknowledged * ROWS_PER_COMMIT;
    return happened;
}

static void torture(enum fault kind)
{
    struct tally tally = {0};
    struct err err = {0};
    uint32_t company = 0;
    char fresh[100];
    (void)snprintf(fresh, sizeof fresh, "%s/fresh", folder);
    remove_store(path);
    struct store *store = open_as(STORE_CREATE);
    assert_true(store->ops->company_create(store, SPAN("acme"), &company, &err));
    assert_true(write_commit(store, ROWS_BEFORE, &err));
    store->ops->close(store);
    copy_file(path, fresh);
    long stride = kind == FAULT_MEMORY && !getenv("TORTURE_ALL") ? 13 : 1;
    for (int lasting = 0; lasting < 2; lasting++) {
        for (long countdown = 0; run_once(kind, countdown, lasting != 0, fresh, &tally); countdown += stride)
            ;
    }
    print_message(
        "%s: %d faults, %d failures, the rest was borne; %d commits that failed would be there after a crash\n",
        fault_names[kind], tally.faults, tally.failures, tally.appeared);
    assert_true(tally.failures > 0);
}

static void a_failing_write(void **state) { (void)state, torture(FAULT_WRITE); }
static void a_full_disk(void **state) { (void)state, torture(FAULT_FULL); }
static void a_failing_sync(void **state) { (void)state, torture(FAULT_SYNC); }
static void a_failing_read(void **state) { (void)state, torture(FAULT_READ); }
static void a_failing_open(void **state) { (void)state, torture(FAULT_OPEN); }
static void failing_shared_memory(void **state) { (void)state, torture(FAULT_SHARED); }
static void no_memory_for_sqlite(void **state) { (void)state, torture(FAULT_MEMORY); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_write),      cmocka_unit_test(a_full_disk),
        cmocka_unit_test(a_failing_sync),       cmocka_unit_test(a_failing_read),
        cmocka_unit_test(a_failing_open),       cmocka_unit_test(failing_shared_memory),
        cmocka_unit_test(no_memory_for_sqlite),
    };
    return cmocka_run_group_tests_name("store in a SQLite file, tortured", tests, install, remove_all);
}
