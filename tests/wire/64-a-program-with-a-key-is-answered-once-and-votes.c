/* What holders of an API key are promised: a rate of their own; with an Idempotency-Key one answer, the same to the byte,
 * whoever asks how often and whatever is killed meanwhile; votes that count once. And what others are refused. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sql.h"
#include "tests/wire/harness/wire.h"

#define SCHOOL   "a-key-of-the-school-1"
#define LIBRARY  "a-key-of-the-library"
#define QUESTION "{\"q\":\"" WIRE_QUESTION "\"}"

static const char keys[] = "# who may ask\n\nschool  " SCHOOL "\nlibrary\t" LIBRARY "\n";

static struct wire *start(const char *settings)
{
    return wire_start(
        &(struct wire_options){.settings = settings, .file = "api-keys", .text = keys});
}

/* The status; the answer's body is the caller's. `key` and `idem` may be NULL. */
static int post(struct wire *w, const char *path, const char *key, const char *idem,
                const char *body, char **ret_body)
{
    char head[1024];
    struct answer a;
    snprintf(head, sizeof head, "Content-Type: application/json\r\n%s%s%s%s%s%s",
             key ? "Authorization: Bearer " : "", key ? key : "", key ? "\r\n" : "",
             idem ? "Idempotency-Key: " : "", idem ? idem : "", idem ? "\r\n" : "");
    if (!client_http(w->port, "POST", path, head, body, &a))
        return 0;
    if (ret_body)
        *ret_body = strdup(a.body ? a.body : "");
    if (a.status == 429 || a.status == 503)
        assert_non_null(answer_header(&a, "retry-after"));
    int status = a.status;
    answer_release(&a);
    return status;
}

static void refused(struct wire *w, const char *path, const char *key, const char *idem,
                    const char *body, int status, const char *code)
{
    char *got = NULL, want[64];
    snprintf(want, sizeof want, "\"code\":\"%s\"", code);
    int is = post(w, path, key, idem, body, &got);
    if (is != status || !got || !strstr(got, want))
        fail_msg("%s: %d %s, not %d %s", path, is, got ? got : "", status, code);
    free(got);
}

static char *asked(struct wire *w, const char *key, const char *idem)
{
    char *body = NULL;
    assert_int_equal(post(w, "/v1/ask", key, idem, QUESTION, &body), 200);
    assert_non_null(strstr(body, WIRE_ANSWER));
    return body;
}

static void answer_id(const char *reply, char *ret, size_t size)
{
    const char *at = strstr(reply, "\"answer_id\":\"");
    assert_non_null(at);
    at += 13;
    snprintf(ret, size, "%.*s", (int)strcspn(at, "\""), at);
}

/* One number out of state.db. */
static long long count(struct wire *w, const char *sql)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data/state.db", w->folder);
    return sql_number(path, sql);
}

static void who_is_not_on_the_list_is_refused(void **state)
{
    struct wire *w = start(NULL);
    refused(w, "/v1/ask", "a-key-of-nobody-at-all", NULL, QUESTION, 401, "unauthorized");
    refused(w, "/v1/ask", NULL, "once", QUESTION, 401, "unauthorized");
    refused(w, "/v1/feedback", NULL, NULL, "{\"answer_id\":\"1\",\"vote\":\"up\"}", 401,
            "unauthorized");
    free(asked(w, NULL, NULL)); /* asking is open unless web.api_needs_key says otherwise */
    free(asked(w, SCHOOL, NULL));
    wire_stop(w);

    w = start("web:\n  api_needs_key: true\n");
    refused(w, "/v1/ask", NULL, NULL, QUESTION, 401, "unauthorized");
    free(asked(w, LIBRARY, NULL));
    wire_stop(w);
}

static void the_same_request_gets_the_same_reply_and_another_one_a_409(void **state)
{
    struct wire *w = start(NULL);
    char *first = asked(w, SCHOOL, "order-1"), id[32], other[32];
    for (int i = 0; i < 3; i++) {
        char *again = asked(w, SCHOOL, "order-1");
        assert_string_equal(again, first);
        free(again);
    }
    assert_int_equal(count(w, "SELECT count(*) FROM turns"), 1);
    refused(w, "/v1/ask", SCHOOL, "order-1", "{\"q\":\"something else\"}", 409, "key_conflict");
    refused(w, "/v1/ask", SCHOOL, "order-1", "{\"q\":\"" WIRE_QUESTION "\",\"conversation\":\"c\"}",
            409, "key_conflict");
    char *theirs = asked(w, LIBRARY, "order-1"); /* another program's key is another key */
    answer_id(first, id, sizeof id);
    answer_id(theirs, other, sizeof other);
    assert_string_not_equal(id, other);
    refused(w, "/v1/ask", SCHOOL, "with blank", QUESTION, 400, "bad_key");
    refused(w, "/v1/ask", SCHOOL, "order-2", "{\"q\":\" \"}", 422, "empty");
    refused(w, "/v1/ask", SCHOOL, "order-2", "{\"q\":", 400, "bad_json");
    free(asked(w, SCHOOL, "order-2")); /* what was refused has not used the key up */
    free(first);
    free(theirs);
    wire_stop(w);
}

