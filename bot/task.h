/* task.h: something of an adapter's that goes on while it waits for somebody: a call to another server, a row of the disk, a
 * moment. It has a pool of its own, and ends with its work or with the adapter, whichever comes first.
 *
 *     struct call {
 *         struct task task; // first
 *         ...
 *     };
 *     struct call *c = task_new(&s->tasks, sizeof *c);
 *
 * Loop thread only. */
#ifndef BOT_TASK_H
#define BOT_TASK_H

#include <stddef.h>

#include "bot/inbox.h"

struct adapter;
struct loop_timer;
struct pool;

struct tasks {
    struct task *first;
    struct adapter *adapter; /* whose they are: set by the owner, once */
};

struct task {
    struct task *next, **at;
    struct adapter *adapter;
    struct pool *pool; /* owns the task, too */
    struct loop_timer *timer;
};

/* A task of `size` bytes (a struct task first), zeroed. */
void *task_new(struct tasks *tasks, size_t size);
void task_free(struct task *t); /* its timer stops; NULL is fine */
/* Call fn(t) in `after_ms`, instead of what it was waiting for. */
void task_wait(struct task *t, uint64_t after_ms, void (*fn)(void *t));
/* All that are left, without their end. */
void task_free_all(struct tasks *tasks);

/* Messages of the inbox that wait for something all of them need, in their order. Zeroed: none. */
struct held {
    struct task task;
    struct held *after;
    struct inbox_item item;
};
struct held_list {
    struct held *first, *last;
};
/* Keep a copy of `item`. */
void task_hold(struct tasks *tasks, struct held_list *list, const struct inbox_item *item);
/* The first, taken off the list, or NULL; task_free(&h->task) when it is dealt with. */
struct held *task_unhold(struct held_list *list);

#endif
