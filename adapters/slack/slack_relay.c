/* slack_relay.c: words between askers and the staff, by way of Slack. Two places:
 *
 *     an asker's thread or direct message    a person of the staff answers there, through us
 *     the staff's room (staff.room)          each question is a thread; who replies in it talks to the asker
 *
 * In a thread of the staff's room everything is for the asker, but for our commands: "!kb words" lists what the guides have, with a button
 * to send it, "!close" and "!bot" end it, "!save" leads to the console, where the reply becomes an answer. With our name instead of the
 * exclamation mark it is the same. Other threads of that room are like those of any channel. In a channel that is shared with
 * another workspace neither words nor commands do anything: who of those there is of the staff is not ours to guess. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/room.h"

#define MAX_VALUE  1900
#define MAX_LETTER (256u * 1024)

/* ---- rendering: pure ---- */

static void put_bold(struct buf *b, const char *who)
{
    buf_addc(b, '*');
    slack_put_label(b, who);
    buf_adds(b, "*");
}

static void put_quote(struct buf *b, const char *text)
{
    struct buf plain;
    buf_init(&plain, 64 * 1024);
    slack_put_plain(&plain, text, strlen(text));
    for (const char *s = plain.s; *s; s += strcspn(s, "\n"), s += *s == '\n') {
        buf_adds(b, "\n> ");
        buf_add(b, s, strcspn(s, "\n"));
    }
    buf_release(&plain);
}

/* The first message of a thread: the question, what we had to say to it, what can be done. */
static void put_root(struct buf *b, const struct relay_words *w)
{
    put_bold(b, w->who);
    put_quote(b, w->text);
    if (*w->shown) {
        buf_adds(b, "\n*Shown*");
        put_quote(b, w->shown);
    }
    buf_adds(
        b,
        "\nReply in this thread to answer. `!kb words` looks into the guides, `!close` ends it.");
    if (*w->link) {
        buf_addc(b, '\n');
        slack_put_link(b, w->link, "Open at the console");
    }
}

/* "C1:1700000000.000100" or "D1:dm"; false for what only one person sees, as the answer to a command. */
static bool read_conversation(struct pool *pool, const char *name, struct slack_place *to)
{
    const char *colon = strchr(name, ':');
    if (!colon || strchr(colon + 1, ':'))
        return false;
    *to = (struct slack_place){.via = SLACK_POST,
                               .channel = pool_strndup(pool, name, (size_t)(colon - name)),
                               .thread = strcmp(colon + 1, "dm") ? colon + 1 : ""};
    return true;
}

int slack_relay(const struct adapter *a, struct pool *pool, const struct relay_words *w,
                struct relay_letter *ret)
{
    struct slack_place to = {.via = SLACK_POST, .channel = w->room, .thread = w->thread};
    struct slack_button close = {.label = "Close", .verb = "close"};
    struct slack_piece piece = {.button = &close};
    struct buf text, body;
    (void)a;
    if (w->conversation && !read_conversation(pool, w->conversation, &to))
        return RELAY_NOBODY;
    bool root = !w->conversation && !w->thread;
    buf_init(&text, 64 * 1024);
    buf_init(&body, MAX_LETTER);
    if (root) {
        put_root(&text, w);
        close.value = pool_printf(pool, "r1:%lld:close", (long long)w->id);
        piece.nbutton = 1;
    } else {
        if (w->who) {
            put_bold(&text, w->who);
            buf_adds(&text, ": ");
        }
        slack_put_plain(&text, w->text, strlen(w->text));
    }
    piece.text = text.s;
    slack_render_pieces(&piece, 1, &body);
    int err = buf_failed(&text) || buf_failed(&body) ? -E2BIG : 0;
    *ret = (struct relay_letter){.lane = to.channel,
                                 .note = slack_place_write(pool, &to),
                                 .body = pool_strndup(pool, body.s, body.len)};
    buf_release(&text);
    buf_release(&body);
    return err;
}

/* ---- what is typed there ---- */

bool slack_relay_is_room(const struct slack *s, const char *channel)
{
    const char *room = live_room(s->adapter->bot);
    return room && !strncmp(room, "slack:", 6) && !strcmp(room + 6, channel);
}

