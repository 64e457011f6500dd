/* test_source_field.c: what an owner says about a document must be possible. */
#include "source.h"

static void test_front_matter_fills_the_document(void **state)
{
    struct tree t = tree_new();
    tree_add_text(
        &t, "a.md",
        "---\ntitle: \" A  title \"\nurl: https://example.org/a\nlang: DE\n"
        "audience: staff\nowner: Ann\nreviewed: 2024-02-29\nvalid_from: 2026-01-01\n"
        "valid_until: 2026-12-31\nstatus: published\ntags: [x]\n---\n# Heading\n\nText.\n");
    struct parsed p = tree_read(&t, ".");
    assert_int_equal(p.rc, KB_OK);
    assert_warning(p, 11, 1, "'tags' is not known here");
    const struct document *d = &p.doc[0];
    assert_string_equal(d->title, "A  title");
    assert_string_equal(d->url, "https://example.org/a");
    assert_string_equal(d->lang, "de");
    assert_string_equal(d->audience, "staff");
    assert_string_equal(d->owner, "Ann");
    assert_string_equal(d->reviewed, "2024-02-29");
    assert_string_equal(d->valid_until, "2026-12-31");
    for (size_t i = 0; i < d->nblock; i++)
        assert_true(d->block[i].line > 12);
    parsed_release(&p);
    tree_free(&t);
}

static void test_mistakes_in_front_matter_have_a_place(void **state)
{
    struct tree t = tree_new();
    tree_add_text(&t, "a.md",
                  "---\ntitle: A\nreviewd: 2026-01-01\nvalid_until: 2026-02-30\n---\ntext\n");
    tree_add_text(&t, "b.md", "---\ntitle: B\n\nnever closed\n");
    tree_add_text(&t, "c.md", "---\ntitle: [C]\nurl: ftp://x\n---\n");
    tree_add_text(&t, "d.md", "---\njust prose\n---\n");
    tree_add_text(&t, "e.md", "---\nvalid_from: 2027-01-01\nvalid_until: 2026-01-01\n---\n");
    struct parsed p = tree_read(&t, ".");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 3, 1, "did you mean 'reviewed'");
    assert_error(p, 4, 14, "no date that exists");
    assert_error(p, 1, 1, "no closing '---' line");
    assert_error(p, 2, 8, "must be a text");
    assert_error(p, 3, 6, "no web address");
    assert_error(p, 2, 1, "lines such as 'title: ...'");
    assert_error(p, 1, 1, "it would never be served");
    assert_int_equal(p.report.rejected, 5);
    assert_int_equal(p.n, 0);
    parsed_release(&p);
    tree_free(&t);
}

static void test_dates_must_exist(void **state)
{
    assert_true(source_date_ok("2024-02-29"));
    assert_true(source_date_ok("2000-02-29"));
    assert_true(source_date_ok("2026-12-31"));
    static const char *const bad[] = {"2026-02-29", "1900-02-29",  "2026-02-30", "2026-13-01",
                                      "2026-00-01", "2026-01-00",  "2026-1-01",  "26-01-01",
                                      "2026/01/01", "2026-01-011", "",           "0000-01-01"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(source_date_ok(bad[i]));
}

static const char *field(struct parsed *p, const char *key, const char *value)
{
    struct source src = {.pool = p->pool, .report = &p->report, .file = "f"};
    const char *ret = "untouched";
    p->rc = source_field(&src, key, value, strlen(value), 3, 4, &ret);
    return ret;
}

static void test_values_are_trimmed_and_composed(void **state)
{
    struct parsed p = {.pool = pool_new()};
    assert_string_equal(field(&p, "title", "  Re\xCC\x81sume\xCC\x81 \n"), "Résumé");
    assert_string_equal(field(&p, "lang", "PT-br"), "pt");
    assert_string_equal(field(&p, "url", " "), "");
    assert_string_equal(field(&p, "reviewed", " 2026-01-31 "), "2026-01-31");
    assert_int_equal(p.rc, KB_OK);
    parsed_release(&p);
}

static void test_values_that_cannot_be_are_refused(void **state)
{
    static const char *const bad[][2] = {
        {"url", "example.org"},
        {"url", "javascript:alert(1)"},
        {"url", "https://"},
        {"url", "https://a b"},
        {"url", "https://a/\"><b>"},
        {"lang", "english"},
        {"lang", "e"},
        {"lang", "12"},
        {"status", "Draft!"},
        {"reviewed", "yesterday"},
        {"valid_from", "2026-06-31"},
        {"valid_until", "31.12.2026"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct parsed p = {.pool = pool_new()};
        assert_string_equal(field(&p, bad[i][0], bad[i][1]), "untouched");
        assert_int_equal(p.rc, KB_ERR_INPUT);
        assert_error(p, 3, 4, bad[i][1]);
        parsed_release(&p);
    }
}

static void test_a_rule_on_its_own_is_no_front_matter(void **state)
{
    struct parsed p = parse_text(source_markdown, "a.md", "text\n\n---\n\nmore\n");
    assert_int_equal(p.rc, KB_OK);
    parsed_release(&p);
    p = parse_text(source_markdown, "a.md", "---  \ntitle: T\n...\ntext\n"); /* YAML's other end */
    assert_int_equal(p.rc, KB_OK);
    assert_string_equal(p.doc[0].title, "T");
    parsed_release(&p);
    p = parse_text(source_markdown, "a.md", "---\n---\ntext\n");
    assert_int_equal(p.rc, KB_OK);
    parsed_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_front_matter_fills_the_document),
        cmocka_unit_test(test_mistakes_in_front_matter_have_a_place),
        cmocka_unit_test(test_dates_must_exist),
        cmocka_unit_test(test_values_are_trimmed_and_composed),
        cmocka_unit_test(test_values_that_cannot_be_are_refused),
        cmocka_unit_test(test_a_rule_on_its_own_is_no_front_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
