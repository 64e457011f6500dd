/* test_cluster.c: groups depend on the set of questions and on nothing else. The properties are tried on hundreds of made-up questions
 * whose words are drawn as those of people are: few often, many seldom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "bot/cluster.h"

#define MANY  400
#define WORDS 6

struct world {
    struct cluster_word word[MANY][WORDS];
    struct cluster_item item[MANY];
    size_t n;
};

static uint64_t state_of;

static size_t below(size_t n)
{
    state_of = state_of * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(state_of >> 33) % n;
}

static int by_term(const void *a, const void *b)
{
    uint64_t x = ((const struct cluster_word *)a)->term, y = ((const struct cluster_word *)b)->term;
    return (x > y) - (x < y);
}

static void add(struct world *w, const uint64_t *term, size_t n, double weight)
{
    struct cluster_word *to = w->word[w->n];
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        to[i] = (struct cluster_word){term[i], weight};
    qsort(to, n, sizeof *to, by_term);
    for (size_t i = 0; i < n; i++)
        if (!kept || to[kept - 1].term != to[i].term)
            to[kept++] = to[i];
    w->item[w->n++] = (struct cluster_item){to, kept, 1 + below(9)};
}

static void add_terms(struct world *w, uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t term[] = {a, b, c};
    add(w, term, c ? 3 : b ? 2 : 1, 1);
}

/* Subjects of three words each, with words around them that all have. */
static struct world *make(uint64_t seed)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    state_of = seed;
    while (w->n < MANY) {
        uint64_t term[WORDS], subject = 1000 + 10 * below(1 + below(40));
        size_t n = 1 + below(3);
        for (size_t i = 0; i < n; i++)
            term[i] = subject + below(4);
        for (size_t k = below(3); k && n < WORDS; k--)
            term[n++] = 1 + below(1 + below(30));
        add(w, term, n, below(4) ? 1 : 0.4);
    }
    return w;
}

static struct clusters cluster(const struct world *w, double alike)
{
    struct clusters c;
    clusters_make(w->item, w->n, alike, NULL, 0, &c);
    return c;
}

/* ---- the claims ---- */

static void test_the_order_of_the_questions_does_not_matter(void **state)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct world *w = make(seed), *shuffled = calloc(1, sizeof *shuffled);
        size_t from[MANY];
        for (size_t i = 0; i < MANY; i++)
            from[i] = i;
        for (size_t i = MANY; i > 1; i--) {
            size_t k = below(i), x = from[i - 1];
            from[i - 1] = from[k];
            from[k] = x;
        }
        for (size_t i = 0; i < MANY; i++)
            shuffled->item[i] = w->item[from[i]];
        shuffled->n = MANY;
        struct clusters a = cluster(w, CLUSTER_ALIKE), b = cluster(shuffled, CLUSTER_ALIKE);
        assert_int_equal(a.n, b.n);
        assert_true(a.n > 5 && a.n < MANY);
        for (size_t i = 0; i < MANY; i++) {
            assert_int_equal(b.of[i], a.of[from[i]]); /* the numbers, too */
            assert_true(b.central[i] <= a.central[from[i]] && b.central[i] >= a.central[from[i]]);
        }
        clusters_release(&a);
        clusters_release(&b);
        free(shuffled);
        free(w);
    }
}

static void test_the_same_terms_are_always_together(void **state)
{
    size_t same = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct world *w = make(seed);
        struct clusters c = cluster(w, 0.95);
        for (size_t i = 0; i < MANY; i++)
            for (size_t k = 0; k < i; k++)
                if (w->item[i].n == w->item[k].n &&
                    !memcmp(w->word[i], w->word[k], w->item[i].n * sizeof *w->word[i])) {
                    assert_int_equal(c.of[i], c.of[k]);
                    same++;
                }
        clusters_release(&c);
        free(w);
    }
    assert_true(same > 100);
}

static void test_a_higher_threshold_only_splits(void **state)
{
    static const double steps[] = {0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 0.99};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct world *w = make(seed);
        struct clusters low = cluster(w, steps[0]);
        for (size_t s = 1; s < sizeof steps / sizeof *steps; s++) {
            struct clusters high = cluster(w, steps[s]);
            assert_true(high.n >= low.n);
            for (size_t i = 0; i < MANY; i++)
                for (size_t k = 0; k < i; k++)
                    if (high.of[i] == high.of[k])
                        assert_int_equal(low.of[i], low.of[k]);
            clusters_release(&low);
            low = high;
        }
        clusters_release(&low);
        free(w);
    }
}

