/* numeral.c: numbers are written in figures and in words, and mean the same: "2 years", "two years".
 *
 * Only small ones, and only whole words: a guide that writes "1,500" is asked with figures, too. One is left out: "one" is
 * more often "someone" or "that one", and its translations are articles.
 *
 * Words are folded, without marks above letters. */
#include "kb/query_int.h"

#include <string.h>

#define N(list) (sizeof(list) / sizeof(list)[0])

struct numeral {
    const char *word, *figures;
};

static const struct numeral english[] = {
    {"two", "2"},       {"three", "3"},     {"four", "4"},     {"five", "5"},
    {"six", "6"},       {"seven", "7"},     {"eight", "8"},    {"nine", "9"},
    {"ten", "10"},      {"eleven", "11"},   {"twelve", "12"},  {"thirteen", "13"},
    {"fourteen", "14"}, {"fifteen", "15"},  {"sixteen", "16"}, {"seventeen", "17"},
    {"eighteen", "18"}, {"nineteen", "19"}, {"twenty", "20"},  {"thirty", "30"},
    {"forty", "40"},    {"fifty", "50"},    {"sixty", "60"},   {"seventy", "70"},
    {"eighty", "80"},   {"ninety", "90"},
};
static const struct numeral german[] = {
    {"zwei", "2"}, {"drei", "3"}, {"vier", "4"},  {"funf", "5"}, {"sechs", "6"},  {"sieben", "7"},
    {"acht", "8"}, {"neun", "9"}, {"zehn", "10"}, {"elf", "11"}, {"zwolf", "12"},
};
static const struct numeral spanish[] = {
    {"dos", "2"},  {"tres", "3"},  {"cuatro", "4"}, {"cinco", "5"}, {"seis", "6"},  {"siete", "7"},
    {"ocho", "8"}, {"nueve", "9"}, {"diez", "10"},  {"once", "11"}, {"doce", "12"},
};
static const struct numeral french[] = {
    {"deux", "2"}, {"trois", "3"}, {"quatre", "4"}, {"cinq", "5"},  {"six", "6"},    {"sept", "7"},
    {"huit", "8"}, {"neuf", "9"},  {"dix", "10"},   {"onze", "11"}, {"douze", "12"},
};

static const struct {
    const char *lang;
    const struct numeral *numeral;
    size_t n;
} table[] = {{"en", english, N(english)},
             {"de", german, N(german)},
             {"es", spanish, N(spanish)},
             {"fr", french, N(french)}};

const char *query_numeral(const char *lang, const char *word)
{
    size_t t = 0;
    while (t < N(table) && strcmp(*lang ? lang : "en", table[t].lang) != 0)
        t++;
    for (size_t i = 0; t < N(table) && i < table[t].n; i++) {
        const struct numeral *n = &table[t].numeral[i];
        if (*word == *n->word && !strcmp(word, n->word))
            return n->figures;
        if (*word == *n->figures && !strcmp(word, n->figures))
            return n->word;
    }
    return NULL;
}
