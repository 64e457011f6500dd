/* test_source_table.c: what spreadsheets export. */
#include "source.h"

static struct parsed csv(const char *text)
{
    return parse_text(source_table, "table.csv", text);
}

static void test_rows_with_answers_are_entries_of_one_document(void **state)
{
    struct parsed p =
        csv("Question,Answer,ID,Aliases\r\n"
            "How much?,\"About $1, or \"\"more\"\".\",pay,salary|what do they make\r\n"
            "\"Two\r\nlines?\",\"one\r\ntwo\",,a;b\r\n");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.n, 1);
    const struct document *d = &p.doc[0];
    assert_int_equal(d->nentry, 2);
    assert_string_equal(d->entry[0].id, "pay");
    assert_string_equal(answer_of(&p, d, 0), "About $1, or \"more\".");
    assert_int_equal(d->entry[0].naka, 2);
    assert_string_equal(d->entry[0].aka[1], "what do they make");
    assert_string_equal(d->entry[1].question, "Two\nlines?");
    assert_string_equal(answer_of(&p, d, 1), "one\ntwo");
    assert_int_equal(d->entry[1].naka, 2);
    assert_int_equal(d->entry[1].line, 3);
    parsed_release(&p);
}

static void test_rows_with_text_are_documents(void **state)
{
    struct parsed p = csv("id,title,text,url,reviewed\n"
                          "a,First,Hello there.,https://example.org,2026-01-01\n"
                          ",Second one,Bye.,,\n");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.n, 2);
    assert_string_equal(p.doc[0].id, "a");
    assert_string_equal(p.doc[0].title, "First");
    assert_string_equal(p.doc[0].url, "https://example.org");
    assert_string_equal(p.doc[0].reviewed, "2026-01-01");
    assert_string_equal(p.doc[0].text, "Hello there.");
    assert_int_equal(p.doc[0].line, 2);
    assert_int_equal(strlen(p.doc[0].hash), 32);
    assert_string_equal(p.doc[1].id, "source/second-one");
    assert_string_not_equal(p.doc[0].hash, p.doc[1].hash);
    parsed_release(&p);
}

static void test_semicolons_and_tabs_separate_too(void **state)
{
    struct parsed p = csv("question;answer\nA, b?;c, d\n");
    assert_int_equal(p.rc, KB_OK);
    assert_string_equal(p.doc[0].entry[0].question, "A, b?");
    parsed_release(&p);
    p = parse_text(source_table, "t.TSV", "q\ta\nA?\tx, y; z\n");
    assert_int_equal(p.rc, KB_OK);
    assert_string_equal(answer_of(&p, &p.doc[0], 0), "x, y; z");
    parsed_release(&p);
}

static void test_an_unclosed_quote_is_an_error_where_it_opens(void **state)
{
    struct parsed p = csv("q,a\nA?,\"never closed\nB?,b\n");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 2, 4, "never closed");
    assert_int_equal(p.n, 0);
    parsed_release(&p);
    p = csv("q,a\nA?,\"x\"y\n");
    assert_error(p, 2, 7, "behind a closing quote");
    parsed_release(&p);
}

static void test_a_row_of_another_length_is_an_error(void **state)
{
    struct parsed p = csv("q,a\nA?,b, c\nB?\nC?,d,,\n");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 2, 6, "more cells than the 2 columns");
    assert_error(p, 3, 1, "1 cells and the header 2");
    assert_int_equal(p.report.errors, 2); /* empty cells at the end are padding */
    parsed_release(&p);
}

static void test_the_header_names_what_is_needed(void **state)
{
    struct parsed p = csv("Name,Phone\nx,y\n");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 1, 1, "'question' and 'answer'");
    parsed_release(&p);
    p = csv("Qestion,Answer,Question,Notes\nx,y,z,w\n");
    assert_int_equal(p.rc, KB_OK);
    assert_warning(p, 1, 1, "did you mean 'question'");
    assert_warning(p, 1, 25, "'Notes' is not known");
    parsed_release(&p);
    p = csv("question,answer,q\nx,y,z\n");
    assert_error(p, 1, 17, "there twice");
    parsed_release(&p);
}

static void test_half_a_record_is_an_error(void **state)
{
    struct parsed p = csv("q,a,text\nA?,,\n,b,\n,,\n,,hello\n");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 2, 1, "a question and no answer");
    assert_error(p, 3, 1, "an answer and no question");
    assert_error(p, 5, 1, "neither an id nor a title");
    assert_int_equal(p.report.errors, 3); /* the empty row is none */
    parsed_release(&p);
}

static void test_bad_fields_have_the_place_of_their_cell(void **state)
{
    struct parsed p = csv("q,a,valid_until\nA?,b,2026-13-01\n");
    assert_error(p, 2, 6, "no date that exists");
    parsed_release(&p);
}

static void test_empty_lines_and_no_final_newline_are_fine(void **state)
{
    struct parsed p = csv("q,a\n\nA?,b\n\n\nB?,c");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.doc[0].nentry, 2);
    assert_int_equal(p.doc[0].entry[1].line, 6);
    parsed_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_with_answers_are_entries_of_one_document),
        cmocka_unit_test(test_rows_with_text_are_documents),
        cmocka_unit_test(test_semicolons_and_tabs_separate_too),
        cmocka_unit_test(test_an_unclosed_quote_is_an_error_where_it_opens),
        cmocka_unit_test(test_a_row_of_another_length_is_an_error),
        cmocka_unit_test(test_the_header_names_what_is_needed),
        cmocka_unit_test(test_half_a_record_is_an_error),
        cmocka_unit_test(test_bad_fields_have_the_place_of_their_cell),
        cmocka_unit_test(test_empty_lines_and_no_final_newline_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
