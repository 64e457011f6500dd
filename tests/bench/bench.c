/* bench.c: how fast an answer is, as ratios within one run.
 *
 * Every size is built twice from the same generated passages: as a knowledge base by kb_index(), and as a
 * plain FTS5 table (porter unicode61), whose `ORDER BY rank LIMIT 10` is the yard-stick. The machine's speed
 * drifts by half from minute to minute, so the two are asked in turn, question by question, and only the
 * ratios mean something.
 *
 *   bench [-n PASSAGES[,PASSAGES...]] [-q QUESTIONS] [DIR]      DIR: a folder of test collections */
#include <errno.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/buf.h"
#include "bot/json.h"
#include "kb/kb.h"
#include "tests/bench/bench.h"

struct options {
    const char *dir;
    size_t size[8], nsize, questions;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

static void write_corpus(const struct corpus *c, size_t n, const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        die(path, strerror(errno));
    struct buf b;
    buf_init(&b, 1 << 16);
    for (size_t i = 0; i < n; i++) {
        char title[128], text[8192];
        corpus_passage(c, i, title, sizeof title, text, sizeof text);
        buf_clear(&b);
        buf_addf(&b, "{\"id\":\"p%zu\",\"title\":", i);
        json_add_string(&b, title, strlen(title));
        buf_adds(&b, ",\"text\":");
        json_add_string(&b, text, strlen(text));
        buf_adds(&b, "}\n");
        fwrite(b.s, 1, b.len, f);
    }
    buf_release(&b);
    if (fclose(f) != 0)
        die(path, strerror(errno));
}

static uint64_t build_ours(const char *jsonl, const char *db)
{
    const char *paths[] = {jsonl};
    struct kb_sources src = {.path = paths, .n = 1};
    struct kb_report report;
    uint64_t t = now_ns();
    int err = kb_index(db, &src, &report);
    t = now_ns() - t;
    if (err)
        die("kb_index", report.nproblem ? report.problem[0].message : kb_strerror(err));
    kb_report_release(&report);
    return t;
}

static uint64_t build_plain(const struct corpus *c, size_t n, const char *path, sqlite3 **ret)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    if (sqlite3_open(path, &db) ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL; CREATE VIRTUAL TABLE p USING fts5(title, text, "
                     "tokenize='porter unicode61'); BEGIN",
                     0, 0, 0) ||
        sqlite3_prepare_v2(db, "INSERT INTO p VALUES(?,?)", -1, &st, 0))
        die(path, sqlite3_errmsg(db));
    uint64_t t = now_ns();
    for (size_t i = 0; i < n; i++) {
        char title[128], text[8192];
        corpus_passage(c, i, title, sizeof title, text, sizeof text);
        sqlite3_bind_text(st, 1, title, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(st, 2, text, -1, SQLITE_TRANSIENT);
        sqlite3_step(st);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    sqlite3_exec(db, "COMMIT; INSERT INTO p(p) VALUES('optimize')", 0, 0, 0);
    *ret = db;
    return now_ns() - t;
}

/* Every word quoted, OR-ed: what a careful user of FTS5 writes. */
static void match_of(const char *q, char *out, size_t size)
{
    size_t len = 0;
    for (const char *p = q; *p && len + 70 < size;) {
        size_t n = strcspn(p, " ?!.,;:\"'()/&-");
        if (n && n < 40)
            len +=
                (size_t)snprintf(out + len, size - len, "%s\"%.*s\"", len ? " OR " : "", (int)n, p);
        p += n;
        p += strspn(p, " ?!.,;:\"'()/&-");
    }
    out[len] = 0;
}

static uint64_t ask_plain(sqlite3_stmt *st, const char *q)
{
    char match[4096];
    match_of(q, match, sizeof match);
    uint64_t t = now_ns();
    sqlite3_bind_text(st, 1, match, -1, SQLITE_STATIC);
    while (sqlite3_step(st) == SQLITE_ROW)
        ;
    t = now_ns() - t;
    sqlite3_reset(st);
    return t;
}

static uint64_t ask_ours(struct kb *kb, const char *q)
{
    struct kb_ask ask = {.text = q, .len = strlen(q), .max = 10};
    struct kb_hits hits;
    uint64_t t = now_ns();
    int err = kb_ask(kb, &ask, &hits);
    t = now_ns() - t;
    if (err)
        die("kb_ask", kb_strerror(err));
    kb_hits_release(&hits);
    return t;
}

static void print_row(const char *name, struct times *t, struct times *base)
{
    printf("  %-26s %10.1f %10.1f %10.1f   1/%.1f\n", name, (double)times_at(t, .5) / 1e3,
           (double)times_at(t, .95) / 1e3, (double)times_at(t, .99) / 1e3,
           (double)times_at(base, .5) / (double)times_at(t, .5));
}

static void run_size(const struct corpus *c, size_t n, size_t questions, const char *tmp)
{
    char jsonl[4096], ours[4096], plain[4096];
    snprintf(jsonl, sizeof jsonl, "%s/%zu.jsonl", tmp, n);
    snprintf(ours, sizeof ours, "%s/%zu-kb.db", tmp, n);
    snprintf(plain, sizeof plain, "%s/%zu-fts.db", tmp, n);
    write_corpus(c, n, jsonl);
    sqlite3 *db;
    uint64_t tp = build_plain(c, n, plain, &db), to = build_ours(jsonl, ours);
    struct stat st;
    printf("%zu passages: build %.2f s, plain FTS5 %.2f s (%.2fx)", n, (double)to / 1e9,
           (double)tp / 1e9, (double)to / (double)tp);
    if (stat(ours, &st) == 0)
        printf(", %.0f bytes a passage", (double)st.st_size / (double)n);
    printf("\n  %-26s %10s %10s %10s   against FTS5\n", "microseconds", "p50", "p95", "p99");
    struct kb *kb;
    int err = kb_open(ours, &kb);
    if (err)
        die(ours, kb_strerror(err));
    sqlite3_stmt *rank;
    if (sqlite3_prepare_v2(db, "SELECT rowid FROM p WHERE p MATCH ? ORDER BY rank LIMIT 10", -1,
                           &rank, 0))
        die(plain, sqlite3_errmsg(db));
    struct times a = {0}, b = {0}, core = {0}, wide = {0};
    for (size_t i = 0; i < questions; i++) { /* spread over all of them */
        const char *q = c->question[i * c->nquestion / questions];
        ask_ours(kb, q); /* warm */
        times_add(&a, ask_ours(kb, q));
        times_add(&core, core_ask(kb, q, 10));
        times_add(&wide, core_ask(kb, q, 200));
        times_add(&b, ask_plain(rank, q));
    }
    print_row("FTS5 ORDER BY rank", &b, &b);
    print_row("core, best 10", &core, &b);
    print_row("core, best 200", &wide, &b);
    print_row("kb_ask, all of it", &a, &b);
    times_release(&core);
    times_release(&wide);
    times_release(&a);
    times_release(&b);
    sqlite3_finalize(rank);
    sqlite3_close(db);
    kb_close(kb);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static void read_options(int argc, char **argv, struct options *o)
{
    *o = (struct options){.size = {1000, 10000}, .nsize = 2, .questions = 300};
    for (int opt; (opt = getopt(argc, argv, "n:q:")) != -1;) {
        if (opt == 'q') {
            o->questions = strtoul(optarg, 0, 10);
        } else if (opt == 'n') {
            o->nsize = 0;
            for (char *p = strtok_r(optarg, ",", &optarg); p && o->nsize < 8;
                 p = strtok_r(0, ",", &optarg))
                o->size[o->nsize++] = strtoul(p, 0, 10);
        } else {
            fprintf(stderr, "usage: bench [-n PASSAGES[,PASSAGES...]] [-q QUESTIONS] DIR\n");
            exit(2);
        }
    }
    o->dir = optind < argc ? argv[optind] : getenv("GUIDEPOST_COLLECTIONS");
    if (!o->dir)
        die("which texts?", "give a folder of test collections: ./dev bench DIR");
    if (!o->questions)
        o->questions = 1;
}

int main(int argc, char **argv)
{
    struct options o;
    read_options(argc, argv, &o);
    struct corpus c;
    corpus_read(&c, o.dir);
    char tmp[] = "/tmp/guidepost-bench-XXXXXX";
    if (!mkdtemp(tmp))
        die(tmp, strerror(errno));
    printf("%zu sentences, %zu questions\n", c.nsentence, c.nquestion);
    for (size_t i = 0; i < o.nsize; i++) {
        run_size(&c, o.size[i], o.questions, tmp);
        fflush(stdout);
    }
    nftw(tmp, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    corpus_release(&c);
    return 0;
}
