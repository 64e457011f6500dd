/* pick.h: "2", "the second one", "number two please", "the pay one": which of the things that were offered? */
#ifndef BOT_PICK_H
#define BOT_PICK_H

#include <stddef.h>

/* The number that is all of `text` ("2", "2.", "#2"), 0 when it is something else. */
size_t pick_number(const char *text);

/* Which of `offer` is meant, from 1; 0: none of them. The first `nchoice` were "did you mean", of which a few words
 * are enough; the rest were suggestions, and there is less reason to think that one of them is meant. */
size_t pick(const char *text, const char *const *offer, size_t n, size_t nchoice);

#endif
