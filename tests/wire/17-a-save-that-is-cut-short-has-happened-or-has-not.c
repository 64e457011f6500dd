/* All or nothing. Killed at any moment of a save, the file has the old bytes or the new ones, and the next start brings audit, list
 * of edits and tickets in step with it; where the file cannot be written, or nothing can, that is said and nothing has changed. */
#include <setjmp.h>
#include <sqlite3.h>
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

#include <cjson/cJSON.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/fix.h"
#include "tests/wire/harness/staff.h"

static struct wire *w;
static struct person eda;

static int setup(void **state)
{
    w = wire_start(NULL);
    staff_user(w, "add", "editor", "eda");
    eda = staff_login(w, "eda");
    fix_write(w, "guides/music.faq.yaml",
              "- id: pay\n  q: How are musicians paid?\n  a: Take 0.\n");
    assert_true(fix_answers(w, "How are musicians paid?", "Take 0", 8000));
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

static int ticket; /* that a save is to close, or 0 */

static const char *edit(int take, const char *digest)
{
    static char body[300];
    snprintf(
        body, sizeof body,
        "{\"kind\":\"edit\",\"id\":\"pay\",\"entry\":{\"answer\":\"Take %d.\"},\"digest\":\"%s\","
        "\"ticket\":%d}",
        take, digest, ticket);
    return body;
}

static bool is_closed(int id)
{
    char name[40];
    snprintf(name, sizeof name, "ticket?id=%d", id);
    cJSON *j = staff_get(w, &eda, name);
    bool closed = !strcmp(fix_text(j, "state"), "closed");
    cJSON_Delete(j);
    return closed;
}

static char *digest_now(void)
{
    cJSON *p = fix_job(w, &eda, "preview", edit(-1, ""));
    char *digest = strdup(fix_text(p, "digest"));
    cJSON_Delete(p);
    return digest;
}

static int take_in_file(void)
{
    char *s = fix_read(w, "guides/music.faq.yaml");
    int take = -1;
    char again[100];
    assert_non_null(strstr(s, "Take "));
    take = atoi(strstr(s, "Take ") + 5);
    bool first = !strcmp(s, "- id: pay\n  q: How are musicians paid?\n  a: Take 0.\n");
    snprintf(again, sizeof again, "- id: pay\n  q: How are musicians paid?\n  a: |\n    Take %d.\n",
             take);
    if (!first)
        assert_string_equal(s, again); /* whole, whatever it is */
    free(s);
    return take;
}

static int audited(void)
{
    struct command_result r;
    int n = 0;
    command_run(&r, NULL, "audit", "export", "-c", staff_config(w), NULL);
    assert_int_equal(r.code, 0); /* the chain is whole */
    for (const char *at = r.out; (at = strstr(at, "\"content.edit\"")); at++)
        n++;
    command_release(&r);
    return n;
}

static void killed_at_any_moment_it_has_happened_or_has_not(void **state)
{
    int happened = 0, not = 0;
    for (int i = 1; i <= 14; i++) {
        char *digest = digest_now();
        int before = take_in_file(), rows = audited();
        ticket = staff_unanswered(w, "does a quark weigh more on jupiter");
        cJSON_Delete(staff_ask(w, &eda, "save", edit(i, digest)));
        usleep((useconds_t)(i * 3000 * (int)wire_slack()));
        wire_restart(w, 9);
        eda = staff_login(w, "eda");
        char says[20];
        int take = take_in_file();
        assert_true(take == before || take == i);
        snprintf(says, sizeof says, "Take %d.", take);
        assert_true(fix_answers(w, "How are musicians paid?", says, 8000));
        cJSON *j = staff_get(w, &eda, "edits"), *list = cJSON_GetObjectItem(j, "edits");
        for (int k = 0; k < 200 && cJSON_GetArraySize(list) &&
                        !strcmp(fix_text(cJSON_GetArrayItem(list, 0), "state"), "begun");
             k++) {
            cJSON_Delete(j); /* it is being settled */
            usleep(20000);
            j = staff_get(w, &eda, "edits");
            list = cJSON_GetObjectItem(j, "edits");
        }
        const cJSON *e;
        int done = 0;
        cJSON_ArrayForEach(e, list)
        {
            assert_string_equal(fix_text(e, "state"), "done");
            done++;
        }
        cJSON_Delete(j);
        assert_int_equal(audited(), rows + (take == i)); /* each once */
        assert_int_equal(done, rows + (take == i));
        assert_int_equal(is_closed(ticket), take == i);
        *(take == i ? &happened : &not ) += 1;
        free(digest);
    }
    print_message("%d happened, %d did not\n", happened, not );
    assert_true(happened + not == 14);
    ticket = 0;
}

/* The file was written, and then the power went: the ticket that it answers is closed all the same, and so is the one it was not named
 * for. */
static void what_it_answers_is_closed_at_the_next_start(void **state)
{
    char *digest = digest_now();
    sqlite3 *db;
    char path[400];
    ticket = staff_unanswered(w, "does a quark weigh more on saturn");
    cJSON_Delete(fix_job(w, &eda, "save", edit(50, digest)));
    assert_true(is_closed(ticket));
    snprintf(path, sizeof path, "%s/data/state.db", w->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    char *undo =
        sqlite3_mprintf("UPDATE edits SET state = 0 WHERE id = (SELECT max(id) FROM edits);"
                        "UPDATE tickets SET state = 0, outcome = NULL WHERE turn = %d",
                        ticket);
    assert_int_equal(sqlite3_exec(db, undo, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(undo);
    sqlite3_close(db);
    wire_restart(w, 9);
    eda = staff_login(w, "eda");
    for (int i = 0; i < 200 && !is_closed(ticket); i++)
        usleep(20000);
    assert_true(is_closed(ticket));
    ticket = 0;
    free(digest);
}

/* As a crash between the row and the file leaves it: the row goes. */
static void what_cannot_be_written_is_said_and_changes_nothing(void **state)
{
    char *digest = digest_now(), *why = NULL, path[400];
    int before = take_in_file(), rows = audited();
    snprintf(path, sizeof path, "%s/guides/.music.faq.yaml.new", w->folder);
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0); /* also for root, whom no permission stops */
    assert_string_equal(fix_fails(w, &eda, "save", edit(99, digest), &why), "disk");
    assert_non_null(strstr(why, "nothing was changed"));
    assert_non_null(strstr(why, "music.faq.yaml"));
    free(why);
    assert_int_equal(take_in_file(), before);
    assert_int_equal(audited(), rows);
    rmdir(path);
    cJSON *j = staff_get(w, &eda, "edits");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "edits")), rows);
    cJSON_Delete(j);
    cJSON_Delete(fix_job(w, &eda, "save", edit(99, digest))); /* and afterwards it can be */
    assert_true(fix_answers(w, "How are musicians paid?", "Take 99", 0));
    free(digest);
}

