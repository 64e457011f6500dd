/* Every example of /v1/openapi.json is sent to the real server; what comes back has the status and at least the members
 * that the description shows. Then what a description cannot show: that a retry is recognised, that a chat goes on,
 * and that an erased one does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/wire.h"

#define KEY "a-key-of-the-school-1"

static char token[64];

static const cJSON *member(const cJSON *j, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(j, name);
}

static const char *text_of(const cJSON *j, const char *name)
{
    const char *s = cJSON_GetStringValue(member(j, name));
    return s ? s : "";
}

static int number_of(const cJSON *j, const char *name)
{
    const cJSON *n = member(j, name);
    return cJSON_IsNumber(n) ? n->valueint : -1;
}

/* Of the program with a key instead of a chat. */
static bool with_key;

/* One call; the body parsed, the status in *ret_status. */
static cJSON *call(struct wire *w, const char *method, const char *path, const char *headers,
                   const char *body, int *ret_status)
{
    char head[512];
    struct answer a;
    const char *bearer = with_key ? KEY : token;
    snprintf(head, sizeof head, "%s%s%s%s%s", headers ? headers : "",
             *bearer ? "Authorization: Bearer " : "", bearer, *bearer ? "\r\n" : "",
             body ? "Content-Type: application/json\r\n" : "");
    assert_true(client_http(w->port, method, path, head, body, &a));
    *ret_status = a.status;
    cJSON *j = cJSON_Parse(a.body ? a.body : "");
    answer_release(&a);
    return j;
}

static cJSON *call_fine(struct wire *w, const char *method, const char *path, const char *body)
{
    int status;
    cJSON *j = call(w, method, path, NULL, body, &status);
    if (status != 200 || !j)
        fail_msg("%s %s: %d", method, path, status);
    return j;
}

static void refused(struct wire *w, const char *method, const char *path, const char *body,
                    int status, const char *code)
{
    int got;
    cJSON *j = call(w, method, path, NULL, body, &got);
    if (got != status || strcmp(text_of(j, "code"), code))
        fail_msg("%s %s: %d %s, not %d %s", method, path, got, text_of(j, "code"), status, code);
    assert_int_equal(number_of(j, "status"), status);
    cJSON_Delete(j);
}

/* Everything that the example has, of the same type; its first elements stand for all of an array's. */
static void looks_like(const cJSON *got, const cJSON *example, const char *where)
{
    if (!got)
        fail_msg("%s is missing", where);
    if (cJSON_IsBool(example) ? !cJSON_IsBool(got) : got->type != example->type)
        fail_msg("%s has another type", where);
    const cJSON *e;
    if (cJSON_IsObject(example))
        cJSON_ArrayForEach(e, example)
        {
            looks_like(member(got, e->string), e, e->string);
        }
    else if (cJSON_IsArray(example) && example->child && got->child)
        looks_like(got->child, example->child, where);
    else if (cJSON_IsArray(example) && example->child)
        fail_msg("%s is empty", where);
}

static void try_operation(struct wire *w, const char *path, const cJSON *op)
{
    char method[16] = "", address[256];
    for (size_t i = 0; op->string[i]; i++)
        method[i] = (char)(op->string[i] - 'a' + 'A');
    const cJSON *in = member(member(member(op, "requestBody"), "content"), "application/json");
    static const char *const fine[] = {"200", "202", "204"};
    const cJSON *response = NULL, *way;
    int wanted = 0;
    for (size_t i = 0; i < 3 && !response; i++) {
        response = member(member(op, "responses"), fine[i]);
        wanted = atoi(fine[i]);
    }
    const cJSON *out = member(response, "content");
    const cJSON *p, *example = member(member(out, "application/json"), "example");
    snprintf(address, sizeof address, "%s", path);
    cJSON_ArrayForEach(p, member(op, "parameters"))
    {
        if (cJSON_IsTrue(member(p, "required")))
            snprintf(address, sizeof address, "%s?%s=light", path, text_of(p, "name"));
    }
    char *body = in ? cJSON_PrintUnformatted(member(in, "example")) : NULL;
    with_key = false;
    cJSON_ArrayForEach(way, member(op, "security"))
    {
        with_key |= member(way, "key") != NULL;
    }
    int status;
    cJSON *got = call(w, method, address, NULL, body, &status);
    with_key = false;
    if (status != wanted)
        fail_msg("%s %s: %d", method, path, status);
    if (example)
        looks_like(got, example, path);
    if (!strcmp(path, "/v1/hello"))
        snprintf(token, sizeof token, "%s", text_of(member(got, "ready"), "tok"));
    cJSON_free(body);
    cJSON_Delete(got);
}

