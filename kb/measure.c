/* measure.c: how well the base ranks a test collection (kb_measure).
 *
 * The collection is indexed the way an owner's files are, asked the way an asker asks, and nothing is
 * switched on or off for it: a figure that needs a special setting says nothing about the product. Each
 * query is asked twice, once as a visitor would, for the time, and once for a ranking of a hundred
 * documents. A document stands where its best passage stands.
 *
 * The figures are those of the field: success@1 (the first document is relevant), MRR@10, nDCG@10 with the
 * grade as gain, recall. They agree with trec_eval on the run file. measure_confidence.c has those of confidence. */
#include "kb/kb_int.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEPTH 100 /* documents that are looked at */

struct judgement {
    const char *query, *document;
    int grade;
};

struct measuring {
    struct pool *pool;
    const char *dir;
    struct judgement *judgement; /* by query, document */
    size_t njudgement, capjudgement;
    int relevant; /* from this grade on */
    struct kb *kb;
    FILE *run;
    size_t left; /* queries to ask */
    double *us;
    size_t nus, capus;
    struct sureness *own, *foreign; /* queries with a relevant document; those of oos.jsonl */
    size_t nown, capown, nforeign, capforeign;
    struct kb_measures sum;
    char *message;
};

static int fail(struct measuring *m, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct measuring *m, int err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!m->message && vasprintf(&m->message, fmt, ap) < 0)
        m->message = NULL;
    va_end(ap);
    return err;
}

/* ---- reading the collection --------------------------------------------------------------------------- */

typedef int line_fn(struct measuring *m, const char *path, size_t number, char *line);

static int read_lines(struct measuring *m, const char *path, line_fn *fn)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return fail(m, errno == ENOENT ? KB_ERR_ABSENT : KB_ERR_IO, "%s: %s", path,
                    strerror(errno));
    char *line = NULL;
    size_t cap = 0, number = 0;
    int r = 0;
    while (!r && getline(&line, &cap, f) >= 0) {
        line[strcspn(line, "\r\n")] = 0;
        number++;
        if (*line)
            r = fn(m, path, number, line);
    }
    if (!r && ferror(f))
        r = fail(m, KB_ERR_IO, "%s: %s", path, strerror(errno));
    free(line);
    fclose(f);
    return r;
}

static int add_judgement(struct measuring *m, const char *path, size_t number, char *line)
{
    char *rest = line, *end = NULL;
    const char *query = strsep(&rest, "\t"), *document = strsep(&rest, "\t");
    long grade = rest ? strtol(rest, &end, 10) : 0;
    if (!rest || end == rest || *end)
        return fail(m, KB_ERR_INPUT,
                    "%s:%zu: not a query, a document and a grade with tabs between", path, number);
    *POOL_PUSH(m->pool, m->judgement, m->njudgement, m->capjudgement) =
        (struct judgement){pool_strdup(m->pool, query), pool_strdup(m->pool, document), (int)grade};
    return 0;
}

static int by_query(const void *a, const void *b)
{
    const struct judgement *x = a, *y = b;
    int r = strcmp(x->query, y->query);
    return r ? r : strcmp(x->document, y->document);
}

/* meta.json is for people, but for one number. */
static int read_meta(struct measuring *m, const char *path)
{
    m->relevant = 1;
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? 0 : fail(m, KB_ERR_IO, "%s: %s", path, strerror(errno));
    char text[65536];
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    cJSON *meta = cJSON_Parse(text);
    if (!meta)
        return fail(m, KB_ERR_INPUT, "%s: not JSON", path);
    const cJSON *grade = cJSON_GetObjectItemCaseSensitive(meta, "binary_min_rel");
    if (cJSON_IsNumber(grade))
        m->relevant = grade->valueint;
    cJSON_Delete(meta);
    return 0;
}

static int read_collection(struct measuring *m)
{
    int r = read_meta(m, pool_printf(m->pool, "%s/meta.json", m->dir));
    if (!r)
        r = read_lines(m, pool_printf(m->pool, "%s/qrels.tsv", m->dir), add_judgement);
    if (!r && m->njudgement)
        qsort(m->judgement, m->njudgement, sizeof *m->judgement, by_query);
    return r;
}

/* ---- one query -------------------------------------------------------------------------------------------- */

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int grade_of(const struct measuring *m, const char *query, const char *document)
{
    struct judgement key = {.query = query, .document = document};
    const struct judgement *j =
        m->njudgement ? bsearch(&key, m->judgement, m->njudgement, sizeof key, by_query) : NULL;
    return j ? j->grade : 0;
}

static int by_grade(const void *a, const void *b)
{
    return *(const int *)b - *(const int *)a;
}

