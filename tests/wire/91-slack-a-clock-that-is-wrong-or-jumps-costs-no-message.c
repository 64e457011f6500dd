/* F8 and adapters' cases 4 and 15: the wall's clock is ten minutes or an hour off, jumps to and fro, and is put right. What Slack
 * delivers meanwhile is refused, said, and answered when it comes again; what was taken is answered once; chats go on. A
 * retry that comes minutes later is still a retry. */
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

#define POST "chat.postMessage"

static struct slack_wire s;
static int number;

static int set_up(void **state)
{
    s = slack_wire_start_wound(NULL, false);
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

static char *question(const char *id, int n)
{
    char ts[32];
    snprintf(ts, sizeof ts, "1699%06d.000100", n);
    return fake_slack_mention(id, "U1", ts, "<@UBOT> " WIRE_QUESTION, "");
}

static int deliver(const char *id, int n, const char *headers)
{
    char *body = question(id, n);
    int status = fake_slack_send(s.w->port, "application/json", body, headers, NULL);
    free(body);
    return status;
}

static void a_wrong_clock_is_said_and_what_was_refused_is_answered_when_it_comes_again(void **state)
{
    static const int off[] = {600, -600, 3600, -3600};
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        char id[16], said[64];
        size_t before = fake_slack_posts(s.fake);
        snprintf(id, sizeof id, "EvWrong%zu", i);
        number++;
        wire_set_wrong(s.w, off[i]);
        assert_int_equal(deliver(id, number, NULL), 401);
        assert_int_equal(deliver(id, number, "X-Slack-Retry-Num: 1\r\n"), 401);
        snprintf(said, sizeof said, "refused: clock skew");
        assert_true(slack_wire_wait_said(&s, said, 5000));
        slack_wire_expect(&s, before);
        wire_set_wrong(s.w, 0);
        assert_int_equal(deliver(id, number, "X-Slack-Retry-Num: 2\r\n"), 200);
        slack_wire_expect(&s, before + 1);
        assert_int_equal(deliver(id, number, "X-Slack-Retry-Num: 3\r\n"), 200);
        slack_wire_expect(&s, before + 1);
    }
}

static void a_minute_less_than_five_is_no_reason_to_refuse(void **state)
{
    static const int off[] = {290, -290};
    for (size_t i = 0; i < 2; i++) {
        size_t before = fake_slack_posts(s.fake);
        wire_set_wrong(s.w, off[i]);
        assert_int_equal(slack_wire_ask(&s, ++number), 200);
        slack_wire_expect(&s, before + 1);
    }
    wire_set_wrong(s.w, 0);
}

static bool are_visible(void *ctx)
{
    return fake_slack_posts(s.fake) >= *(size_t *)ctx;
}

/* Waiting is by the clock that runs on: a jump neither shortens it nor makes it endless. */
static void a_jump_while_an_answer_waits_changes_nothing(void **state)
{
    static const int off[] = {3600, -3600, 600, -600};
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        size_t wanted = fake_slack_posts(s.fake) + 1, calls = fake_slack_calls(s.fake, POST);
        fake_slack_fail(s.fake, POST, "429=20", 1);
        assert_int_equal(slack_wire_ask(&s, ++number), 200);
        assert_true(fake_slack_wait_calls(s.fake, POST, calls + 1, 10000));
        wire_set_wrong(s.w, off[i]);
        wire_wind(s.w, 60, are_visible, &wanted);
        slack_wire_expect(&s, wanted);
        uint64_t waited = fake_slack_called_ms(s.fake, POST, calls + 1) -
                          fake_slack_called_ms(s.fake, POST, calls);
        assert_in_range(waited, 19900, 40000);
        wire_set_wrong(s.w, 0);
    }
}

static void what_was_taken_before_a_jump_is_answered_after_a_kill(void **state)
{
    static const int off[] = {3600, -3600};
    for (size_t i = 0; i < 2; i++) {
        size_t before = fake_slack_posts(s.fake);
        assert_int_equal(slack_wire_ask(&s, ++number), 200);
        wire_set_wrong(s.w, off[i]);
        slack_wire_restart(&s, SIGKILL);
        slack_wire_expect(&s, before + 1);
        wire_set_wrong(s.w, 0);
        assert_int_equal(slack_wire_ask(&s, number), 200); /* once more, as far as Slack knows */
        slack_wire_expect(&s, before + 1);
    }
}

static void chats_do_not_notice(void **state)
{
    static const int off[] = {3600, -3600, 600, -600, 0};
    struct client *c = wire_chat(s.w);
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        char cid[16];
        snprintf(cid, sizeof cid, "jump%zu", i);
        wire_set_wrong(s.w, off[i]);
        wire_wind(s.w, 5, NULL, NULL);
        assert_true(wire_chat_ask(c, cid));
        assert_true(wire_chat_answer(c, cid, 20000) >= 0);
    }
    client_close(c);
}

static void a_retry_is_known_again_after_minutes_and_hours(void **state)
{
    static const int later_s[] = {301, 3600, 23 * 3600};
    size_t before = fake_slack_posts(s.fake);
    number++;
    assert_int_equal(deliver("EvLate", number, NULL), 200);
    slack_wire_expect(&s, before + 1);
    for (size_t i = 0; i < sizeof later_s / sizeof *later_s; i++) {
        *s.w->clock += later_s[i] * 1000000000LL;
        usleep(300000); /* whatever is due by that clock is done */
        assert_int_equal(deliver("EvLate", number, "X-Slack-Retry-Num: 3\r\n"), 200);
        assert_int_equal(deliver(i ? "EvLate3" : "EvLate2", number, NULL), 200);
        slack_wire_expect(&s, before + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_wrong_clock_is_said_and_what_was_refused_is_answered_when_it_comes_again),
        cmocka_unit_test(a_minute_less_than_five_is_no_reason_to_refuse),
        cmocka_unit_test(a_jump_while_an_answer_waits_changes_nothing),
        cmocka_unit_test(what_was_taken_before_a_jump_is_answered_after_a_kill),
        cmocka_unit_test(chats_do_not_notice),
        cmocka_unit_test(a_retry_is_known_again_after_minutes_and_hours),
    };
    return cmocka_run_group_tests_name("91-slack-clock", tests, set_up, tear_down);
}
