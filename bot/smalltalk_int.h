/* smalltalk_int.h: small talk as it is searched: one block of bytes, without a pointer in it. The shipped file is made into one
 * while the program is built (tools/smalltalk.c), so that a start need not read it; any other file when it is
 * opened. Numbers are in the machine's order. */
#ifndef BOT_SMALLTALK_INT_H
#define BOT_SMALLTALK_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kb_report;
struct pool;

#define MAX_TALK_BYTES 240 /* a longer message says something */
#define MAX_TALK_WORDS 16

/* ---- smalltalk_words.c: what is compared ---- */

struct words {
    char text[MAX_TALK_BYTES * 4]; /* each terminated, one behind the other */
    const char *word[MAX_TALK_WORDS];
    size_t n, at; /* at: bytes of text */
    bool open, too_many;
};

/* "Heyyy, what's up??" -> "hey" "whats" "up". Doubled letters are halved, so that any number of them is the same; an
 * emoji is a word. `too_many` also for what is no text. */
void smalltalk_words(struct words *w, const char *s, size_t len);
bool smalltalk_is_emoji(int32_t cp);

/* ---- the block: its head, the talks, the sayings, and the text ---- */

struct talk_block {
    uint32_t len; /* of all of it */
    uint32_t ntalk, nsaying;
    uint32_t first
        [257]; /* where the sayings begin whose first word begins with this byte, or with a higher one */
};

#define TALK_TOPICS    1u
#define TALK_STATEMENT 2u

struct talk_row {
    uint32_t id, reply, called; /* where they begin in the text; terminated. called: or "" */
    uint16_t flags, person;     /* enum reply_person */
};

struct saying {     /* in order of their first words */
    uint32_t words; /* where they begin in the text: terminated, one behind the other */
    uint16_t len;   /* bytes of all of them */
    uint16_t nword, talk, reserved;
};

static inline const struct talk_row *talk_rows(const struct talk_block *b)
{
    return (const void *)(b + 1);
}

static inline const struct saying *talk_sayings(const struct talk_block *b)
{
    return (const void *)(talk_rows(b) + b->ntalk);
}

static inline const char *talk_text(const struct talk_block *b)
{
    return (const void *)(talk_sayings(b) + b->nsaying);
}

/* ---- smalltalk_compile.c ---- */

/* The block of smalltalk.yaml's bytes, in `pool`. `file` is named in problems; NULL when there are errors. */
const struct talk_block *smalltalk_compile(const char *file, const char *s, size_t len,
                                           struct pool *pool, struct kb_report *report);

/* That of bot/shipped.h's. */
extern const struct talk_block shipped_talk;

#endif