static void test_how_often_something_is_asked_changes_no_group(void **state)
{
    struct world *w = make(7);
    struct clusters a = cluster(w, CLUSTER_ALIKE);
    for (size_t i = 0; i < MANY; i++)
        w->item[i].times = 1 + below(1000);
    struct clusters b = cluster(w, CLUSTER_ALIKE);
    assert_memory_equal(a.of, b.of, MANY * sizeof *a.of);
    clusters_release(&a);
    clusters_release(&b);
    free(w);
}

static void test_a_rare_term_ties_and_a_common_one_does_not(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    for (uint64_t i = 0; i < 40; i++)
        add_terms(w, 1, 100 + i, 200 + i); /* 1: everybody says it */
    add_terms(w, 1, 100, 300);
    struct clusters c = cluster(w, CLUSTER_LEAST);
    assert_int_equal(c.of[40], c.of[0]);
    for (size_t i = 1; i < 40; i++)
        assert_int_not_equal(c.of[i], c.of[0]);
    clusters_release(&c);
    free(w);
}

static void test_one_question_between_two_subjects_does_not_tie_them(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    for (uint64_t i = 0; i < 4; i++)
        add_terms(w, 10, 11, 20 + i);
    for (uint64_t i = 0; i < 4; i++)
        add_terms(w, 12, 13, 30 + i);
    add_terms(w, 11, 12, 0);
    struct clusters c = cluster(w, CLUSTER_ALIKE);
    assert_int_equal(c.of[0], c.of[3]);
    assert_int_equal(c.of[4], c.of[7]);
    assert_int_not_equal(c.of[0], c.of[4]);
    clusters_release(&c);
    free(w);
}

static void test_what_asks_about_nothing_is_in_no_group(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    add_terms(w, 1, 2, 0);
    w->item[w->n++] = (struct cluster_item){NULL, 0, 3};
    struct clusters c = cluster(w, CLUSTER_ALIKE);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.of[1], CLUSTER_NONE);
    clusters_release(&c);
    w->n = 0;
    c = cluster(w, CLUSTER_ALIKE);
    assert_int_equal(c.n, 0);
    clusters_release(&c);
    free(w);
}

static void test_pairs_made_by_hand_hold_whatever_their_order(void **state)
{
    struct world *w = make(3);
    struct clusters plain = cluster(w, CLUSTER_ALIKE), c, d;
    struct cluster_pair pair[] = {{0, 1}, {1, 2}, {399, 0}}, other[] = {{0, 399}, {2, 1}, {1, 0}};
    clusters_make(w->item, w->n, CLUSTER_ALIKE, pair, 3, &c);
    clusters_make(w->item, w->n, CLUSTER_ALIKE, other, 3, &d);
    assert_memory_equal(c.of, d.of, MANY * sizeof *c.of);
    assert_int_equal(c.of[0], c.of[1]);
    assert_int_equal(c.of[0], c.of[2]);
    assert_int_equal(c.of[0], c.of[399]);
    for (size_t i = 0; i < MANY; i++)
        for (size_t k = 0; k < i; k++)
            if (plain.of[i] == plain.of[k]) /* nothing is taken apart by it */
                assert_int_equal(c.of[i], c.of[k]);
    clusters_release(&plain);
    clusters_release(&c);
    clusters_release(&d);
    free(w);
}

static void test_the_label_is_the_wording_that_most_are_like(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    add_terms(w, 10, 11, 12);
    add_terms(w, 10, 11, 0);
    add_terms(w, 10, 11, 13);
    for (size_t i = 0; i < 3; i++)
        w->item[i].times = 5;
    for (uint64_t i = 0; i < 20; i++)
        add_terms(w, 100 + i, 200 + i, 0);
    struct clusters c = cluster(w, CLUSTER_ALIKE);
    assert_int_equal(c.of[0], c.of[1]);
    assert_int_equal(c.of[0], c.of[2]);
    assert_true(c.central[1] > c.central[0] && c.central[1] > c.central[2]);
    clusters_release(&c);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_order_of_the_questions_does_not_matter),
        cmocka_unit_test(test_the_same_terms_are_always_together),
        cmocka_unit_test(test_a_higher_threshold_only_splits),
        cmocka_unit_test(test_how_often_something_is_asked_changes_no_group),
        cmocka_unit_test(test_a_rare_term_ties_and_a_common_one_does_not),
        cmocka_unit_test(test_one_question_between_two_subjects_does_not_tie_them),
        cmocka_unit_test(test_what_asks_about_nothing_is_in_no_group),
        cmocka_unit_test(test_pairs_made_by_hand_hold_whatever_their_order),
        cmocka_unit_test(test_the_label_is_the_wording_that_most_are_like),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
