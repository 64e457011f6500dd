/* Every address of the console, tried by everybody: nobody, each role, and a token of each scope. What stands here is what they may; the
 * program's own table is read only to find a row that is missing here. And the audit as the console checks it: a row that was
 * changed, removed, put elsewhere or cut off is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <sqlite3.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/staff.h"

enum role { VIEWER, AGENT, EDITOR, ADMIN, NROLES };
static const char *const role_name[NROLES] = {"viewer", "agent", "editor", "admin"};
static const char *const user_name[NROLES] = {"vera", "anna", "edith", "adam"};

/* Which scope of a token opens it; NONE: no token does. */
enum scope { NONE, READ, TICKETS, ANSWERS, EXPORT, ADMINS, NSCOPES };
static const char *const scope_name[NSCOPES] = {"",        "read",   "tickets",
                                                "answers", "export", "admin"};

static const struct route {
    const char *method, *path;
    enum role role;
    enum scope scope;
} routes[] = {
    {"GET", "me", VIEWER, READ},
    {"GET", "account", VIEWER, NONE},
    {"POST", "session-end", VIEWER, NONE},
    {"POST", "password", VIEWER, NONE},
    {"POST", "factor-begin", VIEWER, NONE},
    {"POST", "factor-confirm", VIEWER, NONE},
    {"POST", "factor-remove", VIEWER, NONE},
    {"POST", "factor-codes", VIEWER, NONE},
    {"GET", "users", ADMIN, ADMINS},
    {"POST", "user", ADMIN, ADMINS},
    {"GET", "sessions", ADMIN, ADMINS},
    {"GET", "tokens", VIEWER, NONE},
    {"POST", "token-add", VIEWER, NONE},
    {"POST", "token-revoke", VIEWER, NONE},
    {"GET", "audit", ADMIN, ADMINS},
    {"GET", "audit-verify", ADMIN, ADMINS},
    {"GET", "audit-export", ADMIN, EXPORT},
    {"GET", "kept", ADMIN, ADMINS},
    {"GET", "find", ADMIN, ADMINS},
    {"GET", "trace", ADMIN, ADMINS},
    {"GET", "export", ADMIN, EXPORT},
    {"POST", "erase", ADMIN, ADMINS},
    {"GET", "settings", ADMIN, ADMINS},
    {"GET", "queue", VIEWER, READ},
    {"GET", "ticket", AGENT, READ},
    {"GET", "why", AGENT, READ},
    {"GET", "people", AGENT, READ},
    {"POST", "act", AGENT, TICKETS},
    {"POST", "undo", AGENT, TICKETS},
    {"GET", "clusters", VIEWER, READ},
    {"GET", "cluster", VIEWER, READ},
    {"GET", "similar", VIEWER, READ},
    {"POST", "merge", AGENT, TICKETS},
    {"POST", "unmerge", AGENT, TICKETS},
    {"GET", "insight", VIEWER, READ},
    {"GET", "insight-csv", VIEWER, EXPORT},
    {"GET", "questions", VIEWER, READ},
    {"GET", "knowledge", VIEWER, READ},
    {"GET", "answers", VIEWER, READ},
    {"GET", "answer", VIEWER, READ},
    {"GET", "synonyms", VIEWER, READ},
    {"GET", "edits", VIEWER, READ},
    {"POST", "ignore", AGENT, TICKETS},
    {"POST", "preview", AGENT, TICKETS},
    {"POST", "propose", AGENT, TICKETS},
    {"POST", "test", VIEWER, TICKETS},
    {"POST", "save", EDITOR, ANSWERS},
    {"POST", "take-back", EDITOR, ANSWERS},
    {"GET", "job", VIEWER, READ},
    {"POST", "job-stop", VIEWER, TICKETS},
    {"POST", "logout", VIEWER, NONE}, /* last: it ends the session */
};
#define NROUTES (sizeof routes / sizeof routes[0])

static struct wire *w;
static char token[NSCOPES][80];

static void make_token(enum scope scope)
{
    struct command_result r;
    command_run(&r, NULL, "token", "add", "-c", staff_config(w), "--user", "adam", "--scope",
                scope_name[scope], "a test", NULL);
    assert_int_equal(r.code, 0);
    snprintf(token[scope], sizeof token[scope], "%.57s", r.out);
    command_release(&r);
}

