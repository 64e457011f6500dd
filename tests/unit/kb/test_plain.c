/* test_plain.c: what a reader sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kb/kb.h"
#include "kb/pool.h"

static void assert_plain(const char *s, const char *want)
{
    struct pool *pool = pool_new();
    assert_string_equal(kb_plain(pool, s, strlen(s)), want);
    pool_free(pool);
}

static void assert_same(const char *s)
{
    assert_plain(s, s);
}

static void test_emphasis_loses_its_marks(void **state)
{
    assert_plain("*a* **b** ***c*** _d_ __e__ ~~f~~", "a b c d e f");
    assert_plain("**a *b* c**", "a b c");
    assert_plain("over**all**", "overall");
    assert_plain("**$57,380**, a year", "$57,380, a year");
}

static void test_what_only_looks_like_emphasis_stays(void **state)
{
    assert_same("2 * 3 * 4");
    assert_same("snake_case_name and 5* hotels");
    assert_same("a ** b");
    assert_same("~5 to ~10");
    assert_same("**never closed");
}

static void test_links_keep_their_text(void **state)
{
    assert_plain("See [the *guide*](https://a.b/c_d_e) now", "See the guide now");
    assert_plain("[a](<b c> \"title\")", "a");
    assert_plain("[a](b(c)d) e", "a e");
    assert_plain("![a lab](lab.png)", "a lab");
    assert_plain("[![alt](i.png)](https://a.b)", "alt");
    assert_plain("[text][ref]", "text");
    assert_plain("<https://a.b/c_d_e> <me@a.b>", "https://a.b/c_d_e me@a.b");
    assert_plain("text\n\n[ref]: https://a.b", "text");
}

static void test_what_only_looks_like_a_link_stays(void **state)
{
    assert_same("a [sic] (he said so)");
    assert_same("array[0](see below for more)");
    assert_same("cited [1][2]");
    assert_same("open [bracket");
    assert_same("a < b > c");
    assert_same("dear <your name>, hello");
}

static void test_code_is_shown_as_it_stands(void **state)
{
    assert_plain("run `a*b*c` and ``x ` y``", "run a*b*c and x ` y");
    assert_plain("```c\nint *x, *y;\n\n# no heading\n```\nafter",
                 "int *x, *y;\n\n# no heading\nafter");
    assert_same("a ` alone");
}

static void test_escapes_and_entities_are_decoded(void **state)
{
    assert_plain("\\*no\\* \\[x\\] C:\\dir", "*no* [x] C:\\dir");
    assert_plain("AT&amp;T &lt;b&gt; &#8217; &#x2019; &eacute;", "AT&T <b> ’ ’ é");
    assert_same("&bogus; &; &#0; &#x110000; a & b");
    assert_plain("a\\\nb", "a\nb");
}

static void test_headings_lose_their_marks(void **state)
{
    assert_plain("## Pay ##", "Pay");
    assert_plain("# C#", "C#");
    assert_same("#hashtag");
    assert_plain("Title\n=====\ntext", "Title\ntext");
}

static void test_lists_keep_their_marks(void **state)
{
    assert_plain("* a\n+ b\n- c\n  - d\n1. e\n2) f", "- a\n- b\n- c\n  - d\n1. e\n2) f");
    assert_plain("* **a**: x\n* b", "- a: x\n- b");
}

static void test_tables_keep_their_cells(void **state)
{
    assert_plain("| a | b |\n|---|:-:|\n| **c** | d \\| e |\n|  | f |", "a | b\nc | d | e\n| f");
}

static void test_quotations_and_rules_lose_their_marks(void **state)
{
    assert_plain("> a\n> b\n\n---\n\nc", "a\nb\n\n\nc");
}

static void test_markup_of_html_is_taken_off(void **state)
{
    assert_plain("a<br>b <b>c</b> <!-- d -->e H<sub>2</sub>O", "a\nb c e H2O");
}

static void test_marks_do_not_reach_over_paragraphs(void **state)
{
    assert_same("a *b\n\nc* d");
    assert_same("- a `b\n- c` d");
}

static void test_plain_text_stays_plain(void **state)
{
    static const char *const texts[] = {"",           "a",         "A sentence. Another one!",
                                        "-5 degrees", "1.5 times", "“Quoted” – dash",
                                        "line\nline"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_same(texts[i]);
    assert_plain("  \n\n text \n\n", " text");
}

static void test_hostile_text_takes_no_time(void **state)
{
    static const char *const pattern[] = {"*",         "**a",  "[",    "](",    "[a](b",  "`",
                                          "`a``b```c", "<",    "<a ",  "&",     "_a_*",   "\\",
                                          "> ",        "- ",   "|",    "#\n",   "a\n=\n", "<!--",
                                          "![",        "[]()", "*_~~", "```\n", "[a][",   "<a@"};
    size_t n = 1 << 19;
    char *s = malloc(n);
    for (size_t p = 0; p < sizeof pattern / sizeof *pattern; p++) {
        for (size_t i = 0; i < n; i++)
            s[i] = pattern[p][i % strlen(pattern[p])];
        struct pool *pool = pool_new();
        clock_t start = clock();
        kb_plain(pool, s, n);
        double took = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (took > 3)
            fail_msg("'%s' takes %.1f s", pattern[p], took);
        pool_free(pool);
    }
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emphasis_loses_its_marks),
        cmocka_unit_test(test_what_only_looks_like_emphasis_stays),
        cmocka_unit_test(test_links_keep_their_text),
        cmocka_unit_test(test_what_only_looks_like_a_link_stays),
        cmocka_unit_test(test_code_is_shown_as_it_stands),
        cmocka_unit_test(test_escapes_and_entities_are_decoded),
        cmocka_unit_test(test_headings_lose_their_marks),
        cmocka_unit_test(test_lists_keep_their_marks),
        cmocka_unit_test(test_tables_keep_their_cells),
        cmocka_unit_test(test_quotations_and_rules_lose_their_marks),
        cmocka_unit_test(test_markup_of_html_is_taken_off),
        cmocka_unit_test(test_marks_do_not_reach_over_paragraphs),
        cmocka_unit_test(test_plain_text_stays_plain),
        cmocka_unit_test(test_hostile_text_takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
