/* bench.c: how fast an answer is, as ratios within one run.
 *
 * Every size is built from the same generated passages: as a knowledge base by kb_index(), as a plain FTS5 table,
 * whose `ORDER BY rank LIMIT 10` is the yard-stick, and in Xapian. The machine's speed drifts by half from minute
 * to minute, so the engines take turns, a few questions at a time, which each answers once to warm up and then in
 * earnest; only the ratios mean something. An answer's time is that of the processor for its thread, so that neighbours do
 * not count (clock.c); builds and starts are given by the wall's clock, which they do disturb, and by the processor's. Questions are asked in two ways: with question words dropped, as kb/ does, and with
 * every word kept, as engines do that have no list of them. A whole answer is measured twice: by bases that have heard other
 * questions before but never this one, and, as a figure beside it, by one that has.
 *
 *   bench [-n PASSAGES[,PASSAGES...]] [-q QUESTIONS] [-s SECONDS] [-j FILE] [-k FOLDER] [DIR]
 *
 * DIR is a folder of test collections, or of guides. Both ways of asking take at most SECONDS each at every size,
 * or 30 questions. What takes minutes to build is kept in FOLDER for the next run, with the times that it took (kept.c). */
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bot/buf.h"
#include "bot/extracts.h"
#include "bot/json.h"
#include "bot/store.h"
#include "kb/kb.h"
#include "tests/bench/bench.h"

#define PER_FILE 100 /* passages of a file: a guide of ordinary size */
#define KEEP_FROM                                                                                  \
    500000           /* passages: fewer are built in less than a minute, and measured each time */
#define TURN      25 /* questions that one engine answers before the next has its turn */
#define PASSES    4
#define SLOW_NS   20000000
#define HITS      6           /* what a reply looks at, with the extracts that it may quote */
#define AT_LEAST  30          /* questions, however slow */
#define SCATTER   2654435761u /* a prime: every question comes once before any comes again */
#define MAX_SIZES 8
#define PATH_SIZE 4096

struct options {
    const char *dir, *json, *keep;
    size_t size[MAX_SIZES], nsize, questions, seconds;
};

void die(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(1);
}

/* ---- the base ------------------------------------------------------------------------------------------- */

