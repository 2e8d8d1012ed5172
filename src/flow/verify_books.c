/* verify_books.c: the laws of conservation, on views freshly made from truth: each item's book is decided again (C-1 to
 * C-5), each stock control account is what it stands for, by item and place (J-3), and what customers and suppliers are
 * owed are the sums of orders and of receipt lines (J-6). A balance brought in at the cut-over has no open item. */
#include "flow/verify_internal.h"

#include <stdio.h>

#include <stdlib.h>

/* Orders looked at between two clearings of memory, and items between two words of progress. Whole books of items are
 * large: each is let go at once. */
enum { KEPT = 64 };

/* Σ of lines by role, item and place; and of those on accounts that have open items. */
struct stock_sums {
    int64_t items_minor[ROLE_LIMIT];
    struct map *places; /* role, SKU, 0, place → index */
    int64_t *minor;
    size_t count, room;
    bool overflow;
};

struct stock_sums *stock_sums_new(void)
{
    struct stock_sums *sums = calloc(1, sizeof *sums);
    if (sums == NULL)
        out_of_memory("the sums of stock accounts");
    sums->places = map_new();
    return sums;
}

struct stock_sums *stock_sums_free(struct stock_sums *sums)
{
    if (sums != NULL) {
        map_free(sums->places);
        free(sums->minor);
        free(sums);
    }
    return NULL;
}

static int64_t *sum_at(struct stock_sums *sums, enum role role, struct span sku, struct span place)
{
    char key[1024];
    must(sku.len + place.len + 2 <= sizeof key); /* texts are at most 200 bytes long */
    size_t len = 0;
    key[len++] = (char)role;
    for (size_t i = 0; i < sku.len; i++)
        key[len++] = sku.ptr[i];
    key[len++] = '\0';
    for (size_t i = 0; i < place.len; i++)
        key[len++] = place.ptr[i];
    uint64_t *at = map_find(sums->places, (struct span){key, len});
    if (at != NULL)
        return &sums->minor[*at];
    if (sums->count == sums->room) {
        sums->room = sums->room ? sums->room * 2 : 1024;
        sums->minor = realloc(sums->minor, sums->room * sizeof *sums->minor);
        if (sums->minor == NULL)
            out_of_memory("the sums of stock accounts");
    }
    map_put(sums->places, (struct span){key, len}, sums->count);
    sums->minor[sums->count] = 0;
    return &sums->minor[sums->count++];
}

static bool has_item(const struct line *line)
{
    if (line->role == ROLE_GRNI)
        return true;
    if (line->role == ROLE_GOODS_SOLD_NOT_SHIPPED)
        return !span_eq(line->tag, SPAN("opening"));
    bool of_order = line->role == ROLE_CUSTOMER_DEPOSITS || line->role == ROLE_ACCOUNTS_RECEIVABLE ||
                    line->role == ROLE_REFUNDS_DUE;
    bool of_customer = line->role == ROLE_CUSTOMER_DEPOSITS && line->party.len > 0;
    return of_order && (line->order.len > 0 || of_customer);
}

void stock_sums_add(struct stock_sums *sums, const struct ruling *ruling)
{
    for (size_t e = 0; e < ruling->entry_count; e++)
        for (size_t i = 0; i < ruling->entries[e].line_count; i++) {
            const struct line *line = &ruling->entries[e].lines[i];
            if (has_item(line))
                sums->overflow |= __builtin_add_overflow(sums->items_minor[line->role], line->amount_minor,
                                                         &sums->items_minor[line->role]);
            if (role_control(line->role) != CONTROL_STOCK)
                continue;
            int64_t *sum = sum_at(sums, line->role, line->sku, line->location);
            sums->overflow |= __builtin_add_overflow(*sum, line->amount_minor, sum);
        }
}

struct books_walk {
    struct verify *verify;
    struct company *company;
    struct store *views;
    uint32_t number;
    struct stock_sums *held; /* what the books say, by the same places */
    struct arena arena;
    uint32_t *numbers;
    struct span *names;
    size_t count, room;
    struct arena names_arena;
    int64_t unbilled_minor; /* what goods received and not invoiced carry */
    int64_t sold_minor;     /* what stands for units sold and not shipped */
};

/* ---- item books ---- */

/* Keys of the view item are SKUs, values begin with the item's number. */
static bool item_key(void *context, struct span key, struct span value)
{
    struct books_walk *walk = context;
    struct cursor cursor = cursor_of(value);
    if (walk->count == walk->room) {
        size_t room = walk->room ? walk->room * 2 : 256;
        uint32_t *numbers = ARENA_ARRAY(&walk->names_arena, uint32_t, room);
        struct span *names = ARENA_ARRAY(&walk->names_arena, struct span, room);
        must(numbers && names);
        if (walk->count > 0) {
            memcpy(numbers, walk->numbers, walk->count * sizeof *numbers);
            memcpy(names, walk->names, walk->count * sizeof *names);
        }
        walk->numbers = numbers;
        walk->names = names;
        walk->room = room;
    }
    walk->numbers[walk->count] = (uint32_t)cursor_varint(&cursor);
    walk->names[walk->count++] = arena_copy(&walk->names_arena, key);
    return true;
}

