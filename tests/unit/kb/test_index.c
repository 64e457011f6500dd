/* test_index.c: an index is its sources and nothing else, however it came about and whatever
 * happened on the way. "Whatever" is tried: random edits, readers in between, kill -9, a full
 * disk, damaged files. */
#include "folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/* ---- helpers --------------------------------------------------------------------------------- */

static const char *const only_guides[] = {"guides"};

static int index_into(const char *db, struct kb_report *ret)
{
    struct kb_sources src = {.root = folder(""), .path = only_guides, .n = 1};
    if (access(folder("synonyms.yaml"), F_OK) == 0)
        src.synonyms = "synonyms.yaml";
    return kb_index(folder(db), &src, ret);
}

/* Index and expect success; returns the generation. */
static long long index_ok(const char *db)
{
    struct kb_report report;
    int r = index_into(db, &report);
    if (r)
        fail_msg("%d: %s%s", r, report.message ? report.message : "",
                 report.nproblem ? report.problem[0].message : "");
    long long generation = report.generation;
    kb_report_release(&report);
    return generation;
}

/* All that readers can see, without internal ids: rows, and every posting of the FTS5 index. */
static char *dump(const char *name)
{
    static const char *const sql[] = {
        "SELECT key, f.path, hash, line, title, url, lang, owner, reviewed, text FROM documents "
        "JOIN files f ON f.id = documents.file ORDER BY key",
        "SELECT path, hex(memo) FROM files ORDER BY path",
        "SELECT p.key, d.key, p.ord, p.anchor, p.entry, p.entry_id, p.start, p.end, p.line, "
        "p.lang, p.audience,"
        " p.reviewed, p.valid_from, p.valid_until, p.url, p.heading, p.followups, p.needs, p.nots, "
        "p.title,"
        " p.headings, p.question, hex(p.unit), p.body FROM passages p JOIN documents d ON d.id = "
        "p.document"
        " ORDER BY p.key",
        "SELECT p.key, t.question, t.must FROM tests t JOIN passages p ON p.id = t.passage ORDER "
        "BY p.key, t.rowid",
        "SELECT d.key, brief, full FROM abbreviations a JOIN documents d ON d.id = a.document "
        "ORDER "
        "BY 1, a.rowid",
        "SELECT line, from_text, to_text, weight FROM synonyms ORDER BY line, rowid",
        "SELECT v.term, p.key, v.col, v.offset FROM temp.v JOIN passages p ON p.id = v.doc ORDER "
        "BY 1, 2, 3, 4",
        "SELECT p.key, hex(z.sz) FROM passage_fts_docsize z JOIN passages p ON p.id = z.id ORDER "
        "BY 1",
        "SELECT key, value FROM meta WHERE key NOT IN ('generation', 'base', 'changes_from', "
        "'abbreviations') ORDER "
        "BY key",
    };
    sqlite3 *db = NULL;
    assert_int_equal(schema_open(folder(name), true, &db), 0);
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, passage_fts, instance);"
                     "INSERT INTO passage_fts(passage_fts, rank) VALUES('integrity-check', 1)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_str *out = sqlite3_str_new(NULL);
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        sqlite3_stmt *st = NULL;
        assert_int_equal(sqlite3_prepare_v2(db, sql[i], -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW)
            for (int c = 0; c < sqlite3_column_count(st); c++)
                sqlite3_str_appendf(out, "%s%c", sqlite3_column_text(st, c),
                                    c + 1 < sqlite3_column_count(st) ? '|' : '\n');
        assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    char *s = sqlite3_str_finish(out);
    assert_non_null(s);
    return s;
}

static void assert_same(const char *a, const char *b)
{
    char *x = dump(a), *y = dump(b);
    assert_string_equal(x, y);
    sqlite3_free(x);
    sqlite3_free(y);
}

