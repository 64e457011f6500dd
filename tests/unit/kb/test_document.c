/* test_document.c: what every parser makes. */
#include "source.h"

static void test_a_new_document_has_no_null(void **state)
{
    struct pool *pool = pool_new();
    struct document *d = document_new(pool, "a.md");
    static const char *const key[] = {"title",  "url",      "lang",       "audience",   "owner",
                                      "status", "reviewed", "valid_from", "valid_until"};
    for (size_t i = 0; i < sizeof key / sizeof *key; i++)
        assert_string_equal(*source_document_field(d, key[i]), "");
    assert_null(source_document_field(d, "text"));
    assert_string_equal(d->id, "");
    assert_string_equal(d->file, "a.md");
    assert_int_equal(d->line, 1);
    pool_free(pool);
}

static void test_a_block_reads_plain_and_code_as_it_stands(void **state)
{
    struct pool *pool = pool_new();
    struct document *d = document_new(pool, "a.md");
    d->text = "a **b** c";
    d->len = strlen(d->text);
    assert_string_equal(block_plain(d, document_block(d, BLOCK_PARAGRAPH, 0, 0, d->len, 1)),
                        "a b c");
    assert_string_equal(block_plain(d, document_block(d, BLOCK_CODE, 0, 2, 7, 1)), "**b**");
    assert_int_equal(d->nblock, 2);
    pool_free(pool);
}

static void test_answers_become_the_text_with_their_lines(void **state)
{
    struct pool *pool = pool_new();
    struct document *d = document_new(pool, "a.faq.yaml");
    document_entry(d, 1, 1)->id = "one";
    document_entry(d, 9, 1)->id = "two";
    const struct answer answer[] = {{"First.", 6, 3}, {"- x\n- y", 7, 11}};
    assert_int_equal(document_answers(d, answer), KB_OK);
    assert_string_equal(d->text, "First.\n\n- x\n- y");
    assert_int_equal(d->entry[1].start, 8);
    assert_int_equal(d->entry[1].end, 15);
    assert_int_equal(d->entry[1].last - d->entry[1].first, 2);
    assert_int_equal(d->block[d->entry[1].first].line, 11);
    assert_int_equal(d->block[d->entry[1].first + 1].line, 12);
    pool_free(pool);
}

static void test_an_entry_takes_lists_by_name(void **state)
{
    struct pool *pool = pool_new();
    struct document *d = document_new(pool, "a");
    struct entry *e = document_entry(d, 1, 1);
    static const char *const key[] = {"aka", "followups", "needs", "not", "tests", "not_tests"};
    for (size_t i = 0; i < sizeof key / sizeof *key; i++)
        assert_true(document_entry_add(d, e, key[i], key[i]));
    assert_false(document_entry_add(d, e, "title", "x"));
    assert_string_equal(e->aka[0], "aka");
    assert_string_equal(e->followup[0], "followups");
    assert_string_equal(e->needs[0], "needs");
    assert_string_equal(e->nots[0], "not");
    assert_string_equal(e->test[0], "tests");
    assert_string_equal(e->not_test[0], "not_tests");
    *document_entry_field(e, "question") = "Q?";
    assert_string_equal(e->question, "Q?");
    assert_null(document_entry_field(e, "answer"));
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_document_has_no_null),
        cmocka_unit_test(test_a_block_reads_plain_and_code_as_it_stands),
        cmocka_unit_test(test_answers_become_the_text_with_their_lines),
        cmocka_unit_test(test_an_entry_takes_lists_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
