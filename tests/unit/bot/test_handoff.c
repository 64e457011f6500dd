/* test_handoff.c: a model of whose a conversation is, and whatever people do to it in any order: the store and the model agree after each
 * step, no question is answered twice, none while a person has it, and each one is answered, a person's, or open still. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "bot/handoff.h"
#include "bot/journal.h"
#include "bot/relay.h"
#include "tests/unit/bot/files.h"

#define TALKS 3
#define STEPS 1500
#define ASKED 64

static char path[128];
static struct store *s;

static int set_up(void **state)
{
    if (files_setup(state))
        return -1;
    snprintf(path, sizeof path, "%s/state.db", folder);
    assert_int_equal(store_open(path, "normal", &s), 0);
    return 0;
}

static int tear_down(void **state)
{
    store_close(s);
    return files_teardown(state);
}

/* ---- the table ---- */

static void nobody_takes_what_another_has_but_on_purpose(void **state)
{
    static const bool of_others[HANDOFF_WHATS] = {
        [HANDOFF_TAKE] = true, [HANDOFF_ROOM] = true, [HANDOFF_LATE] = true};
    struct handoff_step next;
    for (int what = 0; what < HANDOFF_WHATS; what++)
        assert_int_equal(handoff_next(MODE_HUMAN, false, (enum handoff_what)what, &next),
                         of_others[what] ? 0 : -EBUSY);
    assert_int_equal(handoff_next(MODE_BOT, false, HANDOFF_SAY, &next), -EBUSY);
    assert_int_equal(handoff_next(MODE_WAITING, false, HANDOFF_SAY, &next), -EBUSY);
}

static void whoever_leaves_is_announced_and_so_is_whoever_comes(void **state)
{
    struct handoff_step next;
    for (int mode = MODE_BOT; mode <= MODE_HUMAN; mode++)
        for (int what = 0; what < HANDOFF_WHATS; what++)
            for (int mine = 0; mine < 2; mine++) {
                if (handoff_next((enum store_mode)mode, mine, (enum handoff_what)what, &next))
                    continue;
                if (next.mode != (enum store_mode)mode)
                    assert_non_null(next.state);
                if (next.mode == MODE_HUMAN && mode != MODE_HUMAN)
                    assert_int_equal(next.owner, OWNER_COMES);
                if (next.mode != MODE_HUMAN)
                    assert_int_equal(next.owner, OWNER_GOES);
            }
}

/* ---- the model ---- */

enum fate { OPEN, ANSWERED, PERSONS };

struct talk {
    char name[8];
    int64_t id;
    enum store_mode mode;
    const char *owner;
    int n;
    struct {
        int64_t message, turn;
        enum fate fate;
    } q[ASKED];
};

static uint64_t seed = 88172645463325252u;

static unsigned dice(unsigned sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % sides);
}

static int64_t now(void)
{
    static int64_t ms = 1000;
    return ms += 10;
}

/* A question comes in, as inbox.c takes it. */
static void ask(struct talk *t)
{
    struct store_conversation c;
    char identity[40];
    if (t->n == ASKED)
        return;
    snprintf(identity, sizeof identity, "%s:q%d", t->name, t->n);
    struct store_message m = {.adapter = "web", .identity = identity, .body = "?", .at_ms = now()};
    assert_int_equal(
        store_append(s, "web", t->name,
                     &(struct store_event){.turn = 0, .body = "\"t\":\"msg\"", .at_ms = now()}, &c),
        0);
    assert_int_equal(c.mode, t->mode);
    t->id = c.id;
    m.state = c.mode == MODE_HUMAN ? INBOX_DONE : INBOX_OPEN;
    assert_int_equal(store_take_in(s, &m), 0);
    t->q[t->n].message = m.id;
    t->q[t->n].turn = m.turn;
    t->q[t->n++].fate = c.mode == MODE_HUMAN ? PERSONS : OPEN;
}

