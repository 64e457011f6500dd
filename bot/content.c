/* content.c: guides become an index, in the background, and everything that follows from them.
 *
 * One look at a time, on a thread of its own: read the small talk, bring the index in step with the sources, ask it
 * what it is about. A reload (SIGHUP) reads the settings first. The order makes it all or nothing: what can
 * be wrong without a trace (settings, small talk) is checked first, then the index changes in one transaction,
 * and only then, on the loop, the rest takes effect. The answering threads see the new index by themselves.
 *
 * Whoever asks for a look while one is under way gets another one after it, so no change is missed. What failed for want
 * of room or the like, and not because of what an editor wrote, is tried again by itself. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "bot/bot.h"
#include "bot/heard.h"
#include "bot/journal.h"
#include "bot/loop.h"
#include "bot/must.h"
#include "bot/problem.h"
#include "bot/smalltalk.h"
#include "bot/suggest.h"
#include "bot/watch.h"
#include "bot/work.h"
#include "kb/kb.h"
#include "kb/pool.h"

#define QUIET_MS     300   /* after the last change of a burst */
#define MEND_MS      60000 /* between two looks because the index was found damaged */
#define RETRY_MS     60000 /* after a failure that is the machine's, not the content's */
#define STOP_S       1     /* for a look under way when the program ends */
#define DAY_S        86400
#define MAX_TOPICS   6
#define MAX_COMPLAIN 20 /* problems logged per look; `guidepost check` lists them all */

/* One look: made on the loop, filled on its thread, applied on the loop. */
struct look {
    struct content *content;
    unsigned number;
    const struct config *config; /* to look with: the one in force, or the new one */
    struct config *reread;       /* the new one, when this is a reload */
    bool reload;
    int err;
    const char *what;        /* that failed: "settings", "smalltalk", "index" */
    struct kb_report files;  /* problems of settings and small talk */
    struct kb_report report; /* of the index */
    struct smalltalk *talk;
    struct kb_info info;
    struct pool *pool; /* holds the topics */
    const char *topic[MAX_TOPICS + 1];
    struct suggest *suggest;
};

/* Somebody who has changed something, and wants to know when it is live. */
struct waiter {
    struct waiter *next;
    unsigned number; /* of the look that will have seen it */
    content_looked_fn *fn;
    void *ctx;
};

struct content {
    struct bot *bot;
    unsigned begun; /* looks */
    struct waiter *waiter;
    struct watch *watch;
    pthread_t thread;
    bool again, again_reload;
    struct look *now;         /* under way */
    struct look *last;        /* whose topics are shown */
    struct loop_timer *mend;  /* until the index may be mended */
    uint64_t mended_ms;       /* when it was last tried; 0: never */
    struct loop_timer *retry; /* until what failed is tried again */
    struct loop_timer *day;   /* until the next day begins, when some text has expired */
    bool retry_reload;
    struct content_state state;
};

static const char *const no_topics[] = {NULL};

static void look_free(struct look *look)
{
    if (!look)
        return;
    kb_report_release(&look->files);
    kb_report_release(&look->report);
    smalltalk_free(look->talk);
    config_free(look->reread);
    pool_free(look->pool);
    suggest_free(look->suggest);
    free(look);
}

/* ---- on the look's own thread ---- */

static int index_with(const struct config *c, const char *db, struct kb_report *report)
{
    struct kb_sources src = {.synonyms = config_text(c, "synonyms")};
    src.path = config_list(c, "content", &src.n);
    if (!*src.synonyms)
        src.synonyms = NULL;
    return kb_index(db, &src, report);
}

static void add_offer(void *ctx, const char *text, bool entry)
{
    suggest_add(ctx, text, entry);
}

/* What the base holds and is about. A base that cannot be read is the answering threads' to report. */
static void inspect(struct look *look)
{
    struct kb *kb;
    if (kb_open(look->content->bot->index_path, &kb))
        return;
    kb_info(kb, &look->info);
    int n = kb_topics(kb, NULL, MAX_TOPICS, look->pool, look->topic);
    look->topic[n > 0 ? n : 0] = NULL;
    look->suggest = suggest_new();
    kb_offers(kb, NULL, add_offer, look->suggest);
    suggest_finish(look->suggest);
    kb_close(kb);
}

static int read_all(struct look *look)
{
    struct content *c = look->content;
    int err;
    look->what = "settings";
    if (look->reload && (err = config_reread(look->config, &look->reread, &look->files)))
        return err;
    if (look->reread)
        look->config = look->reread;
    look->what = "smalltalk";
    const char *talk = config_text(look->config, "smalltalk");
    if ((err = smalltalk_read(*talk ? talk : NULL, &look->talk, &look->files)))
        return err;
    look->what = "index";
    mkdir(c->bot->data_dir, 0750); /* if somebody has removed it; where it cannot be, kb says so */
    return index_with(look->config, c->bot->index_path, &look->report);
}

