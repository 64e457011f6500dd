/* dial.c: the calling thread. libwebsockets with a context and a loop of its own; the bot's loop hands it wishes (open,
 * send, close) over a list and a wake-up, and hears of events through loop_post().
 *
 * A line is alive while it answers: after ten seconds of silence it is pinged, and without a word for twenty-five it
 * counts as gone. */
#include "bot/dial.h"

#include <errno.h>
#include <libwebsockets.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/buf.h"
#include "bot/library.h"
#include "bot/loop.h"
#include "bot/must.h"

#define MAX_MESSAGE   (1u << 20) /* bytes of one message from the other side */
#define PING_S        10
#define GONE_S        25
#define CA_FILE       "/etc/ssl/certs/ca-certificates.crt"
#define SERVICE_PAUSE 0

enum wish_kind { WISH_OPEN, WISH_SEND, WISH_CLOSE };

struct wish {
    struct wish *next;
    enum wish_kind kind;
    uint64_t line;
    dial_fn *fn;
    void *ctx;
    size_t len;
    char text[]; /* the address, or the message */
};

/* The thread's own. */
struct line {
    struct line *next;
    struct dial *dial;
    uint64_t id;
    dial_fn *fn;
    void *ctx;
    struct lws *wsi;
    struct buf in;
    struct wish *out, **last; /* messages to be sent */
    bool closing, ended;
    char why[128];
};

struct dial {
    struct loop *loop;
    pthread_t thread;
    struct lws_context *context;
    uint64_t next_line; /* the loop's */
    pthread_mutex_t lock;
    struct wish *wishes, **last; /* under lock, like the next */
    bool stopping;
    struct line *lines; /* the thread's */
};

/* ---- to the loop ---- */

struct news {
    dial_fn *fn;
    void *ctx;
    uint64_t line;
    enum dial_event ev;
    size_t len;
    char text[];
};

static void tell_now(void *ctx)
{
    struct news *n = ctx;
    n->fn(n->ctx, n->line, n->ev, n->text, n->len);
    free(n);
}

static void tell(const struct line *l, enum dial_event ev, const char *s, size_t len)
{
    struct news *n = must(malloc(sizeof *n + len + 1));
    *n = (struct news){.fn = l->fn, .ctx = l->ctx, .line = l->id, .ev = ev, .len = len};
    memcpy(n->text, s, len);
    n->text[len] = '\0';
    loop_post(l->dial->loop, tell_now, free, n);
}

/* ---- lines, on the thread ---- */

static void line_release(struct line *l)
{
    for (struct wish *w = l->out, *next; w; w = next) {
        next = w->next;
        free(w);
    }
    buf_release(&l->in);
    free(l);
}

static void line_free(struct line *l)
{
    struct line **at = &l->dial->lines;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    line_release(l);
}

static void line_end(struct line *l, const char *why)
{
    if (l->ended)
        return;
    l->ended = true;
    tell(l, DIAL_CLOSED, why, strlen(why));
}

static int on_receive(struct line *l, struct lws *wsi, const char *s, size_t len)
{
    buf_add(&l->in, s, len);
    if (buf_failed(&l->in)) {
        snprintf(l->why, sizeof l->why, "a message is too big");
        return -1;
    }
    if (lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi)) {
        if (!lws_frame_is_binary(wsi))
            tell(l, DIAL_TEXT, l->in.s, l->in.len);
        buf_clear(&l->in);
    }
    return 0;
}

static int on_writable(struct line *l, struct lws *wsi)
{
    struct wish *w = l->out;
    if (!w)
        return l->closing ? -1 : 0;
    unsigned char *s = must(malloc(LWS_PRE + w->len));
    memcpy(s + LWS_PRE, w->text, w->len);
    int n = lws_write(wsi, s + LWS_PRE, w->len, LWS_WRITE_TEXT);
    free(s);
    l->out = w->next;
    if (!l->out)
        l->last = &l->out;
    free(w);
    if (n < 0)
        return -1;
    if (l->out || l->closing)
        lws_callback_on_writable(wsi);
    return 0;
}

static void take_wishes(struct dial *d);

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    (void)user;
    struct line *l = lws_get_opaque_user_data(wsi);
    if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED) {
        take_wishes(lws_context_user(lws_get_context(wsi)));
        return 0;
    }
    if (!l)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        tell(l, DIAL_OPEN, "", 0);
        lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE: return on_receive(l, wsi, in, len);
    case LWS_CALLBACK_CLIENT_WRITEABLE: return on_writable(l, wsi);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        snprintf(l->why, sizeof l->why, "%.*s", (int)(in ? len : 0), in ? (const char *)in : "");
        line_end(l, *l->why ? l->why : "no connection");
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED: line_end(l, *l->why ? l->why : "closed"); return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        line_end(l, *l->why ? l->why : "closed");
        lws_set_opaque_user_data(wsi, NULL);
        line_free(l);
        return 0;
    default: return 0;
    }
}

/* ---- wishes ---- */

static struct line *line_find(struct dial *d, uint64_t id)
{
    struct line *l = d->lines;
    while (l && l->id != id)
        l = l->next;
    return l;
}

/* "wss://host:port/path": its parts, in place. */
static bool split_url(char *url, bool *ret_tls, const char **ret_host, int *ret_port,
                      char **ret_path)
{
    const char *scheme, *host, *path;
    if (lws_parse_uri(url, &scheme, &host, ret_port, &path))
        return false;
    *ret_tls = !strcmp(scheme, "wss");
    *ret_host = host;
    *ret_path = must_printf("/%s", path);
    return true;
}

