/* place.h: a struct as a note, by a table: one line of JSON that is written with a question and read with its reply, perhaps by
 * another run of the program, or another version of it. What a note lacks is empty, what a table lacks is passed over. */
#ifndef BOT_PLACE_H
#define BOT_PLACE_H

#include <stdbool.h>
#include <stddef.h>

struct pool;

enum place_type {
    PLACE_TEXT,   /* const char *; at most `max` bytes, "" when absent */
    PLACE_NUMBER, /* int64_t, 0 to `max` */
    PLACE_KIND,   /* an enum, 0 to `max`; 0 when absent */
    PLACE_FLAG,   /* bool */
};

struct place_field {
    const char *name;
    enum place_type type;
    size_t at; /* offsetof(struct ..., member) */
    long long max;
};

/* `field` ends with a name of NULL. The note is in `pool`. */
const char *place_write(struct pool *pool, const struct place_field *field, const void *from);
/* False when `note` (may be NULL) is none; all fields of `to` are set anyway, their texts in `pool`. */
bool place_read(struct pool *pool, const struct place_field *field, const char *note, void *to);

#endif
