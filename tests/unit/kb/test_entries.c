/* test_entries.c: entries survive being written and read, in every form, whatever is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb/entries.h"
#include "kb/kb.h"
#include "kb/pool.h"
#include "tests/unit/kb/folder.h"

static struct kb_report report;

static int set_up(void **state)
{
    report = (struct kb_report){0};
    return folder_setup(state);
}

static int tear_down(void **state)
{
    kb_report_release(&report);
    return folder_teardown(state);
}

static char *written(enum kb_form form, const struct kb_entries *all, size_t *ret_len)
{
    char *s = NULL;
    FILE *out = open_memstream(&s, ret_len);
    assert_true(kb_entries_write(out, form, all));
    fclose(out);
    return s;
}

static int read_text(const char *text, size_t len, enum kb_form form, struct kb_entries *to)
{
    folder_write_bytes("in", text, len);
    return kb_entries_read(folder("in"), form, to, &report);
}

static void must_read(const char *text, size_t len, enum kb_form form, struct kb_entries *to)
{
    if (read_text(text, len, form, to))
        fail_msg("%s: %s\n%s", kb_form_name(form),
                 report.nproblem ? report.problem[0].message : "no reason", text);
}

/* ---- whatever is in them ---- */

static uint32_t seed;

static uint32_t dice(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static const char *const odd[] = {"yes",
                                  "null",
                                  "- a list",
                                  "# no heading",
                                  "a: b",
                                  "\"quoted\"",
                                  "it's",
                                  "=1+1",
                                  "@home",
                                  "+49",
                                  "-5",
                                  "{x}",
                                  "[y]",
                                  "a|b",
                                  "a;b",
                                  "%",
                                  "\\n",
                                  "c:\\d",
                                  "\u00e9t\u00e9",
                                  "\u2013",
                                  "<b>",
                                  "&amp;",
                                  "a, b",
                                  "*",
                                  "!tag",
                                  "> q",
                                  "`code`",
                                  "tab\there",
                                  "1e5",
                                  "2026-11-21",
                                  "~",
                                  "'"};

static const char *words(struct pool *pool, uint32_t max, bool in_list)
{
    const char *s = "w";
    for (uint32_t n = dice(max); n--;) {
        const char *w = odd[dice(sizeof odd / sizeof *odd)];
        if (in_list && strpbrk(w, "|;\t"))
            continue; /* a cell separates its texts by these */
        s = pool_printf(pool, "%s %s", s, w);
    }
    return dice(3) ? s
                   : pool_printf(pool, "%s x", odd[in_list ? 0 : dice(sizeof odd / sizeof *odd)]);
}

/* One line of text has no tab in it: all forms agree on that. */
static const char *one_line(struct pool *pool, uint32_t max, bool in_list)
{
    char *s = pool_strdup(pool, words(pool, max, in_list));
    for (char *c = s; *c; c++)
        if (*c == '\t')
            *c = ' ';
    return s;
}

static const char *answer(struct pool *pool)
{
    const char *s = one_line(pool, 8, false);
    for (uint32_t n = dice(5); n--;)
        s = pool_printf(pool, "%s\n%s%s%s", s, dice(2) ? "\n" : "", dice(3) ? "" : "    ",
                        one_line(pool, 8, false));
    return s;
}

static void add_texts(struct kb_entries *all, struct kb_curated *e, enum kb_entry_list which)
{
    struct kb_texts *list = &e->list[which];
    for (uint32_t n = dice(4); n--;)
        *POOL_PUSH(all->pool, list->s, list->n, list->cap) = one_line(all->pool, 5, true);
}

static void make(struct kb_entries *all, uint32_t n)
{
    static const char *const lang[] = {"", "en", "de"}, *const day[] = {"", "2026-01-31"};
    for (uint32_t i = 0; i < n; i++) {
        struct kb_curated *e = POOL_PUSH(all->pool, all->entry, all->n, all->cap);
        *e = (struct kb_curated){.id = pool_printf(all->pool, "id-%u", i),
                                 .question = one_line(all->pool, 6, false),
                                 .answer = answer(all->pool),
                                 .url = dice(3) ? "" : "https://example.org/a?b=c",
                                 .lang = lang[dice(3)],
                                 .audience = dice(3) ? "" : "staff",
                                 .status = dice(4) ? "" : "draft",
                                 .reviewed = day[dice(2)],
                                 .valid_from = "",
                                 .valid_until = day[dice(2)]};
        for (int k = 0; k < KB_NLISTS; k++)
            add_texts(all, e, (enum kb_entry_list)k);
    }
}

static void expect_same(const struct kb_entries *a, const struct kb_entries *b, const char *text)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        if (!kb_curated_same(&a->entry[i], &b->entry[i]))
            fail_msg("seed %u: entry %zu came back otherwise: \"%s\" / \"%s\"\n\"%s\" / \"%s\"\n%s",
                     seed, i, a->entry[i].question, b->entry[i].question, a->entry[i].answer,
                     b->entry[i].answer, text);
}

