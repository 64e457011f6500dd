/* test_source_text.c: headings that only their shape tells from text, in the kinds of text that people have. */
#include "tests/unit/kb/outline.h"

#include <time.h>

static void assert_title_outline(const char *text, const char *title, const char *want)
{
    struct parsed p = parse_text(source_text, "guides/becoming-a-welder.txt", text);
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.n, 1);
    blocks_hold(&p.doc[0], true);
    passages_hold(&p.doc[0]);
    assert_string_equal(outline(&p), want);
    if (title)
        assert_string_equal(p.doc[0].title, title);
    parsed_release(&p);
}

static void assert_outline(const char *text, const char *want)
{
    assert_title_outline(text, NULL, want);
}

#define LONG                                                                                       \
    "This paragraph goes on for a while, as paragraphs do, so that nobody takes it for a heading."

static void a_copied_page_has_chapters_subheadings_and_lists(void **state)
{
    assert_title_outline(
        "What Does a Welder Do All Day?\n" LONG "\n"
        "Safety and Preparation\n"
        "Every shift starts with a look at the gear. This means:\n"
        "- Mask: Is the glass clean?\n"
        "- Gloves: No holes.\n"
        "Clean gear keeps everybody safe.\n"
        "Where Do Welders Work?\n"
        "They are found in many places:\n"
        "- Shipyards\n"
        "- Workshops\n"
        "MIG vs. TIG: What to Learn First\n" LONG "\n"
        "How Much Do Welders Earn?\n"
        "Photo by Somebody on Somewhere\n" LONG "\n"
        "Factors Influencing Pay:\n"
        "- Experience\n",
        "Becoming a welder",
        "1 What Does a Welder Do All Day?\nP " LONG "\n"
        "2 Safety and Preparation\n"
        "P Every shift starts with a look at the gear. This means:\n"
        "- Mask: Is the glass clean?\n- Gloves: No holes.\n"
        "P Clean gear keeps everybody safe.\n"
        "2 Where Do Welders Work?\nP They are found in many places:\n- Shipyards\n- Workshops\n"
        "2 MIG vs. TIG: What to Learn First\nP " LONG "\n"
        "1 How Much Do Welders Earn?\nP " LONG "\n"
        "P Factors Influencing Pay:\n- Experience\n");
}

static void questions_below_an_faq_heading_are_headings_however_short_the_answer(void **state)
{
    assert_outline("Welding Program FAQ\n\nHow much does it cost?\nThe program costs $4,500.\nIs "
                   "housing offered?\nNo.\n"
                   "What should I bring on the first day?\nBring these:\n- boots\n",
                   "1 Welding Program FAQ\n2 How much does it cost?\nP The program costs $4,500.\n"
                   "2 Is housing offered?\nP No.\n2 What should I bring on the first day?\nP Bring "
                   "these:\n- boots\n");
}

static void questions_and_answers_may_be_marked(void **state)
{
    assert_outline(
        "Q: How long does it take?\nA: Six months.\n\nQ: Is it hard?\nA: Yes. It is.\nBut worth "
        "it.\n",
        "1 How long does it take?\nP Six months.\n1 Is it hard?\nP Yes. It is.\nP But worth it.\n");
}

static void a_question_in_a_paragraph_is_no_heading(void **state)
{
    assert_outline(
        "Pay\n" LONG
        "\nReady for a new career? Ask us, and we will tell you more about it than you need.\n"
        "so what is next?\n" LONG "\n",
        "1 Pay\nP " LONG
        "\nP Ready for a new career? Ask us, and we will tell you more about it than you need.\n"
        "P so what is next?\nP " LONG "\n");
}

