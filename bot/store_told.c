/* store_told.c: what many people are told is written down once.
 *
 * Most questions are those of others, and so are their answers: 3 KB of them, as the object that the staff reads (turns.reply) and as
 * the words of the chat (events.body), again for each who asks. From the second time on such a text is a row of `texts`, and
 * turns and events name it: `told` is all of a reply, or what a body goes on with behind what is its own (its numbers).
 *
 * A text lives as long as it is named, since what is erased must be gone. So it is counted: a row more here, which
 * only adds up in memory and is written once in a transaction (store_texts_settle()), a row less by the triggers of the schema, whoever
 * deletes it; the one that brings a count to nothing deletes the text. Hence the two rules of this file: what was added up is
 * written before anything is deleted, and after a deletion, or when a transaction is taken back, nothing is known of any
 * text, and the next time it is written anew. Numbers are never given twice, so one that another process has let go of
 * is missing, and not another text: it is written again under its number. */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL /* a header and no library: nothing to load */
#include <xxhash.h>

#include "bot/must.h"
#include "bot/store_int.h"

#define SHORT 200 /* bytes that are not worth a row of their own */
#define KNOWN                                                                                      \
    2048 /* texts, a power of two: those of heard.c's questions; of two that fall together the last one */

struct text {
    uint64_t hash;
    char *s; /* NULL: none */
    size_t len;
    int64_t id;   /* 0: it has no row that we know of */
    int64_t more; /* rows that name it, not counted on disk yet */
};

struct store_texts {
    struct text known[KNOWN];
    struct text *uncounted[KNOWN]; /* that have more */
    size_t n;
};

static const char sql_add_text[] = "INSERT INTO texts(id, body) VALUES(nullif(?1, 0), ?2)";
static const char sql_add_uses[] = "INSERT INTO text_uses(text, n) VALUES(?1, 0)";
static const char sql_more_uses[] = "UPDATE text_uses SET n = n + ?2 WHERE text = ?1";

static struct text *text_of(struct store *s, const char *str, size_t len)
{
    if (!s->texts)
        s->texts = must(calloc(1, sizeof *s->texts));
    uint64_t hash = XXH3_64bits(str, len);
    struct text *t = &s->texts->known[hash & (KNOWN - 1)];
    if (t->s && t->hash == hash && t->len == len && !memcmp(t->s, str, len))
        return t;
    if (t->more) /* its row is in this transaction, and wants to be counted */
        return NULL;
    free(t->s);
    *t = (struct text){.hash = hash, .s = must(malloc(len + 1)), .len = len};
    memcpy(t->s, str, len);
    t->s[len] = '\0';
    return t;
}

static int add_text(struct store *s, struct text *t)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_ADD_TEXT, sql_add_text, &err, "it", t->id, t->s);
    if (st)
        err = store_finish(s, st);
    if (err)
        return err;
    t->id = sqlite3_last_insert_rowid(s->db);
    st = store_bind(s, SQL_ADD_USES, sql_add_uses, &err, "i", t->id);
    return st ? store_finish(s, st) : err;
}

int store_told(struct store *s, const char *str, size_t len, int64_t *ret_id)
{
    struct text *t = len >= SHORT ? text_of(s, str, len) : NULL;
    *ret_id = 0;
    if (!t)
        return 0;
    int err = t->id ? 0 : add_text(s, t);
    if (err)
        return err;
    if (!t->more++)
        s->texts->uncounted[s->texts->n++] = t;
    *ret_id = t->id;
    return 0;
}

static int count(struct store *s, struct text *t, bool *ret_there)
{
    int err;
    sqlite3_stmt *st = store_bind(s, SQL_MORE_USES, sql_more_uses, &err, "ii", t->id, t->more);
    if (st)
        err = store_finish(s, st);
    *ret_there = sqlite3_changes(s->db) > 0;
    return err;
}

static int settle(struct store *s, struct text *t)
{
    bool there;
    int err = count(s, t, &there);
    if (!err && !there && !(err = add_text(s, t)))
        err = count(s, t, &there);
    if (!err)
        t->more = 0;
    return err;
}

int store_texts_settle(struct store *s)
{
    int err = 0;
    while (!err && s->texts && s->texts->n)
        if (!(err = settle(s, s->texts->uncounted[s->texts->n - 1])))
            s->texts->n--;
    return err;
}

void store_texts_forget(struct store *s)
{
    for (size_t i = 0; s->texts && i < KNOWN; i++)
        free(s->texts->known[i].s);
    free(s->texts);
    s->texts = NULL;
}
