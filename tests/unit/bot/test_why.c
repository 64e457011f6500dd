/* test_why.c: an account of a ranking, for people and for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/json.h"
#include "bot/reply.h"
#include "bot/terminal.h"
#include "bot/why.h"
#include "kb/pool.h"

static struct kb_why_term terms[] = {{"salary", KB_CORRECTED, 0.85, 14},
                                     {"pay", KB_SYNONYM, 0.8, 9},
                                     {"stipend", KB_SYNONYM, 0.8, 0}};
static struct kb_why_term none[] = {{"moon", KB_TYPED, 1, 0}};
static struct kb_why_word words[] = {{"salry", 1, 3.2, false, true, terms, 3},
                                     {"moon\x1b[2J", 1, 5, false, false, none, 1}};
static struct kb_why_find finds[] = {{0, "salary", {0.5, 0, 0, 1.5}, {1, 0, 0, 3}}};
static struct kb_part parts[] = {{"bm25", "its words", 0.4, 1.0},
                                 {"heading", "its heading is what was asked", 0.5, 0.5}};
static struct kb_part less[] = {{"bm25", "its words", 0.3, 1.0},
                                {"heading", "its heading is what was asked", 0, 0.5}};
static struct kb_pair pair = {"salry", "salary"};
static struct kb_why_hit hits[] = {
    {"faq#pay", "FAQ", "What is the pay?", 2.0, finds, 1, parts, 2, 0.65, 0.7},
    {"faq#more", "FAQ", "", 1.5, NULL, 0, less, 2, 0.3, 0.2}};
static struct kb_part sure[] = {{"coverage", "how much it covers", 0.5, 4.0}};
static struct kb_chance chances[] = {{"the guides have an answer", -1.5, sure, 1, 0.62}};
static const struct kb_why why = {.passages = 128,
                                  .candidates = 40,
                                  .want = "money",
                                  .mass = 5,
                                  .word = words,
                                  .nword = 2,
                                  .corrected = &pair,
                                  .ncorrected = 1,
                                  .hit = hits,
                                  .nhit = 2,
                                  .chance = chances,
                                  .nchance = 1,
                                  .rule = "no guide has a word that carries the question",
                                  .confidence = 0.5,
                                  .band = KB_MEDIUM,
                                  .high = 0.6,
                                  .medium = 0.2};
static const struct kb_why *list[] = {&why};
static const struct reply explained = {.text = "", .why = list, .nwhy = 1};

static char *printed(const struct reply *r, bool colour)
{
    char *s = NULL;
    size_t len = 0;
    struct pool *pool = pool_new();
    FILE *f = open_memstream(&s, &len);
    why_print(f, r, colour, pool);
    fclose(f);
    pool_free(pool);
    return s;
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void it_tells_in_words_what_was_understood_found_and_believed(void **state)
{
    char *s = printed(&explained, false);
    assert_says(s, "\"salry\" was read as \"salary\"");
    assert_says(s, "synonym pay (0.80)");
    assert_null(strstr(s, "stipend")); /* a synonym that no guide has explains nothing */
    assert_says(s, "not in the guides");
    assert_says(s, "in 14 of 128 passages");
    assert_says(s, "kind of answer: money");
    assert_says(s, "1. What is the pay?");
    assert_says(s, "2. FAQ");                                      /* no heading: the title */
    assert_says(s, "0.10         -         -      0.30     0.40"); /* shares of the part's points */
    assert_says(s, "0.35 points behind");
    assert_says(s, "-0.25  its heading is what was asked");
    assert_says(s, "0.50, enough for \"did you mean\"");
    assert_says(s, "0.50 whatever these say: no guide has a word");
    assert_says(s, "0.50 x  4.00       2.00");
    free(s);
}

static void no_line_is_wider_than_a_plain_terminal(void **state)
{
    char *s = printed(&explained, false);
    for (const char *p = s; *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n'))
        if (terminal_columns(p, strcspn(p, "\n")) > 80)
            fail_msg("wide: %.*s", (int)strcspn(p, "\n"), p);
    free(s);
}

static void colour_is_asked_for_and_hostile_text_drives_no_terminal(void **state)
{
    char *plain = printed(&explained, false), *colour = printed(&explained, true);
    assert_null(strchr(plain, '\033'));
    assert_says(colour, TERMINAL_BOLD "What was found" TERMINAL_PLAIN);
    assert_null(strstr(colour, "\033[2J"));
    free(plain);
    free(colour);
}

static void the_object_has_every_figure(void **state)
{
    struct buf b;
    buf_init(&b, 100000);
    why_json(&explained, &b);
    struct cJSON *j = json_parse(b.s, b.len);
    assert_non_null(j);
    const struct cJSON *one = cJSON_GetArrayItem(j, 0);
    const struct cJSON *hit = cJSON_GetArrayItem(cJSON_GetObjectItem(one, "hits"), 0);
    const struct cJSON *find = cJSON_GetArrayItem(cJSON_GetObjectItem(hit, "finds"), 0);
    const struct cJSON *c = json_object(one, "confidence");
    assert_string_equal(json_string(find, "word", 99), "salry");
    assert_string_equal(json_string(find, "said", 99), "salary");
    assert_true(cJSON_GetObjectItem(find, "body")->valuedouble == 1.5);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(hit, "parts")), 2);
    assert_string_equal(json_string(json_object(one, "corrected"), "salry", 99), "salary");
    assert_string_equal(json_string(c, "band", 99), "medium");
    const struct cJSON *chance = cJSON_GetArrayItem(cJSON_GetObjectItem(c, "chances"), 0);
    assert_true(cJSON_GetObjectItem(chance, "value")->valuedouble == 0.62);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(chance, "parts")), 1);
    assert_non_null(json_string(c, "rule", 99));
    json_free(j);
    buf_release(&b);
}

static void a_reply_that_explains_nothing_says_nothing(void **state)
{
    static const struct reply plain = {.text = "hello"};
    struct buf b;
    buf_init(&b, 1000);
    char *s = printed(&plain, true);
    assert_string_equal(s, "");
    why_json(&plain, &b);
    assert_string_equal(b.s, "[]");
    free(s);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_tells_in_words_what_was_understood_found_and_believed),
        cmocka_unit_test(no_line_is_wider_than_a_plain_terminal),
        cmocka_unit_test(colour_is_asked_for_and_hostile_text_drives_no_terminal),
        cmocka_unit_test(the_object_has_every_figure),
        cmocka_unit_test(a_reply_that_explains_nothing_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
