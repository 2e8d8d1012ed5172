/* internal.h: shared within state/. */
#ifndef TIEOUT_STATE_INTERNAL_H
#define TIEOUT_STATE_INTERNAL_H

#include "state/company.h"

/* Keys of views, built in a small buffer. */
struct view_key {
    size_t len;
    bool too_long;
    unsigned char bytes[488]; /* two texts of 200 bytes and some numbers */
};
static inline void view_key_start(struct view_key *key)
{
    key->len = 0;
    key->too_long = false;
}
void view_key_u8(struct view_key *key, uint8_t value);
void view_key_u32(struct view_key *key, uint32_t value);    /* big-endian */
void view_key_i64(struct view_key *key, int64_t value);     /* sorts as the number */
void view_key_text(struct view_key *key, struct span text); /* the bytes, then 0 */
void view_key_tail(struct view_key *key, struct span text); /* the bytes only */
static inline struct span view_key_span(const struct view_key *key)
{
    return (struct span){(const char *)key->bytes, key->len};
}
/* Books are folded from what their views hold, and a fold takes it for granted: so these values end with four bytes of
 * BLAKE2b over value and key, and one that somebody altered or moved is refused when it is read. */
void view_sum_put(struct buf *value, struct span key);
/* Takes them off again; false when they do not fit. */
NODISCARD bool view_sum_take(struct span *value, struct span key);
/* Arena copies that keep an absent span absent. */
struct span keep_span(struct arena *arena, struct span text);

bool documents_apply(struct company *company, const struct ruling *ruling, struct err *err);
bool definitions_apply(struct company *company, const struct ruling *ruling, struct err *err);
bool orders_apply(struct company *company, const struct ruling *ruling, struct err *err);
/* `fresh`: it is the first row of its document. */
bool items_apply(struct company *company, const struct ruling *ruling, bool fresh, struct err *err);
bool items_flush(struct company *company, struct err *err);
bool sums_flush(struct company *company, struct err *err);
bool outcome_add(struct company *company, struct span source, int type, enum outcome outcome, int refusal,
                 struct span waits_on, int64_t count, int64_t amount_minor, struct err *err);
bool reserved_add(struct company *company, uint32_t item, struct span location, int64_t qty_micro, struct err *err);
bool waiting_apply(struct company *company, struct span key, uint32_t document, bool waits, struct err *err);
bool waiting_load(struct company *company, struct err *err);
bool lasting_load(struct company *company, struct err *err);
bool policies_apply(struct company *company, const struct ruling *ruling, struct err *err);

#endif
