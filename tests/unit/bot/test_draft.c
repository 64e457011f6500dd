/* test_draft.c: what somebody wants becomes the bytes of one file, and what cannot be done is said in words for a person. */
#include "files.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <sys/stat.h>

#include "bot/draft.h"
#include "bot/json.h"
#include "bot/store.h"
#include "kb/pool.h"

static const char faq[] =
    "# by hand\n- id: pay\n  q: How are musicians paid?\n  aka: [wages]\n  a: Monthly.\n"
    "- id: old\n  q: Is there a choir?\n  a: No.\n  status: draft\n";

static struct pool *pool;
static struct kb *kb;
static char db[128], guides[128], synonyms[160];
static const char *content[] = {guides};
static struct draft_where where = {
    .db = db, .content = content, .ncontent = 1, .synonyms = synonyms, .file = "staff.faq.yaml"};

static int setup(void **state)
{
    struct kb_report report = {0};
    if (files_setup(state))
        return -1;
    pool = pool_new();
    snprintf(db, sizeof db, "%s/index.db", folder);
    snprintf(guides, sizeof guides, "%s/guides", folder);
    mkdir(guides, 0700);
    file_with("guides/music.faq.yaml", faq);
    file_with("guides/hall.md",
              "# The hall\n\n## Where is it?\n\nThe hall is behind the station.\n");
    snprintf(synonyms, sizeof synonyms, "%s",
             file_with("synonyms.yaml", "- words: [pay, salary]\n"));
    struct kb_sources src = {.path = content, .n = 1, .synonyms = synonyms};
    int err = kb_index(db, &src, &report);
    kb_report_release(&report);
    return err ? err : kb_open(db, &kb);
}

static int teardown(void **state)
{
    kb_close(kb);
    pool_free(pool);
    return files_teardown(state);
}

static int make(const char *json, struct draft *d, const char **why)
{
    struct cJSON *in = json_parse(json, strlen(json));
    assert_non_null(in);
    int err = draft_make(pool, &where, kb, in, d, why);
    json_free(in);
    return err;
}

static struct draft made(const char *json)
{
    struct draft d;
    const char *why = "";
    if (make(json, &d, &why))
        fail_msg("%s: %s", json, why);
    return d;
}

static void refused(const char *json, int want, const char *part)
{
    struct draft d;
    const char *why = "";
    assert_int_equal(make(json, &d, &why), want);
    if (!strstr(why, part))
        fail_msg("%s: %s", json, why);
}

static void a_new_entry_goes_into_the_staffs_file(void **state)
{
    struct draft d = made("{\"kind\":\"answer\",\"entry\":{\"question\":\" Who  "
                          "tunes?\\r\\n\",\"answer\":\"Ben.\\r\\n\\r\\nAnd "
                          "Eda.\",\"aka\":[\"tuner\",\" \"],\"reviewed\":\"2026-01-02\"}}");
    assert_null(d.before.s);
    assert_non_null(strstr(d.path, "guides/staff.faq.yaml"));
    assert_string_equal(d.name, "who-tunes");
    assert_string_equal(d.after.s, "- id: who-tunes\n  q: Who tunes?\n  aka:\n    - tuner\n  a: "
                                   "|\n    Ben.\n\n    And Eda.\n  reviewed: \"2026-01-02\"\n");
    assert_string_equal(d.entry->answer, "Ben.\n\nAnd Eda.");
}

static void an_id_that_is_taken_gets_a_number(void **state)
{
    assert_string_equal(
        made("{\"kind\":\"answer\",\"entry\":{\"question\":\"Pay\",\"answer\":\"X.\"}}").name,
        "pay-2");
    refused("{\"kind\":\"answer\",\"entry\":{\"id\":\"pay\",\"question\":\"Q\",\"answer\":\"X.\"}}",
            -EINVAL, "already");
}

static void a_question_of_emoji_is_named_after_its_answer(void **state)
{
    struct draft d = made("{\"kind\":\"answer\",\"entry\":{\"question\":\"\xF0\x9F\x8E\xBA?!\","
                          "\"answer\":\"**Trumpets** are lent for a year.\"}}");
    assert_string_equal(d.name, "trumpets-are-lent-for-a");
    assert_non_null(strstr(d.after.s, "- id: trumpets-are-lent-for-a\n")); /* it stays */
    assert_string_equal(made("{\"kind\":\"answer\",\"entry\":{\"question\":\"?\","
                             "\"answer\":\"Pay!\"}}")
                            .name,
                        "pay-2");
}

