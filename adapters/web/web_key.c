/* web_key.c: programs that show a key. A file names them: a line each, what we call the program and its key. A key opens what
 * costs or lasts: a rate of its own, Idempotency-Key, votes. What we keep of a key is its hash.
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

/* ---- votes ---- */

struct voting {
    struct web *web;
    server_handle request;
    char *origin;
};

static void voted(void *ctx, const struct inbox_receipt *r)
{
    static const struct web_refusal absent = {
        .status = 404, .code = "not_found", .title = "There is no such answer"};
    static const struct web_refusal other = {.status = 409,
                                             .code = "key_conflict",
                                             .title =
                                                 "This Idempotency-Key came with another body"};
    struct voting *v = ctx;
    int err = web_receipt_error(r);
    if (err)
        web_refuse(v->web, v->request, v->origin,
                   err == -ENOENT   ? &absent
                   : err == -EEXIST ? &other
                                    : web_refusal(err));
    else
        web_send_nothing(v->web, v->request, v->origin);
    free(v->origin);
    free(v);
}

/* The answer's number; 0: none. */
static int64_t answer_of(const cJSON *j)
{
    const char *s = json_string(j, "answer_id", 20);
    char *end = NULL;
    errno = 0;
    long long id = s ? strtoll(s, &end, 10) : 0;
    return s && *s && !*end && !errno && id > 0 ? id : 0;
}

/* NULL, or what is wrong with it. */
static const char *read_vote(struct web *w, struct pool *pool, const cJSON *j, const char *key,
                             struct inbox_vote *ret)
{
    const char *vote = json_string(j, "vote", 8),
               *user = json_string(j, "user", WEB_MAX_CONVERSATION);
    char voter[WEB_CONVERSATION];
    name_for(voter, "voter", key, user ? user : "");
    *ret = (struct inbox_vote){.turn = answer_of(j),
                               .v = !vote                   ? 0
                                    : !strcmp(vote, "up")   ? 1
                                    : !strcmp(vote, "down") ? -1
                                                            : 0,
                               .voter = pool_strdup(pool, voter),
                               .text = redact_for(bot_config(w->adapter->bot), pool,
                                                  json_string(j, "comment", MAX_COMMENT))};
    return !ret->turn ? "The member answer_id, a string, is missing"
           : !ret->v  ? "The member vote is neither up nor down"
                      : NULL;
}

/* Under the program's own key for it, or one that nobody has used. */
static const char *identity_of(struct pool *pool, const char *key, const char *idem)
{
    char name[WEB_CONVERSATION], chance[33];
    unsigned char bytes[16];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(chance, sizeof chance, bytes, sizeof bytes);
    name_for(name, "vote", key, idem ? idem : chance);
    return pool_printf(pool, "%s:vote", name);
}

static void keep_vote(struct web *w, struct request *rq, const char *identity, const char *body,
                      const struct inbox_vote *iv)
{
    const char *origin = web_cors_origin(rq);
    struct voting *v = must(calloc(1, sizeof *v));
    *v = (struct voting){
        .web = w, .request = request_handle(rq), .origin = origin ? must(strdup(origin)) : NULL};
    struct inbox_message m = {.identity = identity, .body = body, .vote = iv, .over = true};
    int err = inbox_put(w->adapter, &m, voted, v);
    if (err)
        voted(v, &(struct inbox_receipt){.err = err});
}

static void vote(struct web *w, struct request *rq, struct pool *pool, const char *key,
                 const char *idem)
{
    size_t len;
    const char *s = request_body(rq, &len);
    struct inbox_vote iv;
    cJSON *j = json_parse(s, len);
    struct web_refusal wrong = {.status = 400, .code = "bad_json"};
    wrong.title = j ? read_vote(w, pool, j, key, &iv) : "The body is not valid JSON";
    if (wrong.title)
        web_refuse(w, request_handle(rq), web_cors_origin(rq), &wrong);
    else
        keep_vote(w, rq, identity_of(pool, key, idem),
                  pool_printf(pool, "%lld %d %s %s", (long long)iv.turn, iv.v, iv.voter,
                              iv.text ? iv.text : ""),
                  &iv);
    json_free(j);
}

void web_on_feedback(struct web *w, struct request *rq)
{
    const char *key, *idem;
    const struct web_refusal *why = web_key_of(w, rq, true, &key);
    struct web_refusal fast = *web_refusal(-EAGAIN);
    if (!why)
        why = web_idem_of(rq, key, &idem);
    if (!why && key && (fast.retry_after_s = web_limit_key(w, key)))
        why = &fast;
    if (why || !key) { /* the one is never without the other */
        web_refuse(w, request_handle(rq), web_cors_origin(rq), why);
        return;
    }
    struct pool *pool = pool_new();
    vote(w, rq, pool, key, idem);
    pool_free(pool);
}
