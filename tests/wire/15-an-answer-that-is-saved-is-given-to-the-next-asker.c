/* Fix it in one move. A question nobody could answer is answered by staff; before it is saved they see what it changes, and from then
 * on everybody who asks is answered, within a second. So are those who link, name a synonym, redirect; what is ignored does not come
 * back; and what was saved can be taken back. Files written by hand keep every other byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/fake/wire.h"
#include "tests/wire/harness/command.h"
#include "tests/wire/harness/fix.h"
#include "tests/wire/harness/staff.h"

#define BY_HAND                                                                                    \
    "# Looked after by Ann.\n"                                                                     \
    "- id: pay   # never rename\n"                                                                 \
    "  q: 'How are musicians paid?'\n"                                                             \
    "  a: |\n"                                                                                     \
    "    Monthly.\n"                                                                               \
    "  # seen by Ben\n"

static struct slack_wire slack;
static struct wire *w;
static struct person eda, anna;

static int setup(void **state)
{
    slack = slack_wire_start("channels: [C1=named]", false);
    w = slack.w;
    staff_user(w, "add", "editor", "eda");
    staff_user(w, "add", "agent", "anna");
    eda = staff_login(w, "eda");
    anna = staff_login(w, "anna");
    fix_write(w, "guides/hand.faq.yaml", BY_HAND);
    fix_write(w, "synonyms.yaml", "# ours\n- words: [pay, salary]\n");
    wire_signal(w, 1); /* SIGHUP: there is a file of synonyms now */
    assert_true(fix_answers(w, "How are musicians paid?", "Monthly", 8000));
    return 0;
}

static int teardown(void **state)
{
    slack_wire_stop(&slack);
    return 0;
}

static int open_tickets(const char *question)
{
    cJSON *j = staff_get(w, &anna, "queue?what=open");
    const cJSON *t;
    int n = 0;
    cJSON_ArrayForEach(t, cJSON_GetObjectItem(j, "tickets")) n +=
        !strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(t, "question")), question);
    cJSON_Delete(j);
    return n;
}

#define ORCHESTRA "When does the orchestra rehearse?"
#define DRAFT(more)                                                                                \
    "{\"kind\":\"answer\",\"entry\":{\"question\":\"" ORCHESTRA                                    \
    "\",\"aka\":[\"rehearsal times of the orchestra\"],"                                           \
    "\"answer\":\"On **Tuesdays** at noon.\",\"tests\":[\"when are orchestra rehearsals\"]}" more  \
    "}"

static void what_an_edit_changes_is_shown_before_and_answered_after(void **state)
{
    int id = staff_unanswered(w, ORCHESTRA), twin = staff_unanswered(w, ORCHESTRA);
    staff_unanswered(w, "what does a quark weigh on jupiter");
    cJSON *p = fix_job(w, &anna, "preview", DRAFT("")), *q = cJSON_GetObjectItem(p, "questions");
    assert_int_equal(cJSON_GetObjectItem(q, "n")->valueint,
                     3); /* distinct ones, with that of setup() */
    assert_int_equal(cJSON_GetObjectItem(q, "changed")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(q, "asked")->valueint, 2);
    assert_int_equal(cJSON_GetObjectItem(q, "better")->valueint, 1);
    cJSON *change = cJSON_GetArrayItem(cJSON_GetObjectItem(p, "changes"), 0);
    assert_string_equal(fix_text(change, "verdict"), "better");
    assert_string_equal(fix_text(change, "question"), ORCHESTRA);
    assert_string_equal(fix_text(cJSON_GetObjectItem(change, "before"), "kind"), "none");
    assert_string_equal(fix_text(cJSON_GetObjectItem(change, "after"), "kind"), "answer");
    cJSON *tests = cJSON_GetObjectItem(p, "tests");
    assert_int_equal(cJSON_GetObjectItem(tests, "n")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(tests, "regress")->valueint, 0);
    assert_string_equal(fix_text(p, "name"), "when-does-the-orchestra-rehearse");
    /* nothing is saved yet */
    assert_false(fix_answers(w, ORCHESTRA, "Tuesdays", 0));
    char body[1000];
    snprintf(body, sizeof body, DRAFT(",\"digest\":\"%s\",\"ticket\":%d"), fix_text(p, "digest"),
             id);
    cJSON_Delete(p);
    assert_int_equal(staff_post(w, &anna, "save", body),
                     403); /* an agent proposes, an editor saves */

    cJSON *s = fix_job(w, &eda, "save", body);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(s, "live")));
    assert_in_range(cJSON_GetObjectItem(s, "ms")->valueint, 0, (int)(1000 * wire_slack()));
    assert_true(fix_answers(w, ORCHESTRA, "Tuesdays", 0)); /* at once: it said that it is live */
    assert_true(fix_answers(w, "rehearsal times of the orchestra", "Tuesdays", 0));
    /* all three tickets are closed, for it was asked once more, and nobody else's */
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(s, "closed")), 3);
    assert_int_equal(open_tickets(ORCHESTRA), 0);
    assert_true(open_tickets("what does a quark weigh on jupiter") > 0);
    cJSON_Delete(s);
    (void)twin;
    assert_true(
        staff_audited(w, "\"actor\":\"eda\",\"role\":\"editor\",\"action\":\"content.answer\""));
    char *file = fix_read(w, "guides/staff.faq.yaml");
    assert_non_null(strstr(
        file, "- id: when-does-the-orchestra-rehearse\n  q: When does the orchestra rehearse?\n"));
    assert_non_null(strstr(file, "  a: |\n    On **Tuesdays** at noon.\n"));
    free(file);
}

