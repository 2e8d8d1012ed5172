/* case.c: golden cases read and checked by the model. */
#include "model/case.h"
#include "base/calendar.h"
#include "base/decimal.h"
#include "base/must.h"
#include <stdio.h>
#include <string.h>

static bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }

static const char *copy(struct arena *arena, const char *at, size_t len)
{
    struct span text = arena_copy(arena, (struct span){at, len});
    must(text.ptr);
    return text.ptr;
}

/* Splits at blanks, the first word left out. */
static bool words_of(struct arena *arena, struct span line, struct m_step *step)
{
    bool first = true;
    for (size_t at = 0; at < line.len;) {
        size_t end = at;
        while (end < line.len && line.ptr[end] != ' ')
            end++;
        if (end > at && !first) {
            if (step->word_count == M_MOST_WORDS)
                return false;
            step->words[step->word_count++] = copy(arena, line.ptr + at, end - at);
        }
        first = first && end == at;
        at = end + 1;
    }
    return step->word_count > 0;
}

static bool starts(struct span line, const char *word)
{
    size_t len = strlen(word);
    return line.len >= len && memcmp(line.ptr, word, len) == 0;
}

/* The machine's own table of a zone; NULL when it has none of that name. */
static const struct zone *zone_named(struct arena *arena, const char *name)
{
    enum { MOST_BYTES = 100000 };
    char path[300];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = arena_alloc(arena, MOST_BYTES);
    must(bytes);
    size_t len = fread(bytes, 1, MOST_BYTES, file);
    fclose(file);
    return zone_parse((struct span){bytes, len}, arena);
}

static bool read_init(struct m_case *c, const struct m_step *words, struct arena *arena)
{
    for (int i = 0; i < words->word_count; i++) {
        char key[64];
        const char *is = strchr(words->words[i], '=');
        size_t len = is ? (size_t)(is - words->words[i]) : 0;
        if (len == 0 || len >= sizeof key)
            return false;
        memcpy(key, words->words[i], len);
        key[len] = '\0';
        if (same(key, "currency")) {
            c->settings.company = currency_find(span_of(is + 1));
            if (!c->settings.company)
                return false;
        } else if (same(key, "time_zone")) {
            c->settings.zone = zone_named(arena, is + 1);
            if (!c->settings.zone)
                return false;
        } else if (!m_settings_set(&c->settings, key, is + 1)) {
            return false;
        }
    }
    return true;
}

static struct span next_line(struct span text, size_t *at)
{
    size_t start = *at, end = start;
    while (end < text.len && text.ptr[end] != '\n')
        end++;
    *at = end + 1;
    return (struct span){text.ptr + start, end - start};
}

bool m_case_read(struct arena *arena, struct span text, struct m_case *out, const char **out_why, int *out_line)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    *out = (struct m_case){.settings = m_settings_default(), .title = ""};
    out->steps = ARENA_ARRAY(arena, struct m_step, lines);
    must(out->steps);
    bool has_init = false;
    *out_line = 0;
    for (size_t at = 0; at < text.len;) {
        struct span line = next_line(text, &at);
        struct m_step *step = &out->steps[out->count];
        *step = (struct m_step){.number = ++*out_line};
        if (line.len == 0)
            continue;
        if (line.ptr[0] == '#') {
            if (*out_line == 1)
                out->title = copy(arena, line.ptr + 1, line.len - 1);
            continue;
        }
        if (line.ptr[0] == '{') {
            step->kind = M_STEP_DOCUMENT;
            step->document = m_document_read(arena, line, out->settings.company, out_why);
            if (!step->document)
                return false;
            out->count++;
            continue;
        }
        *out_why = "a line that is none of #, init, {, expect, close";
        if (!words_of(arena, line, step))
            return false;
        if (starts(line, "init ")) {
            *out_why = "an init the model does not know";
            if (has_init || !read_init(out, step, arena))
                return false;
            has_init = true;
            continue;
        }
        if (!starts(line, "expect ") && !starts(line, "close "))
            return false;
        step->kind = starts(line, "expect ") ? M_STEP_EXPECT : M_STEP_CLOSE;
        out->count++;
    }
    *out_why = "no init line";
    return has_init;
}

/* --- checks --------------------------------------------------------------------------------------- */

static void say_amount(const struct m_case *c, int64_t minor, char out[24])
{
    int places = currency_exponent(c->settings.company);
    (void)decimal_write(minor, places, places, out);
}

static void check_balance(const struct m_case *c, const struct m_step *step, const struct m_answer *answer,
                          bool after_close, struct m_check *check)
{
    int32_t day = DAY_MAX;
    bool dated = step->word_count == 5;
    if (dated)
        must(same(step->words[3], "as-of") && day_read(span_of(step->words[4]), &day));
    int64_t balance = 0;
    for (size_t i = 0; i < answer->daily_count; i++)
        if (same(answer->daily[i].role, step->words[1]) && answer->daily[i].day <= day)
            balance = answer->daily[i].balance;
    check->skipped = dated && after_close;
    say_amount(c, balance, check->found);
    (void)snprintf(check->wanted, sizeof check->wanted, "%s", step->words[2]);
}

