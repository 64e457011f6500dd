/* test_web.c: one reply in its four forms: JSON, text, page, frame. Whatever stands in a guide or a question, the
 * form around it stays whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/web/web_int.h"
#include "bot/bot.h"
#include "bot/limits.h"
#include "kb/kb.h"

static struct config *config;
static struct bot bot;
static struct adapter adapter;

static int set_up(void **state)
{
    struct kb_report report = {0};
    config_register(bot_settings);
    for (size_t i = 0; adapter_types[i]; i++)
        config_register(adapter_types[i]->settings);
    int err = config_read("/dev/null", &config, &report);
    kb_report_release(&report);
    bot = (struct bot){.config = config};
    adapter = (struct adapter){.type = adapter_types[0], .bot = &bot};
    return err ? err : adapter.type->open(&adapter);
}

static int tear_down(void **state)
{
    adapter.type->close(&adapter);
    config_free(config);
    return 0;
}

#define EVIL "</script><b>\"'&\n\xe2\x80\xa8"

static const char *choices[] = {"Did " EVIL}, *suggestions[] = {"Next " EVIL};

/* A reply in which everything that can be hostile is. */
static struct reply hostile(struct kb_hit *hit)
{
    static const char *const heading[] = {"Head " EVIL};
    *hit = (struct kb_hit){.passage = "d#a",
                           .document = "d",
                           .title = "Title " EVIL,
                           .anchor = "a",
                           .url = "https://x.test/\"><script>",
                           .question = "",
                           .reviewed = "2026-01-31",
                           .heading = heading,
                           .nheading = 1,
                           .text = "Quoted " EVIL};
    return (struct reply){.kind = REPLY_ANSWER,
                          .confidence = 0.9,
                          .band = KB_HIGH,
                          .text = "Quoted " EVIL,
                          .answer = hit,
                          .nanswer = 1,
                          .choice = choices,
                          .nchoice = 1,
                          .suggestion = suggestions,
                          .nsuggestion = 1,
                          .us = 1234};
}

static void render(enum web_form form, const struct reply *r, struct buf *b)
{
    struct inbound in = {
        .text = "Asked " EVIL, .conversation = "", .form = (int)form, .ref = "cid1"};
    struct outgoing out = {.to = &in, .reply = r, .answer_id = "42", .re = 7};
    buf_init(b, WEB_MAX_PAGE);
    adapter.type->render(&adapter, &out, b);
    assert_false(buf_failed(b));
}

/* As event 8 of its conversation; `b` is the caller's to release. */
static struct cJSON *render_event(const struct reply *r, struct buf *b)
{
    struct buf body;
    render(WEB_EVENT, r, &body);
    struct transcript_event ev = {.seq = 8, .body = body.s, .len = body.len};
    assert_int_equal(web_answer_re(&ev), 7);
    buf_init(b, MAX_REPLY_JSON);
    web_frame_event(&ev, b);
    buf_release(&body);
    struct cJSON *j = json_parse(b->s, b->len);
    assert_non_null(j);
    return j;
}

static void json_is_the_object_of_the_batch_and_an_id(void **state)
{
    struct kb_hit hit;
    struct reply r = hostile(&hit);
    struct buf b;
    render(WEB_JSON, &r, &b);
    struct cJSON *j = json_parse(b.s, b.len);
    assert_non_null(j);
    assert_string_equal(json_string(j, "answer_id", 100), "42");
    assert_string_equal(json_string(j, "kind", 100), "answer");
    assert_int_equal(b.s[b.len - 1], '\n');
    json_free(j);
    buf_release(&b);
}

