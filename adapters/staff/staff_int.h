/* staff_int.h: shared inside adapters/staff/ only. */
#ifndef ADAPTERS_STAFF_INT_H
#define ADAPTERS_STAFF_INT_H

#include "adapters/asset.h"
#include "bot/adapter.h"
#include "bot/desk/desk.h"

struct cJSON;
struct named;
struct throttle;

struct staff {
    struct adapter *adapter;
    struct throttle *throttle;
    struct named *named;
    struct asset_folder assets;
};

/* ---- by what somebody shows who they are (staff_key.c) ---- */

extern const struct setting staff_settings[];

struct staff_key {
    const char *token;     /* of the cookie, or a program's; NULL: there is none */
    bool bearer;           /* a program's */
    const char *signed_on; /* whom the proxy names, or NULL */
    enum staff_role given; /* by its groups; ROLE_NONE: nothing is said about it */
};
/* False after refusing. Texts are in `pool`. */
bool staff_key(struct staff *st, struct pool *pool, struct request *rq, struct staff_key *ret);
/* From which role on a second factor is needed; ROLE_NONE: from none. */
enum staff_role staff_factor_from(const struct staff *st);
bool staff_signs_on(const struct staff *st); /* staff.auth: proxy */
/* True after refusing what has a token in its address. */
bool staff_leak(struct staff *st, struct request *rq);

/* ---- the door (staff_door.c) ---- */

#define STAFF_COOKIE "__Host-guidepost"
#define STAFF_NO_COOKIE                                                                            \
    "Set-Cookie: " STAFF_COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0\r\n"

/* `type` NULL: JSON; `headers`, "Name: value\r\n" each. Never kept by a browser or a proxy. */
void staff_send(struct staff *st, server_handle to, int status, const char *type,
                const char *headers, const char *s, size_t len);
/* As application/problem+json (RFC 9457); retry_after_s 0: not by waiting. */
void staff_refuse(struct staff *st, server_handle to, int status, const char *code,
                  const char *title, int retry_after_s);
/* By the errors of desk.h; `problem` in place of the usual words, unless it is NULL. */
void staff_refuse_error(struct staff *st, server_handle to, int err, const char *problem);
/* What those are called: the last row for what is in none of the others. */
struct staff_error {
    int err, status;
    const char *code, *title;
};
const struct staff_error *staff_error(int err);
/* The value of our cookie, copied; NULL: there is none. */
const char *staff_cookie(struct pool *pool, const struct request *rq);
const char *staff_cookie_of(struct pool *pool, const char *header);
/* False after refusing: a request that changes something has to show that no other site made it. `key` without a token: nobody
 * is in yet. */
bool staff_may_change(struct staff *st, const struct request *rq, const struct staff_key *key);
/* The same for what only reads: it may leave a row in the audit, and a page at another port of this machine sends our cookie along.
 * "none": somebody typed the address. */
bool staff_may_read(struct staff *st, const struct request *rq, const struct staff_key *key);
/* {"name","password","totp"}, or nothing for who is signed on; replies, and frees `pool`. */
void staff_log_in(struct staff *st, struct request *rq, struct pool *pool, const struct cJSON *body,
                  const struct staff_key *key);
/* The header that gives a browser its token. */
#define STAFF_SET_COOKIE 200
void staff_set_cookie(const char *token, char ret[STAFF_SET_COOKIE]);

/* ---- the console itself (staff_page.c) ---- */

void staff_pages_open(struct staff *st);
/* /staff/NAME; false: there is no such thing. */
bool staff_page(struct staff *st, struct request *rq, const char *name);
/* To another address. Always true. */
bool staff_send_on(struct staff *st, struct request *rq, const char *address);

/* ---- what can be asked for (staff_route.c) ---- */

/* /staff/api/NAME; false: there is no such thing. */
bool staff_route(struct staff *st, struct request *rq, const char *name);

/* ---- what goes on at this moment (staff_ws.c) ---- */

void staff_on_peer(struct staff *st, struct peer *p, enum peer_event ev, const char *s, size_t len);

/* ---- with staff.auth: proxy, when the header was last seen (staff_named.c) ---- */

#define NAMED_MS (10u * 60 * 1000) /* so long a WebSocket goes on without it */

struct named *named_new(void);
void named_free(struct named *n);
/* The proxy has named somebody in a request with that cookie's token (NULL: without one). */
void named_now(struct named *n, const char *token, uint64_t now_ms);
bool named_lately(const struct named *n, const unsigned char session[STORE_HASH], uint64_t now_ms);

/* ---- the settings (staff_settings.c) ---- */

/* All of them as JSON: value, where it comes from, what it means. */
void staff_settings_json(const struct staff *st, struct buf *b);

/* ---- how often somebody may try to log in (staff_throttle.c) ---- */

struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);
/* What was tried. Who gets as far as a code knows the password. */
enum throttle_what { THROTTLE_PASSWORD, THROTTLE_CODE };
/* Seconds to wait before this name may be tried from this address, or 0. */
int throttle_wait(const struct throttle *t, enum throttle_what what, const char *name,
                  const char *address, uint64_t now_ms);
/* How a try ended. */
void throttle_failed(struct throttle *t, enum throttle_what what, const char *name,
                     const char *address, uint64_t now_ms);
void throttle_succeeded(struct throttle *t, const char *name, const char *address);

#endif
