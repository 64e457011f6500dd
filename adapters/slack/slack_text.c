/* slack_text.c: a message's text as Slack sends it becomes what somebody typed. Mark-up first, entities second: what a
 * person types as "<" arrives as "&lt;", so only a real '<' begins a token, and unescaping first would turn a typed
 * "<@U1>" into a mention.
 *
 *     <@U1>  <@U1|name>           ours: away, with the punctuation behind it; others: "@name", "@user"
 *     <#C1|general>               "#general", "#channel"
 *     <!subteam^S1|@ops>          "@ops", "@group";   <!here> <!channel> <!everyone>: away
 *     <!date^…|then>  <!x|label>  the label
 *     <https://x|label>           the label, or the address itself
 *
 * Emoji arrive as ":wave::skin-tone-3:" and are no words of a question: away. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "adapters/slack/slack_int.h"

/* Room for the result is never a question: nothing grows but "<@U>" (4 bytes, "@user" is 5) and its kin, by less than
 * a factor of three. */
struct reading {
    const char *self;
    char *out;
    size_t n;
    bool names_us, begins_other, begun; /* begun: something visible was seen */
    bool after_us; /* the last thing was our mention: punctuation behind it goes */
};

static void put(struct reading *r, const char *s, size_t len)
{
    memcpy(r->out + r->n, s, len);
    r->n += len;
}

/* Bytes of the entity at s and what it stands for; 0 when none is there. There are three, and no others. */
static size_t entity_at(const char *s, const char *end, char *ret_c)
{
    static const struct {
        const char *entity;
        char c;
    } all[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t n = strlen(all[i].entity);
        if ((size_t)(end - s) >= n && !memcmp(s, all[i].entity, n)) {
            *ret_c = all[i].c;
            return n;
        }
    }
    return 0;
}

static void put_literal(struct reading *r, const char *s, size_t len)
{
    for (const char *end = s + len; s < end;) {
        char c = *s;
        size_t n = entity_at(s, end, &c);
        r->out[r->n++] = c;
        s += n ? n : 1;
    }
}

/* Bytes of the blank at s, 0 when none is there. A no-break space follows a pasted mention, a zero-width one an
 * autocompleted one. */
static size_t blank_at(const char *s)
{
    static const char *const wide[] = {"\xC2\xA0", "\xE2\x80\x8B", "\xE2\x80\xAF", "\xE3\x80\x80"};
    if (*s && isspace((unsigned char)*s))
        return 1;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (!strncmp(s, wide[i], strlen(wide[i])))
            return strlen(wide[i]);
    return 0;
}

/* Bytes of the punctuation that separates an address from what is said: "@bot: ", "@bot - ". */
static size_t mark_at(const char *s, bool at_start)
{
    if (*s && strchr(at_start ? ":,;.!?-" : ":,;.!-", *s))
        return 1;
    return !strncmp(s, "\xE2\x80\x93", 3) || !strncmp(s, "\xE2\x80\x94", 3) ? 3 : 0;
}

static const char *skip_blanks(const char *s)
{
    for (size_t n; (n = blank_at(s));)
        s += n;
    return s;
}

/* Behind our mention: what belongs to the address and not to the question. ".NET" after a blank is a word, and
 * a question mark at the end belongs to the question. */
static const char *skip_address(const struct reading *r, const char *s)
{
    const char *word = skip_blanks(s), *p = word;
    for (size_t n; (n = mark_at(p, !r->begun));)
        p += n;
    if (r->begun)
        return *skip_blanks(p) ? word : p; /* in the middle only the blank goes */
    return p == word || word == s || !*p || blank_at(p) ? p : word;
}

/* ---- tokens ---- */

static bool is(const char *s, size_t len, const char *word)
{
    return strlen(word) == len && !memcmp(s, word, len);
}

static void put_or(struct reading *r, const char *mark, const char *label, size_t len,
                   const char *otherwise)
{
    put(r, mark, strlen(mark));
    if (len)
        put_literal(r, label, len);
    else
        put(r, otherwise, strlen(otherwise));
}

