/* test_passage.c: documents are cut where their authors cut them, and nothing else is. */
#include "tests/unit/kb/outline.h"

#include <time.h>

static struct parsed guide(const char *text)
{
    return parse_text(source_markdown, "guide.md", text);
}

static void a_section_is_a_passage_with_its_path(void **state)
{
    struct parsed p = guide("# Welding\n\nIntro.\n\n## Pay\n\nMuch.\n\n### Senior\n\nMore.\n\n## "
                            "Work\n\n### Hours\n\nMany.\n");
    struct passage_list l = passages_of(&p);
    assert_string_equal(contents(&l),
                        "top: \npay: Pay\nsenior: Pay > Senior\nhours: Work > Hours\n");
    assert_string_equal(l.passage[1].key, "source#pay");
    assert_string_equal(l.passage[2].headings, "Pay\nSenior");
    assert_string_equal(l.passage[2].body, "More.");
    assert_int_equal(l.passage[2].line, 11);
    assert_memory_equal(p.doc[0].text + l.passage[2].start, "More.",
                        l.passage[2].end - l.passage[2].start);
    parsed_release(&p);
}

static void anchors_are_unique_as_on_the_page(void **state)
{
    struct parsed p = guide("## Pay\n\na\n\n## Pay\n\nb\n\n## Pay 1\n\nc\n\n## Pay\n\nd\n\n## "
                            "Top\n\ne\n\n## What's *that*?\n\nf\n");
    struct passage_list l = passages_of(&p);
    assert_string_equal(contents(&l),
                        "pay: Pay\npay-1: Pay\npay-1-1: Pay 1\npay-2: Pay\ntop-1: Top\n"
                        "whats-that: What's that?\n");
    parsed_release(&p);
}

static void a_title_that_is_not_the_first_heading_stays_in_the_path(void **state)
{
    struct parsed p = guide("---\ntitle: Other\n---\n# Welding\n\n## Pay\n\nx\n");
    struct passage_list l = passages_of(&p);
    assert_string_equal(contents(&l), "pay: Welding > Pay\n");
    parsed_release(&p);
}

static void text_without_headings_is_at_the_top(void **state)
{
    struct parsed p = guide("One.\n\nTwo.\n");
    struct passage_list l = passages_of(&p);
    assert_string_equal(contents(&l), "top: \n");
    assert_string_equal(l.passage[0].body, "One.\nTwo.");
    parsed_release(&p);
}

static void text_above_and_below_the_title_gets_two_anchors(void **state)
{
    struct parsed p = guide("Before.\n\n# Title\n\nAfter.\n");
    struct passage_list l = passages_of(&p);
    assert_string_equal(contents(&l), "top: \ntop~2: \n");
    parsed_release(&p);
}

static void headings_alone_make_no_passage(void **state)
{
    struct parsed p = guide("# A\n\n## B\n\n## C\n");
    struct passage_list l = passages_of(&p);
    assert_int_equal(l.n, 0);
    parsed_release(&p);
}

static void a_heading_that_asks_is_a_question_and_below_an_faq_an_entry(void **state)
{
    struct parsed p = guide("# Guide\n\n## How much?\n\nx\n\n## Frequently Asked Questions\n\n### "
                            "Is it hard?\n\ny\n\n### Notes\n\nz\n");
    struct passage_list l = passages_of(&p);
    assert_string_equal(l.passage[0].question, "How much?");
    assert_false(l.passage[0].entry);
    assert_string_equal(l.passage[1].question, "Is it hard?");
    assert_true(l.passage[1].entry);
    assert_string_equal(l.passage[2].question, "");
    assert_false(l.passage[2].entry);
    parsed_release(&p);
    p = guide("# Our FAQs\n\n## Is it hard?\n\ny\n");
    l = passages_of(&p);
    assert_true(l.passage[0].entry);
    parsed_release(&p);
}

