/* review_synonyms.c: lines of synonyms.yaml that cannot help. A pair leads from words that are typed to words that the
 * guides have; a line none of whose pairs ends in words of the guides does nothing, and is mostly a slip of the pen, or
 * left over from a guide that is gone. Not so the lines that came with the program. */
#include <stdio.h>
#include <string.h>

#include "kb/review.h"

struct side {
    const struct vocabulary *vocabulary;
    bool all; /* every token is in some passage */
};

static int look_up(void *ctx, const char *token, size_t len, size_t start, size_t end,
                   bool colocated)
{
    struct side *s = ctx;
    char word[STEM_MAX + 1];
    (void)start;
    (void)end;
    if (colocated)
        return 0;
    len = len < STEM_MAX ? len : STEM_MAX;
    memcpy(word, token, len);
    word[len] = '\0';
    s->all = s->all && vocabulary_has(s->vocabulary, word);
    return 0;
}

/* ---- what came with the program is for guides on any subject, and much of it for others than these ---- */

/* The file, or NULL: then no line is taken for a general one. */
static const char *read_lines(struct pool *pool, const char *file)
{
    FILE *f = fopen(file, "rb");
    long len = f && !fseek(f, 0, SEEK_END) ? ftell(f) : -1;
    char *s = len >= 0 ? pool_alloc(pool, (size_t)len + 1) : NULL;
    if (s)
        rewind(f);
    bool whole = s && fread(s, 1, (size_t)len, f) == (size_t)len;
    if (f)
        fclose(f);
    if (whole)
        s[len] = '\0';
    return whole ? s : NULL;
}

/* The entry that begins on that line, with its weight: up to the next one, a comment or a blank line. */
static const char *entry_at(struct pool *pool, const char *s, long long line)
{
    while (s && line-- > 1)
        if ((s = strchr(s, '\n')))
            s++;
    if (!s)
        return NULL;
    const char *end = s;
    do
        end += strcspn(end, "\n");
    while (end[0] && end[1] && !strchr("-#\n\r", end[1]) && end++);
    return pool_strndup(pool, s, (size_t)(end - s));
}

static bool is_general(struct pool *pool, const char *general, const char *lines, long long line)
{
    const char *entry = general && lines ? entry_at(pool, lines, line) : NULL;
    const char *found = entry && *entry ? strstr(general, entry) : NULL;
    return found && strchr("\n\r", found[strlen(entry)]);
}

/* ---- the others ---- */

struct line {
    long long number;
    bool helps;
    const char *words; /* where it leads */
};

struct files {
    const char *name, *lines, *general;
};

static void end_line(struct review *rv, const struct files *f, const struct line *l)
{
    if (!l->number || l->helps || is_general(rv->pool, f->general, f->lines, l->number))
        return;
    report_add(rv->report, false, f->name, (size_t)l->number, 0,
               "no guide has the words that this leads to: %.200s", l->words);
    kb_report_remedy(rv->report, "synonym", "spell them as a guide does, or delete the line");
}

int review_synonyms(struct review *rv, const char *file, const char *general)
{
    const struct files files = {file, read_lines(rv->pool, file), general};
    static const char sql[] = "SELECT line, to_text FROM synonyms ORDER BY line, rowid";
    sqlite3_stmt *st = NULL;
    struct line l = {.words = ""};
    int r = 0, rc = sqlite3_prepare_v2(rv->kb->db, sql, -1, &st, NULL);
    while (rc == SQLITE_OK && !r && sqlite3_step(st) == SQLITE_ROW) {
        const char *column = (const char *)sqlite3_column_text(st, 1), *to = column ? column : "";
        if (sqlite3_column_int64(st, 0) != l.number) {
            end_line(rv, &files, &l);
            l = (struct line){.number = sqlite3_column_int64(st, 0), .words = ""};
        }
        struct side s = {kb_vocabulary(rv->kb), true};
        const char *text =
            pool_printf(rv->pool, "%c%s %s", TOKENIZER_MARK, kb_main_lang(rv->kb), to);
        r = tokenizer_run(rv->kb->tokenizer, text, strlen(text), look_up, &s);
        l.helps |= s.all;
        if (!strstr(l.words, to))
            l.words = pool_printf(rv->pool, "%s%s%s", l.words, *l.words ? ", " : "", to);
    }
    end_line(rv, &files, &l);
    sqlite3_finalize(st);
    return r ? r : schema_err(rc);
}
