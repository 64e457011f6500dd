/* test_source.c: paths become documents, in an order that never changes, and nothing goes unsaid. */
#include "source.h"

static void test_a_folder_is_read_in_byte_order(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "guides/b.md", "# B\n\nText.\n");
    tree_add_text(&t, "guides/Z.md", "# Z\n\nText.\n");
    tree_add_text(&t, "guides/a/deep.txt", "Some text of one line.\n");
    tree_add_text(&t, "guides/faq.FAQ.yml", "- {q: Q?, a: A.}\n");
    tree_add_text(&t, "guides/.hidden.md", "# H\n");
    tree_add_text(&t, "guides/_draft/d.md", "# D\n");
    tree_add_text(&t, "guides/synonyms.yaml", "x: y\n");
    tree_add_text(&t, "guides/photo.jpg", "\xFF\xD8");
    struct parsed p = tree_read(&t, "guides");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.n, 4);
    assert_string_equal(p.doc[0].id, "Z");
    assert_string_equal(p.doc[1].id, "a/deep");
    assert_string_equal(p.doc[2].id, "b");
    assert_string_equal(p.doc[3].id, "faq");
    assert_string_equal(p.doc[1].file, "guides/a/deep.txt");
    assert_int_equal(p.report.read, 4);
    assert_int_equal(p.report.rejected, 0);
    parsed_release(&p);
    tree_free(&t);
}

static void test_a_file_that_is_named_is_called_by_its_name(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "x/guide.md", "# Guide\n");
    struct parsed p = tree_read(&t, "x/guide.md");
    assert_string_equal(p.doc[0].id, "guide");
    parsed_release(&p);
    tree_free(&t);
}

static void test_what_is_no_source_is_an_error_when_named(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "a.pdf", "%PDF");
    struct parsed p = tree_read(&t, "a.pdf");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 0, 0, "no known kind");
    parsed_release(&p);
    p = tree_read(&t, "absent.md");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 0, 0, "is not there");
    assert_int_equal(p.report.rejected, 1);
    parsed_release(&p);
    tree_free(&t);
}

static void test_binary_empty_and_repaired_files_are_told(void **state)
{
    struct tree t = tree_new();
    tree_add(&t, "bin.md", "a\0b\0", 4);
    tree_add_text(&t, "bell.md", "a \a rings when all is done, as it did in the days of old\n");
    tree_add_text(&t, "empty.md", " \n\n");
    tree_add_text(&t, "old.txt", "one\nna\xEFve\n");
    struct parsed p = tree_read(&t, ".");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 0, 0, "is no text");
    assert_error(p, 0, 0, "is empty");
    assert_warning(p, 2, 3, "Windows-1252");
    assert_warning(p, 1, 3, "1 control character from here on");
    assert_int_equal(p.report.rejected, 2);
    assert_int_equal(p.n, 2);
    assert_true(p.doc[0].repaired);
    parsed_release(&p);
    tree_free(&t);
}

static void test_an_unreadable_file_is_an_error(void **state)
{
    if (geteuid() == 0)
        skip(); /* who may read everything sees no such error */
    struct tree t = tree_new();
    tree_add_text(&t, "a.md", "# A\n");
    struct parsed p = {.pool = pool_new()};
    chmod(tree_path(&t, p.pool, "a.md"), 0);
    parsed_release(&p);
    p = tree_read(&t, ".");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 0, 0, "cannot be opened: Permission denied");
    parsed_release(&p);
    tree_free(&t);
}

static void test_links_that_go_round_are_not_followed(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "a/b/c.md", "# C\n");
    struct parsed p = {.pool = pool_new()};
    assert_int_equal(symlink("..", tree_path(&t, p.pool, "a/b/up")), 0);
    assert_int_equal(symlink("self", tree_path(&t, p.pool, "a/self")), 0);
    parsed_release(&p);
    p = tree_read(&t, ".");
    assert_int_equal(p.n, 1);
    assert_warning(p, 0, 0, "link to a folder above");
    assert_error(p, 0, 0, "cannot be read"); /* a link to itself */
    parsed_release(&p);
    tree_free(&t);
}