/* The answer to one of them is ready, perhaps long after. */
static void answer(struct talk *t)
{
    struct store_conversation c;
    bool open;
    int i = t->n ? (int)dice((unsigned)t->n) : -1;
    if (i < 0)
        return;
    assert_int_equal(store_end_message(s, t->q[i].message, INBOX_DONE, &open), 0);
    assert_int_equal(open, t->q[i].fate == OPEN);
    if (!open)
        return;
    assert_int_not_equal(t->mode, MODE_HUMAN); /* what was open then is open no more */
    assert_int_equal(
        store_append(
            s, "web", t->name,
            &(struct store_event){.turn = t->q[i].turn, .body = "\"t\":\"answer\"", .at_ms = now()},
            &c),
        0);
    t->q[i].fate = ANSWERED;
}

static void want(struct talk *t)
{
    static const char *const wants[] = {"live", "cancel", "email"};
    const char *w = wants[dice(3)];
    struct store_conversation c;
    struct store_handoff h = {.adapter = "web", .conversation = t->name, .want = w, .at_ms = now()};
    assert_int_equal(store_add_handoff(s, &h), 0);
    assert_int_equal(
        store_append(s, "web", t->name,
                     &(struct store_event){.turn = 0, .body = "\"t\":\"handoff\"", .at_ms = now()},
                     &c),
        0);
    t->id = c.id;
    assert_int_equal(handoff_want(s, &c, w, "slack:C1", now(), true), 0);
    if (!strcmp(w, "cancel")) {
        t->mode = MODE_BOT;
        t->owner = NULL;
    } else if (!strcmp(w, "live") && t->mode == MODE_BOT) {
        t->mode = MODE_WAITING;
    }
}

static void act(struct talk *t)
{
    static const char *const actors[] = {"ana", "ben", "slack:U1"};
    struct handoff_act a = {.what = (enum handoff_what)dice(HANDOFF_WHATS),
                            .conversation = t->id,
                            .actor = actors[dice(3)],
                            .shown = "Somebody",
                            .text = "words",
                            .at_ms = now()};
    struct handoff_done done = {0};
    struct handoff_step next;
    if (!t->id)
        return;
    if (a.what == HANDOFF_ROOM)
        a.actor = "slack:U1";
    if (a.what == HANDOFF_LATE)
        a.actor = NULL;
    bool mine = a.actor && (strchr(a.actor, ':') || (t->owner && !strcmp(t->owner, a.actor)));
    int err = handoff_next(t->mode, mine, a.what, &next);
    assert_int_equal(handoff_apply(s, &a, &done), err);
    if (!err) {
        for (int i = 0; i < t->n && t->mode != MODE_HUMAN && next.mode == MODE_HUMAN; i++)
            if (t->q[i].fate == OPEN)
                t->q[i].fate = PERSONS;
        assert_int_equal(done.mode, next.mode);
        t->mode = next.mode;
        t->owner = next.owner == OWNER_COMES ? a.actor : next.owner == OWNER_GOES ? NULL : t->owner;
    }
    handoff_done_release(&done);
}

static void agree(const struct talk *t)
{
    struct store_live l = {0};
    if (!t->id)
        return;
    assert_int_equal(store_live(s, t->id, &l), 0);
    assert_int_equal(l.mode, t->mode);
    if (t->owner)
        assert_string_equal(l.owner, t->owner);
    else
        assert_null(l.owner);
    assert_true(l.told <= l.head && l.passed <= l.head && l.until <= l.head);
    store_live_release(&l);
}

static void whatever_happens_no_question_is_answered_twice_or_lost(void **state)
{
    struct talk talk[TALKS] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    int answered = 0, persons = 0, open = 0;
    for (int i = 0; i < STEPS; i++) {
        struct talk *t = &talk[dice(TALKS)];
        assert_int_equal(store_begin(s), 0);
        switch (dice(10)) {
        case 0:
        case 1: ask(t); break;
        case 2:
        case 3:
        case 4: answer(t); break;
        case 5: want(t); break;
        default: act(t);
        }
        agree(t);
        assert_int_equal(store_commit(s), 0);
        if (!dice(40)) { /* another run of the program */
            store_close(s);
            assert_int_equal(store_open(path, "normal", &s), 0);
        }
    }
    for (int k = 0; k < TALKS; k++)
        for (int i = 0; i < talk[k].n; i++) {
            answered += talk[k].q[i].fate == ANSWERED;
            persons += talk[k].q[i].fate == PERSONS;
            open += talk[k].q[i].fate == OPEN;
        }
    assert_true(answered > 10 && persons > 10);
    assert_int_equal(answered + persons + open, talk[0].n + talk[1].n + talk[2].n);
}

