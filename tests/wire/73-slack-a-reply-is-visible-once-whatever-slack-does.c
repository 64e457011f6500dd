/* F6, F7 and adapters' cases 19 to 23, 27 and 28: Slack answers 429, 500, HTML, half, late, with errors or not at all; the
 * token is revoked. One reply is visible, in order, not before its time, or the log says what was given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/wire.h"

#define POST "chat.postMessage"

static struct slack_wire s;
static int number;

static int set_up(void **state)
{
    s = slack_wire_start(NULL, false);
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

/* Ask while a method fails so; one reply is visible in the end. */
static struct fake_post ask_with(const char *method, const char *how, int times)
{
    size_t before = fake_slack_posts(s.fake);
    fake_slack_fail(s.fake, method, how, times);
    assert_int_equal(slack_wire_ask(&s, ++number), 200);
    slack_wire_expect(&s, before + 1);
    struct fake_post p = fake_slack_post(s.fake, before);
    assert_non_null(strstr(p.text, WIRE_ANSWER));
    return p;
}

static void what_may_have_arrived_is_looked_for_before_it_is_sent_again(void **state)
{
    static const char *const done[] = {"swallow", "half"};
    static const char *const not_done[] = {"drop", "status=500",        "status=502",
                                           "html", "error=fatal_error", "error=internal_error"};
    for (size_t i = 0; i < sizeof done / sizeof *done; i++) {
        size_t looked = fake_slack_calls(s.fake, "conversations.replies");
        size_t posted = fake_slack_calls(s.fake, POST);
        ask_with(POST, done[i], 1);
        assert_true(fake_slack_wait_calls(s.fake, "conversations.replies", looked + 1, 20000));
        assert_int_equal(fake_slack_calls(s.fake, POST), posted + 1);
    }
    for (size_t i = 0; i < sizeof not_done / sizeof *not_done; i++) {
        size_t looked = fake_slack_calls(s.fake, "conversations.replies");
        ask_with(POST, not_done[i], 1);
        assert_int_equal(fake_slack_calls(s.fake, "conversations.replies"), looked + 1);
    }
}

static void looking_may_fail_too(void **state)
{
    size_t posted = fake_slack_calls(s.fake, POST);
    fake_slack_fail(s.fake, "conversations.replies", "status=500", 1);
    ask_with(POST, "swallow", 1);
    assert_true(fake_slack_wait_calls(s.fake, "conversations.replies", 2, 20000));
    slack_wire_expect(&s, fake_slack_posts(s.fake));
    assert_int_equal(fake_slack_calls(s.fake, POST), posted + 1);
}

static void without_the_right_to_look_it_is_given_up_and_said(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    fake_slack_fail(s.fake, POST, "swallow", 1);
    fake_slack_fail(s.fake, "conversations.replies", "error=missing_scope", 1);
    assert_int_equal(slack_wire_ask(&s, ++number), 200);
    assert_true(slack_wire_wait_said(&s, "add the history scopes", 20000));
    slack_wire_expect(&s, before + 1);
}

static void nothing_is_called_before_the_time_slack_names(void **state)
{
    static const char *const how[] = {"429=2", "429body=2"};
    for (size_t i = 0; i < 2; i++) {
        size_t calls = fake_slack_calls(s.fake, POST);
        ask_with(POST, how[i], 1);
        uint64_t first = fake_slack_called_ms(s.fake, POST, calls);
        uint64_t second = fake_slack_called_ms(s.fake, POST, calls + 1);
        assert_true(second >= first + 2000);
        assert_true(second <= first + 6000);
    }
}

static void the_order_of_a_conversation_is_kept_while_it_waits(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    char *first = fake_slack_direct("EvO1", "U1", "1699900001.000100", "<@UBOT>");
    char *second = fake_slack_direct("EvO2", "U1", "1699900002.000100", WIRE_QUESTION);
    fake_slack_fail(s.fake, POST, "429=2", 1);
    assert_int_equal(slack_wire_send(&s, first), 200);
    assert_int_equal(slack_wire_send(&s, second), 200);
    slack_wire_expect(&s, before + 2);
    assert_non_null(strstr(fake_slack_post(s.fake, before).text, "Ask me a question"));
    assert_non_null(strstr(fake_slack_post(s.fake, before + 1).text, WIRE_ANSWER));
}

static void blocks_that_are_refused_become_plain_text(void **state)
{
    static const char *const how[] = {"error=invalid_blocks", "error=msg_blocks_too_long",
                                      "error=msg_too_long", "error=invalid_metadata_format"};
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        struct fake_post p = ask_with(POST, how[i], 1);
        assert_null(strstr(p.body, "\"blocks\""));
        assert_null(strstr(p.body, "\"metadata\""));
    }
}

static void a_thread_that_cannot_be_replied_to_is_answered_beside_it(void **state)
{
    struct fake_post p = ask_with(POST, "error=cannot_reply_to_message", 1);
    assert_string_equal(p.thread, "");
}

