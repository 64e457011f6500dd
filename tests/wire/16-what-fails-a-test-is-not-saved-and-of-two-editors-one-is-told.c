/* The gate. An edit that would fail a test is refused, with what would fail and why, until somebody types the name of what is edited: then
 * it is saved, and the audit says so. Of two who edit the same file the second is told; and what is broken elsewhere is not made
 * worse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/wire/harness/fix.h"
#include "tests/wire/harness/staff.h"

#define FAQ                                                                                        \
    "- id: pay\n  q: How are musicians paid?\n  a: Monthly.\n  tests:\n    - how are musicians "   \
    "paid\n    - do musicians get paid\n"                                                          \
    "- id: hall\n  q: Where is the concert hall?\n  a: Behind the station.\n"

static struct wire *w;
static struct person eda, emil;

static int setup(void **state)
{
    w = wire_start(NULL);
    staff_user(w, "add", "editor", "eda");
    staff_user(w, "add", "editor", "emil");
    eda = staff_login(w, "eda");
    emil = staff_login(w, "emil");
    fix_write(w, "guides/music.faq.yaml", FAQ);
    assert_true(fix_answers(w, "How are musicians paid?", "Monthly", 8000));
    return 0;
}

static int teardown(void **state)
{
    wire_stop(w);
    return 0;
}

static char *digest_of(const char *draft)
{
    cJSON *p = fix_job(w, &eda, "preview", draft);
    char *digest = strdup(fix_text(p, "digest"));
    cJSON_Delete(p);
    return digest;
}

/* The draft with two members more. */
static const char *with(const char *draft, const char *digest, const char *more)
{
    static char body[1000];
    snprintf(body, sizeof body, "%.*s,\"digest\":\"%s\"%s}", (int)strlen(draft) - 1, draft, digest,
             more);
    return body;
}

#define BREAKS                                                                                     \
    "{\"kind\":\"edit\",\"id\":\"pay\",\"entry\":{\"question\":\"What does a drum cost?\","        \
    "\"aka\":[],\"answer\":\"A hundred.\"}}"

static void what_fails_a_test_is_refused_until_the_name_is_typed(void **state)
{
    char *digest = digest_of(BREAKS), *why = NULL, *before = fix_read(w, "guides/music.faq.yaml");
    cJSON *p = fix_job(w, &eda, "preview", BREAKS), *tests = cJSON_GetObjectItem(p, "tests");
    assert_int_equal(cJSON_GetObjectItem(tests, "regress")->valueint, 2);
    cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(tests, "changes"), 0);
    assert_string_equal(fix_text(first, "before"), "passed");
    assert_true(*fix_text(first, "why"));
    cJSON_Delete(p);
    assert_string_equal(fix_fails(w, &eda, "save", with(BREAKS, digest, ""), &why), "regress");
    assert_non_null(strstr(why, "\"pay\""));
    free(why);
    assert_string_equal(
        fix_fails(w, &eda, "save", with(BREAKS, digest, ",\"override\":\"hall\""), NULL),
        "regress");
    char *after = fix_read(w, "guides/music.faq.yaml");
    assert_string_equal(after, before);
    assert_true(fix_answers(w, "How are musicians paid?", "Monthly", 0));
    cJSON_Delete(fix_job(w, &eda, "save", with(BREAKS, digest, ",\"override\":\"pay\"")));
    assert_true(fix_answers(w, "What does a drum cost?", "A hundred", 0));
    assert_true(staff_audited(w, "\"action\":\"content.edit.forced\""));
    /* they fail already: whoever edits something else is not held up by it */
    static const char other[] =
        "{\"kind\":\"edit\",\"id\":\"hall\",\"entry\":{\"answer\":\"Behind the station, left.\"}}";
    char *next = digest_of(other);
    cJSON_Delete(fix_job(w, &eda, "save", with(other, next, "")));
    free(next);
    free(after);
    free(before);
    free(digest);
}

static void a_new_test_that_fails_is_refused_too(void **state)
{
    static const char draft[] =
        "{\"kind\":\"answer\",\"entry\":{\"question\":\"Who tunes the piano?\",\"answer\":\"Ben.\","
        "\"tests\":[\"how do I get to the airport\"]}}";
    char *digest = digest_of(draft);
    assert_string_equal(fix_fails(w, &eda, "save", with(draft, digest, ""), NULL), "regress");
    free(digest);
    assert_false(fix_answers(w, "Who tunes the piano?", "Ben", 0));
}

