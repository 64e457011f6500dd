/* upgrade.c: may this request become a WebSocket? Everything is decided here, before the library answers, because here a
 * refusal can still be said with a status. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bot/server_int.h"
#include "bot/tcp.h"

/* A list header ("chat, guidepost.v1") has this word. */
static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    while (list && *list) {
        list += strspn(list, ", \t");
        size_t len = strcspn(list, ", \t");
        if (len == n && strncasecmp(list, word, n) == 0)
            return true;
        list += len;
    }
    return false;
}

static bool origin_allowed(struct conn *c, const struct server_websocket *w)
{
    enum origin origin = conn_origin(c);
    if (w->own_page)
        return origin == ORIGIN_OWN;
    return origin == ORIGIN_NONE ? !policy_origin_required(c->server->policy)
                                 : origin != ORIGIN_FOREIGN;
}

static const struct server_websocket *websocket_at(struct conn *c, const char *path)
{
    const struct server *sv = c->server;
    for (c->websocket = 0; c->websocket < sv->nwebsocket; c->websocket++)
        if (!strcmp(path, sv->websocket[c->websocket].path))
            return &sv->websocket[c->websocket];
    return NULL;
}

/* The library lets go of the headers with the handshake. */
static void keep_cookie(struct conn *c)
{
    char s[MAX_HTTP_HEADERS];
    const char *cookie = conn_header(c, WSI_TOKEN_HTTP_COOKIE, s, sizeof s);
    free(c->cookie);
    c->cookie = cookie ? must(strdup(cookie)) : NULL;
}

static struct refusal check(struct conn *c)
{
    char s[512];
    struct server *sv = c->server;
    if (sv->draining)
        return (struct refusal){503, "draining", "The server is stopping.", "retry-after: 5\r\n"};
    int len = lws_hdr_copy_fragment(c->wsi, s, sizeof(s), WSI_TOKEN_GET_URI, 0);
    if (len <= 0)
        return refusal_bad("A WebSocket starts with GET.");
    const struct server_websocket *w = websocket_at(c, s);
    if (!w)
        return (struct refusal){404, "not_found", "No WebSocket lives here.", NULL};
    if (conn_header_twice(c, WSI_TOKEN_HOST) || !lws_hdr_total_length(c->wsi, WSI_TOKEN_HOST))
        return refusal_bad("There must be exactly one Host.");
    if (lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) ||
        lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return refusal_bad("A WebSocket's handshake has no body.");
    if (!has_word(conn_header(c, WSI_TOKEN_CONNECTION, s, sizeof(s)), "upgrade"))
        return refusal_bad("Connection does not name Upgrade.");
    const char *v = conn_header(c, WSI_TOKEN_VERSION, s, sizeof(s));
    if (!v || strcmp(v, "13") != 0)
        return (struct refusal){426, "unsupported_version",
                                "Only version 13 of the WebSocket protocol.",
                                "sec-websocket-version: 13\r\n"};
    v = conn_header(c, WSI_TOKEN_KEY, s, sizeof(s));
    if (!v || strlen(v) != 24 || conn_header_twice(c, WSI_TOKEN_KEY))
        return refusal_bad("Sec-WebSocket-Key must be 16 bytes in base64.");
    if (!origin_allowed(c, w))
        return (struct refusal){403, "origin", "This origin is not allowed.", NULL};
    /* One that names none would land on the library's first protocol, which is plain HTTP. */
    if (!has_word(conn_header(c, WSI_TOKEN_PROTOCOL, s, sizeof(s)), w->subprotocol))
        return (struct refusal){426, "unsupported_version",
                                "Offer the subprotocol this server speaks.", NULL};
    return (struct refusal){0};
}

int upgrade_check(struct conn *c)
{
    char s[16];
    if (c->phase != CONN_PENDING && c->phase != CONN_IDLE)
        return -1;
    /* The callback's `in` may point into memory that is free already: the library has answered 403 to an unknown
     * upgrade, let go of the headers, and calls nonetheless. This looks the header up again, and finds none then. Anything
     * but "websocket" ends here; "h2c" would open the door to HTTP/2. */
    const char *v = conn_header(c, WSI_TOKEN_UPGRADE, s, sizeof(s));
    if (!v)
        return -1;
    if (strcasecmp(v, "websocket") != 0) {
        struct refusal r = refusal_bad("The only upgrade is websocket.");
        refusal_send(c, &r);
        return -1;
    }
    struct refusal r = check(c);
    if (r.status) {
        refusal_send(c, &r);
        return -1;
    }
    conn_find_client(c);
    if (c->server->websocket[c->websocket].own_page)
        keep_cookie(c);
    /* Until it has our answer it may send nothing more, so what follows this is frames. */
    struct tcp_transfer t;
    c->handshake = tcp_transfer(c->fd, &t) ? t.received : 0;
    return 0;
}