static int setup(void **state)
{
    w = wire_start(&(struct wire_options){.settings = "web: {proxies: [127.0.0.1]}\n"});
    for (int i = 0; i < NROLES; i++)
        staff_user(w, "add", role_name[i], user_name[i]);
    for (int i = READ; i < NSCOPES; i++)
        make_token((enum scope)i);
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

/* ---- roles and scopes ---- */

static const struct route *row_of(const char *method, const char *path)
{
    for (size_t i = 0; i < NROUTES; i++)
        if (!strcmp(routes[i].path, path) && !strcmp(routes[i].method, method))
            return &routes[i];
    return NULL;
}

/* `    {"NAME", ROLE_...` in staff_route.c; the method follows from the macro behind it. */
static void every_address_has_a_row_here(void **state)
{
    static char text[1 << 18];
    FILE *f = fopen(source_path("adapters/staff/staff_route.c"), "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    size_t n = 0;
    for (char *s = text; (s = strstr(s, "    {\"")); s++) {
        char name[80], rest[200];
        if (sscanf(s, "    {\"%79[^\"]\", ROLE_%199[^\n]", name, rest) != 2)
            continue;
        bool posts = strstr(rest, "WRITES") || strstr(rest, "PROVED") || strstr(rest, "PREPARED") ||
                     strstr(rest, "JOB");
        if (!row_of(posts ? "POST" : "GET", name))
            fail_msg("%s /staff/api/%s has no row in this test: who may?", posts ? "POST" : "GET",
                     name);
        n++;
    }
    assert_int_equal(n, NROUTES);
}

/* The status and the code of a refusal ("" when it was none). */
static int try(const struct route *r, const char *headers, char code[40])
{
    char path[200];
    struct answer a;
    snprintf(path, sizeof path, "/staff/api/%s", r->path);
    staff_call(w, r->method, path, headers, r->method[0] == 'P' ? "{}" : NULL, &a);
    cJSON *j = cJSON_Parse(a.body);
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(j, "code"));
    int status = a.status;
    snprintf(code, 40, "%s", s ? s : "");
    cJSON_Delete(j);
    answer_release(&a);
    return status;
}

static void nobody_gets_anywhere(void **state)
{
    char code[40];
    for (size_t i = 0; i < NROUTES; i++)
        if (try(&routes[i], staff_page(w, NULL), code) != 401)
            fail_msg("%s without a session: %s", routes[i].path, code);
}

static void a_role_gets_as_far_as_it_goes(void **state)
{
    for (int role = 0; role < NROLES; role++) {
        struct person p = staff_login(w, user_name[role]);
        for (size_t i = 0; i < NROUTES; i++) {
            char code[40], address[20];
            snprintf(address, sizeof address, "10.%d.%d.1", role, (int)i); /* some are guesses */
            staff_from(address);
            int status = try(&routes[i], staff_page(w, &p), code);
            bool let_in = status != 401 && strcmp(code, "role") != 0;
            if (let_in != (role >= (int)routes[i].role))
                fail_msg("%s %s as %s: %d %s", routes[i].method, routes[i].path, role_name[role],
                         status, code);
            if (!let_in)
                assert_int_equal(status, 403);
        }
        staff_from(NULL);
    }
}

static void a_token_gets_as_far_as_its_scope(void **state)
{
    for (int scope = READ; scope < NSCOPES; scope++)
        for (size_t i = 0; i < NROUTES; i++) {
            char headers[200], code[40];
            snprintf(headers, sizeof headers,
                     "Authorization: Bearer %s\r\nContent-Type: application/json\r\n",
                     token[scope]);
            int status = try(&routes[i], headers, code);
            bool let_in = strcmp(code, "scope") != 0;
            if (let_in != (scope == (int)routes[i].scope))
                fail_msg("%s %s with a token for %s: %d %s", routes[i].method, routes[i].path,
                         scope_name[scope], status, code);
        }
}

/* The other method of an address is none, and what is not there is not there. */
static void there_is_nothing_beside_them(void **state)
{
    struct person p = staff_login(w, "adam");
    static const char *const odd[] = {"nothing", "user/", "user/adam", "../staff/api/users/x", ""};
    for (size_t i = 0; i < NROUTES; i++) {
        char path[100];
        bool posts = routes[i].method[0] == 'P';
        snprintf(path, sizeof path, "/staff/api/%s", routes[i].path);
        assert_int_equal(staff_call(w, posts ? "GET" : "POST", path, staff_page(w, &p),
                                    posts ? NULL : "{}", NULL),
                         405);
    }
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        char path[100];
        snprintf(path, sizeof path, "/staff/api/%s", odd[i]);
        assert_int_equal(staff_call(w, "GET", path, staff_page(w, &p), NULL, NULL), 404);
    }
}

/* ---- tampering ---- */

static void tamper(const char *sql)
{
    char path[400], *why = NULL;
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/data/state.db", w->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    sqlite3_exec(db, "DROP TRIGGER IF EXISTS audit_stays; DROP TRIGGER IF EXISTS audit_is_kept",
                 NULL, NULL, NULL);
    if (sqlite3_exec(db, sql, NULL, NULL, &why))
        fail_msg("%s: %s", sql, why);
    sqlite3_close(db);
}

