/* slack.c: how long Slack waits for its 200 while the knowledge base is built again and again: a fake Slack delivers questions
 * at a steady rate over connections that stay open, each a mention in a channel of its own and answered like any other,
 * and beside it the index is deleted and built anew, then a tenth of the guides is changed, and so on without a pause.
 *
 * A delivery's time begins when it was due, not when somebody got round to sending it, so a stall counts for everything that
 * had to wait behind it. What the sender itself was late is shown beside: on a machine with little to spare it is part
 * of the figure.
 *
 * usage: bench_slack PROGRAM FOLDER_OF_GUIDES [EVENTS_PER_SECOND [SECONDS [PASSAGES]]] */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/fake/wire.h"

#define LINES       64 /* connections, a thread each: enough that none is waited for */
#define PER_GUIDE   20
#define SETTLE_S    60
#define REINDEX_S   120
#define TEXT_BYTES  16384
#define MAX_SECONDS 12 /* a phase, at 300 a second: the fake keeps 8,192 messages */

struct bench {
    struct slack_wire slack;
    struct corpus corpus;
    size_t guides;
    int rate, seconds;
    atomic_bool over;
    atomic_int built;
    atomic_long number; /* of the next delivery */
};

struct line {
    pthread_t thread;
    struct bench *bench;
    uint64_t start_ns;
    int first;
    struct times waited, late;
    size_t refused;
};

void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_slack: %s: %s\n", what, why);
    exit(1);
}

static void sleep_until(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
        continue;
}

/* ---- deliveries ---- */

static char *request_of(struct bench *b, size_t *ret_len)
{
    long n = atomic_fetch_add(&b->number, 1);
    char event[2048], id[32], signature[68], *s;
    const char *question = b->corpus.question[(size_t)n * 7919 % b->corpus.nquestion];
    cJSON *text = cJSON_CreateString(question);
    char *quoted = cJSON_PrintUnformatted(text);
    snprintf(event, sizeof event,
             "{\"type\":\"app_mention\",\"channel\":\"C%03ld\",\"user\":\"U%ld\",\"ts\":\"1699%"
             "06ld.000100\","
             "\"event_ts\":\"1699%06ld.000100\",\"team\":\"" FAKE_TEAM
             "\",\"text\":\"<@UBOT> %.*s}",
             n % 600, n % 997, n, n, (int)strlen(quoted) - 1, quoted + 1);
    snprintf(id, sizeof id, "Ev%ld", n);
    char *body = fake_slack_envelope(id, event);
    long long now = time(NULL);
    fake_slack_sign(FAKE_SECRET, now, body, strlen(body), signature);
    int len = asprintf(
        &s,
        "POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "X-Slack-Request-Timestamp: %lld\r\nX-Slack-Signature: %s\r\nContent-Length: %zu\r\n\r\n%s",
        now, signature, strlen(body), body);
    free(body);
    free(quoted);
    cJSON_Delete(text);
    if (len < 0)
        die("request", "out of memory");
    *ret_len = (size_t)len;
    return s;
}

/* Every LINES-th delivery of a phase. */
static void *deliver(void *ctx)
{
    struct line *l = ctx;
    struct bench *b = l->bench;
    struct client *c = client_open(b->slack.w->port);
    for (int i = l->first; i < b->rate * b->seconds; i += LINES) {
        uint64_t due = l->start_ns + (uint64_t)i * 1000000000 / (uint64_t)b->rate;
        size_t len;
        struct answer a;
        char *s = request_of(b, &len);
        sleep_until(due);
        times_add(&l->late, now_ns() - due);
        if (!client_send(c, s, len) || !client_answer(c, 10000, false, &a))
            die("delivery", "no answer");
        times_add(&l->waited, now_ns() - due);
        l->refused += a.status != 200;
        answer_release(&a);
        free(s);
    }
    client_close(c);
    return NULL;
}

/* ---- the knowledge base ---- */

static void write_guide(struct bench *b, size_t i, size_t version)
{
    char path[512], temp[600], title[TITLE_SIZE], text[TEXT_SIZE];
    snprintf(path, sizeof path, "%s/guides/g%04zu.md", b->slack.w->folder, i);
    snprintf(temp, sizeof temp, "%s/.g%04zu", b->slack.w->folder, i);
    FILE *f = fopen(temp, "w");
    if (!f)
        die(temp, "cannot be written");
    fprintf(f, "# Guide %zu\n", i);
    for (size_t k = 0; k < PER_GUIDE; k++) {
        corpus_passage(&b->corpus, i * PER_GUIDE + k + version * 1000003, title, text);
        fprintf(f, "\n## %s\n\n%s\n", title, text);
    }
    if (fclose(f) || rename(temp, path))
        die(path, "cannot be written");
}

static long metric(struct bench *b, const char *name)
{
    struct answer a;
    char key[128];
    long value = -1;
    if (!client_http(b->slack.w->admin_port, "GET", "/metrics", NULL, NULL, &a))
        return -1;
    snprintf(key, sizeof key, "\n%s ", name);
    const char *at = strstr(a.body, key);
    if (at)
        value = (long)strtod(at + strlen(key), NULL);
    answer_release(&a);
    return value;
}

