/* test_matrix_event.c: who is answered and what was asked, event by event; and JSON from strangers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"

static struct pool *pool;
static const struct matrix_self self = {.user = "@qabot:hs.test", .name = "Q&A Bot"};
static const char *const ignore[] = {"@_slack_*", NULL};
static const struct matrix_gate gate = {.self = &self, .command = "!ask", .ignore = ignore};

static int set_up(void **state)
{
    pool = pool_new();
    return 0;
}

static int tear_down(void **state)
{
    pool_free(pool);
    return 0;
}

static struct matrix_event event(const char *type, const char *content, const char *more)
{
    struct matrix_event ev;
    const char *json = pool_printf(pool,
                                   "{\"type\":\"%s\",\"event_id\":\"$e\",\"room_id\":\"!r\","
                                   "\"sender\":\"@alice:hs.test\",\"origin_server_ts\":5,"
                                   "\"content\":{%s}%s}",
                                   type, content, more);
    assert_int_equal(matrix_event_read(pool, json, strlen(json), &gate, &ev), 0);
    return ev;
}

static struct matrix_event message(const char *content)
{
    return event("m.room.message", pool_printf(pool, "\"msgtype\":\"m.text\",%s", content), "");
}

static void expect(const char *content, bool named, const char *text)
{
    struct matrix_event ev = message(content);
    assert_int_equal(ev.kind, MATRIX_MESSAGE);
    assert_string_equal(ev.text, text);
    assert_int_equal(ev.named, named);
}

static void a_list_of_mentions_decides_when_it_is_there(void **state)
{
    expect("\"body\":\"Q&A Bot: how?\",\"m.mentions\":{\"user_ids\":[\"@qabot:hs.test\"]}", true,
           "how?");
    expect("\"body\":\"Q&A Bot: how?\",\"m.mentions\":{}", false, "Q&A Bot: how?");
    expect("\"body\":\"Q&A Bot: how?\",\"m.mentions\":{\"user_ids\":[\"@QABOT:hs.test\"]}", false,
           "Q&A Bot: how?");
    expect("\"body\":\"hi\",\"m.mentions\":{\"room\":true}", false, "hi");
    expect("\"body\":\"see https://x.example/qabot\",\"m.mentions\":{}", false,
           "see https://x.example/qabot");
    expect("\"body\":\"[Q&A Bot](https://matrix.to/#/@qabot:hs.test): how?\","
           "\"m.mentions\":{\"user_ids\":[\"@qabot:hs.test\"]}",
           true, "how?");
}

static void old_clients_name_us_by_a_link_or_at_the_beginning(void **state)
{
    static const char *const bodies[] = {"@qabot:hs.test how?", "Q&A Bot: how?", "@Q&A Bot, how?",
                                         "q&a bot how?",        "qabot; how?",   "@qabot how?",
                                         "qabot: how?",         "QABOT! how?"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect(pool_printf(pool, "\"body\":\"%s\"", bodies[i]), true, "how?");
    expect("\"body\":\"how? The Helper\",\"formatted_body\":\"how? <a "
           "href=\\\"https://matrix.to/#/@qabot:hs.test\\\">The Helper</a>\"",
           true, "how? The Helper");
    expect(
        "\"body\":\"x\",\"formatted_body\":\"<a href='https://matrix.to/#/%40qabot%3Ahs.test'>\"",
        true, "x");
}

static void names_that_only_begin_like_ours_are_not_ours(void **state)
{
    static const char *const bodies[] = {"qabottle how?", "qabot.example.org is down", "ask qabot",
                                         "qabot-2: how?", "I like Q&A Bot"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        expect(pool_printf(pool, "\"body\":\"%s\"", bodies[i]), false, bodies[i]);
    expect("\"body\":\"x\",\"formatted_body\":\"<a "
           "href=\\\"https://matrix.to/#/@qabot:hs.test2\\\">\"",
           false, "x");
    expect("\"body\":\"x\",\"formatted_body\":\"https://matrix.to/#/@qabot:hs.test\"", false, "x");
}

static void a_quote_is_left_out_only_in_a_reply(void **state)
{
    const char *reply = "\"m.relates_to\":{\"m.in_reply_to\":{\"event_id\":\"$a\"}}";
    expect(pool_printf(pool, "\"body\":\"> <@qabot:hs.test> !ask x\\n> y\\n\\nand z?\",%s", reply),
           false, "and z?");
    expect("\"body\":\"> quoted by hand\\n\\nand z?\"", false, "> quoted by hand\n\nand z?");
    expect(pool_printf(pool,
                       "\"body\":\"> old\\n\\nhm\",\"formatted_body\":\"<mx-reply><a "
                       "href=\\\"https://matrix.to/#/@qabot:hs.test\\\">b</a></mx-reply>hm\",%s",
                       reply),
           false, "hm");
    assert_string_equal(message(pool_printf(pool, "\"body\":\"x\",%s", reply)).reply_to, "$a");
}

static void a_thread_is_its_root_and_its_fallback_is_no_reply(void **state)
{
    struct matrix_event ev =
        message("\"body\":\"x\",\"m.relates_to\":{\"rel_type\":\"m.thread\",\"event_id\":\"$root\","
                "\"is_falling_back\":true,\"m.in_reply_to\":{\"event_id\":\"$last\"}}");
    assert_string_equal(ev.thread, "$root");
    assert_string_equal(ev.reply_to, "");
}

static void a_command_is_a_word_of_its_own(void **state)
{
    expect("\"body\":\"!ask how?\"", true, "how?");
    expect("\"body\":\"!ASK\\nhow?\",\"m.mentions\":{}", true, "how?");
    expect("\"body\":\"!asking how?\"", false, "!asking how?");
}

static void notices_ignored_users_and_other_types_are_nothing(void **state)
{
    assert_int_equal(
        event("m.room.message", "\"msgtype\":\"m.notice\",\"body\":\"qabot: x\"", "").kind,
        MATRIX_NOTHING);
    assert_int_equal(event("m.room.message", "\"msgtype\":\"m.image\",\"body\":\"x\"", "").kind,
                     MATRIX_NOTHING);
    assert_int_equal(event("m.room.message", "\"msgtype\":\"m.text\",\"body\":5", "").kind,
                     MATRIX_NOTHING);
    assert_int_equal(event("m.room.message", "", "").kind, MATRIX_NOTHING);
    assert_int_equal(
        event("m.room.message", "\"msgtype\":\"m.text\",\"body\":\"x\"", ",\"state_key\":\"\"")
            .kind,
        MATRIX_NOTHING);
    assert_int_equal(event("m.sticker", "\"body\":\"x\"", "").kind, MATRIX_NOTHING);
    static const char ours[] =
        "{\"type\":\"m.room.message\",\"event_id\":\"$e\",\"room_id\":\"!r\","
        "\"sender\":\"%s\",\"content\":{\"msgtype\":\"m.text\",\"body\":\"x\"}}";
    static const char *const senders[] = {"@qabot:hs.test", "@_slack_U1:hs.test"};
    for (size_t i = 0; i < 2; i++) {
        struct matrix_event ev;
        char json[512];
        snprintf(json, sizeof json, ours, senders[i]);
        assert_int_equal(matrix_event_read(pool, json, strlen(json), &gate, &ev), 0);
        assert_int_equal(ev.kind, MATRIX_NOTHING);
    }
}

static void an_edit_is_no_message(void **state)
{
    struct matrix_event ev =
        message("\"body\":\"* b\",\"m.new_content\":{\"msgtype\":\"m.text\",\"body\":\"qabot: b\"},"
                "\"m.relates_to\":{\"rel_type\":\"m.replace\",\"event_id\":\"$q\"}");
    assert_int_equal(ev.kind, MATRIX_EDIT);
    assert_string_equal(ev.target, "$q");
    assert_string_equal(ev.text, "b");
    ev = message(
        "\"body\":\"* b\",\"m.relates_to\":{\"rel_type\":\"m.replace\",\"event_id\":\"$q\"}");
    assert_int_equal(ev.kind, MATRIX_NOTHING);
}

static void thumbs_are_thumbs_in_every_skin(void **state)
{
    assert_int_equal(matrix_event_vote("\xF0\x9F\x91\x8D"), 1);
    assert_int_equal(matrix_event_vote("\xF0\x9F\x91\x8D\xEF\xB8\x8F"), 1);
    assert_int_equal(matrix_event_vote("\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD"), 1);
    assert_int_equal(matrix_event_vote("\xE2\x9D\xA4\xEF\xB8\x8F"), 1);
    assert_int_equal(matrix_event_vote("\xF0\x9F\x91\x8E"), -1);
    assert_int_equal(matrix_event_vote("\xF0\x9F\x91\x80"), 0);
    assert_int_equal(matrix_event_vote(""), 0);
    assert_int_equal(matrix_event_vote("\xF0\x9F\x91\x8D and more than that"), 0);
    struct matrix_event ev =
        event("m.reaction",
              "\"m.relates_to\":{\"rel_type\":\"m.annotation\",\"event_id\":\"$a\","
              "\"key\":\"\xF0\x9F\x91\x8E\"}",
              "");
    assert_int_equal(ev.kind, MATRIX_REACTION);
    assert_int_equal(ev.vote, -1);
}

static void a_redaction_says_what_in_either_place(void **state)
{
    assert_string_equal(event("m.room.redaction", "\"redacts\":\"$x\"", "").target, "$x");
    assert_string_equal(event("m.room.redaction", "", ",\"redacts\":\"$y\"").target, "$y");
}

static void rooms_invite_encrypt_and_move(void **state)
{
    struct matrix_event ev =
        event("m.room.member", "\"membership\":\"invite\"",
              ",\"state_key\":\"@qabot:hs.test\",\"unsigned\":{\"invite_room_state\":[{\"type\":"
              "\"m.room.encryption\",\"state_key\":\"\",\"content\":{}}]}");
    assert_int_equal(ev.kind, MATRIX_INVITED);
    assert_true(ev.encrypted);
    assert_int_equal(
        event("m.room.member", "\"membership\":\"ban\"", ",\"state_key\":\"@qabot:hs.test\"").kind,
        MATRIX_LEFT);
    assert_int_equal(
        event("m.room.member", "\"membership\":\"join\"", ",\"state_key\":\"@bob:hs.test\"").kind,
        MATRIX_MEMBER);
    assert_int_equal(event("m.room.encrypted", "\"ciphertext\":\"x\"", "").kind, MATRIX_UNREADABLE);
    assert_int_equal(event("m.room.encryption", "\"algorithm\":\"x\"", ",\"state_key\":\"\"").kind,
                     MATRIX_UNREADABLE);
    assert_string_equal(
        event("m.room.tombstone", "\"replacement_room\":\"!new\"", ",\"state_key\":\"\"").target,
        "!new");
}

static void what_is_no_event_is_said_to_be_none(void **state)
{
    static const char *const bad[] = {
        "", "{", "[]", "5", "{\"type\":5}", "{\"type\":\"m.room.message\",\"event_id\":\"$e\"}"};
    struct matrix_event ev;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(matrix_event_read(pool, bad[i], strlen(bad[i]), &gate, &ev), -EBADMSG);
}

static void one_deep_or_broken_event_does_not_cost_the_others(void **state)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    buf_adds(&b, "{\"events\":[{\"a\":");
    for (int i = 0; i < 500; i++)
        buf_adds(&b, "[");
    for (int i = 0; i < 500; i++)
        buf_adds(&b, "]");
    buf_adds(&b, "},{\"b\":\"\\ud83d \xFF ]}{[\"},{\"c\":\"\\u0000\"}]}");
    cJSON *j = matrix_json_read(b.s, b.len);
    size_t n = 0;
    assert_non_null(j);
    json_array(j, "events", &n);
    assert_int_equal(n, 3);
    json_free(j);
    assert_null(matrix_json_read("{\"events\":[", 11));
    buf_release(&b);
}

static void five_answers_a_minute_and_then_silence(void **state)
{
    struct matrix_breaker *b = NULL;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(matrix_breaker(&b, "!r", "@a", i * 100), MATRIX_GO);
    assert_int_equal(matrix_breaker(&b, "!r", "@b", 600), MATRIX_GO);
    assert_int_equal(matrix_breaker(&b, "!r2", "@a", 600), MATRIX_GO);
    assert_int_equal(matrix_breaker(&b, "!r", "@a", 600), MATRIX_TRIP);
    assert_int_equal(matrix_breaker(&b, "!r", "@a", 700), MATRIX_BROKEN);
    assert_int_equal(matrix_breaker(&b, "!r", "@a", 599000), MATRIX_BROKEN);
    assert_int_equal(matrix_breaker(&b, "!r", "@a", 601000), MATRIX_GO);
    for (unsigned i = 0; i < 50; i++) /* one every 13 s is a person */
        assert_int_equal(matrix_breaker(&b, "!r", "@slow", i * 13000), MATRIX_GO);
    matrix_breaker_free(b);
}

