/* test_tokenizer.c: which words a text is made of. Tokens are written one after the other; one
 * that stands beside the token before it has a '/' in front. */
#include "kb/kb_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int append(void *ctx, const char *token, size_t len, size_t start, size_t end,
                  bool colocated)
{
    sqlite3_str *out = ctx;
    assert_true(start < end);
    assert_in_range(len, 1, STEM_MAX);
    sqlite3_str_appendf(out, "%s%.*s",
                        colocated                 ? "/"
                        : sqlite3_str_length(out) ? " "
                                                  : "",
                        (int)len, token);
    return 0;
}

/* The same with where it stands. */
static int append_place(void *ctx, const char *token, size_t len, size_t start, size_t end,
                        bool colocated)
{
    append(ctx, token, len, start, end, colocated);
    sqlite3_str_appendf(ctx, "@%d-%d", (int)start, (int)end);
    return 0;
}

static void tokens_are(const char *text, size_t len, const char *expected)
{
    struct tokenizer *t = NULL;
    assert_int_equal(tokenizer_new(&t), 0);
    sqlite3_str *out = sqlite3_str_new(NULL);
    assert_int_equal(tokenizer_run(t, text, len, append, out), 0);
    char *found = sqlite3_str_finish(out);
    assert_string_equal(found ? found : "", expected);
    sqlite3_free(found);
    tokenizer_free(t);
}

static void check(const char *text, const char *expected)
{
    tokens_are(text, strlen(text), expected);
}

static void words_are_folded_and_stemmed(void **state)
{
    check("The technicians' STUDIES", "the technician studi");
    check("r\u00e9sum\u00e9s", "resum");
    check("resumes", "resum");
    check("\u0130stanbul \u017dilina stra\u00dfe", "istanbul zilina strass");
    check("re\u0301sume\u0301", "resum");
    check("", "");
    check(" \t\n.,;!?-\u2014 ", "");
}

static void apostrophes_leave_no_trace(void **state)
{
    check("What's the technician's pay?", "what the technician pay");
    check("the technicians\u2019 pay", "the technician pay");
    check("don't dont don\u2019t", "dont dont dont");
    check("we'll they're I've I'd I'm", "we they i i i");
    check("O'Neil rock'n'roll 'quoted'", "oneil rocknrol quot");
    check("the 1990's", "the 1990s");
    check("\001fr l'\u00e9cole d\u2019un", "l ecol d un");
}

static void numbers_are_one_token(void **state)
{
    check("$57,380 57380 5%", "57380 57380 5");
    check("3.5 GPA, 1.2.3", "3.5 gpa 1.2.3");
    check("1,234,567.89", "1234567.89");
    check("1,2,3 and 12,34", "1 2 3 and 12 34");
    check("3-5 years in 2024-11-05", "3 5 year in 2024 11 05");
    check("1990s 2nd 57k", "1990s 2nd 57k");
    check("57\u202f380 57'380", "57380 57380");
    check("\001de 57.380,50 Euro", "57380.50 euro");
    check("2\u00bd years", "2 year");
    check("H\u2082O", "h2o");
    check("0,123", "0 123");
}

static void names_keep_their_marks(void **state)
{
    check("C++ and C# and F#, C", "c++ and c# and f# c");
    check("(C++)", "c++");
    check("A+ Network+ Notepad++", "a+ network/network+ notepad/notepad++");
    check(".NET or ASP.NET", "net/.net or asp/aspnet net");
    check("5+ years, C+D, 1++ x", "5 year c d 1 x");
    check("R&D at AT&T", "r/r&d d at at/at&t t");
    check("...and so on", "and so on");
    check("tag #career", "tag career");
}

static void compounds_also_give_their_parts(void **state)
{
    check("follow-up", "follow/followup up");
    check("followup follow-ups", "followup follow/followup up");
    check("point-of-care", "point/pointofcar of care");
    check("pointofcare", "pointofcar");
    check("an A-level", "an a/alevel level");
    check("a level", "a level");
    check("2-year 2\u2011year", "2/2year year 2/2year year");
    check("COVID-19 Node.js", "covid/covid19 19 node/nodej js");
    check("co\u00adoperate", "cooper");
    check("a - b -c d-", "a b c d");
    check("a-b-c-d-e-f-g-h-i-j", "a/abcdefgh b c d e f g h i/ij j");
}

static void abbreviations_lose_their_dots(void **state)
{
    check("Ph.D. PhD", "phd phd");
    check("U.S.A. USA", "usa usa");
    check("e.g. a.m.", "eg am");
    check("the U.S. market", "the us/us. market");
    check("M.Sc. in J.R.R. Tolkien", "msc in jrr tolkien");
    check("U.S.-based", "us/us. base");
}

static void acronyms_can_be_told_from_stop_words(void **state)
{
    check("Work in IT in the US", "work in it/it. in the us/us.");
    check("tell us about it", "tell us about it");
    check("TELL US ABOUT IT", "tell us about it");
    check("IT", "it/it.");
    check("\001en US", "us/us.");
    check("an MLT", "an mlt");
    check("I am NOT one OR the other", "i am not one or the other");
    check("an A.S. degree from the WHO", "an as/as. degre from the who/who.");
    check("\001de Das IT Team", "das it team");
}