static void test_a_pipe_does_not_hold_us_up(void **state)
{
    struct tree t = tree_new();
    struct parsed p = {.pool = pool_new()};
    assert_int_equal(mkfifo(tree_path(&t, p.pool, "pipe.md"), 0600), 0);
    parsed_release(&p);
    p = tree_read(&t, ".");
    assert_int_equal(p.rc, KB_OK); /* found in a folder: left out */
    parsed_release(&p);
    p = tree_read(&t, "pipe.md");
    assert_error(p, 0, 0, "not a regular file");
    parsed_release(&p);
    tree_free(&t);
}

static void test_a_file_is_read_once(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "g/a.md", "# A\n");
    const char *paths[] = {"g", "g/a.md"};
    struct parsed p = {.pool = pool_new()};
    struct kb_sources src = {.root = t.path, .path = paths, .n = 2};
    assert_int_equal(source_read(&src, NULL, &p.report, keep_document, &p), KB_OK);
    assert_int_equal(p.n, 1);
    parsed_release(&p);
    tree_free(&t);
}

static void test_one_id_for_two_is_an_error_that_names_both(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "pay.md", "# Pay\n");
    tree_add_text(&t, "pay.txt", "Pay is good.\n");
    tree_add_text(&t, "x.faq.yaml", "- {id: same, q: Q?, a: A.}\n");
    tree_add_text(&t, "y.faq.yaml", "- {q: R?, a: A.}\n- {id: same, q: S?, a: A.}\n");
    struct parsed p = tree_read(&t, ".");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 1, 0, "'pay' is taken by ./pay.md:1");
    assert_error(p, 2, 3, "'same' is taken by ./x.faq.yaml:1");
    assert_int_equal(p.report.rejected, 2);
    parsed_release(&p);
    tree_free(&t);
}

static void test_a_followup_that_leads_nowhere_is_a_warning(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "a.faq.yaml", "- {id: one, q: Q?, a: A., followups: [two, thre]}\n");
    tree_add_text(&t, "b.faq.yaml", "- {id: two, q: R?, a: A.}\n");
    struct parsed p = tree_read(&t, ".");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.report.warnings, 1);
    assert_warning(p, 1, 0, "'thre' is no entry's id");
    parsed_release(&p);
    tree_free(&t);
}

static void test_a_draft_is_checked_and_not_handed_out(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "a.md", "---\nstatus: draft\n---\n# A\n");
    struct parsed p = tree_read(&t, ".");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.n, 0);
    parsed_release(&p);
    tree_free(&t);
}

static void test_json_lines_are_read_one_by_one(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "c.jsonl",
                  "\xEF\xBB\xBF{\"id\":\"a\",\"text\":\"x\"}\r\n\n{\"id\":\"b\"}\n"
                  "{\"id\":\"a\",\"text\":\"y\"}\n{\"id\":\"c\",\"text\":\"z\"}");
    struct parsed p = tree_read(&t, ".");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 3, 1, "no text");
    assert_error(p, 4, 0, "'a' is taken by ./c.jsonl:1");
    assert_int_equal(p.n, 2);
    assert_int_equal(p.doc[1].line, 5);
    assert_int_equal(p.report.rejected, 1);
    parsed_release(&p);
    tree_free(&t);
}

static void test_problems_past_the_limit_are_counted(void **state)
{
    struct tree t = tree_new();
    char s[260 * 4], *to = s;
    for (int i = 0; i < 260; i++)
        to = mempcpy(to, "{}\n", 3);
    tree_add(&t, "c.jsonl", s, (size_t)(to - s));
    struct parsed p = tree_read(&t, ".");
    assert_int_equal(p.report.errors, 260);
    assert_int_equal(p.report.nproblem, KB_MAX_PROBLEMS + 1);
    assert_non_null(strstr(p.report.problem[KB_MAX_PROBLEMS].message, "60 more problems"));
    assert_true(p.report.problem[KB_MAX_PROBLEMS].error);
    parsed_release(&p);
    tree_free(&t);
}

static int stop_at_once(void *ctx, struct document *doc)
{
    ++*(int *)ctx;
    return KB_ERR_FULL;
}

static void test_what_the_caller_returns_ends_the_run(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "a.md", "# A\n");
    tree_add_text(&t, "b.md", "# B\n");
    const char *path = ".";
    struct kb_sources src = {.root = t.path, .path = &path, .n = 1};
    struct kb_report report = {0};
    int calls = 0;
    assert_int_equal(source_read(&src, NULL, &report, stop_at_once, &calls), KB_ERR_FULL);
    assert_int_equal(calls, 1);
    kb_report_release(&report);
    tree_free(&t);
}

