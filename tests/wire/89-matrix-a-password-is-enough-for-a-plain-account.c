/* A plain account with a password: one login, whose token is kept over restarts; one more when somebody signs us out, at once, and not again
 * and again when the homeserver changes its mind; a homeserver without passwords is told about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fake/homeserver.h"

#define SIGNED_OUT "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"error\":\"x\"}"
#define LOGIN      "/_matrix/client/v3/login"
#define PASSWORD   "correct-horse"

static char file[128];

static int set_up(void **state)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(file, sizeof file, "%.80s/matrix-password-XXXXXX", tmp ? tmp : "/tmp");
    int fd = mkstemp(file);
    assert_true(fd >= 0 && write(fd, PASSWORD "\n", strlen(PASSWORD) + 1) > 0);
    close(fd);
    return 0;
}

static int tear_down(void **state)
{
    unlink(file);
    return 0;
}

static struct hs_wire start(struct fake_hs *hs)
{
    char settings[256];
    snprintf(settings, sizeof settings, "  user: qabot\n  password_file: %s\n", file);
    return hs_wire_start_on(hs, settings, true);
}

struct wish {
    struct fake_hs *hs;
    size_t logins;
};

static bool has_logged_in(void *ctx)
{
    struct wish *w = ctx;
    return fake_hs_calls(w->hs, LOGIN) >= w->logins;
}

/* Each login is a GET, what is possible, and a POST. */
static void one_login_lasts_until_somebody_signs_us_out(void **state)
{
    struct fake_hs *hs = fake_hs_start();
    fake_hs_fail(hs, "/sync?", HS_HANGS, "", false, 1 << 30);
    struct hs_wire s = start(hs);
    hs_wire_connected(&s);
    assert_int_equal(fake_hs_calls(hs, LOGIN), 2);
    wire_restart(s.w, 9);
    hs_wire_connected(&s);
    assert_int_equal(fake_hs_calls(hs, LOGIN), 2);
    assert_false(wire_said(s.w, PASSWORD));
    assert_false(wire_said(s.w, "made-by-login"));
    wire_wind(s.w, 120, NULL, NULL);
    fake_hs_heal(hs);
    fake_hs_fail(hs, "/sync?", 401, SIGNED_OUT, false, 1);
    fake_hs_fail(hs, "/sync?", HS_HANGS, "", false, 1 << 30);
    struct wish w = {hs, 4};
    wire_wind(s.w, 300, has_logged_in, &w);
    assert_int_equal(fake_hs_calls(hs, LOGIN), 4);
    assert_true(wire_says(s.w, "signed out; logging in again"));
    assert_false(wire_said(s.w, "everything waits"));
    hs_wire_stop(&s);
}

static void a_token_that_is_refused_as_soon_as_it_is_made_is_no_reason_to_hurry(void **state)
{
    struct fake_hs *hs = fake_hs_start();
    fake_hs_fail(hs, "/whoami", 401, SIGNED_OUT, false, 1 << 30);
    struct hs_wire s = start(hs);
    struct wish w = {hs, 2};
    wire_wind(s.w, 60, has_logged_in, &w);
    wire_wind(s.w, 900, NULL, NULL);
    assert_in_range(fake_hs_calls(hs, LOGIN), 4, 10); /* every five minutes: matrix.retry_auth_s */
    assert_true(wire_says(s.w, "compare matrix.user and matrix.password_file"));
    hs_wire_stop(&s);
}

static void a_homeserver_without_passwords_is_told_about(void **state)
{
    struct fake_hs *hs = fake_hs_start();
    fake_hs_fail(hs, LOGIN, 200, "{\"flows\":[{\"type\":\"m.login.sso\"}]}", false, 1 << 30);
    struct hs_wire s = start(hs);
    struct wish w = {hs, 1};
    wire_wind(s.w, 60, has_logged_in, &w);
    wire_wind(s.w, 20, NULL, NULL);
    assert_true(wire_says(s.w, "it lets nobody in with a password"));
    assert_int_equal(fake_hs_calls(hs, LOGIN), 1);
    hs_wire_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_login_lasts_until_somebody_signs_us_out),
        cmocka_unit_test(a_token_that_is_refused_as_soon_as_it_is_made_is_no_reason_to_hurry),
        cmocka_unit_test(a_homeserver_without_passwords_is_told_about),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
