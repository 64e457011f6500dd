/* The staff's door. Who has no session, a session of another kind, or a role too low gets nothing, on every route; another site's
 * page can change nothing, cookie or not; a guesser waits, the owner of the name hardly; who is removed is out at once;
 * of two who claim the same question one gets it; and every login, reading and change is in the audit. */
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

static struct wire *w;

static int setup(void **state)
{
    w = wire_start(NULL);
    staff_user(w, "add", "viewer", "vera");
    staff_user(w, "add", "agent", "anna");
    staff_user(w, "add", "agent", "bert");
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

/* ---- requests ---- */

static int status(const char *method, const char *path, const char *headers, const char *body)
{
    return staff_call(w, method, path, headers, body, NULL);
}

static const char *page(const struct person *p)
{
    return staff_page(w, p);
}

static struct person login(const char *name)
{
    return staff_login(w, name);
}

static int act(const struct person *p, int id, const char *what, const char *text)
{
    return staff_act(w, p, id, what, text);
}

static int unanswered(void)
{
    return staff_unanswered(w, "what does a quark weigh on jupiter");
}

/* ---- who may ---- */

static const struct {
    const char *method, *path;
    bool viewer; /* may a viewer? */
} routes[] = {
    {"GET", "/staff/api/me", true},           {"GET", "/staff/api/queue", true},
    {"GET", "/staff/api/ticket?id=1", false}, {"POST", "/staff/api/act", false},
    {"POST", "/staff/api/undo", false},       {"GET", "/staff/api/people", false},
    {"GET", "/staff/api/why?id=1", false},    {"POST", "/staff/api/logout", true},
};

static void without_a_session_there_is_nothing(void **state)
{
    static const struct person made_up = {
        "__Host-guidepost=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    static const struct person odd = {"__Host-guidepost=", "x"};
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        bool posts = routes[i].method[0] == 'P';
        const char *body = posts ? "{\"id\":1,\"what\":\"claim\"}" : NULL;
        assert_int_equal(status(routes[i].method, routes[i].path, page(NULL), body), 401);
        assert_in_range(status(routes[i].method, routes[i].path, page(&made_up), body), 401, 403);
        assert_in_range(status(routes[i].method, routes[i].path, page(&odd), body), 401, 403);
        /* a token in the address is none */
        assert_int_equal(status("GET", "/staff/api/me?token=AAAA", page(NULL), NULL), 401);
    }
    assert_int_equal(status("GET", "/staff/api/login", page(NULL), NULL), 405);
    assert_int_equal(status("GET", "/staff/api/nothing", page(NULL), NULL), 404);
}

static void a_role_goes_as_far_as_it_goes_on_every_route(void **state)
{
    int id = unanswered();
    struct person vera = login("vera");
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        bool posts = routes[i].method[0] == 'P';
        char body[60];
        snprintf(body, sizeof body, "{\"id\":%d,\"what\":\"claim\"}", id);
        int code = status(routes[i].method, routes[i].path, page(&vera), posts ? body : NULL);
        if (code != (routes[i].viewer ? 200 : 403))
            fail_msg("%s %s: %d", routes[i].method, routes[i].path, code);
    }
    assert_int_equal(status("GET", "/staff/api/me", page(&vera), NULL), 401); /* logged out */
}

static void another_site_can_change_nothing(void **state)
{
    static const char *const origins[] = {"",
                                          "Origin: http://evil.example\r\n",
                                          "Origin: null\r\n",
                                          "Sec-Fetch-Site: cross-site\r\n",
                                          "Sec-Fetch-Site: same-site\r\n",
                                          "Sec-Fetch-Site: none\r\n"};
    struct person anna = login("anna");
    int id = unanswered();
    char body[80], headers[600];
    snprintf(body, sizeof body, "{\"id\":%d,\"what\":\"claim\"}", id);
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        snprintf(headers, sizeof headers,
                 "%sContent-Type: application/json\r\nCookie: %s\r\nX-CSRF-Token: %s\r\n",
                 origins[i], anna.cookie, anna.csrf);
        assert_int_equal(status("POST", "/staff/api/act", headers, body), 403);
        snprintf(headers, sizeof headers, "%sContent-Type: application/json\r\n", origins[i]);
        assert_int_equal(status("POST", "/staff/api/login", headers,
                                "{\"name\":\"anna\",\"password\":\"" STAFF_PASSWORD "\"}"),
                         403);
    }
    /* our origin, without the token of the page, and as a form would send it */
    snprintf(headers, sizeof headers,
             "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nCookie: %s\r\n",
             anna.cookie);
    assert_int_equal(status("POST", "/staff/api/act", headers, body), 403);
    snprintf(headers, sizeof headers,
             "Sec-Fetch-Site: same-origin\r\nContent-Type: text/plain\r\nCookie: %s\r\n"
             "X-CSRF-Token: %s\r\n",
             anna.cookie, anna.csrf);
    assert_int_equal(status("POST", "/staff/api/act", headers, body), 415);
    assert_int_equal(act(&anna, id, "claim", ""), 200);
}

