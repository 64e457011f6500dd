/* slack_relay.c: words between askers and the staff, by way of Slack. Two places:
 *
 *     an asker's thread or direct message    a person of the staff answers there, through us
 *     the staff's room (staff.room)          each question is a thread; who replies in it talks to the asker
 *
 * In a thread of the staff's room everything is for the asker, but for our commands: "!kb words" lists what the guides have, with a button
 * to send it, "!close" and "!bot" end it, "!save" leads to the console, where the reply becomes an answer. With our name instead of the
 * exclamation mark it is the same. Other threads of that room are like those of any channel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/live.h"

#define MAX_FOUND  5
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

struct room_talk {
    struct task task;
    struct inbox_item item;
    struct slack_event ev;
    const char *thread; /* "" beside one */
    int64_t conversation, ticket;
    const char *words;   /* that are looked up */
    const char *passage; /* the one that is sent; or NULL: they are listed */
};

static const char *actor_of(struct room_talk *t)
{
    return pool_printf(t->task.pool, "slack:%s", t->ev.user);
}

static const char *claim_of(struct room_talk *t)
{
    return pool_printf(t->task.pool, "%s/%s/%s", t->ev.team, t->ev.channel, t->ev.ts);
}

static struct slack_place place_of(const struct room_talk *t)
{
    return (struct slack_place){
        .via = SLACK_POST, .channel = t->ev.channel, .thread = t->thread, .user = t->ev.user};
}

/* The same for each delivery of it: a message that names us is brought twice. */
static const char *name_of(const struct room_talk *t)
{
    return t->ev.kind == SLACK_MESSAGE ? t->ev.ts : t->ev.key;
}

/* A line of ours in that thread; the message is over already, or is over with it. */
static void say(struct room_talk *t, const char *text, bool ends)
{
    struct slack_place to = place_of(t);
    struct slack *s = t->task.adapter->state;
    const char *idem =
        pool_printf(t->task.pool, "room:%s:%s", t->ev.channel, *t->ev.key ? t->ev.key : t->ev.ts);
    if (ends) {
        slack_say(s, &t->item, idem, text, &to);
        return;
    }
    struct buf b;
    buf_init(&b, MAX_LETTER);
    slack_render_line(text, &b);
    outbox_put(t->task.adapter, to.channel, idem, b.s, slack_place_write(t->task.pool, &to), NULL,
               NULL);
    buf_release(&b);
}

/* ---- what is done ---- */

static void did(void *ctx, int err)
{
    struct room_talk *t = ctx;
    const char *refusal = live_refusal(err);
    if (refusal)
        say(t, refusal, false);
    else if (!err && t->passage)
        say(t, pool_printf(t->task.pool, "Sent by <@%s>.", t->ev.user), false);
    else if (!err && t->words)
        say(t, t->words, false);
    task_free(&t->task);
}

static void perform(struct room_talk *t, enum handoff_what what, const char *claim,
                    const char *text)
{
    const char *actor = actor_of(t);
    struct live_deed d = {.item = &t->item,
                          .claim = claim,
                          .what = what,
                          .conversation = t->conversation,
                          .actor = actor,
                          .shown = live_shown(t->task.adapter->bot, t->task.pool, actor, NULL),
                          .text = text};
    if (live_do(t->task.adapter, &d, did, t))
        task_free(&t->task); /* stays open */
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

static void list(struct room_talk *t, const struct live_found *found, size_t n)
{
    struct pool *pool = t->task.pool;
    struct slack_place to = place_of(t);
    struct slack_piece *piece = pool_array(pool, n + 1, sizeof *piece);
    struct slack_button *send = pool_array(pool, n + 1, sizeof *send);
    struct buf b;
    for (size_t i = 0; i < n; i++) {
        const char *value = pool_printf(pool, "r1:%lld:send:%s|%s", (long long)t->conversation,
                                        found[i].passage, t->words);
        send[i] = (struct slack_button){
            .label = "Send to visitor", .verb = pool_printf(pool, "send%zu", i), .value = value};
        piece[i] = (struct slack_piece){.text = found_text(pool, &found[i]),
                                        .button = &send[i],
                                        .nbutton = t->conversation && strlen(value) < MAX_VALUE};
    }
    if (t->ev.kind == SLACK_COMMAND)
        to = (struct slack_place){.via = SLACK_RESPOND,
                                  .channel = t->ev.channel,
                                  .user = t->ev.user,
                                  .url = t->ev.response_url,
                                  .until_ms = t->item.at_ms + SLACK_URL_GOOD_MS};
    if (!n)
        piece[0] = (struct slack_piece){.text = "The guides have nothing on that."};
    buf_init(&b, MAX_LETTER);
    slack_render_pieces(piece, n ? n : 1, &b);
    slack_put(t->task.adapter->state, &t->item,
              pool_printf(pool, "kb:%s:%s", t->ev.channel, name_of(t)), &b, &to);
    buf_release(&b);
    task_free(&t->task);
}

/* A button was pressed: what it showed is looked up once more, so that nothing is sent that is not in the guides by now. */
static void send_found(struct room_talk *t, const struct live_found *found, size_t n)
{
    struct pool *pool = t->task.pool;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(found[i].passage, t->passage))
            continue;
        perform(
            t, HANDOFF_ROOM,
            pool_printf(pool, "send/%s/%s/%s", t->ev.channel, t->ev.ts, t->passage),
            pool_printf(pool, "%s%s%s", found[i].text, *found[i].url ? "\n" : "", found[i].url));
        return;
    }
    say(t, "The guides have changed since: please look again.", true);
    task_free(&t->task);
}

