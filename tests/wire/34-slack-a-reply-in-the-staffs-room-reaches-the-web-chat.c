/* The staff's room in Slack. A question for a person is a thread there; a reply in it is in the visitor's chat, once, however often
 * Slack delivers it and whatever is killed meanwhile; what the visitor says is in the thread, once and in order. Bots, other threads
 * and changed messages reach nobody, and who comes from another workspace changes nothing there. "!kb" finds entries, a button sends one, "!close" ends it. An asker in Slack is
 * answered in the same way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <signal.h>

#include "tests/fake/wire.h"
#include "tests/wire/harness/staff.h"

#define WAIT_MS 10000

static struct slack_wire s;
static int number;
static char token[64], epoch[40]; /* of the visitor's chat */
static long long last;            /* the last event it has seen */

static int set_up(void **state)
{
    setenv("GUIDEPOST_STAFF_ROOM", "slack:CROOM", 1);
    setenv("GUIDEPOST_STAFF_ROOM_GETS", "[person, none]", 1);
    setenv("GUIDEPOST_STAFF_NAMES", "[U7=Ana]", 1);
    setenv("GUIDEPOST_STAFF_SHOWN_AS", "{name} from the careers team", 1);
    s = slack_wire_start(NULL, false);
    return 0;
}

static int tear_down(void **state)
{
    slack_wire_stop(&s);
    return 0;
}

/* ---- the visitor ---- */

static cJSON *frame(struct client *c, const char *t)
{
    for (;;) {
        struct message m;
        client_message(c, WAIT_MS * (int)wire_slack(), false, &m);
        if (m.opcode != WS_TEXT)
            fail_msg("no frame %s came", t);
        cJSON *j = cJSON_Parse(m.s);
        message_release(&m);
        const cJSON *seq = cJSON_GetObjectItem(j, "seq");
        bool event = strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(j, "t")), "ack") != 0;
        if (seq && event && (long long)seq->valuedouble > last)
            last = (long long)seq->valuedouble;
        if (!strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(j, "t")), t))
            return j;
        cJSON_Delete(j);
    }
}

/* The next words of the staff. */
static void hear(struct client *c, const char *name, const char *text)
{
    for (;;) {
        cJSON *j = frame(c, "msg");
        bool staff = !strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(j, "from")), "staff");
        if (staff) {
            const char *who = cJSON_GetStringValue(cJSON_GetObjectItem(j, "name"));
            assert_string_equal(who ? who : "", name);
            assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "text")), text);
        }
        cJSON_Delete(j);
        if (staff)
            return;
    }
}

/* Once more to the same chat, from the last event on. */
static struct client *come_back(void)
{
    char hello[240];
    struct client *c = client_ws(s.w->port, "/v1/ws");
    snprintf(hello, sizeof hello,
             "{\"t\":\"hello\",\"v\":1,\"tok\":\"%s\",\"epoch\":\"%s\",\"last\":%lld}", token,
             epoch, last);
    assert_true(client_text(c, hello));
    cJSON *ready = frame(c, "ready");
    snprintf(token, sizeof token, "%s", cJSON_GetStringValue(cJSON_GetObjectItem(ready, "tok")));
    snprintf(epoch, sizeof epoch, "%s", cJSON_GetStringValue(cJSON_GetObjectItem(ready, "epoch")));
    cJSON_Delete(ready);
    return c;
}

static struct client *visitor(void)
{
    *token = '\0';
    last = 0;
    return come_back();
}

static void ask(struct client *c, const char *cid, const char *text)
{
    char f[300];
    snprintf(f, sizeof f, "{\"t\":\"ask\",\"cid\":\"%s\",\"text\":\"%s\"}", cid, text);
    assert_true(client_text(c, f));
}

static void want_person(struct client *c)
{
    assert_true(client_text(c, "{\"t\":\"handoff\",\"cid\":\"want\",\"want\":\"live\"}"));
    cJSON_Delete(frame(c, "handoff"));
}

