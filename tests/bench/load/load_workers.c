/* load_workers.c: the answering threads with nothing around them: no sockets, no journal. What a second one adds is to be had
 * only where they share nothing (test L5 of the design: SQLite's count of its own memory, which is a lock, once took most
 * of it away). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot/answer.h"
#include "bot/loop.h"
#include "bot/smalltalk.h"
#include "bot/store.h"
#include "bot/work.h"
#include "kb/kb.h"
#include "kb/pool.h"
#include "tests/bench/load/load.h"

#define UNDER_WAY 64

static struct {
    struct loop *loop;
    struct work *work;
    size_t asked, answered;
    bool over;
} bench;

static void ask(void);

static void on_answer(void *ctx, const struct reply *reply)
{
    (void)reply;
    pool_free(ctx);
    bench.answered++;
    if (!bench.over)
        ask();
}

static void ask(void)
{
    struct pool *pool = pool_new();
    char text[200];
    load_new_question(bench.asked++, text, sizeof text);
    struct question q = {.text = pool_strdup(pool, text), .len = strlen(text)};
    if (work_ask(bench.work, pool, &q, on_answer, NULL, pool))
        load_die("workers", "the queue is full");
}

static void on_time(void *ctx)
{
    (void)ctx;
    bench.over = true;
    loop_stop(bench.loop);
}

static void index_guides(const char *guides, const char *db)
{
    struct kb_sources src = {.path = &guides, .n = 1};
    struct kb_report report = {0};
    int err = kb_index(db, &src, &report);
    kb_report_release(&report);
    if (err)
        load_die(guides, kb_strerror(err));
}

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

void workers_measure(const char *guides, const char *folder, size_t threads, int seconds,
                     struct workers_result *ret)
{
    char db[128];
    struct smalltalk *talk = NULL;
    struct kb_report report = {0};
    memset(&bench, 0, sizeof bench);
    snprintf(db, sizeof db, "%s/workers.db", folder);
    index_guides(guides, db);
    if (smalltalk_read(NULL, &talk, &report) || loop_new(&bench.loop) ||
        work_start(bench.loop, db, talk, threads, &bench.work))
        load_die("workers", "did not start");
    for (size_t i = 0; i < UNDER_WAY; i++)
        ask();
    struct loop_timer *end = loop_timer(bench.loop, (uint64_t)seconds * 1000, 0, on_time, NULL);
    uint64_t began = load_now_us();
    double cpu = cpu_us();
    loop_run(bench.loop);
    double took = (double)(load_now_us() - began) / 1e6;
    *ret = (struct workers_result){.per_second = (double)bench.answered / took,
                                   .cpu_us = (cpu_us() - cpu) / (double)bench.answered};
    loop_timer_stop(end);
    work_stop(bench.work);
    loop_free(bench.loop);
}
