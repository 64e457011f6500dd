/* fix.c: the jobs, and the thread that does them one after another. The loop takes them in and tells how far they are; what has to
 * go into state.db goes round by the loop to the journal, and the thread waits for it. */
#include "bot/fix.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/fix_int.h"
#include "bot/journal.h"
#include "bot/json.h"
#include "bot/live.h"
#include "bot/loop.h"
#include "bot/must.h"

#define MAX_WAITING 20
#define MAX_RESULT  (2u << 20)
#define KEPT_MS     (10 * 60000) /* a finished job */
#define MAX_KEPT    100          /* of them */

enum state { WAITING, RUNNING, DONE, FAILED, CANCELLED };
static const char *const state_name[] = {"waiting", "running", "done", "failed", "cancelled"};

struct fix_job {
    struct fix_job *next;
    int64_t id;
    char user[65];
    enum staff_role role;
    enum fix_work work;
    struct pool *pool; /* of what it works on: until it is over */
    struct draft_where *where;
    const char *shown, *room; /* for who is told */
    struct cJSON *in;
    enum state state; /* under lock, like all below */
    struct replay_progress progress;
    struct buf result;
    char *problem;
    const char *code;
    int64_t ended_ms;
};

struct fix {
    struct bot *bot;
    char *copy; /* path of the draft's index */
    pthread_t thread;
    struct replay_memory *memory; /* the thread's */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct fix_job *job; /* newest first; under lock, like all below */
    int64_t last;
    bool stopping;
};

const char *fix_state_path(const struct fix *f)
{
    return f->bot->state_path;
}

/* ---- round by the loop ---- */

struct errand {
    struct journal_job job; /* first */
    struct fix *f;
    fix_run_fn *run; /* NULL: wait for the content */
    fix_after_fn *after;
    void *ctx;
    struct pool *pool;
    const char *problem;
    bool over;
    int err;
};

static void over(struct errand *e, int err)
{
    pthread_mutex_lock(&e->f->lock);
    e->err = err;
    e->over = true;
    pthread_cond_broadcast(&e->f->wake);
    pthread_mutex_unlock(&e->f->lock);
}

static int errand_run(struct store *s, struct journal_job *job)
{
    struct errand *e = (struct errand *)job;
    return e->run(s, e->ctx);
}

static void errand_done(struct journal_job *job, int err)
{
    struct errand *e = (struct errand *)job;
    if (!err && e->after)
        e->after(e->f->bot, e->ctx);
    over(e, err);
}

static void errand_drop(struct journal_job *job)
{
    over((struct errand *)job, -ESHUTDOWN);
}

static void looked(void *ctx, const char *problem)
{
    struct errand *e = ctx;
    e->problem = problem ? pool_strdup(e->pool, problem) : NULL;
    over(e, 0);
}

static void begin_errand(void *ctx)
{
    struct errand *e = ctx;
    if (!e->run) {
        content_look(e->f->bot->content, looked, e);
        return;
    }
    int err = journal_run(e->f->bot->journal, &e->job);
    if (err)
        over(e, err);
}

static void drop_errand(void *ctx)
{
    struct errand *e = ctx;
    e->problem = "the program is stopping";
    over(e, -ESHUTDOWN);
}

/* Waits, however long: whatever becomes of the loop, each is done or dropped. */
static int send_errand(struct errand *e)
{
    struct fix *f = e->f;
    e->job = (struct journal_job){.run = errand_run, .done = errand_done, .drop = errand_drop};
    pthread_mutex_lock(&f->lock);
    bool stopping = f->stopping;
    if (!stopping)
        loop_post(f->bot->loop, begin_errand, drop_errand, e);
    while (!stopping && !e->over)
        pthread_cond_wait(&f->wake, &f->lock);
    pthread_mutex_unlock(&f->lock);
    return stopping ? -ESHUTDOWN : e->err;
}

int fix_write(struct fix *f, fix_run_fn *run, fix_after_fn *after, void *ctx)
{
    struct errand e = {.f = f, .run = run, .after = after, .ctx = ctx};
    return send_errand(&e);
}

