/* staff.c: the console with a month behind it: how long each page's request takes, on the wire, from the real program, and how
 * long it takes to put a month of questions into groups.
 *
 * Times of pages are on the wall, on one connection that stays open, beside `me`, which does nothing but look up the session:
 * what is above that is the page's own. The console's promise is 100 ms for each page.
 *
 * usage: bench_staff PROGRAM CONFIG_FOLDER FOLDER
 *
 * FOLDER/data is a month (month.c). */
#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bot/store.h"
#include "bot/survey.h"
#include "tests/bench/bench.h"
#include "tests/wire/harness/client.h"

#define ROUNDS   60 /* times that each page is asked for */
#define REPLAYED 10000
#define PROMISED 100 /* ms */
#define PASSWORD "correct horse battery"
#define WAIT_S   120

struct bench {
    char folder[500], config[540];
    const char *program;
    pid_t pid;
    int port;
    char cookie[200];
    struct client *client;
    long first, last; /* questions with a ticket */
    char cluster[32];
};

void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_staff: %s: %s\n", what, why);
    exit(1);
}

/* ---- the program ------------------------------------------------------------------------------------------------ */

static int run(const char *const argv[], const char *input, bool wait)
{
    int in[2], status;
    if (pipe(in))
        die("pipe", "cannot be made");
    pid_t pid = fork();
    if (!pid) {
        dup2(in[0], 0);
        close(in[0]);
        close(in[1]);
        if (!wait && !freopen("/dev/null", "w", stderr))
            _exit(127);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(in[0]);
    if (input && write(in[1], input, strlen(input)) < 0)
        die(argv[0], "reads nothing");
    close(in[1]);
    if (!wait)
        return pid;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) ||
        getsockname(fd, (struct sockaddr *)&a, &len))
        die("port", "there is none");
    close(fd);
    return ntohs(a.sin_port);
}

static void write_config(struct bench *b, const char *config)
{
    b->port = free_port();
    FILE *f = fopen(b->config, "w");
    if (!f)
        die(b->config, "cannot be written");
    fprintf(f,
            "listen: 127.0.0.1:%d\nadmin_listen: 127.0.0.1:%d\ndata_dir: %s/data\n"
            "content: [%s/guides]\nsynonyms: %s/synonyms.yaml\n",
            b->port, free_port(), b->folder, config, config);
    fclose(f);
}

static void serve(struct bench *b)
{
    const char *serve[] = {b->program, "serve", "-c", b->config, NULL};
    struct client *c = NULL;
    b->pid = run(serve, NULL, false);
    for (int i = 0; i < WAIT_S * 10 && !(c = client_try_open(b->port)); i++)
        usleep(100000);
    if (!c)
        die(b->program, "does not listen");
    client_close(c);
}

static void log_in(struct bench *b)
{
    const char *add[] = {b->program, "user",  "add",  "-c", b->config,
                         "--role",   "admin", "adam", NULL};
    char headers[200];
    struct answer a;
    if (run(add, PASSWORD "\n", true))
        die(b->program, "makes no user");
    serve(b);
    snprintf(headers, sizeof headers,
             "Origin: http://127.0.0.1:%d\r\nContent-Type: application/json\r\n", b->port);
    if (!client_http(b->port, "POST", "/staff/api/login", headers,
                     "{\"name\":\"adam\",\"password\":\"" PASSWORD "\"}", &a) ||
        a.status != 200)
        die("login", a.body ? a.body : "no answer");
    const char *cookie = answer_header(&a, "set-cookie");
    snprintf(b->cookie, sizeof b->cookie, "%.*s", (int)strcspn(cookie, ";"), cookie);
    answer_release(&a);
    b->client = client_open(b->port);
}

/* ---- pages --------------------------------------------------------------------------------------------------------- */

static uint64_t get(struct bench *b, const char *name, struct answer *a)
{
    char request[600];
    snprintf(request, sizeof request,
             "GET /staff/api/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: %s\r\n\r\n", name,
             b->port, b->cookie);
    uint64_t began = now_ns();
    if (!client_say(b->client, request) || !client_answer(b->client, 20000, false, a))
        die(name, "no answer");
    return now_ns() - began;
}

static void wait_until_counted(struct bench *b)
{
    for (int i = 0; i < WAIT_S * 5; i++, usleep(200000)) {
        struct answer a, k;
        get(b, "clusters", &a);
        get(b, "knowledge", &k);
        cJSON *j = cJSON_Parse(a.body),
              *g = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "groups"), 0);
        bool done = g && strstr(k.body, "\"counted\":true");
        if (done)
            snprintf(b->cluster, sizeof b->cluster, "%.0f",
                     cJSON_GetNumberValue(cJSON_GetObjectItem(g, "id")));
        cJSON_Delete(j);
        answer_release(&a);
        answer_release(&k);
        if (done)
            return;
    }
    die("survey", "is never made");
}

