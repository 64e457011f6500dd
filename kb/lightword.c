/* lightword.c: words that are hardly ever what a question is about, though they are no question words.
 *
 * "Do I need to take the exam", "what is the difference": a passage that has such a word is a little
 * likelier to answer, one that lacks it hardly less. They are the verbs that go with anything, the words
 * that say how something is asked rather than what about, and vague praise. Words that can be a
 * subject, such as "work" and "cost", are not among them.
 *
 * English only, folded and not stemmed, in byte order. */
#include "kb/kb_int.h"

#include <string.h>

static const char *const english[] = {
    "anyway",     "available",   "based",     "best",     "better",   "big",        "bit",
    "bother",     "come",        "comes",     "day",      "define",   "definition", "describe",
    "difference", "differences", "different", "each",     "else",     "ever",       "every",
    "everything", "exactly",     "exist",     "explain",  "find",     "go",         "goes",
    "going",      "good",        "great",     "happen",   "happens",  "help",       "important",
    "involve",    "involved",    "kind",      "kinds",    "list",     "look",       "looking",
    "lot",        "lots",        "made",      "make",     "makes",    "making",     "many",
    "matter",     "matters",     "mean",      "meaning",  "means",    "money",      "more",
    "most",       "name",        "necessary", "need",     "needed",   "needs",      "new",
    "often",      "only",        "other",     "possible", "provide",  "question",   "right",
    "say",        "show",        "something", "sort",     "start",    "stuff",      "sure",
    "take",       "takes",       "think",     "time",     "tip",      "tips",       "try",
    "trying",     "type",        "types",     "use",      "used",     "usually",    "versus",
    "vs",         "way",         "ways",      "well",     "wondering"};

bool lightword(const char *lang, const char *word)
{
    size_t low = 0, high = sizeof english / sizeof *english;
    if (*lang && strcmp(lang, "en") != 0)
        return false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int r = strcmp(english[mid], word);
        if (!r)
            return true;
        if (r < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}
