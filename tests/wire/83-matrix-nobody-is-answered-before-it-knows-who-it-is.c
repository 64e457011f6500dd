/* Adapters' case 41: our own name is what the homeserver says, not what the settings say. As long as it has not said, what comes in is
 * kept; then it is dealt with, once; and a message of that name is our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/fake/homeserver.h"

static bool admin_says(struct hs_wire *s, const char *path, const char *text)
{
    struct answer a;
    assert_true(client_http(s->w->admin_port, "GET", path, "", NULL, &a));
    bool says = strstr(a.body, text) != NULL;
    answer_release(&a);
    return says;
}

static void what_comes_before_whoami_waits_for_it(void **state)
{
    struct fake_hs *hs = fake_hs_start();
    char event[1024];
    fake_hs_members(hs, 2);
    fake_hs_fail(hs, "/whoami", 503, "<html>", false, 2);
    /* The settings call us @Another; that is not who we are. */
    struct hs_wire s = hs_wire_start_on(hs, "  user: Another\n", false);
    assert_int_equal(
        hs_wire_push(&s, HS_HS_TOKEN, "1", hs_wire_message(&s, "$early", WIRE_QUESTION, "")), 200);
    assert_true(fake_hs_wait_calls(hs, "/whoami", 2, 20000));
    assert_true(fake_hs_wait(hs, 0, 0));
    assert_true(admin_says(&s, "/metrics", "guidepost_adapter_up{adapter=\"matrix\"} 0"));
    assert_true(admin_says(&s, "/readyz", "\"matrix\":\"not connected yet\""));
    hs_wire_connected(&s);
    assert_true(fake_hs_wait(hs, 1, 20000));
    assert_true(admin_says(&s, "/metrics", "guidepost_adapter_up{adapter=\"matrix\"} 1"));
    assert_true(admin_says(&s, "/readyz", "\"matrix\":\"ok\""));
    assert_non_null(strstr(fake_hs_body(hs, 0), WIRE_ANSWER));
    snprintf(event, sizeof event,
             "{\"type\":\"m.room.message\",\"event_id\":\"$own\",\"room_id\":\"!r:hs.test\","
             "\"sender\":\"" HS_USER "\",\"content\":{\"msgtype\":\"m.text\",\"body\":\"%s\"}}",
             WIRE_QUESTION);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "2", event), 200);
    assert_true(fake_hs_wait(hs, 1, 1000));
    hs_wire_stop(&s);
}

static void a_homeserver_that_never_says_gets_no_word_of_us(void **state)
{
    struct fake_hs *hs = fake_hs_start();
    fake_hs_members(hs, 2);
    fake_hs_fail(hs, "/whoami", 200, "{\"user_id\":5}", false, 1000);
    struct hs_wire s = hs_wire_start_on(hs, NULL, false);
    assert_int_equal(
        hs_wire_push(&s, HS_HS_TOKEN, "1", hs_wire_message(&s, "$early", WIRE_QUESTION, "")), 200);
    assert_true(fake_hs_wait_calls(hs, "/whoami", 2, 20000));
    assert_true(fake_hs_wait(hs, 0, 1000));
    /* A restart does not lose what was kept. */
    wire_restart(s.w, 9);
    fake_hs_heal(hs);
    hs_wire_connected(&s);
    assert_true(fake_hs_wait(hs, 1, 20000));
    hs_wire_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_before_whoami_waits_for_it),
        cmocka_unit_test(a_homeserver_that_never_says_gets_no_word_of_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