static void an_edit_changes_what_it_names_and_nothing_else(void **state)
{
    struct draft d =
        made("{\"kind\":\"edit\",\"id\":\"music#pay\",\"entry\":{\"answer\":\"Weekly.\"}}");
    assert_string_equal(
        d.after.s,
        "# by hand\n- id: pay\n  q: How are musicians paid?\n  aka: [wages]\n  a: |\n    Weekly.\n"
        "- id: old\n  q: Is there a choir?\n  a: No.\n  status: draft\n");
    assert_string_equal(d.before.s, faq);
    refused("{\"kind\":\"edit\",\"id\":\"pay\",\"entry\":{\"answer\":\"Monthly.\"}}", -EINVAL,
            "changes nothing");
    refused("{\"kind\":\"edit\",\"id\":\"nobody\",\"entry\":{}}", -ENOENT, "no such entry");
    refused("{\"kind\":\"edit\",\"id\":\"hall#where-is-it\",\"entry\":{\"answer\":\"There.\"}}",
            -EINVAL, "hall.md, line");
}

static void a_link_is_an_alias_and_a_test_once(void **state)
{
    struct draft d =
        made("{\"kind\":\"link\",\"id\":\"pay\",\"question\":\"Do they get money\",\"test\":true}");
    assert_non_null(strstr(d.after.s, "    - Do they get money\n"));
    assert_int_equal(d.entry->list[KB_AKA].n, 2);
    assert_int_equal(d.entry->list[KB_TESTS].n, 1);
    refused("{\"kind\":\"link\",\"id\":\"pay\",\"question\":\"WAGES\"}", -EINVAL, "already");
    assert_int_equal(made("{\"kind\":\"link\",\"id\":\"pay\",\"question\":\"WAGES\",\"test\":true}")
                         .entry->list[KB_AKA]
                         .n,
                     1);
}

static void what_is_retired_is_found_and_published_again(void **state)
{
    struct draft d = made("{\"kind\":\"retire\",\"id\":\"pay\"}");
    assert_non_null(strstr(d.after.s, "  status: draft\n- id: old"));
    refused("{\"kind\":\"retire\",\"id\":\"old\"}", -EINVAL, "already");
    d = made("{\"kind\":\"edit\",\"id\":\"old\",\"entry\":{\"status\":\"\"}}");
    assert_null(strstr(d.after.s, "draft"));
}

static void what_is_missing_or_wrong_is_said(void **state)
{
    refused("{}", -EINVAL, "kind");
    refused("{\"kind\":\"answer\"}", -EINVAL, "no entry");
    refused("{\"kind\":\"answer\",\"entry\":{\"answer\":\"A\"}}", -EINVAL, "question");
    refused("{\"kind\":\"answer\",\"entry\":{\"question\":\"Q\",\"answer\":7}}", -EINVAL,
            "no text");
    refused("{\"kind\":\"answer\",\"entry\":{\"question\":\"Q\",\"answer\":\"A\",\"aka\":[{}]}}",
            -EINVAL, "aka");
    refused("{\"kind\":\"redirect\",\"entry\":{\"question\":\"Q\",\"answer\":\"A\"}}", -EINVAL,
            "https://");
    refused("{\"kind\":\"answer\",\"entry\":{\"question\":\"Q\",\"answer\":\"A\",\"valid_until\":"
            "\"2026-02-30\"}}",
            -EINVAL, "date");
    refused("{\"kind\":\"synonym\",\"words\":[\"a\"]}", -EINVAL, "two words");
    refused("{\"kind\":\"synonym\",\"line\":7,\"remove\":true}", -EINVAL, "line");
    refused("{\"kind\":\"synonym\",\"from\":[\"a\"],\"to\":[\"b\"],\"weight\":2}", -EINVAL,
            "weight");
}

static void an_edit_is_undone_unless_the_file_went_on(void **state)
{
    struct draft d = made("{\"kind\":\"retire\",\"id\":\"pay\"}"), back;
    const char *why = "";
    struct store_edit e = {.name = "pay",
                           .path = d.path,
                           .before = d.before.s,
                           .len = d.before.len,
                           .digest = d.digest,
                           .written = d.written};
    assert_int_equal(draft_undo(pool, &e, &back, &why), -ESTALE); /* it was never written */
    assert_int_equal(file_replace(d.path, d.after), 0);
    assert_int_equal(draft_undo(pool, &e, &back, &why), 0);
    assert_string_equal(back.after.s, faq);
    e.before = NULL; /* too long ago */
    assert_int_equal(draft_undo(pool, &e, &back, &why), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_entry_goes_into_the_staffs_file, setup, teardown),
        cmocka_unit_test_setup_teardown(an_id_that_is_taken_gets_a_number, setup, teardown),
        cmocka_unit_test_setup_teardown(a_question_of_emoji_is_named_after_its_answer, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_edit_changes_what_it_names_and_nothing_else, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_link_is_an_alias_and_a_test_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_retired_is_found_and_published_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_or_wrong_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(an_edit_is_undone_unless_the_file_went_on, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
