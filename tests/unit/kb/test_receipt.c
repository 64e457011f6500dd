/* test_receipt.c: a receipt finds the quoted bytes again, says what became of them, and trusts nobody. */
#include "folder.h"

static const char before[] = "# Welding\n\n## Pay\n\nA welder earns $48,940. It varies by state.\n";
static const char moved[] =
    "# Welding\n\nA trade.\n\n## Pay\n\nA welder earns $48,940. It varies by state.\n";
static const char changed[] =
    "# Welding\n\n## Pay\n\nA welder earns $50,000. It varies by state.\n";

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

static struct kb *base_of(const char *text)
{
    struct kb *kb = NULL;
    folder_write("welding.md", text);
    folder_index_one("welding.md");
    assert_int_equal(kb_open(folder("kb.db"), &kb), 0);
    return kb;
}

static const char *receipt_of(const char *text, const char *question)
{
    struct kb *kb = base_of(text);
    struct kb_hits hits;
    struct kb_ask ask = {.text = question, .len = strlen(question)};
    assert_int_equal(kb_ask(kb, &ask, &hits), 0);
    assert_true(hits.n > 0);
    const char *receipt =
        kb_receipt(pool, hits.hit[0].passage, hits.hit[0].text, hits.hit[0].start);
    kb_hits_release(&hits);
    kb_close(kb);
    return receipt;
}

static struct kb_proof proof_in(const char *text, const char *receipt)
{
    struct kb *kb = base_of(text);
    struct kb_proof proof;
    assert_int_equal(kb_verify(kb, receipt, pool, &proof), 0);
    assert_int_equal(proof.ranking, KB_RANKING_VERSION);
    kb_close(kb);
    return proof;
}

static void what_stands_there_still_is_the_same(void **state)
{
    const char *receipt = receipt_of(before, "what does a welder earn");
    struct kb_proof p = proof_in(before, receipt);
    assert_int_equal(p.outcome, KB_SAME);
    assert_string_equal(p.text, "A welder earns $48,940. It varies by state.");
    assert_memory_equal(before + p.start, p.text, p.end - p.start);
}

static void what_moved_is_found(void **state)
{
    const char *receipt = receipt_of(before, "what does a welder earn");
    struct kb_proof p = proof_in(moved, receipt);
    assert_int_equal(p.outcome, KB_MOVED);
    assert_memory_equal(moved + p.start, p.text, p.end - p.start);
    assert_non_null(strstr(p.text, "$48,940"));
}

static void what_was_changed_is_shown_as_it_is_now(void **state)
{
    const char *receipt = receipt_of(before, "what does a welder earn");
    struct kb_proof p = proof_in(changed, receipt);
    assert_int_equal(p.outcome, KB_CHANGED);
    assert_non_null(strstr(p.text, "$50,000"));
    p = proof_in("# Welding\n", receipt);
    assert_int_equal(p.outcome, KB_CHANGED);
}

static void a_document_that_is_gone_is_gone(void **state)
{
    struct kb *kb = base_of(before);
    struct kb_proof p;
    const char *receipt = kb_receipt(pool, "other#top", "text", 3);
    assert_int_equal(kb_verify(kb, receipt, pool, &p), 0);
    assert_int_equal(p.outcome, KB_GONE);
    assert_string_equal(p.text, "");
    kb_close(kb);
}

static void what_is_no_receipt_is_refused(void **state)
{
    static const char *const none[] = {
        "",
        "gp1:",
        "gp1:2:5-1:00112233445566778899aabbccddeeff:a#b",
        "gp1:2:1-5:0011:a#b",
        "gp1:2:1-5:00112233445566778899aabbccddeeff:",
        "gp1:2:1-5:00112233445566778899aabbccddeeff:a",
        "gp1:x:1-5:00112233445566778899aabbccddeeff:a#b",
        "gp1:2:1-99999999999999999999:00112233445566778899aabbccddeeff:a#b",
        "gp1:2:-1-5:00112233445566778899aabbccddeeff:a#b",
        "gp2:2:1-5:00112233445566778899aabbccddeeff:a#b"};
    struct kb *kb = base_of(before);
    struct kb_proof p;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (kb_verify(kb, none[i], pool, &p) != KB_ERR_INPUT)
            fail_msg("taken: %s", none[i]);
    kb_close(kb);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_stands_there_still_is_the_same),    TEST(what_moved_is_found),
        TEST(what_was_changed_is_shown_as_it_is_now), TEST(a_document_that_is_gone_is_gone),
        TEST(what_is_no_receipt_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
