/* Adapters' case 29: Socket Mode has the same gates and the same inbox; envelopes are acknowledged when they are on disk; the new
 * connection is open before the old one goes; crowding and silence cause no storm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fake/wire.h"

static struct slack_wire s;

static int set_up(void **state)
{
    s = slack_wire_start(NULL, true);
    if (!slack_wire_wait_said(&s, "Socket Mode is connected", 20000))
        return -1;
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

static void emit(const char *envelope, const char *type, bool accepts, char *payload)
{
    char *json;
    assert_true(
        asprintf(&json,
                 "{\"envelope_id\":\"%s\",\"type\":\"%s\",\"payload\":%s,"
                 "\"accepts_response_payload\":%s,\"retry_attempt\":0,\"retry_reason\":\"\"}",
                 envelope, type, payload, accepts ? "true" : "false") > 0);
    assert_true(fake_slack_emit(s.fake, json));
    free(json);
    free(payload);
}

static void ask(const char *envelope, const char *event, const char *ts)
{
    emit(envelope, "events_api", false,
         fake_slack_mention(event, "U1", ts, "<@UBOT> " WIRE_QUESTION, ""));
}

static void an_event_is_acknowledged_and_answered(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    ask("env1", "Ev1", "1.1");
    assert_true(fake_slack_wait_acks(s.fake, 1, 10000));
    assert_string_equal(fake_slack_ack(s.fake, "env1"), "{\"envelope_id\":\"env1\"}");
    slack_wire_expect(&s, n + 1);
    assert_non_null(strstr(fake_slack_post(s.fake, n).text, WIRE_ANSWER));
}

static void the_same_envelope_again_is_acknowledged_and_not_answered(void **state)
{
    size_t n = fake_slack_posts(s.fake), acks = fake_slack_acks(s.fake);
    for (int i = 0; i < 3; i++)
        ask("env1", "Ev1", "1.1");
    assert_true(fake_slack_wait_acks(s.fake, acks + 3, 10000));
    slack_wire_expect(&s, n);
}

static void a_command_is_answered_at_once_and_then(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    char *payload;
    assert_true(asprintf(&payload,
                         "{\"team_id\":\"T1\",\"channel_id\":\"C1\",\"user_id\":\"U1\",\"command\":"
                         "\"/ask\",\"text\":\"" WIRE_QUESTION "\",\"trigger_id\":\"7.7\","
                         "\"response_url\":\"http://127.0.0.1:%d/api/hook/socket\"}",
                         fake_slack_port(s.fake)) > 0);
    emit("env-command", "slash_commands", true, payload);
    slack_wire_expect(&s, n + 1);
    assert_non_null(strstr(fake_slack_ack(s.fake, "env-command"), "Looking that up"));
    assert_non_null(strstr(fake_slack_post(s.fake, n).text, WIRE_ANSWER));
}

static void a_warning_opens_the_next_before_the_old_one_goes(void **state)
{
    size_t n = fake_slack_posts(s.fake), ever = fake_slack_sockets_ever(s.fake);
    ask("env2", "Ev2", "2.1");
    assert_true(fake_slack_emit(s.fake, "{\"type\":\"disconnect\",\"reason\":\"warning\"}"));
    for (int i = 0; i < 1000 && fake_slack_sockets_ever(s.fake) == ever; i++) {
        assert_true(fake_slack_sockets(s.fake) >= 1); /* never none */
        usleep(5000);
    }
    assert_int_equal(fake_slack_sockets_ever(s.fake), ever + 1);
    slack_wire_expect(&s, n + 1);
    assert_non_null(fake_slack_ack(s.fake, "env2"));
    ask("env3", "Ev3", "3.1");
    slack_wire_expect(&s, n + 2);
    for (int i = 0; i < 2000 && fake_slack_sockets(s.fake) > 1; i++)
        usleep(5000);
    assert_int_equal(fake_slack_sockets(s.fake), 1);
}

