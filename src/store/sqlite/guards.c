/* guards.c: whether the file still protects itself, and whether its rows could have been written by this store. What a row
 * means is not looked at here; `verify` re-derives that. A query finds at most FINDINGS_MAX rows of one kind. */
#include "store/sqlite/sqlite_internal.h"
#include <stdio.h>
#include <string.h>

#define FINDINGS_MAX "20"
#define NUMBER(key) "(" key " & 1099511627775)"
#define SHOW_KEY "printf('company %d, number %d', t.key >> 40, t.key & 1099511627775)"

struct guards {
    struct sqlite_store *store;
    void (*report)(void *context, const struct store_finding *finding);
    void *context;
};

static void report(const struct guards *guards, const char *table, struct span key, struct span detail)
{
    guards->report(guards->context, &(struct store_finding){.table = table, .key = key, .detail = detail});
}

/* --- the schema --------------------------------------------------------------------------------- */

static const struct schema_object *expected(struct span type, struct span name)
{
    for (size_t i = 0; i < schema_object_count; i++) {
        if (span_eq(type, span_of(schema_objects[i].type)) && span_eq(name, span_of(schema_objects[i].name)))
            return &schema_objects[i];
    }
    return NULL;
}

/* What SQLite makes by itself: the index of company.code, and its statistics when someone runs ANALYZE. */
static bool is_sqlites_own(struct span name)
{
    return span_eq(name, SPAN("sqlite_autoindex_company_1")) || span_eq(name, SPAN("sqlite_stat1")) ||
           span_eq(name, SPAN("sqlite_stat4"));
}

static void report_object(const struct guards *guards, struct span type, struct span name, const char *what)
{
    char table[80], detail[200];
    (void)snprintf(table, sizeof table, "%.*s", SPAN_ARG(name));
    (void)snprintf(detail, sizeof detail, "The %.*s %.*s %s.", SPAN_ARG(type), SPAN_ARG(name), what);
    report(guards, table, (struct span){0}, span_of(detail));
}

enum { SCHEMA_OBJECTS_MAX = 64 };

static void look_at_object(const struct guards *guards, sqlite3_stmt *row, bool *seen)
{
    struct span type = sqlite_text(row, 0), name = sqlite_text(row, 1), sql = sqlite_text(row, 2);
    const struct schema_object *object = expected(type, name);
    if (object) {
        seen[object - schema_objects] = true;
        if (!span_eq(sql, span_of(object->sql)))
            report_object(guards, type, name, "was altered: it is not what this version of tieout makes");
    } else if (!is_sqlites_own(name)) {
        report_object(guards, type, name, "was added: this version of tieout makes no such thing");
    }
}

static bool check_schema(const struct guards *guards, struct err *err)
{
    bool seen[SCHEMA_OBJECTS_MAX] = {false};
    must(schema_object_count <= SCHEMA_OBJECTS_MAX);
    sqlite3_stmt *rows = NULL;
    if (sqlite3_prepare_v2(guards->store->db, "SELECT type, name, sql FROM sqlite_schema ORDER BY rowid", -1, &rows,
                           NULL) != SQLITE_OK)
        return sqlite_fail(guards->store, err);
    int step;
    while ((step = sqlite3_step(rows)) == SQLITE_ROW)
        look_at_object(guards, rows, seen);
    bool good = step == SQLITE_DONE || sqlite_fail(guards->store, err);
    (void)sqlite3_finalize(rows);
    for (size_t i = 0; good && i < schema_object_count; i++) {
        if (!seen[i])
            report_object(guards, span_of(schema_objects[i].type), span_of(schema_objects[i].name), "is missing");
    }
    return good;
}

/* --- the rows ----------------------------------------------------------------------------------- */

