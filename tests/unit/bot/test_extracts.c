/* test_extracts.c: one extract when the first is sure, more of them the less it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "bot/extracts.h"
#include "bot/limits.h"
#include "kb/pool.h"

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

/* Six passages of one document that say different things in `len` bytes each; the others have `close` of the first one's
 * score, and all are as sure as `confidence`. */
static struct kb_hits six(double confidence, double close, enum kb_band band, int len)
{
    static const double word[] = {1};
    struct kb_hits hits = {
        .n = 6, .confidence = confidence, .band = band, .word = word, .nword = 1};
    hits.hit = pool_array(pool, hits.n, sizeof *hits.hit);
    for (size_t i = 0; i < hits.n; i++) {
        char *text = pool_alloc(pool, (size_t)len + 1);
        for (int k = 0; k < len; k++)
            text[k] = (char)(k % 8 == 7 ? ' ' : 'a' + (k % 8 ? k / 8 % 20 : (int)i));
        hits.hit[i] = (struct kb_hit){.passage = pool_printf(pool, "doc#%zu", i),
                                      .document = "doc",
                                      .question = "",
                                      .text = text,
                                      .lead = "",
                                      .start = i * 1000,
                                      .end = i * 1000 + (size_t)len,
                                      .has = 1,
                                      .score = i ? close : 1,
                                      .confidence = confidence};
    }
    return hits;
}

static struct reply quote(const struct kb_hits *hits)
{
    struct reply r = {.text = ""};
    extracts_quote(pool, hits, "", &r);
    return r;
}

static void a_sure_answer_is_one_extract(void **state)
{
    struct kb_hits hits = six(0.9, 1, KB_HIGH, 200);
    assert_int_equal(quote(&hits).nanswer, 1);
}

static void the_closer_the_others_come_the_more_is_quoted(void **state)
{
    size_t before = 1;
    for (double close = 0.5; close <= 1; close += 0.01) {
        struct kb_hits hits = six(0.5, close, KB_MEDIUM, 200);
        size_t n = quote(&hits).nanswer;
        assert_true(n >= before);
        before = n;
    }
    assert_true(before > 2);
}

static void what_is_quoted_in_doubt_stays_within_the_limit(void **state)
{
    for (int len = 8; len < 3000; len += 8) {
        struct kb_hits hits = six(0.3, 1, KB_MEDIUM, len);
        struct reply r = quote(&hits);
        assert_true(r.nanswer >= 1);
        assert_true(strlen(r.text) <= MAX_ANSWER_CHARS + strlen("…"));
    }
}

static void one_that_is_hardly_likely_is_not_quoted_beside_the_first(void **state)
{
    struct kb_hits hits = six(0.3, 1, KB_MEDIUM, 200);
    for (size_t i = 1; i < hits.n; i++)
        hits.hit[i].confidence = 0.3 * AS_LIKELY - 0.001;
    assert_int_equal(quote(&hits).nanswer, 1);
}

static void an_extract_with_what_the_first_lacks_is_added_to_a_sure_one(void **state)
{
    struct kb_hits hits = six(0.9, 1, KB_HIGH, 200);
    hits.hit[1].fits = true; /* the amount that was asked for */
    struct reply r = quote(&hits);
    assert_int_equal(r.nanswer, 1); /* and now it comes first */
    assert_string_equal(r.answer[0].passage, "doc#1");
    static const double word[] = {0.5, 0.5};
    hits = six(0.9, 1, KB_HIGH, 200);
    hits.word = word;
    hits.nword = 2;
    hits.hit[1].has = 2;
    assert_int_equal(quote(&hits).nanswer, 2);
}

static void the_same_bytes_are_not_quoted_twice(void **state)
{
    struct kb_hits hits = six(0.3, 1, KB_MEDIUM, 200);
    for (size_t i = 0; i < hits.n; i++)
        hits.hit[i].start = 100 * i, hits.hit[i].end = 100 * i + 200;
    struct reply r = quote(&hits);
    for (size_t i = 0; i < r.nanswer; i++)
        for (size_t k = 0; k < i; k++)
            assert_true(r.answer[k].end <= r.answer[i].start ||
                        r.answer[i].end <= r.answer[k].start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sure_answer_is_one_extract),
        cmocka_unit_test(the_closer_the_others_come_the_more_is_quoted),
        cmocka_unit_test(what_is_quoted_in_doubt_stays_within_the_limit),
        cmocka_unit_test(one_that_is_hardly_likely_is_not_quoted_beside_the_first),
        cmocka_unit_test(an_extract_with_what_the_first_lacks_is_added_to_a_sure_one),
        cmocka_unit_test(the_same_bytes_are_not_quoted_twice),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
