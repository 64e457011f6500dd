/* words.c: the words of a passage as hashes, with their places: made when a question first looks at the passage closely, and
 * kept with its row (shelf.c). What is ranked (the body, plain) and what is quoted (the owner's bytes) are most often the
 * same text, and then are read once. What became of the words of the body is known where there is a snapshot (words_snap.c), so
 * that it need only be found out where they stand. */
#include "kb/kb_int.h"

#include <string.h>

struct reading {
    struct pool *pool;
    bool stops;       /* the language has stop words */
    const char *text; /* with `like` */
    const struct text_words
        *like; /* they must be the same words as these, byte for byte; or NULL */
    const char *like_text;
    bool differs;
    struct text_word *word;
    size_t n, cap;
};

static void on_word(void *ctx, uint64_t hash, bool stop, size_t start, size_t end, bool colocated)
{
    struct reading *r = ctx;
    *POOL_PUSH(r->pool, r->word, r->n, r->cap) =
        (struct text_word){.hash = hash,
                           .start = (uint32_t)start,
                           .len = (uint32_t)(end - start) & 0x3fffffff,
                           .other = colocated && r->n,
                           .stop = stop && r->stops};
}

/* The same, where it must be the same word as that of another text. */
static void on_like(void *ctx, uint64_t hash, bool stop, size_t start, size_t end, bool colocated)
{
    struct reading *r = ctx;
    const struct text_word *w = &r->like->word[r->n];
    if (r->differs || w->len != end - start || w->other != (colocated && r->n) ||
        memcmp(r->text + start, r->like_text + w->start, w->len) != 0)
        r->differs = true;
    else
        on_word(ctx, hash, stop, start, end, colocated);
}

static bool has_stops(const char *lang)
{
    size_t n;
    stopword_list(*lang ? lang : "en", &n); /* "de-AT" is read as German, but has none */
    return n > 0;
}

void words_read(struct tokenizer *t, struct pool *pool, const char *lang, const char *s, size_t len,
                struct text_words *ret)
{
    struct reading r = {.pool = pool_new(), .stops = has_stops(lang), .cap = len / 4 + 8};
    r.word = pool_array(r.pool, r.cap, sizeof *r.word);
    tokenizer_hash(t, lang, s, len, on_word, &r);
    struct text_word *word = pool_array(pool, r.n, sizeof *word);
    if (r.n)
        memcpy(word, r.word, r.n * sizeof *word);
    *ret = (struct text_words){word, r.n};
    pool_free(r.pool);
}

/* Words of the row's own text, of which there should be n. */
static struct reading begin_known(const struct row *row, size_t n)
{
    struct pool *pool = row->notes->pool;
    return (struct reading){.pool = pool,
                            .stops = has_stops(row->lang),
                            .word = pool_array(pool, n, sizeof(struct text_word)),
                            .cap = n};
}

static const struct text_words *end_known(const struct reading *r)
{
    struct text_words *words = pool_alloc(r->pool, sizeof *words);
    *words = (struct text_words){r->word, r->n};
    return words;
}

void words_known(struct tokenizer *t, const struct row *row, const struct known_token *known,
                 size_t n)
{
    struct reading r = begin_known(row, n);
    if (tokenizer_place(t, row->lang, row->body, strlen(row->body), known, n, on_word, &r))
        row->notes->body = end_known(&r);
}

/* For as long as the row lives. */
static const struct text_words *keep_words(struct tokenizer *t, const struct row *row,
                                           const char *s, size_t len)
{
    struct text_words *words = pool_alloc(row->notes->pool, sizeof *words);
    words_read(t, row->notes->pool, row->lang, s, len, words);
    return words;
}

const struct text_words *words_body(struct tokenizer *t, const struct row *row)
{
    struct row_notes *notes = row->notes;
    if (!notes->body)
        notes->body = keep_words(t, row, row->body, strlen(row->body));
    return notes->body;
}

/* What differs between a text and what is ranked of it is nearly always marks between the words, and blanks: these are the same,
 * and nobody need find out again what becomes of them. NULL: they are not. */
static const struct text_words *take_over(struct tokenizer *t, const struct row *row,
                                          const struct text_words *body)
{
    struct pool *scratch = pool_new();
    struct reading r = begin_known(row, body->n);
    struct known_token *known = pool_array(scratch, body->n, sizeof *known);
    for (size_t i = 0; i < body->n; i++)
        known[i] = (struct known_token){body->word[i].hash, body->word[i].stop};
    r.text = row->notes->text;
    r.like = body;
    r.like_text = row->body;
    bool same =
        tokenizer_place(t, row->lang, r.text, row->end - row->start, known, body->n, on_like, &r) &&
        !r.differs;
    pool_free(scratch);
    return same ? end_known(&r) : NULL;
}

const struct text_words *words_quoted(struct tokenizer *t, const struct row *row)
{
    struct row_notes *notes = row->notes;
    if (!notes->quoted && notes->text == row->body)
        notes->quoted = words_body(t, row);
    if (!notes->quoted)
        notes->quoted = take_over(t, row, words_body(t, row));
    if (!notes->quoted)
        notes->quoted = keep_words(t, row, notes->text, row->end - row->start);
    return notes->quoted;
}
