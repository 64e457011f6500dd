/* admin.c: what machines ask: is it alive, is it ready, how is it doing. On a listener of their own
 * (admin_listen); the public one tells no more than yes or no. The names of the metrics are stable; no label
 * ever holds what a user typed. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bot/bot.h"
#include "bot/inbox.h"
#include "bot/journal.h"
#include "bot/live.h"
#include "bot/outbox.h"
#include "bot/session.h"
#include "bot/work.h"
#include "kb/kb.h"

#define MAX_METRICS 65536

const double answer_bucket[ANSWER_BUCKETS] = {0.0005, 0.001, 0.0025, 0.005, 0.01,
                                              0.025,  0.05,  0.1,    0.25,  1};

/* ---- readiness ---- */

/* Why no question should be sent here, as a list of words; NULL-terminated. */
static size_t reasons(const struct bot *bot, const char *ret[4])
{
    struct content_state content;
    size_t n = 0;
    content_state(bot->content, &content);
    if (!content.ready)
        ret[n++] = "no index yet";
    if (!journal_writable(bot->journal))
        ret[n++] = "state.db cannot be written";
    if (bot->draining)
        ret[n++] = "stopping";
    ret[n] = NULL;
    return n;
}

static void reply(struct server *s, struct request *rq, int status, const char *type,
                  const char *body)
{
    struct http_reply r = {.status = status,
                           .type = type,
                           .headers = status == 405 ? "Allow: GET, HEAD\r\n"
                                                    : "Cache-Control: no-store\r\n",
                           .body = body,
                           .len = strlen(body)};
    request_reply(s, request_handle(rq), &r);
}

static const char *trouble_of(const struct adapter *a)
{
    return a->type->trouble ? a->type->trouble(a) : NULL;
}

/* Of the other side's trouble, which does not make us less ready for everybody else: "matrix":"M_UNKNOWN_TOKEN". */
static void networks(struct buf *b, const struct bot *bot)
{
    for (size_t i = 0; i < bot->nadapter; i++) {
        const char *trouble = trouble_of(&bot->adapter[i]), *words = trouble ? trouble : "ok";
        buf_addf(b, "%s\"%s\":", i ? "," : "", bot->adapter[i].type->name);
        json_add_string(b, words, strlen(words));
    }
}

static void ready_in_detail(struct bot *bot, struct request *rq)
{
    const char *why[4];
    size_t n = reasons(bot, why);
    struct buf b;
    buf_init(&b, 4096);
    buf_addf(&b, "{\"ready\":%s,\"reasons\":[", n ? "false" : "true");
    for (size_t i = 0; i < n; i++)
        buf_addf(&b, "%s\"%s\"", i ? "," : "", why[i]);
    buf_adds(&b, "],\"networks\":{");
    networks(&b, bot);
    buf_adds(&b, "}}\n");
    reply(bot->admin, rq, n ? 503 : 200, "application/json", b.s);
    buf_release(&b);
}

/* ---- metrics, in the text format of Prometheus ---- */

static void head(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_addf(b, "# HELP guidepost_%s %s\n# TYPE guidepost_%s %s\n", name, help, name, type);
}

static void gauge(struct buf *b, const char *name, double v, const char *help)
{
    head(b, name, "gauge", help);
    buf_addf(b, "guidepost_%s %.17g\n", name, v);
}

static void counter(struct buf *b, const char *name, uint64_t v, const char *help)
{
    head(b, name, "counter", help);
    buf_addf(b, "guidepost_%s %llu\n", name, (unsigned long long)v);
}

