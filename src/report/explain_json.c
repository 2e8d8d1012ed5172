/* explain_json.c: what explain found, as JSON. */
#include "report/internal.h"
#include "report/names.h"

static void put_text(struct json_out *json, const char *key, struct span text)
{
    json_key(json, key);
    json_text(json, text);
}

static void put_name(struct json_out *json, const char *key, const char *name) { put_text(json, key, span_of(name)); }

/* Absent and empty alike: nothing to say. */
static void put_sentence(struct json_out *json, const char *key, struct span text)
{
    put_text(json, key, text.len ? text : (struct span){NULL, 0});
}

/* Length of the UTF-8 sequence at the start of `text`; 0 when there is none. */
static size_t utf8_len(struct span text)
{
    const unsigned char *at = (const unsigned char *)text.ptr;
    if (at[0] < 0x80)
        return 1;
    size_t len = at[0] >= 0xc2 && at[0] <= 0xdf   ? 2
                 : (at[0] & 0xf0) == 0xe0         ? 3
                 : at[0] >= 0xf0 && at[0] <= 0xf4 ? 4
                                                  : 0;
    if (len == 0 || len > text.len)
        return 0;
    unsigned char low = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;
    for (size_t i = 1; i < len; i++)
        if (at[i] < (i == 1 ? low : 0x80) || at[i] > (i == 1 ? high : 0xbf))
            return 0;
    return len;
}

/* A raw record is whatever came; JSON is UTF-8. */
static void put_record(struct json_out *json, struct span record)
{
    struct buf clean = buf_make((size_t)256 << 20);
    json_key(json, "record");
    for (size_t i = 0; i < record.len;) {
        size_t len = utf8_len((struct span){record.ptr + i, record.len - i});
        if (len > 0)
            buf_put(&clean, record.ptr + i, len);
        else
            buf_put_span(&clean, SPAN("\xef\xbf\xbd"));
        i += len ? len : 1;
    }
    json_text(json, record.ptr ? (struct span){clean.ptr ? clean.ptr : "", clean.len} : (struct span){NULL, 0});
    buf_done(&clean);
}

static void entries_write(struct json_out *json, const char *key, const struct entry_answers *entries, currency money)
{
    json_key(json, key);
    json_open_array(json);
    for (size_t i = 0; i < entries->count; i++)
        entry_write_json(json, &entries->at[i], money);
    json_close_array(json);
}

static void movements_write(struct json_out *json, const struct explained_movement *movements, size_t count)
{
    json_key(json, "movements");
    json_open_array(json);
    for (size_t i = 0; i < count; i++) {
        json_open_object(json);
        put_text(json, "what", movements[i].heading);
        json_key(json, "steps");
        json_open_array(json);
        for (size_t s = 0; s < movements[i].sentence_count; s++)
            json_text(json, movements[i].sentences[s]);
        json_close_array(json);
        json_close_object(json);
    }
    json_close_array(json);
}

static void versions_write(struct json_out *json, const struct explained_document *document)
{
    json_key(json, "versions");
    json_open_array(json);
    for (size_t i = 0; i < document->version_count; i++) {
        const struct explained_version *version = &document->versions[i];
        json_open_object(json);
        json_key(json, "version");
        json_int(json, version->version);
        put_name(json, "outcome", outcome_name(version->outcome));
        put_name(json, "refusal", reason_name(version->refusal));
        json_key(json, "seq");
        json_int(json, (int64_t)version->seq);
        json_close_object(json);
    }
    json_close_array(json);
}

static void document_write(struct json_out *json, const struct explained_document *document, currency money)
{
    enum refusal refusal = refusal_of(document->refusal);
    json_open_object(json);
    put_name(json, "type", type_name(document->type));
    put_text(json, "source", document->source);
    put_text(json, "id", document->id);
    json_key(json, "version");
    json_int(json, document->version);
    put_name(json, "outcome", outcome_name(document->outcome));
    put_name(json, "refusal", reason_name(document->refusal));
    put_sentence(json, "detail", document->detail);
    put_sentence(json, "waits_for", document->waits_for);
    put_sentence(json, "way_out", span_of(refusal_way_out(refusal)));
    json_key(json, "at");
    if (document->day != 0 || document->at_us != 0)
        json_instant(json, document->at_us);
    else
        json_null(json);
    json_key(json, "date");
    if (document->day != 0)
        json_day(json, document->day);
    else
        json_null(json);
    json_key(json, "recorded_at");
    json_instant(json, document->recorded_at_us);
    json_key(json, "amount");
    json_amount(json, document->amount_minor, money);
    json_key(json, "seq");
    json_int(json, (int64_t)document->seq);
    put_record(json, document->record);
    versions_write(json, document);
    movements_write(json, document->movements, document->movement_count);
    entries_write(json, "entries", &document->entries, money);
    entries_write(json, "deltas", &document->deltas, money);
    json_close_object(json);
}

