/* test_index_kill.c: kill -9 at every write.
 *
 * An index run is a sequence of system calls that change files. It is run under ptrace and killed before the first of them,
 * before the second, and so on until it gets through; and once more at every write, with half of it written. Whatever was
 * on the way, a reader then has the answers of a base that was built from scratch, of the old sources or of the new ones,
 * and the next run tidies up. Not sampled: enumerated. Losing what was written but not synced (power) is SQLite's
 * craft, and its own tests'. */
#include "folder.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "kb/snap_view.h"

/* This process is forked many hundred times: it should not hold megabytes of freed memory for AddressSanitizer to look at. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

/* ---- sources ------------------------------------------------------------------------------------------------- */

static void write_guide(const char *name, int version, int sections)
{
    sqlite3_str *s = sqlite3_str_new(NULL);
    sqlite3_str_appendf(s, "# Guide of version%d\n\n", version);
    for (int i = 0; i < sections; i++)
        sqlite3_str_appendf(s,
                            "## What is section %d?\n\nIt is version%d. Part %d says so, and "
                            "version%d of the working day again.\n\n",
                            i, version, i, version);
    char *text = sqlite3_str_finish(s);
    folder_write(name, text);
    sqlite3_free(text);
}

static void write_sources(int version, int sections)
{
    write_guide("guides/a.md", version, sections);
    write_guide("guides/b.md", 1, 3);
    folder_write("synonyms.yaml", version == 1 ? "- {from: [shift], to: [working day]}\n"
                                               : "- {from: [shift], to: [part]}\n");
    if (version == 1)
        folder_write("guides/c.md", "# Lighthouses\n\nA keeper of version1 climbs the stairs.\n");
    else
        unlink(folder("guides/c.md"));
}

static int index_into(const char *db, struct kb_report *ret)
{
    static const char *const guides[] = {"guides"};
    struct kb_sources src = {
        .root = folder(""), .path = guides, .n = 1, .synonyms = "synonyms.yaml"};
    return kb_index(folder(db), &src, ret);
}

static void index_ok(const char *db)
{
    struct kb_report report;
    int r = index_into(db, &report);
    if (r || report.warnings)
        fail_msg("%d: %s%s", r, report.message ? report.message : "",
                 report.nproblem ? report.problem[0].message : "");
    kb_report_release(&report);
}

/* ---- answers -------------------------------------------------------------------------------------------------- */

/* What the base says to a few questions, all that depends on its content. */
static char *answers_of(struct kb *kb)
{
    static const char *const question[] = {"what is section 4", "version1", "version2 part 3",
                                           "shift", "who climbs stairs in the lighthouse"};
    sqlite3_str *s = sqlite3_str_new(NULL);
    for (size_t i = 0; i < sizeof question / sizeof *question; i++) {
        struct kb_ask ask = {.text = question[i], .len = strlen(question[i]), .max = 8};
        struct kb_hits hits;
        int r = kb_ask(kb, &ask, &hits);
        if (r)
            fail_msg("%s: %s", question[i], kb_strerror(r));
        sqlite3_str_appendf(s, "%s (%d):\n", question[i], (int)hits.n);
        for (size_t k = 0; k < hits.n; k++)
            sqlite3_str_appendf(s, "  %s %.6f %s\n", hits.hit[k].passage, hits.hit[k].score,
                                hits.hit[k].text);
        kb_hits_release(&hits);
    }
    return sqlite3_str_finish(s);
}

static char *answers_in(const char *db)
{
    struct kb *kb = NULL;
    int r = kb_open(folder(db), &kb);
    if (r == KB_ERR_ABSENT)
        return sqlite3_mprintf("absent");
    if (r == KB_ERR_DAMAGED)
        return sqlite3_mprintf("damaged");
    assert_int_equal(r, 0);
    char *s = answers_of(kb);
    kb_close(kb);
    return s;
}

/* ---- a run that is killed ---------------------------------------------------------------------------------------- */

static bool is_write(uint64_t nr)
{
    return nr == SYS_write || nr == SYS_pwrite64 || nr == SYS_writev || nr == SYS_pwritev;
}