/* Each yields a printable key and a sentence. */
#define GAPS(table, what)                                                                                             \
    {table, "SELECT " SHOW_KEY                                                                                        \
            ", 'There is no ' || (" NUMBER("t.key") " - 1) || ' before it: " what " are missing.' "                   \
                                                    "FROM " table " t WHERE t.key >= 1 << 40 AND " NUMBER(            \
                                                        "t.key") " > 1 "                                              \
                                                                 "AND NOT EXISTS (SELECT 1 FROM " table               \
                                                                 " b WHERE b.key = t.key - 1) LIMIT " FINDINGS_MAX},  \
    {                                                                                                                 \
        table,                                                                                                        \
            "SELECT " SHOW_KEY ", CASE WHEN t.key < 1 << 40 OR " NUMBER(                                              \
                "t.key") " = 0 "                                                                                      \
                         "THEN 'The key is not a company and a number from 1.' "                                      \
                         "ELSE 'There is no company ' || (t.key >> 40) || '.' END "                                   \
                         "FROM " table                                                                                \
                         " t WHERE t.key < 1 << 40 OR " NUMBER("t.key") " = 0 "                                       \
                                                                        "OR NOT EXISTS (SELECT 1 FROM company WHERE " \
                                                                        "company = t.key >> 40) LIMIT " FINDINGS_MAX  \
    }
#define FORMS(table, conditions)                                              \
    {                                                                         \
        table, "SELECT " SHOW_KEY ", CASE " conditions " END AS wrong "       \
               "FROM " table " t WHERE wrong IS NOT NULL LIMIT " FINDINGS_MAX \
    }
#define WHOLE(column, low, high)                                                                            \
    "WHEN typeof(" column ") <> 'integer' OR " column " NOT BETWEEN " low " AND " high " THEN 'Its " column \
    " is not a whole number from " low " to " high ".' "
#define TEXT_OR_NULL(column) \
    "WHEN typeof(" column ") NOT IN ('text', 'null') THEN 'Its " column " is neither text nor null.' "
#define BLOB(column) "WHEN typeof(" column ") <> 'blob' THEN 'Its " column " is not a blob.' "

static const struct {
    const char *table, *sql;
} row_checks[] = {
    {"company", "SELECT 'company ' || company, 'There is no company ' || (company - 1) || ' before it.' FROM company t "
                "WHERE company > 1 AND NOT EXISTS (SELECT 1 FROM company b WHERE b.company = t.company - 1)"},
    {"company", "SELECT 'company ' || company, 'Its number or its code has the wrong form.' FROM company "
                "WHERE company NOT BETWEEN 1 AND 8388607 OR typeof(code) <> 'text' OR length(code) = 0"},
    GAPS("truth", "rows"),
    FORMS("truth",
          WHOLE("kind", "1", "4") WHOLE("day", "-719162", "2932896") WHOLE("recorded_at_us", "-9223372036854775807",
                                                                           "9223372036854775807")
              WHOLE("type", "-2147483648", "2147483647") WHOLE("version", "-9223372036854775807", "9223372036854775807")
                  WHOLE("outcome", "0", "4") WHOLE("refusal", "-2147483648", "2147483647") TEXT_OR_NULL("source")
                      TEXT_OR_NULL("id") WHOLE("raw_block", "0", "1099511627775") WHOLE("raw_index", "0", "4294967295")
                          BLOB("body")),
    {"truth", "SELECT " SHOW_KEY ", 'The raw block ' || raw_block || ' it refers to is not there.' FROM truth t "
              "WHERE raw_block <> 0 AND NOT EXISTS (SELECT 1 FROM raw r "
              "WHERE r.key = ((t.key >> 40) << 40 | t.raw_block)) LIMIT " FINDINGS_MAX},
    GAPS("raw", "blocks"),
    FORMS("raw", WHOLE("count", "0", "4294967295") BLOB("frame")),
    GAPS("seal", "seals"),
    FORMS("seal", WHOLE("last_seq", "0", "1099511627775")
                      WHOLE("last_raw_block", "0", "1099511627775") "WHEN typeof(hash) <> 'blob' OR length(hash) <> 32 "
                                                                    "THEN 'Its hash is not a blob of 32 bytes.' "),
    {"seal", "SELECT " SHOW_KEY ", CASE "
             "WHEN last_seq > ifnull((SELECT max(key) FROM truth "
             "WHERE key BETWEEN (t.key >> 40) << 40 AND t.key | 1099511627775), 0) & 1099511627775 "
             "THEN 'It seals rows up to ' || last_seq || ', which are not there.' "
             "WHEN last_raw_block > ifnull((SELECT max(key) FROM raw "
             "WHERE key BETWEEN (t.key >> 40) << 40 AND t.key | 1099511627775), 0) & 1099511627775 "
             "THEN 'It seals raw blocks up to ' || last_raw_block || ', which are not there.' "
             "WHEN EXISTS (SELECT 1 FROM seal b WHERE b.key = t.key - 1 "
             "AND (b.last_seq > t.last_seq OR b.last_raw_block > t.last_raw_block)) "
             "THEN 'It seals less than the seal before it.' END AS wrong "
             "FROM seal t WHERE wrong IS NOT NULL LIMIT " FINDINGS_MAX},
};

