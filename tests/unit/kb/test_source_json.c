/* test_source_json.c: records of other systems. */
#include "source.h"

static struct parsed json(const char *text)
{
    return parse_text(source_json, "export.json", text);
}

static int line_seven(const struct source *src, document_fn *fn, void *ctx)
{
    return source_json_line(src, 7, fn, ctx);
}

static struct parsed line(const char *text)
{
    return parse_text(line_seven, "export.jsonl", text);
}

static void test_a_line_is_a_document(void **state)
{
    struct parsed p =
        line("{\"id\": \"a#b\", \"title\": \"T\\u00e9\", \"text\": \"one\\ntwo\\n\\n- x\","
             " \"url\": \"https://example.org\", \"score\": [1, {\"x\": null}]}");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.n, 1);
    const struct document *d = &p.doc[0];
    assert_string_equal(d->id, "a#b");
    assert_string_equal(d->title, "Té");
    assert_string_equal(d->text, "one\ntwo\n\n- x");
    assert_string_equal(d->url, "https://example.org");
    assert_int_equal(d->line, 7);
    assert_true(d->nblock >= 2);
    for (size_t i = 0; i < d->nblock; i++)
        assert_int_equal(d->block[i].line, 7);
    parsed_release(&p);
}

static void test_a_line_may_be_an_entry(void **state)
{
    struct parsed p =
        line("{\"question\": \"How much?\", \"answer\": \"$1\", \"aka\": [\"pay\", \"wage\"]}");
    assert_int_equal(p.rc, KB_OK);
    assert_string_equal(p.doc[0].id, "source/how-much");
    assert_int_equal(p.doc[0].entry[0].naka, 2);
    assert_int_equal(p.doc[0].entry[0].line, 7);
    parsed_release(&p);
}

static void test_a_list_holds_documents_and_entries(void **state)
{
    struct parsed p = json("[ {\"_id\": 12, \"text\": \"hello\"},\n"
                           "  {\"q\": \"A?\", \"a\": \"b\"},\n"
                           "  {\"q\": \"B?\", \"a\": \"c\", \"status\": \"draft\"} ]\n");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.n, 2);
    assert_string_equal(p.doc[0].id, "12");
    assert_string_equal(p.doc[1].id, "source");
    assert_int_equal(p.doc[1].nentry, 1);
    assert_int_equal(p.doc[1].entry[0].line, 2);
    assert_int_equal(p.doc[1].entry[0].column, 3);
    parsed_release(&p);
    p = json("[]");
    assert_int_equal(p.rc, KB_OK);
    parsed_release(&p);
}

static void test_one_object_is_one_record(void **state)
{
    struct parsed p = json("{\"title\": \"A title\", \"text\": \"hello\"}\n");
    assert_int_equal(p.rc, KB_OK);
    assert_string_equal(p.doc[0].id, "source/a-title");
    parsed_release(&p);
}

static void test_a_bad_record_does_not_hide_the_next(void **state)
{
    struct parsed p = json("[{\"id\": \"a\" \"text\": \"x\"},\n"
                           " {\"id\": \"b\", \"text\": \"y\"},\n"
                           " {\"id\": \"c\", \"text\": \"z\", \"valid_til\": \"2026-01-01\"},\n"
                           " {\"id\": \"d\"},\n"
                           " {\"id\": \"e\", \"text\": true}]");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 1, 13, "not valid JSON here");
    assert_error(p, 3, 2, "did you mean 'valid_until'");
    assert_error(p, 4, 2, "no text");
    assert_error(p, 5, 2, "'text' must be a text in quotes");
    assert_int_equal(p.n, 1);
    parsed_release(&p);
}

static void test_broken_structure_has_a_place(void **state)
{
    static const struct {
        const char *s;
        size_t column;
        const char *part;
    } bad[] = {
        {"[{\"id\": \"a\", \"text\": \"x\"}", 26, "not closed with ']'"},
        {"[{\"id\": \"a\", \"text\": \"x\"} {}]", 27, "a ',' or the closing ']'"},
        {"[1]", 2, "an object in braces"},
        {"\"text\"", 1, "an object in braces"},
        {"{\"id\": \"a\"", 1, "not closed with '}'"},
        {"{\"id\": \"a", 8, "never closed"},
        {"{\"id\": \"a\", \"text\": \"x\"} x", 26, "text behind"},
        {"{\"id\": \"a\", \"text\": \"x\\u0000y\"}", 23, "NUL"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct parsed p = json(bad[i].s);
        assert_int_equal(p.rc, KB_ERR_INPUT);
        assert_error(p, 1, bad[i].column, bad[i].part);
        parsed_release(&p);
    }
}

static void test_deep_nesting_is_refused(void **state)
{
    char s[2000] = "{\"id\": ";
    memset(s + 7, '[', sizeof s - 8);
    struct parsed p = json(s);
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_int_equal(p.report.errors, 1);
    assert_non_null(strstr(p.report.problem[0].message, "nested too deeply"));
    parsed_release(&p);
}

static void test_an_equal_record_has_an_equal_hash(void **state)
{
    struct parsed a = line("{\"id\": \"a\", \"text\": \"x\"}"),
                  b = json("[{\"id\":\"a\",\"text\":\"x\"}]"),
                  c = line("{\"id\": \"a\", \"text\": \"y\"}");
    assert_string_equal(a.doc[0].hash, b.doc[0].hash);
    assert_string_not_equal(a.doc[0].hash, c.doc[0].hash);
    parsed_release(&a);
    parsed_release(&b);
    parsed_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_is_a_document),
        cmocka_unit_test(test_a_line_may_be_an_entry),
        cmocka_unit_test(test_a_list_holds_documents_and_entries),
        cmocka_unit_test(test_one_object_is_one_record),
        cmocka_unit_test(test_a_bad_record_does_not_hide_the_next),
        cmocka_unit_test(test_broken_structure_has_a_place),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_an_equal_record_has_an_equal_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
