/* homeserver.h: a homeserver of our own for tests: as much of the client-server API as the adapter calls, on a port of 127.0.0.1, with
 * transaction ids as the real one treats them and with ways to fail that the real one does not show on demand. What a real one
 * does is shown by tests/matrix/.
 *
 * Thread-safe; one thread serves one request after another. Trouble on its own side ends the test program. */
#ifndef FAKE_HOMESERVER_H
#define FAKE_HOMESERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/wire/harness/wire.h"

#define HS_AS_TOKEN "as-0123456789abcdef"
#define HS_HS_TOKEN "hs-0123456789abcdef"
#define HS_USER     "@qabot:hs.test"

struct fake_hs;

struct fake_hs *fake_hs_start(void);
void fake_hs_stop(struct fake_hs *h);
int fake_hs_port(const struct fake_hs *h);

/* Messages that are in rooms: one for each transaction id, however often it came. Strings live as long as the fake. */
size_t fake_hs_sent(struct fake_hs *h);
const char *fake_hs_body(struct fake_hs *h, size_t i); /* the content, as it was sent */
/* Waits until there are `n`, and then whether one more comes. */
bool fake_hs_wait(struct fake_hs *h, size_t n, int timeout_ms);
/* How often an address with `part` in it was called, and when the i-th time. */
size_t fake_hs_calls(struct fake_hs *h, const char *part);
uint64_t fake_hs_called_ms(struct fake_hs *h, const char *part, size_t i);
bool fake_hs_wait_calls(struct fake_hs *h, const char *part, size_t n, int timeout_ms);
/* The next `times` calls of an address with `part` in it are answered like that: a status and a body ("": what it would have said;
 * with Retry-After for a 429), or not at all. `done` says whether the message is in the room all the same. */
enum { HS_HANGS_UP = 0, HS_HANGS = -1 /* in silence */, HS_BREAKS = -2 /* off in the middle */ };
void fake_hs_fail(struct fake_hs *h, const char *part, int status, const char *body, bool done,
                  int times);
void fake_hs_heal(struct fake_hs *h); /* all of that is over */
void fake_hs_retry_after(struct fake_hs *h, int seconds);
/* How many are in every room. */
void fake_hs_members(struct fake_hs *h, int n);

/* ---- the program and it, introduced to each other ---- */

struct hs_wire {
    struct fake_hs *hs;
    struct wire *w;
    char folder[64];
    unsigned n; /* of event ids */
};
/* As an application service; the program knows its name when this returns. `more`: settings below matrix:, indented lines. */
struct hs_wire hs_wire_start(const char *more);
/* In two steps, for what happens before; with `clock` there is wire_wind(), and fake_hs_called_ms() is by that clock. */
struct hs_wire hs_wire_start_on(struct fake_hs *hs, const char *more, bool clock);
void hs_wire_connected(struct hs_wire *s);
void hs_wire_stop(struct hs_wire *s);
/* PUT a transaction of these events; the status. */
int hs_wire_push(struct hs_wire *s, const char *token, const char *txn, const char *events);
/* A message of @alice:hs.test in !r:hs.test, as JSON; static storage, four at a time. `more` as ",\"m.mentions\":{}". */
const char *hs_wire_message(struct hs_wire *s, const char *id, const char *text, const char *more);

#endif
