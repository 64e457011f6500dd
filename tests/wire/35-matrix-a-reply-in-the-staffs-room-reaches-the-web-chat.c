/* The staff's room in Matrix: a question for a person is a thread there, a reply in it (or to its first message, from a client without
 * threads) is in the visitor's chat, once; what the visitor says is in the thread. Notices of other bots and other threads reach
 * nobody. An asker in Matrix is answered in their own thread, and the bot is silent meanwhile. */
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

#include "tests/fake/homeserver.h"

#define WAIT_MS 10000
#define ROOM    "!staff:hs.test"

static struct hs_wire s;
static unsigned n;

static int set_up(void **state)
{
    setenv("GUIDEPOST_STAFF_ROOM", "matrix:" ROOM, 1);
    setenv("GUIDEPOST_STAFF_NAMES", "[\"@ana:hs.test=Ana\"]", 1);
    s = hs_wire_start(NULL);
    fake_hs_members(s.hs, 5);
    return 0;
}

static int tear_down(void **state)
{
    hs_wire_stop(&s);
    return 0;
}

/* ---- the visitor ---- */

static cJSON *frame(struct client *c, const char *t, const char *from)
{
    for (;;) {
        struct message m;
        client_message(c, WAIT_MS * (int)wire_slack(), false, &m);
        if (m.opcode != WS_TEXT) {
            wire_dump_log(s.w);
            fail_msg("no frame %s came", t);
        }
        cJSON *j = cJSON_Parse(m.s);
        message_release(&m);
        const char *its = cJSON_GetStringValue(cJSON_GetObjectItem(j, "from"));
        if (!strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(j, "t")), t) &&
            (!from || !strcmp(its, from)))
            return j;
        cJSON_Delete(j);
    }
}

static void hear(struct client *c, const char *name, const char *text)
{
    cJSON *j = frame(c, "msg", "staff");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "name")), name);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "text")), text);
    cJSON_Delete(j);
}

static void ask(struct client *c, const char *cid, const char *text)
{
    char f[300];
    snprintf(f, sizeof f, "{\"t\":\"ask\",\"cid\":\"%s\",\"text\":\"%s\"}", cid, text);
    assert_true(client_text(c, f));
}

/* ---- rooms ---- */

static void say(const char *id, const char *room, const char *sender, const char *text,
                const char *more)
{
    char event[2048], txn[32];
    snprintf(
        event, sizeof event,
        "{\"type\":\"m.room.message\",\"event_id\":\"%s\",\"room_id\":\"%s\",\"sender\":\"%s\","
        "\"content\":{\"msgtype\":\"m.text\",\"body\":\"%s\"%s}}",
        id, room, sender, text, more);
    snprintf(txn, sizeof txn, "t%u", ++n);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, txn, event), 200);
}

static void reply(const char *root, const char *sender, const char *text)
{
    char more[300], id[32];
    snprintf(id, sizeof id, "$reply%u", n);
    snprintf(more, sizeof more, ",\"m.relates_to\":{\"rel_type\":\"m.thread\",\"event_id\":\"%s\"}",
             root);
    say(id, ROOM, sender, text, more);
}

static const char *nth(size_t i)
{
    uint64_t until = client_now_ms() + WAIT_MS * wire_slack();
    while (fake_hs_sent(s.hs) <= i) {
        struct timespec pause = {0, 10000000};
        if (client_now_ms() > until) {
            wire_dump_log(s.w);
            fail_msg("message %zu was not sent", i);
        }
        nanosleep(&pause, NULL);
    }
    return fake_hs_body(s.hs, i);
}

static void words_go_both_ways_once(void **state)
{
    size_t at = fake_hs_sent(s.hs);
    struct client *c = wire_chat(s.w);
    char root[64];
    ask(c, "q", WIRE_QUESTION);
    cJSON_Delete(frame(c, "answer", NULL));
    assert_true(client_text(c, "{\"t\":\"handoff\",\"cid\":\"want\",\"want\":\"live\"}"));
    cJSON_Delete(frame(c, "handoff", NULL));
    assert_non_null(strstr(nth(at), "lighthouse"));
    assert_non_null(strstr(nth(at), WIRE_ANSWER));
    assert_null(strstr(nth(at), "m.relates_to"));
    snprintf(root, sizeof root, "$sent%zu", at);

    reply(root, "@ana:hs.test", "Good morning!");
    cJSON *active = frame(c, "handoff", NULL);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(active, "who")), "Ana");
    cJSON_Delete(active);
    hear(c, "Ana", "Good morning!");
    ask(c, "q2", "And at night?");
    assert_non_null(strstr(nth(at + 1), "And at night?"));
    assert_non_null(strstr(nth(at + 1), root));
    say("$same", ROOM, "@bob:hs.test", "Once.",
        ",\"m.relates_to\":{\"rel_type\":\"m.thread\",\"event_id\":\"$other\"}");
    char in_reply[200];
    snprintf(in_reply, sizeof in_reply,
             ",\"m.relates_to\":{\"m.in_reply_to\":{\"event_id\":\"%s\"}}", root);
    say("$twice", ROOM, "@bob:hs.test", "At night, too.", in_reply);
    say("$twice", ROOM, "@bob:hs.test", "At night, too.", in_reply);
    hear(c, "bob", "At night, too.");
    reply(root, "@ana:hs.test", "!kb lighthouse keeper");
    assert_non_null(strstr(nth(at + 2), WIRE_ANSWER));
    reply(root, "@ana:hs.test", "Bye.");
    hear(c, "Ana", "Bye.");
    reply(root, "@ana:hs.test", "!close");
    cJSON *ended = frame(c, "handoff", NULL);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(ended, "state")), "ended");
    cJSON_Delete(ended);
    assert_non_null(strstr(nth(at + 3), "Closed"));
    ask(c, "q3", WIRE_QUESTION);
    cJSON_Delete(frame(c, "answer", NULL));
    client_close(c);
}

static void an_asker_in_matrix_is_answered_where_they_asked(void **state)
{
    size_t at = fake_hs_sent(s.hs);
    char root[64] = "";
    say("$ask", "!r:hs.test", "@alice:hs.test", "!ask can I talk to a person?", "");
    for (size_t i = at; i < at + 3;
         i++) /* what small talk has to say, that it was passed on, the thread */
        if (strstr(nth(i), "Asks for a person"))
            snprintf(root, sizeof root, "$sent%zu", i);
    assert_true(*root);
    reply(root, "@ana:hs.test", "Here I am.");
    assert_non_null(strstr(nth(at + 3), "Ana"));
    assert_non_null(strstr(nth(at + 4), "Here I am."));
    assert_non_null(strstr(nth(at + 4), "$ask"));
    say("$more", "!r:hs.test", "@alice:hs.test", WIRE_QUESTION,
        ",\"m.relates_to\":{\"rel_type\":\"m.thread\",\"event_id\":\"$ask\"}");
    const char *passed = nth(at + 5);
    assert_non_null(strstr(passed, "lighthouse"));
    assert_null(strstr(passed, WIRE_ANSWER));
    assert_non_null(strstr(passed, root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_go_both_ways_once),
        cmocka_unit_test(an_asker_in_matrix_is_answered_where_they_asked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
