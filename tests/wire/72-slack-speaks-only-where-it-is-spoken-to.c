/* Adapters' cases 8, 9, 16 to 18 and 24: our own posts, other bots, unfurls and strangers are not answered; threads are ours
 * while they are between the asker and us; channels have their policy; other workspaces are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/wire.h"

static struct slack_wire s;
static int number;

static int set_up(void **state)
{
    s = slack_wire_start("channels: [COFF=off, CQUIET=privately, CASK=always]", false);
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

/* Delivers an event with these members; what is visible behind it. */
static void send_event(const char *members)
{
    char event[2048], id[32];
    snprintf(event, sizeof event, "{%s}", members);
    snprintf(id, sizeof id, "Ev%d", ++number);
    assert_int_equal(slack_wire_send(&s, fake_slack_envelope(id, event)), 200);
}

#define Q "\"text\":\"<@UBOT> " WIRE_QUESTION "\""

static void bots_unfurls_and_joins_are_not_answered(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    static const char *const events[] = {
        "\"type\":\"message\",\"channel\":\"D1\",\"channel_type\":\"im\",\"user\":\"UBOT\","
        "\"bot_id\":\"BBOT\",\"ts\":\"1.1\",\"text\":\"an answer\"",
        "\"type\":\"message\",\"channel\":\"D1\",\"channel_type\":\"im\",\"bot_id\":\"BBOT\","
        "\"ts\":\"1.2\",\"text\":\"an answer\"",
        "\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U9\",\"bot_id\":\"B9\",\"ts\":"
        "\"1.3\"," Q,
        "\"type\":\"message\",\"subtype\":\"message_changed\",\"hidden\":true,\"channel\":\"D1\","
        "\"channel_type\":\"im\",\"ts\":\"1.4\",\"message\":{\"bot_id\":\"BBOT\",\"text\":\"an "
        "answer\",\"ts\":\"1.1\"}",
        "\"type\":\"message\",\"subtype\":\"message_changed\",\"channel\":\"D1\",\"channel_type\":"
        "\"im\",\"ts\":\"1.5\"",
        "\"type\":\"message\",\"subtype\":\"message_replied\",\"hidden\":true,\"channel\":\"D1\","
        "\"channel_type\":\"im\",\"user\":\"U1\",\"ts\":\"1.6\"," Q,
        "\"type\":\"message\",\"subtype\":\"channel_join\",\"channel\":\"C1\",\"user\":\"U1\","
        "\"ts\":\"1.7\"," Q,
        "\"type\":\"message\",\"channel\":\"C1\",\"channel_type\":\"channel\",\"user\":\"U1\","
        "\"ts\":\"1.8\",\"text\":\"" WIRE_QUESTION "\""};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        send_event(events[i]);
    slack_wire_expect(&s, before);
}

static void a_direct_message_is_answered_without_a_thread_or_in_its_own(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    send_event("\"type\":\"message\",\"channel\":\"D1\",\"channel_type\":\"im\",\"user\":\"U1\","
               "\"ts\":\"2.1\",\"text\":\"" WIRE_QUESTION "\"");
    slack_wire_expect(&s, before + 1);
    assert_string_equal(fake_slack_post(s.fake, before).thread, "");
    assert_string_equal(fake_slack_post(s.fake, before).channel, "D1");
    send_event("\"type\":\"message\",\"channel\":\"D1\",\"channel_type\":\"im\",\"user\":\"U1\","
               "\"ts\":\"2.3\",\"thread_ts\":\"2.2\",\"text\":\"" WIRE_QUESTION "\"");
    slack_wire_expect(&s, before + 2);
    assert_string_equal(fake_slack_post(s.fake, before + 1).thread, "2.2");
}

static void a_mention_in_a_thread_is_answered_under_its_parent(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    send_event("\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U1\",\"ts\":\"3.5\","
               "\"thread_ts\":\"3.1\"," Q);
    slack_wire_expect(&s, before + 1);
    assert_string_equal(fake_slack_post(s.fake, before).thread, "3.1");
}

static void our_name_is_no_part_of_the_question(void **state)
{
    static const char *const texts[] = {"<@UBOT>\xC2\xA0" WIRE_QUESTION, "<@UBOT>: " WIRE_QUESTION,
                                        WIRE_QUESTION " <@UBOT>!", "<@UBOT> <@UBOT> " WIRE_QUESTION,
                                        "<@UBOT|bot> " WIRE_QUESTION};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t before = fake_slack_posts(s.fake);
        char event[512];
        snprintf(event, sizeof event,
                 "\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U1\",\"ts\":\"4.%zu\","
                 "\"text\":\"%s\"",
                 i, texts[i]);
        send_event(event);
        slack_wire_expect(&s, before + 1);
        assert_non_null(strstr(fake_slack_post(s.fake, before).text, WIRE_ANSWER));
    }
}

static void our_name_alone_is_answered_with_help(void **state)
{
    size_t before = fake_slack_posts(s.fake);
    send_event(
        "\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U1\",\"ts\":\"5.1\",\"text\":"
        "\"<@UBOT>\"");
    slack_wire_expect(&s, before + 1);
    assert_non_null(strstr(fake_slack_post(s.fake, before).text, "Ask me a question"));
    send_event(
        "\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U1\",\"ts\":\"5.1\",\"text\":"
        "\"<@UBOT>\"");
    slack_wire_expect(&s, before + 1);
}

