/* http.h: requests to other servers. The delivery thread: the only user of libcurl. TLS handshakes and slow peers
 * are kept off the loop; the outcome is posted back to it. */
#ifndef BOT_HTTP_H
#define BOT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct loop;
struct http;

struct http_request {
    const char *method;        /* "POST" */
    const char *url;           /* http or https */
    const char *const *header; /* "Name: value", NULL-terminated, or NULL */
    const char *body;
    size_t len;
    long connect_timeout_ms,
        timeout_ms;   /* 0: 5 s and 20 s. Fifteen silent seconds end a request, unless
                                          * timeout_ms is more than 20 s: a long poll */
    size_t max_bytes; /* of the response body; 0: 1 MiB */
};

struct http_response {
    int status;         /* 0: no response, see error */
    bool maybe_sent;    /* false: surely not a byte of it has arrived; it may be sent again */
    const char *error;  /* plain words, or "" */
    bool too_big;       /* it was longer than max_bytes: status 0 */
    long retry_after_s; /* from Retry-After (seconds or date); -1 when absent */
    const char *body;   /* terminated */
    size_t len;
    const char *head; /* its header lines, terminated; see http_header() */
};

/* The value of a header, cut to fit; the last one of that name. False: it is not there. */
bool http_header(const struct http_response *res, const char *name, char *ret, size_t size);
time_t http_date(const char *s); /* "Fri, 31 Dec 1999 23:59:59 GMT" -> Unix seconds; -1 */

/* Runs on the loop, exactly once per request, also when the client is stopped (while the loop runs on). */
typedef void http_done_fn(void *ctx, const struct http_response *res);

int http_start(struct loop *l, struct http **ret);
void http_stop(struct http *h); /* requests under way end with status 0, error "stopped" */

/* Copies the request. At most 2 connections per host; requests of one `lane` (NULL: any order) go one after
 * another. GET and HEAD follow redirects, never from https to http; others are not redirected. 0, or -EINVAL (no
 * http address), -EBUSY (MAX_HTTP_QUEUE), -ESHUTDOWN, -ENOMEM; fn is then not called. */
int http_send(struct http *h, const struct http_request *rq, const char *lane, http_done_fn *fn,
              void *ctx);

#endif
