/* test_slack_event.c: what is let in, what is not, and why: events as Slack sends them, in the shapes that have fooled
 * other bots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/slack/slack_int.h"

static struct pool *pool;
static const struct slack_self self = {.team = "T1", .user = "UBOT", .bot = "BBOT"};
static const char *const friends[] = {"UFRIEND", NULL};
static const struct slack_gate gate = {.self = &self, .app = "A1", .allowed_bot = friends};

static int set_up(void **state)
{
    pool = pool_new();
    return 0;
}

static int tear_down(void **state)
{
    pool_free(pool);
    return 0;
}

static struct slack_event read_body(const char *body)
{
    struct slack_event ev = {.why = "not read"};
    if (slack_event_read(pool, body, strlen(body), &gate, &ev))
        fail_msg("refused: %s", body);
    return ev;
}

/* An event in its envelope. */
static struct slack_event read_event(const char *event)
{
    return read_body(
        pool_printf(pool,
                    "{\"token\":\"x\",\"team_id\":\"T1\",\"api_app_id\":\"A1\",\"type\":"
                    "\"event_callback\",\"event_id\":\"Ev1\",\"authorizations\":[{"
                    "\"team_id\":\"T1\",\"user_id\":\"UBOT\",\"is_bot\":true}],"
                    "\"is_ext_shared_channel\":false,\"event\":%s}",
                    event));
}

static void is_dropped(const char *event)
{
    struct slack_event ev = read_event(event);
    if (ev.kind != SLACK_NOTHING)
        fail_msg("let in: %s", event);
    assert_true(*ev.why);
}

#define PLACE "\"channel\":\"C1\",\"ts\":\"1700000000.000100\""

static void a_mention_is_a_message_with_all_its_parts(void **state)
{
    struct slack_event ev =
        read_event("{\"type\":\"app_mention\",\"user\":\"U1\",\"text\":\"<@UBOT> what does it "
                   "pay?\",\"thread_ts\":\"1699999999.000001\"," PLACE "}");
    assert_int_equal(ev.kind, SLACK_MESSAGE);
    assert_string_equal(ev.key, "ev:Ev1");
    assert_string_equal(ev.team, "T1");
    assert_string_equal(ev.channel, "C1");
    assert_string_equal(ev.user, "U1");
    assert_string_equal(ev.ts, "1700000000.000100");
    assert_string_equal(ev.thread, "1699999999.000001");
    assert_string_equal(ev.text.text, "what does it pay?");
    assert_true(ev.mention && !ev.direct && !ev.external);
}

static void the_plain_copy_of_a_mention_is_a_mention_too(void **state)
{
    struct slack_event ev =
        read_event("{\"type\":\"message\",\"channel_type\":\"channel\",\"user\":\"U1\",\"text\":"
                   "\"<@UBOT> hi\"," PLACE "}");
    assert_int_equal(ev.kind, SLACK_MESSAGE);
    assert_true(ev.mention);
}

static void a_direct_message_needs_no_mention(void **state)
{
    struct slack_event ev = read_event("{\"type\":\"message\",\"channel_type\":\"im\",\"user\":"
                                       "\"U1\",\"text\":\"hi\"," PLACE "}");
    assert_int_equal(ev.kind, SLACK_MESSAGE);
    assert_true(ev.direct && !ev.mention);
    assert_string_equal(ev.thread, "");
}

