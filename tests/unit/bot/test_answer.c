/* test_answer.c: a band becomes a kind of reply, and extracts become a text. */
#include "files.h"

#include "bot/answer.h"
#include "bot/limits.h"
#include "bot/smalltalk.h"

static const char guide[] =
    "---\ntitle: Welding\nurl: https://x.example/welding\nreviewed: 2026-01-02\n---\n"
    "# Welding\n\n## How much do welders earn?\n\nWelders earn a median of **$48,940** a year.\n\n"
    "## Which tools does a welder use?\n\nA welder uses torches, clamps and grinders.\n\n"
    "## How long does the training take?\n\nThe training takes seven months at a technical "
    "school.\n\n"
    "## Where do welders work?\n\nWelders work in shipyards, factories and on building sites.\n";

#define MAX_QUOTES 8

static struct smalltalk *talk;
static struct answerer *answerer;
static struct pool *pool;
static char db[128];

static void index_text(const char *text)
{
    const char *path = file_with("welding.md", text);
    struct kb_sources src = {.path = &path, .n = 1};
    struct kb_report report = {0};
    int err = kb_index(db, &src, &report);
    if (err)
        fail_msg("%s", report.nproblem ? report.problem[0].message : kb_strerror(err));
    kb_report_release(&report);
}

static int setup(void **state)
{
    struct kb_report report = {0};
    if (files_setup(state))
        return -1;
    snprintf(db, sizeof db, "%s/index.db", folder);
    pool = pool_new();
    return smalltalk_read(NULL, &talk, &report) || answerer_open(db, talk, &answerer);
}

static int teardown(void **state)
{
    answerer_close(answerer);
    smalltalk_free(talk);
    pool_free(pool);
    return files_teardown(state);
}

static struct reply ask(const char *text)
{
    struct question q = {.text = text, .len = strlen(text)};
    struct reply r;
    answer_make(answerer, &q, pool, &r);
    return r;
}

static void a_known_question_is_answered_with_its_verbatim_extract(void **state)
{
    index_text(guide);
    struct reply r = ask("How much do welders earn?");
    assert_int_equal(r.kind, REPLY_ANSWER);
    assert_int_equal(r.band, KB_HIGH);
    assert_non_null(strstr(r.text, "Welders earn a median of $48,940 a year."));
    assert_true(r.nanswer >= 1);
    assert_non_null(strstr(r.answer[0].text, "**$48,940**"));
    assert_memory_equal(guide + r.answer[0].start, r.answer[0].text, strlen(r.answer[0].text));
    assert_int_equal(r.answer[0].end - r.answer[0].start, strlen(r.answer[0].text));
    assert_string_equal(r.answer[0].url, "https://x.example/welding");
    assert_true(r.us >= 0);
}

/* Whom else a reply serves (heard.h). */
static void a_reply_says_whether_the_same_words_get_it_again(void **state)
{
    static const char *const before[] = {"How do I become a welder in the first place?"};
    index_text(guide);
    struct question q = {.text = "Which tools does a welder use?"};
    struct reply first, later, leaning, more;
    q.len = strlen(q.text);
    answer_make(answerer, &q, pool, &first);
    assert_true(first.edition && !first.anywhere); /* not tried behind anything */
    q.before = before;
    q.nbefore = 1;
    answer_make(answerer, &q, pool, &later);
    assert_true(later.edition == first.edition && later.anywhere);
    q.text = "And how long does that take?";
    q.len = strlen(q.text);
    answer_make(answerer, &q, pool, &leaning);
    assert_true(leaning.edition == first.edition && !leaning.anywhere);
    q.text = "more";
    q.len = strlen(q.text);
    q.asked = "Which tools does a welder use?";
    answer_make(answerer, &q, pool, &more);
    assert_int_equal(more.edition, 0);
    assert_int_equal(ask("hello").edition, 0);
    index_text("# Welding\n\n## Which tools does a welder use?\n\nA welder uses a torch.\n");
    assert_int_not_equal(ask("Which tools does a welder use?").edition, first.edition);
}

static void two_questions_in_one_message_are_both_answered(void **state)
{
    index_text(guide);
    struct reply r = ask("How much do welders earn and how long does the training take?");
    assert_int_equal(r.kind, REPLY_ANSWER);
    assert_int_equal(r.nanswer, 2);
    const char *first = strstr(r.text, "$48,940"), *second = strstr(r.text, "seven months");
    assert_true(first && second && first < second);
}

