/* test_index_file.c: readers never see a file half-made, whatever happens on the way: others that read and write at the same time,
 * kill -9, a full disk, damage, other versions, files of other programs. */
#include "guides.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ---- others at the same time ----------------------------------------------------------------- */

/* The version that every passage has, -1 when they differ; in one statement, as kb_ask() reads. */
static int version_seen(sqlite3 *db)
{
    static const char sql[] =
        "SELECT count(*), sum(body LIKE '%version1%'), sum(body LIKE '%version2%'),"
        " (SELECT count(*) FROM passage_fts('version1')),"
        " (SELECT count(*) FROM passage_fts('version2')) FROM passages";
    sqlite3_stmt *st = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        int n = sqlite3_column_int(st, 0), one = sqlite3_column_int(st, 1),
            two = sqlite3_column_int(st, 2);
        if (one == n && two == 0 && sqlite3_column_int(st, 3) == n &&
            sqlite3_column_int(st, 4) == 0)
            version = 1;
        if (two == n && one == 0 && sqlite3_column_int(st, 4) == n &&
            sqlite3_column_int(st, 3) == 0)
            version = 2;
    }
    sqlite3_finalize(st);
    return version;
}

/* Reads until the file "stop" is there: 0 when every look was whole and both versions were seen. */
static int read_on(void)
{
    struct kb *kb = NULL;
    int seen[3] = {0};
    if (kb_open(folder("kb.db"), &kb))
        return 2;
    while (access(folder("stop"), F_OK) < 0) {
        int v = version_seen(kb->db);
        if (v < 0)
            return 3;
        seen[v]++;
    }
    kb_close(kb);
    return seen[1] && seen[2] ? 0 : 4;
}

static int child_status(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void readers_see_the_old_or_the_new_and_never_half(void **state)
{
    write_guide("guides/a.md", 1, 60);
    write_guide("guides/b.md", 1, 60);
    index_ok("kb.db");
    pid_t pid = fork();
    if (pid == 0)
        _exit(read_on());
    for (int round = 0; round < 15; round++) {
        write_guide("guides/a.md", 1 + round % 2, 60);
        write_guide("guides/b.md", 1 + round % 2, 60);
        index_ok("kb.db");
        usleep(5000);
    }
    folder_write("stop", "");
    assert_int_equal(child_status(pid), 0);
}

static void two_indexers_take_turns(void **state)
{
    write_guide("guides/a.md", 1, 200);
    for (int round = 0; round < 5; round++) {
        pid_t pid[3];
        unlink(folder("kb.db"));
        for (int i = 0; i < 3; i++) {
            pid[i] = fork();
            if (pid[i] == 0) {
                struct kb_report report;
                _exit(index_into("kb.db", &report) ? 1 : report.rebuilt ? 10 : 11);
            }
        }
        int rebuilt = 0, found = 0;
        for (int i = 0; i < 3; i++) {
            int status = child_status(pid[i]);
            rebuilt += status == 10;
            found += status == 11;
        }
        assert_int_equal(rebuilt, 1);
        assert_int_equal(found, 2);
        assert_int_equal(folder_count(".lock"), 0);
        assert_int_equal(folder_count(".new-"), 0);
    }
}

static void waiting_for_another_indexer_has_an_end(void **state)
{
    struct index_file a, b;
    struct kb_report report = {0};
    assert_int_equal(index_file_open(folder("kb.db"), 0, &a, &report), 0);
    assert_int_equal(index_file_open(folder("kb.db"), 50, &b, &report), KB_ERR_BUSY);
    assert_non_null(strstr(report.message, "another process"));
    index_file_release(&b);
    index_file_release(&a);
    assert_int_equal(folder_count(""), 1); /* guides */
    kb_report_release(&report);
}

static void a_lock_left_by_a_dead_process_is_no_lock(void **state)
{
    write_guide("guides/a.md", 1, 2);
    folder_write("kb.db.lock", "");
    folder_write("kb.db.new-123", "half a file");
    folder_write("kb.db.new-123-journal", "");
    index_ok("kb.db");
    assert_int_equal(folder_count("kb.db"), 2);
}

/* ---- kill -9, full disk, damage -------------------------------------------------------------- */

static void a_killed_run_leaves_the_old_or_the_new(void **state)
{
    unsigned seed = 42;
    int done = 0;
    for (int round = 0; round < 30; round++) {
        int version = 1 + round % 2;
        if (round % 10 == 5)
            unlink(folder("kb.db"));
        bool there = access(folder("kb.db"), F_OK) == 0;
        write_guide("guides/a.md", version, 150);
        write_guide("guides/b.md", version, 150);
        pid_t pid = fork();
        if (pid == 0) {
            struct kb_report report;
            _exit(index_into("kb.db", &report) != 0);
        }
        usleep(lcg(&seed, 1 + (unsigned)round) * 2000);
        kill(pid, SIGKILL);
        int status;
        waitpid(pid, &status, 0);
        done += WIFEXITED(status);
        struct kb *kb = NULL;
        int r = kb_open(folder("kb.db"), &kb);
        if (there || r != KB_ERR_ABSENT) {
            assert_int_equal(r, 0);
            assert_int_not_equal(version_seen(kb->db), -1);
        }
        kb_close(kb);
        if (round % 3 == 2) {
            index_ok("kb.db");
            assert_int_equal(folder_count(".new-"), 0);
        }
    }
    assert_in_range(done, 0, 29); /* some were killed in the middle */
    index_ok("kb.db");
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

/* Index in a process that may not write files longer than `max` bytes: its kb_index(), negated. */
static int index_with_limit(const char *db, rlim_t max)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {max, max};
        struct kb_report report;
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
            _exit(100);
        int r = index_into(db, &report);
        _exit(r == 0 ? 0 : report.message ? -r : 101);
    }
    return child_status(pid);
}