static void questions(struct buf *b, const struct bot *bot)
{
    const struct bot_counts *c = &bot->counts;
    head(b, "questions_total", "counter", "Questions that got a reply, by its kind.");
    for (int k = 0; k <= REPLY_HANDOFF; k++)
        buf_addf(b, "guidepost_questions_total{site=\"default\",outcome=\"%s\"} %llu\n",
                 reply_kind_name((enum reply_kind)k), (unsigned long long)c->outcome[k]);
    counter(b, "questions_heard_total", c->heard,
            "Questions whose reply was known from somebody who asked the same shortly before.");
    head(b, "rate_limited_total", "counter", "Questions refused because too much was waiting.");
    buf_addf(b, "guidepost_rate_limited_total{scope=\"queue\"} %llu\n",
             (unsigned long long)c->refused_busy);
    head(b, "refused_total", "counter", "Questions refused for what they are.");
    buf_addf(b, "guidepost_refused_total{reason=\"too_long\"} %llu\n",
             (unsigned long long)c->refused_long);
    buf_addf(b, "guidepost_refused_total{reason=\"empty\"} %llu\n",
             (unsigned long long)c->refused_empty);
    counter(b, "unrecorded_total", c->unrecorded,
            "Replies sent although the journal could not keep them.");
    gauge(b, "questions_open", (double)turns_open(bot->turns),
          "Questions accepted and not yet replied to.");
    gauge(b, "queue_waiting", (double)work_waiting(bot->work), "Questions that wait for a thread.");
    gauge(b, "conversations", (double)sessions_count(bot->sessions), "Conversations remembered.");

    head(b, "answer_seconds", "histogram",
         "From a question's arrival to its reply, the journal included.");
    uint64_t sum = 0;
    for (size_t i = 0; i < ANSWER_BUCKETS; i++)
        buf_addf(b, "guidepost_answer_seconds_bucket{le=\"%g\"} %llu\n", answer_bucket[i],
                 (unsigned long long)(sum += c->bucket[i]));
    sum += c->bucket[ANSWER_BUCKETS];
    buf_addf(b, "guidepost_answer_seconds_bucket{le=\"+Inf\"} %llu\n", (unsigned long long)sum);
    buf_addf(b, "guidepost_answer_seconds_sum %.9g\nguidepost_answer_seconds_count %llu\n",
             c->seconds, (unsigned long long)sum);
}

/* Between askers and the staff. */
static void people(struct buf *b, const struct bot *bot)
{
    struct live_stats s = live_stats(bot);
    head(b, "handoff_total", "counter", "What was told of hand-offs to a person.");
    for (size_t i = 0; i < LIVE_STATES; i++)
        buf_addf(b, "guidepost_handoff_total{state=\"%s\"} %llu\n", live_state_name[i],
                 (unsigned long long)s.state[i]);
    head(b, "handoff_wait_seconds", "summary",
         "How long those waited whom a person then took over.");
    buf_addf(b,
             "guidepost_handoff_wait_seconds_sum %.9g\nguidepost_handoff_wait_seconds_count %llu\n",
             (double)s.waited_ms / 1000, (unsigned long long)s.taken);
    gauge(b, "staff_consoles", (double)s.consoles, "Consoles of the staff that are open.");
}

/* What has to last, on its way in and out. */
static void mail(struct buf *b, const struct bot *bot)
{
    struct inbox_stats in;
    struct outbox_stats out;
    inbox_stats(bot->inbox, &in);
    outbox_stats(bot->outbox, &out);
    gauge(b, "inbox_open", (double)inbox_open(bot->inbox), "Messages taken and not answered yet.");
    counter(b, "inbox_taken_total", in.taken, "Messages taken: on disk before the sender heard.");
    counter(b, "dup_cids_total", in.again, "Messages that came once more; nothing was done twice.");
    counter(b, "inbox_failed_total", in.failed, "Messages that could not be taken.");
    gauge(b, "outbox_waiting", (double)out.waiting, "Replies that another server has not got yet.");
    gauge(b, "outbox_sending", (double)out.sending, "Of these, being sent now.");
    counter(b, "outbox_sent_total", out.sent, "Replies that another server took.");
    counter(b, "outbox_retried_total", out.retried, "Attempts that failed and are made again.");
    head(b, "dead_letters_total", "counter", "Given up, said in the log and kept: look at them.");
    buf_addf(b, "guidepost_dead_letters_total{box=\"in\"} %llu\n", (unsigned long long)in.dead);
    buf_addf(b, "guidepost_dead_letters_total{box=\"out\"} %llu\n", (unsigned long long)out.dead);
}

static void adapters(struct buf *b, const struct bot *bot)
{
    head(b, "adapter_up", "gauge", "1: nothing keeps that network away, as far as is known.");
    for (size_t i = 0; i < bot->nadapter; i++)
        buf_addf(b, "guidepost_adapter_up{adapter=\"%s\"} %d\n", bot->adapter[i].type->name,
                 !trouble_of(&bot->adapter[i]));
}

static void connections(struct buf *b, const struct bot *bot)
{
    struct server_stats s;
    server_stats(bot->server, &s);
    gauge(b, "connections", (double)s.connections, "Open connections on the public listener.");
    gauge(b, "ws_connections", (double)s.peers, "Of these, WebSockets.");
    counter(b, "connections_accepted_total", s.accepted, "Connections accepted.");
    counter(b, "connections_refused_total", s.refused, "Connections refused at a limit.");
    counter(b, "http_requests_total", s.requests, "HTTP requests.");
    counter(b, "ws_messages_in_total", s.messages_in, "WebSocket messages received.");
    counter(b, "ws_messages_out_total", s.messages_out, "WebSocket messages sent.");
    counter(b, "slow_closes_total", s.slow_closes, "WebSockets closed for reading too slowly.");
}

