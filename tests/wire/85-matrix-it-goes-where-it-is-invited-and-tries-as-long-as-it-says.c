/* Adapters' cases 46 and 47: invitations from near and far, by policy; joins that fail at first, or for ever; rooms that move; rooms that
 * it cannot read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/homeserver.h"

#define NOT_FOUND "{\"errcode\":\"M_NOT_FOUND\",\"error\":\"No known servers\"}"
#define FORBIDDEN "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"You are not invited to this room.\"}"
#define ENCRYPTED                                                                                  \
    "{\"type\":\"m.room.encryption\",\"state_key\":\"\",\"content\":{\"algorithm\":\"m\"}}"

static struct hs_wire s;

static int set_up(void **state)
{
    s = hs_wire_start_on(fake_hs_start(),
                         "  allow_inviters: [\"@*:hs.test\", \"@dean:far.test:8448\"]\n", true);
    hs_wire_connected(&s);
    fake_hs_members(s.hs, 2);
    return 0;
}

static int tear_down(void **state)
{
    hs_wire_stop(&s);
    return 0;
}

static void push(const char *room, const char *sender, const char *rest)
{
    static unsigned n;
    char event[8192], id[32];
    snprintf(id, sizeof id, "$in%u", ++n);
    snprintf(event, sizeof event,
             "{\"event_id\":\"%s\",\"room_id\":\"%s\",\"sender\":\"%s\",\"origin_server_ts\":1,%s}",
             id, room, sender, rest);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, id, event), 200);
}

static void invite(const char *room, const char *sender, const char *state)
{
    char rest[1024];
    snprintf(rest, sizeof rest,
             "\"type\":\"m.room.member\",\"state_key\":\"" HS_USER "\",\"content\":{\"membership\":"
             "\"invite\"},\"unsigned\":{\"invite_room_state\":[%s]}",
             state);
    push(room, sender, rest);
}

struct wish {
    const char *part;
    size_t n;
};

static bool is_called(void *ctx)
{
    struct wish *w = ctx;
    return fake_hs_calls(s.hs, w->part) >= w->n;
}

static void wind_until(const char *part, size_t n)
{
    struct wish w = {part, n};
    wire_wind(s.w, 3000, is_called, &w);
    if (!is_called(&w)) {
        wire_dump_log(s.w);
        fail_msg("%s was called %zu times", part, fake_hs_calls(s.hs, part));
    }
}

static void a_join_that_fails_three_times_is_made_the_fourth(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    fake_hs_fail(s.hs, "/join/%21slow", 404, NOT_FOUND, false, 2);
    fake_hs_fail(s.hs, "/join/%21slow", 403, FORBIDDEN, false, 1);
    invite("!slow", "@dean:far.test:8448", "");
    wind_until("/join/%21slow", 4);
    assert_true(fake_hs_wait(s.hs, before + 1, 10000)); /* hello */
    assert_int_equal(fake_hs_calls(s.hs, "/join/%21slow?server_name=far.test%3A8448&via="), 4);
    for (size_t i = 1; i < 4; i++) {
        static const uint64_t least_ms[] = {0, 2000, 10000, 60000};
        assert_true(fake_hs_called_ms(s.hs, "/join/%21slow", i) -
                        fake_hs_called_ms(s.hs, "/join/%21slow", i - 1) >=
                    least_ms[i] - 50);
    }
}

static void a_join_that_never_works_is_given_up_and_the_invitation_declined(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    fake_hs_fail(s.hs, "/join/%21never", 404, NOT_FOUND, false, 1000);
    invite("!never", "@dean:far.test:8448", "");
    wind_until("/rooms/%21never/leave", 1);
    assert_int_equal(fake_hs_calls(s.hs, "/join/%21never"), 5);
    wire_wind(s.w, 900, NULL, NULL);
    assert_int_equal(fake_hs_calls(s.hs, "/join/%21never"), 5);
    assert_true(fake_hs_wait(s.hs, before, 0));
}

static void thrown_out_before_it_came_it_does_not_insist(void **state)
{
    fake_hs_fail(s.hs, "/join/%21gone", 403, FORBIDDEN, false, 1000);
    invite("!gone:hs.test", "@al:hs.test", "");
    wind_until("/rooms/%21gone%3Ahs.test/leave", 1);
    assert_int_equal(fake_hs_calls(s.hs, "/join/%21gone"), 1);
}

