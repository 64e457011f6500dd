/* test_store_audit.c: users are kept by name, and what was done to them cannot be changed unseen. */
#include <errno.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdint.h>

#include "bot/store.h"
#include "tests/unit/bot/files.h"

static char path[128];
static struct store *store;

static int set_up(void **state)
{
    int err = files_setup(state);
    snprintf(path, sizeof path, "%s/state.db", folder);
    return err || sodium_init() < 0 || store_open(path, "normal", &store);
}

static int tear_down(void **state)
{
    store_close(store);
    return files_teardown(state);
}

/* By another program, which has got rid of the triggers first. */
static int tamper(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "DROP TRIGGER audit_stays; DROP TRIGGER audit_is_kept", NULL, NULL, NULL);
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_close(db);
    return rc;
}

/* ---- users ---- */

struct seen {
    int n, role;
    char name[65], hash[USER_HASH];
    int64_t at_ms, changed_ms;
};

static void see(void *ctx, const struct store_user *u)
{
    struct seen *s = ctx;
    s->n++;
    s->role = (int)u->role;
    snprintf(s->name, sizeof s->name, "%s", u->name);
    snprintf(s->hash, sizeof s->hash, "%s", u->hash);
    s->at_ms = u->at_ms;
    s->changed_ms = u->changed_ms;
}

static struct seen look(const char *name)
{
    struct seen s = {0};
    assert_int_equal(store_users(store, name, see, &s), 0);
    return s;
}

static void a_user_is_found_whatever_the_case_and_added_once(void **state)
{
    struct store_user u = {.name = "Anna", .role = ROLE_AGENT, .hash = "h1", .at_ms = 5};
    assert_int_equal(store_begin(store), 0);
    assert_int_equal(store_add_user(store, &u), 0);
    u.name = "ANNA";
    assert_int_equal(store_add_user(store, &u), -EEXIST);
    assert_int_equal(store_commit(store), 0);
    struct seen s = look("anna");
    assert_int_equal(s.n, 1);
    assert_string_equal(s.name, "Anna");
    assert_int_equal(s.role, ROLE_AGENT);
    assert_int_equal(look("ann").n, 0);
    assert_int_equal(look(NULL).n, 1);
}

static void a_change_leaves_the_rest_as_it_was(void **state)
{
    struct store_user u = {.name = "anna", .role = ROLE_AGENT, .hash = "h1", .at_ms = 5};
    struct store_user role = {.name = "Anna", .role = ROLE_ADMIN, .at_ms = 6};
    struct store_user hash = {.name = "Anna", .hash = "h2", .at_ms = 7};
    struct store_user none = {.name = "bob", .hash = "h2", .at_ms = 7};
    assert_int_equal(store_begin(store), 0);
    assert_int_equal(store_add_user(store, &u), 0);
    assert_int_equal(store_change_user(store, &role), 0);
    assert_string_equal(look("anna").hash, "h1");
    assert_int_equal(store_change_user(store, &hash), 0);
    assert_int_equal(store_change_user(store, &none), -ENOENT);
    assert_int_equal(store_remove_user(store, "bob"), -ENOENT);
    struct seen s = look("anna");
    assert_int_equal(s.role, ROLE_ADMIN);
    assert_string_equal(s.hash, "h2");
    assert_int_equal(s.at_ms, 5);
    assert_int_equal(s.changed_ms, 7);
    assert_int_equal(store_remove_user(store, "aNNa"), 0);
    assert_int_equal(look(NULL).n, 0);
    assert_int_equal(store_commit(store), 0);
}

/* ---- the chain ---- */

#define ROWS 20

struct walk {
    int n, broken;
};

static void step(void *ctx, const struct store_audit *a, const unsigned char hash[STORE_HASH],
                 bool sound)
{
    struct walk *w = ctx;
    w->n++;
    if (!sound && !w->broken)
        w->broken = (int)a->id;
}

static struct walk walk(void)
{
    struct walk w = {0};
    assert_int_equal(store_audit(store, 0, SIZE_MAX, step, &w), 0);
    return w;
}

static void fill(void)
{
    for (int i = 0; i < ROWS; i++) {
        char object[16];
        snprintf(object, sizeof object, "user%d", i);
        struct store_audit a = {.at_ms = 1000 + i,
                                .actor = "shell:root",
                                .role = "",
                                .action = "user.add",
                                .object = i % 3 ? object : NULL,
                                .after = i % 2 ? "" : NULL};
        assert_int_equal(store_begin(store), 0);
        assert_int_equal(store_add_audit(store, &a), 0);
        if (i % 5 == 4) { /* what did not happen leaves no gap */
            store_rollback(store);
            assert_int_equal(store_begin(store), 0);
            assert_int_equal(store_add_audit(store, &a), 0);
        }
        assert_int_equal(store_commit(store), 0);
    }
}

static void what_was_written_is_sound(void **state)
{
    assert_int_equal(walk().n, 0);
    fill();
    assert_int_equal(walk().n, ROWS);
    assert_int_equal(walk().broken, 0);
}

static void rows_can_neither_be_changed_nor_deleted(void **state)
{
    fill();
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, "UPDATE audit SET actor = 'x'", NULL, NULL, NULL), 0);
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM audit WHERE id = 3", NULL, NULL, NULL), 0);
    sqlite3_close(db);
    assert_int_equal(walk().broken, 0);
}

/* Each column of each row, one at a time. */
static void whatever_is_tampered_with_is_found_where_it_is(void **state)
{
    static const char *const how[] = {
        "at_ms = at_ms + 1", "actor = 'x'",         "role = 'admin'", "action = 'user.role'",
        "object = 'y'",      "before = ''",         "after = 'z'",    "request = 'r'",
        "prev = hash",       "hash = zeroblob(32)", "hash = 'short'",
    };
    fill();
    for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
        char sql[200];
        int row = 2 + (int)i;
        snprintf(sql, sizeof sql,
                 "CREATE TEMP TABLE was AS SELECT * FROM audit WHERE id = %d;"
                 "UPDATE audit SET %s WHERE id = %d",
                 row, how[i], row);
        sqlite3 *db;
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        sqlite3_exec(db, "DROP TRIGGER IF EXISTS audit_stays", NULL, NULL, NULL);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        if (walk().broken != row)
            fail_msg("%s of row %d was found at %d", how[i], row, walk().broken);
        assert_int_equal(sqlite3_exec(db, "REPLACE INTO audit SELECT * FROM was", NULL, NULL, NULL),
                         SQLITE_OK);
        sqlite3_close(db);
        assert_int_equal(walk().broken, 0);
    }
}

static void a_row_that_is_taken_out_is_missed(void **state)
{
    fill();
    assert_int_equal(tamper("DELETE FROM audit WHERE id = 7"), SQLITE_OK);
    assert_int_equal(walk().broken, 8);
}

static void a_row_that_is_put_in_does_not_fit(void **state)
{
    fill();
    assert_int_equal(
        tamper("INSERT INTO audit(at_ms, actor, role, action, prev, hash)"
               " SELECT at_ms, actor, role, action, hash, prev FROM audit WHERE id = 20"),
        SQLITE_OK);
    assert_int_equal(walk().broken, ROWS + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_user_is_found_whatever_the_case_and_added_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_change_leaves_the_rest_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_written_is_sound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_can_neither_be_changed_nor_deleted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whatever_is_tampered_with_is_found_where_it_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_row_that_is_taken_out_is_missed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_that_is_put_in_does_not_fit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