static long long verified(const struct person *p, char hash[80])
{
    cJSON *j = staff_get(w, p, "audit-verify");
    long long broken = (long long)cJSON_GetNumberValue(cJSON_GetObjectItem(j, "broken"));
    snprintf(hash, 80, "%s", cJSON_GetStringValue(cJSON_GetObjectItem(j, "hash")));
    cJSON_Delete(j);
    return broken;
}

static int said(const char *what, const char *expect)
{
    struct command_result r;
    if (expect)
        command_run(&r, NULL, "audit", what, "-c", staff_config(w), "--expect", expect, NULL);
    else
        command_run(&r, NULL, "audit", what, "-c", staff_config(w), NULL);
    int code = r.code;
    command_release(&r);
    return code;
}

static void what_was_changed_removed_moved_or_cut_off_is_found(void **state)
{
    /* each is undone from a copy of the table, so that one finding is not the next one's */
    static const char *const attack[] = {
        "UPDATE audit SET object = 'somebody' WHERE id = 5",
        "UPDATE audit SET at_ms = at_ms - 1 WHERE id = 5",
        "UPDATE audit SET actor = 'vera' WHERE id = 5",
        "DELETE FROM audit WHERE id = 5",
        ("UPDATE audit SET id = -1 WHERE id = 5; UPDATE audit SET id = 5 WHERE id = 6;"
         "UPDATE audit SET id = 6 WHERE id = -1"),
        "UPDATE audit SET action = '' WHERE id = 5",
        "UPDATE audit SET object = action, action = ifnull(object, '') WHERE id = 5",
        "DELETE FROM audit WHERE id <= 5",
    };
    char before[80], hash[80];
    struct person p = staff_login(w, "adam");
    assert_int_equal(verified(&p, before), 0);
    assert_int_equal(strlen(before), 64);
    tamper("CREATE TABLE kept AS SELECT * FROM audit");
    for (size_t i = 0; i < sizeof attack / sizeof attack[0]; i++) {
        tamper(attack[i]);
        long long broken = verified(&p, hash);
        if (broken < 5 || broken > 6)
            fail_msg("%s: found at %lld", attack[i], broken);
        assert_int_equal(said("verify", NULL), 1);
        tamper("DELETE FROM audit; INSERT INTO audit SELECT * FROM kept ORDER BY id");
        assert_int_equal(verified(&p, hash), 0);
    }
    /* cut off at the end it is a shorter chain without a flaw: the hash that was noted tells */
    tamper("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)");
    assert_int_equal(verified(&p, hash), 0);
    assert_string_not_equal(hash, before);
    assert_int_equal(said("verify", before), 1);
    assert_int_equal(said("verify", hash), 0);
    tamper("DELETE FROM audit; INSERT INTO audit SELECT * FROM kept ORDER BY id; DROP TABLE kept");
    assert_int_equal(said("verify", before), 0);
}

/* What honest programs may not do the table itself refuses. */
static void the_table_refuses_changes(void **state)
{
    char path[400];
    sqlite3 *db;
    struct wire *other = wire_start(NULL);
    staff_user(other, "add", "admin", "adam");
    snprintf(path, sizeof path, "%s/data/state.db", other->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "UPDATE audit SET actor = 'x'", NULL, NULL, NULL), 0);
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM audit", NULL, NULL, NULL), 0);
    sqlite3_close(db);
    wire_stop(other);
}

static void the_audit_is_read_by_who_what_and_when(void **state)
{
    struct person p = staff_login(w, "adam");
    cJSON *j = staff_get(w, &p, "audit?actor=ADAM&action=login"), *row;
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rows")) > 0);
    long long last = INT64_MAX;
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(j, "rows"))
    {
        long long id = (long long)cJSON_GetNumberValue(cJSON_GetObjectItem(row, "id"));
        assert_true(id < last); /* newest first */
        last = id;
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(row, "actor")), "adam");
        assert_memory_equal(cJSON_GetStringValue(cJSON_GetObjectItem(row, "action")), "login", 5);
    }
    cJSON_Delete(j);
    j = staff_get(w, &p, "audit?until=2001-01-01");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rows")), 0);
    cJSON_Delete(j);
    j = staff_get(w, &p, "audit?since=2001-01-01&object=edith");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rows")), 1);
    cJSON_Delete(j);
    assert_int_equal(
        staff_call(w, "GET", "/staff/api/audit?since=yesterday", staff_page(w, &p), NULL, NULL),
        422);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_has_a_row_here),
        cmocka_unit_test(nobody_gets_anywhere),
        cmocka_unit_test(a_role_gets_as_far_as_it_goes),
        cmocka_unit_test(a_token_gets_as_far_as_its_scope),
        cmocka_unit_test(there_is_nothing_beside_them),
        cmocka_unit_test(the_audit_is_read_by_who_what_and_when),
        cmocka_unit_test(what_was_changed_removed_moved_or_cut_off_is_found),
        cmocka_unit_test(the_table_refuses_changes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
