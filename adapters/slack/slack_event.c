/* slack_event.c: what a delivery says, and whether it is for us. Three forms come in at one address: events (JSON), clicks
 * and shortcuts (a form with one field, `payload`, which is JSON), commands (a form). Socket Mode sends the same
 * three as JSON objects.
 *
 * The gate is a list of what is let in, not of what is kept out: a kind of message that Slack invents tomorrow is none
 * of ours. A message of a bot is never answered unless its name is on a list, and it is known by its bot_id, for our own
 * posts come back without the subtype that says so. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/form.h"

#define MAX_TEXT (256u * 1024) /* bytes of any member that is looked at */

/* A delivery's members, of JSON or of a form. */
struct source {
    struct pool *pool;
    const cJSON *json; /* NULL: a form */
    const char *form;
    size_t len;
};

static const char *copy(struct pool *pool, const cJSON *j, const char *name)
{
    return pool_strdup(pool, json_string(j, name, MAX_TEXT));
}

static const char *field(const struct source *s, const char *name)
{
    size_t n;
    if (s->json)
        return copy(s->pool, s->json, name);
    const char *v = form_field(s->pool, s->form, s->len, name, &n);
    return v ? v : "";
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool is_true(const cJSON *j, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(j, name));
}

static bool has(const cJSON *j, const char *name)
{
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(j, name);
    return m && !cJSON_IsNull(m);
}

/* The string member of an object member, "" when either is absent. */
static const char *inner(struct pool *pool, const cJSON *j, const char *object, const char *name)
{
    const cJSON *o = json_object(j, object);
    return o ? copy(pool, o, name) : "";
}

static void nothing(struct slack_event *ev, const char *why)
{
    ev->kind = SLACK_NOTHING;
    ev->why = why;
}

/* ---- messages ---- */

/* Text that is only in the blocks, put together as it would stand in `text`. */
static void gather(const cJSON *j, struct buf *b, int depth)
{
    if (depth > 16)
        return;
    const cJSON *item;
    cJSON_ArrayForEach(item, j)
    {
        const char *type = json_string(item, "type", 64);
        const char *text = json_string(item, "text", MAX_TEXT);
        const char *url = json_string(item, "url", MAX_TEXT);
        const char *user = json_string(item, "user_id", SLACK_MAX_ID);
        if (type && is(type, "user") && user)
            buf_addf(b, "<@%s>", user);
        else if (text || url)
            for (const char *s = text ? text : url; *s; s++)
                buf_adds(b, *s == '<'   ? "&lt;"
                            : *s == '>' ? "&gt;"
                            : *s == '&' ? "&amp;"
                                        : (char[]){*s, 0});
        else
            gather(cJSON_GetObjectItemCaseSensitive(item, "elements"), b, depth + 1);
        if (type && is(type, "rich_text_section"))
            buf_addc(b, ' ');
    }
}

static const char *text_of(struct pool *pool, const cJSON *message)
{
    const char *text = copy(pool, message, "text");
    if (*text)
        return text;
    struct buf b;
    buf_init(&b, MAX_TEXT);
    gather(cJSON_GetObjectItemCaseSensitive(message, "blocks"), &b, 0);
    text = pool_strdup(pool, b.s);
    buf_release(&b);
    return text;
}

static bool allowed_bot(const struct slack_gate *gate, const char *user)
{
    for (const char *const *s = gate->allowed_bot; s && *s; s++)
        if (**s && is(*s, user))
            return true;
    return false;
}

/* Why a message is not for us although it is one, or NULL. */
static const char *not_from_a_person(const cJSON *m, const struct slack_gate *gate,
                                     const char *user)
{
    const struct slack_self *self = gate->self;
    const char *bot = json_string(m, "bot_id", SLACK_MAX_ID);
    if (is(user, self->user) || (bot && is(bot, self->bot)))
        return "our own";
    if ((has(m, "bot_id") || has(m, "bot_profile") || has(m, "app_id")) && !allowed_bot(gate, user))
        return "of a bot";
    if (!*user || is(user, "USLACKBOT"))
        return "of nobody";
    return NULL;
}

