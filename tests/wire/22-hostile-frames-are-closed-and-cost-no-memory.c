/* S2. Frames that lie about their length, break the rules or never end: closed with the right code, and nothing is allocated
 * for what was only announced. Full size: RSS grows by at most 1 MB over all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bot/limits.h"
#include "tests/wire/harness/wire.h"

static int code_for(struct wire *w, struct frame_shape shape, const void *s, size_t len)
{
    struct client *c = wire_chat(w);
    client_frame(c, shape, s, len);
    int code = client_close_code(c, 12000);
    client_close(c);
    return code;
}

#define shape(...)                                                                                 \
    (struct frame_shape)                                                                           \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void lies_about_length_are_closed_at_once(void **state)
{
    struct wire *w = *state;
    static const uint64_t announced[] = {MAX_WS_FRAME + 1, 1u << 20, 1u << 30, 1ull << 40,
                                         (1ull << 63) - 1};
    for (size_t i = 0; i < sizeof(announced) / sizeof(announced[0]); i++) {
        int code = code_for(
            w, shape(.first = WS_FIN | WS_TEXT, .announce = true, .announced = announced[i]),
            "0123456789", 10);
        assert_int_equal(code, 1009);
    }
    /* The topmost bit of a length must be zero: a protocol error, with or without a word. */
    int code =
        code_for(w, shape(.first = WS_FIN | WS_TEXT, .announce = true, .announced = 1ull << 63),
                 "0123456789", 10);
    assert_true(code == 1002 || code == 1009 || code == 0);
}

static void broken_rules_are_1002(void **state)
{
    struct wire *w = *state;
    static const unsigned first[] = {
        WS_FIN | WS_TEXT | 0x40,
        WS_FIN | WS_TEXT | 0x20,
        WS_FIN | WS_TEXT | 0x10, /* reserved bits */
        WS_FIN | 3,
        WS_FIN | 7,
        WS_FIN | 11,
        WS_FIN | 15, /* reserved opcodes */
        WS_PING,
        WS_CLOSE,         /* in fragments */
        WS_FIN | WS_CONT, /* of nothing */
    };
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
        assert_int_equal(code_for(w, shape(.first = first[i]), "x", 1), 1002);
    /* Control frames are short. */
    char big[126] = {0};
    int code = code_for(w, shape(.first = WS_FIN | WS_PING), big, sizeof(big));
    assert_true(code == 1002 || code == 0);
    /* A new message in the middle of another. */
    struct client *c = wire_chat(w);
    client_frame(c, shape(.first = WS_TEXT), "a", 1);
    client_frame(c, shape(.first = WS_FIN | WS_TEXT), "b", 1);
    assert_int_equal(client_close_code(c, 5000), 1002);
    client_close(c);
}

static void illegal_close_codes_are_1002(void **state)
{
    struct wire *w = *state;
    static const int codes[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        unsigned char s[2] = {(unsigned char)(codes[i] >> 8), (unsigned char)codes[i]};
        assert_int_equal(code_for(w, shape(.first = WS_FIN | WS_CLOSE), s, 2), 1002);
    }
    assert_int_equal(code_for(w, shape(.first = WS_FIN | WS_CLOSE), "\x03\xe8", 2), 1000);
    assert_int_equal(code_for(w, shape(.first = WS_FIN | WS_CLOSE), "\x0f\xa0", 2), 4000);
}

static void binary_is_1003(void **state)
{
    assert_int_equal(code_for(*state, shape(.first = WS_FIN | WS_BINARY), "{}", 2), 1003);
}

static void a_hundred_thousand_fragments_end_at_the_limit(void **state)
{
    struct wire *w = *state;
    struct client *c = wire_chat(w);
    bool open = client_frame(c, shape(.first = WS_TEXT), "x", 1);
    for (int i = 0; open && i < 100000; i++)
        open = client_frame(c, shape(.first = WS_CONT), "x", 1);
    int code = client_close_code(c, 5000); /* or a reset, for what we went on sending */
    assert_true(code == 1009 || code == 0);
    client_close(c);
}

static void empty_fragments_without_end_run_into_the_deadline(void **state)
{
    struct wire *w = *state;
    struct client *c = wire_chat(w);
    bool open = client_frame(c, shape(.first = WS_TEXT), "", 0);
    uint64_t start = client_now_ms();
    while (open && client_now_ms() - start < 20000) {
        for (int i = 0; open && i < 100; i++)
            open = client_frame(c, shape(.first = WS_CONT), "", 0);
        client_fill(c, 10);
        open = open && !c->ended;
    }
    assert_in_range(client_now_ms() - start, 0, 15500);
    client_close(c);
}

static void an_unmasked_frame_is_1002(void **state)
{
    static const char ping[] = "{\"t\":\"ping\"}";
    assert_int_equal(code_for(*state, shape(.first = WS_FIN | WS_TEXT, .unmasked = true), ping,
                              sizeof(ping) - 1),
                     1002);
}

static void none_of_it_is_kept_in_memory(void **state)
{
    struct wire *w = *state;
    for (int warm = 0; warm < 2; warm++) {
        size_t before = wire_rss_kb(w);
        for (int i = 0; i < 30; i++) {
            struct client *c = wire_chat(w);
            client_frame(c,
                         shape(.first = WS_FIN | WS_TEXT, .announce = true, .announced = 1u << 30),
                         "0123456789", 10);
            client_close_code(c, 5000);
            client_close(c);
        }
        size_t after = wire_rss_kb(w);
        if (warm && after > before + 1024 * wire_slack())
            fail_msg("RSS grew from %zu to %zu KB", before, after);
    }
    wire_ask(w);
}

static int start(void **state)
{
    return wire_setup(state);
}

static int stop(void **state)
{
    return wire_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lies_about_length_are_closed_at_once),
        cmocka_unit_test(broken_rules_are_1002),
        cmocka_unit_test(illegal_close_codes_are_1002),
        cmocka_unit_test(binary_is_1003),
        cmocka_unit_test(a_hundred_thousand_fragments_end_at_the_limit),
        cmocka_unit_test(empty_fragments_without_end_run_into_the_deadline),
        cmocka_unit_test(an_unmasked_frame_is_1002),
        cmocka_unit_test(none_of_it_is_kept_in_memory),
    };
    wire_keep_no_stacks();
    return cmocka_run_group_tests(tests, start, stop);
}
