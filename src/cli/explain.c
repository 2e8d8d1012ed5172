/* explain.c: tieout explain: what report/explain.h found, in words and small tables. */
#include "cli/entries.h"

#include "report/balances.h"
#include "report/explain.h"
#include "report/names.h"
#include "report/stock.h"

#include <ctype.h>
#include <string.h>

enum { RECORD_SHOWN = 2000 };

/* ---- one document ---- */

static void record_print(struct span record)
{
    size_t len = record.len < RECORD_SHOWN ? record.len : RECORD_SHOWN;
    (void)fputs("    ", stdout);
    /* Bytes that would steer a terminal are shown as a point. */
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)record.ptr[i];
        (void)fputc(c < 0x20 || c == 0x7f ? '.' : c, stdout);
    }
    (void)printf("%s\n", len < record.len ? " ..." : "");
}

static void outcome_print(const struct explained_document *document)
{
    enum refusal refusal = refusal_of(document->refusal);
    (void)printf("  It %s", document->outcome == OUTCOME_POSTED     ? "was posted"
                            : document->outcome == OUTCOME_EXCLUDED ? "is excluded"
                            : document->outcome == OUTCOME_WAITING  ? "waits"
                                                                    : "failed");
    if (refusal != REFUSAL_NONE)
        (void)printf(" (%s): %s", refusal_name(refusal), refusal_what(refusal));
    (void)printf(".\n");
    if (document->detail.len > 0)
        (void)printf("  %.*s.\n", SPAN_ARG(document->detail));
    if (document->waits_for.len > 0)
        (void)printf("  It waits for %.*s.\n", SPAN_ARG(document->waits_for));
    if (refusal != REFUSAL_NONE)
        (void)printf("  Way out: %s.\n", refusal_way_out(refusal));
}

static void versions_print(const struct explained_document *document)
{
    if (document->version_count < 2)
        return;
    (void)printf("  Versions:");
    for (size_t i = 0; i < document->version_count; i++)
        (void)printf("%s %lld %s", i ? "," : "", (long long)document->versions[i].version,
                     outcome_name(document->versions[i].outcome));
    (void)printf(".\n");
}

static void movements_print(const struct explained_movement *movements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)printf("    %.*s\n", SPAN_ARG(movements[i].heading));
        for (size_t s = 0; s < movements[i].sentence_count; s++)
            (void)printf("      - %.*s\n", SPAN_ARG(movements[i].sentences[s]));
    }
}

static void entries_print(struct cli *cli, const char *heading, const struct entry_answers *entries)
{
    if (entries->count > 0)
        (void)printf("  %s:\n", heading);
    for (size_t i = 0; i < entries->count; i++)
        entry_print(cli, &entries->at[i], "    ");
}

static void document_print(struct cli *cli, const struct explained_document *document)
{
    char instant[28];
    const char *type = type_name(document->type);
    (void)printf("%c%s %.*s of %.*s, version %lld", toupper((unsigned char)type[0]), type + 1, SPAN_ARG(document->id),
                 SPAN_ARG(document->source), (long long)document->version);
    if (document->day != 0)
        (void)printf(", on %.*s (%s)", SPAN_ARG(text_day(cli, document->day)), instant_write(document->at_us, instant));
    (void)printf(".\n");
    outcome_print(document);
    versions_print(document);
    if (document->record.len > 0) {
        (void)printf("  It came as (raw block %llu, record %u, noted %s):\n", (unsigned long long)document->raw_block,
                     document->raw_index, instant_write(document->recorded_at_us, instant));
        record_print(document->record);
    }
    if (document->movement_count > 0)
        (void)printf("  What it did to stock:\n");
    movements_print(document->movements, document->movement_count);
    entries_print(cli, "Its entries", &document->entries);
    entries_print(cli, "Deltas that later documents posted about it", &document->deltas);
}

/* ---- what was asked for ---- */

static bool put_json(struct cli *cli, const struct buf *made)
{
    struct buf out = *made;
    bool good = cli_put_line(cli, &out);
    buf_done(&out);
    return good;
}

