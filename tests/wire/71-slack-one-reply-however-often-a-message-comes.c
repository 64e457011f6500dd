/* F1, and adapters' cases 1 to 7 and 30: a message of Slack is delivered again and again, under one name or several, in any order,
 * while it is being answered and after a crash: one reply is visible. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/wire.h"

static struct slack_wire s;

static int set_up(void **state)
{
    s = slack_wire_start("channels: [C1=named]", false);
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

static char *mention(const char *event_id, const char *ts)
{
    return fake_slack_mention(event_id, "U1", ts, "<@UBOT> " WIRE_QUESTION, "");
}

static char *plain_copy(const char *event_id, const char *ts)
{
    char event[512];
    snprintf(
        event, sizeof event,
        "{\"type\":\"message\",\"channel\":\"C1\",\"channel_type\":\"channel\",\"user\":\"U1\","
        "\"ts\":\"%s\",\"text\":\"<@UBOT> " WIRE_QUESTION "\"}",
        ts);
    return fake_slack_envelope(event_id, event);
}

static void the_answer_stands_in_the_askers_thread(void **state)
{
    assert_int_equal(slack_wire_ask(&s, 1), 200);
    slack_wire_expect(&s, 1);
    struct fake_post p = fake_slack_post(s.fake, 0);
    assert_string_equal(p.method, "chat.postMessage");
    assert_string_equal(p.channel, "C1");
    assert_string_equal(p.thread, "1699000001.000100");
    assert_non_null(strstr(p.text, WIRE_ANSWER));
    assert_non_null(strstr(p.notice, WIRE_ANSWER));
    assert_non_null(strstr(p.text, "Source: <https://example.org/keeper"));
}

struct sender {
    char *body;
    const char *headers;
    int status;
};

static void *send_one(void *ctx)
{
    struct sender *x = ctx;
    x->status = fake_slack_send(s.w->port, "application/json", x->body, x->headers, NULL);
    return NULL;
}

static void four_deliveries_at_once_and_later_are_one(void **state)
{
    static const char *const headers[] = {
        NULL, "X-Slack-Retry-Num: 1\r\nX-Slack-Retry-Reason: http_timeout\r\n",
        "X-Slack-Retry-Num: 2\r\n", "X-Slack-Retry-Num: 3\r\n"};
    size_t before = fake_slack_posts(s.fake);
    pthread_t t[4];
    struct sender x[4];
    for (int i = 0; i < 4; i++) {
        x[i] =
            (struct sender){.body = mention("EvFour", "1699100000.000100"), .headers = headers[i]};
        assert_int_equal(pthread_create(&t[i], NULL, send_one, &x[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(x[i].status, 200);
        free(x[i].body);
    }
    slack_wire_expect(&s, before + 1);
    assert_int_equal(slack_wire_send(&s, mention("EvFour", "1699100000.000100")), 200);
    slack_wire_expect(&s, before + 1);
}

static void the_same_message_under_five_names_is_one(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    char id[16];
    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "EvName%d", i);
        assert_int_equal(slack_wire_send(&s, mention(id, "1699200000.000100")), 200);
        if (i == 2)
            slack_wire_expect(&s, before + 1);
    }
    slack_wire_expect(&s, before + 1);
}

static void a_retry_that_is_the_only_copy_is_answered(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    char *body = mention("EvRetry", "1699300000.000100");
    assert_int_equal(fake_slack_send(s.w->port, "application/json", body,
                                     "X-Slack-Retry-Num: 1\r\nX-Slack-Retry-Reason: "
                                     "connection_failed\r\n",
                                     NULL),
                     200);
    free(body);
    slack_wire_expect(&s, before + 1);
}

static void a_mention_and_its_plain_copy_are_one_in_either_order(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    assert_int_equal(slack_wire_send(&s, plain_copy("EvA1", "1699400000.000100")), 200);
    assert_int_equal(slack_wire_send(&s, mention("EvA2", "1699400000.000100")), 200);
    slack_wire_expect(&s, before + 1);
    assert_int_equal(slack_wire_send(&s, mention("EvB1", "1699400001.000100")), 200);
    assert_int_equal(slack_wire_send(&s, plain_copy("EvB2", "1699400001.000100")), 200);
    slack_wire_expect(&s, before + 2);
    pthread_t t[2];
    struct sender x[2] = {{.body = mention("EvC1", "1699400002.000100")},
                          {.body = plain_copy("EvC2", "1699400002.000100")}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&t[i], NULL, send_one, &x[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(t[i], NULL);
        free(x[i].body);
    }
    slack_wire_expect(&s, before + 3);
    assert_int_equal(slack_wire_send(&s, mention("EvD1", "1699400003.000100")), 200);
    slack_wire_expect(&s, before + 4);
}

static void a_copy_that_is_not_for_us_leaves_no_claim(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    assert_int_equal(
        slack_wire_send(&s, fake_slack_envelope("EvNo1", "{\"type\":\"message\",\"channel\":\"C1\","
                                                         "\"channel_type\":\"channel\",\"user\":"
                                                         "\"U1\",\"ts\":\"1699500000.000100\","
                                                         "\"text\":\"no name here\"}")),
        200);
    slack_wire_expect(&s, before);
    assert_int_equal(slack_wire_send(&s, mention("EvNo2", "1699500000.000100")), 200);
    slack_wire_expect(&s, before + 1);
}

static void it_stays_one_across_a_restart_and_a_kill(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    assert_int_equal(slack_wire_send(&s, mention("EvRe", "1699600000.000100")), 200);
    slack_wire_expect(&s, before + 1);
    slack_wire_restart(&s, SIGTERM);
    assert_int_equal(slack_wire_send(&s, mention("EvRe", "1699600000.000100")), 200);
    assert_int_equal(slack_wire_send(&s, mention("EvRe2", "1699600000.000100")), 200);
    slack_wire_expect(&s, before + 1);
    slack_wire_restart(&s, SIGKILL);
    assert_int_equal(slack_wire_send(&s, mention("EvRe", "1699600000.000100")), 200);
    assert_int_equal(slack_wire_send(&s, mention("EvRe3", "1699600000.000100")), 200);
    slack_wire_expect(&s, before + 1);
}

static void what_was_acknowledged_is_answered_after_a_kill(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    for (int i = 0; i < 5; i++) {
        char id[32], ts[48];
        snprintf(id, sizeof id, "EvKill%d", i);
        snprintf(ts, sizeof ts, "16997%05d.000100", i);
        assert_int_equal(slack_wire_send(&s, mention(id, ts)), 200);
        slack_wire_restart(&s, SIGKILL); /* between the acknowledgement and, mostly, the answer */
        slack_wire_expect(&s, before + 1 + (size_t)i);
    }
}

