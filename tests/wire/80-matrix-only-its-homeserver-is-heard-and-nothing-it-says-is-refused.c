/* S7, and adapters' cases 31 to 33 and 35: without the right token nothing gets in; with it no transaction is ever refused for what
 * is in it, and no event counts twice, whatever number its transaction has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/homeserver.h"

static struct hs_wire s;

static int set_up(void **state)
{
    s = hs_wire_start(NULL);
    fake_hs_members(s.hs, 2);
    return 0;
}

static int tear_down(void **state)
{
    hs_wire_stop(&s);
    return 0;
}

static const char *question(const char *id)
{
    return hs_wire_message(&s, id, WIRE_QUESTION, "");
}

static int status_of(const char *method, const char *path, const char *headers)
{
    struct answer a;
    assert_true(
        client_http(s.w->port, method, path, headers, strcmp(method, "GET") ? "{}" : NULL, &a));
    int status = a.status;
    answer_release(&a);
    return status;
}

static void a_wrong_token_is_403_none_is_401_and_nothing_gets_in(void **state)
{
    static const char path[] = "/_matrix/app/v1/transactions/1",
                      good[] = "Authorization: Bearer " HS_HS_TOKEN "\r\n";
    assert_int_equal(hs_wire_push(&s, "wrong", "1", question("$no")), 403);
    assert_int_equal(hs_wire_push(&s, HS_AS_TOKEN, "1", question("$no")), 403);
    assert_int_equal(status_of("PUT", path, ""), 401);
    assert_int_equal(status_of("PUT", "/_matrix/app/v1/transactions/1?access_token=wrong", good),
                     403);
    assert_int_equal(
        status_of("PUT", "/_matrix/app/v1/transactions/1?access_token=" HS_HS_TOKEN, ""), 200);
    assert_int_equal(status_of("PUT", path, good), 200);
    assert_true(fake_hs_wait(s.hs, 0, 0));
    assert_false(wire_said(s.w, HS_HS_TOKEN));
    assert_false(wire_said(s.w, HS_AS_TOKEN));
}

static void other_paths_and_methods_are_what_the_specification_says(void **state)
{
    static const char good[] = "Authorization: Bearer " HS_HS_TOKEN "\r\n";
    assert_int_equal(status_of("POST", "/_matrix/app/v1/ping", good), 200);
    assert_int_equal(status_of("GET", "/_matrix/app/v1/ping", good), 405);
    assert_int_equal(status_of("GET", "/_matrix/app/v1/transactions/1", good), 405);
    assert_int_equal(status_of("GET", "/_matrix/app/v1/users/%40qabot%3Ahs.test", good), 200);
    assert_int_equal(status_of("GET", "/_matrix/app/v1/users/%40other%3Ahs.test", good), 404);
    assert_int_equal(status_of("GET", "/_matrix/app/v1/rooms/%23x%3Ahs.test", good), 404);
    assert_int_equal(status_of("GET", "/_matrix/app/v1/nothing", good), 404);
    /* As homeservers of before 2019 call. */
    assert_int_equal(status_of("PUT", "/transactions/1", good), 200);
    assert_int_equal(status_of("PUT", "/transactions/1", ""), 401);
    assert_int_equal(status_of("GET", "/users/%40qabot%3Ahs.test", good), 200);
    assert_int_equal(status_of("GET", "/users/%40other%3Ahs.test", good), 404);
    assert_int_equal(status_of("GET", "/rooms/%23x%3Ahs.test", good), 404);
}

static void an_event_counts_once_whatever_its_transaction_is_called(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    char two[8192];
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "1", question("$a")), 200);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "1", question("$a")), 200);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "2", question("$a")), 200);
    assert_true(fake_hs_wait(s.hs, before + 1, 20000));
    snprintf(two, sizeof two, "%s,%s", question("$a"),
             question("$b")); /* the number again, and one more in it */
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "1", two), 200);
    assert_true(fake_hs_wait(s.hs, before + 2, 20000));
    assert_non_null(strstr(fake_hs_body(s.hs, before + 1), WIRE_ANSWER));
    wire_restart(s.w, 9);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "1", two), 200);
    assert_true(fake_hs_wait(s.hs, before + 2, 2000));
}

static void a_malformed_event_costs_none_of_the_others(void **state)
{
    size_t before = fake_hs_sent(s.hs);
    static char events[200000];
    char *big = calloc(1, 60001), deep[300];
    memset(big, 'x', 60000);
    memset(deep, '[', 149);
    memset(deep + 149, ']', 149);
    deep[298] = '\0';
    assert_non_null(big);
    int n =
        snprintf(events, sizeof events,
                 "{\"event_id\":\"$m1\"},5,null,{\"event_id\":7,\"type\":\"m.room.message\"},"
                 "{\"event_id\":\"$m2\",\"type\":\"m.room.message\",\"room_id\":\"!r:hs.test\","
                 "\"sender\":\"@alice:hs.test\",\"content\":{\"msgtype\":\"m.text\",\"body\":5}},"
                 "{\"event_id\":\"$m3\",\"type\":\"m.room.message\",\"room_id\":\"!r:hs.test\","
                 "\"sender\":\"@alice:hs.test\",\"content\":{\"x\":[%s]}},"
                 "{\"event_id\":\"$m4\",\"type\":\"odd\",\"content\":\"\\ud83d \\u0000\"},%s,",
                 deep, question("$good1"));
    snprintf(
        events + n, sizeof events - (size_t)n,
        "{\"event_id\":\"$m5\",\"type\":\"m.room.message\",\"room_id\":\"!r:hs.test\",\"sender\":"
        "\"@bob:hs.test\",\"content\":{\"msgtype\":\"m.image\",\"body\":\"%s\"}},%s",
        big, question("$good2"));
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "9", events), 200);
    assert_true(fake_hs_wait(s.hs, before + 2, 20000));
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "10", "{\"broken\":"), 200);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, "11", question("$good3")), 200);
    assert_true(fake_hs_wait(s.hs, before + 3, 20000));
    free(big);
}

static void more_than_ten_megabytes_is_413(void **state)
{
    static const char head[] =
        "PUT /_matrix/app/v1/transactions/1 HTTP/1.1\r\nHost: x\r\nAuthorization: "
        "Bearer " HS_HS_TOKEN "\r\nContent-Length: 10485761\r\n\r\n";
    assert_int_equal(client_status(s.w->port, head, strlen(head), 15000), 413);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_token_is_403_none_is_401_and_nothing_gets_in),
        cmocka_unit_test(other_paths_and_methods_are_what_the_specification_says),
        cmocka_unit_test(an_event_counts_once_whatever_its_transaction_is_called),
        cmocka_unit_test(a_malformed_event_costs_none_of_the_others),
        cmocka_unit_test(more_than_ten_megabytes_is_413),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
