/* staff.auth: proxy. The header of a listed proxy takes the place of the password and of nothing else: there is a session, its cookie,
 * X-CSRF-Token and the audit as ever. From any other address it is refused, whatever X-Forwarded-For says, and without that
 * setting it is not looked at. Groups give roles, and a session ends when the header names somebody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/staff.h"

#define WAIT_MS 60000
#define LISTED                                                                                     \
    "staff: {auth: proxy, proxies: [127.0.0.1], proxy_roles: [career-centre=agent, it=admin]}\n"

static struct wire *begin(const char *settings)
{
    return wire_start(&(struct wire_options){.settings = settings});
}

static char *code_of(const struct wire *w, const char *path, const char *headers, int status)
{
    static char code[40];
    struct answer a;
    assert_int_equal(staff_call(w, "GET", path, headers, NULL, &a), status);
    cJSON *j = cJSON_Parse(a.body);
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(j, "code"));
    snprintf(code, sizeof code, "%s", s ? s : "");
    cJSON_Delete(j);
    answer_release(&a);
    return code;
}

/* What the proxy adds to whatever a browser sends. */
static const char *named(const char *user, const char *groups, const char *more)
{
    static char headers[900];
    snprintf(headers, sizeof headers, "X-Remote-User: %s\r\n%s%s%s%s", user,
             groups ? "X-Remote-Groups: " : "", groups ? groups : "", groups ? "\r\n" : "", more);
    return headers;
}

static int sign_on(const struct wire *w, const char *user, const char *groups, struct person *ret)
{
    char page[512];
    struct answer a;
    snprintf(page, sizeof page, "%s", staff_page(w, NULL));
    int status = staff_call(w, "POST", "/staff/api/login", named(user, groups, page), "{}", &a);
    if (status == 200) {
        const char *cookie = answer_header(&a, "set-cookie");
        snprintf(ret->cookie, sizeof ret->cookie, "%.*s", (int)strcspn(cookie, ";"), cookie);
        cJSON *j = cJSON_Parse(a.body);
        snprintf(ret->csrf, sizeof ret->csrf, "%s",
                 cJSON_GetStringValue(cJSON_GetObjectItem(j, "csrf")));
        cJSON_Delete(j);
    }
    answer_release(&a);
    return status;
}

static int see(const struct wire *w, const struct person *p, const char *user, const char *groups,
               const char *path)
{
    char page[512];
    snprintf(page, sizeof page, "%s", staff_page(w, p));
    return staff_call(w, "GET", path, user ? named(user, groups, page) : page, NULL, NULL);
}

static void the_listed_proxys_word_begins_a_session_like_any_other(void **state)
{
    struct wire *w = begin(LISTED);
    struct person p;
    assert_string_equal(
        code_of(w, "/staff/api/me", named("zoe@example.edu", "staff;career-centre", ""), 401),
        "sign_on");
    assert_int_equal(sign_on(w, "zoe@example.edu", "staff;career-centre", &p), 200);
    assert_int_equal(
        see(w, &p, "zoe@example.edu", "staff, Career-Centre", "/staff/api/ticket?id=1"), 404);
    assert_int_equal(see(w, &p, "zoe@example.edu", "career-centre", "/staff/api/users"), 403);
    /* another site still can do nothing: the word of the proxy comes with its requests, too */
    char headers[700];
    snprintf(headers, sizeof headers,
             "Origin: http://evil.example\r\nContent-Type: application/json\r\nCookie: %s\r\n"
             "X-CSRF-Token: %s\r\n",
             p.cookie, p.csrf);
    assert_int_equal(staff_call(w, "POST", "/staff/api/act",
                                named("zoe@example.edu", "career-centre", headers), "{}", NULL),
                     403);
    assert_int_equal(staff_call(w, "POST", "/staff/api/login",
                                named("zoe@example.edu", "career-centre",
                                      "Origin: http://evil.example\r\n"
                                      "Content-Type: application/json\r\n"),
                                "{}", NULL),
                     403);
    assert_true(staff_audited(w, "\"actor\":\"zoe@example.edu\",\"role\":\"agent\",\"action\":"
                                 "\"login\",\"after\":\"proxy\""));
    assert_true(staff_audited(w, "\"action\":\"user.add\",\"object\":\"zoe@example.edu\""));
    wire_stop(w);
}

