/* matrix_start.c: who we are, and whether we may speak. Nothing is answered before the homeserver has said who we are: a bot that
 * guesses its own name comes to talk to itself.
 *
 *     salt -> register* or log in -> whoami -> device* -> display name -> known: what was held goes on, /sync begins    (* application service)
 *                                                              `-> ping*, every minute
 *
 * The ping goes on: it is how we hear that the homeserver was away, and how a homeserver hears that we are back. The salt is a word of
 * this state.db that every transaction id begins with. Without it a new state.db would count its messages from one again, and
 * the homeserver would take the first hundred for repetitions of old ones.
 *
 * When a call says that the token is no good, everything waits, and from time to time its file is read again and tried. */
#include <cjson/cJSON.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/must.h"

#define MAX_WAIT_S     60
#define PING_EACH_S    60
#define PING_SOON_S    10 /* as long as they do not reach us */
#define RELOGIN_EACH_S 60

static const struct config *config_of(const struct matrix *m)
{
    return bot_config(m->adapter->bot);
}

static struct pool *scratch(struct matrix *m)
{
    if (!m->scratch)
        m->scratch = pool_new();
    return m->scratch;
}

static void step(struct matrix *m, const char *method, const char *path, const char *body,
                 bool as_service, matrix_call_fn *fn)
{
    const struct matrix_call c = {
        .method = method, .path = path, .body = body, .as_service = as_service};
    matrix_call(m, &c, fn, m);
}

/* ---- trouble ---- */

/* What cannot be read leaves the old one. */
static void read_again(const struct matrix *m, const char *setting, struct secret *secret)
{
    struct secret fresh;
    const char *why;
    if (secret_read(config_text(config_of(m), setting), &fresh, &why))
        return;
    secret_release(secret);
    *secret = fresh;
}

static void begin(void *ctx);

static void again_in(struct matrix *m, long s)
{
    loop_timer_stop(m->start_timer);
    uint64_t ms =
        (uint64_t)s * 1000 + (s ? randombytes_uniform(500) : 0); /* not in step with others */
    m->start_timer = loop_timer(bot_loop(m->adapter->bot), ms, 0, begin, m);
}

static const char *remedy(const struct matrix *m)
{
    if (matrix_is_service(m))
        return "compare matrix.as_token_file with the homeserver's registration file";
    return m->password.n ? "compare matrix.user and matrix.password_file with the account"
                         : "put a new access token into matrix.bot_token_file";
}

/* Signed out, with a password to sign in again; but not when that was just done. */
static bool may_log_in(const struct matrix *m)
{
    uint64_t now = loop_now_ms(bot_loop(m->adapter->bot));
    return m->password.n && m->token.n &&
           (!m->logged_in_ms || now - m->logged_in_ms > RELOGIN_EACH_S * 1000);
}

void matrix_lost(struct matrix *m, const struct matrix_result *r)
{
    bool again = may_log_in(m), known = m->down && m->start_timer;
    if (known || m->logging_in) /* calls that were under way, with the old token or none */
        return;
    if (again)
        log_info("matrix", "signed out; logging in again", "reason=\"%s\"", r->error);
    else if (!m->down || strcmp(m->why_down, r->error) != 0)
        log_error("matrix", "the homeserver does not let us in; everything waits",
                  "reason=\"%s\" step=\"%s\"", r->error, remedy(m));
    if (m->password.n)
        matrix_login_forget(m);
    m->logging_in = again;
    m->down = true;
    snprintf(m->why_down, sizeof m->why_down, "%s", r->error);
    again_in(m, again ? 0 : (long)config_int(config_of(m), "matrix.retry_auth_s"));
}

/* A step failed: for good, or for now. */
static void stuck(struct matrix *m, const struct matrix_result *r, const char *what)
{
    if (r->class == MATRIX_DOWN || r->class == MATRIX_REFUSED || r->class == MATRIX_RELATION) {
        matrix_lost(m, r);
        return;
    }
    long wait = m->start_tries < 6 ? 1L << m->start_tries : MAX_WAIT_S;
    if (!m->start_tries++)
        log_warn("matrix", "the homeserver cannot be reached; questions wait",
                 "call=%s reason=\"%s\"", what, r->error);
    again_in(m, r->retry_after_s > wait ? r->retry_after_s : wait);
}

