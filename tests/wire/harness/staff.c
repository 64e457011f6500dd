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
#include <endian.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/staff.h"

const char *staff_config(const struct wire *w)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/guidepost.yaml", w->folder);
    return path;
}

void staff_user(const struct wire *w, const char *what, const char *role, const char *name)
{
    struct command_result r;
    const char *config = staff_config(w);
    if (role)
        command_run(&r, STAFF_PASSWORD "\n", "user", what, "-c", config, "--role", role, name,
                    NULL);
    else
        command_run(&r, STAFF_PASSWORD "\n", "user", what, "-c", config, name, NULL);
    if (r.code)
        fail_msg("%s", r.err);
    command_release(&r);
}

static const char *from;

void staff_from(const char *address)
{
    from = address;
}

const char *staff_page(const struct wire *w, const struct person *p)
{
    static char headers[512];
    int n =
        snprintf(headers, sizeof headers,
                 "Origin: http://127.0.0.1:%d\r\nContent-Type: application/json\r\n%s%s%s", w->port,
                 from ? "X-Forwarded-For: " : "", from ? from : "", from ? "\r\n" : "");
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

static void take_cookie(const struct answer *a, struct person *ret)
{
    const char *cookie = answer_header(a, "set-cookie");
    assert_non_null(cookie);
    assert_non_null(strstr(cookie, "__Host-guidepost="));
    assert_non_null(strstr(cookie, "; Path=/;"));
    assert_non_null(strstr(cookie, "; Secure"));
    assert_non_null(strstr(cookie, "; HttpOnly"));
    assert_non_null(strstr(cookie, "; SameSite=Strict"));
    assert_null(strstr(cookie, "Domain"));
    snprintf(ret->cookie, sizeof ret->cookie, "%.*s", (int)strcspn(cookie, ";"), cookie);
    cJSON *j = cJSON_Parse(a->body);
    snprintf(ret->csrf, sizeof ret->csrf, "%s",
             cJSON_GetStringValue(cJSON_GetObjectItem(j, "csrf")));
    cJSON_Delete(j);
}

int staff_try_code(const struct wire *w, const char *name, const char *password, const char *code,
                   struct person *ret)
{
    char body[300];
    struct answer a;
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"password\":\"%s\"%s%s%s}", name, password,
             code ? ",\"totp\":\"" : "", code ? code : "", code ? "\"" : "");
    int status = staff_call(w, "POST", "/staff/api/login", staff_page(w, NULL), body, &a);
    if (status == 200)
        take_cookie(&a, ret);
    else
        assert_null(answer_header(&a, "set-cookie"));
    answer_release(&a);
    return status;
}

void staff_code(const char *secret, int steps, char ret[7])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    unsigned char key[64] = {0}, mac[20];
    unsigned bits = 0, len = 0, have = 0;
    for (; *secret; secret++)
        if (*secret != ' ') {
            bits = bits << 5 | (unsigned)(strchr(letters, *secret) - letters);
            if ((have += 5) >= 8)
                key[len++] = (unsigned char)(bits >> (have -= 8));
        }
    uint64_t counter = htobe64((uint64_t)(time(NULL) / 30 + steps));
    HMAC(EVP_sha1(), key, (int)len, (unsigned char *)&counter, sizeof counter, mac, NULL);
    uint32_t word;
    memcpy(&word, mac + (mac[19] & 15), sizeof word);
    snprintf(ret, 7, "%06u", (be32toh(word) & 0x7fffffff) % 1000000);
}

int staff_try_login(const struct wire *w, const char *name, const char *password,
                    struct person *ret)
{
    return staff_try_code(w, name, password, NULL, ret);
}

struct person staff_login(const struct wire *w, const char *name)
{
    struct person p;
    assert_int_equal(staff_try_login(w, name, STAFF_PASSWORD, &p), 200);
    return p;
}

static cJSON *asked(const struct wire *w, const struct person *p, const char *method,
                    const char *name, const char *body)
{
    struct answer a;
    char path[1000];
    snprintf(path, sizeof path, "/staff/api/%s", name);
    int code = staff_call(w, method, path, staff_page(w, p), body, &a);
    if (code != 200)
        fail_msg("%s %s: %d %s", method, path, code, a.body);
    cJSON *j = cJSON_Parse(a.body);
    assert_non_null(j);
    answer_release(&a);
    return j;
}

struct cJSON *staff_get(const struct wire *w, const struct person *p, const char *name)
{
    return asked(w, p, "GET", name, NULL);
}

struct cJSON *staff_ask(const struct wire *w, const struct person *p, const char *name,
                        const char *body)
{
    return asked(w, p, "POST", name, body);
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

/* ---- what is left behind ---- */

bool staff_audited(const struct wire *w, const char *part)
{
    struct command_result r;
    command_run(&r, NULL, "audit", "export", "-c", staff_config(w), NULL);
    if (r.code)
        fail_msg("audit: %s", r.err);
    bool found = strstr(r.out, part) != NULL;
    command_release(&r);
    return found;
}

bool staff_on_disk(const struct wire *w, const char *bytes)
{
    static const char *const name[] = {"state.db", "state.db-wal"};
    static char s[16 << 20];
    bool found = false;
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/data/%s", w->folder, name[i]);
        FILE *f = fopen(path, "rb");
        if (!f)
            continue;
        size_t len = fread(s, 1, sizeof s, f);
        assert_true(len < sizeof s);
        found |= memmem(s, len, bytes, strlen(bytes)) != NULL;
        fclose(f);
    }
    return found;
}

/* ---- the live side ---- */

int staff_socket_try(const struct wire *w, const struct person *p, const char *origin,
                     struct client **ret)
{
    char headers[600];
    snprintf(headers, sizeof headers, "Sec-WebSocket-Protocol: guidepost-staff.v1\r\n%s%s%s%s%s%s",
             origin ? "Origin: " : "", origin ? origin : "", origin ? "\r\n" : "",
             p ? "Cookie: " : "", p ? p->cookie : "", p ? "\r\n" : "");
    return client_ws_try(w->port, "/staff/ws", headers, ret);
}

struct client *staff_socket(const struct wire *w, const struct person *p)
{
    char origin[60], hello[200];
    struct client *c = NULL;
    snprintf(origin, sizeof origin, "http://127.0.0.1:%d", w->port);
    assert_int_equal(staff_socket_try(w, p, origin, &c), 101);
    snprintf(hello, sizeof hello, "{\"t\":\"hello\",\"v\":1,\"csrf\":\"%s\"}", p->csrf);
    assert_true(client_text(c, hello));
    for (bool ready = false; !ready;) {
        struct message m;
        client_message(c, 8000 * (int)wire_slack(), false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        ready = strstr(m.s, "\"t\":\"ready\"") != NULL;
        message_release(&m);
    }
    return c;
}