static void a_session_ends_when_the_header_names_another_one_or_nobody(void **state)
{
    struct wire *w = begin(LISTED);
    struct person p;
    assert_int_equal(sign_on(w, "zoe", "career-centre", &p), 200);
    assert_int_equal(see(w, &p, "zoe", "career-centre", "/staff/api/queue"), 200);
    assert_int_equal(see(w, &p, NULL, NULL, "/staff/api/queue"), 401);
    assert_int_equal(see(w, &p, "yan", "career-centre", "/staff/api/queue"), 401);
    /* promoted or demoted: signs on anew, and the old session is over */
    assert_int_equal(see(w, &p, "zoe", "it", "/staff/api/queue"), 401);
    struct person q;
    assert_int_equal(sign_on(w, "zoe", "it;career-centre", &q), 200);
    assert_int_equal(see(w, &q, "zoe", "it", "/staff/api/users"), 200);
    assert_int_equal(see(w, &p, "zoe", "it", "/staff/api/users"), 401);
    assert_string_equal(code_of(w, "/staff/api/me", named("zoe", "students", ""), 403), "no_role");
    assert_string_equal(code_of(w, "/staff/api/me", named("zoe", NULL, ""), 403), "no_role");
    assert_string_equal(code_of(w, "/staff/api/me", named("zoe zoe", "it", ""), 403), "odd_name");
    assert_string_equal(code_of(w, "/staff/api/me", "X-Remote-Groups: it\r\n", 401), "no_sign_on");
    wire_stop(w);
}

static void nobody_has_a_password_there(void **state)
{
    struct wire *w = begin(LISTED);
    struct person p;
    staff_user(w, "add", "agent", "anna");
    assert_int_equal(staff_try_login(w, "anna", STAFF_PASSWORD, &p), 401);
    assert_int_equal(sign_on(w, "zoe", "it", &p), 200);
    char page[512];
    snprintf(page, sizeof page, "%s", staff_page(w, &p));
    assert_int_equal(staff_call(w, "POST", "/staff/api/factor-begin", named("zoe", "it", page),
                                "{\"password\":\"!\"}", NULL),
                     422);
    wire_stop(w);
    /* and one who came by sign-on has none that could be guessed where passwords are asked for */
}

static void without_groups_only_those_come_in_who_were_added(void **state)
{
    struct wire *w = begin("staff: {auth: proxy, proxies: [\"127.0.0.0/8\"]}\n");
    struct person p;
    staff_user(w, "add", "editor", "edith");
    assert_int_equal(sign_on(w, "Edith", "it", &p), 200);
    assert_int_equal(see(w, &p, "edith", NULL, "/staff/api/ticket?id=1"), 404);
    assert_int_equal(see(w, &p, "edith", NULL, "/staff/api/users"), 403);
    assert_int_equal(sign_on(w, "zoe", "it", &p), 403);
    staff_user(w, "role", "viewer", "edith");
    assert_int_equal(see(w, &p, "edith", NULL, "/staff/api/queue"), 401);
    wire_stop(w);
}

static void from_anywhere_else_the_header_is_refused(void **state)
{
    struct wire *w = begin("staff: {auth: proxy, proxies: [192.0.2.7]}\nweb: {proxies: "
                           "[127.0.0.1]}\n");
    struct person p;
    assert_string_equal(code_of(w, "/staff/api/me", named("zoe", "it", ""), 403),
                        "foreign_sign_on");
    assert_string_equal(
        code_of(w, "/staff/api/me", named("zoe", "it", "X-Forwarded-For: 192.0.2.7\r\n"), 403),
        "foreign_sign_on");
    assert_int_equal(sign_on(w, "zoe", "it", &p), 403);
    assert_true(wire_says(w, "staff.proxies"));
    wire_stop(w);
}

/* Over the unix socket only who may open it comes in; there its word counts, and over the network nobody's does. */
static char *over_socket(const struct wire *w, const char *request)
{
    static char reply[8192];
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%.80s/door", w->folder);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
    assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    size_t len = 0;
    for (ssize_t n; (n = read(fd, reply + len, sizeof reply - 1 - len)) > 0;)
        len += (size_t)n;
    reply[len] = '\0';
    close(fd);
    return reply;
}