static void check_entry(const struct m_case *c, const struct m_step *step, const struct m_answer *answer,
                        bool after_close, struct m_check *check)
{
    int32_t day = 0;
    int64_t sum = 0;
    must(step->word_count >= 5 && day_read(span_of(step->words[1]), &day));
    for (size_t i = 0; i < answer->entry_count; i++) {
        const struct m_entry_row *row = &answer->entries[i];
        if (row->day == day && same(row->role, step->words[3]) &&
            (same(step->words[2], "*") || same(row->document, step->words[2])) &&
            (step->word_count < 6 || same(row->sku, step->words[5])))
            sum += row->amount;
    }
    check->skipped = after_close;
    say_amount(c, sum, check->found);
    (void)snprintf(check->wanted, sizeof check->wanted, "%s", step->words[4]);
}

static const struct m_stock_row *stock_row(const struct m_answer *answer, const char *sku, const char *location)
{
    for (size_t i = 0; i < answer->stock_count; i++)
        if (same(answer->stock[i].sku, sku) && same(answer->stock[i].location, location))
            return &answer->stock[i];
    return NULL;
}

static void add_text(char out[512], const char *text)
{
    size_t len = strlen(out);
    (void)snprintf(out + len, 512 - len, "%s%s", len ? " " : "", text);
}

static void check_stock(const struct m_case *c, const struct m_step *step, const struct m_answer *answer,
                        struct m_check *check)
{
    static const struct m_stock_row nothing = {0};
    const struct m_stock_row *row = stock_row(answer, step->words[1], step->words[2]);
    row = row ? row : &nothing;
    const struct {
        const char *name;
        int64_t value;
        bool money;
    } figures[] = {{"on_hand", row->on_hand, false},     {"sellable", row->sellable, false},
                   {"reserved", row->reserved, false},   {"owned", row->owned, false},
                   {"available", row->available, false}, {"owed", row->owed, false},
                   {"value", row->value, true}};
    for (int i = 3; i < step->word_count; i++) {
        char text[64], number[24];
        const char *is = strchr(step->words[i], '=');
        must(is != NULL);
        add_text(check->wanted, step->words[i]);
        for (size_t k = 0; k < sizeof figures / sizeof figures[0]; k++) {
            if (strlen(figures[k].name) != (size_t)(is - step->words[i]) ||
                memcmp(figures[k].name, step->words[i], (size_t)(is - step->words[i])) != 0)
                continue;
            if (figures[k].money)
                say_amount(c, figures[k].value, number);
            else
                (void)decimal_write(figures[k].value, MICRO_PLACES, 0, number);
            (void)snprintf(text, sizeof text, "%s=%s", figures[k].name, number);
            add_text(check->found, text);
        }
    }
}

static void check_layers(const struct m_case *c, size_t *step, const struct m_answer *answer, struct m_check *check)
{
    const struct m_step *first = &c->steps[*step];
    const struct m_stock_row *row = stock_row(answer, first->words[1], first->words[2]);
    for (;;) {
        const struct m_step *now = &c->steps[*step];
        char text[160];
        if (now->word_count == 4)
            add_text(check->wanted, "none");
        else {
            (void)snprintf(text, sizeof text, "%s %s @ %s;", now->words[3], now->words[4], now->words[5]);
            add_text(check->wanted, text);
        }
        const struct m_step *next = *step + 1 < c->count ? now + 1 : NULL;
        if (!next || next->kind != M_STEP_EXPECT || !same(next->words[0], "layer") ||
            !same(next->words[1], first->words[1]) || !same(next->words[2], first->words[2]))
            break;
        ++*step;
    }
    for (size_t i = 0; row && i < row->layer_count; i++) {
        const struct m_layer_row *layer = &answer->layers[row->first_layer + i];
        char text[160], qty[24], value[24];
        (void)decimal_write(layer->qty, MICRO_PLACES, 0, qty);
        say_amount(c, layer->value, value);
        (void)snprintf(text, sizeof text, "%s %s @ %s;", layer->document, qty, value);
        add_text(check->found, text);
    }
    if (!row || row->layer_count == 0)
        add_text(check->found, "none");
}

static void check_outcome(const struct m_step *step, const struct m_answer *answer, struct m_check *check)
{
    const struct m_outcome_row *found = NULL;
    for (size_t i = 0; i < answer->outcome_count; i++)
        if (same(answer->outcomes[i].type, step->words[1]) && same(answer->outcomes[i].id, step->words[2]))
            found = &answer->outcomes[i]; /* rows are sorted: the highest version */
    add_text(check->wanted, step->words[3]);
    if (step->word_count > 4)
        add_text(check->wanted, step->words[4]);
    add_text(check->found, found ? found->outcome : "unknown");
    if (found && step->word_count > 4)
        add_text(check->found, found->refusal);
}

struct m_check m_case_check(const struct m_case *c, size_t *step, const struct m_answer *answer, bool after_close)
{
    struct m_check check = {0};
    const struct m_step *now = &c->steps[*step];
    if (same(now->words[0], "balance"))
        check_balance(c, now, answer, after_close, &check);
    else if (same(now->words[0], "entry"))
        check_entry(c, now, answer, after_close, &check);
    else if (same(now->words[0], "stock"))
        check_stock(c, now, answer, &check);
    else if (same(now->words[0], "layer"))
        check_layers(c, step, answer, &check);
    else if (same(now->words[0], "outcome"))
        check_outcome(now, answer, &check);
    else
        (void)snprintf(check.wanted, sizeof check.wanted, "no such expectation: %s", now->words[0]);
    check.passed = same(check.wanted, check.found);
    return check;
}
