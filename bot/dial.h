/* dial.h: WebSockets that we open, to networks that would rather be called than call. A thread of its own: names are
 * looked up and TLS is shaken hands over without the loop noticing. What happens is told on the loop. */
#ifndef BOT_DIAL_H
#define BOT_DIAL_H

#include <stddef.h>
#include <stdint.h>

struct dial;
struct loop;

enum dial_event {
    DIAL_OPEN,
    DIAL_TEXT,  /* one whole message */
    DIAL_CLOSED /* or never opened: `s` says why; nothing follows */
};
typedef void dial_fn(void *ctx, uint64_t line, enum dial_event ev, const char *s, size_t len);

int dial_start(struct loop *l, struct dial **ret);
/* Loop thread, after loop_run() returned or before: lines end without a word. NULL is fine. */
void dial_stop(struct dial *d);

/* Open ws://... or wss://...; DIAL_CLOSED follows sooner or later. The line, or 0 when that is no such address. */
uint64_t dial_open(struct dial *d, const char *url, dial_fn *fn, void *ctx);
/* In order; dropped when the line is gone. */
void dial_send(struct dial *d, uint64_t line, const char *text, size_t len);
void dial_close(struct dial *d, uint64_t line);

#endif
