/* client.h: the other end of the wire, as polite or as rude as a test wants: raw TCP, HTTP answers, WebSocket frames of
 * any shape. Blocking, with a time limit on everything. Trouble on our own side fails the test at once. */
#ifndef WIRE_CLIENT_H
#define WIRE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
    int fd;
    char *s; /* read and not yet consumed */
    size_t len, cap;
    bool ended; /* the server closed, or reset */
};

uint64_t client_now_ms(void);

/* To 127.0.0.1. NULL from try_ when nobody listens. */
struct client *client_open(int port);
struct client *client_try_open(int port);
void client_close(struct client *c); /* NULL is fine */
/* False when the server has closed or takes no more within ten seconds. */
bool client_send(struct client *c, const void *s, size_t len);
bool client_say(struct client *c, const char *text);
/* Read what comes within the time, at least one byte; false on the end of the stream or when time is up. */
bool client_fill(struct client *c, int timeout_ms);
/* Milliseconds until the server closed, reading and forgetting what it says; -1: not within the time. */
int client_wait_closed(struct client *c, int timeout_ms);

/* ---- HTTP ---- */
struct answer {
    int status; /* 0: none came */
    char head[4096];
    char *body; /* terminated */
    size_t len;
};
/* The next answer on this connection. */
bool client_answer(struct client *c, int timeout_ms, bool to_head, struct answer *ret);
/* One request on a connection of its own; `headers` as lines with \r\n, or NULL. */
bool client_http(int port, const char *method, const char *path, const char *headers,
                 const char *body, struct answer *ret);
/* Send these bytes on a fresh connection; the status that comes back, 0 when it was closed without. */
int client_status(int port, const char *bytes, size_t len, int timeout_ms);
const char *answer_header(const struct answer *a,
                          const char *name); /* static storage; NULL: absent */
void answer_release(struct answer *a);

/* ---- WebSocket ---- */
#define WS_FIN 0x80
enum { WS_CONT, WS_TEXT, WS_BINARY, WS_CLOSE = 8, WS_PING, WS_PONG };

struct frame_shape {
    unsigned first; /* FIN, reserved bits, opcode */
    bool unmasked;
    bool announce; /* say `announced` instead of the true length, in eight bytes */
    uint64_t announced;
};

struct message {
    int opcode; /* -1: nothing within the time; -2: the connection ended */
    int code;   /* of a close */
    char *s;    /* terminated */
    size_t len;
};

/* A handshake with subprotocol guidepost.v1; fails the test when it is refused. */
struct client *client_ws(int port, const char *path);
/* The same with these headers instead of Sec-WebSocket-Protocol; the status, with *ret set on 101. */
int client_ws_try(int port, const char *path, const char *headers, struct client **ret);
bool client_frame(struct client *c, struct frame_shape shape, const void *s, size_t len);
bool client_text(struct client *c, const char *text);
/* The next message of the server; pings are answered on the way unless `raw`. */
void client_message(struct client *c, int timeout_ms, bool raw, struct message *ret);
void message_release(struct message *m);
/* The close code the server ends with; 0: it hung up without one; -1: it did not within the time. */
int client_close_code(struct client *c, int timeout_ms);

#endif
