/* doctor.h: guidepost doctor: what is wrong with the connections to other networks, in plain words and with what to do
 * about it. An adapter looks at its own; here is what it looks with. */
#ifndef BOT_DOCTOR_H
#define BOT_DOCTOR_H

#include <stddef.h>

struct config;
struct doctor;
struct http_request;
struct http_response;

const struct config *doctor_config(const struct doctor *d);
/* A line of the report. `step`: what to do about it, or NULL. */
void doctor_fine(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void doctor_wrong(struct doctor *d, const char *step, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Not wrong, but worth knowing. */
void doctor_remark(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One request, waited for; fn gets the outcome before it returns. */
void doctor_ask(struct doctor *d, const struct http_request *rq,
                void (*fn)(void *ctx, const struct http_response *res), void *ctx);

#endif