/* Who was answered, and wants a person. */
static struct client *waiting_visitor(void)
{
    struct client *c = visitor();
    ask(c, "q", WIRE_QUESTION);
    cJSON_Delete(frame(c, "answer"));
    want_person(c);
    return c;
}

/* ---- the room ---- */

static void event(const char *id, const char *channel, const char *user, const char *ts,
                  const char *thread, const char *text, const char *more)
{
    char e[1200];
    snprintf(
        e, sizeof e,
        "{\"type\":\"message\",\"channel\":\"%s\",\"channel_type\":\"channel\",\"user\":\"%s\","
        "\"ts\":\"%s\",\"thread_ts\":\"%s\",\"text\":\"%s\"%s}",
        channel, user, ts, thread, text, more);
    assert_int_equal(slack_wire_send(&s, fake_slack_envelope(id, e)), 200);
}

static void reply(const char *thread, const char *text)
{
    char id[32], ts[32];
    snprintf(id, sizeof id, "EvR%d", ++number);
    snprintf(ts, sizeof ts, "1800000000.%06d", number);
    event(id, "CROOM", "U7", ts, thread, text, "");
}

/* There may be more of them by now. */
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

/* ---- */

static void words_go_both_ways_once(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    struct client *c = waiting_visitor();
    struct fake_post root = nth(n);
    assert_string_equal(root.channel, "CROOM");
    assert_string_equal(root.thread ? root.thread : "", "");
    assert_non_null(strstr(root.text, WIRE_QUESTION));
    assert_non_null(strstr(root.text, WIRE_ANSWER)); /* what it was shown */

    reply(root.ts, "Hello &amp; welcome, see <https://x.example/a|our page>");
    cJSON *active = frame(c, "handoff");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(active, "state")), "active");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(active, "who")),
                        "Ana from the careers team");
    cJSON_Delete(active);
    hear(c, "Ana from the careers team", "Hello & welcome, see our page (https://x.example/a)");

    ask(c, "q2", "And at night?");
    struct fake_post heard = nth(n + 1);
    assert_string_equal(heard.channel, "CROOM");
    assert_string_equal(heard.thread, root.ts);
    assert_non_null(strstr(heard.text, "And at night?"));

    for (int i = 0; i < 3; i++) /* Slack tries again, and brings it as a mention, too */
        event(i < 2 ? "EvSame" : "EvSame2", "CROOM", "U8", "1800000001.000001", root.ts, "Yes.",
              "");
    hear(c, "", "Yes."); /* U8 has no name here */
    event("EvBot", "CROOM", "U8", "1800000001.000002", root.ts, "I am a robot",
          ",\"bot_id\":\"B9\"");
    event("EvElse", "CROOM", "U8", "1800000001.000003", "1700000000.000001", "another thread", "");
    reply(root.ts, "Last one.");
    hear(c, "Ana from the careers team", "Last one.");

    reply(root.ts, "!close");
    cJSON *ended = frame(c, "handoff");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(ended, "state")), "ended");
    cJSON_Delete(ended);
    assert_non_null(strstr(nth(n + 2).text, "Closed"));
    ask(c, "q3", WIRE_QUESTION);
    cJSON_Delete(frame(c, "answer")); /* the bot's again */
    assert_true(fake_slack_wait(s.fake, n + 3, WAIT_MS, 300));
    assert_int_equal(fake_slack_posts(s.fake), n + 3);
    client_close(c);
    /* in the audit as at the console, by who it was */
    assert_true(
        staff_audited(s.w, "\"actor\":\"slack:U7\",\"role\":\"room\",\"action\":\"live.reply\""));
    assert_true(staff_audited(s.w, "\"action\":\"live.close\""));
    assert_false(staff_audited(s.w, "live.say"));
}

