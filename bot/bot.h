/* bot.h: the process. Everything that lives as long as the program hangs off struct bot, which bot_run() builds
 * and takes apart again; one section per file that works on it. Loop thread only. An adapter never sees
 * this: adapter.h is its door. */
#ifndef BOT_BOT_H
#define BOT_BOT_H

#include "bot/adapter.h"

struct content;
struct desk;
struct fix;
struct heard;
struct journal;
struct live;
struct sessions;
struct turn;
struct turns;
struct work;

/* What is counted, for /metrics. */
#define ANSWER_BUCKETS 10
extern const double answer_bucket[ANSWER_BUCKETS]; /* upper bounds, seconds (admin.c) */

struct bot_counts {
    uint64_t outcome[REPLY_HANDOFF + 1];
    uint64_t heard; /* those whose reply was known (heard.h) */
    uint64_t refused_busy, refused_long, refused_empty;
    uint64_t unrecorded;                 /* answered, but the journal could not write it */
    uint64_t bucket[ANSWER_BUCKETS + 1]; /* by time from question to reply, the last one: longer */
    double seconds;                      /* sum of those times */
};

struct bot {
    const struct config *config; /* the one in force */
    struct config *own_config; /* that one, when a reload made it; NULL while it is the caller's */
    int data_lock;             /* of data_dir; negative: not taken */
    char *data_dir, *index_path, *state_path;

    struct loop *loop;
    struct server *server, *admin;
    struct sessions *sessions;
    struct work *work;
    struct journal *journal;
    struct desk *desk; /* NULL until an adapter asks for it */
    struct fix *fix;
    struct inbox *inbox;
    struct outbox *outbox;
    struct live *live; /* between askers and the staff */
    struct http *http; /* NULL until an adapter asks for it */
    struct adapter *adapter;
    size_t nadapter;

    struct turns *turns;
    struct heard *heard;
    struct content *content;
    struct bot_counts counts;
    int64_t started_s; /* wall clock */
    int64_t
        erased_ms; /* until when what was erased is forgotten here (erased.h); 0: not looked yet */
    bool began_empty; /* there was no index at the start */
    bool draining;    /* SIGTERM has come: no new questions */
    bool ended;       /* the loop has, too: nothing goes out any more */
};

/* ---- bot.c ---- */

extern const struct setting bot_settings[];

/* Serve until SIGTERM or SIGINT. `c` stays the caller's. 0, or a negative errno after it was logged;
 * -EINVAL: a setting cannot work (the program's exit status is 78 then). */
int bot_run(struct config *c);
/* A reload: these settings come into force, now or, where that cannot be, at the next start. Takes `fresh`. */
void bot_use_config(struct bot *bot, struct config *fresh);

/* ---- adapter_named.c ---- */

/* The adapter whose type has that name of `len` bytes, among those that are on; or NULL. */
struct adapter *adapter_named(const struct bot *bot, const char *name, size_t len);

/* ---- turn.c: one question's life; bot_receive() is there, too ---- */

struct turns *turns_new(struct bot *bot);
void turns_free(struct turns *all); /* forgets what is still open */
size_t turns_open(const struct turns *all);
/* Messages of the inbox that came before there was an index may be asked now. */
void turns_go_on(struct turns *all);
/* A message on its way into the inbox that is next in line and whose reply is known (heard.h): a turn that waits for its commit. NULL:
 * it has to be asked. The line is where in->lane says. */
struct turn *turn_foresee(struct adapter *a, const struct inbound *in);
/* Its reply, written with those numbers of answer and question; on the journal's thread, perhaps more than once. */
const struct inbox_reply *turn_write(struct turn *t, int64_t id, int64_t seq);
/* Its end; answered false: nothing of it was written. On the loop. */
void turn_foreseen(struct turn *t, bool answered);
/* What was said in that conversation is no context any more: it was erased. */
void turns_forget(struct turns *all, const struct adapter *a, const char *conversation);

/* ---- content.c: guides become an index, in the background ---- */

struct content_state {
    bool looked;    /* the first look at the content is over, well or not */
    bool ready;     /* there is an index to answer from */
    bool reload_ok; /* the last reload, or the last look at changed content, took effect */
    long long documents, passages, entries, generation;
    int64_t indexed_s; /* wall clock of the last success; 0: none yet */
};

struct content *content_start(struct bot *bot); /* and begins with a first look */
bool content_stop(struct content *c);           /* false: it is indexing and does not end */
void content_reload(struct content *c);         /* SIGHUP: all or nothing */
/* Look at once. fn(ctx, NULL) when what is on the disk now is what is answered; fn(ctx, why not) otherwise. On the loop, once. */
typedef void content_looked_fn(void *ctx, const char *problem);
void content_look(struct content *c, content_looked_fn *fn, void *ctx);
void content_state(const struct content *c, struct content_state *ret);
/* Of the look that is in force, 0 before the first: another one, and topics and settings may be others. */
unsigned content_number(const struct content *c);
const char *const *content_topics(const struct content *c);
size_t content_suggest(const struct content *c, const char *typed, size_t max, const char **ret);

/* ---- admin.c: what machines ask ---- */

void admin_request(struct bot *bot, struct request *rq);
/* /livez and /readyz without detail; false: another path. */
bool admin_public(struct bot *bot, struct request *rq);

#endif
