/* One entry of a FAQ file, or one group of synonyms, is changed: what is read afterwards is what was wanted, every byte of the
 * others is where it was, and no comment is lost, however the file is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kb/edit.h"
#include "kb/kb.h"
#include "kb/pool.h"

static struct pool *pool;
static struct kb_report report;

static int setup(void **state)
{
    pool = pool_new();
    report = (struct kb_report){0};
    return 0;
}

static int teardown(void **state)
{
    kb_report_release(&report);
    pool_free(pool);
    return 0;
}

static struct kb_bytes bytes(const char *s)
{
    return (struct kb_bytes){s, strlen(s)};
}

static void add(struct kb_curated *e, enum kb_entry_list which, const char *s)
{
    *POOL_PUSH(pool, e->list[which].s, e->list[which].n, e->list[which].cap) = s;
}

static const char *edited(const char *old, const char *id, const struct kb_curated *e)
{
    struct kb_bytes now = {0};
    int rc = kb_edit_entry(pool, "x.faq.yaml", old ? bytes(old) : (struct kb_bytes){0}, id, e, &now,
                           NULL, &report);
    if (rc)
        fail_msg("%s\n%s", report.nproblem ? report.problem[0].message : "?", old ? old : "");
    assert_int_equal(strlen(now.s), now.len);
    return now.s;
}

/* ---- by example ---- */

static const char by_hand[] = "# Pay. Ann looks after these.\n"
                              "title: Pay\n"
                              "entries:\n"
                              "  # the first one\n"
                              "  - id: pay   # never rename\n"
                              "    q: 'What is the pay?'\n"
                              "    aka: [salary, \"wage, gross\"]\n"
                              "    a: |\n"
                              "      About **50**.\n"
                              "\n"
                              "      # not a comment\n"
                              "    # asked by Ben\n"
                              "    tests:\n"
                              "      - how much    # often\n"
                              "\n"
                              "  # the second one\n"
                              "  - q: Where?\n"
                              "    a: Here.\n"
                              "owner: ann";

static struct kb_curated pay(void)
{
    struct kb_curated e = kb_curated_blank();
    e.id = "pay";
    e.question = "What is the pay?";
    e.answer = "About **50**.\n\n# not a comment";
    add(&e, KB_AKA, "salary");
    add(&e, KB_AKA, "wage, gross");
    add(&e, KB_TESTS, "how much");
    return e;
}

static void what_says_the_same_changes_no_byte(void **state)
{
    struct kb_curated e = pay();
    assert_string_equal(edited(by_hand, "pay", &e), by_hand);
}

static void a_text_more_in_a_list_is_a_line_more(void **state)
{
    struct kb_curated e = pay();
    add(&e, KB_TESTS, "what do they get: much?");
    const char *now = edited(by_hand, "pay", &e), *at = strstr(now, "# often\n") + 8;
    static const char line[] = "      - \"what do they get: much?\"\n";
    assert_memory_equal(at, line, sizeof line - 1);
    assert_memory_equal(now, by_hand, (size_t)(at - now));
    assert_string_equal(at + sizeof line - 1, by_hand + (at - now));
}

static void a_changed_answer_keeps_the_comments_and_all_else(void **state)
{
    struct kb_curated e = pay();
    e.answer = "It is 60.";
    e.valid_until = "2031-01-01";
    const char *now = edited(by_hand, "pay", &e);
    assert_non_null(strstr(now, "    a: |\n      It is 60.\n"));
    assert_non_null(strstr(now, "# never rename\n"));
    assert_non_null(strstr(now, "    # asked by Ben\n    tests:\n      - how much    # often\n"));
    assert_non_null(strstr(now, "    valid_until: \"2031-01-01\"\n\n  # the second one\n"));
    assert_non_null(strstr(now, "    a: Here.\nowner: ann"));
    assert_null(strstr(now, "not a comment"));
}

