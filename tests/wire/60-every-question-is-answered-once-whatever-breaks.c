/* F1, and the rules of delivery as a property: chats that ask while connections are cut and the program is killed, at random.
 * What a client has seen once it must see again, byte for byte, whoever died in between; in the end every question stands
 * in its transcript once, in the order of asking, with one answer.
 *
 * The clients are the model: an outbox that is emptied by acknowledgements, a number of the last event. They cheat in one
 * way: they compare. Seed and counts are printed; DELIVERY_SEED repeats a run, DELIVERY_SCALE (percent, default 100)
 * makes it shorter or longer. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "tests/sql.h"
#include "tests/wire/harness/wire.h"

#define NCHATS       10
#define MAX_QUESTION 1000 /* per chat */
#define MAX_EVENT    2500

struct chat {
    struct client *c;    /* NULL: not connected */
    bool ready, dropped; /* dropped: we have hung up on it, the next hello resumes */
    char token[64], epoch[32];
    int asked, acked;         /* questions n: cid "q<n>"; acked: all before this one */
    bool sent[MAX_QUESTION];  /* on this connection */
    int seq_of[MAX_QUESTION]; /* as acknowledged; 0: not yet */
    char *event[MAX_EVENT];   /* by number, as first seen */
    int last;
    int questions_seen, answers_seen;
};

static struct {
    unsigned long questions, cuts, kills, acks, dups, replayed, syncs;
} tally;

static uint64_t state_of_chance;

static unsigned chance(unsigned n)
{
    state_of_chance ^= state_of_chance << 13;
    state_of_chance ^= state_of_chance >> 7;
    state_of_chance ^= state_of_chance << 17;
    return (unsigned)((state_of_chance >> 11) % n);
}

static struct wire *w;
static struct chat chats[NCHATS];

static const char *text_of(const cJSON *j, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, name));
    return s ? s : "";
}

static int number_of(const cJSON *j, const char *name)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(j, name);
    return cJSON_IsNumber(n) ? n->valueint : 0;
}

static int question_of(const cJSON *j)
{
    const char *cid = text_of(j, "cid");
    return *cid == 'q' ? atoi(cid + 1) : -1;
}

/* ---- what a chat hears ---- */

static void forget_connection(struct chat *k)
{
    client_close(k->c);
    k->c = NULL;
    k->ready = false;
    memset(k->sent, 0, sizeof k->sent);
}

static void cut(struct chat *k)
{
    if (!k->c)
        return;
    forget_connection(k);
    tally.cuts++;
}

static void on_question(struct chat *k, const cJSON *j, int seq)
{
    int q = question_of(j);
    if (q != k->questions_seen)
        fail_msg("question %d stands where %d is due", q, k->questions_seen);
    k->questions_seen++;
    if (k->seq_of[q] && k->seq_of[q] != seq)
        fail_msg("question %d was acknowledged as %d and is %d", q, k->seq_of[q], seq);
    k->seq_of[q] = seq;
}

static void on_answer(struct chat *k, const cJSON *j)
{
    int q = question_of(j);
    if (q != k->answers_seen)
        fail_msg("an answer to %d where one to %d is due", q, k->answers_seen);
    k->answers_seen++;
    assert_int_equal(number_of(j, "re"), k->seq_of[q]);
    assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(j, "segments")) > 0);
}

static void on_event(struct chat *k, const cJSON *j, const char *s)
{
    int seq = number_of(j, "seq");
    assert_in_range(seq, 1, MAX_EVENT - 1);
    if (seq > k->last + 1)
        fail_msg("event %d after %d: a gap", seq, k->last);
    if (seq <= k->last) {
        if (strcmp(k->event[seq], s))
            fail_msg("event %d was\n%s\nand is\n%s", seq, k->event[seq], s);
        tally.replayed++;
        return;
    }
    k->last = seq;
    k->event[seq] = strdup(s);
    if (!strcmp(text_of(j, "t"), "msg"))
        on_question(k, j, seq);
    else if (!strcmp(text_of(j, "t"), "answer"))
        on_answer(k, j);
    else
        fail_msg("%s is no event of ours", s);
}

static void on_ack(struct chat *k, const cJSON *j)
{
    int q = question_of(j), seq = number_of(j, "seq");
    assert_in_range(q, 0, k->asked - 1);
    if (k->seq_of[q] && k->seq_of[q] != seq)
        fail_msg("question %d is event %d and acknowledged as %d", q, k->seq_of[q], seq);
    k->seq_of[q] = seq;
    tally.acks++;
    tally.dups += cJSON_IsTrue(cJSON_GetObjectItem(j, "dup")) ? 1 : 0;
}

