/* test_smalltalk.c: small talk answers only a message that is nothing else. */
#include "files.h"

#include <errno.h>

#include "bot/shipped.h"
#include "bot/smalltalk.h"

static struct smalltalk *talk;
static struct kb_report report;

static int setup(void **state)
{
    if (files_setup(state))
        return -1;
    return smalltalk_read(
        file_with("talk.yaml",
                  "- {id: greeting, say: [hello, hi, good morning], reply: Hello!, topics: true}\n"
                  "- {id: thanks, say: [thanks, thank you], reply: Welcome.}\n"
                  "- {id: identity, say: [\"who are you?\", what's your name], reply: A bot.}\n"
                  "- {id: human, say: [human, talk to a person], reply: Press., called: Soon., "
                  "handoff: true}\n"
                  "- {id: contact, say: ['{reach|call} {you|us|}'], reply: So., handoff: offer}\n"
                  "- {id: stop, say: [never mind], reply: Well., handoff: cancel}\n"
                  "- {id: approval, say: [\"\xF0\x9F\x91\x8D\", cool], reply: Good.}\n"
                  "- {id: praise, say: [good job], reply: Thanks., statement: true}\n"
                  "- {id: merci, say: [\"merci be\xC3\xA1ucoup\"], reply: De rien.}\n"),
        &talk, &report);
}

static int teardown(void **state)
{
    smalltalk_free(talk);
    talk = NULL;
    kb_report_release(&report);
    return files_teardown(state);
}

static const char *id_of(const char *text)
{
    const struct talk *t = smalltalk_match(talk, text, strlen(text));
    return t ? t->id : "";
}

static void case_marks_accents_and_emoji_do_not_matter(void **state)
{
    assert_string_equal(id_of("hello"), "greeting");
    assert_string_equal(id_of("  HELLO!!! :-)"), "greeting");
    assert_string_equal(id_of("hello :D"), "greeting");
    assert_string_equal(id_of("Hello \xF0\x9F\x91\x8B"), "greeting");
    assert_string_equal(id_of("What\xE2\x80\x99s your name?"), "identity");
    assert_string_equal(id_of("Merci beaucoup"), "merci");
    assert_string_equal(id_of("\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD"), "approval");
}

static void letters_may_be_doubled(void **state)
{
    assert_string_equal(id_of("hiiii"), "greeting");
    assert_string_equal(id_of("Thaaanks"), "thanks");
    assert_string_equal(id_of("heloo"), "greeting");
}

static void one_slip_in_a_longer_word_is_forgiven(void **state)
{
    assert_string_equal(id_of("thnaks"), "thanks");
    assert_string_equal(id_of("thansk"), "thanks");
    assert_string_equal(id_of("tanks"), "thanks");
    assert_string_equal(id_of("good mornin"), "greeting");
    assert_string_equal(id_of("ho"), "");
    assert_string_equal(id_of("banks"), "");
}

static void fillers_may_stand_around_it(void **state)
{
    assert_string_equal(id_of("hi there"), "greeting");
    assert_string_equal(id_of("ok, thanks a lot... bot"), "");
    assert_string_equal(id_of("ok thank you very much!"), "thanks");
    assert_string_equal(id_of("can I talk to a person please"), "human");
    assert_string_equal(id_of("I would like to talk to a person"), "human");
}

static void of_several_the_weightiest_is_meant(void **state)
{
    assert_string_equal(id_of("hi, who are you?"), "identity");
    assert_string_equal(id_of("who are you? thanks"), "identity");
    assert_string_equal(id_of("hi, thank you"), "thanks");
    assert_string_equal(id_of("hello, human please, thank you"), "human");
}

static void a_content_word_makes_it_a_question(void **state)
{
    const char *questions[] = {"hi, what does a lab tech earn",
                               "thanks, and the salary?",
                               "human resources",
                               "hello world program",
                               "who are you hiring",
                               "\xE4\xBD\xA0\xE5\xA5\xBD hi",
                               "hi 2024",
                               "",
                               "   ",
                               "?!",
                               "please",
                               "hi hi hi hi hi hi hi hi hi hi hi hi hi hi hi hi hi"};
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        assert_string_equal(id_of(questions[i]), "");
}

static void a_statement_is_said_and_not_asked(void **state)
{
    assert_string_equal(id_of("good job"), "praise");
    assert_string_equal(id_of("it is a good job"), "praise");
    assert_string_equal(id_of("is it a good job?"), "");
    assert_string_equal(id_of("Is this a good job"), "");
    assert_string_equal(id_of("is this a human"), "human"); /* that one may be asked */
}

