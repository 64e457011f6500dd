/* F6 and F7: ten minutes without a homeserver, "come again in thirty seconds", silence, answers that break off, errors, a certificate that is
 * none. The program's clock is wound on; its patience is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/homeserver.h"

#define MINUTE 60

static struct hs_wire s;
static unsigned n;

static int set_up(void **state)
{
    s = hs_wire_start_on(fake_hs_start(), NULL, true);
    hs_wire_connected(&s);
    fake_hs_members(s.hs, 9);
    return 0;
}

static int tear_down(void **state)
{
    hs_wire_stop(&s);
    return 0;
}

/* Asked by a person each, so that none of them is thought a machine. */
static void ask(const char *room)
{
    char event[2048], id[32];
    snprintf(id, sizeof id, "$q%u", ++n);
    snprintf(
        event, sizeof event,
        "{\"type\":\"m.room.message\",\"event_id\":\"%s\",\"room_id\":\"%s\",\"sender\":\"@u%u:"
        "hs.test\",\"content\":{\"msgtype\":\"m.text\",\"body\":\"!ask " WIRE_QUESTION "\"}}",
        id, room, n);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, id, event), 200);
}

static bool are_sent(void *ctx)
{
    return fake_hs_sent(s.hs) >= *(size_t *)ctx;
}

static void expect(size_t wanted)
{
    wire_wind(s.w, 20 * MINUTE, are_sent, &wanted);
    if (!fake_hs_wait(s.hs, wanted, 0)) {
        wire_dump_log(s.w);
        fail_msg("%zu messages, not %zu", fake_hs_sent(s.hs), wanted);
    }
}

/* The i-th message that was sent answers the question of that number. */
static bool is_to(size_t i, unsigned question)
{
    char reply[64];
    snprintf(reply, sizeof reply, "\"m.in_reply_to\":{\"event_id\":\"$q%u\"}", question);
    return strstr(fake_hs_body(s.hs, i), reply) != NULL;
}

static void after_ten_minutes_all_of_it_arrives_once_and_in_order(void **state)
{
    size_t before = fake_hs_sent(s.hs), calls = fake_hs_calls(s.hs, "/send/");
    ask("!a:hs.test"); /* a room that it knows */
    expect(before + 1);
    calls = fake_hs_calls(s.hs, "/send/");
    unsigned first = n + 1;
    fake_hs_fail(s.hs, "/_matrix/", HS_HANGS_UP, "", false, 1 << 30);
    for (int i = 0; i < 3; i++) {
        ask("!a:hs.test");
        ask("!b:hs.test"); /* and one that it does not */
    }
    wire_wind(s.w, 11 * MINUTE, NULL, NULL);
    assert_true(fake_hs_wait(s.hs, before + 1, 0));
    size_t tries = fake_hs_calls(s.hs, "/send/") - calls;
    assert_in_range(tries, 8,
                    30); /* of one lane, after 1, 2, 4, ... 60 s, each a quarter more or less */
    uint64_t longest = 0, exact = 0;
    for (size_t i = calls + 1; i < calls + tries; i++) {
        uint64_t gap =
            fake_hs_called_ms(s.hs, "/send/", i) - fake_hs_called_ms(s.hs, "/send/", i - 1);
        longest = gap > longest ? gap : longest;
        exact += gap % 1000 < 10;
    }
    assert_in_range(longest, 40000, 80000);
    assert_true(exact < tries - 1); /* they are not in step with anybody else's */
    fake_hs_heal(s.hs);
    expect(before + 7);
    for (size_t i = before + 1, a = first, b = first + 1; i < before + 7; i++) {
        bool in_a = is_to(i, (unsigned)a), in_b = is_to(i, (unsigned)b);
        assert_true(in_a != in_b);
        a += in_a ? 2 : 0;
        b += in_b ? 2 : 0;
    }
}

static void told_to_come_in_thirty_seconds_it_does_and_others_are_served(void **state)
{
    size_t before = fake_hs_sent(s.hs), calls = fake_hs_calls(s.hs, "/send/");
    fake_hs_retry_after(s.hs, 30);
    fake_hs_fail(s.hs, "/send/", 429, "{\"errcode\":\"M_LIMIT_EXCEEDED\"}", false, 1);
    ask("!a:hs.test");
    assert_true(fake_hs_wait_calls(s.hs, "/send/", calls + 1, 10000));
    ask("!b:hs.test");
    assert_true(wire_ask(s.w) >= 0); /* a visitor of the page */
    expect(before + 2);
    assert_int_equal(fake_hs_calls(s.hs, "/send/"), calls + 3);
    assert_true(fake_hs_called_ms(s.hs, "/send/", calls + 1) -
                    fake_hs_called_ms(s.hs, "/send/", calls) >=
                29900);
}

static void what_hangs_breaks_off_or_fails_is_sent_again_and_is_there_once(void **state)
{
    static const int how[] = {HS_HANGS, HS_BREAKS, HS_HANGS_UP, 500, 503};
    size_t before = fake_hs_sent(s.hs);
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        size_t calls = fake_hs_calls(s.hs, "/send/");
        fake_hs_fail(s.hs, "/send/", how[i], how[i] > 0 ? "<html>" : "", true, 2);
        ask("!c:hs.test");
        size_t wanted = before + i + 1;
        expect(wanted);
        for (int k = 0; k < 40 && fake_hs_calls(s.hs, "/send/") < calls + 3; k++)
            wire_wind(s.w, 10, NULL, NULL);
        assert_int_equal(fake_hs_calls(s.hs, "/send/"), calls + 3);
        assert_true(
            fake_hs_wait(s.hs, wanted, 0)); /* one for each transaction id: it was the same */
    }
}

static void a_homeserver_without_a_certificate_hears_no_word(void **state)
{
    struct fake_hs *plain = fake_hs_start();
    char address[64];
    snprintf(address, sizeof address, "https://127.0.0.1:%d", fake_hs_port(plain));
    setenv("GUIDEPOST_MATRIX_HOMESERVER", address, 1);
    struct hs_wire other = hs_wire_start_on(plain, NULL, true);
    unsetenv("GUIDEPOST_MATRIX_HOMESERVER");
    wire_wind(other.w, 5 * MINUTE, NULL, NULL);
    assert_true(wire_says(other.w, "the homeserver cannot be reached"));
    assert_int_equal(fake_hs_calls(plain, "/"), 0);
    assert_true(wire_ask(other.w) >= 0);
    hs_wire_stop(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_ten_minutes_all_of_it_arrives_once_and_in_order),
        cmocka_unit_test(told_to_come_in_thirty_seconds_it_does_and_others_are_served),
        cmocka_unit_test(what_hangs_breaks_off_or_fails_is_sent_again_and_is_there_once),
        cmocka_unit_test(a_homeserver_without_a_certificate_hears_no_word),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
