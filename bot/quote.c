/* quote.c: an answer as pieces of text and where they are from. A reply's text is its extracts in plain words,
 * sometimes behind a line of our own; browsers show each piece beside its source, so the text is taken apart
 * here again, by finding the extracts in it. Whatever belongs to none of them is our own. */
#include "bot/quote.h"

#include <string.h>
#include <strings.h>

#include "bot/extracts.h"

static const char *skip_blank(const char *s)
{
    return s + strspn(s, " \n\t");
}

static void add(struct quote_segment *seg, size_t *n, const char *s, const char *end, int cite)
{
    s = skip_blank(s);
    while (end > s && strchr(" \n\t", end[-1]))
        end--;
    if (end > s)
        seg[(*n)++] = (struct quote_segment){.text = s, .len = (size_t)(end - s), .cite = cite};
}

/* Where the extract begins in the text: whole, or cut short with an ellipsis. NULL: not at all. */
static const char *find(const char *text, const char *plain, size_t *ret_len)
{
    size_t len = strlen(plain);
    const char *at = len ? strstr(text, plain) : NULL;
    for (const char *s = text; !at && len && *s; s = skip_blank(s + strcspn(s, "\n"))) {
        size_t same = 0;
        while (same < len && s[same] == plain[same])
            same++;
        if (same && same >= strlen(s) / 2) { /* all that follows is its beginning */
            at = s;
            len = strlen(s);
        }
    }
    *ret_len = len;
    return at;
}

struct quote_segment *quote_segments(struct pool *pool, const struct reply *r, size_t *ret_n)
{
    struct quote_segment *seg = pool_array(pool, 2 * r->nanswer + 1, sizeof *seg);
    const char *pos = r->text;
    size_t n = 0;
    for (size_t i = 0; i < r->nanswer; i++) {
        size_t len;
        const char *plain = extracts_plain(pool, &r->answer[i]);
        const char *at = find(pos, plain, &len);
        if (!at)
            continue;
        add(seg, &n, pos, at, -1);
        add(seg, &n, at, at + len, (int)i);
        pos = at + len;
    }
    add(seg, &n, pos, pos + strlen(pos), -1);
    *ret_n = n;
    return seg;
}

const char *quote_url(struct pool *pool, const struct kb_hit *hit)
{
    const char *url = hit->url;
    if (strncasecmp(url, "https://", 8) && strncasecmp(url, "http://", 7))
        return "";
    for (const char *s = url; *s; s++)
        if ((unsigned char)*s <= ' ')
            return "";
    return strchr(url, '#') || !*hit->anchor ? url : pool_printf(pool, "%s#%s", url, hit->anchor);
}

const char *quote_label(const struct kb_hit *hit)
{
    return *hit->question  ? hit->question
           : hit->nheading ? hit->heading[hit->nheading - 1]
                           : hit->title;
}

const char *quote_name(struct pool *pool, const struct kb_hit *hit, const char *arrow)
{
    const char *name = hit->title, *last = hit->title;
    for (size_t i = 0; i <= hit->nheading; i++) { /* behind the headings, an entry's question */
        const char *part = i < hit->nheading ? hit->heading[i] : hit->question;
        if (!*part || !strcasecmp(part, last))
            continue;
        name = *name ? pool_printf(pool, "%s%s%s", name, arrow, part) : part;
        last = part;
    }
    return *name ? name : hit->document;
}