static unsigned lcg(unsigned *seed, unsigned n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

/* A guide that says `version` in every sentence. */
static void write_guide(const char *name, int version, int sections)
{
    sqlite3_str *s = sqlite3_str_new(NULL);
    sqlite3_str_appendf(s, "# Guide of version%d\n\n", version);
    for (int i = 0; i < sections; i++)
        sqlite3_str_appendf(
            s,
            "## What is section %d?\n\nIt is version%d. Part %d says so, and version%d again.\n\n",
            i, version, i, version);
    char *text = sqlite3_str_finish(s);
    folder_write(name, text);
    sqlite3_free(text);
}

static int guides_setup(void **state)
{
    return folder_setup(state) || mkdir(folder("guides"), 0755);
}

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

/* ---- others at the same time ----------------------------------------------------------------- */

/* The version that every passage has, -1 when they differ; in one statement, as kb_ask() reads. */
static int version_seen(sqlite3 *db)
{
    static const char sql[] =
        "SELECT count(*), sum(body LIKE '%version1%'), sum(body LIKE '%version2%'),"
        " (SELECT count(*) FROM passage_fts('version1')),"
        " (SELECT count(*) FROM passage_fts('version2')) FROM passages";
    sqlite3_stmt *st = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        int n = sqlite3_column_int(st, 0), one = sqlite3_column_int(st, 1),
            two = sqlite3_column_int(st, 2);
        if (one == n && two == 0 && sqlite3_column_int(st, 3) == n &&
            sqlite3_column_int(st, 4) == 0)
            version = 1;
        if (two == n && one == 0 && sqlite3_column_int(st, 4) == n &&
            sqlite3_column_int(st, 3) == 0)
            version = 2;
    }
    sqlite3_finalize(st);
    return version;
}

/* Reads until the file "stop" is there: 0 when every look was whole and both versions were seen. */
static int read_on(void)
{
    struct kb *kb = NULL;
    int seen[3] = {0};
    if (kb_open(folder("kb.db"), &kb))
        return 2;
    while (access(folder("stop"), F_OK) < 0) {
        int v = version_seen(kb->db);
        if (v < 0)
            return 3;
        seen[v]++;
    }
    kb_close(kb);
    return seen[1] && seen[2] ? 0 : 4;
}

static int child_status(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void readers_see_the_old_or_the_new_and_never_half(void **state)
{
    write_guide("guides/a.md", 1, 60);
    write_guide("guides/b.md", 1, 60);
    index_ok("kb.db");
    pid_t pid = fork();
    if (pid == 0)
        _exit(read_on());
    for (int round = 0; round < 15; round++) {
        write_guide("guides/a.md", 1 + round % 2, 60);
        write_guide("guides/b.md", 1 + round % 2, 60);
        index_ok("kb.db");
        usleep(5000);
    }
    folder_write("stop", "");
    assert_int_equal(child_status(pid), 0);
}

static void two_indexers_take_turns(void **state)
{
    write_guide("guides/a.md", 1, 200);
    for (int round = 0; round < 5; round++) {
        pid_t pid[3];
        unlink(folder("kb.db"));
        for (int i = 0; i < 3; i++) {
            pid[i] = fork();
            if (pid[i] == 0) {
                struct kb_report report;
                _exit(index_into("kb.db", &report) ? 1 : report.rebuilt ? 10 : 11);
            }
        }
        int rebuilt = 0, found = 0;
        for (int i = 0; i < 3; i++) {
            int status = child_status(pid[i]);
            rebuilt += status == 10;
            found += status == 11;
        }
        assert_int_equal(rebuilt, 1);
        assert_int_equal(found, 2);
        assert_int_equal(folder_count(".lock"), 0);
        assert_int_equal(folder_count(".new-"), 0);
    }
}

static void waiting_for_another_indexer_has_an_end(void **state)
{
    struct index_file a, b;
    struct kb_report report = {0};
    assert_int_equal(index_file_open(folder("kb.db"), 0, &a, &report), 0);
    assert_int_equal(index_file_open(folder("kb.db"), 50, &b, &report), KB_ERR_BUSY);
    assert_non_null(strstr(report.message, "another process"));
    index_file_release(&b);
    index_file_release(&a);
    assert_int_equal(folder_count(""), 1); /* guides */
    kb_report_release(&report);
}

static void a_lock_left_by_a_dead_process_is_no_lock(void **state)
{
    write_guide("guides/a.md", 1, 2);
    folder_write("kb.db.lock", "");
    folder_write("kb.db.new-123", "half a file");
    folder_write("kb.db.new-123-journal", "");
    index_ok("kb.db");
    assert_int_equal(folder_count("kb.db"), 2);
}

/* ---- kill -9, full disk, damage -------------------------------------------------------------- */

static void a_killed_run_leaves_the_old_or_the_new(void **state)
{
    unsigned seed = 42;
    int done = 0;
    for (int round = 0; round < 30; round++) {
        int version = 1 + round % 2;
        if (round % 10 == 5)
            unlink(folder("kb.db"));
        bool there = access(folder("kb.db"), F_OK) == 0;
        write_guide("guides/a.md", version, 150);
        write_guide("guides/b.md", version, 150);
        pid_t pid = fork();
        if (pid == 0) {
            struct kb_report report;
            _exit(index_into("kb.db", &report) != 0);
        }
        usleep(lcg(&seed, 1 + (unsigned)round) * 2000);
        kill(pid, SIGKILL);
        int status;
        waitpid(pid, &status, 0);
        done += WIFEXITED(status);
        struct kb *kb = NULL;
        int r = kb_open(folder("kb.db"), &kb);
        if (there || r != KB_ERR_ABSENT) {
            assert_int_equal(r, 0);
            assert_int_not_equal(version_seen(kb->db), -1);
        }
        kb_close(kb);
        if (round % 3 == 2) {
            index_ok("kb.db");
            assert_int_equal(folder_count(".new-"), 0);
        }
    }
    assert_in_range(done, 0, 29); /* some were killed in the middle */
    index_ok("kb.db");
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

/* Index in a process that may not write files longer than `max` bytes: its kb_index(), negated. */
static int index_with_limit(const char *db, rlim_t max)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {max, max};
        struct kb_report report;
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
            _exit(100);
        int r = index_into(db, &report);
        _exit(r == 0 ? 0 : report.message ? -r : 101);
    }
    return child_status(pid);
}

