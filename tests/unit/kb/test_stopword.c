/* test_stopword.c: the lists are usable as they stand, and leave content alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/kb_int.h"

static bool is(const char *lang, const char *word)
{
    return stopword(lang, word, strlen(word));
}

/* Each list is read back through its source. */
static void every_listed_word_is_found(void **state)
{
    static const char *const lang[] = {"en", "de", "es", "fr"};
    char path[1024], line[256];
    const char *root = getenv("GUIDEPOST_SOURCE");
    snprintf(path, sizeof path, "%s/kb/stopword.c", root ? root : ".");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    int list = -1, words = 0;
    bool inside = false;
    while (fgets(line, sizeof line, f)) {
        if (strstr(line, "[][STOPWORD_SIZE] = {")) {
            list++;
            inside = true;
            continue;
        }
        bool last = strstr(line, "};");
        for (char *w = inside ? strchr(line, '"') : NULL; w; w = strchr(w + 1, '"')) {
            char *end = strchr(w + 1, '"');
            assert_non_null(end);
            *end = 0;
            if (!is(lang[list], w + 1))
                fail_msg("%s: \"%s\" is not found", lang[list], w + 1);
            words++;
            w = end;
        }
        inside = inside && !last;
    }
    fclose(f);
    assert_int_equal(list, 3);
    assert_in_range(words, 400, 1000);
}

/* Lines are searched by halves, so one out of order would hide its words. */
static void every_general_word_is_found(void **state)
{
    char path[1024], line[256];
    const char *root = getenv("GUIDEPOST_SOURCE");
    snprintf(path, sizeof path, "%s/kb/generalword.c", root ? root : ".");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t words = 0;
    bool inside = false;
    while (fgets(line, sizeof line, f)) {
        inside = inside ? !strstr(line, "};") : strstr(line, "english[] = {") != NULL;
        char *rest = inside ? strchr(line, '"') : NULL;
        if (!rest || !strrchr(rest, '"'))
            continue;
        *strrchr(++rest, '"') = 0;
        for (char *w; (w = strsep(&rest, " "));) {
            if (*w && !generalword("en", w))
                fail_msg("\"%s\" is not in byte order", w);
            words += *w != 0;
        }
    }
    fclose(f);
    assert_in_range(words, 400, 2000);
    assert_true(generalword("en", "what's"));
    assert_false(generalword("en", "abl"));
    assert_false(generalword("en", "zebra"));
    assert_false(generalword("en", "aardvark"));
    assert_false(generalword("de", "able"));
}

/* The table of small words is a third full at most, so that a word that is none is soon told. */
static void every_light_word_is_found_and_the_table_has_room(void **state)
{
    static const char *const lang[] = {"en", "de", "es", "fr"};
    size_t light, all, n;
    const char *const *word = lightword_list(&light);
    for (size_t i = 0; i < light; i++)
        if (!lightword("en", word[i]) || lightword("de", word[i]))
            fail_msg("\"%s\" is not found", word[i]);
    all = light;
    for (size_t i = 0; i < sizeof lang / sizeof *lang; i++) {
        stopword_list(lang[i], &n);
        all += n;
    }
    assert_in_range(all, 600, 800);
    assert_false(lightword("en", "wel"));
    assert_false(lightword("en", "well,"));
    assert_false(lightword("en", ""));
    assert_false(lightword("en", "supercalifragilistic"));
}

static void a_word_is_in_several_lists(void **state)
{
    assert_int_equal(smallword("die", 3), smallword_lang("de"));
    assert_int_equal(smallword("me", 2),
                     smallword_lang("en") | smallword_lang("es") | smallword_lang("fr"));
    assert_int_equal(smallword("well", 4), SMALLWORD_LIGHT);
    assert_int_equal(smallword("salary", 6), 0);
    assert_int_equal(smallword_lang("pl"), 0);
    assert_int_equal(smallword_lang("deu"), 0);
}

static void questions_lose_their_frame(void **state)
{
    static const char *const word[] = {"how", "what", "whats", "do",     "i",
                                       "the", "us",   "it",    "please", "me"};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        assert_true(is("en", word[i]));
    assert_true(is("de", "wie"));
    assert_true(is("de", "fur"));
    assert_true(is("es", "cuanto"));
    assert_true(is("fr", "combien"));
}

static void content_is_kept(void **state)
{
    static const char *const word[] = {"salary", "earn",  "need",  "work", "best",  "cost",
                                       "long",   "steps", "years", "mlt",  "first", "new",
                                       "state",  "help",  "us.",   "c++"};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        assert_false(is("en", word[i]));
}

static void only_whole_words_of_known_languages_count(void **state)
{
    assert_false(is("en", "wha"));
    assert_false(is("en", "whatt"));
    assert_false(is("en", ""));
    assert_true(stopword("en", "whatever", 4));
    assert_false(stopword("en", "the\0re", 6));
    assert_false(is("xx", "the"));
    assert_false(is("", "the"));
    assert_false(is("de", "the"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_listed_word_is_found),
        cmocka_unit_test(every_general_word_is_found),
        cmocka_unit_test(every_light_word_is_found_and_the_table_has_room),
        cmocka_unit_test(a_word_is_in_several_lists),
        cmocka_unit_test(questions_lose_their_frame),
        cmocka_unit_test(content_is_kept),
        cmocka_unit_test(only_whole_words_of_known_languages_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