static void of_two_questions_the_one_that_has_an_answer_gets_it(void **state)
{
    static const char *const texts[] = {
        "Where do welders work? And how do I cook an egg?",
        "How do I cook an egg? And where do welders work?",
        "Is a torch good? And how do I cook an egg?", /* not sure */
    };
    index_text(guide);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct reply r = ask(texts[i]);
        assert_int_equal(r.kind, i < 2 ? REPLY_ANSWER : REPLY_CHOICES);
        assert_int_equal(r.nanswer, 1);
        assert_non_null(strstr(r.text, "cook an egg\" I found nothing."));
        assert_true(r.nchoice <= 1);
    }
    struct reply r = ask("How do I cook an egg? And how do I fly to Mars?");
    assert_int_equal(r.kind, REPLY_NONE);
}

static void suggestions_never_repeat_the_question(void **state)
{
    index_text(guide);
    struct reply r = ask("how much do welders earn");
    assert_true(r.nsuggestion <= MAX_SUGGESTIONS);
    for (size_t i = 0; i < r.nsuggestion; i++)
        assert_string_not_equal(r.suggestion[i], "How much do welders earn?");
}

static void an_unknown_topic_is_declined_with_its_words_and_topics(void **state)
{
    index_text(guide);
    struct reply r = ask("chocolate pancakes recipe");
    assert_int_equal(r.kind, REPLY_NONE);
    assert_int_equal(r.nanswer, 0);
    assert_non_null(strstr(r.text, "I don't know"));
    assert_non_null(strstr(r.text, "pancakes"));
    assert_true(r.nsuggestion > 0);
}

static void a_question_without_a_word_is_asked_back(void **state)
{
    index_text(guide);
    const char *nothing[] = {"?", "\"", "*", "NEAR(", "\xF0\x9F\xA6\x84", ""};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        struct reply r = ask(nothing[i]);
        assert_int_equal(r.kind, REPLY_NONE);
        assert_true(*r.text);
    }
}

static void a_number_that_is_on_no_list_is_no_follow_up(void **state)
{
    index_text(guide);
    const char *const before[] = {"How much do welders earn?"};
    struct question q = {.text = "7", .len = 1, .before = before, .nbefore = 1};
    struct reply r;
    assert_int_equal(answer_make(answerer, &q, pool, &r), 0);
    assert_int_equal(r.kind, REPLY_NONE);
    assert_non_null(strstr(r.text, "not on my list"));
    assert_int_equal(r.nchoice + r.nsuggestion + r.nanswer, 0);
}

static void question_words_alone_are_asked_back(void **state)
{
    index_text(guide);
    struct reply r = ask("what is it and how");
    assert_int_equal(r.kind, REPLY_NONE);
    assert_non_null(strstr(r.text, "say a little more"));
}

static void small_talk_needs_no_index(void **state)
{
    struct reply r = ask("hello!");
    assert_int_equal(r.kind, REPLY_CHITCHAT);
    assert_true(*r.text);
    assert_int_equal(r.nanswer, 0);
    r = ask("human");
    assert_int_equal(r.kind, REPLY_HANDOFF);
}

static void small_talk_is_followed_by_topics(void **state)
{
    index_text(guide);
    struct reply r = ask("hello");
    assert_int_equal(r.kind, REPLY_CHITCHAT);
    assert_true(r.nsuggestion > 0);
}

static void without_an_index_the_reply_is_not_ready_and_the_index_is_found_later(void **state)
{
    struct question q = {.text = "how much do welders earn", .len = 24};
    struct reply r;
    assert_int_equal(answer_make(answerer, &q, pool, &r), KB_ERR_ABSENT);
    assert_int_equal(r.kind, REPLY_NONE);
    assert_non_null(strstr(r.text, "not ready"));
    index_text(guide);
    assert_int_equal(answer_make(answerer, &q, pool, &r), KB_OK);
    assert_int_equal(r.kind, REPLY_ANSWER);
}

static void a_replaced_index_answers_from_its_new_content(void **state)
{
    index_text(guide);
    assert_non_null(strstr(ask("how much do welders earn").text, "48,940"));
    index_text(
        "# Welding\n\n## How much do welders earn?\n\nWelders earn a median of $50,000 a year.\n");
    assert_non_null(strstr(ask("how much do welders earn").text, "50,000"));
    assert_int_equal(remove(db), 0);
    index_text(
        "# Welding\n\n## How much do welders earn?\n\nWelders earn a median of $60,000 a year.\n");
    assert_non_null(strstr(ask("how much do welders earn").text, "60,000"));
}

