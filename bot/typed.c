/* typed.c: see typed.h. Whatever comes in has passed here: a frame, a request, a message of a network. */
#include "bot/typed.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

#include "bot/limits.h"
#include "kb/pool.h"

/* How many code points, or -1 when it is not UTF-8. */
static long code_points(const char *s, size_t len)
{
    long n = 0;
    for (size_t i = 0; i < len; n++) {
        utf8proc_int32_t c;
        if ((unsigned char)s[i] < 0x80) {
            i++;
            continue;
        }
        utf8proc_ssize_t used =
            utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(len - i), &c);
        if (used <= 0)
            return -1;
        i += (size_t)used;
    }
    return n;
}

static bool is_blank(const char *s, size_t len)
{
    size_t i = 0;
    while (i < len && (unsigned char)s[i] <= ' ')
        i++;
    return i == len;
}

int typed_check(const char *s, size_t len)
{
    long points = len > MAX_QUESTION_CHARS * 4 ? MAX_QUESTION_CHARS + 1 : code_points(s, len);
    if (points < 0)
        return -EILSEQ;
    if (points > MAX_QUESTION_CHARS)
        return -E2BIG;
    return is_blank(s, len) ? -EINVAL : 0;
}

const char *typed_clean(struct pool *pool, const char *s, size_t len)
{
    char *text = pool_strndup(pool, s, len);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t')
            text[i] = ' ';
    while (len && strchr(" \n\t", text[len - 1]))
        text[--len] = '\0';
    return text + strspn(text, " \n\t");
}