/* All grades of a query above 0, best first, in *ret_grade; how many of them are relevant. */
static size_t ideal(struct measuring *m, const char *query, int **ret_grade, size_t *ret_relevant)
{
    size_t low = 0, high = m->njudgement, n = 0, cap = 0, relevant = 0;
    int *grade = NULL;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(m->judgement[mid].query, query) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < m->njudgement && !strcmp(m->judgement[low].query, query); low++) {
        if (m->judgement[low].grade > 0)
            *POOL_PUSH(m->pool, grade, n, cap) = m->judgement[low].grade;
        relevant += m->judgement[low].grade > 0 && m->judgement[low].grade >= m->relevant;
    }
    if (n)
        qsort(grade, n, sizeof *grade, by_grade);
    *ret_grade = grade;
    *ret_relevant = relevant;
    return n;
}

static double gain(int grade, size_t place)
{
    return grade > 0 ? grade / log2((double)place + 2) : 0;
}

/* Whether the query counts, and what came of it. */
static void count(struct measuring *m, const char *query, const char *const *document, size_t n,
                  struct sureness sure)
{
    int *grade = NULL;
    size_t relevant = 0, found = 0, found10 = 0;
    size_t ngrade = ideal(m, query, &grade, &relevant);
    double dcg = 0, best = 0, reciprocal = 0;
    if (!relevant)
        return;
    for (size_t i = 0; i < n; i++) {
        int g = grade_of(m, query, document[i]);
        if (i < 10)
            dcg += gain(g, i);
        if (g < m->relevant)
            continue;
        found++;
        found10 += i < 10;
        if (i < 10 && reciprocal <= 0)
            reciprocal = 1 / ((double)i + 1);
    }
    for (size_t i = 0; i < ngrade && i < 10; i++)
        best += gain(grade[i], i);
    sure.right = n && grade_of(m, query, document[0]) >= m->relevant;
    *POOL_PUSH(m->pool, m->own, m->nown, m->capown) = sure;
    m->sum.success_1 += sure.right;
    m->sum.mrr_10 += reciprocal;
    m->sum.ndcg_10 += best > 0 ? dcg / best : 0;
    m->sum.recall_10 += (double)found10 / (double)relevant;
    m->sum.recall_100 += (double)found / (double)relevant;
    m->sum.queries++;
}

/* Documents in the order of their best passages. */
static size_t documents(const struct kb_hits *hits, const char *document[DEPTH],
                        double score[DEPTH])
{
    size_t n = 0;
    for (size_t i = 0; i < hits->n && n < DEPTH; i++) {
        size_t k = 0;
        while (k < n && strcmp(document[k], hits->hit[i].document))
            k++;
        if (k < n)
            continue;
        document[n] = hits->hit[i].document;
        score[n++] = hits->hit[i].score;
    }
    return n;
}

static int ask(struct measuring *m, const char *query, const char *text)
{
    struct kb_ask as_visitor = {.text = text, .len = strlen(text)}, as_judge = as_visitor;
    struct kb_hits hits;
    double start = now_us();
    int r = kb_ask(m->kb, &as_visitor, &hits);
    if (r)
        return fail(m, r, "asking '%s': %s", query, kb_strerror(r));
    *POOL_PUSH(m->pool, m->us, m->nus, m->capus) = now_us() - start;
    const struct sureness sure = {.confidence = hits.confidence, .band = hits.band};
    kb_hits_release(&hits);

    as_judge.max = KB_CANDIDATES;
    as_judge.rank_only = true;
    r = kb_ask(m->kb, &as_judge, &hits);
    if (r)
        return fail(m, r, "asking '%s': %s", query, kb_strerror(r));
    const char *document[DEPTH];
    double score[DEPTH];
    size_t n = documents(&hits, document, score);
    count(m, query, document, n, sure);
    for (size_t i = 0; m->run && i < n; i++)
        fprintf(m->run, "%s Q0 %s %zu %.6f guidepost\n", query, document[i], i + 1, score[i]);
    kb_hits_release(&hits);
    return 0;
}

static int ask_foreign(struct measuring *m, const char *query, const char *text)
{
    struct kb_ask ask = {.text = text, .len = strlen(text), .rank_only = true};
    struct kb_hits hits;
    int r = kb_ask(m->kb, &ask, &hits);
    if (r)
        return fail(m, r, "asking '%s': %s", query, kb_strerror(r));
    *POOL_PUSH(m->pool, m->foreign, m->nforeign, m->capforeign) =
        (struct sureness){.confidence = hits.confidence, .band = hits.band};
    kb_hits_release(&hits);
    return 0;
}

typedef int ask_fn(struct measuring *m, const char *query, const char *text);

