/* draft.c: from what somebody wants to the bytes of a file. */
#include "bot/draft.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "bot/config.h"
#include "bot/json.h"
#include "bot/store.h"
#include "kb/kb.h"
#include "kb/pool.h"

#define MAX_LINE   2000  /* bytes of a question, an alias, a word */
#define MAX_ANSWER 60000 /* of an answer */
#define MAX_ITEMS  200   /* of a list */

static const char *check_file(const char *s)
{
    return kb_form_of(s) == KB_FORM_FAQ ? NULL : "is no name of a FAQ file, such as staff.faq.yaml";
}

const struct setting draft_settings[] = {
    {.name = "staff.file",
     .type = SETTING_TEXT,
     .value = "staff.faq.yaml",
     .check = check_file,
     .help =
         "Where the staff's new answers are written: a FAQ file in the first folder of content, "
         "or below it. Changed entries stay in the file they are in."},
    {.name = NULL},
};

/* ---- where the content is ---- */

static const char *const *copy_list(struct pool *pool, const char *const *list, size_t n)
{
    const char **copy = pool_array(pool, n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = pool_strdup(pool, list[i]);
    return copy;
}

static const char *copy_path(struct pool *pool, const char *s)
{
    return *s ? pool_strdup(pool, s) : NULL;
}

struct draft_where *draft_where(struct pool *pool, const struct config *c, const char *db)
{
    struct draft_where *w = pool_alloc(pool, sizeof *w);
    const char *const *content = config_list(c, "content", &w->ncontent);
    const char *const *questions = config_list(c, "questions", &w->nquestions);
    w->db = pool_strdup(pool, db);
    w->content = copy_list(pool, content, w->ncontent);
    w->questions = copy_list(pool, questions, w->nquestions);
    w->synonyms = copy_path(pool, config_text(c, "synonyms"));
    w->smalltalk = copy_path(pool, config_text(c, "smalltalk"));
    w->file = pool_strdup(pool, config_text(c, "staff.file"));
    return w;
}

/* One that is being made. */
struct making {
    struct pool *pool;
    const struct draft_where *where;
    struct kb *kb;
    const struct cJSON *in;
    struct draft *d;
    struct kb_report report;
    const char *problem;
};

static int wrong(struct making *m, const char *problem)
{
    m->problem = problem;
    return -EINVAL;
}

/* What kb found wrong, without places in a file that is nobody's yet. */
static int wrong_reported(struct making *m)
{
    const char *all = "";
    for (size_t i = 0; i < m->report.nproblem; i++)
        if (m->report.problem[i].error)
            all =
                pool_printf(m->pool, "%s%s%s", all, *all ? "; " : "", m->report.problem[i].message);
    return wrong(m, *all ? all : "this cannot be written");
}

/* ---- what was sent ---- */

static const struct cJSON *member(const struct cJSON *o, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(o, name);
}

/* Trimmed, and without the \r of what browsers send; a `line` has no line ends and no two blanks in a row. */
static const char *tidy(struct pool *pool, const char *s, bool line)
{
    s += strspn(s, " \t\r\n");
    char *copy = pool_strdup(pool, s), *to = copy;
    for (const char *c = copy; *c; c++) {
        if (*c == '\r' && !line)
            continue;
        *to = line && strchr("\r\n\t", *c) ? ' ' : *c;
        to += !(line && *to == ' ' && to > copy && to[-1] == ' ');
    }
    while (to > copy && strchr(" \t\n", to[-1]))
        to--;
    *to = '\0';
    return copy;
}

/* Into *to when there is one. */
static int take_text(struct making *m, const struct cJSON *o, const char *name, size_t max,
                     const char **to)
{
    const struct cJSON *v = member(o, name);
    if (!v || cJSON_IsNull(v))
        return 0;
    const char *s = cJSON_GetStringValue(v);
    if (!s || strlen(s) > max)
        return wrong(m, pool_printf(m->pool, "%s is %s", name, s ? "too long" : "no text"));
    *to = tidy(m->pool, s, max == MAX_LINE);
    return 0;
}

static int take_list(struct making *m, const struct cJSON *o, const char *name, struct kb_texts *to)
{
    const struct cJSON *v = member(o, name), *item;
    struct kb_texts list = {0};
    if (!v || cJSON_IsNull(v))
        return 0;
    if (!cJSON_IsArray(v) || cJSON_GetArraySize(v) > MAX_ITEMS)
        return wrong(m, pool_printf(m->pool, "%s is no list, or too long", name));
    cJSON_ArrayForEach(item, v)
    {
        const struct cJSON *own = item;
        const char *s = cJSON_GetStringValue(own);
        if (!s || strlen(s) > MAX_LINE)
            return wrong(
                m, pool_printf(m->pool, "%s has something that is no text, or too long", name));
        s = tidy(m->pool, s, true);
        if (*s)
            *POOL_PUSH(m->pool, list.s, list.n, list.cap) = s;
    }
    *to = list;
    return 0;
}

static int take_entry(struct making *m, struct kb_curated *e)
{
    static const char *const lists[KB_NLISTS] = {"aka", "followups", "needs",
                                                 "not", "tests",     "not_tests"};
    const struct cJSON *o = member(m->in, "entry");
    const struct {
        const char *name;
        const char **to;
    } text[] = {{"id", &e->id},
                {"question", &e->question},
                {"url", &e->url},
                {"lang", &e->lang},
                {"audience", &e->audience},
                {"status", &e->status},
                {"reviewed", &e->reviewed},
                {"valid_from", &e->valid_from},
                {"valid_until", &e->valid_until}};
    int err = cJSON_IsObject(o) ? 0 : wrong(m, "there is no entry");
    for (size_t i = 0; i < sizeof text / sizeof text[0] && !err; i++)
        err = take_text(m, o, text[i].name, MAX_LINE, text[i].to);
    if (!err)
        err = take_text(m, o, "answer", MAX_ANSWER, &e->answer);
    for (size_t k = 0; k < KB_NLISTS && !err; k++)
        err = take_list(m, o, lists[k], &e->list[k]);
    if (!err && !*e->question)
        err = wrong(m, "write the question that this answers");
    if (!err && !*e->answer)
        err = wrong(m, "write the answer");
    return err;
}

/* ---- files ---- */

struct paths {
    struct pool *pool;
    const char **path;
    size_t n, cap;
};

static int add_path(void *ctx, const char *path)
{
    struct paths *p = ctx;
    if (kb_form_of(path) == KB_FORM_FAQ)
        *POOL_PUSH(p->pool, p->path, p->n, p->cap) = pool_strdup(p->pool, path);
    return 0;
}

int draft_entries(struct pool *pool, struct kb *kb, struct draft_entries *ret)
{
    struct paths files = {.pool = pool};
    int err = kb_files(kb, add_path, &files);
    for (size_t i = 0; i < files.n && !err; i++) {
        struct kb_entries all = {.pool = pool};
        struct kb_report report = {0};
        if (!kb_entries_read(files.path[i], KB_FORM_FAQ, &all, &report))
            for (size_t k = 0; k < all.n; k++)
                *POOL_PUSH(pool, ret->item, ret->n, ret->cap) =
                    (struct draft_entry){files.path[i], &all.entry[k]};
        kb_report_release(&report);
    }
    return err;
}

/* "staff.faq.yaml" in the first folder of the content. */
static int new_file(struct making *m, const char **ret)
{
    struct stat st;
    for (size_t i = 0; i < m->where->ncontent; i++)
        if (!stat(m->where->content[i], &st) && S_ISDIR(st.st_mode)) {
            *ret = pool_printf(m->pool, "%s/%s", m->where->content[i], m->where->file);
            return 0;
        }
    return wrong(m, "none of the content is a folder: add one to the setting content");
}

/* Where that entry stands; *ret is as it is there. `id` may be the key of its passage. */
static int find_entry(struct making *m, const char *id, const char **ret_path,
                      struct kb_curated *ret)
{
    struct draft_entries all = {0};
    const char *hash = strrchr(id, '#'), *name = hash ? hash + 1 : id;
    const char *file = json_string(m->in, "file", MAX_LINE);
    struct kb_place place = {.file = ""};
    int err = draft_entries(m->pool, m->kb, &all);
    for (size_t i = 0; i < all.n && !err; i++)
        if (!strcmp(all.item[i].entry->id, name) && (!file || !strcmp(file, all.item[i].path))) {
            *ret_path = all.item[i].path;
            *ret = *all.item[i].entry;
            return 0;
        }
    if (!err && kb_find(m->kb, id, m->pool, &place) > 0)
        return wrong(m, pool_printf(m->pool,
                                    "\"%s\" stands in %s, line %zu, which is no FAQ file: change "
                                    "it there, or write a new answer",
                                    name, place.file, place.line));
    return err ? err : -ENOENT;
}

static int read_before(struct making *m, const char *path)
{
    int err = file_read(m->pool, path, &m->d->before);
    m->d->path = path;
    if (err)
        return wrong(m, pool_printf(m->pool, "%s: %s", path, strerror(-err)));
    file_digest(m->d->before, m->d->digest);
    return 0;
}

/* ---- entries ---- */

static int put_entry(struct making *m, const char *id, const struct kb_curated *e)
{
    struct kb_curated *found = pool_alloc(m->pool, sizeof *found);
    if (kb_edit_entry(m->pool, m->d->path, m->d->before, id, e, &m->d->after, found, &m->report))
        return wrong_reported(m);
    m->d->entry = found;
    m->d->name = found->id;
    return 0;
}

static bool is_taken(struct making *m, const char *id)
{
    struct draft_entries all = {0};
    struct kb_place place;
    bool taken = kb_find(m->kb, id, m->pool, &place) > 0;
    if (!taken && !draft_entries(m->pool, m->kb, &all))
        for (size_t i = 0; i < all.n && !taken; i++)
            taken = !strcmp(all.item[i].entry->id, id);
    return taken;
}

/* An id is made of the question; where that is taken, a number makes it another one. */
static int make_new(struct making *m)
{
    struct kb_curated e = kb_curated_blank();
    const char *path = NULL;
    int err = take_entry(m, &e);
    if (!err && !strcmp(m->d->kind, "redirect") && !*e.url)
        err = wrong(m, "say where to go: an address that begins with https://");
    if (!err && *e.id && is_taken(m, e.id))
        err = wrong(m, pool_printf(m->pool, "there is an entry \"%s\" already", e.id));
    if (!err && !*e.reviewed) {
        time_t now = time(NULL);
        struct tm day;
        char text[16];
        strftime(text, sizeof text, "%Y-%m-%d", gmtime_r(&now, &day));
        e.reviewed = pool_strdup(m->pool, text);
    }
    if (!err)
        err = new_file(m, &path);
    if (!err)
        err = read_before(m, path);
    bool chosen = *e.id;
    if (!err)
        err = put_entry(m, NULL, &e);
    const char *id = err ? "" : m->d->name;
    for (int n = 2; !err && !chosen && n < 1000 && is_taken(m, m->d->name); n++) {
        e.id = pool_printf(m->pool, "%s-%d", id, n);
        err = put_entry(m, NULL, &e);
    }
    return err;
}

static int make_edit(struct making *m)
{
    const char *id = json_string(m->in, "id", MAX_LINE), *path = NULL;
    struct kb_curated e;
    int err = id ? find_entry(m, id, &path, &e) : wrong(m, "there is no id");
    if (err)
        return err;
    const char *was = e.id;
    err = take_entry(m, &e);
    e.id = *e.id ? e.id : was;
    if (!err && strcmp(was, e.id) && is_taken(m, e.id))
        err = wrong(m, pool_printf(m->pool, "there is an entry \"%s\" already", e.id));
    if (!err)
        err = read_before(m, path);
    return err ? err : put_entry(m, was, &e);
}

static int make_retired(struct making *m)
{
    const char *id = json_string(m->in, "id", MAX_LINE), *path = NULL;
    struct kb_curated e;
    int err = id ? find_entry(m, id, &path, &e) : wrong(m, "there is no id");
    if (!err)
        err = read_before(m, path);
    if (!err && !strcmp(e.status, "draft"))
        err = wrong(m, "it is retired already");
    if (err)
        return err;
    e.status = "draft";
    return put_entry(m, e.id, &e);
}

static bool has(const struct kb_texts *list, const char *s)
{
    for (size_t i = 0; i < list->n; i++)
        if (!strcasecmp(list->s[i], s))
            return true;
    return false;
}

/* The lists that were read are shared by all; one that grows is a copy. */
static void push(struct making *m, struct kb_texts *list, const char *s)
{
    struct kb_texts copy = {0};
    for (size_t i = 0; i < list->n; i++)
        *POOL_PUSH(m->pool, copy.s, copy.n, copy.cap) = list->s[i];
    *POOL_PUSH(m->pool, copy.s, copy.n, copy.cap) = s;
    *list = copy;
}

static int make_link(struct making *m)
{
    const char *id = json_string(m->in, "id", MAX_LINE), *path = NULL, *question = "";
    struct kb_curated e;
    int err = id ? find_entry(m, id, &path, &e) : wrong(m, "choose the entry that answers it");
    if (!err)
        err = take_text(m, m->in, "question", MAX_LINE, &question);
    if (!err && !*question)
        err = wrong(m, "there is no question to link");
    if (!err)
        err = read_before(m, path);
    if (err)
        return err;
    bool test = cJSON_IsTrue(member(m->in, "test")) && !has(&e.list[KB_TESTS], question);
    bool alias = !has(&e.list[KB_AKA], question) && strcasecmp(e.question, question) != 0;
    if (!test && !alias)
        return wrong(m, "the entry has this question already; change its answer, or its words");
    if (alias)
        push(m, &e.list[KB_AKA], question);
    if (test)
        push(m, &e.list[KB_TESTS], question);
    return put_entry(m, e.id, &e);
}

/* ---- synonyms ---- */

static int make_synonym(struct making *m)
{
    struct kb_group g = {0};
    size_t line = (size_t)json_int(m->in, "line", 0, 10000000, 0);
    bool remove = cJSON_IsTrue(member(m->in, "remove"));
    const struct cJSON *weight = member(m->in, "weight");
    int err = take_list(m, m->in, "words", &g.words);
    if (!err)
        err = take_list(m, m->in, "from", &g.from);
    if (!err)
        err = take_list(m, m->in, "to", &g.to);
    if (!err && cJSON_IsNumber(weight))
        g.weight = weight->valuedouble;
    if (!err && !(g.weight >= 0 && g.weight < 1))
        err = wrong(m, "a weight is above 0 and below 1");
    if (!err && !remove && g.words.n < 2 && (!g.from.n || !g.to.n))
        err = wrong(m, "give two words or more that mean the same, or words and what to find "
                       "instead");
    if (!err && remove && !line)
        err = wrong(m, "which group?");
    if (!err && !m->where->synonyms)
        err = wrong(m, "there is no file of synonyms: put a synonyms.yaml beside guidepost.yaml "
                       "and reload");
    if (!err)
        err = read_before(m, m->where->synonyms);
    if (!err && kb_edit_group(m->pool, m->d->path, m->d->before, line, remove ? NULL : &g,
                              &m->d->after, &m->report))
        err = wrong_reported(m);
    m->d->name = g.words.n ? g.words.s[0] : g.from.n ? g.from.s[0] : "synonyms";
    return err;
}

/* ---- the whole ---- */

static const struct {
    const char *kind;
    int (*make)(struct making *m);
} kinds[] = {{"answer", make_new},     {"redirect", make_new}, {"edit", make_edit},
             {"retire", make_retired}, {"link", make_link},    {"synonym", make_synonym}};

int draft_make(struct pool *pool, const struct draft_where *w, struct kb *kb,
               const struct cJSON *in, struct draft *ret, const char **ret_problem)
{
    const char *kind = json_string(in, "kind", 20);
    struct making m = {.pool = pool, .where = w, .kb = kb, .in = in, .d = ret};
    int err = -EINVAL;
    *ret = (struct draft){.kind = "", .name = ""};
    m.problem = "there is no such kind of edit";
    for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++)
        if (!strcmp(kinds[i].kind, kind)) {
            ret->kind = kinds[i].kind;
            m.problem = "there is no such entry any more";
            err = kinds[i].make(&m);
        }
    kb_report_release(&m.report);
    if (!err && ret->before.s && ret->before.len == ret->after.len &&
        !memcmp(ret->before.s, ret->after.s, ret->after.len))
        err = wrong(&m, "this changes nothing");
    if (!err)
        file_digest(ret->after, ret->written);
    *ret_problem = m.problem;
    return err;
}

int draft_undo(struct pool *pool, const struct store_edit *e, struct draft *ret,
               const char **ret_problem)
{
    *ret = (struct draft){.kind = "undo", .name = pool_strdup(pool, e->name)};
    ret->path = pool_strdup(pool, e->path);
    int err = file_read(pool, ret->path, &ret->before);
    file_digest(ret->before, ret->digest);
    if (e->before)
        ret->after = (struct kb_bytes){pool_strndup(pool, e->before, e->len), e->len};
    file_digest(ret->after, ret->written);
    if (err)
        *ret_problem = pool_printf(pool, "%s: %s", ret->path, strerror(-err));
    else if (strcmp(ret->digest, e->written)) {
        *ret_problem = "the file has been changed since; change the entry instead";
        err = -ESTALE;
    } else if (strcmp(ret->written, e->digest)) {
        *ret_problem = "what was there before is too long ago and not kept any more";
        err = -EINVAL;
    }
    return err;
}