/* As it was typed, line breaks and addresses included: for a person, not for a search. */
static const char *words_of(struct pool *pool, const char *raw)
{
    struct buf b;
    buf_init(&b, 2 * strlen(raw) + 64);
    for (const char *s = raw; *s;) {
        const char *end = *s == '<' ? strchr(s, '>') : NULL;
        if (!end) {
            static const struct {
                const char *entity, *text;
            } entities[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}};
            size_t i = 0;
            while (i < 3 && strncmp(s, entities[i].entity, strlen(entities[i].entity)))
                i++;
            buf_add(&b, i < 3 ? entities[i].text : s, 1);
            s += i < 3 ? strlen(entities[i].entity) : 1;
            continue;
        }
        const char *inner = pool_strndup(pool, s + 1, (size_t)(end - s - 1));
        const char *bar = strchr(inner, '|');
        if (strchr("@#!", *inner))
            buf_addf(&b, "%.1s%s", *inner == '!' ? "@" : inner, bar ? bar + 1 : "somebody");
        else if (bar && strncmp(inner, bar + 1, (size_t)(bar - inner)))
            buf_addf(&b, "%s (%.*s)", bar + 1, (int)(bar - inner), inner);
        else
            buf_add(&b, inner, bar ? (size_t)(bar - inner) : strlen(inner));
        s = end + 1;
    }
    const char *text = pool_strdup(pool, b.s + strspn(b.s, " \n"));
    buf_release(&b);
    return text;
}

/* A message in that room. */
struct talk {
    struct room_talk room; /* first */
    struct slack_event ev;
    const char *passage; /* the one that is sent to the asker; or NULL: what is found is listed */
};

static struct slack_place place_of(const struct talk *t)
{
    return (struct slack_place){
        .via = SLACK_POST, .channel = t->ev.channel, .thread = t->room.thread, .user = t->ev.user};
}

/* The same for each delivery of it: a message that names us is brought twice. */
static const char *name_of(const struct talk *t)
{
    return t->ev.kind == SLACK_MESSAGE ? t->ev.ts : t->ev.key;
}

static void say(struct room_talk *room, const char *text, bool ends)
{
    struct talk *t = (struct talk *)room;
    struct pool *pool = room->task.pool;
    struct slack_place to = place_of(t);
    struct slack *s = room->task.adapter->state;
    const char *idem =
        pool_printf(pool, "room:%s:%s", t->ev.channel, *t->ev.key ? t->ev.key : t->ev.ts);
    if (ends) {
        slack_say(s, &room->item, idem, text, &to);
        return;
    }
    struct buf b;
    buf_init(&b, MAX_LETTER);
    slack_render_line(text, &b);
    outbox_put(room->task.adapter, to.channel, idem, b.s, slack_place_write(pool, &to), NULL, NULL);
    buf_release(&b);
}

static const char *save(struct pool *pool, const char *url)
{
    struct buf b;
    buf_init(&b, 1024);
    if (!slack_put_link(&b, url, "Save the reply as an answer"))
        buf_adds(&b, url);
    buf_adds(&b, ": it is filled in at the console, which shows what it changes.");
    const char *line = pool_strndup(pool, b.s, b.len);
    buf_release(&b);
    return line;
}

/* ---- "kb words" ---- */

static const char *found_text(struct pool *pool, const struct live_found *f)
{
    struct buf b;
    buf_init(&b, 16 * 1024);
    if (!slack_put_link(&b, f->url, f->title))
        put_bold(&b, f->title);
    put_quote(&b, live_extract(pool, f));
    const char *text = pool_strdup(pool, b.s);
    buf_release(&b);
    return text;
}

/* A hit with its button, which holds what is needed to find it again. */
static struct slack_piece piece_of(const struct talk *t, const struct live_found *f, size_t i)
{
    struct pool *pool = t->room.task.pool;
    struct slack_button *send = pool_alloc(pool, sizeof *send);
    *send = (struct slack_button){.label = "Send to visitor",
                                  .verb = pool_printf(pool, "send%zu", i),
                                  .value = pool_printf(pool, "r1:%lld:send:%s|%s",
                                                       (long long)t->room.conversation, f->passage,
                                                       t->room.words)};
    return (struct slack_piece){.text = found_text(pool, f),
                                .button = send,
                                .nbutton = t->room.conversation && strlen(send->value) < MAX_VALUE};
}

static void list(struct talk *t, const struct live_found *found, size_t n)
{
    struct pool *pool = t->room.task.pool;
    struct slack_place to = place_of(t);
    struct slack_piece *piece = pool_array(pool, n + 1, sizeof *piece);
    struct buf b;
    for (size_t i = 0; i < n; i++)
        piece[i] = piece_of(t, &found[i], i);
    if (t->ev.kind == SLACK_COMMAND)
        to = (struct slack_place){.via = SLACK_RESPOND,
                                  .channel = t->ev.channel,
                                  .user = t->ev.user,
                                  .url = t->ev.response_url,
                                  .until_ms = t->room.item.at_ms + SLACK_URL_GOOD_MS};
    if (!n)
        piece[0] = (struct slack_piece){.text = "The guides have nothing on that."};
    buf_init(&b, MAX_LETTER);
    slack_render_pieces(piece, n ? n : 1, &b);
    slack_put(t->room.task.adapter->state, &t->room.item,
              pool_printf(pool, "kb:%s:%s", t->ev.channel, name_of(t)), &b, &to);
    buf_release(&b);
    task_free(&t->room.task);
}

