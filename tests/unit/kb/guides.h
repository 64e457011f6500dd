/* guides.h: a folder of guides, indexed again and again, and all that readers can see of an index. */
#ifndef TEST_KB_GUIDES_H
#define TEST_KB_GUIDES_H

#include "folder.h"

static const char *const only_guides[] = {"guides"};

__attribute__((unused)) static int index_into(const char *db, struct kb_report *ret)
{
    struct kb_sources src = {.root = folder(""), .path = only_guides, .n = 1};
    if (access(folder("synonyms.yaml"), F_OK) == 0)
        src.synonyms = "synonyms.yaml";
    return kb_index(folder(db), &src, ret);
}

/* Index and expect success; returns the generation. */
__attribute__((unused)) static long long index_ok(const char *db)
{
    struct kb_report report;
    int r = index_into(db, &report);
    if (r)
        fail_msg("%d: %s%s", r, report.message ? report.message : "",
                 report.nproblem ? report.problem[0].message : "");
    long long generation = report.generation;
    kb_report_release(&report);
    return generation;
}

/* All that readers can see, without internal ids: rows, and every posting of the FTS5 index. */
__attribute__((unused)) static char *dump(const char *name)
{
    static const char *const sql[] = {
        "SELECT key, f.path, hash, line, title, url, lang, owner, reviewed, text FROM documents "
        "JOIN files f ON f.id = documents.file ORDER BY key",
        "SELECT path, hex(memo) FROM files ORDER BY path",
        "SELECT p.key, d.key, p.ord, p.anchor, p.entry, p.entry_id, p.start, p.end, p.line, "
        "p.lang, p.audience,"
        " p.reviewed, p.valid_from, p.valid_until, p.url, p.heading, p.followups, p.needs, p.nots, "
        "p.title,"
        " p.headings, p.question, hex(p.unit), p.body FROM passages p JOIN documents d ON d.id = "
        "p.document"
        " ORDER BY p.key",
        "SELECT p.key, t.question, t.must FROM tests t JOIN passages p ON p.id = t.passage ORDER "
        "BY p.key, t.rowid",
        "SELECT d.key, brief, full FROM abbreviations a JOIN documents d ON d.id = a.document "
        "ORDER "
        "BY 1, a.rowid",
        "SELECT line, from_text, to_text, weight FROM synonyms ORDER BY line, rowid",
        "SELECT v.term, p.key, v.col, v.offset FROM temp.v JOIN passages p ON p.id = v.doc ORDER "
        "BY 1, 2, 3, 4",
        "SELECT p.key, hex(z.sz) FROM passage_fts_docsize z JOIN passages p ON p.id = z.id ORDER "
        "BY 1",
        "SELECT key, value FROM meta WHERE key NOT IN ('generation', 'base', 'changes_from', "
        "'abbreviations') ORDER "
        "BY key",
    };
    sqlite3 *db = NULL;
    assert_int_equal(schema_open(folder(name), true, &db), 0);
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, passage_fts, instance);"
                     "INSERT INTO passage_fts(passage_fts, rank) VALUES('integrity-check', 1)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_str *out = sqlite3_str_new(NULL);
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        sqlite3_stmt *st = NULL;
        assert_int_equal(sqlite3_prepare_v2(db, sql[i], -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW)
            for (int c = 0; c < sqlite3_column_count(st); c++)
                sqlite3_str_appendf(out, "%s%c", sqlite3_column_text(st, c),
                                    c + 1 < sqlite3_column_count(st) ? '|' : '\n');
        assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    char *s = sqlite3_str_finish(out);
    assert_non_null(s);
    return s;
}

__attribute__((unused)) static void assert_same(const char *a, const char *b)
{
    char *x = dump(a), *y = dump(b);
    assert_string_equal(x, y);
    sqlite3_free(x);
    sqlite3_free(y);
}

__attribute__((unused)) static unsigned lcg(unsigned *seed, unsigned n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

/* A guide that says `version` in every sentence. */
__attribute__((unused)) static void write_guide(const char *name, int version, int sections)
{
    sqlite3_str *s = sqlite3_str_new(NULL);
    sqlite3_str_appendf(s, "# Guide of version%d\n\n", version);
    for (int i = 0; i < sections; i++)
        sqlite3_str_appendf(
            s,
            "## What is section %d?\n\nIt is version%d. Part %d says so, and version%d again.\n\n",
            i, version, i, version);
    char *text = sqlite3_str_finish(s);
    folder_write(name, text);
    sqlite3_free(text);
}

__attribute__((unused)) static int guides_setup(void **state)
{
    return folder_setup(state) || mkdir(folder("guides"), 0755);
}

#define guides_test(f) cmocka_unit_test_setup_teardown(f, guides_setup, folder_teardown)

#endif
