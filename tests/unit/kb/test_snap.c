/* The snapshot against FTS5: after any mix of inserts, updates and deletes, with a snapshot of any earlier
 * generation and the delta since, the same passages come out in the same order with the same scores. And a file
 * that was tampered with is noticed, answers stay right, nothing crashes. */
#include "world.h"

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
    for (uint32_t i = 0; i < deletes; i++) {
        long long n = schema_number(w->db, "SELECT count(*) FROM passages", 0, 0);
        char *text = sqlite3_mprintf("DELETE FROM passages WHERE id = (SELECT id FROM passages"
                                     " ORDER BY id LIMIT 1 OFFSET %u)",
                                     n ? draw((uint32_t)n) : 0);
        sql(w->db, text);
        sqlite3_free(text);
    }
    for (uint32_t i = 0; i < inserts; i++)
        insert(w);
    sql(w->db, "UPDATE meta SET value = value + 1 WHERE key = 'generation'; COMMIT");
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
        if (with_view) {
            compare_headings(w->kb, &a, text);
            compare_words(w->kb, &a, text);
        }
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

/* Its table of words with the changes since, asked for each word that FTS5 has, and for words that it does not have. */
static void test_words_are_in_as_many_passages_as_fts5_says(void **ctx)
{
    struct world *w = *ctx;
    change(w, 200, 0);
    snapshot(w);
    for (int round = 0; round < 4; round++) {
        struct pool *pool = pool_new();
        struct vocabulary all;
        change(w, draw(12), draw(12));
        assert_int_equal(vocabulary_load(w->kb->db, pool, &all), 0);
        sql(w->kb->db, "BEGIN");
        assert_int_equal(kb_refresh(w->kb), 0);
        const struct vocabulary *v = kb_vocabulary(w->kb);
        assert_non_null(v->part[0].snap);
        for (size_t i = 0; i < all.part[0].n; i++) {
            const char *word = all.part[0].word[i].token;
            if (vocabulary_df(v, word) != all.part[0].word[i].df || !vocabulary_has(v, word))
                fail_msg("%s: %zu, not %u", word, vocabulary_df(v, word),
                         (unsigned)all.part[0].word[i].df);
            word = pool_strndup(pool, word, strlen(word) - 1);
            assert_int_equal(vocabulary_has(v, word), vocabulary_has(&all, word));
            assert_int_equal(vocabulary_df(v, word), vocabulary_df(&all, word));
        }
        assert_true(all.part[0].n > 100);
        sql(w->kb->db, "COMMIT");
        pool_free(pool);
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

/* More than there is room for: which of them are handed out is decided by their keys alone. */
static void test_of_hundreds_of_copies_the_same_come_first(void **ctx)
{
#define COLUMNS                                                                                    \
    " ord, anchor, heading, entry, entry_id, question, headings, title, body, start, end, line, "  \
    "unit, lang, audience, reviewed, valid_from, valid_until, url, followups, needs, nots"
    static const char sql_copy[] =
        "BEGIN; WITH RECURSIVE copy(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM copy WHERE i < 150)"
        "INSERT INTO passages(document, key," COLUMNS ")"
        "SELECT document, key || '-' || i," COLUMNS " FROM passages, copy;"
        "UPDATE meta SET value = value + 1 WHERE key = 'generation'; COMMIT";
    struct world *w = *ctx;
    change(w, 5, 0);
    sql(w->db, sql_copy);
    snapshot(w);
    both_ways(w, true, 40, 10);
    both_ways(w, true, 20, 300);
#undef COLUMNS
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
        size_t at = draw(5) ? draw((uint32_t)len) : draw(offsetof(struct snap_header, blank));
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
    draw_from_seed();
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
        T(test_a_snapshot_answers_as_fts5_does),
        T(test_changes_since_the_snapshot_count_at_once),
        T(test_words_are_in_as_many_passages_as_fts5_says),
        T(test_everything_removed_and_written_again),
        T(test_an_empty_base_has_a_snapshot_too),
        T(test_more_than_a_chunk_of_passages),
        T(test_the_winners_do_not_depend_on_how_many_are_wanted),
        T(test_of_hundreds_of_copies_the_same_come_first),
        T(test_a_flipped_bit_is_noticed),
        T(test_a_truncated_or_foreign_file_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