static void a_comment_inside_of_what_is_written_anew_stands_behind_it(void **state)
{
    struct kb_curated e = pay();
    e.id = "wages";
    e.list[KB_TESTS].s[0] = "how little";
    const char *now = edited(by_hand, "pay", &e);
    assert_non_null(strstr(now, "  - id: wages\n    # never rename\n    q: 'What is the pay?'\n"));
    assert_non_null(strstr(now, "    tests:\n      - how little\n    # often\n"));
}

static void a_new_entry_stands_behind_the_last_one(void **state)
{
    struct kb_curated e = kb_curated_blank();
    e.question = "When?";
    e.answer = "Now.";
    assert_non_null(strstr(edited(by_hand, NULL, &e),
                           "    a: Here.\n\n  - id: when\n    q: When?\n    a: |\n"
                           "      Now.\nowner: ann"));
    assert_string_equal(edited(NULL, NULL, &e), "- id: when\n  q: When?\n  a: |\n    Now.\n");
    assert_string_equal(edited("# ours", NULL, &e),
                        "# ours\n\n- id: when\n  q: When?\n  a: |\n    Now.\n");
    assert_string_equal(
        edited("- q: Where?\r\n  a: Here.\r\n", NULL, &e),
        "- q: Where?\r\n  a: Here.\r\n\r\n- id: when\r\n  q: When?\r\n  a: |\r\n    Now.\r\n");
}

static void what_cannot_be_kept_apart_is_refused_with_a_reason(void **state)
{
    struct kb_curated e = kb_curated_blank();
    struct kb_bytes now = {0};
    e.question = "When?";
    e.answer = "Now.";
    static const char *const odd[] = {"[{q: Where?, a: Here.}]", "- q: [\n",
                                      "- {q: Where?, a: Here.}", "entries: []"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        size_t before = report.errors;
        int rc = kb_edit_entry(pool, "x", bytes(odd[i]), NULL, &e, &now, NULL, &report);
        assert_int_equal(rc, KB_ERR_INPUT);
        assert_true(report.errors > before);
    }
    assert_int_equal(kb_edit_entry(pool, "x", bytes(by_hand), "nobody", &e, &now, NULL, &report),
                     KB_ERR_INPUT);
    e.url = "javascript:alert(1)";
    assert_int_equal(kb_edit_entry(pool, "x", bytes(by_hand), NULL, &e, &now, NULL, &report),
                     KB_ERR_INPUT);
    assert_null(now.s);
}

/* ---- by chance ---- */

static uint64_t seed;

