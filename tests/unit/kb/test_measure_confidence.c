/* test_measure_confidence.c: the figures of confidence, on questions so few that they can be worked out by hand. */
#include "base.h"

#include <math.h>

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void test_brier_score_and_reliability(void **state)
{
    struct sureness own[] = {{0.95, KB_HIGH, true},
                             {0.65, KB_HIGH, false},
                             {0.61, KB_MEDIUM, true},
                             {1.00, KB_HIGH, true}};
    struct kb_measures m = {0};
    measure_confidence(own, 4, NULL, 0, &m);
    assert_true(near(m.brier, (0.05 * 0.05 + 0.65 * 0.65 + 0.39 * 0.39) / 4));
    assert_int_equal(m.bin[6].n, 2);
    assert_true(near(m.bin[6].said, 0.63));
    assert_true(near(m.bin[6].right, 0.5));
    assert_int_equal(m.bin[9].n, 2); /* 1 is in the last */
    assert_int_equal(m.bin[0].n, 0);
    assert_true(near(m.right_answers, 2.0 / 3));
}

static void test_shares_of_the_bands(void **state)
{
    struct sureness own[] = {{0.9, KB_HIGH, true}, {0.1, KB_NONE, false}},
                    foreign[] = {{0.7, KB_HIGH, false},
                                 {0.4, KB_MEDIUM, false},
                                 {0.2, KB_NONE, false},
                                 {0, KB_NONE, false}};
    struct kb_measures m = {0};
    measure_confidence(own, 2, foreign, 4, &m);
    assert_int_equal(m.own.n, 2);
    assert_true(near(m.own.answered, 0.5) && near(m.own.declined, 0.5));
    assert_int_equal(m.foreign.n, 4);
    assert_true(near(m.foreign.answered, 0.25) && near(m.foreign.offered, 0.25));
    assert_true(near(m.foreign.declined, 0.5));
}

static void test_auroc_counts_pairs_and_ties_half(void **state)
{
    /* Of the six pairs 0.9 wins two and ties none, 0.5 wins one and ties one, 0.1 loses both. */
    struct sureness own[] = {{0.5, KB_NONE, true}, {0.1, KB_NONE, true}, {0.9, KB_NONE, true}},
                    foreign[] = {{0.5, KB_NONE, false}, {0.2, KB_NONE, false}};
    struct kb_measures m = {0};
    measure_confidence(own, 3, foreign, 2, &m);
    assert_true(near(m.auroc, 3.5 / 6));
}

static void test_nothing_to_measure_is_all_zero(void **state)
{
    struct kb_measures m = {0};
    measure_confidence(NULL, 0, NULL, 0, &m);
    assert_true(near(m.brier, 0) && near(m.auroc, 0) && near(m.right_answers, 0));
    assert_int_equal(m.own.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brier_score_and_reliability),
        cmocka_unit_test(test_shares_of_the_bands),
        cmocka_unit_test(test_auroc_counts_pairs_and_ties_half),
        cmocka_unit_test(test_nothing_to_measure_is_all_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
