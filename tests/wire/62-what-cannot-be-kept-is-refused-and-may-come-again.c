/* F3 for chats: on a full disk a question is refused with a time to come again, under the same cid, and nothing of it is half
 * there; what was taken before is answered as soon as there is room, without anybody asking. And limits: who is too fast
 * waits, alone. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/wire.h"

static void limit_files(const struct wire *w, rlim_t bytes)
{
    struct rlimit r = {bytes, RLIM_INFINITY};
    assert_int_equal(prlimit(w->pid, RLIMIT_FSIZE, &r, NULL), 0);
}

/* The next frame that carries this cid; its t must be that. */
static cJSON *next_about(struct client *c, const char *cid, const char *t)
{
    for (;;) {
        struct message m;
        client_message(c, 8000, false, &m);
        if (m.opcode != WS_TEXT)
            fail_msg("no \"%s\" came for %s", t, cid);
        cJSON *j = cJSON_Parse(m.s);
        const char *got = cJSON_GetStringValue(cJSON_GetObjectItem(j, "cid"));
        if (got && !strcmp(got, cid)) {
            const char *is = cJSON_GetStringValue(cJSON_GetObjectItem(j, "t"));
            if (!is || strcmp(is, t))
                fail_msg("%s is not \"%s\"", m.s, t);
            message_release(&m);
            return j;
        }
        cJSON_Delete(j);
        message_release(&m);
    }
}

static int number_of(const cJSON *j, const char *name)
{
    const cJSON *n = cJSON_GetObjectItem(j, name);
    return cJSON_IsNumber(n) ? n->valueint : 0;
}

static void a_full_disk_is_said_and_costs_nothing_that_was_taken(void **state)
{
    struct wire *w = wire_start(NULL);
    struct client *c = wire_chat(w);
    assert_true(wire_chat_ask(c, "before"));
    assert_true(wire_chat_answer(c, "before", 8000) >= 0);
    limit_files(w, 1);
    for (int i = 0; i < 3; i++) {
        assert_true(wire_chat_ask(c, "full"));
        cJSON *j = next_about(c, "full", "error");
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "code")), "busy");
        assert_true(cJSON_IsTrue(cJSON_GetObjectItem(j, "retry")));
        assert_true(number_of(j, "retry_after") > 0);
        cJSON_Delete(j);
    }
    limit_files(w, RLIM_INFINITY);
    cJSON *ack = NULL;
    for (int i = 0; i < 3 && !ack; i++) { /* the first one may still meet the old database handle */
        struct message m;
        assert_true(wire_chat_ask(c, "full"));
        client_message(c, 8000, false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        if (strstr(m.s, "\"ack\""))
            ack = cJSON_Parse(m.s);
        message_release(&m);
    }
    assert_non_null(ack);
    assert_int_equal(number_of(ack, "seq"), 3); /* no number was wasted on what was refused */
    assert_null(cJSON_GetObjectItem(ack, "dup"));
    cJSON_Delete(ack);
    assert_true(wire_chat_answer(c, "full", 8000) >= 0);
    client_close(c);
    wire_stop(w);
}

/* Taken, and then the disk is full: the answer waits for room. */
static void a_question_that_was_taken_is_answered_when_there_is_room(void **state)
{
    struct wire *w = wire_start(NULL);
    struct client *c[8];
    char cid[16];
    for (int i = 0; i < 8; i++)
        c[i] = wire_chat(w);
    for (int i = 0; i < 8; i++) {
        snprintf(cid, sizeof cid, "q%d", i);
        assert_true(wire_chat_ask(c[i], cid));
    }
    for (int i = 0; i < 8; i++) {
        snprintf(cid, sizeof cid, "q%d", i);
        cJSON_Delete(next_about(c[i], cid, "ack"));
    }
    limit_files(w, 1); /* all were taken, and few of them can be answered by now */
    usleep(300000);
    limit_files(w, RLIM_INFINITY);
    for (int i = 0; i < 8; i++) {
        snprintf(cid, sizeof cid, "q%d", i);
        assert_true(wire_chat_answer(c[i], cid, 10000) >= 0);
    }
    for (int i = 0; i < 8; i++)
        client_close(c[i]);
    wire_stop(w);
}

static void who_is_too_fast_waits_alone(void **state)
{
    setenv("GUIDEPOST_WEB_SESSION_RATE", "20", 1); /* ten at once */
    struct wire *w = wire_start(NULL);
    unsetenv("GUIDEPOST_WEB_SESSION_RATE");
    struct client *fast = wire_chat(w), *other = wire_chat(w);
    char cid[16];
    for (int i = 0; i < 10; i++) {
        snprintf(cid, sizeof cid, "q%d", i);
        assert_true(wire_chat_ask(fast, cid));
        assert_true(wire_chat_answer(fast, cid, 8000) >= 0);
    }
    assert_true(wire_chat_ask(fast, "late"));
    cJSON *j = next_about(fast, "late", "error");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "code")), "rate_limited");
    assert_in_range(number_of(j, "retry_after"), 1, 4);
    cJSON_Delete(j);
    assert_true(wire_chat_ask(other, "mine"));
    assert_true(wire_chat_answer(other, "mine", 8000) >= 0);
    client_close(fast);
    client_close(other);
    wire_stop(w);
}

/* Ask as somebody behind our proxy; 200, or 429 with a time to come again. */
static int ask_from(struct wire *w, const char *address)
{
    struct answer a = {0};
    char headers[128];
    snprintf(headers, sizeof headers, "Content-Type: application/json\r\nX-Forwarded-For: %s\r\n",
             address);
    assert_true(
        client_http(w->port, "POST", "/v1/ask", headers, "{\"q\":\"" WIRE_QUESTION "\"}", &a));
    if (a.status == 429) {
        const char *after = answer_header(&a, "retry-after");
        assert_non_null(strstr(a.body, "\"rate_limited\""));
        assert_non_null(after);
        assert_in_range(atoi(after), 1, 60);
    }
    int status = a.status;
    answer_release(&a);
    return status;
}

/* How many of `n` questions get through, each from the network that of() names. */
static int let_through(const char *variable, int n, const char *(*of)(int i))
{
    int through = 0;
    setenv(variable, "20", 1); /* ten at once */
    struct wire *w =
        wire_start(&(struct wire_options){.settings = "web: {proxies: [127.0.0.1]}\n"});
    unsetenv(variable);
    for (int i = 0; i < n; i++)
        through += ask_from(w, of(i)) == 200;
    wire_stop(w);
    return through;
}

static const char *neighbour(int i) /* in one /24 */
{
    static char s[32];
    snprintf(s, sizeof s, "10.1.2.%d", i + 1);
    return s;
}

static const char *stranger(int i)
{
    static char s[32];
    snprintf(s, sizeof s, "10.1.%d.1", i + 1);
    return s;
}

static void a_network_and_a_site_have_buckets_of_their_own(void **state)
{
    const int some = 30; /* ten, and those that a slow machine earns meanwhile */
    assert_in_range(let_through("GUIDEPOST_WEB_ADDRESS_RATE", some, neighbour), 10, some - 5);
    assert_int_equal(let_through("GUIDEPOST_WEB_ADDRESS_RATE", some, stranger), some);
    assert_in_range(let_through("GUIDEPOST_WEB_SITE_RATE", some, stranger), 10, some - 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_is_said_and_costs_nothing_that_was_taken),
        cmocka_unit_test(a_question_that_was_taken_is_answered_when_there_is_room),
        cmocka_unit_test(who_is_too_fast_waits_alone),
        cmocka_unit_test(a_network_and_a_site_have_buckets_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
