/* Addresses, ranges of them, and the count of connections for each. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bot/address.h"

static bool in(const char *address, const char *range)
{
    struct address a;
    struct address_range r;
    assert_true(address_parse(&a, address, strlen(address)));
    assert_true(address_range_parse(&r, range));
    return address_in(&a, &r);
}

static void ranges_hold_what_their_bits_say(void **state)
{
    (void)state;
    assert_true(in("10.1.2.3", "10.0.0.0/8"));
    assert_false(in("11.1.2.3", "10.0.0.0/8"));
    assert_true(in("192.0.2.129", "192.0.2.128/25"));
    assert_false(in("192.0.2.127", "192.0.2.128/25"));
    assert_true(in("192.0.2.1", "192.0.2.1"));
    assert_false(in("192.0.2.2", "192.0.2.1"));
    assert_true(in("8.8.8.8", "0.0.0.0/0"));
    assert_true(in("2001:db8:1::5", "2001:db8::/32"));
    assert_false(in("2001:db9::5", "2001:db8::/32"));
    assert_true(in("::1", "::1"));
    assert_false(in("::1", "127.0.0.1"));
    assert_true(
        in("::ffff:127.0.0.1", "127.0.0.1")); /* the same machine, seen through an IPv6 socket */
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",        "localhost",   "10.0.0.256", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
        "::1/129", "10.0.0.0/8x", "[::1",       ":::",    "1.2.3.4 "};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct address_range r;
        assert_false(address_range_parse(&r, bad[i]));
    }
}

static void text_comes_back_as_people_write_it(void **state)
{
    (void)state;
    static const char *const same[] = {"127.0.0.1", "2001:db8::1", "::1"};
    for (size_t i = 0; i < 3; i++) {
        struct address a;
        char out[ADDRESS_TEXT];
        assert_true(address_parse(&a, same[i], strlen(same[i])));
        address_text(&a, out);
        assert_string_equal(out, same[i]);
    }
    struct address a;
    assert_true(address_parse(&a, "[::1]", 5));
}

static void listening_addresses_need_a_port(void **state)
{
    (void)state;
    struct sockaddr_storage ss;
    socklen_t len;
    assert_int_equal(address_resolve("127.0.0.1:8080", &ss, &len), 0);
    assert_int_equal(ss.ss_family, AF_INET);
    assert_int_equal(ntohs(((struct sockaddr_in *)(void *)&ss)->sin_port), 8080);
    assert_int_equal(address_resolve("[::1]:0", &ss, &len), 0);
    assert_int_equal(ss.ss_family, AF_INET6);
    assert_int_equal(address_resolve(":8080", &ss, &len), 0);
    static const char *const bad[] = {"127.0.0.1",       "127.0.0.1:", "127.0.0.1:x",
                                      "127.0.0.1:70000", "::1:80",     "127.0.0.1:123456"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(address_resolve(bad[i], &ss, &len), -EINVAL);
}

static struct address a_of(const char *s)
{
    struct address a;
    assert_true(address_parse(&a, s, strlen(s)));
    return a;
}

static void each_address_has_its_own_count(void **state)
{
    (void)state;
    struct address_book *b = address_book_new();
    struct address one = a_of("192.0.2.1"), two = a_of("192.0.2.2");
    assert_true(address_book_enter(b, &one, 2));
    assert_true(address_book_enter(b, &one, 2));
    assert_false(address_book_enter(b, &one, 2));
    assert_true(address_book_enter(b, &two, 2));
    address_book_leave(b, &one);
    assert_true(address_book_enter(b, &one, 2));
    assert_true(address_book_enter(b, &two, 0));
    address_book_free(b);
}

static void an_ipv6_customer_counts_once_for_his_64_bits(void **state)
{
    (void)state;
    struct address_book *b = address_book_new();
    struct address one = a_of("2001:db8::1"), neighbour = a_of("2001:db8::ffff:1"),
                   other = a_of("2001:db8:0:1::1");
    assert_true(address_book_enter(b, &one, 1));
    assert_false(address_book_enter(b, &neighbour, 1));
    assert_true(address_book_enter(b, &other, 1));
    address_book_leave(b, &one);
    assert_true(address_book_enter(b, &neighbour, 1));
    address_book_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_hold_what_their_bits_say),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(text_comes_back_as_people_write_it),
        cmocka_unit_test(listening_addresses_need_a_port),
        cmocka_unit_test(each_address_has_its_own_count),
        cmocka_unit_test(an_ipv6_customer_counts_once_for_his_64_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