static bool is_average(const struct company *company, const struct definition *item)
{
    const struct document *document = definition_at(item, INT64_MAX);
    if (document != NULL && document->item.cost_method != COST_METHOD_ABSENT)
        return document->item.cost_method == COST_AVERAGE;
    return company_policy(company, DAY_MAX)->cost_method == COST_AVERAGE;
}

static void hold(struct books_walk *walk, enum role role, struct span sku, struct span place, int64_t minor)
{
    int64_t *sum = sum_at(walk->held, role, sku, place);
    walk->held->overflow |= __builtin_add_overflow(*sum, minor, sum);
}

static void state_hold(struct books_walk *walk, struct span sku, const struct item_state *state)
{
    for (size_t i = 0; i < state->pool_count; i++) {
        const struct pool *pool = &state->pools[i];
        bool transit = pool->kind == POOL_TRANSIT;
        hold(walk, transit ? ROLE_INVENTORY_IN_TRANSIT : ROLE_INVENTORY, sku, transit ? SPAN("") : pool->name,
             pool_value(state, pool));
        hold(walk, ROLE_INVENTORY_OWED, sku, pool->name, -pool_owed_value(pool));
    }
    for (size_t i = 0; i < state->advance_count; i++)
        walk->unbilled_minor -= state->advances[i].value_minor;
    for (size_t i = 0; i < state->lot_count; i++)
        if (state->lots[i].where.role == ROLE_GRNI)
            walk->unbilled_minor += state->lots[i].grni_minor;
    for (size_t i = 0; i < state->sold_count; i++)
        walk->sold_minor += state->sold[i].value_minor;
    for (size_t i = 0; i < state->gone_count; i++)
        if (state->gone[i].where.role == ROLE_GOODS_OUT)
            hold(walk, ROLE_GOODS_OUT, sku, state->gone[i].where.location, state->gone[i].value_minor);
}

static bool item_look(struct books_walk *walk, uint32_t number, struct span sku)
{
    struct verify *verify = walk->verify;
    const struct definition *definition = NULL;
    struct item_book *book = NULL;
    arena_reset(&walk->arena);
    if (!company_definition(walk->company, DOCUMENT_ITEM, sku, &definition, verify->err) ||
        !company_item_book(walk->company, number, is_average(walk->company, definition), true, &book, verify->err))
        return false;
    const struct movement *differs = item_book_check(book, &walk->arena);
    if (differs != NULL)
        verify_find(verify, "books", "view_item_book", sku, "C-5: %.*s %.*s is decided otherwise than truth says",
                    SPAN_ARG(differs->key.type), SPAN_ARG(differs->key.id));
    struct item_state state = item_book_state_at(book, INT32_MAX, &walk->arena);
    state_hold(walk, sku, &state);
    verify->counts->item_books++;
    verify->counts->movements += book->record_count;
    return true;
}

static bool items_look(struct books_walk *walk)
{
    const struct span all = {NULL, 0};
    struct verify *verify = walk->verify;
    bool good =
        walk->views->ops->view_scan(walk->views, walk->number, VIEW_ITEM, all, all, item_key, walk, verify->err);
    for (size_t i = 0; i < walk->count && good; i++) {
        good = item_look(walk, walk->numbers[i], walk->names[i]) && company_flush(walk->company, verify->err);
        if (i % KEPT == KEPT - 1)
            verify_tell(verify, "item books", i, walk->count);
    }
    return good;
}

/* What stands on one side and differs on the other. */
static void sums_compare(struct books_walk *walk, const struct stock_sums *accounts, const struct stock_sums *held)
{
    size_t at = 0;
    struct span key;
    uint64_t index = 0;
    char text[600], is[24], should[24];
    int exponent = walk->company->exponent;
    while (map_next(accounts->places, &at, &key, &index)) {
        uint64_t *other = map_find(held->places, key);
        int64_t account_minor = accounts->minor[index], held_minor = other ? held->minor[*other] : 0;
        if (account_minor == held_minor)
            continue;
        decimal_write(account_minor, exponent, exponent, is);
        decimal_write(held_minor, exponent, exponent, should);
        struct span place = {key.ptr + 1, key.len - 1};
        verify_find(walk->verify, "accounts", "truth", verify_printable(place, text, sizeof text),
                    "J-3: %s is %s on the account and %s in the item's book",
                    role_name((enum role)(unsigned char)key.ptr[0]), is, should);
    }
    at = 0;
    while (map_next(held->places, &at, &key, &index))
        if (held->minor[index] != 0 && map_find(accounts->places, key) == NULL) {
            struct span place = {key.ptr + 1, key.len - 1};
            decimal_write(held->minor[index], exponent, exponent, should);
            verify_find(walk->verify, "accounts", "truth", verify_printable(place, text, sizeof text),
                        "J-3: %s is nothing on the account and %s in the item's book",
                        role_name((enum role)(unsigned char)key.ptr[0]), should);
        }
}

