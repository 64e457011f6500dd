/* test_slip.c: likely slips cost less than unlikely ones, and no beginning is given up too early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kb/slip.h"

/* The cost of reading `typed` as `word`; above `max` when it is given up. */
static unsigned cost(const char *typed, const char *word, unsigned max)
{
    struct slip s;
    slip_begin(&s, typed, strlen(typed), max);
    for (size_t k = 1; k <= strlen(word); k++)
        if (!slip_letter(&s, word, k))
            return max + 1;
    return slip_cost(&s, strlen(word));
}

static void likely_slips_cost_less_than_a_plain_one(void **state)
{
    static const char *const pair[][2] = {
        {"salery", "salary"}, {"requier", "require"},    {"acount", "account"},
        {"wrok", "work"},     {"lisense", "license"},    {"fone", "phone"},
        {"gud", "good"},      {"techical", "technical"},
    };
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++)
        if (cost(pair[i][0], pair[i][1], 50) >= 12)
            fail_msg("%s, %s: %u", pair[i][0], pair[i][1], cost(pair[i][0], pair[i][1], 50));
    assert_true(cost("wprk", "work", 50) < cost("wtrk", "work", 50)); /* the key beside */
    assert_true(cost("werk", "work", 50) < cost("wtrk", "work", 50));
    assert_true(cost("vork", "work", 50) > cost("wark", "work", 50)); /* the first letter */
}

static void a_word_is_itself_and_nothing_is_far(void **state)
{
    assert_int_equal(cost("salary", "salary", 0), 0);
    assert_int_equal(cost("", "", 0), 0);
    assert_true(cost("mortgage", "salary", 20) > 20);
    assert_true(cost("a", "abcdefghijklmnopqrstuvwxyz", 30) > 30);
    assert_true(cost("abcdefghijklmnopqrstuvwxyz", "a", 30) > 30);
}

/* What is given up early must be what is too far in the end: tried with random words over few letters. */
static void a_beginning_is_only_given_up_when_all_its_words_are_too_far(void **state)
{
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        char word[2][10] = {{0}};
        for (int w = 0; w < 2; w++) {
            size_t len = (size_t)(rand_r(&seed) % 9);
            for (size_t i = 0; i < len; i++)
                word[w][i] = "aehopsrt"[rand_r(&seed) % 8];
        }
        unsigned whole = cost(word[0], word[1], 150), max = (unsigned)(rand_r(&seed) % 30);
        unsigned early = cost(word[0], word[1], max);
        if (whole <= max ? early != whole : early <= max)
            fail_msg("%s, %s: %u within %u, else %u", word[0], word[1], early, max, whole);
    }
}

static char draw(unsigned *seed)
{
    return "aehopsrtckfgnwyz1\xc3"[rand_r(seed) % 18];
}

/* Every letter is tried behind every beginning: where slip_next() leaves one out, slip_letter() must give it up. And it does
 * leave out most. */
static void letters_that_cannot_follow_are_those_that_are_given_up(void **state)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz19\xc3\xfc";
    unsigned seed = 11;
    size_t asked = 0, left_out = 0, given_up = 0;
    for (int round = 0; round < 20000; round++) {
        char typed[8], word[9] = {0};
        size_t len = (size_t)(rand_r(&seed) % 9), k = 0;
        for (size_t i = 0; i < len && i < sizeof typed; i++)
            typed[i] = draw(&seed);
        struct slip s;
        slip_begin(&s, typed, len < sizeof typed ? len : sizeof typed,
                   (unsigned)(rand_r(&seed) % 22));
        for (bool hopeful = true; hopeful && k < sizeof word - 1; k++) {
            uint32_t next = slip_next(&s, word, k);
            for (size_t c = 0; c < sizeof letters - 1; c++) {
                struct slip on = s;
                word[k] = letters[c];
                bool may = slip_letter(&on, word, k + 1);
                bool set = next & slip_bit(letters[c]);
                if (may && !set)
                    fail_msg("%.*s within %u: %.*s", (int)s.len, typed, s.max, (int)k + 1, word);
                asked++;
                left_out += !set;
                given_up += !may;
            }
            word[k] = k < s.len && rand_r(&seed) % 3 ? typed[k] : draw(&seed);
            hopeful = slip_letter(&s, word, k + 1);
        }
    }
    assert_true(asked > 100000);
    assert_true(left_out * 10 > given_up * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likely_slips_cost_less_than_a_plain_one),
        cmocka_unit_test(a_word_is_itself_and_nothing_is_far),
        cmocka_unit_test(a_beginning_is_only_given_up_when_all_its_words_are_too_far),
        cmocka_unit_test(letters_that_cannot_follow_are_those_that_are_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
