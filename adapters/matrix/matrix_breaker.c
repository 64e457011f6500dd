/* matrix_breaker.c: a circuit breaker for two machines that talk to each other. Notices are never answered, which stops the
 * polite ones; a bot that speaks as people do, or a bridge that brings our own words back under another name, is stopped
 * here: who gets more than five answers in a minute in one room is told so once, and then not answered for ten. */
#include <stdlib.h>
#include <string.h>

#include "adapters/matrix/matrix_int.h"
#include "bot/must.h"
#include "kb/hash.h"

#define ANSWERS   5
#define WINDOW_MS 60000
#define PAUSE_MS  600000
#define PAIRS     1024

struct pair {
    uint64_t key; /* of room and sender; 0: free */
    uint64_t at_ms[ANSWERS], until_ms, seen_ms;
};

struct matrix_breaker {
    struct pair pair[PAIRS];
};

/* The pair's place, or the one that was silent the longest. */
static struct pair *find(struct matrix_breaker *b, uint64_t key)
{
    struct pair *oldest = &b->pair[0];
    for (size_t i = 0; i < PAIRS; i++) {
        if (b->pair[i].key == key)
            return &b->pair[i];
        if (b->pair[i].seen_ms < oldest->seen_ms)
            oldest = &b->pair[i];
    }
    *oldest = (struct pair){.key = key};
    return oldest;
}

enum matrix_verdict matrix_breaker(struct matrix_breaker **breaker, const char *room,
                                   const char *sender, uint64_t now_ms)
{
    if (!*breaker)
        *breaker = must(calloc(1, sizeof **breaker));
    struct pair *p = find(*breaker, hash_and_text(hash_and_text(HASH_64, room), sender) | 1);
    uint64_t now = now_ms + 1; /* 0 is "never" */
    p->seen_ms = now;
    if (now < p->until_ms)
        return MATRIX_BROKEN;
    if (p->at_ms[0] && now - p->at_ms[0] < WINDOW_MS) { /* the fifth last */
        *p = (struct pair){.key = p->key, .until_ms = now + PAUSE_MS, .seen_ms = now};
        return MATRIX_TRIP;
    }
    memmove(p->at_ms, p->at_ms + 1, sizeof p->at_ms - sizeof *p->at_ms);
    p->at_ms[ANSWERS - 1] = now;
    return MATRIX_GO;
}

void matrix_breaker_free(struct matrix_breaker *breaker)
{
    free(breaker);
}