static void a_chat_that_is_open_is_answered_with_it_too(void **state)
{
    struct client *c = wire_chat(w);
    client_text(c, "{\"t\":\"ask\",\"cid\":\"o\",\"text\":\"" ORCHESTRA "\"}");
    for (bool heard = false; !heard;) {
        struct message m;
        client_message(c, 8000, false, &m);
        assert_int_equal(m.opcode, WS_TEXT);
        heard = strstr(m.s, "Tuesdays") != NULL;
        message_release(&m);
    }
    client_close(c);
}

static void so_is_who_asks_in_slack(void **state)
{
    uint64_t begun = client_now_ms();
    slack_wire_send(&slack,
                    fake_slack_mention("Ev1", "U1", "1699000001.000100", "<@UBOT> " ORCHESTRA, ""));
    while (!fake_slack_posts(slack.fake) && client_now_ms() - begun < 8000)
        usleep(5000);
    assert_in_range(client_now_ms() - begun, 0, 1000 * wire_slack());
    slack_wire_expect(&slack, 1);
    assert_non_null(strstr(fake_slack_post(slack.fake, 0).text, "Tuesdays"));
}

/* Preview, and save what it was a preview of; for a ticket, or 0. */
static cJSON *saved_for(const char *draft, int ticket)
{
    cJSON *p = fix_job(w, &eda, "preview", draft);
    size_t len = strlen(draft);
    char for_ticket[40] = "", *body = malloc(len + 140);
    if (ticket)
        snprintf(for_ticket, sizeof for_ticket, ",\"ticket\":%d", ticket);
    snprintf(body, len + 140, "%.*s,\"digest\":\"%s\"%s}", (int)len - 1, draft,
             fix_text(p, "digest"), for_ticket);
    cJSON *s = fix_job(w, &eda, "save", body);
    free(body);
    cJSON_Delete(p);
    return s;
}

static cJSON *saved(const char *draft)
{
    return saved_for(draft, 0);
}

static void a_link_is_one_line_more_in_a_file_that_somebody_wrote(void **state)
{
    const char *question = "do flute players get wages";
    assert_false(fix_answers(w, question, "Monthly", 0));
    cJSON_Delete(saved("{\"kind\":\"link\",\"id\":\"pay\",\"question\":\"do flute players get "
                       "wages\",\"test\":true}"));
    assert_true(fix_answers(w, question, "Monthly", 0));
    char *file = fix_read(w, "guides/hand.faq.yaml");
    assert_string_equal(file, "# Looked after by Ann.\n"
                              "- id: pay   # never rename\n"
                              "  q: 'How are musicians paid?'\n"
                              "  aka:\n"
                              "    - do flute players get wages\n"
                              "  a: |\n"
                              "    Monthly.\n"
                              "  tests:\n"
                              "    - do flute players get wages\n"
                              "  # seen by Ben\n");
    free(file);
}

static void a_synonym_answers_what_has_its_word(void **state)
{
    assert_false(fix_answers(w, "How are trombonists paid?", "Monthly", 0));
    cJSON_Delete(saved("{\"kind\":\"synonym\",\"from\":[\"trombonists\"],\"to\":[\"musicians\"]}"));
    assert_true(fix_answers(w, "How are trombonists paid?", "Monthly", 0));
    char *file = fix_read(w, "synonyms.yaml");
    assert_string_equal(
        file, "# ours\n- words: [pay, salary]\n- from: [trombonists]\n  to: [musicians]\n");
    free(file);
    cJSON *g = staff_get(w, &anna, "synonyms");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(g, "groups")), 2);
    cJSON_Delete(g);
}

