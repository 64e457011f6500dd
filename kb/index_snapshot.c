/* index_snapshot.c: after the index, the snapshot: kept in step, or written anew.
 *
 * Runs under the writer's lock, when the transaction is long visible: readers cover what the snapshot lacks by
 * a delta (snap_view.c), so this is never urgent, and its failure is a warning. A new one is written when there is none
 * that is sound, or when the delta has grown: beyond a few hundred passages reading them at the first
 * question would be felt. The change log before the snapshot is then of no use; the next update removes it.
 *
 * The first snapshot of a base is gathered from the words that FTS5 hears while it is filled, and where it is large written by
 * a thread of its own while SQLite makes its indexes. */
#include "kb/snap.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BACKGROUND 10000 /* passages: the snapshot of fewer is written before a thread has begun */

#define DELTA_FEW  32  /* changed passages that are never worth a new snapshot */
#define DELTA_MANY 512 /* and that always are; in between, a twentieth of the base */

/* The generation of a sound snapshot of this base; -1 without one. What is not `thorough` looks at the header, as a
 * reader does when it opens the file. */
static long long snapshot_generation(sqlite3 *db, const char *path, bool thorough)
{
    uint8_t base[16];
    int64_t now = 0, generation = -1;
    bool sound =
        schema_identity(db, base, &now) == 0 && snap_verify(path, base, thorough, &generation) == 0;
    return sound && generation <= now ? generation : -1;
}

static long long meta(sqlite3 *db, const char *sql)
{
    return schema_number(db, sql, 0, -1);
}

static bool wanted(sqlite3 *db, long long generation)
{
    if (generation < 0 ||
        meta(db, "SELECT value FROM meta WHERE key = 'changes_from'") > generation)
        return true;
    long long changed = schema_number(db, "SELECT count(*) FROM changes WHERE generation > ?1",
                                      generation, DELTA_MANY + 1);
    long long passages = meta(db, "SELECT value FROM meta WHERE key = 'passages'");
    return changed > DELTA_MANY || (changed > DELTA_FEW && changed * 20 > passages);
}

static int build(sqlite3 *db, const char *path)
{
    struct tokenizer *t = NULL;
    int r = tokenizer_new(&t);
    if (!r)
        r = snap_build(db, t, path);
    tokenizer_free(t);
    return r;
}

/* ---- one that is gathered on the way ---------------------------------------------------------- */

struct index_snapshot {
    struct snap_builder *builder;
    char *temp;
    uint8_t base[16];
    int64_t generation;
    pthread_t thread;
    bool running, written;
    int err;
};

struct index_snapshot *index_snapshot_new(const char *db_path)
{
    struct index_snapshot *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->builder = snap_builder_new();
    s->temp = sqlite3_mprintf("%s.snap.new-%d", db_path, (int)getpid());
    if (s->builder && s->temp)
        return s;
    index_snapshot_free(s);
    return NULL;
}

struct snap_builder *index_snapshot_builder(struct index_snapshot *s)
{
    return s ? s->builder : NULL;
}

static void *write_in_background(void *ctx)
{
    struct index_snapshot *s = ctx;
    s->err = snap_builder_write(s->builder, s->base, s->generation, s->temp);
    return NULL;
}

static bool start_thread(struct index_snapshot *s)
{
    sigset_t all, before;
    sigfillset(&all); /* signals are other threads' business */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&s->thread, NULL, write_in_background, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void index_snapshot_start(struct index_snapshot *s, sqlite3 *db)
{
    if (!s || schema_identity(db, s->base, &s->generation) != 0)
        return;
    struct tokenizer *t = NULL;
    if (!tokenizer_new(&t))
        snap_builder_synonyms(s->builder, db, t);
    tokenizer_free(t);
    s->generation++;
    s->written = true;
    s->running = snap_builder_passages(s->builder) >= BACKGROUND && start_thread(s);
    if (!s->running)
        write_in_background(s);
}

static void wait_for(struct index_snapshot *s)
{
    if (s->running)
        pthread_join(s->thread, NULL);
    s->running = false;
}

void index_snapshot_free(struct index_snapshot *s)
{
    if (!s)
        return;
    wait_for(s);
    if (s->written)
        unlink(s->temp);
    snap_builder_free(s->builder);
    sqlite3_free(s->temp);
    free(s);
}

/* True when it was written, and is now the base's. */
static bool put_in_place(struct index_snapshot *s, const char *path)
{
    if (!s || !s->written)
        return false;
    wait_for(s);
    if (s->err || rename(s->temp, path) != 0)
        return false; /* then it is built from the base, which will say what is wrong */
    s->written = false;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int keep_in_step(struct index_file *f, const char *path, bool thorough)
{
    int r = f->db ? 0 : schema_open(f->path, true, &f->db); /* it was built elsewhere and renamed */
    if (!r)
        r = schema_err(sqlite3_exec(f->db, "BEGIN", NULL, NULL, NULL));
    if (!r && wanted(f->db, snapshot_generation(f->db, path, thorough)))
        r = build(f->db, path);
    if (f->db && !sqlite3_get_autocommit(f->db))
        sqlite3_exec(f->db, "COMMIT", NULL, NULL, NULL);
    return r;
}

int index_snapshot_finish(struct index_snapshot *s, struct index_file *f, bool thorough,
                          struct kb_report *report)
{
    char *path = sqlite3_mprintf("%s.snap", f->path);
    int r = path ? 0 : KB_ERR_NOMEM;
    if (!r && !put_in_place(s, path))
        r = keep_in_step(f, path, thorough);
    if (r)
        report_add(report, false, f->path, 0, 0,
                   "the snapshot for fast answers could not be written: %s", kb_strerror(r));
    sqlite3_free(path);
    return 0;
}

int index_forget_changes(sqlite3 *db, const char *db_path)
{
    char *path = sqlite3_mprintf("%s.snap", db_path), *sql = NULL;
    long long generation = path ? snapshot_generation(db, path, false) : -1;
    int r = path ? 0 : KB_ERR_NOMEM;
    if (!r && generation > meta(db, "SELECT value FROM meta WHERE key = 'changes_from'")) {
        sql = sqlite3_mprintf("DELETE FROM changes WHERE generation <= %lld;"
                              "UPDATE meta SET value = %lld WHERE key = 'changes_from'",
                              generation, generation);
        r = sql ? schema_err(sqlite3_exec(db, sql, NULL, NULL, NULL)) : KB_ERR_NOMEM;
    }
    sqlite3_free(sql);
    sqlite3_free(path);
    return r;
}
