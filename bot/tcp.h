/* tcp.h: what the kernel knows about a connection and the library does not tell. */
#ifndef BOT_TCP_H
#define BOT_TCP_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_transfer {
    uint64_t received, acked; /* bytes: that came in, that the other side has of ours */
    bool arrived;             /* nothing of ours is still on its way */
};

/* One system call. False, and nothing is said, where it is not known: no TCP, or a kernel without these counts. */
bool tcp_transfer(int fd, struct tcp_transfer *ret);

#endif