/* Whether the call may change what is on disk. */
static bool changes_files(const struct __ptrace_syscall_info *call)
{
    uint64_t nr = call->entry.nr;
    switch (nr) {
#ifdef SYS_open
    case SYS_open: return call->entry.args[1] & (O_CREAT | O_TRUNC);
    case SYS_rename:
    case SYS_unlink:
    case SYS_rmdir:
    case SYS_mkdir:
    case SYS_link:
    case SYS_chmod:
#endif
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_unlinkat:
    case SYS_linkat:
    case SYS_fchmod:
    case SYS_ftruncate:
    case SYS_truncate:
    case SYS_fallocate:
    case SYS_fsync:
    case SYS_fdatasync: return true;
    case SYS_openat: return call->entry.args[2] & (O_CREAT | O_TRUNC);
    default: return is_write(nr);
    }
}

static pid_t start_run(const char *db)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct kb_report report;
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(77);
        raise(SIGSTOP);
        int r = index_into(db, &report);
        _exit(r ? 1 : 0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return -1;
    assert_true(WIFSTOPPED(status));
    assert_int_equal(
        ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
    return pid;
}

static void finish_off(pid_t pid)
{
    int status;
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

/* Let the call at hand write only half of what it was asked to. False where we do not know how. */
static bool halve(pid_t pid, const struct __ptrace_syscall_info *call)
{
    uint64_t nr = call->entry.nr, len = call->entry.args[2];
    if ((nr != SYS_write && nr != SYS_pwrite64) || len < 2)
        return false;
#ifdef __x86_64__
    int status;
    if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rdx), len / 2) < 0 ||
        ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    return true;
#else
    return false;
#endif
}

enum end { ENDED, KILLED, NOT_A_WRITE };

/* Run on until the k-th call (from 1) that changes files, and kill it there: before the call, or half way through. */
static enum end kill_at(pid_t pid, size_t k, bool half)
{
    size_t n = 0;
    for (int signum = 0;;) {
        struct __ptrace_syscall_info call = {0};
        int status;
        assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, (long)signum), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        signum = 0;
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            return ENDED;
        }
        assert_true(WIFSTOPPED(status));
        if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
            signum = WSTOPSIG(status);
            continue;
        }
        assert_true(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof call, &call) > 0);
        if (call.op != PTRACE_SYSCALL_INFO_ENTRY || !changes_files(&call) || ++n < k)
            continue;
        bool done = !half || halve(pid, &call);
        finish_off(pid);
        return done ? KILLED : NOT_A_WRITE;
    }
}

/* ---- what must hold -------------------------------------------------------------------------------------------------- */

struct story {
    const char *name;
    char *old, *new; /* answers before and after */
    struct {
        char *s;
        size_t len;
    } db, snap; /* what is there before; NULL: no such file */
    size_t calls, halves, olds, news;
};

static void remove_base(void)
{
    static const char *const suffix[] = {"", "-wal", "-shm", "-journal", ".snap", ".lock"};
    char name[64];
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        snprintf(name, sizeof name, "kb.db%s", suffix[i]);
        unlink(folder(name));
    }
}

static void restore(const struct story *s)
{
    remove_base();
    if (s->db.s)
        folder_write_bytes("kb.db", s->db.s, s->db.len);
    if (s->snap.s)
        folder_write_bytes("kb.db.snap", s->snap.s, s->snap.len);
}

/* Only a base and its snapshot, and what SQLite keeps while somebody has it open. */
static void no_stray_files(void)
{
    DIR *dir = opendir(folder(""));
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        const char *rest = e->d_name + 5;
        if (strncmp(e->d_name, "kb.db", 5) != 0 || !*rest)
            continue;
        if (strcmp(rest, "-wal") != 0 && strcmp(rest, "-shm") != 0 && strcmp(rest, ".snap") != 0)
            fail_msg("%s was left behind", e->d_name);
    }
    closedir(dir);
}

static void snapshot_is_used(struct kb *kb)
{
    uint8_t base[16];
    int64_t generation = 0;
    assert_int_equal(schema_identity(kb->db, base, &generation), 0);
    assert_int_equal(snap_verify(folder("kb.db.snap"), base, true, &generation), 0);
    assert_non_null(kb->view);
}

/* The answers of one state or the other; true for the new one. */
static bool old_or_new(const struct story *s, size_t k, char *answers)
{
    bool is_new = strcmp(answers, s->new) == 0;
    if (!is_new && strcmp(answers, s->old) != 0)
        fail_msg("%s, killed at %zu: neither old nor new:\n%s\nold:\n%s\nnew:\n%s", s->name, k,
                 answers, s->old, s->new);
    sqlite3_free(answers);
    return is_new;
}

