/* test_live_command.c: what is for us in the staff's room, and what is for the asker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bot/live.h"

static void commands_begin_with_a_mark_or_our_name(void **state)
{
    static const struct {
        const char *text;
        bool named;
        enum live_command command;
        const char *words;
    } table[] = {
        {"!kb lab coats", false, LIVE_KB, "lab coats"},
        {"kb lab coats", true, LIVE_KB, "lab coats"},
        {"KB lab coats", true, LIVE_KB, "lab coats"},
        {"!kb", false, LIVE_HELP, ""},
        {"!close", false, LIVE_CLOSE, ""},
        {"!bot", false, LIVE_BOT, ""},
        {"!save", false, LIVE_SAVE, ""},
        {"!closed doors", false, LIVE_HELP, ""},
        {"what is this", true, LIVE_HELP, ""},
        {"kb lab coats", false, LIVE_SAID, ""},
        {"close the door", false, LIVE_SAID, ""},
        {"! attention", false, LIVE_SAID, ""},
        {"!!!", false, LIVE_SAID, ""},
        {"", false, LIVE_SAID, ""},
    };
    const char *words;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_int_equal(live_command(table[i].text, table[i].named, &words), table[i].command);
        assert_string_equal(words, table[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_begin_with_a_mark_or_our_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
