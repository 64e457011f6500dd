/* english.h: the general English words that are compiled into the program. tools/english.c writes the table, english.c
 * searches it; it belongs to no knowledge base and is the same for all. */
#ifndef KB_ENGLISH_H
#define KB_ENGLISH_H

#include "kb/slip.h"

#define ENGLISH_LETTERS 24 /* of a word at most */
#define ENGLISH_TIERS   7

/* How common a word is; 0 is no word. By the lists of SCOWL (size in brackets). */
enum english_tier {
    ENGLISH_FIRST = 1, /* the first thousand (10) */
    ENGLISH_COMMON,    /* (20) */
    ENGLISH_SMALL,     /* of a small dictionary (35) */
    ENGLISH_MEDIUM,    /* (50) */
    ENGLISH_LARGE,     /* (60) */
    ENGLISH_RARE,      /* (70) */
    ENGLISH_NAME       /* capitalised: names and abbreviations */
};

/* How common a word is, folded and without apostrophes; 0: it is none. */
enum english_tier english_word(const char *word);
/* Every word within slip->max of what slip_begin() was given, in alphabetical order. */
typedef void english_fn(void *ctx, const char *word, enum english_tier tier, unsigned cost);
void english_near(struct slip *slip, english_fn *fn, void *ctx);

/* An edge of the automaton: 32 bits. Edge 0 holds the number of the first edge of the initial state instead. */
#define ENGLISH_EDGE_LETTER 31u
#define ENGLISH_EDGE_LAST   32u
#define ENGLISH_EDGE_TIER   6
#define ENGLISH_EDGE_STATE  9

#endif