/* Have it look at its guides, and wait until that is done. */
static void reload(struct bench *b)
{
    static const char done[] = "msg=\"reloaded\"";
    size_t before = wire_said_times(b->slack.w, done);
    wire_signal(b->slack.w, SIGHUP);
    for (int i = 0; i < REINDEX_S * 50; i++) {
        if (wire_said_times(b->slack.w, done) > before)
            return;
        usleep(20000);
    }
    die("index", "it was not built");
}

static void *reindex(void *ctx)
{
    struct bench *b = ctx;
    for (size_t n = 1; !atomic_load(&b->over); n++) {
        char path[512];
        if (n % 2) {
            snprintf(path, sizeof path, "%s/data/index.db", b->slack.w->folder);
            unlink(path);
        }
        for (size_t i = n % 10; i < b->guides; i += 10)
            write_guide(b, i, n);
        reload(b);
        atomic_fetch_add(&b->built, 1);
    }
    return NULL;
}

/* ---- phases ---- */

static void merge(struct times *all, struct times *part)
{
    for (size_t i = 0; i < part->n; i++)
        times_add(all, part->ns[i]);
    times_release(part);
}

static double ms(struct times *t, double share)
{
    return (double)times_at(t, share) / 1e6;
}

static void run_phase(struct bench *b, const char *name, bool indexing)
{
    static struct line line[LINES];
    struct times waited = {0}, late = {0};
    size_t refused = 0;
    pthread_t builder;
    uint64_t cpu = wire_cpu_ms(b->slack.w);
    atomic_store(&b->over, false);
    atomic_store(&b->built, 0);
    if (indexing && pthread_create(&builder, NULL, reindex, b))
        die("thread", "cannot be started");
    uint64_t start = now_ns() + 300000000;
    for (int i = 0; i < LINES; i++) {
        line[i] = (struct line){.bench = b, .start_ns = start, .first = i};
        if (pthread_create(&line[i].thread, NULL, deliver, &line[i]))
            die("thread", "cannot be started");
    }
    for (int i = 0; i < LINES; i++) {
        pthread_join(line[i].thread, NULL);
        merge(&waited, &line[i].waited);
        merge(&late, &line[i].late);
        refused += line[i].refused;
    }
    int built = atomic_load(&b->built);
    atomic_store(&b->over, true);
    if (indexing)
        pthread_join(builder, NULL);
    printf("%-24s %6zu deliveries  200 after p50 %6.1f  p95 %6.1f  p99 %6.1f  max %6.1f ms   "
           "sender late p99 %.1f ms"
           "   %zu refused, %d times indexed, %.0f %% of a processor\n",
           name, waited.n, ms(&waited, 0.5), ms(&waited, 0.95), ms(&waited, 0.99), ms(&waited, 1),
           ms(&late, 0.99), refused, built,
           (double)(wire_cpu_ms(b->slack.w) - cpu) / 10 / b->seconds);
    fflush(stdout);
    times_release(&waited);
    times_release(&late);
}

/* Everything that was taken is answered, once. */
static void check_replies(struct bench *b)
{
    size_t want = (size_t)atomic_load(&b->number);
    if (!fake_slack_wait(b->slack.fake, want, SETTLE_S * 1000, 500))
        die("replies", "not exactly one for each delivery");
    printf("%zu replies are visible, one for each delivery\n", want);
}

static int number(int argc, char **argv, int i, int fallback)
{
    return argc > i ? atoi(argv[i]) : fallback;
}

int main(int argc, char **argv)
{
    static struct bench b;
    if (argc < 3)
        die("usage",
            "bench_slack PROGRAM FOLDER_OF_GUIDES [EVENTS_PER_SECOND [SECONDS [PASSAGES]]]");
    setenv("GUIDEPOST", argv[1], 1);
    corpus_read(&b.corpus, argv[2]);
    b.rate = number(argc, argv, 3, 300);
    b.seconds = number(argc, argv, 4, 10);
    b.guides = (size_t)number(argc, argv, 5, 5000) / PER_GUIDE;
    if (b.rate < 1 || b.seconds < 1 || b.seconds * b.rate > MAX_SECONDS * 300)
        die("usage", "at most 3,600 deliveries a phase");
    b.slack = slack_wire_start("burst_ms: 1200", false);
    for (size_t i = 0; i < b.guides; i++)
        write_guide(&b, i, 0);
    reload(&b);
    printf("%d deliveries a second for %d s, %ld passages, journal.synchronous=full\n", b.rate,
           b.seconds, metric(&b, "guidepost_index_passages"));
    run_phase(&b, "nothing else", false);
    run_phase(&b, "while it is indexed", true);
    check_replies(&b);
    slack_wire_stop(&b.slack);
    corpus_release(&b.corpus);
    return 0;
}
