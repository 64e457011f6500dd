/* erased.h: what somebody erases is forgotten in memory, too, at once: context of the next question, open tabs. By the page of a visitor
 * or of the staff that is this process's own doing; guidepost erase is another process, and says so with a signal. */
#ifndef BOT_ERASED_H
#define BOT_ERASED_H

#include <signal.h>

struct bot;

/* A program that does not know it, such as an older server, is not disturbed by it. */
#define ERASED_SIGNAL SIGURG

/* Forget that conversation of that adapter ("web"); loop thread, like all here. */
void erased_forget(struct bot *bot, const char *adapter, const char *conversation);
/* Look what was erased since the last look, and forget that. */
void erased_look(struct bot *bot);

#endif
