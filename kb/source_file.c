/* source_file.c: one file becomes documents: its bytes are read, its text repaired and given to the parser of its kind.
 *
 * JSON lines are read record by record, each with a pool of its own, since exports of a million
 * records are usual and 64 MB is nothing to them. All other kinds are read whole. */
#include "kb/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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

bool source_file_is_known(const char *name)
{
    return kind_of(name) != NULL;
}

/* ---- documents go out ------------------------------------------------------------------------------------- */

void source_hash(struct document *doc, const char *s, size_t len)
{
    unsigned char sum[16];
    crypto_generichash(sum, sizeof sum, (const unsigned char *)s, len, NULL, 0);
    sodium_bin2hex(doc->hash, sizeof doc->hash, sum, sizeof sum);
}

struct name_place source_file_place(const struct source_run *run, const char *name, size_t line,
                                    size_t column)
{
    return (struct name_place){
        .name = name, .file = run->file, .line = line, .column = column, .order = run->order};
}

/* What all parsers hand their documents to, before the caller sees them. */
static int hand_out(void *ctx, struct document *doc)
{
    struct source_run *run = ctx;
    bool draft = strcmp(doc->status, "draft") == 0;
    run->report->read++;
    if (!doc->hash[0])
        source_hash(doc, run->src->raw, run->src->rawlen);
    memo_add(&run->memo, draft ? MEMO_DRAFT : MEMO_DOCUMENT, doc->line, 0, doc->id);
    bool ok = source_ids_document(
        &run->ids, source_file_place(run, pool_strdup(run->pool, doc->id), doc->line, 0));
    for (size_t i = 0; i < doc->nentry; i++) {
        const struct entry *e = &doc->entry[i];
        memo_add(&run->memo, MEMO_ENTRY, e->line, e->column, e->id);
        ok &= source_ids_entry(
            &run->ids, source_file_place(run, pool_strdup(run->pool, e->id), e->line, e->column));
        for (size_t k = 0; k < e->nfollowup; k++) {
            memo_add(&run->memo, MEMO_FOLLOWUP, e->line, 0, e->followup[k]);
            source_ids_followup(
                &run->ids,
                source_file_place(run, pool_strdup(run->pool, e->followup[k]), e->line, 0));
        }
    }
    if (!ok || draft)
        return KB_OK; /* counted and checked, but nobody's answer */
    run->stopped = run->fn(run->ctx, doc);
    return run->stopped;
}

static long long ns_of(const struct timespec *t)
{
    return (long long)t->tv_sec * 1000000000 + t->tv_nsec;
}

struct source_stamp source_file_stamp(const char *name, const struct stat *st)
{
    return (struct source_stamp){.name = name,
                                 .dev = (unsigned long long)st->st_dev,
                                 .ino = (unsigned long long)st->st_ino,
                                 .size = (long long)st->st_size,
                                 .mtime_ns = ns_of(&st->st_mtim),
                                 .ctime_ns = ns_of(&st->st_ctim)};
}

/* ---- reading ------------------------------------------------------------------------------------------------
 *
 * What is wrong with a file is in the report; the functions below return non-zero only for what ends
 * the run: no memory, or run->stopped. */

int source_file_fail(struct source_run *run, const char *what, int err)
{
    char text[128];
    report_add(run->report, true, run->file, 0, 0, "%s: %s", what,
               strerror_r(err, text, sizeof text));
    return KB_OK;
}

static void report_repair(struct source_run *run, size_t line, const struct text_fix *fix)
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
static void report_empty(struct source_run *run)
{
    report_add(run->report, true, run->file, 0, 0,
               "is empty; write something into it, or take it out of the content");
}

/* Repair the text of a file or record that begins at `line`, and parse it. */
static int parse(struct source_run *run, const struct kind *kind, const char *id, const char *raw,
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
static int read_whole(struct source_run *run, const struct kind *kind, const char *id, FILE *in,
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
    int rc = ferror(in) ? source_file_fail(run, "cannot be read", errno)
                        : parse(run, kind, id, raw, len, 1);
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

static int read_lines(struct source_run *run, const struct kind *kind, const char *id, FILE *in)
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
        source_file_fail(run, "cannot be read", errno);
    else if (!rc && run->report->read == before && !line)
        report_empty(run);
    free(s);
    return rc;
}

/* "guides/pay.faq.yaml" below "guides" -> "pay". Names that a Mac has decomposed are composed. */
static const char *id_of(struct source_run *run, const char *name, const struct kind *kind)
{
    return text_repair(run->pool, name, strlen(name) - strlen(kind->ending), NULL, NULL);
}

/* What it is to have; nobody reads it as it is. */
int source_file_read_instead(struct source_run *run, const char *name)
{
    const struct kind *kind = kind_of(name);
    if (kind && kind->parse)
        return parse(run, kind, id_of(run, name, kind), run->instead.text, run->instead.len, 1);
    report_add(run->report, true, run->file, 0, 0, "is no kind of file that can be tried");
    return KB_OK;
}

/* Read `path`, called run->file in problems. `name`: below the folder that was given. */
int source_file_read(struct source_run *run, const char *path, const char *name)
{
    const struct kind *kind = kind_of(name);
    struct stat st;
    int rc = KB_OK;
    /* O_NONBLOCK: a named pipe must not hold us up; it has no effect on regular files. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!in || fstat(fd, &st) < 0) {
        source_file_fail(run, "cannot be opened", errno);
    } else if (!S_ISREG(st.st_mode)) {
        report_add(run->report, true, run->file, 0, 0, "is not a regular file");
    } else if (!kind) {
        report_add(
            run->report, true, run->file, 0, 0,
            "is of no known kind; known are .md .txt .html .faq.yaml .csv .tsv .json .jsonl");
    } else {
        run->stamp = source_file_stamp(name, &st);
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
