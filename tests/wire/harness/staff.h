/* staff.h: people of the staff, as their browsers ask: accounts, logins, requests under /staff/api/. */
#ifndef TESTS_WIRE_HARNESS_STAFF_H
#define TESTS_WIRE_HARNESS_STAFF_H

#include "tests/wire/harness/client.h"
#include "tests/wire/harness/wire.h"

struct cJSON;

#define STAFF_PASSWORD "correct horse"

struct person {
    char cookie[128], csrf[64];
};

/* `guidepost user WHAT`, "add" "role" "remove"; role NULL: none. */
void staff_user(const struct wire *w, const char *what, const char *role, const char *name);
/* The status; 200: *ret may come in. */
int staff_try_login(const struct wire *w, const char *name, const char *password,
                    struct person *ret);
/* The same with the code of a second factor. */
int staff_try_code(const struct wire *w, const char *name, const char *password, const char *code,
                   struct person *ret);
/* What an authenticator app shows for that secret in base32, `steps` half minutes from now (RFC 6238); written a second time, by
 * other means than the program's. */
void staff_code(const char *secret, int steps, char ret[7]);
struct person staff_login(const struct wire *w, const char *name);
/* The settings of that program, for its commands. Good until the next call. */
const char *staff_config(const struct wire *w);

/* Headers as our own page would send them: origin, type, and what belongs to `p` (NULL: nothing). Good until the next call. */
const char *staff_page(const struct wire *w, const struct person *p);
/* From now on pages are at this address, as a proxy says it: for a program with web.proxies [127.0.0.1], since a network that fails
 * to log in waits. NULL: here. */
void staff_from(const char *address);
/* The status; with `a`, the whole reply: answer_release(). */
int staff_call(const struct wire *w, const char *method, const char *path, const char *headers,
               const char *body, struct answer *a);
/* "queue?what=none" and "act" as that person: what came back, with status 200; freed by cJSON_Delete(). */
struct cJSON *staff_get(const struct wire *w, const struct person *p, const char *name);
int staff_post(const struct wire *w, const struct person *p, const char *name, const char *body);
struct cJSON *staff_ask(const struct wire *w, const struct person *p, const char *name,
                        const char *body);
int staff_act(const struct wire *w, const struct person *p, int id, const char *what,
              const char *text);

/* A visitor asks something that nothing is known about; the ticket's number. */
int staff_unanswered(const struct wire *w, const char *question);

/* A WebSocket of guidepost-staff.v1 that has said hello and heard ready. */
struct client *staff_socket(const struct wire *w, const struct person *p);
/* Only the handshake, with that Origin (NULL: none) and that cookie (NULL: none); the status. */
int staff_socket_try(const struct wire *w, const struct person *p, const char *origin,
                     struct client **ret);

/* Has the audit, as guidepost audit export prints it, a row with this? Its chain has to be whole. */
bool staff_audited(const struct wire *w, const char *part);
/* Is this in state.db or beside it, byte for byte? */
bool staff_on_disk(const struct wire *w, const char *bytes);

#endif
