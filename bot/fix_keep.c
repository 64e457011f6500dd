/* fix_keep.c: what an edit leaves in state.db: its row, the audit, the tickets that it closes, what those who wait are told. Each function
 * of a store is one transaction on the journal's thread.
 *
 * What is still to be done when the file is written stands in a note beside the row, for a start after a crash. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/fix_int.h"
#include "bot/json.h"
#include "bot/live.h"

struct fix_keeping *fix_keep_new(struct pool *pool, const struct store_edit *e)
{
    struct fix_keeping *k = pool_alloc(pool, sizeof *k);
    *k = (struct fix_keeping){.pool = pool, .edit = *e};
    k->edit.who = pool_strdup(pool, e->who);
    k->edit.role = pool_strdup(pool, e->role);
    k->edit.kind = pool_strdup(pool, e->kind);
    k->edit.name = pool_strdup(pool, e->name);
    k->edit.path = pool_strdup(pool, e->path);
    k->edit.digest = pool_strdup(pool, e->digest);
    k->edit.written = pool_strdup(pool, e->written);
    k->edit.note = e->note ? pool_strdup(pool, e->note) : NULL;
    k->edit.before = e->before ? pool_strndup(pool, e->before, e->len) : NULL;
    return k;
}

void fix_keep_ticket(struct fix_keeping *k, int64_t id)
{
    for (size_t i = 0; i < k->nticket; i++)
        if (k->ticket[i] == id)
            return;
    if (k->nticket < FIX_CLOSED)
        *POOL_PUSH(k->pool, k->ticket, k->nticket, k->capticket) = id;
}

/* ---- the note: what is still to be done when the file is written ---- */

#define NOTE_BY  "staff"
#define NOTE_KEY "~edit-%lld" /* forgotten some days after the save has ended, however it did */
#define MAX_NOTE (16 * 1024 + 2 * HANDOFF_TEXT)

static const char *note_key(const struct fix_keeping *k)
{
    return pool_printf(k->pool, NOTE_KEY, (long long)k->edit.id);
}

static int put_note(struct store *s, const struct fix_keeping *k)
{
    struct buf b;
    buf_init(&b, MAX_NOTE);
    buf_addf(&b, "{\"own\":%zu,\"later\":%s,\"tickets\":[", k->own, k->later ? "true" : "false");
    for (size_t i = 0; i < k->nticket; i++)
        buf_addf(&b, "%s%lld", i ? "," : "", (long long)k->ticket[i]);
    buf_addc(&b, ']');
    json_add_member(&b, "says", k->says);
    json_add_member(&b, "shown", k->shown);
    json_add_member(&b, "room", k->room);
    buf_addc(&b, '}');
    int err = buf_failed(&b) ? 0 /* tickets stay open then, if it comes to a crash */
                             : store_keep(s, NOTE_BY, note_key(k), b.s, k->edit.at_ms);
    buf_release(&b);
    return err;
}

static const char *kept_text(const struct fix_keeping *k, const cJSON *j, const char *name)
{
    const char *s = json_string(j, name, MAX_NOTE);
    return s ? pool_strdup(k->pool, s) : NULL;
}

int fix_keep_recall(struct store *s, struct fix_keeping *k)
{
    char *text = NULL;
    int err = store_kept(s, NOTE_BY, note_key(k), &text);
    cJSON *j = text ? json_parse(text, strlen(text)) : NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(j, "tickets"))
        fix_keep_ticket(k, (int64_t)cJSON_GetNumberValue(item));
    k->own = (size_t)json_int(j, "own", 0, (long long)k->nticket, 0);
    k->later = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(j, "later"));
    k->says = kept_text(k, j, "says");
    k->shown = kept_text(k, j, "shown");
    k->room = kept_text(k, j, "room");
    json_free(j);
    free(text);
    return err;
}

int fix_keep_begin(struct store *s, void *ctx)
{
    struct fix_keeping *k = ctx;
    int err = store_begin_edit(s, &k->edit, &k->edit.id);
    return err ? err : put_note(s, k);
}

int fix_keep_drop(struct store *s, void *ctx)
{
    struct fix_keeping *k = ctx;
    return store_end_edit(s, k->edit.id, EDIT_BEGUN);
}

static int audit(struct store *s, const struct store_edit *e)
{
    char action[40], object[300];
    snprintf(action, sizeof action, "content.%s%s", e->kind,
             e->note && !strcmp(e->note, "forced") ? ".forced" : "");
    snprintf(object, sizeof object, "%.80s:%s", e->name, e->path);
    struct store_audit a = {.at_ms = clock_wall_ms(),
                            .actor = e->who,
                            .role = e->role,
                            .action = action,
                            .object = object,
                            .before = e->digest,
                            .after = e->written};
    return store_add_audit(s, &a);
}

