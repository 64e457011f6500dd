/* test_slack_sign.c: Slack's published signature, our own, and everything that is nearly one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/slack/slack_int.h"

#define KEY     "8f742231b10e8888abcd99yyyzzz85a5"
#define AT      1531420618
#define AT_TEXT "1531420618"

static const char published[] =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
    "channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
    "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%"
    "2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
    "803a0bc887a14d10d2c447fce8b6703c";
#define PUBLISHED_SIGNATURE "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"

static struct secret secret_of(const char *a, const char *b)
{
    struct secret s = {.value = {(char *)a, (char *)b}, .n = b ? 2 : a ? 1 : 0};
    return s;
}

static enum slack_verdict check_at(int64_t now, const char *timestamp, const char *signature,
                                   const char *body)
{
    struct secret s = secret_of(KEY, NULL);
    int64_t skew;
    return slack_sign_check(&s, timestamp, signature, body, strlen(body), now, 300, &skew);
}

static enum slack_verdict check(const char *signature, const char *body)
{
    return check_at(AT, AT_TEXT, signature, body);
}

static void the_published_vector_is_genuine(void **state)
{
    assert_int_equal(sizeof published - 1, 362);
    assert_int_equal(check(PUBLISHED_SIGNATURE, published), SLACK_GENUINE);
}

static void our_own_vectors_are_genuine(void **state)
{
    static const struct {
        const char *body, *signature;
    } all[] = {
        {"", "v0=55f41ec73231010289b54e669149ea021fccab11b5524355523533ce930cb739"},
        {"{\"token\":\"x\",\"challenge\":\"3eZbrw1aB10u\\u00e9\",\"type\":\"url_verification\"}",
         "v0=be3db1ae3c60b0eb136dc25d7b134676d5e33b5f50c42b29a17f91400a513734"},
        {"{\"type\":\"event_callback\",\"event_id\":\"Ev0001\",\"event\":{\"type\":\"app_mention\","
         "\"user\":\"U1\",\"text\":\"<@UBOT> caf\xC3\xA9 \xE2\x98\x95 &amp; &lt;tea&gt;\",\"ts\":"
         "\"1700000000.000100\",\"channel\":\"C1\"}}",
         "v0=8a2dede115cba8eccaa7797848f3eb9b066b450cfc49d934ece4a1a62223d754"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(check(all[i].signature, all[i].body), SLACK_GENUINE);
}

static void one_changed_byte_anywhere_is_a_forgery(void **state)
{
    char body[sizeof published], signature[] = PUBLISHED_SIGNATURE;
    for (size_t i = 0; i < sizeof published - 1; i++) {
        memcpy(body, published, sizeof published);
        body[i] ^= 1;
        assert_int_equal(check(PUBLISHED_SIGNATURE, body), SLACK_FORGED);
    }
    for (size_t i = 0; i < SLACK_SIGNATURE_LEN; i++) {
        memcpy(signature, PUBLISHED_SIGNATURE, sizeof signature);
        signature[i] ^= 1;
        assert_int_equal(check(signature, published), SLACK_FORGED);
    }
    assert_int_equal(check_at(AT, "1531420619", PUBLISHED_SIGNATURE, published), SLACK_FORGED);
}

static void truncated_padded_or_upper_case_is_not_accepted(void **state)
{
    char upper[] = PUBLISHED_SIGNATURE, longer[] = PUBLISHED_SIGNATURE "0";
    for (char *s = upper + 3; *s; s++)
        if (*s >= 'a')
            *s = (char)(*s - 32);
    assert_int_equal(check(upper, published), SLACK_FORGED);
    assert_int_equal(check(longer, published), SLACK_UNSIGNED);
    longer[SLACK_SIGNATURE_LEN - 1] = '\0';
    assert_int_equal(check(longer, published), SLACK_UNSIGNED);
    assert_int_equal(check("", published), SLACK_UNSIGNED);
    assert_int_equal(check(NULL, published), SLACK_UNSIGNED);
    assert_int_equal(
        check("v1=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", published),
        SLACK_FORGED);
}

static void the_window_is_five_minutes_either_way(void **state)
{
    static const struct {
        int off;
        enum slack_verdict want;
    } all[] = {{0, SLACK_GENUINE},  {300, SLACK_GENUINE}, {301, SLACK_STALE}, {-300, SLACK_GENUINE},
               {-301, SLACK_STALE}, {600, SLACK_STALE},   {-600, SLACK_STALE}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(check_at(AT + all[i].off, AT_TEXT, PUBLISHED_SIGNATURE, published),
                         all[i].want);
}

static void a_timestamp_is_digits_only(void **state)
{
    static const char *const all[] = {
        " 1531420618", "1531420618 ",   "+1531420618",         "-1", "", "1e9",
        "0x5b47a08a",  "1531420618000", "99999999999999999999"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(check_at(AT, all[i], PUBLISHED_SIGNATURE, published), SLACK_UNSIGNED);
    assert_int_equal(check_at(AT, NULL, PUBLISHED_SIGNATURE, published), SLACK_UNSIGNED);
}

static void the_difference_of_the_clocks_is_told(void **state)
{
    struct secret s = secret_of(KEY, NULL);
    int64_t skew = 0;
    slack_sign_check(&s, AT_TEXT, PUBLISHED_SIGNATURE, published, strlen(published), AT + 600, 300,
                     &skew);
    assert_int_equal(skew, 600);
}

static void either_of_two_secrets_signs_and_none_signs_nothing(void **state)
{
    struct secret two = secret_of("another", KEY), none = secret_of(NULL, NULL);
    int64_t skew;
    assert_int_equal(slack_sign_check(&two, AT_TEXT, PUBLISHED_SIGNATURE, published,
                                      strlen(published), AT, 300, &skew),
                     SLACK_GENUINE);
    char empty[SLACK_SIGNATURE_LEN + 1];
    slack_sign_make("", AT_TEXT, published, strlen(published), empty);
    assert_int_equal(
        slack_sign_check(&none, AT_TEXT, empty, published, strlen(published), AT, 300, &skew),
        SLACK_FORGED);
}

static bool probe(const char *body)
{
    return slack_sign_is_probe(body, strlen(body));
}

static void only_exactly_ssl_check_1_in_a_form_is_a_probe(void **state)
{
    assert_true(probe("ssl_check=1&token=x"));
    assert_true(probe("token=x&ssl_check=1"));
    assert_true(probe("ssl_check=1&payload=%7B%7D"));
    assert_false(probe("ssl_check=0&token=x"));
    assert_false(probe("ssl_check=true"));
    assert_false(probe("ssl_check=11"));
    assert_false(probe("ssl_check="));
    assert_false(probe("ssl_check=0&ssl_check=1"));
    assert_false(probe("xssl_check=1"));
    assert_false(probe("{\"x\":\"&ssl_check=1&\"}"));
    assert_false(probe(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vector_is_genuine),
        cmocka_unit_test(our_own_vectors_are_genuine),
        cmocka_unit_test(one_changed_byte_anywhere_is_a_forgery),
        cmocka_unit_test(truncated_padded_or_upper_case_is_not_accepted),
        cmocka_unit_test(the_window_is_five_minutes_either_way),
        cmocka_unit_test(a_timestamp_is_digits_only),
        cmocka_unit_test(the_difference_of_the_clocks_is_told),
        cmocka_unit_test(either_of_two_secrets_signs_and_none_signs_nothing),
        cmocka_unit_test(only_exactly_ssl_check_1_in_a_form_is_a_probe),
    };
    return cmocka_run_group_tests_name("slack_sign", tests, NULL, NULL);
}
