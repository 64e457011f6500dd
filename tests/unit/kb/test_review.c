/* test_review.c: content that is right file by file and wrong as a whole. Each finding is looked for in a small base that
 * has it, and nothing in one that has not. */
#include "folder.h"

static char said[65536];
static const char *general; /* synonyms for guides on any subject */

/* All findings of one kind ("" is all kinds), "file:line: message [remedy]" each on a line. */
static const char *findings(const char *kind, const char *today, const char *synonyms)
{
    const char *path = "kb";
    struct kb_report built, report = {0};
    size_t asked = 0, at = 0;
    if (folder_index(&path, 1, synonyms ? folder(synonyms) : NULL, &built))
        fail_msg("%s", built.nproblem ? built.problem[0].message : "not indexed");
    kb_report_release(&built);
    const struct kb_review_options opt = {.today = today,
                                          .synonyms = synonyms ? folder(synonyms) : NULL,
                                          .general = general,
                                          .threads = 2};
    assert_int_equal(kb_review(folder("kb.db"), &opt, &report, &asked), 0);
    said[0] = '\0';
    for (size_t i = 0; i < report.nproblem; i++) {
        const struct kb_problem *p = &report.problem[i];
        assert_false(p->error);
        assert_non_null(p->kind);
        assert_true(p->remedy && *p->remedy);
        if (!*kind || !strcmp(kind, p->kind))
            at += (size_t)snprintf(said + at, sizeof said - at, "%s:%zu: %s [%s]\n", p->file,
                                   p->line, p->message, p->remedy);
    }
    kb_report_release(&report);
    return said;
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static int setup(void **state)
{
    int r = folder_setup(state);
    return r ? r : mkdir(folder("kb"), 0700);
}

#define review_test(f) cmocka_unit_test_setup_teardown(f, setup, folder_teardown)

#define GOOD                                                                                       \
    "- id: pay\n  q: How much does a welder earn?\n  a: A welder earns $48,000 a year.\n"          \
    "  followups: [time]\n  reviewed: 2026-01-01\n"                                                \
    "- id: time\n  q: How long does the training take?\n  aka: [duration of the course]\n"         \
    "  a: The training takes seven months. See [pay](#pay).\n"

static void test_sound_content_has_no_findings(void **state)
{
    folder_write("kb/weld.faq.yaml", GOOD);
    folder_write("kb/guide.md",
                 "# Welding\n\n## Tools\n\nTorches, and [the pay](weld.faq.yaml#pay) "
                 "or [here](#tools).\n\n![picture](https://example.org/a.png)\n");
    assert_string_equal(findings("", "2026-06-01", NULL), "");
}

static void test_an_alias_that_another_entry_answers_is_named_with_both_places(void **state)
{
    folder_write("kb/a.faq.yaml", "- id: cost\n  q: What does the course cost?\n  a: It is 120.\n"
                                  "  aka: [welding torch gas price]\n");
    folder_write(
        "kb/b.faq.yaml",
        "- id: gas\n  q: What is the price of gas for a welding torch?\n  a: Gas is cheap.\n"
        "  aka: [welding torch gas, torch gas price for welding torches]\n");
    const char *s = findings("collision", NULL, NULL);
    assert_says(s, "kb/a.faq.yaml:1: its alias \"welding torch gas price\" is answered by gas "
                   "(kb/b.faq.yaml:1); both have: welding, torch, gas, price");
}

static void test_two_entries_that_ask_the_same_are_named_once(void **state)
{
    folder_write(
        "kb/a.faq.yaml",
        "- id: one\n  q: How do I become a welder?\n  a: Learn it.\n"
        "- id: two\n  q: What is a welder?\n  a: A person.\n  aka: [how do i become a welder]\n"
        "- id: three\n  q: What tools are there?\n  a: Many.\n"
        "  aka: [becoming a good welder abroad, how to become a welder that is good abroad]\n"
        "- id: four\n  q: Where are schools?\n  a: Here.\n"
        "  aka: [how to become a welder abroad that is good]\n");
    const char *s = findings("same", NULL, NULL);
    assert_says(
        s, "kb/a.faq.yaml:4: asks \"how do i become a welder\", as one does (kb/a.faq.yaml:1)");
    assert_says(s,
                "kb/a.faq.yaml:12: asks \"how to become a welder abroad that is good\", nearly as "
                "three does");
    assert_null(strstr(s, "What is a welder"));
}

static void test_entries_that_never_meet_do_not_ask_the_same(void **state)
{
    folder_write(
        "kb/a.faq.yaml",
        "- id: old\n  q: What does the course cost?\n  a: It is 100.\n  valid_until: 2026-06-30\n"
        "- id: new\n  q: What does the course cost?\n  a: It is 120.\n  valid_from: 2026-07-01\n"
        "- id: staff\n  q: Who has the key?\n  a: Ann.\n  audience: staff\n"
        "- id: pupils\n  q: Who has the key?\n  a: Ask.\n  audience: pupils\n");
    assert_string_equal(findings("same", "2026-06-01", NULL), "");
    assert_string_equal(findings("figures", "2026-06-01", NULL), "");
}

static void test_different_figures_for_one_thing_are_shown_side_by_side(void **state)
{
    folder_write(
        "kb/a.md",
        "# Welder: guide\n\n## Pay\n\nA welder in Ohio earns a median of $48,000 a year.\n\n"
        "## Training\n\nThe apprenticeship of a welder in a shipyard takes four years.\n\n"
        "## Growth\n\nJobs for welders grow by 5% until the end.\n");
    folder_write(
        "kb/b.md",
        "# Welder: answers\n\n## Money\n\nThe median that a welder earns in Ohio is $51,000.\n\n"
        "## Time\n\nA welder's apprenticeship in a shipyard takes three years.\n\n"
        "## Outlook\n\nJobs for welders grow by 7 percent until the end.\n");
    const char *s = findings("figures", NULL, NULL);
    assert_says(s,
                "kb/b.md:5: different amounts for what seems to be the same: \"The median that a "
                "welder earns in Ohio is $51,000.\" and, in kb/a.md:5, \"A welder in Ohio earns a "
                "median of $48,000 a year.\"");
    assert_says(s, "different times");
    assert_says(s, "three years");
    assert_says(s, "different percentages");
}

static void test_figures_of_different_things_are_left_alone(void **state)
{
    folder_write(
        "kb/a.md",
        "# Guide\n\n## Pay\n\nWelders earn a median of $48,000.\n\nWelders earn an average of "
        "$50,100.\n\nIn 2023 plumbers earned a median of $47,000 in Ohio.\n\n"
        "## Degrees\n\nThe associate degree takes two years.\n\n"
        "## More\n\nThe bachelor degree takes four years.\n\n"
        "## Years\n\nIn 2024 plumbers earned a median of $48,500 in Ohio.\n\n"
        "## Others\n\nNurses in Ohio earn $70,000.\n\n"
        "## Again\n\nNurses in Ohio earn $70,000 or $72,000.\n");
    assert_string_equal(findings("figures", NULL, NULL), "");
}

static void test_a_pattern_of_many_guides_contradicts_nobody(void **state)
{
    for (int i = 0; i < 8; i++) {
        char name[32], text[400];
        snprintf(name, sizeof name, "kb/g%d.md", i);
        snprintf(
            text, sizeof text,
            "# Job %c\n\n## Pay\n\nThe lowest tenth of all workers in this job earned less than "
            "$%d.\n",
            'a' + i, 20000 + i * 1000);
        folder_write(name, text);
    }
    assert_string_equal(findings("figures", NULL, NULL), "");
}

static void test_dates_that_are_over_or_near_are_told(void **state)
{
    folder_write("kb/a.faq.yaml",
                 "- id: over\n  q: What was it?\n  a: That.\n  valid_until: 2026-05-31\n"
                 "- id: today\n  q: What is it now?\n  a: This.\n  valid_until: 2026-06-01\n"
                 "- id: soon\n  q: What will it be soon?\n  a: Those.\n  valid_until: 2026-06-15\n"
                 "- id: later\n  q: Which colour is later?\n  a: Red.\n  valid_until: 2026-06-16\n"
                 "  followups: [over, soon]\n");
    folder_write("kb/b.md",
                 "---\nreviewed: 2025-05-31\nvalid_until: 2026-06-02\n---\n# Guide\n\n## One\n\n"
                 "Text.\n\n## Two\n\nText.\n");
    folder_write("kb/c.md", "---\nreviewed: 2025-06-01\n---\n# Other\n\n## One\n\nText.\n");
    const char *s = findings("", "2026-06-01", NULL);
    assert_says(s, "kb/a.faq.yaml:1: over has expired: its last day was 2026-05-31");
    assert_says(s, "today expires today, in 0 days");
    assert_says(s, "soon expires in 14 days");
    assert_null(strstr(s, "later expires"));
    assert_says(s, "the follow-up over has expired (kb/a.faq.yaml:1) and is not shown");
    assert_null(strstr(s, "follow-up soon"));
    assert_says(s, "was last reviewed on 2025-05-31, 366 days ago");
    assert_null(strstr(s, "2025-06-01"));
    assert_says(s, "Guide expires in 1 day");
    assert_null(strstr(strstr(s, "Guide expires") + 1, "Guide expires")); /* once a document */
}

static void test_links_that_lead_nowhere_are_named(void **state)
{
    folder_write("kb/a.md",
                 "# A\n\n## Here\n\n[one](#gone) [two](b.md) [three](b.md#not-there) "
                 "[four](b.md#there) [five](nofile.md) [six](#here) [mail](mailto:a@b.example) "
                 "\n");
    folder_write("kb/b.md", "# B\n\n## There\n\nText.\n");
    const char *s = findings("link", NULL, NULL);
    assert_says(s, "kb/a.md:5: the link to \"#gone\" leads nowhere: there is no such heading");
    assert_says(s, "\"b.md#not-there\" leads nowhere");
    assert_says(s, "\"nofile.md\" leads nowhere: there is no such file");
    size_t n = 0;
    for (const char *p = s; *p; p++)
        n += *p == '\n';
    assert_int_equal(n, 3);
}

static void test_synonyms_that_lead_to_no_word_are_named(void **state)
{
    folder_write("kb/a.md", "# Pay\n\n## Salary\n\nThe salary is good.\n");
    folder_write("syn.yaml", "- words: [salary, wage]\n- from: [stipend]\n  to: [schoolarship]\n"
                             "- words: [gold, silver]\n");
    const char *s = findings("synonym", NULL, "syn.yaml");
    assert_says(s, "syn.yaml:2: no guide has the words that this leads to: schoolarship");
    assert_says(s, "syn.yaml:4: no guide has the words that this leads to: silver, gold");
    assert_null(strstr(s, "wage"));
}

static void test_synonyms_that_came_with_the_program_may_lead_nowhere(void **state)
{
    folder_write("kb/a.md", "# Pay\n\n## Salary\n\nThe salary is good.\n");
    folder_write("syn.yaml", "# mine\n- from: [stipend]\n  to: [grant]\n  weight: 0.5\n"
                             "- words: [gold, silver]\n- words: [iron, steel]\n"
                             "- from: [tin]\n  to: [copper]");
    general = "- words: [gold, silver]\n\n- from: [stipend]\n  to: [grant]\n  weight: 0.5\n"
              "- words: [iron, steel, lead]\n- from: [tin]\n  to: [copper]\n  weight: 0.5\n";
    const char *s = findings("synonym", NULL, "syn.yaml");
    general = NULL;
    assert_null(strstr(s, "gold"));
    assert_null(strstr(s, "grant"));
    assert_says(s, "syn.yaml:6: ");   /* not the same words */
    assert_null(strstr(s, "copper")); /* only its weight is another one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        review_test(test_sound_content_has_no_findings),
        review_test(test_an_alias_that_another_entry_answers_is_named_with_both_places),
        review_test(test_two_entries_that_ask_the_same_are_named_once),
        review_test(test_entries_that_never_meet_do_not_ask_the_same),
        review_test(test_different_figures_for_one_thing_are_shown_side_by_side),
        review_test(test_figures_of_different_things_are_left_alone),
        review_test(test_a_pattern_of_many_guides_contradicts_nobody),
        review_test(test_dates_that_are_over_or_near_are_told),
        review_test(test_links_that_lead_nowhere_are_named),
        review_test(test_synonyms_that_lead_to_no_word_are_named),
        review_test(test_synonyms_that_came_with_the_program_may_lead_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
