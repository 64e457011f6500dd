/* Adapters' cases 44, 48 and 49: what people change their minds about. The fake homeserver calls our n-th message "$sent<n>". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "tests/fake/homeserver.h"

#define UP      "\xF0\x9F\x91\x8D"
#define UP_FE0F UP "\xEF\xB8\x8F"
#define DOWN    "\xF0\x9F\x91\x8E"

static struct hs_wire s;

static int set_up(void **state)
{
    s = hs_wire_start(NULL);
    fake_hs_members(s.hs, 2);
    return 0;
}

static int tear_down(void **state)
{
    hs_wire_stop(&s);
    return 0;
}

static void push(const char *id, const char *sender, const char *rest)
{
    char event[4096];
    snprintf(event, sizeof event,
             "{\"event_id\":\"%s\",\"room_id\":\"!r:hs.test\",\"sender\":\"%s\",%s}", id, sender,
             rest);
    assert_int_equal(hs_wire_push(&s, HS_HS_TOKEN, id, event), 200);
}

static void ask(const char *id)
{
    size_t before = fake_hs_sent(s.hs);
    push(id, "@al:hs.test",
         "\"type\":\"m.room.message\",\"content\":{\"msgtype\":\"m.text\",\"body\":\"" WIRE_QUESTION
         "\"}");
    assert_true(fake_hs_wait(s.hs, before + 1, 20000));
}

static void edit(const char *id, const char *sender, const char *target, const char *text)
{
    char rest[2048];
    snprintf(rest, sizeof rest,
             "\"type\":\"m.room.message\",\"content\":{\"msgtype\":\"m.text\",\"body\":\"* %s\","
             "\"m.new_content\":{\"msgtype\":\"m.text\",\"body\":\"%s\"},\"m.relates_to\":{"
             "\"rel_type\":\"m.replace\",\"event_id\":\"%s\"}}",
             text, text, target);
    push(id, sender, rest);
}

static void react(const char *id, const char *target, const char *key)
{
    char rest[1024];
    snprintf(rest, sizeof rest,
             "\"type\":\"m.reaction\",\"content\":{\"m.relates_to\":{\"rel_type\":\"m.annotation\","
             "\"event_id\":\"%s\",\"key\":\"%s\"}}",
             target, key);
    push(id, "@al:hs.test", rest);
}

static void redact(const char *id, const char *target)
{
    char rest[512];
    snprintf(rest, sizeof rest, "\"type\":\"m.room.redaction\",\"redacts\":\"%s\",\"content\":{}",
             target);
    push(id, "@al:hs.test", rest);
}

/* Sum and number of all votes as they stand. */
static bool votes_are(int sum, int n)
{
    char path[512];
    sqlite3 *db;
    sqlite3_stmt *st;
    bool same = false;
    snprintf(path, sizeof path, "%s/data/state.db", s.w->folder);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (uint64_t end = client_now_ms() + 10000; !same && client_now_ms() < end;) {
        assert_int_equal(sqlite3_prepare_v2(db, "SELECT coalesce(sum(v), 0), count(*) FROM votes",
                                            -1, &st, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_step(st), SQLITE_ROW);
        same = sqlite3_column_int(st, 0) == sum && sqlite3_column_int(st, 1) == n;
        sqlite3_finalize(st);
    }
    sqlite3_close(db);
    return same;
}

static void an_edited_question_has_its_answer_changed_in_place(void **state)
{
    ask("$q");
    size_t before = fake_hs_sent(s.hs);
    edit("$e1", "@al:hs.test", "$q", "How long does the training of a lighthouse keeper take?");
    assert_true(fake_hs_wait(s.hs, before + 1, 20000));
    const char *body = fake_hs_body(s.hs, before);
    assert_non_null(strstr(body, "\"rel_type\":\"m.replace\",\"event_id\":\"$sent0\""));
    assert_non_null(strstr(body, "eighteen months"));
    assert_null(strstr(body, "m.in_reply_to"));
    /* Not of somebody else, not of what was no question, and the same edit not again. */
    edit("$e2", "@mallory:hs.test", "$q", WIRE_QUESTION);
    edit("$e3", "@al:hs.test", "$never", "qabot: " WIRE_QUESTION);
    edit("$e1", "@al:hs.test", "$q", "How long does the training of a lighthouse keeper take?");
    assert_true(fake_hs_wait(s.hs, before + 1, 0));
}

static void of_many_thumbs_the_last_one_that_is_left_counts_once(void **state)
{
    react("$r1", "$sent0", UP);
    assert_true(votes_are(1, 1));
    react("$r2", "$sent0", UP_FE0F);
    react("$r3", "$sent0", DOWN);
    assert_true(votes_are(-1, 1));
    redact("$x1", "$r3");
    assert_true(votes_are(1, 1));
    react("$r4", "$unknown", DOWN);
    react("$r5", "$sent0", "\xF0\x9F\x8D\x95");
    assert_true(votes_are(1, 1));
}

static void a_removed_question_takes_its_answer_with_it(void **state)
{
    ask("$q2");
    size_t redacts = fake_hs_calls(s.hs, "/redact/");
    redact("$x2", "$q2");
    assert_true(fake_hs_wait_calls(s.hs, "/redact/", redacts + 1, 10000));
    redact("$x3", "$nothing-of-ours");
    assert_true(fake_hs_wait(s.hs, fake_hs_sent(s.hs), 0));
    assert_int_equal(fake_hs_calls(s.hs, "/redact/"), redacts + 1);
}

static void nothing_that_was_sent_has_a_number_in_it(void **state)
{
    for (size_t i = 0; i < fake_hs_sent(s.hs); i++) {
        bool inside = false;
        for (const char *c = fake_hs_body(s.hs, i); *c; c++) {
            if (*c == '\\' && inside)
                c++;
            else if (*c == '"')
                inside = !inside;
            else if (!inside && strchr("0123456789-", *c))
                fail_msg("a number: %s", fake_hs_body(s.hs, i));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edited_question_has_its_answer_changed_in_place),
        cmocka_unit_test(of_many_thumbs_the_last_one_that_is_left_counts_once),
        cmocka_unit_test(a_removed_question_takes_its_answer_with_it),
        cmocka_unit_test(nothing_that_was_sent_has_a_number_in_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