const char *fix_go_live(struct fix *f, struct pool *pool)
{
    struct errand e = {.f = f, .pool = pool};
    return send_errand(&e) ? "the program is stopping" : e.problem;
}

/* ---- a job, on the thread ---- */

static const char *code_of(int err)
{
    switch (err) {
    case -EPERM: return "regress";
    case -ESTALE: return "stale";
    case -EINVAL: return "bad_request";
    case -ENOENT: return "gone";
    case -ECANCELED: return "cancelled";
    default: return "disk";
    }
}

static int work(struct fix *f, struct fix_job *job, struct buf *result, const char **ret_problem)
{
    static int (*const run[])(struct fix_call *) = {[FIX_PREVIEW] = fix_preview,
                                                    [FIX_SAVE] = fix_save,
                                                    [FIX_UNDO] = fix_undo,
                                                    [FIX_PROPOSE] = fix_propose,
                                                    [FIX_TESTS] = fix_tests};
    struct fix_call c = {.f = f,
                         .pool = job->pool,
                         .where = job->where,
                         .in = job->in,
                         .user = job->user,
                         .shown = job->shown,
                         .room = job->room,
                         .role = job->role,
                         .copy = {.progress = &job->progress, .memory = f->memory},
                         .result = result};
    int err = fix_copy_open(&c.copy, c.pool, c.where, f->copy);
    if (err)
        c.problem = c.copy.problem;
    else
        err = run[job->work](&c);
    fix_copy_close(&c.copy);
    *ret_problem = c.problem;
    return !err && buf_failed(result) ? -E2BIG : err;
}

static void finish(struct fix *f, struct fix_job *job, int err, const char *problem,
                   struct buf *result)
{
    pthread_mutex_lock(&f->lock);
    job->result = *result;
    job->state = err == -ECANCELED ? CANCELLED : err ? FAILED : DONE;
    job->code = err ? code_of(err) : NULL;
    job->problem = err ? must(strdup(problem ? problem : "this cannot be done")) : NULL;
    job->ended_ms = clock_wall_ms();
    json_free(job->in);
    job->in = NULL;
    pthread_mutex_unlock(&f->lock);
    pool_free(job->pool);
    job->pool = NULL;
}

/* The oldest that waits; called and returns under lock. */
static struct fix_job *next_job(struct fix *f)
{
    struct fix_job *oldest = NULL;
    for (struct fix_job *job = f->job; job; job = job->next)
        if (job->state == WAITING)
            oldest = job;
    return oldest;
}

static void settle(struct fix *f)
{
    struct fix_call c = {.f = f, .pool = pool_new()};
    fix_settle(&c);
    pool_free(c.pool);
}

