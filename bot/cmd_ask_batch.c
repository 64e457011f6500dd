/* cmd_ask_batch.c: guidepost ask --batch: a JSON object per line in, a JSON object per line out, in
 * the same order, each flushed before the next is read. Memory does not grow with the input: a line
 * is capped, a pool lives for one line.
 *
 * Only the reply to the last turn is written; the earlier ones are its context, as they would be in a chat: they are
 * answered, too, because what a follow-up goes on with is what was quoted before it. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "bot/answer.h"
#include "bot/buf.h"
#include "bot/command.h"
#include "bot/json.h"
#include "bot/session.h"
#include "kb/pool.h"

#define MAX_LINE   (4u << 20) /* bytes of one input line */
#define MAX_OUTPUT (4u << 20) /* and of one output line */
#define MAX_ID     1024
#define BOM        "\xEF\xBB\xBF"

struct batch {
    struct answerer *answerer;
    struct sessions *sessions;
    struct buf out;
    size_t line;
    int code;
    int last_err; /* of the base, so that a broken one is named once and not per line */
};

/* One line without its end; a longer one is read away and leaves the buf failed. False at the end. */
static bool read_line(FILE *in, struct buf *line)
{
    int c;
    char piece[4096];
    size_t n = 0;
    buf_clear(line);
    while ((c = getc_unlocked(in)) != EOF && c != '\n') {
        piece[n++] = (char)c;
        if (n == sizeof piece) {
            buf_add(line, piece, n);
            n = 0;
        }
    }
    buf_add(line, piece, n);
    return c != EOF || line->len || line->failed;
}

static void complain(struct batch *b, const char *what)
{
    fprintf(stderr, "guidepost ask: line %zu: %s\n", b->line, what);
    b->code = EXIT_FAILED;
}

static const char *answer_one(struct batch *b, const struct session *s, const char *text,
                              struct pool *pool, struct reply *reply)
{
    struct question q = {.unattended = true};
    session_recall(s, text, pool, &q);
    int err = answer_make(b->answerer, &q, pool, reply);
    if (err && err != b->last_err)
        complain(b, kb_strerror(err));
    if (err)
        b->code = EXIT_FAILED;
    b->last_err = err;
    return q.text;
}

static void converse(struct batch *b, const char *const *turn, size_t n, struct pool *pool,
                     struct reply *reply)
{
    sessions_expire(b->sessions, UINT64_MAX); /* every line is a conversation of its own */
    struct session *s = session_get(b->sessions, "line", 0);
    for (size_t i = 0; i < n; i++)
        session_tell(s, answer_one(b, s, turn[i], pool, reply), reply);
}

/* The turns of a line, or NULL and what is wrong. */
static const char **read_turns(const struct cJSON *j, struct pool *pool, size_t *ret_n,
                               const char **ret_wrong)
{
    size_t n = 0, i = 0;
    const struct cJSON *turns = json_array(j, "turns", &n), *turn;
    *ret_wrong = "expects \"turns\", a list of at least one text";
    if (!turns || !n)
        return NULL;
    const char **out = pool_array(pool, n, sizeof *out);
    cJSON_ArrayForEach(turn, turns)
    {
        if (!cJSON_IsString(turn))
            return NULL;
        out[i++] = turn->valuestring;
    }
    *ret_n = n;
    return out;
}

static void process(struct batch *b, const struct buf *line)
{
    struct pool *pool = pool_new();
    struct cJSON *j = NULL;
    const char *id, **turn, *wrong;
    size_t n = 0;
    if (buf_failed(line)) {
        complain(b, "is too long");
        goto out;
    }
    if (!(j = json_parse(line->s, line->len))) {
        complain(b, "is not valid JSON in UTF-8, or has a NUL or a key twice");
        goto out;
    }
    if (!(id = json_string(j, "id", MAX_ID))) {
        complain(b, "expects \"id\", a text");
        goto out;
    }
    if (!(turn = read_turns(j, pool, &n, &wrong))) {
        complain(b, wrong);
        goto out;
    }
    struct reply reply;
    converse(b, turn, n, pool, &reply);
    buf_clear(&b->out);
    reply_json(&reply, id, NULL, &b->out);
    buf_addc(&b->out, '\n');
    if (buf_failed(&b->out)) {
        buf_clear(&b->out);
        complain(b, "the reply is too long");
    }
out:
    json_free(j);
    pool_free(pool);
}

int ask_batch(struct answerer *a, FILE *in, FILE *out)
{
    struct batch b = {.answerer = a, .sessions = sessions_new()};
    struct buf line;
    buf_init(&line, MAX_LINE);
    buf_init(&b.out, MAX_OUTPUT);
    while (read_line(in, &line)) {
        if (!b.line++ && !strncmp(line.s, BOM, strlen(BOM))) /* as some editors begin a file */
            memset(line.s, ' ', strlen(BOM));
        if (strspn(line.s, " \t\r") == line.len && !buf_failed(&line))
            continue;
        buf_clear(&b.out);
        process(&b, &line);
        if (fwrite(b.out.s, 1, b.out.len, out) < b.out.len || fflush(out)) {
            fprintf(stderr, "guidepost ask: standard output: %s\n", strerror(errno));
            b.code = EXIT_FAILED;
            break;
        }
    }
    if (ferror(in)) {
        fprintf(stderr, "guidepost ask: standard input: %s\n", strerror(errno));
        b.code = EXIT_FAILED;
    }
    buf_release(&line);
    buf_release(&b.out);
    sessions_free(b.sessions);
    return b.code;
}
