/* tcp.c: struct tcp_info by hand: <netinet/tcp.h> knows only the beginning of the kernel's, and <linux/tcp.h> does not go
 * with it. The kernel only ever appends to it, and says how much it has filled in. */
#include "bot/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define BYTES_ACKED    120 /* offsets of tcpi_bytes_acked and tcpi_bytes_received */
#define BYTES_RECEIVED 128

bool tcp_transfer(int fd, struct tcp_transfer *ret)
{
    union {
        struct tcp_info known;
        unsigned char all[256];
    } info;
    socklen_t len = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 || len < BYTES_RECEIVED + 8)
        return false;
    memcpy(&ret->acked, info.all + BYTES_ACKED, 8);
    memcpy(&ret->received, info.all + BYTES_RECEIVED, 8);
    ret->arrived = info.known.tcpi_unacked == 0;
    return true;
}
