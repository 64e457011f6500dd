/* library.c: see library.h. */
#include "bot/library.h"

#include <dlfcn.h>

#include "bot/log.h"

bool library_load(const char *name)
{
    if (dlopen(name, RTLD_LAZY | RTLD_GLOBAL)) /* never closed: its functions are bound */
        return true;
    log_error("start", "a library cannot be loaded; install its package", "reason=\"%s\"",
              dlerror());
    return false;
}
