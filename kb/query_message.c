/* query_message.c: one message becomes words, each with its place, its other forms and whether it asks. */
#include "kb/query_int.h"

#include <string.h>

#define WEIGHT_COMPOUND 0.8 /* a part of a compound word */

void query_add_form(struct query_message *m, struct query_word *w, const char *token,
                    const char *then, double weight, enum kb_way way)
{
    for (size_t i = 0; i < w->nform && !then; i++)
        if (!w->form[i].then && !strcmp(w->form[i].token, token))
            return;
    *POOL_PUSH(m->pool, w->form, w->nform, w->capform) =
        (struct query_form){token, then, weight, way};
}

/* Another form of a word at the same place: a compound, or an acronym that is spelt like a stop word ("US"),
 * which then is what was meant. */
static void add_form(struct query_message *m, struct query_word *w, const char *token, size_t len)
{
    const char *form = pool_strndup(m->pool, token, len);
    if (w->stop) {
        w->token = form;
        w->stop = false;
        return;
    }
    query_add_form(m, w, form, NULL, WEIGHT_COMPOUND, KB_COMPOUND);
}

static bool all_capitals(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (s[i] < 'A' || s[i] > 'Z')
            return false;
    return len > 1;
}

static int add_token(void *ctx, const char *token, size_t len, size_t start, size_t end,
                     bool colocated)
{
    struct query_message *m = ctx;
    if (!len || start > end || end > m->len)
        return 0;
    if (colocated) {
        if (m->n)
            add_form(m, &m->word[m->n - 1], token, len);
        return 0;
    }
    if (m->n == QUERY_WORDS)
        return 1; /* enough; not an error */
    size_t textlen = 0;
    char *text = text_fold(m->pool, m->s + start, end - start, &textlen);
    unsigned small = smallword(text, textlen);
    *POOL_PUSH(m->pool, m->word, m->n, m->cap) = (struct query_word){
        .token = pool_strndup(m->pool, token, len),
        .text = text,
        .small = small,
        .stop = small & smallword_lang(*m->lang ? m->lang : "en"),
        .start = start,
        .end = end,
        .asks = true,
        .around = 1,
        .capitals = all_capitals(m->s + start, end - start),
        .sure = 1,
        .slot = SIZE_MAX,
    };
    return 0;
}

/* The length of s without a last character that was cut in two. */
static size_t whole_characters(const char *s, size_t len, size_t max)
{
    if (len <= max)
        return len;
    len = max;
    while (len && ((unsigned char)s[len] & 0xc0) == 0x80)
        len--;
    return len;
}

int query_message(struct tokenizer *t, struct pool *pool, const char *lang, const char *s,
                  size_t len, struct query_message *ret)
{
    size_t textlen = 0;
    len = whole_characters(s, len, KB_MAX_QUESTION);
    char *text = text_repair(pool, s, len, &textlen, &(struct text_fix){0});
    size_t mark = strlen(lang) + 2;
    char *marked = pool_alloc(pool, mark + textlen + 1);
    marked[0] = TOKENIZER_MARK;
    memcpy(marked + 1, lang, mark - 2);
    marked[mark - 1] = ' ';
    memcpy(marked + mark, text, textlen);
    *ret = (struct query_message){.pool = pool, .lang = lang, .s = marked, .len = mark + textlen};
    int r = tokenizer_run(t, marked, ret->len, add_token, ret);
    return r < 0 ? r : 0;
}

bool query_word_in(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(word, *list))
            return true;
    return false;
}

/* ---- one word ------------------------------------------------------------------------------------------ */

struct single {
    struct pool *pool;
    const char *token;
};

static int take_token(void *ctx, const char *token, size_t len, size_t start, size_t end,
                      bool colocated)
{
    (void)start;
    (void)end;
    struct single *s = ctx;
    if (colocated)
        return 0;
    if (s->token) {
        s->token = NULL;
        return 1;
    }
    s->token = pool_strndup(s->pool, token, len);
    return 0;
}

const char *query_token(struct tokenizer *t, struct pool *pool, const char *lang, const char *text)
{
    struct single s = {.pool = pool};
    char marked[80];
    size_t mark = strlen(lang) + 2, len = strlen(text);
    if (mark + len >= sizeof marked)
        return NULL;
    marked[0] = TOKENIZER_MARK;
    memcpy(marked + 1, lang, mark - 2);
    marked[mark - 1] = ' ';
    memcpy(marked + mark, text, len);
    tokenizer_run(t, marked, mark + len, take_token, &s);
    return s.token;
}
