/* test_inbox.c: a message is on disk before its receipt, known again however often it comes, and dealt with once. With an
 * adapter that notes what it is handed and ends it as the test wants. */
#include <errno.h>
#include <stdint.h>

#include <sqlite3.h>

#include "bot/bot.h"
#include "bot/journal.h"
#include "bot/limits.h"
#include "bot/log.h"
#include "bot/loop.h"
#include "bot/must.h"
#include "tests/unit/bot/files.h"

#define MAX_SEEN 16

static struct bot bot;
static struct adapter adapter;
static struct loop_timer *too_late;
static char path[128];

static struct inbox_receipt receipt[MAX_SEEN];
static struct seen {
    int64_t id, seq;
    int tries;
    char identity[32], body[32];
} seen[MAX_SEEN];
static size_t nreceipt, nseen, nevent, nreplied;
static int64_t last_seq;
static char last_reply[64];
static bool leave_open;

/* In place of turn.c: a question that is asked as "known" has its reply. */
struct turn {
    struct inbox_reply reply;
    struct journal_turn row;
    char body[64];
};
static size_t nforeseen, nanswered, nforgotten;

struct turn *turn_foresee(struct adapter *a, const struct inbound *in)
{
    nforeseen++;
    if (strcmp(in->text, "known"))
        return NULL;
    struct turn *t = must(calloc(1, sizeof *t));
    t->row = (struct journal_turn){.adapter = a->type->name,
                                   .conversation = "a",
                                   .question = "known",
                                   .reply_json = "{}",
                                   .kind = "answer"};
    t->reply = (struct inbox_reply){.turn = &t->row, .conversation = "a"};
    return t;
}

const struct inbox_reply *turn_write(struct turn *t, int64_t id, int64_t seq)
{
    t->row.id = id;
    snprintf(t->body, sizeof t->body, "\"re\":%lld,\"id\":%lld", (long long)seq, (long long)id);
    t->reply.body = t->body;
    return &t->reply;
}

void turn_foreseen(struct turn *t, bool answered)
{
    *(answered ? &nanswered : &nforgotten) += 1;
    free(t);
}

static void on_message(struct adapter *a, const struct inbox_item *item)
{
    struct seen *s = &seen[nseen++];
    *s = (struct seen){.id = item->id, .seq = item->seq, .tries = item->tries};
    snprintf(s->identity, sizeof s->identity, "%s", item->identity);
    snprintf(s->body, sizeof s->body, "%s", item->body);
    if (!leave_open)
        inbox_end(a, item->id, INBOX_WAS_DONE);
}

static void on_event(struct adapter *a, const char *conversation,
                     const struct transcript_event *event)
{
    if (!strncmp(event->body, "\"re\"", 4)) { /* a reply; see above */
        snprintf(last_reply, sizeof last_reply, "%s", event->body);
        assert_int_equal(event->seq, last_seq + 1);
        nreplied++;
    } else { /* everybody sees the question before it is dealt with */
        assert_int_equal(nseen + nreplied, nevent++);
    }
    last_seq = event->seq;
}

static struct adapter_type type = {
    .name = "pigeon", .on_message = on_message, .on_event = on_event, .has_transcripts = true};

static void give_up(void *ctx)
{
    fail_msg("nothing happened for 20 s");
}

static void start(void)
{
    struct journal_options opt = {.path = path, .synchronous = "normal"};
    bot = (struct bot){.adapter = &adapter, .nadapter = 1};
    adapter = (struct adapter){.type = &type, .bot = &bot};
    assert_int_equal(loop_new(&bot.loop), 0);
    assert_int_equal(journal_start(bot.loop, &opt, &bot.journal), 0);
    bot.inbox = inbox_new(&bot);
    too_late = loop_timer(bot.loop, 20000, 0, give_up, NULL);
    nreceipt = nseen = nevent = nreplied = nforeseen = nanswered = nforgotten = 0;
    *last_reply = '\0';
}

static void stop(void)
{
    loop_timer_stop(too_late);
    journal_stop(bot.journal);
    loop_free(bot.loop);
    inbox_free(bot.inbox);
}

static int set_up(void **state)
{
    if (files_setup(state))
        return -1;
    snprintf(path, sizeof path, "%s/state.db", folder);
    log_set_level(LOG_LEVEL_ERROR);
    leave_open = false;
    last_seq = 0;
    start();
    return 0;
}

static int tear_down(void **state)
{
    stop();
    return files_teardown(state);
}

static void halt(void *ctx)
{
    loop_stop(bot.loop);
}

static void on_receipt(void *ctx, const struct inbox_receipt *r)
{
    receipt[nreceipt++] = *r;
}

static void on_last_receipt(void *ctx, const struct inbox_receipt *r)
{
    on_receipt(ctx, r);
    loop_post(bot.loop, halt, NULL, NULL); /* behind what follows from it */
}

