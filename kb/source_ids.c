/* source_ids.c: what concerns all files together: no two documents and no two entries with one id, and follow-ups that lead
 * somewhere.
 *
 * Files that were recalled have different ids, or the run that remembered them would have failed. So only ids of files
 * that were read now can be somebody else's, and of those only what was not theirs the last time. That is nothing when
 * somebody has edited a text among a thousand guides, and otherwise little: it is put into a table, and the ids of the other
 * files are held against it, one after the other, in the end. */
#include "kb/kb_int.h"

#include <string.h>

/* The second of two places complains. */
static void report_taken(struct source_ids *ids, const char *what, const struct name_place *a,
                         const struct name_place *b)
{
    const struct name_place *first = a->order <= b->order ? a : b, *second = first == a ? b : a;
    report_add(ids->report, true, second->file, second->line, second->column,
               "the %s id '%.120s' is taken by %s:%zu; rename one of the two", what, second->name,
               first->file, first->line);
}

static bool claim(struct source_ids *ids, struct names *names, const char *what,
                  struct name_place place)
{
    const struct name_place *taken = names_claim(names, ids->pool, place);
    if (taken)
        report_taken(ids, what, taken, &place);
    return !taken;
}

bool source_ids_document(struct source_ids *ids, struct name_place place)
{
    return claim(ids, &ids->documents, "document", place);
}

bool source_ids_entry(struct source_ids *ids, struct name_place place)
{
    return claim(ids, &ids->entries, "entry", place);
}

void source_ids_followup(struct source_ids *ids, struct name_place place)
{
    *POOL_PUSH(ids->pool, ids->followup, ids->nfollowup, ids->capfollowup) = place;
}

void source_ids_before(struct source_ids *ids, const char *memo, size_t len)
{
    struct memo_item item;
    for (size_t pos = 0; memo_next(memo, len, &pos, &item);)
        if (item.kind == MEMO_DOCUMENT || item.kind == MEMO_DRAFT)
            names_claim(&ids->old_documents, ids->pool, (struct name_place){.name = item.text});
        else if (item.kind == MEMO_ENTRY)
            names_claim(&ids->old_entries, ids->pool, (struct name_place){.name = item.text});
}

void source_ids_recalled(struct source_ids *ids, const struct source_recalled *file)
{
    *POOL_PUSH(ids->pool, ids->recalled, ids->nrecalled, ids->caprecalled) = *file;
}

/* ---- in the end ------------------------------------------------------------------------------------------ */

/* Ids whose last letters are those of a name in a table: nearly all others need not be looked up. */
struct sieve {
    uint64_t bit[256];
    bool any;
};

static uint32_t sieve_of(const char *s, size_t len)
{
    uint32_t last = 0;
    memcpy(&last, len < sizeof last ? s : s + len - sizeof last,
           len < sizeof last ? len : sizeof last);
    return (last + (uint32_t)len) * 2654435761u >> 18;
}

/* All names but those in `old`. */
static void sieve_add(struct sieve *v, const struct names *t, const struct names *old)
{
    for (size_t i = 0; i < t->cap; i++)
        if (t->slot[i].name && !names_find(old, t->slot[i].name)) {
            v->any = true;
            uint32_t at = sieve_of(t->slot[i].name, strlen(t->slot[i].name));
            v->bit[at / 64] |= 1ull << at % 64;
        }
}

static void check_taken(struct source_ids *ids, const struct names *names, const char *what,
                        const struct source_recalled *r, const struct memo_item *item)
{
    const struct name_place *taken = names_find(names, item->text);
    if (taken)
        report_taken(ids, what, taken,
                     &(struct name_place){.name = item->text,
                                          .file = r->file,
                                          .line = item->line,
                                          .column = item->column,
                                          .order = r->order});
}

/* `wanted`: entries that follow-ups lead to; those that are met are put into `met`. KB_ERR_DAMAGED when it is no memo. */
static int check_memo(struct source_ids *ids, const struct sieve *sieve,
                      const struct source_recalled *r, const struct names *wanted,
                      struct names *met)
{
    struct memo_item item;
    size_t pos = 0;
    while (memo_next(r->memo, r->len, &pos, &item)) {
        uint32_t at = sieve_of(item.text, item.len);
        if (!(sieve->bit[at / 64] >> at % 64 & 1))
            continue;
        if (item.kind == MEMO_DOCUMENT || item.kind == MEMO_DRAFT)
            check_taken(ids, &ids->documents, "document", r, &item);
        if (item.kind != MEMO_ENTRY)
            continue;
        check_taken(ids, &ids->entries, "entry", r, &item);
        if (names_find(wanted, item.text))
            names_claim(met, ids->pool, (struct name_place){.name = item.text});
    }
    return pos == r->len ? 0 : KB_ERR_DAMAGED;
}

static int check_recalled(struct source_ids *ids, const struct names *wanted, struct names *met)
{
    struct sieve sieve = {.any = false};
    int rc = 0;
    sieve_add(&sieve, &ids->documents, &ids->old_documents);
    sieve_add(&sieve, &ids->entries, &ids->old_entries);
    sieve_add(&sieve, wanted, &ids->entries);
    for (size_t i = 0; sieve.any && i < ids->nrecalled && !rc; i++) {
        size_t errors = ids->report->errors;
        rc = check_memo(ids, &sieve, &ids->recalled[i], wanted, met);
        ids->report->rejected += ids->report->errors > errors;
    }
    return rc;
}

/* A follow-up to an entry that was renamed shows as nothing at all, so nobody would notice. */
int source_ids_check(struct source_ids *ids)
{
    struct names wanted = {0}, met = {0};
    int rc = 0;
    for (size_t i = 0; i < ids->nfollowup; i++)
        names_claim(&wanted, ids->pool, (struct name_place){.name = ids->followup[i].name});
    if (ids->nrecalled)
        rc = check_recalled(ids, &wanted, &met);
    for (size_t i = 0; i < ids->nfollowup && !rc; i++) {
        const struct name_place *f = &ids->followup[i];
        if (!names_find(&ids->entries, f->name) && !names_find(&met, f->name))
            report_add(ids->report, false, f->file, f->line, 0,
                       "the follow-up '%.120s' is no entry's id and will not be shown", f->name);
    }
    return rc;
}
