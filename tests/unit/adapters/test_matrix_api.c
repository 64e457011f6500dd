/* test_matrix_api.c: what the answers of a homeserver mean, and how addresses are made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/http.h"

static struct matrix_result result(int status, const char *body, long retry_after_s)
{
    struct http_response res = {.status = status,
                                .maybe_sent = true,
                                .error = status ? "" : "timed out",
                                .retry_after_s = retry_after_s,
                                .body = body,
                                .len = strlen(body)};
    struct matrix_result r;
    cJSON *j = matrix_json_read(body, strlen(body));
    matrix_result_read(&res, j, &r);
    r.json = NULL;
    json_free(j);
    return r;
}

static void is(int status, const char *body, enum matrix_class class)
{
    struct matrix_result r = result(status, body, -1);
    if (r.class != class)
        fail_msg("%d %s: class %d", status, body, (int)r.class);
}

static void an_answer_is_put_into_its_class(void **state)
{
    is(200, "{\"event_id\":\"$e\"}", MATRIX_FINE);
    is(200, "", MATRIX_UNSURE);
    is(200, "<html>", MATRIX_UNSURE);
    is(200, "[]", MATRIX_UNSURE);
    is(0, "", MATRIX_UNSURE);
    is(401, "{\"errcode\":\"M_UNKNOWN_TOKEN\"}", MATRIX_DOWN);
    is(403, "{\"errcode\":\"M_USER_DEACTIVATED\"}", MATRIX_DOWN);
    is(403, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"not in room\"}", MATRIX_REFUSED);
    is(413, "{\"errcode\":\"M_TOO_LARGE\"}", MATRIX_REFUSED);
    is(429, "{\"errcode\":\"M_LIMIT_EXCEEDED\"}", MATRIX_LATER);
    is(500, "{\"errcode\":\"M_UNKNOWN\"}", MATRIX_LATER);
    is(502, "<html>", MATRIX_LATER);
    is(404, "<html>", MATRIX_LATER); /* a proxy's */
    is(302, "", MATRIX_LATER);
    is(400, "{\"errcode\":\"M_UNKNOWN\",\"error\":\"Can't send relation to unknown event\"}",
       MATRIX_RELATION);
    is(400,
       "{\"errcode\":\"M_UNKNOWN\",\"error\":\"Cannot start threads from an event with a "
       "relation\"}",
       MATRIX_RELATION);
    is(400, "{\"errcode\":\"ORG.MATRIX.MSC3202.M_UNKNOWN_DEVICE\"}", MATRIX_DEVICE);
}

static void of_two_times_to_wait_the_longer_one_counts(void **state)
{
    assert_int_equal(
        result(429, "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":1547}", 1).retry_after_s,
        2);
    assert_int_equal(
        result(429, "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":1547}", 30).retry_after_s,
        30);
    assert_int_equal(result(429, "{\"errcode\":\"M_LIMIT_EXCEEDED\"}", -1).retry_after_s, -1);
}

static void every_part_of_an_address_is_encoded_whole(void **state)
{
    struct pool *pool = pool_new();
    assert_string_equal(MATRIX_PATH(pool, "rooms", "!a/b+c:hs", "send", "$e#?%"),
                        "/_matrix/client/v3/rooms/%21a%2Fb%2Bc%3Ahs/send/%24e%23%3F%25");
    assert_string_equal(MATRIX_PATH(pool, "join", "!\xC3\xA9"),
                        "/_matrix/client/v3/join/%21%C3%A9");
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_put_into_its_class),
        cmocka_unit_test(of_two_times_to_wait_the_longer_one_counts),
        cmocka_unit_test(every_part_of_an_address_is_encoded_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
