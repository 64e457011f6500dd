/* test_session.c: what is remembered of a conversation, and how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "bot/answer.h"
#include "bot/limits.h"
#include "bot/session.h"

static struct sessions *all;
static struct pool *pool;

static int setup(void **state)
{
    all = sessions_new();
    pool = pool_new();
    return 0;
}

static int teardown(void **state)
{
    sessions_free(all);
    pool_free(pool);
    return 0;
}

static struct question recall(const struct session *s, const char *text)
{
    struct question q = {0};
    session_recall(s, text, pool, &q);
    return q;
}

static const char *meant(const struct session *s, const char *text)
{
    return recall(s, text).text;
}

static size_t messages_before(const struct session *s)
{
    return recall(s, "").nbefore;
}

static void offer(struct session *s, const char *question, const char *first, const char *second)
{
    const char *choice[] = {first}, *suggestion[] = {second};
    struct reply r = {.kind = REPLY_CHOICES,
                      .choice = choice,
                      .nchoice = first != NULL,
                      .suggestion = suggestion,
                      .nsuggestion = second != NULL};
    session_tell(s, question, &r);
}

static void the_same_id_is_the_same_conversation(void **state)
{
    struct session *s = session_get(all, "a", 1);
    assert_ptr_equal(session_get(all, "a", 2), s);
    assert_ptr_not_equal(session_get(all, "b", 2), s);
    assert_int_equal(sessions_count(all), 2);
}

static void earlier_messages_are_context_oldest_first_and_limited(void **state)
{
    struct session *s = session_get(all, "a", 1);
    char text[16];
    for (int i = 0; i < MAX_SESSION_TURNS + 2; i++) {
        snprintf(text, sizeof text, "m%d", i);
        offer(s, text, NULL, NULL);
    }
    assert_int_equal(messages_before(s), MAX_SESSION_TURNS);
    assert_string_equal(recall(s, "").before[0], "m2");
}

static void a_bare_number_is_the_choice_or_suggestion_of_that_number(void **state)
{
    struct session *s = session_get(all, "a", 1);
    offer(s, "q", "first", "second");
    assert_string_equal(meant(s, "1"), "first");
    assert_string_equal(meant(s, " 2. "), "second");
    assert_string_equal(meant(s, "#2"), "second");
    assert_string_equal(meant(s, "(2)"), "second");
}

static void other_texts_mean_themselves(void **state)
{
    struct session *s = session_get(all, "a", 1);
    const char *same[] = {"3", "0", "2 years", "1a", "", "12345678901", "one", "-1"};
    assert_string_equal(meant(s, "1"), "1");
    offer(s, "q", "first", "second");
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_string_equal(meant(s, same[i]), same[i]);
    assert_true(session_is_number("2)"));
    assert_false(session_is_number("2 or 3"));
}

static void what_was_picked_is_remembered_and_its_reply_offers_anew(void **state)
{
    struct session *s = session_get(all, "a", 1);
    offer(s, "q", "first", "second");
    offer(s, meant(s, "1"), "third", NULL);
    assert_int_equal(messages_before(s), 2);
    assert_string_equal(recall(s, "").before[1], "first");
    assert_string_equal(meant(s, "1"), "third");
}

static void thanks_in_between_do_not_take_the_list_away(void **state)
{
    struct session *s = session_get(all, "a", 1);
    struct reply chat = {.kind = REPLY_CHITCHAT};
    offer(s, "q", "first", NULL);
    session_tell(s, "thanks", &chat);
    assert_string_equal(meant(s, "1"), "first");
    offer(s, "q2", NULL, NULL);
    assert_string_equal(meant(s, "1"), "1");
}

static void a_number_on_no_list_takes_nothing_away(void **state)
{
    struct session *s = session_get(all, "a", 1);
    offer(s, "pay", "Pay of welders", "Pay of bakers");
    offer(s, "7", NULL, NULL);
    assert_string_equal(meant(s, "2"), "Pay of bakers");
    assert_int_equal(messages_before(s), 1);
}

static void silence_ends_a_conversation(void **state)
{
    offer(session_get(all, "a", 10), "q", "first", NULL);
    sessions_expire(all, 10 + SESSION_IDLE_S - 1);
    assert_int_equal(sessions_count(all), 1);
    session_get(all, "a", 20);
    sessions_expire(all, 10 + SESSION_IDLE_S);
    assert_int_equal(sessions_count(all), 1);
    sessions_expire(all, 20 + SESSION_IDLE_S);
    assert_int_equal(sessions_count(all), 0);
    assert_int_equal(messages_before(session_get(all, "a", 20 + SESSION_IDLE_S)), 0);
}

static void at_the_ceiling_the_longest_silent_goes_first(void **state)
{
    char id[32];
    offer(session_get(all, "first", 1), "q", NULL, NULL);
    offer(session_get(all, "second", 1), "q", NULL, NULL);
    session_get(all, "first", 2);
    for (int i = 0; i < MAX_SESSIONS - 1; i++) {
        snprintf(id, sizeof id, "id%d", i);
        session_get(all, id, 3);
    }
    assert_int_equal(sessions_count(all), MAX_SESSIONS);
    assert_int_equal(messages_before(session_get(all, "first", 4)), 1);
    assert_int_equal(messages_before(session_get(all, "second", 4)), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_id_is_the_same_conversation),
        TEST(earlier_messages_are_context_oldest_first_and_limited),
        TEST(a_bare_number_is_the_choice_or_suggestion_of_that_number),
        TEST(other_texts_mean_themselves),
        TEST(what_was_picked_is_remembered_and_its_reply_offers_anew),
        TEST(thanks_in_between_do_not_take_the_list_away),
        TEST(a_number_on_no_list_takes_nothing_away),
        TEST(silence_ends_a_conversation),
        TEST(at_the_ceiling_the_longest_silent_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
