/* index_file.c: the file that is being written, and that readers must never see half-made.
 *
 * A sound base is updated in place, in one SQLite transaction. A missing, damaged or outdated
 * one is built under another name and renamed over it: readers keep the old file until they
 * notice (kb_stale), and a crash leaves nothing but a stray file, which the next run removes.
 *
 * Writers take turns by a lock on "<base>.lock", for the whole run: reading the sources is part
 * of it, or an older view of them could overwrite a newer one. The kernel drops the lock with
 * the process.
 *
 * Files that are not ours are not destroyed by a mistyped path: a database of another program is
 * refused, and anything else that is no database is kept under another name. */
#include "kb/kb_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_POLL_MS 20
#define TIDY_MS      200 /* for readers to let go of the log; the next run tries again */

static int fail(struct kb_report *report, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static int fail(struct kb_report *report, int err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    free(report->message);
    if (vasprintf(&report->message, fmt, ap) < 0)
        report->message = NULL;
    va_end(ap);
    return err;
}

/* After a failed system call. */
static int fail_errno(struct kb_report *report, const char *path, const char *what)
{
    int e = errno;
    bool full = e == ENOSPC || e == EDQUOT || e == EFBIG;
    return fail(report, full ? KB_ERR_FULL : KB_ERR_IO, "%s: cannot %s: %s", path, what,
                strerror(e));
}

/* ---- lock ------------------------------------------------------------------------------------ */

/* Open and lock f->lock. 1: locked, 0: held by somebody else, or removed under us; negative: an
 * error. Whoever is done removes it: one that is there and held by nobody belonged to a run that died. */
static int try_lock(struct index_file *f, struct kb_report *report)
{
    struct stat opened, there;
    int fd = open(f->lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    bool found = fd < 0 && errno == EEXIST;
    if (found)
        fd = open(f->lock, O_RDWR | O_CLOEXEC);
    if (found && fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return fail_errno(report, f->lock, "create the lock");
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int e = errno;
        close(fd);
        errno = e;
        return e == EWOULDBLOCK || e == EINTR ? 0 : fail_errno(report, f->lock, "lock");
    }
    /* Its last owner removed it between our open and our lock: then it excludes nobody. */
    if (fstat(fd, &opened) < 0 || stat(f->lock, &there) < 0 || opened.st_ino != there.st_ino) {
        close(fd);
        return 0;
    }
    f->lock_fd = fd;
    f->suspect = found;
    return 1;
}

static int lock(struct index_file *f, int wait_ms, struct kb_report *report)
{
    const struct timespec pause = {.tv_nsec = LOCK_POLL_MS * 1000000L};
    for (int waited = 0; waited <= wait_ms; waited += LOCK_POLL_MS) {
        int r = try_lock(f, report);
        if (r)
            return r < 0 ? r : 0;
        nanosleep(&pause, NULL);
    }
    return fail(report, KB_ERR_BUSY,
                "%s: another process is still indexing; try again when it is done", f->path);
}

static void unlock(struct index_file *f)
{
    if (f->lock_fd < 0)
        return;
    unlink(f->lock);
    close(f->lock_fd);
    f->lock_fd = -1;
}

/* ---- names and stray files ------------------------------------------------------------------- */

static void unlink_beside(const char *path, const char *suffix)
{
    char *name;
    if (asprintf(&name, "%s%s", path, suffix) < 0)
        return;
    unlink(name);
    free(name);
}

void index_file_remove(const char *path)
{
    static const char *const suffix[] = {"-wal", "-shm", "-journal", ".snap"};
    unlink(path);
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++)
        unlink_beside(path, suffix[i]);
}

static bool starts_with(const char *s, const char *start)
{
    return !strncmp(s, start, strlen(start));
}

/* Of a new base, or of a new snapshot. */
static bool is_stray(const char *name, const char *base)
{
    if (!starts_with(name, base))
        return false;
    name += strlen(base);
    return starts_with(name, ".new-") || starts_with(name, ".snap.new-");
}

/* Whatever such files are there were left by a builder that died: living ones hold the lock. */
static void sweep(const char *path)
{
    char *for_dir = strdup(path), *for_base = strdup(path), *name;
    DIR *dir = NULL;
    if (!for_dir || !for_base)
        goto out;
    const char *base = basename(for_base);
    dir = opendir(dirname(for_dir));
    if (!dir)
        goto out;
    for (struct dirent *e; (e = readdir(dir));)
        if (is_stray(e->d_name, base) && asprintf(&name, "%s/%s", for_dir, e->d_name) >= 0) {
            unlink(name);
            free(name);
        }
out:
    if (dir)
        closedir(dir);
    free(for_dir);
    free(for_base);
}

static int sync_path(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0)
        return -1;
    int r = fsync(fd), e = errno;
    close(fd);
    errno = e;
    return r;
}

