/* Lines in a row get one reply; a changed question changes its answer; votes, suggestions and the way to a person work once, for
 * whom they are meant, and are on disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/wire.h"
#include "tests/sql.h"

static struct slack_wire s;
static int number;

static int set_up(void **state)
{
    s = slack_wire_start("burst_ms: 1500\nhandoff_channel: CHELP", false);
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

static void send_event(const char *members)
{
    char event[4096], id[32];
    snprintf(event, sizeof event, "{%s}", members);
    snprintf(id, sizeof id, "Ev%d", ++number);
    assert_int_equal(slack_wire_send(&s, fake_slack_envelope(id, event)), 200);
}

static void direct(const char *user, const char *ts, const char *text)
{
    char event[1024];
    snprintf(event, sizeof event,
             "\"type\":\"message\",\"channel\":\"D%s\",\"channel_type\":\"im\",\"user\":\"%s\","
             "\"ts\":\"%s\",\"text\":\"%s\"",
             user, user, ts, text);
    send_event(event);
}

static void edit(const char *user, const char *ts, const char *edited, const char *text)
{
    char event[1024];
    snprintf(event, sizeof event,
             "\"type\":\"message\",\"subtype\":\"message_changed\",\"hidden\":true,\"channel\":"
             "\"D%s\",\"channel_type\":\"im\",\"ts\":\"%s\",\"message\":{\"user\":\"%s\",\"ts\":"
             "\"%s\",\"text\":\"%s\",\"edited\":{\"user\":\"%s\",\"ts\":\"%s\"}},"
             "\"previous_message\":{\"text\":\"before\"}",
             user, edited, user, ts, text, user, edited);
    send_event(event);
}

static struct fake_post nth(size_t i)
{
    return fake_slack_post(s.fake, i);
}

/* ---- bursts ---- */

static void one_thought_in_three_lines_gets_one_reply(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    direct("U1", "1.1", "how much does");
    direct("U1", "1.2", "a lighthouse keeper");
    direct("U1", "1.3", "earn?");
    slack_wire_expect(&s, n + 1);
    assert_non_null(strstr(nth(n).text, WIRE_ANSWER));
    direct("U1", "1.2", "a lighthouse keeper"); /* once more, under another name */
    slack_wire_expect(&s, n + 1);
}

static void two_askers_get_two_replies(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    direct("U2", "2.1", "how much does a lighthouse keeper earn");
    direct("U3", "2.1", "how much does a lighthouse keeper earn");
    slack_wire_expect(&s, n + 2);
}

static void a_burst_survives_a_kill_and_is_still_one(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    direct("U4", "3.1", "how much does");
    direct("U4", "3.2", "a lighthouse keeper earn");
    slack_wire_restart(&s, SIGKILL);
    slack_wire_expect(&s, n + 1);
    assert_non_null(strstr(nth(n).text, WIRE_ANSWER));
}

static void a_line_that_was_taken_back_is_not_answered(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    direct("U5", "4.1", "how much does a lighthouse keeper earn");
    send_event("\"type\":\"message\",\"subtype\":\"message_deleted\",\"hidden\":true,\"channel\":"
               "\"DU5\",\"channel_type\":\"im\",\"ts\":\"4.2\",\"deleted_ts\":\"4.1\"");
    slack_wire_expect(&s, n);
}

/* ---- edits ---- */

static void a_question_changed_before_its_answer_is_answered_as_changed(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    direct("U6", "5.1", "zebra quantum flapjack");
    edit("U6", "5.1", "5.2", WIRE_QUESTION);
    slack_wire_expect(&s, n + 1);
    assert_non_null(strstr(nth(n).text, WIRE_ANSWER));
    assert_int_equal(nth(n).updates, 0);
}

static void a_question_changed_afterwards_changes_its_answer(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    direct("U7", "6.1", "zebra quantum flapjack?");
    slack_wire_expect(&s, n + 1);
    assert_null(strstr(nth(n).text, WIRE_ANSWER));
    slack_wire_restart(&s, SIGKILL); /* which answer is whose is on disk */
    edit("U7", "6.1", "6.2", WIRE_QUESTION);
    assert_true(fake_slack_wait_calls(s.fake, "chat.update", 1, 20000));
    slack_wire_expect(&s, n + 1);
    assert_non_null(strstr(nth(n).text, WIRE_ANSWER));
    assert_int_equal(nth(n).updates, 1);
    edit("U7", "6.1", "6.2", WIRE_QUESTION); /* delivered again */
    slack_wire_expect(&s, n + 1);
    assert_int_equal(nth(n).updates, 1);
}

static void a_change_while_the_answer_is_on_its_way_comes_after_it(void **state)
{
    size_t n = fake_slack_posts(s.fake), updates = fake_slack_calls(s.fake, "chat.update");
    fake_slack_fail(s.fake, "chat.postMessage", "slow=1500", 1);
    direct("U8", "7.1", "zebra quantum flapjack?");
    assert_true(fake_slack_wait(s.fake, n + 1, 20000, 0));
    edit("U8", "7.1", "7.2", WIRE_QUESTION);
    assert_true(fake_slack_wait_calls(s.fake, "chat.update", updates + 1, 20000));
    slack_wire_expect(&s, n + 1);
    assert_non_null(strstr(nth(n).text, WIRE_ANSWER));
}