static void a_redirect_says_where_to_go(void **state)
{
    cJSON_Delete(saved("{\"kind\":\"redirect\",\"entry\":{\"question\":\"How do I rent a concert "
                       "hall?\",\"answer\":\"That is the town's: ask "
                       "them.\",\"url\":\"https://town.example/halls\"}}"));
    assert_true(fix_answers(w, "How do I rent a concert hall?", "the town's", 0));
    char *why = NULL;
    assert_string_equal(
        fix_fails(
            w, &eda, "preview",
            "{\"kind\":\"redirect\",\"entry\":{\"question\":\"Where?\",\"answer\":\"There.\"}}",
            &why),
        "bad_request");
    assert_non_null(strstr(why, "https://"));
    free(why);
}

static void what_is_ignored_does_not_come_back(void **state)
{
    int id = staff_unanswered(w, "who won the football game?");
    staff_unanswered(w, "Who won the football game");
    char body[60];
    snprintf(body, sizeof body, "{\"id\":%d}", id);
    cJSON *j = staff_ask(w, &anna, "ignore", body);
    assert_int_equal(cJSON_GetObjectItem(j, "closed")->valueint, 2);
    cJSON_Delete(j);
    staff_unanswered(w, "WHO WON the football game?!");
    assert_int_equal(open_tickets("WHO WON the football game?!"), 0);
    assert_int_equal(open_tickets("who won the football game?"), 0);
}

static void what_was_saved_can_be_taken_back_byte_by_byte(void **state)
{
    char *before = fix_read(w, "guides/hand.faq.yaml");
    cJSON *s = saved("{\"kind\":\"edit\",\"id\":\"pay\",\"entry\":{\"answer\":\"Weekly.\"}}");
    assert_true(fix_answers(w, "How are musicians paid?", "Weekly", 0));
    char body[60];
    snprintf(body, sizeof body, "{\"edit\":%d}", cJSON_GetObjectItem(s, "edit")->valueint);
    cJSON_Delete(s);
    cJSON_Delete(fix_job(w, &eda, "take-back", body));
    assert_true(fix_answers(w, "How are musicians paid?", "Monthly", 0));
    char *after = fix_read(w, "guides/hand.faq.yaml");
    assert_string_equal(after, before);
    assert_string_equal(fix_fails(w, &eda, "take-back", body, NULL), "bad_request");
    free(before);
    free(after);
}

static void what_is_retired_is_not_answered_and_still_there(void **state)
{
    cJSON_Delete(saved("{\"kind\":\"answer\",\"entry\":{\"question\":\"Is there a "
                       "choir?\",\"answer\":\"Yes, on Fridays.\"}}"));
    assert_true(fix_answers(w, "Is there a choir?", "Fridays", 0));
    cJSON_Delete(saved("{\"kind\":\"retire\",\"id\":\"is-there-a-choir\"}"));
    assert_false(fix_answers(w, "Is there a choir?", "Fridays", 0));
    cJSON *j = staff_get(w, &anna, "answers?q=choir"),
          *one = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "answers"), 0);
    assert_string_equal(fix_text(one, "status"), "draft");
    cJSON_Delete(j);
    cJSON_Delete(
        saved("{\"kind\":\"edit\",\"id\":\"is-there-a-choir\",\"entry\":{\"status\":\"\"}}"));
    assert_true(fix_answers(w, "Is there a choir?", "Fridays", 0));
}

static void a_proposal_names_the_word_that_is_missing(void **state)
{
    assert_false(fix_answers(w, "how are oboists paid", "Monthly", 0));
    cJSON *p = fix_job(w, &anna, "propose", "{\"question\":\"how are oboists paid\"}");
    cJSON *list = cJSON_GetObjectItem(p, "proposals"), *one = cJSON_GetArrayItem(list, 0);
    assert_non_null(one);
    assert_int_equal(cJSON_GetObjectItem(one, "breaks")->valueint, 0);
    assert_true(cJSON_GetObjectItem(one, "fixes")->valueint >= 1);
    char *draft = cJSON_PrintUnformatted(cJSON_GetObjectItem(one, "draft"));
    cJSON_Delete(saved(draft));
    assert_true(fix_answers(w, "how are oboists paid", "Monthly", 0));
    cJSON_free(draft);
    cJSON_Delete(p);
}

/* Until one of them has this in it; false: nothing comes any more. */
static bool hears(struct client *c, const char *part)
{
    for (;;) {
        struct message m;
        client_message(c, 8000, false, &m);
        bool over = m.opcode != WS_TEXT, heard = !over && strstr(m.s, part);
        message_release(&m);
        if (over || heard)
            return heard;
    }
}

