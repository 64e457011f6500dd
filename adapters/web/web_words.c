/* web_words.c: what our pages say, in the visitor's language. assets/words/ has one file per language, which the script in
 * the browser reads, too. Which one: ?lang= of the address (the widget hands on its page's), then what the browser
 * prefers, then English. The owner's texts are in whatever language they are in. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/web/web_int.h"
#include "bot/must.h"

#define FALLBACK "en"

struct web_words {
    char lang[4];
    struct cJSON *json;
};

static bool is_words(const char *name)
{
    return !strncmp(name, "words/", 6) && strlen(name) == strlen("words/en.json");
}

void web_words_open(struct web *w)
{
    size_t n = 0;
    for (const struct asset *a = w->assets.all; a->name; a++)
        n += is_words(a->name);
    w->words = must(calloc(n + 1, sizeof *w->words));
    for (const struct asset *a = w->assets.all; a->name; a++)
        if (is_words(a->name)) {
            struct web_words *one = &w->words[w->nwords++];
            snprintf(one->lang, sizeof one->lang, "%.2s", a->name + strlen("words/"));
            one->json = must(json_parse(a->plain.s, (size_t)(a->plain.end - a->plain.s)));
        }
}

void web_words_close(struct web *w)
{
    for (size_t i = 0; i < w->nwords; i++)
        json_free(w->words[i].json);
    free(w->words);
}

/* The set for "pt-BR" or "de"; NULL when we do not speak it. */
static const struct web_words *find(const struct web *w, const char *s)
{
    char lang[3] = {0};
    for (size_t i = 0; i < 2 && isalpha((unsigned char)s[i]); i++)
        lang[i] = (char)tolower((unsigned char)s[i]);
    if (isalpha((unsigned char)s[2 * (lang[1] != '\0')]))
        return NULL; /* three letters are another language */
    for (size_t i = 0; i < w->nwords; i++)
        if (!strcmp(w->words[i].lang, lang))
            return &w->words[i];
    return NULL;
}

const struct web_words *web_words_named(const struct web *w, const char *lang)
{
    const struct web_words *words = lang ? find(w, lang) : NULL;
    return words ? words : find(w, FALLBACK);
}

const struct web_words *web_words_for(const struct web *w, const struct request *rq)
{
    const char *asked = request_query(rq, "lang");
    const struct web_words *words = asked ? find(w, asked) : NULL;
    /* Browsers list what they prefer in that order; nobody else's weights are worth sorting for. */
    const char *s = request_header(rq, "accept-language");
    while (!words && s && *s) {
        words = find(w, s + strspn(s, " "));
        s += strcspn(s, ",");
        s += *s == ',';
    }
    return words ? words : find(w, FALLBACK);
}

const char *web_words_lang(const struct web_words *words)
{
    return words->lang;
}

const char *web_say(const struct web_words *words, const char *key)
{
    const char *s = json_string(words->json, key, 1024);
    return s ? s : key;
}
