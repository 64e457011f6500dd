/* A homeserver that falls while it hands something over may never do it again. After a start, and after a gap in the numbers of its
 * transactions, rooms are read back: what is not known is answered, once, before what came after it; what is known, ours, or of a
 * time before us is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/fake/homeserver.h"

static struct hs_wire s;

/* A message in !r:hs.test, `age_s` old. */
static const char *message(const char *id, const char *sender, int age_s)
{
    static char ring[8][1024];
    static unsigned n;
    char *to = ring[n++ % 8];
    snprintf(
        to, sizeof ring[0],
        "{\"type\":\"m.room.message\",\"event_id\":\"%s\",\"room_id\":\"!r:hs.test\",\"sender\":"
        "\"%s\",\"origin_server_ts\":%lld,\"unsigned\":{\"age\":%d},\"content\":{\"msgtype\":"
        "\"m.text\",\"body\":\"" WIRE_QUESTION "\"}}",
        id, sender, ((long long)time(NULL) - age_s) * 1000, age_s * 1000);
    return to;
}

/* What the room says when it is read, newest first. */
static void room_has(const char *a, const char *b, const char *c)
{
    char body[8192];
    fake_hs_heal(s.hs);
    fake_hs_fail(s.hs, "/joined_rooms", 200, "{\"joined_rooms\":[\"!r:hs.test\"]}", false, 1 << 30);
    snprintf(body, sizeof body, "{\"chunk\":[%s%s%s%s%s],\"end\":\"t1\"}", a, b ? "," : "",
             b ? b : "", c ? "," : "", c ? c : "");
    fake_hs_fail(s.hs, "/messages?dir=b&limit=50&filter=", 200, body, false, 1);
    fake_hs_fail(s.hs, "/messages?", 200, "{\"chunk\":[]}", false, 1 << 30);
}

static void expect(size_t wanted)
{
    if (!fake_hs_wait(s.hs, wanted, 20000)) {
        wire_dump_log(s.w);
        fail_msg("%zu messages, not %zu", fake_hs_sent(s.hs), wanted);
    }
}

static bool is_to(size_t i, const char *id)
{
    char reply[64];
    snprintf(reply, sizeof reply, "\"m.in_reply_to\":{\"event_id\":\"%s\"}", id);
    return strstr(fake_hs_body(s.hs, i), reply) != NULL;
}

static int set_up(void **state)
{
    s.hs = fake_hs_start();
    fake_hs_members(s.hs, 2);
    room_has(message("$before", "@al:hs.test", 5), NULL, NULL);
    s = hs_wire_start_on(s.hs, NULL, false);
    hs_wire_connected(&s);
    return 0;
}

static int tear_down(void **state)
{
    hs_wire_stop(&s);
    return 0;
}

static void restart_with(const char *a, const char *b, const char *c)
{
    size_t calls = fake_hs_calls(s.hs, "/messages?");
    room_has(a, b, c);
    wire_restart(s.w, 9);
    hs_wire_connected(&s);
    assert_true(fake_hs_wait_calls(s.hs, "/messages?", calls + 1, 20000));
}

static void the_first_time_nothing_is_older_than_we_are(void **state)
{
    assert_true(fake_hs_wait_calls(s.hs, "/messages?", 1, 20000));
    expect(0);
}

static void after_a_start_what_was_lost_is_answered_once(void **state)
{
    sleep(2); /* the next ones are clearly after our beginning */
    restart_with(message("$own", HS_USER, 0), message("$lost", "@al:hs.test", 0),
                 message("$before", "@al:hs.test", 9));
    expect(1);
    assert_true(is_to(0, "$lost"));
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "1", message("$lost", "@al:hs.test", 0)), 200);
    expect(1);
    restart_with(message("$lost", "@al:hs.test", 0), message("$old", "@al:hs.test", 7200), NULL);
    expect(1);
}

static void a_gap_in_the_numbers_is_a_sign_and_order_is_kept(void **state)
{
    size_t calls = fake_hs_calls(s.hs, "/joined_rooms");
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "7", message("$seven", "@al:hs.test", 0)), 200);
    expect(2);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "8", message("$eight", "@al:hs.test", 0)), 200);
    expect(3);
    assert_int_equal(fake_hs_calls(s.hs, "/joined_rooms"), calls);
    const char *nine = message("$nine", "@al:hs.test", 1), *ten = message("$ten", "@al:hs.test", 0);
    room_has(ten, nine, message("$eight", "@al:hs.test", 2));
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "10", ten), 200);
    expect(5);
    assert_true(is_to(3, "$nine"));
    assert_true(is_to(4, "$ten"));
}

static void a_homeserver_that_cannot_be_read_does_not_hold_up_what_comes(void **state)
{
    fake_hs_heal(s.hs);
    fake_hs_fail(s.hs, "/joined_rooms", 500, "<html>", false, 1 << 30);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "1", message("$again", "@al:hs.test", 0)), 200);
    expect(6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_time_nothing_is_older_than_we_are),
        cmocka_unit_test(after_a_start_what_was_lost_is_answered_once),
        cmocka_unit_test(a_gap_in_the_numbers_is_a_sign_and_order_is_kept),
        cmocka_unit_test(a_homeserver_that_cannot_be_read_does_not_hold_up_what_comes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
