/* month.c: a month of traffic, made up and always the same: questions of every channel with the rhythm of days and weeks, the
 * answers that the program gives them today, votes, wishes for a person, tickets in every state. It is written through the
 * program's own store, so what is in it is what the program would have written.
 *
 *     month FOLDER GUIDES [QUESTIONS [SEED [END]]]
 *
 * makes FOLDER/index.db and FOLDER/state.db: 50,000 questions of the thirty days before END (Unix milliseconds, now), which
 * `guidepost serve` with that folder as its data_dir then has behind it. The answers are real, the times they took are not: a
 * thrown number is the same tomorrow. */
#include "tests/bench/staff/month.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bot/answer.h"
#include "bot/buf.h"
#include "bot/clock.h"
#include "bot/journal.h"
#include "bot/json.h"
#include "bot/limits.h"
#include "bot/must.h"
#include "bot/smalltalk.h"
#include "bot/store.h"
#include "kb/hash.h"
#include "kb/kb.h"
#include "kb/pool.h"

#define DAYS    30
#define DAY_MS  86400000ll
#define BATCH   500     /* questions in a transaction */
#define LONG_MS 1200000 /* a conversation without a question for longer than this is over */

void die(const char *what, const char *why)
{
    fprintf(stderr, "month: %s: %s\n", what, why);
    exit(1);
}

/* ---- channels, and the rhythm of days ------------------------------------------------------------------------- */

static const struct channel {
    const char *adapter;
    double share;
    bool transcript, visitors; /* visitors: they can ask for a person */
} channels[] = {{"web", 0.66, true, true},          {"slack", 0.15, false, false},
                {"matrix", 0.08, false, false},     {"mattermost", 0.05, false, false},
                {"rocketchat", 0.03, false, false}, {"zulip", 0.03, false, false}};
#define CHANNELS (sizeof channels / sizeof *channels)

/* Monday to Sunday; and by hour, UTC. */
static const double of_weekday[] = {1.3, 1.25, 1.2, 1.1, 0.95, 0.5, 0.6};
static const double of_hour[] = {2,  1,  1,  1,  1,  2,  4,  8,  13, 17, 18, 16,
                                 13, 15, 17, 17, 15, 12, 10, 10, 11, 10, 7,  4};

