/* POST /v1/ask and the page, from the outside: what goes in under which label, and what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

static struct answer request(struct wire *w, const char *method, const char *path,
                             const char *headers, const char *body)
{
    struct answer a = {0};
    assert_true(client_http(w->port, method, path, headers, body, &a));
    return a;
}

static void expect(struct answer a, int status, const char *type, const char *part)
{
    const char *got = answer_header(&a, "content-type");
    if (a.status != status || (type && (!got || strncmp(got, type, strlen(type)))) ||
        (part && !strstr(a.body, part)))
        fail_msg("%d %s\n%s\nis not %d %s with %s", a.status, got ? got : "", a.body, status,
                 type ? type : "", part ? part : "");
    answer_release(&a);
}

#define JSON  "Content-Type: application/json\r\n"
#define TEXT  "Content-Type: text/plain\r\n"
#define FORM  "Content-Type: application/x-www-form-urlencoded\r\n"
#define PLAIN "Accept: text/plain\r\n"

static void a_question_may_come_as_json_text_or_form(void **state)
{
    struct wire *w = *state;
    const char *json = "{\"q\":\"" WIRE_QUESTION "\"}";
    expect(request(w, "POST", "/v1/ask", JSON, json), 200, "application/json", "\"answer_id\":");
    expect(request(w, "POST", "/v1/ask", JSON, json), 200, NULL, WIRE_ANSWER);
    expect(request(w, "POST", "/v1/ask", FORM, json), 200, NULL,
           WIRE_ANSWER); /* as curl -d says it */
    expect(request(w, "POST", "/v1/ask", NULL, json), 200, NULL, WIRE_ANSWER);
    expect(request(w, "POST", "/v1/ask", TEXT, WIRE_QUESTION), 200, NULL, WIRE_ANSWER);
    expect(request(w, "POST", "/v1/ask", FORM, WIRE_QUESTION), 200, NULL, WIRE_ANSWER);
    expect(request(w, "POST", "/v1/ask", FORM, "lang=en&q=lighthouse+keeper%20salary%3F"), 200,
           NULL, WIRE_ANSWER);
}

static void the_answer_may_be_json_text_or_a_page(void **state)
{
    struct wire *w = *state;
    expect(request(w, "POST", "/v1/ask", TEXT PLAIN, WIRE_QUESTION), 200, "text/plain",
           "Sources\n  [1] ");
    expect(request(w, "POST", "/v1/ask", TEXT "Accept: text/html\r\n", WIRE_QUESTION), 200,
           "text/html", "<blockquote");
    expect(request(w, "POST", "/v1/ask", TEXT "Accept: */*\r\n", WIRE_QUESTION), 200,
           "application/json", "{");
}

