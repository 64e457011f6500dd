/* fix_preview.c: "this changes the answer to N logged questions and M tests": an edit tried, and each change shown. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bot/fix_int.h"
#include "bot/json.h"

#define MAX_SHOWN 100

/* ---- what changed ---- */

static const char *const verdict_name[FIX_VERDICTS] = {"worse", "other", "better"};

/* Of more use to the asker; -1: not to be compared. */
static int rank(enum reply_kind kind)
{
    return kind == REPLY_NONE ? 0 : kind == REPLY_CHOICES ? 1 : kind == REPLY_ANSWER ? 2 : -1;
}

enum fix_verdict fix_judge(const struct replayed *was, const struct replayed *is)
{
    int before = rank(was->kind), after = rank(is->kind);
    return before < 0 || after < 0 || before == after ? FIX_OTHER
           : after > before                           ? FIX_BETTER
                                                      : FIX_WORSE;
}

struct change {
    enum fix_verdict verdict;
    int64_t asked;
    size_t at;
};

static int by_weight(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    if (x->verdict != y->verdict)
        return x->verdict < y->verdict ? -1 : 1;
    if (x->asked != y->asked)
        return x->asked > y->asked ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static void add_side(struct buf *b, const char *name, const struct replayed *r)
{
    buf_addf(b, ",\"%s\":{\"kind\":\"%s\",\"band\":\"%s\",\"confidence\":", name,
             reply_kind_name(r->kind), reply_band_name(r->band));
    json_add_number(b, r->confidence);
    json_add_member(b, "passage", r->passage);
    json_add_member(b, "label", r->label);
    buf_addc(b, '}');
}

static void add_changes(struct buf *b, const struct fix_copy *c)
{
    struct change *all = pool_array(c->pool, c->n + 1, sizeof *all);
    size_t n = 0, of[FIX_VERDICTS] = {0};
    int64_t times = 0;
    for (size_t i = 0; i < c->n; i++)
        if (replayed_differs(&c->old[i], &c->now[i])) {
            all[n] = (struct change){fix_judge(&c->old[i], &c->now[i]), c->asked[i], i};
            of[all[n++].verdict]++;
            times += c->asked[i];
        }
    qsort(all, n, sizeof *all, by_weight);
    buf_addf(
        b,
        ",\"questions\":{\"n\":%zu,\"changed\":%zu,\"asked\":%lld,\"better\":%zu,\"worse\":%zu,"
        "\"other\":%zu},\"changes\":[",
        c->n, n, (long long)times, of[FIX_BETTER], of[FIX_WORSE], of[FIX_OTHER]);
    for (size_t i = 0; i < n && i < MAX_SHOWN; i++) {
        size_t at = all[i].at;
        buf_addf(b, "%s{\"asked\":%lld,\"turn\":%lld,\"verdict\":\"%s\"", i ? "," : "",
                 (long long)c->asked[at], (long long)c->turn[at], verdict_name[all[i].verdict]);
        json_add_member(b, "question", c->question[at]);
        add_side(b, "before", &c->old[at]);
        add_side(b, "after", &c->now[at]);
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
}

/* ---- tests ---- */

static void add_trial(struct buf *b, const struct trial *t, const struct trial *was, bool regresses)
{
    const char *name = t->must ? t->t->want[0] : t->not_me ? t->t->nots[0] : "";
    buf_addf(b, "{\"outcome\":\"%s\",\"regresses\":%s,\"line\":%zu", trial_outcome_name(t->outcome),
             regresses ? "true" : "false", t->t->line);
    json_add_member(b, "before", was ? trial_outcome_name(was->outcome) : NULL);
    json_add_member(b, "file", t->t->file);
    json_add_member(b, "question", t->t->q);
    json_add_member(b, "of", name);
    json_add_member(b, "kind", reply_kind_name(t->kind));
    json_add_member(b, "want", t->want);
    json_add_member(b, "got", t->got);
    json_add_member(b, "why", t->why);
    buf_adds(b, ",\"confidence\":");
    json_add_number(b, t->confidence);
    buf_addc(b, '}');
}

size_t fix_regressions(const struct fix_copy *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->after.n; i++)
        n += fix_copy_regresses(c, &c->after.trial[i]);
    return n;
}

static size_t passed(const struct trials *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        n += all->trial[i].outcome == TRIAL_PASSED;
    return n;
}

void fix_add_tests(struct buf *b, const struct fix_copy *c)
{
    size_t changed = 0, shown = 0;
    struct buf list;
    buf_init(&list, b->max);
    for (int pass = 0; pass < 2; pass++) /* what gets worse first */
        for (size_t i = 0; i < c->after.n; i++) {
            const struct trial *t = &c->after.trial[i], *was = fix_copy_trial_before(c, t);
            bool worse = fix_copy_regresses(c, t);
            if (worse == (pass == 1) || (was && was->outcome == t->outcome))
                continue;
            changed++;
            if (shown++ >= MAX_SHOWN)
                continue;
            buf_adds(&list, list.len ? "," : "");
            add_trial(&list, t, was, worse);
        }
    buf_addf(b,
             ",\"tests\":{\"n\":%zu,\"passed\":%zu,\"passed_before\":%zu,\"changed\":%zu,"
             "\"regress\":%zu,\"changes\":[",
             c->after.n, passed(&c->after), passed(&c->before), changed, fix_regressions(c));
    buf_adds(b, list.s);
    buf_adds(b, "]}");
    buf_release(&list);
}

/* ---- the jobs ---- */

/* How it would look to a visitor: the entry as its reader finds it, and as it is read. */
static void add_entry(struct buf *b, struct pool *pool, const struct kb_curated *e)
{
    buf_adds(b, ",\"entry\":{");
    json_add_member(b, "id", e->id);
    json_add_member(b, "question", e->question);
    json_add_member(b, "answer", e->answer);
    json_add_member(b, "plain", kb_plain(pool, e->answer, strlen(e->answer)));
    json_add_member(b, "url", e->url);
    buf_addc(b, '}');
}

int fix_preview(struct fix_call *c)
{
    struct fix_copy *copy = &c->copy;
    struct draft d;
    struct kb *kb = NULL;
    size_t limit = (size_t)json_int(c->in, "limit", 0, 50000, FIX_QUESTIONS);
    int err = kb_open(copy->db, &kb);
    if (err) {
        c->problem = kb_strerror(err);
        return -EIO;
    }
    err = draft_make(c->pool, c->where, kb, c->in, &d, &c->problem);
    kb_close(kb);
    if (!err)
        err = fix_copy_read_log(copy, fix_state_path(c->f), limit);
    atomic_store(&copy->progress->all, 2 * copy->n);
    if (!err)
        err = fix_copy_ask_old(copy, true);
    atomic_fetch_add(&copy->progress->all, 2 * copy->before.n);
    if (!err)
        err = fix_copy_try(copy, &d);
    if (!err)
        err = fix_copy_ask_now(copy, true);
    if (err) {
        c->problem = copy->problem ? copy->problem : c->problem;
        return err;
    }
    struct buf *b = c->result;
    buf_addf(b, "{\"new\":%s,\"us\":{\"copy\":%lld,\"index\":%lld,\"old\":%lld,\"new\":%lld}",
             d.before.s ? "false" : "true", copy->us_copy, copy->us_index, copy->us_old,
             copy->us_now);
    json_add_member(b, "kind", d.kind);
    json_add_member(b, "name", d.name);
    json_add_member(b, "file", d.path);
    json_add_member(b, "digest", d.digest);
    if (d.entry)
        add_entry(b, c->pool, d.entry);
    add_changes(b, copy);
    fix_add_tests(b, copy);
    buf_addc(b, '}');
    return 0;
}

int fix_tests(struct fix_call *c)
{
    struct fix_copy *copy = &c->copy;
    size_t n[TRIAL_OUTCOMES] = {0}, shown = 0;
    int err = fix_copy_ask_old(copy, true);
    if (err) {
        c->problem = copy->problem;
        return err;
    }
    struct buf *b = c->result;
    for (size_t i = 0; i < copy->before.n; i++)
        n[copy->before.trial[i].outcome]++;
    buf_addf(b, "{\"n\":%zu,\"us\":%lld", copy->before.n, copy->us_old);
    for (int i = 0; i < TRIAL_OUTCOMES; i++)
        buf_addf(b, ",\"%s\":%zu", trial_outcome_name((enum trial_outcome)i), n[i]);
    buf_adds(b, ",\"failures\":[");
    for (size_t i = 0; i < copy->before.n; i++) {
        const struct trial *t = &copy->before.trial[i];
        if (t->outcome == TRIAL_PASSED || shown >= MAX_SHOWN)
            continue;
        buf_adds(b, shown++ ? "," : "");
        add_trial(b, t, NULL, false);
    }
    buf_adds(b, "]}");
    return 0;
}
