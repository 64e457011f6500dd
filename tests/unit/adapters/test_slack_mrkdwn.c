/* test_slack_mrkdwn.c: golden mrkdwn of Markdown, and that nothing in a guide ever rings a telephone; pieces of a long
 * text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/markdown.h"
#include "adapters/slack/slack_int.h"

#define Z "\xE2\x80\x8B"

static struct pool *pool;

static int set_up(void **state)
{
    markdown_open();
    pool = pool_new();
    return 0;
}

static int tear_down(void **state)
{
    pool_free(pool);
    return 0;
}

static const char *rendered(const char *md)
{
    struct buf b;
    buf_init(&b, 64 * 1024);
    slack_mrkdwn(md, strlen(md), &b);
    assert_false(buf_failed(&b));
    const char *s = pool_strdup(pool, b.s);
    buf_release(&b);
    return s;
}

#define RENDERS(md, want) assert_string_equal(rendered(md), want)

static void emphasis_changes_its_marks(void **state)
{
    RENDERS("a **b** c *d* e _f_ g ~~h~~", "a *b* c _d_ e _f_ g ~h~");
    RENDERS("**bold `code` bold**", "*bold `code` bold*");
    RENDERS("**a *b* c**", "*a _b_ c*");
    RENDERS("un**frigging**believable", "un" Z "*frigging*" Z "believable");
    RENDERS("**a**.", "*a*.");
}

static void headings_and_lists_are_lines(void **state)
{
    RENDERS("# Pay\n\nGood.", "*Pay*\n\nGood.");
    RENDERS("# **Pay** now", "*Pay now*");
    RENDERS("- a\n- b\n  - c\n- d",
            "\xE2\x80\xA2 a\n\xE2\x80\xA2 b\n    \xE2\x80\xA2 c\n\xE2\x80\xA2 d");
    RENDERS("3. a\n4. b", "3. a\n4. b");
    RENDERS("one\ntwo  \nthree", "one two\nthree");
    RENDERS("> a\n> b\n\nc", "> a b\n\nc");
    RENDERS("> a\n>\n> b", "> a\n> \n> b");
    RENDERS("a\n\n---\n\nb", "a\n\nb");
}

static void code_is_left_alone(void **state)
{
    RENDERS("```c\nif (a < b && *c)\n\n    x;\n```",
            "```\nif (a &lt; b &amp;&amp; *c)\n\n    x;\n```");
    RENDERS("`a < *b*`", "`a &lt; *b*`");
    RENDERS("``a`b``", "`a`" Z "b`");
    RENDERS("~~~\na ``` b\n~~~", "```\na `" Z "`" Z "`" Z " b\n```");
    RENDERS("x`y`z", "x" Z "`y`" Z "z");
}

static void tables_stand_in_code(void **state)
{
    RENDERS("| a | b |\n|---|---|\n| **long** | 1 |\n| x | 22 |",
            "```\na     b\nlong  1\nx     22\n```");
}

static void links_are_tokens_with_plain_labels(void **state)
{
    RENDERS("[the **page**](https://x.test/a?b=1&c=2)", "<https://x.test/a?b=1&amp;c=2|the page>");
    RENDERS("[a|b](<https://x.test/a b|c>)", "<https://x.test/a%20b%7Cc|a b>");
    RENDERS("[x](javascript:alert)", "x");
    RENDERS("[x](/relative)", "x");
    RENDERS("![alt](https://x.test/i.png)", "<https://x.test/i.png|alt>");
    RENDERS("see https://x.test/a_b_c now", "see <https://x.test/a_b_c|https://x.test/a_b_c> now");
    RENDERS("[m](mailto:a@b.test)", "<mailto:a@b.test|m>");
}

static void nothing_in_a_guide_means_anything_to_slack(void **state)
{
    RENDERS("<!channel> and <@U1> and <foo|bar>",
            "&lt;!channel&gt; and &lt;@U1&gt; and &lt;foo|bar&gt;");
    RENDERS("a & b &amp; c", "a &amp; b &amp; c");
    RENDERS("[<!here>](https://x.test)", "<https://x.test|&lt;!here&gt;>");
    RENDERS("`<!channel>`", "`&lt;!channel&gt;`");
    RENDERS("<div>\n<!everyone>\n</div>", "&lt;div&gt;\n&lt;!everyone&gt;\n&lt;/div&gt;");
    RENDERS("a\\\n\\> b", "a\n" Z "&gt; b");
}

static void a_literal_mark_does_not_pair_up(void **state)
{
    RENDERS("5 * 3 * 2", "5 * 3 * 2");
    RENDERS("snake_case_name", "snake_case_name");
    RENDERS("\\*not bold\\*", "*" Z "not bold*" Z);
    RENDERS("\\~a\\~", "~" Z "a~" Z);
    RENDERS("\\`a\\`", "`" Z "a`" Z);
}

static void plain_text_stays_plain(void **state)
{
    struct buf b;
    buf_init(&b, 100);
    slack_put_plain(&b, "<a> & *b*\nc", 11);
    assert_string_equal(b.s, "&lt;a&gt; &amp; *" Z "b*" Z "\nc");
    buf_release(&b);
}

static void deep_nesting_ends_somewhere(void **state)
{
    char *deep = calloc(1, 4001);
    memset(deep, '>', 2000);
    deep[2000] = 'x';
    assert_non_null(strstr(rendered(deep), "x"));
    memset(deep, '[', 4000);
    rendered(deep);
    memset(deep, '*', 4000);
    rendered(deep);
    free(deep);
}

/* ---- pieces ---- */

