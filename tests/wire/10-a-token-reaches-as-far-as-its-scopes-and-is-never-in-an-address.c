/* Keys for programs. A token does what its scopes and its user's role allow, without a cookie and without X-CSRF-Token; it is shown
 * once and kept as a hash; it ends when it is revoked, expires, or its user goes. With a cookie beside it, or in an address, it
 * is refused, and one that stood in an address is on record. */
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
    w = wire_start(&(struct wire_options){.clock = true});
    staff_user(w, "add", "admin", "adam");
    staff_user(w, "add", "agent", "anna");
    staff_user(w, "add", "viewer", "vera");
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

struct token {
    char text[80];
    int id;
};

/* By the command line; it prints the token and nothing else on standard output. */
static struct token make(const char *user, const char *scopes, const char *days)
{
    struct command_result r;
    struct token t = {.id = 0};
    command_run(&r, NULL, "token", "add", "-c", staff_config(w), "--user", user, "--scope", scopes,
                "--days", days, "a test", NULL);
    if (r.code)
        fail_msg("%s", r.err);
    assert_int_equal(strcspn(r.out, "\n"), 57);
    assert_int_equal(r.outlen, 58);
    snprintf(t.text, sizeof t.text, "%.57s", r.out);
    const char *number = strstr(r.err, "token ");
    t.id = number ? atoi(number + 6) : 0;
    if (t.id <= 0)
        fail_msg("%s", r.err);
    assert_null(strstr(r.err, t.text));
    command_release(&r);
    return t;
}

static int with(const struct token *t, const char *method, const char *name, const char *body)
{
    char headers[300], path[200];
    snprintf(headers, sizeof headers,
             "Authorization: Bearer %s\r\nContent-Type: application/json\r\n", t->text);
    snprintf(path, sizeof path, "/staff/api/%s", name);
    return staff_call(w, method, path, headers, body, NULL);
}

/* The code of a refusal. */
static char *code_of(const char *method, const char *path, const char *headers, const char *body,
                     int status)
{
    static char code[40];
    struct answer a;
    assert_int_equal(staff_call(w, method, path, headers, body, &a), status);
    cJSON *j = cJSON_Parse(a.body);
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(j, "code"));
    snprintf(code, sizeof code, "%s", s ? s : "");
    cJSON_Delete(j);
    answer_release(&a);
    return code;
}

/* ---- how far ---- */

static void a_token_reads_or_writes_as_its_scopes_say(void **state)
{
    struct token reads = make("anna", "read", "30"), writes = make("anna", "tickets", "30");
    int id = staff_unanswered(w, "what does a quark weigh on jupiter");
    char claim[60];
    snprintf(claim, sizeof claim, "{\"id\":%d,\"what\":\"claim\"}", id);
    assert_int_equal(with(&reads, "GET", "me", NULL), 200);
    assert_int_equal(with(&reads, "GET", "queue", NULL), 200);
    assert_int_equal(with(&reads, "POST", "act", claim), 403);
    assert_int_equal(with(&writes, "GET", "queue", NULL), 403);
    assert_int_equal(with(&writes, "POST", "act", claim), 200);
    assert_true(staff_audited(w, "\"action\":\"ticket.act\""));
    char how[60]; /* who did it, and with which token */
    snprintf(how, sizeof how, "\"request\":\"token:%d\"", writes.id);
    assert_true(staff_audited(w, how));
}

static void scopes_do_not_lift_anybody_above_their_role(void **state)
{
    struct token all = make("vera", "read,tickets,answers,export,admin", "30");
    assert_int_equal(with(&all, "GET", "queue", NULL), 200);
    assert_int_equal(with(&all, "POST", "act", "{\"id\":1,\"what\":\"claim\"}"), 403);
    assert_int_equal(with(&all, "GET", "users", NULL), 403);
}

static void no_token_opens_another_door(void **state)
{
    static const char *const own[] = {"logout",       "session-end",    "password",
                                      "factor-begin", "factor-confirm", "factor-remove",
                                      "factor-codes", "token-add",      "token-revoke"};
    struct token all = make("adam", "read,tickets,answers,export,admin", "30");
    assert_int_equal(with(&all, "GET", "users", NULL), 200);
    assert_int_equal(with(&all, "GET", "tokens", NULL), 403);
    assert_int_equal(with(&all, "GET", "account", NULL), 403);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (with(&all, "POST", own[i],
                 "{\"password\":\"" STAFF_PASSWORD "\",\"next\":\"another horse\",\"name\":\"x\","
                 "\"scopes\":\"admin\",\"days\":9,\"id\":1}") != 403)
            fail_msg("%s with a token", own[i]);
    assert_int_equal(with(&all, "POST", "login", "{}"), 422);
}

