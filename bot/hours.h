/* hours.h: when people are there to take over a chat, as staff.hours and staff.holidays say it. By the wall clock and the time
 * zone of this machine (TZ). */
#ifndef BOT_HOURS_H
#define BOT_HOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "bot/config.h"

extern const struct setting hours_settings[];

/* Is somebody there at that moment (Unix seconds)? Always, where no hours are set. If not, *ret_next, unless NULL, is when
 * somebody will be: Unix seconds, 0 when not within a year. */
bool hours_are(const struct config *c, int64_t now, int64_t *ret_next);

/* What is wrong with one of a setting's texts, or NULL. */
const char *hours_check_times(const char *text);
const char *hours_check_days(const char *text);

#endif
