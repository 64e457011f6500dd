/* source_memo.c: what a file gave, without its text: the ids that are taken by it, where its follow-ups
 * should lead, and its warnings.
 *
 * That is all the other files need to know of it. With the memo at hand a file that has not changed is not
 * even opened, and a run still finds an id that is used twice, still counts and warns as if it had
 * read everything. How much there is to count stands in front, so that most memos are only read where somebody's new ids are
 * held against them.
 *
 * An item is its kind, line and column as numbers in 7-bit groups, low ones first, and the text with its NUL. */
#include "kb/kb_int.h"

#include <stdlib.h>
#include <string.h>

#define MOST_DIGITS 10 /* groups of a 64-bit number */

static bool reserve(struct memo *m, size_t more)
{
    if (m->cap - m->len >= more)
        return !m->failed;
    size_t cap = m->cap * 2 + more + 256;
    char *s = m->failed ? NULL : realloc(m->s, cap);
    if (!s) {
        m->failed = true;
        return false;
    }
    m->s = s;
    m->cap = cap;
    return true;
}

static void put_number(struct memo *m, size_t v)
{
    for (; v >= 0x80; v >>= 7)
        m->s[m->len++] = (char)(v | 0x80);
    m->s[m->len++] = (char)v;
}

void memo_add(struct memo *m, enum memo_kind kind, size_t line, size_t column, const char *text)
{
    size_t n = strlen(text) + 1;
    if (!reserve(m, 1 + 2 * MOST_DIGITS + n))
        return;
    m->s[m->len++] = (char)kind;
    put_number(m, line);
    put_number(m, column);
    memcpy(m->s + m->len, text, n);
    m->len += n;
}

void memo_count(struct memo *m)
{
    struct memo whole = {0};
    struct memo_item item;
    size_t documents = 0, drafts = 0, others = 0;
    for (size_t pos = 0; memo_next(m->s, m->len, &pos, &item);) {
        documents += item.kind == MEMO_DOCUMENT;
        drafts += item.kind == MEMO_DRAFT;
        others += item.kind == MEMO_FOLLOWUP || item.kind == MEMO_WARNING;
    }
    memo_add(&whole, MEMO_COUNT, documents, drafts, others ? "more" : "");
    if (reserve(&whole, m->len) && m->len) {
        memcpy(whole.s + whole.len, m->s, m->len);
        whole.len += m->len;
    }
    whole.failed = whole.failed || m->failed;
    memo_release(m);
    *m = whole;
}

void memo_release(struct memo *m)
{
    free(m->s);
    *m = (struct memo){0};
}

static bool get_number(const char *s, size_t len, size_t *pos, size_t *ret)
{
    *ret = 0;
    if (*pos < len && !(s[*pos] & 0x80)) { /* nearly all */
        *ret = (unsigned char)s[(*pos)++];
        return true;
    }
    for (unsigned i = 0; i < MOST_DIGITS && *pos < len; i++) {
        unsigned char c = (unsigned char)s[(*pos)++];
        *ret |= (size_t)(c & 0x7f) << 7 * i;
        if (!(c & 0x80))
            return true;
    }
    return false;
}

bool memo_next(const char *s, size_t len, size_t *pos, struct memo_item *ret)
{
    if (*pos >= len)
        return false;
    size_t at = *pos + 1;
    ret->kind = (enum memo_kind)s[*pos];
    switch (ret->kind) {
    case MEMO_COUNT:
    case MEMO_DOCUMENT:
    case MEMO_DRAFT:
    case MEMO_ENTRY:
    case MEMO_FOLLOWUP:
    case MEMO_WARNING: break;
    default: return false;
    }
    if (!get_number(s, len, &at, &ret->line) || !get_number(s, len, &at, &ret->column))
        return false;
    const char *end = memchr(s + at, 0, len - at);
    if (!end)
        return false;
    ret->text = s + at;
    ret->len = (size_t)(end - ret->text);
    *pos = (size_t)(end - s) + 1;
    return true;
}
