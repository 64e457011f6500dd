/* test_source_faq.c: curated questions, and every way to get them wrong. */
#include "source.h"

static struct parsed faq(const char *text)
{
    return parse_text(source_faq, "pay.faq.yaml", text);
}

static void test_an_entry_has_all_its_fields(void **state)
{
    struct parsed p = faq("- id: mlt-salary\n"
                          "  q: How much does a technician earn?\n"
                          "  aka: [mlt salary, \"what do lab techs make\"]\n"
                          "  a: |\n"
                          "    About **$1**.\n"
                          "\n"
                          "    - item\n"
                          "  followups: [factors]\n"
                          "  needs: [wage]\n"
                          "  not: [veterinary, welder]\n"
                          "  valid_from: 2026-01-01\n"
                          "  valid_until: 2027-06-30\n"
                          "  reviewed: 2026-02-01\n"
                          "  audience: students\n"
                          "  lang: en-US\n"
                          "  url: https://example.org/pay\n"
                          "  tests: [\"how much will I earn\"]\n"
                          "  not_tests: [\"how much does a welder earn\"]\n");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.n, 1);
    const struct document *d = &p.doc[0];
    assert_string_equal(d->title, "Pay");
    assert_int_equal(d->nentry, 1);
    const struct entry *e = &d->entry[0];
    assert_string_equal(e->id, "mlt-salary");
    assert_string_equal(e->question, "How much does a technician earn?");
    assert_int_equal(e->naka, 2);
    assert_string_equal(e->aka[1], "what do lab techs make");
    assert_string_equal(answer_of(&p, d, 0), "About **$1**.\n\n- item");
    assert_string_equal(e->followup[0], "factors");
    assert_string_equal(e->needs[0], "wage");
    assert_int_equal(e->nnots, 2);
    assert_string_equal(e->valid_from, "2026-01-01");
    assert_string_equal(e->valid_until, "2027-06-30");
    assert_string_equal(e->reviewed, "2026-02-01");
    assert_string_equal(e->audience, "students");
    assert_string_equal(e->lang, "en");
    assert_string_equal(e->url, "https://example.org/pay");
    assert_string_equal(e->test[0], "how much will I earn");
    assert_string_equal(e->not_test[0], "how much does a welder earn");
    assert_int_equal(e->line, 1);
    assert_int_equal(d->block[e->first].line, 5); /* of the answer, in the file */
    parsed_release(&p);
}

static void test_answers_make_the_text_and_know_their_blocks(void **state)
{
    struct parsed p = faq("title: Pay and hours\n"
                          "lang: en\n"
                          "entries:\n"
                          "  - {q: One?, a: First answer.}\n"
                          "  - q: Two?\n"
                          "    a: \"Second\\n\\n- answer\"\n");
    assert_int_equal(p.rc, KB_OK);
    const struct document *d = &p.doc[0];
    assert_string_equal(d->title, "Pay and hours");
    assert_string_equal(d->text, "First answer.\n\nSecond\n\n- answer");
    assert_string_equal(answer_of(&p, d, 1), "Second\n\n- answer");
    assert_int_equal(d->entry[0].first, 0);
    assert_int_equal(d->entry[0].last, d->entry[1].first);
    assert_int_equal(d->entry[1].last, d->nblock);
    for (size_t i = 0; i < d->nblock; i++)
        assert_true(d->block[i].end <= d->len);
    parsed_release(&p);
}

static void test_a_missing_id_comes_from_the_question(void **state)
{
    struct parsed p = faq("- q: What's an MLT?\n  a: A person.\n");
    assert_string_equal(p.doc[0].entry[0].id, "whats-an-mlt");
    parsed_release(&p);
}

static void test_one_text_is_a_list_of_one(void **state)
{
    struct parsed p = faq("- q: Q?\n  a: A.\n  aka: other words\n  followups:\n");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.doc[0].entry[0].naka, 1);
    assert_int_equal(p.doc[0].entry[0].nfollowup, 0);
    parsed_release(&p);
}

static void test_all_mistakes_are_reported_at_once(void **state)
{
    struct parsed p = faq("- q: No answer?\n"
                          "- a: No question.\n"
                          "- q: Misspelt?\n"
                          "  a: Yes.\n"
                          "  folowups: [x]\n"
                          "  valid_until: 2026-02-30\n"
                          "- id: two words\n"
                          "  q: [a, b]\n"
                          "  a: x\n"
                          "  url: example.org\n"
                          "  lang: english\n"
                          "  status: ready\n"
                          "- just text\n"
                          "- q: Q?\n"
                          "  a: A.\n"
                          "  aka: [ok, [nested], \"\"]\n"
                          "  valid_from: 2027-01-01\n"
                          "  valid_until: 2026-01-01\n");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_int_equal(p.n, 0);
    assert_error(p, 1, 3, "no answer");
    assert_error(p, 2, 3, "no question");
    assert_error(p, 5, 3, "did you mean 'followups'");
    assert_error(p, 6, 16, "no date that exists");
    assert_error(p, 7, 7, "an id is one word");
    assert_error(p, 8, 6, "must be one text");
    assert_error(p, 10, 8, "https://");
    assert_error(p, 11, 9, "two letters");
    assert_error(p, 12, 11, "'published' or 'draft'");
    assert_error(p, 13, 3, "an entry is made of lines");
    assert_error(p, 16, 13, "must be one text");
    assert_error(p, 16, 23, "empty item");
    assert_error(p, 14, 3, "before valid_from");
    assert_int_equal(p.report.errors, 13);
    parsed_release(&p);
}

static void test_syntax_errors_have_a_place(void **state)
{
    struct parsed p = faq("- q: What: is\n  a: x\n");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 1, 10, "in quotes");
    parsed_release(&p);
}

static void test_a_file_without_entries_says_so(void **state)
{
    struct parsed p = faq("title: Pay\n");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    assert_error(p, 1, 1, "no entries");
    parsed_release(&p);
    p = faq("title: Pay\nentries: x\nowned: y\n");
    assert_error(p, 2, 10, "begin each of them with '- '");
    assert_error(p, 3, 1, "did you mean 'owner'");
    parsed_release(&p);
}

static void test_a_draft_is_checked_and_left_out(void **state)
{
    struct parsed p = faq("- q: Secret?\n  a: Not yet.\n  status: draft\n"
                          "- q: Open?\n  a: Yes.\n  status: published\n");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.doc[0].nentry, 1);
    assert_string_equal(p.doc[0].text, "Yes.");
    parsed_release(&p);
    p = faq("- q: Secret?\n  status: draft\n");
    assert_int_equal(p.rc, KB_ERR_INPUT);
    parsed_release(&p);
    p = faq("- q: Secret?\n  a: Not yet.\n  status: draft\n");
    assert_int_equal(p.rc, KB_OK);
    assert_int_equal(p.n, 0);
    assert_warning(p, 0, 0, "no entries that are published");
    parsed_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_entry_has_all_its_fields),
        cmocka_unit_test(test_answers_make_the_text_and_know_their_blocks),
        cmocka_unit_test(test_a_missing_id_comes_from_the_question),
        cmocka_unit_test(test_one_text_is_a_list_of_one),
        cmocka_unit_test(test_all_mistakes_are_reported_at_once),
        cmocka_unit_test(test_syntax_errors_have_a_place),
        cmocka_unit_test(test_a_file_without_entries_says_so),
        cmocka_unit_test(test_a_draft_is_checked_and_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
