/* fuzz_form.c: a form's body, from anybody. The first line is the field that is looked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bot/form.h"
#include "kb/pool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *s = (const char *)data, *eol = size ? memchr(s, '\n', size) : NULL;
    if (!eol)
        return 0;
    struct pool *pool = pool_new();
    const char *name = pool_strndup(pool, s, (size_t)(eol - s));
    size_t body = size - (size_t)(eol + 1 - s), len = 0;
    const char *v = form_field(pool, eol + 1, body, name, &len);
    if (v && (len > body || v[len] != '\0'))
        abort();
    pool_free(pool);
    return 0;
}