static void apply(void *ctx);

static void *look_main(void *ctx)
{
    struct look *look = ctx;
    look->err = read_all(look);
    inspect(look); /* an index from before may serve although this look failed */
    loop_post(look->content->bot->loop, apply, NULL, look);
    return NULL;
}

/* ---- on the loop ---- */

static void log_problems(const struct kb_report *r)
{
    char where[512], what[1024];
    for (size_t i = 0; i < r->nproblem && i < MAX_COMPLAIN; i++) {
        const struct kb_problem *p = &r->problem[i];
        log_event(p->error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "content", "problem",
                  "file=%s line=%zu column=%zu problem=%s", log_quote(where, sizeof where, p->file),
                  p->line, p->column, log_quote(what, sizeof what, p->message));
    }
    if (r->nproblem > MAX_COMPLAIN)
        log_warn("content", "more problems; guidepost check lists them", "n=%zu",
                 r->nproblem - MAX_COMPLAIN);
}

static void log_failure(const struct look *look)
{
    char why[512];
    const char *reason = look->report.message               ? look->report.message
                         : look->files.nproblem             ? "see the problems above"
                         : strcmp(look->what, "index") == 0 ? kb_strerror(look->err)
                                                            : strerror(-look->err);
    log_error("content",
              look->reload ? "not reloaded: all stays as it was"
                           : "not indexed: all stays as it was",
              "step=%s reason=%s", look->what, log_quote(why, sizeof why, reason));
}

static void watch_all(struct content *c);

static void use(struct content *c, struct look *look, bool after_failure)
{
    const struct kb_report *r = &look->report;
    work_set_smalltalk(c->bot->work, look->talk);
    look->talk = NULL;
    heard_clear(c->bot->heard, loop_now_ms(c->bot->loop));
    if (look->reread) {
        bot_use_config(c->bot, look->reread);
        look->reread = NULL;
        watch_all(c);
    }
    c->state.indexed_s = time(NULL);
    if (look->reload || after_failure || r->added || r->changed || r->removed || r->rebuilt)
        log_info("content", look->reload ? "reloaded" : "indexed",
                 "documents=%zu passages=%zu added=%zu changed=%zu removed=%zu generation=%lld",
                 r->read, r->passages, r->added, r->changed, r->removed, r->generation);
}

static void begin(struct content *c, bool reload);

static void on_retry(void *ctx)
{
    struct content *c = ctx;
    begin(c, c->retry_reload);
}

/* An editor's mistake waits for the editor; a full disk may be empty again in a minute. */
static void plan_retry(struct content *c, const struct look *look)
{
    bool machine = look->err && !strcmp(look->what, "index") && look->err != KB_ERR_INPUT;
    loop_timer_stop(c->retry);
    c->retry_reload = look->reload;
    c->retry = machine ? loop_timer(c->bot->loop, RETRY_MS, 0, on_retry, c) : NULL;
}

/* `look` NULL: there will be no more. */
static void tell_waiters(struct content *c, const struct look *look)
{
    const char *problem = !look                   ? "the program is stopping"
                          : !look->err            ? NULL
                          : look->report.message  ? look->report.message
                          : look->report.nproblem ? look->report.problem[0].message
                          : look->files.nproblem  ? look->files.problem[0].message
                                                  : kb_strerror(look->err);
    for (struct waiter **at = &c->waiter, *w; (w = *at);) {
        if (look && w->number > look->number) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->fn(w->ctx, problem);
        free(w);
    }
}

static void apply(void *ctx)
{
    struct look *look = ctx;
    struct content *c = look->content;
    pthread_join(c->thread, NULL);
    c->now = NULL;
    log_problems(&look->files);
    log_problems(&look->report);
    bool failed_before = !c->state.reload_ok;
    c->state.reload_ok = !look->err;
    if (look->err)
        log_failure(look);
    else
        use(c, look, failed_before);
    plan_retry(c, look);
    bool first = !c->state.looked;
    c->state.looked = true;
    c->state.ready = look->info.schema != 0;
    c->state.documents = look->info.documents;
    c->state.passages = look->info.passages;
    c->state.entries = look->info.entries;
    c->state.generation = look->info.generation;
    look_free(c->last);
    c->last = look;
    if (first)
        turns_go_on(c->bot->turns);
    tell_waiters(c, look);
    if (c->again)
        begin(c, c->again_reload);
}

