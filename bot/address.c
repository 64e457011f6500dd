/* address.c: network addresses as sixteen bytes, and a count of connections for each.
 *
 * The count is a hash table with a secret key: whoever can choose his addresses must not be able to choose which
 * bucket they fall into. Entries vanish with their last connection, so it never holds more than there are
 * connections. */
#include "bot/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bot/must.h"
#include "bot/number.h"

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void address_of(struct address *a, const struct sockaddr_storage *ss)
{
    memset(a, 0, sizeof(*a));
    if (ss->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)ss;
        memcpy(a->byte, mapped, 12);
        memcpy(a->byte + 12, &in->sin_addr, 4);
    } else if (ss->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)ss;
        memcpy(a->byte, &in6->sin6_addr, 16);
    }
}

bool address_is_unix(const struct address *a)
{
    static const struct address zero;
    return !memcmp(a, &zero, sizeof zero); /* nobody else connects from "::" */
}

bool address_parse(struct address *a, const char *text, size_t len)
{
    char s[ADDRESS_TEXT];
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (!len || len >= sizeof(s))
        return false;
    memcpy(s, text, len);
    s[len] = '\0';

    struct in_addr v4;
    if (inet_pton(AF_INET, s, &v4) == 1) {
        memcpy(a->byte, mapped, 12);
        memcpy(a->byte + 12, &v4, 4);
        return true;
    }
    return inet_pton(AF_INET6, s, a->byte) == 1;
}

bool address_range_parse(struct address_range *r, const char *text)
{
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    if (!address_parse(&r->base, text, len))
        return false;
    r->bits = 128;
    if (slash) {
        char *end;
        bool v4 = memchr(text, ':', len) == NULL;
        errno = 0;
        unsigned long bits = strtoul(slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end || errno || bits > (v4 ? 32u : 128u))
            return false;
        r->bits = (unsigned)bits + (v4 ? 96u : 0u);
    }
    return true;
}

bool address_in(const struct address *a, const struct address_range *r)
{
    size_t whole = r->bits / 8;
    unsigned rest = r->bits % 8;
    if (memcmp(a->byte, r->base.byte, whole) != 0)
        return false;
    return !rest || ((a->byte[whole] ^ r->base.byte[whole]) >> (8 - rest)) == 0;
}

void address_text(const struct address *a, char out[ADDRESS_TEXT])
{
    if (memcmp(a->byte, mapped, 12) == 0)
        inet_ntop(AF_INET, a->byte + 12, out, ADDRESS_TEXT);
    else
        inet_ntop(AF_INET6, a->byte, out, ADDRESS_TEXT);
}

int address_resolve(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len)
{
    char host[256];
    const char *colon = strrchr(text, ':');
    int64_t port;
    if (!colon || !number_read(colon + 1, 65535, &port))
        return -EINVAL;
    size_t len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len)) {
        return -EINVAL; /* an IPv6 address wants brackets here */
    }
    if (len >= sizeof(host))
        return -EINVAL;
    memcpy(host, text, len);
    host[len] = '\0';

    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (getaddrinfo(*host ? host : NULL, colon + 1, &hints, &found) != 0)
        return -EADDRNOTAVAIL;
    memset(ret, 0, sizeof(*ret));
    memcpy(ret, found->ai_addr, found->ai_addrlen);
    *ret_len = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

/* ---- the count ---- */

#define BUCKETS 1024

struct entry {
    struct entry *next;
    struct address key;
    size_t n;
};

struct address_book {
    struct entry *bucket[BUCKETS];
    uint8_t secret[crypto_shorthash_KEYBYTES];
};

struct address_book *address_book_new(void)
{
    struct address_book *b = must(calloc(1, sizeof(*b)));
    randombytes_buf(b->secret, sizeof(b->secret));
    return b;
}

void address_book_free(struct address_book *b)
{
    for (size_t i = 0; b && i < BUCKETS; i++) {
        while (b->bucket[i]) {
            struct entry *e = b->bucket[i];
            b->bucket[i] = e->next;
            free(e);
        }
    }
    free(b);
}

static struct entry **find(struct address_book *b, const struct address *a, struct address *key)
{
    uint64_t hash;
    *key = *a;
    if (memcmp(a->byte, mapped, 12) != 0)
        memset(key->byte + 8, 0, 8);
    crypto_shorthash((unsigned char *)&hash, key->byte, sizeof(key->byte), b->secret);

    struct entry **e = &b->bucket[hash % BUCKETS];
    while (*e && memcmp((*e)->key.byte, key->byte, sizeof(key->byte)) != 0)
        e = &(*e)->next;
    return e;
}

bool address_book_enter(struct address_book *b, const struct address *a, size_t max)
{
    struct address key;
    struct entry **e = find(b, a, &key);
    if (!*e) {
        *e = calloc(1, sizeof(**e));
        if (!*e)
            return false;
        (*e)->key = key;
    }
    if (max && (*e)->n >= max)
        return false;
    (*e)->n++;
    return true;
}

void address_book_leave(struct address_book *b, const struct address *a)
{
    struct address key;
    struct entry **at = find(b, a, &key);
    struct entry *e = *at;
    if (e && --e->n == 0) {
        *at = e->next;
        free(e);
    }
}