static void a_full_disk_changes_nothing_and_leaves_nothing(void **state)
{
    write_guide("guides/a.md", 1, 20);
    index_ok("kb.db");
    char *before = dump("kb.db");
    write_guide("guides/a.md", 2, 2000);
    for (rlim_t max = 4096; max <= 256 * 1024; max *= 4) {
        assert_int_equal(index_with_limit("kb.db", max), -KB_ERR_FULL);
        assert_int_equal(index_with_limit("new.db", max), -KB_ERR_FULL);
        assert_int_equal(folder_count("new.db"), 0);
        assert_int_equal(folder_count(".new-"), 0);
        assert_int_equal(folder_count(".lock"), 0);
        char *after = dump("kb.db");
        assert_string_equal(before, after);
        sqlite3_free(after);
    }
    sqlite3_free(before);
    index_ok("kb.db");
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
}

static void a_damaged_base_is_built_anew(void **state)
{
    size_t len;
    struct kb_report report;
    write_guide("guides/a.md", 1, 100);
    index_ok("fresh.db");
    char *bytes = folder_read("fresh.db", &len);
    for (size_t keep = 10; keep < len; keep = keep * 3 + 4000) {
        folder_write_bytes("kb.db", bytes, keep);
        assert_int_equal(index_into("kb.db", &report), 0);
        assert_true(report.rebuilt);
        kb_report_release(&report);
        assert_same("kb.db", "fresh.db");
    }
    free(bytes);
}

/* Whatever a bit may turn into: no crash, and the next run has a base to show. */
static void a_flipped_bit_crashes_nobody(void **state)
{
    size_t len;
    unsigned seed = 7;
    write_guide("guides/a.md", 1, 60);
    index_ok("fresh.db");
    char *bytes = folder_read("fresh.db", &len);
    for (int round = 0; round < 150; round++) {
        size_t at = round < 50 ? lcg(&seed, 100) : lcg(&seed, (unsigned)len);
        char was = bytes[at];
        bytes[at] = (char)(bytes[at] ^ 1 << lcg(&seed, 8));
        folder_write_bytes("kb.db", bytes, len);
        bytes[at] = was;
        struct kb *kb = NULL;
        if (kb_open(folder("kb.db"), &kb) == 0) {
            struct pool *pool = pool_new();
            const char *item[5];
            struct kb_info info;
            struct kb_hits hits;
            struct kb_ask ask = {.text = "what is section 7", .len = 17};
            kb_info(kb, &info);
            kb_topics(kb, NULL, 5, pool, item);
            kb_followups(kb, NULL, "a#what-is-section-3", 5, pool, item, NULL);
            if (kb_ask(kb, &ask, &hits) == 0)
                kb_hits_release(&hits);
            kb_close(kb);
            pool_free(pool);
        }
        struct kb_report report;
        int r = index_into("kb.db", &report);
        bool version = at >= 60 && at < 72; /* another version, or another program's: refused */
        assert_true(r == 0 || (version && (r == KB_ERR_NEWER || r == KB_ERR_DAMAGED)));
        kb_report_release(&report);
        unlink(folder("kb.db"));
    }
    free(bytes);
}