static void read_text(struct pool *pool, const cJSON *m, const struct slack_gate *gate,
                      struct slack_event *ev)
{
    ev->raw = text_of(pool, m);
    ev->text = slack_text_read(pool, ev->raw, gate->self->user);
    ev->mention |= ev->text.names_us;
}

/* These return why it is none of ours, or NULL. A message was changed: by its author, which `edited` tells, or by Slack, which
 * unfurls its links. */
static const char *read_changed(struct pool *pool, const cJSON *e, const struct slack_gate *gate,
                                struct slack_event *ev)
{
    const cJSON *m = json_object(e, "message"), *before = json_object(e, "previous_message");
    if (!m || !has(m, "edited"))
        return "changed, but not by its author";
    ev->user = copy(pool, m, "user");
    ev->ts = copy(pool, m, "ts");
    ev->thread = copy(pool, m, "thread_ts");
    ev->changed_at = inner(pool, m, "edited", "ts");
    const char *why = not_from_a_person(m, gate, ev->user);
    if (why)
        return why;
    read_text(pool, m, gate, ev);
    if (before && is(text_of(pool, before), ev->raw))
        return "changed, but not its text";
    ev->kind = SLACK_EDITED;
    return NULL;
}

static void read_deleted(struct pool *pool, const cJSON *e, struct slack_event *ev)
{
    ev->kind = SLACK_DELETED;
    ev->ts = copy(pool, e, "deleted_ts");
    ev->user = inner(pool, e, "previous_message", "user");
}

static const char *read_message(struct pool *pool, const cJSON *e, const struct slack_gate *gate,
                                struct slack_event *ev)
{
    const char *subtype = copy(pool, e, "subtype");
    ev->channel = copy(pool, e, "channel");
    ev->direct = is(copy(pool, e, "channel_type"), "im");
    if (is(subtype, "message_changed"))
        return read_changed(pool, e, gate, ev);
    if (is(subtype, "message_deleted")) {
        read_deleted(pool, e, ev);
        return NULL;
    }
    if (is_true(e, "hidden"))
        return "hidden";
    ev->user = copy(pool, e, "user");
    ev->ts = copy(pool, e, "ts");
    ev->thread = copy(pool, e, "thread_ts");
    const char *why = not_from_a_person(e, gate, ev->user);
    if (why)
        return why;
    if (*subtype && !is(subtype, "file_share") && !is(subtype, "thread_broadcast"))
        return "a subtype that is no message to us";
    if (!*ev->channel || !*ev->ts)
        return "without a channel or an id";
    read_text(pool, e, gate, ev);
    ev->kind = SLACK_MESSAGE;
    return NULL;
}

/* ---- events ---- */

static bool is_foreign(const cJSON *e, const char *name, const char *team)
{
    const char *theirs = json_string(e, name, SLACK_MAX_ID);
    return theirs && *theirs && strcmp(theirs, team) != 0;
}

/* The workspace that the delivery is meant for: the outer id may be somebody else's in a shared channel. */
static const char *workspace(struct pool *pool, const cJSON *j)
{
    const cJSON *first = cJSON_GetArrayItem(json_array(j, "authorizations", NULL), 0);
    const char *team = first ? copy(pool, first, "team_id") : "";
    return *team ? team : copy(pool, j, "team_id");
}

static void read_inner(struct pool *pool, const cJSON *j, const cJSON *e,
                       const struct slack_gate *gate, struct slack_event *ev)
{
    const char *type = copy(pool, e, "type");
    const cJSON *tokens = json_object(e, "tokens");
    size_t nbot = 1;
    if (is(type, "message") || is(type, "app_mention")) {
        ev->mention = is(type, "app_mention");
        const char *why = read_message(pool, e, gate, ev);
        if (why)
            nothing(ev, why);
        const char *team = gate->self->team;
        ev->external = is_true(j, "is_ext_shared_channel") || is_foreign(e, "user_team", team) ||
                       is_foreign(e, "source_team", team) || is_foreign(e, "team", team);
    } else if (is(type, "app_home_opened")) {
        ev->kind = SLACK_HOME;
        ev->user = copy(pool, e, "user");
        if (!is(copy(pool, e, "tab"), "home"))
            nothing(ev, "another tab");
    } else if (is(type, "app_uninstalled")) {
        ev->kind = SLACK_GONE;
    } else if (is(type, "tokens_revoked")) {
        if (tokens && !json_array(tokens, "bot", &nbot))
            nbot = 0;
        ev->kind = SLACK_GONE;
        if (!nbot)
            nothing(ev, "tokens of others were revoked");
    } else {
        nothing(ev, "an event that was not asked for");
    }
}

