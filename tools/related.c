/* related.c: WordNet becomes the table of related words that kb/related.c searches.
 *
 *     related OUT WORDNET LIST...
 *
 * Runs while the program is built. Two relations are taken, because measurement showed that more do harm: forms that
 * WordNet says are derived from one another ("admit", "admission"), in the first SENSES senses of a word, and words that
 * have their most frequent sense in common ("lease", "rent"). Only words of the LISTs take part, so nothing rare or
 * technical is explained by what it means to others. Of these pairs some are one word in two spellings ("licence", "license").
 * A third is for words that a text lacks: clipped ones and the whole ("vet", "veterinarian"), in whichever sense they meet.
 *
 * Besides, a stem may be a verb and hardly anything else, by how often WordNet's tagged texts have it as what.
 *
 * Words are stems, since nothing else is looked up. 32-bit numbers in the machine's order: the number of stems, of
 * pairs, and of bytes of text; for each stem, in byte order, where its text begins << 1 | a verb; for each, and once more at
 * the end, the first of its pairs; the pairs, each a stem's number << 2 | its kind; and the text. */
#include <ctype.h>
#include <libstemmer.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/related.h"

#define SENSES  3
#define LETTERS 24
#define LEAST   3 /* letters of a word */
#define TAGGED  3 /* times a word must have been met as a verb to be called one, */
#define OTHER   3 /* and at least so many times as often as anything else */
#define CLIPPED 5 /* letters of a clipped word at most, */
#define OFF     3 /* and of what was clipped off, at least */

struct word {
    char s[LETTERS + 1];
};

/* A lemma, and the offset of its first synset. */
struct lemma {
    char s[LETTERS + 1];
    long first;
};

struct part {
    const char *name;
    char letter;
    char *index, *data;
    size_t datalen;
    struct lemma *lemma;
    size_t n, cap;
};

/* How often a word, or all of one stem, is a verb in the tagged texts, and how often something else. */
struct use {
    char stem[LETTERS + 1];
    unsigned long verb, other;
};

struct pair {
    char from[LETTERS + 1], to[LETTERS + 1];
    enum related_kind kind;
};

static struct part parts[] = {{.name = "noun", .letter = 'n'},
                              {.name = "verb", .letter = 'v'},
                              {.name = "adj", .letter = 'a'},
                              {.name = "adv", .letter = 'r'}};
static struct word *words;
static size_t nword, capword;
static struct pair *pairs;
static size_t npair, cappair;
static struct use *uses;
static size_t nuse, capuse;
static struct sb_stemmer *stemmer;

_Noreturn static void die(const char *what, const char *name)
{
    fprintf(stderr, "related: %s: %s\n", what, name);
    exit(1);
}

static void *grown(void *p, size_t n)
{
    p = realloc(p, n);
    if (!p)
        die("no memory", "words");
    return p;
}

/* ---- reading ------------------------------------------------------------------------------------ */

static char *read_file(const char *folder, const char *name, size_t *ret_len)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", name) >= (int)sizeof path)
        die("name too long", folder);
    FILE *f = fopen(path, "r");
    if (!f || fseek(f, 0, SEEK_END) < 0)
        die("cannot be read", path);
    long len = ftell(f);
    char *s = grown(NULL, (size_t)len + 1);
    rewind(f);
    if (len < 0 || fread(s, 1, (size_t)len, f) != (size_t)len)
        die("cannot be read", path);
    fclose(f);
    s[len] = 0;
    *ret_len = (size_t)len;
    return s;
}

