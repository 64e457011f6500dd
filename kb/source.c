/* source.c: paths become documents.
 *
 * Walks what the operator named, in an order that never depends on the file system, reads each file,
 * repairs its text and gives it to the parser of its kind. Whatever is wrong with one file is reported
 * and the walk goes on: one run tells everything.
 *
 * JSON lines are read record by record, each with a pool of its own, since exports of a million
 * records are usual and 64 MB is nothing to them. All other kinds are read whole. */
#include "kb/kb_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- kinds of files ---------------------------------------------------------------------------------- */

typedef int parser_fn(const struct source *src, document_fn *fn, void *ctx);

struct kind {
    const char *ending;
    parser_fn *parse; /* NULL: JSON lines */
};

/* The first that fits: .faq.yaml before any .yaml that may come. */
static const struct kind kinds[] = {
    {".faq.yaml", source_faq}, {".faq.yml", source_faq},
    {".md", source_markdown},  {".markdown", source_markdown},
    {".txt", source_text},     {".text", source_text},
    {".html", source_html},    {".htm", source_html},
    {".csv", source_table},    {".tsv", source_table},
    {".json", source_json},    {".jsonl", NULL},
    {".ndjson", NULL},
};

static const struct kind *kind_of(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i].ending);
        if (len > n && strcasecmp(name + len - n, kinds[i].ending) == 0)
            return &kinds[i];
    }
    return NULL;
}

/* ---- one run --------------------------------------------------------------------------------------------- */

struct run {
    struct pool *pool; /* for the whole run: names and places, no text */
    struct kb_report *report;
    document_fn *fn;
    void *ctx;
    const struct source *src;           /* the file or record being parsed */
    const char *file;                   /* its name for problems, in the run's pool */
    const struct source_memory *memory; /* or NULL */
    struct memo memo;                   /* of the file that is being read, and its stamp */
    struct source_stamp stamp;
    long long now_ns; /* when the run began */
    struct source_ids ids;
    struct names files;
    struct kb_instead instead; /* path NULL: none */
    struct stat instead_at;    /* of that file, or, when it is not there, of its folder */
    bool instead_new;          /* it is not there */
    uint32_t order;            /* of the file at hand */
    int stopped;               /* what fn returned, when it was not 0 */
};

void source_hash(struct document *doc, const char *s, size_t len)
{
    unsigned char sum[16];
    crypto_generichash(sum, sizeof sum, (const unsigned char *)s, len, NULL, 0);
    sodium_bin2hex(doc->hash, sizeof doc->hash, sum, sizeof sum);
}

static struct name_place place(const struct run *run, const char *name, size_t line, size_t column)
{
    return (struct name_place){
        .name = name, .file = run->file, .line = line, .column = column, .order = run->order};
}

/* What all parsers hand their documents to, before the caller sees them. */
static int hand_out(void *ctx, struct document *doc)
{
    struct run *run = ctx;
    bool draft = strcmp(doc->status, "draft") == 0;
    run->report->read++;
    if (!doc->hash[0])
        source_hash(doc, run->src->raw, run->src->rawlen);
    memo_add(&run->memo, draft ? MEMO_DRAFT : MEMO_DOCUMENT, doc->line, 0, doc->id);
    bool ok =
        source_ids_document(&run->ids, place(run, pool_strdup(run->pool, doc->id), doc->line, 0));
    for (size_t i = 0; i < doc->nentry; i++) {
        const struct entry *e = &doc->entry[i];
        memo_add(&run->memo, MEMO_ENTRY, e->line, e->column, e->id);
        ok &= source_ids_entry(&run->ids,
                               place(run, pool_strdup(run->pool, e->id), e->line, e->column));
        for (size_t k = 0; k < e->nfollowup; k++) {
            memo_add(&run->memo, MEMO_FOLLOWUP, e->line, 0, e->followup[k]);
            source_ids_followup(&run->ids,
                                place(run, pool_strdup(run->pool, e->followup[k]), e->line, 0));
        }
    }
    if (!ok || draft)
        return KB_OK; /* counted and checked, but nobody's answer */
    run->stopped = run->fn(run->ctx, doc);
    return run->stopped;
}

/* ---- files that have not changed ---------------------------------------------------------------------------
 *
 * A stamp that is the same means the same file, with one exception: file systems count time in steps,
 * of milliseconds or of seconds, and what is written twice within one step looks like once. So a file that was
 * this young when it was read is read again the next time. (Git calls such files racy.) */
#define YOUNG_NS 2000000000LL

static long long ns_of(const struct timespec *t)
{
    return (long long)t->tv_sec * 1000000000 + t->tv_nsec;
}

static struct source_stamp stamp_of(const char *name, const struct stat *st)
{
    return (struct source_stamp){.name = name,
                                 .dev = (unsigned long long)st->st_dev,
                                 .ino = (unsigned long long)st->st_ino,
                                 .size = (long long)st->st_size,
                                 .mtime_ns = ns_of(&st->st_mtim),
                                 .ctime_ns = ns_of(&st->st_ctim)};
}

static bool is_young(const struct run *run, const struct source_stamp *stamp)
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

