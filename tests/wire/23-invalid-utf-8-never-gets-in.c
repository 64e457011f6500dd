/* S3. Invalid UTF-8, overlong forms, lone surrogates, NUL: the WebSocket closes with 1007, HTTP says 400, an escape that means
 * no character is an error or repaired; what the program sends is always valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/wire/harness/wire.h"

static const struct {
    const char *bytes, *what;
} invalid[] = {
    {"\x80", "a continuation byte alone"},
    {"\xc3(", "a cut sequence"},
    {"\xc0\xaf", "an overlong slash"},
    {"\xe0\x80\xaf", "an overlong slash in three bytes"},
    {"\xf0\x80\x80\xaf", "an overlong slash in four bytes"},
    {"\xed\xa0\x80", "a lone high surrogate"},
    {"\xed\xbf\xbf", "a lone low surrogate"},
    {"\xed\xa0\x80\xed\xb0\x80", "a pair of surrogates"},
    {"\xf4\x90\x80\x80", "beyond U+10FFFF"},
    {"\xfe\xff", "bytes that never occur"},
    {"\xf0\x9f\x98", "an emoji without its end"},
};

static bool is_utf8(const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        unsigned char b = (unsigned char)s[i++];
        int more = b < 0x80                ? 0
                   : b >= 0xc2 && b < 0xe0 ? 1
                   : b >= 0xe0 && b < 0xf0 ? 2
                   : b >= 0xf0 && b < 0xf5 ? 3
                                           : -1;
        if (more < 0)
            return false;
        for (; more; more--) {
            if (i >= len || ((unsigned char)s[i++] & 0xc0) != 0x80)
                return false;
        }
    }
    return true;
}

static void a_websocket_with_invalid_utf8_is_closed_with_1007(void **state)
{
    struct wire *w = *state;
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        char s[256];
        struct client *c = wire_chat(w);
        snprintf(s, sizeof(s), "{\"t\":\"ask\",\"cid\":\"a\",\"text\":\"how much %s pay\"}",
                 invalid[i].bytes);
        client_text(c, s);
        int code = client_close_code(c, 5000);
        if (code != 1007)
            fail_msg("%s: %d", invalid[i].what, code);
        client_close(c);
    }
}

static void invalid_utf8_is_noticed_across_fragments(void **state)
{
    struct wire *w = *state;
    struct client *c = wire_chat(w);
    client_frame(c, (struct frame_shape){.first = WS_TEXT}, "{\"t\":\"\xf0\x9f", 8);
    client_frame(c, (struct frame_shape){.first = WS_FIN | WS_CONT}, "x\"}", 3);
    assert_int_equal(client_close_code(c, 5000), 1007);
    client_close(c);

    c = wire_chat(w); /* and a valid character may be cut anywhere */
    struct message m;
    client_frame(c, (struct frame_shape){.first = WS_TEXT}, "{\"t\":\"ping\",\"x\":\"\xf0\x9f", 19);
    client_frame(c, (struct frame_shape){.first = WS_FIN | WS_CONT}, "\x98\x80\"}", 4);
    client_message(c, 5000, false, &m);
    assert_int_equal(m.opcode, WS_TEXT);
    assert_non_null(strstr(m.s, "pong"));
    message_release(&m);
    client_close(c);
}

static void a_request_with_invalid_utf8_is_400(void **state)
{
    struct wire *w = *state;
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        char s[256];
        struct answer a;
        snprintf(s, sizeof(s), "{\"q\":\"how much %s pay\"}", invalid[i].bytes);
        assert_true(
            client_http(w->port, "POST", "/v1/ask", "Content-Type: application/json\r\n", s, &a));
        if (a.status != 400 && a.status != 422)
            fail_msg("%s: %d %s", invalid[i].what, a.status, a.body);
        assert_true(is_utf8(a.body, a.len));
        answer_release(&a);
    }
}

static void escapes_that_mean_no_character_do_no_harm(void **state)
{
    struct wire *w = *state;
    static const char *const escapes[] = {"\\ud800",        "\\udfff", "\\ud800\\ud800",
                                          "\\udc00\\ud800", "\\u0000", "\\ud83d\\ude00",
                                          "\\uffff",        "\\u12g4", "\\u12"};
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        char s[256];
        struct answer a;
        snprintf(s, sizeof(s), "{\"q\":\"lighthouse %s keeper salary\"}", escapes[i]);
        assert_true(
            client_http(w->port, "POST", "/v1/ask", "Content-Type: application/json\r\n", s, &a));
        if (a.status != 200 && a.status != 400 && a.status != 422)
            fail_msg("%s: %d", escapes[i], a.status);
        assert_true(is_utf8(a.body, a.len));
        assert_null(memchr(a.body, 0, a.len));
        answer_release(&a);

        struct client *c = wire_chat(w);
        struct message m;
        snprintf(s, sizeof(s),
                 "{\"t\":\"ask\",\"cid\":\"a\",\"text\":\"lighthouse %s keeper salary\"}",
                 escapes[i]);
        client_text(c, s);
        client_message(c, 5000, false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        assert_true(is_utf8(m.s, m.len));
        assert_null(memchr(m.s, 0, m.len));
        message_release(&m);
        client_close(c);
    }
    wire_ask(w);
}

static void raw_nul_bytes_are_an_error(void **state)
{
    struct wire *w = *state;
    static const char frame[] = "{\"t\":\"ask\",\"cid\":\"a\",\"text\":\"a\0b\"}";
    struct client *c = wire_chat(w);
    struct message m;
    client_frame(c, (struct frame_shape){.first = WS_FIN | WS_TEXT}, frame, sizeof(frame) - 1);
    client_message(c, 5000, false, &m);
    assert_int_equal(m.opcode, WS_TEXT);
    assert_non_null(strstr(m.s, "\"error\""));
    message_release(&m);
    client_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_websocket_with_invalid_utf8_is_closed_with_1007),
        cmocka_unit_test(invalid_utf8_is_noticed_across_fragments),
        cmocka_unit_test(a_request_with_invalid_utf8_is_400),
        cmocka_unit_test(escapes_that_mean_no_character_do_no_harm),
        cmocka_unit_test(raw_nul_bytes_are_an_error),
    };
    return cmocka_run_group_tests(tests, wire_setup, wire_teardown);
}
