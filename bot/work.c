/* work.c: one queue, and threads that answer.
 *
 * Answering is the only expensive thing (a millisecond against a hundredth for a frame), so it is kept off the
 * loop. A thread shares nothing with the others but the queue: its answerer owns a SQLite connection. The queue is
 * bounded, because an answer that comes after the asker has gone is work for nobody; order and fairness within
 * a conversation are turn.c's business.
 *
 * A set of small talk is shared, read-only, and counted: a thread that finds a newer one takes it and lets go of the old
 * one; the last to let go frees it. */
#include "bot/work.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "bot/answer.h"
#include "bot/limits.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/must.h"
#include "bot/smalltalk.h"

#define COMPLAIN_S 60 /* the same failure is logged this seldom per thread */

struct job {
    struct job *next;
    struct pool *pool; /* holds this job, too */
    struct question question;
    struct reply reply;
    work_done_fn *fn;
    void (*drop)(void *ctx);
    work_look_fn *look; /* instead of a question */
    void (*look_done)(void *ctx);
    void *ctx;
};

struct talk_ref {
    struct smalltalk *talk;
    size_t users; /* the threads that use it, and struct work for the current one */
};

struct worker {
    struct work *work;
    pthread_t thread;
    struct answerer *answerer;
    struct talk_ref *talk; /* the answerer's */
    int complained;        /* the last failure logged, and when */
    time_t complained_at;
};

struct work {
    struct loop *loop;
    char *db;
    struct worker *worker;
    size_t nworker;
    loop_fn *damage_fn; /* the loop's, like its ctx */
    void *damage_ctx;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *first, **last; /* under lock, like all below */
    size_t waiting;
    bool stopping;
    struct talk_ref *talk;
};

/* ---- small talk, counted; under lock ---- */

static struct talk_ref *talk_new(struct smalltalk *talk)
{
    struct talk_ref *ref = must(calloc(1, sizeof *ref));
    ref->talk = talk;
    ref->users = 1;
    return ref;
}

static void talk_release(struct talk_ref *ref)
{
    if (!ref || --ref->users > 0)
        return;
    smalltalk_free(ref->talk);
    free(ref);
}

/* ---- a thread ---- */

static void complain(struct worker *me, int err)
{
    time_t now = time(NULL);
    if (err == me->complained && now - me->complained_at < COMPLAIN_S)
        return;
    char why[256];
    log_error("answer", "cannot answer", "reason=%s", log_quote(why, sizeof why, kb_strerror(err)));
    me->complained = err;
    me->complained_at = now;
}

/* Open the answerer, or hand it the small talk that is new. Called and returns under lock. */
static void renew(struct worker *me)
{
    struct work *w = me->work;
    struct talk_ref *old = me->talk;
    if (me->answerer && old == w->talk)
        return;
    me->talk = w->talk;
    me->talk->users++;
    pthread_mutex_unlock(&w->lock);
    int err = 0;
    if (me->answerer)
        answerer_set_smalltalk(me->answerer, me->talk->talk);
    else
        err = answerer_open(w->db, me->talk->talk, &me->answerer);
    if (err)
        complain(me, err);
    pthread_mutex_lock(&w->lock);
    talk_release(old);
}

static void job_done(void *ctx)
{
    struct job *job = ctx;
    if (job->look)
        job->look_done(job->ctx); /* may free the pool, and the job with it */
    else
        job->fn(job->ctx, &job->reply); /* and this */
}

/* The loop is no more: a question's pool is its asker's, a look's is nobody's. */
static void job_drop(void *ctx)
{
    struct job *job = ctx;
    if (job->look)
        pool_free(job->pool);
    else if (job->drop)
        job->drop(job->ctx);
}

static void damage_found(void *ctx)
{
    struct work *w = ctx;
    if (w->damage_fn)
        w->damage_fn(w->damage_ctx);
}