static void begin(struct content *c, bool reload)
{
    if (c->now) {
        c->again = true;
        c->again_reload |= reload;
        return;
    }
    c->again = c->again_reload = false;
    struct look *look = must(calloc(1, sizeof *look));
    *look = (struct look){.content = c,
                          .number = ++c->begun,
                          .config = c->bot->config,
                          .reload = reload,
                          .pool = pool_new()};
    int err = pthread_create(&c->thread, NULL, look_main, look);
    if (err) {
        log_error("content", "no thread to index on", "error=%d", err);
        look_free(look);
        return;
    }
    c->now = look;
}

static void changed(void *ctx)
{
    begin(ctx, false);
}

/* ---- an index that was found damaged ---- */

static void mend(void *ctx)
{
    struct content *c = ctx;
    loop_timer_stop(c->mend);
    c->mend = NULL;
    c->mended_ms = loop_now_ms(c->bot->loop);
    char path[512];
    if (!c->now) /* else it may be no more than a look that is not done yet */
        log_warn("content", "the index or its snapshot is missing or damaged: made again",
                 "path=%s", log_quote(path, sizeof path, c->bot->index_path));
    begin(c, false);
}

/* At once, but not again and again: a disk that damages all that is written would keep us busy. */
static void on_damage(void *ctx)
{
    struct content *c = ctx;
    uint64_t since = loop_now_ms(c->bot->loop) - c->mended_ms;
    if (!c->mend)
        c->mend = loop_timer(c->bot->loop, c->mended_ms && since < MEND_MS ? MEND_MS - since : 0, 0,
                             mend, c);
}

/* A look follows when they are watched, if these are not what was watched already. */
static void watch_all(struct content *c)
{
    const struct config *config = c->bot->config;
    size_t n;
    const char *const *content = config_list(config, "content", &n);
    const char **path = must(calloc(n + 2, sizeof *path));
    size_t all = n;
    memcpy(path, content, n * sizeof *path);
    static const char *const further[] = {"synonyms", "smalltalk"};
    for (size_t i = 0; i < 2; i++)
        if (*config_text(config, further[i]))
            path[all++] = config_text(config, further[i]);
    if (c->watch)
        watch_set(c->watch, path, all);
    free(path);
}

/* Dates are in UTC: what was shown as a topic yesterday may have expired, and nobody has touched a file. */
static void on_new_day(void *ctx)
{
    struct content *c = ctx;
    long long left = DAY_S - (long long)time(NULL) % DAY_S;
    bool first = !c->day;
    loop_timer_stop(c->day);
    c->day = loop_timer(c->bot->loop, (uint64_t)(left + 1) * 1000, 0, on_new_day, c);
    if (!first)
        begin(c, false);
}

struct content *content_start(struct bot *bot)
{
    struct content *c = must(calloc(1, sizeof *c));
    c->bot = bot;
    c->state.reload_ok = true;
    int err = watch_start(bot->loop, QUIET_MS, changed, c, &c->watch);
    work_on_damage(bot->work, on_damage, c);
    on_new_day(c);
    if (err) {
        log_warn("content", "changes will not be seen; SIGHUP still looks", "error=%d", err);
        begin(c, false);
    } else {
        watch_all(c);
    }
    return c;
}

bool content_stop(struct content *c)
{
    if (!c)
        return true;
    watch_stop(c->watch);
    c->watch = NULL;
    loop_timer_stop(c->mend);
    loop_timer_stop(c->retry);
    loop_timer_stop(c->day);
    c->mend = c->retry = c->day = NULL;
    if (c->now) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += STOP_S;
        if (pthread_timedjoin_np(c->thread, NULL, &until))
            return false;
    }
    tell_waiters(c, NULL);
    look_free(c->now);
    look_free(c->last);
    free(c);
    return true;
}

void content_look(struct content *c, content_looked_fn *fn, void *ctx)
{
    struct waiter *w = must(calloc(1, sizeof *w));
    *w = (struct waiter){.next = c->waiter, .number = c->begun + 1, .fn = fn, .ctx = ctx};
    c->waiter = w;
    begin(c, false);
    if (!c->now)
        tell_waiters(c, NULL); /* no thread to look with */
}

void content_reload(struct content *c)
{
    begin(c, true);
}

void content_state(const struct content *c, struct content_state *ret)
{
    *ret = c->state;
}

size_t content_suggest(const struct content *c, const char *typed, size_t max, const char **ret)
{
    return c && c->last && c->last->suggest ? suggest_find(c->last->suggest, typed, max, ret) : 0;
}

unsigned content_number(const struct content *c)
{
    return c && c->last ? c->last->number : 0;
}

const char *const *content_topics(const struct content *c)
{
    return c && c->last ? c->last->topic : no_topics;
}
