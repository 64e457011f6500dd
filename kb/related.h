/* related.h: words that general English holds to be near, and which are verbs. */
#ifndef KB_RELATED_H
#define KB_RELATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The closest first. */
enum related_kind {
    RELATED_SPELLING, /* the same word as others spell it: "licence", "license" */
    RELATED_NEAR,     /* derived, or it has its most frequent sense in common */
    RELATED_CLIPPED,  /* one of them is short for the other: "vet", "veterinarian" */
};
#define RELATED_BITS 2 /* of the table, for a kind */

struct related {
    const char *token; /* a stem, as the tokenizer makes it; lives for ever */
    enum related_kind kind;
};
/* Those of an English stem, in byte order; at most `max`. How many. */
size_t related_words(const char *token, struct related *ret, size_t max);
/* An English stem is a verb and hardly ever anything else: "write", "earn", and not "drug" or "score". */
bool related_verb(const char *token);

#endif
