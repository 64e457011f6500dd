/* test_source_memo.c: a memo is read as it was written, and no other bytes are taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "kb/kb_int.h"

static const struct memo_item items[] = {{MEMO_DOCUMENT, 1, 0, "guides/pay", 10},
                                         {MEMO_DRAFT, 127, 0, "", 0},
                                         {MEMO_ENTRY, 128, 3, "what-is-it", 10},
                                         {MEMO_FOLLOWUP, 16384, 0, "\xc3\xa9", 2},
                                         {MEMO_WARNING, (size_t)-1, 99999, "is odd", 6}};
#define ITEMS (sizeof items / sizeof *items)

static struct memo all_of_them(void)
{
    struct memo m = {0};
    for (size_t i = 0; i < ITEMS; i++)
        memo_add(&m, items[i].kind, items[i].line, items[i].column, items[i].text);
    assert_false(m.failed);
    return m;
}

static void what_was_written_is_read(void **state)
{
    struct memo m = all_of_them();
    struct memo_item got;
    size_t pos = 0, n = 0;
    for (; memo_next(m.s, m.len, &pos, &got); n++) {
        assert_int_equal(got.kind, items[n].kind);
        assert_true(got.line == items[n].line && got.column == items[n].column);
        assert_string_equal(got.text, items[n].text);
        assert_int_equal(got.len, items[n].len);
    }
    assert_int_equal(n, ITEMS);
    memo_release(&m);
}

static void the_count_says_whether_there_is_more_than_ids(void **state)
{
    struct memo m = all_of_them(), plain = {0};
    struct memo_item got;
    size_t pos = 0;
    memo_count(&m);
    assert_true(memo_next(m.s, m.len, &pos, &got));
    assert_true(got.kind == MEMO_COUNT && got.line == 1 && got.column == 1 && got.len > 0);
    assert_true(memo_next(m.s, m.len, &pos, &got));
    assert_string_equal(got.text, items[0].text);
    memo_add(&plain, MEMO_DOCUMENT, 1, 0, "a");
    memo_count(&plain);
    pos = 0;
    assert_true(memo_next(plain.s, plain.len, &pos, &got));
    assert_true(got.kind == MEMO_COUNT && got.line == 1 && got.column == 0 && got.len == 0);
    memo_release(&m);
    memo_release(&plain);
}

/* Each tail that is cut off, and each byte that is another one: sound or not, reading stays inside. */
static void damaged_bytes_are_no_memo_or_a_shorter_one(void **state)
{
    struct memo m = all_of_them();
    for (size_t len = 0; len < m.len; len++) {
        char *copy = malloc(len + 1);
        memcpy(copy, m.s, len);
        copy[len] = 'd';
        struct memo_item got;
        size_t pos = 0, n = 0;
        while (memo_next(copy, len, &pos, &got))
            n += strlen(got.text) < len;
        assert_true(n < ITEMS);
        free(copy);
    }
    for (size_t i = 0; i < m.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct memo_item got;
            size_t pos = 0;
            m.s[i] = (char)(m.s[i] ^ 1 << bit);
            while (memo_next(m.s, m.len, &pos, &got))
                ;
            assert_in_range(pos, 0, m.len);
            m.s[i] = (char)(m.s[i] ^ 1 << bit);
        }
    memo_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(the_count_says_whether_there_is_more_than_ids),
        cmocka_unit_test(damaged_bytes_are_no_memo_or_a_shorter_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