/* Put it in and wait until its receipt is here, and what follows from that. */
static const struct inbox_receipt *put(const struct inbox_message *m)
{
    assert_int_equal(inbox_put(&adapter, m, on_last_receipt, NULL), 0);
    loop_run(bot.loop);
    return &receipt[nreceipt - 1];
}

static void a_message_is_dealt_with_once_however_often_it_comes(void **state)
{
    const struct inbox_message m = {.identity = "a:1", .body = "hello"};
    struct inbox_receipt first = *put(&m);
    assert_int_equal(first.err, 0);
    assert_false(first.known);
    assert_true(first.id > 0 && first.turn > 0);
    for (int i = 0; i < 3; i++) {
        const struct inbox_receipt *again = put(&m);
        assert_true(again->known && !again->conflict);
        assert_int_equal(again->turn, first.turn);
    }
    assert_int_equal(nseen, 1);
    assert_string_equal(seen[0].body, "hello");
    struct inbox_stats stats;
    inbox_stats(bot.inbox, &stats);
    assert_int_equal(stats.taken, 1);
    assert_int_equal(stats.again, 3);
    assert_int_equal(inbox_open(bot.inbox), 0);
}

static void two_copies_in_one_batch_are_one_message(void **state)
{
    const struct inbox_message m = {.identity = "a:1", .body = "hello"};
    assert_int_equal(inbox_put(&adapter, &m, on_receipt, NULL), 0);
    assert_int_equal(inbox_arriving(bot.inbox), 1);
    put(&m);
    assert_int_equal(nreceipt, 2);
    assert_false(receipt[0].known);
    assert_true(receipt[1].known);
    assert_int_equal(nseen, 1);
}

static void the_same_name_for_something_else_is_a_conflict(void **state)
{
    put(&(struct inbox_message){.identity = "a:1", .body = "hello"});
    const struct inbox_receipt *r =
        put(&(struct inbox_message){.identity = "a:1", .body = "goodbye"});
    assert_true(r->known && r->conflict);
    assert_int_equal(nseen, 1);
}

static void events_are_numbered_without_a_gap_and_only_once(void **state)
{
    const char *const name[] = {"a:1", "a:2", "a:1", "a:3"};
    const int64_t seq[] = {1, 2, 1, 3};
    for (size_t i = 0; i < 4; i++) {
        const struct inbox_receipt *r = put(&(struct inbox_message){
            .identity = name[i], .body = name[i], .conversation = "a", .event = "\"t\":\"msg\""});
        assert_int_equal(r->seq, seq[i]);
    }
    assert_int_equal(nevent, 3);
    assert_int_equal(last_seq, 3);
    assert_int_equal(seen[2].seq, 3);
}

static void a_vote_on_nothing_is_refused_and_leaves_nothing(void **state)
{
    const struct inbox_vote vote = {.re = 7, .v = 1, .voter = "a"};
    const struct inbox_message m = {.identity = "a:1",
                                    .body = "vote",
                                    .conversation = "a",
                                    .event = "\"t\":\"fb\"",
                                    .vote = &vote,
                                    .over = true};
    assert_int_equal(put(&m)->err, -ENOENT);
    assert_int_equal(put(&m)->err, -ENOENT); /* not known: it was never taken */
    assert_int_equal(nevent, 0);
    struct inbox_stats stats;
    inbox_stats(bot.inbox, &stats);
    assert_int_equal(stats.failed, 2);
    assert_int_equal(stats.taken, 0);
}

