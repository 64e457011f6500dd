/* slack_click.c: buttons. A value is "v1:ANSWER:VERB", VERB being up, down, handoff, or s: and a question. A vote is
 * anybody's, the last one of each person counts; a suggestion and the way to a person are the asker's, unless
 * slack.anyone_may_click.
 *
 * Whose answer it is stands in the outbox: by its channel and its message. Answers that are older than the outbox's memory
 * can still be voted on; the value itself came signed. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/clock.h"

struct click {
    struct task task;
    struct inbox_item item;
    struct slack_event ev;
    int64_t turn;
    const char *verb;
    struct slack_place answer; /* where the answer went; via 0: not known any more */
};

/* "v1:42:up" */
static bool read_value(struct click *c)
{
    char *end;
    if (strncmp(c->ev.value, "v1:", 3))
        return false;
    c->turn = strtoll(c->ev.value + 3, &end, 10);
    c->verb = *end == ':' ? end + 1 : "";
    return c->turn > 0 && *c->verb;
}

static struct slack_place to_clicker(const struct click *c)
{
    return (struct slack_place){.via = *c->ev.response_url ? SLACK_RESPOND : SLACK_EPHEMERAL,
                                .channel = c->ev.channel,
                                .thread = c->ev.thread,
                                .user = c->ev.user,
                                .url = c->ev.response_url,
                                .until_ms = c->item.at_ms + SLACK_URL_GOOD_MS};
}

/* In the conversation that the answer stands in. */
static struct slack_place beside(const struct click *c)
{
    if (c->ev.ephemeral)
        return to_clicker(c);
    const char *thread = *c->ev.thread           ? c->ev.thread
                         : c->answer.via         ? c->answer.thread
                         : *c->ev.channel == 'D' ? ""
                                                 : c->ev.ts;
    return (struct slack_place){
        .via = SLACK_POST, .channel = c->ev.channel, .thread = thread, .user = c->ev.user};
}

static const char *named(struct click *c, const char *kind)
{
    return pool_printf(c->task.pool, "%s:%s", kind, c->ev.key);
}

static bool is_askers(const struct click *c)
{
    const struct config *config = bot_config(c->task.adapter->bot);
    return !c->answer.via || !strcmp(c->answer.user, c->ev.user) ||
           config_bool(config, "slack.anyone_may_click");
}

static void not_yours(struct click *c)
{
    struct slack_place to = to_clicker(c);
    slack_say(c->task.adapter->state, &c->item, named(c, "notyours"),
              "This button is for the person who asked. Mention me with a question of your own.",
              &to);
}

/* ---- votes ---- */

static void thank(struct click *c)
{
    struct slack *s = c->task.adapter->state;
    bool up = !strcmp(c->verb, "up");
    bool people = slack_relay_has_people(s->adapter);
    const char *id = pool_printf(c->task.pool, "%lld", (long long)c->turn);
    const char *line = pool_printf(c->task.pool, "Thanks \xE2\x80\x94 marked %s by <@%s>",
                                   up ? "helpful" : "not helpful", c->ev.user);
    struct slack_place to = to_clicker(c);
    struct buf b;
    buf_init(&b, 256 * 1024);
    cJSON *blocks = *c->ev.blocks ? json_parse(c->ev.blocks, strlen(c->ev.blocks)) : NULL;
    if (!c->ev.ephemeral && slack_render_thanks(blocks, c->ev.raw, id, line, !up && people, &b)) {
        to = (struct slack_place){.via = SLACK_UPDATE, .channel = c->ev.channel, .ts = c->ev.ts};
        slack_put(s, &c->item, named(c, "thanks"), &b, &to);
    } else {
        slack_say(s, &c->item, named(c, "thanks"), "Thanks for telling me.", &to);
    }
    json_free(blocks);
    buf_release(&b);
}

static void voted(void *ctx, const struct inbox_receipt *r)
{
    struct click *c = ctx;
    if (!r->err || r->err == -ENOENT) /* the answer is older than our memory: thanks all the same */
        thank(c);
    task_free(&c->task);
}

static void vote(struct click *c)
{
    struct inbox_vote v = {
        .turn = c->turn, .v = strcmp(c->verb, "up") ? -1 : 1, .voter = c->ev.user};
    struct inbox_message m = {.identity = named(c, "vote"), .vote = &v, .over = true};
    if (inbox_put(c->task.adapter, &m, voted, c))
        task_free(&c->task);
}

/* ---- a person ---- */

/* "https://example.slack.com/archives/C1/p1700000000000100" */
static const char *permalink(struct click *c)
{
    const struct slack *s = c->task.adapter->state;
    struct buf b;
    buf_init(&b, 1024);
    buf_addf(&b, "%sarchives/%s/p", s->self.url, c->ev.channel);
    for (const char *t = c->ev.ts; *t; t++)
        if (*t != '.')
            buf_addc(&b, *t);
    const char *url = pool_strdup(c->task.pool, *s->self.url ? b.s : "");
    buf_release(&b);
    return url;
}