static unsigned chance(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

static const char *some_text(void)
{
    static const char *const piece[] = {
        "pay",   "a: b", "#1", "wie \303\274blich", "'q'", "\"x\"", "- no", "[1, 2]", "yes", "50 %",
        "x # y", "|",    "{}", "back\\slash",       "&a",  "*b",    "!c",   "time: "};
    const char *s = pool_printf(pool, "w%u", chance(100));
    for (unsigned n = chance(4); n; n--)
        s = pool_printf(pool, "%s %s", s, piece[chance(sizeof piece / sizeof piece[0])]);
    return chance(3) ? s : pool_printf(pool, "%s %s", piece[chance(18)], s);
}

static const char *some_answer(void)
{
    const char *s = some_text();
    for (unsigned n = chance(4); n; n--)
        s = pool_printf(pool, "%s%s%s%s", s, chance(2) ? "\n" : "\n\n", chance(3) ? "" : "    ",
                        some_text());
    return s;
}

static void change_something(struct kb_curated *e)
{
    switch (chance(8)) {
    case 0: e->question = some_text(); break;
    case 1: e->answer = some_answer(); break;
    case 2: e->url = chance(2) ? "https://example.org/a#b" : ""; break;
    case 3: e->valid_until = chance(2) ? "2030-12-31" : ""; break;
    case 4: e->status = chance(2) ? "draft" : ""; break;
    default: {
        struct kb_texts *l = &e->list[chance(KB_NLISTS)];
        if (l->n && !chance(3))
            l->n--;
        else if (l->n && !chance(3))
            l->s[chance((unsigned)l->n)] = some_text();
        else
            *POOL_PUSH(pool, l->s, l->n, l->cap) = some_text();
    }
    }
}

static const char *quoted(const char *s)
{
    const char *q = "'";
    for (; *s; s++)
        q = pool_printf(pool, *s == '\'' ? "%s''" : "%s%c", q, *s);
    return pool_printf(pool, "%s'", q);
}

static unsigned ncomment;

static const char *maybe_comment(const char *before, const char *behind)
{
    return chance(3) ? behind
                     : pool_printf(pool, "%s# c%u%s%s", before, ncomment++, chance(2) ? "" : " 'x",
                                   behind);
}

/* An entry as somebody may have written it: in any order, with any quotes, and comments anywhere. */
static const char *as_typed(const struct kb_curated *e, unsigned column)
{
    static const char *const names[KB_NLISTS] = {"aka", "followups", "needs",
                                                 "not", "tests",     "not_tests"};
    const char *in = pool_printf(pool, "%*s", (int)column + 2, "");
    const char *s =
        pool_printf(pool, "%*s- id: %s%s", (int)column, "", e->id, maybe_comment("  ", "\n"));
    s = pool_printf(pool, "%s%sq: %s%s", s, in, quoted(e->question), maybe_comment(" ", "\n"));
    for (unsigned k = 0; k < KB_NLISTS; k++) {
        const struct kb_texts *l = &e->list[k];
        if (!l->n)
            continue;
        bool flow = !chance(3);
        s = pool_printf(pool, "%s%s%s:%s", s, in, names[k], flow ? " [" : maybe_comment(" ", "\n"));
        for (size_t i = 0; i < l->n; i++)
            s = flow ? pool_printf(pool, "%s%s%s", s, i ? ", " : "", quoted(l->s[i]))
                     : pool_printf(pool, "%s%s%s- %s%s", s, in, chance(2) ? "" : "",
                                   quoted(l->s[i]), maybe_comment("   ", "\n"));
        if (flow)
            s = pool_printf(pool, "%s]%s", s, maybe_comment(" ", "\n"));
    }
    if (*e->url)
        s = pool_printf(pool, "%s%surl: %s%s", s, in, e->url, maybe_comment(" ", "\n"));
    if (*e->valid_until)
        s = pool_printf(pool, "%s%svalid_until: %s\n", s, in, e->valid_until);
    if (*e->status)
        s = pool_printf(pool, "%s%sstatus: %s\n", s, in, e->status);
    s = pool_printf(pool, "%s%sa: |%s", s, in, maybe_comment(" ", "\n"));
    for (const char *line = e->answer; *line;) {
        int n = (int)strcspn(line, "\n");
        s = n ? pool_printf(pool, "%s%s   %.*s\n", s, in, n, line) : pool_printf(pool, "%s\n", s);
        line += n + (line[n] == '\n');
    }
    return s;
}

static struct kb_curated some_entry(unsigned n)
{
    struct kb_curated e = kb_curated_blank();
    e.id = pool_printf(pool, "e%u", n);
    e.question = some_text();
    e.answer = some_answer();
    for (unsigned k = chance(6); k; k--)
        change_something(&e);
    return e;
}

static void no_comment_is_lost(const char *now, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const char *mark = pool_printf(pool, "# c%u", i), *at = now;
        size_t len = strlen(mark);
        while ((at = strstr(at, mark)) && at[len] >= '0' && at[len] <= '9')
            at++;
        if (!at)
            fail_msg("%s is gone:\n%s", mark, now);
    }
}

