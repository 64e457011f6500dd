/* matrix_text.c: a message's plain body becomes the question that was typed. Clients mention people in three ways: a list of ids
 * (m.mentions, which decides when it is there), a link in the HTML, or just the name at the beginning. The last two are for
 * clients of before 2023, and are read narrowly: a bot that answers to every text with its name in it is a nuisance. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "adapters/matrix/matrix_int.h"

#define LINK_TO "https://matrix.to/#/"

const char *matrix_text_without_quote(const char *body)
{
    const char *s = body;
    while (*s == '>' && (s[1] == ' ' || s[1] == '\n' || !s[1])) {
        s += strcspn(s, "\n");
        s += *s == '\n';
    }
    return s != body && *s == '\n' ? s + 1 : s;
}

static const char *behind_blanks(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

/* What follows `name` when it stands at `s` and ends there. */
static const char *behind(const char *s, const char *name, size_t len)
{
    if (!len || strncasecmp(s, name, len))
        return NULL;
    s += len;
    if (!*s || isspace((unsigned char)*s))
        return behind_blanks(s);
    size_t marks = strspn(s, ":,;.!?");
    if (!marks || (s[marks] && !isspace((unsigned char)s[marks])))
        return NULL;
    return behind_blanks(s + marks);
}

/* "[label](https://matrix.to/#/@us:hs)", as some clients write a mention in plain text. */
static const char *behind_link(const char *s, const char *user)
{
    const char *url = *s == '[' ? strstr(s, "](" LINK_TO) : NULL;
    size_t len = strlen(user);
    if (!url || memchr(s, '\n', (size_t)(url - s)))
        return NULL;
    url += strlen("](" LINK_TO);
    if (strncmp(url, user, len) || url[len] != ')')
        return NULL;
    s = url + len + 1;
    return behind_blanks(s + strspn(s, ":,;.!?"));
}

const char *matrix_text_behind_name(const char *body, const struct matrix_self *self)
{
    const char *s = behind_blanks(body), *found = behind_link(s, self->user);
    const char *local = *self->user == '@' ? self->user + 1 : self->user;
    if (!found)
        found = behind(s, self->user, strlen(self->user));
    s += *s == '@';
    if (!found)
        found = behind(s, self->name, strlen(self->name));
    return found ? found : behind(s, local, strcspn(local, ":"));
}

const char *matrix_text_behind_command(const char *body, const char *command)
{
    const char *s = behind_blanks(body);
    size_t len = strlen(command);
    if (!len || strncasecmp(s, command, len) || (s[len] && !isspace((unsigned char)s[len])))
        return NULL;
    return behind_blanks(s + len);
}

static int hex(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower(c) - 'a' + 10
                                        : -1;
}

/* True when the percent-encoded s[0..len) is `user`. */
static bool is_user(const char *s, size_t len, const char *user)
{
    for (size_t i = 0; i < len; user++) {
        char c = s[i];
        bool coded = c == '%' && i + 2 < len && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0;
        if (coded)
            c = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
        if (!*user || c != *user)
            return false;
        i += coded ? 3 : 1;
    }
    return len && !*user;
}

bool matrix_text_has_pill(const char *html, const char *user)
{
    const char *quote = strstr(html, "<mx-reply>"),
               *end = quote ? strstr(quote, "</mx-reply>") : NULL;
    for (const char *s = html; (s = strstr(s, LINK_TO));) {
        bool quoted = quote && s > quote && (!end || s < end);
        bool linked = s - html >= 6 &&
                      (!strncasecmp(s - 6, "href=\"", 6) || !strncasecmp(s - 6, "href='", 6));
        s += strlen(LINK_TO);
        if (!quoted && linked && is_user(s, strcspn(s, "\"'?"), user))
            return true;
    }
    return false;
}

const char *matrix_text_clean(struct pool *pool, const char *body, const struct matrix_self *self)
{
    size_t len = strlen(self->user), n = 0;
    const char *s = behind_blanks(body);
    char *out = pool_strdup(pool, s);
    while (*s) {
        if (len && !strncasecmp(s, self->user, len) && !isalnum((unsigned char)s[len])) {
            s += len;
            if (n && out[n - 1] == ' ' && *s == ' ')
                s++;
        } else {
            out[n++] = *s++;
        }
    }
    while (n && isspace((unsigned char)out[n - 1]))
        n--;
    out[n] = '\0';
    return out;
}