static size_t draw(const double *share, size_t n, struct dice *dice)
{
    double all = 0;
    for (size_t i = 0; i < n; i++)
        all += share[i];
    double at = dice_share(dice) * all;
    for (size_t i = 0; i < n; i++)
        if ((at -= share[i]) < 0)
            return i;
    return n - 1;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The times of n questions, in order. A little more every day. */
static int64_t *make_times(size_t n, int64_t end_ms, struct dice *dice)
{
    int64_t *at = must(calloc(n + 1, sizeof *at)), begin = end_ms - DAYS * DAY_MS;
    double of_day[DAYS + 1];
    for (int i = 0; i <= DAYS; i++) /* 1970 began on a Thursday */
        of_day[i] = of_weekday[(begin / DAY_MS + i + 3) % 7] * (1 + 0.01 * i);
    for (size_t i = 0; i < n;) {
        int64_t day = begin / DAY_MS + (int64_t)draw(of_day, DAYS + 1, dice);
        int64_t ms = day * DAY_MS + (int64_t)draw(of_hour, 24, dice) * 3600000 +
                     (int64_t)dice_below(dice, 3600000);
        if (ms >= begin && ms < end_ms)
            at[i++] = ms;
    }
    qsort(at, n, sizeof *at, by_time);
    return at;
}

/* ---- answers: each text is asked once ---------------------------------------------------------------------------- */

struct said {
    const char *text;
    const char *json; /* up to the time it took */
    enum reply_kind kind;
    double confidence;
};

struct month {
    struct store *store;
    struct answerer *answerer;
    struct smalltalk *small;
    struct pool *pool;
    struct topics topics;
    struct dice dice;
    struct said *said; /* a table of open addresses */
    size_t room, nsaid;
    int64_t end_ms;
    size_t tickets, votes, wishes;
    struct talk_of {
        char name[40];
        int64_t at_ms;
    } open[CHANNELS];
    size_t talks;
};

static size_t hash(const char *s)
{
    uint64_t h = hash_64(HASH_64, s, strlen(s));
    return (size_t)(h ^ h >> 29);
}

static const struct said *ask(struct month *m, const char *text)
{
    size_t i = hash(text) % m->room;
    while (m->said[i].text && strcmp(m->said[i].text, text) != 0)
        i = (i + 1) % m->room;
    struct said *it = &m->said[i];
    if (it->text)
        return it;
    struct pool *pool = pool_new();
    struct question q = {.text = text, .len = strlen(text)};
    struct reply r = {0};
    struct buf json;
    if (answer_make(m->answerer, &q, pool, &r))
        die("no answer", text);
    r.us = 0;
    buf_init(&json, MAX_REPLY_JSON);
    reply_json(&r, NULL, NULL, &json);
    if (buf_failed(&json))
        die("an answer is too long", text);
    *it = (struct said){.text = pool_strdup(m->pool, text),
                        .json = pool_strndup(m->pool, json.s, json.len - strlen("0}")),
                        .kind = r.kind,
                        .confidence = r.confidence};
    m->nsaid++;
    buf_release(&json);
    pool_free(pool);
    return it;
}

/* ---- what people do with an answer -------------------------------------------------------------------------------- */

static void check(int err)
{
    if (err < 0)
        die("the database cannot be written", store_strerror(err));
}

static void add_event(struct month *m, const char *adapter, const char *name, int64_t turn,
                      int64_t at_ms, struct buf *body)
{
    struct store_conversation c;
    if (buf_failed(body))
        die("an event is too long", name);
    check(store_append(m->store, adapter, name,
                       &(struct store_event){.turn = turn, .body = body->s, .at_ms = at_ms}, &c));
}

static void tell(struct month *m, const char *adapter, const char *name, const char *text,
                 const char *reply, int64_t turn, int64_t at_ms)
{
    struct buf b;
    buf_init(&b, 2 * MAX_REPLY_JSON);
    buf_adds(&b, "\"t\":\"msg\",\"from\":\"user\",\"text\":");
    json_add_string(&b, text, strlen(text));
    buf_addf(&b, ",\"at\":%lld", (long long)(at_ms / 1000));
    add_event(m, adapter, name, 0, at_ms, &b);
    struct store_conversation c;
    check(store_conversation(m->store, adapter, name, &c));
    buf_clear(&b);
    buf_addf(&b, "\"t\":\"answer\",\"re\":%lld,\"reply\":%s", (long long)c.head, reply);
    add_event(m, adapter, name, turn, at_ms, &b);
    buf_release(&b);
}

/* The surer the answer, the likelier it helped. True when it was voted down. */
static bool vote(struct month *m, const struct said *it, int64_t turn, int64_t at_ms)
{
    static const char *const why[] = {"wrong", "off", "unclear"};
    double often = it->kind == REPLY_ANSWER ? 0.07 : it->kind == REPLY_CHITCHAT ? 0.004 : 0.025;
    if (dice_share(&m->dice) >= often)
        return false;
    double good = it->kind == REPLY_ANSWER    ? 0.25 + 0.68 * it->confidence
                  : it->kind == REPLY_CHOICES ? 0.5
                                              : 0.1;
    bool up = dice_share(&m->dice) < good;
    struct store_vote v = {.turn = turn,
                           .voter = "visitor",
                           .v = up ? 1 : -1,
                           .why = up ? NULL : why[dice_below(&m->dice, 3)],
                           .at_ms = at_ms + 8000 + (int64_t)dice_below(&m->dice, 60000)};
    check(store_vote(m->store, &v));
    m->votes++;
    return !up;
}

static bool wish(struct month *m, const struct channel *ch, const char *name, const struct said *it,
                 bool down, int64_t at_ms)
{
    double often = !ch->visitors ? 0 : down ? 0.2 : it->kind == REPLY_NONE ? 0.06 : 0.003;
    if (dice_share(&m->dice) >= often)
        return false;
    bool live = dice_share(&m->dice) < 0.7;
    struct store_handoff h = {.adapter = ch->adapter,
                              .conversation = name,
                              .want = live ? "live" : "email",
                              .name = live ? NULL : "A visitor",
                              .email = live ? NULL : "visitor@example.org",
                              .at_ms = at_ms + 20000};
    check(store_add_handoff(m->store, &h));
    m->wishes++;
    return true;
}

/* ---- what the staff did with it ----------------------------------------------------------------------------------- */

static void act(struct month *m, int64_t turn, const char *who, const char *what,
                enum ticket_state to, int64_t at_ms)
{
    struct store_ticket_change c = {.id = turn,
                                    .at_ms = at_ms,
                                    .from = 1 << TICKET_NEW | 1 << TICKET_CLAIMED,
                                    .to = to,
                                    .owner = who,
                                    .outcome = to >= TICKET_CLOSED ? what : NULL};
    struct store_ticket_note n = {.id = turn, .at_ms = at_ms, .who = who, .what = what};
    check(store_change_ticket(m->store, &c));
    check(store_log_ticket(m->store, &n));
}

static void work_on(struct month *m, int64_t turn, bool person, int64_t at_ms)
{
    static const char *const staff[] = {"anna", "bert", "edda"};
    const char *who = staff[dice_below(&m->dice, 3)];
    double wait_min = -log(1 - dice_share(&m->dice)) * (person ? 9 : 900);
    int64_t took = at_ms + 30000 + (int64_t)(wait_min * 60000);
    int64_t over = took + 60000 + (int64_t)dice_below(&m->dice, 1200000);
    double fate = dice_share(&m->dice);
    m->tickets++;
    if (took >= m->end_ms || fate > (person ? 0.97 : 0.78))
        return;
    act(m, turn, who, "claim", TICKET_CLAIMED, took);
    if (over >= m->end_ms || fate > 0.72)
        return;
    if (fate < 0.05) {
        struct store_ticket_note n = {
            .id = turn, .at_ms = over, .who = who, .what = "note", .text = "asked the office"};
        check(store_log_ticket(m->store, &n));
    }
    bool ignored = fate > 0.6 && !person;
    act(m, turn, who, ignored ? "ignore" : "close", ignored ? TICKET_IGNORED : TICKET_CLOSED, over);
}

/* ---- a question ----------------------------------------------------------------------------------------------------- */

/* Its conversation: the one that is going on, often enough, or a new one. */
static const char *talk(struct month *m, size_t channel, int64_t at_ms)
{
    struct talk_of *t = &m->open[channel];
    if (!*t->name || at_ms - t->at_ms > LONG_MS || dice_share(&m->dice) > 0.4)
        snprintf(t->name, sizeof t->name, "c%07zx%08llx", ++m->talks,
                 (unsigned long long)(dice_next(&m->dice) >> 32));
    t->at_ms = at_ms;
    return t->name;
}

static void question(struct month *m, int64_t at_ms)
{
    double share[CHANNELS];
    for (size_t i = 0; i < CHANNELS; i++)
        share[i] = channels[i].share;
    size_t channel = draw(share, CHANNELS, &m->dice);
    const struct channel *ch = &channels[channel];
    int day = (int)((at_ms - (m->end_ms - DAYS * DAY_MS)) / DAY_MS);
    struct pool *pool = pool_new();
    const char *text =
        dice_share(&m->dice) < 0.04
            ? (const char *const[]){"hi", "thanks!", "hello", "bye"}[dice_below(&m->dice, 4)]
            : topic_say(topics_draw(&m->topics, day, &m->dice), &m->dice, pool);
    const struct said *it = ask(m, text);
    double us = exp(log(420) + 0.55 * sqrt(-2 * log(1 - dice_share(&m->dice))) *
                                   cos(6.283185307 * dice_share(&m->dice)));
    const char *reply = pool_printf(pool, "%s%d}", it->json, (int)us);
    const char *name = talk(m, channel, at_ms);
    struct journal_turn t = {.adapter = ch->adapter,
                             .conversation = name,
                             .question = text,
                             .reply_json = reply,
                             .kind = reply_kind_name(it->kind),
                             .confidence = it->confidence,
                             .at_ms = at_ms};
    int64_t id;
    check(store_add_turn(m->store, &t, &id));
    if (ch->transcript)
        tell(m, ch->adapter, name, text, reply, id, at_ms);
    bool down = vote(m, it, id, at_ms);
    bool person = wish(m, ch, name, it, down, at_ms);
    if (down || person || it->kind == REPLY_NONE || it->kind == REPLY_CHOICES)
        work_on(m, id, person, at_ms);
    pool_free(pool);
}

/* ---- all of them ---------------------------------------------------------------------------------------------------- */

static void open_month(struct month *m, const char *folder, const char *guides, size_t n)
{
    const char *db = pool_printf(m->pool, "%s/index.db", folder);
    const char *state = pool_printf(m->pool, "%s/state.db", folder);
    const char *path[] = {guides};
    struct kb_sources src = {.path = path, .n = 1};
    struct kb_report report = {0};
    if (!access(state, F_OK))
        die("there is a month already, or something better", state);
    if (mkdir(folder, 0750) && errno != EEXIST)
        die("the folder cannot be made", folder);
    const char *synonyms = pool_printf(m->pool, "%s/../synonyms.yaml", guides);
    if (!access(synonyms, F_OK))
        src.synonyms = synonyms;
    if (kb_index(db, &src, &report) || smalltalk_read(NULL, &m->small, &report))
        die("the guides cannot be indexed", guides);
    kb_report_release(&report);
    topics_make(&m->topics, guides, db, &m->dice);
    check(answerer_open(db, m->small, &m->answerer));
    check(store_open(state, "normal", &m->store));
    m->room = 4 * n + 16;
    m->said = must(calloc(m->room, sizeof *m->said));
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: month FOLDER GUIDES [QUESTIONS [SEED [END]]]\n", stderr);
        return 2;
    }
    size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 50000;
    struct month m = {.pool = pool_new(),
                      .dice = {.state = argc > 4 ? strtoull(argv[4], NULL, 10) : 1},
                      .end_ms = argc > 5 ? strtoll(argv[5], NULL, 10) : clock_wall_ms()};
    m.topics.pool = m.pool;
    if (store_init())
        die("SQLite cannot be set up", "out of memory?");
    open_month(&m, argv[1], argv[2], n);
    int64_t *at = make_times(n, m.end_ms, &m.dice);
    for (size_t i = 0; i < n; i++) {
        if (i % BATCH == 0)
            check(store_begin(m.store));
        question(&m, at[i]);
        if (i % BATCH == BATCH - 1 || i == n - 1)
            check(store_commit(m.store));
    }
    printf(
        "%zu questions, %zu texts, %zu subjects, %zu votes, %zu wishes for a person, %zu tickets\n",
        n, m.nsaid, m.topics.n, m.votes, m.wishes, m.tickets);
    free(at);
    free(m.said);
    store_close(m.store);
    answerer_close(m.answerer);
    smalltalk_free(m.small);
    pool_free(m.pool);
    return 0;
}
