/* test_store_sqlite.c: what the durable store keeps, forgets and refuses. */
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "bot/journal.h"
#include "bot/store.h"
#include "tests/sql.h"
#include "tests/unit/bot/files.h"

static char path[128];

static int set_up(void **state)
{
    int err = files_setup(state);
    snprintf(path, sizeof path, "%s/state.db", folder);
    return err;
}

static struct journal_turn turn_at(int64_t at_ms)
{
    return (struct journal_turn){.adapter = "web",
                                 .conversation = "c1",
                                 .question = "how much?",
                                 .reply_json = "{}",
                                 .kind = "answer",
                                 .confidence = 0.5,
                                 .at_ms = at_ms};
}

static int64_t add(struct store *s, int64_t at_ms)
{
    struct journal_turn t = turn_at(at_ms);
    int64_t id = 0;
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_add_turn(s, &t, &id), 0);
    assert_int_equal(store_commit(s), 0);
    return id;
}

static long long number(const char *sql)
{
    return sql_number(path, sql);
}

static void execute(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void what_was_committed_is_there_after_opening_again(void **state)
{
    struct store *s;
    assert_int_equal(store_open(path, "full", &s), 0);
    assert_int_equal(add(s, 1000), 1);
    store_close(s);
    assert_int_equal(store_open(path, "normal", &s), 0);
    assert_int_equal(add(s, 2000), 2);
    store_close(s);
    assert_int_equal(
        number("SELECT count(*) FROM turns WHERE question = 'how much?' AND lang IS NULL"), 2);
}

static void what_was_rolled_back_is_not(void **state)
{
    struct store *s;
    struct journal_turn t = turn_at(1);
    int64_t id;
    assert_int_equal(store_open(path, "full", &s), 0);
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_add_turn(s, &t, &id), 0);
    store_rollback(s);
    store_rollback(s); /* twice is once */
    assert_int_equal(add(s, 2), 1);
    store_close(s);
}

static void an_id_is_never_given_twice(void **state)
{
    struct store *s;
    assert_int_equal(store_open(path, "full", &s), 0);
    int64_t first = add(s, 1000);
    assert_int_equal(store_forget_turns(s, 5000, 100), 1);
    assert_true(add(s, 6000) > first);
    store_close(s);
}

static void ask(struct store *s, const char *question, int64_t at_ms)
{
    struct journal_turn t = {.adapter = "web",
                             .conversation = "",
                             .question = question,
                             .reply_json = "{}",
                             .kind = "none",
                             .at_ms = at_ms};
    int64_t id;
    assert_int_equal(store_add_turn(s, &t, &id), 0);
}

static void an_ignored_question_is_kept_as_long_as_it_is_asked(void **state)
{
    struct store *s;
    assert_int_equal(store_open(path, "full", &s), 0);
    ask(s, "Who won the game?!", 1000);
    ask(s, "where is the bus", 1000);
    ask(s, "Where is the bus?", 6000);
    assert_int_equal(store_ignore(s, "who won the game", "ana", 2000), 1);
    assert_int_equal(store_ignore(s, "where is the bus?", "ana", 2000), 2);
    assert_int_equal(store_ignore(s, "never asked", "ana", 7000), 0);
    assert_int_equal(store_forget_ignored(s, 5000), 0); /* both were asked */
    assert_int_equal(store_forget_turns(s, 5000, 100), 2);
    assert_int_equal(store_forget_ignored(s, 5000), 1);
    assert_int_equal(number("SELECT count(*) FROM ignored WHERE question LIKE '%game%'"), 0);
    ask(s, "where is the bus", 8000); /* still nobody's business */
    assert_int_equal(number("SELECT count(*) FROM tickets WHERE state < 2"), 0);
    assert_int_equal(store_forget_ignored(s, 7000), 0);
    store_close(s);
}

static void old_turns_are_forgotten_a_few_at_a_time_oldest_first(void **state)
{
    struct store *s;
    assert_int_equal(store_open(path, "normal", &s), 0);
    for (int i = 10; i-- > 0;)
        add(s, i * 100);
    assert_int_equal(store_forget_turns(s, 500, 3), 3);
    assert_int_equal(number("SELECT min(at_ms) FROM turns"), 300);
    assert_int_equal(store_forget_turns(s, 500, 3), 2);
    assert_int_equal(store_forget_turns(s, 500, 3), 0);
    store_close(s);
    assert_int_equal(number("SELECT count(*) FROM turns"), 5);
}