static bool is_instead(const struct run *run, const struct stat *st)
{
    return run->instead.path && !run->instead_new && is_same(st, &run->instead_at);
}

/* The name that is to be thought into this folder, or NULL. */
static const char *instead_in(const struct run *run, const struct stat *folder)
{
    return run->instead.path && run->instead_new && run->instead.text &&
                   is_same(folder, &run->instead_at)
               ? base_name(run->instead.path)
               : NULL;
}

static void find_instead(struct run *run, const struct kb_sources *src)
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
    if (stat(above, &run->instead_at))
        run->instead.path = NULL; /* no folder, so no file of the content */
}

/* ---- reading ------------------------------------------------------------------------------------------------
 *
 * What is wrong with a file is in the report; the functions below return non-zero only for what ends
 * the run: no memory, or run->stopped. */

static int fail(struct run *run, const char *what, int err)
{
    char text[128];
    report_add(run->report, true, run->file, 0, 0, "%s: %s", what,
               strerror_r(err, text, sizeof text));
    return KB_OK;
}

static void report_repair(struct run *run, size_t line, const struct text_fix *fix)
{
    const char *s = fix->invalid == 1 ? "" : "s";
    if (fix->controls == fix->invalid)
        report_add(run->report, false, run->file, line, fix->column,
                   "%zu control character%s from here on replaced by U+FFFD: take %s out",
                   fix->invalid, s, fix->invalid == 1 ? "it" : "them");
    else
        report_add(
            run->report, false, run->file, line, fix->column,
            "not valid UTF-8; %zu byte%s from here on read as Windows-1252: save the file as UTF-8",
            fix->invalid, s);
}

/* An error, for it is nearly always a copy that was cut short, and what the file held would go out of the index. */
static void report_empty(struct run *run)
{
    report_add(run->report, true, run->file, 0, 0,
               "is empty; write something into it, or take it out of the content");
}

/* Repair the text of a file or record that begins at `line`, and parse it. */
static int parse(struct run *run, const struct kind *kind, const char *id, const char *raw,
                 size_t rawlen, size_t line)
{
    if (text_is_binary(raw, rawlen)) {
        report_add(run->report, true, run->file, kind->parse ? 0 : line, 0,
                   "is no text; save it as UTF-8 text, or take it out of the content");
        return KB_OK;
    }
    struct pool *pool = pool_new();
    struct text_fix fix;
    struct source src = {.pool = pool,
                         .report = run->report,
                         .file = run->file,
                         .id = id,
                         .raw = raw,
                         .rawlen = rawlen};
    src.s = text_repair(pool, raw, rawlen, &src.len, &fix);
    src.repaired = fix.changed;
    if (fix.invalid)
        report_repair(run, line + fix.line - 1, &fix);
    size_t errors = run->report->errors;
    int rc = KB_OK;
    run->src = &src;
    if (strspn(src.s, " \t\n") < src.len)
        rc = kind->parse ? kind->parse(&src, hand_out, run)
                         : source_json_line(&src, line, hand_out, run);
    else if (kind->parse)
        report_empty(run);
    if (rc == KB_ERR_INPUT && !run->stopped) { /* reported by whoever returned it */
        if (run->report->errors == errors)
            report_add(run->report, true, run->file, line, 0,
                       "cannot be read as what its name says");
        rc = KB_OK;
    }
    run->src = NULL;
    pool_free(pool);
    return rc;
}

/* The whole file, at most `size` bytes of it: it may shrink or grow while it is read. */
static int read_whole(struct run *run, const struct kind *kind, const char *id, FILE *in,
                      size_t size)
{
    if (size > KB_MAX_SOURCE) {
        report_add(run->report, true, run->file, 0, 0,
                   "has %zu MB; at most %u MB can be read: split it, or export it as JSON lines",
                   size >> 20, KB_MAX_SOURCE >> 20);
        return KB_OK;
    }
    char *raw = malloc(size + 1);
    if (!raw)
        return KB_ERR_NOMEM;
    size_t len = fread(raw, 1, size, in);
    int rc = ferror(in) ? fail(run, "cannot be read", errno) : parse(run, kind, id, raw, len, 1);
    free(raw);
    return rc;
}

/* The next line without its end. 1, 0 at the end of the file or after an error, -1 when it is too long
 * or there is no memory. */
static int next_line(FILE *in, char **s, size_t *cap, size_t *ret_len)
{
    size_t len = 0;
    int c;
    while ((c = getc_unlocked(in)) != EOF && c != '\n') {
        if (len == *cap) {
            size_t bigger = *cap * 2 + 4096;
            char *grown = len < KB_MAX_SOURCE ? realloc(*s, bigger) : NULL;
            if (!grown)
                return -1;
            *s = grown;
            *cap = bigger;
        }
        (*s)[len++] = (char)c;
    }
    *ret_len = len;
    return c != EOF || len > 0;
}