static size_t cut(const char *s, size_t max)
{
    return slack_split_at(s, strlen(s), max);
}

static void a_cut_prefers_paragraphs_then_lines_then_sentences_then_words(void **state)
{
    assert_int_equal(cut("short", 100), 5);
    assert_int_equal(cut("one two three\n\nfour five. six seven", 30), 15);
    assert_int_equal(cut("one two three is here\nfour five. six seven", 34), 22);
    assert_int_equal(cut("one two three. four five six", 20), 15);
    assert_int_equal(cut("aaaaaaaaaa bbbbbbbbbb", 15), 11);
}

static void a_cut_is_never_inside_anything(void **state)
{
    static const char text[] = "abc\xC3\xA9&amp;<https://x.test|label>\xF0\x9F\x98\x80z";
    for (size_t max = 1; max < sizeof text; max++) {
        size_t at = cut(text, max);
        assert_true(at > 0 && at <= max);
        if (max < 4 || at != max)
            continue;
        assert_true((text[at] & 0xC0) != 0x80 || (unsigned char)text[at] < 0x80);
    }
    assert_int_equal(cut("abc&amp;def", 5), 3);
    assert_int_equal(cut("abc<https://x|y>def", 10), 3);
    assert_int_equal(cut("abc\xC3\xA9", 4), 3);
}

static void nothing_is_lost_and_no_piece_is_too_long(void **state)
{
    size_t words = 0, len = 0;
    char *text = calloc(1, 40000);
    for (; len < 30000; words++)
        len += (size_t)snprintf(text + len, 40000 - len, "word%zu%s", words,
                                words % 7    ? " "
                                : words % 21 ? ".\n"
                                             : ".\n\n");
    const char *piece[64];
    size_t n = slack_split(pool, text, 2900, piece, 64), found = 0;
    assert_true(n > 9 && n < 20);
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(piece[i]) <= 2900);
        for (const char *s = piece[i]; (s = strstr(s, "word")); s++)
            found++;
    }
    assert_int_equal(found, words);
    free(text);
}

static void a_cut_inside_code_closes_and_opens_it(void **state)
{
    const char *piece[8];
    size_t n = slack_split(pool,
                           "before\n```\nline one is here\nline two is here\nline "
                           "three\n```\nafter the code there is more text",
                           64, piece, 8);
    assert_true(n >= 2);
    for (size_t i = 0; i < n; i++) {
        size_t fences = 0;
        for (const char *s = piece[i]; (s = strstr(s, "```")); s += 3)
            fences++;
        assert_int_equal(fences % 2, 0);
        assert_true(strlen(piece[i]) <= 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emphasis_changes_its_marks),
        cmocka_unit_test(headings_and_lists_are_lines),
        cmocka_unit_test(code_is_left_alone),
        cmocka_unit_test(tables_stand_in_code),
        cmocka_unit_test(links_are_tokens_with_plain_labels),
        cmocka_unit_test(nothing_in_a_guide_means_anything_to_slack),
        cmocka_unit_test(a_literal_mark_does_not_pair_up),
        cmocka_unit_test(plain_text_stays_plain),
        cmocka_unit_test(deep_nesting_ends_somewhere),
        cmocka_unit_test(a_cut_prefers_paragraphs_then_lines_then_sentences_then_words),
        cmocka_unit_test(a_cut_is_never_inside_anything),
        cmocka_unit_test(nothing_is_lost_and_no_piece_is_too_long),
        cmocka_unit_test(a_cut_inside_code_closes_and_opens_it),
    };
    return cmocka_run_group_tests_name("slack_mrkdwn", tests, set_up, tear_down);
}
