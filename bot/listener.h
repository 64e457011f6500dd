/* listener.h: a listening socket of our own, so that running out of descriptors, connections or patience is decided
 * here: libwebsockets' listener spins at full load and logs megabytes a second when accept() fails. */
#ifndef BOT_LISTENER_H
#define BOT_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct loop;
struct listener;

struct listener_calls {
    void *ctx;
    /* May another connection come in? Otherwise it is told "503" and closed, and the listener rests. */
    bool (*room)(void *ctx);
    /* A connection, non-blocking, close-on-exec; the descriptor is now the callee's. */
    void (*take)(void *ctx, int fd, const struct sockaddr_storage *from);
};

/* `address` as for address_resolve(). 0 or a negative errno. */
int listener_open(struct loop *l, const char *address, const struct listener_calls *calls,
                  struct listener **ret);
/* The same on a unix socket at `path`, for who may open the file: its owner and group. A socket there of which nobody listens any more
 * is replaced; anything else is -EADDRINUSE. Removed again by listener_close(). */
int listener_open_unix(struct loop *l, const char *path, const struct listener_calls *calls,
                       struct listener **ret);
int listener_port(const struct listener *ls);
uint64_t listener_refused(const struct listener *ls);
/* Closes a connection politely: a browser or proxy understands a status ("503 Service Unavailable"), and comes back
 * later. */
void listener_turn_away(int fd, const char *status);
/* Closes the socket at once and frees it; NULL is fine. */
void listener_close(struct listener *ls);

#endif
