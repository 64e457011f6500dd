/* secret.h: keys and tokens. Settings name the file, never the value; nobody but the owner and the group may read
 * it; memory is wiped behind them. A file holds one value or two, a line each: the current one, and while it is being
 * replaced the one before, so that neither side has to change at the same moment as the other. */
#ifndef BOT_SECRET_H
#define BOT_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_MAX_VALUES 2
#define SECRET_MAX_BYTES  1024 /* of one value */

struct secret {
    char *value[SECRET_MAX_VALUES]; /* terminated, printable ASCII, at least one byte each */
    size_t n;                       /* 0: there is none */
};

/* Read the file at `path`. 0; -ENOENT when the path is "" or nothing is there, which is how an adapter is off;
 * -EPERM when everybody may read it, -EINVAL when no value is in it, or another -errno. On a failure
 * *ret_why is a sentence with a remedy (static text), and *ret is empty. */
int secret_read(const char *path, struct secret *ret, const char **ret_why);
void secret_release(struct secret *s); /* empty is fine */

/* A file of many: in each line a name, blanks, and a value; empty lines and those that begin with '#' do not count. fn gets
 * each, terminated, good inside the call; what is not 0 ends it and is returned. Otherwise as secret_read(). */
typedef int secret_line_fn(void *ctx, const char *name, const char *value);
int secret_read_lines(const char *path, secret_line_fn *fn, void *ctx, const char **ret_why);

/* True when s[0..len) is one of the values; takes the same time wherever they differ. */
bool secret_is(const struct secret *secret, const char *s, size_t len);

#endif
