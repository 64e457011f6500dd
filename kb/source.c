/* source.c: paths become documents.
 *
 * Walks what the operator named, in an order that never depends on the file system. Each file is read (source_file.c), or, when it
 * has not changed, recalled from what an earlier run remembers of it. Whatever is wrong with one file is reported and the walk goes
 * on: one run tells everything. */
#include "kb/source_file.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- files that have not changed ---------------------------------------------------------------------------
 *
 * A stamp that is the same means the same file, with one exception: file systems count time in steps,
 * of milliseconds or of seconds, and what is written twice within one step looks like once. So a file that was
 * this young when it was read is read again the next time. (Git calls such files racy.) */
#define YOUNG_NS 2000000000LL

static bool is_young(const struct source_run *run, const struct source_stamp *stamp)
{
    long long latest = stamp->mtime_ns > stamp->ctime_ns ? stamp->mtime_ns : stamp->ctime_ns;
    return latest > run->now_ns - YOUNG_NS;
}

/* ---- one file with other bytes ---------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_instead(const struct source_run *run, const struct stat *st)
{
    return run->instead.path && !run->instead_new && is_same(st, &run->instead_at);
}

/* The name that is to be thought into this folder, or NULL. */
static const char *instead_in(const struct source_run *run, const struct stat *folder)
{
    return run->instead.path && run->instead_new && run->instead.text &&
                   is_same(folder, &run->instead_at)
               ? base_name(run->instead.path)
               : NULL;
}

static void find_instead(struct source_run *run, const struct kb_sources *src)
{
    const char *path = src->instead.path;
    if (!path)
        return;
    if (src->root && *path != '/')
        path = pool_printf(run->pool, "%s/%s", src->root, path);
    run->instead = src->instead;
    run->instead.path = path;
    if (!stat(path, &run->instead_at))
        return;
    run->instead_new = true;
    size_t folder = (size_t)(base_name(path) - path);
    const char *above = folder > 1 ? pool_strndup(run->pool, path, folder - 1) : folder ? "/" : ".";
    if (stat(above, &run->instead_at)) { /* no folder, so no file of the content */
        run->instead = (struct kb_instead){0};
        run->instead_new = false;
    }
}

/* ---- read or recalled ------------------------------------------------------------------------------------ */

/* What the file would give if it were read. */
static void replay(struct source_run *run, const char *memo, size_t len)
{
    struct memo_item item;
    source_ids_recalled(&run->ids, &(struct source_recalled){run->file, memo, len, run->order});
    for (size_t pos = 0; memo_next(memo, len, &pos, &item);) {
        switch (item.kind) {
        case MEMO_COUNT:
            run->report->read += item.line + item.column;
            run->report->unchanged += item.line;
            if (!item.len)
                return;
            break;
        case MEMO_DOCUMENT:
        case MEMO_DRAFT:
        case MEMO_ENTRY: break;
        case MEMO_FOLLOWUP:
            source_ids_followup(&run->ids, source_file_place(run, item.text, item.line, 0));
            break;
        case MEMO_WARNING:
            report_add(run->report, false, run->file, item.line, item.column, "%s", item.text);
            break;
        }
    }
}

/* Problems that are no longer listed cannot be remembered. stamp NULL: it must be read again the next time. */
static int keep(struct source_run *run, const struct source_stamp *stamp, size_t problems,
                size_t warnings)
{
    const struct kb_report *report = run->report;
    if (report->nproblem > KB_MAX_PROBLEMS ||
        report->warnings - warnings != report->nproblem - problems)
        return KB_OK;
    for (size_t i = problems; i < report->nproblem; i++) {
        const struct kb_problem *p = &report->problem[i];
        memo_add(&run->memo, MEMO_WARNING, p->line, p->column, p->message);
    }
    memo_count(&run->memo);
    if (run->memo.failed)
        return KB_ERR_NOMEM;
    run->memory->keep(run->memory->ctx, stamp && !is_young(run, stamp) ? stamp : NULL, run->memo.s,
                      run->memo.len);
    return KB_OK;
}

