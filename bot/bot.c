/* bot.c: the process is put together here, runs, and is taken apart in the opposite order. Also the switchboard:
 * a request goes to the first adapter that calls it its own.
 *
 * How it stops (SIGTERM): no new connections and no new questions at once; what was accepted is answered; then
 * WebSockets close with 1001, idle connections go, and the process ends. All within STOP_MS, whoever does not
 * cooperate; a second signal does not wait. */
#include "bot/bot.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bot/base.h"
#include "bot/desk/desk.h"
#include "bot/erased.h"
#include "bot/fix.h"
#include "bot/heard.h"
#include "bot/http.h"
#include "bot/journal.h"
#include "bot/limits.h"
#include "bot/live.h"
#include "bot/lock.h"
#include "bot/must.h"
#include "bot/problem.h"
#include "bot/session.h"
#include "bot/smalltalk.h"
#include "bot/store.h"
#include "bot/work.h"

#define STOP_MS      8000  /* from the signal to the end, at most */
#define STOP_LOOK_MS 20    /* how often we look whether all is answered */
#define EXPIRE_MS    60000 /* how often silent conversations are forgotten */

/* "slack=staff": the name of a network, and of an audience. */
static const char *check_audience(const char *row)
{
    const char *eq = strchr(row, '=');
    for (size_t i = 0; eq && eq[1] && adapter_types[i]; i++)
        if (!strncmp(adapter_types[i]->name, row, (size_t)(eq - row)) &&
            !adapter_types[i]->name[eq - row])
            return NULL;
    return "is not NETWORK=AUDIENCE, as in slack=staff";
}

const struct setting bot_settings[] = {
    {.name = "listen_socket",
     .type = SETTING_PATH,
     .value = "\"\"",
     .help = "A unix socket on which the same is served, for a web server on this machine: only "
             "who may open the file comes in, and its X-Forwarded-For is believed. Empty: none."},
    {.name = "answer_threads",
     .type = SETTING_INT,
     .value = "0",
     .min = 0,
     .max = 64,
     .help = "Threads that search and answer. 0: one per processor."},
    {.name = "audiences",
     .type = SETTING_LIST,
     .value = "[]",
     .check = check_audience,
     .help =
         "Who asks where, as in [slack=staff]: there, what says audience: staff is answered, too. "
         "Without an entry here it is shown to nobody."},
    {.name = "web.origins",
     .type = SETTING_LIST,
     .value = "[]",
     .check = policy_check_origin,
     .help = "Other web sites whose pages may embed the chat or call the API, as "
             "https://www.example.edu."},
    {.name = "web.origin_required",
     .type = SETTING_BOOL,
     .value = "false",
     .help = "Refuse a WebSocket that names no page at all. Browsers always name theirs, programs "
             "need not."},
    {.name = "web.proxies",
     .type = SETTING_LIST,
     .value = "[]",
     .check = policy_check_proxy,
     .help = "Web servers in front of this one, as addresses or ranges, as 10.0.0.0/8: their "
             "X-Forwarded-For is believed."},
    {.name = "web.max_per_address",
     .type = SETTING_INT,
     .value = "0",
     .min = 0,
     .max = 1000000,
     .help = "Connections that one address may hold at once; those of web.proxies do not count. A "
             "school often has one address for everybody. 0: any number."},
    {.name = NULL},
};

const struct config *bot_config(const struct bot *bot)
{
    return bot->config;
}

const char *bot_audience(const struct adapter *a)
{
    size_t n, len = strlen(a->type->name);
    const char *const *row = config_list(a->bot->config, "audiences", &n);
    for (size_t i = 0; i < n; i++)
        if (!strncmp(row[i], a->type->name, len) && row[i][len] == '=')
            return row[i] + len + 1;
    return NULL;
}

struct loop *bot_loop(const struct bot *bot)
{
    return bot->loop;
}

struct server *bot_server(const struct bot *bot)
{
    return bot->server;
}

struct http *bot_http(struct bot *bot)
{
    int err = bot->http ? 0 : http_start(bot->loop, &bot->http);
    if (err)
        log_error("bot", "cannot start the delivery thread", "reason=\"%s\"", strerror(-err));
    return bot->http;
}

