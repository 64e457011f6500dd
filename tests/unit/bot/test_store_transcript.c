/* test_store_transcript.c: numbers without a gap, and erasing that leaves nothing: not in the file, nor beside it. */
#include <errno.h>
#include <stdint.h>

#include "bot/journal.h"
#include "bot/store.h"
#include "tests/unit/bot/files.h"

#define SECRET "my grandmother's maiden name is Fitzgerald-Oyelaran"

static char path[128];
static struct store *s;

static int set_up(void **state)
{
    if (files_setup(state))
        return -1;
    snprintf(path, sizeof path, "%s/state.db", folder);
    assert_int_equal(store_open(path, "full", &s), 0);
    return 0;
}

static int tear_down(void **state)
{
    store_close(s);
    return files_teardown(state);
}

static int append(const char *name, int64_t turn, int64_t at_ms, struct store_conversation *c)
{
    const struct store_event e = {.turn = turn, .body = "\"text\":\"" SECRET "\"", .at_ms = at_ms};
    return store_append(s, "web", name, &e, c);
}

/* A question as a chat asks it: message, event, answer. */
static void converse(const char *name, int64_t at_ms)
{
    char identity[64];
    struct store_conversation c;
    int64_t id;
    bool open;
    snprintf(identity, sizeof identity, "%s:cid", name);
    struct store_message m = {
        .adapter = "web", .identity = identity, .body = SECRET, .at_ms = at_ms};
    struct journal_turn t = {.adapter = "web",
                             .conversation = name,
                             .question = SECRET,
                             .reply_json = "{}",
                             .kind = "none",
                             .at_ms = at_ms};
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(append(name, 0, at_ms, &c), 0);
    m.seq = c.head;
    assert_int_equal(store_take_in(s, &m), 0);
    t.id = m.turn;
    assert_int_equal(store_end_message(s, m.id, INBOX_DONE, &open), 0);
    assert_true(open);
    assert_int_equal(append(name, t.id, at_ms, &c), 0);
    assert_int_equal(store_add_turn(s, &t, &id), 0);
    struct store_vote v = {.turn = id, .voter = name, .v = -1, .text = SECRET, .at_ms = at_ms};
    assert_int_equal(store_vote(s, &v), 0);
    struct store_handoff h = {
        .adapter = "web", .conversation = name, .want = "email", .note = SECRET, .at_ms = at_ms};
    assert_int_equal(store_add_handoff(s, &h), 0);
    assert_int_equal(store_commit(s), 0);
}

static void events_are_numbered_without_a_gap_whatever_is_rolled_back(void **state)
{
    struct store_conversation c;
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(store_begin(s), 0);
        assert_int_equal(append("a", 0, 1, &c), 0);
        assert_int_equal(c.head, i);
        store_rollback(s);
        assert_int_equal(store_begin(s), 0);
        assert_int_equal(append("a", 0, 1, &c), 0);
        assert_int_equal(c.head, i);
        assert_int_equal(store_commit(s), 0);
    }
}

static void an_erased_conversation_leaves_nothing_and_takes_nothing(void **state)
{
    struct store_conversation c;
    converse("erased", 1);
    converse("kept", 1);
    assert_true(file_holds(path, "", SECRET) + file_holds(path, "-wal", SECRET) >= 8);
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_erase(s, "web", "erased", 2), 0);
    assert_int_equal(store_erase(s, "web", "kept", 2), 0);
    assert_int_equal(store_commit(s), 0);
    assert_int_equal(file_holds(path, "", "Fitzgerald"), 0);
    assert_int_equal(file_holds(path, "-wal", "Fitzgerald"), 0);
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(append("erased", 0, 3, &c), -ESTALE);
    assert_int_equal(store_conversation(s, "web", "erased", &c), 0);
    assert_true(c.erased);
    store_rollback(s);
}