static void bots_are_not_listened_to_and_we_least_of_all(void **state)
{
    is_dropped("{\"type\":\"message\",\"channel_type\":\"im\",\"user\":\"UBOT\",\"bot_id\":"
               "\"BBOT\",\"text\":\"an answer\"," PLACE "}");
    is_dropped("{\"type\":\"message\",\"channel_type\":\"im\",\"bot_id\":\"BBOT\",\"text\":\"an "
               "answer\"," PLACE "}");
    is_dropped("{\"type\":\"message\",\"channel_type\":\"im\",\"user\":\"UBOT\",\"text\":\"an "
               "answer\"," PLACE "}");
    is_dropped("{\"type\":\"app_mention\",\"user\":\"U9\",\"bot_id\":\"B9\",\"text\":\"<@UBOT> "
               "hi\"," PLACE "}");
    is_dropped("{\"type\":\"app_mention\",\"user\":\"U9\",\"bot_profile\":{\"id\":\"B9\"},\"text\":"
               "\"<@UBOT> hi\"," PLACE "}");
    is_dropped("{\"type\":\"app_mention\",\"user\":\"U9\",\"app_id\":\"A9\",\"text\":\"<@UBOT> "
               "hi\"," PLACE "}");
    is_dropped(
        "{\"type\":\"message\",\"subtype\":\"bot_message\",\"bot_id\":\"B9\",\"text\":\"hi\","
        "\"channel_type\":\"im\"," PLACE "}");
    is_dropped("{\"type\":\"message\",\"channel_type\":\"im\",\"user\":\"USLACKBOT\",\"text\":"
               "\"hi\"," PLACE "}");
    assert_int_equal(read_event("{\"type\":\"app_mention\",\"user\":\"UFRIEND\",\"bot_id\":\"B2\","
                                "\"text\":\"<@UBOT> hi\"," PLACE "}")
                         .kind,
                     SLACK_MESSAGE);
}

static void only_known_subtypes_are_messages(void **state)
{
    static const char *const all[] = {"message_replied",      "me_message",        "channel_join",
                                      "channel_topic",        "ekm_access_denied", "reminder_add",
                                      "assistant_app_thread", "never_heard_of"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        is_dropped(pool_printf(pool,
                               "{\"type\":\"message\",\"channel_type\":\"im\",\"subtype\":\"%s\","
                               "\"user\":\"U1\",\"text\":\"hi\"," PLACE "}",
                               all[i]));
    static const char *const fine[] = {"file_share", "thread_broadcast"};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            read_event(
                pool_printf(pool,
                            "{\"type\":\"message\",\"channel_type\":\"im\",\"subtype\":\"%s\""
                            ",\"user\":\"U1\",\"text\":\"hi\"," PLACE "}",
                            fine[i]))
                .kind,
            SLACK_MESSAGE);
    is_dropped("{\"type\":\"message\",\"hidden\":true,\"channel_type\":\"im\",\"user\":\"U1\","
               "\"text\":\"hi\"," PLACE "}");
    is_dropped("{\"type\":\"reaction_added\",\"user\":\"U1\"}");
}

#define CHANGED(message, before)                                                                   \
    "{\"type\":\"message\",\"subtype\":\"message_changed\",\"hidden\":true,\"channel\":\"C1\","    \
    "\"ts\":\"2.2\",\"message\":{" message "},\"previous_message\":{" before "}}"

static void an_edit_is_what_its_author_did(void **state)
{
    struct slack_event ev = read_event(CHANGED(
        "\"user\":\"U1\",\"ts\":\"1.1\",\"text\":\"<@UBOT> new\",\"edited\":{\"ts\":\"2.1\"}",
        "\"text\":\"<@UBOT> old\""));
    assert_int_equal(ev.kind, SLACK_EDITED);
    assert_string_equal(ev.ts, "1.1");
    assert_string_equal(ev.text.text, "new");
    is_dropped(
        CHANGED("\"user\":\"U1\",\"ts\":\"1.1\",\"text\":\"a link\"", "\"text\":\"a link\""));
    is_dropped(CHANGED("\"user\":\"U1\",\"ts\":\"1.1\",\"text\":\"same\",\"edited\":{}",
                       "\"text\":\"same\""));
    is_dropped(CHANGED("\"user\":\"UBOT\",\"bot_id\":\"BBOT\",\"ts\":\"1.1\",\"text\":\"x\","
                       "\"edited\":{}",
                       "\"text\":\"y\""));
    is_dropped(CHANGED("\"bot_id\":\"BBOT\",\"ts\":\"1.1\",\"text\":\"x\",\"edited\":{}", ""));
    is_dropped("{\"type\":\"message\",\"subtype\":\"message_changed\",\"channel\":\"C1\"}");
    ev = read_event("{\"type\":\"message\",\"subtype\":\"message_deleted\",\"hidden\":true,"
                    "\"channel\":\"C1\",\"deleted_ts\":\"1.1\",\"previous_message\":{\"user\":"
                    "\"U1\"}}");
    assert_int_equal(ev.kind, SLACK_DELETED);
    assert_string_equal(ev.ts, "1.1");
    assert_string_equal(ev.user, "U1");
}

