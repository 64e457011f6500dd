/* matrix_event.c: an event becomes what it means to us. One place decides what is nothing at all, in this order: of no type that we
 * know, by ourselves, redacted, of somebody who is ignored, a notice. A notice is how bots speak, and is never answered: that
 * is what keeps two bots from talking to each other for ever.
 *
 * Whether a message is for us is only half decided here (mention, command): the size of its room and the answers that we
 * gave there are looked up by who calls. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"

#define MAX_TEXT (64u * 1024)

struct reader {
    struct pool *pool;
    const struct matrix_gate *gate;
    const cJSON *event, *content;
    struct matrix_event *ev;
};

static const char *text_of(const struct reader *r, const cJSON *j, const char *name)
{
    return pool_strdup(r->pool, json_string(j, name, MAX_TEXT));
}

static const char *id_of(const struct reader *r, const cJSON *j, const char *name)
{
    return pool_strdup(r->pool, json_string(j, name, MATRIX_MAX_ID));
}

static void nothing(const struct reader *r, const char *why)
{
    r->ev->kind = MATRIX_NOTHING;
    r->ev->why = why;
}

static const cJSON *member(const cJSON *j, const char *name)
{
    return j ? json_object(j, name) : NULL;
}

/* ---- messages ---- */

static bool lists_us(const struct reader *r, const cJSON *mentions)
{
    const cJSON *id;
    cJSON_ArrayForEach(
        id, json_array(mentions, "user_ids", NULL)) if (cJSON_IsString(id) &&
                                                        !strcmp(id->valuestring,
                                                                r->gate->self->user)) return true;
    return false;
}

/* The text and whether it names us. `content` is the message's, or an edit's new one. */
static void read_text(const struct reader *r, const cJSON *content, bool reply)
{
    const struct matrix_self *self = r->gate->self;
    const char *body = text_of(r, content, "body");
    if (reply)
        body = matrix_text_without_quote(body);
    const cJSON *mentions = member(content, "m.mentions");
    const char *command = matrix_text_behind_command(body, r->gate->command);
    const char *name = matrix_text_behind_name(body, self);
    bool named =
        mentions ? lists_us(r, mentions)
                 : name || matrix_text_has_pill(text_of(r, content, "formatted_body"), self->user);
    r->ev->named = named || command;
    body = command ? command : named && name ? name : body;
    r->ev->text = matrix_text_clean(r->pool, body, self);
}

static void read_relation(const struct reader *r, const cJSON *relates)
{
    const cJSON *reply = member(relates, "m.in_reply_to");
    const char *type = relates ? json_string(relates, "rel_type", 64) : NULL;
    bool thread = type && !strcmp(type, "m.thread");
    bool fallback =
        thread && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(relates, "is_falling_back"));
    if (thread)
        r->ev->thread = id_of(r, relates, "event_id");
    if (reply && !fallback)
        r->ev->reply_to = id_of(r, reply, "event_id");
}

static void read_message(const struct reader *r)
{
    const cJSON *relates = member(r->content, "m.relates_to");
    const char *rel = relates ? json_string(relates, "rel_type", 64) : NULL;
    const cJSON *fresh = member(r->content, "m.new_content");
    bool edit = rel && !strcmp(rel, "m.replace");
    const cJSON *content = edit ? fresh : r->content;
    const char *type = content ? json_string(content, "msgtype", 64) : NULL;
    if (type && !strcmp(type, "m.notice")) {
        nothing(r, "a notice");
    } else if (!type || strcmp(type, "m.text") != 0 || !json_string(content, "body", MAX_TEXT)) {
        nothing(r, "not a text");
    } else {
        r->ev->kind = edit ? MATRIX_EDIT : MATRIX_MESSAGE;
        if (edit)
            r->ev->target = id_of(r, relates, "event_id");
        else
            read_relation(r, relates);
        read_text(r, content, member(relates, "m.in_reply_to") != NULL);
    }
}

/* ---- reactions and redactions ---- */

int matrix_event_vote(const char *key)
{
    static const struct {
        const char *key;
        int vote;
    } votes[] = {{"\xF0\x9F\x91\x8D", 1}, {"\xE2\x9C\x85", 1},      {"\xE2\x9D\xA4", 1},
                 {"\xF0\x9F\x8E\x89", 1}, {"\xF0\x9F\x91\x8E", -1}, {"\xE2\x9D\x8C", -1},
                 {"\xF0\x9F\x98\x95", -1}};
    char plain[16];
    size_t n = 0;
    while (*key && n < sizeof plain - 1) {
        if (!strncmp(key, "\xEF\xB8\x8F", 3)) { /* "as a picture" */
            key += 3;
        } else if (!strncmp(key, "\xF0\x9F\x8F", 3) && (unsigned char)key[3] >= 0xBB) { /* skin */
            key += 4;
        } else {
            plain[n++] = *key++;
        }
    }
    plain[n] = '\0';
    for (size_t i = 0; !*key && i < sizeof votes / sizeof *votes; i++)
        if (!strcmp(plain, votes[i].key))
            return votes[i].vote;
    return 0;
}

static void read_reaction(const struct reader *r)
{
    const cJSON *relates = member(r->content, "m.relates_to");
    const char *key = relates ? json_string(relates, "key", 256) : NULL;
    r->ev->target = relates ? id_of(r, relates, "event_id") : "";
    r->ev->vote = key ? matrix_event_vote(key) : 0;
    if (*r->ev->target && r->ev->vote)
        r->ev->kind = MATRIX_REACTION;
    else
        nothing(r, "a reaction that is no vote");
}

