/* questions.c: test questions: read strictly, so that a misspelt key does not become a test that
 * always passes; judged leniently where the ranking is free (any of several passages), strictly
 * where a person would notice (the kind of reply, the facts in it). */
#include "bot/questions.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bot/problem.h"
#include "kb/yaml.h"

#define MAX_QUESTIONS_FILE (4u << 20)

static const char *const keys[] = {"q",   "before", "audience", "want",
                                   "not", "kind",   "contains", NULL};
static const char *const kinds[] = {"answer", "choices", "none", "chitchat", "handoff", NULL};

struct reading {
    struct pool *pool;
    const char *file;
    struct kb_report *report;
    struct test_questions *all;
};

static bool among(const char *const *list, const char *s)
{
    while (*list && strcmp(*list, s) != 0)
        list++;
    return *list;
}

/* One text or a list of texts. */
static bool read_texts(struct reading *r, const struct yaml *node, const char ***ret, size_t *ret_n)
{
    if (!node)
        return true;
    size_t n = node->kind == YAML_LIST ? node->n : 1;
    const char **out = pool_array(r->pool, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++) {
        const struct yaml *item = node->kind == YAML_LIST ? node->item[i] : node;
        if (item->kind != YAML_SCALAR || !*item->text) {
            problem_at(r->report, r->file, item, "expects a text or a list of texts");
            return false;
        }
        out[i] = pool_strdup(r->pool, item->text);
    }
    *ret = out;
    *ret_n = n;
    return true;
}

static bool read_contains(struct reading *r, const struct yaml *node, struct test_question *t)
{
    if (!node)
        return true;
    size_t n = node->kind == YAML_LIST ? node->n : 1;
    t->contains = pool_array(r->pool, n + 1, sizeof *t->contains);
    for (size_t i = 0; i < n; i++) {
        const struct yaml *item = node->kind == YAML_LIST ? node->item[i] : node;
        struct test_words *words = &t->contains[t->ncontains++];
        if (!read_texts(r, item, &words->word, &words->n))
            return false;
    }
    return true;
}

static bool check_keys(struct reading *r, const struct yaml *map)
{
    for (size_t i = 0; i < map->n; i++) {
        const char *key = map->key[i]->text, *near = yaml_nearest(key, keys);
        if (among(keys, key))
            continue;
        if (near)
            problem_at(r->report, r->file, map->key[i], "unknown key \"%s\"; did you mean \"%s\"?",
                       key, near);
        else
            problem_at(
                r->report, r->file, map->key[i],
                "unknown key \"%s\"; known are q, before, audience, want, not, kind, contains",
                key);
        return false;
    }
    return true;
}

static void read_question(struct reading *r, const struct yaml *map)
{
    struct test_question t = {.file = r->file, .line = map->line};
    if (map->kind != YAML_MAP) {
        problem_at(r->report, r->file, map, "expects a question, as in \"- {q: ..., want: ...}\"");
        return;
    }
    const struct yaml *q = yaml_get(map, "q"), *kind = yaml_get(map, "kind");
    if (!check_keys(r, map) || !read_texts(r, yaml_get(map, "before"), &t.before, &t.nbefore) ||
        !read_texts(r, yaml_get(map, "want"), &t.want, &t.nwant) ||
        !read_texts(r, yaml_get(map, "not"), &t.nots, &t.nnots) ||
        !read_texts(r, kind, &t.kind, &t.nkind) || !read_contains(r, yaml_get(map, "contains"), &t))
        return;
    if (!q || q->kind != YAML_SCALAR) {
        problem_at(r->report, r->file, q ? q : map,
                   "expects the message that is asked, as in \"q: ...\"");
        return;
    }
    const struct yaml *audience = yaml_get(map, "audience");
    if (audience && audience->kind != YAML_SCALAR) {
        problem_at(r->report, r->file, audience, "expects one word, as in \"audience: staff\"");
        return;
    }
    t.audience = audience ? pool_strdup(r->pool, audience->text) : NULL;
    for (size_t i = 0; i < t.nkind; i++)
        if (!among(kinds, t.kind[i])) {
            problem_at(r->report, r->file, kind->kind == YAML_LIST ? kind->item[i] : kind,
                       "expects answer, choices, none, chitchat or handoff");
            return;
        }
    if (!t.nkind && !t.nwant && !t.nnots && !t.ncontains) {
        problem_at(r->report, r->file, map, "tests nothing: expects want, not, kind or contains");
        return;
    }
    t.q = pool_strdup(r->pool, q->text);
    *POOL_PUSH(r->pool, r->all->item, r->all->n, r->all->cap) = t;
}

