/* web_limit.c: how often a visitor, a neighbourhood of addresses, the whole site and a program with a key may do something that costs. Each has a bucket
 * of its own, so that one visitor who talks much is not felt by others behind the same address, nor a whole school by the
 * rest of the world. A bucket holds a quarter of a minute's worth, so a person in a hurry does not meet it, and refills
 * steadily.
 *
 * Buckets are in memory only, in a table of fixed size, under a keyed hash of what they are for: nobody can read out of it
 * who was here. Where the table is full the one that was used longest ago is forgotten, which can only be generous. */
#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/clock.h"
#include "bot/must.h"

#define NSETS 4096
#define WAYS  4

struct bucket {
    uint64_t key;   /* 0: free */
    uint64_t at_ms; /* when it was filled up to: */
    double level;
};

struct web_limits {
    unsigned char secret[crypto_shorthash_KEYBYTES];
    struct bucket set[NSETS][WAYS];
};

void web_limits_open(struct web *w)
{
    w->limits = must(calloc(1, sizeof *w->limits));
    randombytes_buf(w->limits->secret, sizeof w->limits->secret);
}

void web_limits_close(struct web *w)
{
    free(w->limits);
    w->limits = NULL;
}

/* "203.0.113.7" and "203.0.113.99" are one network, so are 2^72 addresses of IPv6. */
static size_t network_of(const char *address, unsigned char out[8])
{
    unsigned char raw[16];
    if (inet_pton(AF_INET, address, raw) == 1)
        return memcpy(out, raw, 3), 3;
    if (inet_pton(AF_INET6, address, raw) == 1)
        return memcpy(out, raw, 7), 7;
    return 0;
}

static struct bucket *bucket_of(struct web_limits *l, char kind, const void *s, size_t len,
                                double full, uint64_t now)
{
    unsigned char text[64], hash[crypto_shorthash_BYTES];
    uint64_t key;
    text[0] = (unsigned char)kind;
    len = len < sizeof text - 1 ? len : sizeof text - 1;
    memcpy(text + 1, s, len);
    crypto_shorthash(hash, text, len + 1, l->secret);
    memcpy(&key, hash, sizeof key);
    key |= 1;
    struct bucket *set = l->set[(key >> 1) % NSETS], *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].at_ms < oldest->at_ms)
            oldest = &set[i];
    }
    *oldest = (struct bucket){.key = key, .at_ms = now, .level = full};
    return oldest;
}

/* What one minute's worth of `rate` says: 0, or in how many seconds there is one again. Takes nothing. */
static int look(struct bucket *b, double rate, double full, uint64_t now)
{
    double level = b->level + (double)(now - b->at_ms) * rate / 60000;
    b->level = level < full ? level : full;
    b->at_ms = now;
    return b->level >= 1 ? 0 : 1 + (int)((1 - b->level) * 60 / rate);
}

/* What somebody is counted for. */
struct counted {
    char kind;
    const char *setting;
    const void *s;
    size_t len; /* 0: for nobody */
};

static int take(struct web *w, const struct counted *for_, size_t nfor)
{
    struct bucket *taken[3];
    size_t n = 0;
    uint64_t now = clock_ms();
    const struct config *c = bot_config(w->adapter->bot);
    for (size_t i = 0; i < nfor; i++) {
        double rate = (double)config_int(c, for_[i].setting), full = rate / 4 < 10 ? 10 : rate / 4;
        if (rate <= 0 || !for_[i].len)
            continue;
        struct bucket *b = bucket_of(w->limits, for_[i].kind, for_[i].s, for_[i].len, full, now);
        int wait = look(b, rate, full, now);
        if (wait)
            return wait; /* nobody else's bucket pays for it */
        taken[n++] = b;
    }
    while (n)
        taken[--n]->level -= 1;
    return 0;
}

int web_limit(struct web *w, const char *conversation, const char *address)
{
    unsigned char network[8];
    const struct counted visitor[] = {
        {'v', "web.session_rate", conversation, conversation ? strlen(conversation) : 0},
        {'n', "web.address_rate", network, address ? network_of(address, network) : 0},
        {'s', "web.site_rate", "s", 1},
    };
    return take(w, visitor, 3);
}

int web_limit_key(struct web *w, const char *key)
{
    return take(w, &(struct counted){'k', "web.key_rate", key, strlen(key)}, 1);
}