static void click(const struct fake_post *on, const char *thread, const char *user,
                  const char *value, int at)
{
    char form[1500];
    snprintf(form, sizeof form,
             "payload={\"type\":\"block_actions\",\"user\":%s,\"team\":{\"id\":\"" FAKE_TEAM
             "\"},\"container\":{\"message_ts\":\"%s\",\"channel_id\":\"CROOM\",\"thread_ts\":"
             "\"%s\"},\"actions\":[{\"action_id\":\"qa_room_send0\",\"value\":\"%.*s\","
             "\"action_ts\":\"%d\"}]}",
             user, on->ts, thread, (int)strcspn(value, "\""), value, at);
    assert_int_equal(
        fake_slack_send(s.w->port, "application/x-www-form-urlencoded", form, NULL, NULL), 200);
}

/* The room may be shared with another workspace: who comes from there is not of the staff. */
static void a_stranger_in_the_room_says_and_ends_nothing(void **state)
{
    static const char *const typed[] = {"A word of a stranger", "!close", "!bot",
                                        "!kb lighthouse keeper", "!save"};
    size_t n = fake_slack_posts(s.fake);
    struct client *c = waiting_visitor();
    struct fake_post root = nth(n);
    reply(root.ts, "Hello.");
    cJSON_Delete(frame(c, "handoff"));
    hear(c, "Ana from the careers team", "Hello.");
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        char id[32], ts[32];
        snprintf(id, sizeof id, "EvStranger%zu", i);
        snprintf(ts, sizeof ts, "1800000002.%06zu", i + 1);
        event(id, "CROOM", "U9", ts, root.ts, typed[i], ",\"user_team\":\"TOTHER\"");
    }
    const char *value = strstr(root.body, "r1:");
    assert_non_null(value);
    click(&root, "", "{\"id\":\"U9\",\"team_id\":\"TOTHER\"}", value, 1);
    reply(root.ts, "Still here."); /* after all of that, so that nothing of it is under way */
    hear(c, "Ana from the careers team", "Still here.");
    assert_int_equal(fake_slack_posts(s.fake), n + 1);
    click(&root, "", "{\"id\":\"U7\",\"team_id\":\"" FAKE_TEAM "\"}", value, 2);
    cJSON *ended = frame(c, "handoff"); /* the same button, of somebody who may */
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(ended, "state")), "ended");
    cJSON_Delete(ended);
    assert_non_null(strstr(nth(n + 1).text, "Closed by"));
    client_close(c);
}

/* What the staff sees is the question, and not the words that called them. */
static void who_is_called_in_words_sees_what_was_asked(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    struct client *c = visitor();
    ask(c, "q", WIRE_QUESTION);
    cJSON_Delete(frame(c, "answer"));
    ask(c, "w", "can I talk to a person please?");
    cJSON_Delete(frame(c, "answer"));
    cJSON_Delete(frame(c, "handoff"));
    assert_non_null(strstr(nth(n).text, WIRE_QUESTION));
    client_close(c);
}

static void entries_are_found_and_sent_by_a_button(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    struct client *c = visitor();
    ask(c, "q", "what does a quark weigh on jupiter"); /* nothing is known: the room hears of it */
    cJSON_Delete(frame(c, "answer"));
    struct fake_post root = nth(n);
    assert_non_null(strstr(root.text, "quark"));
    reply(root.ts, "!kb lighthouse keeper");
    struct fake_post list = nth(n + 1);
    assert_string_equal(list.thread, root.ts);
    assert_non_null(strstr(list.text, WIRE_ANSWER));
    const char *value = strstr(list.body, "r1:");
    if (!value)
        fail_msg("no button in %s", list.body);
    for (int i = 0; i < 2; i++) /* pressed twice */
        click(&list, root.ts, "{\"id\":\"U7\"}", value, i);
    cJSON *active = frame(c, "handoff");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(active, "state")), "active");
    cJSON_Delete(active);
    cJSON *j = frame(c, "msg");
    assert_non_null(strstr(cJSON_GetStringValue(cJSON_GetObjectItem(j, "text")), WIRE_ANSWER));
    cJSON_Delete(j);
    assert_non_null(strstr(nth(n + 2).text, "Sent by"));
    reply(root.ts, "That was it.");
    hear(c, "Ana from the careers team", "That was it.");
    client_close(c);
}

