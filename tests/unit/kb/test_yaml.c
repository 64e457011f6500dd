/* test_yaml.c: a tree that knows its lines, and messages for people who are no programmers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kb/pool.h"
#include "kb/yaml.h"

static const struct yaml *parse(struct pool *pool, const char *s)
{
    struct yaml_error error = {0};
    const struct yaml *root = yaml_parse(pool, s, strlen(s), 1, &error);
    if (!root)
        fail_msg("%zu:%zu %s", error.line, error.column, error.message);
    return root;
}

static void assert_error(const char *s, size_t line, size_t column, const char *part)
{
    struct pool *pool = pool_new();
    struct yaml_error error = {0};
    assert_null(yaml_parse(pool, s, strlen(s), 1, &error));
    if (error.line != line || error.column != column || !strstr(error.message, part))
        fail_msg("%zu:%zu %s", error.line, error.column, error.message);
    pool_free(pool);
}

static void test_maps_lists_and_scalars_keep_their_places(void **state)
{
    struct pool *pool = pool_new();
    static const char s[] = "- é: ü\n  b:\n    - \"x y\"\n    - z\n";
    const struct yaml *root = parse(pool, s), *map = root->item[0];
    assert_int_equal(root->kind, YAML_LIST);
    assert_int_equal(map->kind, YAML_MAP);
    assert_string_equal(map->key[0]->text, "é");
    assert_string_equal(map->item[0]->text, "ü");
    assert_int_equal(map->item[0]->column, 6); /* letters, not bytes */
    assert_int_equal(map->item[0]->start, 6);
    assert_memory_equal(s + map->item[0]->start, "ü", 2);
    const struct yaml *list = yaml_get(map, "b");
    assert_int_equal(list->n, 2);
    assert_int_equal(list->item[0]->line, 3);
    assert_int_equal(list->item[0]->column, 7);
    assert_memory_equal(s + list->item[0]->start, "\"x y\"", 5);
    assert_true(list->item[0]->quoted);
    assert_false(list->item[1]->quoted);
    pool_free(pool);
}

static void test_places_count_from_the_line_given(void **state)
{
    struct pool *pool = pool_new();
    struct yaml_error error;
    const struct yaml *root = yaml_parse(pool, "a: 1\nb: 2", 9, 2, &error);
    assert_int_equal(root->item[1]->line, 3);
    assert_null(yaml_parse(pool, "a: 1\na: 2", 9, 2, &error));
    assert_int_equal(error.line, 3);
    assert_non_null(strstr(error.message, "line 2"));
    pool_free(pool);
}

static void test_a_byte_order_mark_shifts_nothing(void **state)
{
    struct pool *pool = pool_new();
    static const char s[] = "\xEF\xBB\xBFkey: value";
    const struct yaml *root = parse(pool, s);
    assert_int_equal(root->item[0]->column, 6);
    assert_memory_equal(s + root->item[0]->start, "value", 5);
    pool_free(pool);
}

static void test_blocks_keep_their_lines(void **state)
{
    struct pool *pool = pool_new();
    const struct yaml *root = parse(pool, "a: |\n  one\n    two\n\n  three\nb: >\n  x\n  y\n");
    assert_string_equal(yaml_get(root, "a")->text, "one\n  two\n\nthree\n");
    assert_string_equal(yaml_get(root, "b")->text, "x y\n");
    pool_free(pool);
}

static void test_scalars_stay_text(void **state)
{
    struct pool *pool = pool_new();
    const struct yaml *root = parse(pool, "a: no\nb: 012\nc:\nd: 2026-01-01\ne: ~\n");
    assert_string_equal(yaml_get(root, "a")->text, "no");
    assert_string_equal(yaml_get(root, "b")->text, "012");
    assert_string_equal(yaml_get(root, "c")->text, "");
    assert_string_equal(yaml_get(root, "d")->text, "2026-01-01");
    assert_string_equal(yaml_get(root, "e")->text, "~");
    pool_free(pool);
}

static void test_nothing_is_an_empty_map(void **state)
{
    struct pool *pool = pool_new();
    static const char *const nothing[] = {"", "\n\n", "# a comment\n"};
    for (size_t i = 0; i < 3; i++) {
        const struct yaml *root = parse(pool, nothing[i]);
        assert_int_equal(root->kind, YAML_MAP);
        assert_int_equal(root->n, 0);
    }
    pool_free(pool);
}

