/* json_repair.c: people's text in JSON, made readable. Chat networks hand on what was typed or pasted: half an emoji as
 * a lone surrogate, a NUL, a byte that is no UTF-8. Refusing the whole message for it would leave somebody
 * without an answer, so these and only these become U+FFFD. One pass over the raw text: outside a string the
 * grammar allows neither backslashes nor bytes above ASCII, so it need not know where strings begin. */
#include <stdint.h>
#include <utf8proc.h>

#include "bot/buf.h"
#include "bot/json.h"

#define REPLACEMENT "\xEF\xBF\xBD"

/* The value of "\uXXXX" at s, or -1 when none stands there. */
static int32_t escape_at(const char *s, const char *end)
{
    if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
        return -1;
    int32_t v = 0;
    for (int i = 2; i < 6; i++) {
        int c = (unsigned char)s[i], lower = c | 32;
        int digit = c >= '0' && c <= '9'           ? c - '0'
                    : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
                                                   : -1;
        if (digit < 0)
            return -1;
        v = v * 16 + digit;
    }
    return v;
}

/* How many bytes of the escape at s are fine as they are; 0: it is to be replaced. */
static size_t sound_escape(const char *s, const char *end)
{
    int32_t v = escape_at(s, end);
    if (v < 0)
        return end - s < 2 ? 1 : 2; /* "\n", "\\", or something for the parser to refuse */
    if (v == 0 || (v >= 0xDC00 && v < 0xE000))
        return 0;
    if (v < 0xD800 || v >= 0xE000)
        return 6;
    int32_t low = escape_at(s + 6, end);
    return low >= 0xDC00 && low < 0xE000 ? 12 : 0;
}

void json_repair(const char *s, size_t len, struct buf *b)
{
    const char *end = s + len, *kept = s;
    while (s < end) {
        size_t sound = 1, broken = 1;
        if (*s == '\\') {
            sound = sound_escape(s, end);
            broken = 6;
        } else if ((unsigned char)*s >= 0x80) {
            utf8proc_int32_t c;
            utf8proc_ssize_t n = utf8proc_iterate((const uint8_t *)s, end - s, &c);
            sound = n > 0 ? (size_t)n : 0;
        }
        if (sound) {
            s += sound;
            continue;
        }
        buf_add(b, kept, (size_t)(s - kept));
        buf_adds(b, REPLACEMENT);
        kept = s += broken;
    }
    buf_add(b, kept, (size_t)(end - kept));
}