/* Read it, and tell the memory. `instead`: it has other bytes than it has. */
static int read_anew(struct source_run *run, const char *path, const char *name, bool instead)
{
    const struct kb_report *report = run->report;
    size_t problems = report->nproblem, warnings = report->warnings, errors = report->errors;
    run->memo.len = 0;
    size_t len = 0;
    const char *before = NULL;
    if (run->memory) {
        before = run->memory->before(run->memory->ctx, run->file, &len);
        run->memory->begin(run->memory->ctx, run->file);
    }
    if (before)
        source_ids_before(&run->ids, before, len);
    int rc = instead ? source_file_read_instead(run, name) : source_file_read(run, path, name);
    return !rc && run->memory && report->errors == errors
               ? keep(run, instead ? NULL : &run->stamp, problems, warnings)
               : rc;
}

/* True when this very file was met before, through a link or because it was named twice. */
static bool seen(struct source_run *run, const struct stat *st)
{
    uint64_t number[] = {(uint64_t)st->st_dev, (uint64_t)st->st_ino};
    char *key = pool_alloc(run->pool, 2 * sizeof number + 1);
    sodium_bin2hex(key, 2 * sizeof number + 1, (const unsigned char *)number, sizeof number);
    return names_claim(&run->files, run->pool, (struct name_place){.name = key});
}

static int take_file(struct source_run *run, const char *path, const char *name,
                     const struct stat *st)
{
    size_t errors = run->report->errors, len = 0;
    int rc = KB_OK;
    bool instead = is_instead(run, st);
    if (seen(run, st) || (instead && !run->instead.text))
        return KB_OK;
    run->order++;
    struct source_stamp stamp = source_file_stamp(name, st);
    const char *memo = run->memory && S_ISREG(st->st_mode) && !instead
                           ? run->memory->recall(run->memory->ctx, run->file, &stamp, &len)
                           : NULL;
    if (memo)
        replay(run, memo, len);
    else
        rc = read_anew(run, path, name, instead);
    run->report->rejected += run->report->errors > errors;
    return rc;
}

/* A file that is not there yet. */
static int take_new(struct source_run *run, const char *file, const char *name)
{
    size_t errors = run->report->errors;
    run->file = file;
    run->order++;
    int rc = read_anew(run, run->instead.path, name, true);
    run->report->rejected += run->report->errors > errors;
    return rc;
}

/* ---- walking ---------------------------------------------------------------------------------------------------- */

/* A folder that is being read, and those above it: a link to one of them would go round for ever. */
struct folder {
    const struct folder *above;
    dev_t dev;
    ino_t ino;
    int depth;
};

static bool goes_round(const struct folder *above, const struct stat *st)
{
    for (; above; above = above->above)
        if (above->dev == st->st_dev && above->ino == st->st_ino)
            return true;
    return false;
}

static int is_wanted(const struct dirent *d)
{
    return d->d_name[0] != '.' && d->d_name[0] != '_';
}

/* Not alphasort(), whose order depends on the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk(struct source_run *run, const char *path, const char *file, const char *name,
                const struct folder *above);

/* As "%s%s%s"; thousands of files make the difference felt. */
static const char *join(struct pool *pool, const char *a, const char *b, const char *c)
{
    size_t la = strlen(a), lb = strlen(b), lc = strlen(c);
    char *s = pool_alloc(pool, la + lb + lc + 1);
    memcpy(s, a, la);
    memcpy(s + la, b, lb);
    memcpy(s + la + lb, c, lc);
    return s;
}