static void an_unfurl_or_somebody_elses_change_is_none(void **state)
{
    size_t n = fake_slack_posts(s.fake), updates = fake_slack_calls(s.fake, "chat.update");
    direct("U9", "8.1", WIRE_QUESTION);
    slack_wire_expect(&s, n + 1);
    send_event("\"type\":\"message\",\"subtype\":\"message_changed\",\"hidden\":true,\"channel\":"
               "\"DU9\",\"channel_type\":\"im\",\"ts\":\"8.2\",\"message\":{\"user\":\"U9\",\"ts\":"
               "\"8.1\",\"text\":\"with a link\"},\"previous_message\":{\"text\":\"x\"}");
    slack_wire_expect(&s, n + 1);
    assert_int_equal(fake_slack_calls(s.fake, "chat.update"), updates);
}

/* ---- buttons ---- */

/* The value of a button in the message. */
static void value_of(const struct fake_post *p, const char *action, char *to, size_t size)
{
    char key[64];
    snprintf(key, sizeof key, "\"action_id\":\"%s\"", action);
    const char *at = strstr(p->body, key), *value = at ? strstr(at, "\"value\":\"") : NULL;
    assert_non_null(value);
    value += strlen("\"value\":\"");
    snprintf(to, size, "%.*s", (int)strcspn(value, "\""), value);
}

static void click_at(const struct fake_post *p, const char *user, const char *action,
                     const char *value, const char *at, const char *hook)
{
    char *form, body[8192];
    int len =
        snprintf(body, sizeof body,
                 "{\"type\":\"block_actions\",\"user\":{\"id\":\"%s\"},\"team\":{\"id\":\"T1\"},"
                 "\"api_app_id\":\"A1\",\"trigger_id\":\"1.1\",\"container\":{\"type\":"
                 "\"message\",\"message_ts\":\"%s\",\"channel_id\":\"%s\",\"thread_ts\":\"%s\","
                 "\"is_ephemeral\":false},\"channel\":{\"id\":\"%s\"},\"message\":{\"text\":"
                 "\"the answer\",\"ts\":\"%s\",\"blocks\":[{\"type\":\"section\",\"text\":{"
                 "\"type\":\"mrkdwn\",\"text\":\"the answer\"}},{\"type\":\"actions\","
                 "\"block_id\":\"fb:1\",\"elements\":[]}]},\"response_url\":\"%s\","
                 "\"actions\":[{\"type\":\"button\",\"action_id\":\"%s\",\"value\":\"%s\","
                 "\"action_ts\":\"%s\"}]}",
                 user, p->ts, p->channel, p->thread, p->channel, p->ts, hook, action, value, at);
    assert_true(len > 0 && (size_t)len < sizeof body);
    form = malloc(3 * (size_t)len + 16);
    size_t n = (size_t)sprintf(form, "payload=");
    for (int i = 0; i < len; i++)
        n += (size_t)sprintf(form + n, "%%%02X", (unsigned char)body[i]);
    assert_int_equal(
        fake_slack_send(s.w->port, "application/x-www-form-urlencoded", form, NULL, NULL), 200);
    free(form);
}

static const char *hook(void)
{
    static char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/api/hook/click%d", fake_slack_port(s.fake),
             ++number);
    return url;
}

static struct fake_post answer_to(const char *ts)
{
    char event[512];
    size_t n = fake_slack_posts(s.fake);
    snprintf(event, sizeof event,
             "\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U1\",\"ts\":\"%s\",\"text\":"
             "\"<@UBOT> " WIRE_QUESTION "\"",
             ts);
    send_event(event);
    slack_wire_expect(&s, n + 1);
    return nth(n);
}

static int number_in(const char *sql)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data/state.db", s.w->folder);
    return (int)sql_number(path, sql);
}

static void a_vote_is_kept_and_takes_the_buttons_place(void **state)
{
    struct fake_post p = answer_to("10.1");
    char value[64];
    size_t n = fake_slack_posts(s.fake), updates = fake_slack_calls(s.fake, "chat.update");
    value_of(&p, "qa_fb_up", value, sizeof value);
    for (int i = 0; i < 3; i++)
        click_at(&p, "U1", "qa_fb_up", value, "11.1", hook());
    assert_true(fake_slack_wait_calls(s.fake, "chat.update", updates + 1, 20000));
    slack_wire_expect(&s, n);
    assert_int_equal(fake_slack_calls(s.fake, "chat.update"), updates + 1);
    assert_non_null(strstr(nth(n - 1).text, "marked helpful by <@U1>"));
    assert_null(strstr(nth(n - 1).text, "Not helpful"));
    assert_int_equal(number_in("SELECT count(*) FROM votes WHERE v = 1 AND voter = 'U1'"), 1);
    value_of(&p, "qa_fb_down", value, sizeof value);
    click_at(&p, "U1", "qa_fb_down", value, "11.2", hook()); /* the last one counts */
    assert_true(fake_slack_wait_calls(s.fake, "chat.update", updates + 2, 20000));
    assert_int_equal(number_in("SELECT sum(v) FROM votes WHERE voter = 'U1'"), -1);
}