static void a_reply_that_was_missed_is_there_after_a_kill(void **state)
{
    struct wire *w = start(NULL);
    char id[32];
    for (int i = 0; i < 6; i++) { /* killed sooner and later after the request went out */
        char idem[32], request[512];
        snprintf(idem, sizeof idem, "kill-%d", i);
        snprintf(request, sizeof request,
                 "POST /v1/ask HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " SCHOOL
                 "\r\nIdempotency-Key: %s\r\nContent-Length: %zu\r\n\r\n" QUESTION,
                 idem, sizeof QUESTION - 1);
        struct client *c = client_open(w->port);
        client_say(c, request);
        usleep((useconds_t)(i * 3000));
        wire_restart(w, SIGKILL);
        client_close(c);
        char *reply = asked(w, SCHOOL, idem), *again = asked(w, SCHOOL, idem);
        assert_string_equal(reply, again);
        answer_id(reply, id, sizeof id);
        free(reply);
        free(again);
    }
    assert_int_equal(count(w, "SELECT count(*) FROM turns"), 6);
    wire_stop(w);
}

static void follow_ups_are_understood_in_a_conversation_and_not_across_keys(void **state)
{
    struct wire *w = start(NULL);
    static const char first[] = "{\"q\":\"" WIRE_QUESTION "\",\"conversation\":\"c7\"}",
                      next[] = "{\"q\":\"and the training?\",\"conversation\":\"c7\"}";
    char *s = NULL;
    assert_int_equal(post(w, "/v1/ask", SCHOOL, "f1", first, NULL), 200);
    assert_int_equal(post(w, "/v1/ask", SCHOOL, NULL, next, &s), 200);
    assert_non_null(strstr(s, "eighteen months"));
    free(s);
    /* Somebody else's conversation of that name knows nothing of it. */
    assert_int_equal(count(w, "SELECT count(DISTINCT conversation) FROM turns"), 1);
    assert_int_equal(post(w, "/v1/ask", LIBRARY, NULL, next, NULL), 200);
    assert_int_equal(post(w, "/v1/ask", NULL, NULL, next, NULL), 200);
    assert_int_equal(count(w, "SELECT count(DISTINCT conversation) FROM turns"), 3);
    wire_stop(w);
}

static void a_vote_counts_once_for_each_user_and_the_last_one(void **state)
{
    struct wire *w = start(NULL);
    char *reply = asked(w, SCHOOL, NULL), id[32], up[128], down[128], other[128];
    answer_id(reply, id, sizeof id);
    free(reply);
    snprintf(up, sizeof up, "{\"answer_id\":\"%s\",\"vote\":\"up\"}", id);
    snprintf(down, sizeof down, "{\"answer_id\":\"%s\",\"vote\":\"down\",\"comment\":\"old\"}", id);
    snprintf(other, sizeof other, "{\"answer_id\":\"%s\",\"vote\":\"up\",\"user\":\"u2\"}", id);
    assert_int_equal(post(w, "/v1/feedback", SCHOOL, NULL, up, NULL), 204);
    assert_int_equal(post(w, "/v1/feedback", SCHOOL, NULL, down, NULL), 204);
    assert_int_equal(post(w, "/v1/feedback", SCHOOL, NULL, up, NULL), 204);
    assert_int_equal(post(w, "/v1/feedback", SCHOOL, NULL, other, NULL), 204);
    assert_int_equal(post(w, "/v1/feedback", SCHOOL, "v1", down, NULL), 204);
    assert_int_equal(post(w, "/v1/feedback", SCHOOL, NULL, up, NULL), 204);
    assert_int_equal(post(w, "/v1/feedback", SCHOOL, "v1", down, NULL), 204); /* a late retry */
    assert_int_equal(count(w, "SELECT count(*) FROM votes"), 2);
    assert_int_equal(count(w, "SELECT sum(v) FROM votes"), 2);
    refused(w, "/v1/feedback", SCHOOL, "v1", up, 409, "key_conflict");
    refused(w, "/v1/feedback", SCHOOL, NULL, "{\"answer_id\":\"999\",\"vote\":\"up\"}", 404,
            "not_found");
    refused(w, "/v1/feedback", SCHOOL, NULL, "{\"vote\":\"up\"}", 400, "bad_json");
    refused(w, "/v1/feedback", SCHOOL, NULL, "{\"answer_id\":\"1\",\"vote\":\"great\"}", 400,
            "bad_json");
    refused(w, "/v1/feedback", SCHOOL, NULL, "up!", 400, "bad_json");
    wire_stop(w);
}

