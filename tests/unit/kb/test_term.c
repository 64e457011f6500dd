/* test_term.c: who asks the same has the same terms, however it is typed. */
#include "folder.h"

#include "kb/kb.h"

static struct kb *kb;

static int set_up(void **state)
{
    int err = folder_setup(state);
    folder_write(
        "a.faq.yaml",
        "title: Work\nentries:\n"
        "- id: pay\n  q: What is the salary of a laboratory technician?\n  a: The salary is good.\n"
        "- id: more\n  q: Does the salary grow?\n  a: The salary grows, and so does the wage.\n"
        "- id: exam\n  q: Is there an exam?\n  a: There is an exam for the certification.\n");
    folder_write("synonyms.yaml",
                 "- words: [salary, pay, wage]\n- from: [lab tech]\n  to: [laboratory technician]\n"
                 "- words: [MLT, medical laboratory technician]\n");
    struct kb_report report = {0};
    const char *path[] = {"a.faq.yaml"};
    struct kb_sources src = {.root = folder(""), .path = path, .n = 1, .synonyms = "synonyms.yaml"};
    err = err || kb_index(folder("index.db"), &src, &report);
    kb_report_release(&report);
    return err || kb_open(folder("index.db"), &kb);
}

static int tear_down(void **state)
{
    kb_close(kb);
    return folder_teardown(state);
}

/* "token token", in order. */
static void terms_are(const char *question, const char *expected)
{
    struct pool *pool = pool_new();
    struct kb_term *term = NULL;
    size_t n = 0;
    const char *found = "";
    assert_int_equal(kb_terms(kb, question, strlen(question), pool, &term, &n), 0);
    for (size_t i = 0; i < n; i++) {
        assert_true(!i || strcmp(term[i - 1].token, term[i].token) < 0);
        assert_true(term[i].weight > 0 && term[i].weight <= 1);
        found = pool_printf(pool, "%s%s%s", found, i ? " " : "", term[i].token);
    }
    assert_string_equal(found, expected);
    pool_free(pool);
}

static void other_words_for_the_same_are_one_term(void **state)
{
    terms_are("salary", "salari");
    terms_are("pay", "salari");
    terms_are("Wage?", "salari");
}

static void what_is_misspelt_is_read_as_what_was_meant(void **state)
{
    terms_are("certifcation exam", "certif exam");
    terms_are("exam certification", "certif exam");
}

static void a_phrase_and_its_abbreviation_are_the_same_terms(void **state)
{
    terms_are("lab tech", "laboratori technician");
    terms_are("laboratory technician", "laboratori technician");
    terms_are("MLT", "laboratori medic technician");
    terms_are("medical laboratory technician", "laboratori medic technician");
}

static void what_kind_of_answer_is_wanted_is_a_term(void **state)
{
    struct pool *pool = pool_new();
    struct kb_term *term;
    size_t n;
    const char *q = "how much does a lab tech make";
    bool found = false;
    assert_int_equal(kb_terms(kb, q, strlen(q), pool, &term, &n), 0);
    for (size_t i = 0; i < n; i++)
        found = found || !strcmp(term[i].token, "salari");
    assert_true(found);
    pool_free(pool);
}

static void a_word_that_the_base_lacks_is_a_term_and_known_as_such(void **state)
{
    struct pool *pool = pool_new();
    struct kb_term *term;
    size_t n;
    assert_int_equal(kb_terms(kb, "zygomorph exam", 14, pool, &term, &n), 0);
    assert_int_equal(n, 2);
    assert_true(term[0].known); /* exam */
    assert_false(term[1].known);
    pool_free(pool);
}

static void nothing_has_no_terms(void **state)
{
    terms_are("", "");
    terms_are("??", "");
}

struct seen {
    int n;
    size_t entries;
};

static void see(void *ctx, const struct kb_document *d)
{
    struct seen *s = ctx;
    s->n++;
    s->entries += d->entries;
    assert_string_equal(d->title, "Work");
    assert_string_equal(d->document, "a");
    assert_string_equal(d->reviewed, "");
    assert_non_null(strstr(d->file, "a.faq.yaml"));
    assert_int_equal(d->passages, 3);
}

static void documents_are_listed_with_what_they_hold(void **state)
{
    struct seen s = {0};
    assert_int_equal(kb_documents(kb, see, &s), 0);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.entries, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_words_for_the_same_are_one_term),
        cmocka_unit_test(what_is_misspelt_is_read_as_what_was_meant),
        cmocka_unit_test(a_phrase_and_its_abbreviation_are_the_same_terms),
        cmocka_unit_test(what_kind_of_answer_is_wanted_is_a_term),
        cmocka_unit_test(a_word_that_the_base_lacks_is_a_term_and_known_as_such),
        cmocka_unit_test(nothing_has_no_terms),
        cmocka_unit_test(documents_are_listed_with_what_they_hold),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