static void nobody_else_may_read_what_was_asked(void **state)
{
    struct store *s;
    struct stat st;
    umask(0);
    assert_int_equal(store_open(path, "full", &s), 0);
    store_close(s);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void garbage_is_refused_and_left_alone(void **state)
{
    struct store *s = NULL;
    struct stat before, after;
    file_with("state.db", "This is no database at all, is it? It is a shopping list: soup, "
                          "bread, apples, and a candle for the evening. Also a pencil.");
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(store_open(path, "full", &s), -EBADMSG);
    assert_null(s);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void another_programs_database_is_refused(void **state)
{
    struct store *s = NULL;
    execute("CREATE TABLE recipes(x); INSERT INTO recipes VALUES('soup')");
    assert_int_equal(store_open(path, "full", &s), -EEXIST);
    assert_int_equal(number("SELECT count(*) FROM recipes"), 1);
    assert_int_equal(number("PRAGMA application_id"), 0);
}

static void a_newer_version_is_refused(void **state)
{
    struct store *s = NULL;
    assert_int_equal(store_open(path, "full", &s), 0);
    store_close(s);
    execute("PRAGMA user_version = 999");
    assert_int_equal(store_open(path, "full", &s), -EPROTO);
}

/* Schema 3, made out of the one of now: what later ones added goes. */
static const char as_it_was[] =
    "DROP TABLE live; DROP TABLE edits; DROP TABLE cluster_merges; DROP TABLE recovery_codes;"
    "DROP TABLE tokens; DROP INDEX conversations_erased;"
    "DROP TABLE ignored;"
    "DROP TRIGGER turn_untold; DROP TRIGGER event_untold; DROP TABLE texts; DROP TABLE text_uses;"
    "ALTER TABLE turns DROP COLUMN told; ALTER TABLE events DROP COLUMN told;"
    "CREATE TRIGGER turn_unanswered AFTER INSERT ON turns WHEN new.kind IN ('none', 'choices')"
    " BEGIN INSERT INTO tickets(turn, why, state, changed_ms)"
    "  VALUES(new.id, CASE new.kind WHEN 'none' THEN 1 ELSE 2 END, 0, new.at_ms); END;"
    "ALTER TABLE users DROP COLUMN totp; ALTER TABLE users DROP COLUMN totp_next;"
    "ALTER TABLE users DROP COLUMN totp_step; ALTER TABLE ticket_log DROP COLUMN was;"
    "ALTER TABLE ticket_log DROP COLUMN was_owner; ALTER TABLE ticket_log DROP COLUMN was_outcome;"
    "PRAGMA user_version = 3;";

/* Somebody waits for a person, somebody for one of whom nothing is known, and a third has the bot. */
static const char what_it_held[] =
    "INSERT INTO users VALUES('ana', 2, 'hash', 1, 1);"
    "INSERT INTO staff_sessions VALUES(x'01', 'ana', 1, 2, 'browser');"
    "INSERT INTO turns VALUES(1, 10, 'web', 'a', 'how?', NULL, 'none', 0.1, '{}');"
    "INSERT INTO turns VALUES(2, 11, 'web', 'a', 'where?', NULL, 'answer', 0.9, '{}');"
    "INSERT INTO conversations VALUES(1, 'web', 'a', 4, 1, 10, 20, 0);"
    "INSERT INTO conversations VALUES(2, 'web', 'b', 7, 2, 10, 20, 0);"
    "INSERT INTO conversations VALUES(3, 'web', 'c', 9, 0, 10, 20, 0);"
    "INSERT INTO ticket_log VALUES(1, 1, 15, 'ana', 'note', 'words');";

static void what_an_older_version_held_is_there_in_the_new_one(void **state)
{
    struct store *s;
    assert_int_equal(store_open(path, "full", &s), 0);
    store_close(s);
    long long tables = number("SELECT count(*) FROM sqlite_master");
    long long with_now = number("SELECT count(*) FROM sqlite_master WHERE type = 'table'");
    execute(as_it_was);
    execute(what_it_held);
    assert_true(number("SELECT count(*) FROM sqlite_master WHERE type = 'table'") < with_now);

    struct store_live l = {0};
    assert_int_equal(store_open(path, "full", &s), 0);
    assert_int_equal(number("SELECT count(*) FROM sqlite_master"), tables);
    assert_int_equal(store_live(s, 1, &l), 0);
    assert_int_equal(l.mode, MODE_WAITING);
    assert_int_equal(l.ticket, 2);
    assert_int_equal(l.since_ms, 20);
    assert_true(l.told == 4 && l.passed == 4 && !l.until); /* nothing is sent once more */
    assert_true(!l.owner && !l.room && !l.thread);
    store_live_release(&l);
    assert_int_equal(number("SELECT mode FROM conversations WHERE id = 2"), MODE_BOT);
    assert_int_equal(number("SELECT count(*) FROM live"), 1);
    assert_int_equal(
        number("SELECT count(*) FROM users WHERE hash = 'hash' AND totp IS NULL AND totp_step = 0"),
        1);
    assert_int_equal(number("SELECT count(*) FROM staff_sessions WHERE user = 'ana'"), 1);
    assert_int_equal(number("SELECT count(*) FROM ticket_log WHERE text = 'words' AND was IS NULL"),
                     1);
    assert_int_equal(number("SELECT count(*) FROM tickets WHERE turn = 1 AND state = 0"), 1);
    assert_int_equal(add(s, 30), 3);
    struct journal_turn unsure = turn_at(31);
    int64_t id;
    unsure.kind = "choices";
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_add_turn(s, &unsure, &id), 0);
    assert_int_equal(store_commit(s), 0);
    assert_int_equal(number("SELECT why FROM tickets WHERE turn = 4"), TICKET_LOW);
    assert_int_equal(number("SELECT count(*) FROM tickets"), 2); /* one each, not two */
    store_close(s);
}

static void what_is_written_from_a_mark_on_goes_without_the_rest(void **state)
{
    struct store *s;
    struct journal_turn t = turn_at(1);
    int64_t id;
    assert_int_equal(store_open(path, "full", &s), 0);
    assert_int_equal(store_begin(s), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(store_mark(s), 0);
        assert_int_equal(store_add_turn(s, &t, &id), 0);
        assert_int_equal(store_settle(s, i % 2 == 0), 0);
    }
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    assert_int_equal(number("SELECT count(*) FROM turns"), 2);
}

static void a_folder_that_is_not_there_is_said_so(void **state)
{
    struct store *s = NULL;
    char away[160];
    snprintf(away, sizeof away, "%s/none/state.db", folder);
    assert_int_equal(store_open(away, "full", &s), -ENOENT);
    assert_non_null(strstr(store_strerror(-ENOENT), "folder"));
    assert_int_equal(store_open(folder, "full", &s), -EISDIR);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit r;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    r.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

/* A limit on the size of files stands in for the end of the disk. */
static void a_disk_that_takes_no_more_is_an_error_that_passes(void **state)
{
    struct store *s;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(store_open(path, "normal", &s), 0);
    add(s, 1);
    static char big[300000];
    memset(big, 'x', sizeof big - 1);
    struct journal_turn t = turn_at(2);
    t.reply_json = big;
    int64_t id;
    limit_files(100000);
    assert_int_equal(store_begin(s), 0);
    int err = store_add_turn(s, &t, &id);
    err = err ? err : store_commit(s);
    assert_true(err == -EIO || err == -ENOSPC);
    store_rollback(s);
    limit_files(RLIM_INFINITY);
    assert_int_equal(add(s, 3), 2);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, files_teardown)
        T(what_was_committed_is_there_after_opening_again),
        T(what_was_rolled_back_is_not),
        T(an_id_is_never_given_twice),
        T(old_turns_are_forgotten_a_few_at_a_time_oldest_first),
        T(an_ignored_question_is_kept_as_long_as_it_is_asked),
        T(nobody_else_may_read_what_was_asked),
        T(garbage_is_refused_and_left_alone),
        T(another_programs_database_is_refused),
        T(a_newer_version_is_refused),
        T(what_an_older_version_held_is_there_in_the_new_one),
        T(what_is_written_from_a_mark_on_goes_without_the_rest),
        T(a_folder_that_is_not_there_is_said_so),
        T(a_disk_that_takes_no_more_is_an_error_that_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
