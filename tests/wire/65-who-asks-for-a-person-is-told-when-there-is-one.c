/* A wish for a person outside the opening hours is not put into a queue where nobody looks: the event says when somebody is
 * there again, and an e-mail address may be left. Within the hours it is queued. "talk to a human" is such a wish. The address stands in no event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

#define WAIT_MS 10000

/* Opening hours on one day: `days` from today, the whole of it. */
static struct wire *open_in(int days)
{
    static char settings[128];
    static const char names[] = "SunMonTueWedThuFriSat";
    time_t t = time(NULL) + days * 86400L;
    struct tm tm;
    localtime_r(&t, &tm);
    snprintf(settings, sizeof settings, "staff: {hours: [%.3s 00:00-24:00]}\n",
             names + (ptrdiff_t)3 * tm.tm_wday);
    return wire_start(&(struct wire_options){.settings = settings});
}

/* Send a frame and find the event of that type that comes of it, as the text from its first brace. */
static void expect(struct client *c, const char *frame, const char *const *parts, const char *never)
{
    struct message m = {0};
    assert_true(client_text(c, frame));
    do {
        message_release(&m);
        client_message(c, WAIT_MS * (int)wire_slack(), false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
    } while (strncmp(m.s, "{\"seq\"", 6) && !strstr(m.s, "\"t\":\"error\""));
    for (; *parts; parts++)
        if (!strstr(m.s, *parts))
            fail_msg("%s is not in %s", *parts, m.s);
    if (never && strstr(m.s, never))
        fail_msg("%s is in %s", never, m.s);
    message_release(&m);
}

/* Ask, and the events that follow the question, as a text for each. */
static void say(struct client *c, const char *cid, const char *text, size_t n, char got[][2048])
{
    char frame[256];
    struct message m = {0};
    snprintf(frame, sizeof frame, "{\"t\":\"ask\",\"cid\":\"%s\",\"text\":\"%s\"}", cid, text);
    assert_true(client_text(c, frame));
    for (size_t i = 0; i < n;) {
        message_release(&m);
        client_message(c, WAIT_MS * (int)wire_slack(), false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        if (!strncmp(m.s, "{\"seq\"", 6) && !strstr(m.s, "\"from\":\"user\""))
            snprintf(got[i++], sizeof got[0], "%s", m.s);
    }
    message_release(&m);
}

static void has(const char *s, const char *part)
{
    if (!strstr(s, part))
        fail_msg("%s is not in %s", part, s);
}

/* What the button does, and what it says. */
static void the_plain_words_do_what_the_button_does(void **state)
{
    static const char *const words[] = {"human", "I want to talk to a person",
                                        "Quiero hablar con una persona"};
    struct wire *w = open_in(0);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char got[2][2048];
        struct client *c = wire_chat(w);
        say(c, "a1", words[i], 2, got);
        has(got[0], "\"kind\":\"handoff\"");
        has(got[1], "\"t\":\"handoff\",\"state\":\"queued\",\"via\":\"live\"");
        say(c, "a2", "never mind", 2, got);
        has(got[0], "\"kind\":\"chitchat\"");
        has(got[1], "\"t\":\"handoff\",\"state\":\"ended\",\"via\":\"cancel\"");
        say(c, "a3", "never mind", 1, got); /* nobody was called: nothing is told */
        say(c, "a4", WIRE_QUESTION, 1, got);
        has(got[0], "\"seq\":10");
        client_close(c);
    }
    wire_stop(w);
}

static void outside_the_hours_the_words_are_told_when_too(void **state)
{
    struct wire *w = open_in(3);
    struct client *c = wire_chat(w);
    char got[2][2048];
    say(c, "a1", "agent", 2, got);
    has(got[1], "\"state\":\"declined\"");
    has(got[1], "\"next_open\":\"");
    client_close(c);
    wire_stop(w);
}

static void a_question_about_people_calls_nobody(void **state)
{
    static const char *const words[] = {"human resources", "do agents earn more?",
                                        "can I talk to a person who works in a lab?",
                                        "how can I contact you?"};
    struct wire *w = open_in(0);
    struct client *c = wire_chat(w);
    char got[1][2048], cid[8];
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        snprintf(cid, sizeof cid, "b%zu", i);
        say(c, cid, words[i], 1, got);
        assert_null(strstr(got[0], "\"kind\":\"handoff\""));
        snprintf(cid, sizeof cid, "\"seq\":%zu", 2 * i + 2); /* the log has nothing else */
        has(got[0], cid);
    }
    has(got[0], "\"handoff\":true"); /* who asks how is shown the button */
    client_close(c);
    wire_stop(w);
}

/* A question without a chat can call nobody, and says how to. */
static void without_a_chat_it_is_told_how(void **state)
{
    struct wire *w = open_in(0);
    struct answer a;
    assert_true(client_http(w->port, "POST", "/v1/ask", "Content-Type: application/json\r\n",
                            "{\"q\":\"talk to a human\"}", &a));
    assert_int_equal(a.status, 200);
    has(a.body, "\"kind\":\"handoff\"");
    has(a.body, "in the chat of this site");
    answer_release(&a);
    wire_stop(w);
}

#define WANT(what, more) "{\"t\":\"handoff\",\"cid\":\"" what "\",\"want\":\"" what "\"" more "}"

static void outside_the_hours_an_address_may_be_left(void **state)
{
    struct wire *w = open_in(3);
    struct client *c = wire_chat(w);
    char when[64], day[32];
    time_t next = time(NULL) + 3 * 86400L;
    struct tm tm;
    localtime_r(&next, &tm);
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    next = mktime(&tm);
    gmtime_r(&next, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%SZ", &tm);
    snprintf(when, sizeof when, "\"next_open\":\"%s\"", day);
    expect(c, WANT("live", ""), (const char *[]){"\"state\":\"declined\"", when, NULL}, NULL);
    expect(c, WANT("email", ",\"email\":\"nobody\""), (const char *[]){"\"bad_frame\"", NULL},
           NULL);
    expect(c, WANT("email", ",\"email\":\"ann@x.test\",\"note\":\"Why?\""),
           (const char *[]){"\"state\":\"queued\"", "\"via\":\"email\"", NULL}, "ann@");
    client_close(c);
    assert_true(wire_says(w, "via=email"));
    assert_false(wire_said(w, "via=live"));
    assert_false(wire_said(w, "ann@"));
    wire_stop(w);
}

static void within_the_hours_it_is_queued_and_can_be_taken_back(void **state)
{
    struct wire *w = open_in(0);
    struct client *c = wire_chat(w);
    expect(c, WANT("live", ""), (const char *[]){"\"state\":\"queued\"", "\"via\":\"live\"", NULL},
           "next_open");
    expect(c, WANT("cancel", ""), (const char *[]){"\"state\":\"ended\"", NULL}, NULL);
    client_close(c);
    wire_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outside_the_hours_an_address_may_be_left),
        cmocka_unit_test(within_the_hours_it_is_queued_and_can_be_taken_back),
        cmocka_unit_test(the_plain_words_do_what_the_button_does),
        cmocka_unit_test(outside_the_hours_the_words_are_told_when_too),
        cmocka_unit_test(a_question_about_people_calls_nobody),
        cmocka_unit_test(without_a_chat_it_is_told_how),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
