/* wire.h: the program and a fake Slack, introduced to each other. */
#ifndef FAKE_WIRE_H
#define FAKE_WIRE_H

#include "tests/fake/slack.h"
#include "tests/wire/harness/wire.h"

struct slack_wire {
    struct fake_slack *fake;
    struct wire *w;
    char folder[64]; /* its secrets: "signing" "bot" "app" */
};

/* The program knows its name when this returns. `more`: further settings below slack:, a line each without indentation,
 * or NULL. With `socket` through Socket Mode, and the socket is open. */
struct slack_wire slack_wire_start(const char *more, bool socket);
/* The same with a clock of its own (wire_wind()), by which the fake lives, too. */
struct slack_wire slack_wire_start_wound(const char *more, bool socket);
/* That, and nobody waits until it is connected. */
struct slack_wire slack_wire_begin_wound(const char *more, bool socket);
/* SIGTERM; nobody may have complained. */
void slack_wire_stop(struct slack_wire *s);
/* kill -9, or what `signum` says, and start it again. */
void slack_wire_restart(struct slack_wire *s, int signum);
void slack_wire_secret(struct slack_wire *s, const char *name, const char *value);
bool slack_wire_wait_said(struct slack_wire *s, const char *text, int timeout_ms);

/* Deliver an event over HTTP; frees it. The status. */
int slack_wire_send(struct slack_wire *s, char *event);
/* One mention of WIRE_QUESTION with ids made of `n`. */
int slack_wire_ask(struct slack_wire *s, int n);
/* Exactly `n` messages are visible, and no more come; else the test fails with what there was to say. */
void slack_wire_expect(struct slack_wire *s, size_t n);

#endif
