/* guidepost user and guidepost audit: accounts come from the command line, also beside a running server; a password is never an
 * argument; each change is in the audit, and tampering with that is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/wire.h"

static char folder[256], config[300];

static int setup(void **state)
{
    folder_make(folder, sizeof folder);
    snprintf(config, sizeof config, "%s",
             folder_file(folder, "guidepost.yaml", "data_dir: data\ncontent: [guides]\n"));
    folder_file(folder, "guides/a.md", "# Bees\n\nBees make honey.\n");
    return 0;
}

static int teardown(void **state)
{
    folder_remove(folder);
    return 0;
}

/* Exit status, and a part of what is said. */
static void expect(int code, const char *part, const char *input, const char *what,
                   const char *role, const char *name)
{
    struct command_result r;
    if (role)
        command_run(&r, input, "user", what, "-c", config, "--role", role, name, NULL);
    else
        command_run(&r, input, "user", what, "-c", config, name, NULL);
    if (r.code != code || !(strstr(r.out, part) || strstr(r.err, part)))
        fail_msg("user %s: exit %d, said %s%s", what, r.code, r.out, r.err);
    command_release(&r);
}

static void audit(int code, const char *part, const char *what)
{
    struct command_result r;
    command_run(&r, NULL, "audit", what, "-c", config, NULL);
    if (r.code != code || !(strstr(r.out, part) || strstr(r.err, part)))
        fail_msg("audit %s: exit %d, said %s%s", what, r.code, r.out, r.err);
    assert_null(strstr(r.out, "argon2"));
    command_release(&r);
}

static void tamper(const char *sql)
{
    char path[400];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/data/state.db", folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_user_comes_changes_and_goes_and_all_of_it_is_on_record(void **state)
{
    expect(0, "no user yet", NULL, "list", NULL, NULL);
    audit(0, "no row yet", "verify");
    expect(0, "added as admin", "correct horse\n", "add", "admin", "anna");
    expect(0, "added as viewer", "battery staple", "add", "viewer", "bob@example.org");
    expect(1, "already", "correct horse\n", "add", "admin", "ANNA");
    expect(0, "is now editor", NULL, "role", "editor", "bob@example.org");
    expect(0, "another password", "staple battery\n", "password", NULL, "bob@example.org");
    expect(0, "editor", NULL, "list", NULL, NULL);
    expect(0, "removed", NULL, "remove", NULL, "anna");
    expect(1, "no user anna", NULL, "remove", NULL, "anna");
    audit(0, "5 rows", "verify");
    audit(0, "\"action\":\"user.remove\",\"object\":\"anna\"", "export");
    tamper("DROP TRIGGER audit_is_kept; DELETE FROM audit WHERE id = 2");
    audit(1, "row 3", "verify");
}

static void what_is_wrong_is_named_and_changes_nothing(void **state)
{
    expect(1, "at least 8", "short\n", "add", "agent", "eve");
    expect(1, "first line", "", "add", "agent", "eve");
    expect(1, "not UTF-8", "12345678\xff\n", "add", "agent", "eve");
    expect(2, "no role \"boss\"", "correct horse\n", "add", "boss", "eve");
    expect(2, "needs --role", "correct horse\n", "add", NULL, "eve");
    expect(2, "needs one NAME", "correct horse\n", "add", "agent", NULL);
    expect(2, "letter or a digit", "correct horse\n", "add", "agent", ".eve");
    expect(2, "say what", NULL, "invent", NULL, NULL);
    expect(0, "no user yet", NULL, "list", NULL, NULL);
    audit(0, "no row yet", "verify");
}

static void rows_that_were_cut_off_are_missed_by_who_noted_the_last_hash(void **state)
{
    struct command_result r;
    char last[65] = "";
    expect(0, "added", "correct horse\n", "add", "admin", "anna");
    expect(0, "added", "correct horse\n", "add", "admin", "bob");
    command_run(&r, NULL, "audit", "verify", "-c", config, NULL);
    assert_non_null(strstr(r.out, "one: "));
    snprintf(last, sizeof last, "%s", strstr(r.out, "one: ") + 5);
    command_release(&r);
    command_run(&r, NULL, "audit", "verify", "-c", config, "--expect", last, NULL);
    assert_int_equal(r.code, 0);
    command_release(&r);
    tamper("DROP TRIGGER audit_is_kept; DELETE FROM audit WHERE id = 2");
    audit(0, "1 row,", "verify");
    command_run(&r, NULL, "audit", "verify", "-c", config, "--expect", last, NULL);
    assert_int_equal(r.code, 1);
    assert_non_null(strstr(r.err, "taken away"));
    command_release(&r);
}

static void a_running_server_is_no_hindrance(void **state)
{
    struct wire *w = wire_start(NULL);
    char file[400];
    struct command_result r;
    snprintf(file, sizeof file, "%s/guidepost.yaml", w->folder);
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "user%d", i);
        command_run(&r, "correct horse\n", "user", "add", "-c", file, "--role", "agent", name,
                    NULL);
        if (r.code)
            fail_msg("%s", r.err);
        command_release(&r);
        wire_ask(w);
    }
    wire_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_user_comes_changes_and_goes_and_all_of_it_is_on_record,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_named_and_changes_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            rows_that_were_cut_off_are_missed_by_who_noted_the_last_hash, setup, teardown),
        cmocka_unit_test(a_running_server_is_no_hindrance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
