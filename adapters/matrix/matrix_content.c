/* matrix_content.c: the content of the event that is sent. A homeserver refuses fractions anywhere in it, and some of them answer
 * a broken character with 500, which looks like "try again": so there is no number in it at all, and every text goes through
 * json_add_string(), which mends UTF-8. m.mentions is always there: without it old clients ring whoever is named in the text. */
#include <string.h>

#include "adapters/matrix/matrix_int.h"

static void put(struct buf *b, const char *s)
{
    json_add_string(b, s, strlen(s));
}

/* The members that a new version of a message has too. `mark`: what stands before an edit's texts. */
static void add_words(const struct matrix_content *c, const char *mark, struct buf *b)
{
    struct buf s;
    buf_init(&s, 1u << 20);
    buf_adds(b, "\"msgtype\":");
    put(b, c->msgtype);
    buf_addf(&s, "%s%s", mark, *c->body ? c->body : "\xE2\x80\xA6");
    buf_adds(b, ",\"body\":");
    json_add_string(b, s.s, s.len);
    if (*c->html) {
        buf_clear(&s);
        buf_addf(&s, "%s%s", mark, c->html);
        buf_adds(b, ",\"format\":\"org.matrix.custom.html\",\"formatted_body\":");
        json_add_string(b, s.s, s.len);
    }
    buf_adds(b, ",\"m.mentions\":{");
    if (*c->mention) {
        buf_adds(b, "\"user_ids\":[");
        put(b, c->mention);
        buf_addc(b, ']');
    }
    buf_addc(b, '}');
    if (*c->answer) {
        buf_adds(b, ",\"guidepost.answer\":{\"id\":");
        put(b, c->answer);
        buf_addc(b, '}');
    }
    buf_release(&s);
}

static void add_relation(const struct matrix_content *c, struct buf *b)
{
    if (*c->replaces) {
        buf_adds(b, ",\"m.relates_to\":{\"rel_type\":\"m.replace\",\"event_id\":");
        put(b, c->replaces);
        buf_addc(b, '}');
        return;
    }
    if (!*c->reply_to && !*c->thread)
        return;
    buf_adds(b, ",\"m.relates_to\":{");
    if (*c->thread) {
        buf_adds(b, "\"rel_type\":\"m.thread\",\"is_falling_back\":true,\"event_id\":");
        put(b, c->thread);
    }
    if (*c->reply_to) {
        buf_addf(b, "%s\"m.in_reply_to\":{\"event_id\":", *c->thread ? "," : "");
        put(b, c->reply_to);
        buf_addc(b, '}');
    }
    buf_addc(b, '}');
}

void matrix_content(const struct matrix_content *c, struct buf *b)
{
    buf_addc(b, '{');
    add_words(c, *c->replaces ? "* " : "", b);
    if (*c->replaces) {
        buf_adds(b, ",\"m.new_content\":{");
        add_words(c, "", b);
        buf_addc(b, '}');
    }
    add_relation(c, b);
    buf_addc(b, '}');
}
