/* lightword.c: words that are hardly ever what a question is about, though they are no question words.
 *
 * "Do I need to take the exam", "what is the difference": a passage that has such a word is a little
 * likelier to answer, one that lacks it hardly less. They are the verbs that go with anything, the words
 * that say how something is asked rather than what about, and vague praise. Words that can be a
 * subject, such as "work" and "cost", are not among them.
 *
 * English only, folded and not stemmed, in byte order; smallword.c finds them. */
#include "kb/kb_int.h"

#include <string.h>

static const char *const english[] = {
    "above",       "across",     "actually",   "after",      "against",      "ago",
    "along",       "already",    "although",   "always",     "among",        "anyway",
    "around",      "asked",      "asking",     "available",  "away",         "based",
    "basically",   "begin",      "behind",     "below",      "besides",      "best",
    "better",      "between",    "beyond",     "big",        "bit",          "both",
    "bother",      "bring",      "brings",     "came",       "certain",      "clearly",
    "come",        "comes",      "completely", "couple",     "currently",    "day",
    "decide",      "decided",    "define",     "definition", "describe",     "difference",
    "differences", "different",  "directly",   "down",       "each",         "easily",
    "else",        "especially", "even",       "eventually", "ever",         "every",
    "everybody",   "everyone",   "everything", "exactly",    "exist",        "explain",
    "few",         "find",       "fine",       "fully",      "gave",         "gives",
    "giving",      "go",         "goes",       "going",      "gone",         "gonna",
    "good",        "gotta",      "great",      "guess",      "guy",          "guys",
    "happen",      "happened",   "happens",    "hear",       "heard",        "help",
    "herself",     "himself",    "hope",       "however",    "idea",         "important",
    "instead",     "interested", "involve",    "involved",   "itself",       "keep",
    "keeps",       "kept",       "kind",       "kinda",      "kinds",        "knew",
    "knowing",     "knows",      "lately",     "later",      "likely",       "list",
    "little",      "look",       "looking",    "lot",        "lots",         "made",
    "mainly",      "make",       "makes",      "making",     "many",         "matter",
    "matters",     "mean",       "meaning",    "means",      "mention",      "mentioned",
    "money",       "more",       "most",       "name",       "near",         "nearly",
    "necessary",   "need",       "needed",     "needs",      "never",        "new",
    "next",        "normally",   "now",        "nowadays",   "off",          "often",
    "ok",          "okay",       "once",       "only",       "other",        "ourselves",
    "over",        "own",        "particular", "per",        "perhaps",      "plus",
    "possible",    "pretty",     "probably",   "properly",   "provide",      "put",
    "question",    "quick",      "quickly",    "quite",      "rather",       "ready",
    "recently",    "regarding",  "right",      "said",       "same",         "saw",
    "say",         "saying",     "says",       "see",        "seeing",       "seems",
    "seen",        "several",    "show",       "simply",     "since",        "something",
    "soon",        "sort",       "sorta",      "specific",   "specifically", "start",
    "still",       "stuff",      "suggest",    "suggested",  "suppose",      "supposed",
    "sure",        "take",       "takes",      "telling",    "tells",        "themselves",
    "think",       "thinking",   "though",     "thought",    "through",      "throughout",
    "time",        "tip",        "tips",       "today",      "together",     "told",
    "tomorrow",    "toward",     "towards",    "try",        "trying",       "type",
    "types",       "under",      "unless",     "until",      "up",           "upon",
    "use",         "used",       "usually",    "versus",     "vs",           "wanna",
    "wanted",      "wanting",    "wants",      "way",        "ways",         "well",
    "went",        "whether",    "whole",      "within",     "without",      "wonder",
    "wondered",    "wondering",  "yesterday",  "yet",        "yourself"};

const char *const *lightword_list(size_t *ret_n)
{
    *ret_n = sizeof english / sizeof *english;
    return english;
}

bool lightword(const char *lang, const char *word)
{
    return (!*lang || !strcmp(lang, "en")) && smallword(word, strlen(word)) & SMALLWORD_LIGHT;
}