/* The passages of one of the files, as records. The first of them has the title `edit`, unless that is NULL. */
static void write_file(const struct corpus *c, size_t n, const char *folder, size_t file,
                       const char *edit)
{
    char path[PATH_SIZE + 32];
    size_t first = file * PER_FILE, last = first + PER_FILE < n ? first + PER_FILE : n;
    snprintf(path, sizeof path, "%s/%06zu.jsonl", folder, file);
    FILE *f = fopen(path, "w");
    struct buf b;
    if (!f)
        die(path, strerror(errno));
    buf_init(&b, 1 << 16);
    for (size_t i = first; i < last; i++) {
        char title[TITLE_SIZE], text[TEXT_SIZE];
        corpus_passage(c, i, title, text);
        if (edit && i == first)
            snprintf(title, sizeof title, "%s", edit);
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

static size_t write_files(const struct corpus *c, size_t n, const char *folder)
{
    size_t files = 0;
    if (mkdir(folder, 0700))
        die(folder, strerror(errno));
    for (size_t first = 0; first < n; first += PER_FILE, files++)
        write_file(c, n, folder, files, NULL);
    return files;
}

static struct cost index_folder(const char *folder, const char *db)
{
    const char *paths[] = {folder};
    struct kb_sources src = {.path = paths, .n = 1};
    struct kb_report report;
    struct cost took = {0}, start = cost_now();
    int err = kb_index(db, &src, &report);
    cost_add(&took, start);
    if (err)
        die("kb_index", report.nproblem ? report.problem[0].message : kb_strerror(err));
    kb_report_release(&report);
    return took;
}

static bool ask_whole(struct kb *kb, const char *question)
{
    struct kb_ask ask = {.text = question,
                         .len = strlen(question),
                         .max = HITS,
                         .as_sure = NEARLY_AS_SURE,
                         .as_likely = AS_LIKELY};
    struct kb_hits hits;
    int err = kb_ask(kb, &ask, &hits);
    if (err)
        die("kb_ask", kb_strerror(err));
    bool found = hits.n && !hits.nunknown;
    kb_hits_release(&hits);
    return found;
}

static struct kb *open_base(const char *db)
{
    struct kb *kb;
    int err = kb_open(db, &kb);
    if (err)
        die(db, kb_strerror(err));
    return kb;
}

struct indexing {
    const char *folder, *db;
    struct cost took;
};

static void *index_in_background(void *ctx)
{
    struct indexing *x = ctx;
    x->took = index_folder(x->folder, x->db);
    return NULL;
}

/* An index run on another thread, while this one asks until it is shown what is new. */
static void watch_change(struct kb *kb, const char *word, const char *folder, const char *db,
                         struct result *r)
{
    struct indexing x = {.folder = folder, .db = db};
    const struct timespec pause = {.tv_nsec = 200000};
    pthread_t thread;
    uint64_t start = now_ns();
    if (pthread_create(&thread, NULL, index_in_background, &x))
        die("index", "no thread");
    while (!ask_whole(kb, word) && now_ns() - start < 60000000000)
        nanosleep(&pause, NULL);
    r->change_seen = now_ns() - start;
    pthread_join(thread, NULL);
    r->change = x.took.wall;
    if (!ask_whole(kb, word))
        die(word, "was not found");
}

/* One file of the folder says something new. */
static void change_one(const struct corpus *c, size_t n, const char *folder, const char *db,
                       struct result *r)
{
    static const char word[] = "zyxomma";
    struct kb *kb = open_base(db);
    if (ask_whole(kb, word))
        die(word, "is a word already");
    /* As in life: the files are older than the last run, which therefore need not read them again. */
    sleep(3);
    index_folder(folder, db);
    write_file(c, n, folder, r->files / 2, word);
    watch_change(kb, word, folder, db, r);
    kb_close(kb);
}

/* ---- all engines, question by question ------------------------------------------------------------------- */

struct engines {
    struct plain *plain;
    struct xapian *xapian;
    struct core *core;
    struct kb *kb
        [PASSES +
         1]; /* one for each pass, none of which has heard a question before; the last hears all again */
};

static void ask_engine(const struct engines *e, enum engine engine, enum words words, size_t pass,
                       const char *whole, const char *text)
{
    switch (engine) {
    case FTS5_RANK: plain_ask_rank(e->plain, text); break;
    case FTS5_BM25: plain_ask_bm25(e->plain, text); break;
    case XAPIAN:
#ifdef BENCH_XAPIAN
        xapian_ask(e->xapian, text);
#endif
        break;
    case CORE: (words == EVERY ? core_ask_every : core_ask)(e->core, whole); break;
    case WHOLE: ask_whole(e->kb[pass], whole); break;
    case AGAIN: ask_whole(e->kb[PASSES], whole); break;
    case ENGINES: break;
    }
}

static int by_value(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

static size_t count_words(const char *s)
{
    const char *word;
    size_t n = 0;
    while (corpus_word(&s, &word))
        n++;
    return n;
}

struct asked {
    const char *whole;
    char content[1024];
};

/* One engine answers some questions in a row, PASSES times over. The first pass warms up; the median of the others
 * counts. Slow answers are warm enough by themselves. */
static void ask_some(const struct engines *e, enum engine engine, enum words words,
                     const struct asked *q, size_t n, struct result *r)
{
    uint64_t t[TURN][PASSES];
    size_t passes = PASSES;
    for (size_t pass = 0; pass < passes; pass++)
        for (size_t i = 0; i < n; i++) {
            struct stopwatch watch = stopwatch_start();
            ask_engine(e, engine, words, pass, q[i].whole,
                       words == EVERY ? q[i].whole : q[i].content);
            t[i][pass] = stopwatch_ns(&watch);
            if (t[i][pass] > SLOW_NS)
                passes = 1;
        }
    for (size_t i = 0; i < n; i++) {
        if (passes > 1)
            qsort(t[i] + 1, passes - 1, sizeof t[i][0], by_value);
        times_add(&r->times[words][engine], t[i][passes > 1 ? 1 + (passes - 1) / 2 : 0]);
    }
}

static void ask_all(const struct engines *e, const struct corpus *c, enum words words,
                    const struct options *o, struct result *r)
{
    static struct asked q[TURN];
    uint64_t start = now_ns();
    size_t done = 0;
    while (done < o->questions && (done < AT_LEAST || now_ns() - start < o->seconds * 1000000000)) {
        size_t n = o->questions - done < TURN ? o->questions - done : TURN;
        for (size_t i = 0; i < n; i++) { /* from all collections, however few */
            q[i].whole = c->question[(done + i) * SCATTER % c->nquestion];
            core_content(q[i].whole, q[i].content, sizeof q[i].content);
            r->words[words] += (double)count_words(words == EVERY ? q[i].whole : q[i].content);
        }
        for (enum engine k = 0; k < ENGINES; k++)
            if (!(k == XAPIAN && !e->xapian) && !((k == WHOLE || k == AGAIN) && words == EVERY))
                ask_some(e, k, words, q, n, r);
        done += n;
    }
    r->words[words] /= (double)done;
    r->questions[words] = done;
}

/* ---- one size --------------------------------------------------------------------------------------------- */

static size_t total; /* of nftw(), which has no argument for its callback */

static int add_size(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)path, (void)ftw;
    total += flag == FTW_F ? (size_t)st->st_size : 0;
    return 0;
}

static size_t bytes_at(const char *path)
{
    total = 0;
    nftw(path, add_size, 16, FTW_PHYS);
    return total;
}

static uint64_t time_open(const char *db, const char *question)
{
    uint64_t t = now_ns();
    struct kb *kb = open_base(db);
    ask_whole(kb, question);
    t = now_ns() - t;
    kb_close(kb);
    return t;
}

/* The program stands beside the bench's folder, or where GUIDEPOST says. */
static const char *program_path(char *path, size_t size)
{
    const char *named = getenv("GUIDEPOST");
    ssize_t n = readlink("/proc/self/exe", path, size - 32);
    if (named)
        return named;
    for (int i = 0; i < 2 && n > 0; i++)
        while (n > 0 && path[--n] != '/')
            ;
    snprintf(path + (n > 0 ? n : 0), 32, "/guidepost");
    return access(path, X_OK) == 0 ? path : NULL;
}

/* Where one size is built. */
struct places {
    char folder[PATH_SIZE], db[PATH_SIZE], plain[PATH_SIZE], xapian[PATH_SIZE];
    bool keep;
    uint64_t texts, ours; /* stamps: the passages; the same and this program */
};

static void find_places(const struct corpus *c, size_t n, const struct options *o, const char *tmp,
                        struct places *p)
{
    char number[32];
    p->keep = o->keep && n >= KEEP_FROM;
    const char *at = p->keep ? o->keep : tmp;
    snprintf(p->folder, sizeof p->folder, "%s/%zu", at, n);
    snprintf(p->db, sizeof p->db, "%s/%zu-kb.db", at, n);
    snprintf(p->plain, sizeof p->plain, "%s/%zu-fts.db", at, n);
    snprintf(p->xapian, sizeof p->xapian, "%s/%zu-xapian", at, n);
    snprintf(number, sizeof number, "%zu", n);
    p->texts = corpus_stamp(c, kept_stamp(0, number));
    p->ours = p->keep ? kept_stamp_file(p->texts, "/proc/self/exe") : 0;
}

static void build_plain(const struct corpus *c, size_t n, const struct places *p, struct result *r)
{
    char log[PATH_SIZE + 8];
    if (p->keep && kept_find(p->plain, p->texts, &r->build_plain)) {
        r->kept = true;
        return;
    }
    kept_forget(p->plain);
    kept_remove(p->plain);
    snprintf(log, sizeof log, "%s-wal", p->plain);
    kept_remove(log);
    plain_build(c, n, p->plain, &r->build_plain);
    if (p->keep)
        kept_note(p->plain, p->texts, r->build_plain);
}

#ifdef BENCH_XAPIAN
static void build_xapian(const struct corpus *c, size_t n, const struct places *p, struct result *r)
{
    if (p->keep && kept_find(p->xapian, p->texts, &r->build_xapian)) {
        r->kept = true;
        return;
    }
    kept_forget(p->xapian);
    kept_remove(p->xapian);
    xapian_build(c, n, p->xapian, &r->build_xapian);
    if (p->keep)
        kept_note(p->xapian, p->texts, r->build_xapian);
}
#endif

static void build_ours(const struct corpus *c, size_t n, const struct places *p, struct result *r)
{
    static const char *const suffix[] = {"", "-wal", "-shm", ".snap"};
    char path[PATH_SIZE + 8];
    r->files = (n + PER_FILE - 1) / PER_FILE;
    if (p->keep && kept_find(p->db, p->ours, &r->build_ours)) {
        r->kept = true;
        return;
    }
    kept_forget(p->db);
    kept_remove(p->folder);
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        snprintf(path, sizeof path, "%s%s", p->db, suffix[i]);
        kept_remove(path);
    }
    write_files(c, n, p->folder);
    r->build_ours = index_folder(p->folder, p->db);
    if (p->keep)
        kept_note(p->db, p->ours, r->build_ours);
}

/* The change is measured last. What is kept is as before when it was taken back. */
static void change_and_restore(const struct corpus *c, size_t n, const struct places *p,
                               struct result *r)
{
    kept_forget(p->db);
    change_one(c, n, p->folder, p->db, r);
    if (!p->keep)
        return;
    write_file(c, n, p->folder, r->files / 2, NULL);
    index_folder(p->folder, p->db);
    kept_note(p->db, p->ours, r->build_ours);
}

static void run_size(const struct corpus *c, size_t n, const struct options *o, const char *tmp,
                     struct result *r)
{
    char program[PATH_SIZE];
    struct places p;
    struct engines e = {0};
    find_places(c, n, o, tmp, &p);
    r->passages = n;
    build_plain(c, n, &p, r);
    e.plain = plain_open(p.plain);
    r->bytes_plain = bytes_at(p.plain);
#ifdef BENCH_XAPIAN
    build_xapian(c, n, &p, r);
    e.xapian = xapian_open(p.xapian);
    r->bytes_xapian = bytes_at(p.xapian);
#endif
    build_ours(c, n, &p, r);
    r->bytes_index = bytes_at(p.db);
    r->build_snapshot = core_snapshot(p.db, &r->bytes_snapshot);
    r->open = time_open(p.db, c->question[0]);
    e.core = core_open(p.db);
    for (size_t i = 0; i <= PASSES; i++)
        e.kb[i] = open_base(p.db);
    for (enum words words = 0; words < WORDS; words++)
        ask_all(&e, c, words, o, r);
    core_close(e.core);
    for (size_t i = 0; i <= PASSES; i++)
        kb_close(e.kb[i]);
    plain_free(e.plain);
#ifdef BENCH_XAPIAN
    xapian_free(e.xapian);
#endif
    const char *path = program_path(program, sizeof program);
    if (path) {
        r->start = program_start(path, p.db, c->question[0], 21);
        program_memory(path, p.db, c->question, c->nquestion < 300 ? c->nquestion : 300, &r->held,
                       &r->most);
    }
    change_and_restore(c, n, &p, r);
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: bench [-n PASSAGES[,PASSAGES...]] [-q QUESTIONS] [-s SECONDS] "
                    "[-j FILE] [-k FOLDER] [DIR]\n");
    exit(2);
}

