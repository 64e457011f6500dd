/* What kinds of things a passage is seen to have. */
#include "base.h"

static unsigned traits(const char *body)
{
    struct unit unit[64];
    size_t n = base_units(body, unit, 64);
    return trait_of(body, unit, n);
}

static void test_kinds_are_told_by_words_and_figures(void **state)
{
    static const struct {
        const char *body;
        unsigned traits;
    } cases[] = {
        {"They earn $57,000.", TRAIT_MONEY | TRAIT_DIGIT},
        {"They earn 57,000 dollars.", TRAIT_MONEY | TRAIT_DIGIT},
        {"Around \xe2\x82\xac"
         "900, or USD 950.",
         TRAIT_MONEY | TRAIT_DIGIT},
        {"It takes two YEARS.", TRAIT_PERIOD},
        {"Apply by the end of March.", TRAIT_DATE},
        {"First apply, then wait.", TRAIT_STEPS},
        {"Unlike nurses, they wait.", TRAIT_DIFFERENCE},
        {"Nurses vs. doctors", TRAIT_DIFFERENCE},
        {"Because of demand.", TRAIT_REASON},
        {"In California, Florida, Hawaii, Montana, and Nevada.", TRAIT_ENUMERATION},
        {"Places:\n- Labs\n- Clinics\n- Wards", TRAIT_MANY},
        {"- Hematology: the study of blood", TRAIT_LABEL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(traits(cases[i].body), cases[i].traits);
}

static void test_what_only_looks_like_a_sign_is_none(void **state)
{
    static const char *const body[] = {"",
                                       "The dollar ($) is a sign, USD a name.",
                                       "Revsal is no word; may and can are.",
                                       "One, two, three, four. Five, six, seven.",
                                       "- Labs\n- Clinics",
                                       "vs"};
    (void)state;
    for (size_t i = 0; i < sizeof body / sizeof *body; i++)
        assert_int_equal(traits(body[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_are_told_by_words_and_figures),
        cmocka_unit_test(test_what_only_looks_like_a_sign_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
