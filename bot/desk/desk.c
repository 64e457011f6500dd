/* desk.c: the threads that read for the staff, and the way of a request: session, role, run, done. */
#include "bot/desk/desk.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/answer.h"
#include "bot/bot.h"
#include "bot/checkup.h"
#include "bot/clock.h"
#include "bot/draft.h"
#include "bot/erased.h"
#include "bot/journal.h"
#include "bot/json.h"
#include "bot/must.h"
#include "bot/number.h"
#include "bot/survey.h"
#include "bot/work.h"
#include "kb/pool.h"

#define THREADS     2
#define MAX_WAITING 200
#define TOUCH_MS    60000 /* how exactly we know when a session was last used */

struct job {
    struct journal_job journal; /* first: for what writes */
    struct job *next;
    struct desk *desk;
    struct desk_request *rq;
};

struct desk {
    struct bot *bot;
    char *path;
    struct surveyor *surveyor;
    struct examiner *examiner;
    pthread_t thread[THREADS];
    size_t nthread;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *first, **last; /* under lock, like all below */
    size_t waiting;
    bool stopping;
};

/* ---- tokens ---- */

bool desk_session(const char *token, unsigned char ret[STORE_HASH])
{
    if (!token || strlen(token) != DESK_TOKEN - 1)
        return false;
    crypto_generichash(ret, STORE_HASH, (const unsigned char *)token, DESK_TOKEN - 1, NULL, 0);
    return true;
}

