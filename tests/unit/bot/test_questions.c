/* test_questions.c: test questions are read strictly and judged by what a person would notice. */
#include "files.h"

#include <errno.h>

#include "bot/questions.h"

static struct pool *pool;
static struct kb_report report;
static struct test_questions all;

static int setup(void **state)
{
    pool = pool_new();
    return files_setup(state);
}

static int teardown(void **state)
{
    pool_free(pool);
    kb_report_release(&report);
    return files_teardown(state);
}

static int read_text(const char *text)
{
    const char *path = file_with("q.yaml", text);
    kb_report_release(&report);
    return questions_read(pool, &path, 1, &all, &report);
}

static void a_question_is_read_with_all_its_keys(void **state)
{
    assert_int_equal(read_text("# comment\n- q: how much?\n  before: [hi, what is an MLT]\n  want: "
                               "salary\n  not: [a, b]\n"
                               "  kind: answer\n  contains: [median, [2024, 2025]]\n"),
                     0);
    assert_int_equal(all.n, 1);
    const struct test_question *t = &all.item[0];
    assert_string_equal(t->q, "how much?");
    assert_int_equal(t->line, 2);
    assert_int_equal(t->nbefore, 2);
    assert_string_equal(t->before[1], "what is an MLT");
    assert_string_equal(t->want[0], "salary");
    assert_int_equal(t->nnots, 2);
    assert_int_equal(t->nkind, 1);
    assert_string_equal(t->kind[0], "answer");
    assert_int_equal(t->ncontains, 2);
    assert_int_equal(t->contains[1].n, 2);
}

static void folders_are_read_in_the_order_of_their_names(void **state)
{
    file_with("b.yaml", "- {q: second, kind: none}\n");
    file_with("a.yaml", "- {q: first, kind: none}\n");
    file_with("notes.txt", "not a question file");
    const char *path = folder;
    assert_int_equal(questions_read(pool, &path, 1, &all, &report), 0);
    assert_int_equal(all.n, 2);
    assert_string_equal(all.item[0].q, "first");
    assert_string_equal(all.item[1].q, "second");
}

static void mistakes_have_a_place(void **state)
{
    const struct {
        const char *text, *says;
        size_t line, column;
    } bad[] = {
        {"- {q: a, wants: b}\n", "did you mean \"want\"", 1, 10},
        {"- {want: b}\n", "message that is asked", 1, 3},
        {"- {q: a}\n", "tests nothing", 1, 3},
        {"- {q: a, kind: maybe}\n", "answer, choices, none", 1, 16},
        {"- {q: a, kind: [none, maybe]}\n", "answer, choices, none", 1, 23},
        {"- {q: a, want: [[b]]}\n", "a text", 1, 17},
        {"- {q: a, audience: [b], kind: none}\n", "expects one word", 1, 20},
        {"- text\n", "expects a question", 1, 3},
        {"q: a\nwant: b\n", "expects a list", 1, 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_text(bad[i].text), -EINVAL);
        assert_problem(&report, bad[i].line, bad[i].column, bad[i].says);
    }
}

static void a_passage_is_named_whole_or_by_its_anchor(void **state)
{
    assert_true(questions_names("faq#salary", "faq#salary"));
    assert_true(questions_names("faq#salary", "salary"));
    assert_false(questions_names("faq#salary", "faq"));
    assert_false(questions_names("faq#salary", "sal"));
    assert_false(questions_names("", "salary"));
}

static bool judged(const char *yaml, enum reply_kind kind, const char *passage, const char *text)
{
    struct kb_hit hit = {.passage = passage};
    struct reply r = {.kind = kind, .text = text, .answer = &hit, .nanswer = passage != NULL};
    const char *why = NULL;
    assert_int_equal(read_text(yaml), 0);
    bool ok = questions_judge(&all.item[0], &r, pool, &why);
    assert_true(ok || why);
    return ok;
}

static void a_reply_is_judged_by_passage_kind_and_text(void **state)
{
    assert_true(judged("- {q: a, want: [x, salary]}", REPLY_ANSWER, "faq#salary", ""));
    assert_false(judged("- {q: a, want: [x, y]}", REPLY_ANSWER, "faq#salary", ""));
    assert_false(judged("- {q: a, want: salary}", REPLY_NONE, NULL, ""));
    assert_false(judged("- {q: a, not: salary}", REPLY_ANSWER, "faq#salary", ""));
    assert_true(judged("- {q: a, not: salary}", REPLY_NONE, NULL, ""));
    assert_true(judged("- {q: a, kind: none}", REPLY_NONE, NULL, ""));
    assert_false(judged("- {q: a, kind: none}", REPLY_CHOICES, "faq#salary", ""));
    assert_true(judged("- {q: a, kind: [none, choices]}", REPLY_CHOICES, "faq#salary", ""));
    assert_false(judged("- {q: a, kind: [none, choices]}", REPLY_ANSWER, "faq#salary", ""));
    assert_true(judged("- {q: a, contains: [MEDIAN, [2024, 2025]]}", REPLY_ANSWER, "f#s",
                       "the median of 2025"));
    assert_false(judged("- {q: a, contains: [median, [2024, 2025]]}", REPLY_ANSWER, "f#s",
                        "the median of 2023"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_is_read_with_all_its_keys),
        TEST(folders_are_read_in_the_order_of_their_names),
        TEST(mistakes_have_a_place),
        TEST(a_passage_is_named_whole_or_by_its_anchor),
        TEST(a_reply_is_judged_by_passage_kind_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
