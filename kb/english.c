/* english.c: words of general English, whatever a base is about.
 *
 * Two questions are answered. Is this a word at all? If it is, somebody meant it, however near it is to one of the
 * owner's words. And which words may have been meant by these letters? The table is an automaton in the program's read-only
 * memory (tools/english.c), so there is nothing to load and nothing to free. */
#include "kb/english.h"
#include "kb/kb_int.h"

#include <string.h>

extern const uint32_t english_table[];

static uint32_t state_of(uint32_t edge)
{
    return edge >> ENGLISH_EDGE_STATE;
}

static unsigned tier_of(uint32_t edge)
{
    return edge >> ENGLISH_EDGE_TIER & 7;
}

static char letter_of(uint32_t edge)
{
    return (char)('a' + (edge & ENGLISH_EDGE_LETTER));
}

enum english_tier english_word(const char *word)
{
    uint32_t at = english_table[0], edge = 0;
    for (; *word; word++) {
        if (!at)
            return 0;
        while (letter_of(edge = english_table[at]) != *word)
            if (edge & ENGLISH_EDGE_LAST)
                return 0;
            else
                at++;
        at = state_of(edge);
    }
    return (enum english_tier)tier_of(edge);
}

struct visit {
    struct slip *slip;
    english_fn *fn;
    void *ctx;
    char word[ENGLISH_LETTERS + 1];
};

static void visit(struct visit *v, uint32_t at, size_t depth)
{
    uint32_t next = at ? slip_next(v->slip, v->word, depth) : 0;
    for (uint32_t edge = 0; at && !(edge & ENGLISH_EDGE_LAST); at++) {
        edge = english_table[at];
        v->word[depth] = letter_of(edge);
        if (!(next >> (edge & ENGLISH_EDGE_LETTER) & 1) ||
            !slip_letter(v->slip, v->word, depth + 1))
            continue;
        unsigned cost = slip_cost(v->slip, depth + 1);
        if (tier_of(edge) && cost <= v->slip->max) {
            v->word[depth + 1] = 0;
            v->fn(v->ctx, v->word, (enum english_tier)tier_of(edge), cost);
        }
        if (state_of(edge))
            visit(v, state_of(edge), depth + 1);
    }
}

void english_near(struct slip *slip, english_fn *fn, void *ctx)
{
    struct visit v = {.slip = slip, .fn = fn, .ctx = ctx};
    visit(&v, english_table[0], 0);
}
