/* S6 and adapters' cases 10 to 15: forged, truncated, stale and unsigned deliveries are refused and leave nothing in the inbox;
 * what the official library would reject is rejected, and what Slack really sends is taken, in whatever spelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/fake/wire.h"
#include "tests/sql.h"

static struct slack_wire s;

static int set_up(void **state)
{
    s = slack_wire_start(NULL, false);
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

/* How many messages the inbox has ever seen. */
static int inbox(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data/state.db", s.w->folder);
    return (int)sql_number(path, "SELECT count(*) FROM inbox WHERE adapter='slack'");
}

static int post(const char *type, const char *timestamp, const char *signature, const char *body,
                char **ret_body)
{
    char lines[512];
    struct answer a;
    snprintf(lines, sizeof lines, "Content-Type: %s\r\n%s%s%s%s%s%s", type,
             timestamp ? "X-Slack-Request-Timestamp: " : "", timestamp ? timestamp : "",
             timestamp ? "\r\n" : "", signature ? "X-Slack-Signature: " : "",
             signature ? signature : "", signature ? "\r\n" : "");
    assert_true(client_http(s.w->port, "POST", "/slack/events", lines, body, &a));
    int status = a.status;
    if (ret_body)
        *ret_body = strdup(a.body);
    answer_release(&a);
    return status;
}

/* Signed with `secret`, as of `off` seconds from now. */
static int post_at(const char *secret, int off, const char *type, const char *body)
{
    char timestamp[32], signature[68];
    long long at = time(NULL) + off;
    snprintf(timestamp, sizeof timestamp, "%lld", at);
    fake_slack_sign(secret, at, body, strlen(body), signature);
    return post(type, timestamp, signature, body, NULL);
}

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

static char *question(const char *id)
{
    return fake_slack_mention(id, "U1", "1699000001.000100", "<@UBOT> " WIRE_QUESTION, "");
}

static void what_is_not_signed_by_slack_is_401_and_never_kept(void **state)
{
    char *body = question("EvForged"), timestamp[32], signature[68], bad[68];
    long long now = time(NULL);
    int before = inbox();
    snprintf(timestamp, sizeof timestamp, "%lld", now);
    fake_slack_sign(FAKE_SECRET, now, body, strlen(body), signature);

    assert_int_equal(post(JSON, NULL, NULL, body, NULL), 401);
    assert_int_equal(post(JSON, timestamp, NULL, body, NULL), 401);
    assert_int_equal(post(JSON, NULL, signature, body, NULL), 401);
    assert_int_equal(post_at("another secret", 0, JSON, body), 401);
    assert_int_equal(post_at("", 0, JSON, body), 401);
    assert_int_equal(post(JSON, "+1531420618", signature, body, NULL), 401);
    memcpy(bad, signature, sizeof bad);
    bad[66] = '\0';
    assert_int_equal(post(JSON, timestamp, bad, body, NULL), 401); /* truncated */
    memcpy(bad, signature, sizeof bad);
    for (char *c = bad + 3; *c; c++)
        *c = (char)(*c >= 'a' ? *c - 32 : *c);
    assert_int_equal(post(JSON, timestamp, bad, body, NULL), 401); /* other case */
    body[strlen(body) - 2] ^= 1;
    assert_int_equal(post(JSON, timestamp, signature, body, NULL), 401); /* one byte */
    assert_int_equal(inbox(), before);
    assert_int_equal(fake_slack_posts(s.fake), 0);
    assert_true(slack_wire_wait_said(&s, "the signature is wrong", 5000));
    free(body);
}

static void a_clock_that_is_off_by_more_than_five_minutes_is_named(void **state)
{
    char *body = question("EvClock");
    int before = inbox();
    assert_int_equal(post_at(FAKE_SECRET, -301, JSON, body), 401);
    assert_int_equal(post_at(FAKE_SECRET, 302, JSON, body), 401);
    assert_int_equal(post_at(FAKE_SECRET, -600, JSON, body), 401);
    assert_int_equal(post_at(FAKE_SECRET, 600, JSON, body), 401);
    assert_int_equal(inbox(), before);
    assert_true(slack_wire_wait_said(&s, "clock skew", 5000));
    assert_true(slack_wire_wait_said(&s, "local=", 5000) && wire_said(s.w, "header="));
    assert_int_equal(post_at(FAKE_SECRET, -290, JSON, body), 200);
    assert_int_equal(post_at(FAKE_SECRET, 290, JSON, body), 200);
    slack_wire_expect(&s, 1);
    free(body);
}

static void a_replay_within_the_window_is_taken_once(void **state)
{
    char *body = question("EvReplay"), timestamp[32], signature[68];
    long long now = time(NULL);
    size_t before = fake_slack_posts(s.fake);
    snprintf(timestamp, sizeof timestamp, "%lld", now);
    body[0] = '{';
    char *fresh = strstr(body, "1699000001");
    memcpy(fresh, "1699000077", 10);
    fake_slack_sign(FAKE_SECRET, now, body, strlen(body), signature);
    for (int i = 0; i < 3; i++)
        assert_int_equal(post(JSON, timestamp, signature, body, NULL), 200);
    slack_wire_expect(&s, before + 1);
    free(body);
}

