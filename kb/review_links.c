/* review_links.c: links within the content, [text](#heading) and [text](other.md#heading), that lead nowhere. What
 * has an address of its own ("https:", "mailto:") is the world's business: nothing is fetched. */
#include <string.h>
#include <sys/stat.h>

#include "kb/review.h"

struct targets {
    struct names anchors;   /* "document#anchor", of passages and of headings above them */
    struct names documents; /* by id */
};

static void add_target(struct review *rv, struct names *names, const char *name)
{
    names_claim(names, rv->pool, (struct name_place){.name = name});
}

static void add_targets(struct review *rv, struct targets *t)
{
    for (size_t i = 0; i < rv->n; i++) {
        const struct review_passage *p = &rv->p[i];
        add_target(rv, &t->documents, p->document);
        add_target(rv, &t->anchors, p->key);
        add_target(rv, &t->anchors,
                   pool_printf(rv->pool, "%s#%s", p->document,
                               text_slug(rv->pool, p->heading, strlen(p->heading))));
        if (*p->title)
            add_target(rv, &t->anchors,
                       pool_printf(rv->pool, "%s#%s", p->document,
                                   text_slug(rv->pool, p->title, strlen(p->title))));
    }
}

static bool has_scheme(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    return (n && s[n] == ':') || !strncmp(s, "//", 2);
}

/* "guides/a/b" and "../c.md" -> "guides/c"; NULL when it leads out of the content. */
static const char *resolve(struct pool *pool, const char *document, const char *path)
{
    const char *slash = strrchr(document, '/');
    char *folder = pool_strndup(pool, document, slash ? (size_t)(slash - document) : 0);
    for (;;) {
        if (!strncmp(path, "./", 2)) {
            path += 2;
        } else if (!strncmp(path, "../", 3)) {
            char *up = strrchr(folder, '/');
            if (!*folder)
                return NULL;
            *(up ? up : folder) = '\0';
            path += 3;
        } else {
            break;
        }
    }
    const char *dot = strrchr(path, '.');
    size_t len = dot && !strchr(dot, '/') ? (size_t)(dot - path) : strlen(path);
    if (len > 4 && !strncmp(path + len - 4, ".faq", 4))
        len -= 4;
    return pool_printf(pool, "%s%s%.*s", folder, *folder ? "/" : "", (int)len, path);
}

static bool file_exists(struct pool *pool, const char *file, const char *path)
{
    struct stat st;
    const char *slash = strrchr(file, '/');
    return !stat(pool_printf(pool, "%.*s%s", slash ? (int)(slash - file + 1) : 0, file, path), &st);
}

static void check_link(struct review *rv, const struct targets *t, const struct review_passage *p,
                       const char *link)
{
    const char *hash = strchr(link, '#');
    const char *path = pool_strndup(rv->pool, link, hash ? (size_t)(hash - link) : strlen(link));
    const char *document = *path ? resolve(rv->pool, p->document, path) : p->document;
    bool ours = document && names_find(&t->documents, document);
    const char *wrong = NULL;
    if (*path && !ours && !file_exists(rv->pool, p->file, path))
        wrong = "there is no such file";
    else if (ours && hash && hash[1] &&
             !names_find(&t->anchors, pool_printf(rv->pool, "%s%s", document, hash)))
        wrong = "there is no such heading";
    if (!wrong)
        return;
    review_add(rv, p, "the link to \"%s\" leads nowhere: %s", link, wrong);
    kb_report_remedy(rv->report, "link",
                     "a heading's anchor is its words in small letters with '-' between them; a "
                     "file is named from this file's folder");
}

static void check_links(struct review *rv, const struct targets *t, const struct review_passage *p)
{
    for (const char *s = p->text; (s = strstr(s, "]("));) {
        s += 2;
        size_t len = strcspn(s, ") \t\n");
        if (!len || s[len] == '\n' || *s == '<' || *s == '/' || memchr(s, '{', len))
            continue;
        const char *link = pool_strndup(rv->pool, s, len);
        if (!has_scheme(link))
            check_link(rv, t, p, link);
    }
}

void review_links(struct review *rv)
{
    struct targets t = {0};
    add_targets(rv, &t);
    for (size_t i = 0; i < rv->n; i++)
        check_links(rv, &t, &rv->p[i]);
}
