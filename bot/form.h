/* form.h: what a browser's form, or a webhook that speaks like one, sends: application/x-www-form-urlencoded. */
#ifndef BOT_FORM_H
#define BOT_FORM_H

#include <stddef.h>

struct pool;

/* The decoded value of the first field of that name, in `pool`; terminated, and NULL when there is none. */
char *form_field(struct pool *pool, const char *body, size_t len, const char *name,
                 size_t *ret_len);

#endif