static void add_quote(struct buf *b, const char *name, const char *text)
{
    buf_addf(b, "\n*%s*\n> ", name);
    struct buf line;
    buf_init(&line, 4096);
    slack_put_plain(&line, text, strlen(text));
    for (const char *s = line.s; *s; s++)
        buf_addc(b, *s == '\n' ? ' ' : *s);
    buf_release(&line);
}

static void tell_people(struct click *c)
{
    struct slack *s = c->task.adapter->state;
    const struct slack_place people = {
        .via = SLACK_POST,
        .channel = config_text(bot_config(s->adapter->bot), "slack.handoff_channel")};
    if (!*people.channel)
        return;
    struct buf text, body;
    buf_init(&text, SLACK_SECTION_BYTES);
    buf_init(&body, 64 * 1024);
    buf_addf(&text, "<@%s> would like to talk to a person", c->ev.user);
    if (!c->ev.ephemeral) {
        buf_adds(&text, ": ");
        slack_put_link(&text, permalink(c), "go there");
    }
    if (c->answer.via && *c->answer.question)
        add_quote(&text, "Asked", c->answer.question);
    if (*c->ev.raw)
        buf_addf(&text, "\n*Answered*\n> %s", c->ev.raw);
    slack_render_line(text.s, &body);
    outbox_put(s->adapter, people.channel,
               pool_printf(c->task.pool, "handoff:%lld:%s", (long long)c->turn, c->ev.user), body.s,
               slack_place_write(c->task.pool, &people), NULL, NULL);
    buf_release(&text);
    buf_release(&body);
}

static void wished(void *ctx, const struct inbox_receipt *r)
{
    struct click *c = ctx;
    if (!r->err) { /* in the outbox in this order; the message stays open until both are */
        struct slack_place to = beside(c);
        tell_people(c);
        slack_say(c->task.adapter->state, &c->item,
                  pool_printf(c->task.pool, "handed:%lld:%s", (long long)c->turn, c->ev.user),
                  "I have told our people. Somebody will answer you here.", &to);
    }
    task_free(&c->task);
}

/* Told beside the answer: "I have told our people". */
static const char *queued_event(struct click *c)
{
    char at[CLOCK_TEXT];
    clock_text(clock_wall_ms(), at);
    return pool_printf(c->task.pool,
                       "\"t\":\"handoff\",\"via\":\"live\",\"state\":\"queued\",\"at\":\"%s\"", at);
}

static void hand_over(struct click *c)
{
    struct slack *s = c->task.adapter->state;
    struct inbox_wish wish = {.want = "live", .name = c->ev.user, .note = c->ev.ts};
    struct slack_place to = to_clicker(c);
    const char *root = *c->ev.thread ? c->ev.thread : "";
    struct inbox_message m = {.identity = named(c, "wish"),
                              .conversation = slack_conversation(c->task.pool, c->ev.channel, root),
                              .event = c->ev.ephemeral ? NULL : queued_event(c),
                              .wish = &wish,
                              .over = true};
    if (!slack_relay_has_people(s->adapter)) {
        slack_say(s, &c->item, named(c, "nobody"), "Nobody is there to help at the moment, sorry.",
                  &to);
    } else if (!inbox_put(s->adapter, &m, wished, c)) {
        return;
    }
    task_free(&c->task);
}

/* ---- any button ---- */

static void ask(struct click *c)
{
    struct slack_place to = beside(c);
    const char *root = to.via == SLACK_POST ? to.thread : c->ev.ts;
    slack_ask(c->task.adapter->state, &c->item, named(c, "click"),
              slack_conversation(c->task.pool, c->ev.channel, root), c->verb + 2, &to, NULL, 0);
    task_free(&c->task);
}

static void on_found(void *ctx, int err, int64_t turn, const char *note)
{
    struct click *c = ctx;
    struct slack *s = c->task.adapter->state;
    if (!err && turn == c->turn)
        slack_place_read(c->task.pool, note, &c->answer);
    if (err && err != -ENOENT) { /* stays open */
        task_free(&c->task);
    } else if (!err && turn && turn != c->turn) {
        slack_ignore(s, &c->item, "a button of another message");
        task_free(&c->task);
    } else if (!strcmp(c->verb, "up") || !strcmp(c->verb, "down")) {
        vote(c);
    } else if (!is_askers(c)) {
        not_yours(c);
        task_free(&c->task);
    } else if (!strcmp(c->verb, "handoff")) {
        hand_over(c);
    } else if (!strncmp(c->verb, "s:", 2)) {
        ask(c);
    } else {
        slack_ignore(s, &c->item, "a button of another version");
        task_free(&c->task);
    }
}

void slack_on_click(struct slack *s, const struct inbox_item *item)
{
    struct click *c = task_new(&s->tasks, sizeof *c);
    c->item = inbox_item_copy(c->task.pool, item);
    bool readable = slack_read_item(s, c->task.pool, &c->item, &c->ev);
    if (readable && slack_relay_click(s, item, &c->ev)) {
        task_free(&c->task);
    } else if (!readable || !read_value(c)) {
        slack_ignore(s, item, "a button that is not ours");
        task_free(&c->task);
    } else if (outbox_find(s->adapter, c->ev.channel, c->ev.ts, on_found, c)) {
        task_free(&c->task);
    }
}