static void a_full_disk_changes_nothing_and_leaves_nothing(void **state)
{
    write_guide("guides/a.md", 1, 20);
    index_ok("kb.db");
    char *before = dump("kb.db");
    write_guide("guides/a.md", 2, 2000);
    for (rlim_t max = 4096; max <= 256 * 1024; max *= 4) {
        assert_int_equal(index_with_limit("kb.db", max), -KB_ERR_FULL);
        assert_int_equal(index_with_limit("new.db", max), -KB_ERR_FULL);
        assert_int_equal(folder_count("new.db"), 0);
        assert_int_equal(folder_count(".new-"), 0);
        assert_int_equal(folder_count(".lock"), 0);
        char *after = dump("kb.db");
        assert_string_equal(before, after);
        sqlite3_free(after);
    }
    sqlite3_free(before);
    index_ok("kb.db");
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

static void a_damaged_base_is_built_anew(void **state)
{
    size_t len;
    struct kb_report report;
    write_guide("guides/a.md", 1, 100);
    index_ok("fresh.db");
    char *bytes = folder_read("fresh.db", &len);
    for (size_t keep = 10; keep < len; keep = keep * 3 + 4000) {
        folder_write_bytes("kb.db", bytes, keep);
        assert_int_equal(index_into("kb.db", &report), 0);
        assert_true(report.rebuilt);
        kb_report_release(&report);
        assert_same("kb.db", "fresh.db");
    }
    free(bytes);
}

/* Whatever a bit may turn into: no crash, and the next run has a base to show. */
static void a_flipped_bit_crashes_nobody(void **state)
{
    size_t len;
    unsigned seed = 7;
    write_guide("guides/a.md", 1, 60);
    index_ok("fresh.db");
    char *bytes = folder_read("fresh.db", &len);
    for (int round = 0; round < 150; round++) {
        size_t at = round < 50 ? lcg(&seed, 100) : lcg(&seed, (unsigned)len);
        char was = bytes[at];
        bytes[at] = (char)(bytes[at] ^ 1 << lcg(&seed, 8));
        folder_write_bytes("kb.db", bytes, len);
        bytes[at] = was;
        struct kb *kb = NULL;
        if (kb_open(folder("kb.db"), &kb) == 0) {
            struct pool *pool = pool_new();
            const char *item[5];
            struct kb_info info;
            struct kb_hits hits;
            struct kb_ask ask = {.text = "what is section 7", .len = 17};
            kb_info(kb, &info);
            kb_topics(kb, NULL, 5, pool, item);
            kb_followups(kb, NULL, "a#what-is-section-3", 5, pool, item, NULL);
            if (kb_ask(kb, &ask, &hits) == 0)
                kb_hits_release(&hits);
            kb_close(kb);
            pool_free(pool);
        }
        struct kb_report report;
        int r = index_into("kb.db", &report);
        bool version = at >= 60 && at < 72; /* another version, or another program's: refused */
        assert_true(r == 0 || (version && (r == KB_ERR_NEWER || r == KB_ERR_DAMAGED)));
        kb_report_release(&report);
        unlink(folder("kb.db"));
    }
    free(bytes);
}

static void other_versions_are_rebuilt_or_refused(void **state)
{
    struct kb_report report;
    sqlite3 *db = NULL;
    write_guide("guides/a.md", 1, 2);
    index_ok("kb.db");
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version=0", NULL, NULL, NULL);
    assert_int_equal(index_into("kb.db", &report), 0);
    assert_true(report.rebuilt);
    kb_report_release(&report);
    sqlite3_close(db); /* it still held the old file, and must not disturb the new one */
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(index_into("kb.db", &report), KB_ERR_NEWER);
    assert_non_null(strstr(report.message, "newer"));
    kb_report_release(&report);
}

/* Another way to cut or to weigh is another index, though its tables are the same. */
static void another_ranking_is_rebuilt_or_refused(void **state)
{
    struct kb_report report;
    sqlite3 *db = NULL;
    write_guide("guides/a.md", 1, 2);
    index_ok("kb.db");
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db,
                 "UPDATE meta SET value = value - 1 WHERE key = 'ranking';"
                 "UPDATE passages SET body = 'as it was cut once'",
                 NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(index_into("kb.db", &report), 0);
    assert_true(report.rebuilt);
    kb_report_release(&report);
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db, "UPDATE meta SET value = value + 1 WHERE key = 'ranking'", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(index_into("kb.db", &report), KB_ERR_NEWER);
    kb_report_release(&report);
}

static void what_is_not_ours_is_not_destroyed(void **state)
{
    struct kb_report report;
    sqlite3 *db = NULL;
    write_guide("guides/a.md", 1, 2);
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE precious(a); INSERT INTO precious VALUES(1)", NULL, NULL, NULL);
    sqlite3_close(db);
    size_t len, after;
    char *bytes = folder_read("kb.db", &len);
    assert_int_equal(index_into("kb.db", &report), KB_ERR_DAMAGED);
    assert_non_null(strstr(report.message, "another program"));
    kb_report_release(&report);
    char *same = folder_read("kb.db", &after);
    assert_int_equal(len, after);
    assert_memory_equal(bytes, same, len);
    free(bytes);
    free(same);

    folder_write("notes.txt", "my only copy\n");
    assert_int_equal(index_into("notes.txt", &report), 0);
    assert_int_equal(report.warnings, 1);
    kb_report_release(&report);
    bytes = folder_read("notes.txt.damaged", &len);
    assert_string_equal(bytes, "my only copy\n");
    free(bytes);

    mkdir(folder("d.db"), 0755);
    assert_int_equal(index_into("d.db", &report), KB_ERR_IO);
    assert_non_null(strstr(report.message, "not a file"));
    kb_report_release(&report);
    assert_int_equal(index_into("no/such/kb.db", &report), KB_ERR_IO);
    assert_non_null(report.message);
    kb_report_release(&report);
}

static void a_link_stays_a_link(void **state)
{
    struct stat st;
    write_guide("guides/a.md", 1, 2);
    mkdir(folder("real"), 0755);
    assert_int_equal(symlink("real/kb.db", folder("kb.db")), 0);
    folder_write("real/kb.db", "");
    index_ok("kb.db");
    assert_int_equal(lstat(folder("kb.db"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(lstat(folder("real/kb.db"), &st), 0);
    assert_true(S_ISREG(st.st_mode) && st.st_size > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guides_test(readers_see_the_old_or_the_new_and_never_half),
        guides_test(two_indexers_take_turns),
        guides_test(waiting_for_another_indexer_has_an_end),
        guides_test(a_lock_left_by_a_dead_process_is_no_lock),
        guides_test(a_killed_run_leaves_the_old_or_the_new),
        guides_test(a_full_disk_changes_nothing_and_leaves_nothing),
        guides_test(a_damaged_base_is_built_anew),
        guides_test(a_flipped_bit_crashes_nobody),
        guides_test(other_versions_are_rebuilt_or_refused),
        guides_test(another_ranking_is_rebuilt_or_refused),
        guides_test(what_is_not_ours_is_not_destroyed),
        guides_test(a_link_stays_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
