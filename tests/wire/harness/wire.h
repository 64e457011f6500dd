/* wire.h: the real program ($GUIDEPOST) as a child process with a folder, a small guide and free ports of its own. Loopback
 * only. A test that fails takes its child with it. What a sanitizer has to say fails the test that caused it. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/wire/harness/client.h"

struct wire_options {
    const char *settings; /* further lines of guidepost.yaml, or NULL */
    long max_files;       /* RLIMIT_NOFILE of the child; 0: ours */
    bool clock;           /* it has a clock of its own: wire_wind() */
    const char *file,
        *text; /* one more file beside guidepost.yaml, for nobody else to read; or NULL */
};

struct wire {
    pid_t pid; /* 0 once it has ended */
    int port, admin_port;
    long max_files;
    char folder[256];
    struct wire_log *log;
    int64_t *clock; /* of fake/clock.c, or NULL */
};

/* Returns when it listens and has indexed its guide. */
struct wire *wire_start(const struct wire_options *opt); /* NULL: as it comes */
/* SIGTERM; it must end by itself, with 0 and nothing for a sanitizer to say. */
void wire_stop(struct wire *w);
/* End it with this signal and start it again on what it left: another port, an empty log. Returns when it listens. */
void wire_restart(struct wire *w, int signum);
/* kill -9 and clean up. */
void wire_kill(struct wire *w);
/* For cmocka: *state is a struct wire with the default options. */
int wire_setup(void **state);
int wire_teardown(void **state);

void wire_signal(struct wire *w, int signum);
/* Milliseconds until it ended; -1: not within the time. */
int wire_wait_exit(struct wire *w, int timeout_ms, int *ret_status);

/* ---- its clock ---- */
/* Let seconds pass, a hundred times as fast as they do, or until `done` (may be NULL) says that they need not. */
void wire_wind(struct wire *w, int seconds, bool (*done)(void *ctx), void *ctx);
uint64_t wire_now_ms(const struct wire *w); /* client_now_ms() by its clock */
/* From now on what its wall shows is wrong by so much; what runs on is not. */
void wire_set_wrong(struct wire *w, int seconds);

/* ---- what it costs ---- */
size_t wire_rss_kb(const struct wire *w);
/* Before wire_start(), where memory is what is tested: no stacks kept to catch their use after return. They fill for as long as a
 * thread runs, 15 MB in all, which would hide what the program itself takes. */
void wire_keep_no_stacks(void);
uint64_t wire_cpu_ms(const struct wire *w);
size_t wire_descriptors(const struct wire *w);
/* Under a sanitizer memory and time mean something else: times this. */
unsigned wire_slack(void);

/* ---- what it says ---- */
bool wire_said(struct wire *w, const char *text);
/* The same of what it must say: a line that is written comes in a moment later. */
bool wire_says(struct wire *w, const char *text);
size_t wire_said_times(struct wire *w, const char *text);
size_t wire_log_lines(struct wire *w);
void wire_dump_log(struct wire *w); /* for a test about to fail */

/* ---- asking it ---- */
#define WIRE_QUESTION "How much does a lighthouse keeper earn?"
#define WIRE_ANSWER   "41,000" /* is in the answer */

/* POST /v1/ask; milliseconds until the whole answer is there; fails the test when it is not the right one. */
int wire_ask(struct wire *w);
/* A WebSocket that has said hello and heard ready. */
struct client *wire_chat(struct wire *w);
bool wire_chat_ask(struct client *c, const char *cid);
/* Waits for the answer with this cid; milliseconds, -1: it did not come. */
int wire_chat_answer(struct client *c, const char *cid, int timeout_ms);

/* The value below which `percent` of them lie. Sorts. */
int wire_percentile(int *values, size_t n, int percent);

#endif