static void text_that_is_only_in_blocks_is_found(void **state)
{
    struct slack_event ev = read_event(
        "{\"type\":\"message\",\"channel_type\":\"im\",\"user\":\"U1\",\"text\":\"\",\"blocks\":[{"
        "\"type\":\"rich_text\",\"elements\":[{\"type\":\"rich_text_section\",\"elements\":[{"
        "\"type\":\"user\",\"user_id\":\"UBOT\"},{\"type\":\"text\",\"text\":\" is a < b? \"},{"
        "\"type\":\"link\",\"url\":\"https://x.test\"}]}]}]," PLACE "}");
    assert_string_equal(ev.text.text, "is a < b? https://x.test");
    assert_true(ev.mention);
}

static void other_workspaces_are_told_apart(void **state)
{
    struct slack_event ev = read_event(
        "{\"type\":\"app_mention\",\"user\":\"U1\",\"user_team\":\"T2\",\"text\":\"hi\"," PLACE
        "}");
    assert_true(ev.external);
    assert_true(read_event("{\"type\":\"app_mention\",\"user\":\"U1\",\"team\":\"T2\",\"text\":"
                           "\"hi\"," PLACE "}")
                    .external);
    assert_false(read_event("{\"type\":\"app_mention\",\"user\":\"U1\",\"team\":\"T1\",\"text\":"
                            "\"hi\"," PLACE "}")
                     .external);
    ev =
        read_body("{\"team_id\":\"T2\",\"authorizations\":[{\"team_id\":\"T1\"}],\"type\":"
                  "\"event_callback\",\"event_id\":\"E\",\"is_ext_shared_channel\":true,\"event\":{"
                  "\"type\":\"app_mention\",\"user\":\"U1\",\"text\":\"hi\"," PLACE "}}");
    assert_int_equal(ev.kind, SLACK_MESSAGE);
    assert_true(ev.external);
    ev = read_body("{\"team_id\":\"T2\",\"type\":\"event_callback\",\"event_id\":\"E\",\"event\":{"
                   "\"type\":\"app_mention\",\"user\":\"U1\",\"text\":\"hi\"," PLACE "}}");
    assert_int_equal(ev.kind, SLACK_NOTHING);
    ev =
        read_body("{\"team_id\":\"T1\",\"api_app_id\":\"A2\",\"type\":\"event_callback\","
                  "\"event_id\":\"E\",\"event\":{\"type\":\"app_mention\",\"user\":\"U1\",\"text\":"
                  "\"hi\"," PLACE "}}");
    assert_int_equal(ev.kind, SLACK_NOTHING);
}

static void the_life_of_the_app_is_told(void **state)
{
    assert_int_equal(read_event("{\"type\":\"app_uninstalled\"}").kind, SLACK_GONE);
    assert_int_equal(
        read_event("{\"type\":\"tokens_revoked\",\"tokens\":{\"oauth\":[],\"bot\":[\"UBOT\"]}}")
            .kind,
        SLACK_GONE);
    is_dropped("{\"type\":\"tokens_revoked\",\"tokens\":{\"oauth\":[\"U1\"],\"bot\":[]}}");
    is_dropped("{\"type\":\"tokens_revoked\",\"tokens\":{\"oauth\":[\"U1\"]}}");
    struct slack_event ev =
        read_event("{\"type\":\"app_home_opened\",\"user\":\"U1\",\"channel\":\"D1\",\"tab\":"
                   "\"home\"}");
    assert_int_equal(ev.kind, SLACK_HOME);
    assert_string_equal(ev.user, "U1");
    is_dropped("{\"type\":\"app_home_opened\",\"user\":\"U1\",\"tab\":\"messages\"}");
    assert_int_equal(read_body("{\"type\":\"app_rate_limited\",\"team_id\":\"T1\","
                               "\"minute_rate_limited\":1518467820,\"api_app_id\":\"A1\"}")
                         .kind,
                     SLACK_THROTTLED);
}

