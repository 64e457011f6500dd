/* receipt.c: proof of what was said.
 *
 * A receipt names an extract so that anybody who has the index can find it again: the passage, its bytes in the
 * document's text, a hash of these bytes, and the version of the ranking that chose it. It is one word of plain
 * ASCII, to be kept in a ticket or read out on the telephone, and it holds nothing of the text or of the question:
 *
 *     gp1:2:1840-2011:5f2d...9a:nursing/training#how-long-does-it-take
 *
 * The hash proves the text without storing it, so what was answered once can be told from what stands there today,
 * and the same words are found again when the document around them has changed. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/kb_int.h"

#define HASH_BYTES 16
#define HASH_HEX   (2 * HASH_BYTES + 1)
#define PREFIX     "gp1:"
#define MAX_BYTES  (1u << 20) /* of an extract; ours are much shorter */

struct receipt {
    int ranking;
    size_t start, end;
    char hash[HASH_HEX];
    const char *passage;
};

static void hash_of(const char *s, size_t len, char hex[HASH_HEX])
{
    unsigned char sum[HASH_BYTES];
    crypto_generichash(sum, sizeof sum, (const unsigned char *)s, len, NULL, 0);
    sodium_bin2hex(hex, HASH_HEX, sum, sizeof sum);
}

const char *kb_receipt(struct pool *pool, const char *passage, const char *text, size_t start)
{
    char hex[HASH_HEX];
    size_t len = strlen(text);
    hash_of(text, len, hex);
    return pool_printf(pool, PREFIX "%d:%zu-%zu:%s:%s", KB_RANKING_VERSION, start, start + len, hex,
                       passage);
}

/* Digits at *s up to `end`; false when there are none or too many. */
static bool read_number(const char **s, char end, size_t *ret)
{
    char *after;
    if (**s < '0' || **s > '9')
        return false;
    unsigned long long n = strtoull(*s, &after, 10);
    if (*after != end || n > (1ull << 40))
        return false;
    *ret = (size_t)n;
    *s = after + 1;
    return true;
}

static bool receipt_read(const char *s, struct receipt *ret)
{
    size_t ranking;
    if (strncmp(s, PREFIX, strlen(PREFIX)) != 0)
        return false;
    s += strlen(PREFIX);
    if (!read_number(&s, ':', &ranking) || ranking > 1000000 ||
        !read_number(&s, '-', &ret->start) || !read_number(&s, ':', &ret->end) ||
        ret->end < ret->start || ret->end - ret->start > MAX_BYTES)
        return false;
    if (strspn(s, "0123456789abcdef") != HASH_HEX - 1 || s[HASH_HEX - 1] != ':')
        return false;
    memcpy(ret->hash, s, HASH_HEX - 1);
    ret->hash[HASH_HEX - 1] = 0;
    ret->passage = s + HASH_HEX;
    ret->ranking = (int)ranking;
    return *ret->passage && strchr(ret->passage, '#');
}

/* The document's text; *ret_text is NULL when there is no such document. */
static int read_document(struct kb *kb, struct pool *pool, const char *key, const char **ret_text,
                         size_t *ret_len)
{
    static const char sql[] = "SELECT text FROM documents WHERE key = ?1";
    sqlite3_stmt *st = NULL;
    *ret_text = NULL;
    int rc = sqlite3_prepare_v2(kb->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_text(st, 1, key, -1, SQLITE_TRANSIENT);
        rc = sqlite3_step(st);
    }
    if (rc == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(st, 0);
        *ret_len = (size_t)sqlite3_column_bytes(st, 0);
        *ret_text = pool_strndup(pool, text ? text : "", *ret_len);
    }
    sqlite3_finalize(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : schema_err(rc);
}

/* Where the same bytes stand in the text now, or SIZE_MAX. */
static size_t find_bytes(const char *text, size_t len, const struct receipt *r)
{
    size_t n = r->end - r->start;
    char hex[HASH_HEX];
    for (size_t at = 0; n && at + n <= len; at++) {
        bool inside = ((unsigned char)text[at] & 0xC0) == 0x80;
        bool word = at && text[at - 1] != ' ' && text[at - 1] != '\n' && text[at - 1] != '\t' &&
                    !strchr("|*_(\"#-", text[at - 1]);
        if (inside || word) /* extracts begin with a word */
            continue;
        hash_of(text + at, n, hex);
        if (!strcmp(hex, r->hash))
            return at;
    }
    return SIZE_MAX;
}

static size_t whole_start(const char *s, size_t at)
{
    while (at && ((unsigned char)s[at] & 0xC0) == 0x80)
        at--;
    return at;
}

int kb_verify(struct kb *kb, const char *receipt, struct pool *pool, struct kb_proof *ret)
{
    struct receipt r;
    const char *text;
    size_t len = 0;
    if (!receipt_read(receipt, &r))
        return KB_ERR_INPUT;
    *ret = (struct kb_proof){.outcome = KB_GONE,
                             .ranking = r.ranking,
                             .passage = pool_strdup(pool, r.passage),
                             .text = "",
                             .start = r.start,
                             .end = r.end};
    ret->document = pool_strndup(pool, r.passage, strcspn(r.passage, "#"));
    int err = read_document(kb, pool, ret->document, &text, &len);
    if (err || !text)
        return err;
    char hex[HASH_HEX] = "";
    if (r.end <= len)
        hash_of(text + r.start, r.end - r.start, hex);
    bool there = !strcmp(hex, r.hash);
    size_t at = there ? r.start : find_bytes(text, len, &r);
    ret->outcome = there ? KB_SAME : at != SIZE_MAX ? KB_MOVED : KB_CHANGED;
    if (ret->outcome == KB_CHANGED) /* what stands at that place now */
        at = r.start < len ? whole_start(text, r.start) : len;
    size_t end = at + (r.end - r.start) < len ? at + (r.end - r.start) : len;
    end = end == len ? len : whole_start(text, end);
    ret->text = pool_strndup(pool, text + at, end - at);
    ret->start = at;
    ret->end = end;
    return 0;
}
