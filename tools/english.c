/* english.c: the word lists of the distribution become the table that kb/english.c searches.
 *
 *     english OUT TIER:FILE...
 *
 * Runs while the program is built, which then has all it needs. A word is kept by its letters alone, as the tokenizer
 * leaves them: folded, without apostrophes; possessives and words with other signs are left out. When several lists
 * have it the lowest tier counts.
 *
 * The table is the smallest automaton that accepts the words (a DAWG: endings are shared as well as beginnings), 32
 * bits an edge, the edges out of one state one behind the other:
 *
 *     bits 0-4 letter, 5 last of its state, 6-8 tier of the word that ends here or 0, 9-31 the state it leads to or 0
 *
 * as ENGLISH_EDGE_* of kb/english.h say. Edge 0 is none: it holds the number of the initial state. */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/english.h"

struct word {
    char *s;
    unsigned tier;
};

static struct {
    struct word *word;
    size_t nword, capword;
    uint32_t *edge;
    uint32_t nedge, capedge;
    uint32_t *state; /* hash table: first edge of each state; 0 is free */
    size_t nstate, capstate;
} g;

_Noreturn static void die(const char *what, const char *name)
{
    fprintf(stderr, "english: %s: %s\n", what, name);
    exit(1);
}

static void *grown(void *p, size_t n)
{
    p = realloc(p, n);
    if (!p)
        die("no memory", "words");
    return p;
}

/* ---- words ------------------------------------------------------------------------------------ */

/* Latin-1 to letters; false when the line is no word of its own. */
static bool fold_line(const unsigned char *s, char *out)
{
    static const char accented[] = "aaaaaaaceeeeiiiidnooooo/ouuuuyts";
    size_t n = 0;
    for (; *s && *s != '\n'; s++) {
        int c = *s >= 0xc0 ? accented[*s & 31] : tolower(*s);
        if (*s == '\'' && !strcmp((const char *)s, "'s\n"))
            return false;
        if (*s == '\'')
            continue;
        if (c < 'a' || c > 'z' || n == ENGLISH_LETTERS)
            return false;
        out[n++] = (char)c;
    }
    out[n] = 0;
    return n > 0;
}

static void read_list(const char *arg)
{
    unsigned tier = (unsigned)(*arg - '0');
    if (tier < 1 || tier > ENGLISH_TIERS || arg[1] != ':')
        die("want TIER:FILE", arg);
    FILE *f = fopen(arg + 2, "r");
    char line[256], word[ENGLISH_LETTERS + 1];
    if (!f)
        die("cannot be read", arg + 2);
    while (fgets(line, sizeof line, f)) {
        if (!fold_line((const unsigned char *)line, word))
            continue;
        if (g.nword == g.capword)
            g.word = grown(g.word, (g.capword = g.capword * 2 + 1024) * sizeof *g.word);
        g.word[g.nword++] = (struct word){strcpy(grown(NULL, strlen(word) + 1), word), tier};
    }
    fclose(f);
}

static int by_word(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    int r = strcmp(x->s, y->s);
    return r ? r : (x->tier > y->tier) - (x->tier < y->tier);
}

static void sort_words(void)
{
    size_t n = 0;
    qsort(g.word, g.nword, sizeof *g.word, by_word);
    for (size_t i = 0; i < g.nword; i++)
        if (!n || strcmp(g.word[n - 1].s, g.word[i].s))
            g.word[n++] = g.word[i];
    g.nword = n;
}

/* ---- the automaton ------------------------------------------------------------------------------ */

static uint64_t hash_edges(const uint32_t *edge)
{
    uint64_t h = 14695981039346656037u;
    do
        h = (h ^ *edge) * 1099511628211u;
    while (!(*edge++ & ENGLISH_EDGE_LAST));
    return h ^ h >> 29;
}

static bool same_edges(const uint32_t *a, const uint32_t *b)
{
    for (;; a++, b++) {
        if (*a != *b)
            return false;
        if (*a & ENGLISH_EDGE_LAST)
            return true;
    }
}

static void grow_states(void)
{
    uint32_t *old = g.state;
    size_t cap = g.capstate;
    g.capstate = cap ? cap * 2 : 1 << 16;
    g.state = grown(NULL, g.capstate * sizeof *g.state);
    memset(g.state, 0, g.capstate * sizeof *g.state);
    for (size_t i = 0; i < cap; i++)
        if (old[i]) {
            size_t at = hash_edges(g.edge + old[i]) & (g.capstate - 1);
            while (g.state[at])
                at = (at + 1) & (g.capstate - 1);
            g.state[at] = old[i];
        }
    free(old);
}

/* The state with exactly these edges: an older one, or a new one. */
static uint32_t keep_state(const uint32_t *edge, size_t n)
{
    if (2 * g.nstate >= g.capstate)
        grow_states();
    size_t at = hash_edges(edge) & (g.capstate - 1);
    for (; g.state[at]; at = (at + 1) & (g.capstate - 1))
        if (same_edges(g.edge + g.state[at], edge))
            return g.state[at];
    if (g.nedge + n > g.capedge)
        g.edge = grown(g.edge, (g.capedge = g.capedge * 2 + 4096) * sizeof *g.edge);
    memcpy(g.edge + g.nedge, edge, n * sizeof *edge);
    g.state[at] = g.nedge;
    g.nstate++;
    g.nedge += (uint32_t)n;
    return g.state[at];
}

/* The state behind the first `depth` letters, which words [from, to) have in common; 0 when nothing follows. */
static uint32_t make_state(size_t from, size_t to, size_t depth)
{
    uint32_t edge[26];
    size_t n = 0;
    if (from < to &&
        !g.word[from].s[depth]) /* the word that ends here belongs to the edge before */
        from++;
    while (from < to) {
        char c = g.word[from].s[depth];
        size_t end = from;
        while (end < to && g.word[end].s[depth] == c)
            end++;
        unsigned tier = g.word[from].s[depth + 1] ? 0 : g.word[from].tier;
        edge[n++] = (uint32_t)(c - 'a') | tier << ENGLISH_EDGE_TIER |
                    make_state(from, end, depth + 1) << ENGLISH_EDGE_STATE;
        from = end;
    }
    if (!n)
        return 0;
    edge[n - 1] |= ENGLISH_EDGE_LAST;
    return keep_state(edge, n);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        die("usage", "english OUT TIER:FILE...");
    for (int i = 2; i < argc; i++)
        read_list(argv[i]);
    sort_words();
    g.edge = grown(NULL, (g.capedge = 1 << 16) * sizeof *g.edge);
    g.edge[g.nedge++] = 0;
    uint32_t root = make_state(0, g.nword, 0); /* which may move the edges */
    g.edge[0] = root;
    FILE *f = fopen(argv[1], "w");
    if (!f || fwrite(g.edge, sizeof *g.edge, g.nedge, f) != g.nedge || fclose(f))
        die("cannot be written", argv[1]);
    printf("%zu words, %u edges\n", g.nword, g.nedge);
    return 0;
}
