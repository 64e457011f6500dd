/* world.h: a base on disk that changes by plain SQL, with a snapshot beside it, and a handle that asks it both ways: by the
 * snapshot and by FTS5. Random, from a seed that is printed and may be given: GUIDEPOST_SEED=... */
#ifndef TEST_KB_WORLD_H
#define TEST_KB_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kb/snap_words.h"
#include "triggers.h"

static uint64_t state;

static uint32_t draw(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 16) % n);
}

static void draw_from_seed(void)
{
    const char *given = getenv("GUIDEPOST_SEED");
    state = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 0x9e3779b97f4a7c15u | 1;
    printf("GUIDEPOST_SEED=%llu\n", (unsigned long long)state);
}

/* ---- a base on disk that changes --------------------------------------------------------------------------- */

struct world {
    char folder[64], path[96], snap[112];
    sqlite3 *db;
    struct tokenizer *t;
    struct kb *kb;
    long long next; /* key of the next passage */
};

static void sql(sqlite3 *db, const char *text)
{
    char *message = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
}

static void snapshot(struct world *w)
{
    sql(w->db, "BEGIN");
    assert_int_equal(snap_build(w->db, w->t, w->snap), 0);
    sql(w->db, "COMMIT");
}

static int world_setup(void **ctx)
{
    struct world *w = calloc(1, sizeof *w);
    snprintf(w->folder, sizeof w->folder, "%s/guidepost-snap-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->path, sizeof w->path, "%s/index.db", w->folder);
    snprintf(w->snap, sizeof w->snap, "%s.snap", w->path);
    assert_int_equal(schema_open(w->path, true, &w->db), 0);
    triggers_add(w->db);
    sql(w->db, "PRAGMA synchronous=OFF; INSERT INTO documents(id, key, file, hash, title, url, "
               "lang, owner, reviewed,"
               " line, text) VALUES(1, 'd', 'd', '', '', '', 'en', '', '', 1, '')");
    assert_int_equal(tokenizer_new(&w->t), 0);
    assert_int_equal(kb_open(w->path, &w->kb), 0);
    *ctx = w;
    return 0;
}

static int world_teardown(void **ctx)
{
    struct world *w = *ctx;
    kb_close(w->kb);
    tokenizer_free(w->t);
    sqlite3_close(w->db);
    char *rm = sqlite3_mprintf("rm -rf %s", w->folder);
    assert_int_equal(system(rm), 0);
    sqlite3_free(rm);
    free(w);
    return 0;
}

/* ---- asking both ways ----------------------------------------------------------------------------------------- */

struct found {
    struct pool *pool;
    struct query q;
    struct candidates c;
};

static struct found find(struct kb *kb, const struct kb_ask *question, size_t max)
{
    struct found a = {.pool = pool_new()};
    const struct query_reader reader = {.tokenizer = kb->tokenizer,
                                        .synonyms = kb->synonyms,
                                        .vocabulary = kb_vocabulary(kb),
                                        .main_lang = kb_main_lang(kb)};
    assert_int_equal(query_build(&reader, a.pool, question, &a.q), 0);
    assert_int_equal(candidates_find(kb, &a.q, a.pool, max, &a.c), 0);
    return a;
}

/* The same question without the snapshot. */
static struct found find_fts5(struct kb *kb, const struct kb_ask *question, size_t max)
{
    struct view *view = kb->view;
    kb->view = NULL;
    assert_int_equal(stats_refresh(kb, kb->generation), 0);
    struct found a = find(kb, question, max);
    kb->view = view;
    return a;
}

static void compare(const struct found *a, const struct found *b, const char *text)
{
    if (a->c.n != b->c.n)
        fail_msg("%zu hits and %zu: %s", a->c.n, b->c.n, text);
    for (size_t i = 0; i < a->c.n; i++) {
        const struct candidate *x = &a->c.c[i], *y = &b->c.c[i];
        if (fabs(x->bm25 - y->bm25) > 1e-9 * fabs(y->bm25))
            fail_msg("hit %zu: %.12f and %.12f: %s", i, x->bm25, y->bm25, text);
        if (x->id != y->id)
            fail_msg("hit %zu: passage %lld and %lld: %s", i, x->id, y->id, text);
        if (x->nmatch != y->nmatch)
            fail_msg("hit %zu: %zu places and %zu: %s", i, x->nmatch, y->nmatch, text);
        for (size_t k = 0; k < x->nmatch; k++)
            assert_memory_equal(&x->match[k], &y->match[k], sizeof *x->match);
    }
}

/* Headings say the same out of the forward list as out of the rows. */
static void compare_headings(struct kb *kb, struct found *a, const char *text)
{
    for (size_t i = 0; i < a->c.n; i++)
        rank_features(&a->q, &a->c.c[i]);
    assert_int_equal(heading_snap(kb->view, &a->q, &a->c), 0);
    for (size_t i = 0; i < a->c.n && i < RANK_ROWS; i++) {
        struct row row;
        struct features f = {0}, *found = &a->c.c[i].f;
        assert_int_equal(row_read(kb, a->pool, a->c.c[i].id, &row), 0);
        if (heading_possible(&a->q, found))
            assert_int_equal(heading_row(kb->tokenizer, &a->q, &row, &f), 0);
        if (fabs(f.heading - found->heading) > 1e-12 || fabs(f.wording - found->wording) > 1e-12)
            fail_msg("hit %zu: heading %.12f and %.12f, wording %.12f and %.12f: %s", i,
                     found->heading, f.heading, found->wording, f.wording, text);
    }
}

/* `known` is NULL, or the words of `text`. */
static void assert_words(struct kb *kb, struct pool *pool, const struct row *row,
                         const struct text_words *known, const char *text)
{
    struct text_words read;
    words_read(kb->tokenizer, pool, row->lang, text, strlen(text), &read);
    bool same = !known || known->n == read.n;
    for (size_t k = 0; known && same && k < read.n; k++) {
        const struct text_word *x = &known->word[k], *y = &read.word[k];
        same = x->hash == y->hash && x->start == y->start && x->len == y->len &&
               x->other == y->other && x->stop == y->stop;
    }
    if (!same)
        fail_msg("%s", text);
}

/* So do the words of a body, and of what stands above it. */
static void compare_words(struct kb *kb, const struct found *a, const char *text)
{
    for (size_t i = 0; i < a->c.n && i < RANK_FEW; i++) {
        struct row row;
        assert_int_equal(row_read(kb, a->pool, a->c.c[i].id, &row), 0);
        words_snap(kb->view, a->c.c[i].segment, a->c.c[i].ord, kb->tokenizer, &row);
        if (!row.notes->body || !row.notes->above)
            fail_msg("hit %zu, \"%s\": %s", i, row.body, text);
        assert_words(kb, a->pool, &row, row.notes->body, row.body);
        assert_words(kb, a->pool, &row, row.notes->above, row_above(a->pool, &row));
    }
}

#endif
