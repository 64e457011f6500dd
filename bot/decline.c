/* decline.c: what is said when the base has nothing, or nothing certain.
 *
 * "I don't know" helps when it says what is not known: "how much is tuition" should hear that the guides do not
 * mention tuition, so that the asker can use another word or ask a person. Only words that the question is about
 * are named (kb_hits.unknown); that we have never heard "honestly" is nobody's business.
 *
 * Who asks in Spanish where the guides are in English would be told that they do not mention "que" and "un". He is told which
 * language to ask in, in his own. */
#include "bot/decline.h"

#include <string.h>

#include "kb/pool.h"

#define MAX_NAMED 3  /* words; more of them would be the question read back */
#define MAX_WORD  40 /* bytes of one */

/* "My guides are in English. Please ask in English.": what stands before the language, between it and itself, and behind;
 * then what they are called there, in this order themselves. */
static const struct {
    const char *lang, *are_in, *ask_in, *person, *name[4];
} foreign[] = {
    {"en",
     "My guides are in ",
     ". Please ask in ",
     "Write \"human\" to reach a person.",
     {"English", "German", "Spanish", "French"}},
    {"de",
     "Meine Texte sind auf ",
     ". Bitte fragen Sie auf ",
     "Mit \"human\" erreichen Sie einen Menschen.",
     {"Englisch", "Deutsch", "Spanisch", "Französisch"}},
    {"es",
     "Mis guías están en ",
     ". Por favor, pregunte en ",
     "Escriba \"human\" para hablar con una persona.",
     {"inglés", "alemán", "español", "francés"}},
    {"fr",
     "Mes guides sont en ",
     ". Merci de poser votre question en ",
     "Écrivez \"human\" pour parler à une personne.",
     {"anglais", "allemand", "espagnol", "français"}},
    {"ar",
     "أدلّتي مكتوبة ",
     ". يُرجى طرح السؤال ",
     "اكتب \"human\" للتواصل مع شخص.",
     {"بالإنجليزية", "بالألمانية", "بالإسبانية", "بالفرنسية"}},
};
#define FOREIGN (sizeof foreign / sizeof *foreign)
#define NAMED   (sizeof foreign->name / sizeof *foreign->name)

/* Its row; FOREIGN when it has none. */
static size_t foreign_row(const char *lang)
{
    size_t i = 0;
    while (i < FOREIGN && strcmp(lang, foreign[i].lang) != 0)
        i++;
    return i;
}

/* Which language to ask in, said in the one that was asked in; NULL when they are the same, or either is not known. */
static const char *in_foreign(struct pool *pool, const struct kb_hits *hits, bool person)
{
    if (!hits->foreign)
        return NULL;
    size_t own = foreign_row(hits->lang && *hits->lang ? hits->lang : "en");
    size_t i = foreign_row(hits->foreign);
    if (i == FOREIGN || own >= NAMED)
        return NULL;
    const char *name = foreign[i].name[own];
    return pool_printf(pool, "%s%s%s%s.%s%s", foreign[i].are_in, name, foreign[i].ask_in, name,
                       person ? " " : "", person ? foreign[i].person : "");
}

/* At most MAX_WORD bytes of it; no character is cut in two. */
static const char *shortened(struct pool *pool, const char *word, size_t len)
{
    if (len > MAX_WORD)
        for (len = MAX_WORD; len && ((unsigned char)word[len] & 0xC0) == 0x80;)
            len--;
    return pool_strndup(pool, word, len);
}

/* The word as it was typed, "GPA" and not "gpa", where it is found in the question. */
static const char *typed(struct pool *pool, const char *question, const char *word)
{
    const char *at = strcasestr(question, word);
    return shortened(pool, at ? at : word, strlen(word));
}

/* "a", "b" and "c", quoted; NULL without any. */
static const char *named(struct pool *pool, const char *question, const struct kb_hits *hits)
{
    size_t n = hits->nunknown < MAX_NAMED ? hits->nunknown : MAX_NAMED;
    const char *all = NULL;
    for (size_t i = 0; i < n; i++) {
        const char *between = !i ? "" : i + 1 == n ? " and " : ", ";
        all = pool_printf(pool, "%s%s\"%s\"", all ? all : "", between,
                          typed(pool, question, hits->unknown[i]));
    }
    return all;
}

const char *decline_text(struct pool *pool, const char *question, const struct kb_hits *hits,
                         bool person)
{
    const char *elsewhere = in_foreign(pool, hits, person);
    if (elsewhere)
        return elsewhere;
    const char *words = named(pool, question, hits);
    const char *reach = person ? " Write \"human\" to reach a person." : "";
    if (words)
        return pool_printf(pool, "I don't know: my guides do not mention %s.%s", words, reach);
    if (hits->confidence <= 0)
        return pool_printf(
            pool, "Could you say a little more? I need at least one word about your topic.%s",
            reach);
    return pool_printf(pool, "I don't know: I found nothing in my guides that answers this.%s",
                       reach);
}

const char *decline_lead(struct pool *pool, const char *question, const struct kb_hits *hits)
{
    const char *elsewhere = in_foreign(pool, hits, false);
    if (elsewhere)
        return elsewhere;
    const char *words = named(pool, question, hits);
    if (words)
        return pool_printf(pool, "My guides do not mention %s. The nearest I found:", words);
    return "I am not sure that this is what you mean. The nearest I found:";
}