/* A button was pressed: what it showed is looked up once more, so that nothing is sent that is not in the guides by now. */
static void send_found(struct talk *t, const struct live_found *found, size_t n)
{
    struct pool *pool = t->room.task.pool;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(found[i].passage, t->passage))
            continue;
        t->room.claim = pool_printf(pool, "send/%s/%s/%s", t->ev.channel, t->ev.ts, t->passage);
        t->room.done = pool_printf(pool, "Sent by <@%s>.", t->ev.user);
        room_do(
            &t->room, HANDOFF_ROOM,
            pool_printf(pool, "%s%s%s", found[i].text, *found[i].url ? "\n" : "", found[i].url));
        return;
    }
    say(&t->room, "The guides have changed since: please look again.", true);
    task_free(&t->room.task);
}

static void on_found(struct room_talk *room, const struct live_found *found, size_t n)
{
    struct talk *t = (struct talk *)room;
    if (t->passage)
        send_found(t, found, n);
    else
        list(t, found, n);
}

/* ---- a message there ---- */

static void on_words(struct room_talk *room)
{
    struct talk *t = (struct talk *)room;
    if (!room->outsider) {
        room_do(room, HANDOFF_ROOM, words_of(room->task.pool, t->ev.raw));
        return;
    }
    slack_ignore(room->task.adapter->state, &room->item, "from another workspace");
    task_free(&room->task);
}

static void on_other(struct room_talk *room)
{
    struct talk *t = (struct talk *)room;
    slack_on_text(room->task.adapter->state, &room->item, &t->ev);
    task_free(&room->task);
}

static const struct room_calls calls = {
    .say = say, .save = save, .on_words = on_words, .on_found = on_found, .on_other = on_other};

static struct talk *talk_new(struct slack *s, const struct inbox_item *item)
{
    struct talk *t = task_new(&s->tasks, sizeof *t);
    t->room.calls = &calls;
    t->room.item = inbox_item_copy(t->room.task.pool, item);
    slack_read_item(s, t->room.task.pool, &t->room.item, &t->ev);
    t->room.room = t->ev.channel;
    t->room.user = t->ev.user;
    t->room.text = t->ev.text.text;
    t->room.named = t->ev.text.names_us;
    t->room.outsider = t->ev.external;
    t->room.thread = *t->ev.thread ? t->ev.thread : t->ev.ts;
    return t;
}

void slack_relay_message(struct slack *s, const struct inbox_item *item)
{
    struct talk *t = talk_new(s, item);
    t->room.claim = pool_printf(t->room.task.pool, "%s/%s/%s", t->ev.team, t->ev.channel, t->ev.ts);
    room_begin(&t->room, strcmp(t->room.thread, t->ev.ts) != 0);
}

/* ---- /kb, and buttons ---- */

void slack_relay_command(struct slack *s, const struct inbox_item *item)
{
    struct talk *t = talk_new(s, item);
    t->room.thread = "";
    t->room.words = t->ev.text.text;
    room_find(&t->room);
}

bool slack_relay_click(struct slack *s, const struct inbox_item *item, const struct slack_event *ev)
{
    char *verb;
    if (strncmp(ev->value, "r1:", 3) || !slack_relay_is_room(s, ev->channel))
        return false;
    struct talk *t = talk_new(s, item);
    struct pool *pool = t->room.task.pool;
    t->room.conversation = strtoll(t->ev.value + 3, &verb, 10);
    char *bar = strchr(verb, '|');
    if (t->room.outsider) {
        slack_ignore(s, item, "from another workspace");
        task_free(&t->room.task);
    } else if (!strcmp(verb, ":close")) {
        t->room.done =
            pool_printf(pool, "Closed by <@%s>: the bot answers from here on.", t->ev.user);
        room_do(&t->room, HANDOFF_CLOSE, NULL);
    } else if (!strncmp(verb, ":send:", 6) && bar) {
        t->passage = pool_strndup(pool, verb + 6, (size_t)(bar - verb - 6));
        t->room.words = bar + 1;
        room_find(&t->room);
    } else {
        slack_ignore(s, item, "a button of another version");
        task_free(&t->room.task);
    }
    return true;
}

bool slack_relay_has_people(const struct adapter *a)
{
    return *config_text(bot_config(a->bot), "slack.handoff_channel") || live_room(a->bot);
}
