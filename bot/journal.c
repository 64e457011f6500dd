/* journal.c: jobs go into a queue, one thread does them.
 *
 * Group commit: an fsync costs the same for one job and for a hundred, so whatever has gathered while the last one
 * ran shares the next transaction: all that arrives within one turn of the loop, at least, at whose end the thread is woken.
 * A job on a quiet line is committed at once; on a busy one commits begin one behind the other, each with what has gathered,
 * but with MAX_BATCH jobs at most: then the loop sends what this one has written while the next one writes. All at once they would
 * wait for each other by turns, the loop for the disk and the disk for the loop.
 *
 * A failed commit is every caller's to deal with: all jobs of the batch hear the errno, and the next batch tries again,
 * with a newly opened database unless the disk is merely full. It is said in the log at most once a minute, and once
 * when it works again. Without a next batch it tries by itself: who reads /readyz sends no questions while it says no. A
 * database that somebody removes or replaces while we write it is noticed before the next commit.
 *
 * A job that is itself wrong (-EINVAL) must not take its neighbours with it: then each of the batch gets a transaction
 * of its own.
 *
 * Deliberately not here: what to do about a failure (turn.c, inbox.c), and SQL (store_*.c). */
#include "bot/journal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "bot/clock.h"
#include "bot/limits.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/pack.h"
#include "bot/store.h"

#define MAX_BATCH       100
#define MAIL_DAYS       3              /* how long a message is known after it was dealt with */
#define FORGET_EVERY_MS (3600u * 1000) /* when nothing was left to delete */
#define FORGET_PAUSE_MS 200            /* between two bites, so that answers come first */
#define FORGET_BITE     500
#define COMPLAIN_MS     (60u * 1000)
#define PROBE_MS        2000 /* how often what failed is tried again when nobody asks anything */

const struct setting journal_settings[] = {
    {.name = "journal.synchronous",
     .type = SETTING_CHOICE,
     .value = "full",
     .choices = "full normal",
     .help = "full: what was journaled survives a power cut. normal: it survives a crash of the "
             "program, and slow disks are spared."},
    {.name = "journal.retention_days",
     .type = SETTING_INT,
     .value = "90",
     .min = 0,
     .max = 36500,
     .help =
         "After how many days questions, answers and transcripts are deleted, and what the staff "
         "ignored when nobody has asked it since. 0: never."},
    {.name = "journal.redact",
     .type = SETTING_BOOL,
     .value = "true",
     .help =
         "Mask e-mail addresses, long numbers and ids in what people write, before it is written "
         "down. The question is answered as it was masked."},
    {.name = NULL},
};

struct journal {
    struct loop *loop;
    struct loop_hook *turn_end;
    pthread_t thread;
    char *path, *synchronous;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct journal_job *first, **last; /* under lock, like all up to the blank line */
    size_t waiting;
    bool stopping;
    bool idle; /* the thread sleeps, and nothing has come for it */
    int retention_days;
    unsigned char birthmark[16];

    /* the thread's own */
    struct store *store; /* NULL: to be opened again */
    uint64_t forget_ms, complained_ms;
    uint64_t probe_ms; /* 0: all is well */
    size_t unrecorded; /* jobs since the last complaint */

    atomic_bool writable;
};

/* ---- what the callers hear, on the loop ---- */

static void jobs_drop(void *ctx)
{
    for (struct journal_job *job = ctx, *next; job; job = next) {
        next = job->next;
        job->drop(job);
    }
}

static void jobs_done(void *ctx)
{
    for (struct journal_job *job = ctx, *next; job; job = next) {
        next = job->next;
        job->done(job, job->err);
    }
}

/* ---- the thread ---- */

static void complain(struct journal *j, int err, size_t rows)
{
    uint64_t now = clock_ms();
    j->unrecorded += rows;
    if (!j->unrecorded || (j->complained_ms && now - j->complained_ms < COMPLAIN_MS))
        return;
    char why[256];
    log_error("journal", "cannot record", "jobs=%zu reason=%s", j->unrecorded,
              log_quote(why, sizeof why, store_strerror(err)));
    j->complained_ms = now;
    j->unrecorded = 0;
}

static void settle(struct journal *j, int err, size_t rows)
{
    bool was = atomic_exchange(&j->writable, !err);
    j->probe_ms = err ? clock_ms() + PROBE_MS : 0;
    if (err) {
        complain(j, err, rows);
    } else if (!was) {
        log_info("journal", "recording again", "unrecorded=%zu", j->unrecorded);
        j->complained_ms = 0;
        j->unrecorded = 0;
    }
}

