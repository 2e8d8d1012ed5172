/* queue.c: a binary heap. */
#include "queue.h"

#include "base/must.h"
#include <stdbool.h>
#include <stdlib.h>

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->seq < b->seq;
}

static void make_room(struct queue *queue)
{
    if (queue->count < queue->room) {
        return;
    }
    size_t room = queue->room ? queue->room * 2 : 256;
    struct event *grown = reallocarray(queue->at, room, sizeof *grown);
    if (grown == NULL) {
        out_of_memory("the demo merchant's queue");
    }
    queue->at = grown;
    queue->room = room;
}

void queue_put(struct queue *queue, struct event event)
{
    make_room(queue);
    event.seq = queue->next_seq++;
    size_t hole = queue->count++;
    while (hole > 0) {
        size_t parent = (hole - 1) / 2;
        if (!is_before(&event, &queue->at[parent])) {
            break;
        }
        queue->at[hole] = queue->at[parent];
        hole = parent;
    }
    queue->at[hole] = event;
}

const struct event *queue_first(const struct queue *queue) { return queue->count > 0 ? &queue->at[0] : NULL; }

struct event queue_take(struct queue *queue)
{
    must(queue->count > 0);
    struct event first = queue->at[0];
    struct event last = queue->at[--queue->count];
    size_t hole = 0;
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child >= queue->count) {
            break;
        }
        if (child + 1 < queue->count && is_before(&queue->at[child + 1], &queue->at[child])) {
            child++;
        }
        if (!is_before(&queue->at[child], &last)) {
            break;
        }
        queue->at[hole] = queue->at[child];
        hole = child;
    }
    if (queue->count > 0) {
        queue->at[hole] = last;
    }
    return first;
}

void queue_done(struct queue *queue)
{
    free(queue->at);
    *queue = (struct queue){0};
}
