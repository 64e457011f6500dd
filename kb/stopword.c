/* stopword.c: words that carry no content in a question.
 *
 * They are still indexed, since an owner's text may be about them and a question may hold
 * nothing else; query.c leaves them out while better words are there. The lists are short on
 * purpose: function words, the words that only make a sentence a question ("tell", "please"),
 * and nothing that can be the subject of one. "need", "work", "best" or "cost" look empty and
 * are not.
 *
 * Words are folded (lower case, no accents, no apostrophes), not stemmed, and in byte order; smallword.c finds them. */
#include "kb/kb_int.h"

#include <string.h>

static const char english[][STOPWORD_SIZE] = {
    "a",       "about",  "again",  "all",     "also",   "am",      "an",     "and",     "any",
    "anybody", "anyone", "are",    "arent",   "as",     "at",      "be",     "because", "been",
    "before",  "being",  "but",    "by",      "can",    "cannot",  "cant",   "could",   "couldnt",
    "did",     "didnt",  "do",     "does",    "doesnt", "doing",   "dont",   "during",  "either",
    "etc",     "for",    "from",   "get",     "gets",   "getting", "give",   "got",     "had",
    "has",     "hasnt",  "have",   "havent",  "having", "he",      "hello",  "her",     "here",
    "hers",    "hey",    "hi",     "him",     "his",    "how",     "i",      "id",      "if",
    "im",      "in",     "into",   "is",      "isnt",   "it",      "its",    "ive",     "just",
    "know",    "let",    "like",   "may",     "maybe",  "me",      "might",  "mine",    "much",
    "must",    "my",     "myself", "no",      "nor",    "not",     "of",     "on",      "one",
    "or",      "our",    "ours",   "out",     "please", "pls",     "really", "shall",   "she",
    "should",  "so",     "some",   "someone", "such",   "tell",    "than",   "thank",   "thanks",
    "that",    "thats",  "the",    "their",   "theirs", "them",    "then",   "there",   "theres",
    "these",   "they",   "theyre", "thing",   "things", "this",    "those",  "to",      "too",
    "u",       "ur",     "us",     "very",    "want",   "was",     "wasnt",  "we",      "were",
    "what",    "whats",  "when",   "where",   "wheres", "which",   "while",  "who",     "whom",
    "whos",    "whose",  "why",    "will",    "with",   "wont",    "would",  "wouldnt", "yes",
    "you",     "your",   "youre",  "yours"};

static const char german[][STOPWORD_SIZE] = {
    "aber",    "als",    "am",    "an",    "auch",   "auf",    "aus",     "bei",     "beim",
    "bin",     "bis",    "bitte", "da",    "danke",  "dann",   "das",     "dass",    "dein",
    "deine",   "dem",    "den",   "denn",  "der",    "des",    "die",     "dies",    "diese",
    "dieser",  "dieses", "doch",  "du",    "durch",  "ein",    "eine",    "einem",   "einen",
    "einer",   "eines",  "er",    "es",    "fur",    "gibt",   "habe",    "haben",   "hallo",
    "hat",     "ich",    "ihr",   "ihre",  "im",     "in",     "ins",     "ist",     "ja",
    "kann",    "kannst", "kein",  "keine", "konnen", "man",    "mein",    "meine",   "mich",
    "mir",     "mit",    "muss",  "nach",  "nein",   "nicht",  "noch",    "nur",     "ob",
    "oder",    "ohne",   "sehr",  "sein",  "seine",  "sich",   "sie",     "sind",    "so",
    "soll",    "um",     "und",   "uns",   "unser",  "unter",  "vom",     "von",     "vor",
    "wann",    "war",    "waren", "warum", "was",    "welche", "welchem", "welchen", "welcher",
    "welches", "wenn",   "wer",   "werde", "werden", "wie",    "wieviel", "will",    "wir",
    "wird",    "wo",     "wurde", "zu",    "zum",    "zur"};

static const char spanish[][STOPWORD_SIZE] = {
    "a",     "al",      "alguien", "algun",  "alguna",  "ante",   "aqui",    "como",  "con",
    "cual",  "cuales",  "cuando",  "cuanta", "cuantas", "cuanto", "cuantos", "de",    "del",
    "desde", "donde",   "e",       "el",     "ella",    "ellas",  "ellos",   "en",    "entre",
    "era",   "eres",    "es",      "esa",    "ese",     "eso",    "esta",    "estan", "estas",
    "este",  "esto",    "estos",   "estoy",  "favor",   "fue",    "gracias", "ha",    "hacer",
    "hasta", "hay",     "hola",    "la",     "las",     "le",     "les",     "lo",    "los",
    "me",    "mi",      "mis",     "muy",    "nada",    "ni",     "no",      "nos",   "o",
    "os",    "para",    "pero",    "poco",   "por",     "porque", "puede",   "puedo", "que",
    "quien", "quienes", "se",      "ser",    "si",      "sin",    "sobre",   "son",   "soy",
    "su",    "sus",     "tambien", "te",     "tener",   "tengo",  "ti",      "tiene", "tu",
    "tus",   "un",      "una",     "unas",   "uno",     "unos",   "y",       "ya",    "yo"};

static const char french[][STOPWORD_SIZE] = {
    "a",       "ai",    "alors", "as",   "au",     "aux",     "avec",  "avez",     "avoir",
    "bonjour", "c",     "ca",    "ce",   "ces",    "cet",     "cette", "combien",  "comment",
    "d",       "dans",  "de",    "des",  "donc",   "du",      "elle",  "elles",    "en",
    "est",     "et",    "etait", "ete",  "etes",   "etre",    "eux",   "faire",    "fait",
    "faut",    "il",    "ils",   "j",    "je",     "l",       "la",    "le",       "les",
    "leur",    "leurs", "lui",   "m",    "ma",     "mais",    "me",    "merci",    "mes",
    "moi",     "mon",   "n",     "ne",   "nos",    "notre",   "nous",  "on",       "ont",
    "ou",      "par",   "pas",   "peut", "peux",   "plait",   "pour",  "pourquoi", "puis",
    "qu",      "quand", "que",   "quel", "quelle", "quelles", "quels", "qui",      "quoi",
    "s",       "sa",    "sans",  "se",   "ses",    "si",      "son",   "sont",     "suis",
    "sur",     "t",     "ta",    "te",   "tes",    "toi",     "ton",   "tu",       "un",
    "une",     "vos",   "votre", "vous", "y"};

static const struct list {
    char code[3];
    const char (*word)[STOPWORD_SIZE];
    size_t n;
} lists[] = {
    {"en", english, sizeof english / sizeof *english},
    {"de", german, sizeof german / sizeof *german},
    {"es", spanish, sizeof spanish / sizeof *spanish},
    {"fr", french, sizeof french / sizeof *french},
};

static const struct list *list_of(const char *lang)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (lang[0] == lists[i].code[0] && !strcmp(lang, lists[i].code))
            return &lists[i];
    return NULL;
}

const char (*stopword_list(const char *lang, size_t *ret_n))[STOPWORD_SIZE]
{
    const struct list *list = list_of(lang);
    *ret_n = list ? list->n : 0;
    return list ? list->word : NULL;
}

bool stopword(const char *lang, const char *word, size_t len)
{
    return smallword(word, len) & smallword_lang(lang);
}