static int sync_folder(const char *path)
{
    char *copy = strdup(path);
    int r = copy ? sync_path(dirname(copy), O_DIRECTORY) : -1;
    free(copy);
    /* Some file systems cannot: the rename is then as durable as they make it. */
    return r < 0 && errno == EINVAL ? 0 : r;
}

/* ---- what is there --------------------------------------------------------------------------- */

enum found { FOUND_NOTHING, FOUND_OURS, FOUND_FOREIGN, FOUND_NO_DATABASE };

/* By the first bytes alone: SQLite's magic string, and the application id at byte 68. */
static enum found look(const char *path)
{
    unsigned char head[72] = {0};
    struct stat st;
    if (stat(path, &st) < 0 || !st.st_size || schema_peek(path, head, sizeof head))
        return FOUND_NOTHING;
    if (st.st_size < (off_t)sizeof head || memcmp(head, "SQLite format 3", 16) != 0)
        return FOUND_NO_DATABASE;
    unsigned id =
        (unsigned)head[68] << 24 | (unsigned)head[69] << 16 | (unsigned)head[70] << 8 | head[71];
    return id == SCHEMA_APPLICATION_ID ? FOUND_OURS : FOUND_FOREIGN;
}

static int set_aside(const char *path, struct kb_report *report)
{
    char *aside;
    if (asprintf(&aside, "%s.damaged", path) < 0)
        return KB_ERR_NOMEM;
    int r = 0;
    if (rename(path, aside) < 0)
        r = fail_errno(report, path, "rename it to *.damaged");
    else
        report_add(report, false, path, 0, 0, "this was no knowledge base; it is kept as %s",
                   aside);
    free(aside);
    return r;
}

/* An empty base under a name of its own. Nobody reads it and a crash throws it away, so it needs
 * no log and no syncing until it is published. */
static int create_fresh(struct index_file *f, struct kb_report *report)
{
    if (asprintf(&f->fresh, "%s.new-%ld", f->path, (long)getpid()) < 0) {
        f->fresh = NULL;
        return KB_ERR_NOMEM;
    }
    int r = schema_open(f->fresh, true, &f->db);
    if (!r)
        r = schema_db_err(f->db,
                          sqlite3_exec(f->db, "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF",
                                       NULL, NULL, NULL));
    if (r)
        return fail(report, r, "%s: cannot create the knowledge base: %s", f->path, kb_strerror(r));
    report->rebuilt = true;
    return 0;
}

int index_file_check(sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    const char *said = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
    int r = rc == SQLITE_ROW ? (said && !strcmp(said, "ok") ? 0 : KB_ERR_DAMAGED) : schema_err(rc);
    sqlite3_finalize(st);
    return r;
}