/* What the store holds on to may be what broke: begin again with a new one, unless only room is missing. */
static void after_failure(struct journal *j, int err)
{
    store_rollback(j->store);
    if (err == -ENOSPC || err == -EBUSY || err == -EINVAL)
        return;
    store_close(j->store);
    j->store = NULL;
}

static int ready(struct journal *j)
{
    /* A file without a name takes rows as willingly as ever, and nobody would find them again. */
    if (j->store && store_is_gone(j->store)) {
        char path[512];
        log_warn("journal", "the database was removed or replaced; opening what is there now",
                 "path=%s", log_quote(path, sizeof path, j->path));
        store_close(j->store);
        j->store = NULL;
    }
    if (j->store)
        return 0;
    int err = store_open(j->path, j->synchronous, &j->store);
    if (!err) {
        store_log_aside(j->store);
        pthread_mutex_lock(&j->lock);
        memcpy(j->birthmark, store_birthmark(j->store), sizeof j->birthmark);
        pthread_mutex_unlock(&j->lock);
    }
    return err;
}

/* `n` jobs from `jobs` on in one transaction. */
static int transact(struct journal *j, struct journal_job *jobs, size_t n)
{
    int err = store_begin(j->store);
    struct journal_job *job = jobs;
    for (size_t i = 0; i < n && !err; i++, job = job->next)
        err = job->run(j->store, job);
    return err ? err : store_commit(j->store);
}

/* Each in a transaction of its own; how the worst of them ended. */
static int one_by_one(struct journal *j, struct journal_job *jobs)
{
    int worst = 0;
    for (struct journal_job *job = jobs; job; job = job->next) {
        int err = ready(j);
        if (!err && (err = transact(j, job, 1)))
            after_failure(j, err);
        job->err = err;
        if (err && (!worst || worst == -EINVAL))
            worst = err;
    }
    return worst;
}

static int do_jobs(struct journal *j, struct journal_job *jobs, size_t n)
{
    int err = ready(j);
    if (!err && (err = transact(j, jobs, n)))
        after_failure(j, err);
    if (err == -EINVAL && n > 1)
        return one_by_one(j, jobs);
    for (struct journal_job *job = jobs; job; job = job->next)
        job->err = err;
    return err;
}

static void commit(struct journal *j, struct journal_job *jobs)
{
    size_t n = 0;
    for (struct journal_job *job = jobs; job; job = job->next)
        n++;
    int err = do_jobs(j, jobs, n);
    settle(j, err, n);
    loop_post(j->loop, jobs_done, jobs_drop, jobs);
    if (j->store)
        store_tidy(j->store);
}

static void probe(struct journal *j)
{
    int err = ready(j);
    if (!err && (err = store_probe(j->store)))
        after_failure(j, err);
    settle(j, err, 0);
}

/* One bite of what is too old. */
static void forget(struct journal *j, int days)
{
    j->forget_ms = clock_ms() + FORGET_EVERY_MS;
    if (ready(j))
        return;
    int64_t now = time(NULL), before = (now - (int64_t)days * 86400) * 1000;
    int mail = store_forget_mail(j->store, (now - MAIL_DAYS * 86400) * 1000, FORGET_BITE);
    int turns = mail < 0 || days <= 0 ? mail : store_forget_turns(j->store, before, FORGET_BITE);
    int talks = turns < 0 || days <= 0
                    ? turns
                    : store_forget_transcripts(j->store, before, FORGET_BITE / 10);
    bool more = turns == FORGET_BITE || talks;
    int ignored = talks < 0 || days <= 0 || more ? talks : store_forget_ignored(j->store, before);
    if (ignored < 0)
        after_failure(j, ignored);
    else if (mail >= FORGET_BITE || (days > 0 && more))
        j->forget_ms = clock_ms() + FORGET_PAUSE_MS;
}

/* When there is something to do, if nothing else happens until then. Under lock. */
static uint64_t due_ms(const struct journal *j)
{
    if (j->waiting || j->stopping)
        return 0;
    return j->probe_ms && j->probe_ms < j->forget_ms ? j->probe_ms : j->forget_ms;
}

static void sleep_until(struct journal *j, uint64_t ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    j->idle = !j->first;
    pthread_cond_timedwait(&j->wake, &j->lock, &t);
    j->idle = false;
}

static struct journal_job *take_batch(struct journal *j)
{
    struct journal_job *jobs = j->first, **end = &jobs;
    size_t n = 0;
    for (; *end && n < MAX_BATCH; n++)
        end = &(*end)->next;
    if (!(j->first = *end))
        j->last = &j->first;
    *end = NULL;
    j->waiting -= n;
    return jobs;
}

