/* staff_throttle.c: who guesses passwords waits longer and longer: five tries are free, then each doubles the wait. What fails is
 * counted twice: for the network it came from, up to a quarter of an hour, and for the name, up to half a minute: somebody
 * who fails on purpose, from everywhere, can annoy the owner of a name but never lock them out. Codes of a second factor are counted
 * apart, for the name up to a quarter of an hour, too: who gets to guess them knows the password, and a million is not much.
 *
 * In memory only, under a keyed hash, in a table of fixed size; where it is full the one that failed longest ago goes. */
#include <arpa/inet.h>
#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/staff/staff_int.h"
#include "bot/must.h"

#define SIZE           4096
#define WAYS           4
#define FREE_TRIES     5
#define FORGET_MS      3600000u
#define MAX_NETWORK_MS (15 * 60000u)
#define MAX_NAME_MS    30000u
#define MAX_CODE_MS    MAX_NETWORK_MS

struct failures {
    uint64_t key; /* 0: free */
    uint64_t at_ms;
    unsigned n;
};

struct throttle {
    unsigned char secret[crypto_shorthash_KEYBYTES];
    struct failures set[SIZE / WAYS][WAYS];
};

struct throttle *throttle_new(void)
{
    struct throttle *t = must(calloc(1, sizeof *t));
    randombytes_buf(t->secret, sizeof t->secret);
    return t;
}

void throttle_free(struct throttle *t)
{
    free(t);
}

static uint64_t key_of(const struct throttle *t, char kind, const void *s, size_t len)
{
    unsigned char text[80], hash[crypto_shorthash_BYTES];
    uint64_t key;
    text[0] = (unsigned char)kind;
    len = len < sizeof text - 1 ? len : sizeof text - 1;
    memcpy(text + 1, s, len);
    crypto_shorthash(hash, text, len + 1, t->secret);
    memcpy(&key, hash, sizeof key);
    return key | 1;
}

static uint64_t name_key(const struct throttle *t, char kind, const char *name)
{
    char lower[72];
    size_t n = 0;
    for (; name[n] && n < sizeof lower; n++) /* case does not tell names apart */
        lower[n] = (char)tolower((unsigned char)name[n]);
    return key_of(t, kind, lower, n);
}

static uint64_t tried_key(const struct throttle *t, enum throttle_what what, const char *name)
{
    return name_key(t, what == THROTTLE_CODE ? 'c' : 'u', name);
}

/* An IPv4 /24, an IPv6 /56. */
static uint64_t network_key(const struct throttle *t, const char *address)
{
    unsigned char raw[16];
    if (inet_pton(AF_INET, address, raw) == 1)
        return key_of(t, '4', raw, 3);
    if (inet_pton(AF_INET6, address, raw) == 1)
        return key_of(t, '6', raw, 7);
    return key_of(t, '?', address, strlen(address));
}

static struct failures *find(const struct throttle *t, uint64_t key)
{
    struct failures *set = ((struct throttle *)t)->set[(key >> 1) % (SIZE / WAYS)];
    for (int i = 0; i < WAYS; i++)
        if (set[i].key == key)
            return &set[i];
    return NULL;
}

static uint64_t wait_of(const struct failures *f, uint64_t max_ms, uint64_t now_ms)
{
    if (!f || f->n < FREE_TRIES || now_ms - f->at_ms >= FORGET_MS)
        return 0;
    unsigned doublings = f->n - FREE_TRIES < 20 ? f->n - FREE_TRIES : 20;
    uint64_t wait = (uint64_t)1000 << doublings, gone = now_ms - f->at_ms;
    wait = wait < max_ms ? wait : max_ms;
    return gone < wait ? wait - gone : 0;
}

int throttle_wait(const struct throttle *t, enum throttle_what what, const char *name,
                  const char *address, uint64_t now_ms)
{
    uint64_t most = what == THROTTLE_CODE ? MAX_CODE_MS : MAX_NAME_MS;
    uint64_t a = wait_of(find(t, network_key(t, address)), MAX_NETWORK_MS, now_ms);
    uint64_t b = wait_of(find(t, tried_key(t, what, name)), most, now_ms);
    return (int)(((a > b ? a : b) + 999) / 1000);
}

static void count(struct throttle *t, uint64_t key, uint64_t now_ms)
{
    struct failures *f = find(t, key);
    struct failures *set = t->set[(key >> 1) % (SIZE / WAYS)];
    if (!f) {
        f = set;
        for (int i = 1; i < WAYS; i++)
            if (set[i].at_ms < f->at_ms)
                f = &set[i];
        *f = (struct failures){.key = key};
    }
    f->n = now_ms - f->at_ms >= FORGET_MS ? 1 : f->n + 1;
    f->at_ms = now_ms;
}

void throttle_failed(struct throttle *t, enum throttle_what what, const char *name,
                     const char *address, uint64_t now_ms)
{
    count(t, network_key(t, address), now_ms);
    count(t, tried_key(t, what, name), now_ms);
}

void throttle_succeeded(struct throttle *t, const char *name, const char *address)
{
    static const enum throttle_what all[] = {THROTTLE_PASSWORD, THROTTLE_CODE};
    struct failures *f;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if ((f = find(t, tried_key(t, all[i], name))))
            f->n = 0;
    if ((f = find(t, network_key(t, address))) && f->n > FREE_TRIES)
        f->n = FREE_TRIES; /* a guesser with an account of his own goes on waiting */
}
