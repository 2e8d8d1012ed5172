/* json_out.c: one flag places the commas: a value leaves it up, an opening bracket and a key
 * take it down. */
#include "base/json_out.h"

#include "base/calendar.h"
#include "base/decimal.h"

struct json_out json_out_make(struct buf *buf) { return (struct json_out){.buf = buf}; }

static void begin_value(struct json_out *json)
{
    if (json->need_comma) {
        buf_put_char(json->buf, ',');
    }
    json->need_comma = true;
}

static void open_bracket(struct json_out *json, char bracket)
{
    begin_value(json);
    buf_put_char(json->buf, bracket);
    json->need_comma = false;
}

static void close_bracket(struct json_out *json, char bracket)
{
    buf_put_char(json->buf, bracket);
    json->need_comma = true;
}

void json_open_object(struct json_out *json) { open_bracket(json, '{'); }

void json_close_object(struct json_out *json) { close_bracket(json, '}'); }

void json_open_array(struct json_out *json) { open_bracket(json, '['); }

void json_close_array(struct json_out *json) { close_bracket(json, ']'); }

static inline bool needs_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

static void put_escape(struct buf *buf, unsigned char c)
{
    static const char DIGITS[] = "0123456789abcdef";
    switch (c) {
    case '"':
    case '\\': buf_put(buf, (char[]){'\\', (char)c}, 2); return;
    case '\n': buf_put(buf, "\\n", 2); return;
    case '\r': buf_put(buf, "\\r", 2); return;
    case '\t': buf_put(buf, "\\t", 2); return;
    default: buf_put(buf, (char[]){'\\', 'u', '0', '0', DIGITS[c >> 4], DIGITS[c & 15]}, 6);
    }
}

/* Runs of plain bytes are copied whole. */
static void put_quoted(struct buf *buf, struct span text)
{
    buf_put_char(buf, '"');
    size_t run = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (needs_escape(c)) {
            buf_put(buf, text.ptr + run, i - run);
            put_escape(buf, c);
            run = i + 1;
        }
    }
    if (run < text.len) {
        buf_put(buf, text.ptr + run, text.len - run);
    }
    buf_put_char(buf, '"');
}

void json_key(struct json_out *json, const char *key)
{
    begin_value(json);
    put_quoted(json->buf, span_of(key));
    buf_put_char(json->buf, ':');
    json->need_comma = false;
}

void json_text(struct json_out *json, struct span text)
{
    if (!text.ptr) {
        json_null(json);
        return;
    }
    begin_value(json);
    put_quoted(json->buf, text);
}

void json_int(struct json_out *json, int64_t value)
{
    char text[24];
    begin_value(json);
    buf_put(json->buf, text, decimal_write(value, 0, 0, text));
}

void json_bool(struct json_out *json, bool value)
{
    begin_value(json);
    buf_put_span(json->buf, value ? SPAN("true") : SPAN("false"));
}

void json_null(struct json_out *json)
{
    begin_value(json);
    buf_put_span(json->buf, SPAN("null"));
}

static void put_decimal(struct json_out *json, int64_t scaled, int places, int min_places)
{
    char text[24];
    size_t len = decimal_write(scaled, places, min_places, text);
    json_text(json, (struct span){text, len});
}

void json_amount(struct json_out *json, int64_t amount_minor, currency c)
{
    int exponent = currency_exponent(c);
    put_decimal(json, amount_minor, exponent, exponent);
}

void json_micro(struct json_out *json, int64_t micro) { put_decimal(json, micro, MICRO_PLACES, 0); }

void json_day(struct json_out *json, int32_t day)
{
    char text[11];
    json_text(json, span_of(day_write(day, text)));
}

void json_instant(struct json_out *json, int64_t at_us)
{
    char text[28];
    json_text(json, span_of(instant_write(at_us, text)));
}

void json_raw(struct json_out *json, struct span json_text)
{
    must(json_text.len > 0); /* no bytes are no value */
    begin_value(json);
    buf_put_span(json->buf, json_text);
}