static void check_after(struct story *s, size_t k, struct kb *held)
{
    struct kb *kb = NULL;
    bool is_new = old_or_new(s, k, answers_in("kb.db"));
    if (held)
        old_or_new(s, k, answers_of(held));
    s->olds += !is_new;
    s->news += is_new;
    index_ok("kb.db");
    no_stray_files();
    if (held)
        old_or_new(s, k, answers_of(held));
    assert_int_equal(kb_open(folder("kb.db"), &kb), 0);
    char *answers = answers_of(kb);
    assert_string_equal(answers, s->new);
    snapshot_is_used(kb);
    sqlite3_free(answers);
    kb_close(kb);
}

/* One run, killed at call k; false when it got through before. */
static bool once(struct story *s, size_t k, bool half)
{
    struct kb *held = NULL;
    restore(s);
    pid_t pid =
        start_run("kb.db"); /* before anything is open here: SQLite does not like to be forked */
    if (pid < 0) {
        print_message("no ptrace here: not tested\n");
        skip();
    }
    if (kb_open(folder("kb.db"), &held) == 0)
        old_or_new(s, k, answers_of(held));
    enum end end = kill_at(pid, k, half);
    if (end == KILLED)
        check_after(s, k, held);
    kb_close(held);
    s->calls += end != ENDED && !half;
    s->halves += end == KILLED && half;
    return end != ENDED;
}

static void at_every_call(struct story *s, bool halves)
{
    for (size_t k = 1; once(s, k, false); k++)
        if (halves)
            once(s, k, true);
    print_message("%s: killed at %zu calls and within %zu writes; old answers %zu times, new %zu\n",
                  s->name, s->calls, s->halves, s->olds, s->news);
    assert_true(s->calls > 5);
    sqlite3_free(s->old);
    sqlite3_free(s->new);
    free(s->db.s);
    free(s->snap.s);
}

/* The sources are those of version 1 and indexed in kb.db: remember all of it. */
static struct story begin(const char *name)
{
    struct story s = {.name = name, .old = answers_in("kb.db")};
    s.db.s = folder_read("kb.db", &s.db.len);
    s.snap.s = folder_read("kb.db.snap", &s.snap.len);
    return s;
}

/* Afterwards: the answers of the sources as they are now, by a base that was never anything else. */
static void set_new(struct story *s)
{
    index_ok("fresh.db");
    s->new = answers_in("fresh.db");
}

/* ---- claims ------------------------------------------------------------------------------------------------------------ */

static int set_up(void **state)
{
    return folder_setup(state) || mkdir(folder("guides"), 0755);
}

static void the_first_build(void **state)
{
    struct story s = {.name = "first build", .old = sqlite3_mprintf("absent")};
    write_sources(1, 8);
    set_new(&s);
    at_every_call(&s, true);
}

static void an_edit_that_needs_no_new_snapshot(void **state)
{
    write_sources(1, 8);
    index_ok("kb.db");
    struct story s = begin("an edit");
    write_sources(2, 8);
    set_new(&s);
    at_every_call(&s, true);
}

static void an_edit_with_a_new_snapshot(void **state)
{
    write_sources(1, 8);
    index_ok("kb.db");
    struct story s = begin("a large edit");
    write_sources(2, 60);
    set_new(&s);
    at_every_call(&s, true);
}

static void a_damaged_base_is_replaced(void **state)
{
    sqlite3 *db = NULL;
    write_sources(1, 8);
    index_ok("kb.db");
    assert_int_equal(sqlite3_open(folder("kb.db"), &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    sqlite3_close(db);
    struct story s = {.name = "a damaged base", .old = sqlite3_mprintf("damaged")};
    s.db.s = folder_read("kb.db", &s.db.len);
    s.snap.s = folder_read("kb.db.snap", &s.snap.len);
    memset(s.db.s + 100, 0x55, 2000);
    write_sources(2, 8);
    set_new(&s);
    at_every_call(&s, false); /* the calls of a first build, once more */
}

static void a_damaged_snapshot_is_replaced(void **state)
{
    write_sources(1, 8);
    index_ok("kb.db");
    struct story s = begin("a damaged snapshot");
    s.new = sqlite3_mprintf("%s", s.old);
    s.snap.s[s.snap.len / 2] ^= 1;
    at_every_call(&s, true);
}

#define kill_test(f) cmocka_unit_test_setup_teardown(f, set_up, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        kill_test(the_first_build),
        kill_test(an_edit_that_needs_no_new_snapshot),
        kill_test(an_edit_with_a_new_snapshot),
        kill_test(a_damaged_base_is_replaced),
        kill_test(a_damaged_snapshot_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
