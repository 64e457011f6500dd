/* slack.h: a Slack of our own for tests: its Web API and its Socket Mode on a port of 127.0.0.1, with a memory, with the limits
 * that the real one documents, and with every way to fail that the real one has. tests/slack/ shows that the official
 * client libraries take it for the real one.
 *
 * Thread-safe; a thread accepts, one more serves each connection. Trouble on its own side ends the test program. */
#ifndef FAKE_SLACK_H
#define FAKE_SLACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_TOKEN     "xoxb-1-test"
#define FAKE_APP_TOKEN "xapp-1-test"
#define FAKE_SECRET    "8f742231b10e8888abcd99yyyzzz85a5"
#define FAKE_TEAM      "T1"
#define FAKE_BOT_USER  "UBOT"
#define FAKE_BOT       "BBOT"

struct fake_slack;

/* Its clock, and that by which deliveries are signed, are ahead by so much from now on: the program's wire.clock. NULL: not. */
void fake_slack_keep_time_with(const int64_t *ahead_ns);

struct fake_slack *fake_slack_start(int port); /* 0: any free one */
void fake_slack_stop(struct fake_slack *f);
int fake_slack_port(const struct fake_slack *f);

/* What is visible: messages in channels, ephemeral ones, responses, homes. Text is what a person would read: blocks if
 * there are, else text. Strings belong to the fake and live as long. */
struct fake_post {
    const char *method; /* "chat.postMessage" "chat.postEphemeral" "respond" "views.publish" */
    const char *channel, *thread, *user, *ts;
    const char *text, *notice;
    const char *body; /* the whole request */
    int updates;
    uint64_t at_ms;
};
size_t fake_slack_posts(struct fake_slack *f); /* how many there are */
struct fake_post fake_slack_post(struct fake_slack *f, size_t i);
/* Waits until there are `n`; false when they are not within the time. Then waits `settle_ms` for one too many. */
bool fake_slack_wait(struct fake_slack *f, size_t n, int timeout_ms, int settle_ms);
/* How often a method was called, however it ended. */
size_t fake_slack_calls(struct fake_slack *f, const char *method);
bool fake_slack_wait_calls(struct fake_slack *f, const char *method, size_t n, int timeout_ms);
/* The body of the last call. */
const char *fake_slack_last(struct fake_slack *f, const char *method);
/* When the i-th call of it came, milliseconds. */
uint64_t fake_slack_called_ms(struct fake_slack *f, const char *method, size_t i);
/* A complaint of the mock about what it was sent (a limit, a shape), or NULL. */
const char *fake_slack_complaint(struct fake_slack *f);

/* The next `times` calls of a method go wrong. `how`:
 *     "error=NAME"            {"ok":false,"error":"NAME"}
 *     "429=SECONDS"           with Retry-After;  "429body=SECONDS"  with the time in the body only
 *     "status=CODE"           with a page of HTML
 *     "html"                  200, and a page of HTML
 *     "drop"                  hung up before anything is done
 *     "swallow"               done, and then hung up without an answer
 *     "half"                  done, and half of the answer
 *     "slow=MS"               done, after a while
 *     "noscopes"              done; the token may do little
 *     "hang"                  never answered, nothing done */
void fake_slack_fail(struct fake_slack *f, const char *method, const char *how, int times);
void fake_slack_heal(struct fake_slack *f);                 /* nothing goes wrong any more */
void fake_slack_set_clock(struct fake_slack *f, int off_s); /* what its Date says */
void fake_slack_set_token(struct fake_slack *f, const char *token); /* another one is good now */

/* ---- Socket Mode ---- */

size_t fake_slack_sockets(struct fake_slack *f); /* open now */
bool fake_slack_wait_sockets(struct fake_slack *f, size_t n, int timeout_ms);
size_t fake_slack_sockets_ever(struct fake_slack *f);
/* To the socket opened last; false when there is none. */
bool fake_slack_emit(struct fake_slack *f, const char *json);
/* How many envelopes were acknowledged; the last acknowledgement of an envelope, or NULL. */
size_t fake_slack_acks(struct fake_slack *f);
bool fake_slack_wait_acks(struct fake_slack *f, size_t n, int timeout_ms);
const char *fake_slack_ack(struct fake_slack *f, const char *envelope);
void fake_slack_mute(struct fake_slack *f, bool mute); /* no pongs, no hello */
void fake_slack_hang_up(struct fake_slack *f);         /* close all sockets without a word */

/* ---- being Slack towards the program ---- */

/* "v0=..." of a body at a time. `ret` has room for 68 bytes. */
void fake_slack_sign(const char *secret, long long at_s, const char *body, size_t len, char *ret);
/* POST it to /slack/events of the program, signed now. The status, 0: no answer. *ret_body (may be NULL) is the
 * caller's. `headers`: more lines, or NULL. */
int fake_slack_send(int port, const char *type, const char *body, const char *headers,
                    char **ret_body);
/* An event in its envelope; event_id "Ev<n>". The caller's. */
char *fake_slack_envelope(const char *event_id, const char *event);
/* A mention by `user` in channel C1, at `ts`; more members as `"thread_ts":"..."`, or "". */
char *fake_slack_mention(const char *event_id, const char *user, const char *ts, const char *text,
                         const char *more);
char *fake_slack_direct(const char *event_id, const char *user, const char *ts, const char *text);

#endif