static void a_kill_loses_and_doubles_nothing(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    struct client *c = waiting_visitor();
    slack_wire_restart(&s, SIGKILL); /* the thread may be begun or not */
    client_close(c);
    c = come_back();
    struct fake_post root = nth(n);
    for (int i = 0; i < 6; i++) {
        char text[40], cid[16];
        snprintf(text, sizeof text, "reply %d", i);
        reply(root.ts, text);
        if (i % 2) {
            slack_wire_restart(&s, SIGKILL);
            client_close(c);
            c = come_back();
        }
        hear(c, "Ana from the careers team", text);
        snprintf(cid, sizeof cid, "v%d", i);
        snprintf(text, sizeof text, "word %d", i);
        ask(c, cid, text);
        cJSON_Delete(frame(c, "ack"));
        if (i % 3 == 0) {
            slack_wire_restart(&s, SIGKILL);
            client_close(c);
            c = come_back();
        }
    }
    assert_true(fake_slack_wait(s.fake, n + 7, 4 * WAIT_MS * (int)wire_slack(), 500));
    assert_int_equal(fake_slack_posts(s.fake), n + 7);
    for (size_t i = 0; i < 6; i++) {
        char text[40];
        snprintf(text, sizeof text, "word %zu", i);
        assert_non_null(strstr(nth(n + 1 + i).text, text));
        assert_string_equal(nth(n + 1 + i).thread, root.ts);
    }
    client_close(c);
}

static void an_asker_in_slack_is_answered_in_their_thread(void **state)
{
    size_t n = fake_slack_posts(s.fake);
    event("EvAsk", "C1", "U1", "1750000000.000001", "",
          "<@" FAKE_BOT_USER "> can I talk to a person?", "");
    struct fake_post said = nth(n), root = {0};
    for (size_t i = n; i < n + 3;
         i++) { /* what small talk has to say, that it was passed on, and the thread in the room */
        struct fake_post p = nth(i);
        if (!strcmp(p.channel, "CROOM"))
            root = p;
    }
    assert_string_equal(said.channel, "C1");
    assert_non_null(root.ts);
    reply(root.ts, "Here I am.");
    struct fake_post active = nth(n + 3), words = nth(n + 4);
    assert_string_equal(words.channel, "C1");
    assert_string_equal(words.thread, "1750000000.000001");
    assert_non_null(strstr(active.text, "Ana from the careers team"));
    assert_non_null(strstr(words.text, "Here I am."));
    /* now the bot is silent, and what is asked is in the room */
    event("EvMore", "C1", "U1", "1750000000.000002", "1750000000.000001", WIRE_QUESTION, "");
    struct fake_post passed = nth(n + 5);
    assert_string_equal(passed.channel, "CROOM");
    assert_non_null(strstr(passed.text, WIRE_QUESTION));
    reply(root.ts, "!bot");
    assert_true(fake_slack_wait(s.fake, n + 8, WAIT_MS * (int)wire_slack(), 300));
    event("EvMore2", "C1", "U1", "1750000000.000003", "1750000000.000001", WIRE_QUESTION, "");
    assert_non_null(strstr(nth(n + 8).text, WIRE_ANSWER));
    reply(root.ts, "!bot"); /* once more: said, not swallowed */
    assert_string_equal(nth(n + 9).text, "The bot answers already.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_go_both_ways_once),
        cmocka_unit_test(a_stranger_in_the_room_says_and_ends_nothing),
        cmocka_unit_test(entries_are_found_and_sent_by_a_button),
        cmocka_unit_test(who_is_called_in_words_sees_what_was_asked),
        cmocka_unit_test(a_kill_loses_and_doubles_nothing),
        cmocka_unit_test(an_asker_in_slack_is_answered_in_their_thread),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
