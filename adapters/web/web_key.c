/* web_key.c: programs that show a key. A file names them: a line each, what we call the program and its key. A key opens what
 * costs or lasts: a rate of its own, Idempotency-Key, votes, wishes for a person. What we keep of a key is its hash.
 *
 * Whoever asks with an Idempotency-Key is answered once, whatever breaks on the way: the question becomes a message of the
 * inbox like that of any chat, in a transcript that is called after the two keys, and its reply is an event there; so the
 * same request once more finds the reply it missed, and another question under the same key is seen to be another. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/web/web_int.h"
#include "bot/limits.h"
#include "bot/must.h"
#include "bot/number.h"
#include "bot/redact.h"
#include "bot/secret.h"

#define MAX_KEYS    500
#define MIN_KEY     16 /* bytes: what is shorter can be guessed */
#define MAX_NAME    32
#define MAX_IDEM    128
#define MAX_COMMENT 2000

struct web_key {
    char name[MAX_NAME + 1];
    unsigned char hash[crypto_generichash_BYTES];
};

struct web_keys {
    struct web_key key[MAX_KEYS];
    size_t n;
};

/* ---- the list ---- */

static void hash_key(unsigned char hash[crypto_generichash_BYTES], const char *s)
{
    crypto_generichash(hash, crypto_generichash_BYTES, (const unsigned char *)s, strlen(s), NULL,
                       0);
}

static int add_key(void *ctx, const char *name, const char *value)
{
    struct web_keys *keys = ctx;
    if (keys->n == MAX_KEYS || strlen(name) > MAX_NAME || strlen(value) < MIN_KEY)
        return -EINVAL;
    struct web_key *k = &keys->key[keys->n++];
    snprintf(k->name, sizeof k->name, "%s", name);
    hash_key(k->hash, value);
    return 0;
}

int web_keys_open(struct web *w)
{
    const char *path = config_text(bot_config(w->adapter->bot), "web.api_keys_file"), *why;
    char quoted[512];
    w->keys = must(calloc(1, sizeof *w->keys));
    int err = secret_read_lines(path, add_key, w->keys, &why);
    if (!err || err == -ENOENT)
        return 0;
    log_error(
        "web", "the list of API keys cannot be used",
        "setting=web.api_keys_file path=%s reason=\"%s\" step=\"at most %d lines, names of at "
        "most %d bytes, keys of at least %d\"",
        log_quote(quoted, sizeof quoted, path), why, MAX_KEYS, MAX_NAME, MIN_KEY);
    return -EINVAL;
}

void web_keys_close(struct web *w)
{
    free(w->keys);
    w->keys = NULL;
}

/* All of them are compared, so that the time it takes tells nothing. */
static const char *name_of(const struct web_keys *keys, const char *shown)
{
    unsigned char hash[crypto_generichash_BYTES];
    const char *name = NULL;
    hash_key(hash, shown);
    for (size_t i = 0; i < keys->n; i++)
        if (!sodium_memcmp(hash, keys->key[i].hash, sizeof hash))
            name = keys->key[i].name;
    return name;
}

const char *web_bearer(const struct request *rq)
{
    const char *s = request_header(rq, "authorization");
    if (!s || strncasecmp(s, "Bearer ", 7))
        return NULL;
    return s + 7 + strspn(s + 7, " ");
}

const struct web_refusal *web_key_of(struct web *w, const struct request *rq, bool needed,
                                     const char **ret_name)
{
    const char *shown = w->keys->n ? web_bearer(rq) : NULL;
    *ret_name = shown ? name_of(w->keys, shown) : NULL;
    return *ret_name || (!shown && !needed) ? NULL : web_refusal(-EACCES);
}

/* ---- names ---- */

/* A name of ours for what a program calls `name`; `kind` keeps apart what must not meet. */
static void name_for(char ret[WEB_CONVERSATION], const char *kind, const char *key,
                     const char *name)
{
    unsigned char hash[(WEB_CONVERSATION - 1) / 2];
    crypto_generichash_state st;
    crypto_generichash_init(&st, NULL, 0, sizeof hash);
    crypto_generichash_update(&st, (const unsigned char *)kind, strlen(kind) + 1);
    crypto_generichash_update(&st, (const unsigned char *)key, strlen(key) + 1);
    crypto_generichash_update(&st, (const unsigned char *)name, strlen(name));
    crypto_generichash_final(&st, hash, sizeof hash);
    sodium_bin2hex(ret, WEB_CONVERSATION, hash, sizeof hash);
}