/* ---- sessions ---- */

static void a_login_makes_a_session_of_its_own_whatever_cookie_came(void **state)
{
    char headers[400];
    struct answer a;
    struct person anna = login("anna");
    snprintf(headers, sizeof headers, "%sCookie: %s\r\n", page(NULL), anna.cookie);
    assert_int_equal(staff_call(w, "POST", "/staff/api/login", headers,
                                "{\"name\":\"bert\",\"password\":\"" STAFF_PASSWORD "\"}", &a),
                     200);
    assert_null(strstr(answer_header(&a, "set-cookie"), anna.cookie));
    answer_release(&a);
    cJSON *j = staff_get(w, &anna, "me"); /* and the old one is still hers */
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(j, "name")), "anna");
    cJSON_Delete(j);
}

static void who_is_removed_or_changed_is_out_at_once(void **state)
{
    staff_user(w, "add", "agent", "carl");
    struct person carl = login("carl");
    assert_int_equal(status("GET", "/staff/api/queue", page(&carl), NULL), 200);
    staff_user(w, "role", "viewer", "carl");
    assert_int_equal(status("GET", "/staff/api/queue", page(&carl), NULL), 401);
    carl = login("carl");
    staff_user(w, "remove", NULL, "carl");
    assert_int_equal(status("GET", "/staff/api/queue", page(&carl), NULL), 401);
    assert_int_equal(staff_try_login(w, "carl", STAFF_PASSWORD, &carl), 401);
}

static void sessions_outlive_a_restart(void **state)
{
    struct person anna = login("anna");
    wire_restart(w, 9);
    assert_int_equal(status("GET", "/staff/api/me", page(&anna), NULL), 200);
}

/* ---- the queue ---- */

static void of_two_who_claim_one_gets_it_and_the_other_is_told(void **state)
{
    struct person anna = login("anna"), bert = login("bert");
    for (int i = 0; i < 10; i++) {
        int id = unanswered();
        const struct person *first = i % 2 ? &anna : &bert, *second = i % 2 ? &bert : &anna;
        assert_int_equal(act(first, id, "claim", ""), 200);
        assert_int_equal(act(first, id, "claim", ""), 200); /* it is theirs already */
        assert_int_equal(act(second, id, "claim", ""), 409);
        assert_int_equal(act(second, id, "close", ""), 409);
        assert_int_equal(act(second, id, "take", ""), 200); /* on purpose */
        assert_int_equal(act(first, id, "close", ""), 409);
        assert_int_equal(act(second, id, "close", ""), 200);
        assert_int_equal(act(first, id, "claim", ""), 409); /* it is over */
        assert_int_equal(act(first, id, "reopen", ""), 200);
        assert_int_equal(act(first, id, "ignore", ""), 200);
    }
    assert_int_equal(act(&anna, 999999, "claim", ""), 404);
    assert_int_equal(act(&anna, 1, "dance", ""), 422);
    assert_int_equal(act(&anna, 1, "note", ""), 422);
}

static int in_queue(const struct person *p, const char *what, int id)
{
    char path[80];
    snprintf(path, sizeof path, "queue?what=%s", what);
    cJSON *j = staff_get(w, p, path);
    const cJSON *t;
    int n = 0;
    cJSON_ArrayForEach(t, cJSON_GetObjectItem(j, "tickets")) n +=
        cJSON_GetObjectItem(t, "id")->valueint == id;
    cJSON_Delete(j);
    return n;
}

static void a_question_is_where_its_reason_and_state_say(void **state)
{
    struct person anna = login("anna");
    int id = unanswered();
    assert_int_equal(in_queue(&anna, "open", id), 1);
    assert_int_equal(in_queue(&anna, "none", id), 1);
    assert_int_equal(in_queue(&anna, "down", id), 0);
    assert_int_equal(in_queue(&anna, "mine", id), 0);
    assert_int_equal(act(&anna, id, "claim", ""), 200);
    assert_int_equal(in_queue(&anna, "mine", id), 1);
    assert_int_equal(act(&anna, id, "note", "ask <b>physics</b>"), 200);
    assert_int_equal(act(&anna, id, "close", ""), 200);
    assert_int_equal(in_queue(&anna, "open", id), 0);
    assert_int_equal(in_queue(&anna, "over", id), 1);
    assert_int_equal(status("GET", "/staff/api/queue?what=odd", page(&anna), NULL), 422);
    char path[60];
    snprintf(path, sizeof path, "ticket?id=%d", id);
    cJSON *j = staff_get(w, &anna, path), *log = cJSON_GetObjectItem(j, "log");
    assert_int_equal(cJSON_GetArraySize(log), 3);
    assert_string_equal(
        cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(log, 1), "text")),
        "ask <b>physics</b>");
    cJSON_Delete(j);
}