/* ---- ping ---- */

static void ping(void *ctx);

static void ping_in(struct matrix *m, uint64_t s)
{
    loop_timer_stop(m->ping_timer);
    m->ping_timer = loop_timer(bot_loop(m->adapter->bot), s * 1000, 0, ping, m);
}

static void pinged(void *ctx, const struct matrix_result *r)
{
    struct matrix *m = ctx;
    bool news = !m->pinged || m->reached != (r->class == MATRIX_FINE);
    m->pinged = true;
    m->reached = r->class == MATRIX_FINE;
    ping_in(m, m->reached ? PING_EACH_S : PING_SOON_S);
    if (!news || bot_draining(m->adapter->bot)) {
        return;
    } else if (m->reached) {
        log_info("matrix", "the homeserver reaches us", "ms=%lld",
                 json_int(r->json, "duration_ms", 0, 1 << 30, 0));
    } else {
        log_warn("matrix", "the homeserver does not reach us",
                 "reason=\"%s\" step=\"compare url, id and hs_token of the registration file\"",
                 r->error);
    }
}

static void ping(void *ctx)
{
    struct matrix *m = ctx;
    struct pool *pool = pool_new();
    if (m->pinged && !m->reached) /* perhaps there is a new one */
        read_again(m, "matrix.hs_token_file", &m->hs_token);
    const char *path = pool_printf(pool, "/_matrix/client/v1/appservice/%s/ping",
                                   config_text(config_of(m), "matrix.id"));
    step(m, "POST", path, "{\"transaction_id\":\"start\"}", true, pinged);
    pool_free(pool);
}

/* ---- known ---- */

static void ready(struct matrix *m)
{
    bool first = !m->known;
    log_info("matrix", first ? "connected" : "connected again", "user=%s by=%s", m->self.user,
             matrix_is_service(m) ? "transactions" : "sync");
    loop_timer_stop(m->start_timer);
    m->start_timer = NULL;
    m->known = true;
    m->down = false;
    m->start_tries = 0;
    if (matrix_is_service(m))
        matrix_back_read(m);
    else if (first)
        matrix_go_on(m);
    matrix_sync_start(m);
    if (first && matrix_is_service(m))
        ping_in(m, 0);
}

static void renamed(void *ctx, const struct matrix_result *r)
{
    struct matrix *m = ctx;
    if (r->class != MATRIX_FINE)
        log_warn("matrix", "our display name could not be set", "reason=\"%s\"", r->error);
    ready(m);
}

static void on_name(void *ctx, const struct matrix_result *r)
{
    struct matrix *m = ctx;
    const char *wanted = config_text(config_of(m), "matrix.display_name");
    const char *name = r->class == MATRIX_FINE ? json_string(r->json, "displayname", 255) : NULL;
    bool other = *wanted && (!name || strcmp(name, wanted) != 0);
    snprintf(m->self.name, sizeof m->self.name, "%s", *wanted ? wanted : name ? name : "");
    if (!other) {
        ready(m);
        return;
    }
    struct buf b;
    buf_init(&b, 4096);
    buf_adds(&b, "{\"displayname\":");
    json_add_string(&b, wanted, strlen(wanted));
    buf_addc(&b, '}');
    step(m, "PUT", MATRIX_PATH(scratch(m), "profile", m->self.user, "displayname"), b.s, false,
         renamed);
    buf_release(&b);
}

static void ask_name(struct matrix *m)
{
    step(m, "GET", MATRIX_PATH(scratch(m), "profile", m->self.user, "displayname"), NULL, false,
         on_name);
}

/* ---- the device ---- */

static void on_device(void *ctx, const struct matrix_result *r)
{
    struct matrix *m = ctx;
    m->device = r->class == MATRIX_FINE;
    if (!m->device)
        log_warn("matrix", "no device: after a restart of the homeserver a message may come twice",
                 "reason=\"%s\"", r->error);
    ask_name(m);
}

