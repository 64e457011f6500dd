/* test_work.c: every question given to the threads is answered once, on the loop, whatever happens meanwhile. The
 * small talk stands in for a knowledge base: it needs no index. */
#include <errno.h>
#include <stdbool.h>

#include "bot/answer.h"
#include "bot/limits.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/smalltalk.h"
#include "bot/work.h"
#include "kb/pool.h"
#include "tests/unit/bot/files.h"

static struct loop *loop;
static struct loop_timer *too_late;
static char db[128];

static void give_up(void *ctx)
{
    fail_msg("nothing came within 20 s");
}

static int set_up(void **state)
{
    if (files_setup(state) || loop_new(&loop))
        return -1;
    too_late = loop_timer(loop, 20000, 0, give_up, NULL);
    snprintf(db, sizeof db, "%s/index.db", folder); /* there is none */
    log_set_level(LOG_LEVEL_ERROR);
    return 0;
}

static int tear_down(void **state)
{
    loop_timer_stop(too_late);
    loop_free(loop);
    return files_teardown(state);
}

static struct smalltalk *talk_saying(const char *reply)
{
    char yaml[200];
    struct kb_report report = {0};
    struct smalltalk *talk = NULL;
    snprintf(yaml, sizeof yaml, "- id: greeting\n  say: [hello]\n  reply: %s\n", reply);
    assert_int_equal(smalltalk_read(file_with("talk.yaml", yaml), &talk, &report), 0);
    kb_report_release(&report);
    return talk;
}

static struct work *start(size_t threads, const char *reply)
{
    struct work *w = NULL;
    assert_int_equal(work_start(loop, db, talk_saying(reply), threads, &w), 0);
    return w;
}

/* One question: its memory, and what became of it. */
struct asked {
    struct pool *pool;
    int answers;
    enum reply_kind kind;
    char text[100];
};

static size_t outstanding;

static void on_done(void *ctx, const struct reply *reply)
{
    struct asked *a = ctx;
    a->answers++;
    a->kind = reply->kind;
    snprintf(a->text, sizeof a->text, "%s", reply->text);
    pool_free(a->pool);
    if (--outstanding == 0)
        loop_stop(loop);
}

static int ask(struct work *w, struct asked *a, const char *text)
{
    *a = (struct asked){.pool = pool_new()};
    struct question q = {.text = pool_strdup(a->pool, text), .len = strlen(text)};
    int err = work_ask(w, a->pool, &q, on_done, NULL, a);
    if (err)
        pool_free(a->pool);
    else
        outstanding++;
    return err;
}

static void every_question_is_answered_once(void **state)
{
    static struct asked a[400];
    struct work *w = start(4, "Good day!");
    for (int i = 0; i < 400; i++)
        assert_int_equal(ask(w, &a[i], "hello"), 0);
    loop_run(loop);
    for (int i = 0; i < 400; i++) {
        assert_int_equal(a[i].answers, 1);
        assert_string_equal(a[i].text, "Good day!");
    }
    assert_int_equal(work_waiting(w), 0);
    work_stop(w);
}

static void without_an_index_the_reply_says_so_politely(void **state)
{
    struct asked a;
    struct work *w = start(1, "Hi");
    assert_int_equal(ask(w, &a, "what does it pay"), 0);
    loop_run(loop);
    assert_int_equal(a.kind, REPLY_NONE);
    assert_true(strlen(a.text) > 10);
    work_stop(w);
}

static void beyond_the_limit_it_is_busy_and_below_it_takes_on_again(void **state)
{
    static struct asked a[MAX_QUEUE + 10];
    struct work *w = start(1, "Hi");
    size_t taken = 0;
    while (taken < MAX_QUEUE + 10 && !ask(w, &a[taken], "hello"))
        taken++;
    assert_true(taken >= MAX_QUEUE || work_waiting(w) < MAX_QUEUE);
    loop_run(loop);
    assert_int_equal(ask(w, &a[0], "hello"), 0);
    loop_run(loop);
    work_stop(w);
}

static void what_waits_at_the_end_gets_an_apology(void **state)
{
    static struct asked a[200];
    struct work *w = start(1, "Hi");
    for (int i = 0; i < 200; i++)
        assert_int_equal(ask(w, &a[i], "hello"), 0);
    work_stop(w); /* some are answered and posted, the rest are answered here */
    if (outstanding)
        loop_run(loop);
    for (int i = 0; i < 200; i++)
        assert_int_equal(a[i].answers, 1);
}

static void new_small_talk_is_used_from_the_next_question_on(void **state)
{
    struct asked a[2];
    struct work *w = start(3, "Old");
    assert_int_equal(ask(w, &a[0], "hello"), 0);
    loop_run(loop);
    for (int i = 0; i < 20; i++) /* again and again, also while threads are busy with it */
        work_set_smalltalk(w, talk_saying(i < 19 ? "Older" : "New"));
    assert_int_equal(ask(w, &a[1], "hello"), 0);
    loop_run(loop);
    assert_string_equal(a[0].text, "Old");
    assert_string_equal(a[1].text, "New");
    work_stop(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

struct looked {
    struct pool *pool;
    int looks, dones;
    bool base;
};

static void on_look(struct kb *kb, void *ctx)
{
    struct looked *l = ctx;
    l->looks++;
    l->base = kb != NULL;
}

static void on_look_done(void *ctx)
{
    struct looked *l = ctx;
    l->dones++;
    pool_free(l->pool);
    if (--outstanding == 0)
        loop_stop(loop);
}

static void a_look_happens_once_and_is_reported_on_the_loop(void **state)
{
    static struct looked l[100];
    struct work *w = start(4, "Hi");
    for (int i = 0; i < 100; i++) {
        l[i] = (struct looked){.pool = pool_new(), .base = true};
        outstanding++;
        assert_int_equal(work_look(w, l[i].pool, on_look, on_look_done, &l[i]), 0);
    }
    loop_run(loop);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(l[i].looks, 1);
        assert_int_equal(l[i].dones, 1);
        assert_false(l[i].base); /* there is none here */
    }
    work_stop(w);
}

static void a_look_that_nobody_waits_for_any_more_leaves_nothing_behind(void **state)
{
    static struct looked l[50];
    struct work *w = start(1, "Hi");
    for (int i = 0; i < 50; i++) {
        l[i] = (struct looked){.pool = pool_new()};
        assert_int_equal(work_look(w, l[i].pool, on_look, on_look_done, &l[i]), 0);
    }
    work_stop(w);
    for (int i = 0; i < 50; i++)
        assert_int_equal(l[i].dones, 0); /* the pools are freed: LeakSanitizer would say so */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_question_is_answered_once),
        TEST(without_an_index_the_reply_says_so_politely),
        TEST(beyond_the_limit_it_is_busy_and_below_it_takes_on_again),
        TEST(what_waits_at_the_end_gets_an_apology),
        TEST(new_small_talk_is_used_from_the_next_question_on),
        TEST(a_look_happens_once_and_is_reported_on_the_loop),
        TEST(a_look_that_nobody_waits_for_any_more_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