static void text_of_any_kind_is_survived(void **state)
{
    char big[5000];
    memset(big, 'h', sizeof big);
    assert_null(smalltalk_match(talk, big, sizeof big));
    assert_null(smalltalk_match(talk, "\xFF\xFE hi", 5));
    assert_null(smalltalk_match(talk, "a\0b", 3));
    assert_null(smalltalk_match(NULL, "hi", 2));
}

static void flags_and_replies_are_read(void **state)
{
    const struct talk *t = smalltalk_match(talk, "hello", 5);
    assert_true(t->topics);
    assert_int_equal(t->person, PERSON_UNMENTIONED);
    assert_string_equal(t->reply, "Hello!");
    assert_null(t->called);
    t = smalltalk_match(talk, "human", 5);
    assert_int_equal(t->person, PERSON_WANTED);
    assert_string_equal(t->called, "Soon.");
    assert_int_equal(smalltalk_match(talk, "reach you", 9)->person, PERSON_OFFERED);
    assert_int_equal(smalltalk_match(talk, "never mind", 10)->person, PERSON_UNWANTED);
}

static void a_group_stands_for_each_of_its_alternatives(void **state)
{
    const char *sayings[] = {"reach you", "reach us", "reach", "call you", "call us", "Call!"};
    for (size_t i = 0; i < sizeof sayings / sizeof *sayings; i++)
        assert_string_equal(id_of(sayings[i]), "contact");
    assert_string_equal(id_of("reach call"), "contact"); /* two sayings */
    assert_string_equal(id_of("reach, call you"), "contact");
    assert_string_equal(id_of("reach them"), "");
}

static void mistakes_in_the_file_have_a_place(void **state)
{
    const struct {
        const char *text, *says;
        size_t line, column;
    } bad[] = {
        {"- {id: a, says: [x], reply: r}\n", "did you mean \"say\"", 1, 11},
        {"- {id: a, say: [x]}\n", "has no reply", 1, 3},
        {"- {say: [x], reply: r}\n", "expects an id", 1, 3},
        {"- {id: a, say: [], reply: r}\n", "says nothing", 1, 16},
        {"- {id: a, say: ['!!'], reply: r}\n", "no word in it", 1, 17},
        {"- {id: a, say: [x], reply: r, topics: maybe}\n", "true or false", 1, 39},
        {"- {id: a, say: [x], reply: r}\n- {id: a, say: [y], reply: r}\n", "used twice", 2, 8},
        {"- {id: a, say: [x], reply: r}\n- {id: b, say: [X!], reply: r}\n", "already said", 2, 17},
        {"- {id: a, say: [x], reply: r, handoff: soon}\n", "offer or cancel", 1, 40},
        {"- {id: a, say: [x], reply: r, called: c}\n", "of small talk with handoff", 1, 39},
        {"- {id: a, say: ['{x|y'], reply: r}\n", "without its other one", 1, 17},
        {"- {id: a, say: ['x}'], reply: r}\n", "without its other one", 1, 17},
        {"- {id: a, say: ['{x|{y|z}}'], reply: r}\n", "one inside another", 1, 17},
        {"- {id: a, say: ['{x|}'], reply: r}\n", "no word in it", 1, 17},
        {"- {id: a, say: ['{a|b|c|d|e|f|g|h}{a|b|c|d|e|f|g|h}{a|b|c|d|e|f|g|h}{a|b}'], reply: "
         "r}\n",
         "is more than 512 sayings", 1, 17},
        {"greeting: x\n", "expects a list", 1, 1},
        {"- x\n", "expects id, say and reply", 1, 3},
    };
    struct smalltalk *other = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kb_report_release(&report);
        assert_int_equal(smalltalk_read(file_with("bad.yaml", bad[i].text), &other, &report),
                         -EINVAL);
        assert_problem(&report, bad[i].line, bad[i].column, bad[i].says);
    }
    kb_report_release(&report);
    assert_int_equal(smalltalk_read("/nonexistent.yaml", &other, &report), -EIO);
    assert_null(other);
}

static void the_shipped_small_talk_is_sound(void **state)
{
    struct smalltalk *shipped = NULL;
    assert_int_equal(smalltalk_read(NULL, &shipped, &report), 0);
    assert_int_equal(report.nproblem, 0);
    const struct talk *t = smalltalk_match(shipped, "hello!", 6);
    assert_non_null(t);
    smalltalk_free(shipped);
}

