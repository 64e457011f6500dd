/* fuzz_ask.c: any bytes are a question. A small base is made once; every input is asked of it, whole and
 * as a conversation (lines are earlier messages, the last one asks), with extracts and explanation.
 * What must hold whatever was typed: no error, spans inside the text, confidence from 0 to 1. */
#include <stdlib.h>
#include <string.h>

#include "kb/kb_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES 8

static const char sql_base[] =
    "INSERT INTO documents(key, file, hash, line, title, url, lang, owner, reviewed, text) VALUES"
    " ('pay', '', '', 1, 'Technician', '', 'en', '', '', 'The median wage is $57,000 a year. It "
    "rises.'),"
    " ('duties', '', '', 1, 'Technician', '', 'en', '', '', 'They test blood, C++ and A-level "
    "samples.');"
    "INSERT INTO passages(document, key, ord, anchor, heading, entry, entry_id, question, "
    "headings, title,"
    "  body, start, end, line, unit, lang, audience, reviewed, valid_from, valid_until, url, "
    "followups,"
    "  needs, nots)"
    " SELECT id, key || '#top', 0, 'top', json_array(key), id = 1, '',"
    "  CASE id WHEN 1 THEN 'What is the wage?' ELSE '' END, key, title, text, 0, length(text), 1, "
    "x'', lang,"
    "  '', '', '', '', '', '[]', '[\"wage\"]', '[\"welder\"]' FROM documents;"
    "INSERT INTO passage_fts(rowid, question, headings, title, body)"
    " SELECT id, question, headings, title, body FROM passage_text;"
    "INSERT INTO synonyms VALUES(1, 'salary', 'median wage', 0.8);"
    "UPDATE meta SET value = 1 WHERE key = 'generation'";

static void must(int ok)
{
    if (!ok)
        abort();
}

static struct kb *base(void)
{
    static struct kb kb;
    if (kb.db)
        return &kb;
    must(!schema_open(NULL, true, &kb.db));
    must(sqlite3_exec(kb.db, sql_base, NULL, NULL, NULL) == SQLITE_OK);
    must(!tokenizer_new(&kb.tokenizer));
    kb.generation = -1;
    return &kb;
}

static void ask(const struct kb_ask *question)
{
    struct kb_hits hits;
    must(!kb_ask(base(), question, &hits));
    must(hits.confidence >= 0 && hits.confidence <= 1);
    for (size_t i = 0; i < hits.n; i++) {
        const struct kb_hit *h = &hits.hit[i];
        must(strlen(h->text) == h->end - h->start);
        must(!i || h->score <= hits.hit[i - 1].score);
        for (size_t m = 0; m < h->nmark; m++)
            must(h->mark[m].start < h->mark[m].end && h->mark[m].end <= h->end - h->start);
    }
    kb_hits_release(&hits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *before[LINES];
    size_t n = 0;
    ask(&(struct kb_ask){.text = (const char *)data, .len = size, .explain = true});

    char *text = malloc(size + 1);
    must(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    char *last = text;
    for (char *s; n < LINES && (s = strchr(last, '\n')); last = s + 1) {
        *s = 0;
        before[n++] = last;
    }
    ask(&(struct kb_ask){
        .text = last, .len = strlen(last), .before = before, .nbefore = n, .max = 1});
    free(text);
    return 0;
}