static double file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) ? 0 : (double)st.st_size;
}

static void content(struct buf *b, const struct bot *bot)
{
    struct content_state c;
    content_state(bot->content, &c);
    gauge(b, "index_documents", (double)c.documents, "Documents in the index.");
    gauge(b, "index_passages", (double)c.passages, "Passages in the index.");
    gauge(b, "index_generation", (double)c.generation, "Grows with every change of the index.");
    gauge(b, "index_age_seconds", c.indexed_s ? (double)(time(NULL) - c.indexed_s) : -1,
          "Since the sources were last found in step with the index; -1: not yet.");
    gauge(b, "config_reload_success", c.reload_ok,
          "1: the last reload or change of content took effect.");
    gauge(b, "journal_writable", journal_writable(bot->journal), "1: the last commit worked.");
    head(b, "db_bytes", "gauge", "Size of a database file.");
    buf_addf(b, "guidepost_db_bytes{db=\"index\"} %.0f\n", file_bytes(bot->index_path));
    buf_addf(b, "guidepost_db_bytes{db=\"state\"} %.0f\n", file_bytes(bot->state_path));
}

static size_t open_files(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n > 3 ? n - 3 : 0; /* without ".", ".." and the folder itself */
}

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident;
}

/* The names that every Prometheus client uses. */
static void process(struct buf *b, const struct bot *bot)
{
    struct rusage u;
    struct rlimit fds = {0};
    getrusage(RUSAGE_SELF, &u);
    getrlimit(RLIMIT_NOFILE, &fds);
    double cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                 (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    buf_addf(b, "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.6f\n", cpu);
    buf_addf(b, "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %lld\n",
             (long long)bot->started_s);
    buf_addf(b, "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %lld\n",
             (long long)resident_pages() * sysconf(_SC_PAGESIZE));
    buf_addf(b, "# TYPE process_open_fds gauge\nprocess_open_fds %zu\n", open_files());
    buf_addf(b, "# TYPE process_max_fds gauge\nprocess_max_fds %llu\n",
             (unsigned long long)fds.rlim_cur);
}

static void metrics(struct bot *bot, struct request *rq)
{
    struct buf b;
    buf_init(&b, MAX_METRICS);
    head(&b, "build_info", "gauge", "What runs here.");
    buf_addf(&b, "guidepost_build_info{version=\"%s\",ranking=\"%d\"} 1\n", GUIDEPOST_VERSION,
             KB_RANKING_VERSION);
    questions(&b, bot);
    people(&b, bot);
    mail(&b, bot);
    adapters(&b, bot);
    connections(&b, bot);
    content(&b, bot);
    process(&b, bot);
    reply(bot->admin, rq, buf_failed(&b) ? 500 : 200, "text/plain; version=0.0.4; charset=utf-8",
          b.s);
    buf_release(&b);
}

/* ---- routes ---- */

static bool readable(struct request *rq)
{
    return !strcmp(request_method(rq), "GET") || !strcmp(request_method(rq), "HEAD");
}

/* That this runs at all is the proof: the loop turns. */
void admin_request(struct bot *bot, struct request *rq)
{
    const char *path = request_path(rq);
    if (!readable(rq))
        reply(bot->admin, rq, 405, "text/plain", "only GET here\n");
    else if (!strcmp(path, "/livez"))
        reply(bot->admin, rq, 200, "text/plain", "ok\n");
    else if (!strcmp(path, "/readyz"))
        ready_in_detail(bot, rq);
    else if (!strcmp(path, "/metrics"))
        metrics(bot, rq);
    else
        reply(bot->admin, rq, 404, "text/plain", "here are /livez, /readyz and /metrics\n");
}

bool admin_public(struct bot *bot, struct request *rq)
{
    const char *path = request_path(rq), *why[4];
    bool live = !strcmp(path, "/livez");
    if (!readable(rq) || (!live && strcmp(path, "/readyz")))
        return false;
    bool fine = live || !reasons(bot, why);
    reply(bot->server, rq, fine ? 200 : 503, "text/plain", fine ? "ok\n" : "not ready\n");
    return true;
}
