/* review_synonyms.c: lines of synonyms.yaml that cannot help. A pair leads from words that are typed to words that the
 * guides have; a line none of whose pairs ends in words of the guides does nothing, and is mostly a slip of the pen, or
 * left over from a guide that is gone. */
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

struct line {
    long long number;
    bool helps;
    const char *words; /* where it leads */
};

static void end_line(struct review *rv, const char *file, const struct line *l)
{
    if (!l->number || l->helps)
        return;
    report_add(rv->report, false, file, (size_t)l->number, 0,
               "no guide has the words that this leads to: %.200s", l->words);
    kb_report_remedy(rv->report, "synonym", "spell them as a guide does, or delete the line");
}

int review_synonyms(struct review *rv, const char *file)
{
    static const char sql[] = "SELECT line, to_text FROM synonyms ORDER BY line, rowid";
    sqlite3_stmt *st = NULL;
    struct line l = {0};
    int r = 0, rc = sqlite3_prepare_v2(rv->kb->db, sql, -1, &st, NULL);
    while (rc == SQLITE_OK && !r && sqlite3_step(st) == SQLITE_ROW) {
        const char *to = (const char *)sqlite3_column_text(st, 1);
        if (sqlite3_column_int64(st, 0) != l.number) {
            end_line(rv, file, &l);
            l = (struct line){.number = sqlite3_column_int64(st, 0), .words = ""};
        }
        struct side s = {kb_vocabulary(rv->kb), true};
        const char *text =
            pool_printf(rv->pool, "%c%s %s", TOKENIZER_MARK, kb_main_lang(rv->kb), to ? to : "");
        r = tokenizer_run(rv->kb->tokenizer, text, strlen(text), look_up, &s);
        l.helps |= s.all;
        if (!strstr(l.words, to ? to : ""))
            l.words = pool_printf(rv->pool, "%s%s%s", l.words, *l.words ? ", " : "", to);
    }
    end_line(rv, file, &l);
    sqlite3_finalize(st);
    return r ? r : schema_err(rc);
}
