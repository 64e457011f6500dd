/* Adapters' cases 40, 42, 43, 45 and 50: a message in a room of many is for us when it says so, and for nobody else's convenience. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/homeserver.h"

#define MENTIONS_US     ",\"m.mentions\":{\"user_ids\":[\"" HS_USER "\"]}"
#define MENTIONS_NOBODY ",\"m.mentions\":{}"

static struct hs_wire s;
static unsigned n;

static int set_up(void **state)
{
    s = hs_wire_start("  display_name: Q&A Bot\n  ignore_users: [\"@_slack_*\"]\n");
    fake_hs_members(s.hs, 7);
    return 0;
}

static int tear_down(void **state)
{
    hs_wire_stop(&s);
    return 0;
}

/* Everybody has a room of their own, and so no breaker. */
static void push(const char *type, const char *sender, const char *body, const char *more)
{
    char event[4096], id[32];
    snprintf(id, sizeof id, "$e%u", ++n);
    snprintf(event, sizeof event,
             "{\"type\":\"m.room.message\",\"event_id\":\"%s\",\"room_id\":\"!r%u:hs.test\","
             "\"sender\":\"%s\",\"content\":{\"msgtype\":\"%s\",\"body\":\"%s\"%s}}",
             id, n, sender, type, body, more);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, id, event), 200);
}

static void expect_silence(const char *body, const char *more)
{
    size_t before = fake_hs_sent(s.hs);
    push("m.text", "@al:hs.test", body, more);
    if (!fake_hs_wait(s.hs, before, 0))
        fail_msg("it answered: %s", body);
}

static void expect_answer(const char *body, const char *more)
{
    size_t before = fake_hs_sent(s.hs);
    push("m.text", "@al:hs.test", body, more);
    if (!fake_hs_wait(s.hs, before + 1, 20000))
        fail_msg("it did not answer once: %s", body);
    if (!strstr(fake_hs_body(s.hs, before), WIRE_ANSWER))
        fail_msg("to %s it answered: %s", body, fake_hs_body(s.hs, before));
}

static void a_mention_is_a_mention_however_a_client_writes_it(void **state)
{
    expect_answer(WIRE_QUESTION, MENTIONS_US);
    expect_answer("Q&A Bot: " WIRE_QUESTION, MENTIONS_US);
    expect_answer("qabot: " WIRE_QUESTION, "");
    expect_answer("@qabot:hs.test " WIRE_QUESTION, "");
    expect_answer("!ask " WIRE_QUESTION, MENTIONS_NOBODY);
    expect_answer("Q&A Bot " WIRE_QUESTION,
                  ",\"format\":\"org.matrix.custom.html\",\"formatted_body\":\"<a "
                  "href=\\\"https://matrix.to/#/%40qabot%3Ahs.test\\\">Q&amp;A Bot</a> x\"");
}

static void what_only_looks_like_one_is_none(void **state)
{
    expect_silence(WIRE_QUESTION, "");
    expect_silence("qabot: " WIRE_QUESTION, MENTIONS_NOBODY);
    expect_silence("qabotic " WIRE_QUESTION, "");
    expect_silence("see https://qabot.example/x " WIRE_QUESTION, "");
    expect_silence(WIRE_QUESTION, ",\"m.mentions\":{\"room\":true}");
    expect_silence("> <@qabot:hs.test> qabot: x\\n\\n" WIRE_QUESTION,
                   ",\"format\":\"org.matrix.custom.html\",\"formatted_body\":\"<mx-reply><a "
                   "href=\\\"https://matrix.to/#/@qabot:hs.test\\\">x</a></mx-reply>y\","
                   "\"m.relates_to\":{\"m.in_reply_to\":{\"event_id\":\"$theirs\"}}");
}

static void of_a_reply_only_the_new_words_count(void **state)
{
    expect_answer("> <@bob:hs.test> !ask what is a welder?\\n\\nqabot: " WIRE_QUESTION,
                  ",\"m.relates_to\":{\"m.in_reply_to\":{\"event_id\":\"$theirs\"}}");
    expect_silence("> !ask " WIRE_QUESTION "\\n\\nno idea",
                   ",\"m.relates_to\":{\"m.in_reply_to\":{\"event_id\":\"$theirs\"}}");
    /* What merely begins like a quote keeps its words: it is no reply. */
    size_t before = fake_hs_sent(s.hs);
    push("m.text", "@al:hs.test", "> " WIRE_QUESTION, MENTIONS_US);
    assert_true(fake_hs_wait(s.hs, before + 1, 20000));
    assert_non_null(strstr(fake_hs_body(s.hs, before), WIRE_ANSWER));
}

static void a_thread_that_it_answered_in_goes_on_without_a_mention(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    char thread[128], event[2048];
    expect_answer(WIRE_QUESTION, MENTIONS_US);
    snprintf(thread, sizeof thread,
             "\"rel_type\":\"m.thread\",\"is_falling_back\":true,"
             "\"event_id\":\"$e%u\"",
             n);
    assert_non_null(strstr(fake_hs_body(s.hs, before), thread));
    snprintf(event, sizeof event,
             "{\"type\":\"m.room.message\",\"event_id\":\"$on\",\"room_id\":\"!r%u:hs.test\","
             "\"sender\":\"@al:hs.test\",\"content\":{\"msgtype\":\"m.text\",\"body\":\"%s\","
             "\"m.relates_to\":{\"rel_type\":\"m.thread\",\"event_id\":\"$e%u\"}}}",
             n, WIRE_QUESTION, n);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "on", event), 200);
    assert_true(fake_hs_wait(s.hs, before + 2, 20000));
    assert_non_null(strstr(fake_hs_body(s.hs, before + 1), thread));
    expect_silence(WIRE_QUESTION, ",\"m.relates_to\":{\"rel_type\":\"m.thread\",\"is_falling_"
                                  "back\":true,\"event_id\":\"$another\"}");
}

static void notices_and_ignored_users_are_never_answered(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    push("m.notice", "@bot:hs.test", "qabot: " WIRE_QUESTION, MENTIONS_US);
    push("m.text", "@_slack_U1:hs.test", "qabot: " WIRE_QUESTION, MENTIONS_US);
    push("m.text", HS_USER, "qabot: " WIRE_QUESTION, MENTIONS_US);
    push("m.image", "@al:hs.test", "qabot: " WIRE_QUESTION, MENTIONS_US);
    assert_true(fake_hs_wait(s.hs, before, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mention_is_a_mention_however_a_client_writes_it),
        cmocka_unit_test(what_only_looks_like_one_is_none),
        cmocka_unit_test(of_a_reply_only_the_new_words_count),
        cmocka_unit_test(a_thread_that_it_answered_in_goes_on_without_a_mention),
        cmocka_unit_test(notices_and_ignored_users_are_never_answered),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