/* The journal may be writing down what follows from the last receipt: it is waited for. */
static sqlite3 *open_file(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

static int number_in_file(const char *sql)
{
    sqlite3_stmt *st;
    sqlite3 *db = open_file();
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    int n = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

static struct inbox_message question(const char *identity, const char *text)
{
    static struct inbound in;
    in = (struct inbound){.text = text, .len = strlen(text), .conversation = "a", .lane = "a"};
    return (struct inbox_message){.identity = identity,
                                  .body = text,
                                  .conversation = "a",
                                  .event = "\"t\":\"msg\"",
                                  .ask = &in};
}

static void a_reply_that_is_known_is_written_with_its_question(void **state)
{
    char reply[64];
    const struct inbox_message m = question("a:1", "known");
    struct inbox_receipt first = *put(&m);
    assert_int_equal(first.err, 0);
    assert_int_equal(first.seq, 1);
    assert_int_equal(last_seq, 2);
    snprintf(reply, sizeof reply, "\"re\":1,\"id\":%lld", (long long)first.turn);
    assert_string_equal(last_reply, reply);
    assert_int_equal(nseen, 0); /* there is nothing left to do */
    assert_int_equal(nanswered, 1);
    assert_int_equal(inbox_open(bot.inbox), 0);
    assert_int_equal(number_in_file("SELECT state = 1 AND body IS NULL FROM inbox"), 1);
    assert_int_equal(number_in_file("SELECT id FROM turns"), first.turn);
    assert_int_equal(number_in_file("SELECT turn FROM events WHERE seq = 2"), first.turn);

    assert_true(put(&m)->known);
    assert_int_equal(receipt[nreceipt - 1].turn, first.turn);
    assert_int_equal(nforgotten, 1);
    assert_int_equal(number_in_file("SELECT count(*) FROM events"), 2);
    assert_int_equal(number_in_file("SELECT count(*) FROM turns"), 1);
    stop();
    start();
    inbox_recover(bot.inbox);
    put(&(struct inbox_message){.identity = "sync", .body = "", .over = true});
    assert_int_equal(nseen, 0);
}

static void no_reply_overtakes_one_that_waits_for_its_commit(void **state)
{
    struct inbox_message m = question("a:1", "unknown");
    assert_int_equal(inbox_put(&adapter, &m, on_receipt, NULL), 0);
    m = question("a:2", "known");
    put(&m);
    assert_int_equal(nforeseen, 1); /* the first one, and it was not */
    assert_int_equal(nseen, 2);
    m = question("a:3", "known");
    put(&m);
    assert_int_equal(nanswered, 1);
    assert_int_equal(nseen, 2);
}

static void a_reply_that_is_known_is_not_the_bots_to_give_where_a_person_answers(void **state)
{
    struct inbox_message m = question("a:1", "unknown");
    put(&m);
    assert_int_equal(number_in_file("UPDATE conversations SET mode = 2 RETURNING mode"), 2);
    m = question("a:2", "known");
    assert_int_equal(put(&m)->err, 0);
    assert_int_equal(nanswered, 0);
    assert_int_equal(nforgotten, 1);
    assert_int_equal(nseen, 1);
    assert_int_equal(last_seq, 2);
    assert_int_equal(number_in_file("SELECT count(*) FROM turns"), 0);

    assert_int_equal(number_in_file("UPDATE conversations SET erased = 1 RETURNING erased"), 1);
    m = question("a:3", "known");
    assert_int_equal(put(&m)->err, -ESTALE);
    assert_int_equal(nforgotten, 2);
    assert_int_equal(last_seq, 2);
}

/* As if all of it had come so much earlier. */
static void age(long long ms)
{
    char sql[96];
    sqlite3 *db = open_file();
    snprintf(sql, sizeof sql, "UPDATE inbox SET at_ms = at_ms - %lld", ms);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void what_was_open_comes_back_after_a_restart_and_counts_its_tries(void **state)
{
    leave_open = true;
    put(&(struct inbox_message){.identity = "a:1", .body = "hello"});
    assert_int_equal(inbox_open(bot.inbox), 1);
    const int last = 4 * INBOX_TRIES; /* somebody is in a hurry to end us: not its fault */
    for (int starts = 1; starts <= last; starts++) {
        stop();
        if (starts == last)
            age(INBOX_GIVE_UP_MS);
        start();
        inbox_recover(bot.inbox);
        put(&(struct inbox_message){.identity = "sync", .body = "", .over = true});
        assert_int_equal(nseen, starts < last);
        if (starts == last)
            continue;
        assert_int_equal(seen[0].tries, starts);
        assert_string_equal(seen[0].identity, "a:1");
        assert_string_equal(seen[0].body, "hello");
    }
    struct inbox_stats stats;
    inbox_stats(bot.inbox, &stats);
    assert_int_equal(stats.dead, 1);
    assert_int_equal(inbox_open(bot.inbox), 0);
    assert_true(put(&(struct inbox_message){.identity = "a:1", .body = "hello"})->known);
}

static void what_cannot_be_named_or_is_too_much_is_refused_at_once(void **state)
{
    char longest[MAX_IDENTITY + 2];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    struct inbox_message m = {.body = "hello"};
    assert_int_equal(inbox_put(&adapter, &m, on_receipt, NULL), -EINVAL);
    m.identity = "";
    assert_int_equal(inbox_put(&adapter, &m, on_receipt, NULL), -EINVAL);
    m.identity = longest;
    assert_int_equal(inbox_put(&adapter, &m, on_receipt, NULL), -EINVAL);
    m.identity = "a:1";
    bot.draining = true;
    assert_int_equal(inbox_put(&adapter, &m, on_receipt, NULL), -ESHUTDOWN);
    assert_int_equal(nreceipt, 0);
    assert_int_equal(inbox_arriving(bot.inbox), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_dealt_with_once_however_often_it_comes),
        TEST(two_copies_in_one_batch_are_one_message),
        TEST(the_same_name_for_something_else_is_a_conflict),
        TEST(events_are_numbered_without_a_gap_and_only_once),
        TEST(a_vote_on_nothing_is_refused_and_leaves_nothing),
        TEST(a_reply_that_is_known_is_written_with_its_question),
        TEST(no_reply_overtakes_one_that_waits_for_its_commit),
        TEST(a_reply_that_is_known_is_not_the_bots_to_give_where_a_person_answers),
        TEST(what_was_open_comes_back_after_a_restart_and_counts_its_tries),
        TEST(what_cannot_be_named_or_is_too_much_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