static void scripts_without_blanks_give_characters(void **state)
{
    check("\u5de5\u8d44\u591a\u5c11", "\u5de5 \u8d44 \u591a \u5c11");
    check("MLT\u306e\u7d66\u6599", "mlt \u306e \u7d66 \u6599");
    check("\u0e40\u0e07\u0e34\u0e19", "\u0e40 \u0e07 \u0e19");
    check("\uc6d4\uae09 \uc5bc\ub9c8",
          "\u110b\u116f\u11af\u1100\u1173\u11b8 \u110b\u1165\u11af\u1106\u1161");
}

static void the_mark_chooses_the_language(void **state)
{
    check("\001de H\u00e4user hauser Haus", "haus haus haus");
    check("\001de-AT H\u00e4user", "haus");
    check("\001es educaci\u00f3n educaciones", "educ educ");
    check("\001fr \u00e9tudiants etudiants", "etudi etudi");
    check("\001xx studies", "studies");
    check("\001 studies", "studi");
    check("\001en studies", "studi");
    check("\001studies", "studi");
    check("\001", "");
}

static void long_words_are_cut_between_characters(void **state)
{
    char text[1000];
    memset(text, 'x', sizeof text);
    char expected[STEM_MAX + 1] = {0};
    memset(expected, 'x', STEM_MAX);
    tokens_are(text, sizeof text, expected);
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\u0434", 2);
    for (size_t i = 0; i < STEM_MAX; i += 2)
        memcpy(expected + i, "\u0434", 2);
    tokens_are(text, sizeof text, expected);
}

static void any_bytes_will_do(void **state)
{
    tokens_are("a\xff"
               "b\xc3 c\0d \xed\xa0\x80 e",
               14, "a b c d e");
    tokens_are("\xe2\x80", 2, "");
    check("\u0301\u0301", "");
    check("\u115f-word", "word word");
}

static int ignore(void *ctx, const char *token, size_t len, size_t start, size_t end,
                  bool colocated)
{
    (*(size_t *)ctx)++;
    return 0;
}

static void time_is_linear_in_the_text(void **state)
{
    static const char *const nasty[] = {"a-", "1,000", "'",    "a'", "\u0301", "x.",
                                        "+",  "a&",    "\xff", "9'", "\u4e2d"};
    struct tokenizer *t = NULL;
    assert_int_equal(tokenizer_new(&t), 0);
    size_t len = 1 << 20, n = 0;
    char *text = malloc(len);
    for (size_t i = 0; i < sizeof nasty / sizeof *nasty; i++) {
        for (size_t j = 0; j < len; j++)
            text[j] = nasty[i][j % strlen(nasty[i])];
        assert_int_equal(tokenizer_run(t, text, len, ignore, &n), 0);
    }
    free(text);
    tokenizer_free(t);
}

static int stop_at_second(void *ctx, const char *token, size_t len, size_t start, size_t end,
                          bool colocated)
{
    return ++*(int *)ctx == 2 ? 7 : 0;
}

static void a_callback_can_stop_it(void **state)
{
    struct tokenizer *t = NULL;
    int n = 0;
    assert_int_equal(tokenizer_new(&t), 0);
    assert_int_equal(tokenizer_run(t, "one two three", 13, stop_at_second, &n), 7);
    assert_int_equal(n, 2);
    tokenizer_free(t);
}

/* How many rows of one column match. */
static int matches(sqlite3 *db, const char *query)
{
    sqlite3_stmt *st = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT count(*) FROM t WHERE t MATCH ?", -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_text(st, 1, query, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int n = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return n;
}

static void fts5_uses_it(void **state)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(tokenizer_register(db), 0);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE VIRTUAL TABLE t USING fts5(a, tokenize='guidepost');"
                                  "INSERT INTO t VALUES('the universities follow-up in C++, U.S.'),"
                                  " (char(1) || 'de Häuser im Markt')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(matches(db, "\"university\""), 1);
    assert_int_equal(matches(db, "\"followup\""), 1);
    assert_int_equal(matches(db, "\"follow up in\""), 1);
    assert_int_equal(matches(db, "\"c++\""), 1);
    assert_int_equal(matches(db, "\"c\""), 0);
    assert_int_equal(matches(db, "\"\001de haus\""), 1);
    assert_int_equal(matches(db, "\"US\""), 1);
    sqlite3_close(db);
}

static char *places(struct tokenizer *t, const char *text)
{
    sqlite3_str *out = sqlite3_str_new(NULL);
    assert_int_equal(tokenizer_run(t, text, strlen(text), append_place, out), 0);
    return sqlite3_str_finish(out);
}