static void answer(struct worker *me, struct job *job)
{
    if (job->look) {
        job->look(me->answerer ? answerer_kb(me->answerer) : NULL, job->ctx);
    } else if (me->answerer) {
        int err = answer_make(me->answerer, &job->question, job->pool, &job->reply);
        if (err)
            complain(me, err);
    } else {
        answer_sorry(job->pool, &job->reply);
    }
    loop_post(me->work->loop, job_done, job_drop, job);
    if (me->answerer && answerer_wants_index(me->answerer))
        loop_post(me->work->loop, damage_found, NULL, me->work);
}

static struct job *take(struct work *w)
{
    struct job *job = w->first;
    if (!(w->first = job->next))
        w->last = &w->first;
    w->waiting--;
    return job;
}

static void *worker_main(void *ctx)
{
    struct worker *me = ctx;
    struct work *w = me->work;
    prctl(PR_SET_NAME, "answer"); /* for top -H, and for who stops one to see what happens */
    pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        renew(me);
        if (!w->first) {
            if (!w->stopping && me->talk == w->talk)
                pthread_cond_wait(&w->wake, &w->lock);
            continue;
        }
        struct job *job = take(w);
        pthread_mutex_unlock(&w->lock);
        answer(me, job);
        pthread_mutex_lock(&w->lock);
    }
    talk_release(me->talk);
    me->talk = NULL;
    pthread_mutex_unlock(&w->lock);
    answerer_close(me->answerer);
    me->answerer = NULL;
    return NULL;
}

/* ---- the loop's side ---- */

static size_t processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : (size_t)n;
}

int work_start(struct loop *l, const char *db, struct smalltalk *talk, size_t threads,
               struct work **ret)
{
    struct work *w = must(calloc(1, sizeof *w));
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    w->loop = l;
    w->last = &w->first;
    w->talk = talk_new(talk);
    size_t n = threads ? threads : processors();
    w->db = must(strdup(db));
    w->worker = must(calloc(n, sizeof *w->worker));
    for (int err; w->nworker < n; w->nworker++) {
        w->worker[w->nworker].work = w;
        err = pthread_create(&w->worker[w->nworker].thread, NULL, worker_main,
                             &w->worker[w->nworker]);
        if (err) {
            work_stop(w);
            return -err;
        }
    }
    *ret = w;
    return 0;
}

void work_stop(struct work *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->nworker; i++)
        pthread_join(w->worker[i].thread, NULL);
    for (struct job *job; w->first;) {
        job = take(w);
        if (job->look) {
            job_drop(job);
            continue;
        }
        answer_sorry(job->pool, &job->reply);
        job_done(job);
    }
    talk_release(w->talk);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w->worker);
    free(w->db);
    free(w);
}

static int enter(struct work *w, struct job *job)
{
    pthread_mutex_lock(&w->lock);
    int err = w->stopping || w->waiting >= MAX_QUEUE ? -EBUSY : 0;
    if (!err) {
        *w->last = job;
        w->last = &job->next;
        w->waiting++;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return err;
}

int work_ask(struct work *w, struct pool *pool, const struct question *q, work_done_fn *fn,
             void (*drop)(void *ctx), void *ctx)
{
    struct job *job = pool_alloc(pool, sizeof *job);
    *job = (struct job){.pool = pool, .question = *q, .fn = fn, .drop = drop, .ctx = ctx};
    return enter(w, job);
}

int work_look(struct work *w, struct pool *pool, work_look_fn *look, void (*done)(void *ctx),
              void *ctx)
{
    struct job *job = pool_alloc(pool, sizeof *job);
    *job = (struct job){.pool = pool, .look = look, .look_done = done, .ctx = ctx};
    return enter(w, job);
}

void work_on_damage(struct work *w, void (*fn)(void *ctx), void *ctx)
{
    w->damage_fn = fn;
    w->damage_ctx = ctx;
}

size_t work_waiting(const struct work *w)
{
    struct work *mine = (struct work *)w; /* a lock is not part of the value */
    pthread_mutex_lock(&mine->lock);
    size_t n = mine->waiting;
    pthread_mutex_unlock(&mine->lock);
    return n;
}

void work_set_smalltalk(struct work *w, struct smalltalk *talk)
{
    struct talk_ref *ref = talk_new(talk);
    pthread_mutex_lock(&w->lock);
    struct talk_ref *old = w->talk;
    w->talk = ref;
    talk_release(old);
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
}
