/* test_heard.c: a reply is given again to whoever may have it, and never when it may be old. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bot/answer.h"
#include "bot/heard.h"
#include "bot/limits.h"

static struct heard *heard;

static int setup(void **state)
{
    heard = heard_new();
    return 0;
}

static int teardown(void **state)
{
    heard_free(heard);
    return 0;
}

static struct question asked(const char *text)
{
    return (struct question){.text = text, .len = strlen(text)};
}

/* The same behind something that was said before. */
static struct question behind(const char *text)
{
    static const char *const before[] = {"hello, what is this"};
    struct question q = asked(text);
    q.before = before;
    q.nbefore = 1;
    return q;
}

static struct reply saying(const char *text, uint64_t edition, bool anywhere)
{
    return (struct reply){.kind = REPLY_ANSWER,
                          .text = text,
                          .confidence = 0.9,
                          .us = 100,
                          .edition = edition,
                          .anywhere = anywhere};
}

/* Asked by two, so that it is kept. */
static void keep(struct question q, struct reply r, uint64_t sent_ms)
{
    heard_keep(heard, &q, &r, sent_ms);
    heard_keep(heard, &q, &r, sent_ms);
}

/* The text that is known for it, or "". In a buffer of its own: the reply is let go of. */
static const char *known(struct question q, uint64_t now_ms)
{
    static char text[64];
    const struct heard_reply *r = heard_find(heard, &q, now_ms);
    snprintf(text, sizeof text, "%s", r ? r->reply.text : "");
    heard_release(heard, r);
    return text;
}

static void what_was_answered_is_known_to_the_letter(void **state)
{
    keep(asked("What does it cost?"), saying("$50", 7, true), 1000);
    assert_string_equal(known(asked("What does it cost?"), 1050), "$50");
    assert_string_equal(known(asked("What does it cost"), 1050), "");
    assert_string_equal(known(asked("what does it cost?"), 1050), "");
    struct question q = asked("What does it cost?");
    q.lang = "es";
    assert_string_equal(known(q, 1050), "");
    q.lang = NULL;
    q.audience = "staff";
    assert_string_equal(known(q, 1050), "");
    q.audience = NULL;
    q.chosen = "guide#cost";
    assert_string_equal(known(q, 1050), "");
    assert_string_equal(known(asked("What does it cost?"), 1060), "$50");
}

static void the_beginning_of_a_conversation_answers_nobody_in_the_middle_of_one(void **state)
{
    keep(asked("What does it cost?"), saying("$50", 7, false), 1000);
    assert_string_equal(known(asked("What does it cost?"), 1001), "$50");
    assert_string_equal(known(behind("What does it cost?"), 1001), "");
    keep(behind("What does a licence for welders cost?"), saying("$9", 7, true), 1001);
    assert_string_equal(known(behind("What does a licence for welders cost?"), 1002), "$9");
    assert_string_equal(known(asked("What does a licence for welders cost?"), 1002), "$9");
}

static void what_hangs_on_the_conversation_is_for_those_behind_whom_is_the_same(void **state)
{
    static const char *const before[] = {"What does a welder earn?"}, *const other[] = {"Hello"};
    struct kb_quoted quoted = {"welder", 10, 20}, elsewhere = {"welder", 10, 21};
    struct question q = asked("And how long does it take?"), second;
    q.before = before;
    q.nbefore = q.nquoted = 1;
    q.quoted = &quoted;
    q.asked = before[0];
    q.topic = "welder#pay";
    keep(q, saying("Six months.", 7, false), 1000);
    assert_string_equal(known(q, 1001), "Six months.");
    assert_string_equal(known(asked(q.text), 1001), "");
    second = q, second.before = other;
    assert_string_equal(known(second, 1001), "");
    second = q, second.nbefore = 0;
    assert_string_equal(known(second, 1001), "");
    second = q, second.asked = NULL;
    assert_string_equal(known(second, 1001), "");
    second = q, second.topic = "welder#years";
    assert_string_equal(known(second, 1001), "");
    second = q, second.topic_age = 1;
    assert_string_equal(known(second, 1001), "");
    second = q, second.quoted = &elsewhere;
    assert_string_equal(known(second, 1001), "");
    keep(asked(q.text), saying("Of what?", 7, false), 1002); /* both are known side by side */
    assert_string_equal(known(q, 1003), "Six months.");
    assert_string_equal(known(asked(q.text), 1003), "Of what?");
}

static void what_one_asks_is_kept_when_another_does(void **state)
{
    struct question q = asked("What does it cost?");
    struct reply r = saying("$50", 7, true);
    heard_keep(heard, &q, &r, 1000);
    assert_int_equal(heard_count(heard), 0);
    heard_keep(heard, &q, &r, 1001);
    assert_int_equal(heard_count(heard), 1);
    const struct heard_reply *known = heard_find(heard, &q, 1002);
    assert_non_null(strstr(known->json, "\"text\":\"$50\""));
    heard_release(heard, known);
}

