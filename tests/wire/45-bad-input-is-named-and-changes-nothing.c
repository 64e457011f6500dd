/* Whatever a folder holds and whatever somebody asks: a clear message or a sane reply, and the index answers as before.
 * Each file of trouble lies beside a good guide, in a folder that was indexed before it came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/wire/harness/command.h"
#include "tests/wire/harness/guide.h"
#include "tests/wire/harness/wire.h"

#define DEPTH 10000

static char folder[256], guides[300], db[400];
static struct command_result r;

static void index_guides(int want)
{
    command_run(&r, NULL, "index", "--kb", db, guides, NULL);
    if (r.code != want)
        fail_msg("index: exit %d: %s", r.code, r.err);
}

static int setup(void **state)
{
    folder_make(folder, sizeof folder);
    snprintf(guides, sizeof guides, "%s/guides", folder);
    snprintf(db, sizeof db, "%s/index.db", folder);
    folder_file(folder, "guides/welding.md", GUIDE_WELDING);
    index_guides(0);
    command_release(&r);
    return 0;
}

static int teardown(void **state)
{
    folder_remove(folder);
    return 0;
}

static void still_answers(void)
{
    command_run(&r, NULL, "ask", "--kb", db, "where do welders work", NULL);
    if (r.code || !strstr(r.out, "shipyards"))
        fail_msg("ask: exit %d: %s%s", r.code, r.out, r.err);
    command_release(&r);
}

/* The index names `message`, fails, and is as it was. */
static void refused(const char *message)
{
    index_guides(1);
    if (!strstr(r.err, message) || !strstr(r.err, "the index is as it was"))
        fail_msg("expected \"%s\": %s", message, r.err);
    command_release(&r);
    still_answers();
}

/* It is read as well as can be, and said so. */
static void warned(const char *message)
{
    index_guides(0);
    if (!strstr(r.err, message))
        fail_msg("expected \"%s\": %s", message, r.err);
    command_release(&r);
    still_answers();
}

static void put(const char *name, const void *bytes, size_t len)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", guides, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static char *repeat(const char *s, size_t n)
{
    size_t len = strlen(s);
    char *all = malloc(n * len + 1);
    assert_non_null(all);
    for (size_t i = 0; i < n; i++)
        memcpy(all + i * len, s, len);
    all[n * len] = '\0';
    return all;
}

