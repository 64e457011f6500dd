/* test_file.c: a file is replaced whole or not at all, whatever it is and wherever it really stands. */
#include "files.h"

#include <errno.h>
#include <sodium.h>
#include <sys/stat.h>

#include "bot/file.h"
#include "kb/pool.h"

static struct pool *pool;

static int setup(void **state)
{
    pool = pool_new();
    return sodium_init() < 0 ? -1 : files_setup(state);
}

static int teardown(void **state)
{
    pool_free(pool);
    return files_teardown(state);
}

static struct kb_bytes bytes(const char *s)
{
    return (struct kb_bytes){s, strlen(s)};
}

static const char *now(const char *path)
{
    struct kb_bytes b;
    assert_int_equal(file_read(pool, path, &b), 0);
    return b.s ? b.s : "(none)";
}

static const char *path_of(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void it_has_the_new_bytes_and_its_permissions(void **state)
{
    const char *path = file_with("a.faq.yaml", "old");
    struct stat st;
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(file_replace(path, bytes("new")), 0);
    assert_string_equal(now(path), "new");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(access(path_of(".a.faq.yaml.new"), F_OK), -1);
}

static void one_that_was_not_there_is_made_and_can_go_again(void **state)
{
    const char *path = path_of("b.faq.yaml");
    struct kb_bytes b;
    assert_int_equal(file_read(pool, path, &b), 0);
    assert_null(b.s);
    assert_int_equal(file_replace(path, bytes("")), 0);
    assert_string_equal(now(path), "");
    assert_int_equal(file_replace(path, (struct kb_bytes){0}), 0);
    assert_string_equal(now(path), "(none)");
    assert_int_equal(file_replace(path, (struct kb_bytes){0}), 0);
}

static void a_link_stays_a_link(void **state)
{
    const char *path = file_with("real.faq.yaml", "old");
    char link[160];
    struct stat st;
    snprintf(link, sizeof link, "%s", path_of("link.faq.yaml"));
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(file_replace(link, bytes("new")), 0);
    assert_string_equal(now(path), "new");
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void what_cannot_be_written_is_as_it_was(void **state)
{
    const char *path = file_with("c.faq.yaml", "old");
    char beside[160];
    snprintf(beside, sizeof beside, "%s", path_of(".c.faq.yaml.new"));
    assert_int_equal(mkdir(beside, 0700), 0);
    assert_true(file_replace(path, bytes("new")) < 0);
    assert_string_equal(now(path), "old");
    assert_int_equal(rmdir(beside), 0);
    assert_int_equal(file_replace(path_of("no/such/folder.faq.yaml"), bytes("new")), -ENOENT);
    assert_true(file_replace(folder, bytes("new")) < 0);
}

static void a_digest_tells_bytes_apart_and_none_from_none_of_them(void **state)
{
    char a[FILE_DIGEST], b[FILE_DIGEST], c[FILE_DIGEST];
    file_digest(bytes("x"), a);
    file_digest(bytes(""), b);
    file_digest((struct kb_bytes){0}, c);
    assert_int_equal(strlen(a), FILE_DIGEST - 1);
    assert_string_not_equal(a, b);
    assert_string_not_equal(b, c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_has_the_new_bytes_and_its_permissions, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_was_not_there_is_made_and_can_go_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_link_stays_a_link, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_is_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(a_digest_tells_bytes_apart_and_none_from_none_of_them,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
