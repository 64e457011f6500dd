/* slack_block.c: a reply as blocks: sections with the answer, a line with its sources, buttons. Everything that
 * could be mark-up in the owner's text is disarmed on the way (slack_mrkdwn.c), every size is kept below theirs by counting
 * bytes.
 *
 * A reply is one or more parts, a message each. Only the last one carries sources and buttons. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "adapters/slack/slack_int.h"
#include "bot/quote.h"

#define MAX_PIECES   64
#define MAX_MRKDWN   (96u * 1024)
#define MAX_SOURCES  5
#define MAX_CHOICE   1500 /* bytes of a question that a button carries */
#define CONTEXT_ROOM 2000

const char slack_help[] =
    "Ask me a question in a few words, and I look it up in our guides. Mention me in a channel, "
    "write to me directly, or type `/ask` and your question.";
const char slack_looking[] = "Looking that up \xE2\x80\xA6";

/* ---- pieces of JSON ---- */

static void add_text(struct buf *b, const char *s, size_t len)
{
    json_add_string(b, s, len);
}

static void add_mrkdwn(struct buf *b, const char *s, size_t len)
{
    buf_adds(b, "{\"type\":\"mrkdwn\",\"verbatim\":true,\"text\":");
    add_text(b, s, len);
    buf_addc(b, '}');
}

static void add_section(struct buf *b, const char *s)
{
    buf_adds(b, "{\"type\":\"section\",\"text\":");
    add_mrkdwn(b, s, strlen(s));
    buf_addc(b, '}');
}

static void add_context(struct buf *b, const char *s)
{
    buf_adds(b, "{\"type\":\"context\",\"elements\":[");
    add_mrkdwn(b, s, strlen(s));
    buf_adds(b, "]}");
}

/* Bytes of `s` that fit, whole characters. */
static size_t fit(const char *s, size_t max)
{
    size_t n = strlen(s);
    if (n <= max)
        return n;
    for (n = max; n && ((unsigned char)s[n] & 0xC0) == 0x80;)
        n--;
    return n;
}

static void add_label(struct buf *b, const char *s)
{
    size_t n = fit(s, SLACK_BUTTON_BYTES);
    struct buf label;
    buf_init(&label, SLACK_BUTTON_BYTES + 8);
    buf_add(&label, s, n);
    if (s[n])
        buf_adds(&label, "\xE2\x80\xA6");
    buf_adds(b, "{\"type\":\"plain_text\",\"emoji\":true,\"text\":");
    add_text(b, label.s, label.len);
    buf_addc(b, '}');
    buf_release(&label);
}

static void add_button(struct buf *b, const char *action, const char *label, const char *value,
                       bool primary)
{
    buf_adds(b, "{\"type\":\"button\",\"action_id\":");
    add_text(b, action, strlen(action));
    if (primary)
        buf_adds(b, ",\"style\":\"primary\"");
    buf_adds(b, ",\"text\":");
    add_label(b, label);
    buf_adds(b, ",\"value\":");
    add_text(b, value, strlen(value));
    buf_addc(b, '}');
}

/* ---- the words ---- */

/* A quote is rendered from the owner's Markdown when all of it stands in the reply; one that was cut short stays plain. */
static void add_segment(struct pool *pool, const struct reply *r, const struct quote_segment *seg,
                        struct buf *b)
{
    const struct kb_hit *hit = seg->cite < 0 ? NULL : &r->answer[seg->cite];
    const char *plain = hit ? kb_plain(pool, hit->text, strlen(hit->text)) : "";
    if (b->len)
        buf_adds(b, "\n\n");
    if (hit && strlen(plain) == seg->len && !memcmp(plain, seg->text, seg->len))
        slack_mrkdwn(hit->text, strlen(hit->text), b);
    else
        slack_put_plain(b, seg->text, seg->len);
}

static const char *words(struct pool *pool, const struct reply *r)
{
    struct buf b;
    size_t n;
    buf_init(&b, MAX_MRKDWN);
    struct quote_segment *seg = quote_segments(pool, r, &n);
    for (size_t i = 0; i < n; i++)
        add_segment(pool, r, &seg[i], &b);
    if (buf_failed(&b) ||
        !b.len) { /* addresses alone were that long: the words then, as they are read */
        buf_clear(&b);
        slack_put_plain(&b, r->text, strlen(r->text));
    }
    const char *s = pool_strdup(pool, b.s);
    buf_release(&b);
    return s;
}