/* A client that has its next question ready the moment an answer is there. */
static void a_hundred_questions_go_over_one_connection(void **state)
{
    struct wire *w = *state;
    struct client *c = client_open(w->port);
    static const char body[] = "{\"q\":\"" WIRE_QUESTION "\"}";
    char text[512];
    snprintf(text, sizeof text,
             "POST /v1/ask HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             sizeof body - 1, body);
    for (int i = 0; i < 100; i++) {
        struct answer a;
        assert_true(client_say(c, text));
        assert_true(client_answer(c, 5000, false, &a));
        expect(a, 200, "application/json", WIRE_ANSWER);
    }
    client_close(c);
}

static void a_conversation_is_remembered_by_its_name(void **state)
{
    struct wire *w = *state;
    expect(request(w, "POST", "/v1/ask", JSON, "{\"q\":\"hello\",\"conversation\":\"c1\"}"), 200,
           NULL, "suggestions");
    /* "1" is the first suggestion there, and nothing elsewhere */
    expect(request(w, "POST", "/v1/ask", JSON, "{\"q\":\"1\",\"conversation\":\"c1\"}"), 200, NULL,
           "\"kind\":\"answer\"");
    expect(request(w, "POST", "/v1/ask", JSON, "{\"q\":\"1\",\"conversation\":\"c2\"}"), 200, NULL,
           "\"kind\":\"none\"");
    expect(request(w, "POST", "/v1/ask", JSON, "{\"q\":\"1\"}"), 200, NULL, "\"kind\":\"none\"");
}

static void mistakes_are_problems_with_a_code(void **state)
{
    static const char type[] = "application/problem+json";
    struct wire *w = *state;
    expect(request(w, "POST", "/v1/ask", JSON, "{\"q\":"), 400, type, "\"code\":\"bad_json\"");
    expect(request(w, "POST", "/v1/ask", JSON, "{\"question\":\"x\"}"), 400, type,
           "\"code\":\"bad_json\"");
    expect(request(w, "POST", "/v1/ask", JSON, "{\"q\":7}"), 400, type, "\"code\":\"bad_json\"");
    expect(request(w, "POST", "/v1/ask", JSON, "{\"q\":\" \"}"), 422, type, "\"code\":\"empty\"");
    expect(request(w, "POST", "/v1/ask", TEXT, "\xff\xfe"), 400, type, "\"code\":\"bad_encoding\"");
    expect(request(w, "POST", "/v1/ask", "Content-Type: application/pdf\r\n", "x"), 415, type,
           "\"code\":\"unsupported_type\"");
    expect(request(w, "GET", "/nowhere", NULL, NULL), 404, type, "\"code\":\"not_found\"");
    expect(request(w, "GET", "/v1/ws", NULL, NULL), 426, type, "\"code\":\"upgrade_required\"");
    struct answer a = request(w, "GET", "/v1/ask", NULL, NULL);
    assert_string_equal(answer_header(&a, "allow"), "POST, OPTIONS");
    expect(a, 405, type, "\"code\":\"method_not_allowed\"");
    char *longest = calloc(1, 2002);
    memset(longest, 'x', 2001);
    expect(request(w, "POST", "/v1/ask", TEXT, longest), 422, type, "\"code\":\"too_long\"");
    free(longest);
}

static void only_listed_sites_may_read_the_answer(void **state)
{
    struct wire *w = *state;
    struct answer a =
        request(w, "POST", "/v1/ask", TEXT "Origin: https://school.test\r\n", WIRE_QUESTION);
    assert_string_equal(answer_header(&a, "access-control-allow-origin"), "https://school.test");
    expect(a, 200, NULL, WIRE_ANSWER);
    a = request(w, "OPTIONS", "/v1/ask", "Origin: https://school.test\r\n", NULL);
    assert_string_equal(answer_header(&a, "access-control-allow-methods"), "POST");
    expect(a, 204, NULL, NULL);
    a = request(w, "POST", "/v1/ask", TEXT "Origin: https://evil.test\r\n", WIRE_QUESTION);
    assert_null(answer_header(&a, "access-control-allow-origin"));
    expect(a, 403, NULL, "\"code\":\"origin\"");
    expect(request(w, "POST", "/v1/ask", TEXT "Origin: null\r\n", "x"), 403, NULL, NULL);
}

static void the_page_works_without_javascript_and_escapes(void **state)
{
    struct wire *w = *state;
    expect(request(w, "GET", "/", NULL, NULL), 200, "text/html",
           "Please don’t share personal details");
    expect(request(w, "GET", "/chat", NULL, NULL), 200, "text/html",
           "class=\"chip\" dir=\"auto\" name=\"q\"");
    expect(request(w, "GET", "/?q=lighthouse%20keeper%20salary", NULL, NULL), 200, "text/html",
           WIRE_ANSWER);
    expect(request(w, "POST", "/", FORM, "q=lighthouse+keeper+salary"), 200, "text/html",
           WIRE_ANSWER);
    expect(request(w, "POST", "/ask", FORM, "q="), 422, "text/html", "There is no question");
    struct answer a = request(w, "GET", "/?q=%3Cscript%3Ealert(1)%3C/script%3E%22", NULL, NULL);
    assert_null(strstr(a.body, "<script>alert"));
    expect(a, 200, "text/html", "&lt;script&gt;alert(1)&lt;/script&gt;&quot;");
}

static void the_page_is_served_under_a_strict_policy(void **state)
{
    struct wire *w = *state;
    struct answer a = request(w, "GET", "/", NULL, NULL);
    char csp[1024];
    snprintf(csp, sizeof csp, "%s", answer_header(&a, "content-security-policy"));
    static const char *const parts[] = {
        "default-src 'none'", "script-src 'self'", "form-action 'self'",
        "frame-ancestors 'self' https://school.test", "require-trusted-types-for 'script'"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_non_null(strstr(csp, parts[i]));
    assert_string_equal(answer_header(&a, "cache-control"), "no-store");
    assert_string_equal(answer_header(&a, "x-content-type-options"), "nosniff");
    answer_release(&a);
}

static void assets_are_cached_by_their_hash(void **state)
{
    struct wire *w = *state;
    struct answer page = request(w, "GET", "/", NULL, NULL);
    char path[64] = "", etag[64], header[100];
    const char *at = strstr(page.body, "src=\"/a/");
    assert_non_null(at);
    sscanf(at, "src=\"%63[^\"]", path);
    answer_release(&page);
    struct answer a = request(w, "GET", path, NULL, NULL);
    assert_non_null(strstr(answer_header(&a, "cache-control"), "immutable"));
    snprintf(etag, sizeof etag, "%s", answer_header(&a, "etag"));
    expect(a, 200, "text/javascript", "guidepost.v1");
    snprintf(header, sizeof header, "If-None-Match: %s\r\n", etag);
    expect(request(w, "GET", path, header, NULL), 304, NULL, NULL);
    a = request(w, "GET", "/a/chat.css", NULL, NULL);
    assert_null(strstr(answer_header(&a, "cache-control"), "immutable"));
    expect(a, 200, "text/css", NULL);
    expect(request(w, "GET", "/a/chat.html", NULL, NULL), 404, NULL, NULL);
    expect(request(w, "GET", "/a/x/y/z", NULL, NULL), 404, NULL, NULL);
}

static int setup(void **state)
{
    struct wire_options opt = {.settings = "web: {origins: [\"https://school.test\"]}\n"};
    *state = wire_start(&opt);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_may_come_as_json_text_or_form),
        cmocka_unit_test(the_answer_may_be_json_text_or_a_page),
        cmocka_unit_test(a_hundred_questions_go_over_one_connection),
        cmocka_unit_test(a_conversation_is_remembered_by_its_name),
        cmocka_unit_test(mistakes_are_problems_with_a_code),
        cmocka_unit_test(only_listed_sites_may_read_the_answer),
        cmocka_unit_test(the_page_works_without_javascript_and_escapes),
        cmocka_unit_test(the_page_is_served_under_a_strict_policy),
        cmocka_unit_test(assets_are_cached_by_their_hash),
    };
    return cmocka_run_group_tests(tests, setup, wire_teardown);
}
