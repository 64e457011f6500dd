/* shorthand.c: words as they are written on telephones and in notes.
 *
 * Spelling cannot find these, because letters are left out by habit and not by accident. The list is short on purpose:
 * only what means one thing wherever it is typed. "RN", "MS" or "PT" are an owner's words, to be found in his text or in
 * synonyms.yaml, and "2" and "4" are numbers. An owner's own word is never replaced, it only gets a second reading.
 *
 * Words are folded, in byte order. "" stands for a word that only makes the sentence a question. */
#include "kb/query_int.h"

#include <string.h>

static const char *const english[][2] = {
    {"abt", ""},
    {"acct", "account"},
    {"addr", "address"},
    {"approx", "about"},
    {"appt", "appointment"},
    {"assoc", "associate"},
    {"asst", "assistant"},
    {"avg", "average"},
    {"b", ""},
    {"b4", ""},
    {"bc", ""},
    {"bout", ""},
    {"c", ""},
    {"cert", "certification"},
    {"certs", "certifications"},
    {"cld", ""},
    {"coz", ""},
    {"cuz", ""},
    {"dept", "department"},
    {"diff", "difference"},
    {"edu", "education"},
    {"exp", "experience"},
    {"gimme", ""},
    {"gonna", ""},
    {"gotta", ""},
    {"govt", "government"},
    {"gr8", "great"},
    {"hafta", ""},
    {"hows", ""},
    {"hr", "hour"},
    {"hrs", "hours"},
    {"hv", ""},
    {"idk", ""},
    {"imo", ""},
    {"info", "information"},
    {"lemme", ""},
    {"lol", ""},
    {"max", "maximum"},
    {"mgmt", "management"},
    {"mgr", "manager"},
    {"min", "minimum"},
    {"mins", "minutes"},
    {"mos", "months"},
    {"msg", "message"},
    {"mth", "month"},
    {"mths", "months"},
    {"n", ""},
    {"nbr", "number"},
    {"ok", ""},
    {"okay", ""},
    {"pic", "picture"},
    {"pics", "pictures"},
    {"plz", ""},
    {"ppl", "people"},
    {"prob", "problem"},
    {"probs", "problems"},
    {"pwd", "password"},
    {"qty", "quantity"},
    {"quals", "qualifications"},
    {"r", ""},
    {"req", "requirement"},
    {"reqs", "requirements"},
    {"sec", "second"},
    {"secs", "seconds"},
    {"shld", ""},
    {"thru", ""},
    {"thx", ""},
    {"tmrw", "tomorrow"},
    {"tnx", ""},
    {"ty", ""},
    {"uni", "university"},
    {"w", ""},
    {"wanna", ""},
    {"wat", ""},
    {"wats", ""},
    {"whn", ""},
    {"whr", ""},
    {"wht", ""},
    {"whts", ""},
    {"wk", "week"},
    {"wks", "weeks"},
    {"wld", ""},
    {"wut", ""},
    {"y", ""},
    {"yr", "year"},
    {"yrs", "years"},
};

const char *query_shorthand(const char *lang, const char *word)
{
    size_t low = 0, high = sizeof english / sizeof *english;
    if (*lang && strcmp(lang, "en") != 0)
        return NULL;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int r = word_order(english[mid][0], word);
        if (!r)
            return english[mid][1];
        if (r < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}