static int read_event(struct pool *pool, const cJSON *j, const struct slack_gate *gate,
                      struct slack_event *ev)
{
    const cJSON *e = json_object(j, "event");
    const char *id = copy(pool, j, "event_id"), *app = copy(pool, j, "api_app_id");
    if (!e || !*id)
        return -EBADMSG;
    ev->key = pool_printf(pool, "ev:%s", id);
    ev->team = workspace(pool, j);
    if (!gate)
        return 0;
    if (*gate->app && *app && !is(gate->app, app))
        nothing(ev, "for another app");
    else if (!is(ev->team, gate->self->team))
        nothing(ev, "for another workspace");
    else
        read_inner(pool, j, e, gate, ev);
    return 0;
}

/* ---- clicks, shortcuts, commands ---- */

/* The message under the button, to be written once more without it. */
static void read_clicked(struct pool *pool, const cJSON *m, struct slack_event *ev)
{
    const cJSON *blocks = m ? json_array(m, "blocks", NULL) : NULL;
    char *json = blocks ? cJSON_PrintUnformatted(blocks) : NULL;
    if (m)
        ev->raw = copy(pool, m, "text");
    if (json)
        ev->blocks = pool_strdup(pool, json);
    cJSON_free(json);
}

static int read_click(struct pool *pool, const cJSON *j, struct slack_event *ev)
{
    const cJSON *container = json_object(j, "container"), *action;
    ev->kind = SLACK_CLICK;
    if (container) {
        ev->ts = copy(pool, container, "message_ts");
        ev->channel = copy(pool, container, "channel_id");
        ev->thread = copy(pool, container, "thread_ts");
        ev->ephemeral = is_true(container, "is_ephemeral");
    }
    if (!*ev->channel)
        ev->channel = inner(pool, j, "channel", "id");
    read_clicked(pool, json_object(j, "message"), ev);
    cJSON_ArrayForEach(action, json_array(j, "actions", NULL))
    {
        const char *id = copy(pool, action, "action_id");
        if (strncmp(id, "qa_", 3) || *ev->action)
            continue;
        ev->action = id;
        ev->value = copy(pool, action, "value");
        ev->clicked_at = copy(pool, action, "action_ts");
    }
    ev->key = pool_printf(pool, "act:%s:%s:%s:%s", *ev->ts ? ev->ts : ev->trigger, ev->user,
                          ev->action, ev->clicked_at);
    if (!*ev->action)
        nothing(ev, "a button that is not ours");
    return 0;
}

static int read_shortcut(struct pool *pool, const cJSON *j, struct slack_event *ev)
{
    const cJSON *m = json_object(j, "message");
    ev->kind = SLACK_SHORTCUT;
    ev->key =
        pool_printf(pool, "act:%s:%s:%s", copy(pool, j, "callback_id"), ev->user, ev->trigger);
    ev->channel = inner(pool, j, "channel", "id");
    ev->raw = m ? text_of(pool, m) : "";
    ev->text = slack_text_read(pool, ev->raw, "");
    ev->ts = m ? copy(pool, m, "ts") : "";
    if (!m)
        nothing(ev, "a shortcut that is on no message");
    return 0;
}

static int read_interaction(struct pool *pool, const cJSON *j, const char *type,
                            const struct slack_gate *gate, struct slack_event *ev)
{
    const cJSON *user = json_object(j, "user");
    ev->user = inner(pool, j, "user", "id");
    ev->team = inner(pool, j, "team", "id");
    ev->external = gate && user && is_foreign(user, "team_id", gate->self->team);
    ev->response_url = copy(pool, j, "response_url");
    ev->trigger = copy(pool, j, "trigger_id");
    int err = 0;
    if (is(type, "block_actions")) {
        err = read_click(pool, j, ev);
    } else if (is(type, "message_action")) {
        err = read_shortcut(pool, j, ev);
    } else {
        ev->key = pool_printf(pool, "act:%s:%s:%s", type, ev->user, ev->trigger);
        nothing(ev, "an interaction that is not ours");
    }
    if (gate && ev->kind != SLACK_NOTHING && !is(ev->team, gate->self->team))
        nothing(ev, "from another workspace");
    return err;
}

