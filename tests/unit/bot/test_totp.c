/* test_totp.c: codes are those of RFC 6238's own table, each is good once and for a minute and a half; recovery codes do not mind how
 * they are typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/totp.h"
#include "kb/pool.h"

/* Appendix B; its codes have eight digits, ours are the last six of them. */
static const unsigned char secret[TOTP_SECRET] = "12345678901234567890";
static const struct {
    int64_t at_s;
    const char *code;
} table[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
             {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};

static void codes_are_those_of_the_standard(void **state)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_int_equal(totp_check(secret, table[i].code, table[i].at_s, 0),
                         table[i].at_s / TOTP_STEP_S);
    assert_int_equal(totp_check(secret, " 287 082 ", 59, 0), 1);
}

static void a_code_is_good_one_step_around_now_and_once(void **state)
{
    int64_t at = 2000000000, step = at / TOTP_STEP_S;
    assert_int_equal(totp_check(secret, "279037", at + 30, 0), step);
    assert_int_equal(totp_check(secret, "279037", at - 30, 0), step);
    assert_int_equal(totp_check(secret, "279037", at + 60, 0), 0);
    assert_int_equal(totp_check(secret, "279037", at - 60, 0), 0);
    assert_int_equal(totp_check(secret, "279037", at, step - 1), step);
    assert_int_equal(totp_check(secret, "279037", at, step), 0);
}

static void what_is_no_code_is_none(void **state)
{
    static const char *const odd[] = {"",       "279038", "27903",  "2790371",  "0279037",
                                      "-79037", "27903a", "０１２", "279037\n", "+279037"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        assert_int_equal(totp_check(secret, odd[i], 2000000000, 0), 0);
}

static void the_secret_is_text_that_apps_read(void **state)
{
    struct pool *pool = pool_new();
    assert_string_equal(totp_text(pool, secret, false), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_string_equal(totp_text(pool, secret, true), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    assert_string_equal(
        totp_uri(pool, "anna@example.edu", secret),
        "otpauth://totp/"
        "Guidepost:anna@example.edu?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Guidepost");
    pool_free(pool);
}

/* A square of dark and light with a finder pattern in three corners. */
static void the_picture_is_a_qr_code(void **state)
{
    struct buf b;
    buf_init(&b, 100000);
    assert_true(totp_qr("otpauth://totp/Guidepost:anna?secret=GEZDGNBVGY3TQOJQ", &b));
    size_t side = strcspn(b.s + 2, "\"");
    assert_true(side >= 21 && (side - 21) % 4 == 0);
    assert_int_equal(b.len, 2 + side * (side + 3) - 1);
    assert_memory_equal(b.s + 2, "1111111", 7);
    assert_memory_equal(b.s + 2 + side - 7, "1111111", 7);
    assert_memory_equal(b.s + b.len - 2 - side, "1111111", 7);
    buf_release(&b);
}

static void recovery_codes_are_taken_as_they_are_typed(void **state)
{
    char code[RECOVERY_SIZE], other[RECOVERY_SIZE], typed[60] = " ";
    unsigned char a[RECOVERY_HASH], b[RECOVERY_HASH];
    recovery_make(code);
    recovery_make(other);
    assert_string_not_equal(code, other);
    assert_int_equal(strlen(code), 19);
    assert_true(recovery_hash(code, a));
    for (size_t i = 0, n = 1; code[i]; i++)
        if (code[i] != '-') {
            typed[n++] = code[i] >= 'a' ? (char)(code[i] - 32) : code[i];
            typed[n] = '\0';
        }
    assert_true(recovery_hash(typed, b));
    assert_memory_equal(a, b, sizeof a);
    assert_true(recovery_hash(other, b));
    assert_memory_not_equal(a, b, sizeof a);
    code[18] = '\0';
    assert_false(recovery_hash(code, b));
    assert_false(recovery_hash("123456", b));
    assert_false(recovery_hash("abcd-efgh-ijkl-mnop-q", b));
    assert_false(recovery_hash("abcd-efgh-ijkl-mno1", b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_the_standard),
        cmocka_unit_test(a_code_is_good_one_step_around_now_and_once),
        cmocka_unit_test(what_is_no_code_is_none),
        cmocka_unit_test(the_secret_is_text_that_apps_read),
        cmocka_unit_test(the_picture_is_a_qr_code),
        cmocka_unit_test(recovery_codes_are_taken_as_they_are_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