static void units_are_sentences_items_rows_and_code(void **state)
{
    struct parsed p = guide(
        "Here is one sentence. Another one.\n\nAs follows:\n\n- a. b.\n  - c\n- d\n\nText.\n\n"
        "| H | I |\n|---|---|\n| 1 | 2 |\n\n```\nx\n```\n");
    struct passage_list l = passages_of(&p);
    assert_int_equal(l.n, 1);
    assert_string_equal(
        units_text(&p, &l.passage[0]),
        "1 P Here is one sentence.\n1 P Another one.\n2>P As follows:\n3 - a. b.\n3 "
        "-- c\n3 - d\n4 P Text.\n"
        "5 |H | H | I |\n5 | | 1 | 2 |\n6 C x\n");
    assert_true(l.passage[0].unit[0].head && !l.passage[0].unit[1].head);
    assert_string_equal(
        l.passage[0].body,
        "Here is one sentence. Another one.\nAs follows:\na. b.\nc\nd\nText.\nH | I\n1 | 2\nx");
    parsed_release(&p);
}

static void a_caption_and_a_parent_item_are_leads_too(void **state)
{
    struct parsed p = guide("Facts\na | 1\nb | 2\n\n- Places\n  - here\n- That is all.\n  - "
                            "there\n\nThe following helps.\n\n- x\n\n"
                            "It is done.\n\n- y\n");
    struct passage_list l = passages_of(&p);
    assert_string_equal(
        units_text(&p, &l.passage[0]),
        "1>P Facts\n2 | a | 1\n2 | b | 2\n3>- Places\n3 -- here\n3 - That is all.\n3 -- there\n"
        "4>P The following helps.\n5 - x\n6 P It is done.\n7 - y\n");
    parsed_release(&p);
}

static void a_sentence_does_not_end_inside_markup(void **state)
{
    struct parsed p = guide("See [the page. It helps](http://x.org/a.b) now. Say **stop. Now** and "
                            "go. Type `a. B` here. "
                            "**All bold.** Rest [open. End here.\n");
    struct passage_list l = passages_of(&p);
    assert_string_equal(
        units_text(&p, &l.passage[0]),
        "1 P See [the page. It helps](http://x.org/a.b) now.\n1 P Say **stop. Now** and go.\n"
        "1 P Type `a. B` here.\n1 P **All bold.**\n1 P Rest [open.\n1 P End here.\n");
    parsed_release(&p);
}

static void a_label_is_quoted_with_its_sentence(void **state)
{
    struct parsed p = guide("Attention to detail. Welders must look closely. They do.\n");
    struct passage_list l = passages_of(&p);
    assert_string_equal(units_text(&p, &l.passage[0]),
                        "1 P Attention to detail. Welders must look closely.\n1 P They do.\n");
    parsed_release(&p);
}

/* ---- long sections ------------------------------------------------------------------------------- */

#define LIMIT KB_PASSAGE_WORDS

/* About `n` words of prose in sentences of ten. */
static char *prose(struct pool *pool, size_t n)
{
    char *s = pool_strdup(pool, "");
    for (size_t i = 0; i < (n + 9) / 10 * 10; i++)
        s = pool_printf(pool, "%s%s%s", s, i % 10 == 0 ? "Word" : " word", i % 10 == 9 ? ". " : "");
    return s;
}

static size_t words_of(const struct passage *p)
{
    size_t n = 0;
    for (const char *s = p->body; *s; s++)
        n += (s == p->body || strchr(" \n", s[-1])) && !strchr(" \n", *s);
    return n;
}

static void a_long_section_is_split_into_equal_parts_at_its_blocks(void **state)
{
    struct pool *pool = pool_new();
    char *text = pool_strdup(pool, "## Pay\n\n");
    for (int i = 0; i < 5; i++)
        text = pool_printf(pool, "%s%s\n\n", text, prose(pool, LIMIT * 4 / 9));
    struct parsed p = guide(text);
    struct passage_list l = passages_of(&p);
    assert_string_equal(contents(&l), "pay: Pay\npay~2: Pay\npay~3: Pay\n");
    for (size_t i = 0; i < l.n; i++) {
        assert_in_range(words_of(&l.passage[i]), LIMIT / 3, LIMIT);
        assert_true(l.passage[i].unit[0].head);
    }
    parsed_release(&p);
    pool_free(pool);
}

