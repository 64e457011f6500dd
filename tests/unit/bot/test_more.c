/* test_more.c: a wish to read on is all of the message, or it is a question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "bot/more.h"

static void wishes_to_read_on(void **state)
{
    const char *yes[] = {
        "more",          "More, please!", "tell me more about it", "go on",
        "what else?",    "continue",      "anything else?",        "can you give me more details",
        "is there more", "and what else"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!more_wanted(yes[i], strlen(yes[i])))
            fail_msg("no wish: %s", yes[i]);
}

static void questions_and_other_words_are_none(void **state)
{
    const char *no[] = {
        "do I earn more with experience?",
        "more money",
        "go",
        "on",
        "",
        "?",
        "tell me about it",
        "m\303\251hr",
        "who else works there",
        ("more more more more more more more more more more more more more more more more "
         "more more more")};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (more_wanted(no[i], strlen(no[i])))
            fail_msg("a wish: %s", no[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wishes_to_read_on),
        cmocka_unit_test(questions_and_other_words_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
