/* test_store_told.c: what many are told is written once, reads as it was written, and goes with the last who was told: random
 * conversations, erasures, crashes and transactions that are taken back, against a list of what must be there. */
#include <sqlite3.h>
#include <stdint.h>

#include "bot/journal.h"
#include "bot/store.h"
#include "tests/sql.h"
#include "tests/unit/bot/files.h"

#define TEXTS 40
#define MOST  4000 /* turns that a run makes */
#define TALKS 30

static char path[128];
static struct store *s;
static char text[TEXTS][1200]; /* some too short to be shared */

/* What must be there: a turn, with its event when it belongs to a conversation. */
static struct told {
    int64_t id, at_ms;
    int talk; /* 0: a single question */
    int text;
} told[MOST];
static size_t ntold;
static int
    erased[TALKS]; /* how often: a conversation that was erased takes nothing, another one begins */

static uint32_t seed;
static int dice(int n)
{
    seed = seed * 1664525 + 1013904223;
    return (int)((seed >> 8) % (uint32_t)n);
}

static void open_store(void)
{
    assert_int_equal(store_open(path, "normal", &s), 0);
}

static int set_up(void **state)
{
    if (files_setup(state))
        return -1;
    snprintf(path, sizeof path, "%s/state.db", folder);
    for (int i = 0; i < TEXTS; i++) {
        int len = i < 4 ? 40 : 250 + i * 20;
        int n = snprintf(text[i], sizeof text[i], "\"text\":\"number %d ", i);
        memset(text[i] + n, 'a' + i % 26, (size_t)(len - n));
    }
    ntold = 0;
    memset(erased, 0, sizeof erased);
    open_store();
    return 0;
}

static int tear_down(void **state)
{
    store_close(s);
    return files_teardown(state);
}

static void name_of(int talk, char ret[32])
{
    if (talk)
        snprintf(ret, 32, "talk-%d-%d", talk, erased[talk]);
    else
        *ret = '\0';
}

static void body_of(const struct told *t, char *ret, size_t size)
{
    snprintf(ret, size, "\"id\":\"%lld\",%s", (long long)t->id, text[t->text]);
}

/* Somebody is told something, within a transaction. */
static void tell(int64_t at_ms)
{
    char name[32], body[1300];
    struct store_conversation c;
    struct told *t = &told[ntold++];
    assert_true(ntold < MOST);
    *t = (struct told){.talk = dice(TALKS), .text = dice(TEXTS), .at_ms = at_ms};
    name_of(t->talk, name);
    struct journal_turn turn = {.adapter = "web",
                                .conversation = name,
                                .question = "what?",
                                .kind = "answer",
                                .reply_json = text[t->text],
                                .again = dice(8) > 0,
                                .at_ms = at_ms};
    assert_int_equal(store_add_turn(s, &turn, &t->id), 0);
    if (!t->talk)
        return;
    body_of(t, body, sizeof body);
    const struct store_event e = {
        .turn = t->id, .body = body, .told = dice(8) ? strlen(text[t->text]) : 0, .at_ms = at_ms};
    assert_int_equal(store_append(s, "web", name, &e, &c), 0);
}

static void keep(bool (*stays)(const struct told *t, int64_t what), int64_t what)
{
    size_t n = 0;
    for (size_t i = 0; i < ntold; i++)
        if (stays(&told[i], what))
            told[n++] = told[i];
    ntold = n;
}

static bool is_not_of(const struct told *t, int64_t talk)
{
    return t->talk != talk;
}

static bool is_not(const struct told *t, int64_t id)
{
    return t->id != id;
}

static void erase_talk(void)
{
    char name[32];
    int talk = 1 + dice(TALKS - 1);
    name_of(talk, name);
    assert_int_equal(store_erase(s, "web", name, 1), 0);
    keep(is_not_of, talk);
    erased[talk]++;
}

/* By whichever process: the running one, or a command beside it. */
static void erase_single(struct store *by)
{
    for (size_t i = 0; i < ntold; i++)
        if (!told[i].talk) {
            int64_t id = told[i].id;
            assert_int_equal(store_erase_turn(by, id), 0);
            keep(is_not, id);
            return;
        }
}

static int number(const char *sql)
{
    return (int)sql_number(path, sql);
}

static void on_turn(void *ctx, const struct store_exported *e)
{
    size_t *n = ctx;
    assert_true(*n < ntold);
    assert_int_equal(e->turn.id, told[*n].id);
    assert_string_equal(e->turn.reply_json, text[told[*n].text]);
    ++*n;
}

struct seen {
    int talk;
    size_t at;
};

static void on_event(void *ctx, int64_t seq, const char *body, size_t len)
{
    struct seen *seen = ctx;
    char expected[1300];
    (void)seq;
    while (seen->at < ntold && told[seen->at].talk != seen->talk)
        seen->at++;
    assert_true(seen->at < ntold);
    body_of(&told[seen->at++], expected, sizeof expected);
    assert_int_equal(len, strlen(expected));
    assert_string_equal(body, expected);
}