static int read_command(const struct source *s, const struct slack_gate *gate,
                        struct slack_event *ev)
{
    ev->kind = SLACK_COMMAND;
    ev->command = field(s, "command");
    ev->team = field(s, "team_id");
    ev->channel = field(s, "channel_id");
    ev->user = field(s, "user_id");
    ev->trigger = field(s, "trigger_id");
    ev->response_url = field(s, "response_url");
    ev->raw = field(s, "text");
    ev->text = slack_text_read(s->pool, ev->raw, gate ? gate->self->user : "");
    ev->key = pool_printf(s->pool, "cmd:%s", ev->trigger);
    if (!*ev->trigger || !*ev->user)
        return -EBADMSG;
    if (gate && !is(ev->team, gate->self->team))
        nothing(ev, "from another workspace");
    return 0;
}

/* ---- any of them ---- */

static int read_json(struct pool *pool, const char *s, size_t len, const struct slack_gate *gate,
                     struct slack_event *ev)
{
    struct buf b;
    buf_init(&b, 3 * len + 1);
    json_repair(s, len, &b);
    cJSON *j = json_parse(b.s, b.len);
    buf_release(&b);
    if (!cJSON_IsObject(j)) {
        json_free(j);
        return -EBADMSG;
    }
    const struct source source = {.pool = pool, .json = j};
    const char *type = copy(pool, j, "type");
    int err = 0;
    if (is(type, "event_callback")) {
        err = read_event(pool, j, gate, ev);
    } else if (is(type, "url_verification")) {
        ev->kind = SLACK_CHALLENGE;
        ev->challenge = copy(pool, j, "challenge");
    } else if (is(type, "app_rate_limited")) {
        ev->kind = SLACK_THROTTLED;
        ev->key =
            pool_printf(pool, "limit:%lld", json_int(j, "minute_rate_limited", 0, 1LL << 50, 0));
    } else if (*type) {
        err = read_interaction(pool, j, type, gate, ev);
    } else if (has(j, "command")) {
        err = read_command(&source, gate, ev);
    } else {
        err = -EBADMSG;
    }
    json_free(j);
    return err;
}

/* Bytes of a form are whatever somebody's keyboard made of them. */
static void repair(struct pool *pool, const char **s)
{
    struct buf b;
    buf_init(&b, 3 * strlen(*s) + 1);
    json_repair(*s, strlen(*s), &b);
    *s = pool_strdup(pool, b.s);
    buf_release(&b);
}

int slack_event_read(struct pool *pool, const char *body, size_t len, const struct slack_gate *gate,
                     struct slack_event *ret)
{
    struct slack_event ev = {.why = "",
                             .key = "",
                             .team = "",
                             .channel = "",
                             .user = "",
                             .ts = "",
                             .thread = "",
                             .raw = "",
                             .text.text = "",
                             .trigger = "",
                             .command = "",
                             .challenge = "",
                             .response_url = "",
                             .action = "",
                             .value = "",
                             .clicked_at = "",
                             .changed_at = "",
                             .blocks = ""};
    const struct source form = {.pool = pool, .form = body, .len = len};
    size_t n;
    const char *payload;
    int err;
    if (!len)
        return -EBADMSG;
    if (*body == '{') {
        err = read_json(pool, body, len, gate, &ev);
    } else if ((payload = form_field(pool, body, len, "payload", &n))) {
        err = read_json(pool, payload, n, gate, &ev);
    } else if (*field(&form, "command")) {
        err = read_command(&form, gate, &ev);
        repair(pool, &ev.text.text);
    } else {
        err = -EBADMSG;
    }
    if (!err)
        *ret = ev;
    return err;
}
