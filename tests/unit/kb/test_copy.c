/* What an edit would do is tried on a copy of the index, with the bytes that the file would have: the base itself is not touched,
 * and the copy answers as the base would after the edit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kb/kb.h"
#include "kb/pool.h"
#include "tests/unit/kb/folder.h"

static const char first[] = "- id: pay\n  q: What is the pay?\n  a: About fifty.\n";
static const char second[] = "- id: when\n  q: When does the orchestra rehearse?\n  a: At noon.\n";

static struct kb_sources sources(void)
{
    static char guides[300];
    static const char *path[] = {guides};
    snprintf(guides, sizeof guides, "%s", folder("guides"));
    return (struct kb_sources){.path = path, .n = 1};
}

static int setup(void **state)
{
    int rc = folder_setup(state);
    mkdir(folder("guides"), 0700);
    folder_write("guides/one.faq.yaml", first);
    return rc;
}

static struct kb_report indexed(const char *db, const struct kb_sources *src, int want)
{
    struct kb_report r = {0};
    assert_int_equal(kb_index(db, src, &r), want);
    struct kb_report counts = r;
    kb_report_release(&r);
    return counts;
}

static bool knows(const char *db, const char *question)
{
    struct kb *kb = NULL;
    struct kb_hits hits = {0};
    assert_int_equal(kb_open(db, &kb), 0);
    assert_int_equal(kb_ask(kb, &(struct kb_ask){.text = question, .len = strlen(question)}, &hits),
                     0);
    bool high = hits.band == KB_HIGH;
    assert_false(kb_wants_index(kb)); /* its snapshot came along */
    kb_hits_release(&hits);
    kb_close(kb);
    return high;
}

static void a_copy_takes_an_edit_that_the_base_does_not_have(void **state)
{
    struct kb_sources src = sources();
    const char *db = folder("index.db"), *copy = folder("copy.db");
    indexed(db, &src, 0);
    assert_int_equal(kb_copy(db, copy), 0);
    assert_true(knows(copy, "what is the pay"));
    src.instead = (struct kb_instead){folder("guides/two.faq.yaml"), second, strlen(second)};
    struct kb_report r = indexed(copy, &src, 0);
    assert_int_equal(r.added, 1);
    assert_int_equal(r.unchanged, 1); /* the other file was not even read */
    assert_true(knows(copy, "when does the orchestra rehearse"));
    assert_false(knows(db, "when does the orchestra rehearse"));
    /* and back */
    src.instead.path = NULL;
    indexed(copy, &src, 0);
    assert_false(knows(copy, "when does the orchestra rehearse"));
    assert_true(knows(copy, "what is the pay"));
}

static void a_file_can_be_thought_away_or_different(void **state)
{
    struct kb_sources src = sources();
    const char *db = folder("index.db");
    folder_write("guides/two.faq.yaml", second);
    src.instead.path = folder("guides/one.faq.yaml");
    assert_int_equal(indexed(db, &src, 0).read, 1);
    assert_false(knows(db, "what is the pay"));
    src.instead.text = "- q: [";
    src.instead.len = strlen(src.instead.text);
    indexed(db, &src, KB_ERR_INPUT);
    assert_true(knows(db, "when does the orchestra rehearse"));
    src.instead.path = NULL; /* the file itself is as it was */
    indexed(db, &src, 0);
    assert_true(knows(db, "what is the pay"));
}

static void a_new_file_where_there_is_no_folder_is_no_file_of_the_content(void **state)
{
    const char *const paths[] = {folder("guides"), folder("missing")};
    struct kb_sources src = {.path = paths, .n = 2};
    src.instead = (struct kb_instead){folder("missing/two.faq.yaml"), second, strlen(second)};
    indexed(folder("index.db"), &src, KB_ERR_INPUT); /* "missing" is not there */
    src.n = 1;
    indexed(folder("index.db"), &src, 0);
    assert_false(knows(folder("index.db"), "when does the orchestra rehearse"));
}

static void synonyms_can_be_tried_too(void **state)
{
    struct kb_sources src = sources();
    const char *db = folder("index.db");
    static const char words[] = "- words: [pay, zloty]\n";
    indexed(db, &src, 0);
    assert_false(knows(db, "what is the zloty?"));
    src.synonyms = folder("synonyms.yaml");
    src.instead = (struct kb_instead){src.synonyms, words, strlen(words)};
    indexed(db, &src, 0);
    assert_true(knows(db, "what is the zloty?"));
}

static void what_cannot_be_copied_leaves_nothing(void **state)
{
    assert_int_equal(kb_copy(folder("none.db"), folder("copy.db")), KB_ERR_ABSENT);
    assert_int_not_equal(access(folder("copy.db"), F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_copy_takes_an_edit_that_the_base_does_not_have, setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_file_can_be_thought_away_or_different, setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(
            a_new_file_where_there_is_no_folder_is_no_file_of_the_content, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(synonyms_can_be_tried_too, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_copied_leaves_nothing, setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
