/* The cheap relatives: golden requests in, golden responses out; tokens, our own posts, edits, mentions that must ring nobody.
 * Shown with requests made by hand: none of these servers can be had in a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/wire/harness/wire.h"

static struct wire *w;
static char folder[] = "/tmp/guidepost-hooks-XXXXXX";

static int set_up(void **state)
{
    char path[64], settings[512];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/token", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("right\nolder\n", f);
    fclose(f);
    assert_int_equal(chmod(path, 0600), 0);
    snprintf(
        settings, sizeof settings,
        "mattermost: {token_file: %s}\nrocketchat: {token_file: %s}\nzulip: {token_file: %s}\n",
        path, path, path);
    w = wire_start(&(struct wire_options){.settings = settings});
    return 0;
}

static int tear_down(void **state)
{
    char path[64];
    wire_stop(w);
    snprintf(path, sizeof path, "%s/token", folder);
    unlink(path);
    return rmdir(folder);
}

/* The member of the response; "" when absent. Static storage. */
static const char *ask(int status, const char *path, const char *headers, const char *body,
                       const char *member)
{
    static char value[8192];
    struct answer a;
    char all[512];
    snprintf(all, sizeof all, "Content-Type: %s\r\n%s",
             *body == '{' ? "application/json" : "application/x-www-form-urlencoded",
             headers ? headers : "");
    assert_true(client_http(w->port, "POST", path, all, body, &a));
    if (a.status != status)
        fail_msg("%s: %d: %s", path, a.status, a.body);
    cJSON *j = cJSON_Parse(a.body);
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, member));
    snprintf(value, sizeof value, "%s", s ? s : "");
    if (status == 200)
        assert_non_null(j); /* always JSON */
    cJSON_Delete(j);
    answer_release(&a);
    return value;
}

#define HAS(text, what) assert_non_null(strstr(text, what))

static void mattermost_answers_commands_privately_and_posts_in_their_thread(void **state)
{
    static const char command[] = "token=right&channel_id=c&user_id=u&command=%2Fask&text=How+much+"
                                  "does+a+lighthouse+keeper+earn%3F";
    HAS(ask(200, "/mattermost/command", NULL, command, "text"), WIRE_ANSWER);
    HAS(ask(200, "/mattermost/command", NULL, command, "text"), "Source: [");
    assert_string_equal(ask(200, "/mattermost/command", NULL, command, "response_type"),
                        "ephemeral");
    ask(200, "/mattermost/command", "Authorization: Token right\r\n", command, "text");
    ask(401, "/mattermost/command", "Authorization: Token wrong\r\n", command, "text");
    ask(401, "/mattermost/command", NULL, "token=wrong&text=hi", "text");
    ask(401, "/mattermost/command", NULL, "text=hi", "text");
    static const char post[] = "{\"token\":\"older\",\"channel_id\":\"c\",\"user_id\":\"u\","
                               "\"user_name\":\"ann\",\"trigger_word\":\"ask\",\"text\":\"ask: How "
                               "much does a lighthouse keeper earn?\"}";
    HAS(ask(200, "/mattermost/webhook", NULL, post, "text"), WIRE_ANSWER);
    assert_string_equal(ask(200, "/mattermost/webhook", NULL, post, "response_type"), "comment");
    assert_string_equal(ask(200, "/mattermost/webhook", NULL,
                            "{\"token\":\"right\",\"user_name\":\"guidepost\",\"text\":\"x\"}",
                            "text"),
                        "");
    HAS(ask(200, "/mattermost/command", NULL, "token=right&text=", "text"), "Ask me a question");
}

#define ROCKET(more)                                                                               \
    "{\"token\":\"right\",\"channel_id\":\"c\",\"message_id\":\"m1\",\"user_name\":\"ann\","       \
    "\"text\":\"" WIRE_QUESTION "\"" more "}"

static void rocketchat_answers_in_the_messages_thread(void **state)
{
    HAS(ask(200, "/rocketchat", NULL, ROCKET(""), "text"), WIRE_ANSWER);
    assert_string_equal(ask(200, "/rocketchat", NULL, ROCKET(""), "tmid"), "m1");
    assert_string_equal(ask(200, "/rocketchat", NULL, ROCKET(",\"tmid\":\"t0\""), "tmid"), "t0");
    assert_string_equal(ask(200, "/rocketchat", NULL, ROCKET(",\"bot\":true"), "text"), "");
    assert_string_equal(ask(200, "/rocketchat", NULL, ROCKET(",\"isEdited\":true"), "text"), "");
    assert_string_equal(ask(200, "/rocketchat", NULL, ROCKET(",\"alias\":\"guidepost\""), "text"),
                        "");
    ask(401, "/rocketchat", NULL, "{\"token\":\"wrong\",\"text\":\"x\"}", "text");
    ask(401, "/rocketchat", NULL, "not json", "text");
}

#define ZULIP(data, from)                                                                          \
    "{\"token\":\"right\",\"bot_email\":\"guide-bot@z.test\",\"data\":\"" data                     \
    "\",\"trigger\":\"mention\",\"message\":{\"id\":7,\"sender_email\":\"" from                    \
    "\",\"stream_id\":3,\"subject\":\"pay\"}}"

static void zulip_gets_json_whatever_happens(void **state)
{
    HAS(ask(200, "/zulip", NULL, ZULIP("@**Guide|12** " WIRE_QUESTION, "ann@z.test"), "content"),
        WIRE_ANSWER);
    HAS(ask(200, "/zulip", NULL, ZULIP("@**Guide**", "ann@z.test"), "content"), "Ask me");
    assert_string_equal(
        ask(200, "/zulip", NULL, ZULIP(WIRE_QUESTION, "guide-bot@z.test"), "content"), "");
    assert_string_equal(
        ask(200, "/zulip", NULL, ZULIP(WIRE_QUESTION, "other-bot@z.test"), "content"), "");
    HAS(ask(200, "/zulip", NULL, ZULIP("half an emoji \\ud83d " WIRE_QUESTION, "ann@z.test"),
            "content"),
        "");
    ask(401, "/zulip", NULL, "{\"token\":\"wrong\"}", "content");
}

static void only_post_is_spoken_here(void **state)
{
    static const char *const paths[] = {"/mattermost/command", "/rocketchat", "/zulip"};
    struct answer a;
    for (size_t i = 0; i < 3; i++) {
        assert_true(client_http(w->port, "GET", paths[i], NULL, NULL, &a));
        assert_int_equal(a.status, 405);
        answer_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mattermost_answers_commands_privately_and_posts_in_their_thread),
        cmocka_unit_test(rocketchat_answers_in_the_messages_thread),
        cmocka_unit_test(zulip_gets_json_whatever_happens),
        cmocka_unit_test(only_post_is_spoken_here),
    };
    return cmocka_run_group_tests_name("79-hooks", tests, set_up, tear_down);
}
