/* words.c: the words of a passage as hashes, with their places: made when a question first looks at the passage closely, and
 * kept with its row (shelf.c). What is ranked (the body, plain) and what is quoted (the owner's bytes) are most often the
 * same text, and then are read once. */
#include "kb/kb_int.h"

#include <string.h>

struct reading {
    struct pool *pool;
    const char *lang;
    size_t mark; /* bytes of the language mark */
    struct text_word *word;
    size_t n, cap;
};

static int on_word(void *ctx, const char *token, size_t len, size_t start, size_t end,
                   bool colocated)
{
    struct reading *r = ctx;
    if (start < r->mark || end < start)
        return 0;
    uint32_t pos = r->n ? r->word[r->n - 1].pos + !colocated : 0;
    *POOL_PUSH(r->pool, r->word, r->n, r->cap) =
        (struct text_word){.hash = word_hash(token, len),
                           .pos = pos,
                           .start = (uint32_t)(start - r->mark),
                           .end = (uint32_t)(end - r->mark),
                           .stop = !colocated && stopword(r->lang, token, len)};
    return 0;
}

int words_read(struct tokenizer *t, struct pool *pool, const char *lang, const char *s, size_t len,
               struct text_words *ret)
{
    size_t mark = strlen(lang) + 2;
    struct reading r = {.pool = pool_new(), .lang = *lang ? lang : "en", .mark = mark};
    char *marked = pool_alloc(r.pool, mark + len + 1);
    marked[0] = TOKENIZER_MARK;
    memcpy(marked + 1, lang, mark - 2);
    marked[mark - 1] = ' ';
    memcpy(marked + mark, s, len);
    int err = tokenizer_run(t, marked, mark + len, on_word, &r);
    if (err >= 0) {
        struct text_word *word = pool_array(pool, r.n, sizeof *word);
        if (r.n)
            memcpy(word, r.word, r.n * sizeof *word);
        *ret = (struct text_words){word, r.n};
    }
    pool_free(r.pool);
    return err < 0 ? err : 0;
}

/* For as long as the row lives. */
static int keep_words(struct tokenizer *t, const struct row *row, const char *s, size_t len,
                      const struct text_words **ret)
{
    struct text_words *words = pool_alloc(row->notes->pool, sizeof *words);
    int err = words_read(t, row->notes->pool, row->lang, s, len, words);
    if (!err)
        *ret = words;
    return err;
}

int words_body(struct tokenizer *t, const struct row *row, const struct text_words **ret)
{
    struct row_notes *notes = row->notes;
    int err = notes->body ? 0 : keep_words(t, row, row->body, strlen(row->body), &notes->body);
    *ret = notes->body;
    return err;
}

int words_quoted(struct tokenizer *t, const struct row *row, const struct text_words **ret)
{
    struct row_notes *notes = row->notes;
    size_t len = row->end - row->start;
    int err = 0;
    if (!notes->quoted && strlen(row->body) == len && !memcmp(row->body, notes->text, len))
        err = words_body(t, row, &notes->quoted);
    else if (!notes->quoted)
        err = keep_words(t, row, notes->text, len, &notes->quoted);
    *ret = notes->quoted;
    return err;
}
