/* why.h: why a reply is what it is: kb's figures (kb.h, struct kb_why) for a person at a terminal, and as JSON.
 *
 * In JSON it is the member "explain" of a reply, a list with an object for each question that the message asked:
 *
 *   passages    how many the base has; candidates: how many were looked at closely
 *   want        the kind of answer that is wanted: "money", "list", ... or "anything"
 *   words       what was asked for: word, weight, idf, before (it comes from an earlier message or from the kind of
 *               answer), known (the base has it), ways: [{said, way, weight, passages}] where way is typed, corrected,
 *               compound, relative, synonym, hint or general (WordNet has it near)
 *   corrected   {"salry": "salary"}
 *   hits        the best passages: passage, title, heading, score, confidence,
 *               parts: [{name, value, weight}], whose products add up to score,
 *               found: what its words gave, finds: [{word, said, question, headings, title, body}], which add up to
 *               found; the part "bm25" is found / mass
 *   mass        the most that words can give
 *   confidence  value, band, base, parts: [{name, value, weight}], cap (1: none), capped (why, or ""), high, medium
 *               (where those bands begin): 1 / (1 + exp(-(base + sum of products))), then at most cap */
#ifndef BOT_WHY_H
#define BOT_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct buf;
struct pool;
struct reply;

/* For a person: tables of at most 80 columns. Nothing when the reply does not explain itself. */
void why_print(FILE *f, const struct reply *r, bool colour, struct pool *pool);

/* The list described above. */
void why_json(const struct reply *r, struct buf *b);

#endif
