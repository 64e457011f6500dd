/* F6 and F7 for Slack: ten minutes of silence, of errors or of nobody there; "come again in thirty seconds"; answers that hang or
 * break off; a certificate that is none. Nothing is lost, what belongs to one channel keeps its order, and nobody is
 * called more often than was promised. The program's clock is wound on; its patience is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/wire.h"

#define POST   "chat.postMessage"
#define MINUTE 60
#define MANY   (1 << 30)

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

/* A question whose number can be read in the thread of its answer. */
static void ask_in(const char *channel)
{
    char event[512], id[32];
    number++;
    snprintf(id, sizeof id, "Ev%d", number);
    snprintf(
        event, sizeof event,
        "{\"type\":\"app_mention\",\"channel\":\"%s\",\"user\":\"U%d\",\"ts\":\"1699%06d.000100\","
        "\"text\":\"<@UBOT> " WIRE_QUESTION "\"}",
        channel, number, number);
    assert_int_equal(slack_wire_send(&s, fake_slack_envelope(id, event)), 200);
}

static int number_of(size_t i)
{
    int n = 0;
    assert_int_equal(sscanf(fake_slack_post(s.fake, i).thread, "1699%6d", &n), 1);
    return n;
}

static bool are_visible(void *ctx)
{
    return fake_slack_posts(s.fake) >= *(size_t *)ctx;
}

static void expect(size_t wanted)
{
    wire_wind(s.w, 20 * MINUTE, are_visible, &wanted);
    slack_wire_expect(&s, wanted);
}

/* From the post `before` on there are six answers to what was asked from `first` on, two channels in turn, each in order. */
static void both_in_order(size_t before, int first)
{
    int next[2] = {first, first + 1};
    for (size_t i = before; i < before + 6; i++) {
        int which = strcmp(fake_slack_post(s.fake, i).channel, "CA") != 0;
        assert_int_equal(number_of(i), next[which]);
        next[which] += 2;
    }
}

static void away_for_ten_minutes(const char *how)
{
    size_t before = fake_slack_posts(s.fake);
    int first = number + 1;
    fake_slack_fail(s.fake, POST, how, MANY);
    fake_slack_fail(s.fake, "conversations.replies", how, MANY);
    size_t posts = fake_slack_calls(s.fake, POST);
    size_t looks = fake_slack_calls(s.fake, "conversations.replies");
    for (int i = 0; i < 3; i++) {
        ask_in("CA");
        ask_in("CB");
    }
    wire_wind(s.w, 11 * MINUTE, NULL, NULL);
    assert_int_equal(fake_slack_posts(s.fake), before);
    size_t tries = fake_slack_calls(s.fake, POST) - posts +
                   fake_slack_calls(s.fake, "conversations.replies") - looks;
    assert_in_range(tries, 16,
                    60); /* of two lanes, after 1, 2, 4, ... 60 s, each a quarter more or less */
    fake_slack_heal(s.fake);
    expect(before + 6);
    both_in_order(before, first);
}

static void after_ten_minutes_all_of_it_arrives_once_and_in_order(void **state)
{
    static const char *const how[] = {"drop", "status=503", "html"};
    for (size_t i = 0; i < sizeof how / sizeof *how; i++)
        away_for_ten_minutes(how[i]);
    assert_false(wire_said(s.w, "gave up delivering"));
}

static void the_pauses_grow_to_a_minute_and_are_nobody_elses(void **state)
{
    size_t before = fake_slack_posts(s.fake), calls = fake_slack_calls(s.fake, POST);
    fake_slack_fail(s.fake, POST, "429=0", MANY); /* surely not taken: no looking in between */
    ask_in("CA");
    wire_wind(s.w, 11 * MINUTE, NULL, NULL);
    size_t tries = fake_slack_calls(s.fake, POST) - calls, exact = 0;
    assert_in_range(tries, 8, 30);
    uint64_t longest = 0;
    for (size_t i = calls + 1; i < calls + tries; i++) {
        uint64_t gap =
            fake_slack_called_ms(s.fake, POST, i) - fake_slack_called_ms(s.fake, POST, i - 1);
        longest = gap > longest ? gap : longest;
        exact += gap % 1000 < 10;
    }
    assert_in_range(longest, 40000, 80000);
    assert_true(exact < tries - 1);
    fake_slack_heal(s.fake);
    expect(before + 1);
}

static void told_to_come_in_thirty_seconds_it_does_and_visitors_are_served(void **state)
{
    size_t before = fake_slack_posts(s.fake), calls = fake_slack_calls(s.fake, POST);
    fake_slack_fail(s.fake, POST, "429=30", 1);
    ask_in("CA");
    assert_true(fake_slack_wait_calls(s.fake, POST, calls + 1, 10000));
    ask_in("CB");
    assert_true(wire_ask(s.w) >= 0); /* a visitor of the page */
    expect(before + 2);
    assert_int_equal(fake_slack_calls(s.fake, POST), calls + 3);
    for (size_t i = calls + 1; i < calls + 3; i++) /* Slack's limits are the workspace's */
        assert_true(fake_slack_called_ms(s.fake, POST, i) -
                        fake_slack_called_ms(s.fake, POST, calls) >=
                    29900);
}

static void what_hangs_breaks_off_or_fails_is_visible_once(void **state)
{
    static const char *const how[] = {"hang", "swallow", "half", "drop", "status=500", "html"};
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        size_t before = fake_slack_posts(s.fake);
        fake_slack_fail(s.fake, POST, how[i], 1);
        fake_slack_fail(s.fake, "conversations.replies", how[i], 1);
        ask_in("CC");
        size_t looks = fake_slack_calls(s.fake, "conversations.replies");
        expect(before + 1);
        for (int k = 0; k < 60 && fake_slack_calls(s.fake, "conversations.replies") < looks + 2;
             k++)
            wire_wind(s.w, 10, NULL, NULL);
        slack_wire_expect(&s, before + 1);
    }
}

static void a_slack_without_a_certificate_hears_no_word(void **state)
{
    char address[64];
    struct fake_slack *plain = fake_slack_start(0);
    snprintf(address, sizeof address, "https://127.0.0.1:%d/api", fake_slack_port(plain));
    setenv("GUIDEPOST_SLACK_API_BASE", address, 1);
    struct slack_wire other = slack_wire_begin_wound(NULL, false);
    unsetenv("GUIDEPOST_SLACK_API_BASE");
    wire_wind(other.w, 5 * MINUTE, NULL, NULL);
    assert_true(wire_says(other.w, "cannot be reached; questions wait"));
    assert_int_equal(fake_slack_calls(plain, "auth.test"), 0);
    assert_true(wire_ask(other.w) >= 0);
    slack_wire_stop(&other);
    fake_slack_stop(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_ten_minutes_all_of_it_arrives_once_and_in_order),
        cmocka_unit_test(the_pauses_grow_to_a_minute_and_are_nobody_elses),
        cmocka_unit_test(told_to_come_in_thirty_seconds_it_does_and_visitors_are_served),
        cmocka_unit_test(what_hangs_breaks_off_or_fails_is_visible_once),
        cmocka_unit_test(a_slack_without_a_certificate_hears_no_word),
    };
    return cmocka_run_group_tests_name("90-slack-away", tests, set_up, tear_down);
}
