/* clock.c: times of one kind of work, and their percentiles. */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SHORT_NS 40000 /* below this the call that reads the thread's clock would be felt */

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

struct cost cost_now(void)
{
    return (struct cost){now_ns(), read_clock(CLOCK_PROCESS_CPUTIME_ID)};
}

void cost_add(struct cost *c, struct cost since)
{
    struct cost now = cost_now();
    c->wall += now.wall - since.wall;
    c->cpu += now.cpu - since.cpu;
}

struct stopwatch stopwatch_start(void)
{
    struct stopwatch w = {.thread = read_clock(CLOCK_THREAD_CPUTIME_ID)};
    w.wall = now_ns();
    return w;
}

uint64_t stopwatch_ns(const struct stopwatch *w)
{
    uint64_t wall = now_ns() - w->wall;
    if (wall < SHORT_NS)
        return wall;
    uint64_t thread = read_clock(CLOCK_THREAD_CPUTIME_ID) - w->thread;
    return thread < wall ? thread : wall;
}

void times_add(struct times *t, uint64_t ns)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 256;
        t->ns = realloc(t->ns, t->cap * sizeof *t->ns);
        if (!t->ns) {
            fprintf(stderr, "bench: out of memory\n");
            exit(1);
        }
    }
    t->ns[t->n++] = ns;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t times_at(struct times *t, double share)
{
    if (!t->n)
        return 0;
    qsort(t->ns, t->n, sizeof *t->ns, by_size);
    size_t i = (size_t)(share * (double)t->n);
    return t->ns[i < t->n ? i : t->n - 1];
}

void times_release(struct times *t)
{
    free(t->ns);
    *t = (struct times){0};
}