struct desk *bot_desk(struct bot *bot)
{
    if (!bot->desk && !(bot->desk = desk_new(bot, bot->state_path)))
        log_error("bot", "cannot start the staff's threads", NULL);
    return bot->desk;
}

struct fix *bot_fix(const struct bot *bot)
{
    return bot->fix;
}

size_t bot_waiting(const struct bot *bot)
{
    /* A crowd that asks in one breath is seen before any of it is written down. */
    return inbox_unanswered(bot->inbox);
}

bool bot_loading(const struct bot *bot)
{
    struct content_state state = {0};
    if (bot->began_empty && bot->content)
        content_state(bot->content, &state);
    return bot->began_empty && !state.looked;
}

bool bot_draining(const struct bot *bot)
{
    return bot->draining;
}

unsigned bot_number(const struct bot *bot)
{
    return content_number(bot->content);
}

const char *const *bot_topics(const struct bot *bot)
{
    return content_topics(bot->content);
}

int bot_look(struct bot *bot, struct pool *pool, void (*look)(struct kb *kb, void *ctx),
             void (*done)(void *ctx), void *ctx)
{
    return work_look(bot->work, pool, look, done, ctx);
}

size_t bot_suggest(const struct bot *bot, const char *typed, size_t max, const char **ret)
{
    return content_suggest(bot->content, typed, max, ret);
}

/* ---- the switchboard ---- */

static void not_found(struct bot *bot, struct request *rq)
{
    static const char body[] = "{\"type\":\"about:blank\",\"title\":\"Not found\",\"status\":404,"
                               "\"code\":\"not_found\"}\n";
    struct http_reply r = {
        .status = 404, .type = "application/problem+json", .body = body, .len = sizeof body - 1};
    request_reply(bot->server, request_handle(rq), &r);
}

static void on_request(void *ctx, struct request *rq)
{
    struct bot *bot = ctx;
    if (admin_public(bot, rq))
        return;
    for (size_t i = 0; i < bot->nadapter; i++) {
        struct adapter *a = &bot->adapter[i];
        if (a->type->on_request && a->type->on_request(a, rq))
            return;
    }
    not_found(bot, rq);
}

/* Webhooks of some networks are bigger than what a browser may send. */
static size_t max_body(void *ctx, const char *path)
{
    struct bot *bot = ctx;
    for (size_t i = 0; i < bot->nadapter; i++) {
        const struct adapter_type *type = bot->adapter[i].type;
        for (const char *const *at = type->webhook; at && *at; at++)
            if (!strncmp(path, *at, strlen(*at)))
                return type->max_body;
    }
    return 0;
}

static void on_admin_request(void *ctx, struct request *rq)
{
    admin_request(ctx, rq);
}

/* The n-th adapter that has a WebSocket, or NULL. */
static struct adapter *websocket_owner(struct bot *bot, size_t n)
{
    for (size_t i = 0; i < bot->nadapter; i++) {
        const struct adapter_type *type = bot->adapter[i].type;
        if (type && type->on_peer && n-- == 0)
            return &bot->adapter[i];
    }
    return NULL;
}

static void on_peer(void *ctx, struct peer *p, enum peer_event ev, const char *s, size_t len)
{
    struct adapter *a = websocket_owner(ctx, peer_websocket(p));
    a->type->on_peer(a, p, ev, s, len); /* without an owner no WebSocket is accepted */
}

/* ---- parts ---- */

/* Two servers on one folder would answer each other's questions. Where locks are not to be had, it is the operator's
 * to know. */
static int lock_data(struct bot *bot, const char *dir)
{
    char quoted[512];
    long pid = 0;
    bot->data_lock = lock_take(dir, &pid);
    if (bot->data_lock >= 0)
        return 0;
    log_quote(quoted, sizeof quoted, dir);
    if (bot->data_lock == -EBUSY) {
        log_error("bot", "another server uses this data_dir: stop it, or give each its own",
                  "path=%s pid=%ld", quoted, pid);
        return -EBUSY;
    }
    log_warn("bot", "data_dir cannot be locked: take care that no other server uses it",
             "path=%s reason=\"%s\"", quoted, strerror(-bot->data_lock));
    return 0;
}

