/* smalltalk.c: "hiii there!! 👋", "ok, thanks", "can I talk to a human please?".
 *
 * A message is small talk only when all of it is: it must fall apart completely into sayings of
 * smalltalk.yaml and words that mean nothing by themselves (fillers). One word more, such as "hi,
 * what does an MLT earn", and it is a question; content always comes first.
 *
 * What people vary is taken out of both sides before they are compared: case, accents, punctuation,
 * emoticons, doubled letters; and one slip of the finger in a longer word. It is deliberately not a
 * classifier: whoever wants another saying writes it into the file. */
#include "bot/smalltalk.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "bot/problem.h"
#include "bot/shipped.h"
#include "kb/pool.h"
#include "kb/yaml.h"

#define MAX_TALK_FILE  (1u << 20)
#define MAX_TALK_BYTES 240 /* a longer message says something */
#define MAX_TALK_WORDS 16
#define TYPO_LETTERS   5 /* shorter words are too near to each other for slips */

struct saying {
    const char *word[MAX_TALK_WORDS];
    size_t nword;
    size_t talk; /* index */
};

struct smalltalk {
    struct pool *pool;
    struct talk *talk;
    size_t ntalk, captalk;
    struct saying *saying; /* in order of the first byte of their first word */
    size_t nsaying, capsaying;
    size_t first[257]; /* where the sayings of that byte begin */
};

/* Words that may stand around a saying and change nothing. Collapsed as collapse() does, sorted. */
static const char *const fillers[] = {
    "a",      "again", "ah",    "aha",  "al",     "alright",   "and",      "any",    "bot",
    "budy",   "can",   "could", "dear", "do",     "everybody", "everyone", "folks",  "for",
    "friend", "guys",  "ha",    "haha", "hahaha", "he",        "hehe",     "here",   "hm",
    "i",      "id",    "im",    "is",   "it",     "just",      "kindly",   "let",    "like",
    "lol",    "lots",  "madam", "mam",  "mate",   "may",       "me",       "much",   "my",
    "ned",    "now",   "of",    "oh",   "ok",     "okay",      "okey",     "please", "pls",
    "plz",    "right", "sir",   "so",   "some",   "sure",      "team",     "that",   "the",
    "then",   "there", "this",  "to",   "u",      "uh",        "um",       "very",   "wana",
    "want",   "we",    "wel",   "wil",  "with",   "would",     "ya",       "yes",    "you",
};

/* ---- words ----------------------------------------------------------------------------------- */

struct words {
    char text[MAX_TALK_BYTES * 4];
    const char *word[MAX_TALK_WORDS];
    size_t n, at;
    bool open, too_many;
};

static void end_word(struct words *w)
{
    if (w->open)
        w->text[w->at++] = '\0';
    w->open = false;
}

static void add_char(struct words *w, int32_t cp)
{
    uint8_t bytes[4];
    size_t n = (size_t)utf8proc_encode_char(cp, bytes);
    if (w->at + n + 2 > sizeof w->text || (!w->open && w->n == MAX_TALK_WORDS)) {
        w->too_many = true;
        return;
    }
    if (!w->open)
        w->word[w->n++] = w->text + w->at;
    w->open = true;
    memcpy(w->text + w->at, bytes, n);
    w->at += n;
}

static bool is_emoji(int32_t cp)
{
    utf8proc_category_t c = utf8proc_category(cp);
    return c == UTF8PROC_CATEGORY_SO && cp > 0xFF;
}

