/* store_log.c: what commits leave in the write-ahead log is carried over into the database by a thread of its own.
 *
 * SQLite does it within the commit that makes the log LOG_PAGES long: some thousand pages are copied and both files synced, 20 to
 * 50 ms in which nobody's message is written down, and so nobody is answered. Here that commit only wakes the thread, which has
 * a connection of its own and copies while further commits append. They append to a log that cannot begin anew before all of
 * it is carried over, and while they come without a pause it never would be. So the last bit, the few pages of those commits,
 * is carried by the writer itself, between two commits.
 *
 * A crash at any moment is SQLite's business and not ours: the log is whole until the next commit behind a complete copy. What cannot
 * be carried (a reader needs it, the disk is full) stays in the log, and is tried again when that has grown. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "bot/must.h"
#include "bot/store_int.h"

#define LOG_PAGES                                                                                  \
    4000 /* 16 MB: pages that every message touches are in it many times, and carried over once */
#define LOG_AGAIN 1000 /* more, before what could not be carried is tried again */
#define LOG_FEW   200  /* are left to the writer: a moment */
#define LOG_TURNS 3    /* at most, until so few are left */

enum log_state {
    LOG_RESTS,
    LOG_WANTED,  /* the thread is at it, or will be */
    LOG_CARRIED, /* all but the last bit */
};

struct store_log {
    pthread_t thread;
    sqlite3 *db; /* the thread's */

    pthread_mutex_t lock;
    pthread_cond_t wake;
    enum log_state state;
    bool stopping;

    /* the writer's */
    int pages; /* in the log */
    int next;  /* as many, and it is carried over */
};

static int carry(sqlite3 *db, int *ret_left)
{
    int all = 0, done = 0;
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, &all, &done);
    *ret_left = all - done;
    return rc;
}

static void *log_main(void *ctx)
{
    struct store_log *l = ctx;
    prctl(PR_SET_NAME, "log");
    pthread_mutex_lock(&l->lock);
    while (!l->stopping) {
        if (l->state != LOG_WANTED) {
            pthread_cond_wait(&l->wake, &l->lock);
            continue;
        }
        pthread_mutex_unlock(&l->lock);
        int left = 0;
        for (int i = 0; i < LOG_TURNS && !carry(l->db, &left) && left > LOG_FEW; i++)
            ;
        pthread_mutex_lock(&l->lock);
        l->state = LOG_CARRIED;
        pthread_cond_broadcast(&l->wake);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static int on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct store_log *)ctx)->pages = pages;
    return SQLITE_OK;
}

static void log_free(struct store_log *l)
{
    sqlite3_close(l->db);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

int store_log_aside(struct store *s)
{
    struct store_log *l = must(calloc(1, sizeof *l));
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wake, NULL);
    l->next = LOG_PAGES;
    int rc = sqlite3_open_v2(s->path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    int err = store_errno(l->db, rc);
    if (!err) /* how it is synced is each connection's own; no checkpoint without one, whatever commits do */
        err = store_run(l->db, "PRAGMA synchronous=NORMAL");
    if (!err)
        err = -pthread_create(&l->thread, NULL, log_main, l);
    if (err) {
        log_free(l);
        return err;
    }
    sqlite3_wal_hook(s->db, on_commit, l); /* in place of SQLite's own, which carries */
    s->log = l;
    return 0;
}

void store_log_wait(struct store *s)
{
    struct store_log *l = s->log;
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    while (l->state == LOG_WANTED)
        pthread_cond_wait(&l->wake, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

void store_tidy(struct store *s)
{
    struct store_log *l = s->log;
    int left = 0;
    if (!l || l->pages < l->next)
        return;
    pthread_mutex_lock(&l->lock);
    bool last_bit = l->state == LOG_CARRIED;
    if (l->state == LOG_RESTS) {
        l->state = LOG_WANTED;
        pthread_cond_broadcast(&l->wake);
    } else if (last_bit) {
        l->state = LOG_RESTS;
    }
    pthread_mutex_unlock(&l->lock);
    if (!last_bit)
        return;
    int rc = carry(s->db, &left);
    l->next = rc || left ? l->pages + LOG_AGAIN : LOG_PAGES;
}

void store_log_stop(struct store *s)
{
    struct store_log *l = s->log;
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_cond_broadcast(&l->wake);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    sqlite3_wal_hook(s->db, NULL, NULL);
    log_free(l);
    s->log = NULL;
}
