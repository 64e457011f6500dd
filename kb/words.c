/* words.c: the words of a passage as hashes, with their places: made when a question first looks at the passage closely, and
 * kept with its row (shelf.c). What is ranked (the body, plain) and what is quoted (the owner's bytes) are most often the
 * same text, and then are read once. What became of the words of the body is known where there is a snapshot (words_snap.c), so
 * that it need only be found out where they stand. */
#include "kb/kb_int.h"

#include <string.h>

struct reading {
    struct pool *pool;
    bool stops; /* the language has stop words */
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

static struct reading begin(const char *lang, size_t len)
{
    size_t nstop;
    struct reading r = {.pool = pool_new(), .cap = len / 4 + 8};
    stopword_list(*lang ? lang : "en", &nstop); /* "de-AT" is read as German, but has none */
    r.stops = nstop > 0;
    r.word = pool_array(r.pool, r.cap, sizeof *r.word);
    return r;
}

static void end(struct reading *r, struct pool *pool, struct text_words *ret)
{
    struct text_word *word = pool_array(pool, r->n, sizeof *word);
    if (r->n)
        memcpy(word, r->word, r->n * sizeof *word);
    *ret = (struct text_words){word, r->n};
    pool_free(r->pool);
}

void words_read(struct tokenizer *t, struct pool *pool, const char *lang, const char *s, size_t len,
                struct text_words *ret)
{
    struct reading r = begin(lang, len);
    tokenizer_hash(t, lang, s, len, on_word, &r);
    end(&r, pool, ret);
}

void words_known(struct tokenizer *t, const struct row *row, const struct known_token *known,
                 size_t n)
{
    struct row_notes *notes = row->notes;
    size_t len = strlen(row->body);
    struct text_words *words = pool_alloc(notes->pool, sizeof *words);
    struct reading r = begin(row->lang, len);
    bool same = tokenizer_place(t, row->lang, row->body, len, known, n, on_word, &r);
    end(&r, notes->pool, words);
    if (same)
        notes->body = words;
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

const struct text_words *words_quoted(struct tokenizer *t, const struct row *row)
{
    struct row_notes *notes = row->notes;
    if (!notes->quoted && notes->text == row->body)
        notes->quoted = words_body(t, row);
    else if (!notes->quoted)
        notes->quoted = keep_words(t, row, notes->text, row->end - row->start);
    return notes->quoted;
}
