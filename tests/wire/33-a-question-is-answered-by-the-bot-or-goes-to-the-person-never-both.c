/* Taking over is atomic: of a question that is on its way while somebody of the staff takes the conversation over, there is the bot's
 * answer before the hand-over, or none at all and the person sees it; never an answer after, whatever the timing. What
 * the person says reaches the visitor once, however often it is sent, and the bot is silent until it is given back. */
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

#include "tests/wire/harness/staff.h"

#define WAIT_MS 10000
#define ROUNDS  36 /* all of it in one page of the console */

static struct wire *w;

static int setup(void **state)
{
    w = wire_start(NULL);
    staff_user(w, "add", "agent", "anna");
    staff_user(w, "add", "agent", "bert");
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

/* The next frame with that t; with `cid`, its own. */
static cJSON *next(struct client *c, const char *t, const char *cid)
{
    for (;;) {
        struct message m;
        client_message(c, WAIT_MS * (int)wire_slack(), false, &m);
        if (m.opcode != WS_TEXT)
            fail_msg("no frame %s came", t);
        cJSON *j = cJSON_Parse(m.s);
        const char *its = cJSON_GetStringValue(cJSON_GetObjectItem(j, "t"));
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(j, "cid"));
        bool wanted = !strcmp(its, t) && (!cid || (name && !strcmp(name, cid)));
        if (!wanted && !strcmp(its, "error") && strcmp(t, "error"))
            fail_msg("%s", m.s);
        message_release(&m);
        if (wanted)
            return j;
        cJSON_Delete(j);
    }
}

static long long number(const cJSON *j, const char *name)
{
    const cJSON *n = cJSON_GetObjectItem(j, name);
    return cJSON_IsNumber(n) ? (long long)n->valuedouble : -1;
}

static void skip_to(struct client *c, const char *t, const char *cid)
{
    cJSON_Delete(next(c, t, cid));
}

static void act(struct client *c, const char *t, long long conversation, const char *cid,
                const char *text)
{
    char frame[400];
    snprintf(frame, sizeof frame, "{\"t\":\"%s\",\"conv\":%lld,\"cid\":\"%s\",\"text\":\"%s\"}", t,
             conversation, cid, text ? text : "");
    assert_true(client_text(c, frame));
}

/* The conversation of somebody who waits, as the console lists it. */
static long long waiting(struct client *console)
{
    assert_true(client_text(console, "{\"t\":\"queue\"}"));
    cJSON *j = next(console, "queue", NULL), *talk, *last = NULL;
    cJSON_ArrayForEach(talk, cJSON_GetObjectItem(j, "talks")) last = talk;
    long long id = last ? number(last, "conv") : -1;
    cJSON_Delete(j);
    return id;
}

/* ---- one conversation, many questions ---- */

/* What stands in a transcript: for each question whether it was answered, and by the bot before or after a person had it. */
static void check(const cJSON *events, int *ret_answered, int *ret_left)
{
    bool person = false, open = false;
    const cJSON *e;
    cJSON_ArrayForEach(e, events)
    {
        const char *t = cJSON_GetStringValue(cJSON_GetObjectItem(e, "t"));
        const char *from = cJSON_GetStringValue(cJSON_GetObjectItem(e, "from"));
        const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(e, "state"));
        if (!strcmp(t, "msg") && !strcmp(from, "user")) {
            open = true;
        } else if (!strcmp(t, "answer")) {
            assert_false(person); /* never after somebody took over */
            assert_true(open);    /* never twice */
            open = false;
            ++*ret_answered;
        } else if (!strcmp(t, "handoff") && state) {
            if (!strcmp(state, "active")) {
                person = true;
            } else if (!strcmp(state, "ended")) {
                *ret_left += open;
                person = open = false;
            }
        }
    }
}

static void skip_past(struct client *c, const char *t, long long seq)
{
    for (long long at = 0; at < seq;) {
        cJSON *j = next(c, t, NULL);
        at = number(j, "seq");
        cJSON_Delete(j);
    }
}

/* A question, and before, amid or after its answer somebody takes over, says a word, and gives it back. */
static void round_of(struct client *c, struct client *console, long long id, int i, int answer_ms)
{
    char cid[16];
    long ms = (answer_ms + 1) * (i % 12) / 4; /* up to nearly thrice as long as an answer takes */
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    snprintf(cid, sizeof cid, "q%d", i);
    assert_true(wire_chat_ask(c, cid));
    nanosleep(&pause, NULL);
    snprintf(cid, sizeof cid, "t%d", i);
    act(console, "takeover", id, cid, NULL);
    skip_to(console, "ack", cid);
    snprintf(cid, sizeof cid, "s%d", i);
    act(console, "reply", id, cid, "I have it");
    skip_to(console, "ack", cid);
    snprintf(cid, sizeof cid, "r%d", i);
    act(console, "return_to_bot", id, cid, NULL);
    cJSON *ack = next(console, "ack", cid);
    skip_past(c, "handoff", number(ack, "seq"));
    cJSON_Delete(ack);
}

