/* journal.c: see journal.h. Reads truth itself: the journal is no view. */
#include "report/journal.h"

#include "base/json_out.h"
#include "report/names.h"

#include <stdio.h>

struct ruling_walk {
    struct arena arena;
    bool (*each)(void *context, const struct ruling *ruling);
    void *context;
    uint64_t bad_seq;
};

static bool ruling_row(void *context, const struct truth_row *row)
{
    struct ruling_walk *walk = context;
    struct ruling ruling;
    arena_reset(&walk->arena);
    if (!ruling_unpack(row, &walk->arena, &ruling)) {
        walk->bad_seq = row->seq;
        return false;
    }
    return walk->each(walk->context, &ruling);
}

bool report_rulings(const struct reader *reader, uint64_t from, uint64_t to,
                    bool (*each)(void *context, const struct ruling *ruling), void *context, struct err *err)
{
    struct ruling_walk walk = {.arena = arena_make((size_t)4 << 30), .each = each, .context = context};
    struct store *store = reader->store;
    bool good = store->ops->truth_scan(store, reader->number, from, to, ruling_row, &walk, err);
    arena_done(&walk.arena);
    return good && (walk.bad_seq == 0 ||
                    err_set(err, FAILURE_STORE_DAMAGED, "truth row %llu cannot be read: run `tieout verify`",
                            (unsigned long long)walk.bad_seq));
}

struct entry_answer entry_of(const struct ruling *ruling, size_t index)
{
    const struct truth_row *row = &ruling->row;
    const struct ruling_entry *entry = &ruling->entries[index];
    return (struct entry_answer){
        .seq = row->seq,
        .number = index + 1,
        .recorded_at_us = row->recorded_at_us,
        .day = entry->day,
        .event_day = entry->event_day,
        .kind = entry->kind,
        .cause = {row->type, row->source, row->id},
        .version = row->version,
        .about_other = entry->document != ruling->document,
        .subject = {entry->type, entry->source, entry->id},
        .lines = entry->lines,
        .line_count = entry->line_count,
    };
}

struct entry_walk {
    bool (*each)(void *context, const struct entry_answer *entry);
    void *context;
};

static bool entries_of(void *context, const struct ruling *ruling)
{
    struct entry_walk *walk = context;
    for (size_t i = 0; i < ruling->entry_count; i++) {
        struct entry_answer entry = entry_of(ruling, i);
        if (!walk->each(walk->context, &entry))
            return false;
    }
    return true;
}

bool report_journal(const struct reader *reader, uint64_t from, uint64_t to,
                    bool (*each)(void *context, const struct entry_answer *entry), void *context, struct err *err)
{
    struct entry_walk walk = {each, context};
    return report_rulings(reader, from, to, entries_of, &walk, err);
}

const char *entry_kind_name(enum entry_kind kind)
{
    switch (kind) {
    case ENTRY_ORIGINAL: return "original";
    case ENTRY_DELTA: return "delta";
    case ENTRY_CORRECTION: return "correction";
    }
    return "unknown";
}

static void put_optional(struct json_out *json, const char *key, struct span text)
{
    if (text.len == 0)
        return;
    json_key(json, key);
    json_text(json, text);
}

/* A dimension that every line shows: null where the line is not about one. */
static void put_dimension(struct json_out *json, const char *key, struct span text)
{
    json_key(json, key);
    json_text(json, text.len ? text : (struct span){NULL, 0});
}

static void line_write(struct json_out *json, const struct line *line, currency money)
{
    char code[4];
    struct span name = span_of(role_name(line->role));
    json_open_object(json);
    json_key(json, "account");
    json_text(json, name);
    json_key(json, "role");
    json_text(json, name);
    json_key(json, "currency");
    json_text(json, span_of(currency_code(money, code)));
    json_key(json, "amount");
    json_amount(json, line->amount_minor, money);
    put_dimension(json, "sku", line->sku);
    put_dimension(json, "channel", line->channel);
    put_dimension(json, "location", line->location);
    put_dimension(json, "tag", line->tag);
    put_optional(json, "order", line->order);
    put_optional(json, "order_line", line->order_line);
    put_optional(json, "party", line->party);
    if (line->original_currency != 0) {
        json_key(json, "original_currency");
        json_text(json, span_of(currency_code(line->original_currency, code)));
        json_key(json, "original_amount");
        json_amount(json, line->original_minor, line->original_currency);
    }
    json_close_object(json);
}

static void label_write(struct json_out *json, const struct document_label *label)
{
    json_open_object(json);
    json_key(json, "source");
    json_text(json, label->source);
    json_key(json, "type");
    json_text(json, span_of(type_name(label->type)));
    json_key(json, "id");
    json_text(json, label->id);
    json_close_object(json);
}

void entry_write_json(struct json_out *json, const struct entry_answer *entry, currency money)
{
    char id[48];
    int len = snprintf(id, sizeof id, "%llu-%zu", (unsigned long long)entry->seq, entry->number);
    json_open_object(json);
    json_key(json, "id");
    json_text(json, (struct span){id, (size_t)len});
    json_key(json, "date");
    json_day(json, entry->day);
    json_key(json, "event_date");
    json_day(json, entry->event_day);
    json_key(json, "recorded_at");
    json_instant(json, entry->recorded_at_us);
    json_key(json, "document");
    json_text(json, entry->cause.id);
    json_key(json, "source");
    json_text(json, entry->cause.source);
    json_key(json, "type");
    json_text(json, span_of(type_name(entry->cause.type)));
    json_key(json, "version");
    json_int(json, entry->version);
    json_key(json, "kind");
    json_text(json, span_of(entry_kind_name(entry->kind)));
    if (entry->about_other) {
        json_key(json, "corrects");
        label_write(json, &entry->subject);
    }
    json_key(json, "lines");
    json_open_array(json);
    for (size_t i = 0; i < entry->line_count; i++)
        line_write(json, &entry->lines[i], money);
    json_close_array(json);
    json_close_object(json);
}