/* Small ASCII letters only, LEAST to LETTERS of them, up to a blank, a line's end or the mark of an adjective, "(a)". */
static bool plain(const char *s, char *out)
{
    size_t n = 0;
    for (; *s && !strchr(" \n(", *s); s++) {
        if (!isalpha((unsigned char)*s) || n == LETTERS)
            return false;
        out[n++] = (char)tolower((unsigned char)*s);
    }
    out[n] = 0;
    return n >= LEAST;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void read_list(const char *path)
{
    size_t len;
    char *s = read_file("", path, &len), out[LETTERS + 1];
    for (char *line = strtok(s, "\n"); line; line = strtok(NULL, "\n"))
        if (plain(line, out)) {
            if (nword == capword)
                words = grown(words, (capword = capword * 2 + 1024) * sizeof *words);
            memcpy(words[nword++].s, out, sizeof out);
        }
    free(s);
}

static bool listed(const char *word)
{
    return bsearch(word, words, nword, sizeof *words, by_text) != NULL;
}

static const char *field(const char *s, size_t n)
{
    while (n--) {
        s += strcspn(s, " \n");
        s += strspn(s, " ");
    }
    return s;
}

/* Where the list of synsets begins in a line of an index: "lemma pos synsets pointers [symbol...] senses tagged ..." */
static const char *synsets(const char *line, size_t *ret_n)
{
    *ret_n = strtoul(field(line, 2), NULL, 10);
    return field(line, 4 + strtoul(field(line, 3), NULL, 10) + 2);
}

static void read_part(struct part *p, const char *folder)
{
    char name[16];
    size_t len, n;
    snprintf(name, sizeof name, "index.%s", p->name);
    p->index = read_file(folder, name, &len);
    snprintf(name, sizeof name, "data.%s", p->name);
    p->data = read_file(folder, name, &p->datalen);
    for (const char *line = p->index; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        struct lemma e;
        if (*line == ' ' || !plain(line, e.s))
            continue;
        e.first = strtol(synsets(line, &n), NULL, 10);
        if (p->n == p->cap)
            p->lemma = grown(p->lemma, (p->cap = p->cap * 2 + 1024) * sizeof *p->lemma);
        p->lemma[p->n++] = e;
    }
    qsort(p->lemma, p->n, sizeof *p->lemma, by_text);
}

static const char *synset(const struct part *p, long offset)
{
    if (offset < 0 || (size_t)offset >= p->datalen)
        die("an offset beyond its end", p->name);
    return p->data + offset;
}

/* ---- pairs ------------------------------------------------------------------------------------ */

static void stem(const char *word, char *out)
{
    const sb_symbol *s = sb_stemmer_stem(stemmer, (const sb_symbol *)word, (int)strlen(word));
    int n = s ? sb_stemmer_length(stemmer) : 0;
    if (n < 1 || n > LETTERS)
        die("cannot be stemmed", word);
    memcpy(out, s, (size_t)n);
    out[n] = 0;
}

/* Its consonants, each once, with s for soft c and z: alike in "centre" and "center", "licence" and "license". */
static void skeleton(const char *word, char *out)
{
    size_t n = 0;
    for (; *word; word++) {
        char c = *word == 'z' || (*word == 'c' && strchr("ei", word[1]) && word[1]) ? 's' : *word;
        if (!strchr("aeiou", c) && (!n || out[n - 1] != c))
            out[n++] = c;
    }
    out[n] = 0;
}

static bool two_spellings(const char *from, const char *to)
{
    char a[LETTERS + 1], b[LETTERS + 1];
    skeleton(from, a);
    skeleton(to, b);
    return *from == *to && !strcmp(a, b);
}

/* "vet" and "veterinarian", "exam" and "examination", either way. What is left is no word, or it would be a compound ("sun",
 * "sunlight"), and no ending with which words are made of others ("weld", "welding"). */
static bool clipped(const char *a, const char *b)
{
    static const char *const ending[] = {"ing", "ness", "ment", "ful", "ish", "ist", "ery", "ity"};
    const char *clip = strlen(a) < strlen(b) ? a : b, *whole = clip == a ? b : a;
    size_t n = strlen(clip);
    if (n > CLIPPED || strlen(whole) < n + OFF || strncmp(clip, whole, n) != 0 || listed(whole + n))
        return false;
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        if (strstr(whole + n, ending[i]))
            return false;
    return true;
}

static void add(const char *from, const char *to, enum related_kind kind)
{
    struct pair p = {.kind = two_spellings(from, to) ? RELATED_SPELLING : kind};
    stem(from, p.from);
    stem(to, p.to);
    if (!strcmp(p.from, p.to))
        return;
    if (npair == cappair)
        pairs = grown(pairs, (cappair = cappair * 2 + 1024) * sizeof *pairs);
    pairs[npair++] = p;
}

/* The words that are derived from word number `own` of a synset, by its pointers: "+ offset part source/target" in hex. */
static void add_derived(const char *set, size_t nwords, const char *lemma, unsigned own)
{
    const char *at = field(set, 4 + 2 * nwords);
    for (size_t n = strtoul(at, NULL, 10), i = 0; i < n; i++) {
        const char *pointer = field(at, 1 + 4 * i);
        unsigned both = (unsigned)strtoul(field(pointer, 3), NULL, 16), target = both & 255;
        char word[LETTERS + 1];
        if (*pointer != '+' || both >> 8 != own || !target)
            continue;
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            if (parts[k].letter == *field(pointer, 2)) {
                const char *other = synset(&parts[k], strtol(field(pointer, 1), NULL, 10));
                if (plain(field(other, 4 + 2 * (target - 1)), word) && listed(word))
                    add(lemma, word, RELATED_NEAR);
            }
    }
}

static void add_sense(const struct part *p, const char *lemma, long offset, size_t sense)
{
    const char *set = synset(p, offset);
    size_t n = strtoul(field(set, 3), NULL, 16);
    for (size_t i = 0; i < n; i++) {
        char word[LETTERS + 1];
        if (!plain(field(set, 4 + 2 * i), word))
            continue;
        if (!strcmp(word, lemma)) {
            if (sense < SENSES)
                add_derived(set, n, lemma, (unsigned)i + 1);
        } else if (listed(word)) {
            const struct lemma *e = bsearch(word, p->lemma, p->n, sizeof *p->lemma, by_text);
            if (clipped(lemma, word))
                add(lemma, word, RELATED_CLIPPED);
            else if (!sense && e && e->first == offset)
                add(lemma, word, RELATED_NEAR);
            else if (two_spellings(lemma, word))
                add(lemma, word, RELATED_SPELLING);
        }
    }
}

static void add_part(const struct part *p)
{
    for (const char *line = p->index; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        char lemma[LETTERS + 1];
        if (*line == ' ' || !plain(line, lemma) || !listed(lemma))
            continue;
        size_t n;
        const char *at = synsets(line, &n);
        for (size_t i = 0; i < n; i++)
            add_sense(p, lemma, strtol(field(at, i), NULL, 10), i);
    }
}

/* ---- verbs ------------------------------------------------------------------------------------- */

static int by_stem(const void *a, const void *b)
{
    return strcmp(((const struct use *)a)->stem, ((const struct use *)b)->stem);
}

/* Lines "lemma%part:file:id:head:id sense times"; part 2 is a verb. */
static void read_uses(const char *folder)
{
    size_t len;
    char *s = read_file(folder, "cntlist.rev", &len), word[LETTERS + 1];
    for (char *line = strtok(s, "\n"); line; line = strtok(NULL, "\n")) {
        char *part = strchr(line, '%');
        if (!part)
            die("a line without a part of speech", "cntlist.rev");
        unsigned long times = strtoul(field(part, 2), NULL, 10);
        *part = 0;
        if (!plain(line, word) || !listed(word))
            continue;
        if (nuse == capuse)
            uses = grown(uses, (capuse = capuse * 2 + 1024) * sizeof *uses);
        struct use *use = &uses[nuse++];
        *use =
            (struct use){.verb = part[1] == '2' ? times : 0, .other = part[1] == '2' ? 0 : times};
        stem(word, use->stem);
    }
    free(s);
    qsort(uses, nuse, sizeof *uses, by_stem);
    size_t n = 0;
    for (size_t i = 0; i < nuse; i++) {
        if (n && !strcmp(uses[n - 1].stem, uses[i].stem)) {
            uses[n - 1].verb += uses[i].verb;
            uses[n - 1].other += uses[i].other;
        } else {
            uses[n++] = uses[i];
        }
    }
    nuse = n;
}

static bool is_verb(const struct use *use)
{
    return use && use->verb >= TAGGED && use->verb >= OTHER * use->other;
}

static bool verb_stem(const char *text)
{
    struct use key = {0};
    snprintf(key.stem, sizeof key.stem, "%s", text);
    return is_verb(bsearch(&key, uses, nuse, sizeof *uses, by_stem));
}

/* ---- writing ---------------------------------------------------------------------------------- */

static int by_pair(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int r = strcmp(x->from, y->from);
    r = r ? r : strcmp(x->to, y->to);
    return r ? r : (int)x->kind - (int)y->kind; /* the closest first: it is kept */
}

/* Each once: both ends of the pairs, and verbs that are in none. */
static size_t number_stems(struct word **ret)
{
    size_t n = 0;
    struct word *stems = grown(NULL, (2 * npair + nuse + 1) * sizeof *stems);
    for (size_t i = 0; i < npair; i++) {
        memcpy(stems[n++].s, pairs[i].from, LETTERS + 1);
        memcpy(stems[n++].s, pairs[i].to, LETTERS + 1);
    }
    for (size_t i = 0; i < nuse; i++)
        if (is_verb(&uses[i]))
            memcpy(stems[n++].s, uses[i].stem, LETTERS + 1);
    qsort(stems, n, sizeof *stems, by_text);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!kept || strcmp(stems[kept - 1].s, stems[i].s))
            stems[kept++] = stems[i];
    *ret = stems;
    return kept;
}

