/* test_store_log.c: the write-ahead log is carried over while commits go on: it does not grow for ever, nothing that was committed
 * is lost whenever the power goes, and what was erased is gone. */
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "bot/store.h"
#include "tests/unit/bot/files.h"

#define VALUE  6000 /* bytes: two pages a commit, and some that all of them touch */
#define SECRET "my grandmother's maiden name is Fitzgerald-Oyelaran"

static char path[128], wal[160];
static struct store *s;

static void open_store(void)
{
    assert_int_equal(store_open(path, "normal", &s), 0);
    assert_int_equal(store_log_aside(s), 0);
}

static int set_up(void **state)
{
    if (files_setup(state))
        return -1;
    snprintf(path, sizeof path, "%s/state.db", folder);
    snprintf(wal, sizeof wal, "%s-wal", path);
    open_store();
    return 0;
}

static int tear_down(void **state)
{
    store_close(s);
    return files_teardown(state);
}

/* Note number i says i, at length. */
static int write_note(int i)
{
    char key[24], value[VALUE + 1];
    snprintf(key, sizeof key, "%d", i);
    memset(value, 'a' + i % 26, VALUE);
    value[VALUE] = '\0';
    int err = store_begin(s);
    if (!err)
        err = store_keep(s, "web", key, value, 1);
    if (!err)
        err = store_commit(s);
    store_tidy(s);
    return err;
}

static void assert_note(int i)
{
    char key[24], *value = NULL;
    snprintf(key, sizeof key, "%d", i);
    assert_int_equal(store_kept(s, "web", key, &value), 0);
    assert_non_null(value);
    assert_int_equal(strlen(value), VALUE);
    assert_int_equal(value[0], 'a' + i % 26);
    free(value);
}

static long size_of(const char *file)
{
    struct stat st;
    return stat(file, &st) ? 0 : (long)st.st_size;
}

static void a_log_that_never_rests_stays_short(void **state)
{
    (void)state;
    long most = 0;
    for (int i = 0; i < 9000; i++) { /* five logs full */
        assert_int_equal(write_note(i), 0);
        long size = size_of(wal);
        most = size > most ? size : most;
    }
    assert_true(most > 8 << 20);
    assert_true(most < 64 << 20);
    assert_true(size_of(path) > 16 << 20); /* what it held is where it belongs */
    for (int i = 0; i < 9000; i++)
        assert_note(i);
}

/* A child writes and tells in `told` what is committed, until it is killed. */
static int write_until_killed(int from, int ms)
{
    volatile int *told =
        mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(told, MAP_FAILED);
    *told = from - 1;
    store_close(s);
    pid_t pid = fork();
    if (pid == 0) {
        open_store();
        for (int i = from;; i++) {
            if (write_note(i))
                _exit(1);
            *told = i;
        }
    }
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
    kill(pid, SIGKILL);
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
    open_store();
    int last = *told;
    munmap((void *)told, sizeof *told);
    return last;
}

static void whatever_was_committed_survives_a_kill_at_any_moment(void **state)
{
    (void)state;
    int n = 0;
    for (int i = 0; i < 12; i++)
        n = write_until_killed(n, 60 + i * 37) + 1;
    assert_true(n > 0);
    for (int i = 0; i < n; i++)
        assert_note(i);
}

/* The erasure meets the thread while it rests, is woken, copies, or has left the last bit. */
static void what_is_erased_is_in_no_file_whatever_the_thread_does(void **state)
{
    (void)state;
    for (int round = 0, i = 0; round < 8; round++) {
        struct store_conversation c;
        char name[16];
        snprintf(name, sizeof name, "b%d", round);
        assert_int_equal(store_begin(s), 0);
        assert_int_equal(
            store_append(s, "web", name,
                         &(struct store_event){.body = "\"text\":\"" SECRET "\"", .at_ms = 1}, &c),
            0);
        assert_int_equal(store_commit(s), 0);
        for (int n = 0; n < 1700 + round * 90; n++)
            assert_int_equal(write_note(i++), 0);
        assert_int_equal(store_begin(s), 0);
        assert_int_equal(store_erase(s, "web", name, 2), 0);
        assert_int_equal(store_commit(s), 0);
        store_tidy(s);
        assert_int_equal(file_holds(path, "", SECRET), 0);
        assert_int_equal(file_holds(wal, "", SECRET), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    if (store_init())
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_log_that_never_rests_stays_short),
        TEST(whatever_was_committed_survives_a_kill_at_any_moment),
        TEST(what_is_erased_is_in_no_file_whatever_the_thread_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