static void put_repeated(const char *name, const char *s, size_t n)
{
    char *all = repeat(s, n);
    put(name, all, strlen(all));
    free(all);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void a_file_that_has_become_empty_takes_nothing_away(void **state)
{
    put("welding.md", "", 0);
    refused("guides/welding.md: error: is empty");
}

static void a_file_of_100_mb_is_refused_unread(void **state)
{
    char path[600];
    snprintf(path, sizeof path, "%s/big.md", guides);
    put("big.md", "# Big\n", 6);
    assert_int_equal(truncate(path, 100 * 1000 * 1000), 0);
    refused("big.md: error: has 95 MB; at most 64 MB can be read");
}

static void a_binary_file_is_refused(void **state)
{
    put("picture.md", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0", 20);
    refused("picture.md: error: is no text");
}

static void invalid_utf_8_is_repaired_and_told(void **state)
{
    put("old.txt", "Caf\xe9s\n\nA caf\xe9 roasts its beans on Mondays.\n", 43);
    warned("old.txt:1:4: warning: not valid UTF-8; 2 bytes");
    command_run(&r, NULL, "ask", "--kb", db, "when does a cafe roast its beans", NULL);
    assert_non_null(strstr(r.out, "A caf\xc3\xa9 roasts its beans on Mondays."));
    command_release(&r);
}

static void front_matter_without_an_end_is_refused(void **state)
{
    folder_file(folder, "guides/open.md", "---\ntitle: Open\n\n# Open\n\nText.\n");
    refused("open.md:1:1: error: the front matter that begins here has no closing");
}

static void lists_nested_ten_thousand_deep_are_survived(void **state)
{
    put_repeated("deep.md", "- ", DEPTH);
    put_repeated("quotes.md", "> ", DEPTH);
    warned("deep.md:1:1: warning: lists or quotations are nested deeper");
    put_repeated("deep.html", "<ul><li>", DEPTH);
    refused("deep.html:1:1: error: elements are nested deeper");
    put("deep.html", "<p>Fine.</p>", 12);
    put_repeated("deep.faq.yaml", "[", DEPTH);
    put_repeated("deep.json", "[", DEPTH);
    refused("deep.faq.yaml:1:33: error: lists and maps are nested too deeply");
}

static void an_id_that_two_share_is_refused_with_both_places(void **state)
{
    folder_file(folder, "guides/a.faq.yaml", "- id: pay\n  q: One?\n  a: One.\n");
    folder_file(folder, "guides/b.faq.yaml",
                "- id: x\n  q: X?\n  a: X.\n- id: pay\n  q: T?\n  a: T.\n");
    refused("b.faq.yaml:4:3: error: the entry id 'pay' is taken by");
}

static void every_bad_file_is_named_in_one_run(void **state)
{
    put("a.md", "", 0);
    put("b.md", "a\0b\0c\0", 6);
    put("c.faq.yaml", "- id: [\n", 8);
    index_guides(1);
    assert_non_null(strstr(r.err, "a.md: error:"));
    assert_non_null(strstr(r.err, "b.md: error:"));
    assert_non_null(strstr(r.err, "c.faq.yaml:"));
    assert_non_null(strstr(r.err, "3 files rejected"));
    command_release(&r);
    still_answers();
}

/* Root may read everything, unless the program is started without those two rights. */
static void an_unreadable_file_is_named(void **state)
{
    char path[600], program[600];
    snprintf(path, sizeof path, "%s/secret.md", guides);
    snprintf(program, sizeof program, "%s", getenv("GUIDEPOST"));
    put("secret.md", "# Secret\n", 9);
    chmod(path, 0);
    if (geteuid()) {
        command_run(&r, NULL, "index", "--kb", db, guides, NULL);
    } else {
        setenv("GUIDEPOST", "/usr/bin/setpriv", 1);
        command_run(&r, NULL, "--bounding-set", "-dac_override,-dac_read_search", program, "index",
                    "--kb", db, guides, NULL);
        setenv("GUIDEPOST", program, 1);
    }
    if (r.code != 1 || !strstr(r.err, "secret.md: error: cannot be opened: Permission denied"))
        fail_msg("exit %d: %s", r.code, r.err);
    command_release(&r);
    still_answers();
}

/* ---- the index ------------------------------------------------------------------------------- */

static void an_index_of_a_newer_version_is_left_alone(void **state)
{
    sqlite3 *base = NULL;
    static const char newer[] = "UPDATE meta SET value = value + 1 WHERE key = 'ranking'",
                      again[] = "UPDATE meta SET value = value - 1 WHERE key = 'ranking'";
    assert_int_equal(sqlite3_open(db, &base), SQLITE_OK);
    assert_int_equal(sqlite3_exec(base, newer, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(base);
    for (int i = 0; i < 2; i++) {
        command_run(&r, NULL, i ? "ask" : "index", "--kb", db, i ? "welders" : guides, NULL);
        assert_int_equal(r.code, 1);
        assert_non_null(strstr(r.err, "written by a newer version of this program; upgrade"));
        command_release(&r);
    }
    assert_int_equal(sqlite3_open(db, &base), SQLITE_OK);
    assert_int_equal(sqlite3_exec(base, again, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(base);
    still_answers();
}

static void full_disk(void)
{
    put_repeated("long.md", "## A heading\n\nA paragraph with some words of welding in it.\n\n",
                 20000);
    index_guides(1);
    if (!strstr(r.err, "no space left on the device; make room and try again, nothing was changed"))
        fail_msg("%s", r.err);
    command_release(&r);
    still_answers();
}

static void without_room_to_write_nothing_is_lost(void **state)
{
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN); /* inherited: the write fails instead */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){2u << 20, old.rlim_max};
    put_repeated("long.md", "x", 1); /* our own file comes before the limit */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    full_disk();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
}

/* The real thing, where we may mount: a file system of three megabytes, seen by this test alone. Must come last. */
static void on_a_full_file_system_nothing_is_lost(void **state)
{
    char small[300];
    snprintf(small, sizeof small, "%s/small", folder);
    assert_int_equal(mkdir(small, 0755), 0);
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("small", small, "tmpfs", 0, "size=3m"))
        skip();
    snprintf(db, sizeof db, "%s/index.db", small);
    index_guides(0);
    command_release(&r);
    full_disk();
    put("long.md", "# Short\n\nBees sleep at night.\n", 30);
    index_guides(0); /* there is room again */
    command_release(&r);
    still_answers();
    assert_int_equal(umount(small), 0);
}

/* ---- questions ------------------------------------------------------------------------------- */

static const char *const odd[] = {"the of and is",
                                  "what is it and how",
                                  "\xf0\x9f\xa6\x84\xf0\x9f\x98\x80",
                                  "\"",
                                  "*",
                                  "NEAR(",
                                  "NEAR(\"welders\" \"work\", 2) AND title:x OR ^y",
                                  "'); DROP TABLE passages; --",
                                  "\xff\xfe\xc3",
                                  "\xed\xa0\x80",
                                  ""};

static void odd_questions_get_a_reply_and_no_confident_one(void **state)
{
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        command_run(&r, NULL, "ask", "--kb", db, "--json", "--", odd[i], NULL);
        cJSON *j = cJSON_Parse(r.out);
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, "text"));
        if (r.code != 3 || !text || !*text || *r.err)
            fail_msg("\"%s\": exit %d: %s%s", odd[i], r.code, r.out, r.err);
        cJSON_Delete(j);
        command_release(&r);
    }
    still_answers();
}

