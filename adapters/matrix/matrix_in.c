/* matrix_in.c: a message of the inbox is dealt with: known for what it is, let in or not, and handed to whoever answers it. What is
 * said to us by name, with our command, or between two people of whom we are one, is a question; so is a reply to an answer of
 * ours, and what is said in a thread that we answered in. Each message ends exactly once.
 *
 * Notes that are kept for some days:
 *     ~q:ROOM:EVENT   a question: where its answer went, so that an edit changes the answer and a redaction removes it
 *     ~a:ROOM:EVENT   the event that answers it
 *     ~t:ROOM:EVENT   a thread that we answered in */
#include <errno.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/clock.h"

#define EDIT_MS (10 * 60 * 1000) /* how long after it was asked a question may change */

static const char help[] = "Ask me a question in a few words, and I look it up in our guides. In a "
                           "room, mention me first.";
static const char tired[] =
    "That was a lot at once. In case that you are a program, too, I am silent for ten minutes.";

static const struct config *config_of(const struct matrix *m)
{
    return bot_config(m->adapter->bot);
}

/* ---- the ways to end ---- */

void matrix_ignore(struct matrix *m, const struct inbox_item *item, const char *why)
{
    log_debug("matrix", "ignored", "why=\"%s\"", why);
    inbox_end(m->adapter, item->id, INBOX_WAS_IGNORED);
}

struct saying {
    struct task task;
    int64_t id;
};

/* On disk: the message is over. Not on disk: it stays open, and is dealt with again at the next start. */
static void said(void *ctx, int err)
{
    struct saying *t = ctx;
    if (!err && t->id)
        inbox_end(t->task.adapter, t->id, INBOX_WAS_DONE);
    task_free(&t->task);
}

void matrix_say(struct matrix *m, const struct inbox_item *item, const char *idem, const char *text,
                const struct matrix_place *place)
{
    struct saying *t = task_new(&m->tasks, sizeof *t);
    struct buf b;
    buf_init(&b, 64 * 1024);
    matrix_render_line(text, &b);
    t->id = item ? item->id : 0;
    if (outbox_put(m->adapter, place->room, idem, b.s, matrix_place_write(t->task.pool, place),
                   said, t))
        task_free(&t->task);
    buf_release(&b);
}

/* ---- a question ---- */

static const char *why_not(int err)
{
    switch (err) {
    case -E2BIG: return "That is too long for me: a question may have at most 2,000 characters.";
    case -EINVAL: return help;
    default: return "I could not read that. Please try once more in other words.";
    }
}

/* One conversation per thread; without threads one per person. */
static const char *conversation_of(struct pool *pool, const struct matrix_place *p)
{
    return pool_printf(pool, "%s:%s", p->room, *p->thread ? p->thread : p->user);
}

static void show_reading(struct matrix *m, struct pool *pool, const struct matrix_event *ev)
{
    if (!config_bool(config_of(m), "matrix.receipts"))
        return;
    const char *thread = *ev->thread ? ev->thread : "main";
    struct buf b;
    buf_init(&b, 4096);
    buf_adds(&b, "{\"thread_id\":");
    json_add_string(&b, thread, strlen(thread));
    buf_addc(&b, '}');
    matrix_tell(m, "POST", MATRIX_PATH(pool, "rooms", ev->room, "receipt", "m.read", ev->id), b.s);
    matrix_tell(m, "PUT", MATRIX_PATH(pool, "rooms", ev->room, "typing", m->self.user),
                "{\"typing\":true,\"timeout\":20000}");
    buf_release(&b);
}

static void remember(struct matrix *m, struct pool *pool, const struct matrix_place *p)
{
    inbox_keep_note(m->adapter, pool_printf(pool, "~q:%s:%s", p->room, p->asked),
                    matrix_place_write(pool, p), NULL, NULL);
    if (*p->thread)
        inbox_keep_note(m->adapter, pool_printf(pool, "~t:%s:%s", p->room, p->thread), "1", NULL,
                        NULL);
}

static void ask_at(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev,
                   const struct matrix_place *place)
{
    struct pool *pool = pool_new();
    struct inbound in = {.text = ev->text,
                         .len = strlen(ev->text),
                         .conversation = conversation_of(pool, place),
                         .item = item,
                         .claim = ev->id,
                         .lane = ev->room,
                         .note = matrix_place_write(pool, place)};
    if (place->via == MATRIX_SEND)
        remember(m, pool, place);
    int err = bot_receive(m->adapter, &in);
    if (!err)
        show_reading(m, pool, ev);
    else if (err != -ESHUTDOWN) /* then it stays open, for the next start */
        matrix_say(m, item, pool_printf(pool, "say:%s", ev->id), why_not(err), place);
    pool_free(pool);
}

