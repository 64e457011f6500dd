/* test_matrix_render.c: what goes out has no number and no broken character in it, only harmless HTML, and fits into an event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/markdown.h"
#include "adapters/matrix/matrix_int.h"

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

static void html_is(const char *markdown, const char *expected)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    matrix_html(markdown, strlen(markdown), &b);
    assert_string_equal(b.s, expected);
    buf_release(&b);
}

static void markdown_becomes_the_html_that_clients_show(void **state)
{
    html_is("Open **Settings** & `a<b`",
            "<p>Open <strong>Settings</strong> &amp; <code>a&lt;b</code></p>");
    html_is("- a\n- b", "<ul><li>a</li><li>b</li></ul>");
    html_is("3. a\n4. b", "<ol start=\"3\"><li>a</li><li>b</li></ol>");
    html_is("# H\n\n> q", "<h3>H</h3><blockquote><p>q</p></blockquote>");
    html_is("[t](https://x.example/?a=1&b=\"2\")",
            "<p><a href=\"https://x.example/?a=1&amp;b=%222%22\">t</a></p>");
    html_is("| a | b |\n|---|---|\n| 1 | 2 |",
            "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>");
    html_is("```c\nint x;\n```", "<pre><code class=\"language-c\">int x;\n</code></pre>");
}

static void nothing_in_a_guide_becomes_a_tag_of_its_own(void **state)
{
    html_is("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>");
    html_is("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>");
    html_is("[x](javascript:alert(1))", "<p>x</p>");
    html_is("![x](data:text/html,y)", "<p>x</p>");
}

static struct kb_hit hit_of(const char *text)
{
    return (struct kb_hit){.passage = "d#a",
                           .document = "d",
                           .title = "Pay <more>",
                           .url = "https://x.example/pay",
                           .anchor = "a",
                           .question = "",
                           .reviewed = "",
                           .text = text};
}

static cJSON *rendered(const struct reply *r, const char *id)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    matrix_render(r, id, &b);
    assert_false(buf_failed(&b));
    cJSON *j = json_parse(b.s, b.len);
    assert_non_null(j);
    buf_release(&b);
    return j;
}

static const char *part(const cJSON *j, int i, const char *name)
{
    return json_string(cJSON_GetArrayItem(json_array(j, "parts", NULL), i), name, 1u << 20);
}

static void a_reply_is_words_sources_and_numbers(void **state)
{
    struct kb_hit hit = hit_of("They earn **$41,000** a year.");
    const char *suggestion[] = {"How <long>?"};
    struct reply r = {.kind = REPLY_ANSWER,
                      .text = "They earn $41,000 a year.",
                      .answer = &hit,
                      .nanswer = 1,
                      .suggestion = suggestion,
                      .nsuggestion = 1};
    cJSON *j = rendered(&r, "42");
    assert_string_equal(json_string(j, "id", 64), "42");
    assert_string_equal(
        part(j, 0, "body"),
        "They earn $41,000 a year.\n\nSource: Pay <more>: "
        "https://x.example/pay#a\n\nYou can also ask (a number will do):\n1. How "
        "<long>?\n\nDid this help? React with \xF0\x9F\x91\x8D or \xF0\x9F\x91\x8E.");
    assert_string_equal(
        part(j, 0, "html"),
        "<p>They earn <strong>$41,000</strong> a year.</p><p><em>Source: <a "
        "href=\"https://x.example/pay#a\">Pay &lt;more&gt;</a></em></p><p>You can also ask (a "
        "number will do):</p><ol><li>How &lt;long&gt;?</li></ol><p><em>Did this help? React with "
        "\xF0\x9F\x91\x8D or \xF0\x9F\x91\x8E.</em></p>");
    json_free(j);
}

static void what_cannot_be_voted_on_does_not_ask_for_a_vote(void **state)
{
    const char *choice[] = {"How long?", "How much?"};
    struct reply r = {
        .kind = REPLY_CHOICES, .text = "Did you mean:", .choice = choice, .nchoice = 2};
    cJSON *j = rendered(&r, "42");
    assert_string_equal(json_string(j, "id", 64), "");
    assert_string_equal(part(j, 0, "body"),
                        "Did you mean:\n\nReply with a number:\n1. How long?\n2. How much?");
    json_free(j);
}

static void a_long_reply_is_several_events_and_no_word_is_lost(void **state)
{
    struct buf text;
    buf_init(&text, 1u << 20);
    for (int i = 0; i < 3000; i++)
        buf_addf(&text, "<word%d> ", i);
    struct reply r = {.kind = REPLY_NONE, .text = text.s};
    cJSON *j = rendered(&r, NULL);
    size_t n, bytes = 0;
    const cJSON *p;
    cJSON_ArrayForEach(p, json_array(j, "parts", &n))
    {
        size_t body = strlen(json_string(p, "body", 1u << 20));
        assert_true(body + strlen(json_string(p, "html", 1u << 20)) <= MATRIX_PART_BYTES);
        bytes += body;
    }
    assert_true(n > 1 && n <= MATRIX_MAX_PARTS);
    assert_true(bytes + 64 > text.len);
    json_free(j);
    buf_release(&text);
}

static bool has_number(const cJSON *j)
{
    const cJSON *child;
    if (cJSON_IsNumber(j))
        return true;
    cJSON_ArrayForEach(child, j) if (has_number(child)) return true;
    return false;
}

static cJSON *content_of(const struct matrix_content *c)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    matrix_content(c, &b);
    cJSON *j = json_parse(b.s, b.len);
    if (!j)
        fail_msg("no JSON: %s", b.s);
    assert_false(has_number(j));
    buf_release(&b);
    return j;
}

static void content_has_no_number_no_broken_character_and_a_body(void **state)
{
    struct matrix_content c = {.msgtype = "m.notice",
                               .body = "\xED\xA0\x80 \xFF 0.93",
                               .html = "<p>\xC0\xAF</p>",
                               .mention = "",
                               .answer = "42",
                               .reply_to = "$q",
                               .thread = "$root",
                               .replaces = ""};
    cJSON *j = content_of(&c);
    const cJSON *relates = json_object(j, "m.relates_to");
    assert_non_null(json_object(j, "m.mentions"));
    assert_string_equal(json_string(relates, "rel_type", 64), "m.thread");
    assert_string_equal(json_string(json_object(relates, "m.in_reply_to"), "event_id", 64), "$q");
    json_free(j);
    c.body = "";
    j = content_of(&c);
    assert_true(*json_string(j, "body", 64) != '\0');
    json_free(j);
}

static void an_edit_names_the_original_and_nothing_else(void **state)
{
    struct matrix_content c = {.msgtype = "m.notice",
                               .body = "new",
                               .html = "<p>new</p>",
                               .mention = "",
                               .answer = "",
                               .reply_to = "$q",
                               .thread = "$root",
                               .replaces = "$a"};
    cJSON *j = content_of(&c);
    const cJSON *relates = json_object(j, "m.relates_to"), *fresh = json_object(j, "m.new_content");
    assert_string_equal(json_string(relates, "rel_type", 64), "m.replace");
    assert_string_equal(json_string(relates, "event_id", 64), "$a");
    assert_null(json_object(relates, "m.in_reply_to"));
    assert_string_equal(json_string(j, "body", 64), "* new");
    assert_string_equal(json_string(fresh, "body", 64), "new");
    assert_null(json_object(fresh, "m.relates_to"));
    json_free(j);
}

static void a_place_is_read_as_it_was_written(void **state)
{
    struct matrix_place p = {.via = MATRIX_REPLACE,
                             .room = "!r",
                             .asked = "$q\"",
                             .user = "@a:b",
                             .asked_ms = 1795253850109},
                        back;
    assert_true(matrix_place_read(pool, matrix_place_write(pool, &p), &back));
    assert_int_equal(back.via, MATRIX_REPLACE);
    assert_string_equal(back.asked, "$q\"");
    assert_string_equal(back.thread, "");
    assert_true(back.asked_ms == p.asked_ms);
    assert_false(matrix_place_read(pool, "{}", &back));
    assert_false(matrix_place_read(pool, NULL, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown_becomes_the_html_that_clients_show),
        cmocka_unit_test(nothing_in_a_guide_becomes_a_tag_of_its_own),
        cmocka_unit_test(a_reply_is_words_sources_and_numbers),
        cmocka_unit_test(what_cannot_be_voted_on_does_not_ask_for_a_vote),
        cmocka_unit_test(a_long_reply_is_several_events_and_no_word_is_lost),
        cmocka_unit_test(content_has_no_number_no_broken_character_and_a_body),
        cmocka_unit_test(an_edit_names_the_original_and_nothing_else),
        cmocka_unit_test(a_place_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
