/* test_index.c: an index is its sources and nothing else, however it came about. "However" is tried: random edits, files that
 * swap names, look the same or come back. What may happen to its file on the way is test_index_file.c. */
#include "guides.h"

#include <fcntl.h>
#include <time.h>

/* ---- what a run does ------------------------------------------------------------------------- */

static void a_run_reports_what_it_did(void **state)
{
    struct kb_report report;
    write_guide("guides/a.md", 1, 3);
    write_guide("guides/b.md", 1, 2);
    assert_int_equal(index_into("kb.db", &report), 0);
    assert_true(report.rebuilt && report.read == 2 && report.added == 2 && report.unchanged == 0);
    assert_int_equal(report.passages, 5);
    assert_int_equal(report.generation, 1);
    kb_report_release(&report);
    write_guide("guides/a.md", 2, 3);
    unlink(folder("guides/b.md"));
    write_guide("guides/c.md", 1, 1);
    assert_int_equal(index_into("kb.db", &report), 0);
    assert_true(!report.rebuilt && report.added == 1 && report.changed == 1 && report.removed == 1);
    assert_int_equal(report.passages, 4);
    assert_int_equal(report.generation, 2);
    kb_report_release(&report);
    assert_int_equal(index_into("kb.db", &report), 0);
    assert_true(report.unchanged == 2 && report.added + report.changed + report.removed == 0);
    assert_int_equal(report.generation, 2);
    kb_report_release(&report);
    assert_int_equal(folder_count("kb.db"), 2); /* and its snapshot */
}

static void an_error_changes_nothing(void **state)
{
    struct kb_report report;
    write_guide("guides/a.md", 1, 3);
    index_ok("kb.db");
    char *before = dump("kb.db");
    write_guide("guides/a.md", 2, 3);
    folder_write("guides/b.faq.yaml", "- id: x\n  q: [\n");
    assert_int_equal(index_into("kb.db", &report), KB_ERR_INPUT);
    assert_int_equal(report.rejected, 1);
    assert_int_equal(report.changed, 0);
    assert_true(report.nproblem >= 1 && report.problem[0].error &&
                strstr(report.problem[0].file, "b.faq.yaml"));
    kb_report_release(&report);
    char *after = dump("kb.db");
    assert_string_equal(before, after);
    sqlite3_free(before);
    sqlite3_free(after);
    unlink(folder("guides/b.faq.yaml"));
    folder_write("synonyms.yaml", "- wrong\n");
    assert_int_equal(index_into("kb.db", &report), KB_ERR_INPUT);
    kb_report_release(&report);
    assert_int_equal(index_into("new.db", &report), KB_ERR_INPUT);
    kb_report_release(&report);
    assert_int_equal(folder_count("new.db"), 0);
}

static void a_check_touches_nothing(void **state)
{
    struct kb_report report;
    struct kb_sources src = {.root = folder(""), .path = only_guides, .n = 1};
    write_guide("guides/a.md", 1, 3);
    assert_int_equal(kb_check(&src, &report), 0);
    assert_true(report.read == 1 && report.passages == 3);
    kb_report_release(&report);
    folder_write("guides/b.faq.yaml", "- id: x\n  q: [\n");
    assert_int_equal(kb_check(&src, &report), KB_ERR_INPUT);
    assert_int_equal(report.rejected, 1);
    kb_report_release(&report);
    assert_int_equal(folder_count(""), 1);
}

