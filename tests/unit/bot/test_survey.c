/* test_survey.c: what was asked, as facts and groups: nothing is counted twice, nothing that was erased is left, and what somebody put
 * together stays together. */
#include <errno.h>
#include <sodium.h>
#include <sqlite3.h>

#include "bot/clock.h"
#include "bot/journal.h"
#include "bot/store.h"
#include "bot/survey.h"
#include "tests/unit/bot/files.h"

static char state_db[128], index_db[128];
static struct store *store;
static struct surveyor *surveyor;
static const struct survey *held;

static void write_file(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void index_all(void)
{
    const char *path[] = {"a.faq.yaml"};
    struct kb_sources src = {.root = folder, .path = path, .n = 1, .synonyms = "synonyms.yaml"};
    struct kb_report report = {0};
    assert_int_equal(kb_index(index_db, &src, &report), 0);
    kb_report_release(&report);
}

static int set_up(void **state)
{
    int err = files_setup(state);
    snprintf(state_db, sizeof state_db, "%s/state.db", folder);
    snprintf(index_db, sizeof index_db, "%s/index.db", folder);
    write_file("a.faq.yaml",
               "title: Work\nentries:\n- id: pay\n  q: What is the salary?\n  a: It is good.\n"
               "- id: exam\n  q: Is there an exam for the certification?\n  a: There is.\n"
               "- id: hours\n  q: What are the hours of the library?\n  a: Nine to five.\n");
    write_file("synonyms.yaml", "- words: [salary, pay, wage]\n");
    index_all();
    err = err || sodium_init() < 0 || store_open(state_db, "normal", &store);
    surveyor = surveyor_new(state_db, index_db);
    return err;
}

static int tear_down(void **state)
{
    if (held)
        survey_give_back(surveyor, held);
    held = NULL;
    surveyor_free(surveyor);
    store_close(store);
    return files_teardown(state);
}

static const char answer[] =
    "{\"kind\":\"answer\",\"answers\":[{\"passage\":\"a#pay\",\"document\":\"a\",\"title\":"
    "\"Work\"},"
    "{\"passage\":\"a#hours\",\"document\":\"a\",\"title\":\"Work\"}],\"us\":321}";

static int64_t add(const char *question, const char *kind, int64_t ago_ms)
{
    int64_t id = 0;
    struct journal_turn t = {.adapter = "web",
                             .conversation = "c",
                             .question = question,
                             .reply_json = strcmp(kind, "answer") ? "{\"us\":12}" : answer,
                             .kind = kind,
                             .confidence = 0.5,
                             .at_ms = clock_wall_ms() - ago_ms};
    assert_int_equal(store_begin(store), 0);
    assert_int_equal(store_add_turn(store, &t, &id), 0);
    assert_int_equal(store_commit(store), 0);
    return id;
}

/* The first survey that has n facts and of which `right` is true. */
static const struct survey *see(size_t n, bool (*right)(const struct survey *s))
{
    uint64_t until = clock_ms() + 30000;
    for (;;) {
        if (held)
            survey_give_back(surveyor, held);
        held = survey_take(surveyor);
        if (held && held->n == n && (!right || right(held)))
            return held;
        if (clock_ms() > until)
            fail_msg("in vain: %zu facts, there are %zu", n, held ? held->n : 0);
        usleep(10000);
    }
}

static uint32_t group_of(int64_t id)
{
    const struct survey_fact *f = survey_find(held, id);
    assert_non_null(f);
    return f->group;
}

static void test_other_words_and_slips_are_one_group(void **state)
{
    int64_t a = add("what is the salary", "answer", 5000), b = add("wage?", "answer", 4000);
    int64_t c = add("what is the salry", "none", 3000), d = add("library hours", "answer", 2000);
    int64_t talk = add("hello", "chitchat", 1000);
    see(5, NULL);
    assert_int_equal(group_of(a), group_of(b));
    assert_int_equal(group_of(a), group_of(c));
    assert_int_not_equal(group_of(a), group_of(d));
    assert_int_equal(group_of(talk), UINT32_MAX);
    const struct survey_group *g = &held->group[group_of(a)];
    assert_int_equal(g->n, 3);
    assert_int_equal(g->wordings, 3);
    assert_int_equal(g->nobody, 1);
    assert_int_equal(g->open, 1); /* its ticket */
    assert_int_equal(g->day[SURVEY_DAYS - 1], 3);
    assert_non_null(g->near);
    assert_string_equal(g->near->question, "What is the salary?");
}

static void test_a_fact_is_what_the_reply_says(void **state)
{
    int64_t a = add("salary", "answer", 1000), b = add("what about zygomorphs", "none", 500);
    see(2, NULL);
    const struct survey_fact *f = survey_find(held, a), *none = survey_find(held, b);
    assert_int_equal(f->us, 321);
    assert_int_equal(f->end, SURVEY_ENTRY);
    assert_string_equal(held->passage[f->quoted[0]].key, "a#pay");
    assert_string_equal(held->passage[f->quoted[1]].key, "a#hours");
    assert_int_equal(f->quoted[2], SURVEY_NOWHERE);
    assert_string_equal(held->document[held->passage[f->quoted[0]].document].title, "Work");
    assert_int_equal(none->end, SURVEY_NONE);
    assert_int_equal(none->us, 12);
    assert_int_equal(none->quoted[0], SURVEY_NOWHERE);
    assert_string_equal(held->channel[f->channel], "web");
    assert_null(survey_find(held, 99));
}

static bool voted(const struct survey *s)
{
    return s->fact[0].down == 1;
}

static bool wanted(const struct survey *s)
{
    return s->fact[0].end == SURVEY_PERSON;
}

static void test_votes_and_wishes_come_later(void **state)
{
    int64_t a = add("salary", "answer", 60000);
    see(1, NULL);
    assert_int_equal(held->fact[0].down, 0);
    struct store_vote vote = {.turn = a, .voter = "x", .v = -1, .at_ms = clock_wall_ms()};
    assert_int_equal(store_vote(store, &vote), 0);
    see(1, voted);
    assert_int_equal(held->fact[0].end, SURVEY_ENTRY);
    struct store_handoff h = {
        .adapter = "web", .conversation = "c", .want = "live", .at_ms = clock_wall_ms() - 5000};
    assert_int_equal(store_add_handoff(store, &h), 0);
    see(1, wanted);
    assert_int_equal(held->fact[0].wait_s, UINT32_MAX);
    struct store_ticket_note n = {
        .id = a, .at_ms = h.at_ms + 4000, .who = "anna", .what = "live.claim"};
    assert_int_equal(store_log_ticket(store, &n), 0);
    uint64_t until = clock_ms() + 30000;
    while (held->fact[0].wait_s != 4) {
        assert_true(clock_ms() < until);
        see(1, wanted);
    }
}

static void test_what_was_erased_is_gone_and_what_is_old_too(void **state)
{
    add("salary", "answer", 31 * DAY_MS);
    add("salary", "answer", 1000);
    see(1, NULL);
    assert_int_equal(store_begin(store), 0);
    assert_int_equal(store_erase(store, "web", "c", clock_wall_ms()), 0);
    assert_int_equal(store_commit(store), 0);
    see(0, NULL);
    assert_int_equal(held->ngroup, 0);
}

static void test_a_number_that_was_promised_earlier_is_not_missed(void **state)
{
    int64_t id = 0;
    struct journal_turn t = {.id = 5,
                             .adapter = "web",
                             .conversation = "c",
                             .question = "salary",
                             .reply_json = "{}",
                             .kind = "none",
                             .at_ms = clock_wall_ms()};
    assert_int_equal(store_add_turn(store, &t, &id), 0);
    see(1, NULL);
    t.id = 2;
    assert_int_equal(store_add_turn(store, &t, &id), 0);
    see(2, NULL);
    assert_int_equal(held->fact[0].id, 2);
}

static int64_t first_id, second_id;

static bool together(const struct survey *s)
{
    return survey_find(s, first_id)->group == survey_find(s, second_id)->group;
}

static bool apart(const struct survey *s)
{
    return !together(s);
}

static int64_t merge_id;

static void note_merge(void *ctx, const struct store_merge *m)
{
    merge_id = m->id;
}

static void test_what_was_put_together_stays_so(void **state)
{
    first_id = add("salary", "answer", 3000);
    second_id = add("library hours", "answer", 2000);
    see(2, apart);
    struct store_merge m = {.turn = first_id,
                            .says = (int64_t)held->says[survey_find(held, first_id)->text],
                            .into_turn = second_id,
                            .into_says = (int64_t)held->says[survey_find(held, second_id)->text],
                            .who = "anna",
                            .at_ms = 1};
    assert_int_equal(store_merge(store, &m), 0);
    see(2, together);
    assert_true(held->group[group_of(first_id)].merged);
    /* Other questions in the same words, after the ones that were put together are gone. */
    assert_int_equal(store_begin(store), 0);
    assert_int_equal(store_erase(store, "web", "c", clock_wall_ms()), 0);
    assert_int_equal(store_commit(store), 0);
    see(0, NULL);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(state_db, &db), SQLITE_OK);
    sqlite3_exec(db, "DELETE FROM conversations", NULL, NULL, NULL);
    sqlite3_close(db);
    first_id = add("wages", "answer", 900);
    second_id = add("hours of the library", "answer", 800);
    see(2, together);
    assert_int_equal(store_merges(store, note_merge, NULL), 0);
    assert_int_equal(store_unmerge(store, merge_id), 0);
    assert_int_equal(store_unmerge(store, merge_id), -ENOENT);
    see(2, apart);
}

static bool known_now(const struct survey *s)
{
    return together(s);
}

static void test_an_edit_of_the_guides_groups_anew(void **state)
{
    first_id = add("compensation", "none", 900);
    second_id = add("salary", "answer", 800);
    see(2, apart);
    write_file("synonyms.yaml", "- words: [salary, pay, wage, compensation]\n");
    index_all();
    see(2, known_now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_other_words_and_slips_are_one_group, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_fact_is_what_the_reply_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_votes_and_wishes_come_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_erased_is_gone_and_what_is_old_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_number_that_was_promised_earlier_is_not_missed,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_put_together_stays_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_edit_of_the_guides_groups_anew, set_up, tear_down),
    };
    return store_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