static void follow_up(const char *user, const char *ts, const char *text)
{
    char event[512];
    snprintf(event, sizeof event,
             "\"type\":\"message\",\"channel\":\"C1\",\"channel_type\":\"channel\",\"user\":\"%s\","
             "\"ts\":\"%s\",\"thread_ts\":\"6.1\",\"text\":\"%s\"",
             user, ts, text);
    send_event(event);
}

static void a_thread_is_ours_while_it_is_between_the_asker_and_us(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    follow_up("U1", "6.0", "How long is the training?"); /* before: a thread of others */
    slack_wire_expect(&s, n);
    send_event("\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U1\",\"ts\":\"6.1\"," Q);
    slack_wire_expect(&s, ++n);
    follow_up("U1", "6.2", "How long does the training of a lighthouse keeper take?");
    slack_wire_expect(&s, ++n);
    assert_string_equal(fake_slack_post(s.fake, n - 1).thread, "6.1");
    slack_wire_restart(&s, SIGKILL); /* it is still ours */
    follow_up("U1", "6.3", "How long does the training of a lighthouse keeper take?");
    slack_wire_expect(&s, ++n);
    follow_up("U2", "6.4", "I think it is two years");
    follow_up("U1", "6.5", "Really? How long does the training take?");
    slack_wire_expect(&s, n);
    send_event("\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U1\",\"ts\":\"6.6\","
               "\"thread_ts\":\"6.1\"," Q);
    slack_wire_expect(&s, ++n);
}

static void who_turns_to_somebody_else_is_left_alone(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    send_event("\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U1\",\"ts\":\"7.1\"," Q);
    slack_wire_expect(&s, ++n);
    send_event("\"type\":\"message\",\"channel\":\"C1\",\"channel_type\":\"channel\",\"user\":"
               "\"U1\",\"ts\":\"7.2\",\"thread_ts\":\"7.1\",\"text\":\"<@U2> how much do you "
               "earn?\"");
    slack_wire_expect(&s, n);
}

static void every_channel_has_its_policy(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    send_event("\"type\":\"app_mention\",\"channel\":\"COFF\",\"user\":\"U1\",\"ts\":\"8.1\"," Q);
    slack_wire_expect(&s, n);
    send_event("\"type\":\"app_mention\",\"channel\":\"CQUIET\",\"user\":\"U1\",\"ts\":\"8.2\"," Q);
    slack_wire_expect(&s, ++n);
    assert_string_equal(fake_slack_post(s.fake, n - 1).method, "chat.postEphemeral");
    assert_string_equal(fake_slack_post(s.fake, n - 1).user, "U1");
    send_event("\"type\":\"message\",\"channel\":\"CASK\",\"channel_type\":\"channel\",\"user\":"
               "\"U1\",\"ts\":\"8.3\",\"text\":\"" WIRE_QUESTION "\"");
    slack_wire_expect(&s, ++n);
    assert_string_equal(fake_slack_post(s.fake, n - 1).thread, "8.3");
    send_event("\"type\":\"message\",\"channel\":\"CASK\",\"channel_type\":\"channel\",\"user\":"
               "\"U1\",\"ts\":\"8.4\",\"text\":\"zebra quantum flapjack\"");
    slack_wire_expect(&s, n); /* what we do not know we do not say there */
}

static void other_workspaces_are_refused_where_only_they_see_it(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    send_event("\"type\":\"app_mention\",\"channel\":\"C1\",\"user\":\"U7\",\"user_team\":\"T2\","
               "\"ts\":\"9.1\"," Q);
    slack_wire_expect(&s, ++n);
    assert_string_equal(fake_slack_post(s.fake, n - 1).method, "chat.postEphemeral");
    assert_null(strstr(fake_slack_post(s.fake, n - 1).text, WIRE_ANSWER));
}

static void the_home_says_what_can_be_asked(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    send_event("\"type\":\"app_home_opened\",\"user\":\"U1\",\"channel\":\"D1\",\"tab\":\"home\"");
    slack_wire_expect(&s, ++n);
    assert_string_equal(fake_slack_post(s.fake, n - 1).method, "views.publish");
    assert_string_equal(fake_slack_post(s.fake, n - 1).user, "U1");
    assert_non_null(strstr(fake_slack_post(s.fake, n - 1).text, "Ask me a question"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bots_unfurls_and_joins_are_not_answered),
        cmocka_unit_test(a_direct_message_is_answered_without_a_thread_or_in_its_own),
        cmocka_unit_test(a_mention_in_a_thread_is_answered_under_its_parent),
        cmocka_unit_test(our_name_is_no_part_of_the_question),
        cmocka_unit_test(our_name_alone_is_answered_with_help),
        cmocka_unit_test(a_thread_is_ours_while_it_is_between_the_asker_and_us),
        cmocka_unit_test(who_turns_to_somebody_else_is_left_alone),
        cmocka_unit_test(every_channel_has_its_policy),
        cmocka_unit_test(other_workspaces_are_refused_where_only_they_see_it),
        cmocka_unit_test(the_home_says_what_can_be_asked),
    };
    return cmocka_run_group_tests_name("72-slack-where", tests, set_up, tear_down);
}
