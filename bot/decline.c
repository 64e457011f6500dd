/* decline.c: what is said when the base has nothing, or nothing certain.
 *
 * "I don't know" helps when it says what is not known: "how much is tuition" should hear that the guides do not
 * mention tuition, so that the asker can use another word or ask a person. Only words that the question is about
 * are named (kb_hits.unknown); that we have never heard "honestly" is nobody's business. */
#include "bot/decline.h"

#include <string.h>

#include "kb/pool.h"

#define MAX_NAMED 3  /* words; more of them would be the question read back */
#define MAX_WORD  40 /* bytes of one */

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
    const char *words = named(pool, question, hits);
    if (words)
        return pool_printf(pool, "My guides do not mention %s. The nearest I found:", words);
    return "I am not sure that this is what you mean. The nearest I found:";
}