static void other_versions_are_rebuilt_or_refused(void **state)
{
    struct kb_report report;
    sqlite3 *db = NULL;
    write_guide("guides/a.md", 1, 2);
    index_ok("kb.db");
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version=0", NULL, NULL, NULL);
    assert_int_equal(index_into("kb.db", &report), 0);
    assert_true(report.rebuilt);
    kb_report_release(&report);
    sqlite3_close(db); /* it still held the old file, and must not disturb the new one */
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(index_into("kb.db", &report), KB_ERR_NEWER);
    assert_non_null(strstr(report.message, "newer"));
    kb_report_release(&report);
}

/* Another way to cut or to weigh is another index, though its tables are the same. */
static void another_ranking_is_rebuilt_or_refused(void **state)
{
    struct kb_report report;
    sqlite3 *db = NULL;
    write_guide("guides/a.md", 1, 2);
    index_ok("kb.db");
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db,
                 "UPDATE meta SET value = value - 1 WHERE key = 'ranking';"
                 "UPDATE passages SET body = 'as it was cut once'",
                 NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(index_into("kb.db", &report), 0);
    assert_true(report.rebuilt);
    kb_report_release(&report);
    index_ok("fresh.db");
    assert_same("kb.db", "fresh.db");
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db, "UPDATE meta SET value = value + 1 WHERE key = 'ranking'", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_int_equal(index_into("kb.db", &report), KB_ERR_NEWER);
    kb_report_release(&report);
}

static void what_is_not_ours_is_not_destroyed(void **state)
{
    struct kb_report report;
    sqlite3 *db = NULL;
    write_guide("guides/a.md", 1, 2);
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE precious(a); INSERT INTO precious VALUES(1)", NULL, NULL, NULL);
    sqlite3_close(db);
    size_t len, after;
    char *bytes = folder_read("kb.db", &len);
    assert_int_equal(index_into("kb.db", &report), KB_ERR_DAMAGED);
    assert_non_null(strstr(report.message, "another program"));
    kb_report_release(&report);
    char *same = folder_read("kb.db", &after);
    assert_int_equal(len, after);
    assert_memory_equal(bytes, same, len);
    free(bytes);
    free(same);

    folder_write("notes.txt", "my only copy\n");
    assert_int_equal(index_into("notes.txt", &report), 0);
    assert_int_equal(report.warnings, 1);
    kb_report_release(&report);
    bytes = folder_read("notes.txt.damaged", &len);
    assert_string_equal(bytes, "my only copy\n");
    free(bytes);

    mkdir(folder("d.db"), 0755);
    assert_int_equal(index_into("d.db", &report), KB_ERR_IO);
    assert_non_null(strstr(report.message, "not a file"));
    kb_report_release(&report);
    assert_int_equal(index_into("no/such/kb.db", &report), KB_ERR_IO);
    assert_non_null(report.message);
    kb_report_release(&report);
}

static void a_link_stays_a_link(void **state)
{
    struct stat st;
    write_guide("guides/a.md", 1, 2);
    mkdir(folder("real"), 0755);
    assert_int_equal(symlink("real/kb.db", folder("kb.db")), 0);
    folder_write("real/kb.db", "");
    index_ok("kb.db");
    assert_int_equal(lstat(folder("kb.db"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(lstat(folder("real/kb.db"), &st), 0);
    assert_true(S_ISREG(st.st_mode) && st.st_size > 0);
}

#define guides_test(f) cmocka_unit_test_setup_teardown(f, guides_setup, folder_teardown)

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
        guides_test(readers_see_the_old_or_the_new_and_never_half),
        guides_test(two_indexers_take_turns),
        guides_test(waiting_for_another_indexer_has_an_end),
        guides_test(a_lock_left_by_a_dead_process_is_no_lock),
        guides_test(a_killed_run_leaves_the_old_or_the_new),
        guides_test(a_full_disk_changes_nothing_and_leaves_nothing),
        guides_test(a_damaged_base_is_built_anew),
        guides_test(a_flipped_bit_crashes_nobody),
        guides_test(other_versions_are_rebuilt_or_refused),
        guides_test(another_ranking_is_rebuilt_or_refused),
        guides_test(what_is_not_ours_is_not_destroyed),
        guides_test(a_link_stays_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