static void on_found(void *ctx, const struct live_found *found, size_t n)
{
    struct room_talk *t = ctx;
    if (t->passage)
        send_found(t, found, n);
    else
        list(t, found, n);
}

static void look_up(struct room_talk *t)
{
    if (live_find(t->task.adapter->bot, t->words, MAX_FOUND, on_found, t)) {
        say(t, "That is too much at once for me: please ask again in a moment.", true);
        task_free(&t->task);
    }
}

/* ---- commands ---- */

static void save(struct room_talk *t)
{
    const char *base = config_text(bot_config(t->task.adapter->bot), "web.public_url");
    say(t,
        *base && t->ticket
            ? pool_printf(t->task.pool,
                          "<%s/staff/live?ticket=%lld&amp;save=1|Save the reply as an answer>: it "
                          "is filled in at the "
                          "console, which shows what it changes.",
                          base, (long long)t->ticket)
            : "At the console, page Live, \"Save as answer\" makes an answer of your reply.",
        true);
    task_free(&t->task);
}

/* True when it is being dealt with. */
static bool command(struct room_talk *t)
{
    const char *words;
    enum live_command c = live_command(t->ev.text.text, t->ev.text.names_us, &words);
    if (c == LIVE_SAID || (c != LIVE_KB && !t->conversation))
        return false;
    switch (c) {
    case LIVE_KB:
        t->words = words;
        look_up(t);
        break;
    case LIVE_CLOSE:
        t->words = "Closed: the bot answers from here on.";
        perform(t, HANDOFF_CLOSE, claim_of(t), NULL);
        break;
    case LIVE_BOT:
        t->words = "The bot answers again.";
        perform(t, HANDOFF_RETURN, claim_of(t), NULL);
        break;
    case LIVE_SAVE: save(t); break;
    default: say(t, live_help, true); task_free(&t->task);
    }
    return true;
}

/* ---- a message there ---- */

static void look_at_thread(void *ctx);

static void on_thread(void *ctx, int err, int64_t conversation, int64_t ticket)
{
    struct room_talk *t = ctx;
    struct slack *s = t->task.adapter->state;
    t->conversation = err ? 0 : conversation;
    t->ticket = err ? 0 : ticket;
    if (err == -EAGAIN) {
        task_wait(&t->task, LIVE_AGAIN_MS, look_at_thread);
    } else if (err && err != -ENOENT) { /* stays open */
        task_free(&t->task);
    } else if (command(t)) {
        ; /* dealt with */
    } else if (err) {
        slack_on_text(s, &t->item, &t->ev);
        task_free(&t->task);
    } else if (t->ev.external) {
        slack_ignore(s, &t->item, "from another workspace");
        task_free(&t->task);
    } else {
        perform(t, HANDOFF_ROOM, claim_of(t), words_of(t->task.pool, t->ev.raw));
    }
}

static void look_at_thread(void *ctx)
{
    struct room_talk *t = ctx;
    const char *room = pool_printf(t->task.pool, "slack:%s", t->ev.channel);
    if (live_thread(t->task.adapter, room, t->thread, on_thread, t))
        task_free(&t->task); /* stays open */
}

void slack_relay_message(struct slack *s, const struct inbox_item *item)
{
    struct room_talk *t = task_new(&s->tasks, sizeof *t);
    t->item = inbox_item_copy(t->task.pool, item);
    slack_read_item(s, t->task.pool, &t->item, &t->ev);
    bool top = !*t->ev.thread || !strcmp(t->ev.thread, t->ev.ts);
    t->thread = top ? t->ev.ts : t->ev.thread;
    if (top)
        on_thread(t, -ENOENT, 0, 0);
    else
        look_at_thread(t);
}

/* ---- /kb, and buttons ---- */

void slack_relay_command(struct slack *s, const struct inbox_item *item)
{
    struct room_talk *t = task_new(&s->tasks, sizeof *t);
    t->item = inbox_item_copy(t->task.pool, item);
    slack_read_item(s, t->task.pool, &t->item, &t->ev);
    t->thread = "";
    t->words = t->ev.text.text;
    look_up(t);
}

bool slack_relay_click(struct slack *s, const struct inbox_item *item, const struct slack_event *ev)
{
    char *verb;
    if (strncmp(ev->value, "r1:", 3) || !slack_relay_is_room(s, ev->channel))
        return false;
    struct room_talk *t = task_new(&s->tasks, sizeof *t);
    t->item = inbox_item_copy(t->task.pool, item);
    slack_read_item(s, t->task.pool, &t->item, &t->ev);
    t->conversation = strtoll(t->ev.value + 3, &verb, 10);
    t->thread = *t->ev.thread ? t->ev.thread : t->ev.ts;
    char *bar = strchr(verb, '|');
    if (!strcmp(verb, ":close")) {
        t->words =
            pool_printf(t->task.pool, "Closed by <@%s>: the bot answers from here on.", t->ev.user);
        perform(t, HANDOFF_CLOSE, NULL, NULL);
    } else if (!strncmp(verb, ":send:", 6) && bar) {
        t->passage = pool_strndup(t->task.pool, verb + 6, (size_t)(bar - verb - 6));
        t->words = bar + 1;
        look_up(t);
    } else {
        slack_ignore(s, item, "a button of another version");
        task_free(&t->task);
    }
    return true;
}

bool slack_relay_has_people(const struct adapter *a)
{
    return *config_text(bot_config(a->bot), "slack.handoff_channel") || live_room(a->bot);
}