static void a_frame_cites_its_sources_and_carries_the_cid(void **state)
{
    struct kb_hit hit;
    struct reply r = hostile(&hit);
    struct buf b;
    size_t n;
    struct cJSON *j = render_event(&r, &b);
    assert_string_equal(json_string(j, "t", 100), "answer");
    assert_int_equal(json_int(j, "re", 0, 100, 0), 7);
    assert_int_equal(json_int(j, "seq", 0, 100, 0), 8);
    assert_string_equal(json_string(j, "cid", 100), "cid1");
    assert_string_equal(json_string(j, "id", 100), "42");
    assert_string_equal(json_string(j, "kind", 100), "extract");
    assert_int_equal(json_int(j, "ms", 0, 10, -1), 1);
    const char *const arrays[] = {"segments", "sources", "options", "suggest"};
    for (size_t i = 0; i < 4; i++) {
        json_array(j, arrays[i], &n);
        assert_int_equal(n, 1);
    }
    assert_non_null(strstr(b.s, "\"cites\":[0]"));
    json_free(j);
    buf_release(&b);
}

static void what_is_the_same_for_everybody_is_made_once_and_says_the_same(void **state)
{
    struct kb_hit hit;
    struct reply r = hostile(&hit), other = {.kind = REPLY_NONE, .text = "never looked at"};
    struct buf body, same;
    render(WEB_EVENT, &r, &body);
    buf_init(&same, MAX_REPLY_JSON);
    assert_false(adapter.type->render_same(&adapter, &r, WEB_JSON, &same));
    assert_true(adapter.type->render_same(&adapter, &r, WEB_EVENT, &same));
    struct inbound in = {.conversation = "", .form = WEB_EVENT, .ref = "cid1"};
    struct outgoing out = {
        .to = &in, .reply = &other, .answer_id = "42", .re = 7, .same = same.s, .nsame = same.len};
    struct buf again;
    buf_init(&again, MAX_REPLY_JSON);
    adapter.type->render(&adapter, &out, &again);
    assert_string_equal(again.s, body.s);
    buf_release(&again);
    buf_release(&same);
    buf_release(&body);
}

static void kinds_have_the_protocols_names(void **state)
{
    static const struct {
        enum reply_kind kind;
        const char *name;
    } names[] = {{REPLY_CHOICES, "clarify"},
                 {REPLY_NONE, "none"},
                 {REPLY_CHITCHAT, "chitchat"},
                 {REPLY_HANDOFF, "handoff"}};
    for (size_t i = 0; i < 4; i++) {
        struct reply r = {.kind = names[i].kind, .text = "x"};
        struct buf b;
        struct cJSON *j = render_event(&r, &b);
        assert_string_equal(json_string(j, "kind", 100), names[i].name);
        json_free(j);
        buf_release(&b);
    }
}

static void nothing_on_the_page_is_mark_up_but_the_pages_own(void **state)
{
    struct kb_hit hit;
    struct reply r = hostile(&hit);
    struct buf b;
    render(WEB_PAGE, &r, &b);
    assert_non_null(strstr(b.s, "Asked &lt;/script&gt;&lt;b&gt;&quot;&#39;&amp;"));
    assert_non_null(strstr(b.s, "Quoted &lt;/script&gt;"));
    assert_non_null(strstr(b.s, "href=\"https://x.test/&quot;&gt;&lt;script&gt;#a\""));
    assert_null(strstr(b.s, "<b>"));
    assert_null(strstr(b.s, "{{"));
    const char *script = strstr(b.s, "<script");
    assert_non_null(script);
    assert_null(strstr(script + 1, "<script")); /* the one of chat.html */
    buf_release(&b);
}

