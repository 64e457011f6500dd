/* F7, and adapters' cases 36, 37, 40 and 46: 429, errors, silence and lost answers; two machines in conversation; invitations whose
 * joins fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/fake/homeserver.h"

static struct hs_wire s;

static int set_up(void **state)
{
    s = hs_wire_start(NULL);
    fake_hs_members(s.hs, 2);
    return 0;
}

static int tear_down(void **state)
{
    hs_wire_stop(&s);
    return 0;
}

static void push(const char *id, const char *room, const char *more)
{
    char event[4096];
    snprintf(event, sizeof event,
             "{\"type\":\"m.room.message\",\"event_id\":\"%s\",\"room_id\":\"%s\",\"sender\":\"@al:"
             "hs.test\","
             "\"content\":{\"msgtype\":\"m.text\",\"body\":\"" WIRE_QUESTION "\"%s}}",
             id, room, more);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, id, event), 200);
}

static void expect_one(size_t before)
{
    if (!fake_hs_wait(s.hs, before + 1, 20000)) {
        wire_dump_log(s.w);
        fail_msg("%zu messages, not %zu", fake_hs_sent(s.hs), before + 1);
    }
}

static void a_429_is_waited_for_and_keeps_its_transaction_id(void **state)
{
    size_t before = fake_hs_sent(s.hs), calls = fake_hs_calls(s.hs, "/send/");
    fake_hs_fail(s.hs, "/send/", 429, "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":1200}",
                 false, 1);
    push("$429", "!429", "");
    expect_one(before);
    assert_int_equal(fake_hs_calls(s.hs, "/send/"), calls + 2);
    assert_true(fake_hs_called_ms(s.hs, "/send/", calls + 1) -
                    fake_hs_called_ms(s.hs, "/send/", calls) >=
                1950);
}

static void an_answer_that_was_taken_and_not_confirmed_is_one(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    fake_hs_fail(s.hs, "/send/", 0, "", true, 2);
    push("$lost", "!lost", "");
    expect_one(before);
    fake_hs_fail(s.hs, "/send/", 200, "<html>", true, 1);
    push("$html", "!lost", "");
    expect_one(before + 1);
    fake_hs_fail(s.hs, "/send/", 502, "<html>", false, 1);
    push("$502", "!lost", "");
    expect_one(before + 2);
}

static void a_relation_that_is_not_there_is_left_out(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    fake_hs_fail(s.hs, "/send/", 400,
                 "{\"errcode\":\"M_UNKNOWN\",\"error\":\"Can't send relation to unknown event\"}",
                 false, 1);
    push("$rel", "!rel", "");
    expect_one(before);
    assert_null(strstr(fake_hs_body(s.hs, before), "m.relates_to"));
}

static void a_forgotten_device_is_made_again(void **state)
{
    size_t before = fake_hs_sent(s.hs), devices = fake_hs_calls(s.hs, "/devices/");
    fake_hs_fail(s.hs, "/send/", 400,
                 "{\"errcode\":\"ORG.MATRIX.MSC3202.M_UNKNOWN_DEVICE\",\"error\":\"x\"}", false, 1);
    push("$dev", "!dev", "");
    expect_one(before);
    assert_int_equal(fake_hs_calls(s.hs, "/devices/"), devices + 1);
    assert_true(fake_hs_calls(s.hs, "device_id=GUIDEPOST") > 0);
}

static void a_refused_answer_is_given_up_and_the_next_one_goes(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    fake_hs_fail(s.hs, "/send/", 403, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"not in room\"}",
                 false, 1);
    push("$gone1", "!gone", "");
    push("$gone2", "!gone", "");
    expect_one(before);
    assert_true(wire_says(s.w, "gave up delivering"));
}

static void two_machines_in_conversation_are_stopped(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    char id[32];
    for (int i = 0; i < 12; i++) {
        snprintf(id, sizeof id, "$loop%d", i);
        push(id, "!loop", "");
    }
    assert_true(fake_hs_wait(s.hs, before + 6, 20000)); /* five, and a word about it */
}

static void an_invitation_that_fails_is_tried_again(void **state)
{
    size_t before = fake_hs_sent(s.hs), joins = fake_hs_calls(s.hs, "/join/");
    fake_hs_fail(s.hs, "/join/", 404, "{\"errcode\":\"M_UNKNOWN\",\"error\":\"No known servers\"}",
                 false, 1);
    assert_int_equal(
        hs_wire_push(&s, HS_HS_TOKEN, "inv",
                     "{\"type\":\"m.room.member\",\"state_key\":\"" HS_USER
                     "\",\"event_id\":\"$inv\","
                     "\"room_id\":\"!inv\",\"sender\":\"@x:hs.test\",\"content\":{\"membership\":"
                     "\"invite\"}}"),
        200);
    assert_true(fake_hs_wait_calls(s.hs, "/join/", joins + 2, 10000));
    expect_one(before); /* hello */
}

static void who_may_not_invite_is_left_alone(void **state)
{
    size_t leaves = fake_hs_calls(s.hs, "/leave"), joins = fake_hs_calls(s.hs, "/join/");
    assert_int_equal(
        hs_wire_push(&s, HS_HS_TOKEN, "inv2",
                     "{\"type\":\"m.room.member\",\"state_key\":\"" HS_USER
                     "\",\"event_id\":\"$inv2\","
                     "\"room_id\":\"!inv2\",\"sender\":\"@x:far.test\",\"content\":{\"membership\":"
                     "\"invite\"}}"),
        200);
    assert_true(fake_hs_wait_calls(s.hs, "/leave", leaves + 1, 10000));
    assert_int_equal(fake_hs_calls(s.hs, "/join/"), joins);
}

static void a_kill_between_taken_and_sent_costs_nothing(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    for (int i = 0; i < 3; i++) {
        char id[32];
        snprintf(id, sizeof id, "$kill%d", i);
        fake_hs_fail(s.hs, "/send/", 0, "", i % 2, 1);
        push(id, "!kill", "");
        wire_restart(s.w, 9);
        expect_one(before + (size_t)i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_429_is_waited_for_and_keeps_its_transaction_id),
        cmocka_unit_test(an_answer_that_was_taken_and_not_confirmed_is_one),
        cmocka_unit_test(a_relation_that_is_not_there_is_left_out),
        cmocka_unit_test(a_forgotten_device_is_made_again),
        cmocka_unit_test(a_refused_answer_is_given_up_and_the_next_one_goes),
        cmocka_unit_test(two_machines_in_conversation_are_stopped),
        cmocka_unit_test(an_invitation_that_fails_is_tried_again),
        cmocka_unit_test(who_may_not_invite_is_left_alone),
        cmocka_unit_test(a_kill_between_taken_and_sent_costs_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
