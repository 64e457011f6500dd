/* test_candidates.c: the first stage. BM25F, its filters, and where the words stand. */
#include "base.h"

#include <math.h>
#include <stdio.h>

struct found {
    struct pool *pool;
    struct query q;
    struct candidates c;
};

static struct found find(struct kb *kb, const struct kb_ask *ask, size_t max)
{
    struct found f = {.pool = pool_new()};
    assert_int_equal(kb_refresh(kb), 0);
    const struct query_reader reader = {
        .tokenizer = kb->tokenizer, .synonyms = kb->synonyms, .main_lang = kb->stats->main_lang};
    assert_int_equal(query_build(&reader, f.pool, ask, &f.q), 0);
    assert_int_equal(candidates_find(kb, &f.q, f.pool, max, &f.c), 0);
    return f;
}

static struct found find_text(struct kb *kb, const char *text)
{
    return find(kb, &(struct kb_ask){.text = text, .len = strlen(text)}, KB_CANDIDATES);
}

static void drop(struct found *f)
{
    pool_free(f->pool);
}

/* The keys of what was found, best first, as "b a c"; equal scores in order of key. */
static void assert_order(struct kb *kb, const struct found *f, const char *keys)
{
    char got[256] = "";
    const char *key[16];
    assert_true(f->c.n <= 16);
    for (size_t i = 0; i < f->c.n; i++) {
        struct row row;
        assert_int_equal(row_read(kb, f->pool, f->c.c[i].id, &row), 0);
        assert_int_equal(row_document(kb, &row), 0);
        size_t k = i;
        for (; k && !(f->c.c[k - 1].bm25 > f->c.c[i].bm25) &&
               strcmp(key[k - 1], row.notes->doc_id) > 0;
             k--)
            key[k] = key[k - 1];
        key[k] = row.notes->doc_id;
    }
    for (size_t i = 0; i < f->c.n; i++) {
        if (i)
            strcat(got, " ");
        strcat(got, key[i]);
    }
    assert_string_equal(got, keys);
}

static void test_a_word_counts_most_in_a_question_then_headings_title_body(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){"body", .body = "wage", .headings = "x", .title = "x",
                                        .question = "x"});
    base_add(kb, &(struct base_passage){"title", .title = "wage", .headings = "x", .body = "x",
                                        .question = "x"});
    base_add(kb, &(struct base_passage){"head", .headings = "wage", .title = "x", .body = "x",
                                        .question = "x"});
    base_add(kb, &(struct base_passage){"ask", .question = "wage", .headings = "x", .title = "x",
                                        .body = "x"});
    struct found f = find_text(kb, "wage");
    assert_order(kb, &f, "ask head title body");
    drop(&f);
    kb_close(kb);
}

static void test_the_score_is_the_formula_at_the_top_of_the_file(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){"a", .body = "wage wage other words"});
    base_add(kb, &(struct base_passage){"b", .body = "nothing of that kind here at all"});
    struct found f = find_text(kb, "wage");
    assert_int_equal(f.c.n, 1);
    double idf = log(1 + (2 - 1 + 0.5) / (1 + 0.5));
    double tf = 2 / (1 - 0.6 + 0.6 * 4 / 5.5), want = idf * tf / (0.8 + tf);
    assert_true(fabs(f.c.c[0].bm25 - want) < 1e-9);
    drop(&f);
    kb_close(kb);
}

static void test_ties_do_not_depend_on_the_history(void **state)
{
    static const char *const keys[] = {"x", "y", "z", "u", "v", "w"};
    char first[64] = "", second[64] = "";
    for (int backwards = 0; backwards < 2; backwards++) {
        struct kb *kb = base_open();
        for (int i = 0; i < 6; i++)
            base_add(kb, &(struct base_passage){keys[backwards ? 5 - i : i], .body = "same words"});
        struct found f = find_text(kb, "words");
        assert_int_equal(f.c.n, 6);
        for (size_t i = 0; i < f.c.n; i++) {
            struct row row;
            assert_int_equal(row_read(kb, f.pool, f.c.c[i].id, &row), 0);
            assert_int_equal(row_document(kb, &row), 0);
            strcat(backwards ? second : first, row.notes->doc_id);
        }
        drop(&f);
        kb_close(kb);
    }
    assert_string_equal(first, second);
}

static void test_a_smaller_max_gives_the_head_of_the_same_order(void **state)
{
    struct kb *kb = base_open();
    char key[16], body[256];
    for (int i = 0; i < 50; i++) {
        snprintf(key, sizeof key, "p%02d", i);
        snprintf(
            body, sizeof body, "wage %.*s", (i * 37 % 50) * 4,
            "aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb "
            "aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb aa bb "
            "aa bb aa bb aa bb aa bb aa bb");
        base_add(kb, &(struct base_passage){.key = key, .body = body});
    }
    struct kb_ask ask = {.text = "wage bb", .len = 7};
    struct found all = find(kb, &ask, KB_CANDIDATES);
    assert_int_equal(all.c.n, 50);
    for (size_t i = 1; i < all.c.n; i++)
        assert_true(all.c.c[i - 1].bm25 >= all.c.c[i].bm25);
    for (size_t max = 1; max < 50; max += 7) {
        struct found few = find(kb, &ask, max);
        assert_int_equal(few.c.n, max);
        for (size_t i = 0; i < max; i++)
            assert_true(few.c.c[i].id == all.c.c[i].id);
        drop(&few);
    }
    drop(&all);
    kb_close(kb);
}