/* One that somebody else has, or has closed, is theirs. */
static int close_ticket(struct store *s, struct fix_keeping *k, int64_t id)
{
    const struct store_edit *e = &k->edit;
    char outcome[120];
    snprintf(outcome, sizeof outcome, "%s:%.100s", e->kind, e->name);
    struct store_ticket_change c = {.id = id,
                                    .at_ms = e->at_ms,
                                    .from = 1 << TICKET_NEW | 1 << TICKET_CLAIMED,
                                    .to = TICKET_CLOSED,
                                    .owner = e->who,
                                    .outcome = outcome,
                                    .only_of = e->who};
    struct store_ticket_note n = {
        .id = id, .at_ms = e->at_ms, .who = e->who, .what = e->kind, .text = e->name};
    int err = k->later ? 0 : store_change_ticket(s, &c);
    if (k->later)
        n.what = "later";
    if (err == -EBUSY || err == -ENOENT)
        return 0;
    if (!err)
        err = store_log_ticket(s, &n);
    if (!err && !k->later && k->nclosed < FIX_CLOSED)
        k->closed[k->nclosed++] = id;
    return err;
}

/* ---- those who wait for a person ---- */

static void read_why(void *ctx, const struct store_ticket *t)
{
    *(int *)ctx = t->why;
}

/* Is the asker of that ticket with nobody else, and waiting? */
static int is_waiting(struct store *s, const struct fix_keeping *k, int64_t ticket, bool *ret)
{
    struct store_live l = {0};
    int64_t conversation = 0;
    int why = 0, err = store_ticket(s, ticket, read_why, &why);
    *ret = false;
    if (!err && why & TICKET_PERSON)
        err = store_live_of_ticket(s, ticket, k->edit.at_ms, &conversation);
    if (!err && conversation)
        err = store_live(s, conversation, &l);
    if (!err && conversation)
        *ret = l.mode == MODE_WAITING ||
               (l.mode == MODE_HUMAN && l.owner && !strcmp(l.owner, k->edit.who));
    store_live_release(&l);
    return err == -ENOENT ? 0 : err;
}

/* What is said to somebody is on record by itself, as at the console (desk_live.c). */
static int audit_words(struct store *s, const struct fix_keeping *k)
{
    char object[40];
    snprintf(object, sizeof object, "conversation:%lld",
             (long long)k->step[k->nstep - 1].conversation);
    struct store_audit a = {.at_ms = clock_wall_ms(),
                            .actor = k->edit.who,
                            .role = k->edit.role,
                            .action = handoff_action(HANDOFF_SAY),
                            .object = object};
    return store_add_audit(s, &a);
}

/* They get the answer as words of who wrote it, and are back with the bot, which knows it from now on. */
static int tell_asker(struct store *s, struct fix_keeping *k, int64_t ticket)
{
    static const enum handoff_what steps[] = {HANDOFF_TAKE, HANDOFF_SAY, HANDOFF_RETURN};
    bool waiting = false;
    int err = k->says && k->nstep + 3 <= 3 * FIX_TOLD ? is_waiting(s, k, ticket, &waiting) : 0;
    for (size_t i = 0; waiting && i < 3 && !err; i++) {
        struct handoff_act act = {.what = steps[i],
                                  .ticket = ticket,
                                  .actor = k->edit.who,
                                  .shown = k->shown,
                                  .text = steps[i] == HANDOFF_SAY ? k->says : NULL,
                                  .room = k->room,
                                  .at_ms = k->edit.at_ms};
        err = handoff_apply(s, &act, &k->step[k->nstep++]);
    }
    if (waiting && !err)
        err = audit_words(s, k);
    return err == -EBUSY || err == -ENOENT ? 0 : err;
}

/* On the loop: everybody who follows those conversations hears of it. */
void fix_keep_pass_on(struct bot *bot, void *ctx)
{
    struct fix_keeping *k = ctx;
    for (size_t i = 0; i < k->nstep; i++)
        live_on_handoff(bot, &k->step[i]);
}

void fix_keep_release(struct fix_keeping *k)
{
    for (size_t i = 0; i < k->nstep; i++)
        handoff_done_release(&k->step[i]);
    k->nstep = 0;
}

int fix_keep_end(struct store *s, void *ctx)
{
    struct fix_keeping *k = ctx;
    fix_keep_release(k);
    k->nclosed = 0;
    int err = store_end_edit(s, k->edit.id, EDIT_DONE);
    if (!err && k->undoes)
        err = store_end_edit(s, k->undoes, EDIT_UNDONE);
    if (!err)
        err = audit(s, &k->edit);
    for (size_t i = 0; i < k->own && !err; i++)
        err = tell_asker(s, k, k->ticket[i]);
    for (size_t i = 0; i < k->nticket && !err; i++)
        err = close_ticket(s, k, k->ticket[i]);
    return err;
}
