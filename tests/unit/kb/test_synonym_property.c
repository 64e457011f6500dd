/* test_synonym_property.c: whatever synonyms an owner adds, who asks an entry's own question gets that entry, with no less of a
 * score; and who comes first never depends on how many are wanted. */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>

#define WORDS   24
#define ENTRIES 30
#define ROUNDS  60

static const char *const word[WORDS] = {
    "license", "salary", "wage",   "exam",   "course", "blood",   "sample",  "hospital",
    "shift",   "night",  "state",  "degree", "school", "tuition", "nurse",   "report",
    "machine", "safety", "record", "doctor", "travel", "union",   "uniform", "holiday"};

static unsigned seed = 5;

static const char *any(void)
{
    return word[rand_r(&seed) % WORDS];
}

/* Entries of three words each, no two of which are asked alike. */
static struct kb *entries(char question[ENTRIES][64])
{
    struct kb *kb = base_open();
    for (size_t i = 0; i < ENTRIES; i++) {
        char key[16], body[96];
        size_t a = i % WORDS, b = (i * 5 + 1) % WORDS, c = (i * 7 + i / WORDS + 2) % WORDS;
        snprintf(key, sizeof key, "e%zu", i);
        snprintf(question[i], sizeof question[i], "%s %s %s", word[a], word[b], word[c]);
        snprintf(body, sizeof body, "It depends on the %s, the %s and the %s.", any(), any(),
                 any());
        base_add(kb, &(struct base_passage){
                         .key = key, .question = question[i], .entry = true, .body = body});
    }
    return kb;
}

static double assert_own(struct kb *kb, size_t i, const char *question)
{
    char key[16];
    struct kb_hits hits = base_ask(kb, question);
    snprintf(key, sizeof key, "e%zu", i);
    assert_true(hits.n > 0);
    if (strcmp(hits.hit[0].document, key))
        fail_msg("'%s' finds %s and not %s", question, hits.hit[0].document, key);
    double score = hits.hit[0].score;
    kb_hits_release(&hits);
    return score;
}

static void synonyms_never_cost_an_entry_its_own_question(void **state)
{
    char question[ENTRIES][64];
    double score[ENTRIES];
    struct kb *kb = entries(question);
    for (size_t i = 0; i < ENTRIES; i++)
        score[i] = assert_own(kb, i, question[i]);
    for (size_t round = 0; round < ROUNDS; round++) {
        char from[48], to[48];
        snprintf(from, sizeof from, "%s%s%s", any(), round % 3 ? "" : " ", round % 3 ? "" : any());
        snprintf(to, sizeof to, "%s%s%s", any(), round % 4 ? "" : " ", round % 4 ? "" : any());
        base_synonym(kb, from, to, 0.1 + 0.01 * (double)(rand_r(&seed) % 90));
        for (size_t i = round % 3; i < ENTRIES; i += 3)
            if (assert_own(kb, i, question[i]) < score[i] - 1e-9)
                fail_msg("'%s' with %s for %s", question[i], to, from);
    }
    kb_close(kb);
}

static void the_first_never_depends_on_how_many_are_wanted(void **state)
{
    char question[ENTRIES][64], text[64];
    struct kb *kb = entries(question);
    for (size_t round = 0; round < 100; round++) {
        char first[32] = "";
        snprintf(text, sizeof text, "%s %s %.4s%s", any(), any(), any(), round % 2 ? "r" : "");
        for (size_t max = 1; max <= 50; max = max * 2 + 1) {
            struct kb_hits hits;
            struct kb_ask ask = {.text = text, .len = strlen(text), .max = max};
            assert_int_equal(kb_ask(kb, &ask, &hits), 0);
            assert_true(hits.n > 0 && hits.n <= max);
            if (!*first)
                snprintf(first, sizeof first, "%s", hits.hit[0].document);
            assert_string_equal(hits.hit[0].document, first);
            kb_hits_release(&hits);
        }
    }
    kb_close(kb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synonyms_never_cost_an_entry_its_own_question),
        cmocka_unit_test(the_first_never_depends_on_how_many_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
