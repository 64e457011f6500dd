/* foreign.c: is a question asked in another language than the base is read in?
 *
 * Small words tell: "qué es un técnico" has three of Spanish and none of English. Nothing is translated for it. It keeps
 * foreign words from being mended into English ones ("que" is no slip for "qua"), and who is declined can be told which
 * language to ask in.
 *
 * Timid, because many small words are at home in two languages ("die", "was", "me"): only what is small in one of them counts,
 * there must be two of it at least, a quarter of all words, and more than the base's own language has. Letters by themselves
 * say nothing. Arabic is told by its letters. */
#include "kb/query_int.h"

#include <string.h>

#define LEAST 2 /* small words of the other language */
#define SHARE 4 /* they are one word in so many, at least */

/* Letters of U+0600 to U+06FF are two bytes, D8 to DB first. */
static bool is_arabic(const char *word)
{
    unsigned char c = (unsigned char)*word;
    return c >= 0xD8 && c <= 0xDB;
}

/* Words that are small in `lang` and not in `other`. */
static size_t count(const struct query_message *m, const char *lang, const char *other)
{
    unsigned in = smallword_lang(lang), out = smallword_lang(other);
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct query_word *w = &m->word[i];
        n += w->small & in && !(w->small & out) && w->text[1];
    }
    return n;
}

const char *query_foreign(const struct query_message *m)
{
    static const char *const langs[] = {"en", "de", "es", "fr"};
    const char *own = *m->lang ? m->lang : "en", *best = NULL;
    size_t most = 0, arabic = 0, stops = 0;
    for (size_t i = 0; i < m->n; i++) {
        stops += m->word[i].stop;
        arabic += is_arabic(m->word[i].text);
    }
    if (2 * arabic > m->n && strcmp(own, "ar") != 0)
        return "ar";
    if (2 * stops > m->n) /* nearly every question: this is its language */
        return NULL;
    for (size_t i = 0; i < sizeof langs / sizeof *langs; i++) {
        size_t n = strcmp(own, langs[i]) ? count(m, langs[i], own) : 0;
        if (n > most) {
            most = n;
            best = langs[i];
        }
    }
    return most >= LEAST && most > count(m, own, best) && most * SHARE >= m->n ? best : NULL;
}