/* A damaged page or a missing table is itself a finding, and the other checks go on; only a failing machine stops. */
static bool report_unreadable(const struct guards *guards, const char *table, struct err *err)
{
    int code = sqlite3_errcode(guards->store->db);
    if (code != SQLITE_CORRUPT && code != SQLITE_ERROR && code != SQLITE_NOTADB)
        return sqlite_fail(guards->store, err);
    char detail[200];
    (void)snprintf(detail, sizeof detail, "It could not be read to its end: %s.", sqlite3_errmsg(guards->store->db));
    report(guards, table, (struct span){0}, span_of(detail));
    return true;
}

static bool check_rows(const struct guards *guards, const char *table, const char *sql, struct err *err)
{
    sqlite3_stmt *rows = NULL;
    int step = sqlite3_prepare_v2(guards->store->db, sql, -1, &rows, NULL);
    if (step != SQLITE_OK)
        return report_unreadable(guards, table, err);
    while ((step = sqlite3_step(rows)) == SQLITE_ROW)
        report(guards, table, sqlite_text(rows, 0), sqlite_text(rows, 1));
    bool good = step == SQLITE_DONE || report_unreadable(guards, table, err);
    (void)sqlite3_finalize(rows);
    return good;
}

/* --- the file ----------------------------------------------------------------------------------- */

/* Pages, the order of keys, the index, and every column's type (the tables are STRICT). Not the CHECKs: SQLite does not
 * read them on a connection that cannot write, so the queries above repeat them. */
static bool check_file(const struct guards *guards, struct err *err)
{
    sqlite3_stmt *rows = NULL;
    int step = sqlite3_prepare_v2(guards->store->db, "PRAGMA integrity_check(" FINDINGS_MAX ")", -1, &rows, NULL);
    if (step != SQLITE_OK)
        return report_unreadable(guards, "the file", err);
    while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
        struct span text = sqlite_text(rows, 0);
        if (!span_eq(text, SPAN("ok")))
            report(guards, "the file", (struct span){0}, text);
    }
    bool good = step == SQLITE_DONE || report_unreadable(guards, "the file", err);
    (void)sqlite3_finalize(rows);
    return good;
}

/* A view's row whose key begins with no company of the store is read by nobody: only here is it seen. */
static bool check_view_keys(const struct guards *guards, enum view_space space, struct err *err)
{
    char table[64];
    char sql[800];
    (void)snprintf(table, sizeof table, "view_%s", view_space_name(space));
    (void)snprintf(sql, sizeof sql,
                   "SELECT 'key ' || hex(key), 'It belongs to no company of this store.' FROM %s WHERE "
                   "CASE WHEN substr(key, 1, 1) = x'F0' THEN hex(substr(key, 1, 4)) ELSE hex(substr(key, 1, 1)) END "
                   "NOT IN (SELECT CASE WHEN company < 240 THEN printf('%%02X', company) "
                   "ELSE 'F0' || printf('%%06X', company) END FROM company) LIMIT " FINDINGS_MAX,
                   table);
    return check_rows(guards, table, sql, err);
}

bool sqlite_check_guards(struct store *port, void (*report_to)(void *context, const struct store_finding *finding),
                         void *context, struct err *err)
{
    struct guards guards = {sqlite_of(port), report_to, context};
    if (!check_schema(&guards, err) || !check_file(&guards, err))
        return false;
    for (size_t i = 0; i < sizeof row_checks / sizeof row_checks[0]; i++) {
        if (!check_rows(&guards, row_checks[i].table, row_checks[i].sql, err))
            return false;
    }
    for (int space = 1; space < VIEW_SPACE_LIMIT; space++)
        if (!check_view_keys(&guards, (enum view_space)space, err))
            return false;
    return true;
}
