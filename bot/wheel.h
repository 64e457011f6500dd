/* wheel.h: deadlines by the second, for very many things at once. Setting and cancelling cost the same with ten
 * and with ten thousand of them. No clock of its own: the owner says what time it is. */
#ifndef BOT_WHEEL_H
#define BOT_WHEEL_H

#include <stdint.h>

#include "bot/link.h"

#define WHEEL_SLOTS 128

struct wheel_item {
    struct link link;
    uint64_t due_s;
};

struct wheel {
    struct link slot[WHEEL_SLOTS];
    uint64_t now_s;
};

void wheel_init(struct wheel *w, uint64_t now_s);
void wheel_item_init(struct wheel_item *it);

/* Due at that second, or with the next turn when it has passed. Replaces an earlier deadline. */
void wheel_set(struct wheel *w, struct wheel_item *it, uint64_t due_s);
void wheel_cancel(struct wheel_item *it);

/* Calls fn for what has become due, which may set, cancel and free any item. */
void wheel_turn(struct wheel *w, uint64_t now_s, void (*fn)(void *ctx, struct wheel_item *it),
                void *ctx);

#endif
