/* Rows that were read lately: the same answers, and never old ones. */
#include "base.h"

#include <stdio.h>

static void test_the_same_question_gets_the_same_answer_again(void **state)
{
    struct kb *kb = base_careers();
    const char question[] = "how much does a laboratory technician earn at night";
    struct kb_hits first = base_ask(kb, question), again = base_ask(kb, question);
    (void)state;
    assert_int_equal(first.n, again.n);
    assert_true(first.n > 1);
    for (size_t i = 0; i < first.n; i++) {
        assert_string_equal(first.hit[i].passage, again.hit[i].passage);
        assert_string_equal(first.hit[i].text, again.hit[i].text);
        assert_int_equal(first.hit[i].nmark, again.hit[i].nmark);
        assert_memory_equal(&first.hit[i].score, &again.hit[i].score, sizeof first.hit[i].score);
        assert_memory_equal(&first.hit[i].confidence, &again.hit[i].confidence,
                            sizeof first.hit[i].confidence);
    }
    kb_hits_release(&first);
    kb_hits_release(&again);
    kb_close(kb);
}

static void test_a_change_is_seen_by_the_next_question(void **state)
{
    struct kb *kb = base_careers();
    struct kb_hits hits = base_ask(kb, "wage");
    (void)state;
    assert_non_null(strstr(hits.hit[0].text, "$57,000"));
    kb_hits_release(&hits);
    base_sql(kb, "PRAGMA query_only=0;"
                 "UPDATE documents SET text = replace(text, '$57,000', '$58,000');"
                 "UPDATE meta SET value = value + 1 WHERE key = 'generation'");
    hits = base_ask(kb, "wage");
    assert_non_null(strstr(hits.hit[0].text, "$58,000"));
    kb_hits_release(&hits);
    kb_close(kb);
}

/* More passages than a shelf holds; what was handed out at first is still whole at the end. */
static void test_hits_outlive_what_is_thrown_away(void **state)
{
    enum { PASSAGES = 300, BYTES = 24000 };
    struct kb *kb = base_open();
    char key[16], *body = malloc(BYTES + 64);
    (void)state;
    for (int i = 0; i < PASSAGES; i++) {
        int n = snprintf(body, 64, "Subject s%d is here.", i);
        memset(body + n, ' ', BYTES);
        for (int at = n + 1; at + 8 < BYTES; at += 8)
            memcpy(body + at, "filling", 7);
        body[BYTES] = '\0';
        snprintf(key, sizeof key, "k%d", i);
        base_add(kb, &(struct base_passage){.key = key, .title = key, .body = body});
    }
    struct kb_hits first = base_ask(kb, "s0");
    for (int i = 1; i < PASSAGES; i++) {
        snprintf(key, sizeof key, "s%d", i);
        struct kb_hits hits = base_ask(kb, key);
        assert_int_equal(hits.n, 1);
        assert_int_equal(atoi(hits.hit[0].passage + 1), i);
        kb_hits_release(&hits);
    }
    assert_string_equal(first.hit[0].passage, "k0#top");
    assert_string_equal(first.hit[0].title, "k0");
    assert_int_equal(strncmp(first.hit[0].text, "Subject s0", 10), 0);
    kb_hits_release(&first);
    free(body);
    kb_close(kb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_question_gets_the_same_answer_again),
        cmocka_unit_test(test_a_change_is_seen_by_the_next_question),
        cmocka_unit_test(test_hits_outlive_what_is_thrown_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
