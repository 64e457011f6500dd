/* The snapshot against FTS5: after any mix of inserts, updates and deletes, with a snapshot of any earlier
 * generation and the delta since, the same passages come out in the same order with the same scores. And a file
 * that was tampered with is noticed, answers stay right, nothing crashes. */
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

/* Words of a made-up language with Zipf's distribution: w0 is everywhere, w400 hardly. */
static void add_words(sqlite3_str *s, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        double u = (draw(1000000) + 1) / 1000001.0;
        sqlite3_str_appendf(s, "%sword%c%c ", draw(12) ? "" : "two-",
                            'a' + (int)(400 * u * u * u) % 20, 'a' + (int)(400 * u * u * u) / 20);
    }
}

static char *words(uint32_t n)
{
    sqlite3_str *s = sqlite3_str_new(NULL);
    sqlite3_str_appendall(s, "");
    add_words(s, n);
    char *text = sqlite3_str_finish(s);
    return text ? text : sqlite3_mprintf("");
}

/* Up to `max` lines as they are ranked, and in *ret_json as an array. A line may be of signs alone. */
static char *lines(uint32_t max, char **ret_json)
{
    char *text = sqlite3_mprintf(""), *json = sqlite3_mprintf("");
    for (uint32_t n = draw(max + 1), i = 0; i < n; i++) {
        char *line = draw(9) ? words(1 + draw(6)) : sqlite3_mprintf("...");
        text = sqlite3_mprintf("%z%s%s", text, i ? "\n" : "", line);
        json = sqlite3_mprintf("%z%s\"%s\"", json, i ? "," : "", line);
        sqlite3_free(line);
    }
    *ret_json = sqlite3_mprintf("[%z]", json);
    return text;
}

static void insert(struct world *w)
{
    char *path = NULL, *none = NULL;
    char *body = words(draw(4) ? 5 + draw(90) : draw(700)), *heading = lines(3, &path),
         *title = words(1 + draw(3)), *question = lines(draw(5) ? 0 : 4, &none);
    char *text =
        sqlite3_mprintf("INSERT INTO passages(document, key, ord, anchor, heading, entry, "
                        "entry_id, question, headings, title, body,"
                        " start, end, line, unit, lang, audience, reviewed, valid_from, "
                        "valid_until, url, followups, needs, nots)"
                        " VALUES(1, 'd#%lld', 0, '', %Q, 0, '', %Q, %Q, %Q, %Q, 0, 0, "
                        "1, x'', %Q, %Q, '', %Q, %Q, '', '[]', %Q, '[]')",
                        w->next++, path, question, heading, title, body, draw(9) ? "en" : "de",
                        draw(9) ? "" : "staff", draw(20) ? "" : "2026-01-01",
                        draw(20) ? "" : "2026-06-30", draw(30) ? "[]" : "[\"wordaa\"]");
    sql(w->db, text);
    sqlite3_free(text), sqlite3_free(body), sqlite3_free(heading), sqlite3_free(title);
    sqlite3_free(question), sqlite3_free(path), sqlite3_free(none);
}

static void change(struct world *w, uint32_t inserts, uint32_t deletes)
{
    sql(w->db, "BEGIN");
    for (uint32_t i = 0; i < deletes; i++)
        sql(w->db,
            "DELETE FROM passages WHERE id = (SELECT id FROM passages ORDER BY random() LIMIT 1)");
    for (uint32_t i = 0; i < inserts; i++)
        insert(w);
    sql(w->db, "UPDATE meta SET value = value + 1 WHERE key = 'generation'; COMMIT");
}

static void snapshot(struct world *w)
{
    sql(w->db, "BEGIN");
    assert_int_equal(snap_build(w->db, w->t, w->snap), 0);
    sql(w->db, "COMMIT");
}

static int set_up(void **ctx)
{
    struct world *w = calloc(1, sizeof *w);
    snprintf(w->folder, sizeof w->folder, "%s", "/tmp/guidepost-snap-XXXXXX");
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

static int tear_down(void **ctx)
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
    assert_int_equal(heading_snap(kb->view, &a->q, &a->c), 0);
    for (size_t i = 0; i < a->c.n && i < RANK_ROWS; i++) {
        struct row row;
        double heading = 0;
        assert_int_equal(row_read(kb, a->pool, a->c.c[i].id, &row), 0);
        assert_int_equal(heading_row(kb->tokenizer, &a->q, &row, &heading), 0);
        if (fabs(heading - a->c.c[i].f.heading) > 1e-12)
            fail_msg("hit %zu: heading %.12f and %.12f: %s", i, a->c.c[i].f.heading, heading, text);
    }
}

