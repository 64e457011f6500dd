/* test_reply.c: the object that scripts depend on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/json.h"
#include "bot/reply.h"
#include "kb/pool.h"

static void names_are_the_ones_of_the_contract(void **state)
{
    assert_string_equal(reply_kind_name(REPLY_ANSWER), "answer");
    assert_string_equal(reply_kind_name(REPLY_CHOICES), "choices");
    assert_string_equal(reply_kind_name(REPLY_NONE), "none");
    assert_string_equal(reply_kind_name(REPLY_CHITCHAT), "chitchat");
    assert_string_equal(reply_kind_name(REPLY_HANDOFF), "handoff");
    assert_string_equal(reply_band_name(KB_NONE), "none");
    assert_string_equal(reply_band_name(KB_MEDIUM), "medium");
    assert_string_equal(reply_band_name(KB_HIGH), "high");
}

static void the_object_has_its_keys_in_their_order(void **state)
{
    const char *heading[] = {"Pay"}, *choice[] = {"A?"}, *suggestion[] = {"B?", "C?"};
    struct kb_hit hit = {.passage = "mlt#pay",
                         .document = "mlt",
                         .title = "MLT",
                         .heading = heading,
                         .nheading = 1,
                         .url = "https://x.example/mlt",
                         .anchor = "pay",
                         .reviewed = "2026-01-02",
                         .text = "It **pays**.",
                         .start = 10,
                         .end = 22,
                         .score = 1.25};
    struct kb_pair corrected[] = {{"salry", "salary"}, {"salry", "salary"}};
    struct reply r = {.kind = REPLY_ANSWER,
                      .confidence = 0.93,
                      .band = KB_HIGH,
                      .text = "It pays.",
                      .answer = &hit,
                      .nanswer = 1,
                      .choice = choice,
                      .nchoice = 1,
                      .suggestion = suggestion,
                      .nsuggestion = 2,
                      .corrected = corrected,
                      .ncorrected = 2,
                      .us = 143};
    char expected[1024];
    struct pool *pool = pool_new();
    struct buf b;
    buf_init(&b, 10000);
    reply_json(&r, "q1", NULL, &b);
    snprintf(expected, sizeof expected,
             "{\"id\":\"q1\",\"kind\":\"answer\",\"confidence\":0.93,\"band\":"
             "\"high\",\"text\":\"It pays.\","
             "\"answers\":[{\"passage\":\"mlt#pay\",\"document\":\"mlt\",\"title\":"
             "\"MLT\",\"heading\":[\"Pay\"],"
             "\"url\":\"https://x.example/mlt\",\"text\":\"It "
             "**pays**.\",\"start\":10,\"end\":22,\"score\":1.25,"
             "\"anchor\":\"pay\",\"reviewed\":\"2026-01-02\",\"receipt\":\"%s\"}],"
             "\"choices\":[\"A?\"],\"suggestions\":[\"B?\",\"C?\"],"
             "\"corrected\":{\"salry\":\"salary\"},\"us\":143}",
             kb_receipt(pool, hit.passage, hit.text, hit.start));
    assert_string_equal(b.s, expected);
    pool_free(pool);
    buf_release(&b);
}

static void an_empty_reply_is_complete_too(void **state)
{
    struct reply r = {.kind = REPLY_NONE, .confidence = NAN};
    struct buf b;
    buf_init(&b, 10000);
    reply_json(&r, NULL, "a7", &b);
    assert_string_equal(
        b.s,
        "{\"answer_id\":\"a7\",\"kind\":\"none\",\"confidence\":0,\"band\":\"none\",\"text\":\"\","
        "\"answers\":[],\"choices\":[],\"suggestions\":[],\"corrected\":{},\"us\":0}");
    buf_release(&b);
}

static void hostile_text_still_makes_one_valid_line(void **state)
{
    struct reply r = {.kind = REPLY_NONE, .text = "a\n\"\\\xFF</script>\x01"};
    struct buf b;
    buf_init(&b, 10000);
    reply_json(&r, "\"\n", NULL, &b);
    struct cJSON *j = json_parse(b.s, b.len);
    assert_non_null(j);
    assert_null(strchr(b.s, '\n'));
    assert_null(strstr(b.s, "</"));
    json_free(j);
    buf_release(&b);
}

static void a_copy_says_the_same_when_the_original_is_gone(void **state)
{
    char word[] = "salary";
    const char *heading[] = {word}, *choice[] = {word}, *key[] = {NULL}, *unknown[] = {word};
    struct kb_span mark[] = {{0, 6}};
    struct kb_hit hit = {.passage = word,
                         .document = word,
                         .title = word,
                         .heading = heading,
                         .nheading = 1,
                         .url = word,
                         .anchor = word,
                         .reviewed = "",
                         .text = word,
                         .lead = word,
                         .mark = mark,
                         .nmark = 1};
    struct kb_pair corrected[] = {{word, word}};
    struct reply r = {.kind = REPLY_ANSWER,
                      .text = word,
                      .answer = &hit,
                      .nanswer = 1,
                      .choice = choice,
                      .choice_key = key,
                      .nchoice = 1,
                      .suggestion = choice,
                      .suggestion_key = choice,
                      .nsuggestion = 1,
                      .corrected = corrected,
                      .ncorrected = 1,
                      .unknown = unknown,
                      .nunknown = 1};
    struct pool *pool = pool_new();
    struct buf before, after;
    buf_init(&before, 4096);
    buf_init(&after, 4096);
    reply_json(&r, NULL, NULL, &before);
    const struct reply *copy = reply_copy(pool, &r);
    memset(word, 'x', sizeof word - 1);
    mark[0].end = 0;
    reply_json(copy, NULL, NULL, &after);
    assert_string_equal(after.s, before.s);
    assert_null(copy->choice_key[0]);
    assert_string_equal(copy->suggestion_key[0], "salary");
    assert_string_equal(copy->unknown[0], "salary");
    assert_int_equal(copy->answer[0].mark[0].end, 6);
    buf_release(&before);
    buf_release(&after);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_the_ones_of_the_contract),
        cmocka_unit_test(the_object_has_its_keys_in_their_order),
        cmocka_unit_test(a_copy_says_the_same_when_the_original_is_gone),
        cmocka_unit_test(an_empty_reply_is_complete_too),
        cmocka_unit_test(hostile_text_still_makes_one_valid_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
