/* test_source_markdown.c: what people write as Markdown comes out as the blocks they meant. */
#include "tests/unit/kb/outline.h"

#include <time.h>

static void assert_outline(const char *text, const char *want)
{
    struct parsed p = parse_text(source_markdown, "guides/lab-work.md", text);
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.n, 1);
    blocks_hold(&p.doc[0], true);
    passages_hold(&p.doc[0]);
    assert_string_equal(outline(&p), want);
    parsed_release(&p);
}

static void both_kinds_of_heading_lose_their_marks(void **state)
{
    assert_outline("# One\n\n  ## Two ##  \n\nThree\n-----\ntext\n\nFour\nlines\n===\n\n#hashtag\n",
                   "1 One\n2 Two\n2 Three\nP text\n1 Four/lines\nP #hashtag\n");
}

static void items_know_their_depth_and_their_list(void **state)
{
    const char *text =
        "- a\n  - b\n    more of b\n\n  still a\n- [ ] c\n\npara\n\n1. one\n2. two\n";
    assert_outline(text, "- a\n-- b/    more of b\nP still a\n- c\nP para\n- one\n- two\n");
    struct parsed p = parse_text(source_markdown, "f.md", text);
    const struct block *b = p.doc[0].block;
    assert_true(b[0].group && b[0].group == b[1].group && b[0].group == b[2].group);
    assert_true(b[0].group == b[3].group && b[4].group == 0 && b[5].group != b[0].group);
    parsed_release(&p);
}

static void a_table_is_rows_without_its_rule(void **state)
{
    assert_outline("Before\n| a | b |\n|:-:|---|\n| c | d |\nafter\n",
                   "P Before\n|H | a | b |\n| | c | d |\nP after\n");
    assert_outline("> | a | b |\n> |---|---|\n> | c | d |\n", "|H | a | b |\n| | c | d |\n");
}

static void lines_with_pipes_are_a_table_even_without_a_rule(void **state)
{
    assert_outline("Facts\nMedian pay | $65,380 per year\nNumber of jobs | 192,100\n",
                   "P Facts\n| Median pay | $65,380 per year\n| Number of jobs | 192,100\n");
    assert_outline("Job | Code | Pay in 2024\nClerk | 43 | $40\n",
                   "|H Job | Code | Pay in 2024\n| Clerk | 43 | $40\n");
    assert_outline("One | line with a bar is a sentence.\n",
                   "P One | line with a bar is a sentence.\n");
}

static void a_line_within_a_table_does_not_make_it_two(void **state)
{
    struct parsed p =
        parse_text(source_markdown, "f.md", "a | 1\nb | 2\nSource: us\nc | 3\nd | 4\n");
    const struct block *b = p.doc[0].block;
    assert_int_equal(p.doc[0].nblock, 5);
    assert_int_equal(b[0].group, b[3].group);
    assert_int_equal(b[2].group, 0);
    parsed_release(&p);
}

static void code_comes_without_fences_and_quotations_as_paragraphs(void **state)
{
    assert_outline("```sh\nls -l\n\nid\n```\n\n    four\n\n> said\n> twice\nlazily\n",
                   "C ls -l//id\nC four\nP said/> twice/lazily\n");
    assert_outline("```\nnever closed\n", "C never closed\n");
}

static void html_comments_breaks_and_definitions_are_left_out(void **state)
{
    assert_outline("<div>\nraw\n</div>\n\n<!-- not\nread -->\n\n***\n\n[a]: http://x.org "
                   "\"t\"\n[b]: y\nText [a].\n",
                   "P Text [a].\n");
}

static void a_heading_in_a_list_or_quotation_does_not_cut(void **state)
{
    assert_outline("- # item\n\n> # quote\n", "- item\nP quote\n");
}

static void a_bold_line_is_a_heading_below_the_last_one(void **state)
{
    assert_outline("## FAQ\n\n**Is it hard?**\n\nNo.\n\n**It is not.**\n\n**Two** **parts**\n",
                   "2 FAQ\n3 **Is it hard?**\nP No.\nP **It is not.**\nP **Two** **parts**\n");
}

static void the_title_is_what_the_front_matter_says(void **state)
{
    struct parsed p =
        parse_text(source_markdown, "f.md", "---\ntitle: Mine\nlang: en\n---\n# Other\n\ntext\n");
    assert_string_equal(p.doc[0].title, "Mine");
    assert_string_equal(p.doc[0].lang, "en");
    assert_int_equal(p.doc[0].block[0].line, 5);
    parsed_release(&p);
}

static void else_the_only_first_level_heading(void **state)
{
    struct parsed p =
        parse_text(source_markdown, "f.md", "## Before\n\n# The *real*\ntitle\n\ntext\n");
    assert_string_equal(p.doc[0].title, "The real");
    parsed_release(&p);
    p = parse_text(source_markdown, "f.md", "# Guide\n\n# Chapter\n\ntext\n");
    assert_string_equal(p.doc[0].title, "Guide");
    parsed_release(&p);
}

static void else_the_name_of_the_file(void **state)
{
    struct parsed p =
        parse_text(source_markdown, "guides/lab-work_2026.md", "# A\n\nx\n\n# B\n\ny\n");
    assert_string_equal(p.doc[0].title, "Lab work 2026");
    parsed_release(&p);
}

static void spans_are_bytes_of_the_text_whatever_stands_before(void **state)
{
    assert_outline("Ärzte und Ökonomen\n\n\t- tab\n", "P Ärzte und Ökonomen\nC - tab\n");
    assert_outline("-\tä\n-\tö\n", "- ä\n- ö\n");
    assert_outline("a\\\nb &amp; [c](d \"e\")  \nf\n", "P a\\/b &amp; [c](d \"e\")  /f\n");
}

