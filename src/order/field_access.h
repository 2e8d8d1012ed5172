/* field_access.h: reads and writes the member that a row of the field table describes. For the walkers of the table
 * only: the canonical form here, the JSON in format/. */
#ifndef TIEOUT_ORDER_FIELD_ACCESS_H
#define TIEOUT_ORDER_FIELD_ACCESS_H

#include "order/document_fields.h"

/* Any LIST(...), seen without its element type. */
struct any_list {
    void *at;
    size_t count;
};
_Static_assert(sizeof(struct any_list) == sizeof(pick_list), "every LIST has this layout");

static inline const void *field_at(const void *object, const struct field *field)
{
    return (const char *)object + field->offset;
}
static inline void *field_slot(void *object, const struct field *field) { return (char *)object + field->offset; }
static inline int64_t *field_number_slot(void *object, const struct field *field) { return field_slot(object, field); }
static inline struct span *field_text_slot(void *object, const struct field *field)
{
    return field_slot(object, field);
}
static inline struct moment *field_moment_slot(void *object, const struct field *field)
{
    return field_slot(object, field);
}
static inline struct reference *field_reference_slot(void *object, const struct field *field)
{
    return field_slot(object, field);
}
static inline int64_t field_number(const void *object, const struct field *field)
{
    return *(const int64_t *)field_at(object, field);
}
static inline struct span field_text(const void *object, const struct field *field)
{
    return *(const struct span *)field_at(object, field);
}
static inline struct moment field_moment(const void *object, const struct field *field)
{
    return *(const struct moment *)field_at(object, field);
}
static inline struct reference field_reference(const void *object, const struct field *field)
{
    return *(const struct reference *)field_at(object, field);
}

/* Enums and lists are copied, for they have as many types as rows. */
static inline int field_choice(const void *object, const struct field *field)
{
    int choice;
    memcpy(&choice, field_at(object, field), sizeof choice);
    return choice;
}
static inline void field_set_choice(void *object, const struct field *field, int choice)
{
    memcpy(field_slot(object, field), &choice, sizeof choice);
}
static inline struct any_list field_list(const void *object, const struct field *field)
{
    struct any_list list;
    memcpy(&list, field_at(object, field), sizeof list);
    return list;
}
static inline void field_set_list(void *object, const struct field *field, struct any_list list)
{
    memcpy(field_slot(object, field), &list, sizeof list);
}

/* What the row leaves unsaid. */
static inline size_t field_count_max(const struct field *field)
{
    return field->max_count ? field->max_count : FIELD_COUNT_MAX;
}
static inline size_t field_text_max(const struct field *field)
{
    return field->max_len ? field->max_len : FIELD_TEXT_MAX;
}
static inline size_t field_element_size(const struct field *field)
{
    switch (field->form) {
    case FIELD_LIST_REFERENCE: return sizeof(struct reference);
    case FIELD_LIST_MICRO: return sizeof(int64_t);
    default: return field->element_size;
    }
}
/* How many names a choice has. */
static inline int field_choice_count(const struct field *field)
{
    int count = 0;
    while (field->choices[count] != NULL) {
        count++;
    }
    return count;
}
/* The common row whose text is settled by the reader, and so compared as settled. */
static inline bool field_is_document_currency(const struct field *field)
{
    return (field->flags & FIELD_CURRENCY) && field->offset == offsetof(struct document, currency);
}

#endif