/* ---- how long ---- */

static void a_token_ends_when_it_is_revoked_or_its_user_goes(void **state)
{
    struct token t = make("anna", "read", "30");
    struct command_result r;
    char number[20];
    assert_int_equal(with(&t, "GET", "queue", NULL), 200);
    snprintf(number, sizeof number, "%d", t.id);
    command_run(&r, NULL, "token", "revoke", "-c", staff_config(w), number, NULL);
    assert_int_equal(r.code, 0);
    command_release(&r);
    assert_int_equal(with(&t, "GET", "queue", NULL), 401);
    command_run(&r, NULL, "token", "revoke", "-c", staff_config(w), number, NULL);
    assert_int_equal(r.code, 1);
    command_release(&r);
    staff_user(w, "add", "agent", "carl");
    t = make("carl", "read,tickets", "30");
    assert_int_equal(with(&t, "GET", "ticket?id=1", NULL), 200);
    staff_user(w, "role", "viewer", "carl");
    assert_int_equal(with(&t, "GET", "ticket?id=1", NULL), 403);
    assert_int_equal(with(&t, "GET", "queue", NULL), 200);
    staff_user(w, "remove", NULL, "carl");
    assert_int_equal(with(&t, "GET", "queue", NULL), 401);
}

static void a_token_expires(void **state)
{
    struct token t = make("anna", "read", "1");
    assert_int_equal(with(&t, "GET", "queue", NULL), 200);
    wire_set_wrong(w, 86400 + 60);
    assert_int_equal(with(&t, "GET", "queue", NULL), 401);
    wire_set_wrong(w, 0);
    assert_int_equal(with(&t, "GET", "queue", NULL), 200);
}

static void a_token_is_kept_as_a_hash_and_says_when_it_was_used(void **state)
{
    struct token t = make("anna", "read", "30");
    struct command_result r;
    command_run(&r, NULL, "token", "list", "-c", staff_config(w), "--json", NULL);
    cJSON *list = cJSON_Parse(r.out), *row = NULL;
    cJSON_ArrayForEach(row, list) if (cJSON_GetObjectItem(row, "id")->valueint == t.id) break;
    assert_non_null(row);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(row, "used")));
    cJSON_Delete(list);
    command_release(&r);
    assert_int_equal(with(&t, "GET", "queue", NULL), 200);
    bool used = false;
    for (int i = 0; i < 50 && !used; i++) { /* noted behind the reply */
        command_run(&r, NULL, "token", "list", "-c", staff_config(w), "--json", NULL);
        list = cJSON_Parse(r.out);
        cJSON_ArrayForEach(row, list) if (cJSON_GetObjectItem(row, "id")->valueint == t.id) used =
            cJSON_IsString(cJSON_GetObjectItem(row, "used"));
        cJSON_Delete(list);
        command_release(&r);
    }
    assert_true(used);
    assert_false(staff_on_disk(w, t.text));
    assert_false(staff_on_disk(w, t.text + 14));
    assert_false(wire_said(w, t.text + 14));
}

/* ---- made on the page ---- */

