/* wire.c: starting, watching and ending the real program. Its standard error is collected by a thread, so that it can
 * never block on a full pipe; its port is read from the line it logs when it listens. */
#include "tests/wire/harness/wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define START_MS    60000
#define SAY_MS      20000
#define STOP_MS     15000
#define CLOCK_BYTES 16

struct wire_log {
    pthread_t thread;
    pthread_mutex_t lock;
    int fd;
    char *s; /* under `lock` */
    size_t len, lines;
};

static const char guide[] =
    "---\ntitle: The lighthouse keeper\nurl: https://example.org/keeper\n---\n\n"
    "# The lighthouse keeper\n\n## Salary\n\n"
    "A lighthouse keeper earns 41,000 dollars a year on average, and more on remote "
    "islands.\n\n## Training\n\n"
    "Training takes eighteen months and ends with an exam at the harbor school.\n";

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        fail_msg("cannot write %s: %s", path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* ---- its log ---- */

static void *read_log(void *ctx)
{
    struct wire_log *log = ctx;
    char s[4096];
    ssize_t n;
    while ((n = read(log->fd, s, sizeof(s))) > 0 || (n < 0 && errno == EINTR)) {
        if (n < 0)
            continue;
        pthread_mutex_lock(&log->lock);
        log->s = realloc(log->s, log->len + (size_t)n + 1);
        if (!log->s)
            abort();
        memcpy(log->s + log->len, s, (size_t)n);
        log->len += (size_t)n;
        log->s[log->len] = '\0';
        for (ssize_t i = 0; i < n; i++)
            log->lines += s[i] == '\n';
        pthread_mutex_unlock(&log->lock);
    }
    return NULL;
}

bool wire_said(struct wire *w, const char *text)
{
    pthread_mutex_lock(&w->log->lock);
    bool yes = w->log->s && strstr(w->log->s, text);
    pthread_mutex_unlock(&w->log->lock);
    return yes;
}

bool wire_says(struct wire *w, const char *text)
{
    uint64_t until = client_now_ms() + SAY_MS;
    while (!wire_said(w, text) && client_now_ms() < until)
        usleep(5000);
    return wire_said(w, text);
}

size_t wire_said_times(struct wire *w, const char *text)
{
    size_t n = 0;
    pthread_mutex_lock(&w->log->lock);
    for (const char *at = w->log->s; at && (at = strstr(at, text)); at += strlen(text))
        n++;
    pthread_mutex_unlock(&w->log->lock);
    return n;
}

size_t wire_log_lines(struct wire *w)
{
    pthread_mutex_lock(&w->log->lock);
    size_t n = w->log->lines;
    pthread_mutex_unlock(&w->log->lock);
    return n;
}

void wire_dump_log(struct wire *w)
{
    pthread_mutex_lock(&w->log->lock);
    size_t len = w->log->len, from = len > 20000 ? len - 20000 : 0;
    fprintf(stderr, "---- the program said:\n%s----\n", w->log->s ? w->log->s + from : "");
    pthread_mutex_unlock(&w->log->lock);
}

/* The port behind "what=NAME addr=HOST:"; 0: not said yet. */
static int port_of(struct wire *w, const char *name)
{
    char key[64];
    int port = 0;
    snprintf(key, sizeof(key), "what=%s addr=", name);
    pthread_mutex_lock(&w->log->lock);
    const char *at = w->log->s ? strstr(w->log->s, key) : NULL;
    if (at && strchr(at, '\n')) {
        const char *colon = strchr(at, ':');
        port = colon ? atoi(colon + 1) : 0;
    }
    pthread_mutex_unlock(&w->log->lock);
    return port;
}

/* ---- life ---- */

/* What the child will find. Here and not there: between fork() and exec() of a process with threads nothing may be allocated, or
 * the child waits for ever for a lock that a thread held which it does not have. */
static void set_environment(const struct wire *w)
{
    /* The sanitizer would keep 256 MB of freed memory to look at; what a test measures should be the program's. */
    static const char frugal[] =
        "verify_asan_link_order=0:quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
    char asan[512], path[512];
    const char *old = getenv("ASAN_OPTIONS");
    if (!old || !strstr(old, frugal)) {
        snprintf(asan, sizeof(asan), "%s:%s", old ? old : "detect_leaks=1", frugal);
        setenv("ASAN_OPTIONS", asan, 1);
    }
    snprintf(path, sizeof(path), "%s/clock", w->folder);
    if (w->clock) {
        setenv("WOUND_CLOCK", path, 1);
        setenv("LD_PRELOAD", getenv("GUIDEPOST_CLOCK"), 1);
    } else {
        unsetenv("LD_PRELOAD");
    }
    /* Tests are in a greater hurry than people; who tests the limits sets them. */
    setenv("GUIDEPOST_WEB_SESSION_RATE", "0", 0);
    setenv("GUIDEPOST_WEB_ADDRESS_RATE", "0", 0);
    setenv("GUIDEPOST_WEB_SITE_RATE", "0", 0);
}

static void run_child(const struct wire *w, const char *program, const char *config, int log_fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (w->max_files) {
        struct rlimit lim = {(rlim_t)w->max_files, (rlim_t)w->max_files};
        setrlimit(RLIMIT_NOFILE, &lim);
    }
    dup2(log_fd, STDERR_FILENO);
    dup2(open("/dev/null", O_RDWR), STDIN_FILENO);
    execl(program, program, "serve", "-c", config, (char *)NULL);
    _exit(127);
}

static void make_folder(struct wire *w, const struct wire_options *opt)
{
    char path[512], settings[8192];
    const char *tmp = getenv("TMPDIR");
    snprintf(w->folder, sizeof(w->folder), "%.200s/guidepost-wire-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(w->folder))
        fail_msg("mkdtemp %s: %s", w->folder, strerror(errno));
    snprintf(path, sizeof(path), "%s/guides", w->folder);
    mkdir(path, 0755);
    snprintf(
        settings, sizeof(settings),
        "listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\ndata_dir: data\ncontent: [guides]\n%s",
        opt && opt->settings ? opt->settings : "");
    write_file(w->folder, "guidepost.yaml", settings);
    write_file(w->folder, "guides/keeper.md", guide);
    if (opt && opt->file) {
        write_file(w->folder, opt->file, opt->text);
        snprintf(path, sizeof(path), "%s/%s", w->folder, opt->file);
        chmod(path, 0600);
    }
}

/* Two numbers in a file: see fake/clock.c. */
static void make_clock(struct wire *w)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/clock", w->folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (!getenv("GUIDEPOST_CLOCK"))
        fail_msg("GUIDEPOST_CLOCK must be the path of wound_clock.so");
    if (fd < 0 || ftruncate(fd, CLOCK_BYTES) < 0)
        fail_msg("cannot make %s: %s", path, strerror(errno));
    w->clock = mmap(NULL, CLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (w->clock == MAP_FAILED)
        fail_msg("cannot map %s: %s", path, strerror(errno));
}

/* Start it in its folder and wait until it listens. */
static void launch(struct wire *w)
{
    char config[512];
    int fd[2];
    w->log = calloc(1, sizeof(*w->log));
    if (!w->log || pipe2(fd, O_CLOEXEC) < 0)
        abort();
    snprintf(config, sizeof(config), "%s/guidepost.yaml", w->folder);
    set_environment(w);
    const char *program = getenv("GUIDEPOST");
    w->pid = fork();
    if (w->pid == 0)
        run_child(w, program, config, fd[1]);
    close(fd[1]);
    w->log->fd = fd[0];
    pthread_mutex_init(&w->log->lock, NULL);
    pthread_create(&w->log->thread, NULL, read_log, w->log);
    uint64_t until = client_now_ms() + START_MS;
    while (!(w->port = port_of(w, "listen")) || !(w->admin_port = port_of(w, "admin_listen"))) {
        if (client_now_ms() > until || waitpid(w->pid, NULL, WNOHANG) != 0) {
            wire_dump_log(w);
            fail_msg("the program did not start");
        }
        usleep(200);
    }
}

struct wire *wire_start(const struct wire_options *opt)
{
    if (!getenv("GUIDEPOST"))
        fail_msg("GUIDEPOST must be the path of the program");
    struct wire *w = calloc(1, sizeof(*w));
    if (!w)
        abort();
    w->max_files = opt ? opt->max_files : 0;
    make_folder(w, opt);
    if (opt && opt->clock)
        make_clock(w);
    launch(w);
    uint64_t until = client_now_ms() + START_MS;
    while (!wire_said(w, "msg=\"indexed\"")) {
        if (client_now_ms() > until || waitpid(w->pid, NULL, WNOHANG) != 0) {
            wire_dump_log(w);
            fail_msg("the program did not index");
        }
        usleep(10000);
    }
    return w;
}

static void log_free(struct wire *w)
{
    pthread_join(w->log->thread, NULL);
    close(w->log->fd);
    pthread_mutex_destroy(&w->log->lock);
    free(w->log->s);
    free(w->log);
}

static void clean_up(struct wire *w)
{
    log_free(w);
    if (w->clock)
        munmap(w->clock, CLOCK_BYTES);
    nftw(w->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(w);
}

void wire_signal(struct wire *w, int signum)
{
    if (w->pid)
        kill(w->pid, signum);
}

int wire_wait_exit(struct wire *w, int timeout_ms, int *ret_status)
{
    uint64_t start = client_now_ms();
    while (w->pid) {
        if (waitpid(w->pid, ret_status, WNOHANG) == w->pid) {
            w->pid = 0;
            break;
        }
        if (client_now_ms() - start > (uint64_t)timeout_ms)
            return -1;
        usleep(5000);
    }
    return (int)(client_now_ms() - start);
}

static bool sanitizer_spoke(struct wire *w)
{
    return wire_said(w, "Sanitizer") || wire_said(w, "runtime error:");
}

void wire_stop(struct wire *w)
{
    int status = 0;
    bool running = w->pid != 0;
    wire_signal(w, SIGTERM);
    int ms = wire_wait_exit(w, STOP_MS, &status);
    bool bad = ms < 0 || (running && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) ||
               sanitizer_spoke(w);
    if (bad)
        wire_dump_log(w);
    if (ms < 0) {
        wire_signal(w, SIGKILL);
        wire_wait_exit(w, STOP_MS, &status);
    }
    clean_up(w);
    if (bad)
        fail_msg("the program did not stop as it should (%d ms, status 0x%x)", ms,
                 (unsigned)status);
}

void wire_restart(struct wire *w, int signum)
{
    wire_signal(w, signum);
    int ms = wire_wait_exit(w, STOP_MS, NULL);
    if (ms < 0 || sanitizer_spoke(w)) {
        wire_dump_log(w);
        fail_msg("the program did not end as it should");
    }
    log_free(w);
    launch(w);
}

void wire_kill(struct wire *w)
{
    wire_signal(w, SIGKILL);
    wire_wait_exit(w, STOP_MS, NULL);
    clean_up(w);
}

int wire_setup(void **state)
{
    *state = wire_start(NULL);
    return 0;
}

int wire_teardown(void **state)
{
    wire_stop(*state);
    return 0;
}

/* ---- its clock ---- */

uint64_t wire_now_ms(const struct wire *w)
{
    return client_now_ms() + (w->clock ? (uint64_t)*w->clock / 1000000 : 0);
}

void wire_wind(struct wire *w, int seconds, bool (*done)(void *ctx), void *ctx)
{
    uint64_t end = wire_now_ms(w) + (uint64_t)seconds * 1000;
    while (wire_now_ms(w) < end && !(done && done(ctx))) {
        usleep(10000);
        *w->clock += 990000000;
    }
}

void wire_set_wrong(struct wire *w, int seconds)
{
    w->clock[1] = (int64_t)seconds * 1000000000;
}

/* ---- what it costs ---- */

static void read_proc(const struct wire *w, const char *name, char *s, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)w->pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, s, size - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        fail_msg("cannot read %s: the program is gone", path);
    s[n] = '\0';
}

size_t wire_rss_kb(const struct wire *w)
{
    char s[4096];
    read_proc(w, "status", s, sizeof(s));
    const char *at = strstr(s, "VmRSS:");
    return at ? strtoul(at + 6, NULL, 10) : 0;
}

void wire_keep_no_stacks(void)
{
    char asan[512];
    const char *old = getenv("ASAN_OPTIONS");
    snprintf(asan, sizeof(asan), "%s:detect_stack_use_after_return=0",
             old ? old : "detect_leaks=1");
    setenv("ASAN_OPTIONS", asan, 1);
}

uint64_t wire_cpu_ms(const struct wire *w)
{
    char s[4096];
    unsigned long user = 0, system = 0;
    read_proc(w, "stat", s, sizeof(s));
    const char *at = strrchr(s, ')');
    if (!at ||
        sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        fail_msg("cannot read the times of the program");
    return (uint64_t)(user + system) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

size_t wire_descriptors(const struct wire *w)
{
    char path[64];
    size_t n = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)w->pid);
    DIR *d = opendir(path);
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

unsigned wire_slack(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 5;
#else
    return 1;
#endif
}

/* ---- asking it ---- */

int wire_ask(struct wire *w)
{
    struct answer a;
    uint64_t start = client_now_ms();
    if (!client_http(w->port, "POST", "/v1/ask", "Content-Type: application/json\r\n",
                     "{\"q\":\"" WIRE_QUESTION "\"}", &a) ||
        a.status != 200 || !strstr(a.body, WIRE_ANSWER)) {
        wire_dump_log(w);
        fail_msg("no right answer: status %d, %s", a.status, a.body ? a.body : "");
    }
    answer_release(&a);
    return (int)(client_now_ms() - start);
}

struct client *wire_chat(struct wire *w)
{
    struct message m;
    struct client *c = client_ws(w->port, "/v1/ws");
    client_text(c, "{\"t\":\"hello\",\"v\":1}");
    client_message(c, 10000, false, &m);
    if (m.opcode != WS_TEXT || !strstr(m.s, "\"ready\"")) {
        wire_dump_log(w);
        fail_msg("hello was not answered with ready: opcode %d, %s", m.opcode, m.s ? m.s : "");
    }
    message_release(&m);
    return c;
}

bool wire_chat_ask(struct client *c, const char *cid)
{
    char s[256];
    snprintf(s, sizeof(s), "{\"t\":\"ask\",\"cid\":\"%s\",\"text\":\"" WIRE_QUESTION "\"}", cid);
    return client_text(c, s);
}

int wire_chat_answer(struct client *c, const char *cid, int timeout_ms)
{
    char key[96];
    uint64_t start = client_now_ms();
    snprintf(key, sizeof(key), "\"cid\":\"%s\"", cid);
    for (;;) {
        struct message m;
        int spent = (int)(client_now_ms() - start);
        client_message(c, timeout_ms > spent ? timeout_ms - spent : 0, false, &m);
        bool mine = m.opcode == WS_TEXT && strstr(m.s, "\"answer\"") && strstr(m.s, key) &&
                    strstr(m.s, WIRE_ANSWER);
        bool other = m.opcode == WS_TEXT;
        message_release(&m);
        if (mine)
            return (int)(client_now_ms() - start);
        if (!other)
            return -1;
    }
}

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

int wire_percentile(int *values, size_t n, int percent)
{
    qsort(values, n, sizeof(*values), by_value);
    return n ? values[(n - 1) * (size_t)percent / 100] : 0;
}
