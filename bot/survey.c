/* survey.c: the thread that makes surveys, and handing them out.
 *
 * A survey is made, published under the lock, and never changed again; whoever takes it holds a reference, and the last one
 * who gives it back frees it. The thread sleeps until somebody takes one that may be out of date, and after each it rests ten times
 * as long as that took. */
#include "bot/survey.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot/clock.h"
#include "bot/must.h"
#include "bot/survey_int.h"
#include "kb/kb.h"
#include "kb/pool.h"

#define REST_MS  500     /* between two surveys, at least */
#define REST     10      /* times what the last one took */
#define RENEW_MS 3600000 /* days go by although nobody asks anything */

struct made {
    struct survey survey; /* first */
    struct pool *pool;
    size_t held; /* by how many; under the lock */
};

struct surveyor {
    char *state, *index;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool started, stopping, wanted; /* under the lock, like the next */
    struct made *last;

    /* The thread's own. */
    struct survey_book book;
    struct store *store;
    int64_t version; /* of the store, when it was read last; 0: not yet */
    int64_t made_ms;
};

/* ---- taking and giving back ---------------------------------------------------------------------------------- */

static void let_go(struct made *m)
{
    if (m && !--m->held)
        pool_free(m->pool);
}

const struct survey_fact *survey_find(const struct survey *s, int64_t id)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (s->fact[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->n && s->fact[low].id == id ? &s->fact[low] : NULL;
}

static void *make_all(void *ctx);

const struct survey *survey_take(struct surveyor *v)
{
    pthread_mutex_lock(&v->lock);
    if (!v->started && !v->stopping)
        v->started = !pthread_create(&v->thread, NULL, make_all, v);
    v->wanted = true;
    pthread_cond_signal(&v->wake);
    struct made *m = v->last;
    if (m)
        m->held++;
    pthread_mutex_unlock(&v->lock);
    return m ? &m->survey : NULL;
}

void survey_give_back(struct surveyor *v, const struct survey *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&v->lock);
    let_go((struct made *)s);
    pthread_mutex_unlock(&v->lock);
}

/* ---- making one ------------------------------------------------------------------------------------------------ */

static int open_all(struct surveyor *v)
{
    if (v->store && store_is_gone(v->store)) {
        store_close(v->store);
        v->store = NULL;
        v->version = 0;
        survey_book_release(&v->book);
    }
    if (v->book.kb && kb_stale(v->book.kb)) {
        kb_close(v->book.kb);
        v->book.kb = NULL;
    }
    if (!v->book.kb && kb_open(v->index, &v->book.kb))
        v->book.kb = NULL; /* there is none yet: no terms, and so no groups */
    return v->store ? 0 : store_open_reader(v->state, &v->store);
}

/* Is there anything new? */
static bool is_due(struct surveyor *v)
{
    struct kb_info info = {0};
    int64_t version = 0;
    if (v->book.kb)
        kb_info(v->book.kb, &info);
    if (store_version(v->store, &version))
        version = 0;
    bool due = !v->version || version != v->version || info.generation != v->book.generation ||
               clock_wall_ms() - v->made_ms > RENEW_MS;
    v->version = version;
    return due;
}

static void publish(struct surveyor *v, struct made *m)
{
    pthread_mutex_lock(&v->lock);
    struct made *old = v->last;
    m->held = 1;
    v->last = m;
    let_go(old);
    pthread_mutex_unlock(&v->lock);
}

static void make(struct surveyor *v)
{
    if (open_all(v) || !is_due(v))
        return;
    struct pool *pool = pool_new();
    struct made *m = pool_alloc(pool, sizeof *m);
    m->pool = pool;
    m->survey.at_ms = clock_wall_ms();
    m->survey.from_ms = m->survey.at_ms - SURVEY_DAYS * DAY_MS;
    uint64_t began = clock_us();
    int err = store_begin_read(v->store);
    if (!err)
        err = survey_read(&v->book, v->store, m->survey.from_ms);
    uint64_t read = clock_us();
    if (!err)
        err = survey_group(&v->book, v->store, pool, &m->survey);
    store_rollback(v->store);
    m->survey.read_s = (double)(read - began) / 1e6;
    m->survey.group_s = (double)(clock_us() - read) / 1e6;
    if (err) { /* whoever looks next tries again */
        v->version = 0;
        pool_free(pool);
        return;
    }
    v->made_ms = m->survey.at_ms;
    publish(v, m);
}

/* Until somebody wants one; false: all stops. */
static bool wait_for_wish(struct surveyor *v)
{
    pthread_mutex_lock(&v->lock);
    while (!v->wanted && !v->stopping)
        pthread_cond_wait(&v->wake, &v->lock);
    v->wanted = false;
    bool on = !v->stopping;
    pthread_mutex_unlock(&v->lock);
    return on;
}

static void rest(struct surveyor *v, uint64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&v->lock);
    while (!v->stopping &&
           pthread_cond_clockwait(&v->wake, &v->lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&v->lock);
}

static void *make_all(void *ctx)
{
    struct surveyor *v = ctx;
    while (wait_for_wish(v)) {
        uint64_t began = clock_ms();
        make(v);
        uint64_t took = clock_ms() - began;
        rest(v, took * REST > REST_MS ? took * REST : REST_MS);
    }
    return NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

struct surveyor *surveyor_new(const char *state, const char *index)
{
    struct surveyor *v = must(calloc(1, sizeof *v));
    v->state = must(strdup(state));
    v->index = must(strdup(index));
    pthread_mutex_init(&v->lock, NULL);
    pthread_cond_init(&v->wake, NULL);
    return v;
}

void surveyor_free(struct surveyor *v)
{
    if (!v)
        return;
    pthread_mutex_lock(&v->lock);
    v->stopping = true;
    pthread_cond_broadcast(&v->wake);
    pthread_mutex_unlock(&v->lock);
    if (v->started)
        pthread_join(v->thread, NULL);
    let_go(v->last);
    survey_book_release(&v->book);
    kb_close(v->book.kb);
    store_close(v->store);
    pthread_cond_destroy(&v->wake);
    pthread_mutex_destroy(&v->lock);
    free(v->state);
    free(v->index);
    free(v);
}