/* A vote and a wish for a person make tickets, too, and open again what was closed. */
static void a_bad_vote_and_a_wish_for_a_person_come_into_the_queue(void **state)
{
    struct person anna = login("anna");
    struct client *c = wire_chat(w);
    assert_true(wire_chat_ask(c, "q"));
    assert_true(wire_chat_answer(c, "q", 8000) >= 0);
    client_text(c, "{\"t\":\"feedback\",\"cid\":\"f\",\"re\":2,\"v\":-1}");
    client_text(c, "{\"t\":\"handoff\",\"cid\":\"h\",\"want\":\"live\"}");
    for (bool heard = false; !heard;) {
        struct message m;
        client_message(c, 5000, false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        heard = strstr(m.s, "\"handoff\"") != NULL;
        message_release(&m);
    }
    cJSON *j = staff_get(w, &anna, "queue?what=down"), *list = cJSON_GetObjectItem(j, "tickets");
    assert_int_equal(cJSON_GetArraySize(list), 1);
    cJSON *why = cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "why");
    int id = cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "id")->valueint;
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(why, cJSON_GetArraySize(why) - 1)),
                        "person");
    cJSON_Delete(j);
    assert_int_equal(in_queue(&anna, "person", id), 1);
    assert_int_equal(act(&anna, id, "close", ""), 200);
    client_text(c, "{\"t\":\"handoff\",\"cid\":\"h2\",\"want\":\"live\"}");
    for (bool heard = false; !heard;) {
        struct message m;
        client_message(c, 5000, false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        heard = strstr(m.s, "\"h2\"") != NULL;
        message_release(&m);
    }
    assert_int_equal(in_queue(&anna, "person", id), 1);
    client_close(c);
}

/* ---- guessing ---- */

static void who_guesses_waits_longer_and_longer_and_all_is_on_record(void **state)
{
    struct person p;
    int slow = 0;
    for (int i = 0; i < 8; i++)
        slow += staff_try_login(w, "anna", "wrong horse", &p) == 429;
    assert_in_range(slow, 1, 3);
    struct answer a;
    assert_int_equal(staff_call(w, "POST", "/staff/api/login", page(NULL),
                                "{\"name\":\"anna\",\"password\":\"" STAFF_PASSWORD "\"}", &a),
                     429);
    int wait = atoi(answer_header(&a, "retry-after"));
    assert_in_range(wait, 1, 30);
    answer_release(&a);
    struct command_result r;
    char config[400];
    snprintf(config, sizeof config, "%s/guidepost.yaml", w->folder);
    command_run(&r, NULL, "audit", "export", "-c", config, NULL);
    assert_int_equal(r.code, 0); /* the chain is whole */
    assert_non_null(strstr(r.out, "\"action\":\"login.failed\",\"object\":\"anna\""));
    assert_non_null(strstr(r.out, "\"actor\":\"anna\",\"role\":\"agent\",\"action\":\"login\""));
    assert_non_null(strstr(r.out, "\"action\":\"ticket.read\""));
    assert_non_null(strstr(r.out, "\"action\":\"ticket.act\""));
    assert_null(strstr(r.out, "horse"));
    command_release(&r);
    assert_false(wire_said(w, "horse"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_session_there_is_nothing),
        cmocka_unit_test(a_role_goes_as_far_as_it_goes_on_every_route),
        cmocka_unit_test(another_site_can_change_nothing),
        cmocka_unit_test(a_login_makes_a_session_of_its_own_whatever_cookie_came),
        cmocka_unit_test(who_is_removed_or_changed_is_out_at_once),
        cmocka_unit_test(of_two_who_claim_one_gets_it_and_the_other_is_told),
        cmocka_unit_test(a_question_is_where_its_reason_and_state_say),
        cmocka_unit_test(a_bad_vote_and_a_wish_for_a_person_come_into_the_queue),
        cmocka_unit_test(sessions_outlive_a_restart),
        cmocka_unit_test(who_guesses_waits_longer_and_longer_and_all_is_on_record),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