void explained_document_write_json(const struct explained_document *document, currency money, struct buf *out)
{
    struct json_out json = json_out_make(out);
    document_write(&json, document, money);
}

static void put_amount(struct json_out *json, const char *key, int64_t minor, currency money)
{
    json_key(json, key);
    json_amount(json, minor, money);
}

static void put_micro(struct json_out *json, const char *key, int64_t micro)
{
    json_key(json, key);
    json_micro(json, micro);
}

static void order_line_write(struct json_out *json, const struct order_line_state *line)
{
    json_open_object(json);
    put_text(json, "line", line->id);
    put_text(json, "sku", line->sku);
    put_micro(json, "ordered", line->ordered_micro);
    put_micro(json, "shipped", line->shipped_micro);
    put_micro(json, "cancelled", line->cancelled_micro);
    put_micro(json, "returned", line->returned_micro);
    put_micro(json, "open", line->open_micro);
    json_close_object(json);
}

void explained_order_write_json(const struct explained_order *order, currency money, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    put_text(&json, "order", order->documents[0].id);
    put_text(&json, "source", order->documents[0].source);
    json_key(&json, "account");
    if (order->has_book) {
        json_open_object(&json);
        put_amount(&json, "deposit", order->state.deposit_minor, money);
        put_amount(&json, "receivable", order->state.receivable_minor, money);
        put_amount(&json, "refunds_due", order->state.refunds_due_minor, money);
        json_key(&json, "finished");
        json_bool(&json, order->state.finished);
        json_close_object(&json);
    } else {
        json_null(&json);
    }
    json_key(&json, "lines");
    json_open_array(&json);
    for (size_t i = 0; order->has_book && i < order->state.line_count; i++)
        order_line_write(&json, &order->state.lines[i]);
    json_close_array(&json);
    json_key(&json, "documents");
    json_open_array(&json);
    for (size_t i = 0; i < order->document_count; i++)
        document_write(&json, &order->documents[i], money);
    json_close_array(&json);
    json_close_object(&json);
}

void explained_entry_write_json(const struct explained_one_entry *entry, currency money, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    json_key(&json, "entry");
    entry_write_json(&json, &entry->entry, money);
    json_key(&json, "cause");
    document_write(&json, &entry->cause, money);
    json_close_object(&json);
}

void explained_sku_write_json(const struct explained_sku *sku, currency money, struct buf *out)
{
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    put_text(&json, "sku", sku->definition.id);
    json_key(&json, "movement_count");
    json_int(&json, (int64_t)sku->movement_total);
    movements_write(&json, sku->movements, sku->movement_count);
    json_key(&json, "definition");
    document_write(&json, &sku->definition, money);
    json_close_object(&json);
}

void explained_account_write_json(const struct explained_account *account, currency money, struct buf *out)
{
    char code[4];
    struct json_out json = json_out_make(out);
    json_open_object(&json);
    put_name(&json, "account", role_name(account->role));
    put_name(&json, "role", role_name(account->role));
    put_name(&json, "currency", currency_code(money, code));
    put_amount(&json, "balance", account->balance_minor, money);
    json_key(&json, "entry_count");
    json_int(&json, account->entry_count);
    json_key(&json, "by_type");
    json_open_array(&json);
    for (int type = 0; type < DOCUMENT_TYPE_LIMIT; type++) {
        const struct explained_mover *mover = &account->movers[type];
        if (mover->entry_count == 0)
            continue;
        json_open_object(&json);
        put_name(&json, "type", type_name(type));
        put_amount(&json, "debit", mover->debit_minor, money);
        put_amount(&json, "credit", mover->credit_minor, money);
        json_key(&json, "count");
        json_int(&json, mover->entry_count);
        json_close_object(&json);
    }
    json_close_array(&json);
    entries_write(&json, "last_entries", &account->last, money);
    json_close_object(&json);
}
