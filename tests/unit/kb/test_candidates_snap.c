/* test_candidates_snap.c: the property that all of the snapshot stands on: whatever has happened to a base, the first
 * stage finds the same passages with it as FTS5 does without, in the same order, with the same scores.
 *
 * Bases of made-up words in four languages, at 1,000, 10,000 and 100,000 passages, or as many as GUIDEPOST_PASSAGES says
 * (`./dev bench proof 1000000`), which spread over chunks of the snapshot; then rounds of inserts, updates and deletes, some of which end
 * in a new snapshot; and after each round questions: words of any language, phrases that have synonyms which are phrases,
 * slips of the keyboard, earlier messages, filters. The seed is printed. */
#include "world.h"

#define SYNONYMS 60
#define PHRASES  40

/* ---- a made-up language, or four ----------------------------------------------------------------------------- */

static const struct tongue {
    const char *lang, *syllable[10], *ending[5];
} tongue[] = {
    {"en",
     {"ba", "co", "di", "fer", "gu", "lan", "mo", "nit", "pre", "sta"},
     {"", "s", "ing", "ed", "ness"}},
    {"de",
     {"be", "go", "h\u00fc", "kl\u00e4", "lei", "mut", "ro", "schu", "ta", "wo"},
     {"", "en", "e", "ung", "heit"}},
    {"es",
     {"ca", "de", "fa", "lo", "mi", "\u00f1o", "pu", "ra", "s\u00e9", "ti"},
     {"", "s", "ci\u00f3n", "ado", "mente"}},
    {"el",
     {"\u03b1\u03c1", "\u03b2\u03bf", "\u03b3\u03b5", "\u03b4\u03b9", "\u03ba\u03b1",
      "\u03bb\u03bf", "\u03bc\u03b5", "\u03bd\u03b9", "\u03c0\u03bf", "\u03c4\u03b1"},
     {"", "\u03c2", "\u03bf\u03b9", "\u03b7\u03c2", "\u03bf\u03c5"}},
};
#define TONGUES (sizeof tongue / sizeof *tongue)

/* How many stems there are, and how unevenly they are used. */
static struct {
    uint32_t stems;
    double skew;
} language;

static uint32_t draw_stem(void)
{
    return (uint32_t)(language.stems * pow((draw(1000000) + 0.5) / 1000000, language.skew));
}

static void add_word(sqlite3_str *s, size_t t, uint32_t stem, uint32_t ending)
{
    for (uint32_t left = stem + 100; left; left /= 10)
        sqlite3_str_appendall(s, tongue[t].syllable[left % 10]);
    sqlite3_str_appendf(s, "%s ", tongue[t].ending[ending]);
}

static uint32_t draw_ending(void)
{
    return draw(2) ? 0 : draw(5);
}

static char *finish(sqlite3_str *s)
{
    sqlite3_str_appendall(s, "");
    char *text = sqlite3_str_finish(s);
    return text ? text : sqlite3_mprintf("");
}

/* Phrases that passages, questions and synonyms have in common; number them to say one again. */
static void add_phrase(sqlite3_str *s, size_t t, uint32_t phrase)
{
    for (uint32_t i = 0; i < 1 + phrase % 4; i++)
        add_word(s, t, (phrase * 7 + i * 3) % (language.stems < 40 ? language.stems : 40), 0);
}

static char *some_text(size_t t, uint32_t n)
{
    sqlite3_str *s = sqlite3_str_new(NULL);
    for (uint32_t i = 0; i < n; i++)
        if (draw(12))
            add_word(s, t, draw_stem(), draw_ending());
        else
            add_phrase(s, t, draw(PHRASES));
    return finish(s);
}

/* ---- a base of it --------------------------------------------------------------------------------------------------- */

static const char sql_insert[] =
    "INSERT INTO passages(id, document, key, ord, anchor, heading, entry, entry_id, question,"
    " headings, title, body, start, end, line, unit, lang, audience, reviewed, valid_from,"
    " valid_until, url, followups, needs, nots) VALUES(?1, 1, ?2, 0, '', '[]', 0, '', ?3, ?4, ?5,"
    " ?6, 0, 0, 1, x'', ?7, ?8, '', ?9, ?10, '', '[]', ?11, '[]')";

static void bind(sqlite3_stmt *st, int i, char *text)
{
    sqlite3_bind_text(st, i, text, -1, sqlite3_free);
}