static void a_standard_has_numbered_sections_and_no_furniture(void **state)
{
    assert_title_outline(
        "Network Working Group                                  J. Doe\n"
        "Request for Comments: 9999                   Example College\n\n"
        "                The Course Protocol\n\n"
        "Abstract\n\n"
        "   This document describes how courses are listed, and how a\n"
        "   client asks for one of them.\n\n"
        "   1. Introduction ......................................2\n\n"
        "Doe                     Informational             [Page 1]\n\n"
        "RFC 9999               The Course Protocol        May 2026\n\n"
        "1.  Introduction\n\n"
        "   Colleges publish courses in many ways.  This is the way\n"
        "   that fits.\n\n"
        "1.1.  Messages\n\n"
        "   There are two of them:\n\n"
        "   o  ASK, which carries the name of the course\n"
        "      that is wanted.\n\n"
        "   o  TELL.\n\n"
        "2.  Security Considerations\n\n"
        "   None of the messages is signed, so nobody should\n"
        "   believe them.\n\n"
        "Author's Address\n\n"
        "   Jane Doe\n"
        "   Example College\n"
        "   EMail: jane@example.org\n",
        "The Course Protocol",
        "C Network Working Group                                  J. Doe/Request for Comments: "
        "9999      "
        "             Example College\n"
        "1 The Course Protocol\n2 Abstract\n"
        "P This document describes how courses are listed, and how a/   client asks for one of "
        "them.\n"
        "2 1.  Introduction\n"
        "P Colleges publish courses in many ways.  This is the way/   that fits.\n"
        "3 1.1.  Messages\nP There are two of them:\n"
        "- ASK, which carries the name of the course/      that is wanted.\n- TELL.\n"
        "2 2.  Security Considerations\n"
        "P None of the messages is signed, so nobody should/   believe them.\n"
        "2 Author's Address\nP Jane Doe/   Example College/   EMail: jane@example.org\n");
}

static void underlines_make_headings_and_levels(void **state)
{
    assert_title_outline(
        "Working as an Electrician\n=========================\n\nElectricians repair wiring. Most "
        "of them\n"
        "learn the trade as apprentices.\n\nTraining\n--------\n\nFour "
        "years.\n\nFees\n~~~~\n\nNone.\n\n"
        "Pay\n---\n\n* Apprentice: half\n* Master: more, and overtime\n  is extra\n    * in some "
        "states\n",
        "Working as an Electrician",
        "1 Working as an Electrician\nP Electricians repair wiring. Most of them/learn the trade "
        "as "
        "apprentices.\n2 Training\nP Four years.\n3 Fees\nP None.\n2 Pay\n- Apprentice: half\n"
        "- Master: more, and overtime/  is extra\n-- in some states\n");
}

static void capitals_make_headings_but_not_inside_text(void **state)
{
    assert_title_outline(
        "GUIDE FOR NEW STUDENTS\n\nWHERE TO BEGIN\nRegister at the desk. Bring your ID and the "
        "letter "
        "that we sent.\n\nHOUSING\nThe dormitory has 200 places. NOTE that pets are not allowed.\n"
        "IMPORTANT: Bring a lock.\n",
        "GUIDE FOR NEW STUDENTS",
        "1 GUIDE FOR NEW STUDENTS\n2 WHERE TO BEGIN\nP Register at the desk. Bring your ID and the "
        "letter "
        "that we sent.\n2 HOUSING\nP The dormitory has 200 places. NOTE that pets are not "
        "allowed.\n"
        "P IMPORTANT: Bring a lock.\n");
}

static void plain_headings_stand_alone_above_text(void **state)
{
    assert_title_outline("Becoming a dental hygienist\n\nWhat they do\n\n" LONG
                         "\n\nHow to become one\n\n" LONG "\n\nPay\n\n"
                         "The median wage was $94,260.\n",
                         "Becoming a dental hygienist",
                         "1 Becoming a dental hygienist\n2 What they do\nP " LONG
                         "\n2 How to become one\nP " LONG "\n2 Pay\n"
                         "P The median wage was $94,260.\n");
}

static void a_letter_has_no_headings(void **state)
{
    assert_title_outline(
        "Example College\n12 Main Street\nSpringfield, IL 62701\n\nMarch 3, 2026\n\nJane Smith\n"
        "45 Oak Avenue\nChicago, IL 60601\n\nDear Ms Smith,\n\nThank you for your interest in our "
        "program. We "
        "are happy to\ntell you that you have been accepted.\n\nSincerely,\n\nJohn Miller\nHead of "
        "Admissions\n",
        "Becoming a welder",
        "P Example College/12 Main Street/Springfield, IL 62701\nP March 3, 2026\n"
        "P Jane Smith/45 Oak Avenue/Chicago, IL 60601\nP Dear Ms Smith,\n"
        "P Thank you for your interest in our program. We are happy to/tell you that you have been "
        "accepted.\nP Sincerely,\nP John Miller/Head of Admissions\n");
}

