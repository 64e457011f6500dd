/* The words of a passage, as hashes with their places. */
#include "base.h"

static uint64_t hash(const char *s)
{
    return word_hash(s, strlen(s));
}

static void test_words_have_their_bytes_and_places(void **state)
{
    static const char text[] = "The follow-up visits";
    struct tokenizer *t;
    struct text_words words;
    struct pool *pool = pool_new();
    (void)state;
    assert_int_equal(tokenizer_new(&t), 0);
    words_read(t, pool, "en", text, strlen(text), &words);
    assert_int_equal(words.n, 5); /* the, follow, followup, up, visit */
    assert_true(words.word[0].hash == hash("the") && words.word[0].stop);
    assert_true(words.word[2].hash == hash("followup"));
    assert_true(words.word[2].other && !words.word[1].other && !words.word[3].other);
    assert_true(words.word[4].hash == hash("visit") && !words.word[4].stop);
    assert_int_equal(words.word[4].start, strlen("The follow-up "));
    assert_int_equal(text_word_end(&words.word[4]), strlen(text));
    tokenizer_free(t);
    pool_free(pool);
}

static void test_a_text_that_is_quoted_as_it_is_ranked_is_read_once(void **state)
{
    struct kb *kb = base_open();
    const struct text_words *body, *quoted;
    struct row row;
    (void)state;
    base_add(kb, &(struct base_passage){.key = "a", .body = "Nurses work at night."});
    for (int plain = 1; plain >= 0; plain--) {
        assert_int_equal(shelf_tidy(kb), 0);
        assert_int_equal(shelf_row(kb, 1, &row), 0);
        assert_int_equal(shelf_text(kb, &row), 0);
        assert_int_equal(row.notes->text == row.body, plain);
        body = words_body(kb->tokenizer, &row);
        quoted = words_quoted(kb->tokenizer, &row);
        assert_int_equal(body == quoted, plain);
        assert_int_equal(body->n, quoted->n);
        assert_true(body->word[1].hash == quoted->word[1].hash);
        assert_int_equal(quoted->word[1].start, body->word[1].start + (plain ? 0 : 2));
        base_sql(kb, "PRAGMA query_only=0; UPDATE documents SET text = '*Nurses* work at night';"
                     "UPDATE passages SET end = 22");
        shelf_free(kb->shelf);
        kb->shelf = NULL;
    }
    kb_close(kb);
}

static void test_a_text_of_other_words_is_read_by_itself(void **state)
{
    struct kb *kb = base_open();
    struct row row;
    (void)state;
    base_add(kb, &(struct base_passage){.key = "a", .body = "Nurses work at night."});
    base_sql(kb, "PRAGMA query_only=0; UPDATE documents SET text = 'Nurses  rest at night.'");
    assert_int_equal(shelf_tidy(kb), 0);
    assert_int_equal(shelf_row(kb, 1, &row), 0);
    assert_int_equal(shelf_text(kb, &row), 0);
    assert_int_equal(words_quoted(kb->tokenizer, &row)->n, 4);
    assert_true(words_quoted(kb->tokenizer, &row)->word[1].hash == hash("rest"));
    kb_close(kb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_have_their_bytes_and_places),
        cmocka_unit_test(test_a_text_that_is_quoted_as_it_is_ranked_is_read_once),
        cmocka_unit_test(test_a_text_of_other_words_is_read_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
