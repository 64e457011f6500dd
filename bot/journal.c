/* journal.c: rows go into a queue, one thread writes them.
 *
 * Group commit: an fsync costs the same for one row and for a hundred, so whatever has gathered while the last one
 * ran shares the next. A row on a quiet line is committed at once; on a busy one commits are COMMIT_EVERY_MS apart
 * (or MAX_BATCH rows), which bounds what the disk is asked to do and costs nobody more than that.
 *
 * A failed commit is not the asker's problem: every row of the batch hears the errno, the answer goes out
 * unrecorded, and the next batch tries again, with a newly opened database unless the disk is merely full. It
 * is said in the log at most once a minute, and once when it works again. Without a next batch it tries by itself: who
 * reads /readyz sends no questions while it says no. A database that somebody removes or replaces
 * while we write it is noticed before the next commit.
 *
 * Deliberately not here: what to do about a failure (turn.c), and SQL (store_sqlite.c). */
#include "bot/journal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot/clock.h"
#include "bot/limits.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/store.h"

#define COMMIT_EVERY_MS 5
#define MAX_BATCH       100
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
     .help = "After how many days questions and answers are deleted. 0: never."},
    {.name = NULL},
};

struct row {
    struct row *next;
    journal_done_fn *fn;
    void *ctx;
    int64_t id; /* or the errno */
    struct journal_turn turn;
    char text[]; /* what turn points into */
};

struct journal {
    struct loop *loop;
    pthread_t thread;
    char *path, *synchronous;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct row *first, **last; /* under lock, like the next three */
    size_t waiting;
    bool stopping;
    int retention_days;

    /* the thread's own */
    struct store *store; /* NULL: to be opened again */
    uint64_t committed_ms, forget_ms, complained_ms;
    uint64_t probe_ms; /* 0: all is well */
    size_t unrecorded; /* since the last complaint */

    atomic_bool writable;
};

/* ---- what the callers hear, on the loop ---- */

static void rows_free(void *ctx)
{
    for (struct row *r = ctx, *next; r; r = next) {
        next = r->next;
        free(r);
    }
}

static void rows_done(void *ctx)
{
    for (struct row *r = ctx; r; r = r->next)
        r->fn(r->ctx, r->id);
    rows_free(ctx);
}

/* ---- the thread ---- */

static void complain(struct journal *j, int err, size_t rows)
{
    uint64_t now = clock_ms();
    j->unrecorded += rows;
    if (!j->unrecorded || (j->complained_ms && now - j->complained_ms < COMPLAIN_MS))
        return;
    char why[256];
    log_error("journal", "answered but not recorded", "rows=%zu reason=%s", j->unrecorded,
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
    if (err == -ENOSPC || err == -EBUSY)
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
    return j->store ? 0 : store_open(j->path, j->synchronous, &j->store);
}

static int write_rows(struct journal *j, struct row *rows)
{
    int err = ready(j);
    if (err)
        return err;
    err = store_begin(j->store);
    for (struct row *r = rows; r && !err; r = r->next)
        err = store_add_turn(j->store, &r->turn, &r->id);
    if (!err)
        err = store_commit(j->store);
    if (err)
        after_failure(j, err);
    return err;
}

static void commit(struct journal *j, struct row *rows)
{
    size_t n = 0;
    int err = write_rows(j, rows);
    for (struct row *r = rows; r; r = r->next, n++)
        if (err)
            r->id = err;
    j->committed_ms = clock_ms();
    settle(j, err, n);
    loop_post(j->loop, rows_done, rows_free, rows);
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
    if (days <= 0 || ready(j))
        return;
    int64_t before = ((int64_t)time(NULL) - (int64_t)days * 86400) * 1000;
    int n = store_forget_turns(j->store, before, FORGET_BITE);
    if (n < 0)
        after_failure(j, n);
    else if (n == FORGET_BITE)
        j->forget_ms = clock_ms() + FORGET_PAUSE_MS;
}

/* When there is something to do, if nothing else happens until then. Under lock. */
static uint64_t due_ms(const struct journal *j)
{
    if (j->waiting >= MAX_BATCH || j->stopping)
        return 0;
    if (j->waiting)
        return j->committed_ms + COMMIT_EVERY_MS;
    return j->probe_ms && j->probe_ms < j->forget_ms ? j->probe_ms : j->forget_ms;
}

static void sleep_until(struct journal *j, uint64_t ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    pthread_cond_timedwait(&j->wake, &j->lock, &t);
}

static struct row *take_batch(struct journal *j)
{
    struct row *rows = j->first, **end = &rows;
    size_t n = 0;
    for (; *end && n < MAX_BATCH; n++)
        end = &(*end)->next;
    if (!(j->first = *end))
        j->last = &j->first;
    *end = NULL;
    j->waiting -= n;
    return rows;
}

static void *journal_main(void *ctx)
{
    struct journal *j = ctx;
    pthread_mutex_lock(&j->lock);
    while (!j->stopping || j->first) {
        uint64_t due = due_ms(j);
        if (clock_ms() < due) {
            sleep_until(j, due);
            continue;
        }
        struct row *rows = take_batch(j);
        int days = j->retention_days;
        pthread_mutex_unlock(&j->lock);
        if (rows)
            commit(j, rows);
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
    *ret = j;
    return 0;
}

void journal_stop(struct journal *j)
{
    if (!j)
        return;
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    journal_free(j);
}

/* `s` behind *at; NULL stays NULL. */
static const char *copy(char **at, const char *s)
{
    if (!s)
        return NULL;
    size_t n = strlen(s) + 1;
    char *p = memcpy(*at, s, n);
    *at += n;
    return p;
}

static struct row *row_new(const struct journal_turn *t)
{
    const char *text[] = {t->adapter, t->conversation, t->question,
                          t->lang,    t->reply_json,   t->kind};
    size_t size = sizeof(struct row);
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
        size += text[i] ? strlen(text[i]) + 1 : 0;
    struct row *r = calloc(1, size);
    if (!r)
        return NULL;
    char *at = r->text;
    r->turn = *t;
    r->turn.adapter = copy(&at, t->adapter);
    r->turn.conversation = copy(&at, t->conversation);
    r->turn.question = copy(&at, t->question);
    r->turn.lang = copy(&at, t->lang);
    r->turn.reply_json = copy(&at, t->reply_json);
    r->turn.kind = copy(&at, t->kind);
    return r;
}

int journal_turn(struct journal *j, const struct journal_turn *t, journal_done_fn *fn, void *ctx)
{
    struct row *r = row_new(t);
    if (!r)
        return -ENOMEM;
    r->fn = fn;
    r->ctx = ctx;

    pthread_mutex_lock(&j->lock);
    int err = j->stopping ? -ESHUTDOWN : j->waiting >= MAX_JOURNAL_QUEUE ? -EBUSY : 0;
    if (!err) {
        *j->last = r;
        j->last = &r->next;
        j->waiting++;
        if (j->waiting == 1 || j->waiting == MAX_BATCH)
            pthread_cond_signal(&j->wake);
    }
    pthread_mutex_unlock(&j->lock);
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