/* Written, read, written: the same entries, and the same bytes. */
static void our_own_forms_lose_nothing_and_are_stable(void **state)
{
    for (uint32_t round = 0; round < 300; round++) {
        enum kb_form form = (enum kb_form)(round % (KB_FORM_JSON + 1));
        struct pool *pool = pool_new();
        struct kb_entries all = {.pool = pool}, back = {.pool = pool};
        size_t len, again_len;
        seed = 7 + round;
        make(&all, 1 + dice(6));
        char *text = written(form, &all, &len);
        must_read(text, len, form, &back);
        expect_same(&all, &back, text);
        char *again = written(form, &back, &again_len);
        assert_string_equal(text, again);
        free(again);
        free(text);
        pool_free(pool);
    }
}

/* What they have a place for comes back. */
static void other_programs_forms_keep_questions_aliases_and_answers(void **state)
{
    for (uint32_t round = 0; round < 200; round++) {
        enum kb_form form = round % 2 ? KB_FORM_QNABOT : KB_FORM_QNAMAKER;
        struct pool *pool = pool_new();
        struct kb_entries all = {.pool = pool}, back = {.pool = pool};
        size_t len;
        seed = 1000 + round;
        make(&all, 1 + dice(6));
        for (size_t i = 0; i < all.n; i++)
            for (size_t k = 0; k < all.entry[i].list[KB_AKA].n;
                 k++) /* ours alone may repeat itself */
                all.entry[i].list[KB_AKA].s[k] =
                    pool_printf(pool, "%zu %s", k, all.entry[i].list[KB_AKA].s[k]);
        char *text = written(form, &all, &len);
        must_read(text, len, form, &back);
        assert_int_equal(back.n, all.n);
        for (size_t i = 0; i < all.n; i++) {
            const struct kb_curated *a = &all.entry[i], *b = &back.entry[i];
            assert_string_equal(a->id, b->id);
            assert_string_equal(a->question, b->question);
            assert_int_equal(a->list[KB_AKA].n, b->list[KB_AKA].n);
        }
        free(text);
        pool_free(pool);
    }
}

/* ---- what other programs really write ---- */

static void rows_of_one_answer_are_ways_to_ask_it(void **state)
{
    static const char text[] =
        "Question\tAnswer\tSource\tMetadata\tSuggestedQuestions\tIsContextOnly\tPrompts\tQnaId\n"
        "How much do they earn?\tAbout **$40,000**.\\n\\nIt depends.\tguide.docx\t\t[]\tFalse\t"
        "[{\"displayOrder\":0,\"qnaId\":12,\"displayText\":\"Why?\"}]\t11\n"
        "what is the pay\tAbout **$40,000**.\\n\\nIt depends.\tguide.docx\t\t[]\tFalse\t[]\t11\n"
        "\n"
        "Why does it depend?\tOn where you "
        "work.\tguide.docx\tguidepost_id:why\t[]\tFalse\t[]\t12\n";
    struct pool *pool = pool_new();
    struct kb_entries all = {.pool = pool};
    must_read(text, sizeof text - 1, KB_FORM_QNAMAKER, &all);
    assert_int_equal(all.n, 2);
    assert_string_equal(all.entry[0].id, "how-much-do-they-earn");
    assert_string_equal(all.entry[0].answer, "About **$40,000**.\n\nIt depends.");
    assert_int_equal(all.entry[0].list[KB_AKA].n, 1);
    assert_string_equal(all.entry[0].list[KB_AKA].s[0], "what is the pay");
    assert_string_equal(all.entry[0].list[KB_FOLLOWUPS].s[0], "why");
    assert_string_equal(all.entry[1].id, "why");
    pool_free(pool);
}

static void items_that_are_no_questions_are_named_and_left_out(void **state)
{
    static const char text[] =
        "{\"qna\":[{\"qid\":\"Pay.001\",\"type\":\"qna\",\"q\":[\"How much?\",\"what "
        "pay\"],\"a\":\"Forty.\","
        "\"alt\":{\"markdown\":\"**Forty**.\"},\"t\":\"money\"},"
        "{\"qid\":\"Quiz.1\",\"type\":\"quiz\",\"question\":\"?\"},"
        "{\"qid\":\"a b\",\"type\":\"qna\",\"q\":[\"Where?\"],\"a\":\"Here.\"}]}";
    struct pool *pool = pool_new();
    struct kb_entries all = {.pool = pool};
    must_read(text, sizeof text - 1, KB_FORM_QNABOT, &all);
    assert_int_equal(all.n, 2);
    assert_string_equal(all.entry[0].id, "Pay.001");
    assert_string_equal(all.entry[0].answer, "**Forty**.");
    assert_string_equal(all.entry[0].list[KB_AKA].s[0], "what pay");
    assert_string_equal(all.entry[1].id, "a-b");
    assert_int_equal(report.warnings, 1);
    assert_non_null(strstr(report.problem[0].message, "Quiz.1"));
    pool_free(pool);
}

