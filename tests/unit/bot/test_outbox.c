/* test_outbox.c: what has to reach another server does, once, in order; or ends as a dead letter that was said. With an
 * adapter that notes what it is given and answers as the test wants. */
#include <errno.h>
#include <stdint.h>

#include "bot/bot.h"
#include "bot/clock.h"
#include "bot/journal.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/store.h"
#include "tests/unit/bot/files.h"

#define MAX_SEEN 64

static struct bot bot;
static struct adapter adapter;
static struct loop_timer *too_late;
static char path[128];

static struct seen {
    int64_t id;
    char lane[16], idem[16];
    int tries;
    bool doubtful;
    uint64_t at_ms;
} seen[MAX_SEEN];
static size_t nseen, wanted;
static struct outbox_outcome outcome[MAX_SEEN]; /* of the n-th attempt */
static bool silent;                             /* says nothing about its attempts */

static void deliver(struct adapter *a, const struct outbox_item *item)
{
    struct seen *s = &seen[nseen];
    *s = (struct seen){.id = item->id,
                       .tries = item->tries,
                       .doubtful = item->doubtful,
                       .at_ms = loop_now_ms(bot.loop)};
    snprintf(s->lane, sizeof s->lane, "%s", item->lane);
    snprintf(s->idem, sizeof s->idem, "%s", item->idem);
    if (!silent)
        outbox_done(a, item->id, &outcome[nseen]);
    if (++nseen == wanted)
        loop_stop(bot.loop);
}

static struct adapter_type type = {.name = "pigeon", .deliver = deliver};

static void give_up(void *ctx)
{
    fail_msg("only %zu of %zu attempts within 20 s", nseen, wanted);
}

static void start(void)
{
    struct journal_options opt = {.path = path, .synchronous = "normal"};
    bot = (struct bot){.adapter = &adapter, .nadapter = 1};
    adapter = (struct adapter){.type = &type, .bot = &bot};
    assert_int_equal(loop_new(&bot.loop), 0);
    assert_int_equal(journal_start(bot.loop, &opt, &bot.journal), 0);
    bot.outbox = outbox_new(&bot);
    too_late = loop_timer(bot.loop, 20000, 0, give_up, NULL);
    outbox_look(bot.outbox);
}

static void stop(void)
{
    loop_timer_stop(too_late);
    journal_stop(bot.journal);
    loop_free(bot.loop);
    outbox_free(bot.outbox);
}

static int set_up(void **state)
{
    if (files_setup(state))
        return -1;
    snprintf(path, sizeof path, "%s/state.db", folder);
    log_set_level(LOG_LEVEL_ERROR);
    memset(outcome, 0, sizeof outcome);
    nseen = 0;
    silent = false;
    type.repeats_safely = false;
    start();
    return 0;
}

static int tear_down(void **state)
{
    stop();
    return files_teardown(state);
}

static void put(const char *lane, const char *idem)
{
    assert_int_equal(outbox_put(&adapter, lane, idem, "body", "note", NULL, NULL), 0);
}

static void run_until(size_t attempts)
{
    wanted = attempts;
    if (nseen < wanted)
        loop_run(bot.loop);
}

static void halt(void *ctx)
{
    loop_stop(bot.loop);
}

static void run_for(uint64_t ms)
{
    wanted = 0;
    struct loop_timer *t = loop_timer(bot.loop, ms, 0, halt, NULL);
    loop_run(bot.loop);
    loop_timer_stop(t);
}

static void each_thing_is_sent_once_in_the_order_of_its_lane(void **state)
{
    put("a", "a1");
    put("a", "a2");
    put("a", "a1"); /* the same once more */
    put("b", "b1");
    run_until(3);
    run_for(100);
    assert_int_equal(nseen, 3);
    const char *before = "";
    for (size_t i = 0; i < 3; i++)
        if (seen[i].lane[0] == 'a') {
            assert_true(strcmp(seen[i].idem, before) > 0);
            before = seen[i].idem;
        }
    struct outbox_stats stats;
    outbox_stats(bot.outbox, &stats);
    assert_int_equal(stats.sent, 3);
    assert_int_equal(stats.waiting, 0);
}

static void a_safe_failure_is_tried_again_and_holds_up_its_own_lane_only(void **state)
{
    outcome[0] = (struct outbox_outcome){.result = OUTBOX_SAFE, .why = "refused"};
    put("a", "a1");
    run_until(1);
    put("a", "a2");
    put("b", "b1");
    run_until(4);
    assert_string_equal(seen[1].idem, "b1");
    assert_string_equal(seen[2].idem, "a1");
    assert_int_equal(seen[2].tries, 1);
    assert_false(seen[2].doubtful);
    assert_in_range(seen[2].at_ms - seen[0].at_ms, 700, 5000);
    assert_string_equal(seen[3].idem, "a2");
}

