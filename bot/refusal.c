/* refusal.c: what the server says when it says no by itself, before any owner was asked: a status, and the same small
 * application/problem+json that the rest of the program speaks. */
#include <stdio.h>
#include <string.h>

#include "bot/server_int.h"

const char *refusal_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } all[] = {{200, "OK"},
               {201, "Created"},
               {202, "Accepted"},
               {204, "No Content"},
               {301, "Moved Permanently"},
               {302, "Found"},
               {303, "See Other"},
               {304, "Not Modified"},
               {307, "Temporary Redirect"},
               {308, "Permanent Redirect"},
               {400, "Bad Request"},
               {401, "Unauthorized"},
               {403, "Forbidden"},
               {404, "Not Found"},
               {405, "Method Not Allowed"},
               {406, "Not Acceptable"},
               {408, "Request Timeout"},
               {409, "Conflict"},
               {410, "Gone"},
               {411, "Length Required"},
               {413, "Content Too Large"},
               {415, "Unsupported Media Type"},
               {417, "Expectation Failed"},
               {422, "Unprocessable Content"},
               {426, "Upgrade Required"},
               {429, "Too Many Requests"},
               {500, "Internal Server Error"},
               {501, "Not Implemented"},
               {503, "Service Unavailable"},
               {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i].status == status)
            return all[i].text;
    }
    return "Status";
}

struct refusal refusal_bad(const char *title)
{
    return (struct refusal){.status = 400, .code = "bad_request", .title = title};
}

void refusal_send(struct conn *c, const struct refusal *r)
{
    char body[512], out[1024];
    int len =
        snprintf(body, sizeof(body),
                 "{\"type\":\"about:blank\",\"status\":%d,\"code\":\"%s\",\"title\":\"%s\"}\n",
                 r->status, r->code, r->title);
    int n = snprintf(out, sizeof(out),
                     "HTTP/1.1 %d %s\r\ncontent-type: application/problem+json\r\n"
                     "content-length: %d\r\nconnection: close\r\n%s\r\n%s",
                     r->status, refusal_status_text(r->status), len, r->headers ? r->headers : "",
                     body);
    ssize_t sent = send(c->fd, out, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* a fresh socket buffer takes a kilobyte, and a dead peer needs no words */
    c->server->stats.refused++;
}