/* ---- order books ---- */

static bool order_key(void *context, struct span key, struct span value)
{
    struct books_walk *walk = context;
    (void)value;
    uint32_t number = 0;
    for (size_t i = 0; i < key.len && i < 4; i++)
        number = number << 8 | (unsigned char)key.ptr[i];
    ARENA_GROW(&walk->names_arena, walk->numbers, walk->count, walk->room);
    walk->numbers[walk->count++] = number;
    return true;
}

static void account_compare(struct books_walk *walk, const struct stock_sums *sums, enum role role,
                            int64_t should_minor)
{
    char is[24], should[24];
    int exponent = walk->company->exponent;
    if (sums->items_minor[role] == should_minor)
        return;
    decimal_write(sums->items_minor[role], exponent, exponent, is);
    decimal_write(should_minor, exponent, exponent, should);
    verify_find(walk->verify, "accounts", "truth", span_of(role_name(role)),
                "J-6: the account is %s, its open items add up to %s", is, should);
}

static bool orders_look(struct books_walk *walk, const struct stock_sums *sums)
{
    const struct span all = {NULL, 0};
    struct verify *verify = walk->verify;
    int64_t deposit_minor = 0, receivable_minor = 0, due_minor = 0;
    walk->count = walk->room = 0;
    bool good =
        walk->views->ops->view_scan(walk->views, walk->number, VIEW_ORDER_BOOK, all, all, order_key, walk, verify->err);
    for (size_t i = 0; i < walk->count && good; i++) {
        struct order_slot *slot = NULL;
        good = company_order(walk->company, walk->numbers[i], &slot, verify->err);
        if (good && slot != NULL) {
            deposit_minor += slot->state.deposit_minor;
            receivable_minor += slot->state.receivable_minor;
            due_minor += slot->state.refunds_due_minor;
        }
        verify->counts->order_books++;
        if (i % KEPT == KEPT - 1) {
            verify_tell(verify, "order books", i, walk->count);
            good = good && company_flush(walk->company, verify->err);
        }
    }
    if (!good)
        return false;
    account_compare(walk, sums, ROLE_CUSTOMER_DEPOSITS, -deposit_minor);
    account_compare(walk, sums, ROLE_ACCOUNTS_RECEIVABLE, receivable_minor);
    account_compare(walk, sums, ROLE_REFUNDS_DUE, -due_minor);
    account_compare(walk, sums, ROLE_GRNI, -walk->unbilled_minor);
    account_compare(walk, sums, ROLE_GOODS_SOLD_NOT_SHIPPED, -walk->sold_minor);
    return true;
}

static void ledger_look(struct books_walk *walk)
{
    int64_t sum_minor = 0;
    char text[24];
    for (size_t i = 0; i < walk->company->balance_count; i++)
        sum_minor += walk->company->balance_rows[i].amount_minor;
    decimal_write(sum_minor, walk->company->exponent, walk->company->exponent, text);
    if (sum_minor != 0)
        verify_find(walk->verify, "accounts", "view_balance", (struct span){NULL, 0},
                    "J-1: all balances add up to %s, not to nothing", text);
}

/* The company's code as the store has it now. */
struct code_look {
    uint32_t number;
    struct span begun_as;
    bool same;
};

static bool code_row(void *context, uint32_t company, struct span code)
{
    struct code_look *look = context;
    if (company == look->number)
        look->same = span_eq(code, look->begun_as);
    return true;
}

/* The table of companies is outside the chain; the code a company was begun with is within it. */
static bool code_look(struct verify *verify, const struct company *company)
{
    struct code_look look = {.number = verify->company, .begun_as = company->code, .same = true};
    if (!verify->store->ops->company_scan(verify->store, code_row, &look, verify->err))
        return false;
    if (!look.same && company->code.len > 0) {
        char number[16];
        (void)snprintf(number, sizeof number, "company %u", verify->company);
        verify_find(verify, "books", "company", span_of(number), "its code is not the one it was begun with: %.*s",
                    SPAN_ARG(company->code));
    }
    return true;
}

bool verify_books(struct verify *verify, struct company *company, struct store *views, uint32_t number,
                  const struct stock_sums *sums)
{
    struct books_walk walk = {.verify = verify,
                              .company = company,
                              .views = views,
                              .number = number,
                              .held = stock_sums_new(),
                              .arena = arena_make((size_t)4 << 30),
                              .names_arena = arena_make((size_t)4 << 30)};
    ledger_look(&walk);
    bool good = code_look(verify, company) && items_look(&walk);
    if (good)
        sums_compare(&walk, sums, walk.held);
    if (good && (sums->overflow || walk.held->overflow))
        verify_find(verify, "accounts", "truth", (struct span){NULL, 0}, "a sum of a stock account leaves 63 bits");
    good = good && orders_look(&walk, sums);
    stock_sums_free(walk.held);
    arena_done(&walk.arena);
    arena_done(&walk.names_arena);
    return good;
}
