/* entries.c: a file becomes a list of entries. Our own forms go through the parsers that make an index, so that what can be
 * imported and what can be served is the same; other programs' exports have a reader each in entries_foreign.c. */
#include "kb/entries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "kb/entries_int.h"
#include "kb/kb_int.h"

static const char *const form_name[] = {"faq", "csv", "tsv", "json", "qnamaker", "qnabot"};

enum kb_form kb_form_named(const char *name)
{
    for (size_t i = 0; i < sizeof form_name / sizeof *form_name; i++)
        if (strcmp(name, form_name[i]) == 0)
            return (enum kb_form)i;
    return KB_FORM_UNKNOWN;
}

const char *kb_form_name(enum kb_form form)
{
    return form < KB_FORM_UNKNOWN ? form_name[form] : "unknown";
}

static bool ends(const char *path, const char *ending)
{
    size_t len = strlen(path), n = strlen(ending);
    return len > n && strcasecmp(path + len - n, ending) == 0;
}

/* True when one of the words stands in the first bytes of the file. */
static bool begins_with(const char *path, const char *word)
{
    char head[4096];
    FILE *in = fopen(path, "re");
    size_t n = in ? fread(head, 1, sizeof head - 1, in) : 0;
    if (in)
        fclose(in);
    head[n] = '\0';
    return strcasestr(head, word) != NULL;
}

enum kb_form kb_form_of(const char *path)
{
    if (ends(path, ".faq.yaml") || ends(path, ".faq.yml"))
        return KB_FORM_FAQ;
    if (ends(path, ".csv"))
        return KB_FORM_CSV;
    if (ends(path, ".tsv"))
        return begins_with(path, "\tQnaId") ? KB_FORM_QNAMAKER : KB_FORM_TSV;
    if (ends(path, ".json"))
        return begins_with(path, "\"qna\"") ? KB_FORM_QNABOT : KB_FORM_JSON;
    return KB_FORM_UNKNOWN;
}

/* ---- entries ------------------------------------------------------------------------------------------ */

struct kb_curated kb_curated_blank(void)
{
    return (struct kb_curated){.id = "",
                               .question = "",
                               .answer = "",
                               .url = "",
                               .lang = "",
                               .audience = "",
                               .status = "",
                               .reviewed = "",
                               .valid_from = "",
                               .valid_until = ""};
}

struct kb_curated *entries_add(struct kb_entries *to, size_t line)
{
    struct kb_curated *e = POOL_PUSH(to->pool, to->entry, to->n, to->cap);
    *e = kb_curated_blank();
    e->line = line;
    return e;
}

void entries_add_text(struct kb_entries *to, struct kb_curated *e, enum kb_entry_list which,
                      const char *text)
{
    struct kb_texts *list = &e->list[which];
    *POOL_PUSH(to->pool, list->s, list->n, list->cap) = pool_strdup(to->pool, text);
}

static bool same_texts(const struct kb_texts *a, const struct kb_texts *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++)
        same = strcmp(a->s[i], b->s[i]) == 0;
    return same;
}

bool kb_curated_same(const struct kb_curated *a, const struct kb_curated *b)
{
    const char *const x[] = {a->id,       a->question, a->answer,   a->url,        a->lang,
                             a->audience, a->status,   a->reviewed, a->valid_from, a->valid_until};
    const char *const y[] = {b->id,       b->question, b->answer,   b->url,        b->lang,
                             b->audience, b->status,   b->reviewed, b->valid_from, b->valid_until};
    bool same = true;
    for (size_t i = 0; i < sizeof x / sizeof *x && same; i++)
        same = strcmp(x[i], y[i]) == 0;
    for (size_t i = 0; i < KB_NLISTS && same; i++)
        same = same_texts(&a->list[i], &b->list[i]);
    return same;
}

/* ---- our own forms -------------------------------------------------------------------------------------- */

static void copy_texts(struct kb_entries *to, struct kb_curated *e, enum kb_entry_list which,
                       const char *const *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        entries_add_text(to, e, which, text[i]);
}

static void copy_entry(struct kb_entries *to, const struct document *doc, const struct entry *from)
{
    struct kb_curated *e = entries_add(to, from->line);
    e->answer = pool_strndup(to->pool, doc->text + from->start, from->end - from->start);
    const char **field[] = {&e->id,     &e->question, &e->url,        &e->lang,       &e->audience,
                            &e->status, &e->reviewed, &e->valid_from, &e->valid_until};
    const char *const value[] = {from->id,       from->question,   from->url,
                                 from->lang,     from->audience,   from->status,
                                 from->reviewed, from->valid_from, from->valid_until};
    for (size_t i = 0; i < sizeof value / sizeof *value; i++)
        *field[i] = pool_strdup(to->pool, value[i]);
    copy_texts(to, e, KB_AKA, from->aka, from->naka);
    copy_texts(to, e, KB_FOLLOWUPS, from->followup, from->nfollowup);
    copy_texts(to, e, KB_NEEDS, from->needs, from->nneeds);
    copy_texts(to, e, KB_NOT, from->nots, from->nnots);
    copy_texts(to, e, KB_TESTS, from->test, from->ntest);
    copy_texts(to, e, KB_NOT_TESTS, from->not_test, from->nnot_test);
}

