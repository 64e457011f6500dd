/* desk_fix.c: what the staff changes in the content: the entries as they stand in their files, groups of synonyms, what was changed
 * and by whom, and the questions that nobody has to look at. Drafts, previews and saves are jobs of bot/fix.h: here it is only seen to
 * that somebody may have them done. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/clock.h"
#include "bot/desk/desk_run.h"
#include "bot/draft.h"
#include "bot/file.h"
#include "bot/json.h"
#include "bot/survey.h"
#include "kb/edit.h"
#include "kb/kb.h"
#include "kb/pool.h"

#define PAGE       50
#define MAX_SEARCH 200

int desk_pass(struct store *s, struct desk_request *rq)
{
    (void)s;
    (void)rq;
    return 0;
}

/* ---- entries ---- */

static int read_entries(struct desk_request *rq, struct draft_entries *ret)
{
    struct kb *kb = NULL;
    int err = kb_open(rq->where->db, &kb);
    if (!err)
        err = draft_entries(rq->pool, kb, ret);
    kb_close(kb);
    if (err)
        rq->problem = "the index cannot be read";
    return err ? -EIO : 0;
}

static void add_list(struct buf *b, const char *key, const struct kb_texts *list)
{
    buf_addf(b, ",\"%s\":[", key);
    for (size_t i = 0; i < list->n; i++) {
        buf_adds(b, i ? "," : "");
        json_add_string(b, list->s[i], strlen(list->s[i]));
    }
    buf_addc(b, ']');
}

/* What a list of entries needs; the key of its passage is the file's id, '#', its own. */
static void add_summary(struct buf *b, const struct draft_entry *d)
{
    const struct kb_curated *e = d->entry;
    buf_addf(b, "{\"line\":%zu,\"naliases\":%zu,\"ntests\":%zu", e->line, e->list[KB_AKA].n,
             e->list[KB_TESTS].n + e->list[KB_NOT_TESTS].n);
    json_add_member(b, "id", e->id);
    json_add_member(b, "question", e->question);
    json_add_member(b, "file", d->path);
    json_add_member(b, "status", e->status);
    json_add_member(b, "reviewed", e->reviewed);
    json_add_member(b, "valid_from", e->valid_from);
    json_add_member(b, "valid_until", e->valid_until);
}

/* Every word of the search stands somewhere in question, aliases, answer or id. */
static bool has(const struct kb_curated *e, const char *word)
{
    if (strcasestr(e->question, word) || strcasestr(e->answer, word) || strcasestr(e->id, word))
        return true;
    for (size_t i = 0; i < e->list[KB_AKA].n; i++)
        if (strcasestr(e->list[KB_AKA].s[i], word))
            return true;
    return false;
}

static bool matches(struct pool *pool, const struct kb_curated *e, const char *search)
{
    char *words = pool_strdup(pool, search ? search : ""), *rest = words;
    for (char *word; (word = strsep(&rest, " "));)
        if (*word && !has(e, word))
            return false;
    return true;
}

struct use {
    const char *id;
    int64_t uses, up, down;
};
struct uses {
    struct use *use;
    size_t n;
};

/* What the last survey counted, by passage; nothing while there is none. */
static struct uses count_uses(struct desk_request *rq)
{
    const struct survey *v = survey_take(desk_surveyor(rq->desk));
    struct uses u = {0};
    if (!v)
        return u;
    u.n = v->npassage;
    u.use = pool_array(rq->pool, u.n + 1, sizeof *u.use);
    for (size_t i = 0; i < u.n; i++) {
        const char *key = v->passage[i].key, *hash = strrchr(key, '#');
        u.use[i].id = pool_strdup(rq->pool, hash ? hash + 1 : key);
    }
    for (size_t i = 0; i < v->n; i++) {
        const struct survey_fact *f = &v->fact[i];
        if (f->quoted[0] >= u.n || (f->told != SURVEY_ENTRY && f->told != SURVEY_EXTRACT))
            continue;
        u.use[f->quoted[0]].uses++;
        u.use[f->quoted[0]].up += f->up;
        u.use[f->quoted[0]].down += f->down;
    }
    survey_give_back(desk_surveyor(rq->desk), v);
    return u;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct use *)a)->id, ((const struct use *)b)->id);
}

static struct use use_of(const struct uses *all, const char *id)
{
    struct use key = {.id = id};
    const struct use *found = all->n ? bsearch(&key, all->use, all->n, sizeof key, by_id) : NULL;
    return found ? *found : key;
}

int desk_answers(struct store *s, struct desk_request *rq)
{
    struct draft_entries all = {0};
    const char *search = desk_text(rq, "q", MAX_SEARCH);
    size_t from = (size_t)desk_number(rq, "from"), found = 0, shown = 0;
    int err = read_entries(rq, &all);
    (void)s;
    if (err)
        return err;
    struct uses uses = count_uses(rq);
    if (uses.n)
        qsort(uses.use, uses.n, sizeof *uses.use, by_id);
    buf_adds(&rq->body, "{\"answers\":[");
    for (size_t i = 0; i < all.n; i++) {
        if (!matches(rq->pool, all.item[i].entry, search) || found++ < from || shown == PAGE)
            continue;
        struct use u = use_of(&uses, all.item[i].entry->id);
        buf_adds(&rq->body, shown++ ? "," : "");
        add_summary(&rq->body, &all.item[i]);
        buf_addf(&rq->body, ",\"uses\":%lld,\"up\":%lld,\"down\":%lld}", (long long)u.uses,
                 (long long)u.up, (long long)u.down);
    }
    buf_addf(&rq->body, "],\"n\":%zu,\"next\":%zu}", found,
             from + shown < found ? from + shown : 0);
    return 0;
}

