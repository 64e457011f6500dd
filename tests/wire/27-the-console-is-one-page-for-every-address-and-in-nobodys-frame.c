/* The console: every address below /staff/ is the same page, under a policy that lets nothing in but our own scripts and styles, kept
 * by nobody and in nobody's frame; its scripts are kept for ever by their hash, and used by nobody else; nothing of it can be
 * written to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/harness/staff.h"

static struct wire *w;

static int setup(void **state)
{
    w = wire_start(NULL);
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

static void assert_header(const struct answer *a, const char *name, const char *has)
{
    const char *value = answer_header(a, name);
    if (!value || !strstr(value, has))
        fail_msg("%s: %s lacks %s", name, value ? value : "(none)", has);
}

static void every_address_is_the_same_page_under_a_strict_policy(void **state)
{
    static const char *const paths[] = {"/staff/", "/staff/triage?id=7", "/staff/no-such-page"};
    static const char *const rules[] = {"default-src 'none'",
                                        "script-src 'self'",
                                        "style-src 'self'",
                                        "connect-src 'self'",
                                        "frame-ancestors 'none'",
                                        "base-uri 'none'",
                                        "require-trusted-types-for 'script'",
                                        "trusted-types 'none'"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct answer a;
        assert_int_equal(staff_call(w, "GET", paths[i], NULL, NULL, &a), 200);
        for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++)
            assert_header(&a, "content-security-policy", rules[k]);
        assert_null(strstr(answer_header(&a, "content-security-policy"), "unsafe"));
        assert_header(&a, "cache-control", "no-store");
        assert_header(&a, "cross-origin-opener-policy", "same-origin");
        assert_header(&a, "referrer-policy", "strict-origin");
        assert_header(&a, "x-content-type-options", "nosniff");
        assert_header(&a, "content-type", "text/html");
        assert_null(answer_header(&a, "access-control-allow-origin"));
        assert_null(answer_header(&a, "set-cookie"));
        assert_null(strstr(a.body, "style="));
        answer_release(&a);
    }
    assert_int_equal(staff_call(w, "HEAD", "/staff/triage", NULL, NULL, NULL), 200);
    assert_int_equal(staff_call(w, "POST", "/staff/triage", NULL, "{}", NULL), 405);
    static const char *const none[] = {"/staff/Triage", "/staff/triage/x", "/staff/a/x/y"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_in_range(staff_call(w, "GET", none[i], NULL, NULL, NULL), 400, 405);
}

static void typed_without_its_slash_it_is_found(void **state)
{
    struct answer a;
    assert_int_equal(staff_call(w, "GET", "/staff", NULL, NULL, &a), 308);
    assert_header(&a, "location", "/staff/");
    answer_release(&a);
}

/* The address of the script, as the page names it. */
static void script_of(char *ret, size_t size)
{
    struct answer a;
    assert_int_equal(staff_call(w, "GET", "/staff/", NULL, NULL, &a), 200);
    const char *s = strstr(a.body, "src=\"/staff/a/");
    assert_non_null(s);
    snprintf(ret, size, "%.*s", (int)strcspn(s + 5, "\""), s + 5);
    answer_release(&a);
}

static void scripts_are_kept_by_their_hash_and_are_nobody_elses(void **state)
{
    char path[100], other[100];
    struct answer a;
    script_of(path, sizeof path);
    assert_int_equal(staff_call(w, "GET", path, "Accept-Encoding: br\r\n", NULL, &a), 200);
    assert_header(&a, "cache-control", "immutable");
    assert_header(&a, "content-encoding", "br");
    assert_header(&a, "cross-origin-resource-policy", "same-origin");
    assert_null(answer_header(&a, "access-control-allow-origin"));
    answer_release(&a);
    snprintf(other, sizeof other, "/staff/a/000000000000/%s", strrchr(path, '/') + 1);
    assert_int_equal(staff_call(w, "GET", other, NULL, NULL, &a), 200); /* mid-upgrade */
    assert_header(&a, "cache-control", "no-cache");
    answer_release(&a);
    assert_int_equal(staff_call(w, "GET", "/staff/a/000000000000/none.js", NULL, NULL, NULL), 404);
    assert_int_equal(staff_call(w, "GET", "/staff/a/000000000000/console.html", NULL, NULL, NULL),
                     404); /* a template */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_is_the_same_page_under_a_strict_policy),
        cmocka_unit_test(typed_without_its_slash_it_is_found),
        cmocka_unit_test(scripts_are_kept_by_their_hash_and_are_nobody_elses),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
