/* slip.c: question words with a slip of the keyboard in them: "wich", "mcuh", "shoud".
 *
 * A word that the base lacks is the strongest sign that a question is about something else, so taking one for
 * a misspelt "which" must be certain: read as "can't", the cat of "does my cat need a blood test" vanishes, and the
 * rest is answered with confidence. One letter left out (not the first) or two neighbours that changed places are
 * believed, except where the result is a word of its own; those are listed, which can be done because there are only
 * some seven hundred candidates to go through. Of words of three letters too many are words or abbreviations (cat,
 * tan, CNA, ADN, BTU), so there it is the slips that are listed, and "cna i do it online" is helped by where it stands.
 *
 * English only: no such lists were made for the other languages. */
#include "kb/kb_int.h"

#include <string.h>

/* In byte order. */
static const char *const three_letters[] = {"frm", "hav", "hte", "hve", "hwo", "jst", "nto", "oyu",
                                            "teh", "tht", "wat", "wht", "wih", "wth", "yuo"};

/* One slip away from a question word, and words all the same. In byte order. */
static const char *const words[] = {
    "abut", "bing",  "cold",  "ding", "dint",  "dong",  "dose",  "ether", "form",  "gest",
    "hast", "haven", "hell",  "juts", "mien",  "pleas", "rally", "tank",  "tanks", "thee",
    "thin", "thins", "three", "ting", "tings", "wast",  "wile",  "wold",  "yore"};

static bool listed(const char *const *list, size_t n, const char *word)
{
    size_t low = 0;
    while (low < n) {
        size_t mid = low + (n - low) / 2;
        int r = strcmp(list[mid], word);
        if (!r)
            return true;
        if (r < 0)
            low = mid + 1;
        else
            n = mid;
    }
    return false;
}

static bool neighbours_changed(const char *word, size_t len, char *buf)
{
    for (size_t i = 0; i + 1 < len; i++) {
        memcpy(buf, word, len);
        buf[i] = word[i + 1];
        buf[i + 1] = word[i];
        if (stopword("en", buf, len))
            return true;
    }
    return false;
}

static bool letter_left_out(const char *word, size_t len, char *buf)
{
    for (size_t i = 1; i <= len; i++)
        for (int c = 'a'; c <= 'z'; c++) {
            memcpy(buf, word, i);
            buf[i] = (char)c;
            memcpy(buf + i + 1, word + i, len - i);
            if (stopword("en", buf, len + 1))
                return true;
        }
    return false;
}

bool slip_of_stopword(const char *lang, const char *word, bool opens)
{
    char buf[12];
    size_t len = strlen(word);
    if ((*lang && strcmp(lang, "en") != 0) || len < 3 || len + 1 > sizeof buf)
        return false;
    if (len == 3)
        return listed(three_letters, sizeof three_letters / sizeof *three_letters, word) ||
               (opens && neighbours_changed(word, len, buf));
    if (listed(words, sizeof words / sizeof *words, word))
        return false;
    return neighbours_changed(word, len, buf) || letter_left_out(word, len, buf);
}