/* `name` is what of `file` lies below the folder that was given, with '/' at its end, or "". */
static int walk_folder(struct source_run *run, const char *path, const char *file, const char *name,
                       const struct folder *folder, const struct stat *at)
{
    struct dirent **found;
    int n = scandir(path, &found, is_wanted, by_bytes), rc = KB_OK;
    if (n < 0) {
        source_file_fail(run, "cannot be listed", errno);
        return KB_OK;
    }
    const char *slash = *file && file[strlen(file) - 1] == '/' ? "" : "/";
    const char *thought = instead_in(run, at);
    for (int i = 0; i <= n; i++) {
        const char *child = i < n ? found[i]->d_name : NULL;
        if (!rc && thought && (!child || strcmp(thought, child) < 0)) {
            rc = take_new(run, join(run->pool, file, slash, thought),
                          join(run->pool, name, "", thought));
            thought = NULL;
        }
        if (!child)
            break;
        if (!rc)
            rc = walk(run, join(run->pool, path, "/", child),
                      join(run->pool, file, slash,
                           text_repair(run->pool, child, strlen(child), NULL, NULL)),
                      join(run->pool, name, "", child), folder);
        free(found[i]);
    }
    free(found);
    return rc;
}

/* A file or folder at `path`. `above`: the folder it was found in, NULL when the operator named it. */
static int walk(struct source_run *run, const char *path, const char *file, const char *name,
                const struct folder *above)
{
    struct stat st;
    run->file = file;
    if (stat(path, &st) < 0) {
        if (run->instead_new && run->instead.text && !strcmp(path, run->instead.path))
            return take_new(run, file, name);
        run->report->rejected++;
        if (errno == ENOENT && !above)
            report_add(run->report, true, file, 0, 0,
                       "is not there; guides were expected at this path");
        else
            source_file_fail(run, "cannot be read", errno);
        return KB_OK;
    }
    if (!S_ISDIR(st.st_mode)) {
        if (above && (!S_ISREG(st.st_mode) || !source_file_is_known(name)))
            return KB_OK; /* a folder may hold pictures, too */
        return take_file(run, path, name, &st);
    }
    struct folder here = {above, st.st_dev, st.st_ino, above ? above->depth + 1 : 0};
    if (goes_round(above, &st)) {
        report_add(run->report, false, file, 0, 0,
                   "is a link to a folder above it and is not followed");
        return KB_OK;
    }
    if (here.depth > KB_MAX_DEPTH) {
        report_add(run->report, true, file, 0, 0, "is more than %d folders deep", KB_MAX_DEPTH);
        return KB_OK;
    }
    const char *below = above ? pool_printf(run->pool, "%s/", name) : "";
    return walk_folder(run, path, file, below, &here, &st);
}

int source_read(const struct kb_sources *src, const struct source_memory *memory,
                struct kb_report *report, document_fn *fn, void *ctx)
{
    struct timespec now;
    if (sodium_init() < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
        return KB_ERR_IO;
    struct source_run run = {.pool = pool_new(),
                             .memory = memory,
                             .now_ns = (long long)now.tv_sec * 1000000000 + now.tv_nsec,
                             .report = report,
                             .fn = fn,
                             .ctx = ctx};
    run.ids = (struct source_ids){.pool = run.pool, .report = report};
    size_t errors = report->errors;
    int rc = KB_OK;
    find_instead(&run, src);
    for (size_t i = 0; i < src->n && !rc; i++) {
        const char *file = src->path[i], *path = file;
        if (src->root && file[0] != '/')
            path = pool_printf(run.pool, "%s/%s", src->root, file);
        rc = walk(&run, path, pool_strdup(run.pool, file), base_name(file), NULL);
    }
    if (!rc)
        rc = source_ids_check(&run.ids);
    if (!rc && !report->read && report->errors == errors)
        report_add(report, false, src->n ? src->path[0] : "content", 0, 0,
                   "holds no guide and no FAQ: there is nothing to answer from");
    memo_release(&run.memo);
    pool_free(run.pool);
    return rc ? rc : report->errors > errors ? KB_ERR_INPUT : KB_OK;
}
