/* test_secret.c: a key comes out of a file that only its owner can read, and is compared without telling where it
 * differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/secret.h"

static char path[] = "/tmp/guidepost-secret-XXXXXX";

static int set_up(void **state)
{
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    return unlink(path);
}

static int reading(const char *content, mode_t mode, struct secret *ret)
{
    const char *why;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
    int err = secret_read(path, ret, &why);
    assert_true(err ? *why : !*why);
    return err;
}

static void a_value_loses_its_line_end_and_nothing_else(void **state)
{
    struct secret s;
    assert_int_equal(reading("  xoxb-1.2=3 \r\n\n", 0600, &s), 0);
    assert_int_equal(s.n, 1);
    assert_string_equal(s.value[0], "xoxb-1.2=3");
    secret_release(&s);
    assert_int_equal(s.n, 0);
}

static void two_lines_are_the_current_and_the_previous_value(void **state)
{
    struct secret s;
    assert_int_equal(reading("new\nold\n", 0640, &s), 0);
    assert_true(secret_is(&s, "new", 3));
    assert_true(secret_is(&s, "old", 3));
    assert_false(secret_is(&s, "ne", 2));
    assert_false(secret_is(&s, "new\nold", 7));
    assert_false(secret_is(&s, "", 0));
    secret_release(&s);
    assert_false(secret_is(&s, "", 0));
}

static void what_everybody_may_read_is_no_secret(void **state)
{
    struct secret s;
    assert_int_equal(reading("x\n", 0604, &s), -EPERM);
    assert_int_equal(reading("x\n", 0602, &s), -EPERM);
    assert_int_equal(s.n, 0);
}

static void an_empty_file_a_third_line_or_a_blank_inside_is_refused(void **state)
{
    struct secret s;
    assert_int_equal(reading("", 0600, &s), -EINVAL);
    assert_int_equal(reading(" \n\n", 0600, &s), -EINVAL);
    assert_int_equal(reading("a\nb\nc\n", 0600, &s), -EINVAL);
    assert_int_equal(reading("a b\n", 0600, &s), -EINVAL);
    assert_int_equal(reading("caf\xC3\xA9\n", 0600, &s), -EINVAL);
}

static void a_value_that_is_too_long_is_refused(void **state)
{
    struct secret s;
    char *big = malloc(SECRET_MAX_BYTES + 2);
    memset(big, 'x', SECRET_MAX_BYTES + 1);
    big[SECRET_MAX_BYTES + 1] = '\0';
    assert_int_equal(reading(big, 0600, &s), -EINVAL);
    big[SECRET_MAX_BYTES] = '\0';
    assert_int_equal(reading(big, 0600, &s), 0);
    secret_release(&s);
    free(big);
}

static void no_file_means_off_and_a_folder_is_an_error(void **state)
{
    struct secret s;
    const char *why;
    assert_int_equal(secret_read("", &s, &why), -ENOENT);
    assert_int_equal(secret_read("/nonexistent/secret", &s, &why), -ENOENT);
    assert_int_equal(secret_read("/tmp", &s, &why), -EISDIR);
}

static char lines[512];

static int keep_line(void *ctx, const char *name, const char *value)
{
    size_t n = strlen(lines);
    snprintf(lines + n, sizeof lines - n, "%s=%s;", name, value);
    return 0;
}

static int reading_lines(const char *content, mode_t mode)
{
    struct secret s;
    const char *why;
    if (!reading(content, mode, &s)) /* writes the file */
        secret_release(&s);
    *lines = '\0';
    int err = secret_read_lines(path, keep_line, NULL, &why);
    assert_true(err ? *why : !*why);
    return err;
}

static void a_file_of_many_is_a_name_and_a_value_a_line(void **state)
{
    assert_int_equal(reading_lines("# who\n\n a  1\r\nb\t2 \nc 3", 0600), 0);
    assert_string_equal(lines, "a=1;b=2;c=3;");
    assert_int_equal(reading_lines("# nobody\n", 0600), 0);
    assert_string_equal(lines, "");
    assert_int_equal(reading_lines("a\n", 0600), -EINVAL);
    assert_int_equal(reading_lines("a 1 2\n", 0600), -EINVAL);
    assert_int_equal(reading_lines("a caf\xC3\xA9\n", 0600), -EINVAL);
    assert_int_equal(reading_lines("a 1\n", 0644), -EPERM);
    assert_string_equal(lines, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_loses_its_line_end_and_nothing_else),
        cmocka_unit_test(two_lines_are_the_current_and_the_previous_value),
        cmocka_unit_test(what_everybody_may_read_is_no_secret),
        cmocka_unit_test(an_empty_file_a_third_line_or_a_blank_inside_is_refused),
        cmocka_unit_test(a_value_that_is_too_long_is_refused),
        cmocka_unit_test(no_file_means_off_and_a_folder_is_an_error),
        cmocka_unit_test(a_file_of_many_is_a_name_and_a_value_a_line),
    };
    return cmocka_run_group_tests_name("secret", tests, set_up, tear_down);
}
