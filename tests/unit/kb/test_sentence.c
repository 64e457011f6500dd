/* test_sentence.c: a quotation begins and ends where a sentence does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kb/kb_int.h"

/* The sentences of `s` with '|' between them. */
static char *split(struct pool *pool, const char *s)
{
    size_t len = strlen(s), at = 0;
    char *out = pool_strdup(pool, "");
    while (at < len) {
        size_t n = sentence_end(s + at, len - at);
        assert_true(n > 0 && n <= len - at);
        out = pool_printf(pool, "%s%s%.*s", out, *out ? "|" : "", (int)n, s + at);
        at += n;
        while (at < len && strchr(" \t\n", s[at]))
            at++;
    }
    return out;
}

static void assert_split(const char *s, const char *want)
{
    struct pool *pool = pool_new();
    assert_string_equal(split(pool, s), want);
    pool_free(pool);
}

static void assert_whole(const char *s)
{
    assert_split(s, s);
}

static void test_sentences_end_at_their_marks(void **state)
{
    assert_split("One. Two! Three? Four", "One.|Two!|Three?|Four");
    assert_split("Is it? 12 states do. $50 is the fee. • Next",
                 "Is it?|12 states do.|$50 is the fee.|• Next");
    assert_split("Really?! Yes... Fine… Good.", "Really?!|Yes...|Fine…|Good.");
}

static void test_abbreviations_do_not_end_sentences(void **state)
{
    assert_whole("The U.S. Bureau of Labor Statistics counts them.");
    assert_whole("Use a short form, e.g. MLT or i.e. Technician, in it.");
    assert_whole("Ask Dr. Xavier, Mr. Young and Prof. Zhou.");
    assert_whole("The median is $57,380.50 a year, or 3.5 times more.");
    assert_whole("See No. 5 and Fig. 3 on p. 12 of Vol. 2.");
    assert_whole("She works in St. Louis near Mt. Vernon.");
    assert_whole("It was written by J. K. Rowling and George W. Bush.");
    assert_whole("Exams take place on Jan. 5 and Sept. 12.");
    assert_whole("A Ph.D. Program is offered at 9 a.m. Eastern time.");
    assert_whole("Abbott Inc. Laboratories hires graduates.");
    assert_whole("Das kostet z.B. Geld, vgl. Seite 3.");
}

static void test_an_abbreviation_may_end_a_sentence(void **state)
{
    assert_split("It is licensed in the U.S. The exam is short.",
                 "It is licensed in the U.S.|The exam is short.");
    assert_split("Class starts at 9 a.m. Please be there.",
                 "Class starts at 9 a.m.|Please be there.");
    assert_split("Take vitamin C. It helps.", "Take vitamin C.|It helps.");
    assert_split("Some want a bachelor's. Technologists study. A bachelor’s. Others do.",
                 "Some want a bachelor's.|Technologists study.|A bachelor’s.|Others do.");
    assert_split("So do I. Then we go.", "So do I.|Then we go.");
    assert_split("No. That is wrong.", "No.|That is wrong.");
    assert_split("Bring a pen, etc. Students need one.", "Bring a pen, etc.|Students need one.");
}

static void test_a_small_letter_goes_on(void **state)
{
    assert_whole("Yahoo! is a company.");
    assert_whole("It costs approx. fifty and ... well, more.");
    assert_whole("\"Why?\" she asked.");
}

static void test_closing_marks_belong_to_the_sentence(void **state)
{
    assert_split("He said \"No.\" Then he left.", "He said \"No.\"|Then he left.");
    assert_split("It is so (see below.) Next one.", "It is so (see below.)|Next one.");
    assert_split("**Bold one.** _Next_ one. “Quoted.” Last.",
                 "**Bold one.**|_Next_ one.|“Quoted.”|Last.");
}

static void test_a_blank_line_ends_a_sentence(void **state)
{
    assert_split("No mark here\n\nnext paragraph", "No mark here|next paragraph");
    assert_split("No mark here\n  \t\nnext", "No mark here|next");
    assert_whole("One line\nand another of the same sentence.");
}

static void test_a_list_number_belongs_to_its_item(void **state)
{
    assert_split("1. Apply now. 2. Wait.", "1. Apply now.|2. Wait.");
}

static void test_nothing_ends_inside_an_address(void **state)
{
    assert_whole("Visit https://www.bls.gov/ooh/a.b.htm or mail a.b@example.org for help.");
}

static void test_chinese_and_japanese_need_no_blank(void **state)
{
    assert_split("これは文です。次の文です！はい", "これは文です。|次の文です！|はい");
}

static void test_the_end_is_inside_and_never_at_the_start(void **state)
{
    assert_int_equal(sentence_end("", 0), 0);
    assert_int_equal(sentence_end("   ", 3), 3);
    assert_int_equal(sentence_end("a  \n", 4), 1);
    unsigned seed = 3;
    for (int round = 0; round < 20000; round++) {
        char s[24];
        for (size_t i = 0; i < sizeof s; i++) {
            seed = seed * 1103515245 + 12345;
            s[i] = "aZ1. ?!\n\"'\xE2\x80\xA6)*U"[(seed >> 16) % 16];
        }
        for (size_t at = 0, n; at < sizeof s; at += n) {
            n = sentence_end(s + at, sizeof s - at);
            assert_true(n > 0 && n <= sizeof s - at);
        }
    }
}

static void test_what_can_end_no_sentence_need_not_be_looked_at(void **state)
{
    unsigned seed = 5;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char s[41];
        for (size_t i = 0; i < 40; i++) {
            seed = seed * 1103515245 + 12345;
            s[i] = "aB, c d, e f-g\n.!?\"'"[(seed >> 16) % 20];
        }
        s[40] = 0;
        size_t end = sentence_end(s, 40), plain = strcspn(s, ".!?\n");
        for (size_t k = 0; k <= plain; k++)
            assert_int_equal(sentence_end_behind(s, 40, k), end);
    }
}

static void test_a_megabyte_takes_no_time(void **state)
{
    size_t n = 1 << 20;
    char *s = malloc(n);
    static const char *const pattern[] = {".", ". ", "a.b", "\"'", " "};
    for (size_t p = 0; p < sizeof pattern / sizeof *pattern; p++) {
        for (size_t i = 0; i < n; i++)
            s[i] = pattern[p][i % strlen(pattern[p])];
        clock_t start = clock();
        for (size_t at = 0; at < n;)
            at += sentence_end(s + at, n - at);
        assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5);
    }
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences_end_at_their_marks),
        cmocka_unit_test(test_abbreviations_do_not_end_sentences),
        cmocka_unit_test(test_an_abbreviation_may_end_a_sentence),
        cmocka_unit_test(test_a_small_letter_goes_on),
        cmocka_unit_test(test_closing_marks_belong_to_the_sentence),
        cmocka_unit_test(test_a_blank_line_ends_a_sentence),
        cmocka_unit_test(test_a_list_number_belongs_to_its_item),
        cmocka_unit_test(test_nothing_ends_inside_an_address),
        cmocka_unit_test(test_chinese_and_japanese_need_no_blank),
        cmocka_unit_test(test_the_end_is_inside_and_never_at_the_start),
        cmocka_unit_test(test_what_can_end_no_sentence_need_not_be_looked_at),
        cmocka_unit_test(test_a_megabyte_takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