static void a_challenge_needs_no_knowledge_of_ourselves(void **state)
{
    static const char body[] = "{\"token\":\"t\",\"challenge\":\"c\\\"1\",\"type\":"
                               "\"url_verification\"}";
    struct slack_event ev;
    assert_int_equal(slack_event_read(pool, body, sizeof body - 1, NULL, &ev), 0);
    assert_int_equal(ev.kind, SLACK_CHALLENGE);
    assert_string_equal(ev.challenge, "c\"1");
}

static void the_key_of_a_delivery_is_known_without_the_gate(void **state)
{
    static const char body[] = "{\"type\":\"event_callback\",\"event_id\":\"Ev7\",\"event\":{}}";
    struct slack_event ev;
    assert_int_equal(slack_event_read(pool, body, sizeof body - 1, NULL, &ev), 0);
    assert_string_equal(ev.key, "ev:Ev7");
}

static void a_command_is_read_whatever_its_spelling(void **state)
{
    static const char *const all[] = {
        "token=x&team_id=T1&channel_id=C1&user_id=U1&command=%2Fask&text=caf%C3%A9+%26+100%25&"
        "response_url=https%3A%2F%2Fhooks.slack.com%2Fc&trigger_id=1.2.a",
        "text=caf%c3%a9%20%26%20100%25&empty=&command=/ask&trigger_id=1.2.a&user_id=U1&team_id=T1&"
        "channel_id=C1&response_url=https://hooks.slack.com/c",
        "{\"team_id\":\"T1\",\"channel_id\":\"C1\",\"user_id\":\"U1\",\"command\":\"/"
        "ask\",\"text\":"
        "\"caf\xC3\xA9 & 100%\",\"trigger_id\":\"1.2.a\",\"response_url\":"
        "\"https://hooks.slack.com/c\"}"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct slack_event ev = read_body(all[i]);
        assert_int_equal(ev.kind, SLACK_COMMAND);
        assert_string_equal(ev.text.text, "caf\xC3\xA9 & 100%");
        assert_string_equal(ev.key, "cmd:1.2.a");
        assert_string_equal(ev.response_url, "https://hooks.slack.com/c");
        assert_string_equal(ev.command, "/ask");
    }
}

static void who_clicks_may_be_of_another_workspace(void **state)
{
    struct slack_event ev = read_body(
        "{\"type\":\"block_actions\",\"user\":{\"id\":\"U1\",\"team_id\":\"T2\"},\"team\":"
        "{\"id\":\"T1\"},\"actions\":[{\"action_id\":\"qa_fb_up\",\"value\":\"v1:42:up\"}]}");
    assert_int_equal(ev.kind, SLACK_CLICK); /* a vote is anybody's */
    assert_true(ev.external);
}

static void a_click_says_who_where_and_what(void **state)
{
    static const char json[] =
        "{\"type\":\"block_actions\",\"user\":{\"id\":\"U1\"},\"team\":{\"id\":\"T1\"},"
        "\"trigger_id\":\"9.9\",\"container\":{\"type\":\"message\",\"message_ts\":\"1.5\","
        "\"channel_id\":\"C1\",\"is_ephemeral\":true},\"response_url\":\"https://hooks.slack.com/"
        "a\","
        "\"actions\":[{\"action_id\":\"foreign\",\"value\":\"?\"},{\"type\":\"button\",\"action_"
        "id\":"
        "\"qa_fb_up\",\"value\":\"v1:42:up\",\"action_ts\":\"3.3\"}]}";
    struct slack_event ev = read_body(json);
    assert_int_equal(ev.kind, SLACK_CLICK);
    assert_string_equal(ev.key, "act:1.5:U1:qa_fb_up:3.3");
    assert_string_equal(ev.value, "v1:42:up");
    assert_string_equal(ev.channel, "C1");
    assert_true(ev.ephemeral);
    assert_false(ev.external);
    ev = read_body("payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A%7B%22id%22%3A%22U1%"
                   "22%7D%2C%22team%22%3A%7B%22id%22%3A%22T1%22%7D%2C%22actions%22%3A%5B%5D%7D");
    assert_int_equal(ev.kind, SLACK_NOTHING);
}