static void a_crumb_is_not_left_over(void **state)
{
    struct pool *pool = pool_new();
    struct parsed p = guide(
        pool_printf(pool, "%s\n\n%s\n", prose(pool, LIMIT * 8 / 9), prose(pool, LIMIT * 2 / 9)));
    struct passage_list l = passages_of(&p);
    assert_int_equal(l.n, 1);
    parsed_release(&p);
    pool_free(pool);
}

static void a_paragraph_that_is_too_long_alone_is_split_at_sentences(void **state)
{
    struct pool *pool = pool_new();
    struct parsed p = guide(prose(pool, LIMIT * 5));
    struct passage_list l = passages_of(&p);
    assert_in_range(l.n, 5, 7);
    for (size_t i = 0; i < l.n; i++)
        assert_int_equal(p.doc[0].text[l.passage[i].end - 1], '.');
    parsed_release(&p);
    pool_free(pool);
}

static void a_lead_stays_with_its_list_and_a_later_part_of_a_table_knows_its_header(void **state)
{
    struct pool *pool = pool_new();
    char *text = pool_printf(pool, "%s\n\nThe largest employers were as follows:\n\n",
                             prose(pool, LIMIT * 2 / 3));
    for (int i = 0; i < 5; i++)
        text = pool_printf(pool, "%s- an item of six words each\n", text);
    struct parsed p = guide(text);
    struct passage_list l = passages_of(&p);
    assert_int_equal(l.n, 1);
    parsed_release(&p);

    text = pool_strdup(pool, "Seen here:\n\n| Occupation | Salary |\n|---|---|\n");
    for (int i = 0; i < 60; i++)
        text = pool_printf(pool, "%s| some sort of occupation here | %d |\n", text, i);
    p = guide(text);
    l = passages_of(&p);
    assert_true(l.n >= 2);
    for (size_t i = 0; i < l.n; i++)
        assert_non_null(strstr(l.passage[i].body, "Occupation | Salary"));
    assert_true(l.passage[0].unit[0].lead);
    parsed_release(&p);
    pool_free(pool);
}

/* ---- entries and fields ---------------------------------------------------------------------------- */

static void an_entry_is_one_passage_whatever_its_length(void **state)
{
    struct pool *pool = pool_new();
    struct document *doc = document_new(pool, "f.faq.yaml");
    doc->id = "faq";
    doc->title = "Questions";
    doc->lang = "en";
    doc->reviewed = "2026-01-01";
    doc->text = pool_printf(pool, "As follows:\n\n- a\n\n%s\nx\n", prose(pool, 500));
    doc->len = strlen(doc->text);
    assert_int_equal(markdown_blocks(doc, 0, doc->len - 2, 3), 0);
    const char *aka[] = {"mlt salary", "pay"};
    struct entry e[2] = {
        {.id = "pay",
         .question = "How much?",
         .aka = aka,
         .naka = 2,
         .valid_until = "2027-06-30",
         .lang = "",
         .reviewed = "",
         .start = 0,
         .end = doc->len - 2,
         .first = 0,
         .last = doc->nblock,
         .line = 2},
        {.id = "top", .question = "Which?", .start = doc->len - 2, .end = doc->len - 1, .line = 9}};
    e[1].first = doc->nblock;
    assert_int_equal(markdown_blocks(doc, doc->len - 2, doc->len, 9), 0);
    e[1].last = doc->nblock;
    doc->entry = e;
    doc->nentry = 2;
    struct passage_list l = {.pool = pool};
    assert_int_equal(passage_cut(doc, keep_passage, &l), 0);
    assert_int_equal(l.n, 2);
    const struct passage *p = &l.passage[0];
    assert_string_equal(p->key, "faq#pay");
    assert_string_equal(p->question, "How much?\nmlt salary\npay");
    assert_true(p->entry && p->source == &e[0] && p->nheading == 0);
    assert_string_equal(p->valid_until, "2027-06-30");
    assert_string_equal(p->reviewed, "2026-01-01");
    assert_string_equal(p->lang, "en");
    assert_true(p->unit[0].lead);
    assert_string_equal(l.passage[1].key, "faq#top");
    assert_string_equal(l.passage[1].body, "x");
    pool_free(pool);
}