static int waiting_for_a_person(void)
{
    cJSON *j = staff_get(w, &anna, "queue?what=person");
    cJSON *t = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "tickets"), 0);
    int id = t ? cJSON_GetObjectItem(t, "id")->valueint : 0;
    cJSON_Delete(j);
    return id;
}

static void who_waits_for_a_person_is_told_the_answer(void **state)
{
    static const char draft[] = "{\"kind\":\"answer\",\"entry\":{\"question\":\"Who conducts the "
                                "brass band?\",\"answer\":\"**Zora** does.\"}}";
    struct client *c = wire_chat(w);
    client_text(c, "{\"t\":\"ask\",\"cid\":\"b\",\"text\":\"Who conducts the brass band?\"}");
    assert_true(hears(c, "\"answer\""));
    client_text(c, "{\"t\":\"handoff\",\"cid\":\"h\",\"want\":\"live\"}");
    assert_true(hears(c, "\"queued\""));
    int id = waiting_for_a_person();
    assert_true(id);
    cJSON *p = saved_for(draft, id);
    assert_int_equal(cJSON_GetObjectItem(p, "told")->valueint, 1);
    cJSON_Delete(p);
    assert_true(hears(c, "Zora does."));
    assert_true(hears(c, "\"ended\""));
    assert_int_equal(waiting_for_a_person(), 0);
    struct command_result r; /* what was said to somebody is on record, not only what was saved */
    command_run(&r, NULL, "audit", "export", "-c", staff_config(w), NULL);
    assert_non_null(strstr(r.out, "\"live.reply\""));
    command_release(&r);
    client_text(c, "{\"t\":\"ask\",\"cid\":\"b2\",\"text\":\"Who conducts the brass band?\"}");
    assert_true(hears(c, "Zora")); /* the bot has the conversation again, and knows */
    client_close(c);
}

/* Saved for later it answers nobody, and what it was written for stays open, however that came; published it is their answer. */
static void what_waited_for_a_draft_is_answered_when_it_is_published(void **state)
{
    static const char draft[] =
        "{\"kind\":\"answer\",\"entry\":{\"question\":\"Who tunes the "
        "harpsichord?\",\"answer\":\"**Yorick** does.\",\"status\":\"draft\"}}";
    struct client *c = wire_chat(w);
    char body[400];
    client_text(c, "{\"t\":\"ask\",\"cid\":\"b\",\"text\":\"How are musicians paid?\"}");
    assert_true(hears(c, "\"answer\"")); /* answered, and not what they wanted to know */
    client_text(c, "{\"t\":\"handoff\",\"cid\":\"h\",\"want\":\"live\"}");
    assert_true(hears(c, "\"queued\""));
    int id = waiting_for_a_person();
    assert_true(id);
    cJSON *p = saved_for(draft, id);
    assert_int_equal(cJSON_GetObjectItem(p, "told")->valueint, 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(p, "closed")), 0);
    char name[100];
    snprintf(name, sizeof name, "%s", fix_text(p, "name"));
    cJSON_Delete(p);
    assert_int_equal(waiting_for_a_person(), id);
    snprintf(body, sizeof body, "{\"kind\":\"edit\",\"id\":\"%s\",\"entry\":{\"status\":\"\"}}",
             name);
    p = saved(body);
    assert_int_equal(cJSON_GetObjectItem(p, "told")->valueint, 1);
    assert_int_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(p, "closed"), 0)->valueint, id);
    cJSON_Delete(p);
    assert_true(hears(c, "Yorick does."));
    assert_true(hears(c, "\"ended\""));
    assert_int_equal(waiting_for_a_person(), 0);
    client_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_edit_changes_is_shown_before_and_answered_after),
        cmocka_unit_test(a_chat_that_is_open_is_answered_with_it_too),
        cmocka_unit_test(so_is_who_asks_in_slack),
        cmocka_unit_test(a_link_is_one_line_more_in_a_file_that_somebody_wrote),
        cmocka_unit_test(a_synonym_answers_what_has_its_word),
        cmocka_unit_test(a_redirect_says_where_to_go),
        cmocka_unit_test(what_is_ignored_does_not_come_back),
        cmocka_unit_test(what_was_saved_can_be_taken_back_byte_by_byte),
        cmocka_unit_test(what_is_retired_is_not_answered_and_still_there),
        cmocka_unit_test(a_proposal_names_the_word_that_is_missing),
        cmocka_unit_test(who_waits_for_a_person_is_told_the_answer),
        cmocka_unit_test(what_waited_for_a_draft_is_answered_when_it_is_published),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