static void nothing_gives_no_blocks(void **state)
{
    assert_outline("", "");
    assert_outline("\n \n\t\n", "");
    assert_outline("#\n\n-\n\n>\n\n```\n```\n", "");
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Parse `n` times `unit` and behind it `tail`; the answer must come in a time that only linear work takes. */
static struct parsed parse_many(const char *unit, size_t n, const char *tail)
{
    size_t len = strlen(unit);
    char *text = calloc(1, len * n + strlen(tail) + 1);
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * len, unit, len);
    strcpy(text + len * n, tail);
    double start = seconds();
    struct parsed p = parse_text(source_markdown, "f.md", text);
    assert_true(seconds() - start < 5);
    blocks_hold(&p.doc[0], true);
    free(text);
    return p;
}

static void ten_thousand_nested_lists_are_flattened_with_a_warning(void **state)
{
    struct parsed p = parse_many("- ", 10000, "x\n\n\nend\n");
    assert_int_equal(p.rc, 0);
    assert_warning(p, 1, 1, "nested deeper than 64");
    assert_int_equal(p.doc[0].nblock, 2);
    parsed_release(&p);
    p = parse_many("> ", 10000, "x\n");
    assert_warning(p, 1, 1, "nested deeper");
    parsed_release(&p);
}

static void hostile_markdown_takes_linear_time(void **state)
{
    static const char *const unit[] = {"[",  "a <!A ", "a <?",     "a ![l",    "*a _b ",
                                       "|a", "> a\n",  "a\n|-|\n", "[a]: b\n", "- a\n\n",
                                       "`",  "&a",     "<a b='\n"};
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
        struct parsed p = parse_many(unit[i], 60000, "\n");
        parsed_release(&p);
    }
}

static void answers_of_other_files_are_blocks_too(void **state)
{
    struct pool *pool = pool_new();
    struct document *doc = document_new(pool, "f.faq.yaml");
    doc->text = "first\n- a\n- b\nsecond\n";
    doc->len = strlen(doc->text);
    assert_int_equal(markdown_blocks(doc, 6, 13, 12), 0);
    assert_int_equal(doc->nblock, 2);
    assert_int_equal(doc->block[0].start, 8);
    assert_int_equal(doc->block[1].line, 13);
    pool_free(pool);
}

/* Text without any mark is not given to cmark. A heading behind it is such a mark, so with one the same blocks must
 * come out of the other way. */
static void text_without_marks_needs_no_parser_and_loses_nothing(void **state)
{
    static const char *const line[] = {"Plain words.",
                                       "a | b | c",
                                       "d | e | f",
                                       "| g | h |",
                                       "|---|---|",
                                       "",
                                       "",
                                       "   ",
                                       " indented",
                                       "   three blanks",
                                       "124,200 openings",
                                       "7 words",
                                       "(in brackets)",
                                       "ends in blanks  ",
                                       "\"said\" she",
                                       "\xc3\x89t | x | y",
                                       "A line * with - marks # inside",
                                       "1) no list",
                                       "12.5 percent",
                                       "===",
                                       "- item",
                                       "    code",
                                       "[a]: /b",
                                       "<b>",
                                       "**Bold line**"};
    unsigned seed = 7;
    for (int round = 0; round < 3000; round++) {
        char text[1024] = "";
        size_t kinds = round % 3 ? 17 : sizeof line / sizeof *line;
        for (int n = round % 9 + 1; n; n--) {
            seed = seed * 1664525u + 1013904223u;
            strcat(text, line[(seed >> 8) % kinds]);
            strcat(text, "\n");
        }
        struct parsed quick = parse_text(source_markdown, "f.md", text);
        struct parsed slow = parse_text(source_markdown, "f.md", strcat(text, "\n\n# End\n"));
        size_t n = quick.n ? quick.doc[0].nblock : 0;
        if (strncmp(outline(&quick), outline(&slow), strlen(outline(&quick))) != 0 ||
            slow.doc[0].nblock != n + 1)
            fail_msg("%s\n%s\n%s", text, outline(&quick), outline(&slow));
        for (size_t i = 0; i < n; i++) {
            const struct block *a = &quick.doc[0].block[i], *b = &slow.doc[0].block[i];
            assert_true(a->start == b->start && a->line == b->line && a->group == b->group);
        }
        parsed_release(&quick);
        parsed_release(&slow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_kinds_of_heading_lose_their_marks),
        cmocka_unit_test(text_without_marks_needs_no_parser_and_loses_nothing),
        cmocka_unit_test(items_know_their_depth_and_their_list),
        cmocka_unit_test(a_table_is_rows_without_its_rule),
        cmocka_unit_test(lines_with_pipes_are_a_table_even_without_a_rule),
        cmocka_unit_test(a_line_within_a_table_does_not_make_it_two),
        cmocka_unit_test(code_comes_without_fences_and_quotations_as_paragraphs),
        cmocka_unit_test(html_comments_breaks_and_definitions_are_left_out),
        cmocka_unit_test(a_heading_in_a_list_or_quotation_does_not_cut),
        cmocka_unit_test(a_bold_line_is_a_heading_below_the_last_one),
        cmocka_unit_test(the_title_is_what_the_front_matter_says),
        cmocka_unit_test(else_the_only_first_level_heading),
        cmocka_unit_test(else_the_name_of_the_file),
        cmocka_unit_test(spans_are_bytes_of_the_text_whatever_stands_before),
        cmocka_unit_test(nothing_gives_no_blocks),
        cmocka_unit_test(ten_thousand_nested_lists_are_flattened_with_a_warning),
        cmocka_unit_test(hostile_markdown_takes_linear_time),
        cmocka_unit_test(answers_of_other_files_are_blocks_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