static void read_file(struct reading *r, const char *path)
{
    int err;
    r->file = pool_strdup(r->pool, path);
    const struct yaml *root = problem_read_yaml(r->pool, path, MAX_QUESTIONS_FILE, r->report, &err);
    if (!root)
        return;
    if (root->kind != YAML_LIST && (root->kind != YAML_MAP || root->n))
        problem_at(r->report, path, root,
                   "expects a list of questions, as in \"- {q: ..., want: ...}\"");
    for (size_t i = 0; root->kind == YAML_LIST && i < root->n; i++)
        read_question(r, root->item[i]);
}

static int is_yaml(const struct dirent *d)
{
    size_t len = strlen(d->d_name);
    return *d->d_name != '.' && len > 5 && !strcmp(d->d_name + len - 5, ".yaml");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* not alphasort: the same order in every locale */
}

static void read_path(struct reading *r, const char *path)
{
    struct stat st;
    struct dirent **entry;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        read_file(r, path);
        return;
    }
    int n = scandir(path, &entry, is_yaml, by_bytes);
    if (n < 0) {
        problem_add(r->report, true, path, 0, 0, "cannot be read: %s", strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        read_file(r, pool_printf(r->pool, "%s/%s", path, entry[i]->d_name));
        free(entry[i]);
    }
    free(entry);
}

int questions_read(struct pool *pool, const char *const *path, size_t npath,
                   struct test_questions *ret, struct kb_report *report)
{
    struct test_questions all = {0};
    struct reading r = {.pool = pool, .report = report, .all = &all};
    size_t before = report->errors;
    for (size_t i = 0; i < npath; i++)
        read_path(&r, path[i]);
    *ret = all;
    return report->errors > before ? -EINVAL : 0;
}

/* ---- judging --------------------------------------------------------------------------------- */

bool questions_names(const char *passage, const char *name)
{
    const char *hash = strchr(passage, '#');
    return !strcmp(passage, name) || (hash && !strcmp(hash + 1, name));
}

static bool names_any(const char *passage, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (questions_names(passage, name[i]))
            return true;
    return false;
}

static const char *join(struct pool *pool, const char *const *word, size_t n)
{
    const char *s = "";
    for (size_t i = 0; i < n; i++)
        s = pool_printf(pool, "%s%s%s", s, i ? " or " : "", word[i]);
    return s;
}

static bool contains(const char *text, const struct test_words *words)
{
    for (size_t i = 0; i < words->n; i++)
        if (strcasestr(text, words->word[i]))
            return true;
    return false;
}

static bool has_kind(const struct test_question *t, const char *kind)
{
    for (size_t i = 0; i < t->nkind; i++)
        if (!strcmp(t->kind[i], kind))
            return true;
    return false;
}

bool questions_judge(const struct test_question *t, const struct reply *r, struct pool *pool,
                     const char **ret_why)
{
    const char *best = r->nanswer ? r->answer[0].passage : "";
    const char *const *want = (const char *const *)t->want, *const *nots =
                                                                (const char *const *)t->nots;
    if (t->nkind && !has_kind(t, reply_kind_name(r->kind))) {
        *ret_why =
            pool_printf(pool, "the kind %s", join(pool, (const char *const *)t->kind, t->nkind));
        return false;
    }
    if (t->nwant && !names_any(best, want, t->nwant)) {
        *ret_why = join(pool, want, t->nwant);
        return false;
    }
    if (t->nnots && names_any(best, nots, t->nnots)) {
        *ret_why = pool_printf(pool, "anything but %s", join(pool, nots, t->nnots));
        return false;
    }
    for (size_t i = 0; i < t->ncontains; i++) {
        const struct test_words *words = &t->contains[i];
        if (contains(r->text, words))
            continue;
        *ret_why = pool_printf(pool, "\"%s\" in the text",
                               join(pool, (const char *const *)words->word, words->n));
        return false;
    }
    return true;
}
