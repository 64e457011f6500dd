/* test_slack_block.c: blocks of a reply keep every limit, whatever the reply; hostile text stays text; and what Slack says to a
 * call is put into the right class. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/markdown.h"
#include "adapters/slack/slack_int.h"
#include "bot/http.h"

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

static struct kb_hit hit_of(const char *text, const char *url)
{
    return (struct kb_hit){.passage = "d#a",
                           .document = "d",
                           .title = "Pay & more",
                           .url = url,
                           .anchor = "",
                           .question = "",
                           .reviewed = "",
                           .text = text};
}

static cJSON *parsed(const struct buf *b)
{
    assert_false(buf_failed(b));
    cJSON *j = json_parse(b->s, b->len);
    if (!j)
        fail_msg("no JSON: %s", b->s);
    return j;
}

static cJSON *rendered(const struct reply *r, const char *id, bool handoff)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    slack_render(r, id, handoff, &b);
    cJSON *j = parsed(&b);
    buf_release(&b);
    return j;
}

static const char *member(const cJSON *j, const char *name)
{
    const char *s = json_string(j, name, 1u << 20);
    return s ? s : "";
}

/* Slack's documented limits, and ours below them; the number of parts. */
static size_t check_limits(const cJSON *j)
{
    size_t nparts;
    const cJSON *part, *block, *el;
    const cJSON *parts = json_array(j, "parts", &nparts);
    cJSON_ArrayForEach(part, parts)
    {
        size_t nblocks, text = 0;
        const cJSON *blocks = json_array(part, "blocks", &nblocks);
        char *json = cJSON_PrintUnformatted(blocks);
        assert_in_range(nblocks, 1, 50);
        assert_in_range(strlen(member(part, "text")), 1, 4000);
        assert_true(strlen(json) <= 16000);
        cJSON_free(json);
        cJSON_ArrayForEach(block, blocks)
        {
            const char *type = member(block, "type");
            size_t nel = 0;
            const cJSON *els = json_array(block, "elements", &nel);
            if (!strcmp(type, "section")) {
                size_t n = strlen(member(json_object(block, "text"), "text"));
                assert_in_range(n, 1, 3000);
                text += n;
            } else if (!strcmp(type, "context")) {
                assert_in_range(nel, 1, 10);
            } else {
                assert_string_equal(type, "actions");
                assert_in_range(nel, 1, 25);
                assert_in_range(strlen(member(block, "block_id")), 1, 255);
            }
            cJSON_ArrayForEach(el, els)
            {
                if (strcmp(member(el, "type"), "button"))
                    continue;
                assert_in_range(strlen(member(json_object(el, "text"), "text")), 1, 75);
                assert_in_range(strlen(member(el, "value")), 1, 2000);
            }
        }
        assert_true(text <= SLACK_TEXT_BYTES);
    }
    return nparts;
}

static bool says(const cJSON *j, const char *what)
{
    char *s = cJSON_PrintUnformatted(j);
    bool yes = strstr(s, what) != NULL;
    cJSON_free(s);
    return yes;
}

static void an_answer_has_words_a_source_and_buttons(void **state)
{
    struct kb_hit hit = hit_of("It pays **41,000** dollars.", "https://x.test/pay?a=1&b=2");
    const char *more[] = {"How long is the training?"};
    struct reply r = {.kind = REPLY_ANSWER,
                      .text = "It pays 41,000 dollars.",
                      .answer = &hit,
                      .nanswer = 1,
                      .suggestion = more,
                      .nsuggestion = 1};
    cJSON *j = rendered(&r, "42", true);
    assert_int_equal(check_limits(j), 1);
    assert_true(says(j, "It pays *41,000* dollars."));
    assert_true(says(j, "Source: <https://x.test/pay?a=1&amp;b=2|Pay &amp; more>"));
    assert_true(says(j, "\"v1:42:up\"") && says(j, "\"v1:42:down\"") &&
                says(j, "\"v1:42:handoff\""));
    assert_true(says(j, "\"v1:42:s:How long is the training?\""));
    assert_true(says(j, "\"text\":\"It pays 41,000 dollars.\""));
    assert_true(says(j, "\"verbatim\":true"));
    json_free(j);
}