/* The guide of the tests has no curated entry: its own question stands in for the example's. */
static char *description(struct wire *w)
{
    static const char theirs[] = "How do certification and a license go together?";
    struct answer a;
    assert_true(client_http(w->port, "GET", "/v1/openapi.json", NULL, NULL, &a));
    assert_int_equal(a.status, 200);
    char *s = calloc(1, 2 * a.len + 1), *to = s;
    for (const char *at = a.body; *at;) {
        if (!strncmp(at, theirs, sizeof theirs - 1)) {
            to += sprintf(to, "%s", WIRE_QUESTION);
            at += sizeof theirs - 1;
        } else {
            *to++ = *at++;
        }
    }
    answer_release(&a);
    return s;
}

static void every_example_works(void **state)
{
    struct wire *w = *state;
    char *s = description(w);
    cJSON *j = cJSON_Parse(s);
    const cJSON *path, *op;
    size_t n = 0;
    assert_string_equal(text_of(j, "openapi"), "3.1.0");
    *token = '\0';
    cJSON_ArrayForEach(path, member(j, "paths"))
    {
        cJSON_ArrayForEach(op, path)
        {
            try_operation(w, path->string, op);
            n++;
        }
    }
    assert_true(n >= 11);
    cJSON_Delete(j);
    free(s);
}

static void begin(struct wire *w)
{
    *token = '\0';
    cJSON *j = call_fine(w, "POST", "/v1/hello", "{\"v\":1}");
    snprintf(token, sizeof token, "%s", text_of(member(j, "ready"), "tok"));
    cJSON_Delete(j);
}

#define ASK(cid) "{\"t\":\"ask\",\"cid\":\"" cid "\",\"text\":\"" WIRE_QUESTION "\"}"

static void one_round_trip_carries_the_answer_and_a_retry_is_recognised(void **state)
{
    struct wire *w = *state;
    int status;
    begin(w);
    for (int i = 0; i < 3; i++) {
        cJSON *j = call_fine(w, "POST", "/v1/messages", ASK("one"));
        const cJSON *ack = member(j, "ack"), *events = member(j, "events");
        assert_int_equal(number_of(ack, "seq"), 1);
        assert_int_equal(cJSON_IsTrue(member(ack, "dup")) ? 1 : 0, i > 0);
        assert_int_equal(cJSON_GetArraySize(events), 2);
        assert_string_equal(text_of(cJSON_GetArrayItem(events, 1), "t"), "answer");
        assert_int_equal(number_of(cJSON_GetArrayItem(events, 1), "re"), 1);
        cJSON_Delete(j);
    }
    refused(w, "POST", "/v1/messages", "{\"t\":\"ask\",\"cid\":\"one\",\"text\":\"other\"}", 409,
            "cid_conflict");
    cJSON *j = call(w, "POST", "/v1/messages", "Idempotency-Key: two\r\n",
                    "{\"t\":\"ask\",\"text\":\"hello\"}", &status);
    assert_int_equal(status, 200);
    assert_string_equal(text_of(member(j, "ack"), "cid"), "two");
    assert_int_equal(number_of(member(j, "ack"), "seq"), 3);
    cJSON_Delete(j);
}

static void events_wait_for_the_next_one(void **state)
{
    struct wire *w = *state;
    begin(w);
    cJSON_Delete(call_fine(w, "POST", "/v1/messages", ASK("one")));
    cJSON *j = call_fine(w, "GET", "/v1/events?after=0", NULL);
    assert_int_equal(cJSON_GetArraySize(member(j, "events")), 2);
    cJSON_Delete(j);
    uint64_t began = client_now_ms();
    j = call_fine(w, "GET", "/v1/events?after=2&wait=1", NULL);
    assert_int_equal(cJSON_GetArraySize(member(j, "events")), 0);
    assert_true(client_now_ms() - began >= 900);
    cJSON_Delete(j);

    char request[512];
    struct client *c = client_open(w->port);
    struct answer a;
    snprintf(request, sizeof request,
             "GET /v1/events?wait=20 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
             "Last-Event-ID: 2\r\nAuthorization: Bearer %s\r\n\r\n",
             token);
    client_say(c, request);
    usleep(100000);
    cJSON_Delete(
        call_fine(w, "POST", "/v1/messages",
                  "{\"t\":\"feedback\",\"cid\":\"f\",\"re\":2,\"v\":-1,\"why\":\"wrong\"}"));
    assert_true(client_answer(c, 5000, false, &a));
    assert_non_null(strstr(a.head, "text/event-stream"));
    assert_non_null(strstr(
        a.body, "id: 3\ndata: {\"seq\":3,\"t\":\"fb\",\"cid\":\"f\",\"re\":2,\"v\":-1}\n\n"));
    answer_release(&a);
    client_close(c);
}

