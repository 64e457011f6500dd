/* maker.c: a thread that makes something on demand, and counts who holds what it has made. */
#include "bot/maker.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "bot/clock.h"
#include "bot/must.h"

#define REST_MS 500 /* between two, at least */
#define REST    10  /* times what the last one took */
#define STOP_S  2   /* for what is being made when the program ends */

struct one {
    void *made;
    size_t held; /* one of it is the maker's own, while it is the last one */
    struct one *next;
};

struct maker {
    struct maker_calls calls;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool started, stopping, wanted; /* under the lock, like the next */
    struct one *all;                /* the last one first */
};

/* Under the lock. */
static void let_go(struct maker *m, const void *made)
{
    for (struct one **at = &m->all; *at; at = &(*at)->next) {
        struct one *it = *at;
        if (it->made != made)
            continue;
        if (!--it->held) {
            *at = it->next;
            m->calls.release(it->made);
            free(it);
        }
        return;
    }
}

static void publish(struct maker *m, void *made)
{
    struct one *it = must(calloc(1, sizeof *it));
    pthread_mutex_lock(&m->lock);
    const void *old = m->all ? m->all->made : NULL;
    *it = (struct one){.made = made, .held = 1, .next = m->all};
    m->all = it;
    if (old)
        let_go(m, old);
    pthread_mutex_unlock(&m->lock);
}

/* False: all stops. */
static bool wait_for_wish(struct maker *m)
{
    pthread_mutex_lock(&m->lock);
    while (!m->wanted && !m->stopping)
        pthread_cond_wait(&m->wake, &m->lock);
    m->wanted = false;
    bool on = !m->stopping;
    pthread_mutex_unlock(&m->lock);
    return on;
}

static void rest(struct maker *m, uint64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += (time_t)(ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&m->lock);
    while (!m->stopping &&
           pthread_cond_clockwait(&m->wake, &m->lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&m->lock);
}

static void *work(void *ctx)
{
    struct maker *m = ctx;
    while (wait_for_wish(m)) {
        uint64_t began = clock_ms();
        void *made = m->calls.make(m->calls.ctx);
        if (made)
            publish(m, made);
        uint64_t took = (clock_ms() - began) * REST;
        rest(m, took > REST_MS ? took : REST_MS);
    }
    return NULL;
}

const void *maker_take(struct maker *m)
{
    const void *made = NULL;
    pthread_mutex_lock(&m->lock);
    if (!m->started && !m->stopping)
        m->started = !pthread_create(&m->thread, NULL, work, m);
    m->wanted = true;
    pthread_cond_signal(&m->wake);
    if (m->all) {
        m->all->held++;
        made = m->all->made;
    }
    pthread_mutex_unlock(&m->lock);
    return made;
}

void maker_give_back(struct maker *m, const void *made)
{
    if (!made)
        return;
    pthread_mutex_lock(&m->lock);
    let_go(m, made);
    pthread_mutex_unlock(&m->lock);
}

struct maker *maker_new(const struct maker_calls *calls)
{
    struct maker *m = must(calloc(1, sizeof *m));
    m->calls = *calls;
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->wake, NULL);
    return m;
}

/* Whatever is being made writes nothing, so it can be broken off by the end of the program. */
static bool has_ended(struct maker *m)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_S;
    return !m->started || !pthread_timedjoin_np(m->thread, NULL, &until);
}

bool maker_free(struct maker *m)
{
    if (!m)
        return true;
    pthread_mutex_lock(&m->lock);
    m->stopping = true;
    pthread_cond_broadcast(&m->wake);
    pthread_mutex_unlock(&m->lock);
    if (!has_ended(m)) {
        pthread_detach(m->thread);
        return false;
    }
    if (m->all)
        let_go(m, m->all->made);
    if (m->calls.end)
        m->calls.end(m->calls.ctx);
    pthread_cond_destroy(&m->wake);
    pthread_mutex_destroy(&m->lock);
    free(m);
    return true;
}