static void put(FILE *f, size_t n)
{
    uint32_t v = (uint32_t)n;
    if (fwrite(&v, sizeof v, 1, f) != 1)
        die("cannot be written", "the table");
}

static void write_table(const char *path)
{
    struct word *stems;
    size_t kept = 0, bytes = 0;
    qsort(pairs, npair, sizeof *pairs, by_pair);
    for (size_t i = 0; i < npair; i++)
        if (!kept || strcmp(pairs[kept - 1].from, pairs[i].from) ||
            strcmp(pairs[kept - 1].to, pairs[i].to))
            pairs[kept++] = pairs[i];
    npair = kept;
    size_t n = number_stems(&stems);
    for (size_t i = 0; i < n; i++)
        bytes += strlen(stems[i].s) + 1;
    FILE *f = fopen(path, "w");
    if (!f)
        die("cannot be written", path);
    put(f, n);
    put(f, npair);
    put(f, bytes);
    for (size_t i = 0, at = 0; i < n; at += strlen(stems[i++].s) + 1)
        put(f, at << 1 | verb_stem(stems[i].s));
    for (size_t i = 0, at = 0; i <= n; i++) {
        put(f, at);
        while (i < n && at < npair && !strcmp(pairs[at].from, stems[i].s))
            at++;
    }
    for (size_t i = 0; i < npair; i++) {
        const struct word *to = bsearch(pairs[i].to, stems, n, sizeof *stems, by_text);
        put(f, (size_t)(to - stems) << RELATED_BITS | pairs[i].kind);
    }
    for (size_t i = 0; i < n; i++)
        if (fwrite(stems[i].s, strlen(stems[i].s) + 1, 1, f) != 1)
            die("cannot be written", path);
    if (fclose(f))
        die("cannot be written", path);
    printf("%zu stems, %zu pairs\n", n, npair);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        die("usage", "related OUT WORDNET LIST...");
    stemmer = sb_stemmer_new("en", NULL);
    if (!stemmer)
        die("knows no English", "libstemmer");
    for (int i = 3; i < argc; i++)
        read_list(argv[i]);
    qsort(words, nword, sizeof *words, by_text);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        read_part(&parts[i], argv[2]);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        add_part(&parts[i]);
    read_uses(argv[2]);
    write_table(argv[1]);
    return 0;
}