static void two_documents_cannot_share_a_passage_id(void **state)
{
    struct kb_report report;
    folder_write("guides/a.jsonl", "{\"id\":\"a\",\"title\":\"T\",\"text\":\"One.\"}\n"
                                   "{\"id\":\"a#top\",\"title\":\"U\",\"text\":\"Two.\"}\n");
    assert_int_equal(index_into("kb.db", &report),
                     0); /* "a#top" and "a#top#top" are not the same */
    assert_int_equal(report.passages, 2);
    kb_report_release(&report);

    /* No parser makes such ids today; that none ever does is for the indexer to see to. */
    sqlite3 *db = NULL;
    assert_int_equal(schema_open(folder("kb.db"), true, &db), 0);
    assert_int_equal(sqlite3_exec(db, "UPDATE passages SET key = 'a#top' WHERE key = 'a#top#top'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    folder_write("guides/a.jsonl", "{\"id\":\"a\",\"title\":\"T\",\"text\":\"Three.\"}\n"
                                   "{\"id\":\"a#top\",\"title\":\"U\",\"text\":\"Two.\"}\n");
    assert_int_equal(index_into("kb.db", &report), KB_ERR_INPUT);
    assert_int_equal(report.errors, 2);
    assert_non_null(strstr(report.problem[0].message, "the passage id \"a#top\" is also used in"));
    kb_report_release(&report);
}

static void a_record_that_moved_is_unchanged_but_for_its_lines(void **state)
{
    struct kb_report report;
    folder_write("guides/r.jsonl", "{\"id\":\"a\",\"title\":\"T\",\"text\":\"One.\"}\n");
    index_ok("kb.db");
    folder_write("guides/r.jsonl", "{\"id\":\"b\",\"title\":\"T\",\"text\":\"Two.\"}\n\n"
                                   "{\"id\":\"a\",\"title\":\"T\",\"text\":\"One.\"}\n");
    assert_int_equal(index_into("kb.db", &report), 0);
    assert_true(report.added == 1 && report.unchanged == 1 && report.changed == 0);
    kb_report_release(&report);
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

/* ---- files that have not changed ------------------------------------------------------------- */

/* Index until all files are old enough to be believed, which takes two seconds: most tests here never see it. */
static void settle(const char *db)
{
    nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 100000000}, NULL);
    index_ok(db);
}

static void what_is_in_the_memory_is_as_good_as_what_is_in_the_file(void **state)
{
    struct kb_report before, after;
    write_guide("guides/a.md", 1, 3);
    folder_write("guides/b.faq.yaml", "- id: one\n  q: What is one?\n  a: A number.\n"
                                      "  followups: [two, gone]\n");
    folder_write("guides/c.faq.yaml", "- id: two\n  q: What is two?\n  a: Another.\n");
    folder_write("guides/d.md", "---\nstatus: draft\n---\n# D\n");
    folder_write("guides/e.txt", "Caf\xe9.\n");
    settle("kb.db");
    assert_int_equal(index_into("kb.db", &before), 0);
    write_guide("guides/z.md", 1, 1); /* everything else is recalled */
    assert_int_equal(index_into("kb.db", &after), 0);
    assert_int_equal(after.read, before.read + 1);
    assert_int_equal(after.unchanged, before.unchanged);
    assert_true(after.added == 1 && after.changed == 0 && after.removed == 0);
    assert_int_equal(after.warnings, 2); /* a follow-up and an encoding */
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(after.problem[i].message, before.problem[i].message);
        assert_string_equal(after.problem[i].file, before.problem[i].file);
        assert_true(after.problem[i].line == before.problem[i].line &&
                    after.problem[i].column == before.problem[i].column);
    }
    kb_report_release(&before);
    kb_report_release(&after);
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

static void an_id_of_an_unchanged_file_is_still_taken(void **state)
{
    struct kb_report report;
    folder_write("guides/b.faq.yaml", "- id: one\n  q: What is one?\n  a: A number.\n");
    write_guide("guides/m.md", 1, 1);
    settle("kb.db");
    folder_write("guides/a.faq.yaml", "- id: one\n  q: Again?\n  a: Yes.\n"); /* before it */
    assert_int_equal(index_into("kb.db", &report), KB_ERR_INPUT);
    assert_string_equal(report.problem[0].file, "guides/b.faq.yaml");
    assert_non_null(strstr(report.problem[0].message, "'one' is taken by guides/a.faq.yaml:1"));
    assert_int_equal(report.rejected, 1);
    kb_report_release(&report);
    assert_int_equal(rename(folder("guides/a.faq.yaml"), folder("guides/z.faq.yaml")), 0);
    assert_int_equal(index_into("kb.db", &report), KB_ERR_INPUT);
    assert_string_equal(report.problem[0].file, "guides/z.faq.yaml");
    kb_report_release(&report);
    folder_write("guides/b.faq.yaml", "- id: two\n  q: What is two?\n  a: A number.\n");
    index_ok("kb.db"); /* it is free now */
    unlink(folder("guides/z.faq.yaml"));
    folder_write("guides/m.txt", "Has the id of a Markdown file.\n");
    assert_int_equal(index_into("kb.db", &report), KB_ERR_INPUT);
    assert_non_null(strstr(report.problem[0].message, "'m' is taken by guides/m.md:1"));
    kb_report_release(&report);
}

/* Same size, same times as far as the caller can set them: the time of the change tells. */
static void a_file_that_looks_the_same_is_read_again(void **state)
{
    struct kb_report report;
    struct stat st;
    write_guide("guides/a.md", 1, 3);
    write_guide("guides/b.md", 1, 3);
    settle("kb.db");
    assert_int_equal(stat(folder("guides/a.md"), &st), 0);
    write_guide("guides/a.md", 2, 3);
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, folder("guides/a.md"), times, 0), 0);
    assert_int_equal(index_into("kb.db", &report), 0);
    assert_true(report.changed == 1 && report.unchanged == 1);
    kb_report_release(&report);
    for (int version = 1; version <= 6; version++) { /* within one tick of the clock, perhaps */
        write_guide("guides/a.md", version, 3);
        index_ok("kb.db");
    }
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