static void a_page_makes_one_shows_it_once_and_revokes_only_ones_own(void **state)
{
    struct person anna = staff_login(w, "anna"), vera = staff_login(w, "vera");
    cJSON *j =
        staff_ask(w, &anna, "token-add", "{\"name\":\"nightly\",\"scopes\":\"read\",\"days\":7}");
    struct token t = {.id = cJSON_GetObjectItem(j, "id")->valueint};
    snprintf(t.text, sizeof t.text, "%s", cJSON_GetStringValue(cJSON_GetObjectItem(j, "token")));
    cJSON_Delete(j);
    assert_int_equal(with(&t, "GET", "queue", NULL), 200);
    j = staff_get(w, &anna, "tokens");
    char *all = cJSON_PrintUnformatted(j);
    assert_non_null(strstr(all, "\"nightly\""));
    assert_null(strstr(all, t.text));
    assert_null(strstr(all, "\"adam\"")); /* one's own only */
    free(all);
    cJSON_Delete(j);
    char body[40];
    snprintf(body, sizeof body, "{\"id\":%d}", t.id);
    assert_int_equal(staff_post(w, &vera, "token-revoke", body), 404);
    assert_int_equal(with(&t, "GET", "queue", NULL), 200);
    assert_int_equal(staff_post(w, &anna, "token-revoke", body), 200);
    assert_int_equal(with(&t, "GET", "queue", NULL), 401);
    assert_int_equal(
        staff_post(w, &anna, "token-add", "{\"name\":\"x\",\"scopes\":\"all\",\"days\":7}"), 422);
    assert_int_equal(
        staff_post(w, &anna, "token-add", "{\"name\":\"x\",\"scopes\":\"read\",\"days\":400}"),
        422);
    assert_int_equal(
        staff_post(w, &anna, "token-add", "{\"name\":\" \",\"scopes\":\"read\",\"days\":7}"), 422);
}

/* ---- where it must not be ---- */

static void a_token_and_a_cookie_together_are_refused(void **state)
{
    struct token t = make("anna", "read", "30");
    struct person anna = staff_login(w, "anna");
    char headers[500];
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\nCookie: %s\r\n", t.text,
             anna.cookie);
    assert_string_equal(code_of("GET", "/staff/api/me", headers, NULL, 400), "two_keys");
    snprintf(headers, sizeof headers, "Authorization: Basic YTpi\r\nCookie: %s\r\n", anna.cookie);
    assert_int_equal(staff_call(w, "GET", "/staff/api/me", headers, NULL, NULL), 200);
    /* a page of another site that somehow knew it could still not send it as JSON without being asked */
    snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\nContent-Type: text/plain\r\n",
             t.text);
    assert_int_equal(staff_call(w, "POST", "/staff/api/act", headers, "{}", NULL), 415);
}

static void a_token_in_an_address_is_refused_and_on_record(void **state)
{
    struct token t = make("anna", "read", "30");
    char path[300], row[100];
    snprintf(path, sizeof path, "/staff/api/queue?access_token=%s", t.text);
    assert_string_equal(code_of("GET", path, NULL, NULL, 400), "token_in_address");
    snprintf(path, sizeof path, "/staff/triage?q=%s", t.text);
    assert_string_equal(code_of("GET", path, NULL, NULL, 400), "token_in_address");
    snprintf(row, sizeof row, "\"action\":\"token.leaked\",\"object\":\"token:%d\"", t.id);
    assert_true(staff_audited(w, row));
    assert_false(staff_audited(w, t.text));
    assert_false(wire_said(w, t.text + 14));
    struct command_result r;
    command_run(&r, NULL, "token", "list", "-c", staff_config(w), NULL);
    assert_non_null(strstr(r.out, "revoke it"));
    command_release(&r);
    /* one that nobody has fills no audit */
    t.text[20] = t.text[20] == 'A' ? 'B' : 'A';
    snprintf(path, sizeof path, "/staff/api/queue?t=%s", t.text);
    assert_string_equal(code_of("GET", path, NULL, NULL, 400), "token_in_address");
    assert_false(staff_audited(w, "token:unknown"));
}

static void a_token_that_is_none_gets_nothing(void **state)
{
    static const char *const odd[] = {
        "Authorization: Bearer\r\n", "Authorization: Bearer x\r\n",
        "Authorization: Bearer guidepost_pat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
        "authorization: bearer guidepost_pat_\r\n"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        assert_int_equal(staff_call(w, "GET", "/staff/api/queue", odd[i], NULL, NULL), 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_reads_or_writes_as_its_scopes_say),
        cmocka_unit_test(scopes_do_not_lift_anybody_above_their_role),
        cmocka_unit_test(no_token_opens_another_door),
        cmocka_unit_test(a_token_ends_when_it_is_revoked_or_its_user_goes),
        cmocka_unit_test(a_token_expires),
        cmocka_unit_test(a_token_is_kept_as_a_hash_and_says_when_it_was_used),
        cmocka_unit_test(a_page_makes_one_shows_it_once_and_revokes_only_ones_own),
        cmocka_unit_test(a_token_and_a_cookie_together_are_refused),
        cmocka_unit_test(a_token_in_an_address_is_refused_and_on_record),
        cmocka_unit_test(a_token_that_is_none_gets_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