static void a_list_without_bullets_is_no_row_of_headings(void **state)
{
    assert_outline(LONG "\nBlood Banks\nPublic Clinics\nPrivate Hospitals\n" LONG "\n",
                   "P " LONG "\nP Blood Banks\nP Public Clinics\nP Private Hospitals\nP " LONG
                   "\n");
}

static void numbers_count_items_or_headings(void **state)
{
    assert_outline("Steps\n\n1. Boil the water\n2. Add the tea\n3. Drink\n\n" LONG "\n",
                   "1 Steps\n- Boil the water\n- Add the tea\n- Drink\nP " LONG "\n");
    assert_outline("1. Scope\n\n" LONG "\n\n2. Terms\n\n" LONG "\n\n2.1 More Terms\n\n" LONG "\n",
                   "1 1. Scope\nP " LONG "\n1 2. Terms\nP " LONG "\n2 2.1 More Terms\nP " LONG
                   "\n");
}

static void pipes_and_tabs_make_tables(void **state)
{
    assert_outline("| Feature | MLT |\n|---|---|\n| Degree | 2 years |\nText follows here.\n",
                   "|H | Feature | MLT |\n| | Degree | 2 years |\nP Text follows here.\n");
    assert_outline("Clerk\t$40\nCook\t$30\n", "| Clerk\t$40\n| Cook\t$30\n");
    assert_outline("A sentence with a | bar in it.\n", "P A sentence with a | bar in it.\n");
}

static void front_matter_is_read(void **state)
{
    assert_title_outline("---\ntitle: Mine\n---\nPay\n" LONG "\n", "Mine", "1 Pay\nP " LONG "\n");
}

static void nothing_gives_no_blocks(void **state)
{
    assert_outline("", "");
    assert_outline("\n\n   \n---\n====\n", "");
    assert_outline("Just One Line", "P Just One Line\n");
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void hostile_text_takes_linear_time(void **state)
{
    static const char *const unit[] = {"Title Case\n", "some small words\n",
                                       "\n",           "A Title\n\n\n\n\n\n",
                                       "1. x\n",       "- a\n ",
                                       "a | b\n",      "What?\n",
                                       "word ",        "Sincerely,\n\n",
                                       "CAPS\n====\n"};
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++) {
        size_t len = strlen(unit[i]), n = 40000;
        char *text = calloc(1, len * n + 1);
        assert_non_null(text);
        for (size_t k = 0; k < n; k++)
            memcpy(text + k * len, unit[i], len);
        double start = seconds();
        struct parsed p = parse_text(source_text, "f.txt", text);
        assert_int_equal(p.rc, 0);
        assert_true(seconds() - start < 5);
        parsed_release(&p);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copied_page_has_chapters_subheadings_and_lists),
        cmocka_unit_test(questions_below_an_faq_heading_are_headings_however_short_the_answer),
        cmocka_unit_test(questions_and_answers_may_be_marked),
        cmocka_unit_test(a_question_in_a_paragraph_is_no_heading),
        cmocka_unit_test(a_standard_has_numbered_sections_and_no_furniture),
        cmocka_unit_test(underlines_make_headings_and_levels),
        cmocka_unit_test(capitals_make_headings_but_not_inside_text),
        cmocka_unit_test(plain_headings_stand_alone_above_text),
        cmocka_unit_test(a_letter_has_no_headings),
        cmocka_unit_test(a_list_without_bullets_is_no_row_of_headings),
        cmocka_unit_test(numbers_count_items_or_headings),
        cmocka_unit_test(pipes_and_tabs_make_tables),
        cmocka_unit_test(front_matter_is_read),
        cmocka_unit_test(nothing_gives_no_blocks),
        cmocka_unit_test(hostile_text_takes_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
