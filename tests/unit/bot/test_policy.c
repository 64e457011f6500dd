/* Whom the server lets in: origins, proxies and what they say, the share of one address. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bot/policy.h"

static const char *const origins[] = {"https://www.school.example", "http://localhost:3000"};
static const char *const proxies[] = {"127.0.0.1", "10.0.0.0/8"};

static int setup(void **state)
{
    struct policy_rules rules = {
        .origins = origins, .norigins = 2, .proxies = proxies, .nproxies = 2, .max_per_address = 5};
    return policy_new(&rules, (struct policy **)state);
}

static int teardown(void **state)
{
    policy_free(*state);
    return 0;
}

static struct address address(const char *text)
{
    struct address a;
    assert_true(address_parse(&a, text, strlen(text)));
    return a;
}

static void an_origin_is_our_own_or_listed_to_the_letter_or_foreign(void **state)
{
    static const struct {
        const char *origin, *host;
        enum origin is;
    } all[] = {
        {NULL, "ask.example", ORIGIN_NONE},
        {"https://ask.example", "ask.example", ORIGIN_OWN},
        {"http://ask.example:8080", "ask.example:8080", ORIGIN_OWN},
        {"https://ASK.example", "ask.EXAMPLE", ORIGIN_OWN},
        {"https://www.school.example", "ask.example", ORIGIN_LISTED},
        {"HTTPS://www.School.example", "ask.example", ORIGIN_LISTED},
        {"http://localhost:3000", NULL, ORIGIN_LISTED},
        {"http://www.school.example", "ask.example", ORIGIN_FOREIGN},
        {"https://www.school.example:8443", "ask.example", ORIGIN_FOREIGN},
        {"https://www.school.example.evil.example", "ask.example", ORIGIN_FOREIGN},
        {"https://ask.example", "ask.example:8080", ORIGIN_FOREIGN},
        {"ftp://ask.example", "ask.example", ORIGIN_FOREIGN},
        {"null", "ask.example", ORIGIN_FOREIGN},
        {"", "", ORIGIN_FOREIGN},
        {"https://", "", ORIGIN_OWN}, /* such a Host no browser sends */
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (policy_origin(*state, all[i].origin, all[i].host) != all[i].is)
            fail_msg("%s at %s", all[i].origin, all[i].host);
}

static void a_forwarded_address_is_believed_from_the_right_up_to_the_first_stranger(void **state)
{
    static const struct {
        const char *from, *forwarded, *client;
    } all[] = {
        {"127.0.0.1", NULL, "127.0.0.1"},
        {"127.0.0.1", "", "127.0.0.1"},
        {"127.0.0.1", "192.0.2.7", "192.0.2.7"},
        {"127.0.0.1", "1.2.3.4, 192.0.2.7, 10.1.1.1", "192.0.2.7"},
        {"127.0.0.1", "1.2.3.4,192.0.2.7 ", "192.0.2.7"},
        {"127.0.0.1", "10.0.0.1, 10.0.0.2", "10.0.0.1"},
        {"127.0.0.1", "nonsense", "127.0.0.1"},
        {"127.0.0.1", "192.0.2.7, nonsense", "127.0.0.1"},
        {"127.0.0.1", " , ,", "127.0.0.1"},
        {"127.0.0.1", "2001:db8::1", "2001:db8::1"},
        {"192.0.2.9", "192.0.2.7", "192.0.2.9"}, /* no proxy of ours */
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char out[ADDRESS_TEXT];
        struct address from = address(all[i].from);
        policy_client(*state, &from, all[i].forwarded, out);
        assert_string_equal(out, all[i].client);
    }
}

static void proxies_have_no_share(void **state)
{
    struct address proxy = address("10.9.8.7"), other = address("192.0.2.1");
    assert_int_equal(policy_max_connections(*state, &proxy), 0);
    assert_int_equal(policy_max_connections(*state, &other), 5);
    assert_true(policy_is_proxy(*state, &proxy));
    assert_false(policy_is_proxy(*state, &other));
}

static void settings_that_cannot_work_are_named(void **state)
{
    static const char *const good[] = {"https://www.example.edu", "http://localhost:3000",
                                       "https://[2001:db8::1]:8443"};
    static const char *const bad[] = {"",
                                      "www.example.edu",
                                      "https://",
                                      "https://www.example.edu/",
                                      "https://www.example.edu/chat",
                                      "https://a b",
                                      "https://user@example.edu",
                                      "*",
                                      "https://*.example.edu",
                                      "https://x\r\nSet-Cookie: a"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_null(policy_check_origin(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_non_null(policy_check_origin(bad[i]));
    assert_null(policy_check_proxy("10.0.0.0/8"));
    assert_non_null(policy_check_proxy("10.0.0.0/8x"));
    assert_non_null(policy_check_proxy("nginx"));

    static const char *const no_proxy[] = {"10.0.0.0/99"};
    struct policy *p = NULL;
    struct policy_rules rules = {.proxies = no_proxy, .nproxies = 1};
    assert_int_equal(policy_new(&rules, &p), -EINVAL);
    assert_null(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_is_our_own_or_listed_to_the_letter_or_foreign),
        cmocka_unit_test(a_forwarded_address_is_believed_from_the_right_up_to_the_first_stranger),
        cmocka_unit_test(proxies_have_no_share),
        cmocka_unit_test(settings_that_cannot_work_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