static void read_mention(struct reading *r, const char *id, size_t idlen, const char *label,
                         size_t labellen)
{
    if (*r->self && is(id, idlen, r->self)) {
        r->names_us = r->after_us = true;
        while (r->n && r->out[r->n - 1] == ' ')
            r->n--;
        if (r->n)
            put(r, " ", 1);
        return;
    }
    if (!r->begun && !r->names_us)
        r->begins_other = true;
    put_or(r, "@", label, labellen, "user");
    r->begun = true;
}

static void read_special(struct reading *r, const char *s, size_t len, const char *label,
                         size_t labellen)
{
    static const char *const everybody[] = {"here", "channel", "everyone", NULL};
    for (size_t i = 0; everybody[i]; i++)
        if (is(s, len, everybody[i]))
            return;
    bool group = len > 8 && !memcmp(s, "subteam^", 8);
    if (labellen)
        put_literal(r, label, labellen);
    else if (group)
        put(r, "@group", 6);
    r->begun |= labellen || group;
}

/* The inside of <...>. */
static void read_token(struct reading *r, const char *s, size_t len)
{
    const char *bar = memchr(s, '|', len);
    size_t before = bar ? (size_t)(bar - s) : len;
    const char *label = bar ? bar + 1 : s + len;
    size_t labellen = bar ? len - before - 1 : 0;
    r->after_us = false;
    if (len && *s == '@') {
        read_mention(r, s + 1, before - 1, label, labellen);
    } else if (len && *s == '!') {
        read_special(r, s + 1, before - 1, label, labellen);
    } else if (len && *s == '#') {
        put_or(r, "#", label, labellen, "channel");
        r->begun = true;
    } else if (labellen) {
        put_literal(r, label, labellen);
        r->begun = true;
    } else {
        put_literal(r, s, before);
        r->begun |= before > 0;
    }
}

/* ---- the text ---- */

/* Bytes of ":name:" at s, or 0. A colon in "10:30" or "note: this" begins no emoji. */
static size_t emoji_at(const struct reading *r, const char *s)
{
    if (*s != ':' || (r->n && isalnum((unsigned char)r->out[r->n - 1])))
        return 0;
    size_t n = 1 + strspn(s + 1, "abcdefghijklmnopqrstuvwxyz0123456789_+-'");
    bool letter = false;
    for (size_t i = 1; i < n; i++)
        letter |= isalpha((unsigned char)s[i]) || s[i] == '+';
    return letter && n > 1 && s[n] == ':' && !isalnum((unsigned char)s[n + 1]) ? n + 1 : 0;
}

/* One piece of the text that begins at s; returns what follows it. */
static const char *read_one(struct reading *r, const char *s)
{
    size_t n;
    if (*s == '<') {
        const char *end = strchr(s, '>');
        if (!end) {
            put(r, s, 1);
            return s + 1;
        }
        read_token(r, s + 1, (size_t)(end - s - 1));
        return r->after_us ? skip_address(r, end + 1) : end + 1;
    }
    if ((n = blank_at(s))) {
        if (r->n && r->out[r->n - 1] != ' ')
            put(r, " ", 1);
        return s + n;
    }
    if ((n = emoji_at(r, s)))
        return s + n;
    char c = *s;
    n = entity_at(s, s + strlen(s), &c);
    put(r, &c, 1);
    r->begun = true;
    r->after_us = false;
    return s + (n ? n : 1);
}

struct slack_text slack_text_read(struct pool *pool, const char *raw, const char *self)
{
    struct reading r = {.self = self, .out = pool_alloc(pool, 3 * strlen(raw) + 8)};
    for (const char *s = raw; *s;)
        s = read_one(&r, s);
    while (r.n && r.out[r.n - 1] == ' ')
        r.n--;
    /* "question @bot?" keeps its mark where it belongs. */
    if (r.n > 1 && r.names_us && r.out[r.n - 1] == '?' && r.out[r.n - 2] == ' ') {
        r.out[r.n - 2] = '?';
        r.n--;
    }
    r.out[r.n] = '\0';
    return (struct slack_text){
        .text = r.out, .names_us = r.names_us, .begins_other = r.begins_other};
}