static void a_chat_that_was_erased_is_gone(void **state)
{
    struct wire *w = *state;
    begin(w);
    cJSON_Delete(call_fine(w, "POST", "/v1/messages", ASK("one")));
    cJSON_Delete(call_fine(w, "DELETE", "/v1/session", NULL));
    refused(w, "GET", "/v1/events", NULL, 401, "unauthorized");
    refused(w, "POST", "/v1/messages", ASK("two"), 401, "unauthorized");
    refused(w, "GET", "/v1/session/export", NULL, 401, "unauthorized");
    char hello[128];
    snprintf(hello, sizeof hello, "{\"v\":1,\"tok\":\"%s\"}", token);
    refused(w, "POST", "/v1/hello", hello, 401, "unauthorized");
}

static void what_is_wrong_is_named(void **state)
{
    struct wire *w = *state;
    begin(w);
    refused(w, "POST", "/v1/messages", "{\"t\":", 400, "bad_json");
    refused(w, "POST", "/v1/messages", "{\"t\":\"ask\",\"text\":\"no cid\"}", 400, "bad_frame");
    refused(w, "POST", "/v1/messages", "{\"t\":\"fly\",\"cid\":\"a\"}", 400, "unknown_type");
    refused(w, "POST", "/v1/messages", "{\"t\":\"ask\",\"cid\":\"a\",\"text\":\" \"}", 422,
            "empty");
    refused(w, "POST", "/v1/messages", "{\"t\":\"feedback\",\"cid\":\"a\",\"re\":9,\"v\":1}", 400,
            "bad_frame");
    refused(w, "POST", "/v1/messages", "{\"t\":\"handoff\",\"cid\":\"a\",\"want\":\"email\"}", 400,
            "bad_frame");
    refused(w, "GET", "/v1/events?after=7", NULL, 401, "unauthorized");
    refused(w, "POST", "/v1/hello", "{\"v\":2}", 426, "unsupported_version");
    refused(w, "GET", "/v1/config?site=moon", NULL, 404, "unknown_site");
    refused(w, "GET", "/v1/nothing", NULL, 404, "not_found");
    refused(w, "GET", "/v1/hello", NULL, 405, "method_not_allowed");
    *token = '\0';
    refused(w, "GET", "/v1/events", NULL, 401, "unauthorized");
}

static void what_seldom_changes_may_be_kept(void **state)
{
    struct wire *w = *state;
    struct answer a;
    char head[128];
    assert_true(client_http(w->port, "GET", "/v1/suggest?q=lighthouse+sal", NULL, NULL, &a));
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "lighthouse keeper: Salary"));
    snprintf(head, sizeof head, "If-None-Match: %s\r\n", answer_header(&a, "etag"));
    answer_release(&a);
    assert_true(client_http(w->port, "GET", "/v1/suggest?q=lighthouse+sal", head, NULL, &a));
    assert_int_equal(a.status, 304);
    answer_release(&a);
    assert_true(client_http(w->port, "GET", "/docs", NULL, NULL, &a));
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "/v1/session/export"));
    answer_release(&a);
}

static int with_keys(void **state)
{
    *state = wire_start(&(struct wire_options){.file = "api-keys", .text = "school " KEY "\n"});
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_works),
        cmocka_unit_test(one_round_trip_carries_the_answer_and_a_retry_is_recognised),
        cmocka_unit_test(events_wait_for_the_next_one),
        cmocka_unit_test(a_chat_that_was_erased_is_gone),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_seldom_changes_may_be_kept),
    };
    return cmocka_run_group_tests(tests, with_keys, wire_teardown);
}