static void open_line(struct dial *d, struct wish *w)
{
    static const lws_retry_bo_t alive = {.secs_since_valid_ping = PING_S,
                                         .secs_since_valid_hangup = GONE_S};
    struct line *l = must(calloc(1, sizeof *l));
    *l = (struct line){.next = d->lines, .dial = d, .id = w->line, .fn = w->fn, .ctx = w->ctx};
    l->last = &l->out;
    buf_init(&l->in, MAX_MESSAGE);
    d->lines = l;
    struct lws_client_connect_info i = {.context = d->context,
                                        .local_protocol_name = "dial",
                                        .opaque_user_data = l,
                                        .retry_and_idle_policy = &alive,
                                        .alpn = "http/1.1"};
    bool tls;
    char *path = NULL;
    uint64_t id = l->id;
    if (split_url(w->text, &tls, &i.address, &i.port, &path)) {
        i.path = path;
        i.host = i.origin = i.address;
        i.ssl_connection = tls ? LCCSCF_USE_SSL : 0;
        l->wsi = lws_client_connect_via_info(&i);
    }
    /* Where it failed at once, the line may have been told so and freed already. */
    l = line_find(d, id);
    if (l && !l->wsi) {
        line_end(l, "no connection");
        line_free(l);
    }
    free(path);
}

static void grant(struct dial *d, struct wish *w)
{
    struct line *l = w->kind == WISH_OPEN ? NULL : line_find(d, w->line);
    if (w->kind == WISH_OPEN) {
        open_line(d, w);
    } else if (l && w->kind == WISH_SEND) {
        w->next = NULL;
        *l->last = w;
        l->last = &w->next;
        w = NULL;
    } else if (l) {
        l->closing = true;
    }
    if (l && l->wsi)
        lws_callback_on_writable(l->wsi);
    free(w);
}

static void take_wishes(struct dial *d)
{
    pthread_mutex_lock(&d->lock);
    struct wish *w = d->wishes;
    d->wishes = NULL;
    d->last = &d->wishes;
    pthread_mutex_unlock(&d->lock);
    for (struct wish *next; w; w = next) {
        next = w->next;
        grant(d, w);
    }
}

static bool stopping(struct dial *d)
{
    pthread_mutex_lock(&d->lock);
    bool stop = d->stopping;
    pthread_mutex_unlock(&d->lock);
    return stop;
}

static void *dial_main(void *ctx)
{
    struct dial *d = ctx;
    while (!stopping(d))
        lws_service(d->context, SERVICE_PAUSE);
    return NULL;
}

/* ---- the loop's side ---- */

static void wish(struct dial *d, enum wish_kind kind, uint64_t line, const char *s, size_t len,
                 dial_fn *fn, void *ctx)
{
    struct wish *w = must(malloc(sizeof *w + len + 1));
    *w = (struct wish){.kind = kind, .line = line, .fn = fn, .ctx = ctx, .len = len};
    memcpy(w->text, s, len);
    w->text[len] = '\0';
    pthread_mutex_lock(&d->lock);
    *d->last = w;
    d->last = &w->next;
    pthread_mutex_unlock(&d->lock);
    lws_cancel_service(d->context);
}

uint64_t dial_open(struct dial *d, const char *url, dial_fn *fn, void *ctx)
{
    if (strncmp(url, "ws://", 5) && strncmp(url, "wss://", 6))
        return 0;
    uint64_t line = ++d->next_line;
    wish(d, WISH_OPEN, line, url, strlen(url), fn, ctx);
    return line;
}

void dial_send(struct dial *d, uint64_t line, const char *text, size_t len)
{
    wish(d, WISH_SEND, line, text, len, NULL, NULL);
}

void dial_close(struct dial *d, uint64_t line)
{
    wish(d, WISH_CLOSE, line, "", 0, NULL, NULL);
}

int dial_start(struct loop *l, struct dial **ret)
{
    static const struct lws_protocols protocols[] = {
        {.name = "dial", .callback = on_event, .rx_buffer_size = 16384}, {.name = NULL}};
    if (!library_load(LIBRARY_LWS))
        return -EIO;
    lws_set_log_level(LLL_ERR, NULL); /* until the server says otherwise */
    struct dial *d = must(calloc(1, sizeof *d));
    const char *ca = getenv("SSL_CERT_FILE");
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .user = d,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_VALIDATE_UTF8,
        .client_ssl_ca_filepath = ca ? ca : CA_FILE,
        .gid = -1,
        .uid = -1,
    };
    d->loop = l;
    d->last = &d->wishes;
    pthread_mutex_init(&d->lock, NULL);
    d->context = lws_create_context(&info);
    int err = d->context ? -pthread_create(&d->thread, NULL, dial_main, d) : -ENOMEM;
    if (err) {
        if (d->context)
            lws_context_destroy(d->context);
        pthread_mutex_destroy(&d->lock);
        free(d);
        return err;
    }
    *ret = d;
    return 0;
}

void dial_stop(struct dial *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_mutex_unlock(&d->lock);
    lws_cancel_service(d->context);
    pthread_join(d->thread, NULL);
    lws_context_destroy(d->context);
    for (struct line *l = d->lines, *next; l; l = next) {
        next = l->next;
        line_release(l);
    }
    for (struct wish *w = d->wishes, *next; w; w = next) {
        next = w->next;
        free(w);
    }
    pthread_mutex_destroy(&d->lock);
    free(d);
}