static int open_base(struct index_file *f, struct kb_report *report)
{
    enum found found = look(f->path);
    if (found == FOUND_NOTHING)
        return create_fresh(f, report);
    if (found == FOUND_FOREIGN)
        return fail(
            report, KB_ERR_DAMAGED,
            "%s: this is a database of another program; name another file for the knowledge base",
            f->path);
    int r = found == FOUND_OURS ? schema_open(f->path, true, &f->db) : KB_ERR_DAMAGED;
    if (!r && f->suspect && (r = index_file_check(f->db))) {
        sqlite3_close(f->db);
        f->db = NULL;
    }
    if (r == KB_ERR_DAMAGED || r == KB_ERR_OLDER)
        return create_fresh(f, report);
    return r ? fail(report, r, "%s: %s", f->path, kb_strerror(r)) : 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

int index_file_open(const char *path, int wait_ms, struct index_file *ret, struct kb_report *report)
{
    struct stat st;
    *ret = (struct index_file){.lock_fd = -1};
    ret->path = realpath(path, NULL); /* a link stays a link: what it points to is replaced */
    if (!ret->path && errno != ENOENT)
        return fail_errno(report, path, "open");
    if (!ret->path && !(ret->path = strdup(path)))
        return KB_ERR_NOMEM;
    if (stat(ret->path, &st) == 0 && !S_ISREG(st.st_mode))
        return fail(report, KB_ERR_IO, "%s: this is not a file; name a file for the knowledge base",
                    path);
    if (asprintf(&ret->lock, "%s.lock", ret->path) < 0) {
        ret->lock = NULL;
        return KB_ERR_NOMEM;
    }
    int r = lock(ret, wait_ms, report);
    if (r)
        return r;
    sweep(ret->path);
    return open_base(ret, report);
}

int index_file_restart(struct index_file *f, struct kb_report *report)
{
    sqlite3_close(f->db);
    f->db = NULL;
    return create_fresh(f, report);
}

static long long pragma(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    long long n = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

/* In place: give back room when most of the file is unused, and empty the log, so that neither
 * grows from run to run. Both are housekeeping: when there is no space or a reader is in the
 * way, the next run tries again. */
static int publish_update(struct index_file *f)
{
    sqlite3_busy_timeout(f->db, TIDY_MS);
    if (pragma(f->db, "PRAGMA freelist_count") * 2 > pragma(f->db, "PRAGMA page_count"))
        sqlite3_exec(f->db, "VACUUM", NULL, NULL, NULL);
    sqlite3_wal_checkpoint_v2(f->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return 0;
}

/* A log or journal of the file that is replaced must not be replayed into the new one. */
static int publish_fresh(struct index_file *f, struct kb_report *report)
{
    int rc = sqlite3_exec(f->db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
    int r = schema_db_err(f->db, rc);
    if (!r)
        r = schema_db_err(f->db, sqlite3_close(f->db));
    if (r)
        return fail(report, r, "%s: cannot finish the knowledge base: %s", f->path, kb_strerror(r));
    f->db = NULL;
    if (sync_path(f->fresh, 0) < 0)
        return fail_errno(report, f->fresh, "write it to disk");
    if (look(f->path) == FOUND_NO_DATABASE && (r = set_aside(f->path, report)))
        return r;
    unlink_beside(f->path, "-wal");
    unlink_beside(f->path, "-shm");
    unlink_beside(f->path, "-journal");
    if (rename(f->fresh, f->path) < 0)
        return fail_errno(report, f->path, "put the new knowledge base in place");
    free(f->fresh);
    f->fresh = NULL;
    return sync_folder(f->path) < 0 ? fail_errno(report, f->path, "write its folder to disk") : 0;
}

int index_file_publish(struct index_file *f, struct kb_report *report)
{
    return f->fresh ? publish_fresh(f, report) : publish_update(f);
}

void index_file_release(struct index_file *f)
{
    sqlite3_close(f->db);
    f->db = NULL;
    if (f->fresh)
        index_file_remove(f->fresh);
    unlock(f);
    free(f->path);
    free(f->lock);
    free(f->fresh);
    *f = (struct index_file){.lock_fd = -1};
}
