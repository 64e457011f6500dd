/* test_journal.c: every row is heard of once, after it is on disk, whatever the disk does. */
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "bot/journal.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/store.h"
#include "tests/sql.h"
#include "tests/unit/bot/files.h"

static char path[128];
static struct loop *loop;
static struct loop_timer *too_late;

static void give_up(void *ctx)
{
    fail_msg("nothing came within 20 s");
}

static int set_up(void **state)
{
    if (files_setup(state) || loop_new(&loop))
        return -1;
    snprintf(path, sizeof path, "%s/state.db", folder);
    too_late = loop_timer(loop, 20000, 0, give_up, NULL);
    log_set_level(LOG_LEVEL_ERROR);
    return 0;
}

static int tear_down(void **state)
{
    loop_timer_stop(too_late);
    loop_free(loop);
    return files_teardown(state);
}

/* What the callbacks were told. */
static struct heard {
    int64_t id[2000];
    size_t n, wanted;
} heard;

static void on_done(void *ctx, int64_t id)
{
    heard.id[heard.n++] = id;
    if (heard.n == heard.wanted)
        loop_stop(loop);
}

static struct journal_turn turn(const char *reply)
{
    return (struct journal_turn){.adapter = "web",
                                 .conversation = "c",
                                 .question = "q",
                                 .reply_json = reply,
                                 .kind = "answer",
                                 .at_ms = (int64_t)time(NULL) * 1000};
}

static struct journal *start(int days)
{
    struct journal_options opt = {.path = path, .synchronous = "full", .retention_days = days};
    struct journal *j = NULL;
    assert_int_equal(journal_start(loop, &opt, &j), 0);
    return j;
}

/* Hand in n rows and wait until all are heard of. */
static void write_rows(struct journal *j, size_t n, const char *reply)
{
    heard = (struct heard){.wanted = n};
    struct journal_turn t = turn(reply);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(journal_turn(j, &t, on_done, NULL), 0);
    loop_run(loop);
    assert_int_equal(heard.n, n);
}

static long long count(const char *where)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM turns WHERE %s", where);
    return sql_number(path, sql);
}

static void each_row_is_heard_of_once_in_order_after_its_commit(void **state)
{
    struct journal *j = start(90);
    write_rows(j, 1000, "{}");
    for (size_t i = 0; i < heard.n; i++)
        assert_int_equal(heard.id[i], i + 1);
    assert_int_equal(count("1"), 1000); /* while the journal is still open */
    journal_stop(j);
}

static void what_was_handed_in_is_written_although_it_stops(void **state)
{
    struct journal *j = start(90);
    struct journal_turn t = turn("{}");
    heard = (struct heard){0};
    for (int i = 0; i < 300; i++)
        assert_int_equal(journal_turn(j, &t, on_done, NULL), 0);
    journal_stop(j);
    assert_int_equal(count("1"), 300);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit r;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    r.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void a_disk_that_takes_no_more_is_told_and_over_when_it_does(void **state)
{
    static char big[300000];
    memset(big, 'x', sizeof big - 1);
    signal(SIGXFSZ, SIG_IGN);
    struct journal *j = start(90);
    write_rows(j, 1, "{}");
    limit_files(150000);
    write_rows(j, 1, big);
    assert_true(heard.id[0] == -EIO || heard.id[0] == -ENOSPC);
    assert_false(journal_writable(j));
    limit_files(RLIM_INFINITY);
    write_rows(j, 1, big);
    assert_true(heard.id[0] > 0);
    assert_true(journal_writable(j));
    journal_stop(j);
}

static void it_finds_out_by_itself_that_it_can_write_again(void **state)
{
    static char big[300000];
    memset(big, 'x', sizeof big - 1);
    signal(SIGXFSZ, SIG_IGN);
    struct journal *j = start(90);
    limit_files(100000);
    write_rows(j, 1, big);
    limit_files(1); /* not even a page */
    nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
    assert_false(journal_writable(j));
    limit_files(RLIM_INFINITY);
    for (int i = 0; i < 100 && !journal_writable(j); i++)
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_true(journal_writable(j)); /* nobody has handed in a row */
    journal_stop(j);
    assert_int_equal(count("1"), 0);
}

/* The next start, the next batch: a database that was taken away is made anew, none of it by hand. */
static void a_database_that_breaks_under_us_is_opened_again(void **state)
{
    struct journal *j = start(90);
    write_rows(j, 1, "{}");
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    assert_int_equal(sqlite3_exec(db, "ALTER TABLE turns RENAME TO away", 0, 0, 0), SQLITE_OK);
    write_rows(j, 1, "{}");
    assert_true(heard.id[0] < 0);
    assert_int_equal(sqlite3_exec(db, "ALTER TABLE away RENAME TO turns", 0, 0, 0), SQLITE_OK);
    sqlite3_close(db);
    write_rows(j, 1, "{}");
    assert_true(heard.id[0] > 0);
    journal_stop(j);
}

static void a_database_that_is_removed_is_made_again(void **state)
{
    struct journal *j = start(90);
    write_rows(j, 2, "{}");
    assert_int_equal(unlink(path), 0);
    write_rows(j, 1, "{}");
    assert_int_equal(heard.id[0], 1); /* the first of the new one */
    assert_int_equal(count("1"), 1);

    char away[160];
    snprintf(away, sizeof away, "%s-away", folder);
    assert_int_equal(rename(folder, away), 0);
    write_rows(j, 1, "{}");
    assert_int_equal(heard.id[0], -ENOENT);
    assert_false(journal_writable(j));
    assert_int_equal(rename(away, folder), 0);
    write_rows(j, 1, "{}");
    assert_true(heard.id[0] > 0);
    assert_int_equal(count("1"), 2);
    journal_stop(j);
}

static void old_turns_go_young_ones_stay(void **state)
{
    struct store *s;
    struct journal_turn t = turn("{}");
    int64_t id;
    assert_int_equal(store_open(path, "normal", &s), 0);
    assert_int_equal(store_begin(s), 0);
    for (int i = 0; i < 1200; i++) {
        t.at_ms = ((int64_t)time(NULL) - (i < 1100 ? 91 : 89) * 86400) * 1000;
        assert_int_equal(store_add_turn(s, &t, &id), 0);
    }
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    struct journal *j = start(90);
    for (int i = 0; i < 200 && count("1") > 100; i++)
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_int_equal(count("1"), 100);
    journal_stop(j);
}

static void a_database_that_is_not_ours_is_refused_at_start(void **state)
{
    struct journal_options opt = {.path = path, .synchronous = "full"};
    struct journal *j = NULL;
    file_with("state.db", "not a database, but long enough to be mistaken for the header of one, "
                          "which is a hundred bytes long or so");
    assert_int_equal(journal_start(loop, &opt, &j), -EBADMSG);
    assert_null(j);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_row_is_heard_of_once_in_order_after_its_commit),
        TEST(what_was_handed_in_is_written_although_it_stops),
        TEST(a_disk_that_takes_no_more_is_told_and_over_when_it_does),
        TEST(it_finds_out_by_itself_that_it_can_write_again),
        TEST(a_database_that_breaks_under_us_is_opened_again),
        TEST(a_database_that_is_removed_is_made_again),
        TEST(old_turns_go_young_ones_stay),
        TEST(a_database_that_is_not_ours_is_refused_at_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