static void half_an_emoji_and_odd_bytes_cost_nobody_an_answer(void **state)
{
    static const char *const texts[] = {
        "<@UBOT> How much does a lighthouse keeper earn \\ud83d?",
        "<@UBOT> How much does a lighthouse keeper earn\\u0000?",
        "<@UBOT> How much does a lighthouse keeper earn? \xFF",
        ("<@UBOT> How much does a lighthouse keeper earn? :wave::skin-tone-3: "
         "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xA7"),
    };
    size_t before = fake_slack_posts(s.fake);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char event[512], id[32];
        snprintf(id, sizeof id, "EvOdd%zu", i);
        snprintf(event, sizeof event,
                 "{\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U1\",\"ts\":"
                 "\"169980000%zu.000100\",\"text\":\"%s\"}",
                 i, texts[i]);
        assert_int_equal(slack_wire_send(&s, fake_slack_envelope(id, event)), 200);
        slack_wire_expect(&s, before + 1 + i);
        assert_non_null(strstr(fake_slack_post(s.fake, before + i).text, WIRE_ANSWER));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_stands_in_the_askers_thread),
        cmocka_unit_test(four_deliveries_at_once_and_later_are_one),
        cmocka_unit_test(the_same_message_under_five_names_is_one),
        cmocka_unit_test(a_retry_that_is_the_only_copy_is_answered),
        cmocka_unit_test(a_mention_and_its_plain_copy_are_one_in_either_order),
        cmocka_unit_test(a_copy_that_is_not_for_us_leaves_no_claim),
        cmocka_unit_test(it_stays_one_across_a_restart_and_a_kill),
        cmocka_unit_test(what_was_acknowledged_is_answered_after_a_kill),
        cmocka_unit_test(half_an_emoji_and_odd_bytes_cost_nobody_an_answer),
    };
    return cmocka_run_group_tests_name("71-slack-one-reply", tests, set_up, tear_down);
}