static void a_suggestion_is_asked_for_its_asker_only(void **state)
{
    struct fake_post p = answer_to("12.1");
    char value[256];
    size_t n = fake_slack_posts(s.fake);
    value_of(&p, "qa_sg:0", value, sizeof value);
    click_at(&p, "U2", "qa_sg:0", value, "13.1", hook());
    slack_wire_expect(&s, n + 1);
    assert_string_equal(nth(n).method, "respond");
    assert_non_null(strstr(nth(n).text, "for the person who asked"));
    click_at(&p, "U1", "qa_sg:0", value, "13.2", hook());
    slack_wire_expect(&s, n + 2);
    assert_string_equal(nth(n + 1).thread, "12.1");
    assert_non_null(strstr(nth(n + 1).text, "eighteen months"));
}

static void the_way_to_a_person_is_told_to_people_once(void **state)
{
    struct fake_post p = answer_to("14.1");
    char value[64];
    size_t n = fake_slack_posts(s.fake);
    value_of(&p, "qa_handoff", value, sizeof value);
    for (int i = 0; i < 3; i++)
        click_at(&p, "U1", "qa_handoff", value, "15.1", hook());
    slack_wire_expect(&s, n + 2);
    bool people = false, asker = false;
    for (size_t i = n; i < n + 2; i++) {
        people |= !strcmp(nth(i).channel, "CHELP") && strstr(nth(i).text, "<@U1>") &&
                  strstr(nth(i).text, "lighthouse keeper earn");
        asker |= !strcmp(nth(i).channel, "C1") && !strcmp(nth(i).thread, "14.1");
    }
    assert_true(people && asker);
    assert_int_equal(number_in("SELECT count(*) FROM handoffs"), 1);
}

static void a_button_of_another_message_does_nothing(void **state)
{
    struct fake_post p = answer_to("16.1");
    size_t n = fake_slack_posts(s.fake), updates = fake_slack_calls(s.fake, "chat.update");
    click_at(&p, "U1", "qa_fb_up", "v1:1:up", "17.1", hook());
    click_at(&p, "U1", "qa_fb_up", "v1:x:up", "17.2", hook());
    click_at(&p, "U1", "other", "v1:1:up", "17.3", hook());
    slack_wire_expect(&s, n);
    assert_int_equal(fake_slack_calls(s.fake, "chat.update"), updates);
}

static void the_shortcut_answers_the_message_it_is_on(void **state)
{
    char body[1024], form[4096];
    size_t posts = fake_slack_posts(s.fake);
    int len = snprintf(body, sizeof body,
                       "{\"type\":\"message_action\",\"callback_id\":\"qa_ask_message\","
                       "\"trigger_id\":\"8.8\",\"user\":{\"id\":\"U1\"},\"team\":{\"id\":\"T1\"},"
                       "\"channel\":{\"id\":\"C1\"},\"message\":{\"ts\":\"1.5\",\"text\":\"%s\"},"
                       "\"response_url\":\"%s\"}",
                       WIRE_QUESTION, hook());
    size_t n = (size_t)snprintf(form, sizeof form, "payload=");
    for (int i = 0; i < len; i++)
        n += (size_t)snprintf(form + n, sizeof form - n, "%%%02x", (unsigned char)body[i]);
    assert_int_equal(
        fake_slack_send(s.w->port, "application/x-www-form-urlencoded", form, NULL, NULL), 200);
    slack_wire_expect(&s, posts + 1);
    assert_string_equal(nth(posts).method, "respond");
    assert_non_null(strstr(nth(posts).text, WIRE_ANSWER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thought_in_three_lines_gets_one_reply),
        cmocka_unit_test(two_askers_get_two_replies),
        cmocka_unit_test(a_burst_survives_a_kill_and_is_still_one),
        cmocka_unit_test(a_line_that_was_taken_back_is_not_answered),
        cmocka_unit_test(a_question_changed_before_its_answer_is_answered_as_changed),
        cmocka_unit_test(a_question_changed_afterwards_changes_its_answer),
        cmocka_unit_test(a_change_while_the_answer_is_on_its_way_comes_after_it),
        cmocka_unit_test(an_unfurl_or_somebody_elses_change_is_none),
        cmocka_unit_test(a_vote_is_kept_and_takes_the_buttons_place),
        cmocka_unit_test(a_suggestion_is_asked_for_its_asker_only),
        cmocka_unit_test(the_way_to_a_person_is_told_to_people_once),
        cmocka_unit_test(a_button_of_another_message_does_nothing),
        cmocka_unit_test(the_shortcut_answers_the_message_it_is_on),
    };
    return cmocka_run_group_tests_name("74-slack-meant", tests, set_up, tear_down);
}
