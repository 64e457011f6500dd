/* smalltalk_words.c: a message without what people vary: case, accents, punctuation, emoticons, doubled letters. */
#include "bot/smalltalk_int.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static void end_word(struct words *w)
{
    if (w->open)
        w->text[w->at++] = '\0';
    w->open = false;
}

static void add_char(struct words *w, int32_t cp)
{
    uint8_t bytes[4] = {(uint8_t)cp};
    size_t n = cp < 0x80 ? 1 : (size_t)utf8proc_encode_char(cp, bytes);
    if (w->at + n + 2 > sizeof w->text || (!w->open && w->n == MAX_TALK_WORDS)) {
        w->too_many = true;
        return;
    }
    if (!w->open)
        w->word[w->n++] = w->text + w->at;
    w->open = true;
    memcpy(w->text + w->at, bytes, n);
    w->at += n;
}

bool smalltalk_is_emoji(int32_t cp)
{
    utf8proc_category_t c = utf8proc_category(cp);
    return c == UTF8PROC_CATEGORY_SO && cp > 0xFF;
}

static bool is_letter(int32_t cp)
{
    utf8proc_category_t c = utf8proc_category(cp);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

static bool is_plain(uint8_t byte)
{
    return byte == ' ' || (byte >= 'a' && byte <= 'z');
}

/* ":-D" and friends: eyes, an optional nose, a mouth that is a letter (others are punctuation
 * anyway). */
static size_t emoticon(const uint8_t *s, size_t len)
{
    if (len < 2 || !strchr(":;=", (char)s[0]) || !s[0])
        return 0;
    size_t n = s[1] == '-' ? 2 : 1;
    if (n >= len || !s[n] || !strchr("dpox", (char)s[n]))
        return 0;
    return n + 1 == len || s[n + 1] <= ' ' ? n + 1 : 0;
}

/* Folded text, to be freed, or NULL; *ret_len is negative when it is no text. ASCII, which most of it is, needs no tables. */
static uint8_t *fold(const char *s, size_t len, utf8proc_ssize_t *ret_len)
{
    uint8_t *folded = malloc(len + 1);
    size_t n = 0;
    for (; folded && n < len && (signed char)s[n] >= 0; n++)
        folded[n] = (uint8_t)(s[n] >= 'A' && s[n] <= 'Z' ? s[n] + ('a' - 'A') : s[n]);
    *ret_len = (utf8proc_ssize_t)n;
    if (!folded || n == len)
        return folded;
    free(folded);
    folded = NULL;
    *ret_len = utf8proc_map((const uint8_t *)s, (utf8proc_ssize_t)len, &folded,
                            UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                                UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
    return folded;
}

void smalltalk_words(struct words *w, const char *s, size_t len)
{
    utf8proc_ssize_t n = 0;
    int32_t last = 0;
    uint8_t *folded = fold(s, len, &n);
    *w = (struct words){0};
    for (utf8proc_ssize_t i = 0, step; i < n && !w->too_many; i += step) {
        int32_t cp = folded[i];
        if (is_plain(folded[i])) { /* most of it, and no face */
            step = 1;
            if (cp == ' ')
                end_word(w);
            else if (!w->open || cp != last)
                add_char(w, cp);
            last = cp;
            continue;
        }
        step = utf8proc_iterate(folded + i, n - i, &cp);
        if (step < 1)
            break;
        size_t face = emoticon(folded + i, (size_t)(n - i));
        if (face) {
            end_word(w);
            step = (utf8proc_ssize_t)face;
        } else if (smalltalk_is_emoji(cp)) {
            end_word(w);
            add_char(w, cp);
            end_word(w);
        } else if (is_letter(cp)) {
            if (!w->open || cp != last)
                add_char(w, cp);
        } else if (utf8proc_category(cp) == UTF8PROC_CATEGORY_ND) {
            add_char(w, cp);
        } else if (cp != '\'' && cp != 0x2019) {
            end_word(w);
        }
        last = cp;
    }
    end_word(w);
    free(folded);
    if (n < 0)
        w->too_many = true; /* not text we can read */
}