static int read_lines(struct run *run, const struct kind *kind, const char *id, FILE *in)
{
    char *s = NULL;
    size_t cap = 0, len = 0, line = 0, before = run->report->read;
    int rc = KB_OK, more = 1;
    while (!rc && (more = next_line(in, &s, &cap, &len)) > 0)
        rc = parse(run, kind, id, s ? s : "", len, ++line);
    if (more < 0)
        report_add(run->report, true, run->file, line + 1, 0, "this line is too long: over %u MB",
                   KB_MAX_SOURCE >> 20);
    else if (!rc && ferror(in))
        fail(run, "cannot be read", errno);
    else if (!rc && run->report->read == before && !line)
        report_empty(run);
    free(s);
    return rc;
}

/* "guides/pay.faq.yaml" below "guides" -> "pay". Names that a Mac has decomposed are composed. */
static const char *id_of(struct run *run, const char *name, const struct kind *kind)
{
    return text_repair(run->pool, name, strlen(name) - strlen(kind->ending), NULL, NULL);
}

/* True when this very file was met before, through a link or because it was named twice. */
static bool seen(struct run *run, const struct stat *st)
{
    uint64_t number[] = {(uint64_t)st->st_dev, (uint64_t)st->st_ino};
    char *key = pool_alloc(run->pool, 2 * sizeof number + 1);
    sodium_bin2hex(key, 2 * sizeof number + 1, (const unsigned char *)number, sizeof number);
    return names_claim(&run->files, run->pool, (struct name_place){.name = key});
}

/* What it is to have; nobody reads it as it is. */
static int read_instead(struct run *run, const char *name)
{
    const struct kind *kind = kind_of(name);
    if (kind && kind->parse)
        return parse(run, kind, id_of(run, name, kind), run->instead.text, run->instead.len, 1);
    report_add(run->report, true, run->file, 0, 0, "is no kind of file that can be tried");
    return KB_OK;
}

/* Read `path`, called run->file in problems. `name`: below the folder that was given. */
static int read_file(struct run *run, const char *path, const char *name)
{
    const struct kind *kind = kind_of(name);
    struct stat st;
    int rc = KB_OK;
    /* O_NONBLOCK: a named pipe must not hold us up; it has no effect on regular files. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!in || fstat(fd, &st) < 0) {
        fail(run, "cannot be opened", errno);
    } else if (!S_ISREG(st.st_mode)) {
        report_add(run->report, true, run->file, 0, 0, "is not a regular file");
    } else if (!kind) {
        report_add(
            run->report, true, run->file, 0, 0,
            "is of no known kind; known are .md .txt .html .faq.yaml .csv .tsv .json .jsonl");
    } else {
        run->stamp = stamp_of(name, &st);
        const char *id = id_of(run, name, kind);
        rc = kind->parse ? read_whole(run, kind, id, in, (size_t)st.st_size)
                         : read_lines(run, kind, id, in);
    }
    if (in)
        fclose(in);
    else if (fd >= 0)
        close(fd);
    return rc;
}

/* ---- read or recalled ------------------------------------------------------------------------------------ */

/* What the file would give if it were read. */
static void replay(struct run *run, const char *memo, size_t len)
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
            source_ids_followup(&run->ids, place(run, item.text, item.line, 0));
            break;
        case MEMO_WARNING:
            report_add(run->report, false, run->file, item.line, item.column, "%s", item.text);
            break;
        }
    }
}

/* Problems that are no longer listed cannot be remembered. stamp NULL: it must be read again the next time. */
static int keep(struct run *run, const struct source_stamp *stamp, size_t problems, size_t warnings)
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
static int read_anew(struct run *run, const char *path, const char *name, bool instead)
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
    int rc = instead ? read_instead(run, name) : read_file(run, path, name);
    return !rc && run->memory && report->errors == errors
               ? keep(run, instead ? NULL : &run->stamp, problems, warnings)
               : rc;
}

static int take_file(struct run *run, const char *path, const char *name, const struct stat *st)
{
    size_t errors = run->report->errors, len = 0;
    int rc = KB_OK;
    bool instead = is_instead(run, st);
    if (seen(run, st) || (instead && !run->instead.text))
        return KB_OK;
    run->order++;
    struct source_stamp stamp = stamp_of(name, st);
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
static int take_new(struct run *run, const char *file, const char *name)
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

static int walk(struct run *run, const char *path, const char *file, const char *name,
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
static int walk_folder(struct run *run, const char *path, const char *file, const char *name,
                       const struct folder *folder, const struct stat *at)
{
    struct dirent **found;
    int n = scandir(path, &found, is_wanted, by_bytes), rc = KB_OK;
    if (n < 0) {
        fail(run, "cannot be listed", errno);
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
static int walk(struct run *run, const char *path, const char *file, const char *name,
                const struct folder *above)
{
    struct stat st;
    run->file = file;
    if (stat(path, &st) < 0) {
        if (run->instead_new && run->instead.text && !strcmp(path, run->instead.path))
            return take_new(run, file, name);
        run->report->rejected++;
        return fail(run, errno == ENOENT && !above ? "is not there" : "cannot be read", errno);
    }
    if (!S_ISDIR(st.st_mode)) {
        if (above && (!S_ISREG(st.st_mode) || !kind_of(name)))
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
    struct run run = {.pool = pool_new(),
                      .memory = memory,
                      .now_ns = ns_of(&now),
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
