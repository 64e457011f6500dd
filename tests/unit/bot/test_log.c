/* test_log.c: one event, one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bot/limits.h"
#include "bot/log.h"

static int saved, from[2];
static char got[2 * MAX_LOG_LINE];

static int capture(void **state)
{
    saved = dup(STDERR_FILENO);
    if (pipe2(from, O_NONBLOCK))
        return -1;
    dup2(from[1], STDERR_FILENO);
    log_set_level(LOG_LEVEL_INFO);
    log_set_format(LOG_FORMAT_LOGFMT);
    return 0;
}

static int restore(void **state)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(from[0]);
    close(from[1]);
    return 0;
}

static const char *logged(void)
{
    ssize_t n = read(from[0], got, sizeof got - 1);
    got[n > 0 ? n : 0] = '\0';
    return got;
}

static void an_event_is_a_line_of_pairs(void **state)
{
    log_info("server", "listening", "port=%d", 8080);
    const char *line = logged();
    assert_memory_equal(line, "ts=20", 5);
    assert_non_null(strstr(line, "Z level=info area=server msg=\"listening\" port=8080\n"));
}

static void levels_beyond_the_chosen_one_are_silent(void **state)
{
    log_debug("kb", "quiet", "%s", "");
    assert_string_equal(logged(), "");
    assert_false(log_wants(LOG_LEVEL_DEBUG));
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("kb", "loud", "%s", "a=1");
    assert_non_null(strstr(logged(), "level=debug"));
    log_set_level(LOG_LEVEL_ERROR);
    log_warn("kb", "quiet", "%s", "a=1");
    assert_string_equal(logged(), "");
}

static void values_cannot_forge_a_second_line(void **state)
{
    log_info("web", "refused", "origin=%s", "x\nts=1 level=info msg=\"forged\"");
    const char *line = logged();
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
    static char text[2 * MAX_LOG_LINE];
    memset(text, 'x', sizeof text - 1);
    log_info("web", "long", "v=%s", text);
    const char *line = logged();
    assert_true(strlen(line) <= MAX_LOG_LINE);
    assert_int_equal(line[strlen(line) - 1], '\n');
}

static void under_the_journal_a_line_begins_with_its_priority(void **state)
{
    log_set_format(LOG_FORMAT_JOURNAL);
    log_warn("bot", "odd", "%s", "a=1");
    assert_string_equal(logged(), "<4>level=warn area=bot msg=\"odd\" a=1\n");
}

static void the_journal_is_recognised_by_its_numbers_and_not_by_the_variable(void **state)
{
    setenv("JOURNAL_STREAM", "1:1", 1);
    log_set_format(LOG_FORMAT_AUTO);
    log_info("bot", "here", "%s", "a=1");
    assert_memory_equal(logged(), "ts=", 3);
    unsetenv("JOURNAL_STREAM");
}

static void quoting_escapes_and_never_cuts_a_character_in_half(void **state)
{
    char out[16];
    assert_string_equal(log_quote(out, sizeof out, "a\"b\\\n"), "\"a\\\"b\\\\\\n\"");
    assert_string_equal(log_quote(out, sizeof out, NULL), "\"\"");
    assert_string_equal(log_quote(out, 6, "ab\xC3\xA9"), "\"ab\"");
    assert_string_equal(log_quote(out, 7, "ab\xC3\xA9"), "\"ab\xC3\xA9\"");
    assert_string_equal(log_quote(out, 2, "x"), "");
}

static void level_names_are_read(void **state)
{
    enum log_level level = LOG_LEVEL_ERROR;
    assert_true(log_level_parse("Debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_false(log_level_parse("loud", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_a_line_of_pairs, capture, restore),
        cmocka_unit_test_setup_teardown(levels_beyond_the_chosen_one_are_silent, capture, restore),
        cmocka_unit_test_setup_teardown(values_cannot_forge_a_second_line, capture, restore),
        cmocka_unit_test_setup_teardown(a_long_line_is_cut_and_still_ends, capture, restore),
        cmocka_unit_test_setup_teardown(under_the_journal_a_line_begins_with_its_priority, capture,
                                        restore),
        cmocka_unit_test_setup_teardown(
            the_journal_is_recognised_by_its_numbers_and_not_by_the_variable, capture, restore),
        cmocka_unit_test(quoting_escapes_and_never_cuts_a_character_in_half),
        cmocka_unit_test(level_names_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
