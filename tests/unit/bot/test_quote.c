/* test_quote.c: an answer's text is taken apart into quotes and our own words, and every quote names its source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bot/quote.h"

static struct pool *pool;

static int set_up(void **state)
{
    pool = pool_new();
    return 0;
}

static int tear_down(void **state)
{
    pool_free(pool);
    return 0;
}

static struct kb_hit hit_of(const char *text)
{
    return (struct kb_hit){.passage = "d#a",
                           .document = "d",
                           .title = "",
                           .url = "",
                           .anchor = "",
                           .question = "",
                           .reviewed = "",
                           .text = text};
}

/* "0:text|-1:text" */
static const char *taken_apart(const char *text, const struct kb_hit *hit, size_t n)
{
    struct reply r = {.kind = REPLY_ANSWER, .text = text, .answer = hit, .nanswer = n};
    size_t nseg;
    struct quote_segment *seg = quote_segments(pool, &r, &nseg);
    const char *s = "";
    for (size_t i = 0; i < nseg; i++)
        s = pool_printf(pool, "%s%s%d:%.*s", s, i ? "|" : "", seg[i].cite, (int)seg[i].len,
                        seg[i].text);
    return s;
}

static void each_extract_is_a_segment_that_cites_it(void **state)
{
    struct kb_hit hit[] = {hit_of("One thing."), hit_of("Another thing.")};
    assert_string_equal(taken_apart("One thing.\n\nAnother thing.", hit, 2),
                        "0:One thing.|1:Another thing.");
}

static void what_no_extract_says_is_ours(void **state)
{
    struct kb_hit hit = hit_of("The nearest.");
    assert_string_equal(taken_apart("I am not sure:\n\nThe nearest.", &hit, 1),
                        "-1:I am not sure:|0:The nearest.");
    assert_string_equal(taken_apart("Hello!", NULL, 0), "-1:Hello!");
    assert_string_equal(taken_apart("", NULL, 0), "");
}

static void mark_up_in_the_extract_is_no_obstacle(void **state)
{
    struct kb_hit hit = hit_of("It **pays** [well](https://x.test).");
    assert_string_equal(taken_apart("It pays well.", &hit, 1), "0:It pays well.");
}

static void an_extract_cut_short_is_still_its_own(void **state)
{
    struct kb_hit hit =
        hit_of("A long sentence that goes on and on and on until it was cut. And more of it.");
    assert_string_equal(taken_apart("A long sentence that goes on and on and on …", &hit, 1),
                        "0:A long sentence that goes on and on and on …");
    assert_string_equal(taken_apart("Not sure.\n\nA long sentence that goes on and on …", &hit, 1),
                        "-1:Not sure.|0:A long sentence that goes on and on …");
}

static void an_extract_that_is_not_in_the_text_is_left_out(void **state)
{
    struct kb_hit hit[] = {hit_of("Nowhere to be seen."), hit_of("Here.")};
    assert_string_equal(taken_apart("Here.", hit, 2), "1:Here.");
}

static void only_web_addresses_become_links(void **state)
{
    static const char *const bad[] = {
        "javascript:alert(1)", "data:text/html,x",   "/relative",       "ftp://x.test/",
        "https://x.test/a b",  "https://x.test/\nX", " https://x.test", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct kb_hit hit = hit_of("x");
        hit.url = bad[i];
        hit.anchor = "a";
        assert_string_equal(quote_url(pool, &hit), "");
    }
}

static void a_link_leads_to_the_passage(void **state)
{
    struct kb_hit hit = hit_of("x");
    hit.url = "https://x.test/guide";
    assert_string_equal(quote_url(pool, &hit), "https://x.test/guide");
    hit.anchor = "pay";
    assert_string_equal(quote_url(pool, &hit), "https://x.test/guide#pay");
    hit.url = "HTTPS://x.test/guide#top";
    assert_string_equal(quote_url(pool, &hit), "HTTPS://x.test/guide#top");
}

static void a_source_is_named_by_its_path_without_repetitions(void **state)
{
    const char *heading[] = {"Guide", "Pay", "By state"};
    struct kb_hit hit = hit_of("x");
    assert_string_equal(quote_name(pool, &hit, " > "), "d");
    hit.title = "Guide";
    hit.heading = heading;
    hit.nheading = 3;
    assert_string_equal(quote_name(pool, &hit, " > "), "Guide > Pay > By state");
    hit.nheading = 0;
    hit.question = "What does it pay?";
    assert_string_equal(quote_name(pool, &hit, " > "), "Guide > What does it pay?");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_extract_is_a_segment_that_cites_it),
        TEST(what_no_extract_says_is_ours),
        TEST(mark_up_in_the_extract_is_no_obstacle),
        TEST(an_extract_cut_short_is_still_its_own),
        TEST(an_extract_that_is_not_in_the_text_is_left_out),
        TEST(only_web_addresses_become_links),
        TEST(a_link_leads_to_the_passage),
        TEST(a_source_is_named_by_its_path_without_repetitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