/* True when it may be answered; else the message is over. */
static bool is_calm(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev)
{
    enum matrix_verdict v =
        matrix_breaker(&m->breaker, ev->room, ev->sender, loop_now_ms(bot_loop(m->adapter->bot)));
    struct matrix_place place = {.via = MATRIX_SEND, .room = ev->room, .thread = ev->thread};
    struct pool *pool = pool_new();
    if (v == MATRIX_TRIP) {
        log_warn("matrix", "more than five answers in a minute; silent for ten", "room=%s",
                 ev->room);
        matrix_say(m, item, pool_printf(pool, "tired:%s", ev->id), tired, &place);
    } else if (v == MATRIX_BROKEN) {
        matrix_ignore(m, item, "the circuit is broken");
    }
    pool_free(pool);
    return v == MATRIX_GO;
}

static void ask(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev,
                bool direct)
{
    bool threads = config_bool(config_of(m), "matrix.threads") && !direct;
    struct matrix_place place = {.via = MATRIX_SEND,
                                 .room = ev->room,
                                 .asked = ev->id,
                                 .thread = *ev->thread                 ? ev->thread
                                           : threads && !*ev->reply_to ? ev->id
                                                                       : "",
                                 .user = ev->sender,
                                 .asked_ms = ev->at_ms};
    if (is_calm(m, item, ev))
        ask_at(m, item, ev, &place);
}

/* ---- is it for us? ---- */

struct looking {
    struct task task;
    struct inbox_item item;
    struct matrix_event ev;
};

static struct looking *look(struct matrix *m, const struct inbox_item *item)
{
    struct looking *k = task_new(&m->tasks, sizeof *k);
    k->item = inbox_item_copy(k->task.pool, item);
    matrix_read_item(m, k->task.pool, &k->item, &k->ev);
    return k;
}

static void on_thread(void *ctx, int err, const char *value)
{
    struct looking *k = ctx;
    struct matrix *m = k->task.adapter->state;
    if (!err && value)
        ask(m, &k->item, &k->ev, false);
    else if (!err)
        matrix_ignore(m, &k->item, "not for us");
    task_free(&k->task); /* on an error it stays open */
}

static void look_at_thread(struct looking *k)
{
    struct matrix *m = k->task.adapter->state;
    const char *key = pool_printf(k->task.pool, "~t:%s:%s", k->ev.room, k->ev.thread);
    if (!*k->ev.thread)
        on_thread(k, 0, NULL);
    else if (inbox_note(m->adapter, key, on_thread, k))
        on_thread(k, -EBUSY, NULL);
}

static void on_answer(void *ctx, int err, int64_t turn, const char *note)
{
    struct looking *k = ctx;
    (void)turn;
    (void)note;
    if (!err) {
        ask(k->task.adapter->state, &k->item, &k->ev, false);
        task_free(&k->task);
    } else if (err == -ENOENT) {
        look_at_thread(k);
    } else {
        task_free(&k->task); /* stays open */
    }
}

void matrix_in_room(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev,
                    bool direct)
{
    if (direct || ev->named) {
        ask(m, item, ev, direct);
        return;
    }
    struct looking *k = look(m, item);
    if (!*ev->reply_to)
        look_at_thread(k);
    else if (outbox_find(m->adapter, ev->room, ev->reply_to, on_answer, k))
        on_answer(k, -EBUSY, 0, NULL);
}

/* By our homeserver's clock where it tells, and by ours only for the time since: clocks differ. */
static int64_t age_of(const struct inbox_item *item, const struct matrix_event *ev)
{
    int64_t now = clock_wall_ms();
    if (ev->age_ms >= 0)
        return ev->age_ms + now - item->at_ms;
    return ev->at_ms ? now - ev->at_ms : 0;
}

static void on_text(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev)
{
    int64_t age_ms = age_of(item, ev);
    if (matrix_relay_message(m, item, ev))
        return;
    if (age_ms > config_int(config_of(m), "matrix.max_age_s") * 1000) {
        log_info("matrix", "a message came too late to be answered", "age_s=%lld",
                 (long long)(age_ms / 1000));
        matrix_ignore(m, item, "too old");
    } else {
        matrix_room_ask(m, item, ev);
    }
}