static int stop(void *ctx, const struct document *doc, const struct passage *p)
{
    ++*(int *)ctx;
    return -42;
}

static void what_the_caller_returns_stops_the_cut(void **state)
{
    struct parsed p = guide("# A\n\nx\n\n# B\n\ny\n");
    int calls = 0;
    assert_int_equal(passage_cut(&p.doc[0], stop, &calls), -42);
    assert_int_equal(calls, 1);
    parsed_release(&p);
}

static void a_record_of_some_sentences_is_one_passage(void **state)
{
    struct pool *pool = pool_new();
    struct document *doc = document_new(pool, "f.jsonl");
    doc->id = "r1";
    doc->title = "A question";
    doc->text = pool_printf(pool, "%s\n\n%s", prose(pool, LIMIT / 2), prose(pool, LIMIT * 4 / 9));
    doc->len = strlen(doc->text);
    assert_int_equal(markdown_blocks(doc, 0, doc->len, 1), 0);
    struct passage_list l = {.pool = pool};
    assert_int_equal(passage_cut(doc, keep_passage, &l), 0);
    assert_int_equal(l.n, 1);
    assert_string_equal(l.passage[0].key, "r1#top");
    pool_free(pool);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int count(void *ctx, const struct document *doc, const struct passage *p)
{
    ++*(size_t *)ctx;
    return 0;
}

static void large_documents_take_linear_time(void **state)
{
    static const char *const unit[] = {"A sentence of some words stands here. ",
                                       "word ",
                                       "a | b\n",
                                       "- item\n",
                                       "# Same\n\nx\n\n",
                                       "[ open. ",
                                       "word\n\n"};
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
        size_t len = strlen(unit[i]), n = 40000, passages = 0;
        char *text = calloc(1, len * n + 1);
        assert_non_null(text);
        for (size_t k = 0; k < n; k++)
            memcpy(text + k * len, unit[i], len);
        struct parsed p = guide(text);
        double start = seconds();
        assert_int_equal(passage_cut(&p.doc[0], count, &passages), 0);
        assert_true(seconds() - start < 5);
        assert_true(passages > 20);
        parsed_release(&p);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_is_a_passage_with_its_path),
        cmocka_unit_test(anchors_are_unique_as_on_the_page),
        cmocka_unit_test(a_title_that_is_not_the_first_heading_stays_in_the_path),
        cmocka_unit_test(text_without_headings_is_at_the_top),
        cmocka_unit_test(text_above_and_below_the_title_gets_two_anchors),
        cmocka_unit_test(headings_alone_make_no_passage),
        cmocka_unit_test(a_heading_that_asks_is_a_question_and_below_an_faq_an_entry),
        cmocka_unit_test(units_are_sentences_items_rows_and_code),
        cmocka_unit_test(a_caption_and_a_parent_item_are_leads_too),
        cmocka_unit_test(a_sentence_does_not_end_inside_markup),
        cmocka_unit_test(a_label_is_quoted_with_its_sentence),
        cmocka_unit_test(a_long_section_is_split_into_equal_parts_at_its_blocks),
        cmocka_unit_test(a_crumb_is_not_left_over),
        cmocka_unit_test(a_paragraph_that_is_too_long_alone_is_split_at_sentences),
        cmocka_unit_test(a_lead_stays_with_its_list_and_a_later_part_of_a_table_knows_its_header),
        cmocka_unit_test(an_entry_is_one_passage_whatever_its_length),
        cmocka_unit_test(what_the_caller_returns_stops_the_cut),
        cmocka_unit_test(a_record_of_some_sentences_is_one_passage),
        cmocka_unit_test(large_documents_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
