/* test_watch.c: what editors, deployments and people do to files is seen, once it is quiet, and nothing else is. */
#include <stdbool.h>
#include <sys/stat.h>

#include "bot/log.h"
#include "bot/loop.h"
#include "bot/watch.h"
#include "tests/unit/bot/files.h"

#define QUIET_MS 60

static struct loop *loop;
static struct watch *watch;
static int changes;
static char content[96], away[96];

static void on_change(void *ctx)
{
    changes++;
}

static void stop(void *ctx)
{
    loop_stop(loop);
}

/* How many changes are told within the time a burst needs. */
static int told(void)
{
    changes = 0;
    struct loop_timer *t = loop_timer(loop, QUIET_MS * 5, 0, stop, NULL);
    loop_run(loop);
    loop_timer_stop(t);
    return changes;
}

static void path_in(char *to, size_t size, const char *dir, const char *name)
{
    snprintf(to, size, "%s/%s", dir, name);
}

static void write_file(const char *dir, const char *name)
{
    char path[256];
    path_in(path, sizeof path, dir, name);
    file_with(path + strlen(folder) + 1, "text");
}

static int set_up(void **state)
{
    if (files_setup(state) || loop_new(&loop))
        return -1;
    path_in(content, sizeof content, folder, "guides");
    path_in(away, sizeof away, folder, "away");
    mkdir(content, 0755);
    mkdir(away, 0755);
    write_file(content, "a.md");
    return 0;
}

static int tear_down(void **state)
{
    watch_stop(watch);
    watch = NULL;
    loop_free(loop);
    return files_teardown(state);
}

static void start(const char *path)
{
    assert_int_equal(watch_start(loop, QUIET_MS, on_change, NULL, &watch), 0);
    watch_set(watch, &path, 1);
    assert_int_equal(told(), 1); /* it is watched */
}

static void a_written_file_is_one_change(void **state)
{
    start(content);
    assert_int_equal(told(), 0);
    write_file(content, "a.md");
    write_file(content, "b.md");
    assert_int_equal(told(), 1);
    assert_int_equal(told(), 0);
}

static void saving_by_rename_is_seen_every_time(void **state)
{
    char from[256], to[256];
    path_in(from, sizeof from, content, ".a.md.swp");
    path_in(to, sizeof to, content, "a.md");
    start(content);
    for (int i = 0; i < 3; i++) {
        write_file(content, ".a.md.swp");
        assert_int_equal(rename(from, to), 0);
        assert_int_equal(told(), 1);
    }
}

static void a_single_file_may_be_replaced_and_removed(void **state)
{
    char from[256], to[256];
    path_in(from, sizeof from, away, "new");
    path_in(to, sizeof to, content, "a.md");
    start(to);
    write_file(content, "other.md");
    assert_int_equal(told(), 0);
    write_file(away, "new");
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(told(), 1);
    unlink(to);
    assert_int_equal(told(), 1);
}

static void folders_made_later_are_watched_too(void **state)
{
    char deep[256], deeper[512];
    path_in(deep, sizeof deep, content, "new");
    path_in(deeper, sizeof deeper, deep, "er");
    start(content);
    mkdir(deep, 0755);
    mkdir(deeper, 0755);
    assert_int_equal(told(), 1);
    write_file(deeper, "c.md");
    assert_int_equal(told(), 1);
}

static void a_folder_that_does_not_exist_yet_is_waited_for(void **state)
{
    char later[256], below[512];
    path_in(later, sizeof later, folder, "later");
    path_in(below, sizeof below, later, "guides");
    start(below);
    assert_int_equal(told(), 0);
    mkdir(later, 0755);
    assert_int_equal(told(), 1);
    mkdir(below, 0755);
    assert_int_equal(told(), 1);
    write_file(below, "a.md");
    assert_int_equal(told(), 1);
}

static void a_swapped_symbolic_link_is_seen(void **state)
{
    char link[256], fresh[256];
    path_in(link, sizeof link, folder, "current");
    path_in(fresh, sizeof fresh, folder, "current.new");
    assert_int_equal(symlink(content, link), 0);
    start(link);
    assert_int_equal(symlink(away, fresh), 0);
    assert_int_equal(rename(fresh, link), 0);
    assert_int_equal(told(), 1);
    write_file(away, "z.md");
    assert_int_equal(told(), 1);
    write_file(content, "a.md");
    assert_int_equal(told(), 0); /* it is no longer ours */
}

static void hidden_files_and_backups_do_not_count(void **state)
{
    start(content);
    write_file(content, ".hidden");
    write_file(content, "_draft.md");
    write_file(content, "a.md~");
    assert_int_equal(told(), 0);
}

static void a_loop_of_links_ends(void **state)
{
    char link[256];
    path_in(link, sizeof link, content, "again");
    assert_int_equal(symlink("..", link), 0);
    start(content);
    write_file(content, "a.md");
    assert_int_equal(told(), 1);
}

static void changes_without_end_are_told_all_the_same(void **state)
{
    start(content);
    changes = 0;
    for (int i = 0; i < 40 && !changes; i++) {
        write_file(content, "a.md");
        struct loop_timer *t = loop_timer(loop, QUIET_MS / 2, 0, stop, NULL);
        loop_run(loop);
        loop_timer_stop(t);
    }
    assert_true(changes > 0);
}

static void other_places_are_watched_instead_once_that_is_told(void **state)
{
    const char *path = away;
    start(content);
    watch_set(watch, &path, 1);
    assert_int_equal(told(), 1);
    write_file(content, "a.md");
    assert_int_equal(told(), 0);
    write_file(away, "a.md");
    assert_int_equal(told(), 1);
}

static void the_same_places_once_more_are_no_news(void **state)
{
    const char *path = content;
    start(content);
    watch_set(watch, &path, 1);
    assert_int_equal(told(), 0);
    write_file(content, "a.md");
    assert_int_equal(told(), 1);
}

static void no_place_at_all_is_told_too(void **state)
{
    const char *none[1] = {NULL};
    assert_int_equal(watch_start(loop, QUIET_MS, on_change, NULL, &watch), 0);
    watch_set(watch, none, 0);
    assert_int_equal(told(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(a_written_file_is_one_change),
        TEST(saving_by_rename_is_seen_every_time),
        TEST(a_single_file_may_be_replaced_and_removed),
        TEST(folders_made_later_are_watched_too),
        TEST(a_folder_that_does_not_exist_yet_is_waited_for),
        TEST(a_swapped_symbolic_link_is_seen),
        TEST(hidden_files_and_backups_do_not_count),
        TEST(a_loop_of_links_ends),
        TEST(changes_without_end_are_told_all_the_same),
        TEST(other_places_are_watched_instead_once_that_is_told),
        TEST(the_same_places_once_more_are_no_news),
        TEST(no_place_at_all_is_told_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