const char *web_key_talk(struct pool *pool, const char *key, const char *conversation)
{
    char name[WEB_CONVERSATION];
    if (!*conversation)
        return "";
    name_for(name, "talk", key, conversation);
    return pool_strdup(pool, name);
}

static bool is_idem(const char *s)
{
    size_t n = strlen(s), i = 0;
    while (i < n && s[i] > ' ' && s[i] < 0x7f)
        i++;
    return n && n <= MAX_IDEM && i == n;
}

const struct web_refusal *web_idem_of(const struct request *rq, const char *key,
                                      const char **ret_idem)
{
    static const struct web_refusal bad = {
        .status = 400,
        .code = "bad_key",
        .title = "An Idempotency-Key has 1 to 128 visible ASCII characters"};
    const char *s = *ret_idem = request_header(rq, "idempotency-key");
    if (!s)
        return NULL;
    return !is_idem(s) ? &bad : key ? NULL : web_refusal(-EACCES);
}

/* ---- a question that is answered once ---- */

void web_ask_once(struct web *w, struct request *rq, const struct web_once *once)
{
    char transcript[WEB_CONVERSATION];
    cJSON *frame = must(cJSON_CreateObject());
    name_for(transcript, "once", once->key, once->idem);
    json_set_string(frame, "t", "ask");
    json_set_string(frame, "cid", "once");
    json_set_string(frame, "text", once->text);
    struct web_wait what = {.kind = WAIT_ONCE,
                            .transcript = transcript,
                            .key = once->key,
                            .talk = once->talk,
                            .lang = once->lang,
                            .after = -1,
                            .frame = frame,
                            .cid = "once"};
    web_wait(w, rq, &what);
}

/* ---- votes, and wishes for a person ---- */

/* One on its way to the disk. */
struct opinion {
    struct web *web;
    server_handle request;
    char *origin;
    int64_t ticket; /* of a wish, or 0 */
};

static void taken(void *ctx, const struct inbox_receipt *r)
{
    static const struct web_refusal absent = {
        .status = 404, .code = "not_found", .title = "There is no such answer"};
    static const struct web_refusal other = {.status = 409,
                                             .code = "key_conflict",
                                             .title =
                                                 "This Idempotency-Key came with another body"};
    struct opinion *o = ctx;
    int err = web_receipt_error(r);
    char ticket[64];
    snprintf(ticket, sizeof ticket, "{\"ticket\":\"%lld\"}\n", (long long)o->ticket);
    if (err)
        web_refuse(o->web, o->request, o->origin,
                   err == -ENOENT   ? &absent
                   : err == -EEXIST ? &other
                                    : web_refusal(err));
    else
        web_send_done(o->web, o->request, o->origin, o->ticket ? 202 : 204,
                      o->ticket ? ticket : "");
    free(o->origin);
    free(o);
}

/* What a request brings along, read. */
struct said {
    struct web *web;
    struct pool *pool;
    const char *key;
    const cJSON *json;
    struct inbox_vote vote;
    struct inbox_wish wish;
    struct inbox_message message; /* out: all but its identity */
};
/* NULL, or what is wrong with it. */
typedef const char *read_fn(struct said *s);

/* The answer's number; 0: none. */
static int64_t answer_of(const cJSON *j)
{
    int64_t id = 0;
    number_read(json_string(j, "answer_id", 20), INT64_MAX, &id);
    return id;
}

/* In their own words, as it may be kept; "" for nothing. */
static const char *words(const struct said *s, const char *name)
{
    const char *text = json_string(s->json, name, MAX_COMMENT);
    return redact_for(bot_config(s->web->adapter->bot), s->pool, text ? text : "");
}

