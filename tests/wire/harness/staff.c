/* staff.c: what staff.h promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/staff.h"

void staff_user(const struct wire *w, const char *what, const char *role, const char *name)
{
    struct command_result r;
    char config[400];
    snprintf(config, sizeof config, "%s/guidepost.yaml", w->folder);
    if (role)
        command_run(&r, STAFF_PASSWORD "\n", "user", what, "-c", config, "--role", role, name,
                    NULL);
    else
        command_run(&r, STAFF_PASSWORD "\n", "user", what, "-c", config, name, NULL);
    if (r.code)
        fail_msg("%s", r.err);
    command_release(&r);
}

const char *staff_page(const struct wire *w, const struct person *p)
{
    static char headers[512];
    int n = snprintf(headers, sizeof headers,
                     "Origin: http://127.0.0.1:%d\r\nContent-Type: application/json\r\n", w->port);
    if (p)
        snprintf(headers + n, sizeof headers - (size_t)n, "Cookie: %s\r\nX-CSRF-Token: %s\r\n",
                 p->cookie, p->csrf);
    return headers;
}

int staff_call(const struct wire *w, const char *method, const char *path, const char *headers,
               const char *body, struct answer *a)
{
    struct answer mine;
    struct answer *got = a ? a : &mine;
    assert_true(client_http(w->port, method, path, headers, body, got));
    int status = got->status;
    if (!a)
        answer_release(got);
    return status;
}

int staff_try_login(const struct wire *w, const char *name, const char *password,
                    struct person *ret)
{
    char body[200];
    struct answer a;
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
    int code = staff_call(w, "POST", "/staff/api/login", staff_page(w, NULL), body, &a);
    const char *cookie = answer_header(&a, "set-cookie");
    if (code == 200) {
        assert_non_null(cookie);
        assert_non_null(strstr(cookie, "; Secure"));
        assert_non_null(strstr(cookie, "; HttpOnly"));
        assert_non_null(strstr(cookie, "; SameSite=Strict"));
        snprintf(ret->cookie, sizeof ret->cookie, "%.*s", (int)strcspn(cookie, ";"), cookie);
        cJSON *j = cJSON_Parse(a.body);
        snprintf(ret->csrf, sizeof ret->csrf, "%s",
                 cJSON_GetStringValue(cJSON_GetObjectItem(j, "csrf")));
        cJSON_Delete(j);
    } else {
        assert_null(cookie);
    }
    answer_release(&a);
    return code;
}

struct person staff_login(const struct wire *w, const char *name)
{
    struct person p;
    assert_int_equal(staff_try_login(w, name, STAFF_PASSWORD, &p), 200);
    return p;
}

struct cJSON *staff_get(const struct wire *w, const struct person *p, const char *name)
{
    struct answer a;
    char path[400];
    snprintf(path, sizeof path, "/staff/api/%s", name);
    int code = staff_call(w, "GET", path, staff_page(w, p), NULL, &a);
    if (code != 200)
        fail_msg("GET %s: %d %s", path, code, a.body);
    cJSON *j = cJSON_Parse(a.body);
    assert_non_null(j);
    answer_release(&a);
    return j;
}

int staff_post(const struct wire *w, const struct person *p, const char *name, const char *body)
{
    char path[100];
    snprintf(path, sizeof path, "/staff/api/%s", name);
    return staff_call(w, "POST", path, staff_page(w, p), body, NULL);
}

int staff_act(const struct wire *w, const struct person *p, int id, const char *what,
              const char *text)
{
    char body[300];
    snprintf(body, sizeof body, "{\"id\":%d,\"what\":\"%s\",\"text\":\"%s\"}", id, what, text);
    return staff_post(w, p, "act", body);
}

int staff_unanswered(const struct wire *w, const char *question)
{
    struct answer a;
    assert_int_equal(staff_call(w, "POST", "/v1/ask", "Content-Type: text/plain\r\n", question, &a),
                     200);
    cJSON *j = cJSON_Parse(a.body);
    int id = atoi(cJSON_GetStringValue(cJSON_GetObjectItem(j, "answer_id")));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "kind")), "none");
    cJSON_Delete(j);
    answer_release(&a);
    return id;
}
