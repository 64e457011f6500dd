/* review.h: what the files review_*.c share: all of the content in memory, in the order of its files. */
#ifndef KB_REVIEW_H
#define KB_REVIEW_H

#include "kb/kb_int.h"

/* A word that was met somewhere: in how many passages. */
struct review_term {
    const char *token;
    uint32_t df;
    uint32_t last; /* passage that was counted last, plus one */
};

struct review_passage {
    const char *key, *document, *id, *file, *anchor; /* id: the entry's, or "" */
    size_t line;
    bool entry;
    const char *lang, *audience, *reviewed, *from, *until, *title, *heading, *question, *followups;
    const char *text; /* of the passage; terminated */
    size_t start;     /* where it begins in its document */
    const struct unit *unit;
    size_t nunit;
};

struct review {
    const char *db;
    struct kb *kb;
    struct pool *pool;
    struct kb_report *report;
    char today[16];
    struct review_passage *p;
    size_t n, cap;
    struct review_term *term;
    size_t nterm, capterm;
    uint32_t *slot; /* by hash of the token: number of the term plus one; 0 is free */
    size_t nslot;   /* a power of two */
};

/* The term's number, which stays, of a token that is perhaps new. */
uint32_t review_term(struct review *rv, const char *token, size_t len);
/* How rare it is among the passages, as bm25f_idf(). */
double review_idf(const struct review *rv, uint32_t term);

/* Neither has expired before the other begins, and somebody may see both. */
bool review_meet(const struct review_passage *a, const struct review_passage *b);
bool review_expired(const struct review *rv, const struct review_passage *p);

void review_add(struct review *rv, const struct review_passage *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* One per file. 0 or a negative enum kb_err. */
int review_questions(struct review *rv, unsigned threads, size_t *ret_asked); /* collision */
int review_same(struct review *rv);                                           /* same */
int review_figures(struct review *rv);                                        /* figures */
void review_dates(struct review *rv); /* expired, expires, followup, reviewed */
void review_links(struct review *rv); /* link */
/* synonym; `general` as in struct kb_review_options */
int review_synonyms(struct review *rv, const char *file, const char *general);

#endif
