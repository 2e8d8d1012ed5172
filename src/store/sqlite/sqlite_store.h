/* sqlite_store.h: the store in one SQLite file (docs/formats/store.md). Implements port/store.h.
 *
 * One process writes: a read-write store holds the writer's lock from opening until closing, so that what a writer keeps
 * in memory cannot be overtaken. Readers come and go beside it. A read-only store shows the file as it was
 * when it was opened, however many calls a report makes, until sqlite_store_refresh moves it on.
 * After fork only one of the two processes may go on using an open store. */
#ifndef TIEOUT_STORE_SQLITE_STORE_H
#define TIEOUT_STORE_SQLITE_STORE_H

#include "port/store.h"

enum store_open_mode {
    STORE_CREATE,     /* makes the file when it is absent or empty, else as STORE_READ_WRITE */
    STORE_READ_WRITE, /* must exist */
    STORE_READ_ONLY,  /* must exist; changes nothing and needs no lock */
};

/* NULL after filling `err`. The failures tell apart: absent or not a store (MISSING), damaged, made by a newer tieout,
 * being written by another process (IN_USE), not writable, disk full. */
struct store *sqlite_store_open(const char *path, enum store_open_mode mode, struct err *err);
/* An empty store for what is thrown away when it is closed. It lies in memory up to the size of SQLite's cache and beyond that in
 * a nameless file in SQLITE_TMPDIR, TMPDIR, /var/tmp or /tmp. Rollback does not take anything back: after a failure it can only be closed. */
struct store *sqlite_store_scratch(struct err *err);
/* Moves a read-only store on to the newest commit. */
bool sqlite_store_refresh(struct store *store, struct err *err);
/* How long a call waits for a lock that a foreign program (the sqlite3 shell, a backup) holds on the file, in all;
 * 5,000 ms unless set. */
void sqlite_store_set_patience(struct store *store, int patience_ms);

#endif
