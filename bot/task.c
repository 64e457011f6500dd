/* task.c: see task.h. Who waits is on a list, so that the end of the adapter finds all of them; each knows the pointer that
 * points at it, so that it leaves the list without a search. */
#include "bot/task.h"

#include "bot/adapter.h"
#include "kb/pool.h"

void *task_new(struct tasks *tasks, size_t size)
{
    struct pool *pool = pool_new();
    struct task *t = pool_alloc(pool, size);
    *t = (struct task){
        .next = tasks->first, .at = &tasks->first, .adapter = tasks->adapter, .pool = pool};
    if (t->next)
        t->next->at = &t->next;
    tasks->first = t;
    return t;
}

void task_free(struct task *t)
{
    if (!t)
        return;
    loop_timer_stop(t->timer);
    *t->at = t->next;
    if (t->next)
        t->next->at = t->at;
    pool_free(t->pool);
}

void task_wait(struct task *t, uint64_t after_ms, void (*fn)(void *t))
{
    loop_timer_stop(t->timer);
    t->timer = loop_timer(bot_loop(t->adapter->bot), after_ms, 0, fn, t);
}

void task_free_all(struct tasks *tasks)
{
    while (tasks->first)
        task_free(tasks->first);
}

void task_hold(struct tasks *tasks, struct held_list *list, const struct inbox_item *item)
{
    struct held *h = task_new(tasks, sizeof *h);
    h->item = inbox_item_copy(h->task.pool, item);
    if (list->first)
        list->last->after = h;
    else
        list->first = h;
    list->last = h;
}

struct held *task_unhold(struct held_list *list)
{
    struct held *h = list->first;
    if (h)
        list->first = h->after;
    return h;
}
