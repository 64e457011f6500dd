/* fix_save.c: an edit is saved, all or nothing, or taken back in the same way.
 *
 *     tried on the copy -> tests hold -> the row of state.db -> the file, by rename -> row ended, audit, tickets -> live
 *
 * The row says what is about to happen, with the bytes that are about to go; a note beside it, which tickets it answers and what those who
 * wait are told (fix_keep.c). Whatever stops the program in between, the next start finds them and sees from the file whether it has happened
 * (fix_settle()): then the rest is done, or the row goes. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/fix_int.h"
#include "bot/json.h"

#define MAX_LOOKED  2000 /* unanswered ones that are asked again */
#define MAX_SETTLED 50

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

/* An entry that visitors are answered with from now on. */
static bool takes_effect(const struct draft *d)
{
    return d->entry && strcmp(d->entry->status, "draft") && strcmp(d->kind, "retire") &&
           strcmp(d->kind, "undo");
}

static int open_state(struct fix_call *c, struct store **ret)
{
    int err = store_open_reader(fix_state_path(c->f), ret);
    if (err)
        c->problem = "the queue cannot be read";
    return err;
}

/* What was saved to be published later was written for these: they are its own as if they were named now. */
static int add_those_that_wait(struct fix_call *c, struct fix_keeping *k)
{
    struct store *s = NULL;
    int64_t id[FIX_CLOSED] = {0};
    int n = open_state(c, &s);
    if (!n)
        n = store_tickets_of_later(s, k->edit.name, FIX_CLOSED, id);
    store_close(s);
    for (int i = 0; i < n; i++)
        fix_keep_ticket(k, id[i]);
    return n < 0 ? n : 0;
}

static int find_tickets(struct fix_call *c, const struct draft *d, struct fix_keeping *k)
{
    const struct fix_copy *copy = &c->copy;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(c->in, "tickets"), *item;
    int64_t own = json_int(c->in, "ticket", 1, INT64_MAX, 0);
    if (own)
        fix_keep_ticket(k, own);
    cJSON_ArrayForEach(item, list)
    {
        const cJSON *number = item;
        if (cJSON_IsNumber(number) && number->valuedouble >= 1 && number->valuedouble < 9e15)
            fix_keep_ticket(k, (int64_t)number->valuedouble);
    }
    int err = takes_effect(d) ? add_those_that_wait(c, k) : 0;
    k->own = k->nticket;
    for (size_t i = 0; i < copy->n; i++)
        if (copy->now[i].kind == REPLY_ANSWER && is_of(&copy->now[i], d) &&
            replayed_differs(&copy->old[i], &copy->now[i]))
            fix_keep_ticket(k, copy->turn[i]);
    return err;
}

static void add_unanswered(void *ctx, const char *question, int64_t asked, int64_t turn)
{
    fix_copy_add_question(ctx, question, asked, turn);
}

static int read_unanswered(struct fix_call *c)
{
    struct store *s = NULL;
    int err = open_state(c, &s);
    if (err)
        return err;
    err = store_begin_read(s);
    if (!err)
        err = store_unanswered(s, MAX_LOOKED, add_unanswered, &c->copy);
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

static void tell(struct fix_call *c, const struct fix_keeping *k, const char *live,
                 int64_t begun_ms)
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
    if (!takes_effect(d))
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
    struct fix_keeping *k = fix_keep_new(c->pool, &e);
    k->undoes = undoes;
    k->says = words_of(c, d);
    k->shown = c->shown;
    k->room = c->room;
    k->later = is_later(d);
    err = find_tickets(c, d, k);
    if (err)
        return err;
    err = fix_write(c->f, fix_keep_begin, NULL, k);
    if (err) {
        c->problem = store_strerror(err);
        return err;
    }
    err = write_file(c, d);
    if (err) {
        fix_write(c->f, fix_keep_drop, NULL,
                  k); /* else the next start finds that nothing happened */
        return err;
    }
    err = fix_write(c->f, fix_keep_end, fix_keep_pass_on, k);
    if (err)
        c->problem = "the file is written, but the audit is not; it is when the program starts";
    else
        tell(c, k, fix_go_live(c->f, c->pool), begun);
    fix_keep_release(k);
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
    struct fix_keeping *k[MAX_SETTLED];
    size_t n;
};

static void add_open(void *ctx, const struct store_edit *e)
{
    struct settling *s = ctx;
    if (s->n == MAX_SETTLED)
        return;
    s->k[s->n] = fix_keep_new(s->pool, e);
    s->k[s->n++]->edit.id = e->id;
}

/* What was being taken back is the last edit that went the other way. */
static void find_undone(void *ctx, const struct store_edit *e)
{
    struct settling *s = ctx;
    for (size_t i = 0; i < s->n; i++) {
        struct fix_keeping *k = s->k[i];
        if (!k->undoes && !strcmp(k->edit.kind, "undo") && e->state == EDIT_DONE &&
            e->id < k->edit.id && !strcmp(e->path, k->edit.path) &&
            !strcmp(e->digest, k->edit.written) && !strcmp(e->written, k->edit.digest))
            k->undoes = e->id;
    }
}

/* Has it happened? A file that is neither what it was nor what was written has been changed since, so it has. */
static void settle(struct fix_call *c, struct fix_keeping *k)
{
    struct kb_bytes is;
    char digest[FILE_DIGEST];
    bool known = !file_read(c->pool, k->edit.path, &is);
    file_digest(is, digest);
    if (known) {
        bool happened = strcmp(digest, k->edit.digest) != 0;
        fix_write(c->f, happened ? fix_keep_end : fix_keep_drop, happened ? fix_keep_pass_on : NULL,
                  k);
        fix_keep_release(k);
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
        err = fix_keep_recall(s, all.k[i]);
    if (s)
        store_rollback(s);
    store_close(s);
    for (size_t i = 0; i < all.n; i++)
        settle(c, all.k[i]);
    return err;
}