static void a_broken_index_gets_a_sorry_and_an_error(void **state)
{
    struct question q = {.text = "how much", .len = 8};
    struct reply r;
    file_with("index.db",
              "this is not a database, and never was one, however long one looks at it");
    assert_true(answer_make(answerer, &q, pool, &r) < 0);
    assert_int_equal(r.kind, REPLY_NONE);
    assert_non_null(strstr(r.text, "Sorry"));
}

static size_t code_points(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static void a_text_never_exceeds_its_limit(void **state)
{
    static char text[40000];
    char *p = stpcpy(
        text, "# Welding\n\n## Which welding gases are there?\n\nThe welding gases are these:\n\n");
    for (int i = 0; i < 300; i++)
        p += sprintf(p, "- gas number %d, \xC3\xA9tude of welding gases\n", i);
    index_text(text);
    struct reply r = ask("which welding gases are there");
    assert_true(r.nanswer > 0);
    assert_true(code_points(r.text) <= MAX_ANSWER_CHARS);
}

static void the_same_question_gives_the_same_reply(void **state)
{
    index_text(guide);
    struct reply a = ask("where do welders work"), b = ask("where do welders work");
    assert_string_equal(a.text, b.text);
    assert_true(a.confidence == b.confidence);
    assert_int_equal(a.nsuggestion, b.nsuggestion);
}

static struct reply more(const char *asked, const struct reply *before)
{
    struct kb_quoted quoted[MAX_QUOTES];
    size_t n = 0;
    for (; n < before->nanswer && n < MAX_QUOTES; n++)
        quoted[n] = (struct kb_quoted){before->answer[n].document, before->answer[n].start,
                                       before->answer[n].end};
    struct question q = {.text = "more", .len = 4, .asked = asked, .quoted = quoted, .nquoted = n};
    struct reply r;
    answer_make(answerer, &q, pool, &r);
    return r;
}

/* Of a section that is quoted in part, what is left need not be about the question. */
static void more_goes_on_and_does_not_quote_what_is_left_over(void **state)
{
    index_text("# Workshop\n\n## Gases\n\nArgon is a gas that keeps air away from the seam. "
               "It is delivered in grey bottles with a green shoulder every Monday.\n\n"
               "The canteen opens at seven and serves soup, bread, fruit and tea to everybody who "
               "works in the hall, and on Fridays there is fish. Lockers are upstairs, next to the "
               "showers, and want a padlock that everybody brings himself. Bicycles stand behind "
               "the gate. Dogs stay at home, except for those of the night watch.\n\n"
               "## Seams\n\nAluminium is welded under argon, and so is titanium.\n");
    static const char asked[] = "which gas keeps air away from the seam";
    struct reply first = ask(asked), second = more(asked, &first);
    assert_non_null(strstr(first.text, "keeps air away"));
    assert_null(strstr(first.text, "canteen"));
    assert_null(strstr(second.text, "canteen"));
    assert_null(strstr(second.text, "Dogs"));
}

static void sorry_is_a_complete_reply(void **state)
{
    struct reply r;
    answer_sorry(pool, &r);
    assert_int_equal(r.kind, REPLY_NONE);
    assert_true(*r.text);
    assert_int_equal(r.nchoice + r.nsuggestion + r.nanswer, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_known_question_is_answered_with_its_verbatim_extract),
        TEST(a_reply_says_whether_the_same_words_get_it_again),
        TEST(two_questions_in_one_message_are_both_answered),
        TEST(of_two_questions_the_one_that_has_an_answer_gets_it),
        TEST(suggestions_never_repeat_the_question),
        TEST(an_unknown_topic_is_declined_with_its_words_and_topics),
        TEST(a_question_without_a_word_is_asked_back),
        TEST(a_number_that_is_on_no_list_is_no_follow_up),
        TEST(question_words_alone_are_asked_back),
        TEST(small_talk_needs_no_index),
        TEST(small_talk_is_followed_by_topics),
        TEST(without_an_index_the_reply_is_not_ready_and_the_index_is_found_later),
        TEST(a_replaced_index_answers_from_its_new_content),
        TEST(a_broken_index_gets_a_sorry_and_an_error),
        TEST(a_text_never_exceeds_its_limit),
        TEST(the_same_question_gives_the_same_reply),
        TEST(more_goes_on_and_does_not_quote_what_is_left_over),
        TEST(sorry_is_a_complete_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
