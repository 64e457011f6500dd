/* test_answer_property.c: whatever is written and whatever is asked, what is quoted are the owner's bytes.
 *
 * Guides of random words with headings, paragraphs, lists, tables and emphasis; questions of their words, with slips,
 * stories around them, several in one message. From a seed that is printed: GUIDEPOST_SEED=... */
#include "files.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "bot/answer.h"
#include "bot/extracts.h"
#include "bot/limits.h"
#include "bot/smalltalk.h"

#define GUIDES    12
#define QUESTIONS 250 /* of each */

static struct smalltalk *talk;
static struct answerer *answerer;
static char db[128];
static uint64_t seed;

static uint32_t draw(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 16) % n);
}

static int setup(void **state)
{
    struct kb_report report = {0};
    const char *given = getenv("GUIDEPOST_SEED");
    seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 0x9e3779b97f4a7c15u | 1;
    printf("GUIDEPOST_SEED=%llu\n", (unsigned long long)seed);
    if (files_setup(state))
        return -1;
    snprintf(db, sizeof db, "%s/index.db", folder);
    return smalltalk_read(NULL, &talk, &report) || answerer_open(db, talk, &answerer);
}

static int teardown(void **state)
{
    answerer_close(answerer);
    smalltalk_free(talk);
    return files_teardown(state);
}

static const char *word(void)
{
    static const char *const words[] = {
        "welder",     "torch",  "salary", "school", "license", "exam",    "hospital", "laboratory",
        "blood",      "sample", "years",  "degree", "Montana", "$48,940", "2027",     "seven",
        "technician", "MLT",    "work",   "pay",    "safety",  "naïve",   "C++",      "U.S.",
        "grinder",    "clamp",  "site",   "nurse",  "care",    "night",   "training", "tuition",
        "state",      "they",   "the",    "of"};
    return words[draw(sizeof words / sizeof *words)];
}

static const char *words(struct pool *pool, size_t n)
{
    const char *s = "";
    for (; n; n--)
        s = pool_printf(pool, draw(15) ? "%s%s%s" : "%s%s**%s**", s, *s ? " " : "", word());
    return s;
}

static const char *block(struct pool *pool)
{
    const char *s = "";
    switch (draw(6)) {
    case 0:
        for (size_t n = 2 + draw(7); n; n--)
            s = pool_printf(pool, "%s- %s: %s.\n", s, words(pool, 1 + draw(2)),
                            words(pool, 3 + draw(12)));
        return pool_printf(pool, "These include:\n\n%s\n", s);
    case 1:
        for (size_t n = 1 + draw(5); n; n--)
            s = pool_printf(pool, "%s| %s | %s |\n", s, words(pool, 1), words(pool, 2 + draw(5)));
        return pool_printf(pool, "| %s | %s |\n|---|---|\n%s\n", words(pool, 1), words(pool, 1), s);
    case 2: return pool_printf(pool, "## What is a %s?\n\n", words(pool, 1));
    case 3: return pool_printf(pool, "### %s\n\n", words(pool, 1 + draw(4)));
    default:
        for (size_t n = 1 + draw(6); n; n--)
            s = pool_printf(pool, "%s%s %s. ", s, draw(4) ? "The" : "This",
                            words(pool, 3 + draw(20)));
        return pool_printf(pool, "%s\n\n", s);
    }
}

static void index_guide(struct pool *pool)
{
    const char *text = pool_printf(pool, "# %s\n\n", words(pool, 2));
    for (size_t n = 8 + draw(40); n; n--)
        text = pool_printf(pool, "%s%s", text, block(pool));
    const char *path = file_with("guide.md", text);
    struct kb_sources src = {.path = &path, .n = 1};
    struct kb_report report = {0};
    assert_int_equal(kb_index(db, &src, &report), KB_OK);
    kb_report_release(&report);
}

static const char *question(struct pool *pool)
{
    static const char *const starts[] = {
        "",       "What is ",   "How much ",      "how long is ",
        "which ", "do I need ", "where do they ", "Hi! I am 17. I would like to know ",
        "why "};
    char *s = pool_printf(pool, "%s%s", starts[draw(sizeof starts / sizeof *starts)],
                          words(pool, 1 + draw(5)));
    if (!draw(5)) /* a slip */
        s[draw((uint32_t)strlen(s))] = (char)('a' + draw(26));
    if (!draw(4))
        s = pool_printf(pool, "%s%s%s?", s, draw(2) ? "? And how " : " and ",
                        words(pool, 1 + draw(3)));
    return s;
}

static size_t code_points(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

/* The receipt finds the very bytes; what is shown of them stands in the reply, cut at most at its end. */
static void assert_owners(const struct reply *r, const struct kb_hit *hit, struct pool *pool,
                          const char *asked)
{
    struct kb_proof proof;
    const char *receipt = kb_receipt(pool, hit->passage, hit->text, hit->start);
    assert_int_equal(kb_verify(answerer_kb(answerer), receipt, pool, &proof), KB_OK);
    if (proof.outcome != KB_SAME || strcmp(proof.text, hit->text) != 0)
        fail_msg("'%s': %d, '%s'", asked, proof.outcome, hit->text);
    assert_int_equal(hit->end - hit->start, strlen(hit->text));
    const char *plain = extracts_plain(pool, hit);
    size_t shown = strlen(plain);
    while (shown > 20 && !memmem(r->text, strlen(r->text), plain, shown))
        shown--;
    if (!memmem(r->text, strlen(r->text), plain, shown))
        fail_msg("'%s': not in the reply: '%s'", asked, plain);
}

static void whatever_is_quoted_are_the_owners_bytes(void **state)
{
    size_t quoted = 0;
    for (int g = 0; g < GUIDES; g++) {
        struct pool *guide = pool_new();
        index_guide(guide);
        for (int i = 0; i < QUESTIONS; i++) {
            struct pool *pool = pool_new();
            const char *text = question(pool);
            struct question q = {.text = text, .len = strlen(text)};
            struct reply r;
            assert_int_equal(answer_make(answerer, &q, pool, &r), KB_OK);
            assert_true(code_points(r.text) <= MAX_ANSWER_CHARS);
            assert_true(r.nanswer <= MAX_EXTRACTS);
            assert_int_equal(r.kind == REPLY_ANSWER || r.kind == REPLY_CHOICES, r.nanswer > 0);
            for (size_t k = 0; k < r.nanswer; k++)
                assert_owners(&r, &r.answer[k], pool, text);
            for (size_t k = 1; k < r.nanswer; k++) /* of one document, and nothing twice */
                for (size_t j = 0; j < k; j++)
                    assert_true(r.answer[j].end <= r.answer[k].start ||
                                r.answer[k].end <= r.answer[j].start);
            quoted += r.nanswer;
            pool_free(pool);
        }
        pool_free(guide);
    }
    printf("%zu extracts\n", quoted);
    assert_true(quoted > GUIDES * QUESTIONS / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_is_quoted_are_the_owners_bytes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