static void files_that_go_come_and_swap_names_are_noticed(void **state)
{
    const char *paths[] = {"guides/sub/a.md", "guides"};
    struct kb_sources src = {.root = folder_root, .path = paths, .n = 2};
    struct kb_report report;
    mkdir(folder("guides/sub"), 0755);
    write_guide("guides/sub/a.md", 1, 2);
    write_guide("guides/b.md", 2, 2);
    settle("kb.db");
    /* Named by itself it is called "a", below the folder "sub/a": the same file under the same name for problems. */
    assert_int_equal(kb_index(folder("kb.db"), &src, &report), 0);
    assert_true(report.added == 1 && report.removed == 1 && report.unchanged == 1);
    kb_report_release(&report);
    settle("kb.db");
    assert_int_equal(rename(folder("guides/b.md"), folder("guides/c")), 0);
    assert_int_equal(rename(folder("guides/sub/a.md"), folder("guides/b.md")), 0);
    assert_int_equal(rename(folder("guides/c"), folder("guides/sub/a.md")), 0);
    index_ok("kb.db");
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
    unlink(folder("guides/b.md"));
    index_ok("kb.db");
    unlink(folder("fresh.db"));
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

/* Ids of passages whose key begins with `start`, in order. */
static char *ids_of(const char *name, const char *start)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    sqlite3_str *s = sqlite3_str_new(NULL);
    assert_int_equal(schema_open(folder(name), true, &db), 0);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT id FROM passages WHERE key LIKE ?1 ORDER BY key",
                                        -1, &st, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(st, 1, start, -1, SQLITE_STATIC);
    while (sqlite3_step(st) == SQLITE_ROW)
        sqlite3_str_appendf(s, "%d ", sqlite3_column_int(st, 0));
    sqlite3_finalize(st);
    sqlite3_close(db);
    return sqlite3_str_finish(s);
}

