/* One's own account. A second factor is set up with the password, asked for at the next login and never before the password was right;
 * each code opens once, each recovery code once, and a guesser of codes waits; guidepost user takes it away again. Where a role needs
 * one, who has none gets as far as setting it up. Sessions are listed and ended, and another password ends the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/staff.h"

#define PASSWORD_BODY "{\"password\":\"" STAFF_PASSWORD "\"}"

static struct wire *w;

static int setup(void **state)
{
    w = wire_start(&(struct wire_options){
        .settings = "staff: {second_factor: editor}\nweb: {proxies: [127.0.0.1]}\n"});
    staff_user(w, "add", "agent", "anna");
    staff_user(w, "add", "agent", "bert");
    staff_user(w, "add", "agent", "carl");
    staff_user(w, "add", "agent", "dora");
    staff_user(w, "add", "admin", "adam");
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

static void copy(const cJSON *j, const char *name, char *ret, size_t size)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(j, name));
    assert_non_null(s);
    snprintf(ret, size, "%s", s);
}

/* Sets one up; the recovery codes. */
static void set_up(const struct person *p, char secret[64], char codes[10][20])
{
    char code[7], body[60];
    cJSON *j = staff_ask(w, p, "factor-begin", PASSWORD_BODY);
    copy(j, "secret", secret, 64);
    assert_non_null(strstr(cJSON_GetStringValue(cJSON_GetObjectItem(j, "uri")), "otpauth://totp/"));
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(j, "qr")) >= 21);
    cJSON_Delete(j);
    staff_code(secret, -1, code); /* that of now is kept for the first login */
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    j = staff_ask(w, p, "factor-confirm", body);
    cJSON *list = cJSON_GetObjectItem(j, "codes");
    assert_int_equal(cJSON_GetArraySize(list), 10);
    for (int i = 0; i < 10; i++)
        snprintf(codes[i], 20, "%s", cJSON_GetStringValue(cJSON_GetArrayItem(list, i)));
    cJSON_Delete(j);
}

static void a_code_is_asked_for_after_the_password_and_good_once(void **state)
{
    staff_from("10.0.1.1");
    char secret[64], codes[10][20], code[7];
    struct person anna = staff_login(w, "anna"), p;
    assert_int_equal(staff_post(w, &anna, "factor-begin", "{\"password\":\"wrong horse\"}"), 403);
    assert_int_equal(staff_post(w, &anna, "factor-confirm", "{\"code\":\"123456\"}"), 403);
    set_up(&anna, secret, codes);
    staff_from("10.0.8.1");
    assert_int_equal(staff_post(w, &anna, "session-end", "{\"which\":\"others\"}"), 200);
    staff_code(secret, 0, code);
    /* who does not know the password does not hear of a code */
    struct answer a;
    staff_call(w, "POST", "/staff/api/login", staff_page(w, NULL),
               "{\"name\":\"anna\",\"password\":\"wrong horse\"}", &a);
    assert_non_null(strstr(a.body, "\"wrong\""));
    assert_null(strstr(a.body, "totp"));
    answer_release(&a);
    staff_call(w, "POST", "/staff/api/login", staff_page(w, NULL),
               "{\"name\":\"anna\",\"password\":\"" STAFF_PASSWORD "\"}", &a);
    assert_int_equal(a.status, 401);
    assert_non_null(strstr(a.body, "\"totp\""));
    answer_release(&a);
    assert_int_equal(staff_try_code(w, "anna", "wrong horse", code, &p), 401);
    assert_int_equal(staff_try_code(w, "anna", STAFF_PASSWORD, code, &p), 200);
    assert_int_equal(staff_try_code(w, "anna", STAFF_PASSWORD, code, &p), 401);
    staff_from("10.0.9.1");
    /* a recovery code, in capitals and without its hyphens */
    char typed[20] = "";
    for (size_t i = 0, n = 0; codes[3][i]; i++)
        if (codes[3][i] != '-')
            typed[n++] = codes[3][i] >= 'a' ? (char)(codes[3][i] - 32) : codes[3][i];
    assert_int_equal(staff_try_code(w, "anna", STAFF_PASSWORD, typed, &p), 200);
    assert_int_equal(staff_try_code(w, "anna", STAFF_PASSWORD, typed, &p), 401);
    assert_int_equal(staff_try_code(w, "anna", STAFF_PASSWORD, codes[4], &p), 200);
    cJSON *j = staff_get(w, &p, "account");
    assert_int_equal(cJSON_GetObjectItem(j, "codes")->valueint, 8);
    cJSON_Delete(j);
    assert_false(staff_on_disk(w, codes[5]));
    assert_true(staff_audited(w, "\"action\":\"login\",\"after\":\"recovery code\""));
    assert_false(staff_audited(w, codes[4]));
    /* and without it again */
    staff_user(w, "reset-factor", NULL, "anna");
    assert_int_equal(staff_try_login(w, "anna", STAFF_PASSWORD, &p), 200);
    assert_int_equal(staff_try_code(w, "anna", STAFF_PASSWORD, codes[6], &p), 200); /* no need */
}

