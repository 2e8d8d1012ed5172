/* schema.c: the tables, guards and readable views of a store. SQLite keeps the text of each statement as it stands here,
 * and check_guards compares letter by letter: a changed letter is a new SCHEMA_VERSION. */
#include "store/sqlite/schema.h"
#include "port/store.h"

/* A key with its lower 40 bits cleared comes before the first of its company, with all of them set it is the last possible.
 * NEW.key is -1 when the statement gave none. REPLACE removes rows without asking the DELETE trigger, but a key that is
 * there is never the next one. ROLLBACK, not ABORT: ABORT makes SQLite keep a journal for every single INSERT, which costs
 * half as much again; whoever gets here is a bug or a stranger, and loses no more than an open transaction. */
#define TAKES_NEXT_NUMBER(table, what)                                                                              \
    {                                                                                                               \
        "trigger", table "_takes_the_next_number",                                                                  \
            "CREATE TRIGGER " table "_takes_the_next_number BEFORE INSERT ON " table "\n"                           \
            "WHEN NEW.key < 1099511627776 OR NEW.key <> 1 + ifnull((SELECT max(key) FROM " table "\n"               \
            "    WHERE key > NEW.key & -1099511627776 AND key <= NEW.key | 1099511627775),\n"                       \
            "    NEW.key & -1099511627776)\n"                                                                       \
            "BEGIN SELECT RAISE(ROLLBACK, '" what " are only appended, each with its company''s next number'); END" \
    }
#define IS_NEVER_CHANGED(table, what)                                                     \
    {                                                                                     \
        "trigger", table "_is_never_changed",                                             \
            "CREATE TRIGGER " table "_is_never_changed BEFORE UPDATE ON " table "\n"      \
            "BEGIN SELECT RAISE(ABORT, '" what " are only appended, never changed'); END" \
    }
#define IS_NEVER_REMOVED(table, what)                                                     \
    {                                                                                     \
        "trigger", table "_is_never_removed",                                             \
            "CREATE TRIGGER " table "_is_never_removed BEFORE DELETE ON " table "\n"      \
            "BEGIN SELECT RAISE(ABORT, '" what " are only appended, never removed'); END" \
    }

#define VIEW_TABLE(name, value, table, help) \
    {"table", "view_" table,                 \
     "CREATE TABLE view_" table "(key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID"},

const struct schema_object schema_objects[] = {
    {"table", "company",
     "CREATE TABLE company(\n"
     "    company INTEGER PRIMARY KEY CHECK (company BETWEEN 1 AND 8388607),\n"
     "    code TEXT NOT NULL UNIQUE\n"
     ") STRICT"},
    {"table", "truth",
     "CREATE TABLE truth(\n"
     "    key INTEGER PRIMARY KEY, -- company << 40 | number\n"
     "    kind INTEGER NOT NULL,\n"
     "    day INTEGER NOT NULL, -- days since 1970-01-01; 0: none\n"
     "    recorded_at_us INTEGER NOT NULL,\n"
     "    type INTEGER NOT NULL,\n"
     "    version INTEGER NOT NULL,\n"
     "    outcome INTEGER NOT NULL,\n"
     "    refusal INTEGER NOT NULL,\n"
     "    source TEXT,\n"
     "    id TEXT,\n"
     "    raw_block INTEGER NOT NULL, -- number in raw; 0: none\n"
     "    raw_index INTEGER NOT NULL,\n"
     "    body BLOB NOT NULL\n"
     ") STRICT"},
    {"table", "raw",
     "CREATE TABLE raw(\n"
     "    key INTEGER PRIMARY KEY, -- company << 40 | number\n"
     "    count INTEGER NOT NULL,\n"
     "    frame BLOB NOT NULL -- zstd\n"
     ") STRICT"},
    {"table", "seal",
     "CREATE TABLE seal(\n"
     "    key INTEGER PRIMARY KEY, -- company << 40 | number\n"
     "    last_seq INTEGER NOT NULL,\n"
     "    last_raw_block INTEGER NOT NULL,\n"
     "    hash BLOB NOT NULL CHECK (length(hash) = 32)\n"
     ") STRICT"},

    /* Two unique columns: REPLACE could remove by either. */
    {"trigger", "company_takes_the_next_number",
     "CREATE TRIGGER company_takes_the_next_number BEFORE INSERT ON company\n"
     "WHEN NEW.company <> 1 + ifnull((SELECT max(company) FROM company), 0)\n"
     "    OR EXISTS (SELECT 1 FROM company WHERE code = NEW.code)\n"
     "BEGIN SELECT RAISE(ROLLBACK, 'companies are only appended, each with the next number and a new code'); END"},
    IS_NEVER_CHANGED("company", "companies"),
    IS_NEVER_REMOVED("company", "companies"),
    TAKES_NEXT_NUMBER("truth", "rows of truth"),
    IS_NEVER_CHANGED("truth", "rows of truth"),
    IS_NEVER_REMOVED("truth", "rows of truth"),
    TAKES_NEXT_NUMBER("raw", "raw blocks"),
    IS_NEVER_CHANGED("raw", "raw blocks"),
    IS_NEVER_REMOVED("raw", "raw blocks"),
    TAKES_NEXT_NUMBER("seal", "seals"),
    IS_NEVER_CHANGED("seal", "seals"),
    IS_NEVER_REMOVED("seal", "seals"),

    VIEW_SPACES(VIEW_TABLE)

    /* For people with the sqlite3 shell; nothing in the program reads it. */
    {"view", "truth_readable",
     "CREATE VIEW truth_readable AS SELECT\n"
     "    (SELECT code FROM company WHERE company.company = truth.key >> 40) AS company,\n"
     "    key & 1099511627775 AS seq,\n"
     "    CASE kind WHEN 1 THEN 'document' WHEN 2 THEN 'set aside' WHEN 3 THEN 'policy'\n"
     "        WHEN 4 THEN 'period' ELSE kind END AS kind,\n"
     "    CASE WHEN day <> 0 THEN date(day * 86400, 'unixepoch') END AS day,\n"
     "    strftime('%Y-%m-%dT%H:%M:%S', recorded_at_us / 1000000, 'unixepoch')\n"
     "        || printf('.%06dZ', recorded_at_us % 1000000) AS recorded_at,\n"
     "    type, version,\n"
     "    CASE outcome WHEN 0 THEN NULL WHEN 1 THEN 'posted' WHEN 2 THEN 'excluded' WHEN 3 THEN 'waiting'\n"
     "        WHEN 4 THEN 'failed' ELSE outcome END AS outcome,\n"
     "    nullif(refusal, 0) AS refusal, source, id,\n"
     "    nullif(raw_block, 0) AS raw_block,\n"
     "    CASE WHEN raw_block <> 0 THEN raw_index END AS raw_index,\n"
     "    length(body) AS body_length, hex(body) AS body\n"
     "FROM truth"},
};
const size_t schema_object_count = sizeof schema_objects / sizeof schema_objects[0];