static bool is_letter(int32_t cp)
{
    utf8proc_category_t c = utf8proc_category(cp);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

/* ":-D" and friends: eyes, an optional nose, a mouth that is a letter (others are punctuation
 * anyway). */
static size_t emoticon(const uint8_t *s, size_t len)
{
    if (len < 2 || !strchr(":;=", (char)s[0]) || !s[0])
        return 0;
    size_t n = s[1] == '-' ? 2 : 1;
    if (n >= len || !s[n] || !strchr("dpox", (char)s[n]))
        return 0;
    return n + 1 == len || s[n + 1] <= ' ' ? n + 1 : 0;
}

/* Folded text, to be freed, or NULL; *ret_len is negative when it is no text. ASCII, which most of it is, needs no tables. */
static uint8_t *fold(const char *s, size_t len, utf8proc_ssize_t *ret_len)
{
    uint8_t *folded = malloc(len + 1);
    size_t n = 0;
    for (; folded && n < len && (signed char)s[n] >= 0; n++)
        folded[n] = (uint8_t)(s[n] >= 'A' && s[n] <= 'Z' ? s[n] + ('a' - 'A') : s[n]);
    *ret_len = (utf8proc_ssize_t)n;
    if (!folded || n == len)
        return folded;
    free(folded);
    folded = NULL;
    *ret_len = utf8proc_map((const uint8_t *)s, (utf8proc_ssize_t)len, &folded,
                            UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                                UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
    return folded;
}

/* "Heyyy, what's up??" -> "hey" "whats" "up". Doubled letters are halved, so that any number of
 * them is the same; an emoji is a word. */
static void collapse(struct words *w, const char *s, size_t len)
{
    utf8proc_ssize_t n = 0;
    int32_t last = 0;
    uint8_t *folded = fold(s, len, &n);
    *w = (struct words){0};
    for (utf8proc_ssize_t i = 0, step; i < n && !w->too_many; i += step) {
        int32_t cp;
        step = utf8proc_iterate(folded + i, n - i, &cp);
        if (step < 1)
            break;
        size_t face = emoticon(folded + i, (size_t)(n - i));
        if (face) {
            end_word(w);
            step = (utf8proc_ssize_t)face;
        } else if (is_emoji(cp)) {
            end_word(w);
            add_char(w, cp);
            end_word(w);
        } else if (is_letter(cp)) {
            if (!w->open || cp != last)
                add_char(w, cp);
        } else if (utf8proc_category(cp) == UTF8PROC_CATEGORY_ND) {
            add_char(w, cp);
        } else if (cp != '\'' && cp != 0x2019) {
            end_word(w);
        }
        last = cp;
    }
    end_word(w);
    free(folded);
    if (n < 0)
        w->too_many = true; /* not text we can read */
}

static int by_word(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

static bool is_filler(const char *word)
{
    int32_t cp;
    utf8proc_iterate((const uint8_t *)word, (utf8proc_ssize_t)strlen(word), &cp);
    return is_emoji(cp) ||
           bsearch(word, fillers, sizeof fillers / sizeof *fillers, sizeof *fillers, by_word);
}

/* Equal, or one letter wrong, missing, added or swapped behind the first one. */
static bool same_word(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b), i = 0;
    if (la == lb && !memcmp(a, b, la))
        return true;
    if (la < TYPO_LETTERS || lb < TYPO_LETTERS || *a != *b || la > lb + 1 || lb > la + 1)
        return false;
    while (a[i] == b[i])
        i++;
    if (la > lb)
        return !strcmp(a + i + 1, b + i);
    if (lb > la)
        return !strcmp(a + i, b + i + 1);
    if (!strcmp(a + i + 1, b + i + 1))
        return true;
    return a[i] == b[i + 1] && a[i + 1] == b[i] && !strcmp(a + i + 2, b + i + 2);
}

/* ---- matching -------------------------------------------------------------------------------- */

static bool says(const struct saying *s, const struct words *w, size_t at)
{
    if (s->nword > w->n - at)
        return false;
    for (size_t i = 0; i < s->nword; i++)
        if (!same_word(s->word[i], w->word[at + i]))
            return false;
    return true;
}

/* Of "hi, who are you" the longer saying is what is meant; a wish for a person outranks
 * politeness. */
static const struct saying *weightier(const struct smalltalk *t, const struct saying *a,
                                      const struct saying *b)
{
    if (!a || !b)
        return a ? a : b;
    bool ha = t->talk[a->talk].handoff, hb = t->talk[b->talk].handoff;
    if (ha != hb)
        return ha ? a : b;
    return a->nword > b->nword ? a : b;
}

const struct talk *smalltalk_match(const struct smalltalk *t, const char *text, size_t len)
{
    struct words w;
    const struct saying *said[MAX_TALK_WORDS + 1] = {NULL}; /* the weightiest up to word i */
    bool reached[MAX_TALK_WORDS + 1] = {true};
    if (!t || !t->nsaying || len > MAX_TALK_BYTES)
        return NULL;
    collapse(&w, text, len);
    if (w.too_many || !w.n)
        return NULL;
    for (size_t i = 0; i < w.n; i++) {
        if (!reached[i])
            continue;
        unsigned char byte = (unsigned char)*w.word[i];
        for (size_t k = t->first[byte]; k < t->first[byte + 1]; k++) {
            const struct saying *s = &t->saying[k];
            if (!says(s, &w, i))
                continue;
            reached[i + s->nword] = true;
            said[i + s->nword] = weightier(t, said[i + s->nword], weightier(t, said[i], s));
        }
        if (is_filler(w.word[i])) {
            reached[i + 1] = true;
            said[i + 1] = weightier(t, said[i + 1], said[i]);
        }
    }
    return said[w.n] ? &t->talk[said[w.n]->talk] : NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

static const char *const keys[] = {"id", "say", "reply", "topics", "handoff", NULL};

static bool read_flag(const char *file, const struct yaml *node, bool *ret,
                      struct kb_report *report)
{
    if (!node)
        return true;
    bool yes = node->kind == YAML_SCALAR && !strcmp(node->text, "true");
    if (!yes && (node->kind != YAML_SCALAR || strcmp(node->text, "false") != 0)) {
        problem_at(report, file, node, "expects true or false");
        return false;
    }
    *ret = yes;
    return true;
}

static void read_saying(struct smalltalk *t, const char *file, const struct yaml *node,
                        struct kb_report *report)
{
    struct words w;
    if (node->kind != YAML_SCALAR) {
        problem_at(report, file, node, "expects a text, as somebody would type it");
        return;
    }
    collapse(&w, node->text, node->len);
    if (w.too_many || !w.n) {
        problem_at(report, file, node, "\"%.40s\" has %s", node->text,
                   w.n ? "too many words for small talk" : "no word in it");
        return;
    }
    for (size_t i = 0; i < t->nsaying; i++) {
        const struct saying *s = &t->saying[i];
        size_t k = 0;
        if (s->nword != w.n || *s->word[0] != *w.word[0])
            continue;
        while (k < w.n && !strcmp(w.word[k], s->word[k]))
            k++;
        if (k == w.n) {
            if (s->talk != t->ntalk - 1)
                problem_at(report, file, node, "\"%s\" is already said under \"%s\"", node->text,
                           t->talk[s->talk].id);
            return;
        }
    }
    struct saying *s = POOL_PUSH(t->pool, t->saying, t->nsaying, t->capsaying);
    *s = (struct saying){.nword = w.n, .talk = t->ntalk - 1};
    for (size_t i = 0; i < w.n; i++)
        s->word[i] = pool_strdup(t->pool, w.word[i]);
}

static bool check_keys(const char *file, const struct yaml *map, struct kb_report *report)
{
    bool ok = true;
    for (size_t i = 0; i < map->n; i++) {
        const char *key = map->key[i]->text, *near = yaml_nearest(key, keys);
        size_t k = 0;
        while (keys[k] && strcmp(keys[k], key) != 0)
            k++;
        if (keys[k])
            continue;
        ok = false;
        if (near)
            problem_at(report, file, map->key[i], "unknown key \"%s\"; did you mean \"%s\"?", key,
                       near);
        else
            problem_at(report, file, map->key[i],
                       "unknown key \"%s\"; known are id, say, reply, topics, handoff", key);
    }
    return ok;
}

static void read_talk(struct smalltalk *t, const char *file, const struct yaml *map,
                      struct kb_report *report)
{
    if (map->kind != YAML_MAP) {
        problem_at(report, file, map, "expects id, say and reply");
        return;
    }
    const struct yaml *id = yaml_get(map, "id"), *say = yaml_get(map, "say"),
                      *reply = yaml_get(map, "reply");
    struct talk talk = {0};
    if (!check_keys(file, map, report) ||
        !read_flag(file, yaml_get(map, "topics"), &talk.topics, report) ||
        !read_flag(file, yaml_get(map, "handoff"), &talk.handoff, report))
        return;
    if (!id || id->kind != YAML_SCALAR || !*id->text) {
        problem_at(report, file, id ? id : map, "expects an id, as in \"id: greeting\"");
        return;
    }
    if (!reply || reply->kind != YAML_SCALAR || !*reply->text) {
        problem_at(report, file, reply ? reply : map, "\"%s\" has no reply", id->text);
        return;
    }
    if (!say || (say->kind == YAML_LIST && !say->n) || say->kind == YAML_MAP) {
        problem_at(report, file, say ? say : map, "\"%s\" says nothing: expects a list of sayings",
                   id->text);
        return;
    }
    for (size_t i = 0; i < t->ntalk; i++)
        if (!strcmp(t->talk[i].id, id->text)) {
            problem_at(report, file, id, "the id \"%s\" is used twice", id->text);
            return;
        }
    size_t len = reply->len;
    while (len && strchr(" \n\t", reply->text[len - 1]))
        len--;
    talk.id = pool_strdup(t->pool, id->text);
    talk.reply = pool_strndup(t->pool, reply->text, len);
    *POOL_PUSH(t->pool, t->talk, t->ntalk, t->captalk) = talk;
    if (say->kind == YAML_SCALAR)
        read_saying(t, file, say, report);
    for (size_t i = 0; say->kind == YAML_LIST && i < say->n; i++)
        read_saying(t, file, say->item[i], report);
}

static int by_first_byte(const void *a, const void *b)
{
    const struct saying *x = a, *y = b;
    int order = (unsigned char)*x->word[0] - (unsigned char)*y->word[0];
    return order ? order : strcmp(x->word[0], y->word[0]);
}

static void index_sayings(struct smalltalk *t)
{
    if (t->nsaying)
        qsort(t->saying, t->nsaying, sizeof *t->saying, by_first_byte);
    size_t k = 0;
    for (size_t byte = 0; byte < 257; byte++) {
        while (k < t->nsaying && (unsigned char)*t->saying[k].word[0] < byte)
            k++;
        t->first[byte] = k;
    }
}

static const struct yaml *read_shipped(struct pool *pool)
{
    struct yaml_error error;
    size_t len = (size_t)(shipped_smalltalk_end - shipped_smalltalk);
    return yaml_parse(pool, shipped_smalltalk, len, 0, &error);
}

int smalltalk_read(const char *path, struct smalltalk **ret, struct kb_report *report)
{
    struct pool *pool = pool_new();
    struct smalltalk *t = pool_alloc(pool, sizeof *t);
    size_t before = report->errors;
    int err = -EINVAL;
    *t = (struct smalltalk){.pool = pool};
    const struct yaml *root =
        path ? problem_read_yaml(pool, path, MAX_TALK_FILE, report, &err) : read_shipped(pool);
    if (!root)
        goto out;
    if (root->kind != YAML_LIST && root->n)
        problem_at(report, path ? path : "shipped smalltalk.yaml", root,
                   "expects a list, as in \"- id: greeting\"");
    for (size_t i = 0; root->kind == YAML_LIST && i < root->n; i++)
        read_talk(t, path ? path : "shipped smalltalk.yaml", root->item[i], report);
    err = report->errors > before ? -EINVAL : 0;
    if (err)
        goto out;
    index_sayings(t);
    *ret = t;
    return 0;
out:
    pool_free(pool);
    return err == -EINVAL ? -EINVAL : -EIO;
}

void smalltalk_free(struct smalltalk *t)
{
    if (t)
        pool_free(t->pool); /* which holds `t` too */
}
