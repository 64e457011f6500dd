/* takeout.c: see takeout.h. Texts of strangers go into cells by kb_cell_write(), so that no spreadsheet runs them. */
#include "bot/takeout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot/buf.h"
#include "bot/clock.h"
#include "bot/journal.h"
#include "bot/json.h"
#include "bot/store.h"
#include "kb/entries.h"

void takeout_json(struct buf *b, const struct store_exported *e)
{
    const struct journal_turn *t = &e->turn;
    char at[CLOCK_TEXT];
    clock_text(t->at_ms, at);
    buf_addc(b, '{');
    json_add_count(b, "id", t->id);
    json_add_member(b, "at", at);
    json_add_member(b, "adapter", t->adapter);
    json_add_member(b, "conversation", t->conversation);
    json_add_member(b, "question", t->question);
    if (t->lang)
        json_add_member(b, "lang", t->lang);
    json_add_member(b, "kind", t->kind);
    buf_addf(b, ",\"confidence\":%.4f,\"up\":%d,\"down\":%d,\"reply\":%s}\n", t->confidence, e->up,
             e->down, *t->reply_json ? t->reply_json : "{}");
}

void takeout_csv(struct buf *b, const struct store_exported *e)
{
    const struct journal_turn *t = &e->turn;
    const char *const cell[] = {t->adapter, t->conversation, t->question};
    char at[CLOCK_TEXT], *s = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&s, &len);
    clock_text(t->at_ms, at);
    buf_addf(b, "%lld,%s,", (long long)t->id, at);
    for (size_t i = 0; out && i < sizeof cell / sizeof cell[0]; i++) {
        kb_cell_write(out, cell[i]);
        fputc(',', out);
    }
    if (out && !fclose(out))
        buf_add(b, s, len);
    free(s);
    buf_addf(b, "%s,%.4f,%d,%d\r\n", t->kind, t->confidence, e->up, e->down);
}

static void add_text(struct buf *b, const char *key, const char *s)
{
    if (s)
        json_add_member(b, key, s);
}

void takeout_audit_members(struct buf *b, const struct store_audit *a)
{
    add_text(b, "actor", a->actor);
    add_text(b, "role", a->role);
    add_text(b, "action", a->action);
    add_text(b, "object", a->object);
    add_text(b, "before", a->before);
    add_text(b, "after", a->after);
    add_text(b, "request", a->request);
}

void takeout_audit(struct buf *b, const struct store_audit *a, const char *hash)
{
    char at[CLOCK_TEXT];
    clock_text(a->at_ms, at);
    buf_addc(b, '{');
    json_add_count(b, "id", a->id);
    json_add_member(b, "at", at);
    takeout_audit_members(b, a);
    json_add_member(b, "hash", hash);
    buf_adds(b, "}\n");
}

bool takeout_conversation(char *s, const char **ret_adapter, const char **ret_name)
{
    char *colon = strchr(s, ':');
    if (!colon || colon == s || !colon[1])
        return false;
    *colon = '\0';
    *ret_adapter = s;
    *ret_name = colon + 1;
    return true;
}

int64_t takeout_day(const char *s)
{
    struct tm tm = {0};
    const char *end = strptime(s, "%Y-%m-%d", &tm);
    return end && !*end ? (int64_t)timegm(&tm) * 1000 : -1;
}