static void who_wants_a_person_has_a_ticket(void **state)
{
    struct wire *w = start(NULL);
    char *reply = asked(w, SCHOOL, NULL), id[32], wish[256], want[64], *said = NULL;
    answer_id(reply, id, sizeof id);
    free(reply);
    snprintf(wish, sizeof wish,
             "{\"answer_id\":\"%s\",\"contact\":\"ana@example.org\",\"note\":\"before taxes?\"}",
             id);
    snprintf(want, sizeof want, "{\"ticket\":\"%s\"}\n", id);
    for (int i = 0; i < 2; i++) { /* the second is a retry */
        assert_int_equal(post(w, "/v1/handoff", SCHOOL, "h1", wish, &said), 202);
        assert_string_equal(said, want);
        free(said);
    }
    assert_int_equal(count(w, "SELECT count(*) FROM tickets WHERE why = 8 AND state = 0"), 1);
    assert_int_equal(count(w, "SELECT count(*) FROM ticket_log WHERE who = 'school' AND what = "
                              "'person' AND text = 'ana@example.org: before taxes?'"),
                     1);
    refused(w, "/v1/handoff", SCHOOL, NULL, "{\"answer_id\":\"999\"}", 404, "not_found");
    refused(w, "/v1/handoff", SCHOOL, NULL, "{}", 400, "bad_json");
    refused(w, "/v1/handoff", NULL, NULL, wish, 401, "unauthorized");
    assert_int_equal(count(w, "SELECT count(*) FROM tickets"), 1);
    wire_stop(w);
}

/* A quarter of a minute's worth at once, ten at least. */
static void each_key_has_a_rate_of_its_own(void **state)
{
    struct wire *w = start("web:\n  key_rate: 40\n");
    int fine = 0, status = 200;
    for (int i = 0; i < 30 && status == 200; i++, fine += status == 200)
        status = post(w, "/v1/ask", SCHOOL, NULL, QUESTION, NULL);
    assert_int_equal(status, 429);
    assert_in_range(fine, 10, 20);
    refused(w, "/v1/ask", SCHOOL, "late", QUESTION, 429, "rate_limited");
    refused(w, "/v1/feedback", SCHOOL, NULL, "{\"answer_id\":\"1\",\"vote\":\"up\"}", 429,
            "rate_limited");
    free(asked(w, LIBRARY, NULL));
    free(asked(w, NULL, NULL));
    wire_stop(w);
}

/* It does not start, rather than leave a door open that was meant to be shut. */
static void a_list_that_cannot_be_used_is_said_at_the_start(void **state)
{
    static const char *const bad[] = {"school short\n", "school\n",
                                      "school a-key-of-the-school-1 x\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wire *w = start(NULL);
        char path[512];
        int status = 0;
        snprintf(path, sizeof path, "%s/api-keys", w->folder);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(bad[i], f);
        fclose(f);
        wire_signal(w, SIGTERM);
        assert_true(wire_wait_exit(w, 15000, &status) >= 0);
        char command[1024];
        snprintf(command, sizeof command,
                 "\"$GUIDEPOST\" serve -c %s/guidepost.yaml 2>&1 | grep -q 'list of API keys'",
                 w->folder);
        assert_int_equal(system(command), 0);
        wire_kill(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_not_on_the_list_is_refused),
        cmocka_unit_test(the_same_request_gets_the_same_reply_and_another_one_a_409),
        cmocka_unit_test(a_reply_that_was_missed_is_there_after_a_kill),
        cmocka_unit_test(follow_ups_are_understood_in_a_conversation_and_not_across_keys),
        cmocka_unit_test(a_vote_counts_once_for_each_user_and_the_last_one),
        cmocka_unit_test(who_wants_a_person_has_a_ticket),
        cmocka_unit_test(each_key_has_a_rate_of_its_own),
        cmocka_unit_test(a_list_that_cannot_be_used_is_said_at_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
