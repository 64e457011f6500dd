/* staff_page.c: the console as a browser loads it: one page for every address below /staff/, which shows what its script finds in
 * the address, and the script and styles. None of it is secret, so none of it needs a session; what it shows does. */
#include <stdio.h>
#include <string.h>

#include "adapters/staff/staff_int.h"

#define MAX_PAGE 16384 /* bytes */

/* Our own scripts and styles, no text as code, in nobody's frame, and no window of others keeps a hand on it. */
static const char page_headers[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\nReferrer-Policy: strict-origin\r\n"
    "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n";

void staff_pages_open(struct staff *st)
{
    asset_open(&st->assets, staff_assets, "/staff/a/");
}

static void fill(void *ctx, const char *name, struct buf *b)
{
    struct staff *st = ctx;
    if (!strcmp(name, "sign-on")) /* does a server in front say who it is? */
        buf_adds(b, staff_signs_on(st) ? "yes" : "no");
    else
        asset_add_address(&st->assets, name, b); /* {{console.css}} */
}

static void send_page(struct staff *st, struct request *rq)
{
    struct buf body;
    size_t len;
    bool built = asset_data(&st->assets, "console.html", &len);
    buf_init(&body, MAX_PAGE);
    asset_fill(&st->assets, built ? "console.html" : "absent.html", fill, st, &body);
    staff_send(st, request_handle(rq), built ? 200 : 503, "text/html; charset=utf-8", page_headers,
               body.s, body.len);
    buf_release(&body);
}

static void send_asset(struct staff *st, struct request *rq)
{
    char hash[ASSET_HASH + 1];
    struct asset_reply r = {.hash = hash,
                            .cache = "no-cache",
                            .headers = "Cross-Origin-Resource-Policy: same-origin\r\n"};
    r.name = asset_named(&st->assets, request_path(rq), hash);
    if (!asset_send(&st->assets, bot_server(st->adapter->bot), rq, &r))
        staff_refuse(st, request_handle(rq), 404, "not_found", "Not found", 0);
}

/* "triage": what the console calls its pages. */
static bool is_name(const char *s)
{
    return !s[strspn(s, "abcdefghijklmnopqrstuvwxyz-")];
}

bool staff_page(struct staff *st, struct request *rq, const char *name)
{
    const char *method = request_method(rq);
    bool asset = !strncmp(name, "a/", 2);
    if (!asset && !is_name(name))
        return false;
    if (strcmp(method, "GET") && strcmp(method, "HEAD"))
        staff_refuse(st, request_handle(rq), 405, "method_not_allowed",
                     "This address does not do that", 0);
    else if (asset)
        send_asset(st, rq);
    else
        send_page(st, rq);
    return true;
}

bool staff_send_on(struct staff *st, struct request *rq, const char *address)
{
    char header[100];
    snprintf(header, sizeof header, "Location: %s\r\n", address);
    staff_send(st, request_handle(rq), 308, "text/plain", header, "", 0);
    return true;
}