static void retry_after_is_waited_for_by_whom_it_concerns(void **state)
{
    outcome[0] =
        (struct outbox_outcome){.result = OUTBOX_SAFE, .retry_after_s = 2, .pause_all = true};
    put("a", "a1");
    run_until(1);
    put("b", "b1");
    run_until(3);
    assert_true(seen[1].at_ms - seen[0].at_ms >= 2000);
    assert_true(seen[2].at_ms - seen[0].at_ms >= 2000);
}

static void what_may_have_arrived_is_looked_for_first(void **state)
{
    outcome[0].result = OUTBOX_AMBIGUOUS;
    outcome[1].result = OUTBOX_SAFE; /* could not even look: the doubt stays */
    put("a", "a1");
    run_until(3);
    assert_false(seen[0].doubtful);
    assert_true(seen[1].doubtful);
    assert_true(seen[2].doubtful);
}

static void a_dead_letter_lets_the_next_one_pass(void **state)
{
    outcome[0] = (struct outbox_outcome){.result = OUTBOX_PERMANENT, .why = "no such room"};
    put("a", "a1");
    put("a", "a2");
    run_until(2);
    run_for(100);
    assert_string_equal(seen[1].idem, "a2");
    struct outbox_stats stats;
    outbox_stats(bot.outbox, &stats);
    assert_int_equal(stats.dead, 1);
    stop();
    struct store *s;
    enum store_outbox_state how;
    char *remote;
    assert_int_equal(store_open(path, "normal", &s), 0);
    assert_int_equal(store_out_state(s, "pigeon", "a1", &how, &remote), 0);
    assert_int_equal(how, OUTBOX_DEAD);
    free(remote);
    store_close(s);
    start();
}

static void what_was_being_sent_when_we_ended_is_doubtful_and_the_rest_is_not(void **state)
{
    silent = true;
    put("a", "a1");
    put("a", "a2");
    run_until(1);
    stop();
    silent = false;
    start();
    run_until(3);
    assert_string_equal(seen[1].idem, "a1");
    assert_true(seen[1].doubtful);
    assert_string_equal(seen[2].idem, "a2");
    assert_false(seen[2].doubtful);
    run_for(100);
    stop();
    start();
    run_for(200);
    assert_int_equal(nseen, 3); /* it is over */
}

static void a_clock_that_was_set_back_meanwhile_holds_up_no_first_attempt(void **state)
{
    stop();
    struct store *s;
    int64_t id, later = clock_wall_ms() + 3600 * 1000;
    struct store_outgoing o = {.adapter = type.name,
                               .lane = "a",
                               .idem = "a1",
                               .at_ms = later,
                               .next_ms = later,
                               .body = "body"};
    assert_int_equal(store_open(path, "normal", &s), 0);
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_put_out(s, &o, &id), 0);
    assert_int_equal(store_commit(s), 0);
    store_close(s);
    start();
    run_until(1);
    assert_string_equal(seen[0].idem, "a1");
}

static void whose_network_knows_repetitions_is_never_in_doubt(void **state)
{
    type.repeats_safely = true;
    silent = true;
    put("a", "a1");
    run_until(1);
    stop();
    silent = false;
    outcome[1].result = OUTBOX_AMBIGUOUS;
    start();
    run_until(3);
    assert_false(seen[1].doubtful);
    assert_false(seen[2].doubtful);
}

static int64_t found_turn;
static int found_err;

static void on_found(void *ctx, int err, int64_t turn, const char *note)
{
    found_err = err;
    found_turn = turn;
    if (!err)
        assert_string_equal(note, "note");
    loop_stop(bot.loop);
}

static void what_was_delivered_is_found_by_the_other_sides_name(void **state)
{
    outcome[0] = (struct outbox_outcome){.result = OUTBOX_SENT, .remote = "1700.42"};
    put("a", "a1");
    run_until(1);
    run_for(100);
    assert_int_equal(outbox_find(&adapter, "a", "1700.42", on_found, NULL), 0);
    loop_run(bot.loop);
    assert_int_equal(found_err, 0);
    assert_int_equal(outbox_find(&adapter, "a", "1700.43", on_found, NULL), 0);
    loop_run(bot.loop);
    assert_int_equal(found_err, -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_thing_is_sent_once_in_the_order_of_its_lane),
        TEST(a_safe_failure_is_tried_again_and_holds_up_its_own_lane_only),
        TEST(retry_after_is_waited_for_by_whom_it_concerns),
        TEST(what_may_have_arrived_is_looked_for_first),
        TEST(a_dead_letter_lets_the_next_one_pass),
        TEST(what_was_being_sent_when_we_ended_is_doubtful_and_the_rest_is_not),
        TEST(a_clock_that_was_set_back_meanwhile_holds_up_no_first_attempt),
        TEST(whose_network_knows_repetitions_is_never_in_doubt),
        TEST(what_was_delivered_is_found_by_the_other_sides_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