static void a_full_disk_is_said_and_changes_nothing(void **state)
{
    struct rlimit none = {0, RLIM_INFINITY}, all = {RLIM_INFINITY, RLIM_INFINITY};
    char *digest = digest_now(), *why = NULL;
    int before = take_in_file();
    assert_int_equal(prlimit(w->pid, RLIMIT_FSIZE, &none, NULL), 0);
    assert_string_equal(fix_fails(w, &eda, "save", edit(100, digest), &why), "disk");
    assert_int_equal(prlimit(w->pid, RLIMIT_FSIZE, &all, NULL), 0);
    assert_true(*why);
    free(why);
    assert_int_equal(take_in_file(), before);
    cJSON_Delete(fix_job(w, &eda, "save", edit(100, digest)));
    assert_true(fix_answers(w, "How are musicians paid?", "Take 100", 0));
    free(digest);
}

static char *state_of(const char *kind)
{
    for (int i = 0; i < 200; i++) {
        cJSON *j = staff_get(w, &eda, "edits"), *e;
        char *state = NULL;
        cJSON_ArrayForEach(e, cJSON_GetObjectItem(j, "edits"))
        {
            if (!state && !strcmp(fix_text(e, "kind"), kind))
                state = strdup(fix_text(e, "state"));
        }
        cJSON_Delete(j);
        if (state && strcmp(state, "begun"))
            return state;
        free(state); /* it is being settled */
        usleep(20000);
    }
    fail_msg("no %s was settled", kind);
    return NULL;
}

/* The file was written, and then the power went. */
static void a_taking_back_that_is_cut_short_has_taken_back(void **state)
{
    char *digest = digest_now(), body[60], path[400], *is;
    sqlite3 *db;
    int before = take_in_file();
    cJSON *j = fix_job(w, &eda, "save", edit(101, digest));
    snprintf(body, sizeof body, "{\"edit\":%d}", cJSON_GetObjectItem(j, "edit")->valueint);
    cJSON_Delete(j);
    cJSON_Delete(fix_job(w, &eda, "take-back", body));
    assert_int_equal(take_in_file(), before);
    snprintf(path, sizeof path, "%s/data/state.db", w->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    assert_int_equal(sqlite3_exec(db,
                                  "UPDATE edits SET state = 1 WHERE state = 2;"
                                  "UPDATE edits SET state = 0 WHERE kind = 'undo'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    wire_restart(w, 9);
    eda = staff_login(w, "eda");
    is = state_of("undo");
    assert_string_equal(is, "done");
    free(is);
    is = state_of("edit");
    assert_string_equal(is, "undone");
    free(is);
    assert_int_equal(take_in_file(), before);
    free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_moment_it_has_happened_or_has_not),
        cmocka_unit_test(what_cannot_be_written_is_said_and_changes_nothing),
        cmocka_unit_test(a_full_disk_is_said_and_changes_nothing),
        cmocka_unit_test(a_taking_back_that_is_cut_short_has_taken_back),
        cmocka_unit_test(what_it_answers_is_closed_at_the_next_start),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