static const char *const part[] = {"the",
                                   "Studies",
                                   "US",
                                   "it",
                                   "U.S.",
                                   "C++",
                                   ".NET",
                                   "don't",
                                   "3rd",
                                   "2.5",
                                   "a-b",
                                   "x",
                                   "\u00e9t\u00e9",
                                   "R&D",
                                   "a.b",
                                   ".",
                                   ",",
                                   "!",
                                   "\"",
                                   "/",
                                   "-",
                                   "'",
                                   "#",
                                   "\u65e5",
                                   "e.g.",
                                   "Ph.D.",
                                   "ends.",
                                   "(in)",
                                   "Iphone",
                                   "iPhone",
                                   "+"};

/* Some of them in a row, most with a blank behind. */
static void draw_text(unsigned *seed, int n, char text[256])
{
    for (*text = 0; n; n--) {
        *seed = *seed * 1664525u + 1013904223u;
        strcat(text, part[(*seed >> 8) % (sizeof part / sizeof *part)]);
        if (*seed >> 24 & 3)
            strcat(text, " ");
    }
}

/* Words before a blank take a short way. A tab parts words like a blank and is not on it. */
static void the_short_way_gives_what_the_long_one_gives(void **state)
{
    struct tokenizer *t = NULL;
    unsigned seed = 11;
    assert_int_equal(tokenizer_new(&t), 0);
    for (int round = 0; round < 20000; round++) {
        char text[256], tabs[256];
        draw_text(&seed, round % 8 + 1, text);
        strcpy(tabs, text);
        for (char *s = tabs; *s; s++)
            if (*s == ' ')
                *s = '\t';
        char *quick = places(t, text), *slow = places(t, tabs);
        if (strcmp(quick ? quick : "", slow ? slow : "") != 0)
            fail_msg("%s\n%s\n%s", text, quick, slow);
        sqlite3_free(quick);
        sqlite3_free(slow);
    }
    tokenizer_free(t);
}

/* The words of a text, as a listener hears them. */
struct heard {
    struct text_word word[128];
    size_t n;
};

static int hear(void *ctx, const char *token, size_t len, size_t start, size_t end, bool colocated)
{
    struct heard *h = ctx;
    h->word[h->n++] = (struct text_word){.hash = word_hash(token, len),
                                         .start = (uint32_t)start,
                                         .len = (uint32_t)(end - start) & 0x3fffffff,
                                         .other = colocated,
                                         .stop = !colocated && stopword("en", token, len)};
    return 0;
}

static void assert_heard(const struct heard *h, const struct text_word *word, size_t n,
                         const char *text)
{
    bool same = h->n == n;
    for (size_t i = 0; same && i < n; i++)
        same = h->word[i].hash == word[i].hash && h->word[i].stop == word[i].stop &&
               h->word[i].start == word[i].start && h->word[i].len == word[i].len &&
               h->word[i].other == word[i].other;
    if (!same)
        fail_msg("\"%s\"", text);
}

static void hashes_are_those_of_the_tokens(void **state)
{
    struct tokenizer *t = NULL;
    unsigned seed = 12;
    assert_int_equal(tokenizer_new(&t), 0);
    for (int round = 0; round < 20000; round++) {
        char text[256];
        struct heard heard = {.n = 0};
        struct text_words hashed;
        struct text_word placed[129] = {{0}};
        struct pool *pool = pool_new();
        draw_text(&seed, round % 8 + 1, text);
        assert_int_equal(tokenizer_run(t, text, strlen(text), hear, &heard), 0);
        tokenizer_hash(t, "en", text, strlen(text), pool, &hashed);
        assert_heard(&heard, hashed.word, hashed.n, text);
        for (size_t i = 0; i < heard.n; i++) {
            placed[i].hash = heard.word[i].hash;
            placed[i].stop = heard.word[i].stop;
        }
        assert_true(tokenizer_place(t, "en", text, strlen(text), placed, heard.n));
        assert_heard(&heard, placed, heard.n, text);
        assert_false(tokenizer_place(t, "en", text, strlen(text), placed, heard.n + 1));
        assert_false(heard.n && tokenizer_place(t, "en", text, strlen(text), placed, heard.n - 1));
        pool_free(pool);
    }
    tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded_and_stemmed),
        cmocka_unit_test(apostrophes_leave_no_trace),
        cmocka_unit_test(numbers_are_one_token),
        cmocka_unit_test(names_keep_their_marks),
        cmocka_unit_test(compounds_also_give_their_parts),
        cmocka_unit_test(abbreviations_lose_their_dots),
        cmocka_unit_test(acronyms_can_be_told_from_stop_words),
        cmocka_unit_test(scripts_without_blanks_give_characters),
        cmocka_unit_test(the_mark_chooses_the_language),
        cmocka_unit_test(long_words_are_cut_between_characters),
        cmocka_unit_test(any_bytes_will_do),
        cmocka_unit_test(time_is_linear_in_the_text),
        cmocka_unit_test(the_short_way_gives_what_the_long_one_gives),
        cmocka_unit_test(hashes_are_those_of_the_tokens),
        cmocka_unit_test(a_callback_can_stop_it),
        cmocka_unit_test(fts5_uses_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