static void *fix_main(void *ctx)
{
    struct fix *f = ctx;
    settle(f);
    pthread_mutex_lock(&f->lock);
    while (!f->stopping) {
        struct fix_job *job = next_job(f);
        if (!job) {
            pthread_cond_wait(&f->wake, &f->lock);
            continue;
        }
        job->state = RUNNING;
        pthread_mutex_unlock(&f->lock);
        struct buf result;
        const char *problem = NULL;
        buf_init(&result, MAX_RESULT);
        int err = work(f, job, &result, &problem);
        finish(f, job, err, problem, &result);
        pthread_mutex_lock(&f->lock);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

/* ---- the loop's side ---- */

static void job_free(struct fix_job *job)
{
    json_free(job->in);
    pool_free(job->pool);
    buf_release(&job->result);
    free(job->problem);
    free(job);
}

/* What was over long ago goes, and what is older than the last MAX_KEPT; how many wait. Under lock. */
static size_t tidy(struct fix *f)
{
    int64_t now = clock_wall_ms();
    size_t waiting = 0, kept = 0;
    for (struct fix_job **at = &f->job, *job; (job = *at);) {
        waiting += job->state == WAITING;
        if (job->state >= DONE && (now - job->ended_ms > KEPT_MS || kept++ >= MAX_KEPT)) {
            *at = job->next;
            job_free(job);
        } else {
            at = &job->next;
        }
    }
    return waiting;
}

static void cancel(struct fix_job *job)
{
    if (job->state == WAITING) {
        job->state = CANCELLED;
        job->code = "cancelled";
        job->ended_ms = clock_wall_ms();
    } else if (job->state == RUNNING) {
        job->progress.stop = true;
    }
}

/* Whoever changes a draft has no use for the preview of the last one, nor who begins the tests again for those before. */
static void cancel_older(struct fix *f, const char *user, enum fix_work what)
{
    bool saves = what == FIX_SAVE || what == FIX_UNDO;
    for (struct fix_job *job = f->job; job; job = job->next)
        if (job->work == what && !saves && !strcmp(job->user, user))
            cancel(job);
}

int fix_begin(struct fix *f, const struct store_session *me, enum fix_work what, struct cJSON *in,
              int64_t *ret_job)
{
    pthread_mutex_lock(&f->lock);
    cancel_older(f, me->user, what);
    bool full = tidy(f) >= MAX_WAITING || f->stopping;
    if (!full) {
        struct fix_job *job = must(calloc(1, sizeof *job));
        *job = (struct fix_job){.next = f->job,
                                .id = ++f->last,
                                .role = me->role,
                                .work = what,
                                .pool = pool_new(),
                                .in = in};
        memcpy(job->user, me->user, sizeof job->user);
        const char *room = live_room(f->bot);
        job->shown = live_shown(f->bot, job->pool, job->user, NULL);
        job->room = room ? pool_strdup(job->pool, room) : NULL;
        job->where = draft_where(job->pool, f->bot->config, f->bot->index_path);
        buf_init(&job->result, 0);
        f->job = job;
        *ret_job = job->id;
        pthread_cond_broadcast(&f->wake);
    }
    pthread_mutex_unlock(&f->lock);
    if (full)
        json_free(in);
    return full ? -EBUSY : 0;
}

static struct fix_job *find(struct fix *f, const char *user, int64_t id)
{
    for (struct fix_job *job = f->job; job; job = job->next)
        if (job->id == id && !strcmp(job->user, user))
            return job;
    return NULL;
}

bool fix_report(struct fix *f, const char *user, int64_t id, struct buf *b)
{
    pthread_mutex_lock(&f->lock);
    struct fix_job *job = find(f, user, id);
    if (job) {
        buf_addf(b, "{\"job\":%lld,\"state\":\"%s\",\"done\":%zu,\"of\":%zu", (long long)job->id,
                 state_name[job->state], (size_t)job->progress.done, (size_t)job->progress.all);
        json_add_member(b, "code", job->code);
        json_add_member(b, "problem", job->problem);
        buf_adds(b, ",\"result\":");
        buf_adds(b, job->result.len ? job->result.s : "null");
        buf_addc(b, '}');
    }
    pthread_mutex_unlock(&f->lock);
    return job;
}

bool fix_cancel(struct fix *f, const char *user, int64_t id)
{
    pthread_mutex_lock(&f->lock);
    struct fix_job *job = find(f, user, id);
    if (job)
        cancel(job);
    pthread_mutex_unlock(&f->lock);
    return job;
}

struct fix *fix_new(struct bot *bot)
{
    struct fix *f = must(calloc(1, sizeof *f));
    f->bot = bot;
    f->copy = must_printf("%s/draft.db", bot->data_dir);
    f->memory = replay_memory_new();
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->wake, NULL);
    kb_remove(f->copy);
    if (!pthread_create(&f->thread, NULL, fix_main, f))
        return f;
    f->stopping = true;
    f->thread = pthread_self();
    fix_free(f);
    return NULL;
}

void fix_stop(struct fix *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    for (struct fix_job *job = f->job; job; job = job->next)
        cancel(job);
    pthread_cond_broadcast(&f->wake);
    pthread_mutex_unlock(&f->lock);
}

void fix_free(struct fix *f)
{
    if (!f)
        return;
    if (!pthread_equal(f->thread, pthread_self()))
        pthread_join(f->thread, NULL);
    for (struct fix_job *job = f->job, *next; job; job = next) {
        next = job->next;
        job_free(job);
    }
    replay_memory_free(f->memory);
    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->lock);
    free(f->copy);
    free(f);
}
