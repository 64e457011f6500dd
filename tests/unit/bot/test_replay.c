/* test_replay.c: asked again the answers are the same, however many threads ask; what is known is not asked; and it can be stopped. */
#include "files.h"

#include "bot/answer.h"
#include "bot/replay.h"
#include "bot/smalltalk.h"
#include "kb/pool.h"

static const char guide[] = "- id: pay\n  q: How are musicians paid?\n  a: Monthly.\n- id: hall\n  "
                            "q: Where is the hall?\n  a: Here.\n";
static const char *const questions[] = {"how are musicians paid", "where is the hall",
                                        "what does a quark weigh", "hello", "musician"};
#define N (sizeof questions / sizeof *questions)

static struct pool *pool;
static struct smalltalk *talk;
static char db[128];

static void index_text(const char *text)
{
    const char *path = file_with("music.faq.yaml", text);
    struct kb_sources src = {.path = &path, .n = 1};
    struct kb_report report = {0};
    assert_int_equal(kb_index(db, &src, &report), 0);
    kb_report_release(&report);
}

static int setup(void **state)
{
    struct kb_report report = {0};
    if (files_setup(state))
        return -1;
    snprintf(db, sizeof db, "%s/index.db", folder);
    pool = pool_new();
    index_text(guide);
    return smalltalk_read(NULL, &talk, &report);
}

static int teardown(void **state)
{
    smalltalk_free(talk);
    pool_free(pool);
    return files_teardown(state);
}

static struct replay of(struct replayed *answer)
{
    return (struct replay){
        .db = db, .talk = talk, .question = questions, .answer = answer, .n = N, .pool = pool};
}

static void it_is_what_a_visitor_is_answered(void **state)
{
    struct replayed a[N] = {0}, b[N] = {0};
    struct replay first = of(a), again = of(b);
    assert_int_equal(replay_run(&first), 0);
    assert_int_equal(a[0].kind, REPLY_ANSWER);
    assert_string_equal(a[0].passage, "music#pay");
    assert_string_equal(a[0].label, "How are musicians paid?");
    assert_int_equal(a[2].kind, REPLY_NONE);
    assert_string_equal(a[2].unknown, "quark");
    assert_int_equal(a[3].kind, REPLY_CHITCHAT);
    assert_int_equal(replay_run(&again), 0);
    for (size_t i = 0; i < N; i++)
        assert_false(replayed_differs(&a[i], &b[i]));
}

static void an_edit_shows_where_it_counts(void **state)
{
    struct replayed a[N] = {0}, b[N] = {0};
    struct replay before = of(a), after = of(b);
    assert_int_equal(replay_run(&before), 0);
    index_text("- id: pay\n  q: How are musicians paid?\n  a: Weekly.\n- id: hall\n  q: Where is "
               "the hall?\n  a: Here.\n");
    assert_int_equal(replay_run(&after), 0);
    assert_true(replayed_differs(&a[0], &b[0])); /* other words */
    assert_false(replayed_differs(&a[1], &b[1]));
    assert_false(replayed_differs(&a[2], &b[2]));
}

static void what_is_remembered_is_not_asked_until_the_base_changes(void **state)
{
    struct replay_memory *m = replay_memory_new();
    struct replayed a[N] = {0}, b[N] = {0}, c[N] = {0};
    struct replay first = of(a), second = of(b), third = of(c);
    replay_recall(m, "1", &first);
    assert_false(a[0].known);
    assert_int_equal(replay_run(&first), 0);
    replay_keep(m, &first);
    replay_recall(m, "1", &second);
    second.db = "/nowhere"; /* nothing has to be asked */
    second.trials = NULL;
    for (size_t i = 0; i < N; i++) {
        assert_true(b[i].known);
        assert_false(replayed_differs(&a[i], &b[i]));
    }
    replay_recall(m, "2", &third);
    assert_false(c[0].known);
    replay_memory_free(m);
}

static void it_can_be_stopped(void **state)
{
    struct replayed a[N] = {0};
    struct replay_progress p = {.stop = true};
    struct replay r = of(a);
    r.progress = &p;
    assert_int_equal(replay_run(&r), REPLAY_STOPPED);
    assert_false(a[0].known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_what_a_visitor_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(an_edit_shows_where_it_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_remembered_is_not_asked_until_the_base_changes,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(it_can_be_stopped, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