int desk_answer(struct store *s, struct desk_request *rq)
{
    static const char *const lists[KB_NLISTS] = {"aka", "followups", "needs",
                                                 "not", "tests",     "not_tests"};
    struct draft_entries all = {0};
    const char *id = desk_text(rq, "id", MAX_SEARCH), *file = desk_text(rq, "file", 4096);
    const char *hash = id ? strrchr(id, '#') : NULL;
    int err = id ? read_entries(rq, &all) : -EINVAL;
    (void)s;
    for (size_t i = 0; i < all.n && !err; i++) {
        const struct draft_entry *d = &all.item[i];
        const struct kb_curated *e = d->entry;
        if (strcmp(e->id, hash ? hash + 1 : id) || (file && strcmp(file, d->path)))
            continue;
        add_summary(&rq->body, d);
        json_add_member(&rq->body, "answer", e->answer);
        json_add_member(&rq->body, "url", e->url);
        json_add_member(&rq->body, "lang", e->lang);
        json_add_member(&rq->body, "audience", e->audience);
        for (size_t k = 0; k < KB_NLISTS; k++)
            add_list(&rq->body, lists[k], &e->list[k]);
        buf_addc(&rq->body, '}');
        return 0;
    }
    rq->problem = "There is no such entry in a FAQ file";
    return err ? err : -ENOENT;
}

/* ---- synonyms ---- */

int desk_synonyms(struct store *s, struct desk_request *rq)
{
    struct kb_groups all = {.pool = rq->pool};
    struct kb_bytes bytes = {0};
    struct kb_report report = {0};
    char digest[FILE_DIGEST];
    const char *path = rq->where->synonyms;
    (void)s;
    int err = path ? file_read(rq->pool, path, &bytes) : 0;
    if (err || kb_groups_read(path ? path : "", bytes, &all, &report)) {
        rq->problem = "The file of synonyms cannot be read; guidepost check says why";
        kb_report_release(&report);
        return -EINVAL;
    }
    kb_report_release(&report);
    file_digest(bytes, digest);
    buf_adds(&rq->body, "{\"groups\":[");
    for (size_t i = 0; i < all.n; i++) {
        const struct kb_group *g = &all.group[i];
        buf_addf(&rq->body, "%s{\"line\":%zu,\"weight\":", i ? "," : "", g->line);
        json_add_number(&rq->body, g->weight);
        add_list(&rq->body, "words", &g->words);
        add_list(&rq->body, "from", &g->from);
        add_list(&rq->body, "to", &g->to);
        buf_addc(&rq->body, '}');
    }
    buf_addc(&rq->body, ']');
    json_add_member(&rq->body, "file", path);
    json_add_member(&rq->body, "digest", digest);
    buf_addc(&rq->body, '}');
    return 0;
}

/* ---- what was changed ---- */

struct listing {
    struct buf *b;
    size_t n;
    int64_t last;
};

static void add_edit(void *ctx, const struct store_edit *e)
{
    static const char *const states[] = {"begun", "done", "undone"};
    struct listing *l = ctx;
    buf_addf(l->b, "%s{\"id\":%lld,\"at\":%lld,\"state\":\"%s\",\"forced\":%s", l->n++ ? "," : "",
             (long long)e->id, (long long)e->at_ms, states[e->state % 3],
             e->note && !strcmp(e->note, "forced") ? "true" : "false");
    json_add_member(l->b, "who", e->who);
    json_add_member(l->b, "kind", e->kind);
    json_add_member(l->b, "name", e->name);
    json_add_member(l->b, "file", e->path);
    buf_addc(l->b, '}');
    l->last = e->id;
}

int desk_edits(struct store *s, struct desk_request *rq)
{
    struct listing l = {.b = &rq->body};
    buf_adds(&rq->body, "{\"edits\":[");
    int err = store_edits(s, false, desk_number(rq, "before"), PAGE, add_edit, &l);
    buf_addf(&rq->body, "],\"next\":%lld}", (long long)(l.n == PAGE ? l.last : 0));
    return err;
}

/* ---- questions that are nobody's business ---- */

static void keep_question(void *ctx, const struct store_ticket *t)
{
    struct desk_request *rq = ctx;
    rq->out = pool_strdup(rq->pool, t->question);
}

int desk_ignore(struct store *s, struct desk_request *rq)
{
    int64_t id = desk_number(rq, "id"), now = clock_wall_ms();
    char object[40];
    struct store_ticket_note n = {.id = id, .at_ms = now, .who = rq->me.user, .what = "ignore"};
    int err = store_ticket(s, id, keep_question, rq);
    int closed = err ? err : store_ignore(s, rq->out, rq->me.user, now);
    if (closed < 0)
        return closed;
    err = store_log_ticket(s, &n);
    snprintf(object, sizeof object, "ticket:%lld", (long long)id);
    buf_addf(&rq->body, "{\"done\":true,\"closed\":%d}", closed);
    return err ? err : desk_audit(s, rq, "question.ignore", object, NULL, NULL);
}
