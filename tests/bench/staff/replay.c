/* replay.c: what it takes to see what an edit would change.
 *
 *     bench_replay FOLDER GUIDES [QUESTIONS]
 *
 * FOLDER is one that month.c has made of GUIDES. An answer that nobody has given yet is drafted, and its effect on the last QUESTIONS
 * distinct logged ones (10,000) is computed as a preview in the console does it: the first time all is asked twice; a second edit of
 * the same base finds the old answers known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bot/fix_int.h"
#include "bot/json.h"
#include "bot/must.h"
#include "tests/bench/staff/month.h"

void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_replay: %s: %s\n", what, why);
    exit(1);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static const char *const drafts[] = {
    "{\"kind\":\"answer\",\"entry\":{\"question\":\"Is there a shuttle bus to the campus?\","
    "\"answer\":\"Every twenty minutes from the station.\",\"aka\":[\"how do I get to campus\"]}}",
    "{\"kind\":\"answer\",\"entry\":{\"question\":\"What does the work pay in a hospital at "
    "night?\","
    "\"answer\":\"Nights pay a tenth more.\"}}",
};

/* Of all threads: what it would take alone on the machine, times its processors. */
static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static void must_be(struct fix_copy *c, int err, const char *what)
{
    if (err)
        die(what, c->problem ? c->problem : kb_strerror(err));
}

static size_t changed(const struct fix_copy *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += replayed_differs(&c->old[i], &c->now[i]);
    return n;
}

static void preview(const struct draft_where *w, const char *db, const char *state, size_t max,
                    const char *text, struct replay_memory *memory)
{
    struct pool *pool = pool_new();
    struct replay_progress progress = {0};
    struct fix_copy c = {.progress = &progress, .memory = memory};
    struct cJSON *in = json_parse(text, strlen(text));
    struct draft d;
    struct kb *kb = NULL;
    const char *problem = NULL;
    double begun = now_s(), cpu = cpu_s();
    must_be(&c, fix_copy_open(&c, pool, w, db), "copy");
    if (kb_open(db, &kb) || draft_make(pool, w, kb, in, &d, &problem))
        die("draft", problem ? problem : "no index");
    kb_close(kb);
    must_be(&c, fix_copy_read_log(&c, state, max), "log");
    double read = now_s() - begun - (double)(c.us_copy + c.us_index) * 1e-6;
    must_be(&c, fix_copy_ask_old(&c, true), "ask");
    must_be(&c, fix_copy_try(&c, &d), "try");
    must_be(&c, fix_copy_ask_now(&c, true), "ask");
    size_t n = changed(&c);
    printf(
        "%6zu questions %7.0f ms, %.0f ms of processors: copy %lld, log %.0f, index %lld, before "
        "%lld, after %lld ms; %zu change\n",
        c.n, (now_s() - begun) * 1e3, (cpu_s() - cpu) * 1e3, c.us_copy / 1000, read * 1e3,
        c.us_index / 1000, c.us_old / 1000, c.us_now / 1000, n);
    fix_copy_close(&c);
    json_free(in);
    pool_free(pool);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: bench_replay FOLDER GUIDES [QUESTIONS]\n", stderr);
        return 2;
    }
    size_t max = argc > 3 ? strtoul(argv[3], NULL, 10) : FIX_QUESTIONS;
    char *db = must_printf("%s/index.db", argv[1]), *draft = must_printf("%s/draft.db", argv[1]);
    char *state = must_printf("%s/state.db", argv[1]);
    const char *content[] = {argv[2], NULL};
    struct draft_where w = {.db = db, .content = content, .ncontent = 1, .file = "staff.faq.yaml"};
    struct replay_memory *memory = replay_memory_new();
    if (store_init())
        die("sqlite", "cannot be set up");
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++)
        preview(&w, draft, state, max, drafts[i], memory);
    replay_memory_free(memory);
    free(db);
    free(draft);
    free(state);
    return 0;
}