static void a_shortcut_brings_the_message_it_is_on(void **state)
{
    struct slack_event ev = read_body(
        "{\"type\":\"message_action\",\"callback_id\":\"qa_ask_message\",\"trigger_id\":\"8.8\","
        "\"user\":{\"id\":\"U1\"},\"team\":{\"id\":\"T1\"},\"channel\":{\"id\":\"C1\"},\"message\":"
        "{"
        "\"ts\":\"1.5\",\"text\":\"what does it pay &amp; why?\"},\"response_url\":\"https://h\"}");
    assert_int_equal(ev.kind, SLACK_SHORTCUT);
    assert_string_equal(ev.text.text, "what does it pay & why?");
    assert_string_equal(ev.key, "act:qa_ask_message:U1:8.8");
}

static void half_an_emoji_does_not_cost_the_message(void **state)
{
    struct slack_event ev =
        read_event("{\"type\":\"message\",\"channel_type\":\"im\",\"user\":\"U1\",\"text\":\"pay "
                   "\\ud83d now\\u0000? \xFF\"," PLACE "}");
    assert_int_equal(ev.kind, SLACK_MESSAGE);
    assert_string_equal(ev.text.text, "pay \xEF\xBF\xBD now\xEF\xBF\xBD? \xEF\xBF\xBD");
}

static void what_slack_would_never_send_is_refused(void **state)
{
    static const char *const all[] = {"",
                                      "{",
                                      "{}",
                                      "[]",
                                      "null",
                                      "x",
                                      "a=b",
                                      "{\"type\":\"\"}",
                                      "payload=",
                                      "payload=x",
                                      "payload=%5B%5D",
                                      "command=%2Fask",
                                      "{\"type\":\"event_callback\"}",
                                      "{\"type\":\"event_callback\",\"event_id\":\"E\"}",
                                      "{\"type\":\"event_callback\",\"event\":{}}"};
    struct slack_event ev;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(slack_event_read(pool, all[i], strlen(all[i]), &gate, &ev), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mention_is_a_message_with_all_its_parts),
        cmocka_unit_test(the_plain_copy_of_a_mention_is_a_mention_too),
        cmocka_unit_test(a_direct_message_needs_no_mention),
        cmocka_unit_test(bots_are_not_listened_to_and_we_least_of_all),
        cmocka_unit_test(only_known_subtypes_are_messages),
        cmocka_unit_test(an_edit_is_what_its_author_did),
        cmocka_unit_test(text_that_is_only_in_blocks_is_found),
        cmocka_unit_test(other_workspaces_are_told_apart),
        cmocka_unit_test(the_life_of_the_app_is_told),
        cmocka_unit_test(a_challenge_needs_no_knowledge_of_ourselves),
        cmocka_unit_test(the_key_of_a_delivery_is_known_without_the_gate),
        cmocka_unit_test(a_command_is_read_whatever_its_spelling),
        cmocka_unit_test(a_click_says_who_where_and_what),
        cmocka_unit_test(who_clicks_may_be_of_another_workspace),
        cmocka_unit_test(a_shortcut_brings_the_message_it_is_on),
        cmocka_unit_test(half_an_emoji_does_not_cost_the_message),
        cmocka_unit_test(what_slack_would_never_send_is_refused),
    };
    return cmocka_run_group_tests_name("slack_event", tests, set_up, tear_down);
}