static void test_a_synonym_finds_but_the_word_itself_wins(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){"syn", .body = "the salary of a nurse"});
    base_add(kb, &(struct base_passage){"exact", .body = "the pay of a nurse"});
    base_add(kb, &(struct base_passage){"other", .body = "the shoes of a nurse"});
    base_synonym(kb, "pay", "salary", 0.8);
    struct found f = find_text(kb, "pay");
    assert_order(kb, &f, "exact syn");
    drop(&f);
    kb_close(kb);
}

static void test_a_phrase_synonym_needs_its_words_in_a_row(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){"row", .body = "a medical laboratory technician works"});
    base_add(kb, &(struct base_passage){"apart",
                                        .body = "a medical office has no laboratory technician"});
    base_synonym(kb, "mlt", "medical laboratory technician", 0.9);
    struct found f = find_text(kb, "mlt");
    assert_order(kb, &f, "row");
    drop(&f);
    kb_close(kb);
}

static void test_language_and_audience_filter_but_leave_what_is_for_everyone(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){"en", .body = "exam", .lang = "en"});
    base_add(kb, &(struct base_passage){"de", .body = "exam", .lang = "de"});
    base_add(kb,
             &(struct base_passage){"staff", .body = "exam", .lang = "en", .audience = "staff"});
    struct found f = find(kb, &(struct kb_ask){.text = "exam", .len = 4, .lang = "en"}, 10);
    assert_order(kb, &f, "en"); /* who names no audience is of none */
    drop(&f);
    f = find(kb, &(struct kb_ask){.text = "exam", .len = 4, .lang = "en", .audience = "student"},
             10);
    assert_order(kb, &f, "en");
    drop(&f);
    f = find(kb, &(struct kb_ask){.text = "exam", .len = 4, .audience = "staff"}, 10);
    assert_int_equal(f.c.n, 3);
    drop(&f);
    kb_close(kb);
}

static void test_needs_and_nots_rule_an_entry_in_and_out(void **state)
{
    struct kb *kb = base_open();
    base_add(kb,
             &(struct base_passage){"vet", .body = "technician pay", .needs = "[\"veterinary\"]"});
    base_add(kb, &(struct base_passage){"lab", .body = "technician pay",
                                        .nots = "[\"veterinary\",\"welders\"]"});
    struct found f = find_text(kb, "technician pay");
    assert_order(kb, &f, "lab");
    drop(&f);
    f = find_text(kb, "veterinary technician pay");
    assert_order(kb, &f, "vet");
    drop(&f);
    f = find_text(kb, "pay of a welder technician"); /* another form of the word */
    assert_int_equal(f.c.n, 0);
    drop(&f);
    base_synonym(kb, "vet", "veterinary", 0.9);
    f = find_text(kb,
                  "vet technician pay"); /* needs may be said in other words, nots must be typed */
    assert_order(kb, &f, "lab vet");
    drop(&f);
    kb_close(kb);
}

static void test_matches_tell_field_and_position(void **state)
{
    struct kb *kb = base_open();
    base_add(kb,
             &(struct base_passage){"a", .headings = "Annual wage", .body = "The wage is a wage."});
    struct found f = find_text(kb, "wage");
    assert_int_equal(f.c.n, 1);
    assert_int_equal(f.c.c[0].nmatch, 3);
    assert_int_equal(f.c.c[0].match[0].field, FIELD_HEADINGS);
    assert_int_equal(f.c.c[0].match[0].pos, 1);
    assert_int_equal(f.c.c[0].match[1].field, FIELD_BODY);
    assert_int_equal(f.c.c[0].match[1].pos, 1);
    assert_int_equal(f.c.c[0].match[2].pos, 4);
    drop(&f);
    kb_close(kb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_word_counts_most_in_a_question_then_headings_title_body),
        cmocka_unit_test(test_the_score_is_the_formula_at_the_top_of_the_file),
        cmocka_unit_test(test_ties_do_not_depend_on_the_history),
        cmocka_unit_test(test_a_smaller_max_gives_the_head_of_the_same_order),
        cmocka_unit_test(test_a_synonym_finds_but_the_word_itself_wins),
        cmocka_unit_test(test_a_phrase_synonym_needs_its_words_in_a_row),
        cmocka_unit_test(test_language_and_audience_filter_but_leave_what_is_for_everyone),
        cmocka_unit_test(test_needs_and_nots_rule_an_entry_in_and_out),
        cmocka_unit_test(test_matches_tell_field_and_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
