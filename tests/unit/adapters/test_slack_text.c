/* test_slack_text.c: what Slack sends, and what was typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "adapters/slack/slack_int.h"

static struct pool *pool;

static int set_up(void **state)
{
    pool = pool_new();
    return 0;
}

static int tear_down(void **state)
{
    pool_free(pool);
    return 0;
}

static struct slack_text read_text(const char *raw)
{
    return slack_text_read(pool, raw, "UBOT");
}

#define READS(raw, want) assert_string_equal(read_text(raw).text, want)

static void our_mention_goes_with_its_punctuation(void **state)
{
    static const char *const all[] = {"<@UBOT> what does it pay?",
                                      "<@UBOT>\xC2\xA0what does it pay?",
                                      "<@UBOT>: what does it pay?",
                                      "<@UBOT>, what does it pay?",
                                      "<@UBOT> - what does it pay?",
                                      "<@UBOT> \xE2\x80\x94 what does it pay?",
                                      "<@UBOT|bot> what does it pay?",
                                      "<@UBOT> <@UBOT> what does it pay?",
                                      "what does it pay? <@UBOT>",
                                      "what does it pay? <@UBOT>!",
                                      "what does it pay <@UBOT>?",
                                      "  <@UBOT>\xE2\x80\x8B  what \n does\tit pay? ",
                                      "<@UBOT>\xC2\xA0:\xC2\xA0what does it pay?",
                                      "what does <@UBOT> it pay?"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct slack_text t = read_text(all[i]);
        assert_string_equal(t.text, "what does it pay?");
        assert_true(t.names_us);
        assert_false(t.begins_other);
    }
}

static void a_word_that_begins_with_a_mark_stays(void **state)
{
    READS("<@UBOT> .NET jobs", ".NET jobs");
    READS("<@UBOT> -5 degrees", "-5 degrees");
    READS("<@UBOT>... well", "well");
}

static void nothing_but_our_name_is_nothing(void **state)
{
    READS("<@UBOT>", "");
    READS("<@UBOT>?", "");
    READS("<@UBOT> !", "");
    READS("<@UBOT> :wave::skin-tone-3:", "");
    READS("", "");
}

static void a_typed_mention_is_none(void **state)
{
    struct slack_text t = read_text("&lt;@UBOT&gt; hello");
    assert_string_equal(t.text, "<@UBOT> hello");
    assert_false(t.names_us);
    assert_false(read_text("<@UBOTX> hi").names_us);
    assert_false(slack_text_read(pool, "<@> hi", "").names_us);
}

static void a_message_that_begins_with_somebody_else_says_so(void **state)
{
    assert_true(read_text("<@U2> can you look?").begins_other);
    assert_true(read_text(" <@U2|ann> can you look?").begins_other);
    assert_false(read_text("can <@U2> do that?").begins_other);
    assert_false(read_text("<@UBOT> ask <@U2>").begins_other);
}

static void every_token_has_words(void **state)
{
    READS("ask <@U2> and <@W3|ann b>", "ask @user and @ann b");
    READS("in <#C1> or <#C2|general> or <#C3|>", "in #channel or #general or #channel");
    READS("<!subteam^S1|@ops> <!subteam^S2>", "@ops @group");
    READS("<!here> hi <!channel> <!everyone|x>", "hi");
    READS("on <!date^1700000000^{date}^https://x|Tuesday>", "on Tuesday");
    READS("see <https://x.test/a?b=1&amp;c|the page> or <https://x.test/?a&amp;b>",
          "see the page or https://x.test/?a&b");
    READS("<mailto:a@b.test|a@b.test> <tel:+1|+1>", "a@b.test +1");
    READS("a <b", "a <b");
    READS("a <> b", "a b");
    READS("<odd thing>", "odd thing");
}

static void entities_are_read_once(void **state)
{
    READS("a &amp; b &lt;c&gt;", "a & b <c>");
    READS("&amp;lt; &amp;amp;", "&lt; &amp;");
    READS("&quot; & &; &am", "&quot; & &; &am");
}

static void emoji_names_go_and_times_stay(void **state)
{
    READS("hi :wave: there :+1:", "hi there");
    READS("at 10:30:45 or note:this:that", "at 10:30:45 or note:this:that");
    READS(":family: \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xA7 ok",
          "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xA7 ok");
    READS("\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D <@UBOT>", "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_mention_goes_with_its_punctuation),
        cmocka_unit_test(a_word_that_begins_with_a_mark_stays),
        cmocka_unit_test(nothing_but_our_name_is_nothing),
        cmocka_unit_test(a_typed_mention_is_none),
        cmocka_unit_test(a_message_that_begins_with_somebody_else_says_so),
        cmocka_unit_test(every_token_has_words),
        cmocka_unit_test(entities_are_read_once),
        cmocka_unit_test(emoji_names_go_and_times_stay),
    };
    return cmocka_run_group_tests_name("slack_text", tests, set_up, tear_down);
}