/* ---- what is wrong ---- */

static void a_mistake_anywhere_and_nothing_is_read(void **state)
{
    static const struct {
        enum kb_form form;
        const char *text, *part;
    } bad[] = {
        {KB_FORM_FAQ, "- q: one\n  a: x\n- q: two\n", "no answer"},
        {KB_FORM_FAQ, "- {id: x, q: one, a: x}\n- {id: x, q: two, a: y}\n", "taken by line 1"},
        {KB_FORM_CSV, "question,answer\none,\"open\n", "quote"},
        {KB_FORM_JSON, "[{\"question\":\"a\",\"answer\":\"b\"},", "closed"},
        {KB_FORM_QNAMAKER, "Frage\tAntwort\na\tb\n", "columns Question and Answer"},
        {KB_FORM_QNAMAKER, "Question\tAnswer\na\tb\nc\t\n", "no answer"},
        {KB_FORM_QNABOT, "{\"questions\":[]}", "list 'qna'"},
        {KB_FORM_QNABOT,
         "{\"qna\":[{\"qid\":\"x\",\"q\":[\"a\"],\"a\":\"b\"},{\"qid\":\"y\",\"q\":[],\"a\":\"b\"}]"
         "}",
         "item 2 ('y') has no question"},
        {KB_FORM_QNABOT, "", "empty"},
        {KB_FORM_CSV, "a\0b", "no text"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pool *pool = pool_new();
        struct kb_entries all = {.pool = pool};
        size_t len = i == 9 ? 3 : strlen(bad[i].text);
        if (!read_text(bad[i].text, len, bad[i].form, &all))
            fail_msg("was read: %s", bad[i].text);
        assert_int_equal(all.n, 0);
        assert_true(report.errors > 0);
        bool named = false;
        for (size_t k = 0; k < report.nproblem; k++)
            named |= strstr(report.problem[k].message, bad[i].part) != NULL;
        if (!named)
            fail_msg("%s: says \"%s\"", bad[i].text, report.problem[0].message);
        kb_report_release(&report);
        report = (struct kb_report){0};
        pool_free(pool);
    }
}

static void a_cell_is_never_a_formula(void **state)
{
    struct pool *pool = pool_new();
    struct kb_entries all = {.pool = pool}, back = {.pool = pool};
    struct kb_curated e = kb_curated_blank();
    e.id = "x";
    e.question = "=HYPERLINK(\"http://evil\")";
    e.answer = "- one\n- two";
    *POOL_PUSH(pool, all.entry, all.n, all.cap) = e;
    size_t len;
    char *text = written(KB_FORM_CSV, &all, &len);
    assert_null(strstr(text, ",="));
    assert_null(strstr(text, "\"="));
    assert_null(strstr(text, "\"- one"));
    must_read(text, len, KB_FORM_CSV, &back);
    expect_same(&all, &back, text);
    free(text);
    pool_free(pool);
}

static void a_file_says_by_its_name_and_its_head_what_it_is(void **state)
{
    static const struct {
        const char *name, *text;
        enum kb_form form;
    } files[] = {{"a.faq.yaml", "x", KB_FORM_FAQ},
                 {"a.csv", "x", KB_FORM_CSV},
                 {"a.tsv", "question\tanswer\n", KB_FORM_TSV},
                 {"b.tsv", "Question\tAnswer\tQnaId\n", KB_FORM_QNAMAKER},
                 {"a.json", "[]", KB_FORM_JSON},
                 {"b.json", "{\"qna\":[]}", KB_FORM_QNABOT},
                 {"a.xlsx", "x", KB_FORM_UNKNOWN}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        folder_write_bytes(files[i].name, files[i].text, strlen(files[i].text));
        assert_int_equal(kb_form_of(folder(files[i].name)), files[i].form);
    }
    for (int f = 0; f < KB_FORM_UNKNOWN; f++)
        assert_int_equal(kb_form_named(kb_form_name((enum kb_form)f)), f);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(our_own_forms_lose_nothing_and_are_stable),
        T(other_programs_forms_keep_questions_aliases_and_answers),
        T(rows_of_one_answer_are_ways_to_ask_it),
        T(items_that_are_no_questions_are_named_and_left_out),
        T(a_mistake_anywhere_and_nothing_is_read),
        T(a_cell_is_never_a_formula),
        T(a_file_says_by_its_name_and_its_head_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