void desk_csrf(const char *token, char ret[DESK_TOKEN])
{
    static const unsigned char purpose[crypto_generichash_KEYBYTES] = "guidepost staff csrf";
    unsigned char hash[32];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)token, strlen(token), purpose,
                       sizeof purpose);
    sodium_bin2base64(ret, DESK_TOKEN, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int desk_audit(struct store *s, const struct desk_request *rq, const char *action,
               const char *object, const char *before, const char *after)
{
    char token[40];
    snprintf(token, sizeof token, "token:%lld", (long long)rq->me.token);
    struct store_audit a = {.at_ms = clock_wall_ms(),
                            .actor = rq->me.user,
                            .role = user_role_name(rq->me.role),
                            .action = action,
                            .object = object,
                            .before = before,
                            .after = after,
                            .request = rq->me.token ? token : NULL};
    return store_add_audit(s, &a);
}

/* ---- a request ---- */

const char *desk_text(const struct desk_request *rq, const char *name, size_t max)
{
    return json_string(rq->in, name, max);
}

int64_t desk_number(const struct desk_request *rq, const char *name)
{
    const char *s = json_string(rq->in, name, 18);
    if (!s)
        return json_int(rq->in, name, 1, INT64_MAX, 0);
    int64_t n = 0;
    number_read(s, INT64_MAX, &n);
    return n;
}

/* Whose proxy names somebody else, or gives another role, has to sign on anew. */
static bool is_signed_on(const struct desk_request *rq)
{
    return !rq->signed_on ||
           (!strcasecmp(rq->signed_on, rq->me.user) && (!rq->given || rq->given == rq->me.role));
}

/* Who asks, and may they? */
static int let_in(struct store *s, struct desk_request *rq)
{
    int64_t now = clock_wall_ms();
    int err = rq->bearer ? store_find_token(s, rq->session, now, &rq->me)
                         : store_find_session(s, rq->session, now, &rq->me);
    if (err)
        return err == -ENOENT ? -EPERM : err;
    if (rq->bearer)
        return !(rq->me.scopes & rq->scope) ? -EKEYREVOKED : rq->me.role < rq->needs ? -EACCES : 0;
    if (!is_signed_on(rq))
        return -EPERM;
    if (rq->me.role < rq->needs)
        return -EACCES;
    bool unproved = rq->factor_from && rq->me.role >= rq->factor_from && !rq->me.factor;
    return unproved && !rq->own && !rq->signed_on ? -ENOKEY : 0;
}

static int run(struct store *s, struct desk_request *rq, desk_run_fn *fn)
{
    buf_clear(&rq->body);
    rq->type = rq->file = rq->problem = rq->new_session = rq->forget = NULL;
    rq->next = 0;
    rq->noted = false;
    rq->question = NULL;
    rq->channel = NULL;
    int err = rq->open ? 0 : let_in(s, rq);
    if (!err)
        err = fn(s, rq);
    return !err && buf_failed(&rq->body) ? -E2BIG : err;
}

static void end(struct job *job)
{
    struct desk_request *rq = job->rq;
    struct pool *pool = rq->pool;
    buf_release(&rq->body);
    json_free(rq->in);
    free(job);
    pool_free(pool);
}

/* ---- a session that is used lives on ---- */

struct touch {
    struct journal_job job;
    unsigned char session[STORE_HASH];
    bool bearer;
};

static int run_touch(struct store *s, struct journal_job *j)
{
    const struct touch *t = (struct touch *)j;
    return t->bearer ? store_touch_token(s, t->session, clock_wall_ms())
                     : store_touch_session(s, t->session, clock_wall_ms());
}

static void touch_drop(struct journal_job *j)
{
    free(j);
}

static void touch_done(struct journal_job *j, int err)
{
    (void)err; /* the next request tries again */
    free(j);
}

static void touch(struct desk *d, const struct desk_request *rq)
{
    if (rq->open || rq->unattended || rq->err == -EPERM ||
        clock_wall_ms() - rq->me.used_ms < TOUCH_MS)
        return;
    struct touch *t = must(calloc(1, sizeof *t));
    t->job = (struct journal_job){.run = run_touch, .done = touch_done, .drop = touch_drop};
    t->bearer = rq->bearer;
    memcpy(t->session, rq->session, STORE_HASH);
    if (journal_run(d->bot->journal, &t->job))
        free(t);
}

static void finish(struct job *job)
{
    touch(job->desk, job->rq);
    job->rq->done(job->rq);
    end(job);
}

static void drop(void *ctx)
{
    end(ctx);
}

/* ---- what the base has to say to it ---- */

static void answered(void *ctx, const struct reply *r)
{
    struct job *job = ctx;
    job->rq->replied(job->rq, r);
    if (buf_failed(&job->rq->body))
        job->rq->err = -E2BIG;
    finish(job);
}

/* For whom that network asks: settings are the loop's. */
static const char *audience(const struct bot *bot, const char *channel, struct pool *pool)
{
    for (size_t i = 0; i < bot->nadapter; i++)
        if (!strcmp(bot->adapter[i].type->name, channel)) {
            const char *who = bot_audience(&bot->adapter[i]);
            return who ? pool_strdup(pool, who) : NULL;
        }
    return NULL;
}

static void done(void *ctx)
{
    struct job *job = ctx;
    struct desk_request *rq = job->rq;
    if (!rq->err && rq->forget)
        erased_forget(job->desk->bot, rq->forget_adapter, rq->forget);
    if (!rq->err && rq->question) {
        rq->question->audience = audience(job->desk->bot, rq->channel, rq->pool);
        if (!work_ask(job->desk->bot->work, rq->pool, rq->question, answered, drop, job))
            return;
        rq->err = -EAGAIN;
    }
    finish(job);
}

/* ---- on the journal's thread ---- */

static bool is_refusal(int err)
{
    switch (err) {
    case -ENOKEY:
    case -EKEYREVOKED:
    case -EKEYREJECTED:
    case -EPERM:
    case -EACCES:
    case -ENOENT:
    case -EBUSY:
    case -EEXIST:
    case -EINVAL:
    case -E2BIG: return true;
    default: return false;
    }
}

/* What the request itself finds wrong is no trouble of the disk: it is kept in rq->err, and the journal hears of none. The
 * transaction is not ours alone, so what was written until then is taken back to where we began. */
static int run_write(struct store *s, struct journal_job *j)
{
    struct desk_request *rq = ((struct job *)j)->rq;
    int err = store_mark(s);
    if (err)
        return err;
    rq->err = run(s, rq, rq->run);
    if (rq->err && !is_refusal(rq->err))
        return rq->err;
    return store_settle(s, !rq->err || rq->noted);
}

static void write_done(struct journal_job *j, int err)
{
    struct job *job = (struct job *)j;
    if (err)
        job->rq->err = err;
    done(job);
}

static void write_drop(struct journal_job *j)
{
    end((struct job *)j);
}

/* ---- on a thread of our own ---- */

static int run_read(struct store *s, struct desk_request *rq)
{
    int err = store_begin_read(s);
    if (err)
        return err;
    err = run(s, rq, rq->prepare ? rq->prepare : rq->run);
    store_rollback(s);
    return err;
}

/* What was slow is done; the rest is the journal's. */
static void prepared(void *ctx)
{
    struct job *job = ctx;
    if (!job->rq->err) {
        if (!journal_run(job->desk->bot->journal, &job->journal))
            return; /* its thread may have it already: nothing of it is ours */
        job->rq->err = -EAGAIN;
    }
    done(job);
}

/* The next job; NULL when all stops. */
static struct job *take(struct desk *d)
{
    pthread_mutex_lock(&d->lock);
    while (!d->first && !d->stopping)
        pthread_cond_wait(&d->wake, &d->lock);
    struct job *job = d->stopping ? NULL : d->first;
    if (job && !(d->first = job->next))
        d->last = &d->first;
    d->waiting -= job != NULL;
    pthread_mutex_unlock(&d->lock);
    return job;
}

static void *serve(void *arg)
{
    struct desk *d = arg;
    struct store *s = NULL;
    for (struct job *job; (job = take(d));) {
        if (s && store_is_gone(s)) {
            store_close(s);
            s = NULL;
        }
        int err = s ? 0 : store_open_reader(d->path, &s);
        job->rq->err = err ? -EIO : run_read(s, job->rq);
        loop_post(d->bot->loop, job->rq->prepare ? prepared : done, drop, job);
    }
    store_close(s);
    return NULL;
}

/* ---- in and out ---- */

static int queue(struct desk *d, struct job *job)
{
    pthread_mutex_lock(&d->lock);
    bool full = d->waiting >= MAX_WAITING;
    if (!full) {
        *d->last = job;
        d->last = &job->next;
        d->waiting++;
        pthread_cond_signal(&d->wake);
    }
    pthread_mutex_unlock(&d->lock);
    return full ? -EBUSY : 0;
}

int desk_ask(struct desk *d, struct desk_request *rq)
{
    struct job *job = must(calloc(1, sizeof *job));
    *job = (struct job){
        .journal = {.run = run_write, .done = write_done, .drop = write_drop}, .desk = d, .rq = rq};
    buf_init(&rq->body, DESK_JSON);
    rq->desk = d;
    rq->where = draft_where(rq->pool, d->bot->config, d->bot->index_path);
    int err =
        rq->writes && !rq->prepare ? journal_run(d->bot->journal, &job->journal) : queue(d, job);
    if (err)
        free(job);
    return err ? -EBUSY : 0;
}

struct surveyor *desk_surveyor(struct desk *d)
{
    return d->surveyor;
}

struct examiner *desk_examiner(struct desk *d)
{
    return d->examiner;
}

void desk_use_config(struct desk *d, const struct config *c)
{
    examiner_use(d->examiner, c);
}

struct desk *desk_new(struct bot *bot, const char *path)
{
    struct desk *d = must(calloc(1, sizeof *d));
    d->bot = bot;
    d->path = must(strdup(path));
    d->surveyor = surveyor_new(path, bot->index_path);
    d->examiner = examiner_new(bot->index_path, bot->config);
    survey_give_back(d->surveyor, survey_take(d->surveyor)); /* it will be wanted in a moment */
    d->last = &d->first;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->wake, NULL);
    while (d->nthread < THREADS && !pthread_create(&d->thread[d->nthread], NULL, serve, d))
        d->nthread++;
    if (!d->nthread) {
        desk_free(d);
        return NULL;
    }
    return d;
}

void desk_free(struct desk *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_broadcast(&d->wake);
    pthread_mutex_unlock(&d->lock);
    for (size_t i = 0; i < d->nthread; i++)
        pthread_join(d->thread[i], NULL);
    for (struct job *job = d->first, *next; job; job = next) {
        next = job->next;
        end(job);
    }
    pthread_cond_destroy(&d->wake);
    pthread_mutex_destroy(&d->lock);
    surveyor_free(d->surveyor);
    examiner_free(d->examiner);
    free(d->path);
    free(d);
}
