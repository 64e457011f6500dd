/* test_user.c: names, roles and passwords of the staff. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "bot/user.h"

static void roles_have_names_and_an_order(void **state)
{
    static const char *const names[] = {"viewer", "agent", "editor", "admin"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(user_role(names[i]), (int)ROLE_VIEWER + i);
        assert_string_equal(user_role_name((enum staff_role)((int)ROLE_VIEWER + i)), names[i]);
    }
    assert_int_equal(user_role("none"), ROLE_NONE);
    assert_int_equal(user_role("Admin"), ROLE_NONE);
    assert_string_equal(user_role_name((enum staff_role)99), "none");
}

static void a_name_is_an_account_or_an_address(void **state)
{
    static const char *const good[] = {"a", "Anna", "j.doe@example.org", "x_1-2"};
    static const char *const bad[] = {
        "",           "-a",  ".a",
        "a b",        "a/b", "a\n",
        "\u00e9lise", "<b>", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_null(user_name_problem(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_non_null(user_name_problem(bad[i]));
}

static void a_password_counts_characters_and_is_utf_8(void **state)
{
    static char longest[1002];
    memset(longest, 'a', sizeof longest - 2);
    assert_null(user_password_problem(longest));
    longest[sizeof longest - 2] = 'a';
    assert_non_null(user_password_problem(longest));
    assert_non_null(user_password_problem("1234567"));
    assert_null(user_password_problem("12345678"));
    assert_non_null(
        user_password_problem("\u00e9\u00e9\u00e9\u00e9")); /* eight bytes, four characters */
    assert_non_null(user_password_problem("12345678\xff"));
}

static void only_the_password_itself_is_right(void **state)
{
    char hash[USER_HASH], other[USER_HASH];
    assert_true(user_hash("correct horse", hash));
    assert_true(user_hash("correct horse", other));
    assert_string_not_equal(hash, other); /* salted */
    assert_int_equal(strncmp(hash, "$argon2id$", 10), 0);
    assert_true(user_check(hash, "correct horse"));
    assert_false(user_check(hash, "correct horsf"));
    assert_false(user_check(hash, ""));
    assert_false(user_check(NULL, "correct horse"));
    assert_false(user_check("no hash at all", "correct horse"));
    assert_false(user_hash("short", hash));
}

static void it_does_not_matter_how_a_keyboard_composes_a_letter(void **state)
{
    char hash[USER_HASH];
    assert_true(user_hash("caf\u00e9 cr\u00e8me", hash));
    assert_true(user_check(hash, "cafe\u0301 cre\u0300me"));
    assert_false(user_check(hash, "cafe creme"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_have_names_and_an_order),
        cmocka_unit_test(a_name_is_an_account_or_an_address),
        cmocka_unit_test(a_password_counts_characters_and_is_utf_8),
        cmocka_unit_test(only_the_password_itself_is_right),
        cmocka_unit_test(it_does_not_matter_how_a_keyboard_composes_a_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