static void a_question_of_a_megabyte_is_read_from_the_terminal(void **state)
{
    char *line = repeat("where do welders work ", 50000);
    line[strlen(line) - 1] = '\n';
    command_run(&r, line, "ask", "--kb", db, NULL);
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "shipyards"));
    command_release(&r);
    free(line);
}

/* The longest that the system hands over. */
static void a_question_of_100_kb_is_an_argument(void **state)
{
    char *question = repeat("where do welders work ", 5000);
    command_run(&r, NULL, "ask", "--kb", db, question, NULL);
    assert_int_equal(r.code, 0);
    command_release(&r);
    free(question);
}

static void nul_in_a_batch_is_a_named_line(void **state)
{
    command_run(&r,
                "{\"id\":\"a\",\"turns\":[\"wel\\u0000ders\"]}\n"
                "{\"id\":\"b\",\"turns\":[\"where do welders work\"]}\n",
                "ask", "--kb", db, "--batch", NULL);
    assert_int_equal(r.code, 1);
    assert_non_null(strstr(r.err, "line 1: "));
    assert_ptr_equal(strstr(r.out, "{\"id\":\"b\""), r.out);
    command_release(&r);
}

static void over_http_each_gets_its_status(void **state)
{
    struct wire *w = wire_start(NULL);
    struct answer a = {0};
    char *big = repeat("welders ", 1 << 17);
    client_http(w->port, "POST", "/v1/ask", "Content-Type: text/plain\r\n", big, &a);
    assert_int_equal(a.status, 413);
    answer_release(&a);
    free(big);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        a = (struct answer){0};
        assert_true(
            client_http(w->port, "POST", "/v1/ask", "Content-Type: text/plain\r\n", odd[i], &a));
        bool text = *odd[i] && (unsigned char)*odd[i] != 0xff && (unsigned char)*odd[i] != 0xed;
        if (a.status != (text ? 200 : 400) && a.status != 422)
            fail_msg("\"%s\": %d", odd[i], a.status);
        answer_release(&a);
    }
    assert_true(client_http(w->port, "POST", "/v1/ask", "Content-Type: application/json\r\n",
                            "{\"q\":\"a\\u0000b\"}", &a));
    assert_int_equal(a.status, 400);
    answer_release(&a);
    wire_ask(w);
    wire_stop(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_has_become_empty_takes_nothing_away),
        TEST(a_file_of_100_mb_is_refused_unread),
        TEST(a_binary_file_is_refused),
        TEST(invalid_utf_8_is_repaired_and_told),
        TEST(front_matter_without_an_end_is_refused),
        TEST(lists_nested_ten_thousand_deep_are_survived),
        TEST(an_id_that_two_share_is_refused_with_both_places),
        TEST(every_bad_file_is_named_in_one_run),
        TEST(an_unreadable_file_is_named),
        TEST(an_index_of_a_newer_version_is_left_alone),
        TEST(odd_questions_get_a_reply_and_no_confident_one),
        TEST(a_question_of_a_megabyte_is_read_from_the_terminal),
        TEST(a_question_of_100_kb_is_an_argument),
        TEST(nul_in_a_batch_is_a_named_line),
        cmocka_unit_test(over_http_each_gets_its_status),
        TEST(without_room_to_write_nothing_is_lost),
        TEST(on_a_full_file_system_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
