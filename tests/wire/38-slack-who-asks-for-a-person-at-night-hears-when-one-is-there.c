/* Slack, outside the hours: who asks for a person is told the day on which somebody is there, the question waits in the staff's room, and the
 * reply of the next day reaches the thread in which it was asked. The button below an answer does the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/fake/wire.h"

#define WAIT_MS 10000

static struct slack_wire s;
static char day[16]; /* on which somebody is there */

static int set_up(void **state)
{
    static const char names[] = "SunMonTueWedThuFriSat";
    char hours[64];
    time_t t = time(NULL) + 3 * 86400L;
    struct tm tm;
    localtime_r(&t, &tm);
    snprintf(hours, sizeof hours, "[%.3s 00:00-24:00]", names + (ptrdiff_t)3 * tm.tm_wday);
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    t = mktime(&tm);
    gmtime_r(&t, &tm);
    strftime(day, sizeof day, "%Y-%m-%d", &tm);
    setenv("GUIDEPOST_STAFF_HOURS", hours, 1);
    setenv("GUIDEPOST_STAFF_ROOM", "slack:CROOM", 1);
    s = slack_wire_start(NULL, false);
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

static struct fake_post nth(size_t n)
{
    uint64_t until = client_now_ms() + WAIT_MS * wire_slack();
    while (fake_slack_posts(s.fake) <= n) {
        struct timespec pause = {0, 10000000};
        if (client_now_ms() > until) {
            wire_dump_log(s.w);
            fail_msg("message %zu was not posted", n);
        }
        nanosleep(&pause, NULL);
    }
    return fake_slack_post(s.fake, n);
}

static void say(const char *id, const char *channel, const char *user, const char *ts,
                const char *thread, const char *text)
{
    char e[800];
    snprintf(e, sizeof e,
             "{\"type\":\"message\",\"channel\":\"%s\",\"channel_type\":\"channel\",\"user\":\"%"
             "s\",\"ts\":\"%s\",\"thread_ts\":"
             "\"%s\",\"text\":\"%s\"}",
             channel, user, ts, thread, text);
    assert_int_equal(slack_wire_send(&s, fake_slack_envelope(id, e)), 200);
}

/* Among the messages from `from` on, of which there are `n`. */
static struct fake_post find(size_t from, size_t n, const char *channel, const char *text)
{
    struct fake_post found = {0};
    for (size_t i = from; i < from + n; i++) {
        struct fake_post p = nth(i);
        if (!strcmp(p.channel, channel) && strstr(p.text, text))
            found = p;
    }
    if (!found.ts)
        fail_msg("nothing in %s says: %s", channel, text);
    return found;
}

static void whoever_asks_hears_the_day(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    say("Ev1", "C1", "U1", "1750000000.000001", "", "<@" FAKE_BOT_USER "> can I talk to a person?");
    struct fake_post told = find(n, 3, "C1", day), root = find(n, 3, "CROOM", "Asks for a person");
    assert_string_equal(told.thread, "1750000000.000001");
    say("Ev2", "CROOM", "U7", "1750100000.000001", root.ts, "Good morning. What is it?");
    struct fake_post words = find(n + 3, 2, "C1", "Good morning. What is it?");
    assert_string_equal(words.thread, "1750000000.000001");
}

static void who_needs_nobody_any_more_says_so(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    say("Ev6", "C1", "U5", "1750000000.000005", "", "<@" FAKE_BOT_USER "> human");
    struct fake_post root = find(n, 3, "CROOM", "Asks for a person");
    find(n, 3, "C1", day);
    say("Ev7", "C1", "U5", "1750000000.000006", "1750000000.000005",
        "<@" FAKE_BOT_USER "> never mind");
    assert_string_equal(find(n + 3, 4, "CROOM", "The hand-off has ended").thread, root.ts);
    assert_string_equal(find(n + 3, 4, "C1", "I am answering again").thread, "1750000000.000005");
}

static void the_button_is_another_way_to_ask(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    say("Ev3", "C1", "U2", "1750000000.000002", "", "<@" FAKE_BOT_USER "> " WIRE_QUESTION);
    struct fake_post answer = nth(n);
    const char *value = strstr(answer.body, ":handoff\"");
    assert_non_null(value);
    while (strncmp(value, "v1:", 3))
        value--;
    char click[900];
    snprintf(
        click, sizeof click,
        "payload={\"type\":\"block_actions\",\"user\":{\"id\":\"U2\"},\"team\":{\"id\":\"" FAKE_TEAM
        "\"},\"container\":{\"message_ts\":\"%s\",\"channel_id\":\"C1\",\"thread_ts\":\"1750000000."
        "000002\"},"
        "\"actions\":[{\"action_id\":\"qa_handoff\",\"value\":\"%.*s\",\"action_ts\":\"1\"}]}",
        answer.ts, (int)strcspn(value, "\""), value);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            fake_slack_send(s.w->port, "application/x-www-form-urlencoded", click, NULL, NULL),
            200);
    struct fake_post root = find(n + 1, 2, "CROOM", "lighthouse");
    find(n + 1, 2, "C1", "I have told our people");
    say("Ev4", "CROOM", "U7", "1750100000.000002", root.ts, "More than that by now.");
    struct fake_post words = find(n + 3, 2, "C1", "More than that by now.");
    assert_string_equal(words.thread, "1750000000.000002");
    say("Ev5", "C1", "U2", "1750000000.000003", "1750000000.000002", "Thank you!");
    assert_string_equal(find(n + 5, 1, "CROOM", "Thank you!").thread, root.ts);
    assert_true(fake_slack_wait(s.fake, n + 6, WAIT_MS, 300));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_asks_hears_the_day),
        cmocka_unit_test(who_needs_nobody_any_more_says_so),
        cmocka_unit_test(the_button_is_another_way_to_ask),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
