/* load.h: what the files of tests/bench/load/ share: a bare echo, the program, and a client that keeps many connections
 * busy. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

void load_die(const char *what, const char *why) __attribute__((noreturn));
uint64_t load_now_us(void);
int load_free_port(void);

/* ---- load_echo.c: libwebsockets and nothing else ---- */

/* Answers every message with one of `bytes` bytes; never returns. */
void echo_serve(int port, size_t bytes) __attribute__((noreturn));

/* ---- load_client.c ---- */

/* A chat asks LOAD_TALK questions, each as soon as the last is answered; then its connection is somebody else's, who begins
 * anew with a hello. */
#define LOAD_TALK 3
enum load_asks {
    LOAD_ECHO,   /* nothing: one message for one message */
    LOAD_COMMON, /* a question that many ask, then what is offered below the answer */
    LOAD_NEW,    /* what nobody has asked before */
};

struct load_plan {
    int port;
    enum load_asks asks;
    size_t idle;   /* connections that say nothing after their hello */
    size_t active; /* connections that ask again as soon as they are answered */
    int seconds;
};

struct load_result {
    double per_second;
    double
        cpu_us; /* of the server for one answer: what other programs on the machine do not change much */
    uint64_t p50_us, p99_us;
    uint64_t answers;
    uint64_t refused; /* that were told to come again, and did */
    size_t question_bytes,
        answer_bytes; /* payload of one, on average; all frames until and with the answer */
    long idle_bytes;  /* resident memory per idle connection */
    double connects_per_second;
};

/* `server`: whose memory is looked at. Dies on any trouble. */
void load_run(const struct load_plan *p, pid_t server, struct load_result *ret);

/* ---- load_question.c: what is asked ---- */

const char *load_common_question(size_t n);
void load_new_question(size_t n, char *ret,
                       size_t size); /* another one for each n up to half a million */

/* ---- load_workers.c: answering by itself ---- */

struct workers_result {
    double per_second, cpu_us; /* of the processor for one answer */
};
/* Questions that nobody has asked before, by that many answering threads, without anything else of the program. */
void workers_measure(const char *guides, const char *folder, size_t threads, int seconds,
                     struct workers_result *ret);

#endif