/* A memory that knows one file, and what it is told of the others. */
struct fake_memory {
    struct memo known, kept;
    int begun;
    bool young;
};

static const char *fake_recall(void *ctx, const char *file, const struct source_stamp *stamp,
                               size_t *ret_len)
{
    struct fake_memory *m = ctx;
    if (strcmp(file, "./a.md") != 0)
        return NULL;
    assert_string_equal(stamp->name, "a.md");
    *ret_len = m->known.len;
    return m->known.s;
}

static const char *fake_before(void *ctx, const char *file, size_t *ret_len)
{
    return NULL;
}

static void fake_begin(void *ctx, const char *file)
{
    struct fake_memory *m = ctx;
    assert_string_equal(file, "./b.md");
    m->begun++;
}

static void fake_keep(void *ctx, const struct source_stamp *stamp, const char *memo, size_t len)
{
    struct fake_memory *m = ctx;
    struct memo_item item;
    m->young = !stamp;
    for (size_t pos = 0; memo_next(memo, len, &pos, &item);)
        memo_add(&m->kept, item.kind, item.line, item.column, item.text);
}

static void test_a_file_that_is_recalled_is_not_read(void **state)
{
    struct tree t = tree_new();
    struct fake_memory m = {0};
    struct parsed p = {.pool = pool_new()};
    memo_add(&m.known, MEMO_DOCUMENT, 1, 0, "b");
    memo_add(&m.known, MEMO_DRAFT, 1, 0, "other");
    memo_add(&m.known, MEMO_FOLLOWUP, 7, 0, "nowhere");
    memo_add(&m.known, MEMO_WARNING, 8, 9, "was odd");
    memo_count(&m.known);
    tree_add(&t, "a.md", "\0\0\0\0", 4); /* reading it would be an error */
    tree_add_text(&t, "b.md", "# B\n");
    const char *path = ".";
    const struct kb_sources src = {.root = t.path, .path = &path, .n = 1};
    const struct source_memory memory = {&m, fake_recall, fake_before, fake_begin, fake_keep};
    assert_int_equal(source_read(&src, &memory, &p.report, keep_document, &p), KB_ERR_INPUT);
    assert_true(p.report.read == 3 && p.report.unchanged == 1 && m.begun == 1);
    assert_error(p, 1, 0, "'b' is taken by ./a.md:1");
    assert_warning(p, 8, 9, "was odd");
    assert_warning(p, 7, 0, "'nowhere' is no entry's id");
    memo_release(&m.kept); /* of a run that has failed */
    m.known.len = 0;
    p.report = (kb_report_release(&p.report), (struct kb_report){0});
    assert_int_equal(source_read(&src, &memory, &p.report, keep_document, &p), KB_OK);
    assert_true(m.young && m.kept.s[0] == MEMO_COUNT);
    memo_release(&m.known);
    memo_release(&m.kept);
    parsed_release(&p);
    tree_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_folder_is_read_in_byte_order),
        cmocka_unit_test(test_a_file_that_is_named_is_called_by_its_name),
        cmocka_unit_test(test_what_is_no_source_is_an_error_when_named),
        cmocka_unit_test(test_binary_empty_and_repaired_files_are_told),
        cmocka_unit_test(test_an_unreadable_file_is_an_error),
        cmocka_unit_test(test_links_that_go_round_are_not_followed),
        cmocka_unit_test(test_a_pipe_does_not_hold_us_up),
        cmocka_unit_test(test_a_file_is_read_once),
        cmocka_unit_test(test_a_file_that_is_recalled_is_not_read),
        cmocka_unit_test(test_one_id_for_two_is_an_error_that_names_both),
        cmocka_unit_test(test_a_followup_that_leads_nowhere_is_a_warning),
        cmocka_unit_test(test_a_draft_is_checked_and_not_handed_out),
        cmocka_unit_test(test_json_lines_are_read_one_by_one),
        cmocka_unit_test(test_problems_past_the_limit_are_counted),
        cmocka_unit_test(test_what_the_caller_returns_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
