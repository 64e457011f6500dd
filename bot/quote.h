/* quote.h: a reply as quotes and where each is from, for networks that show a quote beside its source. */
#ifndef BOT_QUOTE_H
#define BOT_QUOTE_H

#include "bot/reply.h"
#include "kb/pool.h"

struct quote_segment {
    const char *text; /* plain */
    size_t len;
    int cite; /* index of the extract it quotes, or -1: our own words */
};

/* The text of a reply, cut where one extract ends and the next begins. */
struct quote_segment *quote_segments(struct pool *pool, const struct reply *r, size_t *ret_n);
/* The address of the passage, if it is one a browser may open (http, https), else "". */
const char *quote_url(struct pool *pool, const struct kb_hit *hit);
/* What a hit is called in one line: its entry's question, else its nearest heading, else its title. The hit's own text. */
const char *quote_label(const struct kb_hit *hit);
/* "Title > Section > Part" without repetitions. */
const char *quote_name(struct pool *pool, const struct kb_hit *hit, const char *arrow);

#endif
