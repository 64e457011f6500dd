/* more.h: "more", "go on", "what else?": the same question again, without what was said already. */
#ifndef BOT_MORE_H
#define BOT_MORE_H

#include <stdbool.h>
#include <stddef.h>

bool more_wanted(const char *text, size_t len);

#endif