static void both_ways(struct world *w, bool with_view, uint32_t questions, size_t max)
{
    for (uint32_t i = 0; i < questions; i++) {
        char *text = words(1 + draw(9));
        struct kb_ask question = {.text = text,
                                  .len = strlen(text),
                                  .today = draw(2) ? "2026-03-01" : "2025-03-01",
                                  .lang = draw(4) ? NULL : "de",
                                  .audience = draw(4) ? NULL : "student"};
        sql(w->kb->db, "BEGIN");
        assert_int_equal(kb_refresh(w->kb), 0);
        if (with_view != (w->kb->view != NULL))
            fail_msg("a snapshot should %sbe in use", with_view ? "" : "not ");
        struct found a = find(w->kb, &question, max), b = find_fts5(w->kb, &question, max);
        compare(&a, &b, text);
        if (with_view)
            compare_headings(w->kb, &a, text);
        pool_free(a.pool), pool_free(b.pool);
        sql(w->kb->db, "COMMIT");
        sqlite3_free(text);
    }
}

/* ---- claims ------------------------------------------------------------------------------------------------------ */

static void test_a_snapshot_answers_as_fts5_does(void **ctx)
{
    struct world *w = *ctx;
    change(w, 600, 0);
    snapshot(w);
    both_ways(w, true, 300, 10);
    both_ways(w, true, 100, 200);
}

static void test_changes_since_the_snapshot_count_at_once(void **ctx)
{
    struct world *w = *ctx;
    change(w, 300, 0);
    snapshot(w);
    for (int round = 0; round < 12; round++) {
        change(w, draw(12), draw(12));
        both_ways(w, true, 60, 10);
        if (draw(4) == 0)
            snapshot(w);
    }
}

static void test_everything_removed_and_written_again(void **ctx)
{
    struct world *w = *ctx;
    change(w, 40, 0);
    snapshot(w);
    change(w, 0, 40);
    both_ways(w, true, 10, 10);
    change(w, 50, 0);
    both_ways(w, true, 40, 10);
}

static void test_an_empty_base_has_a_snapshot_too(void **ctx)
{
    struct world *w = *ctx;
    change(w, 0, 0);
    snapshot(w);
    both_ways(w, true, 5, 10);
}

static void test_more_than_a_chunk_of_passages(void **ctx)
{
    struct world *w = *ctx;
    sql(w->db,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)"
        "INSERT INTO passages(document, key, ord, anchor, heading, entry, entry_id, question, "
        "headings, title,"
        " body, start, end, line, unit, lang, audience, reviewed, valid_from, valid_until, url, "
        "followups,"
        " needs, nots) SELECT 1, 'c#' || i, 0, '', '[]', 0, '', '', '', '',"
        " 'wordaa ' || CASE i % 7 WHEN 0 THEN 'wordba wordba' WHEN 1 THEN 'wordca' ELSE '' END ||"
        " CASE i % 4001 WHEN 5 THEN ' wordda' ELSE '' END, 0, 0, 1, x'', 'en', '', '', '', '', '', "
        "'[]', '[]', '[]'"
        " FROM n");
    change(w, 200, 0);
    snapshot(w);
    both_ways(w, true, 25, 10);
    change(w, 5, 5);
    both_ways(w, true, 10, 10);
}

static void test_the_winners_do_not_depend_on_how_many_are_wanted(void **ctx)
{
    struct world *w = *ctx;
    change(w, 500, 0);
    snapshot(w);
    sql(w->kb->db, "BEGIN");
    assert_int_equal(kb_refresh(w->kb), 0);
    for (int i = 0; i < 100; i++) {
        char *text = words(1 + draw(7));
        struct kb_ask question = {.text = text, .len = strlen(text)};
        struct found many = find(w->kb, &question, 100), few = find(w->kb, &question, 1 + draw(20));
        many.c.n = few.c.n < many.c.n ? few.c.n : many.c.n;
        compare(&few, &many, text);
        pool_free(many.pool), pool_free(few.pool);
        sqlite3_free(text);
    }
    sql(w->kb->db, "COMMIT");
}