/* id 0: any. */
static void put_passage(struct world *w, sqlite3_stmt *st, long long id, uint32_t longest)
{
    static const char *const audience[] = {"", "", "", "", "staff", "student"};
    size_t t = draw(4) ? 0 : draw(TONGUES);
    if (id)
        sqlite3_bind_int64(st, 1, id);
    else
        sqlite3_bind_null(st, 1);
    bind(st, 2, sqlite3_mprintf("d#%lld", w->next++));
    bind(st, 3, draw(6) ? sqlite3_mprintf("") : some_text(t, 2 + draw(8)));
    bind(st, 4, some_text(t, draw(4)));
    bind(st, 5, some_text(t, 1 + draw(2)));
    bind(st, 6, some_text(t, 1 + draw(draw(50) ? longest : 20 * longest)));
    sqlite3_bind_text(st, 7, tongue[t].lang, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 8, audience[draw(6)], -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 9, draw(20) ? "" : "2026-01-01", -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 10, draw(20) ? "" : "2026-06-30", -1, SQLITE_STATIC);
    char *word = some_text(t, 1);
    word[strcspn(word, " ")] = 0;
    bind(st, 11, draw(30) ? sqlite3_mprintf("[]") : sqlite3_mprintf("[\"%s\"]", word));
    sqlite3_free(word);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    sqlite3_reset(st);
}

static void put_synonyms(sqlite3 *db)
{
    sql(db, "DELETE FROM synonyms;"
            "INSERT OR REPLACE INTO meta VALUES('synonyms', lower(hex(randomblob(16))))");
    for (int i = 0; i < SYNONYMS; i++) {
        sqlite3_str *from = sqlite3_str_new(NULL), *to = sqlite3_str_new(NULL);
        add_phrase(from, 0, draw(PHRASES));
        add_phrase(to, 0, draw(PHRASES));
        char *a = finish(from), *b = finish(to);
        char *text =
            sqlite3_mprintf("INSERT INTO synonyms VALUES(%d, %Q, %Q, 0.%u)", i, a, b, 3 + draw(6));
        sql(db, text);
        sqlite3_free(a), sqlite3_free(b), sqlite3_free(text);
    }
}

static long long number(sqlite3 *db, const char *text)
{
    return schema_number(db, text, 0, -1);
}

/* The id of any passage; 0 when there is none. */
static long long draw_passage(struct world *w)
{
    long long n = number(w->db, "SELECT count(*) FROM passages");
    char *text = sqlite3_mprintf("SELECT id FROM passages ORDER BY id LIMIT 1 OFFSET %u",
                                 n > 0 ? draw((uint32_t)n) : 0);
    long long id = number(w->db, text);
    sqlite3_free(text);
    return id > 0 ? id : 0;
}

static void remove_passage(struct world *w, long long id)
{
    char *text = sqlite3_mprintf("DELETE FROM passages WHERE id = %lld", id);
    sql(w->db, text);
    sqlite3_free(text);
}

static void fill(struct world *w, uint32_t n, uint32_t longest)
{
    sqlite3_stmt *st = NULL;
    sql(w->db, "DROP TRIGGER added; BEGIN");
    assert_int_equal(sqlite3_prepare_v2(w->db, sql_insert, -1, &st, NULL), SQLITE_OK);
    for (uint32_t i = 0; i < n; i++)
        put_passage(w, st, 0, longest);
    sqlite3_finalize(st);
    put_synonyms(w->db);
    sql(w->db, "INSERT INTO passage_fts(passage_fts) VALUES('rebuild');"
               "UPDATE meta SET value = 1 WHERE key = 'generation'; COMMIT; DROP TRIGGER removed");
    triggers_add(w->db);
}