static void read_redaction(const struct reader *r)
{
    const char *target = id_of(r, r->event, "redacts");
    r->ev->target = *target ? target : r->content ? id_of(r, r->content, "redacts") : "";
    if (*r->ev->target)
        r->ev->kind = MATRIX_REDACTION;
    else
        nothing(r, "a redaction of nothing");
}

/* ---- rooms ---- */

static bool is_encrypted(const cJSON *state)
{
    const cJSON *ev;
    cJSON_ArrayForEach(ev, state)
    {
        const char *type = json_string(ev, "type", 64);
        if (type && !strcmp(type, "m.room.encryption"))
            return true;
    }
    return false;
}

static void read_member(const struct reader *r, const char *whose)
{
    const char *state = r->content ? json_string(r->content, "membership", 32) : NULL;
    const cJSON *more = member(r->event, "unsigned");
    bool ours = !strcmp(whose, r->gate->self->user);
    if (!state)
        nothing(r, "a membership without a state");
    else if (!ours)
        r->ev->kind = MATRIX_MEMBER;
    else if (!strcmp(state, "invite"))
        r->ev->kind = MATRIX_INVITED;
    else if (!strcmp(state, "join"))
        r->ev->kind = MATRIX_JOINED;
    else
        r->ev->kind = MATRIX_LEFT;
    r->ev->direct = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(r->content, "is_direct"));
    r->ev->encrypted = more && is_encrypted(json_array(more, "invite_room_state", NULL));
}

static void read_state(const struct reader *r, const char *type, const char *key)
{
    if (!strcmp(type, "m.room.member")) {
        read_member(r, key);
    } else if (!strcmp(type, "m.room.encryption")) {
        r->ev->kind = MATRIX_UNREADABLE;
    } else if (!strcmp(type, "m.room.tombstone")) {
        r->ev->target = r->content ? id_of(r, r->content, "replacement_room") : "";
        r->ev->kind = MATRIX_MOVED;
        if (!*r->ev->target)
            nothing(r, "a room that ended");
    } else {
        nothing(r, "state that we do not need");
    }
}

/* ---- any of them ---- */

static bool is_ignored(const struct reader *r)
{
    for (const char *const *glob = r->gate->ignore; glob && *glob; glob++)
        if (!fnmatch(*glob, r->ev->sender, 0))
            return true;
    return false;
}

static void read_event(const struct reader *r, const char *type)
{
    const char *key = json_string(r->event, "state_key", MATRIX_MAX_ID);
    if (key)
        read_state(r, type, key);
    else if (!strcmp(r->ev->sender, r->gate->self->user))
        nothing(r, "our own");
    else if (!strcmp(type, "m.room.redaction"))
        read_redaction(r);
    else if (!r->content || !r->content->child)
        nothing(r, "redacted");
    else if (is_ignored(r))
        nothing(r, "of somebody who is ignored");
    else if (!strcmp(type, "m.room.message"))
        read_message(r);
    else if (!strcmp(type, "m.reaction"))
        read_reaction(r);
    else if (!strcmp(type, "m.room.encrypted"))
        r->ev->kind = MATRIX_UNREADABLE;
    else
        nothing(r, "of a type that we do not know");
}

int64_t matrix_event_age(const cJSON *ev)
{
    return json_int(member(ev, "unsigned"), "age", 0, 1LL << 52, -1);
}

bool matrix_event_before_us(const cJSON *ev)
{
    const cJSON *more = member(ev, "unsigned");
    const char *we = more ? json_string(more, "membership", 32) : NULL;
    const char *key = json_string(ev, "state_key", MATRIX_MAX_ID);
    return we && strcmp(we, "join") != 0 && !key;
}

bool matrix_event_is_entry(const cJSON *ev, const struct matrix_self *self)
{
    const char *type = json_string(ev, "type", 64),
               *key = json_string(ev, "state_key", MATRIX_MAX_ID);
    const cJSON *content = member(ev, "content"), *more = member(ev, "unsigned");
    const cJSON *was = member(more, "prev_content");
    const char *is = content ? json_string(content, "membership", 32) : NULL;
    const char *before = was ? json_string(was, "membership", 32) : NULL;
    return type && key && is && !strcmp(type, "m.room.member") && !strcmp(key, self->user) &&
           !strcmp(is, "join") && (!before || strcmp(before, "join") != 0);
}

int matrix_event_read(struct pool *pool, const char *json, size_t len,
                      const struct matrix_gate *gate, struct matrix_event *ret)
{
    cJSON *j = matrix_json_read(json, len);
    *ret = (struct matrix_event){.why = "", .text = "", .reply_to = "", .thread = "", .target = ""};
    struct reader r = {.pool = pool, .gate = gate, .event = j, .ev = ret};
    const char *type = cJSON_IsObject(j) ? json_string(j, "type", MATRIX_MAX_ID) : NULL;
    ret->id = id_of(&r, j, "event_id");
    ret->room = id_of(&r, j, "room_id");
    ret->sender = id_of(&r, j, "sender");
    ret->at_ms = json_int(j, "origin_server_ts", 0, 1LL << 52, 0);
    ret->age_ms = matrix_event_age(j);
    r.content = member(j, "content");
    bool fine = type && *ret->id && *ret->room && *ret->sender;
    if (fine)
        read_event(&r, type);
    json_free(j);
    return fine ? 0 : -EBADMSG;
}