static void without_an_id_or_a_person_there_are_no_such_buttons(void **state)
{
    struct kb_hit hit = hit_of("It pays.", "");
    struct reply r = {.kind = REPLY_ANSWER, .text = "It pays.", .answer = &hit, .nanswer = 1};
    cJSON *j = rendered(&r, NULL, true);
    assert_false(says(j, "actions"));
    assert_true(says(j, "Source: Pay &amp; more"));
    json_free(j);
    j = rendered(&r, "42", false);
    assert_true(says(j, "qa_fb_up"));
    assert_false(says(j, "qa_handoff"));
    json_free(j);
    struct reply hello = {.kind = REPLY_CHITCHAT, .text = "Hello!"};
    j = rendered(&hello, "42", true);
    assert_false(says(j, "actions"));
    json_free(j);
    struct reply none = {.kind = REPLY_NONE, .text = "I do not know."};
    j = rendered(&none, "42", true);
    assert_true(says(j, "qa_handoff"));
    assert_false(says(j, "qa_fb_up"));
    json_free(j);
}

static void hostile_text_rings_nobody(void **state)
{
    struct kb_hit hit = hit_of("<!channel> <foo|bar> a & b", "https://x.test/|<!here>");
    hit.title = "<!everyone>|\n";
    struct reply r = {
        .kind = REPLY_ANSWER, .text = "<!channel> <foo|bar> a & b", .answer = &hit, .nanswer = 1};
    cJSON *j = rendered(&r, "42", false);
    check_limits(j);
    assert_false(says(j, "<!"));
    assert_true(says(j, "&lt;!channel&gt; &lt;foo|bar&gt; a &amp; b"));
    assert_false(says(j, "&amp;lt;"));
    json_free(j);
}

static void long_answers_are_split_and_only_the_last_part_has_buttons(void **state)
{
    static const size_t sizes[] = {3001, 10000, 13500, 60000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *text = calloc(1, sizes[i] + 1);
        for (size_t k = 0; k < sizes[i]; k++)
            text[k] = k % 7 == 6 ? ' ' : "ab\"\\&<"[k % 6];
        struct kb_hit hit = hit_of(text, "https://x.test");
        struct reply r = {.kind = REPLY_ANSWER,
                          .text = kb_plain(pool, text, sizes[i]),
                          .answer = &hit,
                          .nanswer = 1};
        cJSON *j = rendered(&r, "42", true);
        size_t n = check_limits(j), at = 0;
        assert_true(n >= (sizes[i] > 9000 ? 2 : 1));
        const cJSON *part;
        cJSON_ArrayForEach(part, json_array(j, "parts", NULL))
            assert_int_equal(says(part, "qa_fb_up"), ++at == n);
        json_free(j);
        free(text);
    }
}

static void long_choices_fit_their_buttons(void **state)
{
    char big[1800], wide[121] = "";
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    for (size_t i = 0; i < 60; i++)
        memcpy(wide + 2 * i, "\xC3\xA9", 2);
    const char *choice[] = {"Short?", wide, big};

    struct reply r = {.kind = REPLY_CHOICES, .text = "Not sure:", .choice = choice, .nchoice = 3};
    cJSON *j = rendered(&r, "42", false);
    check_limits(j);
    assert_true(says(j, "v1:42:s:Short?"));
    assert_false(says(j, "xxxx"));
    json_free(j);
}

static void thanks_take_the_place_of_the_buttons(void **state)
{
    cJSON *blocks = cJSON_Parse("[{\"type\":\"section\",\"block_id\":\"x\"},{\"type\":\"actions\","
                                "\"block_id\":\"fb:42\"}]");
    struct buf b;
    buf_init(&b, 10000);
    assert_true(slack_render_thanks(blocks, "It pays.", "42", "Thanks", true, &b));
    cJSON *j = parsed(&b);
    assert_true(says(j, "\"block_id\":\"x\""));
    assert_true(says(j, "Thanks") && says(j, "qa_handoff"));
    assert_false(says(j, "qa_fb_up"));
    json_free(j);
    buf_clear(&b);
    assert_false(slack_render_thanks(NULL, "", "42", "Thanks", true, &b));
    buf_release(&b);
    cJSON_Delete(blocks);
}

static void home_and_lines_are_blocks_too(void **state)
{
    static const char *const topics[] = {"What <does> it pay?", NULL};
    struct buf b;
    buf_init(&b, 10000);
    slack_render_home(topics, &b);
    cJSON *j = parsed(&b);
    assert_true(says(j, "What &lt;does&gt; it pay?"));
    json_free(j);
    buf_clear(&b);
    slack_render_line(slack_help, &b);
    j = parsed(&b);
    assert_int_equal(check_limits(j), 1);
    json_free(j);
    buf_release(&b);
}