static void other_codes_replace_those_and_a_factor_is_taken_away_with_the_password(void **state)
{
    staff_from("10.0.2.1");
    char secret[64], old[10][20], fresh[20];
    struct person carl = staff_login(w, "carl"), p;
    set_up(&carl, secret, old);
    assert_int_equal(staff_post(w, &carl, "factor-codes", "{\"password\":\"x\"}"), 403);
    cJSON *j = staff_ask(w, &carl, "factor-codes", PASSWORD_BODY);
    snprintf(fresh, sizeof fresh, "%s",
             cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(j, "codes"), 0)));
    cJSON_Delete(j);
    assert_int_equal(staff_try_code(w, "carl", STAFF_PASSWORD, old[0], &p), 401);
    assert_int_equal(staff_try_code(w, "carl", STAFF_PASSWORD, fresh, &p), 200);
    assert_int_equal(staff_post(w, &p, "factor-remove", "{\"password\":\"wrong\"}"), 403);
    assert_int_equal(staff_try_login(w, "carl", STAFF_PASSWORD, &p), 401);
    assert_int_equal(staff_post(w, &carl, "factor-remove", PASSWORD_BODY), 200);
    assert_int_equal(staff_try_login(w, "carl", STAFF_PASSWORD, &p), 200);
}

static void who_has_no_factor_but_needs_one_gets_as_far_as_setting_it_up(void **state)
{
    staff_from("10.0.3.1");
    char secret[64], codes[10][20];
    struct person adam = staff_login(w, "adam");
    assert_int_equal(staff_call(w, "GET", "/staff/api/queue", staff_page(w, &adam), NULL, NULL),
                     403);
    assert_int_equal(
        staff_post(w, &adam, "token-add", "{\"name\":\"x\",\"scopes\":\"admin\",\"days\":9}"), 403);
    cJSON *j = staff_get(w, &adam, "me");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(j, "must")));
    cJSON_Delete(j);
    set_up(&adam, secret, codes);
    j = staff_get(w, &adam, "me");
    assert_false(cJSON_IsTrue(cJSON_GetObjectItem(j, "must")));
    cJSON_Delete(j);
    cJSON_Delete(staff_get(w, &adam, "users"));
    struct person bert = staff_login(w, "bert"); /* agents need none */
    cJSON_Delete(staff_get(w, &bert, "queue"));
}

static int in_list(const struct person *p)
{
    cJSON *j = staff_get(w, p, "account");
    int n = cJSON_GetArraySize(cJSON_GetObjectItem(j, "sessions"));
    cJSON_Delete(j);
    return n;
}

/* The number of one's session that is not this one. */
static long long other(const struct person *p)
{
    cJSON *j = staff_get(w, p, "account"), *row;
    long long id = 0;
    cJSON_ArrayForEach(
        row,
        cJSON_GetObjectItem(j, "sessions")) if (!cJSON_IsTrue(cJSON_GetObjectItem(row, "current")))
        id = (long long)cJSON_GetNumberValue(cJSON_GetObjectItem(row, "id"));
    cJSON_Delete(j);
    return id;
}

static int knock(const struct person *p)
{
    return staff_call(w, "GET", "/staff/api/me", staff_page(w, p), NULL, NULL);
}