static void whatever_the_timing_it_is_one_of_the_two(void **state)
{
    struct person anna = staff_login(w, "anna");
    struct client *c = wire_chat(w), *console = staff_socket(w, &anna);
    int answered = 0, left = 0;
    assert_true(client_text(c, "{\"t\":\"handoff\",\"cid\":\"want\",\"want\":\"live\"}"));
    skip_to(c, "ack", "want");
    long long id = waiting(console);
    assert_true(id > 0);
    assert_true(wire_chat_ask(c, "first"));
    int ms = wire_chat_answer(c, "first", WAIT_MS * (int)wire_slack());
    assert_true(ms >= 0);
    for (int i = 0; i < ROUNDS; i++)
        round_of(c, console, id, i, ms);
    /* whatever comes after the last round comes before this answer */
    assert_true(wire_chat_ask(c, "last"));
    assert_true(wire_chat_answer(c, "last", WAIT_MS * (int)wire_slack()) >= 0);
    act(console, "open", id, "o", NULL);
    cJSON *talk = next(console, "conv", NULL);
    check(cJSON_GetObjectItem(talk, "events"), &answered, &left);
    cJSON_Delete(talk);
    print_message("%d answered by the bot, %d left to the person\n", answered, left);
    assert_int_equal(answered + left, ROUNDS + 2);
    assert_true(answered > 2);
    assert_true(left > 0);
    client_close(c);
    client_close(console);
}

static void words_arrive_once_and_the_bot_is_silent(void **state)
{
    struct person anna = staff_login(w, "anna"), bert = staff_login(w, "bert");
    struct client *c = wire_chat(w), *a = staff_socket(w, &anna), *b = staff_socket(w, &bert);
    assert_true(client_text(c, "{\"t\":\"handoff\",\"cid\":\"want\",\"want\":\"live\"}"));
    skip_to(c, "handoff", "want");
    skip_to(a, "queue_changed", NULL);
    long long id = waiting(a);
    act(a, "claim", id, "c", NULL);
    skip_to(a, "ack", "c");
    act(b, "claim", id, "c", NULL);
    cJSON *error = next(b, "error", "c");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(error, "code")), "taken");
    cJSON_Delete(error);
    cJSON *active = next(c, "handoff", NULL);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(active, "state")), "active");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(active, "who")), "anna");
    cJSON_Delete(active);

    act(a, "open", id, "o", NULL);
    skip_to(a, "conv", NULL);
    assert_true(wire_chat_ask(c, "q"));
    cJSON *heard = next(a, "conv_event", NULL);
    assert_string_equal(
        cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(heard, "event"), "cid")), "q");
    cJSON_Delete(heard);
    assert_true(client_text(c, "{\"t\":\"typing\",\"on\":true}"));
    skip_to(a, "typing", NULL);
    assert_true(client_text(a, "{\"t\":\"typing\",\"on\":true}"));
    cJSON *typing = next(c, "typing", NULL);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(typing, "who")), "anna");
    cJSON_Delete(typing);

    for (int i = 0; i < 3; i++) {
        act(a, "reply", id, "r", "Come by at ten.");
        cJSON *ack = next(a, "ack", "r");
        assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(ack, "dup")), i > 0);
        cJSON_Delete(ack);
    }
    act(a, "reply", id, "r", "Something else.");
    skip_to(a, "error", "r");
    act(b, "reply", id, "r", "Me, too!");
    skip_to(b, "error", "r");
    act(b, "takeover", id, "t", NULL);
    skip_to(b, "ack", "t");
    act(b, "reply", id, "r2", "Or at eleven.");
    skip_to(b, "ack", "r2");
    act(b, "close", id, "e", NULL);
    skip_to(b, "ack", "e");
    static const char *const said[] = {"Come by at ten.", "Or at eleven."};
    for (size_t i = 0; i < 2; i++) {
        cJSON *j = next(c, "msg", NULL);
        while (cJSON_GetObjectItem(j, "cid")) { /* the visitor's own */
            cJSON_Delete(j);
            j = next(c, "msg", NULL);
        }
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "text")), said[i]);
        cJSON_Delete(j);
    }
    skip_to(c, "handoff", NULL);
    assert_true(wire_chat_ask(c, "q2"));
    assert_true(wire_chat_answer(c, "q2", WAIT_MS * (int)wire_slack()) >= 0); /* the bot's again */
    assert_true(staff_audited(w, "\"action\":\"live.read\""));
    assert_true(staff_audited(w, "\"action\":\"live.reply\""));
    client_close(a);
    client_close(b);
    client_close(c);
}

/* What was acknowledged is there after a kill, once; and the conversation is still hers. */
static void a_kill_loses_and_doubles_nothing(void **state)
{
    struct person anna = staff_login(w, "anna");
    struct client *c = wire_chat(w), *a = staff_socket(w, &anna);
    assert_true(client_text(c, "{\"t\":\"handoff\",\"cid\":\"want\",\"want\":\"live\"}"));
    skip_to(c, "handoff", "want");
    long long id = waiting(a);
    act(a, "claim", id, "k", NULL);
    skip_to(a, "ack", "k");
    for (int i = 0; i < 5; i++) {
        char cid[16];
        snprintf(cid, sizeof cid, "k%d", i);
        act(a, "reply", id, cid, "again");
        if (i % 2)
            skip_to(a, "ack", cid);
        client_close(a);
        wire_restart(w, 9);
        a = staff_socket(w, &anna);
        act(a, "reply", id, cid, "again");
        skip_to(a, "ack", cid);
    }
    act(a, "open", id, "o", NULL);
    cJSON *talk = next(a, "conv", NULL);
    const cJSON *e;
    int n = 0;
    cJSON_ArrayForEach(e, cJSON_GetObjectItem(talk, "events"))
    {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(e, "text"));
        n += text && !strcmp(text, "again");
    }
    assert_int_equal(n, 5);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(talk, "mode")), "person");
    cJSON_Delete(talk);
    client_close(a);
    client_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_timing_it_is_one_of_the_two),
        cmocka_unit_test(words_arrive_once_and_the_bot_is_silent),
        cmocka_unit_test(a_kill_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
