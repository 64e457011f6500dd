/* address.h: who is at the other end of a connection: addresses, ranges of them, and how many connections each has.
 * Never logged above debug. */
#ifndef BOT_ADDRESS_H
#define BOT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT 46 /* INET6_ADDRSTRLEN */

/* Always 16 bytes: an IPv4 address is its IPv6-mapped form, so that both compare alike. */
struct address {
    uint8_t byte[16];
};

struct address_range {
    struct address base;
    unsigned bits; /* of 128 */
};

void address_of(struct address *a, const struct sockaddr_storage *ss); /* unix sockets: all zero */
bool address_is_unix(const struct address *a);
/* "192.0.2.1", "2001:db8::1", also "[2001:db8::1]". */
bool address_parse(struct address *a, const char *text, size_t len);
/* The same, or with "/bits" behind it. */
bool address_range_parse(struct address_range *r, const char *text);
bool address_in(const struct address *a, const struct address_range *r);
void address_text(const struct address *a, char out[ADDRESS_TEXT]);

/* "HOST:PORT", "[v6]:PORT"; HOST may be a name ("localhost") or empty (all addresses). 0, -EINVAL, or -EADDRNOTAVAIL when
 * the name is unknown. */
int address_resolve(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len);

/* How many connections each address has. An IPv6 customer owns a /64, so that is what counts as one. */
struct address_book;
struct address_book *address_book_new(void);
void address_book_free(struct address_book *b);
/* Counts one more, unless there are `max` already (0: no limit). */
bool address_book_enter(struct address_book *b, const struct address *a, size_t max);
void address_book_leave(struct address_book *b, const struct address *a);

#endif
