/* F3, F10. A full disk under state.db: answers go on without an id, /readyz says so, and it passes without a restart. A
 * state.db that is garbage or another program's: no start, one clear line, and the file is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/wire.h"

static void limit_files(const struct wire *w, rlim_t bytes)
{
    struct rlimit r = {bytes, RLIM_INFINITY};
    assert_int_equal(prlimit(w->pid, RLIMIT_FSIZE, &r, NULL), 0);
}

static bool has_id(struct wire *w)
{
    struct answer a;
    assert_true(
        client_http(w->port, "POST", "/v1/ask", "Content-Type: text/plain\r\n", WIRE_QUESTION, &a));
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, WIRE_ANSWER));
    bool id = strstr(a.body, "\"answer_id\"");
    answer_release(&a);
    return id;
}

static int readiness(struct wire *w, const char *reason)
{
    struct answer a;
    assert_true(client_http(w->admin_port, "GET", "/readyz", NULL, NULL, &a));
    if (reason)
        assert_non_null(strstr(a.body, reason));
    int status = a.status;
    answer_release(&a);
    return status;
}

static void a_full_disk_costs_the_id_and_not_the_answer(void **state)
{
    struct wire *w = wire_start(NULL);
    assert_true(has_id(w));
    assert_int_equal(readiness(w, NULL), 200);
    limit_files(w, 1);
    for (int i = 0; i < 20; i++)
        assert_false(has_id(w));
    assert_int_equal(readiness(w, "state.db cannot be written"), 503);
    size_t lines = wire_log_lines(w);
    for (int i = 0; i < 20; i++)
        assert_false(has_id(w));
    assert_int_equal(wire_log_lines(w), lines); /* said once a minute */
    limit_files(w, RLIM_INFINITY);
    assert_true(has_id(w) || has_id(w));
    assert_true(has_id(w));
    assert_int_equal(readiness(w, NULL), 200);
    wire_stop(w);
}

static void what_was_answered_is_in_the_journal_once(void **state)
{
    struct wire *w = wire_start(NULL);
    char path[512];
    for (int i = 0; i < 30; i++)
        assert_true(has_id(w));
    snprintf(path, sizeof path, "%s/data/state.db", w->folder);
    sqlite3 *db;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT count(*), max(question), json_extract(max(reply), '$.kind')"
                           " FROM turns WHERE adapter = 'web' AND kind = 'answer'",
                           -1, &st, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(st, 0), 30);
    assert_string_equal((const char *)sqlite3_column_text(st, 1), WIRE_QUESTION);
    assert_string_equal((const char *)sqlite3_column_text(st, 2), "answer");
    sqlite3_finalize(st);
    sqlite3_close(db);
    wire_stop(w);
}

static void a_state_db_that_is_none_of_ours_is_refused_with_one_line(void **state)
{
    static const char garbage[] =
        "This was a database once, before somebody opened it in an editor and saved it "
        "as text. It is still long enough to have a header.";
    char folder[256], data[512];
    struct command_result r;
    folder_make(folder, sizeof folder);
    folder_file(folder, "guides/a.md", "# A\n\nText.\n");
    const char *file = folder_file(folder, "data/state.db", garbage);
    const char *config =
        folder_file(folder, "guidepost.yaml",
                    "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\ndata_dir: data\n");
    command_run(&r, NULL, "serve", "-c", config, NULL);
    assert_int_equal(r.code, 1);
    assert_non_null(strstr(r.err, "damaged or no database at all"));
    assert_non_null(strstr(r.err, "state.db"));
    command_release(&r);
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    size_t n = fread(data, 1, sizeof data, f);
    fclose(f);
    assert_int_equal(n, sizeof garbage - 1);
    assert_memory_equal(data, garbage, n);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_costs_the_id_and_not_the_answer),
        cmocka_unit_test(what_was_answered_is_in_the_journal_once),
        cmocka_unit_test(a_state_db_that_is_none_of_ours_is_refused_with_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