/* ---- silence ---- */

static bool is_late(int64_t silent_ms)
{
    int64_t id;
    int n = store_live_late(s, "web", 0, silent_ms, &id, 1);
    assert_true(n >= 0);
    return n;
}

static void more_questions_do_not_put_off_the_end_of_a_silence(void **state)
{
    struct talk t = {.name = "a"};
    struct store_live l = {0};
    assert_int_equal(store_begin(s), 0);
    want(&t);
    while (t.mode != MODE_WAITING)
        want(&t);
    assert_int_equal(store_live(s, t.id, &l), 0);
    l.mode = MODE_HUMAN;
    l.since_ms = 1000;
    l.asker_ms = l.staff_ms = 0;
    assert_int_equal(store_put_live(s, &l), 0);
    store_live_release(&l);
    assert_int_equal(store_live_asked(s, t.id, 2000), 0);
    assert_int_equal(store_live_asked(s, t.id, 3000), 0);
    assert_false(is_late(1999));
    assert_true(is_late(2000));
    assert_int_equal(store_live(s, t.id, &l), 0);
    l.staff_ms = 4000; /* an answer; it is theirs to speak again from the next question on */
    assert_int_equal(store_put_live(s, &l), 0);
    store_live_release(&l);
    assert_int_equal(store_live_asked(s, t.id, 9000), 0);
    assert_false(is_late(8999));
    assert_true(is_late(9000));
    assert_int_equal(store_commit(s), 0);
}

/* ---- the room ---- */

static void a_thread_is_found_by_its_name_and_waited_for_while_it_has_none(void **state)
{
    struct talk t = {.name = "a"};
    struct store_live l = {0};
    int64_t id = 0;
    assert_int_equal(store_begin(s), 0);
    assert_int_equal(store_live_of_thread(s, "slack:C1", "1.1", &id), -ENOENT);
    want(&t);
    while (t.mode != MODE_WAITING)
        want(&t);
    assert_int_equal(store_live_of_thread(s, "slack:C1", "1.1", &id), -EAGAIN);
    assert_int_equal(store_live_of_thread(s, "slack:C2", "1.1", &id), -ENOENT);
    assert_int_equal(store_live(s, t.id, &l), 0);
    l.thread = strdup("1.1");
    assert_int_equal(store_put_live(s, &l), 0);
    store_live_release(&l);
    assert_int_equal(store_live_of_thread(s, "slack:C1", "1.1", &id), 0);
    assert_int_equal(id, t.id);
    assert_int_equal(store_live_of_thread(s, "slack:C1", "9.9", &id), -ENOENT);
    assert_int_equal(store_commit(s), 0);
}

static void only_the_first_letter_of_a_thread_names_its_conversation(void **state)
{
    assert_int_equal(relay_root("relay-17-0"), 17);
    assert_int_equal(relay_root("relay-17-r4"), 0);
    assert_int_equal(relay_root("relay-17-01"), 0);
    assert_int_equal(relay_root("turn-17"), 0);
    assert_int_equal(relay_root(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_takes_what_another_has_but_on_purpose),
        cmocka_unit_test(whoever_leaves_is_announced_and_so_is_whoever_comes),
        cmocka_unit_test_setup_teardown(whatever_happens_no_question_is_answered_twice_or_lost,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_thread_is_found_by_its_name_and_waited_for_while_it_has_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_questions_do_not_put_off_the_end_of_a_silence, set_up,
                                        tear_down),
        cmocka_unit_test(only_the_first_letter_of_a_thread_names_its_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