static void test_a_key_given_twice_is_an_error_that_names_both(void **state)
{
    assert_error("a: 1\nb: 2\na: 3\n", 3, 1, "'a' is given twice, first in line 1");
    assert_error("x:\n  k: 1\n  l: 2\n  k: 3\n", 4, 3, "first in line 2");
}

static void test_what_surprises_operators_is_refused(void **state)
{
    assert_error("a: &x b\nc: *x\n", 1, 4, "anchors");
    assert_error("a: *x\n", 1, 4, "aliases");
    assert_error("a: !!str b\n", 1, 4, "tags");
    assert_error("<<: {a: b}\n", 1, 1, "merge keys");
    assert_error("a: 1\n---\nb: 2\n", 2, 1, "second document");
    assert_error("? [a]\n: b\n", 1, 3, "cannot be a key");
    assert_error("a: \"x\\0y\"\n", 1, 4, "NUL");
}

static void test_syntax_errors_say_what_to_do(void **state)
{
    assert_error("a: b: c\n", 1, 5, "put text that contains ': ' in quotes");
    assert_error("q: \"What?\na: x\n", 1, 4, "a quote is opened here and never closed");
    assert_error("a: @x\n", 1, 4, "put it in quotes");
    assert_error("\ta: b\n", 1, 1, "indent with spaces");
    assert_error("a: [x, y\n", 1, 4, "not closed with ']'");
    assert_error("a: {x: y\n", 1, 4, "not closed with '}'");
    assert_error("a:\n  - b\n c\n", 3, 2, "indentation");
    assert_error("- a\nb: c\n", 2, 1, "a list item was expected here");
    assert_error("ok: 1\nbad: \x01\n", 2, 6, "control character");
    assert_error("ok: \xFF\n", 1, 5, "save the file as UTF-8");
}

static void test_deep_nesting_is_refused(void **state)
{
    char s[4000];
    memset(s, '[', sizeof s);
    struct pool *pool = pool_new();
    struct yaml_error error;
    assert_null(yaml_parse(pool, s, sizeof s, 1, &error));
    assert_non_null(strstr(error.message, "nested too deeply"));
    pool_free(pool);
}

static void test_a_hundred_thousand_keys_take_no_time(void **state)
{
    size_t n = 100000, len = 0;
    char *s = malloc(n * 16);
    for (size_t i = 0; i < n; i++)
        len += (size_t)sprintf(s + len, "key%zu: v\n", i);
    struct pool *pool = pool_new();
    clock_t start = clock();
    assert_int_equal(yaml_parse(pool, s, len, 1, NULL)->n, n);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10);
    pool_free(pool);
    free(s);
}

static void test_getting_from_what_is_no_map_is_nothing(void **state)
{
    struct pool *pool = pool_new();
    const struct yaml *root = parse(pool, "a: {b: c}\n");
    assert_string_equal(yaml_get(yaml_get(root, "a"), "b")->text, "c");
    assert_null(yaml_get(yaml_get(root, "nope"), "b"));
    assert_null(yaml_get(yaml_get(yaml_get(root, "a"), "b"), "c"));
    pool_free(pool);
}

static void test_the_nearest_name_is_near(void **state)
{
    static const char *const names[] = {"title", "url", "valid_until", "valid_from", NULL};
    assert_string_equal(yaml_nearest("titel", names), "title");
    assert_string_equal(yaml_nearest("valid_til", names), "valid_until");
    assert_string_equal(yaml_nearest("ulr", names), "url");
    assert_null(yaml_nearest("layout", names));
    assert_null(yaml_nearest("", names));
    assert_null(yaml_nearest("x", names));
    assert_null(yaml_nearest("a-word-that-is-far-too-long-to-be-a-name-of-ours", names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps_lists_and_scalars_keep_their_places),
        cmocka_unit_test(test_places_count_from_the_line_given),
        cmocka_unit_test(test_a_byte_order_mark_shifts_nothing),
        cmocka_unit_test(test_blocks_keep_their_lines),
        cmocka_unit_test(test_scalars_stay_text),
        cmocka_unit_test(test_nothing_is_an_empty_map),
        cmocka_unit_test(test_a_key_given_twice_is_an_error_that_names_both),
        cmocka_unit_test(test_what_surprises_operators_is_refused),
        cmocka_unit_test(test_syntax_errors_say_what_to_do),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_a_hundred_thousand_keys_take_no_time),
        cmocka_unit_test(test_getting_from_what_is_no_map_is_nothing),
        cmocka_unit_test(test_the_nearest_name_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
