/* more.c: a wish to read on. A short message is one when all of it is a wish: it must have one of the words that
 * say so, and otherwise only words that may stand around them. "Do I earn more with experience?" is a question. */
#include "bot/more.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MAX_BYTES 80

static const char *const wishes[] = {"more",   "else",      "continue", "details",
                                     "detail", "elaborate", "further",  "longer",
                                     "rest",   "expand",    "goon",     NULL};
static const char *const around[] = {
    "tell", "me",          "a",       "the",      "please",    "pls",    "plz",   "about",
    "that", "this",        "it",      "give",     "some",      "any",    "show",  "read",
    "can",  "could",       "you",     "i",        "want",      "would",  "like",  "to",
    "know", "need",        "what",    "anything", "something", "is",     "there", "go",
    "on",   "in",          "into",    "say",      "and",       "ok",     "okay",  "yes",
    "info", "information", "bit",     "little",   "have",      "do",     "see",   "hear",
    "with", "which",       "explain", "of",       "on",        "thanks", NULL};

static bool among(const char *const *list, const char *s, size_t len)
{
    for (; *list; list++)
        if (strlen(*list) == len && !strncasecmp(*list, s, len))
            return true;
    return false;
}

bool more_wanted(const char *text, size_t len)
{
    bool wish = false;
    size_t go = 0; /* 1: "go", 2: "go on" */
    if (len > MAX_BYTES)
        return false;
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        while (i + n < len && isalnum((unsigned char)text[i + n]))
            n++;
        if (n && among(wishes, text + i, n))
            wish = true;
        else if (n && !among(around, text + i, n))
            return false;
        else if ((unsigned char)text[i] >= 0x80)
            return false;
        if (n == 2 && !strncasecmp(text + i, go ? "on" : "go", 2))
            go++;
        i += n ? n : 1;
    }
    return wish || go == 2;
}