static void check(void)
{
    size_t n = 0;
    assert_int_equal(store_export(s, &(struct store_export){0}, on_turn, &n), 0);
    assert_int_equal(n, ntold);
    for (int talk = 1; talk < TALKS; talk++) {
        char name[32];
        struct store_conversation c;
        struct seen seen = {.talk = talk};
        name_of(talk, name);
        if (!store_conversation(s, "web", name, &c))
            assert_int_equal(store_events(s, c.id, 0, MOST, on_event, &seen), 0);
        while (seen.at < ntold && told[seen.at].talk != talk)
            seen.at++;
        assert_int_equal(seen.at, ntold);
    }
    assert_int_equal(
        number("SELECT count(*) FROM texts x WHERE"
               " ifnull((SELECT n FROM text_uses WHERE text = x.id), 0) <>"
               " (SELECT count(*) FROM turns WHERE told = x.id) + (SELECT count(*) FROM events "
               "WHERE told = x.id)"),
        0);
    assert_int_equal(number("SELECT count(*) FROM text_uses WHERE n <= 0 OR text NOT IN (SELECT id "
                            "FROM texts)"),
                     0);
    assert_int_equal(
        number("SELECT (SELECT count(*) FROM turns WHERE told NOT IN (SELECT id FROM "
               "texts)) + (SELECT count(*) FROM events WHERE told NOT IN (SELECT id FROM texts))"),
        0);
}

/* How many of the texts the file still has. */
static int left_in(const char *suffix)
{
    char start[40];
    int n = 0;
    for (int i = 0; i < TEXTS; i++) {
        snprintf(start, sizeof start, "%.39s", text[i]);
        n += file_holds(path, suffix, start) > 0;
    }
    return n;
}

static void with_another_process(void)
{
    struct store *other;
    assert_int_equal(store_open(path, "normal", &other), 0);
    assert_int_equal(store_begin(other), 0);
    for (int i = 0; i < 40; i++)
        erase_single(other);
    assert_int_equal(store_commit(other), 0);
    store_close(other);
}

static void do_something(void)
{
    size_t before = ntold;
    struct told was[MOST];
    int gone[TALKS];
    memcpy(was, told, sizeof was);
    memcpy(gone, erased, sizeof gone);
    assert_int_equal(store_begin(s), 0);
    for (int n = dice(30); n; n--)
        tell(1000);
    if (!dice(4))
        erase_talk();
    if (!dice(6))
        erase_single(s);
    if (!dice(5)) { /* a part of it is taken back */
        size_t marked = ntold;
        assert_int_equal(store_mark(s), 0);
        tell(1000);
        tell(1000);
        assert_int_equal(store_settle(s, false), 0);
        ntold = marked;
    }
    for (int n = dice(10); n; n--)
        tell(1000);
    if (!dice(5)) {
        if (dice(2)) {
            store_rollback(s);
        } else { /* the power goes: what was not committed has not been */
            store_close(s);
            open_store();
        }
        ntold = before;
        memcpy(told, was, sizeof was);
        memcpy(erased, gone, sizeof gone);
        return;
    }
    assert_int_equal(store_commit(s), 0);
}

static void what_many_are_told_reads_as_written_and_goes_with_the_last(void **state)
{
    (void)state;
    for (uint32_t round = 1; round <= 6; round++) {
        seed = round;
        for (int i = 0; i < 25; i++) {
            do_something();
            if (!dice(8))
                with_another_process();
            check();
        }
        assert_true(number("SELECT count(*) FROM turns WHERE told IS NOT NULL") > 20);
        assert_true(left_in("") + left_in("-wal") >= TEXTS);
        while (ntold) /* in the end all goes, and nothing is left of it */
            if (told[0].talk) {
                char name[32];
                int talk = told[0].talk;
                name_of(talk, name);
                assert_int_equal(store_begin(s), 0);
                assert_int_equal(store_erase(s, "web", name, 1), 0);
                assert_int_equal(store_commit(s), 0);
                keep(is_not_of, talk);
                erased[talk]++;
            } else {
                assert_int_equal(store_begin(s), 0);
                erase_single(s);
                assert_int_equal(store_commit(s), 0);
            }
        check();
        assert_int_equal(number("SELECT count(*) FROM texts"), 0);
        assert_int_equal(left_in("") + left_in("-wal"), 0);
    }
}

static void what_is_told_a_hundred_times_is_one_row(void **state)
{
    (void)state;
    assert_int_equal(store_begin(s), 0);
    for (int i = 0; i < 100; i++) {
        int64_t id;
        struct journal_turn turn = {.adapter = "web",
                                    .conversation = "",
                                    .question = "what?",
                                    .kind = "answer",
                                    .reply_json = text[20],
                                    .again = i > 0,
                                    .at_ms = i};
        assert_int_equal(store_add_turn(s, &turn, &id), 0);
    }
    assert_int_equal(store_commit(s), 0);
    assert_int_equal(number("SELECT count(*) FROM texts"), 1);
    assert_int_equal(number("SELECT n FROM text_uses"), 99);
    assert_int_equal(store_forget_turns(s, 60, 1000), 60); /* by age */
    assert_int_equal(number("SELECT n FROM text_uses"), 40);
    assert_int_equal(store_forget_turns(s, 1000, 1000), 40);
    assert_int_equal(number("SELECT count(*) FROM texts"), 0);
    assert_int_equal(number("SELECT count(*) FROM text_uses"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    if (store_init())
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(what_many_are_told_reads_as_written_and_goes_with_the_last),
        TEST(what_is_told_a_hundred_times_is_one_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
