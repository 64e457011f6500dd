/* maker.h: something that takes long to make and that many want to read: made again on a thread of its own when somebody asks for
 * it, handed out as it was last made, and freed when nobody holds it any more.
 *
 * After it has made one the thread rests ten times as long as that took, so it never has more than a tenth of a processor. There is no
 * thread before the first maker_take(). */
#ifndef BOT_MAKER_H
#define BOT_MAKER_H

#include <stdbool.h>

struct maker;

struct maker_calls {
    void *ctx;
    void *(*make)(
        void *
            ctx); /* on the thread. NULL: what was made last is as good, or there is none to be had */
    void (*release)(void *made); /* any thread */
    void (*end)(
        void *
            ctx); /* when the thread has ended, or never began; before maker_free() returns. Or NULL */
};
struct maker *maker_new(const struct maker_calls *calls);
/* Nothing may be held any more. NULL is fine. False: it is still making something that takes long, and the program ends: then it, and
 * what `ctx` leads to, is left to that. */
bool maker_free(struct maker *m);

/* Any thread. What was made last, or NULL while there is none; and a new one is begun. To be given back, NULL too. */
const void *maker_take(struct maker *m);
void maker_give_back(struct maker *m, const void *made);

#endif
