/* fix_save.c: an edit is saved, all or nothing, or taken back in the same way.
 *
 *     tried on the copy -> tests hold -> the row of state.db -> the file, by rename -> row ended, audit, tickets -> live
 *
 * The row says what is about to happen, with the bytes that are about to go; a note beside it, which tickets it answers and what those who
 * wait are told. Whatever stops the program in between, the next start finds them and sees from the file whether it has happened
 * (fix_settle()): then the rest is done, or the row goes. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/fix_int.h"
#include "bot/handoff.h"
#include "bot/json.h"
#include "bot/live.h"

#define MAX_CLOSED  200  /* tickets by one edit */
#define MAX_LOOKED  2000 /* unanswered ones that are asked again */
#define MAX_SETTLED 50
#define MAX_TOLD    8 /* conversations, three steps each */

/* ---- what is written into state.db ---- */

/* For one transaction. */
struct keeping {
    struct pool *pool;
    struct store_edit edit;
    int64_t *ticket; /* to be closed */
    size_t nticket, capticket;
    size_t nclosed, own; /* out; own: of ticket[0] on, those that were named */
    int64_t closed[MAX_CLOSED];
    int64_t undoes; /* the edit that is taken back, or 0 */
    bool later;     /* not published: tickets stay open, and say so */
    const char *says, *shown,
        *room;    /* what those who wait for a person are told, or NULL; by whom */
    size_t nstep; /* out: what was done for that */
    struct handoff_done step[3 * MAX_TOLD];
};

static struct keeping *keeping_new(struct pool *pool, const struct store_edit *e)
{
    struct keeping *k = pool_alloc(pool, sizeof *k);
    *k = (struct keeping){.pool = pool, .edit = *e};
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

static void add_ticket(struct keeping *k, int64_t id)
{
    for (size_t i = 0; i < k->nticket; i++)
        if (k->ticket[i] == id)
            return;
    if (k->nticket < MAX_CLOSED)
        *POOL_PUSH(k->pool, k->ticket, k->nticket, k->capticket) = id;
}

/* ---- what is still to be done when the file is written, for a start after a crash ---- */

#define NOTE_BY  "staff"
#define NOTE_KEY "~edit-%lld" /* forgotten some days after the save has ended, however it did */
#define MAX_NOTE (16 * 1024 + 2 * HANDOFF_TEXT)

static const char *note_key(const struct keeping *k)
{
    return pool_printf(k->pool, NOTE_KEY, (long long)k->edit.id);
}

static int put_note(struct store *s, const struct keeping *k)
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

static const char *kept_text(const struct keeping *k, const cJSON *j, const char *name)
{
    const char *s = json_string(j, name, MAX_NOTE);
    return s ? pool_strdup(k->pool, s) : NULL;
}

static int take_note(struct store *s, struct keeping *k)
{
    char *text = NULL;
    int err = store_kept(s, NOTE_BY, note_key(k), &text);
    cJSON *j = text ? json_parse(text, strlen(text)) : NULL;
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(j, "tickets"))
        add_ticket(k, (int64_t)cJSON_GetNumberValue(item));
    k->own = (size_t)json_int(j, "own", 0, (long long)k->nticket, 0);
    k->later = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(j, "later"));
    k->says = kept_text(k, j, "says");
    k->shown = kept_text(k, j, "shown");
    k->room = kept_text(k, j, "room");
    json_free(j);
    free(text);
    return err;
}

static int run_begin(struct store *s, void *ctx)
{
    struct keeping *k = ctx;
    int err = store_begin_edit(s, &k->edit, &k->edit.id);
    return err ? err : put_note(s, k);
}

static int run_drop(struct store *s, void *ctx)
{
    struct keeping *k = ctx;
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
static int close_ticket(struct store *s, struct keeping *k, int64_t id)
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
    if (!err && !k->later && k->nclosed < MAX_CLOSED)
        k->closed[k->nclosed++] = id;
    return err;
}

/* ---- those who wait for a person ---- */

