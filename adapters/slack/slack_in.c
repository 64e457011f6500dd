/* slack_in.c: a message of the inbox is dealt with: known for what it is, let in or not, and handed to whoever answers it.
 * Each message ends here exactly once: with slack_ask(), whose reply closes it, with slack_say(), or ignored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/clock.h"
#include "bot/must.h"

static const char refusal[] =
    "I answer members of this workspace only. Please ask somebody here to ask me.";

static const struct config *config_of(const struct slack *s)
{
    return bot_config(s->adapter->bot);
}

const char *slack_conversation(struct pool *pool, const char *channel, const char *thread)
{
    return pool_printf(pool, "%s:%s", channel, *thread ? thread : "dm");
}

/* ---- the ways to end ---- */

void slack_ignore(struct slack *s, const struct inbox_item *item, const char *why)
{
    log_debug("slack", "ignored", "why=\"%s\"", why);
    inbox_end(s->adapter, item->id, INBOX_WAS_IGNORED);
}

struct saying {
    struct task task;
    int64_t id;
};

/* On disk: the message is over. Not on disk: it stays open, and is dealt with again at the next start. */
static void said(void *ctx, int err)
{
    struct saying *t = ctx;
    if (!err)
        inbox_end(t->task.adapter, t->id, INBOX_WAS_DONE);
    task_free(&t->task);
}

void slack_put(struct slack *s, const struct inbox_item *item, const char *idem,
               const struct buf *body, const struct slack_place *place)
{
    struct saying *t = task_new(&s->tasks, sizeof *t);
    const char *lane = *place->channel ? place->channel : place->user;
    t->id = item->id;
    if (outbox_put(s->adapter, lane, idem, body->s, slack_place_write(t->task.pool, place), said,
                   t))
        task_free(&t->task);
}

void slack_say(struct slack *s, const struct inbox_item *item, const char *idem, const char *text,
               const struct slack_place *place)
{
    struct buf b;
    buf_init(&b, 64 * 1024);
    slack_render_line(text, &b);
    slack_put(s, item, idem, &b, place);
    buf_release(&b);
}

static const char *why_not(int err)
{
    switch (err) {
    case -E2BIG: return "That is too long for me: a question may have at most 2,000 characters.";
    case -EINVAL: return slack_help;
    default: return "I could not read that. Please try once more in other words.";
    }
}

void slack_ask(struct slack *s, const struct inbox_item *item, const char *claim,
               const char *conversation, const char *text, const struct slack_place *place,
               const struct inbox_also *also, size_t nalso)
{
    struct pool *pool = pool_new();
    struct slack_place to = *place;
    to.question = pool_strndup(pool, text, strnlen(text, 500));
    const char *note = slack_place_write(pool, &to);
    slack_place_read(pool, note, &to); /* what is absent is "" from here on */
    struct inbound in = {.text = text,
                         .len = strlen(text),
                         .conversation = conversation,
                         .item = item,
                         .claim = claim,
                         .also = also,
                         .nalso = nalso,
                         .lane = *to.channel ? to.channel : to.user,
                         .note = note};
    int err = bot_receive(s->adapter, &in);
    if (!err)
        slack_thread_asked(s, &to);
    else if (err != -ESHUTDOWN) { /* then it stays open, for the next start */
        for (size_t i = 0; i < nalso; i++)
            inbox_end(s->adapter, also[i].id, INBOX_WAS_DONE);
        slack_say(s, item, pool_printf(pool, "say:%s", claim ? claim : item->identity),
                  why_not(err), &to);
    }
    pool_free(pool);
}

/* ---- messages ---- */

struct slack_place slack_place_of(const struct slack *s, const struct slack_event *ev)
{
    enum slack_policy policy = slack_policy_of(config_of(s), ev->channel);
    const char *thread = *ev->thread ? ev->thread : ev->ts;
    if (ev->direct && !*ev->thread && !config_bool(config_of(s), "slack.dm_in_thread"))
        thread = "";
    /* An ephemeral message is seen in a thread only where that has replies. */
    bool quiet = policy == SLACK_PRIVATELY && !ev->direct;
    return (struct slack_place){.via = quiet ? SLACK_EPHEMERAL : SLACK_POST,
                                .channel = ev->channel,
                                .thread = quiet ? ev->thread : thread,
                                .user = ev->user,
                                .asked = ev->ts,
                                .only_if_sure =
                                    policy == SLACK_ALWAYS && !ev->mention && !ev->direct};
}

/* From another workspace: whoever names us is told so, where only they see it. */
static void refuse(struct slack *s, const struct inbox_item *item, const struct slack_event *ev,
                   struct pool *pool)
{
    if (!ev->mention) {
        slack_ignore(s, item, "from another workspace");
        return;
    }
    struct slack_place to = {
        .via = SLACK_EPHEMERAL, .channel = ev->channel, .thread = ev->thread, .user = ev->user};
    slack_say(s, item, pool_printf(pool, "refuse:%s:%s", ev->channel, ev->ts), refusal, &to);
}

