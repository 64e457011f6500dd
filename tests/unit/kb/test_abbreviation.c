/* test_abbreviation.c: a text says what its abbreviations stand for, and only that is believed. */
#include "folder.h"

#include "kb/snap_view.h"

static struct pool *pool;

static int setup(void **state)
{
    pool = pool_new();
    return folder_setup(state);
}

static int teardown(void **state)
{
    pool_free(pool);
    return folder_teardown(state);
}

static int take(void *ctx, const char *brief, const char *full)
{
    const char **all = ctx;
    *all = pool_printf(pool, "%s%s%s=%s", *all, **all ? ", " : "", brief, full);
    return 0;
}

static const char *found(const char *text)
{
    const char *all = "";
    assert_int_equal(abbreviations_find(pool, text, strlen(text), take, &all), 0);
    return all;
}

static void what_stands_in_front_of_the_brackets_is_the_long_form(void **state)
{
    static const char *const cases[][2] = {
        {"A medical laboratory technician (MLT) tests.", "MLT=medical laboratory technician"},
        {"All medical laboratory technicians (MLTs).", "MLT=medical laboratory technicians"},
        {"By the American Society for Clinical Pathology (ASCP).",
         "ASCP=American Society for Clinical Pathology"},
        {"from the U.S. Office of Personnel Management (OPM)",
         "OPM=Office of Personnel Management"},
        {"airframe and powerplant (A&P) mechanics", "A&P=airframe and powerplant"},
        {"point-of-care testing (POCT)", "POCT=point-of-care testing"},
        {"**personal  protective\nequipment** (PPE)", "PPE=personal protective equipment"},
        {"an emergency medical technician (EMT) or licensed practical nurse (LPN)",
         "EMT=emergency medical technician, LPN=licensed practical nurse"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(found(cases[i][0]), cases[i][1]);
}

static void it_may_stand_inside_them_as_well(void **state)
{
    assert_string_equal(found("MLTs (medical laboratory technicians) test."),
                        "MLT=medical laboratory technicians");
    assert_string_equal(found("the **EHR** (electronic health record)"),
                        "EHR=electronic health record");
}

static void what_does_not_fit_letter_by_letter_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "(",
        "(MLT)",
        "A technician (MLT).",
        "medical technician (MLT)",
        "Work. Medical laboratory technician. (MLT)",
        "a bachelor's degree (BS)",
        "growth of jobs (GOOD)",
        "in the United States (and Canada)",
        "new york (ny)",
        "medical laboratory technician (MLT",
        "OPM (of personnel management)",
        "It is (I think) so (no)",
        "the one (a) and the other (b)",
        "Medical\n\nlaboratory technician (MLT)",
        "((((((((((((()))))))))))",
        "\xff\xfe (\xff\xfe)",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(found(texts[i]), "");
}

/* ---- in a base ---------------------------------------------------------------------------------------------- */

static struct synonyms *load(struct kb **ret_kb)
{
    struct synonyms *s = NULL;
    folder_index_one("a.md");
    assert_int_equal(kb_open(folder("kb.db"), ret_kb), 0);
    assert_int_equal(synonyms_load((*ret_kb)->db, (*ret_kb)->tokenizer, "en", &s), 0);
    return s;
}

/* What the token leads to, in one string. */
static const char *leads_to(const char *token)
{
    struct kb *kb = NULL;
    struct synonyms *s = load(&kb);
    const char *all = "";
    size_t n = 0;
    const struct synonym *syn = synonyms_find(s, token, &n);
    for (; n; n--, syn++) {
        for (size_t i = 0; i < syn->nto; i++)
            all = pool_printf(pool, "%s%s%s", all, *all ? " " : "", syn->to[i]);
        assert_true(syn->weight > 0 && syn->weight < 1);
    }
    synonyms_free(s);
    kb_close(kb);
    return all;
}

static void both_find_each_other_until_the_text_is_changed(void **state)
{
    folder_write("a.md", "# Care\n\nA nursing assistant (NA) helps. NA pay is low.\n");
    assert_string_equal(leads_to("na"), "nurs assist");
    assert_string_equal(leads_to("nurs"), "na");
    folder_write("a.md", "# Care\n\nA nursing assistant helps. NA pay is low.\n");
    assert_string_equal(leads_to("na"), "");
}

static void where_texts_disagree_most_of_them_are_right(void **state)
{
    folder_write("a.md", "# Lab\n\nA lab technician (LT), another Lab Technician (LT).\n\n"
                         "## More\n\nA lab technologist (LT).\n");
    assert_string_equal(leads_to("lt"), "lab technician");
    folder_write("a.md",
                 "# Lab\n\nA lab technician (LT).\n\n## More\n\nA lab technologist (LT).\n");
    assert_string_equal(leads_to("lt"), "");
}

static void a_question_with_the_abbreviation_finds_what_is_spelt_out(void **state)
{
    struct kb *kb = NULL;
    folder_write("a.md",
                 "# Care\n\n## Nursing assistants (NAs)\n\nA nursing assistant (NA) helps.\n\n"
                 "## What nursing assistants earn\n\nA nursing assistant earns $39,000.\n\n"
                 "## What cooks earn\n\nA cook earns $35,000.\n");
    synonyms_free(load(&kb));
    struct kb_ask ask = {.text = "how much does a NA earn",
                         .len = strlen("how much does a NA earn")};
    struct kb_hits hits;
    assert_int_equal(kb_ask(kb, &ask, &hits), 0);
    assert_non_null(strstr(hits.hit[0].text, "$39,000"));
    kb_hits_release(&hits);
    kb_close(kb);
}

/* By a handle that has a snapshot of an earlier state, and looks into what that has ready. */
static bool snapshot_is_current(void)
{
    struct kb *kb = NULL;
    synonyms_free(load(&kb));
    sqlite3_exec(kb->db, "BEGIN", NULL, NULL, NULL);
    assert_int_equal(kb_refresh(kb), 0);
    assert_non_null(kb->view);
    size_t len = 0;
    const void *image = view_synonyms(kb->view, &len);
    struct synonyms *s = image ? synonyms_adopt(kb->db, image, len) : NULL;
    bool current = s != NULL;
    synonyms_free(s);
    kb_close(kb);
    return current;
}

static void what_a_snapshot_has_ready_holds_until_an_abbreviation_changes(void **state)
{
    folder_write("a.md", "# Care\n\nA nursing assistant (NA) helps. NA pay is low.\n");
    assert_true(snapshot_is_current());
    folder_write("a.md", "# Care\n\nA nursing assistant (NA) helps. NA pay is very low.\n");
    assert_true(snapshot_is_current());
    folder_write("a.md", "# Care\n\nA nursing aide (NA) helps. NA pay is very low.\n");
    assert_false(snapshot_is_current());
    assert_string_equal(leads_to("na"), "nurs aid");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_a_snapshot_has_ready_holds_until_an_abbreviation_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(what_stands_in_front_of_the_brackets_is_the_long_form,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(it_may_stand_inside_them_as_well, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_letter_by_letter_is_none, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(both_find_each_other_until_the_text_is_changed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(where_texts_disagree_most_of_them_are_right, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_question_with_the_abbreviation_finds_what_is_spelt_out,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