static void on_ready(struct chat *k, const cJSON *j)
{
    if (*k->token)
        assert_string_equal(text_of(j, "tok"), k->token);
    if (*k->epoch)
        assert_string_equal(text_of(j, "epoch"), k->epoch);
    assert_true(number_of(j, "head") >= k->last);
    snprintf(k->token, sizeof k->token, "%s", text_of(j, "tok"));
    snprintf(k->epoch, sizeof k->epoch, "%s", text_of(j, "epoch"));
    k->ready = true;
}

static void on_error(struct chat *k, const cJSON *j, const char *s)
{
    if (!cJSON_IsTrue(cJSON_GetObjectItem(j, "retry")))
        fail_msg("refused for good: %s", s);
    memset(k->sent, 0, sizeof k->sent); /* once more, later */
}

/* Takes in what comes within the time; false when nothing did. */
static bool hear(struct chat *k, int timeout_ms)
{
    struct message m;
    if (!k->c)
        return false;
    client_message(k->c, timeout_ms, false, &m);
    if (m.opcode == WS_TEXT) {
        cJSON *j = cJSON_Parse(m.s);
        const char *t = text_of(j, "t");
        if (number_of(j, "seq") && strcmp(t, "ack"))
            on_event(k, j, m.s);
        else if (!strcmp(t, "ack"))
            on_ack(k, j);
        else if (!strcmp(t, "ready"))
            on_ready(k, j);
        else if (!strcmp(t, "error"))
            on_error(k, j, m.s);
        else
            fail_msg("%s was not expected", m.s);
        cJSON_Delete(j);
    } else if (m.opcode == -2 || m.opcode == WS_CLOSE) {
        forget_connection(k);
    }
    bool any = m.opcode == WS_TEXT;
    message_release(&m);
    return any;
}

/* ---- what a chat does ---- */

static void say_hello(struct chat *k)
{
    char s[256];
    k->c = client_ws(w->port, "/v1/ws");
    if (*k->token)
        snprintf(s, sizeof s,
                 "{\"t\":\"hello\",\"v\":1,\"tok\":\"%s\",\"epoch\":\"%s\",\"last\":%d}", k->token,
                 k->epoch, k->last);
    else
        snprintf(s, sizeof s, "{\"t\":\"hello\",\"v\":1}");
    client_text(k->c, s);
}

static void send_question(struct chat *k, int q)
{
    char s[256];
    snprintf(s, sizeof s, "{\"t\":\"ask\",\"cid\":\"q%d\",\"text\":\"%s\"}", q, WIRE_QUESTION);
    k->sent[q] = true;
    client_text(k->c, s);
}

/* What is not acknowledged goes out again, in order. */
static void flush(struct chat *k)
{
    while (k->acked < k->asked && k->seq_of[k->acked])
        k->acked++;
    for (int q = k->acked; q < k->asked && k->c; q++)
        if (!k->seq_of[q] && !k->sent[q])
            send_question(k, q);
}

static void be_ready(struct chat *k)
{
    while (!k->ready) {
        if (!k->c)
            say_hello(k);
        hear(k, 10000);
    }
    flush(k);
}

/* One thing that a browser, a network or a bad moment does. */
static void step(struct chat *k)
{
    switch (chance(12)) {
    case 0: /* cut before anything could be processed, or just after */
        if (k->c && k->asked < MAX_QUESTION) {
            if (k->ready) {
                flush(k);
                send_question(k, k->asked++);
                tally.questions++;
            }
            if (chance(2))
                usleep(chance(4000));
            cut(k);
        }
        break;
    case 1: cut(k); break;
    case 2: /* cut in the middle of what is sent again */
        if (!k->c)
            say_hello(k);
        for (unsigned n = chance(3); n; n--)
            hear(k, 50);
        cut(k);
        break;
    case 3: /* it pretends to have missed something */
        if (k->ready && k->last) {
            char s[64];
            snprintf(s, sizeof s, "{\"t\":\"sync\",\"after\":%u}", chance((unsigned)k->last));
            client_text(k->c, s);
            tally.syncs++;
            for (int n = chance(4) ? 4 : 80; n && hear(k, 50);
                 n--) /* behind all that is on its way */
                ;
        }
        break;
    case 4: /* it sends what was taken already */
        if (k->ready && k->acked)
            send_question(k, (int)chance((unsigned)k->acked));
        break;
    case 5:
    case 6:
    case 7:
        be_ready(k);
        for (unsigned n = 1 + chance(3); n && k->asked < MAX_QUESTION && k->c; n--) {
            send_question(k, k->asked++);
            tally.questions++;
        }
        break;
    default:
        for (unsigned n = chance(8); n && hear(k, 20); n--)
            ;
    }
}

