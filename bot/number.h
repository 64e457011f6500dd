/* number.h: whole numbers as outsiders write them: decimal digits and nothing else, no sign, no blank. */
#ifndef BOT_NUMBER_H
#define BOT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* All of `s` (NULL is none) as a number from 0 to `max`; false for anything else, and *ret is untouched. */
static inline bool number_read(const char *s, int64_t max, int64_t *ret)
{
    int64_t n = 0;
    if (!s || !*s)
        return false;
    for (; *s; s++) {
        int digit = *s - '0';
        if (digit < 0 || digit > 9 || n > (INT64_MAX - digit) / 10)
            return false;
        n = 10 * n + digit;
        if (n > max)
            return false;
    }
    *ret = n;
    return true;
}

#endif