static void the_probe_of_an_address_does_nothing_else(void **state)
{
    int before = inbox();
    size_t posts = fake_slack_posts(s.fake);
    char *body;
    static const char *const smuggled[] = {
        "ssl_check=1&token=x", "token=x&ssl_check=1",
        "ssl_check=1&payload=%7B%22type%22%3A%22event_callback%22%2C%22event_id%22%3A%22E%22%7D",
        "ssl_check=1&command=%2Fask&text=hi&trigger_id=1&user_id=U1&team_id=T1"};
    for (size_t i = 0; i < sizeof smuggled / sizeof *smuggled; i++) {
        assert_int_equal(post(FORM, NULL, NULL, smuggled[i], &body), 200);
        assert_string_equal(body, "");
        free(body);
    }
    assert_int_equal(post(FORM, NULL, NULL, "ssl_check=0&token=x", NULL), 401);
    assert_int_equal(post(FORM, NULL, NULL, "ssl_check=true&command=%2Fask", NULL), 401);
    assert_int_equal(inbox(), before);
    assert_int_equal(fake_slack_posts(s.fake), posts);
}

static void the_challenge_is_answered_when_signed(void **state)
{
    static const char body[] = "{\"token\":\"t\",\"challenge\":\"c-\\\"1\\u00e9\",\"type\":"
                               "\"url_verification\"}";
    char *said;
    assert_int_equal(fake_slack_send(s.w->port, JSON, body, NULL, &said), 200);
    assert_string_equal(said, "{\"challenge\":\"c-\\\"1\xC3\xA9\"}");
    free(said);
    assert_int_equal(post(JSON, NULL, NULL, body, NULL), 401);
    assert_int_equal(post_at("another secret", 0, JSON, body), 401);
}

static void a_form_is_taken_in_any_spelling(void **state)
{
    static const char *const bodies[] = {
        "team_id=T1&channel_id=C1&user_id=U1&command=%2Fask&text=how+*much*+does+a+lighthouse+"
        "keeper+earn&trigger_id=1.1&response_url=%s",
        "text=how%%20much%%20does%%20a%%20lighthouse%%20keeper%%20earn%%3f&empty=&command=/ask&"
        "trigger_id=1.2&user_id=U1&team_id=T1&channel_id=C1&response_url=%s"};
    char body[1024], url[128], *said;
    for (size_t i = 0; i < 2; i++) {
        size_t before = fake_slack_posts(s.fake);
        snprintf(url, sizeof url, "http://127.0.0.1:%d/api/hook/form%zu", fake_slack_port(s.fake),
                 i);
        const char *at = strstr(bodies[i], "%s");
        snprintf(body, sizeof body, "%.*s%s", (int)(at - bodies[i]), bodies[i], url);
        for (char *c; (c = strstr(body, "%%"));)
            memmove(c, c + 1, strlen(c));
        if (!i) { /* "%2F" is meant */
            assert_non_null(strstr(body, "%2Fask"));
        }
        assert_int_equal(fake_slack_send(s.w->port, FORM "; charset=utf-8", body, NULL, &said),
                         200);
        assert_non_null(strstr(said, "Looking that up"));
        assert_non_null(strstr(said, "ephemeral"));
        free(said);
        slack_wire_expect(&s, before + 1);
        assert_string_equal(fake_slack_post(s.fake, before).method, "respond");
        assert_non_null(strstr(fake_slack_post(s.fake, before).text, WIRE_ANSWER));
    }
}

static void broken_json_is_set_aside_and_nothing_is_a_bad_request(void **state)
{
    int before = inbox();
    assert_int_equal(post_at(FAKE_SECRET, 0, JSON, "{\"type\":\"event_callback\""), 200);
    assert_int_equal(inbox(), before + 1);
    assert_true(slack_wire_wait_said(&s, "cannot be read is set aside", 2000));
    assert_int_equal(post_at(FAKE_SECRET, 0, JSON, ""), 400);
    assert_int_equal(inbox(), before + 1);
}

static void only_post_is_spoken_here(void **state)
{
    struct answer a;
    assert_true(client_http(s.w->port, "GET", "/slack/events", NULL, NULL, &a));
    assert_int_equal(a.status, 405);
    answer_release(&a);
}

/* libwebsockets would wait for a body that it never hands on. */
static void chunks_are_refused_at_once(void **state)
{
    static const char request[] =
        "POST /slack/events HTTP/1.1\r\nHost: x\r\n"
        "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
        "2\r\n{}\r\n0\r\n\r\n";
    int before = inbox();
    assert_int_equal(client_status(s.w->port, request, sizeof request - 1, 5000), 411);
    assert_int_equal(inbox(), before);
}

static void secrets_never_stand_in_the_log(void **state)
{
    assert_false(wire_said(s.w, FAKE_SECRET));
    assert_false(wire_said(s.w, FAKE_TOKEN));
    assert_false(wire_said(s.w, WIRE_QUESTION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_signed_by_slack_is_401_and_never_kept),
        cmocka_unit_test(a_clock_that_is_off_by_more_than_five_minutes_is_named),
        cmocka_unit_test(a_replay_within_the_window_is_taken_once),
        cmocka_unit_test(the_probe_of_an_address_does_nothing_else),
        cmocka_unit_test(the_challenge_is_answered_when_signed),
        cmocka_unit_test(a_form_is_taken_in_any_spelling),
        cmocka_unit_test(broken_json_is_set_aside_and_nothing_is_a_bad_request),
        cmocka_unit_test(only_post_is_spoken_here),
        cmocka_unit_test(chunks_are_refused_at_once),
        cmocka_unit_test(secrets_never_stand_in_the_log),
    };
    return cmocka_run_group_tests_name("70-slack-not-from-slack", tests, set_up, tear_down);
}