void slack_on_text(struct slack *s, const struct inbox_item *item, const struct slack_event *ev)
{
    struct pool *pool = pool_new();
    enum slack_policy policy = slack_policy_of(config_of(s), ev->channel);
    bool top = !*ev->thread || !strcmp(ev->thread, ev->ts);
    bool all = config_text(config_of(s), "slack.external_users")[0] == 'a';
    if (policy == SLACK_OFF && !ev->direct) {
        slack_ignore(s, item, "a channel that is off");
    } else if (ev->external && !all) {
        refuse(s, item, ev, pool);
    } else if (ev->direct || ev->mention || slack_burst_open(s, ev) ||
               (policy == SLACK_ALWAYS && top && !ev->text.begins_other)) {
        struct slack_place to = slack_place_of(s, ev);
        slack_burst_add(s, item, ev, &to);
    } else if (!top && policy != SLACK_PRIVATELY) {
        slack_thread_message(s, item, ev);
    } else {
        slack_ignore(s, item, "not for us");
    }
    pool_free(pool);
}

static void on_text(struct slack *s, const struct inbox_item *item, const struct slack_event *ev)
{
    if (slack_relay_is_room(s, ev->channel))
        slack_relay_message(s, item);
    else
        slack_on_text(s, item, ev);
}

static void on_edit(struct slack *s, const struct inbox_item *item, const struct slack_event *ev)
{
    if (slack_burst_change(s, ev, ev->text.text))
        inbox_end(s->adapter, item->id, INBOX_WAS_DONE);
    else
        slack_thread_edited(s, item, ev);
}

static void on_delete(struct slack *s, const struct inbox_item *item, const struct slack_event *ev)
{
    slack_burst_change(s, ev, NULL);
    inbox_end(s->adapter, item->id, INBOX_WAS_DONE);
}

/* ---- commands, shortcuts, the home ---- */

static void on_command(struct slack *s, const struct inbox_item *item, const struct slack_event *ev,
                       struct pool *pool)
{
    struct slack_place to = {.via = SLACK_RESPOND,
                             .channel = ev->channel,
                             .user = ev->user,
                             .url = ev->response_url,
                             .until_ms = item->at_ms + SLACK_URL_GOOD_MS};
    bool ours = !strcmp(ev->command, config_text(config_of(s), "slack.command"));
    const char *talk = pool_printf(pool, "%s:%s:command", ev->channel, ev->user);
    bool kb = !strcmp(ev->command, config_text(config_of(s), "slack.kb_command"));
    if (ev->kind == SLACK_COMMAND && *ev->text.text && kb)
        slack_relay_command(s, item);
    else if (ev->kind == SLACK_COMMAND && (!*ev->text.text || !ours))
        slack_ignore(s, item, "help was given at once");
    else
        slack_ask(s, item, NULL, talk, ev->text.text, &to, NULL, 0);
}

static void on_home(struct slack *s, const struct inbox_item *item, const struct slack_event *ev,
                    struct pool *pool)
{
    struct buf b;
    struct slack_place to = {.via = SLACK_VIEW, .channel = "", .user = ev->user};
    buf_init(&b, 64 * 1024);
    slack_render_home(bot_topics(s->adapter->bot), &b);
    slack_put(s, item, pool_printf(pool, "home:%s", ev->key), &b, &to);
    buf_release(&b);
}

static void on_gone(struct slack *s, const struct inbox_item *item)
{
    struct slack_result r = {.class = SLACK_DOWN, .error = "account_inactive"};
    slack_auth_lost(s, &r);
    inbox_end(s->adapter, item->id, INBOX_WAS_DONE);
}

/* ---- any of them ---- */

bool slack_read_item(const struct slack *s, struct pool *pool, const struct inbox_item *item,
                     struct slack_event *ret)
{
    const struct slack_gate gate = {
        .self = &s->self,
        .app = config_text(config_of(s), "slack.app_id"),
        .allowed_bot = config_list(config_of(s), "slack.allow_bots", NULL),
    };
    return !slack_event_read(pool, item->body, strlen(item->body), &gate, ret);
}

static void dispatch(struct slack *s, const struct inbox_item *item, const struct slack_event *ev,
                     struct pool *pool)
{
    switch (ev->kind) {
    case SLACK_MESSAGE: on_text(s, item, ev); break;
    case SLACK_EDITED: on_edit(s, item, ev); break;
    case SLACK_DELETED: on_delete(s, item, ev); break;
    case SLACK_COMMAND:
    case SLACK_SHORTCUT: on_command(s, item, ev, pool); break;
    case SLACK_CLICK: slack_on_click(s, item); break;
    case SLACK_HOME: on_home(s, item, ev, pool); break;
    case SLACK_GONE: on_gone(s, item); break;
    case SLACK_THROTTLED:
        log_warn("slack", "Slack holds events back: more than 30,000 in an hour", "key=%s",
                 ev->key);
        inbox_end(s->adapter, item->id, INBOX_WAS_DONE);
        break;
    case SLACK_CHALLENGE:
    case SLACK_NOTHING: slack_ignore(s, item, ev->why); break;
    }
}

void slack_on_message(struct adapter *a, const struct inbox_item *item)
{
    struct slack *s = a->state;
    if (!s->known) {
        task_hold(&s->tasks, &s->held, item);
        return;
    }
    struct pool *pool = pool_new();
    struct slack_event ev;
    if (slack_read_item(s, pool, item, &ev))
        dispatch(s, item, &ev, pool);
    else
        inbox_end(s->adapter, item->id, INBOX_WAS_DEAD);
    pool_free(pool);
}