/* What others ask, too, is not theirs alone. */
static void an_ignored_question_goes_with_the_last_who_asked_it(void **state)
{
    converse("a", 1);
    converse("b", 1);
    struct journal_turn alone = {.adapter = "web",
                                 .conversation = "",
                                 .question = SECRET "?",
                                 .reply_json = "{}",
                                 .kind = "none",
                                 .at_ms = 1};
    int64_t id;
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_add_turn(s, &alone, &id), 0);
    assert_true(store_ignore(s, SECRET, "ana", 1) >= 0);
    assert_int_equal(store_commit(s), 0);
    assert_true(file_holds(path, "", "fitzgerald") + file_holds(path, "-wal", "fitzgerald") > 0);
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_erase(s, "web", "a", 2), 0);
    assert_int_equal(store_erase(s, "web", "b", 2), 0);
    assert_int_equal(store_commit(s), 0);
    assert_true(file_holds(path, "", "fitzgerald") > 0);
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_erase_turn(s, id), 0);
    assert_int_equal(store_commit(s), 0);
    assert_int_equal(file_holds(path, "", "fitzgerald") + file_holds(path, "-wal", "fitzgerald"),
                     0);
}

static void where_a_person_answers_the_bot_is_silent(void **state)
{
    struct store_conversation c;
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(append("a", 0, 1, &c), 0);
    assert_int_equal(store_set_mode(s, c.id, MODE_HUMAN), 0);
    assert_int_equal(append("a", 7, 1, &c), -ESTALE);
    assert_int_equal(append("a", 0, 1, &c), 0);
    assert_int_equal(c.head, 2);
    assert_int_equal(store_commit(s), 0);
}

static void old_conversations_go_whole_and_a_few_at_a_time(void **state)
{
    struct store_conversation c;
    char name[16];
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "c%d", i);
        converse(name, i < 7 ? 100 : 900);
    }
    assert_int_equal(store_forget_transcripts(s, 500, 5), 5);
    assert_int_equal(store_forget_transcripts(s, 500, 5), 2);
    assert_int_equal(store_forget_transcripts(s, 500, 5), 0);
    assert_int_equal(store_conversation(s, "web", "c3", &c), -ENOENT);
    assert_int_equal(store_conversation(s, "web", "c8", &c), 0);
    assert_int_equal(c.head, 2);
}

/* It is in the inbox until the last repetition of it can have come, and open ones stay. */
static void messages_that_are_over_go_and_open_ones_stay(void **state)
{
    struct store_message over = {
        .adapter = "web", .identity = "a:1", .body = "x", .at_ms = 1, .state = INBOX_DONE};
    struct store_message open = {.adapter = "web", .identity = "a:2", .body = "x", .at_ms = 1};
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_take_in(s, &over), 0);
    assert_int_equal(store_take_in(s, &open), 0);
    assert_int_equal(store_commit(s), 0);
    assert_true(store_forget_mail(s, 100, 10) > 0);
    assert_int_equal(store_find_message(s, &over), 0);
    assert_false(over.known);
    assert_int_equal(store_find_message(s, &open), 0);
    assert_true(open.known);
}

static void the_same_message_saying_something_else_is_a_conflict(void **state)
{
    struct store_message m = {.adapter = "web", .identity = "a:1", .body = "x", .digest = 5};
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_take_in(s, &m), 0);
    struct store_message again = {.adapter = "web", .identity = "a:1", .digest = 5};
    assert_int_equal(store_find_message(s, &again), 0);
    assert_true(again.known && !again.conflict);
    assert_int_equal(again.turn, m.turn);
    again.digest = 6;
    assert_int_equal(store_find_message(s, &again), 0);
    assert_true(again.conflict);
    assert_int_equal(store_commit(s), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_are_numbered_without_a_gap_whatever_is_rolled_back),
        TEST(an_erased_conversation_leaves_nothing_and_takes_nothing),
        TEST(an_ignored_question_goes_with_the_last_who_asked_it),
        TEST(where_a_person_answers_the_bot_is_silent),
        TEST(old_conversations_go_whole_and_a_few_at_a_time),
        TEST(messages_that_are_over_go_and_open_ones_stay),
        TEST(the_same_message_saying_something_else_is_a_conflict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
