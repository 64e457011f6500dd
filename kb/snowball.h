/* snowball.h: Snowball's rules for a language, loaded when they are needed: see snowball.c. */
#ifndef KB_SNOWBALL_H
#define KB_SNOWBALL_H

#include <libstemmer.h>

/* Its functions, as <libstemmer.h> has them. */
struct snowball {
    struct sb_stemmer *(*begin)(const char *algorithm, const char *encoding);
    void (*end)(struct sb_stemmer *stemmer);
    const sb_symbol *(*stem)(struct sb_stemmer *stemmer, const sb_symbol *word, int size);
    int (*length)(struct sb_stemmer *stemmer);
};

/* Those that know the language ("de"), if any do. NULL: there is no library of that kind on this machine. Any thread. */
const struct snowball *snowball_of(const char *lang);

#endif
