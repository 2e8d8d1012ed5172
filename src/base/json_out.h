/* json_out.h: writes JSON into a buf. Commas are placed by the writer; keys are literals or spans; text is
 * escaped (quotes, backslash, controls; UTF-8 passes through). Money and quantities go out as strings.
 * One json_out writes one value: for JSON Lines make a new one per line. */
#ifndef TIEOUT_BASE_JSON_OUT_H
#define TIEOUT_BASE_JSON_OUT_H

#include "base/buf.h"
#include "base/currency.h"
#include <stdbool.h>
#include <stdint.h>

struct json_out {
    struct buf *buf;
    bool need_comma;
};

struct json_out json_out_make(struct buf *buf);
void json_open_object(struct json_out *json);
void json_close_object(struct json_out *json);
void json_open_array(struct json_out *json);
void json_close_array(struct json_out *json);
void json_key(struct json_out *json, const char *key);
void json_text(struct json_out *json, struct span text); /* absent span: null */
void json_int(struct json_out *json, int64_t value);
void json_bool(struct json_out *json, bool value);
void json_null(struct json_out *json);
void json_amount(struct json_out *json, int64_t amount_minor, currency c); /* "12.00" */
void json_micro(struct json_out *json, int64_t micro);                     /* "1.5": quantities, unit prices */
void json_day(struct json_out *json, int32_t day);
void json_instant(struct json_out *json, int64_t at_us);
/* Raw bytes that already are JSON. */
void json_raw(struct json_out *json, struct span json_text);

#endif