/* ---- edits ---- */

static void on_question(void *ctx, int err, const char *note)
{
    struct looking *k = ctx;
    struct matrix *m = k->task.adapter->state;
    struct matrix_place place;
    bool ours = !err && matrix_place_read(k->task.pool, note, &place);
    bool soon = ours && k->ev.at_ms - place.asked_ms <= EDIT_MS;
    if (ours && soon && *k->ev.text && !strcmp(place.user, k->ev.sender)) {
        place.via = MATRIX_REPLACE;
        if (is_calm(m, &k->item, &k->ev))
            ask_at(m, &k->item, &k->ev, &place);
    } else if (!err) {
        matrix_ignore(m, &k->item, "an edit of what was not asked, or too late");
    }
    task_free(&k->task);
}

static void on_edit(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev)
{
    struct looking *k = look(m, item);
    const char *key = pool_printf(k->task.pool, "~q:%s:%s", ev->room, ev->target);
    if (inbox_note(m->adapter, key, on_question, k))
        on_question(k, -EBUSY, NULL);
}

/* ---- any of them ---- */

bool matrix_read_item(const struct matrix *m, struct pool *pool, const struct inbox_item *item,
                      struct matrix_event *ret)
{
    const struct matrix_gate gate = {
        .self = &m->self,
        .command = config_text(config_of(m), "matrix.command"),
        .ignore = config_list(config_of(m), "matrix.ignore_users", NULL),
    };
    return !matrix_event_read(pool, item->body, strlen(item->body), &gate, ret);
}

static void dispatch(struct matrix *m, const struct inbox_item *item, const struct matrix_event *ev)
{
    switch (ev->kind) {
    case MATRIX_MESSAGE: on_text(m, item, ev); break;
    case MATRIX_EDIT: on_edit(m, item, ev); break;
    case MATRIX_REACTION: matrix_on_reaction(m, item, ev); break;
    case MATRIX_REDACTION: matrix_on_redaction(m, item, ev); break;
    case MATRIX_INVITED: matrix_on_invite(m, item, ev); break;
    case MATRIX_JOINED:
    case MATRIX_LEFT:
    case MATRIX_MEMBER: matrix_on_member(m, item, ev); break;
    case MATRIX_UNREADABLE: matrix_on_unreadable(m, item, ev); break;
    case MATRIX_MOVED: matrix_on_moved(m, item, ev); break;
    case MATRIX_NOTHING: matrix_ignore(m, item, ev->why); break;
    }
}

static void go_on_with(struct matrix *m, struct held_list list)
{
    struct held *h;
    while ((h = task_unhold(&list)) != NULL) {
        matrix_on_message(m->adapter, &h->item);
        task_free(&h->task);
    }
}

/* What is apart already has come before what is still to be taken apart. */
void matrix_go_on(struct matrix *m)
{
    struct held_list events = m->held, deliveries = m->held_deliveries;
    m->held = m->held_deliveries = (struct held_list){0};
    go_on_with(m, events);
    go_on_with(m, deliveries);
}

bool matrix_is_delivery(const char *identity)
{
    static const char *const prefix[] = {MATRIX_TXN, MATRIX_SYNC, MATRIX_BACK};
    for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++)
        if (!strncmp(identity, prefix[i], strlen(prefix[i])))
            return true;
    return false;
}

/* While rooms are read back, what was said earlier is still to come. */
static bool must_wait(const struct matrix *m, const struct inbox_item *item)
{
    bool back = !strncmp(item->identity, MATRIX_BACK, strlen(MATRIX_BACK));
    return !m->known || (matrix_back_settling(m) && !back);
}

void matrix_on_message(struct adapter *a, const struct inbox_item *item)
{
    struct matrix *m = a->state;
    bool delivery = matrix_is_delivery(item->identity);
    if (must_wait(m, item)) {
        task_hold(&m->tasks, delivery ? &m->held_deliveries : &m->held, item);
        return;
    }
    if (delivery) {
        matrix_on_batch(m, item);
        return;
    }
    struct pool *pool = pool_new();
    struct matrix_event ev;
    if (matrix_read_item(m, pool, item, &ev))
        dispatch(m, item, &ev);
    else
        inbox_end(m->adapter, item->id, INBOX_WAS_DEAD);
    pool_free(pool);
}