static int ask_line(struct measuring *m, const char *path, size_t number, char *line, ask_fn *fn)
{
    cJSON *o = cJSON_Parse(line);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(o, "id");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(o, "text");
    int r = 0;
    if (!cJSON_IsString(id) || !cJSON_IsString(text))
        r = fail(m, KB_ERR_INPUT, "%s:%zu: not an object with \"id\" and \"text\"", path, number);
    else
        r = fn(m, id->valuestring, text->valuestring);
    cJSON_Delete(o);
    return r;
}

static int ask_own_line(struct measuring *m, const char *path, size_t number, char *line)
{
    if (!m->left)
        return 0;
    m->left--;
    return ask_line(m, path, number, line, ask);
}

static int ask_foreign_line(struct measuring *m, const char *path, size_t number, char *line)
{
    return ask_line(m, path, number, line, ask_foreign);
}

static int ask_all_foreign(struct measuring *m)
{
    const char *path = pool_printf(m->pool, "%s/oos.jsonl", m->dir);
    if (access(path, F_OK) && errno == ENOENT)
        return 0;
    return read_lines(m, path, ask_foreign_line);
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

static int index_corpus(struct measuring *m, const char *db, const char *synonyms)
{
    const char *path = pool_printf(m->pool, "%s/corpus.jsonl", m->dir);
    struct kb_sources src = {.path = &path, .n = 1, .synonyms = synonyms};
    struct kb_report report = {0};
    struct stat st;
    if (stat(path, &st))
        return fail(m, errno == ENOENT ? KB_ERR_ABSENT : KB_ERR_IO, "%s: %s", path,
                    strerror(errno));
    int r = kb_index(db, &src, &report);
    for (size_t i = 0; r && i < report.nproblem; i++)
        if (report.problem[i].error)
            fail(m, r, "%s:%zu:%zu: %s", report.problem[i].file, report.problem[i].line,
                 report.problem[i].column, report.problem[i].message);
    if (r)
        fail(m, r, "%s: %s", path, report.message ? report.message : kb_strerror(r));
    m->sum.documents = report.added + report.changed + report.unchanged;
    m->sum.passages = report.passages;
    kb_report_release(&report);
    if (!r)
        r = kb_open(db, &m->kb);
    return r ? fail(m, r, "%s: %s", path, kb_strerror(r)) : 0;
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const struct measuring *m, double share)
{
    size_t i = m->nus ? (size_t)ceil(share * (double)m->nus) : 0;
    return i ? m->us[i - 1] : 0;
}

static void finish(struct measuring *m)
{
    double n = m->sum.queries ? (double)m->sum.queries : 1;
    measure_confidence(m->own, m->nown, m->foreign, m->nforeign, &m->sum);
    m->sum.success_1 /= n;
    m->sum.mrr_10 /= n;
    m->sum.ndcg_10 /= n;
    m->sum.recall_10 /= n;
    m->sum.recall_100 /= n;
    if (m->nus)
        qsort(m->us, m->nus, sizeof *m->us, by_time);
    m->sum.p50_us = percentile(m, 0.50);
    m->sum.p95_us = percentile(m, 0.95);
    m->sum.p99_us = percentile(m, 0.99);
}

int kb_measure(const char *dir, const struct kb_measure_options *options, struct kb_measures *ret,
               char **ret_message)
{
    const struct kb_measure_options plain = {0}, *o = options ? options : &plain;
    struct measuring m = {
        .pool = pool_new(), .dir = dir, .left = o->max_queries ? o->max_queries : SIZE_MAX};
    const char *base = getenv("TMPDIR");
    char *folder = pool_printf(m.pool, "%s/guidepost-XXXXXX", base && *base ? base : "/tmp");
    char *db = NULL;
    int r = 0;
    if (!mkdtemp(folder)) {
        r = fail(&m, KB_ERR_IO, "%s: %s", folder, strerror(errno));
        goto out;
    }
    db = pool_printf(m.pool, "%s/collection.db", folder);
    r = read_collection(&m);
    if (!r)
        r = index_corpus(&m, db, o->synonyms);
    if (!r && o->run && !(m.run = fopen(o->run, "we")))
        r = fail(&m, KB_ERR_IO, "%s: %s", o->run, strerror(errno));
    if (!r)
        r = read_lines(&m, o->queries ? o->queries : pool_printf(m.pool, "%s/queries.jsonl", dir),
                       ask_own_line);
    if (!r)
        r = ask_all_foreign(&m);
    if (m.run && (ferror(m.run) | fclose(m.run)) && !r)
        r = fail(&m, KB_ERR_IO, "%s: %s", o->run, strerror(errno));
    finish(&m);
    if (!r)
        *ret = m.sum;
out:
    kb_close(m.kb);
    if (db) {
        kb_remove(db);
        rmdir(folder);
    }
    if (r && ret_message)
        *ret_message = m.message;
    else
        free(m.message);
    pool_free(m.pool);
    return r;
}
