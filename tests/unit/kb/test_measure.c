/* test_measure.c: the figures of a test collection, on one so small that they can be worked out by hand. */
#include "base.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

static char folder[64];

static void put(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static char *get(const char *name)
{
    char path[128];
    static char text[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = 0;
    fclose(f);
    return text;
}

static int make_collection(void **state)
{
    strcpy(folder, "/tmp/guidepost-measure-XXXXXX");
    assert_non_null(mkdtemp(folder));
    put("corpus.jsonl",
        "{\"id\":\"d1\",\"title\":\"Wages\",\"text\":\"The wage of a welder.\"}\n"
        "{\"id\":\"d2\",\"title\":\"Training\",\"text\":\"A welder learns on the job.\"}\n"
        "{\"id\":\"d3\",\"title\":\"Tools\",\"text\":\"Torches and masks.\"}\n");
    put("queries.jsonl", "{\"id\":\"q1\",\"text\":\"torches\"}\n"
                         "{\"id\":\"q2\",\"text\":\"welder training\"}\n"
                         "{\"id\":\"q3\",\"text\":\"nothing of this is judged\"}\n");
    put("qrels.tsv", "q1\td3\t1\nq2\td1\t1\nq2\td2\t0\n");
    put("meta.json", "{\"name\":\"tiny\",\"binary_min_rel\":1}");
    return 0;
}

static int drop_collection(void **state)
{
    static const char *const names[] = {"corpus.jsonl", "queries.jsonl", "qrels.tsv", "meta.json",
                                        "other.jsonl",  "run.txt",       "oos.jsonl"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void test_the_figures_are_those_of_trec_eval(void **state)
{
    struct kb_measures m;
    assert_int_equal(kb_measure(folder, NULL, &m, NULL), 0);
    assert_int_equal(m.documents, 3);
    assert_int_equal(m.queries, 2);      /* the one without judgements is left out */
    assert_true(near(m.success_1, 0.5)); /* q1 first, q2 second */
    assert_true(near(m.mrr_10, 0.75));   /* (1 + 1/2) / 2 */
    assert_true(near(m.ndcg_10, (1 + 1 / log2(3)) / 2));
    assert_true(near(m.recall_10, 1));
    assert_true(near(m.recall_100, 1));
    assert_true(m.p50_us > 0 && m.p50_us <= m.p95_us && m.p95_us <= m.p99_us);
}

static void test_other_queries_and_a_run_file(void **state)
{
    char other[128], run[128];
    put("other.jsonl", "{\"id\":\"q1\",\"text\":\"masks\"}\n");
    snprintf(other, sizeof other, "%s/other.jsonl", folder);
    snprintf(run, sizeof run, "%s/run.txt", folder);
    struct kb_measure_options o = {.queries = other, .run = run};
    struct kb_measures m;
    assert_int_equal(kb_measure(folder, &o, &m, NULL), 0);
    assert_int_equal(m.queries, 1);
    assert_true(near(m.success_1, 1));
    assert_int_equal(strncmp(get("run.txt"), "q1 Q0 d3 1 ", 11), 0);
}

static void test_questions_without_an_answer_are_told_apart(void **state)
{
    struct kb_measures m;
    put("oos.jsonl", "{\"id\":\"o1\",\"text\":\"who won the football match\"}\n"
                     "{\"id\":\"o2\",\"text\":\"zeppelin mortgage rates\"}\n");
    assert_int_equal(kb_measure(folder, NULL, &m, NULL), 0);
    assert_int_equal(m.own.n, 2);
    assert_int_equal(m.foreign.n, 2);
    assert_true(near(m.foreign.declined, 1));
    assert_true(near(m.auroc, 1));
    put("oos.jsonl", "{\"id\":\"o1\"}\n");
    char *message = NULL;
    assert_int_equal(kb_measure(folder, NULL, &m, &message), KB_ERR_INPUT);
    assert_non_null(strstr(message, "oos.jsonl:1:"));
    free(message);
}

static void test_a_grade_below_the_bar_is_not_relevant(void **state)
{
    struct kb_measures m;
    put("meta.json", "{\"binary_min_rel\":2}");
    put("qrels.tsv", "q1\td3\t1\nq2\td2\t2\n");
    assert_int_equal(kb_measure(folder, NULL, &m, NULL), 0);
    assert_int_equal(m.queries, 1);
    assert_true(near(m.success_1, 1));
}

static void test_what_is_missing_or_broken_is_named_with_its_place(void **state)
{
    struct kb_measures m = {.queries = 77};
    char *message = NULL;
    assert_int_equal(kb_measure("/nonexistent", NULL, &m, &message), KB_ERR_ABSENT);
    assert_non_null(strstr(message, "/nonexistent/qrels.tsv"));
    free(message);
    message = NULL;
    put("qrels.tsv", "q1\td3\t1\nq2 d2 1\n");
    assert_int_equal(kb_measure(folder, NULL, &m, &message), KB_ERR_INPUT);
    assert_non_null(strstr(message, "qrels.tsv:2:"));
    free(message);
    message = NULL;
    put("qrels.tsv", "q1\td3\t1\n");
    put("queries.jsonl", "{\"id\":\"q1\"}\n");
    assert_int_equal(kb_measure(folder, NULL, &m, &message), KB_ERR_INPUT);
    assert_non_null(strstr(message, "queries.jsonl:1:"));
    free(message);
    assert_int_equal(m.queries, 77); /* untouched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_figures_are_those_of_trec_eval, make_collection,
                                        drop_collection),
        cmocka_unit_test_setup_teardown(test_other_queries_and_a_run_file, make_collection,
                                        drop_collection),
        cmocka_unit_test_setup_teardown(test_questions_without_an_answer_are_told_apart,
                                        make_collection, drop_collection),
        cmocka_unit_test_setup_teardown(test_a_grade_below_the_bar_is_not_relevant, make_collection,
                                        drop_collection),
        cmocka_unit_test_setup_teardown(test_what_is_missing_or_broken_is_named_with_its_place,
                                        make_collection, drop_collection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