static size_t number(const char *s)
{
    char *end;
    size_t n = strtoul(s, &end, 10);
    if (!n || *end)
        usage();
    return n;
}

static void read_options(int argc, char **argv, struct options *o)
{
    *o = (struct options){
        .size = {1000, 10000, 100000, 1000000}, .nsize = 4, .questions = 500, .seconds = 20};
    for (int opt; (opt = getopt(argc, argv, "n:q:s:j:k:")) != -1;) {
        switch (opt) {
        case 'q': o->questions = number(optarg); break;
        case 's': o->seconds = number(optarg); break;
        case 'j': o->json = optarg; break;
        case 'k': o->keep = optarg; break;
        case 'n':
            o->nsize = 0;
            for (char *rest = optarg, *p; (p = strsep(&rest, ",")) && o->nsize < MAX_SIZES;)
                o->size[o->nsize++] = number(p);
            break;
        default: usage();
        }
    }
    o->dir = optind < argc ? argv[optind] : getenv("GUIDEPOST_COLLECTIONS");
    if (!o->dir || !*o->dir)
        o->dir = "config/guides";
}

int main(int argc, char **argv)
{
    static struct result result[MAX_SIZES];
    struct options o;
    struct corpus c;
    char tmp[] = "/tmp/guidepost-bench-XXXXXX";
    if (store_init()) /* SQLite as the program sets it up, for all that is measured */
        die("SQLite", "cannot be set up");
    read_options(argc, argv, &o);
    corpus_read(&c, o.dir);
    if (!mkdtemp(tmp))
        die(tmp, strerror(errno));
    if (o.keep && mkdir(o.keep, 0700) && errno != EEXIST)
        die(o.keep, strerror(errno));
    printf("Passages are made of %zu sentences from %s, which has %zu questions.\n", c.nsentence,
           o.dir, c.nquestion);
    for (size_t i = 0; i < o.nsize; i++) {
        run_size(&c, o.size[i], &o, tmp, &result[i]);
        report_size(&result[i]);
        fflush(stdout);
    }
    report_targets(result, o.nsize);
    if (o.json)
        report_json(result, o.nsize, o.json);
    kept_remove(tmp);
    for (size_t i = 0; i < o.nsize; i++)
        for (int w = 0; w < WORDS; w++)
            for (int k = 0; k < ENGINES; k++)
                times_release(&result[i].times[w][k]);
    corpus_release(&c);
    return 0;
}