/* The folder and the two files in it. */
static int open_data(struct bot *bot)
{
    const char *dir = config_text(bot->config, "data_dir");
    struct stat st;
    char quoted[512];
    int err = mkdir(dir, 0750) && errno != EEXIST ? -errno : 0;
    if (!err && (stat(dir, &st) || !S_ISDIR(st.st_mode)))
        err = -ENOTDIR;
    if (err) {
        log_error("bot", "cannot make data_dir", "path=%s reason=\"%s\"",
                  log_quote(quoted, sizeof quoted, dir), strerror(-err));
        return err;
    }
    err = lock_data(bot, dir);
    if (err)
        return err;
    bot->data_dir = must(strdup(dir));
    bot->index_path = must_printf("%s/index.db", dir);
    bot->began_empty = access(bot->index_path, F_OK) != 0;
    bot->state_path = must_printf("%s/state.db", dir);
    return 0;
}

static int start_journal(struct bot *bot)
{
    struct journal_options opt = {
        .path = bot->state_path,
        .synchronous = config_text(bot->config, "journal.synchronous"),
        .retention_days = (int)config_int(bot->config, "journal.retention_days"),
    };
    int err = journal_start(bot->loop, &opt, &bot->journal);
    char path[512], why[256];
    if (err)
        log_error("journal", "cannot use the database", "path=%s reason=%s",
                  log_quote(path, sizeof path, opt.path),
                  log_quote(why, sizeof why, store_strerror(err)));
    return err;
}

/* Threads begin with the small talk of the last good reading; content.c reads it again and again. */
static int start_work(struct bot *bot)
{
    struct kb_report report = {0};
    struct smalltalk *talk = NULL;
    const char *path = config_text(bot->config, "smalltalk");
    int err = smalltalk_read(*path ? path : NULL, &talk, &report);
    problem_print(&report, stderr);
    kb_report_release(&report);
    if (err)
        return err;
    err = work_start(bot->loop, bot->index_path, talk,
                     (size_t)config_int(bot->config, "answer_threads"), &bot->work);
    if (err)
        log_error("bot", "cannot start answering threads", "reason=\"%s\"", strerror(-err));
    return err;
}

static int open_adapters(struct bot *bot)
{
    size_t n = 0;
    struct buf off; /* names */
    int err = 0;
    buf_init(&off, MAX_LOG_LINE);
    while (adapter_types[n])
        n++;
    bot->adapter = must(calloc(n + 1, sizeof *bot->adapter));
    for (size_t i = 0; i < n && err >= 0; i++) {
        struct adapter *a = &bot->adapter[bot->nadapter];
        *a = (struct adapter){.type = adapter_types[i], .bot = bot};
        err = a->type->open(a);
        if (err)
            a->type->close(a);
        else
            bot->nadapter++;
        if (err < 0)
            log_error("bot", "an adapter cannot start", "adapter=%s reason=\"%s\"", a->type->name,
                      strerror(-err));
        else if (err)
            buf_addf(&off, "%s%s", off.len ? " " : "", a->type->name);
    }
    if (off.len)
        log_info("bot", "adapters are off: they have no secrets", "adapters=\"%s\"", off.s);
    buf_release(&off);
    return err < 0 ? err : 0;
}

/* Whom the public listener lets in. */
static struct policy_rules rules_of(const struct config *c)
{
    struct policy_rules r = {0};
    r.origins = config_list(c, "web.origins", &r.norigins);
    r.origin_required = config_bool(c, "web.origin_required");
    r.proxies = config_list(c, "web.proxies", &r.nproxies);
    r.max_per_address = (size_t)config_int(c, "web.max_per_address");
    return r;
}

static const char *why_not_listening(int err)
{
    switch (err) {
    case -EADDRINUSE: return "the address is in use; is another guidepost running?";
    case -EADDRNOTAVAIL: return "this machine has no such address";
    case -EACCES: return "not permitted; leave ports below 1024 to a web server in front";
    default: return strerror(-err);
    }
}