/* Under load: several have just asked, nobody has listened. */
static void kill_the_program(void)
{
    for (int i = 0; i < NCHATS; i++)
        if (chance(2)) {
            be_ready(&chats[i]);
            if (chats[i].c && chats[i].asked < MAX_QUESTION) {
                send_question(&chats[i], chats[i].asked++);
                tally.questions++;
            }
        }
    usleep(chance(3) ? chance(6000) : 0);
    wire_restart(w, SIGKILL);
    tally.kills++;
    for (int i = 0; i < NCHATS; i++)
        if (chats[i].c)
            cut(&chats[i]);
}

static void settle(struct chat *k)
{
    uint64_t until = client_now_ms() + 60000;
    while (k->answers_seen < k->asked) {
        be_ready(k);
        if (!hear(k, 2000))
            cut(k);
        if (client_now_ms() > until) {
            wire_dump_log(w);
            fail_msg("of %d questions %d stand there and %d are answered", k->asked,
                     k->questions_seen, k->answers_seen);
        }
    }
}

/* Whoever comes back with an empty memory sees the same. */
static void read_again(struct chat *k)
{
    int last = k->last;
    cut(k);
    k->last = 0;
    char **event = calloc((size_t)last + 1, sizeof *event);
    memcpy(event, k->event, ((size_t)last + 1) * sizeof *event);
    k->questions_seen = k->answers_seen = 0;
    while (k->last < last) {
        if (!k->c)
            say_hello(k);
        assert_true(hear(k, 10000));
    }
    assert_false(hear(k, 50));
    for (int i = 1; i <= last; i++) {
        assert_string_equal(k->event[i], event[i]);
        free(event[i]);
    }
    free(event);
    assert_int_equal(k->questions_seen, k->asked);
    assert_int_equal(k->answers_seen, k->asked);
    assert_int_equal(k->last, 2 * k->asked);
}

static long long count_in_state(const char *sql)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data/state.db", w->folder);
    return sql_number(path, sql);
}

static unsigned long setting(const char *name, unsigned long fallback)
{
    const char *s = getenv(name);
    return s && *s ? strtoul(s, NULL, 10) : fallback;
}

static void nothing_is_lost_doubled_or_out_of_order(void **state)
{
    unsigned long scale = setting("DELIVERY_SCALE", 100);
    unsigned long questions = 2000 * scale / 100, cuts = 500 * scale / 100, kills = scale / 2;
    unsigned long seed = setting("DELIVERY_SEED", (unsigned long)time(NULL));
    state_of_chance = seed * 2654435761u + 88172645463325252u;
    printf("seed %lu, scale %lu %%\n", seed, scale);
    w = wire_start(NULL);
    unsigned long between = questions / (kills + 1), next = between;
    while (tally.questions < questions || tally.cuts < cuts || tally.kills < kills) {
        step(&chats[chance(NCHATS)]);
        if (tally.questions < next || tally.kills >= kills)
            continue;
        kill_the_program();
        next = tally.questions + between;
    }
    for (int i = 0; i < NCHATS; i++)
        settle(&chats[i]);
    for (int i = 0; i < NCHATS; i++) {
        read_again(&chats[i]);
        cut(&chats[i]);
        for (int n = 1; n <= chats[i].last; n++)
            free(chats[i].event[n]);
    }
    assert_int_equal(count_in_state("SELECT count(*) FROM inbox WHERE state = 0"), 0);
    assert_int_equal(count_in_state("SELECT count(*) FROM turns"), tally.questions);
    assert_int_equal(count_in_state("SELECT count(*) FROM events"), 2 * tally.questions);
    wire_stop(w);
    printf("questions %lu, connections cut %lu, program killed %lu; acknowledged %lu, of these "
           "again %lu;"
           " events seen again %lu, syncs %lu; lost 0, doubled 0, out of order 0\n",
           tally.questions, tally.cuts, tally.kills, tally.acks, tally.dups, tally.replayed,
           tally.syncs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_doubled_or_out_of_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