static struct buf json_buf(void) { return buf_make((size_t)1 << 30); }

static bool not_found(struct cli *cli, const char *what, struct span name, bool several)
{
    if (several)
        return cli_wrong(cli, "several sources have %s %.*s: name one, as in explain document:TYPE/ID@SOURCE", what,
                         SPAN_ARG(name));
    return cli_wrong(cli, "there is no %s %.*s in the books", what, SPAN_ARG(name));
}

/* "TYPE/ID@SOURCE"; an id may hold an @ of its own, so both readings are tried. */
static bool document_find(struct cli *cli, struct span name, struct explained_document *out)
{
    const char *slash = memchr(name.ptr, '/', name.len);
    struct document_name wanted = {.type = DOCUMENT_NONE};
    if (slash == NULL)
        return cli_wrong(cli, "explain document:TYPE/ID, as in document:refund/R-17");
    struct span type = {name.ptr, (size_t)(slash - name.ptr)};
    wanted.id = (struct span){slash + 1, name.len - type.len - 1};
    wanted.type = document_type_find(type);
    if (wanted.type == DOCUMENT_NONE && !span_eq(type, SPAN("record")))
        return cli_wrong(cli, "%.*s is no type of document", SPAN_ARG(type));
    bool found = false, several = false;
    if (!explain_document(&cli->reader, wanted, &cli->arena, out, &found, &several, &cli->err))
        return false;
    const char *at = wanted.id.len ? memrchr(wanted.id.ptr, '@', wanted.id.len) : NULL;
    if (!found && !several && at != NULL) {
        wanted.source = span_of(at + 1);
        wanted.id.len = (size_t)(at - wanted.id.ptr);
        if (!explain_document(&cli->reader, wanted, &cli->arena, out, &found, &several, &cli->err))
            return false;
    }
    return found || not_found(cli, type_name((int)wanted.type), wanted.id, several);
}

static bool about_document(struct cli *cli, struct span name)
{
    struct explained_document document;
    if (!document_find(cli, name, &document))
        return false;
    if (!cli->given[OPTION_JSON]) {
        document_print(cli, &document);
        return true;
    }
    struct buf out = json_buf();
    explained_document_write_json(&document, cli->reader.company->money, &out);
    return put_json(cli, &out);
}

static void order_account_print(struct cli *cli, const struct explained_order *order)
{
    static const struct column columns[] = {{"LINE", false},   {"SKU", false},      {"ORDERED", true},
                                            {"SHIPPED", true}, {"CANCELLED", true}, {"RETURNED", true},
                                            {"OPEN", true}};
    const struct order_state *state = &order->state;
    struct table *table = table_new(cli, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < state->line_count; i++) {
        const struct order_line_state *line = &state->lines[i];
        table_row(table,
                  (const struct span[]){line->id, line->sku, text_micro(cli, line->ordered_micro),
                                        text_micro(cli, line->shipped_micro), text_micro(cli, line->cancelled_micro),
                                        text_micro(cli, line->returned_micro), text_micro(cli, line->open_micro)});
    }
    (void)printf("Where it stands now:\n");
    (void)table_print(table, cli);
    table_free(table);
    (void)printf("The customer's account: deposit %.*s, receivable %.*s, refunds due %.*s%s.\n",
                 SPAN_ARG(text_money(cli, state->deposit_minor)), SPAN_ARG(text_money(cli, state->receivable_minor)),
                 SPAN_ARG(text_money(cli, state->refunds_due_minor)), state->finished ? "; the order is finished" : "");
}

