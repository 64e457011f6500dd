/* words.c: the words of a passage as hashes, with their places: made when a question first looks at the passage closely, and
 * kept with its row (shelf.c). What is ranked (the body, plain) and what is quoted (the owner's bytes) are most often the
 * same text, and then are read once. What became of the words of the body is known where there is a snapshot (words_snap.c), so
 * that it need only be found out where they stand. */
#include "kb/kb_int.h"

#include <string.h>

/* "de-AT" is read as German, but has no stop words. */
static void drop_stops(const char *lang, struct text_word *word, size_t n)
{
    size_t any;
    stopword_list(*lang ? lang : "en", &any);
    for (size_t i = 0; !any && i < n; i++)
        word[i].stop = false;
}

void words_read(struct tokenizer *t, struct pool *pool, const char *lang, const char *s, size_t len,
                struct text_words *ret)
{
    struct pool *scratch = pool_new();
    struct text_words found;
    tokenizer_hash(t, lang, s, len, scratch, &found);
    struct text_word *word = pool_copy(pool, found.word, found.n * sizeof *word);
    drop_stops(lang, word, found.n);
    *ret = (struct text_words){word, found.n};
    pool_free(scratch);
}

/* For as long as the row lives. */
static const struct text_words *keep(const struct row *row, const struct text_word *word, size_t n)
{
    const struct text_words words = {word, n};
    return pool_copy(row->notes->pool, &words, sizeof words);
}

/* The words of a text of which all but their places is known. NULL: it has others. */
static const struct text_words *place(struct tokenizer *t, const struct row *row, const char *s,
                                      size_t len, const struct text_words *known)
{
    struct text_word *word =
        pool_copy(row->notes->pool, known->word, known->n * sizeof *known->word);
    drop_stops(row->lang, word, known->n);
    return tokenizer_place(t, row->lang, s, len, word, known->n) ? keep(row, word, known->n) : NULL;
}

void words_known(struct tokenizer *t, const struct row *row, const struct text_words *known)
{
    row->notes->body = place(t, row, row->body, strlen(row->body), known);
}

void words_known_above(struct tokenizer *t, const struct row *row, const struct text_words *known)
{
    struct pool *scratch = pool_new();
    const char *text = row_above(scratch, row);
    row->notes->above = place(t, row, text, strlen(text), known);
    pool_free(scratch);
}

static const struct text_words *read_words(struct tokenizer *t, const struct row *row,
                                           const char *s, size_t len)
{
    struct text_words words;
    words_read(t, row->notes->pool, row->lang, s, len, &words);
    return keep(row, words.word, words.n);
}

const struct text_words *words_body(struct tokenizer *t, const struct row *row)
{
    struct row_notes *notes = row->notes;
    if (!notes->body)
        notes->body = read_words(t, row, row->body, strlen(row->body));
    return notes->body;
}

const struct text_words *words_above(struct tokenizer *t, const struct row *row, const char *above)
{
    struct row_notes *notes = row->notes;
    if (!notes->above)
        notes->above = read_words(t, row, above, strlen(above));
    return notes->above;
}

/* They are the same words, byte for byte. */
static bool same_words(const char *a, const char *b, const struct text_word *in_a,
                       const struct text_word *in_b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (in_a[i].len != in_b[i].len || in_a[i].other != in_b[i].other ||
            memcmp(a + in_a[i].start, b + in_b[i].start, in_a[i].len) != 0)
            return false;
    return true;
}

/* What differs between a text and what is ranked of it is nearly always marks between the words, and blanks: these are the same,
 * and nobody need find out again what becomes of them. NULL: they are not. */
static const struct text_words *take_over(struct tokenizer *t, const struct row *row,
                                          const struct text_words *body)
{
    const char *text = row->notes->text;
    const struct text_words *words = place(t, row, text, row->end - row->start, body);
    bool same = words && same_words(text, row->body, words->word, body->word, body->n);
    return same ? words : NULL;
}

const struct text_words *words_quoted(struct tokenizer *t, const struct row *row)
{
    struct row_notes *notes = row->notes;
    if (!notes->quoted && notes->text == row->body)
        notes->quoted = words_body(t, row);
    if (!notes->quoted)
        notes->quoted = take_over(t, row, words_body(t, row));
    if (!notes->quoted)
        notes->quoted = read_words(t, row, notes->text, row->end - row->start);
    return notes->quoted;
}
