/* test_place.c: a struct becomes a note and the same struct again; what is absent, too long or of another type is empty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bot/place.h"
#include "kb/pool.h"

enum way { BY_ROAD = 1, BY_AIR };
struct spot {
    enum way way;
    const char *town, *street;
    int64_t at_ms;
    bool open;
};

static const struct place_field fields[] = {
    {"way", PLACE_KIND, offsetof(struct spot, way), BY_AIR},
    {"at", PLACE_NUMBER, offsetof(struct spot, at_ms), 1LL << 52},
    {"open", PLACE_FLAG, offsetof(struct spot, open), 1},
    {"town", PLACE_TEXT, offsetof(struct spot, town), 16},
    {"street", PLACE_TEXT, offsetof(struct spot, street), 16},
    {.name = NULL},
};

static struct pool *pool;

static int setup(void **state)
{
    pool = pool_new();
    return 0;
}

static int teardown(void **state)
{
    pool_free(pool);
    return 0;
}

static void what_was_written_is_read(void **state)
{
    struct spot s = {.way = BY_AIR,
                     .town = "\"L\xC3\xBC"
                             "beck\"\n",
                     .at_ms = 1795253850109,
                     .open = true},
                back;
    const char *note = place_write(pool, fields, &s);
    assert_string_equal(note, "{\"way\":2,\"at\":1795253850109,\"open\":1,\"town\":\"\\\"L\xC3\xBC"
                              "beck\\\"\\n\"}");
    assert_true(place_read(pool, fields, note, &back));
    assert_int_equal(back.way, BY_AIR);
    assert_string_equal(back.town, s.town);
    assert_string_equal(back.street, "");
    assert_true(back.at_ms == s.at_ms && back.open);
}

static void a_note_that_is_none_leaves_everything_empty(void **state)
{
    static const char *const broken[] = {NULL, "", "{", "null garbage"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct spot s;
        memset(&s, 0x55, sizeof s);
        assert_false(place_read(pool, fields, broken[i], &s));
        assert_true(!s.way && !s.at_ms && !s.open && !*s.town && !*s.street);
    }
}

static void what_does_not_fit_its_row_is_empty(void **state)
{
    struct spot s;
    const char *note = "{\"way\":3,\"at\":-1,\"open\":2,\"town\":7,"
                       "\"street\":\"12345678901234567\",\"new\":1}";
    assert_true(place_read(pool, fields, note, &s));
    assert_true(!s.way && !s.at_ms && !s.open && !*s.town && !*s.street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_note_that_is_none_leaves_everything_empty, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_its_row_is_empty, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