static void lists_of_an_answer_are_lists_of_the_page(void **state)
{
    struct kb_hit hit = {.passage = "d#a",
                         .document = "d",
                         .title = "T",
                         .anchor = "",
                         .url = "",
                         .question = "",
                         .reviewed = ""};
    static const char *const all[][2] = {
        {"Two:\n\n- one\n- two\n\nDone\nreally.",
         "<p>Two:</p><ul><li>one</li><li>two</li></ul><p>Done\nreally.</p>"},
        {"9. nine\n10. ten\n- dash",
         "<ol><li value=\"9\">nine</li><li value=\"10\">ten</li></ol><ul><li>dash</li></ul>"},
        {"2024. A year\n1.5 points\n-none\n3.", "<p>2024. A year\n1.5 points\n-none\n3.</p>"},
        {"Pay\nLevel | A & B\nMLT | $1 | x\nEnd",
         "<p>Pay</p><div class=\"wide\" tabindex=\"0\"><table><thead><tr><th "
         "dir=\"auto\">Level</th>"
         "<th dir=\"auto\">A &amp; B</th></tr></thead><tbody><tr><td dir=\"auto\">MLT</td>"
         "<td dir=\"auto\">$1</td><td dir=\"auto\">x</td></tr></tbody></table></div><p>End</p>"},
        {"a | b", "<p>a | b</p>"},
        {"- a | b\n- c | d", "<ul><li>a | b</li><li>c | d</li></ul>"},
        {"1. A & B", "<ol><li value=\"1\">A &amp; B</li></ol>"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char want[512];
        hit.text = all[i][0];
        struct reply r = {.kind = REPLY_ANSWER, .text = hit.text, .answer = &hit, .nanswer = 1};
        struct buf b;
        render(WEB_PAGE, &r, &b);
        snprintf(want, sizeof want, "%s<footer>", all[i][1]);
        if (!strstr(b.s, want))
            fail_msg("%s in\n%s", want, b.s);
        buf_release(&b);
    }
}

static void what_was_asked_decides_its_own_direction(void **state)
{
    struct reply r = {.kind = REPLY_NONE, .text = "I don't know."};
    struct buf b;
    render(WEB_PAGE, &r, &b);
    assert_non_null(strstr(b.s, "<p dir=\"auto\">Asked ")); /* no word of ours before it */
    buf_release(&b);
}

static void a_terminal_gets_numbered_sources(void **state)
{
    struct kb_hit hit;
    struct reply r = hostile(&hit);
    struct buf b;
    hit.text = r.text = "It pays well.";
    hit.title = "Pay";
    hit.nheading = 0;
    hit.url = "https://x.test/pay";
    choices[0] = "Did you?";
    suggestions[0] = "What next?";
    render(WEB_TEXT, &r, &b);
    assert_string_equal(b.s, "It pays well. [1]\n\nSources\n  [1] Pay (reviewed 2026-01-31)\n"
                             "      https://x.test/pay#a\n\nDid you mean\n  - Did you?\n\n"
                             "You could also ask\n  - What next?\n");
    buf_release(&b);
}

static void the_page_names_its_assets_by_their_hash(void **state)
{
    struct reply r = {.kind = REPLY_NONE, .text = "I don't know."};
    struct buf b;
    render(WEB_PAGE, &r, &b);
    const char *a = strstr(b.s, "src=\"/a/");
    assert_non_null(a);
    assert_int_equal(strcspn(a + 8, "/"), ASSET_HASH);
    assert_memory_equal(a + 8 + ASSET_HASH, "/chat.js\"", 9);
    buf_release(&b);
}

/* A key that one language lacks would show its name to somebody. */
static void every_language_says_everything(void **state)
{
    const struct web *w = adapter.state;
    static const char *const langs[] = {"en", "es", "fr", "de", "ar"};
    size_t len;
    const char *en = asset_data(&w->assets, "words/en.json", &len), *end = en + len;
    assert_int_equal(w->nwords, sizeof langs / sizeof langs[0]);
    int keys = 0;
    for (const char *s = en; (s = memchr(s, '\n', (size_t)(end - s))) != NULL && s + 1 < end;
         keys++) {
        char key[64];
        assert_int_equal(sscanf(++s, "\"%63[^\"]\":", key), 1);
        for (size_t i = 0; i < sizeof langs / sizeof langs[0]; i++) {
            const struct web_words *words = web_words_named(w, langs[i]);
            assert_string_equal(web_words_lang(words), langs[i]);
            if (web_say(words, key) == key || !*web_say(words, key))
                fail_msg("%s lacks %s", langs[i], key);
            assert_int_equal(!strchr(web_say(words, key), '{'),
                             !strchr(web_say(web_words_named(w, "en"), key), '{'));
        }
    }
    assert_true(keys > 50);
}

static void a_language_is_known_by_its_first_two_letters(void **state)
{
    static const char *const names[][2] = {{"de", "de"},  {"DE-at", "de"}, {"fr_CA", "fr"},
                                           {"deu", "en"}, {"xx", "en"},    {"", "en"},
                                           {"d", "en"},   {"*", "en"},     {"\xc3\xa9", "en"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_string_equal(web_words_lang(web_words_named(adapter.state, names[i][0])),
                            names[i][1]);
}

static void every_refusal_has_a_code_and_only_passing_ones_say_when(void **state)
{
    const int errs[] = {-EBUSY, -ESHUTDOWN, -E2BIG, -EINVAL, -EILSEQ, -ENOMEM};
    for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
        const struct web_refusal *r = web_refusal(errs[i]);
        assert_true(*r->code && *r->title);
        assert_int_equal(r->retry_after_s > 0, r->status >= 500);
    }
    assert_string_equal(web_refusal(-ENOMEM)->code, "internal");
}

static void a_token_names_a_conversation_of_its_moment(void **state)
{
    char token[WEB_TOKEN], other[WEB_TOKEN], name[WEB_CONVERSATION], next[WEB_CONVERSATION];
    char wanted[9] = "";
    long long before = (long long)time(NULL), after;
    web_token_make(token);
    web_token_make(other);
    after = (long long)time(NULL);
    assert_true(web_token_read(token, name) && web_token_read(other, next));
    assert_int_equal(strlen(token), WEB_TOKEN - 1);
    assert_int_equal(strlen(name), WEB_CONVERSATION - 1);
    long long made = strtoll(memcpy(wanted, name, 8), NULL, 16);
    assert_in_range(made, before, after);
    assert_string_not_equal(name + 8, next + 8);
    token[WEB_TOKEN - 2] ^= 1; /* 36 bytes are 48 letters: each bit counts */
    assert_true(!web_token_read(token, next) || strcmp(name, next));
}

/* By b2sum -l 128 of its 43 letters. */
static void a_token_of_a_former_version_leads_to_its_conversation(void **state)
{
    char name[WEB_CONVERSATION];
    assert_true(web_token_read("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", name));
    assert_string_equal(name, "5847706ecd63534f211b960e3aa36f5a");
    assert_false(web_token_read("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh", name));
    assert_false(web_token_read("", name));
    assert_false(web_token_read(NULL, name));
    assert_false(web_token_read("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJA", name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_the_object_of_the_batch_and_an_id),
        cmocka_unit_test(a_frame_cites_its_sources_and_carries_the_cid),
        cmocka_unit_test(what_is_the_same_for_everybody_is_made_once_and_says_the_same),
        cmocka_unit_test(kinds_have_the_protocols_names),
        cmocka_unit_test(nothing_on_the_page_is_mark_up_but_the_pages_own),
        cmocka_unit_test(lists_of_an_answer_are_lists_of_the_page),
        cmocka_unit_test(what_was_asked_decides_its_own_direction),
        cmocka_unit_test(a_terminal_gets_numbered_sources),
        cmocka_unit_test(the_page_names_its_assets_by_their_hash),
        cmocka_unit_test(every_language_says_everything),
        cmocka_unit_test(a_language_is_known_by_its_first_two_letters),
        cmocka_unit_test(a_token_names_a_conversation_of_its_moment),
        cmocka_unit_test(a_token_of_a_former_version_leads_to_its_conversation),
        cmocka_unit_test(every_refusal_has_a_code_and_only_passing_ones_say_when),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