static void any_edit_reads_back_and_the_rest_stays(void **state)
{
    for (unsigned round = 0; round < 1500; round++) {
        seed = round * 2654435761u + 1;
        ncomment = 0;
        bool map = !chance(3);
        unsigned n = 1 + chance(4), which = chance(n), column = map ? chance(3) : 0;
        const char *before = map ? "title: T\nentries:\n" : "", *behind = "", *mine = "";
        struct kb_curated e = kb_curated_blank();
        for (unsigned i = 0; i < n; i++) {
            struct kb_curated one = some_entry(i);
            const char *s = as_typed(&one, column);
            const char *gap = maybe_comment(pool_printf(pool, "\n%*s", (int)column, ""),
                                            chance(2) ? "\n" : "\n\n");
            if (i == which) {
                mine = s;
                e = one;
                behind = gap;
            } else if (i < which) {
                before = pool_printf(pool, "%s%s%s", before, s, gap);
            } else {
                behind = pool_printf(pool, "%s%s%s", behind, s, gap);
            }
        }
        for (unsigned k = chance(4); k; k--)
            change_something(&e);
        const char *now = edited(pool_printf(pool, "%s%s%s", before, mine, behind), e.id, &e);
        size_t a = strlen(before), b = strlen(behind), len = strlen(now);
        assert_true(len >= a + b);
        assert_memory_equal(now, before, a);
        assert_string_equal(now + len - b, behind);
        no_comment_is_lost(now, ncomment);
        kb_report_release(&report);
        report = (struct kb_report){0};
        pool_free(pool);
        pool = pool_new();
    }
}

/* ---- synonyms ---- */

static const char synonyms[] = "# words\n"
                               "- words: [pay, salary]   # both\n"
                               "  weight: 0.9\n"
                               "\n"
                               "# one way\n"
                               "- from: [tech]\n"
                               "  to: [technician]\n";

static struct kb_texts texts(const char *a, const char *b)
{
    struct kb_texts t = {0};
    *POOL_PUSH(pool, t.s, t.n, t.cap) = a;
    if (b)
        *POOL_PUSH(pool, t.s, t.n, t.cap) = b;
    return t;
}

static const char *regrouped(const char *old, size_t line, const struct kb_group *g)
{
    struct kb_bytes now = {0};
    int rc = kb_edit_group(pool, "synonyms.yaml", old ? bytes(old) : (struct kb_bytes){0}, line, g,
                           &now, &report);
    if (rc)
        fail_msg("%s", report.nproblem ? report.problem[0].message : "?");
    return now.s;
}

static void a_group_is_added_changed_and_taken_out(void **state)
{
    struct kb_group g = {.words = texts("stipend", "grant: money")},
                    one = {
                        .from = texts("lab", NULL), .to = texts("laboratory", NULL), .weight = 0.5};
    struct kb_groups all = {.pool = pool};
    assert_int_equal(kb_groups_read("s", bytes(synonyms), &all, &report), 0);
    assert_int_equal(all.n, 2);
    assert_int_equal(all.group[1].line, 6);
    assert_string_equal(regrouped(synonyms, 0, &g),
                        pool_printf(pool, "%s- words: [stipend, \"grant: money\"]\n", synonyms));
    assert_string_equal(regrouped(NULL, 0, &one),
                        "- from: [lab]\n  to: [laboratory]\n  weight: 0.5\n");
    assert_string_equal(regrouped(synonyms, 2, &g),
                        "# words\n- words: [stipend, \"grant: money\"]\n  # both\n\n# one way\n- "
                        "from: [tech]\n  to: [technician]\n");
    assert_string_equal(regrouped(synonyms, 6, NULL),
                        "# words\n- words: [pay, salary]   # both\n  weight: 0.9\n\n# one way\n");
    struct kb_bytes now = {0};
    assert_int_equal(kb_edit_group(pool, "s", bytes(synonyms), 5, &g, &now, &report), KB_ERR_INPUT);
    assert_int_equal(kb_edit_group(pool, "s", bytes("[{words: [a, b]}]"), 0, &g, &now, &report),
                     KB_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_says_the_same_changes_no_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(a_text_more_in_a_list_is_a_line_more, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_answer_keeps_the_comments_and_all_else, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_comment_inside_of_what_is_written_anew_stands_behind_it,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_entry_stands_behind_the_last_one, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_kept_apart_is_refused_with_a_reason, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(any_edit_reads_back_and_the_rest_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(a_group_is_added_changed_and_taken_out, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
