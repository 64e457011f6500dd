/* smallword.c: in which lists of small words is this one?
 *
 * A question asks for each of its words whether it is a stop word of its language, whether it is one of another (foreign.c),
 * and whether it is hardly ever the point. stopword.c and lightword.c have the lists, one below the other as people read
 * them. Here all of them are one table, in which a word is found at once: its first sixteen bytes as two numbers, at the place that
 * a hash of them says or soon behind it. It is made when the first word is asked for, and never changes. */
#include "kb/kb_int.h"

#include <pthread.h>
#include <string.h>

#define PLACES 2048 /* three times as many as there are words; a test counts them */

struct small {
    uint64_t word[2]; /* zeroes: the place is free */
    uint8_t lists;
};

static struct small table[PLACES];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

/* The word's entry, or the free place that it would have. */
static struct small *place_of(const uint64_t word[2])
{
    uint64_t h = (word[0] ^ word[1] * 0xc2b2ae3d27d4eb4fu) * 0x9e3779b97f4a7c15u;
    struct small *e = &table[h >> 32 & (PLACES - 1)];
    while (e->word[0] && (e->word[0] != word[0] || e->word[1] != word[1]))
        e = e == &table[PLACES - 1] ? table : e + 1;
    return e;
}

static struct small *find(const char *word, size_t len)
{
    char padded[sizeof table->word] = "";
    uint64_t key[2];
    for (size_t i = 0; i < len; i++)
        padded[i] = word[i];
    memcpy(key, padded, sizeof key);
    return place_of(key);
}

static void add(const char *word, unsigned list)
{
    struct small *e = find(word, strlen(word));
    if (!e->lists)
        memcpy(e->word, word, strlen(word));
    e->lists = (uint8_t)(e->lists | list);
}

static void make_table(void)
{
    static const char *const lang[] = {"en", "de", "es", "fr"};
    size_t n;
    for (size_t i = 0; i < sizeof lang / sizeof *lang; i++) {
        const char(*word)[STOPWORD_SIZE] = stopword_list(lang[i], &n);
        while (n)
            add(word[--n], smallword_lang(lang[i]));
    }
    const char *const *word = lightword_list(&n);
    while (n)
        add(word[--n], SMALLWORD_LIGHT);
}

unsigned smallword_lang(const char *lang)
{
    static const char code[][3] = {"en", "de", "es", "fr"};
    for (unsigned i = 0; i < sizeof code / sizeof *code; i++)
        if (lang[0] == code[i][0] && lang[1] == code[i][1] && !lang[2])
            return 1u << i;
    return 0;
}

unsigned smallword(const char *word, size_t len)
{
    if (!len || !*word || len >= sizeof table->word)
        return 0;
    pthread_once(&table_once, make_table);
    return find(word, len)->lists;
}