static void read_why(void *ctx, const struct store_ticket *t)
{
    *(int *)ctx = t->why;
}

/* Is the asker of that ticket with nobody else, and waiting? */
static int is_waiting(struct store *s, const struct keeping *k, int64_t ticket, bool *ret)
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
static int audit_words(struct store *s, const struct keeping *k)
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
static int tell_asker(struct store *s, struct keeping *k, int64_t ticket)
{
    static const enum handoff_what steps[] = {HANDOFF_TAKE, HANDOFF_SAY, HANDOFF_RETURN};
    bool waiting = false;
    int err = k->says && k->nstep + 3 <= 3 * MAX_TOLD ? is_waiting(s, k, ticket, &waiting) : 0;
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
static void pass_on(struct bot *bot, void *ctx)
{
    struct keeping *k = ctx;
    for (size_t i = 0; i < k->nstep; i++)
        live_on_handoff(bot, &k->step[i]);
}

static void release_steps(struct keeping *k)
{
    for (size_t i = 0; i < k->nstep; i++)
        handoff_done_release(&k->step[i]);
    k->nstep = 0;
}

static int run_end(struct store *s, void *ctx)
{
    struct keeping *k = ctx;
    release_steps(k);
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

/* ---- the file ---- */

/* Is it still what the draft was made of? Another editor may have been quicker, by hand even. */
static int write_file(struct fix_call *c, const struct draft *d)
{
    struct kb_bytes is;
    char digest[FILE_DIGEST];
    int err = file_read(c->pool, d->path, &is);
    if (!err) {
        file_digest(is, digest);
        if (strcmp(digest, d->digest))
            err = -ESTALE;
    }
    if (!err)
        err = file_replace(d->path, d->after);
    if (err == -ESTALE)
        c->problem = "somebody else has just changed that file; look at it again";
    else if (err)
        c->problem = pool_printf(c->pool, "%s cannot be written: %s; nothing was changed", d->path,
                                 strerror(-err));
    return err;
}

/* ---- tickets that it answers ---- */

/* The passage of an entry: "document#id". */
static bool is_of(const struct replayed *r, const struct draft *d)
{
    const char *hash = strrchr(r->passage, '#');
    return !d->entry || (hash && !strcmp(hash + 1, d->entry->id));
}

static void find_tickets(const struct fix_call *c, const struct draft *d, struct keeping *k)
{
    const struct fix_copy *copy = &c->copy;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(c->in, "tickets"), *item;
    int64_t own = json_int(c->in, "ticket", 1, INT64_MAX, 0);
    if (own)
        add_ticket(k, own);
    cJSON_ArrayForEach(item, list)
    {
        const cJSON *number = item;
        if (cJSON_IsNumber(number) && number->valuedouble >= 1 && number->valuedouble < 9e15)
            add_ticket(k, (int64_t)number->valuedouble);
    }
    k->own = k->nticket;
    for (size_t i = 0; i < copy->n; i++)
        if (copy->now[i].kind == REPLY_ANSWER && is_of(&copy->now[i], d) &&
            replayed_differs(&copy->old[i], &copy->now[i]))
            add_ticket(k, copy->turn[i]);
}

static void add_unanswered(void *ctx, const char *question, int64_t asked, int64_t turn)
{
    fix_copy_add_question(ctx, question, asked, turn);
}

static int read_unanswered(struct fix_call *c)
{
    struct store *s = NULL;
    int err = store_open_reader(fix_state_path(c->f), &s);
    if (!err)
        err = store_begin_read(s);
    if (!err)
        err = store_unanswered(s, MAX_LOOKED, add_unanswered, &c->copy);
    if (s)
        store_rollback(s);
    store_close(s);
    if (err)
        c->problem = "the queue cannot be read";
    return err;
}

/* ---- the whole ---- */

static int try_it(struct fix_call *c, const struct draft *d)
{
    struct fix_copy *copy = &c->copy;
    int err = read_unanswered(c);
    if (!err)
        err = fix_copy_ask_old(copy, true);
    if (!err)
        err = fix_copy_try(copy, d);
    if (!err)
        err = fix_copy_ask_now(copy, true);
    if (err && copy->problem)
        c->problem = copy->problem;
    return err;
}

/* 0, or -EPERM when tests stand against it. */
static int gate(struct fix_call *c, const struct draft *d, bool *ret_forced)
{
    size_t n = fix_regressions(&c->copy);
    const char *name = json_string(c->in, "override", 2000);
    *ret_forced = n && name && !strcmp(name, d->name);
    if (!n || *ret_forced)
        return 0;
    c->problem = pool_printf(
        c->pool, "%zu test%s would fail; mend %s, or type the name \"%s\" to save all the same", n,
        n == 1 ? "" : "s", n == 1 ? "it" : "them", d->name);
    buf_adds(c->result, "{\"saved\":false");
    json_add_member(c->result, "name", d->name);
    fix_add_tests(c->result, &c->copy);
    buf_addc(c->result, '}');
    return -EPERM;
}

static void tell(struct fix_call *c, const struct keeping *k, const char *live, int64_t begun_ms)
{
    struct buf *b = c->result;
    buf_addf(b, "{\"saved\":true,\"live\":%s,\"ms\":%lld,\"edit\":%lld", live ? "false" : "true",
             (long long)(clock_wall_ms() - begun_ms), (long long)k->edit.id);
    json_add_member(b, "why", live);
    json_add_member(b, "name", k->edit.name);
    json_add_member(b, "file", k->edit.path);
    buf_adds(b, ",\"closed\":[");
    for (size_t i = 0; i < k->nclosed; i++)
        buf_addf(b, "%s%lld", i ? "," : "", (long long)k->closed[i]);
    buf_addf(b, "],\"told\":%zu}", k->nstep / 3);
}

/* What the asker of a ticket reads: the answer as visitors do, and where it leads. */
static const char *words_of(struct fix_call *c, const struct draft *d)
{
    const struct kb_curated *e = d->entry;
    if (!e || !strcmp(d->kind, "retire") || !strcmp(d->kind, "undo"))
        return NULL;
    const char *plain = kb_plain(c->pool, e->answer, strlen(e->answer));
    return (!*plain && !*e->url) || strlen(plain) + strlen(e->url) + 2 > HANDOFF_TEXT ? NULL
           : *e->url ? pool_printf(c->pool, "%s\n%s", plain, e->url)
                     : plain;
}

/* It is saved and not published: nobody is answered with it yet, so what it will answer stays open, with a line in its log. */
static bool is_later(const struct draft *d)
{
    return d->entry && !strcmp(d->entry->status, "draft") && strcmp(d->kind, "retire");
}

static int publish(struct fix_call *c, const struct draft *d, int64_t undoes)
{
    bool forced = false;
    int err = try_it(c, d);
    if (!err)
        err = gate(c, d, &forced);
    if (err)
        return err;
    int64_t begun = clock_wall_ms();
    struct store_edit e = {.at_ms = begun,
                           .who = c->user,
                           .role = user_role_name(c->role),
                           .kind = d->kind,
                           .name = d->name,
                           .path = d->path,
                           .before = d->before.s,
                           .len = d->before.len,
                           .digest = d->digest,
                           .written = d->written,
                           .note = forced ? "forced" : NULL};
    struct keeping *k = keeping_new(c->pool, &e);
    k->undoes = undoes;
    k->says = is_later(d) ? NULL : words_of(c, d);
    k->shown = c->shown;
    k->room = c->room;
    k->later = is_later(d);
    find_tickets(c, d, k);
    err = fix_write(c->f, run_begin, NULL, k);
    if (err) {
        c->problem = store_strerror(err);
        return err;
    }
    err = write_file(c, d);
    if (err) {
        fix_write(c->f, run_drop, NULL, k); /* else the next start finds that nothing happened */
        return err;
    }
    err = fix_write(c->f, run_end, pass_on, k);
    if (err)
        c->problem = "the file is written, but the audit is not; it is when the program starts";
    else
        tell(c, k, fix_go_live(c->f, c->pool), begun);
    release_steps(k);
    return err;
}

int fix_save(struct fix_call *c)
{
    struct draft d;
    struct kb *kb = NULL;
    const char *digest = json_string(c->in, "digest", FILE_DIGEST);
    int err = kb_open(c->copy.db, &kb);
    if (err) {
        c->problem = kb_strerror(err);
        return -EIO;
    }
    err = draft_make(c->pool, c->where, kb, c->in, &d, &c->problem);
    kb_close(kb);
    if (!err && (!digest || strcmp(digest, d.digest))) {
        c->problem = "somebody else has changed that file since you looked at it; look again";
        err = -ESTALE;
    }
    return err ? err : publish(c, &d, 0);
}

/* ---- taking back ---- */

struct taking_back {
    struct fix_call *c;
    struct draft d;
    enum edit_state state;
    int err;
};

static void make_undo(void *ctx, const struct store_edit *e)
{
    struct taking_back *t = ctx;
    t->state = e->state;
    t->err = draft_undo(t->c->pool, e, &t->d, &t->c->problem);
}

int fix_undo(struct fix_call *c)
{
    struct taking_back t = {.c = c};
    struct store *s = NULL;
    int64_t id = json_int(c->in, "edit", 1, INT64_MAX, 0);
    int err = store_open_reader(fix_state_path(c->f), &s);
    c->problem = "there is no such edit";
    if (!err)
        err = store_begin_read(s);
    if (!err)
        err = store_edit(s, id, make_undo, &t);
    if (s)
        store_rollback(s);
    store_close(s);
    if (!err && t.state != EDIT_DONE) {
        c->problem = "it is taken back already";
        err = -EINVAL;
    }
    return err ? err : t.err ? t.err : publish(c, &t.d, id);
}

/* ---- after a crash ---- */

struct settling {
    struct pool *pool;
    struct keeping *k[MAX_SETTLED];
    size_t n;
};

static void add_open(void *ctx, const struct store_edit *e)
{
    struct settling *s = ctx;
    if (s->n == MAX_SETTLED)
        return;
    s->k[s->n] = keeping_new(s->pool, e);
    s->k[s->n++]->edit.id = e->id;
}

/* What was being taken back is the last edit that went the other way. */
static void find_undone(void *ctx, const struct store_edit *e)
{
    struct settling *s = ctx;
    for (size_t i = 0; i < s->n; i++) {
        struct keeping *k = s->k[i];
        if (!k->undoes && !strcmp(k->edit.kind, "undo") && e->state == EDIT_DONE &&
            e->id < k->edit.id && !strcmp(e->path, k->edit.path) &&
            !strcmp(e->digest, k->edit.written) && !strcmp(e->written, k->edit.digest))
            k->undoes = e->id;
    }
}

/* Has it happened? A file that is neither what it was nor what was written has been changed since, so it has. */
static void settle(struct fix_call *c, struct keeping *k)
{
    struct kb_bytes is;
    char digest[FILE_DIGEST];
    bool known = !file_read(c->pool, k->edit.path, &is);
    file_digest(is, digest);
    if (known) {
        bool happened = strcmp(digest, k->edit.digest) != 0;
        fix_write(c->f, happened ? run_end : run_drop, happened ? pass_on : NULL, k);
        release_steps(k);
    }
}

int fix_settle(struct fix_call *c)
{
    struct settling all = {.pool = c->pool};
    struct store *s = NULL;
    int err = store_open_reader(fix_state_path(c->f), &s);
    if (!err)
        err = store_begin_read(s);
    if (!err)
        err = store_edits(s, true, 0, MAX_SETTLED, add_open, &all);
    if (!err && all.n)
        err = store_edits(s, false, 0, STORE_EDITS, find_undone, &all);
    for (size_t i = 0; i < all.n && !err; i++)
        err = take_note(s, all.k[i]);
    if (s)
        store_rollback(s);
    store_close(s);
    for (size_t i = 0; i < all.n; i++)
        settle(c, all.k[i]);
    return err;
}