/* "Sources: <url|name> · name", or "". */
static const char *sources(struct pool *pool, const struct reply *r)
{
    struct buf b;
    buf_init(&b, 4 * CONTEXT_ROOM);
    const char *before[MAX_SOURCES];
    size_t n = 0;
    for (size_t i = 0; i < r->nanswer && n < MAX_SOURCES; i++) {
        struct buf one;
        const char *name = quote_name(pool, &r->answer[i], " \xE2\x80\xBA ");
        bool known = false;
        for (size_t k = 0; k < n; k++)
            known |= !strcmp(before[k], name);
        buf_init(&one, CONTEXT_ROOM);
        if (!slack_put_link(&one, quote_url(pool, &r->answer[i]), name))
            slack_put_label(&one, name);
        if (!known && !buf_failed(&one) && b.len + one.len < CONTEXT_ROOM) {
            buf_adds(&b, n ? " \xC2\xB7 " : "Source: ");
            buf_add(&b, one.s, one.len);
            before[n++] = name;
        }
        buf_release(&one);
    }
    const char *s = pool_strdup(pool, b.s);
    buf_release(&b);
    return s;
}

/* What a notification shows: one line, escaped, since without blocks it would be read as mrkdwn. */
static const char *notice(struct pool *pool, const char *text)
{
    struct buf b;
    buf_init(&b, 8 * SLACK_NOTICE_BYTES);
    size_t n = fit(text, SLACK_NOTICE_BYTES - 4);
    slack_put_label(&b, pool_strndup(pool, text, n));
    if (text[n])
        buf_adds(&b, " \xE2\x80\xA6");
    const char *s = pool_strdup(pool, b.s);
    buf_release(&b);
    return s;
}

/* ---- buttons ---- */

static void add_feedback(struct buf *b, const char *id, bool vote, bool handoff)
{
    char value[64];
    buf_addf(b, "{\"type\":\"actions\",\"block_id\":\"fb:%s\",\"elements\":[", id);
    if (vote) {
        snprintf(value, sizeof value, "v1:%s:up", id);
        add_button(b, "qa_fb_up", "\xF0\x9F\x91\x8D Helpful", value, false);
        buf_addc(b, ',');
        snprintf(value, sizeof value, "v1:%s:down", id);
        add_button(b, "qa_fb_down", "\xF0\x9F\x91\x8E Not helpful", value, false);
    }
    if (handoff) {
        buf_adds(b, vote ? "," : "");
        snprintf(value, sizeof value, "v1:%s:handoff", id);
        add_button(b, "qa_handoff", "Ask a person", value, true);
    }
    buf_adds(b, "]}");
}

/* A button carries its question, so that it means the same for ever. */
static size_t add_questions(struct pool *pool, struct buf *b, const char *id,
                            const char *const *question, size_t n)
{
    size_t added = 0;
    for (size_t i = 0; i < n; i++) {
        if (strlen(question[i]) > MAX_CHOICE)
            continue;
        if (added)
            buf_addc(b, ',');
        else
            buf_addf(b, "{\"type\":\"actions\",\"block_id\":\"sg:%s\",\"elements\":[", id);
        add_button(b, pool_printf(pool, "qa_sg:%zu", added), question[i],
                   pool_printf(pool, "v1:%s:s:%s", id, question[i]), false);
        added++;
    }
    if (added)
        buf_adds(b, "]}");
    return added;
}

static void comma(struct buf *b)
{
    if (b->len && b->s[b->len - 1] == '}')
        buf_addc(b, ',');
}

/* What stands below the words of the last part. */
static void add_tail(struct pool *pool, const struct reply *r, const char *id, bool handoff,
                     struct buf *b)
{
    const char *from = sources(pool, r);
    bool vote = r->kind == REPLY_ANSWER;
    if (*from) {
        comma(b);
        add_context(b, from);
    }
    if (!id)
        return;
    const char *const *ask = r->nchoice ? r->choice : r->suggestion;
    struct buf q;
    buf_init(&q, SLACK_JSON_BYTES);
    if (add_questions(pool, &q, id, ask, r->nchoice ? r->nchoice : r->nsuggestion) &&
        !buf_failed(&q)) {
        comma(b);
        buf_add(b, q.s, q.len);
    }
    buf_release(&q);
    handoff = handoff && r->kind != REPLY_CHITCHAT;
    if (vote || handoff) {
        comma(b);
        add_feedback(b, id, vote, handoff);
    }
}

/* ---- parts ---- */

static void begin_part(struct buf *b, const char *text)
{
    comma(b);
    buf_adds(b, "{\"text\":");
    add_text(b, text, strlen(text));
    buf_adds(b, ",\"blocks\":[");
}

/* JSON of a string is at most six times as long; most of it is as long as it was. */
static size_t cost(const char *s)
{
    size_t n = 64;
    for (; *s; s++)
        n += *s == '"' || *s == '\\' || *s == '\n' || *s == '/' ? 2
             : (unsigned char)*s < ' '                          ? 6
                                                                : 1;
    return n;
}

