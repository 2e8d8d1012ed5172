/* queue.h: things that are to come, the earliest first; among equals the one that was put in first. */
#ifndef TIEOUT_DEMO_QUEUE_H
#define TIEOUT_DEMO_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct event {
    int64_t at_us;
    uint64_t seq; /* given by the queue */
    int kind;
    int64_t arg;
    void *what;
};
struct queue {
    struct event *at; /* a binary heap */
    size_t count, room;
    uint64_t next_seq;
};

void queue_put(struct queue *queue, struct event event);
/* NULL when the queue is empty. */
const struct event *queue_first(const struct queue *queue);
/* The queue must not be empty. */
struct event queue_take(struct queue *queue);
void queue_done(struct queue *queue);

#endif
