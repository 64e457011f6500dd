/* adapter.c: what the open() of several adapters needs. */
#include "bot/adapter.h"

#include <errno.h>
#include <string.h>

#include "bot/must.h"
#include "bot/secret.h"

int adapter_secret(struct adapter *a, const char *setting, struct secret *ret)
{
    const char *path = config_text(bot_config(a->bot), setting), *why;
    char quoted[512];
    int err = secret_read(path, ret, &why);
    if (!err || err == -ENOENT)
        return 0;
    log_error(a->type->name, "a secret cannot be used", "setting=%s path=%s reason=\"%s\"", setting,
              log_quote(quoted, sizeof quoted, path), why);
    return -EINVAL;
}

char *adapter_base(struct adapter *a, const char *setting)
{
    char *s = must(strdup(config_text(bot_config(a->bot), setting)));
    for (size_t n = strlen(s); n && s[n - 1] == '/';)
        s[--n] = '\0';
    return s;
}