void slack_render(const struct reply *r, const char *answer_id, bool handoff, struct buf *b)
{
    struct pool *pool = pool_new();
    const char *piece[MAX_PIECES], *say = notice(pool, r->text);
    size_t n = slack_split(pool, words(pool, r), SLACK_SECTION_BYTES, piece, MAX_PIECES);
    size_t text = 0, json = 0, parts = 1;
    buf_addf(b, "{\"kind\":\"%s\",\"parts\":[", reply_kind_name(r->kind));
    begin_part(b, say);
    for (size_t i = 0; i < n; i++) {
        bool full = text + strlen(piece[i]) > SLACK_TEXT_BYTES - CONTEXT_ROOM ||
                    json + cost(piece[i]) > SLACK_JSON_BYTES - 2 * CONTEXT_ROOM;
        if (i && full && parts == SLACK_MAX_PARTS)
            break;
        if (i && full) {
            buf_adds(b, "]},");
            begin_part(b, notice(pool, piece[i]));
            text = json = 0;
            parts++;
        }
        text += strlen(piece[i]);
        json += cost(piece[i]);
        comma(b);
        add_section(b, piece[i]);
    }
    add_tail(pool, r, answer_id, handoff, b);
    buf_adds(b, "]}]}");
    pool_free(pool);
}

void slack_render_line(const char *text, struct buf *b)
{
    struct pool *pool = pool_new();
    buf_adds(b, "{\"kind\":\"line\",\"parts\":[");
    begin_part(b, pool_strndup(pool, text, fit(text, SLACK_UPDATE_BYTES)));
    add_section(b, pool_strndup(pool, text, fit(text, SLACK_SECTION_BYTES)));
    buf_adds(b, "]}]}");
    pool_free(pool);
}

static void add_buttons(struct buf *b, const struct slack_piece *piece)
{
    char action[64];
    buf_adds(b, ",{\"type\":\"actions\",\"elements\":[");
    for (size_t i = 0; i < piece->nbutton; i++) {
        const struct slack_button *at = &piece->button[i];
        snprintf(action, sizeof action, "qa_room_%s", at->verb);
        buf_adds(b, i ? "," : "");
        add_button(b, action, at->label, at->value, false);
    }
    buf_adds(b, "]}");
}

void slack_render_pieces(const struct slack_piece *piece, size_t n, struct buf *b)
{
    struct pool *pool = pool_new();
    const char *part[MAX_PIECES];
    buf_adds(b, "{\"kind\":\"room\",\"parts\":[");
    begin_part(b, pool_strndup(pool, piece[0].text, fit(piece[0].text, SLACK_UPDATE_BYTES)));
    for (size_t i = 0; i < n; i++) {
        size_t parts = slack_split(pool, piece[i].text, SLACK_SECTION_BYTES, part, MAX_PIECES);
        for (size_t k = 0; k < parts; k++) {
            comma(b);
            add_section(b, part[k]);
        }
        if (piece[i].nbutton)
            add_buttons(b, &piece[i]);
    }
    buf_adds(b, "]}]}");
    pool_free(pool);
}

bool slack_render_thanks(const cJSON *blocks, const char *text, const char *answer_id,
                         const char *line, bool again, struct buf *b)
{
    if (!cJSON_IsArray(blocks))
        return false;
    buf_adds(b, "{\"kind\":\"thanks\",\"parts\":[");
    begin_part(b, text);
    const cJSON *block;
    cJSON_ArrayForEach(block, blocks)
    {
        const char *id = json_string(block, "block_id", 255);
        char *json = id && !strncmp(id, "fb:", 3) ? NULL : cJSON_PrintUnformatted(block);
        if (!json)
            continue;
        comma(b);
        buf_adds(b, json);
        cJSON_free(json);
    }
    comma(b);
    add_context(b, line);
    if (again) {
        comma(b);
        add_feedback(b, answer_id, false, true);
    }
    buf_adds(b, "]}]}");
    return true;
}

void slack_render_home(const char *const *topics, struct buf *b)
{
    buf_adds(b, "{\"kind\":\"home\",\"view\":{\"type\":\"home\",\"blocks\":[");
    add_section(b, slack_help);
    struct buf list;
    buf_init(&list, SLACK_SECTION_BYTES);
    for (const char *const *t = topics; t && *t; t++) {
        buf_adds(&list, list.len ? "\n\xE2\x80\xA2 " : "*For example*\n\xE2\x80\xA2 ");
        slack_put_plain(&list, *t, strlen(*t));
    }
    if (list.len && !buf_failed(&list)) {
        comma(b);
        add_section(b, list.s);
    }
    buf_release(&list);
    buf_adds(b, "]}}");
}