static int listen_on(struct bot *bot, const char *setting, const struct server_options *more,
                     const struct server_calls *calls, struct server **ret)
{
    struct server_options opt = *more;
    opt.listen = config_text(bot->config, setting);
    int err = server_open(bot->loop, &opt, calls, ret);
    if (err) {
        log_error("bot", "cannot listen", "setting=%s addr=%s reason=\"%s\"", setting, opt.listen,
                  why_not_listening(err));
        return err;
    }
    const char *colon = strrchr(opt.listen, ':');
    log_info("bot", "listening", "what=%s addr=%.*s:%d", setting, (int)(colon - opt.listen),
             opt.listen, server_port(*ret));
    return 0;
}

static int open_servers(struct bot *bot)
{
    struct server_options opt = {.rules = rules_of(bot->config),
                                 .socket = config_text(bot->config, "listen_socket")};
    for (struct adapter *a;
         opt.nwebsocket < MAX_WEBSOCKETS && (a = websocket_owner(bot, opt.nwebsocket)) != NULL;)
        opt.websocket[opt.nwebsocket++] =
            (struct server_websocket){.path = a->type->websocket,
                                      .subprotocol = a->type->subprotocol,
                                      .own_page = a->type->websocket_own_page};
    struct server_calls calls = {
        .ctx = bot, .on_request = on_request, .on_peer = on_peer, .max_body = max_body};
    struct server_calls admin_calls = {.ctx = bot, .on_request = on_admin_request};
    struct server_options plain = {0};
    int err = listen_on(bot, "admin_listen", &plain, &admin_calls, &bot->admin);
    return err ? err : listen_on(bot, "listen", &opt, &calls, &bot->server);
}

/* ---- the clock and the signals ---- */

struct ending {
    struct bot *bot;
    struct loop_timer *timer, *expire;
    uint64_t deadline_ms;
    bool goodbye;
};

static void on_expire(void *ctx)
{
    struct bot *bot = ctx;
    sessions_expire(bot->sessions, loop_now_ms(bot->loop) / 1000);
}

static bool anything_under_way(const struct bot *bot)
{
    struct outbox_stats out;
    outbox_stats(bot->outbox, &out);
    return turns_open(bot->turns) || inbox_arriving(bot->inbox) || out.sending;
}

static void look_whether_done(void *ctx)
{
    struct ending *e = ctx;
    struct bot *bot = e->bot;
    bool late = loop_now_ms(bot->loop) >= e->deadline_ms;
    if (!e->goodbye && (!anything_under_way(bot) || late)) {
        server_say_goodbye(bot->server);
        e->goodbye = true;
    }
    if (late && turns_open(bot->turns))
        log_warn("bot", "stopping with open questions", "n=%zu", turns_open(bot->turns));
    if (late || (e->goodbye && server_idle(bot->server)))
        loop_stop(bot->loop);
}

static void on_stop(void *ctx)
{
    struct ending *e = ctx;
    struct bot *bot = e->bot;
    if (bot->draining) {
        loop_stop(bot->loop);
        return;
    }
    log_info("bot", "stopping", "open_questions=%zu", turns_open(bot->turns));
    bot->draining = true;
    server_stop_listening(bot->server);
    for (size_t i = 0; i < bot->nadapter; i++)
        if (bot->adapter[i].type->drain)
            bot->adapter[i].type->drain(&bot->adapter[i]);
    e->deadline_ms = loop_now_ms(bot->loop) + STOP_MS;
    e->timer = loop_timer(bot->loop, 0, STOP_LOOK_MS, look_whether_done, e);
}