static void make_device(struct matrix *m, matrix_call_fn *fn)
{
    m->device = false;
    step(m, "PUT", MATRIX_PATH(scratch(m), "devices", MATRIX_DEVICE_ID),
         "{\"display_name\":\"Guidepost\"}", false, fn);
}

static void on_device_again(void *ctx, const struct matrix_result *r)
{
    struct matrix *m = ctx;
    m->device = r->class == MATRIX_FINE;
}

void matrix_make_device(struct matrix *m)
{
    make_device(m, on_device_again);
}

/* ---- who we are ---- */

static void on_whoami(void *ctx, const struct matrix_result *r)
{
    struct matrix *m = ctx;
    const char *user =
        r->class == MATRIX_FINE ? json_string(r->json, "user_id", MATRIX_MAX_ID) : NULL;
    if (!user || *user != '@') {
        stuck(m, r, "whoami");
        return;
    }
    snprintf(m->self.user, sizeof m->self.user, "%s", user);
    if (matrix_is_service(m))
        make_device(m, on_device);
    else
        ask_name(m);
}

static void on_registered(void *ctx, const struct matrix_result *r)
{
    struct matrix *m = ctx;
    if (r->class != MATRIX_FINE && strcmp(r->error, "M_USER_IN_USE") != 0) {
        stuck(m, r, "register");
        return;
    }
    step(m, "GET", "/_matrix/client/v3/account/whoami", NULL, true, on_whoami);
}

static void sign_up(struct matrix *m)
{
    struct buf b;
    const char *user = config_text(config_of(m), "matrix.user");
    if (m->password.n && !m->token.n) {
        matrix_login(m);
        return;
    }
    if (!matrix_is_service(m)) {
        step(m, "GET", "/_matrix/client/v3/account/whoami", NULL, true, on_whoami);
        return;
    }
    buf_init(&b, 4096);
    buf_adds(&b, "{\"type\":\"m.login.application_service\",\"inhibit_login\":true,\"username\":");
    json_add_string(&b, user, strlen(user));
    buf_addc(&b, '}');
    step(m, "POST", "/_matrix/client/v3/register", b.s, true, on_registered);
    buf_release(&b);
}

void matrix_login_done(struct matrix *m, const struct matrix_result *wrong)
{
    m->logging_in = wrong && (wrong->class == MATRIX_LATER || wrong->class == MATRIX_UNSURE);
    if (wrong)
        stuck(m, wrong, "login");
    else
        sign_up(m);
}

/* ---- the salt ---- */

static void on_kept(void *ctx, int err, const char *value)
{
    struct matrix *m = ctx;
    if (err)
        again_in(m, 2);
    else
        snprintf(m->salt, sizeof m->salt, "%s", value);
    if (!err)
        sign_up(m);
}

static void on_salt(void *ctx, int err, const char *value)
{
    struct matrix *m = ctx;
    unsigned char random[8];
    char hex[2 * sizeof random + 1];
    if (err || value) {
        on_kept(m, err, value);
        return;
    }
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(hex, sizeof hex, random, sizeof random);
    if (inbox_keep_note(m->adapter, "salt", hex, on_kept, m))
        again_in(m, 2);
}

static void begin(void *ctx)
{
    struct matrix *m = ctx;
    loop_timer_stop(m->start_timer);
    m->start_timer = NULL;
    pool_free(m->scratch);
    m->scratch = NULL;
    if (m->down && m->password.n) /* perhaps there is a new one */
        read_again(m, "matrix.password_file", &m->password);
    else if (m->down)
        read_again(m, matrix_is_service(m) ? "matrix.as_token_file" : "matrix.bot_token_file",
                   &m->token);
    if (*m->salt)
        sign_up(m);
    else if (inbox_note(m->adapter, "salt", on_salt, m))
        again_in(m, 2);
}

void matrix_start(struct matrix *m)
{
    m->start_timer = loop_timer(bot_loop(m->adapter->bot), 0, 0, begin, m);
}

void matrix_start_stop(struct matrix *m)
{
    loop_timer_stop(m->start_timer);
    loop_timer_stop(m->ping_timer);
    m->start_timer = m->ping_timer = NULL;
    pool_free(m->scratch);
    m->scratch = NULL;
}