static void whom_the_settings_do_not_name_is_declined_near_and_far(void **state)
{
    size_t joins = fake_hs_calls(s.hs, "/join/");
    invite("!m1", "@mallory:far.test:8448", "");
    invite("!m2", "@dean:far.test", "");
    invite("!m3", "@dean:far.test:8448.evil.test", "");
    wind_until("/leave", 3 + fake_hs_calls(s.hs, "/leave") - fake_hs_calls(s.hs, "/rooms/%21m"));
    wind_until("/rooms/%21m", 3);
    assert_int_equal(fake_hs_calls(s.hs, "/join/"), joins);
}

static void a_decline_that_fails_is_made_again(void **state)
{
    fake_hs_fail(s.hs, "/rooms/%21w/leave", 502, "<html>", false, 1);
    fake_hs_fail(s.hs, "/rooms/%21w/leave", 404, NOT_FOUND, false, 1);
    invite("!w", "@mallory:far.test:8448", "");
    wind_until("/rooms/%21w/leave", 3);
    wire_wind(s.w, 900, NULL, NULL);
    assert_int_equal(fake_hs_calls(s.hs, "/rooms/%21w/leave"), 3);
}

static void a_room_of_hundreds_is_not_greeted(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    char *many = calloc(1, 8192);
    assert_non_null(many);
    size_t n = (size_t)snprintf(many, 8192, "{\"joined\":{\"x\":{}");
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(many + n, 8192 - n, ",\"@u%d:hs.test\":{}", i);
    snprintf(many + n, 8192 - n, "}}");
    fake_hs_fail(s.hs, "/joined_members", 200, many, false, 1);
    invite("!big:hs.test", "@al:hs.test", "");
    assert_true(fake_hs_wait_calls(s.hs, "/rooms/%21big%3Ahs.test/joined_members", 1, 10000));
    assert_true(fake_hs_wait(s.hs, before, 0));
    free(many);
}

static void a_room_that_moved_is_followed_by_the_way_of_who_moved_it(void **state)
{
    push("!old:hs.test", "@dean:far.test:8448",
         "\"type\":\"m.room.tombstone\",\"state_key\":\"\",\"content\":{\"replacement_room\":"
         "\"!new\"}");
    assert_true(fake_hs_wait_calls(s.hs, "/join/%21new?server_name=far.test%3A8448", 1, 10000));
}

static void an_encrypted_room_gets_one_notice_however_it_became_one(void **state)
{
    static const char secret[] =
        "\"type\":\"m.room.encrypted\",\"content\":{\"algorithm\":\"m\",\"ciphertext\":\"x\"}";
    size_t before = fake_hs_sent(s.hs);
    invite("!born:hs.test", "@al:hs.test", ENCRYPTED);
    assert_true(fake_hs_wait(s.hs, before + 1, 10000));
    push("!born:hs.test", "@al:hs.test", secret);
    push("!became:hs.test", "@al:hs.test",
         "\"type\":\"m.room.encryption\",\"state_key\":\"\",\"content\":{\"algorithm\":\"m\"}");
    assert_true(fake_hs_wait(s.hs, before + 2, 10000));
    push("!became:hs.test", "@al:hs.test", secret);
    push("!found:hs.test", "@al:hs.test", secret);
    assert_true(fake_hs_wait(s.hs, before + 3, 10000));
    wire_restart(s.w, 9); /* that it was said is not forgotten */
    hs_wire_connected(&s);
    push("!found:hs.test", "@al:hs.test", secret);
    push("!born:hs.test", "@al:hs.test", secret);
    assert_true(fake_hs_wait(s.hs, before + 3, 0));
    for (size_t i = before; i < before + 3; i++)
        assert_non_null(strstr(fake_hs_body(s.hs, i), "encrypted"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_join_that_fails_three_times_is_made_the_fourth),
        cmocka_unit_test(a_join_that_never_works_is_given_up_and_the_invitation_declined),
        cmocka_unit_test(thrown_out_before_it_came_it_does_not_insist),
        cmocka_unit_test(whom_the_settings_do_not_name_is_declined_near_and_far),
        cmocka_unit_test(a_decline_that_fails_is_made_again),
        cmocka_unit_test(a_room_of_hundreds_is_not_greeted),
        cmocka_unit_test(a_room_that_moved_is_followed_by_the_way_of_who_moved_it),
        cmocka_unit_test(an_encrypted_room_gets_one_notice_however_it_became_one),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