static bool about_order(struct cli *cli, struct span id)
{
    struct explained_order order;
    bool found = false, several = false;
    struct span source = {NULL, 0};
    if (!explain_order(&cli->reader, source, id, &cli->arena, &order, &found, &several, &cli->err))
        return false;
    const char *at = memrchr(id.ptr, '@', id.len);
    if (!found && !several && at != NULL) {
        source = span_of(at + 1);
        id.len = (size_t)(at - id.ptr);
        if (!explain_order(&cli->reader, source, id, &cli->arena, &order, &found, &several, &cli->err))
            return false;
    }
    if (!found)
        return several ? cli_wrong(cli, "several sources have order %.*s: name one, as in order:%.*s@SOURCE",
                                   SPAN_ARG(id), SPAN_ARG(id))
                       : not_found(cli, "order", id, false);
    if (cli->given[OPTION_JSON]) {
        struct buf out = json_buf();
        explained_order_write_json(&order, cli->reader.company->money, &out);
        return put_json(cli, &out);
    }
    for (size_t i = 0; i < order.document_count; i++) {
        document_print(cli, &order.documents[i]);
        (void)fputc('\n', stdout);
    }
    if (order.has_book)
        order_account_print(cli, &order);
    return true;
}

static bool about_entry(struct cli *cli, struct span id)
{
    struct explained_one_entry entry;
    int64_t seq = 0, number = 1;
    bool found = false;
    const char *dash = memchr(id.ptr, '-', id.len);
    struct span first = {id.ptr, dash ? (size_t)(dash - id.ptr) : id.len};
    struct span second = dash ? (struct span){dash + 1, id.len - first.len - 1} : SPAN("1");
    if (decimal_read(first, 0, &seq) != DECIMAL_OK || decimal_read(second, 0, &number) != DECIMAL_OK || seq < 1 ||
        number < 1)
        return cli_wrong(cli, "explain entry:ID with an id as journal shows it, such as entry:1204-1");
    if (!explain_entry(&cli->reader, (uint64_t)seq, (size_t)number, &cli->arena, &entry, &found, &cli->err))
        return false;
    if (!found)
        return not_found(cli, "entry", id, false);
    if (cli->given[OPTION_JSON]) {
        struct buf out = json_buf();
        explained_entry_write_json(&entry, cli->reader.company->money, &out);
        return put_json(cli, &out);
    }
    entry_print(cli, &entry.entry, "");
    (void)fputs("\nIt came with this decision:\n\n", stdout);
    document_print(cli, &entry.cause);
    return true;
}

/* ---- an item ---- */

static bool stock_line(void *context, const struct stock_row *row)
{
    struct cli *cli = context;
    const struct stock_figures *figures = &row->figures;
    (void)printf("  %.*s: on hand %.*s, reserved %.*s, free %.*s, owned %.*s, owed %.*s, worth %.*s\n",
                 SPAN_ARG(row->location), SPAN_ARG(text_micro(cli, figures->on_hand)),
                 SPAN_ARG(text_micro(cli, figures->reserved)), SPAN_ARG(text_micro(cli, figures->available)),
                 SPAN_ARG(text_micro(cli, figures->owned)), SPAN_ARG(text_micro(cli, figures->owed)),
                 SPAN_ARG(text_money(cli, figures->value_minor)));
    for (size_t i = 0; i < row->layer_count; i++)
        (void)printf("    layer: %.*s of %.*s, worth %.*s\n", SPAN_ARG(text_micro(cli, row->layers[i].qty_micro)),
                     SPAN_ARG(row->layers[i].document), SPAN_ARG(text_money(cli, row->layers[i].value_minor)));
    return true;
}

static bool about_sku(struct cli *cli, struct span sku)
{
    struct explained_sku item;
    bool found = false;
    size_t limit = 20;
    if (!cli_count_option(cli, OPTION_LIMIT, 20, &limit) ||
        !explain_sku(&cli->reader, sku, limit, &cli->arena, &item, &found, &cli->err))
        return false;
    if (!found)
        return not_found(cli, "item", sku, false);
    if (cli->given[OPTION_JSON]) {
        struct buf out = json_buf();
        explained_sku_write_json(&item, cli->reader.company->money, &out);
        return put_json(cli, &out);
    }
    document_print(cli, &item.definition);
    (void)printf("\nWhat there is of it:\n");
    struct stock_options options = {.as_of = AS_OF_NOW, .layers = true, .whole = true, .sku = sku};
    if (!report_stock(&cli->reader, &options, stock_line, cli, &cli->err))
        return false;
    (void)printf("\nIts last %zu of %zu movements, in the order of their keys:\n", item.movement_count,
                 item.movement_total);
    movements_print(item.movements, item.movement_count);
    return true;
}

