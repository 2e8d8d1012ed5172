/* decide_work.h: what the deciding of one plan gathers, and the parts it is made of; private to decide*.c. */
#ifndef TIEOUT_FLOW_DECIDE_WORK_H
#define TIEOUT_FLOW_DECIDE_WORK_H

#include "flow/decide.h"

/* Lines per document and accounting date, before and after. */
struct difference {
    uint32_t document;
    int32_t day;
    const struct key *key; /* of the document: source, type, id */
    struct lines lines;    /* after − before; the plan's own document: after only */
};
struct assembly_base {
    uint32_t document;
    int64_t value_minor;
};
/* A later cost that one movement sent into an assembly's output. */
struct follow {
    movement_id cause, id;
    uint32_t cause_item, item;
    bool said; /* by the cause as it is planned now */
};
struct work {
    struct plan *plan;
    struct decided *out;
    struct assembly_base *bases;
    size_t base_count, base_room;
    struct follow *follows;
    size_t follow_count, follow_room;
    struct difference *differences;
    size_t difference_count, difference_room;
};

/* The document that a plan is about: a void is about the one it names. */
static inline uint32_t plan_subject(const struct plan *plan) { return plan->removes ? plan->voided : plan->number; }
/* The document replaces what it posted before. */
static inline bool plan_is_again(const struct plan *plan)
{
    return plan->record != NULL && plan->record->current != 0 && !document_keeps_versions(plan->document->type);
}

/* decide.c: the item books of a plan. */
struct item_group *work_group(struct work *work, uint32_t item, bool average);
/* An edit that changes nothing makes nothing stale: so two items that go into one another come to rest. */
void work_edit(struct work *work, struct item_group *group, struct book_edit edit);

/* decide_orders.c: folds the order's book with the plan's events, and hands what changed to items and entries. */
void decide_order(struct work *work, struct plan_order *change, struct ruling_order *out);
/* Gives an event of the plan's document its place in the queue. */
void plan_enter_event(const struct plan *plan, struct ruling_event *event);

/* decide_counts.c: an item that comes to a location for the first time brings the complete counts of that location. */
void complete_counts(struct work *work);

/* decide_assemblies.c: whether what was planned of a book concerns other books; and what it does to them. */
bool cross_effects(const struct book_plan *book_plan);
void send_across(struct work *work, size_t group_index);

/* decide_entries.c: differences, and the ruling's items and entries made of them. */
struct lines *work_lines(struct work *work, uint32_t document, int32_t day, const struct key *key);
void work_add_lines(struct lines *to, const struct lines *from, struct span sku, bool minus);
/* Nothing but an item's book posts to a stock control account: no sale, no bill, no person. */
void must_be_free_of_stock(const struct lines *lines);
void collect_items(struct work *work);
void collect_entries(struct work *work);

#endif
