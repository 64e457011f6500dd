/* test_pool.c: memory with one end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kb/pool.h"

static void test_memory_is_zeroed_aligned_and_apart(void **state)
{
    struct pool *pool = pool_new();
    unsigned char *last = NULL;
    for (size_t size = 0; size < 3000; size += 7) {
        unsigned char *p = pool_alloc(pool, size);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xAA, size);
        if (last && size > 7)
            assert_int_equal(last[size - 8], 0xAA);
        last = p;
    }
    pool_free(pool);
}

static void test_a_big_block_does_not_waste_the_rest(void **state)
{
    struct pool *pool = pool_new();
    char *small = pool_strdup(pool, "small");
    char *big = pool_alloc(pool, 1 << 20);
    memset(big, 'x', 1 << 20);
    char *other = pool_strdup(pool, "other");
    assert_string_equal(small, "small");
    assert_string_equal(other, "other");
    pool_free(pool);
}

static void test_a_cleared_pool_holds_one_block_and_gives_zeroes_again(void **state)
{
    struct pool *pool = pool_new(), *other = pool_new();
    pool_clear(pool); /* nothing was taken */
    assert_int_equal(pool_size(pool), 0);
    memset(pool_alloc(pool, 100), 'x', 100);
    size_t block = pool_size(pool);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 1000; i++)
            memset(pool_alloc(pool, 100), 'x', 100);
        memset(pool_alloc(pool, 1 << 20), 'x', 1 << 20);
        if (!round)
            pool_adopt(pool, other);
        pool_clear(pool);
        assert_in_range(pool_size(pool), 0, block);
        const char *p = pool_alloc(pool, 100);
        for (size_t i = 0; i < 100; i++)
            assert_int_equal(p[i], 0);
    }
    pool_free(pool);
}

static void test_arrays_grow_and_keep_what_they_have(void **state)
{
    struct pool *pool = pool_new();
    size_t *item = NULL, n = 0, cap = 0;
    for (size_t i = 0; i < 10000; i++)
        *POOL_PUSH(pool, item, n, cap) = i;
    assert_int_equal(n, 10000);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(item[i], i);
    pool_free(pool);
}

static void test_bytes_are_copied_and_aligned(void **state)
{
    static const char bytes[] = "any bytes\0will do";
    struct pool *pool = pool_new();
    (void)state;
    for (size_t n = 0; n <= sizeof bytes; n++) {
        const char *copy = pool_copy(pool, bytes, n);
        assert_int_equal((uintptr_t)copy % _Alignof(max_align_t), 0);
        assert_memory_equal(copy, bytes, n);
    }
    pool_free(pool);
}

static void test_texts_are_copied_and_terminated(void **state)
{
    struct pool *pool = pool_new();
    assert_string_equal(pool_strndup(pool, "abcdef", 3), "abc");
    assert_string_equal(pool_strndup(pool, NULL, 0), "");
    assert_string_equal(pool_strdup(pool, NULL), "");
    assert_string_equal(pool_printf(pool, "%s-%d", "a", 7), "a-7");
    pool_free(pool);
    pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(test_a_big_block_does_not_waste_the_rest),
        cmocka_unit_test(test_a_cleared_pool_holds_one_block_and_gives_zeroes_again),
        cmocka_unit_test(test_arrays_grow_and_keep_what_they_have),
        cmocka_unit_test(test_bytes_are_copied_and_aligned),
        cmocka_unit_test(test_texts_are_copied_and_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
