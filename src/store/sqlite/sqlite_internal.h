/* sqlite_internal.h: what the files of this folder share. */
#ifndef TIEOUT_STORE_SQLITE_INTERNAL_H
#define TIEOUT_STORE_SQLITE_INTERNAL_H

#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_store.h"
#include <sqlite3.h>

#define NUMBER_MAX ((UINT64_C(1) << COMPANY_SHIFT) - 1)

/* Every fixed statement, prepared at its first use and kept. OR ROLLBACK spares a journal per statement (schema.c). */
#define STATEMENTS(ROW)                                                                                           \
    ROW(BEGIN, "BEGIN IMMEDIATE")                                                                                 \
    ROW(COMMIT, "COMMIT")                                                                                         \
    ROW(ROLLBACK, "ROLLBACK")                                                                                     \
    ROW(COMPANY_FIND, "SELECT company FROM company WHERE code = ?1")                                              \
    ROW(COMPANY_LAST, "SELECT ifnull(max(company), 0) FROM company")                                              \
    ROW(COMPANY_INSERT, "INSERT INTO company(company, code) VALUES (?1, ?2)")                                     \
    ROW(COMPANY_SCAN, "SELECT company, code FROM company ORDER BY company")                                       \
    ROW(TRUTH_APPEND, "INSERT OR ROLLBACK INTO truth(key, kind, day, recorded_at_us, type, version, outcome, "    \
                      "refusal, source, id, raw_block, raw_index, body) "                                         \
                      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")                          \
    ROW(TRUTH_LAST, "SELECT max(key) FROM truth WHERE key BETWEEN ?1 AND ?2")                                     \
    ROW(TRUTH_READ, "SELECT " TRUTH_COLUMNS " FROM truth WHERE key = ?1")                                         \
    ROW(TRUTH_SCAN, "SELECT " TRUTH_COLUMNS " FROM truth WHERE key BETWEEN ?1 AND ?2 ORDER BY key")               \
    ROW(RAW_APPEND, "INSERT OR ROLLBACK INTO raw(key, count, frame) VALUES (?1, ?2, ?3)")                         \
    ROW(RAW_LAST, "SELECT max(key) FROM raw WHERE key BETWEEN ?1 AND ?2")                                         \
    ROW(RAW_READ, "SELECT key, count, frame FROM raw WHERE key = ?1")                                             \
    ROW(RAW_SCAN, "SELECT key, count, frame FROM raw WHERE key BETWEEN ?1 AND ?2 ORDER BY key")                   \
    ROW(SEAL_APPEND, "INSERT OR ROLLBACK INTO seal(key, last_seq, last_raw_block, hash) VALUES (?1, ?2, ?3, ?4)") \
    ROW(SEAL_LAST, "SELECT key, last_seq, last_raw_block, hash FROM seal "                                        \
                   "WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1")                                       \
    ROW(SEAL_SCAN, "SELECT key, last_seq, last_raw_block, hash FROM seal "                                        \
                   "WHERE key BETWEEN ?1 AND ?2 ORDER BY key")
#define TRUTH_COLUMNS \
    "key, kind, day, recorded_at_us, type, version, outcome, refusal, source, id, raw_block, raw_index, body"

enum statement {
#define ROW(name, sql) STATEMENT_##name,
    STATEMENTS(ROW)
#undef ROW
        STATEMENT_COUNT,
};
enum space_statement { SPACE_GET, SPACE_PUT, SPACE_DELETE, SPACE_SCAN, SPACE_CLEAR, SPACE_STATEMENT_COUNT };

struct sqlite_store {
    struct store port; /* first, so that the port's pointer is this one's */
    sqlite3 *db;
    char *path;            /* absolute or beginning with "./": never a URI, never ":memory:" */
    const char *path_text; /* for sentences: the path as given, or its end when it is long */
    enum store_open_mode mode;
    int lock_fd; /* holds the writer's lock; -1: none */
    int patience_ms;
    int64_t busy_since_ms;

    bool in_transaction;
    uint32_t company; /* of the transaction, and its highest numbers so far */
    uint64_t last_seq, last_raw_block, last_seal;

    unsigned scans[VIEW_SPACE_LIMIT]; /* scans going on: such a space must not be written */
    char *key;                        /* a view's key with its company in front; grows, is kept */
    size_t key_capacity;
    sqlite3_stmt *fixed[STATEMENT_COUNT];
    sqlite3_stmt *view[VIEW_SPACE_LIMIT][SPACE_STATEMENT_COUNT];
};

static inline struct sqlite_store *sqlite_of(struct store *store) { return (struct sqlite_store *)store; }

/* The key of a numbered row; numbers beyond the highest possible are cut to it. */
int64_t sqlite_key(uint32_t company, uint64_t number);
/* Every write calls this first: a transaction is open, and no call in it failed. */
void sqlite_check_open(const struct sqlite_store *store);

/* failure.c: turns what SQLite and the machine said last into a failure with a sentence. Returns false. */
bool sqlite_fail(const struct sqlite_store *store, struct err *err);
bool sqlite_fail_memory(const struct sqlite_store *store, struct err *err);
/* The same for a file operation of our own that left its reason in `error` (errno). */
bool sqlite_fail_file(const struct sqlite_store *store, const char *file, int error, struct err *err);
bool sqlite_fail_in_use(const struct sqlite_store *store, long process, struct err *err);

/* statement.c: kept statements. NULL or false after filling `err`. */
sqlite3_stmt *sqlite_fixed(struct sqlite_store *store, enum statement which, struct err *err);
sqlite3_stmt *sqlite_view(struct sqlite_store *store, enum view_space space, enum space_statement which,
                          struct err *err);
/* For scans: the kept statement, or one of its own when a scan further up has it in hand. */
sqlite3_stmt *sqlite_borrow(struct sqlite_store *store, sqlite3_stmt *kept, struct err *err);
void sqlite_give_back(sqlite3_stmt *kept, sqlite3_stmt *borrowed);
/* Runs a statement that yields no rows and makes it ready for its next use. */
bool sqlite_run(struct sqlite_store *store, sqlite3_stmt *statement, struct err *err);
/* Runs a text of statements whose rows nobody wants. */
bool sqlite_run_text(struct sqlite_store *store, const char *sql, struct err *err);
/* The first column of the first row; 0 where it is null or there is no row. Resets the statement. */
bool sqlite_number(struct sqlite_store *store, sqlite3_stmt *statement, int64_t *out, struct err *err);
void sqlite_bind_text(sqlite3_stmt *statement, int at, struct span text);  /* absent: null */
void sqlite_bind_blob(sqlite3_stmt *statement, int at, struct span bytes); /* absent: empty */
struct span sqlite_text(sqlite3_stmt *statement, int column);              /* null: absent */
struct span sqlite_blob(sqlite3_stmt *statement, int column);              /* never absent */
void sqlite_finalize_all(struct sqlite_store *store);

/* The calls of the port, by file. */
bool sqlite_last_numbers(struct store *port, uint32_t company, uint64_t *out_seq, uint64_t *out_raw_block,
                         struct seal *out_last_seal, struct err *err); /* truth.c */
bool sqlite_truth_append(struct store *port, const struct truth_row *row, struct err *err);
bool sqlite_raw_append(struct store *port, const struct raw_block *block, struct err *err);
bool sqlite_seal_append(struct store *port, const struct seal *seal, struct err *err);
bool sqlite_truth_read(struct store *port, uint32_t company, uint64_t seq, struct arena *arena,
                       struct truth_row *out_row, bool *out_found, struct err *err);
bool sqlite_raw_read(struct store *port, uint32_t company, uint64_t number, struct arena *arena,
                     struct raw_block *out_block, bool *out_found, struct err *err);
bool sqlite_truth_scan(struct store *port, uint32_t company, uint64_t from, uint64_t to,
                       bool (*each)(void *context, const struct truth_row *row), void *context, struct err *err);
bool sqlite_raw_scan(struct store *port, uint32_t company, uint64_t from, uint64_t to,
                     bool (*each)(void *context, const struct raw_block *block), void *context, struct err *err);
bool sqlite_seal_scan(struct store *port, uint32_t company, bool (*each)(void *context, const struct seal *seal),
                      void *context, struct err *err);
bool sqlite_view_get(struct store *port, uint32_t company, enum view_space space, struct span key, struct arena *arena,
                     struct span *out_value, bool *out_found, struct err *err); /* view.c */
bool sqlite_view_put(struct store *port, uint32_t company, enum view_space space, struct span key, struct span value,
                     struct err *err);
bool sqlite_view_delete(struct store *port, uint32_t company, enum view_space space, struct span key, struct err *err);
bool sqlite_view_scan(struct store *port, uint32_t company, enum view_space space, struct span prefix, struct span from,
                      bool (*each)(void *context, struct span key, struct span value), void *context, struct err *err);
bool sqlite_view_clear(struct store *port, uint32_t company, enum view_space space, struct err *err);
bool sqlite_check_guards(struct store *port, void (*report)(void *context, const struct store_finding *finding),
                         void *context, struct err *err); /* guards.c */
extern const struct store_ops sqlite_store_ops;           /* store.c */

#endif
