/* pile.c: one buffer in which each line is written, and a queue of the lines by the time they arrive. */
#include "pile.h"

#include "base/calendar.h"
#include "base/currency.h"
#include "base/decimal.h"
#include "localtime.h"
#include <stdarg.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 1 << 20 };

struct paper {
    size_t len;
    char text[];
};

struct word word_print(const char *format, ...)
{
    struct word word;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(word.at, sizeof word.at, format, args);
    va_end(args);
    must(len >= 0 && (size_t)len < sizeof word.at);
    return word;
}

struct pile pile_make(FILE *out) { return (struct pile){.buf = buf_make(LINE_MAX_BYTES), .out = out}; }

bool pile_done(struct pile *pile)
{
    pile_write(pile, INT64_MAX);
    must(queue_first(&pile->lines) == NULL);
    queue_done(&pile->lines);
    buf_done(&pile->buf);
    return fflush(pile->out) == 0 && !ferror(pile->out);
}

struct json_out *pile_begin(struct pile *pile, const char *type, const char *source, const char *id)
{
    buf_reset(&pile->buf);
    pile->json = json_out_make(&pile->buf);
    json_open_object(&pile->json);
    put_text(&pile->json, "type", type);
    put_text(&pile->json, "id", id);
    if (source != NULL) {
        put_text(&pile->json, "source", source);
    }
    return &pile->json;
}

void pile_text(struct pile *pile, struct span text, int64_t arrives_us)
{
    struct paper *paper = malloc(sizeof *paper + text.len + 1);
    if (paper == NULL) {
        out_of_memory("a line of the demo merchant");
    }
    paper->len = text.len + 1;
    memcpy(paper->text, text.ptr, text.len);
    paper->text[text.len] = '\n';
    queue_put(&pile->lines, (struct event){.at_us = arrives_us, .what = paper});
}

void pile_end(struct pile *pile, int64_t arrives_us)
{
    json_close_object(&pile->json);
    must(!pile->buf.failed);
    pile_text(pile, buf_span(&pile->buf), arrives_us);
}

void pile_end_twice(struct pile *pile, int64_t arrives_us, int64_t again_us)
{
    pile_end(pile, arrives_us);
    pile_text(pile, buf_span(&pile->buf), again_us);
}

void pile_write(struct pile *pile, int64_t before_us)
{
    for (const struct event *first = queue_first(&pile->lines); first != NULL && first->at_us < before_us;
         first = queue_first(&pile->lines)) {
        struct paper *paper = queue_take(&pile->lines).what;
        /* A failed write stays in the stream's error flag, which pile_done reads. */
        fwrite(paper->text, 1, paper->len, pile->out);
        free(paper);
    }
}

void put_text(struct json_out *json, const char *key, const char *text)
{
    json_key(json, key);
    json_text(json, span_of(text));
}

void put_amount(struct json_out *json, const char *key, int64_t minor)
{
    json_key(json, key);
    json_amount(json, minor, currency_find(SPAN("USD")));
}

void put_price(struct json_out *json, const char *key, int64_t micro)
{
    char text[24];
    decimal_write(micro, MICRO_PLACES, 2, text);
    put_text(json, key, text);
}

void put_qty(struct json_out *json, const char *key, int64_t micro)
{
    json_key(json, key);
    json_micro(json, micro);
}

void put_true(struct json_out *json, const char *key)
{
    json_key(json, key);
    json_bool(json, true);
}

static void write_local(int64_t at_us, char out[40])
{
    char text[28];
    int offset_h = local_offset_h(at_us);
    instant_write(at_us + offset_h * US_PER_HOUR, text);
    size_t len = strlen(text) - 1; /* without the Z */
    snprintf(out, 40, "%.*s-%02d:00", (int)len, text, -offset_h);
}

void put_time(struct json_out *json, const char *key, int64_t at_us, enum clock_face face)
{
    char text[40];
    json_key(json, key);
    switch (face) {
    case IN_UTC: json_instant(json, at_us); return;
    case IN_LOCAL:
        write_local(at_us, text);
        json_text(json, span_of(text));
        return;
    case AS_A_DATE: json_day(json, local_day(at_us)); return;
    }
}

void put_reference(struct json_out *json, const char *key, const char *source, const char *id)
{
    json_key(json, key);
    if (source == NULL) {
        json_text(json, span_of(id));
        return;
    }
    json_open_object(json);
    put_text(json, "source", source);
    put_text(json, "id", id);
    json_close_object(json);
}