/* ---- a file that is not what it was -------------------------------------------------------------------------------- */

static uint8_t *read_snapshot(struct world *w, size_t *ret_len)
{
    struct stat st;
    assert_int_equal(stat(w->snap, &st), 0);
    uint8_t *data = malloc((size_t)st.st_size + 1);
    FILE *f = fopen(w->snap, "rb");
    assert_int_equal(fread(data, 1, (size_t)st.st_size, f), st.st_size);
    fclose(f);
    *ret_len = (size_t)st.st_size;
    return data;
}

static void write_snapshot(struct world *w, const uint8_t *data, size_t len)
{
    unlink(w->snap); /* as a rename would: never change a file that is mapped */
    FILE *f = fopen(w->snap, "wb");
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
}

/* Ask with a fresh handle: every answer must be FTS5's, whether or not the snapshot is believed. */
static void answers_stay_right(struct world *w, uint32_t questions)
{
    kb_close(w->kb);
    assert_int_equal(kb_open(w->path, &w->kb), 0);
    for (uint32_t i = 0; i < questions; i++) {
        char *text = words(1 + draw(9));
        struct kb_ask question = {.text = text, .len = strlen(text)};
        sql(w->kb->db, "BEGIN");
        assert_int_equal(kb_refresh(w->kb), 0);
        struct found a = find(w->kb, &question, 10), b = find_fts5(w->kb, &question, 10);
        if (w->kb->view) /* else the vocabulary of one was read before the damage was seen */
            compare(&a, &b, text);
        pool_free(a.pool), pool_free(b.pool);
        sql(w->kb->db, "COMMIT");
        sqlite3_free(text);
    }
}

static void test_a_flipped_bit_is_noticed(void **ctx)
{
    struct world *w = *ctx;
    size_t len;
    change(w, 150, 0);
    snapshot(w);
    uint8_t *data = read_snapshot(w, &len);
    for (int i = 0; i < 200; i++) {
        size_t at = draw(5) ? draw((uint32_t)len) : draw(sizeof(struct snap_header));
        data[at] ^= (uint8_t)(1u << draw(8));
        write_snapshot(w, data, len);
        uint8_t base[16];
        int64_t generation;
        assert_int_equal(schema_identity(w->db, base, &generation), 0);
        bool sound = snap_verify(w->snap, base, true, &generation) == 0;
        /* Only padding between sections may go unnoticed by the header; pages cover it. */
        assert_false(sound);
        answers_stay_right(w, 3);
        write_snapshot(w, data, len);
        free(data);
        snapshot(w);
        data = read_snapshot(w, &len);
    }
    free(data);
}

static void test_a_truncated_or_foreign_file_is_not_used(void **ctx)
{
    struct world *w = *ctx;
    size_t len;
    change(w, 100, 0);
    snapshot(w);
    uint8_t *data = read_snapshot(w, &len);
    for (int i = 0; i < 40; i++) {
        write_snapshot(w, data, draw((uint32_t)len));
        answers_stay_right(w, 1);
        assert_null(w->kb->view);
    }
    write_snapshot(w, (const uint8_t *)"not a snapshot at all", 21);
    answers_stay_right(w, 2);
    assert_null(w->kb->view);
    sql(w->db, "UPDATE meta SET value = lower(hex(randomblob(16))) WHERE key = 'base'");
    write_snapshot(w, data, len); /* of another base */
    answers_stay_right(w, 2);
    assert_null(w->kb->view);
    free(data);
}

int main(void)
{
    const char *given = getenv("GUIDEPOST_SEED");
    state = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 0x9e3779b97f4a7c15u | 1;
    printf("GUIDEPOST_SEED=%llu\n", (unsigned long long)state);
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        T(test_a_snapshot_answers_as_fts5_does),
        T(test_changes_since_the_snapshot_count_at_once),
        T(test_everything_removed_and_written_again),
        T(test_an_empty_base_has_a_snapshot_too),
        T(test_more_than_a_chunk_of_passages),
        T(test_the_winners_do_not_depend_on_how_many_are_wanted),
        T(test_a_flipped_bit_is_noticed),
        T(test_a_truncated_or_foreign_file_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