static void how_old_it_is_says_our_homeserver_and_nobody_else(void **state)
{
    static const char body[] = "\"msgtype\":\"m.text\",\"body\":\"x\"";
    assert_int_equal(event("m.room.message", body, "").age_ms, -1);
    assert_int_equal(event("m.room.message", body, ",\"unsigned\":{\"age\":1500}").age_ms, 1500);
    assert_int_equal(event("m.room.message", body, ",\"unsigned\":{\"age\":-7}").age_ms, -1);
    assert_int_equal(event("m.room.message", body, ",\"unsigned\":{\"age\":\"9\"}").age_ms, -1);
    assert_int_equal(event("m.room.message", body, ",\"age\":9").age_ms, -1);
}

static void it_is_an_entry_when_we_were_not_in_before(void **state)
{
    static const struct {
        const char *json;
        bool entry, before_us;
    } cases[] = {
        {"{\"type\":\"m.room.member\",\"state_key\":\"@qabot:hs.test\",\"content\":{\"membership\":"
         "\"join\"},\"unsigned\":{\"membership\":\"join\"}}",
         true, false},
        {"{\"type\":\"m.room.member\",\"state_key\":\"@qabot:hs.test\",\"content\":{\"membership\":"
         "\"join\"},\"unsigned\":{\"prev_content\":{\"membership\":\"invite\"}}}",
         true, false},
        {"{\"type\":\"m.room.member\",\"state_key\":\"@qabot:hs.test\",\"content\":{\"membership\":"
         "\"join\"},\"unsigned\":{\"prev_content\":{\"membership\":\"join\"}}}",
         false, false},
        {"{\"type\":\"m.room.member\",\"state_key\":\"@bob:hs.test\",\"content\":{\"membership\":"
         "\"join\"}}",
         false, false},
        {"{\"type\":\"m.room.message\",\"content\":{},\"unsigned\":{\"membership\":\"invite\"}}",
         false, true},
        {"5", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *j = json_parse(cases[i].json, strlen(cases[i].json));
        assert_int_equal(matrix_event_is_entry(j, &self), cases[i].entry);
        assert_int_equal(matrix_event_before_us(j), cases[i].before_us);
        json_free(j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_old_it_is_says_our_homeserver_and_nobody_else),
        cmocka_unit_test(it_is_an_entry_when_we_were_not_in_before),
        cmocka_unit_test(a_list_of_mentions_decides_when_it_is_there),
        cmocka_unit_test(old_clients_name_us_by_a_link_or_at_the_beginning),
        cmocka_unit_test(names_that_only_begin_like_ours_are_not_ours),
        cmocka_unit_test(a_quote_is_left_out_only_in_a_reply),
        cmocka_unit_test(a_thread_is_its_root_and_its_fallback_is_no_reply),
        cmocka_unit_test(a_command_is_a_word_of_its_own),
        cmocka_unit_test(notices_ignored_users_and_other_types_are_nothing),
        cmocka_unit_test(an_edit_is_no_message),
        cmocka_unit_test(thumbs_are_thumbs_in_every_skin),
        cmocka_unit_test(a_redaction_says_what_in_either_place),
        cmocka_unit_test(rooms_invite_encrypt_and_move),
        cmocka_unit_test(what_is_no_event_is_said_to_be_none),
        cmocka_unit_test(one_deep_or_broken_event_does_not_cost_the_others),
        cmocka_unit_test(five_answers_a_minute_and_then_silence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
