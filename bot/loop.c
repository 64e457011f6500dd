/* loop.c: the one place that sleeps.
 *
 * One libuv loop, run by the thread that made it. Everybody else hands work over with loop_post(): a list under
 * a mutex and one uv_async_t, which is rung only when the list was empty. A thousand answers that arrive
 * while the loop is busy thus cost one wake-up.
 *
 * Handles are closed the way libuv wants it, in two steps: uv_close() now, free() in its callback. Timers and
 * signals are kept on lists so that loop_free() can do this for those whose owner forgot.
 *
 * Deliberately not here: files, DNS, child processes. Nothing that can block runs on this thread. */
#include "bot/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include "bot/library.h"
#include "bot/must.h"

struct post {
    struct post *next;
    loop_fn *fn, *drop;
    void *ctx;
};

struct loop_timer {
    uv_timer_t uv; /* first: uv_handle_t and this share an address */
    struct loop *loop;
    struct loop_timer *prev, *next;
    loop_fn *fn;
    void *ctx;
};

struct loop_hook {
    uv_prepare_t uv;
    loop_fn *fn;
    void *ctx;
};

struct loop_watch { /* a signal */
    uv_signal_t uv;
    struct loop_watch *next;
    loop_fn *fn;
    void *ctx;
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    struct loop_timer *timers;
    struct loop_watch *watches;
    bool running, stop;

    pthread_mutex_t lock;
    struct post *head, **tail; /* under `lock` */
};

/* ---- posting ---- */

void loop_post(struct loop *l, loop_fn *fn, loop_fn *drop, void *ctx)
{
    struct post *p = must(malloc(sizeof(*p)));
    *p = (struct post){.fn = fn, .drop = drop, .ctx = ctx};

    pthread_mutex_lock(&l->lock);
    bool ring = l->head == NULL;
    *l->tail = p;
    l->tail = &p->next;
    /* Under the lock: loop_free() takes it before it closes the async handle. */
    if (ring)
        uv_async_send(&l->wake);
    pthread_mutex_unlock(&l->lock);
}

static struct post *take_all(struct loop *l)
{
    pthread_mutex_lock(&l->lock);
    struct post *p = l->head;
    l->head = NULL;
    l->tail = &l->head;
    pthread_mutex_unlock(&l->lock);
    return p;
}

/* What a stopped loop did not get round to goes back to the front, for loop_free() to drop in order. */
static void give_back(struct loop *l, struct post *first)
{
    struct post **end = &first;
    while (*end)
        end = &(*end)->next;

    pthread_mutex_lock(&l->lock);
    *end = l->head;
    if (!l->head)
        l->tail = end;
    l->head = first;
    pthread_mutex_unlock(&l->lock);
}

static void on_wake(uv_async_t *wake)
{
    struct loop *l = wake->data;
    if (!l->running || l->stop)
        return;
    struct post *p = take_all(l);
    while (p && !l->stop) {
        struct post *next = p->next;
        p->fn(p->ctx);
        free(p);
        p = next;
    }
    if (p)
        give_back(l, p);
}

static void drop_all(struct loop *l)
{
    struct post *p;
    /* A drop call may post again. */
    while ((p = take_all(l)) != NULL) {
        while (p) {
            struct post *next = p->next;
            if (p->drop)
                p->drop(p->ctx);
            free(p);
            p = next;
        }
    }
}

/* ---- timers ---- */

static void on_timer(uv_timer_t *uv)
{
    struct loop_timer *t = (struct loop_timer *)uv;
    t->fn(t->ctx); /* may stop, and so free, t */
}

struct loop_timer *loop_timer(struct loop *l, uint64_t after_ms, uint64_t repeat_ms, loop_fn *fn,
                              void *ctx)
{
    struct loop_timer *t = must(calloc(1, sizeof(*t)));
    t->loop = l;
    t->fn = fn;
    t->ctx = ctx;
    t->next = l->timers;
    if (l->timers)
        l->timers->prev = t;
    l->timers = t;
    uv_timer_init(&l->uv, &t->uv);
    uv_timer_start(&t->uv, on_timer, after_ms, repeat_ms);
    return t;
}

