/* gzip for pages: what comes out is what went in, and smaller, or nothing comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "bot/buf.h"
#include "bot/squeeze.h"

static char page[SQUEEZE_MOST + 1];

static void what_is_unpacked_is_what_was_packed(void **state)
{
    static const size_t sizes[] = {SQUEEZE_LEAST, 5000, SQUEEZE_MOST};
    for (size_t i = 0; i < sizeof page; i++)
        page[i] = "<li>An answer, and another one.</li>\n"[i % 37];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        static unsigned char again[SQUEEZE_MOST];
        struct buf b;
        buf_init(&b, SQUEEZE_MOST);
        assert_true(squeeze(page, sizes[i], &b));
        assert_true(b.len < sizes[i] / 5);
        z_stream z = {.next_in = (unsigned char *)b.s, .avail_in = (unsigned)b.len};
        z.next_out = again;
        z.avail_out = sizeof again;
        assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK); /* gzip and nothing else */
        assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
        assert_int_equal(z.total_out, sizes[i]);
        assert_memory_equal(again, page, sizes[i]);
        inflateEnd(&z);
        buf_release(&b);
    }
}

static void what_gains_nothing_is_left_alone(void **state)
{
    struct buf b;
    uint32_t x = 1;
    buf_init(&b, SQUEEZE_MOST);
    assert_false(squeeze(page, SQUEEZE_LEAST - 1, &b));
    assert_false(squeeze(page, SQUEEZE_MOST + 1, &b));
    for (size_t i = 0; i < sizeof page; i++) /* noise */
        page[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
    assert_false(squeeze(page, 5000, &b));
    assert_int_equal(b.len, 0);
    buf_release(&b);
}

static void codings_are_taken_as_the_header_weighs_them(void **state)
{
    assert_true(squeeze_accepts("gzip, br", "br"));
    assert_true(squeeze_accepts("br;q=0.001", "br"));
    assert_true(squeeze_accepts("GZIP;q=1.0 , x", "gzip"));
    assert_false(squeeze_accepts("br;q=0", "br"));
    assert_false(squeeze_accepts("br; q=0.000, gzip", "br"));
    assert_false(squeeze_accepts("abr, brr", "br"));
    assert_false(squeeze_accepts(NULL, "br"));
    assert_false(squeeze_accepts("", "br"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_unpacked_is_what_was_packed),
        cmocka_unit_test(what_gains_nothing_is_left_alone),
        cmocka_unit_test(codings_are_taken_as_the_header_weighs_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
