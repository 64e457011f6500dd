/* base.h: a base made by hand, in memory, for tests of the asking half. Passages are written straight
 * into the tables, so these tests need no parser and say exactly what is in the index. */
#ifndef TEST_KB_BASE_H
#define TEST_KB_BASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "kb/kb_int.h"
#include "triggers.h"

/* What is not named is "" and a guide's passage. `body` is the text; lines that begin with "- " are
 * items of one list, and a line before them that ends with ':' leads it. */
struct base_passage {
    const char *key, *question, *headings, *title, *body;
    const char *lang, *audience, *valid_from, *valid_until, *needs, *nots;
    bool entry;
};

static void base_sql(struct kb *kb, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(kb->db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

static struct kb *base_open(void)
{
    struct kb *kb = calloc(1, sizeof *kb);
    assert_non_null(kb);
    assert_int_equal(schema_open(NULL, true, &kb->db), 0);
    triggers_add(kb->db);
    assert_int_equal(tokenizer_new(&kb->tokenizer), 0);
    kb->generation = -1;
    return kb;
}

static size_t base_units(const char *s, struct unit *unit, size_t max)
{
    size_t n = 0, len = strlen(s), pos = 0;
    uint16_t group = 0;
    bool list = false;
    while (pos < len && n < max) {
        size_t eol = pos + strcspn(s + pos, "\n");
        bool item = !strncmp(s + pos, "- ", 2);
        if (!item || !list)
            group++;
        list = item;
        for (size_t line = pos; pos < eol && n < max;) {
            size_t step = item ? eol - pos : sentence_end(s + pos, eol - pos);
            if (!item && pos == line && step < 24) /* "Compassion." has its sentence with it */
                step += sentence_end(s + pos + step, eol - pos - step);
            unit[n++] = (struct unit){.start = (uint32_t)(pos + (item ? 2 : 0)),
                                      .end = (uint32_t)(pos + step),
                                      .kind = item ? BLOCK_ITEM : BLOCK_PARAGRAPH,
                                      .lead = s[pos + step - 1] == ':',
                                      .head = !item && pos == line,
                                      .group = group};
            for (pos += step; pos < eol && s[pos] == ' ';)
                pos++;
        }
        pos = eol + (s[eol] == '\n');
    }
    return n;
}

static void base_add(struct kb *kb, const struct base_passage *p)
{
    struct unit unit[64];
    const char *body = p->body ? p->body : "";
    size_t n = base_units(body, unit, 64);
    sqlite3_stmt *st = NULL;
    base_sql(kb, "PRAGMA query_only=0; UPDATE meta SET value = value + 1 WHERE key = 'generation'");
    char *sql = sqlite3_mprintf(
        "INSERT INTO documents(key, file, hash, title, url, lang, owner, reviewed, line, text)"
        " VALUES(%Q, 'test', '', %Q, '', %Q, '', '', 1, %Q)",
        p->key, p->title ? p->title : "", p->lang ? p->lang : "en", body);
    base_sql(kb, sql);
    sqlite3_free(sql);
    sql = sqlite3_mprintf(
        "INSERT INTO passages(document, key, ord, anchor, heading, entry, entry_id, question, "
        "headings, title,"
        " body, start, end, line, unit, lang, audience, reviewed, valid_from, valid_until, url,"
        " followups, needs, nots) VALUES(last_insert_rowid(), '%q#top', 0, 'top',"
        " json_array(%Q), %d, '', %Q, %Q, %Q, %Q, 0, %d, 1, ?1, %Q, %Q, '', %Q, %Q, '', '[]', %Q, "
        "%Q)",
        p->key, p->headings ? p->headings : "", p->entry, p->question ? p->question : "",
        p->headings ? p->headings : "", p->title ? p->title : "", body, (int)strlen(body),
        p->lang ? p->lang : "en", p->audience ? p->audience : "",
        p->valid_from ? p->valid_from : "", p->valid_until ? p->valid_until : "",
        p->needs ? p->needs : "[]", p->nots ? p->nots : "[]");
    if (sqlite3_prepare_v2(kb->db, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(kb->db));
    sqlite3_bind_blob(st, 1, unit, (int)(n * sizeof *unit), SQLITE_STATIC);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    sqlite3_finalize(st);
    sqlite3_free(sql);
}

static inline void base_synonym(struct kb *kb, const char *from, const char *to, double weight)
{
    char *sql = sqlite3_mprintf("PRAGMA query_only=0; INSERT INTO synonyms VALUES(1, %Q, %Q, %f);"
                                "UPDATE meta SET value = value + 1 WHERE key = 'generation'",
                                from, to, weight);
    base_sql(kb, sql);
    sqlite3_free(sql);
}

static inline struct kb_hits base_ask(struct kb *kb, const char *text)
{
    struct kb_ask ask = {.text = text, .len = strlen(text)};
    struct kb_hits hits;
    assert_int_equal(kb_ask(kb, &ask, &hits), 0);
    return hits;
}

/* A small base about careers, for tests that only need something to ask. */
static inline struct kb *base_careers(void)
{
    static const struct base_passage passages[] = {
        {.key = "pay",
         .title = "Technician guide",
         .headings = "Pay",
         .body = "The median wage of a laboratory technician is $57,000 a year. Night shifts earn "
                 "more. "
                 "Experience raises it."},
        {.key = "duties",
         .title = "Technician guide",
         .headings = "Duties",
         .body = "A laboratory technician tests blood and other samples.\nTypical tasks include:\n"
                 "- Prepare samples\n- Run the analyzers\n- Record the results"},
        {.key = "license",
         .title = "Technician guide",
         .headings = "Licensing",
         .body = "Some states require a license to work as a laboratory technician. Among them are "
                 "Florida, "
                 "Hawaii and Nevada."},
        {.key = "degree",
         .title = "Technician guide",
         .question = "Do I need a degree?\nis a degree required",
         .entry = true,
         .body = "Most positions ask for an associate degree, which takes two years."},
        {.key = "welder",
         .title = "Welder guide",
         .headings = "Training",
         .body = "Welders learn on the job. An apprenticeship takes four years."},
    };
    struct kb *kb = base_open();
    for (size_t i = 0; i < sizeof passages / sizeof *passages; i++)
        base_add(kb, &passages[i]);
    return kb;
}

#endif