static void what_an_adapter_makes_of_it_is_kept_with_it_and_goes_with_it(void **state)
{
    static const char mine[] = "mine", theirs[] = "theirs";
    struct question q = asked("What does it cost?");
    keep(q, saying("$50", 7, true), 1000);
    const struct heard_reply *r = heard_find(heard, &q, 1001);
    assert_null(r->adapter);
    heard_keep_same(r, mine, 4, "segments...", 8);
    heard_keep_same(r, theirs, 5, NULL, 0); /* too late */
    assert_ptr_equal(r->adapter, mine);
    assert_int_equal(r->form, 4);
    assert_string_equal(r->same, "segments");
    heard_clear(heard, 1002); /* who holds it still has it */
    assert_string_equal(r->same, "segments");
    heard_release(heard, r);
    keep(q, saying("$60", 8, true), 1003);
    r = heard_find(heard, &q, 1004);
    assert_null(r->adapter);
    heard_release(heard, r);
}

static void what_is_one_askers_own_is_not_kept(void **state)
{
    keep(asked("2"), saying("second", 0, false), 1000);
    assert_int_equal(heard_count(heard), 0);
    struct question q = asked("What does it cost?");
    keep(q, saying("$50", 7, true), 1000);
    q.explain = true;
    assert_string_equal(known(q, 1001), "");
}

static void guides_that_nobody_has_looked_at_for_a_while_are_not_believed(void **state)
{
    keep(asked("a"), saying("A", 7, true), 1000);
    assert_string_equal(known(asked("a"), 1000 + HEARD_FRESH_MS), "");
    keep(asked("b"), saying("B", 7, true), 2000); /* they are still the same */
    assert_string_equal(known(asked("a"), 2010), "A");
}

static void one_question_at_a_time_is_sent_to_see_whether_they_still_hold(void **state)
{
    const uint64_t half = 1000 + HEARD_FRESH_MS / 2;
    keep(asked("a"), saying("A", 7, true), 1000);
    keep(asked("b"), saying("B", 7, true), 1000);
    assert_string_equal(known(asked("a"), half - 1), "A");
    assert_string_equal(known(asked("a"), half), "");
    assert_string_equal(known(asked("a"), half + 1), ""); /* on its way to a thread */
    assert_string_equal(known(asked("b"), half + 1), "B");
    keep(asked("a"), saying("A", 7, true), half); /* it came back */
    assert_string_equal(known(asked("a"), half + 2), "A");
    assert_string_equal(known(asked("a"), half + HEARD_FRESH_MS / 2 - 1), "A");
}

static void another_edition_of_the_guides_leaves_nothing_of_the_last(void **state)
{
    keep(asked("a"), saying("old", 7, true), 1000);
    keep(asked("b"), saying("new", 8, true), 1010);
    assert_string_equal(known(asked("a"), 1011), "");
    assert_string_equal(known(asked("b"), 1011), "new");
}

static void what_was_under_way_when_all_was_cleared_is_not_kept(void **state)
{
    keep(asked("a"), saying("A", 7, true), 1000);
    heard_clear(heard, 1005);
    assert_int_equal(heard_count(heard), 0);
    keep(asked("a"), saying("A", 7, true), 1005);
    assert_string_equal(known(asked("a"), 1006), "");
    keep(asked("a"), saying("new", 8, true), 1006);
    assert_string_equal(known(asked("a"), 1007), "new");
}

static void a_reply_in_use_outlives_the_table_s_interest(void **state)
{
    struct question q = asked("a");
    keep(q, saying("A", 7, true), 1000);
    const struct heard_reply *r = heard_find(heard, &q, 1001);
    assert_int_equal(r->reply.us, 0);
    heard_clear(heard, 1002);
    assert_string_equal(r->reply.text, "A");
    heard_release(heard, r);
}

static void the_longest_unused_goes_first(void **state)
{
    char text[32];
    for (size_t i = 0; i < MAX_HEARD; i++) {
        snprintf(text, sizeof text, "question %zu", i);
        keep(asked(text), saying(text, 7, true), 1000);
    }
    assert_string_equal(known(asked("question 0"), 1001), "question 0");
    keep(asked("one more"), saying("more", 7, true), 1001);
    assert_int_equal(heard_count(heard), MAX_HEARD);
    assert_string_equal(known(asked("question 0"), 1002), "question 0");
    assert_string_equal(known(asked("question 1"), 1002), "");
    assert_string_equal(known(asked("one more"), 1002), "more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_answered_is_known_to_the_letter, setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_beginning_of_a_conversation_answers_nobody_in_the_middle_of_one, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_hangs_on_the_conversation_is_for_those_behind_whom_is_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(what_one_asks_is_kept_when_another_does, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_an_adapter_makes_of_it_is_kept_with_it_and_goes_with_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_one_askers_own_is_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(
            guides_that_nobody_has_looked_at_for_a_while_are_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(
            one_question_at_a_time_is_sent_to_see_whether_they_still_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(another_edition_of_the_guides_leaves_nothing_of_the_last,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_under_way_when_all_was_cleared_is_not_kept, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_reply_in_use_outlives_the_table_s_interest, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_longest_unused_goes_first, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