static void *journal_main(void *ctx)
{
    struct journal *j = ctx;
    prctl(PR_SET_NAME, "journal"); /* for top -H, like the others */
    pthread_mutex_lock(&j->lock);
    while (!j->stopping || j->first) {
        uint64_t due = due_ms(j);
        if (clock_ms() < due) {
            sleep_until(j, due);
            continue;
        }
        struct journal_job *jobs = take_batch(j);
        int days = j->retention_days;
        pthread_mutex_unlock(&j->lock);
        if (jobs)
            commit(j, jobs);
        else if (j->probe_ms)
            probe(j);
        else
            forget(j, days);
        pthread_mutex_lock(&j->lock);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* ---- the loop's side ---- */

/* Whoever has come in this turn shares a transaction. */
static void on_turn_end(void *ctx)
{
    struct journal *j = ctx;
    pthread_mutex_lock(&j->lock);
    bool wake = j->idle && j->first;
    j->idle = j->idle && !wake;
    pthread_mutex_unlock(&j->lock);
    if (wake)
        pthread_cond_signal(&j->wake);
}

static void journal_free(struct journal *j)
{
    store_close(j->store);
    pthread_cond_destroy(&j->wake);
    pthread_mutex_destroy(&j->lock);
    free(j->path);
    free(j->synchronous);
    free(j);
}

int journal_start(struct loop *l, const struct journal_options *opt, struct journal **ret)
{
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return -ENOMEM;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&j->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&j->lock, NULL);
    j->loop = l;
    j->last = &j->first;
    j->retention_days = opt->retention_days;
    j->path = strdup(opt->path);
    j->synchronous = strdup(opt->synchronous);
    atomic_init(&j->writable, true);

    int err = j->path && j->synchronous ? 0 : -ENOMEM;
    if (!err)
        err = ready(j);
    if (!err)
        err = -pthread_create(&j->thread, NULL, journal_main, j);
    if (err) {
        journal_free(j);
        return err;
    }
    j->turn_end = loop_hook(l, on_turn_end, j);
    *ret = j;
    return 0;
}

void journal_stop(struct journal *j)
{
    if (!j)
        return;
    loop_hook_stop(j->turn_end);
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    journal_free(j);
}

int journal_run(struct journal *j, struct journal_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&j->lock);
    int err = j->stopping ? -ESHUTDOWN : j->waiting >= MAX_JOURNAL_QUEUE ? -EBUSY : 0;
    if (!err) {
        *j->last = job;
        j->last = &job->next;
        j->waiting++;
        if (j->waiting == MAX_BATCH)
            pthread_cond_signal(&j->wake);
    }
    pthread_mutex_unlock(&j->lock);
    return err;
}

/* ---- turns ---- */

struct row {
    struct journal_job job;
    journal_done_fn *fn;
    void *ctx;
    int64_t id;
    struct journal_turn turn;
};

static int run_row(struct store *s, struct journal_job *job)
{
    struct row *r = (struct row *)job;
    return store_add_turn(s, &r->turn, &r->id);
}

static void row_drop(struct journal_job *job)
{
    free(job);
}

static void row_done(struct journal_job *job, int err)
{
    struct row *r = (struct row *)job;
    r->fn(r->ctx, err ? err : r->id);
    free(r);
}

int journal_turn(struct journal *j, const struct journal_turn *t, journal_done_fn *fn, void *ctx)
{
    static const size_t texts[] = {
        offsetof(struct row, turn.adapter),  offsetof(struct row, turn.conversation),
        offsetof(struct row, turn.question), offsetof(struct row, turn.lang),
        offsetof(struct row, turn.kind),     offsetof(struct row, turn.reply_json)};
    struct row row = {.job = {.run = run_row, .done = row_done, .drop = row_drop},
                      .fn = fn,
                      .ctx = ctx,
                      .turn = *t};
    struct row *r = pack(&row, sizeof row, texts, sizeof texts / sizeof texts[0]);
    int err = journal_run(j, &r->job);
    if (err)
        free(r);
    return err;
}

void journal_set_retention(struct journal *j, int days)
{
    pthread_mutex_lock(&j->lock);
    j->retention_days = days;
    pthread_mutex_unlock(&j->lock);
}

bool journal_writable(const struct journal *j)
{
    return atomic_load(&j->writable);
}

void journal_birthmark(struct journal *j, unsigned char ret[16])
{
    pthread_mutex_lock(&j->lock);
    memcpy(ret, j->birthmark, sizeof j->birthmark);
    pthread_mutex_unlock(&j->lock);
}
