/* test_ask.c: the whole life of a question, over a base made by hand. */
#include "base.h"

static void assert_first(struct kb *kb, const char *question, const char *document)
{
    struct kb_hits hits = base_ask(kb, question);
    if (!hits.n)
        fail_msg("'%s' found nothing", question);
    assert_string_equal(hits.hit[0].document, document);
    kb_hits_release(&hits);
}

static void test_the_passage_with_the_words_comes_first(void **state)
{
    struct kb *kb = base_careers();
    assert_first(kb, "What is the median wage?", "pay");
    assert_first(kb, "which states require a license", "license");
    assert_first(kb, "Do I need a degree", "degree");
    assert_first(kb, "how do welders learn?", "welder");
    kb_close(kb);
}

static void test_an_extract_is_the_bytes_of_its_span(void **state)
{
    struct kb *kb = base_careers();
    struct kb_hits hits = base_ask(kb, "laboratory technician samples license wage");
    assert_true(hits.n >= 3);
    for (size_t i = 0; i < hits.n; i++) {
        const struct kb_hit *h = &hits.hit[i];
        assert_int_equal(strlen(h->text), h->end - h->start);
        char *sql = sqlite3_mprintf("SELECT substr(CAST(text AS BLOB), %d, %d) FROM documents"
                                    " WHERE key = %Q",
                                    (int)h->start + 1, (int)(h->end - h->start), h->document);
        sqlite3_stmt *st;
        assert_int_equal(sqlite3_prepare_v2(kb->db, sql, -1, &st, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(st), SQLITE_ROW);
        assert_memory_equal(sqlite3_column_blob(st, 0), h->text, h->end - h->start);
        sqlite3_finalize(st);
        sqlite3_free(sql);
        for (size_t m = 0; m < h->nmark; m++)
            assert_true(h->mark[m].start < h->mark[m].end && h->mark[m].end <= strlen(h->text));
    }
    kb_hits_release(&hits);
    kb_close(kb);
}

static void test_only_what_may_be_quoted_is_extracted_when_so_asked(void **state)
{
    static const char question[] = "laboratory technician samples license wage";
    static const double share[] = {0.01, 0.5, 0.9, 2};
    struct kb *kb = base_careers();
    struct kb_hits all = base_ask(kb, question);
    assert_true(all.n >= 3);
    for (size_t i = 0; i < sizeof share / sizeof *share; i++) {
        struct kb_ask ask = {
            .text = question, .len = strlen(question), .as_sure = share[i], .as_likely = share[i]};
        struct kb_hits few;
        assert_int_equal(kb_ask(kb, &ask, &few), KB_OK);
        assert_int_equal(few.n, all.n);
        bool sure = true;
        for (size_t k = 0; k < few.n; k++) {
            sure = sure && (!k || (few.band > KB_NONE &&
                                   few.hit[k].confidence >= few.hit[0].confidence * share[i]));
            assert_string_equal(few.hit[k].passage, all.hit[k].passage);
            assert_string_equal(few.hit[k].text, sure ? all.hit[k].text : "");
        }
        kb_hits_release(&few);
    }
    kb_hits_release(&all);
    kb_close(kb);
}

static void test_no_text_is_an_operator(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "\"",
        "*",
        "NEAR(",
        "NEAR(wage zebra, 5)",
        "AND",
        "OR",
        "NOT",
        "wage AND",
        "wage*",
        "title:wage",
        "^wage",
        "-wage",
        "(wage",
        "\"wage",
        "'wage'",
        "{wage}",
        "\001de wage",
        "\xff\xfe",
        "\xf0\x9f\x98\x80",
        "how do i",
        "wage; DROP TABLE passages",
    };
    struct kb *kb = base_careers();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct kb_hits hits = base_ask(kb, texts[i]);
        if (strstr(texts[i], "wage") && texts[i][0] != 1)
            assert_string_equal(hits.hit[0].document, "pay");
        kb_hits_release(&hits);
    }
    struct kb_hits hits;
    assert_int_equal(kb_ask(kb, &(struct kb_ask){.text = "wa\0ge\0 wage", .len = 11}, &hits), 0);
    assert_string_equal(hits.hit[0].document, "pay");
    kb_hits_release(&hits);
    kb_close(kb);
}

