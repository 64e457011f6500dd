/* S9. A WebSocket from another origin is refused before the upgrade, a listed one is let in, one without Origin (no browser) is
 * let in. X-Forwarded-For means nothing unless the connection comes from a listed proxy, and never changes who may connect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

static int with(struct wire *w, const char *more)
{
    char headers[512];
    snprintf(headers, sizeof(headers), "Sec-WebSocket-Protocol: guidepost.v1\r\n%s", more);
    return client_ws_try(w->port, "/v1/ws", headers, NULL);
}

static void foreign_origins_are_refused_before_the_upgrade(void **state)
{
    struct wire *w = *state;
    static const char *const foreign[] = {
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: https://www.school.example.evil.example\r\n",
        "Origin: https://evil.example/https://www.school.example\r\n",
        "Origin: http://www.school.example\r\n", /* the scheme is part of it */
        "Origin: https://www.school.example:8443\r\n",
        "Origin: https://www.school.example\r\nOrigin: https://evil.example\r\n",
        "Origin: file://\r\n",
        "Origin: https://evil.example\r\nX-Forwarded-Host: evil.example\r\n",
    };
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        int status = with(w, foreign[i]);
        if (status != 403)
            fail_msg("%d for %s", status, foreign[i]);
    }
    assert_int_equal(with(w, "Origin: https://www.school.example\r\n"), 101);
    assert_int_equal(with(w, ""), 101);
}

static void the_page_s_own_origin_is_let_in(void **state)
{
    struct wire *w = *state;
    char own[128];
    snprintf(own, sizeof(own), "Origin: http://127.0.0.1:%d\r\n", w->port);
    assert_int_equal(with(w, own), 101);
    snprintf(own, sizeof(own), "Origin: http://127.0.0.1:%d\r\n", w->port + 1);
    assert_int_equal(with(w, own), 403);
}

static void a_spoofed_forwarded_for_changes_nothing(void **state)
{
    struct wire *w = *state;
    static const char *const spoofed[] = {
        "X-Forwarded-For: 10.0.0.1\r\n", "X-Forwarded-For: 127.0.0.1, ::1\r\n",
        "X-Forwarded-For: ' OR 1=1 --\r\n", "X-Forwarded-For: ,,,,\r\n", "X-Forwarded-For: \r\n"};
    for (size_t i = 0; i < sizeof(spoofed) / sizeof(spoofed[0]); i++) {
        struct answer a;
        assert_true(client_http(w->port, "GET", "/", spoofed[i], NULL, &a));
        assert_int_equal(a.status, 200);
        answer_release(&a);
        assert_int_equal(with(w, spoofed[i]), 101);
    }
    assert_false(wire_said(w, "10.0.0.1")); /* addresses are not logged, whoever's they are */
}

static int setup(void **state)
{
    *state = wire_start(
        &(struct wire_options){.settings = "web: {origins: [\"https://www.school.example\"]}\n"});
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_origins_are_refused_before_the_upgrade),
        cmocka_unit_test(the_page_s_own_origin_is_let_in),
        cmocka_unit_test(a_spoofed_forwarded_for_changes_nothing),
    };
    return cmocka_run_group_tests(tests, setup, wire_teardown);
}