static void sessions_are_listed_and_ended(void **state)
{
    staff_from("10.0.4.1");
    char body[60];
    struct person a = staff_login(w, "dora"), b = staff_login(w, "dora");
    struct person bert = staff_login(w, "bert");
    assert_int_equal(in_list(&a), 2);
    long long id = other(&a);
    snprintf(body, sizeof body, "{\"id\":%lld}", id);
    assert_int_equal(staff_post(w, &bert, "session-end", body), 404); /* not his */
    assert_int_equal(knock(&b), 200);
    assert_int_equal(staff_post(w, &a, "session-end", body), 200);
    assert_int_equal(knock(&b), 401);
    assert_true(staff_audited(w, "\"action\":\"session.end\",\"object\":\"dora\""));
    b = staff_login(w, "dora");
    struct person c = staff_login(w, "dora");
    assert_int_equal(staff_post(w, &a, "session-end", "{\"which\":\"others\"}"), 200);
    assert_int_equal(knock(&a), 200);
    assert_int_equal(knock(&b), 401);
    assert_int_equal(knock(&c), 401);
    assert_int_equal(staff_post(w, &a, "session-end", "{}"), 422);
}

static void another_password_ends_the_other_sessions_and_gives_this_one_a_new_token(void **state)
{
    staff_from("10.0.5.1");
    struct person a = staff_login(w, "dora"), b = staff_login(w, "dora"), p;
    assert_int_equal(
        staff_post(w, &a, "password", "{\"password\":\"wrong\",\"next\":\"another horse\"}"), 403);
    assert_int_equal(
        staff_post(w, &a, "password", "{\"password\":\"" STAFF_PASSWORD "\",\"next\":\"short\"}"),
        422);
    assert_int_equal(knock(&b), 200);
    struct answer r;
    staff_call(w, "POST", "/staff/api/password", staff_page(w, &a),
               "{\"password\":\"" STAFF_PASSWORD "\",\"next\":\"another horse\"}", &r);
    assert_int_equal(r.status, 200);
    const char *cookie = answer_header(&r, "set-cookie");
    assert_non_null(cookie);
    snprintf(p.cookie, sizeof p.cookie, "%.*s", (int)strcspn(cookie, ";"), cookie);
    cJSON *j = cJSON_Parse(r.body);
    copy(j, "csrf", p.csrf, sizeof p.csrf);
    cJSON_Delete(j);
    answer_release(&r);
    assert_int_equal(knock(&p), 200);
    assert_int_equal(staff_post(w, &p, "session-end", "{\"which\":\"others\"}"), 200);
    assert_int_equal(knock(&a), 401); /* also the token from before */
    assert_int_equal(knock(&b), 401);
    assert_int_equal(staff_try_login(w, "dora", STAFF_PASSWORD, &a), 401);
    assert_int_equal(staff_try_login(w, "dora", "another horse", &a), 200);
}

/* Also who knows the password cannot try codes as fast as the network goes; and a browser that was left open is no place to try
 * passwords. */
static void who_guesses_codes_waits(void **state)
{
    staff_from("10.0.6.1");
    char secret[64], codes[10][20];
    struct person bert = staff_login(w, "bert"), p;
    set_up(&bert, secret, codes);
    int slow = 0, wrong = 0;
    for (int i = 0; i < 9; i++) {
        int code = staff_try_code(w, "bert", STAFF_PASSWORD, "000000", &p);
        slow += code == 429;
        wrong += code == 401;
    }
    assert_in_range(wrong, 4, 7);
    assert_int_equal(slow + wrong, 9);
    struct answer a;
    staff_call(w, "POST", "/staff/api/login", staff_page(w, NULL),
               "{\"name\":\"bert\",\"password\":\"" STAFF_PASSWORD "\",\"totp\":\"000000\"}", &a);
    assert_int_equal(a.status, 429);
    assert_in_range(atoi(answer_header(&a, "retry-after")), 1, 900);
    answer_release(&a);
    slow = 0;
    for (int i = 0; i < 9; i++)
        slow += staff_post(w, &bert, "factor-remove", "{\"password\":\"guess\"}") == 429;
    assert_in_range(slow, 1, 9);
    assert_true(staff_audited(w, "\"action\":\"login.failed\",\"object\":\"bert\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_is_asked_for_after_the_password_and_good_once),
        cmocka_unit_test(other_codes_replace_those_and_a_factor_is_taken_away_with_the_password),
        cmocka_unit_test(who_has_no_factor_but_needs_one_gets_as_far_as_setting_it_up),
        cmocka_unit_test(sessions_are_listed_and_ended),
        cmocka_unit_test(another_password_ends_the_other_sessions_and_gives_this_one_a_new_token),
        cmocka_unit_test(who_guesses_codes_waits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