/* ---- an account ---- */

static const char *control_words(enum role role)
{
    switch (role_control(role)) {
    case CONTROL_FREE: return "anybody's entry may post to it";
    case CONTROL_ITEMS: return "it is the sum of open items, and a person's entry must name one";
    case CONTROL_STOCK: return "only movements of stock post to it";
    }
    return "";
}

static void account_print(struct cli *cli, const struct explained_account *account)
{
    static const struct column columns[] = {{"BY", false}, {"ENTRIES", true}, {"DEBIT", true}, {"CREDIT", true}};
    const char *name = role_name(account->role);
    (void)printf(
        "%s is %s account; %s.\nIts balance is %.*s (debit is positive), made by %.*s entries of these documents:\n\n",
        name,
        role_kind(account->role) == ROLE_LIABILITY ? "a liability"
        : role_kind(account->role) == ROLE_ASSET   ? "an asset"
        : role_kind(account->role) == ROLE_EQUITY  ? "an equity"
        : role_kind(account->role) == ROLE_INCOME  ? "an income"
                                                   : "an expense",
        control_words(account->role), SPAN_ARG(text_money(cli, account->balance_minor)),
        SPAN_ARG(text_count(cli, account->entry_count)));
    struct table *table = table_new(cli, columns, sizeof columns / sizeof columns[0]);
    for (int type = 0; type < DOCUMENT_TYPE_LIMIT; type++) {
        const struct explained_mover *mover = &account->movers[type];
        if (mover->entry_count > 0)
            table_row(table,
                      (const struct span[]){span_of(type_name(type)), text_count(cli, mover->entry_count),
                                            text_money(cli, mover->debit_minor), text_money(cli, mover->credit_minor)});
    }
    (void)table_print(table, cli);
    table_free(table);
    if (account->last.count > 0)
        (void)printf("\nThe last %zu entries, its lines only:\n\n", account->last.count);
    for (size_t i = 0; i < account->last.count; i++)
        entry_print(cli, &account->last.at[i], "  ");
}

static bool about_account(struct cli *cli, struct span name)
{
    struct explained_account account;
    enum role role = role_find(name);
    int32_t as_of = AS_OF_NOW;
    size_t limit = 20;
    if (role == ROLE_NONE)
        return cli_wrong(cli, "no account has the role %.*s; tieout balances lists them", SPAN_ARG(name));
    if (!cli_day_option(cli, OPTION_AS_OF, AS_OF_NOW, &as_of) || !cli_count_option(cli, OPTION_LIMIT, 20, &limit) ||
        !explain_account(&cli->reader, role, as_of, limit, &cli->arena, &account, &cli->err))
        return false;
    if (!cli->given[OPTION_JSON]) {
        account_print(cli, &account);
        return true;
    }
    struct buf out = json_buf();
    explained_account_write_json(&account, cli->reader.company->money, &out);
    return put_json(cli, &out);
}

static const struct subject {
    const char *prefix;
    bool (*about)(struct cli *cli, struct span name);
} subjects[] = {
    {"order:", about_order}, {"document:", about_document}, {"entry:", about_entry},
    {"sku:", about_sku},     {"account:", about_account},
};

int run_explain(struct cli *cli)
{
    if (cli->word_count != 1) {
        cli_wrong(cli,
                  "explain wants one thing to explain: order:ID, document:TYPE/ID, entry:ID, sku:SKU or account:ROLE");
        return cli_fail(cli);
    }
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        size_t len = strlen(subjects[i].prefix);
        if (strncmp(cli->words[0], subjects[i].prefix, len) != 0)
            continue;
        bool good = cli->words[0][len] != '\0' || cli_wrong(cli, "explain %s of what?", subjects[i].prefix);
        return good && cli_read(cli) && subjects[i].about(cli, span_of(cli->words[0] + len)) ? 0 : cli_fail(cli);
    }
    cli_wrong(cli, "explain %s: begin it with order:, document:, entry:, sku: or account:", cli->words[0]);
    return cli_fail(cli);
}
