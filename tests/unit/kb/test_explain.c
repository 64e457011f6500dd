/* test_explain.c: what is explained is what decided: the figures add up to those of the ranking. */
#include "base.h"

#include <math.h>
#include <stdio.h>

#include "folder.h"

static struct kb_hits explain(struct kb *kb, const char *text, const char *before)
{
    struct kb_ask ask = {.text = text, .len = strlen(text), .explain = true};
    struct kb_hits hits;
    ask.before = &before;
    ask.nbefore = before ? 1 : 0;
    assert_int_equal(kb_ask(kb, &ask, &hits), 0);
    assert_non_null(hits.why);
    return hits;
}

static bool same(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

/* Every sum that the explanation promises. */
static void assert_adds_up(const struct kb_hits *hits)
{
    const struct kb_why *why = hits->why;
    for (size_t i = 0; i < why->nhit; i++) {
        const struct kb_why_hit *h = &why->hit[i];
        double found = 0, score = 0, bm25 = -1;
        for (size_t k = 0; k < h->nfind; k++)
            for (size_t f = 0; f < KB_FIELDS; f++) {
                found += h->find[k].field[f];
                assert_true((h->find[k].field[f] > 0) == (h->find[k].count[f] > 0));
            }
        for (size_t k = 0; k < h->npart; k++) {
            score += h->part[k].value * h->part[k].weight;
            bm25 = !strcmp(h->part[k].name, "bm25") ? h->part[k].value : bm25;
        }
        assert_true(same(found, h->found));
        assert_true(same(score, h->score));
        assert_true(same(bm25 * why->mass, h->found));
        assert_string_equal(h->passage, hits->hit[i].passage);
        assert_true(same(h->score, hits->hit[i].score));
        assert_true(same(h->confidence, hits->hit[i].confidence));
    }
    double product = 1;
    for (size_t i = 0; i < why->nchance; i++) {
        double x = why->chance[i].base;
        for (size_t k = 0; k < why->chance[i].npart; k++)
            x += why->chance[i].part[k].value * why->chance[i].part[k].weight;
        assert_true(same(1 / (1 + exp(-x)), why->chance[i].value));
        product *= why->chance[i].value;
    }
    if (why->nchance && !why->rule)
        assert_true(same(product, hits->confidence));
    assert_true(same(why->confidence, hits->confidence));
    assert_int_equal(why->band, hits->band);
    assert_true((why->band == KB_HIGH) == (why->confidence >= why->high));
}

static const char *const questions[] = {"What is the median wage?",
                                        "laboratory wage zeppelin",
                                        "do i need a licence in Hawaii",
                                        "lab technician samples and the results of analyzers",
                                        "technician technician technician",
                                        "how",
                                        ""};

static void test_contributions_add_up_to_the_score_without_a_snapshot(void **state)
{
    struct kb *kb = base_careers();
    base_synonym(kb, "lab", "laboratory", 0.9);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct kb_hits hits = explain(kb, questions[i], i % 2 ? "how do welders learn?" : NULL);
        assert_adds_up(&hits);
        kb_hits_release(&hits);
    }
    kb_close(kb);
}

static void index_folder(void)
{
    const char *path = folder("guides");
    const struct kb_sources src = {.path = &path, .n = 1};
    struct kb_report report = {0};
    assert_int_equal(kb_index(folder("index.db"), &src, &report), 0);
    kb_report_release(&report);
}

static void test_contributions_add_up_to_the_score_with_one(void **state)
{
    char name[64], text[400];
    assert_int_equal(mkdir(folder("guides"), 0700), 0);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "guides/g%d.md", i);
        snprintf(text, sizeof text,
                 "# Guide %d\n\n## What is the wage of a technician?\n\nThe median wage in "
                 "laboratory %d is $%d a year.\n\n## Licensing\n\nHawaii wants a license; "
                 "analyzers give results.\n",
                 i, i, 40000 + i);
        folder_write(name, text);
    }
    index_folder();
    folder_write("guides/g7.md", "# Guide 7\n\n## Pay\n\nThe wage has changed.\n");
    index_folder(); /* now there are two segments */
    struct kb *kb = NULL;
    assert_int_equal(kb_open(folder("index.db"), &kb), 0);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct kb_hits hits = explain(kb, questions[i], NULL);
        assert_adds_up(&hits);
        kb_hits_release(&hits);
    }
    assert_non_null(kb->view);
    kb_close(kb);
}

static const struct kb_why_word *word(const struct kb_why *why, const char *text)
{
    for (size_t i = 0; i < why->nword; i++)
        if (!strcmp(why->word[i].word, text))
            return &why->word[i];
    fail_msg("no word %s", text);
    return NULL;
}

static const struct kb_why_term *way(const struct kb_why_word *w, enum kb_way way)
{
    for (size_t i = 0; i < w->nterm; i++)
        if (w->term[i].way == way)
            return &w->term[i];
    fail_msg("%s has no such way", w->word);
    return NULL;
}

static void test_it_says_how_each_word_was_taken(void **state)
{
    struct kb *kb = base_careers();
    base_synonym(kb, "remuneration", "wage", 0.7);
    struct kb_hits hits = explain(kb, "labratory remuneration zeppelin", NULL);
    const struct kb_why *why = hits.why;
    const struct kb_why_term *read = way(word(why, "labratory"), KB_CORRECTED);
    assert_string_equal(read->said, "laboratory"); /* as it is spelt, not "laboratori" */
    assert_true(read->weight < 1);
    assert_int_equal(read->passages, 3);
    assert_string_equal(way(word(why, "remuneration"), KB_SYNONYM)->said, "wage");
    assert_false(word(why, "zeppelin")->known);
    assert_int_equal(why->ncorrected, 1);
    kb_hits_release(&hits);
    kb_close(kb);
}

static void test_words_of_earlier_messages_are_marked(void **state)
{
    struct kb *kb = base_careers();
    struct kb_hits hits = explain(kb, "and the wage?", "what does a welder do");
    assert_true(word(hits.why, "welder")->before);
    assert_false(word(hits.why, "wage")->before);
    assert_true(word(hits.why, "welder")->weight < 1);
    kb_hits_release(&hits);
    kb_close(kb);
}

static void test_who_does_not_ask_for_it_pays_nothing(void **state)
{
    struct kb *kb = base_careers();
    struct kb_hits hits = base_ask(kb, "wage");
    assert_null(hits.why);
    kb_hits_release(&hits);
    kb_close(kb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contributions_add_up_to_the_score_without_a_snapshot),
        cmocka_unit_test_setup_teardown(test_contributions_add_up_to_the_score_with_one,
                                        folder_setup, folder_teardown),
        cmocka_unit_test(test_it_says_how_each_word_was_taken),
        cmocka_unit_test(test_words_of_earlier_messages_are_marked),
        cmocka_unit_test(test_who_does_not_ask_for_it_pays_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