/* ---- what they say ---- */

static struct slack_result result_of(int status, long retry_after_s, const char *body, bool sent)
{
    struct slack_result r;
    struct http_response res = {.status = status,
                                .maybe_sent = sent,
                                .error = "",
                                .retry_after_s = retry_after_s,
                                .body = body,
                                .len = strlen(body)};
    slack_result_read(&res, &r);
    return r;
}

static void every_error_has_its_class(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum slack_class want;
    } all[] = {
        {200, "{\"ok\":true,\"ts\":\"1.2\",\"channel\":\"C1\"}", SLACK_FINE},
        {200, "{\"ok\":false,\"error\":\"token_revoked\"}", SLACK_DOWN},
        {200, "{\"ok\":false,\"error\":\"channel_not_found\"}", SLACK_REFUSED},
        {200, "{\"ok\":false,\"error\":\"restricted_action_thread_locked\"}", SLACK_REFUSED},
        {200, "{\"ok\":false,\"error\":\"never_heard_of\"}", SLACK_REFUSED},
        {200, "{\"ok\":false,\"error\":\"cannot_reply_to_message\"}", SLACK_NO_THREAD},
        {200, "{\"ok\":false,\"error\":\"msg_blocks_too_long\"}", SLACK_CONTENT},
        {200, "{\"ok\":false,\"error\":\"invalid_metadata_schema\"}", SLACK_CONTENT},
        {200, "{\"ok\":false,\"error\":\"ratelimited\"}", SLACK_LATER},
        {200, "{\"retry_after\":1}", SLACK_LATER},
        {200, "{\"ok\":false,\"error\":\"fatal_error\"}", SLACK_UNSURE},
        {200, "{\"ok\":false,\"error\":\"internal_error\"}", SLACK_UNSURE},
        {200, "{\"ok\":false,\"error\":\"message_not_found\"}", SLACK_BENIGN},
        {200, "<html>a proxy</html>", SLACK_UNSURE},
        {200, "", SLACK_UNSURE},
        {200, "{\"ok\":\"true\"}", SLACK_UNSURE},
        {429, "{\"retry_after\":1,\"error\":\"rate_limited\"}", SLACK_LATER},
        {429, "<html>", SLACK_LATER},
        {500, "{\"ok\":true}", SLACK_UNSURE},
        {502, "<html>", SLACK_UNSURE},
        {404, "no such page", SLACK_REFUSED},
        {302, "", SLACK_REFUSED},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        enum slack_class got = result_of(all[i].status, -1, all[i].body, true).class;
        if (got != all[i].want)
            fail_msg("%d %s: class %d", all[i].status, all[i].body, (int)got);
    }
    assert_int_equal(result_of(0, -1, "", true).class, SLACK_UNSURE);
    assert_int_equal(result_of(0, -1, "", false).class, SLACK_UNSENT);
}

static void waiting_lasts_as_long_as_they_say(void **state)
{
    assert_int_equal(result_of(429, 30, "", true).retry_after_s, 30);
    assert_int_equal(result_of(429, -1, "", true).retry_after_s, 1);
    assert_int_equal(result_of(429, 0, "", true).retry_after_s, 1);
    assert_int_equal(result_of(429, 2, "{\"retry_after\":7}", true).retry_after_s, 7);
}

static void their_words_cannot_write_our_log(void **state)
{
    struct slack_result r =
        result_of(200, -1, "{\"ok\":false,\"error\":\"a_b\\n level=error x\"}", true);
    assert_string_equal(r.error, "a_b");
    r = result_of(200, -1,
                  "{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"channels:history\"}",
                  true);
    assert_string_equal(r.needed, "channels:history");
    assert_non_null(strstr(slack_down_step(r.error), "scope"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_has_words_a_source_and_buttons),
        cmocka_unit_test(without_an_id_or_a_person_there_are_no_such_buttons),
        cmocka_unit_test(hostile_text_rings_nobody),
        cmocka_unit_test(long_answers_are_split_and_only_the_last_part_has_buttons),
        cmocka_unit_test(long_choices_fit_their_buttons),
        cmocka_unit_test(thanks_take_the_place_of_the_buttons),
        cmocka_unit_test(home_and_lines_are_blocks_too),
        cmocka_unit_test(every_error_has_its_class),
        cmocka_unit_test(waiting_lasts_as_long_as_they_say),
        cmocka_unit_test(their_words_cannot_write_our_log),
    };
    return cmocka_run_group_tests_name("slack_block", tests, set_up, tear_down);
}
