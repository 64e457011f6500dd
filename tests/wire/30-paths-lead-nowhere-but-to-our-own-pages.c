/* S10. "..", in all its spellings, NUL, links, devices: 404 or a refusal, and no byte of any file. Pages are compiled into the
 * program, so there is no folder to climb out of; this test holds whoever adds one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

static const char *const climbs[] = {
    "/../guidepost.yaml",
    "/../../../../etc/passwd",
    "/%2e%2e/guidepost.yaml",
    "/%2e%2e%2fguidepost.yaml",
    "/..%2fguidepost.yaml",
    "/.%2e/guidepost.yaml",
    "/%252e%252e/guidepost.yaml",
    "/%c0%ae%c0%ae/guidepost.yaml",
    "/..%5cguidepost.yaml",
    "/..\\guidepost.yaml",
    "/assets/../../guidepost.yaml",
    "/assets/..%2f..%2fguidepost.yaml",
    "/assets//../../guidepost.yaml",
    "/....//guidepost.yaml",
    "/guidepost.yaml",
    "/data/state.db",
    "/guides/keeper.md",
    "/link",
    "/assets/link",
    "//etc/passwd",
    "/etc/passwd",
    "/proc/self/environ",
    "/%2fetc%2fpasswd",
    "/guidepost.yaml%00.html",
    "/%00",
    "/.git/config",
    "/;/guidepost.yaml",
    "/guidepost.yaml%0d%0aX:%20y", /* the library ends the line at a decoded CR; no version follows, hence 505 */
};

static void no_spelling_of_upwards_leads_to_a_file(void **state)
{
    struct wire *w = *state;
    char link[512];
    snprintf(link, sizeof(link), "%s/link", w->folder);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    for (size_t i = 0; i < sizeof(climbs) / sizeof(climbs[0]); i++) {
        static const char *const methods[] = {"GET", "HEAD"};
        for (int m = 0; m < 2; m++) {
            char s[512];
            struct answer a;
            struct client *c = client_open(w->port);
            snprintf(s, sizeof(s), "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", methods[m], climbs[i]);
            client_say(c, s);
            bool answered = client_answer(c, 5000, m == 1, &a);
            /* "/%00" is "/" to the library: the chat page, and nothing else. */
            bool page = a.status == 200 && strcmp(climbs[i], "/%00") == 0;
            if (answered && (a.status < 400 || a.status > 505) && !page)
                fail_msg("%d for %s", a.status, climbs[i]);
            if (!answered && !c->ended)
                fail_msg("neither answered nor closed: %s", climbs[i]);
            if (answered && m == 0 && (strstr(a.body, "root:") || strstr(a.body, "data_dir")))
                fail_msg("%s shows a file", climbs[i]);
            answer_release(&a);
            client_close(c);
        }
    }
    wire_ask(w);
}

static void the_query_climbs_nowhere_either(void **state)
{
    struct wire *w = *state;
    static const char *const all[] = {
        "/?q=../../etc/passwd", "/?q=%00",   "/?%2e%2e/=x",
        "/?q=%ff%fe",           "/?&&&=&=&", "/?q=%3Cscript%3Ealert(1)%3C/script%3E"};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct answer a;
        client_http(w->port, "GET", all[i], NULL, NULL, &a);
        if (a.body && (strstr(a.body, "root:") || strstr(a.body, "<script>alert")))
            fail_msg("%s: %s", all[i], a.body);
        answer_release(&a);
    }
    wire_ask(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_spelling_of_upwards_leads_to_a_file),
        cmocka_unit_test(the_query_climbs_nowhere_either),
    };
    return cmocka_run_group_tests(tests, wire_setup, wire_teardown);
}