void bot_use_config(struct bot *bot, struct config *fresh)
{
    static const char *const fixed[] = {"listen",   "listen_socket",  "admin_listen",
                                        "data_dir", "answer_threads", "journal.synchronous",
                                        NULL};
    for (const char *const *name = fixed; *name; name++)
        if (!config_same(bot->config, fresh, *name))
            log_warn("bot", "a changed setting takes effect at the next start", "setting=%s",
                     *name);
    struct policy_rules rules = rules_of(fresh);
    server_set_rules(bot->server, &rules); /* cannot fail: every row was checked */
    base_use_log(fresh);
    journal_set_retention(bot->journal, (int)config_int(fresh, "journal.retention_days"));
    if (bot->desk)
        desk_use_config(bot->desk, fresh);
    config_free(bot->own_config);
    bot->config = bot->own_config = fresh;
}

static void on_reload(void *ctx)
{
    struct bot *bot = ctx;
    content_reload(bot->content);
}

static void on_erased(void *ctx)
{
    erased_look(ctx);
}

/* Before anybody can know that we are there: each of them would end us by default. They wait until the loop runs. */
static int watch_signals(struct bot *bot, struct ending *e)
{
    int err = loop_signal(bot->loop, SIGTERM, on_stop, e);
    if (!err)
        err = loop_signal(bot->loop, SIGINT, on_stop, e);
    if (!err)
        err = loop_signal(bot->loop, SIGHUP, on_reload, bot);
    if (!err)
        err = loop_signal(bot->loop, ERASED_SIGNAL, on_erased, bot);
    return err;
}

/* ---- life ---- */

static int start(struct bot *bot, struct ending *e)
{
    int err;
    if ((err = loop_new(&bot->loop)) || (err = watch_signals(bot, e)) || (err = open_data(bot)) ||
        (err = start_journal(bot)) || (err = start_work(bot)) || (err = open_adapters(bot)) ||
        (err = open_servers(bot)))
        return err;
    bot->content = content_start(bot);
    if (!(bot->fix = fix_new(bot)))
        log_error("bot", "no thread for changes of the content", NULL);
    inbox_recover(bot->inbox);
    outbox_look(bot->outbox);
    live_start(bot->live);
    e->expire = loop_timer(bot->loop, EXPIRE_MS, EXPIRE_MS, on_expire, bot);
    return 0;
}

/* In the opposite order; whatever was not started is NULL. */
static void take_apart(struct bot *bot, struct ending *e)
{
    bot->ended = true;
    loop_timer_stop(e->expire);
    loop_timer_stop(e->timer);
    server_close(bot->server);
    server_close(bot->admin);
    http_stop(bot->http);
    fix_stop(bot->fix);
    work_stop(bot->work);
    desk_free(bot->desk);
    journal_stop(bot->journal);
    if (!content_stop(bot->content)) {
        /* Indexing is one transaction and can be broken off like by a power cut; waiting would be rude. */
        log_warn("bot", "stopping in the middle of indexing",
                 "step=\"it is done again at the next start\"");
        _exit(EXIT_SUCCESS);
    }
    for (size_t i = bot->nadapter; i-- > 0;)
        bot->adapter[i].type->close(&bot->adapter[i]);
    free(bot->adapter);
    turns_free(bot->turns);
    live_free(bot->live);
    heard_free(bot->heard);
    loop_free(bot->loop); /* drops what was posted to it and not run */
    fix_free(bot->fix);   /* so its thread waits for nothing any more */
    inbox_free(bot->inbox);
    outbox_free(bot->outbox);
    sessions_free(bot->sessions);
    config_free(bot->own_config);
    lock_release(bot->data_lock);
    free(bot->data_dir);
    free(bot->index_path);
    free(bot->state_path);
}

int bot_run(struct config *c)
{
    struct bot bot = {.config = c, .started_s = time(NULL), .data_lock = -1};
    struct ending e = {.bot = &bot};
    bot.sessions = sessions_new();
    bot.turns = turns_new(&bot);
    bot.heard = heard_new();
    bot.inbox = inbox_new(&bot);
    bot.outbox = outbox_new(&bot);
    bot.live = live_new(&bot);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk, not the end of us */
    int err = start(&bot, &e);
    if (!err)
        err = loop_run(bot.loop);
    take_apart(&bot, &e);
    if (!err)
        log_info("bot", "stopped", "uptime_s=%lld", (long long)(time(NULL) - bot.started_s));
    return err;
}