static const char *read_vote(struct said *s)
{
    const char *vote = json_string(s->json, "vote", 8);
    const char *user = json_string(s->json, "user", WEB_MAX_CONVERSATION);
    char voter[WEB_CONVERSATION];
    name_for(voter, "voter", s->key, user ? user : "");
    s->vote = (struct inbox_vote){.turn = answer_of(s->json),
                                  .v = !vote                   ? 0
                                       : !strcmp(vote, "up")   ? 1
                                       : !strcmp(vote, "down") ? -1
                                                               : 0,
                                  .voter = pool_strdup(s->pool, voter),
                                  .text = words(s, "comment")};
    s->message.vote = &s->vote;
    s->message.body = pool_printf(s->pool, "%lld %d %s %s", (long long)s->vote.turn, s->vote.v,
                                  voter, s->vote.text);
    return !s->vote.turn ? "The member answer_id, a string, is missing"
           : !s->vote.v  ? "The member vote is neither up nor down"
                         : NULL;
}

/* How to reach them is given on purpose, and kept as it is. */
static const char *read_wish(struct said *s)
{
    const char *contact = json_string(s->json, "contact", WEB_MAX_CONVERSATION);
    const char *note = words(s, "note");
    s->wish =
        (struct inbox_wish){.turn = answer_of(s->json),
                            .want = "email",
                            .name = s->key,
                            .note = pool_printf(s->pool, "%s%s%s", contact ? contact : "",
                                                contact && *contact && *note ? ": " : "", note)};
    s->message.wish = &s->wish;
    s->message.body = pool_printf(s->pool, "%lld %s", (long long)s->wish.turn, s->wish.note);
    return s->wish.turn ? NULL : "The member answer_id, a string, is missing";
}

/* Under the program's own key for it, or one that nobody has used. */
static const char *identity_of(struct pool *pool, const char *kind, const char *key,
                               const char *idem)
{
    char name[WEB_CONVERSATION], chance[33];
    unsigned char bytes[16];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(chance, sizeof chance, bytes, sizeof bytes);
    name_for(name, kind, key, idem ? idem : chance);
    return pool_printf(pool, "%s:%s", name, kind);
}

static void keep(struct request *rq, struct said *s)
{
    const char *origin = web_cors_origin(rq);
    struct opinion *o = must(calloc(1, sizeof *o));
    *o = (struct opinion){.web = s->web,
                          .request = request_handle(rq),
                          .origin = origin ? must(strdup(origin)) : NULL,
                          .ticket = s->wish.turn};
    s->message.over = true;
    int err = inbox_put(s->web->adapter, &s->message, taken, o);
    if (err)
        taken(o, &(struct inbox_receipt){.err = err});
}

static void read_and_keep(struct web *w, struct request *rq, const char *kind, read_fn *read,
                          const char *key, const char *idem)
{
    size_t len;
    const char *body = request_body(rq, &len);
    cJSON *j = json_parse(body, len);
    struct said s = {.web = w, .pool = pool_new(), .key = key, .json = j};
    struct web_refusal wrong = {.status = 400, .code = "bad_json"};
    wrong.title = j ? read(&s) : "The body is not valid JSON";
    s.message.identity = identity_of(s.pool, kind, key, idem);
    if (wrong.title)
        web_refuse(w, request_handle(rq), web_cors_origin(rq), &wrong);
    else
        keep(rq, &s);
    json_free(j);
    pool_free(s.pool);
}

static void on_said(struct web *w, struct request *rq, const char *kind, read_fn *read)
{
    const char *key, *idem;
    const struct web_refusal *why = web_key_of(w, rq, true, &key);
    struct web_refusal fast = *web_refusal(-EAGAIN);
    if (!why)
        why = web_idem_of(rq, key, &idem);
    if (!why && key && (fast.retry_after_s = web_limit_key(w, key)))
        why = &fast;
    if (why || !key) /* the one is never without the other */
        web_refuse(w, request_handle(rq), web_cors_origin(rq), why);
    else
        read_and_keep(w, rq, kind, read, key, idem);
}

void web_on_feedback(struct web *w, struct request *rq)
{
    on_said(w, rq, "vote", read_vote);
}

void web_on_handoff(struct web *w, struct request *rq)
{
    on_said(w, rq, "person", read_wish);
}