static void of_two_who_edit_one_file_the_second_is_told(void **state)
{
    static const char one[] =
        "{\"kind\":\"edit\",\"id\":\"hall\",\"entry\":{\"answer\":\"Beside the river.\"}}";
    static const char two[] =
        "{\"kind\":\"edit\",\"id\":\"hall\",\"entry\":{\"answer\":\"On the hill.\"}}";
    char *digest = digest_of(one), *why = NULL;
    cJSON_Delete(fix_job(w, &eda, "save", with(one, digest, "")));
    assert_string_equal(fix_fails(w, &emil, "save", with(two, digest, ""), &why), "stale");
    assert_non_null(strstr(why, "look again"));
    assert_true(fix_answers(w, "Where is the concert hall?", "river", 0));
    free(why);
    free(digest);
    /* somebody with an editor of their own is another one, too */
    digest = digest_of(two);
    char *text = fix_read(w, "guides/music.faq.yaml"), *more = NULL;
    assert_true(asprintf(&more, "%s# by hand\n", text) > 0);
    fix_write(w, "guides/music.faq.yaml", more);
    assert_string_equal(fix_fails(w, &emil, "save", with(two, digest, ""), NULL), "stale");
    free(digest);
    free(text);
    free(more);
}

static void a_job_is_its_owner_s_and_a_new_preview_ends_the_last(void **state)
{
    cJSON *first = staff_ask(w, &eda, "preview", BREAKS),
          *second = staff_ask(w, &eda, "preview", BREAKS);
    char path[60];
    struct answer a;
    snprintf(path, sizeof path, "/staff/api/job?id=%d",
             cJSON_GetObjectItem(second, "job")->valueint);
    assert_int_equal(staff_call(w, "GET", path, staff_page(w, &emil), NULL, NULL), 404);
    assert_int_equal(staff_call(w, "GET", path, staff_page(w, &eda), NULL, NULL), 200);
    snprintf(path, sizeof path, "/staff/api/job?id=%d",
             cJSON_GetObjectItem(first, "job")->valueint);
    for (int i = 0; i < 500; i++) { /* done, if it was quicker than we; never waiting for ever */
        assert_int_equal(staff_call(w, "GET", path, staff_page(w, &eda), NULL, &a), 200);
        bool over = strstr(a.body, "\"cancelled\"") || strstr(a.body, "\"failed\"") ||
                    strstr(a.body, "\"done\",");
        answer_release(&a);
        if (over)
            break;
        usleep(20000);
        assert_true(i < 499);
    }
    cJSON_Delete(first);
    cJSON_Delete(second);
}

static void a_mistake_anywhere_is_named_and_nothing_is_saved(void **state)
{
    static const struct {
        const char *draft, *why;
    } bad[] = {
        {"{\"kind\":\"dance\"}", "no such kind"},
        {"{\"kind\":\"edit\",\"id\":\"hall\",\"entry\":{\"valid_until\":\"2026-02-31\"}}", "date"},
        {"{\"kind\":\"edit\",\"id\":\"hall\",\"entry\":{\"answer\":\"\"}}", "write the answer"},
        {"{\"kind\":\"edit\",\"id\":\"hall\",\"entry\":{\"id\":\"pay\"}}", "already"},
        {"{\"kind\":\"answer\",\"entry\":{\"question\":\"Q\",\"answer\":\"A\",\"url\":\"javascript:"
         "x\"}}",
         "url"},
        {"{\"kind\":\"link\",\"id\":\"keeper#salary\",\"question\":"
         "\"x y\"}",
         "FAQ file"},
        {"{\"kind\":\"synonym\",\"words\":[\"one\"]}", "two words"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *why = NULL;
        fix_fails(w, &eda, "preview", bad[i].draft, &why);
        if (!strstr(why, bad[i].why))
            fail_msg("%s: %s", bad[i].draft, why);
        free(why);
    }
    char *why = NULL; /* what somebody else has broken is named, not blamed on the edit */
    fix_write(w, "guides/broken.faq.yaml", "- q: [\n");
    assert_string_equal(fix_fails(w, &eda, "preview", BREAKS, &why), "bad_request");
    assert_non_null(strstr(why, "broken.faq.yaml"));
    free(why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_a_test_is_refused_until_the_name_is_typed),
        cmocka_unit_test(a_new_test_that_fails_is_refused_too),
        cmocka_unit_test(of_two_who_edit_one_file_the_second_is_told),
        cmocka_unit_test(a_job_is_its_owner_s_and_a_new_preview_ends_the_last),
        cmocka_unit_test(a_mistake_anywhere_is_named_and_nothing_is_saved),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