/* A round of edits, in one generation. */
static void edit(struct world *w, uint32_t edits, uint32_t longest)
{
    sqlite3_stmt *st = NULL;
    sql(w->db, "BEGIN");
    assert_int_equal(sqlite3_prepare_v2(w->db, sql_insert, -1, &st, NULL), SQLITE_OK);
    for (uint32_t i = 0; i < edits; i++) {
        long long id = draw(3) ? draw_passage(w) : 0;
        if (id)
            remove_passage(w, id);
        if (!id || draw(2))
            put_passage(w, st, id, longest);
    }
    sqlite3_finalize(st);
    if (!draw(3))
        put_synonyms(w->db);
    sql(w->db, "UPDATE meta SET value = value + 1 WHERE key = 'generation'; COMMIT");
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

static char *draw_question(void)
{
    sqlite3_str *s = sqlite3_str_new(NULL);
    size_t t = draw(3) ? 0 : draw(TONGUES);
    for (uint32_t n = 1 + draw(6); n; n--) {
        if (draw(3) == 0)
            add_phrase(s, draw(3) ? 0 : t, draw(PHRASES));
        else
            add_word(s, t, draw_stem(), draw_ending());
        if (draw(8) == 0)
            sqlite3_str_appendall(s, "the of and ");
    }
    char *text = finish(s);
    size_t len = strlen(text);
    if (draw(6) == 0 && len > 8) /* a slip */
        text[draw((uint32_t)len)] = (char)('a' + draw(26));
    return text;
}

static void ask_both(struct world *w, size_t *terms)
{
    char *text = draw_question(), *earlier = draw_question();
    const char *before[] = {earlier};
    struct kb_ask question = {.text = text,
                              .len = strlen(text),
                              .before = before,
                              .nbefore = draw(3) == 0,
                              .today = draw(2) ? "2026-03-01" : "2025-03-01",
                              .lang = draw(4) ? NULL : tongue[draw(TONGUES)].lang,
                              .audience = draw(4) ? NULL : "student"};
    size_t max = draw(5) ? 10 : KB_CANDIDATES;
    sql(w->kb->db, "BEGIN");
    assert_int_equal(kb_refresh(w->kb), 0);
    assert_non_null(w->kb->view);
    struct found a = find(w->kb, &question, max), b = find_fts5(w->kb, &question, max);
    compare(&a, &b, text);
    compare_headings(w->kb, &a, text);
    compare_words(w->kb, &a, text);
    for (size_t i = 0; i < a.q.nterm; i++)
        terms[a.q.term[i].ntoken > 1 && a.q.term[i].df > 0]++;
    pool_free(a.pool), pool_free(b.pool);
    sql(w->kb->db, "COMMIT");
    sqlite3_free(text), sqlite3_free(earlier);
}

struct plan {
    uint32_t passages, stems;
    double skew;
    uint32_t longest, rounds, edits, questions; /* edits at most; questions per round */
};

static void rounds(struct world *w, const struct plan *p)
{
    size_t terms[2] = {0}; /* words; phrases that some passage has */
    language.stems = p->stems;
    language.skew = p->skew;
    fill(w, p->passages, p->longest);
    snapshot(w);
    for (uint32_t i = 0; i < p->rounds; i++) {
        if (i)
            edit(w, 1 + draw(p->edits), p->longest);
        if (i % 3 == 2)
            snapshot(w);
        for (uint32_t k = 0; k < p->questions; k++)
            ask_both(w, terms);
    }
    print_message("%u passages, %u rounds: %u questions, %zu words and %zu phrases looked up\n",
                  p->passages, p->rounds, p->rounds * p->questions, terms[0], terms[1]);
    assert_true(terms[1] > p->rounds);
}

/* ---- claims --------------------------------------------------------------------------------------------------------- */

static void three_hundred_passages_are_found_as_fts5_finds_them(void **ctx)
{
    rounds(*ctx, &(struct plan){300, 400, 3, 40, 12, 40, 85});
}

static void a_thousand_passages_are(void **ctx)
{
    rounds(*ctx, &(struct plan){1000, 1000, 2.8, 35, 8, 80, 125});
}

static void ten_thousand_passages_are(void **ctx)
{
    rounds(*ctx, &(struct plan){10000, 8000, 2.2, 20, 4, 200, 250});
}

static void a_hundred_thousand_passages_are(void **ctx)
{
    rounds(*ctx, &(struct plan){100000, 40000, 1.7, 5, 4, 300, 250});
}

/* Any number of them, which takes its time. */
static void as_many_passages_are(void **ctx)
{
    uint32_t n = (uint32_t)strtoul(getenv("GUIDEPOST_PASSAGES"), NULL, 10);
    uint32_t stems = n / 10 > 100 ? n / 10 : 100;
    rounds(*ctx, &(struct plan){n ? n : 1, stems < 60000 ? stems : 60000, 1.6, 6, 4, 400, 250});
}

int main(void)
{
    draw_from_seed();
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
        T(three_hundred_passages_are_found_as_fts5_finds_them),
        T(a_thousand_passages_are),
        T(ten_thousand_passages_are),
        T(a_hundred_thousand_passages_are),
    };
    const struct CMUnitTest any[] = {T(as_many_passages_are)};
    if (getenv("GUIDEPOST_PASSAGES"))
        return cmocka_run_group_tests(any, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