static int copy_document(void *ctx, struct document *doc)
{
    struct kb_entries *to = ctx;
    for (size_t i = 0; i < doc->nentry; i++)
        copy_entry(to, doc, &doc->entry[i]);
    return KB_OK;
}

int kb_entries_of(const struct kb_sources *src, struct kb_entries *to, struct kb_report *report)
{
    return source_read(src, NULL, report, copy_document, to);
}

static int read_own(const struct source *src, enum kb_form form, struct kb_entries *to)
{
    switch (form) {
    case KB_FORM_FAQ: return source_faq(src, copy_document, to);
    case KB_FORM_JSON: return source_json(src, copy_document, to);
    default: return source_table(src, copy_document, to);
    }
}

/* ---- the file -------------------------------------------------------------------------------------------- */

static int parse(const struct source *src, enum kb_form form, struct kb_entries *to)
{
    switch (form) {
    case KB_FORM_QNAMAKER: return entries_qnamaker(src, to);
    case KB_FORM_QNABOT: return entries_qnabot(src, to);
    default: return read_own(src, form, to);
    }
}

/* One name for two entries would make one of them unreachable. */
static int check_ids(const struct kb_entries *to, size_t before, const char *path,
                     struct kb_report *report)
{
    struct names names = {0};
    struct pool *pool = pool_new();
    int rc = KB_OK;
    for (size_t i = before; i < to->n; i++) {
        const struct kb_curated *e = &to->entry[i];
        const struct name_place *taken = names_claim(
            &names, pool, (struct name_place){.name = e->id, .file = path, .line = e->line});
        if (!taken)
            continue;
        report_add(report, true, path, e->line, 0,
                   "the entry id '%.120s' is taken by line %zu; rename one of the two", e->id,
                   taken->line);
        rc = KB_ERR_INPUT;
    }
    pool_free(pool);
    return rc;
}

static char *read_whole(const char *path, size_t *ret_len, struct kb_report *report)
{
    FILE *in = fopen(path, "re");
    struct stat st = {0};
    bool known = in && !fstat(fileno(in), &st) && S_ISREG(st.st_mode) && st.st_size >= 0;
    size_t max = known && st.st_size < KB_MAX_SOURCE ? (size_t)st.st_size : KB_MAX_SOURCE;
    char *s = in ? malloc(max + 1) : NULL;
    size_t n = s ? fread(s, 1, max + 1, in) : 0;
    const char *wrong = !in || (s && ferror(in)) ? strerror(errno)
                        : !s                     ? "there is no memory to read it"
                        : n > KB_MAX_SOURCE      ? "is larger than 64 MB; split it"
                        : text_is_binary(s, n)   ? "is no text; save it as UTF-8 text"
                        : !n                     ? "is empty"
                                                 : NULL;
    if (in)
        fclose(in);
    *ret_len = n;
    if (!wrong)
        return s;
    report_add(report, true, path, 0, 0, "%s", wrong);
    free(s);
    return NULL;
}

int entries_parse(const char *file, enum kb_form form, const char *raw, size_t rawlen,
                  struct kb_entries *to, struct kb_report *report)
{
    size_t before = to->n, errors = report->errors;
    struct pool *pool = pool_new();
    struct source src = {.pool = pool,
                         .report = report,
                         .file = file,
                         .id = "entries",
                         .raw = raw,
                         .rawlen = rawlen,
                         .drafts = true};
    src.s = text_repair(pool, raw, rawlen, &src.len, NULL);
    int rc = parse(&src, form, to);
    if (!rc)
        rc = check_ids(to, before, file, report);
    if (rc)
        to->n = before;
    if (rc == KB_ERR_INPUT && report->errors == errors)
        report_add(report, true, file, 0, 0, "cannot be read as %s", kb_form_name(form));
    pool_free(pool);
    return rc;
}

int kb_entries_read(const char *path, enum kb_form form, struct kb_entries *to,
                    struct kb_report *report)
{
    size_t rawlen;
    char *raw = read_whole(path, &rawlen, report);
    if (!raw)
        return KB_ERR_INPUT;
    int rc = entries_parse(path, form, raw, rawlen, to, report);
    free(raw);
    return rc;
}