static void find_tickets(struct bench *b)
{
    struct answer a;
    get(b, "queue", &a);
    cJSON *j = cJSON_Parse(a.body), *t = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "tickets"), 0);
    if (!t)
        die("queue", "is empty");
    b->last = (long)cJSON_GetNumberValue(cJSON_GetObjectItem(t, "id"));
    b->first = b->last / 2;
    cJSON_Delete(j);
    answer_release(&a);
}

/* '#': a ticket or page further back each time; '%': a cluster. */
static const char *const pages[] = {"me",
                                    "queue",
                                    "queue?before=#",
                                    "queue?what=none",
                                    "queue?what=over",
                                    "queue?sort=worth",
                                    "queue?q=membership",
                                    "ticket?id=@",
                                    "why?id=@",
                                    "people",
                                    "clusters",
                                    "clusters?sort=asks&from=101",
                                    "clusters?q=letter",
                                    "cluster?id=%",
                                    "similar?id=@",
                                    "questions",
                                    "questions?before=#",
                                    "questions?end=none&weekday=0&hour=9",
                                    "insight",
                                    "insight?days=7&channel=web&tz=-300",
                                    "insight-csv?chart=days",
                                    "insight-csv?chart=clusters",
                                    "knowledge",
                                    "answers",
                                    "synonyms",
                                    "edits",
                                    "users",
                                    "sessions",
                                    "tokens",
                                    "account",
                                    "audit",
                                    "audit?action=login",
                                    "audit-verify",
                                    "audit-export",
                                    "settings",
                                    "kept",
                                    "find?text=membership",
                                    "find?text=nobody-said-this",
                                    "export?format=csv&after=#",
                                    "export?after=#"};

static void fill_in(const struct bench *b, const char *page, int round, char *ret, size_t size)
{
    size_t n = strcspn(page, "#@%");
    if (!page[n])
        snprintf(ret, size, "%s", page);
    else if (page[n] == '%')
        snprintf(ret, size, "%.*s%s", (int)n, page, b->cluster);
    else
        snprintf(ret, size, "%.*s%ld", (int)n, page,
                 page[n] == '@' ? b->last : b->last - (b->last - b->first) * round / ROUNDS);
}

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

static void measure_pages(struct bench *b)
{
    double base = 0;
    size_t over = 0, missing = 0;
    printf("\n%-40s %8s %8s %8s %8s %9s\n", "page", "p50 ms", "p95 ms", "most ms", "x me", "bytes");
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct times t = {0};
        size_t bytes = 0;
        int status = 0;
        for (int round = 0; round < ROUNDS; round++) {
            char name[200];
            struct answer a;
            fill_in(b, pages[i], round, name, sizeof name);
            times_add(&t, get(b, name, &a));
            bytes = a.len;
            status = a.status;
            answer_release(&a);
        }
        double p50 = ms(times_at(&t, 0.5)), p95 = ms(times_at(&t, 0.95)),
               most = ms(times_at(&t, 1));
        base = i ? base : p50;
        if (status != 200) {
            printf("%-40s not measured: status %d\n", pages[i], status);
            missing++;
        } else {
            printf("%-40s %8.2f %8.2f %8.2f %8.1f %9zu\n", pages[i], p50, p95, most, p50 / base,
                   bytes);
            over += p95 > PROMISED;
        }
        free(t.ns);
    }
    printf("p95 above %d ms: %zu of %zu; not measured: %zu\n", PROMISED, over,
           sizeof pages / sizeof *pages - missing, missing);
}

/* ---- groups ----------------------------------------------------------------------------------------- */

static void measure_groups(const char *state, const char *index)
{
    struct surveyor *v = surveyor_new(state, index);
    const struct survey *s;
    while (!(s = survey_take(v)))
        usleep(10000);
    uint32_t texts = 0;
    for (size_t i = 0; i < s->n; i++)
        texts = s->fact[i].text >= texts ? s->fact[i].text + 1 : texts;
    printf("\n%zu questions in %u wordings: %zu groups in %.3f s, after %.2f s of reading them and "
           "their terms once\n",
           s->n, texts, s->ngroup, s->group_s, s->read_s);
    survey_give_back(v, s);
    surveyor_free(v);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    char state[600], index[600];
    if (argc != 4 || store_init())
        die("usage", "bench_staff PROGRAM CONFIG_FOLDER FOLDER");
    b.program = argv[1];
    snprintf(b.folder, sizeof b.folder, "%s", argv[3]);
    snprintf(b.config, sizeof b.config, "%s/guidepost.yaml", b.folder);
    snprintf(state, sizeof state, "%s/data/state.db", b.folder);
    snprintf(index, sizeof index, "%s/data/index.db", b.folder);
    write_config(&b, argv[2]);
    measure_groups(state, index);
    log_in(&b);
    wait_until_counted(&b);
    find_tickets(&b);
    measure_pages(&b);
    client_close(b.client);
    kill(b.pid, SIGTERM);
    waitpid(b.pid, NULL, 0);
    return 0;
}
