/* tables.c: see tables.h. Every number shown may have been written by a stranger, so none is taken for a valid one. */
#include "shell/tables.h"

#include "base/calendar.h"
#include "base/decimal.h"
#include "format/document_json.h"
#include "order/document_fields.h"
#include "report/names.h"
#include <stdio.h>

SQLITE_EXTENSION_INIT3

/* --- values ---------------------------------------------------------------------------------------------------- */

static void put_text(sqlite3_context *out, struct span text)
{
    if (text.len > 0)
        sqlite3_result_text64(out, text.ptr, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void put_name(sqlite3_context *out, const char *name)
{
    if (name != NULL && name[0] != '\0')
        sqlite3_result_text(out, name, -1, SQLITE_TRANSIENT);
}

static void put_number(sqlite3_context *out, int64_t value) { sqlite3_result_int64(out, value); }

/* Where 0 stands for none. */
static void put_if(sqlite3_context *out, uint64_t value)
{
    if (value != 0)
        put_number(out, (int64_t)value);
}

static void put_known(sqlite3_context *out, int64_t value)
{
    if (value != ABSENT)
        put_number(out, value);
}

static void put_day(sqlite3_context *out, int32_t day)
{
    char text[11];
    if (day >= DAY_MIN && day <= DAY_MAX)
        put_name(out, day_write(day, text));
    else
        put_number(out, day);
}

static void put_instant(sqlite3_context *out, int64_t at_us)
{
    char text[28];
    if (at_us >= DAY_MIN * US_PER_DAY && at_us < (DAY_MAX + INT64_C(1)) * US_PER_DAY)
        put_name(out, instant_write(at_us, text));
    else
        put_number(out, at_us);
}

/* The currency as one that base/currency knows, or 0. */
static currency known_currency(currency c)
{
    char letters[3] = {(char)(c >> 16), (char)(c >> 8 & 0xff), (char)(c & 0xff)};
    return c >> 24 == 0 ? currency_find((struct span){letters, sizeof letters}) : 0;
}

static void put_currency(sqlite3_context *out, currency c)
{
    char code[4];
    if (known_currency(c) != 0)
        put_name(out, currency_code(c, code));
}

static void put_amount(sqlite3_context *out, int64_t minor, currency c)
{
    char text[24];
    if (known_currency(c) == 0 || minor == INT64_MIN)
        return;
    int exponent = currency_exponent(c);
    decimal_write(minor, exponent, exponent, text);
    put_name(out, text);
}

static void put_role(sqlite3_context *out, enum role role)
{
    const char *name = role_name(role);
    if (name[0] != '\0')
        put_name(out, name);
    else
        put_if(out, (uint64_t)role);
}

/* --- columns: one list gives the enum and the text of CREATE TABLE ---------------------------------------------- */

#define COLUMN_NAME(name, declared) name,
#define COLUMN_DECLARED(name, declared) ", " declared
/* Every table begins with these, which extension.c fills in. */
#define CREATE_TABLE(columns) "CREATE TABLE x(company INTEGER, seq INTEGER" columns(COLUMN_DECLARED) ")"
enum { OWN_COLUMNS = 2 };

/* --- decisions ------------------------------------------------------------------------------------------------- */

static const char *row_kind_name(enum truth_kind kind)
{
    switch (kind) {
    case TRUTH_DOCUMENT: return "document";
    case TRUTH_SET_ASIDE: return "set aside";
    case TRUTH_POLICY: return "policy";
    case TRUTH_PERIOD: return "period";
    }
    return "unknown";
}

static void put_json(sqlite3_context *out, const struct place *place)
{
    struct document document;
    if (place->ruling->packed.len == 0)
        return;
    if (!document_unpack(place->ruling->packed, place->arena, &document)) {
        sqlite3_result_error(out, "the packed document of this row is damaged: run tieout verify", -1);
        return;
    }
    struct buf json = buf_make((size_t)256 << 20);
    document_write_json(&document, &json);
    put_text(out, json.failed ? (struct span){NULL, 0} : buf_span(&json));
    buf_done(&json);
}

static void put_waits_on(sqlite3_context *out, const struct place *place)
{
    if (place->ruling->waits_on.len > 0)
        sqlite3_result_blob64(out, place->ruling->waits_on.ptr, place->ruling->waits_on.len, SQLITE_TRANSIENT);
}

#define DECISION_COLUMNS(C)                                \
    C(DECISION_KIND, "kind TEXT")                          \
    C(DECISION_DATE, "date TEXT")                          \
    C(DECISION_RECORDED_AT, "recorded_at TEXT")            \
    C(DECISION_SOURCE, "source TEXT")                      \
    C(DECISION_TYPE, "type TEXT")                          \
    C(DECISION_DOCUMENT, "document TEXT")                  \
    C(DECISION_VERSION, "version INTEGER")                 \
    C(DECISION_OUTCOME, "outcome TEXT")                    \
    C(DECISION_REFUSAL, "refusal TEXT")                    \
    C(DECISION_DETAIL, "detail TEXT")                      \
    C(DECISION_AT, "at TEXT")                              \
    C(DECISION_AMOUNT_MINOR, "amount_minor INTEGER")       \
    C(DECISION_CUSTOMER, "customer TEXT")                  \
    C(DECISION_DOCUMENT_NUMBER, "document_number INTEGER") \
    C(DECISION_DOCUMENT_SEQ, "document_seq INTEGER")       \
    C(DECISION_WAITS_ON, "waits_on BLOB")                  \
    C(DECISION_KEY, "key TEXT")                            \
    C(DECISION_VALUE, "value TEXT")                        \
    C(DECISION_ENTRIES, "entries INTEGER")                 \
    C(DECISION_JSON, "json TEXT")
enum { DECISION_FIRST = OWN_COLUMNS - 1, DECISION_COLUMNS(COLUMN_NAME) };
static size_t decision_count(const struct place *place, int level)
{
    (void)place;
    (void)level;
    return 1;
}
static void decision_put(const struct place *place, int column, sqlite3_context *out)
{
    const struct ruling *ruling = place->ruling;
    const struct truth_row *row = &ruling->row;
    switch (column) {
    case DECISION_KIND: put_name(out, row_kind_name(row->kind)); return;
    case DECISION_DATE:
        if (row->day != 0)
            put_day(out, row->day);
        return;
    case DECISION_RECORDED_AT: put_instant(out, row->recorded_at_us); return;
    case DECISION_SOURCE: put_text(out, row->source); return;
    case DECISION_TYPE: put_name(out, type_name(row->type)); return;
    case DECISION_DOCUMENT: put_text(out, row->id); return;
    case DECISION_VERSION: put_number(out, row->version); return;
    case DECISION_OUTCOME:
        if (row->outcome != OUTCOME_NONE)
            put_name(out, outcome_name(row->outcome));
        return;
    case DECISION_REFUSAL: put_name(out, reason_name(row->refusal)); return;
    case DECISION_DETAIL: put_text(out, ruling->detail); return;
    case DECISION_AT: put_instant(out, ruling->at_us); return;
    case DECISION_AMOUNT_MINOR: put_number(out, ruling->amount_minor); return;
    case DECISION_CUSTOMER: put_text(out, ruling->customer); return;
    case DECISION_DOCUMENT_NUMBER: put_if(out, ruling->document); return;
    case DECISION_DOCUMENT_SEQ: put_if(out, ruling->document_seq); return;
    case DECISION_WAITS_ON: put_waits_on(out, place); return;
    case DECISION_KEY: put_text(out, ruling->key); return;
    case DECISION_VALUE: put_text(out, ruling->value); return;
    case DECISION_ENTRIES: put_number(out, (int64_t)ruling->entry_count); return;
    case DECISION_JSON: put_json(out, place); return;
    default: return;
    }
}

/* --- entries and their lines ----------------------------------------------------------------------------------- */

static const char *entry_kind_text(enum entry_kind kind)
{
    switch (kind) {
    case ENTRY_ORIGINAL: return "original";
    case ENTRY_DELTA: return "delta";
    case ENTRY_CORRECTION: return "correction";
    }
    return "unknown";
}

/* As `tieout journal` names it. */
static void put_entry_id(sqlite3_context *out, const struct place *place)
{
    char id[48];
    (void)snprintf(id, sizeof id, "%llu-%zu", (unsigned long long)place->ruling->row.seq, place->at[0] + 1);
    put_name(out, id);
}

static size_t entry_count(const struct place *place, int level)
{
    (void)level;
    return place->ruling->entry_count;
}
#define ENTRY_COLUMNS(C)                                 \
    C(ENTRY_ENTRY, "entry INTEGER")                      \
    C(ENTRY_ID, "id TEXT")                               \
    C(ENTRY_DATE, "date TEXT")                           \
    C(ENTRY_EVENT_DATE, "event_date TEXT")               \
    C(ENTRY_RECORDED_AT, "recorded_at TEXT")             \
    C(ENTRY_SOURCE, "source TEXT")                       \
    C(ENTRY_TYPE, "type TEXT")                           \
    C(ENTRY_DOCUMENT, "document TEXT")                   \
    C(ENTRY_VERSION, "version INTEGER")                  \
    C(ENTRY_KIND, "kind TEXT")                           \
    C(ENTRY_DOCUMENT_NUMBER, "document_number INTEGER")  \
    C(ENTRY_CORRECTS_SOURCE, "corrects_source TEXT")     \
    C(ENTRY_CORRECTS_TYPE, "corrects_type TEXT")         \
    C(ENTRY_CORRECTS_DOCUMENT, "corrects_document TEXT") \
    C(ENTRY_LINES, "lines INTEGER")
enum { ENTRY_FIRST = OWN_COLUMNS - 1, ENTRY_COLUMNS(COLUMN_NAME) };
static void entry_put(const struct place *place, int column, sqlite3_context *out)
{
    const struct ruling *ruling = place->ruling;
    const struct ruling_entry *entry = &ruling->entries[place->at[0]];
    bool other = entry->document != ruling->document;
    switch (column) {
    case ENTRY_ENTRY: put_number(out, (int64_t)place->at[0] + 1); return;
    case ENTRY_ID: put_entry_id(out, place); return;
    case ENTRY_DATE: put_day(out, entry->day); return;
    case ENTRY_EVENT_DATE: put_day(out, entry->event_day); return;
    case ENTRY_RECORDED_AT: put_instant(out, ruling->row.recorded_at_us); return;
    case ENTRY_SOURCE: put_text(out, ruling->row.source); return;
    case ENTRY_TYPE: put_name(out, type_name(ruling->row.type)); return;
    case ENTRY_DOCUMENT: put_text(out, ruling->row.id); return;
    case ENTRY_VERSION: put_number(out, ruling->row.version); return;
    case ENTRY_KIND: put_name(out, entry_kind_text(entry->kind)); return;
    case ENTRY_DOCUMENT_NUMBER: put_number(out, entry->document); return;
    case ENTRY_CORRECTS_SOURCE:
        if (other)
            put_text(out, entry->source);
        return;
    case ENTRY_CORRECTS_TYPE:
        if (other)
            put_name(out, type_name(entry->type));
        return;
    case ENTRY_CORRECTS_DOCUMENT:
        if (other)
            put_text(out, entry->id);
        return;
    case ENTRY_LINES: put_number(out, (int64_t)entry->line_count); return;
    default: return;
    }
}

static size_t line_count(const struct place *place, int level)
{
    return level == 0 ? place->ruling->entry_count : place->ruling->entries[place->at[0]].line_count;
}
#define LINE_COLUMNS(C)                                 \
    C(LINE_ENTRY, "entry INTEGER")                      \
    C(LINE_LINE, "line INTEGER")                        \
    C(LINE_ID, "id TEXT")                               \
    C(LINE_DATE, "date TEXT")                           \
    C(LINE_TYPE, "type TEXT")                           \
    C(LINE_DOCUMENT, "document TEXT")                   \
    C(LINE_ROLE, "role TEXT")                           \
    C(LINE_CURRENCY, "currency TEXT")                   \
    C(LINE_AMOUNT, "amount TEXT")                       \
    C(LINE_AMOUNT_MINOR, "amount_minor INTEGER")        \
    C(LINE_SKU, "sku TEXT")                             \
    C(LINE_CHANNEL, "channel TEXT")                     \
    C(LINE_LOCATION, "location TEXT")                   \
    C(LINE_ORDER_ID, "order_id TEXT")                   \
    C(LINE_ORDER_LINE, "order_line TEXT")               \
    C(LINE_PARTY, "party TEXT")                         \
    C(LINE_TAG, "tag TEXT")                             \
    C(LINE_ORIGINAL_CURRENCY, "original_currency TEXT") \
    C(LINE_ORIGINAL_AMOUNT, "original_amount TEXT")     \
    C(LINE_ORIGINAL_MINOR, "original_minor INTEGER")
enum { LINE_FIRST = OWN_COLUMNS - 1, LINE_COLUMNS(COLUMN_NAME) };
static void line_put(const struct place *place, int column, sqlite3_context *out)
{
    const struct ruling_entry *entry = &place->ruling->entries[place->at[0]];
    const struct line *line = &entry->lines[place->at[1]];
    switch (column) {
    case LINE_ENTRY: put_number(out, (int64_t)place->at[0] + 1); return;
    case LINE_LINE: put_number(out, (int64_t)place->at[1] + 1); return;
    case LINE_ID: put_entry_id(out, place); return;
    case LINE_DATE: put_day(out, entry->day); return;
    case LINE_TYPE: put_name(out, type_name(place->ruling->row.type)); return;
    case LINE_DOCUMENT: put_text(out, place->ruling->row.id); return;
    case LINE_ROLE: put_role(out, line->role); return;
    case LINE_CURRENCY: put_currency(out, place->money); return;
    case LINE_AMOUNT: put_amount(out, line->amount_minor, place->money); return;
    case LINE_AMOUNT_MINOR: put_number(out, line->amount_minor); return;
    case LINE_SKU: put_text(out, line->sku); return;
    case LINE_CHANNEL: put_text(out, line->channel); return;
    case LINE_LOCATION: put_text(out, line->location); return;
    case LINE_ORDER_ID: put_text(out, line->order); return;
    case LINE_ORDER_LINE: put_text(out, line->order_line); return;
    case LINE_PARTY: put_text(out, line->party); return;
    case LINE_TAG: put_text(out, line->tag); return;
    case LINE_ORIGINAL_CURRENCY: put_currency(out, line->original_currency); return;
    case LINE_ORIGINAL_AMOUNT: put_amount(out, line->original_minor, line->original_currency); return;
    case LINE_ORIGINAL_MINOR:
        if (line->original_currency != 0)
            put_number(out, line->original_minor);
        return;
    default: return;
    }
}

/* --- movements and their slices -------------------------------------------------------------------------------- */

static const char *movement_kind_name(enum movement_kind kind)
{
    switch (kind) {
    case MOVE_IN: return "in";
    case MOVE_OUT: return "out";
    case MOVE_SHIP: return "ship";
    case MOVE_ARRIVE: return "arrive";
    case MOVE_RETURN: return "return";
    case MOVE_DELIVER: return "deliver";
    case MOVE_BILL: return "bill";
    case MOVE_LANDED: return "landed";
    case MOVE_COUNT: return "count";
    case MOVE_STATUS: return "status";
    case MOVE_VALUE: return "value";
    case MOVE_STANDARD: return "standard";
    case MOVE_SUPPLIER_RETURN: return "supplier return";
    case MOVE_FOLLOW: return "follow";
    case MOVE_CORRECT: return "correct";
    case MOVE_SOLD: return "sold";
    case MOVE_PURCHASE: return "purchase";
    }
    return "unknown";
}

static const char *step_kind_name(enum step_kind kind)
{
    switch (kind) {
    case STEP_POOL: return "pool";
    case STEP_TAKE: return "take";
    case STEP_ADD: return "add";
    case STEP_VALUE: return "value";
    case STEP_OWE: return "owe";
    case STEP_SETTLE: return "settle";
    case STEP_UNOWE: return "unowe";
    case STEP_LAST: return "last";
    case STEP_COUNT: return "count";
    case STEP_POST: return "post";
    case STEP_BACK: return "back";
    case STEP_COST: return "cost";
    case STEP_GONE: return "gone";
    case STEP_BILLED: return "billed";
    case STEP_RELOT: return "relot";
    case STEP_ELSEWHERE: return "elsewhere";
    case STEP_WHERE: return "where";
    case STEP_RELOT_GONE: return "relot gone";
    case STEP_UNBILLED: return "unbilled";
    case STEP_SENT_BACK: return "sent back";
    case STEP_POST_ON: return "post on";
    case STEP_SOLD: return "sold";
    case STEP_CONSIGN: return "consign";
    case STEP_UNCONSIGN: return "unconsign";
    case STEP_ACCRUE: return "accrue";
    case STEP_ADVANCE: return "advance";
    case STEP_KEPT: return "kept";
    }
    return "unknown";
}

static const struct ruling_item *item_of(const struct place *place) { return &place->ruling->items[place->at[0]]; }

static void put_sku(sqlite3_context *out, const struct place *place)
{
    put_text(out, place->sku(place->context, place->company, item_of(place)->item));
}

/* Columns of a `where`, from `first` on. */
static void where_put(const struct where *where, int column, sqlite3_context *out)
{
    switch (column) {
    case 0: put_role(out, where->role); return;
    case 1: put_text(out, where->channel); return;
    case 2: put_text(out, where->location); return;
    case 3: put_text(out, where->order); return;
    case 4: put_text(out, where->order_line); return;
    case 5: put_text(out, where->party); return;
    case 6: put_text(out, where->tag); return;
    default: return;
    }
}
/* Movements put come first, then those removed. */
static size_t movement_count(const struct place *place, int level)
{
    return level == 0 ? place->ruling->item_count : item_of(place)->put_count + item_of(place)->remove_count;
}
#define MOVEMENT_COLUMNS(C)                                 \
    C(MOVEMENT_MOVEMENT, "movement INTEGER")                \
    C(MOVEMENT_REMOVED, "removed INTEGER")                  \
    C(MOVEMENT_ITEM, "item INTEGER")                        \
    C(MOVEMENT_SKU, "sku TEXT")                             \
    C(MOVEMENT_DOCUMENT_NUMBER, "document_number INTEGER")  \
    C(MOVEMENT_LINE, "line INTEGER")                        \
    C(MOVEMENT_PART, "part INTEGER")                        \
    C(MOVEMENT_LEG, "leg INTEGER")                          \
    C(MOVEMENT_KIND, "kind TEXT")                           \
    C(MOVEMENT_DATE, "date TEXT")                           \
    C(MOVEMENT_AT, "at TEXT")                               \
    C(MOVEMENT_SOURCE, "source TEXT")                       \
    C(MOVEMENT_TYPE, "type TEXT")                           \
    C(MOVEMENT_DOCUMENT, "document TEXT")                   \
    C(MOVEMENT_LOCATION, "location TEXT")                   \
    C(MOVEMENT_QTY_MICRO, "qty_micro INTEGER")              \
    C(MOVEMENT_VALUE_MINOR, "value_minor INTEGER")          \
    C(MOVEMENT_ORIGINAL_CURRENCY, "original_currency TEXT") \
    C(MOVEMENT_ORIGINAL_MINOR, "original_minor INTEGER")    \
    C(MOVEMENT_TO_ROLE, "to_role TEXT")                     \
    C(MOVEMENT_TO_CHANNEL, "to_channel TEXT")               \
    C(MOVEMENT_TO_LOCATION, "to_location TEXT")             \
    C(MOVEMENT_ORDER_ID, "order_id TEXT")                   \
    C(MOVEMENT_ORDER_LINE, "order_line TEXT")               \
    C(MOVEMENT_PARTY, "party TEXT")                         \
    C(MOVEMENT_TAG, "tag TEXT")                             \
    C(MOVEMENT_REFERS, "refers INTEGER")                    \
    C(MOVEMENT_ORDER_NUMBER, "order_number INTEGER")        \
    C(MOVEMENT_ORDER_PART, "order_part INTEGER")            \
    C(MOVEMENT_LOT, "lot TEXT")                             \
    C(MOVEMENT_SLICES, "slices INTEGER")
enum { MOVEMENT_FIRST = OWN_COLUMNS - 1, MOVEMENT_COLUMNS(COLUMN_NAME) };
static void movement_named(movement_id id, int column, sqlite3_context *out)
{
    switch (column) {
    case MOVEMENT_MOVEMENT: put_number(out, (int64_t)id); return;
    case MOVEMENT_DOCUMENT_NUMBER: put_number(out, movement_document(id)); return;
    case MOVEMENT_LINE: put_number(out, movement_line(id)); return;
    case MOVEMENT_PART: put_number(out, (int64_t)(id >> 4 & 0xfff)); return;
    case MOVEMENT_LEG: put_number(out, movement_leg(id)); return;
    default: return;
    }
}
static void movement_put(const struct place *place, int column, sqlite3_context *out)
{
    const struct ruling_item *item = item_of(place);
    bool removed = place->at[1] >= item->put_count;
    const struct book_record *record = removed ? NULL : &item->puts[place->at[1]];
    const struct movement *movement = removed ? NULL : &record->movement;
    switch (column) {
    case MOVEMENT_MOVEMENT:
    case MOVEMENT_DOCUMENT_NUMBER:
    case MOVEMENT_LINE:
    case MOVEMENT_PART:
    case MOVEMENT_LEG:
        movement_named(removed ? item->removes[place->at[1] - item->put_count] : movement->id, column, out);
        return;
    case MOVEMENT_REMOVED: put_number(out, removed); return;
    case MOVEMENT_ITEM: put_number(out, item->item); return;
    case MOVEMENT_SKU: put_sku(out, place); return;
    default: break;
    }
    if (removed)
        return;
    if (column >= MOVEMENT_TO_ROLE && column <= MOVEMENT_TAG) {
        where_put(&movement->where, column - MOVEMENT_TO_ROLE, out);
        return;
    }
    switch (column) {
    case MOVEMENT_KIND: put_name(out, movement_kind_name(movement->kind)); return;
    case MOVEMENT_DATE: put_day(out, movement->day); return;
    case MOVEMENT_AT: put_instant(out, movement->key.at_us); return;
    case MOVEMENT_SOURCE: put_text(out, movement->key.source); return;
    case MOVEMENT_TYPE: put_text(out, movement->key.type); return;
    case MOVEMENT_DOCUMENT: put_text(out, movement->key.id); return;
    case MOVEMENT_LOCATION: put_text(out, movement->location); return;
    case MOVEMENT_QTY_MICRO: put_number(out, movement->qty_micro); return;
    case MOVEMENT_VALUE_MINOR: put_known(out, movement->value_minor); return;
    case MOVEMENT_ORIGINAL_CURRENCY: put_currency(out, movement->money); return;
    case MOVEMENT_ORIGINAL_MINOR:
        if (movement->money != 0)
            put_number(out, movement->original_minor);
        return;
    case MOVEMENT_REFERS: put_if(out, movement->refers); return;
    case MOVEMENT_ORDER_NUMBER: put_if(out, movement->order); return;
    case MOVEMENT_ORDER_PART: put_if(out, (uint64_t)movement->order_part); return;
    case MOVEMENT_LOT: put_text(out, movement->lot); return;
    case MOVEMENT_SLICES: put_number(out, (int64_t)record->step_count); return;
    default: return;
    }
}

static size_t slice_count(const struct place *place, int level)
{
    if (level == 0)
        return place->ruling->item_count;
    return level == 1 ? item_of(place)->put_count : item_of(place)->puts[place->at[1]].step_count;
}
#define SLICE_COLUMNS(C)                        \
    C(SLICE_MOVEMENT, "movement INTEGER")       \
    C(SLICE_SLICE, "slice INTEGER")             \
    C(SLICE_ITEM, "item INTEGER")               \
    C(SLICE_SKU, "sku TEXT")                    \
    C(SLICE_DATE, "date TEXT")                  \
    C(SLICE_TYPE, "type TEXT")                  \
    C(SLICE_DOCUMENT, "document TEXT")          \
    C(SLICE_LOCATION, "location TEXT")          \
    C(SLICE_KIND, "kind TEXT")                  \
    C(SLICE_POOL, "pool INTEGER")               \
    C(SLICE_LOT, "lot INTEGER")                 \
    C(SLICE_PLACE, "place INTEGER")             \
    C(SLICE_TARGET, "target INTEGER")           \
    C(SLICE_FRAGMENT, "fragment INTEGER")       \
    C(SLICE_NAME, "name TEXT")                  \
    C(SLICE_STATUS, "status INTEGER")           \
    C(SLICE_QTY_MICRO, "qty_micro INTEGER")     \
    C(SLICE_VALUE_MINOR, "value_minor INTEGER") \
    C(SLICE_COST_MINOR, "cost_minor INTEGER")   \
    C(SLICE_TO_ROLE, "to_role TEXT")            \
    C(SLICE_TO_CHANNEL, "to_channel TEXT")      \
    C(SLICE_TO_LOCATION, "to_location TEXT")    \
    C(SLICE_ORDER_ID, "order_id TEXT")          \
    C(SLICE_ORDER_LINE, "order_line TEXT")      \
    C(SLICE_PARTY, "party TEXT")                \
    C(SLICE_TAG, "tag TEXT")
enum { SLICE_FIRST = OWN_COLUMNS - 1, SLICE_COLUMNS(COLUMN_NAME) };
/* Which member of a step a column shows. */
static unsigned slice_member(int column)
{
    switch (column) {
    case SLICE_POOL: return STEP_HAS_POOL;
    case SLICE_LOT:
    case SLICE_PLACE: return STEP_HAS_LAYER;
    case SLICE_TARGET: return STEP_HAS_TARGET;
    case SLICE_FRAGMENT: return STEP_HAS_INDEX;
    case SLICE_NAME:
    case SLICE_STATUS: return STEP_HAS_NAME;
    case SLICE_QTY_MICRO: return STEP_HAS_QTY;
    case SLICE_VALUE_MINOR: return STEP_HAS_VALUE;
    case SLICE_COST_MINOR: return STEP_HAS_COST;
    default: return 0;
    }
}

static void slice_put(const struct place *place, int column, sqlite3_context *out)
{
    const struct ruling_item *item = item_of(place);
    const struct movement *movement = &item->puts[place->at[1]].movement;
    const struct step *step = &item->puts[place->at[1]].steps[place->at[2]];
    unsigned has = step_members(step->kind);
    if (column >= SLICE_TO_ROLE) {
        if (has & STEP_HAS_WHERE)
            where_put(step->where ? step->where : &movement->where, column - SLICE_TO_ROLE, out);
        return;
    }
    switch (column) {
    case SLICE_MOVEMENT: put_number(out, (int64_t)movement->id); return;
    case SLICE_SLICE: put_number(out, (int64_t)place->at[2] + 1); return;
    case SLICE_ITEM: put_number(out, item->item); return;
    case SLICE_SKU: put_sku(out, place); return;
    case SLICE_DATE: put_day(out, has & STEP_HAS_DAY ? step->day : movement->day); return;
    case SLICE_TYPE: put_text(out, movement->key.type); return;
    case SLICE_DOCUMENT: put_text(out, movement->key.id); return;
    case SLICE_LOCATION: put_text(out, movement->location); return;
    case SLICE_KIND: put_name(out, step_kind_name(step->kind)); return;
    default: break;
    }
    if (!(has & slice_member(column)))
        return;
    switch (column) {
    case SLICE_POOL: put_number(out, step->pool); return;
    case SLICE_LOT: put_number(out, (int64_t)step->lot); return;
    case SLICE_PLACE: put_number(out, step->place); return;
    case SLICE_TARGET: put_if(out, step->target); return;
    case SLICE_FRAGMENT: put_number(out, step->index); return;
    case SLICE_NAME: put_text(out, step->name); return;
    case SLICE_STATUS: put_number(out, (int)step->status); return;
    case SLICE_QTY_MICRO: put_number(out, step->qty_micro); return;
    case SLICE_VALUE_MINOR: put_number(out, step->value_minor); return;
    case SLICE_COST_MINOR: put_number(out, step->cost_minor); return;
    default: return;
    }
}

const struct shell_table shell_tables[] = {
    {"tieout_decisions", CREATE_TABLE(DECISION_COLUMNS), 1, decision_count, decision_put},
    {"tieout_entries", CREATE_TABLE(ENTRY_COLUMNS), 1, entry_count, entry_put},
    {"tieout_lines", CREATE_TABLE(LINE_COLUMNS), 2, line_count, line_put},
    {"tieout_movements", CREATE_TABLE(MOVEMENT_COLUMNS), 2, movement_count, movement_put},
    {"tieout_slices", CREATE_TABLE(SLICE_COLUMNS), 3, slice_count, slice_put},
};
const size_t shell_table_count = sizeof shell_tables / sizeof shell_tables[0];
