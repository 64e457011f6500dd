/* slack_split.c: where a text that is too long is cut. Limits count bytes here, everywhere: Slack says characters and
 * sometimes means bytes, and bytes are the smaller number.
 *
 * Best between paragraphs, then lines, sentences, words, characters; never inside an entity ("&amp;"), a token ("<u|t>")
 * or a character. A cut inside a code block closes it, and opens it again behind the cut. */
#include <string.h>

#include "adapters/slack/slack_int.h"

#define FENCE "```"

/* The largest place <= max that is not inside a token, an entity or a character. */
static size_t whole_before(const char *s, size_t max)
{
    size_t safe = 0;
    for (size_t i = 0; i < max;) {
        size_t step = 1;
        if (s[i] == '<' && strchr(s + i, '>'))
            step = (size_t)(strchr(s + i, '>') - (s + i)) + 1;
        else if (s[i] == '&' && strcspn(s + i, ";") <= 5 && s[i + strcspn(s + i, ";")])
            step = strcspn(s + i, ";") + 1;
        else
            while (((unsigned char)s[i + step] & 0xC0) == 0x80)
                step++;
        if (i + step > max)
            break;
        i += step;
        safe = i;
    }
    return safe ? safe : max; /* one token that is longer than everything: no place is good */
}

/* The last place in s[0..max) behind `mark`, in its second half; 0: none. */
static size_t last_mark(const char *s, size_t max, const char *mark)
{
    size_t len = strlen(mark);
    for (size_t i = max; 2 * i >= max && i >= len; i--)
        if (!memcmp(s + i - len, mark, len) && whole_before(s, i) == i)
            return i;
    return 0;
}

size_t slack_split_at(const char *s, size_t len, size_t max)
{
    static const char *const marks[] = {"\n\n", "\n", ". ", "! ", "? ", " "};
    if (len <= max)
        return len;
    size_t whole = whole_before(s, max);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t at = last_mark(s, whole, marks[i]);
        if (at)
            return at;
    }
    return whole;
}

static bool ends_in_code(const char *s, size_t len)
{
    bool in = false;
    for (size_t i = 0; i + 3 <= len; i++)
        if (!memcmp(s + i, FENCE, 3)) {
            in = !in;
            i += 2;
        }
    return in;
}

size_t slack_split(struct pool *pool, const char *s, size_t max, const char **ret, size_t size)
{
    size_t n = 0, room = max - 2 * (sizeof FENCE);
    bool code = false;
    while (*s && n < size) {
        size_t at = slack_split_at(s, strlen(s), room), end = at;
        while (end && (s[end - 1] == '\n' || s[end - 1] == ' '))
            end--;
        bool open = code != ends_in_code(s, at);
        if (end)
            ret[n++] = pool_printf(pool, "%s%.*s%s", code ? FENCE "\n" : "", (int)end, s,
                                   open && s[at] ? "\n" FENCE : "");
        code = open;
        s += at;
    }
    return n;
}
