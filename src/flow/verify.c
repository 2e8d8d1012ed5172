/* verify.c: the order of the steps; see verify.h. */
#include "flow/verify_internal.h"

#include <stdarg.h>
#include <stdio.h>

/* Where everything is wrong, a thousand lines say no more than a few. All are counted. */
enum { SHOWN_IN_A_ROW = 100 };

static bool is_shown(struct verify *verify, const char *check)
{
    if (verify->check != check)
        verify->in_a_row = 0;
    verify->check = check;
    return ++verify->in_a_row <= SHOWN_IN_A_ROW;
}

void verify_find(struct verify *verify, const char *check, const char *table, struct span key, const char *format, ...)
{
    char text[1000];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    must(len >= 0);
    struct span detail = {text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1};
    verify->counts->findings++;
    if (is_shown(verify, check))
        verify->options->report(verify->options->context,
                                &(struct verify_finding){.check = check, .table = table, .key = key, .detail = detail});
}

void verify_find_row(struct verify *verify, const char *check, const char *table, uint64_t number, const char *format,
                     ...)
{
    char text[1000], key[80];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int len = snprintf(key, sizeof key, "company %u, number %llu", verify->company, (unsigned long long)number);
    verify->truth_is_damaged = true;
    verify_find(verify, check, table, (struct span){key, (size_t)len}, "%s", text);
}

void verify_tell(const struct verify *verify, const char *what, uint64_t done, uint64_t total)
{
    if (verify->options->progress != NULL)
        verify->options->progress(verify->options->context, what, done, total);
}

struct span verify_printable(struct span bytes, char *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < bytes.len && len + 5 < room; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        if (c >= 0x20 && c < 0x7f && c != '\\')
            out[len++] = (char)c;
        else
            len += (size_t)snprintf(out + len, room - len, "\\x%02x", c);
    }
    return (struct span){out, len};
}

struct guard_walk {
    const struct verify_options *options;
    struct verify_counts *counts;
};

static void guard_finding(void *context, const struct store_finding *finding)
{
    struct guard_walk *walk = context;
    walk->counts->findings++;
    walk->options->report(walk->options->context, &(struct verify_finding){.check = "guards",
                                                                           .table = finding->table,
                                                                           .key = finding->key,
                                                                           .detail = finding->detail});
}

bool verify_guards(struct store *store, const struct verify_options *options, struct verify_counts *counts,
                   struct err *err)
{
    struct guard_walk walk = {options, counts};
    return store->ops->check_guards(store, guard_finding, &walk, err);
}

struct seal_list {
    struct arena *arena;
    struct seal *at;
    size_t count, room;
};

static bool seal_each(void *context, const struct seal *seal)
{
    struct seal_list *list = context;
    ARENA_GROW(list->arena, list->at, list->count, list->room);
    list->at[list->count++] = *seal;
    return true;
}

/* The chain says that something in a commit was altered. Which row it was is seen by reading the raw records again, and, when
 * they are what they were, by deciding their documents again. */
static bool look_closer(struct verify *verify)
{
    uint64_t before = verify->counts->findings;
    return verify_records(verify) && (verify->counts->findings != before || verify_deep(verify));
}

/* init makes the company and its first rows in two commits; between the two there is nothing that could be wrong. */
static bool unborn(struct verify *verify, struct arena *arena)
{
    char key[40];
    int len = snprintf(key, sizeof key, "company %u", verify->company);
    verify_find(verify, "guards", "company", (struct span){key, (size_t)len},
                "nothing was ever decided in it: its init was interrupted (tieout init goes on with it), or somebody "
                "else added the row");
    arena_done(arena);
    return true;
}

bool verify_company(struct store *store, uint32_t company, const struct verify_options *options,
                    struct verify_counts *counts, struct err *err)
{
    struct verify verify = {.store = store, .company = company, .options = options, .counts = counts, .err = err};
    struct arena arena = arena_make((size_t)4 << 30);
    struct seal_list seals = {.arena = &arena};
    struct seal last;
    bool good = store->ops->last_numbers(store, company, &verify.last_seq, &verify.last_raw_block, &last, err) &&
                store->ops->seal_scan(store, company, seal_each, &seals, err);
    verify.seals = seals.at;
    verify.seal_count = seals.count;
    counts->last_seal = last;
    if (good && verify.last_seq == 0)
        return unborn(&verify, &arena);
    good = good && verify_chain(&verify) && verify_truth(&verify);
    if (good && (verify.truth_is_damaged || options->deep))
        good = look_closer(&verify);
    if (good && !verify.truth_is_damaged)
        good = verify_views(&verify);
    else if (good)
        verify_find(&verify, "views", "view", (struct span){NULL, 0},
                    "views are not compared: truth, from which they would be made, is damaged");
    arena_done(&arena);
    return good;
}