static void test_a_question_of_a_megabyte_is_answered_from_its_beginning(void **state)
{
    struct kb *kb = base_careers();
    size_t len = 1 << 20;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text, "what is the median wage ", 24);
    struct kb_hits hits;
    assert_int_equal(kb_ask(kb, &(struct kb_ask){.text = text, .len = len}, &hits), 0);
    assert_string_equal(hits.hit[0].document, "pay");
    kb_hits_release(&hits);
    for (size_t i = 0; i + 5 <= len; i += 5) /* two hundred thousand words */
        memcpy(text + i, i % 3 ? "wage " : "pay? ", 5);
    assert_int_equal(kb_ask(kb, &(struct kb_ask){.text = text, .len = len}, &hits), 0);
    kb_hits_release(&hits);
    free(text);
    kb_close(kb);
}

static void test_finding_nothing_is_success_and_declines(void **state)
{
    struct kb *kb = base_careers();
    struct kb_hits hits = base_ask(kb, "mortgage refinancing");
    assert_int_equal(hits.n, 0);
    assert_int_equal(hits.band, KB_NONE);
    assert_true(hits.confidence <= 0);
    assert_int_equal(hits.nunknown, 2);
    assert_string_equal(hits.unknown[0], "mortgage");
    kb_hits_release(&hits);
    kb_close(kb);

    kb = base_open(); /* and so is an empty base */
    hits = base_ask(kb, "anything at all");
    assert_int_equal(hits.n, 0);
    kb_hits_release(&hits);
    kb_close(kb);
}

static void test_the_best_ones_do_not_depend_on_max(void **state)
{
    struct kb *kb = base_careers();
    const char *text = "laboratory technician license degree years";
    struct kb_hits many, few;
    struct kb_ask ask = {.text = text, .len = strlen(text)};
    assert_int_equal(kb_ask(kb, &ask, &many), 0);
    for (size_t max = 1; max <= many.n; max++) {
        ask.max = max;
        assert_int_equal(kb_ask(kb, &ask, &few), 0);
        assert_int_equal(few.n, max);
        for (size_t i = 0; i < few.n; i++)
            assert_string_equal(few.hit[i].passage, many.hit[i].passage);
        assert_true(few.confidence >= many.confidence && few.confidence <= many.confidence);
        kb_hits_release(&few);
    }
    kb_hits_release(&many);
    kb_close(kb);
}

static void test_a_change_of_the_index_is_seen_at_the_next_question(void **state)
{
    struct kb *kb = base_careers();
    struct kb_hits hits = base_ask(kb, "phlebotomy");
    assert_int_equal(hits.n, 0);
    kb_hits_release(&hits);
    base_add(kb,
             &(struct base_passage){.key = "new", .body = "Phlebotomy is the drawing of blood."});
    hits = base_ask(kb, "phlebotomy");
    assert_int_equal(hits.n, 1);
    assert_string_equal(hits.hit[0].document, "new");
    kb_hits_release(&hits);
    kb_close(kb);
}

static void test_expired_text_is_never_served(void **state)
{
    struct kb *kb = base_open();
    base_add(kb, &(struct base_passage){
                     .key = "old", .body = "Tuition is 100.", .valid_until = "2026-06-30"});
    base_add(kb, &(struct base_passage){
                     .key = "now", .body = "The tuition is 120.", .valid_from = "2026-07-01"});
    struct kb_ask ask = {.text = "tuition", .len = 7};
    struct kb_hits hits;
    ask.today = "2026-06-30";
    assert_int_equal(kb_ask(kb, &ask, &hits), 0);
    assert_int_equal(hits.n, 1);
    assert_string_equal(hits.hit[0].document, "old");
    kb_hits_release(&hits);
    ask.today = "2026-07-01";
    assert_int_equal(kb_ask(kb, &ask, &hits), 0);
    assert_int_equal(hits.n, 1);
    assert_string_equal(hits.hit[0].document, "now");
    kb_hits_release(&hits);
    kb_close(kb);
}

static void test_releasing_twice_or_nothing_is_fine(void **state)
{
    struct kb *kb = base_careers();
    struct kb_hits hits = base_ask(kb, "wage");
    kb_hits_release(&hits);
    kb_hits_release(&hits);
    kb_hits_release(NULL);
    kb_close(kb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_passage_with_the_words_comes_first),
        cmocka_unit_test(test_an_extract_is_the_bytes_of_its_span),
        cmocka_unit_test(test_only_what_may_be_quoted_is_extracted_when_so_asked),
        cmocka_unit_test(test_no_text_is_an_operator),
        cmocka_unit_test(test_a_question_of_a_megabyte_is_answered_from_its_beginning),
        cmocka_unit_test(test_finding_nothing_is_success_and_declines),
        cmocka_unit_test(test_the_best_ones_do_not_depend_on_max),
        cmocka_unit_test(test_a_change_of_the_index_is_seen_at_the_next_question),
        cmocka_unit_test(test_expired_text_is_never_served),
        cmocka_unit_test(test_releasing_twice_or_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
