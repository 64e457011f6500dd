/* reply.h: what the bot says, before any network's dialect.
 *
 * Made by answer_make() on a worker, read by adapters on the loop; everything lives in the turn's
 * pool. */
#ifndef BOT_REPLY_H
#define BOT_REPLY_H

#include "kb/kb.h"

struct buf;
struct pool;

enum reply_kind { REPLY_ANSWER, REPLY_CHOICES, REPLY_NONE, REPLY_CHITCHAT, REPLY_HANDOFF };

/* What small talk says of a person to talk to. Where people can be called (turn.c) a wish is done as if the button for it had been
 * pressed, in the transaction that writes the reply (handoff_answered()); so is taking it back. */
enum reply_person {
    PERSON_UNMENTIONED,
    PERSON_OFFERED,  /* asks how to reach one: shown the button */
    PERSON_WANTED,   /* "talk to a human" */
    PERSON_UNWANTED, /* "never mind" */
};

struct reply {
    enum reply_kind kind;
    double
        confidence; /* 0..1, that the guides answer it; 0 when they were not asked (small talk) */
    enum kb_band band;
    const char *text; /* what the asker would read, plain, at most MAX_ANSWER_CHARS */
    enum reply_person person;
    const char *called; /* instead of `text` where a person is called at once; NULL: no different */
    const struct kb_hit *answer; /* the extracts quoted in `text`, best first */
    size_t nanswer;
    const char **choice; /* "did you mean", at most MAX_CHOICES; each can be sent as a question */
    size_t nchoice;
    const char **suggestion; /* follow-up questions, or the nearest topics of a decline */
    size_t nsuggestion;
    const char **choice_key,
        **suggestion_key; /* the passages they stand for, NULL or "" when there is none */
    bool continued;       /* "more" of the last question, not an answer to a new one */
    const struct kb_pair *corrected;
    size_t ncorrected;
    const char *const *unknown;
    size_t nunknown;
    const struct kb_why *
        *why; /* only when it was asked for: one for each question in the message */
    size_t nwhy;
    long long us; /* time spent answering, microseconds */

    /* For heard.h: what it was made from, 0 when it must not be given to anybody else; and whether it is the same whatever was
     * said before, or only where the same was. */
    uint64_t edition;
    bool anywhere;
};

/* A copy, all of it in `pool`, without `why`. */
struct reply *reply_copy(struct pool *pool, const struct reply *r);

/* "answer" "choices" "none" "chitchat" "handoff" */
const char *reply_kind_name(enum reply_kind kind);
/* "high" "medium" "none" */
const char *reply_band_name(enum kb_band band);

/* The object of `ask --batch`, one line without a newline. `id` and `answer_id` may be
 * NULL. Valid UTF-8 and finite numbers only. */
void reply_json(const struct reply *r, const char *id, const char *answer_id, struct buf *b);

/* Append the member `key`, an object that leads from the first of each pair to the second. */
void reply_json_pairs(struct buf *b, const char *key, const struct kb_pair *pair, size_t n);

#endif