static void a_passage_that_says_the_same_keeps_its_id(void **state)
{
    folder_write("guides/a.md", "# A\n\n## One\n\nText of one.\n\n## Two\n\nText of two.\n\n"
                                "## Three\n\nText of three.\n");
    index_ok("kb.db");
    char *before = ids_of("kb.db", "a#%");
    folder_write("guides/a.md",
                 "# A\n\n## One\n\nText of one, and much more of it.\n\n## Zero\n\nNew."
                 "\n\n## Three\n\nText of three.\n\n## Two\n\nText of two.\n");
    index_ok("kb.db");
    char *after = ids_of("kb.db", "a#%");
    assert_string_equal(before, "1 3 2 ");  /* one, three, two */
    assert_string_equal(after, "4 3 2 5 "); /* one, three, two, zero */
    sqlite3_free(before);
    sqlite3_free(after);
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

/* ---- the same content, whatever the history -------------------------------------------------- */

static void write_random(unsigned *seed)
{
    char name[64];
    unsigned slot = lcg(seed, 10), version = lcg(seed, 5);
    snprintf(name, sizeof name, "guides/g%u.md", slot);
    if (slot == 9) {
        sqlite3_str *s = sqlite3_str_new(NULL);
        for (unsigned i = 0; i < 6; i++)
            if (lcg(seed, 3))
                sqlite3_str_appendf(
                    s, "{\"id\":\"r%u\",\"title\":\"Record %u\",\"text\":\"Some text %u.\"}\n", i,
                    i, lcg(seed, 2));
        sqlite3_str_appendall(s, "{\"id\":\"last\",\"title\":\"Last\",\"text\":\"It moves.\"}\n");
        char *text = sqlite3_str_finish(s);
        folder_write("guides/records.jsonl", text);
        sqlite3_free(text);
    } else if (slot == 8) {
        folder_write("synonyms.yaml", version & 1 ? "- words: [a, b]\n" : "- words: [a, c]\n");
    } else if (slot == 7) {
        char text[512];
        snprintf(text, sizeof text,
                 "- id: q%u\n  q: What is number %u?\n  aka: [which one]\n  a: The %u.\n"
                 "  tests: [number %u please]\n  followups: [q%u]\n",
                 version, version, version, version, version);
        folder_write("guides/f.faq.yaml", text);
    } else if (version == 0) {
        unlink(folder(name));
    } else {
        write_guide(name, (int)version, (int)version * 2);
    }
}

static void any_history_gives_what_a_fresh_build_gives(void **state)
{
    unsigned seed = 20260101;
    for (int round = 0; round < 40; round++) {
        for (unsigned n = 1 + lcg(&seed, 4); n; n--)
            write_random(&seed);
        index_ok("kb.db");
        unlink(folder("fresh.db"));
        index_ok("fresh.db");
        assert_same("kb.db", "fresh.db");
    }
}

static void a_file_that_was_renamed_is_found_under_its_new_name(void **state)
{
    write_guide("guides/a.md", 1, 2);
    index_ok("kb.db");
    assert_int_equal(rename(folder("guides/a.md"), folder("guides/a.txt")), 0);
    index_ok("kb.db");
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

static void room_is_given_back(void **state)
{
    struct stat big, small;
    write_guide("guides/a.md", 1, 3000);
    index_ok("kb.db");
    assert_int_equal(stat(folder("kb.db"), &big), 0);
    write_guide("guides/a.md", 1, 3);
    index_ok("kb.db");
    assert_int_equal(stat(folder("kb.db"), &small), 0);
    assert_true(small.st_size * 4 < big.st_size);
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guides_test(a_run_reports_what_it_did),
        guides_test(an_error_changes_nothing),
        guides_test(a_check_touches_nothing),
        guides_test(two_documents_cannot_share_a_passage_id),
        guides_test(a_record_that_moved_is_unchanged_but_for_its_lines),
        guides_test(what_is_in_the_memory_is_as_good_as_what_is_in_the_file),
        guides_test(an_id_of_an_unchanged_file_is_still_taken),
        guides_test(a_file_that_looks_the_same_is_read_again),
        guides_test(files_that_go_come_and_swap_names_are_noticed),
        guides_test(a_passage_that_says_the_same_keeps_its_id),
        guides_test(any_history_gives_what_a_fresh_build_gives),
        guides_test(a_file_that_was_renamed_is_found_under_its_new_name),
        guides_test(room_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