static void a_unix_socket_is_a_door_of_its_own(void **state)
{
    struct wire *w = begin("listen_socket: door\n"
                           "staff: {auth: proxy, proxies: [unix], proxy_roles: [it=admin]}\n");
    struct stat st;
    char path[300];
    snprintf(path, sizeof path, "%s/door", w->folder);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0660);
    const char *said =
        over_socket(w, "GET /staff/api/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                       "X-Remote-User: zoe\r\nX-Remote-Groups: it\r\n\r\n");
    assert_non_null(strstr(said, "\"sign_on\""));
    said = over_socket(w, "POST /staff/api/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                          "Origin: https://x\r\nContent-Type: application/json\r\n"
                          "X-Forwarded-For: 192.0.2.1\r\nX-Remote-User: zoe\r\n"
                          "X-Remote-Groups: it\r\nContent-Length: 2\r\n\r\n{}");
    assert_memory_equal(said, "HTTP/1.1 200", 12);
    assert_non_null(strstr(said, "__Host-guidepost="));
    assert_string_equal(code_of(w, "/staff/api/me", named("zoe", "it", ""), 403),
                        "foreign_sign_on");
    wire_restart(w, 9); /* what a killed one left behind is replaced */
    said = over_socket(w, "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_memory_equal(said, "HTTP/1.1 200", 12);
    wire_stop(w);
}

/* As a browser does it says that it is there, and answers pings. Waiting for the pong keeps the program in step with its clock: who is
 * silent for two minutes of that, a second for us, is hung up on. */
static bool is_closed(void *ctx)
{
    struct message m;
    bool pong = false;
    client_text(ctx, "{\"t\":\"ping\"}"); /* there may be nobody any more */
    do {
        client_message(ctx, WAIT_MS, false, &m);
        pong = m.opcode == WS_TEXT && strstr(m.s, "\"pong\"");
        message_release(&m);
    } while (m.opcode == WS_TEXT && !pong);
    assert_int_not_equal(m.opcode, -1);
    return !pong;
}

/* A WebSocket shows no header while it is open: it goes on for ten minutes after the last request that did. */
static void a_console_is_closed_when_the_header_was_not_seen_for_a_while(void **state)
{
    struct wire *w = wire_start(&(struct wire_options){.settings = LISTED, .clock = true});
    struct person p;
    struct client *c, *again;
    assert_int_equal(sign_on(w, "zoe", "career-centre", &p), 200);
    c = staff_socket(w, &p);
    wire_wind(w, 400, is_closed, c);
    assert_false(is_closed(c));
    assert_int_equal(see(w, &p, "zoe", "career-centre", "/staff/api/me"), 200);
    wire_wind(w, 400, is_closed, c); /* 800 seconds in all */
    assert_false(is_closed(c));
    wire_wind(w, 400, is_closed, c);
    assert_true(is_closed(c));
    client_close(c);
    char origin[60], hello[200];
    snprintf(origin, sizeof origin, "http://127.0.0.1:%d", w->port);
    assert_int_equal(staff_socket_try(w, &p, origin, &again), 101); /* it helps not to come again */
    snprintf(hello, sizeof hello, "{\"t\":\"hello\",\"v\":1,\"csrf\":\"%s\"}", p.csrf);
    assert_true(client_text(again, hello));
    assert_int_equal(client_close_code(again, WAIT_MS), 4401);
    client_close(again);
    assert_int_equal(see(w, &p, "zoe", "career-centre", "/staff/api/me"), 200);
    client_close(staff_socket(w, &p));
    wire_stop(w);
}

static void without_that_setting_the_header_is_nothing(void **state)
{
    struct wire *w = begin("staff: {proxies: [127.0.0.1], proxy_roles: [it=admin]}\n");
    struct person p;
    staff_user(w, "add", "agent", "anna");
    staff_user(w, "add", "admin", "adam");
    assert_string_equal(code_of(w, "/staff/api/me", named("adam", "it", ""), 401), "login");
    assert_int_equal(sign_on(w, "adam", "it", &p), 422);
    p = staff_login(w, "anna");
    assert_int_equal(see(w, &p, "adam", "it", "/staff/api/users"), 403);
    wire_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_listed_proxys_word_begins_a_session_like_any_other),
        cmocka_unit_test(a_session_ends_when_the_header_names_another_one_or_nobody),
        cmocka_unit_test(nobody_has_a_password_there),
        cmocka_unit_test(without_groups_only_those_come_in_who_were_added),
        cmocka_unit_test(from_anywhere_else_the_header_is_refused),
        cmocka_unit_test(a_unix_socket_is_a_door_of_its_own),
        cmocka_unit_test(a_console_is_closed_when_the_header_was_not_seen_for_a_while),
        cmocka_unit_test(without_that_setting_the_header_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
