/* fuzz_edit.c: any bytes as a FAQ file, or as a file of synonyms, in which something is changed as the console does it: it is refused
 * with a reason, or what comes out reads back with the change in it; and what is changed back gives the same list again. */
#include <stdlib.h>
#include <string.h>

#include "kb/edit.h"
#include "kb/kb.h"
#include "kb/pool.h"
#include "tests/fuzz/memory_file.h"

static struct kb_entries entries_of(struct pool *pool, struct kb_bytes b)
{
    struct kb_entries all = {.pool = pool};
    struct kb_report report = {0};
    if (b.len &&
        kb_entries_read(memory_file((const uint8_t *)b.s, b.len), KB_FORM_FAQ, &all, &report))
        all.n = 0;
    kb_report_release(&report);
    return all;
}

/* The edit, or nothing; a refusal without a reason is a bug. */
static struct kb_bytes edited(struct pool *pool, struct kb_bytes old, const char *id,
                              const struct kb_curated *e)
{
    struct kb_report report = {0};
    struct kb_bytes now = {0};
    int rc = kb_edit_entry(pool, "x", old, id, e, &now, NULL, &report);
    if ((rc && !report.errors) || (!rc && (!now.s || strlen(now.s) > now.len)))
        abort();
    kb_report_release(&report);
    return now;
}

static void edit_entries(struct pool *pool, struct kb_bytes old)
{
    struct kb_entries all = entries_of(pool, old);
    struct kb_curated e = kb_curated_blank();
    e.id = "a-new-one";
    e.question = "What: is it?";
    e.answer = "# So\n\n- it \"is\"";
    struct kb_bytes now = edited(pool, old, NULL, &e);
    if (now.s && entries_of(pool, now).n != all.n + 1)
        abort();
    for (size_t i = 0; i < all.n && i < 4; i++) {
        struct kb_curated was = all.entry[i], changed = was;
        struct kb_texts aka = {0};
        for (size_t k = 0; k < was.list[KB_AKA].n; k++)
            *POOL_PUSH(pool, aka.s, aka.n, aka.cap) = was.list[KB_AKA].s[k];
        *POOL_PUSH(pool, aka.s, aka.n, aka.cap) = "yet another: way";
        changed.list[KB_AKA] = aka;
        changed.answer = i & 1 ? "Other #words." : was.answer;
        now = edited(pool, old, was.id, &changed);
        struct kb_bytes back = now.s ? edited(pool, now, was.id, &was) : now;
        struct kb_entries again = entries_of(pool, back);
        for (size_t k = 0; back.s && k < all.n; k++)
            if (again.n != all.n || !kb_curated_same(&again.entry[k], &all.entry[k]))
                abort();
    }
}

static void edit_groups(struct pool *pool, struct kb_bytes old)
{
    struct kb_groups all = {.pool = pool}, is = {.pool = pool};
    struct kb_report report = {0};
    const char *word[] = {"one", "the: other"};
    struct kb_group g = {.words = {.s = word, .n = 2}};
    struct kb_bytes now = {0};
    if (kb_groups_read("x", old, &all, &report))
        all.n = 0;
    else if (!kb_edit_group(pool, "x", old, 0, &g, &now, &report) &&
             (kb_groups_read("x", now, &is, &report) || is.n != all.n + 1))
        abort();
    for (size_t i = 0; i < all.n && i < 4; i++)
        if (!kb_edit_group(pool, "x", old, all.group[i].line, i & 1 ? &g : NULL, &now, &report)) {
            is = (struct kb_groups){.pool = pool};
            if (kb_groups_read("x", now, &is, &report) || is.n != all.n - !(i & 1))
                abort();
        }
    kb_report_release(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct kb_bytes old = {pool_strndup(pool, (const char *)data, size), size};
    if (!memchr(data, 0, size)) {
        edit_entries(pool, old);
        edit_groups(pool, old);
    }
    pool_free(pool);
    return 0;
}