static void on_closed(uv_handle_t *h)
{
    free(h);
}

void loop_timer_stop(struct loop_timer *t)
{
    if (!t)
        return;
    if (t->prev)
        t->prev->next = t->next;
    else
        t->loop->timers = t->next;
    if (t->next)
        t->next->prev = t->prev;
    uv_close((uv_handle_t *)&t->uv, on_closed);
}

/* ---- the end of each turn ---- */

static void on_prepare(uv_prepare_t *uv)
{
    struct loop_hook *h = (struct loop_hook *)uv;
    h->fn(h->ctx);
}

struct loop_hook *loop_hook(struct loop *l, loop_fn *fn, void *ctx)
{
    struct loop_hook *h = must(calloc(1, sizeof(*h)));
    h->fn = fn;
    h->ctx = ctx;
    uv_prepare_init(&l->uv, &h->uv);
    uv_prepare_start(&h->uv, on_prepare);
    return h;
}

void loop_hook_stop(struct loop_hook *h)
{
    if (h)
        uv_close((uv_handle_t *)&h->uv, on_closed);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *uv, int signum)
{
    struct loop_watch *w = (struct loop_watch *)uv;
    (void)signum;
    w->fn(w->ctx);
}

int loop_signal(struct loop *l, int signum, loop_fn *fn, void *ctx)
{
    struct loop_watch *w = must(calloc(1, sizeof(*w)));
    w->fn = fn;
    w->ctx = ctx;
    uv_signal_init(&l->uv, &w->uv);
    int rc = uv_signal_start(&w->uv, on_signal, signum);
    if (rc < 0) {
        uv_close((uv_handle_t *)&w->uv, on_closed);
        return rc; /* libuv's errors are negative errno */
    }
    w->next = l->watches;
    l->watches = w;
    return 0;
}

/* ---- life ---- */

int loop_new(struct loop **ret)
{
    if (!library_load(LIBRARY_UV))
        return -ENOENT;
    struct loop *l = must(calloc(1, sizeof(*l)));
    int rc = uv_loop_init(&l->uv);
    if (rc < 0) {
        free(l);
        return rc;
    }
    rc = uv_async_init(&l->uv, &l->wake, on_wake);
    if (rc < 0) {
        uv_loop_close(&l->uv);
        free(l);
        return rc;
    }
    l->wake.data = l;
    l->tail = &l->head;
    pthread_mutex_init(&l->lock, NULL);
    signal(SIGPIPE, SIG_IGN);
    *ret = l;
    return 0;
}

int loop_run(struct loop *l)
{
    l->running = true;
    /* What was posted before the first turn rang a bell nobody heard yet, or one that was heard too early. */
    uv_async_send(&l->wake);
    while (!l->stop && uv_run(&l->uv, UV_RUN_DEFAULT) != 0)
        continue;
    l->running = l->stop = false;
    return 0;
}

void loop_stop(struct loop *l)
{
    l->stop = true;
    uv_stop(&l->uv);
}

struct uv_loop_s *loop_uv(struct loop *l)
{
    return &l->uv;
}

uint64_t loop_now_ms(const struct loop *l)
{
    return uv_now(&l->uv);
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    drop_all(l);
    while (l->timers)
        loop_timer_stop(l->timers);
    while (l->watches) {
        struct loop_watch *w = l->watches;
        l->watches = w->next;
        uv_close((uv_handle_t *)&w->uv, on_closed);
    }
    pthread_mutex_lock(&l->lock);
    uv_close((uv_handle_t *)&l->wake, NULL);
    pthread_mutex_unlock(&l->lock);

    /* Let the close callbacks run. A handle that someone else left open would keep us here for ever, hence the bound;
     * uv_loop_close() then refuses, and the leak is visible to the sanitizer instead of a hang. */
    for (int turn = 0; turn < 64 && uv_loop_close(&l->uv) == UV_EBUSY; turn++)
        uv_run(&l->uv, UV_RUN_NOWAIT);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
