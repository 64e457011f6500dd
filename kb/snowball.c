/* snowball.c: English at once, other languages out of the library.
 *
 * Snowball's rules are tables of pointers, 330 KB for all languages and encodings, which the loader has to make fit where
 * the program lies: a tenth of the time in which a question is answered from an empty terminal. So the program has those of
 * English inside (cmake/late.cmake), and whoever meets another language opens the library. Tests are linked with all of it,
 * and do the same. */
#include "kb/snowball.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct snowball inside = {sb_stemmer_new, sb_stemmer_delete, sb_stemmer_stem,
                                       sb_stemmer_length};
static struct snowball library;
static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static bool find(void *from, const char *name, void *ret_function, size_t size)
{
    void *at = from ? dlsym(from, name) : NULL;
    memcpy(ret_function, &at, size); /* POSIX: a function's address is one of data */
    return at != NULL;
}

static void load(void)
{
    void *from = dlopen(LIBRARY_STEMMER, RTLD_LAZY | RTLD_LOCAL); /* never closed */
    struct snowball s;
    bool whole = find(from, "sb_stemmer_new", &s.begin, sizeof s.begin) &&
                 find(from, "sb_stemmer_delete", &s.end, sizeof s.end) &&
                 find(from, "sb_stemmer_stem", &s.stem, sizeof s.stem) &&
                 find(from, "sb_stemmer_length", &s.length, sizeof s.length);
    if (whole)
        library = s;
}

const struct snowball *snowball_of(const char *lang)
{
    if (!strcmp(lang, "en"))
        return &inside;
    pthread_once(&library_once, load);
    return library.begin ? &library : NULL;
}