static void what_is_refused_for_good_is_said_and_does_not_hold_up_others(void **state)
{
    size_t before = fake_slack_posts(s.fake), calls = fake_slack_calls(s.fake, POST);
    fake_slack_fail(s.fake, POST, "error=not_in_channel", 1);
    assert_int_equal(slack_wire_ask(&s, ++number), 200);
    assert_true(slack_wire_wait_said(&s, "invite the bot", 10000));
    assert_true(slack_wire_wait_said(&s, "gave up delivering", 10000));
    slack_wire_expect(&s, before);
    assert_int_equal(fake_slack_calls(s.fake, POST), calls + 1);
    ask_with(POST, "error=is_archived", 0);
}

static void a_slow_slack_costs_no_second_reply(void **state)
{
    ask_with(POST, "slow=3000", 1);
}

static void a_revoked_token_stops_everything_and_a_new_one_starts_it_again(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    fake_slack_set_token(s.fake, "xoxb-2-test");
    for (int i = 0; i < 3; i++)
        assert_int_equal(slack_wire_ask(&s, ++number), 200);
    assert_true(slack_wire_wait_said(&s, "Slack does not let us in", 10000));
    assert_true(slack_wire_wait_said(&s, "reason=invalid_auth", 5000));
    slack_wire_expect(&s, before);
    slack_wire_secret(&s, "bot", "xoxb-2-test\n");
    slack_wire_expect(&s, before + 3);
    assert_true(slack_wire_wait_said(&s, "connected again", 5000));
}

static void command(const char *trigger, const char *hook)
{
    char body[512], *said;
    snprintf(body, sizeof body,
             "team_id=T1&channel_id=C1&user_id=U1&command=%%2Fask&text=How+much+does+a+lighthouse+"
             "keeper+earn&trigger_id=%s&response_url=%s",
             trigger, hook);
    assert_int_equal(
        fake_slack_send(s.w->port, "application/x-www-form-urlencoded", body, NULL, &said), 200);
    assert_non_null(strstr(said, "Looking that up"));
    free(said);
}

static void an_address_to_respond_to_that_is_used_up_becomes_a_whisper(void **state)
{
    char hook[128];
    size_t before = fake_slack_posts(s.fake);
    snprintf(hook, sizeof hook, "http://127.0.0.1:%d/api/hook/expired", fake_slack_port(s.fake));
    command("t1", hook);
    slack_wire_expect(&s, before + 1);
    assert_string_equal(fake_slack_post(s.fake, before).method, "chat.postEphemeral");
    assert_non_null(strstr(fake_slack_post(s.fake, before).text, WIRE_ANSWER));
}

static void an_address_to_respond_to_is_used_five_times_and_no_more(void **state)
{
    char hook[128], trigger[16];
    size_t before = fake_slack_posts(s.fake);
    snprintf(hook, sizeof hook, "http://127.0.0.1:%d/api/hook/often", fake_slack_port(s.fake));
    for (size_t i = 0; i < 7; i++) {
        snprintf(trigger, sizeof trigger, "five.%zu", i);
        command(trigger, hook);
        slack_wire_expect(&s, before + 1 + i);
        assert_string_equal(fake_slack_post(s.fake, before + i).method,
                            i < 5 ? "respond" : "chat.postEphemeral");
    }
}

static void an_address_that_is_not_slacks_is_never_called(void **state)
{
    static const char *const hooks[] = {
        "http%3A%2F%2F127.0.0.1%3A9%2Fhook", "https%3A%2F%2Fhooks.slack.com.evil.example%2Fx",
        "https%3A%2F%2Fhooks.slack.com%40evil.example%2Fx", "file%3A%2F%2F%2Fetc%2Fpasswd"};
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
        char trigger[16];
        size_t before = fake_slack_posts(s.fake);
        snprintf(trigger, sizeof trigger, "t2.%zu", i);
        command(trigger, hooks[i]);
        slack_wire_expect(&s, before + 1);
        assert_string_equal(fake_slack_post(s.fake, before).method, "chat.postEphemeral");
    }
    assert_true(slack_wire_wait_said(&s, "is not Slack's", 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_have_arrived_is_looked_for_before_it_is_sent_again),
        cmocka_unit_test(looking_may_fail_too),
        cmocka_unit_test(without_the_right_to_look_it_is_given_up_and_said),
        cmocka_unit_test(nothing_is_called_before_the_time_slack_names),
        cmocka_unit_test(the_order_of_a_conversation_is_kept_while_it_waits),
        cmocka_unit_test(blocks_that_are_refused_become_plain_text),
        cmocka_unit_test(a_thread_that_cannot_be_replied_to_is_answered_beside_it),
        cmocka_unit_test(what_is_refused_for_good_is_said_and_does_not_hold_up_others),
        cmocka_unit_test(a_slow_slack_costs_no_second_reply),
        cmocka_unit_test(a_revoked_token_stops_everything_and_a_new_one_starts_it_again),
        cmocka_unit_test(an_address_to_respond_to_that_is_used_up_becomes_a_whisper),
        cmocka_unit_test(an_address_to_respond_to_is_used_five_times_and_no_more),
        cmocka_unit_test(an_address_that_is_not_slacks_is_never_called),
    };
    return cmocka_run_group_tests_name("73-slack-once", tests, set_up, tear_down);
}
