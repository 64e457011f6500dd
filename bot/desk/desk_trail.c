/* desk_trail.c: the audit, for who may see what everybody did: read by who, what, where and when, checked, and taken away.
 *
 * Checking walks the whole chain, a part at a time: each call begins with the row at which the last one stopped, so a page
 * that asks again and again has checked all of it, and no call keeps a thread for long. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/json.h"
#include "bot/takeout.h"
#include "kb/pool.h"

#define PAGE     50
#define STRETCH  20000 /* rows that are checked at once: some 30 ms */
#define LINES    1000  /* rows of an export at once */
#define MAX_TEXT 200
#define HEX      (2 * STORE_HASH + 1)

/* ---- read ---- */

struct listing {
    struct buf *b;
    size_t n;
    int64_t last;
};

static void add_row(void *ctx, const struct store_audit *a)
{
    struct listing *l = ctx;
    struct buf *b = l->b;
    buf_adds(b, l->n++ ? ",{" : "{");
    json_add_count(b, "id", a->id);
    json_add_count(b, "at", a->at_ms);
    takeout_audit_members(b, a);
    buf_addc(b, '}');
    l->last = a->id;
}

/* A filter; NULL where it is empty. */
static const char *filter(const struct desk_request *rq, const char *name)
{
    const char *s = desk_text(rq, name, MAX_TEXT);
    return s && *s ? s : NULL;
}

/* "2026-11-21" as a time; 0 where there is none, -1 where it is no day. */
static int64_t day(const struct desk_request *rq, const char *name)
{
    const char *s = filter(rq, name);
    return s ? takeout_day(s) : 0;
}

int desk_trail(struct store *s, struct desk_request *rq)
{
    struct store_audit_query q = {.actor = filter(rq, "actor"),
                                  .object = filter(rq, "object"),
                                  .action = filter(rq, "action"),
                                  .since_ms = day(rq, "since"),
                                  .until_ms = day(rq, "until"),
                                  .before = desk_number(rq, "before"),
                                  .max = PAGE};
    struct listing l = {.b = &rq->body};
    if (q.since_ms < 0 || q.until_ms < 0) {
        rq->problem = "A day is written as 2026-01-31";
        return -EINVAL;
    }
    if (q.until_ms)
        q.until_ms += 86400000; /* that day included */
    buf_adds(&rq->body, "{\"rows\":[");
    int err = store_find_audit(s, &q, add_row, &l);
    buf_addf(&rq->body, "],\"next\":%lld}", (long long)(l.n == PAGE ? l.last : 0));
    return err;
}

/* ---- checked ---- */

struct walk {
    size_t n;
    int64_t last, broken;
    char hash[HEX];
    struct buf *b; /* lines go here, too; or NULL */
};

static void step(void *ctx, const struct store_audit *a, const unsigned char hash[STORE_HASH],
                 bool sound)
{
    struct walk *w = ctx;
    w->n++;
    w->last = a->id;
    sodium_bin2hex(w->hash, sizeof w->hash, hash, STORE_HASH);
    if (!sound && !w->broken)
        w->broken = a->id;
    if (w->b)
        takeout_audit(w->b, a, w->hash);
}

int desk_trail_verify(struct store *s, struct desk_request *rq)
{
    struct walk w = {.hash = ""};
    int err = store_audit(s, desk_number(rq, "after"), STRETCH, step, &w);
    buf_addc(&rq->body, '{');
    json_add_count(&rq->body, "rows", (long long)w.n);
    json_add_count(&rq->body, "broken", w.broken);
    json_add_member(&rq->body, "hash", w.hash);
    json_add_count(&rq->body, "next", w.n == STRETCH ? w.last : 0);
    buf_addc(&rq->body, '}');
    return err;
}

/* ---- taken away ---- */

int desk_prepare_trail_export(struct store *s, struct desk_request *rq)
{
    struct desk_lines *out = rq->out = pool_alloc(rq->pool, sizeof *out);
    struct buf b;
    struct walk w = {.b = &b};
    buf_init(&b, DESK_JSON);
    int err = store_audit(s, desk_number(rq, "after"), LINES, step, &w);
    *out = (struct desk_lines){.text = pool_strndup(rq->pool, b.s, b.len),
                               .len = b.len,
                               .next = w.n == LINES ? w.last : 0};
    if (!err && buf_failed(&b))
        err = -E2BIG;
    buf_release(&b);
    return err;
}

int desk_trail_export(struct store *s, struct desk_request *rq)
{
    desk_send_lines(rq, "application/jsonl", "audit.jsonl");
    return desk_number(rq, "after") ? 0 : desk_audit(s, rq, "audit.export", NULL, NULL, NULL);
}
