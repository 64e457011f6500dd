/* desk_why.c: why the bot says what it says to the question of a ticket: the same question, after the same ones before it, asked
 * of the base as it is now, with its account of itself (bot/why.h). What was shown then is in the ticket; the figures are kept for
 * no answer, so these are today's, and say whether the question is answered by now. */
#include <errno.h>
#include <string.h>

#include "bot/answer.h"
#include "bot/desk/desk_run.h"
#include "bot/json.h"
#include "bot/limits.h"
#include "kb/pool.h"

#define WITHIN_MS (SESSION_IDLE_S * 1000ll) /* what is older was no context then, either */

struct asking {
    struct desk_request *rq;
    struct question q;
    const char *before[MAX_SESSION_TURNS];
    size_t n;
};

static void keep_question(void *ctx, const struct store_ticket *t)
{
    struct asking *a = ctx;
    a->q.text = pool_strdup(a->rq->pool, t->question);
    a->q.len = strlen(t->question);
    a->rq->channel = pool_strdup(a->rq->pool, t->adapter);
}

/* What was quoted first in an earlier reply is what a follow-up goes on with. */
static const char *topic_of(struct pool *pool, const char *reply)
{
    size_t n = 0;
    struct cJSON *j = json_parse(reply, strlen(reply));
    const struct cJSON *first = json_array(j, "answers", &n);
    const char *passage = n ? json_string(first, "passage", SIZE_MAX) : NULL;
    const char *topic = passage ? pool_strdup(pool, passage) : NULL;
    json_free(j);
    return topic;
}

/* From the newest to the oldest; the first with a topic has it. */
static void keep_earlier(void *ctx, const char *question, const char *reply)
{
    struct asking *a = ctx;
    a->before[MAX_SESSION_TURNS - ++a->n] = pool_strdup(a->rq->pool, question);
    if (!a->q.topic && (a->q.topic = topic_of(a->rq->pool, reply)))
        a->q.topic_age = (unsigned)a->n - 1;
}

static void replied(struct desk_request *rq, const struct reply *r)
{
    reply_json(r, NULL, NULL, &rq->body);
}

int desk_why(struct store *s, struct desk_request *rq)
{
    struct asking *a = pool_alloc(rq->pool, sizeof *a);
    int64_t id = desk_number(rq, "id");
    a->rq = rq;
    int err = store_ticket(s, id, keep_question, a);
    if (!err)
        err = store_asked_before(s, id, WITHIN_MS, MAX_SESSION_TURNS, keep_earlier, a);
    if (err)
        return err;
    a->q.before = a->before + MAX_SESSION_TURNS - a->n;
    a->q.nbefore = a->n;
    a->q.explain = true;
    rq->question = &a->q;
    rq->replied = replied;
    return 0;
}
