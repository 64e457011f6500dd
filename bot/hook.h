/* hook.h: networks that ask by a webhook and take the reply in its response: token in, Markdown out. What they share, so that
 * each of them is one small file. */
#ifndef BOT_HOOK_H
#define BOT_HOOK_H

#include "bot/adapter.h"
#include "bot/secret.h"
#include "kb/pool.h"

struct cJSON;

/* A hook's secret and nothing else: for adapter_type.open and .close. The state is a struct secret. `setting` names its
 * file. 0, 1 (there is none: off) or -EINVAL after it was said. */
int hook_open(struct adapter *a, const char *setting);
void hook_close(struct adapter *a);

/* One of its questions: JSON, or a form. */
struct hook {
    struct pool *pool;
    struct cJSON *json; /* NULL: a form */
    const char *body;
    size_t len;
};
/* Reads the request if it is a POST to `path` whose token is right; else answers it (404 is left to others: false).
 * *ret_ours: read it on, and hook_end() it. */
bool hook_begin(struct adapter *a, struct request *rq, const char *path, struct hook *ret,
                bool *ret_ours);
void hook_end(struct hook *h);
/* "" when absent. */
const char *hook_text(const struct hook *h, const char *name);
bool hook_true(const struct hook *h, const char *name);
/* `text` without the word it begins with, and without what separates the two. */
const char *hook_without(const char *text, const char *word);

/* A network's own words around a text: adds the JSON that is the response; `text` "" where silence is asked for. `form` and `ref` are
 * those of the question. */
typedef void hook_say_fn(struct buf *b, const char *text, int form, const char *ref);

/* Put the question; the reply comes through adapter_type.send. An error is answered with `refusal`'s words through
 * `say`. */
void hook_ask(struct adapter *a, struct request *rq, const char *text, const char *conversation,
              const char *ref, int form, hook_say_fn *say);
/* Answer the request with nothing to say: a message that is none of ours. */
void hook_silence(struct adapter *a, struct request *rq, int form, hook_say_fn *say);
/* The reply as Markdown of at most `max` bytes, through `say`: for adapter_type.render. */
void hook_render(const struct outgoing *out, size_t max, hook_say_fn *say, struct buf *b);
/* An adapter_type.send: the response of the request that asked. */
void hook_send(struct adapter *a, const struct outgoing *out, const struct buf *body);

/* A reply as Markdown, at most `max` bytes, with its sources; nobody is rung by an "@" in it. */
void hook_markdown(const struct reply *r, size_t max, struct buf *b);

#endif