static void a_connection_that_breaks_is_made_again(void **state)
{
    size_t n = fake_slack_posts(s.fake), ever = fake_slack_sockets_ever(s.fake);
    fake_slack_hang_up(s.fake);
    for (int i = 0; i < 4000 && fake_slack_sockets_ever(s.fake) == ever; i++)
        usleep(5000);
    assert_true(fake_slack_wait_sockets(s.fake, 1, 10000));
    ask("env4", "Ev4", "4.1");
    slack_wire_expect(&s, n + 1);
}

static bool is_another(void *ctx)
{
    return fake_slack_sockets_ever(((struct slack_wire *)ctx)->fake) > 1;
}

/* It still takes what is sent, and nothing comes back. */
static void a_line_that_says_nothing_is_made_again(void **state)
{
    struct slack_wire other = slack_wire_start_wound(NULL, true);
    uint64_t began = wire_now_ms(other.w);
    fake_slack_mute(other.fake, true);
    wire_wind(other.w, 300, is_another, &other);
    assert_true(fake_slack_sockets_ever(other.fake) > 1);
    assert_in_range(wire_now_ms(other.w) - began, 10000, 90000);
    fake_slack_mute(other.fake, false);
    fake_slack_hang_up(other.fake);
    size_t ever = fake_slack_sockets_ever(other.fake);
    for (int i = 0; i < 60 && fake_slack_sockets_ever(other.fake) == ever; i++)
        wire_wind(other.w, 2, NULL, NULL);
    assert_true(fake_slack_wait_sockets(other.fake, 1, 20000));
    assert_true(fake_slack_emit(other.fake, "{\"envelope_id\":\"q\",\"type\":\"events_api\","
                                            "\"accepts_response_payload\":false,\"payload\":{}}"));
    assert_true(fake_slack_wait_acks(other.fake, 1, 20000));
    slack_wire_stop(&other);
}

static void a_crowd_is_no_reason_to_stampede(void **state)
{
    size_t opens = fake_slack_calls(s.fake, "apps.connections.open");
    fake_slack_emit(s.fake, "{\"type\":\"disconnect\",\"reason\":\"too_many_websockets\"}");
    fake_slack_hang_up(s.fake);
    sleep(4);
    assert_int_equal(fake_slack_calls(s.fake, "apps.connections.open"), opens);
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
    size_t n = fake_slack_posts(s.fake), acks;
    slack_wire_restart(&s, SIGTERM);
    assert_true(fake_slack_wait_sockets(s.fake, 1, 20000));
    acks = fake_slack_acks(s.fake);
    ask("env5", "Ev5", "5.1");
    assert_true(fake_slack_wait_acks(s.fake, acks + 1, 10000));
    slack_wire_restart(&s, SIGKILL);
    assert_true(fake_slack_wait_sockets(s.fake, 1, 20000));
    slack_wire_expect(&s, n + 1);
}

static void what_is_no_envelope_is_passed_over(void **state)
{
    size_t n = fake_slack_posts(s.fake), acks = fake_slack_acks(s.fake);
    assert_true(fake_slack_emit(s.fake, "not json"));
    assert_true(fake_slack_emit(s.fake, "{}"));
    assert_true(fake_slack_emit(s.fake, "{\"envelope_id\":\"bad\",\"payload\":7}"));
    ask("env6", "Ev6", "6.1");
    slack_wire_expect(&s, n + 1);
    assert_int_equal(fake_slack_acks(s.fake), acks + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_acknowledged_and_answered),
        cmocka_unit_test(the_same_envelope_again_is_acknowledged_and_not_answered),
        cmocka_unit_test(a_command_is_answered_at_once_and_then),
        cmocka_unit_test(a_warning_opens_the_next_before_the_old_one_goes),
        cmocka_unit_test(a_connection_that_breaks_is_made_again),
        cmocka_unit_test(a_line_that_says_nothing_is_made_again),
        cmocka_unit_test(a_crowd_is_no_reason_to_stampede),
        cmocka_unit_test(what_was_acknowledged_survives_a_kill),
        cmocka_unit_test(what_is_no_envelope_is_passed_over),
    };
    return cmocka_run_group_tests_name("75-slack-socket", tests, set_up, tear_down);
}
