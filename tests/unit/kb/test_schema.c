/* test_schema.c: which files open, and what is said about the others. */
#include "folder.h"

#include <sys/wait.h>

static int open_reader(const char *path)
{
    sqlite3 *db = NULL;
    int r = schema_open(path, false, &db);
    sqlite3_close(db);
    return r;
}

static void make(const char *name)
{
    sqlite3 *db = NULL;
    assert_int_equal(schema_open(folder(name), true, &db), 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void change(const char *name, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(folder(name), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void what_is_not_there_is_absent(void **state)
{
    assert_int_equal(open_reader(folder("kb.db")), KB_ERR_ABSENT);
    assert_int_equal(open_reader(folder("no/kb.db")), KB_ERR_ABSENT);
    assert_int_equal(folder_count(""), 0);
}

static void a_new_base_opens(void **state)
{
    make("kb.db");
    assert_int_equal(open_reader(folder("kb.db")), 0);
    make("kb.db");
    assert_int_equal(open_reader(folder("kb.db")), 0);
}

static void versions_are_told_apart(void **state)
{
    make("kb.db");
    change("kb.db", "PRAGMA user_version=99");
    assert_int_equal(open_reader(folder("kb.db")), KB_ERR_NEWER);
    change("kb.db", "PRAGMA user_version=0");
    assert_int_equal(open_reader(folder("kb.db")), KB_ERR_OLDER);
    char *sql = sqlite3_mprintf("PRAGMA user_version=%d", KB_SCHEMA_VERSION);
    change("kb.db", sql);
    sqlite3_free(sql);
    change("kb.db", "UPDATE meta SET value = value + 1 WHERE key = 'ranking'");
    assert_int_equal(open_reader(folder("kb.db")), KB_ERR_NEWER);
    change("kb.db", "UPDATE meta SET value = 0 WHERE key = 'ranking'");
    assert_int_equal(open_reader(folder("kb.db")), KB_ERR_OLDER);
}

static void what_is_no_base_is_damaged(void **state)
{
    folder_write("text", "What does a technician earn?\n");
    assert_int_equal(open_reader(folder("text")), KB_ERR_DAMAGED);
    folder_write("empty", "");
    assert_int_equal(open_reader(folder("empty")), KB_ERR_DAMAGED);
    change("other", "CREATE TABLE t(a); PRAGMA application_id=7");
    assert_int_equal(open_reader(folder("other")), KB_ERR_DAMAGED);
    make("hollow");
    change("hollow", "DROP TABLE meta");
    assert_int_equal(open_reader(folder("hollow")), KB_ERR_DAMAGED);
    make("blank");
    change("blank", "DELETE FROM meta");
    assert_int_equal(open_reader(folder("blank")), KB_ERR_DAMAGED);
    mkdir(folder("folder"), 0755);
    assert_int_equal(open_reader(folder("folder")), KB_ERR_IO);
}

static void half_a_file_is_damaged(void **state)
{
    size_t len;
    make("kb.db");
    char *bytes = folder_read("kb.db", &len);
    for (size_t keep = 1; keep < len; keep += keep < 200 ? 7 : 4099) {
        folder_write_bytes("half", bytes, keep);
        int r = open_reader(folder("half"));
        assert_true(r == 0 || r == KB_ERR_DAMAGED);
        assert_true(keep >= 4096 || r == KB_ERR_DAMAGED);
    }
    free(bytes);
}

static void odd_names_are_only_names(void **state)
{
    static const char *const name[] = {"a?mode=memory",  "a#b",      "50%25",
                                       "file:x?mode=ro", ":memory:", "a b\"'"};
    char here[512];
    assert_non_null(getcwd(here, sizeof here));
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        make(name[i]);
        assert_int_equal(access(folder(name[i]), F_OK), 0);
        assert_int_equal(open_reader(folder(name[i])), 0);
        assert_int_equal(chdir(folder("")), 0);
        int r = open_reader(name[i]);
        assert_int_equal(chdir(here), 0);
        assert_int_equal(r, 0);
    }
}

static void readers_cannot_write(void **state)
{
    sqlite3 *db = NULL;
    make("kb.db");
    assert_int_equal(schema_open(folder("kb.db"), false, &db), 0);
    assert_int_not_equal(sqlite3_exec(db, "DELETE FROM meta", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Root may write anywhere, so the test becomes somebody else first. */
static int as_nobody(int (*fn)(const char *), const char *path)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(geteuid() == 0 && setresuid(65534, 65534, 65534) < 0 ? 99 : fn(path) ? 1 : 0);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static int can_read(const char *path)
{
    struct kb *kb = NULL;
    struct kb_info info;
    int r = kb_open(path, &kb);
    if (!r)
        r = kb_info(kb, &info);
    kb_close(kb);
    return r;
}

static void a_read_only_folder_is_good_enough_for_readers(void **state)
{
    make("50% #?.db");
    assert_int_equal(chmod(folder("50% #?.db"), 0444), 0);
    assert_int_equal(chmod(folder(""), 0555), 0);
    assert_int_equal(as_nobody(can_read, folder("50% #?.db")), 0);
    assert_int_equal(chmod(folder(""), 0755), 0);
    assert_int_equal(folder_count(""), 1);
}

static void a_log_that_cannot_be_read_is_not_ignored(void **state)
{
    make("kb.db");
    folder_write("kb.db-wal", "something was committed here, perhaps");
    assert_int_equal(chmod(folder("kb.db"), 0444), 0);
    assert_int_equal(chmod(folder("kb.db-wal"), 0400), 0);
    assert_int_equal(chmod(folder(""), 0555), 0);
    assert_int_equal(as_nobody(can_read, folder("kb.db")), geteuid() == 0);
    assert_int_equal(chmod(folder(""), 0755), 0);
}

static void every_error_has_a_sentence(void **state)
{
    for (int e = KB_ERR_OLDER; e <= KB_OK; e++) {
        assert_true(strlen(kb_strerror(e)) > 5);
        assert_string_not_equal(kb_strerror(e), kb_strerror(1));
    }
    assert_int_equal(schema_err(SQLITE_FULL), KB_ERR_FULL);
    assert_int_equal(schema_err(SQLITE_IOERR_READ), KB_ERR_IO);
    assert_int_equal(schema_err(SQLITE_CORRUPT_VTAB), KB_ERR_DAMAGED);
    assert_int_equal(schema_err(SQLITE_BUSY_SNAPSHOT), KB_ERR_BUSY);
    assert_int_equal(schema_err(SQLITE_ROW), 0);
    assert_int_equal(schema_err(KB_ERR_NEWER), KB_ERR_NEWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(what_is_not_there_is_absent),
        folder_test(a_new_base_opens),
        folder_test(versions_are_told_apart),
        folder_test(what_is_no_base_is_damaged),
        folder_test(half_a_file_is_damaged),
        folder_test(odd_names_are_only_names),
        folder_test(readers_cannot_write),
        folder_test(a_read_only_folder_is_good_enough_for_readers),
        folder_test(a_log_that_cannot_be_read_is_not_ignored),
        cmocka_unit_test(every_error_has_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