/* In each language of the chat page. */
static void
a_plain_wish_for_a_person_is_understood_and_a_question_about_people_is_none(void **state)
{
    static const struct {
        enum reply_person person;
        const char *text;
    } said[] = {
        {PERSON_WANTED, "human"},
        {PERSON_WANTED, "Agent!"},
        {PERSON_WANTED, "I want to talk to a person"},
        {PERSON_WANTED, "hi, could you please connect me with a member of staff?"},
        {PERSON_WANTED, "¿Puedo hablar con alguien?"},
        {PERSON_WANTED, "quiero hablar con una persona, por favor"},
        {PERSON_WANTED, "Puis-je parler à quelqu’un ?"},
        {PERSON_WANTED, "Bonjour, je voudrais parler à un conseiller s'il vous plaît"},
        {PERSON_WANTED, "Ich möchte bitte mit einem Menschen sprechen"},
        {PERSON_WANTED, "Kann ich mit jemandem reden?"},
        {PERSON_WANTED, "أريد التحدث مع شخص"},
        {PERSON_OFFERED, "How can I contact you?"},
        {PERSON_OFFERED, "counselor"},
        {PERSON_UNWANTED, "ok, never mind"},
        {PERSON_UNWANTED, "olvídalo"},
        {PERSON_UNWANTED, "Laisse tomber."},
        {PERSON_UNWANTED, "schon gut"},
        {PERSON_UNWANTED, "لا يهم"},
        {PERSON_UNMENTIONED, "can I talk to a person who works in a lab?"},
        {PERSON_UNMENTIONED, "human resources"},
        {PERSON_UNMENTIONED, "do agents earn more?"},
        {PERSON_UNMENTIONED, "real estate agent"},
        {PERSON_UNMENTIONED, "how do I become a counselor?"},
        {PERSON_UNMENTIONED, "how do I talk to a patient"},
        {PERSON_UNMENTIONED, "trabajar con personas mayores"},
        {PERSON_UNMENTIONED, "travailler avec des personnes âgées"},
        {PERSON_UNMENTIONED, "ein Beruf, in dem ich mit Menschen arbeite"},
    };
    struct smalltalk *shipped = NULL;
    assert_int_equal(smalltalk_read(NULL, &shipped, &report), 0);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const struct talk *t = smalltalk_match(shipped, said[i].text, strlen(said[i].text));
        if ((t ? t->person : PERSON_UNMENTIONED) != said[i].person)
            fail_msg("\"%s\" is %s", said[i].text, t ? t->id : "no small talk");
        if (t && t->person == PERSON_WANTED)
            assert_non_null(t->called);
    }
    smalltalk_free(shipped);
}

static void assert_same_talk(const struct talk *a, const struct talk *b)
{
    assert_int_equal(!a, !b);
    if (!a)
        return;
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->reply, b->reply);
    assert_int_equal(a->person, b->person);
    assert_string_equal(a->called ? a->called : "", b->called ? b->called : "");
    assert_int_equal(a->topics, b->topics);
    assert_int_equal(a->statement, b->statement);
}

/* Every line of the file, as a message. */
static void what_was_made_while_building_is_what_the_file_says(void **state)
{
    struct smalltalk *built = NULL, *read = NULL;
    size_t len = (size_t)(shipped_smalltalk_end - shipped_smalltalk), known = 0;
    char *edited = malloc(len + 8), *line = edited + 7, *end;
    memcpy(edited, "# mine\n", 7);
    memcpy(edited + 7, shipped_smalltalk, len + 1);
    assert_int_equal(smalltalk_read(NULL, &built, &report), 0);
    assert_int_equal(smalltalk_read(file_with("edited.yaml", edited), &read, &report), 0);
    for (; (end = strchr(line, '\n')); line = end + 1) {
        line += strspn(line, " -");
        const struct talk *t = smalltalk_match(read, line, (size_t)(end - line));
        assert_same_talk(t, smalltalk_match(built, line, (size_t)(end - line)));
        known += t != NULL;
    }
    assert_true(known > 500);
    free(edited);
    smalltalk_free(built);
    smalltalk_free(read);
}

static void an_empty_file_is_an_empty_set(void **state)
{
    struct smalltalk *none = NULL;
    assert_int_equal(smalltalk_read(file_with("none.yaml", ""), &none, &report), 0);
    assert_null(smalltalk_match(none, "hello", 5));
    smalltalk_free(none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(case_marks_accents_and_emoji_do_not_matter),
        TEST(letters_may_be_doubled),
        TEST(one_slip_in_a_longer_word_is_forgiven),
        TEST(fillers_may_stand_around_it),
        TEST(of_several_the_weightiest_is_meant),
        TEST(a_content_word_makes_it_a_question),
        TEST(a_statement_is_said_and_not_asked),
        TEST(text_of_any_kind_is_survived),
        TEST(flags_and_replies_are_read),
        TEST(mistakes_in_the_file_have_a_place),
        TEST(a_group_stands_for_each_of_its_alternatives),
        TEST(the_shipped_small_talk_is_sound),
        TEST(a_plain_wish_for_a_person_is_understood_and_a_question_about_people_is_none),
        TEST(what_was_made_while_building_is_what_the_file_says),
        TEST(an_empty_file_is_an_empty_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
